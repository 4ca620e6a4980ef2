"""Yearly counts of agents: what the year's steps report, and the state at its end.

All are whole numbers (agents, fen of agents, hours of agents), so that the order of rows, blocks
and threads cannot matter. `runs/results.py` turns them into figures of the real population.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents.columns import COLLECTIVES
from ..agents.compiled import kernel
from ..parameters.dims import (
    ADL,
    AGES,
    EDUCATION,
    GENERATIONS,
    HOUSEHOLD_SIZES,
    MARITAL,
    PROVINCES,
    RESIDENCES,
    SEXES,
)
from .step import Step

if TYPE_CHECKING:
    from .model import SongheModel

Counts = NDArray[np.int64]

P, R, S, A = len(PROVINCES), len(RESIDENCES), len(SEXES), len(AGES)
N_ADL, N_MARITAL, N_EDUCATION = len(ADL), len(MARITAL), len(EDUCATION)
MOST_ABOVE = 3  # generations above a person that are told apart
OLD = 65
MOST_CHILDREN = 4
STOCKS: dict[str, tuple[int, ...]] = {
    "population": (P, R, S, A),
    "population_adl": (P, R, S, A, len(ADL)),
    "population_marital": (R, S, A, len(MARITAL)),
    "population_education": (S, A, len(EDUCATION)),
    "households_by_size": (R, len(HOUSEHOLD_SIZES)),
    "households_by_generations": (R, len(GENERATIONS)),
    "collective_population": (len(COLLECTIVES) - 1,),
    "kin_65plus": (S, A, 2, MOST_CHILDREN + 1),
    "living_alone": (S, A, R),
}


class Tally:
    """Counts of the year that runs, and of the years that are closed."""

    def __init__(self) -> None:
        self.now: dict[str, Counts] = {}
        self.years: dict[int, dict[str, Counts]] = {}

    def add(self, name: str, counts: NDArray[Any]) -> None:
        """Add whole numbers to a count of the year.

        Raises
        ------
        TypeError
            If they are not whole numbers.
        """
        counts = np.asarray(counts)
        if counts.dtype.kind not in "iub":
            raise TypeError(f"{name}: whole numbers only, not {counts.dtype}")
        if name in self.now:
            self.now[name] = self.now[name] + counts
        else:
            self.now[name] = counts.astype(np.int64)

    def close(self, year: int) -> None:
        """File the counts of the year."""
        self.years[year] = self.now
        self.now = {}


@kernel
def count_people(
    alive: Any, province: Any, residence: Any, sex: Any, age: Any, adl: Any, marital: Any,
    education: Any, by_adl: Any, by_marital: Any, by_education: Any,
) -> None:  # fmt: skip
    """Add the living to the tables by function, marital status and education.

    Places in the flat tables are worked out once, without signs: a signed index is tested.
    """
    flat_adl, flat_marital = by_adl.ravel(), by_marital.ravel()
    flat_education = by_education.ravel()
    n_a, n_s, n_r = np.uint32(A), np.uint32(S), np.uint32(R)
    for i in range(alive.size):
        if alive[i]:
            of_sex = np.uint32(sex[i]) * n_a + np.uint32(min(age[i], 100))
            of_place = np.uint32(residence[i]) * (n_s * n_a) + of_sex
            of_province = np.uint32(province[i]) * (n_r * n_s * n_a) + of_place
            flat_adl[of_province * np.uint32(N_ADL) + adl[i]] += 1
            flat_marital[of_place * np.uint32(N_MARITAL) + marital[i]] += 1
            flat_education[of_sex * np.uint32(N_EDUCATION) + education[i]] += 1


@kernel
def count_members(
    household: Any, mother: Any, father: Any, above: Any, rows: Any, size: Any, depth: Any
) -> None:
    """Members and most generations above a member, by household.

    household : -1 for the dead, as for collective people
    above : int8[people], out, generations of the person's own line above her at home, up to 3
    rows : int32[people + 1], scratch: those with a parent at home, then those among them whose
        parent has one, without branches
    size, depth : [households + 1], zero before; the last place answers for -1
    """
    n = 0
    for i in range(household.size):
        h, m, f = household[i], mother[i], father[i]
        size[h] += 1
        with_mother = (m >= 0) & (household[np.uint32(max(m, 0))] == h)
        with_father = (f >= 0) & (household[np.uint32(max(f, 0))] == h)
        above[i] = (h >= 0) & (with_mother | with_father)
        rows[n] = i
        n += above[i]
    for generation in range(2, MOST_ABOVE + 1):
        left = 0
        for k in range(n):
            i, longer = rows[k], False
            for m in (mother[i], father[i]):
                at_home = (m >= 0) & (household[max(m, 0)] == household[i])
                longer |= at_home & (above[max(m, 0)] >= generation - 1)
            above[i] = generation if longer else above[i]
            rows[left] = i
            left += longer
        n = left
    for i in range(household.size):
        depth[household[i]] = max(depth[household[i]], above[i])


@kernel
def count_homes(
    alive: Any, household: Any, collective: Any, residence: Any, sex: Any, age: Any, partner: Any,
    n_living_children: Any, size: Any, depth: Any, by_size: Any, by_generations: Any,
    by_collective: Any, kin: Any, alone: Any,
) -> None:  # fmt: skip
    """Households by size and generations (at the place of a member), collective people, kin.

    size, depth : by household; the size is set to zero once a household is counted
    """
    for i in range(alive.size):
        if not alive[i]:
            continue
        a, h = min(np.int64(age[i]), np.int64(100)), household[i]
        if a >= OLD:
            with_partner = 1 if partner[i] >= 0 else 0
            kin[sex[i], a, with_partner, min(n_living_children[i], MOST_CHILDREN)] += 1
        if h < 0:
            by_collective[collective[i] - 1] += 1
        elif size[h] > 0:
            if size[h] == 1:
                alone[sex[i], a, residence[i]] += 1
            by_size[residence[i], min(size[h], 10) - 1] += 1
            by_generations[residence[i], depth[h]] += 1
            size[h] = 0


def stocks(model: "SongheModel") -> dict[str, Counts]:
    """The state of the population as counts, named and shaped as in STOCKS."""
    people = model.people
    tables = {name: np.zeros(shape, np.int64) for name, shape in STOCKS.items()}
    names = ("alive", "province", "residence", "sex", "age", "adl", "marital", "education")
    by_adl = tables["population_adl"]
    count_people(
        *(people[name] for name in names),
        by_adl,
        tables["population_marital"],
        tables["population_education"],
    )
    tables["population"] = by_adl.sum(axis=-1)
    size = np.zeros(model.n_households + 1, np.int32)
    depth = np.zeros(model.n_households + 1, np.int8)
    links = (people[name] for name in ("household", "mother", "father"))
    above, rows = np.empty(people.n, np.int8), np.empty(people.n + 1, np.int32)
    count_members(*links, above, rows, size, depth)
    names = (
        "alive", "household", "collective", "residence", "sex", "age", "partner",
        "n_living_children",
    )  # fmt: skip
    homes = (
        "households_by_size", "households_by_generations", "collective_population",
        "kin_65plus", "living_alone",
    )  # fmt: skip
    count_homes(*(people[name] for name in names), size, depth, *(tables[name] for name in homes))
    return tables


def apply(model: "SongheModel") -> None:
    """Count everybody at the end of the year."""
    for name, counts in stocks(model).items():
        model.tally.add(name, counts)


STEP = Step(
    "tally",
    reads=(
        "alive", "province", "residence", "sex", "age", "adl", "marital", "education",
        "household", "collective", "mother", "father", "partner", "n_living_children",
    ),
    apply=apply,
)  # fmt: skip
