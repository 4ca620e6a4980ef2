"""Types of people on the marriage market, and how much each pair of types takes to the other.

A type is a five-year age group, one of three levels of education, and town or countryside.
The shape of the propensity is a seed (age, age gap, education, residence) times factors that
make it yield the recent couples of the base by his type, her type, both educations and age
gap. A factor moves only as far as couples speak for it, so none is ever zero. It is
estimated once, in the first year lived, and kept; the level is a constant of the year.

Source: Choo and Siow (2006); factors as in iterative proportional fitting with a gamma prior.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import kernel, rule
from ..parameters.dims import RESIDENCES
from ..parameters.load import Parameters
from .numbers import Numbers

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

KEY = "demography.partnership."
WIDTH = 5  # years of age in a type
LEVEL_OF_EDUCATION = np.array([0, 0, 0, 1, 2, 2])  # to lower secondary, upper secondary, above
LEVELS = 3
FITS = 2000
SETTLED = 1e-12
MILLION = 1e6
SEEDED = 40_000  # persons: smaller bases take this one's seed, or their few couples run wild


@rule
def type_code(group: Any, level: Any, residence: Any) -> Any:
    """Code of a type, or of an array of types: age group, level of education, residence."""
    return (group * LEVELS + level) * len(RESIDENCES) + residence


class Types(NamedTuple):
    """Codes 0..size-1 in the order age group, level of education, residence."""

    ages: NDArray[np.int64]

    @property
    def size(self) -> int:
        return len(self.ages) * LEVELS * len(RESIDENCES)

    def group(self, age: NDArray[Any]) -> Whole:
        """Age group, the first and the last being open."""
        place = (age.astype(np.int64) - self.ages[0]) // WIDTH
        return np.asarray(np.clip(place, 0, len(self.ages) - 1))

    def code(self, age: NDArray[Any], education: NDArray[Any], residence: NDArray[Any]) -> Whole:
        """Type of each person."""
        level = LEVEL_OF_EDUCATION[education]
        return np.asarray(type_code(self.group(age), level, residence))

    def parts(self) -> tuple[Whole, Whole, Whole]:
        """Age group, level and residence of each code."""
        code = np.arange(self.size)
        both = LEVELS * len(RESIDENCES)
        return code // both, code // len(RESIDENCES) % LEVELS, code % len(RESIDENCES)


def types(p: Parameters) -> Types:
    """The types, whose age groups are those of the table of propensities."""
    return Types(np.array([int(a) for a in p.coords(KEY + "propensity", "age_from")]))


def seed(p: Parameters, kinds: Types) -> Floats:
    """Propensity before any couple is seen, float64[his type, her type]."""
    group, level, residence = kinds.parts()
    age = p.array(KEY + "propensity")
    same, more = p.value(KEY + "same_education"), p.value(KEY + "husband_more_educated")
    table: Floats = age[group][:, None] * age[group] * age_gap(p, kinds)[np.ix_(group, group)]
    table *= np.where(level[:, None] == level, same, 1.0)
    table *= np.where(level[:, None] > level, more, 1.0)
    table *= np.where(residence[:, None] == residence, p.value(KEY + "same_residence"), 1.0)
    return table


def age_gap(p: Parameters, kinds: Types) -> Floats:
    """Mean of the seed's curve of age gaps over the single ages of two groups, at most 1."""
    single = np.arange(kinds.ages[0], kinds.ages[-1] + WIDTH)
    gap = single[:, None] - single - p.value(KEY + "age_gap_mean")
    curve = np.exp(-0.5 * (gap / p.value(KEY + "age_gap_sd")) ** 2)
    n = len(kinds.ages)
    means: Floats = curve.reshape(n, WIDTH, n, WIDTH).mean(axis=(1, 3))
    return np.asarray(means / means.max())


class Margin(NamedTuple):
    """A way to sort pairs of types: the class of each pair, int64[his type, her type]."""

    label: Whole
    size: int

    def sums(self, table: NDArray[Any]) -> Floats:
        """Sum of the table in each class."""
        sums = np.bincount(self.label.ravel(), table.ravel(), self.size)
        return np.asarray(sums, dtype=np.float64)


def margins(kinds: Types) -> tuple[Margin, ...]:
    """His type, her type, both educations, distance of the age groups."""
    group, level, _ = kinds.parts()
    his, hers = np.indices((kinds.size, kinds.size))
    n = len(kinds.ages)
    return (
        Margin(his, kinds.size),
        Margin(hers, kinds.size),
        Margin(level[his] * LEVELS + level[hers], LEVELS**2),
        Margin(group[his] - group[hers] + n - 1, 2 * n - 1),
    )


def fit(p: Parameters, kinds: Types, couples: Whole, exposure: Floats, persons: int) -> Floats:
    """Log factors of the shape: the level first, then those of each margin in turn.

    Parameters
    ----------
    couples : int64[his type, her type], recent couples of the base, by ages at the wedding
    exposure : float64, same shape, sum over regions of the root of (single men x single women)
    persons : people of the base

    Returns
    -------
    float64[1 + classes of all margins]; 0 for a factor about which no couple speaks, which are all
    of them where few people have no young couple, so that the seed stands alone
    """
    first = kinds.ages[kinds.parts()[0]]
    young = first < p.value(KEY + "young_wife")
    seen = np.where(young, couples, 0)
    expected = np.where(young, seed(p, kinds) * exposure, 0.0) * recent_years(p)
    sorts = margins(kinds)
    end = np.cumsum([0, *(m.size for m in sorts)])
    if not (seen.any() and expected.any()):
        return np.zeros(1 + end[-1])
    weight = p.value(KEY + "seed_couples") * max(persons, SEEDED) / MILLION
    cells = np.flatnonzero(expected)
    classes = np.stack([m.label.ravel()[cells] + k for m, k in zip(sorts, end[:-1], strict=True)])
    wanted = np.concatenate([m.sums(seen) for m in sorts])
    level, factors, married = 1.0, np.ones(end[-1]), seen.sum()
    total, sums = expected.sum(), np.empty(end[-1])
    for _ in range(FITS):
        before = total
        worst = meet_margins(cells, classes, end, wanted, weight, factors, sums, expected.ravel())
        scale = married / expected.sum()
        level *= scale
        expected *= scale
        total = expected.sum()
        if max(worst, abs(total / before - 1)) < SETTLED:
            break
    return np.log(np.concatenate(([level], factors)))


@kernel
def meet_margins(
    cells: Whole, classes: Whole, end: Whole, wanted: Floats, weight: float, factors: Floats,
    sums: Floats, expected: Floats,
) -> float:  # fmt: skip
    """Scale the table to one margin after another; returns the largest relative move.

    cells : int64, places of the table that are not zero; classes : int64[margins, cells]
    end : int64[margins + 1], first class of each margin, and the end
    wanted, factors, sums : float64[classes], what is seen, in and out, scratch
    expected : float64, the table laid flat, in and out
    """
    worst = 0.0
    sums[:] = 0.0
    for m in range(end.size - 1):
        for k in range(cells.size):
            sums[classes[m, k]] += expected[cells[k]]
        for c in range(end[m], end[m + 1]):
            new = (wanted[c] + weight) / (sums[c] / factors[c] + weight)
            sums[c] = new / factors[c]
            worst = max(worst, abs(sums[c] - 1.0))
            factors[c] = new
        for k in range(cells.size):
            expected[cells[k]] *= sums[classes[m, k]]
    return worst


def recent_years(p: Parameters) -> int:
    """Years of weddings among the recent couples."""
    return round(p.value(KEY + "recent_union"))


def propensity(p: Parameters, kinds: Types, shape: Floats) -> Floats:
    """float64[his type, her type] at level 0, from the log factors of `fit`; read-only."""
    return _propensity(Numbers(p), kinds.ages.tobytes(), shape.tobytes())


@lru_cache(maxsize=4)
def _propensity(numbers: Numbers, ages: bytes, shape: bytes) -> Floats:
    kinds, factors = Types(np.frombuffer(ages, np.int64)), np.frombuffer(shape)
    sorts = margins(kinds)
    ends = np.cumsum([1, *(m.size for m in sorts)])
    table = np.log(seed(numbers.p, kinds)) + factors[0]
    for margin, start, stop in zip(sorts, ends[:-1], ends[1:], strict=True):
        table += factors[start:stop][margin.label]
    found: Floats = np.exp(table)
    found.setflags(write=False)
    return found
