"""Carrying out moves: people change household, collective and place in one go.

Everything that moves people between households or places after the life events of the year
passes through here, so that links change in `families` and places in `model.record_moves`
alone. Decides nothing.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents import families, luck
from ..agents.compiled import kernel

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


@kernel
def find_nearby(
    rows: Any, mother: Any, father: Any, household: Any, death_u: Any, province: Any,
    residence: Any, found: Any,
) -> None:  # fmt: skip
    """Fill `parent_nearby`; links are to the living."""
    for k in range(rows.size):
        i = rows[k]
        found[k] = -1
        for j in (mother[i], father[i]):
            housed = j >= 0 and household[j] >= 0 and death_u[j] >= 1.0
            if housed and province[j] == province[i] and residence[j] == residence[i]:
                found[k] = j


def parent_nearby(people: Any, rows: Any) -> Rows:
    """A parent in a family household at the place of each person, the father first; -1 none.

    Parents who die in the year take nobody in.
    """
    found = np.empty(len(rows), np.int64)
    names = ("mother", "father", "household", "death_u", "province", "residence")
    find_nearby(np.asarray(rows, np.int64), *(people[name] for name in names), found)
    return found


@kernel
def find_with_parents(
    rows: Any, mother: Any, father: Any, household: Any, death_u: Any, found: Any
) -> None:
    """Fill `with_parents`; links are to the living."""
    for k in range(rows.size):
        i = rows[k]
        found[k] = False
        for j in (mother[i], father[i]):
            if j >= 0 and household[j] == household[i] and household[i] >= 0:
                found[k] |= death_u[j] >= 1.0


def with_parents(people: Any, rows: Any) -> Flags:
    """Whether each person lives with a parent who lives through the year, bool[n]."""
    found = np.empty(len(rows), np.bool_)
    names = ("mother", "father", "household", "death_u")
    find_with_parents(np.asarray(rows, np.int64), *(people[name] for name in names), found)
    return found
