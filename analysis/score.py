"""The score card: the baseline against published figures, and against the twin.

Three sections, each honest about what songhe does with a figure. *fitted years*, 2011-2015:
some figures are aligned to (met in expected values), some had a parameter fitted to them,
the rest are only compared. *scored years*, 2016-2019: nothing is fitted or aligned to these.
*twin*: people against the deterministic cohort-component projection from the same start
under the same rates, with the Monte-Carlo error that the twin's own recursion of variance
gives. 2020 is a shock year: shown, not scored. Published stocks and those of the results are
both of 31 December, flows are of calendar years, so that no figure needs moving in time.
Leaves out everything published that the parameters do not hold.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from ..parameters.dims import FUNDS
from ..parameters.load import Parameters
from ..parameters.rates import Concept, infant_years
from ..parameters.schema import Entry
from . import twins
from .expectancy import years_left
from .indicators import CENTRAL_DRAW, over_replicates, ratio, replicates_behind
from .intervals import Estimate, estimate
from .quantities import total

Array = NDArray[np.float64]
Measure = Callable[[xr.Dataset, Parameters], xr.DataArray]

FITTED, SCORED, SHOCK, TWIN = "fitted years", "scored years", "shock year", "twin"
FIRST_LIVED, LAST_FITTED, LAST_SCORED = 2011, 2015, 2019
TWIN_YEARS = (2020, 2040, 2060)
OLD = 65
LOW, HIGH = 0.1, 0.9  # the middle 80 % of draws
BASELINE = "baseline"
SEXES_SHOWN = (("_men", ", men", "，男"), ("_women", ", women", "，女"))
COLUMNS = (
    "section", "quantity", "title", "title_zh", "year", "unit", "treatment", "reference", "model",
    "low", "high", "error_percent", "inside", "standard_error_percent", "trend_error_percent",
    "evidence", "source",
)  # fmt: skip


class Comparison(NamedTuple):
    """A published series and what the results say about the same thing."""

    quantity: str
    key: str  # of the parameter
    treatment: str  # in the fitting years
    measure: Measure  # [..., year] and perhaps sex, in the parameter's unit
    variables: tuple[str, ...]
    official: bool = False  # a count that only the official population concept can meet


def _people(first: int) -> Measure:
    return lambda d, _: d["population_by_age"].sel(age=slice(first, None)).sum(("sex", "age"))


def _flow(name: str) -> Measure:
    return lambda d, _: d[name].sum(("province", "residence", "sex"), min_count=1)


def _thousands(name: str) -> Measure:
    return lambda d, _: d[name] / 1e3


def _urban_share(d: xr.Dataset, _: Parameters) -> xr.DataArray:
    people = d["population_by_province"].sum("province", min_count=1)
    return ratio(people.sel(residence="urban", drop=True), people.sum("residence"))


def _life_expectancy(d: xr.Dataset, p: Parameters) -> xr.DataArray:
    """Of the sums over whatever the deaths and years lived were summed over."""
    deaths, exposure = (d[name].transpose(..., "age") for name in ("deaths_by_age", "exposure"))
    years = years_left(deaths.values, exposure.values, infant_years(p), 0)
    return deaths.isel(age=0, drop=True).copy(data=years)


def _of_fund(variables: tuple[str, ...], fund: str, size: float) -> Measure:
    """National sum of some variables of a fund, in units of a size."""

    def measure(d: xr.Dataset, _: Parameters) -> xr.DataArray:
        sums = [total(d[name].sel(fund=fund, drop=True)) for name in variables]
        return sum(sums[1:], sums[0]) / size

    return measure


TARGETS, SCORES = "demography.targets.", "demography.scores."
PEOPLE = ("population_by_age",)
COMPARISONS = (
    Comparison(
        "total_population", TARGETS + "total_population", "compared", _people(0), PEOPLE, True
    ),
    Comparison(
        "population_60plus", TARGETS + "population_60plus", "fitted", _people(60), PEOPLE, True
    ),
    Comparison(
        "population_65plus",
        TARGETS + "population_65plus_revised",
        "fitted",
        _people(65),
        PEOPLE,
        True,
    ),
    Comparison("births", TARGETS + "births", "compared", _flow("births"), ("births",), True),
    Comparison("deaths", TARGETS + "deaths", "compared", _flow("deaths"), ("deaths",), True),
    Comparison(
        "e0", TARGETS + "e0", "fitted", _life_expectancy, ("deaths_by_age", "exposure"), True
    ),
    Comparison(
        "marriages", TARGETS + "marriages", "aligned", _thousands("marriages"), ("marriages",)
    ),
    Comparison("divorces", TARGETS + "divorces", "aligned", _thousands("divorces"), ("divorces",)),
    Comparison(
        "urban_share", TARGETS + "urban_share", "aligned", _urban_share, ("population_by_province",)
    ),
    Comparison(
        "marriages", SCORES + "marriages", "scored", _thousands("marriages"), ("marriages",)
    ),
    Comparison("divorces", SCORES + "divorces", "scored", _thousands("divorces"), ("divorces",)),
    Comparison(
        "urban_share", SCORES + "urban_share", "scored", _urban_share, ("population_by_province",)
    ),
)

# Series of a policy's fund are found by name: `policies.P.observed_X` (its parameters were
# fitted to them), `policies.P.compared_X` and `policies.P.score_X`; X says which variables of
# the results add up to it.
FUND_SERIES: Mapping[str, tuple[str, ...]] = {
    "outlay": ("fund_outlay",),
    "revenue": ("fund_revenue", "fund_subsidy", "fund_interest"),
    "balance": ("fund_balance",),
    "registered": ("fund_registered",),
    "contributors": ("fund_contributors",),
    "beneficiaries": ("fund_beneficiaries",),
}
FUND_TREATMENTS = {"observed": "fitted", "compared": "compared", "score": "scored"}
SIZES = {"billion yuan": 1e9, "million persons": 1e6, "persons": 1.0}
FUND_KEY = re.compile(r"policies\.(\w+)\.(observed|compared|score)_(\w+)")


def fund_comparisons(parameters: Parameters) -> list[Comparison]:
    """Published series of the policies' funds that the parameters hold.

    Raises
    ------
    KeyError
        For a series or a unit that is not in FUND_SERIES or SIZES.
    """
    found = []
    for key in parameters:
        if (match := FUND_KEY.fullmatch(key)) is None:
            continue
        policy, kind, name = match.groups()
        fund = next((fund for fund in FUNDS if policy.startswith(fund)), None)
        if fund is None:  # accounts of households, outside the funds
            continue
        variables = FUND_SERIES[name]
        size = SIZES[parameters[key].unit.removesuffix(" per year")]
        measure = _of_fund(variables, fund, size)
        found.append(Comparison(f"{fund}_{name}", key, FUND_TREATMENTS[kind], measure, variables))
    return found


def score_table(
    dataset: xr.Dataset, parameters: Parameters, scenario: str = BASELINE
) -> pd.DataFrame:
    """One row for each published figure, and for each figure of the twin.

    dataset : results, as `songhe.open` gives them; a figure whose variables they lack is left
        out
    parameters : those of the scenario, at their medians
    scenario : name of the one that is scored

    Returns COLUMNS: `reference` is the published figure or the twin's, `model` is draw 0,
    `low` and `high` hold the middle 80 % of draws 1 ... K (NaN with fewer than two), `inside`
    says whether they hold the reference (NA where nothing can be said),
    `standard_error_percent` is the Monte-Carlo error of `model`. `trend_error_percent` is that
    of the naive forecast, the straight line through the logs of the fitted years.
    """
    results = dataset.sel(scenario=scenario)
    concept: Concept = dataset.attrs["concept"]
    known = [*COMPARISONS, *fund_comparisons(parameters)]
    held = [c for c in known if set(c.variables) <= set(results)]
    rows = [row for c in held for row in _published(results, parameters, c, concept)]
    rows += _against_twin(results, parameters, concept, float(dataset.attrs["persons"]))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"inside": "boolean"})


def _published(
    results: xr.Dataset, parameters: Parameters, c: Comparison, concept: Concept
) -> Iterator[dict[str, object]]:
    """Rows of one series, for the years that the results hold."""
    entry = parameters[c.key]
    parts = results[[*c.variables, "done"]].load()
    found = estimate(lambda d: c.measure(d, parameters), parts)
    trend = trend_of(parameters, c.key)
    for year in (int(y) for y in parameters.coords(c.key, "year")):
        if year < FIRST_LIVED or year not in results["year"]:
            continue
        published = np.atleast_1d(parameters.year(c.key, year))
        for k, reference in enumerate(published):
            cell = {"year": year} | ({"sex": k} if published.size > 1 else {})
            if np.isnan(_cell(found.central, cell)):
                continue
            yield {
                "section": _section(c, year),
                **_names(c, entry, SEXES_SHOWN[k] if published.size > 1 else ("", "", "")),
                "year": year, "unit": entry.unit,
                "treatment": _treatment(c, year, concept), "reference": float(reference),
                **_numbers(found, cell, float(reference)),
                "trend_error_percent": 100 * (trend(year) / float(reference) - 1),
                "evidence": entry.evidence, "source": ", ".join(entry.sources),
            }  # fmt: skip


def trend_of(parameters: Parameters, key: str) -> Callable[[int], float]:
    """The naive forecast of a scored series: a straight line through the logs of fitted years.

    NaN for a series that is not scored, or has fewer than two figures in these years.
    """
    before = next((name for name in _fitted_keys(key) if name in parameters), None)
    if before is None:
        return lambda year: np.nan
    years = [y for y in map(int, parameters.coords(before, "year")) if y <= LAST_FITTED]
    known = [float(np.asarray(parameters.year(before, year))) for year in years]
    if len(known) < 2:
        return lambda year: np.nan
    slope, level = np.polyfit(np.array(years) - LAST_FITTED, np.log(known), 1)
    return lambda year: float(np.exp(level + slope * (year - LAST_FITTED)))


def _fitted_keys(key: str) -> list[str]:
    """Names under which the fitted years of a scored series may stand."""
    if key.startswith(SCORES):
        return [TARGETS + key.removeprefix(SCORES)]
    if (match := FUND_KEY.fullmatch(key)) and match[2] == "score":
        return [f"policies.{match[1]}.{kind}_{match[3]}" for kind in ("observed", "compared")]
    return []


def _names(c: Comparison, entry: Entry, sex: tuple[str, str, str]) -> dict[str, object]:
    """What a row is called; a series by sex has one for men and one for women."""
    return {
        "quantity": c.quantity + sex[0],
        "title": entry.title + sex[1],
        "title_zh": entry.zh + sex[2],
    }


def _cell(values: xr.DataArray, cell: dict[str, int]) -> float:
    """Value of one year, and of one sex by position if there are two."""
    here = values.sel(year=cell["year"])
    return float(here.isel(sex=cell["sex"]) if "sex" in cell else here)


def _section(c: Comparison, year: int) -> str:
    if year > LAST_SCORED:
        return SHOCK
    return FITTED if c.treatment != "scored" or year <= LAST_FITTED else SCORED


def _treatment(c: Comparison, year: int, concept: Concept) -> str:
    """What songhe does with the figure, in the run's own population concept."""
    if year > LAST_SCORED:
        return "shown"
    return "other concept" if c.official and concept != "official" else c.treatment


def _numbers(found: Estimate, cell: dict[str, int], reference: float) -> dict[str, object]:
    """Draw 0, the interval of the others, and how far off they are."""
    model, error = _cell(found.central, cell), _cell(found.error, cell)
    low, high = (_cell(found.quantiles.sel(quantile=q), cell) for q in (LOW, HIGH))
    return {
        "model": model, "low": low, "high": high,
        "error_percent": 100 * (model / reference - 1),
        "inside": low <= reference <= high if low == low else None,
        "standard_error_percent": 100 * error / model if model else float("nan"),
    }  # fmt: skip


def twin_rates(
    parameters: Parameters, concept: Concept, first: int, last: int
) -> list[twins.YearRates]:
    """Rates of the years first ... last, with net international migration."""
    topic = "demography.migration_international."

    def net(year: int) -> Array:
        pattern = np.asarray(parameters.year(topic + "age_pattern", year), dtype=np.float64)
        total = np.asarray(parameters.year(topic + "net_total", year), dtype=np.float64)
        return np.asarray(1e3 * total * pattern / pattern.sum())

    years = range(first, last + 1)
    return [twins.YearRates.of(parameters, year, concept, net(year)) for year in years]


def _against_twin(
    results: xr.Dataset, parameters: Parameters, concept: Concept, persons: float
) -> list[dict[str, object]]:
    """People of draw 0 against the twin, from the same start under the same rates."""
    by_replicate = results["population_by_age"].sel(draw=CENTRAL_DRAW, drop=True).load()
    people = over_replicates(by_replicate).transpose("year", "sex", "age").dropna("year")
    if not people.sizes["year"]:
        return []
    first, last = int(people["year"][0]), int(people["year"][-1])
    shown = [year for year in TWIN_YEARS if first < year <= last]
    if not shown:
        return []
    start = people.values[0]
    rates = twin_rates(parameters, concept, first + 1, shown[-1])
    lived = twins.project(start, rates)
    per_agent = start.sum() / persons
    luck = twins.chances(start / per_agent, rates)
    done = int(by_replicate.sum(("sex", "age"), min_count=1).isel(year=-1).count())
    done = done * replicates_behind(results) // results.sizes["replicate"]
    rows = []
    for year in shown:
        k = year - first - 1
        for quantity, age in (("total_population", 0), ("population_65plus", OLD)):
            expected = float(lived[k].population[:, age:].sum())
            model = float(people.sel(year=year)[:, age:].sum())
            sd = _sd(luck[k], age) * per_agent / np.sqrt(done)
            rows.append(_twin_row(parameters, quantity, year, (model, expected, sd)))
    return rows


def _sd(chance: twins.Chance, age: int) -> float:
    """Standard deviation of the agents of an age and over."""
    chosen = np.tile(np.arange(chance.mean.size // 2) >= age, 2)
    return float(np.sqrt(chance.covariance[np.ix_(chosen, chosen)].sum()))


def _twin_row(
    parameters: Parameters, quantity: str, year: int, numbers: tuple[float, float, float]
) -> dict[str, object]:
    model, expected, sd = numbers
    entry = parameters[TARGETS + quantity]
    return {
        "section": TWIN, "quantity": quantity, "title": entry.title,
        "title_zh": entry.zh, "year": year, "unit": "persons", "treatment": "same rates",
        "reference": expected, "model": model, "low": np.nan, "high": np.nan,
        "error_percent": 100 * (model / expected - 1), "inside": None,
        "standard_error_percent": 100 * sd / expected, "trend_error_percent": np.nan,
        "evidence": "computed",
        "source": "cohort-component twin",
    }  # fmt: skip


def score_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute error by section and quantity, and how often the interval held.

    Columns: section, quantity, title, treatment, years, mean_absolute_error_percent, inside
    (number of years; None without intervals).
    """
    rows = []
    keys = ["section", "quantity", "treatment"]
    for (section, quantity, treatment), group in table.groupby(keys, sort=False):
        known = group["inside"].dropna()
        rows.append(
            {
                "section": section, "quantity": quantity, "title": group["title"].iloc[0],
                "treatment": treatment, "years": len(group),
                "mean_absolute_error_percent": float(group["error_percent"].abs().mean()),
                "inside": int(known.sum()) if len(known) else None,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
