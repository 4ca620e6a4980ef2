"""What a year would cost if it did nothing but draw its luck and move its columns.

Words: all that `luck.fill` is asked for; those that a kernel makes itself, one by one, are left
out. Bytes: the columns that each step declares, read and written once for everybody; steps by rows
that stand together pass over the people once, and read or write a column that they share once.
"""

from itertools import groupby
from time import perf_counter
from typing import Any

import numpy as np
from songhe.agents import luck

BLOCK = 65_536  # rows, as in the walk
COPIED = 128 * 1024**2  # bytes, far beyond any cache
TIMES = 7


class Words:
    """Counts the words that are asked for from now on."""

    def __init__(self) -> None:
        self.asked = 0
        self.fill = luck.fill
        luck.fill = self

    def __call__(self, ids: Any, call: int, year: int, key: luck.Key, u: Any) -> None:
        self.asked += len(u) * len(ids)
        self.fill(ids, call, year, key, u)


def bytes_moved(model: Any) -> int:
    """Bytes a person that the year's steps declare to read and write."""
    moved = 0
    for by_rows, steps in groupby(model.year_list, key=lambda step: step.by_rows):
        passes = list(steps)
        for group in [passes] if by_rows else [[step] for step in passes]:
            read = {name for step in group for name in step.reads}
            written = {name for step in group for name in step.writes}
            moved += sum(model.people[name].itemsize for name in (*read, *written))
    return moved


def seconds_a_word() -> float:
    """Least time of a block of words, for one word."""
    ids, u = luck.base_ids(np.arange(1, BLOCK + 1)), np.empty((4, BLOCK), np.uint32)
    return least(lambda: luck.fill(ids, luck.Call.PERSON, 2010, luck.key_of(1, 0, 0), u)) / u.size


def seconds_a_byte() -> float:
    """Least time of a copy, for one byte read or written."""
    source, target = np.ones(COPIED, np.uint8), np.ones(COPIED, np.uint8)
    return least(lambda: np.copyto(target, source)) / (2 * COPIED)


def least(work: Any) -> float:
    """Least of some timings, in seconds."""
    timings = []
    for _ in range(TIMES):
        began = perf_counter()
        work()
        timings.append(perf_counter() - began)
    return min(timings)
