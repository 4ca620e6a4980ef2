"""Counts of weddings, divorces and births against a count of one after another."""

import numpy as np
from songhe.agents.columns import THIS_YEAR
from songhe.model import family_counts
from songhe.model.events.partnership import DIVORCE, DIVORCES, MARRIAGE

FEMALE = 1


def test_weddings_are_counted_by_age_gap_education_and_order(country):
    people = country.people
    country.run(DIVORCE, DIVORCES)
    before = {name: people[name].copy() for name in ("marital", "education")}
    country.run(MARRIAGE)
    now = country.tally.now
    by_age, gaps = np.zeros((2, 101, 2), int), np.zeros(41, int)
    education = np.zeros((6, 6), int)
    wives = np.flatnonzero((people["since_union"] == THIS_YEAR) & (people["sex"] == FEMALE))
    for wife in wives:
        pair = (int(people["partner"][wife]), int(wife))
        age = [int(people["age"][k]) + int(people["birth_month"][k] <= 6) for k in pair]
        for sex, k in enumerate(pair):
            by_age[sex, min(age[sex], 100), int(before["marital"][k] != 0)] += 1
        gaps[min(max(age[0] - age[1], -15), 25) + 15] += 1
        education[tuple(before["education"][k] for k in pair)] += 1
    assert len(wives) == now["marriages"] > 50
    assert np.array_equal(now["marriages_by_age"], by_age)
    assert by_age[:, :, 1].sum() > 0
    assert np.array_equal(now["marriages_by_age_gap"], gaps)
    assert np.array_equal(now["marriages_by_education"], education)


def test_divorces_are_counted_by_duration_and_children(country):
    people = country.people
    country.run(DIVORCE)
    people["divorces"][::5][people["partner"][::5] >= 0] = 1
    partner = people["partner"].copy()
    country.run(DIVORCES)
    table = np.zeros((31, 4), int)
    for i in np.flatnonzero((people["sex"] == FEMALE) & (partner >= 0) & (people["partner"] < 0)):
        table[min(people["since_union"][i], 30), min(people["n_children"][i], 3)] += 1
    assert table.sum() == country.tally.now["divorces"] > 50
    assert np.array_equal(country.tally.now["divorces_by_duration"], table)


def test_twins_are_two_children_and_orders_beyond_five_are_five(tools):
    rows = [{"sex": 1, "age": 30, "education": k % 6, "residence": k % 2} for k in range(4)]
    people = tools.people_of(rows)
    mothers, orders = np.array([0, 1, 1, 3]), np.array([1, 2, 3, 9])
    found = family_counts.births(people, mothers, orders)
    assert found["multiple_births"] == 2
    table = np.zeros((2, 6, 5), int)
    for mother, order in ((0, 0), (1, 1), (1, 2), (3, 4)):
        table[mother % 2, mother % 6, order] += 1
    assert np.array_equal(found["births_by_education"], table)


def test_a_year_without_births_counts_none(tools):
    people = tools.people_of([{"sex": 1, "age": 30}])
    nobody = np.empty(0, np.int64)
    found = family_counts.births(people, nobody, nobody)
    assert found["multiple_births"] == 0
    assert found["births_by_education"].sum() == 0
