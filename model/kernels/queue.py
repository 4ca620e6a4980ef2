"""Places and who gets them: first choice, then the other kind of place, in order of a queue.

Places count in whole months. Where all who ask can be taken, nobody is put in order; only in
cells that cannot take all is the queue sorted, by (priority, uniform, id), so that the order
of rows does not matter. The last child that is taken may get fewer months than it asks for.
"""

from typing import Any

import numpy as np

from ...agents.compiled import kernel

NONE = -1  # no cell: no second choice, or no place
SHIFT = 19  # of a word, leaving 13 bits beside three of priority
PRIORITY_AT = 13


@kernel
def by_first_choice(cell: Any, months: Any, asked: Any) -> None:
    """Add the months asked for in each cell; asked : int64[cell]."""
    for k in range(cell.size):
        asked[cell[k]] += months[k]


@kernel
def coarse_keys(rest: Any, priority: Any, word: Any, keys: Any) -> None:
    """Priority and the first bits of the uniform; keys : uint16[rest]."""
    for j in range(rest.size):
        k = rest[j]
        keys[j] = np.uint16((np.uint32(priority[k]) << np.uint32(PRIORITY_AT)) | (word[k] >> SHIFT))


@kernel
def settle_ties(order: Any, rest: Any, priority: Any, word: Any, ids: Any) -> None:
    """Put those of one coarse key in order of the whole uniform and the id; order of rest."""
    for j in range(1, order.size):
        here = order[j]
        k = rest[here]
        at = j
        while at > 0:
            other = rest[order[at - 1]]
            before = priority[other] < priority[k]
            if priority[other] == priority[k]:
                before = word[other] < word[k] or (word[other] == word[k] and ids[other] < ids[k])
            if before:
                break
            order[at] = order[at - 1]
            at -= 1
        order[at] = here


@kernel
def admit_all(cell: Any, months: Any, full: Any, room: Any, got: Any, at: Any, rest: Any) -> int:
    """Admit those whose cell can take all; list the others and return their number."""
    n = 0
    for k in range(cell.size):
        c = cell[k]
        if full[c]:
            rest[n] = k
            n += 1
            continue
        got[k], at[k] = months[k], c
        room[c] -= months[k]
    return n


@kernel
def admit_in_order(queue: Any, choice: Any, months: Any, room: Any, got: Any, at: Any) -> None:
    """Admit those of a queue who have no place yet, as far as there is room where they ask."""
    for j in range(queue.size):
        k = queue[j]
        c = choice[k]
        if at[k] != NONE or c == NONE or room[c] <= 0:
            continue
        got[k], at[k] = min(months[k], room[c]), c
        room[c] -= got[k]


def allocate(
    cell: Any, other: Any, months: Any, priority: Any, word: Any, ids: Any, room: Any
) -> tuple[Any, Any]:
    """Who gets how many months where.

    cell, other : int64[n], first and second choice; NONE for no second one
    months : int64[n], asked for; priority : uint8[n], 0 to 7, the lowest first
    word : uint32[n], each child's place among equals; ids : uint64[n]
    room : int64[cell], months that there are; reduced by what is given

    Returns
    -------
    months got int64[n] and cell int64[n], NONE without a place
    """
    n = len(cell)
    got, at = np.zeros(n, np.int64), np.full(n, NONE, np.int64)
    asked = np.zeros(len(room), np.int64)
    by_first_choice(cell, months, asked)
    rest = np.empty(n, np.int64)
    rest = rest[: admit_all(cell, months, asked > room, room, got, at, rest)]
    if len(rest):
        keys = np.empty(len(rest), np.uint16)
        coarse_keys(rest, priority, word, keys)
        order = np.argsort(keys, kind="stable")
        settle_ties(order, rest, priority, word, ids)
        queue = rest[order]
        admit_in_order(queue, cell, months, room, got, at)
        admit_in_order(queue, other, months, room, got, at)
    return got, at
