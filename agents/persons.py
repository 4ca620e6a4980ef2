"""The persons of the base: rows for any number of agents, with the fit of every margin.

Decides who the agents of 31 December 2010 are, one row a person, for a number of persons,
a seed and a replicate: place, sex, age, month of birth, schooling and marital status. The
expected table is `base_table`, made whole by `integerise`. Leaves out kin, households and
health, which stand on these rows; months of birth are even over the year (an assumption).

Zero cells: a cell that expects nobody (a married child, a graduate of twelve) never has
one; a cell that expects somebody may be empty in one base and not in another.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.load import Parameters
from ..parameters.rates import Concept
from . import luck
from .base_counts import Numbers
from .base_table import DIMS, base_table, completed, pupils
from .integerise import most_moves, whole_agents

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

GROUP = 5  # years of an age group
LAST_GROUP = 85 // GROUP
BROAD = (15, 60)  # ages at which broad groups begin after the first
ORDER, MONTH = 0, 1  # lanes of Call.BASE for a person
ZERO_CELLS = "cells that expect nobody stay empty; others may be empty in one base"

# Nested margins that end within one agent, each side from coarse to fine.
LEFT = (
    ("province",),
    ("province", "residence"),
    ("province", "residence", "sex"),
    ("province", "residence", "sex", "broad"),
    ("province", "residence", "sex", "broad", "marital"),
    ("province", "residence", "sex", "broad", "marital", "education"),
    ("province", "residence", "sex", "broad", "marital", "education", "group"),
)
RIGHT = (
    ("sex",),
    ("sex", "group"),
    ("sex", "age"),
    ("sex", "age", "education"),
    ("sex", "age", "education", "marital"),
)
# Margins whose fit is reported; the first is the hard one.
REPORTED = (
    ("province", "residence", "sex"),
    ("sex", "age"),
    ("sex", "marital"),
    ("sex", "education"),
    ("province", "residence", "sex", "group"),
    ("province", "residence", "sex", "education"),
    ("province", "residence", "sex", "marital"),
    ("sex", "age", "education"),
    ("sex", "age", "marital"),
)


class MarginFit(NamedTuple):
    """How near the agents of one margin are to what it expects."""

    cells: int
    largest_error: float  # agents
    largest_error_of_30: float  # agents, among the cells that expect 30 or more
    srmse: float  # root mean square error over the mean expected


class Fit(NamedTuple):
    """What a base is made of and how well it fits, by margin (`province x residence x sex`)."""

    concept: Concept
    seed: int
    replicate: int
    persons: int
    people: float  # that they stand for
    cells: int  # that expect somebody
    empty_cells: int  # of these without an agent
    zero_cells: str
    moved: dict[str, float]  # largest change of a census share in the expected table
    margins: dict[str, MarginFit]


class Persons(NamedTuple):
    """Rows of the base by province and residence; inside a place in keyed order.

    columns : by name, [persons]: age int8; sex, birth_month (1-12), province, residence,
        education (completed), enrolled, marital uint8
    weight : people per agent
    """

    columns: dict[str, NDArray[Any]]
    weight: float
    fit: Fit


class Cells(NamedTuple):
    """The cells that expect somebody, in the order of DIMS."""

    people: Array
    at: dict[str, Whole]  # by dimension of DIMS, and age by `group` and `broad`
    left: tuple[Whole, ...]
    right: tuple[Whole, ...]
    reported: dict[str, Whole]
    columns: dict[str, NDArray[Any]]  # what a person of the cell is
    moved: dict[str, float]


def starting_persons(
    p: Parameters, persons: int, seed: int, replicate: int, concept: Concept
) -> Persons:
    """The persons of one base; all draws of the parameters share it.

    persons : 1 to 2**30, the number of rows
    ValueError if a number is out of range or the concept unknown.
    """
    key = luck.key_of(seed, luck.BASE_DRAW, replicate)
    cells = base_cells(p, concept)
    addresses = np.arange(most_moves(len(cells.people), cells.left, cells.right), dtype=np.uint64)
    uniforms = luck.uniforms(addresses + luck.CELL, luck.Call.BASE, luck.LASTING, key)[0]
    counts = whole_agents(cells.people, persons, cells.left, cells.right, uniforms)
    people = float(cells.people.sum())
    fit = Fit(
        concept, seed, replicate, persons, people, len(counts), int((counts == 0).sum()),
        ZERO_CELLS, dict(cells.moved), margin_fits(counts, cells),
    )  # fmt: skip
    return Persons(rows(counts, cells, key), people / persons, fit)


def rows(counts: Whole, cells: Cells, key: luck.Key) -> dict[str, NDArray[Any]]:
    """Columns of the agents of each cell, places in order, people of a place in keyed order."""
    n = int(counts.sum())
    words = luck.words(luck.base_ids(np.arange(1, n + 1)), luck.Call.BASE, luck.LASTING, key)
    of_cell = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    place = cells.at["province"] * 2 + cells.at["residence"]
    sort = (place.astype(np.uint64) << np.uint64(32))[of_cell] | words[ORDER]
    order = np.argsort(sort, kind="stable")
    of_cell = of_cell[order]
    columns = {name: values[of_cell] for name, values in cells.columns.items()}
    month = (words[MONTH][order].astype(np.uint64) * np.uint64(12)) >> np.uint64(32)
    columns["birth_month"] = month.astype(np.uint8) + np.uint8(1)
    return columns


def margin_fits(counts: Whole, cells: Cells) -> dict[str, MarginFit]:
    """The fit of every reported margin."""
    expected = cells.people * (counts.sum() / cells.people.sum())
    return {name: _fit(counts, expected, label) for name, label in cells.reported.items()}


def _fit(counts: Whole, expected: Array, label: Whole) -> MarginFit:
    found, wanted = np.bincount(label, counts), np.bincount(label, expected)
    error = np.abs(found - wanted)
    rms = float(np.sqrt(np.mean(error**2)))
    thick = float(error[wanted >= 30].max(initial=0.0))
    return MarginFit(len(wanted), float(error.max()), thick, rms / float(wanted.mean()))


def base_cells(p: Parameters, concept: Concept) -> Cells:
    """The cells of the expected base of a concept."""
    return _base_cells(Numbers(p.draw(0)), concept)


@lru_cache(maxsize=4)
def _base_cells(numbers: Numbers, concept: Concept) -> Cells:
    table = base_table(numbers.p, concept)
    where = np.nonzero(table.people)
    index = {dim: at.astype(np.int64) for dim, at in zip(DIMS, where, strict=True)}
    index["group"] = np.minimum(index["age"] // GROUP, LAST_GROUP)
    index["broad"] = np.digitize(index["age"], BROAD)
    left = tuple(numbered(index, names) for names in LEFT)
    right = tuple(numbered(index, names) for names in RIGHT)
    reported = {" x ".join(names): numbered(index, names) for names in REPORTED}
    age, level = index["age"], index["education"]
    columns: dict[str, NDArray[Any]] = {"age": age.astype(np.int8)}
    columns |= {dim: index[dim].astype(np.uint8) for dim in ("sex", "province", "residence")}
    columns["education"] = completed(numbers.p)[age, level]
    columns["enrolled"] = pupils(numbers.p)[age, level].astype(np.uint8)
    columns["marital"] = index["marital"].astype(np.uint8)
    return Cells(table.people[where], index, left, right, reported, columns, table.moved)


def numbered(index: dict[str, Whole], names: Sequence[str]) -> Whole:
    """Sets of cells that agree in all of these dimensions, numbered from 0 without a gap."""
    label = np.zeros(len(index["age"]), np.int64)
    for name in names:
        label = label * (int(index[name].max()) + 1) + index[name]
    present = np.bincount(label) > 0
    return (np.cumsum(present) - 1)[label]
