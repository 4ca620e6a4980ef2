"""Months of children's payments: which of a year a child is entitled to."""

from typing import Any

import numpy as np

from ..agents.compiled import rule


@rule
def month_number(year: int, month: int) -> int:
    """Months since the year 0, so that months of several years can be compared."""
    return int(12 * np.int64(year) + np.int64(month) - 1)


@rule
def last_month_alive(death_u: float) -> int:
    """Month of the year (1 to 12) to whose end somebody counts as alive."""
    return 12 if death_u >= 1.0 else min(int(12.0 * death_u) + 1, 12)


@rule
def months_of_year(first: int, last: int, year: int, death_u: float) -> Any:
    """First and last month of a year from one month number to another; (1, 0) if none.

    death_u : time of death in the year, after whose month nothing is due
    """
    opening = month_number(year, 1)
    since, until = max(first, opening), min(last, opening + last_month_alive(death_u) - 1)
    if until < since:
        return 1, 0
    return since - opening + 1, until - opening + 1
