"""The marriage market: equilibrium, invariances, and the level that gives a total."""

import math

import numpy as np
import pytest
from songhe.model.kernels.market import equilibrium, expected_couples, level_for


def market(seed=1, regions=2, types=7):
    rng = np.random.default_rng(seed)
    men = rng.gamma(2.0, 50.0, (regions, types))
    women = rng.gamma(2.0, 50.0, (regions, types))
    men[0, 2] = women[-1, 3] = 0.0
    return men, women, rng.gamma(0.5, 0.4, (types, types))


def by_hand(men, women, propensity):
    """Plain alternation for one region, as the formula stands."""
    his, hers = [math.sqrt(m) for m in men], [math.sqrt(w) for w in women]
    for _ in range(5000):
        for i, m in enumerate(men):
            s = sum(p * h for p, h in zip(propensity[i], hers, strict=True))
            his[i] = (-s + math.sqrt(s * s + 4 * m)) / 2
        for j, w in enumerate(women):
            s = sum(propensity[i][j] * his[i] for i in range(len(men)))
            hers[j] = (-s + math.sqrt(s * s + 4 * w)) / 2
    return [
        [his[i] * propensity[i][j] * hers[j] for j in range(len(women))] for i in range(len(men))
    ]


def test_both_margins_are_kept_and_the_formula_holds():
    men, women, propensity = market()
    couples, his, hers = equilibrium(men, women, propensity)
    assert couples.sum(axis=2) + his**2 == pytest.approx(men, rel=1e-11, abs=1e-9)
    assert couples.sum(axis=1) + hers**2 == pytest.approx(women, rel=1e-11, abs=1e-9)
    assert couples == pytest.approx(propensity * his[:, :, None] * hers[:, None, :])


def test_agrees_with_plain_python():
    men, women, propensity = market(regions=1, types=4)
    expected = by_hand(men[0].tolist(), women[0].tolist(), propensity.tolist())
    assert equilibrium(men, women, propensity).couples[0] == pytest.approx(np.array(expected))


def test_twice_the_people_marry_twice_as_often():
    men, women, propensity = market()
    one, two = (equilibrium(k * men, k * women, propensity).couples for k in (1, 2))
    assert two == pytest.approx(2 * one)


def test_regions_do_not_know_of_each_other():
    men, women, propensity = market()
    alone = equilibrium(men[1:], women[1:], propensity).couples[0]
    assert np.array_equal(equilibrium(men, women, propensity).couples[1], alone)


def test_a_shortage_of_women_falls_on_the_men_who_are_too_many():
    """Young women fewer by half: young men lose most, old men little."""
    men, women = np.array([[100.0, 100.0]]), np.array([[100.0, 100.0]])
    propensity = np.array([[2.0, 0.01], [0.01, 2.0]])
    before = equilibrium(men, women, propensity).couples[0].sum(axis=1)
    after = equilibrium(men, women * [0.5, 1.0], propensity).couples[0].sum(axis=1)
    assert after[0] < 0.75 * before[0]
    assert after[1] > 0.98 * before[1]


def test_a_start_elsewhere_ends_at_the_same_place():
    men, women, propensity = market()
    cold = equilibrium(men, women, propensity)
    warm = equilibrium(men, women, propensity, equilibrium(men, women, 0.5 * propensity))
    assert warm.couples == pytest.approx(cold.couples, rel=1e-11)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.99])
def test_the_level_gives_the_total(share):
    men, women, propensity = market()
    target = share * np.minimum(men.sum(axis=1), women.sum(axis=1)).sum()
    level = level_for(men, women, propensity, target)
    couples = equilibrium(men, women, propensity * math.exp(level)).couples
    assert couples.sum() == pytest.approx(target, rel=1e-10)


@pytest.mark.parametrize("target", [0.0, -1.0, 1e9])
def test_an_impossible_total_is_an_error(target):
    with pytest.raises(ValueError, match="marriages: more than 0, fewer than"):
        level_for(*market(), target)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_numbers_that_cannot_be_people_are_an_error(bad):
    men, women, propensity = market()
    men[0, 0] = bad
    with pytest.raises(ValueError, match="men on the marriage market"):
        equilibrium(men, women, propensity)


def test_the_list_holds_every_cell_but_those_next_to_empty():
    men, women, propensity = market(regions=3)
    propensity[:, 4] *= 1e-12
    expected = equilibrium(men, women, propensity).couples
    cells = expected_couples(men, women, propensity, 1e-9)
    assert np.array_equal(cells.place, np.flatnonzero(expected > 1e-9))
    assert np.array_equal(cells.couples, expected[expected > 1e-9])
    region = np.repeat(np.arange(3), np.diff(cells.first))
    assert np.array_equal(
        cells.place, np.ravel_multi_index((region, cells.his, cells.hers), expected.shape)
    )
