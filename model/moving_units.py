"""Who moves with whom: the people who decide, and those who go along.

A person of age decides for herself, a married man for the couple; a minor goes along with
the parent at whose home he lives, the mother before the father. Couples who live apart do
not decide here, they come together or not (see `migration.py`). Counts by cell of the one
who decides let expected moves be summed without looking at people again. Leaves out moves
of older parents with their children.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.columns import CARE_HOME
from ..agents.compiled import kernel, rule
from ..agents.members import members
from .migration_rules import N_CELLS, URBAN, cell_of

if TYPE_CHECKING:
    from .model import SongheModel

MARRIED = 1
MALE = 0

HEADS, SPOUSES, BOUND, FREE, LONE_BOUND, LONE_FREE = range(6)
N_COUNTS = 6


class Counts(NamedTuple):
    """People by the cell of the one who decides for them, and couples apart.

    by_cell : int32[6, cells]: those who decide; their spouses at home; minors of couples
        without and with another adult at home; minors of one parent, likewise
    apart : int64[2, 2, 3], residence of the wife and of the husband: couples, minors with
        her, minors with him
    urban, total : int64, people
    """

    by_cell: NDArray[np.int32]
    apart: NDArray[np.int64]
    urban: int
    total: int


@rule
def at_home(i: int, j: int, household: Any) -> Any:
    """Whether two people share a family household; j may be -1."""
    return j >= 0 and household[i] >= 0 and household[i] == household[j]


@rule
def keeper(i: int, mother: Any, father: Any, household: Any) -> int:
    """The parent a minor goes along with, -1 if neither lives at home."""
    if at_home(i, mother[i], household):
        return int(mother[i])
    return int(father[i]) if at_home(i, father[i], household) else -1


@rule
def free_to_join(i: int, j: int, collective: Any) -> Any:
    """Whether a couple living apart may come together: not while one is in a care home."""
    return collective[i] != CARE_HOME and collective[j] != CARE_HOME


@kernel
def adults_at_home(
    age: Any, alive: Any, death_u: Any, household: Any, adult_age: int, out: Any
) -> None:
    """Add adults who live through the year, by household + 1; the first answers for -1."""
    for i in range(age.size):
        adult = (age[i] + 1 >= adult_age) & (death_u[i] >= 1.0)
        out[np.uint32(household[i] + 1)] += adult & (alive[i] == 1)


@kernel
def cells_of(
    age: Any, sex: Any, province: Any, residence: Any, education: Any, marital: Any, cells: Any
) -> None:
    """Write the cell of each person, as one who decides."""
    for i in range(age.size):
        married = marital[i] == MARRIED
        cells[i] = cell_of(province[i], residence[i], sex[i], married, age[i], education[i])


@kernel
def count_adults(
    age: Any, sex: Any, marital: Any, alive: Any, partner: Any, household: Any, cells: Any,
    adult_age: int, by_cell: Any, minors: Any, apart: Any,
) -> tuple[int, int]:  # fmt: skip
    """Count adults whose spouse, if any, lives at home: she by the cell of her husband.

    minors, apart : uint32[people + 1], out, rows of minors, and of wives with a husband
        elsewhere; returns their numbers
    """
    n_minors, n_apart = 0, 0
    for i in range(age.size):  # without branches
        j, lives, adult = np.uint32(max(partner[i], 0)), alive[i] == 1, age[i] + 1 >= adult_age
        couple = (marital[i] == MARRIED) & (partner[i] >= 0)
        together = (household[i] >= 0) & (household[i] == household[j])
        female, elsewhere = sex[i] != MALE, couple & (not together)
        wife = couple & together & female
        one = cells[j if wife else np.uint32(i)]
        by_cell[np.uint32(wife), one] += lives & adult & (not elsewhere)
        minors[np.uint32(n_minors)] = i
        n_minors += lives & (not adult)
        apart[np.uint32(n_apart)] = i
        n_apart += lives & adult & elsewhere & female
    return n_minors, n_apart


@kernel
def find_keepers(minors: Any, mother: Any, father: Any, household: Any, keepers: Any) -> int:
    """Keep the minors with a parent at home on the list; returns their number.

    keepers : uint32[minors], out, the parent each goes along with, as `keeper` says
    """
    n = 0
    for k in range(minors.size):  # without a branch
        i = minors[k]
        h, m, f = household[i], mother[i], father[i]
        hers = (h >= 0) & (m >= 0) & (household[np.uint32(max(m, 0))] == h)
        his = (h >= 0) & (f >= 0) & (household[np.uint32(max(f, 0))] == h)
        minors[np.uint32(n)], keepers[np.uint32(n)] = i, m if hers else f
        n += hers | his
    return n


@kernel
def count_minors(
    minors: Any, keepers: Any, sex: Any, marital: Any, partner: Any, household: Any, cells: Any,
    adults: Any, by_cell: Any,
) -> int:  # fmt: skip
    """Count minors by the cell of the one who decides for the parent they go along with.

    Where that parent's spouse lives elsewhere the parent is kept on the list instead;
    returns how many are.
    """
    n = 0
    for k in range(minors.size):  # without a branch
        d, h = keepers[k], household[minors[k]]
        j = np.uint32(max(partner[d], 0))
        married = (marital[d] == MARRIED) & (partner[d] >= 0)
        elsewhere = married & (household[j] != h)
        spare = adults[np.uint32(h + 1)] > 1 + married
        one = cells[j if married & (sex[d] != MALE) else d]
        by_cell[np.uint32(LONE_BOUND + spare - 2 * married), one] += not elsewhere
        keepers[np.uint32(n)] = d
        n += elsewhere
    return n


@kernel
def count_apart(
    rows: Any, of_minors: bool, sex: Any, residence: Any, partner: Any, collective: Any, apart: Any
) -> None:
    """Count couples apart who may come together, from a wife's row, or from a minor's keeper's."""
    for i in rows:
        j = np.uint32(partner[i])
        wife, husband = (j, i) if sex[i] == MALE else (i, j)
        if free_to_join(i, j, collective):
            what = 1 + (sex[i] == MALE) if of_minors else 0
            apart[residence[wife], residence[husband], what] += 1


def count(people: Any, n_households: int, adult_age: int) -> Counts:
    """Counts of the state as it stands."""
    c = {name: people[name] for name in people.columns}
    lives = c["alive"] == 1
    total = int(np.count_nonzero(lives))
    lives &= c["residence"] == URBAN
    urban = int(np.count_nonzero(lives))
    del lives
    by_cell, apart = np.zeros((N_COUNTS, N_CELLS), np.int32), np.zeros((2, 2, 3), np.int64)
    adults, cells = np.zeros(n_households + 1, np.int32), np.empty(people.n, np.uint32)
    adults_at_home(c["age"], c["alive"], c["death_u"], c["household"], adult_age, adults)
    place = ("age", "sex", "province", "residence", "education", "marital")
    cells_of(*(c[name] for name in place), cells)
    own = (c[name] for name in ("age", "sex", "marital", "alive", "partner", "household"))
    with people.room() as minors, people.room() as wives:
        found = count_adults(*own, cells, adult_age, by_cell, minors, wives)
        minors, wives = minors[: found[0]].copy(), wives[: found[1]].copy()
    keepers = np.empty(len(minors) + 1, np.uint32)
    n = find_keepers(minors, c["mother"], c["father"], c["household"], keepers)
    home = (c[name] for name in ("sex", "marital", "partner", "household"))
    n = count_minors(minors[:n], keepers, *home, cells, adults, by_cell)
    couple = [c[name] for name in ("sex", "residence", "partner", "collective")]
    count_apart(wives, False, *couple, apart)
    count_apart(keepers[:n], True, *couple, apart)
    return Counts(by_cell, apart, urban, total)


@kernel
def add_up(by_cell: Any, alone: float, follow: float, sizes: Any) -> None:
    """Write what `expected_sizes` returns."""
    n = by_cell
    for k in range(sizes.size):
        couple = n[SPOUSES, k] + n[BOUND, k] + follow * n[FREE, k]
        lone = n[HEADS, k] + (1.0 - alone) * couple + n[LONE_BOUND, k]
        sizes[k] = lone + follow * n[LONE_FREE, k]


def expected_sizes(counts: Counts, alone: float, follow: float) -> NDArray[np.float64]:
    """People who move if the one who decides does, float64[cells], summed over the cell.

    alone : share of married workers whose spouse stays; follow : share of parents' moves
        with minors whom another adult could keep
    """
    sizes = np.empty(N_CELLS)
    add_up(counts.by_cell, alone, follow, sizes)
    return sizes


class Units(NamedTuple):
    """Who moves, and in which unit; int64[n] each."""

    rows: NDArray[np.int64]
    unit: NDArray[np.int64]


class Near(NamedTuple):
    """Everyone present in the households of some people, the heads of units.

    rows : int64[n], those of one household together; ends : int64[households], where each ends
    unit : int32[people], of the heads, -1 for all others in these households. Elsewhere it
        holds anything: filling it for everybody would cost more than what is done with it.
    """

    rows: NDArray[np.int64]
    ends: NDArray[np.int64]
    unit: NDArray[np.int32]


@kernel
def find_near(
    heads: Any, of: Any, household: Any, death_u: Any, first: Any, following: Any, touched: Any,
    rows: Any, ends: Any, unit: Any,
) -> tuple[int, int]:  # fmt: skip
    """List everyone present who shares a household with a head; returns how many, in how many.

    of : int[heads], the unit of each; first, following : chains of members
    touched : bool[households], false before
    rows, ends, unit : as of `Near`, out
    """
    n, homes = 0, 0
    for k in range(heads.size):
        h = household[heads[k]]
        if h >= 0 and not touched[h]:
            touched[h] = True
            i = first[h]
            while i >= 0:
                unit[i] = -1
                rows[n] = i
                n += death_u[i] >= 1.0
                i = following[i]
            ends[homes] = n
            homes += 1
        unit[heads[k]] = of[k]
    return n, homes


@kernel
def mark_couples(
    heads: Any, alone: Any, marital: Any, partner: Any, household: Any, death_u: Any, unit: Any
) -> None:
    """Write the unit of the spouse who goes along with each head.

    heads : int64[n], rows; alone : bool[n], the spouse stays; unit : as of `find_near`
    """
    for k in range(heads.size):
        i = heads[k]
        j = partner[i]
        if alone[k] or marital[i] != MARRIED or not at_home(i, j, household):
            continue
        if death_u[j] >= 1.0:
            unit[j] = unit[i]


@rule
def parent_to_follow(
    i: int, age: Any, partner: Any, marital: Any, mother: Any, father: Any, household: Any,
    unit: Any, adult_age: int,
) -> Any:  # fmt: skip
    """The parent with whom a minor goes, -1 if none goes, and whether both parents do."""
    d = keeper(i, mother, father, household)
    if d < 0 or unit[d] < 0 or age[d] + 1 < adult_age:
        return -1, False
    couple = marital[d] == MARRIED and at_home(d, partner[d], household)
    return (-1 if couple and unit[partner[d]] != unit[d] else d), couple


@kernel
def mark_minors(
    near: Any, ends: Any, age: Any, partner: Any, marital: Any, mother: Any, father: Any,
    household: Any, adult_age: int, follow: Any, unit: Any,
) -> None:  # fmt: skip
    """Write the unit of each minor who goes along; follow : bool[units], though he could stay.

    near, ends, unit : as of `Near`
    Only parents' units are read, never a minor's, so the order of rows does not matter.
    """
    begin = 0
    for end in ends:
        adults = 0
        for i in near[begin:end]:
            adults += age[i] + 1 >= adult_age
        if adults < end - begin:
            for i in near[begin:end]:
                if age[i] + 1 < adult_age:
                    d, couple = parent_to_follow(
                        i, age, partner, marital, mother, father, household, unit, adult_age
                    )
                    if d >= 0 and (follow[unit[d]] or adults <= 1 + couple):
                        unit[i] = unit[d]
        begin = end


@kernel
def mark_wards(near: Any, ends: Any, age: Any, id: Any, adult_age: int, unit: Any) -> None:
    """Minors whose last adults leave go along with the one of the least id.

    near, ends, unit : as of `Near`
    """
    begin = 0
    for end in ends:
        leader, stays, left = -1, False, False
        for i in near[begin:end]:
            adult = age[i] + 1 >= adult_age
            stays |= adult & (unit[i] < 0)
            left |= (not adult) & (unit[i] < 0)
        if left and not stays:
            for i in near[begin:end]:
                adult = age[i] + 1 >= adult_age
                if adult and (leader < 0 or id[i] < id[leader]):
                    leader = i
            for i in near[begin:end]:
                if unit[i] < 0 and leader >= 0:
                    unit[i] = unit[leader]
        begin = end


def family_units(model: "SongheModel", heads: Any, alone: Any = None, follow: Any = None) -> Units:
    """Those who move, when these people do: themselves, spouses at home, minors.

    Parameters
    ----------
    heads : int64[n], adults, each once; unit k is that of heads[k], unless a couple has two heads
    alone : bool[n], the spouse stays behind; default nobody's does
    follow : bool[n], minors come though another adult could keep them; default all do

    No minor is left in a household without an adult.
    """
    people, n = model.people, len(heads)
    alone = np.zeros(n, np.bool_) if alone is None else alone
    follow = np.ones(n, np.bool_) if follow is None else follow
    adult_age = int(model.parameters.value("demography.coresidence.adult_age"))
    near = near_units(model, heads)
    names: tuple[str, ...] = ("marital", "partner", "household", "death_u")
    mark_couples(heads, alone, *(people[c] for c in names), near.unit)
    names = ("age", "partner", "marital", "mother", "father", "household")
    columns = (people[c] for c in names)
    mark_minors(near.rows, near.ends, *columns, adult_age, follow, near.unit)
    mark_wards(near.rows, near.ends, people["age"], people["id"], adult_age, near.unit)
    return listed(people, near, heads)


@kernel
def list_marked(
    near: Any, heads: Any, alive: Any, death_u: Any, household: Any, unit: Any, rows: Any
) -> int:
    """List the marked ones among those near, then the heads who are not; returns their number.

    Heads who live collectively or die are near nobody.
    """
    n = 0
    for i in near:
        rows[n] = i
        n += unit[i] >= 0
    for i in heads:
        rows[n] = i
        n += (household[i] < 0) | (alive[i] == 0) | (death_u[i] < 1.0)
    return n


def listed(people: Any, near: Near, heads: Any) -> Units:
    """The marked ones among those near, and heads who live collectively or die."""
    rows = np.empty(len(near.rows) + len(heads) + 1, np.int64)
    columns = (people[name] for name in ("alive", "death_u", "household"))
    rows = rows[: list_marked(near.rows, heads, *columns, near.unit, rows)]
    return Units(rows, near.unit[rows].astype(np.int64))


def near_to(model: "SongheModel", heads: Any) -> NDArray[np.int64]:
    """Rows of everyone present in a household of one of the listed people, in rising order."""
    return np.sort(near_units(model, heads).rows)


def near_units(model: "SongheModel", heads: Any, of: Any = None) -> Near:
    """Those near people, who are each listed once; of : int[heads], the unit of each.

    By default units are places in the list.
    """
    people, chains, n = model.people, members(model), len(heads)
    of = np.arange(n) if of is None else of
    touched, heads = np.zeros(model.n_households, np.bool_), np.asarray(heads, np.int64)
    ends, unit = np.empty(n, np.int64), np.empty(people.n, np.int32)
    columns = people["household"], people["death_u"], chains.first, chains.following
    with people.room(np.int32) as rows:
        found = find_near(heads, of, *columns, touched, rows, ends, unit)
        return Near(rows[: found[0]].astype(np.int64), ends[: found[1]], unit)
