"""Ratios are ratios of sums, and a fund's last day is a probability, never a mean."""

import numpy as np
import pytest
import xarray as xr
from songhe.analysis import indicators

FLOWS = ("scenario", "draw", "replicate", "year", "fund", "ledger", "province")


def one_fund(balance, financing=None):
    """A data set of one fund in one pool: balance [draw, replicate, year from 2030]."""
    balance = np.asarray(balance, dtype=float)
    financing = np.zeros_like(balance) if financing is None else np.asarray(financing, float)
    draws, replicates, years = balance.shape
    shaped = {
        name: (FLOWS, values.reshape(1, draws, replicates, years, 1, 1, 1))
        for name, values in (("fund_balance", balance), ("fund_deficit_financing", financing))
    }
    coords = {
        "scenario": ["baseline"], "draw": np.arange(draws), "year": 2030 + np.arange(years),
        "fund": ["long_term_care"], "ledger": ["pooled"], "province": ["Beijing"],
    }  # fmt: skip
    return xr.Dataset(shaped, coords)


def ages(values):
    return xr.DataArray(np.asarray(values, float), {"age": np.arange(len(values))}, ("age",))


def test_total_fertility_is_the_sum_of_rates_by_age():
    births = ages([0, 10, 40, 0])
    women = ages([100, 100, 200, 0])
    assert float(indicators.tfr(births, women)) == pytest.approx(0.1 + 0.2)


def test_total_fertility_of_a_year_that_was_not_run_is_unknown():
    assert np.isnan(indicators.tfr(ages([1, 1]), ages([np.nan, np.nan])))


def test_dependency_compares_65_and_over_with_15_to_64():
    people = ages([np.nan] * 101).copy(data=np.ones(101))
    assert float(indicators.old_age_dependency_ratio(people)) == pytest.approx(36 / 50)


def test_six_months_of_outlay_in_the_fund_are_six_months_of_reserve():
    assert float(indicators.months_of_reserve(xr.DataArray(50.0), xr.DataArray(100.0))) == 6.0


def test_a_fund_that_pays_nothing_has_no_months_of_reserve():
    assert np.isnan(indicators.months_of_reserve(xr.DataArray(50.0), xr.DataArray(0.0)))


def test_pay_as_you_go_and_benefit_ratio_are_quotients_of_sums():
    assert float(indicators.payg_rate(xr.DataArray(8.0), xr.DataArray(100.0))) == 0.08
    assert float(indicators.benefit_ratio(xr.DataArray(2.0), xr.DataArray(5.0))) == 0.4


def test_a_fund_runs_dry_in_the_first_year_below_zero():
    first = indicators.depletion_year(one_fund([[[5, 1, -2, 3]]]))
    assert first.item() == 2032


def test_rounding_dust_is_not_a_deficit():
    first = indicators.depletion_year(one_fund([[[5, -1e-4, -1e-4]]]))
    assert first.item() == indicators.NOT_BY_HORIZON


def test_money_that_fills_the_gap_does_not_hide_it():
    kept_at_zero = one_fund([[[5, 0, 0]]], financing=[[[0, 4, 3]]])
    assert indicators.depletion_year(kept_at_zero).item() == 2031


def test_depletion_is_judged_on_the_sum_over_replicates():
    first = indicators.depletion_year(
        one_fund([[[900, -500], [900, 600]], [[900, -800], [900, 600]]])
    )
    assert first.values.ravel().tolist() == [indicators.NOT_BY_HORIZON, 2031]


def test_a_draw_that_is_not_done_is_left_out_of_the_probability():
    nothing = [[np.nan] * 3]
    dataset = one_fund([[[9, 9, 9]], [[9, -1e3, -1e3]], [[9, 9, 9]], nothing])
    assert np.isnan(indicators.depletion_year(dataset).sel(draw=3).item())
    by_year = indicators.depletion_probability(dataset).values.ravel()
    assert by_year.tolist() == [0.0, 0.5, 0.5]


def test_the_central_draw_makes_no_probability():
    dataset = one_fund([[[-9e3, -9e3]], [[9, 9]]])
    assert indicators.depletion_probability(dataset).values.ravel().tolist() == [0.0, 0.0]
    alone = one_fund([[[-9e3, -9e3]]])
    assert np.isnan(indicators.depletion_probability(alone)).all()


def test_quartiles_are_years_or_not_by_the_horizon():
    dry_in = {1: 2031, 2: 2032, 3: 2032, 4: None}
    draws = [[[9, 9, 9]]]
    for last in dry_in.values():
        draws.append([[9 if last is None or 2030 + k < last else -9e3 for k in range(3)]])
    quartiles = indicators.depletion_quartiles(one_fund(draws)).values.ravel()
    assert quartiles.tolist() == [2031, 2032, 2032]
    draws[2] = draws[3] = [[9, 9, 9]]
    quartiles = indicators.depletion_quartiles(one_fund(draws)).values.ravel()
    assert quartiles.tolist() == [2031, np.inf, np.inf]


def test_depletion_is_told_in_words():
    assert indicators.depletion_text(2047.0, 2060) == "2047"
    assert indicators.depletion_text(indicators.NOT_BY_HORIZON, 2060) == "not by 2060"
    assert indicators.depletion_text(np.nan, 2060) == "unknown"


def test_probability_of_the_made_up_forecast_never_falls(forecast):
    by_year = indicators.depletion_probability(forecast)
    assert by_year.dims == ("scenario", "fund", "year")
    assert (by_year.diff("year") >= 0).all()
    assert 0 < by_year.sel(scenario="baseline", fund="long_term_care", year=2060).item() <= 1
