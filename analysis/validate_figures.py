"""What a user may hold a run against, by name: how the results give it, and in which units.

A figure is told apart by a cell: a label or a span of whole numbers for each dimension that a
row names; everything else is added up. Of several ways to one figure the first that tells apart
what is asked is taken. Each is a ratio of sums of averaged variables, as in `quantities.py`.
Money is in yuan of the year. Leaves out figures whose parts the results do not hold together,
such as births by age in one province.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..parameters.dims import MARITAL
from . import families
from .expectancy import years_left
from .indicators import ratio, tfr
from .quantities import QUANTITIES, Quantity, total


class Span(NamedTuple):
    """Whole numbers from the first to the last, both included; without a last one, and over."""

    first: int
    last: int | None

    def __str__(self) -> str:
        if self.last is None:
            return f"{self.first}+"
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


Cell = Mapping[str, Span | str]
Measure = Callable[[xr.Dataset, Cell], xr.DataArray]
UNIT_DIMS = ("scenario", "draw", "replicate", "year", "constant", "quantity", "part", "cost")
ASKED = {"age_group": "age", "birth_order": "order"}  # what rows call these dimensions
CLOSED = frozenset({"care_grade"})  # whole numbers of which the last is not open
OLD = Span(65, None)
SIGNED = frozenset(
    {"net_migration", "net_migration_international", "reclassified", "moves_to_towns",
     "motherhood_gap", "employee_pension_rise", "age_gap"}
)  # fmt: skip


class Way(NamedTuple):
    """One way in which results give a figure.

    needs : stored variables
    dims : what it can be told apart by
    measure : variables averaged over replicates, and a cell -> [draw, year]
    wants : of each of these groups a cell names at least one
    every_year : reads the years around, so that all of them are loaded
    """

    needs: tuple[str, ...]
    dims: tuple[str, ...]
    measure: Measure
    wants: tuple[tuple[str, ...], ...] = ()
    every_year: bool = False


class Figure(NamedTuple):
    """What a row may name; unit : of what the ways give."""

    key: str
    title: str
    title_zh: str
    unit: str
    ways: tuple[Way, ...]


# --- cells --------------------------------------------------------------------------------


def pick(values: xr.DataArray, cell: Cell) -> xr.DataArray:
    """Sum over what belongs to the cell, [draw, year]; NaN where nothing is known."""
    for dim in map(str, values.dims):
        asked = ASKED.get(dim, dim)
        if asked in cell:
            values = values.isel({dim: _chosen(values[dim].values, cell[asked])})
    return total(values)


def _chosen(labels: NDArray[Any], wanted: Span | str) -> NDArray[np.intp]:
    if isinstance(wanted, str):
        return np.flatnonzero(labels == wanted)
    numbers = labels.astype(np.int64)
    inside = numbers >= wanted.first
    return np.flatnonzero(inside if wanted.last is None else inside & (numbers <= wanted.last))


def without(cell: Cell, *dims: str) -> Cell:
    """The cell told apart by fewer dimensions."""
    return {dim: label for dim, label in cell.items() if dim not in dims}


def labels_of(
    dataset: xr.Dataset, dim: str, needs: Sequence[str] = ()
) -> list[tuple[str, list[object]]]:
    """Dimensions of the results that a row calls `dim`, with their labels.

    needs : variables of which one has the dimension; all of the results by default
    """
    held = {str(d) for name in needs for d in dataset[name].dims} if needs else set(dataset.dims)
    return [
        (name, dataset[name].values.tolist())
        for name in map(str, held)
        if ASKED.get(name, name) == dim and name in dataset.coords
    ]


def is_counted(labels: Sequence[object]) -> bool:
    """Whether labels are whole numbers."""
    return all(isinstance(label, int) for label in labels)


def fault_of(name: str, labels: Sequence[object], wanted: Span | str) -> str | None:
    """What is allowed in place of a label that a dimension cannot tell apart, or None."""
    if isinstance(wanted, str):
        return None if wanted in map(str, labels) else "one of " + ", ".join(map(str, labels))
    numbers = [int(str(label)) for label in labels]
    last = numbers[-1]
    ends = [number - 1 for number in numbers[1:]] + ([last] if name in CLOSED else [])
    if wanted.first in numbers and (wanted.last is None or wanted.last in ends):
        return None
    top = "" if name in CLOSED else f", of which the last is open: {last}+"
    if len(numbers) > 1 and numbers[1] - numbers[0] > 1:
        return f"groups that begin at {', '.join(map(str, numbers))}{top}"
    return f"whole numbers from {numbers[0]} to {last}{top}"


# --- measures -----------------------------------------------------------------------------


def _sum(name: str, *dims: str) -> Way:
    return Way((name,), dims, lambda d, cell: pick(d[name], cell))


def _share(name: str, over: tuple[str, ...], *dims: str) -> Way:
    """Of the cell in the same without `over`, of which a row names one."""

    def measure(d: xr.Dataset, cell: Cell) -> xr.DataArray:
        return ratio(pick(d[name], cell), pick(d[name], without(cell, *over)))

    return Way((name,), dims, measure, (tuple(dim for dim in over if dim in dims),))


def _fixed(way: Way, **labels: Span | str) -> Way:
    """A way in which some labels are given by the figure itself."""
    return way._replace(
        dims=tuple(dim for dim in way.dims if dim not in labels),
        measure=lambda d, cell: way.measure(d, {**cell, **labels}),
        wants=tuple(group for group in way.wants if not set(group) & set(labels)),
    )


def _part_of(part: str, whole: str, *dims: str) -> Way:
    """One variable over another, both of the same cell."""
    return Way(
        (part, whole), dims, lambda d, cell: ratio(pick(d[part], cell), pick(d[whole], cell))
    )


def _women(d: xr.Dataset) -> xr.DataArray:
    return d["exposure"].sel(sex="female", drop=True)


def _rate(d: xr.Dataset, cell: Cell) -> xr.DataArray:
    """Births over years lived by women of the age, of any order."""
    return ratio(pick(d["births_by_age_order"], cell), pick(_women(d), without(cell, "order")))


def _births_by_single_age(d: xr.Dataset, cell: Cell) -> xr.DataArray:
    births = d["births_by_age_order"]
    order = cell.get("order", Span(1, None))
    return births.isel(order=_chosen(births["order"].values, order)).sum("order", min_count=1)


def _tfr(d: xr.Dataset, cell: Cell) -> xr.DataArray:
    return tfr(_births_by_single_age(d, cell), _women(d))


def _mean_age_at_birth(d: xr.Dataset, cell: Cell) -> xr.DataArray:
    women = _women(d)
    rates = (_births_by_single_age(d, cell) / women.where(women > 0)).fillna(0.0)
    return families.mean_age(rates)


def _mean_age_first_marriage(d: xr.Dataset, cell: Cell) -> xr.DataArray:
    weds = d["marriages_by_age"]
    weds = weds.isel(sex=_chosen(weds["sex"].values, cell["sex"])) if "sex" in cell else weds
    return families.mean_age_at_first_marriage(weds.sum("sex", min_count=1))


def _household_size(d: xr.Dataset, _: Cell) -> xr.DataArray:
    """Everybody outside collective living over all family households: no open class is in it."""
    people = total(d["population_by_province"]) - total(d["collective_population"])
    return ratio(people, total(d["households_by_size"]))


def _life_expectancy(d: xr.Dataset, cell: Cell) -> xr.DataArray:
    deaths, lived = (
        (v.isel(sex=_chosen(v["sex"].values, cell["sex"])) if "sex" in cell else v)
        .sum("sex", min_count=1)
        .transpose("draw", "year", "age")
        for v in (d["deaths_by_age"], d["exposure"])
    )
    years = years_left(deaths.values, lived.values, float(d.attrs["infant_years"]), 0)
    return deaths.isel(age=0, drop=True).copy(data=years)


# --- the figures by name ------------------------------------------------------------------

AGE, PLACE = ("age",), ("province", "residence")
NEVER, MARRIED_OR_NOT = MARITAL[0], ("marital",)
BIRTHS = (
    ("births", ("province", "residence", "sex")),
    ("births_by_age_order", ("age", "order")),
    ("births_by_province_order", ("province", "order")),
    ("births_by_education", ("residence", "education", "order")),
)
HOUSEHOLDS = (
    ("households_by_size", ("residence", "household_size")),
    ("households_by_generations", ("residence", "generations")),
)
PEOPLE = (
    ("population_by_age", ("sex", "age")),
    ("population_by_province", PLACE),
    ("population_marital", ("residence", "sex", "age", "marital")),
    ("population_education", ("sex", "age", "education")),
    ("population_adl_by_age", ("sex", "age", "adl")),
    ("population", (*PLACE, "sex", "age")),
)
RATE, WOMEN = "births per woman-year", ("births_by_age_order", "exposure")


def _never_married() -> tuple[Way, ...]:
    by_education = Way(
        ("never_married", "adults"), ("residence", "sex", "age", "education"),
        lambda d, cell: ratio(pick(d["never_married"], cell), pick(d["adults"], cell)), (AGE,),
    )  # fmt: skip
    return _fixed(_marital(), marital=NEVER), by_education


def _marital() -> Way:
    dims = ("residence", "sex", "age", "marital")
    share = _share("population_marital", MARRIED_OR_NOT, *dims)
    return share._replace(wants=(MARRIED_OR_NOT, AGE))


def _named() -> Iterator[Figure]:
    counts = tuple(_sum(name, *dims) for name, dims in PEOPLE)
    yield Figure("population", "Population", "人口", "persons", counts)
    shares = [_share(name, AGE, *dims) for name, dims in PEOPLE if "age" in dims and
              not {"marital", "education", "adl"} & set(dims)]  # fmt: skip
    shares.insert(1, _share("population_marital", AGE, "residence", "sex", "age"))
    yield Figure("population_share", "Share of the population", "人口占比", "share", tuple(shares))
    towns = (
        _fixed(_share("population_by_province", ("residence",), *PLACE), residence="urban"),
        _fixed(_share("population_marital", ("residence",), "residence", "sex", "age"),
               residence="urban"),
    )  # fmt: skip
    yield Figure("urban_share", "Urban share", "城镇人口比重", "share", towns)
    yield Figure("deaths", "Deaths", "死亡人口", "persons",
                 (_sum("deaths", *PLACE, "sex"), _sum("deaths_by_age", "sex", "age")))  # fmt: skip
    expected = Way(("deaths_by_age", "exposure"), ("sex",), _life_expectancy)
    yield Figure("e0", "Life expectancy at birth", "平均预期寿命", "years", (expected,))
    yield from _births()
    yield from _marriages()
    yield from _households()


def _births() -> Iterator[Figure]:
    counts = tuple(_sum(name, *dims) for name, dims in BIRTHS)
    yield Figure("births", "Births", "出生人口", "persons", counts)
    over = ("age", "order", "education")  # shares of all births of the place
    shares = tuple(_share(name, over, *dims) for name, dims in BIRTHS[1:])
    yield Figure("births_share", "Share of births", "出生占比", "share", shares)
    yield Figure("asfr", "Age-specific fertility", "分年龄生育率", RATE,
                 (Way(WOMEN, ("age", "order"), _rate, (AGE,)),))  # fmt: skip
    yield Figure("tfr", "Total fertility rate", "总和生育率", "children per woman",
                 (Way(WOMEN, ("order",), _tfr),))  # fmt: skip
    yield Figure("mean_age_at_birth", "Mean age at birth", "平均生育年龄", "years",
                 (Way(WOMEN, ("order",), _mean_age_at_birth),))  # fmt: skip


def _marriages() -> Iterator[Figure]:
    yield Figure("marriages", "Marriages", "结婚对数", "couples", (_sum("marriages"),))
    yield Figure("divorces", "Divorces", "离婚对数", "couples",
                 (_sum("divorces"), _sum("divorces_by_duration", "duration", "children")),
                 )  # fmt: skip
    weds = ("sex", "age", "marriage_order")
    yield Figure("newlyweds", "Newly-weds", "结婚人数", "persons",
                 (_sum("marriages_by_age", *weds),))  # fmt: skip
    yield Figure("newlyweds_share", "Share of newly-weds", "结婚人数占比", "share",
                 (_share("marriages_by_age", ("age", "marriage_order"), *weds),))  # fmt: skip
    first = Way(("marriages_by_age",), ("sex",), _mean_age_first_marriage)
    yield Figure("mean_age_first_marriage", "Mean age at first marriage", "平均初婚年龄", "years",
                 (first,))  # fmt: skip
    yield Figure("never_married_share", "Never married", "未婚比例", "share", _never_married())
    yield Figure("marital_share", "Share by marital status", "婚姻状况构成", "share", (_marital(),))


def _households() -> Iterator[Figure]:
    counts = tuple(_sum(name, *dims) for name, dims in HOUSEHOLDS)
    yield Figure("households", "Family households", "家庭户", "households", counts)
    shares = tuple(_share(name, dims[1:], *dims) for name, dims in HOUSEHOLDS)
    yield Figure("households_share", "Share of family households", "家庭户占比", "share", shares)
    one = Span(1, 1)
    yield Figure("one_person_households", "One-person households", "一人户", "households",
                 (_fixed(counts[0], household_size=one),))  # fmt: skip
    yield Figure("one_person_households_share", "Share of one-person households", "一人户占比",
                 "share", (_fixed(shares[0], household_size=one),))  # fmt: skip
    size = Way(("population_by_province", "collective_population", "households_by_size"), (),
               _household_size)  # fmt: skip
    yield Figure("mean_household_size", "Mean size of family households", "平均家庭户规模",
                 "persons per household", (size,))  # fmt: skip
    dims = ("residence", "sex", "age")
    alone = _sum("living_alone", *dims)
    share = _part_of("living_alone", "population_marital", *dims)
    yield Figure("living_alone", "People living alone", "独居人口", "persons", (alone,))
    yield Figure("living_alone_share", "Share living alone", "独居比例", "share", (share,))
    yield Figure("living_alone_65plus", "People of 65 and over living alone", "65岁及以上独居老人",
                 "persons", (_fixed(alone, age=OLD),))  # fmt: skip
    yield Figure("living_alone_65plus_share", "Share living alone at 65 and over",
                 "65岁及以上独居比例", "share", (_fixed(share, age=OLD),))  # fmt: skip


NAMED: Mapping[str, Figure] = {figure.key: figure for figure in _named()}
STORED_UNITS = {
    "10,000 persons": "persons", "10,000 places": "places", "10,000 couples": "couples",
    "100 million hours": "hours", "%": "share", "per cent": "share",
    "per 100 persons of 15-64": "persons per person",
}  # fmt: skip


def figures_of(dataset: xr.Dataset) -> dict[str, Figure]:
    """Every figure that a row may name: those above, of `compare`, and the variables.

    Figures of `compare` in prices of one year are left out: what is published has those of its
    own year, as the variables have.
    """
    found = dict(NAMED)
    for key, quantity in QUANTITIES.items():
        if key not in found and "deflator" not in quantity.needs:
            found[key] = _of_quantity(quantity)
    for name in sorted(map(str, dataset.data_vars)):
        kind = dataset[name].attrs.get("kind")
        if name not in found and kind is not None and not name.startswith("mc_error"):
            found[name] = _of_variable(dataset[name], name, kind == "indicator")
    return {
        key: figure
        for key, figure in found.items()
        if any(set(way.needs) <= set(dataset.variables) for way in figure.ways)
    }


def _of_quantity(quantity: Quantity) -> Figure:
    def measure(d: xr.Dataset, cell: Cell) -> xr.DataArray:
        if "province" in cell:
            by_province = quantity.measure(d, ("province",))
            return by_province.sel(province=cell["province"], drop=True)
        return quantity.measure(d, ())

    dims = ("province",) if quantity.by_province else ()
    way = Way(quantity.needs, dims, measure, every_year=True)
    unit = STORED_UNITS.get(quantity.unit.name, quantity.unit.name)
    return Figure(quantity.key, quantity.title, quantity.title_zh, unit, (way,))


def _of_variable(values: xr.DataArray, name: str, indicator: bool) -> Figure:
    """A variable summed over what a row does not name; an indicator is not summed."""
    dims = tuple(ASKED.get(str(d), str(d)) for d in values.dims if d not in UNIT_DIMS)
    wants = tuple((dim,) for dim in dims) if indicator else ()
    about = values.attrs
    way = _sum(name, *dims)._replace(wants=wants)
    unit = str(about["units"]).removesuffix(" per year")
    unit = unit if unit in COUNTED else str(about["units"])
    title, title_zh = str(about["long_name"]), str(about["long_name_zh"])
    return Figure(name, title, title_zh, unit, (way,))


def way_of(figure: Figure, cell: Cell, dataset: xr.Dataset) -> Way | tuple[str, str]:
    """How the results give a cell of a figure, or what is wrong and what is allowed."""
    held = [way for way in figure.ways if set(way.needs) <= set(dataset.variables)]
    faults: list[tuple[str, str]] = []
    for way in held:
        if set(cell) <= set(way.dims) and all(set(group) & set(cell) for group in way.wants):
            fault = _unfit(way, cell, dataset)
            if fault is None:
                return way
            faults.append(fault)
    return faults[0] if faults else ("", f"by {ways_text(held)}")


def _unfit(way: Way, cell: Cell, dataset: xr.Dataset) -> tuple[str, str] | None:
    for dim, wanted in cell.items():
        for name, labels in labels_of(dataset, dim, way.needs):
            allowed = fault_of(name, labels, wanted)
            if allowed:
                return dim, allowed
    return None


def ways_text(ways: Sequence[Way]) -> str:
    """What ways tell figures apart by."""
    return "; or ".join(dict.fromkeys(map(_told_apart, ways)))


def _told_apart(way: Way) -> str:
    needed = [" or ".join(group) for group in way.wants]
    text = ", ".join(way.dims) or "year alone"
    return f"{text} (with {' and '.join(needed)})" if needed else text


# --- units --------------------------------------------------------------------------------

COUNTED = {
    "persons": "人", "couples": "对", "households": "户", "yuan": "元", "hours": "小时",
    "places": "个", "days": "天", "visits": "人次", "classes": "班", "child-months": "人月",
    "person-years": "人年",
}  # fmt: skip
MULTIPLES = (
    ("", "", 1.0), ("thousand ", "千", 1e3), ("10,000 ", "万", 1e4), ("million ", "百万", 1e6),
    ("100 million ", "亿", 1e8), ("billion ", "十亿", 1e9),
)  # fmt: skip
OTHER: Mapping[str, Mapping[str, float]] = {
    "share": {"share": 1.0, "%": 0.01, "per cent": 0.01, "percent": 0.01, "‰": 0.001},
    RATE: {RATE: 1.0, "births per woman": 1.0, "births per 1,000 women": 1e-3, "‰": 1e-3},
    "years": {"years": 1.0, "岁": 1.0},
    "children per woman": {"children per woman": 1.0},
    "persons per household": {"persons per household": 1.0, "人/户": 1.0},
}


def sizes_of(unit: str) -> dict[str, float]:
    """Units in which a figure may be given, and how much of its own unit each is."""
    if unit in COUNTED:
        sizes = {f"{many}{unit}": size for many, _, size in MULTIPLES}
        sizes |= {f"{name} per year": size for name, size in sizes.items()}
        return sizes | {f"{many}{COUNTED[unit]}": size for _, many, size in MULTIPLES}
    return dict(OTHER.get(unit, {unit: 1.0}))


def units_text(unit: str) -> str:
    """The units that are allowed, for an error."""
    names = [name for name in sizes_of(unit) if not name.endswith(" per year")]
    return "one of " + ", ".join(names)


def may_be_negative(figure: Figure) -> bool:
    """Whether what is published of a figure can lie below zero."""
    return figure.unit.startswith("yuan") or figure.key in SIGNED
