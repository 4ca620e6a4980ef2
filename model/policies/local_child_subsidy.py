"""Child subsidies of provinces: grants at birth and yearly amounts by order and age of the child.

Decides for every child born in a simulated year what the province where it lives pays: a grant
in the year of birth, and a subsidy by the month between two ages. A child belongs to the scheme
if it was born when the scheme of its province paid for its order. Source:
`parameters/policies/local_child_subsidy.yaml`, where cities are named as examples; provinces
ship at nothing. Leaves out schemes of cities, registration, help with homes, and parents who
move for a grant; local grants attract registrations, so that effects of theirs overstate those
of a national one.
"""

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents.columns import Column
from ...agents.compiled import kernel, rule
from ...parameters.dims import BIRTH_ORDERS, PROVINCES
from ...parameters.load import ParameterError, Parameters
from ...parameters.problems import Problem
from ..birth_order import order_of
from ..funds import MONTHS, by_month, fens
from ..months import month_number, months_of_year
from ..numbers import Numbers, remembered
from ..prices import by_law
from ..promise import Promise, known_by_month, month_values
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COLUMNS: tuple[Column, ...] = ()
POLICY = "policies.local_child_subsidy."
FUND = "child_subsidy"
LOCAL, HOUSEHOLDS = "local_government", "households"
ORDERS = len(BIRTH_ORDERS)
NEVER = 2**62


class Rules(NamedTuple):
    """The law of one year, each int64[province, order, ...].

    grant : fen, by month of the birth; paid : running sums of monthly amounts, fen, [13]
    grant_from, paid_from : number of the first month of birth for which the scheme pays
    first, last : months of age between which it pays, the first not included
    """

    year: int
    grant: Counts
    paid: Counts
    grant_from: Counts
    paid_from: Counts
    first: Counts
    last: Counts


@rule
def grant_for(born: int, month: int, province: int, order: int, r: Rules) -> int:
    """Fen at the birth of a child of the year. born : number of the month; order : from 0"""
    if born < r.grant_from[province, order]:
        return 0
    return int(r.grant[province, order, month - 1])


@rule
def subsidy_for(born: int, death_u: float, province: int, order: int, r: Rules) -> Any:
    """Months and fen of the year for a child. order : from 0"""
    if born < r.paid_from[province, order]:
        return 0, 0
    since, until = born + r.first[province, order] + 1, born + r.last[province, order]
    first, last = months_of_year(since, until, r.year, death_u)
    if last < first:
        return 0, 0
    paid = r.paid[province, order]
    return last - first + 1, int(paid[last] - paid[first - 1])


@kernel
def local_subsidy(
    id: Any, age: Any, birth_month: Any, alive: Any, death_u: Any, province: Any, r: Rules,
    oldest: int, money: Any, children: Any,
) -> None:  # fmt: skip
    """Add fen and children by province. oldest : age at the opening that can be paid"""
    for i in range(age.size):
        if age[i] > oldest or alive[i] == 0:
            continue
        order = min(int(order_of(id[i])), ORDERS) - 1
        if order < 0:
            continue
        p, born = province[i], month_number(r.year - 1 - age[i], birth_month[i])
        due = 0
        if age[i] < 0:
            due = grant_for(born, birth_month[i], p, order, r)
        due += subsidy_for(born, death_u[i], p, order, r)[1]
        money[p] += due
        children[p] += due > 0


def pays(p: Parameters, year: int) -> bool:
    """Whether any province pays anything in a year or has begun to."""
    return any(
        day <= date(year, 12, 31) and np.any(p.at(POLICY + name, day))
        for name in ("birth_grant", "yearly_amount")
        for day in p.dates(POLICY + name)
    )


def ages(p: Parameters) -> tuple[Floats, Floats]:
    """Ages from and to which children are paid for, float64[province, order].

    Raises
    ------
    ParameterError
        If a first age is above the last, with the province and what is allowed.
    """
    first, last = p.array(POLICY + "from_age"), p.array(POLICY + "until_age")
    problems = [
        Problem(
            "policies/local_child_subsidy.yaml",
            f"{POLICY}until_age {PROVINCES[k]}, order {BIRTH_ORDERS[o]}",
            f"{last[k, o]:g}",
            f"{first[k, o]:g} or more, the age from which it is paid",
        )
        for k, o in np.argwhere(first > last)
    ]
    if problems:
        raise ParameterError(problems)
    return first, last


def _begins(p: Parameters, name: str) -> Counts:
    """Number of the first month for which anything is paid, int64[province, order]."""
    first = np.full((len(PROVINCES), ORDERS), NEVER, np.int64)
    for day in reversed(p.dates(POLICY + name)):
        month = int(month_number(day.year, day.month)) + (day.day > 1)
        first = np.where(np.asarray(p.at(POLICY + name, day)) > 0, month, first)
    return first


@lru_cache(maxsize=64)
def _rules(numbers: Numbers, year: int) -> Rules:
    p = numbers.p
    first, last = ages(p)

    def monthly(name: str, months: int) -> Counts:
        def value(day: date) -> Any:
            return fens(np.asarray(p.at(POLICY + name, day)) / months)

        return by_law(p, [POLICY + name], year, value)

    amounts = monthly("yearly_amount", MONTHS)
    return Rules(
        year=year,
        grant=monthly("birth_grant", 1),
        paid=np.apply_along_axis(by_month, -1, amounts),
        grant_from=_begins(p, "birth_grant"),
        paid_from=_begins(p, "yearly_amount"),
        first=(MONTHS * first).astype(np.int64),
        last=(MONTHS * last).astype(np.int64),
    )


def rules_of(p: Parameters, year: int) -> Rules:
    """The law of a year."""
    return _rules(Numbers(p), year)


def apply(model: "SongheModel") -> None:
    """Pay what provinces owe for their children; their budgets pay it in."""
    money, children = np.zeros((2, len(PROVINCES)), np.int64)
    if pays(model.parameters, model.year):
        r = rules_of(model.parameters, model.year)
        oldest = int(r.last.max()) // MONTHS
        local_subsidy(*(model.people[name] for name in READS), r, oldest, money, children)
        fund = model.funds[FUND]
        fund.flow("outlay", money, HOUSEHOLDS)
        fund.flow("subsidy", money, LOCAL)
    model.tally.add("local_child_subsidy", money)
    model.tally.add("local_child_subsidy_children", children)


READS = ("id", "age", "birth_month", "alive", "death_u", "province")
STEP = Step("local_child_subsidy", reads=READS, apply=apply)


# --- what a next child is promised ----------------------------------------------------------


@remembered
def _benefit(numbers: Numbers, year: int) -> Floats | None:
    p = numbers.p
    first, last = ages(p)
    months = max(int(MONTHS * last.max()), 1)
    grant = known_by_month(p, POLICY + "birth_grant", year, 1)[0]
    amounts = known_by_month(p, POLICY + "yearly_amount", year, months)
    if not grant.any() and not amounts.any():
        return None
    month = np.arange(months)[:, None, None]
    due = (month >= MONTHS * first) & (month < MONTHS * last) & (amounts[0] > 0)
    values = month_values(p, year, months)[:, None, None]
    yearly = (values * amounts * due / MONTHS).sum(axis=0)
    return np.asarray(grant + yearly)


def benefit(p: Parameters, year: int) -> Floats | None:
    """Present value for a child born in a year, yuan, float64[province, order]; None of nothing."""
    return _benefit(Numbers(p), year)


def promise(model: "SongheModel") -> Promise:
    """Cash by province and order of the child."""
    value = benefit(model.parameters, model.year)
    return Promise() if value is None else Promise(cash=value.T[:, :, None, None])
