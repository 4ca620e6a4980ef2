"""Carrying out moves: people change household, collective and place in one go.

Everything that moves people between households or places after the life events of the year
passes through here, so that links change in `families` and places in `model.record_moves`
alone. Decides nothing.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import families, luck
from ..agents.compiled import kernel
from ..agents.frame import People

if TYPE_CHECKING:
    from .model import SongheModel

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Array = NDArray[np.float64]


def uniforms(model: "SongheModel", rows: Any, call: int) -> Array:
    """Four uniforms in (0, 1) of a call for each listed person, float64[4, n]."""
    return luck.uniforms(model.people["id"][rows], call, model.year, model.key)


def order_of(key: NDArray[Any], ids: NDArray[np.uint64]) -> Rows:
    """Order by key, and by id where two keys are the same, which is rare.

    One array is sorted much faster than two.
    """
    order = np.argsort(key)
    rising = key[order]
    if (rising[1:] == rising[:-1]).any():
        order = np.lexsort((ids, key))
    return np.asarray(order)


def fresh(model: "SongheModel", units: Rows, n_units: int) -> Rows:
    """A new household for each unit that occurs: its number for each listed one, int64[n]."""
    used = np.zeros(n_units, np.bool_)
    used[units] = True
    numbers = np.zeros(n_units, np.int64)
    numbers[used] = families.new_households(model, int(used.sum()))
    return numbers[units]


def settle(
    model: "SongheModel", rows: Any, homes: Any, province: Any, residence: Any, kind: str
) -> None:
    """Put people into family households, at the place of each.

    rows : int64[n]; homes : int64[n]; province, residence : uint8[n]; kind : of the move
    """
    relocate(model, rows, province, residence, kind)
    families.join_household(model.people, rows, homes)


def house_together(
    model: "SongheModel", rows: Any, province: Any, residence: Any, code: int, kind: str
) -> None:
    """Put people into collective living of one code, at the place of each."""
    relocate(model, rows, province, residence, kind)
    families.enter_collective(model.people, rows, code)


def relocate(model: "SongheModel", rows: Any, province: Any, residence: Any, kind: str) -> None:
    """Change the place of those who are not there yet."""
    people = model.people
    away = (people["province"][rows] != province) | (people["residence"][rows] != residence)
    model.record_moves(rows[away], province[away], residence[away], kind)


def present(people: Any) -> Flags:
    """Who is alive and lives through the year, bool[people]."""
    return np.asarray((people["alive"] == 1) & (people["death_u"] >= 1.0))


class Parents(NamedTuple):
    """Who may take a person in, of those who live through the year; int64[n] and bool[n].

    nearby : a parent in a family household at the place of each, the father first; -1 none
    at_home : whether each lives with a parent
    """

    nearby: Rows
    at_home: Flags


@kernel
def look_up_parents(
    rows: Any, mother: Any, father: Any, household: Any, death_u: Any, province: Any,
    residence: Any, nearby: Any, at_home: Any,
) -> None:  # fmt: skip
    """Fill the columns of `Parents`; links are to the living."""
    for k in range(rows.size):
        i = np.uint32(rows[k])
        nearby[k], at_home[k] = -1, False
        for parent in (mother[i], father[i]):
            if parent >= 0:
                j = np.uint32(parent)
                takes_in = (household[j] >= 0) & (death_u[j] >= 1.0)
                if takes_in & (province[j] == province[i]) & (residence[j] == residence[i]):
                    nearby[k] = parent
                at_home[k] |= takes_in & (household[j] == household[i])


def parents_of(people: People, rows: Any) -> Parents:
    """Parents of each person, by row."""
    rows = np.asarray(rows, np.int64)
    found = Parents(np.empty(len(rows), np.int64), np.empty(len(rows), np.bool_))
    names = ("mother", "father", "household", "death_u", "province", "residence")
    look_up_parents(rows, *(people[name] for name in names), *found)
    return found
