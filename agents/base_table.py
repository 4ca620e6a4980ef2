"""The expected base: people by place, sex, age, schooling and marital status, end of 2010.

Decides how many people each cell of province x residence x sex x single age x education x
marital status is expected to hold. Sizes come from `base_counts`; schooling and marital
status follow national shares by age and the census shares of each province and residence,
joined by iterative proportional fitting. Levels of education here are those attended or
completed, on the school calendar of `schooling.yaml`. Leaves out any tie of schooling with
marital status beyond age, sex and place, but that nobody at school or university is married.

Source: Deming and Stephan (1940); censuses and fits as the parameter files name them.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import AGES, EDUCATION, MARITAL
from ..parameters.load import Parameters
from ..parameters.monotone import monotone
from ..parameters.rates import Concept
from .base_counts import BASE_YEAR, FEMALE, MALE, Numbers, first_ages, year_end_counts

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Axes = tuple[int, ...]

DIMS = ("province", "residence", "sex", "age", "education", "marital")
NEVER, MARRIED, DIVORCED, WIDOWED = (
    MARITAL.index(name) for name in ("never_married", "married", "divorced", "widowed")
)
UPPER_SECONDARY, UNIVERSITY = EDUCATION.index("upper_secondary"), EDUCATION.index("university")
CENSUS_SCHOOL_AGE = 6  # the census asks for education from here
ADULT = 15  # and for marital status from here
ALL_NUMBER = len(AGES)
TOLERANCE = 1e-10  # relative, of every margin
ROUNDS = 2000


class BaseTable(NamedTuple):
    """Expected people by DIMS, read-only, and how far the census shares had to give way.

    people : float64[province, residence, sex, age, education, marital]
    moved : by margin, the largest change of a share of a province, residence and sex
    """

    people: Array
    moved: dict[str, float]


def fitted(seed: Array, margins: Sequence[tuple[Axes, Array]]) -> Array:
    """A table with these margins that keeps the odds ratios of its seed.

    seed : float64, >= 0; a zero cell stays zero
    margins : (axes kept, target) pairs that agree with each other; the last is exact
    RuntimeError if they cannot be met.
    """
    table = seed.copy()
    for _ in range(ROUNDS):
        largest = 0.0
        for axes, target in margins:
            others = tuple(i for i in range(table.ndim) if i not in axes)
            reached = table.sum(axis=others)
            factor = np.divide(target, reached, out=np.ones_like(reached), where=reached > 0)
            gap = np.abs(target - reached) > TOLERANCE * np.maximum(target, 1.0)
            if gap.any():
                largest = max(largest, float(np.abs(factor[gap] - 1).max(initial=0.0)), TOLERANCE)
            table *= np.expand_dims(factor, others)
        if largest == 0.0:
            return table
    raise RuntimeError(f"margins of a base table cannot be met: {largest:.1e} after {ROUNDS}")


# --- schooling --------------------------------------------------------------------------


def stage_starts(p: Parameters) -> Whole:
    """Age reached in the year in which each level begins, int64[education]; 0 for none."""
    ends = stage_ends(p)
    entry = int(p.value("demography.schooling.entry_age"))
    starts = [0, entry, *ends[1:UPPER_SECONDARY], ends[UPPER_SECONDARY], ends[UPPER_SECONDARY]]
    return np.array(starts, dtype=np.int64)


def stage_ends(p: Parameters) -> Whole:
    """Age reached in the year in which each level is completed, int64[education]."""
    return p.array("demography.schooling.completion_age").astype(np.int64)


def pupils(p: Parameters) -> Flags:
    """Whether people of an age and level are still at it on 31 December, bool[age, level]."""
    age = np.array(AGES)[:, None]
    at_it: Flags = (age >= stage_starts(p)) & (age < stage_ends(p))
    at_it[:, 0] = False
    return at_it


def completed(p: Parameters) -> NDArray[np.uint8]:
    """Level completed by people of an age at a level attended or completed, [age, level]."""
    level = np.arange(len(EDUCATION))
    below = np.minimum(level - 1, UPPER_SECONDARY)
    return np.where(pupils(p), below, level).astype(np.uint8)


def attended_shares(p: Parameters) -> Array:
    """Levels attended or completed at the end of 2010, float64[sex, age, education].

    From what each cohort reaches in the end: those who go on start at the age of the
    calendar, none late, as nobody in the model enters late and a late pupil would be lost.
    """
    key = "demography.education.attainment_by_cohort"
    cohorts = np.asarray(p.coords(key, "cohort"), dtype=np.int64)
    at = np.clip(BASE_YEAR - np.array(AGES), cohorts[0], cohorts[-1]) - cohorts[0]
    share = p.array(key)[:, at]
    at_least = np.cumsum(share[..., ::-1], axis=-1)[..., ::-1]
    begun = np.array(AGES)[:, None] >= stage_starts(p)
    at_least = np.where(begun, at_least / at_least[..., :1], 0.0)
    return np.asarray(at_least - np.append(at_least[..., 1:], 0 * at_least[..., :1], axis=-1))


def schooling_table(p: Parameters, people: Array) -> tuple[Array, float]:
    """People by level attended or completed, and the largest change of a census share.

    people : float64[province, residence, sex, age]; returns float64[..., education]
    """
    national = people.sum(axis=(0, 1))[..., None] * attended_shares(p)
    asked = p.array("demography.education.census_2010")
    young = slice(0, CENSUS_SCHOOL_AGE)
    older = slice(CENSUS_SCHOOL_AGE, ALL_NUMBER)
    places, moved = _agreed(asked, people[..., older].sum(axis=-1), national[:, older].sum(axis=1))
    seed = np.broadcast_to(
        attended_shares(p)[:, older], (*people[..., older].shape, len(EDUCATION))
    )
    table = np.zeros((*people.shape, len(EDUCATION)))
    table[..., young, 0] = people[..., young]
    table[..., older, :] = fitted(
        seed * people[..., older, None],
        [
            ((0, 1, 2, 4), places),
            ((2, 3, 4), national[:, older]),
            ((0, 1, 2, 3), people[..., older]),
        ],
    )
    return table, moved


def _agreed(asked: Array, people: Array, national: Array) -> tuple[Array, float]:
    """Census counts by place, sex and state, made to agree with people and the nation.

    asked : [province, residence, sex, state]; people : [province, residence, sex]
    national : [sex, state], with the same sum by sex
    """
    share = asked / asked.sum(axis=-1, keepdims=True)
    table = fitted(share * people[..., None], [((2, 3), national), ((0, 1, 2), people)])
    return table, float(np.abs(table / people[..., None] - share).max())


# --- marital status ---------------------------------------------------------------------


def smooth_share(share: Array, weight: Array, age_from: Whole) -> Array:
    """A share at single ages from shares of groups, smooth and monotone in the log-odds.

    share : float64[sex, group], in (0, 1); weight : float64[sex, age], ages from the first
    group on. The weighted mean of each group is its share. Below the middle of the first
    group the curve goes on in a line, above that of the last it is level.
    """
    ages = np.arange(age_from[0], age_from[0] + weight.shape[1])
    middle = age_from + 2.0
    starts = age_from - age_from[0]
    total = np.add.reduceat(weight, starts, axis=1)
    wanted = np.log(share / (1 - share))
    node = wanted.copy()
    for _ in range(ROUNDS):
        curve = monotone(middle, node, np.clip(ages, middle[0], middle[-1]))
        slope = (node[:, 1:2] - node[:, :1]) / (middle[1] - middle[0])
        curve = curve + slope * np.minimum(ages - middle[0], 0.0)
        single = 1 / (1 + np.exp(-curve))
        reached = np.add.reduceat(single * weight, starts, axis=1) / total
        if np.abs(reached / share - 1).max() < TOLERANCE:
            return np.asarray(single)
        node = node + wanted - np.log(reached / (1 - reached))
    raise RuntimeError("no smooth curve over age has the shares of these groups")


def marital_shares(p: Parameters, people: Array) -> Array:
    """Marital status at single ages from ADULT on, as many husbands as wives.

    people : float64[sex, age], the nation; returns float64[sex, age, marital]
    """
    key = "demography.marital.by_age_2010"
    group, age_from = p.array(key), first_ages(p, key)
    adults = people[:, ADULT:]
    ever = 1 - group[..., NEVER]
    lost = group[..., DIVORCED] + group[..., WIDOWED]
    share_ever = smooth_share(ever, adults, age_from)
    once = adults * share_ever
    share_lost = smooth_share(lost / ever, once, age_from)
    share_widowed = smooth_share(group[..., WIDOWED] / lost, once * share_lost, age_from)
    share_lost = _balanced(once, share_lost)
    out = np.empty((*adults.shape, len(MARITAL)))
    out[..., NEVER] = 1 - share_ever
    out[..., MARRIED] = share_ever * (1 - share_lost)
    out[..., WIDOWED] = share_ever * share_lost * share_widowed
    out[..., DIVORCED] = share_ever * share_lost * (1 - share_widowed)
    return out


def _balanced(once: Array, share_lost: Array) -> Array:
    """Shares of the ever married whose marriage has ended, with husbands equal to wives.

    Both sexes take the mean of the two counts; the odds of every age move alike.
    """
    odds = share_lost / (1 - share_lost)
    wanted = (once * (1 - share_lost)).sum() / 2
    low, high = np.full(2, -5.0), np.full(2, 5.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        married = (once / (1 + odds * np.exp(middle)[:, None])).sum(axis=1)
        low, high = (
            np.where(married > wanted, middle, low),
            np.where(married > wanted, high, middle),
        )
    moved = odds * np.exp(0.5 * (low + high))[:, None]
    return np.asarray(moved / (1 + moved))


def marital_table(p: Parameters, people: Array, at_school: Array) -> tuple[Array, float]:
    """Adults out of school by marital status, and the largest change of a census share.

    people, at_school : float64[province, residence, sex, age]; returns
    float64[province, residence, sex, age from ADULT, marital]. Pupils are never married, so
    that they come off the never married of every total first.
    """
    nation = people.sum(axis=(0, 1))
    national = nation[:, ADULT:, None] * marital_shares(p, nation)
    adults, out = people[..., ADULT:], (people - at_school)[..., ADULT:]
    census = p.array("demography.marital.census_2010")
    places, moved = _agreed(census, adults.sum(axis=-1), national.sum(axis=1))
    pupil = at_school[..., ADULT:]
    places[..., NEVER] -= pupil.sum(axis=-1)
    national[..., NEVER] -= pupil.sum(axis=(0, 1))
    if min(places.min(), national.min()) < 0:
        raise RuntimeError("more pupils than never-married people of their age or place")
    seed = out[..., None] * (national / national.sum(axis=-1, keepdims=True))
    margins = [((0, 1, 2, 4), places), ((2, 3, 4), national), ((0, 1, 2, 3), out)]
    return fitted(seed, margins), moved


# --- together ---------------------------------------------------------------------------


def base_table(p: Parameters, concept: Concept) -> BaseTable:
    """The expected base of a concept, from the medians: one base serves all draws."""
    return _base_table(Numbers(p.draw(0)), concept)


@lru_cache(maxsize=4)
def _base_table(numbers: Numbers, concept: Concept) -> BaseTable:
    p = numbers.p
    people = year_end_counts(p, concept)
    schooling, moved_schooling = schooling_table(p, people)
    learning = schooling * pupils(p)
    marital, moved_marital = marital_table(p, people, learning.sum(axis=-1))
    table = np.zeros((*schooling.shape, len(MARITAL)))
    table[..., NEVER] = schooling
    working = (schooling - learning)[..., ADULT:, :]
    total = working.sum(axis=-1, keepdims=True)
    level = np.divide(working, total, out=np.zeros_like(working), where=total > 0)
    table[:, :, :, ADULT:] = level[..., None] * marital[..., None, :]
    table[:, :, :, ADULT:, :, NEVER] += learning[..., ADULT:, :]
    table.setflags(write=False)
    return BaseTable(table, {"education": moved_schooling, "marital": moved_marital})


def husbands_and_wives(table: BaseTable) -> tuple[float, float]:
    """Married men and women of the nation."""
    married = table.people[..., MARRIED].sum(axis=(0, 1, 3, 4))
    return float(married[MALE]), float(married[FEMALE])
