"""Households as tables: sizes, generations, living arrangements, kin by age.

Decides nothing; counts what links and households hold, for the fit of the starting
population and for checks in any year. People who are dead are left out.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import GENERATIONS, HOUSEHOLD_SIZES
from .compiled import kernel
from .frame import People
from .sibships import mother_ids

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

AGE_GROUP = 5
LAST_GROUP = 85
MOST = 7  # children or siblings; the last class is open
ARRANGEMENTS = ("with_child", "alone", "couple_only", "other", "collective")


def present(people: People) -> NDArray[np.bool_]:
    """Who is alive and in the country."""
    return np.asarray(people["alive"] == 1)


def household_sizes(people: People, n_households: int) -> Whole:
    """Members of each family household, int64[n_households]."""
    rows = present(people) & (people["household"] >= 0)
    return np.bincount(people["household"][rows], minlength=n_households)


@kernel
def fill_generations(
    order: Any, household: Any, mother: Any, father: Any, age: Any, adult_age: int, level: Any,
    top: Any,
) -> None:  # fmt: skip
    """Number of generations of each household; rows in order from old to young.

    level : int64 by row, 0 before; top : int64 by household, 0 before. Minors without a parent
    at home count as one generation below the adults.
    """
    for k in range(order.size):
        i = order[k]
        home = household[i]
        if home < 0:
            continue
        below = 0
        for parent in (mother[i], father[i]):
            if parent >= 0 and household[parent] == home:
                below = max(below, level[parent] + 1)
        if below == 0 and age[i] < adult_age and top[home] > 0:
            below = 1
        level[i] = below
        top[home] = max(top[home], below + 1)


def generations(people: People, n_households: int, adult_age: int = 18) -> Whole:
    """Generations in each family household, int64[n_households]; 0 for an empty one."""
    rows = np.flatnonzero(present(people))
    order = rows[np.argsort(-people["age"][rows].astype(np.int64), kind="stable")]
    level, top = np.zeros(people.n, np.int64), np.zeros(n_households, np.int64)
    household, mother, father = (people[name] for name in ("household", "mother", "father"))
    fill_generations(order, household, mother, father, people["age"], adult_age, level, top)
    return top


class HouseholdTable(NamedTuple):
    """Family households by residence, size and generations, each open at the end.

    by_size : int64[residence 2, size 10]; by_generations : int64[residence 2, generations 4]
    """

    by_size: Whole
    by_generations: Whole


def household_table(people: People, n_households: int) -> HouseholdTable:
    """Count the family households."""
    sizes = household_sizes(people, n_households)
    levels = generations(people, n_households)
    rows = np.flatnonzero(present(people) & (people["household"] >= 0))
    residence = np.zeros(n_households, np.int64)
    residence[people["household"][rows]] = people["residence"][rows]
    lived = sizes > 0

    def counted(values: Whole, classes: int) -> Whole:
        cell = residence[lived] * classes + np.minimum(values[lived], classes) - 1
        return np.bincount(cell, minlength=2 * classes).reshape(2, classes)

    return HouseholdTable(counted(sizes, len(HOUSEHOLD_SIZES)), counted(levels, len(GENERATIONS)))


class KinTable(NamedTuple):
    """People by sex, five-year age group (0-4 ... 85+) and kin; counts.

    children, siblings : int64[sex 2, group 18, 0 ... 7+], living
    mother, father : int64[sex, group], people with a living one
    arrangements : int64[sex, group, 5], see ARRANGEMENTS
    people : int64[sex, group]
    """

    people: Whole
    children: Whole
    siblings: Whole
    mother: Whole
    father: Whole
    arrangements: Whole


def kin_table(people: People) -> KinTable:
    """Living kin and living arrangements by age and sex."""
    rows = present(people)
    group = np.clip(people["age"], 0, LAST_GROUP) // AGE_GROUP
    cell = people["sex"].astype(np.int64) * (LAST_GROUP // AGE_GROUP + 1) + group
    classes = 2 * (LAST_GROUP // AGE_GROUP + 1)

    def counted(values: Any, width: int) -> Whole:
        where = cell[rows] * width + np.minimum(values[rows], width - 1)
        return np.bincount(where, minlength=classes * width).reshape(2, -1, width)

    known = [(people[name] >= 0).astype(np.int64) for name in ("mother", "father")]
    mother, father = (counted(link, 2)[..., 1] for link in known)
    return KinTable(
        counted(np.zeros(people.n, np.int64), 1)[..., 0],
        counted(people["n_living_children"].astype(np.int64), MOST + 1),
        counted(living_siblings(people), MOST + 1),
        mother,
        father,
        counted(arrangements(people), len(ARRANGEMENTS)),
    )


def living_siblings(people: People) -> Whole:
    """Living brothers and sisters of the same mother, int64[n]."""
    _, family = np.unique(mother_ids(people), return_inverse=True)
    alive = present(people)
    size = np.bincount(family[alive], minlength=int(family.max(initial=-1)) + 1)
    return np.asarray(np.maximum(size[family] - alive, 0), dtype=np.int64)


def with_adult_child(people: People, adult_age: int = 18) -> NDArray[np.bool_]:
    """Who shares a family household with a grown-up child."""
    found = np.zeros(people.n, np.bool_)
    household = people["household"]
    for name in ("mother", "father"):
        link = people[name]
        rows = np.flatnonzero(present(people) & (link >= 0) & (people["age"] >= adult_age))
        rows = rows[(household[rows] >= 0) & (household[link[rows]] == household[rows])]
        found[link[rows]] = True
    return found


def arrangements(people: People) -> Whole:
    """Place in ARRANGEMENTS of everybody, int64[n]."""
    household, partner = people["household"], people["partner"]
    sizes = household_sizes(people, int(household.max(initial=-1)) + 1)
    size = np.where(household >= 0, sizes[household] if len(sizes) else 0, 0)
    couple = (partner >= 0) & (household >= 0) & (household[partner] == household)
    kind = np.full(people.n, ARRANGEMENTS.index("other"))
    kind[couple & (size == 2)] = ARRANGEMENTS.index("couple_only")
    kind[size == 1] = ARRANGEMENTS.index("alone")
    kind[with_adult_child(people)] = ARRANGEMENTS.index("with_child")
    kind[household < 0] = ARRANGEMENTS.index("collective")
    return kind


def srmse(found: Any, wanted: Any) -> tuple[float, float]:
    """Root mean square error over the mean, and largest error, of two sets of shares."""
    a, b = (np.asarray(x, dtype=np.float64) / np.sum(x) for x in (found, wanted))
    error = a - b
    return float(np.sqrt(np.mean(error**2)) / np.mean(b)), float(np.abs(error).max())
