"""Careers before 2011: plausible by cohort, and the counts and outlay of 2010."""

import numpy as np
import pytest
from songhe.agents import base as base_of_2010
from songhe.agents import luck
from songhe.model import careers
from songhe.model import scheme_membership as sm
from songhe.model import work_rules as wr
from songhe.model.model import SongheModel
from songhe.model.prices import wage
from songhe.parameters.load import load


@pytest.fixture(scope="module")
def p():
    return load()


@pytest.fixture(scope="module")
def past(p):
    return careers.past_of(p)


@pytest.fixture(scope="module")
def model(p, tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    base = base_of_2010.load_or_build(p, 30_000, 2, 0, "official", folder=folder)
    return SongheModel(base, p, luck.key_of(2, 0, 0))


def years_of(people):
    return people["paid_months"] / 12 + people["deemed_years"]


# --- rules


def test_who_came_first_has_the_lowest_place(past):
    years = [careers.joined_in(place, 0.45, past.joined) for place in np.linspace(0.01, 0.99, 60)]
    assert (np.diff(years) >= 0).all()
    assert years[0] == careers.ACCOUNTS
    assert years[-1] == careers.BASE_YEAR
    assert careers.joined_in(0.45, 0.45, past.joined) == 1996
    assert careers.joined_in(0.46, 0.45, past.joined) == 1997


@pytest.mark.parametrize(
    ("began", "since", "ends", "months", "deemed"),
    [
        (1980, 1996, 2011, 180, 16),  # there when accounts began
        (2000, 1996, 2011, 132, 0),  # began after it
        (1980, 2004, 2011, 84, 0),  # joined late: service outside does not count
        (1960, 1996, 1990, 0, 30),  # retired before accounts
        (1940, 1996, 1990, 0, 40),  # no service before 1950
        (1970, 1996, 1996, 0, 26),
    ],
)
def test_paid_months_and_service(past, began, since, ends, months, deemed):
    c = careers.career(began, since, ends, 1.0, past)
    assert (c.paid_months, c.deemed_years) == (months, deemed)
    assert (c.account > 0) == (months > 0)


def test_half_of_the_months_give_half_of_the_account(past):
    whole = careers.career(1990, 1996, 2011, 1.0, past)
    half = careers.career(1990, 1996, 2011, 0.5, past)
    assert half.account == pytest.approx(0.5 * whole.account)
    assert half.paid_months == whole.paid_months // 2


def test_the_account_of_one_year_is_the_rate_on_the_wage(p, past):
    """8 % of the mean wage in 2010, 11 % of the wage of 1996 in that year."""
    assert past.account[-1, -1] == pytest.approx(0.08 * wage(p, 2010) * 100)
    assert past.account[0, 0] == pytest.approx(0.11 * wage(p, 2010) * 100 / 1.14**14)


def test_a_longer_time_never_holds_less(past):
    for first in range(15):
        assert (np.diff(past.account[first, first:]) > 0).all()
    assert (np.diff(past.account[:, -1]) < 0).all()


def test_index_stays_within_the_limits(past):
    assert careers.index_of(0.1, past) == past.lowest
    assert careers.index_of(9.0, past) == past.highest
    assert careers.index_of(1.0, past) == past.base_share


def test_more_years_and_a_higher_index_give_a_larger_pension(past):
    assert careers.first_pension(1.0, 20, past) > careers.first_pension(1.0, 15, past)
    assert careers.first_pension(1.5, 20, past) > careers.first_pension(1.0, 20, past)
    assert careers.first_pension(1.0, 30, past) == pytest.approx(0.3 * past.wage / 12)


def test_older_cohorts_and_more_schooling_were_members_more_often(past):
    assert (np.diff(past.member, axis=0) <= 1e-12).all()
    assert (np.diff(past.member, axis=-1) > 0).all()


# --- the base population


def test_pensioners_are_the_counts_of_2010(model, p):
    """Monte-Carlo error of 30,000 persons, false alarm below 1e-6, and 1 % for another base."""
    people = model.people
    drawn = people["pension"] >= careers.EMPLOYEE
    wanted = p.array(careers.TOPIC + "retired_members").sum()
    found = drawn.sum() * model.weight / 1e6
    share = wanted * 1e6 / (model.weight * people.n)
    error = wanted * np.sqrt((1 - share) / (share * people.n))
    assert abs(found - wanted) < 4.9 * error + 0.01 * wanted


def test_pensioners_are_past_the_age_of_retirement_and_do_not_work(model):
    people = model.people
    drawn = people["pension"] >= careers.EMPLOYEE
    assert people["age"][drawn & (people["sex"] == 0)].min() >= 60
    assert people["age"][drawn & (people["sex"] == 1)].min() >= 50
    assert not people["work"][drawn].any()
    assert (people["scheme"][drawn] == sm.EMPLOYEE).all()
    assert (people["pension_m"][drawn] > 0).all()
    assert not people["pension_m"][~drawn].any()
    assert (people["account_pension_m"] <= people["pension_m"]).all()
    assert not people["account_pension_m"][~drawn].any()  # nobody has a year of paying behind her


def test_the_fund_pays_its_outlay_of_2010(model, p):
    """Mean pension over fund pensioners, to the rounding of single pensions, times its level."""
    people = model.people
    drawn = people["pension"] >= careers.EMPLOYEE
    of_fund = people["pension"] == careers.EMPLOYEE
    mean = people["pension_m"][of_fund].mean() / 100
    assert mean == pytest.approx(p.value(careers.LEVEL) * 1e3 * 1055.49 / 63.05 / 12, rel=1e-4)
    fund, budgets = p.array(careers.TOPIC + "retired_members")
    share, n = budgets / (fund + budgets), drawn.sum()
    found = (people["pension"][drawn] == careers.FROM_PUBLIC).mean()
    assert abs(found - share) < 4.9 * (share * (1 - share) / n) ** 0.5  # false alarm 1e-6


def test_nobody_has_more_years_than_since_sixteen(model):
    people = model.people
    adults = people["age"] >= 16
    assert (years_of(people)[adults] <= people["age"][adults] - 16).all()
    assert not people["paid_months"][~adults].any()


def test_years_rise_with_age_among_members(model):
    people = model.people
    member = (people["scheme"] == sm.EMPLOYEE) & (people["pension"] == 0)
    means = [
        years_of(people)[member & (people["age"] >= a) & (people["age"] < a + 8)].mean()
        for a in (20, 28, 36, 44)
    ]
    assert (np.diff(means) > 0).all()


def test_who_has_a_career_has_an_index_and_members_an_account(model):
    people = model.people
    served = years_of(people) > 0
    index = people["contribution_index"][served] / 1e4
    assert index.min() >= 0.6
    assert index.max() <= 3.0
    assert not people["contribution_index"][~served].any()
    paying = (people["pension"] == 0) & (people["paid_months"] > 0)
    assert (people["employee_account"][paying] > 0).all()
    assert not people["employee_account"][people["paid_months"] == 0].any()


def test_public_staff_have_service_and_paid_nothing(model):
    people = model.people
    public = people["work"] == wr.PUBLIC
    assert not people["paid_months"][public].any()
    assert not people["employee_account"][public].any()
    served = people["deemed_years"][public & (people["age"] >= 40)]
    assert served.mean() > 15


def test_who_left_the_scheme_began_before_accounts_and_stays_with_enough_years(model, p):
    people = model.people
    outside = np.isin(people["work"], (wr.NONE, wr.FARM)) & (people["pension"] == 0)
    served = outside & (years_of(people) > 0)
    assert served.sum() > 100
    assert people["age"][served].min() >= 2011 - 1996 + 16
    enough = years_of(people) >= p.value("work.scheme_membership.secured_years")
    assert (people["scheme"][served & enough] == sm.EMPLOYEE).all()
    assert (people["scheme"][served & ~enough] != sm.EMPLOYEE).all()
