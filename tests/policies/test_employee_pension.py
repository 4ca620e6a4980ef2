"""Employees' pension: worked amounts, people over years, and ledgers whole to the fen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.agents.frame import People
from songhe.model import funds
from songhe.model import pension_rules as rules
from songhe.model import pension_year as lived
from songhe.model.policies import employee_pension as ep
from songhe.model.policies import resident_pension as rp
from songhe.model.scheme_membership import EMPLOYEE, RESIDENT
from songhe.model.year import columns
from songhe.parameters import load as shipped
from songhe.parameters.dims import FUNDS

POLICY = "policies.employee_pension."
RETIREMENT = "policies.retirement."
AT = FUNDS.index("employee_pension")
NEUTRAL = {
    POLICY + "level_collections": 1.0, POLICY + "level_outlay": 1.0,
    POLICY + "pays_at_once": {"2011-01-01": 0.0},
}  # fmt: skip
SURE = {POLICY + "density": [1.0, 1.0]}
NO_INTEREST = {
    POLICY + "account_interest": {"2006-01-01": 0.0}, POLICY + "account_interest_share": 0.0,
}  # fmt: skip
EXTENDS, NEVER_EXTENDS = ({RETIREMENT + "extends_share": share} for share in (1.0, 0.0))
MALE, FEMALE = 0, 1
compiling = settings(deadline=None, derandomize=True)  # the first call compiles
DTYPES = {
    "age": np.int8, "death_u": np.float32, "earnings": np.int32, "paid_months": np.uint16,
    "contribution_index": np.uint16, "employee_account": np.uint32, "pension_m": np.int32,
    "pension_account": np.int32, "account_pension_m": np.int32,
}  # fmt: skip


def load(changes=None, **how):
    """The law with fitted levels at one, and years paid month by month, unless asked for."""
    return shipped.load(NEUTRAL | (changes or {}), **how)


@pytest.fixture(scope="module")
def p():
    return load()


# kind, rule, what it is given, fen (or 1/10000), the arithmetic
AMOUNTS = [
    ("worked", "contribution_base", (400000, 500000, 0.6, 3.0), 400000,
     "300,000 <= 400,000 <= 1,500,000"),
    ("worked", "contribution_base", (200000, 500000, 0.6, 3.0), 300000,
     "0.6 x 500,000 = 300,000 > 200,000"),
    ("worked", "contribution_base", (300000, 500000, 0.6, 3.0), 300000,
     "300,000 <= 300,000 <= 1,500,000"),
    ("worked", "contribution_base", (299999, 500000, 0.6, 3.0), 300000,
     "0.6 x 500,000 = 300,000 > 299,999"),
    ("worked", "contribution_base", (1500000, 500000, 0.6, 3.0), 1500000,
     "300,000 <= 1,500,000 <= 1,500,000"),
    ("worked", "contribution_base", (1500001, 500000, 0.6, 3.0), 1500000,
     "3 x 500,000 = 1,500,000 < 1,500,001"),
    ("worked", "contribution_base", (9999999, 500000, 0.6, 3.0), 1500000,
     "3 x 500,000 = 1,500,000 < 9,999,999"),
    ("worked", "contribution_base", (0, 612345, 0.6, 3.0), 367407,
     "0.6 x 612,345 = 367,407 > 0"),
    ("official", "contribution", (500000, 0.08 * 12), 480000,
     "500,000 x 0.08 x 12 = 480,000.00"),
    ("official", "contribution", (500000, 0.2 * 12), 1200000,
     "500,000 x 0.2 x 12 = 1,200,000.00"),
    ("official", "contribution", (500000, 0.16 * 12), 960000,
     "500,000 x 0.16 x 12 = 960,000.00"),
    ("worked", "contribution", (300000, 0.2 * 7), 420000,
     "300,000 x 0.2 x 7 = 420,000.00"),
    ("worked", "contribution", (365423, 0.08 * 12), 350806,
     "365,423 x 0.08 x 12 = 350,806.08"),
    ("worked", "contribution", (365423, 0.16 * 5), 292338,
     "365,423 x 0.16 x 5 = 292,338.40"),
    ("worked", "contribution", (1234567, 0.2 * 1), 246913,
     "1,234,567 x 0.2 x 1 = 246,913.40"),
    ("worked", "contribution", (500000, 4 * 0.20 + 8 * 0.16), 1040000,
     "2019: 500,000 x (4 x 20 % + 8 x 16 %) = 500,000 x 2.08"),
    ("worked", "contribution", (500000, 0.20 + 5 * 0.2 * 0.2 + 6 * 0.2 * 0.4), 440000,
     "waived 80 % for 5 months, 60 % for 6: 500,000 x 0.88"),
    ("worked", "mean_index", (10000, 120, 400000, 500000, 12), 9818,
     "(10000 x 120 + 8000.00 x 12) / 132 = 9818.18"),
    ("worked", "mean_index", (0, 0, 400000, 500000, 12), 8000,
     "(0 x 0 + 8000.00 x 12) / 12 = 8000.00"),
    ("worked", "mean_index", (6000, 180, 1500000, 500000, 12), 7500,
     "(6000 x 180 + 30000.00 x 12) / 192 = 7500.00"),
    ("worked", "mean_index", (8123, 57, 333333, 412345, 9), 8118,
     "(8123 x 57 + 8083.84 x 9) / 66 = 8117.66"),
    ("worked", "mean_index", (30000, 24, 300000, 500000, 24), 18000,
     "(30000 x 24 + 6000.00 x 24) / 48 = 18000.00"),
    ("worked", "mean_index", (10000, 12, 0, 500000, 12), 5000,
     "(10000 x 12 + 0.00 x 12) / 24 = 5000.00"),
    ("worked", "credited", (10000000, 0.0831), 831000,
     "10,000,000 x 0.0831 = 831,000.00"),
    ("worked", "credited", (10000000, 0.0262), 262000,
     "10,000,000 x 0.0262 = 262,000.00"),
    ("worked", "credited", (12345678, 0.0397), 490123,
     "12,345,678 x 0.0397 = 490,123.42"),
    ("worked", "credited", (0, 0.08), 0,
     "0 x 0.08 = 0.00"),
    ("worked", "credited", (999, 0.02), 20,
     "999 x 0.02 = 19.98"),
    ("worked", "base_pension", (600000, 10000, 180, 0.01), 90000,
     "(600,000 + 600,000 x 1) / 2 x 180/12 x 1 % = 90,000.00"),
    ("worked", "base_pension", (600000, 10000, 360, 0.01), 180000,
     "(600,000 + 600,000 x 1) / 2 x 360/12 x 1 % = 180,000.00"),
    ("worked", "base_pension", (600000, 6000, 180, 0.01), 72000,
     "(600,000 + 600,000 x 0.6) / 2 x 180/12 x 1 % = 72,000.00"),
    ("worked", "base_pension", (600000, 30000, 360, 0.01), 360000,
     "(600,000 + 600,000 x 3) / 2 x 360/12 x 1 % = 360,000.00"),
    ("worked", "base_pension", (792950, 8000, 240, 0.01), 142731,
     "(792,950 + 792,950 x 0.8) / 2 x 240/12 x 1 % = 142,731.00"),
    ("worked", "base_pension", (792950, 12500, 421, 0.01), 312967,
     "(792,950 + 792,950 x 1.25) / 2 x 421/12 x 1 % = 312,967.45"),
    ("worked", "base_pension", (304492, 7000, 180, 0.01), 38823,
     "(304,492 + 304,492 x 0.7) / 2 x 180/12 x 1 % = 38,822.73"),
    ("worked", "base_pension", (500000, 0, 180, 0.01), 37500,
     "(500,000 + 500,000 x 0) / 2 x 180/12 x 1 % = 37,500.00"),
    ("worked", "base_pension", (500000, 10000, 12, 0.01), 5000,
     "(500,000 + 500,000 x 1) / 2 x 12/12 x 1 % = 5,000.00"),
    ("worked", "base_pension", (500000, 10000, 1, 0.01), 417,
     "(500,000 + 500,000 x 1) / 2 x 1/12 x 1 % = 416.67"),
    ("worked", "base_pension", (636400, 9444, 186, 0.01), 95900,
     "(636,400 + 636,400 x 0.9444) / 2 x 186/12 x 1 % = 95,899.75"),
    ("worked", "transitional_pension", (600000, 10000, 10, 0.012), 72000,
     "600,000 x 1 x 10 x 0.012 = 72,000.00"),
    ("worked", "transitional_pension", (600000, 10000, 10, 0.01), 60000,
     "600,000 x 1 x 10 x 0.01 = 60,000.00"),
    ("worked", "transitional_pension", (600000, 10000, 10, 0.014), 84000,
     "600,000 x 1 x 10 x 0.014 = 84,000.00"),
    ("worked", "transitional_pension", (304492, 8500, 22, 0.012), 68328,
     "304,492 x 0.85 x 22 x 0.012 = 68,328.00"),
    ("worked", "transitional_pension", (792950, 12000, 5, 0.012), 57092,
     "792,950 x 1.2 x 5 x 0.012 = 57,092.40"),
    ("worked", "transitional_pension", (600000, 10000, 0, 0.012), 0,
     "600,000 x 1 x 0 x 0.012 = 0.00"),
    ("worked", "indexed", (300000, 0.1), 330000,
     "300,000 x 1.1 = 330,000.00"),
    ("worked", "indexed", (300000, 0.065), 319500,
     "300,000 x 1.065 = 319,500.00"),
    ("worked", "indexed", (287654, 0.055), 303475,
     "287,654 x 1.055 = 303,474.97"),
    ("worked", "indexed", (287654, 0.02), 293407,
     "287,654 x 1.02 = 293,407.08"),
    ("worked", "indexed", (1, 0.1), 1,
     "1 x 1.1 = 1.10"),
    ("worked", "indexed", (321098, 0), 321098,
     "321,098 x 1 = 321,098.00"),
]  # fmt: skip
# kind, year, what the account is refunded or goes over for, fen before, fen that move, arithmetic
MOVED = [
    ("worked", 2013, "heirs", 1000000, 1030000,
     "1,000,000 + 0.03 x 1,000,000 = 1,030,000"),
    ("worked", 2016, "heirs", 12345678, 13371604,
     "12,345,678 + 0.0831 x 12,345,678 = 13,371,603.84"),
    ("worked", 2017, "heirs", 500000, 535600,
     "500,000 + 0.0712 x 500,000 = 535,600"),
    ("worked", 2016, "leaves the country", 1234567, 1234567,
     "1,234,567, without the interest of the year"),
    ("worked", 2013, "to the residents", 20000000, 20600000,
     "20,000,000 + 0.03 x 20,000,000 = 20,600,000"),
    ("worked", 2014, "to the residents", 7777777, 8011110,
     "7,777,777 + 0.03 x 7,777,777 = 8,011,110.31"),
    ("worked", 2016, "to the residents", 999999, 1083099,
     "999,999 + 0.0831 x 999,999 = 1,083,098.92"),
    ("worked", 2013, "from the residents", 1390000, 1390000,
     "1,390,000, whose interest the residents' scheme has credited"),
]  # fmt: skip
# kind, account, age in months, fen a month, the arithmetic
ACCOUNTS = [
    ("official", 13900000, 720, 100000,
     "60 y 0 m: divisor 139.0000; 13,900,000 / it = 100,000.00"),
    ("official", 17000000, 660, 100000,
     "55 y 0 m: divisor 170.0000; 17,000,000 / it = 100,000.00"),
    ("official", 19500000, 600, 100000,
     "50 y 0 m: divisor 195.0000; 19,500,000 / it = 100,000.00"),
    ("official", 10100000, 780, 100000,
     "65 y 0 m: divisor 101.0000; 10,100,000 / it = 100,000.00"),
    ("official", 5600000, 840, 100000,
     "70 y 0 m: divisor 56.0000; 5,600,000 / it = 100,000.00"),
    ("worked", 11700000, 756, 100000,
     "63 y 0 m: divisor 117.0000; 11,700,000 / it = 100,000.00"),
    ("worked", 10000000, 721, 72245,
     "60 y 1 m: divisor 138.4167; 10,000,000 / it = 72,245.64"),
    ("worked", 10000000, 726, 73800,
     "60 y 6 m: divisor 135.5000; 10,000,000 / it = 73,800.74"),
    ("worked", 10000000, 691, 64724,
     "57 y 7 m: divisor 154.5000; 10,000,000 / it = 64,724.92"),
    ("worked", 10000000, 605, 51835,
     "50 y 5 m: divisor 192.9167; 10,000,000 / it = 51,835.85"),
    ("worked", 10000000, 300, 42918,
     "25 y 0 m: divisor 233.0000; 10,000,000 / it = 42,918.45"),
    ("worked", 10000000, 900, 178571,
     "75 y 0 m: divisor 56.0000; 10,000,000 / it = 178,571.43"),
]  # fmt: skip


def member(n=1, **values):
    """Columns of n employees of an enterprise, men of 40 without a career so far."""
    columns = {"age": 40, "sex": MALE, "birth_month": 6, "scheme": EMPLOYEE,
               "work": lived.ENTERPRISE, "earnings": 60_000}  # fmt: skip
    return {
        name: np.full(n, value, DTYPES.get(name, np.uint8))
        for name, value in (columns | values).items()
    }


def pensioner(n=1, **values):
    """Columns of n men of 70 with 2,000 yuan a month, 500 of them from an account."""
    given = {"age": 70, "work": 0, "earnings": 0, "pension": lived.DRAWS, "pension_m": 200_000,
             "account_pension_m": 50_000, "paid_months": 300}  # fmt: skip
    return member(n, **(given | values))


def counted(world, name):
    return world.tally.now[name][AT].sum()


def flow(world, kind):
    return int(world.funds["employee_pension"].flows[kind].sum())


# --- amounts


@pytest.mark.parametrize(("kind", "rule", "given", "fen", "arithmetic"), AMOUNTS)
def test_worked_amounts(kind, rule, given, fen, arithmetic):
    assert getattr(rules, rule)(*given) == fen, f"{kind}: {arithmetic}"


@pytest.mark.parametrize(("kind", "account", "age", "fen", "arithmetic"), ACCOUNTS)
def test_worked_account_pensions(p, kind, account, age, fen, arithmetic):
    divisor = rules.divisor_at(age, np.array(p.array(POLICY + "divisors")))
    assert rules.account_pension(account, divisor) == fen, f"{kind}: {arithmetic}"


@pytest.mark.parametrize(
    ("years", "drawn", "months", "why"),
    [
        (4, 0, 3, "below 5 years: 3 months"),
        (5, 0, 6, "5 to 9 years: 6 months"),
        (9, 0, 6, "9 years: 6 months"),
        (10, 0, 9, "10 to 15 years: 9 months"),
        (15, 0, 9, "15 years: 9 months"),
        (20, 0, 14, "9 + 5"),
        (30, 0, 24, "9 + 15, the most"),
        (45, 0, 24, "the most"),
        (30, 10, 14, "24 less 10 years drawn"),
        (30, 30, 9, "not below 9"),
        (20, 3, 11, "14 - 3"),
    ],
)
def test_months_of_the_survivors_grant(years, drawn, months, why):
    assert rules.survivor_months(years, drawn, np.array([3, 6, 9]), 24) == months, why


@pytest.mark.parametrize(
    ("year", "rate", "rise"),
    [(2011, 0.033, 0.10), (2012, 0.0325, 0.10), (2013, 0.03, 0.10), (2014, 0.03, 0.10),
     (2015, 0.021, 0.10), (2016, 0.0831, 0.065), (2017, 0.0712, 0.055), (2018, 0.0829, 0.05),
     (2019, 0.0761, 0.05), (2020, 0.0604, 0.05), (2021, 0.0669, 0.045), (2022, 0.0612, 0.04),
     (2023, 0.0397, 0.038), (2024, 0.0262, 0.03), (2025, None, 0.02)],
)  # fmt: skip
def test_rates_of_the_record(p, year, rate, rise):
    assert rules.indexation(p, year) == rise
    if rate is not None:
        assert rules.crediting_rate(p, year) == rate


def test_divisors_are_those_of_2005_at_every_age(p):
    at_40_to_54 = [233, 230, 226, 223, 220, 216, 212, 208, 204, 199, 195, 190, 185, 180, 175]
    at_55_to_70 = [170, 164, 158, 152, 145, 139, 132, 125, 117, 109, 101, 93, 84, 75, 65, 56]
    assert p.array(POLICY + "divisors").tolist() == at_40_to_54 + at_55_to_70
    assert p.coords(POLICY + "divisors", "age_from") == tuple(range(40, 71))


def test_rates_past_the_record_follow_the_named_rule():
    flat = {"work.economy.cpi_growth": {"factor": 0.0}, POLICY + "indexation_residual": 0.004}
    p = load(flat)
    wages = rules.prices.wage(p, 2030) / rules.prices.wage(p, 2029) - 1.0
    assert rules.indexation(p, 2031) == pytest.approx(0.5 * wages + 0.004)
    assert rules.crediting_rate(p, 2030) == pytest.approx(0.8 * wages)


def test_reference_wage_is_of_the_year_before_and_of_all_units_since_2019(p):
    assert rules.reference_wage(p, 2011) == 36_539
    assert rules.reference_wage(p, 2018) == 74_318
    assert rules.reference_wage(p, 2019) == pytest.approx(0.47 * 82_413 + 0.53 * 49_575)
    awards = [rules.award_wage(p, year) for year in range(2011, 2061)]
    assert (np.diff(awards) >= 0).all()
    assert awards[8] == 74_318  # 2019: it does not fall


# --- properties

fens = st.integers(0, 10**7)
months = st.integers(0, 600)


@compiling
@given(st.integers(10**5, 10**7), st.integers(6_000, 30_000), st.integers(6_000, 30_000), months)
def test_pensions_rise_with_the_index(reference, a, b, n):
    low, high = sorted((a, b))
    assert rules.base_pension(reference, low, n, 0.01) <= rules.base_pension(
        reference, high, n, 0.01
    )


@compiling
@given(st.integers(10**5, 10**7), st.integers(6_000, 30_000), months)
def test_pensions_rise_with_each_year(reference, index, n):
    shorter = rules.base_pension(reference, index, n, 0.01)
    assert shorter < rules.base_pension(reference, index, n + 12, 0.01)


@compiling
@given(st.integers(0, 10**8), st.integers(480, 840), st.integers(0, 36), fens)
def test_a_later_claim_never_lowers_the_pension(account, age, later, base):
    divisors = np.array(load().array(POLICY + "divisors"))
    now = rules.account_pension(account, rules.divisor_at(age, divisors))
    more = account + rules.contribution(base, 0.08 * later)
    then = rules.account_pension(more, rules.divisor_at(age + later, divisors))
    basic = [rules.base_pension(base, 10_000, n, 0.01) for n in (180, 180 + later)]
    assert now + basic[0] <= then + basic[1]


@compiling
@given(fens, fens, st.integers(10**4, 10**6))
def test_bases_stay_between_floor_and_ceiling_and_rise(a, b, reference):
    low, high = sorted((a, b))
    bases = [rules.contribution_base(e, reference, 0.6, 3.0) for e in (low, high)]
    assert round(0.6 * reference) - 1 <= bases[0] <= bases[1] <= 3 * reference


# --- contributions


def test_a_year_of_contributions_to_the_fen(world):
    w = world(load(SURE), year=2013, **member()).run(ep.STEP)
    # declared 0.85 x 60,000 / 12 = 4,250 yuan; reference 46,769 / 12 = 3,897.42 yuan
    assert w.people["employee_account"].tolist() == [425_000 * 96 // 100]  # 12 x 8 %
    assert -w.counterparts["employers"].sum() == 425_000 * 240 // 100  # 12 x 20 %
    assert flow(w, "revenue") == 408_000 + 1_020_000
    assert w.people["paid_months"].tolist() == [12]
    assert w.people["contribution_index"].tolist() == [10_905]  # 425,000 / 389,742
    assert counted(w, "contribution_base") == 12 * 425_000
    assert counted(w, "fund_contributor_months") == 12
    w.later().run(ep.STEP)
    assert w.people["employee_account"].tolist() == [408_000 + 12_240 + 408_000]  # 3 % interest


def test_flexible_workers_pay_a_fifth_of_the_floor(world):
    w = world(load(SURE), year=2013, **member(work=lived.FLEXIBLE, earnings=20_000)).run(ep.STEP)
    base = 233_845  # 0.6 x 389,742
    assert flow(w, "revenue") == round(base * 2.4)
    assert w.people["employee_account"].tolist() == [round(base * 0.96)]
    assert "employers" not in w.counterparts or not w.counterparts["employers"].any()
    assert w.people["contribution_index"].tolist() == [6_000]


@pytest.mark.parametrize(
    ("u", "step"), [(0.0, 0.6), (0.69, 0.6), (0.7, 0.8), (0.89, 0.8), (0.9, 2.0), (0.999, 3.0)]
)
def test_a_step_of_the_base_is_chosen_by_a_lasting_uniform(u, step):
    steps, shares = np.array([0.6, 0.8, 1.0, 2.0, 3.0]), np.array([0.7, 0.2, 0.0, 0.05, 0.05])
    assert rules.chosen_step(u, steps, np.cumsum(shares)) == step


def test_flexible_workers_choose_steps_in_the_shares_given_and_keep_them(world):
    shares = {POLICY + "flexible_step_share": [0.5, 0, 0.3, 0, 0.2]}
    w = world(load(SURE | shares), year=2013, **member(4000, work=lived.FLEXIBLE)).run(ep.STEP)
    index = w.people["contribution_index"].copy()
    found = [np.mean(index == 10_000 * step) for step in (0.6, 1.0, 3.0)]
    # four standard errors of 4,000 choices: one false alarm in 5,000 runs, at a fixed seed
    np.testing.assert_allclose(found, [0.5, 0.3, 0.2], atol=4 * np.sqrt(0.25 / 4000))
    w.later().run(ep.STEP)
    np.testing.assert_allclose(w.people["contribution_index"], index, atol=1)


@pytest.mark.parametrize(
    ("year", "months", "why"),
    [
        (2018, 12 * 0.20, "20 %"),
        (2019, 4 * 0.20 + 8 * 0.16, "16 % from May"),
        (2020, 0.16 * (1 + 5 * 0.2 + 6 * 0.4), "waived from February to December"),
        (2021, 12 * 0.16, "16 %"),
    ],
)
def test_employers_rates_by_month(world, year, months, why):
    w = world(load(SURE), year=year, **member(earnings=120_000)).run(ep.STEP)
    base = w.people["employee_account"][0] / 0.96
    assert -w.counterparts["employers"].sum() == pytest.approx(base * months, abs=2), why


def test_public_posts_pay_in_2020(world):
    w = world(load(SURE), year=2020, **member(work=lived.PUBLIC)).run(ep.STEP)
    own = w.people["employee_account"][0]
    assert -w.counterparts["employers"].sum() == pytest.approx(2 * own, abs=2)  # 16 % and 8 %


@pytest.mark.parametrize(
    "values",
    [{"scheme": RESIDENT}, {"work": 0}, {"work": 1}, {"work": 5}, {"alive": 0},
     {"pension": lived.DRAWS}, {"pension": 1}],
)  # fmt: skip
def test_who_does_not_contribute(world, values):
    w = world(load(SURE), year=2013, **member(**values)).run(ep.STEP)
    assert flow(w, "revenue") == 0
    assert counted(w, "fund_contributors") == 0


def test_months_to_the_death_are_paid(world):
    w = world(load(SURE), year=2013, **member(death_u=4.5 / 12)).run(ep.STEP)
    assert counted(w, "fund_contributor_months") == 5
    assert w.people["paid_months"].tolist() == [5]


# --- claims and awards


def retiring(**values):
    """A man who turns 60 in June 2013, with 20 years and 200,000 yuan."""
    given = {"age": 59, "work": 0, "earnings": 0, "paid_months": 240, "contribution_index": 10_000,
             "employee_account": 20_000_000}  # fmt: skip
    return member(**(given | values))


def test_an_award_to_the_fen(world, p):
    w = world(p, year=2013, **retiring()).run(ep.STEP)
    # account 20,600,000 with 3 %; over 139: 148,201. Base 389,742 x 20 x 1 % = 77,948.4
    assert w.people["account_pension_m"].tolist() == [148_201]
    assert w.people["pension_m"].tolist() == [148_201 + 77_948]
    assert w.people["pension"].tolist() == [lived.DRAWS]
    assert flow(w, "outlay") == 6 * (148_201 + 77_948)  # July to December
    assert w.people["employee_account"].tolist() == [20_600_000 - 6 * 148_201]
    assert counted(w, "new_awards") == counted(w, "fund_beneficiaries") == 1
    assert w.tally.now["new_award_amount"][AT] == 226_149
    w.later().run(ep.STEP)
    assert w.people["pension_m"].tolist() == [248_764]  # 10 % more in January 2014
    assert flow(w, "outlay") == 6 * 226_149 + 12 * 248_764


def test_service_before_accounts_adds_a_transitional_pension(world, p):
    w = world(p, year=2013, **retiring(deemed_years=10, employee_account=0)).run(ep.STEP)
    # base 389,742 x 30 x 1 % = 116,922.6; transitional 389,742 x 10 x 1.2 % = 46,769.04
    assert w.people["pension_m"].tolist() == [116_923 + 46_769]


def test_the_level_moves_all_but_the_account(world):
    p = load({POLICY + "level_outlay": 1.5})
    w = world(p, year=2013, **retiring()).run(ep.STEP)
    assert w.people["pension_m"].tolist() == [148_201 + 116_922]  # 1.5 x 77,948


@pytest.mark.parametrize(
    ("values", "year", "first"),
    [
        ({"age": 59, "birth_month": 6}, 2013, 7),
        ({"age": 59, "birth_month": 12}, 2013, 13),
        ({"age": 60, "birth_month": 12}, 2014, 1),
        ({"age": 59, "birth_month": 6}, 2025, 9),  # born in June 1965: two months of delay
        ({"age": 49, "sex": FEMALE, "education": 0}, 2013, 7),  # a worker's post
        ({"age": 54, "sex": FEMALE, "work": lived.FLEXIBLE}, 2013, 7),
        ({"age": 53, "sex": FEMALE, "work": lived.FLEXIBLE}, 2013, 13),
    ],
)
def test_month_of_the_first_pension(world, values, year, first):
    law = load({RETIREMENT + "share_55": [0.0] * 6} | SURE)
    w = world(law, year=year, **retiring(**values)).run(ep.STEP)
    paid = 13 - first
    assert flow(w, "outlay") == paid * w.people["pension_m"][0]
    assert (w.people["pension"][0] == lived.DRAWS) == (paid > 0)


def test_contributions_end_where_the_pension_begins(world):
    w = world(load(SURE), year=2013, **retiring(work=lived.ENTERPRISE, earnings=50_000)).run(
        ep.STEP
    )
    assert counted(w, "fund_contributor_months") == 6
    assert w.people["paid_months"].tolist() == [246]


def test_women_of_the_two_classes_by_schooling(world):
    share = [0.4] * 6
    people = member(4000, age=49, sex=FEMALE, paid_months=240)
    w = world(load({RETIREMENT + "share_55": share} | SURE), year=2013, **people).run(ep.STEP)
    assert abs((w.people["pension"] == lived.NONE).mean() - 0.4) < 0.04  # five standard errors


@pytest.mark.parametrize("missing", [1, 50])
def test_missing_years_are_paid_at_once_while_the_law_is_open(world, missing):
    """60 % of the wage of 3,897.42 yuan for each month: 8 % to the account, 20 % in all."""
    law = {POLICY + "pays_at_once": {"2011-01-01": 1.0, "2026-07-01": 0.0}} | SURE | NO_INTEREST
    w = world(load(law), year=2013, **retiring(paid_months=180 - missing)).run(ep.STEP)
    base = 233_845
    assert w.people["paid_months"][0] == 180
    assert w.people["pension"][0] == lived.DRAWS
    assert flow(w, "revenue") == round(base * 0.2 * missing)
    short = retiring(paid_months=180 - missing)
    shut = world(load(law | NEVER_EXTENDS), year=2030, **short).run(ep.STEP)
    assert shut.people["pension"][0] != lived.DRAWS


def test_no_pension_below_the_minimum_years(world):
    p = load(EXTENDS | NO_INTEREST)
    w = world(p, year=2013, **retiring(paid_months=179)).run(ep.STEP)
    assert w.people["paid_months"].tolist() == [180]  # paid in July, the pension from August
    assert flow(w, "outlay") == 5 * w.people["pension_m"][0]
    base = 233_845
    assert flow(w, "revenue") == round(base * 0.2)


def test_who_pays_on_does_so_for_years(world):
    w = world(load(EXTENDS), year=2013, **retiring(paid_months=160)).run(ep.STEP)
    assert w.people["paid_months"].tolist() == [166]
    assert w.people["pension"].tolist() == [lived.NONE]
    w.later().run(ep.STEP).later().run(ep.STEP)
    assert w.people["paid_months"].tolist() == [180]
    assert w.people["pension"].tolist() == [lived.DRAWS]


@pytest.mark.parametrize(
    ("law", "months"), [(EXTENDS, 119), (NEVER_EXTENDS, 179)], ids=["too short", "unwilling"]
)
def test_who_cannot_takes_the_account_to_the_residents(world, law, months):
    w = world(load(law | NO_INTEREST), year=2013, **retiring(paid_months=months))
    w.run(ep.STEP)
    assert w.people["scheme"].tolist() == [RESIDENT]
    assert w.people["pension_account"].tolist() == [20_000_000]
    assert w.people["employee_account"].tolist() == [0]
    assert w.people["paid_months"].tolist() == [0]
    moved = [w.funds[name].flows["transfers"].sum() for name in ("employee_pension", rp.FUND)]
    assert moved == [-20_000_000, 20_000_000]
    w.run(rp.STEP)
    assert w.funds[rp.FUND].balance[1].sum() == w.people["pension_account"].sum()


@pytest.mark.parametrize(("kind", "year", "event", "before", "fen", "arithmetic"), MOVED)
def test_worked_refunds_and_transfers(world, kind, year, event, before, fen, arithmetic):
    idle = {"scheme": RESIDENT, "work": 0, "employee_account": before}
    people = {
        "heirs": member(death_u=0.5, **idle),
        "leaves the country": member(alive=0, **idle),
        "to the residents": retiring(paid_months=119, employee_account=before),
        "from the residents": retiring(scheme=RESIDENT, pension_account=before),
    }[event]
    w = world(load(NEVER_EXTENDS), year=year, **people)
    if event == "from the residents":
        w.funds[rp.FUND].flow("opening_adjustment", np.eye(31, dtype=int)[0] * before, "x",
                              ledger="individual")  # fmt: skip
    w.run(ep.STEP)
    moved = {
        "to the residents": -flow(w, "transfers"), "from the residents": flow(w, "transfers"),
    }.get(event, flow(w, "outlay"))  # fmt: skip
    assert moved == fen, f"{kind}: {arithmetic}"


@pytest.mark.parametrize(
    ("months", "deemed", "had", "years", "why"),
    [(119, 0, 0, 9, "whole years: 119 / 12 = 9.9"), (100, 0, 2, 10, "2 + 8 paid to either scheme"),
     (30, 4, 1, 7, "1 + 4 of service + 2")],
)  # fmt: skip
def test_years_of_employees_count_with_the_residents(world, months, deemed, had, years, why):
    """Measures of 2014 on moving between the schemes: years of both are added up."""
    given = {"paid_months": months, "deemed_years": deemed, "pension_years": had}
    w = world(load(NEVER_EXTENDS), year=2013, **retiring(**given)).run(ep.STEP)
    assert w.people["scheme"].tolist() == [RESIDENT]
    assert w.people["pension_years"].tolist() == [years], why


def test_nobody_pays_years_again_after_going_over(world):
    """Who was 48 when that scheme began needs twelve years, and has them as an employee."""
    idle = {"policies.resident_pension.makes_up": 1.0, "policies.resident_pension.pays_share": 0.0}
    w = world(load(NEVER_EXTENDS | idle), year=2023, **retiring(paid_months=150))
    w.run(ep.STEP, rp.STEP)
    assert w.people["pension"].tolist() == [rp.AWARDED]
    assert int(w.funds[rp.FUND].flows["revenue"].sum()) == 0


def test_the_minimum_rises_by_the_year_of_the_statutory_age(world):
    values = {"age": 62, "birth_month": 1, "paid_months": 239, "contribution_index": 6_000}
    short = world(load(NEVER_EXTENDS), year=2045, **retiring(**values)).run(ep.STEP)
    enough = world(load(), year=2045, **retiring(**(values | {"paid_months": 240}))).run(ep.STEP)
    assert short.people["scheme"].tolist() == [RESIDENT]
    assert enough.people["pension"].tolist() == [lived.DRAWS]


def test_a_resident_with_enough_years_is_awarded_an_employees_pension(world, p):
    people = retiring(scheme=RESIDENT, pension_account=1_390_000)
    w = world(p, year=2013, **people)
    w.funds[rp.FUND].flow(
        "opening_adjustment", np.eye(31, dtype=int)[0] * 1_390_000, "x", ledger="individual"
    )
    w.run(ep.STEP)
    assert w.people["account_pension_m"].tolist() == [158_201]  # 21,990,000 over 139
    assert w.people["pension_account"].tolist() == [0]
    assert w.people["scheme"].tolist() == [EMPLOYEE]
    assert w.funds[rp.FUND].balance[1].sum() == 0


def test_a_resident_with_too_few_years_takes_the_account_along_at_sixty(world):
    values = {"scheme": RESIDENT, "age": 59, "paid_months": 100}
    w = world(load(EXTENDS | NO_INTEREST), year=2040, **retiring(**values)).run(ep.STEP)
    assert w.people["pension_account"].tolist() == [20_000_000]  # the statutory age is 63


def test_the_offered_shares_move_the_claims(world):
    people = member(3000, age=61, birth_month=1, paid_months=400)
    shipped = world(load(SURE), year=2041, **people).run(ep.STEP)  # born in January 1979
    chosen = world(load(SURE, responses="assumed"), year=2041, **people).run(ep.STEP)
    assert not (shipped.people["pension"] == lived.DRAWS).any()
    assert abs((chosen.people["pension"] == lived.DRAWS).mean() - 0.35) < 0.045


def test_who_is_late_pays_on_and_draws_more(world):
    late = load(SURE | {RETIREMENT + "late_share": 1.0})
    people = member(age=62, birth_month=6, paid_months=300, contribution_index=10_000,
                    employee_account=10_000_000)  # fmt: skip
    prompt = world(load(SURE), year=2042, **people).run(ep.STEP)
    w = world(late, year=2042, **people).run(ep.STEP)
    assert w.people["pension"].tolist() == [lived.NONE]
    assert w.people["paid_months"].tolist() == [312]
    for _ in range(3):
        w.later().run(ep.STEP)
    assert w.people["pension"].tolist() == [lived.DRAWS]  # at 66, in June 2045
    assert w.people["paid_months"].tolist() == [342]
    assert w.people["pension_m"][0] > prompt.people["pension_m"][0]


def test_heavy_work_is_a_lever(world):
    people = member(200, age=54, paid_months=300)
    shipped = world(load(SURE), year=2013, **people).run(ep.STEP)
    heavy = world(load(SURE | {RETIREMENT + "special_trade_share": 0.5}), year=2013, **people)
    heavy.run(ep.STEP)
    assert counted(shipped, "new_awards") == 0
    assert 60 < counted(heavy, "new_awards") < 140


def test_ages_unchanged_pays_earlier(world):
    still = load({RETIREMENT + "pace": {"2025-01-01": [0, 0, 0]}})
    people = retiring(age=59, paid_months=300)
    later = world(load(), year=2035, **people).run(ep.STEP)
    now = world(still, year=2035, **people).run(ep.STEP)
    assert later.people["pension"].tolist() == [lived.NONE]
    assert now.people["pension"].tolist() == [lived.DRAWS]


# --- pensions, accounts and death


@pytest.mark.parametrize("month", range(1, 13))
def test_nothing_is_paid_after_the_month_of_death_but_named_benefits(world, month):
    p = load(NO_INTEREST)
    held = 10_000_000
    people = pensioner(death_u=(month - 0.5) / 12, employee_account=held)
    w = world(p, year=2013, **people).run(ep.STEP)
    pension = month * 220_000  # 2,000 yuan and 10 %
    # urban income of 2012 a month; 25 years: 9 + 10 months, less ten years drawn, least 9; and 2
    grant = round(11 * ep.rules_of(p, 2013).income)
    assert flow(w, "outlay") == pension + (held - month * 50_000) + grant
    assert w.people["employee_account"].tolist() == [0]


@compiling
@given(
    st.integers(0, 2**20 - 1).map(lambda k: k / 2**20),  # exact in the column
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**8),
    st.integers(60, 100),
)
def test_a_pension_stops_with_the_month_of_death(death_u, rest, share, account, age):
    r, sums = ep.rules_of(load(), 2016), np.zeros((lived.SUMS, 31), np.int64)
    given_ = {"pension_m": rest + share, "account_pension_m": share, "age": age,
              "employee_account": account, "death_u": death_u, "paid_months": 240}  # fmt: skip
    people = People.of({"id": np.ones(1, np.uint64), **pensioner(**given_)}, columns())
    c = lived.Columns(*(people[name] for name in (*ep.READS, *ep.WRITES)))
    by_age = lived.live(c, r, np.uint32(1), np.uint32(2), sums)
    months = int(12 * death_u) + 1
    pension, held = round((rest + share) * 1.065), account + round(account * r.interest)
    drawn = sums[[lived.FROM_POOL, lived.FROM_ACCOUNT, lived.OVERRUN]].sum()
    assert abs(drawn - months * pension) <= months  # the rise is rounded by person
    assert sums[lived.FROM_ACCOUNT].sum() + sums[lived.REFUNDED].sum() == pytest.approx(held, abs=1)
    steps = (2 + max(14 - max(age - 60, 0), 9)) * r.income
    assert sums[lived.GRANTS].sum() == steps
    assert c.employee_account[0] == sums[lived.HELD].sum() == 0
    paid = drawn + sums[[lived.REFUNDED, lived.GRANTS]].sum()
    assert by_age[funds.PAID, min(age + 1, 100)] == by_age.sum() == paid


def test_heirs_of_a_worker_get_the_account_and_the_grants(world):
    p = load(SURE | NO_INTEREST)
    people = member(death_u=0.01, employee_account=500_000, paid_months=59)
    w = world(p, year=2013, **people).run(ep.STEP)
    own = round(425_000 * 0.08)
    grant = (2 + 6) * ep.rules_of(p, 2013).income  # the sixtieth month is paid: five years
    assert flow(w, "outlay") == 500_000 + own + grant


@pytest.mark.parametrize(
    ("people", "name", "kind"),
    [
        (member(age=40), "fund_revenue_by_age", "revenue"),
        (pensioner(age=70), "fund_outlay_by_age", "outlay"),
        (pensioner(age=104), "fund_outlay_by_age", "outlay"),
        (member(age=40, death_u=0.5, employee_account=500_000), "fund_outlay_by_age", "outlay"),
        (member(age=40, alive=0, employee_account=500_000), "fund_outlay_by_age", "outlay"),
    ],
)
def test_money_is_counted_at_the_age_reached_in_the_year(world, people, name, kind):
    w = world(load(SURE), year=2013, **people).run(ep.STEP)
    by_age, at = w.tally.now[name][AT], min(people["age"][0] + 1, 100)
    assert by_age[at] == by_age.sum() == flow(w, kind) > 0
    bases = w.tally.now["fund_base_by_age"][AT]
    assert bases[at] == bases.sum() == w.tally.now["contribution_base"].sum()


def test_an_exhausted_account_goes_on_from_the_pooled_ledger(world):
    w = world(load(NO_INTEREST), year=2013, **pensioner(employee_account=70_000)).run(ep.STEP)
    assert w.tally.now["account_overrun"].sum() == 12 * 50_000 - 70_000
    assert flow(w, "outlay") == 12 * 220_000
    assert w.people["employee_account"].tolist() == [0]


def test_who_leaves_the_country_takes_the_account_out(world):
    w = world(load(NO_INTEREST), year=2013, **member(alive=0, employee_account=77)).run(ep.STEP)
    assert w.people["employee_account"].tolist() == [0]
    assert flow(w, "outlay") == 77


# --- public posts


def test_public_staff_stand_outside_the_fund_before_the_merger(world):
    p = load(SURE)
    w = world(p, year=2013, **member(work=lived.PUBLIC)).run(ep.STEP)
    assert flow(w, "revenue") == 0
    assert w.people["deemed_years"].tolist() == [1]
    assert w.people["contribution_index"].tolist() == [10_905]
    pensions = world(p, year=2013, **pensioner(pension=lived.DRAWS_PUBLIC)).run(ep.STEP)
    assert pensions.tally.now["public_pension_outlay"].sum() == 12 * 220_000
    assert pensions.counterparts["local_government"].sum() == -12 * 220_000
    assert flow(pensions, "outlay") == 0
    assert counted(pensions, "fund_beneficiaries") == counted(pensions, "fund_registered") == 0


def test_public_staff_pay_to_the_budget_between_law_and_admission(world):
    w = world(load(SURE), year=2015, **member(work=lived.PUBLIC)).run(ep.STEP)
    base = 425_000
    assert flow(w, "revenue") == 0
    assert w.counterparts["local_government"].sum() == round(base * 12 * 0.28)


@pytest.mark.parametrize(
    ("year", "share"), [(2015, 0.0), (2016, 1 / 3), (2017, 2 / 3), (2018, 1.0)]
)
def test_the_merger_admits_step_by_step(world, p, year, share):
    n = 3000
    w = world(p, year=year, **member(n, work=lived.PUBLIC)).run(ep.STEP)
    assert abs(counted(w, "fund_contributors") / n - share) < 0.045
    assert w.people["deemed_years"].sum() == n - counted(w, "fund_contributors")


def test_who_is_admitted_stays(world, p):
    w = world(p, year=2016, **pensioner(500, pension=lived.DRAWS_PUBLIC)).run(ep.STEP)
    first = w.people["employee_account"].copy(), counted(w, "fund_beneficiaries")
    w.later().run(ep.STEP)
    assert counted(w, "fund_beneficiaries") > first[1] > 0


# --- the fund


def careers(crowd, n, seed=5):
    """A crowd of all ages with careers drawn at random."""
    people = crowd(n)
    rng = np.random.default_rng(seed)
    grown = people["age"] >= 20
    people["scheme"] = np.where(grown, rng.integers(0, 3, n), 0).astype(np.uint8)
    people["work"] = np.where(grown & (people["age"] < 60), rng.integers(0, 6, n), 0).astype(
        np.uint8
    )
    people["earnings"] = (rng.lognormal(10.5, 0.6, n)).astype(np.int32)
    some = grown & (rng.random(n) < 0.5)
    people["paid_months"] = np.where(some, rng.integers(0, 400, n), 0).astype(np.uint16)
    people["contribution_index"] = rng.integers(6_000, 20_000, n).astype(np.uint16)
    people["employee_account"] = np.where(some, rng.integers(0, 10**7, n), 0).astype(np.uint32)
    old = (people["age"] >= 60) & (people["scheme"] == EMPLOYEE)
    people["pension"] = np.where(old, lived.DRAWS, 0).astype(np.uint8)
    people["pension_m"] = np.where(old, rng.integers(10**5, 4 * 10**5, n), 0).astype(np.int32)
    kept = np.where(old, people["pension_m"] // 4, np.arange(n) % 5)  # codes of the year before
    people["account_pension_m"] = kept.astype(np.int32)
    people["pension"][old & (rng.random(n) < 0.2)] = lived.DRAWS_PUBLIC
    return people


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_the_individual_ledger_is_the_backed_share_of_accounts(world, crowd, share):
    p = load({POLICY + "funded_share": share})
    w = world(p, year=2011, weight=4e5, **careers(crowd, 4000))
    w.run(ep.STEP, funds.STEP)
    rng = np.random.default_rng(3)
    for _ in range(14):
        w.later()
        w.people["province"][rng.integers(0, 4000, 300)] = 3
        w.people["death_u"][:] = np.where(rng.random(4000) < 0.02, rng.random(4000), 2.0)
        w.run(ep.STEP, funds.STEP)
        living = w.people["alive"] == 1
        accounts = w.people["employee_account"] * living
        held = np.bincount(w.people["province"], accounts, 31)
        ledger = w.funds["employee_pension"].balance
        np.testing.assert_array_equal(ledger[1], np.rint(share * held).astype(np.int64))
        assert (ledger >= 0).all()
        assert w.tally.now["fund_transfers"].sum() == 0
    assert w.people["employee_account"].sum() > 0


def test_what_people_and_budgets_pay_is_what_the_fund_receives(world, crowd, p):
    people = careers(crowd, 3000) | {"death_u": np.full(3000, 2.0, np.float32)}
    w = world(p, year=2013, **people)
    before = w.people["employee_account"].astype(np.int64)
    r = ep.rules_of(p, 2013)
    interest = np.rint(before * r.interest).astype(np.int64)
    w.run(ep.STEP)
    fund, paid = w.funds["employee_pension"], w.counterparts
    outside = w.tally.now["public_pension_outlay"].sum()
    from_households = -paid["households"].sum() + fund.flows["outlay"].sum() + outside
    received = fund.flows["revenue"].sum()
    assert from_households - paid["employers"].sum() == received
    assert -paid["central_government"].sum() == fund.flows["subsidy"].sum()
    still = (w.people["pension"] == lived.NONE) & (w.people["work"] >= 3)
    gained = w.people["employee_account"].astype(np.int64) - before - interest
    paying = still & (gained > 0)
    own = 0.96 * np.clip(0.85 * w.people["earnings"] * 100 / 12, 0.6 * r.reference[0],
                         3 * r.reference[0])  # fmt: skip
    assert np.abs(gained - own)[paying & (w.people["work"] == 3)].max() < 2
    assert paying.any()


def test_what_the_fund_pays_is_what_persons_receive(world, crowd, p):
    people = careers(crowd, 3000)
    people |= {"death_u": np.full(3000, 2.0, np.float32), "age": np.full(3000, 75, np.int8)}
    people["scheme"] = np.where(people["pension"] >= lived.DRAWS, EMPLOYEE, 0).astype(np.uint8)
    for name in ("employee_account", "paid_months"):
        people[name] = people[name] * (people["pension"] >= lived.DRAWS).astype(people[name].dtype)
    w = world(p, year=2019, **people).run(ep.STEP)
    received = 12 * w.people["pension_m"].astype(np.int64).sum()
    assert flow(w, "outlay") == received > 0


def test_the_fund_opens_with_the_published_balance(world, crowd):
    p = load({POLICY + "subsidy_share": {"2006-01-01": 0}, POLICY + "funded_share": 0.1})
    w = world(p, year=2011, weight=1e5, **careers(crowd, 3000)).run(ep.STEP)
    fund = w.funds["employee_pension"]
    assert flow(w, "opening_adjustment") * w.weight / 1e11 == pytest.approx(1536.53, abs=1e-3)
    assert flow(w, "interest") == pytest.approx(flow(w, "opening_adjustment") * 0.0715, rel=1e-6)
    assert fund.flows["opening_adjustment"][1].sum() > 0


def test_nothing_is_booked_for_those_without_a_career(world, crowd, p):
    w = world(p, year=2011, **crowd(500)).run(ep.STEP)
    assert not w.funds["employee_pension"].balance.any()
    assert not w.people["paid_months"].any()


def test_subsidies_are_a_share_of_outlay(world, p):
    w = world(p, year=2013, **pensioner(50)).run(ep.STEP)
    assert flow(w, "subsidy") == round(0.178 * 50 * 12 * 220_000)


def test_the_budget_closes_the_gap_where_a_scenario_says_so(world):
    p = load({POLICY + "subsidy_closes_gap": {"2012-01-01": 1}})
    w = world(p, year=2013, **pensioner(50)).run(ep.STEP)
    assert flow(w, "subsidy") == 50 * 12 * 220_000
    assert w.funds["employee_pension"].balance.sum() == 0


def two_provinces():
    """Workers in one province and pensioners in another."""
    people = {name: np.concatenate([member(60)[name], np.full(60, pensioner()[name][0],
              member()[name].dtype)]) for name in member()}  # fmt: skip
    for name in ("pension", "pension_m", "account_pension_m", "paid_months"):
        people[name] = np.repeat([0, pensioner()[name][0]], 60).astype(pensioner()[name].dtype)
    people["province"] = np.repeat([0, 5], 60).astype(np.uint8)
    return people


def test_central_adjustment_pays_by_wages_and_shares_by_pensioners(world):
    w = world(load(SURE), year=2019, **two_provinces()).run(ep.STEP)
    moved = w.funds["employee_pension"].flows["transfers"].sum(axis=0)
    wage = round(rules.reference_wage(w.parameters, 2019) * 100 / 12)
    assert moved[0] == -round(0.035 * 12 * 0.9 * wage * 60)
    assert moved[5] == -moved[0]
    earlier = world(load(SURE), year=2017, **two_provinces()).run(ep.STEP)
    assert not earlier.funds["employee_pension"].flows["transfers"].sum(axis=0).any()


def test_half_a_year_of_central_adjustment_in_2018(world):
    w = world(load(SURE), year=2018, **two_provinces()).run(ep.STEP)
    wage = round(rules.reference_wage(w.parameters, 2018) * 100 / 12)
    moved = w.funds["employee_pension"].flows["transfers"].sum(axis=0)
    assert moved[5] == round(0.03 * 6 * 0.9 * wage * 60)


def test_national_pooling_covers_gaps_from_surpluses(world):
    for year, pooled in ((2017, False), (2023, True)):
        w = world(load(SURE), year=year, **two_provinces()).run(ep.STEP)
        balance = w.funds["employee_pension"].balance.sum(axis=0)
        assert (balance[5] > -1_000_000) == (pooled and balance[0] > 0)
        assert w.funds["employee_pension"].flows["transfers"].sum() == 0


def test_no_rule_of_reserve_is_enacted(p):
    assert not p.coupled
    assert load({POLICY + "reserve_floor": {"2027-01-01": 6}}).coupled


@pytest.mark.parametrize(
    ("factor", "months", "floor", "then"),
    [(1.0, 7.0, 6.0, 1.0), (1.0, 5.0, 6.0, 1.05), (1.05, 7.0, 6.0, 1.05), (1.99, -3.0, 6.0, 2.0),
     (1.0, -3.0, 0.0, 1.0), (1.0, np.inf, 6.0, 1.0)],
)  # fmt: skip
def test_the_rate_rises_while_the_reserve_is_low(factor, months, floor, then):
    assert rules.next_factor(factor, months, floor, 0.05, 2.0) == pytest.approx(then)


def test_a_low_reserve_raises_the_employers_rate(world):
    p = load({POLICY + "reserve_floor": {"2013-01-01": 6}} | SURE)
    w = world(p, year=2013, **member())
    tables = {name: np.zeros((len(FUNDS), 2, 31), np.int64) for name in
              ("fund_outlay", "fund_balance", "fund_deficit_financing")}  # fmt: skip
    tables["fund_outlay"][AT, 0, 0] = 1_000
    w.national = tables
    w.run(ep.STEP)
    assert -w.counterparts["employers"].sum() == round(1_020_000 * 1.05)
    assert w.tally.now["employee_pension_rate_factor"] == 1_050_000


CHOSEN = {RETIREMENT + "early_share": 0.35, RETIREMENT + "late_share": 0.05}
HEAVY = {RETIREMENT + "special_trade_share": 0.3}


@pytest.mark.parametrize(
    ("year", "changes"),
    [(2011, {}), (2017, {}), (2020, {}), (2030, {}), (2030, CHOSEN), (2016, HEAVY), (2035, HEAVY)],
)
def test_the_fast_and_the_slow_path_are_one(world, crowd, year, changes):
    people, p = careers(crowd, 3000), load(changes)
    fast, slow = (world(p, year=year, **people) for _ in range(2))
    r, shape = ep.rules_of(p, year), (lived.SUMS, 31)
    tables, lists = [], []
    for w, all_rows in ((fast, False), (slow, True)):
        sums, rows = np.zeros(shape, np.int64), np.arange(3000, dtype=np.uint32)
        by_age = np.zeros((funds.AGE_SUMS, 101), np.int64)
        columns = lived.Columns(*(w.people[name] for name in (*ep.READS, *ep.WRITES)))
        key = (w.key.low, w.key.high)
        if all_rows:
            career = (columns.scheme == EMPLOYEE) | (columns.employee_account > 0)
            rows = rows[career | (columns.paid_months > 0) | (columns.deemed_years > 0)]
        else:
            n = lived.steady(columns, 0, 3000, r, *key, sums, by_age, rows)
            rows = rows[:n].copy()
        persons = lived.records(columns, len(rows))
        lived.take_out(columns, rows, len(rows), persons)
        lived.eventful(persons, lived.record_of(r), *key, sums, by_age)
        lived.put_back(columns, rows, len(rows), persons)
        tables.append((sums, by_age))
        lists.append(rows)
    for one, other in zip(*tables, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.any()
    for name in ep.WRITES:
        np.testing.assert_array_equal(fast.people[name], slow.people[name])
    assert 0 < len(lists[0]) < len(lists[1])


def test_order_of_rows_changes_nothing(world, crowd, p):
    people = careers(crowd, 3000)
    one, other = (world(p, year=2016, **people) for _ in range(2))
    other.people.compact(np.random.default_rng(1).permutation(3000))
    for w in (one, other):
        w.run(ep.STEP, funds.STEP)
    for name in one.tally.now:
        np.testing.assert_array_equal(one.tally.now[name], other.tally.now[name])


def test_columns_of_careers_and_accounts_fit_in_32_bytes(world):
    w = world(load(), year=2013, **member())
    names = ("work", "earnings", *(c.name for c in ep.COLUMNS), "pension_account", "pension_years",
             "account_pension_m")  # fmt: skip
    sizes = sum(w.people[name].itemsize for name in names)
    assert sizes + 2 < 32  # and the deviation of earnings


def test_levels_meet_the_published_flows(p):
    outlay = np.zeros((len(FUNDS), 2, 31), np.int64)
    outlay[AT, 0, 0] = 9_000_000
    revenue, subsidy = 2 * outlay, outlay // 3
    years = {
        year: {
            "fund_outlay": outlay, "pooled_pension_outlay": outlay[AT, 0] * 2 // 3,
            "fund_revenue": revenue, "fund_subsidy": subsidy, "fund_interest": 0 * outlay,
        }
        for year in ep.FITTED
    }  # fmt: skip
    weight = 1_000_000.0
    published = 1276.5 + 1556.2 + 1847.0 + 2175.5 + 2581.3
    level = ep.outlay_level(p, years, weight)
    assert 5 * (30.0 + level * 60.0) == pytest.approx(published)
    published = 1689.5 + 2000.1 + 2268.0 + 2531.0 + 2934.1
    level = ep.collection_level(p, years, weight)
    assert 5 * (30.0 + level * 180.0) == pytest.approx(published)
