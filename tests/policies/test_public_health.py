"""The subsidy for every head, and visits of mothers and children."""

import numpy as np
import pytest
from songhe.agents.columns import THIS_YEAR
from songhe.model import funds
from songhe.model.policies import public_health as ph
from songhe.model.prices import price_index
from songhe.parameters.dims import FUNDS
from songhe.parameters.load import ParameterError, load

AT = FUNDS.index("public_health")
KEY = "policies.public_health."
ALL = {KEY + "coverage": {"value": 1.0, "prior": {"fixed": "a test"}}}


@pytest.mark.parametrize(
    ("year", "yuan"),
    [(2011, 25), (2012, 25), (2015, 40), (2017, 45), (2020, 74), (2024, 94), (2025, 99)],
)
def test_subsidy_of_the_circulars(p, year, yuan):
    assert ph.subsidy_per_head(p, year) == 100 * yuan


def test_later_subsidies_follow_prices_from_the_last_known(p):
    ratio = price_index(p, 2040) / price_index(p, 2025)
    assert ph.subsidy_per_head(p, 2040) == pytest.approx(9900 * ratio, abs=1)
    raised = load({KEY + "subsidy_per_head": {"2030-01-01": 200}})
    assert ph.subsidy_per_head(raised, 2030) == 20_000
    ratio = price_index(p, 2035) / price_index(p, 2030)
    assert ph.subsidy_per_head(raised, 2035) == pytest.approx(20_000 * ratio, abs=1)


def test_outlay_is_heads_times_the_subsidy(world, crowd, p):
    w = world(p, year=2024, **crowd(3000)).run(ph.STEP, funds.STEP)
    now = w.tally.now
    heads = np.bincount(w.people["province"], minlength=31)
    np.testing.assert_array_equal(now["fund_outlay"][AT, 0], heads * 9_400)
    np.testing.assert_array_equal(now["fund_outlay"], now["fund_subsidy"])
    assert not now["fund_balance"][AT].any()
    central, local = (w.counterparts[k] for k in ("central_government", "local_government"))
    assert abs(central.sum() / (central + local).sum() - 0.5) < 1e-4


def test_the_dead_cost_nothing(world, crowd, p):
    people = crowd(50)
    w = world(p, year=2024, alive=np.zeros(50, np.uint8), **people).run(ph.STEP)
    assert not w.tally.now["fund_registered"].any()
    assert not w.tally.now["child_health_visits"].any()


def test_visits_of_the_package(world):
    """Of a newborn 5, in the next years 2, 2, 1, 1, 1, 1, then none; 7 for a delivery."""
    since = np.full(10, 255, np.uint8)
    since[9] = THIS_YEAR
    age = np.array([-1, 0, 1, 2, 3, 4, 5, 6, 7, 30], np.int8)
    places = np.arange(10, dtype=np.uint8)
    w = world(load(ALL), year=2024, age=age, since_birth=since, province=places).run(ph.STEP)
    now = w.tally.now
    assert now["child_health_visits"][:10].tolist() == [5, 2, 2, 1, 1, 1, 1, 0, 0, 0]
    assert now["maternal_health_visits"][:10].tolist() == [0] * 9 + [7]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({KEY + "subsidy_per_head": {"2030-01-01": -1}}, ("subsidy_per_head", "0 to 10000")),
        ({KEY + "coverage": {"value": 2}}, ("coverage", "0 to 1")),
    ],
)
def test_bad_law_is_refused_with_the_key_and_what_is_allowed(change, words):
    with pytest.raises(ParameterError) as fault:
        load(change)
    assert all(word in str(fault.value) for word in words)
