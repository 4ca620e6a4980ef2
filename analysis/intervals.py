"""Levels and paired differences with their uncertainty: draws make intervals, replicates errors.

Draw 0 is the central figure and never in an interval; intervals are quantiles over draws
1 ... K of figures averaged over replicates. The Monte-Carlo error is the standard error that
chance leaves in such an average, by the jackknife over replicates, pooled over draws: for
sums it is the usual s / sqrt(n), for ratios and life tables it follows their own formula.
A statistic sees averaged sums only, so that every ratio is a ratio of sums.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .indicators import CENTRAL_DRAW, over_replicates

QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
# Parts of one scenario or of a pair, averaged over replicates -> [draw, ...].
Statistic = Callable[..., xr.DataArray]


class Estimate(NamedTuple):
    """One figure with its uncertainty.

    central : [...], draw 0
    quantiles : [quantile, ...] over draws 1 ... K, NaN with fewer than two
    error : [...], Monte-Carlo standard error of `central`, NaN with one replicate
    draws, replicates : how many stand behind it (the fewest replicates of any draw)
    """

    central: xr.DataArray
    quantiles: xr.DataArray
    error: xr.DataArray
    draws: int
    replicates: int


def estimate(statistic: Statistic, *parts: xr.Dataset) -> Estimate:
    """The statistic of one scenario, or of a pair, with its uncertainty.

    parts : of each scenario, [draw, replicate, ...] with `done`; units that any of them lacks
        are left out of all, so that differences are paired
    """
    done = parts[0]["done"] > 0
    for part in parts[1:]:
        done = done & (part["done"] > 0)
    kept = [part.drop_vars("done").where(done).assign_attrs(part.attrs) for part in parts]
    by_draw = statistic(*map(_averaged, kept))
    by_draw = by_draw.where(done.any("replicate"))
    known = done.any("replicate") & (done["draw"] > CENTRAL_DRAW)
    drawn = by_draw.sel(draw=known.values)
    return Estimate(
        by_draw.sel(draw=CENTRAL_DRAW, drop=True),
        over_draws(drawn),
        _jackknife(statistic, kept, done, by_draw),
        drawn.sizes["draw"],
        int(done.sum("replicate").where(lambda n: n > 0).min()) if bool(done.any()) else 0,
    )


def _averaged(part: xr.Dataset) -> xr.Dataset:
    return over_replicates(part).assign_attrs(part.attrs)


def over_draws(values: xr.DataArray) -> xr.DataArray:
    """Quantiles over draws, [quantile, ...]; of infinite values none is made up between two."""
    rest = [dim for dim in values.dims if dim != "draw"]
    table = values.transpose("draw", *rest).values
    found = np.full((len(QUANTILES), *table.shape[1:]), np.nan)
    if len(table) > 1:
        for cell in np.ndindex(table.shape[1:]):
            found[(slice(None), *cell)] = quantiles_of(table[(slice(None), *cell)])
    coords = {dim: values[dim] for dim in rest if dim in values.coords}
    return xr.DataArray(found, {"quantile": list(QUANTILES), **coords}, ("quantile", *rest))


def quantiles_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles of the known values; NaN with fewer than two."""
    known = values[~np.isnan(values)]
    if known.size < 2:
        return np.full(len(QUANTILES), np.nan)
    method = "linear" if np.isfinite(known).all() else "inverted_cdf"
    return np.asarray(np.quantile(known, QUANTILES, method=method))  # type: ignore[call-overload]


def _jackknife(
    statistic: Statistic, parts: list[xr.Dataset], done: xr.DataArray, whole: xr.DataArray
) -> xr.DataArray:
    """Standard error by leaving out one replicate at a time, the variance pooled over draws."""
    n = done.sum("replicate")
    squares = xr.zeros_like(whole)
    for replicate in done["replicate"].values:
        if done.sizes["replicate"] < 2:
            break
        rest = [part.drop_sel(replicate=replicate) for part in parts]
        without = statistic(*map(_averaged, rest))
        gap = (without - whole).where(done.sel(replicate=replicate, drop=True), 0.0)
        squares = squares + gap**2
    # The mean of the left-out figures is taken to be the whole figure: exact for sums.
    variance = (squares * (n - 1) / n).where(n > 1)
    # A figure that is infinite without one of its replicates has no error worth a number.
    pooled: xr.DataArray = variance.mean("draw", skipna=True)
    return pooled.where(np.isfinite(pooled)) ** 0.5
