"""Who gets a place: room, order, second choices, and that rows do not matter."""

import numpy as np
import pytest
from songhe.model.kernels.queue import NONE, allocate


def children(n, cells=4, seed=5):
    rng = np.random.default_rng(seed)
    cell = rng.integers(0, cells, n)
    other = np.where(rng.random(n) < 0.7, cell ^ 1, NONE)
    months = rng.choice([4, 8, 12], n)
    priority = rng.integers(0, 8, n).astype(np.uint8)
    word = rng.integers(0, 2**32, n, dtype=np.uint64).astype(np.uint32)
    ids = np.arange(1, n + 1, dtype=np.uint64) << np.uint64(28)
    return cell, other, months, priority, word, ids


def slow(cell, other, months, priority, word, ids, room):
    """The same, one child after another."""
    room = room.copy()
    got, at = np.zeros(len(cell), np.int64), np.full(len(cell), NONE)
    order = np.lexsort((ids, word, priority))
    for choice in (cell, other):
        for k in order:
            c = choice[k]
            if at[k] == NONE and c != NONE and room[c] > 0:
                got[k], at[k] = min(months[k], room[c]), c
                room[c] -= got[k]
    return got, at


@pytest.mark.parametrize("room", [[0, 0, 0, 0], [37, 5, 400, 90], [1, 9000, 9000, 3], [9000] * 4])
def test_the_loops_are_one_child_after_another(room):
    asked = children(500)
    room = np.array(room, np.int64)
    left = room.copy()
    got, at = allocate(*asked, left)
    expected = slow(*asked, room)
    np.testing.assert_array_equal(got, expected[0])
    np.testing.assert_array_equal(at, expected[1])
    given = np.bincount(at[at != NONE], got[at != NONE], 4)
    np.testing.assert_array_equal(left, room - given)
    assert (left >= 0).all()


def test_the_order_of_rows_does_not_matter_even_with_equal_luck():
    asked = list(children(2000))
    asked[4] = (asked[4] >> 24) << np.uint32(24)  # many ties, which ids settle
    room = np.array([700, 300, 1000, 50], np.int64)
    got, at = allocate(*asked, room.copy())
    shuffle = np.random.default_rng(1).permutation(2000)
    again = allocate(*(values[shuffle] for values in asked), room.copy())
    np.testing.assert_array_equal(again[0], got[shuffle])
    np.testing.assert_array_equal(again[1], at[shuffle])


def test_lower_priority_numbers_come_first_and_then_luck():
    n = 6
    cell, other = np.zeros(n, np.int64), np.full(n, NONE, np.int64)
    months = np.full(n, 12)
    priority = np.array([1, 0, 1, 0, 1, 1], np.uint8)
    word = np.array([5, 9, 1, 8, 3, 2], np.uint32) << np.uint32(20)
    ids = np.arange(n, dtype=np.uint64)
    got, _ = allocate(cell, other, months, priority, word, ids, np.array([12 * 4 - 5]))
    assert got.tolist() == [0, 12, 12, 12, 0, 7]


def test_second_choices_take_what_first_choices_leave():
    cell, other = np.array([0, 0, 1]), np.array([1, NONE, 0])
    months, priority = np.array([12, 12, 12]), np.zeros(3, np.uint8)
    word, ids = np.array([2, 1, 3], np.uint32) << np.uint32(28), np.arange(3, dtype=np.uint64)
    room = np.array([12, 24])
    got, at = allocate(cell, other, months, priority, word, ids, room)
    assert at.tolist() == [1, 0, 1]
    assert got.tolist() == [12, 12, 12]


def test_nobody_asks():
    none = np.empty(0, np.int64)
    got, at = allocate(none, none, none, none.astype(np.uint8), none.astype(np.uint32),
                       none.astype(np.uint64), np.array([5]))  # fmt: skip
    assert len(got) == len(at) == 0
