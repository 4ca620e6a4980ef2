"""Rules of who lives with whom, for one person and one year.

Decides the yearly chances of leaving the parents, of entering and leaving collective
living, and how likely older people are to live with an adult child, from the entries of
`coresidence.yaml`. Leaves out housing, its price, and quarrels.

Source: shares of 2011 for older people; every hazard is an assumption, see the entries.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.columns import CARE_HOME, CHILDRENS_HOME, DORMITORY, WORKS
from ..agents.compiled import kernel, rule
from ..parameters.load import Parameters

Array = NDArray[np.float64]

NEVER_MARRIED, MARRIED = 0, 1
MODERATE = 2
WIDEST = 12.0  # log-odds
MOST_CHILDREN = 4  # the effect of children stops here
STATES = (2, 2, 2, MOST_CHILDREN + 1)  # without spouse, limited, rural, living children

# Cells of the two tables: age 101, sex 2, residence 2, married 2; and collective 5, age 101,
# residence 2, sex 2, marital status 3 (never married, married, other), enrolled 2, adl 4.
HOME_CELLS = 101 * 2 * 2 * 2
OTHER_CELLS = 5 * 101 * 2 * 2 * 3 * 2 * 4


class Living(NamedTuple):
    """Hazards and ages, see `coresidence.yaml`; collective entries by level or function."""

    adult_age: float
    old_age: float
    leave_until: float
    works_until: float
    leave_never_married: Array  # residence, sex
    leave_married: Array  # residence, sex
    works: Array  # residence, sex
    boarding: Array  # chance by age reached when a stage begins, float64[101]
    leave_dormitory: float
    leave_works: float
    leave_care_home: float
    care_home: Array  # adl
    care_home_alone: float
    care_home_age: float
    care_home_centre: float
    turnover: float
    turnover_single: float


class Shares(NamedTuple):
    """Log-odds of living with an adult child: effects, and the level of the year."""

    level: float
    widowed: float
    limited: float
    rural: float
    per_child: float


@rule
def home_cell(age: int, sex: int, residence: int, married: int) -> int:
    """Position in the table of leaving home; newborns count as age 0."""
    return ((min(max(age, 0), 100) * 2 + sex) * 2 + residence) * 2 + married


@rule
def other_cell(
    collective: int, age: int, residence: int, sex: int, marital: int, enrolled: int, adl: int
) -> int:
    """Position in the table of collective living; divorced and widowed are one state."""
    place = ((collective * 101 + min(max(age, 0), 100)) * 2 + residence) * 2 + sex
    return ((place * 3 + min(marital, 2)) * 2 + enrolled) * 4 + adl


@rule
def home_chance(age: int, sex: int, residence: int, married: int, r: Living) -> float:
    """Chance that a young adult leaves the parents, or that an older person reviews."""
    if age + 1 >= r.old_age:
        return -math.expm1(-r.turnover * (1.0 if married else r.turnover_single))
    if age + 1 < r.adult_age or age + 1 >= r.leave_until:
        return 0.0
    hazard = r.leave_married[residence, sex] if married else r.leave_never_married[residence, sex]
    return -math.expm1(-hazard)


@rule
def other_chance(
    collective: int, age: int, residence: int, sex: int, marital: int, enrolled: int, adl: int,
    r: Living,
) -> float:  # fmt: skip
    """Chance of leaving the collective one lives in, or of entering one from a family."""
    if collective == DORMITORY:
        return 0.0 if enrolled else r.leave_dormitory
    if collective == WORKS:
        return -math.expm1(-r.leave_works)
    if collective == CARE_HOME:
        return -math.expm1(-r.leave_care_home)
    if collective == CHILDRENS_HOME:
        return 1.0 if age + 1 >= r.adult_age else 0.0
    if age + 1 >= r.old_age:
        ratio = 1.0 if marital == MARRIED else r.care_home_alone
        growth = math.exp(r.care_home_age * (age + 1.0 - r.care_home_centre))
        return -math.expm1(-r.care_home[adl] * ratio * growth)
    if enrolled:
        return r.boarding[age] if marital == NEVER_MARRIED else 0.0
    if marital != NEVER_MARRIED or age + 1 < r.adult_age or age + 1 >= r.works_until:
        return 0.0
    return -math.expm1(-r.works[residence, sex])


@rule
def with_child(single: int, limited: int, rural: int, n_children: int, s: Shares) -> float:
    """Long-run chance that an older person lives with an adult child.

    n_children : living children; without any the chance is zero
    """
    if n_children == 0:
        return 0.0
    log_odds = s.level + s.widowed * single + s.limited * limited + s.rural * rural
    log_odds += s.per_child * (min(n_children, MOST_CHILDREN) - 1)
    return 1.0 / (1.0 + math.exp(-log_odds))


@kernel
def fill_tables(r: Living, home: Any, other: Any) -> None:
    """Chances of every cell; home : float32[HOME_CELLS], other : float32[OTHER_CELLS]."""
    for age in range(101):
        for sex in range(2):
            for residence in range(2):
                for married in range(2):
                    k = home_cell(age, sex, residence, married)
                    home[k] = home_chance(age, sex, residence, married, r)
                for collective in range(5):
                    for marital in range(3):
                        for enrolled in range(2):
                            for adl in range(4):
                                a = (collective, age, residence, sex, marital, enrolled, adl)
                                other[other_cell(*a)] = other_chance(*a, r)


@kernel
def fill_shares(s: Shares, table: Any) -> None:
    """Long-run chances of `with_child` in every state; table : float64[STATES]."""
    for single in range(2):
        for limited in range(2):
            for rural in range(2):
                for n in range(table.shape[3]):
                    table[single, limited, rural, n] = with_child(single, limited, rural, n, s)


def living(p: Parameters) -> Living:
    """The constants of the shipped or drawn parameters."""

    def v(name: str) -> Any:
        key = f"demography.coresidence.{name}"
        return p.array(key).copy() if p[key].dims else float(p.value(key))

    values = {
        name: v(name) for name in Living._fields if name not in ("boarding", "care_home_centre")
    }
    ages = p.array("demography.schooling.completion_age").astype(np.int64)
    begins = np.zeros(101)
    begins[ages] = v("boarding")  # who completed a level last year began the next one
    return Living(**values, boarding=begins, care_home_centre=v("care_home_age_centre"))


def shares(p: Parameters, level: float) -> Shares:
    """Effects of the shipped or drawn parameters, at a level."""
    names = ("widowed", "limited", "rural", "per_child")
    return Shares(level, *(float(p.value(f"demography.coresidence.{name}")) for name in names))


def solve_level(counts: NDArray[np.int64], share: float, p: Parameters) -> float:
    """Level at which the expected share of older people lives with an adult child.

    counts : int64[single 2, limited 2, rural 2, children 0 ... 4], older people
    share : of all of them; met by those who have a child

    Where too few have one, nearly all of these are with a child; 0 where nobody is old.
    """
    if counts.sum() == 0:
        return 0.0
    effect = shares(p, 0.0)
    children = np.arange(MOST_CHILDREN)
    flag = np.arange(2)
    log_odds = (
        effect.widowed * flag[:, None, None, None]
        + effect.limited * flag[:, None, None]
        + effect.rural * flag[:, None]
        + effect.per_child * children
    )
    low, high = -WIDEST, WIDEST
    for _ in range(60):
        middle = 0.5 * (low + high)
        expected = (counts[..., 1:] / (1.0 + np.exp(-(middle + log_odds)))).sum()
        low, high = (middle, high) if expected < share * counts.sum() else (low, middle)
    return 0.5 * (low + high)
