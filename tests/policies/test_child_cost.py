"""Spending on children: published totals, the profile by age, and households."""

import numpy as np
import pytest
from songhe.model.policies import child_cost
from songhe.model.prices import income
from songhe.parameters.load import ParameterError, load

KEY = "policies.child_cost."


@pytest.mark.parametrize(
    ("year", "urban", "rural", "source"),
    [
        (2019, 630_000, 300_000, "YuWa 2022"),
        (2022, 666_699, 364_868, "YuWa 2024"),
    ],
)
def test_published_totals(p, year, urban, rural, source):
    assert child_cost.total_cost(p, year).tolist() == [urban, rural], source
    yearly = child_cost.yearly_cost(p, year)
    np.testing.assert_allclose(yearly.sum(axis=1), [urban, rural])
    assert yearly.shape == (2, 18)


def test_other_years_move_with_income(p):
    for year, known in ((2011, 2019), (2021, 2019), (2030, 2022)):
        ratio = child_cost.total_cost(p, year) / child_cost.total_cost(p, known)
        np.testing.assert_allclose(ratio, income(p, year) / income(p, known))


def test_a_year_is_lived_half_at_each_age(p):
    cost, by_opening = child_cost.yearly_cost(p, 2022), child_cost.cost_by_opening(p, 2022)
    assert by_opening.shape == (2, 19)
    assert by_opening[0, 0] == round(50 * cost[0, 0])
    assert by_opening[0, 3] == round(50 * (cost[0, 2] + cost[0, 3]))
    assert by_opening[0, 18] == round(50 * cost[0, 17])
    np.testing.assert_allclose(by_opening.sum(axis=1) / 100, [666_699, 364_868], atol=0.2)


def families(world, p):
    """A couple with a boy of 4 in town, a man alone, and a mother with a newborn in the country."""
    return world(
        p,
        year=2022,
        age=np.array([35, 33, 4, 50, 28, -1], np.int8),
        residence=np.array([0, 0, 0, 0, 1, 1], np.uint8),
        household=np.array([0, 0, 0, 1, 2, 2], np.int32),
    )


def test_spending_and_income_are_of_households_with_children(world, p):
    now = families(world, p).run(child_cost.STEP).tally.now
    cost = child_cost.cost_by_opening(p, 2022)
    assert now["child_cost"].tolist() == [cost[0, 5], cost[1, 0]]
    fen = np.round(income(p, 2022) * 100)
    np.testing.assert_array_equal(now["income_with_children"], fen * [3, 2])


def test_nobody_without_children_counts(world, p):
    w = families(world, p)
    w.people["age"][[2, 5]] = 18
    now = w.run(child_cost.STEP).tally.now
    assert not now["child_cost"].any()
    assert not now["income_with_children"].any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({KEY + "total": {"2030-01-01": -1}}, ("total", "0 to 1e+07")),
        ({KEY + "total": {"2030-01-01": {"suburban": 5}}}, ("suburban", "urban")),
        ({KEY + "age_profile": {"value": [1, 1]}}, ("age_profile", "age_from")),
    ],
)
def test_bad_costs_are_refused_with_the_key_and_what_is_allowed(change, words):
    with pytest.raises(ParameterError) as fault:
        load(change)
    assert all(word in str(fault.value) for word in words)
