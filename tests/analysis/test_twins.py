"""The cohort-component twin against closed forms, published totals and simulated people."""

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from songhe.analysis import twins
from songhe.parameters.load import load

N = 101
# Thousand persons of 1 July 2000, ages 0-4 ... 95-99, 100+. Source: WPP 2024.
WPP_2000 = {
    "male": """
    45704 53733 65395 54891 49582 62168 64086 53085 42240 42753 30817
    23126 20479 16783 11681 7226 3400 1126 187.6 11.3 0.1
    """,
    "female": """
    39472 47583 59721 51366 46907 59312 61632 51339 41184 42416 29789
    22018 19691 17377 13185 9426 5500 2411 679.9 94.9 4.5
    """,
}


@pytest.fixture(scope="module")
def p():
    return load()


@pytest.fixture(scope="module")
def census(p):
    return np.asarray(p.array("demography.population.census_2010_single_age"), dtype=float)


def simple_rates(survival=0.98, level=0.06, migration=None):
    asfr = np.where((np.arange(N) >= 20) & (np.arange(N) < 40), level, 0.0)
    alive = np.full((2, N), survival)
    alive[:, -1] = 0.7
    return twins.YearRates(alive, np.array([0.97, 0.98]), asfr, 0.52, migration)


def july_year(p, year):
    """Rates from 1 July to 1 July: the mean of two calendar years, with net migration."""
    first, second = (twins.YearRates.of(p, y, "wpp") for y in (year, year + 1))
    key = "demography.migration_international."
    net = 0.5 * (p.year(key + "net_total", year) + p.year(key + "net_total", year + 1))
    means = [0.5 * (a + b) for a, b in zip(first[:4], second[:4], strict=True)]
    return twins.YearRates(*means, net * np.asarray(p.year(key + "age_pattern", 2010)))


def test_a_stable_population_grows_at_its_root():
    rates = simple_rates()
    girls = rates.newborn[1] * (1 - rates.male_share)
    alive = np.cumprod(np.append(1.0, rates.survival[1, :-1]))
    ages = np.arange(N)

    def characteristic(growth):
        terms = 0.5 * (growth**-ages + growth ** (1.0 - ages)) * rates.asfr * alive
        return girls * terms.sum() - growth

    root = brentq(characteristic, 0.9, 1.2, xtol=1e-14)
    lived = twins.project(np.full((2, N), 1000.0), [rates] * 900)
    before, after = lived[-2].population, lived[-1].population
    np.testing.assert_allclose(after / before, root, rtol=1e-9)


def test_a_constant_hazard_empties_a_cohort_exponentially():
    rates = simple_rates(survival=np.exp(-0.03), level=0.0)
    start = np.zeros((2, N))
    start[:, 5] = 1000.0
    lived = twins.project(start, [rates] * 20)
    assert lived[-1].population[0, 25] == pytest.approx(1000 * np.exp(-0.6))
    assert lived[-1].population.sum() == pytest.approx(2000 * np.exp(-0.6))


def test_every_person_is_accounted_for(census):
    rng = np.random.default_rng(4)
    rates = simple_rates(migration=rng.normal(0, 1000, (2, N)))
    year = twins.year_lived(census, rates)
    balance = census.sum(1) + year.births + rates.migration.sum(1) - year.deaths.sum(1)
    np.testing.assert_allclose(year.population.sum(1), balance, rtol=1e-12)


def test_births_follow_the_mean_of_opening_and_closing_women():
    rates, start = simple_rates(), np.zeros((2, N))
    start[1, 39] = 1000.0
    year = twins.year_lived(start, rates)
    assert year.births.sum() == pytest.approx(0.5 * 0.06 * 1000), "none after the birthday at 40"
    start[1, 39], start[1, 30] = 0, 1000.0
    year = twins.year_lived(start, rates)
    assert year.births.sum() == pytest.approx(0.5 * 0.06 * 1000 * (1 + 0.98))
    assert year.births[0] / year.births.sum() == pytest.approx(0.52)
    assert year.population[1, 0] == pytest.approx(year.births[1] * 0.98)


def test_the_open_age_collects_and_keeps_its_own_survival():
    start = np.zeros((2, N))
    start[0, -2:] = 100.0
    year = twins.year_lived(start, simple_rates())
    assert year.population[0, -1] == pytest.approx(100 * 0.98 + 100 * 0.7)


def test_a_stock_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"allowed: \(2, 101\)"):
        twins.year_lived(np.ones((2, 90)), simple_rates())


def test_a_year_without_rates_is_refused(p):
    with pytest.raises(ValueError, match="no rates for 2150"):
        twins.YearRates.of(p, 2150, "wpp")


def single_ages(groups):
    limits = np.append(np.arange(0, 101, 5), 101)
    total = np.concatenate([np.zeros((2, 1)), np.cumsum(groups, axis=1)], axis=1)
    return np.diff(PchipInterpolator(limits, total, axis=1)(np.arange(102)), axis=1)


def test_the_published_population_of_2010_from_that_of_2000(p):
    start = single_ages(
        np.array([WPP_2000[sex].split() for sex in ("male", "female")], dtype=float)
    )
    lived = twins.project(start, [july_year(p, year) for year in range(2000, 2010)])[-1].population
    groups = np.concatenate([lived[:, :100].reshape(2, 20, 5).sum(2), lived[:, 100:]], axis=1)
    published = np.asarray(p.array("demography.population.wpp_2010")) / 1000
    assert groups.sum() == pytest.approx(published.sum(), rel=3e-4)
    np.testing.assert_allclose(groups[:, :17], published[:, :17], rtol=4e-3)
    np.testing.assert_allclose(groups[:, 17:20], published[:, 17:20], rtol=0.012)


def test_deaths_alone_give_the_binomial_variance():
    rates = simple_rates(level=0.0)
    start = np.zeros((2, N))
    start[0, 30] = 500.0
    chance = twins.chances(start, [rates] * 10)[-1]
    alive = 0.98**10
    assert chance.total_sd**2 == pytest.approx(500 * alive * (1 - alive))
    assert chance.cell_sd[0, 40] == pytest.approx(chance.total_sd)


def test_the_mean_of_chance_is_the_projection(census):
    rates = [simple_rates(), simple_rates(0.97, 0.08)] * 20
    lived = twins.project(census, rates)[-1].population
    np.testing.assert_allclose(twins.chances(census, rates)[-1].mean.reshape(2, N), lived)


def simulated(start, rates, years, runs, rng):
    """Counts [run, sex, age] of people who die and bear independently, one by one."""
    counts = np.broadcast_to(start.astype(np.int64), (runs, 2, N)).copy()
    after = np.append(rates.asfr[1:], 0)
    for _ in range(years):
        lives = rng.binomial(counts, rates.survival)
        bears = rng.binomial(lives[:, 1], 0.5 * (rates.asfr + after))
        bears += rng.binomial(counts[:, 1] - lives[:, 1], 0.5 * rates.asfr)
        births = bears.sum(axis=1)
        boys = rng.binomial(births, rates.male_share)
        newborn = rng.binomial(np.stack([boys, births - boys], axis=1), rates.newborn)
        counts = np.concatenate([newborn[:, :, None], lives[:, :, :-1]], axis=2)
        counts[:, :, -1] += lives[:, :, -1]
    return counts


def test_variance_of_simulated_people():
    """False alarm below 1e-6: |z| of 202 variances and a total at most 6.3, of 4000 runs."""
    rates = simple_rates(survival=0.9, level=0.25)
    start = np.zeros((2, N))
    start[:, 15:45] = 20.0
    runs, years = 4000, 12
    counts = simulated(start, rates, years, runs, np.random.default_rng(11))
    chance = twins.chances(start, [rates] * years)[-1]
    z = (counts.mean(axis=0) - chance.mean.reshape(2, N)) * np.sqrt(runs)
    busy = chance.mean.reshape(2, N) > 3
    assert np.abs(z[busy] / chance.cell_sd[busy]).max() < 6.3
    spread = 6.3 * np.sqrt(2.4 / runs)
    np.testing.assert_allclose(counts.var(axis=0)[busy] / chance.cell_sd[busy] ** 2, 1, atol=spread)
    total = counts.sum(axis=(1, 2))
    assert total.var() / chance.total_sd**2 == pytest.approx(1, abs=spread)
    girls, rest = counts[:, 1, 0], total - counts[:, 1, 0]
    expected = chance.covariance[N].sum() - chance.covariance[N, N]
    error = 6.3 * np.sqrt(girls.var() * rest.var() / runs)
    assert np.cov(girls, rest)[0, 1] == pytest.approx(expected, abs=error)


def test_sampling_error_of_the_total_of_a_million(p, census):
    """0.04 % of the start at year 10 and 0.26 % of the total at year 90."""
    start = census * 1e6 / census.sum()
    rates = [twins.YearRates.of(p, year, "wpp") for year in range(2011, 2101)]
    lived = twins.chances(start, rates)
    assert lived[9].total_sd / 1e6 == pytest.approx(0.0004, abs=5e-5)
    assert lived[89].total_sd / lived[89].mean.sum() == pytest.approx(0.0026, abs=5e-5)
