"""Life tables against closed forms, and the yearly rates against the tables they come from."""

import numpy as np
import pytest
from scipy.integrate import quad
from songhe.parameters import rates
from songhe.parameters.life_table import (
    cohort_survival,
    death_probability,
    expectancy_from_survival,
    healthy_expectancy,
    life_table,
    newborn_survival,
    period_life_expectancy,
    scaled_to_expectancy,
)
from songhe.parameters.load import load

AGES = np.arange(101)
MX = "demography.mortality.mx_period"
HALF = 0.5


@pytest.fixture(scope="module")
def p():
    return load()


def constant_infant_years(m):
    """Years lived in the year of death at a constant hazard."""
    return 1 / m - 1 / np.expm1(m)


@pytest.mark.parametrize("m", [0.001, 0.02, 0.3])
def test_constant_hazard_gives_the_exponential_life_table(m):
    mx, infant = np.full(101, m), constant_infant_years(m)
    table = life_table(mx, infant)
    np.testing.assert_allclose(table.survivors, np.exp(-m * AGES), rtol=1e-12)
    np.testing.assert_allclose(table.expectancy, 1 / m, rtol=1e-10)
    np.testing.assert_allclose(cohort_survival(mx, infant), np.exp(-m), rtol=1e-12)
    np.testing.assert_allclose(newborn_survival(mx, infant), -np.expm1(-m) / m, rtol=1e-12)


def gompertz(alpha=3e-5, beta=0.1):
    """Exact survivors, person-years by age, the open rest and death rates."""

    def alive(x):
        return np.exp(-alpha / beta * np.expm1(beta * x))

    years = np.array([quad(alive, a, a + 1)[0] for a in AGES])
    rest = quad(alive, 100, 160)[0]
    mx = (alive(AGES) - alive(AGES + 1)) / years
    mx[100] = alive(100) / rest
    return alive(AGES), years, rest, mx


def test_gompertz_closed_form():
    alive, years, rest, mx = gompertz()
    table = life_table(mx, HALF)
    total = np.append(years[:100], rest)[::-1].cumsum()[::-1]
    np.testing.assert_allclose(table.expectancy[:95], total[:95] / alive[:95], atol=0.005)
    exact = years[1:100] / years[:99]
    deaths = 1 - cohort_survival(mx, HALF)[:99]
    np.testing.assert_allclose(deaths, 1 - exact, rtol=3e-3)


def test_survival_of_a_stock_is_not_survival_from_a_birthday():
    _, years, _, mx = gompertz()
    deaths = 1 - cohort_survival(mx, HALF)
    assert deaths[90] > 1.03 * death_probability(mx, HALF)[90]
    assert deaths[90] == pytest.approx(1 - years[91] / years[90], rel=2e-3)


def test_infants_die_early_in_the_year():
    mx = np.full(101, 0.02)
    assert death_probability(mx, 0.1)[0] == pytest.approx(0.02 / (1 + 0.9 * 0.02))
    assert newborn_survival(mx, 0.1) == pytest.approx(1 / (1 + 0.9 * 0.02))


def test_scaling_meets_any_expectancy_within_reach():
    mx = np.stack([gompertz()[3], gompertz(alpha=1e-4)[3]])
    target = np.array([50.0, 95.0])
    scaled = scaled_to_expectancy(mx, target, 0.1)
    np.testing.assert_allclose(life_table(scaled, 0.1).expectancy[:, 0], target, atol=1e-8)
    np.testing.assert_allclose((scaled / mx).std(axis=1), 0, atol=1e-10)


def test_an_expectancy_out_of_reach_is_refused():
    with pytest.raises(RuntimeError, match="no factor"):
        scaled_to_expectancy(gompertz()[3], np.array(np.inf), 0.1)


@pytest.mark.parametrize("bad", [np.nan, -0.1])
def test_bad_rates_are_refused(bad):
    mx = np.full(101, 0.01)
    mx[3] = bad
    with pytest.raises(ValueError, match="finite"):
        life_table(mx, 0.1)


def test_period_expectancy_from_deaths_and_exposure():
    _, years, rest, mx = gompertz()
    exposure = 1e5 * np.append(years[:100], rest)
    exact = life_table(mx, 0.1).expectancy
    np.testing.assert_allclose(period_life_expectancy(mx * exposure, exposure, 0.1), exact)


def test_period_expectancy_of_a_small_sample_pools_its_thin_top():
    _, years, rest, mx = gompertz()
    exposure = np.round(800 * np.append(years[:100], rest))
    deaths = np.round(mx * exposure)
    assert (deaths == 0).any()
    exposure[99:] = 0
    deaths[99:] = 0
    found = period_life_expectancy(deaths, exposure, 0.1)
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(life_table(mx, 0.1).expectancy[0], abs=0.8)


def test_no_deaths_no_expectancy():
    with pytest.raises(ValueError, match="needs deaths"):
        period_life_expectancy(np.zeros(101), np.ones(101), 0.1)


def test_healthy_years_are_the_healthy_share_of_all_years():
    _, years, rest, mx = gompertz()
    exposure = 1e5 * np.append(years[:100], rest)
    people = np.round(exposure)
    whole = period_life_expectancy(mx * exposure, exposure, 0.1)
    healthy = healthy_expectancy(mx * exposure, exposure, 0.75 * people, people, 0.1)
    np.testing.assert_allclose(healthy, 0.75 * whole)


@pytest.mark.parametrize("number", [0, 1, 7])
def test_life_expectancy_of_the_tables_is_met_in_every_year(p, number):
    drawn = p.draw(number, 5)
    years, mx = rates.annual_mx(drawn, "wpp")
    found = life_table(mx, rates.infant_years(drawn)).expectancy[..., 0]
    np.testing.assert_allclose(found, drawn.array("demography.mortality.e0"), atol=0.01)
    assert (years[0], years[-1]) == (1990, 2100)


def test_rates_of_the_age_groups_are_met():
    p = load()
    mx, ages = np.asarray(p.array(MX)), np.array(p.coords(MX, "age_from"))
    single = rates.single_ages(mx, ages, 0.1)
    years = life_table(single, 0.1).years
    groups = np.add.reduceat(single * years, ages, -1) / np.add.reduceat(years, ages, -1)
    np.testing.assert_allclose(groups, mx, rtol=5e-6)


def test_a_calendar_year_takes_from_two_periods():
    mx = np.stack([np.full((2, 3), 0.01), np.full((2, 3), 0.04)])
    starts = np.array([2000, 2005])
    found = rates.calendar_years(mx, starts, np.array([1990, 2002, 2005, 2007, 2050]))[:, 0, 0]
    np.testing.assert_allclose(found[[0, 4]], [0.01, 0.04])
    assert found[1] == pytest.approx(0.01), "the middle of 2002 is before the middle of the period"
    assert found[2] == pytest.approx(0.01 * 4 ** (2.5 / 5))
    assert found[3] == pytest.approx(0.01 * 4 ** (4.5 / 5))


def test_rates_rise_from_age_30_and_are_smooth(p):
    mx = rates.annual_mx(p, "wpp")[1]
    step = np.diff(np.log(mx[..., 30:100]), axis=-1)
    assert step.min() > 0
    assert step.max() < 0.25


def test_the_official_factor_acts_above_50_alone(p):
    official, wpp = (rates.annual_mx(p, c)[1] for c in ("official", "wpp"))
    ratio = official / wpp
    np.testing.assert_allclose(ratio[..., :51], 1, rtol=1e-14)
    factor = np.asarray(p.array("demography.mortality.official_factor"))
    np.testing.assert_allclose(ratio[..., 65:], np.broadcast_to(factor[:, None], (111, 2, 36)))
    np.testing.assert_allclose(ratio[5, :, 57], 1 + (factor - 1) * 7 / 15)


def test_an_unknown_concept_is_named(p):
    with pytest.raises(ValueError, match="'united'; allowed: official, wpp"):
        rates.annual_mx(p, "united")


def test_survival_of_all_ages_adds_up_to_life_expectancy(p):
    _, survival, newborn = rates.annual_survival(p, "wpp")
    found = expectancy_from_survival(newborn, survival)
    np.testing.assert_allclose(found, p.array("demography.mortality.e0"), atol=1e-6)


@pytest.mark.parametrize("number", [0, 4])
def test_fertility_adds_up_to_the_path(p, number):
    drawn = p.draw(number, 5)
    _, asfr = rates.annual_asfr(drawn)
    np.testing.assert_allclose(asfr.sum(axis=1), drawn.array("demography.fertility.tfr"), rtol=1e-9)
    assert asfr.min() >= 0
    assert asfr[:, :10].max() == asfr[:, 55:].max() == 0


def test_fertility_keeps_the_shares_of_age_groups(p):
    _, asfr = rates.annual_asfr(p)
    shares = (asfr[:, 10:55] / asfr.sum(axis=1, keepdims=True)).reshape(111, 9, 5).sum(axis=2)
    pattern = np.asarray(p.array("demography.fertility.age_pattern"))
    np.testing.assert_allclose(shares[10:], pattern, atol=1e-9)
    np.testing.assert_allclose(shares[0], pattern[0], atol=1e-9)


def test_sex_ratio_at_birth(p):
    assert rates.srb(p, 1990) == pytest.approx(1.118)


def test_rates_are_read_only_and_kept(p):
    mx = rates.annual_mx(p)[1]
    with pytest.raises(ValueError, match="read-only"):
        mx[0] = 0
    assert rates.annual_mx(load())[1] is mx
    other = load({"demography.mortality.official_factor": {"value": [1.2, 1.2]}})
    assert rates.annual_mx(other)[1] is not mx
