"""National totals of a year, to which rules of the next year may react.

A replicate is a sample, and its funds run dry by chance where the country's would not. A rule
that looks at national totals therefore reads sums over all replicates of a draw, which meet
once a year (`runs/lockstep.py`). A replicate lived by itself takes its own totals.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import FUNDS

Totals = Mapping[str, NDArray[np.int64]]

TABLES = ("fund_balance", "fund_deficit_financing", "fund_outlay")  # of the tally
MONTHS = 12.0


def totals(counts: Mapping[str, NDArray[np.int64]]) -> Totals:
    """The tables of one replicate's year to which rules may react; absent if not counted."""
    return {name: counts[name] for name in TABLES if name in counts}


def added(parts: Iterable[Totals]) -> Totals:
    """Sums over replicates: whole numbers, so that their order cannot matter."""
    found: dict[str, NDArray[np.int64]] = {}
    for part in parts:
        for name, table in part.items():
            found[name] = found[name] + table if name in found else table
    return found


def months_of_reserve(year: Totals, fund: str) -> float:
    """Months of the year's outlay that a fund held at its end, before what covered a deficit.

    Infinite where nothing was paid; negative where money was missing.
    """
    if "fund_outlay" not in year:
        return np.inf
    place = FUNDS.index(fund)
    outlay = int(year["fund_outlay"][place].sum())
    held = int(year["fund_balance"][place].sum() - year["fund_deficit_financing"][place].sum())
    return MONTHS * held / outlay if outlay > 0 else np.inf
