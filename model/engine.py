"""A year of any list of steps: the walk over blocks, the clock, and dropping the dead.

`Engine` knows people as columns and steps by name, and nothing of a country. `model.py` adds
China; a list of one's own needs columns, steps, a start and a key:

    model = Engine(people, steps, luck.key_of(1, 0, 0))
    model.step()
"""

import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, pairwise
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agents import families, luck
from ..agents.frame import People
from ..agents.luck import Call
from ..agents.shell import mesa
from .step import YEARLY, Step, check

BLOCK = 65_536  # rows: columns of a block stay in the cache from one step to the next
COMPACT_EVERY = 5  # years


class Engine(mesa.Model):  # type: ignore[misc]
    """People, an ordered list of what happens to them in a year, and a clock.

    people : at least with the columns `id` and `alive`; with `household`, households are kept
        together
    year_list : steps by rows and over everybody, in order
    key : the key of all luck
    year : the year that is over at the start
    n_households : household numbers given out so far
    threads, block : who shares the rows, and in blocks of how many
    seconds : time taken so far, by step

    Raises
    ------
    ValueError
        If the list cannot run on these columns, with the step and the column at fault.
    """

    def __init__(
        self,
        people: People,
        year_list: Sequence[Step],
        key: luck.Key,
        *,
        year: int = 0,
        n_households: int = 0,
        threads: int = 1,
        block: int = BLOCK,
    ) -> None:
        super().__init__(rng=0)  # never used: luck is addressed, see agents/luck.py
        check(year_list, people.columns.values())
        self.people, self.year_list, self.key = people, list(year_list), key
        self.year, self.n_households = year, n_households
        self.threads, self.block = threads, block
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def step(self) -> None:
        """Live one year."""
        self.year += 1
        self.live()
        self.compact()

    def live(self) -> None:
        """All steps of the year, in order; those by rows that stand together in one walk."""
        for by_rows, steps in groupby(self.year_list, key=lambda step: step.by_rows):
            if by_rows:
                self.walk(list(steps))
            else:
                for step in steps:
                    assert step.apply is not None
                    began = perf_counter()
                    step.apply(self)
                    self.seconds[step.name] += perf_counter() - began

    def compact(self, passing: Collection[str] = YEARLY) -> None:
        """Every few years drop the dead and put households, if there are any, together.

        passing : columns without a meaning between two years
        """
        if self.year % COMPACT_EVERY == 0:
            began = perf_counter()
            if "household" in self.people:
                families.compact(self, passing)
            else:
                self.people.keep(self.people["alive"], passing)
            self.seconds["compact"] += perf_counter() - began

    def walk(self, steps: Sequence[Step]) -> None:
        """All steps by rows on one block after another."""
        began = perf_counter()
        rules = [step.prepare(self) if step.prepare else None for step in steps]
        self.seconds["prepare"] += perf_counter() - began
        n = self.people.n
        threads = max(1, min(self.threads, os.cpu_count() or 1, n // self.block + 1))
        if threads == 1:
            tables = [self._walk_rows(steps, rules, 0, n)]
        else:
            cuts = [n * k // threads for k in range(threads + 1)]
            with ThreadPoolExecutor(threads) as pool:
                shares = [
                    pool.submit(self._walk_rows, steps, rules, first, last)
                    for first, last in pairwise(cuts)
                ]
                tables = [share.result() for share in shares]
        for step in steps:
            if step.finish is not None:
                step.finish(self, sum(table[step.name] for table in tables))

    def _walk_rows(
        self, steps: Sequence[Step], rules: Sequence[Any], first: int, last: int
    ) -> dict[str, NDArray[np.int64]]:
        """One share of the rows; returns what its steps have counted."""
        people, size = self.people, self.block
        tables = {
            step.name: np.zeros(step.cells, np.int64) for step in steps if step.cells is not None
        }
        lanes: defaultdict[Call | None, int] = defaultdict(lambda: 2)
        for step in steps:
            lanes[step.call] = max(lanes[step.call], step.words)
        u = np.empty(max(lanes.values()) * min(size, max(last - first, 1)), np.uint32)
        for low in range(first, last, size):
            rows = slice(low, min(low + size, last))
            n, call = rows.stop - low, None
            words = u[: lanes[call] * n].reshape(-1, n)  # one layout, so that kernels compile once
            for step, rule in zip(steps, rules, strict=True):
                assert step.kernel is not None
                began = perf_counter()
                columns = (people[name][rows] for name in step.columns)
                if step.call is not None and step.call != call:
                    call = step.call
                    words = u[: lanes[call] * n].reshape(-1, n)
                    luck.fill(people["id"][rows], call, self.year, self.key, words)
                if step.cells is None:
                    step.kernel(*columns, words, rule)
                else:
                    step.kernel(*columns, tables[step.name])
                self.seconds[step.name] += perf_counter() - began
        return tables
