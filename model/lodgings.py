"""Lodgings: people who come alone to a place share a home with others there.

Decides whom a lodger joins: a household at the place in which nobody lives with a spouse, a
parent or a minor, and which has room. Hosts and lodgers stand on a circle at each place, and
a lodger joins the next host on it, so that one host more or less changes only the choice of
those beside it. A home that is shared counts as one family household, as in a census. Leaves
out rent and landlords.

Source: assumed, see `coresidence.yaml`.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel, rule
from ..agents.members import members
from . import homes

if TYPE_CHECKING:
    from .model import SongheModel

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Array = NDArray[np.float64]

PLACE_ON_CIRCLE = 1  # lane of the call of households, below the old age
KEY = "demography.coresidence."
FAMILY_HOME = -1


@rule
def is_at_home(j: int, h: int, first: Any, following: Any) -> bool:
    """Whether a person is among the members of a household; j may be -1."""
    i = first[h]
    while i >= 0 and i != j:
        i = following[i]
    return bool(i >= 0)


@rule
def lodgers_in(
    h: int, age: Any, death_u: Any, partner: Any, mother: Any, father: Any, first: Any,
    following: Any, adult_age: int, old_age: int,
) -> int:  # fmt: skip
    """Members of a household if they are unrelated adults, else FAMILY_HOME.

    Brothers and sisters count as unrelated. Who dies in the year is no member, but kin. Kin
    are sought in the household: their own rows may be far away.
    """
    n, i = 0, first[h]
    while i >= 0:
        if death_u[i] >= 1.0:
            if age[i] + 1 < adult_age or age[i] + 1 >= old_age:
                return FAMILY_HOME
            for j in (partner[i], mother[i], father[i]):
                if j >= 0 and is_at_home(j, h, first, following):
                    return FAMILY_HOME
            n += 1
        i = following[i]
    return n


@kernel
def fill_lodgers(
    homes: Any, age: Any, death_u: Any, partner: Any, mother: Any, father: Any, first: Any,
    following: Any, adult_age: int, old_age: int, lodgers: Any,
) -> None:  # fmt: skip
    """Count the lodgers of the listed households, -1 being none; lodgers : int32[homes], out."""
    for k in range(homes.size):
        lodgers[k] = FAMILY_HOME
        if homes[k] >= 0:
            lodgers[k] = lodgers_in(
                homes[k], age, death_u, partner, mother, father, first, following, adult_age,
                old_age,
            )  # fmt: skip


@kernel
def mark_ages(
    age: Any, death_u: Any, household: Any, adult_age: int, old_age: int, family: Any
) -> None:
    """Mark the homes of minors and old people; family : uint8[households + 1], by number + 1.

    Here and below: without branches, and with marks of a byte that stay in the cache.
    """
    span = np.uint8(old_age - adult_age)
    for i in range(age.size):
        bound = (np.uint8(age[i] + 1 - adult_age) >= span) & (death_u[i] >= np.float32(1.0))
        family[np.uint32(household[i] + 1)] |= bound


@kernel
def list_unmarked(household: Any, family: Any, rows: Any) -> int:
    """List the members of all homes without a mark; returns their number."""
    n = 0
    for i in range(household.size):
        rows[n] = i
        n += family[np.uint32(household[i] + 1)] == 0
    return n


@kernel
def mark_couples(rows: Any, death_u: Any, partner: Any, household: Any, family: Any) -> None:
    """Mark the homes of couples among the members of those in question."""
    for i in rows:
        j = partner[i]
        couple = (j >= 0) & (household[np.uint32(max(j, 0))] == household[i])
        family[np.uint32(household[i] + 1)] |= couple & (death_u[i] >= np.float32(1.0))


def ages(model: "SongheModel") -> tuple[int, int]:
    """Ages from which people are adult, and old."""
    p = model.parameters
    return int(p.value(KEY + "adult_age")), int(p.value(KEY + "old_age"))


class Known(NamedTuple):
    """Lodgers as found in a year; int32[households and some more]."""

    year: int
    lodgers: NDArray[np.int32]


def count_lodgers(model: "SongheModel", homes: Any) -> NDArray[np.int32]:
    """Members of each of these households if they are unrelated adults, else -1."""
    people, chains = model.people, members(model)
    columns = (people[name] for name in ("age", "death_u", "partner", "mother", "father"))
    out = np.empty(len(homes), np.int32)
    homes = np.asarray(homes, np.int64)
    fill_lodgers(homes, *columns, chains.first, chains.following, *ages(model), out)
    return out


def lodgers(model: "SongheModel") -> NDArray[np.int32]:
    """Members of each household of unrelated adults, int32[households]; -1 for families.

    Counted once a year, and again in households whose members or their links have changed.
    """
    chains, n = members(model), model.n_households
    if chains.kept is None or chains.kept.year != model.year:
        chains.kept = Known(model.year, np.full(len(chains.changed), FAMILY_HOME, np.int32))
        chains.changed[:n] = ~with_family(model)
    known: Known = chains.kept
    changed = np.flatnonzero(chains.changed[:n].view(np.bool_))
    known.lodgers[changed] = count_lodgers(model, changed)
    chains.changed[changed] = 0
    return known.lodgers[:n]


def with_family(model: "SongheModel") -> Flags:
    """Whether a minor, an old person or a couple lives in each household, bool[households].

    It leaves few in which kin need be sought.
    """
    people = model.people
    family = np.zeros(model.n_households + 1, np.uint8)
    home, death_u = people["household"], people["death_u"]
    mark_ages(people["age"], death_u, home, *ages(model), family)
    family[0] = 1
    rows = np.empty(people.n + 1, np.int32)
    some = rows[: list_unmarked(home, family, rows)]
    mark_couples(some, death_u, people["partner"], home, family)
    return family[1:].view(np.bool_)


def shares_lodgings(model: "SongheModel", rows: Any) -> Flags:
    """Whether each person lives with people who are no family, bool[n]."""
    return np.asarray(count_lodgers(model, model.people["household"][rows]) > 1)


@kernel
def find_hosts(
    homes: Any, age: Any, id: Any, first: Any, following: Any, until: int, hosts: Any
) -> None:
    """The member of the least id of each home, none from the age `until` on; -1 if there is none.

    homes : int64[n], households; hosts : int64[n], out
    """
    for k in range(homes.size):
        hosts[k] = -1
        i = first[homes[k]]
        while i >= 0:
            if age[i] + 1 < until and (hosts[k] < 0 or id[i] < id[hosts[k]]):
                hosts[k] = i
            i = following[i]


@kernel
def list_open(lodgers: Any, most: int, shut: Any, homes: Any) -> int:
    """List the homes with lodgers and room for one more; shut : bool[households]."""
    n, room = np.uint32(0), np.uint32(max(most - 1, 0))
    for h in range(lodgers.size):
        homes[n] = h
        n += (np.uint32(lodgers[h] - 1) < room) & (not shut[h])
    return int(n)


def hosts(model: "SongheModel", away: Rows) -> Rows:
    """One member of each home that takes in lodgers.

    away : int64, people who move out; their homes take nobody in
    """
    people, p, chains = model.people, model.parameters, members(model)
    home, n = people["household"][away], model.n_households
    shut, homes = np.zeros(n + 1, np.bool_), np.empty(n + 1, np.int64)
    shut[home] = True  # the last place answers for no household
    most, until = (int(p.value(KEY + name)) for name in ("lodgers_most", "lodgers_until"))
    homes = homes[: list_open(lodgers(model), most, shut, homes)]
    found = np.empty(len(homes), np.int64)
    links = chains.first, chains.following
    find_hosts(homes, people["age"], people["id"], *links, until, found)
    found = found[found >= 0]
    return np.asarray(found[people["death_u"][found] >= 1.0])


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
    begins = np.searchsorted(circle, np.arange(place.max(initial=0) + 2))
    first, last = begins[place], begins[place + 1]
    k = np.searchsorted(circle, place + v)
    k = np.where(k < last, k, first)
    return np.asarray(np.where(last > first, hosts[np.minimum(k, len(hosts) - 1)], -1))
