"""Leave of mothers and fathers: days, the maternity allowance, and who pays.

Decides for every birth how many days the mother is on leave, by the national law and that of
her province at the birth; what the maternity insurance pays if she is insured, the employer's
mean wage over 30 times the days; and what her employer pays: the rest of her own wage, or all
of it if she is not insured. Fathers' and parental leave are paid by employers. Sources: State
Council order 619 and provincial law (`parameters/policies/maternity_leave.yaml`). Leaves out
the cost of delivery, months of contribution before a claim, difficult births, and what leave
does to later earnings, on which no figure is used. Employers are not modelled: their mean wage
is that of urban units of the province in the year before, and an allowance is booked as a whole
at the birth.
"""

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.columns import Column
from ...agents.compiled import kernel, rule
from ...agents.frame import listed
from ...parameters.dims import PROVINCES, SCHEMES, SEXES, WORK
from ...parameters.load import Parameters
from ..funds import MONTHS, add_counts, fens
from ..numbers import Numbers
from ..prices import by_law, wage
from ..promise import Promise, decided, known
from ..step import Step
from ..work_rules import EMPLOYMENT, prevalence_of

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COLUMNS: tuple[Column, ...] = ()
FUND = "maternity"
POLICY = "policies.maternity_leave."
PENSION = "policies.employee_pension."
EMPLOYERS, HOUSEHOLDS = "employers", "households"
FLEXIBLE, ENTERPRISE, PUBLIC = (WORK.index(w) for w in ("flexible", "enterprise", "public"))
FEMALE, MEMBER = SEXES.index("female"), SCHEMES.index("employee")
TAKES, FATHER = 0, 1  # lanes of the lasting call
DAYS_A_MONTH = 30
YOUNG = 2  # full years since a birth while the child is under three
FEN = 100
YOUNG_MOTHERS = slice(22, 36)  # ages over whom the share of employees is taken


class Rules(NamedTuple):
    """The law of one year.

    mother, father : days by month of the birth, int64[province, month]
    average : mean wage of employers, fen a month, int64[province]
    flexible_base : of flexible workers, fen a month, int64[province]
    flexible : share of flexible workers who are insured, float64[province]
    """

    mother: Counts
    further_child: int
    father: Counts
    parental: int
    average: Counts
    flexible_base: Counts
    insured: float
    flexible: Floats
    take_up: float
    father_take_up: float
    parental_take_up: float


@rule
def is_employee(work: int) -> bool:
    """Whether there is an employer."""
    return work in (ENTERPRISE, PUBLIC)


@rule
def leave_days(days: int, children: int, further_child: int) -> int:
    """Days of a mother's leave. days : of law; children : of the delivery"""
    return days + further_child * (children - 1)


@rule
def pay_for(days: int, monthly: int) -> int:
    """Fen for days of leave at a monthly wage in fen, a month being 30 days."""
    return int((np.int64(days) * np.int64(monthly) + DAYS_A_MONTH // 2) // DAYS_A_MONTH)


@rule
def is_insured(work: int, scheme: int, u: float, insured: float, flexible: float) -> bool:
    """Whether a working woman is insured for maternity. u : lasting uniform."""
    if is_employee(work):
        return u < insured
    return work == FLEXIBLE and scheme == MEMBER and u < flexible


@rule
def shares_of(days: int, own: int, average: int, employee: bool, insured: bool) -> Any:
    """Fen of a leave that the insurance and the employer pay.

    own, average : her wage, and the mean of her employer or the base that she insured, fen a month
    """
    wage_due = pay_for(days, own) if employee else 0
    if not insured:
        return 0, wage_due
    allowance = pay_for(days, average)
    return allowance, max(wage_due - allowance, 0)


@kernel
def pay_mothers(
    rows: Any, children: Any, month: Any, u: Any, work: Any, scheme: Any, earnings: Any,
    province: Any, r: Rules, sums: Any,
) -> None:  # fmt: skip
    """Add days, mothers and fen by province; sums : int64[DAYS ... , province], see `SUMS`."""
    for k in range(rows.size):
        i = rows[k]
        p, chance = province[i], u[k]
        employee = is_employee(work[i])
        insured = is_insured(work[i], scheme[i], chance, r.insured, r.flexible[p])
        if not (employee or insured) or chance >= r.take_up:
            continue
        days = leave_days(r.mother[p, month[k] - 1], children[k], r.further_child)
        own = np.int64(earnings[i]) * FEN // MONTHS
        average = r.average[p] if employee else r.flexible_base[p]
        fund, employer = shares_of(days, own, average, employee, insured)
        sums[MOTHER_DAYS, p] += days
        sums[ALLOWANCE, p] += fund
        sums[EMPLOYER_COST, p] += employer
        sums[PAID_MOTHERS, p] += insured


@kernel
def pay_others(
    rows: Any, month: Any, u: Any, work: Any, earnings: Any, province: Any, days: Any,
    take_up: float, at: int, sums: Any,
) -> None:  # fmt: skip
    """Add days that employers alone pay, and their cost.

    days : int64[province, month]; at : row of the sums for days
    """
    for k in range(rows.size):
        i = rows[k]
        if not is_employee(work[i]) or u[k] >= take_up:
            continue
        p = province[i]
        now = days[p, month[k] - 1]
        sums[at, p] += now
        sums[EMPLOYER_COST, p] += pay_for(now, np.int64(earnings[i]) * FEN // MONTHS)


CHUNK = 1024  # people whose rows stay in the nearest cache
SUMS = 6
MOTHER_DAYS, FATHER_DAYS, PARENTAL_DAYS, ALLOWANCE, EMPLOYER_COST, PAID_MOTHERS = range(SUMS)


@kernel
def sum_bases(
    alive: Any, work: Any, scheme: Any, earnings: Any, province: Any, floor: Any, ceiling: Any,
    declared: float, bases: Any, heads: Any,
) -> None:  # fmt: skip
    """Add yearly bases of employees in fen, and count employees and flexible members.

    floor, ceiling : of a monthly base, fen, int64[province]; bases : int64[province]
    heads : int64[2, province]
    Both are marked in a loop that vectorises, and listed, a chunk at a time.
    """
    rows, others = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    own, a_flexible = np.empty(CHUNK, np.int64), np.empty(CHUNK, np.uint8)
    an_employee = np.empty(CHUNK, np.uint8)
    for low in range(0, alive.size, CHUNK):
        high = min(low + CHUNK, alive.size)
        lives, kind, in_scheme = alive[low:high], work[low:high], scheme[low:high]
        for j in range(high - low):
            an_employee[j] = (lives[j] == 1) & ((kind[j] == ENTERPRISE) | (kind[j] == PUBLIC))
            a_flexible[j] = (lives[j] == 1) & (kind[j] == FLEXIBLE) & (in_scheme[j] == MEMBER)
        n = m = 0
        for j in range(high - low):
            i = np.uint32(low + j)  # needs no test for a sign
            rows[np.uint32(n)], others[np.uint32(m)] = i, i
            n += an_employee[j]
            m += a_flexible[j]
        for k in range(n):
            own[k] = np.int64(declared * earnings[rows[k]] * FEN / MONTHS)
        for k in range(n):
            p = province[rows[k]]
            bases[p] += MONTHS * min(max(own[k], floor[p]), ceiling[p])
            heads[0, p] += 1
        for k in range(m):
            heads[1, province[others[k]]] += 1


def _days(p: Parameters, name: str, year: int) -> Any:
    key = POLICY + name
    days = by_law(p, [key], year, lambda day: np.asarray(p.at(key, day)))
    return np.broadcast_to(days, (len(PROVINCES), MONTHS)).astype(np.int64)


def average_wage(p: Parameters, year: int) -> Counts:
    """Mean monthly wage of employers, that of the year before, fen, int64[province]."""
    return fens(np.asarray(wage(p, year - 1) / MONTHS * p.array(PENSION + "province_wage")))


@lru_cache(maxsize=64)
def _rules(numbers: Numbers, year: int) -> Rules:
    p, opening = numbers.p, date(year, 1, 1)
    average = average_wage(p, year)
    steps = np.asarray(p.at(PENSION + "flexible_steps", opening), dtype=np.float64)
    base = float(steps @ p.array(PENSION + "flexible_step_share"))
    covered = np.asarray(p.at(POLICY + "flexible_covered", opening))
    return Rules(
        mother=_days(p, "national_days", year) + _days(p, "provincial_days", year),
        further_child=int(p.value(POLICY + "further_child_days")),
        father=_days(p, "paternity_days", year),
        parental=int(np.asarray(p.at(POLICY + "parental_days", opening))),
        average=average,
        flexible_base=np.rint(average * base).astype(np.int64),
        insured=p.value(POLICY + "insured_share"),
        flexible=np.array(covered * p.value(POLICY + "flexible_take_up")),
        take_up=p.value(POLICY + "take_up"),
        father_take_up=p.value(POLICY + "father_take_up"),
        parental_take_up=p.value(POLICY + "parental_take_up"),
    )


def rules_of(p: Parameters, year: int) -> Rules:
    """The law of a year."""
    return _rules(Numbers(p), year)


def mothers_of(people: Any) -> tuple[Counts, Counts, Counts]:
    """Mothers of the year, children of their delivery, month of it; each int64[mother]."""
    newborn = listed((people["age"] < 0).view(np.uint8))
    newborn = newborn[people["mother"][newborn] >= 0]
    rows, first, children = np.unique(
        people["mother"][newborn], return_index=True, return_counts=True
    )
    month = people["birth_month"][newborn[first]].astype(np.int64)
    return rows.astype(np.int64), children, month


def lasting(model: "SongheModel", rows: Counts, lane: int) -> Floats:
    """Uniform that people keep for life, float64[row]."""
    ids = model.people["id"][rows]
    call = luck.Call.FAMILY_POLICY
    return np.asarray(luck.uniforms(ids, call, luck.LASTING, model.key)[lane])


def apply_leave(model: "SongheModel") -> None:
    """Leave of the year by the work of the year before; the insurance pays its part."""
    people, r = model.people, rules_of(model.parameters, model.year)
    sums = np.zeros((SUMS, len(PROVINCES)), np.int64)
    rows, children, month = mothers_of(people)
    work, scheme, earnings, province = (
        people[name] for name in ("work", "scheme", "earnings", "province")
    )
    takes = lasting(model, rows, TAKES)
    pay_mothers(rows, children, month, takes, work, scheme, earnings, province, r, sums)
    has = people["partner"][rows] >= 0
    fathers = people["partner"][rows[has]].astype(np.int64)
    others = work, earnings, province
    u = lasting(model, fathers, FATHER)
    pay_others(fathers, month[has], u, *others, r.father, r.father_take_up, FATHER_DAYS, sums)
    if r.parental:
        parents = _parents_of_young(people)
        u = lasting(model, parents, TAKES)
        days = np.full((len(PROVINCES), 1), r.parental)
        ones = np.ones(len(parents), np.int64)
        pay_others(parents, ones, u, *others, days, r.parental_take_up, PARENTAL_DAYS, sums)
    model.funds[FUND].flow("outlay", sums[ALLOWANCE], HOUSEHOLDS)
    paid = sums[PAID_MOTHERS]
    add_counts(model, FUND, fund_beneficiaries=paid, new_awards=paid)
    for name, at in (
        ("maternity_leave_days", MOTHER_DAYS),
        ("paternity_leave_days", FATHER_DAYS),
        ("parental_leave_days", PARENTAL_DAYS),
        ("employer_leave_cost", EMPLOYER_COST),
    ):
        model.tally.add(name, sums[at])


def _parents_of_young(people: Any) -> Counts:
    """Women with a child under three born before the year, and their partners."""
    recent = (people["since_birth"] <= YOUNG).view(np.uint8)
    mothers = listed(recent & people["alive"]).astype(np.int64)
    mothers = mothers[people["sex"][mothers] == FEMALE]
    partners = people["partner"][mothers]
    return np.concatenate([mothers, partners[partners >= 0].astype(np.int64)])


def apply(model: "SongheModel") -> None:
    """Contributions of the year."""
    p, people, year = model.parameters, model.people, model.year
    r, opening = rules_of(p, year), date(year, 1, 1)
    floor, ceiling = (
        np.rint(r.average * float(np.asarray(p.at(PENSION + name, opening)))).astype(np.int64)
        for name in ("base_floor", "base_ceiling")
    )
    bases, heads = np.zeros(len(PROVINCES), np.int64), np.zeros((2, len(PROVINCES)), np.int64)
    columns = (people[name] for name in ("alive", "work", "scheme", "earnings", "province"))
    declared = p.value(PENSION + "compliance")
    sum_bases(*columns, floor, ceiling, declared, bases, heads)
    months = by_law(p, [POLICY + "employer_rate"], year, lambda day: p.at(
        POLICY + "employer_rate", day))  # fmt: skip
    due = np.rint(bases * (r.insured * float(months.mean()))).astype(np.int64)
    own = heads[1] * r.flexible * r.flexible_base * MONTHS * p.value(POLICY + "flexible_rate")
    fund = model.funds[FUND]
    fund.flow("revenue", due, EMPLOYERS)
    fund.flow("revenue", np.rint(own).astype(np.int64), HOUSEHOLDS)
    members = np.rint(heads[0] * r.insured + heads[1] * r.flexible).astype(np.int64)
    add_counts(model, FUND, fund_registered=members, fund_contributors=members)


def share_of_employees(p: Parameters) -> Floats:
    """Employees among young women, float64[residence, education]."""
    return np.asarray(_employees(Numbers(p)))


@lru_cache(maxsize=8)
def _employees(numbers: Numbers) -> Floats:
    p = numbers.p
    shares = prevalence_of(p, p.array(EMPLOYMENT + "level"))[:, :, FEMALE, YOUNG_MOTHERS]
    return np.asarray(shares[..., [ENTERPRISE, PUBLIC]].sum(axis=-1).mean(axis=-1))


def promise(model: "SongheModel") -> Promise:
    """Months of leave at full pay beyond the national days in force at the base.

    What the country gave before counts in the level of births: 98 days since 2012, and no leave
    of fathers.
    """
    p, year = model.parameters, model.year
    when, day = decided(p, year), date(year, 7, 1)

    def days(name: str) -> Floats:
        return np.asarray(known(p, POLICY + name, day, when), dtype=np.float64)

    before = float(np.asarray(p.at(POLICY + "national_days", BEFORE)))
    national = float(days("national_days"))
    added = national - before + days("provincial_days") if year > BEFORE.year else np.zeros(1)
    employed = share_of_employees(p)
    place = (1, -1, 1, 1)
    mother = p.value(POLICY + "take_up") * added.reshape(place) / DAYS_A_MONTH
    father = p.value(POLICY + "father_take_up") * days("paternity_days").reshape(place)
    return Promise(leave=mother * employed, father_leave=father / DAYS_A_MONTH * employed)


BEFORE = date(2012, 12, 31)
LEAVE = Step(
    "maternity_leave",
    reads=(
        "id", "alive", "age", "sex", "birth_month", "mother", "partner", "since_birth", "work",
        "scheme", "earnings", "province",
    ),
    apply=apply_leave,
)  # fmt: skip
STEP = Step(
    "maternity_insurance",
    reads=("alive", "work", "scheme", "earnings", "province"),
    apply=apply,
)
