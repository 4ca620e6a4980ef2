"""Rules of moving inside the country, for one person and one year.

Decides the yearly hazards of moving to a town and to the countryside, and the weights of
the 31 provinces, from the entries of `migration_internal.yaml` and the flows that they and
two censuses imply. One constant raises or lowers every move from countryside to town.
Leaves out household registration, wages and the wish to return to a birthplace.

Source: age pattern after Rogers and Castro (1981); log-linear flows, see parameters/flows.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel, rule
from ..parameters.dims import AGES, EDUCATION, PROVINCES, RESIDENCES, SEXES
from ..parameters.flows import flows
from ..parameters.load import Parameters

Array = NDArray[np.float64]

URBAN, RURAL = 0, 1
N_AGES, N_LEVELS = len(AGES), len(EDUCATION)
SHAPE = (len(PROVINCES), len(RESIDENCES), len(SEXES), 2, N_AGES, N_LEVELS)
N_CELLS = math.prod(SHAPE)
WIDEST = 8.0  # log factor on moves to town
ROUNDS = 60
SETTLED = 1e-11
MARGIN = 1e-9  # of a bound, against rounding


class Pattern(NamedTuple):
    """How moves depend on the person."""

    adult_age: float
    peak_age: float
    descent: float
    ascent: float
    floor: float
    return_rise: float
    return_from: float
    return_until: float
    female: float
    married: float
    education: Array  # hazard ratio by level
    level: float  # brings the mean over adults of 2010 to one


@rule
def by_age(age: int, t: Pattern) -> float:
    """Labour-force component and floor of Rogers and Castro, peak component of height one."""
    if age + 1 < t.adult_age:
        return 0.0
    since = age + 1.0 - t.peak_age
    return math.exp(-t.descent * since - math.exp(-t.ascent * since)) + t.floor


@rule
def propensity(age: int, female: int, married: int, education: int, t: Pattern) -> float:
    """Hazard of moving against that of the average adult; zero below the adult age."""
    ratio = t.level * by_age(age, t) * t.education[education]
    return float(ratio * (t.female if female else 1.0) * (t.married if married else 1.0))


@rule
def homeward(age: int, t: Pattern) -> float:
    """Factor on moves to the countryside, which grow over a span of later ages."""
    return math.exp(
        t.return_rise * (min(max(age + 1.0, t.return_from), t.return_until) - t.return_from)
    )


@rule
def cell_of(province: int, residence: int, sex: int, married: int, age: int, education: int) -> int:
    """Position in SHAPE; newborns count as age 0."""
    place = (province * 2 + residence) * 2 + sex
    return ((place * 2 + married) * 101 + min(max(age, 0), 100)) * 6 + education


@kernel
def fill_tables(t: Pattern, person: Any, back: Any) -> None:
    """Propensities float64[sex, married, age, education], factor homeward float64[age]."""
    for age in range(person.shape[2]):
        back[age] = homeward(age, t)
        for sex in range(2):
            for married in range(2):
                for education in range(person.shape[3]):
                    person[sex, married, age, education] = propensity(
                        age, sex, married, education, t
                    )


@rule
def moving(town: float, country: float) -> Any:
    """Yearly probabilities of moving to a town and to the countryside, from their hazards."""
    both = town + country
    if both <= 0.0:
        return 0.0, 0.0
    chance = -math.expm1(-both)
    return chance * town / both, chance * country / both


@kernel
def expected_gain(
    size: Any, town: Any, country: Any, rural: Any, log_factor: float
) -> tuple[float, float]:
    """Expected gain of towns by moves, and its slope in the log factor on moves to town.

    size : float64[n], people who move with the deciders of a cell; town, country :
    float64[n], hazards of the cell; rural : bool[n], whether it lies in the countryside
    """
    gain, slope, factor = 0.0, 0.0, math.exp(log_factor)
    for k in range(size.size):
        to_town, to_country = moving(town[k] * (factor if rural[k] else 1.0), country[k])
        if not rural[k]:
            gain -= size[k] * to_country
        elif to_town > 0.0:
            gain += size[k] * to_town
            h, c = town[k] * factor, country[k]
            stays = 1.0 - to_town - to_country
            slope += size[k] * (stays * h * h + to_town * c) / (h + c)
    return gain, slope


def factor_for(
    gain: float, size: Array, town: Array, country: Array, rural: NDArray[np.bool_]
) -> float:
    """Log factor on moves to town at which towns gain so many people, between -8 and 8.

    The arrays are those of `expected_gain`. Newton's steps, halved where one leaves the
    bracket; at an end of it where the gain is out of reach.
    """
    low, high, level = -WIDEST, WIDEST, 0.0
    for _ in range(ROUNDS):
        here, slope = expected_gain(size, town, country, rural, level)
        low, high = (level, high) if here < gain else (low, level)
        step = level + (gain - here) / slope if slope > 0.0 else high
        step = step if low < step < high else 0.5 * (low + high)
        if abs(step - level) < SETTLED:
            return step
        level = step
    return level


def pattern(p: Parameters) -> Pattern:
    """The pattern of the shipped or drawn parameters."""

    def v(name: str) -> float:
        return float(p.value(f"demography.migration_internal.{name}"))

    names: tuple[str, ...] = ("peak_age", "descent", "ascent", "floor", "return_rise")
    names += ("return_from", "return_until", "female", "married")
    t = Pattern(
        adult_age=float(p.value("demography.coresidence.adult_age")),
        **{name: v(name) for name in names},
        education=p.array("demography.migration_internal.education").copy(),
        level=1.0,
    )
    people = p.array("demography.population.census_2010_single_age").sum(axis=0)
    curve = np.array([by_age(age, t) for age in AGES])
    return t._replace(level=float(people[curve > 0].sum() / (people * curve).sum()))


class Hazards(NamedTuple):
    """Yearly hazards at a constant of zero, as a product: person x place, and homeward."""

    person: Array  # sex, married, age, education
    back: Array  # age, factor on moves to the countryside
    place: Array  # province, residence, residence of arrival
    share: Array  # province, residence, residence of arrival, province of arrival


def hazards(p: Parameters) -> Hazards:
    """Hazards and destinations of the shipped or drawn parameters."""
    flow = flows(p)
    person, back = np.empty(SHAPE[2:]), np.empty(N_AGES)
    fill_tables(pattern(p), person, back)
    place, share = np.ascontiguousarray(flow.hazard), np.ascontiguousarray(flow.share)
    return Hazards(person, back, place, share)


def of_cells(h: Hazards, cells: NDArray[np.int64]) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Hazards to town and to the countryside of cells of SHAPE, and which are rural."""
    town, country = np.empty(len(cells)), np.empty(len(cells))
    rural = np.empty(len(cells), np.bool_)
    hazards_of(cells, h.person, h.back, h.place, town, country, rural)
    return town, country, rural


@kernel
def hazards_of(
    cells: Any, person: Any, back: Any, place: Any, town: Any, country: Any, rural: Any
) -> None:
    """Write what `of_cells` returns; a cell is taken apart as `cell_of` made it."""
    for k in range(cells.size):
        rest, education = divmod(cells[k], N_LEVELS)
        rest, age = divmod(rest, N_AGES)
        rest, married = divmod(rest, 2)
        rest, sex = divmod(rest, 2)
        province, residence = divmod(rest, 2)
        common = person[sex, married, age, education]
        town[k] = common * place[province, residence, URBAN]
        country[k] = common * place[province, residence, RURAL] * back[age]
        rural[k] = residence == RURAL


@rule
def may_be_first(u: float, weight: float, least: float) -> bool:
    """Whether a waiting time -ln(u) / weight may be below the least so far, without a logarithm.

    For -ln(u) is at least 2 (1 - u) / (1 + u); the margin is far above rounding.
    """
    return bool(2.0 * (1.0 - u) <= least * weight * (1.0 + u) * (1.0 + MARGIN))


@kernel
def choose(origin: Any, towards: Any, words: Any, share: Any, out: Any) -> None:
    """Province of each mover: the option whose waiting time is shortest.

    One exponential waiting time per province, -ln(u) over the weight, is one Gumbel per
    province in another dress; words : uint32[32, n], the first 31 used.
    origin : int64[n], province x 2 + residence; towards : int64[n], residence of arrival
    """
    for k in range(origin.size):
        weight = share[origin[k] // 2, origin[k] % 2, towards[k]]
        best, least = 0, math.inf
        for q in range(weight.size):
            u = luck.unit(words[q, k])
            if weight[q] > 0.0 and may_be_first(u, weight[q], least):
                wait = -math.log(u) / weight[q]
                if wait < least:
                    best, least = q, wait
        out[k] = best
