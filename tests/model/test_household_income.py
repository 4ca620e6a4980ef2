"""Household income in its reduced form."""

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.frame import People
from songhe.model import household_income as hi
from songhe.model.align import Constants
from songhe.model.prices import income
from songhe.parameters.load import load


class World:
    def __init__(self, education, year=2020):
        n = len(education)
        self.people = People.of({
            "id": luck.base_ids(np.arange(1, n + 1)), "age": np.full(n, 30, np.int8),
            "residence": (np.arange(n) % 2).astype(np.uint8),
            "education": np.array(education, np.uint8),
        })  # fmt: skip
        self.parameters, self.constants, self.year = load(), Constants(), year
        self.constants.year = year


def test_the_mean_over_people_is_the_record():
    world = World([0, 1, 2, 3, 4, 5, 5, 5, 2, 2])
    per_head = hi.income_of(world)
    for residence, record in enumerate(income(world.parameters, 2020)):
        here = world.people["education"][world.people["residence"] == residence]
        assert per_head[residence, here].mean() == pytest.approx(record)


def test_schooling_raises_income_and_members_share_it():
    per_head = hi.income_of(World([1, 2, 3, 4]))
    assert (np.diff(per_head) > 0).all()
    assert (hi.household_income(per_head, 4) == 4 * per_head).all()


def test_a_scenario_keeps_the_mean_of_its_baseline():
    first, second = World([1] * 10), World([5] * 10)
    expected = hi.income_of(first)
    second.constants = first.constants.for_scenario()
    second.constants.year = second.year
    np.testing.assert_array_equal(hi.income_of(second), expected)


def test_thirds_hold_a_third_of_the_cells_each():
    per_head = np.array([[5.0, 6, 7, 8, 9, 10], [1.0, 2, 3, 4, 4.5, 5.5]])
    found = hi.thirds(per_head)
    assert np.bincount(found.ravel()).tolist() == [4, 4, 4]
    assert per_head[found == 0].max() < per_head[found == 1].min()
    assert per_head[found == 1].max() < per_head[found == 2].min()


def test_nobody_at_a_place_leaves_the_gradient_as_it_is():
    assert hi.mean_ratio(np.zeros((2, 6)), np.ones(6) * 2.0).tolist() == [1.0, 1.0]
