"""Flows between places: net changes met, nothing gained or lost on the way."""

import numpy as np
import pytest
from songhe.parameters.dims import REGION_OF_PROVINCE
from songhe.parameters.flows import between_provinces, flows, net_change, places
from songhe.parameters.load import load

URBAN, RURAL = 0, 1
KEY = "demography.migration_internal."


@pytest.fixture(scope="module")
def census():
    p = load()
    return tuple(p.array(f"demography.population.census_{year}") for year in (2000, 2010))


@pytest.fixture(scope="module")
def people(census):
    return census[1].sum(axis=(2, 3))


def test_what_one_place_gains_another_loses(census):
    change = net_change(*census)
    assert change.sum() == pytest.approx(0, abs=1e-3)
    assert change[:, URBAN].sum() > 0


def test_without_moves_nothing_changes():
    """Everywhere the same people and the same survival."""
    before = np.ones((3, 2, 2, 21)) * np.arange(1, 4)[:, None, None, None]
    after = before * 0.9
    assert net_change(before, after) == pytest.approx(0, abs=1e-12)


def test_a_move_between_censuses_is_found():
    before = np.full((2, 1, 1, 21), 1000.0)
    after = np.full((2, 1, 1, 21), 1000.0)
    after[0, 0, 0, 8] += 50
    after[1, 0, 0, 8] -= 50
    assert net_change(before, after)[:, 0] == pytest.approx([5.0, -5.0])


def test_gains_and_the_total_of_moves_are_met_exactly(people, census):
    gain, region = net_change(*census).sum(axis=1), np.array(REGION_OF_PROVINCE)
    pull = np.exp(1.2 * (region[:, None] == region))
    flow = between_provinces(people.sum(axis=1), gain, 0.0085 * people.sum(), pull)
    assert flow.sum(axis=0) - flow.sum(axis=1) == pytest.approx(gain, rel=1e-6, abs=1.0)
    assert flow.sum() == pytest.approx(0.0085 * people.sum())
    assert (flow >= 0).all()
    assert (np.diag(flow) == 0).all()


def test_nearness_draws_more_people(people):
    pull = np.ones((31, 31))
    near = pull.copy()
    near[0, 1] = 4.0
    even = np.zeros(31)
    plain, drawn = (between_provinces(people.sum(axis=1), even, 1e6, x) for x in (pull, near))
    assert drawn[0, 1] / plain[0, 1] > 3.5


def test_gains_beyond_all_moves_are_an_error():
    gain = np.array([1000.0, -1000.0, 0.0])
    with pytest.raises(ValueError, match="cannot give the net change"):
        between_provinces(np.ones(3), gain, 500.0, np.ones((3, 3)))


def test_departures_and_arrivals_are_shared_between_town_and_countryside(people):
    flow = np.outer(people.sum(axis=1), np.ones(31))
    leaving, arriving = places(flow, people, 2.5, 0.8)
    assert leaving.sum(axis=0) == pytest.approx(1)
    assert arriving.sum(axis=0) == pytest.approx(1)
    arrivals = flow.sum(axis=0)
    assert (arriving[URBAN] * arrivals).sum() == pytest.approx(0.8 * arrivals.sum())
    hazard = leaving.T / people
    assert hazard[:, RURAL] / hazard[:, URBAN] == pytest.approx(2.5)


def test_every_place_sends_somewhere_else_and_nowhere_to_itself(people):
    found = flows(load())
    assert (found.hazard > 0).all()
    assert found.share.sum(axis=-1) == pytest.approx(1)
    own = np.arange(31)
    for residence in (URBAN, RURAL):
        assert (found.share[own, residence, residence, own] == 0).all()


def test_people_of_2010_between_provinces_move_at_the_entry_s_rate(people):
    found, p = flows(load()), load()
    moves = (people[:, :, None] * found.hazard)[..., None] * found.share
    own = np.arange(31)
    within = moves[own, :, :, own].sum()
    rate = (moves.sum() - within) / people.sum()
    assert rate == pytest.approx(p.value(KEY + "gross_between_provinces"))


def test_towns_gain_what_is_not_reclassified(people, census):
    """By province, except where the least hazard to town stands in the way."""
    found, p = flows(load()), load()
    moves = (people[:, :, None] * found.hazard)[..., None] * found.share
    gain = moves.sum(axis=(0, 1))[URBAN] - moves.sum(axis=(2, 3))[:, URBAN]
    town = net_change(*census)[:, URBAN]
    wanted = town - p.value(KEY + "share_reclassified") * np.maximum(town, 0)
    free = found.hazard[:, RURAL, URBAN] > 0.004
    least = p.value(KEY + "least_to_town") * people[:, RURAL]
    own = np.arange(31)
    bound = moves[own, RURAL, URBAN, own] <= least * (1 + 1e-9)
    assert (~bound).sum() > 20
    assert gain[~bound] == pytest.approx(wanted[~bound], rel=1e-6, abs=1.0)
    assert (gain[bound] >= wanted[bound] - 1.0).all()
    assert free.any()
