"""Ages of retirement: the table of steps as printed, choice of time, and laws that are refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.model import age_link
from songhe.model import retirement_rules as rr
from songhe.parameters.dims import RETIREMENT_CLASSES
from songhe.parameters.load import load

POLICY = "policies.retirement."
MALE, FEMALE = 0, 1
compiling = settings(deadline=None, derandomize=True)  # the first call compiles

# First and last month of birth, months of delay: row by row, without a formula.
STEPS = {
    "men": """
        1960-01 1964-12 0 | 1965-01 1965-04 1 | 1965-05 1965-08 2 | 1965-09 1965-12 3
        1966-01 1966-04 4 | 1966-05 1966-08 5 | 1966-09 1966-12 6 | 1967-01 1967-04 7
        1967-05 1967-08 8 | 1967-09 1967-12 9 | 1968-01 1968-04 10 | 1968-05 1968-08 11
        1968-09 1968-12 12 | 1969-01 1969-04 13 | 1969-05 1969-08 14 | 1969-09 1969-12 15
        1970-01 1970-04 16 | 1970-05 1970-08 17 | 1970-09 1970-12 18 | 1971-01 1971-04 19
        1971-05 1971-08 20 | 1971-09 1971-12 21 | 1972-01 1972-04 22 | 1972-05 1972-08 23
        1972-09 1972-12 24 | 1973-01 1973-04 25 | 1973-05 1973-08 26 | 1973-09 1973-12 27
        1974-01 1974-04 28 | 1974-05 1974-08 29 | 1974-09 1974-12 30 | 1975-01 1975-04 31
        1975-05 1975-08 32 | 1975-09 1975-12 33 | 1976-01 1976-04 34 | 1976-05 1976-08 35
        1976-09 1990-12 36
    """,
    "women_55": """
        1960-01 1969-12 0 | 1970-01 1970-04 1 | 1970-05 1970-08 2 | 1970-09 1970-12 3
        1971-01 1971-04 4 | 1971-05 1971-08 5 | 1971-09 1971-12 6 | 1972-01 1972-04 7
        1972-05 1972-08 8 | 1972-09 1972-12 9 | 1973-01 1973-04 10 | 1973-05 1973-08 11
        1973-09 1973-12 12 | 1974-01 1974-04 13 | 1974-05 1974-08 14 | 1974-09 1974-12 15
        1975-01 1975-04 16 | 1975-05 1975-08 17 | 1975-09 1975-12 18 | 1976-01 1976-04 19
        1976-05 1976-08 20 | 1976-09 1976-12 21 | 1977-01 1977-04 22 | 1977-05 1977-08 23
        1977-09 1977-12 24 | 1978-01 1978-04 25 | 1978-05 1978-08 26 | 1978-09 1978-12 27
        1979-01 1979-04 28 | 1979-05 1979-08 29 | 1979-09 1979-12 30 | 1980-01 1980-04 31
        1980-05 1980-08 32 | 1980-09 1980-12 33 | 1981-01 1981-04 34 | 1981-05 1981-08 35
        1981-09 1990-12 36
    """,
    "women_50": """
        1960-01 1974-12 0 | 1975-01 1975-02 1 | 1975-03 1975-04 2 | 1975-05 1975-06 3
        1975-07 1975-08 4 | 1975-09 1975-10 5 | 1975-11 1975-12 6 | 1976-01 1976-02 7
        1976-03 1976-04 8 | 1976-05 1976-06 9 | 1976-07 1976-08 10 | 1976-09 1976-10 11
        1976-11 1976-12 12 | 1977-01 1977-02 13 | 1977-03 1977-04 14 | 1977-05 1977-06 15
        1977-07 1977-08 16 | 1977-09 1977-10 17 | 1977-11 1977-12 18 | 1978-01 1978-02 19
        1978-03 1978-04 20 | 1978-05 1978-06 21 | 1978-07 1978-08 22 | 1978-09 1978-10 23
        1978-11 1978-12 24 | 1979-01 1979-02 25 | 1979-03 1979-04 26 | 1979-05 1979-06 27
        1979-07 1979-08 28 | 1979-09 1979-10 29 | 1979-11 1979-12 30 | 1980-01 1980-02 31
        1980-03 1980-04 32 | 1980-05 1980-06 33 | 1980-07 1980-08 34 | 1980-09 1980-10 35
        1980-11 1980-12 36 | 1981-01 1981-02 37 | 1981-03 1981-04 38 | 1981-05 1981-06 39
        1981-07 1981-08 40 | 1981-09 1981-10 41 | 1981-11 1981-12 42 | 1982-01 1982-02 43
        1982-03 1982-04 44 | 1982-05 1982-06 45 | 1982-07 1982-08 46 | 1982-09 1982-10 47
        1982-11 1982-12 48 | 1983-01 1983-02 49 | 1983-03 1983-04 50 | 1983-05 1983-06 51
        1983-07 1983-08 52 | 1983-09 1983-10 53 | 1983-11 1983-12 54 | 1984-01 1984-02 55
        1984-03 1984-04 56 | 1984-05 1984-06 57 | 1984-07 1984-08 58 | 1984-09 1984-10 59
        1984-11 1990-12 60
    """,
}  # fmt: skip
OLD_YEARS = {"men": 60, "women_55": 55, "women_50": 50}


def steps(name):
    """(first, last, delay) of each row; months numbered from the year 0."""
    rows = [row.split() for line in STEPS[name].strip().splitlines() for row in line.split("|")]
    return [(number(first), number(last), int(delay)) for first, last, delay in rows]


def number(text):
    return month_number(*map(int, text.split("-")))


def month_number(year, month):
    return 12 * year + month - 1


@pytest.fixture(scope="module")
def law():
    return rr.retirement_of(load())


# --- the steps


@pytest.mark.parametrize("name", RETIREMENT_CLASSES)
def test_every_month_of_birth_has_the_age_of_the_table(law, name):
    seen = 0
    for first, last, delay in steps(name):
        for born in range(first, last + 1):
            age = rr.statutory_age(RETIREMENT_CLASSES.index(name), MALE, born, law)
            assert age == OLD_YEARS[name] * 12 + delay, divmod(born, 12)
            seen += 1
    assert seen == 31 * 12  # 1960-01 to 1990-12, each once


@pytest.mark.parametrize("name", RETIREMENT_CLASSES)
def test_rows_of_the_table_follow_each_other(name):
    rows = steps(name)
    assert all(b[0] == a[1] + 1 and b[2] == a[2] + 1 for a, b in pairwise(rows))


@pytest.mark.parametrize(
    ("class_", "born", "years", "months", "source"),
    [
        (rr.MEN, "1964-12", 60, 0, "decision of 2024: men born before 1965 as before"),
        (rr.MEN, "1965-01", 60, 1, "first affected birth month"),
        (rr.MEN, "1976-09", 63, 0, "first with the new age"),
        (rr.MEN, "2100-01", 63, 0, "all later ones"),
        (rr.WOMEN_55, "1969-12", 55, 0, "women of 55 born before 1970 as before"),
        (rr.WOMEN_55, "1981-09", 58, 0, "first with the new age"),
        (rr.WOMEN_50, "1974-12", 50, 0, "women of 50 born before 1975 as before"),
        (rr.WOMEN_50, "1984-11", 55, 0, "first with the new age"),
        (rr.MEN, "1930-01", 60, 0, "long before"),
    ],
)
def test_ages_that_the_decision_names(law, class_, born, years, months, source):
    age = rr.statutory_age(class_, MALE, number(born), law)
    assert divmod(age, 12) == (years, months), source


@pytest.mark.parametrize(
    ("year", "months"),
    [(2010, 180), (2029, 180), (2030, 186), (2031, 192), (2032, 198), (2033, 204), (2034, 210),
     (2035, 216), (2036, 222), (2037, 228), (2038, 234), (2039, 240), (2060, 240)],
)  # fmt: skip
def test_minimum_years_by_the_year_of_the_statutory_age(law, year, months):
    for month in (1, 12):
        assert rr.months_needed(month_number(year - 60, month), 720, law) == months


# --- laws of scenarios


def changed(**changes):
    return {POLICY + name: change for name, change in changes.items()}


def test_ages_stay_where_the_pace_is_zero():
    still = rr.retirement_of(load(changed(pace={"2025-01-01": [0, 0, 0]})))
    assert (still.ages == still.old_ages[:, None]).all()


def test_a_start_beyond_the_horizon_keeps_the_ages():
    p = load(changed(pace={"2025-01-01": [0, 0, 0], "2190-01-01": [4, 4, 2]}))
    ages = rr.retirement_of(p)
    assert (ages.ages == ages.old_ages[:, None]).all()


def test_a_new_pace_goes_on_from_the_delay_that_is_reached(law):
    faster = rr.retirement_of(load(changed(pace={"2035-01-01": [2, 2, 1]})))
    born = month_number
    before, after = born(1974, 12), born(1975, 6)  # 60 in December 2034 and in June 2035
    assert faster.ages[rr.MEN, before - born(1880, 1)] == 720 + 30
    assert law.ages[rr.MEN, before - born(1880, 1)] == 720 + 30
    assert faster.ages[rr.MEN, after - born(1880, 1)] == 720 + 30 + 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed(pace={"2025-01-01": [-4, 4, 2]}), "age of men changes by -1"),
        (changed(most_delay={"2040-01-01": [12, 36, 60]}), "retire no earlier"),
        (changed(pace={"2025-01-01": [4, 0.2, 2]}), "age of women_55 changes by 5"),
        (changed(pace={"2025-01-01": [4, 4, 0.5]}), "birth month 1975-01"),
    ],
)
def test_a_law_that_turns_back_or_leaves_a_hole_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        rr.statutory_ages(load(change))


# --- a link to life expectancy

LINK = {"2030-01-01": 2 / 3}


def test_the_link_adds_two_thirds_of_the_gain_since_its_year(law):
    p = load(changed(link_share=LINK))
    linked = rr.retirement_of(p)
    years, e60 = age_link.expectancy(p)
    path = dict(zip(years.tolist(), e60.tolist(), strict=True))
    for class_, name in enumerate(RETIREMENT_CLASSES):
        for reached in (2045, 2070):  # after the delay of the law is complete
            born = month_number(reached, 7) - law.ages[class_, -1]
            added = int(linked.ages[class_, born - month_number(1880, 1)] - law.ages[class_, -1])
            start = (path[2029] + path[2030]) / 2  # years stand at their middle
            assert 0 <= added - 12 * 2 / 3 * (path[reached] - start) < 1.0, name


def test_nobody_who_reaches_the_age_before_the_link_is_concerned(law):
    linked = rr.retirement_of(load(changed(link_share=LINK)))
    for class_ in range(len(RETIREMENT_CLASSES)):
        reached = np.arange(law.ages.shape[1]) + month_number(1880, 1) + law.ages[class_]
        before = reached < month_number(2030, 1)
        assert (linked.ages[class_][before] == law.ages[class_][before]).all()
        assert (linked.ages[class_] >= law.ages[class_]).all()
        assert (linked.ages[class_][reached > month_number(2032, 1)]
                > law.ages[class_][reached > month_number(2032, 1)]).all()  # fmt: skip


def test_a_link_that_ends_keeps_what_was_added(law):
    ended = rr.retirement_of(load(changed(link_share=LINK | {"2050-01-01": 0.0})))
    added = ended.ages[:, -1] - law.ages[:, -1]
    assert (added == added[0]).all()
    assert 12 <= added[0] <= 24


def test_expectancy_that_falls_lowers_no_age():
    _, e60 = age_link.expectancy(load())
    assert (np.diff(e60) >= 0).all()


# --- class and choice


@pytest.mark.parametrize(
    ("sex", "education", "flexible", "u", "special", "expected"),
    [
        (MALE, 5, False, 0.01, False, rr.MEN),
        (FEMALE, 3, False, 0.39, False, rr.WOMEN_55),
        (FEMALE, 3, False, 0.41, False, rr.WOMEN_50),
        (FEMALE, 5, False, 0.84, False, rr.WOMEN_55),
        (FEMALE, 1, True, 0.99, False, rr.WOMEN_55),
        (FEMALE, 1, False, 0.99, True, rr.SPECIAL),
        (MALE, 1, False, 0.99, True, rr.SPECIAL),
    ],
)
def test_class_of_a_person(law, sex, education, flexible, u, special, expected):
    assert rr.class_of(sex, education, flexible, u, special, law) == expected


@pytest.mark.parametrize(("sex", "years"), [(MALE, 55), (FEMALE, 45)])
def test_heavy_work_ends_earlier_and_without_delay(law, sex, years):
    assert rr.statutory_age(rr.SPECIAL, sex, number("1985-06"), law) == years * 12
    assert rr.old_age(rr.SPECIAL, sex, law) == years * 12


@pytest.mark.parametrize(
    ("born", "u", "at_work", "years", "months", "why"),
    [
        ("1966-09", 0.10, True, 60, 0, "half a year of delay: early means at the old age"),
        ("1980-01", 0.10, True, 60, 0, "three years early of 63 is the old age"),
        ("1980-01", 0.36, True, 63, 0, "the middle at the statutory age"),
        ("1980-01", 0.97, True, 66, 0, "three years late"),
        ("1980-01", 0.97, False, 63, 0, "nobody is late without work"),
        ("1964-11", 0.97, True, 60, 0, "no choice before 2025"),
    ],
)
def test_time_of_claiming_under_the_offered_shares(born, u, at_work, years, months, why):
    chosen = rr.retirement_of(load(responses="assumed"))
    statutory = rr.statutory_age(rr.MEN, MALE, number(born), chosen)
    age = rr.claim_age(statutory, 720, number(born), at_work, u, chosen)
    assert divmod(age, 12) == (years, months), why


def test_everybody_claims_at_the_statutory_age_as_shipped(law):
    for u in np.linspace(0.001, 0.999, 25):
        assert rr.claim_age(750, 720, number("1974-12"), True, u, law) == 750


@compiling
@given(st.integers(number("1950-01"), number("2060-12")), st.sampled_from([0, 1, 2]))
def test_nobody_claims_before_the_old_age_or_after_the_latest(born, class_):
    r = rr.retirement_of(load(responses="assumed"))
    old, statutory = rr.old_age(class_, FEMALE, r), rr.statutory_age(class_, FEMALE, born, r)
    for u in (0.0001, 0.5, 0.9999):
        assert old <= rr.claim_age(statutory, old, born, True, u, r) <= statutory + 36


@pytest.mark.parametrize(
    ("missing", "since", "u", "extends"),
    [(60, 0, 0.1, True), (61, 0, 0.1, False), (12, 48, 0.1, True), (13, 48, 0.1, False),
     (1, 0, 0.9, False)],
)  # fmt: skip
def test_who_lacks_months_pays_on_for_five_years_at_most(law, missing, since, u, extends):
    assert rr.may_extend(missing, since, u, law) == extends


@pytest.mark.parametrize(
    ("age_months", "year", "first"),
    [(720, 2024, 4), (720, 2025, 1), (720, 2023, 13), (729, 2024, 13), (729, 2025, 1),
     (730, 2025, 2)],
)  # fmt: skip
def test_a_pension_begins_in_the_month_after_the_age(age_months, year, first):
    assert rr.month_of_year(number("1964-03"), age_months, year) == first
