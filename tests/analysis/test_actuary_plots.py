"""Figures of the actuary's page: every panel says what it shows, and bars add up."""

import numpy as np
import pytest
import xarray as xr
from songhe.analysis.actuary import MissingResultsError, decomposition_frame
from songhe.analysis.actuary_plots import (
    CHANGES,
    PANELS,
    PARTS,
    dry_share,
    fund_over_years,
    what_changes,
    write_actuary_figures,
)
from songhe.parameters.dims import LEDGERS

YEARS = np.arange(2010, 2041)
FUND = "employee_pension"
NAMES = ["baseline", "later"]


@pytest.fixture
def results():
    """Two scenarios and three draws of a fund whose outlay grows, in the second one slower."""
    t = YEARS - 2010.0
    lead = ("scenario", "draw", "replicate", "year")
    grid = np.ones((2, 3, 1, len(YEARS))) * np.array([1.0, 1.1, 0.9])[:, None, None]
    slower = np.array([1.03, 1.01])[:, None, None, None] ** t

    def laid(values, *sizes):
        return (grid * values)[(..., *(None,) * len(sizes))] * np.ones(sizes)

    balance = np.where(t < 10, 5.0, -5.0) * np.array([1.0, 1.0, -1.0])[:, None, None]
    money = {
        "fund_revenue": 20.0, "fund_subsidy": 4.0, "fund_interest": 1.0, "fund_administration": 0.0,
        "fund_outlay": 24.0 * slower, "fund_deficit_financing": 0.0, "fund_balance": balance,
    }  # fmt: skip
    pools = {"fund_contributors": 3.0, "fund_beneficiaries": 1.0, "contribution_base": 100.0}
    data = {
        n: ((*lead, "fund", "ledger", "province"), laid(v / 2, 1, 2, 1)) for n, v in money.items()
    }
    data |= {n: ((*lead, "fund", "province"), laid(v, 1, 1)) for n, v in pools.items()}
    for name, values in {
        "reference_wage": 40.0 * 1.04**t,
        "gdp": 500.0,
        "price_index": 1.0,
    }.items():
        data[name] = (lead, grid * values)
    data["population_by_age"] = ((*lead, "sex", "age"), laid(1.0 + 0.01 * t, 2, 101))
    data["births"] = ((*lead, "province", "residence", "sex"), laid(1.0, 1, 2, 2))
    data["done"] = (lead[:3], np.ones((2, 3, 1)))
    about = {"version": "0", "concept": "official", "persons": 10}
    coords = {
        "scenario": NAMES, "year": YEARS, "age": np.arange(101), "fund": [FUND], "draw": [0, 1, 2],
        "ledger": list(LEDGERS),
    }  # fmt: skip
    return xr.Dataset(data, coords, about)


def test_every_panel_has_its_title_and_a_line_for_each_scenario(results):
    figure = fund_over_years(results, FUND)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[: len(PANELS)] == [panel.title[0] for panel in PANELS]
    for axes in figure.axes:
        assert {text.get_text() for text in axes.texts} == set(NAMES)
        lines = [line for line in axes.get_lines() if len(line.get_xdata()) > 2]
        assert len(lines) >= len(NAMES)


def test_the_share_of_dry_draws_is_that_of_the_draws_beside_the_first(results):
    share = dry_share(results, FUND).sel(scenario="baseline").squeeze(drop=True)
    assert float(share.sel(year=2015)) == 50.0  # the third draw begins below zero
    assert float(share.sel(year=2025)) == 100.0


def test_bars_add_up_to_the_change(results):
    figure = what_changes(results, FUND, 2015)
    assert len(figure.axes) == len(CHANGES)
    frame = decomposition_frame(results.sel(scenario=["baseline"]), FUND, 2015)
    for axes, (of, (title, _, scale)) in zip(figure.axes, CHANGES.items(), strict=True):
        assert title in axes.get_title(loc="left")
        assert [label.get_text() for label in axes.get_yticklabels()] == NAMES
        first = [bar.get_width() for bar in axes.patches[: len(PARTS)]]
        total = frame[(frame["of"] == of) & (frame["part"] == "total")]["change"].item()
        assert sum(first) == pytest.approx(total * scale)


def test_files_are_written_and_a_missing_fund_is_named(results, tmp_path):
    paths = write_actuary_figures(results, FUND, 2015, tmp_path)
    assert [path.name for path in paths] == [f"{FUND}.png", f"{FUND}_change.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    with pytest.raises(MissingResultsError, match="maternity"):
        fund_over_years(results, "maternity")
