"""Pensions for illness before the statutory age: who may claim, after how long, and how much."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.model import funds
from songhe.model import pension_rules as rules
from songhe.model import pension_year as lived
from songhe.model import retirement_rules as rr
from songhe.model.policies import employee_pension as ep
from songhe.model.scheme_membership import EMPLOYEE, RESIDENT
from songhe.parameters.load import load
from songhe.tests.statistical import assert_proportion

POLICY, LAW = "policies.employee_pension.", "policies.retirement."
SHARE = LAW + "illness_share"
EXACT = {POLICY + "level_outlay": 1.0, POLICY + "account_interest": {"2006-01-01": 0.0}}
MALE, FEMALE = 0, 1
DTYPES = {
    "age": np.int8, "death_u": np.float32, "earnings": np.int32, "contribution_index": np.uint16,
    "employee_account": np.uint32, "paid_months": np.uint16,
}  # fmt: skip
compiling = settings(deadline=None, derandomize=True)  # the first call compiles


def ill(n=1, **values):
    """Columns of n men of an enterprise, 51 and in a severe state, with 20 years paid."""
    columns = {"age": 51, "sex": MALE, "birth_month": 6, "scheme": EMPLOYEE, "paid_months": 240,
               "work": lived.ENTERPRISE, "earnings": 60_000, "contribution_index": 10_000,
               "employee_account": 3_900_000, "adl": lived.SEVERE}  # fmt: skip
    return {
        name: np.full(n, value, DTYPES.get(name, np.uint8))
        for name, value in (columns | values).items()
    }


def lives(world, year, n=1, share=1.0, **values):
    """A year of n of them, of whom a share retires for illness."""
    return world(load(EXACT | {SHARE: share}), year=year, **ill(n, **values)).run(ep.STEP)


@pytest.mark.parametrize(
    ("year", "values", "claims", "why"),
    [
        (2015, {}, True, "51, 20 years"),
        (2015, {"adl": 2}, False, "a moderate state"),
        (2015, {"adl": 0}, False, "no limitation"),
        (2015, {"age": 48}, False, "49 in the year"),
        (2015, {"sex": FEMALE, "age": 45}, True, "a woman of 45"),
        (2015, {"sex": FEMALE, "age": 43}, False, "a woman of 44 in the year"),
        (2015, {"paid_months": 120}, True, "ten years"),
        (2015, {"paid_months": 119}, False, "less than ten"),
        (2015, {"paid_months": 60, "deemed_years": 5}, True, "ten years with service before"),
        (2024, {"paid_months": 120}, True, "the last year in which ten will do"),
        (2025, {"paid_months": 179, "age": 57}, False, "15 years from 2025 on"),
        (2025, {"paid_months": 180, "age": 57}, True, "15 years"),
        (2036, {"paid_months": 221}, False, "18.5 years in 2036"),
        (2036, {"paid_months": 222}, True, "18.5 years"),
        (2015, {"scheme": RESIDENT}, False, "no longer a member"),
        (2015, {"work": 0}, True, "a member without work"),
    ],
)
def test_who_may_claim(world, year, values, claims, why):
    w = lives(world, year, **values)
    assert w.people["pension"].tolist() == [lived.DRAWS if claims else lived.NONE], why


def test_the_pension_is_that_of_old_age_at_the_divisor_of_the_age(world):
    w = lives(world, 2015, age=49, work=0)  # 50 in June: paid from July
    r = ep.rules_of(load(EXACT), 2015)
    basic = rules.base_pension(r.award[0], 10_000, 240, r.accrual)
    assert w.people["account_pension_m"].tolist() == [20_000]  # 3,900,000 / 195
    assert w.people["pension_m"].tolist() == [basic + 20_000]
    assert w.funds["employee_pension"].flows["outlay"].sum() == 6 * (basic + 20_000)
    assert w.people["employee_account"].tolist() == [3_900_000 - 6 * 20_000]


def test_who_draws_it_pays_no_more_and_keeps_it(world):
    w = lives(world, 2015)
    assert w.people["paid_months"].tolist() == [240]
    assert w.tally.now["fund_contributors"].sum() == 0
    first = int(w.people["pension_m"][0])
    w.later()
    w.people["adl"][:] = 0  # recovered
    w.run(ep.STEP)
    assert w.people["pension_m"].tolist() == [rules.indexed(first, 0.065)]


def test_who_lacks_the_years_stays_a_member_with_the_account(world):
    w = lives(world, 2015, paid_months=100, work=0)
    assert w.people["scheme"].tolist() == [EMPLOYEE]
    assert w.people["employee_account"].tolist() == [3_900_000]


def test_a_share_of_them_claims_and_a_larger_share_holds_the_smaller(world):
    n = 4000
    some, more = (lives(world, 2015, n, share).people["pension"] > 0 for share in (0.3, 0.6))
    assert_proportion(int(some.sum()), n, 0.3)
    assert_proportion(int(more.sum()), n, 0.6)
    assert (more >= some).all()
    assert not lives(world, 2015, n, 0.0).people["pension"].any()


def test_what_the_fund_pays_is_what_persons_receive(world):
    n = 500
    w = lives(world, 2019, n, 0.5, work=0)
    received = 12 * w.people["pension_m"].astype(np.int64)
    fund = w.funds["employee_pension"]
    assert fund.flows["outlay"].sum() == received.sum() > 0
    assert w.tally.now["new_awards"].sum() == (received > 0).sum()
    w.run(funds.STEP)


@compiling
@given(
    st.integers(MALE, FEMALE), st.sampled_from([rr.WOMEN_55, rr.WOMEN_50]),
    st.integers(1950, 2000), st.integers(1, 12), st.integers(2011, 2060),
)  # fmt: skip
def test_illness_never_asks_more_than_old_age(sex, class_, year_of_birth, month, year):
    r, born = rr.retirement_of(load()), 12 * year_of_birth + month - 1
    class_ = class_ if sex == FEMALE else rr.MEN
    statutory = rr.statutory_age(class_, sex, born, r)
    assert r.illness_ages[sex] < rr.old_age(class_, sex, r) <= statutory
    needed = rr.months_needed(born, statutory, r)
    less = rr.months_needed_ill(year, r)
    if year <= (born + statutory) // 12:
        assert 120 <= less <= needed
    assert less == (120 if year < 2025 else r.minimum[year - rr.FIRST_YEAR])
