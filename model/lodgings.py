"""Lodgings: people who come alone to a place share a home with others there.

Decides whom a lodger joins: a household at the place in which nobody lives with a spouse, a
parent or a minor, and which has room. Hosts and lodgers stand on a circle at each place, and
a lodger joins the next host on it, so that one host more or less changes only the choice of
those beside it. A home that is shared counts as one family household, as in a census. Leaves
out rent and landlords.

Source: assumed, see `coresidence.yaml`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel, rule
from ..agents.members import JOINED, list_members, members

if TYPE_CHECKING:
    from .model import SongheModel

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Array = NDArray[np.float64]

PLACE_ON_CIRCLE = 1  # lane of the call of households, below the old age
KEY = "demography.coresidence."
FAMILY_HOME, UNKNOWN = -1, -2  # in place of a number of lodgers
LIVES, BOUND = np.uint8(1), np.uint8(2)  # bits of how a person stands


@rule
def is_at_home(j: int, h: int, first: Any, following: Any) -> bool:
    """Whether a person is among the members of a household; j may be -1."""
    i = first[h] if j >= 0 else -1
    while i >= 0 and i != j:
        i = following[i]
    return bool(i >= 0)


@kernel
def count_adults(rows: Any, homes: Any, standing: Any, lodgers: Any) -> int:
    """Count the members of households who are no minors and not old; FAMILY_HOME where any is.

    rows, homes : int32, all members of the households in question, and the household of each;
        cut down to those of homes where kin must be sought; returns their number
    standing : uint8[people], as of `mark_ages`; lodgers : int32[households], 0 for these before
    """
    n, left = 0, 0
    families = np.empty(rows.size + 1, np.int32)
    for k in range(rows.size):
        h, s = homes[k], standing[np.uint32(rows[k])]
        lodgers[h] += s & LIVES
        families[np.uint32(n)] = h
        n += (s & BOUND) != 0
    for h in families[:n]:
        lodgers[h] = FAMILY_HOME
    for k in range(rows.size):
        i, h = rows[k], homes[k]
        rows[np.uint32(left)], homes[np.uint32(left)] = i, h
        left += (lodgers[h] > 0) & (standing[np.uint32(i)] != 0)
    return left


@kernel
def seek_kin(
    rows: Any, homes: Any, partner: Any, mother: Any, father: Any, first: Any, following: Any,
    lodgers: Any,
) -> None:  # fmt: skip
    """Write FAMILY_HOME for households in which somebody lives with a spouse or a parent.

    rows, homes : int32, members and the household of each; lodgers : int32[households]
    Brothers and sisters count as unrelated. Who dies in the year is no member, but kin. Kin
    are sought in the household: their own rows may be far away.
    """
    for k in range(rows.size):
        i, h = rows[k], homes[k]
        if lodgers[h] < 0 or (first[h] == i and following[i] < 0):  # settled, or alone
            continue
        for j in (partner[i], mother[i], father[i]):
            if is_at_home(j, h, first, following):
                lodgers[h] = FAMILY_HOME
                break


@kernel
def mark_ages(age: Any, death_u: Any, adult_age: int, old_age: int, standing: Any) -> None:
    """Write who lives through the year, and of these who is a minor or old; uint8[people]."""
    span = np.uint8(old_age - adult_age)
    for i in range(age.size):
        lives = death_u[i] >= np.float32(1.0)
        bound = np.uint8(age[i] + 1 - adult_age) >= span
        standing[i] = np.uint8(lives) * (LIVES + np.uint8(bound) * BOUND)


@kernel
def list_unbound(household: Any, standing: Any, family: Any, rows: Any, homes: Any) -> int:
    """List the members of all homes without a minor or an old person; returns their number.

    family : uint8[households + 1], by number + 1, BOUND where there is one; 0 before
    rows, homes : int32, out, the members and the household of each
    Without branches, and with marks of a byte that stay in the cache.
    """
    n = 0
    for i in range(household.size):
        family[np.uint32(household[i] + 1)] |= standing[i] & BOUND
    family[0] = BOUND
    for i in range(household.size):
        h = household[i]
        rows[np.uint32(n)], homes[np.uint32(n)] = i, h
        n += family[np.uint32(h + 1)] == 0
    return n


def ages(model: "SongheModel") -> tuple[int, int]:
    """Ages from which people are adult, and old."""
    p = model.parameters
    return int(p.value(KEY + "adult_age")), int(p.value(KEY + "old_age"))


class Hosts(NamedTuple):
    """One member of each home that takes in lodgers, in the order of the circle.

    homes, rows : int64[n]; circle : float64[n], number of the place plus position in (0, 1)
    """

    homes: Rows
    rows: Rows
    circle: Array


@dataclass
class Known:
    """Lodgers and hosts as found in a year.

    standing : uint8[people], as of `mark_ages`; lodgers : int32[households and some more]
    """

    year: int
    standing: NDArray[np.uint8]
    lodgers: NDArray[np.int32]
    hosts: Hosts


def known(model: "SongheModel") -> Known:
    """Lodgers and hosts of all households.

    Found once a year, and again in households whose members or their links have changed.
    """
    found = of_year(model)
    changed = members(model).changed[: model.n_households]
    numbers = stale(model, found, np.flatnonzero(changed != 0))
    changed[:] = 0
    count_anew(model, found, numbers)
    find_anew(model, found, numbers)
    return found


def stale(model: "SongheModel", known: Known, changed: Rows) -> Rows:
    """Of households that changed, those to count anew: families remain so when somebody joins."""
    only_joined = members(model).changed[changed] == JOINED
    return np.asarray(changed[~only_joined | (known.lodgers[changed] != FAMILY_HOME)])


def of_year(model: "SongheModel") -> Known:
    """What was known of the year when it was last asked for."""
    people, chains, n = model.people, members(model), model.n_households
    found: Known = chains.kept
    if found is not None and found.year == model.year and len(found.standing) == people.n:
        return found
    lodgers = np.full(len(chains.changed), UNKNOWN, np.int32)
    lodgers[:n] = FAMILY_HOME
    standing = np.empty(people.n, np.uint8)
    mark_ages(people["age"], people["death_u"], *ages(model), standing)
    nobody = np.empty(0, np.int64)
    found = Known(model.year, standing, lodgers, Hosts(nobody, nobody, np.empty(0)))
    chains.kept = found
    chains.changed[:n] = 0
    family = np.zeros(n + 1, np.uint8)
    with people.room(np.int32) as rows, people.room(np.int32) as homes:
        size = list_unbound(people["household"], standing, family, rows, homes)
        numbers = np.flatnonzero(family[1:] == 0)
        lodgers[numbers] = 0
        count(model, found, rows[:size], homes[:size])
    find_anew(model, found, numbers)
    return found


def count_anew(model: "SongheModel", known: Known, numbers: Rows) -> None:
    """Count the lodgers of these households, each listed once."""
    people, chains = model.people, members(model)
    known.lodgers[numbers] = 0
    with people.room(np.int32) as rows, people.room(np.int32) as at:
        size = list_members(numbers, chains.first, chains.following, rows, at)
        count(model, known, rows[:size], numbers[at[:size]].astype(np.int32))


def count(model: "SongheModel", known: Known, rows: Any, homes: Any) -> None:
    """Count the lodgers of some households; rows, homes, lodgers : as of `count_adults`."""
    people, chains = model.people, members(model)
    n = count_adults(rows, homes, known.standing, known.lodgers)
    kin = (people[name] for name in ("partner", "mother", "father"))
    seek_kin(rows[:n], homes[:n], *kin, chains.first, chains.following, known.lodgers)


def find_anew(model: "SongheModel", known: Known, numbers: Rows) -> None:
    """Find the hosts of these households, whose lodgers are counted."""
    anew = np.zeros(len(known.lodgers), np.bool_)
    anew[numbers] = True
    kept = np.flatnonzero(~anew[known.hosts.homes])
    both = zip(known.hosts, hosts_in(model, numbers), strict=True)
    known.hosts = in_order(model.people, *(np.concatenate((old[kept], new)) for old, new in both))


def in_order(people: Any, homes: Rows, rows: Rows, circle: Array) -> Hosts:
    """Hosts in the order of the circle; quick where most are in order already."""
    order = np.argsort(circle, kind="stable")
    rising = circle[order]
    if (rising[1:] == rising[:-1]).any():
        order = np.lexsort((people["id"][rows], circle))
    return Hosts(homes[order], rows[order], circle[order])


def hosts_in(model: "SongheModel", homes: Rows) -> Hosts:
    """The hosts of those of these households that have lodgers and room for one more."""
    people, p, chains = model.people, model.parameters, members(model)
    most, until = (int(p.value(KEY + name)) for name in ("lodgers_most", "lodgers_until"))
    n = chains.kept.lodgers[homes]
    homes = homes[(n >= 1) & (n < most)]
    rows = np.empty(len(homes), np.int64)
    find_hosts(homes, people["age"], people["id"], chains.first, chains.following, until, rows)
    some = np.flatnonzero((rows >= 0) & (people["death_u"][rows] >= 1.0))
    rows = rows[some]
    words = luck.words(people["id"][rows], luck.Call.HOUSEHOLD, model.year, model.key)
    place = spot(people["province"][rows], people["residence"][rows])
    circle = place + luck.unit(words[PLACE_ON_CIRCLE])
    order = np.argsort(circle)
    return Hosts(homes[some[order]], rows[order], circle[order])


def lodgers(model: "SongheModel") -> NDArray[np.int32]:
    """Members of each household of unrelated adults, int32[households]; -1 for families."""
    return known(model).lodgers[: model.n_households]


def shares_lodgings(model: "SongheModel", rows: Any) -> Flags:
    """Whether each person lives with people who are no family, bool[n]."""
    found, home = of_year(model), model.people["household"][rows]
    asked = np.zeros(model.n_households + 1, np.bool_)
    asked[home] = True  # the last place answers for no household
    changed = members(model).changed[: model.n_households] != 0
    count_anew(model, found, stale(model, found, np.flatnonzero(asked[:-1] & changed)))
    return np.asarray((home >= 0) & (found.lodgers[home] > 1))


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
    if wants.any():
        homes, hosts, circle = known(model).hosts
        shut = np.zeros(model.n_households + 1, np.bool_)
        shut[people["household"][away]] = True  # the last place answers for no household
        some = np.flatnonzero(~shut[homes])
        if not len(some):
            return found
        place = spot(province, residence)[wants]
        found[wants] = next_on_circle(circle[some], hosts[some], place, u[wants] / share)
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
