"""Counts of a year that is over, held in as few bytes as they need.

A long run keeps all its years, whose tables do not get smaller with fewer persons: at a million
they would be a fifth of what the people take.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agents.pages import lasting

WORD = 8  # bytes, at whose multiples tables begin
NARROWEST_FIRST = [(np.iinfo(kind).max, kind) for kind in (np.int8, np.int16, np.int32, np.int64)]


def narrow(counts: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in the smallest type that holds them all."""
    reach = max(int(counts.max()), ~int(counts.min())) if counts.size else 0
    return counts.astype(next(kind for most, kind in NARROWEST_FIRST if reach <= most))


class ClosedYear(Mapping[str, NDArray[np.int64]]):
    """Counts by name. Each is read as int64, in a copy, so that nobody meets the narrow type."""

    def __init__(self, counts: Mapping[str, NDArray[Any]]) -> None:
        tables = {name: narrow(table) for name, table in counts.items()}
        ends = np.cumsum([0, *(-(-table.nbytes // WORD) * WORD for table in tables.values())])
        room = lasting(int(ends[-1]), np.uint8)
        self._held: dict[str, NDArray[Any]] = {}
        for (name, table), begin in zip(tables.items(), ends[:-1], strict=True):
            place = room[begin : begin + table.nbytes].view(table.dtype).reshape(table.shape)
            place[...] = table
            self._held[name] = place

    def __getitem__(self, name: str) -> NDArray[np.int64]:
        return self._held[name].astype(np.int64)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, name: object) -> bool:
        return name in self._held

    @property
    def nbytes(self) -> int:
        """Bytes of all tables."""
        return sum(table.nbytes for table in self._held.values())
