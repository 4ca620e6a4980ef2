"""Membership of a basic pension scheme in the year.

Decides from this year's work who belongs to the employee scheme: public staff, and of
enterprise, flexible and unemployed workers those whose lasting trait lies below the coverage
of the year; and who has the years for a pension, at work or not. Of all others from 16 and out
of school, who is registered with the residents' scheme, by a lasting trait and age. Whoever
draws a pension stays in its scheme. Source: `parameters/work/employment.yaml` and
`scheme_membership.yaml`. Leaves out membership in both schemes at once.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.columns import Column
from ..agents.compiled import kernel, rule
from ..parameters.dims import PENSIONS, SCHEMES
from ..parameters.load import Parameters
from .lanes import CHUNK, fill_lane, listed_ids
from .numbers import Numbers
from .retirement_rules import FEMALE, MEN, WOMEN_50, class_by_post
from .step import Step
from .work_rules import FLEXIBLE, PUBLIC, WORKING_AGE, coverage

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]

NONE, EMPLOYEE, RESIDENT = (SCHEMES.index(name) for name in ("none", "employee", "resident"))
NO_PENSION = PENSIONS.index("none")
EMPLOYEE_PENSION = PENSIONS.index("employee")
# lanes of the post of a woman and of the trait of a member
MEMBER_CALL, POST, MEMBER = int(luck.Call.WORK_LASTING), 1, 3
RESIDENT_CALL, REGISTERS, CONTRIBUTES = int(luck.Call.PERSON_LASTING), 1, 3
POSTS, OLD_AGE = "policies.retirement.share_55", "policies.retirement.old_age"
N_AGES = 128
MONTHS = 12
TOPIC = "work.scheme_membership."
PENSION = "policies.resident_pension."

COLUMNS = (Column("scheme", np.uint8, NONE, "code", "scheme_membership", "pension scheme"),)


class Membership(NamedTuple):
    """Chances of a year.

    employee : float64[work, residence, education]
    resident : float64[residence, age], of those outside the employee scheme, rising with age
    share_55 : float64[education], of women in posts that retire later
    until : int64[class], age of retirement before its delay, at which nobody enters anew
    secured_months : paid or deemed, from which a member stays one without work
    """

    employee: Floats
    resident: Floats
    share_55: Floats
    until: NDArray[np.int64]
    secured_months: int


@rule
def latest_entry(sex: int, work: int, u_post: float, share_55: float, until: Any) -> int:
    """Age from which a person may not enter the employee scheme anew.

    u_post : lasting uniform; until : int64[class], ages of retirement
    """
    return int(until[class_by_post(sex, work == FLEXIBLE, u_post, share_55)])


@rule
def scheme_of(
    pension: int, work: int, before: int, age: int, until: int, u_member: float, covered: float,
    u_resident: float, registered: float, secured: bool,
) -> int:  # fmt: skip
    """Scheme of a person of 16 and over who is out of school.

    before : scheme of the year before; until : age from which nobody like her enters anew
    covered : chance of a worker like her
    u_member, u_resident : lasting uniforms; secured : has the years for a pension
    """
    if pension != NO_PENSION:
        return EMPLOYEE if pension >= EMPLOYEE_PENSION else RESIDENT
    may = (age < until) | (before == EMPLOYEE)
    member = secured | (may & ((work == PUBLIC) | (u_member < covered)))
    registers = (not member) & (u_resident < registered)
    return int(EMPLOYEE * member + RESIDENT * registers)  # products: NONE is 0


@rule
def contribution_class(u: float, classes: Floats) -> int:
    """Class in which a resident pays, from 1; 0 does not pay. u : a lasting uniform.

    classes : float64[class], running share of the people who pay in a class or a lower one
    """
    for k in range(classes.size):
        if u < classes[k]:
            return k + 1
    return 0


class Rules(NamedTuple):
    """Chances of a year, and the key of the run."""

    chances: Membership
    low: Any
    high: Any


@rule
def settle(
    alive: Any, age: Any, enrolled: Any, work: Any, pension: Any, paid_months: Any,
    deemed_years: Any, scheme: Any, secured_months: int, at_work: Any, outside: Any,
) -> None:  # fmt: skip
    """Schemes of all in whom no luck decides, and marks of the others, by whether they work.

    at_work, outside : uint8[n or more], out. One loop without a branch or a list: it vectorises.
    """
    least = np.int32(secured_months)
    for i in range(age.size):
        inside = (alive[i] == 1) & (age[i] >= WORKING_AGE) & (enrolled[i] == 0)
        drawn = pension[i] != NO_PENSION
        months = np.int32(paid_months[i]) + np.int32(MONTHS) * np.int32(deemed_years[i])
        secured = months >= least
        member = (pension[i] >= EMPLOYEE_PENSION) | (secured & (not drawn))
        open_ = inside & (not drawn) & (not secured)
        settled = np.uint8(EMPLOYEE) if member else np.uint8(RESIDENT)
        settled = settled if inside else np.uint8(NONE)
        scheme[i] = scheme[i] if open_ else settled
        works = work[i] >= FLEXIBLE  # on a farm or without work nobody is covered
        at_work[i] = open_ & works
        outside[i] = open_ & (not works)


@kernel
def find_schemes(
    id: Any, alive: Any, age: Any, sex: Any, enrolled: Any, residence: Any, education: Any,
    work: Any, pension: Any, paid_months: Any, deemed_years: Any, scheme: Any, u: Any, r: Rules,
) -> None:  # fmt: skip
    """Scheme of everybody; luck, none of it of the year, only for those in whom it decides.

    In each chunk: who is settled without luck; of those at work, whom the scheme covers, and of
    these, for whom age may stand against it; of all who are left, who registers as a resident.
    """
    m, low, high = r.chances, r.low, r.high
    any_age = m.until.min()  # below it everybody may enter
    at_work, outside = np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint8)
    rows, late, rest = (
        np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    )  # fmt: skip
    ids, registers = np.empty(CHUNK, np.uint64), np.empty(CHUNK, np.uint32)
    traits, posts = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    for first in range(0, id.size, CHUNK):
        last = min(first + CHUNK, id.size)
        settle(
            alive[first:last], age[first:last], enrolled[first:last], work[first:last],
            pension[first:last], paid_months[first:last], deemed_years[first:last],
            scheme[first:last], m.secured_months, at_work, outside,
        )  # fmt: skip
        n, n_rest, n_late = 0, 0, 0
        for j in range(last - first):
            i = np.uint32(first + j)  # needs no test for a sign
            rows[np.uint32(n)], rest[np.uint32(n_rest)] = i, i
            n += at_work[j]
            n_rest += outside[j]
        listed_ids(id, rows, n, ids)
        fill_lane(ids, n, MEMBER_CALL, luck.LASTING, MEMBER, low, high, traits)
        for k in range(n):
            i = rows[k]
            covered = luck.unit(traits[k]) < m.employee[work[i], residence[i], education[i]]
            covered |= work[i] == PUBLIC
            may = (age[i] < any_age) | (scheme[i] == EMPLOYEE)
            scheme[i] = EMPLOYEE if covered & may else scheme[i]
            rest[n_rest], late[n_late] = i, i
            n_rest += not covered
            n_late += covered & (not may)
        listed_ids(id, rest, n_rest, ids)
        fill_lane(ids, n_rest, RESIDENT_CALL, luck.LASTING, REGISTERS, low, high, registers)
        for k in range(n_rest):
            i = rest[k]
            registered = luck.unit(registers[k]) < m.resident[residence[i], age[i]]
            scheme[i] = RESIDENT if registered else NONE
        listed_ids(id, late, n_late, ids)
        fill_lane(ids, n_late, RESIDENT_CALL, luck.LASTING, REGISTERS, low, high, registers)
        fill_lane(ids, n_late, MEMBER_CALL, luck.LASTING, MEMBER, low, high, traits)
        fill_lane(ids, n_late, MEMBER_CALL, luck.LASTING, POST, low, high, posts)
        for k in range(n_late):
            i, until = late[k], m.until[MEN]
            if sex[i] == FEMALE and age[i] >= m.until[WOMEN_50]:  # her post decides
                share_55 = m.share_55[education[i]]
                until = latest_entry(sex[i], work[i], luck.unit(posts[k]), share_55, m.until)
            covered = m.employee[work[i], residence[i], education[i]]
            registered = m.resident[residence[i], age[i]]
            scheme[i] = scheme_of(
                NO_PENSION, work[i], scheme[i], age[i], until, luck.unit(traits[k]), covered,
                luck.unit(registers[k]), registered, False,
            )  # fmt: skip


@lru_cache(maxsize=64)
def _membership(numbers: Numbers, year: int) -> Membership:
    p, key = numbers.p, TOPIC + "resident_share"
    starts = np.asarray(p.coords(key, "age_from"), dtype=np.int64)
    share = np.maximum.accumulate(p.array(key), axis=1)
    place = np.searchsorted(starts, np.arange(N_AGES), side="right") - 1
    resident = np.where(place >= 0, share[:, np.maximum(place, 0)], 0.0)
    posts, secured = np.array(p.array(POSTS)), int(MONTHS * p.value(TOPIC + "secured_years"))
    until, resident = p.array(OLD_AGE).astype(np.int64), np.ascontiguousarray(resident)
    return Membership(coverage(p, year), resident, posts, until, secured)


def membership_of(p: Parameters, year: int) -> Membership:
    """Chances of membership in a year under these parameters."""
    return _membership(Numbers(p), year)


def contribution_classes(p: Parameters) -> Floats:
    """Running shares of residents by class, float64[class], for `contribution_class`."""
    share = np.asarray(p.array(PENSION + "class_share"))
    return np.cumsum(share / share.sum()) * p.value(PENSION + "pays_share")


READS = (
    "id", "alive", "age", "sex", "enrolled", "residence", "education", "work", "pension",
    "paid_months", "deemed_years", "scheme",
)  # fmt: skip
NO_LUCK = np.empty((2, 0), np.uint32)  # of the year


def prepare(model: "SongheModel") -> Rules:
    """Rules of the model's year."""
    m = membership_of(model.parameters, model.year)
    return Rules(m, model.key.low, model.key.high)


def apply(model: "SongheModel") -> None:
    """Schemes of the year, of everybody at once."""
    columns = (model.people[name] for name in READS)
    find_schemes(*columns, NO_LUCK, prepare(model))


STEP = Step(
    "scheme_membership",
    reads=READS,
    writes=("scheme",),
    columns=READS,
    kernel=find_schemes,
    prepare=prepare,
)
