"""Whether kin and households are consistent; every fault in words.

Decides nothing. Everything here holds at the end of every year, newborns being counted as
completed age -1 until the year closes. Since every parent is older than the child, nobody
can be an own ancestor.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .columns import CHILDRENS_HOME, DORMITORY, FAMILY
from .couples import FEMALE, MALE, MARRIED
from .frame import People
from .sibships import mother_ids

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEAST_GAP = 13  # completed years between parent and child
OPEN_AGE = 100  # ages from here on may no longer be counted
PARENTS = (("mother", FEMALE), ("father", MALE))


def faults(people: People, adult_age: int = 18) -> list[str]:
    """Every fault there is, with the number of people and the first row; empty if none."""
    alive = people["alive"] == 1
    found: list[tuple[str, Flags]] = []
    for part in (_dead_ends, _partners, _parents, _counters, _homes):
        found += part(people, alive)
    found += _minors(people, alive, adult_age)
    return [
        f"{what}: {int(wrong.sum())} people, first in row {int(np.argmax(wrong))}"
        for what, wrong in found
        if wrong.any()
    ]


Found = list[tuple[str, Flags]]


def _links(people: People, name: str, alive: Flags) -> tuple[Rows, Rows]:
    """Living people who have this link, and to whom."""
    rows = np.flatnonzero(alive & (people[name] >= 0))
    return rows, people[name][rows].astype(np.int64)


def _at(n: int, rows: Rows, wrong: Any) -> Flags:
    flags = np.zeros(n, np.bool_)
    flags[rows[np.asarray(wrong, dtype=np.bool_)]] = True
    return flags


def _dead_ends(people: People, alive: Flags) -> Found:
    """Nobody is tied to the dead, and no id stands twice."""
    found: Found = []
    for name in ("partner", "mother", "father"):
        rows, other = _links(people, name, alive)
        found.append((f"{name} is dead", _at(people.n, rows, ~alive[other])))
        found.append((f"dead, but has a {name}", ~alive & (people[name] >= 0)))
    order = np.argsort(people["id"], kind="stable")
    twice = people["id"][order[1:]] == people["id"][order[:-1]]
    found.append(("id stands twice", _at(people.n, order[1:], twice)))
    return found


def _partners(people: People, alive: Flags) -> Found:
    rows, other = _links(people, "partner", alive)
    sex, sibship = people["sex"], mother_ids(people)
    married = people["marital"] == MARRIED
    parent = (people["mother"][rows] == other) | (people["father"][rows] == other)
    return [
        ("partner of another", _at(people.n, rows, people["partner"][other] != rows)),
        ("partner of the same sex", _at(people.n, rows, sex[other] == sex[rows])),
        ("partner is a brother or sister", _at(people.n, rows, sibship[other] == sibship[rows])),
        ("partner is a parent", _at(people.n, rows, parent)),
        ("has a partner, but is not married", _at(people.n, rows, ~married[rows])),
        ("married, but has no partner", alive & married & (people["partner"] < 0)),
    ]


def _parents(people: People, alive: Flags) -> Found:
    found: Found = []
    age = people["age"].astype(np.int64)
    for name, sex in PARENTS:
        rows, parent = _links(people, name, alive)
        young = (age[parent] - age[rows] < LEAST_GAP) & (age[parent] < OPEN_AGE)
        young |= age[parent] <= age[rows]
        found.append(
            (f"{name} of the wrong sex", _at(people.n, rows, people["sex"][parent] != sex))
        )
        found.append((f"{name} too young", _at(people.n, rows, young)))
    rows, mother = _links(people, "mother", alive)
    other = mother_ids(people)[rows] != people["id"][mother]
    return [*found, ("mother is not that of the brothers and sisters", _at(people.n, rows, other))]


def _counters(people: People, alive: Flags) -> Found:
    """Living children are those who say so; of all, and of sons, there are no fewer."""
    counted = np.zeros(people.n, np.int64)
    for name, _ in PARENTS:
        _, parent = _links(people, name, alive)
        counted += np.bincount(parent, minlength=people.n)
    ever = people["n_children"]
    return [
        ("living children miscounted", alive & (people["n_living_children"] != counted)),
        ("more living children than children", alive & (people["n_living_children"] > ever)),
        ("more sons than children", alive & (people["n_sons"] > ever)),
    ]


def _homes(people: People, alive: Flags) -> Found:
    """Everybody in one household or one collective; a household in one place."""
    household = people["household"]
    inside = alive & (household >= 0)
    place = people["province"].astype(np.int64) * 2 + people["residence"]
    rows = np.flatnonzero(inside)
    where = np.zeros(int(household.max(initial=-1)) + 1, np.int64)
    where[household[rows]] = place[rows]
    collective = people["collective"]
    return [
        ("in a household and a collective", inside & (collective != FAMILY)),
        ("in no household and no collective", alive & ~inside & (collective == FAMILY)),
        ("dead, but in a household", ~alive & (household >= 0)),
        ("household in two places", _at(people.n, rows, where[household[rows]] != place[rows])),
    ]


def _minors(people: People, alive: Flags, adult_age: int) -> Iterator[tuple[str, Flags]]:
    """Minors live with an adult, in a children's home, or, as pupils, in a dormitory."""
    household, collective = people["household"], people["collective"]
    minor = alive & (people["age"] < adult_age)
    adults = np.flatnonzero(alive & ~minor & (household >= 0))
    kept = np.zeros(int(household.max(initial=-1)) + 1, np.bool_)
    kept[household[adults]] = True
    rows = np.flatnonzero(minor & (household >= 0))
    yield "minor without an adult at home", _at(people.n, rows, ~kept[household[rows]])
    school = (collective == DORMITORY) & (people["enrolled"] == 1)
    somewhere = (household >= 0) | school | (collective == CHILDRENS_HOME)
    yield "minor among adults in collective living", minor & ~somewhere
