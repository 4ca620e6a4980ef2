"""Who the living mothers are: women of the drawn age, near if possible, with a free place.

Minors find their mother at their own place, or, left behind with grandparents, in town;
adults near or far. Women's places in their families are drawn, then filled. Leaves out births
outside marriage.
"""

import numpy as np

from ..parameters.load import Parameters
from . import base_luck
from .columns import NOBODY
from .kin_draft import (
    KIN,
    Array,
    Draft,
    Rows,
    Supply,
    expected_children,
    family_size,
    supply_of,
)
from .kin_matching import MOST_CHILDREN, Stacks, fill_capacity, find_mothers, stacks
from .luck import Key

REACH, FAR_REACH = 6, 12  # years around the drawn age of a mother
SLACK = 1.04  # places in families for each child, so that the last ones find one too
GOLDEN = 0.6180339887498949


def living_mothers(draft: Draft, p: Parameters, adult: float, key: Key) -> dict[str, float]:
    """Mothers for all whose mother is alive; returns what did not go as drawn.

    Minors first, then adults, each from near to far. A child left behind keeps its mother
    elsewhere only where a grandparent lives at its place.
    """
    n = len(draft.mother)
    u = base_luck.uniforms(n, base_luck.MOTHERS, key)
    supply = supply_of(draft, adult)
    women = np.flatnonzero(supply.women)
    slots = _owners(draft, p, supply, expected_children(draft, p, adult), u)
    place, province, region, nation = draft.area
    minors, adults = (_by_luck(np.flatnonzero(rows), u[3]) for rows in supply[1:])
    home = draft.mothers_place
    slots = _search(draft, minors, slots, place, home, home, REACH, u[1])
    _search(draft, minors, women, place, home, home ^ 1, FAR_REACH, u[1])
    slots = _search(draft, adults, slots, place, *_looks(draft, p, u[2]), REACH, u[1])
    alone = _without_kin(draft, minors)
    _detach(draft, alone)
    for area in (place, region, nation):
        slots = _search(draft, adults, slots, area, area, area, REACH, u[1])
    everybody = np.concatenate((minors, adults))
    for area in (place, province, region, nation):
        _search(draft, everybody, women, area, area, area, FAR_REACH, u[1])
    lost = np.flatnonzero(draft.alive & (draft.mother < 0))
    found = draft.mother >= 0
    draft.sibship[found] = draft.mother[found]
    draft.sibship[lost] = n + n + lost  # the mother is dead after all, without other children
    apart = (draft.mother[minors] >= 0) & (place[draft.mother[minors]] != place[minors])
    return {"minors_left_behind": float(apart.sum()), "mothers_not_found": float(len(lost))}


def _looks(draft: Draft, p: Parameters, u: Array) -> tuple[Rows, Rows]:
    """Where adults look for their mother first and second; int64 by row each.

    Some start across town and countryside. Fathers of children left behind start where the
    child lives: it is their mother who keeps it.
    """
    place = draft.area[0]
    elsewhere = u < np.asarray(p.array(KIN + "mother_elsewhere"))[draft.columns["residence"]]
    child = np.flatnonzero((draft.mother >= 0) & (draft.mothers_place != place))
    child = child[place[draft.mother[child]] != place[child]]
    father = draft.columns["partner"][draft.mother[child]]
    elsewhere[father[father >= 0]] = True
    elsewhere[draft.mother[child[father < 0]]] = True
    near = np.where(elsewhere, place ^ 1, place)
    return near, near ^ 1


def _without_kin(draft: Draft, minors: Rows) -> Rows:
    """Minors whose mother lives elsewhere, and no grandparent at their place."""
    place, partner = draft.area[0], draft.columns["partner"]
    mother = draft.mother[minors]
    apart = minors[(mother >= 0) & (place[mother] != place[minors])]
    parents = draft.mother[apart], partner[draft.mother[apart]]
    kept = np.zeros(len(apart), np.bool_)
    for parent in parents:
        grandmother = np.where(parent >= 0, draft.mother[parent], NOBODY)
        kept |= (grandmother >= 0) & (place[grandmother] == place[apart])
        kept |= (parent >= 0) & (place[parent] == place[apart])
    return np.asarray(apart[~kept])


def _detach(draft: Draft, rows: Rows) -> None:
    """Take these out of their families, and chain the others anew."""
    draft.mother[rows] = NOBODY
    draft.child[:] = NOBODY
    draft.following[:] = NOBODY
    has = np.flatnonzero(draft.mother >= 0)
    has = has[np.argsort(draft.mother[has], kind="stable")]
    same = draft.mother[has[1:]] == draft.mother[has[:-1]]
    draft.following[has[1:][same]] = has[:-1][same]
    draft.child[draft.mother[has]] = has  # the last of each family stays


def _by_luck(rows: Rows, u: Array) -> Rows:
    return np.asarray(rows[np.argsort(u[rows], kind="stable")])


def _owners(draft: Draft, p: Parameters, supply: Supply, mean: Array, u: Array) -> Rows:
    """A row for each place in a family: its mother.

    Women stand by place and age, their luck spread evenly along the line, so that sums of
    children over neighbouring ages keep to what is expected.
    """
    age, place = draft.columns["age"].astype(np.int64), draft.area[0]
    women = np.flatnonzero(supply.women)
    women = women[np.lexsort((u[0][women], age[women], place[women]))]
    expected = SLACK * mean[place[women], age[women]]
    chance, further = family_size(
        np.minimum(expected, MOST_CHILDREN / 2),
        p.value(KIN + "childless"),
        p.value(KIN + "further_children"),
    )
    start = u[0][women[0]] if len(women) else 0.0
    even = (start + GOLDEN * np.arange(len(women))) % 1.0
    size = np.empty(len(women), np.int64)
    fill_capacity(chance, further, even, size)
    return np.repeat(women, size)


def _search(
    draft: Draft, rows: Rows, owners: Rows, area: Rows, near: Rows, far: Rows, reach: int, u: Array
) -> Rows:
    """One round of looking for mothers; returns the owners of the slots that stay free."""
    columns = draft.columns
    age = columns["age"].astype(np.int64)
    spread = (u[owners] + GOLDEN * np.arange(len(owners))) % 1.0
    pool = stacks(owners, area, age, spread)
    rows = rows[draft.mother[rows] < 0]
    find_mothers(
        rows, draft.target, near, far, reach, *pool, age, draft.months, columns["partner"],
        draft.mother, draft.child, draft.following,
    )  # fmt: skip
    cell_of = np.repeat(np.arange(len(pool.first)), _sizes(pool))
    free = np.arange(len(pool.slot)) - pool.first[cell_of] < pool.left[cell_of]
    return np.asarray(pool.slot[free])


def _sizes(pool: Stacks) -> Rows:
    return np.diff(np.append(pool.first, len(pool.slot)))
