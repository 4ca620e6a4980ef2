"""Indicators of stored results: ratios of sums, and the year in which a fund runs dry.

Every function is pure and works on labelled arrays. A ratio takes its two parts already
summed over what it is to be shown for, and averaged over replicates: rates are never
averaged. Leaves out differences between scenarios, which `compare.py` has.
"""

from typing import TypeVar

import numpy as np
import xarray as xr

Values = TypeVar("Values", xr.DataArray, xr.Dataset)
NOT_BY_HORIZON = float("inf")
CENTRAL_DRAW = 0
WORKING_FROM, OLD_FROM = 15, 65
ROUNDING = 1.0  # yuan: what adding up 31 provinces in floating point may leave
QUARTILES = (0.25, 0.5, 0.75)


def ratio(part: xr.DataArray, whole: xr.DataArray) -> xr.DataArray:
    """Part over whole, NaN where the whole is not positive."""
    return part / whole.where(whole > 0)


def tfr(births_by_age: xr.DataArray, women_years: xr.DataArray) -> xr.DataArray:
    """Total fertility rate, children per woman.

    births_by_age : [..., age], births by single age of the mother; women_years : [..., age],
    years lived by women at that age. Ages without any add nothing.
    """
    rates = ratio(births_by_age, women_years).fillna(0.0)
    return rates.sum("age").where(women_years.notnull().all("age"))


def old_age_dependency_ratio(population_by_age: xr.DataArray) -> xr.DataArray:
    """People of 65 and over for each person of 15 to 64, from [..., age]."""
    age = population_by_age["age"]
    old = population_by_age.where(age >= OLD_FROM).sum("age", min_count=1)
    working = population_by_age.where((age >= WORKING_FROM) & (age < OLD_FROM))
    return ratio(old, working.sum("age", min_count=1))


def months_of_reserve(balance: xr.DataArray, outlay: xr.DataArray) -> xr.DataArray:
    """Months for which the closing balance pays outlay at the level of the year."""
    return 12.0 * ratio(balance, outlay)


def payg_rate(outlay: xr.DataArray, contribution_bases: xr.DataArray) -> xr.DataArray:
    """Contribution rate at which a year's revenue would equal its outlay, share of bases."""
    return ratio(outlay, contribution_bases)


def benefit_ratio(mean_benefit: xr.DataArray, mean_wage: xr.DataArray) -> xr.DataArray:
    """Mean benefit over mean wage, both for the same period."""
    return ratio(mean_benefit, mean_wage)


def over_replicates(values: Values) -> Values:
    """Mean over the replicates that are done: each is an estimate of the whole country."""
    return values.mean("replicate", skipna=True)


def replicates_behind(dataset: xr.Dataset) -> int:
    """How many replicates the results are the mean of, or hold."""
    return int(dataset.attrs.get("replicates_averaged", dataset.sizes["replicate"]))


def balance_before_financing(dataset: xr.Dataset) -> xr.DataArray:
    """National pooled balance had no discretionary money ever come in, yuan.

    Returns [scenario, draw, year, fund]. Since replicates are averaged, its sign is that of
    their sum.
    """
    pooled = dataset[["fund_balance", "fund_deficit_financing"]].sel(ledger="pooled")
    national = over_replicates(pooled.sum("province", min_count=1))
    return national["fund_balance"] - national["fund_deficit_financing"].cumsum("year")


def depletion_year(dataset: xr.Dataset) -> xr.DataArray:
    """First year whose balance before discretionary financing is below zero.

    Returns [scenario, draw, fund]: a calendar year, `NOT_BY_HORIZON` if there is none, NaN
    for draws that are not done.
    """
    balance = balance_before_financing(dataset)
    year = balance["year"].where(balance < -ROUNDING, NOT_BY_HORIZON).min("year")
    return year.where(balance.notnull().any("year"))


def _first_years(dataset: xr.Dataset) -> xr.DataArray:
    """Depletion years of the draws that make intervals."""
    first = depletion_year(dataset)
    return first.sel(draw=first["draw"] > CENTRAL_DRAW)


def depletion_probability(dataset: xr.Dataset) -> xr.DataArray:
    """Probability that a fund has run dry by a year, over draws 1 ... K.

    Returns [scenario, fund, year]; NaN where there is no such draw.
    """
    first = _first_years(dataset)
    dry = (first <= dataset["year"]).where(first.notnull())
    return dry.mean("draw", skipna=True).transpose("scenario", "fund", "year")


def depletion_quartiles(dataset: xr.Dataset) -> xr.DataArray:
    """Quartiles of the depletion year over draws 1 ... K, [scenario, fund, quantile].

    Each is a year that some draw has, or `NOT_BY_HORIZON`; never a mean of the two.
    """
    first = _first_years(dataset).transpose("scenario", "fund", "draw")
    shape = (*first.shape[:2], len(QUARTILES))
    found = np.full(shape, np.nan)
    for cell in np.ndindex(shape[:2]):
        known = first.values[cell]
        known = known[~np.isnan(known)]
        if known.size:
            found[cell] = np.quantile(known, QUARTILES, method="inverted_cdf")
    coords = {"scenario": first["scenario"], "fund": first["fund"], "quantile": list(QUARTILES)}
    return xr.DataArray(found, coords, ("scenario", "fund", "quantile"))


def depletion_text(year: float, horizon: int) -> str:
    """A depletion year in words."""
    if np.isnan(year):
        return "unknown"
    return f"not by {horizon}" if np.isinf(year) else f"{year:.0f}"
