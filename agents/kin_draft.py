"""What the matching of parents to children works on, and how large families are.

Sizes are drawn so that the children of the census fill them: children per married woman of an
age are those who need a mother of that age over the women there are. Holds no luck of its own.

Source: assumptions on the spread of family sizes, see `base_kin.yaml`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.load import Parameters
from .couples import FEMALE, NEVER_MARRIED
from .kin_matching import N_AGES, N_AREAS
from .kin_rates import parent_alive

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Links = NDArray[np.int32]
Flags = NDArray[np.bool_]
Columns = Mapping[str, NDArray[Any]]

KIN = "demography.base_kin."
OLD_MOTHERS = 80  # above, the size of families follows from survival of the children
USUAL_AGE = 27  # of mothers at a birth, where only the order of size matters
SMOOTH = 5  # years of age over which children per woman are averaged


class Draft(NamedTuple):
    """What the matching works on; arrays by row, changed in place.

    target : age the mother has or would have; alive : whether she is
    months : since the birth; child, following : chains of children by mother
    mothers_place : where a minor's mother is looked for; elsewhere for children left behind
    """

    columns: Columns
    area: tuple[Rows, ...]
    target: Rows
    alive: Flags
    months: Rows
    mother: Links
    child: Links
    following: Links
    sibship: Rows
    mothers_place: Rows


def family_size(mean: Array, childless: float, further: float) -> tuple[Array, Array]:
    """Chance of being a mother, and mean of further children, from children per married woman.

    Where families grow, further children are `further` times the mean; once all but the
    childless are mothers, they carry the rest.
    """
    mother = np.minimum(mean / (1 + further * mean), 1 - childless)
    return mother, np.maximum(mean / np.maximum(mother, 1e-12) - 1, 0.0)


def smooth(counts: NDArray[Any]) -> Array:
    """Moving sums over ages, last axis."""
    padded = np.pad(counts, [(0, 0)] * (counts.ndim - 1) + [(SMOOTH // 2, SMOOTH // 2)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, SMOOTH, axis=-1)
    return np.asarray(windows.sum(axis=-1))


class Supply(NamedTuple):
    """Women ever married who can be mothers, and children who need a living one."""

    women: Flags
    minors: Flags
    adults: Flags


def supply_of(draft: Draft, adult: float) -> Supply:
    columns = draft.columns
    married = (columns["sex"] == FEMALE) & (columns["marital"] != NEVER_MARRIED)
    needs = draft.alive & (draft.mother < 0)
    minor = columns["age"] < adult
    return Supply(married, needs & minor, needs & ~minor)


def _by_residence(place: Rows, rows: Flags, age: Rows) -> Array:
    cell = place[rows] % 2 * N_AGES + age[rows]
    return np.bincount(cell, minlength=2 * N_AGES).reshape(2, N_AGES).astype(np.float64)


def expected_children(draft: Draft, p: Parameters, adult: float) -> Array:
    """Children per woman ever married by place and her age, float64[62, age].

    Grown-up children are shared out over the country, minors over the women of the place.
    """
    supply = supply_of(draft, adult)
    age = draft.columns["age"].astype(np.int64)
    target = np.minimum(draft.target, N_AGES - 1)
    place, wanted = draft.area[0], draft.mothers_place
    women = smooth(_by_residence(place, supply.women, age))
    minors = smooth(_by_residence(wanted, supply.minors, target))
    grown = smooth(_by_residence(place, supply.adults, target)).sum(axis=0)
    ratio = np.array([1.0, p.value(KIN + "rural_children")])
    urban = grown / np.maximum(ratio @ women, 1e-9)
    near = minors / np.maximum(women, 1e-9)
    residence = np.arange(N_AREAS) % 2
    asked = np.bincount(wanted[supply.minors], minlength=N_AREAS)
    mothers = place[supply.women]
    offered = np.bincount(mothers, near[mothers % 2, age[supply.women]], minlength=N_AREAS)
    factor = asked / np.maximum(offered, 1e-9)
    return np.asarray(factor[:, None] * near[residence] + (ratio[:, None] * urban)[residence])


def further_of_the_dead(draft: Draft, p: Parameters, survival: Array) -> Array:
    """Mean of further children of dead mothers by the age they would have, float64[2 * 101].

    As for living mothers of the age; above 80 in proportion to the survival of children.
    """
    supply = supply_of(draft, 0)
    age = draft.columns["age"].astype(np.int64)
    women = smooth(_by_residence(draft.area[0], supply.women, age).sum(axis=0))
    children = smooth(np.bincount(draft.target[draft.alive], minlength=N_AGES)[:N_AGES])
    mean = np.ones(2 * N_AGES)
    mean[:N_AGES] = children / np.maximum(women, 1e-9)
    alive = parent_alive(survival.mean(axis=1), np.array([0]))[:, 0]
    older = np.arange(OLD_MOTHERS, 2 * N_AGES)
    childs_age = np.minimum(older - USUAL_AGE, N_AGES - 1)
    mean[older] = mean[OLD_MOTHERS] * alive[childs_age] / alive[OLD_MOTHERS - USUAL_AGE]
    return family_size(mean, p.value(KIN + "childless"), p.value(KIN + "further_children"))[1]
