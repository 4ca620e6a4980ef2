"""A small made-up forecast in the layout of the results, with known properties."""

import numpy as np
import pytest
import xarray as xr
from songhe.parameters.dims import FUNDS, LEDGERS, PROVINCES, RESIDENCES, SEXES

SCENARIOS = ("baseline", "child-subsidy-double", "ltci-delayed")
YEARS = np.arange(2010, 2061)
PER_AGENT = 33_500.0


def made_up_forecast(draws=5, replicates=2, scenarios=SCENARIOS, years=YEARS):
    """Smooth people and money; draws and replicates differ by known factors and noise."""
    rng = np.random.default_rng(5)
    units = (len(scenarios), draws, replicates, len(years))
    dims = ("scenario", "draw", "replicate", "year")
    t = (years - 2010).astype(float)
    level = 1 + np.append(0.0, 0.2 * rng.standard_normal(draws - 1)) * 0.5
    later = level[:, None] ** np.clip((t - 15) / 15, 0, 1)  # draws part after 2025
    noise = 1 + 0.03 * rng.standard_normal((draws, replicates, len(years)))
    base = 17e6 * np.exp(-0.5 * np.clip(t - 5, 0, 25) / 15)
    births = np.broadcast_to(base * later[:, None] * noise, units).copy()
    if "child-subsidy-double" in scenarios:
        births[scenarios.index("child-subsidy-double"), ..., t >= 17] *= 1.02
    births[..., 0] = np.nan
    data = {
        "births": ((*dims, "province", "residence", "sex"), _spread(births, 31, 2, 2)),
        "deaths": (
            (*dims, "province", "residence", "sex"),
            _spread(np.broadcast_to(1e7 + 1e5 * t, units), 31, 2, 2),
        ),
        "population_by_age": ((*dims, "sex", "age"), _people(units, t, later)),
        "marriages": (dims, np.broadcast_to(11e6 - 2e5 * t, units)),
        "divorces": (dims, np.broadcast_to(3e6 + 1e5 * t, units)),
        "exposure": ((*dims, "sex", "age"), np.ones((*units, 2, 101))),
        "deaths_by_age": ((*dims, "sex", "age"), np.full((*units, 2, 101), 1 / 75)),
        "done": (dims[:3], np.ones(units[:3], np.int8)),
        "price_index": (dims, np.broadcast_to(1.02 ** (t - 15), units)),
    }
    for name in ("deaths", "marriages", "divorces", "exposure", "deaths_by_age"):
        flow_dims, flow = data[name]
        data[name] = (flow_dims, np.array(flow, dtype=float))
        data[name][1][:, :, :, 0] = np.nan  # 2010 holds stocks only
    people = data["population_by_age"][1].sum((-2, -1))
    urban = np.clip(0.5 + 0.013 * t, 0, 0.85)
    places = np.stack([people * urban, people * (1 - urban)], -1)[..., None, :] / 31
    places = np.broadcast_to(places, (*units, 31, 2)).copy()
    data["population_by_province"] = ((*dims, "province", "residence"), places)
    data |= _funds(dims, units, t, later, scenarios)
    titles = {"baseline": "The law as enacted", "ltci-delayed": "Insurance later"}
    data["title"] = ("scenario", [titles.get(name, "Subsidy doubled") for name in scenarios])
    data["title_zh"] = ("scenario", ["现行法规", "育儿补贴加倍", "保险推迟"][: len(scenarios)])
    coords = {
        "scenario": list(scenarios), "draw": np.arange(draws), "replicate": np.arange(replicates),
        "year": years, "province": list(PROVINCES), "residence": list(RESIDENCES),
        "sex": list(SEXES), "age": np.arange(101), "fund": list(FUNDS), "ledger": list(LEDGERS),
    }  # fmt: skip
    about = {"version": "0.1.0", "concept": "official", "persons": 40_000, "seed": 1}
    return xr.Dataset(data, coords, about)


def _spread(values, *sizes):
    return np.broadcast_to(
        values.reshape(*values.shape, *(1,) * len(sizes)) / np.prod(sizes), (*values.shape, *sizes)
    ).copy()


def _people(units, t, later):
    """A bulge that grows older over a slope of age, the young fewer every year."""
    age = np.arange(101.0)
    alive = np.exp(-np.exp((age - 88) / 9))
    born = t[:, None] - age  # year of birth since 2010
    cohort = (
        9.5e6 + 3e6 * np.exp(-(((born + 42) / 12) ** 2)) - 5.5e6 / (1 + np.exp(-(born - 8) / 5))
    )
    half = cohort * alive
    people = np.stack([half * 1.03 * alive**0.15, half], axis=1)  # [year, sex, age]
    return np.broadcast_to(
        people[None, None, None] * (1 + 0.2 * (later - 1))[None, :, None, :, None, None],
        (*units, 2, 101),
    ).copy()


def _funds(dims, units, t, later, scenarios):
    """Pension and insurance outlay, subsidies from 2025, a pool that draws run dry or not."""
    price = 1.025**t
    outlay = np.zeros((*units, len(FUNDS)))
    residents, care, children = (
        FUNDS.index(name) for name in ("resident_pension", "long_term_care", "child_subsidy")
    )
    outlay[..., residents] = 1.6e11 * price * (1 + 0.04 * t)
    outlay[..., care] = 4e11 * np.clip((t - 15) / 20, 0, 1.5) * price * later[:, None, :]
    outlay[..., children] = np.where(t >= 15, 9e10 - 8e8 * (t - 15), 0.0)
    if "child-subsidy-double" in scenarios:
        outlay[scenarios.index("child-subsidy-double"), ..., t >= 17, children] *= 2
    if "ltci-delayed" in scenarios:
        late = (t >= 16) & (t < 21)
        outlay[scenarios.index("ltci-delayed"), ..., late, care] *= 0.4
    revenue = outlay.copy()
    revenue[..., care] = np.where(t >= 15, 3.6e11 * np.clip((t - 14) / 20, 0, 1.3) * price, 0.0)
    balance = (revenue - outlay).cumsum(axis=-2)
    financing = np.zeros_like(balance)
    short = np.maximum.accumulate(np.maximum(-balance, 0.0), axis=-2)
    financing[..., 1:, :] = np.diff(short, axis=-2)
    names = ((*dims, "fund", "ledger", "province"),)
    pools = (*dims, "fund", "province")
    members = np.full((*units, len(FUNDS)), 3e8) * (1 + 0.01 * t)[:, None]
    return {
        "fund_registered": (pools, _spread(members, 31)),
        "fund_beneficiaries": (pools, _spread(0.3 * members, 31)),
        "fund_outlay": (*names, _ledgers(outlay)),
        "fund_revenue": (*names, _ledgers(revenue)),
        "fund_subsidy": (*names, _ledgers(0.0 * revenue)),
        "fund_interest": (*names, _ledgers(0.0 * revenue)),
        "fund_balance": (*names, _ledgers(balance + financing.cumsum(axis=-2))),
        "fund_deficit_financing": (*names, _ledgers(financing)),
    }


def _ledgers(pooled):
    """Money of the pooled ledger, evenly by province; the individual one is empty."""
    by_ledger = np.stack([pooled, np.zeros_like(pooled)], axis=-1)
    return _spread(by_ledger, 31)


@pytest.fixture(scope="session")
def forecast():
    """Three scenarios, draw 0 and four draws, two replicates, 2010-2060."""
    return made_up_forecast()
