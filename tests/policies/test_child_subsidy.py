"""The child-rearing subsidy: months, fen, ledgers, and the answer of births."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.model import funds
from songhe.model.policies import child_subsidy
from songhe.parameters.dims import FUNDS
from songhe.parameters.load import load

AT = FUNDS.index("child_subsidy")
AMOUNT = "policies.child_subsidy.amount"
DOUBLED = {AMOUNT: {"2027-01-01": 7200}}
compiling = settings(deadline=None, derandomize=True)  # the first call compiles
months_of_year = st.integers(1, 12)


def paid(p, born, birth_month, years, death=None):
    """Months and fen of a child over years; death is (year, time of the year)."""
    months = money = 0
    for year in years:
        if death and year > death[0]:
            break
        r = child_subsidy.rules_of(p, year)
        u = death[1] if death and year == death[0] else 2.0
        first, last = child_subsidy.entitled_months(year - 1 - born, birth_month, u, r)
        if last >= first:
            months += last - first + 1
            money += child_subsidy.subsidy(first, last, r)
    return months, money


@pytest.mark.parametrize(
    ("born", "month", "months", "yuan", "source"),
    [
        (2023, 12, 24, 7200, "China Daily, 29 July 2025: born December 2023, 24 months"),
        (2025, 1, 36, 10800, "State Council News, 12 September 2025: 10,800 yuan a child"),
        (2025, 12, 36, 10800, "State Council News, 12 September 2025: 10,800 yuan a child"),
        (2022, 1, 1, 300, "the month of the third birthday, January 2025"),
        (2021, 12, 0, 0, "three before the subsidy began"),
    ],
)
def test_worked_cases_to_the_fen(p, born, month, months, yuan, source):
    assert paid(p, born, month, range(born, 2031)) == (months, yuan * 100), source


@compiling
@given(st.integers(2021, 2040), months_of_year)
def test_nobody_gets_more_than_thirty_six_months(born, month):
    months, money = paid(load(), born, month, range(born, born + 5))
    assert money == months * 30_000
    assert months == min(36, max(0, 12 * (born + 3 - 2025) + month))


def test_month_of_birth_is_not_paid_and_that_of_third_birthday_is(p):
    r = child_subsidy.rules_of(p, 2030)
    assert child_subsidy.entitled_months(-1, 5, 2.0, r) == (6, 12)
    assert child_subsidy.entitled_months(2, 5, 2.0, r) == (1, 5)
    assert child_subsidy.entitled_months(3, 12, 2.0, r) == (1, 0)
    first, last = child_subsidy.entitled_months(-1, 12, 2.0, r)
    assert last < first


def test_month_of_death_is_the_last_that_is_paid(p):
    r = child_subsidy.rules_of(p, 2030)
    assert child_subsidy.entitled_months(0, 5, 0.0, r) == (1, 1)
    assert child_subsidy.entitled_months(0, 5, 6.5 / 12, r) == (1, 7)
    assert child_subsidy.entitled_months(0, 5, 0.99999, r) == (1, 12)


@compiling
@given(st.integers(-1, 3), months_of_year, st.floats(0, 0.999))
def test_living_longer_never_pays_less(age, month, u):
    r = child_subsidy.rules_of(load(), 2030)
    f1, l1 = child_subsidy.entitled_months(age, month, u, r)
    f2, l2 = child_subsidy.entitled_months(age, month, 2.0, r)
    assert max(l1 - f1 + 1, 0) <= max(l2 - f2 + 1, 0)


def test_each_month_is_paid_by_its_own_law():
    p = load({AMOUNT: {"2027-07-01": 7200}})
    r = child_subsidy.rules_of(p, 2027)
    assert child_subsidy.subsidy(1, 12, r) == 6 * 30_000 + 6 * 60_000
    assert child_subsidy.subsidy(7, 7, r) == 60_000


def test_outlay_is_entitled_months_times_the_amount(world, crowd, p):
    w = world(p, year=2026, **crowd(5000))
    w.run(child_subsidy.STEP, funds.STEP)
    counts = w.tally.now
    months = counts["child_subsidy_months"]
    assert months.sum() > 1000
    np.testing.assert_array_equal(counts["fund_outlay"][AT, 0], months * 30_000)
    np.testing.assert_array_equal(counts["fund_outlay"], counts["fund_subsidy"])
    assert not counts["fund_balance"].any()


def test_months_of_the_loop_are_those_of_the_rule(world, crowd, p):
    w = world(p, year=2026, **crowd(3000)).run(child_subsidy.STEP)
    r, people = child_subsidy.rules_of(p, 2026), w.people
    expected = np.zeros(31, np.int64)
    for i in range(people.n):
        first, last = child_subsidy.entitled_months(
            int(people["age"][i]), int(people["birth_month"][i]), float(people["death_u"][i]), r
        )
        expected[people["province"][i]] += max(last - first + 1, 0)
    np.testing.assert_array_equal(w.tally.now["child_subsidy_months"], expected)


def test_the_budgets_share_the_outlay_without_rest(world, crowd, p):
    w = world(p, year=2026, **crowd(2000)).run(child_subsidy.STEP)
    central, local = (w.counterparts[k] for k in ("central_government", "local_government"))
    np.testing.assert_array_equal(-(central + local), w.counterparts["households"])
    assert abs(central.sum() / (central + local).sum() - 0.9) < 1e-6


def test_a_child_is_a_new_award_once(world, p):
    born = np.array([-1, 0, 1], np.int8)
    w = world(p, year=2030, age=born, birth_month=np.array([12, 12, 12], np.uint8))
    total = np.zeros(3, np.int64)
    for k in range(5):
        w.run(child_subsidy.STEP)
        total[min(k, 2)] += w.tally.now.get("new_awards", np.zeros(1)).sum()
        w.later()
    assert total.tolist() == [1, 1, 0]


def test_take_up_is_a_lasting_trait_of_the_child(world, crowd):
    p = load({"policies.child_subsidy.take_up": 0.6})
    people = crowd(4000)
    people["age"][:] = 0
    people["death_u"][:] = 2.0
    w = world(p, year=2026, **people).run(child_subsidy.STEP)
    claimed = w.tally.now["fund_beneficiaries"][AT].sum()
    w.later().run(child_subsidy.STEP)
    assert claimed == w.tally.now["fund_beneficiaries"][AT].sum()
    # false alarm below 1e-6: five standard errors of a share of 0.6 among 4,000
    assert abs(claimed / 4000 - 0.6) < 5 * (0.24 / 4000) ** 0.5


def test_nothing_happens_before_the_law(world, crowd, p):
    w = world(p, year=2024, **crowd(500)).run(child_subsidy.STEP, funds.STEP)
    assert w.tally.now == {}
    assert w.funds["child_subsidy"].idle


# --- how births answer


def test_present_value_of_the_worked_check():
    value = child_subsidy.present_value(np.full(3, 3600.0), 0.03)
    assert value == pytest.approx(10_488.49, abs=0.01)


def test_worked_check_of_the_response():
    """10,488 yuan over a family of three with 41,314 a head: births + 2.6 % before phi."""
    ratio = 10_488.49 / (3 * 41_314)
    assert ratio == pytest.approx(0.085, abs=5e-4)
    assert 0.3 * child_subsidy.diminishing(ratio, 0.25) == pytest.approx(0.0254, abs=1e-4)


@compiling
@given(st.floats(0.001, 10), st.floats(0.001, 10))
def test_more_money_never_lowers_births_and_flattens_past_the_knee(a, b):
    low, high = sorted((a, b))
    g = child_subsidy.diminishing
    assert g(low, 0.25) <= g(high, 0.25) <= high
    assert g(0.25, 0.25) == 0.25


def test_births_answer_the_year_after_the_announcement(p):
    assert [child_subsidy.benefit(p, y) > 0 for y in (2024, 2025, 2026)] == [False, False, True]


def test_a_later_amount_is_known_a_year_ahead_and_not_sooner(p):
    doubled = load(DOUBLED)
    assert child_subsidy.benefit(doubled, 2026) == child_subsidy.benefit(p, 2026)
    ratio = child_subsidy.benefit(doubled, 2027) / child_subsidy.benefit(p, 2027)
    assert ratio == pytest.approx(2.0)


def test_payments_a_child_gets_only_in_part_are_counted_in_part():
    p = load(DOUBLED)
    full = child_subsidy.expected_payments(p, 2027, 2026)
    half = child_subsidy.expected_payments(load({AMOUNT: {"2026-01-01": 7200, "2028-01-01": 0}}),
                                           2027, 2027)  # fmt: skip
    assert full[0] == pytest.approx(7200, rel=0.01)
    assert half[0] == pytest.approx(3600)
    assert half[1:].tolist() == [0, 0]


def test_response_is_stronger_for_the_poor_and_at_higher_parity(p):
    per_head = np.array([[30_000.0, 32_000, 38_000, 45_000, 60_000, 65_000],
                         [12_000.0, 15_000, 19_000, 24_000, 30_000, 33_000]])  # fmt: skip
    term = child_subsidy.response(p, 2026, per_head)
    assert term.shape == (3, 2, 6)
    assert (term > 0).all()
    assert (np.diff(term, axis=2) < 0).all()
    assert (term[:, 1] > term[:, 0]).all()
    b, pi = 0.30, 0.7
    expected = b * pi * child_subsidy.benefit(p, 2026) / (3 * 38_000)
    assert term[0, 0, 2] == pytest.approx(expected)


def test_the_step_adds_to_the_response_of_others(world, crowd, p):
    w = world(p, year=2027, **crowd(3000))
    w.birth_response += 0.1
    child_subsidy.RESPONSE.apply(w)
    assert (w.birth_response > 0.1).all()
    zero = world(load({AMOUNT: {"2025-01-01": 0}}), year=2027, **crowd(3000))
    child_subsidy.RESPONSE.apply(zero)
    assert not zero.birth_response.any()


def test_amounts_are_law_from_their_date(p):
    assert child_subsidy.first_day(p) == date(2025, 1, 1)
    assert child_subsidy.monthly_fen(p, date(2024, 12, 31)) == 0
    assert child_subsidy.monthly_fen(p, date(2025, 1, 1)) == 30_000
