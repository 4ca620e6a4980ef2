"""The account of cohorts: pure timing, and any ratio that mothers' debts cannot reach."""

import numpy as np
import pytest
from songhe.model import birth_account as ba
from songhe.model import birth_level as bl
from songhe.model import birth_rules as br
from songhe.parameters.load import load

AGES = np.arange(br.FIRST_AGE, br.LAST_AGE + 1)
POLICY = 0.05  # on the log hazard, for ever


@pytest.fixture(scope="module")
def couples():
    """Hazards of a cohort with 1.6 children, who marry between 20 and 30."""
    shape = np.exp(-(((AGES - 27) / 8.0) ** 2))
    hazard = shape[:, None] * np.array([0.9, 0.16, 0.04, 0.03])
    entry = np.where((AGES >= 20) & (AGES < 30), 0.095, 0.0)
    return hazard, np.exp(br.waiting(load())), entry


def test_debts_of_mothers_do_not_reach_pure_timing(couples):
    assert bl.debt_of(*couples, 0.0, 5) == bl.MOST_DEBT


def test_pure_timing_leaves_completed_families_as_they_are(couples):
    share = ba.share_owed(*couples, 0.0)
    plain = ba.lifetime_with_account(*couples, 1.0, 0.0)
    with_policy = ba.lifetime_with_account(*couples, np.exp(POLICY), 0.0)
    in_account = ba.lifetime_with_account(*couples, np.exp(POLICY), share)
    assert with_policy / plain - 1.0 > 0.01  # control: without an account families grow
    assert abs(in_account / plain - 1.0) < 0.01 * (with_policy / plain - 1.0) + 1e-4


@pytest.mark.parametrize("rho", [0.1, 0.2, 0.3])
def test_any_ratio_below_is_reached(couples, rho):
    small = 1.0 + bl.RISE
    whole = ba.lifetime_with_account(*couples, small, 0.0)
    plain = ba.lifetime_with_account(*couples, 1.0, 0.0)
    timing, some = (
        ba.lifetime_with_account(*couples, small, ba.share_owed(*couples, r)) for r in (0.0, rho)
    )
    assert timing == pytest.approx(plain, rel=1e-9)
    assert plain < some < whole
    # the gain grows in proportion to rho
    other = ba.lifetime_with_account(*couples, small, ba.share_owed(*couples, 2 * rho))
    assert other - plain == pytest.approx(2 * (some - plain), rel=1e-6)


def lived_by_chance(couples, policy, share, n, seed):
    """Children of each of n women, drawn year by year; the account is kept of what is expected."""
    hazard, wait, entry = couples
    rng = np.random.default_rng(seed)
    joins = rng.choice(len(entry) + 1, n, p=[*entry, 1.0 - entry.sum()])
    kids, since = np.zeros(n, np.int64), np.zeros(n, np.int64)
    chance = bl.yearly_chances(hazard, wait, 1.0)
    opening = np.zeros((br.N_AGES, br.PARITIES, br.WAITS))
    bl.cohort(chance, entry, opening)
    due = ba.due_of(ba.births_by_age(opening, chance))
    owed = 0.0
    for age in range(br.N_AGES):
        u, on = rng.random(n), joins <= age
        k, w = np.minimum(kids, br.PARITIES - 1), np.minimum(since, br.WAITS - 1)
        rate = np.where(on, hazard[age, k] * wait[k, w], 0.0)
        without, free = -np.expm1(-rate), -np.expm1(-rate * np.exp(policy))
        left = 1.0 - ba.paid_share(owed, due[age], float(free.mean()))
        born_chance = -np.expm1(-rate * np.exp(policy) * left)
        owed += share * float((free - without).mean()) - float((free - born_chance).mean())
        born = u < born_chance
        since = np.where(born | ~on, 0, since + 1)
        kids += born
    return kids


def test_pure_timing_leaves_cohort_fertility_by_chance(couples):
    """Within four standard errors of a paired difference of 100,000 women; a control differs."""
    n, seed = 100_000, 4
    plain = lived_by_chance(couples, 0.0, 0.0, n, seed)
    share = ba.share_owed(*couples, 0.0)
    for owed, unchanged in ((share, True), (0.0, False)):
        difference = lived_by_chance(couples, POLICY, owed, n, seed) - plain
        error = difference.std() / n**0.5
        assert (abs(difference.mean()) < 4 * error) == unchanged


def test_the_account_of_the_model_is_that_of_the_cohort():
    """One cell an age: what is added is owed a year later, a year older, and paid."""
    ages, people = np.arange(br.N_AGES), np.full(br.N_AGES, 500.0)
    women = np.full(br.N_AGES, 1000)
    without, free = np.full(br.N_AGES, 0.10), np.full(br.N_AGES, 0.12)
    first = ba.next_account(ba.no_account(), 0.5, ages, people, women, (without, free, free))
    np.testing.assert_allclose(first[ba.OWED, 1:], 0.5 * 0.02 * 0.5)
    assert first[ba.OWED, 0] == 0
    assert (first[ba.LOWER, 1:] > 0).all()
    share = -np.expm1(-first[ba.LOWER])
    # a part of the births ahead, over those of the year: at the last age all that is owed
    assert share[-1] == pytest.approx(first[ba.OWED, -1] / 0.06)
    born = -np.expm1(np.log1p(-free) * np.exp(-first[ba.LOWER]))
    np.testing.assert_allclose(ba.free_of_account(born, first[ba.LOWER]), free)
    second = ba.next_account(first, 0.0, ages, people, women, (without, free, born))
    paid = (free - born) * 0.5
    np.testing.assert_allclose(second[ba.OWED, 1:], (first[ba.OWED] - paid)[:-1])


def test_nothing_owed_is_nothing_paid():
    flat = np.full(br.N_AGES, 0.1)
    same = ba.next_account(
        ba.no_account(), 0.7, np.arange(br.N_AGES), flat, np.ones(br.N_AGES), (flat, flat, flat)
    )
    assert not same.any()
