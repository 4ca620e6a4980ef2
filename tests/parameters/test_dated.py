"""Values in force, tables by year, and what a scenario's changes do to both."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songhe.parameters.dated import dated, first_difference, overlaid, scaled, undated
from songhe.parameters.load import ParameterError, load
from songhe.parameters.tables import Table, frozen

AMOUNT = "policies.subsidy.amount"
AGE = "policies.subsidy.age_limit"
MX = "demography.mortality.mx"
RATIO = "demography.mortality.ratio"
EFFECT = "demography.mortality.effect"


def day(year: int, month: int = 1, number: int = 1) -> date:
    return date(year, month, number)


def test_a_value_holds_from_its_day_until_the_next(folder):
    p = load(root=folder)
    assert p.at(AMOUNT, day(2025)) == 3600
    assert p.at(AMOUNT, day(2029, 12, 31)) == 3600
    assert p.at(AMOUNT, day(2030)) == 4000
    assert p.at(AMOUNT, day(2100)) == 4000


def test_nothing_holds_before_the_first_day(folder):
    with pytest.raises(LookupError, match=rf"{AMOUNT} has no value before 2025-01-01"):
        load(root=folder).at(AMOUNT, day(2024, 12, 31))


def test_a_dated_series_may_stop(spoil):
    p = load(root=spoil("policies/subsidy.yaml", "  lookahead: 3\n", "  beyond: stop\n"))
    assert p.at(AMOUNT, day(2030, 12, 31)) == 4000
    with pytest.raises(LookupError, match="ends with 2030"):
        p.at(AMOUNT, day(2031))
    assert AMOUNT in {problem.key for problem in p.check_horizon(2040)}


def test_a_table_is_linear_between_its_years(folder):
    p = load(root=folder)
    assert p.year(MX, 2010).tolist() == [0.02, 0.01]
    assert p.year(MX, 2020).tolist() == [0.01, 0.005]
    assert p.year(MX, 2015) == pytest.approx([0.015, 0.0075])
    assert p.year(MX, 2012.5) == pytest.approx([0.0175, 0.00875])


@pytest.mark.parametrize("year", [2009, 2021])
def test_a_table_that_stops_has_no_other_years(folder, year):
    with pytest.raises(LookupError, match=rf"{MX} (starts|ends) with 20[12]0"):
        load(root=folder).year(MX, year)


def test_a_table_may_hold_its_last_year(spoil):
    p = load(root=spoil("demography/mortality.yaml", "beyond: stop", "beyond: hold"))
    assert p.year(MX, 2060).tolist() == p.year(MX, 2020).tolist()
    assert p.check_horizon(2060) == []


# --- a scenario's changes


def at_years(p, key, *years):
    return [p.at(key, day(year)) for year in years]


def test_a_change_holds_until_its_own_next_date(folder):
    p = load(changes={AMOUNT: {"2027-01-01": 7200}}, root=folder)
    assert at_years(p, AMOUNT, 2026, 2027, 2030, 2060) == [3600, 7200, 7200, 7200]
    p = load(changes={AMOUNT: {day(2027): 7200, day(2029): {"value": 3600}}}, root=folder)
    assert at_years(p, AMOUNT, 2026, 2028, 2029, 2035) == [3600, 7200, 3600, 3600]


def test_a_change_may_start_before_the_law(folder):
    p = load(changes={AMOUNT: {day(2016): 1000}}, root=folder)
    assert at_years(p, AMOUNT, 2016, 2025, 2030) == [1000, 1000, 1000]


def test_a_factor_keeps_the_steps_of_the_law(folder):
    p = load(changes={AMOUNT: {"factor": {"2028-01-01": 1.5}}}, root=folder)
    assert at_years(p, AMOUNT, 2027, 2028, 2030) == [3600, 5400, 6000]
    p = load(changes={AMOUNT: {"factor": 2}}, root=folder)
    assert at_years(p, AMOUNT, 2025, 2030) == [7200, 8000]


def test_dated_factors_refer_to_the_law_not_to_each_other(folder):
    change = {"factor": {day(2026): 2, day(2028): 3, day(2031): 1}}
    p = load(changes={AMOUNT: change}, root=folder)
    assert at_years(p, AMOUNT, 2025, 2026, 2028, 2030, 2031) == [3600, 7200, 10800, 12000, 4000]


def test_constants_take_numbers_and_lists(folder):
    p = load(changes={AGE: 6, RATIO: [1, 2, 3, 4], EFFECT: {"value": 0.5}}, root=folder)
    assert (p.value(AGE), p.value(EFFECT)) == (6, 0.5)
    assert p.array(RATIO).tolist() == [1, 2, 3, 4]
    assert load(changes={RATIO: 1}, root=folder).array(RATIO).tolist() == [1, 1, 1, 1]
    assert load(changes={RATIO: {"factor": 2}}, root=folder).array(RATIO).tolist() == [
        2,
        3.2,
        4.8,
        10,
    ]


def test_a_table_by_factor_from_a_year_on(folder):
    base = load(root=folder)
    p = load(changes={MX: {"factor": {"2015-01-01": 0.5}}}, root=folder)
    for year in range(2010, 2021):
        factor = 0.5 if year >= 2015 else 1.0
        assert p.year(MX, year) == pytest.approx(base.year(MX, year) * factor)
    assert np.array_equal(p.year(MX, 2014), base.year(MX, 2014))


def test_an_own_table_keeps_the_past_before_its_first_year(folder, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text(
        "year,sex,value\n2016,male,0.1\n2016,female,0.2\n2030,male,0.1\n2030,female,0.2\n"
    )
    base, p = (
        load(root=folder),
        load(changes={MX: {"data": "own.csv"}}, folder=tmp_path, root=folder),
    )
    assert np.array_equal(p.year(MX, 2010), base.year(MX, 2010))
    assert p.year(MX, 2030).tolist() == [0.1, 0.2]
    assert p.check_horizon(2030) == []
    assert np.array_equal(p.draw(1, 1).year(MX, 2030), p.year(MX, 2030))  # no band, no spread


def test_a_change_leaves_the_base_alone(folder):
    base = load(root=folder)
    before = base.hash
    load(changes={AMOUNT: {day(2025): 1}, MX: {"factor": 0.5}}, root=folder)
    assert base.hash == before == load(root=folder).hash == load(changes={}, root=folder).hash


def test_layers_apply_in_order(folder):
    layers = [{day(2027): 7200}, {"factor": {day(2030): 1.1}}]
    p = load(changes={AMOUNT: {"layers": layers}}, root=folder)
    assert at_years(p, AMOUNT, 2026, 2029, 2030) == pytest.approx([3600, 7200, 7920])


FAULTS = {
    "unknown key": ({"policies.subsidy.amont": 3}, "policies.subsidy.amount"),
    "number for a dated entry": ({AMOUNT: 7200}, "dated values"),
    "dates for a constant": ({AGE: {day(2027): 6}}, "a value without date"),
    "dated factor for a constant": ({AGE: {"factor": {day(2027): 2}}}, "one factor"),
    "number for a table": ({MX: 0.1}, "own.csv"),
    "table for a constant": ({AGE: {"data": "own.csv"}}, "no table"),
    "out of range": ({AMOUNT: {day(2027): 72000}}, "0 to 50000"),
    "factor out of range": ({AGE: {"factor": 20}}, "0 to 18"),
    "negative factor": ({AGE: {"factor": -1}}, "0 to 18"),
    "factor as text": ({AMOUNT: {"factor": "2"}}, "a finite number"),
    "factor not a number": ({AMOUNT: {"factor": float("nan")}}, "a finite number"),
    "value not finite": ({AMOUNT: {day(2027): float("inf")}}, "a finite number"),
    "value as text": ({AMOUNT: {day(2027): "7200"}}, "a number"),
    "another unit": ({AMOUNT: {"values": {day(2027): 600}, "unit": "yuan per month"}},
                     "yuan per year"),
    "unknown field": ({AMOUNT: {"multiply": 2}}, "factor"),
    "unknown field of a value": ({AMOUNT: {day(2027): {"value": 1, "colour": 2}}}, "source"),
    "two forms": ({AMOUNT: {"factor": 2, "values": {day(2027): 1}}}, "exactly one"),
    "nothing": ({AMOUNT: {}}, "exactly one"),
    "a day in a table by year": ({MX: {"factor": {day(2015, 7): 2}}}, "first of January"),
    "a path": ({MX: {"data": "../own.csv"}}, "plain file name"),
    "a table without folder": ({MX: {"data": "own.csv"}}, "folder"),
    "wrong shape": ({RATIO: [1, 2, 3]}, "4 values"),
    "a prior that does not fit": (
        {EFFECT: {"value": 0.5, "prior": {"family": "uniform", "low": 0.6, "high": 1}}}, "0.5"),
    "a prior that is none": ({EFFECT: {"value": 0.5, "prior": {"family": "cauchy"}}}, "lognormal"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_change_passes_the_same_checks(name, folder):
    changes, allowed = FAULTS[name]
    with pytest.raises(ParameterError) as caught:
        load(changes=changes, root=folder)
    (problem,) = caught.value.problems
    assert problem.key.startswith(next(iter(changes)))
    assert allowed in problem.allowed


def test_every_fault_of_a_scenario_is_said_at_once(folder):
    changes = {AMOUNT: {day(2027): 72000, day(2028): -1}, AGE: 99, "a.b.c": 1}
    with pytest.raises(ParameterError) as caught:
        load(changes=changes, root=folder)
    assert len(caught.value.problems) == 4


def test_the_same_unit_may_be_restated(folder):
    change = {"values": {day(2027): 7200}, "unit": "yuan per year"}
    assert at_years(load(changes={AMOUNT: change}, root=folder), AMOUNT, 2027) == [7200]


# --- from which day two sets differ


def test_nothing_differs_under_a_null_policy(folder):
    base = load(root=folder)
    assert load(changes={}, root=folder).changed_from(base) == {}
    same = load(changes={AMOUNT: {day(2030): 4000}, MX: {"factor": 1}}, root=folder)
    assert same.changed_from(base) == {}


def test_first_difference_with_lookahead_and_announcement(folder):
    base = load(root=folder)
    p = load(changes={AMOUNT: {day(2025): 3600, day(2028): 4000}}, root=folder)
    assert p.changed_from(base) == {AMOUNT: day(2025)}  # 2028, less a reach of three years
    assert p.changed_from(base, announced=day(2027, 7)) == {AMOUNT: day(2027, 7)}
    assert p.changed_from(base, announced=day(2035)) == {AMOUNT: day(2028)}


def test_first_difference_of_tables_and_constants(folder):
    base = load(root=folder)
    p = load(changes={MX: {"factor": {day(2015): 0.9}}, AGE: 6}, root=folder)
    assert p.changed_from(base) == {AGE: None, MX: day(2015)}
    assert base.changed_from(p) == {AGE: None, MX: day(2015)}


def test_a_longer_table_differs_where_the_other_ends(folder, tmp_path: Path):
    base = load(root=folder)
    own = tmp_path / "own.csv"
    own.write_text("year,sex,value,low,high\n2020,male,0.01,0.008,0.013\n2020,female,0.005,0.004,0.007\n"
                   "2030,male,0.01,0.01,0.01\n2030,female,0.005,0.005,0.005\n")  # fmt: skip
    p = load(changes={MX: {"data": "own.csv"}}, folder=tmp_path, root=folder)
    assert p.changed_from(base) == {MX: day(2021)}


series = st.dictionaries(
    st.dates(date(2011, 1, 1), date(2060, 1, 1)), st.integers(0, 3), min_size=1, max_size=6
)


def quantity(values):
    return dated({when: Table((), (), frozen(value)) for when, value in values.items()})


@given(series, series)
def test_an_overlay_is_the_base_before_and_the_change_after(base, own):
    first = min(own)
    result = overlaid(quantity(base), {d: Table((), (), frozen(v)) for d, v in own.items()})
    for when in {*base, *own}:
        expected = quantity(base) if when < first else quantity(own)
        assert float(result.at(when)) == float(expected.at(when))


@given(series, series)
def test_first_difference_is_the_first(one, two):
    two[min(one)] = two.pop(min(two))  # both start on one day, or the start is the answer
    two = {when: value for when, value in two.items() if when >= min(one)}
    a, b = quantity(one), quantity(two)
    differ, first = first_difference(a, b)
    days = [when for when in sorted({*one, *two}) if float(a.at(when)) != float(b.at(when))]
    assert differ == bool(days)
    assert not days or first == days[0]


@given(st.integers(2005, 2035), st.floats(0.25, 4))
def test_a_factor_from_a_year_scales_that_year_and_later_only(since, factor):
    table = Table(("year",), ((2010, 2015, 2030),), frozen([1.0, 2.0, 8.0]))
    base = undated(table, "hold")
    result = scaled(base, factor, date(since, 1, 1))
    for year in range(2010, 2041):
        expected = base.in_year(year) * (factor if year >= since else 1.0)
        assert float(result.in_year(year)) == pytest.approx(float(expected), rel=1e-12)
