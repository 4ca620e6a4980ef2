"""Assertions for chance: exact tests at fixed seeds, with a stated false alarm.

`alarm` is the chance that a test fails though the model is right, over all groups of the
test; 1e-6 unless said otherwise. The message states what difference would be found.
"""

import numpy as np
from scipy.stats import binom, norm

ALARM = 1e-6


def detectable(n, p, alarm=ALARM):
    """Smallest difference in a proportion that is found with chance 0.9."""
    return (norm.isf(alarm / 2) + norm.isf(0.1)) * np.sqrt(p * (1 - p) / n)


def assert_proportion(k, n, p, alarm=ALARM):
    """K of n is what a chance p gives, by the exact binomial test of both sides."""
    tail = 2 * min(binom.cdf(k, n, p), binom.sf(k - 1, n, p))
    assert tail >= alarm, (
        f"{k} of {n} against a chance of {p:.6g}: tail {tail:.2g}; a difference of "
        f"{detectable(n, p, alarm):.2g} would be found"
    )


def assert_proportions(k, n, p, alarm=ALARM):
    """Every k of n is what its chance p gives; arrays, with Bonferroni's correction."""
    groups = list(zip(np.ravel(k), np.ravel(n), np.ravel(p), strict=True))
    for hits, trials, chance in groups:
        assert_proportion(hits, trials, chance, alarm / len(groups))


def assert_total(total, mean, variance, alarm=ALARM):
    """A sum of many independent terms is what its mean and variance give, by the normal curve."""
    z = (total - mean) / np.sqrt(variance)
    limit = norm.isf(alarm / 2)
    assert abs(z) <= limit, f"{total:g} against {mean:g}: z {z:.1f}, at most {limit:.1f}"
