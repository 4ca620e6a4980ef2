"""Annuities and the personal pension: who pays, accounts to the fen, payment, books, switches."""

import re
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.agents import base, luck
from songhe.model import supplement_rules as sr
from songhe.model.model import SongheModel
from songhe.model.policies import supplementary_pensions as sp
from songhe.model.prices import nominal_return
from songhe.parameters.dims import PENSIONS, PILLARS, SCHEMES, WORK
from songhe.parameters.load import load
from songhe.runs.law import law
from songhe.runs.lawful import law_problems

KEY = "policies.supplementary_pensions."
ENTERPRISE, PUBLIC, FLEXIBLE = (WORK.index(w) for w in ("enterprise", "public", "flexible"))
EMPLOYEE, DRAWS = SCHEMES.index("employee"), PENSIONS.index("employee")
TEST = {"prior": {"fixed": "a test"}}
PLAIN = {  # declared wages are wages; tax of a plain employee
    "policies.employee_pension.compliance": {"value": 1.0, **TEST},
    "policies.tax_deduction.contributions": {"value": 0.1, **TEST},
    "policies.tax_deduction.other_deductions": {"value": 0.0, **TEST},
}
TAKEN_UP = PLAIN | {KEY + "take_up": {"value": 0.4, **TEST}}
OFF = {KEY + "coverage": {"2006-01-01": 0, "2012-01-01": 0, "2013-01-01": 0, "2014-01-01": 0,
                          "2015-01-01": 0},
       KEY + "occupational_coverage": {"2006-01-01": 0}}  # fmt: skip
SWITCHED_OFF = OFF | {KEY + "opening_assets": 0.0}
NEVER = 2.0
quickly = settings(deadline=None, derandomize=True)


def off(first):
    """Both annuities without new contributions from a year on."""
    return {KEY + name: {f"{first}-01-01": 0} for name in ("coverage", "occupational_coverage")}


# the one way in which annuities reach a fund: pensions of public staff are compared beside them
NOT_COMPARED = {
    "policies.employee_pension.old_guaranteed": {"2014-10-01": 0},
    "policies.employee_pension.new_excess": {"2014-10-01": 1},
}


# --- rules of one person


@pytest.mark.parametrize(
    ("work", "year", "months", "yuan", "source"),
    [
        (PUBLIC, 2020, 12, 14_400, "8 + 4 % of 120,000"),
        (PUBLIC, 2020, 5, 6_000, "five months"),
        (PUBLIC, 2014, 12, 3_600, "from October 2014"),
        (PUBLIC, 2013, 12, 0, "nothing before the merger"),
        (ENTERPRISE, 2020, 12, 9_000, "5.5 + 2 % of 120,000, assumed rates"),
    ],
)
def test_contributions_of_the_covered_to_the_fen(work, year, months, yuan, source):
    r = sp.rules_of(load(PLAIN), year)
    assert sr.annuity_paid(work, 120_000, months, 0.0, r) == yuan * 100, source


def test_who_earns_more_is_covered_more_often_and_public_staff_always():
    r = sp.rules_of(load(), 2015)
    wage = r.mean_wage
    chances = [r.chance[sr.income_class(int(wage * x), wage)] for x in (0.9, 1.1, 2.1)]
    np.testing.assert_allclose(chances, [0.4 * 0.179, 0.179, 2 * 0.179])
    for x, chance in zip((0.9, 1.1, 2.1), chances, strict=True):
        assert sr.annuity_paid(ENTERPRISE, int(wage * x), 12, chance - 0.001, r) > 0
        assert sr.annuity_paid(ENTERPRISE, int(wage * x), 12, chance + 0.001, r) == 0
    assert sr.annuity_paid(PUBLIC, 50_000, 12, 0.9999, r) > 0


@pytest.mark.parametrize(
    ("earnings", "u", "paid", "saved", "why"),
    [
        (300_000, 0.39, 12_000, 2_400, "the cap; 20 % of 210,000 taxed"),
        (100_000, 0.39, 8_000, 240, "8 % of earnings, of 30,000 taxed at 3 %"),
        (130_000, 0.01, 10_400, 1_040, "57,000 taxed, 46,600 after it: both at 10 %"),
        (300_000, 0.41, 0, 0, "does not take it up"),
    ],
)
def test_contributions_to_a_personal_pension_and_the_tax_they_save(earnings, u, paid, saved, why):
    r = sp.rules_of(load(TAKEN_UP | {KEY + "take_up_without_gain": 1.0}), 2025)
    assert sr.personal_paid(earnings, u, r) == (paid * 100, saved * 100), why


def test_who_saves_no_tax_takes_it_up_a_tenth_as_often():
    r = sp.rules_of(load(TAKEN_UP), 2025)
    assert sr.personal_paid(60_000, 0.039, r) == (4_800 * 100, 0)
    assert sr.personal_paid(60_000, 0.041, r) == (0, 0)
    assert sr.personal_paid(300_000, 0.041, r)[0] == 12_000 * 100


@pytest.mark.parametrize(("year", "share"), [(2021, 0), (2022, 0.3), (2023, 0.3), (2024, 1.0)])
def test_the_personal_pension_opens_in_pilots_and_then_everywhere(year, share):
    r = sp.rules_of(load(TAKEN_UP), year)
    assert r.take_up == pytest.approx(0.4 * share)
    assert (r.cap > 0) == (year >= 2022)


@quickly
@given(st.integers(1, 4_000_000_000), st.integers(1, 300))
def test_an_account_is_paid_out_whole_over_its_months(held, months):
    rest, left, years = held, months, 0
    while left > 0:
        paid = sr.payment(rest, left)
        assert 0 <= paid <= rest
        rest, left, years = rest - paid, left - min(left, 12), years + 1
    assert (rest, years) == (0, ceil(months / 12))


def test_months_are_those_of_the_law_at_the_age_of_the_first_payment():
    divisors = sp.rules_of(load(), 2025).divisors
    assert [sr.months_of_payment(age, divisors) for age in (50, 55, 60)] == [195, 170, 139]


# --- a few years of many accounts


def staff(n, seed=5):
    """Workers of all kinds, some of them pensioners, with a basic account."""
    rng = np.random.default_rng(seed)
    return {
        "age": rng.integers(20, 65, n).astype(np.int8),
        "province": rng.integers(0, 31, n).astype(np.uint8),
        "work": rng.choice([FLEXIBLE, ENTERPRISE, PUBLIC], n).astype(np.uint8),
        "scheme": np.full(n, EMPLOYEE, np.uint8),
        "pension": np.where(rng.random(n) < 0.1, DRAWS, 0).astype(np.uint8),
        "earnings": rng.integers(20_000, 400_000, n).astype(np.int32),
        "employee_account": rng.integers(0, 5_000_000, n).astype(np.uint32),
        "death_u": np.full(n, NEVER, np.float32),
    }


def change_lives(w, rng):
    """Deaths, departures, awards and new jobs before the next year."""
    people = w.people
    n = people.n
    people["death_u"][:] = np.where(rng.random(n) < 0.03, rng.random(n), NEVER)
    people["alive"][rng.random(n) < 0.01] = 0
    people["pension"][rng.random(n) < 0.05] = DRAWS
    people["work"][:] = rng.choice([FLEXIBLE, ENTERPRISE, PUBLIC], n)


class Plain:
    """One person's accounts, year by year, in plain Python."""

    def __init__(self):
        self.held, self.left, self.closed = [0, 0, 0], None, False

    def live(self, person, u, r):
        if self.closed:
            return
        self.held = [h + round(h * r.interest) for h in self.held]
        at_work = person["alive"] and person["scheme"] == EMPLOYEE and not person["pension"]
        if at_work and person["work"] in (ENTERPRISE, PUBLIC):
            dies = person["death_u"] < 1
            months = int(12 * person["death_u"]) + 1 if dies else 12
            amount = sr.annuity_paid(person["work"], person["earnings"], months, u[0], r)
            self.held[1 if person["work"] == PUBLIC else 0] += amount
            self.held[2] += sr.personal_paid(person["earnings"], u[1], r)[0]
        if not person["alive"] or person["death_u"] < 1:
            self.held, self.closed = [0, 0, 0], True
        elif self.left:
            due = [h * min(self.left, 12) // self.left for h in self.held]
            self.held = [h - d for h, d in zip(self.held, due, strict=True)]
            self.left = max(self.left - 12, 0)
        elif person["pension"] and any(self.held):
            self.left = round(sr.divisor_at(12 * (person["age"] + 1), r.divisors))


def test_every_account_is_that_of_the_plain_calculation(world):
    p = load(TAKEN_UP)
    w, rng = world(p, year=2023, **staff(1500)), np.random.default_rng(9)
    names = ("alive", "age", "scheme", "pension", "work", "earnings", "death_u")
    u = luck.uniforms(w.people["id"], luck.Call.SUPPLEMENT, luck.LASTING, w.key)
    plain = [Plain() for _ in range(1500)]
    for _ in range(6):
        w.run(sp.STEP)
        r = sp.rules_of(p, w.year)
        for i, one in enumerate(plain):
            one.live({name: w.people[name][i].item() for name in names}, u[:2, i], r)
        held = np.zeros((3, 1500), np.int64)
        held[:, w.accounts.rows] = w.accounts.held
        np.testing.assert_array_equal(held, np.array([one.held for one in plain]).T)
        w.later()
        change_lives(w, rng)
    assert (w.accounts.left > 0).sum() > 50
    assert all((held[k] > 0).sum() > 50 for k in range(3))


def closes(now, assets):
    """Assets by pillar after a year; refuses a year whose flows do not explain them."""
    moved = sum(
        now[f"supplement_{name}"].sum(axis=1) * sign
        for name, sign in (("contributions", 1), ("returns", 1), ("opening", 1),
                           ("benefits", -1), ("refunds", -1))
        if f"supplement_{name}" in now
    )  # fmt: skip
    np.testing.assert_array_equal(assets + moved, now["supplement_assets"].sum(axis=1))
    return now["supplement_assets"].sum(axis=1)


def test_assets_are_explained_by_their_flows_to_the_fen(world):
    w, rng = world(load(TAKEN_UP), year=2020, **staff(3000)), np.random.default_rng(2)
    assets = np.zeros(len(PILLARS), np.int64)
    for _ in range(8):
        w.run(sp.STEP)
        assets = closes(w.tally.now, assets)
        w.later()
        change_lives(w, rng)
    assert (assets > 0).all()


def test_the_order_of_rows_does_not_matter(world):
    columns = staff(800)
    columns["id"] = luck.base_ids(np.arange(1, 801))
    order = np.random.default_rng(4).permutation(800)
    one = world(load(TAKEN_UP), year=2025, **columns)
    other = world(load(TAKEN_UP), year=2025, **{k: v[order] for k, v in columns.items()})
    for w in (one, other):
        w.run(sp.STEP).later().run(sp.STEP)
    for name, table in one.tally.now.items():
        np.testing.assert_array_equal(table, other.tally.now[name])


def test_the_assets_of_2010_lie_with_those_who_pay_as_their_basic_accounts(world):
    p = load()
    w = world(p, year=2011, weight=30_000.0, **staff(4000)).run(sp.STEP)
    opened = w.tally.now["supplement_opening"].sum(axis=1)
    assert opened[0] == pytest.approx(280.9e11 / 30_000, abs=4000)
    assert opened[1:].tolist() == [0, 0]
    paid = w.tally.now["supplement_contributors"][0].sum()
    assert 0 < paid == len(w.accounts.rows)


def test_take_up_is_as_given_among_those_who_gain(world):
    people = staff(6000)
    people["earnings"][:], people["pension"][:] = 300_000, 0
    people["work"][:] = ENTERPRISE
    w = world(load(TAKEN_UP), year=2025, **people).run(sp.STEP)
    took = w.tally.now["supplement_contributors"][2].sum() / 6000
    # false alarm below 1e-6: five standard errors of a share of 0.4 among 6,000
    assert abs(took - 0.4) < 5 * (0.24 / 6000) ** 0.5
    forgone = w.tally.now["personal_pension_tax_forgone"].sum()
    assert forgone == w.tally.now["supplement_contributors"][2].sum() * 2_400 * 100


def test_what_a_personal_pension_pays_is_taxed_at_three_per_cent(world):
    people = staff(500)
    people["pension"][:] = 0
    w = world(load(TAKEN_UP), year=2025, **people).run(sp.STEP)
    for _ in range(2):  # the award, then the first year of payment
        w.later()
        w.people["pension"][:] = DRAWS
        w.run(sp.STEP)
    paid = w.tally.now["supplement_benefits"][2].sum()
    assert w.tally.now["personal_pension_tax"].sum() == pytest.approx(0.03 * paid, abs=500)
    assert paid > 0
    assert not w.tally.now["supplement_contributors"].any()


# --- switches, and the whole model


def test_nothing_is_kept_or_counted_while_everything_is_off(world):
    w = world(load(SWITCHED_OFF), year=2015, **staff(500)).run(sp.STEP)
    assert w.accounts is None
    assert w.tally.now == {}


def test_accounts_run_out_after_the_switch(world):
    people = staff(500)
    people["pension"][:], people["age"][:] = 0, 60
    w = world(load(off(2026)), year=2025, **people).run(sp.STEP)
    held = w.tally.now["supplement_assets"].sum()
    for _ in range(16):
        w.later()
        w.people["pension"][:] = DRAWS
        w.run(sp.STEP)
        assert not w.tally.now["supplement_contributions"].any()
    assert held > 0 == w.tally.now["supplement_assets"].sum()


def test_the_law_ships_with_a_mandatory_annuity_and_nobody_in_a_personal_pension():
    r = sp.rules_of(load(), 2026)
    assert (r.occupational, r.take_up) == (1.0, 0.0)
    assert sp.rules_of(load(responses="assumed"), 2026).take_up == 0.15


def test_accounts_earn_the_return_of_funds_and_a_margin():
    p = load()
    assert sp.rules_of(p, 2030).interest == pytest.approx(nominal_return(p, 2030) + 0.015)


@pytest.fixture(scope="module")
def lives():
    """Two models with the same luck, with annuities and without them from 2016.

    Nobody's pension is compared with the old one of public staff.
    """
    p = load(NOT_COMPARED)
    past = SongheModel(base.load_or_build(p, 4000, 3, 0, "official"), p, luck.key_of(3, 0, 0))
    while past.year < 2015:
        past.step()
    origin = past.accounts, past.accounts.held.copy()
    twin = past.branch(load(NOT_COMPARED | off(2016)))
    while past.year < 2031:  # over three years in which people are put together
        past.step()
    twin.constants = past.constants.for_scenario()
    while twin.year < 2024:
        twin.step()
    return past, twin, origin


def test_accounts_follow_their_holders(lives):
    model, _, _ = lives
    rows, people = model.accounts.rows, model.people
    assert (np.diff(rows.astype(np.int64)) > 0).all()
    assert (people["alive"][rows] == 1).all()
    paying = model.accounts.left > 0
    assert (people["pension"][rows[paying]] > 0).all()
    assert (people["age"][rows] >= 16).all()
    assert 30 < paying.sum() < len(rows)


def test_books_close_over_the_life_of_a_model(lives):
    model, _, _ = lives
    assets = np.zeros(len(PILLARS), np.int64)
    for year in range(2011, model.year + 1):
        assets = closes(model.tally.years[year], assets)
    assert (assets[:2] > 0).all()


def test_annuities_change_nothing_else(lives):
    model, twin, _ = lives
    own = {name for name in twin.tally.years[2024] if name.startswith("supplement")}
    for year in range(2016, 2025):
        for name, table in twin.tally.years[year].items():
            if name not in own:
                np.testing.assert_array_equal(table, model.tally.years[year][name], name)
    late = (m.tally.years[2024]["supplement_contributions"].sum() for m in (model, twin))
    assert next(late) > next(late) == 0  # the positive control


def test_a_branch_leaves_the_accounts_of_its_origin_alone(lives):
    accounts, held = lives[2]
    np.testing.assert_array_equal(accounts.held, held)


def test_a_branch_that_takes_over_has_the_accounts(lives):
    twin = lives[1]
    accounts = twin.accounts
    heir = twin.branch(load(off(2016)), takes_over=True)
    assert heir.accounts is accounts
    assert twin.accounts is None
    heir.step()
    assert heir.tally.years[2025]["supplement_assets"].sum() > 0


def test_an_account_costs_less_than_four_bytes_a_person(lives):
    accounts, people = lives[0].accounts, lives[0].people
    size = sum(array.nbytes for array in accounts)
    assert size == 18 * len(accounts.rows)
    assert size / people.n < 4.0


# --- bad law, and the law for one person


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"enterprise_employer_rate": {"2027-01-01": 0.09}}, "at most .*employer_ceiling"),
        ({"enterprise_employee_rate": {"2027-01-01": 0.07}}, "at most 0.065, so that both"),
        ({"total_ceiling": {"2027-01-01": 0.05}}, "so that both keep to"),
    ],
)
def test_rates_above_the_ceilings_are_refused(changes, named):
    (fault,) = law_problems(load({KEY + k: v for k, v in changes.items()}), "mine.yaml")
    assert fault.key.startswith(KEY)
    assert re.search(named, fault.allowed)


def test_the_shipped_rates_keep_to_the_ceilings():
    assert law_problems(load(), "parameters") == []


def test_the_law_of_each_pillar_for_one_person():
    asked = {"earnings": "120000", "account": "139000", "age": "60"}
    lines = {
        pillar: {line.what: line.value for line in law("supplementary_pensions",
                                                       {"pillar": pillar, **asked}, load(PLAIN))}
        for pillar in PILLARS
    }  # fmt: skip
    public, own = lines["occupational_annuity"], lines["personal_pension"]
    assert public["contributions of who is covered"] == 14_400
    assert lines["enterprise_annuity"]["contributions of who is covered"] == 9_000
    assert public["paid from the account in the first year"] == 12_000
    assert own["contributions of who takes it up"] == 9_600
    assert own["tax saved"] == pytest.approx(0.1 * 9_600)
    assert own["tax on it"] == 360
