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
from ...agents.columns import CARE_HOME, COLLECTIVES, DORMITORY, FAMILY, WORKS
from ...agents.compiled import kernel
from ...agents.frame import list_rows, listed
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
from ..moving_units import family_units, near_units
from ..numbers import Numbers
from ..older_parents import review
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Rows = NDArray[np.int64]

HOME, OTHER = 1, 2  # bits of `leave`: leaves or reviews the home; enters or leaves a collective
CALL, WORD = np.uint32(luck.Call.LIVING), np.uint32
BLOCK = 4096  # rows
LANE_HOME, LANE_OTHER = 0, 1
RETURN, LODGES = 0, 1  # lanes of the call of those who leave a collective
TO_GRANDPARENTS = 2  # lane of the call of mothers
KIND = "family"
KEY = "demography.coresidence."


class HouseholdRules(NamedTuple):
    """Chances by cell, bounds on words by class, and the address of the year's luck.

    home, other : float32[HOME_CELLS], float32[OTHER_CELLS]
    at_risk : uint8[classes], whether anybody of a class may leave
    most_home, most_other : uint32[classes], the highest words with which somebody does
    """

    home: NDArray[np.float32]
    other: NDArray[np.float32]
    at_risk: NDArray[np.uint8]
    most_home: NDArray[np.uint32]
    most_other: NDArray[np.uint32]
    year: np.uint32
    low: np.uint32
    high: np.uint32


@kernel
def fill_classes(age: Any, marital: Any, enrolled: Any, collective: Any, code: Any) -> None:
    """Class of each person: in each, all chances are zero or some are not."""
    for i in range(age.size):
        place = min(max(age[i], 0), 100) * 3 + min(marital[i], 2)
        code[i] = (place * 2 + enrolled[i]) * len(COLLECTIVES) + collective[i]


@kernel
def list_at_risk(id: Any, code: Any, at_risk: Any, rows: Any, ids: Any, classes: Any) -> int:
    """List those who may leave at all, with their ids and classes; returns their number.

    rows, ids, classes : one longer than the people, out; written without a branch
    """
    n = np.uint32(0)
    for i in range(code.size):
        rows[n], ids[n], classes[n] = i, id[i], code[i]
        n += at_risk[np.uint32(code[i])]
    return int(n)


@kernel
def draw(ids: Any, year: Any, low: Any, high: Any, home: Any, other: Any) -> None:
    """The two words of each id that this step uses."""
    word, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for k in range(ids.size):
        u = luck.philox(ids[k] & word, ids[k] >> half, year, CALL, low, high)
        home[k], other[k] = np.uint32(u[LANE_HOME]), np.uint32(u[LANE_OTHER])


@kernel
def sift(classes: Any, home: Any, other: Any, r: HouseholdRules, marks: Any, places: Any) -> int:
    """List the places whose words may be below a chance; returns their number.

    home, other : uint32[classes], words
    marks : uint8[BLOCK], room; looked at eight at a time, as few are set
    """
    most_home, most_other = r.most_home, r.most_other
    marks[:] = 0
    for k in range(classes.size):
        c = np.uint32(classes[k])
        marks[k] = (home[k] <= most_home[c]) | (other[k] <= most_other[c])
    return int(list_rows(marks, 0, places))


@kernel
def leaving(
    id: Any, age: Any, sex: Any, residence: Any, marital: Any, enrolled: Any, adl: Any,
    collective: Any, leave: Any, u: Any, r: HouseholdRules,
) -> None:  # fmt: skip
    """Write what each person's luck allows; whether it applies is settled afterwards.

    Luck is drawn for those at risk alone, and tried against the class before the cell; by the
    block, so that it stays in the nearest cache.
    """
    code, classes = np.empty(BLOCK, np.int16), np.empty(BLOCK + 1, np.int16)
    rows, places = np.empty(BLOCK + 1, np.int32), np.empty(BLOCK + 1, np.uint32)
    ids, marks = np.empty(BLOCK + 1, np.uint64), np.empty(BLOCK, np.uint8)
    home, other = np.empty(BLOCK, WORD), np.empty(BLOCK, WORD)
    leave[:] = 0
    for begin in range(0, age.size, BLOCK):
        some = slice(begin, begin + BLOCK)
        fill_classes(age[some], marital[some], enrolled[some], collective[some], code)
        n = list_at_risk(id[some], code[: len(age[some])], r.at_risk, rows, ids, classes)
        draw(ids[:n], r.year, r.low, r.high, home, other)
        for k in places[: sift(classes[:n], home, other, r, marks, places)]:
            i = begin + rows[k]
            h = home_cell(age[i], sex[i], residence[i], marital[i] == MARRIED)
            leave[i] = luck.unit(home[k]) < r.home[h]
            o = other_cell(
                collective[i], age[i], residence[i], sex[i], marital[i], enrolled[i], adl[i]
            )
            leave[i] |= OTHER * (luck.unit(other[k]) < r.other[o])


def prepare(model: "SongheModel") -> HouseholdRules:
    """The chances of the year; they are the same in every year."""
    chances = _rules(Numbers(model.parameters))
    return chances._replace(year=np.uint32(model.year), low=model.key.low, high=model.key.high)


@lru_cache(maxsize=4)
def _rules(numbers: Numbers) -> HouseholdRules:
    home, other = np.empty(HOME_CELLS, np.float32), np.empty(OTHER_CELLS, np.float32)
    fill_tables(living(numbers.p), home, other)
    most = most_of_classes(home, other)
    at_risk = (np.maximum(*most) > 0.0).astype(np.uint8)
    words = [np.ceil(x * 2.0**32 - 1.0).clip(0.0, 2.0**32 - 1.0).astype(np.uint32) for x in most]
    nowhen = np.uint32(0)
    return HouseholdRules(home, other, at_risk, words[0], words[1], nowhen, nowhen, nowhen)


def most_of_classes(home: Any, other: Any) -> tuple[Any, Any]:
    """Highest chance of each class of `fill_classes`, of both kinds; float64[classes] each."""
    by_married = home.reshape(101, 4, 2).max(axis=1)
    by_marital = by_married[:, [0, 1, 0]]  # never married, married, no longer married
    kinds = len(COLLECTIVES)
    most_home = np.broadcast_to(by_marital[:, :, None, None], (101, 3, 2, kinds))
    most_other = np.moveaxis(other.reshape(kinds, 101, 4, 3, 2, 4).max(axis=(2, 5)), 0, -1)
    return most_home.ravel().astype(np.float64), most_other.ravel().astype(np.float64)


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
def list_intents(
    rows: Any, leave: Any, alive: Any, death_u: Any, own: Any, other: Any
) -> tuple[int, int]:
    """Of those whose luck lets them leave, list the living by either way; their numbers."""
    n, m = 0, 0
    for i in rows:
        lives = (alive[i] == 1) & (death_u[i] >= 1.0)
        own[n] = other[m] = i
        n += lives & ((leave[i] & HOME) != 0)
        m += lives & ((leave[i] & OTHER) != 0)
    return n, m


def intents(people: Any) -> tuple[Rows, Rows]:
    """Rows of those who may leave or review the home, and who may enter or leave a collective."""
    rows, names = listed((people["leave"] != 0).view(np.uint8)), ("leave", "alive", "death_u")
    own, other = np.empty((2, len(rows) + 1), np.int64)
    n, m = list_intents(rows, *(people[name] for name in names), own, other)
    return own[:n], other[:m]


@kernel
def list_mothers(newborns: Any, mother: Any, marital: Any, death_u: Any, rows: Any) -> int:
    """List the married mothers of newborns, of twins twice; returns their number."""
    n = 0
    for i in newborns:
        j = np.uint32(max(mother[i], 0))
        rows[n] = j
        n += (mother[i] >= 0) & (marital[j] == MARRIED) & (death_u[j] >= 1.0)
    return n


def house_newborns(model: "SongheModel") -> None:
    """Parents of a newborn in part move in with grandparents at their place, his before hers.

    A mother whose husband lives elsewhere goes home, to him, else to his parents or hers: she
    founded a household only because she worked away when the child came.
    """
    people = model.people
    children = listed((people["age"] < 0).view(np.uint8))
    mothers, names = np.empty(len(children) + 1, np.int64), ("mother", "marital", "death_u")
    n = list_mothers(children, *(people[name] for name in names), mothers)
    mothers = np.sort(mothers[:n])
    mothers = mothers[np.diff(mothers, prepend=-1) > 0]  # of twins once
    husbands = people["partner"][mothers].astype(np.int64)
    hers, his = (homes.parents_of(people, rows) for rows in (mothers, husbands))
    own = ~hers.at_home & ~his.at_home
    mothers, husbands, nearby = mothers[own], husbands[own], (his.nearby[own], hers.nearby[own])
    apart = people["household"][husbands] != people["household"][mothers]
    u = homes.uniforms(model, mothers, luck.Call.HOUSEHOLD)[TO_GRANDPARENTS]
    joins = apart | (u < model.parameters.value(KEY + "birth_joins_parents"))
    host = np.where(apart & housed(people, husbands), husbands, -1)
    for parent in nearby:
        host = np.where(host < 0, parent, host)
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
def mark_spared(near: Any, ends: Any, age: Any, adult_age: int, going: Any, spared: Any) -> None:
    """For everyone near: whether an adult of the household stays, or no minor does.

    near, ends : as of `Near`; going : int32[people], -1 for who stays; spared : bool[people]
    """
    begin = 0
    for end in ends:
        adult_stays, minor_stays = False, False
        for i in near[begin:end]:
            adult = age[i] + 1 >= adult_age
            adult_stays |= (going[i] < 0) & adult
            minor_stays |= (going[i] < 0) & (not adult)
        for i in near[begin:end]:
            spared[i] = adult_stays or not minor_stays
        begin = end


def spares(model: "SongheModel", rows: Rows) -> NDArray[np.bool_]:
    """Whether an adult stays at home, or no minor does, when these people leave; bool[n]."""
    people = model.people
    adult_age = int(model.parameters.value(KEY + "adult_age"))
    near, spared = near_units(model, rows), np.empty(people.n, np.bool_)
    mark_spared(near.rows, near.ends, people["age"], adult_age, near.unit, spared)
    return np.asarray(spared[rows])


def leave_parents(model: "SongheModel", rows: Rows) -> None:
    """Those who live with a parent found an own household, spouse and minors with them."""
    people = model.people
    heads = rows[homes.parents_of(people, rows).at_home]
    movers = family_units(model, heads)
    numbers = homes.fresh(model, movers.unit, len(heads))
    place = people["province"][movers.rows], people["residence"][movers.rows]
    homes.settle(model, movers.rows, numbers, *place, KIND)


STEP = Step(
    "leaving_home",
    columns=(
        "id", "age", "sex", "residence", "marital", "enrolled", "adl", "collective", "leave",
    ),
    reads=("id", "age", "sex", "residence", "marital", "enrolled", "adl", "collective"),
    writes=("leave",),
    kernel=leaving,
    prepare=prepare,
)  # fmt: skip
STEP_MOVES = Step(
    "household_moves",
    reads=("leave", "age", "sex", "marital", "partner", "mother", "father", "household", "alive",
           "death_u", "n_children", "n_living_children", "adl", "enrolled", "id", "province",
           "residence", "collective"),
    writes=("household", "collective", "province", "residence"),
    apply=apply,
)  # fmt: skip
