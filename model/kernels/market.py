"""The two-sex marriage market: expected couples by type, and the level that yields a total.

Men and women of each type choose among types and staying single; the couples of a pair of
types are `mu[i, j] = P[i, j] sqrt(single men[i] * single women[j])`, where the singles are
those left when everybody has chosen. A shortage of one side is borne by the other side's
surplus types alone, and doubling everybody doubles every flow.

Source: Choo and Siow (2006), Who marries whom and why; Decker et al. (2013) for uniqueness.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents.compiled import kernel

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Codes = NDArray[np.uint16]
MOST_ROUNDS = 20_000
RESIDUAL = 1e-13  # of the margin, where the alternation stops
LEVEL_ROUNDS = 100


class Market(NamedTuple):
    """Couples expected, float64[region, man's type, woman's type], and the roots of singles."""

    couples: Floats
    men_root: Floats
    women_root: Floats


class Cells(NamedTuple):
    """Pairs of types with more than next to no couples expected, region after region.

    place : uint64[cells], rising, in [region, his type, her type] laid flat
    his, hers : uint16[cells], types; couples : float64[cells], expected
    first : int64[regions + 1], first cell of each region, and the end
    """

    place: NDArray[np.uint64]
    his: Codes
    hers: Codes
    couples: Floats
    first: Whole


@kernel
def alternate(
    men: Floats, women: Floats, propensity: Floats, men_root: Floats, women_root: Floats
) -> int:
    """Roots of the singles of one region, by alternation; the rounds it took, -1 if too many.

    men, women : float64[types], singles on the market, > 0
    propensity : float64[men's types, women's types]
    men_root, women_root : float64[types], start (any values >= 0) and solution
    """
    n, m = men.size, women.size
    turned = np.ascontiguousarray(propensity.T)
    his, hers = np.empty(n), np.empty(m)
    for round_ in range(MOST_ROUNDS):
        his[:] = 0.0
        for j in range(m):
            for i in range(n):
                his[i] += women_root[j] * turned[j, i]
        worst = 0.0
        for i in range(n):
            s = his[i]
            worst = max(worst, abs(men_root[i] * (men_root[i] + s) - men[i]) / men[i])
            men_root[i] = 2.0 * men[i] / (s + math.sqrt(s * s + 4.0 * men[i]))
        if worst < RESIDUAL and round_ > 0:
            return round_
        hers[:] = 0.0
        for i in range(n):
            for j in range(m):
                hers[j] += men_root[i] * propensity[i, j]
        for j in range(m):
            s = hers[j]
            women_root[j] = 2.0 * women[j] / (s + math.sqrt(s * s + 4.0 * women[j]))
    return -1


@kernel
def all_regions(
    men: Floats, women: Floats, propensity: Floats, men_root: Floats, women_root: Floats
) -> bool:
    """Roots of the singles of every region, among types with people; False if one never settles.

    men_root, women_root : float64[region, types], start, and solution
    """
    for r in range(men.shape[0]):
        his, hers = np.flatnonzero(men[r]), np.flatnonzero(women[r])
        own = np.empty((his.size, hers.size))
        for a in range(his.size):
            for b in range(hers.size):
                own[a, b] = propensity[his[a], hers[b]]
        men_own, women_own = men_root[r][his], women_root[r][hers]
        if alternate(men[r][his], women[r][hers], own, men_own, women_own) < 0:
            return False
        men_root[r], women_root[r] = 0.0, 0.0
        for a in range(his.size):
            men_root[r, his[a]] = men_own[a]
        for b in range(hers.size):
            women_root[r, hers[b]] = women_own[b]
    return True


def roots(
    men: Floats, women: Floats, propensity: Floats, start: tuple[Floats, Floats] | None = None
) -> tuple[Floats, Floats]:
    """Roots of single men and women in equilibrium, float64[region, types]; see `equilibrium`."""
    for name, array in (("men", men), ("women", women), ("propensity", propensity)):
        if not (array.min() >= 0 and array.max() < math.inf):
            raise ValueError(f"{name} on the marriage market: numbers >= 0")
    found = (np.sqrt(men), np.sqrt(women)) if start is None else (start[0].copy(), start[1].copy())
    if not all_regions(men, women, propensity, *found):
        raise ValueError(f"marriage market: no equilibrium in {MOST_ROUNDS} rounds")
    return found


@kernel
def fill_couples(men_root: Floats, women_root: Floats, propensity: Floats, couples: Floats) -> None:
    """Couples expected by region and types, out, from the roots of the singles."""
    for r in range(men_root.shape[0]):
        for i in range(men_root.shape[1]):
            for j in range(women_root.shape[1]):
                couples[r, i, j] = men_root[r, i] * propensity[i, j] * women_root[r, j]


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
    his, hers = roots(men, women, propensity, None if start is None else start[1:])
    couples = np.empty((*men.shape, women.shape[1]))
    fill_couples(his, hers, propensity, couples)
    return Market(couples, his, hers)


@kernel
def list_couples(
    men_root: Floats, women_root: Floats, propensity: Floats, least: float, place: Any,
    his: Codes, hers: Codes, couples: Floats, first: Whole,
) -> None:  # fmt: skip
    """Fill the columns of `Cells` with those of more than `least` couples.

    place, his, hers, couples : at least as long as there are pairs of types with people
    """
    regions, n, m = men_root.shape[0], men_root.shape[1], women_root.shape[1]
    cells = 0
    for r in range(regions):
        first[r] = cells
        for i in np.flatnonzero(men_root[r]):
            for j in range(m):
                expected = men_root[r, i] * propensity[i, j] * women_root[r, j]
                if expected > least:
                    place[cells], his[cells], hers[cells] = (r * n + i) * m + j, i, j
                    couples[cells] = expected
                    cells += 1
    first[regions] = cells


def expected_couples(men: Floats, women: Floats, propensity: Floats, least: float) -> Cells:
    """Cells with more than `least` couples in equilibrium."""
    his, hers = roots(men, women, propensity)
    most = np.count_nonzero(his) * women.shape[1]
    kinds = (np.uint64, np.uint16, np.uint16, np.float64)
    place, his_type, hers_type, couples = (np.empty(most, kind) for kind in kinds)
    first = np.empty(len(men) + 1, np.int64)
    list_couples(his, hers, propensity, least, place, his_type, hers_type, couples, first)
    n = first[-1]
    return Cells(place[:n], his_type[:n], hers_type[:n], couples[:n], first)


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
