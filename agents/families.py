"""Who belongs to whom: the only writer of partners, parents, households and their counters.

Events decide and say so here; nothing else touches a link. A link is the row of a living
person in the country, or -1. Everyone alive is in one family household or in one kind of
collective living.
"""

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import MARITAL
from .columns import CHILDRENS_HOME, FAMILY, NOBODY, THIS_YEAR
from .compiled import kernel
from .frame import People
from .members import move, touch

Rows = NDArray[Any]

MARRIED = MARITAL.index("married")
DIVORCED = MARITAL.index("divorced")
WIDOWED = MARITAL.index("widowed")


class HasHouseholds(Protocol):
    """What hands out household numbers: the model."""

    people: People
    n_households: int


def new_households(model: HasHouseholds, n: int) -> NDArray[np.int64]:
    """Numbers of `n` households that nobody lives in yet."""
    first = model.n_households
    model.n_households = first + n
    return np.arange(first, first + n)


def join_household(people: People, rows: Rows, households: Any) -> None:
    """Put people into family households, by number."""
    move(people, rows, households)
    people["collective"][rows] = FAMILY


def enter_collective(people: People, rows: Rows, code: int) -> None:
    """Put people into collective living of one kind."""
    move(people, rows, np.full(len(rows), NOBODY))
    people["collective"][rows] = code


def marry(people: People, husbands: Rows, wives: Rows) -> None:
    """Make couples, pair by pair.

    Raises
    ------
    ValueError
        If one of them has a living partner.
    """
    partner = people["partner"]
    if (partner[husbands] >= 0).any() or (partner[wives] >= 0).any():
        raise ValueError("a person with a living partner cannot marry")
    partner[husbands] = wives
    partner[wives] = husbands
    for rows in (husbands, wives):
        people["marital"][rows] = MARRIED
        people["since_union"][rows] = THIS_YEAR
        touch(people, rows)


def end_unions(people: People, wives: Rows) -> None:
    """Divorce these women and their husbands."""
    husbands = people["partner"][wives].copy()
    for rows in (wives, husbands):
        people["partner"][rows] = NOBODY
        people["marital"][rows] = DIVORCED
        touch(people, rows)


def bear(model: HasHouseholds, mothers: Rows, *, sex: Any, **values: Any) -> NDArray[np.int64]:
    """Append children to their mothers and the husbands of these; returns the new rows.

    mothers : rows, once for each child; sex : uint8 of each child
    values : columns of the children that are not links: id, birth_month, ...
    A child lives with its mother; a mother who lives collectively founds a household first.
    """
    people = model.people
    homeless = np.unique(mothers[people["household"][mothers] < 0])
    join_household(people, homeless, new_households(model, len(homeless)))
    fathers = np.where(people["marital"][mothers] == MARRIED, people["partner"][mothers], NOBODY)
    rows = people.append(
        len(mothers),
        sex=sex,
        mother=mothers,
        father=fathers,
        province=people["province"][mothers],
        residence=people["residence"][mothers],
        **values,
    )
    join_household(people, rows, people["household"][mothers])
    for parents in (mothers, fathers):
        known = parents >= 0
        _count_children(people, rows[known], parents[known])
    return rows


def acknowledge(people: People, children: Rows, fathers: Rows) -> None:
    """Give living children who have none a father."""
    people["father"][children] = fathers
    _count_children(people, children, fathers)


def _count_children(people: People, children: Rows, parents: Rows) -> None:
    """Add living children to the counters of a parent each."""
    np.add.at(people["n_children"], parents, np.uint8(1))
    np.add.at(people["n_living_children"], parents, np.uint8(1))
    np.add.at(people["n_sons"], parents, (people["sex"][children] == 0).astype(np.uint8))


def bury(people: People, rows: Rows) -> None:
    """Take the dead out of every link; their living partners are widowed."""
    widowed = _take_out(people, rows)
    people["marital"][widowed] = WIDOWED


def depart(people: People, rows: Rows) -> None:
    """Take emigrants out of every link.

    Raises
    ------
    ValueError
        If somebody leaves without the spouse.
    """
    partner = people["partner"]
    leaves = np.zeros(people.n + 1, np.bool_)
    leaves[rows] = True
    if (~leaves[partner[rows]] & (partner[rows] >= 0)).any():
        raise ValueError("spouses leave the country together")
    _take_out(people, rows)


def _take_out(people: People, rows: Rows) -> NDArray[np.int64]:
    """Clear all links from and to these rows; returns the partners who stay."""
    partner, alive = people["partner"], people["alive"]
    alive[rows] = 0
    left = partner[rows]
    left = left[left >= 0]
    left = left[alive[left] == 1].astype(np.int64)
    partner[left] = NOBODY
    for link in ("mother", "father"):
        parents = people[link][rows]
        parents = parents[parents >= 0]
        np.subtract.at(people["n_living_children"], parents, np.uint8(1))
    for link in ("partner", "mother", "father"):
        people[link][rows] = NOBODY
    move(people, rows, np.full(len(rows), NOBODY))
    people["collective"][rows] = FAMILY
    gone = np.zeros(people.n // 32 + 1, np.uint32)
    mark(rows, gone)
    for link in ("mother", "father"):
        cut(gone, people[link])
    return np.asarray(left)


@kernel
def cut(gone: Any, link: Any) -> None:
    """Drop links to parents who are no longer there.

    gone : uint32[people / 32 + 1], a bit for each row + 1; the first stands for no link
    Written without a branch: -1 in place of a link is all bits set.
    """
    for i in range(link.size):
        place = np.uint32(link[i] + 1)
        lost = gone[place >> np.uint32(5)] >> (place & np.uint32(31)) & np.uint32(1)
        link[i] |= -np.int32(lost)


@kernel
def mark(rows: Any, bits: Any) -> None:
    """Set the bit of each row, at row + 1."""
    for k in range(rows.size):
        place = np.uint32(rows[k] + 1)
        bits[place >> np.uint32(5)] |= np.uint32(1) << (place & np.uint32(31))


def to_childrens_home(people: People, rows: Rows) -> None:
    """Put minors without any adult into a children's home."""
    enter_collective(people, rows, CHILDRENS_HOME)


@kernel
def by_household(alive: Any, household: Any, order: Any, number: Any, start: Any) -> Any:
    """Rows of the living by household, collective living first, and new household numbers.

    order : uint32[n], out; number : int32[households + 1], out, by old number + 1
    start : int32[households + 1], zero before, scratch
    Returns how many people and how many households there are.
    """
    for i in range(alive.size):
        start[np.uint32(household[i] + 1)] += alive[i]
    n, used = 0, 0
    for h in range(start.size):
        number[h] = used - 1 if start[h] > 0 or h == 0 else NOBODY
        used += start[h] > 0 or h == 0
        start[h], n = n, n + start[h]
    for i in range(alive.size):
        place = np.uint32(household[i] + 1)
        if alive[i]:
            order[np.uint32(start[place])] = i
            start[place] += 1
    return n, used - 1


@kernel
def renumber(household: Any, number: Any) -> None:
    """Give every household its new number; number : by old number + 1, the first is -1."""
    for i in range(household.size):
        household[i] = number[np.uint32(household[i] + 1)]


def compact(model: HasHouseholds, passing: Collection[str] = ()) -> None:
    """Drop the rows of the dead, put households together, number households anew.

    passing : columns without a meaning at this moment
    """
    people = model.people
    people.forget()  # what belongs to the old rows; its memory is wanted
    order, number = np.empty(people.n, np.uint32), np.empty(model.n_households + 1, np.int32)
    start = np.zeros_like(number)
    n, used = by_household(people["alive"], people["household"], order, number, start)
    del start
    people.compact(order[:n], passing)
    renumber(people["household"], number)
    model.n_households = int(used)
