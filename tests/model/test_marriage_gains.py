"""Gains of marriage: what later cohorts lose, and what policies of families add."""

import numpy as np
import pytest
from songhe.model.events import partnership
from songhe.model.kernels.market import equilibrium
from songhe.model.marriage_gains import log_gains, of_cohorts, of_policy, women_looking
from songhe.model.marriage_market import singles
from songhe.model.marriage_types import propensity, types
from songhe.parameters.load import load

KEY, B_MAR = "demography.partnership.", "demography.fertility_response.b_mar"
LOST = {KEY + "gains_lost": 0.8}
ANSWERS = {B_MAR: 0.4}
YOUNG, MIDDLING, OLDER = 1, 2, 3  # age groups 20-24, 25-29, 30-34
KINDS = types(load())


def expected(country, parameters, term):
    """Couples expected in the year, and the propensities, at the level of the shipped law."""
    country.parameters, country.birth_response = parameters, term
    found = singles(country, KINDS)
    table = partnership.this_year(country, KINDS, found)
    return equilibrium(*found.expected(), table).couples.sum(), table


@pytest.fixture
def frozen(country):
    """The country with the constants of a year lived under the shipped law."""
    partnership.this_year(country, KINDS, singles(country, KINDS))
    country.constants = country.constants.for_scenario()
    country.constants.year = country.year
    return country


def test_nothing_is_lost_or_added_as_shipped(frozen):
    _, table = expected(frozen, load(), np.full((3, 2, 6), 0.2))
    assert not log_gains(frozen, KINDS, singles(frozen, KINDS)).any()
    constants = {name: value for name, _, value in frozen.constants.table()}
    shape = propensity(load(), KINDS, constants["marriage_shape"])
    np.testing.assert_array_equal(table, shape * np.exp(constants["marriage"]))


def test_later_cohorts_lose_by_year_of_birth():
    """In 2022 those of 20 to 24 are born about 2000, the next groups about 1995 and 1990."""
    gains = of_cohorts(load(LOST), KINDS, 2022)
    group = KINDS.parts()[0]
    for k, lost in ((YOUNG, 0.8), (MIDDLING, 0.4), (OLDER, 0.0)):
        np.testing.assert_allclose(gains[group == k], -lost)
    assert not of_cohorts(load(LOST), KINDS, 2007)[group > 0].any()
    np.testing.assert_allclose(of_cohorts(load(LOST), KINDS, 2100), -0.8)


def test_a_couple_loses_half_of_what_each_would(frozen):
    frozen.year = 2022
    frozen.parameters = load(LOST)
    both = log_gains(frozen, KINDS, singles(frozen, KINDS))
    group = KINDS.parts()[0]
    old, young = np.flatnonzero(group == OLDER)[0], np.flatnonzero(group == YOUNG)[0]
    assert both[young, young] == pytest.approx(-0.8)
    assert both[old, young] == both[young, old] == pytest.approx(-0.4)
    assert both[old, old] == 0.0


def test_draws_lose_nothing_or_something_and_never_gain():
    lost = np.array([load().draw(k, 1).value(KEY + "gains_lost") for k in range(1, 41)])
    assert load().value(KEY + "gains_lost") == 0.0
    assert 12 <= (lost > 0).sum() <= 28
    assert lost.min() == 0.0
    assert lost.max() > 1.0


def test_the_answer_is_the_mean_over_the_women_of_a_type():
    """Provinces and educations of a level weigh by their women; the first birth counts."""
    response = np.zeros((3, 31, 2, 6))
    response[0, 5, 1, 4], response[0, 6, 1, 5] = 0.1, 0.3  # college and university are a level
    response[1:] = 9.0
    women = np.zeros((31, 2, 6))
    women[5, 1, 4], women[6, 1, 5] = 30.0, 10.0
    term = of_policy(response, women, KINDS)
    group, level, residence = KINDS.parts()
    some = (level == 2) & (residence == 1)
    bears = KINDS.ages[group] < 50
    np.testing.assert_allclose(term[some & bears], 0.15, rtol=1e-6)
    assert not term[~bears].any()
    np.testing.assert_allclose(term[~some & bears], 0.0, atol=1e-9)
    alike = of_policy(np.full((3, 2, 6), 0.2), women, KINDS)
    np.testing.assert_allclose(alike[bears], 0.2)


def test_the_women_are_those_who_are_expected_to_look(frozen):
    found = singles(frozen, KINDS)
    women = women_looking(frozen, found)
    assert women.sum() == pytest.approx(found.expected()[1].sum())


@pytest.mark.parametrize("answer", [-0.3, 0.3])
def test_a_value_of_b_mar_moves_the_number_of_marriages(frozen, answer):
    term = np.full((3, 2, 6), answer)
    before, table = expected(frozen, load(), term)
    after, moved = expected(frozen, load(ANSWERS), term)
    bears = KINDS.ages[KINDS.parts()[0]] < 50
    np.testing.assert_allclose(moved[:, bears], table[:, bears] * np.exp(0.4 * answer))
    np.testing.assert_array_equal(moved[:, ~bears], table[:, ~bears])
    assert 1.0 < (after / before) ** np.sign(answer) < np.exp(0.4 * 0.3)


def test_where_policy_says_nothing_b_mar_changes_no_bit(frozen):
    _, table = expected(frozen, load(), np.zeros((3, 2, 6)))
    _, moved = expected(frozen, load(ANSWERS), np.zeros((3, 2, 6)))
    np.testing.assert_array_equal(moved, table)


def test_a_year_with_a_count_is_solved_with_the_answer_inside(country):
    """So that the same year without the policy has fewer marriages."""
    target = load().year("demography.targets.marriages", 2011) * 1000 / country.weight
    couples, _ = expected(country, load(ANSWERS), np.full((3, 2, 6), 0.3))
    assert couples == pytest.approx(target, rel=1e-9)
    country.constants = country.constants.for_scenario()
    country.constants.year = country.year
    without, _ = expected(country, load(ANSWERS), np.zeros((3, 2, 6)))
    assert without < 0.97 * target
