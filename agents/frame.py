"""People as columns with room to grow: append, compact, copy.

`people["age"]` is the live part of a column, a view: it stays valid until the next append or
compaction, so take it again after these.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .columns import COLUMNS, NOBODY, Column
from .compiled import kernel

LINKS = ("partner", "mother", "father")
SLACK = 1.15  # capacity beyond the people there are


@kernel
def number_rows(order: Any, place: Any) -> None:
    """Write the new rows, by old row + 1, so that the first place answers for -1."""
    for k in range(order.size):
        place[order[k] + np.uint32(1)] = k


@kernel
def take(source: Any, order: Any, out: Any) -> None:
    """Write a column in a new order."""
    for k in range(order.size):
        out[k] = source[order[k]]


@kernel
def take_links(source: Any, order: Any, place: Any, out: Any) -> None:
    """Write a column of links in a new order; place : by old row + 1, the new row or -1."""
    for k in range(order.size):
        out[k] = place[np.uint32(source[order[k]] + 1)]


class People:
    """Columns of equal length; the first `n` rows are in use."""

    def __init__(self, columns: Iterable[Column] = COLUMNS, capacity: int = 0) -> None:
        self.columns = {column.name: column for column in columns}
        self.n = 0
        self.members: Any = None  # chains of the members of each household, see `members`
        self._arrays: dict[str, NDArray[Any]] = {
            name: np.full(capacity, column.default, column.dtype)
            for name, column in self.columns.items()
        }

    @classmethod
    def of(cls, values: Mapping[str, NDArray[Any]], columns: Iterable[Column] = COLUMNS) -> Self:
        """People with these columns, the others at their defaults."""
        n = len(next(iter(values.values())))
        people = cls(columns, int(n * SLACK) + 64)
        people.append(n, **values)
        return people

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name][: self.n]

    def __setitem__(self, name: str, values: Any) -> None:
        raise TypeError(f"columns are written in place: people[{name!r}][rows] = values")

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    @property
    def capacity(self) -> int:
        return len(next(iter(self._arrays.values())))

    @property
    def bytes_per_person(self) -> int:
        """Bytes of one row."""
        return sum(array.itemsize for array in self._arrays.values())

    def append(self, n: int, **values: Any) -> NDArray[np.int64]:
        """Add `n` people with these values, others at their defaults; returns their rows."""
        unknown = set(values) - set(self.columns)
        if unknown:
            raise KeyError(f"no column {sorted(unknown)}")
        first, last = self.n, self.n + n
        if last > self.capacity:
            self._grow(int(last * SLACK) + 64)
        for name, array in self._arrays.items():
            array[first:last] = values.get(name, self.columns[name].default)
        self.n = last
        return np.arange(first, last)

    def _grow(self, capacity: int) -> None:
        for name, array in self._arrays.items():
            larger = np.empty(capacity, array.dtype)
            larger[: self.n] = array[: self.n]
            self._arrays[name] = larger

    def compact(self, order: NDArray[Any], passing: Collection[str] = ()) -> None:
        """Keep these rows, in this order, and renumber the links; a lost link becomes -1.

        order : whole numbers [kept]
        passing : columns without a meaning at this moment; they are set to their defaults
        Each column is written into the memory that the one before it left.
        """
        order = np.asarray(order, np.uint32)
        place = np.full(self.n + 1, NOBODY, np.int32)
        number_rows(order, place)
        spare: dict[np.dtype[Any], NDArray[Any]] = {}
        for name, array in self._arrays.items():
            if name in passing:
                array[: len(order)] = self.columns[name].default
                continue
            kept = spare.get(array.dtype)
            kept = np.empty_like(array) if kept is None else kept
            if name in LINKS:
                take_links(array, order, place, kept)
            else:
                take(array, order, kept)
            self._arrays[name], spare[array.dtype] = kept, array
        self.n = len(order)
        self.members = None

    def copy(self) -> "People":
        """An independent copy."""
        twin = People(self.columns.values())
        twin.n = self.n
        twin._arrays = {name: array.copy() for name, array in self._arrays.items()}
        return twin
