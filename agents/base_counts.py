"""How many people the base stands for: by place, sex and single age, 31 December 2010.

Decides the size and the age structure of the starting population under each of the two
population concepts, and carries it from the date of its source (census 1 November, United
Nations 1 July) to the end of the year by deaths, births and birthdays. Sources are the
census of 2010, its corrections and the United Nations estimate, as `population.yaml` says.
Leaves out moves within these months, and differences of mortality between places.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters import rates
from ..parameters.dims import AGES, SEXES
from ..parameters.load import Parameters
from ..parameters.rates import Concept

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

CONCEPTS: tuple[Concept, ...] = ("official", "wpp")
BASE_YEAR = 2010
YEAR_END = date(2011, 1, 1)  # midnight after 31 December
SOURCE_DATE = {"official": date(2010, 11, 1), "wpp": date(2010, 7, 1)}
DAYS = 365
OPEN_GROUP = 85  # census and United Nations differ above in a way that is no undercount
ELDERLY = (60, 65, 80)
SERVICE_AGES = slice(18, 25)  # of the men in service
UNCOUNTED_AGES = slice(15, 60)  # of the other people in no age table
MALE, FEMALE = SEXES.index("male"), SEXES.index("female")
TOPIC = "demography.population"


class Numbers:
    """Parameters as a key of a cache: equal where every number is."""

    def __init__(self, parameters: Parameters) -> None:
        self.p = parameters

    def __hash__(self) -> int:
        return hash(self.p.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbers) and self.p.hash == other.p.hash


class Vital(NamedTuple):
    """Rates of a year: deaths [sex, age] and births [age] per person-year, and so on."""

    mx: Array
    asfr: Array
    srb: float  # boys per girl
    infant_years: float  # lived in the first year by those who die in it


class ConceptTotal(NamedTuple):
    """People under one concept on one day."""

    concept: Concept
    day: str  # the date of the source, or the end of 2010
    total: float
    aged_60: float
    aged_65: float
    aged_80: float


def first_ages(p: Parameters, key: str) -> Whole:
    """The first age of each group of a table."""
    return np.asarray(p.coords(key, "age_from"), dtype=np.int64)


def spread(groups: Array, age_from: Whole, pattern: Array) -> Array:
    """Counts at single ages from counts by group, in proportion to a pattern inside each.

    groups : float64[..., sex, group], people; the first ages are `age_from`, the last open
    pattern : float64[sex, age], >= 0, positive somewhere in each group
    Returns float64[..., sex, age].
    """
    group = np.searchsorted(age_from, np.arange(pattern.shape[-1]), side="right") - 1
    share = pattern / np.add.reduceat(pattern, age_from, axis=-1)[:, group]
    return groups[..., group] * share


def official_counts(p: Parameters) -> Array:
    """People of the census, corrected below 25, with those in no age table.

    Returns float64[province, residence, sex, age], 1 November 2010.
    """
    groups, pattern = f"{TOPIC}.census_2010", p.array(f"{TOPIC}.census_2010_single_age")
    counts = spread(p.array(groups), first_ages(p, groups), pattern)
    factor = p.array(f"{TOPIC}.official_correction")
    ages = 5 * factor.shape[1]
    counts[..., :ages] *= np.repeat(factor, 5, axis=1)
    young_men = p.value(f"{TOPIC}.uncounted_young_men")
    others = p.value(f"{TOPIC}.uncounted") - young_men
    working = counts[..., UNCOUNTED_AGES].sum()
    serving = counts[:, :, MALE, SERVICE_AGES].sum()
    added = np.zeros_like(counts)
    added[..., UNCOUNTED_AGES] = counts[..., UNCOUNTED_AGES] * (others / working)
    added[:, :, MALE, SERVICE_AGES] += counts[:, :, MALE, SERVICE_AGES] * (young_men / serving)
    return np.asarray(counts + added)


def wpp_counts(p: Parameters) -> Array:
    """People of the United Nations estimate, placed as the census places them.

    Returns float64[province, residence, sex, age], 1 July 2010. Groups from 85 share one
    placement; single ages follow the census, four months younger.
    """
    key = f"{TOPIC}.census_2010"
    age_from = first_ages(p, f"{TOPIC}.wpp_2010")
    wider = np.searchsorted(first_ages(p, key), age_from)
    placed = np.add.reduceat(p.array(key), wider, axis=-1)
    oldest = age_from >= OPEN_GROUP
    placed[..., oldest] = placed[..., oldest].sum(axis=-1, keepdims=True)
    groups = placed / placed.sum(axis=(0, 1)) * p.array(f"{TOPIC}.wpp_2010")
    gap = (SOURCE_DATE["official"] - SOURCE_DATE["wpp"]).days / DAYS
    census = p.array(f"{TOPIC}.census_2010_single_age")
    older = np.concatenate([census[:, 1:], census[:, -1:]], axis=1)
    return spread(groups, age_from, (1 - gap) * census + gap * older)


def carried(counts: Array, vital: Vital, years: float) -> Array:
    """The stock a part of a year later: deaths, births, and the share with a birthday.

    counts : float64[..., sex, age], people; years : in (0, 1]
    Birthdays, deaths and births are spread evenly over the year; infant deaths fall off
    exponentially with the mean age `infant_years`. Over a whole year this is, but for the
    births of women who come in or leave, one step of the cohort-component method.
    """
    mx, q0 = vital.mx, _infant_probability(vital)
    hazard = years * _mean_over_ages(mx, years)
    early = -np.expm1(-years / vital.infant_years) * vital.infant_years  # years at the first risk
    hazard[:, 0] = early * q0 + years * years / 2 * mx[:, 1]
    alive = counts * np.exp(-hazard)
    older = years * alive
    later = alive - older
    later[..., 1:] += older[..., :-1]
    later[..., -1] += older[..., -1]
    births = (counts[..., FEMALE, :] * _mean_over_ages(vital.asfr, years)).sum(axis=-1) * years
    boys = vital.srb / (1 + vital.srb)
    newborn = 1 - q0 * (1 - early / years)
    later[..., MALE, 0] += births * boys * newborn[MALE]
    later[..., FEMALE, 0] += births * (1 - boys) * newborn[FEMALE]
    return np.asarray(later)


def _mean_over_ages(rate: Array, years: float) -> Array:
    """Mean rate of a stock by completed age over a part of a year, as it grows older."""
    following = np.concatenate([rate[..., 1:], rate[..., -1:]], axis=-1)
    return np.asarray((1 - years / 2) * rate + years / 2 * following)


def _infant_probability(vital: Vital) -> Array:
    infant = vital.mx[:, 0]
    return np.asarray(infant / (1 + (1 - vital.infant_years) * infant))


def vital_rates(p: Parameters, concept: Concept) -> Vital:
    """Deaths and births of 2010 under a concept."""
    years, mx = rates.annual_mx(p, concept)
    at = int(np.flatnonzero(years == BASE_YEAR)[0])
    asfr = rates.annual_asfr(p)[1][at]
    return Vital(mx[at], asfr, rates.srb(p, BASE_YEAR), rates.infant_years(p))


def source_counts(p: Parameters, concept: Concept) -> Array:
    """People at the date of the source, float64[province, residence, sex, age].

    ValueError unless the concept is one of CONCEPTS.
    """
    if concept not in CONCEPTS:
        raise ValueError(f"unknown population concept {concept!r}; allowed: official, wpp")
    return official_counts(p) if concept == "official" else wpp_counts(p)


def year_end_counts(p: Parameters, concept: Concept) -> Array:
    """People on 31 December 2010, float64[province, residence, sex, age], read-only."""
    return _year_end(Numbers(p), concept)


@lru_cache(maxsize=4)
def _year_end(numbers: Numbers, concept: Concept) -> Array:
    counts = source_counts(numbers.p, concept)
    years = (YEAR_END - SOURCE_DATE[concept]).days / DAYS
    later = carried(counts, vital_rates(numbers.p, concept), years)
    later.setflags(write=False)
    return later


def population_concepts(p: Parameters) -> tuple[ConceptTotal, ...]:
    """Total and older people under both concepts, at the source's date and the year's end."""
    return tuple(
        _total(concept, day, counts)
        for concept in CONCEPTS
        for day, counts in (
            (SOURCE_DATE[concept].isoformat(), source_counts(p, concept)),
            (f"{BASE_YEAR}-12-31", year_end_counts(p, concept)),
        )
    )


def _total(concept: Concept, day: str, counts: Array) -> ConceptTotal:
    by_age = counts.sum(axis=(0, 1, 2))
    elderly = (float(by_age[AGES.index(age) :].sum()) for age in ELDERLY)
    return ConceptTotal(concept, day, float(by_age.sum()), *elderly)
