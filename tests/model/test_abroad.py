"""Moves to and from other countries: totals, families, new people."""

import math

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.columns import CHILDRENS_HOME
from songhe.model.events import abroad
from songhe.model.events.abroad import NET, STEP, net_by_cohort, rates
from songhe.parameters.load import load

Z = 6.0  # standard errors; two-sided false alarm 2e-9 for each comparison
TOTAL = "demography.migration_international.net_total"


def test_the_net_of_cohorts_adds_up_to_the_total_of_the_year():
    for year in (2011, 2024, 2050):
        total = load().year(TOTAL, year) * 1000
        assert net_by_cohort(load(), year).sum() == pytest.approx(total)


def test_half_of_those_who_move_at_an_age_were_a_year_younger_at_the_opening():
    net = net_by_cohort(load(), 2015)
    pattern = load().year("demography.migration_international.age_pattern", 2015)
    total = load().year(TOTAL, 2015) * 1000 / pattern.sum()
    assert net[0, 0] == pytest.approx(0.5 * total * pattern[0, 0])
    assert net[1, 31] == pytest.approx(0.5 * total * (pattern[1, 30] + pattern[1, 31]))


def year_of(country, tools, factor=1.0, seed=1, year=2011):
    """The country with `factor` times the flows: as many real persons fewer to an agent."""
    weight = country.weight / factor
    people = country.people.copy()
    return tools.Year(people, country.n_households, seed=seed, year=year, weight=weight)


def test_the_rates_give_the_net_of_the_year_in_expected_values(country, tools):
    for when in (2011, 2040):
        year = year_of(country, tools, 5.0, year=when)
        people = year.people
        rate = rates(year)
        cohort = np.minimum(people["age"].astype(int), 100) + 1
        here = rate[people["sex"], cohort]
        single = (people["marital"] != 1) & (people["age"] >= 0)
        expected = here[here < 0].sum() + here[(here > 0) & single].sum()
        total = year.parameters.year(TOTAL, when) * 1000 / year.weight
        assert expected == pytest.approx(total, rel=0.02)


def test_the_total_is_met_on_average(country, tools):
    """Mean of 60 seeds; false alarm below 1e-8."""
    ends = []
    for seed in range(60):
        year = year_of(country, tools, 20.0, seed).run(STEP)
        ends.append(int(year.tally.now[NET].sum()))
    total = year.parameters.year(TOTAL, 2011) * 1000 / year.weight
    error = np.std(ends, ddof=1) / math.sqrt(len(ends))
    assert abs(np.mean(ends) - total) < Z * error
    assert error < 0.1 * abs(total)


def test_the_tally_is_the_change_of_people(country, tools):
    year = year_of(country, tools, 30.0, year=2040)
    before = place_counts(year.people)
    year.run(STEP)
    assert np.array_equal(place_counts(year.people) - before, year.tally.now[NET])
    assert (year.tally.now[NET] > 0).any()
    assert (year.tally.now[NET] < 0).any()


def place_counts(people):
    counts = np.zeros((31, 2, 2), np.int64)
    here = people["alive"] == 1
    np.add.at(counts, tuple(people[c][here] for c in ("province", "residence", "sex")), 1)
    return counts


def test_families_stay_sound(country, tools):
    for when in (2011, 2040):
        year = year_of(country, tools, 100.0, year=when).run(STEP)
        assert tools.faults(year.people) == []


def test_spouses_and_minors_at_home_leave_together(country, tools):
    year = year_of(country, tools, 100.0).run(STEP)
    old, gone = country.people, year.people["alive"] == 0
    assert gone.sum() > 50
    partner = old["partner"]
    paired = partner >= 0
    assert np.array_equal(gone[paired], gone[partner[paired]])
    minor = (old["age"] + 1 < 18) & (old["mother"] >= 0)
    home = minor & (old["household"] == old["household"][old["mother"]]) & (old["household"] >= 0)
    assert np.array_equal(gone[home], gone[old["mother"][home]])


@pytest.mark.parametrize("both_leave", [False, True])
def test_a_married_minor_at_home_keeps_her_parents_here_unless_her_spouse_leaves(tools, both_leave):
    """She lives with them; her husband elsewhere, or in the same home."""
    rows = [
        {"sex": 1, "age": 45, "marital": 1, "partner": 1, "household": 0},
        {"sex": 0, "age": 46, "marital": 1, "partner": 0, "household": 0},
        {"sex": 1, "age": 15, "marital": 1, "partner": 3, "mother": 0, "father": 1, "household": 0},
        {"sex": 0, "age": 17, "marital": 1, "partner": 2, "household": 1},
        {"sex": 1, "age": 30, "household": 2},
    ]
    if both_leave:
        rows[3] |= {"household": 0, "age": 16}
    year = tools.Year(tools.people_of(rows), 3)
    people = year.people
    people["n_living_children"][:2] = 1
    people["n_children"][:2] = 1
    abroad.leave(year, np.array([0, 4]), np.array([0.01, 0.01]))
    assert people["alive"].tolist() == ([0, 0, 0, 0, 0] if both_leave else [1, 1, 1, 1, 0])
    assert tools.faults(people) == []


def test_the_family_of_somebody_who_dies_in_the_year_stays(country, tools):
    year = year_of(country, tools, 100.0)
    year.people["death_u"][::2] = 0.5
    year.run(STEP)
    assert year.people["alive"][::2].all()
    widowed = country.people["partner"] >= 0
    widowed &= year.people["death_u"][country.people["partner"]] < 1
    assert year.people["alive"][widowed].all()
    assert not year.people["alive"].all()


def test_parents_who_stay_count_fewer_living_children(country, tools):
    year = year_of(country, tools, 100.0).run(STEP)
    people = year.people
    alive = np.flatnonzero(people["alive"] == 1)
    links = np.zeros(people.n, int)
    for link in ("mother", "father"):
        known = alive[people[link][alive] >= 0]
        np.add.at(links, people[link][known], 1)
    assert np.array_equal(links[alive], people["n_living_children"][alive])


def test_arrivals_are_new_people_in_homes_of_their_own(country, tools):
    year = year_of(country, tools, 200.0, year=2040)
    n = year.people.n
    year.run(STEP)
    people = year.people
    new = np.arange(n, people.n)
    assert len(new) > 20
    assert len(np.unique(people["id"])) == people.n
    assert (people["id"][new] >> np.uint64(luck.BASE_SHIFT) > luck.MOST_BASE).all()
    assert (people["marital"][new] != 1).all()
    adult = new[people["age"][new] >= 17]
    size = np.bincount(people["household"][people["household"] >= 0])
    assert (size[people["household"][adult]] == 1).all()
    for link in ("partner", "mother", "father"):
        assert (people[link][new] == -1).all()


def test_a_minor_who_arrives_lives_with_the_family_she_resembles(tools):
    rows = [{"sex": 1, "age": 40, "household": 0}, {"sex": 0, "age": 9, "household": 0}]
    rows += [{"sex": 0, "age": 9, "collective": CHILDRENS_HOME}]
    year = tools.Year(tools.people_of(rows), 1)
    abroad.arrive(year, np.array([1, 2]))
    assert year.people["household"].tolist() == [0, 0, -1, 0, -1]
    assert year.people["collective"][4] == CHILDRENS_HOME


def test_the_order_of_rows_does_not_matter(country, tools):
    one = year_of(country, tools, 50.0, year=2040)
    other = tools.shuffled(one)
    other.weight = one.weight
    for year in (one, other):
        year.run(STEP)
    names = ("age", "province", "residence", "partner", "mother", "marital")
    mine, theirs = (tools.by_id(year.people, "id", *names) for year in (one, other))
    assert all(np.array_equal(mine[name], theirs[name]) for name in mine)


def test_a_scenario_keeps_the_rates_of_its_baseline(country, tools):
    """Half of the people: rates, not numbers, are the baseline's."""
    baseline = year_of(country, tools, 50.0)
    half = year_of(country, tools, 50.0)
    keep = half.people["household"] % 2 == 0
    half.people["alive"][~keep] = 0
    rate = rates(baseline)
    baseline.run(STEP)
    half.constants = baseline.constants.for_scenario()
    half.constants.year = 2011
    half.run(STEP)
    assert {n: v for n, _, v in half.constants.table()}["abroad"] == pytest.approx(rate)
    whole, part = (-int(year.tally.now[NET].sum()) for year in (baseline, half))
    assert 0.2 < part / whole < 0.8


def test_the_sieve_keeps_everybody_whose_luck_lets_them_move(country):
    """Chances a hundredfold, in and out; the last block of rows is not full."""
    people = country.people
    rate = np.linspace(-0.05, 0.04, 2 * 102).reshape(2, 102)
    u = luck.uniforms(people["id"], luck.Call.ABROAD, country.year, country.key)
    here = rate[people["sex"], np.minimum(people["age"], 100) + 1]
    found = abroad.candidates(country, rate)
    lives = (people["alive"] == 1) & (people["death_u"] >= 1.0)
    moves = np.flatnonzero(lives & ((u[0] < -here) | (u[1] < here)))
    assert np.isin(moves, found).all()
    assert len(moves) > 100
    assert len(found) < 0.12 * people.n
