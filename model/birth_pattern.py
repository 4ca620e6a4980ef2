"""The pattern of births by order, age, residence and education, solved once on the base.

Census rates by order say how births of the year spread over age, residence and order, and
census shares how they spread over the mother's education; the women at risk are those of
the base. One log-linear pattern for each order of birth is fitted on expected births, by
penalised likelihood: where the base has few women, the curve over ages is smooth and the
groups are alike. The level of the census is not used.

Source: 2010 census; Eilers and Marx (1996) for the penalty.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import EDUCATION, RESIDENCES
from ..parameters.load import Parameters
from .birth_rules import (
    FIRST_AGE,
    KEY,
    LAST_AGE,
    N_AGES,
    ORDERS,
    PARITIES,
    SHAPE,
    WAITS,
    following,
    waiting,
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

KNOT_EVERY = 3  # years
KNOTS = np.arange(FIRST_AGE, LAST_AGE + KNOT_EVERY, KNOT_EVERY)
N_RESIDENCES, N_EDUCATION = len(RESIDENCES), len(EDUCATION)
N_TERMS = len(KNOTS) + N_RESIDENCES + N_EDUCATION
PATTERN_SHAPE = (ORDERS, N_TERMS)
# What the penalties are worth, in births: a bend of the curve of e^0.5 between knots, groups
# that differ by e^0.7, and a level within e^3 are each one standard deviation off.
BEND, GROUP, LEVEL = 4.0, 2.0, 0.1
MOST = 0.7  # births of an age, as a share of the women at risk of them
ROUNDS = 500
LEAST_SLOPE = 0.3  # of births by the log hazard, as a share of births, in a step
TOLERANCE = 1e-9


class Women(NamedTuple):
    """Women of the base at the opening of the year, in agents."""

    all: Counts  # [age 14 ... 50, residence, education], of any parity and status
    in_union: Counts  # [parity, age, residence, education, wait], at risk


def women_of(counts: Counts, everyone: Counts) -> Women:
    """Women in union from the cells of the year, and all women int64[age, education, residence]."""
    cells = counts.reshape(SHAPE).sum(axis=5)[..., :WAITS]
    by_parity = np.stack(
        [cells[0], *(cells[2 * k - 1] + cells[2 * k] for k in range(1, PARITIES))]
    ).transpose(0, 1, 3, 2, 4)
    ages = slice(FIRST_AGE, LAST_AGE + 1)
    return Women(everyone[ages].transpose(0, 2, 1), by_parity)


def basis() -> Floats:
    """Hat functions on the knots, float64[age, knot], rows adding up to one."""
    ages = np.arange(FIRST_AGE, LAST_AGE + 1)
    return np.asarray(np.maximum(1 - np.abs(ages[:, None] - KNOTS) / KNOT_EVERY, 0.0))


@lru_cache(maxsize=1)
def design() -> Floats:
    """Terms of each cell, float64[age * residence * education, term]."""
    age, residence, education = np.meshgrid(
        np.arange(N_AGES), np.arange(N_RESIDENCES), np.arange(N_EDUCATION), indexing="ij"
    )
    parts = basis()[age], np.eye(N_RESIDENCES)[residence], np.eye(N_EDUCATION)[education]
    return np.concatenate(parts, axis=-1).reshape(-1, N_TERMS)


def penalty() -> Floats:
    """Cost of bends and of differences between groups, float64[term, term]."""
    n = len(KNOTS)
    cost = np.zeros((N_TERMS, N_TERMS))
    bends = np.diff(np.eye(n), 2, axis=0)
    cost[:n, :n] = BEND * bends.T @ bends + LEVEL * np.eye(n)
    cost[n:, n:] = GROUP * np.eye(N_TERMS - n)
    return cost


def wanted_births(p: Parameters, women: Counts) -> Floats:
    """Births of the census pattern, float64[order, age, residence, education], any level.

    women : [age, residence, education]. An opening age counts half of the rate at that age and
    half of that at the next; the mother's education follows the shares of the later age.
    """
    rates = np.asarray(p.array(KEY + "census_order_rates"))  # order, residence, age
    middle = np.stack([[0.5 * (f + following(f)) for f in order] for order in rates])
    middle = middle[..., FIRST_AGE : LAST_AGE + 1].transpose(0, 2, 1)
    shares = np.asarray(p.array(KEY + "births_by_education"))  # residence, education, group, order
    first = int(p.coords(KEY + "births_by_education", "age_from")[0])
    ages = np.arange(FIRST_AGE, LAST_AGE + 1) + 1
    group = np.clip((ages - first) // 5, 0, shares.shape[2] - 1)
    by_education = shares.transpose(3, 2, 0, 1)[:, group]  # order, age, residence, education
    total = by_education.sum(axis=-1, keepdims=True)
    by_education = np.divide(by_education, total, out=np.zeros_like(by_education), where=total > 0)
    return np.asarray(middle[..., None] * by_education * women.sum(axis=-1)[None, :, :, None])


def at_risk(women: Women, order: int, wait: Floats, later: float) -> tuple[Floats, Floats]:
    """Women in union who may have a birth of an order, and the factor of their wait.

    Returns float64[cell, stratum] and float64[stratum]. wait : log, [parity, wait];
    later : log factor of parity three and more
    """
    parities = (order,) if order < ORDERS - 1 else (order, order + 1)
    people = [women.in_union[k].reshape(-1, WAITS) for k in parities]
    factors = [np.exp(wait[k] + (later if k == PARITIES - 1 else 0.0)) for k in parities]
    return np.concatenate(people, axis=1).astype(np.float64), np.concatenate(factors)


def within_reach(births: Floats, people: Floats, factor: Floats) -> Floats:
    """Wanted births, no more at an age than most of the women at risk can have.

    births : [age, residence, education]; people : [cell, stratum]; factor : [stratum]
    """
    women = people[:, factor > 0].sum(axis=1).reshape(births.shape).sum(axis=(1, 2))
    wanted = births.sum(axis=(1, 2))
    share = np.divide(MOST * women, wanted, out=np.ones_like(wanted), where=wanted > 0)
    return np.asarray(births * np.minimum(share, 1.0)[:, None, None])


def fit_order(births: Floats, people: Floats, factor: Floats, x: Floats, cost: Floats) -> Floats:
    """Terms float64[term] at which expected births meet the wanted ones in every margin.

    births : [cell]; people : [cell, stratum]; factor : [stratum]. Newton's steps; where
    hazards are so high that births hardly answer, they are held back. Products are summed in
    a fixed order, whatever the number of threads.

    Raises
    ------
    RuntimeError
        If the terms do not settle.
    """
    start = np.zeros(N_TERMS)
    risk = max(float((people @ factor).sum()), 1e-9)
    start[: len(KNOTS)] = np.log(max(float(births.sum()), 1e-9) / risk)
    terms = start.copy()
    for _ in range(ROUNDS):
        hazard = np.exp(np.minimum(np.einsum("ct,t->c", x, terms), 5.0))[:, None] * factor
        alive = np.exp(-hazard)
        expected = (people * -np.expm1(-hazard)).sum(axis=1)
        slope = np.maximum((people * hazard * alive).sum(axis=1), LEAST_SLOPE * expected)
        score = np.einsum("ct,c->t", x, births - expected) - np.einsum(
            "ts,s->t", cost, terms - start
        )
        curve = np.einsum("ct,cs->ts", x * slope[:, None], x) + cost
        step = np.linalg.solve(curve, score)
        terms = terms + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < TOLERANCE:
            return np.asarray(terms)
    raise RuntimeError("the pattern of births does not settle on this base")


def solve_pattern(p: Parameters, women: Women, total: float) -> Floats:
    """Terms float64[order, term] of the pattern.

    total : births of the year in union that the pattern is solved at; the constant of each
        year has the level, so that it matters little
    """
    births = wanted_births(p, women.all)
    births = births * (total / max(births.sum(), 1e-300))
    later, wait = float(np.log(max(p.value(KEY + "fourth_birth"), 1e-12))), waiting(p)
    x, cost = design(), penalty()
    terms = []
    for order in range(ORDERS):
        people, factor = at_risk(women, order, wait, later)
        wanted = within_reach(births[order], people, factor)
        terms.append(fit_order(wanted.ravel(), people, factor, x, cost))
    return np.stack(terms)


def pattern_table(terms: Floats) -> Floats:
    """Log hazard float64[order, age, residence, education] of terms of `solve_pattern`."""
    table = np.einsum("ct,ot->oc", design(), np.asarray(terms).reshape(PATTERN_SHAPE))
    return np.ascontiguousarray(table.reshape(ORDERS, N_AGES, N_RESIDENCES, N_EDUCATION))
