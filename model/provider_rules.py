"""Rules of one provider and one year: how many places there are next, and at what price.

Decides for all nurseries or kindergartens of one area, residence and ownership the places of
a year from those of the year before, what is planned, and how full they were. Up to the last
year of evidence places are as planned. Then exits are replaced as far as plan or children need
them, what the plan lacks is opened where anybody asks, and who stays nearly empty for some
years closes down to its children; without children that is all of it. Growth by full places
and prices that follow occupancy ship without effect. Source: the entries of the policy;
the pattern of care institutions. Leaves out single buildings, sizes and quality.
"""

from typing import Any, NamedTuple

import numpy as np

from ..agents.compiled import kernel, rule
from ..agents.providers import Providers
from ..parameters.load import Parameters

LOWEST_PRICE, HIGHEST_PRICE = 0.5, 2.0


class ProviderRules(NamedTuple):
    """What providers of a kind go by.

    follows : places are those planned, as in years of evidence
    exits : share of places that end each year; full : occupancy that is aimed at
    low, patience : occupancy below which, and years after which, places close
    growth, lag : places started per place and point above full; years until they open
    price_response : change of the log of the price per point of occupancy above full
    """

    follows: bool
    exits: float
    full: float
    low: float
    patience: int
    growth: float
    lag: int
    price_response: float


@rule
def occupancy(enrolled: float, places: float) -> float:
    """Share of places that are taken; nothing where there is none."""
    return enrolled / places if places > 0.0 else 0.0


@rule
def years_of_low(low_years: int, enrolled: float, places: float, r: ProviderRules) -> int:
    """Years in a row in which a provider with places was nearly empty."""
    return low_years + 1 if places > 0.0 and occupancy(enrolled, places) < r.low else 0


@rule
def next_places(
    places: float, plan: float, enrolled: float, wanted: float, low_years: int, due: float,
    r: ProviderRules,
) -> float:  # fmt: skip
    """Places of the year.

    places, enrolled, wanted : of the year before; low_years : with it
    plan : places that the law plans for the year; due : places started earlier that open now
    """
    if r.follows:
        return plan
    if low_years >= r.patience:
        return enrolled / r.full
    kept = places * (1.0 - r.exits)
    if low_years > 0 or wanted <= 0.0:
        return kept + due
    needed = min(max(plan, wanted / r.full), places)  # for what ends is replaced, no more
    return float(max(max(kept, needed) + due, plan))


@rule
def started(enrolled: float, places: float, r: ProviderRules) -> float:
    """Places whose building starts because those there are full."""
    above = max(0.0, float(occupancy(enrolled, places)) - r.full)
    return r.growth * above * places


@rule
def next_price(price: float, enrolled: float, places: float, r: ProviderRules) -> float:
    """Fee over that of the parameters."""
    if r.price_response == 0.0 or places <= 0.0:
        return price
    moved = price * np.exp(r.price_response * (occupancy(enrolled, places) - r.full))
    return float(min(max(moved, LOWEST_PRICE), HIGHEST_PRICE))


@kernel
def decide(
    plan: Any, r: ProviderRules, places: Any, enrolled: Any, wanted: Any, low_years: Any,
    coming: Any, price: Any,
) -> None:  # fmt: skip
    """Apply the rules to every provider of a kind; all float64[cell]."""
    years = coming.shape[0]
    for c in range(places.size):
        before = places[c]
        due = coming[0, c]
        for year in range(years - 1):
            coming[year, c] = coming[year + 1, c]
        coming[years - 1, c] = 0.0
        low_years[c] = years_of_low(low_years[c], enrolled[c], before, r)
        places[c] = next_places(before, plan[c], enrolled[c], wanted[c], low_years[c], due, r)
        coming[r.lag - 1, c] += started(enrolled[c], before, r)
        price[c] = next_price(price[c], enrolled[c], before, r)
        if low_years[c] >= r.patience:
            low_years[c] = 0


def rules_of(p: Parameters, policy: str, year: int) -> ProviderRules:
    """What the providers of a policy go by in a year; prices stand where it has no such entry."""

    def value(name: str) -> float:
        return p.value(policy + name)

    return ProviderRules(
        follows=year <= int(value("evidence_to")),
        exits=value("exits"),
        full=value("full_occupancy"),
        low=value("low_occupancy"),
        patience=int(value("patience")),
        growth=value("growth"),
        lag=int(value("building_lag")),
        price_response=value("price_by_occupancy") if policy + "price_by_occupancy" in p else 0.0,
    )


def decide_year(providers: Providers, p: Parameters, policy: str, year: int, plan: Any) -> None:
    """Places and prices of all providers of a kind; in their first year places are as planned.

    plan : places of the real country, float64[cell]
    """
    rules, n = rules_of(p, policy, year), providers
    if not n.opened:
        rules, n.opened = rules._replace(follows=True), True
    decide(plan, rules, n.places, n.enrolled, n.wanted, n.low_years, n.coming, n.price)
