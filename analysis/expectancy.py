"""Years left to live, from deaths and years lived by age; a sample may be too small for it.

Decides nothing; applies the period life table of `parameters/life_table.py` to every cell and
leaves a cell empty where no table can be made (nobody, no deaths at all, numbers missing).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..parameters import life_table

Array = NDArray[np.float64]
Tables = Callable[[NDArray[np.bool_]], Array]


def years_left(deaths: Array, exposure: Array, infant_years: float, age: int) -> Array:
    """Years left at an exact age, float64[...].

    deaths, exposure : [..., age], deaths and years lived by completed age, >= 0 or NaN
    """

    def tables(cells: NDArray[np.bool_]) -> Array:
        return life_table.period_life_expectancy(deaths[cells], exposure[cells], infant_years)

    return _where_made(deaths, exposure, tables, age)


def healthy_years_left(
    deaths: Array, exposure: Array, healthy: Array, people: Array, infant_years: float, age: int
) -> Array:
    """Years left without limitation at an exact age, by the method of Sullivan, float64[...].

    healthy, people : [..., age], people without limitation and all people through the year
    """

    def tables(cells: NDArray[np.bool_]) -> Array:
        return life_table.healthy_expectancy(
            deaths[cells], exposure[cells], healthy[cells], people[cells], infant_years
        )

    return _where_made(deaths, exposure, tables, age)


def _where_made(deaths: Array, exposure: Array, tables: Tables, age: int) -> Array:
    result = np.full(deaths.shape[:-1], np.nan)
    made = (deaths.sum(axis=-1) > 0) & (exposure.sum(axis=-1) > 0)  # no sum of NaN is
    result[made] = tables(made)[:, age]
    return result
