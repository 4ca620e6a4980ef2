"""Who pays in a year: the trait, the year before, and the mean that is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.model import paying_rules as rules
from songhe.model import pension_year as lived
from songhe.model.paying_rules import MISSED, NEW, PAID
from songhe.model.policies import employee_pension as ep
from songhe.model.scheme_membership import EMPLOYEE
from songhe.parameters.load import load

POLICY = "policies.employee_pension."
BINS = lived.BINS
compiling = settings(deadline=None, derandomize=True)  # the first call compiles
MEANS = pytest.mark.parametrize("mean", [0.2, 0.55, 0.93])


def persistence(value):
    return load({POLICY + "density_persistence": value})


def members(n, age=30, work=lived.FLEXIBLE):
    """Columns of n men at work, members of the employee scheme without a career so far."""
    given = {"age": (age, np.int8), "sex": (0, np.uint8), "birth_month": (6, np.uint8),
             "scheme": (EMPLOYEE, np.uint8), "work": (work, np.uint8),
             "earnings": (60_000, np.int32)}  # fmt: skip
    return {name: np.full(n, *value) for name, value in given.items()}


def years_lived(w, years):
    """Whether each person pays in each of these years, bool[year, person]."""
    paid = []
    for _ in range(years):
        before = w.people["paid_months"].copy()
        w.run(ep.STEP).later()
        paid.append(w.people["paid_months"] > before)
    return np.array(paid)


def by_trait_alone(mean, spread):
    """Chances of a lasting trait and the luck of the year, and nothing else."""
    from statistics import NormalDist

    trait = spread * np.array([NormalDist().inv_cdf((k + 0.5) / BINS) for k in range(BINS)])
    low, high = -40.0, 40.0
    for _ in range(80):
        level = 0.5 * (low + high)
        below = np.mean(1.0 / (1.0 + np.exp(-level - trait))) < mean
        low, high = (level, high) if below else (low, level)
    return 1.0 / (1.0 + np.exp(-0.5 * (low + high) - trait))


# --- rules


@compiling
@given(st.floats(-8, 8), st.floats(0.01, 6))
def test_the_chance_rises_with_having_paid(log_odds, strength):
    missed, new, paid = (rules.chance_to_pay(log_odds, b, strength) for b in (MISSED, NEW, PAID))
    assert 0 < missed < new < paid < 1


@compiling
@given(st.floats(-8, 8), st.floats(-8, 8), st.floats(0, 6), st.integers(0, 2))
def test_the_chance_rises_with_the_trait(a, b, strength, before):
    low, high = (rules.chance_to_pay(x, before, strength) for x in sorted((a, b)))
    assert low <= high


@compiling
@given(st.floats(-8, 8), st.floats(0, 6))
def test_the_equilibrium_stays(log_odds, strength):
    share, missed, paid = (rules.chance_to_pay(log_odds, b, strength) for b in (NEW, MISSED, PAID))
    assert share * paid + (1 - share) * missed == pytest.approx(share, rel=1e-12)


@pytest.mark.parametrize("flexible", [False, True])
@pytest.mark.parametrize("paid", [False, True])
def test_a_year_is_known_in_its_own_kind_of_work_alone(flexible, paid):
    code = rules.code_of(flexible, False, paid)
    assert rules.before_of(code, flexible) == (PAID if paid else MISSED)
    assert rules.before_of(code, not flexible) == NEW
    assert rules.before_of(0, flexible) == NEW
    assert rules.code_of(flexible, True, paid) == 0


@MEANS
@pytest.mark.parametrize("strength", [0.5, 1.5, 3.0])
def test_the_mean_is_kept_and_persons_differ(mean, strength):
    chances = rules.chances_to_pay(mean, 1.0, strength, BINS)
    assert chances[NEW].mean() == pytest.approx(mean, abs=1e-9)
    assert (np.diff(chances) > 0).all()
    assert np.ptp(rules.chances_to_pay(mean, 0.0, strength, BINS), axis=1).max() < 1e-12


@MEANS
@pytest.mark.parametrize("spread", [0.5, 1.0])
def test_without_strength_the_year_before_changes_no_bit(mean, spread):
    chances = rules.chances_to_pay(mean, spread, 0.0, BINS)
    for before in (NEW, MISSED, PAID):
        np.testing.assert_array_equal(chances[before], by_trait_alone(mean, spread))


@MEANS
def test_fewer_lapse_the_stronger_the_year_before(mean):
    lapses = [rules.lapses(rules.chances_to_pay(mean, 1.0, s, BINS)) for s in (0, 0.5, 1.5, 3)]
    assert (np.diff(lapses) < 0).all()


def test_the_note_says_what_the_strength_reproduces():
    p = load()
    note = p[POLICY + "density_persistence"].note
    for strength, shown in ((p.value(POLICY + "density_persistence"), ("5.0 %", "22.9 %")),
                            (0.0, ("6.5 and", "37.3 %"))):  # fmt: skip
        for mean, text in zip(p.array(POLICY + "density"), shown, strict=True):
            chances = rules.chances_to_pay(float(mean), 1.0, float(strength), BINS)
            assert f"{100 * rules.lapses(chances):.1f}" == text.split()[0]
            assert text in note


# --- persons over years


@pytest.mark.parametrize(("work", "mean"), [(lived.ENTERPRISE, 0.93), (lived.FLEXIBLE, 0.55)])
def test_the_mean_of_every_year_is_that_of_the_law(world, work, mean):
    """100,000 persons, within five standard errors, from the first year on."""
    w = world(persistence(1.5), year=2011, **members(100_000, work=work))
    shares = years_lived(w, 5).mean(axis=1)
    assert np.abs(shares - mean).max() < 5 * np.sqrt(mean * (1 - mean) / 100_000)


def test_as_many_lapse_as_the_chances_say(world):
    p = persistence(1.5)
    paid = years_lived(world(p, year=2011, **members(100_000)), 2)
    share = 1.0 - paid[1][paid[0]].mean()
    expected = rules.lapses(ep.rules_of(p, 2011).chances[1])
    assert abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / paid[0].sum())


def test_years_of_contributions_at_sixty_differ_more(world):
    """From 40 to 59: the same mean within errors of 0.05, a variance higher by a fifth at least."""
    years = [
        years_lived(world(persistence(s), year=2011, **members(20_000, age=40)), 19).sum(axis=0)
        for s in (0.0, 1.5)
    ]
    assert abs(years[0].mean() - years[1].mean()) < 0.3
    assert years[1].var() > 1.2 * years[0].var()
    short = [(y < 5).mean() for y in years]
    assert short[1] > short[0]


def test_who_changes_the_kind_of_work_is_taken_from_the_equilibrium(world):
    w = world(persistence(3.0), year=2011, **members(50_000))
    years_lived(w, 2)
    w.people["work"][:] = lived.ENTERPRISE
    share = years_lived(w, 1).mean()
    assert abs(share - 0.93) < 5 * np.sqrt(0.93 * 0.07 / 50_000)


def test_a_year_out_of_work_leaves_what_is_known(world):
    w = world(persistence(6.0), year=2011, **members(20_000))
    (first,) = years_lived(w, 1)
    w.people["work"][:] = 0
    assert not years_lived(w, 1).any()
    w.people["work"][:] = lived.FLEXIBLE
    (then,) = years_lived(w, 1)
    assert then[first].mean() > 0.8 > 0.3 > then[~first].mean()


def test_without_strength_the_kept_code_decides_nothing(world):
    p = persistence(0.0)
    one, other = (world(p, year=2013, **members(20_000)) for _ in range(2))
    other.people["account_pension_m"][:] = np.arange(20_000) % 5
    for w in (one, other):
        w.run(ep.STEP)
    for name in set(ep.WRITES):
        np.testing.assert_array_equal(one.people[name], other.people[name])


def test_a_pension_takes_the_place_of_the_code(world):
    columns = members(1, age=59, work=lived.ENTERPRISE) | {
        "paid_months": np.array([240], np.uint16),
        "employee_account": np.array([20_000_000], np.uint32),
        "contribution_index": np.array([10_000], np.uint16),
    }
    w = world(load({POLICY + "density": [1.0, 1.0]}), year=2013, **columns)
    w.run(ep.STEP)
    assert w.people["pension"].tolist() == [lived.DRAWS]
    assert w.people["account_pension_m"][0] > 100_000
