"""Constants: solved, kept, handed to scenarios."""

import pytest
from songhe.model.align import Constants


def lived(values, until):
    constants = Constants()
    for year in range(2011, until + 1):
        constants.year = year
        constants.get("level", lambda year=year: values[year], aligned=year in values)
    return constants


def test_the_mean_of_the_last_three_holds_on():
    constants = lived({2011: 9.0, 2012: 1.0, 2013: 2.0, 2014: 6.0}, 2020)
    values = {year: float(value) for _, year, value in constants.table()}
    assert values[2014] == 6.0
    assert values[2015] == values[2020] == 3.0


def test_a_scenario_takes_the_constants_of_its_baseline_by_year():
    baseline = lived({2011: 1.0}, 2012)
    scenario = baseline.for_scenario()
    scenario.year = 2012
    assert scenario.get("level", lambda: 1 / 0, aligned=True) == 1.0
    scenario.year = 2013
    with pytest.raises(LookupError, match="2013"):
        scenario.get("level", lambda: 5.0, aligned=True)


def test_a_baseline_of_its_own_solves_from_where_it_branches():
    structural = lived({2011: 1.0}, 2012).for_scenario(solves_anew=True)
    structural.year = 2013
    assert structural.get("level", lambda: 5.0, aligned=True) == 5.0


def test_a_constant_without_any_target_is_an_error():
    constants = Constants()
    constants.year = 2016
    with pytest.raises(LookupError, match="no year"):
        constants.get("level", lambda: 5.0, aligned=False)
