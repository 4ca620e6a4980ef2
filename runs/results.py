"""From the model's yearly counts of agents to figures of the real population.

A count is agents times the weight of an agent; money is agents' fen times the weight over
100. Ratios are formed inside a unit here; over replicates they are formed anew from the
sums, which are stored as well (`analysis/compare.py`). A variable whose parts the model does
not count is left out.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..analysis.expectancy import healthy_years_left, years_left
from ..model import birth_parts, pension_rules, prices
from ..model.young_children import IN_AN_AGENT
from ..parameters.dims import SEXES
from ..parameters.load import Parameters
from ..parameters.rates import infant_years
from .variables import VARIABLES, Variable

Array = NDArray[np.float64]
Counts = Mapping[int, Mapping[str, NDArray[np.int64]]]
Values = dict[str, Array]
FEMALE = SEXES.index("female")
FEN = 100.0
MONTHS = 12.0
GAP_AGES = slice(20, 45)  # of women between whom childless and mothers are compared
BASE_YEAR = 2010
ENDING_ZERO = ("fund_balance",)  # a stock that is nothing before its first year
# decided, not counted: the weight has no part in them
IN_MILLIONTHS = ("ltci_premium_factor", "employee_pension_rate_factor", "employee_pension_rise")
# counted in parts of an agent, so that places may be fewer than an agent
IN_PARTS = frozenset({
    "childcare_places", "childcare_enrolled", "childcare_unserved", "childcare_staff",
    "kindergarten_places", "kindergarten_places_closed", "kindergarten_pupils",
    "kindergarten_unserved", "kindergarten_classes", "kindergarten_staff", "pupils",
})  # fmt: skip
# expected: counted in much smaller parts
EXPECTED = frozenset({
    "expected_births_without_policy", "expected_births_with_response", "expected_births",
})  # fmt: skip
NOT_STORED = frozenset({"deaths_by_cohort", "fund_contributor_months"})  # parts of other variables


def values_of(counts: Counts, weight: float, parameters: Parameters) -> Values:
    """Every variable of one lived unit, float64[year, *dims] from 2010 on.

    counts : by year and name, int64; agents, fen of agents or hours of agents
    weight : real persons per agent
    parameters : of the unit's scenario and draw
    """
    years = np.arange(BASE_YEAR, max(counts) + 1)
    values = {
        name: tallied(counts, name, years) * scale_of(variable, weight)
        for name, variable in VARIABLES.items()
        if any(name in now for now in counts.values())
    }
    months = "fund_contributor_months"
    if any(months in now for now in counts.values()):
        values["fund_contributor_years"] = tallied(counts, months, years) * weight / MONTHS
    for name, derive in DERIVED.items():
        try:
            values[name] = derive(values, parameters)
        except KeyError:
            continue  # the release counts no part of it
    values["price_index"] = price_index(parameters, years)
    values["reference_wage"] = reference_wage(parameters, years)
    return {name: values[name] for name in VARIABLES if name in values}


def tallied(counts: Counts, name: str, years: NDArray[np.int64]) -> Array:
    """One count over the years, float64[year, *dims]; a lived year without any holds zeros."""
    shape = next(now[name].shape for now in counts.values() if name in now)
    table = np.zeros((len(years), *shape))
    for k, year in enumerate(years):
        if name in counts[int(year)]:
            table[k] = counts[int(year)][name]
        elif year == BASE_YEAR and name not in ENDING_ZERO:
            table[k] = np.nan
    return table


def scale_of(variable: Variable, weight: float) -> float:
    """What a count of the model is multiplied by: real people, yuan or places of one agent."""
    if variable.name in IN_MILLIONTHS:
        return 1e-6
    if variable.name in IN_PARTS:
        return weight / IN_AN_AGENT
    if variable.name in EXPECTED:
        return weight / birth_parts.IN_AN_AGENT
    return weight / FEN if variable.units.startswith("yuan") else weight


def price_index(p: Parameters, years: NDArray[np.int64]) -> Array:
    """Consumer prices by year, 2010 = 1, float64[year]."""
    return np.array([prices.price_index(p, int(year)) for year in years])


def reference_wage(p: Parameters, years: NDArray[np.int64]) -> Array:
    """Reference wage of contributions by year, yuan a year; NaN before the scheme is lived."""
    first = pension_rules.FIRST_REFERENCE
    wages = (pension_rules.reference_wage(p, int(y)) if y >= first else np.nan for y in years)
    return np.array(list(wages))


# --- derived: each from the values so far, KeyError where a part is missing ----------------


def _by_age(values: Values, _: Parameters) -> Array:
    return np.asarray(values["population"].sum(axis=(1, 2)))


def _by_province(values: Values, _: Parameters) -> Array:
    return np.asarray(values["population"].sum(axis=(3, 4)))


def _adl_by_age(values: Values, _: Parameters) -> Array:
    return np.asarray(values["population_adl"].sum(axis=(1, 2)))


def through_the_year(stock: Array) -> Array:
    """Mean of opening and closing stock, float64[year, ...]; NaN in the first year."""
    mean = np.full_like(stock, np.nan)
    mean[1:] = (stock[:-1] + stock[1:]) / 2
    return mean


def _exposure(values: Values, _: Parameters) -> Array:
    return through_the_year(values["population_by_age"])


def _tfr(values: Values, _: Parameters) -> Array:
    births = values["births_by_age_parity"].sum(axis=-1)
    women = values["exposure"][:, FEMALE]
    rates = np.divide(births, women, out=np.zeros_like(births), where=women > 0)
    return np.where(np.isnan(women[:, 0]), np.nan, rates.sum(axis=-1))


def _years_left(values: Values, p: Parameters, age: int) -> Array:
    return years_left(values["deaths_by_age"], values["exposure"], infant_years(p), age)


def _healthy_years(values: Values, p: Parameters) -> Array:
    people = through_the_year(values["population_adl_by_age"])
    lived = values["deaths_by_age"], values["exposure"]
    return healthy_years_left(*lived, people[..., 0], people.sum(axis=-1), infant_years(p), 60)


def _dependency(values: Values, _: Parameters) -> Array:
    people = values["population_by_age"].sum(axis=1)
    return _ratio(people[:, 65:].sum(axis=-1), people[:, 15:65].sum(axis=-1))


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _mean_benefit(values: Values, _: Parameters) -> Array:
    return _ratio(values["fund_outlay"].sum(axis=(2, 3)), values["fund_beneficiaries"].sum(axis=2))


def _months(values: Values, _: Parameters) -> Array:
    balance, outlay = (values[name].sum(axis=(2, 3)) for name in ("fund_balance", "fund_outlay"))
    return MONTHS * _ratio(balance, outlay)


def _nursery_fee(values: Values, _: Parameters) -> Array:
    months = MONTHS * values["childcare_enrolled"].sum(axis=(1, 2))
    return _ratio(values["childcare_fees"].sum(axis=1), months)


def _child_cost_share(values: Values, _: Parameters) -> Array:
    return _ratio(values["child_cost"], values["income_with_children"])


def _motherhood_gap(values: Values, _: Parameters) -> Array:
    women, working = (
        values[name][..., GAP_AGES]
        for name in ("women_by_youngest_child", "working_women_by_youngest_child")
    )
    mothers, at_work = women[:, 1:3].sum(axis=1), working[:, 1:3].sum(axis=1)
    known = women[:, 0] > 0
    expected = np.where(known, _ratio(working[:, 0], women[:, 0]), 0.0) * mothers
    return _ratio((expected - at_work * known).sum(axis=-1), (mothers * known).sum(axis=-1))


DERIVED: Mapping[str, Callable[[Values, Parameters], Array]] = {
    "population_by_age": _by_age,
    "population_by_province": _by_province,
    "population_adl_by_age": _adl_by_age,
    "exposure": _exposure,
    "tfr": _tfr,
    "e0": lambda values, p: _years_left(values, p, 0),
    "e60": lambda values, p: _years_left(values, p, 60),
    "healthy_years_60": _healthy_years,
    "old_age_dependency_ratio": _dependency,
    "mean_benefit": _mean_benefit,
    "months_of_reserve": _months,
    "childcare_fee": _nursery_fee,
    "motherhood_gap": _motherhood_gap,
    "child_cost_share": _child_cost_share,
}


class ConstantTable(NamedTuple):
    """Constants by year as single numbers: `kappa[0,60]` is a cell of the array `kappa`.

    names : of the columns; values : float64[year from 2010, name], NaN where there is none
    """

    names: tuple[str, ...]
    values: Array

    @classmethod
    def of(cls, columns: Mapping[str, Array]) -> "ConstantTable":
        """From float64[year] by name."""
        values = np.stack(list(columns.values()), axis=1) if columns else np.empty((0, 0))
        return cls(tuple(columns), values)

    def over(self, n_years: int) -> Array:
        """Values of so many years from 2010, float64[n_years, name]."""
        found = np.full((n_years, len(self.names)), np.nan)
        known = self.values[:n_years]
        found[: len(known)] = known
        return found


def flat_constants(table: Iterable[tuple[str, int, Array]]) -> ConstantTable:
    """Constants by name and year, each of one shape in all years, as single numbers."""
    by_name: dict[str, dict[int, Array]] = {}
    for name, year, value in table:
        by_name.setdefault(name, {})[year - BASE_YEAR] = np.asarray(value, dtype=np.float64)
    n_years = 1 + max((year for years in by_name.values() for year in years), default=-1)
    names: list[str] = []
    columns = [np.empty((n_years, 0))]
    for name, years in by_name.items():
        shape = next(iter(years.values())).shape
        names += [_label(name, cell) for cell in np.ndindex(shape)]
        column = np.full((n_years, *shape), np.nan)
        column[list(years)] = np.stack(list(years.values()))
        columns.append(column.reshape(n_years, -1))
    return ConstantTable(tuple(names), np.concatenate(columns, axis=1))


def _label(name: str, cell: tuple[int, ...]) -> str:
    return f"{name}[{','.join(map(str, cell))}]" if cell else name
