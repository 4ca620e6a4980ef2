"""The shell: years one after another, people in words, what Mesa collects, branches."""

import numpy as np
import pytest
from songhe.agents import base as base_of_2010
from songhe.agents import luck
from songhe.agents.institutions import Fund
from songhe.agents.providers import Provider
from songhe.model.model import Options, SongheModel
from songhe.parameters.dims import FUNDS
from songhe.parameters.load import load


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    return base_of_2010.load_or_build(load(), 3_000, 2, 0, "official", folder=folder)


@pytest.fixture(scope="module")
def model(base):
    lived = SongheModel(base, load(), luck.key_of(2, 0, 0), options=Options(collect=True))
    for year in lived:
        if year == 2013:
            return lived


def test_a_year_follows_the_other(model):
    assert sorted(model.tally.years) == [2010, 2011, 2012, 2013]
    assert "births" not in model.tally.years[2010]


def test_the_base_is_left_as_it_was(base, model):
    fresh = SongheModel(base, load(), luck.key_of(2, 0, 0))
    assert fresh.people.n == base.people.n == 3_000
    assert (fresh.tally.years[2010]["population"] == model.tally.years[2010]["population"]).all()


def same_tables(one, other, year):
    a, b = one.tally.years[year], other.tally.years[year]
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def test_a_model_that_takes_the_base_over_lives_the_same_years_in_its_memory(base, model):
    own = base._replace(people=base.people.copy())
    ages = own.people["age"]
    lived = SongheModel(own, load(), luck.key_of(2, 0, 0), takes_over=True)
    assert np.shares_memory(lived.people["age"], ages)
    while lived.year < 2013:
        lived.step()
    assert all(same_tables(lived, model, year) for year in range(2010, 2014))


def test_a_branch_that_takes_over_lives_as_a_copy_does(model):
    kept = model.branch(load(), solves_anew=True)
    ages = kept.people["age"]
    copied = kept.branch(load(), solves_anew=True)
    taken = kept.branch(load(), solves_anew=True, takes_over=True)
    assert np.shares_memory(taken.people["age"], ages)
    assert kept.people.n == 0
    assert same_tables(kept, model, 2013), "what was counted stays"
    for twin in (copied, taken):
        twin.step()
    assert same_tables(copied, taken, 2014)


def test_a_person_in_words_agrees_with_her_household(model):
    people = model.people
    row = np.flatnonzero((people["alive"] == 1) & (people["partner"] >= 0))[0]
    person = model.person(int(people["id"][row]))
    assert person == model.person(person.id)
    partner = model.person(person.partner)
    assert partner.partner == person.id
    assert {person.marital, partner.marital} == {"married"}
    if person.household is not None:
        assert person in model.household(person.household).members


def test_parents_and_children_know_each_other(model):
    people = model.people
    row = np.flatnonzero((people["alive"] == 1) & (people["mother"] >= 0))[0]
    child = model.person(int(people["id"][row]))
    assert child.id in model.person(child.mother).children


def test_nobody_of_that_number(model):
    with pytest.raises(LookupError, match=r"person 999999: nobody alive"):
        model.person("999999")
    with pytest.raises(LookupError, match=r"household -1: nobody lives"):
        model.household(-1)


def test_mesa_collects_years_and_funds(model):
    years = model.datacollector.get_model_vars_dataframe()
    assert list(years["year"]) == [2011, 2012, 2013]
    assert list(years["population"]) == [
        int(model.tally.years[year]["population"].sum()) for year in years["year"]
    ]
    funds = model.datacollector.get_agenttype_vars_dataframe(Fund)
    assert set(funds["fund"]) == set(FUNDS)
    providers = model.datacollector.get_agenttype_vars_dataframe(Provider)
    assert len(providers) == 3 * (24 + 24)  # years; nurseries and kindergartens of six regions
    assert (providers["enrolled"] <= providers["places"]).all()


def test_a_branch_leaves_its_origin_alone(model):
    before = {name: model.people[name].copy() for name in model.people.columns}
    branch = model.branch(load(), solves_anew=True)
    branch.step()
    assert branch.year == model.year + 1
    assert all(np.array_equal(before[name], model.people[name]) for name in before)
    assert 2014 not in model.tally.years
