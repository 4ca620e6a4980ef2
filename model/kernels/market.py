"""The two-sex marriage market: expected couples by type, and the level that yields a total.

Men and women of each type choose among types and staying single; the couples of a pair of
types are `mu[i, j] = P[i, j] sqrt(single men[i] * single women[j])`, where the singles are
those left when everybody has chosen. A shortage of one side is borne by the other side's
surplus types alone, and doubling everybody doubles every flow.

Source: Choo and Siow (2006), Who marries whom and why; Decker et al. (2013) for uniqueness.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents.compiled import kernel

Floats = NDArray[np.float64]
MOST_ROUNDS = 20_000
RESIDUAL = 1e-13  # of the margin, where the alternation stops
LEVEL_ROUNDS = 100


class Market(NamedTuple):
    """Couples expected, float64[region, man's type, woman's type], and the roots of singles."""

    couples: Floats
    men_root: Floats
    women_root: Floats


@kernel
def alternate(
    men: Floats,
    women: Floats,
    propensity: Floats,
    turned: Floats,
    men_root: Floats,
    women_root: Floats,
    sums: Floats,
) -> int:
    """Roots of the singles of one region, by alternation; the rounds it took, -1 if too many.

    men, women : float64[types], singles on the market, >= 0
    propensity, turned : float64[types, types], and its transpose, contiguous
    men_root, women_root : float64[types], start (any values >= 0) and solution
    sums : float64[types], scratch
    """
    n, m = men.size, women.size
    for round_ in range(MOST_ROUNDS):
        sums[:] = 0.0
        for j in range(m):
            if women[j] > 0.0:
                for i in range(n):
                    sums[i] += women_root[j] * turned[j, i]
        worst = 0.0
        for i in range(n):
            if men[i] > 0.0:
                s = sums[i]
                gap = abs(men_root[i] * (men_root[i] + s) - men[i]) / men[i]
                worst = max(worst, gap)
                men_root[i] = 2.0 * men[i] / (s + math.sqrt(s * s + 4.0 * men[i]))
            else:
                men_root[i] = 0.0
        if worst < RESIDUAL and round_ > 0:
            return round_
        sums[:] = 0.0
        for i in range(n):
            if men[i] > 0.0:
                for j in range(m):
                    sums[j] += men_root[i] * propensity[i, j]
        for j in range(m):
            if women[j] > 0.0:
                s = sums[j]
                women_root[j] = 2.0 * women[j] / (s + math.sqrt(s * s + 4.0 * women[j]))
            else:
                women_root[j] = 0.0
    return -1


@kernel
def all_regions(
    men: Floats,
    women: Floats,
    propensity: Floats,
    turned: Floats,
    men_root: Floats,
    women_root: Floats,
    couples: Floats,
) -> float:
    """Fills `couples` of every region; returns their sum, -1 if a region did not settle."""
    sums = np.empty(men.shape[1])
    total = 0.0
    for r in range(men.shape[0]):
        rounds = alternate(men[r], women[r], propensity, turned, men_root[r], women_root[r], sums)
        if rounds < 0:
            return -1.0
        for i in range(men.shape[1]):
            for j in range(men.shape[1]):
                couples[r, i, j] = men_root[r, i] * propensity[i, j] * women_root[r, j]
                total += couples[r, i, j]
    return total


def equilibrium(
    men: Floats, women: Floats, propensity: Floats, start: Market | None = None
) -> Market:
    """Couples by type with both margins kept: couples + singles = those on the market.

    Parameters
    ----------
    men, women : float64[region, types], persons on the market, >= 0
    propensity : float64[types, types], man's type by woman's, >= 0
    start : a solution to start from; the result is the same up to 1e-12

    Raises
    ------
    ValueError
        If a margin or propensity is negative or not finite.
    """
    for name, array in (("men", men), ("women", women), ("propensity", propensity)):
        if not (np.isfinite(array).all() and (array >= 0).all()):
            raise ValueError(f"{name} on the marriage market: numbers >= 0")
    propensity = np.ascontiguousarray(propensity)
    roots = (np.sqrt(men), np.sqrt(women)) if start is None else (start[1].copy(), start[2].copy())
    couples = np.empty((*men.shape, women.shape[1]))
    turned = np.ascontiguousarray(propensity.T)
    if all_regions(men, women, propensity, turned, *roots, couples) < 0:
        raise ValueError(f"marriage market: no equilibrium in {MOST_ROUNDS} rounds")
    return Market(couples, *roots)


def level_for(men: Floats, women: Floats, propensity: Floats, target: float) -> float:
    """Log of the factor on `propensity` at which `target` couples are expected.

    The log total rises with the log level, by less than one for one; the root is bracketed
    and found by secants, halved when one leaves the bracket.

    Raises
    ------
    ValueError
        If the target is not positive or more than the smaller sides together allow.
    """
    most = float(np.minimum(men.sum(axis=1), women.sum(axis=1)).sum())
    if not 0 < target < most:
        raise ValueError(f"{target:g} marriages: more than 0, fewer than the {most:g} possible")
    state: Market | None = None
    low, high = -math.inf, math.inf
    level, slope = 0.0, 0.8
    known: tuple[float, float] | None = None
    for _ in range(LEVEL_ROUNDS):
        state = equilibrium(men, women, propensity * math.exp(level), state)
        gap = math.log(float(state.couples.sum()) / target)
        if abs(gap) < 1e-13:
            return level
        low, high = (low, level) if gap > 0 else (level, high)
        if known is not None and level != known[0] and gap != known[1]:
            slope = min(max((gap - known[1]) / (level - known[0]), 1e-3), 1.0)
        known = (level, gap)
        step = level - gap / slope
        if not low < step < high and math.isfinite(low + high):
            step = 0.5 * (low + high)
        if step == level or high - low < 1e-14:
            return level
        level = step
    raise ValueError(f"marriage market: no level gives {target:g} marriages")
