"""People as columns."""

import numpy as np
import pytest
from songhe.agents.columns import COLUMNS
from songhe.agents.frame import People


def three():
    return People.of(
        {
            "id": np.array([5, 6, 7], np.uint64),
            "age": np.array([30, 31, 2], np.int8),
            "mother": np.array([-1, -1, 1], np.int32),
            "partner": np.array([1, 0, -1], np.int32),
        }
    )


def test_columns_left_out_take_their_defaults():
    people = three()
    assert (people["alive"] == 1).all()
    assert (people["father"] == -1).all()
    assert {c.name: people[c.name].dtype for c in COLUMNS} == {
        c.name: np.dtype(c.dtype) for c in COLUMNS
    }


def test_appending_keeps_what_is_there():
    people = three()
    rows = people.append(1000, age=np.full(1000, 9), sex=1)
    assert list(rows[:2]) == [3, 4]
    assert people.n == 1003
    assert list(people["id"][:3]) == [5, 6, 7]
    assert (people["age"][rows] == 9).all()
    assert (people["sex"][rows] == 1).all()


def test_compaction_renumbers_links_and_drops_lost_ones():
    people = three()
    people.compact(np.array([2, 1]))
    assert list(people["id"]) == [7, 6]
    assert list(people["mother"]) == [1, -1]
    assert list(people["partner"]) == [-1, -1]


def test_compaction_clears_columns_without_a_meaning_and_carries_all_others():
    people = three()
    people["death_u"][:] = 0.5
    people["divorce_u"][:] = 0.25
    people.compact(np.array([2, 0]), passing={"death_u"})
    assert list(people["death_u"]) == [2, 2]
    assert list(people["divorce_u"]) == [0.25, 0.25]
    assert list(people["age"]) == [2, 30]


def test_rows_compacted_are_followed_by_new_ones():
    people = three()
    people.compact(np.array([1, 2, 0]))
    people.compact(np.array([2, 1]))
    people.append(2, id=np.array([8, 9], np.uint64), age=1)
    assert list(people["id"]) == [5, 7, 8, 9]
    assert list(people["age"]) == [30, 2, 1, 1]
    assert list(people["mother"]) == [-1, -1, -1, -1]


def test_a_copy_is_independent():
    people = three()
    twin = people.copy()
    twin["age"][0] = 99
    twin.append(1)
    assert people["age"][0] == 30
    assert people.n == 3


def test_columns_are_not_replaced():
    people = three()
    with pytest.raises(TypeError, match="in place"):
        people["age"] = np.zeros(3)
    with pytest.raises(KeyError, match="no column"):
        people.append(1, shoe_size=3)
