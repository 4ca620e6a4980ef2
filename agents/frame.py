"""People as columns with room to grow: append, compact, copy.

`people["age"]` is the live part of a column, a view: it stays valid until the next append or
compaction, so take it again after these.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .columns import COLUMNS, NOBODY, Column
from .compiled import kernel
from .pages import lasting

LINKS = ("partner", "mother", "father")
SLACK = 1.1  # capacity beyond the people there are: what five years add before the dead go
PART = 65_536  # rows of a list that are dealt with at a time
ROOM_BEHIND = 8  # kernels without a branch write behind the end of a list


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
def list_rows(flags: Any, first: int, rows: Any) -> int:
    """Write the rows of flags that are set, counted from `first`; returns how many there are.

    rows : uint32[flags + 1], as every row is written and then kept or not, without a branch
    Eight flags at a time are passed over where none is set.
    """
    n, whole = 0, flags.size // 8
    eights = flags[: 8 * whole].view(np.uint64)
    for j in range(whole):
        if eights[j]:
            for i in range(8 * j, 8 * j + 8):
                rows[np.uint32(n)] = first + i
                n += int(flags[i])
    for i in range(8 * whole, flags.size):
        rows[np.uint32(n)] = first + i
        n += int(flags[i])
    return n


def listed(flags: NDArray[Any]) -> NDArray[np.uint32]:
    """Rows whose flag, a byte of 0 or 1, is set; quicker than NumPy where these are few."""
    rows, found = np.empty(PART + 1, np.uint32), [np.empty(0, np.uint32)]
    for part in parts(len(flags)):
        found.append(rows[: list_rows(flags[part], part.start, rows)].copy())
    return np.concatenate(found)


@kernel
def take_links(source: Any, order: Any, place: Any, out: Any) -> None:
    """Write a column of links in a new order; place : by old row + 1, the new row or -1."""
    for k in range(order.size):
        out[k] = place[np.uint32(source[order[k]] + 1)]


def _rank(dtype: np.dtype[Any]) -> tuple[bool, str]:
    """Order of types at compaction: that of links first."""
    return dtype != np.int32, dtype.str


class People:
    """Columns of equal length; the first `n` rows are in use."""

    def __init__(self, columns: Iterable[Column] = COLUMNS, capacity: int = 0) -> None:
        self.columns = {column.name: column for column in columns}
        self.n = 0
        self.members: Any = None  # chains of the members of each household, see `members`
        self._arrays: dict[str, NDArray[Any]] = {
            name: lasting(capacity, column.dtype)  # room that nobody has used costs nothing
            for name, column in self.columns.items()
        }
        self._rooms: list[NDArray[np.uint32]] = []  # for lists of rows, nobody's at the moment

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

    @contextmanager
    def room(self, kind: type = np.uint32) -> Iterator[NDArray[Any]]:
        """Room for a list of rows, kind[people + 8], not cleared; what is kept must be copied.

        kind : of four bytes
        Lists that nobody knows the length of before are written into the same memory one after
        the other: new room for each would lie elsewhere and stay with the process.
        """
        room = self._rooms.pop() if self._rooms else np.empty(0, np.uint32)
        if len(room) < self.n + ROOM_BEHIND:
            room = lasting(self.capacity + ROOM_BEHIND, np.uint32)
        yield room[: self.n + ROOM_BEHIND].view(kind)
        self._rooms.append(room)

    def forget(self) -> None:
        """Give back what is held beside the columns."""
        self.members = None
        self._rooms.clear()

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
            larger = lasting(capacity, array.dtype)
            larger[: self.n] = array[: self.n]
            self._arrays[name] = larger

    def add(self, columns: Iterable[Column]) -> None:
        """Columns that are not there yet, at their defaults."""
        for column in columns:
            if column.name not in self.columns:
                self.columns[column.name] = column
                self._arrays[column.name] = lasting(self.capacity, column.dtype)
                self[column.name][:] = column.default

    def compact(self, order: NDArray[Any], passing: Collection[str] = ()) -> None:
        """Keep these rows, in this order, and renumber the links; a lost link becomes -1.

        order : whole numbers [kept]
        passing : columns without a meaning at this moment; they are set to their defaults
        Each column is written into the memory that the one before it left; links come first,
        then one type after another, so that one spare column is held at a time.
        """
        self.forget()
        order = np.asarray(order, np.uint32)
        place = np.full(self.n + 1, NOBODY, np.int32)
        number_rows(order, place)
        links = [name for name in LINKS if name in self]
        others = [name for name in self._arrays if name not in LINKS and name not in passing]
        spare = lasting(self.capacity, np.int32)
        for name in links:
            take_links(self._arrays[name], order, place, spare)
            self._arrays[name], spare = spare, self._arrays[name]
        del place
        for name in sorted(others, key=lambda name: _rank(self._arrays[name].dtype)):
            if spare.dtype != self._arrays[name].dtype:
                del spare  # before the next is made
                spare = lasting(self.capacity, self._arrays[name].dtype)
            take(self._arrays[name], order, spare)
            self._arrays[name], spare = spare, self._arrays[name]
        for name in passing:
            if name in self:
                self._arrays[name][: len(order)] = self.columns[name].default
        self.n = len(order)

    def keep(self, flags: NDArray[Any], passing: Collection[str] = ()) -> None:
        """Drop the rows whose flag is not set and leave the others in their order.

        flags : uint8[n], 0 or 1, may be a column
        passing : columns without a meaning at this moment; they are set to their defaults
        Without links to renumber, columns move up within themselves, a block at a time.
        """
        if any(name in LINKS for name in self.columns):
            self.compact(listed(flags), passing)
            return
        self.forget()
        rows, kept = np.empty(PART + 1, np.uint32), 0
        for low in range(0, self.n, PART):
            n = list_rows(flags[low : min(low + PART, self.n)], low, rows)
            for name, array in self._arrays.items():
                if name not in passing:
                    take(array, rows[:n], array[kept : kept + n])
            kept += n
        self.n = kept
        for name in passing:
            if name in self:
                self[name][:] = self.columns[name].default

    def copy(self) -> "People":
        """An independent copy."""
        twin = People(self.columns.values(), self.capacity)
        twin.n = self.n
        for name in self._arrays:
            twin[name][:] = self[name]
        return twin


def parts(n: int) -> Iterator[slice]:
    """A list of this length in parts, for steps that need much memory for each of its places."""
    for low in range(0, n, PART):
        yield slice(low, min(low + PART, n))
