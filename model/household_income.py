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
READS = (
    "alive", "age", "residence", "education", "household", "earnings", "pension", "pension_m",
    "account_pension_m",
)  # fmt: skip


@rule
def own_income(earnings: int, pension: int, pension_m: int, account_pension_m: int) -> int:
    """Earnings and pension of a person, yuan a year; pensions in fen a month."""
    paid = account_pension_m if pension == RESIDENT else pension_m
    return int(earnings) + MONTHS * int(paid) // FEN


@kernel
def sum_households(
    alive: Any, household: Any, earnings: Any, pension: Any, pension_m: Any,
    account_pension_m: Any, total: Any, members: Any,
) -> None:  # fmt: skip
    """Add income and members of each family household; int64[household], int32[household]."""
    for i in range(alive.size):
        h = household[i]
        if h >= 0 and alive[i] == 1:
            own = own_income(earnings[i], pension[i], pension_m[i], account_pension_m[i])
            total[h] += own
            members[h] += 1


@kernel
def sum_cells(
    alive: Any, age: Any, residence: Any, education: Any, household: Any, earnings: Any,
    pension: Any, pension_m: Any, account_pension_m: Any, total: Any, members: Any, sums: Any,
    counts: Any, youngest: int, oldest: int,
) -> None:  # fmt: skip
    """Add income per head at home and number of people of an age range.

    sums, counts : int64[residence, education]; who lives in no family has the own income
    """
    for i in range(alive.size):
        if alive[i] == 0 or age[i] < youngest or age[i] >= oldest:
            continue
        h = household[i]
        if h >= 0:
            per_head = total[h] // members[h]
        else:
            per_head = own_income(earnings[i], pension[i], pension_m[i], account_pension_m[i])
        sums[residence[i], education[i]] += per_head
        counts[residence[i], education[i]] += 1


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
        total, members = np.zeros(homes, np.int64), np.zeros(homes, np.int32)
        sums = np.zeros((len(RESIDENCES), len(EDUCATION)), np.int64)
        counts = np.zeros_like(sums)
        columns = [people[name] for name in READS]
        sum_households(columns[0], *columns[4:], total, members)
        sum_cells(*columns, total, members, sums, counts, ADULT, OLD)
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
