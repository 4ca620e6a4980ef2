"""Membership of a basic pension scheme, drawn once, until careers exist.

Decides for everybody, when first found to be 16 or older and out of school, whether the
person belongs to the employee scheme for life, else from which age to the residents' scheme,
and with which contribution. The luck is the person's lasting one; the chances are by year of
birth, sex, education and residence at that time. Source:
`parameters/work/scheme_membership.yaml`. Leaves out changes of scheme, time in both, and
what later moves and schooling would do to membership.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.columns import Column
from ..agents.compiled import kernel, rule
from ..agents.frame import parts
from ..parameters.dims import EDUCATION, RESIDENCES, SCHEMES, SEXES
from ..parameters.load import Parameters
from .numbers import Numbers
from .step import Step

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]

NONE, EMPLOYEE, RESIDENT = (SCHEMES.index(name) for name in ("none", "employee", "resident"))
UNDRAWN, NEVER_REGISTERED = 0, 255
WORKING_AGE, ALL_DRAWN = 16, 25  # students are drawn once out of school, at the latest at 25
FIRST_COHORT, LAST_COHORT = 1880, 2120
SCHEME, CONTRIBUTES = 1, 3  # lanes of the lasting call
TOPIC = "work.scheme_membership."
PENSION = "policies.resident_pension."

COLUMNS = (
    Column("scheme", np.uint8, NONE, "code", "scheme_membership", "pension scheme, for life"),
    Column("scheme_age", np.uint8, UNDRAWN, "age", "scheme_membership",
           "from which it is a member; 0 not drawn yet, 255 never"),
    Column("contribution_class", np.uint8, 0, "class", "scheme_membership",
           "of the residents' scheme; 0 does not pay"),
)  # fmt: skip


class Membership(NamedTuple):
    """Chances, and the classes among those who pay.

    employee : float64[cohort, sex, residence, education]
    resident : float64[residence, age group], of those outside the employee scheme, rising
    ages : int64[age group], where each begins
    classes : float64[class], running share of the people who pay in a class or a lower one
    """

    employee: Floats
    resident: Floats
    ages: NDArray[np.int64]
    classes: Floats


@rule
def is_employee(u: float, chance: float) -> bool:
    """Whether a person belongs to the employee scheme; u : the lasting uniform."""
    return u < chance


@rule
def registration_age(u: float, chance: float, resident: Floats, ages: Any) -> int:
    """Age from which a person outside the employee scheme is registered; 255 never.

    u : the lasting uniform that gave no employee at this chance
    resident : float64[age group], shares registered, rising with age
    """
    within = (u - chance) / (1.0 - chance)
    for k in range(ages.size):
        if within < resident[k]:
            return int(ages[k])
    return NEVER_REGISTERED


@rule
def contribution_class(u: float, classes: Floats) -> int:
    """Class in which a person pays, from 1; 0 does not pay. u : a lasting uniform."""
    for k in range(classes.size):
        if u < classes[k]:
            return k + 1
    return 0


@kernel
def undrawn(alive: Any, age: Any, enrolled: Any, scheme_age: Any, rows: Any) -> int:
    """List those who are drawn this year; returns their number. Written without a branch.

    rows : int32[people + 1], out
    """
    n = 0
    for i in range(age.size):
        rows[n] = i
        at_school = (enrolled[i] == 1) & (age[i] < ALL_DRAWN)
        n += (age[i] >= WORKING_AGE) & (scheme_age[i] == UNDRAWN) & (alive[i] == 1) & ~at_school
    return n


@kernel
def draw_schemes(
    rows: Any, u_scheme: Any, u_class: Any, age: Any, sex: Any, residence: Any, education: Any,
    scheme: Any, scheme_age: Any, class_: Any, year: int, m: Membership,
) -> None:  # fmt: skip
    """Scheme, age of registration and class of the listed people."""
    for k in range(rows.size):
        i = rows[k]
        cohort = min(max(year - 1 - int(age[i]) - FIRST_COHORT, 0), m.employee.shape[0] - 1)
        chance = m.employee[cohort, sex[i], residence[i], education[i]]
        class_[i] = contribution_class(u_class[k], m.classes)
        if is_employee(u_scheme[k], chance):
            scheme[i], scheme_age[i] = EMPLOYEE, WORKING_AGE
        else:
            here = m.resident[residence[i]]
            scheme[i] = RESIDENT
            scheme_age[i] = registration_age(u_scheme[k], chance, here, m.ages)


@lru_cache(maxsize=8)
def _membership(numbers: Numbers) -> Membership:
    p = numbers.p
    years = np.arange(FIRST_COHORT, LAST_COHORT + 1)
    known = np.asarray(p.coords(TOPIC + "cohort_log_odds", "cohort"), dtype=np.float64)
    cohort = np.interp(years, known, p.array(TOPIC + "cohort_log_odds"))
    female = np.array([sex == "female" for sex in SEXES]) * p.value(TOPIC + "female_log_odds")
    log_odds = (
        cohort[:, None, None, None]
        + female[None, :, None, None]
        + p.array(TOPIC + "employee_log_odds")[None, None]
        + p.value(TOPIC + "level")
    )
    shape = (len(years), len(SEXES), len(RESIDENCES), len(EDUCATION))
    employee = np.broadcast_to(1.0 / (1.0 + np.exp(-log_odds)), shape)
    share = np.asarray(p.array(PENSION + "class_share"))
    return Membership(
        np.ascontiguousarray(employee),
        np.maximum.accumulate(p.array(TOPIC + "resident_share"), axis=1),
        np.asarray(p.coords(TOPIC + "resident_share", "age_from"), dtype=np.int64),
        np.cumsum(share / share.sum()) * p.value(PENSION + "pays_share"),
    )


def membership_of(p: Parameters) -> Membership:
    """Chances of membership under these parameters."""
    return _membership(Numbers(p))


def apply(model: "SongheModel") -> None:
    """Draw the schemes of those who have left school since last year."""
    people = model.people
    rows = np.empty(people.n + 1, np.int32)
    found = (people[name] for name in ("alive", "age", "enrolled", "scheme_age"))
    rows = rows[: undrawn(*found, rows)]
    names = ("age", "sex", "residence", "education", *(column.name for column in COLUMNS))
    columns = tuple(people[name] for name in names)
    m = membership_of(model.parameters)
    for part in parts(len(rows)):  # everybody in the first year
        some = rows[part]
        u = luck.uniforms(people["id"][some], luck.Call.PERSON_LASTING, luck.LASTING, model.key)
        draw_schemes(some, u[SCHEME], u[CONTRIBUTES], *columns, model.year, m)


STEP = Step(
    "scheme_membership",
    reads=("id", "alive", "age", "enrolled", "sex", "residence", "education"),
    writes=tuple(column.name for column in COLUMNS),
    apply=apply,
)
