"""Wages, incomes and the paths assumed after the last record."""

import numpy as np
import pytest
from songhe.parameters.dims import RESIDENCES
from songhe.parameters.load import Parameters, load


@pytest.fixture(scope="module")
def p() -> Parameters:
    return load()


def economy(p: Parameters, name: str, year: int) -> float:
    return float(p.year(f"work.economy.{name}", year))


def test_income_before_2013_follows_the_wage(p: Parameters) -> None:
    income = p.table("work.economy.disposable_income")
    assert income.sel(year=2024).values.tolist() == [54188, 23119]
    wage = economy(p, "wage_non_private", 2010) / economy(p, "wage_non_private", 2013)
    for residence in RESIDENCES:
        past, known = (float(income.sel(year=y, residence=residence)) for y in (2010, 2013))
        assert past / known == pytest.approx(wage, rel=1e-4)


def test_wage_index_is_the_wage_over_that_of_2010(p: Parameters) -> None:
    wage = p.array("work.economy.wage_non_private")
    np.testing.assert_allclose(p.array("work.economy.wage_index"), wage / wage[0], atol=1e-5)


def test_recorded_wage_growth_is_real_growth_and_prices(p: Parameters) -> None:
    for year in range(2011, 2025):
        wage = economy(p, "wage_non_private", year) / economy(p, "wage_non_private", year - 1)
        ours = (1 + economy(p, "real_wage_growth", year)) * (1 + economy(p, "cpi_growth", year))
        assert ours == pytest.approx(wage, rel=1e-4)


def test_series_of_money_stop_and_rates_of_growth_hold(p: Parameters) -> None:
    assert economy(p, "cpi_growth", 2070) == pytest.approx(0.015)
    assert economy(p, "real_wage_growth", 2070) == pytest.approx(0.015)
    with pytest.raises(LookupError):
        economy(p, "wage_non_private", 2025)


def test_the_past_is_known_and_the_return_moves_with_prices(p: Parameters) -> None:
    prices = np.array([economy(p.draw(k, 3), "cpi_growth", 2040) for k in range(1, 21)])
    returns = np.array([economy(p.draw(k, 3), "nominal_return", 2040) for k in range(1, 21)])
    np.testing.assert_array_equal(np.argsort(prices), np.argsort(returns))
    assert (returns > prices).all()
    assert economy(p.draw(1, 3), "cpi_growth", 2024) == economy(p, "cpi_growth", 2024)
