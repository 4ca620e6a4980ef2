"""The simple workload: its people, its chances and what is counted; the same for every engine.

In a year, by the state of its opening: death or another care state, by one draw against chances
by sex, age and state; a birth to the women who live on, by a second draw. Then everyone is a year
older, the newborns are 0, and the living are counted by sex, age and state. All inputs are made up.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SEXES, AGES, STATES = 2, 101, 4  # man, woman; 100 is 100 and over; none, mild, moderate, severe
OLDEST = AGES - 1
DEAD = STATES  # kept as a fifth state until its row is dropped
CELLS = (SEXES, AGES, STATES + 1)
FERTILE = (15, 50)  # ages, the last excluded
BOYS = 0.512  # of newborns


class Chances(NamedTuple):
    """Flat tables, by (sex * 101 + age) * 5 + state; the dead stay dead and bear no children.

    stays : float64[cell], chance of the same state at the end of the year
    until : float64[cell, 5], cumulative chance of staying, then of each other outcome
    becomes : uint8[cell, 5], the outcomes in that order
    birth : float64[cell], of a birth in the year, for one who lives on
    """

    stays: NDArray[np.float64]
    until: NDArray[np.float64]
    becomes: NDArray[np.uint8]
    birth: NDArray[np.float64]


def people(persons: int, seed: int = 0) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    """Ages and sexes in no order, a pyramid that narrows; everyone needs no care."""
    rng = np.random.default_rng([2010, seed])
    pyramid = np.exp(-((np.arange(AGES) / 60.0) ** 3))
    age = rng.choice(AGES, persons, p=pyramid / pyramid.sum()).astype(np.int8)
    return age, rng.integers(0, SEXES, persons, dtype=np.uint8)


def chances() -> Chances:
    """What happens to whom, some 1.6 children a woman and 70 to 80 years of life."""
    outcome = _outcomes()
    becomes = np.empty(outcome.shape, np.uint8)
    for state in range(STATES + 1):
        becomes[:, :, state] = [state, *(k for k in range(STATES + 1) if k != state)]
    until = np.take_along_axis(outcome, becomes.astype(np.int64), axis=-1).cumsum(axis=-1)
    birth = np.zeros(CELLS)
    fertile = np.arange(*FERTILE)
    birth[1, fertile, :DEAD] = (0.115 * np.exp(-(((fertile - 28.0) / 8.0) ** 2)))[:, None]
    until, becomes = until.reshape(-1, STATES + 1), becomes.reshape(-1, STATES + 1)
    return Chances(until[:, 0].copy(), until, becomes, birth.reshape(-1))


def _outcomes() -> NDArray[np.float64]:
    """Chance of each state at the end, by state at the opening; rows add up to 1."""
    age = np.arange(AGES)
    dies = 4e-5 * np.exp(0.095 * age) * np.array([[1.3], [0.8]])
    worse = np.minimum(2e-4 * np.exp(0.075 * age), 0.3)
    chance = np.zeros((*CELLS, STATES + 1))
    for state, hazard_ratio in enumerate((1.0, 1.5, 2.5, 4.0)):
        death = 1 - np.exp(-hazard_ratio * dies)
        chance[:, :, state, DEAD] = death
        if state < STATES - 1:
            chance[:, :, state, state + 1] = (1 - death) * worse
        if state > 0:
            chance[:, :, state, state - 1] = (1 - death) * 0.1
        chance[:, :, state, state] = 1 - chance[:, :, state].sum(axis=-1)
    chance[:, :, DEAD, DEAD] = 1.0
    return chance
