"""What families spend on children: an environment by age and residence.

Decides what a child of an age costs its family in a year, and adds it up beside the disposable
income of the households in which children live. Source: published totals of spending to 18,
spread over ages by an assumed profile (`parameters/policies/child_cost.yaml`). Leaves out
differences by income, order of birth and province, costs before birth and after 18, and any
answer to costs: these are spending, not the cost of one more child.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...agents.columns import Column
from ...agents.compiled import kernel
from ...parameters.dims import RESIDENCES
from ...parameters.load import Parameters
from ..funds import fens
from ..numbers import Numbers
from ..prices import income
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COLUMNS: tuple[Column, ...] = ()
POLICY = "policies.child_cost."
ADULT = 18
CHUNK = 1024  # people whose rows stay in the nearest cache


@kernel
def count_children(
    alive: Any, age: Any, residence: Any, household: Any, children: Any, has_child: Any
) -> None:
    """Count children by residence and age at the opening, and mark their households.

    children : int64[residence, ADULT + 1], newborns of the year first
    has_child : uint8[households + 1], by number + 1, as nobody is at home in the first
    Children are listed first, a chunk at a time and without a branch.
    """
    rows = np.empty(CHUNK, np.uint32)
    for low in range(0, age.size, CHUNK):
        n = 0
        for i in range(low, min(low + CHUNK, age.size)):
            rows[n] = i
            n += (age[i] < ADULT) & (alive[i] == 1)
        for k in range(n):
            i = rows[k]
            children[residence[i], np.uint32(age[i] + 1)] += 1
            has_child[np.uint32(household[i] + 1)] = 1
    has_child[0] = 0


@kernel
def count_members(alive: Any, residence: Any, household: Any, has_child: Any, members: Any) -> None:
    """Count the people of the marked households by residence, int64[residence]."""
    total, second = np.int64(0), np.int64(0)
    for i in range(alive.size):
        there = has_child[np.uint32(household[i] + 1)] & alive[i]
        total += there
        second += there & residence[i]
    members[0] += total - second
    members[1] += second


@lru_cache(maxsize=8)
def _profile(numbers: Numbers) -> Floats:
    p, key = numbers.p, POLICY + "age_profile"
    starts = np.asarray(p.coords(key, "age_from"), dtype=np.int64)
    place = np.searchsorted(starts, np.arange(ADULT), side="right") - 1
    weight = p.array(key)[np.maximum(place, 0)]
    return np.asarray(weight / weight.mean())


def total_cost(p: Parameters, year: int) -> Floats:
    """Spending on a child to 18 in prices of a year, yuan, float64[residence]."""
    key = POLICY + "total"
    dates = p.dates(key)
    known = max((d for d in dates if d.year <= year), default=dates[0])
    return np.asarray(p.at(key, known) * income(p, year) / income(p, known.year))


def yearly_cost(p: Parameters, year: int) -> Floats:
    """Spending on a child in a year by completed age, yuan, float64[residence, ADULT]."""
    return np.asarray(total_cost(p, year)[:, None] / ADULT * _profile(Numbers(p)))


def cost_by_opening(p: Parameters, year: int) -> Counts:
    """Fen of a year by age at its opening, newborns first, int64[residence, ADULT + 1].

    Half of the year is lived at that age and half at the next; a newborn lives half of it.
    """
    cost = np.pad(yearly_cost(p, year), ((0, 0), (1, 1)))
    return fens(0.5 * (cost[:, :-1] + cost[:, 1:]))


def apply(model: "SongheModel") -> None:
    """Spending of the year, and income of the households with children."""
    p, people, year = model.parameters, model.people, model.year
    homes = int(people["household"].max(initial=-1)) + 1
    children = np.zeros((len(RESIDENCES), ADULT + 1), np.int64)
    has_child, members = np.zeros(homes + 1, np.uint8), np.zeros(len(RESIDENCES), np.int64)
    alive, age, residence, household = (people[name] for name in READS)
    count_children(alive, age, residence, household, children, has_child)
    count_members(alive, residence, household, has_child, members)
    spent = (children * cost_by_opening(p, year)).sum(axis=1)
    model.tally.add("child_cost", spent)
    model.tally.add("income_with_children", members * fens(income(p, year)))


READS = ("alive", "age", "residence", "household")
STEP = Step("child_cost", reads=READS, apply=apply)
