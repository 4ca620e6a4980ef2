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
Codes = NDArray[np.uint16]
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
def split(u: float, chance: float) -> tuple[Any, float]:
    """Whether a uniform is below a chance, and what is left of it, which is uniform again."""
    rises = u < chance
    return rises, (u / chance if rises else (u - chance) / (1.0 - chance))


@rule
def give_way(x: Floats, slack: Floats, u: float, path: Whole, i: int, j: int) -> Any:
    """One fair move of a fractional cell and of those that must give way to it.

    Returns what is left of its uniform u.
    """
    n = x.shape[0]
    path[0], path[1] = i, n + j
    length, circle = extend(x, slack, path, 2)
    if circle == OPEN:
        for k in range(length // 2):
            path[k], path[length - 1 - k] = path[length - 1 - k], path[k]
        length, circle = extend(x, slack, path, length)
    if circle == STUCK:  # alone in a type with whole numbers all round: it is 1 but for noise
        row, column = cell_of(path, length - 2, n)
        shift(x, slack, row, column, 1.0 - x[row, column])
        return u
    first, last = max(circle, 0), length - 1
    up = room(x, slack, path, first, last, 0)
    down = room(x, slack, path, first, last, 1)
    rises, left = split(u, down / (up + down))
    for k in range(first, last):
        row, column = cell_of(path, k, n)
        sign = 1.0 - 2.0 * ((k - first) % 2)
        shift(x, slack, row, column, sign * up if rises else -sign * down)
    return left


@rule
def own_move(part: float, spare: float, u: float) -> tuple[float, float]:
    """By how much a fraction rises or falls whose types have people to spare, and what is left."""
    if spare >= 1.0 - part:  # as below, for the usual case
        return (1.0 if u < part else 0.0) - part, u
    rises, left = split(u, part / (spare + part))
    return (spare if rises else -part), left


@kernel
def whole(
    first: Whole, his: Codes, hers: Codes, mu: Floats, luck: Floats, men: Whole, women: Whole,
    couples: Whole,
) -> None:  # fmt: skip
    """Whole couples: each cell its floor or one more, mu on average.

    first : int64[regions + 1], the first cell of each region, and the end
    his, hers : types of each cell, in rising order in a region; cells not listed have no couples
    mu : float64[cells], expected couples, by type at most the people
    luck : float64[cells] in [0, 1), one uniform for each cell
    men, women : int64[region, type], people
    couples : int64[cells], out; by type never more than the people
    """
    n, m = np.uint32(men.shape[1]), women.shape[1]
    x = np.zeros((n, m))
    slack = np.empty(n + m)
    path = np.empty(n + m + 2, np.int64)
    for r in range(men.shape[0]):
        slack[:n] = men[r]
        slack[n:] = women[r]
        for k in range(first[r], first[r + 1]):
            i, j = np.uint32(his[k]), np.uint32(hers[k])
            couples[k] = np.int64(mu[k] + DUST)
            part = mu[k] - couples[k]
            x[i, j] = part if fractional(part) else 0.0
            slack[i] -= couples[k] + x[i, j]
            slack[n + j] -= couples[k] + x[i, j]
        for k in range(first[r], first[r + 1]):
            i, j, u = np.uint32(his[k]), np.uint32(hers[k]), luck[k]
            while fractional(x[i, j]):
                spare = min(slack[i], slack[n + j])
                if (spare > TIGHT) | (spare >= 1.0 - x[i, j]):
                    by, u = own_move(x[i, j], spare, u)
                    shift(x, slack, i, j, by)
                else:
                    u = give_way(x, slack, u, path, np.int64(i), np.int64(j))
            couples[k] += x[i, j] > 0.5
            x[i, j] = 0.0  # for the next region; it moves no more
