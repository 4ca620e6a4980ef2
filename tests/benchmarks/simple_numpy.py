"""The simple workload as NumPy columns: whole columns, look-ups only where something happens."""

import numpy as np
from numpy.typing import NDArray

from . import workload

COMPACT_EVERY = 5  # years, as songhe does


class Simple:
    """Columns of small types and one fast generator; `step()` is a year."""

    def __init__(self, persons: int, seed: int = 0) -> None:
        self.age, self.sex = workload.people(persons, seed)
        self.state = np.zeros(persons, np.uint8)
        self.chances = workload.chances()
        self.rng = np.random.Generator(np.random.SFC64(seed))
        self.year = 0
        self.tables: list[NDArray[np.int64]] = []

    def step(self) -> None:
        """Live one year."""
        self.year += 1
        self.health()
        born = self.births()
        np.minimum(self.age + 1, workload.OLDEST, out=self.age)
        self.append(born)
        counts = np.bincount(self.cells(), minlength=np.prod(workload.CELLS))
        self.tables.append(counts.reshape(workload.CELLS)[..., : workload.STATES])
        if self.year % COMPACT_EVERY == 0:
            lives = self.state != workload.DEAD
            self.age, self.sex, self.state = self.age[lives], self.sex[lives], self.state[lives]

    def cells(self) -> NDArray[np.int16]:
        """Places in the flat tables of `workload.Chances`."""
        cells = self.sex * np.int16(workload.AGES)
        cells += self.age
        cells *= np.int16(workload.STATES + 1)
        cells += self.state
        return cells

    def health(self) -> None:
        """Few change state; only they look up which one."""
        cells, table = self.cells(), self.chances
        u = self.rng.random(len(cells))
        rows = np.flatnonzero(u >= table.stays.take(cells))
        here = cells[rows]
        outcome = (u[rows, None] >= table.until[here]).sum(axis=1)
        self.state[rows] = table.becomes[here, outcome]

    def births(self) -> int:
        """Women of the ages that bear children alone draw."""
        first, last = workload.FERTILE
        rows = np.flatnonzero((self.sex == 1) & (self.age >= first) & (self.age < last))
        cells = (workload.AGES + self.age[rows].astype(np.int16)) * (workload.STATES + 1)
        cells += self.state[rows]
        return int(np.count_nonzero(self.rng.random(len(rows)) < self.chances.birth[cells]))

    def append(self, born: int) -> None:
        """The newborns, at the end of each column."""
        sex = (self.rng.random(born) >= workload.BOYS).astype(np.uint8)
        self.age = np.append(self.age, np.zeros(born, np.int8))
        self.sex = np.append(self.sex, sex)
        self.state = np.append(self.state, np.zeros(born, np.uint8))
