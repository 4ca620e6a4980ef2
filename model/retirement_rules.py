"""Statutory ages of retirement, and what the law leaves to choice.

Decides for a member of the employee scheme, by class (men, women with the old age of 55 or
of 50) and month of birth, in which month the statutory age is reached, when a pension may be
claimed early or late, how many months of contributions it takes, and from which age and
after how many months somebody who has lost all capacity for work to illness may claim. Months
are numbered from the year 0. Source: measures of 1978 and decision of 2024
(`parameters/policies/retirement.yaml`). Leaves out who agrees with an employer on what, places
with rules of their own, and what the disability allowance of 2025 adds to early retirement.
"""

from datetime import date
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import rule
from ..parameters.dims import RETIREMENT_CLASSES, SEXES
from ..parameters.load import Parameters
from .age_link import added_months, is_linked
from .numbers import Numbers

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

POLICY = "policies.retirement."
MEN, WOMEN_55, WOMEN_50 = range(len(RETIREMENT_CLASSES))
SPECIAL = len(RETIREMENT_CLASSES)  # heavy work: an age of its own, without delay
FEMALE = SEXES.index("female")
MONTHS = 12
FIRST_BIRTH, LAST_BIRTH = 1880, 2120  # years of birth that the tables hold
FIRST_YEAR, LAST_YEAR = 1980, 2220  # years that the minimum is laid out for
MOST_ENACTED = 240  # months of delay, the most that a law may set
MOST_STEP = 1  # months of delay from one month of birth to the next


class Retirement(NamedTuple):
    """The law of retirement, for all months of birth; ages in months.

    ages : int64[class, birth month from January 1880], statutory
    old_ages : int64[class], before the delay; old_ages_by_birth : the same, as `ages`
    special_ages : int64[sex]
    share_55 : float64[education], women whose class has the old age of 55
    minimum : int64[year from 1980], months of contributions by the year of the statutory age
    earliest : int64[sex], completed age at which somebody may first be concerned
    illness_share : of members in a severe state of function, who retire for it
    illness_ages : int64[sex], from which they may; illness_months : int64[year from 1980], months
        that are enough for it, by the year of the claim
    """

    ages: Counts
    old_ages: Counts
    old_ages_by_birth: Counts
    special_ages: Counts
    share_55: Floats
    special_share: float
    early_share: float
    late_share: float
    most_early: int
    most_late: int
    flexible_from: int
    minimum: Counts
    extends_share: float
    most_extension: int
    earliest: Counts
    illness_share: float
    illness_ages: Counts
    illness_months: Counts


@rule
def class_by_post(sex: int, is_flexible: bool, u_class: float, share_55: float) -> int:
    """Class of a person in a post that is not special.

    u_class : a lasting uniform of the post of a woman; share_55 : of women of her schooling
    """
    if sex != FEMALE:
        return MEN
    return WOMEN_55 if is_flexible or u_class < share_55 else WOMEN_50


@rule
def class_of(
    sex: int, education: int, is_flexible: bool, u_class: float, special: bool, r: Retirement
) -> int:
    """Class of a person, or SPECIAL; u_class : a lasting uniform of the post of a woman."""
    if special:
        return SPECIAL
    return int(class_by_post(sex, is_flexible, u_class, r.share_55[education]))


@rule
def old_age(class_: int, sex: int, r: Retirement) -> int:
    """Age before the delay, months."""
    return int(r.special_ages[sex] if class_ == SPECIAL else r.old_ages[class_])


@rule
def statutory_age(class_: int, sex: int, born: int, r: Retirement) -> int:
    """Statutory age, months. born : month of birth, numbered from the year 0"""
    if class_ == SPECIAL:
        return int(r.special_ages[sex])
    place = min(max(born - MONTHS * FIRST_BIRTH, 0), r.ages.shape[1] - 1)
    return int(r.ages[class_, place])


@rule
def claim_age(
    statutory: int, old: int, born: int, at_work: bool, u_timing: float, r: Retirement
) -> int:
    """Age at which a person means to claim, months.

    u_timing : a lasting uniform; the lowest retire early, the highest late
    """
    if born + statutory < MONTHS * r.flexible_from:
        return statutory
    if u_timing < r.early_share:
        return max(old, statutory - r.most_early)
    return statutory + r.most_late * (at_work and u_timing >= 1.0 - r.late_share)


@rule
def months_needed(born: int, statutory: int, r: Retirement) -> int:
    """Months of contributions for a pension, by the year in which the age is reached."""
    year = (born + statutory) // MONTHS
    return int(r.minimum[min(max(year - FIRST_YEAR, 0), r.minimum.size - 1)])


@rule
def months_needed_ill(year: int, r: Retirement) -> int:
    """Months of contributions for a pension for illness, by the year of the claim."""
    return int(r.illness_months[min(max(year - FIRST_YEAR, 0), r.illness_months.size - 1)])


@rule
def may_extend(missing: int, since: int, u_extends: float, r: Retirement) -> bool:
    """Whether somebody who lacks months pays on; since : months after the statutory age."""
    return u_extends < r.extends_share and missing <= r.most_extension - since


@rule
def month_of_year(born: int, age: int, year: int) -> int:
    """First month of a year for which a pension from this age (months) is paid.

    It begins in the month after the age is reached: 1 if that is past, 13 if not this year.
    """
    return min(max(born + age - MONTHS * year + 2, 1), MONTHS + 1)


def statutory_ages(p: Parameters) -> Counts:
    """Statutory age in months, int64[class, month of birth from January 1880].

    Raises
    ------
    ValueError
        If somebody would retire before those born earlier, or ages leave a gap in which
        nobody of a class reaches them.
    """
    ages = np.stack([_class_ages(p, c) for c in range(len(RETIREMENT_CLASSES))])
    for c, name in enumerate(RETIREMENT_CLASSES):
        step = np.diff(ages[c])
        for k in np.flatnonzero((step < 0) | (step > MOST_STEP))[:1]:
            year, month = divmod(MONTHS * FIRST_BIRTH + int(k) + 1, MONTHS)
            raise ValueError(
                f"{POLICY}pace: age of {name} changes by {step[k]} months with birth month "
                f"{year}-{month + 1:02d}; 0 to {MOST_STEP}: later cohorts retire no earlier, "
                f"and no month of birth leaves a gap"
            )
    return ages


def _class_ages(p: Parameters, class_: int) -> Counts:
    """The delay adds up over months of birth, at the pace in force when the old age is reached.

    A link to life expectancy adds to it, whatever the largest delay.
    """
    old = round(float(p.array(POLICY + "old_age")[class_]) * MONTHS)
    steps, caps = (_by_date(p, name, class_) for name in ("pace", "most_delay"))
    first, last = MONTHS * FIRST_BIRTH, MONTHS * (LAST_BIRTH + 1) - 1
    linked = added_months(p, first + old, last + old + MOST_ENACTED) if is_linked(p) else None
    delays, months = _delays(first + old, last + old, steps, caps)
    if linked is not None:  # where the age of the law is reached
        added = (Fraction(float(linked[k + month])) for k, month in enumerate(months))
        months = [ceil(delay + more) for delay, more in zip(delays, added, strict=True)]
    return old + np.array(months, dtype=np.int64)


Dated = tuple[tuple[int, Fraction], ...]  # values by the month from which they hold


@lru_cache(maxsize=64)
def _delays(first: int, last: int, steps: Dated, caps: Dated) -> tuple[list[Fraction], list[int]]:
    """Delay, and its whole months, by the month in which the old age is reached, first to last."""
    delay, found = Fraction(0), []
    for reached in range(first, last + 1):
        pace, cap = _in_force(steps, reached), _in_force(caps, reached)
        delay = min(delay + (1 / pace if pace else 0), cap)
        found.append(delay)
    return found, [ceil(delay) for delay in found]


def _by_date(p: Parameters, name: str, class_: int) -> Dated:
    days = p.dates(POLICY + name)
    values = (np.asarray(p.at(POLICY + name, day))[class_] for day in days)
    numbers = (MONTHS * day.year + day.month - 1 for day in days)
    return tuple((n, Fraction(float(v))) for n, v in zip(numbers, values, strict=True))


def _in_force(values: Dated, month: int) -> Fraction:
    return next((value for number, value in reversed(values) if number <= month), values[0][1])


@lru_cache(maxsize=32)
def _retirement(numbers: Numbers) -> Retirement:
    p = numbers.p
    share_55 = p.array(POLICY + "share_55")
    special, ages = p.value(POLICY + "special_trade_share"), statutory_ages(p)
    special_ages, illness_ages = (
        np.rint(p.array(POLICY + name) * MONTHS).astype(np.int64)
        for name in ("special_trade_age", "illness_age")
    )
    minimum = _months_by_year(p, "minimum_years")
    old = np.rint(p.array(POLICY + "old_age") * MONTHS).astype(np.int64)
    earliest = np.where(np.array(SEXES) == "female", old[1:].min(), old[MEN])
    if special > 0.0:
        earliest = np.minimum(earliest, special_ages)
    return Retirement(
        ages=ages,
        old_ages=old,
        old_ages_by_birth=np.ascontiguousarray(np.broadcast_to(old[:, None], ages.shape)),
        special_ages=special_ages,
        share_55=np.array(share_55),
        special_share=special,
        early_share=p.value(POLICY + "early_share"),
        late_share=p.value(POLICY + "late_share"),
        most_early=int(p.value(POLICY + "most_early")),
        most_late=int(p.value(POLICY + "most_late")),
        flexible_from=int(p.value(POLICY + "flexible_from")),
        minimum=minimum,
        extends_share=p.value(POLICY + "extends_share"),
        most_extension=int(p.value(POLICY + "most_extension")),
        earliest=(earliest // MONTHS).astype(np.int64),
        illness_share=p.value(POLICY + "illness_share"),
        illness_ages=illness_ages,
        illness_months=np.minimum(minimum, _months_by_year(p, "illness_years")),
    )


def _months_by_year(p: Parameters, name: str) -> Counts:
    """Dated years as whole months, int64[year from 1980], by what holds in January."""
    first = p.dates(POLICY + name)[0].year
    years = (
        float(np.asarray(p.at(POLICY + name, date(max(y, first + 1), 1, 1))))
        for y in range(FIRST_YEAR, LAST_YEAR + 1)
    )
    return np.array([ceil(MONTHS * y) for y in years], dtype=np.int64)


def retirement_of(p: Parameters) -> Retirement:
    """The law of retirement under these parameters."""
    return _retirement(Numbers(p))
