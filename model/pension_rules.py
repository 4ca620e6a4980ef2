"""The arithmetic of the employees' pension: pure rules in fen, for one person.

Contribution base, contributions, index, the parts of a pension, indexation, months, prorating
and what is due at death; and the wages that the law refers to. Source: State Council 2005
no. 38, and for public staff the old formula of 2006 and its comparison with the new one from
2014 on (`parameters/policies/employee_pension.yaml`). Leaves out the yearly details of single
provinces.
"""

from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import rule
from ..parameters.load import Parameters
from . import prices
from .numbers import Numbers, remembered

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

POLICY = "policies.employee_pension."
MONTHS = 12
PER_MILLE_10 = 10_000  # the index is kept in 1/10000
FIRST_REFERENCE = 2011  # wages are known from 2010 on
LAST_REFERENCE = 2120
YOUNGEST_DIVISOR = 40
MOST_INDEX = 65_535


@rule
def contribution_base(earnings: float, reference: int, floor: float, ceiling: float) -> int:
    """Base of a month, fen. earnings : declared, fen a month; reference : wage, fen a month"""
    return int(np.rint(min(max(earnings, floor * reference), ceiling * reference)))


@rule
def chosen_step(u: float, steps: Floats, running: Floats) -> float:
    """Step of the contribution base, over the reference wage, by a lasting uniform.

    steps : float64[step], rising; running : share of people who choose a step or a lower one
    """
    for k in range(steps.size - 1):
        if u < running[k]:
            return float(steps[k])
    return float(steps[-1])


@rule
def contribution(base: int, rates: float) -> int:
    """Contributions, fen. base : of a month, fen; rates : added up over the months paid"""
    return int(np.rint(base * rates))


@rule
def mean_index(index: int, months: int, base: int, reference: int, more: int) -> int:
    """Mean contribution index after some more months, in 1/10000.

    index, months : so far; base over reference : of the months that are added
    """
    if months + more <= 0:
        return int(index)
    now = PER_MILLE_10 * base / reference
    return min(int(np.rint((float(index) * months + now * more) / (months + more))), MOST_INDEX)


@rule
def credited(account: int, rate: float) -> int:
    """Interest of a year on an account, fen."""
    return int(np.rint(account * rate))


@rule
def base_pension(reference: int, index: int, months: int, accrual: float) -> int:
    """Base pension, fen a month: a share for each year of the mean of two wages.

    reference : wage, fen a month; index : in 1/10000; months : that count
    """
    mean = 0.5 * reference * (1.0 + index / PER_MILLE_10)
    return int(np.rint(mean * accrual * months / MONTHS))


@rule
def transitional_pension(reference: int, index: int, years: int, rate: float) -> int:
    """Pension for years of service before accounts, fen a month."""
    return int(np.rint(reference * (index / PER_MILLE_10) * years * rate))


@rule
def old_share(years: int, years_from: Counts, shares: Floats) -> float:
    """Share of final pay by the old formula of public staff.

    years : of service; years_from : int64[band], the first of each, rising from 0
    shares : float64[band]
    """
    band = 0
    for k in range(1, years_from.size):
        band = k if years >= years_from[k] else band
    return float(shares[band])


@rule
def final_pay(earnings: int, declared: float, standard: float) -> int:
    """Pay on which the old formula stands, fen a month.

    earnings : yuan a year, in the year of the claim; declared : share that counts as pay
    standard : of pay by the law when the service ends, over mean wages of the year of the claim
    """
    return int(np.rint(declared * earnings * 100.0 / MONTHS * standard))


@rule
def old_pension(pay: int, share: float) -> int:
    """Pension of public staff by the old formula, fen a month."""
    return int(np.rint(pay * share))


@rule
def annuity_pension(pay: int, rates: float, divisor: float) -> int:
    """Occupational annuity that goes with a pension, fen a month.

    pay : at the end of service, fen a month; rates : of contributions, added up over months. Pay
    of all months stands at that of the end, as if returns were the growth of pay.
    """
    return int(pay * rates / divisor)


@rule
def beside_annuity(due: int, annuity: int) -> int:
    """What the fund pays of a pension that was compared together with an annuity, fen a month."""
    return max(due - annuity, 0)


@rule
def in_transition(new: int, old: int, guaranteed: float, excess: float) -> int:
    """Pension of public staff when old and new formula are compared, fen a month.

    guaranteed : share of the old one's lead that is made up; excess : share of the new one's lead
        that is paid
    """
    if new < old:
        return int(np.rint(new + guaranteed * (old - new)))
    return int(np.rint(old + excess * (new - old)))


@rule
def divisor_at(age: int, divisors: Floats) -> float:
    """Months by which an account is divided at an age in months; linear between birthdays.

    divisors : float64[age from 40 on]
    """
    place = min(max(age / MONTHS - YOUNGEST_DIVISOR, 0.0), divisors.size - 1.0)
    low = min(int(place), divisors.size - 2)
    return float(divisors[low] + (place - low) * (divisors[low + 1] - divisors[low]))


@rule
def account_pension(account: int, divisor: float) -> int:
    """Fen a month for life from an account."""
    return int(account // divisor)


@rule
def indexed(pension: int, rise: float) -> int:
    """Pension in payment after the rise of a January, fen a month."""
    return int(np.rint(pension * (1.0 + rise)))


@rule
def last_month(death_u: float) -> int:
    """Last month for which a pension is paid or a contribution due: that of death, or 12."""
    return 12 if death_u >= 1.0 else min(int(12.0 * death_u) + 1, 12)


@rule
def months_payable(first: int, last: int) -> int:
    """Months for which a pension is paid."""
    return max(last - first + 1, 0)


@rule
def from_account(due: int, account: int) -> int:
    """What the account still bears of an account pension that is due, fen."""
    return min(due, account)


@rule
def survivor_months(years: int, drawn: int, steps: Counts, most: int) -> int:
    """Months of the survivors' grant.

    years : of contributions; drawn : years a pension was drawn, 0 for workers
    steps : int64[3], months below 5, below 10 and from 10 years on
    """
    if years < 5:
        months = steps[0]
    elif years < 10:
        months = steps[1]
    else:
        months = min(steps[2] + max(years - 15, 0), most)
    return int(max(months - drawn, min(months, steps[2])) if drawn > 0 else months)


def next_factor(factor: float, months: float, floor: float, rise: float, ceiling: float) -> float:
    """Factor on the employers' rate in the year after one that ended with `months` of reserve.

    It rises by a share while the reserve is below the floor, as far as the ceiling; a floor of
    zero is no rule.
    """
    low = floor > 0.0 and months < floor
    return max(factor, min(factor * (1.0 + rise), ceiling)) if low else factor


def reference_wage(p: Parameters, year: int) -> float:
    """Wage to which contribution bases of a year refer, yuan a year: that of the year before."""
    return float(_references(Numbers(p))[_place(year)])


def award_wage(p: Parameters, year: int) -> float:
    """Wage to which pensions awarded in a year refer, yuan a year; it does not fall."""
    return float(_awards(Numbers(p))[_place(year)])


@remembered
def _standard_rise(numbers: Numbers, ends: int) -> float:
    p = numbers.p
    if ends <= p.value(POLICY + "old_standard_of"):
        return 1.0
    rise = float(np.asarray(p.at(POLICY + "old_standard_rise", date(ends, 1, 1))))
    return _standard_rise(numbers, ends - 1) * (1.0 + rise)


def standard_rise(p: Parameters, ends: int) -> float:
    """Factor of the law on the old standard of pay, for service that ends in a year."""
    return _standard_rise(Numbers(p), ends)


def pay_standard(p: Parameters, ends: int, claimed: int) -> float:
    """Standard of pay when service ends in a year, over mean wages of the year of the claim.

    It moves with wages to the last year of the old standard, then by the rises of the law.
    """
    paid = prices.wage(p, min(ends, int(p.value(POLICY + "old_standard_of"))))
    return paid / prices.wage(p, claimed) * standard_rise(p, ends)


def crediting_rate(p: Parameters, year: int) -> float:
    """Rate credited to accounts at the opening of a year's accounts."""
    key, after = POLICY + "account_interest", int(p.value(POLICY + "account_interest_after"))
    if year <= max(after, *(day.year for day in p.dates(key))):
        return float(np.asarray(p.at(key, date(year, 12, 31))))
    return max(p.value(POLICY + "account_interest_share") * _wage_growth(p, year), 0.0)


def indexation(p: Parameters, year: int) -> float:
    """Rise of pensions in payment in January of a year."""
    key, after = POLICY + "indexation", int(p.value(POLICY + "indexation_after"))
    if year <= max(after, *(day.year for day in p.dates(key))):
        return float(np.asarray(p.at(key, date(year, 12, 31))))
    share = p.value(POLICY + "indexation_wage_share")
    inflation = prices.price_index(p, year - 1) / prices.price_index(p, year - 2) - 1.0
    residual = p.value(POLICY + "indexation_residual")
    return share * _wage_growth(p, year - 1) + (1.0 - share) * inflation + residual


def _wage_growth(p: Parameters, year: int) -> float:
    return prices.wage(p, year) / prices.wage(p, year - 1) - 1.0


def _place(year: int) -> int:
    if not FIRST_REFERENCE <= year <= LAST_REFERENCE:
        raise ValueError(f"year {year}: {FIRST_REFERENCE} to {LAST_REFERENCE}")
    return year - FIRST_REFERENCE


@lru_cache(maxsize=32)
def _references(numbers: Numbers) -> Floats:
    p = numbers.p
    wages = (_reference(p, year) for year in range(FIRST_REFERENCE, LAST_REFERENCE + 1))
    return np.array(list(wages))


def _reference(p: Parameters, year: int) -> float:
    weight = float(np.asarray(p.at(POLICY + "full_calibre", date(year, 7, 1))))
    everyone = prices.wage(p, year - 1)
    if weight == 1.0:
        return everyone
    return weight * everyone + (1.0 - weight) * prices.wage_non_private(p, year - 1)


@lru_cache(maxsize=32)
def _awards(numbers: Numbers) -> Floats:
    return np.array(list(accumulate(_references(numbers), max)))


def fen_a_month(yuan: float) -> int:
    """Whole fen a month of yuan a year."""
    return round(yuan * 100.0 / MONTHS)


def numbers_of(values: Any) -> Counts:
    """Whole numbers of a table."""
    return np.asarray(np.rint(values), dtype=np.int64)
