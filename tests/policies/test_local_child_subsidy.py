"""Child subsidies of provinces: who is paid, months and fen, and what a province promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.agents import luck
from songhe.model import birth_response, funds
from songhe.model.policies import local_child_subsidy as lcs
from songhe.parameters.dims import FUNDS, PROVINCES
from songhe.parameters.load import ParameterError, load

KEY = "policies.local_child_subsidy."
AT = FUNDS.index("child_subsidy")
HERE, THERE = PROVINCES.index("Inner Mongolia"), PROVINCES.index("Hubei")
# what Hohhot paid from March 2025, Xinhua 14 March 2025, as if it were the province's
HOHHOT = {
    KEY + "birth_grant": {"2025-03-01": {"Inner Mongolia": [10_000, 0, 0]}},
    KEY + "yearly_amount": {"2025-03-01": {"Inner Mongolia": [0, 10_000, 10_000]}},
    KEY + "until_age": {"value": {"Inner Mongolia": [3, 5, 10]}},
}
compiling = settings(deadline=None, derandomize=True)


def paid(p, born, month, order, years, province=HERE):
    """Months and fen of a child over years."""
    number = lcs.month_number(born, month)
    months = money = 0
    for year in years:
        r = lcs.rules_of(p, year)
        if year == born:
            money += lcs.grant_for(number, month, province, order - 1, r)
        n, fen = lcs.subsidy_for(number, 2.0, province, order - 1, r)
        months, money = months + n, money + fen
    return months, money


@pytest.mark.parametrize(
    ("order", "months", "yuan", "source"),
    [
        (1, 0, 10_000, "Hohhot, first child: 10,000 yuan once"),
        (2, 60, 50_000, "Hohhot, second child: 10,000 a year for five years"),
        (3, 120, 100_000, "Hohhot, third child: 10,000 a year for ten years"),
    ],
)
def test_worked_cases_of_a_city(order, months, yuan, source):
    n, fen = paid(load(HOHHOT), 2026, 5, order, range(2026, 2040))
    assert n == months, source
    assert abs(fen - yuan * 100) <= 60  # a twelfth of 10,000 yuan is rounded to the fen
    if months == 0:
        assert fen == yuan * 100


def test_children_born_before_the_scheme_are_not_in_it():
    p = load(HOHHOT)
    assert paid(p, 2025, 2, 2, range(2025, 2035)) == (0, 0)
    assert paid(p, 2025, 3, 2, range(2025, 2035))[0] == 60
    assert paid(p, 2025, 2, 1, range(2025, 2030)) == (0, 0)
    assert paid(p, 2026, 5, 2, range(2026, 2040), THERE) == (0, 0)


@compiling
@given(st.integers(0, 9), st.integers(1, 9), st.integers(1, 12), st.integers(2026, 2035))
def test_months_are_those_between_the_ages(first, more, month, born):
    p = load({KEY + "yearly_amount": {"2025-01-01": 12_000},
              KEY + "from_age": first, KEY + "until_age": first + more})  # fmt: skip
    assert paid(p, born, month, 2, range(born, born + 20)) == (12 * more, 12 * more * 100_000)


def test_order_is_read_from_the_path_of_the_id():
    paths = {"41207": 0, "41207.1": 1, "41207.2.1": 1, "41207.1.3": 3, "7.1.1.1.1.1.1.15": 15}
    for text, order in paths.items():
        assert lcs.order_of(np.uint64(luck.path_id(text))) == order


def children(world, p, year=2027, **more):
    """A first, second and third child here, a second there, and one of the base."""
    mothers = luck.base_ids(np.arange(1, 6))
    ids = luck.child_ids(mothers, np.array([1, 2, 3, 2, 1]))
    ids[4] = mothers[4]
    columns = {
        "id": ids,
        "age": np.full(5, -1, np.int8),
        "birth_month": np.full(5, 6, np.uint8),
        "province": np.array([HERE, HERE, HERE, THERE, HERE], np.uint8),
    }
    return world(p, year=year, **(columns | more))


def test_outlay_is_paid_by_local_government(world):
    w = children(world, load(HOHHOT)).run(lcs.STEP, funds.STEP)
    now = w.tally.now
    monthly = round(10_000 * 100 / 12)
    assert now["local_child_subsidy"][HERE] == 1_000_000 + 2 * 6 * monthly
    assert now["local_child_subsidy"].sum() == now["local_child_subsidy"][HERE]
    assert now["local_child_subsidy_children"][HERE] == 3
    assert now["fund_outlay"][AT, 0, HERE] == now["local_child_subsidy"][HERE]
    np.testing.assert_array_equal(now["fund_outlay"], now["fund_subsidy"])
    assert w.counterparts["local_government"][HERE] == -now["local_child_subsidy"][HERE]


def test_the_law_as_it_stands_pays_nothing(world, p):
    w = children(world, p).run(lcs.STEP, funds.STEP)
    assert not w.tally.now["local_child_subsidy"].any()
    assert w.funds["child_subsidy"].idle


def test_a_child_is_paid_to_the_month_of_its_death(world):
    p = load({KEY + "yearly_amount": {"2025-01-01": 12_000}})
    w = children(world, p, death_u=np.array([0.7, 2, 2, 2, 2], np.float32)).run(lcs.STEP)
    # July to September, and to December of the three others
    assert w.tally.now["local_child_subsidy"].sum() == (3 + 3 * 6) * 100_000


# --- what a next child is promised


def test_only_the_province_that_pays_promises(world):
    told = lcs.promise(children(world, load(HOHHOT)))
    assert told.cash.shape == (3, 31, 1, 1)
    assert (told.cash[:, HERE, 0, 0] > 0).all()
    assert not np.delete(told.cash, HERE, axis=1).any()
    assert told.cash[0, HERE, 0, 0] == 10_000
    assert 40_000 < told.cash[1, HERE, 0, 0] < 50_000
    assert 70_000 < told.cash[2, HERE, 0, 0] < 100_000


def test_nothing_is_promised_by_the_law_as_it_stands(world, p):
    assert lcs.promise(children(world, p)) == (0.0,) * 6


def test_the_answer_differs_by_province():
    p = load(HOHHOT)
    cash = lcs.benefit(p, 2027).T[:, :, None, None]
    term = birth_response.response(p, birth_response.Promise(cash=cash), np.full((2, 6), 4e4))
    assert (term[:, HERE] > 0).all()
    assert not np.delete(term, HERE, axis=1).any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({KEY + "birth_grant": {"2030-01-01": -5}}, ("birth_grant", "0 to 1e+06")),
        ({KEY + "birth_grant": {"2030-01-01": {"Hohhot": 5}}}, ("Hohhot", "Inner Mongolia")),
        ({KEY + "yearly_amount": {"2030-01-01": {"Henan": [1, 2]}}}, ("Henan", "3 values")),
    ],
)
def test_bad_law_is_refused_with_the_key_and_what_is_allowed(change, words):
    with pytest.raises(ParameterError) as fault:
        load(change)
    assert all(word in str(fault.value) for word in words)


def test_ages_upside_down_are_refused():
    turned = load({KEY + "from_age": {"value": {"Henan": [4, 0, 0]}}})
    with pytest.raises(ParameterError, match=r"Henan, order 1.*4 or more"):
        lcs.rules_of(turned, 2027)
