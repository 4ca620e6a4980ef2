"""The deterministic twin of function: four states and death, for whole groups of people.

Carries expected numbers by sex, age, education, residence and state through a year, with
death scaled to the survival of the life table, and measures years lived with and without
limitation. Written on arrays with a library exponential, apart from the model's own rules,
so that each checks the other. Leaves out births and moves; `twins.py` has them.

Source: Schoen (1988), chapters 4 and 5.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from ..parameters.dims import ADL, AGES, EDUCATION, RESIDENCES, SEXES
from ..parameters.load import Parameters
from ..parameters.rates import Concept, annual_survival

Array = NDArray[np.float64]
SHAPE = (len(SEXES), len(AGES), len(EDUCATION), len(RESIDENCES), len(ADL))
STATES = len(ADL)
_WORSE = (
    ("none_mild", 0, 1),
    ("none_severe", 0, 3),
    ("mild_moderate", 1, 2),
    ("moderate_severe", 2, 3),
)
_BETTER = (("mild_none", 1, 0), ("moderate_mild", 2, 1), ("severe_moderate", 3, 2))
_SLOPES = {
    "none_mild": "onset_slope",
    "none_severe": "onset_slope",
    "mild_moderate": "mild_moderate_slope",
    "moderate_severe": "moderate_severe_slope",
}
_ROUNDS = 60


class Intensities(NamedTuple):
    """What moves people between states, and how unequal their death is.

    between : [sex, age, education, residence, from, to], per year, no diagonal
    ratio : [sex, age, education, residence, adl], hazard ratio of death
    """

    between: Array
    ratio: Array


def intensities_of(p: Parameters, year: int) -> Intensities:
    """Intensities and hazard ratios of a year, for every kind of person."""
    adl, age = "health.adl.", np.arange(len(AGES))
    shift = (p.value(adl + "trend") - p.value(adl + "trend_drift")) * (
        year - p.value(adl + "trend_from")
    )
    shift /= p.value(adl + "trend_response")
    woman = np.array([0.0, 1.0]).reshape(2, 1, 1, 1)
    educated = np.array([0.0, 0, 1, 1, 1, 1]).reshape(1, 1, 6, 1)
    urban = np.array([1.0, 0.0]).reshape(1, 1, 1, 2)
    g = np.maximum(age + 1, p.value(adl + "held_below")) - p.value(adl + "centre_age")
    g = g.reshape(1, -1, 1, 1)
    between = np.zeros((*SHAPE, STATES))
    for name, source, target in _WORSE:
        log = p.value(adl + name) + p.value(adl + _SLOPES[name]) * g
        if source == 0:
            log = log + p.value(adl + "female_onset") * woman + shift
            log = log + p.value(adl + "educated_onset") * educated
        level = "onset_level" if source == 0 else "progression_level"
        between[..., source, target] = p.value(adl + level) * np.exp(log)
    for name, source, target in _BETTER:
        log = p.value(adl + name) + p.value(adl + "recovery_slope") * g - shift
        log = log + p.value(adl + "urban_recovery") * urban
        between[..., source, target] = p.value(adl + "recovery_level") * np.exp(log)
    between[:, age < p.value(adl + "onset_age")] = 0.0
    return Intensities(between, _ratio(p, age, shift))


def _ratio(p: Parameters, age: NDArray[np.int64], shift: float) -> Array:
    key = "health.mortality_differentials."
    excess = np.array([0.0, *(p.value(f"{key}hr_{s}") - 1 for s in ADL[1:])]) * np.exp(-shift)
    since = np.maximum(age + 1, p.value(key + "hr_held_below")) - p.value(key + "hr_centre_age")
    by_state = 1 + excess * np.exp(-p.value(key + "hr_decay") * since)[:, None]
    levels = ("hr_primary", "hr_primary", "hr_lower", "hr_upper")
    log = np.log([*(p.value(key + name) for name in levels), 1.0, 1.0])
    start, end = p.value(key + "education_fades_from"), p.value(key + "education_fades_until")
    oldest = np.log(p.value(key + "hr_primary_oldest")) / log[0] if log[0] else 1.0
    share = np.interp(age + 1, [start, end], [1.0, oldest])
    share = share * (age >= p.value(key + "education_age"))
    residence = np.array([p.value(key + "hr_urban"), 1.0])
    background = np.exp(share[:, None] * log)[:, :, None] * residence
    return np.broadcast_to(background[..., None] * by_state[:, None, None], SHAPE).copy()


def generator(i: Intensities, hazard: Array) -> Array:
    """Generators of the living [..., 4, 4]; hazard [sex, age] is that of ratio one."""
    leaving = i.between.sum(-1) + hazard[:, :, None, None, None] * i.ratio
    return np.asarray(i.between - leaving[..., None] * np.eye(STATES))


class Carried(NamedTuple):
    """People after a year, before they are a year older, and the constants that held."""

    people: Array  # [sex, age at opening, education, residence, adl at the end]
    kappa: Array  # [sex, age], hazard of ratio one over -ln(survival)
    generator: Array  # [sex, age, education, residence, from, to]


def carry(people: Array, i: Intensities, survival: Array) -> Carried:
    """One year of function and death for expected numbers of people, any scale.

    survival : [sex, age], the share of each sex and age that must be alive at the end.
    RuntimeError if a level of death is not found.
    """
    base = -np.log(survival)
    at_risk = people.sum((2, 3, 4))
    log_kappa = np.zeros_like(base)
    for _ in range(_ROUNDS):
        q = generator(i, base * np.exp(log_kappa))
        after = np.einsum("sxerj,sxerjk->sxerk", people, expm(q))
        share = np.divide(after.sum((2, 3, 4)), at_risk, out=survival.copy(), where=at_risk > 0)
        miss = np.log(base / -np.log(share))
        if np.abs(miss).max() < 1e-12:
            return Carried(after, np.exp(log_kappa), q)
        log_kappa += miss
    raise RuntimeError("no level of death gives the survival asked for")


def older(carried: Array) -> Array:
    """The people of `carry` a year older: age 0 is left empty, the last age collects."""
    closing = np.zeros_like(carried)
    closing[:, 1:] = carried[:, :-1]
    closing[:, -1] += carried[:, -1]
    return closing


class Cohort(NamedTuple):
    """A cohort of one of each sex, lived through the rates of one year."""

    people: Array  # [sex, age, adl], at the opening of the year lived at that age
    kappa: Array  # [sex, age]
    generator: Array  # [sex, age, from, to]

    @property
    def prevalence(self) -> Array:
        """Share of the living in each state, [sex, age, adl]."""
        return np.asarray(self.people / self.people.sum(-1, keepdims=True))


def stationary(
    p: Parameters, year: int, concept: Concept, education: int = 0, residence: int = 1
) -> Cohort:
    """The stationary cohort of one education and residence under the rates of one year.

    At the open age it holds those who have just reached it.
    """
    every, (years, survival, _) = intensities_of(p, year), annual_survival(p, concept)
    alive = survival[year - years[0]]
    group = np.s_[:, :, education : education + 1, residence : residence + 1]
    between, ratio = every.between[group], every.ratio[group]
    people = np.zeros((len(SEXES), 1, 1, 1, STATES))
    people[..., 0] = 1.0
    opening, lived = [], []
    for age in AGES:
        at = np.s_[:, age : age + 1]
        opening.append(people[:, 0, 0, 0])
        lived.append(carry(people, Intensities(between[at], ratio[at]), alive[at]))
        people = lived[-1].people
    kappa = np.concatenate([year.kappa for year in lived], axis=1)
    q = np.concatenate([year.generator for year in lived], axis=1)[:, :, 0, 0]
    return Cohort(np.stack(opening, axis=1), kappa, q)


def expectancies(q: Array, age: int) -> Array:
    """Years lived in each state from an exact age, by state at that age, [..., from, in].

    q : float64[age, 4, 4] or two states, generators of the living over parallelograms:
    that of age a reaches from exact age a + 0.5 to a + 1.5 on average; the last is open.
    """
    eye = np.eye(q.shape[-1])
    lived = -np.linalg.inv(q[-1])
    for k in range(len(q) - 2, age - 1, -1):
        step = expm(q[k])
        lived = np.linalg.solve(q[k], step - eye) + step @ lived
    half = expm(q[age - 1] / 2)
    return np.asarray(np.linalg.solve(q[age - 1], half - eye) + half @ lived, dtype=np.float64)


def healthy_years(p: Parameters, year: int, concept: Concept, age: int = 60) -> Array:
    """Years lived in each state from an exact age under the rates of one year, [sex, adl].

    People start in the states that the stationary cohort has at that age.
    """
    lived = stationary(p, year, concept)
    result = np.empty((len(SEXES), STATES))
    for sex in range(len(SEXES)):
        start = lived.people[sex, age - 1] + lived.people[sex, age]
        result[sex] = start / start.sum() @ expectancies(lived.generator[sex], age)
    return result
