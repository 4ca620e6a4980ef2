"""Whole agents from expected people: exact totals, margins within one, right on average."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest
from songhe.agents import integerise

FALSE_ALARM = 1e-6  # over all groups of a test
settings.register_profile("songhe", deadline=None, derandomize=True)
settings.load_profile("songhe")

Whole = NDArray[np.int64]
Tree = tuple[Whole, ...]


def trees(shape: tuple[int, int, int, int]) -> tuple[Tree, Tree]:
    """Two trees of a four-way table: first axis then second; third axis then fourth."""
    a, b, c, d = (axis.ravel() for axis in np.indices(shape))
    return (a, a * shape[1] + b), (c, c * shape[3] + d)


def settled(expected: NDArray[np.float64], agents: int, seed: int) -> Whole:
    left, right = trees(expected.shape)
    moves = integerise.most_moves(expected.size, left, right)
    luck = np.random.default_rng(seed).random(moves)
    return integerise.whole_agents(expected.ravel(), agents, left, right, luck)


tables = st.tuples(*[st.integers(1, 4)] * 4, st.integers(0, 10**6), st.integers(1, 300))


@given(tables)
@settings(max_examples=60)
def test_total_is_exact_and_every_margin_within_one(case: tuple[int, ...]) -> None:
    *shape, seed, agents = case
    expected = np.random.default_rng(seed).gamma(0.4, 1.0, shape)
    expected[np.random.default_rng(seed + 1).random(shape) < 0.3] = 0
    expected.flat[0] += 0.1
    counts = settled(expected, agents, seed)
    assert counts.sum() == agents
    wanted = expected.ravel() * agents / expected.sum()
    left, right = trees(tuple(shape))
    for sets in (*left, *right, np.arange(counts.size)):
        error = np.bincount(sets, counts) - np.bincount(sets, wanted)
        assert np.abs(error).max() < 1 + 1e-6
    assert (counts[expected.ravel() == 0] == 0).all()
    assert counts.min() >= 0


def lowest_p(bases: Whole, wanted: NDArray[np.float64], sets: Whole) -> float:
    """Smallest exact p-value, times the number of sets, that each set is right on average.

    A set that ends at its floor or one more is a coin with the fraction as its chance.
    """
    names, mean = np.unique(sets), np.bincount(sets, wanted)
    found = np.stack([np.bincount(sets, base, minlength=len(mean)) for base in bases])
    values = []
    for name in names:
        floor, share = divmod(mean[name], 1.0)
        values.append(binomtest(int((found[:, name] - floor).sum()), len(bases), share).pvalue)
    return min(values) * len(values)


def test_every_cell_and_margin_is_right_on_average() -> None:
    # 3000 bases: a bias of 0.07 agents of any set is found nine times in ten
    expected = np.random.default_rng(5).gamma(0.5, 1.0, (3, 2, 2, 3))
    left, right = trees(expected.shape)
    wanted = expected.ravel() * 20 / expected.sum()
    bases = np.stack([settled(expected, 20, seed) for seed in range(3000)])
    sides = (np.arange(wanted.size), *left, *right)
    for sets in sides:
        assert lowest_p(bases, wanted, sets) > FALSE_ALARM / len(sides)


def test_rounding_to_the_nearest_fails_the_test_of_the_mean() -> None:
    wanted = np.array([0.3, 0.7, 1.4, 2.6])
    bases = np.tile(np.rint(wanted).astype(np.int64), (3000, 1))
    assert lowest_p(bases, wanted, np.arange(4)) < FALSE_ALARM


def test_different_luck_gives_different_agents() -> None:
    expected = np.random.default_rng(5).gamma(0.5, 1.0, (3, 2, 2, 3))
    assert len({settled(expected, 20, seed).tobytes() for seed in range(20)}) > 15
    assert (settled(expected, 20, 1) == settled(expected, 20, 1)).all()


def test_whole_expectations_are_left_alone() -> None:
    expected = np.arange(1.0, 17.0).reshape(2, 2, 2, 2)
    counts = settled(expected, int(expected.sum()), 1)
    np.testing.assert_array_equal(counts, expected.ravel())


def test_parts_add_up_at_any_size() -> None:
    expected = np.random.default_rng(3).gamma(0.2, 1e6, 5000)
    expected[[0, 7, 4999]] = 0
    for agents in (1, 200, 40_001, 20_000_000, integerise.MOST_AGENTS):
        parts = integerise.parts(expected, agents)
        assert parts.sum() == agents * integerise.ONE
        assert parts.min() >= 0
        assert (parts[[0, 7, 4999]] == 0).all()
        wanted = expected / expected.sum() * agents
        np.testing.assert_allclose(parts / integerise.ONE, wanted, atol=1e-5, rtol=1e-6)


def test_margins_that_are_not_nested_are_refused() -> None:
    crossed = (np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    with pytest.raises(ValueError, match="nested"):
        integerise.whole_agents(np.ones(4), 3, crossed, (np.arange(4),), np.full(20, 0.5))


@pytest.mark.parametrize("agents", [0, -1, integerise.MOST_AGENTS + 1])
def test_a_number_of_agents_out_of_range_is_refused(agents: int) -> None:
    one = (np.zeros(4, np.int64),)
    with pytest.raises(ValueError, match="persons: 1 to"):
        integerise.whole_agents(np.ones(4), agents, one, one, np.full(20, 0.5))
