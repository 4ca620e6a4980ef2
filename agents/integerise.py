"""Expected people to whole agents: right on average, and every nested margin within one.

Decides how many agents each cell of an expected table holds. The cells and two trees of
their margins form a network in which what flows into a margin flows out of it; chance moves
flow round one circle of the network at a time, by as much up as down on average, until
everything is whole. Cells and all margins of the trees then end at the whole number below
or above what they expect, which is far closer than independent draws, and the total is
exact. Leaves out margins that stand in neither tree: these are only near.

Source: Cox (1987), unbiased controlled rounding; Gandhi, Khuller, Parthasarathy and
Srinivasan (2006), dependent rounding.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import kernel, rule

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Nodes = NDArray[np.int32]

ONE = 1 << 32  # parts of an agent: flows are whole numbers of parts, so that sums are exact
MOST_AGENTS = 1 << 30
NONE = -1
SOURCE, SINK = 0, 1


def parts(expected: Array, agents: int) -> Whole:
    """Parts of agents in each cell, ONE an agent, in proportion and adding up exactly.

    expected : float64[cell], people, >= 0. A cell with nobody gets nothing.
    """
    cumulative = np.cumsum(expected)
    limits = np.rint(cumulative / cumulative[-1] * (agents * float(ONE))).astype(np.int64)
    limits[cumulative >= cumulative[-1]] = agents * ONE
    return np.asarray(np.diff(limits, prepend=0), dtype=np.int64)


class Network(NamedTuple):
    """Arcs that hold a fraction of an agent or nothing: the cells in use, then margins."""

    tail: Nodes
    head: Nodes
    fraction: Whole


def whole_agents(
    expected: Array, agents: int, left: Sequence[Whole], right: Sequence[Whole], luck: Array
) -> Whole:
    """Whole agents in each cell, int64[cell], adding up to `agents`.

    Parameters
    ----------
    expected
        float64[cell], people, >= 0, positive somewhere
    agents
        1 to MOST_AGENTS
    left, right
        nested margins, each list from coarse to fine: int64[cell], the set that a cell is
        in, sets numbered from 0 without a gap
    luck
        float64[m] in (0, 1), one uniform for each move; m >= `most_moves(...)`

    Raises
    ------
    ValueError
        If the number of agents is out of range, or margins of one side are not nested.

    Every cell, and every set, ends at its expected number of agents rounded down or up, and
    has it on average.
    """
    if not 1 <= agents <= MOST_AGENTS:
        raise ValueError(f"{agents} persons: 1 to {MOST_AGENTS}")
    flow = parts(expected, agents)
    used = np.flatnonzero(flow % ONE)
    network = _network(flow, used, left, right)
    rises = np.zeros(len(network.tail), np.int64)
    if not _settle(*network, luck, rises):
        raise RuntimeError("a network of margins does not conserve its flow")
    counts = flow // ONE
    counts[used] += rises[: len(used)]
    return counts


def most_moves(cells: int, left: Sequence[Whole], right: Sequence[Whole]) -> int:
    """An upper bound of the moves that settle a table: its cells and margins."""
    return cells + sum(int(labels.max()) + 1 for labels in (*left, *right))


def _network(flow: Whole, used: Whole, left: Sequence[Whole], right: Sequence[Whole]) -> Network:
    """The network of a table: SOURCE, the left margins, cells, the right margins, SINK.

    Source and sink stand apart, so that no circle can change the total.
    """
    free = SINK + 1
    arcs: list[tuple[Whole, Whole, Whole]] = []
    finest: list[Whole] = []
    for tree, top in ((left, SOURCE), (right, SINK)):
        above = np.full(len(flow), top, np.int64)
        margins = []
        for labels in tree:
            parent, fraction = _sets(labels, above, flow)
            child = np.arange(free, free + len(parent))
            ends = (parent, child) if top == SOURCE else (child, parent)
            margins.append((*ends, fraction))
            above = labels + free
            free += len(parent)
        finest.append(above[used])
        arcs += margins[::-1]
    arcs.insert(0, (finest[0], finest[1], flow[used] % ONE))
    tail, head, fraction = (np.concatenate(column) for column in zip(*arcs, strict=True))
    return Network(tail.astype(np.int32), head.astype(np.int32), fraction)


def _sets(labels: Whole, above: Whole, flow: Whole) -> tuple[Whole, Whole]:
    """The node above each set of one level, and the fraction that flows through the set."""
    parent = np.full(int(labels.max()) + 1, NONE, np.int64)
    parent[labels] = above
    if (parent[labels] != above).any():
        raise ValueError("margins of one side must be nested, from coarse to fine")
    total = np.zeros(len(parent), np.int64)
    np.add.at(total, labels, flow)
    return parent, total % ONE


@kernel
def _settle(tail: Any, head: Any, fraction: Any, luck: Any, rises: Any) -> bool:
    """Move flow round circles until no arc has a fraction; returns whether all went well.

    tail, head : int32[arc], nodes; fraction : int64[arc] in [0, ONE), used up
    luck : float64[m]; rises : int64[arc], out, what is added to the whole part, 0 or 1

    A path grows along arcs with a fraction until it meets itself. There is always a way on:
    what flows through a node adds up to whole agents, so that no fraction is there alone.
    """
    n_arcs, n_nodes = tail.size, max(tail.max(), head.max()) + 1
    first, following, before = _lists(tail, head, fraction, n_nodes)
    where = np.full(n_nodes, NONE, np.int32)  # place of a node on the path
    path = np.empty(n_nodes + 1, np.int64)  # its arcs
    nodes = np.empty(n_nodes + 1, np.int64)
    move = 0
    for start in range(n_arcs):
        while fraction[start] > 0:
            depth, nodes[0] = 0, tail[start]
            where[nodes[0]] = 0
            while True:
                end = first[nodes[depth]]
                if depth > 0 and end >= 0 and end >> 1 == path[depth - 1]:
                    end = following[end]
                if end < 0:
                    break
                path[depth] = end >> 1
                other = tail[end >> 1] if end & 1 else head[end >> 1]
                depth += 1
                if where[other] < 0:
                    where[other], nodes[depth] = depth, other
                    continue
                base = where[other]
                up, down = _rooms(path, nodes, base, depth, tail, fraction)
                by = up if luck[move] * (up + down) < down else -down
                move += 1
                for k in range(base, depth):
                    arc = path[k]
                    if _pushed(arc, by if tail[arc] == nodes[k] else -by, fraction, rises):
                        _unlink(2 * arc, tail[arc], first, following, before)
                        _unlink(2 * arc + 1, head[arc], first, following, before)
                    if k > base:
                        where[nodes[k]] = NONE
                depth = base
            if depth > 0:
                return False  # a fraction alone in its node: flow was lost
            where[nodes[0]] = NONE
    return True


@rule
def _lists(tail: Any, head: Any, fraction: Any, n_nodes: int) -> Any:
    """Arcs with a fraction by node, as linked lists of their ends, int32.

    End 2 * arc stands at the tail, 2 * arc + 1 at the head. A list is in the order of the
    arcs, cells before margins, so that flow moves between neighbouring cells if it can.
    """
    first = np.full(n_nodes, NONE, np.int32)
    following = np.full(2 * tail.size, NONE, np.int32)
    before = np.full(2 * tail.size, NONE, np.int32)
    for arc in range(tail.size - 1, -1, -1):
        if fraction[arc] > 0:
            for end in (2 * arc, 2 * arc + 1):
                node = head[arc] if end & 1 else tail[arc]
                following[end] = first[node]
                if first[node] >= 0:
                    before[first[node]] = end
                first[node] = end
    return first, following, before


@rule
def _unlink(end: int, node: int, first: Any, following: Any, before: Any) -> None:
    """Take one end of an arc off the list of its node."""
    if before[end] >= 0:
        following[before[end]] = following[end]
    else:
        first[node] = following[end]
    if following[end] >= 0:
        before[following[end]] = before[end]


@rule
def _rooms(path: Any, nodes: Any, start: int, end: int, tail: Any, fraction: Any) -> Any:
    """How far the flow along a circle can rise, and fall, until an arc is whole."""
    up, down = np.int64(ONE), np.int64(ONE)
    for k in range(start, end):
        part = fraction[path[k]]
        if tail[path[k]] == nodes[k]:
            up, down = min(up, ONE - part), min(down, part)
        else:
            up, down = min(up, part), min(down, ONE - part)
    return up, down


@rule
def _pushed(arc: int, by: int, fraction: Any, rises: Any) -> bool:
    """Change the flow of an arc; returns whether it is whole now."""
    fraction[arc] += by
    if fraction[arc] == ONE:
        rises[arc] = 1
        fraction[arc] = 0
    return bool(fraction[arc] == 0)
