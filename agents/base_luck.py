"""Luck of the starting population: four uniforms for each row, purpose by purpose.

Rows are numbered as the persons were drawn, before families are put together. Every draw of
the base belongs to (seed, replicate) and to none of the parameter draws, which share it.
"""

import numpy as np
from numpy.typing import NDArray

from . import luck

Array = NDArray[np.float64]

# Purposes, each a call behind those of `persons`; numbers are only ever added.
COUPLES, BIRTH, MOTHERS, FATHERS, HOMES, COLLECTIVE, ELDERS, WEDDING, LOST = range(80, 89)


def key_of(seed: int, replicate: int) -> luck.Key:
    """The key of a base."""
    return luck.key_of(seed, luck.BASE_DRAW, replicate)


def uniforms(n: int, purpose: int, key: luck.Key) -> Array:
    """Four uniforms in (0, 1) for rows 0 ... n - 1, float64[4, n]."""
    return luck.uniforms(luck.base_ids(np.arange(1, n + 1)), purpose, luck.LASTING, key)


def normal(u: Array) -> Array:
    """Standard normal deviates from uniforms in (0, 1)."""
    from scipy.special import ndtri

    return np.asarray(ndtri(u), dtype=np.float64)
