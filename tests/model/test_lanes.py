"""Words of luck for a list are those of each person on it."""

import numpy as np
import pytest
from songhe.agents import luck
from songhe.model import lanes

KEY = luck.key_of(5, 1, 2)
IDS = luck.base_ids(np.arange(1, 400))


@pytest.mark.parametrize("lane", range(4))
@pytest.mark.parametrize("year", [luck.LASTING, 2031])
def test_a_lane_of_a_list_is_the_word_of_the_person(lane, year):
    rows = np.arange(7, 399, 3, dtype=np.uint32)
    ids, out = np.empty(len(rows), np.uint64), np.empty(len(rows), np.uint32)
    lanes.listed_ids(IDS, rows, len(rows), ids)
    call = int(luck.Call.CONTRIBUTION)
    lanes.fill_lane(ids, len(rows), call, year, lane, KEY.low, KEY.high, out)
    np.testing.assert_array_equal(out, luck.words(IDS, call, year, KEY)[lane, rows])


def test_nothing_is_written_past_the_list():
    ids, out = IDS[:10], np.full(10, 3, np.uint32)
    lanes.fill_lane(ids, 4, 1, 2031, 0, KEY.low, KEY.high, out)
    assert (out[4:] == 3).all()
    assert (out[:4] != 3).all()
