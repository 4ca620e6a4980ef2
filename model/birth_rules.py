"""Rules of births, for one woman or one child and one year, and the numbers they read.

Decides how likely a woman is to give birth, by age, children, time since the wedding or the
last birth, education, residence, policy and debt; when; whether of twins; the sex of the
child, and whether and when it dies before the year is over. A woman of completed age `a` at
the opening is at exact age a + 1 on average while she lives the year. Leaves out income,
health and the partner.

Source: patterns of the 2010 census; waiting times, choice of sex and the response to policy
are assumed or of other countries, see the entries of `fertility.yaml`.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import rule, total
from ..parameters.dims import EDUCATION, MARITAL, RESIDENCES
from ..parameters.load import Parameters

Floats = NDArray[np.float64]

KEY = "demography.fertility."
FIRST_AGE, LAST_AGE = 14, 50  # at the opening
N_AGES = LAST_AGE - FIRST_AGE + 1
ORDERS = 3  # of births in the census: first, second, third and later
PARITIES = 4  # children born before: none, one, two, three and more
FAMILIES = 2 * PARITIES - 1  # no child; then children without and with a son, by parity
WAITS = 12  # full years since wedding or birth; the last for longer
SINGLE = WAITS  # place of women who are not in union among the waits
MOST_BORN = 13  # children of a woman at risk, so that twins still find an id
SHAPE = (FAMILIES, N_AGES, len(EDUCATION), len(RESIDENCES), WAITS + 1, 2)
CELLS = math.prod(SHAPE)
MARRIED = MARITAL.index("married")
NEARLY_CERTAIN = 1.0 - 1e-12
TOP = math.log(30.0)  # log hazards stop here; a birth is certain long before
BEFORE_THE_END = float(np.float32(1.0) - np.finfo(np.float32).epsneg)


class Hazards(NamedTuple):
    """Terms of the log hazard, -inf where there is none; see `log_hazard`."""

    pattern: Floats  # [order, age, residence, education]
    single: Floats  # [age], log of the rate of all women of the age
    wait: Floats  # [parity, wait], of women in union
    later: float  # parity three and more against two
    response: Floats  # [order, residence, education], policy
    debt: float  # of mothers of an advanced birth, >= 0


@rule
def order_of(parity: int) -> int:
    """Place of her next birth among the orders of the census."""
    return min(parity, ORDERS - 1)


@rule
def family_of(n_children: int, n_sons: int) -> int:
    """Children born before, and whether a son is among them, as one code."""
    parity = min(n_children, PARITIES - 1)
    return 0 if parity == 0 else 2 * parity - 1 + (1 if n_sons > 0 else 0)


@rule
def parity_of(family: int) -> int:
    """Children born before, 0 to 3, of a code of `family_of`."""
    return (family + 1) // 2


@rule
def wants_a_son(family: int) -> bool:
    """Whether the next birth is of order two or more and there is no son."""
    return family % 2 == 1


@rule
def wait_of(marital: int, n_children: int, since_union: int, since_birth: int) -> int:
    """Full years since the wedding, or the last birth if any; SINGLE if she is not in union."""
    if marital != MARRIED:
        return SINGLE
    return min(since_union if n_children == 0 else since_birth, WAITS - 1)


@rule
def cell_of(age: int, family: int, education: int, residence: int, wait: int, debt: int) -> int:
    """Position of a woman in the flattened cells; debt is 0 or 1."""
    place = (family * N_AGES + age - FIRST_AGE) * SHAPE[2] + education
    return ((place * SHAPE[3] + residence) * SHAPE[4] + wait) * 2 + debt


@rule
def parts_of(cell: int) -> Any:
    """Age, family, education, residence, wait and debt of a cell."""
    cell, debt = cell // 2, cell % 2
    cell, wait = cell // SHAPE[4], cell % SHAPE[4]
    cell, residence = cell // SHAPE[3], cell % SHAPE[3]
    cell, education = cell // SHAPE[2], cell % SHAPE[2]
    family, age = cell // N_AGES, cell % N_AGES + FIRST_AGE
    return age, family, education, residence, wait, debt


@rule
def log_hazard(
    age: int, family: int, education: int, residence: int, wait: int, debt: int, h: Hazards
) -> float:
    """Log hazard of a delivery in the year, but for the level, any shock, and the policy.

    A woman in union has the pattern of her age and parity; one who is not, the rate of all
    women of her age, and the differences between parities, residences and levels of education.
    """
    parity, a = parity_of(family), age - FIRST_AGE
    own = h.pattern[order_of(parity), a, residence, education]
    if wait == SINGLE:
        middle = total(h.pattern[0, a, :, :]) / (SHAPE[2] * SHAPE[3])
        own = h.single[a] + own - middle
    else:
        own += h.wait[parity, wait]
    later = h.later if parity == PARITIES - 1 else 0.0
    return float(own + later - h.debt * debt)


@rule
def chance_of(log_hazard: float) -> float:
    """Chance of a delivery in a year lived to its end (complementary log-log)."""
    return -math.expm1(-math.exp(min(log_hazard, TOP)))


@rule
def scaled_chance(chance: float, factor: float) -> float:
    """The chance where the hazard behind it is so many times as high."""
    return -math.expm1(math.log1p(-min(chance, NEARLY_CERTAIN)) * factor)


@rule
def delivers(u: float, early: float, late: float, survives: bool) -> bool:
    """Whether she gives birth.

    early : chance of a birth at her age of the opening, before any death of the year
    late : chance of a birth at the next age; only if she lives through the year
    """
    return u < early or (survives and u < early + late)


@rule
def is_advanced(u: float, without: float, chance: float) -> bool:
    """Whether a birth comes because of policy: with its chance, but not without it."""
    return without <= u < chance


@rule
def time_of_birth(v: float, death_u: float) -> Any:
    """When in the year she gives birth, in [0, 1), before her own death if she dies."""
    return np.float32(min(v * min(death_u, 1.0), BEFORE_THE_END))


@rule
def chance_of_son(biological: float, strength: float, level: float) -> float:
    """Chance of a boy. biological : its log odds without choice; level : of the year."""
    return 1.0 / (1.0 + math.exp(-(biological + strength * level)))


@rule
def month_of(u: float) -> int:
    """Month 1-12 of a time in the year."""
    return min(int(12.0 * u) + 1, 12)


@rule
def age_at(age: int, birth_month: int, u: float) -> int:
    """Completed age at a time of the year, birthdays falling on the middle of the month."""
    return age + 1 if u >= (birth_month - 0.5) / 12.0 else age


@rule
def infant_death(v: float, birth_u: float, infant_years: float) -> Any:
    """When a child who dies before the year is over dies, after birth_u and below 1.

    Early: the share of the rest of the year that it lives is infant_years on average.
    """
    lived = v ** (1.0 / infant_years - 1.0)
    time = np.float32(birth_u + (1.0 - birth_u) * lived)
    soonest = np.nextafter(np.float32(birth_u), np.float32(1.0))
    return min(max(time, soonest), np.float32(1.0) - np.float32(2.0**-24))


def waiting(p: Parameters) -> Floats:
    """Log of the hazard by time since wedding or last birth, float64[parity, wait]."""
    first = np.asarray(p.array(KEY + "first_birth_waiting"))
    again = np.asarray(p.array(KEY + "next_birth_waiting"))
    with np.errstate(divide="ignore"):
        return np.log(np.stack([first, *[again] * (PARITIES - 1)]))


def bears(asfr: Floats, survival: Floats) -> Floats:
    """Expected births in the year of a woman by age at the opening, float64[age].

    Half of the year at that age, half at the next if she lives. asfr : births per
    woman-year; survival : over the year; float64[age]
    """
    return 0.5 * (asfr + following(asfr) * survival)


def following(asfr: Floats) -> Floats:
    """Rates of the next age, float64[age]; the last holds."""
    return np.append(asfr[1:], asfr[-1:])


def hazards_of(
    p: Parameters, pattern: Floats, asfr: Floats, response: Floats, debt: float = 0.0
) -> Hazards:
    """Terms of the log hazard of a year.

    pattern : as `birth_pattern.pattern_table`; asfr : float64[age]; response : float64[order,
    residence, education]
    """
    ages = slice(FIRST_AGE, LAST_AGE + 1)
    with np.errstate(divide="ignore"):
        single = np.log(0.5 * (asfr + following(asfr))[ages])
    return Hazards(
        pattern=pattern,
        single=single,
        wait=waiting(p),
        later=math.log(max(p.value(KEY + "fourth_birth"), 1e-12)),
        response=np.ascontiguousarray(response),
        debt=debt,
    )
