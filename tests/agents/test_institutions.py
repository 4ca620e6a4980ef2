"""Ledgers: two ends of every flow, and a balance that is exact to the fen."""

import mesa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.agents.institutions import (
    CAPITAL_MARKET,
    GOVERNMENT,
    Fund,
    copy_funds,
    in_sum,
    move,
    open_funds,
    shared,
    split,
)
from songhe.model.tally import Tally
from songhe.parameters.dims import FUNDS, PROVINCES

P = len(PROVINCES)
MANY = np.full(P, 10_000)
amounts = st.lists(st.integers(0, 10**13), min_size=P, max_size=P).map(np.array)
balances = st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=P).map(np.array)


class Books(mesa.Model):
    def __init__(self):
        super().__init__(rng=0)
        self.counterparts, self.tally = {}, Tally()
        self.funds = open_funds(self)


@pytest.fixture
def books():
    return Books()


def only(province, fen):
    return np.where(np.arange(P) == province, fen, 0)


def test_there_is_one_agent_for_each_fund(books):
    assert tuple(books.funds) == FUNDS
    assert len(books.agents_by_type[Fund]) == len(FUNDS)


def test_what_a_fund_gains_the_other_end_loses(books):
    fund = books.funds["long_term_care"]
    fund.flow("revenue", only(3, 500), "households")
    fund.flow("outlay", only(3, 200), "households", ledger="individual")
    assert books.counterparts["households"][3] == -300
    assert fund.balance[:, 3].tolist() == [500, -200]
    assert in_sum(books.funds, books.counterparts) == 0


@settings(deadline=None, derandomize=True)
@given(amounts, amounts, st.floats(0, 0.2))
def test_opening_and_flows_give_the_closing_balance(paid, spent, rate):
    books = Books()
    fund = books.funds["long_term_care"]
    for year in (2020, 2021):
        before = fund.balance.copy()
        fund.flow("revenue", paid, "households")
        fund.flow("outlay", spent, "care_providers")
        fund.close(rate, MANY)
        now = books.tally.now
        at = FUNDS.index("long_term_care")
        gained = sum(
            now[f"fund_{kind}"][at]
            for kind in ("revenue", "subsidy", "interest", "deficit_financing", "transfers",
                         "opening_adjustment")
        )  # fmt: skip
        lost = now["fund_outlay"][at] + now["fund_administration"][at]
        np.testing.assert_array_equal(before + gained - lost, now["fund_balance"][at])
        assert (now["fund_balance"] >= 0).all()
        assert in_sum(books.funds, books.counterparts) == 0
        books.tally.close(year)


def test_no_deficit_is_left_and_its_financing_has_a_name(books):
    fund = books.funds["long_term_care"]
    fund.flow("outlay", only(5, 900), "care_providers")
    fund.close(0.0, MANY)
    assert not fund.balance.any()
    assert books.counterparts[GOVERNMENT][5] == -900
    assert books.tally.now["fund_deficit_financing"].sum() == 900


def test_thin_pools_stand_in_for_each_other_before_the_budget_pays(books):
    fund = books.funds["long_term_care"]
    fund.flow("outlay", only(5, 900), "care_providers")
    fund.flow("revenue", only(6, 1000), "households")
    fund.close(0.0, np.full(P, 1_999))
    assert fund.balance[0].tolist() == only(6, 100).tolist()
    assert not books.tally.now["fund_deficit_financing"].any()
    assert books.tally.now["fund_transfers"].sum() == 0


def test_large_pools_stand_alone(books):
    fund = books.funds["long_term_care"]
    fund.flow("outlay", only(5, 900), "care_providers")
    fund.flow("revenue", only(6, 1000), "households")
    fund.close(0.0, np.full(P, 2_000))
    assert fund.balance[0].tolist() == only(6, 1000).tolist()
    assert books.tally.now["fund_deficit_financing"].sum() == 900


def test_flows_of_the_year_earn_half_a_year(books):
    fund = books.funds["long_term_care"]
    fund.flow("revenue", only(0, 1_000_000), "households")
    fund.close(0.21, MANY)
    assert fund.balance[0, 0] == 1_100_000
    fund.close(0.21, MANY)
    assert fund.balance[0, 0] == 1_331_000
    assert books.counterparts[CAPITAL_MARKET][0] == -331_000


def test_an_opening_adjustment_earns_nothing_in_its_year(books):
    fund = books.funds["resident_pension"]
    fund.flow("opening_adjustment", only(0, 5_000_000), "before_the_first_year")
    fund.close(0.05, MANY)
    assert fund.balance[0, 0] == 5_000_000


def test_only_named_ledgers_earn(books):
    fund = books.funds["resident_pension"]
    for ledger in ("pooled", "individual"):
        fund.flow("revenue", only(0, 1_000_000), "households", ledger=ledger)
    fund.close(0.21, MANY, earns=("pooled",))
    assert fund.balance[:, 0].tolist() == [1_100_000, 1_000_000]


def test_copies_are_independent(books):
    other = Books()
    books.funds["child_subsidy"].flow("subsidy", only(1, 70), GOVERNMENT)
    twins = copy_funds(books.funds, other)
    twins["child_subsidy"].flow("subsidy", only(1, 5), GOVERNMENT)
    assert books.funds["child_subsidy"].balance[0, 1] == 70
    assert twins["child_subsidy"].balance[0, 1] == 75
    assert other.counterparts[GOVERNMENT][1] == -5


@given(st.integers(0, 10**15), st.lists(st.integers(1, 10**9), min_size=1, max_size=31))
def test_a_split_leaves_no_rest(amount, weights):
    parts = split(amount, np.array(weights))
    assert sum(int(part) for part in parts) == amount
    assert (parts >= 0).all()


@given(balances)
def test_sharing_sums_to_zero_and_never_makes_a_deficit(balance):
    after = balance + shared(balance)
    assert shared(balance).sum() == 0
    assert (after >= 0).all() or (after <= 0).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda f: f.flow("gift", np.zeros(P, int), "x"), ValueError, "allowed: revenue"),
        (lambda f: f.flow("revenue", np.zeros(P, int), "x", ledger="y"), ValueError, "pooled"),
        (lambda f: f.flow("revenue", np.zeros(P), "x"), TypeError, "whole fen"),
        (lambda f: f.flow("revenue", np.zeros(3, int), "x"), TypeError, "by province"),
        (lambda f: f.transfer(only(1, 5)), ValueError, "sum to 5 fen"),
        (lambda f: Fund(f.model, "lottery"), ValueError, "allowed: employee_pension"),
        (lambda f: split(5, np.zeros(3, int)), ValueError, "nobody"),
    ],
)
def test_a_wrong_flow_says_what_is_allowed(books, call, error, words):
    with pytest.raises(error, match=words):
        call(books.funds["child_subsidy"])


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(-(10**13), 10**13), min_size=P, max_size=P).map(np.array))
def test_what_one_fund_gives_the_other_takes(moved):
    books = Books()
    giver, taker = books.funds["employee_pension"], books.funds["resident_pension"]
    move(giver, taker, moved, "individual", "individual")
    assert (giver.balance[1] + taker.balance[1] == 0).all()
    np.testing.assert_array_equal(taker.balance[1], moved)
    assert in_sum(books.funds, books.counterparts) == 0
    for fund in (giver, taker):
        fund.close(0.0, MANY)  # flows and balance agree
    assert books.tally.now["fund_transfers"].sum() == 0


def test_money_moves_between_the_ledgers_of_one_fund(books):
    fund = books.funds["employee_pension"]
    fund.flow("revenue", only(2, 700), "households")
    move(fund, fund, only(2, 300), "pooled", "individual")
    assert fund.balance[:, 2].tolist() == [400, 300]
    assert fund.flows["transfers"].sum() == 0


def test_only_whole_fen_move(books):
    funds = books.funds
    with pytest.raises(TypeError, match="whole fen by province"):
        move(funds["employee_pension"], funds["child_subsidy"], np.zeros(P), "pooled", "pooled")
    with pytest.raises(ValueError, match="ledger 'gold'"):
        move(funds["employee_pension"], funds["child_subsidy"], only(0, 1), "gold", "pooled")
