"""Function of the people of the base: that of a cohort lived through one year's rates.

Decides, for a person of the base by sex and age, the chances of the four states of
function, as if the rates of that year had always held. Source: the intensities of
`parameters/health/adl.yaml`. Leaves out differences by education and residence, which
build up in the years that are lived.
"""

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import kernel, put, total
from ..parameters.load import Parameters
from ..parameters.rates import Concept
from .health_rules import NONE
from .health_table import OLDEST, SHAPE, Rates, chances, rates_of, room, solve_level

Floats = NDArray[np.float64]
NO_SCHOOL, RURAL = 0, 1  # the kind of person to whom the plain intensities apply


def starting_adl(p: Parameters, year: int, concept: Concept = "official") -> Floats:
    """Chances of each state of function, float64[sex, age, adl], at the end of a year.

    Rows add up to one. ValueError outside the years of the rates.
    """
    return np.asarray(cohort(rates_of(p, year, concept)))


@kernel
def cohort(r: Rates) -> Floats:
    """States float64[sex, age, adl] of a cohort that starts without limitation."""
    result = np.zeros((SHAPE[0], SHAPE[1], SHAPE[4]))
    people = np.zeros(SHAPE)
    group, year = room(1), np.empty((4, 4))
    for sex in range(SHAPE[0]):
        result[sex, 0, NONE] = 1.0
        for age in range(OLDEST):
            put(result[sex, age], people[sex, age, NO_SCHOOL, RURAL])
            level = solve_level(sex, age, age, people, r, group)
            chances(sex, age, NO_SCHOOL, RURAL, level, r, year)
            after = np.zeros(SHAPE[4])
            for state in range(SHAPE[4]):
                after += result[sex, age, state] * year[state]
            put(after / total(after), result[sex, age + 1])
    return result
