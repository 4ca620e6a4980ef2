"""The shipped tables add up to what was published, and the fits do what their notes say."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import least_squares
from songhe.parameters.dims import AGES, EDUCATION, MARITAL, PROVINCES, RESIDENCES, SEXES
from songhe.parameters.life_table import cohort_survival, life_table
from songhe.parameters.load import Parameters, load
from songhe.parameters.rates import annual_mx, infant_years, old_age_ramp

Array = NDArray[np.float64]

MALE, FEMALE = SEXES.index("male"), SEXES.index("female")
NEVER, MARRIED = MARITAL.index("never_married"), MARITAL.index("married")
CENSUS_AGES = (0, 1, *range(5, 101, 5))


@pytest.fixture(scope="module")
def p() -> Parameters:
    return load()


def grouped(single: Array, first_ages: tuple[int, ...]) -> Array:
    """Sums of the last axis, single ages 0 ... 100, over groups that start at `first_ages`."""
    return np.asarray(np.add.reduceat(single, first_ages, axis=-1), dtype=np.float64)


# --- counts ------------------------------------------------------------------------------


@pytest.mark.parametrize(("year", "people"), [(2010, 1_332_810_869), (2000, 1_242_612_226)])
def test_census_adds_up_to_the_published_total(p: Parameters, year: int, people: int) -> None:
    census = p.array(f"demography.population.census_{year}")
    assert census.shape == (len(PROVINCES), len(RESIDENCES), len(SEXES), len(CENSUS_AGES))
    assert census.sum() == people


def test_single_ages_are_the_same_people_as_the_census_groups(p: Parameters) -> None:
    census = p.array("demography.population.census_2010").sum(axis=(0, 1))
    single = p.array("demography.population.census_2010_single_age")
    np.testing.assert_array_equal(grouped(single, CENSUS_AGES), census)


def test_older_people_agree_with_the_communique(p: Parameters) -> None:
    single = p.array("demography.population.census_2010_single_age")
    for age in (60, 65):
        published = p.value(f"demography.population.official_{age}plus_2010")
        assert single[:, age:].sum() == pytest.approx(published, rel=1e-3)


def test_published_total_is_the_tables_and_the_uncounted(p: Parameters) -> None:
    single = p.array("demography.population.census_2010_single_age")
    total = single.sum() + p.value("demography.population.uncounted")
    assert total == pytest.approx(1_339_720_000, abs=5_000)


def test_united_nations_count_2010(p: Parameters) -> None:
    assert p.array("demography.population.wpp_2010").sum() == pytest.approx(1351.56e6, abs=5e3)


def test_education_census_covers_everyone_of_six_and_over(p: Parameters) -> None:
    census = p.array("demography.education.census_2010")
    single = p.array("demography.population.census_2010_single_age")
    assert census.sum() == 1_242_546_122
    np.testing.assert_array_equal(census.sum(axis=(0, 1, 3)), single[:, 6:].sum(axis=1))


def test_household_table_adds_up(p: Parameters) -> None:
    households = p.array("demography.households.size_2010")
    assert households.sum() == 401_934_196
    people = p.value("demography.households.population_2010")
    assert households @ np.arange(1, 11) == people
    assert people / households.sum() == pytest.approx(
        float(p.year("demography.households.mean_size", 2010)), abs=0.02
    )


def test_households_have_no_more_generations_than_people(p: Parameters) -> None:
    table = p.array("demography.households.size_by_generations_2000_town")
    assert not table[np.triu_indices_from(table, k=1)].any()


# --- shares ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "axes"),
    [
        ("fertility.age_pattern", 1),
        ("fertility.births_by_education", (1, 2, 3)),
        ("migration_international.age_pattern", (1, 2)),
        ("education.national_2010", 2),
        ("education.attainment_by_cohort", 2),
        ("marital.by_age_2010", 2),
        ("households.generations_2010", 0),
        ("households.generations_rural_2005", 0),
    ],
)
def test_shares_add_up_to_one(p: Parameters, key: str, axes: int | tuple[int, ...]) -> None:
    total = np.asarray(p.array(f"demography.{key}").sum(axis=axes))
    np.testing.assert_allclose(total, 1.0, atol=2e-5)


# --- rates and paths ---------------------------------------------------------------------


def test_path_is_the_estimate_to_2023_and_a_band_after(p: Parameters) -> None:
    for key in ("mortality.e0", "fertility.tfr", "migration_international.net_total"):
        name = f"demography.{key}"
        years = p.coords(name, "year")
        assert years == tuple(range(1990, 2101))
        moved = np.any([p.draw(k, 1).array(name) != p.array(name) for k in (1, 2)], axis=0)
        moved = moved.reshape(len(years), -1).all(axis=1)
        np.testing.assert_array_equal(moved, np.array(years) > 2023)


def test_levels_read_from_the_source(p: Parameters) -> None:
    assert float(p.year("demography.fertility.tfr", 2010)) == pytest.approx(1.68655)
    assert float(p.year("demography.fertility.tfr", 2050)) == pytest.approx(1.18416)
    np.testing.assert_allclose(p.year("demography.mortality.e0", 2020), [75.245, 80.9992])
    net = float(p.year("demography.migration_international.net_total", 2050))
    assert net == pytest.approx(-171.498)


def test_death_rates_rise_with_age_and_men_die_earlier(p: Parameters) -> None:
    mx = p.array("demography.mortality.mx_period")
    adult = mx[:, :, 8:]  # from 35
    assert (np.diff(adult, axis=2) > 0).all()
    assert (adult[:, MALE, :-1] > adult[:, FEMALE, :-1]).all()


def test_recorded_fertility_is_higher_in_the_countryside(p: Parameters) -> None:
    rates = p.array("demography.fertility.census_order_rates")
    total = rates.sum(axis=(0, 2))
    assert not rates[:, :, list(set(AGES) - set(range(15, 50)))].any()
    urban, rural = total
    assert 0.9 < urban < 1.19 < rural < 1.5


def test_migrants_of_a_year_are_its_net_total(p: Parameters) -> None:
    pattern = p.table("demography.migration_international.age_pattern").sel(year=2023)
    net = float(p.year("demography.migration_international.net_total", 2023))
    young = float(pattern.sel(age=slice(15, 34)).sum())
    assert net == pytest.approx(-567.724)
    assert 0.3 < young < 1.0


# --- marital status ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def people_by_status(p: Parameters) -> Array:
    single = p.array("demography.population.census_2010_single_age")
    people = grouped(single[:, 15:], tuple(range(0, 75, 5)))
    return np.asarray(p.array("demography.marital.by_age_2010") * people[:, :, None])


def test_as_many_husbands_as_wives(people_by_status: Array) -> None:
    husbands, wives = people_by_status[:, :, MARRIED].sum(axis=1)
    assert husbands == pytest.approx(wives, rel=1e-5)
    assert husbands == pytest.approx(392.8e6, rel=1e-3)


def test_marital_status_above_sixty_is_that_of_the_census(people_by_status: Array) -> None:
    older = people_by_status[:, 9:].sum(axis=(0, 1))
    published = [0.0178, 0.7055, 0.0078, 0.2689]
    np.testing.assert_allclose(older / older.sum(), published, atol=1e-4)


def test_never_married_below_fifty_is_that_of_the_census(p: Parameters) -> None:
    never = p.array("demography.marital.by_age_2010")[:, :7, NEVER]
    np.testing.assert_allclose(never[MALE, [0, 3, 6]], [0.9937, 0.1262, 0.0312], atol=1e-6)
    np.testing.assert_allclose(never[FEMALE, [0, 3, 6]], [0.9788, 0.0535, 0.0044], atol=1e-6)


def test_ever_married_states_keep_the_proportions_of_the_long_form(
    p: Parameters, people_by_status: Array
) -> None:
    """Apart from the difference between husbands and wives, at most 2 % of the smaller states."""
    form = p.array("demography.marital.census_2010").sum(axis=(0, 1))[:, MARRIED:]
    ours = people_by_status.sum(axis=1)[:, MARRIED:]
    ratio = (ours / ours.sum(axis=1, keepdims=True)) / (form / form.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(ratio, 1.0, atol=0.025)


def test_widowhood_rises_with_age_and_is_more_frequent_among_women(p: Parameters) -> None:
    widowed = p.array("demography.marital.by_age_2010")[:, :, MARITAL.index("widowed")]
    assert (np.diff(widowed, axis=1) >= 0).all()
    assert (widowed[FEMALE, 3:] > widowed[MALE, 3:] * 0.7).all()
    assert (widowed[FEMALE, 7:] > widowed[MALE, 7:]).all()


# --- education ---------------------------------------------------------------------------


def test_education_by_age_meets_the_census_totals(p: Parameters) -> None:
    """Within 1 in 100,000 of each level and sex (shares are shipped to six digits)."""
    shares = p.array("demography.education.national_2010")
    single = p.array("demography.population.census_2010_single_age")
    fitted = np.einsum("sa,sae->se", single[:, 6:], shares[:, 6:])
    census = p.array("demography.education.census_2010").sum(axis=(0, 1))
    np.testing.assert_allclose(fitted, census, rtol=1e-5)


def test_people_past_school_have_the_attainment_of_their_cohort(p: Parameters) -> None:
    now = p.array("demography.education.national_2010")
    final = p.table("demography.education.attainment_by_cohort")
    for age in (25, 40, 60, 90):
        cohort = final.sel(cohort=2010 - age).values
        np.testing.assert_allclose(now[:, age], cohort, atol=1e-5)


def test_pupils_are_at_the_level_of_their_age(p: Parameters) -> None:
    table = np.moveaxis(p.array("demography.education.national_2010"), 2, 0)
    shares = dict(zip(EDUCATION, table, strict=True))
    assert (shares["none"][:, :6] == 1).all()
    assert (shares["primary"][:, 8:12] > 0.99).all()
    assert not shares["upper_secondary"][:, :15].any()
    assert not shares["university"][:, :18].any()


def test_younger_cohorts_are_not_less_educated(p: Parameters) -> None:
    """At least lower secondary: no fall by more than a hundredth from one cohort to the next."""
    final = p.array("demography.education.attainment_by_cohort")
    reached = final[:, :, EDUCATION.index("lower_secondary") :].sum(axis=2)
    assert (np.diff(reached, axis=1) > -0.01).all()


def test_enrolment_of_2015_is_near_the_bulletin(p: Parameters) -> None:
    """Senior secondary 87.0 %; tertiary 40.0 % with adult students, whom the curves leave out."""
    final = p.table("demography.education.attainment_by_cohort")
    upper = final.sel(cohort=slice(1998, 2000), education=list(EDUCATION[3:]))
    assert float(upper.sum("education").mean()) == pytest.approx(0.87, abs=0.03)
    students = final.sel(cohort=slice(1993, 1997))
    college, university = (students.sel(education=k).mean() for k in ("college", "university"))
    assert 0.32 < float((3 * college + 4 * university) / 5) < 0.40


# --- the official factor -----------------------------------------------------------------


def official_base(p: Parameters) -> Array:
    """People by sex and single age, 1 November 2010, under the official concept."""
    people = np.array(p.array("demography.population.census_2010_single_age"))
    people[:, :25] *= np.repeat(p.array("demography.population.official_correction"), 5, axis=1)
    servicemen = p.value("demography.population.uncounted_young_men")
    rest = p.value("demography.population.uncounted") - servicemen
    added = np.zeros_like(people)
    added[:, 15:60] = rest * people[:, 15:60] / people[:, 15:60].sum()
    added[MALE, 18:25] += servicemen * people[MALE, 18:25] / people[MALE, 18:25].sum()
    return np.asarray(people + added, dtype=np.float64)


def year_ends(people: Array, rates: Array, infant: float) -> Iterator[Array]:
    """Stocks of 31 December 2011-2015 (no births: they are too young to matter).

    rates : float64[year from 2010, sex, age]. Two months first: survivors, a sixth of
    whom has a birthday.
    """
    people = people * np.exp(-rates[0] / 6)
    moved = people / 6
    moved[:, -1] = 0
    people = people - moved
    people[:, 1:] += moved[:, :-1]
    for mx in rates[1:]:
        survivors = people * cohort_survival(mx, infant)
        survivors[:, -2] += survivors[:, -1]
        people = np.concatenate([np.zeros((2, 1)), survivors[:, :-1]], axis=1)
        yield people


def test_official_factor_is_the_fit_that_its_note_describes(p: Parameters) -> None:
    years, mx = annual_mx(p, "wpp")
    rates = mx[(years >= 2010) & (years <= 2015)]
    weight = old_age_ramp(*p.array("demography.mortality.official_factor_ramp"))
    base, infant = official_base(p), infant_years(p)
    older = p.array("demography.targets.population_60plus")
    oldest = p.array("demography.targets.population_65plus_revised")
    e0 = p.array("demography.targets.e0")

    def misfit(log_factor: Array) -> Array:
        ours = rates * (1 + (np.exp(log_factor)[:, None] - 1) * weight)
        stocks = np.stack(list(year_ends(base, ours, infant)))
        lived = life_table(ours[[0, 5]], infant).expectancy[:, :, 0]
        return np.concatenate(
            [
                np.log(stocks[:, :, 60:].sum(axis=(1, 2)) / older) / 0.005,
                np.log(stocks[:, :, 65:].sum(axis=(1, 2)) / oldest) / 0.005,
                (lived - e0).ravel() / 0.5,
                log_factor / 0.10,
            ]
        )

    fitted = least_squares(misfit, np.zeros(2)).x
    shipped = p.array("demography.mortality.official_factor")
    np.testing.assert_allclose(np.exp(fitted), shipped, atol=2e-3)
