"""What the gains of marriage are in a year, over those of the couples of the base.

Decides the log factors on the propensity of each pair of types: what people born after the
evidence may lose, and what policies of families add. Both are zero as shipped. What policies
add is `b_mar` times the answer of a first birth (`birth_response.py`), for her residence and
level of education, until the age from which women bear no children. Source: assumed, see
`partnership.yaml` and `fertility_response.yaml`. Leaves out differences by sex and education
among later cohorts, and children whom a bride already has.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import EDUCATION, PROVINCES, RESIDENCES, SEXES
from ..parameters.load import Parameters
from .birth_rules import LAST_AGE
from .marriage_market import MIDDLE, Singles
from .marriage_types import KEY, LEVEL_OF_EDUCATION, LEVELS, Types

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]

B_MAR = "demography.fertility_response.b_mar"
FEMALE = SEXES.index("female")
NEARLY_NONE = 1e-9  # of a woman, so that a place without any has a mean


def log_gains(model: "SongheModel", kinds: Types, found: Singles) -> Floats:
    """Log factor on the propensity of each pair in the year, float64[his type, her type]."""
    p = model.parameters
    own = of_cohorts(p, kinds, model.year)
    both: Floats = 0.5 * (own[:, None] + own)
    b_mar = p.value(B_MAR)
    if b_mar == 0.0:
        return both
    return both + b_mar * of_policy(model.birth_response, women_looking(model, found), kinds)


def of_cohorts(p: Parameters, kinds: Types, year: int) -> Floats:
    """Log of the gains of each type over those of cohorts of the evidence, float64[type]."""
    first, last = p.value(KEY + "gains_fall_from"), p.value(KEY + "gains_fall_to")
    born = year - kinds.ages - MIDDLE
    passed = np.clip((born - first) / (last - first), 0.0, 1.0)
    return np.asarray(-p.value(KEY + "gains_lost") * passed[kinds.parts()[0]])


def of_policy(response: Floats, women: Floats, kinds: Types) -> Floats:
    """Answer of a first birth to policy for women of each type, float64[type].

    response : float64[order, residence, education] or [order, province, residence, education]
    women : float64[province, residence, education], over whom the mean is taken
    """
    group, level, residence = kinds.parts()
    of_level = np.eye(LEVELS)[LEVEL_OF_EDUCATION]
    weight = women + NEARLY_NONE
    sums = np.einsum("pre,el->rl", weight * response[0], of_level)
    mean = sums / np.einsum("pre,el->rl", weight, of_level)
    return np.where(kinds.ages[group] < LAST_AGE, mean[residence, level], 0.0)


def women_looking(model: "SongheModel", found: Singles) -> Floats:
    """Women expected to look for a partner, float64[province, residence, education]."""
    people: Any = model.people
    hers = people["sex"][found.rows] == FEMALE
    rows, looks = found.rows[hers], found.by_code()[found.code[hers]]
    shape = len(PROVINCES), len(RESIDENCES), len(EDUCATION)
    place = tuple(people[n][rows].astype(np.int64) for n in ("province", "residence", "education"))
    cells = np.ravel_multi_index(place, shape)
    women = np.bincount(cells, looks, int(np.prod(shape))).reshape(shape)
    return np.asarray(women, dtype=np.float64)
