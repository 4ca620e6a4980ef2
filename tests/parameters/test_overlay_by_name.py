"""Values of some provinces alone, by name."""

from datetime import date

import numpy as np
import pytest
from songhe.parameters.dims import PROVINCES
from songhe.parameters.load import ParameterError, load

DAYS = "policies.maternity_leave.paternity_days"
HENAN, TIBET = PROVINCES.index("Henan"), PROVINCES.index("Tibet")


def test_the_provinces_that_are_not_named_keep_what_holds():
    p, base = load({DAYS: {"2030-01-01": {"Henan": 30}, "2031-01-01": {"Tibet": 20}}}), load()
    before = base.at(DAYS, date(2029, 1, 1))
    later = [p.at(DAYS, date(year, 6, 1)) for year in (2029, 2030, 2031)]
    np.testing.assert_array_equal(later[0], before)
    assert (later[1][HENAN], later[1][TIBET]) == (30, before[TIBET])
    assert (later[2][HENAN], later[2][TIBET]) == (30, 20)
    assert (np.delete(later[2], [HENAN, TIBET]) == np.delete(before, [HENAN, TIBET])).all()


def test_a_source_may_stand_beside_them():
    p = load({DAYS: {"2030-01-01": {"value": {"Henan": 30}, "note": "a plan"}}})
    assert p.at(DAYS, date(2030, 1, 1))[HENAN] == 30


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"Hohhot": 30}, ("Hohhot", "Inner Mongolia")),
        ({"Henan": -1}, ("Henan", "0 to 365")),
        ({"Henan": [1, 2]}, ("Henan", "nested 0 deep")),
        ({"Henan": "many"}, ("many", "a number")),
    ],
)
def test_what_fits_no_province_is_refused_with_what_is_allowed(value, words):
    with pytest.raises(ParameterError) as fault:
        load({DAYS: {"2030-01-01": value}})
    assert all(word in str(fault.value) for word in words)
