"""Household income from the earnings and pensions of the members."""

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.frame import People
from songhe.model import household_income as hi
from songhe.model.align import Constants
from songhe.model.prices import income
from songhe.model.year import columns
from songhe.parameters.dims import PENSIONS
from songhe.parameters.load import load

RESIDENT, EMPLOYEE = PENSIONS.index("resident"), PENSIONS.index("employee")


class World:
    """People of 30, each in a household of its own unless said, in town and country by turns."""

    def __init__(self, education, earnings, household=None, year=2020):
        n = len(education)
        own = np.arange(n) if household is None else household
        self.people = People.of({
            "id": luck.base_ids(np.arange(1, n + 1)), "age": np.full(n, 30, np.int8),
            "residence": (np.arange(n) % 2).astype(np.uint8),
            "education": np.array(education, np.uint8),
            "earnings": np.array(earnings, np.int32), "household": np.array(own, np.int32),
        }, columns())  # fmt: skip
        self.parameters, self.constants, self.year = load(), Constants(), year
        self.constants.year = year


def crowd(n=2400, **values):
    """Earnings of 10,000 yuan for each step of education from the first on."""
    education = np.arange(n) // 2 % 6
    return World(education, 10_000 * (education + 1), **values)


def test_the_mean_over_people_is_the_record():
    world = World([0, 1, 2, 3, 4, 5, 5, 5, 2, 2], np.arange(10) * 7000)
    per_head = hi.income_of(world)
    for residence, record in enumerate(income(world.parameters, 2020)):
        here = world.people["education"][world.people["residence"] == residence]
        assert per_head[residence, here].mean() == pytest.approx(record)


def test_who_earns_more_has_more_and_members_share_it():
    per_head = hi.income_of(crowd())
    assert (np.diff(per_head) > 0).all()
    assert (hi.household_income(per_head, 4) == 4 * per_head).all()


def test_a_shared_home_shares_income():
    """One of each education in a home: everybody has the same."""
    homes = np.arange(2400) // 12 * 2 + np.arange(2400) % 2
    per_head = hi.income_of(crowd(household=homes))
    np.testing.assert_allclose(per_head, per_head[:, :1] * np.ones(6))


def test_outside_a_family_income_is_the_own():
    alone, homes = crowd(), crowd(household=np.full(2400, -1))
    np.testing.assert_array_equal(hi.income_of(alone), hi.income_of(homes))


def test_a_thin_cell_stays_near_the_mean():
    counts, sums = np.full((2, 6), 1000), np.full((2, 6), 1000 * 20_000)
    counts[0, 0], sums[0, 0] = 1, 2_000_000
    ratio = hi.income_ratio(sums, counts)
    assert 1.0 < ratio[0, 0] < 100 / 20
    np.testing.assert_allclose((ratio * counts).sum(axis=1) / counts.sum(axis=1), 1.0)


@pytest.mark.parametrize(
    ("pension", "yuan"), [(0, 50_000), (RESIDENT, 50_000 + 240), (EMPLOYEE, 50_000 + 24_000)]
)
def test_own_income_has_the_pension_of_the_scheme(pension, yuan):
    pension_m = 200_000 if pension == EMPLOYEE else 0
    assert hi.own_income(50_000, pension, pension_m, 2_000) == yuan


def test_a_scenario_keeps_the_ratio_of_its_baseline():
    first, second = World([1] * 10, [5000] * 10), World([5] * 10, [9000] * 10)
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


def test_nobody_at_a_place_and_no_income_leave_ones():
    nothing = np.zeros((2, 6), np.int64)
    assert (hi.income_ratio(nothing, nothing) == 1.0).all()
    assert (hi.income_ratio(nothing, nothing + 5) == 1.0).all()
