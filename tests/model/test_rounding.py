"""Expected couples to whole ones: right on average, nobody asked for twice."""

import numpy as np
import pytest
from songhe.model.kernels.rounding import whole

LIMIT = 6.5  # standard errors; two-sided false alarm 8e-11 a cell, below 1e-6 for all cells


def made_whole(mu, men, women, seed):
    """The table as the second of two regions; in the first nobody is expected to marry."""
    luck = np.random.default_rng(seed).random(mu.shape)
    his, hers = (codes.ravel().astype(np.uint16) for codes in np.indices(mu.shape))
    first = np.array([0, 0, mu.size])
    couples = np.empty(mu.size, np.int64)
    people = (np.tile(np.asarray(side), (2, 1)) for side in (men, women))
    whole(first, his, hers, mu.ravel(), luck.ravel(), *people, couples)
    return couples.reshape(mu.shape)


def tight(seed, n=5, m=6):
    """A table whose rows use up some types of men and of women exactly."""
    rng = np.random.default_rng(seed)
    mu = rng.gamma(0.6, 1.0, (n, m))
    men = np.ceil(mu.sum(axis=1)).astype(np.int64)
    mu *= np.where(np.arange(n) < 3, men / mu.sum(axis=1), 1.0)[:, None]
    women = np.ceil(mu.sum(axis=0) - 1e-9).astype(np.int64)
    return mu, men, women


@pytest.mark.parametrize("seed", range(20))
def test_cells_end_at_their_floor_or_one_more_and_types_are_never_exceeded(seed):
    mu, men, women = tight(seed)
    for luck in range(20):
        couples = made_whole(mu, men, women, luck)
        assert (np.abs(couples - mu) < 1).all()
        assert (couples.sum(axis=1) <= men).all()
        assert (couples.sum(axis=0) <= women).all()


def test_every_cell_is_right_on_average_even_where_types_are_used_up():
    """20,000 tables; false alarm below 1e-6."""
    mu, men, women = tight(1)
    n = 20_000
    total = sum(made_whole(mu, men, women, seed) for seed in range(n))
    fraction = mu - np.floor(mu)
    error = np.sqrt(fraction * (1 - fraction) / n)
    assert (np.abs(total / n - mu) <= LIMIT * error + 1e-6).all()


def test_a_rounding_to_the_nearest_would_be_noticed():
    """Positive control: nearest whole numbers are far from the mean."""
    mu, _, _ = tight(1)
    fraction = mu - np.floor(mu)
    error = np.sqrt(fraction * (1 - fraction) / 20_000)
    assert (np.abs(np.round(mu) - mu) > LIMIT * error + 1e-6).any()


def test_whole_numbers_stay_as_they_are():
    mu = np.array([[2.0, 0.0], [1.0, 3.0]])
    assert np.array_equal(made_whole(mu, [2, 4], [3, 3], 0), mu)


def test_a_small_change_of_the_table_changes_few_cells():
    rng = np.random.default_rng(2)
    mu = rng.gamma(0.5, 1.0, (20, 20))
    men = women = np.full(20, 1000)
    other = mu.copy()
    other[3, 4] += 0.01
    first, second = (made_whole(table, men, women, 7) for table in (mu, other))
    assert (first != second).sum() <= 1
