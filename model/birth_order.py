"""Order of birth of a child among the children of its mother.

Decides it by the path that an id holds; see `agents/luck.py`. Who was there at the start or came
from abroad has no path, and its order is not known.
"""

from typing import Any

import numpy as np

from ..agents.compiled import rule
from ..agents.luck import BASE_SHIFT, BITS, MOST_CHILDREN


@rule
def order_of(identity: Any) -> int:
    """Order of birth, by the path of an id; 0 of who was not born in a simulated year."""
    for k in range(BASE_SHIFT // BITS):
        order = (identity >> np.uint64(k * BITS)) & np.uint64(MOST_CHILDREN)
        if order > np.uint64(0):
            return int(np.int64(order))
    return 0
