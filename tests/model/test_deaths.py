"""Who dies, who is widowed, and who takes care of orphans."""

import numpy as np
import pytest
from songhe.agents.columns import CARE_HOME, CHILDRENS_HOME, DORMITORY, WORKS
from songhe.model.events import deaths

MALE, FEMALE = 0, 1
MARRIED, WIDOWED = 1, 3
HERE, THERE = {"province": 3, "residence": 1}, {"province": 9, "residence": 0}
DIES = {"death_u": 0.5}


def lived(tools, rows, n_households=4):
    """The step of deaths over people given as dictionaries."""
    year = tools.Year(tools.people_of(rows), n_households, year=2011)
    return year.run(deaths.STEP)


def man(age, household, **more):
    return {"sex": MALE, "age": age, "household": household, **HERE, **more}


def woman(age, household, **more):
    return {"sex": FEMALE, "age": age, "household": household, **HERE, **more}


def test_the_dead_leave_every_link_and_widow_their_spouses(tools):
    couple = {"marital": MARRIED}
    year = lived(tools, [
        man(70, 0, partner=1, **couple, **DIES),
        woman(68, 0, partner=0, **couple),
        man(40, 1, mother=1, father=0),
    ])  # fmt: skip
    people = year.people
    assert list(people["alive"]) == [0, 1, 1]
    assert people["marital"][1] == WIDOWED
    assert people["partner"][1] == people["father"][2] == people["household"][0] == -1
    assert people["mother"][2] == 1


def test_deaths_are_counted_once_by_place_age_and_cohort(tools):
    year = lived(tools, [
        man(70, 0, **DIES),
        woman(-1, 0, death_u=0.9),
        woman(110, 1, death_u=0.1),
        man(30, 1),
    ])  # fmt: skip
    tally = year.tally.now
    assert (
        tally["deaths"].sum()
        == tally["deaths_by_age"].sum()
        == tally["deaths_by_cohort"].sum()
        == 3
    )
    assert tally["deaths"][3, 1, MALE] == 1
    assert tally["deaths"][3, 1, FEMALE] == 2
    assert tally["deaths_by_cohort"][MALE, 71] == 1
    assert tally["deaths_by_cohort"][FEMALE, 0] == 1, "newborns stand first"
    assert tally["deaths_by_cohort"][FEMALE, 101] == 1, "100 and over stand together"
    assert tally["deaths_by_age"][FEMALE, 0] == 1


def test_age_at_death_counts_the_birthday_of_the_year(tools):
    rows = [man(70, 0, **DIES) for _ in range(12)]  # born in January ... December
    by_age = lived(tools, rows).tally.now["deaths_by_age"][MALE]
    assert by_age[70] + by_age[71] == 12
    assert by_age[71] == 6


def test_who_died_before_does_not_die_again(tools):
    year = lived(tools, [man(70, -1, alive=0, **DIES), man(30, 0)])
    assert year.tally.now["deaths"].sum() == 0


def test_children_stay_where_an_adult_is_left(tools):
    year = lived(tools, [
        woman(40, 0, **DIES),
        man(8, 0, mother=0),
        woman(17, 0),
    ])  # fmt: skip
    assert list(year.people["household"][1:]) == [0, 0], "she is of age when the year closes"
    assert year.moved == []


def test_orphans_join_a_parent_who_lives_elsewhere_first(tools):
    year = lived(tools, [
        woman(40, 0, mother=3, **DIES),
        man(42, 1, **THERE),
        man(8, 0, mother=0, father=1),
        woman(66, 2),
    ])  # fmt: skip
    people = year.people
    assert people["household"][2] == 1
    assert (people["province"][2], people["residence"][2]) == (9, 0)
    assert year.moved == [(2, "family")]


def test_else_the_grandparents_also_those_known_through_the_dead(tools):
    year = lived(tools, [
        woman(40, 0, mother=3, **DIES),
        man(42, 0, **DIES),
        man(8, 0, mother=0, father=1),
        woman(66, 2, **THERE),
        woman(3, 0, mother=0, father=1),
    ])  # fmt: skip
    people = year.people
    assert people["household"][2] == people["household"][4] == 2
    assert sorted(year.moved) == [(2, "family"), (4, "family")]
    assert people["mother"][2] == people["father"][2] == -1


def test_else_the_grown_sibling_of_the_least_id(tools):
    family = {"sibship": 77}
    year = lived(tools, [
        woman(50, 0, **DIES),
        man(12, 0, mother=0, **family),
        man(20, 1, mother=0, **family),
        woman(25, 2, mother=0, **family),
        man(30, 3, sibship=5),
    ])  # fmt: skip
    assert year.people["household"][1] == 1


def test_people_of_unknown_mothers_are_no_siblings(tools):
    year = lived(tools, [woman(50, 0, **DIES), man(12, 0), man(30, 1)])
    assert year.people["collective"][1] == CHILDRENS_HOME


def test_else_a_parent_leaves_works_or_a_dormitory_for_them(tools):
    year = lived(tools, [
        woman(66, 0, **DIES),
        man(8, 0, father=2),
        man(35, -1, collective=WORKS, **THERE),
        woman(5, 0, father=2),
    ])  # fmt: skip
    people = year.people
    home = people["household"][2]
    assert home == 4, "a new household"
    assert list(people["household"][[1, 3]]) == [home, home]
    assert (people["collective"][[1, 2, 3]] == 0).all()
    assert (people["province"][[1, 3]] == 9).all()


@pytest.mark.parametrize("rest", [
    [],
    [woman(70, -1, collective=CARE_HOME)],
    [woman(30, 1, death_u=0.2)],
    [woman(16, 1)],
])  # fmt: skip
def test_else_a_childrens_home(tools, rest):
    """No kin; a mother in a care home; one who dies as well; one who is a minor herself."""
    rows = [woman(66, 0, **DIES), man(8, 0, **({"mother": 2} if rest else {})), *rest]
    people = lived(tools, rows).people
    assert people["collective"][1] == CHILDRENS_HOME
    assert people["household"][1] == -1
    assert people["alive"][1] == 1


def test_minors_in_dormitories_and_dying_minors_are_no_orphans(tools):
    year = lived(tools, [
        woman(40, 0, **DIES),
        man(15, -1, mother=0, collective=DORMITORY),
        man(8, 0, mother=0, **DIES),
    ])  # fmt: skip
    assert year.people["collective"][1] == DORMITORY
    assert year.people["alive"][2] == 0


def test_a_newborn_whose_mother_dies_after_the_birth_finds_a_home(tools):
    year = lived(tools, [
        woman(28, 0, mother=2, **DIES),
        woman(-1, 0, mother=0),
        woman(55, 1),
    ])  # fmt: skip
    assert year.people["household"][1] == 1


def test_families_are_sound_after_any_deaths(tools, country):
    """A third of everybody dies."""
    people = country.people
    rng = np.random.default_rng(2)
    people["death_u"][:] = np.where(rng.random(people.n) < 0.33, 0.5, 2)
    alive = (people["alive"] == 1).sum()
    country.run(deaths.STEP)
    assert tools.faults(country.people) == []
    assert (people["collective"] == CHILDRENS_HOME).any()
    assert (people["alive"] == 1).sum() == alive - country.tally.now["deaths"].sum()


def test_the_order_of_rows_changes_nothing(tools, country):
    rng = np.random.default_rng(2)
    people = country.people
    people["death_u"][:] = np.where(rng.random(people.n) < 0.33, 0.5, 2)
    other = tools.shuffled(country)
    country.run(deaths.STEP)
    other.run(deaths.STEP)
    names = ("partner", "mother", "father", "collective", "province", "marital")
    one, two = (tools.by_id(y.people, *names) for y in (country, other))
    for name in names:
        assert (one[name] == two[name]).all(), name
    assert (tools.same_homes(country.people) == tools.same_homes(other.people)).all()
