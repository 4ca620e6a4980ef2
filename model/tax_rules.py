"""The income tax of employees: what of a year's earnings is taxed, and the tax on it.

Decides for one employee the taxable income, the tax, and what a deduction saves. Source: the
income tax law of 2018 (`parameters/policies/tax_deduction.yaml`). Leaves out other income.
"""

from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import rule
from ..parameters.load import Parameters
from .funds import MONTHS, fen
from .numbers import Numbers

Counts = NDArray[np.int64]

LAW = "policies.tax_deduction."
FEN, PERCENT = 100, 100


class Tax(NamedTuple):
    """The tax law of one year; money in fen.

    bracket_from : a year, int64[bracket]; rate : percent, int64[bracket]
    free : a year, with the other deductions of an employee
    contributions : share of earnings
    """

    bracket_from: Counts
    rate: Counts
    free: int
    contributions: float


@rule
def income_tax(taxable: int, bracket_from: Any, rate: Any) -> int:
    """Tax on a year's taxable income, both in fen, to the nearest fen."""
    due = np.int64(0)
    for k in range(bracket_from.size):
        upper = bracket_from[k + 1] if k + 1 < bracket_from.size else taxable
        due += max(min(taxable, upper) - bracket_from[k], 0) * rate[k]
    return int((due + PERCENT // 2) // PERCENT)


@rule
def taxable_income(earnings: int, r: Any) -> int:
    """Fen a year that are taxed; earnings : yuan a year; r : has free and contributions"""
    gross = np.int64(earnings) * FEN
    return int(max(int(gross) - int(r.contributions * gross) - r.free, 0))


@rule
def tax_saved(taxable: int, deduction: int, bracket_from: Any, rate: Any) -> int:
    """Fen of tax that a deduction saves in a year."""
    before = int(income_tax(taxable, bracket_from, rate))
    return before - int(income_tax(max(taxable - deduction, 0), bracket_from, rate))


def brackets_of(p: Parameters) -> tuple[Counts, Counts]:
    """Lower bounds in fen and rates in percent, each int64[bracket]; they must rise.

    Raises
    ------
    ValueError
        If bounds do not rise from 0, or a rate is no whole percent.
    """
    bounds = np.rint(p.array(LAW + "bracket_from") * FEN).astype(np.int64)
    rate = p.array(LAW + "bracket_rate")
    if bounds[0] != 0 or (np.diff(bounds) <= 0).any():
        raise ValueError(f"{LAW}bracket_from {bounds / FEN}: rising bounds from 0")
    if (rate != np.rint(rate)).any():
        raise ValueError(f"{LAW}bracket_rate {rate}: whole percent")
    return bounds, rate.astype(np.int64)


@lru_cache(maxsize=64)
def _tax(numbers: Numbers, year: int) -> Tax:
    p = numbers.p
    day = date(max(year, p.dates(LAW + "free")[0].year), 12, 31)
    bounds, rate = brackets_of(p)
    other = MONTHS * fen(p.value(LAW + "other_deductions"))
    free = fen(float(np.asarray(p.at(LAW + "free", day)))) + other
    return Tax(bounds, rate, free, p.value(LAW + "contributions"))


def tax_of(p: Parameters, year: int) -> Tax:
    """The tax law of a year; what is raised in it holds for all of it, the first also before."""
    return _tax(Numbers(p), year)
