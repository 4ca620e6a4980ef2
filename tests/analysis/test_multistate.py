"""The multi-state twin against closed forms, the life table and itself."""

import numpy as np
import pytest
from scipy.linalg import expm
from songhe.analysis import multistate as ms
from songhe.parameters.life_table import life_table
from songhe.parameters.load import load
from songhe.parameters.rates import annual_mx, annual_survival, infant_years

YEAR = 2015


@pytest.fixture(scope="module")
def p():
    return load()


@pytest.fixture(scope="module")
def cohort(p):
    return ms.stationary(p, YEAR, "wpp")


@pytest.fixture(scope="module")
def survival(p):
    years, table, _ = annual_survival(p, "wpp")
    return table[YEAR - years[0]]


def test_one_state_lives_the_inverse_of_its_hazard():
    q = np.full((40, 1, 1), -0.05)
    np.testing.assert_allclose(ms.expectancies(q, 10), 20.0)


@pytest.mark.parametrize("age", [1, 30, 39])
def test_two_states_against_the_fundamental_matrix(age):
    q = np.array([[-0.3, 0.2], [0.1, -0.5]])
    lived = ms.expectancies(np.broadcast_to(q, (40, 2, 2)), age)
    np.testing.assert_allclose(lived, -np.linalg.inv(q), rtol=1e-10)


def test_four_states_against_the_fundamental_matrix(cohort):
    q = cohort.generator[1, 80]
    lived = ms.expectancies(np.broadcast_to(q, (101, 4, 4)), 60)
    np.testing.assert_allclose(lived, np.linalg.inv(-q), rtol=1e-9)
    assert (lived > 0).all()


def test_two_state_years_against_small_steps():
    """Irreversible loss of function at age-dependent rates: sums over a hundredth of a year."""
    ages = np.arange(101)
    onset, death = 0.01 * np.exp(0.05 * (ages - 60)), 0.02 * np.exp(0.08 * (ages - 60))
    q = np.zeros((101, 2, 2))
    q[:, 0, 0], q[:, 0, 1], q[:, 1, 1] = -onset - death, onset, -2 * death
    state, lived = np.array([1.0, 0.0]), np.zeros(2)
    for step in range(200 * 100):
        half = min(int(60 + step / 100 - 0.5), 100)
        closing = state @ expm(q[half] / 100)
        lived += (state + closing) / 200
        state = closing
    np.testing.assert_allclose(ms.expectancies(q, 60)[0], lived, rtol=1e-4)


def test_all_states_together_live_the_life_table(p):
    years, mx = annual_mx(p, "wpp")
    table = life_table(mx[YEAR - years[0]], infant_years(p)).expectancy
    for age in (50, 60, 75):
        found = ms.healthy_years(p, YEAR, "wpp", age).sum(axis=1)
        np.testing.assert_allclose(found, table[:, age], atol=0.01)


def test_women_live_longer_and_longer_with_limitation(p):
    men, women = ms.healthy_years(p, YEAR, "wpp")
    assert women[0] > men[0]
    assert (women[1:] > men[1:]).all()
    assert 1.0 < men[2:].sum() + women[2:].sum() < 4.0


def test_deaths_of_a_cohort_follow_the_life_table(cohort, survival):
    alive = cohort.people.sum(axis=2)
    np.testing.assert_allclose(alive[:, 1:] / alive[:, :-1], survival[:, :-1], rtol=1e-11)


def test_selection_lowers_the_level_of_death_with_age():
    """Women, on the scale of all people of their schooling: 0.93 at 60, 0.85 at 75, 0.74 at 85.

    These figures hold for the intensities of the base year and a life table with 20.6 and 24.6
    years at 60, which is that of 2028.
    """
    p = load({f"health.adl.{name}": {"value": 0.0} for name in ("trend", "trend_drift")})
    years, mx = annual_mx(p, "wpp")
    table = life_table(mx[2028 - years[0]], infant_years(p))
    np.testing.assert_allclose(table.expectancy[:, 60], [20.6, 24.6], atol=0.1)
    share = ms.intensities_of(p, 2028).ratio[1, :, 0, 1, 0]
    level = ms.stationary(p, 2028, "wpp").kappa[1] * share
    np.testing.assert_allclose(level[[60, 75, 85]], [0.93, 0.85, 0.74], atol=0.006)


def test_nobody_has_a_limitation_before_the_age_of_onset(cohort):
    assert (cohort.prevalence[:, :46, 1:] == 0).all()
    assert (cohort.prevalence[:, 46:, 1:] > 0).all()


def test_a_mixed_population_dies_as_its_life_table_says(p, survival):
    people = np.random.default_rng(3).random(ms.SHAPE)
    people[:, :46, :, :, 1:] = 0
    carried = ms.carry(people, ms.intensities_of(p, YEAR), survival)
    alive = carried.people.sum((2, 3, 4)) / people.sum((2, 3, 4))
    np.testing.assert_allclose(alive, survival, rtol=1e-11)
    closing = ms.older(carried.people)
    assert closing.sum() == pytest.approx(carried.people.sum())
    assert closing[:, 0].sum() == 0


def test_schooling_and_residence_change_death_and_recovery(p):
    i = ms.intensities_of(p, YEAR)
    assert i.ratio[0, 40, 0, 1, 0] == pytest.approx(1.8, abs=1e-12)
    assert i.ratio[0, 90, 0, 1, 0] == pytest.approx(1.3, abs=1e-12)
    assert i.ratio[0, 40, 5, 0, 0] == pytest.approx(0.97)
    assert i.ratio[0, 10, 0, 1, 0] == 1
    onset = i.between[0, 70, :, 0, 0, 1]
    np.testing.assert_allclose(onset[2:] / onset[0], np.exp(-0.15))
    assert onset[1] == onset[0]
    np.testing.assert_allclose(
        i.between[0, 70, 0, 0, 2, 1] / i.between[0, 70, 0, 1, 2, 1], np.exp(-0.15)
    )
    assert i.between[0, 70, 0, 0, 1, 2] == i.between[0, 70, 0, 1, 1, 2]


def standardised(people, weights):
    """Share with any limitation at 60 and over, for fixed weights by sex and age."""
    limited = 1 - people[:, 60:, 0, 0, 0] / people[:, 60:, 0, 0].sum(-1)
    return (weights[:, 60:] * limited).sum() / weights[:, 60:].sum()


def change_of_prevalence(changes):
    """Mean yearly log change of age-specific prevalence at 60 and over from 2010 to 2060."""
    p = load({f"health.adl.{name}": {"value": value} for name, value in changes.items()})
    weights = np.asarray(p.array("demography.population.census_2010_single_age"), dtype=float)
    years, alive, _ = annual_survival(p, "wpp")
    start = ms.stationary(p, 2010, "wpp").prevalence
    people = start[:, :, None, None, :]
    first = standardised(people, weights)
    for year in range(2011, 2061):
        every = ms.intensities_of(p, year)
        kind = ms.Intensities(every.between[:, :, :1, 1:], every.ratio[:, :, :1, 1:])
        carried = ms.carry(people, kind, alive[year - years[0]])
        closing = ms.older(carried.people)
        closing[:, 0, 0, 0, 0] = 1.0
        closing[:, -1] = carried.people[:, -2]
        people = closing / closing.sum(-1, keepdims=True)
    return np.log(standardised(people, weights) / first) / 50


@pytest.mark.parametrize("trend", [0.0, -0.007, -0.014])
def test_the_three_trends_of_prevalence_are_reached(trend):
    """Within 0.05 points a year."""
    assert change_of_prevalence({"trend": trend}) == pytest.approx(trend, abs=5e-4)


def test_the_shipped_drift_and_response_are_those_of_the_twin(p):
    """Drift: no shift of intensities. Response: least squares over the range of the trend."""
    free = {"trend_drift": 0.0, "trend_response": 1.0}
    drift = change_of_prevalence(free | {"trend": 0.0})
    assert p.value("health.adl.trend_drift") == pytest.approx(drift, abs=5e-5)
    shifts = np.linspace(-0.0112, 0.0, 4)
    reached = [change_of_prevalence(free | {"trend": shift}) for shift in shifts]
    curve = np.polynomial.Polynomial.fit(shifts, reached, 3)
    trends = np.linspace(-0.014, 0.0, 57)
    candidates = np.arange(1.3, 1.7, 0.005)
    misses = [np.square(curve((trends - drift) / r) - trends).sum() for r in candidates]
    best = candidates[np.argmin(misses)]
    assert p.value("health.adl.trend_response") == pytest.approx(best, abs=0.0075)
