"""Moves inside the country: who, where to, with whom; villages that become towns."""

import math

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.columns import CARE_HOME, WORKS
from songhe.model.events import migration
from songhe.model.events.migration import MOVES, RECLASSIFICATION, STAYS, STEP, TO_COUNTRY, TO_TOWN
from songhe.model.migration_rules import (
    by_age,
    choose,
    expected_gain,
    factor_for,
    hazards,
    homeward,
    moving,
    of_cells,
    pattern,
    propensity,
)
from songhe.model.moving_units import count, expected_sizes
from songhe.parameters.load import load

URBAN, RURAL = 0, 1
MARRIED = 1
Z = 6.0  # standard errors; two-sided false alarm 2e-9 for each comparison


@pytest.fixture(scope="module")
def rules():
    return hazards(load())


def test_intents_agree_with_plain_python_person_by_person(country, rules):
    people = country.people
    country.run(STEP)
    constant = {n: v for n, _, v in country.constants.table()}["urban"][0]
    u = luck.uniforms(people["id"], luck.Call.PERSON, 2011, country.key)[2]
    t = pattern(load())
    moved = 0
    for i in range(people.n):
        age, sex, education = (int(people[c][i]) for c in ("age", "sex", "education"))
        married = int(people["marital"][i] == MARRIED)
        place = rules.place[people["province"][i], people["residence"][i]]
        h = propensity.py_func(max(age, 0), sex, married, education, t)
        town = h * place[0] * (math.exp(constant) if people["residence"][i] else 1.0)
        country_side = h * place[1] * homeward.py_func(max(age, 0), t)
        both = town + country_side
        chance = 1 - math.exp(-both)
        to_town = chance * town / both if both else 0.0
        expected = STAYS
        if u[i] < to_town:
            expected = TO_TOWN
        elif u[i] > 1 - (chance - to_town):
            expected = TO_COUNTRY
        assert people["move_to"][i] == expected
        moved += expected != STAYS
    assert moved > 50


def test_minors_do_not_decide():
    t = pattern(load())
    assert by_age.py_func(16, t) == 0.0
    assert by_age.py_func(17, t) > 0.0


def test_a_rise_in_one_chance_swaps_nobody_between_town_and_countryside():
    """Town counts from below, countryside from above: the two never touch."""
    few, many = moving.py_func(0.01, 0.02), moving.py_func(0.03, 0.02)
    assert many[0] > few[0]
    assert few[1] > many[1] > 0.98 * few[1]
    assert sum(many) == pytest.approx(1 - math.exp(-0.05))


def test_the_factor_gives_the_expected_gain(country, rules):
    counts = count(country.people, country.n_households, 18)
    sizes = expected_sizes(counts, 0.3, 0.5)
    used = np.flatnonzero(sizes)
    cells = (sizes[used], *of_cells(rules, used))
    for wanted in (50.0, 150.0, 300.0):
        level = factor_for(wanted, *cells)
        assert expected_gain(*cells, level)[0] == pytest.approx(wanted, rel=1e-9)


def test_the_slope_of_the_gain_is_its_derivative(country, rules):
    sizes = expected_sizes(count(country.people, country.n_households, 18), 0.3, 0.5)
    used = np.flatnonzero(sizes)
    cells = (sizes[used], *of_cells(rules, used))
    gains = [expected_gain(*cells, 0.5 + d)[0] for d in (-1e-5, 1e-5)]
    assert expected_gain(*cells, 0.5)[1] == pytest.approx((gains[1] - gains[0]) / 2e-5, rel=1e-6)


def test_everyone_who_may_move_counts_once(country, tools):
    """All but minors without a parent at home, and couples apart with their minors."""
    people = country.people
    counts = count(people, country.n_households, 18)
    alone = 0
    home = people["household"]
    for i in range(people.n):
        minor = people["age"][i] + 1 < 18
        parents = [p for p in (people["mother"][i], people["father"][i]) if p >= 0]
        at_home = [p for p in parents if home[p] == home[i] >= 0]
        alone += minor and not at_home
    assert (
        counts.by_cell.sum() + counts.apart.sum() + counts.apart[..., 0].sum() + alone == people.n
    )
    assert counts.apart.sum() > 0
    assert alone > 0


def test_families_stay_sound(country, tools):
    for _ in range(3):
        country.run(STEP, MOVES, RECLASSIFICATION).later()
        assert tools.faults(country.people) == []


def test_families_stay_sound_when_everybody_moves(country, tools):
    country.run(STEP)
    adult = country.people["age"] >= 18
    country.people["move_to"][adult] = TO_TOWN
    country.run(MOVES)
    assert tools.faults(country.people) == []


def test_the_order_of_rows_does_not_matter(country, tools):
    other = tools.shuffled(country)
    for year in (country, other):
        year.run(STEP, MOVES, RECLASSIFICATION)
    assert np.array_equal(tools.same_homes(country.people), tools.same_homes(other.people))
    names = ("province", "residence", "collective")
    one, two = (tools.by_id(year.people, *names) for year in (country, other))
    assert all(np.array_equal(one[name], two[name]) for name in names)
    assert country.tally.now == other.tally.now


def urban_share(people):
    return (people["residence"] == URBAN).mean()


def test_the_urban_share_is_met_on_average(tools):
    """Mean of 40 seeds against the target; false alarm below 1e-8."""
    rows = tools.families_of(2000, 3)
    for row in rows:
        row["residence"] = int(row["province"] % 2 == 0)
    people = tools.people_of(rows)
    goal = urban_share(people) + 0.02
    p = load({"demography.targets.urban_share": {"factor": goal / 0.5183}})
    ends = []
    for seed in range(40):
        year = tools.Year(people.copy(), 2000, seed=seed, parameters=p)
        year.run(STEP, MOVES, RECLASSIFICATION)
        ends.append(urban_share(year.people))
    error = np.std(ends, ddof=1) / math.sqrt(len(ends))
    assert abs(np.mean(ends) - goal) < Z * error
    assert error < 0.001


def test_two_fifths_of_the_growth_is_reclassified(tools):
    people = tools.people_of(tools.families_of(2000, 3))
    goal = urban_share(people) + 0.02
    p = load({"demography.targets.urban_share": {"factor": goal / 0.5183}})
    year = tools.Year(people, 2000, parameters=p)
    year.run(STEP, MOVES, RECLASSIFICATION)
    constants = {name: value for name, _, value in year.constants.table()}
    rural = (people["residence"] == RURAL).mean()
    assert constants["urban"][1] == pytest.approx(0.6 * 0.02, rel=1e-6)
    assert float(constants["reclassified"]) * rural == pytest.approx(0.4 * 0.02, rel=0.2)


def test_a_province_that_is_all_town_is_reclassified_no_further(tools):
    people = tools.people_of(tools.families_of(3000, 3))
    people["residence"][people["province"] < 15] = URBAN
    some = np.flatnonzero((people["province"] < 15) & (people["household"] >= 0))[0]
    few = people["household"] == people["household"][some]
    people["residence"][few] = RURAL
    year = tools.Year(people, 3000)
    chance = np.zeros(31)
    rows = migration.reclassified_rows(year, chance)
    assert len(rows) == 0
    year.constants.year = 2011
    year.constants.get("reclassified", lambda: 1.0, aligned=True)
    year.constants = year.constants.for_scenario()
    year.constants.year = year.year
    year.run(RECLASSIFICATION)
    assert (people["residence"][few] == RURAL).all()
    share = [urban_share_of(people, k) for k in range(15, 31)]
    assert max(share) < 1.0


def urban_share_of(people, province):
    there = people["province"] == province
    return (people["residence"][there] == URBAN).mean()


def test_a_household_becomes_urban_with_everybody_in_it(country, tools):
    country.people["death_u"][::10] = 0.3
    country.parameters = load({"demography.targets.urban_share": {"factor": 1.1}})
    country.run(STEP)
    country.tally.add(migration.GAIN, np.array(0))
    country.run(RECLASSIFICATION)
    assert tools.faults(country.people) == []
    assert {kind for _, kind in country.moved} == {"reclassified"}


def test_the_place_is_chosen_in_proportion_to_the_weights():
    """20,000 movers; each province within 6 standard errors, false alarm below 1e-7."""
    n = 20_000
    share = np.zeros((31, 2, 2, 31))
    weights = np.random.default_rng(1).gamma(1.0, 1.0, 31)
    weights[4] = 0.0
    share[7, 1, 0] = weights / weights.sum()
    ids = luck.base_ids(np.arange(1, n + 1))
    key = luck.key_of(1, 0, 0)
    u = np.concatenate([luck.words(ids, luck.Call.PROVINCE + k, 2011, key) for k in range(8)])
    out = np.empty(n, np.uint8)
    choose(np.full(n, 15), np.zeros(n, np.uint8), u, share, out)
    p = share[7, 1, 0]
    error = np.sqrt(n * p * (1 - p))
    assert (np.abs(np.bincount(out, minlength=31) - n * p) <= Z * error).all()
    more = share.copy()
    more[7, 1, 0, 9] *= 2
    again = np.empty(n, np.uint8)
    choose(np.full(n, 15), np.zeros(n, np.uint8), u, more, again)
    assert set(again[again != out]) == {9}


def test_the_bound_without_a_logarithm_passes_over_no_shorter_time():
    n, rng = 5000, np.random.default_rng(3)
    share = rng.gamma(0.3, 1.0, (31, 2, 2, 31))
    share[..., 4] = 0.0
    words = rng.integers(0, 2**32, (32, n), dtype=np.uint32)
    words[:, :200] |= np.uint32(2**32 - 2**8)  # where the bound and the logarithm are closest
    origin, towards = rng.integers(0, 62, n), rng.integers(0, 2, n).astype(np.uint8)
    out = np.empty(n, np.uint8)
    choose(origin, towards, words, share, out)
    weight = share[origin // 2, origin % 2, towards].T
    with np.errstate(divide="ignore"):
        wait = -np.log(luck.unit(words[:31])) / weight
    assert (out == wait.argmin(axis=0)).all()


def place(people, rows):
    return [(int(people["province"][i]), int(people["residence"][i])) for i in rows]


def test_a_worker_alone_leaves_wife_and_children_behind(tools):
    rows = []
    for k in range(200):
        rows += [
            {"sex": 0, "age": 30, "household": k, "marital": 1, "partner": 3 * k + 1,
             "residence": RURAL, "education": 2},
            {"sex": 1, "age": 28, "household": k, "marital": 1, "partner": 3 * k,
             "residence": RURAL, "education": 2},
            {"sex": 0, "age": 5, "household": k, "mother": 3 * k + 1, "father": 3 * k,
             "residence": RURAL},
        ]  # fmt: skip
    year = tools.Year(tools.people_of(rows), 200)
    people = year.people
    people["move_to"][:] = STAYS
    people["move_to"][::3] = TO_TOWN
    people["move_to"][1] = TO_COUNTRY  # a wife at home does not decide
    u = luck.uniforms(people["id"][::3], luck.Call.MOVE, 2011, year.key)
    year.run(MOVES)
    alone = u[1] < load().value("demography.migration_internal.worker_alone")
    moved = people["residence"].reshape(-1, 3) == URBAN
    assert moved[:, 0].all()
    assert np.array_equal(moved[:, 1], ~alone)
    assert np.array_equal(moved[:, 2], ~alone)
    works = people["collective"].reshape(-1, 3) == WORKS
    housed = u[3] < load().value("demography.migration_internal.collective")
    assert np.array_equal(works[:, 0], alone & housed)
    assert tools.faults(people) == []


def test_children_stay_with_a_grandmother_or_follow(tools):
    rows = []
    for k in range(200):
        rows += [
            {"sex": 1, "age": 30, "household": k, "mother": 3 * k + 2, "residence": RURAL},
            {"sex": 0, "age": 5, "household": k, "mother": 3 * k, "residence": RURAL},
            {"sex": 1, "age": 60, "household": k, "residence": RURAL},
        ]
    year = tools.Year(tools.people_of(rows), 200)
    year.people["move_to"][:] = STAYS
    year.people["move_to"][::3] = TO_TOWN
    u = luck.uniforms(year.people["id"][::3], luck.Call.MOVE, 2011, year.key)
    year.run(MOVES)
    follows = u[2] < load().value("demography.migration_internal.children_follow")
    assert np.array_equal(year.people["residence"][1::3] == URBAN, follows)
    assert (year.people["residence"][2::3] == RURAL).all()


def test_a_son_returns_to_the_parents_if_they_live_there(tools):
    rows = []
    for k in range(300):
        rows += [
            {"sex": 1, "age": 60, "household": 2 * k, "residence": RURAL, "province": 15},
            {"sex": 0, "age": 22, "household": 2 * k + 1, "mother": 2 * k, "province": 15},
        ]
    year = tools.Year(tools.people_of(rows), 600)
    year.people["move_to"][::2] = STAYS
    year.people["move_to"][1::2] = TO_COUNTRY
    year.run(MOVES)
    same = year.people["province"][1::2] == 15
    home = year.people["household"]
    assert same.sum() > 50
    assert np.array_equal(home[1::2] == home[::2], same)


def couples_apart(tools, n, collective):
    rows = []
    for k in range(n):
        rows += [
            {"sex": 0, "age": 30, "household": -1, "marital": 1, "partner": 2 * k + 1,
             "collective": collective, "province": 4},
            {"sex": 1, "age": 28, "household": k, "marital": 1, "partner": 2 * k,
             "province": 5, "residence": RURAL},
        ]  # fmt: skip
    year = tools.Year(tools.people_of(rows), n)
    year.people["move_to"][:] = STAYS
    return year


def test_couples_apart_come_together_at_his_or_her_place(tools):
    """2,000 couples; counts within 6 standard errors, false alarm below 1e-8."""
    n = 2000
    year = couples_apart(tools, n, WORKS)
    year.run(MOVES)
    people = year.people
    home = people["household"].reshape(-1, 2)
    together = home[:, 0] == home[:, 1]
    p = load().value("demography.migration_internal.reunion")
    assert abs(together.sum() - n * p) < Z * math.sqrt(n * p * (1 - p))
    at_hers = people["province"].reshape(-1, 2)[together, 0] == 5
    assert abs(at_hers.sum() - together.sum() / 2) < Z * math.sqrt(together.sum()) / 2
    assert tools.faults(people) == []


def test_a_couple_apart_by_a_care_home_stays_apart(tools):
    year = couples_apart(tools, 200, CARE_HOME)
    year.run(MOVES)
    assert (year.people["collective"][::2] == CARE_HOME).all()
    assert year.moved == []


def test_the_dying_do_not_move(country):
    country.run(STEP)
    country.people["move_to"][country.people["age"] >= 18] = TO_TOWN
    country.people["death_u"][:] = 0.9
    country.run(MOVES)
    assert country.moved == []


def test_a_scenario_keeps_the_hazards_of_its_baseline(country, tools):
    """Half of the people under the constants of all have the same intents."""
    half = tools.Year(country.people.copy(), country.n_households)
    half.people["alive"][::2] = 0
    country.run(STEP)
    half.constants = country.constants.for_scenario()
    half.constants.year = 2011
    half.run(STEP)
    assert np.array_equal(half.people["move_to"], country.people["move_to"])


def arrivals(tools, mover, *others, **changes):
    """Homes after the mover, row 0, goes to the countryside, wherever it is."""
    p = load({f"demography.{key}": value for key, value in changes.items()})
    home, seen = [], 0
    for seed in range(60):
        people = tools.people_of([{"education": 2} | person for person in (mover, *others)])
        year = tools.Year(people, 5, seed=seed, parameters=p)
        people["move_to"][:] = STAYS
        people["move_to"][0] = TO_COUNTRY
        people["province"][1:] = migration.destinations(
            year, np.array([0]), np.array([RURAL], np.uint8)
        )
        year.run(MOVES)
        home.append(people["household"].tolist())
        seen += people["residence"][0] == RURAL
    assert seen == 60
    return np.array(home)


def test_a_married_mover_joins_parents_as_often_as_new_couples(tools):
    husband = {"sex": 0, "age": 30, "household": 0, "father": 2, "marital": 1, "partner": 1}
    father = {"sex": 0, "age": 60, "household": 1, "residence": RURAL}
    wife = {"sex": 1, "age": 30, "household": 0, "marital": 1, "partner": 0}

    def joined(share):
        changes = {
            "partnership.home_his_parents": {"factor": share / 0.9},
            "migration_internal.worker_alone": 0.0,
        }
        home = arrivals(tools, husband, wife, father, **changes)
        assert (home[:, 0] == home[:, 1]).all()
        return (home[:, 0] == home[:, 2]).mean()

    assert joined(0.0) == 0.0
    assert 0.2 < joined(0.5) < 0.8


def test_a_lone_mover_shares_lodgings_with_people_without_family(tools):
    def shared(share, **host):
        changes = {"coresidence.lodging": share, "migration_internal.collective": 0.0}
        mover = {"sex": 0, "age": 25, "household": 0}
        host = {"sex": 1, "age": 30, "household": 1, "residence": RURAL} | host
        home = arrivals(tools, mover, host, **changes)
        return (home[:, 0] == home[:, 1]).mean()

    assert shared(0.0) == 0.0
    assert shared(1.0) == 1.0
    assert shared(1.0, age=64) == 0.0
