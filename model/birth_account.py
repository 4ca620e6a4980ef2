"""The account of a cohort: births that policy brought forward and that its women owe.

Where the debt of mothers of advanced births cannot hold what the ratio of cohort to first-years'
effect asks for (they would have had too few births in those years), women of the whole cohort
owe instead. Of the births that policy adds in a year, a share is put to the account of their
cohort, by age; each later year the cohort pays, in proportion to that year's part of the births
it has ahead, by a lower hazard. The share is solved on the synthetic cohort of `birth_level.py`:
completed families then gain `rho` times what births of the first three years gain, nothing
where rho is zero. Everything is expected, per woman; mortality and moves change no account.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import kernel, rule
from .birth_level import FIRST_YEARS, RISE, cohort, lived, some_years, yearly_chances
from .birth_rules import N_AGES, PARITIES, SHAPE, WAITS

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MOST_PAID = 0.9  # of the births of a year
MOST_OWED = 8.0  # births owed for one that policy adds; later births make up for some that are paid
HALVINGS = 40
CELLS_OF_AGE = math.prod(SHAPE[2:])
OWED, LOWER = 0, 1  # rows of an account: births owed per woman; log hazard of the year is lower by


def no_account() -> Floats:
    """Nothing owed and nothing to pay, float64[2, age]."""
    return np.zeros((2, N_AGES))


@rule
def due_of(births: Floats) -> Floats:
    """Part of the births at an age and above that falls to the age, float64[age]."""
    due, ahead = np.zeros(births.size), 0.0
    for age in range(births.size - 1, -1, -1):
        ahead += births[age]
        if ahead > 0.0:
            due[age] = births[age] / ahead
    return due


@rule
def paid_share(owed: float, due: float, births: float) -> float:
    """Share of the births of a year that a cohort goes without."""
    if births <= 0.0 or owed <= 0.0:
        return 0.0
    return min(owed * due / births, MOST_PAID)


@rule
def births_by_age(opening: Floats, chance: Floats) -> Floats:
    """Births of a cohort by age, from its states at each opening, float64[age]."""
    births = np.zeros(N_AGES)
    for age in range(N_AGES):
        for k in range(PARITIES):
            for w in range(WAITS):
                births[age] += opening[age, k, w] * chance[age, k, w]
    return births


@kernel
def lifetime_with_account(
    hazard: Floats, wait: Floats, entry: Floats, factor: float, share: float
) -> float:
    """Lifetime births of a cohort under a policy that multiplies hazards, if it owes a share."""
    plain, higher = yearly_chances(hazard, wait, 1.0), yearly_chances(hazard, wait, factor)
    opening = np.zeros((N_AGES, PARITIES, WAITS))
    cohort(plain, entry, opening)
    due = due_of(births_by_age(opening, plain))
    state, after = np.zeros((PARITIES, WAITS)), np.zeros((PARITIES, WAITS))
    chance = np.empty((PARITIES, WAITS))
    total, owed = 0.0, 0.0
    for age in range(N_AGES):
        state[0, 0] += entry[age]
        added, expected = 0.0, 0.0
        for k in range(PARITIES):
            for w in range(WAITS):
                added += state[k, w] * (higher[age, k, w] - plain[age, k, w])
                expected += state[k, w] * higher[age, k, w]
        left = factor * (1.0 - paid_share(owed, due[age], expected))
        for k in range(PARITIES):
            for w in range(WAITS):
                chance[k, w] = -math.expm1(-hazard[age, k] * wait[k, w] * left)
        born = lived(state, chance, after)
        total += born
        owed += share * added - (expected - born)
        state[:] = after
    return total


@kernel
def share_owed(hazard: Floats, wait: Floats, entry: Floats, rho: float) -> float:
    """Share of added births that a cohort must owe, by halving.

    hazard : float64[age, parity], per year; wait : factor float64[parity, wait]; entry : share of
    women entering a union, float64[age]; rho : as in the module
    """
    chance = yearly_chances(hazard, wait, 1.0)
    higher = yearly_chances(hazard, wait, 1.0 + RISE)
    opening = np.zeros((N_AGES, PARITIES, WAITS))
    lifetime = cohort(chance, entry, opening)
    before, after = 0.0, 0.0
    for age in range(N_AGES):
        before += some_years(opening[age], age, FIRST_YEARS, chance, entry)
        after += some_years(opening[age], age, FIRST_YEARS, higher, entry)
    if before <= 0.0:
        return 0.0
    wanted = lifetime * (1.0 + rho * (after / before - 1.0))
    low, high = 0.0, MOST_OWED
    for _ in range(HALVINGS):
        share = 0.5 * (low + high)
        if lifetime_with_account(hazard, wait, entry, 1.0 + RISE, share) > wanted:
            low = share
        else:
            high = share
    return 0.5 * (low + high)


def age_of(used: Counts) -> Counts:
    """Place of the age of each cell, int64[cell]."""
    return np.asarray(used // CELLS_OF_AGE % N_AGES)


def next_account(
    account: Floats,
    share: float,
    ages: Counts,
    people: Floats,
    women: Counts,
    chances: tuple[Floats, Floats, Floats],
) -> Floats:
    """The account of the next year, float64[2, age].

    Parameters
    ----------
    account : of this year
    share : of added births that is owed
    ages, people : place of the age and women of each cell
    women : all women by age, int64[age]
    chances : of a delivery without policy, with it but for the account, and with both,
        three of float64[cell]
    """
    births = np.stack([np.bincount(ages, people * c, N_AGES) for c in chances])
    without, free, born = births / np.maximum(women, 1)
    owed = account[OWED] + share * (free - without) - (free - born)
    after = no_account()
    after[OWED, 1:] = owed[:-1]  # everybody is a year older; what the oldest owe is lost
    due = due_of(born)
    shares = [paid_share(float(o), float(d), float(b)) for o, d, b in zip(after[OWED], due, born,
                                                                         strict=True)]  # fmt: skip
    after[LOWER] = -np.log1p(-np.array(shares))
    return after


def free_of_account(chance: Floats, lower: Floats) -> Floats:
    """Chances had the log hazard not been lowered, float64[cell]."""
    return np.asarray(-np.expm1(np.log1p(-np.minimum(chance, 1.0 - 1e-12)) * np.exp(lower)))
