"""Actuarial figures against cases that can be worked by hand."""

from io import StringIO

import numpy as np
import pytest
import xarray as xr
from rich.console import Console
from songhe.analysis.actuary import (
    MissingResultsError,
    actuarial_frames,
    decompose,
    decomposition_frame,
    fund_totals,
    outlay_factors,
    payg_factors,
    value,
    wage_rate,
    yearly_figures,
)
from songhe.runs.terminal import actuary_tables

YEARS = np.arange(2010, 2041)
UNITS = ("scenario", "draw", "replicate", "year")


@pytest.fixture
def results():
    t = YEARS - 2010.0
    grid = np.ones((1, 1, 2, len(YEARS)))
    sides = np.array([0.5, 1.5])[:, None]  # replicates differ, their mean is 1

    def series(values):
        return UNITS, grid * sides * values

    def spread(values, *sizes):
        return (grid * sides * values)[(..., *(None,) * len(sizes))] * np.ones(sizes)

    money = {
        "fund_revenue": 20.0, "fund_subsidy": 4.0, "fund_interest": 1.0, "fund_administration": 0.0,
        "fund_outlay": 24.0 * 1.03**t, "fund_deficit_financing": 0.0, "fund_balance": 48.0,
    }  # fmt: skip
    pools = {"fund_contributors": 3.0, "fund_beneficiaries": 1.02**t, "contribution_base": 100.0}
    data = {
        n: ((*UNITS, "fund", "ledger", "province"), spread(v / 4, 1, 2, 2))
        for n, v in money.items()
    }
    data |= {n: ((*UNITS, "fund", "province"), spread(v / 2, 1, 2)) for n, v in pools.items()}
    data |= {"reference_wage": series(40.0 * 1.04**t), "gdp": series(500.0)}
    data["price_index"] = series(1.01**t)
    people = spread(np.ones(len(YEARS)) + 0.01 * t, 2, 101)
    data["population_by_age"] = ((*UNITS, "sex", "age"), people)
    return xr.Dataset(data, {"year": YEARS, "age": np.arange(101), "fund": ["employee_pension"]})


def test_yearly_figures_are_ratios_of_national_sums(results):
    first = yearly_figures(fund_totals(results)).isel(scenario=0, draw=0).sel(year=2010)
    assert float(first["support_ratio"]) == pytest.approx(3.0)
    assert float(first["payg_rate"]) == pytest.approx(0.24)
    assert float(first["months_of_reserve"]) == pytest.approx(24.0)
    assert float(first["benefit_ratio"]) == pytest.approx(0.6)
    assert float(first["income"]) == pytest.approx(25.0)


def test_required_rate_without_discount_is_a_plain_sum(results):
    total = fund_totals(results)
    found = value(total, 0.0 * wage_rate(total), 2010, 25)
    outlay = (24.0 * 1.03 ** np.arange(1, 26)).sum()
    assert float(found.required_rate.squeeze()) == pytest.approx((outlay - 48.0) / 2500.0)
    assert float(found.balance_of_base.squeeze()) == pytest.approx((648.0 - outlay) / 2500.0)
    assert (found.years, found.shortened) == (25, False)


def test_discounting_takes_flows_at_the_middle_of_the_year(results):
    total = fund_totals(results)
    rate = wage_rate(total)
    assert float(rate.sel(year=2020).squeeze()) == pytest.approx(0.045)
    found = value(total, rate, 2010, 25)
    factor = 1.045 ** -(np.arange(1, 26) - 0.5)
    outlay = (24.0 * 1.03 ** np.arange(1, 26) * factor).sum()
    assert float(found.required_rate.squeeze()) == pytest.approx(
        (outlay - 48) / (100 * factor.sum())
    )


def test_a_horizon_past_the_results_is_shortened_and_says_so(results):
    total = fund_totals(results)
    found = value(total, wage_rate(total), 2010, 75)
    assert (found.years, found.shortened) == (30, True)


@pytest.mark.parametrize("factors", [outlay_factors, payg_factors])
def test_parts_of_a_change_add_up(results, factors):
    total = fund_totals(results)
    parts = decompose(factors(total), 2012, 2035).sum("part")
    whole = total["fund_outlay"] / (
        total["price_index"] if factors is outlay_factors else total["contribution_base"]
    )
    change = whole.sel(year=2035) - whole.sel(year=2012)
    assert float(parts.squeeze()) == pytest.approx(float(change.squeeze()), rel=1e-12)


def test_no_change_has_parts_of_zero(results):
    assert not decompose(outlay_factors(fund_totals(results)), 2012, 2012).values.any()


def test_an_error_names_what_is_missing(results):
    with pytest.raises(MissingResultsError, match="contribution_base, gdp"):
        fund_totals(results.drop_vars(["gdp", "contribution_base"]))
    with pytest.raises(MissingResultsError, match="resident_pension"):
        fund_totals(results, "resident_pension")


def test_frames_and_tables_show_every_horizon_and_rate(results):
    yearly, valuations = actuarial_frames(results.assign_coords(draw=[0]), "employee_pension")
    assert set(valuations["horizon"]) == {25, 50, 75}
    assert len(valuations) == 6
    assert valuations["since"].eq(2015).all()
    page = Console(width=160, record=True, file=StringIO())
    changes = decomposition_frame(results, "employee_pension", 2015)
    page.print(actuary_tables(yearly, valuations, changes, width=160))
    text = page.export_text()
    assert "Change 2015-2040 变化" in text
    assert "75 years 年 (only 25 仅)" in text
    assert "Support ratio 抚养比" in text
    wages = next(line for line in text.splitlines() if "Reference wage" in line)
    assert "40.0" in wages


def test_parts_of_a_change_add_up_to_it(results):
    """Outlay at prices of 2010, and the pay-as-you-go rate, between two years."""
    changes = decomposition_frame(results, "employee_pension", 2015).set_index(["of", "part"])
    real = 24.0 * (1.03 / 1.01) ** np.array([5.0, 30.0])
    assert changes.loc[("outlay", "total"), "change"] == pytest.approx(real[1] - real[0])
    rate = 0.24 * 1.03 ** np.array([5.0, 30.0])
    assert changes.loc[("payg_rate", "total"), "change"] == pytest.approx(rate[1] - rate[0])
    for of in ("outlay", "payg_rate"):
        parts = changes.loc[of].drop("total")["change"].sum()
        assert parts == pytest.approx(changes.loc[(of, "total"), "change"])
