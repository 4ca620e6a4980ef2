"""Tables on the terminal: that they fit, and what their figures look like."""

import io

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rich.cells import cell_len
from rich.console import Console
from songhe.runs.console import plan_text
from songhe.runs.constants import findings, findings_lines
from songhe.runs.ensemble import plan_of, prepare
from songhe.runs.settings import resolve
from songhe.runs.terminal import (
    GAP,
    base_lines,
    depletion_rows,
    digits_for,
    dry_line,
    effects,
    fitting,
    grid,
    left_out_lines,
    notes,
    summary,
    women_55_lines,
)


def printed(table, width):
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("room", [1, 20, 40, 57, 80, 200])
def test_the_first_and_last_column_are_kept_and_what_is_kept_fits(room):
    widths = [16, 17, 16, 15, 16]
    kept = fitting(widths, room)
    assert kept[-1] == 4
    assert kept == sorted(set(kept))
    if len(kept) > 1:
        assert kept[0] == 0
        assert sum(widths[k] + GAP for k in kept) <= room


def test_one_column_more_would_not_fit():
    assert fitting([10] * 5, 5 * (10 + GAP)) == [0, 1, 2, 3, 4]
    assert len(fitting([10] * 5, 5 * (10 + GAP) - 1)) == 4


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_figure_is_cut_and_no_line_wraps(width):
    figures = ["42,622 ±580\n[42,349, 44,823]"] * 5
    years = ["2025", "2030", "2040", "2050", "2060"]
    lines = printed(grid(["", *years], [["人口 万人", *figures]], width), width)
    assert max(map(cell_len, lines)) <= width
    assert len(lines) == 4
    assert "2025" in lines[0]
    assert "2060" in lines[0]
    shown = lines[0].split()
    assert lines[3].count("[42,349, 44,823]") == len(shown)


def test_all_figures_of_a_cell_have_the_decimals_of_the_largest():
    assert digits_for([1.0, 250.0]) == 0
    assert digits_for([1.0, 25.0, np.nan, np.inf]) == 1
    assert digits_for([0.2]) == 2
    assert digits_for([0.0]) == 0


def test_what_is_left_out_takes_a_line_each():
    assert max(map(cell_len, left_out_lines())) <= 100
    older = {"official": {60: 1.8e8, 80: 2e7}, "wpp": {60: 1.8e8, 80: 2.2e7}}
    assert max(map(cell_len, base_lines(older, "wpp"))) <= 100


def funds(balance, aid):
    """Two scenarios, draws 0 to 2, years 2028-2030; one pool of each fund."""
    shape = (2, 3, 1, 3, 2, 1, 1)
    dims = ("scenario", "draw", "replicate", "year", "fund", "ledger", "province")
    coords = {
        "scenario": ["baseline", "other"], "draw": [0, 1, 2], "replicate": [0],
        "year": [2028, 2029, 2030], "fund": ["resident_pension", "long_term_care"],
        "ledger": ["pooled"], "province": ["Beijing"],
    }  # fmt: skip
    held, given = np.zeros(shape), np.zeros(shape)
    held[0, :, 0, :, 1, 0, 0] = balance
    given[0, :, 0, :, 1, 0, 0] = aid
    held[1], given[1] = held[0], given[0]
    data = {"fund_balance": (dims, held), "fund_deficit_financing": (dims, given)}
    return xr.Dataset(data, coords)


def test_years_in_which_funds_run_dry_are_told_once_for_scenarios_alike():
    heads, rows = depletion_rows(funds([[5, 5, 0]] * 3, [[0, 0, 50], [0] * 3, [0, 9, 0]]), [2029])
    assert heads == ["", "draw 0", "by 2029"]
    told = {row[0].split("\n")[0]: row[1:] for row in rows}
    assert told["Long-term care insurance 长期护理保险"] == ["2030", "50 %"]
    assert told["Resident pension 居民养老保险"] == ["not by 2030", "0 %"]
    assert len(rows) == 2


def test_funds_that_never_run_dry_make_no_table():
    assert depletion_rows(funds([[5, 5, 5]] * 3, [[0] * 3] * 3), [2029]) is None


def test_a_fund_says_when_its_pooled_ledger_runs_dry():
    one = funds([[5, 5, 0]] * 3, [[0, 0, 50], [0] * 3, [0, 9, 0]]).sel(scenario=["baseline"])
    assert dry_line(one, "long_term_care").endswith("draw 0 2030; in 50 % of draws by 2030")
    assert "not by 2030; in 0 %" in dry_line(one, "resident_pension")


def constants(drift):
    """`fertility` with two cells in 2013-2017, its log moved by `drift` in the last year."""
    level = np.tile([-0.5, 0.3], (5, 1))
    level[-1] += drift
    coords = {"year": range(2013, 2018), "constant": ["fertility[0]", "fertility[1]"]}
    return xr.DataArray(level, coords, ("year", "constant"))


@pytest.mark.parametrize("times", [0.7, 1.4])
def test_a_constant_that_leaves_its_band_is_a_finding(times):
    (found,) = findings(constants(np.log(times)))
    assert (found.name, found.since, found.year) == ("fertility", 2017, 2017)
    assert found.furthest == pytest.approx(times)
    assert "fertility" in findings_lines(constants(np.log(times)))[1]


@pytest.mark.parametrize("times", [0.81, 1.0, 1.24])
def test_a_constant_inside_its_band_is_none(times):
    assert findings(constants(np.log(times))) == []


def test_a_run_says_where_results_go_and_when_nothing_is_missing(tmp_path, small, lived_run):
    store, work = prepare(resolve(["baseline"]), small, tmp_path / "new")
    text = plan_text(plan_of(store, work, 2), "new")
    assert "Results go to new" in text
    assert "4 units" in text
    _, _, out = lived_run(["baseline"])
    store, work = prepare(resolve(["baseline"]), small, out)
    text = plan_text(plan_of(store, work, 2), "out")
    assert "out holds 4 results" in text
    assert "Nothing is missing" in text


def test_births_outside_the_evidence_are_told_by_scenario():
    dims = ("scenario", "draw", "replicate", "year")
    beyond = np.zeros((2, 2, 1, 3))
    beyond[1, 1, 0, 2] = 30.0
    data = xr.Dataset(
        {"births_beyond_evidence": (dims, beyond),
         "births": ((*dims, "sex"), np.full((2, 2, 1, 3, 2), 50.0))},
        {"scenario": ["baseline", "generous"], "year": [2025, 2026, 2027]},
        {"concept": "official"},
    )  # fmt: skip
    frame = pd.DataFrame({"kind": ["level"], "draws": [1], "replicates": [1]})
    told = [line for line in notes(frame, data) if "outside the evidence" in line]
    assert told == [
        "generous: up to 30 % of the births of a year stand outside the evidence on policy "
        "超出政策证据范围."
    ]


def rows_of(kind, quantity, values, years=(2030, 2040)):
    """Rows of a comparison with an interval of a tenth on each side."""
    return [
        {"kind": kind, "scenario": "grant", "reference": "baseline", "quantity": quantity,
         "unit_zh": "万人", "year": year, "central": value, "q2.5": 0.8 * value,
         "q10": 0.9 * value, "q90": 1.1 * value, "q97.5": 1.2 * value, "mc_error": 0.0}
        for year, value in zip(years, values, strict=True)
    ]  # fmt: skip


def test_births_are_shown_in_parts_beside_both_effects_and_who_benefits():
    frame = pd.DataFrame([
        *rows_of("part", "births_added", [10.0, 5.0]),
        *rows_of("part", "births_direct", [20.0, 20.0]),
        *rows_of("part", "births_timing", [-11.0, -14.0]),
        *rows_of("part", "births_feedback", [1.0, -1.0]),
        *rows_of("part", "benefits_anyway_since", [97.0, 98.0]),
        *rows_of("difference", "tfr", [0.012, 0.011]),
        *rows_of("level", "births_beyond_evidence", [0.0, 7.0]),
        *rows_of("cohort", "cohort_fertility", [0.0, 0.013], (1983, 1995)),
    ])  # fmt: skip
    text = [line for part in effects(frame, "grant", [2030, 2040]) for line in printed(part, 100)]
    page = "\n".join(text)
    for line in ("Births added +10.0 ±0.0 +5.00 ±0.00", "timing -11.0 ±0.0 -14.0 ±0.0",
                 "Period: total fertility +12.0 ±0.0 +11.0 ±0.0",
                 "Children, by 49 or last year +13.0 ±0.0"):  # fmt: skip
        assert line.split() in [found.split()[: len(line.split())] for found in text], page
    assert "1983" not in page  # cohorts of every fifth year alone
    assert "97" in page
    assert "outside the range of the evidence" in page


@pytest.mark.parametrize("fund", ["child_subsidy", "maternity", "childcare", "preschool"])
def test_what_every_fund_of_families_pays_is_told(fund):
    frame = pd.DataFrame(rows_of("difference", f"{fund}_outlay", [700.0, 710.0]))
    data = xr.Dataset(
        {"births_beyond_evidence": (("scenario", "draw", "replicate", "year"), np.zeros((1,) * 4)),
         "births": (("scenario", "draw", "replicate", "year"), np.ones((1,) * 4))},
        {"scenario": ["grant"], "year": [2030], "title": ("scenario", ["A grant"]),
         "title_zh": ("scenario", ["补贴"])}, {"concept": "official"},
    )  # fmt: skip
    frame = frame.assign(draws=1, replicates=1)
    page = "\n".join(printed(summary(frame, data, [2030, 2040]), 100))
    assert "+700" in page


def test_a_scenario_to_which_births_do_not_answer_has_no_such_tables():
    frame = pd.DataFrame([*rows_of("part", "births_added", [1.0, 1.0]),
                          *rows_of("part", "births_direct", [0.0, 0.0])])  # fmt: skip
    assert effects(frame, "grant", [2030, 2040]) == []
    assert effects(frame, "another", [2030, 2040]) == []


def test_scenarios_that_differ_in_the_class_of_women_have_a_line_each():
    prior = {"family": "uniform", "on": "factor", "low": 0.5, "high": 1.5}
    texts = {
        "baseline": {"women_55": {"share": [0.1, 0.4], "prior": prior}},
        "same": {"women_55": {"share": [0.1, 0.4], "prior": prior}},
        "other": {"women_55": {"share": [0.2, 0.4], "prior": {"fixed": "a design"}}},
        "older": {},
    }
    data = xr.Dataset(coords={"scenario": list(texts)}, attrs={"scenario_texts": texts})
    one, two = women_55_lines(data)
    assert "10, 40 %, times 0.5 to 1.5 over draws" in one
    assert one.endswith("(baseline, same)")
    assert two.endswith("20, 40 % (other)")
    assert women_55_lines(data.sel(scenario=["older"])) == []
