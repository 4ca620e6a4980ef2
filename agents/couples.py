"""Couples of the starting population: who is married to whom, and since when.

Decides the partner of everybody married, by age, education and place. Men and women of a
place stand in the order of age, his less the usual gap, each with some noise; within five
years of her age they pair by education. Whoever finds no one looks in the other residence
of the province, then in the region, then in the country: couples who live apart arise only
where the counts of a place force them. Leaves out earlier marriages.

Source: seeds for gap and schooling, `partnership.yaml`; ages at marriage from marital status
by age in 2010, as if the young of today had married like the young then.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import REGION_OF_PROVINCE
from ..parameters.load import Parameters
from . import base_luck
from .columns import LONG_AGO, NOBODY

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Columns = Mapping[str, NDArray[Any]]

MALE, FEMALE = 0, 1
NEVER_MARRIED, MARRIED = 0, 1
BAND = 5.0  # years of her age within which couples sort by education
SETTLED = 55  # from this age on people come first where spouses of a place are short
YOUNGEST = 15  # at a wedding


class Couples(NamedTuple):
    """Partners by row and the marital status that results.

    partner : int32[n], -1 none; marital : uint8[n]
    fit : couples, shares of couples apart, people whose status had to change
    """

    partner: NDArray[np.int32]
    marital: NDArray[np.uint8]
    fit: dict[str, float]


def match_couples(columns: Columns, p: Parameters, seed: int, replicate: int) -> Couples:
    """Partners for everybody married.

    columns : age, sex, province, residence, education, marital by row
    """
    n = len(columns["age"])
    u = base_luck.uniforms(n, base_luck.COUPLES, base_luck.key_of(seed, replicate))
    keys = _age_keys(columns, p, u[0]), _education_keys(columns, p, u[1])
    partner = np.full(n, NOBODY, np.int32)
    made = [
        _match(columns, partner, area, *keys, u[2])
        for area in areas(columns["province"], columns["residence"])
    ]
    marital = columns["marital"].copy()
    alone = np.flatnonzero((marital == MARRIED) & (partner < 0))
    marital[alone] = unmarried_status(columns["sex"][alone], columns["age"][alone], p, u[3][alone])
    couples = max(sum(made), 1)
    fit = {
        "couples": float(sum(made)),
        "apart_in_province": made[1] / couples,
        "apart_further": (made[2] + made[3]) / couples,
        "married_without_partner": float(len(alone)),
    }
    return Couples(partner, marital, fit)


def areas(province: NDArray[np.uint8], residence: NDArray[np.uint8]) -> tuple[Rows, ...]:
    """Place, province, region and nation of each row, from near to far; int64[n] each."""
    region = np.asarray(REGION_OF_PROVINCE)[province]
    wide = province.astype(np.int64)
    return wide * 2 + residence, wide, region.astype(np.int64), np.zeros_like(wide)


def _age_keys(columns: Columns, p: Parameters, u: Array) -> Array:
    """Age with noise, men's less the usual gap.

    Pairing by education inside a band adds the difference of two uniform ages of the band
    to the gap; the noise of both partners together carries the rest of its spread.
    """
    gap = p.value("demography.partnership.age_gap_mean")
    spread = p.value("demography.partnership.age_gap_sd")
    noise = np.sqrt(max(spread**2 - BAND**2 / 6, 0.0) / 2)
    shift = np.where(columns["sex"] == MALE, gap, 0.0)
    return np.asarray(columns["age"] + 0.5 - shift + noise * base_luck.normal(u))


def _education_keys(columns: Columns, p: Parameters, u: Array) -> Array:
    spread = p.value("demography.base_kin.education_spread")
    return np.asarray(columns["education"] + spread * base_luck.normal(u))


def _match(
    columns: Columns, partner: NDArray[np.int32], area: Rows, age_key: Array, education_key: Array,
    u: Array,
) -> int:  # fmt: skip
    """Pair the married of each area who have no one yet; returns the couples made."""
    free = (columns["marital"] == MARRIED) & (partner < 0)
    first = u - (columns["age"] >= SETTLED)
    men, women = (np.flatnonzero(free & (columns["sex"] == sex)) for sex in (MALE, FEMALE))
    men, women = _equal_numbers(men, women, area, first)
    men = men[np.lexsort((age_key[men], area[men]))]
    women = women[np.lexsort((age_key[women], area[women]))]
    band = np.floor(age_key[women] / BAND)
    men = men[np.lexsort((education_key[men], band, area[men]))]
    women = women[np.lexsort((education_key[women], band, area[women]))]
    partner[men], partner[women] = women, men
    return len(men)


def _equal_numbers(men: Rows, women: Rows, area: Rows, first: Array) -> tuple[Rows, Rows]:
    """As many men as women in each area, those who come first."""
    size = int(area.max(initial=0)) + 1
    counts = [np.bincount(area[rows], minlength=size) for rows in (men, women)]
    most = np.minimum(*counts)
    kept = []
    for rows, count in zip((men, women), counts, strict=True):
        ordered = rows[np.lexsort((first[rows], area[rows]))]
        place = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        kept.append(ordered[place < most[area[ordered]]])
    return kept[0], kept[1]


def unmarried_status(sex: Any, age: Any, p: Parameters, u: Array) -> NDArray[np.uint8]:
    """Never married, divorced or widowed, as those of the sex and age who are not married."""
    key = "demography.marital.by_age_2010"
    shares = np.array(p.array(key))
    shares[..., MARRIED] = 0.0
    groups = np.asarray(p.coords(key, "age_from"))
    group = np.maximum(np.searchsorted(groups, age, side="right") - 1, 0)
    cumulative = np.cumsum(shares, axis=-1)[sex, group]
    drawn = (u[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=1)
    return np.asarray(drawn, dtype=np.uint8)


# --- since when -------------------------------------------------------------------------


def ever_married(p: Parameters) -> Array:
    """Share of women ever married at exact ages 0 ... 101, never falling, float64[102].

    Groups stand at their middles, nobody at 15; linear between.
    """
    key = "demography.marital.by_age_2010"
    groups = np.asarray(p.coords(key, "age_from"), dtype=np.float64)
    share = 1 - np.asarray(p.array(key))[FEMALE, :, NEVER_MARRIED]
    middle = groups + 2.5
    curve = np.interp(np.arange(102), np.append(YOUNGEST, middle), np.append(0.0, share))
    return np.maximum.accumulate(curve)


def years_since_wedding(
    age: Any, partner: NDArray[np.int32], sex: Any, oldest: NDArray[np.int64], p: Parameters,
    u: Array,
) -> NDArray[np.uint8]:  # fmt: skip
    """Full years since the wedding by row, 255 for those without a partner.

    oldest : int64[n], age of her oldest child, -1 none; u : float64[n]. Her age at marriage
    follows the women ever married by age up to her own; never after her first child, nor
    below 15 for either.
    """
    since = np.full(len(age), LONG_AGO, np.uint8)
    wives = np.flatnonzero((partner >= 0) & (sex == FEMALE))
    husbands = partner[wives]
    curve = ever_married(p)
    her_age = age[wives].astype(np.int64)
    at = np.interp(u[wives] * curve[her_age + 1], *_rising(curve))
    years = np.floor(np.maximum(her_age + 1 - at, 0)).astype(np.int64)
    youngest = np.minimum(her_age, age[husbands].astype(np.int64))
    years = np.clip(np.maximum(years, oldest[wives]), 0, np.maximum(youngest - YOUNGEST, 0))
    since[wives] = since[husbands] = np.minimum(years, LONG_AGO - 1)
    return since


def _rising(curve: Array) -> tuple[Array, Array]:
    """The ages at which a curve rises, as points for the inverse."""
    rises = np.append(True, np.diff(curve) > 0)
    rises[np.argmax(rises[1:])] = True  # the last age at which nobody is married yet
    return curve[rises], np.flatnonzero(rises).astype(np.float64)
