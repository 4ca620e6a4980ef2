"""Months that an automatic link adds to the ages of retirement.

Decides from the life table of the parameters, of each draw, by how many months the statutory
age lies above that of the law: a share of the gain in life expectancy at 60 (mean of men and
women) since the link began. Source: `parameters/policies/retirement.yaml`; no such rule is
enacted. Leaves out a lag between the table and the age: the path of the table is known.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..parameters.life_table import life_table
from ..parameters.load import Parameters
from ..parameters.rates import annual_mx, infant_years
from .numbers import Numbers

Floats = NDArray[np.float64]

SHARE = "policies.retirement.link_share"
MONTHS = 12
MIDDLE = 6  # a year's expectancy stands at its middle
AGE = 60


def is_linked(p: Parameters) -> bool:
    """Whether any date has a link."""
    return any(float(np.asarray(p.at(SHARE, day))) > 0.0 for day in p.dates(SHARE))


def expectancy(p: Parameters) -> tuple[NDArray[np.int64], Floats]:
    """Calendar years, and life expectancy at 60 in them, mean of both sexes, that never falls."""
    years, mx = annual_mx(p)
    e60 = life_table(np.array(mx), infant_years(p)).expectancy[..., AGE].mean(axis=1)
    return np.asarray(years, dtype=np.int64), np.maximum.accumulate(e60)


@lru_cache(maxsize=32)
def _added(numbers: Numbers, first: int, last: int) -> Floats:
    p = numbers.p
    months = np.arange(first, last + 1)
    years, e60 = expectancy(p)
    path = np.interp(months, MONTHS * years + MIDDLE, e60)
    starts = np.array([MONTHS * day.year + day.month - 1 for day in p.dates(SHARE)])
    shares = np.array([float(np.asarray(p.at(SHARE, day))) for day in p.dates(SHARE)])
    place = np.searchsorted(starts, months, side="right") - 1
    share = np.where(place >= 0, shares[np.maximum(place, 0)], 0.0)
    gain = np.diff(path, prepend=path[:1])
    return np.asarray(np.cumsum(MONTHS * share * gain))


def added_months(p: Parameters, first: int, last: int) -> Floats:
    """Months added for who reaches the age of the law in each month, first to last.

    Months are numbered from the year 0. A new share goes on from what was added before.
    """
    return _added(Numbers(p), first, last)
