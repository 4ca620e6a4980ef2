"""Expected couples to whole ones, fairly: right on average, and nobody asked for twice.

Every cell of the table ends at its floor or one more, with its own uniform deciding, so
that a small change of the table changes few cells. Where a type runs short of people, its
cells give way to each other: they move in turn by as much up as down along a path through
the types that are used up. Each move is fair, so every cell is right on average.

Source: Gandhi, Khuller, Parthasarathy and Srinivasan (2006), Dependent rounding.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...agents.compiled import kernel, rule

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
DUST = 1e-9  # couples: a fraction this near to a whole number is one
TIGHT = 1e-7  # people: a type with less than this left is used up
OPEN, STUCK = -1, -2


@rule
def fractional(x: float) -> bool:
    return (x > DUST) & (x < 1.0 - DUST)


@rule
def neighbour(x: Floats, node: int, before: int) -> Any:
    """The other end of another fractional cell of a node; STUCK if there is none.

    Nodes 0..n-1 are the rows of x, nodes n.. its columns.
    """
    n, m = x.shape
    if node < n:
        for j in range(m):
            if n + j != before and fractional(x[node, j]):
                return n + j
    else:
        for i in range(n):
            if i != before and fractional(x[i, node - n]):
                return i
    return STUCK


@rule
def extend(x: Floats, slack: Floats, path: Whole, length: int) -> tuple[int, int]:
    """Lengthens a path through types that are used up, to one that is not.

    Returns the number of nodes, and the place where a circle closed (or OPEN, or STUCK).
    """
    while slack[path[length - 1]] <= TIGHT:
        found = neighbour(x, path[length - 1], path[length - 2])
        if found == STUCK:
            return length, STUCK
        path[length] = found
        length += 1
        for k in range(length - 1):
            if path[k] == found:
                return length, k
    return length, OPEN


@rule
def cell_of(path: Whole, k: int, n: int) -> tuple[int, int]:
    """Row and column of the k-th cell of a path."""
    a, b = path[k], path[k + 1]
    if a < n:
        return a, b - n
    return b, a - n


@rule
def room(x: Floats, slack: Floats, path: Whole, first: int, last: int, odd: int) -> float:
    """How far cells first, first + 2, ... (odd 0) or the others (odd 1) can rise, the rest fall."""
    n = x.shape[0]
    most = 1.0
    for k in range(first, last):
        i, j = cell_of(path, k, n)
        most = min(most, 1.0 - x[i, j] if (k - first) % 2 == odd else x[i, j])
    if path[first] != path[last]:
        if odd == 0:
            most = min(most, slack[path[first]])
        if (last - 1 - first) % 2 == odd:
            most = min(most, slack[path[last]])
    return most


@rule
def shift(x: Floats, slack: Floats, i: int, j: int, by: float) -> None:
    x[i, j] += by
    slack[i] -= by
    slack[x.shape[0] + j] -= by


@rule
def settle(x: Floats, slack: Floats, luck: Floats, path: Whole, i: int, j: int) -> None:
    """One fair move of a fractional cell, alone or with those that must give way to it."""
    n = x.shape[0]
    if min(slack[i], slack[n + j]) >= 1.0 - x[i, j]:  # as below, for the usual case
        shift(x, slack, i, j, 1.0 - x[i, j] if luck[i, j] < x[i, j] else -x[i, j])
        return
    path[0], path[1] = i, n + j
    length, circle = extend(x, slack, path, 2)
    if circle == OPEN:
        for k in range(length // 2):
            path[k], path[length - 1 - k] = path[length - 1 - k], path[k]
        length, circle = extend(x, slack, path, length)
    if circle == STUCK:  # alone in a type with whole numbers all round: it is 1 but for noise
        row, column = cell_of(path, length - 2, n)
        shift(x, slack, row, column, 1.0 - x[row, column])
        return
    first, last = max(circle, 0), length - 1
    up = room(x, slack, path, first, last, 0)
    down = room(x, slack, path, first, last, 1)
    chance = down / (up + down)
    rises = luck[i, j] < chance
    if rises:  # what is left of the uniform is uniform again
        luck[i, j] /= chance
    else:
        luck[i, j] = (luck[i, j] - chance) / (1.0 - chance)
    for k in range(first, last):
        row, column = cell_of(path, k, n)
        sign = 1.0 - 2.0 * ((k - first) % 2)
        shift(x, slack, row, column, sign * up if rises else -sign * down)


@kernel
def whole(mu: Floats, men: Whole, women: Whole, luck: Floats, couples: Whole) -> None:
    """Whole couples of one region: each cell its floor or one more, mu on average.

    mu : float64[i, j], expected couples, row sums <= men, column sums <= women
    men, women : int64, people of each type
    luck : float64[i, j] in [0, 1), one uniform for each cell, used up
    couples : int64[i, j], out; row and column sums never exceed the people
    """
    n, m = mu.shape
    x = np.empty((n, m))
    slack = np.empty(n + m)
    path = np.empty(n + m + 2, np.int64)
    slack[:n] = men
    slack[n:] = women
    for i in range(n):
        for j in range(m):
            couples[i, j] = np.int64(mu[i, j] + DUST)
            x[i, j] = mu[i, j] - couples[i, j]
            if not fractional(x[i, j]):
                x[i, j] = 0.0
            slack[i] -= couples[i, j] + x[i, j]
            slack[n + j] -= couples[i, j] + x[i, j]
    for i in range(n):
        for j in range(m):
            while fractional(x[i, j]):
                settle(x, slack, luck, path, i, j)
    for i in range(n):
        for j in range(m):
            couples[i, j] += x[i, j] > 0.5
