"""Rules of work and earnings for one person, and the tables that they read.

Work is a lazy chain: some review it in a year, and who reviews chooses among all kinds anew.
With choices in proportion to prevalence times turnover, prevalence is the stationary state.
Earnings are a level by kind of work, sex, schooling and age, times what is the person's own:
a lasting level, a persistent deviation and the luck of the year. Source:
`parameters/work/employment.yaml` and `earnings.yaml`.
"""

from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ..agents import luck
from ..agents.compiled import rule
from ..parameters.dims import EDUCATION, RESIDENCES, SEXES, WORK
from ..parameters.load import Parameters
from .numbers import Numbers

Floats = NDArray[np.float64]

NONE, FARM, FLEXIBLE, ENTERPRISE, PUBLIC, UNEMPLOYED = range(len(WORK))
N_WORK, N_AGES, N_SEXES, N_EDUCATION = len(WORK), 100, len(SEXES), len(EDUCATION)
WORKING_AGE = 16
FEMALE = SEXES.index("female")
YOUNG = 6  # years since a birth below which a child is young
CHOICE = int(luck.Call.WORK_CHOICE)
PER_CALL = 4
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)
NORMALS = 4096  # equally likely values that stand for the normal curve
NORMAL_SHIFT = np.uint64(20)  # leaves 12 of the 32 bits of a word
SCALE = 10_000.0  # of the deviation z as it is stored
WIDEST = 3.2  # log points that z can hold
RELATIVE = 1_000_000.0  # units of earnings before they are scaled
MOST_RELATIVE = 2000.0
EMPLOYMENT, EARNINGS = "work.employment.", "work.earnings."


class WorkTables(NamedTuple):
    """What the rules read.

    prevalence, weight : float64[cell, work], shares, and weights of those who review
    over_weight : float32[cell, work], one over weight, infinite where that is 0
    turnover_words : uint64[residence, work], chances to review as words of luck; late_words : of
        all kinds from late_age on, of people outside the employee scheme
    member_age : int64[sex], at which members of the employee scheme choose until they draw a
        pension, at the latest to member_until
    entry_age : int64[education], at the opening of the first year out of school
    level : float64[work, sex, education, age], log earnings
    province : float64[province], log
    normals : float64[4096]
    """

    prevalence: Floats
    weight: Floats
    turnover_words: NDArray[np.uint64]
    late_words: Any
    late_age: int
    member_age: NDArray[np.int64]
    member_until: int
    entry_age: NDArray[np.int64]
    level: Floats
    province: Floats
    normals: Floats
    no_work_factor: float
    lasting_sd: float
    rho: float
    innovation_sd: float
    stationary_sd: float
    transitory_sd: float
    over_weight: NDArray[np.float32]


@rule
def cell_of(residence: int, education: int, sex: int, age: int) -> int:
    """Row of the tables by cell."""
    place = np.int64(residence) * N_EDUCATION + education
    return int((place * N_SEXES + sex) * N_AGES + min(max(age, 0), N_AGES - 1))


@rule
def normal(word: Any, normals: Floats) -> float:
    """Standard normal deviate of a 32-bit word."""
    return float(normals[np.uint64(word) >> NORMAL_SHIFT])


@rule
def choose(
    identity: Any, year: int, weights: Any, cell: int, no_work: float, low: Any, high: Any
) -> int:  # fmt: skip
    """Kind of work with chance in proportion to the weights: the shortest of waiting times.

    An exponential time over the weight is one Gumbel per option. As -log(u) is at least 1 - u,
    most options are seen to be too slow without a logarithm.
    weights : float64[cell, work]; no_work : factor on the weight of none; low, high : key
    """
    address = np.uint64(identity)
    a, b = address & LOW, address >> HIGH
    first = luck.philox(a, b, year, CHOICE, low, high)
    second = luck.philox(a, b, year, CHOICE + 1, low, high)
    best, shortest = 0, np.inf
    for k in range(N_WORK):
        u = luck.unit(first[k] if k < PER_CALL else second[k - PER_CALL])
        weight = weights[cell, k] * no_work if k == NONE else weights[cell, k]
        if weight > 0.0 and 1.0 - u < shortest * weight:
            waits = -np.log(u) / weight
            if waits < shortest:
                best, shortest = k, waits
    return best


# A waiting time is -log(u) over the weight, and -log(u) = 2 (t + t**3 / 3 + t**5 / 5 + ...) of
# t = (1 - u) / (1 + u). Two terms are too short; with t**2 for the ratio of all further terms it
# is too long. Between both bounds few choices are left open, and loops without a branch find them.
ONE, TWO, HALF, THIRD = (np.float32(x) for x in (1.0, 2.0, 0.5, 1.0 / 3.0))
UNIT = np.float32(2.0**-32)
ROUNDING = np.float32(1.00001)  # more than what float32 may lose between the two bounds


@rule
def term_of(word: Any) -> Any:
    """The term t of the uniform of a word, float32; made of 1 - u, which keeps all digits."""
    rest = (np.float32(np.uint32(LOW - np.uint64(word))) + HALF) * UNIT
    return rest / (TWO - rest)


@rule
def least_wait(t: Any, over_weight: Any) -> Any:
    """Half a waiting time, or a little less, float32."""
    return t * (ONE + t * t * THIRD) * over_weight


@rule
def is_soonest(wait: Any, t: Any, next_wait: Any) -> bool:
    """Whether a choice is sure: the longest that its wait may be is below all others.

    wait : `least_wait` of the choice; t : its term; next_wait : the second least of all
    """
    square = t * t
    longest = wait * (ONE + square * THIRD / (ONE - square)) / (ONE + square * THIRD)
    return bool(longest * ROUNDING < next_wait)


@rule
def has_young(sex: int, since_birth: int) -> bool:
    """Whether a person is the mother of a young child; since_birth : years since her last birth."""
    return bool(sex == FEMALE and since_birth < YOUNG)


@rule
def age_of_choice(age: int, sex: int, member: bool, t: WorkTables) -> int:
    """Age whose prevalence is chosen from: members wait for the pension as before it is due."""
    if member and age < t.member_until:
        return int(min(age, t.member_age[sex]))
    return age


@rule
def earns(work: int) -> bool:
    """Whether a kind of work has earnings."""
    return FARM <= work <= PUBLIC


@rule
def next_deviation(z: float, innovation: float, t: WorkTables) -> float:
    """Persistent deviation after a year, in log points; innovation : standard normal."""
    return min(max(t.rho * z + t.innovation_sd * innovation, -WIDEST), WIDEST)


@rule
def log_earnings(level: float, lasting: float, z: float, luck_: float, t: WorkTables) -> float:
    """Log of earnings over a median enterprise worker of 30; two standard normals, and z."""
    return float(level + t.lasting_sd * lasting + z + t.transitory_sd * luck_)


@rule
def stored_earnings(log: float) -> float:
    """Earnings in whole millionths of those of a median enterprise worker of 30."""
    return float(np.rint(min(np.exp(log), MOST_RELATIVE) * RELATIVE))


# The exponential as the 256th power of a short series, at 1e-13: eight squares, and no table.
PARTS = 1.0 / 256.0
C2, C3, C4, C5, C6, C7, C8 = 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320
EXP_ERROR = 1e-12  # relative, with room


@rule
def near_earnings(log: float) -> float:
    """`stored_earnings` before rounding, by arithmetic that a loop does for many at once."""
    q = log * PARTS
    p = C4 + q * (C5 + q * (C6 + q * (C7 + q * C8)))
    p = 1.0 + q * (1.0 + q * (C2 + q * (C3 + q * p)))
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    p *= p
    return min(p, MOST_RELATIVE) * RELATIVE


@rule
def is_open(near: float) -> bool:
    """Whether the error of `near_earnings` may change the whole number that it is rounded to."""
    return bool(abs(near - np.rint(near)) > 0.5 - near * EXP_ERROR)


def normal_values() -> Floats:
    """Middles of equally likely pieces of the normal curve, with variance one, float64[4096]."""
    values = np.asarray(ndtri((np.arange(NORMALS) + 0.5) / NORMALS), dtype=np.float64)
    return np.asarray(values / values.std())


def by_age(p: Parameters, key: str) -> Floats:
    """Table with steps at its `age_from`, spread over single ages, float64[..., age]."""
    starts = np.asarray(p.coords(key, "age_from"), dtype=np.int64)
    place = np.searchsorted(starts, np.arange(N_AGES), side="right") - 1
    return np.asarray(p.array(key)[..., np.maximum(place, 0)])


def prevalence_of(p: Parameters, level: Floats) -> Floats:
    """Share of each kind of work, float64[residence, education, sex, age, work].

    level : float64[work, residence], log odds
    """
    place = p.array(EMPLOYMENT + "place_log_odds") + level[:, :, None]
    odds = np.exp(
        place[:, :, :, None, None] + by_age(p, EMPLOYMENT + "age_log_odds")[:, None, None]
    )
    return np.ascontiguousarray(np.moveaxis(odds / odds.sum(axis=0), 0, -1))


def _log_earnings(p: Parameters) -> Floats:
    """Log earnings but for what is the person's own, float64[work, sex, education, age]."""
    key = EARNINGS + "age_profile"
    known = np.asarray(p.coords(key, "age_from"), dtype=np.float64)
    age = np.interp(np.arange(N_AGES), known, p.array(key))
    female = np.array([s == "female" for s in SEXES]) * p.value(EARNINGS + "female_log_ratio")
    school = p.value(EARNINGS + "school_return") * p.array(EARNINGS + "school_years")
    kind = p.array(EARNINGS + "kind_log_level")
    own = female[:, None, None] + (school - school[2])[:, None] + age
    return np.ascontiguousarray(kind[:, None, None, None] + own)


@lru_cache(maxsize=8)
def _tables(numbers: Numbers) -> WorkTables:
    p = numbers.p
    shares = prevalence_of(p, p.array(EMPLOYMENT + "level"))
    turnover = np.clip(p.array(EMPLOYMENT + "turnover"), 0.0, 1.0)
    weights = shares * turnover[:, None, None, None]
    with np.errstate(divide="ignore"):
        over_weight = (1.0 / weights).astype(np.float32)
    completed = p.array("demography.schooling.completion_age").astype(np.int64)
    rho, sd = p.value(EARNINGS + "persistence"), p.value(EARNINGS + "innovation_sd")
    return WorkTables(
        prevalence=shares.reshape(-1, N_WORK),
        weight=np.ascontiguousarray(weights.reshape(-1, N_WORK)),
        turnover_words=luck.threshold(turnover),
        late_words=luck.threshold(p.value(EMPLOYMENT + "late_turnover"))[()],
        late_age=int(p.value(EMPLOYMENT + "late_age")),
        member_age=p.array(EMPLOYMENT + "member_age").astype(np.int64),
        member_until=int(p.value(EMPLOYMENT + "member_until")),
        entry_age=np.maximum(completed - 1, WORKING_AGE),
        level=_log_earnings(p),
        province=np.log(p.array(EARNINGS + "province_factor")),
        normals=normal_values(),
        no_work_factor=float(np.exp(-p.value(EMPLOYMENT + "young_child"))),
        lasting_sd=p.value(EARNINGS + "lasting_sd"),
        rho=rho,
        innovation_sd=sd,
        stationary_sd=sd / float(np.sqrt(1.0 - rho * rho)),
        transitory_sd=p.value(EARNINGS + "transitory_sd"),
        over_weight=np.ascontiguousarray(over_weight.reshape(-1, N_WORK)),
    )


def tables_of(p: Parameters) -> WorkTables:
    """The tables under these parameters."""
    return _tables(Numbers(p))


def coverage(p: Parameters, year: int) -> Floats:
    """Share of workers registered with the employee scheme, float64[work, residence, education]."""
    known = p.coords(EMPLOYMENT + "coverage_level", "year")
    level = float(np.asarray(p.year(EMPLOYMENT + "coverage_level", min(year, int(known[-1])))))
    gap = float(np.asarray(p.at(EMPLOYMENT + "flexible_as_enterprise", date(year, 1, 1))))
    return coverage_at(p, level, gap)


def coverage_at(p: Parameters, level: float, gap_closed: float = 0.0) -> Floats:
    """Share registered at this level of the log odds, float64[work, residence, education].

    Public staff always are; people without work or on a farm never.
    gap_closed : share of the gap to enterprise workers that flexible workers have closed
    """
    of_work = np.array(p.array(EMPLOYMENT + "coverage_log_odds"))
    of_work[FLEXIBLE] += gap_closed * (of_work[ENTERPRISE] - of_work[FLEXIBLE])
    log_odds = of_work[:, :, None] + level
    log_odds = log_odds + p.array(EMPLOYMENT + "coverage_education")
    share = 1.0 / (1.0 + np.exp(-log_odds))
    share[[NONE, FARM]], share[PUBLIC] = 0.0, 1.0
    return np.ascontiguousarray(np.broadcast_to(share, (N_WORK, len(RESIDENCES), N_EDUCATION)))
