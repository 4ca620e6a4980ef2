"""The smallest units that live together: couples, single adults, and their minors.

Minors live with mother, else father, else a grandparent, else a grown-up brother or sister at
their place; whoever has none of them is in a children's home. Units then join into
households (see `base_homes.py`). Leaves out uncles and aunts.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.load import Parameters
from . import base_luck
from .columns import CHILDRENS_HOME, NOBODY
from .compiled import kernel, rule
from .couples import MALE
from .kin import Kin
from .luck import Key

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Columns = Mapping[str, NDArray[Any]]

RESIDENCE = "demography.coresidence."


@rule
def root(unit: int, up: Any) -> int:
    """The unit at the head of the household."""
    while up[unit] >= 0:
        unit = up[unit]
    return unit


@kernel
def roots(rows: Any, head: Any, up: Any, home: Any) -> None:
    """Write the head of the household of each row listed; home : int64 by row."""
    for k in range(rows.size):
        home[rows[k]] = root(head[rows[k]], up)


class State(NamedTuple):
    """What the steps share; arrays by row, changed in place.

    place : int64; family : bool, lives in a family household
    head : int64, head of the smallest unit (couple, or adult, with minors), -1 not yet
    up : int64 by head, the unit of the parents it lives with, -1 none
    u : float64[4, n]
    """

    columns: Columns
    kin: Kin
    place: Rows
    family: Flags
    collective: NDArray[np.uint8]
    head: Rows
    up: Rows
    u: Array
    adult_age: float
    old_age: float

    def homes(self) -> Rows:
        """Head of the household of each row, as things stand, int64[n], -1 none."""
        home = np.full(len(self.head), NOBODY, np.int64)
        roots(np.flatnonzero(self.family), self.head, self.up, home)
        return home

    def near(self, rows: Rows, others: NDArray[Any]) -> Flags:
        """Whether each other is an adult in a family household at the place of the row."""
        fits = (others >= 0) & self.family[others] & (self.place[others] == self.place[rows])
        return np.asarray(fits & (self.columns["age"][others] >= self.adult_age))


def state_of(columns: Columns, kin: Kin, p: Parameters, key: Key) -> State:
    """Everybody in a family household, nobody in a unit yet."""
    n = len(columns["age"])
    place = columns["province"].astype(np.int64) * 2 + columns["residence"]
    head, up = (np.full(n, NOBODY, np.int64) for _ in range(2))
    u = base_luck.uniforms(n, base_luck.HOMES, key)
    adult, old = (p.value(RESIDENCE + name) for name in ("adult_age", "old_age"))
    family, collective = np.ones(n, np.bool_), np.zeros(n, np.uint8)
    return State(columns, kin, place, family, collective, head, up, u, adult, old)


def make_units(s: State) -> None:
    """Couples at one place, single adults, minors with their guardian or in a children's home."""
    c, partner = s.columns, s.columns["partner"]
    adult = c["age"] >= s.adult_age
    rows = np.flatnonzero(adult & s.family)
    s.head[rows] = rows
    wives = rows[(c["sex"][rows] != MALE) & s.near(rows, partner[rows])]
    s.head[wives] = partner[wives]
    minors = np.flatnonzero(~adult & s.family)
    guardian = guardians(s, minors)
    found = guardian >= 0
    s.head[minors[found]] = s.head[guardian[found]]
    orphans = minors[~found]
    s.collective[orphans], s.family[orphans] = CHILDRENS_HOME, False


def guardians(s: State, minors: Rows) -> Rows:
    """Who keeps each minor, an adult at the place; -1 none.

    The spouse, mother, father, a grandparent, or a grown-up brother or sister.
    """
    guardian = np.full(len(minors), NOBODY, np.int64)
    for relative in (s.columns["partner"][minors], *relatives(s, minors)):
        fits = (guardian < 0) & s.near(minors, relative)
        guardian[fits] = relative[fits]
    left = np.flatnonzero(guardian < 0)
    guardian[left] = _adult_siblings(s, minors[left])
    return guardian


def relatives(s: State, rows: Rows) -> Iterator[NDArray[Any]]:
    """Parents, then grandparents; int32[rows] each, -1 none."""
    mother, father = s.kin.mother, s.kin.father
    yield mother[rows]
    yield father[rows]
    for parent in (mother[rows], father[rows]):
        for link in (mother, father):
            yield np.where(parent >= 0, link[parent], NOBODY)


def _adult_siblings(s: State, rows: Rows) -> Rows:
    """The eldest brother or sister at home at the place of each row, -1 none."""
    found = np.full(len(rows), NOBODY, np.int64)
    wanted = np.unique(s.kin.sibship[rows])
    kin = np.flatnonzero(np.isin(s.kin.sibship, wanted) & (s.columns["age"] >= s.adult_age))
    kin = kin[np.argsort(s.columns["age"][kin], kind="stable")]
    for k, i in enumerate(rows):
        near = kin[(s.kin.sibship[kin] == s.kin.sibship[i])]
        near = near[s.family[near] & (s.place[near] == s.place[i])]
        found[k] = near[-1] if len(near) else NOBODY
    return found


def parent_units(s: State, rows: Rows, of: NDArray[Any] | None = None) -> Rows:
    """The unit of the mother, else the father, at the place of each row; -1 none.

    of : int[rows], whose parents, if not of the rows themselves
    """
    unit = np.full(len(rows), NOBODY, np.int64)
    for link in (s.kin.father, s.kin.mother):
        parent = link[rows if of is None else of]
        near = s.near(rows, parent)
        unit[near] = s.head[parent[near]]
    return unit
