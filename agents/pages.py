"""Memory of what is held for years, apart from that of what steps hold for a moment."""

import mmap
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

OWN_PAGES_FROM, LARGE_PAGES_FROM = 1 << 16, 1 << 22  # bytes; the latter as NumPy has it
PAGE, LINE = 4096, 64  # bytes
# Where in its first page an array begins: were it always at the start, the same row of all
# columns would lie in the same few places of the nearest cache.
_begins = cycle(range(0, PAGE, 5 * LINE))


def lasting(n: int, kind: Any) -> NDArray[Any]:
    """Room for n values that are held for years, not yet written, in pages of its own.

    Columns would otherwise lie between what steps hold for a moment, and the memory of that could
    neither be given back nor used again as a whole. Other systems than Unix choose for themselves.
    """
    size = n * np.dtype(kind).itemsize
    if size < OWN_PAGES_FROM or not hasattr(mmap, "MAP_PRIVATE"):
        return np.empty(n, kind)
    pages = mmap.mmap(-1, size + PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if size >= LARGE_PAGES_FROM and hasattr(mmap, "MADV_HUGEPAGE"):
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, kind, n, next(_begins))


def kept(values: NDArray[Any]) -> NDArray[Any]:
    """A copy that is held for years, in the order of C."""
    copy = lasting(values.size, values.dtype).reshape(values.shape)
    copy[...] = values
    return copy
