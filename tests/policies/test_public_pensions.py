"""Pensions of public staff: old formula, ten years of comparison, and the new formula after."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.model import funds, prices
from songhe.model import pension_rules as rules
from songhe.model import pension_year as lived
from songhe.model.policies import employee_pension as ep
from songhe.model.scheme_membership import EMPLOYEE
from songhe.parameters.load import load

POLICY = "policies.employee_pension."
AT_ONE = {POLICY + "level_collections": 1.0, POLICY + "level_outlay": 1.0}
MALE = 0
DTYPES = {
    "age": np.int8, "death_u": np.float32, "earnings": np.int32, "contribution_index": np.uint16,
    "employee_account": np.uint32, "pension_m": np.int32, "paid_months": np.uint16,
}  # fmt: skip
compiling = settings(deadline=None, derandomize=True)  # the first call compiles
fens = st.integers(0, 5_000_000)


def staff(n=1, **values):
    """Columns of n men of a public post who become 60 in June of the year."""
    columns = {"age": 59, "sex": MALE, "birth_month": 6, "scheme": EMPLOYEE, "work": lived.PUBLIC,
               "earnings": 60_000, "deemed_years": 35, "contribution_index": 12_000}  # fmt: skip
    return {
        name: np.full(n, value, DTYPES.get(name, np.uint8))
        for name, value in (columns | values).items()
    }


def awarded(world, year, changes=None, **values):
    """Pension a month of one of the staff who retires in a year, and the law of it."""
    p = load(AT_ONE | (changes or {}))
    w = world(p, year=year, **staff(**values)).run(ep.STEP)
    assert w.people["pension"].tolist() == [lived.DRAWS_PUBLIC]
    return int(w.people["pension_m"][0]), w, ep.rules_of(p, year)


def new_formula(w, r, drawn=6):
    """Pension of that person by the formula for everybody, from what a year of it left."""
    index, deemed = int(w.people["contribution_index"][0]), int(w.people["deemed_years"][0])
    months = int(w.people["paid_months"][0]) + 12 * deemed
    age = 60 * 12  # service ends in the month of the birthday
    basic = rules.base_pension(r.award[0], index, months, r.accrual)
    older = rules.transitional_pension(r.award[0], index, deemed, r.transitional)
    held = int(w.people["employee_account"][0]) + drawn * int(w.people["account_pension_m"][0])
    return basic + older + rules.account_pension(held, rules.divisor_at(age, r.divisors))


# --- the rules


@compiling
@given(fens, fens, st.floats(0, 1))
def test_the_pension_lies_between_old_and_new(new, old, excess):
    due = rules.in_transition(new, old, 1.0, excess)
    assert min(old, new) <= due <= max(old, new)
    assert due == old if new <= old else due >= old


@compiling
@given(fens, fens)
def test_without_an_excess_it_is_the_old_and_with_all_of_it_the_better(new, old):
    assert rules.in_transition(new, old, 1.0, 0.0) == old
    assert rules.in_transition(new, old, 1.0, 1.0) == max(old, new)
    assert rules.in_transition(new, old, 0.0, 1.0) == new


@compiling
@given(fens, fens, st.sampled_from(range(2014, 2024)))
def test_a_year_later_never_pays_less_of_the_same_two(new, old, year):
    """December is the month of a service that ends for a pension from January on."""
    r, later = (ep.rules_of(load(), y + 1) for y in (year, year + 1))
    due, then = (
        rules.in_transition(new, old, x.old_guaranteed[1], x.excess[1]) for x in (r, later)
    )
    assert due <= then or (year == 2023 and new < old)


@compiling
@given(st.integers(0, 60), st.integers(0, 60), fens)
def test_old_pensions_rise_with_service_and_never_pass_pay(a, b, pay):
    r = ep.rules_of(load(), 2013)
    low, high = (
        rules.old_pension(pay, rules.old_share(y, r.old_from, r.old_shares)) for y in sorted((a, b))
    )
    assert low <= high <= pay


@pytest.mark.parametrize(
    ("years", "share"),
    [(0, 0.5), (9, 0.5), (10, 0.7), (19, 0.7), (20, 0.8), (29, 0.8), (30, 0.85), (34, 0.85),
     (35, 0.9), (45, 0.9)],
)  # fmt: skip
def test_bands_of_service(years, share):
    r = ep.rules_of(load(), 2013)
    assert rules.old_share(years, r.old_from, r.old_shares) == share


def test_the_month_in_which_service_ends_decides():
    """A pension from October 2014 is of service that ended in September: the old one."""
    r = ep.rules_of(load(), 2014)
    assert r.excess[1:].tolist() == [0.0] * 10 + [0.1, 0.1]
    assert ep.rules_of(load(), 2016).excess[1:].tolist() == [0.1] + [0.2] * 11
    last = ep.rules_of(load(), 2024)
    assert last.old_guaranteed[1:].tolist() == [1.0] * 10 + [0.0, 0.0]
    assert last.excess[1:].tolist() == [0.9] + [1.0] * 11


def test_the_standard_of_pay_moves_with_wages_and_then_by_law():
    p = load()
    assert rules.pay_standard(p, 2013, 2013) == 1.0
    assert rules.pay_standard(p, 2012, 2013) == prices.wage(p, 2012) / prices.wage(p, 2013)
    frozen = prices.wage(p, 2014) / prices.wage(p, 2017)
    assert rules.pay_standard(p, 2017, 2017) == pytest.approx(frozen * 1.065 * 1.055)
    assert rules.pay_standard(p, 2015, 2016) == prices.wage(p, 2014) / prices.wage(p, 2016)


def test_rates_of_the_annuity_add_up_from_the_merger_on():
    """A pension from December 2014 is of service to November: two months at 12 %."""
    p = load()
    assert ep.annuity_rates(p, 2014)[1:].tolist() == pytest.approx([0] * 10 + [0.12, 0.24])
    assert ep.annuity_rates(p, 2016)[1:3].tolist() == pytest.approx([15 * 0.12, 16 * 0.12])
    off = load({"policies.supplementary_pensions.occupational_coverage": {"2006-01-01": 0}})
    assert not ep.annuity_rates(off, 2020).any()
    assert rules.annuity_pension(500_000, 60 * 0.12, 139.0) == 25_899  # 3,600,000 / 139


@compiling
@given(fens, fens, fens, st.floats(0, 1))
def test_fund_and_annuity_together_are_what_the_comparison_gives(new, old, annuity, excess):
    due = rules.in_transition(new + annuity, old, 1.0, excess)
    paid = rules.beside_annuity(due, annuity)
    assert paid + annuity == max(due, annuity)
    assert 0 <= paid <= max(old, new)


# --- awards


def test_before_the_merger_it_is_the_share_of_final_pay(world):
    found, _, _ = awarded(world, 2013)
    assert found == round(0.85 * 60_000 * 100 / 12) * 9 // 10  # 35 years: 90 %
    short, _, _ = awarded(world, 2013, deemed_years=21)
    assert short == round(0.85 * 60_000 * 100 / 12) * 8 // 10


@pytest.mark.parametrize("year", range(2014, 2025))
@pytest.mark.parametrize("earnings", [30_000, 60_000, 250_000])
def test_in_the_transition_it_lies_between_the_two(world, year, earnings):
    """Born in June: service ends in June, so that 2014 is still of the old law."""
    found, w, r = awarded(world, year, earnings=earnings)
    divisor = rules.divisor_at(60 * 12, r.divisors)
    declared = rules.final_pay(earnings, r.compliance, 1.0)
    annuity = rules.annuity_pension(declared, r.annuity[7], divisor)
    assert (annuity > 0) == (year > 2014)
    new = new_formula(w, r) + annuity
    old = rules.old_pension(rules.final_pay(earnings, r.compliance, r.old_standard[7]), 0.9)
    assert min(old, new) <= found + annuity <= max(old, new)
    assert found + annuity == (old if new <= old else round(old + r.excess[7] * (new - old)))


def test_after_the_transition_it_is_the_new_formula(world):
    """Sixty in December 2024, so that the pension begins in January."""
    people = {"age": 60, "birth_month": 12, "employee_account": 4_000_000}
    found, w, r = awarded(world, 2025, {POLICY + "account_interest": {"2025-01-01": 0}}, **people)
    assert found == new_formula(w, r, drawn=12)


def test_others_never_see_the_old_formula(world):
    changes = {POLICY + "old_shares": [0.0, 0.0, 0.0, 0.0, 0.0]}
    one, other = (
        world(load(AT_ONE | more), year=2018, **staff(work=lived.ENTERPRISE)).run(ep.STEP)
        for more in ({}, changes)
    )
    assert one.people["pension_m"].tolist() == other.people["pension_m"].tolist()
    assert one.people["pension"].tolist() == [lived.DRAWS]


def test_the_account_never_pays_more_than_the_whole(world):
    changes = {POLICY + "old_shares": [0.0, 0.0, 0.0, 0.0, 0.01]}
    found, w, _ = awarded(world, 2013, changes, employee_account=30_000_000)
    assert w.people["account_pension_m"].tolist() == [found]


def test_levels_multiply_what_the_account_does_not_pay(world):
    plain, w, _ = awarded(world, 2018, employee_account=5_000_000)
    own = int(w.people["account_pension_m"][0])
    raised, _, _ = awarded(world, 2018, {POLICY + "level_outlay": 1.2}, employee_account=5_000_000)
    assert raised == round(1.2 * (plain - own)) + own


def test_what_the_fund_pays_is_what_public_pensioners_receive(world):
    p = load(AT_ONE)
    people = staff(400, earnings=80_000)
    people["earnings"][:] = np.random.default_rng(1).lognormal(11.0, 0.5, 400)
    w = world(p, year=2019, **people).run(ep.STEP)
    assert (w.people["pension"] == lived.DRAWS_PUBLIC).all()
    due = 6 * w.people["pension_m"].astype(np.int64)  # July to December
    fund = w.funds["employee_pension"]
    assert fund.flows["outlay"].sum() == due.sum() > 0
    assert w.tally.now["new_award_amount"].sum() == w.people["pension_m"].sum()
    w.run(funds.STEP)


def test_a_scenario_can_take_the_comparison_back(world):
    changes = {
        POLICY + "old_guaranteed": {"2014-10-01": 0},
        POLICY + "new_excess": {"2014-10-01": 1},
    }
    plain, w, r = awarded(world, 2016, changes)
    assert plain == new_formula(w, r)
