"""Lodgings: people who come alone to a place share a home with others there.

Decides whom a lodger joins: a household at the place in which nobody lives with a spouse, a
parent or a minor, and which has room. Hosts and lodgers stand on a circle at each place, and
a lodger joins the next host on it, so that one host more or less changes only the choice of
those beside it. A home that is shared counts as one family household, as in a census. Leaves
out rent and landlords.

Source: assumed, see `coresidence.yaml`.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel
from . import homes
from .moving_units import at_home, near_to

if TYPE_CHECKING:
    from .model import SongheModel

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Array = NDArray[np.float64]

PLACE_ON_CIRCLE = 1  # lane of the call of households, below the old age
KEY = "demography.coresidence."
FAMILY_HOME = -1


@kernel
def list_unrelated(
    age: Any, alive: Any, death_u: Any, partner: Any, household: Any, adult_age: int, old_age: int,
    family: Any, rows: Any,
) -> int:  # fmt: skip
    """Mark homes with a minor, an old person or a couple; list the members of all others.

    family : uint8[households + 1], 0 before, 1 where marked; the last place answers for
        collective living. Returns the number of rows. Written without branches, and with marks
        of a byte that stay in the cache: few homes are left for the look-ups of parents.
    """
    for i in range(age.size):
        h, j = household[i], partner[i]
        couple = (j >= 0) & (household[np.uint32(max(j, 0))] == h)
        bound = couple | (age[i] + 1 < adult_age) | (age[i] + 1 >= old_age)
        family[h] |= bound & (alive[i] == 1) & (death_u[i] >= 1.0)
    family[-1] = 1
    n = 0
    for i in range(age.size):
        rows[n] = i
        n += family[household[i]] == 0
    return n


@kernel
def fill_lodgers(
    rows: Any, age: Any, alive: Any, death_u: Any, partner: Any, mother: Any, father: Any,
    household: Any, adult_age: int, old_age: int, lodgers: Any,
) -> None:  # fmt: skip
    """Count the members of each household of unrelated adults; FAMILY_HOME for the others.

    rows : all members of the households in question, all of whom have one
    lodgers : int32[households], 0 before. Brothers and sisters count as unrelated.
    """
    for i in rows:
        h = household[i]
        if lodgers[h] == FAMILY_HOME or not alive[i] or death_u[i] < 1.0:
            continue
        related = at_home(i, partner[i], household) or at_home(i, mother[i], household)
        related = related or at_home(i, father[i], household)
        if related or age[i] + 1 < adult_age or age[i] + 1 >= old_age:
            lodgers[h] = FAMILY_HOME
        else:
            lodgers[h] += 1


LOOKED_AT: tuple[str, ...] = ("age", "alive", "death_u", "partner", "mother", "father", "household")


def ages(model: "SongheModel") -> tuple[int, int]:
    """Ages from which people are adult, and old."""
    p = model.parameters
    return int(p.value(KEY + "adult_age")), int(p.value(KEY + "old_age"))


def unrelated(model: "SongheModel") -> tuple[NDArray[np.int32], Rows]:
    """As `lodgers`, and the rows of a few people among whom are all who live in such homes."""
    people = model.people
    family, rows = np.zeros(model.n_households + 1, np.uint8), np.empty(people.n + 1, np.int64)
    names = ("age", "alive", "death_u", "partner", "household")
    n = list_unrelated(*(people[name] for name in names), *ages(model), family, rows)
    out = np.int32(FAMILY_HOME) * family
    fill_lodgers(rows[:n], *(people[name] for name in LOOKED_AT), *ages(model), out)
    return out[:-1], rows[:n]


def lodgers(model: "SongheModel") -> NDArray[np.int32]:
    """Members of each household of unrelated adults, int32[households]; -1 for families."""
    return unrelated(model)[0]


def shares_lodgings(model: "SongheModel", rows: Any) -> Flags:
    """Whether each person lives with people who are no family, bool[n]."""
    people = model.people
    home, near = people["household"][rows], near_to(model, rows)
    count = np.zeros(model.n_households + 1, np.int32)
    fill_lodgers(near, *(people[name] for name in LOOKED_AT), *ages(model), count)
    return np.asarray((home >= 0) & (count[home] > 1))


@kernel
def find_hosts(
    rows: Any, age: Any, household: Any, id: Any, lodgers: Any, until: int, first: Any
) -> None:
    """The member of the least id of each home with lodgers; first : int32[households], -1 before.

    rows : everyone who may live in such a home, and in any household
    lodgers : int32[households], above 0 where there is room; no host from the age `until` on
    """
    for i in rows:
        h = household[i]
        if lodgers[h] <= 0 or age[i] + 1 >= until:
            continue
        if first[h] < 0 or id[i] < id[first[h]]:
            first[h] = i


def hosts(model: "SongheModel", away: Rows) -> Rows:
    """One member of each home that takes in lodgers.

    away : int64, people who move out; their homes take nobody in
    """
    people, p = model.people, model.parameters
    room, rows = unrelated(model)
    room[room >= p.value(KEY + "lodgers_most")] = 0
    home = people["household"][away]
    room[home[home >= 0]] = 0
    first = np.full(model.n_households, -1, np.int32)
    columns = (people[name] for name in ("age", "household", "id"))
    find_hosts(rows, *columns, room, int(p.value(KEY + "lodgers_until")), first)
    found = first[first >= 0].astype(np.int64)
    lives = (people["alive"][found] == 1) & (people["death_u"][found] >= 1.0)
    return np.asarray(found[lives])


def find(
    model: "SongheModel", rows: Rows, province: Any, residence: Any, u: Array, away: Rows
) -> Rows:
    """A host for each person who comes alone to a place and shares a home, else -1; int64[n].

    u : float64[n] in (0, 1), whether each shares and, if so, the place on the circle
    away : int64, people who move out this year
    """
    people, p = model.people, model.parameters
    share = p.value(KEY + "lodging")
    wants = (u < share) & (people["age"][rows] + 1 < p.value(KEY + "lodgers_until"))
    found: Rows = np.full(len(rows), -1)
    some = hosts(model, away) if wants.any() else found[:0]
    if len(some):
        v = homes.uniforms(model, some, luck.Call.HOUSEHOLD)[PLACE_ON_CIRCLE]
        circle = spot(people["province"][some], people["residence"][some]) + v
        order = homes.order_of(circle, people["id"][some])
        place = spot(province, residence)[wants]
        found[wants] = next_on_circle(circle[order], some[order], place, u[wants] / share)
    return found


def spot(province: Any, residence: Any) -> NDArray[np.int64]:
    """One number for each place, int64[n]."""
    return np.asarray(province * np.int64(2) + residence, dtype=np.int64)


def next_on_circle(circle: Array, hosts: Rows, place: Rows, v: Array) -> Rows:
    """The host who comes next at each place, -1 where there is none; int64[n].

    circle : float64[hosts], rising: number of the place plus position in (0, 1)
    v : float64[n] in (0, 1), position of each lodger
    """
    first, last = np.searchsorted(circle, place), np.searchsorted(circle, place + 1)
    k = np.searchsorted(circle, place + v)
    k = np.where(k < last, k, first)
    return np.asarray(np.where(last > first, hosts[np.minimum(k, len(hosts) - 1)], -1))
