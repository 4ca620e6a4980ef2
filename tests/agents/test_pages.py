"""Memory of what is held for years."""

import numpy as np
import pytest
from songhe.agents.pages import LARGE_PAGES_FROM, OWN_PAGES_FROM, kept, lasting


@pytest.mark.parametrize("size", [0, 5, OWN_PAGES_FROM + 3, LARGE_PAGES_FROM + 4])
@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.uint64])
def test_lasting_memory_is_an_array_like_any_other(size, kind):
    values = lasting(size // np.dtype(kind).itemsize, kind)
    assert values.dtype == kind
    assert values.flags.c_contiguous
    assert values.flags.writeable
    values[:] = 7
    assert (values == 7).all()


@pytest.mark.parametrize("n", [0, 3, OWN_PAGES_FROM])
def test_what_is_kept_is_a_copy_in_the_order_of_c(n):
    values = np.arange(2 * n).reshape(n, 2).T
    copy = kept(values)
    assert copy.dtype == values.dtype
    assert copy.flags.c_contiguous
    assert np.array_equal(copy, values)
    assert not np.shares_memory(copy, values)
