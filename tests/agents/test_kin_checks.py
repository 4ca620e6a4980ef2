"""Every fault of kin and households is found when it is there."""

import numpy as np
import pytest
from songhe.agents import columns, luck
from songhe.agents.frame import People
from songhe.agents.kin_checks import faults


@pytest.fixture
def people():
    """A couple with two children; a widow, her son in a dormitory; a dead man."""
    n = 7
    number = np.arange(1, n + 1)
    mother = np.array([-1, -1, 1, 1, -1, 4, -1], np.int32)
    return People.of(
        {
            "id": luck.base_ids(number),
            "sibship": np.where(mother >= 0, number[mother], number + 100),
            "alive": np.array([1, 1, 1, 1, 1, 1, 0], np.uint8),
            "age": np.array([42, 40, 15, -1, 60, 17, 80], np.int8),
            "sex": np.array([0, 1, 0, 1, 1, 0, 0], np.uint8),
            "marital": np.array([1, 1, 0, 0, 3, 0, 0], np.uint8),
            "enrolled": np.array([0, 0, 1, 0, 0, 1, 0], np.uint8),
            "partner": np.array([1, 0, -1, -1, -1, -1, -1], np.int32),
            "mother": mother,
            "father": np.array([-1, -1, 0, 0, -1, -1, -1], np.int32),
            "household": np.array([0, 0, 0, 0, 1, -1, -1], np.int32),
            "collective": np.array([0, 0, 0, 0, 0, columns.DORMITORY, 0], np.uint8),
            "n_children": np.array([2, 2, 0, 0, 2, 0, 0], np.uint8),
            "n_sons": np.array([1, 1, 0, 0, 1, 0, 0], np.uint8),
            "n_living_children": np.array([2, 2, 0, 0, 1, 0, 0], np.uint8),
        }
    )


def test_a_sound_family_has_no_fault(people):
    assert faults(people) == []


def test_nobody_has_no_fault():
    assert faults(People(capacity=4)) == []


@pytest.mark.parametrize(
    ("column", "row", "value", "fault"),
    [
        ("partner", 4, 6, "partner is dead"),
        ("mother", 6, 1, "dead, but has a mother"),
        ("id", 3, 3 << luck.BASE_SHIFT, "id stands twice"),
        ("partner", 4, 0, "partner of another"),
        ("sex", 1, 0, "partner of the same sex"),
        ("sex", 1, 0, "mother of the wrong sex"),
        ("sibship", 1, 101, "partner is a brother or sister"),
        ("partner", 2, 1, "partner is a parent"),
        ("marital", 0, 2, "has a partner, but is not married"),
        ("marital", 4, 1, "married, but has no partner"),
        ("age", 1, 27, "mother too young"),
        ("age", 0, 12, "father too young"),
        ("sibship", 2, 5, "mother is not that of the brothers and sisters"),
        ("father", 3, -1, "living children miscounted"),
        ("n_children", 4, 0, "more living children than children"),
        ("n_sons", 5, 1, "more sons than children"),
        ("collective", 1, columns.WORKS, "in a household and a collective"),
        ("household", 4, -1, "in no household and no collective"),
        ("household", 6, 1, "dead, but in a household"),
        ("residence", 0, 1, "household in two places"),
        ("household", 2, 5, "minor without an adult at home"),
        ("enrolled", 5, 0, "minor among adults in collective living"),
    ],
)
def test_every_fault_is_found_and_named(people, column, row, value, fault):
    people[column][row] = value
    assert [text for text in faults(people) if text.startswith(f"{fault}: ")]


def test_a_fault_says_how_many_and_where(people):
    people["n_living_children"][1] = 3
    assert "living children miscounted: 1 people, first in row 1" in faults(people)


def test_a_childs_ages_beyond_the_open_age_are_not_held_against_it(people):
    people["age"][4] = 100
    people["age"][5] = 90
    assert not [text for text in faults(people) if "mother too young" in text]
