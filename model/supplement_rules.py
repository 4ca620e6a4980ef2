"""Pensions beside the basic one: a year of one account, and who pays into which.

Decides for an employee of the employee scheme whether an employer's annuity and a personal
pension are paid into and how much, and for every account its return, its payments over the
months by which the law divides accounts, and what heirs get. Source:
`parameters/policies/supplementary_pensions.yaml`. Leaves out lump sums, moves of an account
between employers, and payments in the year of the award and of death: who dies leaves all.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.accounts import SAVES
from ..agents.compiled import inlined, kernel, rule
from ..parameters.dims import PENSIONS, PILLARS, SCHEMES, WORK
from .lanes import CHUNK, fill_lane, listed_ids
from .pension_rules import MONTHS, contribution, credited, divisor_at, last_month
from .tax_rules import FEN, Tax, tax_saved, taxable_income

Floats = NDArray[np.float64]

ENTERPRISE, OCCUPATIONAL, PERSONAL = range(len(PILLARS))
N_PILLARS = len(PILLARS)
AT_ENTERPRISE, AT_PUBLIC = WORK.index("enterprise"), WORK.index("public")
NO_PENSION, MEMBER = PENSIONS.index("none"), SCHEMES.index("employee")
CALL, ANNUITY_LANE, PERSONAL_LANE = int(luck.Call.SUPPLEMENT), 0, 1
MOST_HELD = 4_294_000_000  # fen, in a column of uint32

# what is summed by pillar and province
(MEMBERS, CONTRIBUTORS, BENEFICIARIES, PAID_IN, RETURNS, PAID_OUT, REFUNDED, ASSETS,
 TAX_SAVED, TAX_PAID) = range(10)  # fmt: skip
SUMS = 10


class Rules(NamedTuple):
    """The law of one year; money in fen, rates as running sums over months, float64[13].

    chance : float64[class of income], that an enterprise worker's employer has an annuity
    mean_wage : yuan a year, in which classes are counted
    occupational : chance of public staff
    cap : of personal contributions a year; share : of earnings paid, up to the cap
    take_up, take_up_low : chance to pay, of those who gain by it and of others
    """

    chance: Floats
    mean_wage: float
    enterprise: Floats
    occupational: float
    occupational_rate: Floats
    compliance: float
    cap: int
    share: float
    take_up: float
    take_up_low: float
    withdrawal_tax: float
    tax: Tax
    interest: float
    divisors: Floats


@rule
def income_class(earnings: int, mean_wage: float) -> int:
    """Class of income: below the mean wage, to twice of it, above."""
    return int(earnings >= mean_wage) + int(earnings >= 2.0 * mean_wage)


@inlined
def annuity_chance(work: int, earnings: int, r: Rules) -> float:
    """Chance that an employee has an annuity; earnings : yuan a year"""
    covered = r.chance[np.uint32(income_class(earnings, r.mean_wage))]
    return float(r.occupational if work == AT_PUBLIC else covered)


@inlined
def annuity_paid(work: int, earnings: int, months: int, u: float, r: Rules) -> int:
    """Contributions of employer and employee for the first months of a year, fen.

    earnings : yuan a year; u : lasting uniform of the place in an employer with an annuity
    """
    if u >= annuity_chance(work, earnings, r):
        return 0
    base = int(np.rint(r.compliance * earnings * FEN / MONTHS))
    rates = r.occupational_rate if work == AT_PUBLIC else r.enterprise
    return int(contribution(base, rates[months]))


@rule
def tax_at_withdrawal(amount: int, rate: float) -> int:
    """Tax on what leaves a personal pension, fen."""
    return int(np.rint(amount * rate))


@inlined
def highest_chance(r: Rules) -> float:
    """Chance to pay into a personal pension that nobody exceeds."""
    return max(r.take_up, r.take_up_low) if r.cap > 0 else 0.0


@inlined
def personal_paid(earnings: int, u: float, r: Rules) -> tuple[int, int]:
    """Contributions to a personal pension in a year, and income tax that they save, fen.

    Who saves no more than the tax at withdrawal takes it up more rarely.
    """
    if u >= highest_chance(r):
        return 0, 0
    amount = min(int(np.rint(r.share * earnings * FEN)), r.cap)
    taxable = taxable_income(earnings, r.tax)
    saved = tax_saved(taxable, amount, r.tax.bracket_from, r.tax.rate)
    gains = saved > tax_at_withdrawal(amount, r.withdrawal_tax)
    if u >= (r.take_up if gains else r.take_up_low):
        return 0, 0
    return amount, saved


@rule
def payment(held: int, left: int) -> int:
    """What is paid in a year from an account with months left, fen; all of it in the last."""
    return int(held * min(left, MONTHS) // left)


@rule
def months_of_payment(age: int, divisors: Floats) -> int:
    """Months of payment of an account whose first is January; age : completed, at its opening."""
    return int(np.rint(divisor_at(MONTHS * age, divisors)))


@rule
def flag_employees(alive: Any, work: Any, scheme: Any, pension: Any, flag: Any) -> None:
    """Mark the employees who may pay; flag : uint8[people], out. It vectorises."""
    for i in range(alive.size):
        at_work = (work[i] == AT_ENTERPRISE) | (work[i] == AT_PUBLIC)
        member = (scheme[i] == MEMBER) & (pension[i] == NO_PENSION)
        flag[i] = at_work & member & (alive[i] == 1)


@kernel
def list_payers(
    id: Any, alive: Any, work: Any, scheme: Any, pension: Any, earnings: Any, death_u: Any,
    low: Any, high: Any, r: Rules, rows: Any, paid: Any, saved: Any,
) -> int:  # fmt: skip
    """Write the rows of those who pay, rising, and what; returns how many they are.

    rows : uint32[n]; paid : uint32[2, n], annuity and personal pension; saved : uint32[n], tax
    Few have the luck to pay at all: they are listed before anything is worked out.
    """
    flag, listed, lucky = (
        np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32),
    )  # fmt: skip
    ids, one = np.empty(CHUNK, np.uint64), np.empty(CHUNK, np.uint32)
    two = np.zeros(CHUNK, np.uint32)
    personal, n = highest_chance(r), 0
    for first in range(0, id.size, CHUNK):
        some = slice(first, min(first + CHUNK, id.size))
        flag_employees(alive[some], work[some], scheme[some], pension[some], flag)
        m, n_lucky = 0, 0
        for k in range(some.stop - first):
            listed[m] = first + k
            m += flag[k]
        listed_ids(id, listed, m, ids)
        fill_lane(ids, m, CALL, luck.LASTING, ANNUITY_LANE, low, high, one)
        if personal > 0.0:
            fill_lane(ids, m, CALL, luck.LASTING, PERSONAL_LANE, low, high, two)
        for k in range(m):
            i = listed[k]
            lucky[n_lucky] = k
            has_annuity = luck.unit(one[k]) < annuity_chance(work[i], earnings[i], r)
            n_lucky += has_annuity | (luck.unit(two[k]) < personal)
        for j in range(n_lucky):
            k = lucky[j]
            i = listed[k]
            months = last_month(death_u[i])
            annuity = annuity_paid(work[i], earnings[i], months, luck.unit(one[k]), r)
            own, less = 0, 0
            if luck.unit(two[k]) < personal:
                own, less = personal_paid(earnings[i], luck.unit(two[k]), r)
            rows[n], paid[0, n], paid[1, n], saved[n] = i, annuity, own, less
            n += (annuity > 0) | (own > 0)
    return n


@rule
def credit(held: int, amount: int, most: int) -> int:
    """What of an amount an account takes; not more than a column can hold."""
    return min(amount, most - held)


@kernel
def settle(
    rows: Any, held: Any, left: Any, payers: Any, paid: Any, saved: Any,
    alive: Any, age: Any, work: Any, pension: Any, province: Any, death_u: Any,
    r: Rules, new_rows: Any, new_held: Any, new_left: Any, sums: Any,
) -> int:  # fmt: skip
    """A year of every account, old and new; returns how many there are after it.

    rows, held, left : as in `Accounts`; payers, paid, saved : of `list_payers`
    new_* : room for all of both; sums : int64[what, pillar, province]
    """
    a, b, n = 0, 0, 0
    has = np.zeros(N_PILLARS, np.int64)
    while a < rows.size or b < payers.size:
        old = b == payers.size or (a < rows.size and rows[a] <= payers[b])
        pays = a == rows.size or (b < payers.size and payers[b] <= rows[a])
        i = rows[a] if old else payers[b]
        s, months = province[i], left[a] if old else SAVES
        for pillar in range(N_PILLARS):
            has[pillar] = held[pillar, a] if old else 0
            gain = credit(has[pillar], credited(has[pillar], r.interest), MOST_HELD)
            has[pillar] += gain
            sums[RETURNS, pillar, s] += gain
        if pays:
            annuity = OCCUPATIONAL if work[i] == AT_PUBLIC else ENTERPRISE
            for part in range(2):
                pillar = annuity if part == 0 else PERSONAL
                taken = credit(has[pillar], np.int64(paid[part, b]), MOST_HELD)
                has[pillar] += taken
                sums[PAID_IN, pillar, s] += taken
                sums[CONTRIBUTORS, pillar, s] += taken > 0
            sums[TAX_SAVED, PERSONAL, s] += np.int64(saved[b])
        a, b = a + old, b + pays
        if alive[i] == 0 or death_u[i] < 1.0:
            for pillar in range(N_PILLARS):
                sums[REFUNDED, pillar, s] += has[pillar]
            sums[TAX_PAID, PERSONAL, s] += tax_at_withdrawal(has[PERSONAL], r.withdrawal_tax)
            continue
        if months > 0:
            for pillar in range(N_PILLARS):
                due = payment(has[pillar], months)
                has[pillar] -= due
                sums[PAID_OUT, pillar, s] += due
                sums[BENEFICIARIES, pillar, s] += due > 0
                if pillar == PERSONAL:
                    sums[TAX_PAID, pillar, s] += tax_at_withdrawal(due, r.withdrawal_tax)
            months = months - min(months, MONTHS)
        elif pension[i] != NO_PENSION:
            months = months_of_payment(age[i] + 1, r.divisors)
        for pillar in range(N_PILLARS):
            new_held[pillar, n] = has[pillar]
            sums[ASSETS, pillar, s] += has[pillar]
            sums[MEMBERS, pillar, s] += (has[pillar] > 0) & (months == SAVES)
        new_rows[n], new_left[n] = i, months
        n += (has[0] > 0) | (has[1] > 0) | (has[2] > 0)
    return n
