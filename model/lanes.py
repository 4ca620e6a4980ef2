"""One word of luck for each person of a list, filled as a block.

A loop over the list of those who may act costs a tenth of a call in the branch of each. The
words are those of `agents/luck.py`.
"""

from typing import Any

import numpy as np

from ..agents import luck
from ..agents.compiled import rule

LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)
CHUNK = 1024  # people whose words stay in the nearest cache


@rule
def listed_ids(id: Any, rows: Any, n: int, out: Any) -> None:
    """Ids of the first n rows of a list."""
    for j in range(n):
        out[j] = id[rows[j]]


@rule
def fill_lane(
    ids: Any, n: int, call: int, year: int, lane: int, low: Any, high: Any, out: Any
) -> None:  # fmt: skip
    """One word of a call for the first n ids; out : uint32[n or more]; low, high : key."""
    for j in range(n):
        a, b, c, d = luck.philox(ids[j] & LOW, ids[j] >> HIGH, year, call, low, high)
        first = a if lane == 0 else b
        last = c if lane == 2 else d
        out[j] = np.uint32(first if lane < 2 else last)
