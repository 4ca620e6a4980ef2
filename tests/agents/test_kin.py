"""Mothers, fathers, brothers and sisters of the starting population."""

from functools import lru_cache

import numpy as np
import pytest
from songhe.agents import base_luck, couples, kin, kin_draft, kin_matching, kin_rates
from songhe.agents.persons import starting_persons
from songhe.parameters.load import load

MALE, FEMALE = 0, 1
AGES = np.arange(101)


@lru_cache
def columns():
    columns = dict(starting_persons(load(), 40_000, 1, 0, "official").columns)
    found = couples.match_couples(columns, load(), 1, 0)
    return columns | {"marital": found.marital, "partner": found.partner}


@lru_cache
def linked():
    return kin.link_kin(columns(), load(), 1, 0, "official")


def place():
    return columns()["province"].astype(int) * 2 + columns()["residence"]


def gompertz():
    """Survival over a year from exact age, m(x) = 3e-5 exp(0.1 x), the same every year."""
    hazard = 3e-4 * (np.exp(0.1 * (AGES + 1)) - np.exp(0.1 * AGES))
    return np.tile(np.exp(-hazard), (101, 1))


# --- tables -----------------------------------------------------------------------------


def test_parents_alive_as_the_life_table_says():
    alive = kin_rates.parent_alive(gompertz(), np.array([28, 30]))
    assert alive[40, 0] == pytest.approx(0.7677, abs=5e-5)
    assert alive[40, 0] * alive[40, 1] == pytest.approx(0.5558, abs=5e-5)


def test_only_child_alive_when_the_parent_is_80():
    alive = kin_rates.parent_alive(gompertz(), np.array([0]))
    assert alive[80 - 28, 0] == pytest.approx(0.9474, abs=5e-5)


def test_parents_of_the_oldest_are_dead():
    alive = kin_rates.parent_alive(gompertz(), np.array([28]))
    assert (alive[73:] == 0).all()
    assert (np.diff(alive[:, 0]) <= 0).all()


def test_survival_uses_the_years_that_were_lived():
    survival = np.ones((101, 101))
    survival[3, :] = 0.5  # 2007
    alive = kin_rates.parent_alive(survival, np.array([20]))[:, 0]
    assert alive[3] == 1.0  # born in 2007, at its end
    assert alive[4] == 0.5


def test_past_death_rates_rise_backwards():
    survival = kin_rates.past_survival(load(), "official")
    assert survival.shape == (101, 2, 101)
    assert (survival[40, :, 30] < survival[20, :, 30]).all()
    assert survival[30, 1, 50] == pytest.approx(survival[20, 1, 50] ** np.exp(0.2), rel=1e-12)


def test_patterns_of_births_add_up_and_were_later_and_wider():
    pattern = kin_rates.birth_patterns(load())
    assert pattern.sum(axis=1) == pytest.approx(1.0)
    mean = pattern @ AGES
    spread = np.sqrt(pattern @ AGES**2 - mean**2)
    assert 28 < mean[50] < 31  # born in 1960
    assert 25 < mean[20] < 27
    assert spread[50] > spread[20] + 1


def test_mothers_come_from_cohorts_by_their_size():
    pattern = np.zeros((101, 101))
    pattern[:, [20, 30]] = 0.5
    cohorts = np.ones(202)
    cohorts[35] = 3.0  # three times the women of 35
    cumulative = kin_rates.mothers_age(pattern, cohorts)
    assert cumulative[15, 20] == pytest.approx(0.75)
    assert cumulative[16, 20] == pytest.approx(0.5)


def test_small_counts_of_the_oldest_women_are_not_relied_on():
    women = np.full(101, 100)
    women[90:] = 0
    weights = kin_rates.cohort_weights(women, gompertz())
    assert (weights[81:] == weights[76:81].mean()).all()
    assert weights[40] == pytest.approx(100 / np.exp(-3e-4 * (np.exp(4.0) - np.exp(2.5))))


def test_ages_are_drawn_in_proportion():
    cumulative = np.tile(np.cumsum(np.where((AGES == 20) | (AGES == 30), 0.5, 0.0)), (101, 1))
    u = (np.arange(1000) + 0.5) / 1000
    drawn = kin_rates.draw_ages(cumulative, np.repeat([3, 60], 500), u)
    assert (np.bincount(drawn, minlength=31)[[20, 30]] == 500).all()


# --- sizes of families ------------------------------------------------------------------


def test_family_sizes_keep_the_mean():
    mean = np.linspace(0.01, 6.0, 50)
    mother, further = kin_draft.family_size(mean, 0.03, 0.3)
    assert mother * (1 + further) == pytest.approx(mean)
    assert mother.max() == 0.97
    u = (np.arange(10_000) + 0.5) / 10_000
    size = np.empty(10_000, np.int64)
    kin_matching.fill_capacity(np.full(10_000, 0.97), np.full(10_000, 0.5), u, size)
    assert size.mean() == pytest.approx(0.97 * 1.5, abs=2e-3)
    assert (size == 0).mean() == pytest.approx(0.03)


def test_further_children_are_poisson():
    u = (np.arange(100_000) + 0.5) / 100_000
    number = np.array([kin_matching.more_children(1.2, x) for x in u])
    expected = np.exp(-1.2) * np.array([1.0, 1.2, 0.72, 0.288])
    assert np.bincount(number)[:4] / 1e5 == pytest.approx(expected, abs=2e-5)
    assert kin_matching.more_children(1.2, 1.0) == 10


def grouped(n, further, partner=None):
    """Children of dead mothers of one area and age, born in months spread over 25 years."""
    u = base_luck.uniforms(n, base_luck.BIRTH, base_luck.key_of(1, 0))
    age = 15 + np.floor(u[0] * 25).astype(np.int64)
    months = age * 12 + np.floor(u[1] * 12).astype(np.int64)
    sibship, following = np.full(n, -1, np.int64), np.full(n, -1, np.int32)
    partner = np.full(n, -1, np.int32) if partner is None else partner
    kin_matching.group_by_dead_mother(
        np.arange(n), np.zeros(n, np.int64), np.full(n, 60), np.full(101, further), u[2],
        age, months, partner, sibship, following,
    )  # fmt: skip
    return sibship, months


def test_only_children_have_no_brothers_or_sisters():
    sibship, _ = grouped(500, 0.0)
    assert len(np.unique(sibship)) == 500


def test_families_are_met_in_proportion_to_their_children():
    """Sizes k as 1 + Poisson(1) by family, so as k p_k by child; false alarm below 1e-6."""
    n = 20_000
    sibship, _ = grouped(n, 1.0)
    size = np.bincount(sibship)
    families = len(size)
    assert abs(size.mean() - 2.0) < 5 * 1.0 / np.sqrt(families)
    of_child = size[sibship]
    assert of_child.mean() == pytest.approx(size.mean() + size.var() / size.mean())
    assert abs(of_child.mean() - 2.5) < 5 * 2.0 / np.sqrt(families)


def test_brothers_and_sisters_are_a_year_apart_and_never_married_to_each_other():
    partner = np.arange(4000, dtype=np.int32) ^ 1
    sibship, months = grouped(4000, 3.0, partner)
    order = np.lexsort((months, sibship))
    same = np.diff(sibship[order]) == 0
    assert same.sum() > 2000
    assert np.diff(months[order])[same].min() >= 12
    assert (sibship[partner] != sibship).all()


def test_one_place_in_each_family_makes_only_children():
    n = 60
    age = np.repeat([35, 5], n).astype(np.int64)
    area = np.zeros(2 * n, np.int64)
    nobody = [np.full(2 * n, -1, np.int32) for _ in range(4)]
    pool = kin_matching.stacks(np.arange(n), area, age, np.linspace(0, 1, n, endpoint=False))
    found = kin_matching.find_mothers(
        np.arange(n, 2 * n), np.full(2 * n, 33), area, area, 6, *pool, age, age * 12, *nobody
    )
    mother = nobody[1]
    assert found == n
    assert len(np.unique(mother[n:])) == n
    assert (pool.left == 0).all()


def test_a_mother_is_not_taken_twice_within_a_year_and_not_by_her_husband():
    age = np.array([40, 10, 10, 12, 12], np.int64)
    months = np.array([480, 120, 125, 144, 150], np.int64)
    area = np.zeros(5, np.int64)
    partner, mother, child, following = (np.full(5, -1, np.int32) for _ in range(4))
    partner[[1, 3]] = 3, 1  # spouses, whatever their age here
    pool = kin_matching.stacks(np.zeros(4, np.int64), area, age, np.arange(4) / 4)
    kin_matching.find_mothers(
        np.arange(1, 5), np.full(5, 40), area, area, 0, *pool, age, months, partner, mother,
        child, following,
    )  # fmt: skip
    assert list(mother) == [-1, 0, -1, -1, 0]  # 2 is too near to 1, 3 is married to 1


def test_a_husband_must_be_old_enough_to_be_the_father():
    age = np.array([45, 20, 10], np.int64)
    area = np.zeros(3, np.int64)
    for husbands_age, found in ((20, 0), (26, 1)):
        age[1] = husbands_age
        partner, mother, child, following = (np.full(3, -1, np.int32) for _ in range(4))
        partner[[0, 1]] = 1, 0
        pool = kin_matching.stacks(np.zeros(1, np.int64), area, age, np.zeros(1))
        assert found == kin_matching.find_mothers(
            np.array([2]), np.full(3, 45), area, area, 0, *pool, age, age * 12, partner, mother,
            child, following,
        )  # fmt: skip


# --- the base ---------------------------------------------------------------------------


def test_parents_are_of_age_and_sex_and_births_are_spaced():
    age, sex = columns()["age"].astype(int), columns()["sex"]
    for parent, of_sex, most in ((linked().mother, FEMALE, 50), (linked().father, MALE, 70)):
        rows = np.flatnonzero(parent >= 0)
        gap = age[parent[rows]] - age[rows]
        assert (sex[parent[rows]] == of_sex).all()
        assert (gap.min(), gap.max() <= most) == (15, True)
    months = age * 12 + 12 - columns()["birth_month"]
    order = np.lexsort((months, linked().sibship))
    same = np.diff(linked().sibship[order]) == 0
    assert np.diff(months[order])[same].min() >= 12


def test_fathers_are_the_mothers_husbands():
    mother, father = linked().mother, linked().father
    partner, marital = columns()["partner"], columns()["marital"]
    wives = (mother >= 0) & (marital[mother] == 1)
    assert (father[wives] == partner[mother[wives]]).all()
    assert (marital[father[(father >= 0) & (mother < 0)]] == 3).all()
    assert (father[(mother >= 0) & (marital[mother] == 3)] == -1).all()


def test_children_are_counted_by_their_links():
    n = len(columns()["age"])
    links = np.concatenate([x[x >= 0] for x in (linked().mother, linked().father)])
    assert (np.bincount(links, minlength=n) == linked().n_living_children).all()
    assert (linked().n_children >= linked().n_living_children).all()
    assert (linked().n_sons <= linked().n_children).all()
    never = columns()["marital"] == 0
    assert (linked().n_children[never] == 0).all()


def test_minors_live_with_their_mother_or_were_left_behind():
    minor = (columns()["age"] < 18) & (linked().mother >= 0)
    rows = np.flatnonzero(minor)
    mother = linked().mother[rows]
    apart = rows[place()[mother] != place()[rows]]
    assert linked().fit["minors_left_behind"] == len(apart)
    assert 0.08 < len(apart) / (minor & (columns()["residence"] == 1)).sum() < 0.15
    assert (columns()["residence"][apart] == 1).all()
    grandmothers = 0
    for parent in (linked().mother[apart], linked().father[apart]):
        grandmother = np.where(parent >= 0, linked().mother[parent], -1)
        grandmothers += (grandmother >= 0) & (place()[grandmother] == place()[apart])
    assert (grandmothers > 0).mean() > 0.99


def test_mothers_are_alive_as_the_life_table_says():
    """Counts against the sum of chances at the ages drawn; 5 sd each, false alarm below 1e-6."""
    age = columns()["age"].astype(int)
    u = base_luck.uniforms(len(age), base_luck.BIRTH, base_luck.key_of(1, 0))
    survival = kin_rates.past_survival(load(), "official")[:, FEMALE]
    women = np.bincount(age[columns()["sex"] == FEMALE], minlength=101)
    cohorts = kin_rates.cohort_weights(women, survival)
    cumulative = kin_rates.mothers_age(kin_rates.birth_patterns(load()), cohorts)
    at_birth = kin_rates.draw_ages(cumulative, age, u[0])
    chance = kin_rates.parent_alive(survival, AGES)[age, at_birth]
    for low, high in ((18, 30), (30, 45), (45, 60), (60, 75)):
        rows = (age >= low) & (age < high)
        sd = np.sqrt((chance * (1 - chance))[rows].sum())
        assert abs((linked().mother[rows] >= 0).sum() - chance[rows].sum()) < 5 * sd


def test_mothers_and_fathers_are_found_for_minors():
    minor = columns()["age"] < 18
    assert linked().fit["mothers_not_found"] == 0
    assert ((linked().mother < 0) & minor).sum() < 0.01 * minor.sum()
    assert ((linked().mother < 0) & (linked().father < 0) & minor).sum() < 0.001 * minor.sum()


def test_numbers_of_children_follow_the_cohorts():
    """Outputs, not inputs: children ever borne by age of women in 2010."""
    age, sex = columns()["age"], columns()["sex"]

    def mean(low, high):
        rows = (sex == FEMALE) & (age >= low) & (age < high)
        return linked().n_children[rows].mean()

    ages = ((20, 25), (25, 30), (30, 35), (40, 45), (50, 55), (60, 65), (70, 75))
    found = [mean(*group) for group in ages]
    assert found == sorted(found)
    assert 1.6 < mean(40, 45) < 2.0  # cohorts of about 1970 ended with 1.75
    assert 2.8 < mean(60, 65) < 3.8
    assert 4.0 < mean(70, 80) < 5.5


def test_years_since_the_last_birth_are_the_age_of_the_youngest():
    mother, age = linked().mother, columns()["age"]
    youngest = np.full(len(age), 255)
    rows = np.flatnonzero(mother >= 0)
    np.minimum.at(youngest, mother[rows], age[rows].astype(int))
    assert (linked().since_birth == youngest).all()


def test_kin_are_the_same_again():
    again = kin.link_kin(columns(), load(), 1, 0, "official")
    assert (again.mother == linked().mother).all()
    assert (again.father == linked().father).all()
    assert (again.sibship == linked().sibship).all()
