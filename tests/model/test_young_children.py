"""Months of a year in nursery and kindergarten age."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.model.months import last_month_alive
from songhe.model.young_children import (
    begins_at,
    in_parts,
    months_until,
    stay,
)
from songhe.parameters.load import load

compiling = settings(deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("age", "nursery", "kindergarten"),
    [
        (-1, (1, 0), (1, 0)), (0, (1, 12), (1, 0)), (1, (1, 12), (1, 0)), (2, (1, 8), (9, 12)),
        (3, (1, 0), (1, 12)), (4, (1, 0), (1, 12)), (5, (1, 0), (1, 8)), (6, (1, 0), (1, 0)),
    ],
)  # fmt: skip
def test_months_by_age_completed_at_the_opening(age, nursery, kindergarten):
    if age >= 0:
        assert stay(age, 0, 3, 12) == nursery
    assert stay(age, 3, 3, 12) == kindergarten


def test_a_child_is_three_years_in_kindergarten_and_goes_from_one_to_the_other():
    years = [stay(age, 3, 3, 12) for age in range(-1, 9)]
    assert sum(max(last - first + 1, 0) for first, last in years) == 36
    assert stay(2, 0, 3, 12)[1] + 1 == stay(2, 3, 3, 12)[0]


@compiling
@given(st.integers(0, 8), st.floats(0, 0.9999))
def test_death_ends_it(age, death_u):
    end = last_month_alive(death_u)
    first, last = stay(age, 3, 3, end)
    assert last <= end or last < first
    assert last - first <= stay(age, 3, 3, 12)[1] - stay(age, 3, 3, 12)[0]


def test_months_up_to_one():
    assert [months_until(3, 10, m) for m in (1, 3, 8, 12)] == [0, 1, 6, 8]


def test_kindergarten_begins_three_years_before_school():
    assert begins_at(load()) == 3
    assert begins_at(load({"demography.schooling.entry_age": 7})) == 4


def test_parts_of_an_agent_are_whole_numbers():
    assert in_parts(np.array([30_000.0, 15.0]), 30_000.0).tolist() == [1200, 1]
