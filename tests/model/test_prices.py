"""Prices, wages and incomes: the record, and the named rule after it."""

from datetime import date

import numpy as np
import pytest
from songhe.model import prices
from songhe.parameters.load import load


@pytest.fixture(scope="module")
def p():
    return load()


def test_records_are_kept_as_they_are(p):
    assert prices.price_index(p, 2010) == 1.0
    assert prices.price_index(p, 2012) == pytest.approx(1.054 * 1.026)
    assert prices.income(p, 2024).tolist() == [54_188, 23_119]
    assert prices.wage(p, 2024) == pytest.approx(95_000, rel=0.01)


def test_wages_and_incomes_grow_together_after_the_record(p):
    for year in (2025, 2040, 2090):
        growth = (1 + p.year("work.economy.real_wage_growth", year)) * (
            1 + p.year("work.economy.cpi_growth", year)
        )
        assert prices.wage(p, year) / prices.wage(p, year - 1) == pytest.approx(growth)
        np.testing.assert_allclose(prices.income(p, year) / prices.income(p, year - 1), growth)


def test_a_draw_has_its_own_path_and_the_same_past(p):
    q = p.draw(3, 1)
    assert prices.price_index(q, 2024) == prices.price_index(p, 2024)
    assert prices.price_index(q, 2050) != prices.price_index(p, 2050)


def test_factors_of_wages_go_both_ways(p):
    there, back = prices.wage_factor(p, 1.0, 2015, 2030), prices.wage_factor(p, 1.0, 2030, 2015)
    assert there * back == pytest.approx(1.0)
    assert there == pytest.approx(prices.wage(p, 2030) / prices.wage(p, 2015))
    assert prices.wage_factor(p, 0.0, 2015, 2030) == 1.0


def test_amounts_grow_only_after_the_later_of_rule_and_date(p):
    key = "policies.resident_pension.minimum"

    def factor(start, year):
        return 2.0 ** (year - start)

    days = [date(y, 6, 1) for y in (2024, 2025, 2026, 2028)]
    assert [prices.grown(p, key, d, 2025, factor) for d in days] == [123, 143, 286, 1144]
    assert prices.grown(p, key, date(2026, 1, 1), 2030, factor) == 143


def test_a_change_inside_the_year_is_seen_from_its_month(p):
    key = "policies.resident_pension.minimum"
    asked = []

    def value(day):
        asked.append(day.month)
        return float(np.asarray(p.at(key, day)))

    assert prices.by_law(p, [key], 2014, value).tolist() == [55.0] * 6 + [70.0] * 6
    assert asked == [1, 7]


def test_years_outside_the_paths_are_refused(p):
    with pytest.raises(ValueError, match="2010 to 2120"):
        prices.price_index(p, 2009)
