"""Deductions for children: the tax law to the fen, months, who gains, and what is promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.model import tax_rules
from songhe.model.policies import tax_deduction as td
from songhe.model.promise import known_by_month, month_values
from songhe.parameters.dims import PROVINCES, WORK
from songhe.parameters.load import ParameterError, load

KEY = "policies.tax_deduction."
ENTERPRISE, FARM = WORK.index("enterprise"), WORK.index("farm")
HENAN = PROVINCES.index("Henan")
ALL_CLAIM = {
    KEY + "take_up": {"value": 1.0, "prior": {"fixed": "a test"}},
    KEY + "contributions": {"value": 0.1, "prior": {"fixed": "a test"}},
    KEY + "other_deductions": {"value": 0.0, "prior": {"fixed": "a test"}},
}
quickly = settings(deadline=None, derandomize=True)
fen_a_year = st.integers(0, 3 * 10**8)


@pytest.fixture(scope="module")
def brackets():
    return tax_rules.brackets_of(load())


@pytest.mark.parametrize(
    ("taxable", "tax"),
    [  # the quick deductions of the law: 2,520, 16,920, 31,920, 52,920, 85,920 and 181,920 yuan
        (0, 0), (1, 0.03), (36_000, 1_080), (36_000.10, 1_080.01), (100_000, 100_000 * 0.1 - 2_520),
        (144_000, 11_880), (200_000, 200_000 * 0.2 - 16_920), (300_000, 43_080),
        (400_000, 400_000 * 0.25 - 31_920), (500_000, 500_000 * 0.3 - 52_920),
        (800_000, 800_000 * 0.35 - 85_920), (1_000_000, 1_000_000 * 0.45 - 181_920),
    ],
)  # fmt: skip
def test_tax_of_the_law_to_the_fen(brackets, taxable, tax):
    assert tax_rules.income_tax(round(taxable * 100), *brackets) == round(tax * 100)


@quickly
@given(fen_a_year, fen_a_year, fen_a_year)
def test_a_deduction_saves_no_more_than_itself_and_more_for_the_richer(brackets, a, b, deduction):
    low, high = sorted((a, b))
    saved = [tax_rules.tax_saved(x, deduction, *brackets) for x in (low, high)]
    assert 0 <= saved[0] <= saved[1] + 1  # rounding to the fen
    assert saved[1] <= 0.45 * deduction + 1
    assert tax_rules.income_tax(low, *brackets) <= tax_rules.income_tax(high, *brackets)


@pytest.mark.parametrize(
    ("age", "month", "enrolled", "year", "yuan", "source"),
    [
        (-1, 5, False, 2023, 8 * 2_000, "born in May: May to December"),
        (0, 5, False, 2023, 24_000, "2,000 a month from January 2023"),
        (1, 5, False, 2022, 12_000, "1,000 a month in 2022"),
        (1, 5, False, 2021, 0, "nothing under three before 2022"),
        (2, 5, False, 2021, 8 * 1_000, "three in May 2021: education from May"),
        (2, 5, False, 2022, 12_000, "care to April, education from May"),
        (4, 5, False, 2019, 12_000, "before school begins"),
        (10, 5, True, 2019, 12_000, "at school"),
        (17, 5, False, 2023, 0, "left school"),
        (19, 5, True, 2023, 24_000, "goes on"),
    ],
)
def test_deduction_of_a_child(age, month, enrolled, year, yuan, source):
    r = td.rules_of(load(), year)
    assert td.deduction_of(age, month, enrolled, r) == yuan * 100, source


def family(world, p, *, year=2024, his=200_000, hers=100_000, ages=(1,), work=(ENTERPRISE,) * 2):
    n = 2 + len(ages)
    kids = len(ages)
    columns = {
        "age": np.array([33, 31, *ages], np.int8),
        "sex": np.array([0, 1] + [0] * kids, np.uint8),
        "birth_month": np.full(n, 5, np.uint8),
        "father": np.array([-1, -1] + [0] * kids, np.int32),
        "mother": np.array([-1, -1] + [1] * kids, np.int32),
        "enrolled": np.array([0, 0] + [int(6 <= a < 18) for a in ages], np.uint8),
        "province": np.full(n, HENAN, np.uint8),
        "work": np.array([*work] + [0] * kids, np.uint8),
        "earnings": np.array([his, hers] + [0] * kids, np.int32),
    }
    return world(p, year=year, **columns).run(td.STEP).tally.now


def test_the_parent_who_earns_more_deducts_for_all_children(world, brackets):
    now = family(world, load(ALL_CLAIM), ages=(1, 4, 9))
    taxable = (200_000 * 9 // 10 - 60_000) * 100
    saved = tax_rules.tax_saved(taxable, 3 * 24_000 * 100, *brackets)
    assert now["tax_forgone"][HENAN] == saved == now["tax_forgone"].sum()
    assert now["tax_deduction_parents"].sum() == 1


def test_who_is_no_employee_deducts_nothing(world):
    now = family(world, load(ALL_CLAIM), work=(FARM, ENTERPRISE))
    saved = (100_000 * 0.9 - 60_000 - 24_000) * 0.03  # hers: 30,000 taxable, then 6,000
    assert now["tax_forgone"].sum() == round((30_000 * 0.03 - saved) * 100)
    assert not family(world, load(ALL_CLAIM), work=(FARM, FARM))["tax_forgone"].any()


def test_who_pays_no_tax_gains_nothing(world):
    now = family(world, load(ALL_CLAIM), his=66_000, hers=60_000)
    assert not now["tax_forgone"].any()
    assert not now["tax_deduction_parents"].any()


def test_nothing_is_forgone_before_the_law(world):
    assert "tax_forgone" not in family(world, load(ALL_CLAIM), year=2018)
    assert not family(world, load(ALL_CLAIM), year=2021, ages=(1,))["tax_forgone"].any()


def test_nobody_claims_where_take_up_is_nothing(world):
    none = load(ALL_CLAIM | {KEY + "take_up": {"value": 0.0, "prior": {"fixed": "a test"}}})
    assert not family(world, none)["tax_forgone"].any()


# --- what a next child is promised


def test_value_of_a_stream_by_months_is_that_by_years(p):
    from songhe.model import promise

    months = 100
    stream = promise.expected_payments(p, 2027, months, lambda day, k: 10.0 + k % 7)
    whole = promise.present_value(p, stream)
    by_month = month_values(p, 2027, months) @ (10.0 + np.arange(1, months + 1) % 7)
    assert by_month == pytest.approx(whole, rel=1e-12)


def test_law_by_month_is_that_of_each_day(p):
    from datetime import date

    from songhe.model.promise import decided, known

    for year in (2021, 2022, 2023, 2030):
        held = known_by_month(p, KEY + "infant_care", year, 30)
        days = [date(year + (6 + k) // 12, (6 + k) % 12 + 1, 1) for k in range(30)]
        each = [float(known(p, KEY + "infant_care", d, decided(p, year))) for d in days]
        assert held.tolist() == each


def test_the_richer_are_promised_more_and_a_year_after_the_law(p):
    level = 1.2e6
    told = td.benefit(p, 2024, level)
    assert (np.diff(told[0, 2:]) > 0).all()
    assert (told > 0).all()
    # decided in 2022: 2,000 yuan are the law of 1 January 2023, known a year ahead
    assert (td.benefit(p, 2023, level) > td.benefit(p, 2022, level)).all()
    assert not td.benefit(p, 2017, level).any()


def test_a_higher_deduction_is_worth_more_but_not_without_tax(p):
    doubled = load({KEY + "infant_care": {"2026-01-01": 4000}})
    free = load({KEY + "free": {"2019-01-01": 10_000_000}})
    assert (td.benefit(doubled, 2027, 1.2e6) > td.benefit(p, 2027, 1.2e6)).all()
    assert not td.benefit(free, 2027, 1.2e6).any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({KEY + "infant_care": {"2030-01-01": -1}}, ("infant_care", "0 to 100000")),
        ({KEY + "bracket_rate": {"value": [3, 10]}}, ("bracket_rate", "7")),
        ({KEY + "bracket_rate": {"value": [3, 10, 20, 25, 30, 35, 145]}}, ("145", "0 to 100")),
    ],
)
def test_bad_law_is_refused_with_the_key_and_what_is_allowed(change, words):
    with pytest.raises(ParameterError) as fault:
        load(change)
    assert all(word in str(fault.value) for word in words)


def test_brackets_out_of_order_are_refused():
    turned = load({KEY + "bracket_from": {"value": [0, 144_000, 36_000, 3e5, 4.2e5, 6.6e5, 9.6e5]}})
    with pytest.raises(ValueError, match="rising bounds"):
        tax_rules.brackets_of(turned)
