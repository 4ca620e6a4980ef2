"""Loops that give people of the starting population a mother and a father.

Places in families are slots, kept in stacks by area and age. Whoever needs a parent takes the
last fitting slot of the wanted age, else of the nearest ages. Decides nothing about how many
slots there are or where people look first (see `kin.py`).
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import kernel, rule

Rows = NDArray[np.int64]
Array = NDArray[np.float64]

N_AGES = 101
N_AREAS = 62  # places; provinces and regions are fewer
YOUNGEST_MOTHER, OLDEST_MOTHER = 15, 50  # difference of completed ages, mother and child
YOUNGEST_FATHER, OLDEST_FATHER = 15, 70
SPACING = 12  # months between brothers and sisters, at least
TRIES = 40  # slots looked at in a stack before going on to the next age
OPEN = 12  # families of a dead mother that are filled at a time
MOST_CHILDREN = 12


class Stacks(NamedTuple):
    """Slots by area and age: `slot[first[cell] : first[cell] + left[cell]]` are free."""

    slot: Rows
    first: Rows
    left: Rows


def stacks(owners: Rows, area: Rows, age: Any, luck: Array) -> Stacks:
    """Slots of owners (one row for each slot), shuffled in each area and age.

    owners : int64[slots], rows; area : int64 by row, below N_AREAS; age : by row
    luck : float64[slots]
    """
    cell = area[owners] * N_AGES + age[owners]
    counts = np.bincount(cell, minlength=N_AREAS * N_AGES)
    order = np.lexsort((luck, cell))
    return Stacks(owners[order], np.cumsum(counts) - counts, counts)


@rule
def more_children(mean: float, u: float) -> int:
    """Poisson number of further children, by inverse distribution, at most ten."""
    chance = math.exp(-mean)
    total, number = chance, 0
    while u > total and number < MOST_CHILDREN - 2:
        number += 1
        chance *= mean / number
        total += chance
    return number


@kernel
def fill_capacity(mother: Any, further: Any, u: Any, out: Any) -> None:
    """Children of each woman: a chance of being a mother, then Poisson further children.

    mother : float64[n], chance; further : float64[n], mean; u : float64[n]
    """
    for k in range(out.size):
        if u[k] < mother[k]:
            out[k] = 1 + more_children(further[k], u[k] / mother[k])
        else:
            out[k] = 0


@rule
def apart(months: Any, i: int, eldest: int, following: Any) -> bool:
    """Whether a person's birth keeps the distance to all in a chain of brothers and sisters."""
    j = eldest
    while j >= 0:
        if abs(months[i] - months[j]) < SPACING:
            return False
        j = following[j]
    return True


@rule
def fits(
    i: int, w: int, age: Any, months: Any, partner: Any, mother: Any, child: Any, following: Any
) -> bool:
    """Whether a woman can be the mother of a person: husband old enough, births spaced, no kin."""
    husband = partner[w]
    if husband >= 0:
        gap = age[husband] - age[i]
        if gap < YOUNGEST_FATHER or gap > OLDEST_FATHER:
            return False
    spouse = partner[i]
    if spouse >= 0 and (spouse == w or mother[spouse] == w):
        return False
    return bool(apart(months, i, child[w], following))


@kernel
def find_mothers(
    order: Any, target: Any, near: Any, far: Any, reach: int, slot: Any, first: Any, left: Any,
    age: Any, months: Any, partner: Any, mother: Any, child: Any, following: Any,
) -> int:  # fmt: skip
    """Give those listed who have no mother yet one of the area `near`, else of the area `far`.

    order : int64, rows in the order in which they choose; target : int64 by row, mother's age
    near, far : int64 by row; reach : years by which her age may differ
    mother, child, following : int32 by row, out; child is the head of a woman's chain of
        children, following the next of the same mother. Returns how many found one.
    """
    found = 0
    for k in range(order.size):
        i = order[k]
        for attempt in range(2):
            area = far[i] if attempt else near[i]
            if mother[i] >= 0 or (attempt and far[i] == near[i]):
                break
            for step in range(2 * reach + 1):
                shift = (step + 1) // 2
                a = target[i] + (shift if step % 2 else -shift)
                gap = a - age[i]
                if gap < YOUNGEST_MOTHER or gap > OLDEST_MOTHER or a >= N_AGES or mother[i] >= 0:
                    continue
                cell = area * N_AGES + a
                last = first[cell] + left[cell] - 1
                for s in range(last, max(first[cell], last - TRIES) - 1, -1):
                    w = slot[s]
                    if fits(i, w, age, months, partner, mother, child, following):
                        slot[s], slot[last] = slot[last], w
                        left[cell] -= 1
                        mother[i] = w
                        following[i] = child[w]
                        child[w] = i
                        found += 1
                        break
    return found


@kernel
def group_by_dead_mother(
    order: Any, area: Any, target: Any, further: Any, u: Any, age: Any, months: Any, partner: Any,
    sibship: Any, following: Any,
) -> int:  # fmt: skip
    """Put those listed, sorted by area and mother's age, into families of dead mothers.

    target : int64 by row, the age she would have; further : float64[age], mean of children
    beyond the first; u : float64 by row. sibship : int64 by row, out, -1 before; following :
    int32 by row, out. Returns the number of families.
    A family takes as many as its size, drawn for it, allows: people are then in families of
    k children in proportion to k times their number.
    """
    number = 0
    mothers_age, left = np.zeros(OPEN, np.int64), np.zeros(OPEN, np.int64)
    name, eldest = np.zeros(OPEN, np.int64), np.full(OPEN, -1, np.int64)
    oldest_open = 0
    here = np.int64(-1)
    for k in range(order.size):
        i = order[k]
        if area[i] != here:
            left[:] = 0
            here = area[i]
        spouse = partner[i]
        for f in range(OPEN):
            gap = mothers_age[f] - age[i]
            if left[f] == 0 or abs(mothers_age[f] - target[i]) > 3:
                continue
            if gap < YOUNGEST_MOTHER or gap > OLDEST_MOTHER:
                continue
            if spouse >= 0 and sibship[spouse] == name[f]:
                continue
            if apart(months, i, eldest[f], following):
                sibship[i] = name[f]
                following[i] = eldest[f]
                eldest[f] = i
                left[f] -= 1
                break
        if sibship[i] < 0:
            f = oldest_open
            for g in range(OPEN):
                if left[g] == 0:
                    f = g
                    break
            if left[f] > 0:
                oldest_open = (oldest_open + 1) % OPEN
            sibship[i] = name[f] = number
            following[i] = -1
            eldest[f] = i
            mothers_age[f] = target[i]
            left[f] = more_children(further[min(target[i], further.size - 1)], u[i])
            number += 1
    return number


@kernel
def find_fathers(
    order: Any, target: Any, oldest: Any, youngest: Any, near: Any, far: Any, reach: int,
    slot: Any, first: Any, left: Any, age: Any, father: Any,
) -> int:  # fmt: skip
    """Give each listed family a father of the area `near`, else of the area `far`.

    target, oldest, youngest, near, far : int64 by family: his age, ages of its children, areas
    slot, first, left : `Stacks` of men, one slot each; father : int64 by family, out, -1 before
    """
    found = 0
    for k in range(order.size):
        i = order[k]
        for attempt in range(2):
            area = far[i] if attempt else near[i]
            if father[i] >= 0:
                break
            for step in range(2 * reach + 1):
                shift = (step + 1) // 2
                a = target[i] + (shift if step % 2 else -shift)
                if a < 0 or a >= N_AGES or father[i] >= 0:
                    continue
                if a - oldest[i] < YOUNGEST_FATHER or a - youngest[i] > OLDEST_FATHER:
                    continue
                cell = area * N_AGES + a
                if left[cell] > 0:
                    left[cell] -= 1
                    father[i] = slot[first[cell] + left[cell]]
                    found += 1
    return found
