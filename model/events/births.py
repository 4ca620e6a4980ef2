"""Births of the year: which women give birth, to whom, and which newborns die.

Decides for every woman of childbearing age whether and when she gives birth, whether of
twins, and for each child its sex and whether it lives to the end of the year. Expected births
equal the age-specific rates of the path on the women there are, by age band; patterns come
from the 2010 census and the base, later years move the level of each band. Leaves out
adoption, stillbirths, the health and income of parents, and weddings brought about by a
pregnancy: women who are not in union have births outside unions and as brides at given shares.

Source: see `fertility.yaml` and `fertility_response.yaml`.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import families, luck
from ...agents.columns import NEVER, THIS_YEAR, Column
from ...agents.compiled import kernel, rule
from ...agents.frame import parts
from ...parameters import dims
from ...parameters.dims import AGES, EDUCATION, PROVINCES, RESIDENCES, SEXES
from ...parameters.load import Parameters
from ...parameters.rates import annual_asfr, annual_survival, infant_years, srb
from .. import birth_parts, family_counts
from ..birth_account import LOWER, age_of, free_of_account, next_account, share_owed
from ..birth_level import (
    BAND_FROM,
    MOST_DEBT,
    births_by_wish,
    by_province,
    chances,
    debt_of,
    entry_into_union,
    exposures,
    log_hazards,
    mean_hazard,
    sex_level,
    solve_fertility,
)
from ..birth_parts import Without
from ..birth_pattern import pattern_table, solve_pattern, women_of
from ..birth_rules import (
    CELLS,
    FIRST_AGE,
    KEY,
    LAST_AGE,
    MARRIED,
    MOST_BORN,
    ORDERS,
    Hazards,
    age_at,
    bears,
    cell_of,
    chance_of_son,
    delivers,
    family_of,
    following,
    hazards_of,
    infant_death,
    is_advanced,
    month_of,
    scaled_chance,
    time_of_birth,
    wait_of,
)
from ..health_table import newborn_q
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

RESPONSE = "demography.fertility_response."
FIRST_YEAR = 2011
MALE, FEMALE = SEXES.index("male"), SEXES.index("female")
OF_WOMEN = (
    "alive", "sex", "age", "marital", "n_children", "n_sons", "since_union", "since_birth",
    "education", "residence", "birth_debt",
)  # fmt: skip
BY_AGE_SHAPE = (len(AGES), len(dims.ORDERS))
PLACES_SHAPE = (len(PROVINCES), len(RESIDENCES), len(SEXES))
CHUNK = 4096  # people whose marks stay in the nearest cache
YOUNG_COUPLES = slice(20 - FIRST_AGE, 35 - FIRST_AGE)  # ages whose mix the debt is solved for

COLUMNS = (
    Column("birth_debt", np.uint8, 0, "years", "births", "left, of a birth advanced by policy"),
)


class Chances(NamedTuple):
    """Chances of a delivery by cell of the listed women, of one year."""

    early: Floats  # at her age of the opening
    late: Floats  # at the next age
    without: Floats  # of both, without policy
    twins: float


class SexRules(NamedTuple):
    """Log odds of a boy, and what newborns die of: chances by sex, years lived."""

    biological: float
    level: float
    other: float
    newborn_q: Floats
    infant_years: float


class Deliveries(NamedTuple):
    """Mothers of the year, one row for each child, in the order of rows."""

    mothers: NDArray[np.int64]
    births_before: NDArray[np.int64]  # children the mother has, a first twin included
    time: NDArray[np.float32]


@rule
def mark_women(alive: Any, sex: Any, age: Any, first: int, last: int, marks: Any) -> None:
    """Mark the women of ages first ... last; marks : uint8[rows or more], out."""
    youngest, oldest = np.int8(first), np.int8(last)  # bytes, as the columns are
    for j in range(age.size):
        fertile = (age[j] >= youngest) & (age[j] <= oldest)
        marks[j] = (alive[j] == np.uint8(1)) & (sex[j] == np.uint8(FEMALE)) & fertile


@kernel
def find_women(alive: Any, sex: Any, age: Any, first: int, last: int, rows: Any) -> int:
    """List the women of ages first ... last; returns their number.

    Marked in a loop that vectorises, and listed without a branch, a chunk at a time.
    rows : int32[people + 1], out
    """
    n, marks = 0, np.empty(CHUNK, np.uint8)
    for low in range(0, alive.size, CHUNK):
        some = slice(low, min(low + CHUNK, alive.size))
        mark_women(alive[some], sex[some], age[some], first, last, marks)
        for j in range(some.stop - low):
            rows[np.uint32(n)] = np.uint32(low + j)
            n += marks[j]
    return n


@rule
def code_cells(
    age: Any, marital: Any, n_children: Any, n_sons: Any, since_union: Any, since_birth: Any,
    education: Any, residence: Any, birth_debt: Any, wait: Any, family: Any, cell: Any,
) -> None:  # fmt: skip
    """Write `cell_of` for some rows, by loops that vectorise; of no meaning but for women.

    wait, family : uint8[rows or more], room; cell : int32[rows or more], out
    """
    for j in range(age.size):
        wait[j] = wait_of(marital[j], n_children[j], since_union[j], since_birth[j])
    for j in range(age.size):
        family[j] = family_of(n_children[j], n_sons[j])
    for j in range(age.size):
        own_age, own = np.int32(age[j]), np.int32(family[j])
        level, place, waits = np.int32(education[j]), np.int32(residence[j]), np.int32(wait[j])
        cell[j] = cell_of(own_age, own, level, place, waits, np.int32(birth_debt[j] > 0))


@kernel
def find_cells(
    alive: Any, sex: Any, age: Any, marital: Any, n_children: Any, n_sons: Any,
    since_union: Any, since_birth: Any, education: Any, residence: Any, birth_debt: Any,
    rows: Any, cells: Any, women: Any,
) -> int:  # fmt: skip
    """List the women at risk and their cells; returns how many they are.

    rows, cells : int32[people + 1], out
    women : int64[age, education, residence, 2], all of these ages, by whether in union; out
    Codes are written for everybody, by the chunk, since that vectorises; women are then listed
    without a branch and counted in two tables in turn.
    """
    n, flat = 0, women.reshape(-1)
    in_turn, here = np.zeros((2, flat.size), np.int64), np.empty(CHUNK + 1, np.uint32)
    wait, family, marks = np.empty((3, CHUNK), np.uint8)
    may, code, cell = (
        np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint16), np.empty(CHUNK, np.int32),
    )  # fmt: skip
    levels, places = np.uint16(women.shape[1]), np.uint16(women.shape[2])
    for low in range(0, alive.size, CHUNK):
        some = slice(low, min(low + CHUNK, alive.size))
        own_age, status, born, since = age[some], marital[some], n_children[some], since_birth[some]
        level, place = education[some], residence[some]
        code_cells(
            own_age, status, born, n_sons[some], since_union[some], since, level, place,
            birth_debt[some], wait, family, cell,
        )  # fmt: skip
        mark_women(alive[some], sex[some], own_age, FIRST_AGE, LAST_AGE, marks)
        for j in range(own_age.size):
            may[j] = (since[j] != np.uint8(0)) & (born[j] <= np.uint8(MOST_BORN))
        for j in range(own_age.size):
            at = (np.uint16(own_age[j]) * levels + np.uint16(level[j])) * places
            joined = np.uint16(status[j] == np.uint8(MARRIED))
            code[j] = (at + np.uint16(place[j])) * np.uint16(2) + joined
        found = 0
        for j in range(own_age.size):
            here[np.uint32(found)] = np.uint32(j)
            found += marks[j]
        for k in range(found):
            j = here[k]
            in_turn[np.uint32(k) & np.uint32(1), code[j]] += 1
            rows[np.uint32(n)], cells[np.uint32(n)] = np.uint32(low) + j, cell[j]
            n += may[j]
    for k in range(flat.size):
        flat[k] += in_turn[0, k] + in_turn[1, k]
    return n


@kernel
def deliver(
    rows: Any, cells: Any, death_u: Any, u: Any, c: Chances, factor: Any, time: Any, twins: Any,
    advanced: Any,
) -> None:  # fmt: skip
    """Write when each listed woman gives birth (or NEVER), of twins, and because of policy.

    factor : on her hazard, for her province; empty where provinces do not differ
    Few women's luck is below their chance; nothing more is looked at for the others.
    """
    for k in range(rows.size):
        time[k], advanced[k] = NEVER, False
        twins[k] = luck.unit(u[2, k]) < c.twins
    for k in range(rows.size):
        cell = np.uint32(cells[k])
        early, late = c.early[cell], c.late[cell]
        if factor.size:
            early = late = 0.5 * scaled_chance(early + late, factor[k])
        chance = luck.unit(u[0, k])
        if chance >= early + late:
            continue
        death = death_u[np.uint32(rows[k])]
        if delivers(chance, early, late, death >= 1.0):
            time[k] = time_of_birth(luck.unit(u[1, k]), death)
        advanced[k] = is_advanced(chance, c.without[cell], early + late)


@kernel
def count_places(
    rows: Any, n_children: Any, province: Any, residence: Any, education: Any, women: Any
) -> None:
    """Count women by order of the next child and place; int64[order, province, residence, ...]."""
    for k in range(rows.size):
        i = rows[k]
        women[min(n_children[i], ORDERS - 1), province[i], residence[i], education[i]] += 1


@kernel
def take_factors(
    rows: Any, n_children: Any, province: Any, residence: Any, education: Any, by_place: Any,
    factor: Any,
) -> None:  # fmt: skip
    """Write the factor of each listed woman; by_place : shape of `count_places`."""
    for k in range(rows.size):
        i = rows[k]
        order = min(n_children[i], ORDERS - 1)
        factor[k] = by_place[order, province[i], residence[i], education[i]]


@kernel
def draw_children(
    u: Any, wishes: Any, birth_u: Any, r: SexRules, sex: Any, month: Any, death_u: Any
) -> None:
    """Write sex, month of birth and death in the year of each child, by its own luck."""
    for k in range(birth_u.size):
        strength = 1.0 if wishes[k] else r.other
        boy = luck.unit(u[0, k]) < chance_of_son(r.biological, strength, r.level)
        sex[k] = MALE if boy else FEMALE
        month[k] = month_of(birth_u[k])
        death_u[k] = NEVER
        if luck.unit(u[1, k]) < r.newborn_q[sex[k]]:
            death_u[k] = infant_death(luck.unit(u[2, k]), birth_u[k], r.infant_years)


@kernel
def count_births(
    mothers: Any, orders: Any, time: Any, sex: Any, age: Any, birth_month: Any, province: Any,
    residence: Any, by_place: Any, by_age: Any,
) -> None:  # fmt: skip
    """Add births by the mother's place and the child's sex, and by the mother's age and order."""
    for k in range(mothers.size):
        i = mothers[k]
        by_place[province[i], residence[i], sex[k]] += 1
        order = min(orders[k], by_age.shape[1]) - 1
        by_age[age_at(age[i], birth_month[i], time[k]), order] += 1


def rates_of(model: "SongheModel") -> tuple[Floats, Floats]:
    """Births per woman-year, and women's survival, by age, of the model's year."""
    years, asfr = annual_asfr(model.parameters)
    survival = annual_survival(model.parameters, model.concept)[1]
    k = model.year - int(years[0])
    return asfr[k], survival[k, FEMALE]


class Plan(NamedTuple):
    """Who may give birth in the year, and by which chances."""

    rows: NDArray[np.int32]
    cells: NDArray[np.int32]
    chances: Chances
    sexes: SexRules
    factor: Floats  # by row, on the hazard; empty where provinces do not differ
    without: Without | None = None  # policy; None where births know of none


NO_FACTOR: Floats = np.empty(0)


def by_age_alone(model: "SongheModel", asfr: Floats) -> Plan:
    """Women, cells and chances where births follow age and nothing else, without twins."""
    people, p = model.people, model.parameters
    early, late = 0.5 * asfr, 0.5 * following(asfr)
    fertile = np.flatnonzero(early + late > 0)
    women = (people[name] for name in ("alive", "sex", "age"))
    first, last = int(fertile[0]), int(fertile[-1])
    with people.room(np.int32) as found:
        rows = found[: find_women(*women, first, last, found)].copy()
    rows = rows[people["n_children"][rows] <= MOST_BORN]
    odds = float(np.log(srb(p, model.year)))
    sexes = SexRules(odds, 0.0, 0.0, newborn_q(p, model.year, model.concept), infant_years(p))
    cells = people["age"][rows].astype(np.int32)
    return Plan(rows, cells, Chances(early, late, early + late, 0.0), sexes, NO_FACTOR)


class Risk(NamedTuple):
    """The women at risk and their numbers."""

    rows: NDArray[np.int32]
    cells: NDArray[np.int32]
    counts: Counts  # [cell]
    everyone: Counts  # [age, education, residence], all women of these ages
    in_union: Counts  # [age]


def women_at_risk(people: Any) -> Risk:
    """List the women at risk, find their cells, count."""
    columns = (people[name] for name in OF_WOMEN)
    women = np.zeros((len(AGES), len(EDUCATION), len(RESIDENCES), 2), np.int64)
    with people.room(np.int32) as found, people.room(np.int32) as coded:
        n = find_cells(*columns, found, coded, women)
        rows, cells = found[:n].copy(), coded[:n].copy()
    counts = np.bincount(cells, minlength=CELLS)
    return Risk(rows, cells, counts, women.sum(axis=3), women[..., 1].sum(axis=(1, 2)))


def wanted_births(risk: Risk, asfr: Floats, survival: Floats) -> Floats:
    """Births that the rates of the year give women of each age band, float64[band]."""
    births = risk.everyone.sum(axis=(1, 2)) * bears(asfr, survival)
    return np.add.reduceat(births[: LAST_AGE + 1], (0, *BAND_FROM[1:]))


def outside_union(p: Parameters) -> float:
    """Share of births to women who are not in union on 1 January."""
    return p.value(KEY + "births_outside_marriage") + p.value(KEY + "bridal_births")


def answers_of(model: "SongheModel", risk: Risk) -> tuple[Floats, Floats]:
    """The response to policy by order, residence and education, and the factor of each row."""
    response, rows = model.birth_response, risk.rows
    if response.ndim < 4:  # no province is promised anything of its own
        return response, NO_FACTOR
    names = ("n_children", "province", "residence", "education")
    columns = [model.people[name] for name in names]
    women, factor = np.zeros(response.shape, np.int64), np.empty(len(rows))
    count_places(rows, *columns, women)
    mean, by_place = by_province(response, women)
    take_factors(rows, *columns, by_place, factor)
    return mean, factor


def terms_of(
    model: "SongheModel", risk: Risk, asfr: Floats, births: float, response: Floats
) -> Hazards:
    """Terms of the log hazard of the year: the pattern solved once, the response to policy."""
    p = model.parameters

    def solve() -> Floats:
        women = women_of(risk.counts, risk.everyone)
        return solve_pattern(p, women, births * (1.0 - outside_union(p)))

    terms = model.constants.get("birth_pattern", solve, aligned=model.year == FIRST_YEAR)
    return hazards_of(p, pattern_table(terms), asfr, response)


def solve_debt(p: Parameters, risk: Risk, terms: Hazards, levels: Floats) -> tuple[float, float]:
    """Debt of mothers of an advanced birth, and share that their cohorts owe in its place."""
    young = risk.everyone[FIRST_AGE : LAST_AGE + 1][YOUNG_COUPLES].sum(axis=0).T
    if young.sum() == 0:
        return 0.0, 0.0
    ages = slice(FIRST_AGE, LAST_AGE + 1)
    entry = entry_into_union(risk.in_union[ages], risk.everyone.sum(axis=(1, 2))[ages])
    hazard = mean_hazard(terms.pattern, terms.later, levels, young)
    rho, years = p.value(RESPONSE + "rho"), int(p.value(RESPONSE + "debt_years"))
    couples = hazard, np.exp(terms.wait), entry
    debt = float(debt_of(*couples, rho, years))
    return (debt, 0.0) if debt < MOST_DEBT else (0.0, float(share_owed(*couples, rho)))


def by_hazard(model: "SongheModel", asfr: Floats, survival: Floats) -> Plan:
    """Women, cells, chances and rules of the full model.

    The debt is solved at the levels that would hold without one, the levels with it.
    """
    p, get = model.parameters, model.constants.get
    risk = women_at_risk(model.people)
    wanted, twins = wanted_births(risk, asfr, survival), p.value(KEY + "twin_share")
    response, factor = answers_of(model, risk)
    terms = terms_of(model, risk, asfr, float(wanted.sum()), response)
    used = np.flatnonzero(risk.counts)
    people, group = np.empty(len(used)), np.empty(len(used), np.int64)
    exposures(used, risk.counts, 0.5 * (1.0 + survival), people, group)
    logs = np.empty((2, len(used)))

    def solve() -> Floats:
        births = wanted / (1.0 + twins)
        return solve_fertility(people, group, logs[1], births, outside_union(p))

    log_hazards(used, terms, logs)
    free = cache(solve)  # asked for up to twice while nobody is in debt
    debt, owed = get("birth_debt", lambda: solve_debt(p, risk, terms, free()), aligned=True)
    lower = model.birth_account[LOWER][age_of(used)]
    in_debt = bool((used % 2 == 1).any() or lower.any())
    free_logs = logs.copy()  # of debt and account
    if in_debt:
        log_hazards(used, terms._replace(debt=float(debt)), logs)
        logs[1] -= lower
    levels = get("fertility", solve if in_debt else free, aligned=True)
    chance, without = np.zeros(CELLS), np.zeros(CELLS)
    shock = shock_of(p, model.year)
    chances(used, group, logs[1] + shock, levels, chance)
    chances(used, group, logs[0] + shock, levels, without)
    if owed > 0.0 or model.birth_account.any():
        with_policy = chance[used]
        parts_of_births = without[used], free_of_account(with_policy, lower), with_policy
        women = risk.everyone[FIRST_AGE : LAST_AGE + 1].sum(axis=(1, 2))
        model.birth_account = next_account(
            model.birth_account, float(owed), age_of(used), people, women, parts_of_births
        )
    plain, answered = without, chance
    if in_debt:
        plain, answered = np.zeros(CELLS), np.zeros(CELLS)
        chances(used, group, free_logs[0] + shock, levels, plain)
        chances(used, group, free_logs[1] + shock, levels, answered)
    couples = np.stack([risk.everyone.sum(axis=(1, 2)) - risk.in_union, risk.in_union], axis=1)
    sexes = sex_rules(model, births_by_wish(used, people, chance))
    half = 0.5 * chance
    chosen = Chances(half, half, without, twins)
    apart = Without(plain, answered, couples)
    return Plan(risk.rows, risk.cells, chosen, sexes, factor, apart)


def shock_of(p: Parameters, year: int) -> float:
    """What moves the births of a single year on top of the path, on the log hazard."""
    given, by_chance = KEY + "shock", KEY + "shock_by_chance"
    shock = float(p.year(given, year))
    if year < int(p.coords(by_chance, "year")[0]):  # the estimates hold those of the past
        return shock
    return shock + float(p.year(by_chance, year))


def sex_rules(model: "SongheModel", births: tuple[float, float]) -> SexRules:
    """Chances of a boy that meet the sex ratio of the year in expectation.

    births : expected, of women who do not and who do wish a son before all
    """
    p = model.parameters
    biological, share = p.value(KEY + "biological_srb"), p.value(KEY + "other_sex_choice")
    level = model.constants.get(
        "sex_at_birth",
        lambda: sex_level(*births, srb(p, model.year), biological, share),
        aligned=True,
    )
    odds = float(np.log(biological))
    return SexRules(
        odds, float(level), share, newborn_q(p, model.year, model.concept), infant_years(p)
    )


def deliveries(model: "SongheModel", plan: Plan) -> Deliveries:
    """Draw who gives birth; writes the mother's time since and her debt."""
    people, rows = model.people, plan.rows
    time = np.empty(len(rows), np.float32)
    twins, advanced = np.empty(len(rows), np.bool_), np.empty(len(rows), np.bool_)
    for part in parts(len(rows)):
        u = luck.words(people["id"][rows[part]], luck.Call.BIRTH, model.year, model.key)
        written = time[part], twins[part], advanced[part]
        factor = plan.factor[part] if plan.factor.size else plan.factor
        cells, death_u = plan.cells[part], people["death_u"]
        deliver(rows[part], cells, death_u, u, plan.chances, factor, *written)
    bear = time < 1
    mothers = rows[bear].astype(np.int64)
    people["since_birth"][mothers] = THIS_YEAR
    years = int(model.parameters.value(RESPONSE + "debt_years"))
    people["birth_debt"][rows[bear & advanced]] = years + 1  # ageing takes one at once
    children = 1 + twins[bear].astype(np.int64)
    model.tally.add("births_by_policy", children[advanced[bear]].sum())
    again = np.repeat(np.arange(len(mothers)), children)
    second = np.append(False, again[1:] == again[:-1])[: len(again)]
    before = people["n_children"][mothers].astype(np.int64)[again] + second
    return Deliveries(mothers[again], before, time[bear][again])


def bear(model: "SongheModel", d: Deliveries, sexes: SexRules) -> None:
    """Draw the children of the year, count them and add them to their families."""
    people, n = model.people, len(d.mothers)
    ids = luck.child_ids(people["id"][d.mothers], d.births_before + 1)
    u = luck.words(ids, luck.Call.CHILD, model.year, model.key)
    wishes = (d.births_before > 0) & (people["n_sons"][d.mothers] == 0)
    sex, month = np.empty(n, np.uint8), np.empty(n, np.uint8)
    death_u = np.empty(n, np.float32)
    draw_children(u, wishes, d.time, sexes, sex, month, death_u)
    by_place, by_age = np.zeros(PLACES_SHAPE, np.int64), np.zeros(BY_AGE_SHAPE, np.int64)
    places = (people[name] for name in ("age", "birth_month", "province", "residence"))
    count_births(d.mothers, d.births_before + 1, d.time, sex, *places, by_place, by_age)
    model.tally.add("births", by_place)
    model.tally.add("births_by_age_order", by_age)
    joined = np.minimum(np.arange(by_age.shape[1]), ORDERS - 1)
    model.tally.add("births_by_age_parity", by_age @ np.eye(ORDERS, dtype=np.int64)[joined])
    for name, counts in family_counts.births(people, d.mothers, d.births_before + 1).items():
        model.tally.add(name, counts)
    families.bear(model, d.mothers, sex=sex, id=ids, death_u=death_u, birth_month=month)


def apply(model: "SongheModel") -> None:
    """The births of the year."""
    asfr, survival = rates_of(model)
    full = model.options.differentials
    plan = by_hazard(model, asfr, survival) if full else by_age_alone(model, asfr)
    if plan.without is not None:
        lived, twins = plan.chances.early + plan.chances.late, plan.chances.twins
        women = plan.rows, plan.cells, plan.factor
        birth_parts.count_expected(model, women, plan.without, lived, twins)
    bear(model, deliveries(model, plan), plan.sexes)


STEP = Step(
    "births",
    reads=(
        "id", "alive", "sex", "age", "birth_month", "province", "residence", "education",
        "marital", "partner", "household", "since_union", "since_birth", "n_children", "n_sons",
        "death_u", "birth_debt",
    ),
    writes=(
        "id", "sex", "birth_month", "death_u", "since_birth", "birth_debt", "mother",
        "father", "sibship", "household", "collective", "province", "residence", "n_children",
        "n_sons", "n_living_children",
    ),
    apply=apply,
)  # fmt: skip
