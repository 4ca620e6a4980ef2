"""The care grade: one function of function and of lasting luck; hours of need."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.agents import luck
from songhe.agents.columns import NEVER
from songhe.agents.frame import People
from songhe.model import care_grade as cg
from songhe.model.tally import Tally
from songhe.parameters.load import load

RULES = cg.grade_rules(load())
compiling = settings(deadline=None, derandomize=True)  # the first call compiles
uniforms = st.floats(0, 1, exclude_max=True)


class World:
    def __init__(self, adl, death_u=None):
        n = len(adl)
        values = {"id": luck.base_ids(np.arange(1, n + 1)), "adl": np.array(adl, np.uint8)}
        values["age"] = np.full(n, 80, np.int8)
        values["death_u"] = np.full(n, NEVER) if death_u is None else np.array(death_u, np.float32)
        self.people, self.tally = People.of(values), Tally()
        self.parameters, self.key, self.year = load(), luck.key_of(1, 0, 0), 2020


@compiling
@given(uniforms, st.integers(0, 100))
def test_a_worse_state_never_has_a_lower_grade(u, age):
    grades = [cg.care_grade(adl, u, age, RULES) for adl in range(4)]
    assert grades == sorted(grades)
    assert grades[0] == 0
    assert grades[1] == 1


@compiling
@given(uniforms)
def test_severe_states_have_severe_grades(u):
    assert cg.care_grade(3, u, 80, RULES) in (3, 4, 5)
    assert cg.care_grade(2, u, 80, RULES) in (2, 3)


@pytest.mark.parametrize(
    ("adl", "u", "grade"),
    [(2, 0.79, 2), (2, 0.81, 3), (3, 0.44, 3), (3, 0.46, 4), (3, 0.77, 4), (3, 0.79, 5)],
)
def test_thresholds_are_the_shares(adl, u, grade):
    assert cg.care_grade(adl, u, 80, RULES) == grade


def test_shares_must_add_up():
    p = load({"health.care_grade.severe_split": {"factor": 0.9}})
    with pytest.raises(ValueError, match="adding up to 1"):
        cg.grade_rules(p)


def test_hours_of_need_of_a_year():
    world = World([0, 1, 1])
    cg.apply(world)
    hours = world.tally.now["care_need_hours"]
    assert hours.tolist() == [0, round(2 * 365.25), 0, 0]


def test_need_ends_with_the_month_of_death():
    world = World([1, 1], death_u=[0.0, 0.49])
    cg.apply(world)
    assert world.tally.now["care_need_hours"][1] == round((1 + 6) * 365.25 / 12)


def test_severe_need_lies_between_the_hours_of_its_grades():
    world = World([3] * 500)
    cg.apply(world)
    mean = world.tally.now["care_need_hours"][3] / 500 / 365.25
    assert 4.5 < mean < 8.0
    # expected 0.45 * 4.5 + 0.33 * 6 + 0.22 * 8 = 5.765, sd 1.38; five standard errors
    assert abs(mean - 5.765) < 5 * 1.38 / 500**0.5


def test_the_dead_need_nothing():
    world = World([3, 3])
    world.people["alive"][:] = 0
    cg.apply(world)
    assert not world.tally.now["care_need_hours"].any()
