"""The child-rearing subsidy: months, fen, ledgers, and what it promises."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.agents import luck
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
            money += child_subsidy.subsidy(first, last, 0, r)
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
    assert child_subsidy.subsidy(1, 12, 0, r) == 6 * 30_000 + 6 * 60_000
    assert child_subsidy.subsidy(7, 7, 0, r) == 60_000


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


# --- what it promises a next child


def test_births_answer_the_year_after_the_announcement(p):
    assert [child_subsidy.benefit(p, y) > 0 for y in (2024, 2025, 2026)] == [False, False, True]


def test_a_later_amount_is_known_a_year_ahead_and_not_sooner(p):
    doubled = load(DOUBLED)
    assert child_subsidy.benefit(doubled, 2026) == child_subsidy.benefit(p, 2026)
    ratio = child_subsidy.benefit(doubled, 2027) / child_subsidy.benefit(p, 2027)
    assert ratio == pytest.approx(2.0)


def test_births_answer_from_the_announcement_where_there_is_one(p):
    late = {"policies.child_subsidy.amount": {"2028-01-01": 7200}}
    early = late | {"demography.fertility_response.announced": {"2026-07-01": 1}}
    assert child_subsidy.benefit(load(late), 2027) == child_subsidy.benefit(p, 2027)
    # born in mid-2027: 18 of 36 months at the doubled amount
    assert child_subsidy.benefit(load(early), 2027) > 1.4 * child_subsidy.benefit(p, 2027)
    assert child_subsidy.benefit(load(early), 2026) == child_subsidy.benefit(p, 2026)


def test_payments_a_child_gets_only_in_part_are_counted_in_part(p):
    half = load({AMOUNT: {"2026-01-01": 7200, "2028-01-01": 0},
                 "demography.fertility_response.discount_rate": 0.0,
                 "demography.fertility_response.announced": {"2026-01-01": 1}})  # fmt: skip
    assert child_subsidy.benefit(half, 2027) == pytest.approx(3600)


def test_the_promise_is_cash_and_the_same_for_all(world, crowd, p):
    promise = child_subsidy.promise(world(p, year=2027, **crowd(10)))
    assert promise[1:] == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert (promise.cash == child_subsidy.benefit(p, 2027)).all()


def test_amounts_are_law_from_their_date(p):
    assert child_subsidy.first_day(p) == date(2025, 1, 1)
    assert child_subsidy.monthly_fen(p, date(2024, 12, 31)).tolist() == [0, 0, 0]
    assert child_subsidy.monthly_fen(p, date(2025, 1, 1)).tolist() == [30_000] * 3


# --- by order of birth

LATER = {"policies.child_subsidy.by_order": {"2027-07-01": [0, 1, 1.5]}}


def test_a_child_is_paid_by_the_law_of_its_order(world):
    root = np.uint64(7 << luck.BASE_SHIFT)
    children = [luck.child_ids(np.full(1, root), np.array([k]))[0] for k in (1, 2, 3, 4)]
    ids = np.array([root, *children], np.uint64)  # the first came from abroad
    none = np.full(5, 2.0, np.float32)
    people = {"id": ids, "age": np.zeros(5, np.int8), "birth_month": np.full(5, 6, np.uint8)}
    w = world(load(LATER), year=2027, death_u=none, **people).run(child_subsidy.STEP, funds.STEP)
    counts = w.tally.now
    assert counts["child_subsidy_months"].sum() == 2 * 6 + 3 * 12
    paid = 2 * 6 * 30_000 + 12 * 30_000 + 2 * (6 * 30_000 + 6 * 45_000)
    assert counts["fund_outlay"][AT].sum() == paid == counts["fund_subsidy"][AT].sum()
    w.later().run(child_subsidy.STEP)
    assert w.tally.now["fund_beneficiaries"][AT].sum() == 3  # no first child is paid any more


def test_the_promise_differs_by_order(world, crowd, p):
    w = world(load(LATER), year=2029, **crowd(10))
    cash = child_subsidy.promise(w).cash[:, 0, 0, 0]
    assert cash[0] == 0.0
    np.testing.assert_allclose(cash[1:], np.array([1, 1.5]) * child_subsidy.benefit(p, 2029))
