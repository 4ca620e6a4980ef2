"""What is kept by sets of numbers: found once, for the last sets alone."""

import gc
import weakref

from songhe.model.numbers import SETS, Numbers, remembered
from songhe.parameters.load import load


def test_what_is_kept_is_found_once_for_equal_numbers_and_let_go_with_old_sets():
    asked = []

    @remembered
    def twice(numbers, year):
        asked.append(year)
        return 2 * year

    draws = [load().draw(1 + k, 1) for k in range(SETS + 1)]
    oldest = weakref.ref(draws[0])
    for _ in range(2):
        assert (twice(Numbers(draws[0]), 2011), twice(Numbers(draws[0]), 2012)) == (4022, 4024)
    assert asked == [2011, 2012]
    assert twice(Numbers(load().draw(1, 1)), 2011) == 4022  # the same numbers, loaded again
    assert asked == [2011, 2012]
    for p in draws[1:]:
        twice(Numbers(p), 2011)
    del p, draws
    gc.collect()
    assert oldest() is None
    twice(Numbers(load().draw(1, 1)), 2011)
    assert asked == [2011, 2012, *[2011] * SETS, 2011]
