"""Rules, pattern and levels of births, one woman or one table at a time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from songhe.model import birth_level as bl
from songhe.model import birth_pattern as bp
from songhe.model import birth_rules as br
from songhe.parameters.load import load
from songhe.parameters.rates import annual_asfr
from songhe.tests import reference

YEAR = 2012
MARRIED, SINGLE = 1, 0


@pytest.fixture(scope="module")
def p():
    return load()


@pytest.fixture(scope="module")
def asfr(p):
    years, rates = annual_asfr(p)
    return rates[YEAR - years[0]]


def women(n, seed=2):
    """Women of every kind as dictionaries."""
    rng = np.random.default_rng(seed)
    names = {
        "age": (14, 51), "married": (0, 2), "n_children": (0, 6), "since_union": (0, 16),
        "since_birth": (0, 16), "education": (0, 6), "residence": (0, 2), "birth_debt": (0, 4),
    }  # fmt: skip
    drawn = {name: rng.integers(*limits, n) for name, limits in names.items()}
    sons = rng.integers(0, drawn["n_children"] + 1)
    return [{k: int(v[i]) for k, v in drawn.items()} | {"n_sons": int(sons[i])} for i in range(n)]


def cell(woman):
    marital = MARRIED if woman["married"] else SINGLE
    waits = woman["n_children"], woman["since_union"], woman["since_birth"]
    family = br.family_of(woman["n_children"], woman["n_sons"])
    place = woman["education"], woman["residence"]
    debt = int(woman["birth_debt"] > 0)
    return br.cell_of(woman["age"], family, *place, br.wait_of(marital, *waits), debt)


# --- cells --------------------------------------------------------------------------------


def test_every_cell_is_one_kind_of_woman():
    cells = np.arange(br.CELLS)
    age, family, education, residence, wait, debt = (
        np.array(part) for part in zip(*map(br.parts_of, cells), strict=True)
    )
    back = [
        br.cell_of(*kind)
        for kind in zip(age, family, education, residence, wait, debt, strict=True)
    ]
    assert back == list(cells)
    assert (age.min(), age.max()) == (br.FIRST_AGE, br.LAST_AGE)


def test_families_tell_children_and_sons():
    assert [br.family_of(n, s) for n, s in ((0, 0), (1, 0), (1, 1), (2, 0), (2, 2), (7, 1))] == [
        0, 1, 2, 3, 4, 6,
    ]  # fmt: skip
    assert [br.parity_of(f) for f in range(br.FAMILIES)] == [0, 1, 1, 2, 2, 3, 3]
    assert [br.wants_a_son(f) for f in range(br.FAMILIES)] == [0, 1, 0, 1, 0, 1, 0]


# --- hazards ------------------------------------------------------------------------------


def test_hazards_agree_with_plain_python_woman_by_woman(p, asfr):
    rng = np.random.default_rng(1)
    pattern = rng.normal(-2, 0.5, (3, br.N_AGES, 2, 6))
    response = rng.normal(0, 0.1, (3, 2, 6))
    h = br.hazards_of(p, pattern, asfr, response, 0.4)
    some = [w for w in women(3000) if w["married"] == 0 or w["since_birth"] != 0]
    used = np.array([cell(w) for w in some])
    logs = np.empty((2, len(used)))
    bl.log_hazards(used, h, logs)
    for i, woman in enumerate(some):
        if woman["since_birth"] == 0:
            continue  # never among the women at risk, see test_births
        plain = reference.birth_hazard(p, pattern, asfr, woman, 0.4)
        answered = reference.birth_hazard(p, pattern, asfr, woman, 0.4, response)
        assert np.exp(logs[0, i]) == pytest.approx(plain, rel=1e-12)
        assert np.exp(logs[1, i]) == pytest.approx(answered, rel=1e-12)


def test_no_birth_within_twelve_months_of_the_last(p, asfr):
    h = br.hazards_of(p, np.zeros((3, br.N_AGES, 2, 6)), asfr, np.zeros((3, 2, 6)))
    for family in range(1, br.FAMILIES):
        assert br.chance_of(br.log_hazard(28, family, 2, 0, 0, 0, h)) == 0
        assert br.chance_of(br.log_hazard(28, family, 2, 0, 1, 0, h)) > 0
    assert br.chance_of(br.log_hazard(28, 0, 2, 0, 0, 0, h)) > 0, "a first birth may follow at once"


def test_the_second_birth_peaks_three_to_five_years_after_the_first(p):
    wait = br.waiting(p)[1]
    assert set(np.flatnonzero(wait == wait.max())) <= {3, 4}, "full years: the fourth and fifth"
    assert (np.diff(wait[1:4]) > 0).all()
    assert (np.diff(wait[4:]) < 0).all()


def test_effects_multiply_the_hazard():
    for log in (-8.0, -2.0, 0.0):
        hazard = -math.log1p(-br.chance_of(log))
        doubled = -math.log1p(-br.chance_of(log + math.log(2)))
        assert doubled == pytest.approx(2 * hazard, rel=1e-10)


# --- one delivery -------------------------------------------------------------------------

UNIT = st.floats(2**-33, 1 - 2**-33)
same_examples = settings(deadline=None, derandomize=True)


@same_examples
@given(UNIT, UNIT, UNIT, st.one_of(st.just(2.0), st.floats(0, 0.999)))
def test_a_delivery_agrees_with_plain_python(chance, u, v, death):
    wanted = reference.delivery(chance, u, v, death)
    half = 0.5 * chance
    assert br.delivers(u, half, half, death >= 1) == (wanted is not None)
    if wanted is not None:
        assert br.time_of_birth(v, death) == pytest.approx(wanted, abs=1e-7)


@same_examples
@given(UNIT, st.floats(0, 0.999))
def test_nobody_gives_birth_after_her_death(v, death):
    assert 0 <= br.time_of_birth(v, death) <= np.float32(death)


def test_a_woman_who_dies_keeps_the_births_of_her_first_half():
    assert br.delivers(0.1, 0.2, 0.3, False)
    assert not br.delivers(0.25, 0.2, 0.3, False)
    assert br.delivers(0.25, 0.2, 0.3, True)
    assert not br.delivers(0.5, 0.2, 0.3, True)


@same_examples
@given(UNIT, UNIT, UNIT)
def test_a_birth_is_advanced_between_the_two_chances(u, a, b):
    without, chance = sorted((a, b))
    assert br.is_advanced(u, without, chance) == (without <= u < chance)
    assert not br.is_advanced(u, chance, without), "a policy that lowers births advances none"


@same_examples
@given(UNIT, st.floats(0, 1 - 2**-24), st.floats(0.01, 0.5))
def test_a_newborn_dies_after_birth_and_before_the_year_is_over(v, birth, years):
    birth = np.float32(birth)
    time = br.infant_death(v, birth, years)
    assert time < 1
    assert time > birth or birth >= np.float32(1 - 2.0**-24)


def test_infant_deaths_come_early():
    v = (np.arange(10_000) + 0.5) / 10_000
    lived = [float(br.infant_death(x, np.float32(0.5), 0.1)) - 0.5 for x in v]
    assert np.mean(lived) == pytest.approx(0.5 * 0.1, rel=1e-3)


def test_months_and_birthdays():
    assert [br.month_of(u) for u in (0.0, 0.0834, 0.5, 1 - 2.0**-24)] == [1, 2, 7, 12]
    assert br.age_at(30, 1, 0.041) == 30
    assert br.age_at(30, 1, 0.042) == 31
    assert br.age_at(30, 12, 0.95) == 30


def test_expected_births_by_age_are_half_at_each_age(asfr):
    survival = np.full(101, 0.9)
    bears = br.bears(asfr, survival)
    assert bears[28] == 0.5 * (asfr[28] + 0.9 * asfr[29])


# --- sex ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [1.18, 1.11, 1.06, 1.03])
def test_the_sex_ratio_of_the_year_is_met(ratio):
    others, wishing, natural, share = 900.0, 170.0, 1.06, 0.15
    level = bl.sex_level(others, wishing, ratio, natural, share)
    boys = others * br.chance_of_son(math.log(natural), share, level)
    boys += wishing * br.chance_of_son(math.log(natural), 1.0, level)
    total = others + wishing
    assert boys / (total - boys) == pytest.approx(ratio, rel=1e-12)
    assert (level > 0) == (ratio > natural) or abs(level) < 1e-12


def test_sons_are_chosen_at_later_births_without_a_brother():
    level = bl.sex_level(830.0, 170.0, 1.18, 1.06, 0.15)
    first, later = (br.chance_of_son(math.log(1.06), w, level) for w in (0.15, 1.0))
    assert 1.10 < first / (1 - first) < 1.17
    assert later / (1 - later) > 1.5


def test_no_births_need_no_choice_of_sex():
    assert bl.sex_level(0.0, 0.0, 1.18, 1.06, 0.15) == 0
    assert bl.sex_level(100.0, 0.0, 1.18, 1.06, 0.0) == 0


# --- level --------------------------------------------------------------------------------


def crowd_of(n=500, seed=4):
    """Women by group, and their log hazards."""
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 50, n).astype(float)
    return people, rng.integers(0, 2 * bl.N_BANDS, n), rng.normal(-3, 1.5, n)


def deliveries(people, group, logs, levels):
    """Expected deliveries by group."""
    chance = -np.expm1(-np.exp(logs + levels[np.minimum(group, bl.N_BANDS)]))
    return np.bincount(group, people * chance, minlength=2 * bl.N_BANDS)


def test_the_level_is_the_root_of_expected_births():
    people, _, logs = crowd_of()
    for target in (1.0, 0.2 * people.sum(), 0.95 * people.sum()):
        level = bl.solve_level(people, logs, target)
        root = brentq(
            lambda z, t=target: (people * -np.expm1(-np.exp(logs + z))).sum() - t,
            -30, 30, xtol=1e-13, rtol=1e-13,
        )  # fmt: skip
        assert level == pytest.approx(root, abs=1e-9)
        assert bl.expected(people, logs, level)[0] == pytest.approx(target, rel=1e-11)


def test_every_age_band_and_the_share_outside_unions_are_met():
    people, group, logs = crowd_of()
    wanted = np.array([300.0, 400.0, 350.0, 200.0, 50.0])
    found = deliveries(people, group, logs, bl.solve_fertility(people, group, logs, wanted, 0.05))
    by_band = found[: bl.N_BANDS] + found[bl.N_BANDS :]
    np.testing.assert_allclose(by_band, wanted, rtol=1e-10)
    assert found[bl.N_BANDS :].sum() == pytest.approx(0.05 * wanted.sum(), rel=1e-10)


def test_what_one_age_band_cannot_have_the_others_have():
    most = np.array([10.0, 100.0, 100.0, 0.0, 50.0])
    wanted = np.array([30.0, 40.0, 20.0, 5.0, -1.0])
    targets = bl.shared_out(wanted, most, 94.0)
    assert list(targets[[0, 3, 4]]) == [10.0, 0.0, 0.0]
    np.testing.assert_allclose(targets[[1, 2]], [56.0, 28.0])
    assert bl.shared_out(np.zeros(5), most, 26.0).sum() == pytest.approx(26.0)
    with pytest.raises(ValueError, match=r"women in union cannot have 261\.0 births in a year"):
        bl.shared_out(wanted, most, 261.0)


def test_women_without_any_hazard_are_passed_over():
    people, group, logs = np.full(2, 100.0), np.zeros(2, int), np.array([-np.inf, -2.0])
    wanted = np.array([20.0, 0, 0, 0, 0])
    levels = bl.solve_fertility(people, group, logs, wanted, 0.1)
    assert deliveries(people, group, logs, levels).sum() == pytest.approx(20.0)


def test_more_births_than_women_are_refused():
    one, wanted = np.zeros(1), np.array([11.0, 0, 0, 0, 0])
    with pytest.raises(ValueError, match=r"10 women cannot have 11\.0 births in a year"):
        bl.solve_fertility(np.full(1, 10.0), np.zeros(1, int), one, wanted, 0.1)


@pytest.mark.parametrize("group", [2, bl.N_BANDS + 2])
def test_if_one_kind_of_women_is_missing_the_other_has_all_births(group):
    people, groups, logs = np.full(1, 100.0), np.full(1, group), np.full(1, -2.0)
    wanted = np.array([0.0, 4.0, 6.0, 0.0, 0.0])
    levels = bl.solve_fertility(people, groups, logs, wanted, 0.1)
    assert deliveries(people, groups, logs, levels)[group] == pytest.approx(10.0)


def test_where_hardly_anybody_is_in_union_the_others_have_more_than_their_share():
    people, group, logs = np.array([2.0, 100.0]), np.array([1, bl.N_BANDS + 1]), np.full(2, -2.0)
    levels = bl.solve_fertility(people, group, logs, np.array([0, 5.0, 0, 0, 0]), 0.1)
    found = deliveries(people, group, logs, levels)
    assert found.sum() == pytest.approx(5.0)
    assert found[1] == pytest.approx(bl.MOST * 2.0)


def test_no_births_are_wanted_and_none_are_expected():
    people, group, logs = crowd_of()
    levels = bl.solve_fertility(people, group, logs, np.zeros(bl.N_BANDS), 0.1)
    assert deliveries(people, group, logs, levels).sum() < 1e-12


# --- pattern ------------------------------------------------------------------------------


def base_of_women(scale, seed=6):
    """Women by cell as in a census: marriage and children rise with age."""
    rng = np.random.default_rng(seed)
    ages = np.arange(br.FIRST_AGE, br.LAST_AGE + 1)
    all_women = scale * rng.dirichlet(np.ones(12) * 5, br.N_AGES).reshape(br.N_AGES, 2, 6)
    married = 1 / (1 + np.exp(-(ages - 23.0) / 1.8))
    mean = np.clip((ages - 22) / 12, 0.02, 1.4)
    parity = np.stack([np.exp(-mean) * mean**k / math.factorial(k) for k in range(4)])
    waits = np.exp(-np.arange(12) / np.maximum(ages - 20, 1)[:, None])
    waits /= waits.sum(axis=1, keepdims=True)
    in_union = (
        parity[:, :, None, None, None]
        * (married[:, None, None] * all_women)[None, ..., None]
        * waits[None, :, None, None, :]
    )
    return bp.Women(all_women, in_union)


def expected_by_pattern(p, base, terms, order):
    later, wait = math.log(p.value(br.KEY + "fourth_birth")), br.waiting(p)
    people, factor = bp.at_risk(base, order, wait, later)
    hazard = np.exp(bp.pattern_table(terms)[order].ravel())[:, None] * factor
    return (people * -np.expm1(-hazard)).sum(axis=1).reshape(br.N_AGES, 2, 6)


def test_the_pattern_meets_the_census_by_order_residence_and_education(p):
    base = base_of_women(1e5)
    wanted = bp.wanted_births(p, base.all)
    wanted *= 1e5 / wanted.sum()
    terms = bp.solve_pattern(p, base, 1e5)
    for order in range(3):
        at_risk = bp.at_risk(base, order, br.waiting(p), math.log(p.value(br.KEY + "fourth_birth")))
        reachable = bp.within_reach(wanted[order], *at_risk)
        assert reachable.sum() > 0.9 * wanted[order].sum()
        found = expected_by_pattern(p, base, terms, order)
        for margin in ((1, 2), (0, 2), (0, 1)):
            one, other = found.sum(margin), reachable.sum(margin)
            assert np.abs(np.cumsum(one) - np.cumsum(other)).max() < 0.02 * other.sum()
        assert found.sum() == pytest.approx(reachable.sum(), rel=1e-3)


def test_the_pattern_of_a_small_base_does_not_run_away(p):
    """Some 16 births: groups are drawn together, curves stay smooth."""
    small = bp.solve_pattern(p, base_of_women(16.0), 16.0)
    assert np.abs(small[:, len(bp.KNOTS) :]).max() < 1.5
    assert np.abs(np.diff(small[:, : len(bp.KNOTS)], 2, axis=1)).max() < 3.0
    busy = bp.pattern_table(small)[0, 22 - br.FIRST_AGE : 34 - br.FIRST_AGE]
    assert -4.0 < busy.min() <= busy.max() < 2.0


def test_a_base_without_women_has_a_pattern(p):
    empty = bp.Women(np.zeros((br.N_AGES, 2, 6)), np.zeros((4, br.N_AGES, 2, 6, 12)))
    assert np.isfinite(bp.solve_pattern(p, empty, 0.0)).all()
    empty.all[10] = 1.0
    assert np.isfinite(bp.solve_pattern(p, empty, 1.0)).all()


def test_the_mother_of_a_census_birth_is_of_the_census_education(p):
    wanted = bp.wanted_births(p, np.ones((br.N_AGES, 2, 6)))
    shares = p.array(br.KEY + "births_by_education")
    young = wanted[0, 25 - br.FIRST_AGE, 1]
    np.testing.assert_allclose(young / young.sum(), shares[1, :, 2, 0] / shares[1, :, 2, 0].sum())


# --- debt ---------------------------------------------------------------------------------


def lives(hazard, wait, entry, factor=1.0, policy_from=0, debt=0.0, years=5, span=99):
    """Births by age of a cohort in plain Python, mothers of advanced births in debt.

    A policy multiplies hazards by factor from an age on.
    """
    births = np.zeros(br.N_AGES)
    state = {}
    for age in range(br.N_AGES):
        state[(0, 0, 0)] = state.get((0, 0, 0), 0.0) + entry[age]
        after = {}
        for (k, w, owed), people in state.items():
            rate = hazard[age, k] * wait[k, w] * (math.exp(-debt) if owed else 1.0)
            on = factor if age >= policy_from else 1.0
            plain, chance = 1 - math.exp(-rate), 1 - math.exp(-rate * on)
            if policy_from <= age + 0 < policy_from + span:
                births[age] += people * chance
            older = (k, min(w + 1, 11), max(owed - 1, 0))
            after[older] = after.get(older, 0.0) + people * (1 - chance)
            for share, starts in ((plain, max(owed - 1, 0)), (chance - plain, years)):
                mother = (min(k + 1, 3), 0, starts)
                after[mother] = after.get(mother, 0.0) + people * share
        state = after
    return births


@pytest.fixture(scope="module")
def cohort(p):
    """Hazards of a cohort with 1.6 children, who marry between 20 and 30."""
    ages = np.arange(br.FIRST_AGE, br.LAST_AGE + 1)
    shape = np.exp(-(((ages - 27) / 8.0) ** 2))
    hazard = shape[:, None] * np.array([0.9, 0.16, 0.04, 0.03])
    entry = np.where((ages >= 20) & (ages < 30), 0.095, 0.0)
    return hazard, np.exp(br.waiting(p)), entry


def ratio_of_effects(cohort, debt):
    """Effect on completed families over that on births of the first three years, by lives."""
    up = 1.01
    lifetime = lives(*cohort).sum()
    forever = lives(*cohort, factor=up, debt=debt).sum()
    before = after = 0.0
    for age in range(br.N_AGES):
        before += lives(*cohort, policy_from=age, span=3).sum()
        after += lives(*cohort, factor=up, policy_from=age, debt=debt, span=3).sum()
    return (forever / lifetime - 1) / (after / before - 1)


def test_depletion_alone_takes_part_of_the_effect(cohort):
    assert 0.4 < ratio_of_effects(cohort, 0.0) < 0.9


def test_no_debt_where_depletion_takes_more(cohort):
    alone = ratio_of_effects(cohort, 0.0)
    assert bl.debt_of(*cohort, alone + 0.02, 5) == 0
    assert bl.debt_of(*cohort, alone - 0.02, 5) > 0


def test_the_debt_brings_the_effect_on_families_to_the_ratio_asked_for(cohort):
    """Within 0.02: the derivation leaves out that debts also lower births of the first years."""
    rho = ratio_of_effects(cohort, 0.0) - 0.08
    debt = bl.debt_of(*cohort, rho, 5)
    assert 0 < debt < bl.MOST_DEBT
    assert ratio_of_effects(cohort, debt) == pytest.approx(rho, abs=0.02)


def test_the_debt_is_bounded(cohort):
    assert bl.debt_of(*cohort, 0.0, 5) == bl.MOST_DEBT
    nobody = np.zeros_like(cohort[2])
    assert bl.debt_of(cohort[0], cohort[1], nobody, 0.3, 5) == 0
