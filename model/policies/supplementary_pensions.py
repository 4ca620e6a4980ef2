"""Pensions beside the basic one: annuities of employers and the personal pension.

Decides each year which enterprise workers, by income, public staff and other employees pay into
an account, what it earns, and what is paid from it once a basic pension has been awarded, over
the months by which the law divides accounts. Sources: measures of 2004 and 2018 on enterprise
annuities, State Council office 2015 no. 18 and 2022 no. 7
(`parameters/policies/supplementary_pensions.yaml`).
Leaves out annuities' own relief from tax, the notional part of public employers' contributions,
lump sums, flexible workers, and any answer of other saving. The accounts belong to
households: no fund of the state holds them, and `funds` knows nothing of them.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...agents.accounts import SAVES, Accounts
from ...agents.columns import Column
from ...parameters.dims import PROVINCES
from ...parameters.load import Parameters
from ..funds import fen
from ..numbers import Numbers
from ..pension_rules import MONTHS
from ..prices import by_law, nominal_return, wage
from ..step import Step
from ..supplement_rules import (
    ASSETS,
    AT_ENTERPRISE,
    BENEFICIARIES,
    CONTRIBUTORS,
    ENTERPRISE,
    MEMBER,
    MEMBERS,
    MOST_HELD,
    N_PILLARS,
    PAID_IN,
    PAID_OUT,
    PERSONAL,
    REFUNDED,
    RETURNS,
    SUMS,
    TAX_PAID,
    TAX_SAVED,
    Rules,
    list_payers,
    settle,
)
from ..tax_rules import tax_of

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COLUMNS: tuple[Column, ...] = ()
POLICY = "policies.supplementary_pensions."
PENSION = "policies.employee_pension."
BILLION_FEN, MILLION = 1e11, 1e6
PAYER_READS = ("id", "alive", "work", "scheme", "pension", "earnings", "death_u")
ACCOUNT_READS = ("alive", "age", "work", "pension", "province", "death_u")
COUNTED = {
    "supplement_members": MEMBERS,
    "supplement_contributors": CONTRIBUTORS,
    "supplement_beneficiaries": BENEFICIARIES,
    "supplement_contributions": PAID_IN,
    "supplement_returns": RETURNS,
    "supplement_benefits": PAID_OUT,
    "supplement_refunds": REFUNDED,
    "supplement_assets": ASSETS,
}
Payers = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]


def law_on(p: Parameters, name: str, day: date) -> float:
    """A dated number of the policy."""
    return float(np.asarray(p.at(POLICY + name, day)))


def running(p: Parameters, year: int, *names: str) -> Floats:
    """Rates of employer and employee together, as running sums over months, float64[13]."""
    keys = [POLICY + name for name in names]
    months = by_law(p, keys, year, lambda day: sum(law_on(p, name, day) for name in names))
    return np.concatenate([[0.0], np.cumsum(months)])


@lru_cache(maxsize=64)
def _rules(numbers: Numbers, year: int) -> Rules:
    p, opening, close = numbers.p, date(year, 1, 1), date(year, 12, 31)
    coverage = law_on(p, "coverage", opening) * p.array(POLICY + "coverage_by_income")
    take_up = p.value(POLICY + "take_up") * law_on(p, "open_share", close)
    return Rules(
        chance=np.clip(coverage, 0.0, 1.0),
        mean_wage=wage(p, year),
        enterprise=running(p, year, "enterprise_employer_rate", "enterprise_employee_rate"),
        occupational=law_on(p, "occupational_coverage", opening),
        occupational_rate=running(p, year, "occupational_employer_rate",
                                  "occupational_employee_rate"),
        compliance=p.value(PENSION + "compliance"),
        cap=fen(law_on(p, "cap", close)),
        share=p.value(POLICY + "contribution_share"),
        take_up=take_up,
        take_up_low=take_up * p.value(POLICY + "take_up_without_gain"),
        withdrawal_tax=law_on(p, "withdrawal_tax", close),
        tax=tax_of(p, year),
        interest=nominal_return(p, year) + p.value(POLICY + "return_margin"),
        divisors=np.array(p.array(PENSION + "divisors")),
    )  # fmt: skip


def rules_of(p: Parameters, year: int) -> Rules:
    """The law of a year."""
    return _rules(Numbers(p), year)


def is_open(r: Rules) -> bool:
    """Whether anybody may pay into anything in the year."""
    enterprise = bool(r.chance.max() > 0.0 and r.enterprise[MONTHS] > 0.0)
    occupational = bool(r.occupational > 0.0 and r.occupational_rate[MONTHS] > 0.0)
    return enterprise or occupational or (r.cap > 0 and r.take_up > 0.0)


def apply(model: "SongheModel") -> None:
    """A year of all accounts; nothing, at no cost, while there are none and nobody may pay."""
    p = model.parameters
    if model.year < int(p.value(POLICY + "first_year")):
        return
    r = rules_of(p, model.year)
    if not is_open(r) and model.accounts is None:
        return
    payers = _payers(model, r)
    if model.accounts is None:
        model.accounts = _opened(model, payers)
    now = model.accounts
    sums = np.zeros((SUMS, N_PILLARS, len(PROVINCES)), np.int64)
    new = Accounts.room(len(now.rows) + len(payers[0]) + 1)
    columns = (model.people[name] for name in ACCOUNT_READS)
    n = settle(
        now.rows, now.held, now.left, *payers, *columns, r, new.rows, new.held, new.left, sums,
    )  # fmt: skip
    del now
    model.accounts = None  # before there are three of all
    model.accounts = new.first(n)
    for name, what in COUNTED.items():
        model.tally.add(name, sums[what])
    model.tally.add("personal_pension_tax_forgone", sums[TAX_SAVED, PERSONAL])
    model.tally.add("personal_pension_tax", sums[TAX_PAID, PERSONAL])


def _payers(model: "SongheModel", r: Rules) -> Payers:
    """Rows of those who pay, rising, what they pay and the tax that they save."""
    most = int(np.count_nonzero(model.people["scheme"] == MEMBER)) + 1
    rows, saved = np.empty(most, np.uint32), np.empty(most, np.uint32)
    paid = np.empty((2, most), np.uint32)
    columns = (model.people[name] for name in PAYER_READS)
    n = 0
    if is_open(r):
        n = list_payers(*columns, model.key.low, model.key.high, r, rows, paid, saved)
    return rows[:n].copy(), np.ascontiguousarray(paid[:, :n]), saved[:n].copy()


def _opened(model: "SongheModel", payers: Payers) -> Accounts:
    """Assets of the end of 2010, with those who pay in the first year, as their basic accounts.

    None in a later year, from which on a scenario may begin.
    """
    p, people = model.parameters, model.people
    rows = payers[0][payers[1][0] > 0]
    weights = people["employee_account"][rows].astype(np.float64)
    weights *= people["work"][rows] == AT_ENTERPRISE
    none = Accounts.room(0)
    if model.year > int(p.value(POLICY + "first_year")) or not weights.any():
        return none
    total = p.value(POLICY + "opening_assets") * BILLION_FEN / model.weight
    rows, weights = rows[weights > 0], weights[weights > 0]
    opened = Accounts.room(len(rows))
    opened.rows[:], opened.left[:] = rows, SAVES
    opened.held[:] = 0
    opened.held[ENTERPRISE] = np.minimum(np.rint(total * weights / weights.sum()), MOST_HELD)
    by_place = np.zeros((N_PILLARS, len(PROVINCES)), np.int64)
    held = opened.held[ENTERPRISE].astype(np.int64)
    np.add.at(by_place[ENTERPRISE], people["province"][rows], held)
    model.tally.add("supplement_opening", by_place)
    return opened


def coverage_level(
    p: Parameters, year: int, counts: Mapping[str, NDArray[Any]], weight: float
) -> float:
    """Coverage at which contributors of a year meet the published members of annuities.

    p : under which the year was lived; counts : its tallies; weight : persons an agent
    """
    published = float(np.asarray(p.year(POLICY + "observed_members", year))) * MILLION
    lived = float(counts["supplement_contributors"][ENTERPRISE].sum()) * weight
    return law_on(p, "coverage", date(year, 1, 1)) * published / lived


STEP = Step(
    "supplementary_pensions",
    reads=tuple(dict.fromkeys((*PAYER_READS, *ACCOUNT_READS, "employee_account"))),
    apply=apply,
)
