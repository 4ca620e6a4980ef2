"""Divorce and marriage: levels met in expected values, nobody twice, homes for everyone."""

import math

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.columns import THIS_YEAR, WORKS
from songhe.model import homes, marriage_ends, marriage_homes
from songhe.model.events import partnership
from songhe.model.events.partnership import (
    DIVORCE,
    DIVORCES,
    MARRIAGE,
    divorce_cell,
    divorce_hazard,
    divorce_level,
)
from songhe.model.kernels.market import equilibrium
from songhe.model.marriage_market import (
    HALF_YEAR,
    chances,
    couples,
    pace_of_cohorts,
    regions,
    sides,
    singles,
)
from songhe.model.marriage_types import LEVEL_OF_EDUCATION, fit, margins, propensity, seed, types
from songhe.parameters.load import load

MALE, FEMALE = 0, 1
MARRIED, DIVORCED = 1, 2
Z = 6.0  # standard errors; two-sided false alarm 2e-9 for each comparison


def constants_of(year):
    return {name: value for name, _, value in year.constants.table()}


# --- divorce ------------------------------------------------------------------------------


def test_divorces_agree_with_plain_python_couple_by_couple(country):
    people = country.people
    country.run(DIVORCE)
    hazard = divorce_hazard(load()) * math.exp(constants_of(country)["divorce"])
    u = luck.uniforms(people["id"], luck.Call.PERSON, 2011, country.key)[3]
    ended = 0
    for i in range(people.n):
        j = people["partner"][i]
        expected = False
        if people["sex"][i] == FEMALE and j >= 0:
            levels = (int(LEVEL_OF_EDUCATION[people["education"][k]]) for k in (i, j))
            cell = min(people["since_union"][i], 60), min(people["n_children"][i], 3)
            gap = abs(next(levels) - next(levels))
            h = hazard[(*cell, gap)]
            expected = u[i] < 1 - math.exp(-h)
            ended += expected
        assert people["divorces"][i] == expected
    assert ended > 5


def test_the_level_of_divorce_meets_its_count_in_expected_values():
    counts = np.random.default_rng(1).integers(0, 400, partnership.SHAPE)
    hazard = divorce_hazard(load())
    level = divorce_level(hazard, counts, 900.0)
    assert (counts * -np.expm1(-hazard * math.exp(level))).sum() == pytest.approx(900.0)


def test_more_divorces_than_couples_are_an_error():
    counts = np.ones(partnership.SHAPE, np.int64)
    with pytest.raises(ValueError, match="divorces: more than 0, fewer than"):
        divorce_level(divorce_hazard(load()), counts, 1e6)


def test_hazard_peaks_at_its_duration_and_falls_with_children():
    hazard = divorce_hazard(load())
    assert hazard[:, 0, 0].argmax() + 1 == load().value("demography.partnership.divorce_peak")
    assert (np.diff(hazard, axis=1) < 0).all()
    assert (np.diff(hazard, axis=2) > 0).all()


def test_a_level_gap_counts_the_same_both_ways():
    assert divorce_cell.py_func(3, 5, 0, 2) == divorce_cell.py_func(3, 3, 2, 0) == (3, 3, 2)


def test_divorce_ends_the_union_and_the_common_home(country, tools):
    people = country.people
    before = people["partner"].copy()
    home = people["household"].copy()
    country.run(DIVORCE)
    people["divorces"][::3][people["partner"][::3] >= 0] = 1
    wives = np.flatnonzero(people["divorces"] & (people["sex"] == FEMALE))
    country.run(DIVORCES)
    husbands = before[wives]
    assert len(wives) > 100
    for rows in (wives, husbands):
        assert (people["marital"][rows] == DIVORCED).all()
        assert (people["partner"][rows] == -1).all()
        assert people["divorces"][rows].all()
    together = home[wives] == home[husbands]
    apart = people["household"][wives] != people["household"][husbands]
    assert apart[together].all()
    assert int(country.tally.now["divorces"]) == len(wives)
    assert tools.faults(people) == []


def test_a_couple_of_whom_one_dies_in_the_year_does_not_divorce(country):
    people = country.people
    country.run(DIVORCE)
    people["divorces"][people["sex"] == FEMALE] = 1
    people["death_u"][people["sex"] == MALE] = 0.9
    country.run(DIVORCES)
    assert int(country.tally.now["divorces"]) == 0
    assert not people["divorces"].any()


@pytest.mark.parametrize(
    ("hers", "his", "with_her", "wife_leaves"),
    [(0, 0, 1, 0), (0, 0, 0, 1), (1, 0, 0, 0), (0, 1, 1, 1), (1, 1, 1, 0)],
)
def test_who_lives_with_parents_or_keeps_the_children_stays(hers, his, with_her, wife_leaves):
    flags = (np.array([bool(x)]) for x in (hers, his, with_her))
    assert marriage_ends.leaves(*flags)[0] == bool(wife_leaves)


def test_children_of_both_live_with_the_one_who_keeps_them(tools):
    """1,000 couples with his parents or alone, and a child of hers from before."""
    rows = []
    for k in range(1000):
        rows += [
            {"sex": 0, "age": 40, "household": k, "marital": 1, "partner": 5 * k + 1,
             "father": 5 * k + 4 if k % 2 else -1},
            {"sex": 1, "age": 38, "household": k, "marital": 1, "partner": 5 * k},
            {"sex": 0, "age": 8, "household": k, "mother": 5 * k + 1, "father": 5 * k},
            {"sex": 1, "age": 14, "household": k, "mother": 5 * k + 1},
            {"sex": 0, "age": 66, "household": k},
        ]  # fmt: skip
    year = tools.Year(tools.people_of(rows), 1000)
    people = year.people
    people["divorces"][1::5] = 1
    year.run(DIVORCES)
    home = people["household"].reshape(-1, 5)
    with_her = luck.uniforms(people["id"][1::5], luck.Call.HOUSEHOLD, 2011, year.key)[3]
    with_her = with_her < load().value("demography.coresidence.children_with_mother")
    assert np.array_equal(home[:, 2] == home[:, 1], with_her)
    assert np.array_equal(home[:, 2] == home[:, 0], ~with_her)
    assert (home[:, 3] == home[:, 1]).all()
    assert (home[1::2, 0] == home[1::2, 4]).all()
    assert tools.faults(people) == []


# --- marriage -----------------------------------------------------------------------------


def test_recorded_marriages_are_met_in_expected_values(country):
    p, kinds = load(), types(load())
    found = singles(country, kinds)
    table = partnership.this_year(country, kinds, found)
    expected = equilibrium(*found.expected(), table).couples.sum()
    target = p.year("demography.targets.marriages", 2011) * 1000 / country.weight
    assert expected == pytest.approx(target, rel=1e-9)


def test_weddings_join_single_men_and_women_of_age_who_live(country, tools):
    people = country.people
    people["death_u"][::11] = 0.5
    before = people["marital"].copy()
    partner = people["partner"].copy()
    country.run(MARRIAGE)
    new = np.flatnonzero((people["partner"] >= 0) & (partner == -1))
    assert len(new) == 2 * int(country.tally.now["marriages"]) > 50
    assert (before[new] != MARRIED).all()
    assert (people["since_union"][new] == THIS_YEAR).all()
    assert (people["death_u"][new] > 1).all()
    age = (people["age"].astype(int) + (people["birth_month"] <= HALF_YEAR))[new]
    assert (age >= np.where(people["sex"][new] == MALE, 22, 20)).all()
    assert (people["sex"][new] != people["sex"][people["partner"][new]]).all()
    assert (people["household"][new] == people["household"][people["partner"][new]]).all()
    same = np.flatnonzero(partner >= 0)
    assert np.array_equal(people["partner"][same], partner[same])
    assert tools.faults(people) == []


def test_brothers_and_sisters_do_not_marry(country):
    people = country.people
    country.run(MARRIAGE)
    wives = np.flatnonzero((people["since_union"] == THIS_YEAR) & (people["sex"] == FEMALE))
    husbands = people["partner"][wives]
    assert len(wives) > 20
    for link in ("mother", "father"):
        known = people[link][wives] >= 0
        assert (people[link][wives][known] != people[link][husbands][known]).all()


def test_the_order_of_rows_does_not_matter(country, tools):
    other = tools.shuffled(country)
    for year in (country, other):
        year.run(DIVORCE, DIVORCES, MARRIAGE)
    names = ("partner", "marital", "province", "residence", "divorces")
    one, two = (tools.by_id(year.people, *names) for year in (country, other))
    assert all(np.array_equal(one[name], two[name]) for name in names)
    assert np.array_equal(tools.same_homes(country.people), tools.same_homes(other.people))


def test_one_more_single_changes_few_couples(tools):
    people = tools.people_of(tools.families_of(6000, 2))
    single = np.flatnonzero((people["sex"] == MALE) & (people["marital"] != MARRIED)
                            & (people["age"] > 23) & (people["age"] < 30))  # fmt: skip
    with_all = tools.Year(people.copy(), 6000)
    with_all.run(MARRIAGE)
    changed = []
    for gone in single[:12]:
        less = tools.Year(people.copy(), 6000)
        less.people["death_u"][gone] = 0.5
        less.constants = with_all.constants.for_scenario()
        less.constants.year = 2011
        less.run(MARRIAGE)
        changed.append((less.people["partner"] != with_all.people["partner"]).sum() / 2)
    assert np.mean(changed) < 30
    assert max(changed) > 0


def test_halving_everybody_leaves_the_chances_of_the_level(country):
    """Half of the singles of each type under the level of all: half of the couples expected."""
    kinds = types(load())
    found = singles(country, kinds)
    table = partnership.this_year(country, kinds, found)
    whole, half = (equilibrium(*k * found.expected(), table).couples.sum() for k in (1, 0.5))
    assert half == pytest.approx(0.5 * whole)


def test_whole_couples_are_the_expected_ones_on_average(country):
    """400 years of luck of the cells; false alarm below 1e-6 over the cells looked at."""
    kinds = types(load())
    found = singles(country, kinds)
    men, women = sides(country, found)
    table = partnership.this_year(country, kinds, found)
    mu = equilibrium(men.looking.astype(float), women.looking.astype(float), table).couples
    n = 400
    total = np.zeros(mu.shape)
    for k in range(n):
        made = couples(men, women, table, 2000 + k, country.key)
        total.ravel()[made.cells.place] += made.number
    cells = mu > 0.1
    fraction = mu[cells] - np.floor(mu[cells])
    error = np.sqrt(np.maximum(fraction * (1 - fraction), 1e-4) / n)
    assert cells.sum() > 50
    assert (np.abs(total[cells] / n - mu[cells]) < 6.5 * error).all()


def test_students_and_the_old_look_less_often(country):
    kinds = types(load())
    country.people["enrolled"][:] = 0
    full = singles(country, kinds).expected()[FEMALE]
    country.people["enrolled"][:] = 1
    student = load().value("demography.partnership.student")
    assert singles(country, kinds).expected()[FEMALE] == pytest.approx(student * full)
    looking = load().array("demography.partnership.looking")
    assert (looking[:, :, -1] <= 0.05).all()


def test_later_cohorts_look_less_often_for_their_first_partner(country):
    """At the age of 20 to 24 in 2022, born about 2000: e^-0.45 of the chance of the table."""
    p, kinds = load(), types(load())
    then, now = (chances(p, kinds, year) for year in (2005, 2022))
    young = kinds.group(np.array([22]))[0]
    some = kinds.parts()[0] == young
    never, divorced = 0, 2
    assert now[:, some, never] == pytest.approx(math.exp(-0.45) * then[:, some, never])
    assert np.array_equal(now[:, some, divorced], then[:, some, divorced])
    assert pace_of_cohorts(p, np.array([1950, 1985, 1990, 2050])) == pytest.approx(
        np.exp([0, 0, -0.15, -0.45])
    )


def test_small_replicates_share_six_markets():
    assert regions(999_999)[0] == "6 regions"
    assert regions(1_000_000)[0] == "31 provinces"
    assert len(np.unique(regions(40_000)[1])) == 6


def test_the_fit_meets_the_couples_that_it_learns_from():
    """With many couples beside the weight of the seed, every margin of theirs is met."""
    p = load({"demography.partnership.seed_couples": 2.5})
    kinds = types(p)
    exposure = np.full((kinds.size, kinds.size), 2000.0)
    true = seed(p, kinds) * np.random.default_rng(1).gamma(4.0, 0.25, kinds.size)[:, None]
    seen = np.round(true * exposure * 500).astype(np.int64)
    shape = fit(p, kinds, seen, exposure, 40_000)
    young = kinds.ages[kinds.parts()[0]] < p.value("demography.partnership.young_wife")
    fitted = propensity(p, kinds, shape) * exposure * 5
    for margin in margins(kinds):
        wanted = margin.sums(np.where(young, seen, 0))
        found = margin.sums(np.where(young, fitted, 0))
        many = wanted > 25_000
        assert found[many] == pytest.approx(wanted[many], rel=0.02)


def test_a_base_without_young_couples_leaves_the_seed_alone():
    p, kinds = load(), types(load())
    nothing = np.zeros((kinds.size, kinds.size))
    for exposure in (nothing + 1, nothing):
        shape = fit(p, kinds, nothing.astype(np.int64), exposure, 500)
        np.testing.assert_allclose(propensity(p, kinds, shape), seed(p, kinds), rtol=1e-12)
    some = nothing.astype(np.int64)
    some[10, 10] = 5
    assert fit(p, kinds, some, nothing + 1, 500).any()  # the positive control


# --- homes of new couples -------------------------------------------------------------------


def chosen(u, his=True, hers=True):
    flags = (np.full(len(u), flag) for flag in (his, hers))
    shares = (np.full(len(u), 0.6), np.full(len(u), 0.25), 0.7)
    return marriage_homes.choose(*flags, shares, np.asarray(u))


def test_homes_follow_the_shares_in_a_fixed_order():
    """His parents 0.6, hers 0.25 of the rest, else 0.7 at his place."""
    found = chosen(np.array([0.59, 0.61, 0.69, 0.71, 0.90, 0.92]))
    assert found.elders.tolist() == [True, True, True, False, False, False]
    assert found.at_his.tolist() == [True, False, False, True, True, False]


def test_nobody_joins_parents_who_are_not_there():
    found = chosen(np.linspace(0.01, 0.99, 99), his=False, hers=False)
    assert not found.elders.any()
    assert 0.6 < found.at_his.mean() < 0.8


@pytest.mark.parametrize(("lives", "home"), [("alone", 0), ("with lodgers", 2), ("at works", 2)])
def test_a_couple_takes_the_home_of_one_who_has_it_for_himself(tools, lives, home):
    him = {"household": -1, "collective": WORKS} if lives == "at works" else {"household": 0}
    rows = [
        {"sex": 0, "age": 30, **him},
        {"sex": 1, "age": 28, "household": 1},
        {"sex": 0, "age": 29, "household": 0 if lives == "with lodgers" else 1},
    ]
    year = tools.Year(tools.people_of(rows), 2)
    u = np.array([0.1])  # at his place, as neither has parents
    marriage_homes.settle(year, np.array([0]), np.array([1]), u)
    assert year.people["household"][:2].tolist() == [home, home]


def test_parents_take_in_at_the_same_place_alone_and_not_in_the_year_of_their_death(tools):
    rows = [
        {"age": 30, "household": 0, "mother": 3, "father": 4},  # both elsewhere in town
        {"age": 30, "household": 3, "mother": 3, "father": 5},  # he lives at another place
        {"age": 30, "household": 0, "mother": 6, "father": 7},  # she is about to die, he at works
        {"sex": 1, "age": 60, "household": 3},
        {"age": 60, "household": 4},
        {"age": 60, "household": 5, "province": 2},
        {"sex": 1, "age": 60, "household": 0},
        {"age": 60, "household": -1, "collective": WORKS},
    ]
    people = tools.people_of(rows)
    people["death_u"][6] = 0.5
    found = homes.parents_of(people, np.arange(3))
    assert found.nearby.tolist() == [4, 3, -1]
    assert found.at_home.tolist() == [False, True, False]


def test_a_bride_moves_to_his_parents_with_her_child(tools):
    rows = [
        {"sex": 0, "age": 30, "household": 0, "mother": 3, "province": 2, "residence": 1},
        {"sex": 1, "age": 28, "household": 1, "province": 5},
        {"sex": 0, "age": 6, "household": 1, "mother": 1, "province": 5},
        {"sex": 1, "age": 55, "household": 0, "province": 2, "residence": 1},
    ]
    year = tools.Year(tools.people_of(rows), 2)
    marriage_homes.settle(year, np.array([0]), np.array([1]), np.array([0.01]))
    assert year.people["household"].tolist() == [0, 0, 0, 0]
    assert year.people["province"].tolist() == [2, 2, 2, 2]
    assert sorted(year.moved) == [(1, "family"), (2, "family")]
