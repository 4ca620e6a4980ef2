"""Couples of the starting population."""

from functools import lru_cache

import numpy as np
from songhe.agents import base_luck, couples
from songhe.agents.persons import starting_persons
from songhe.parameters.load import load

MALE, FEMALE = 0, 1
NEVER_MARRIED, MARRIED = 0, 1


@lru_cache
def persons():
    return starting_persons(load(), 40_000, 1, 0, "official").columns


@lru_cache
def matched(replicate=0):
    return couples.match_couples(persons(), load(), 1, replicate)


def spouses():
    partner = matched().partner
    husbands = np.flatnonzero((partner >= 0) & (persons()["sex"] == MALE))
    return husbands, partner[husbands]


def village(men, women):
    """Married people by place: lists of (province, residence)."""
    places = np.array(men + women)
    n = len(places)
    return {
        "age": np.full(n, 40, np.int8),
        "sex": np.repeat([MALE, FEMALE], [len(men), len(women)]).astype(np.uint8),
        "province": places[:, 0].astype(np.uint8),
        "residence": places[:, 1].astype(np.uint8),
        "education": np.ones(n, np.uint8),
        "marital": np.full(n, MARRIED, np.uint8),
    }


def test_everybody_married_has_one_partner_of_the_other_sex():
    partner, marital = matched().partner, matched().marital
    assert ((partner >= 0) == (marital == MARRIED)).all()
    rows = np.flatnonzero(partner >= 0)
    assert (partner[partner[rows]] == rows).all()
    assert (persons()["sex"][partner[rows]] != persons()["sex"][rows]).all()


def test_few_lose_their_marital_status():
    changed = (matched().marital != persons()["marital"]).sum()
    assert changed == matched().fit["married_without_partner"] <= 20


def test_couples_live_apart_only_where_counts_force_it():
    fit = matched().fit
    assert fit["apart_in_province"] + fit["apart_further"] < 0.03
    place = persons()["province"] * 2 + persons()["residence"]
    married = [(persons()["sex"] == sex) & (persons()["marital"] == MARRIED) for sex in (0, 1)]
    men, women = (np.bincount(place[rows], minlength=62) for rows in married)
    husbands, wives = spouses()
    here = place[husbands] == place[wives]
    assert (np.bincount(place[wives[here]], minlength=62) == np.minimum(men, women)).all()


def test_age_gap_is_that_of_the_seed():
    husbands, wives = spouses()
    gap = persons()["age"][husbands].astype(int) - persons()["age"][wives]
    assert abs(gap.mean() - 2.0) < 0.25
    assert abs(gap.std() - 3.5) < 0.35


def test_equals_marry_and_husbands_have_more_schooling():
    husbands, wives = spouses()
    level = np.array([0, 0, 0, 1, 2, 2])[persons()["education"]]
    his, hers = level[husbands], level[wives]
    table = np.bincount(his * 3 + hers, minlength=9).reshape(3, 3)
    assert table[0, 0] * table[1, 1] > 3 * table[0, 1] * table[1, 0]
    assert table[1, 1] * table[2, 2] > 3 * table[1, 2] * table[2, 1]
    assert (his > hers).sum() > (his < hers).sum()


def test_the_next_place_is_asked_before_the_region_and_the_region_before_the_country():
    # Beijing town; Beijing countryside, Tianjin (same region), Guangdong
    men = [(0, 0)] * 4
    women = [(0, 0), (0, 1), (1, 0), (18, 0)]
    found = couples.match_couples(village(men, women), load(), 1, 0)
    assert sorted(found.partner[4:]) == [0, 1, 2, 3]
    assert found.fit["apart_in_province"] == 0.25
    assert found.fit["apart_further"] == 0.5


def test_who_finds_nobody_is_no_longer_married():
    found = couples.match_couples(village([(0, 0)] * 10, [(5, 1)] * 8), load(), 1, 0)
    assert (found.partner >= 0).sum() == 16
    alone = found.partner < 0
    assert alone[:10].sum() == 2
    assert (found.marital[alone] != MARRIED).all()
    assert (found.marital[~alone] == MARRIED).all()


def test_unmarried_status_follows_age():
    n = 1000
    u = (np.arange(n) + 0.5) / n
    young = couples.unmarried_status(np.zeros(n, int), np.full(n, 22), load(), u)
    old = couples.unmarried_status(np.ones(n, int), np.full(n, 85), load(), u)
    assert (young == NEVER_MARRIED).mean() > 0.95
    assert (old == 3).mean() > 0.95
    assert not (np.append(young, old) == MARRIED).any()


def test_another_replicate_has_other_couples_and_the_same_one_has_the_same():
    again = couples.match_couples(persons(), load(), 1, 0)
    assert (again.partner == matched().partner).all()
    assert (matched(1).partner != matched().partner).mean() > 0.5


def test_luck_of_the_base_is_apart_by_purpose():
    key = base_luck.key_of(1, 0)
    drawn = [base_luck.uniforms(1000, purpose, key) for purpose in (80, 81)]
    assert abs(np.corrcoef(drawn[0][0], drawn[1][0])[0, 1]) < 0.16  # 5 sd of no correlation


def test_ever_married_never_falls_with_age():
    curve = couples.ever_married(load())
    assert curve[15] == 0
    assert curve[16] > 0
    assert (np.diff(curve) >= 0).all()
    assert curve[50] > 0.97


def weddings(oldest):
    u = base_luck.uniforms(len(oldest), base_luck.WEDDING, base_luck.key_of(1, 0))[0]
    return couples.years_since_wedding(
        persons()["age"], matched().partner, persons()["sex"], oldest, load(), u
    )


def test_weddings_come_before_the_first_child_and_after_fifteen():
    husbands, wives = spouses()
    age = persons()["age"].astype(int)
    oldest = np.where(age >= 30, age - 25, -1)
    oldest[wives] = np.minimum(oldest[wives], age[husbands] - 15)
    since = weddings(oldest).astype(int)
    assert (since[wives] >= oldest[wives]).all()
    assert (since[husbands] == since[wives]).all()
    assert (np.minimum(age[husbands], age[wives]) - since[wives] >= 15).all()
    assert (since[matched().partner < 0] == 255).all()


def test_recent_couples_are_as_many_as_marriages():
    """Some 12 million marriages a year, of 393 million couples' spouses in 1.34 billion."""
    _, wives = spouses()
    since = weddings(np.full(len(persons()["age"]), -1))[wives]
    yearly = (since < 5).sum() / 5 * 1_340 / 40_000  # million
    assert 8 < yearly < 14
