"""Mothers, fathers, brothers and sisters of the starting population.

Everybody draws the mother's age at birth from the age pattern of that year and whether she
is alive from the life table. Living mothers are women of that age, at the same place for
minors, with a free place in a family whose size is drawn so that numbers of children follow
from the counts of the census. Children of dead mothers form families of their own; their
father may be a widowed man. Otherwise the father is the mother's husband, or a divorced man.
Leaves out stepparents, births outside marriage, twins, and women all of whose children died.

Source: `kin_rates.py`; sizes and preferences are assumptions, see `base_kin.yaml`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.load import Parameters
from ..parameters.rates import Concept
from . import base_luck
from .columns import LONG_AGO, NOBODY
from .couples import FEMALE, MALE, areas
from .dead_mothers import dead_mothers
from .kin_draft import KIN, Array, Columns, Draft, Links, Rows, further_of_the_dead
from .kin_matching import N_AGES, fill_capacity
from .kin_rates import (
    birth_patterns,
    child_alive,
    cohort_weights,
    draw_ages,
    mothers_age,
    parent_alive,
    past_survival,
)
from .living_mothers import living_mothers
from .luck import MOST_CHILDREN, Key
from .unknown_fathers import through_mothers

RURAL = 1


class Kin(NamedTuple):
    """Links and counts by row.

    mother, father : int32[n], -1 none; sibship : int64[n], the mother's row, or n and more
    n_children, n_sons, n_living_children : uint8[n]; since_birth : uint8[n]
    oldest : int64[n], age of her oldest child, -1 none
    """

    mother: Links
    father: Links
    sibship: Rows
    n_children: NDArray[np.uint8]
    n_sons: NDArray[np.uint8]
    n_living_children: NDArray[np.uint8]
    since_birth: NDArray[np.uint8]
    oldest: Rows
    fit: dict[str, float]


def link_kin(columns: Columns, p: Parameters, seed: int, replicate: int, concept: Concept) -> Kin:
    """Parents for everybody.

    columns : age, sex, birth_month, province, residence, marital, partner by row
    """
    key = base_luck.key_of(seed, replicate)
    survival = past_survival(p, concept)
    draft = _draft(columns, p, survival, key)
    sizes = further_of_the_dead(draft, p, survival)
    father = np.full(len(draft.mother), NOBODY, np.int32)
    rescued = dead_mothers(draft, p, survival, sizes, father, key)
    adult = p.value("demography.coresidence.adult_age")
    fit = {"minors_given_a_living_mother": rescued}
    fit |= living_mothers(draft, p, adult, key)
    through_mothers(draft, survival, father, key)
    return _counted(draft, father, child_alive(p, survival, concept), key, fit)


def _draft(columns: Columns, p: Parameters, survival: Array, key: Key) -> Draft:
    age = columns["age"].astype(np.int64)
    n = len(age)
    u = base_luck.uniforms(n, base_luck.BIRTH, key)
    women = np.bincount(age[columns["sex"] == FEMALE], minlength=N_AGES)
    cohorts = cohort_weights(women, survival[:, FEMALE])
    at_birth = draw_ages(mothers_age(birth_patterns(p), cohorts), age, u[0])
    chance = parent_alive(survival[:, FEMALE], np.arange(N_AGES))
    alive = u[1] < chance[age, at_birth]
    months = age * 12 + (12 - columns["birth_month"].astype(np.int64))
    mother, child, following = (np.full(n, NOBODY, np.int32) for _ in range(3))
    area = areas(columns["province"], columns["residence"])
    adult = p.value("demography.coresidence.adult_age")
    left = (age < adult) & (columns["residence"] == RURAL) & (u[2] < p.value(KIN + "left_behind"))
    sibship = np.full(n, NOBODY, np.int64)
    wanted = np.where(left, area[0] ^ 1, area[0])
    return Draft(
        columns, area, age + at_birth, alive, months, mother, child, following, sibship, wanted
    )


def _counted(draft: Draft, father: Links, alive: Array, key: Key, fit: dict[str, float]) -> Kin:
    """Counts of children by parent, with those who died, and the ages of oldest and youngest."""
    columns, n = draft.columns, len(father)
    age, son = columns["age"].astype(np.int64), columns["sex"] == MALE
    living, sons = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for parent in (draft.mother, father):
        known = parent >= 0
        living += np.bincount(parent[known], minlength=n)
        sons += np.bincount(parent[known & son], minlength=n)
    has = np.flatnonzero(draft.mother >= 0)
    mothers = draft.mother[has]
    chance = alive[columns["sex"][has], age[has]]
    expected = np.bincount(mothers, 1 / chance - 1, minlength=n).astype(np.float64)
    lost, lost_sons = _dead_children(expected, key)
    oldest, youngest = np.full(n, -1), np.full(n, LONG_AGO)
    np.maximum.at(oldest, mothers, age[has])
    np.minimum.at(youngest, mothers, age[has])
    husband = columns["partner"]
    couple = np.flatnonzero((husband >= 0) & (columns["sex"] == FEMALE))
    for counts in (lost, lost_sons):
        counts[husband[couple]] = counts[couple]
    ever, ever_sons = (
        np.minimum(living + lost, MOST_CHILDREN),
        np.minimum(sons + lost_sons, MOST_CHILDREN),
    )
    return Kin(
        draft.mother, father, draft.sibship, ever.astype(np.uint8), ever_sons.astype(np.uint8),
        living.astype(np.uint8), youngest.astype(np.uint8), oldest, fit,
    )  # fmt: skip


def _dead_children(mean: Array, key: Key) -> tuple[Rows, Rows]:
    """Children of each mother who died, and sons among them: Poisson given those who live."""
    u = base_luck.uniforms(len(mean), base_luck.LOST, key)
    number = np.zeros(len(mean), np.int64)
    fill_capacity(np.ones(len(mean)), mean, u[0], number)
    number -= 1
    return number, np.floor(number / 2 + u[1]).astype(np.int64)
