"""Years left to live, from deaths and years lived by age; a sample may be too small for it.

Decides nothing; applies the period life table of `parameters/life_table.py` cell by cell and
leaves a cell empty where no table can be made (an age without anyone, no deaths at all).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..parameters import life_table

Array = NDArray[np.float64]
OneTable = Callable[[tuple[int, ...]], Array]


def years_left(deaths: Array, exposure: Array, infant_years: float, age: int) -> Array:
    """Years left at an exact age, float64[...].

    deaths, exposure : [..., age], deaths and years lived by completed age, >= 0 or NaN
    """

    def one(cell: tuple[int, ...]) -> Array:
        return life_table.period_life_expectancy(deaths[cell], exposure[cell], infant_years)

    return _by_cell(deaths, exposure, one, age)


def healthy_years_left(
    deaths: Array, exposure: Array, healthy: Array, people: Array, infant_years: float, age: int
) -> Array:
    """Years left without limitation at an exact age, by the method of Sullivan, float64[...].

    healthy, people : [..., age], people without limitation and all people through the year
    """

    def one(cell: tuple[int, ...]) -> Array:
        return life_table.healthy_expectancy(
            deaths[cell], exposure[cell], healthy[cell], people[cell], infant_years
        )

    return _by_cell(deaths, exposure, one, age)


def _by_cell(deaths: Array, exposure: Array, one: OneTable, age: int) -> Array:
    result = np.full(deaths.shape[:-1], np.nan)
    for cell in np.ndindex(result.shape):
        if not np.isnan(deaths[cell] + exposure[cell]).any():
            try:
                result[cell] = one(cell)[age]
            except ValueError:
                continue  # no life table can be made from so few people
    return result
