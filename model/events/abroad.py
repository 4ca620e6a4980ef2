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
BLOCK = 16_384  # rows
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
def cohort_of(sex: Any, age: Any) -> Any:
    """Position of a cohort in a table [sex, cohort], newborns first."""
    return sex * np.int64(N_COHORTS) + min(np.int64(age), np.int64(100)) + 1


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
def count_cohorts(
    age: Any, sex: Any, marital: Any, alive: Any, death_u: Any, partner: Any, going: Any,
    single: Any,
) -> None:  # fmt: skip
    """People who may leave, and unmarried people, by sex and cohort; int64[2 x 102] each.

    Who has a spouse who dies in the year may not leave.
    """
    for i in range(age.size):
        k = np.uint32(cohort_of(sex[i], age[i]))
        here = (alive[i] == 1) & (death_u[i] >= 1.0)
        going[k] += here
        single[k] += here & (marital[i] != MARRIED) & (age[i] >= 0)
    for i in range(age.size):
        if death_u[i] < 1.0 and alive[i] and partner[i] >= 0:
            j = partner[i]
            going[cohort_of(sex[j], age[j])] -= stays_alive(j, alive, death_u)


@kernel
def find_candidates(
    age: Any, sex: Any, marital: Any, alive: Any, death_u: Any, u: Any, rate: Any, leaving: Any,
    donors: Any,
) -> tuple[int, int]:  # fmt: skip
    """List those whose luck lets them leave, and those whose twin arrives; their numbers.

    u : uint32[4, people]; rate : float64[2 x 102], net gain per person and year
    A uniform is never below a rate of the other sign, so that nearly everybody passes one test.
    """
    n, m = 0, 0
    for i in range(age.size):
        r = rate[np.uint32(cohort_of(sex[i], age[i]))]
        out, in_ = luck.unit(u[OUT, i]) < -r, luck.unit(u[IN, i]) < r
        if (out | in_) and stays_alive(i, alive, death_u):
            if out:
                leaving[n] = i
                n += 1
            elif age[i] >= 0 and marital[i] != MARRIED:
                donors[m] = i
                m += 1
    return n, m


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


def rates(model: "SongheModel") -> Array:
    """Net gain per person and year by sex and cohort, float64[2, 102].

    Below zero per person who may leave, above per unmarried person. What a cell without
    people should give is shared among the cells of the same sign.
    """
    people = model.people
    going, single = np.zeros((2, len(SEXES) * N_COHORTS), np.int64)
    names: tuple[str, ...] = ("age", "sex", "marital", "alive", "death_u", "partner")
    count_cohorts(*(people[c] for c in names), going, single)
    net = net_by_cohort(model.parameters, model.year) / model.weight
    newborns = np.maximum(net[:, 0], 0.0)
    net[:, 1] += newborns
    net[:, 0] -= newborns
    out: Array = np.zeros_like(net)
    for sign, counts in ((-1.0, going), (1.0, single)):
        exposed = counts.reshape(net.shape)
        wanted = np.maximum(sign * net, 0.0)
        reached = wanted[exposed > 0].sum()
        if reached > 0.0:
            share = wanted / np.maximum(exposed, 1) * (wanted.sum() / reached)
            out += sign * np.where(exposed > 0, np.minimum(share, 1.0), 0.0)
    return out


def adult_age(model: "SongheModel") -> int:
    """Age from which a person decides."""
    return int(model.parameters.value("demography.coresidence.adult_age"))


def apply(model: "SongheModel") -> None:
    """Let people leave, then let others arrive."""
    people = model.people
    rate = np.asarray(model.constants.get("abroad", lambda: rates(model), aligned=True))
    leaving, donors = candidates_of(model, rate)
    cohort = np.minimum(people["age"][leaving].astype(np.int64), AGES[-1]) + 1
    chance = -rate[people["sex"][leaving], cohort]
    u = luck.uniforms(people["id"][leaving], luck.Call.ABROAD, model.year, model.key)
    leave(model, leaving, u[OUT] / chance)
    arrive(model, donors)


def candidates_of(model: "SongheModel", rate: Array) -> tuple[Rows, Rows]:
    """Rows of those whose luck lets them leave, and of those whose twin arrives.

    By blocks: words of luck for everybody at once would not stay in the cache.
    """
    people = model.people
    names: tuple[str, ...] = ("age", "sex", "marital", "alive", "death_u")
    columns = [people[c] for c in names]
    u = np.empty((4, BLOCK), np.uint32)
    rows = np.empty((2, BLOCK), np.int64)
    found: tuple[list[Rows], list[Rows]] = ([], [])
    for first in range(0, people.n, BLOCK):
        block = slice(first, first + BLOCK)
        luck.fill(people["id"][block], luck.Call.ABROAD, model.year, model.key, u)
        counts = find_candidates(*(c[block] for c in columns), u, rate.ravel(), *rows)
        for side, some, n in zip(found, rows, counts, strict=True):
            side.append(some[:n] + first)
    return np.concatenate(found[OUT]), np.concatenate(found[IN])


def leave(model: "SongheModel", candidates: Rows, position: Array) -> None:
    """Take those out of the country whose whole unit goes.

    position : float64[n] in (0, 1), of each candidate's uniform below the own chance; the
        unit goes if it lies in the first of as many parts as the unit has members
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
    rows = together(model, going, wards=True).rows
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
    near, unit = near_units(model, adults, units)
    names: tuple[str, ...] = ("age", "partner", "marital", "mother", "father", "household")
    follow = np.ones(len(heads), np.bool_)
    mark_minors(near, *(people[c] for c in names), adult_age(model), follow, unit)
    if wards:
        names = ("age", "household", "id")
        mark_wards(near, *(people[c] for c in names), adult_age(model), unit)
    return listed(people, near, unit, adults)


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
    rows = people.append(len(donors), id=ids, sibship=ids, **values)
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
        "id", "sibship", "alive", "partner", "mother", "father", "household", "collective",
        "n_living_children", "age", "sex", "marital", "birth_month", "education", "enrolled",
        "adl", "adl_next", "province", "residence",
    ),
    apply=apply,
)  # fmt: skip
