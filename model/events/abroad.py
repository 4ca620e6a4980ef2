"""Moves to and from other countries: net migration as the life tables' source has it.

Decides each year who leaves the country and who arrives. The net total and its pattern by
sex and age give one rate for each cell, solved on the people of the cell in a baseline and
kept for scenarios. Where the net flow is out, each member of a family brings an equal part
of the family's chance to leave: with n members it is the mean of their n chances, so that
the total is met and ages blur only within families. Spouses leave together, minors at home
with their parents. Where the net flow is in, unmarried people of the cell have a twin who
arrives: an adult in a household of one, a minor in the household of the one she resembles.
Leaves out gross flows, return of the same person, and kin abroad.

Source: United Nations, World Population Prospects 2024; who leaves together is assumed.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...agents import families, luck
from ...agents.compiled import kernel, rule
from ...parameters.dims import AGES, PROVINCES, RESIDENCES, SEXES
from ...parameters.load import Parameters
from ..moving_units import MARRIED, Units, keeper, listed, mark_minors, mark_wards, near_units
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

OUT, IN = 0, 1  # lanes of the call
N_COHORTS = len(AGES) + 1  # completed age at the opening, the newborns of the year first
NET = "net_migration_international"
COHORTS, OLDEST = np.int16(N_COHORTS), np.int16(AGES[-1])
CODED = 4096  # rows whose codes or flags stay in the nearest cache
PER_CELL = 2**16  # numbers of arrivals kept for each cell in a year
COPIED: tuple[str, ...] = (
    "sex",
    "age",
    "birth_month",
    "education",
    "enrolled",
    "marital",
    "adl",
    "adl_next",
)
COPIED += ("province", "residence")


def net_by_cohort(p: Parameters, year: int) -> Array:
    """Persons gained in a year by sex and completed age at its opening, float64[2, 102].

    The newborns of the year come first. Half of those who move at age x were x at the
    opening, half x - 1.
    """
    total = float(p.year("demography.migration_international.net_total", year))
    pattern = np.asarray(p.year("demography.migration_international.age_pattern", year))
    half = 0.5 * 1000.0 * total * pattern / pattern.sum()
    net = np.zeros((len(SEXES), N_COHORTS))
    net[:, :-1] += half
    net[:, 1:] += half
    return net


@rule
def decider(i: int, age: Any, mother: Any, father: Any, household: Any, adult_age: int) -> int:
    """Who would leave with a person at the head: a minor's parent at home, else herself."""
    if age[i] + 1 >= adult_age:
        return i
    d = keeper(i, mother, father, household)
    return d if d >= 0 and age[d] + 1 >= adult_age else i


@rule
def stays_alive(i: int, alive: Any, death_u: Any) -> Any:
    """Whether a person is alive and lives through the year."""
    return alive[i] == 1 and death_u[i] >= 1.0


@rule
def may_go(d: int, partner: Any, alive: Any, death_u: Any) -> Any:
    """Whether the head and the spouse both live through the year."""
    j = partner[d]
    return stays_alive(d, alive, death_u) and (j < 0 or stays_alive(j, alive, death_u))


@kernel
def code_cohorts(age: Any, sex: Any, marital: Any, alive: Any, death_u: Any, code: Any) -> None:
    """Cohort, whether married and whether one lives through the year, as one number."""
    for i in range(age.size):
        lives = (alive[i] == 1) & (death_u[i] >= np.float32(1.0))
        cohort = np.int16(sex[i]) * COHORTS + min(np.int16(age[i]), OLDEST) + np.int16(1)
        code[i] = (cohort * np.int16(2) + (marital[i] == MARRIED)) * np.int16(2) + lives


@kernel
def count_cohorts(age: Any, sex: Any, marital: Any, alive: Any, death_u: Any, counts: Any) -> None:
    """Count people by `code_cohorts`; counts : int64[2, codes], to be added up.

    Codes by the block, since they are written many at a time; two counts in turn.
    """
    code = np.empty(CODED, np.int16)
    for low in range(0, age.size, CODED):
        rows = slice(low, min(low + CODED, age.size))
        code_cohorts(age[rows], sex[rows], marital[rows], alive[rows], death_u[rows], code)
        for i in range(rows.stop - low):
            counts[np.uint32(i) & np.uint32(1), np.uint32(code[i])] += 1


@kernel
def sift(ids: Any, call: Any, year: Any, low: Any, high: Any, out: Any, in_: Any, rows: Any) -> int:
    """List those whose two words are below these bounds; returns their number.

    The words are made and forgotten by the block, one flag is kept of both. Flags are looked
    at eight at a time: few are set.
    """
    n, word, half = 0, np.uint64(0xFFFFFFFF), np.uint64(32)
    flags = np.zeros(CODED, np.uint8)
    for begin in range(0, ids.size, CODED):
        some = ids[begin : begin + CODED]
        for i in range(some.size):
            u = luck.philox(some[i] & word, some[i] >> half, year, call, low, high)
            flags[i] = (u[OUT] < out) | (u[IN] < in_)
        flags[some.size :] = 0
        eights = flags.view(np.uint64)
        for k in range(eights.size):
            if eights[k] != 0:
                for i in range(8 * k, 8 * k + 8):
                    rows[n] = begin + i
                    n += flags[i]
    return n


@kernel
def find_deciders(
    rows: Any, age: Any, alive: Any, death_u: Any, partner: Any, mother: Any, father: Any,
    household: Any, id: Any, adult_age: int, heads: Any,
) -> None:  # fmt: skip
    """Head of the unit of each candidate, -1 where it may not go; of a couple the least id."""
    for k in range(rows.size):
        d = decider(rows[k], age, mother, father, household, adult_age)
        j = partner[d]
        if not may_go(d, partner, alive, death_u):
            heads[k] = -1
        else:
            heads[k] = j if j >= 0 and id[j] < id[d] else d


def exposed(people: Any) -> tuple[Any, Any]:
    """People who may leave, and unmarried people, by sex and cohort; int64[2, 102] each.

    Who has a spouse who dies in the year may not leave.
    """
    counts = np.zeros((2, len(SEXES) * N_COHORTS * 4), np.int64)
    names: tuple[str, ...] = ("age", "sex", "marital", "alive", "death_u")
    count_cohorts(*(people[c] for c in names), counts)
    living = counts.sum(axis=0).reshape(len(SEXES), N_COHORTS, 2, 2)[..., 1]
    going, single = living.sum(axis=2), living[..., 0].copy()
    single[:, 0] = 0
    dying = np.flatnonzero(people["death_u"] < 1.0)
    left = people["partner"][dying[people["alive"][dying] == 1]]
    left = left[left >= 0]
    left = left[people["death_u"][left] >= 1.0]
    np.subtract.at(going, (people["sex"][left], cohort_of(people, left)), 1)
    return going, single


def rates(model: "SongheModel") -> Array:
    """Net gain per person and year by sex and cohort, float64[2, 102].

    Below zero per person who may leave, above per unmarried person. What a cell without
    people should give is shared among the cells of the same sign.
    """
    going, single = exposed(model.people)
    net = net_by_cohort(model.parameters, model.year) / model.weight
    newborns = np.maximum(net[:, 0], 0.0)
    net[:, 1] += newborns
    net[:, 0] -= newborns
    out: Array = np.zeros_like(net)
    for sign, people in ((-1.0, going), (1.0, single)):
        wanted = np.maximum(sign * net, 0.0)
        reached = wanted[people > 0].sum()
        if reached > 0.0:
            share = wanted / np.maximum(people, 1) * (wanted.sum() / reached)
            out += sign * np.where(people > 0, np.minimum(share, 1.0), 0.0)
    return out


def cohort_of(people: Any, rows: Rows) -> Any:
    """Completed age at the opening and one, newborns 0; int64[n]."""
    return np.minimum(people["age"][rows].astype(np.int64), AGES[-1]) + 1


def adult_age(model: "SongheModel") -> int:
    """Age from which a person decides."""
    return int(model.parameters.value("demography.coresidence.adult_age"))


def apply(model: "SongheModel") -> None:
    """Let people leave, then let others arrive."""
    people = model.people
    rate = np.asarray(model.constants.get("abroad", lambda: rates(model), aligned=True))
    rows = candidates(model, rate)
    u = luck.uniforms(people["id"][rows], luck.Call.ABROAD, model.year, model.key)
    here = rate[people["sex"][rows], cohort_of(people, rows)]
    out = u[OUT] < -here
    single = (people["marital"][rows] != MARRIED) & (people["age"][rows] >= 0)
    donors = rows[(u[IN] < here) & single]
    leave(model, rows[out], u[OUT][out] / -here[out])
    arrive(model, donors)


def candidates(model: "SongheModel", rate: Array) -> Rows:
    """Living people whose luck is below the highest rate out or in, among them all who move."""
    people = model.people
    most = (np.uint64(np.ceil(max(x, 0.0) * 2.0**32)) for x in (-rate.min(), rate.max()))
    address = np.uint32(luck.Call.ABROAD), np.uint32(model.year), *model.key
    with people.room(np.int32) as room:
        rows = room[: sift(people["id"], *address, *most, room)].copy()
    rows = rows[(people["alive"][rows] == 1) & (people["death_u"][rows] >= 1.0)]
    return np.asarray(rows, np.int64)


def leave(model: "SongheModel", candidates: Rows, position: Array) -> None:
    """Take those out of the country whose whole unit goes.

    position : float64[n] in (0, 1), of each candidate's uniform below the own chance; the
        unit goes if it lies in the first of as many parts as the unit has members, and stays if
        one of them would leave a spouse
    """
    people = model.people
    heads = np.empty(len(candidates), np.int64)
    names: tuple[str, ...] = (
        "age",
        "alive",
        "death_u",
        "partner",
        "mother",
        "father",
        "household",
        "id",
    )
    find_deciders(candidates, *(people[c] for c in names), adult_age(model), heads)
    free = heads >= 0
    position, heads = position[free], heads[free]
    leaders, unit = np.unique(heads, return_inverse=True)
    size = np.bincount(together(model, leaders, wards=False).unit, minlength=len(leaders))
    going = np.unique(heads[position * size[unit] < 1.0])
    rows = with_spouses(people, together(model, going, wards=True))
    count(model, rows, -1)
    families.depart(people, rows)


def together(model: "SongheModel", heads: Rows, *, wards: bool) -> Units:
    """Those who leave with each head: the spouse wherever he lives, minors at home.

    wards : also minors who would be left without an adult
    """
    people = model.people
    spouses = people["partner"][heads].astype(np.int64)
    married = spouses >= 0
    adults = np.concatenate((heads, spouses[married]))
    units = np.concatenate((np.arange(len(heads)), np.flatnonzero(married)))
    near = near_units(model, adults, units)
    of_age, follow = adult_age(model), np.ones(len(heads), np.bool_)
    mark_minors(people, near, of_age, follow)
    if wards:
        mark_wards(near.rows, near.ends, people["age"], people["id"], of_age, near.unit)
    return listed(people, near, adults)


def with_spouses(people: Any, units: Units) -> Rows:
    """Those of units in which nobody leaves a spouse, as a married minor does who lives apart."""
    order = np.argsort(units.rows)
    spouse = people["partner"][units.rows]
    at = order[np.searchsorted(units.rows, spouse, sorter=order) % max(len(order), 1)]
    along = (units.rows[at] == spouse) & (units.unit[at] == units.unit)
    parted = units.unit[(spouse >= 0) & ~along]
    return np.asarray(units.rows[~np.isin(units.unit, parted)])


def arrive(model: "SongheModel", donors: Rows) -> None:
    """Bring in a twin of each donor, without kin, at the donor's place."""
    people = model.people
    order = np.lexsort((people["id"][donors], people["age"][donors], people["sex"][donors]))
    donors = donors[order]
    cell = people["sex"][donors].astype(np.int64) * N_COHORTS + people["age"][donors] + 1
    within = np.arange(len(donors)) - np.searchsorted(cell, cell)
    if len(within) and within.max() >= PER_CELL:
        raise ValueError(f"{within.max() + 1} arrivals of one sex and age: at most {PER_CELL}")
    ids = luck.arrival_ids(model.year, cell * PER_CELL + within)
    values = {name: people[name][donors] for name in COPIED}
    homes_of, kinds = people["household"][donors], people["collective"][donors]
    rows = people.append(len(donors), id=ids, **values)
    minor = people["age"][rows] + 1 < adult_age(model)
    guest = minor & (homes_of >= 0)
    families.join_household(people, rows[guest], homes_of[guest])
    for kind in np.unique(kinds[minor & ~guest]):
        families.enter_collective(people, rows[minor & ~guest & (kinds == kind)], int(kind))
    own = rows[~minor]
    families.join_household(people, own, families.new_households(model, len(own)))
    count(model, rows, 1)


def count(model: "SongheModel", rows: Rows, sign: int) -> None:
    """Add people to the year's net international migration, or take them off."""
    people = model.people
    flows = np.zeros((len(PROVINCES), len(RESIDENCES), len(SEXES)), np.int64)
    place = people["province"][rows], people["residence"][rows], people["sex"][rows]
    np.add.at(flows, place, sign)
    model.tally.add(NET, flows)


STEP = Step(
    "abroad",
    reads=(
        "id", "age", "sex", "marital", "alive", "death_u", "partner", "mother", "father",
        "household", "collective", "birth_month", "education", "enrolled", "adl", "adl_next",
        "province", "residence",
    ),
    writes=(
        "id", "alive", "partner", "mother", "father", "household", "collective",
        "n_living_children", "age", "sex", "marital", "birth_month", "education", "enrolled",
        "adl", "adl_next", "province", "residence",
    ),
    apply=apply,
)  # fmt: skip
