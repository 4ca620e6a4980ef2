"""Indicators of births and marriages against figures worked out by hand."""

import numpy as np
import pytest
import xarray as xr
from songhe.analysis import families

YEARS = np.arange(2010, 2031)
AGES = np.arange(101)


def schedule(mean, level):
    """Rates by single age with this mean age and sum, a mix of two neighbouring ages."""
    rates = np.zeros((len(YEARS), len(AGES)))
    for k, (m, total) in enumerate(zip(mean, level, strict=True)):
        low = int(m - 0.5)
        share = m - 0.5 - low
        rates[k, low], rates[k, low + 1] = total * (1 - share), total * share
    return rates


def rates_of(*orders):
    coords = {"year": YEARS, "age": AGES, "order": np.arange(1, len(orders) + 1)}
    return xr.DataArray(np.stack(orders, axis=-1), coords, ("year", "age", "order"))


def test_constant_timing_leaves_the_total_fertility_rate_as_it_is():
    level = 1.0 + 0.02 * np.arange(len(YEARS))
    still = np.full(len(YEARS), 26.3)
    rates = rates_of(schedule(still, level), schedule(still + 4, 0.5 * level))
    adjusted = families.tempo_adjusted_tfr(rates)
    inside = slice(2, -2)
    assert adjusted.values[inside] == pytest.approx(1.5 * level[inside], rel=1e-12)
    assert np.isnan(adjusted.values[[0, 1, -2, -1]]).all()


@pytest.mark.parametrize(("window", "pool"), [(1, 1), (2, 1), (2, 5)])
@pytest.mark.parametrize("r", [0.1, 0.25, -0.2])
def test_a_linear_shift_is_undone_exactly(r, window, pool):
    mean, ends = 25.0 + r * np.arange(len(YEARS)), window + pool // 2
    rates = rates_of(schedule(mean, np.full(len(YEARS), 1.2)))
    adjusted = families.tempo_adjusted_tfr(rates, window, pool).values
    inside = adjusted[ends:-ends]
    assert inside == pytest.approx(np.full(len(inside), 1.2 / (1 - r)), rel=1e-12)
    assert np.isnan(adjusted[:ends]).all()
    assert np.isnan(adjusted[-ends:]).all()


def test_each_order_is_adjusted_by_its_own_shift():
    n, t = len(YEARS), np.arange(len(YEARS))
    rates = rates_of(
        schedule(25 + 0.1 * t, np.full(n, 0.9)), schedule(np.full(n, 31.0), np.full(n, 0.5))
    )
    adjusted = families.tempo_adjusted_tfr(rates).values[2:-2]
    assert adjusted == pytest.approx(np.full(n - 4, 0.9 / 0.9 + 0.5))


def test_an_order_that_nobody_has_adds_nothing():
    n = len(YEARS)
    rates = rates_of(schedule(np.full(n, 25.0), np.ones(n)), np.zeros((n, 101)))
    assert families.tempo_adjusted_tfr(rates).values[2:-2] == pytest.approx(np.ones(n - 4))


def test_orders_from_three_on_are_one():
    births = xr.DataArray(
        np.ones((101, 5)), {"age": AGES, "order": np.arange(1, 6)}, ("age", "order")
    )
    women = xr.DataArray(np.full(101, 2.0), {"age": AGES}, ("age",))
    rates = families.order_rates(births, women)
    assert rates["order"].values.tolist() == [1, 2, 3]
    assert rates.sel(age=30).values.tolist() == [0.5, 0.5, 1.5]


def test_progression_gives_back_the_mean_number_of_children():
    """1,000 women: 100 without a child, 400 with one, 350 with two, 150 with three."""
    women = xr.DataArray([100.0, 400, 350, 150], {"parity": np.arange(4)}, ("parity",))
    ratios = families.parity_progression(women)
    assert ratios.values == pytest.approx([0.9, 500 / 900, 150 / 500])
    assert np.cumprod(ratios.values).sum() == pytest.approx((400 + 700 + 450) / 1000, rel=1e-14)


def test_nobody_left_to_progress_is_unknown():
    women = xr.DataArray([5.0, 0.0, 0.0], {"parity": np.arange(3)}, ("parity",))
    assert families.parity_progression(women).values[0] == 0
    assert np.isnan(families.parity_progression(women).values[1])


def test_a_cohort_is_followed_along_the_diagonal():
    """A stock that holds its own year of birth is constant along every cohort."""
    born = YEARS[:, None] - AGES
    stock = xr.DataArray(born.astype(float), {"year": YEARS, "age": AGES}, ("year", "age"))
    table = families.by_cohort(stock)
    assert set(np.unique(table.sel(cohort=1980).dropna("age"))) == {1980.0}
    known = table.sel(cohort=1980).dropna("age")["age"].values
    assert (known[0], known[-1]) == (30, 50)


def test_cohort_fertility_is_the_mean_of_its_women_and_pools_sums():
    """Women of 49 in 2010 to 2030, born 1961 to 1981, of sizes 1, 2, ... with 2 children each."""
    size = np.arange(1.0, 22.0)
    women = np.zeros((21, 101, 2))
    women[:, 49, 1] = size
    women = xr.DataArray(women, {"year": YEARS, "age": AGES, "parity": [0, 1]},
                         ("year", "age", "parity"))  # fmt: skip
    children = women.sum("parity") * xr.DataArray(
        np.where(YEARS == 2019, 3.0, 2.0), {"year": YEARS}
    )
    found = families.cohort_fertility(children, women).sel(age=49)
    assert float(found.sel(cohort=1969)) == 2
    assert float(found.sel(cohort=1970)) == 3
    pooled = families.cohort_fertility(children, women, 3).sel(age=49)
    assert float(pooled.sel(cohort=1969)) == pytest.approx((2 * 8 + 2 * 9 + 3 * 10) / 27)
    assert np.isnan(pooled.sel(cohort=1961))


def test_means_of_weddings():
    weds = np.zeros((101, 2))
    weds[24, 0], weds[26, 0], weds[50, 1] = 3.0, 1.0, 9.0
    coords = {"age": AGES, "marriage_order": ["first", "again"]}
    found = families.mean_age_at_first_marriage(xr.DataArray(weds, coords, tuple(coords)))
    assert float(found) == 25.0
    gaps = xr.DataArray([1.0, 3.0], {"age_gap": [-2, 4]}, ("age_gap",))
    assert float(families.mean_age_gap(gaps)) == 2.5


def test_couples_of_one_level_join_primary_and_lower_secondary_school():
    table = np.zeros((6, 6))
    table[0, 2], table[3, 3], table[4, 5], table[2, 3], table[5, 0] = 1, 2, 3, 4, 5
    found = families.homogamy(xr.DataArray(table, dims=("husband_education", "wife_education")))
    assert float(found) == pytest.approx(6 / 15)


def test_never_married_shares_are_ratios_of_sums():
    coords = {"residence": ["urban", "rural"], "age_group": [40, 45], "education": [0, 1]}
    never = xr.DataArray(np.array([[[9.0, 9], [1, 2]], [[9, 9], [3, 4]]]), coords, tuple(coords))
    adults = xr.DataArray(
        np.array([[[9.0, 9], [10, 20]], [[9, 9], [30, 60]]]), coords, tuple(coords)
    )
    assert float(families.never_married_share(never, adults)) == pytest.approx(10 / 120)
