"""Piecewise cubic curve through points that rises and falls only where the points do.

Slopes at inner points are the weighted harmonic means of the slopes beside them, and zero at
a turn; those at the ends come from the three nearest points and keep the shape.

Source: Fritsch and Butland (1984); Moler (2004), Numerical Computing with Matlab, ch. 3.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def monotone(x: NDArray[Any], y: NDArray[Any], at: NDArray[Any]) -> Array:
    """The curve through (x, y) at other places.

    x : [n], increasing, n >= 3; y : float64[..., n]; at : [m], within the ends of x

    Returns
    -------
    float64[..., m]
    """
    width, rise = np.diff(x), np.diff(y)
    chord = rise / width
    slope = _slopes(width, chord)
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(width) - 1)
    bend = (slope[..., :-1] + slope[..., 1:] - 2 * chord) / width
    square, cube = (chord - slope[..., :-1]) / width - bend, bend / width
    s = at - x[k]
    return np.asarray(
        y[..., k] + slope[..., k] * s + square[..., k] * (s * s) + cube[..., k] * (s * s * s)
    )


def _slopes(width: NDArray[Any], chord: Array) -> Array:
    """Slopes of the curve at its points, float64[..., n], from widths and chords of pieces."""
    before, after = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    left, right = chord[..., :-1], chord[..., 1:]
    turns = (np.sign(left) != np.sign(right)) | (left == 0) | (right == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (before / left + after / right) / (before + after)
        inner = np.where(turns, 0.0, 1.0 / mean)
    first = _end(width[0], width[1], chord[..., 0], chord[..., 1])
    last = _end(width[-1], width[-2], chord[..., -1], chord[..., -2])
    return np.concatenate([first[..., None], inner, last[..., None]], axis=-1)


def _end(near: Any, far: Any, chord: Array, next_chord: Array) -> Array:
    """Slope at an end: of the parabola through three points, unless that turns or overshoots."""
    slope = ((2 * near + far) * chord - near * next_chord) / (near + far)
    steep = (np.sign(chord) != np.sign(next_chord)) & (np.abs(slope) > 3.0 * np.abs(chord))
    slope = np.where(steep, 3.0 * chord, slope)
    return np.where(np.sign(slope) == np.sign(chord), slope, 0.0)
