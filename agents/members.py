"""Who lives in a household: the members of each as a chain of rows.

Decides nothing and holds nothing that the column `household` does not: it saves looking for
the members of a few households among everybody. Made when first asked for, kept up to date
by `families` and dropped at compaction. Some 9 bytes a person, of which 2 are what is kept.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .compiled import kernel
from .frame import People
from .pages import lasting

SLACK = 1.3  # room for households that are founded later
END = -1
JOINED, OTHERWISE = np.uint8(1), np.uint8(2)  # how a household has changed: bits


class HasHouseholds(Protocol):
    """What hands out household numbers: the model."""

    people: People
    n_households: int


class Members:
    """Chains of rows by household.

    first : int32[households and some more], a member of each, -1 for none
    following : int32[people and some more], the next member, -1 after the last
    changed : uint8[households and some more], JOINED where people have come, OTHERWISE where
        they have left or links of members have changed, since the mark was last cleared
    kept : what a step has found out about households, while they do not change
    """

    def __init__(self, model: HasHouseholds) -> None:
        people, room = model.people, int(model.n_households * SLACK) + 64
        self.first = lasting(room + 1, np.int32)  # the last place: no household
        self.following = lasting(people.capacity, np.int32)
        self.changed = lasting(room, np.uint8)
        self.first[:], self.changed[:] = END, OTHERWISE
        self.kept: Any = None
        link_all(people["household"], self.first, self.following)

    def has_room(self, people: People, households: NDArray[Any]) -> bool:
        """Whether all people and these households have a place."""
        return people.n <= len(self.following) and int(households.max(initial=0)) < len(
            self.changed
        )


def members(model: HasHouseholds) -> Members:
    """The chains of the people as they live now."""
    people = model.people
    if people.members is None:
        people.members = Members(model)
    found: Members = people.members
    return found


@kernel
def link_all(household: Any, first: Any, following: Any) -> None:
    """Chain everybody, the least row first."""
    for k in range(household.size):
        i = household.size - 1 - k
        h = household[i]
        following[i] = first[h]
        first[h] = i


@kernel
def list_members(numbers: Any, first: Any, following: Any, rows: Any, at: Any) -> int:
    """List the members of households, those of one not together; returns how many they are.

    numbers : int[n], each once; rows : int32[people + 1], out
    at : int32[people + 1], out, the place of each one's household in the list
    One member of each household, then the next of each: along one chain after the other, every
    far row would be waited for before the next is known.
    """
    n, begin = 0, 0
    for k in range(numbers.size):
        i = first[numbers[k]]
        rows[np.uint32(n)], at[np.uint32(n)] = i, k
        n += i >= 0
    while begin < n:
        end = n
        for k in range(begin, end):
            i = following[np.uint32(rows[k])]
            rows[np.uint32(n)], at[np.uint32(n)] = i, at[k]
            n += i >= 0
        begin = end
    return n


@kernel
def rehouse(
    rows: Any, homes: Any, household: Any, first: Any, following: Any, changed: Any
) -> None:
    """Put people into households, -1 for none, and from one chain into the other."""
    for k in range(rows.size):
        i = rows[k]
        old, new = household[i], homes[k]
        household[i] = new
        if old >= 0:
            changed[old] |= OTHERWISE
            unlink(i, old, first, following)
        if new >= 0:
            changed[new] |= JOINED
            following[i] = first[new]
            first[new] = i


@kernel
def unlink(i: int, h: int, first: Any, following: Any) -> None:
    """Take a row out of the chain of a household."""
    if first[h] == i:
        first[h] = following[i]
        return
    j = first[h]
    while following[j] != i:
        j = following[j]
    following[j] = following[i]


def move(people: People, rows: NDArray[Any], homes: NDArray[Any]) -> None:
    """Write the household of people, by number or -1, into the column and the chains."""
    known: Members | None = people.members
    rows, homes = np.asarray(rows, np.int64), np.asarray(homes, np.int64)
    if known is not None and known.has_room(people, homes):
        chains = known.first, known.following, known.changed
        rehouse(rows, homes, people["household"], *chains)
    else:
        people["household"][rows] = homes
        people.members = None


def touch(people: People, rows: NDArray[Any]) -> None:
    """Mark the households of people whose links change."""
    if people.members is not None:
        home = people["household"][rows]
        people.members.changed[home[home >= 0]] |= OTHERWISE
