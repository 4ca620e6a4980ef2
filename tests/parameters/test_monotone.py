"""The monotone curve: SciPy's own, shape kept, and flat where the points turn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.interpolate import PchipInterpolator
from songhe.parameters.monotone import monotone

X = np.array([0.0, 2.5, 5.0, 6.0, 10.0, 17.5, 20.0])
FINE = np.linspace(0.0, 20.0, 401)
values = arrays(np.float64, (2, len(X)), elements=st.floats(-100, 100).map(lambda y: round(y, 1)))


@given(values)
def test_it_is_the_curve_of_scipy(y):
    assert monotone(X, y, FINE) == pytest.approx(PchipInterpolator(X, y, axis=-1)(FINE), abs=1e-9)


@given(values)
def test_it_rises_where_the_points_rise_and_meets_them(y):
    rising = np.sort(y, axis=-1)
    assert np.diff(monotone(X, rising, FINE)).min() > -1e-9
    assert monotone(X, y, X) == pytest.approx(y, abs=1e-9)


def test_between_two_equal_points_at_a_turn_it_is_level():
    y = np.array([0.0, 1.0, 3.0, 3.0, 2.0, 1.0, 0.0])
    assert (monotone(X, y, np.linspace(5.0, 6.0, 11)) == 3.0).all()
