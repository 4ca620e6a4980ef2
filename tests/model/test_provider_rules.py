"""One provider and one year: places, price, closing and opening."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.model.provider_rules import (
    HIGHEST_PRICE,
    LOWEST_PRICE,
    ProviderRules,
    decide,
    next_places,
    next_price,
    occupancy,
    started,
)

NEUTRAL = ProviderRules(
    follows=False, exits=0.03, full=0.85, low=0.35, patience=3, growth=0.0, lag=2,
    price_response=0.0,
)  # fmt: skip
compiling = settings(deadline=None, derandomize=True)
some = st.floats(0, 1e6)


class Cell:
    """One provider over the years."""

    def __init__(self, places=0.0, rules=NEUTRAL):
        self.rules = rules
        self.places, self.enrolled, self.wanted = (np.full(1, places) for _ in range(3))
        self.low_years, self.coming = np.zeros(1, np.int64), np.zeros((5, 1))
        self.price = np.ones(1)

    def year(self, plan, wanted):
        decide(np.array([float(plan)]), self.rules, self.places, self.enrolled, self.wanted,
               self.low_years, self.coming, self.price)  # fmt: skip
        self.wanted[0] = wanted
        self.enrolled[0] = min(wanted, self.places[0])
        return float(self.places[0])


def test_in_years_of_evidence_places_are_those_planned():
    rules = NEUTRAL._replace(follows=True)
    assert next_places(900.0, 120.0, 0.0, 0.0, 9, 50.0, rules) == 120.0


def test_exits_are_replaced_as_far_as_children_need_them():
    assert next_places(100.0, 0.0, 90.0, 90.0, 0, 0.0, NEUTRAL) == 100.0
    assert next_places(100.0, 0.0, 60.0, 60.0, 0, 0.0, NEUTRAL) == pytest.approx(97.0)
    assert next_places(100.0, 99.0, 60.0, 60.0, 0, 0.0, NEUTRAL) == pytest.approx(99.0)


def test_what_the_plan_lacks_is_opened_where_somebody_asks():
    assert next_places(100.0, 150.0, 90.0, 90.0, 0, 0.0, NEUTRAL) == 150.0
    assert next_places(0.0, 150.0, 0.0, 1.0, 0, 0.0, NEUTRAL) == 150.0
    assert next_places(0.0, 150.0, 0.0, 0.0, 0, 0.0, NEUTRAL) == 0.0


def test_after_years_of_low_occupancy_places_close_down_to_the_children():
    cell = Cell(100.0)
    sizes = [cell.year(0, 20) for _ in range(6)]
    assert sizes[2] == pytest.approx(100 * 0.97**2)
    assert sizes[3] == sizes[5] == pytest.approx(20 / 0.85)


def test_an_empty_cohort_closes_providers_and_children_open_them_again():
    cell = Cell(rules=NEUTRAL)
    cell.wanted[0] = 50.0
    assert cell.year(100, 80) == 100.0
    for _ in range(5):
        cell.year(0, 0)
    assert cell.places[0] == 0.0
    assert cell.enrolled[0] == 0.0
    assert cell.year(40, 40) == 0.0, "nobody asked in the year before"
    assert cell.year(40, 40) == 40.0


def test_one_year_of_low_occupancy_closes_nobody():
    cell = Cell(100.0)
    cell.year(100, 90)
    cell.year(100, 10)
    assert cell.year(100, 90) >= 97.0
    assert cell.year(100, 90) == 100.0


def test_neutral_providers_do_not_grow_with_demand():
    cell = Cell(100.0)
    assert [cell.year(100, 500) for _ in range(10)] == [100.0] * 10


def test_growth_comes_after_its_lag():
    rules = NEUTRAL._replace(growth=0.5, lag=2)
    cell = Cell(100.0, rules)
    cell.year(100, 200)
    sizes = [cell.year(100, 200) for _ in range(4)]
    assert sizes[0] == 100.0
    assert sizes[1] == pytest.approx(107.5)
    assert started(100.0, 100.0, rules) == pytest.approx(7.5)


def test_the_price_moves_with_occupancy_only_where_it_is_asked_to():
    assert next_price(1.2, 100.0, 100.0, NEUTRAL) == 1.2
    moved = NEUTRAL._replace(price_response=0.2)
    assert next_price(1.0, 100.0, 100.0, moved) == pytest.approx(np.exp(0.03))
    assert next_price(1.0, 0.0, 100.0, moved) < 1.0
    assert next_price(1.0, 0.0, 0.0, moved) == 1.0
    assert next_price(LOWEST_PRICE, 0.0, 9.0, moved) == LOWEST_PRICE
    assert next_price(HIGHEST_PRICE, 9.0, 9.0, moved) == HIGHEST_PRICE


@compiling
@given(some, some, some, some, st.integers(0, 5))
def test_places_are_never_negative_and_never_fall_by_more_than_exits_unless_empty(
    places, plan, enrolled, wanted, low_years
):
    enrolled = min(enrolled, places)
    after = next_places(places, plan, enrolled, wanted, low_years, 0.0, NEUTRAL)
    assert after >= 0.0
    if low_years < NEUTRAL.patience:
        assert after >= 0.97 * places * (1 - 1e-12)
    assert after <= max(places, plan, enrolled / NEUTRAL.full) * (1 + 1e-12)
    assert 0.0 <= occupancy(enrolled, places) <= 1.0
