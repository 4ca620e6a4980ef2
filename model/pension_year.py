"""One year of one person in the employees' pension: pays, claims, is paid, dies.

Decides for everybody with a career in the employee scheme what happens in a year under the
`Rules` that `policies/employee_pension.py` makes of the law, and sums it by province and age. The
arithmetic stands in `pension_rules.py` and `retirement_rules.py`. Leaves out nothing of its
own: see the policy. `steady` lives the year of those to whom nothing happens, `eventful` that
of all others.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import inlined, kernel, rule
from ..parameters.dims import ADL, AGES, PENSIONS, WORK
from .funds import AGE_SUMS, BASED, PAID, RECEIVED, age_reached
from .lanes import CHUNK, fill_lane, listed_ids
from .paying_rules import before_of, code_of
from .pension_rules import (
    MONTHS,
    account_pension,
    annuity_pension,
    base_pension,
    beside_annuity,
    chosen_step,
    contribution,
    contribution_base,
    credited,
    divisor_at,
    final_pay,
    from_account,
    in_transition,
    indexed,
    last_month,
    mean_index,
    months_payable,
    old_pension,
    old_share,
    survivor_months,
    transitional_pension,
)
from .retirement_rules import (
    FIRST_BIRTH,
    Retirement,
    claim_age,
    class_by_post,
    class_of,
    may_extend,
    month_of_year,
    months_needed,
    months_needed_ill,
    old_age,
    statutory_age,
)
from .scheme_membership import EMPLOYEE, RESIDENT

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Person = Any  # a record with the fields of Columns
Law = Any  # a record with the fields of Rules

FLEXIBLE, ENTERPRISE, PUBLIC = (WORK.index(w) for w in ("flexible", "enterprise", "public"))
NONE, DRAWS, DRAWS_PUBLIC = (PENSIONS.index(name) for name in ("none", "employee", "public"))
SEVERE, NO_STATE = ADL.index("severe"), len(ADL)
RESIDENT_AGE = 60 * MONTHS  # of the residents' pension: accounts reach it in time
MOST_FEN = 2_147_000_000  # in a column of int32
MOST_ACCOUNT = 4_294_000_000
MOST_YEARS = 100  # of the residents' pension

RETIREMENT, CONTRIBUTION = int(luck.Call.RETIREMENT), int(luck.Call.CONTRIBUTION)
CAREER, POST = int(luck.Call.WORK_LASTING), 1
ILLNESS, TIMING, HEAVY, PAYS_ON = range(4)  # lanes of the call for retirement
TRAIT, PLACE, PAYS, STEP = range(4)  # lanes of the call for contributions
PART = 8192  # rows whose columns stay in the cache until the records are back
BINS, WORD_BITS = 64, 32  # bins of the trait of paying, a uniform that is a word
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)

# what is summed by province
(ACTIVE, RETIRED, CONTRIBUTORS, MONTHS_PAID, BENEFICIARIES, AWARDS, BASE, OWN, EMPLOYER,
 FLEXIBLE_POOLED, CREDITED, FROM_POOL, FROM_ACCOUNT, OVERRUN, REFUNDED, GRANTS, AWARDED,
 TO_RESIDENTS, FROM_RESIDENTS, OUTSIDE_OWN, OUTSIDE_EMPLOYER, OUTSIDE_PAID,
 HELD) = range(23)  # fmt: skip
SUMS = 23
APART, STIRS, DRAWS_ON, NEAR, BEFORE = range(5)  # what a year in the scheme is to a person


class Rules(NamedTuple):
    """The law of one year; money in fen, rates as running sums over months, float64[13].

    reference, award : wage a month, int64[province]
    employer : float64[2, 13], of enterprises and public posts
    outside_* : what public staff outside the fund pay to the budget
    chances : float64[2, before, bin], to pay in a year, of employees and flexible workers
    steps, step_share : bases of flexible workers over the reference wage, float64[step], and the
        running share of those who choose a step or a lower one
    at_once : share of members short of years who pay the missing ones at once
    inside : share of public staff and pensioners whom the fund covers
    old_from, old_shares : [band], years of service and shares of pay of the old formula
    old_standard, old_guaranteed, excess : by first month of a pension, as in `pension_rules`
    annuity : rates of the occupational annuity added up to the end of service, by the same month
    """

    year: int
    retirement: Retirement
    reference: Counts
    award: Counts
    floor: float
    ceiling: float
    steps: Floats
    step_share: Floats
    compliance: float
    employee: Floats
    employer: Floats
    flexible: Floats
    outside_employee: Floats
    outside_employer: Floats
    chances: Floats
    interest: float
    divisors: Floats
    accrual: float
    transitional: float
    rise: float
    funeral: float
    survivors: Counts
    most_survivors: int
    survivor_age: Counts
    income: int
    at_once: float
    inside: float
    old_from: Counts
    old_shares: Floats
    old_standard: Floats
    old_guaranteed: Floats
    excess: Floats
    annuity: Floats
    level_collections: float
    level_outlay: float


class Columns(NamedTuple):
    """The columns that the kernel works on, in the order of READS and WRITES.

    account_pension_m : of who draws no pension, whether she paid in her last year (`code_of`)
    """

    id: Any
    alive: Any
    age: Any
    sex: Any
    birth_month: Any
    province: Any
    education: Any
    death_u: Any
    work: Any
    earnings: Any
    adl: Any
    paid_months: Any
    deemed_years: Any
    contribution_index: Any
    employee_account: Any
    pension_m: Any
    pension: Any
    scheme: Any
    pension_account: Any
    account_pension_m: Any
    pension_years: Any


class Plan(NamedTuple):
    """When somebody means to claim: the month of the year, and what the law asks for.

    first : first month of the pension, 13 if not this year; due : first month after the
        statutory age; needed : months of contributions; reached : month of the statutory age
    """

    first: int
    due: int
    needed: int
    reached: int
    u_extends: float


@inlined
def lasting(identity: Any, call: int, year: int, low: Any, high: Any) -> Any:
    """Four words of a person."""
    address = np.uint64(identity)
    return luck.philox(address & LOW, address >> HIGH, year, call, low, high)


@inlined
def is_outside(c: Person, r: Law, low: Any, high: Any) -> bool:
    """Whether a public employee or pensioner is not yet in the fund."""
    if r.inside >= 1.0:
        return False
    public = c.pension == DRAWS_PUBLIC if c.pension >= DRAWS else c.work == PUBLIC
    if not public:
        return False
    words = lasting(c.id, CONTRIBUTION, luck.LASTING, low, high)
    return bool(luck.unit(words[PLACE]) >= r.inside)


@rule
def bin_of(word: Any) -> int:
    """Bin of the trait of paying."""
    return (int(word) * BINS) >> WORD_BITS


@inlined
def pays_this_year(c: Person, r: Law, low: Any, high: Any) -> bool:
    """Whether a member at work pays: by a lasting trait, the year before and the luck of the year.

    Keeps what the next year has to know.
    """
    flexible, public, paid = c.work == FLEXIBLE, c.work == PUBLIC, True
    if not public:
        trait = lasting(c.id, CONTRIBUTION, luck.LASTING, low, high)[TRAIT]
        now = lasting(c.id, CONTRIBUTION, r.year, low, high)[PAYS]
        before = before_of(c.account_pension_m, flexible)
        paid = luck.unit(now) < r.chances[int(flexible), before, bin_of(trait)]
    c.account_pension_m = code_of(flexible, public, paid)
    return bool(paid)


@inlined
def months_that_count(c: Person) -> int:
    """Months paid and deemed to be paid."""
    return int(c.paid_months) + MONTHS * int(c.deemed_years)


@inlined
def ill_plan(plan: Plan, born: int, u_illness: float, c: Person, r: Law) -> Plan:
    """The plan of somebody in a severe state: a member with the months may claim for illness."""
    law = r.retirement
    if u_illness >= law.illness_share or c.scheme != EMPLOYEE or c.pension != NONE:
        return plan
    needed = months_needed_ill(r.year, law)
    first = month_of_year(born, law.illness_ages[c.sex], r.year)
    if first >= plan.first or months_that_count(c) < needed:
        return plan
    return Plan(first, plan.due, needed, plan.reached, plan.u_extends)


@inlined
def plan_of(
    born: int, works: bool, c: Person, r: Law, low: Any, high: Any
) -> Plan:  # fmt: skip
    """When a person means to claim; born : month of birth, numbered from the year 0."""
    law, sex, ill = r.retirement, c.sex, c.adl == SEVERE
    if c.age + 1 < law.earliest[sex] and not ill:
        return Plan(MONTHS + 1, MONTHS + 1, 0, 0, 1.0)
    words = lasting(c.id, RETIREMENT, luck.LASTING, low, high)
    heavy = luck.unit(words[HEAVY]) < law.special_share and c.work == ENTERPRISE
    flexible = c.work == FLEXIBLE
    post = luck.unit(lasting(c.id, CAREER, luck.LASTING, low, high)[POST])
    class_ = class_of(sex, c.education, flexible, post, heavy, law)
    statutory = statutory_age(class_, sex, born, law)
    old = old_age(class_, sex, law)
    wanted = claim_age(statutory, old, born, works, luck.unit(words[TIMING]), law)
    needed = months_needed(born, statutory, law)
    due, first = month_of_year(born, statutory, r.year), month_of_year(born, wanted, r.year)
    have = months_that_count(c)
    if first < due and have + works * (first - 1) < needed:
        first = due
    if c.scheme != EMPLOYEE and have < needed:
        due = min(due, month_of_year(born, RESIDENT_AGE, r.year))
        first = due
    plan = Plan(first, due, needed, born + statutory, luck.unit(words[PAYS_ON]))
    return ill_plan(plan, born, luck.unit(words[ILLNESS]), c, r) if ill else plan


@rule
def base_of(
    work: int, earnings: int, reference: int, compliance: float, step: float,
    floor: float, ceiling: float,
) -> int:  # fmt: skip
    """Contribution base of a month, fen; earnings : yuan a year; reference : fen a month.

    step : over the reference wage, that a flexible worker has chosen
    """
    declared = compliance * earnings * 100.0 / MONTHS
    if work == FLEXIBLE:
        declared = step * reference
    return int(contribution_base(declared, reference, floor, ceiling))


@inlined
def step_of(identity: Any, r: Law, low: Any, high: Any) -> float:
    """Step of the contribution base that a person chooses for good as a flexible worker."""
    if r.step_share[0] >= 1.0:
        return float(r.steps[0])
    words = lasting(identity, CONTRIBUTION, luck.LASTING, low, high)
    return float(chosen_step(luck.unit(words[STEP]), r.steps, r.step_share))


@inlined
def pay_in(
    work: int, step: float, first: int, last: int, outside: bool, c: Person, r: Law, sums: Any
) -> bool:
    """Contributions for the months from first to last; whether the fund received them.

    step : of flexible workers. Outside the fund a whole year counts as service before accounts,
    months of a broken one as paid.
    """
    s, months = c.province, last - first + 1
    reference = r.reference[s]
    base = base_of(work, c.earnings, reference, r.compliance, step, r.floor, r.ceiling)
    have = months_that_count(c)
    c.contribution_index = mean_index(c.contribution_index, have, base, reference, months)
    collected = int(np.rint(base * r.level_collections))
    if outside:
        own = r.outside_employee[last] - r.outside_employee[first - 1]
        other = r.outside_employer[last] - r.outside_employer[first - 1]
        sums[OUTSIDE_OWN, s] += contribution(collected, own)
        sums[OUTSIDE_EMPLOYER, s] += contribution(collected, other)
        whole = months == MONTHS
        c.deemed_years += whole
        c.paid_months += months * (not whole)
        return False
    own = contribution(collected, r.employee[last] - r.employee[first - 1])
    if work == FLEXIBLE:
        both = contribution(collected, r.flexible[last] - r.flexible[first - 1])
        sums[FLEXIBLE_POOLED, s] += both - own
    else:
        rates = r.employer[int(work == PUBLIC)]
        sums[EMPLOYER, s] += contribution(collected, rates[last] - rates[first - 1])
    sums[OWN, s] += own
    sums[MONTHS_PAID, s] += months
    sums[BASE, s] += np.int64(months) * collected
    c.employee_account = min(np.int64(c.employee_account) + own, MOST_ACCOUNT)
    c.paid_months += months
    return True


@inlined
def pay_at_once(missing: int, c: Person, r: Law, sums: Any) -> None:
    """Contributions for missing months in one sum, on the lowest step of flexible workers."""
    s, reference = c.province, r.reference[c.province]
    base = contribution_base(r.steps[0] * reference, reference, r.floor, r.ceiling)
    have = months_that_count(c)
    c.contribution_index = mean_index(c.contribution_index, have, base, reference, missing)
    collected = int(np.rint(base * r.level_collections))
    own = contribution(collected, missing * r.employee[MONTHS] / MONTHS)
    both = contribution(collected, missing * r.flexible[MONTHS] / MONTHS)
    sums[FLEXIBLE_POOLED, s] += both - own
    sums[OWN, s] += own
    sums[MONTHS_PAID, s] += missing
    sums[BASE, s] += np.int64(missing) * collected
    c.employee_account = min(np.int64(c.employee_account) + own, MOST_ACCOUNT)
    c.paid_months += missing


@inlined
def public_pension(new: int, first: int, divisor: float, c: Person, r: Law) -> int:
    """Pension of public staff from a month of the year on, compared together with their annuity.

    new : by the formula for everybody; divisor : of accounts, months
    """
    made_up, excess = r.old_guaranteed[first], r.excess[first]
    if made_up == 0.0 and excess == 1.0:
        return new
    share = old_share(months_that_count(c) // MONTHS, r.old_from, r.old_shares)
    pay = final_pay(c.earnings, r.compliance, 1.0)
    old = old_pension(final_pay(c.earnings, r.compliance, r.old_standard[first]), share)
    annuity = annuity_pension(pay, r.annuity[first], divisor)
    return int(beside_annuity(in_transition(new + annuity, old, made_up, excess), annuity))


@inlined
def award(born: int, first: int, outside: bool, c: Person, r: Law, sums: Any) -> None:
    """Award of a pension from a month of the year on; a resident's account is taken in."""
    s = c.province
    brought = np.int64(c.pension_account)
    held = min(np.int64(c.employee_account) + brought, MOST_ACCOUNT)
    sums[FROM_RESIDENTS, s] += brought
    c.pension_account = 0
    c.employee_account = held
    age = MONTHS * r.year + first - 2 - born
    index, months = int(c.contribution_index), months_that_count(c)
    divisor = divisor_at(age, r.divisors)
    share = account_pension(held, divisor)
    basic = base_pension(r.award[s], index, months, r.accrual)
    older = transitional_pension(r.award[s], index, int(c.deemed_years), r.transitional)
    rest = basic + older
    if c.work == PUBLIC:
        due = public_pension(rest + share, first, divisor, c, r)
        share = min(share, due)
        rest = due - share
    total = int(np.rint(r.level_outlay * rest)) + share
    c.account_pension_m = min(share, MOST_FEN)
    c.pension_m = min(total, MOST_FEN)
    c.pension, c.scheme = DRAWS_PUBLIC if c.work == PUBLIC else DRAWS, EMPLOYEE
    if not outside:
        sums[AWARDS, s] += 1
        sums[AWARDED, s] += total


@inlined
def pay_out(first: int, last: int, outside: bool, c: Person, r: Law, sums: Any) -> None:
    """The pension for the months from first to last, from the account while it lasts."""
    s, months = c.province, np.int64(months_payable(first, last))
    total, due = months * c.pension_m, months * c.account_pension_m
    if outside:
        sums[OUTSIDE_PAID, s] += total
        return
    held = np.int64(c.employee_account)
    own = from_account(due, held)
    sums[BENEFICIARIES, s] += months > 0
    sums[FROM_ACCOUNT, s] += own
    sums[OVERRUN, s] += due - own
    sums[FROM_POOL, s] += total - due
    c.employee_account = held - own


@inlined
def received_by(sums: Any, s: int) -> Any:
    """Contributions that the fund of a province has received so far in the year."""
    return sums[OWN, s] + sums[EMPLOYER, s] + sums[FLEXIBLE_POOLED, s]


@inlined
def paid_by(sums: Any, s: int) -> Any:
    """What the fund of a province has paid to persons so far in the year."""
    pensions = sums[FROM_POOL, s] + sums[FROM_ACCOUNT, s] + sums[OVERRUN, s]
    return pensions + sums[REFUNDED, s] + sums[GRANTS, s]


@inlined
def settle_death(outside: bool, c: Person, r: Law, sums: Any) -> None:
    """Heirs get the account; for members and pensioners also the grants."""
    s = c.province
    sums[REFUNDED, s] += np.int64(c.employee_account)
    c.employee_account = 0
    have = months_that_count(c)
    if c.scheme != EMPLOYEE or have == 0:
        return
    drawn = 0
    if c.pension >= DRAWS:
        drawn = max(int(c.age) - r.survivor_age[c.sex], 0)
    months = survivor_months(have // MONTHS, drawn, r.survivors, r.most_survivors)
    grant = int(np.rint((r.funeral + months) * r.income))
    sums[OUTSIDE_PAID if outside else GRANTS, s] += grant


@inlined
def claim(born: int, last: int, plan: Plan, outside: bool, c: Person, r: Law, sums: Any) -> bool:
    """Award, a longer time of paying, or the way to the residents; whether the fund was paid."""
    first, paid = plan.first, False
    missing = plan.needed - months_that_count(c)
    if missing > 0 and c.scheme == EMPLOYEE and plan.u_extends < r.at_once:
        pay_at_once(missing, c, r, sums)
        missing, paid = 0, True
    if missing > 0:
        since = max(MONTHS * r.year + first - 2 - plan.reached, 0)
        member = c.scheme == EMPLOYEE
        if not member or not may_extend(missing, since, plan.u_extends, r.retirement):
            held = np.int64(c.employee_account)
            sums[TO_RESIDENTS, c.province] += held
            c.pension_account = min(np.int64(c.pension_account) + held, MOST_FEN)
            years = months_that_count(c) // MONTHS  # count there, so that none is paid twice
            c.pension_years = min(int(c.pension_years) + years, MOST_YEARS)
            c.employee_account, c.paid_months, c.deemed_years = 0, 0, 0
            c.contribution_index, c.scheme = 0, RESIDENT
            return False
        more = min(missing, last - first + 1)
        paid |= pay_in(FLEXIBLE, r.steps[0], first, first + more - 1, False, c, r, sums)
        first, missing = first + more, missing - more
    if missing <= 0 and first <= last:
        award(born, first, outside, c, r, sums)
        pay_out(first, last, outside, c, r, sums)
    return paid


@inlined
def before_pension(
    last: int, outside: bool, c: Person, r: Law, low: Any, high: Any, sums: Any
) -> None:
    """The year of somebody without an employee pension: contributions, and perhaps a claim."""
    born = MONTHS * (r.year - 1 - int(c.age)) + int(c.birth_month) - 1
    member = c.scheme == EMPLOYEE and c.pension == NONE
    works = member and FLEXIBLE <= c.work <= PUBLIC
    plan = plan_of(born, works, c, r, low, high)
    stop, paid = min(plan.first - 1, last), False
    if works and stop > 0 and pays_this_year(c, r, low, high):
        step = step_of(c.id, r, low, high)
        paid = pay_in(c.work, step, 1, stop, outside, c, r, sums)
    if plan.first <= last:
        paid |= claim(born, last, plan, outside, c, r, sums)
    sums[CONTRIBUTORS, c.province] += paid


@rule
def flag_careers(scheme: Any, account: Any, paid_months: Any, deemed: Any, code: Any) -> None:
    """Mark those with a career in the scheme, 1 or 0; code : uint8[people], out. It vectorises."""
    for i in range(scheme.size):
        months = (paid_months[i] != 0) | (deemed[i] != 0)
        code[i] = (scheme[i] == EMPLOYEE) | (account[i] != 0) | months


@rule
def code_careers(
    alive: Any, death_u: Any, age: Any, sex: Any, work: Any, adl: Any, pension: Any, earliest: Any,
    merged: bool, ill: int, code: Any,
) -> None:  # fmt: skip
    """Write what the year of each person is: APART, STIRS, DRAWS_ON, NEAR or BEFORE.

    earliest : int64[sex], age; merged : no public staff are outside the fund; ill : state in which
        members may claim; code : uint8[people], marks of careers before
    Apart from `flag_careers`, since a loop over more columns would not vectorise.
    """
    men, women = earliest[0], earliest[1]
    for i in range(age.size):
        draws = pension[i] >= DRAWS
        public = (pension[i] == DRAWS_PUBLIC) | ((not draws) & (work[i] == PUBLIC))
        stirs = (alive[i] == 0) | (death_u[i] < 1.0) | (public & (not merged))
        stirs |= (adl[i] == ill) & (not draws)
        of_age = age[i] + 1 >= (men if sex[i] == 0 else women)
        calm = np.uint8(DRAWS_ON) if draws else np.uint8(BEFORE) - np.uint8(of_age)
        code[i] *= np.uint8(STIRS) if stirs else np.uint8(calm)


@kernel
def steady(
    c: Columns, start: int, stop: int, r: Rules, low: Any, high: Any, sums: Any, by_age: Any,
    rows: Any,
) -> int:  # fmt: skip
    """The year of those who draw or pay through all of it, without a claim, a death or a move out.

    Everybody else with a career is listed for `eventful`; returns how many there are. The rules
    are the same: plain arrays and lists made without a branch are what makes this fast.
    start, stop : rows to live; rows : uint32[stop - start], out; sums : int64[what, province]
    by_age : int64[AGE_SUMS, age]
    """
    account, paid_months, deemed, index = (
        c.employee_account, c.paid_months, c.deemed_years, c.contribution_index,
    )  # fmt: skip
    scheme, work, pension = c.scheme, c.work, c.pension
    alive, age, sex, province, death_u = c.alive, c.age, c.sex, c.province, c.death_u
    pension_m, account_m, earnings, id = c.pension_m, c.account_pension_m, c.earnings, c.id
    birth_month, education, adl = c.birth_month, c.education, c.adl
    reference, chances, law = r.reference, r.chances, r.retirement
    earliest, special, special_ages = law.earliest, law.special_share, law.special_ages
    ages = law.old_ages_by_birth if law.early_share > 0.0 else law.ages
    own_rate, flexible_rate = r.employee[MONTHS], r.flexible[MONTHS]
    employer_rate = r.employer[:, MONTHS]
    merged, n = r.inside >= 1.0, 0
    ill = SEVERE if law.illness_share > 0.0 else NO_STATE
    code, counts = np.empty(CHUNK, np.uint8), np.zeros((BEFORE + 1, sums.shape[1]), np.int64)
    drawn, near, others, paying, idle = (
        np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32),
        np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32),
    )  # fmt: skip
    ids, one, two = (
        np.empty(CHUNK, np.uint64),
        np.empty(CHUNK, np.uint32),
        np.empty(CHUNK, np.uint32),
    )
    for first in range(start, stop, CHUNK):
        some = slice(first, min(first + CHUNK, stop))
        flag_careers(scheme[some], account[some], paid_months[some], deemed[some], code)
        who = alive[some], death_u[some], age[some], sex[some], work[some], adl[some]
        code_careers(*who, pension[some], earliest, merged, ill, code)
        n_drawn, n_near, n_others, n_paying, n_idle = 0, 0, 0, 0, 0
        for k in range(some.stop - first):
            i = np.uint32(first + k)  # needs no test for a sign
            rows[n], drawn[n_drawn], near[n_near], others[n_others] = i, i, i, i
            n += code[k] == STIRS
            n_drawn += code[k] == DRAWS_ON
            n_near += code[k] == NEAR
            n_others += code[k] == BEFORE
        listed_ids(id, near, n_near, ids)
        fill_lane(ids, n_near, CAREER, luck.LASTING, POST, low, high, one)
        fill_lane(ids, n_near, RETIREMENT, luck.LASTING, HEAVY, low, high, two)
        for k in range(n_near):
            i = near[k]
            born = MONTHS * (r.year - 1 - int(age[i])) + int(birth_month[i]) - 1
            flexible, share_55 = work[i] == FLEXIBLE, law.share_55[education[i]]
            class_ = class_by_post(sex[i], flexible, luck.unit(one[k]), share_55)
            may = ages[class_, min(max(born - MONTHS * FIRST_BIRTH, 0), ages.shape[1] - 1)]
            heavy = (work[i] == ENTERPRISE) & (luck.unit(two[k]) < special)
            may = special_ages[sex[i]] if heavy else may
            may = min(may, RESIDENT_AGE) if scheme[i] != EMPLOYEE else may
            claims = month_of_year(born, may, r.year) <= MONTHS
            rows[n], others[n_others] = i, i
            n += claims
            n_others += not claims
        for k in range(n_others):
            i = others[k]
            works = (scheme[i] == EMPLOYEE) & (pension[i] == NONE)
            works &= (work[i] >= FLEXIBLE) & (work[i] <= PUBLIC)
            paying[n_paying], idle[n_idle] = i, i
            n_paying += works
            n_idle += not works
        listed_ids(id, paying, n_paying, ids)
        fill_lane(ids, n_paying, CONTRIBUTION, luck.LASTING, TRAIT, low, high, one)
        fill_lane(ids, n_paying, CONTRIBUTION, r.year, PAYS, low, high, two)
        n_others, n_paying = n_paying, 0
        for k in range(n_others):
            i = paying[k]
            flexible, public = work[i] == FLEXIBLE, work[i] == PUBLIC
            chance = chances[int(flexible), before_of(account_m[i], flexible), bin_of(one[k])]
            pays = public | (luck.unit(two[k]) < chance)
            account_m[i] = code_of(flexible, public, pays)
            paying[n_paying], idle[n_idle] = i, i
            n_paying += pays
            n_idle += not pays
        for k in range(n_drawn):
            i = drawn[k]
            s = province[i]
            held: Any = np.int64(account[i])
            interest = credited(held, r.interest)
            held = held + interest
            pension_m[i] = min(indexed(pension_m[i], r.rise), MOST_FEN)
            due = np.int64(MONTHS) * account_m[i]
            own = from_account(due, held)
            sums[CREDITED, s] += interest
            counts[DRAWS_ON, s] += 1
            sums[FROM_ACCOUNT, s] += own
            sums[OVERRUN, s] += due - own
            total = np.int64(MONTHS) * pension_m[i]
            sums[FROM_POOL, s] += total - due
            by_age[PAID, age_reached(age[i])] += total
            held = min(held - own, MOST_ACCOUNT)
            account[i] = held
            sums[HELD, s] += held
        for k in range(n_idle):
            i = idle[k]
            s = province[i]
            held = np.int64(account[i])
            interest = credited(held, r.interest)
            held = min(held + interest, MOST_ACCOUNT)
            account[i] = held
            sums[ACTIVE, s] += scheme[i] == EMPLOYEE
            sums[CREDITED, s] += interest
            sums[HELD, s] += held
        for k in range(n_paying):
            i = paying[k]
            s = province[i]
            held = np.int64(account[i])
            interest = credited(held, r.interest)
            wage, have = reference[s], int(paid_months[i]) + MONTHS * int(deemed[i])
            step = step_of(id[i], r, low, high) if work[i] == FLEXIBLE else 0.0
            base = base_of(work[i], earnings[i], wage, r.compliance, step, r.floor, r.ceiling)
            index[i] = mean_index(index[i], have, base, wage, MONTHS)
            collected = int(np.rint(base * r.level_collections))
            own = contribution(collected, own_rate)
            if work[i] == FLEXIBLE:
                other = contribution(collected, flexible_rate) - own
                sums[FLEXIBLE_POOLED, s] += other
            else:
                other = contribution(collected, employer_rate[int(work[i] == PUBLIC)])
                sums[EMPLOYER, s] += other
            a, based = age_reached(age[i]), np.int64(MONTHS) * collected
            by_age[RECEIVED, a] += own + other
            by_age[BASED, a] += based
            held = min(held + interest + own, MOST_ACCOUNT)
            account[i] = held
            paid_months[i] += MONTHS
            counts[BEFORE, s] += 1
            sums[CREDITED, s] += interest
            sums[OWN, s] += own
            sums[BASE, s] += based
            sums[HELD, s] += held
    for s in range(sums.shape[1]):
        sums[BENEFICIARIES, s] += counts[DRAWS_ON, s]
        sums[RETIRED, s] += counts[DRAWS_ON, s]
        sums[ACTIVE, s] += counts[BEFORE, s]
        sums[CONTRIBUTORS, s] += counts[BEFORE, s]
        sums[MONTHS_PAID, s] += MONTHS * counts[BEFORE, s]
    return n


@kernel
def eventful(persons: Any, r: Law, low: Any, high: Any, sums: Any, by_age: Any) -> None:
    """The year of these people, whatever happens to them in it.

    persons : record[n]; r : record of the law
    """
    for k in range(persons.size):
        c = persons[k]
        s, a = c.province, age_reached(c.age)
        held = np.int64(c.employee_account)
        received, paid, based = received_by(sums, s), paid_by(sums, s), sums[BASE, s]
        if not c.alive:  # left the country this year
            sums[REFUNDED, s] += held
            by_age[PAID, a] += held
            c.employee_account = 0
            continue
        interest = credited(held, r.interest)
        sums[CREDITED, s] += interest
        c.employee_account = min(held + interest, MOST_ACCOUNT)
        outside, last = is_outside(c, r, low, high), last_month(c.death_u)
        if c.pension >= DRAWS:
            c.pension_m = min(indexed(c.pension_m, r.rise), MOST_FEN)
            pay_out(1, last, outside, c, r, sums)
        else:
            before_pension(last, outside, c, r, low, high, sums)
        if c.death_u < 1.0:
            settle_death(outside, c, r, sums)
        elif c.scheme == EMPLOYEE and not outside:
            sums[RETIRED if c.pension >= DRAWS else ACTIVE, s] += 1
        sums[HELD, s] += np.int64(c.employee_account)
        by_age[RECEIVED, a] += received_by(sums, s) - received
        by_age[PAID, a] += paid_by(sums, s) - paid
        by_age[BASED, a] += sums[BASE, s] - based


@kernel
def take_out(c: Columns, rows: Any, n: int, persons: Any) -> None:
    """The first n rows of a list as records."""
    for k in range(n):
        i, one = rows[k], persons[k]
        one.id, one.alive, one.age, one.sex = c.id[i], c.alive[i], c.age[i], c.sex[i]
        one.birth_month, one.province = c.birth_month[i], c.province[i]
        one.education, one.death_u = c.education[i], c.death_u[i]
        one.work, one.earnings, one.adl = c.work[i], c.earnings[i], c.adl[i]
        one.paid_months, one.deemed_years = c.paid_months[i], c.deemed_years[i]
        one.contribution_index = c.contribution_index[i]
        one.employee_account, one.pension_m = c.employee_account[i], c.pension_m[i]
        one.pension, one.scheme = c.pension[i], c.scheme[i]
        one.pension_account = c.pension_account[i]
        one.account_pension_m = c.account_pension_m[i]
        one.pension_years = c.pension_years[i]


@kernel
def put_back(c: Columns, rows: Any, n: int, persons: Any) -> None:
    """What the year has changed, from the records to their rows."""
    for k in range(n):
        i, one = rows[k], persons[k]
        c.paid_months[i], c.deemed_years[i] = one.paid_months, one.deemed_years
        c.contribution_index[i] = one.contribution_index
        c.employee_account[i], c.pension_m[i] = one.employee_account, one.pension_m
        c.pension[i], c.scheme[i] = one.pension, one.scheme
        c.pension_account[i] = one.pension_account
        c.account_pension_m[i] = one.account_pension_m
        c.pension_years[i] = one.pension_years


@kernel
def live_part(
    c: Columns, first: int, last: int, r: Rules, law: Law, low: Any, high: Any, sums: Any,
    by_age: Any, rows: Any, persons: Any,
) -> int:  # fmt: skip
    """A year of the rows from first to before last; returns how many were taken out.

    law : record of r; rows : uint32[rows or more]; persons : record[rows or more], to work in
    """
    n = steady(c, first, last, r, low, high, sums, by_age, rows)
    take_out(c, rows, n, persons)
    eventful(persons[:n], law, low, high, sums, by_age)
    put_back(c, rows, n, persons)
    return int(n)


@kernel
def live_parts(
    c: Columns, r: Rules, law: Law, low: Any, high: Any, sums: Any, by_age: Any, rows: Any,
    persons: Any,
) -> None:  # fmt: skip
    """A year of all rows, as many at a time as there is room to work in."""
    for first in range(0, c.id.size, rows.size):
        last = min(first + rows.size, c.id.size)
        live_part(c, first, last, r, law, low, high, sums, by_age, rows, persons)


def records(c: Columns, n: int) -> Any:
    """Room for n people as records with a field for each column."""
    fields = [(name, column.dtype) for name, column in c._asdict().items()]
    return np.zeros(n, np.dtype(fields, align=True)).view(np.recarray)


def fields_of(values: Any) -> np.dtype[Any]:
    """Type of a record that holds numbers, arrays and tuples of these, by name."""
    fields: list[Any] = []
    for name, value in values._asdict().items():
        array = np.asarray(value) if not hasattr(value, "_asdict") else None
        if array is None:
            fields.append((name, fields_of(value)))
        else:
            fields.append((name, array.dtype, array.shape) if array.shape else (name, array.dtype))
    return np.dtype(fields, align=True)


def _write(record: Any, values: Any) -> None:
    for name, value in values._asdict().items():
        if hasattr(value, "_asdict"):
            _write(record[name], value)
        else:
            record[name] = value


def record_of(r: Rules) -> Any:
    """The law as a record: unlike a tuple of arrays it passes from rule to rule at no cost."""
    record: Any = np.zeros(1, fields_of(r)).view(np.recarray)
    _write(record[0], r)
    return record[0]


def live(c: Columns, r: Rules, low: Any, high: Any, sums: Counts) -> Counts:
    """A year of everybody; the few to whom something happens are taken out as records.

    sums : int64[what, province], added to; returns what is summed by age, int64[AGE_SUMS, age]
    """
    by_age = np.zeros((AGE_SUMS, len(AGES)), np.int64)
    rows, persons, law = np.empty(PART, np.uint32), records(c, PART), record_of(r)
    live_parts(c, r, law, low, high, sums, by_age, rows, persons)
    return by_age
