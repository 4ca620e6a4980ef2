"""People as columns."""

from itertools import pairwise

import numpy as np
import pytest
from songhe.agents.columns import COLUMNS, Column
from songhe.agents.frame import PART, People, listed, parts


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
    people["divorces"][:] = 1
    people.compact(np.array([2, 0]), passing={"death_u"})
    assert list(people["death_u"]) == [2, 2]
    assert list(people["divorces"]) == [1, 1]
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


def test_columns_added_later_stand_at_their_defaults_and_others_stay():
    people = three()
    people["age"][0] = 44
    wage = Column("wage_m", np.int32, 7, "fen", "work", "monthly wage")
    people.add((*COLUMNS, wage))
    people.append(200, age=1)
    assert (people["wage_m"] == 7).all()
    assert people["age"][0] == 44
    assert people.bytes_per_person == three().bytes_per_person + 4


def test_compaction_gives_every_column_its_own_memory():
    people = three()
    people.compact(np.array([2, 0, 1]))
    for name in people.columns:
        people[name][:] = 1
        people[name][0] = 3
    assert all(list(people[name]) == [3, 1, 1] for name in people.columns)
    spans = sorted((people[n].ctypes.data, people[n].nbytes) for n in people.columns)
    assert all(a + size <= b for (a, size), (b, _) in pairwise(spans))


@pytest.mark.parametrize("n", [0, 1, PART, PART + 1, 3 * PART - 1])
def test_parts_cover_a_list_once(n):
    found = [i for part in parts(n) for i in (part.start, part.stop)]
    assert found[:1] == [0][: n > 0]
    assert found[1:-1:2] == found[2::2]
    assert found[-1:] == [n][: n > 0]
    assert all(part.stop - part.start <= PART for part in parts(n))


@pytest.mark.parametrize("n", [0, 1, 7, 8, 1003, PART + 9])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8])
def test_rows_whose_flag_is_set_are_listed_in_order(n, share, dtype):
    flags = (np.random.default_rng(n).random(n) < share).astype(dtype)
    assert listed(flags).tolist() == np.flatnonzero(flags).tolist()


def test_rows_that_are_kept_stay_in_their_order_across_blocks():
    n = 2 * PART + 100
    columns = [column for column in COLUMNS if column.name in ("id", "alive", "age", "death_u")]
    alive = (np.random.default_rng(1).random(n) < 0.9).astype(np.uint8)
    people = People.of(
        {
            "id": np.arange(n, dtype=np.uint64),
            "alive": alive,
            "age": (np.arange(n) % 100).astype(np.int8),
            "death_u": np.full(n, 0.5, np.float32),
        },
        columns,
    )
    people.keep(people["alive"], {"death_u", "birth_u"})
    kept = np.flatnonzero(alive)
    assert (people["id"] == kept).all()
    assert (people["age"] == kept % 100).all()
    assert people["alive"].all()
    assert (people["death_u"] == 2).all()


def test_rows_with_links_are_renumbered_where_some_are_dropped():
    people = three()
    people.keep(np.array([0, 1, 1], np.uint8))
    assert list(people["id"]) == [6, 7]
    assert list(people["mother"]) == [-1, 0]
    assert list(people["partner"]) == [-1, -1]


def test_lists_that_follow_each_other_are_written_into_the_same_room():
    people = three()
    with people.room() as first:
        assert len(first) > people.n
        assert first.dtype == np.uint32
    with people.room(np.int32) as second:
        assert second.dtype == np.int32
        assert np.shares_memory(first, second)


def test_lists_at_the_same_time_have_rooms_of_their_own():
    people = three()
    with people.room() as one, people.room() as other:
        assert not np.shares_memory(one, other)


def test_room_grows_with_the_people_and_is_given_back_at_compaction():
    people = three()
    with people.room() as small:
        pass
    people.append(5000)
    with people.room() as large:
        assert len(large) > people.n
        assert not np.shares_memory(small, large)
    people.compact(np.arange(3))
    with people.room() as after:
        assert not np.shares_memory(large, after)
