"""Residents' pension: months, years, accounts, and money whole to the fen."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.agents import luck
from songhe.model import funds
from songhe.model.policies import resident_pension as rp
from songhe.model.scheme_membership import EMPLOYEE, NONE, RESIDENT
from songhe.model.scheme_membership import STEP as MEMBERSHIP
from songhe.parameters.dims import FUNDS
from songhe.parameters.load import load

POLICY = "policies.resident_pension."
AT = FUNDS.index("resident_pension")
LOWEST = {POLICY + "class_share": [1.0] + 11 * [0.0], POLICY + "pays_share": 1.0}
NOBODY_PAYS = {POLICY + "pays_share": 0.0}
SURE = {POLICY + "makes_up": 1.0}
NO_CLAIM = {POLICY + "makes_up": 0.0}
NO_TOPUP = {POLICY + "local_topup": {"2012-01-01": 0}}
compiling = settings(deadline=None, derandomize=True)  # the first call compiles


@pytest.fixture(scope="session")
def lowest():
    """The law, with everybody in the lowest class."""
    return load(LOWEST)


def member(n=1, **values):
    """Columns of n resident members."""
    columns = {"age": 40, "birth_month": 6, "scheme": RESIDENT}
    kinds = {"age": np.int8, "death_u": np.float32, "pension_account": np.int32}
    return {
        name: np.full(n, value, kinds.get(name, np.uint8))
        for name, value in (columns | values).items()
    }


def counted(world, name):
    return world.tally.now[name][AT].sum()


# --- one person


@pytest.mark.parametrize(
    ("age", "month", "first", "source"),
    [
        (60, 6, 1, "State Council 2014 no. 8: from the month after the 60th birthday"),
        (59, 6, 7, "the birthday in June, the pension from July"),
        (59, 1, 2, "the birthday in January"),
        (59, 12, 13, "the birthday in December: nothing this year"),
        (58, 1, 13, "sixty next year"),
    ],
)
def test_pension_starts_in_the_month_after_the_birthday(age, month, first, source):
    assert rp.first_month(age, month, 60) == first, source


@pytest.mark.parametrize(
    ("year", "yuan", "source"),
    [
        (2012, 55 * 12, "MOHRSS: 55 yuan a month from 2009"),
        (2014, 55 * 6 + 70 * 6, "MOHRSS: 70 yuan from 1 July 2014"),
        (2018, 88 * 12, "China Daily, 14 May 2018: 88 yuan from 1 January 2018"),
        (2020, 88 * 6 + 93 * 6, "93 yuan from 1 July 2020"),
        (2021, 93 * 12, "93 yuan"),
        (2022, 93 * 6 + 98 * 6, "98 yuan from the middle of 2022"),
        (2023, 98 * 6 + 103 * 6, "103 yuan from the middle of 2023"),
        (2024, 123 * 12, "123 yuan from 1 January 2024"),
        (2025, 143 * 12, "China Daily, 26 December 2025: 143 yuan"),
    ],
)
def test_a_year_of_the_minimum_to_the_fen(p, year, yuan, source):
    r = rp.rules_of(p, year)
    assert rp.pension(1, 12, 0, r).minimum == yuan * 100, source


def test_account_pension_is_the_account_over_139():
    assert rp.account_pension(139_000, 139) == 1_000
    assert rp.account_pension(138, 139) == 0


def test_years_needed_are_those_left_when_the_scheme_began(p):
    r = rp.rules_of(p, 2012)
    assert [rp.years_needed(a, r) for a in (75, 60, 59, 50, 45, 30)] == [0, 0, 1, 10, 15, 15]
    later = rp.rules_of(p, 2027)
    assert [rp.years_needed(a, later) for a in (75, 74, 60)] == [0, 1, 15]


@compiling
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 10**7))
def test_more_months_never_pay_less(first, last, share):
    r = rp.rules_of(load(), 2020)
    longer, shorter = rp.pension(1, 12, share, r), rp.pension(first, last, share, r)
    assert all(a >= b >= 0 for a, b in zip(longer[2:], shorter[2:], strict=True))


@compiling
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_larger_account_never_pays_less(a, b):
    low, high = sorted((a, b))
    assert rp.account_pension(low, 139) <= rp.account_pension(high, 139)


def test_amounts_past_the_law_follow_the_named_rule(p):
    assert rp.minimum_m(p, date(2025, 12, 1)) == 143.0
    path = [rp.minimum_m(p, date(y, 1, 1)) for y in range(2025, 2061)]
    assert (np.diff(path) > 0).all()
    still = load({POLICY + "minimum_real_growth": 0.0, "work.economy.cpi_growth": {"factor": 0.0}})
    assert rp.minimum_m(still, date(2060, 1, 1)) == 143.0


def test_an_amount_of_a_scenario_grows_from_its_own_year(p):
    raised = load({POLICY + "minimum": {"2035-01-01": 500}})
    assert rp.minimum_m(raised, date(2034, 1, 1)) == rp.minimum_m(p, date(2034, 1, 1))
    assert rp.minimum_m(raised, date(2035, 1, 1)) == 500
    assert rp.minimum_m(raised, date(2036, 1, 1)) > 500


# --- people and ledgers


def test_contributions_and_matching_stand_in_the_account(world, lowest):
    w = world(lowest, year=2013, **member()).run(rp.STEP)
    assert w.people["pension_account"].tolist() == [13_000]  # 100 and 30 yuan
    assert w.people["pension_years"].tolist() == [1]
    assert counted(w, "fund_contributor_months") == 12
    w.later().run(rp.STEP)
    assert w.people["pension_account"].tolist() == [13_000 + 390 + 13_000]  # 3 %


@pytest.mark.parametrize(
    "values",
    [{"age": 15}, {"age": 61}, {"scheme": EMPLOYEE}, {"scheme": NONE}, {"alive": 0},
     {"death_u": 0.5}],
)  # fmt: skip
def test_who_does_not_contribute(world, values):
    w = world(load(LOWEST | NO_CLAIM), year=2013, **member(**values)).run(rp.STEP)
    assert counted(w, "fund_contributors") == 0
    assert w.people["pension_account"][0] == 0


def test_who_pays_nothing_is_registered_all_the_same(world):
    w = world(load(NOBODY_PAYS), year=2013, **member(50)).run(rp.STEP)
    assert counted(w, "fund_contributors") == 0
    assert counted(w, "fund_registered") == 50


def test_shares_of_classes_are_those_of_the_file(world, p):
    w = world(p, year=2013, **member(4000)).run(rp.STEP)
    paid = w.people["pension_account"]
    r = rp.rules_of(p, 2013)
    shares = np.asarray(p.array(POLICY + "class_share"))
    for k, share in enumerate(shares, start=1):
        expected = share / shares.sum() * p.value(POLICY + "pays_share")
        found = np.mean(paid == r.own[k] + r.matching[k])
        error = 6.0 * np.sqrt(expected * (1 - expected) / 4000)  # alarm below 1e-7 in all
        assert abs(found - expected) <= max(error, 0.0)


def test_an_account_left_behind_bears_interest_and_goes_to_heirs(world, lowest):
    gone = member(2, scheme=EMPLOYEE, pension_account=100_000)
    gone["death_u"] = np.array([2.0, 0.5], np.float32)
    w = world(lowest, year=2018, **gone)
    held = np.eye(31, dtype=int)[0] * 200_000
    w.funds["resident_pension"].flow("opening_adjustment", held, "x", ledger="individual")
    w.run(rp.STEP)
    assert w.people["pension_account"].tolist() == [101_500, 0]
    assert w.funds["resident_pension"].flows["outlay"].sum() == 101_500
    assert counted(w, "fund_registered") == 0


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"age": 40}, "revenue"),
        ({"age": 40, "death_u": 0.5, "pension_account": 70_000}, "outlay"),
        ({"age": 40, "alive": 0, "pension_account": 70_000}, "outlay"),
        ({"scheme": EMPLOYEE, "death_u": 0.5, "pension_account": 70_000}, "outlay"),
        ({"age": 75}, "outlay"),
        ({"age": 75, "pension": rp.AWARDED}, "outlay"),
        ({"age": 104, "pension": rp.AWARDED, "death_u": 0.5}, "outlay"),
    ],
)
def test_money_is_counted_at_the_age_reached_in_the_year(world, lowest, values, kind):
    people = member(**values)
    w = world(lowest, year=2013, **people)
    held = np.eye(31, dtype=int)[0] * values.get("pension_account", 0)
    w.funds[rp.FUND].flow("opening_adjustment", held, "x", ledger="individual")
    w.run(rp.STEP)
    by_age, at = w.tally.now[f"fund_{kind}_by_age"][AT], min(people["age"][0] + 1, 100)
    assert by_age[at] == by_age.sum() == w.funds[rp.FUND].flows[kind].sum() > 0


def test_no_benefit_below_minimum_years(world):
    never = load({POLICY + "makes_up": 0.0})
    w = world(never, year=2030, **member(age=61, pension_years=14)).run(rp.STEP)
    assert counted(w, "fund_beneficiaries") == 0
    w = world(never, year=2030, **member(age=61, pension_years=15)).run(rp.STEP)
    assert counted(w, "fund_beneficiaries") == 1


def test_missing_years_are_made_up_at_the_lowest_class(world):
    p = load(SURE | LOWEST)
    w = world(p, year=2025, **member(age=61, pension_years=10)).run(rp.STEP)
    assert w.people["pension_years"][0] == 12  # she was 48 when the scheme began
    assert counted(w, "fund_beneficiaries") == 1
    assert w.tally.now["fund_contributor_months"][AT].sum() == 24
    assert w.funds["resident_pension"].flows["revenue"].sum() == 20_000


def test_those_of_sixty_at_the_start_need_no_years(world, p):
    w = world(p, year=2012, **member(age=60)).run(rp.STEP)
    assert counted(w, "new_awards") == 1
    assert counted(w, "fund_beneficiaries") == 1


def test_pension_is_paid_to_the_month_of_death_and_heirs_get_the_account(world):
    p = load(NO_TOPUP)
    values = member(age=70, pension=rp.AWARDED, pension_account=50_000, death_u=2.5 / 12)
    values["account_pension_m"] = np.array([100], np.int32)
    w = world(p, year=2018, **values)
    w.funds["resident_pension"].flow(
        "opening_adjustment", np.eye(31, dtype=int)[0] * 50_000, "x", ledger="individual"
    )
    w.run(rp.STEP, funds.STEP)
    interest = 750  # 1.5 %
    assert w.people["pension_account"][0] == 0
    outlay = w.tally.now["fund_outlay"][AT]
    assert outlay[0].sum() == 3 * 8_800
    assert outlay[1].sum() == 50_000 + interest
    assert not w.tally.now["fund_balance"][AT, 1].any()


def test_an_exhausted_account_goes_on_from_the_pooled_ledger(world):
    values = member(age=75, pension=rp.AWARDED, pension_account=0)
    values["account_pension_m"] = np.array([1_000], np.int32)
    w = world(load(NO_TOPUP), year=2018, **values).run(rp.STEP, funds.STEP)
    assert w.tally.now["resident_pension_overrun"].sum() == 12_000
    assert w.tally.now["fund_deficit_financing"][AT].sum() == 12_000
    assert w.tally.now["fund_outlay"][AT].sum() == 12_000 + 12 * 8_800


def test_accounts_follow_people_to_another_province(world, lowest):
    w = world(lowest, year=2013, **member(3)).run(rp.STEP, funds.STEP).later()
    w.people["province"][1] = 7
    w.run(rp.STEP, funds.STEP)
    assert w.tally.now["fund_transfers"][AT, 1, 7] == 13_000
    assert w.tally.now["fund_transfers"].sum() == 0


def test_who_leaves_the_country_takes_the_account_out(world, lowest):
    w = world(lowest, year=2013, **member(2)).run(rp.STEP, funds.STEP).later()
    w.people["alive"][0] = 0
    w.run(rp.STEP)
    assert w.people["pension_account"][0] == 0
    assert w.people["pension_account"][1] > 0


def test_the_individual_ledger_is_the_sum_of_accounts(world, crowd, p):
    w = world(p, year=2012, **crowd(4000)).run(MEMBERSHIP, rp.STEP, funds.STEP)
    rng = np.random.default_rng(3)
    for _ in range(12):
        w.later()
        w.people["province"][rng.integers(0, 4000, 300)] = 3
        w.people["death_u"][:] = np.where(rng.random(4000) < 0.02, rng.random(4000), 2.0)
        w.run(MEMBERSHIP, rp.STEP, funds.STEP)
        ledger = w.funds["resident_pension"].balance[1]
        held = np.bincount(w.people["province"], w.people["pension_account"], 31)
        np.testing.assert_array_equal(ledger, held)
        assert (ledger >= 0).all()
    assert ledger.sum() > 0


def test_the_fund_opens_with_the_published_balance(world, crowd, p):
    w = world(p, year=2012, weight=2e5, **crowd(4000)).run(MEMBERSHIP, rp.STEP, funds.STEP)
    balance = w.funds["resident_pension"].balance
    assert balance.sum() * w.weight / 1e11 == pytest.approx(230.2, abs=1e-3)
    assert balance[1].sum() / balance.sum() == pytest.approx(0.85, abs=1e-4)


def test_nothing_is_booked_before_the_first_year(world, crowd, p):
    w = world(p, year=2011, **crowd(500)).run(MEMBERSHIP, rp.STEP, funds.STEP)
    assert w.tally.now == {}


def test_budgets_pay_the_minimum_as_the_law_shares_it(world):
    both = member(2, age=70, pension=rp.AWARDED)
    both["province"] = np.array([0, 2], np.uint8)  # Beijing is eastern, Hebei is not
    w = world(load(NO_TOPUP), year=2018, **both).run(rp.STEP)
    year = 88 * 12 * 100
    assert w.counterparts["central_government"][[0, 2]].tolist() == [-year // 2, -year]
    assert w.counterparts["local_government"][[0, 2]].tolist() == [-year // 2, 0]


def test_order_of_rows_changes_nothing(world, crowd, p):
    people = crowd(3000)
    one = world(p, year=2015, **people).run(MEMBERSHIP)
    other = world(p, year=2015, **people).run(MEMBERSHIP)
    other.people.compact(np.random.default_rng(1).permutation(3000))
    for w in (one, other):
        w.run(rp.STEP, funds.STEP)
    for name in one.tally.now:
        np.testing.assert_array_equal(one.tally.now[name], other.tally.now[name])


def test_level_meets_the_published_outlay(p):
    def tallies(year):
        outlay, topup = np.zeros((len(FUNDS), 2, 31), np.int64), np.zeros(31, np.int64)
        outlay[AT, 0, 0], topup[0] = 9_000_000, 3_000_000
        return {"fund_outlay": outlay, "resident_pension_topup": topup}

    years = {y: tallies(y) for y in rp.FITTED}
    level, weight = rp.resident_pension_level(p, years, 1_000_000.0), 1_000_000.0
    rest, added = 4 * 6e6 * weight / 1e11, 4 * 3e6 * weight / 1e11
    published = 115.0 + 134.8 + 157.1 + 211.7
    old = p.value(POLICY + "level")
    assert rest + added * level / old == pytest.approx(published)


def test_class_by_word_is_class_by_uniform():
    r = rp.rules_of(load(), 2020)
    edges = np.append(r.upper, 2**32 - 1).astype(np.int64)
    words = np.unique(np.concatenate([[0], edges - 1, edges])).astype(np.uint32)
    found = np.empty(len(words), np.uint8)
    rp.classes_of.py_func(words, len(words), r.upper, found)
    one_by_one = [rp.contribution_class.py_func(luck.unit(int(w)), r.classes) for w in words]
    np.testing.assert_array_equal(found, one_by_one)
    assert set(found) >= {0, 1, 2}
