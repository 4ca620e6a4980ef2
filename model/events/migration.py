"""Moves inside the country: to other provinces, to town, to the countryside.

Decides each year who moves, where to and with whom, for everyone of age who decides for a
household or for herself; spouses and minors follow or stay; couples who live apart may come
together. A mover joins a parent who lives there, goes to housing of the employer, shares
lodgings or founds a household. Villages become towns with everyone in them. Up to 2015 two
constants, on moves from countryside to town and on reclassification, meet the urban share in
expected values; later each keeps the mean of its last three years. Flows are fitted to net
changes of 2000-2010, no table of flows is at hand. Leaves out household registration, wages,
and moves of parents to children (see household).
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import families, luck
from ...agents.columns import WORKS
from ...agents.compiled import kernel, rule
from ...agents.frame import listed, parts
from ...agents.members import members
from .. import homes
from ..lodgings import find, shares_lodgings
from ..migration_rules import (
    N_AGES,
    RURAL,
    SHAPE,
    URBAN,
    Hazards,
    choose,
    expected_gain,
    factor_for,
    hazards,
    moving,
    of_cells,
)
from ..moving_units import (
    MALE,
    MARRIED,
    Counts,
    Units,
    at_home,
    count,
    expected_sizes,
    family_units,
    free_to_join,
)
from ..numbers import Numbers
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
Codes = NDArray[np.uint8]
Words = NDArray[np.uint32]

STAYS, TO_TOWN, TO_COUNTRY = 255, 62, 63  # move_to; the province is chosen afterwards
LAST_ALIGNED = 2015
LANE = 2
OLDEST = np.int16(N_AGES - 1)
LODGES, SPOUSE_STAYS, CHILDREN_FOLLOW, COLLECTIVE = 0, 1, 2, 3  # lanes of the call of movers
TOGETHER, AT_HERS = 0, 1  # lanes of the call of couples apart
ROUNDS = 50  # of halving
N_CALLS = 8  # calls of four uniforms, one uniform for each province
MOVES_KIND, RECLASSIFIED_KIND = "moves", "reclassified"
NO_ID = np.uint64(2**64 - 1)
CODED = 4096  # rows whose codes stay in the nearest cache
GAIN = "moves_to_towns"  # yearly count: what towns gain by moves, agents


class MigrationRules(NamedTuple):
    """Hazards as a product, with the constant of the year in those to town; see `migrate`."""

    person: Array  # sex, married, age, education
    back: Array  # age
    place: Array  # province, residence, residence of arrival
    below: Words  # sex, married, residence, age: words from here on do not move to town
    above: Words  # up to here they do not move to the countryside


@rule
def group_of(sex: Any, marital: Any, residence: Any, age: Any) -> Any:
    """Position in the bounds on luck of those whose hazards lie near each other."""
    group = np.int16(sex) * np.int16(2) + (marital == MARRIED)
    group = group * np.int16(2) + np.int16(residence)
    return group * np.int16(N_AGES) + min(max(np.int16(age), np.int16(0)), OLDEST)


@kernel
def sift(
    age: Any, sex: Any, marital: Any, residence: Any, words: Any, below: Any, above: Any, rows: Any
) -> int:
    """List those whose word lies beyond a bound of their group; returns their number."""
    group = np.empty(age.size, np.int16)
    for i in range(age.size):
        group[i] = group_of(sex[i], marital[i], residence[i], age[i])
    n = 0
    for i in range(age.size):
        k = np.uint32(group[i])
        rows[n] = i
        n += (words[i] < below[k]) | (words[i] > above[k])
    return n


@kernel
def migrate(
    age: Any, sex: Any, marital: Any, education: Any, province: Any, residence: Any,
    move_to: Any, u: Any, r: MigrationRules,
) -> None:  # fmt: skip
    """Write who moves, to town or to the countryside.

    One uniform: below the chance of moving to town, or above one less that of moving to the
    countryside, so that a change in one chance swaps nobody between the two. Bounds of groups
    pass over most people first.
    """
    move_to[:] = STAYS
    rows = np.empty(age.size + 1, np.int32)
    for k in range(sift(age, sex, marital, residence, u[LANE], r.below, r.above, rows)):
        i = rows[k]
        x = min(max(age[i], 0), 100)
        h = r.person[sex[i], np.int64(marital[i] == MARRIED), x, education[i]]
        town = h * r.place[province[i], residence[i], 0]
        country = h * r.place[province[i], residence[i], 1] * r.back[x]
        v = luck.unit(u[LANE, i])
        if v < town or v > 1.0 - country:  # a chance is less than its hazard
            to_town, to_country = moving(town, country)
            if v < to_town:
                move_to[i] = TO_TOWN
            elif v > 1.0 - to_country:
                move_to[i] = TO_COUNTRY


def bounds(person: Array, back: Array, place: Array) -> tuple[Words, Words]:
    """Words beyond which somebody of a group may move, uint32[groups] each."""
    most = person.max(axis=3)[:, :, None]  # sex, married, 1, age
    there = place.max(axis=0)[:, :, None]  # residence, residence of arrival, 1
    town, country = most * there[:, URBAN], most * there[:, RURAL] * back
    last = 2.0**32 - 1.0
    below = np.ceil(town * 2.0**32).clip(0.0, last)
    above = np.floor((1.0 - country) * 2.0**32 - 1.0).clip(0.0, last)
    return below.astype(np.uint32).ravel(), above.astype(np.uint32).ravel()


@lru_cache(maxsize=4)
def _hazards(numbers: Numbers) -> Hazards:
    return hazards(numbers.p)


def prepare(model: "SongheModel") -> MigrationRules:
    """Hazards of the year at its constant."""
    h = _hazards(Numbers(model.parameters))
    constant = model.constants.get(
        "urban", lambda: solve_moves(model, h), aligned=model.year <= LAST_ALIGNED
    )
    place = h.place.copy()
    place[:, RURAL, URBAN] *= np.exp(constant[0])
    return MigrationRules(h.person, h.back, place, *bounds(h.person, h.back, place))


def value(model: "SongheModel", name: str) -> float:
    """A number of `migration_internal.yaml`."""
    return float(model.parameters.value(f"demography.migration_internal.{name}"))


def target(model: "SongheModel") -> float:
    """Urban share at the end of the year."""
    return float(model.parameters.year("demography.targets.urban_share", model.year))


def solve_moves(model: "SongheModel", h: Hazards) -> Array:
    """Log factor on moves to town, and the expected gain of towns by moves, per person.

    Moves make up what the urban share lacks at the opening, less the part that is
    reclassified.
    """
    adult_age = int(model.parameters.value("demography.coresidence.adult_age"))
    counts = count(model.people, model.n_households, adult_age)
    wanted = target(model) * counts.total - counts.urban
    wanted -= value(model, "share_reclassified") * max(wanted, 0.0)
    reunited = reunion_gain(model, counts)
    sizes = expected_sizes(counts, value(model, "worker_alone"), value(model, "children_follow"))
    used = np.flatnonzero(sizes != 0.0)
    cells = (sizes[used], *of_cells(h, used))
    level = factor_for(wanted - reunited, *cells)
    gain = expected_gain(*cells, level)[0] + reunited
    return np.array([level, gain / counts.total])


def reunion_gain(model: "SongheModel", counts: Counts) -> float:
    """Expected gain of towns from couples who come together, persons."""
    chance, hers = value(model, "reunion"), value(model, "reunion_at_hers")
    gain = 0.0
    for wife, husband, sign in ((RURAL, URBAN, 1.0), (URBAN, RURAL, -1.0)):
        couples, with_her, with_him = counts.apart[wife, husband]
        gain += sign * ((1 - hers) * (couples + with_her) - hers * (couples + with_him))
    return chance * gain


@kernel
def find_heads(
    rows: Any, sex: Any, marital: Any, alive: Any, death_u: Any, partner: Any, household: Any,
) -> int:  # fmt: skip
    """Keep those on the list of movers who decide; returns their number.

    The wife at home follows her husband's decision; couples apart come together or not.
    """
    n = 0
    for i in rows:
        if not alive[i] or death_u[i] < 1.0:
            continue
        j = partner[i]
        if marital[i] == MARRIED and j >= 0 and (sex[i] or not at_home(i, j, household)):
            continue
        rows[n] = i
        n += 1
    return n


@kernel
def list_wives(sex: Any, partner: Any, rows: Any) -> int:
    """List the women with a living husband; returns their number."""
    n = np.uint32(0)
    for i in range(sex.size):
        rows[n] = i
        n += (sex[i] == 1) & (partner[i] >= 0)
    return int(n)


@kernel
def find_apart(
    wives: Any, marital: Any, alive: Any, death_u: Any, partner: Any, household: Any,
    collective: Any, rows: Any,
) -> int:  # fmt: skip
    """List wives whose husband lives elsewhere, neither in a care home; returns their number."""
    some = 0
    for k in range(wives.size):  # few couples live apart: without a branch to find them
        i = np.uint32(wives[k])
        h = household[i]
        rows[np.uint32(some)] = i
        some += (h < 0) | (household[np.uint32(partner[i])] != h)
    n = 0
    for i in rows[:some]:
        j = partner[i]
        rows[n] = i
        live = alive[i] and death_u[i] >= 1.0 and alive[j] and death_u[j] >= 1.0
        n += live and marital[i] == MARRIED and free_to_join(i, j, collective)
    return n


class Plan(NamedTuple):
    """One entry for each unit: who leads it, where it goes, whom it joins (-1: nobody).

    lodges : in (0, 1), whether people alone share a home, and with whom; the married, whether
        they join parents
    """

    heads: Rows
    alone: Flags
    follow: Flags
    province: Codes
    residence: Codes
    host: Rows
    collective: Flags
    lodges: Array


def apply(model: "SongheModel") -> None:
    """Carry out all moves of the year and the reunions of couples apart."""
    people = model.people
    plans: tuple[Any, ...] = movers(model), reunions(model)
    plan = Plan(*(np.concatenate(parts) for parts in zip(*plans, strict=True)))
    units = family_units(model, plan.heads, plan.alone, plan.follow)
    house_hosts(model, plan.host)
    before = int((people["residence"][units.rows] == URBAN).sum())
    arrive(model, plan, units)
    after = int((people["residence"][units.rows] == URBAN).sum())
    model.tally.add(GAIN, np.array(after - before))


def movers(model: "SongheModel") -> Plan:
    """Those who decided to move, and how."""
    people = model.people
    names: tuple[str, ...] = ("sex", "marital", "alive", "death_u", "partner", "household")
    rows = listed((people["move_to"] != STAYS).view(np.uint8))
    heads = rows[: find_heads(rows, *(people[c] for c in names))].astype(np.int64)
    towards = (people["move_to"][heads] - TO_TOWN).astype(np.uint8)
    u = homes.uniforms(model, heads, luck.Call.MOVE)
    young = people["age"][heads] + 1 < value(model, "collective_until")
    return Plan(
        heads,
        alone=u[SPOUSE_STAYS] < value(model, "worker_alone"),
        follow=u[CHILDREN_FOLLOW] < value(model, "children_follow"),
        province=destinations(model, heads, towards),
        residence=towards,
        host=np.full(len(heads), -1),
        collective=young & (u[COLLECTIVE] < value(model, "collective")),
        lodges=u[LODGES],
    )


def destinations(model: "SongheModel", heads: Rows, towards: Codes) -> Codes:
    """Province of each mover, by one keyed waiting time for each province."""
    people = model.people
    ids, words = people["id"][heads], np.empty((4 * N_CALLS, len(heads)), np.uint32)
    for k in range(N_CALLS):
        luck.fill(ids, luck.Call.PROVINCE + k, model.year, model.key, words[4 * k : 4 * k + 4])
    origin = people["province"][heads].astype(np.int64) * 2 + people["residence"][heads]
    out = np.empty(len(heads), np.uint8)
    share = _hazards(Numbers(model.parameters)).share
    choose(origin, towards, words, share, out)
    return out


def reunions(model: "SongheModel") -> Plan:
    """Couples apart who come together: one of them moves to where the other lives."""
    people = model.people
    names: tuple[str, ...] = ("marital", "alive", "death_u", "partner", "household", "collective")
    with people.room(np.int32) as room, people.room(np.int32) as rows:
        some = room[: list_wives(people["sex"], people["partner"], room)]
        wives = rows[: find_apart(some, *(people[c] for c in names), rows)].astype(np.int64)
    u = homes.uniforms(model, wives, luck.Call.REUNION)
    joined = u[TOGETHER] < value(model, "reunion")
    wives, at_hers = wives[joined], u[AT_HERS][joined] < value(model, "reunion_at_hers")
    husbands = people["partner"][wives].astype(np.int64)
    host = np.where(at_hers, wives, husbands)
    yes, no = np.ones(len(host), np.bool_), np.zeros(len(host), np.bool_)
    place = people["province"][host], people["residence"][host]
    return Plan(np.where(at_hers, husbands, wives), yes, yes, *place, host, no, np.ones(len(host)))


def house_hosts(model: "SongheModel", host: Rows) -> None:
    """Hosts who live collectively or share lodgings found a household first."""
    host = host[host >= 0]
    some = host[(model.people["household"][host] < 0) | shares_lodgings(model, host)]
    numbers = families.new_households(model, len(some))
    families.join_household(model.people, some, numbers)


def arrive(model: "SongheModel", plan: Plan, units: Units) -> None:
    """Put all movers where they go."""
    people = model.people
    size = np.bincount(units.unit, minlength=len(plan.heads))
    works = plan.collective & (size == 1)
    host = np.where(plan.host >= 0, plan.host, parents_there(model, plan, units))
    lodger = (size == 1) & (host < 0) & ~works
    place = plan.province[lodger], plan.residence[lodger]
    host[lodger] = find(model, plan.heads[lodger], *place, plan.lodges[lodger], units.rows)
    inside = works[units.unit] & (host[units.unit] < 0)
    for some, to_works in ((inside, True), (~inside, False)):
        rows, unit = units.rows[some], units.unit[some]
        place = plan.province[unit], plan.residence[unit]
        if to_works:
            homes.house_together(model, rows, *place, WORKS, MOVES_KIND)
        else:
            own = homes.fresh(model, unit, len(plan.heads))
            joined = people["household"][host[unit]]
            homes.settle(model, rows, np.where(host[unit] >= 0, joined, own), *place, MOVES_KIND)


@kernel
def find_parents(
    heads: Any, joins: Any, to_province: Any, to_residence: Any, mother: Any, father: Any,
    household: Any, death_u: Any, province: Any, residence: Any, moving_too: Any, host: Any,
) -> None:  # fmt: skip
    """Fill `parents_there`, the mother before the father; moving_too : bool[people]."""
    for k in range(heads.size):
        host[k] = -1
        if not joins[k]:
            continue
        for j in (father[heads[k]], mother[heads[k]]):
            if j < 0 or moving_too[j] or household[j] < 0 or death_u[j] < 1.0:
                continue
            if province[j] == to_province[k] and residence[j] == to_residence[k]:
                host[k] = j


def parents_there(model: "SongheModel", plan: Plan, units: Units) -> Rows:
    """A parent whom each mover joins at the new place, or -1; int64[units].

    The unmarried do so where they can, the married as often as new couples do.
    """
    people, heads = model.people, plan.heads
    host = np.empty(len(heads), np.int64)
    joins = (people["marital"][heads] != MARRIED) | (plan.lodges < share_with_parents(model, plan))
    moving_too = np.zeros(people.n, np.bool_)
    moving_too[units.rows] = True
    names = ("mother", "father", "household", "death_u", "province", "residence")
    columns = (people[name] for name in names)
    find_parents(heads, joins, plan.province, plan.residence, *columns, moving_too, host)
    return host


def share_with_parents(model: "SongheModel", plan: Plan) -> Array:
    """Share of married movers who join their parents, float64[units]: that of new couples."""
    sex = model.people["sex"][plan.heads]
    his, hers = (
        model.parameters.array(f"demography.partnership.home_{whose}_parents")[plan.residence]
        for whose in ("his", "her")
    )
    return np.where(sex == MALE, his, hers)


@kernel
def find_eldest(alive: Any, residence: Any, household: Any, id: Any, least: Any, rows: Any) -> int:
    """Least id of each rural household, and a list of the rural who live collectively.

    least : uint64[households + 1], by number + 1, the largest number before
    rows : int64[people + 1], out; returns how many are listed
    People who die later in the year count: their village changes with them in it.
    """
    rural, n = 0, 0
    for i in range(alive.size):  # listed first: without a branch
        rows[np.uint32(rural)] = i
        rural += (alive[i] == 1) & (residence[i] == RURAL)
    for i in rows[:rural]:
        place = np.uint32(household[np.uint32(i)] + 1)
        least[place] = min(least[place], id[np.uint32(i)])
        rows[np.uint32(n)] = i
        n += place == 0
    return n


@kernel
def list_homes(least: Any, homes: Any, ids: Any) -> int:
    """List the rural households and their least ids; returns their number."""
    n = 0
    for place in range(1, least.size):
        homes[n], ids[n] = place - 1, least[place]
        n += least[place] != NO_ID
    return n


@kernel
def list_members(
    homes: Any, u: Any, residence: Any, province: Any, first: Any, following: Any, chance: Any,
    rows: Any,
) -> int:  # fmt: skip
    """List the rural members of households whose luck is below the chance of their province.

    u : float64[homes]; chance : float64[province]; rows : int64[people], out
    """
    n = 0
    for k in range(homes.size):
        i = first[homes[k]]
        while i >= 0:
            if residence[i] == RURAL and u[k] < chance[province[i]]:
                rows[n] = i
                n += 1
            i = following[i]
    return n


def reclassify(model: "SongheModel") -> None:
    """Rural households become urban, each with everybody in it, and collective people one by one.

    A household has the luck of its member of the least id.
    """
    people = model.people
    towns, all_people = people_by_province(people)
    rural = all_people - towns
    room = value(model, "urban_share_highest") * all_people - towns
    most = np.maximum(room, 0.0) / np.maximum(rural, 1)
    constant = model.constants.get(
        "reclassified",
        lambda: solve_reclassified(model, towns, rural, most),
        aligned=model.year <= LAST_ALIGNED,
    )
    rows = reclassified_rows(model, np.minimum(float(constant), most))
    town = np.full(len(rows), URBAN, np.uint8)
    model.record_moves(rows, people["province"][rows], town, RECLASSIFIED_KIND)


@kernel
def code_places(alive: Any, death_u: Any, province: Any, residence: Any, code: Any) -> None:
    """Place and whether one lives through the year, as one number of a byte."""
    for i in range(alive.size):
        lives = (alive[i] == 1) & (death_u[i] >= np.float32(1.0))
        code[i] = (province[i] * np.uint8(2) + residence[i]) * np.uint8(2) + lives


@kernel
def count_places(alive: Any, death_u: Any, province: Any, residence: Any, counts: Any) -> None:
    """Count people by `code_places`; counts : int64[4, codes], to be added up.

    Codes by the block, since they are written eight at a time; four counts in turn, since
    people of one place stand near each other and a count must be stored before it is read.
    """
    code = np.empty(CODED, np.uint8)
    for low in range(0, alive.size, CODED):
        rows = slice(low, min(low + CODED, alive.size))
        code_places(alive[rows], death_u[rows], province[rows], residence[rows], code)
        for i in range(rows.stop - low):
            counts[np.uint32(i) & np.uint32(3), np.uint32(code[i])] += 1


def people_by_province(people: Any) -> tuple[Array, Array]:
    """Urban people and all people who live through the year, float64[province] each."""
    counts = np.zeros((4, SHAPE[0] * 4), np.int64)
    count_places(*(people[c] for c in ("alive", "death_u", "province", "residence")), counts)
    living = counts.sum(axis=0).reshape(SHAPE[0], 2, 2)[..., 1]
    return living[:, URBAN].astype(np.float64), living.sum(axis=1).astype(np.float64)


def solve_reclassified(model: "SongheModel", towns: Array, rural: Array, most: Array) -> float:
    """Yearly chance that meets the urban share, had the moves gone as expected.

    towns, rural : float64[province], people; most : float64[province], the highest chance there
    Births, deaths, weddings and moves of older people count as they came; the luck of the
    moves is left in.
    """
    everyone = towns.sum() + rural.sum()
    lucky = int(model.tally.now[GAIN]) - expected_share(model) * everyone
    wanted = target(model) * everyone - (towns.sum() - lucky)
    low, high = 0.0, 1.0
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        gain = (np.minimum(middle, most) * rural).sum()
        low, high = (middle, high) if gain < wanted else (low, middle)
    return low


def expected_share(model: "SongheModel") -> float:
    """Expected gain of towns by this year's moves, per person; see `solve_moves`."""
    return next(
        float(constant[1])
        for name, year, constant in model.constants.table()
        if name == "urban" and year == model.year
    )


def reclassified_rows(model: "SongheModel", chance: Array) -> Rows:
    """Rows of those whose place becomes a town."""
    people, chains = model.people, members(model)
    least, names = np.full(model.n_households + 1, NO_ID), ("alive", "residence", "household", "id")
    with people.room(np.int32) as rows:
        alone = rows[: find_eldest(*(people[c] for c in names), least, rows)].copy()
    places, links = (people["residence"], people["province"]), (chains.first, chains.following)
    numbers, u = lucky_homes(model, least, chance.max())
    with people.room(np.int32) as rows:
        together = rows[: list_members(numbers, u, *places, *links, chance, rows)].copy()
    u = homes.uniforms(model, alone, luck.Call.RECLASSIFIED)[0]
    return np.concatenate((together, alone[u < chance[people["province"][alone]]]))


def lucky_homes(model: "SongheModel", least: NDArray[np.uint64], most: float) -> tuple[Rows, Array]:
    """Numbers of the households whose luck is below the highest chance, and their luck."""
    homes_of, ids = np.empty(len(least), np.int32), np.empty(len(least), np.uint64)
    found = [(np.empty(0, np.int32), np.empty(0))]
    for part in parts(list_homes(least, homes_of, ids)):
        words = luck.words(ids[part], luck.Call.RECLASSIFIED, model.year, model.key)[0]
        some = np.flatnonzero(luck.unit(words) < most)
        found.append((homes_of[part][some], luck.unit(words[some])))
    numbers, u = (np.concatenate(one) for one in zip(*found, strict=True))
    return numbers, u


STEP = Step(
    "migration",
    columns=("age", "sex", "marital", "education", "province", "residence", "move_to"),
    reads=("age", "sex", "marital", "education", "province", "residence"),
    writes=("move_to",),
    kernel=migrate,
    prepare=prepare,
    call=luck.Call.PERSON,
)
MOVES = Step(
    "moves",
    reads=(
        "id", "move_to", "age", "sex", "marital", "alive", "death_u", "partner", "mother",
        "father", "household", "collective", "province", "residence",
    ),
    writes=("household", "collective", "province", "residence"),
    apply=apply,
)  # fmt: skip
RECLASSIFICATION = Step(
    "reclassification",
    reads=("id", "alive", "death_u", "household", "province", "residence"),
    writes=("residence",),
    apply=reclassify,
)
