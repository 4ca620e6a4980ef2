"""Long-term care insurance: cover, grade, waiting, setting, premiums, money."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.agents.columns import CARE_HOME
from songhe.model import funds
from songhe.model.policies import long_term_care_insurance as ltci
from songhe.model.scheme_membership import EMPLOYEE, RESIDENT
from songhe.model.scheme_membership import STEP as MEMBERSHIP
from songhe.parameters.dims import FUNDS
from songhe.parameters.load import load
from songhe.runs.scenario import load_scenario

POLICY = "policies.long_term_care_insurance."
AT = FUNDS.index("long_term_care")
SEVERE = 3
compiling = settings(deadline=None, derandomize=True)  # the first call compiles
ALL_CLAIM = {POLICY + "take_up_level": 8.0, POLICY + "take_up_severity": 0.0}


def disabled(n=1, **values):
    """Columns of n severely disabled people, covered and past the waiting time."""
    columns = {"age": 80, "adl": SEVERE, "birth_month": 1, "scheme": RESIDENT, "cover_rank": 1,
               "care_wait": 0}  # fmt: skip
    kinds = {"age": np.int8, "death_u": np.float32, "cover_rank": np.uint16}
    return {
        name: np.full(n, value, kinds.get(name, np.uint8))
        for name, value in (columns | values).items()
    }


def outlay(world):
    return int(world.funds["long_term_care"].flows["outlay"].sum())


# --- the law


@pytest.mark.parametrize(
    ("grade", "yuan", "source"),
    [
        (3, 25 * 60, "notice of a pilot city, 2024: 25 hours at 60 yuan, no co-payment"),
        (4, 25 * 60, "the same hours in severe I and II"),
        (5, 35 * 60, "35 hours in severe III"),
    ],
)
def test_home_care_of_the_pilot_city_to_the_fen(grade, yuan, source):
    p = load({POLICY + "fund_share": {"2016-01-01": [1, 1, 1]}})
    r = ltci.rules_of(p, 2024)
    assert ltci.benefit_of(1, 1, grade, ltci.HOME_CARE, r) == yuan * 100, source


def test_cover_is_pilots_and_the_dated_share_of_all_others(p):
    assert ltci.covered_share(p, date(2016, 6, 30)) == 0
    assert ltci.covered_share(p, date(2017, 1, 1)) == 0.034
    assert ltci.covered_share(p, date(2025, 12, 31)) == 0.096
    assert ltci.covered_share(p, date(2026, 1, 1)) == pytest.approx(0.096 + 0.904 / 3, abs=1e-6)
    assert ltci.covered_share(p, date(2028, 1, 1)) == 1.0


def test_the_delayed_scenario_keeps_pilots_and_moves_the_steps(p):
    q = load_scenario("ltci-delayed").parameters(p)
    for year in (2026, 2027, 2028):
        assert ltci.covered_share(q, date(year, 1, 1)) == 0.096
        later = ltci.covered_share(q, date(year + 3, 1, 1))
        assert later == ltci.covered_share(p, date(year, 1, 1))


def test_who_is_covered_stays_so_while_the_share_grows(p):
    limits = np.concatenate([ltci.rules_of(p, y).limits for y in range(2016, 2032)])
    assert (np.diff(limits) >= 0).all()


def test_benefits_grow_with_wages_and_stand_at_the_price_year(p):
    wages = load({POLICY + "indexation": 0.0})
    fixed = [ltci.benefits_on(wages, date(y, 1, 1)) for y in (2017, 2024, 2050)]
    np.testing.assert_array_equal(fixed[0], fixed[2])
    path = [ltci.benefits_on(p, date(y, 1, 1))[1, 3] for y in (2017, 2024, 2050)]
    assert path[0] < path[1] == fixed[1][1, 3] < path[2]


def test_employees_pay_a_rate_on_the_base_in_two_parts(p):
    own, employer, budget = ltci.premiums_on(p, date(2025, 1, 1))[0]
    wage = 0.47 * 124_110 + 0.53 * 69_476
    assert own + employer == pytest.approx(0.003 * 0.70 * wage / 12)
    assert own == employer
    assert budget == 0


def test_budgets_pay_half_of_the_residents_premium(p):
    for own, employer, budget in ltci.premiums_on(p, date(2025, 1, 1))[2:]:
        assert own == budget > 0
        assert employer == 0


@compiling
@given(st.integers(0, 60), st.floats(0, 0.999))
def test_time_already_disabled_counts_towards_the_waiting_time(waiting, u):
    left = ltci.months_to_wait(waiting, u)
    assert max(waiting - 11, 0) <= left <= waiting


@compiling
@given(st.integers(3, 5), st.integers(0, 2), st.integers(1, 12))
def test_a_higher_grade_never_pays_less(grade, setting, month):
    r = ltci.rules_of(load(), 2030)
    low, high = (ltci.benefit_of(month, 1, g, setting, r) for g in (grade, min(grade + 1, 5)))
    assert 0 < low <= high


@compiling
@given(st.integers(0, 2), st.integers(0, 2))
def test_no_benefit_below_the_threshold(grade, setting):
    r = ltci.rules_of(load(), 2030)
    assert ltci.benefit_of(1, 1, grade, setting, r) == 0


def test_no_benefit_without_cover():
    r = ltci.rules_of(load(), 2026)
    limit = int(r.limits[0])
    assert ltci.benefit_of(1, limit, 4, 0, r) > 0
    assert ltci.benefit_of(1, limit + 1, 4, 0, r) == 0
    assert ltci.benefit_of(1, 0, 4, 0, r) == 0


def test_take_up_is_three_quarters_and_rises_with_the_grade(p):
    chance = ltci.take_up(p)
    assert (np.diff(chance) > 0).all()
    assert np.average(chance[3:], weights=[0.45, 0.33, 0.22]) == pytest.approx(0.75, abs=0.02)


def test_setting_follows_the_levels_and_care_homes_are_institutions(p):
    level, rng = ltci.choice(p), np.random.default_rng(5)
    found = [ltci.setting_of(False, 3, u, level) for u in rng.random((4000, 3))]
    share = np.bincount(found, minlength=3) / 4000
    expected = np.exp(level[:, 3]) / np.exp(level[:, 3]).sum()
    # false alarm below 1e-6: 5.2 standard errors, three shares
    assert (abs(share - expected) < 5.2 * (expected * (1 - expected) / 4000) ** 0.5).all()
    assert ltci.setting_of(True, 3, rng.random(3), level) == ltci.INSTITUTION


def test_a_better_option_draws_people_from_all_others_to_itself_alone(p):
    level, rng = ltci.choice(p), np.random.default_rng(6)
    better = level.copy()
    better[ltci.HOME_CARE] += 0.5
    for u in rng.random((500, 3)):
        before, after = (ltci.setting_of(False, 4, u, table) for table in (level, better))
        assert after in (before, ltci.HOME_CARE)


# --- people and ledgers


def test_nothing_happens_before_the_first_pilots(world, crowd, p):
    w = world(p, year=2015, **crowd(500)).run(MEMBERSHIP, ltci.STEP, funds.STEP)
    assert w.tally.now == {}


@pytest.mark.parametrize(
    "values",
    [{"adl": 0}, {"adl": 1}, {"cover_rank": ltci.RANKS}, {"alive": 0}, {"care_wait": 12}],
)
def test_who_gets_nothing(world, values):
    w = world(load(ALL_CLAIM), year=2026, **disabled(20, **values)).run(ltci.STEP)
    assert outlay(w) == 0
    assert not (w.people["care_wait"] == ltci.RECEIVES).any()


def test_benefits_begin_after_the_waiting_time_and_end_with_the_month_of_death(world):
    p = load(ALL_CLAIM)
    whole = outlay(world(p, year=2030, **disabled()).run(ltci.STEP))
    waits = outlay(world(p, year=2030, **disabled(care_wait=4)).run(ltci.STEP))
    dies = outlay(world(p, year=2030, **disabled(death_u=4.5 / 12)).run(ltci.STEP))
    both = outlay(world(p, year=2030, **disabled(care_wait=4, death_u=4.5 / 12)).run(ltci.STEP))
    assert [waits * 12, dies * 12, both * 12] == [whole * 8, whole * 5, whole]


def test_a_new_disability_waits_at_most_the_months_of_the_law(world):
    w = world(load(ALL_CLAIM), year=2030, **disabled(400, care_wait=255)).run(ltci.STEP)
    assert w.tally.now["new_awards"][AT].sum() == 400
    assert (
        w.people["care_wait"] == ltci.RECEIVES
    ).all()  # six months at most have passed within the year
    w.later().run(ltci.STEP)
    assert w.tally.now["new_awards"][AT].sum() == 0


def test_who_recovers_waits_anew(world):
    w = world(load(ALL_CLAIM), year=2030, **disabled()).run(ltci.STEP).later()
    w.people["adl"][:] = 0
    w.run(ltci.STEP)
    assert w.people["care_wait"][0] == ltci.NOT_WAITING


def test_a_pilot_that_starts_in_july_pays_half_a_year(world):
    p = load(ALL_CLAIM | {POLICY + "pilot_share": {"2016-07-01": 1.0}})
    w = world(p, year=2016, **disabled()).run(ltci.STEP)
    before = world(p, year=2017, **disabled()).run(ltci.STEP)
    assert w.tally.now["fund_contributor_months"][AT].sum() == 6
    assert before.tally.now["fund_contributor_months"][AT].sum() == 12
    assert outlay(w) > 0


def test_premiums_are_months_times_the_monthly_amounts(world, p):
    n = 50
    people = disabled(n, adl=0, age=40, scheme=EMPLOYEE)
    w = world(p, year=2030, **people).run(ltci.STEP)
    monthly = ltci.rules_of(p, 2030).premiums[0, :, 0]
    assert -w.counterparts["households"].sum() == n * 12 * monthly[0]
    assert -w.counterparts["employers"].sum() == n * 12 * monthly[1]
    assert w.tally.now["fund_contributors"][AT].sum() == n


def test_retired_members_pay_no_employers_part(world, p):
    w = world(p, year=2030, **disabled(3, adl=0, age=60, scheme=EMPLOYEE)).run(ltci.STEP)
    assert w.counterparts["employers"].sum() == 0
    assert w.counterparts["households"].sum() < 0


def test_members_are_counted_alike_on_the_fast_and_the_slow_path(world, crowd, p):
    w = world(p, year=2016, **crowd(3000)).run(MEMBERSHIP, ltci.STEP)
    half = world(load({POLICY + "pilot_share": {"2016-01-01": 0.5}}), year=2016, **crowd(3000))
    half.run(MEMBERSHIP, ltci.STEP)
    people, r = half.people, ltci.rules_of(half.parameters, 2016)
    adult = (people["age"] >= 18) & (people["cover_rank"] <= r.limits[0])
    last = np.where(people["death_u"] >= 1, 12, np.floor(12 * people["death_u"]) + 1)
    found = half.tally.now["fund_contributor_months"][AT].sum()
    assert found == last[adult].sum()
    assert half.tally.now["fund_contributors"][AT].sum() == adult.sum()
    assert w.tally.now["fund_contributors"][AT].sum() < adult.sum()


def test_a_care_home_is_paid_as_an_institution(world):
    p = load(ALL_CLAIM)
    w = world(p, year=2030, **disabled(200, collective=CARE_HOME)).run(ltci.STEP)
    assert w.counterparts["households"].sum() < 0  # premiums alone
    assert w.counterparts["care_providers"].sum() == outlay(w) > 0


def test_the_books_close_over_years(world, crowd, p):
    w = world(p, year=2016, **crowd(6000)).run(MEMBERSHIP, ltci.STEP, funds.STEP)
    for _ in range(14):
        w.later().run(MEMBERSHIP, ltci.STEP, funds.STEP)
        now = w.tally.now
        assert (now["fund_balance"] >= 0).all()
        assert now["fund_transfers"].sum() == 0
        assert now["ltci_beneficiaries"].sum() == now["fund_beneficiaries"][AT].sum()
        assert not now["ltci_beneficiaries"][:3].any()
    assert now["ltci_beneficiaries"].sum() > 0


def test_a_lower_threshold_reaches_moderate_grades(world, crowd):
    p = load({POLICY + "grade_threshold": {"2026-01-01": 2}})
    w = world(p, year=2030, **crowd(4000)).run(MEMBERSHIP, ltci.STEP)
    assert w.tally.now["ltci_beneficiaries"][2].sum() > 0
    assert not w.tally.now["ltci_beneficiaries"][:2].any()


def test_order_of_rows_changes_nothing(world, crowd, p):
    people = crowd(3000)
    one = world(p, year=2026, **people).run(MEMBERSHIP)
    other = world(p, year=2026, **people).run(MEMBERSHIP)
    other.people.compact(np.random.default_rng(1).permutation(3000))
    for w in (one, other):
        w.run(ltci.STEP, funds.STEP)
    for name in one.tally.now:
        np.testing.assert_array_equal(one.tally.now[name], other.tally.now[name])


# --- premiums that follow the national reserve


@pytest.mark.parametrize(
    ("factor", "months", "floor", "then"),
    [
        (1.0, 7.0, 6.0, 1.0),  # enough
        (1.0, 5.0, 6.0, 1.1),  # short: a tenth more
        (1.1, 7.0, 6.0, 1.1),  # it does not fall again
        (2.9, -3.0, 6.0, 3.0),  # as far as the ceiling
        (1.0, -3.0, 0.0, 1.0),  # no rule
        (3.5, 5.0, 6.0, 3.5),  # a ceiling that came later takes nothing back
        (1.0, np.inf, 6.0, 1.0),  # nothing paid yet
    ],
)
def test_premiums_rise_while_the_reserve_is_low(factor, months, floor, then):
    assert ltci.next_factor(factor, months, floor, 0.1, 3.0) == pytest.approx(then)


def test_no_rule_of_reserve_is_enacted(p):
    assert not p.coupled
    assert load_scenario("ltci-premium-by-reserve").parameters(p).coupled
