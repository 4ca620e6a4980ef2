"""Children of dead mothers: brothers and sisters, and the father if he is widowed.

Families are filled to sizes drawn like those of living mothers, so that large families are
met in proportion to their children. Leaves out fathers who married again.
"""

import numpy as np

from ..parameters.load import Parameters
from . import base_luck
from .columns import NOBODY
from .couples import MALE
from .kin_draft import Array, Draft, Links
from .kin_matching import N_AREAS, group_by_dead_mother
from .luck import Key
from .unknown_fathers import families_of, father_lives, match_fathers

WIDOWED = 3
YOUNG = 30  # brothers and sisters below are of one place, above of one province


def dead_mothers(
    draft: Draft, p: Parameters, survival: Array, further: Array, father: Links, key: Key
) -> float:
    """Families of dead mothers, and their fathers; returns minors who need a mother after all.

    Minors whose father is alive by the life table, but for whom no widowed man of the place
    is left, are given a living mother.
    """
    columns, n = draft.columns, len(draft.mother)
    u = base_luck.uniforms(n, base_luck.FATHERS, key)
    place = draft.area[0]
    area = np.where(columns["age"] < YOUNG, place, N_AREAS + draft.area[1])
    rows = np.flatnonzero(~draft.alive)
    order = rows[np.lexsort((u[0][rows], draft.target[rows], area[rows]))]
    family = np.full(n, NOBODY, np.int64)
    number = group_by_dead_mother(
        order, area, draft.target, further, u[1], columns["age"], draft.months,
        columns["partner"], family, np.full(n, NOBODY, np.int32),
    )  # fmt: skip
    minor = columns["age"] < p.value("demography.coresidence.adult_age")
    families = families_of(draft, rows, family, number)
    has_minor = np.zeros(number, np.bool_)
    has_minor[family[rows[minor[rows]]]] = True
    lives = father_lives(families, draft, survival, u, p)
    men = np.flatnonzero((columns["sex"] == MALE) & (columns["marital"] == WIDOWED))
    husband = match_fathers(draft, families, lives & has_minor, men, u[0], near_only=True)
    left = np.setdiff1d(men, husband[husband >= 0])
    others = match_fathers(draft, families, lives & ~has_minor, left, u[0], near_only=False)
    husband = np.where(husband >= 0, husband, others)
    needy = rows[minor[rows]]
    needy = needy[lives[family[needy]] & (husband[family[needy]] < 0)]
    draft.alive[needy] = True
    family[needy] = NOBODY
    kept = family >= 0
    draft.sibship[kept] = n + family[kept]
    father[kept] = husband[family[kept]]
    return float(len(needy))
