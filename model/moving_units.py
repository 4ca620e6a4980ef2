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
from ..agents.members import list_members, members
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
def list_homes(heads: Any, household: Any, touched: Any, numbers: Any) -> int:
    """List the households of some people, each once; returns how many there are.

    touched : bool[households + 1], false before but for the last place, which answers for -1
    numbers : int32[heads + 1], out
    """
    n = 0
    for k in range(heads.size):
        h = household[heads[k]]
        numbers[np.uint32(n)] = h
        n += not touched[h]
        touched[h] = True
    return n


@kernel
def gather_present(
    members: Any, at: Any, death_u: Any, heads: Any, of: Any, rows: Any, ends: Any, unit: Any
) -> None:
    """Put those together who are present in one household, and write the units of the heads.

    members, at : as of `list_members`; ends : int64[households], 0 before
    rows : int64, as many as members; rows, ends, unit : as of `Near`, out
    """
    for k in range(members.size):
        i = np.uint32(members[k])
        unit[i] = -1
        ends[np.uint32(at[k])] += death_u[i] >= 1.0
    n = 0
    for k in range(ends.size):
        ends[k], n = n, n + ends[k]
    for k in range(members.size):
        i, home = np.uint32(members[k]), np.uint32(at[k])
        if death_u[i] >= 1.0:
            rows[ends[home]] = i
            ends[home] += 1
    for k in range(heads.size):
        unit[heads[k]] = of[k]


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


@kernel
def list_minors(near: Any, ends: Any, age: Any, adult_age: int, minors: Any, adults: Any) -> int:
    """List the minors near, and how many adults each lives with; returns their number.

    near, ends : as of `Near`; minors, adults : int32[near + 1], out
    """
    begin, n = 0, 0
    for end in ends:
        of_age, first = 0, n
        for i in near[begin:end]:
            adult = age[i] + 1 >= adult_age
            minors[np.uint32(n)] = i
            n += not adult
            of_age += adult
        adults[first:n] = of_age
        begin = end
    return n


@kernel
def list_followers(
    minors: Any, adults: Any, age: Any, mother: Any, father: Any, household: Any, adult_age: int,
    unit: Any, parents: Any,
) -> int:  # fmt: skip
    """Keep the minors on the list whose keeper moves and is of age; returns their number.

    minors, adults : as of `list_minors`; parents : int32[minors + 1], out, who that is
    """
    n = 0
    for k in range(minors.size):  # without a branch, as in `find_keepers`
        i, of_age = minors[k], adults[k]
        h, m, f = household[i], mother[i], father[i]
        hers = (m >= 0) & (household[np.uint32(max(m, 0))] == h)
        his = (f >= 0) & (household[np.uint32(max(f, 0))] == h)
        d = np.uint32(m if hers else max(f, 0))
        at = np.uint32(n)
        minors[at], adults[at], parents[at] = i, of_age, d
        n += (hers | his) & (unit[d] >= 0) & (age[d] + 1 >= adult_age)
    return n


@kernel
def mark_followers(
    minors: Any, adults: Any, parents: Any, partner: Any, marital: Any, household: Any,
    follow: Any, unit: Any,
) -> None:  # fmt: skip
    """Write the unit of each minor whose keeper moves with a spouse at home, if there is one.

    follow : bool[units], whether minors come though another adult could keep them
    """
    for k in range(minors.size):
        d = parents[k]
        couple = marital[d] == MARRIED and at_home(d, partner[d], household)
        if couple and unit[partner[d]] != unit[d]:
            continue
        if follow[unit[d]] or adults[k] <= 1 + couple:
            unit[minors[k]] = unit[d]


def mark_minors(people: Any, near: Near, adult_age: int, follow: Any) -> None:
    """Write the unit of each minor who goes along; follow : as of `mark_followers`.

    Only parents' units are read, never a minor's, so the order of rows does not matter.
    """
    minors, adults, parents = np.empty((3, len(near.rows) + 1), np.int32)
    n = list_minors(near.rows, near.ends, people["age"], adult_age, minors, adults)
    names: tuple[str, ...] = ("age", "mother", "father", "household")
    columns = (people[c] for c in names)
    n = list_followers(minors[:n], adults, *columns, adult_age, near.unit, parents)
    names = ("partner", "marital", "household")
    columns = (people[c] for c in names)
    mark_followers(minors[:n], adults, parents, *columns, follow, near.unit)


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
    mark_minors(people, near, adult_age, follow)
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
    heads, unit = np.asarray(heads, np.int64), np.empty(people.n, np.int32)
    touched, numbers = np.zeros(model.n_households + 1, np.bool_), np.empty(n + 1, np.int32)
    touched[-1] = True
    numbers = numbers[: list_homes(heads, people["household"], touched, numbers)]
    ends = np.zeros(len(numbers), np.int64)
    with people.room(np.int32) as some, people.room(np.int32) as at:
        size = list_members(numbers, chains.first, chains.following, some, at)
        rows = np.empty(size, np.int64)
        gather_present(some[:size], at, people["death_u"], heads, of, rows, ends, unit)
    return Near(rows[: ends[-1] if len(ends) else 0], ends, unit)
