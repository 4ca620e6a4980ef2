"""The basic pension of employees: contributions, accounts, awards, pensions and their fund.

Decides for the members of the employee scheme whether they pay in a year and on which base,
what stands in their account, when they claim, what they are awarded, and what is paid until
death; short of years they pay on, or take the account to the residents' scheme. Staff of the
public sector and their pensioners stand outside the fund until the merger reaches them.
Source: State Council 2005 no. 38 and later acts (`parameters/policies/employee_pension.yaml`,
`retirement.yaml`). Leaves out wages by province, annuities, pension rises that differ by age
or amount (all rise alike, from the pooled ledger), and the old formula for public staff who
retire in the ten years after the merger.

Accounts are claims. Assets stand behind `funded_share` of them, in the individual ledger;
the pooled ledger takes the rest as current money and bears the interest that is credited.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.columns import Column
from ...agents.compiled import inlined, kernel
from ...agents.institutions import move, shared, split
from ...parameters.dims import FUNDS, LEDGERS, PENSIONS, PROVINCES, RESIDENCES, WORK
from ...parameters.load import Parameters
from .. import pension_rules as rules_
from ..funds import add_counts, fen
from ..national import months_of_reserve
from ..numbers import Numbers
from ..pension_rules import (
    MONTHS,
    account_pension,
    base_pension,
    contribution,
    contribution_base,
    credited,
    divisor_at,
    fen_a_month,
    from_account,
    indexed,
    last_month,
    mean_index,
    months_payable,
    survivor_months,
    transitional_pension,
)
from ..prices import by_law, income, nominal_return
from ..retirement_rules import (
    Retirement,
    claim_age,
    class_of,
    may_extend,
    month_of_year,
    months_needed,
    old_age,
    retirement_of,
    statutory_age,
)
from ..scheme_membership import EMPLOYEE, RESIDENT
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

CAREER_COLUMNS = (
    Column("work", np.uint8, 0, "code", "work", "state of work in the year"),
    Column("earnings", np.int32, 0, "yuan per year", "work", "at full-year work in the year"),
)
COLUMNS = (
    Column("paid_months", np.uint16, 0, "months", "employee_pension", "paid to the scheme"),
    Column("deemed_years", np.uint8, 0, "years", "employee_pension",
           "of service before accounts that count as paid"),
    Column("contribution_index", np.uint16, 0, "1/10000", "employee_pension",
           "mean of base over reference wage, over all months that count"),
    Column("employee_account", np.uint32, 0, "fen", "employee_pension", "individual account"),
    Column("pension_m", np.int32, 0, "fen", "employee_pension", "pension a month, all parts"),
    Column("pension", np.uint8, 0, "code", "employee_pension", "scheme of the pension awarded"),
    Column("from_public", np.uint8, 0, "flag", "employee_pension", "retired from a public post"),
)  # fmt: skip
SHARED = ("scheme", "pension_account", "account_pension_m")  # written at awards and transfers
WRITES = (*(column.name for column in COLUMNS), *SHARED)
READS = (
    "id", "alive", "age", "sex", "birth_month", "province", "education", "death_u", "work",
    "earnings",
)  # fmt: skip
FUND, RESIDENTS = "employee_pension", "resident_pension"
POLICY = rules_.POLICY
CENTRAL, LOCAL, HOUSEHOLDS, EMPLOYERS = (
    "central_government", "local_government", "households", "employers",
)  # fmt: skip
CAPITAL_MARKET, BEFORE = "capital_market", "before_the_first_year"
BILLION_FEN = 1e11
MILLION = 1_000_000  # the factor on the employers' rate is counted in millionths
FITTED = (2011, 2012, 2013, 2014, 2015)
OF_RESERVE = ("reserve_floor", "rate_rise", "rate_ceiling")
POOLED, INDIVIDUAL = (LEDGERS.index(name) for name in ("pooled", "individual"))
FLEXIBLE, ENTERPRISE, PUBLIC = (WORK.index(w) for w in ("flexible", "enterprise", "public"))
NONE, DRAWS = PENSIONS.index("none"), PENSIONS.index("employee")
URBAN = RESIDENCES.index("urban")
RESIDENT_AGE = 60 * MONTHS  # of the residents' pension: accounts reach it in time
MOST_FEN = 2_147_000_000  # in a column of int32
MOST_ACCOUNT = 4_294_000_000

RETIREMENT, CONTRIBUTION = int(luck.Call.RETIREMENT), int(luck.Call.CONTRIBUTION)
POST, TIMING, HEAVY, PAYS_ON = range(4)  # lanes of the call for retirement
TRAIT, PLACE, PAYS = range(3)  # lanes of the call for contributions
BINS = 64  # of the trait of paying
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)

# what is summed by province
(ACTIVE, RETIRED, CONTRIBUTORS, MONTHS_PAID, BENEFICIARIES, AWARDS, BASE, OWN, EMPLOYER,
 FLEXIBLE_POOLED, CREDITED, FROM_POOL, FROM_ACCOUNT, OVERRUN, REFUNDED, GRANTS, AWARDED,
 TO_RESIDENTS, FROM_RESIDENTS, OUTSIDE_OWN, OUTSIDE_EMPLOYER, OUTSIDE_PAID,
 HELD) = range(23)  # fmt: skip
SUMS = 23


class Rules(NamedTuple):
    """The law of one year; money in fen, rates as running sums over months, float64[13].

    reference, award : wage a month, int64[province]
    employer : float64[2, 13], of enterprises and public posts
    outside_* : what public staff outside the fund pay to the budget
    chances : float64[2, bin], to pay in a year, of employees and flexible workers
    inside : share of public staff and pensioners whom the fund covers
    """

    year: int
    retirement: Retirement
    reference: Counts
    award: Counts
    floor: float
    ceiling: float
    flexible_base: float
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
    inside: float
    level_collections: float
    level_outlay: float


class Columns(NamedTuple):
    """The columns that the kernel works on, in the order of READS and WRITES."""

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
    paid_months: Any
    deemed_years: Any
    contribution_index: Any
    employee_account: Any
    pension_m: Any
    pension: Any
    from_public: Any
    scheme: Any
    pension_account: Any
    account_pension_m: Any


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
def is_outside(i: int, c: Columns, r: Rules, low: Any, high: Any) -> bool:
    """Whether a public employee or pensioner is not yet in the fund."""
    if r.inside >= 1.0:
        return False
    public = c.from_public[i] if c.pension[i] == DRAWS else c.work[i] == PUBLIC
    if not public:
        return False
    words = lasting(c.id[i], CONTRIBUTION, luck.LASTING, low, high)
    return bool(luck.unit(words[PLACE]) >= r.inside)


@inlined
def pays_this_year(i: int, c: Columns, r: Rules, low: Any, high: Any) -> bool:
    """Whether a member at work pays: by a lasting trait and the luck of the year."""
    if c.work[i] == PUBLIC:
        return True
    trait = lasting(c.id[i], CONTRIBUTION, luck.LASTING, low, high)[TRAIT]
    now = lasting(c.id[i], CONTRIBUTION, r.year, low, high)[PAYS]
    place = min(int(luck.unit(trait) * BINS), BINS - 1)
    return bool(luck.unit(now) < r.chances[int(c.work[i] == FLEXIBLE), place])


@inlined
def months_that_count(i: int, c: Columns) -> int:
    """Months paid and deemed to be paid."""
    return int(c.paid_months[i]) + MONTHS * int(c.deemed_years[i])


@inlined
def plan_of(
    i: int, born: int, works: bool, c: Columns, r: Rules, low: Any, high: Any
) -> Plan:  # fmt: skip
    """When a person means to claim; born : month of birth, numbered from the year 0."""
    law, sex = r.retirement, c.sex[i]
    if c.age[i] + 1 < law.earliest[sex]:
        return Plan(MONTHS + 1, MONTHS + 1, 0, 0, 1.0)
    words = lasting(c.id[i], RETIREMENT, luck.LASTING, low, high)
    heavy = luck.unit(words[HEAVY]) < law.special_share and c.work[i] == ENTERPRISE
    flexible = c.work[i] == FLEXIBLE
    class_ = class_of(sex, c.education[i], flexible, luck.unit(words[POST]), heavy, law)
    statutory = statutory_age(class_, sex, born, law)
    old = old_age(class_, sex, law)
    wanted = claim_age(statutory, old, born, works, luck.unit(words[TIMING]), law)
    needed = months_needed(born, statutory, law)
    due, first = month_of_year(born, statutory, r.year), month_of_year(born, wanted, r.year)
    have = months_that_count(i, c)
    if first < due and have + works * (first - 1) < needed:
        first = due
    if c.scheme[i] != EMPLOYEE and have < needed:
        due = min(due, month_of_year(born, RESIDENT_AGE, r.year))
        first = due
    return Plan(first, due, needed, born + statutory, luck.unit(words[PAYS_ON]))


@inlined
def pay_in(
    i: int, work: int, first: int, last: int, outside: bool, c: Columns, r: Rules, sums: Any
) -> bool:
    """Contributions for the months from first to last; whether the fund received them.

    Outside the fund a whole year counts as service before accounts, months of a broken one as paid.
    """
    s, months = c.province[i], last - first + 1
    reference = r.reference[s]
    declared = r.compliance * c.earnings[i] * 100.0 / MONTHS
    if work == FLEXIBLE:
        declared = r.flexible_base * reference
    base = contribution_base(declared, reference, r.floor, r.ceiling)
    have = months_that_count(i, c)
    c.contribution_index[i] = mean_index(c.contribution_index[i], have, base, reference, months)
    collected = int(np.rint(base * r.level_collections))
    if outside:
        own = r.outside_employee[last] - r.outside_employee[first - 1]
        other = r.outside_employer[last] - r.outside_employer[first - 1]
        sums[OUTSIDE_OWN, s] += contribution(collected, own)
        sums[OUTSIDE_EMPLOYER, s] += contribution(collected, other)
        whole = months == MONTHS
        c.deemed_years[i] += whole
        c.paid_months[i] += months * (not whole)
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
    c.employee_account[i] = min(np.int64(c.employee_account[i]) + own, MOST_ACCOUNT)
    c.paid_months[i] += months
    return True


@inlined
def award(i: int, born: int, first: int, outside: bool, c: Columns, r: Rules, sums: Any) -> None:
    """Award of a pension from a month of the year on; a resident's account is taken in."""
    s = c.province[i]
    brought = np.int64(c.pension_account[i])
    held = min(np.int64(c.employee_account[i]) + brought, MOST_ACCOUNT)
    sums[FROM_RESIDENTS, s] += brought
    c.pension_account[i] = 0
    c.employee_account[i] = held
    age = MONTHS * r.year + first - 2 - born
    index, months = int(c.contribution_index[i]), months_that_count(i, c)
    share = account_pension(held, divisor_at(age, r.divisors))
    basic = base_pension(r.award[s], index, months, r.accrual)
    older = transitional_pension(r.award[s], index, int(c.deemed_years[i]), r.transitional)
    total = int(np.rint(r.level_outlay * (basic + older))) + share
    c.account_pension_m[i] = min(share, MOST_FEN)
    c.pension_m[i] = min(total, MOST_FEN)
    c.from_public[i] = c.work[i] == PUBLIC
    c.pension[i], c.scheme[i] = DRAWS, EMPLOYEE
    if not outside:
        sums[AWARDS, s] += 1
        sums[AWARDED, s] += total


@inlined
def pay_out(i: int, first: int, last: int, outside: bool, c: Columns, r: Rules, sums: Any) -> None:
    """The pension for the months from first to last, from the account while it lasts."""
    s, months = c.province[i], np.int64(months_payable(first, last))
    total, due = months * c.pension_m[i], months * c.account_pension_m[i]
    if outside:
        sums[OUTSIDE_PAID, s] += total
        return
    held = np.int64(c.employee_account[i])
    own = from_account(due, held)
    sums[BENEFICIARIES, s] += months > 0
    sums[FROM_ACCOUNT, s] += own
    sums[OVERRUN, s] += due - own
    sums[FROM_POOL, s] += total - due
    c.employee_account[i] = held - own


@inlined
def settle_death(i: int, outside: bool, c: Columns, r: Rules, sums: Any) -> None:
    """Heirs get the account; for members and pensioners also the grants."""
    s = c.province[i]
    sums[REFUNDED, s] += np.int64(c.employee_account[i])
    c.employee_account[i] = 0
    have = months_that_count(i, c)
    if c.scheme[i] != EMPLOYEE or have == 0:
        return
    drawn = 0
    if c.pension[i] == DRAWS:
        drawn = max(int(c.age[i]) - r.survivor_age[c.sex[i]], 0)
    months = survivor_months(have // MONTHS, drawn, r.survivors, r.most_survivors)
    grant = int(np.rint((r.funeral + months) * r.income))
    sums[OUTSIDE_PAID if outside else GRANTS, s] += grant


@inlined
def claim(
    i: int, born: int, last: int, plan: Plan, outside: bool, c: Columns, r: Rules, sums: Any
) -> bool:
    """Award, a longer time of paying, or the way to the residents; whether the fund was paid."""
    first, paid = plan.first, False
    missing = plan.needed - months_that_count(i, c)
    if missing > 0:
        since = max(MONTHS * r.year + first - 2 - plan.reached, 0)
        member = c.scheme[i] == EMPLOYEE
        if not member or not may_extend(missing, since, plan.u_extends, r.retirement):
            held = np.int64(c.employee_account[i])
            sums[TO_RESIDENTS, c.province[i]] += held
            c.pension_account[i] = min(np.int64(c.pension_account[i]) + held, MOST_FEN)
            c.employee_account[i], c.paid_months[i], c.deemed_years[i] = 0, 0, 0
            c.contribution_index[i], c.scheme[i] = 0, RESIDENT
            return False
        more = min(missing, last - first + 1)
        paid = pay_in(i, FLEXIBLE, first, first + more - 1, False, c, r, sums)
        first, missing = first + more, missing - more
    if missing <= 0 and first <= last:
        award(i, born, first, outside, c, r, sums)
        pay_out(i, first, last, outside, c, r, sums)
    return paid


@inlined
def before_pension(
    i: int, last: int, outside: bool, c: Columns, r: Rules, low: Any, high: Any, sums: Any
) -> None:
    """The year of somebody without an employee pension: contributions, and perhaps a claim."""
    born = MONTHS * (r.year - 1 - int(c.age[i])) + int(c.birth_month[i]) - 1
    member = c.scheme[i] == EMPLOYEE and c.pension[i] == NONE
    works = member and FLEXIBLE <= c.work[i] <= PUBLIC
    plan = plan_of(i, born, works, c, r, low, high)
    stop, paid = min(plan.first - 1, last), False
    if works and stop > 0 and pays_this_year(i, c, r, low, high):
        paid = pay_in(i, c.work[i], 1, stop, outside, c, r, sums)
    if plan.first <= last:
        paid |= claim(i, born, last, plan, outside, c, r, sums)
    sums[CONTRIBUTORS, c.province[i]] += paid


@kernel
def steady(c: Columns, r: Rules, low: Any, high: Any, sums: Any, rows: Any) -> int:
    """The year of those who draw or pay through all of it, without a claim, a death or a move out.

    Everybody else with a career is listed for `eventful`; returns how many there are. The rules
    are the same: plain arrays and a short list of cases are what makes this loop fast.
    rows : int64[people], out; sums : int64[what, province]
    """
    account, paid_months, deemed, index = (
        c.employee_account, c.paid_months, c.deemed_years, c.contribution_index,
    )  # fmt: skip
    scheme, work, pension, from_public = c.scheme, c.work, c.pension, c.from_public
    alive, age, sex, province, death_u = c.alive, c.age, c.sex, c.province, c.death_u
    pension_m, account_m, earnings, ids = c.pension_m, c.account_pension_m, c.earnings, c.id
    reference, chances, earliest = r.reference, r.chances, r.retirement.earliest
    own_rate, flexible_rate = r.employee[MONTHS], r.flexible[MONTHS]
    employer_rate = r.employer[:, MONTHS]
    merged, n = r.inside >= 1.0, 0
    for i in range(age.size):
        if (scheme[i] != EMPLOYEE) & (account[i] == 0) & (paid_months[i] == 0) & (deemed[i] == 0):
            continue
        draws = pension[i] == DRAWS
        public = from_public[i] == 1 if draws else work[i] == PUBLIC
        near = not draws and age[i] + 1 >= earliest[sex[i]]
        if not alive[i] or death_u[i] < 1.0 or near or (public and not merged):
            rows[n] = i
            n += 1
            continue
        s, held = province[i], np.int64(account[i])
        interest = credited(held, r.interest)
        sums[CREDITED, s] += interest
        held += interest
        if draws:
            pension_m[i] = min(indexed(pension_m[i], r.rise), MOST_FEN)
            due = np.int64(MONTHS) * account_m[i]
            own = from_account(due, held)
            sums[BENEFICIARIES, s] += 1
            sums[RETIRED, s] += 1
            sums[FROM_ACCOUNT, s] += own
            sums[OVERRUN, s] += due - own
            sums[FROM_POOL, s] += np.int64(MONTHS) * pension_m[i] - due
            held -= own
        elif scheme[i] == EMPLOYEE:
            sums[ACTIVE, s] += 1
            flexible = work[i] == FLEXIBLE
            if pension[i] == NONE and FLEXIBLE <= work[i] <= PUBLIC:
                pays = work[i] == PUBLIC
                if not pays:
                    trait = lasting(ids[i], CONTRIBUTION, luck.LASTING, low, high)[TRAIT]
                    now = lasting(ids[i], CONTRIBUTION, r.year, low, high)[PAYS]
                    place = min(int(luck.unit(trait) * BINS), BINS - 1)
                    pays = luck.unit(now) < chances[int(flexible), place]
                if pays:
                    wage = reference[s]
                    declared = r.compliance * earnings[i] * 100.0 / MONTHS
                    if flexible:
                        declared = r.flexible_base * wage
                    base = contribution_base(declared, wage, r.floor, r.ceiling)
                    have = int(paid_months[i]) + MONTHS * int(deemed[i])
                    index[i] = mean_index(index[i], have, base, wage, MONTHS)
                    collected = int(np.rint(base * r.level_collections))
                    own = contribution(collected, own_rate)
                    if flexible:
                        sums[FLEXIBLE_POOLED, s] += contribution(collected, flexible_rate) - own
                    else:
                        rate = employer_rate[int(work[i] == PUBLIC)]
                        sums[EMPLOYER, s] += contribution(collected, rate)
                    sums[OWN, s] += own
                    sums[MONTHS_PAID, s] += MONTHS
                    sums[BASE, s] += np.int64(MONTHS) * collected
                    sums[CONTRIBUTORS, s] += 1
                    paid_months[i] += MONTHS
                    held += own
        held = min(held, MOST_ACCOUNT)
        account[i] = held
        sums[HELD, s] += held
    return n


@kernel
def eventful(rows: Any, c: Columns, r: Rules, low: Any, high: Any, sums: Any) -> None:
    """The year of the listed people, whatever happens to them in it."""
    for k in range(rows.size):
        i = rows[k]
        s = c.province[i]
        held = np.int64(c.employee_account[i])
        if not c.alive[i]:  # left the country this year
            sums[REFUNDED, s] += held
            c.employee_account[i] = 0
            continue
        interest = credited(held, r.interest)
        sums[CREDITED, s] += interest
        c.employee_account[i] = min(held + interest, MOST_ACCOUNT)
        outside, last = is_outside(i, c, r, low, high), last_month(c.death_u[i])
        if c.pension[i] == DRAWS:
            c.pension_m[i] = min(indexed(c.pension_m[i], r.rise), MOST_FEN)
            pay_out(i, 1, last, outside, c, r, sums)
        else:
            before_pension(i, last, outside, c, r, low, high, sums)
        if c.death_u[i] < 1.0:
            settle_death(i, outside, c, r, sums)
        elif c.scheme[i] == EMPLOYEE and not outside:
            sums[RETIRED if c.pension[i] == DRAWS else ACTIVE, s] += 1
        sums[HELD, s] += np.int64(c.employee_account[i])


def running(p: Parameters, year: int, names: tuple[str, ...], value: Any) -> Floats:
    """Running sums over the months of a year, float64[13]; names : the entries it depends on."""
    months = by_law(p, [POLICY + name for name in names], year, value)
    return np.concatenate([[0.0], np.cumsum(months)])


def law_on(p: Parameters, name: str, day: date) -> float:
    """A dated number of the policy."""
    return float(np.asarray(p.at(POLICY + name, day)))


@lru_cache(maxsize=64)
def _rules(numbers: Numbers, year: int) -> Rules:
    p, opening = numbers.p, date(year, 1, 1)

    def rates(*names: str, value: Any = None) -> Floats:
        return running(p, year, names, value or (lambda day: law_on(p, names[0], day)))

    def after_waiver(day: date) -> float:
        return law_on(p, "employer_rate", day) * (1.0 - law_on(p, "employer_waiver", day))

    def to_budget(name: str) -> Floats:
        def due(day: date) -> float:
            return law_on(p, name, day) * law_on(p, "public_pays", day)

        return rates(name, "public_pays", value=due)

    provinces = p.array(POLICY + "province_wage")
    enterprise = rates("employer_rate", "employer_waiver", value=after_waiver)
    density, spread = p.array(POLICY + "density"), p.value(POLICY + "density_spread")

    def monthly(wage: float) -> Counts:
        return np.array([fen_a_month(wage * ratio) for ratio in provinces], dtype=np.int64)

    return Rules(
        year=year,
        retirement=retirement_of(p),
        reference=monthly(rules_.reference_wage(p, year)),
        award=monthly(rules_.award_wage(p, year)),
        floor=law_on(p, "base_floor", opening),
        ceiling=law_on(p, "base_ceiling", opening),
        flexible_base=law_on(p, "flexible_base", opening),
        compliance=p.value(POLICY + "compliance"),
        employee=rates("employee_rate"),
        employer=np.stack([enterprise, rates("employer_rate")]),
        flexible=rates("flexible_rate"),
        outside_employee=to_budget("employee_rate"),
        outside_employer=to_budget("employer_rate"),
        chances=np.stack([rules_.chances_to_pay(float(d), spread, BINS) for d in density]),
        interest=rules_.crediting_rate(p, year),
        divisors=np.array(p.array(POLICY + "divisors")),
        accrual=law_on(p, "accrual", opening),
        transitional=p.value(POLICY + "transitional_rate"),
        rise=rules_.indexation(p, year),
        funeral=law_on(p, "funeral_months", opening),
        survivors=rules_.numbers_of(p.array(POLICY + "survivor_months")),
        most_survivors=int(p.value(POLICY + "survivor_most")),
        survivor_age=rules_.numbers_of(p.array(POLICY + "survivor_age")),
        income=fen(float(income(p, year - 1)[URBAN]) / MONTHS),
        inside=law_on(p, "public_inside", opening),
        level_collections=p.value(POLICY + "level_collections"),
        level_outlay=p.value(POLICY + "level_outlay"),
    )


def rules_of(p: Parameters, year: int) -> Rules:
    """The law of a year."""
    return _rules(Numbers(p), year)


def apply(model: "SongheModel") -> None:
    """One year of the scheme; nothing before its first year."""
    first_year = int(model.parameters.value(POLICY + "first_year"))
    if model.year < first_year:
        return
    if model.year == first_year:
        _open(model)
    rules = _decided(model, rules_of(model.parameters, model.year))
    sums = np.zeros((SUMS, len(PROVINCES)), np.int64)
    columns = Columns(*(model.people[name] for name in (*READS, *WRITES)))
    rows = np.empty(model.people.n, np.int64)
    key = (model.key.low, model.key.high)
    rows = rows[: steady(columns, rules, *key, sums, rows)]
    eventful(rows, columns, rules, *key, sums)
    _book(model, rules, sums)
    _pool(model, rules, sums)
    _count(model, sums)


def _decided(model: "SongheModel", rules: Rules) -> Rules:
    """The fund looks at the national reserve and sets the employers' rate of the year."""
    fund, p = model.funds[FUND], model.parameters
    floor, rise, ceiling = (law_on(p, name, date(model.year, 1, 1)) for name in OF_RESERVE)
    months = months_of_reserve(model.national, FUND)
    factor = rules_.next_factor(fund.premium_factor, months, floor, rise, ceiling)
    fund.premium_factor = factor
    model.tally.add("employee_pension_rate_factor", np.array(round(factor * MILLION)))
    return rules if factor == 1.0 else rules._replace(employer=rules.employer * factor)


def _open(model: "SongheModel") -> None:
    """The published balance at the end of 2010 comes in, and earns its first return."""
    people, p, fund = model.people, model.parameters, model.funds[FUND]
    members = (people["scheme"] == EMPLOYEE) & (people["alive"] == 1)
    by_province = np.bincount(people["province"][members], minlength=len(PROVINCES))
    if not by_province.any():
        return
    total = round(p.value(POLICY + "opening_balance") * BILLION_FEN / model.weight)
    backed = _backed(p, _held(model))
    fund.flow("opening_adjustment", backed, BEFORE, ledger="individual")
    fund.flow("opening_adjustment", split(max(total - int(backed.sum()), 0), by_province), BEFORE)
    rate = nominal_return(p, model.year)
    for row, ledger in enumerate(LEDGERS):
        earned = np.rint(rate * fund.balance[row]).astype(np.int64)
        fund.flow("interest", earned, CAPITAL_MARKET, ledger=ledger)


def _held(model: "SongheModel") -> Counts:
    """Accounts by province, fen."""
    held = np.zeros(len(PROVINCES), np.int64)
    np.add.at(held, model.people["province"], model.people["employee_account"].astype(np.int64))
    return held


def _backed(p: Parameters, accounts: Counts) -> Counts:
    """The part of an amount in accounts behind which assets stand."""
    backed = p.value(POLICY + "funded_share") * accounts
    return np.asarray(np.rint(backed), dtype=np.int64)


def _book(model: "SongheModel", r: Rules, sums: Counts) -> None:
    """Every flow of the year; at the end the individual ledger holds what backs the accounts."""
    p, fund, residents = model.parameters, model.funds[FUND], model.funds[RESIDENTS]
    earned = nominal_return(p, model.year) * fund.opening[INDIVIDUAL]
    earned = np.rint(np.maximum(earned, 0.0)).astype(np.int64)
    fund.flow("interest", earned, CAPITAL_MARKET, ledger="individual")
    own, claims = sums[OWN], sums[FROM_ACCOUNT] + sums[REFUNDED]
    own_backed, claims_backed = _backed(p, own), _backed(p, claims)
    fund.flow("revenue", own_backed, HOUSEHOLDS, ledger="individual")
    fund.flow("revenue", own - own_backed + sums[FLEXIBLE_POOLED], HOUSEHOLDS)
    fund.flow("revenue", sums[EMPLOYER], EMPLOYERS)
    fund.flow("outlay", claims_backed, HOUSEHOLDS, ledger="individual")
    pooled = sums[FROM_POOL] + sums[OVERRUN] + sums[GRANTS] + claims - claims_backed
    fund.flow("outlay", pooled, HOUSEHOLDS)
    outlay = pooled + claims_backed
    fee = np.rint(p.value(POLICY + "administration") * outlay).astype(np.int64)
    fund.flow("administration", fee, "agencies")
    subsidy = law_on(p, "subsidy_share", date(model.year, 1, 1)) * outlay
    fund.flow("subsidy", np.rint(subsidy).astype(np.int64), CENTRAL)
    between = sums[TO_RESIDENTS] - sums[FROM_RESIDENTS]
    move(fund, residents, between, "individual", "individual")
    backed = _backed(p, sums[HELD])
    move(fund, fund, backed - fund.balance[INDIVIDUAL], "pooled", "individual")
    _book_outside(model, sums)


def _book_outside(model: "SongheModel", sums: Counts) -> None:
    """What the budget receives and pays for public staff outside the fund."""
    accounts, none = model.counterparts, np.zeros(len(PROVINCES), np.int64)
    received = sums[OUTSIDE_OWN] + sums[OUTSIDE_EMPLOYER]
    for name, gained in (
        (LOCAL, received - sums[OUTSIDE_PAID]),
        (HOUSEHOLDS, sums[OUTSIDE_PAID] - sums[OUTSIDE_OWN]),
        (EMPLOYERS, -sums[OUTSIDE_EMPLOYER]),
    ):
        accounts[name] = accounts.get(name, none) + gained


def _pool(model: "SongheModel", r: Rules, sums: Counts) -> None:
    """Central adjustment, national pooling, and the budget's duty where a scenario sets one."""
    p, fund = model.parameters, model.funds[FUND]
    rate = running(
        p, model.year, ("central_adjustment",), lambda day: law_on(p, "central_adjustment", day)
    )[-1]
    if rate > 0.0 and sums[BENEFICIARIES].any():
        wage = p.value(POLICY + "adjustment_base") * r.reference
        paid = np.rint(rate * wage * sums[ACTIVE]).astype(np.int64)
        fund.transfer(split(int(paid.sum()), sums[BENEFICIARIES]) - paid)
    if law_on(p, "national_pooling", date(model.year, 1, 1)) > 0.0:
        fund.transfer(shared(_net(fund)))
        fund.transfer(shared(fund.balance[POOLED]))
    gap = -int(_net(fund).sum())
    if gap > 0 and law_on(p, "subsidy_closes_gap", date(model.year, 1, 1)) > 0.0:
        fund.flow("subsidy", split(gap, np.maximum(-_net(fund), 0)), CENTRAL)


def _net(fund: Any) -> Counts:
    """Surplus of the year by province, both ledgers, without what came from before."""
    brought = fund.opening + fund.flows["opening_adjustment"]
    return np.asarray((fund.balance - brought).sum(axis=0))


def _count(model: "SongheModel", sums: Counts) -> None:
    add_counts(
        model,
        FUND,
        fund_registered=sums[ACTIVE] + sums[RETIRED],
        fund_contributors=sums[CONTRIBUTORS],
        fund_contributor_months=sums[MONTHS_PAID],
        fund_beneficiaries=sums[BENEFICIARIES],
        new_awards=sums[AWARDS],
        contribution_base=sums[BASE],
    )
    amount = np.zeros(len(FUNDS), np.int64)
    amount[FUNDS.index(FUND)] = sums[AWARDED].sum()
    model.tally.add("new_award_amount", amount)
    model.tally.add("account_overrun", sums[OVERRUN])
    model.tally.add("pooled_pension_outlay", sums[FROM_POOL])
    model.tally.add("public_pension_outlay", sums[OUTSIDE_PAID])


def _in_billions(table: NDArray[Any], weight: float) -> float:
    return float(table.sum()) * weight / BILLION_FEN


def outlay_level(
    p: Parameters, years: Mapping[int, Mapping[str, NDArray[Any]]], weight: float
) -> float:
    """Level of new pensions at which outlay of the fitted years meets the published one.

    p : under which the years were lived; years : tallies by year; weight : persons an agent.
    Pensions of the start and later awards are taken to follow the level alike.
    """
    published, rest, moved = 0.0, 0.0, 0.0
    for year in FITTED:
        pooled = _in_billions(years[year]["pooled_pension_outlay"], weight)
        outlay = _in_billions(years[year]["fund_outlay"][FUNDS.index(FUND)], weight)
        published += float(np.asarray(p.year(POLICY + "observed_outlay", year)))
        rest, moved = rest + outlay - pooled, moved + pooled
    return p.value(POLICY + "level_outlay") * (published - rest) / moved


def collection_level(
    p: Parameters, years: Mapping[int, Mapping[str, NDArray[Any]]], weight: float
) -> float:
    """Level of contributions at which revenue of the fitted years meets the published one.

    p : under which the years were lived; years : tallies by year; weight : persons an agent
    """
    published, rest, moved = 0.0, 0.0, 0.0
    for year in FITTED:
        revenue, subsidy, interest = (
            _in_billions(years[year][f"fund_{kind}"][FUNDS.index(FUND)], weight)
            for kind in ("revenue", "subsidy", "interest")
        )
        published += float(np.asarray(p.year(POLICY + "observed_revenue", year)))
        rest, moved = rest + subsidy + interest, moved + revenue
    return p.value(POLICY + "level_collections") * (published - rest) / moved


STEP = Step("employee_pension", reads=READS, writes=WRITES, apply=apply)
