"""Uniforms by address, and ids as paths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songhe.agents import luck
from songhe.agents.luck import Call

KEY = luck.key_of(7, 0, 0)
IDS = luck.base_ids(np.arange(1, 1001))


@pytest.mark.parametrize(
    ("counter", "key", "wanted"),
    [
        ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (
            (0xFFFFFFFF,) * 4,
            (0xFFFFFFFF,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers_of_philox(counter, key, wanted):
    """The published vectors of Philox4x32-10 (Random123 1.09, kat_vectors)."""
    words = luck.philox(*map(np.uint64, (*counter, *key)))
    assert tuple(int(word) for word in words) == wanted


def test_uniforms_stay_inside_the_open_interval():
    assert luck.unit(np.uint32(0)) == 2.0**-33
    assert luck.unit(np.uint32(2**32 - 1)) == 1 - 2.0**-33


def test_the_first_two_words_are_the_same_alone():
    two = np.zeros((2, len(IDS)), np.uint32)
    luck.fill(IDS, Call.PERSON, 2020, KEY, two)
    assert (two == luck.words(IDS, Call.PERSON, 2020, KEY)[:2]).all()


@given(st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_a_word_is_below_the_threshold_where_its_uniform_is_below_the_chance(chance, word):
    limit = int(luck.threshold(chance))
    for near in {word, max(limit - 1, 0), min(limit, 2**32 - 1)}:
        assert (near < limit) == (luck.unit(near) < chance)


def test_thresholds_of_nothing_and_of_certainty():
    assert luck.threshold([0.0, 0.5, 1.0]).tolist() == [0, 2**31, 2**32]


def test_order_of_people_does_not_matter():
    order = np.random.default_rng(1).permutation(len(IDS))
    there = luck.words(IDS, Call.PERSON, 2020, KEY)
    assert (luck.words(IDS[order], Call.PERSON, 2020, KEY) == there[:, order]).all()


@pytest.mark.parametrize(
    "other",
    [
        (Call.PERSON, 2021, KEY),
        (Call.LIVING, 2020, KEY),
        (Call.PERSON, 2020, luck.key_of(8, 0, 0)),
        (Call.PERSON, 2020, luck.key_of(7, 1, 0)),
        (Call.PERSON, 2020, luck.key_of(7, 0, 1)),
    ],
)
def test_every_part_of_the_address_counts(other):
    """Two independent lists of 4,000 words agree in one place with probability 1e-6."""
    assert not (luck.words(IDS, Call.PERSON, 2020, KEY) == luck.words(IDS, *other)).any()


def test_uniforms_are_even_and_lanes_apart():
    """Bounds at 5.5 standard errors; false alarm below 1e-6 over the ten figures."""
    u = luck.uniforms(luck.base_ids(np.arange(1, 200_001)), Call.BIRTH, 2030, KEY)
    n = u.shape[1]
    assert (np.abs(u.mean(axis=1) - 0.5) < 5.5 * np.sqrt(1 / 12 / n)).all()
    correlation = np.corrcoef(u)[np.triu_indices(4, 1)]
    assert (np.abs(correlation) < 5.5 / np.sqrt(n)).all()


@pytest.mark.parametrize("numbers", [(-1, 0, 0), (0, -1, 0), (0, 0, 2**32)])
def test_impossible_keys_are_refused(numbers):
    with pytest.raises(ValueError, match="0 to"):
        luck.key_of(*numbers)


@given(
    st.integers(1, 2**34 - 1),
    st.lists(st.integers(1, luck.MOST_CHILDREN), max_size=luck.GENERATIONS),
)
def test_paths_are_read_as_they_are_written(base, orders):
    text = ".".join(map(str, (base, *orders)))
    assert luck.path_text(luck.path_id(text)) == text


def test_a_child_is_one_generation_down():
    mother = np.array([luck.path_id("41207.2")], np.uint64)
    child = luck.child_ids(mother, np.array([1]))
    assert luck.path_text(int(child[0])) == "41207.2.1"


def test_a_base_person_has_no_generation():
    child = luck.child_ids(luck.base_ids(np.array([9])), np.array([15]))
    assert luck.path_text(int(child[0])) == "9.15"


def test_paths_do_not_overflow_silently():
    deep = np.array([luck.path_id("1" + ".1" * luck.GENERATIONS)], np.uint64)
    with pytest.raises(OverflowError, match="generations"):
        luck.child_ids(deep, np.array([1]))
    with pytest.raises(OverflowError, match="birth order"):
        luck.child_ids(luck.base_ids(np.array([1])), np.array([16]))


def test_arrivals_have_ids_of_their_own():
    ids = np.concatenate([luck.arrival_ids(y, np.arange(500)) for y in (2011, 2012, 2100)])
    assert len(np.unique(ids)) == len(ids)
    assert (ids >> np.uint64(luck.BASE_SHIFT) > np.uint64(luck.MOST_BASE)).all()
    assert (ids < luck.CELL).all()


@pytest.mark.parametrize("text", ["", "0", "x", "1.", "1.16", "1.0", "-1", "1" + ".1" * 8, "²"])
def test_no_person_of_a_wrong_path(text):
    with pytest.raises(ValueError, match="person"):
        luck.path_id(text)
