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

PAID = "fund_contributor_months"
TABLES = ("fund_balance", "fund_deficit_financing", "fund_outlay", PAID)  # of the tally
BEFORE = "_before"  # ends the name of a table of the year before
MONTHS = 12.0
Counts = Mapping[str, NDArray[np.int64]]


def totals(counts: Counts, before: Counts | None = None) -> Totals:
    """The tables of one replicate's year to which rules may react; absent if not counted.

    before : counts of the year before, for growth. It is added up with the rest, so that both
        years are of the same replicates.
    """
    found = {name: counts[name] for name in TABLES if name in counts}
    if before is not None and PAID in before:
        found[PAID + BEFORE] = before[PAID]
    return found


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


def contributor_years(year: Totals, fund: str) -> tuple[float, float]:
    """Years paid to a fund in the year and in the one before, in agents; 0 where not counted."""
    place = FUNDS.index(fund)
    now, before = (
        int(year[name][place].sum()) / MONTHS if name in year else 0.0
        for name in (PAID, PAID + BEFORE)
    )
    return (now, before) if now > 0.0 else (0.0, 0.0)
