"""Who leaves the parents, enters a collective, or lives with a child when old."""

import numpy as np
import pytest
from songhe.agents import families, luck
from songhe.agents.columns import CARE_HOME, DORMITORY, FAMILY, WORKS
from songhe.model import lodgings, marriage_ends
from songhe.model.events.household import HOME, OTHER, STEP, STEP_MOVES, prepare
from songhe.model.household_rules import (
    home_cell,
    home_chance,
    living,
    other_cell,
    other_chance,
    shares,
    solve_level,
    with_child,
)
from songhe.model.older_parents import survey_level
from songhe.parameters.load import load

URBAN, RURAL = 0, 1
NEVER_MARRIED, MARRIED = 0, 1


@pytest.fixture(scope="module")
def rules():
    return living(load())


def test_intents_agree_with_plain_python_person_by_person(country, rules):
    people = country.people
    country.run(STEP)
    u = luck.uniforms(people["id"], luck.Call.LIVING, 2011, country.key)
    names = ("collective", "age", "residence", "sex", "marital", "enrolled", "adl")
    for i in range(0, people.n, 7):
        age, sex, residence = (int(people[c][i]) for c in ("age", "sex", "residence"))
        married = int(people["marital"][i] == MARRIED)
        home = u[0, i] < home_chance.py_func(max(age, 0), sex, residence, married, rules)
        values = [int(people[c][i]) for c in names]
        values[1], values[4] = max(age, 0), min(values[4], 2)
        other = u[1, i] < other_chance.py_func(*values, rules)
        assert people["leave"][i] == HOME * home + OTHER * other


def test_tables_hold_the_rule_of_every_cell(country, rules):
    tables = prepare(country)
    for age in (0, 17, 25, 59, 80, 100):
        k = home_cell.py_func(age, 1, RURAL, 1)
        chance = home_chance.py_func(age, 1, RURAL, 1, rules)
        assert tables.home[k] == pytest.approx(chance)
        k = other_cell.py_func(FAMILY, age, RURAL, 0, 2, 0, 3)
        chance = other_chance.py_func(FAMILY, age, RURAL, 0, 2, 0, 3, rules)
        assert tables.other[k] == pytest.approx(chance)


def test_nobody_under_age_leaves_the_parents(rules):
    assert home_chance.py_func(16, 0, URBAN, 0, rules) == 0.0
    assert home_chance.py_func(17, 0, URBAN, 0, rules) > 0.0


def test_students_stay_in_the_dormitory_until_they_finish(rules):
    staying = other_chance.py_func(DORMITORY, 20, URBAN, 0, NEVER_MARRIED, 1, 0, rules)
    finished = other_chance.py_func(DORMITORY, 22, URBAN, 0, NEVER_MARRIED, 0, 0, rules)
    assert (staying, finished) == (0.0, rules.leave_dormitory)


def test_a_children_s_home_is_left_at_full_age(rules):
    chances = [other_chance.py_func(4, age, URBAN, 0, 0, 0, 0, rules) for age in (10, 16, 17)]
    assert chances == [0.0, 0.0, 1.0]


def test_limited_people_without_spouse_enter_care_homes_most(rules):
    def chance(marital, adl):
        return other_chance.py_func(FAMILY, 80, URBAN, 1, marital, 0, adl, rules)

    assert chance(MARRIED, 0) < chance(MARRIED, 3) < chance(2, 3)


def test_who_has_no_child_lives_with_none():
    assert with_child.py_func(1, 1, 1, 0, shares(load(), 2.0)) == 0.0


def test_the_level_meets_the_share_in_expected_values():
    counts = np.random.default_rng(1).integers(0, 900, (2, 2, 2, 5))
    effects = shares(load(), solve_level(counts, 0.41, load()))
    expected = sum(n * with_child.py_func(*state, effects) for state, n in np.ndenumerate(counts))
    assert expected == pytest.approx(0.41 * counts.sum())


def test_where_too_few_have_a_child_nearly_all_of_these_are_with_one():
    counts = np.zeros((2, 2, 2, 5), np.int64)
    counts[..., 0], counts[..., 1] = 90, 10
    effects = shares(load(), solve_level(counts, 0.41, load()))
    assert with_child.py_func(0, 0, 0, 1, effects) > 0.999


def test_families_stay_sound(country, tools):
    country.run(STEP, STEP_MOVES)
    assert tools.faults(country.people) == []


def test_families_stay_sound_when_all_adults_leave_at_once(country, tools):
    """Every intent at once: the hardest year for the rules of who goes with whom."""
    country.people["leave"][country.people["age"] >= 18] = HOME | OTHER
    country.run(STEP_MOVES)
    assert tools.faults(country.people) == []


def test_the_order_of_rows_does_not_matter(country, tools):
    other = tools.shuffled(country)
    for year in (country, other):
        year.run(STEP, STEP_MOVES)
    assert np.array_equal(tools.same_homes(country.people), tools.same_homes(other.people))
    names = ("province", "residence", "collective", "leave")
    one, two = (tools.by_id(year.people, *names) for year in (country, other))
    assert all(np.array_equal(one[name], two[name]) for name in names)


def test_who_dies_in_the_year_moves_nowhere(country):
    people = country.people
    home = people["household"].copy()
    people["death_u"][:] = 0.5
    people["leave"][:] = HOME | OTHER
    country.run(STEP_MOVES)
    assert np.array_equal(people["household"], home)


def family(tools, *people):
    return tools.Year(tools.people_of([{"education": 2} | person for person in people]), 5)


def test_a_son_who_leaves_takes_wife_and_children_along(tools):
    year = family(
        tools,
        {"sex": 0, "age": 55, "household": 0},
        {"sex": 0, "age": 30, "household": 0, "father": 0, "marital": 1, "partner": 2},
        {"sex": 1, "age": 28, "household": 0, "marital": 1, "partner": 1},
        {"sex": 0, "age": 4, "household": 0, "father": 1, "mother": 2},
    )
    year.people["leave"][1] = HOME
    year.run(STEP_MOVES)
    assert year.people["household"].tolist() == [0, 5, 5, 5]


def test_the_last_adult_does_not_leave_minors_for_a_care_home(tools):
    year = family(
        tools,
        {"sex": 1, "age": 80, "household": 0},
        {"sex": 0, "age": 9, "household": 0},
        {"sex": 1, "age": 80, "household": 1},
    )
    year.people["leave"][[0, 2]] = OTHER
    year.run(STEP_MOVES)
    assert year.people["household"].tolist() == [0, 0, -1]
    assert year.people["collective"].tolist() == [FAMILY, FAMILY, CARE_HOME]


def test_parents_do_not_go_to_works(tools):
    year = family(
        tools,
        {"sex": 0, "age": 25, "household": 0, "n_children": 1},
        {"sex": 0, "age": 25, "household": 1},
    )
    year.people["leave"][:] = OTHER
    year.run(STEP_MOVES)
    assert year.people["collective"].tolist() == [FAMILY, WORKS]


def test_an_older_mother_joins_a_child_in_her_province_only(tools):
    def moved(child_province):
        year = family(
            tools,
            *({"sex": 1, "age": 80, "household": k, "n_living_children": 1} for k in range(50)),
            *(
                {
                    "sex": 0,
                    "age": 50,
                    "household": 50 + k,
                    "mother": k,
                    "residence": RURAL,
                    "province": child_province,
                }
                for k in range(50)
            ),
        )
        year.n_households = 100
        year.parameters = load({"demography.coresidence.departures": 0.0})
        year.people["leave"][:50] = HOME
        year.run(STEP_MOVES)
        joined = year.people["household"][:50] == year.people["household"][50:]
        assert (year.people["residence"][:50] == joined).all()
        return joined.sum()

    assert moved(3) == 0
    assert 5 < moved(0) < 45


def test_the_trend_lowers_the_odds_of_the_survey_year(country):
    country.run(STEP, STEP_MOVES)
    solved = float(survey_level(country))
    country.later().run(STEP, STEP_MOVES)
    assert float(survey_level(country)) == solved
    assert country.parameters.value("demography.households.coresidence_trend") < 0


# --- newborns ---------------------------------------------------------------------------


def with_newborn(tools, share, **husband):
    """Grandparents, their son and his wife with a newborn in an own home, 40 times over."""
    people = []
    for k in range(40):
        son = {"sex": 0, "age": 30, "household": 2 * k + 1, "marital": 1, "father": 4 * k,
               "partner": 4 * k + 2}  # fmt: skip
        people += [
            {"sex": 0, "age": 55, "household": 2 * k},
            son | husband,
            {"sex": 1, "age": 28, "household": 2 * k + 1, "marital": 1, "partner": 4 * k + 1},
            {"sex": 1, "age": -1, "household": 2 * k + 1, "mother": 4 * k + 2, "father": 4 * k + 1},
        ]
    people = [{"education": 2} | person for person in people]
    p = load({"demography.coresidence.birth_joins_parents": share})
    year = tools.Year(tools.people_of(people), 80, parameters=p)
    year.run(STEP_MOVES)
    return year.people["household"].reshape(40, 4)


def test_parents_of_a_newborn_move_in_with_grandparents_by_the_share(tools):
    none, some, all_of_them = (with_newborn(tools, share) for share in (0.0, 0.5, 1.0))
    joined = [(home[:, 0] == home[:, 1]).mean() for home in (none, some, all_of_them)]
    assert (joined[0], joined[2]) == (0.0, 1.0)
    assert 0.1 < joined[1] < 0.9
    for home in (none, some, all_of_them):
        assert (home[:, 1:] == home[:, 1:2]).all()


def test_a_mother_who_worked_away_goes_home_with_her_newborn(tools):
    """Her husband works elsewhere, his father has a home at her place: it is there she goes."""
    home = with_newborn(tools, 0.0, household=-1, collective=WORKS)
    assert (home[:, 2] == home[:, 0]).all()
    assert (home[:, 3] == home[:, 0]).all()
    assert (home[:, 1] == -1).all()


# --- lodgings ---------------------------------------------------------------------------


def shared(tools, *people, **values):
    year = family(tools, *people)
    year.parameters = load({f"demography.coresidence.{k}": v for k, v in values.items()})
    return year


def test_lodgers_are_people_who_live_without_family(tools):
    year = shared(
        tools,
        {"sex": 0, "age": 25, "household": 0},
        {"sex": 1, "age": 31, "household": 0},
        {"sex": 1, "age": 50, "household": 1},
        {"sex": 0, "age": 22, "household": 1, "mother": 2},
        {"sex": 0, "age": 30, "household": 2},
        {"sex": 0, "age": 11, "household": 2},
        {"sex": 0, "age": 30, "household": 3},
    )
    assert lodgings.lodgers(year).tolist() == [2, -1, -1, 1, 0]
    assert lodgings.shares_lodgings(year, np.arange(7)).tolist() == [True] * 2 + [False] * 5


def test_lodgers_counted_in_changed_homes_alone_are_those_counted_anew(country, tools):
    country.run(STEP, STEP_MOVES)
    before = lodgings.lodgers(country).copy()
    rng, people = np.random.default_rng(2), country.people
    adults = np.flatnonzero((people["age"] >= 18) & (people["partner"] < 0))
    for turn in range(20):
        some = rng.choice(adults, 50, replace=False)
        families.join_household(people, some, rng.integers(0, country.n_households, 50))
        men, women = (some[people["sex"][some] == k][:5] for k in (0, 1))
        families.marry(people, men, women)
        adults = adults[people["partner"][adults] < 0]
        if turn > 15:  # newborns have everything counted anew
            families.bear(country, some[-4:], sex=np.zeros(4, np.uint8))
        families.bury(people, some[-2:])
        adults = adults[people["alive"][adults] == 1]
        anew = tools.Year(people.copy(), country.n_households)
        assert (lodgings.lodgers(country) == lodgings.lodgers(anew)).all()
        kept, found = lodgings.known(country).hosts, lodgings.known(anew).hosts
        assert all((a == b).all() for a, b in zip(kept, found, strict=True))
        assert len(found.rows) > 0
    after = lodgings.lodgers(country)
    assert (before != after[: len(before)]).any()
    assert (after > 1).any()


def test_a_lodger_finds_a_host_at_the_place_who_stays_and_has_room(tools):
    def found(*, away=(), most=4, **host):
        host = {"sex": 0, "age": 30, "household": 0} | host
        year = shared(tools, host, {"sex": 0, "age": 20}, lodging=1.0, lodgers_most=most)
        place = np.zeros(1, np.uint8), np.zeros(1, np.uint8)
        lodger, away = np.array([1]), np.array(away, np.int64)
        return lodgings.find(year, lodger, *place, np.array([0.4]), away)[0]

    assert found() == 0
    assert found(residence=RURAL) == -1
    assert found(age=57) == -1
    assert found(death_u=0.5) == -1
    assert found(away=[0]) == -1


def test_a_full_home_takes_nobody_in(tools):
    members = [{"sex": 0, "age": 30, "household": 0} for _ in range(3)]
    place, nobody = np.zeros(1, np.uint8), np.zeros(0, np.int64)
    hosts = [
        lodgings.find(
            shared(tools, *members, {"sex": 0, "age": 20}, lodging=1.0, lodgers_most=most),
            np.array([3]), place, place, np.array([0.4]), nobody,
        )[0]
        for most in (4, 3)
    ]  # fmt: skip
    assert hosts == [0, -1]


def test_one_host_more_changes_only_the_choice_of_those_beside_it():
    rng = np.random.default_rng(1)
    circle = np.sort(rng.random(30)) + 7
    v, place = rng.random(500), np.full(500, 7)
    before = lodgings.next_on_circle(circle, np.arange(30), place, v)
    after = lodgings.next_on_circle(np.insert(circle, 12, circle[12] - 1e-3),
                                    np.insert(np.arange(30), 12, 99), place, v)  # fmt: skip
    assert set(after[before != after].tolist()) <= {99}
    assert set(before[after == 99].tolist()) <= {12}
    assert (lodgings.next_on_circle(circle, np.arange(30), place + 1, v) == -1).all()
    assert lodgings.next_on_circle(circle, np.arange(30), place, np.full(500, 0.9999))[0] == 0


# --- divorce ----------------------------------------------------------------------------


def test_who_leaves_at_a_divorce_returns_to_parents_at_the_place(tools):
    def leaver(share, residence):
        year = shared(
            tools,
            {"sex": 0, "age": 30, "household": 0},
            {"sex": 1, "age": 30, "household": 0, "mother": 2},
            {"sex": 1, "age": 57, "household": 1, "residence": residence},
            divorced_to_parents=share,
            children_with_mother=0.0,
        )
        marriage_ends.part(year, np.array([0]), np.array([1]), np.array([0.5]))
        assert year.people["household"][0] == 0
        return year.people["household"][1]

    assert leaver(1.0, URBAN) == 1
    assert leaver(0.0, URBAN) == 5
    assert leaver(1.0, RURAL) == 5


# --- older parents ----------------------------------------------------------------------


def test_couples_move_apart_from_a_child_but_nobody_without_spouse(tools):
    people = []
    for k in range(40):
        people += [
            {"sex": 1, "age": 70, "household": 2 * k, "n_living_children": 1},
            {"sex": 0, "age": 40, "household": 2 * k, "mother": 5 * k},
            {"sex": 1, "age": 70, "household": 2 * k + 1, "n_living_children": 1, "marital": 1,
             "partner": 5 * k + 3},
            {"sex": 0, "age": 70, "household": 2 * k + 1, "n_living_children": 1, "marital": 1,
             "partner": 5 * k + 2},
            {"sex": 0, "age": 40, "household": 2 * k + 1, "mother": 5 * k + 2, "father": 5 * k + 3},
        ]  # fmt: skip
    year = family(tools, *people)
    year.n_households = 80
    year.people["leave"][year.people["age"] == 70] = HOME
    year.run(STEP_MOVES)
    home = year.people["household"].reshape(40, 5)
    assert (home[:, 0] == home[:, 1]).all()
    assert (home[:, 2] == home[:, 3]).all()
    assert (home[:, 3] != home[:, 4]).any()
