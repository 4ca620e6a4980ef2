"""Who is brother and sister of whom, also where the mother is dead or was never known.

The column `sibship` holds the number of the mother of a base person. Who was born since has
the mother in the path of the own id; who came from abroad is a sibship alone.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from .compiled import kernel, rule
from .luck import BASE_SHIFT, MOST_CHILDREN

SHIFT, BASE = np.uint64(BASE_SHIFT), np.uint64(1 << BASE_SHIFT)
LAST_BITS = np.uint64(0x1111111)  # of the birth order in each generation of a path
ORDER, ONE, TWO = np.uint64(MOST_CHILDREN), np.uint64(1), np.uint64(2)


class Sibships(NamedTuple):
    """What tells the mother of each person: id, uint64[n], and number of her, uint32[n]."""

    id: NDArray[np.uint64]
    number: NDArray[np.uint32]

    @classmethod
    def of(cls, people: Any) -> Self:
        """Those of these people, by name of a column; views."""
        return cls(people["id"], people["sibship"])


@rule
def mother_id(identity: Any, number: Any) -> Any:
    """Id of the mother from the own id and `sibship`; the own id of who came from abroad.

    The last step of a path is its lowest birth order that is not zero; without it, the path is
    that of the mother. A base person has no step, and a number.
    """
    used = identity | (identity >> ONE)
    used = ((used | (used >> TWO)) & LAST_BITS) | BASE
    step = (used & ~(used - ONE)) * ORDER & (BASE - ONE)
    return (np.uint64(number) << SHIFT) | (identity & ~step) * np.uint64(number == 0)


@kernel
def write_mothers(identity: Any, number: Any, out: Any) -> None:
    """Write the id of the mother of each."""
    for i in range(out.size):
        out[i] = mother_id(identity[i], number[i])


def mother_ids(people: Any, rows: Any = slice(None)) -> NDArray[np.uint64]:
    """Id of the mother of these people, known or not, uint64[n]."""
    identity, number = people["id"][rows], people["sibship"][rows]
    out = np.empty(len(identity), np.uint64)
    write_mothers(identity, number, out)
    return out
