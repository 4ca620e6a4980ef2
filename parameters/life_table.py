"""Life tables by single year of age, on arrays alone.

Every function takes the last axis as age 0 ... w, the last age being open (w and over),
and any axes before it. The force of mortality is constant within a year of age; infants
live `infant_years` in the year of their death. Nothing of songhe is imported.

Source: Preston, Heuveline and Guillot (2001), chapters 3 and 6.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_TOLERANCE = 1e-11  # relative, of a solved life expectancy
_ROUNDS = 60


class LifeTable(NamedTuple):
    """Survivors at exact age, person-years in the year of age, expectancy at exact age.

    Each float64[..., age]; a birth cohort of one. `years[..., w]` is the single year w;
    the open group lives `survivors[..., w] * expectancy[..., w]`.
    """

    survivors: Array
    years: Array
    expectancy: Array


def death_probability(mx: Array, infant_years: float) -> Array:
    """Probability of dying within a year of age, from its death rate.

    mx : float64[..., age], deaths per person-year, >= 0
    infant_years : years lived in the first year by those who die in it, in [0, 1]
    """
    qx = -np.expm1(-mx)
    infant = mx[..., 0]
    qx[..., 0] = infant / (1 + (1 - infant_years) * infant)
    return qx


def life_table(mx: Array, infant_years: float) -> LifeTable:
    """The life table of death rates float64[..., age].

    ValueError unless they are finite, not negative, and positive in the open group.
    """
    if not (np.all(np.isfinite(mx) & (mx >= 0)) and np.all(mx[..., -1] > 0)):
        raise ValueError("death rates must be finite, not negative, and positive at the last age")
    qx = death_probability(mx, infant_years)
    survivors = np.ones_like(mx)
    survivors[..., 1:] = np.cumprod(1 - qx[..., :-1], axis=-1)
    years = survivors * np.divide(qx, mx, out=np.ones_like(mx), where=mx > 0)
    lived = years.copy()
    lived[..., -1] = survivors[..., -1] / mx[..., -1]
    remaining = np.cumsum(lived[..., ::-1], axis=-1)[..., ::-1]
    return LifeTable(survivors, years, remaining / survivors)


def cohort_survival(mx: Array, infant_years: float) -> Array:
    """Share of a stock by completed age that is alive a year later, S[a] = L(a+1) / L(a).

    Returns float64[..., age]: the parallelogram from completed age a to a+1; the last is
    the open group's, T(w+1) / T(w).
    """
    table = life_table(mx, infant_years)
    share = np.empty_like(mx)
    share[..., :-1] = table.years[..., 1:] / table.years[..., :-1]
    share[..., -1] = np.exp(-mx[..., -1])
    return share


def newborn_survival(mx: Array, infant_years: float) -> Array:
    """Share of a year's births that is alive at its end, L(0) / l(0), float64[...]."""
    return life_table(mx, infant_years).years[..., 0]


def scaled_to_expectancy(mx: Array, target: Array, infant_years: float) -> Array:
    """Rates times one factor per row, so that life expectancy at birth equals the target.

    mx : float64[..., age]; target : float64[...], years. RuntimeError if no factor is found.
    """
    log_factor = np.zeros(mx.shape[:-1])
    reached = life_table(mx, infant_years).expectancy[..., 0]
    slope = np.full_like(log_factor, -0.15 * reached.mean())
    for _ in range(_ROUNDS):
        step = np.clip((target - reached) / slope, -1.0, 1.0)
        log_factor = log_factor + step
        scaled = mx * np.exp(log_factor)[..., None]
        before, reached = reached, life_table(scaled, infant_years).expectancy[..., 0]
        if np.all(np.abs(reached - target) < _TOLERANCE * target):
            return scaled
        moved = np.abs(step) > 1e-9
        change = np.divide(reached - before, step, out=slope.copy(), where=moved)
        slope = np.where(change < 0, change, slope)
    raise RuntimeError("no factor on the death rates gives the life expectancy asked for")


def period_rates(deaths: Array, exposure: Array) -> Array:
    """Death rates [..., age] from deaths and person-years, the thin top pooled.

    The open group starts at the highest age that still has deaths at or above it and
    exposure at every age below; its pooled rate stands at every age from there.
    ValueError if there is no such age.
    """
    deaths_above = np.cumsum(deaths[..., ::-1], axis=-1)[..., ::-1]
    exposure_above = np.cumsum(exposure[..., ::-1], axis=-1)[..., ::-1]
    covered = np.ones(exposure.shape, dtype=np.bool_)
    covered[..., 1:] = np.logical_and.accumulate(exposure[..., :-1] > 0, axis=-1)
    usable = covered & (deaths_above > 0) & (exposure_above > 0)
    if not usable.any(axis=-1).all():
        raise ValueError("life expectancy needs deaths, and exposure from age 0 upwards")
    ages = np.arange(deaths.shape[-1])
    opens = np.where(usable, ages, 0).max(axis=-1, keepdims=True)
    pooled = np.take_along_axis(deaths_above, opens, -1)
    pooled = pooled / np.take_along_axis(exposure_above, opens, -1)
    by_age = np.divide(deaths, exposure, out=np.zeros_like(pooled * deaths), where=exposure > 0)
    return np.where(ages >= opens, pooled, by_age)


def period_life_expectancy(deaths: Array, exposure: Array, infant_years: float) -> Array:
    """Expectancy at each exact age from deaths and person-years by completed age.

    deaths, exposure : [..., age], age at death and age lived, any number type, >= 0
    """
    return life_table(period_rates(deaths, exposure), infant_years).expectancy


def healthy_expectancy(
    deaths: Array, exposure: Array, healthy: Array, people: Array, infant_years: float
) -> Array:
    """Years lived healthy from each exact age, by the method of Sullivan (1971).

    healthy, people : [..., age], people in good function and all people; an age without
    people counts as lived unhealthy.
    """
    table = life_table(period_rates(deaths, exposure), infant_years)
    years = table.years.copy()
    years[..., -1] = table.survivors[..., -1] * table.expectancy[..., -1]
    share = np.divide(healthy, people, out=np.zeros_like(years), where=people > 0)
    lived = np.cumsum((years * share)[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray(lived / table.survivors, dtype=np.float64)


def expectancy_from_survival(newborn: Array, survival: Array) -> Array:
    """Life expectancy at birth of the parallelogram survival of one calendar year.

    newborn : [...], L(0) / l(0); survival : [..., age], as `cohort_survival` returns.
    """
    years = np.ones_like(survival) * newborn[..., None]
    years[..., 1:] *= np.cumprod(survival[..., :-1], axis=-1)
    years[..., -1] /= 1 - survival[..., -1]
    return np.asarray(years.sum(axis=-1), dtype=np.float64)
