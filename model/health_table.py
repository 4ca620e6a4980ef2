"""The year's table of function and death: every cell of people, and the level of death.

A cell is sex, completed age at the opening (100 and over together), education, residence
and state of function; a kind is a cell without the state. `solve_levels` finds, for each
sex and age, the level of death at which the expected deaths of the people counted in the
cells equal those of the life table; `fill_table` writes the cumulative chances that the
year's kernel gathers.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import kernel, rule, total
from ..parameters.dims import ADL, AGES, EDUCATION, RESIDENCES, SEXES
from ..parameters.load import Parameters
from ..parameters.rates import Concept, annual_survival
from .health_rules import (
    PRIMARY,
    Function,
    Ratios,
    background_ratio,
    death_hazards,
    function_of,
    intensities,
    ratios_of,
)
from .kernels.generator import alive_and_slope, year_later

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SHAPE = (len(SEXES), len(AGES), len(EDUCATION), len(RESIDENCES), len(ADL))
OLDEST = len(AGES) - 1
KINDS = len(AGES) * len(EDUCATION) * len(RESIDENCES)  # of one sex
LEAST_AGENTS = 200  # in a group of ages that shares one level
ROUNDS = 60
NEAR = 1e-7  # relative miss after which one more step of Newton leaves 1e-14
RURAL = RESIDENCES.index("rural")
CHUNK = 4096  # people whose cells stay in the nearest cache


class Rates(NamedTuple):
    """What the rules of one year read: constants, and the hazard of the life table."""

    function: Function
    ratios: Ratios
    hazard: Floats  # [sex, age], -ln of the survival over the year


class Group(NamedTuple):
    """Kinds of people that share one level of death; the first rows are in use."""

    between: Floats  # [kind, 7], intensities between states; all zero before onset
    death: Floats  # [kind, 4], hazard of death by state at level one
    people: Floats  # [kind, 4], by state at the opening


def rates_of(p: Parameters, year: int, concept: Concept, differentials: bool = True) -> Rates:
    """Constants of a year; without differentials all die alike and nobody loses function."""
    years, survival, _ = annual_survival(p, concept)
    if not years[0] <= year <= years[-1]:
        raise ValueError(f"no death rates for {year}; allowed: {years[0]} to {years[-1]}")
    hazard = np.ascontiguousarray(-np.log(survival[year - years[0]]))
    return Rates(function_of(p, year, differentials), ratios_of(p, year, differentials), hazard)


def newborn_q(p: Parameters, year: int, concept: Concept) -> Floats:
    """Chance that a child born in a year dies before its end, float64[sex]."""
    years, _, newborn = annual_survival(p, concept)
    return np.asarray(1.0 - newborn[year - years[0]])


@rule
def cell_of(sex: int, age: int, education: int, residence: int, adl: int) -> int:
    """Position of a person in the flattened cells; ages above the last share its cell."""
    place = (sex * SHAPE[1] + min(age, OLDEST)) * SHAPE[2] + education
    return (place * SHAPE[3] + residence) * SHAPE[4] + adl


@kernel
def count_cells(
    age: NDArray[np.int8],
    sex: NDArray[np.uint8],
    education: NDArray[np.uint8],
    residence: NDArray[np.uint8],
    adl: NDArray[np.uint8],
    alive: NDArray[np.uint8],
    counts: Counts,
) -> None:
    """Add the living of completed age 0 and over to int64[cell].

    Cells come first, in a loop that vectorises; then the counts.
    """
    cell = np.empty(CHUNK, np.uint32)
    for low in range(0, age.size, CHUNK):
        m = min(CHUNK, age.size - low)
        for k in range(m):
            i = np.uint32(low + k)
            cell[k] = cell_of(sex[i], max(age[i], 0), education[i], residence[i], adl[i])
        for k in range(m):
            i = np.uint32(low + k)
            counts[cell[k]] += (alive[i] == 1) & (age[i] >= 0)


@rule
def room(kinds: int) -> Group:
    """Space for a group of so many kinds."""
    return Group(np.empty((kinds, 7)), np.empty((kinds, 4)), np.empty((kinds, 4)))


@rule
def deadly(sex: int, age: int, education: int, residence: int, r: Rates) -> Any:
    """Hazards of death of the four states of one kind at level one; alike before onset."""
    hazard, urban = r.hazard[sex, age], 1 if residence != RURAL else 0
    if age < r.function.onset_age:
        same = hazard * background_ratio(age, education, urban, r.ratios)
        return same, same, same, same
    return death_hazards(age, education, urban, hazard, r.ratios)


@rule
def changing(sex: int, age: int, education: int, residence: int, r: Rates) -> Any:
    """Seven intensities between the states of one kind."""
    urban = 1 if residence != RURAL else 0
    return intensities(age, sex, 1 if education > PRIMARY else 0, urban, r.function)


@rule
def gather(sex: int, first: int, last: int, counts: Floats, r: Rates, g: Group) -> int:
    """Write the kinds of ages first ... last that have people; returns their number."""
    n = 0
    for age in range(first, last + 1):
        for education in range(SHAPE[2]):
            for residence in range(SHAPE[3]):
                people = counts[sex, age, education, residence]
                if people[0] + people[1] + people[2] + people[3] == 0.0:
                    continue
                death = deadly(sex, age, education, residence, r)
                between = changing(sex, age, education, residence, r)
                for k in range(4):
                    g.people[n, k] = people[k]
                    g.death[n, k] = death[k]
                for k in range(7):
                    g.between[n, k] = between[k]
                n += 1
    return n


@rule
def expected_alive(n: int, level: float, g: Group) -> Any:
    """Expected survivors of the first n kinds at a level of death, and the slope by it."""
    total, slope = 0.0, 0.0
    for i in range(n):
        d, q, people = g.death[i], g.between[i], g.people[i]
        if q[0] == 0.0:
            everybody = people[0] + people[1] + people[2] + people[3]
            alive = everybody * math.exp(-level * d[0])
            total += alive
            slope -= d[0] * alive
        else:
            ratio = (d[0], d[1], d[2], d[3])
            between = (q[0], q[1], q[2], q[3], q[4], q[5], q[6])
            share, change = alive_and_slope(between, ratio, level)
            for k in range(4):
                total += people[k] * share[k]
                slope += people[k] * change[k]
    return total, slope


@rule
def solve_level(sex: int, first: int, last: int, counts: Floats, r: Rates, g: Group) -> float:
    """Level at which the expected survivors of a group of ages are those of the life table.

    Log survivors fall with the level, and are convex in it: Newton's steps converge from
    anywhere. It starts where states do not change in the year. nan if the rounds are used up.
    """
    people, target = 0.0, 0.0
    for age in range(first, last + 1):
        here = total(counts[sex, age])
        people += here
        target += here * math.exp(-r.hazard[sex, age])
    n = gather(sex, first, last, counts, r, g)
    at_one = total(g.people[:n] * g.death[:n])
    if at_one == 0.0:
        return 1.0
    wanted = math.log(target / people)
    level = -wanted * people / at_one
    for _ in range(ROUNDS):
        alive, slope = expected_alive(n, level, g)
        miss = math.log(alive / people) - wanted
        level = max(level - miss * alive / slope, 0.25 * level)
        if abs(miss) <= NEAR * abs(wanted):
            return float(level)
    return np.nan


@kernel
def solve_levels(counts: Floats, r: Rates, least: int) -> Floats:
    """Levels float64[sex, age]; from the oldest down, ages join until they hold `least`.

    counts : float64[sex, age, education, residence, adl]. What is left over at the
    youngest ages joins the group above it.
    """
    levels = np.empty((SHAPE[0], SHAPE[1]))
    g = room(KINDS)
    for sex in range(SHAPE[0]):
        left = total(counts[sex])
        last, held = OLDEST, 0.0
        for age in range(OLDEST, -1, -1):
            here = total(counts[sex, age])
            held += here
            left -= here
            if age == 0 or (held >= least and left >= least):
                levels[sex, age : last + 1] = solve_level(sex, age, last, counts, r, g)
                last, held = age - 1, 0.0
    return levels


@rule
def chances(
    sex: int, age: int, education: int, residence: int, level: float, r: Rates, out: Floats
) -> None:
    """Write the chances float64[4, 4] of one kind to end the year in each state, by its state."""
    d = deadly(sex, age, education, residence, r)
    if age < r.function.onset_age:
        out[:] = 0.0
        for state in range(4):
            out[state, state] = math.exp(-level * d[0])
        return
    death = (level * d[0], level * d[1], level * d[2], level * d[3])
    q = changing(sex, age, education, residence, r)
    out[0, 0], out[1, 0], out[2, 0], out[3, 0] = year_later(q, death, (1.0, 0.0, 0.0, 0.0))
    out[0, 1], out[1, 1], out[2, 1], out[3, 1] = year_later(q, death, (0.0, 1.0, 0.0, 0.0))
    out[0, 2], out[1, 2], out[2, 2], out[3, 2] = year_later(q, death, (0.0, 0.0, 1.0, 0.0))
    out[0, 3], out[1, 3], out[2, 3], out[3, 3] = year_later(q, death, (0.0, 0.0, 0.0, 1.0))


@kernel
def fill_table(levels: Floats, r: Rates) -> Floats:
    """Cumulative chances float64[cell, 4]: none, mild or less, moderate or less, alive."""
    table = np.empty((SHAPE[0], SHAPE[1], SHAPE[2], SHAPE[3], SHAPE[4], SHAPE[4]))
    for sex in range(SHAPE[0]):
        for age in range(SHAPE[1]):
            for education in range(SHAPE[2]):
                for residence in range(SHAPE[3]):
                    here = table[sex, age, education, residence]
                    chances(sex, age, education, residence, levels[sex, age], r, here)
                    for state in range(4):
                        here[state, 1] += here[state, 0]
                        here[state, 2] += here[state, 1]
                        here[state, 3] += here[state, 2]
    return table.reshape((-1, SHAPE[4]))
