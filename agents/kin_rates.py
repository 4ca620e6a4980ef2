"""How old mothers were at births of the past, and how many parents and children are alive.

Decides no link: it turns fertility patterns and life tables into tables by age of the child,
as of the end of 2010. Death rates before 1990 are those of 1990 times an assumed growth; age
patterns of fertility before 2000 mix the earliest at hand with an assumed early one.

Source: `fertility.yaml`, `mortality.yaml`, `base_kin.yaml`.
"""

import numpy as np
from numpy.typing import NDArray

from ..parameters import rates
from ..parameters.load import Parameters
from .kin_matching import N_AGES, OLDEST_FATHER, OLDEST_MOTHER, YOUNGEST_FATHER, YOUNGEST_MOTHER

Array = NDArray[np.float64]
Years = NDArray[np.int64]

STOCK = 2010  # the base is the stock of 31 December of it
SETTLED_COHORTS = slice(76, 81)  # ages whose cohort size stands for all older ones
ADULT = 25  # cohorts are compared by the women who reached it


def birth_patterns(p: Parameters) -> Array:
    """Shares of births by the mother's age at the end of the year of birth.

    Returns float64[age of the child 0 ... 100, mother's age 0 ... 100], rows summing to one.
    """
    key, own = "demography.fertility.age_pattern", "demography.base_kin"
    groups = np.asarray(p.coords(key, "age_from"), dtype=np.int64)
    listed = np.asarray(p.array(key))
    shares = rates.single_age_shares(listed / listed.sum(axis=-1, keepdims=True), groups)
    years = STOCK - np.arange(N_AGES)
    late = rates.at_years(shares, np.asarray(p.coords(key, "year"), dtype=np.int64), years)
    early = np.asarray(p.array(f"{own}.early_age_pattern"))
    early = rates.single_age_shares(early / early.sum(), groups)
    first, last = p.value(f"{own}.early_until"), p.value(f"{own}.late_from")
    weight = np.clip((last - years) / max(last - first, 1.0), 0.0, 1.0)[:, None]
    mixed = weight * early + (1 - weight) * late
    mixed[:, 1:] = 0.5 * (mixed[:, 1:] + mixed[:, :-1])  # half were a year younger at the birth
    mixed[:, :YOUNGEST_MOTHER] = mixed[:, OLDEST_MOTHER + 1 :] = 0.0
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True))


def past_survival(p: Parameters, concept: rates.Concept) -> Array:
    """Survival over each calendar year to 2010, float64[years back, sex, age].

    The first row is 2010, the next 2009; as many rows as there are ages.
    """
    years, survival, _ = rates.annual_survival(p, concept)
    known, factor = _known_years(years, p)
    return np.asarray(survival[known] ** factor[:, None, None])


def _known_years(years: Years, p: Parameters) -> tuple[Years, Array]:
    """Place in the table of 2010 and each year before, and the factor on its death rates."""
    calendar = STOCK - np.arange(N_AGES)
    growth = p.value("demography.base_kin.earlier_mortality")
    factor = np.exp(growth * np.maximum(years[0] - calendar, 0))
    return np.maximum(calendar, years[0]) - years[0], factor


def parent_alive(survival: Array, at_birth: Years) -> Array:
    """Probability that a parent is alive, by age of the child and the parent's at the birth.

    survival : float64[years back, age], of the parent's sex
    at_birth : completed ages at the end of the year of birth
    Returns float64[age of the child 0 ... , len(at_birth)]; beyond the last age 0.
    """
    ages = survival.shape[1]
    alive = np.ones((ages, len(at_birth)))
    for child in range(1, ages):
        lived = np.arange(child)
        own = at_birth[None, :] + lived[:, None]
        step = survival[(child - 1 - lived)[:, None], np.minimum(own, ages - 1)]
        alive[child] = np.where(at_birth + child < ages, step.prod(axis=0), 0.0)
    return alive


def child_alive(p: Parameters, survival: Array, concept: rates.Concept) -> Array:
    """Probability of being alive by sex and completed age, float64[sex, age]."""
    years, _, newborn = rates.annual_survival(p, concept)
    known, factor = _known_years(years, p)
    first = newborn[known] ** factor[:, None]
    later = [parent_alive(survival[:, sex], np.array([0]))[:, 0] for sex in (0, 1)]
    return np.asarray(np.stack(later) * first.T)


def cohort_weights(women: Years, survival: Array) -> Array:
    """Women of each cohort who reached adult age, by their age now or would-be age.

    women : int64[age], alive; survival : float64[years back, age], of women
    Returns float64[2 * ages]; small counts of the oldest are not relied on.
    """
    ages = len(women)
    reached = np.ones(ages)
    for age in range(ADULT + 1, ages):
        own = np.arange(ADULT, age)
        reached[age] = survival[age - 1 - own, own].prod()
    weights = np.empty(2 * ages)
    weights[:ages] = women / reached
    typical = weights[SETTLED_COHORTS].mean()
    weights[SETTLED_COHORTS.stop :] = typical
    return weights


def mothers_age(patterns: Array, cohorts: Array) -> Array:
    """Cumulative distribution of the mother's age at the birth, by age of the child.

    The pattern of rates times the women there were. Returns float64[age of the child, age].
    """
    ages = np.arange(N_AGES)
    weighted = patterns * np.maximum(cohorts[ages[:, None] + ages[None, :]], 1e-9)
    cumulative = np.cumsum(weighted, axis=1)
    return np.asarray(cumulative / cumulative[:, -1:])


def draw_ages(cumulative: Array, child_age: Years, u: Array) -> Years:
    """One age for each child by inverse distribution, int64[n]."""
    order = np.argsort(child_age, kind="stable")
    limits = np.searchsorted(child_age[order], np.arange(N_AGES + 1))
    drawn = np.empty(len(child_age), np.int64)
    for age in range(N_AGES):
        rows = order[limits[age] : limits[age + 1]]
        drawn[rows] = np.searchsorted(cumulative[age], u[rows], side="right")
    return np.clip(drawn, YOUNGEST_MOTHER, OLDEST_MOTHER)


FATHERS_AGES = np.arange(YOUNGEST_FATHER, OLDEST_FATHER + 1)
