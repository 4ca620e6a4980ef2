"""Yearly flows of movers between places, made from two censuses and a few assumptions.

Decides no behaviour: it answers how strongly each province and residence sends people to
each other one, at the average age. The net change of 2000-2010 beyond ageing and death is
met exactly by province; the size of the flows behind it is assumed
(`migration_internal.yaml`), and what one place gains another loses, in the manner of a
log-linear model: a flow grows with the people at both ends, with the difference in
attraction between them and with a common region. Leaves out age, sex and schooling.

Source: forward survival ratios after Preston, Heuveline and Guillot (2001), ch. 3, taken
from the two censuses themselves, so that gains and losses add up to zero at every age.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .dims import REGION_OF_PROVINCE
from .load import Parameters

Array = NDArray[np.float64]

DECADE = 10.0
GROUPS = 2  # five-year groups that a cohort passes in the decade
URBAN, RURAL = 0, 1
_ROUNDS = 60
_CLOSE = 1e-10  # relative to all moves


class Flows(NamedTuple):
    """Yearly moves per person of the average age.

    hazard : float64[province, residence, residence of arrival], events per person-year
    share : float64[province, residence, residence of arrival, province of arrival], sums
        to one over the last axis wherever there is a hazard; nobody moves to the own place
    """

    hazard: Array
    share: Array


def net_change(before: Array, after: Array) -> Array:
    """Persons a year gained by moves and reclassification, float64[province, residence].

    before, after : float64[province, residence, sex, group], persons at two censuses ten
        years apart; groups 0, 1-4, 5-9, ..., the last open. People born between the two
        are left out. Each cohort survives everywhere as in the whole country.
    """
    before, after = _five_year(before), _five_year(after)
    later = after[..., GROUPS:]
    earlier = before[..., :-GROUPS].copy()
    earlier[..., -1] += before[..., -GROUPS:].sum(axis=-1)
    survival = later.sum(axis=(0, 1)) / earlier.sum(axis=(0, 1))
    change: Array = (later - earlier * survival).sum(axis=(2, 3)) / DECADE
    return change


def _five_year(people: Array) -> Array:
    """Groups 0 and 1-4 made one."""
    joined = people[..., 1:].copy()
    joined[..., 0] += people[..., 0]
    return joined


def between_provinces(people: Array, gain: Array, total: float, pull: Array) -> Array:
    """Moves a year between provinces, float64[from, to], zero on the diagonal.

    people : float64[province], persons
    gain : float64[province], wanted arrivals less departures, sums to zero
    total : all moves a year
    pull : float64[from, to], factor of nearness

    ValueError if no flows of that total give the gains.
    """
    people = people / people.sum()
    base = np.outer(people, people) * pull
    np.fill_diagonal(base, 0.0)
    attraction = np.zeros(len(people))
    for _ in range(_ROUNDS):
        flow = base * np.exp(attraction[None, :] - attraction[:, None])
        flow *= total / flow.sum()
        miss = gain - (flow.sum(axis=0) - flow.sum(axis=1))
        if np.abs(miss).max() < _CLOSE * total:
            return flow
        attraction += np.clip(np.linalg.lstsq(_slope(flow), miss, rcond=None)[0], -1.0, 1.0)
    raise ValueError(f"{total:g} moves a year between provinces cannot give the net change")


def _slope(flow: Array) -> Array:
    """Change of net gains with attraction, at a constant total of all moves."""
    total = flow.sum()
    gains = flow.sum(axis=0) - flow.sum(axis=1)
    slope = np.diag(flow.sum(axis=0) + flow.sum(axis=1)) - flow - flow.T
    return np.asarray(slope - np.outer(gains, gains) / total)


def places(
    flow: Array, people: Array, rural_origin: float, urban_arrival: float
) -> tuple[Array, Array]:
    """Share of a province's departures by residence, and of its arrivals, float64[2, province].

    rural_origin : hazard of leaving from the countryside against the town
    urban_arrival : share of all arrivals in towns; weighted by people in each province
    """
    weight = people * np.array([1.0, rural_origin])
    leaving = (weight / weight.sum(axis=1, keepdims=True)).T
    arrivals = flow.sum(axis=0)
    low, high = -20.0, 20.0
    for _ in range(_ROUNDS):
        middle = 0.5 * (low + high)
        urban = 1.0 / (1.0 + np.exp(-middle) * people[:, RURAL] / people[:, URBAN])
        low, high = (
            (middle, high)
            if (urban * arrivals).sum() < urban_arrival * arrivals.sum()
            else (low, middle)
        )
    return leaving, np.stack([urban, 1.0 - urban])


def flows(p: Parameters) -> Flows:
    """Moves per person-year between all places, from the shipped or drawn parameters."""

    def v(name: str) -> float:
        return p.value(f"demography.migration_internal.{name}")

    before = p.array("demography.population.census_2000")
    after = p.array("demography.population.census_2010")
    people, gain = after.sum(axis=(2, 3)), net_change(before, after)
    region = np.array(REGION_OF_PROVINCE)
    pull = np.exp(v("same_region") * (region[:, None] == region[None, :]))
    total = v("gross_between_provinces") * people.sum()
    flow = between_provinces(people.sum(axis=1), gain.sum(axis=1), total, pull)
    leaving, arriving = places(flow, people, v("rural_origin"), v("urban_arrival"))
    moves = np.einsum("ij,ri,sj->irsj", flow, leaving, arriving)
    town_gain = (arriving[URBAN] * flow.sum(axis=0)) - leaving[URBAN] * flow.sum(axis=1)
    back = v("to_countryside") * people[:, URBAN]
    migrants = gain[:, URBAN] - v("share_reclassified") * np.maximum(gain[:, URBAN], 0.0)
    least = v("least_to_town") * people[:, RURAL]
    own = np.arange(len(people))
    moves[own, RURAL, URBAN, own] = np.maximum(migrants - town_gain + back, least)
    moves[own, URBAN, RURAL, own] = back
    leaving_to = moves.sum(axis=3)
    return Flows(leaving_to / people[:, :, None], moves / leaving_to[..., None])
