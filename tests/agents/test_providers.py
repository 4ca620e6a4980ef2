"""Providers as Mesa agents: cells, provinces that share an area, copies, who is there."""

import mesa
import numpy as np
import pytest
from songhe.agents.providers import THINNEST_BY_PROVINCE, Provider, Providers, copy_providers


@pytest.fixture
def model():
    return mesa.Model(rng=0)


@pytest.fixture
def small(model):
    return Providers(model, "childcare", 40_000)


def test_a_small_replicate_has_regions_and_a_large_one_provinces(model, small):
    large = Providers(model, "childcare", THINNEST_BY_PROVINCE)
    assert small.shape == (6, 2, 2)
    assert large.shape == (31, 2, 2)
    assert len(large.agents) == 124
    assert all(isinstance(agent, mesa.Agent) for agent in large.agents)


def test_agents_are_known_to_mesa_and_by_name(model, small):
    assert len(model.agents_by_type[Provider]) == 24
    assert small.agents[0].name == "childcare, north, urban, public"
    assert small.agents[-1].name == "childcare, northwest, rural, private"


def test_an_agent_shows_its_cell(small):
    small.places[3], small.enrolled[3], small.staff[3], small.price[3] = 100, 60, 12, 1.5
    agent = small.agents[3]
    assert (agent.places, agent.enrolled, agent.staff, agent.price) == (100, 60, 12, 1.5)
    assert agent.is_open
    assert not small.agents[4].is_open


def test_provinces_share_what_stands_in_their_area(small):
    weight = np.random.default_rng(1).random((31, 2))
    weight[5] = 0.0
    by_cell = np.arange(1.0, 25.0)
    shares = small.to_provinces(by_cell, weight)
    np.testing.assert_allclose(small.in_area(shares).ravel(), by_cell)
    assert not shares[5].any()
    assert shares[6, 0, 1] / shares[7, 0, 1] == pytest.approx(weight[6, 0] / weight[7, 0])


def test_an_area_without_people_has_nothing_to_share(small):
    assert not small.to_provinces(np.ones(24), np.zeros((31, 2))).any()


def test_months_are_those_of_the_year_of_allocation(small):
    small.note(2020, np.array([1, 3], np.uint32), np.array([12, 5], np.uint8))
    assert small.months_of(5, 2020).tolist() == [0, 12, 0, 5, 0]
    with pytest.raises(LookupError, match="childcare: 2021 asked for"):
        small.months_of(5, 2021)
    small.forget()
    with pytest.raises(LookupError):
        small.months_of(5, 2020)


def test_a_copy_is_independent_and_whole(small):
    for name in Providers.COLUMNS:
        column = getattr(small, name)
        column[...] = np.arange(column.size).reshape(column.shape)
    small.opened = True
    twin = copy_providers({"childcare": small}, mesa.Model(rng=0))["childcare"]
    assert twin.shape == small.shape
    assert twin.opened
    for name in Providers.COLUMNS:
        np.testing.assert_array_equal(getattr(twin, name), getattr(small, name))
    twin.places[:] = 0
    assert small.places.sum() > 0
