"""Whether a member at work pays contributions in a year: pure rules for one person.

The log odds are a level by kind of work, a lasting trait of the person, and more for who paid the
year before (state dependence). Who has no such year behind her in this kind of work is taken
from the equilibrium of her trait, and so is everybody in 2011, since careers before keep no
single years; as many then pay in every year, and the level is solved for the mean that is given.
Source: `density`, `density_spread` and
`density_persistence` in `parameters/policies/employee_pension.yaml`. Leaves out what a year in
another kind of work tells, and months: a year is paid whole or not at all.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import rule

Floats = NDArray[np.float64]

NEW, MISSED, PAID = range(3)  # the year before as a member in this kind of work
BEFORE = 3
STEPS = 80  # halvings of the interval in which the level lies
WIDEST = 40.0  # log odds


@rule
def chance_to_pay(log_odds: Any, before: int, persistence: float) -> Any:
    """Chance to pay in a year.

    log_odds : of who did not pay the year before, level and trait; before : NEW, MISSED or PAID
    persistence : what is added to the log odds of who paid
    """
    if before == NEW:  # odds in equilibrium: chance after a year missed, over that to miss one paid
        ratio = (1.0 + np.exp(log_odds)) / (1.0 + np.exp(log_odds + persistence))
        return 1.0 / (1.0 + np.exp(-log_odds) * ratio)
    return 1.0 / (1.0 + np.exp(-log_odds - persistence * (before == PAID)))


@rule
def code_of(flexible: bool, public: bool, paid: bool) -> int:
    """What is kept of a year at work until the next one: 0 of public staff, who always pay."""
    return int((1 + 2 * int(flexible) + int(paid)) * (not public))


@rule
def before_of(code: int, flexible: bool) -> int:
    """What the code of the last year at work tells of the same kind of work.

    code : of `code_of`, 0 of who has no year behind her
    """
    since = code - 1 - 2 * int(flexible)
    return int(MISSED * (since == 0) + PAID * (since == 1))


# over arrays, with NumPy's exponentials
_chance: Any = getattr(chance_to_pay, "py_func", chance_to_pay)


@lru_cache(maxsize=64)
def chances_to_pay(mean: float, spread: float, persistence: float, bins: int) -> Floats:
    """Chances by the year before and by trait, float64[before, bin]; read-only.

    In equilibrium the mean asked for pays. The log odds are normal over persons; each bin of the
    trait's uniform has its middle.
    """
    if mean >= 1.0:
        return _fixed(np.ones((BEFORE, bins)))
    trait = spread * _normal_quantiles(bins)
    low, high = -WIDEST, WIDEST
    for _ in range(STEPS):
        level = 0.5 * (low + high)
        if np.mean(_chance(level + trait, NEW, persistence)) < mean:
            low = level
        else:
            high = level
    log_odds = 0.5 * (low + high) + trait
    return _fixed(np.stack([_chance(log_odds, k, persistence) for k in range(BEFORE)]))


def lapses(chances: Floats) -> float:
    """Share of those who pay in a year, in equilibrium, who do not pay in the next.

    chances : float64[before, bin]
    """
    paying = chances[NEW]
    return float((paying * (1.0 - chances[PAID])).sum() / paying.sum())


def _fixed(values: Floats) -> Floats:
    values.setflags(write=False)
    return values


@lru_cache(maxsize=8)
def _normal_quantiles(bins: int) -> Floats:
    from statistics import NormalDist

    normal = NormalDist()
    return _fixed(np.array([normal.inv_cdf((k + 0.5) / bins) for k in range(bins)]))
