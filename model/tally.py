"""Yearly counts of agents: what the year's steps report, and the state at its end.

All are whole numbers (agents, fen of agents, hours of agents), so that the order of rows, blocks
and threads cannot matter. `runs/results.py` turns them into figures of the real population.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents.columns import COLLECTIVES
from ..agents.compiled import kernel, rule
from ..agents.frame import People
from ..parameters.dims import (
    ADL,
    AGE_GROUPS,
    AGES,
    EDUCATION,
    GENERATIONS,
    HOUSEHOLD_SIZES,
    MARITAL,
    PARITIES,
    PROVINCES,
    RESIDENCES,
    SEXES,
)
from .closed_year import ClosedYear
from .step import Step

if TYPE_CHECKING:
    from .model import SongheModel

Counts = NDArray[Any]  # whole numbers: int64 while the year runs

P, R, S, A = len(PROVINCES), len(RESIDENCES), len(SEXES), len(AGES)
N_ADL, N_MARITAL, N_EDUCATION = len(ADL), len(MARITAL), len(EDUCATION)
N_SIZES, N_GENERATIONS = len(HOUSEHOLD_SIZES), len(GENERATIONS)
N_GROUPS, N_PARITIES = len(AGE_GROUPS), len(PARITIES)
MOST_ABOVE = 3  # generations above a person that are told apart
OLD = 65
MOST_CHILDREN = 4
MOST_BORNE = 15  # children that are told apart while counting
FEMALE, NEVER_MARRIED = SEXES.index("female"), MARITAL.index("never_married")
CHUNK = 4096  # people whose places in the tables stay in the nearest cache

# A household in one word: members; a flag for each generation above a member; then bits of
# residence (all live at one place), sex and age, which are those of a person who lives alone.
MEMBERS = 0xFFFF
ABOVE_AT, RESIDENCE_AT, SEX_AT, AGE_AT, END_AT = 16, 19, 20, 21, 28
STOCKS: dict[str, tuple[int, ...]] = {
    "population": (P, R, S, A),
    "population_adl": (P, R, S, A, N_ADL),
    "population_marital": (R, S, A, N_MARITAL),
    "population_education": (S, A, N_EDUCATION),
    "households_by_size": (R, N_SIZES),
    "households_by_generations": (R, N_GENERATIONS),
    "collective_population": (len(COLLECTIVES) - 1,),
    "kin_65plus": (S, A, 2, MOST_CHILDREN + 1),
    "living_alone": (S, A, R),
    "women_by_parity": (A, N_PARITIES),
    "children_ever_born": (A,),
    "never_married": (R, S, N_GROUPS, N_EDUCATION),
    "adults": (R, S, N_GROUPS, N_EDUCATION),
}


class Tally:
    """Counts of the year that runs, and of the years that are closed."""

    def __init__(self) -> None:
        self.now: dict[str, Counts] = {}
        self.years: dict[int, Mapping[str, Counts]] = {}

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

    def add_row(self, name: str, row: int, rows: int, counts: NDArray[Any]) -> None:
        """Add whole numbers to one row of a count of the year, which has so many rows."""
        if name not in self.now:
            self.now[name] = np.zeros((rows, *counts.shape), np.int64)
        self.now[name][row] += counts

    def close(self, year: int) -> None:
        """File the counts of the year."""
        self.years[year] = ClosedYear(self.now)
        self.now = {}


@kernel
def count_people(
    alive: Any, province: Any, residence: Any, sex: Any, age: Any, adl: Any, marital: Any,
    education: Any, partner: Any, n_living_children: Any, n_children: Any, by_adl: Any,
    by_union: Any, by_kin: Any, by_borne: Any,
) -> None:  # fmt: skip
    """Add the living to flat tables by function, by marital status and education, by kin, and
    by children.

    by_adl : int32[P x R x S x A x 4]; by_union : int32[R x S x A x 4 x 6]
    by_kin : int32[S x A x 2 x 5], by living partner and living children
    by_borne : int32[S x A x 16], by children ever borne or fathered
    Places come first, without signs, in a loop that vectorises; then the counts.
    """
    n_a, n_s, n_r, n_kin = np.uint32(A), np.uint32(S), np.uint32(R), np.uint32(MOST_CHILDREN + 1)
    n_adl, n_marital, n_education = np.uint32(N_ADL), np.uint32(N_MARITAL), np.uint32(N_EDUCATION)
    at_adl, at_union = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    at_kin, at_borne = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    for low in range(0, alive.size, CHUNK):
        m = min(CHUNK, alive.size - low)
        for k in range(m):
            i = np.uint32(low + k)
            of_sex = np.uint32(sex[i]) * n_a + np.uint32(min(age[i], 100))
            of_place = np.uint32(residence[i]) * (n_s * n_a) + of_sex
            of_province = np.uint32(province[i]) * (n_r * n_s * n_a) + of_place
            of_couple = of_sex * np.uint32(2) + np.uint32(partner[i] >= 0)
            at_adl[k] = of_province * n_adl + adl[i]
            at_union[k] = (of_place * n_marital + marital[i]) * n_education + education[i]
            at_kin[k] = of_couple * n_kin + min(n_living_children[i], MOST_CHILDREN)
            at_borne[k] = of_sex * np.uint32(MOST_BORNE + 1) + min(n_children[i], MOST_BORNE)
        for k in range(m):
            i = np.uint32(low + k)
            by_adl[at_adl[k]] += alive[i]
            by_union[at_union[k]] += alive[i]
            by_kin[at_kin[k]] += alive[i]
            by_borne[at_borne[k]] += alive[i]


@kernel
def share_out(by_union: Any, by_marital: Any, by_education: Any) -> None:
    """Margins of the table by marital status and education, int[R, S, A, 4, 6]."""
    for r in range(R):
        for s in range(S):
            for a in range(A):
                for m in range(N_MARITAL):
                    for e in range(N_EDUCATION):
                        by_marital[r, s, a, m] += by_union[r, s, a, m, e]
                        by_education[s, a, e] += by_union[r, s, a, m, e]


def by_age_group(by_age: Counts) -> Counts:
    """Sums over five-year groups from 15 on, the last open, of int64[R, S, A, ...]."""
    return np.asarray(np.add.reduceat(by_age, AGE_GROUPS, axis=2))


@kernel
def count_collective(alive: Any, collective: Any, by_collective: Any) -> None:
    """Add the living in each kind of collective living, by a loop for each that vectorises."""
    for low in range(0, alive.size, CHUNK):
        rows = slice(low, min(low + CHUNK, alive.size))
        lives, kind = alive[rows], collective[rows]
        for k in range(by_collective.size):
            own, n = np.uint8(k + 1), np.int64(0)  # a byte, as the column is
            for j in range(lives.size):
                n += np.uint8(lives[j] * (kind[j] == own))
            by_collective[k] += n


@rule
def find_at_home(household: Any, own: Any, link: Any, parents: Any) -> None:
    """Write the row of a parent who shares the home, plus one; 0 without any.

    own, link : household and parent of the people asked for
    """
    for k in range(link.size):
        h, j = own[k], link[k]
        together = (h >= 0) & (j >= 0) & (household[np.uint32(max(j, 0))] == h)
        parents[k] = (j + 1) * together


@rule
def describe(residence: Any, sex: Any, age: Any, hers: Any, his: Any, words: Any) -> None:
    """Write what each person adds to the word of her household, but for herself."""
    for k in range(words.size):
        above = np.int32((hers[k] | his[k]) > 0) << ABOVE_AT
        place = np.int32(residence[k]) << RESIDENCE_AT
        words[k] = above | place | np.int32(sex[k]) << SEX_AT | np.int32(age[k]) << AGE_AT


@rule
def list_children(low: int, hers: Any, his: Any, n: int, above: Any, rows: Any) -> int:
    """Append those with a parent at home, from row `low` on; returns how many there are now."""
    for k in range(hers.size):
        above[k] = (hers[k] | his[k]) > 0
        rows[np.uint32(n)] = low + k
        n += above[k]
    return n


@kernel
def gather_homes(
    household: Any, mother: Any, father: Any, residence: Any, sex: Any, age: Any,
    homes: Any, above: Any, rows: Any,
) -> int:  # fmt: skip
    """Write households as words; list those with a parent at home and return their number.

    homes : int32[households + 1], zero before, by number + 1; -1 is of the dead and collective
    above : uint8[people + 1], out, by row + 1, whether a parent is at home; the first is 0
    rows : uint32[people + 1], out, the list
    """
    both, words = np.empty((2, CHUNK), np.uint32), np.empty(CHUNK, np.int32)
    n = 0
    for low in range(0, household.size, CHUNK):
        own = household[low : low + CHUNK]
        high, hers, his = low + own.size, both[0, : own.size], both[1, : own.size]
        find_at_home(household, own, mother[low:high], hers)
        find_at_home(household, own, father[low:high], his)
        describe(residence[low:high], sex[low:high], age[low:high], hers, his, words[: own.size])
        for k in range(own.size):
            home = np.uint32(own[k] + 1)
            homes[home] = (homes[home] + 1) | words[k]
        n = list_children(low, hers, his, n, above[low + 1 : high + 1], rows)
    return n


@kernel
def lengthen(
    generation: int, rows: Any, household: Any, mother: Any, father: Any, homes: Any, above: Any
) -> int:
    """Keep those with a parent at home who has one less generation above; set their flags.

    rows : of those with a parent at home, in and out; returns how many are left
    Parents are looked up anew: lists of them would be the largest memory of the year.
    """
    left, less = 0, np.uint8(generation - 1)
    for k in range(rows.size):
        i = rows[k]
        h, m, f = household[i], mother[i], father[i]
        hers = (m + 1) * ((m >= 0) & (household[np.uint32(max(m, 0))] == h))
        his = (f + 1) * ((f >= 0) & (household[np.uint32(max(f, 0))] == h))
        rows[left] = i
        left += (above[np.uint32(hers)] >= less) | (above[np.uint32(his)] >= less)
    for k in range(left):
        above[rows[k] + np.uint32(1)] = generation
        homes[household[rows[k]] + 1] |= 1 << (ABOVE_AT + generation - 1)
    return left


@kernel
def count_homes(homes: Any, by_size: Any, alone: Any) -> None:
    """Add households by residence, size (0 to 10) and flags; people alone by all their bits."""
    for h in range(1, homes.size):
        word = homes[h]
        size, flags = min(word & MEMBERS, N_SIZES), word >> ABOVE_AT & 7
        by_size[word >> RESIDENCE_AT & 1, size, flags] += 1
        alone[np.uint32(word >> RESIDENCE_AT)] += size == 1


def stocks(model: "SongheModel") -> dict[str, Counts]:
    """The state of the population as counts, named and shaped as in STOCKS."""
    tables = {name: np.zeros(shape, np.int64) for name, shape in STOCKS.items()}
    _count_people(model.people, tables)
    _count_homes(model, tables)
    return tables


def _count_people(people: People, tables: dict[str, Counts]) -> None:
    by_adl = np.zeros((P, R, S, A, N_ADL), np.int32)
    by_union = np.zeros((R, S, A, N_MARITAL, N_EDUCATION), np.int32)
    by_kin = np.zeros((S, A, 2, MOST_CHILDREN + 1), np.int32)
    by_borne = np.zeros((S, A, MOST_BORNE + 1), np.int32)
    names = (
        "alive", "province", "residence", "sex", "age", "adl", "marital", "education", "partner",
        "n_living_children", "n_children",
    )  # fmt: skip
    flat = (table.ravel() for table in (by_adl, by_union, by_kin, by_borne))
    count_people(*(people[name] for name in names), *flat)
    share_out(by_union, tables["population_marital"], tables["population_education"])
    tables["population_adl"][:] = by_adl
    for state in range(N_ADL):
        tables["population"] += by_adl[..., state]
    tables["kin_65plus"][:, OLD:] = by_kin[:, OLD:]
    women = by_borne[FEMALE].astype(np.int64)
    tables["women_by_parity"][:] = np.add.reduceat(women, PARITIES, axis=1)
    tables["children_ever_born"][:] = (women * np.arange(MOST_BORNE + 1)).sum(axis=1)
    tables["never_married"][:] = by_age_group(by_union[:, :, :, NEVER_MARRIED])
    tables["adults"][:] = by_age_group(by_union.sum(axis=3))
    count_collective(people["alive"], people["collective"], tables["collective_population"])


def _count_homes(model: "SongheModel", tables: dict[str, Counts]) -> None:
    people = model.people
    homes = np.zeros(model.n_households + 1, np.int32)
    above, names = np.zeros(people.n + 1, np.uint8), ("household", "mother", "father")
    links, place = [people[n] for n in names], [people[n] for n in ("residence", "sex", "age")]
    with people.room() as rows:
        n = gather_homes(*links, *place, homes, above, rows)
        for generation in range(2, MOST_ABOVE + 1):
            n = lengthen(generation, rows[:n], *links, homes, above)
    by_size = np.zeros((R, N_SIZES + 1, 2**MOST_ABOVE), np.int32)
    alone = np.zeros(2 ** (END_AT - RESIDENCE_AT), np.int32)
    count_homes(homes, by_size, alone)
    tables["households_by_size"][:] = by_size[:, 1:].sum(axis=2)
    for flags in range(2**MOST_ABOVE):
        tables["households_by_generations"][:, flags.bit_length()] += by_size[:, 1:, flags].sum(1)
    of_age = alone.reshape(-1, S, R).transpose(1, 0, 2)
    tables["living_alone"][:] = of_age[:, :A]
    tables["living_alone"][:, -1] += of_age[:, A:].sum(axis=1)


def apply(model: "SongheModel") -> None:
    """Count everybody at the end of the year."""
    for name, counts in stocks(model).items():
        model.tally.add(name, counts)


STEP = Step(
    "tally",
    reads=(
        "alive", "province", "residence", "sex", "age", "adl", "marital", "education",
        "household", "collective", "mother", "father", "partner", "n_living_children",
        "n_children",
    ),
    apply=apply,
)  # fmt: skip
