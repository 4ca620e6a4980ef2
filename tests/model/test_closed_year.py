"""Counts of years that are over."""

import numpy as np
import pytest
from songhe.model.closed_year import ClosedYear, narrow


@pytest.mark.parametrize(
    ("most", "kind"),
    [(127, np.int8), (128, np.int16), (2**15, np.int32), (2**31, np.int64), (2**62, np.int64)],
)
def test_the_largest_count_decides_the_type(most, kind):
    assert narrow(np.array([0, most])).dtype == kind
    assert narrow(np.array([-most - 1, 0])).dtype == kind
    assert narrow(np.array([0, most]))[1] == most


def test_counts_are_read_as_they_were_filed():
    counts = {"a": np.arange(200).reshape(10, 20), "b": np.array(-5), "none": np.empty((0, 3), int)}
    year = ClosedYear(counts)
    assert list(year) == ["a", "b", "none"]
    assert "b" in year
    assert "c" not in year
    for name, table in counts.items():
        assert year[name].dtype == np.int64
        assert np.array_equal(year[name], table)


def test_sums_and_differences_of_small_counts_do_not_run_over():
    year = ClosedYear({"a": np.full(3, 100)})
    assert (year["a"] + year["a"]).tolist() == [200] * 3
    assert (year["a"] * -2).tolist() == [-200] * 3


def test_what_is_read_can_be_written_without_harm():
    year = ClosedYear({"a": np.zeros(3, np.int64)})
    year["a"][:] = 9
    assert not year["a"].any()


def test_small_counts_take_little():
    assert ClosedYear({"a": np.full(1000, 100)}).nbytes == 1000
