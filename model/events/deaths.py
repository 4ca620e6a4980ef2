"""Deaths of the year: who is taken out of families, and who cares for orphans.

Counts everyone whose time of death falls in the year, widows the living spouse, and finds a
home for minors whose household is left without an adult: a parent who lives elsewhere, a
grandparent, a grown sibling, a parent who then leaves collective living, or else a
children's home. Leaves out inheritance, and guardians beyond these kin.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...agents import families
from ...agents.columns import CARE_HOME
from ...agents.compiled import kernel, rule
from ...agents.frame import listed
from ...agents.members import list_members, members
from ...agents.sibships import Sibships, mother_id, mother_ids
from ...parameters.dims import AGES, PROVINCES, RESIDENCES, SEXES
from ..birth_rules import age_at
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Rows = NDArray[np.int64]

OLDEST = AGES[-1]
NOBODY = -1
MINOR, ADULT = 1, 2  # marks of a home
CODED = 4096  # rows whose codes stay in the nearest cache
SIEVE_BITS = 16
BY_PLACE_SHAPE = (len(PROVINCES), len(RESIDENCES), len(SEXES))
BY_AGE_SHAPE = (len(SEXES), len(AGES))
BY_COHORT_SHAPE = (len(SEXES), len(AGES) + 1)


@kernel
def count_deaths(
    rows: Any, age: Any, birth_month: Any, death_u: Any, sex: Any, province: Any, residence: Any,
    by_place: Any, by_age: Any, by_cohort: Any,
) -> None:  # fmt: skip
    """Add deaths by place, by age at death, and by age at the opening with newborns first."""
    for k in range(rows.size):
        i = rows[k]
        by_place[province[i], residence[i], sex[i]] += 1
        at_death = age_at(age[i], birth_month[i], death_u[i]) if age[i] >= 0 else 0
        by_age[sex[i], min(at_death, OLDEST)] += 1
        by_cohort[sex[i], min(age[i], OLDEST) + 1] += 1


@rule
def is_guardian(i: int, adult_age: int, alive: Any, death_u: Any, age: Any) -> bool:
    """Whether a row is a person who is of age when the year closes and lives then."""
    return bool((i >= 0) & (alive[i] == 1) & (death_u[i] >= 1.0) & (age[i] + 1 >= adult_age))


@kernel
def code_people(alive: Any, death_u: Any, age: Any, adult_age: Any, code: Any) -> None:
    """MINOR or ADULT for each person who outlives the year, else 0."""
    for i in range(alive.size):
        lives = (alive[i] == 1) & (death_u[i] >= np.float32(1.0))
        code[i] = np.uint8(lives) << np.uint8(age[i] >= adult_age - np.int8(1))


@kernel
def mark_homes(
    alive: Any, death_u: Any, age: Any, household: Any, adult_age: Any, living: Any
) -> None:
    """Mark households with a minor, and with an adult, who outlives the year.

    living : uint8[households + 1], by number + 1, zero before; the first answers for -1
    Codes by the block, since they are written many at a time.
    """
    code = np.empty(CODED, np.uint8)
    for low in range(0, alive.size, CODED):
        some = slice(low, min(low + CODED, alive.size))
        home = household[some]
        code_people(alive[some], death_u[some], age[some], adult_age, code)
        for i in range(home.size):
            living[np.uint32(home[i] + 1)] |= code[i]


@kernel
def find_elders(
    orphans: Any, alive: Any, death_u: Any, age: Any, household: Any, mother: Any, father: Any,
    adult_age: int, guardians: Any,
) -> None:  # fmt: skip
    """Write the first parent, else grandparent, of age and in a family household; -1 for none."""
    for k in range(orphans.size):
        i = orphans[k]
        guardians[k] = NOBODY
        parents = (mother[i], father[i])
        for j in parents:
            if guardians[k] < 0 and is_guardian(j, adult_age, alive, death_u, age):
                guardians[k] = j if household[j] >= 0 else NOBODY
        for j in parents:
            if j < 0:
                continue
            for g in (mother[j], father[j]):
                if guardians[k] < 0 and is_guardian(g, adult_age, alive, death_u, age):
                    guardians[k] = g if household[g] >= 0 else NOBODY


@rule
def place_in_sieve(mother: Any) -> Any:
    """A place that is the same for the same mother: most people are passed over by it."""
    return (mother * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - SIEVE_BITS)


@kernel
def find_siblings(
    mothers: Any, sibship: Sibships, alive: Any, death_u: Any, age: Any,
    household: Any, adult_age: int, found: Any,
) -> None:  # fmt: skip
    """Write the grown sibling in a family household with the least id, by mother; -1 for none.

    mothers : ids, uint64[m], sorted, each once
    """
    listed = np.zeros(1 << SIEVE_BITS, np.bool_)
    for k in range(mothers.size):
        listed[place_in_sieve(mothers[k])] = True
    for i in range(alive.size):
        mother = mother_id(sibship.id[i], sibship.number[i])
        if not listed[place_in_sieve(mother)]:
            continue
        if household[i] < 0 or not is_guardian(i, adult_age, alive, death_u, age):
            continue
        k = np.searchsorted(mothers, mother)
        if mother == 0 or k == mothers.size or mothers[k] != mother:
            continue
        if found[k] < 0 or sibship.id[i] < sibship.id[found[k]]:
            found[k] = i


@kernel
def find_parents_in_collectives(
    orphans: Any, alive: Any, death_u: Any, age: Any, collective: Any, mother: Any, father: Any,
    adult_age: int, guardians: Any,
) -> None:  # fmt: skip
    """Where there is no guardian yet, write a parent who can leave collective living."""
    for k in range(orphans.size):
        for j in (mother[orphans[k]], father[orphans[k]]):
            if guardians[k] < 0 and is_guardian(j, adult_age, alive, death_u, age):
                guardians[k] = j if collective[j] != CARE_HOME else NOBODY


def orphans_of(model: "SongheModel") -> Rows:
    """Minors who will be without an adult at home, int64[m]; before the dead are buried."""
    people, chains = model.people, members(model)
    adult_age = np.int8(model.parameters.value("demography.coresidence.adult_age"))
    columns = [people[name] for name in ("alive", "death_u", "age", "household")]
    living = np.zeros(model.n_households + 1, np.uint8)
    mark_homes(*columns, adult_age, living)
    homes = listed((living[1:] == MINOR).view(np.uint8))
    with people.room(np.int32) as rows, people.room(np.int32) as at:
        n = list_members(homes, chains.first, chains.following, rows, at)
        orphans = np.sort(rows[:n]).astype(np.int64)
    return orphans[people["death_u"][orphans] >= 1.0]


def guardians_of(model: "SongheModel", orphans: Rows) -> Rows:
    """Guardian of each orphan, int64[m], -1 for none; before the dead are buried."""
    people = model.people
    adult_age = int(model.parameters.value("demography.coresidence.adult_age"))
    alive = [people[name] for name in ("alive", "death_u", "age")]
    home, parents = people["household"], [people[name] for name in ("mother", "father")]
    guardians = np.empty(len(orphans), np.int64)
    find_elders(orphans, *alive, home, *parents, adult_age, guardians)
    if (guardians < 0).any():
        sibship, lone = Sibships.of(people), guardians < 0
        of_each = mother_ids(people, orphans[lone])
        mothers = np.unique(of_each)
        found = np.full(len(mothers), NOBODY, np.int64)
        find_siblings(mothers, sibship, *alive, home, adult_age, found)
        guardians[lone] = found[np.searchsorted(mothers, of_each)]
        find_parents_in_collectives(
            orphans, *alive, people["collective"], *parents, adult_age, guardians
        )
    return guardians


def house(model: "SongheModel", orphans: Rows, guardians: Rows) -> None:
    """Put orphans with their guardians, at the place of these, or into a children's home."""
    people = model.people
    families.to_childrens_home(people, orphans[guardians < 0])
    orphans, guardians = orphans[guardians >= 0], guardians[guardians >= 0]
    hosts = np.unique(guardians[people["household"][guardians] < 0])
    families.join_household(people, hosts, families.new_households(model, len(hosts)))
    families.join_household(people, orphans, people["household"][guardians])
    province, residence = people["province"][guardians], people["residence"][guardians]
    moves = (people["province"][orphans] != province) | (people["residence"][orphans] != residence)
    model.record_moves(orphans[moves], province[moves], residence[moves])


def apply(model: "SongheModel") -> None:
    """Count the dead, bury them, find homes for the orphans."""
    people = model.people
    rows = listed((people["death_u"] < 1).view(np.uint8)).astype(np.int64)
    rows = rows[people["alive"][rows] == 1]
    names = ("age", "birth_month", "death_u", "sex", "province", "residence")
    by_place = np.zeros(BY_PLACE_SHAPE, np.int64)
    by_age, by_cohort = np.zeros(BY_AGE_SHAPE, np.int64), np.zeros(BY_COHORT_SHAPE, np.int64)
    count_deaths(rows, *(people[name] for name in names), by_place, by_age, by_cohort)
    model.tally.add("deaths", by_place)
    model.tally.add("deaths_by_age", by_age)
    model.tally.add("deaths_by_cohort", by_cohort)
    orphans = orphans_of(model)
    guardians = guardians_of(model, orphans)
    families.bury(people, rows)
    if len(orphans):
        house(model, orphans, guardians)


STEP = Step(
    "deaths",
    reads=(
        "id", "alive", "death_u", "age", "birth_month", "sex", "province", "residence", "partner",
        "mother", "father", "sibship", "household", "collective",
    ),
    writes=(
        "alive", "partner", "marital", "mother", "father", "n_living_children", "household",
        "collective", "province", "residence",
    ),
    apply=apply,
)  # fmt: skip
