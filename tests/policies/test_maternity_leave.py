"""Leave and maternity insurance: days, fen, who pays, and what is promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.agents.columns import THIS_YEAR
from songhe.model import birth_response, funds
from songhe.model.policies import maternity_leave as ml
from songhe.parameters.dims import FUNDS, PROVINCES, SCHEMES, WORK
from songhe.parameters.load import ParameterError, load

AT = FUNDS.index("maternity")
KEY = "policies.maternity_leave."
ENTERPRISE, PUBLIC, FLEXIBLE, FARM = (
    WORK.index(w) for w in ("enterprise", "public", "flexible", "farm")
)
MEMBER = SCHEMES.index("employee")
HENAN, BEIJING, TIANJIN = (PROVINCES.index(p) for p in ("Henan", "Beijing", "Tianjin"))
ALL_INSURED = {KEY + "insured_share": {"value": 1.0, "prior": {"fixed": "a test"}}}
compiling = settings(deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("province", "year", "days", "source"),
    [
        ("Beijing", 2013, 98, "order 619: 98 days"),
        ("Beijing", 2017, 128, "China Daily, 10 July 2017"),
        ("Shanghai", 2017, 128, "China Daily, 10 July 2017"),
        ("Henan", 2017, 190, "China Daily, 10 July 2017"),
        ("Hainan", 2017, 190, "China Daily, 10 July 2017"),
        ("Gansu", 2017, 180, "China Daily, 10 July 2017"),
        ("Tibet", 2017, 365, "China Daily, 10 July 2017"),
        ("Beijing", 2022, 158, "regulations of 2021 and 2022"),
        ("Henan", 2022, 190, "regulations of 2021 and 2022"),
    ],
)
def test_days_of_law_by_province(p, province, year, days, source):
    assert ml.rules_of(p, year).mother[PROVINCES.index(province), 0] == days, source


def test_law_of_the_month_of_birth_counts(p):
    """Order 619 is in force from 28 April 2012, which here is from May."""
    days = ml.rules_of(p, 2012).mother[BEIJING]
    assert days.tolist() == [90] * 4 + [98] * 8


def test_twins_add_fifteen_days():
    assert ml.leave_days(98, 1, 15) == 98
    assert ml.leave_days(98, 2, 15) == 113
    assert ml.leave_days(98, 3, 15) == 128


@pytest.mark.parametrize(
    ("days", "monthly", "fen", "source"),
    [
        (98, 900_000, 2_940_000, "9,000 yuan / 30 x 98 = 29,400"),
        (158, 777_777, 4_096_292, "7,777.77 / 30 x 158 = 40,962.922"),
        (1, 100, 3, "1 yuan / 30 = 0.0333"),
        (0, 900_000, 0, "no leave"),
    ],
)
def test_allowance_to_the_fen(days, monthly, fen, source):
    assert ml.pay_for(days, monthly) == fen, source


def test_the_employer_pays_the_rest_of_her_own_wage():
    assert ml.shares_of(98, 1_200_000, 900_000, True, True) == (2_940_000, 980_000)
    assert ml.shares_of(98, 600_000, 900_000, True, True) == (2_940_000, 0)
    assert ml.shares_of(98, 600_000, 900_000, True, False) == (0, 1_960_000)
    assert ml.shares_of(98, 600_000, 500_000, False, True) == (1_633_333, 0)


@compiling
@given(st.integers(0, 400), st.integers(0, 10**7), st.integers(0, 10**7), st.booleans())
def test_an_employee_on_leave_never_gets_less_than_her_wage(days, own, average, insured):
    fund, employer = ml.shares_of(days, own, average, True, insured)
    assert fund + employer >= ml.pay_for(days, own)
    assert min(fund, employer) >= 0


def delivery(world, p, *, year=2024, n=4, work=ENTERPRISE, province=HENAN, children=1, **more):
    """Mothers, their husbands, and their newborns of the month of May."""
    kids = n * children
    total = 2 * n + kids
    mother = np.full(total, -1, np.int32)
    mother[2 * n :] = np.repeat(np.arange(n), children)
    partner = np.full(total, -1, np.int32)
    partner[:n], partner[n : 2 * n] = np.arange(n, 2 * n), np.arange(n)
    since = np.full(total, 255, np.uint8)
    since[:n] = THIS_YEAR
    age = np.concatenate([np.full(n, 29), np.full(n, 31), np.full(kids, -1)]).astype(np.int8)
    adult = age > 0
    columns = {
        "age": age,
        "sex": np.concatenate([np.ones(n), np.zeros(n), np.ones(kids)]).astype(np.uint8),
        "birth_month": np.full(total, 5, np.uint8),
        "mother": mother, "partner": partner, "since_birth": since,
        "province": np.full(total, province, np.uint8),
        "work": np.where(adult, work, 0).astype(np.uint8),
        "scheme": np.where(adult, MEMBER, 0).astype(np.uint8),
        "earnings": np.where(adult, 108_000, 0).astype(np.int32),
    }  # fmt: skip
    return world(p, year=year, **(columns | more))


def test_outlay_is_days_times_the_mean_wage(world):
    p = load(ALL_INSURED)
    w = delivery(world, p, n=7).run(ml.LEAVE, funds.STEP)
    r, now = ml.rules_of(p, 2024), w.tally.now
    each = ml.pay_for(190, r.average[HENAN])
    assert now["fund_outlay"][AT, 0, HENAN] == 7 * each
    assert now["fund_outlay"][AT].sum() == 7 * each
    assert now["maternity_leave_days"][HENAN] == 7 * 190
    assert now["fund_beneficiaries"][AT, HENAN] == 7


def test_a_delivery_of_twins_is_one_leave(world):
    w = delivery(world, load(ALL_INSURED), n=3, children=2).run(ml.LEAVE)
    assert w.tally.now["maternity_leave_days"].sum() == 3 * 205


def test_employers_pay_mothers_who_are_not_insured(world):
    p = load({KEY + "insured_share": {"value": 0.0, "prior": {"fixed": "a test"}},
              KEY + "father_take_up": {"value": 0.0, "prior": {"fixed": "a test"}}})  # fmt: skip
    w = delivery(world, p, n=5).run(ml.LEAVE)
    assert not w.funds["maternity"].balance.any()
    assert w.tally.now["employer_leave_cost"].sum() == 5 * ml.pay_for(190, 900_000)


def test_fathers_take_the_leave_of_their_province(world):
    p = load({KEY + "father_take_up": {"value": 1.0, "prior": {"fixed": "a test"}}})
    for place, days in ((TIANJIN, 7), (HENAN, 15)):
        w = delivery(world, p, n=4, province=place).run(ml.LEAVE)
        assert w.tally.now["paternity_leave_days"][place] == 4 * days


def test_parents_of_children_under_three_have_parental_leave(world):
    p = load({KEY + "parental_take_up": {"value": 1.0, "prior": {"fixed": "a test"}}})
    since = np.array([0, 2, 3, 255] + [255] * 8, np.uint8)
    w = delivery(world, p, n=4, since_birth=since).run(ml.LEAVE)
    assert w.tally.now["parental_leave_days"].sum() == 4 * 10  # two couples
    before = delivery(world, p, n=4, since_birth=since, year=2020).run(ml.LEAVE)
    assert before.tally.now["parental_leave_days"].sum() == 0


@pytest.mark.parametrize("work", [FARM, FLEXIBLE])
def test_without_an_employer_there_is_no_leave(world, p, work):
    w = delivery(world, p, work=work).run(ml.LEAVE)
    assert not w.tally.now["maternity_leave_days"].any()
    assert not w.funds["maternity"].balance.any()


def test_flexible_workers_are_insured_where_the_switch_is_on(world):
    covered = np.zeros(31).tolist()
    covered[HENAN] = 1
    p = load({KEY + "flexible_covered": {"2024-01-01": covered},
              KEY + "flexible_take_up": {"value": 1.0, "prior": {"fixed": "a test"}}})  # fmt: skip
    w = delivery(world, p, n=3, work=FLEXIBLE).run(ml.LEAVE)
    base = ml.rules_of(p, 2024).flexible_base[HENAN]
    assert w.counterparts["households"][HENAN] == 3 * ml.pay_for(190, base)
    elsewhere = delivery(world, p, n=3, work=FLEXIBLE, province=BEIJING).run(ml.LEAVE)
    assert not elsewhere.funds["maternity"].balance.any()
    paid = delivery(world, p, n=3, work=FLEXIBLE).run(ml.STEP)
    due = round(6 * base * 12 * 0.005)
    assert paid.funds["maternity"].balance.sum() == due


def test_contributions_are_the_rate_on_bases_between_floor_and_ceiling(world):
    p = load(ALL_INSURED | {"policies.employee_pension.compliance": {"value": 1.0}})
    w = delivery(world, p, n=1, earnings=np.array([120_000, 10_000_000, 0], np.int32)).run(ml.STEP)
    ceiling = 3 * ml.rules_of(p, 2024).average[HENAN]
    expected = 12 * (1_000_000 + ceiling) * 0.005
    assert w.funds["maternity"].balance.sum() == pytest.approx(expected, abs=1)
    assert w.tally.now["fund_registered"][AT, HENAN] == 2


def test_the_rate_of_2015_holds_from_october(world):
    p = load(ALL_INSURED)
    years = [delivery(world, p, year=y).run(ml.STEP).funds["maternity"].balance.sum()
             for y in (2014, 2015, 2016)]  # fmt: skip
    assert years[1] / years[0] == pytest.approx((0.75 * 0.010 + 0.25 * 0.005) / 0.010, rel=1e-6)
    assert years[2] / years[0] == pytest.approx(0.5, rel=1e-6)


def test_who_is_insured_is_lasting(world, p):
    paid = []
    for year in (2023, 2024):
        w = delivery(world, p, n=400, year=year).run(ml.LEAVE)
        paid.append(int(w.tally.now["fund_beneficiaries"][AT].sum()))
    assert paid[0] == paid[1]
    # false alarm below 1e-6: five standard errors of a share of 0.75 among 400
    assert abs(paid[0] / 400 - 0.75) < 5 * (0.75 * 0.25 / 400) ** 0.5


def test_nothing_is_promised_beyond_what_stood_in_2012(world, p):
    before = ml.promise(delivery(world, p, year=2015))
    assert not np.any(before.leave)
    assert not np.any(before.father_leave)


def test_later_leave_is_promised_in_months_at_full_pay(world, p):
    told = ml.promise(delivery(world, p, year=2017))
    employed = ml.share_of_employees(p)
    assert told.leave.shape == (1, 31, 2, 6)
    np.testing.assert_allclose(told.leave[0, HENAN], 92 / 30 * employed)
    np.testing.assert_allclose(told.father_leave[0, TIANJIN], 0.6 * 7 / 30 * employed)


def test_leave_ships_without_an_answer_of_births(world, p):
    told = ml.promise(delivery(world, p, year=2024))
    per_head = np.full((2, 6), 40_000.0)
    assert not birth_response.response(p, told, per_head).any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({KEY + "national_days": {"2030-01-01": -1}}, ("national_days", "0 to 730")),
        ({KEY + "provincial_days": {"2030-01-01": [60] * 30}}, ("provincial_days", "31")),
        ({KEY + "insured_share": {"value": 1.2}}, ("insured_share", "0 to 1")),
        ({KEY + "hohhot_days": 10}, ("hohhot_days", "unknown key")),
    ],
)
def test_bad_law_is_refused_with_the_key_and_what_is_allowed(change, words):
    with pytest.raises(ParameterError) as fault:
        load(change)
    assert all(word in str(fault.value) for word in words)
