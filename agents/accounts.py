"""Accounts that few people hold, kept apart from the columns of everybody.

A person without an account costs nothing; one with an account costs 18 bytes. Accounts stand in
the order of the rows of their holders in `People`, which are found anew by the ids of the
holders when people have been put together.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import PILLARS
from .compiled import kernel
from .frame import People
from .luck import BASE_SHIFT
from .pages import kept

N_PILLARS = len(PILLARS)
SAVES = -1  # months left of an account that is not in payment
MIX = np.uint64(2_654_435_761)
LOW = np.uint64((1 << BASE_SHIFT) - 1)  # bits of the path from the base person


class Accounts(NamedTuple):
    """Accounts by holder.

    rows : uint32[n], rising; held : uint32[pillar, n], fen
    left : int16[n], months still to be paid, SAVES before payment
    """

    rows: NDArray[np.uint32]
    held: NDArray[np.uint32]
    left: NDArray[np.int16]

    @classmethod
    def room(cls, n: int) -> Self:
        """Room for accounts, not yet written."""
        return cls(
            np.empty(n, np.uint32),
            np.empty((N_PILLARS, n), np.uint32),
            np.empty(n, np.int16),
        )

    def first(self, n: int) -> Self:
        """The first n accounts, to be held, without the room behind them."""
        return type(self)(kept(self.rows[:n]), kept(self.held[:, :n]), kept(self.left[:n]))

    def moved(self, ids: NDArray[np.uint64], people: People) -> Self:
        """The same accounts with the rows that these holders have now.

        ids : of the holders, by account

        Raises
        ------
        LookupError
            If a holder is not among the people.
        """
        rows = np.full(len(ids), people.n, np.uint32)
        places = np.full(1 << (2 * len(ids)).bit_length(), -1, np.int32)
        find_rows(ids, people["id"], places, rows)
        if (lost := rows == people.n).any():
            raise LookupError(f"{int(lost.sum())} accounts without their holders")
        order = np.argsort(rows)
        return type(self)(kept(rows[order]), kept(self.held[:, order]), kept(self.left[order]))


@kernel
def find_rows(ids: Any, among: Any, places: Any, rows: Any) -> None:
    """Rows of these ids in a column of ids.

    places : int32[power of two, above twice the ids], all -1; a table by hash
    """
    last = np.uint64(places.size - 1)
    shift, sixteen = np.uint64(BASE_SHIFT), np.uint64(16)
    for k in range(ids.size):
        x = ids[k]
        at = np.int64(((x >> shift) ^ (((x & LOW) * MIX) >> sixteen)) & last)
        while places[at] >= 0:
            at = (at + 1) % places.size
        places[at] = k
    for i in range(among.size):
        x = among[i]
        at = np.int64(((x >> shift) ^ (((x & LOW) * MIX) >> sixteen)) & last)
        while places[at] >= 0:
            if ids[places[at]] == x:
                rows[places[at]] = i
                break
            at = (at + 1) % places.size
