"""Homes of the starting population: units, collective living, households."""

from functools import lru_cache

import numpy as np
import pytest
from songhe.agents import base_collectives, base_homes, columns, household_tables
from songhe.agents.base import build
from songhe.agents.kin import Kin
from songhe.parameters.load import load

MALE, FEMALE = 0, 1
NEVER, MARRIED, WIDOWED = 0, 1, 3


@lru_cache
def base():
    return build(load(), 40_000, 1, 0, "official")


def column(name):
    return base().people[name]


def together(rows, others):
    household = column("household")
    return (household[rows] >= 0) & (household[rows] == household[others])


def family(**people):
    """A few people in one place and their kin; lists by person, unnamed columns at a default."""
    n = len(people["age"])
    default = {"sex": 0, "residence": 1, "education": 1, "enrolled": 0, "marital": NEVER,
               "partner": -1, "mother": -1, "father": -1}  # fmt: skip
    values = {name: np.asarray(people.get(name, [other] * n)) for name, other in default.items()}
    of_mother = np.arange(n) + n
    sibship = np.asarray(people.get("sibship", of_mother), np.int64)
    links = np.concatenate((values["mother"], values["father"]))
    living = np.bincount(links[links >= 0], minlength=n).astype(np.uint8)
    kin = Kin(
        values["mother"].astype(np.int32), values["father"].astype(np.int32), sibship, living,
        living, living, living, np.full(n, -1), {},
    )  # fmt: skip
    about = {
        name: values[name] for name in ("sex", "residence", "education", "enrolled", "marital")
    }
    about["partner"] = values["partner"].astype(np.int32)
    about["age"] = np.asarray(people["age"], np.int8)
    about["province"] = np.zeros(n, np.uint8)
    return about, kin


def homes(**people):
    return base_homes.build_homes(*family(**people), load(), 1, 0)


# --- units ------------------------------------------------------------------------------


def test_a_couple_and_its_minors_live_together():
    found = homes(
        age=[40, 38, 12, 9], sex=[0, 1, 0, 1], marital=[1, 1, 0, 0], partner=[1, 0, -1, -1],
        mother=[-1, -1, 1, 1], father=[-1, -1, 0, 0],
    )  # fmt: skip
    assert (found.home == 0).all()


def test_a_minor_without_parents_lives_with_a_grandparent():
    found = homes(
        age=[60, 40, 12], sex=[1, 1, 0], marital=[WIDOWED] * 2 + [NEVER], mother=[-1, 0, 1],
        residence=[1, 0, 1],
    )  # fmt: skip
    assert found.home[2] == found.home[0] != found.home[1]


def test_a_married_minor_lives_with_the_spouse():
    found = homes(
        age=[50, 22, 17], sex=[1, 0, 1], marital=[WIDOWED, 1, 1], partner=[-1, 2, 1],
        mother=[-1, -1, 0],
    )  # fmt: skip
    assert found.home[2] == found.home[1] != found.home[0]


def test_an_orphan_lives_with_a_grown_up_brother_else_in_a_childrens_home():
    found = homes(age=[25, 10, 8], sibship=[9, 9, 8])
    assert found.home[1] == found.home[0]
    assert found.home[2] == -1
    assert list(found.collective) == [0, 0, columns.CHILDRENS_HOME]


def test_spouses_in_two_places_have_two_homes():
    found = homes(age=[50, 48], sex=[0, 1], marital=[1, 1], partner=[1, 0], residence=[0, 1])
    assert found.home[0] != found.home[1]


def test_stays_with_parents_by_age_and_status():
    p = load()
    young, older, divorced = (
        base_homes.stay_share(np.array([age]), np.array([1]), np.array([marital]), p)[0]
        for age, marital in ((20, 0), (45, 0), (20, 2))
    )
    assert (young, older) == (0.9, 0.7)
    assert divorced == 0.4


# --- loops ------------------------------------------------------------------------------


def test_units_never_join_in_a_circle():
    up = np.full(3, -1, np.int64)
    base_homes.link_units(np.array([0, 1, 2]), np.array([1, 2, 0]), up)
    assert list(up) == [1, 2, -1]


def test_parents_take_the_first_child_who_is_free_until_the_target():
    unit, first = np.array([0, 1, 2]), np.array([0, 2, 3, 4])
    child, gain = np.array([4, 5, 4, 6]), np.array([1, 1, 2])
    up = np.full(7, -1, np.int64)
    links, reached = base_homes.choose(np.arange(3), unit, first, child, gain, 9.0, up)
    assert (links, reached) == (2, 3.0)
    assert list(up[4:]) == [0, -1, 2]  # 4 went to unit 0, so that unit 1 found no one
    up[:] = -1
    links, _ = base_homes.choose(np.arange(3), unit, first, child, gain, 1.0, up)
    assert links == 1


# --- the base ---------------------------------------------------------------------------


def test_collective_population_is_that_of_the_census():
    share = base_collectives.collective_share(load())
    assert share == pytest.approx(0.0705, abs=5e-4)
    orphans = (column("collective") == columns.CHILDRENS_HOME).sum()
    assert (column("household") < 0).sum() == round(share * 40_000) + orphans
    assert orphans < 10


def test_collectives_hold_those_they_are_for():
    age, marital, collective = column("age"), column("marital"), column("collective")
    care = collective == columns.CARE_HOME
    assert care.sum() == round(0.012 * (age >= 60).sum())
    assert age[care].min() >= 60
    assert (marital[care] != MARRIED).mean() > 0.6
    dormitory = collective == columns.DORMITORY
    assert (column("enrolled")[dormitory] == 1).all()
    assert (marital[dormitory] == NEVER).all()
    works = collective == columns.WORKS
    assert (age[works] >= 18).all()
    assert (age[works] < 60).all()
    assert (column("enrolled")[works] == 0).all()


def test_couples_of_a_place_live_together():
    partner = column("partner")
    wives = np.flatnonzero((partner >= 0) & (column("sex") == FEMALE))
    husbands = partner[wives]
    same = (column("province")[wives] == column("province")[husbands]) & (
        column("residence")[wives] == column("residence")[husbands]
    )
    housed = (column("household")[wives] >= 0) & (column("household")[husbands] >= 0)
    assert together(wives, husbands)[same & housed].all()
    assert (same & housed).mean() > 0.97


def test_minors_live_with_their_mother_where_she_lives():
    mother = column("mother")
    minor = (column("age") < 18) & (column("marital") == NEVER)
    rows = np.flatnonzero(minor & (mother >= 0) & (column("household") >= 0))
    at = together(rows, mother[rows])
    same = (column("province")[rows] == column("province")[mother[rows]]) & (
        column("residence")[rows] == column("residence")[mother[rows]]
    )
    assert at[same].all()
    assert at.mean() > 0.9


def test_older_people_live_with_children_as_in_the_survey():
    fit = base().fit["homes"]
    assert fit["older_with_child"] == pytest.approx(0.41, abs=0.002)
    found = household_tables.with_adult_child(base().people)[column("age") >= 60]
    assert found.mean() == pytest.approx(0.41, abs=0.002)
    assert 0.43 < fit["older_alone"] + fit["older_couple_only"] < 0.55  # survey 0.45


def test_households_are_as_many_and_as_large_as_in_the_census():
    fit = base().fit["homes"]
    assert fit["mean_size"] == pytest.approx(3.08, abs=0.01)
    assert abs(fit["households_too_many"]) < 1
    assert fit["size_srmse"] < 0.11
    assert fit["size_largest_error"] < 0.03
    assert fit["generations_srmse"] < 0.11
    assert fit["generations_largest_error"] < 0.045


def test_married_sons_live_with_parents_more_than_married_daughters():
    married = np.flatnonzero((column("marital") == MARRIED) & (column("household") >= 0))
    share = []
    for sex in (MALE, FEMALE):
        rows = married[column("sex")[married] == sex]
        parents = [column(name)[rows] for name in ("mother", "father")]
        share.append(sum(((x >= 0) & together(rows, x)) for x in parents).astype(bool).mean())
    assert share[0] > 1.5 * share[1]


def test_another_replicate_has_other_homes():
    other = build(load(), 40_000, 1, 1, "official")
    same = other.people["household"] == column("household")
    assert same.mean() < 0.5
