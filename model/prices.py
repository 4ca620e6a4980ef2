"""Prices, wages and incomes by year: the record to its end, and the assumed path after it.

Consumer prices and real wages grow as `parameters/work/economy.yaml` says; past the last
recorded year wages and household incomes grow with both. Nothing here is an answer of the
economy to the simulated population.
"""

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..parameters.load import Parameters
from .numbers import Numbers

Floats = NDArray[np.float64]
BASE = 2010
LAST = 2120  # paths are laid out to here
MONTHS = 12

_TOPIC = "work.economy"


def price_index(p: Parameters, year: int) -> float:
    """Consumer prices of a year, 2010 = 1."""
    return float(_prices(Numbers(p))[_place(year)])


def wage(p: Parameters, year: int) -> float:
    """Mean wage of urban units, private and non-private, yuan per year."""
    return float(_wages(Numbers(p))[_place(year)])


def wage_non_private(p: Parameters, year: int) -> float:
    """Mean wage of urban non-private units, yuan per year."""
    return float(_non_private(Numbers(p))[_place(year)])


def income(p: Parameters, year: int) -> Floats:
    """Disposable income per head, yuan per year, float64[residence]."""
    return np.asarray(_incomes(Numbers(p))[_place(year)])


def nominal_return(p: Parameters, year: int) -> float:
    """Yearly return of fund assets, as a share."""
    return float(np.asarray(p.year(f"{_TOPIC}.nominal_return", year)))


def wage_factor(p: Parameters, share: float, start: int, year: int) -> float:
    """Factor from amounts of one year to another, where they follow a share of wage growth."""
    index = _wage_index(Numbers(p), share)
    return float(index[_place(year)] / index[_place(start)])


def grown(
    p: Parameters, key: str, day: date, after: int, factor: Callable[[int, int], float],
    known: date = date.max,
) -> Any:  # fmt: skip
    """A dated amount on a day, raised each January by a rule once the law says no more.

    after : last year in which the law's amount stands as it is; an amount with a later date
        grows from its own year
    factor : from a year to a later one
    known : last day whose law counts; what is the law then is expected to stay

    Returns
    -------
    float, or float64 array in the dims of the entry
    """
    law = min(day, known)
    since = max(after, *(d.year for d in p.dates(key) if d <= law))
    amount = p.at(key, law)
    return amount * factor(since, day.year) if day.year > since else amount


def by_law(
    p: Parameters, keys: Iterable[str], year: int, value: Callable[[date], Any]
) -> NDArray[Any]:
    """What holds in each month of a year, [..., month], found anew only where the law changes.

    keys : dated entries that the value depends on; a change counts from the month after it,
        or from its own if it is the first of a month
    """
    days = [d for key in keys for d in p.dates(key) if d.year == year]
    starts = sorted({1, *(d.month + (d.day > 1) for d in days)} - {MONTHS + 1})
    values = np.stack([value(date(year, month, 1)) for month in starts], axis=-1)
    return np.repeat(values, np.diff([*starts, MONTHS + 1]), axis=-1)


def _place(year: int) -> int:
    if not BASE <= year <= LAST:
        raise ValueError(f"year {year}: {BASE} to {LAST}")
    return year - BASE


def _growth(p: Parameters, name: str) -> Floats:
    """Growth from one year to the next, float64[years from 2011]."""
    return np.array([float(np.asarray(p.year(f"{_TOPIC}.{name}", y))) for y in _years()[1:]])


def _years() -> range:
    return range(BASE, LAST + 1)


@lru_cache(maxsize=32)
def _prices(numbers: Numbers) -> Floats:
    return np.concatenate([[1.0], np.cumprod(1.0 + _growth(numbers.p, "cpi_growth"))])


@lru_cache(maxsize=32)
def _nominal_wage_growth(numbers: Numbers) -> Floats:
    p = numbers.p
    return (1.0 + _growth(p, "real_wage_growth")) * (1.0 + _growth(p, "cpi_growth"))


def _carried_on(numbers: Numbers, name: str) -> Floats:
    """A recorded series, and from its last year on the growth of nominal wages."""
    p, key = numbers.p, f"{_TOPIC}.{name}"
    last = int(p.coords(key, "year")[-1])
    record = [np.asarray(p.year(key, y)) for y in range(BASE, last + 1)]
    growth = _nominal_wage_growth(numbers)[last - BASE :]
    later = list(accumulate(growth, lambda value, g: value * g, initial=record[-1]))[1:]
    return np.array([*record, *later])


@lru_cache(maxsize=32)
def _wages(numbers: Numbers) -> Floats:
    private = numbers.p.value(f"{_TOPIC}.private_weight")
    public = _carried_on(numbers, "wage_non_private")
    return (1.0 - private) * public + private * _carried_on(numbers, "wage_private")


@lru_cache(maxsize=32)
def _non_private(numbers: Numbers) -> Floats:
    return _carried_on(numbers, "wage_non_private")


@lru_cache(maxsize=32)
def _wage_index(numbers: Numbers, share: float) -> Floats:
    wages = _wages(numbers)
    return np.concatenate([[1.0], np.cumprod(1.0 + share * (wages[1:] / wages[:-1] - 1.0))])


@lru_cache(maxsize=32)
def _incomes(numbers: Numbers) -> Floats:
    return _carried_on(numbers, "disposable_income")
