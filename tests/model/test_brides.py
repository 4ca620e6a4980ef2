"""Single mothers of the year: brides wed, the others do not, and no couple comes on top."""

import numpy as np
import pytest
from songhe.agents import families, luck
from songhe.agents.columns import THIS_YEAR
from songhe.agents.sibships import Sibships
from songhe.model import brides
from songhe.model.events.partnership import MARRIAGE
from songhe.model.marriage_market import couples, matched, sides, singles
from songhe.model.marriage_types import types
from songhe.parameters.load import load
from songhe.tests.statistical import assert_proportion

FEMALE, MARRIED = 1, 1


@pytest.fixture
def year(country):
    """A year in which every fifth single woman of 21 to 40 has borne a child, some of them two."""
    people = country.people
    single = (people["sex"] == FEMALE) & (people["marital"] != MARRIED) & (people["enrolled"] == 0)
    rows = np.flatnonzero(single & (people["age"] > 20) & (people["age"] < 41))[::5]
    mothers = np.repeat(rows, np.where(np.arange(len(rows)) % 7 == 0, 2, 1))
    before = people["n_children"][mothers].astype(np.int64)
    before[1:] += mothers[1:] == mothers[:-1]
    ids = luck.child_ids(people["id"][mothers], before + 1)
    families.bear(country, mothers, sex=np.arange(len(mothers)) % 2, id=ids)
    return country


def test_single_mothers_are_found_once_and_brides_by_their_share(year):
    found = brides.single_mothers(year)
    people = year.people
    children = brides.newborns(people)
    children = children[people["marital"][people["mother"][children]] != MARRIED]
    assert found.rows.tolist() == sorted(set(people["mother"][children].tolist()))
    share = brides.share_of_brides(load())
    assert share == pytest.approx(0.05 / 0.09)
    assert_proportion(int(found.bride.sum()), len(found.rows), share)


def test_brides_wed_and_mothers_outside_marriage_do_not(year, tools):
    people, mothers = year.people, brides.single_mothers(year)
    assert mothers.bride.sum() > 20
    assert (~mothers.bride).sum() > 20
    year.run(MARRIAGE)
    assert (people["marital"][mothers.rows[~mothers.bride]] != MARRIED).all()
    wed = people["since_union"][mothers.rows[mothers.bride]] == THIS_YEAR
    assert wed.mean() > 0.8  # all but those whose type no couple of the year has
    assert tools.faults(people) == []


def test_a_bride_comes_in_the_place_of_another_of_her_type(year):
    """As many couples, and as many wives of each region and type, as the market made."""
    people, kinds = year.people, types(year.parameters)
    found, mothers = singles(year, kinds), brides.single_mothers(year)
    brides.mark(found, mothers)
    men, women = sides(year, found)
    table = np.full((kinds.size, kinds.size), 0.02)
    husbands, wives = matched(couples(men, women, table, 2011, year.key), men, women, people)
    before = wives.copy()
    brides.make_way(year, found, mothers, husbands, wives)
    changed = np.flatnonzero(wives != before)
    assert len(changed) > 10
    assert len(np.unique(wives)) == len(wives)
    after, made = (brides.places_of(found, rows) for rows in (wives, before))
    assert np.array_equal(brides.cells_at(found, after), brides.cells_at(found, made))
    her = mothers.rows[mothers.bride]
    assert np.isin(wives[changed], her).all()
    assert not np.isin(before[changed], her).any()


def test_the_husband_of_a_bride_is_the_father(year):
    people, mothers = year.people, brides.single_mothers(year)
    year.run(MARRIAGE)
    children = brides.newborns(people)
    at_hand = np.isin(people["mother"][children], mothers.rows)
    children = children[at_hand]
    wed = people["marital"][people["mother"][children]] == MARRIED
    fathers = people["father"][children]
    assert np.array_equal(fathers[wed], people["partner"][people["mother"][children[wed]]])
    assert (fathers[~wed] == -1).all()
    assert int(year.tally.now["births_outside_marriage"]) == (~wed).sum() > 0
    links = np.bincount(people["father"][people["father"] >= 0], minlength=people.n)
    new = np.unique(fathers[wed])
    assert (people["n_living_children"][new] >= links[new]).all()
    assert (people["n_children"][new] >= 1).all()


def test_mothers_outside_marriage_are_not_expected_to_look(year):
    kinds = types(year.parameters)
    found, mothers = singles(year, kinds), brides.single_mothers(year)
    before = found.expected()
    brides.mark(found, mothers)
    after = found.expected()
    lost = (before - after)[FEMALE].sum()
    outside = np.isin(found.rows, mothers.rows[~mothers.bride]).sum()
    assert 0 < lost <= outside
    assert np.array_equal(before[0], after[0])


def test_nobody_is_marked_where_no_single_woman_bore(country):
    kinds = types(country.parameters)
    found = singles(country, kinds)
    code = found.code.copy()
    mothers = brides.single_mothers(country)
    brides.mark(found, mothers)
    some = np.isin(found.rows, mothers.rows)
    assert np.array_equal(found.code[~some], code[~some])


def test_the_order_of_rows_does_not_matter(year, tools):
    other = tools.shuffled(year)
    other.weight, other.persons = year.weight, year.persons
    for one in (year, other):
        one.run(MARRIAGE)
    names = ("partner", "father", "marital", "n_children")
    one, two = (tools.by_id(y.people, *names) for y in (year, other))
    assert all(np.array_equal(one[name], two[name]) for name in names)


def test_a_place_beside_kin_is_passed_over():
    """One bride, two couples of her cell; the first husband is her brother."""
    husbands, wives = np.array([0, 1], np.int32), np.array([2, 3], np.int32)
    kept = np.zeros(2, bool)
    nobody = np.full(5, -1, np.int32)
    sibship = Sibships(np.zeros(5, np.uint64), np.array([9, 1, 2, 3, 9], np.uint32))
    places = np.zeros(1, np.int64), np.zeros(2, np.int64), np.arange(2), kept
    brides.take_places(
        np.array([4]), np.array([0.1]), *places, husbands, wives, nobody, nobody, sibship
    )
    assert wives.tolist() == [2, 4]
    assert kept.tolist() == [False, True]
