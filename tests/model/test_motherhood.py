"""Mothers' work and grandparents' care: rules by hand, then families of a made-up country."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songhe.agents import luck
from songhe.agents.frame import People
from songhe.model import motherhood_rules as mr
from songhe.model.align import Constants
from songhe.model.events import motherhood
from songhe.model.tally import Tally
from songhe.model.work_rules import ENTERPRISE, FARM, NONE, earns
from songhe.model.year import columns
from songhe.parameters.load import load
from songhe.tests.statistical import assert_proportions

RULES = mr.Motherhood(
    exit_at_birth=0.4, exit_grandparent=-0.8, returns=np.array([0, 0.1, 0.2, 0.3, 0.3, 0.3, 0.3]),
    return_grandparent=0.5, return_in_care=0.7, of_work=2000.0, in_care=1900.0,
    without_parents=4000.0, of_help=500.0,
)  # fmt: skip
CHANCES = st.floats(0.01, 0.99)


@given(CHANCES, st.floats(-3, 3))
def test_a_shift_adds_to_the_log_odds(chance, effect):
    moved = mr.shifted.py_func(chance, effect)
    assert np.log(moved / (1 - moved)) == pytest.approx(np.log(chance / (1 - chance)) + effect)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_what_never_or_always_happens_stays_so(chance):
    assert mr.shifted.py_func(chance, 2.0) == chance


def test_a_mother_stops_only_in_the_year_of_a_birth_and_less_often_with_a_grandparent():
    stops = mr.stops_work.py_func
    assert stops(0.39, -1, False, RULES)
    assert not stops(0.41, -1, False, RULES)
    # odds 2/3 x exp(-0.8) = 0.2996, chance 0.2305
    assert stops(0.23, -1, True, RULES)
    assert not stops(0.24, -1, True, RULES)
    assert not stops(0.0, 0, False, RULES)


def test_she_returns_by_the_age_of_the_child_and_sooner_with_help():
    returns = mr.returns_to_work.py_func
    assert not returns(0.0, -1, True, True, RULES)
    assert returns(0.09, 0, False, False, RULES)
    assert not returns(0.11, 0, False, False, RULES)
    # odds 1/9 x exp(1.2) = 0.3689, chance 0.2695
    assert returns(0.26, 0, True, True, RULES)
    assert not returns(0.28, 0, True, True, RULES)


@pytest.mark.parametrize(
    ("parent", "months", "grandparent", "hours", "needed"),
    [
        (mr.AT_HOME, 0, True, 500.0, 0.0),
        (mr.AT_HOME, 12, False, 0.0, 0.0),
        (mr.AT_WORK, 0, True, 2000.0, 2000.0),
        (mr.AT_WORK, 12, True, 100.0, 100.0),
        (mr.AT_WORK, 6, True, 1050.0, 1050.0),
        (mr.AT_WORK, 12, False, 0.0, 100.0),
        (mr.AWAY, 12, True, 2100.0, 2100.0),
        (mr.AWAY, 0, False, 0.0, 4000.0),
    ],
)
def test_hours_are_what_parents_and_nursery_leave(parent, months, grandparent, hours, needed):
    assert mr.hours_of_grandparents.py_func(parent, 12, months, grandparent, RULES) == hours
    assert mr.hours_needed.py_func(parent, 12, months, RULES) == needed


@pytest.mark.parametrize(
    ("age", "born", "months"), [(-1, 1, 12), (-1, 10, 3), (-1, 12, 1), (0, 12, 12), (5, 3, 8)]
)
def test_a_child_is_young_from_its_month_of_birth_until_it_goes_to_school(age, born, months):
    assert mr.months_before_school.py_func(age, born, 6) == months


class Homes:
    """Three-generation and two-generation homes; grandmother, mother and child in turn."""

    def __init__(self, n, *, together, child_age=-1, work=ENTERPRISE, parameters=None, months=0):
        kinds = {column.name: column.dtype for column in columns()}
        rows = np.arange(3 * n)
        role = rows % 3
        values = {
            "id": luck.base_ids(rows + 1),
            "age": np.choose(role, [60, 30, child_age]),
            "birth_month": np.full(3 * n, 10),
            "sex": np.ones(3 * n),
            "mother": np.where(role == 0, -1, rows - 1),
            "household": np.where((role == 0) & (not together), n + rows // 3, rows // 3),
            "n_living_children": np.choose(role, [1, 1, 0]),
            "work": np.where(role == 1, work, NONE),
            "education": np.full(3 * n, 2),
        }
        self.people = People.of(
            {name: value.astype(kinds[name]) for name, value in values.items()}, columns()
        )
        self.parameters, self.year = parameters or load(), 2012
        self.key, self.constants, self.tally = luck.key_of(4, 0, 0), Constants(), Tally()
        self.mothers = np.flatnonzero(role == 1)
        self.young = None
        nursery = SimpleNamespace(
            months_of=lambda n, year: np.where(role == 2, months, 0).astype(np.uint8)
        )
        nowhere = SimpleNamespace(months_of=lambda n, year: np.zeros(n, np.uint8))
        self.providers = {"childcare": nursery, "kindergarten": nowhere}


@pytest.fixture(scope="module")
def changed():
    """Parameters whose neutral entries take other values."""
    return lambda values: load({mr.KEY + name: {"value": v} for name, v in values.items()})


def test_the_shipped_values_change_nobody():
    homes = Homes(500, together=False)
    before = homes.people["work"].copy()
    motherhood.apply(homes)
    assert (homes.people["work"] == before).all()


@pytest.mark.parametrize("together", [False, True])
def test_mothers_stop_at_the_chance_of_the_rule(changed, together):
    p = changed({"exit_at_birth": 0.4, "exit_grandparent": -0.8})
    homes = Homes(4000, together=together, parameters=p)
    motherhood.apply(homes)
    stopped = int((homes.people["work"][homes.mothers] == NONE).sum())
    chance = mr.shifted.py_func(0.4, -0.8 * together)
    assert_proportions([stopped], [4000], [chance])
    others = np.setdiff1d(np.arange(homes.people.n), homes.mothers)
    assert (homes.people["work"][others] == NONE).all()


def test_a_place_in_care_brings_mothers_back_at_the_chance_of_the_rule(changed):
    p = changed({"return_to_work": [0.25] * 6, "return_in_care": 1.0})
    homes = Homes(4000, together=False, child_age=2, work=NONE, parameters=p, months=4)
    motherhood.apply(homes)
    back = int((homes.people["work"][homes.mothers] != NONE).sum())
    assert_proportions([back], [4000], [mr.shifted.py_func(0.25, 1.0)])


def test_mothers_who_return_take_some_kind_of_work(changed):
    p = changed({"return_to_work": [0.25] * 6})
    homes = Homes(4000, together=False, child_age=2, work=NONE, parameters=p)
    motherhood.apply(homes)
    now = homes.people["work"][homes.mothers]
    assert_proportions([int((now != NONE).sum())], [4000], [0.25])
    working = np.array([earns.py_func(int(w)) for w in now[now != NONE]])
    assert working.mean() > 0.9  # some look for work


@pytest.mark.parametrize(
    ("together", "work", "months", "by_kin", "left"),
    [
        (True, FARM, 0, 2250, 0),
        (True, FARM, 12, 330, 0),
        (False, FARM, 0, 0, 2250),
        (False, FARM, 6, 0, 1290),
        (True, NONE, 0, 550, 0),
        (False, NONE, 0, 0, 0),
    ],
)
def test_hours_and_women_are_counted_home_by_home(together, work, months, by_kin, left):
    homes = Homes(10, together=together, child_age=1, work=work, months=months)
    motherhood.count(homes)
    now = homes.tally.now
    assert now["grandparent_care_hours"] == 10 * by_kin
    assert now["child_care_hours_of_others"] == 10 * left
    assert now["young_children_with_grandparent"] == 10 * together
    women, working = now["women_by_youngest_child"], now["working_women_by_youngest_child"]
    assert women[motherhood.TODDLER, 30] == 10
    assert working[motherhood.TODDLER, 30] == 10 * (work == FARM)
    assert women[motherhood.OLDER, 60] == 10
    assert women.sum() == 20


@pytest.mark.parametrize(
    ("age", "work", "months", "hours"),
    [
        (-1, FARM, 0, 562),  # born in October: 2250 x 3 / 12
        (-1, NONE, 0, 138),  # 550 x 3 / 12
        (5, FARM, 0, 1500),  # at school from September on: 2250 x 8 / 12
        (5, FARM, 8, 220),  # (2250 - 1920) x 8 / 12
    ],
)
def test_hours_are_those_of_the_months_before_school(age, work, months, hours):
    homes = Homes(10, together=True, child_age=age, work=work, months=months)
    motherhood.count(homes)
    assert homes.tally.now["grandparent_care_hours"] == 10 * hours


@pytest.mark.parametrize(("age", "counted"), [(-1, 10), (0, 10), (4, 10), (5, 0)])
def test_children_with_a_grandparent_are_before_school_at_the_end_of_the_year(age, counted):
    homes = Homes(10, together=True, child_age=age)
    motherhood.count(homes)
    assert homes.tally.now["young_children_with_grandparent"] == counted
    assert homes.tally.now["grandparent_care_hours"] > 0, "hours are those of the year"
