"""Fathers of children whose mother has no husband: widowed or divorced men.

Brothers and sisters are matched as a family, one man to one family, from near to far, where
the life table says that the father is alive. Leaves out fathers who married again.
"""

from typing import NamedTuple

import numpy as np

from ..parameters.load import Parameters
from . import base_luck
from .columns import NOBODY
from .couples import MALE
from .kin_draft import Array, Draft, Flags, Links, Rows
from .kin_matching import find_fathers, stacks
from .kin_rates import FATHERS_AGES, parent_alive
from .luck import Key

DIVORCED = 2
REACH = 6  # years around the drawn age of a father


class Families(NamedTuple):
    """Brothers and sisters without a father yet; arrays by family.

    youngest : int64, row of the youngest child; young, old : its age and that of the oldest
    target : int64, age of the mother
    """

    youngest: Rows
    young: Rows
    old: Rows
    target: Rows


def families_of(draft: Draft, rows: Rows, family: Rows, number: int) -> Families:
    """Ages of the children of each family; rows are its children."""
    age = draft.columns["age"].astype(np.int64)
    order = rows[np.lexsort((-draft.months[rows], family[rows]))]
    first = np.searchsorted(family[order], np.arange(number))
    last = np.searchsorted(family[order], np.arange(number), side="right") - 1
    target = np.minimum(draft.target[order[last]], age[order[last]] + 50)
    return Families(order[last], age[order[last]], age[order[first]], target)


def father_lives(
    families: Families, draft: Draft, survival: Array, u: Array, p: Parameters
) -> Flags:
    """Whether the father is alive by the life table; sets his age as the families' target."""
    gap = p.value("demography.partnership.age_gap_mean")
    spread = p.value("demography.partnership.age_gap_sd")
    own = families.target + gap + spread * base_luck.normal(u[2][families.youngest])
    at_birth = np.clip(np.rint(own) - families.young, FATHERS_AGES[0], FATHERS_AGES[-1])
    families.target[:] = at_birth.astype(np.int64) + families.young
    chance = parent_alive(survival[:, MALE], FATHERS_AGES)
    column = at_birth.astype(np.int64) - FATHERS_AGES[0]
    return np.asarray(u[3][families.youngest] < chance[families.young, column])


def match_fathers(
    draft: Draft, families: Families, wanted: Flags, men: Rows, u: Array, *, near_only: bool
) -> Rows:
    """A man for each wanted family, from near to far, int64[families], -1 none."""
    father = np.full(len(families.young), NOBODY, np.int64)
    place, _, region, nation = draft.area
    near, far = place[families.youngest], place[families.youngest] ^ 1
    rounds = [(place, near, near if near_only else far)]
    if not near_only:
        rounds += [(a, a[families.youngest], a[families.youngest]) for a in (region, nation)]
    age = draft.columns["age"].astype(np.int64)
    order = np.flatnonzero(wanted)
    order = order[np.argsort(u[families.youngest[order]], kind="stable")]
    for area, first, second in rounds:
        free = np.setdiff1d(men, father[father >= 0])
        pool = stacks(free, area, age, u[free])
        find_fathers(
            order, families.target, families.old, families.young, first, second, REACH,
            *pool, age, father,
        )  # fmt: skip
    return father


def through_mothers(draft: Draft, survival: Array, father: Links, key: Key) -> None:
    """The mother's husband; for children of divorced mothers a divorced man, if he is alive."""
    columns = draft.columns
    has = np.flatnonzero(draft.mother >= 0)
    father[has] = columns["partner"][draft.mother[has]]
    rows = has[columns["marital"][draft.mother[has]] == DIVORCED]
    mothers, family_of = np.unique(draft.mother[rows], return_inverse=True)
    family = np.full(len(draft.mother), NOBODY, np.int64)
    family[rows] = family_of
    families = families_of(draft, rows, family, len(mothers))
    families.target[:] = columns["age"][mothers].astype(np.int64) + 2
    u = base_luck.uniforms(len(draft.mother), base_luck.FATHERS, key)
    at_birth = np.clip(families.target - families.young, FATHERS_AGES[0], FATHERS_AGES[-1])
    chance = parent_alive(survival[:, MALE], FATHERS_AGES)
    alive = u[3][families.youngest] < chance[families.young, at_birth - FATHERS_AGES[0]]
    men = np.flatnonzero((columns["sex"] == MALE) & (columns["marital"] == DIVORCED))
    found = match_fathers(draft, families, alive, men, u[0], near_only=False)
    father[rows] = found[family[rows]]
