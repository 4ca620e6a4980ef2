"""Yearly rates by single year of age, made from the shipped five-year tables.

Decides no behaviour: it turns period death rates, life expectancies, fertility patterns
and levels into calendar-year rates at ages 0 ... 100 (100 and over), the form in which
the model and the twins read them. The array functions come first and know nothing of
parameter files; `annual_mx`, `annual_asfr` and `srb` read the shipped (or drawn) tables.
Leaves out migration and every difference between groups of people.

Source: United Nations, World Population Prospects 2024; the steps are those of its own
documentation, simplified: log rates are interpolated, life expectancy is met exactly.
"""

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .life_table import cohort_survival, life_table, newborn_survival, scaled_to_expectancy
from .load import Parameters
from .monotone import monotone

Array = NDArray[np.float64]
Years = NDArray[np.int64]
Concept = Literal["official", "wpp"]

AGES = np.arange(101)
YEARS = np.arange(1990, 2101)
PERIOD_YEARS = 5  # a period of the tables runs from 1 July to 1 July
HALF_YEAR = 0.5
GROUP_ROUNDS = 12  # leaves group rates within 2e-6


def single_ages(mx: Array, age_from: Years, infant_years: float) -> Array:
    """Death rates at single ages 0 ... 100 from rates of age groups, monotone in the log.

    mx : float64[..., group], the last group open; age_from : first ages, the last 100.
    Nodes stand at the middles of the groups, and are moved until the rates, weighted by
    the person-years of their own life table, give back the rates of the groups.
    """
    middle = (age_from + np.append(age_from[1:] - 1, age_from[-1])) / 2
    node = np.log(mx)
    for _ in range(GROUP_ROUNDS):
        single: Array = np.exp(monotone(middle, node, AGES))
        years = life_table(single, infant_years).years
        deaths = np.add.reduceat(single * years, age_from, axis=-1)
        node = node + np.log(mx * np.add.reduceat(years, age_from, axis=-1) / deaths)
    return np.asarray(np.exp(monotone(middle, node, AGES)), dtype=np.float64)


def calendar_years(mx: Array, year_from: Years, years: Years) -> Array:
    """Rates of calendar years from rates of July-to-July periods, linear in the log.

    mx : float64[period, ...]. A period stands at its middle, a calendar year at its own;
    before the first and after the last middle the end periods hold.
    """
    middle = year_from + HALF_YEAR + PERIOD_YEARS / 2
    at = np.clip(years + HALF_YEAR, middle[0], middle[-1])
    left = np.clip(np.searchsorted(middle, at, side="right") - 1, 0, len(middle) - 2)
    share = ((at - middle[left]) / (middle[left + 1] - middle[left])).reshape(-1, 1, 1)
    log_rate = np.log(mx)
    return np.asarray(np.exp((1 - share) * log_rate[left] + share * log_rate[left + 1]))


def single_age_shares(shares: Array, age_from: Years) -> Array:
    """Shares of lifetime births at single ages 0 ... 100 from shares by age group.

    shares : float64[..., group], summing to one; groups touch and are equally wide. The
    cumulative share is a monotone spline through the group limits, so groups keep their sums.
    """
    width = age_from[1] - age_from[0]
    limits = np.append(age_from, age_from[-1] + width)
    cumulative = np.concatenate(
        [np.zeros((*shares.shape[:-1], 1)), np.cumsum(shares, axis=-1)], axis=-1
    )
    edges = np.clip(np.arange(len(AGES) + 1), limits[0], limits[-1])
    return np.asarray(np.diff(monotone(limits, cumulative, edges)), dtype=np.float64)


def old_age_ramp(first: float, full: float) -> Array:
    """Weight of the old-age factor by completed age: 0 up to `first`, 1 from `full`."""
    return np.clip((AGES - first) / (full - first), 0.0, 1.0)


def at_years(table: Array, listed: Years, years: Years) -> Array:
    """Rows of a table with a leading year axis at any years: linear, the ends hold."""
    flat = table.reshape(len(listed), -1)
    columns = [np.interp(years, listed, flat[:, k]) for k in range(flat.shape[1])]
    return np.stack(columns, axis=1).reshape(len(years), *table.shape[1:])


def scaled_mx(
    mx: Array, age_from: Years, year_from: Years, e0: Array, e0_years: Years, infant_years: float
) -> Array:
    """Calendar-year rates float64[year, sex, age] of YEARS that meet life expectancy.

    mx : float64[period, sex, group]; e0 : float64[year, sex], years.
    """
    single = calendar_years(single_ages(mx, age_from, infant_years), year_from, YEARS)
    return scaled_to_expectancy(single, at_years(e0, e0_years, YEARS), infant_years)


class _Numbers:
    """Parameters as a key of the caches below: equal where every number is."""

    def __init__(self, parameters: Parameters) -> None:
        self.p = parameters

    def __hash__(self) -> int:
        return hash(self.p.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Numbers) and self.p.hash == other.p.hash

    def listed(self, key: str, dim: str) -> Years:
        return np.asarray(self.p.coords(key, dim), dtype=np.int64)


def annual_mx(p: Parameters, concept: Concept = "official") -> tuple[Years, Array]:
    """Calendar years and death rates float64[year, sex, age], per person-year, read-only.

    Under `wpp` life expectancy at birth is that of the (drawn) path; under `official`
    rates above 50 carry the official factor of each sex on top.
    """
    return YEARS, _mortality(_Numbers(p), concept)[0]


def annual_survival(p: Parameters, concept: Concept = "official") -> tuple[Years, Array, Array]:
    """Calendar years, stock survival [year, sex, age] and newborn survival [year, sex].

    Survival from completed age a to a + 1 over a calendar year; the last age is open.
    """
    return YEARS, *_mortality(_Numbers(p), concept)[1:]


def annual_asfr(p: Parameters) -> tuple[Years, Array]:
    """Calendar years and births per woman-year float64[year, age 0 ... 100], read-only.

    Each year adds up to the total fertility rate of the (drawn) path.
    """
    return YEARS, _fertility(_Numbers(p))


def srb(p: Parameters, year: int) -> float:
    """Male births per female birth in a calendar year."""
    return float(p.year("demography.fertility.srb", year))


def infant_years(p: Parameters) -> float:
    """Years lived in the first year of life by those who die in it."""
    return p.value("health.mortality_differentials.infant_years")


@lru_cache(maxsize=16)
def _mortality(numbers: _Numbers, concept: Concept) -> tuple[Array, Array, Array]:
    """Death rates, stock survival and newborn survival of one concept."""
    if concept not in ("official", "wpp"):
        raise ValueError(f"unknown population concept {concept!r}; allowed: official, wpp")
    p, topic = numbers.p, "demography.mortality"
    infant = infant_years(p)
    mx = scaled_mx(
        np.asarray(p.array(f"{topic}.mx_period")),
        numbers.listed(f"{topic}.mx_period", "age_from"),
        numbers.listed(f"{topic}.mx_period", "year_from"),
        np.asarray(p.array(f"{topic}.e0")),
        numbers.listed(f"{topic}.e0", "year"),
        infant,
    )
    if concept == "official":
        first, full = p.array(f"{topic}.official_factor_ramp")
        excess = np.asarray(p.array(f"{topic}.official_factor")) - 1
        mx = mx * (1 + excess[:, None] * old_age_ramp(first, full))
    return _frozen(mx), _frozen(cohort_survival(mx, infant)), _frozen(newborn_survival(mx, infant))


@lru_cache(maxsize=16)
def _fertility(numbers: _Numbers) -> Array:
    pattern, level = "demography.fertility.age_pattern", "demography.fertility.tfr"
    listed = np.asarray(numbers.p.array(pattern))
    listed = listed / listed.sum(axis=-1, keepdims=True)
    shares = single_age_shares(listed, numbers.listed(pattern, "age_from"))
    tfr = at_years(np.asarray(numbers.p.array(level)), numbers.listed(level, "year"), YEARS)
    return _frozen(at_years(shares, numbers.listed(pattern, "year"), YEARS) * tfr[:, None])


def _frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array
