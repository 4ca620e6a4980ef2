"""Household income: earnings and pensions of the members, at the recorded level.

Decides the disposable income of a household as income per head of its residence and year,
times its members, times a ratio by the education of the woman or head. The ratio is counted
in the population: mean income per head of the households in which people of that education
live, over the mean of the residence. Source: earnings and pensions of persons, and recorded
income (`parameters/work/economy.yaml`). Leaves out taxes, transfers between households, the
minimum pension of residents, and income from property.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import kernel, rule
from ..parameters.dims import EDUCATION, PENSIONS, RESIDENCES
from ..parameters.load import Parameters
from .prices import income

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
ADULT, OLD = 20, 60  # ages over whom the mean of the ratio is one
THIRDS = 3
THIN = 50.0  # people with the mean income added to each cell, so that a thin one stays near it
RESIDENT = PENSIONS.index("resident")
MONTHS, FEN = 12, 100
MEMBER_BITS = 16  # of a word that holds the members and the income of a household
BLOCK = 4096  # rows whose codes and incomes stay in the nearest cache
READS = (
    "alive", "age", "residence", "education", "household", "earnings", "pension", "pension_m",
    "account_pension_m",
)  # fmt: skip


@rule
def own_income(earnings: int, pension: int, pension_m: int, account_pension_m: int) -> int:
    """Earnings and pension of a person, whole yuan a year; pensions in fen a month.

    Divided as floats, which vectorises and is exact: below 2**46 no quotient is rounded to the
    whole number above it.
    """
    account, whole = float(account_pension_m), float(pension_m)  # both read: no branch
    paid = account if pension == RESIDENT else whole
    return int(earnings) + int(np.floor(MONTHS * paid / FEN))


@kernel
def own_incomes(
    earnings: Any, pension: Any, pension_m: Any, account_pension_m: Any, own: Any
) -> None:  # fmt: skip
    """Write the own income of each person; own : int64[people]. It vectorises."""
    for i in range(earnings.size):
        own[i] = own_income(earnings[i], pension[i], pension_m[i], account_pension_m[i])


@kernel
def sum_households(
    alive: Any, household: Any, earnings: Any, pension: Any, pension_m: Any,
    account_pension_m: Any, packed: Any,
) -> None:  # fmt: skip
    """Add income and members of each household, by number + 1; the first, of -1, is not used.

    packed : int64[households + 1], members in the low bits and yuan above them, so that one
        word of a household is touched
    """
    own = np.empty(BLOCK, np.int64)
    for low in range(0, alive.size, BLOCK):
        some = slice(low, min(low + BLOCK, alive.size))
        pensions = pension[some], pension_m[some], account_pension_m[some]
        own_incomes(earnings[some], *pensions, own)
        for k in range(some.stop - low):
            i = low + k
            packed[np.uint32(household[i] + 1)] += ((own[k] << MEMBER_BITS) + 1) * alive[i]


@kernel
def per_member(packed: Any) -> None:
    """Turn what `sum_households` leaves into whole yuan per member, in place."""
    for h in range(1, packed.size):  # floats again, as in `own_income`
        members = max(packed[h] & ((1 << MEMBER_BITS) - 1), 1)
        packed[h] = np.int64(np.floor(np.float64(packed[h] >> MEMBER_BITS) / np.float64(members)))


@kernel
def code_cells(
    alive: Any, age: Any, residence: Any, education: Any, levels: int, outside: int,
    youngest: int, oldest: int, code: Any,
) -> None:  # fmt: skip
    """Write the cell of each person, `outside` for the dead and other ages; uint8[people]."""
    for i in range(alive.size):
        inside = (alive[i] == 1) & (age[i] >= youngest) & (age[i] < oldest)
        cell = np.uint8(residence[i] * np.uint8(levels) + education[i])
        code[i] = cell if inside else np.uint8(outside)


@kernel
def sum_cells(
    alive: Any, age: Any, residence: Any, education: Any, household: Any, earnings: Any,
    pension: Any, pension_m: Any, account_pension_m: Any, per_head: Any, levels: int, sums: Any,
    counts: Any, youngest: int, oldest: int,
) -> None:  # fmt: skip
    """Add income per head at home and number of people of an age range.

    per_head : int64[households + 1], as `per_member` leaves it; levels : of education
    sums, counts : int64[4, residence x education + 1], to be added up; the last cell is of
        nobody, and there are four in turn since neighbours fall into one cell
    Who lives in no family has the own income.
    """
    code = np.empty(BLOCK, np.uint8)
    for low in range(0, alive.size, BLOCK):
        some = slice(low, min(low + BLOCK, alive.size))
        who = alive[some], age[some], residence[some], education[some]
        code_cells(*who, levels, sums.shape[1] - 1, youngest, oldest, code)
        for k in range(some.stop - low):
            i = low + k
            h = household[i]
            if h >= 0:
                income = per_head[np.uint32(h + 1)]
            else:
                income = own_income(earnings[i], pension[i], pension_m[i], account_pension_m[i])
            turn, cell = np.uint32(k) & np.uint32(3), np.uint32(code[k])
            sums[turn, cell] += income
            counts[turn, cell] += 1


def income_ratio(sums: Counts, counts: Counts) -> Floats:
    """Income per head over the mean of the residence, float64[residence, education].

    sums, counts : yuan and people by [residence, education]. The mean over people is one; a
    place without people or income has ones.
    """
    people, yuan = np.asarray(counts, np.float64), np.asarray(sums, np.float64)
    total = yuan.sum(axis=1, keepdims=True)
    mean = np.where(total > 0, total / np.maximum(people.sum(axis=1, keepdims=True), 1.0), 1.0)
    ratio = np.where(total > 0, (yuan / mean + THIN) / (people + THIN), 1.0)
    weight = people.sum(axis=1, keepdims=True)
    level = (people * ratio).sum(axis=1, keepdims=True) / np.maximum(weight, 1.0)
    return np.asarray(ratio / np.where(weight > 0, level, 1.0))


def income_per_head(p: Parameters, year: int, ratio: Floats) -> Floats:
    """Disposable income per head, yuan per year, float64[residence, education].

    ratio : float64[residence, education], with mean one over the people of a residence
    """
    return np.asarray(income(p, year)[:, None] * ratio)


def income_of(model: "SongheModel") -> Floats:
    """Income per head in the model's year, float64[residence, education].

    The ratio is counted in a baseline, from earnings and pensions of the year before, and kept
    for scenarios, so that a scenario moves nobody's income through the careers of others. It is
    counted once a year, by whoever asks first.
    """
    counted = model.constants.known("income_ratio")
    if counted is not None:
        return income_per_head(model.parameters, model.year, counted)

    def count() -> Floats:
        people = model.people
        homes = int(people["household"].max(initial=-1)) + 1
        homes_income = np.zeros(homes + 1, np.int64)
        sums = np.zeros((4, len(RESIDENCES) * len(EDUCATION) + 1), np.int64)
        counts = np.zeros_like(sums)
        columns = [people[name] for name in READS]
        sum_households(columns[0], *columns[4:], homes_income)
        per_member(homes_income)
        sum_cells(*columns, homes_income, len(EDUCATION), sums, counts, ADULT, OLD)
        shape = len(RESIDENCES), len(EDUCATION)
        sums, counts = (x.sum(axis=0)[:-1].reshape(shape) for x in (sums, counts))
        return income_ratio(sums, counts)

    ratio = np.asarray(model.constants.get("income_ratio", count, aligned=True))
    return income_per_head(model.parameters, model.year, ratio)


def household_income(per_head: Floats, members: Any) -> Floats:
    """Yuan per year of households with this income per head and number of members."""
    return np.asarray(per_head * members)


def thirds(per_head: Floats) -> NDArray[np.int64]:
    """Lowest, middle or highest third (0, 1, 2) of the cells of a table, by income."""
    order = np.argsort(per_head, axis=None, kind="stable")
    rank = np.empty(per_head.size, np.int64)
    rank[order] = np.arange(per_head.size)
    return (rank * THIRDS // per_head.size).reshape(per_head.shape)
