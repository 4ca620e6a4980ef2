"""Who lives with whom: leaving the parents, collective living, older parents and children.

Decides each year, for young adults, whether they leave their parents, with spouse and
minors if they have them; for everyone, whether they enter or leave a dormitory, works or a
care home; for people of 60 and over, by couple, whether they live with an adult child; for
parents of a newborn, whether they move in with grandparents.
Hazards are assumptions, set so that households and living arrangements of 2010 and 2011 do
not jump; reviews of older people are solved on the survey of 2011 and follow its trend. The
last adult of a household with minors does not enter a collective. Leaves out housing, and
living with brothers and sisters.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.columns import CARE_HOME, DORMITORY, FAMILY, WORKS
from ...agents.compiled import kernel
from .. import homes
from ..household_rules import (
    HOME_CELLS,
    MARRIED,
    OTHER_CELLS,
    fill_tables,
    home_cell,
    living,
    other_cell,
)
from ..lodgings import find
from ..moving_units import end_of_home, family_units, near_units
from ..numbers import Numbers
from ..older_parents import review
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Rows = NDArray[np.int64]

HOME, OTHER = 1, 2  # bits of `leave`: leaves or reviews the home; enters or leaves a collective
LANE_HOME, LANE_OTHER = 0, 1
RETURN, LODGES = 0, 1  # lanes of the call of those who leave a collective
TO_GRANDPARENTS = 2  # lane of the call of mothers
KIND = "family"
KEY = "demography.coresidence."


class HouseholdRules(NamedTuple):
    """Chances by cell, float32[HOME_CELLS] and float32[OTHER_CELLS]."""

    home: NDArray[np.float32]
    other: NDArray[np.float32]


@kernel
def leaving(
    age: Any, sex: Any, residence: Any, marital: Any, enrolled: Any, adl: Any, collective: Any,
    leave: Any, u: Any, r: HouseholdRules,
) -> None:  # fmt: skip
    """Write what each person's luck allows; whether it applies is settled afterwards."""
    for i in range(age.size):
        k = home_cell(age[i], sex[i], residence[i], marital[i] == MARRIED)
        leave[i] = luck.unit(u[LANE_HOME, i]) < r.home[np.uint32(k)]
    for i in range(age.size):
        k = other_cell(collective[i], age[i], residence[i], sex[i], marital[i], enrolled[i], adl[i])
        leave[i] |= OTHER * (luck.unit(u[LANE_OTHER, i]) < r.other[np.uint32(k)])


def prepare(model: "SongheModel") -> HouseholdRules:
    """The chances of the year; they are the same in every year."""
    return _rules(Numbers(model.parameters))


@lru_cache(maxsize=4)
def _rules(numbers: Numbers) -> HouseholdRules:
    home, other = np.empty(HOME_CELLS, np.float32), np.empty(OTHER_CELLS, np.float32)
    fill_tables(living(numbers.p), home, other)
    return HouseholdRules(home, other)


def apply(model: "SongheModel") -> None:
    """Carry out what people's luck allows, where their families allow it too."""
    people = model.people
    own, other = intents(people)
    inside = people["collective"][other] != FAMILY
    leave_collective(model, other[inside])
    enter_collective(model, other[~inside])
    own = own[people["household"][own] >= 0]
    old = people["age"][own] + 1 >= int(model.parameters.value(KEY + "old_age"))
    leave_parents(model, own[~old])
    review(model, own[old])
    house_newborns(model)


@kernel
def list_intents(leave: Any, alive: Any, death_u: Any, own: Any, other: Any) -> tuple[int, int]:
    """List those who live and whose luck lets them leave in either way; their numbers."""
    n, m = 0, 0
    for i in range(leave.size):
        if (leave[i] != 0) and alive[i] and death_u[i] >= 1.0:
            own[n] = other[m] = i
            n += (leave[i] & HOME) != 0
            m += (leave[i] & OTHER) != 0
    return n, m


def intents(people: Any) -> tuple[Rows, Rows]:
    """Rows of those who may leave or review the home, and who may enter or leave a collective."""
    own, other = np.empty((2, people.n + 1), np.int64)
    n, m = list_intents(*(people[name] for name in ("leave", "alive", "death_u")), own, other)
    return own[:n].copy(), other[:m].copy()


@kernel
def list_mothers(age: Any, mother: Any, marital: Any, death_u: Any, rows: Any) -> int:
    """List the married mothers of newborns, of twins twice; returns their number."""
    n = 0
    for i in range(age.size):
        if age[i] < 0 and mother[i] >= 0:
            rows[n] = mother[i]
            n += marital[mother[i]] == MARRIED and death_u[mother[i]] >= 1.0
    return n


def house_newborns(model: "SongheModel") -> None:
    """Parents of a newborn in part move in with grandparents at their place, his before hers.

    A mother whose husband lives elsewhere goes home, to him, else to his parents or hers: she
    founded a household only because she worked away when the child came.
    """
    people = model.people
    mothers = np.empty(people.n + 1, np.int64)
    names = ("age", "mother", "marital", "death_u")
    mothers = np.sort(mothers[: list_mothers(*(people[name] for name in names), mothers)])
    mothers = mothers[np.diff(mothers, prepend=-1) > 0]  # of twins once
    husbands = people["partner"][mothers].astype(np.int64)
    own = ~homes.with_parents(people, mothers) & ~homes.with_parents(people, husbands)
    mothers, husbands = mothers[own], husbands[own]
    apart = people["household"][husbands] != people["household"][mothers]
    u = homes.uniforms(model, mothers, luck.Call.HOUSEHOLD)[TO_GRANDPARENTS]
    joins = apart | (u < model.parameters.value(KEY + "birth_joins_parents"))
    host = np.where(apart & housed(people, husbands), husbands, -1)
    for person in (husbands, mothers):
        host = np.where(host < 0, homes.parent_nearby(people, person), host)
    joins &= host >= 0
    movers = family_units(model, mothers[joins], alone=apart[joins])
    join_host(model, movers.rows, host[joins][movers.unit])


def leave_collective(model: "SongheModel", rows: Rows) -> None:
    """To the spouse, the unmarried in part to parents or lodgings, the others to an own home."""
    people = model.people
    u = homes.uniforms(model, rows, luck.Call.HOUSEHOLD)
    returns = u[RETURN] < model.parameters.value(KEY + "return_to_parents")
    place = people["province"][rows], people["residence"][rows]
    lodging = find(model, rows, *place, u[LODGES], rows)
    single = people["marital"][rows] != MARRIED
    host = np.where(people["marital"][rows] == MARRIED, people["partner"][rows], -1)
    for link in ("mother", "father"):
        parent = people[link][rows]
        parent = np.where(single & returns, parent, -1)
        host = np.where(housed(people, host), host, parent)
    host = np.where(housed(people, host), host, np.where(single, lodging, -1))
    finds = host >= 0
    join_host(model, rows[finds], host[finds])
    rest = rows[~finds]
    numbers = homes.fresh(model, np.arange(len(rest)), len(rest))
    homes.settle(model, rest, numbers, people["province"][rest], people["residence"][rest], KIND)


def housed(people: Any, host: Rows) -> NDArray[np.bool_]:
    """Whether each host exists, lives through the year and is in a family household."""
    fits = (host >= 0) & (people["household"][host] >= 0) & (people["alive"][host] == 1)
    return np.asarray(fits & (people["death_u"][host] >= 1.0))


def join_host(model: "SongheModel", rows: Rows, host: Rows) -> None:
    """Into the household and to the place of the host."""
    people = model.people
    place = people["province"][host], people["residence"][host]
    homes.settle(model, rows, people["household"][host], *place, KIND)


def enter_collective(model: "SongheModel", rows: Rows) -> None:
    """Students to dormitories, older people to care homes, other single adults to works.

    Parents go to no dormitory or works, and no last adult leaves minors at home.
    """
    people = model.people
    old = people["age"][rows] + 1 >= model.parameters.value(KEY + "old_age")
    student = people["enrolled"][rows] == 1
    free = people["n_children"][rows] == 0
    code = np.where(old, CARE_HOME, np.where(student, DORMITORY, WORKS))
    goes = old | free
    rows, code = rows[goes], code[goes]
    spared = spares(model, rows)
    for kind in (CARE_HOME, DORMITORY, WORKS):
        some = rows[spared & (code == kind)]
        place = people["province"][some], people["residence"][some]
        homes.house_together(model, some, *place, kind, KIND)


@kernel
def mark_spared(
    near: Any, age: Any, household: Any, adult_age: int, going: Any, spared: Any
) -> None:
    """For who goes: whether an adult of the household stays, or no minor does.

    near : int64[n], those of one household together; going, spared : by row, the one -1 for
        who stays, the other set for everyone near
    """
    a = 0
    while a < near.size:
        b, adult_stays, minor_stays = end_of_home(near, a, household), False, False
        for i in near[a:b]:
            adult = age[i] + 1 >= adult_age
            adult_stays |= (going[i] < 0) & adult
            minor_stays |= (going[i] < 0) & (not adult)
        for i in near[a:b]:
            spared[i] = adult_stays or not minor_stays
        a = b


def spares(model: "SongheModel", rows: Rows) -> NDArray[np.bool_]:
    """Whether an adult stays at home, or no minor does, when these people leave; bool[n]."""
    people = model.people
    adult_age = int(model.parameters.value(KEY + "adult_age"))
    near, going = near_units(model, rows)
    spared = np.empty(people.n, np.bool_)
    mark_spared(near, people["age"], people["household"], adult_age, going, spared)
    return np.asarray(spared[rows])


def leave_parents(model: "SongheModel", rows: Rows) -> None:
    """Those who live with a parent found an own household, spouse and minors with them."""
    people = model.people
    heads = rows[homes.with_parents(people, rows)]
    movers = family_units(model, heads)
    numbers = homes.fresh(model, movers.unit, len(heads))
    place = people["province"][movers.rows], people["residence"][movers.rows]
    homes.settle(model, movers.rows, numbers, *place, KIND)


STEP = Step(
    "leaving_home",
    columns=(
        "age", "sex", "residence", "marital", "enrolled", "adl", "collective", "leave",
    ),
    reads=("age", "sex", "residence", "marital", "enrolled", "adl", "collective"),
    writes=("leave",),
    kernel=leaving,
    prepare=prepare,
    call=luck.Call.LIVING,
)  # fmt: skip
STEP_MOVES = Step(
    "household_moves",
    reads=("leave", "age", "sex", "marital", "partner", "mother", "father", "household", "alive",
           "death_u", "n_children", "n_living_children", "adl", "enrolled", "id", "province",
           "residence", "collective"),
    writes=("household", "collective", "province", "residence"),
    apply=apply,
)  # fmt: skip
