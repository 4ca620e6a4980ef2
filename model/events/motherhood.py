"""Mothers' work and grandparents' care: what young children do to those around them.

Decides which mothers stop work after a birth and which return before the youngest child is at
school, from the next year on, and counts women by the age of the youngest child with those
who work among them, and the hours that grandparents at home look after young children. Source:
`parameters/work/motherhood.yaml`, where effects ship neutral. Leaves out fathers, part-time
work, the mother's leave, and grandparents who live elsewhere.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.compiled import kernel, rule
from ...agents.frame import listed
from ...parameters.dims import AGES, PENSIONS, SEXES
from ..motherhood_rules import (
    AT_HOME,
    AT_WORK,
    AWAY,
    Motherhood,
    hours_needed,
    hours_of_grandparents,
    months_before_school,
    motherhood,
    returns_to_work,
    stops_work,
)
from ..policies import childcare, preschool
from ..step import Step
from ..work_rules import (
    FARM,
    HIGH,
    LOW,
    NONE,
    PUBLIC,
    WORKING_AGE,
    WorkTables,
    cell_of,
    choose,
    earns,
    tables_of,
)

if TYPE_CHECKING:
    from ..model import SongheModel

Counts = NDArray[np.int64]

SCHOOL_AGE = "demography.schooling.entry_age"
CALL = luck.Call.MOTHERS_WORK
WORD = int(CALL)
STOPS, RETURNS = 0, 1  # lanes
LAST_AGE = AGES[-1]
FEMALE = SEXES.index("female")
EMPLOYEE = PENSIONS.index("employee")
NOBODY_YOUNG = 127
# Classes of women by the age of the youngest living child: without any, 0-2, 3-5, 6 and over.
CHILDLESS, TODDLER, KINDERGARTEN, OLDER = range(4)
CLASSES, LAST_TODDLER = 4, 2
CHUNK = 4096  # people whose places in the table stay in the nearest cache
GRANDPARENT, IN_CARE = 1, 2  # bits


@rule
def kind_of_mother(n_living_children: int, youngest: int) -> int:
    """Class of a woman by her youngest living child."""
    without_young = OLDER if n_living_children > 0 else CHILDLESS
    with_young = TODDLER if youngest <= LAST_TODDLER else KINDERGARTEN
    return with_young if youngest < NOBODY_YOUNG else without_young


@kernel
def list_young(age: Any, alive: Any, school: int, rows: Any) -> int:
    """List the living children before school, newborns too; returns their number.

    rows : uint32[people + 1], out; written without a branch
    """
    n = 0
    for i in range(age.size):
        rows[n] = i
        n += (age[i] < school) & (alive[i] == 1)
    return n


@kernel
def look_around(
    rows: Any, age: Any, mother: Any, father: Any, household: Any, months: Any, youngest: Any,
    around: Any, kin: Any,
) -> None:  # fmt: skip
    """Write who lives with each young child, and for its mother the youngest and its care.

    rows : of young children; months : uint8[rows], in nursery and kindergarten
    youngest : int8[people], in and out; around : uint8[people], bits of the mother's youngest
    kin : uint8[rows], out, whether a grandparent is at home
    """
    for k in range(rows.size):
        i = rows[k]
        home, found = household[i], False
        for parent in (mother[i], father[i]):
            if parent >= 0 and home >= 0:
                for elder in (mother[parent], father[parent]):
                    found |= elder >= 0 and household[elder] == home
        kin[k] = found
        m = mother[i]
        if m >= 0 and age[i] < youngest[m]:
            youngest[m] = age[i]
            around[m] = np.uint8(found) * GRANDPARENT + np.uint8(months[k] > 0) * IN_CARE


@kernel
def decide(
    mothers: Any, id: Any, age: Any, residence: Any, education: Any, enrolled: Any, alive: Any,
    pension: Any, work: Any, youngest: Any, around: Any, r: Motherhood, t: WorkTables, year: int,
    low: Any, high: Any,
) -> None:  # fmt: skip
    """Stop work, or take it up again, in the rows of mothers of young children."""
    for k in range(mothers.size):
        i = mothers[k]
        if not alive[i] or enrolled[i] or age[i] < WORKING_AGE or pension[i] >= EMPLOYEE:
            continue
        words = luck.philox(id[i] & LOW, id[i] >> HIGH, year, WORD, low, high)
        grandparent, in_care = around[i] & GRANDPARENT > 0, around[i] & IN_CARE > 0
        if earns(work[i]):
            if stops_work(luck.unit(words[STOPS]), youngest[i], grandparent, r):
                work[i] = NONE
        elif returns_to_work(luck.unit(words[RETURNS]), youngest[i], grandparent, in_care, r):
            cell = cell_of(residence[i], education[i], FEMALE, age[i])
            work[i] = choose(id[i], year, t.prevalence, cell, 0.0, low, high)


@kernel
def count_women(
    sex: Any, alive: Any, age: Any, enrolled: Any, n_living_children: Any, work: Any,
    youngest: Any, women: Any,
) -> None:  # fmt: skip
    """Add women out of school by the age of the youngest living child, their own age and work.

    youngest : int8[people], NOBODY_YOUNG where there is no child below six
    women : int64[4 x ages x 2], flat. Places come first, in a loop without branches.
    """
    places, counts = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint8)
    n_ages = np.uint32(len(AGES))
    for low in range(0, sex.size, CHUNK):
        m = min(CHUNK, sex.size - low)
        for k in range(m):
            i = np.uint32(low + k)
            of_age = min(max(age[i], 0), LAST_AGE)
            kind = kind_of_mother(n_living_children[i], youngest[i])
            working = (work[i] >= FARM) & (work[i] <= PUBLIC)
            places[k] = (np.uint32(kind) * n_ages + np.uint32(of_age)) * 2 + np.uint32(working)
            of_working_age = (age[i] >= WORKING_AGE) & (enrolled[i] == 0)
            counts[k] = (sex[i] == FEMALE) & (alive[i] == 1) & of_working_age
        for k in range(m):
            women[places[k]] += counts[k]


@kernel
def count_hours(
    rows: Any, age: Any, mother: Any, father: Any, household: Any, work: Any, birth_month: Any,
    months: Any, kin: Any, school: int, r: Motherhood,
) -> Any:  # fmt: skip
    """Hours of grandparents at home, hours left to others, and children with a grandparent.

    Hours are those of the months before school; the children are those before it at the end.
    """
    by_kin, left, children = np.int64(0), np.int64(0), np.int64(0)
    for k in range(rows.size):
        i, parent = rows[k], AWAY
        home, m, f = household[i], mother[i], father[i]
        if home >= 0 and m >= 0 and household[m] == home:
            parent = AT_WORK if earns(work[m]) else AT_HOME
        elif home >= 0 and f >= 0 and household[f] == home:
            parent = AT_WORK if earns(work[f]) else AT_HOME
        grandparent, young = kin[k] > 0, months_before_school(age[i], birth_month[i], school)
        hours = hours_of_grandparents(parent, young, months[k], grandparent, r)
        by_kin += np.int64(np.rint(hours))
        left += 0 if grandparent else np.int64(np.rint(hours_needed(parent, young, months[k], r)))
        children += grandparent and age[i] + 1 < school
    return by_kin, left, children


class Around(NamedTuple):
    """Young children and their mothers.

    rows : uint32[n], of the children; months : uint8[n], in nursery and kindergarten
    kin : uint8[n], whether a grandparent is at home
    youngest : int8[people], age of a woman's youngest living child before school
    around : uint8[people], bits of that child's home and care
    """

    rows: NDArray[np.uint32]
    months: NDArray[np.uint8]
    kin: NDArray[np.uint8]
    youngest: NDArray[np.int8]
    around: NDArray[np.uint8]


def look(model: "SongheModel") -> Around:
    """Young children as they live now, and what they mean to their mothers."""
    people, school = model.people, int(model.parameters.value(SCHOOL_AGE))
    with people.room() as room:
        rows = room[: list_young(people["age"], people["alive"], school, room)].copy()
    months, kin = months_in_care(model, rows), np.empty(len(rows), np.uint8)
    youngest = np.full(people.n, NOBODY_YOUNG, np.int8)
    around = np.zeros(people.n, np.uint8)
    columns = (people[name] for name in ("age", "mother", "father", "household"))
    look_around(rows, *columns, months, youngest, around, kin)
    return Around(rows, months, kin, youngest, around)


def months_in_care(model: "SongheModel", rows: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Months of the year that each of these children is in nursery or kindergarten."""
    months = np.zeros(model.people.n, np.uint8)
    for kind in (childcare.KIND_OF_PROVIDER, preschool.KIND_OF_PROVIDER):
        months += model.providers[kind].months_of(model.people.n, model.year)
    return months[rows]


def apply(model: "SongheModel") -> None:
    """Mothers stop or return, for the work of the next year."""
    r = motherhood(model.parameters)
    if r.exit_at_birth == 0.0 and not r.returns.any():
        return
    seen = look(model)
    mothers = listed((seen.youngest < NOBODY_YOUNG).view(np.uint8))
    names = ("id", "age", "residence", "education", "enrolled", "alive", "pension", "work")
    decide(
        mothers, *(model.people[name] for name in names), seen.youngest, seen.around, r,
        tables_of(model.parameters), model.year, model.key.low, model.key.high,
    )  # fmt: skip


def count(model: "SongheModel") -> None:
    """Women by their youngest child, and who looks after young children."""
    people, seen = model.people, look(model)
    table = np.zeros((CLASSES, len(AGES), 2), np.int64)
    names = ("sex", "alive", "age", "enrolled", "n_living_children", "work")
    count_women(*(people[name] for name in names), seen.youngest, table.ravel())
    names = ("age", "mother", "father", "household", "work", "birth_month")
    columns = (people[name] for name in names)
    r, school = motherhood(model.parameters), int(model.parameters.value(SCHOOL_AGE))
    hours, left, children = count_hours(seen.rows, *columns, seen.months, seen.kin, school, r)
    counts = {
        "women_by_youngest_child": table.sum(axis=2),
        "working_women_by_youngest_child": table[..., 1],
        "grandparent_care_hours": hours,
        "child_care_hours_of_others": left,
        "young_children_with_grandparent": children,
    }
    for name, found in counts.items():
        model.tally.add(name, np.asarray(found, dtype=np.int64))


PLACE = ("alive", "age", "mother", "father", "household")
STEP = Step(
    "motherhood",
    reads=("id", *PLACE, "residence", "education", "enrolled", "pension", "work"),
    writes=("work",),
    apply=apply,
)
COUNT = Step(
    "care_of_children",
    reads=(*PLACE, "sex", "birth_month", "enrolled", "n_living_children", "work"),
    apply=count,
)
