"""The close of the year for every fund: interest, thin pools, deficits, the tally.

Decides nothing by itself: `agents/institutions.py` holds the rules of ledgers. Return on
assets is that of `parameters/work/economy.yaml`; accounts of both pension schemes are credited
by their own policies, at the rate of the law, and their ledgers get nothing here. Leaves out
costs of investing.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import rule
from ..parameters.dims import AGES, FUNDS, LEDGERS, PROVINCES
from .prices import nominal_return
from .step import Step

if TYPE_CHECKING:
    from .model import SongheModel

Counts = NDArray[np.int64]
EARNS = {"employee_pension": ("pooled",), "resident_pension": ("pooled",)}
MONTHS = 12
BY_AGE = ("fund_revenue_by_age", "fund_outlay_by_age", "fund_base_by_age")
RECEIVED, PAID, BASED = range(3)  # in the order of BY_AGE
AGE_SUMS = len(BY_AGE)
LAST_AGE = AGES[-1]  # and over


def add_counts(model: "SongheModel", fund: str, **counts: NDArray[Any]) -> None:
    """Add counts of agents by province to the tally, at the place of a fund.

    counts : name -> int64[province]
    """
    for name, by_province in counts.items():
        model.tally.add_row(name, FUNDS.index(fund), len(FUNDS), by_province)


@rule
def age_reached(age: int) -> int:
    """Age that somebody reaches in the year; age : completed at its opening."""
    return min(int(age) + 1, LAST_AGE)


def add_by_age(model: "SongheModel", fund: str, by_age: Counts) -> None:
    """Add a pension fund's dealings with persons by their age to the tally, national.

    by_age : fen of agents, int64[AGE_SUMS, age]. Subsidies, interest, fees and transfers between
    funds, ledgers and pools have no age.
    """
    for name, values in zip(BY_AGE, by_age, strict=True):
        model.tally.add_row(name, FUNDS.index(fund), len(FUNDS), values)


def by_month(values: NDArray[Any]) -> Counts:
    """Running sums of twelve monthly amounts, int64[13]; the first is zero."""
    return np.concatenate([[0], np.cumsum(values)]).astype(np.int64)


def fen(yuan: float) -> int:
    """Whole fen of an amount in yuan."""
    return int(np.floor(yuan * 100.0 + 0.5 + 1e-9))


def fens(yuan: NDArray[np.float64]) -> Counts:
    """Whole fen of amounts in yuan."""
    return np.floor(yuan * 100.0 + 0.5 + 1e-9).astype(np.int64)


def apply(model: "SongheModel") -> None:
    """Close the funds in which money has ever moved."""
    active = [fund for fund in model.funds.values() if not fund.idle]
    if not active:
        return
    members = model.tally.now.get("fund_registered", np.zeros((len(FUNDS), len(PROVINCES))))
    rate = nominal_return(model.parameters, model.year)
    for fund in active:
        fund.close(rate, members[fund.index], earns=EARNS.get(fund.name, LEDGERS))


STEP = Step("funds", apply=apply)
