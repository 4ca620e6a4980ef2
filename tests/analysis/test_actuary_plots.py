"""Figures of the actuary's page: every panel says what it shows, and bars add up."""

import numpy as np
import pytest
import xarray as xr
from songhe.analysis.actuary import (
    MissingResultsError,
    debt_frame,
    decomposition_frame,
    fund_totals,
    valuation_frame,
)
from songhe.analysis.actuary_plots import (
    AT_WAGES,
    CHANGES,
    CLOSED,
    MOST_NAMES,
    OPEN,
    PANELS,
    PARTS,
    dry_share,
    fund_over_years,
    what_changes,
    what_is_owed,
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
    held = [panel.title[0] for panel in PANELS if panel.name != "replacement_ratio"]
    assert titles[: len(held)] == held
    for axes in (axes for axes in figure.axes if axes.axison):
        assert {text.get_text() for text in axes.texts} == set(NAMES)
        lines = [line for line in axes.get_lines() if len(line.get_xdata()) > 2]
        assert len(lines) >= len(NAMES)


def test_new_awards_add_the_replacement_ratio(results):
    lead = ("scenario", "draw", "replicate", "year")
    found = results.assign(
        new_awards=((*lead, "fund", "province"), np.full((2, 3, 1, len(YEARS), 1, 1), 2.0)),
        new_award_amount=((*lead, "fund"), np.full((2, 3, 1, len(YEARS), 1), 4.0)),
    )
    figure = fund_over_years(found, FUND)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[: len(PANELS)] == [panel.title[0] for panel in PANELS]
    axes = figure.axes[[panel.name for panel in PANELS].index("replacement_ratio")]
    first = 100 * 12 * 2.0 / 40.0  # yuan a month over the wage of 2010
    lines = [line.get_ydata() for line in axes.get_lines() if len(line.get_ydata()) > 2]
    assert any(float(line[0]) == pytest.approx(first) for line in lines)


def test_many_scenarios_are_named_in_the_heading_alone(results):
    names = [f"scenario-{k}" for k in range(MOST_NAMES + 1)]
    many = results.isel(scenario=[0] * len(names)).assign_coords(scenario=names)
    figure = fund_over_years(many, FUND)
    assert not any(axes.texts for axes in figure.axes)
    assert set(names) <= {text.get_text() for text in figure.texts}


def aged(results):
    """With flows by age: half of what is paid in and the bases at 15, all else at 70."""
    zeros = results["contribution_base"].sum("province").expand_dims(age=101, axis=-1) * 0.0
    data = {}
    for name, by_age, ages in (
        ("fund_revenue", "fund_revenue_by_age", [15, 70]),
        ("fund_outlay", "fund_outlay_by_age", [70]),
        ("contribution_base", "fund_base_by_age", [15, 70]),
    ):
        dims = [d for d in ("ledger", "province") if d in results[name].dims]
        at = xr.DataArray(np.isin(np.arange(101), ages) / len(ages), dims="age")
        data[by_age] = zeros + results[name].sum(dims) * at
    return results.assign(data)


def test_rates_and_debts_are_those_of_the_tables(results, monkeypatch):
    monkeypatch.setattr("songhe.analysis.actuary.LATEST_SINCE", 2011)
    found = aged(results)
    figure = what_is_owed(found, FUND)
    years = (25, 29)  # 50 and 75 are cut to what the run has
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        *(f"Required rate, %, {n} years" for n in years),
        "Debt by payments to 2040, when the youngest are 45, % of GDP",
    ]
    for row, name in enumerate(NAMES):
        one = found.sel(scenario=[name])
        rates = valuation_frame(fund_totals(one, FUND).isel(scenario=0))
        rates = rates[rates["discount"] == AT_WAGES].set_index(["years", "group"])
        for axes, n in zip(figure.axes, years, strict=False):
            for group, shift in ((OPEN, -0.16), (CLOSED, 0.16)):
                dots = {(round(float(line.get_ydata()[0]), 2), float(line.get_xdata()[0]))
                        for line in axes.get_lines()}  # fmt: skip
                rate = 100 * rates.loc[(n, group), "required_rate"]
                rate = float(np.unique(rate).item())
                assert (round(row + shift, 2), rate) in dots
        debts = debt_frame(one, FUND)
        expected = 100 * debts[debts["discount"] == AT_WAGES]["of_gdp"]
        bars = [bar.get_width() for bar in figure.axes[-1].patches[2 * row : 2 * row + 2]]
        assert bars == pytest.approx(expected.tolist())
        assert expected.iloc[0] != expected.iloc[1]


def test_results_without_ages_show_the_open_group_alone(results):
    figure = what_is_owed(results, FUND)
    assert len(figure.axes) == 1
    assert "closed" not in " ".join(text.get_text() for text in figure.texts)
    none = results.assign(contribution_base=0.0 * results["contribution_base"])
    assert what_is_owed(none, FUND) is None


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
    names = [f"{FUND}.png", f"{FUND}_change.png", f"{FUND}_valuation.png"]
    assert [path.name for path in paths] == names
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    with pytest.raises(MissingResultsError, match="maternity"):
        fund_over_years(results, "maternity")
