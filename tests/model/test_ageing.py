"""The end of the year."""

import numpy as np
import pytest
from songhe.agents.columns import COLUMNS, LONG_AGO, NEVER, THIS_YEAR
from songhe.agents.frame import People
from songhe.model.events import births
from songhe.model.events.ageing import OLDEST, STEP, a_year_on, ageing


@pytest.fixture
def people():
    """A newborn, a mother of the year in debt, a bride of the year, a very old man."""
    return People.of(
        {
            "age": np.array([-1, 28, 25, OLDEST], np.int8),
            "adl": np.array([0, 0, 1, 3], np.uint8),
            "adl_next": np.array([0, 1, 0, 2], np.uint8),
            "since_union": np.array([LONG_AGO, 3, THIS_YEAR, 253], np.uint8),
            "since_birth": np.array([LONG_AGO, THIS_YEAR, LONG_AGO, LONG_AGO], np.uint8),
            "birth_debt": np.array([0, 6, 1, 0], np.uint8),
            "divorces": np.array([0, 1, 0, 0], np.uint8),
            "death_u": np.array([2, 2, 2, 0.3], np.float32),
        },
        (*COLUMNS, *births.COLUMNS),
    )


def close(people):
    ageing(*(people[name] for name in STEP.columns), np.empty((4, 1), np.uint32), None)


def test_everyone_becomes_a_year_older(people):
    close(people)
    assert list(people["age"]) == [0, 29, 26, OLDEST]


def test_function_at_the_end_is_that_of_the_next_opening(people):
    close(people)
    assert list(people["adl"]) == [0, 1, 0, 2]


def test_times_since_events_count_full_years(people):
    close(people)
    assert list(people["since_union"]) == [LONG_AGO, 4, 0, LONG_AGO]
    assert list(people["since_birth"]) == [LONG_AGO, 0, LONG_AGO, LONG_AGO]
    close(people)
    assert people["since_union"][2] == people["since_birth"][1] == 1


def test_time_since_an_event_never_returns_to_its_year():
    years, seen = THIS_YEAR, []
    for _ in range(300):
        years = a_year_on(years)
        seen.append(years)
    assert seen[:254] == list(range(254))
    assert set(seen[254:]) == {LONG_AGO}


def test_debts_run_out(people):
    close(people)
    assert list(people["birth_debt"]) == [0, 5, 0, 0]


def test_events_of_the_year_are_cleared(people):
    close(people)
    assert (people["death_u"] == NEVER).all()
    assert not people["divorces"].any()
