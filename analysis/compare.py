"""Scenarios compared: levels, paired differences within a draw, parts of births, costs.

A scenario is held against the baseline whose constants it shares; differences are formed
within each draw and replicate, so that what both have in common falls out. Costs are ratios
of sums: money that the state adds from the first year on, in prices of one year, over what
it bought. Leaves out what causes a difference.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from . import split
from .indicators import over_replicates, replicates_behind
from .intervals import QUANTILES, Estimate, Statistic, estimate
from .quantities import (
    QUANTITIES,
    YUAN_A_BIRTH,
    YUAN_AN_HOUR,
    Keep,
    Quantity,
    Unit,
    deflator,
    total,
)

BASELINE = "baseline"
STRUCTURAL = ("baseline", "tfr-constant", "tfr-decline")
LAST_WITHOUT_STRUCTURE = 2050
FEWEST_AGENTS = 30
LEAST_BOUGHT = 1.0  # a birth or an hour: less is what rounding leaves of equal sums
STATE_MONEY = ("fund_subsidy", "fund_deficit_financing")
FORGONE = "tax_forgone"  # money of the state as well, in results that hold it
ERROR = "mc_error"  # how names of stored errors begin
QUANTILE_NAMES = tuple(f"q{100 * q:g}" for q in QUANTILES)
COLUMNS = (
    "kind", "scenario", "reference", "quantity", "title", "title_zh", "unit", "unit_zh",
    "province", "year", "central", *QUANTILE_NAMES, "mc_error", "draws", "replicates",
)  # fmt: skip


class Cost(NamedTuple):
    """A ratio of what the state adds to what it buys, both summed from the first year on."""

    key: str
    title: str
    title_zh: str
    unit: Unit
    bought: str  # variable
    fund: str | None  # whose money; None is all of it

    @property
    def money(self) -> tuple[str, ...]:
        """Variables of the money."""
        return ("fund_outlay",) if self.fund else STATE_MONEY

    @property
    def needs(self) -> tuple[str, ...]:
        """Variables that the cost is formed from."""
        return (*self.money, self.bought, "deflator")


What = Quantity | Cost | split.Part
COSTS = (
    Cost("cost_per_added_birth", "State money per added birth", "每新增一例出生的财政成本",
         YUAN_A_BIRTH, "births", None),
    Cost("cost_per_care_hour", "Insurance outlay per hour of care", "每小时照护的保险支出",
         YUAN_AN_HOUR, "ltci_care_hours", "long_term_care"),
)  # fmt: skip


def compare(
    dataset: xr.Dataset,
    quantities: Sequence[str] | None = None,
    *,
    years: Sequence[int] | None = None,
    by_province: bool = False,
    preferred: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Every scenario's levels, differences from its reference and costs, one figure a row.

    Parameters
    ----------
    dataset : results, as `songhe.open` gives them
    quantities : keys of `QUANTITIES`; all that the results hold by default
    years : all by default; those after 2050 are left out of a run that lacks one of the three
        structural baselines of fertility
    by_province : figures by province where the results have them
    preferred : of these quantities, those that the results hold, in place of `quantities`

    Returns
    -------
    COLUMNS; kind is "level", "difference", "part" (of births, see `split.py`) or "cost", figures
    are in `unit`

    Raises
    ------
    ValueError
        For a quantity that is unknown or not in the results.
    """
    chosen = _chosen(dataset, quantities, by_province)
    if preferred is not None:
        chosen = [quantity for quantity in chosen if quantity.key in preferred]
    shown = shown_years(dataset, years)
    data = _loaded(dataset, chosen)
    keep: Keep = ("province",) if by_province else ()
    rows: list[dict[str, Any]] = []
    for scenario in (str(name) for name in dataset["scenario"].values):
        one, other = _part(data, scenario), reference_of(dataset, scenario)
        pair = None if other is None else (one, _part(data, other))
        for quantity in chosen:
            rows += _levels(quantity, scenario, one, shown, keep)
            if pair is not None:
                rows += _differences(quantity, (scenario, str(other)), pair, shown, keep)
        if pair is not None and not by_province and quantities is None:
            if shares_levels(dataset, scenario):
                rows += _parts((scenario, str(other)), pair, shown)
            rows += _costs((scenario, str(other)), pair, shown)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def reference_of(dataset: xr.Dataset, scenario: str) -> str | None:
    """The scenario that one is held against; None for a baseline by itself.

    A structural baseline is held against the baseline of all.
    """
    names = [str(name) for name in dataset["scenario"].values]
    about = dataset.attrs.get("scenario_texts", {}).get(scenario, {})
    wanted = about.get("reference", BASELINE)
    wanted = BASELINE if wanted == scenario else wanted
    return wanted if wanted != scenario and wanted in names else None


def shares_levels(dataset: xr.Dataset, scenario: str) -> bool:
    """Whether births have the levels of the reference: not those of a structural baseline."""
    about = dataset.attrs.get("scenario_texts", {}).get(scenario, {})
    return bool(about.get("reference", BASELINE) != scenario)


def has_structure(dataset: xr.Dataset) -> bool:
    """Whether the three paths of fertility stand side by side in the results."""
    return set(STRUCTURAL) <= {str(name) for name in dataset["scenario"].values}


def shown_years(dataset: xr.Dataset, years: Sequence[int] | None = None) -> list[int]:
    """Years to show: the wanted ones that the results hold and that may be shown."""
    held = [int(year) for year in dataset["year"].values]
    last = held[-1] if has_structure(dataset) else LAST_WITHOUT_STRUCTURE
    return [year for year in held if year <= last and (years is None or year in years)]


def _chosen(
    dataset: xr.Dataset, quantities: Sequence[str] | None, by_province: bool
) -> list[Quantity]:
    held = {
        key: q
        for key, q in QUANTITIES.items()
        if all(name in {*dataset.variables, "deflator"} for name in q.needs)
        and (q.by_province or not by_province)
    }
    unknown = [key for key in quantities or () if key not in held]
    if unknown:
        raise ValueError(f"no quantity {', '.join(unknown)}; allowed: {', '.join(held)}")
    return [held[key] for key in quantities] if quantities is not None else list(held.values())


def _loaded(dataset: xr.Dataset, quantities: Sequence[Quantity]) -> xr.Dataset:
    """The variables that are needed, in memory, already summed where no figure tells apart."""
    names = {name for q in quantities for name in q.needs}
    names |= {cost.bought for cost in COSTS} | {
        *STATE_MONEY,
        FORGONE,
        "fund_outlay",
        "price_index",
        "births",
    }
    names |= {*split.OF_PARTS, *split.OF_SHARES}
    names |= {"population_by_province", *(str(n) for n in dataset.variables if is_error(n))}
    found = split.summed(dataset[sorted({*names, "done"} & set(dataset.variables))]).load()
    return found.assign(deflator=deflator(dataset))


def _part(data: xr.Dataset, scenario: str) -> xr.Dataset:
    return data.sel(scenario=scenario, drop=True)


def _statistic(quantity: Quantity, keep: Keep, years: list[int]) -> Statistic:
    """The level of one part, or the difference of the first from the second."""

    def statistic(one: xr.Dataset, other: xr.Dataset | None = None) -> xr.DataArray:
        level = quantity.measure(one, keep)  # over all years: some are sums from the first on
        if other is not None:
            level = level - quantity.measure(other, keep)
        return level.sel(year=years) / quantity.unit.size

    return statistic


def _levels(
    quantity: Quantity, scenario: str, part: xr.Dataset, years: list[int], keep: Keep
) -> list[dict[str, Any]]:
    found = estimate(_statistic(quantity, keep, years), _needed(quantity, part))
    found = _of_mean(found, part, _error_name("", keep), quantity)
    thin = _thin(quantity, part, years) if keep else None
    return list(rows_of("level", (scenario, ""), quantity, found, thin))


def _differences(
    quantity: Quantity,
    names: tuple[str, str],
    pair: tuple[xr.Dataset, xr.Dataset],
    years: list[int],
    keep: Keep,
) -> list[dict[str, Any]]:
    found = estimate(_statistic(quantity, keep, years), *(_needed(quantity, part) for part in pair))
    found = _of_mean(found, pair[0], _error_name("_difference", keep), quantity)
    thin = _thin(quantity, pair[1], years) if keep else None
    return list(rows_of("difference", names, quantity, found, thin))


def _error_name(kind: str, keep: Keep) -> str:
    return f"{ERROR}{kind}{'_by_province' if keep else ''}"


def is_error(name: object) -> bool:
    """Whether a variable holds errors of a mean that is stored in place of replicates."""
    return str(name).startswith(ERROR)


def _of_mean(found: Estimate, part: xr.Dataset, name: str, what: What) -> Estimate:
    """The estimate with the errors that stand in the results, where these are a mean already."""
    if name not in part:
        return found
    errors = part[name].sel({part[name].dims[-1 - ("province" in part[name].dims)]: what.key})
    variance = (errors.max("replicate") ** 2).mean("draw", skipna=True)
    error = (variance**0.5 / what.unit.size).sel(year=found.central["year"]).reset_coords(drop=True)
    error = error.where(np.isfinite(found.central))
    return found._replace(error=error, replicates=replicates_behind(part))


def _needed(quantity: Quantity, part: xr.Dataset) -> xr.Dataset:
    return part[[*quantity.needs, "done"]]


def _parts(
    names: tuple[str, str], pair: tuple[xr.Dataset, xr.Dataset], years: list[int]
) -> list[dict[str, Any]]:
    """Births added in parts, and benefits that go to others, where births differ at all."""
    rows: list[dict[str, Any]] = []
    for part in split.PARTS.values():
        needs = (*part.needs, "done")
        if not all(name in pair[0] for name in needs) or not births_differ(*pair):
            continue
        found = estimate(_part_of(part, years), *(one[list(needs)] for one in pair))
        found = _of_mean(found, pair[0], "mc_error_part", part)
        rows += rows_of("part", names, part, found)
    return rows


def births_differ(one: xr.Dataset, other: xr.Dataset) -> bool:
    """Whether a scenario has, or expects, other births than its reference in any unit."""
    names = [name for name in ("births", split.ANSWERED) if name in one and name in other]
    return any(bool((one[name] - other[name]).fillna(0.0).any()) for name in names)


def _part_of(part: split.Part, years: list[int]) -> Statistic:
    return lambda one, other: part.measure(one, other).sel(year=years) / part.unit.size


def _costs(
    names: tuple[str, str], pair: tuple[xr.Dataset, xr.Dataset], years: list[int]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for cost in COSTS:
        needs = (*cost.needs, "done")
        if not all(name in pair[0] for name in needs):
            continue
        if not bool((pair[0][cost.bought] - pair[1][cost.bought]).fillna(0.0).any()):
            continue  # the scenario has nothing to do with it
        held = [name for name in (*needs, FORGONE) if name in pair[0]]
        found = estimate(_cost(cost, years), *(part[held] for part in pair))
        rows += rows_of("cost", names, cost, _of_mean(found, pair[0], "mc_error_cost", cost))
    return rows


def cost_parts(cost: Cost, part: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Money paid and what was bought in one scenario, by year."""
    flows = [part[name] if cost.fund is None else part[name].sel(fund=cost.fund, drop=True)
             for name in cost.money]  # fmt: skip
    if cost.fund is None and FORGONE in part:
        flows.append(part[FORGONE])
    money = sum((total(f) for f in flows[1:]), total(flows[0])) * part["deflator"]
    return money, total(part[cost.bought])


def _cost(cost: Cost, years: list[int]) -> Statistic:
    """Added money over added births or hours, both since the first year.

    NaN where nothing differs; infinite where money is spent and nothing bought.
    """

    def statistic(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
        (paid, bought), (paid_0, bought_0) = cost_parts(cost, one), cost_parts(cost, other)
        paid = (paid - paid_0).fillna(0.0).cumsum("year")
        bought = (bought - bought_0).fillna(0.0).cumsum("year")
        bought = bought.where(abs(bought) >= LEAST_BOUGHT, 0.0)
        in_vain = (paid > 0) & (bought <= 0)
        cost_of_one = (paid / bought.where(bought != 0)).where(~in_vain, np.inf)
        return cost_of_one.sel(year=years) / cost.unit.size

    return statistic


def _thin(quantity: Quantity, part: xr.Dataset, years: list[int]) -> xr.DataArray | None:
    """Where fewer than 30 agents stand behind a figure by province."""
    if quantity.unit.name_zh != "万人":
        return None
    people = total(part["population_by_province"]).isel(year=0)
    weight = float(over_replicates(people).sel(draw=0)) / float(part.attrs["persons"])
    count = quantity.measure(part[list(quantity.needs)], ("province",)).sel(draw=0, drop=True)
    agents = count.sum("replicate", min_count=1).sel(year=years) / weight
    agents = agents * (replicates_behind(part) / part.sizes["replicate"])
    return agents < FEWEST_AGENTS


def rows_of(
    kind: str,
    names: tuple[str, str],
    what: What,
    found: Estimate,
    thin: xr.DataArray | None = None,
) -> Iterator[dict[str, Any]]:
    dims = [str(dim) for dim in found.central.dims]
    labels = [found.central[dim].values for dim in dims]
    head = {
        "kind": kind, "scenario": names[0], "reference": names[1], "quantity": what.key,
        "title": what.title, "title_zh": what.title_zh, "unit": what.unit.name,
        "unit_zh": what.unit.name_zh, "province": "", "draws": found.draws,
        "replicates": found.replicates,
    }  # fmt: skip
    quantiles = found.quantiles.transpose("quantile", *dims).values
    error = found.error.transpose(*dims).values
    for cell in np.ndindex(found.central.shape):
        if np.isnan(found.central.values[cell]) or (
            thin is not None and bool(thin.transpose(*dims).values[cell])
        ):
            continue
        where: dict[str, Any] = {dim: labels[k][cell[k]] for k, dim in enumerate(dims)}
        where["year"] = int(where["year"])
        if "province" in where:
            where["province"] = str(where["province"])
        band = quantiles[(slice(None), *cell)].tolist()
        yield (
            head
            | where
            | {
                "central": float(found.central.values[cell]),
                **dict(zip(QUANTILE_NAMES, band, strict=True)),
                "mc_error": float(error[cell]),
            }
        )
