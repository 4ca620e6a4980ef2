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


def test_one_type_by_hand():
    """100 men, 80 women, propensity 1: m = sqrt((100 - m)(80 - m)) gives m = 8000 / 180."""
    found = equilibrium(np.array([[100.0]]), np.array([[80.0]]), np.array([[1.0]]))
    assert found.couples[0, 0, 0] == pytest.approx(8000 / 180, rel=1e-12)


def test_two_types_by_hand():
    """Two and two alike, so that all singles are x^2: x^2 + (p + q) x^2 = 90.

    With p = 1.5 within and q = 0.5 across, x^2 = 30; couples are 45 within and 15 across.
    """
    both = np.array([[90.0, 90.0]])
    propensity = np.array([[1.5, 0.5], [0.5, 1.5]])
    found = equilibrium(both, both, propensity).couples[0]
    assert found == pytest.approx(np.array([[45.0, 15.0], [15.0, 45.0]]), rel=1e-12)


def proportional(men, women, propensity):
    """The market that is not ours: pools scaled to their harmonic mean, then shared out.

    Rates are those of men by type at balance; the scaled totals are met by iterative
    proportional fitting of the same table.
    """
    total = 2 * men.sum() * women.sum() / (men.sum() + women.sum())
    balanced = equilibrium(np.full_like(men, 100.0)[None], np.full_like(women, 100.0)[None],
                           propensity).couples[0]  # fmt: skip
    his, hers = (balanced.sum(axis=k) / 100.0 for k in (1, 0))
    scale_men, scale_women = total / men.sum(), total / women.sum()
    rows, columns = his * men * scale_men, hers * women * scale_women
    columns *= rows.sum() / columns.sum()
    table = propensity.copy()
    for _ in range(500):
        table *= (rows / table.sum(axis=1))[:, None]
        table *= columns / table.sum(axis=0)
    return table


def test_surplus_men_stay_single_where_they_have_least_to_offer():
    """Half as many women as men. A market scaled to a harmonic mean cannot show who loses.

    Types: least schooling, middle, most; women prefer more of it in a husband. Under the
    proportional market every type of men keeps its share of the couples, to the last digit;
    in ours the men with least to offer lose most.
    """
    propensity = np.array([[0.3, 0.1, 0.02], [0.9, 0.6, 0.2], [1.2, 1.2, 0.9]])
    even, fewer = np.full(3, 100.0), np.full(3, 50.0)
    ours, theirs = [], []
    for women in (even, fewer):
        found = equilibrium(even[None], women[None], propensity).couples[0]
        ours.append(found.sum(axis=1) / 100)
        theirs.append(proportional(even, women, propensity).sum(axis=1) / 100)
    assert theirs[1] / theirs[0] == pytest.approx(np.full(3, (theirs[1] / theirs[0])[0]), rel=1e-9)
    kept = ours[1] / ours[0]
    assert kept[0] < kept[1] < kept[2]
    assert kept[0] < 0.85 * kept[2]
    single = 1 - ours[1]
    assert single[0] > single[1] > single[2]
    wed = [
        equilibrium(even[None], w[None], propensity).couples[0].sum(axis=0) for w in (even, fewer)
    ]
    assert (wed[1] / fewer > wed[0] / even).all(), "women of every type gain from the squeeze"


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
