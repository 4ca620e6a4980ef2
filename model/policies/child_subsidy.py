"""The national child-rearing subsidy: who is paid for how many months, and what it promises.

Decides for every child under three the months of a year for which the subsidy is due, and what
the payments for a next child are worth at its birth. A child is entitled from the month after
its birth to the month of its third birthday, not before January 2025, and to the month of its
death; the amount is that of the law of each month for the child's order of birth. A month for
which the law gives the order nothing does not count. Source: implementation plan of July 2025
(`parameters/policies/child_subsidy.yaml`). Leaves out local subsidies
(`local_child_subsidy.py`), registration and legality of the birth, and the time from
entitlement to payment.
"""

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.columns import Column
from ...agents.compiled import kernel, rule
from ...parameters.dims import BIRTH_ORDERS, PROVINCES
from ...parameters.load import Parameters
from ..birth_order import order_of
from ..funds import MONTHS, add_counts, by_month, fens
from ..months import month_number, months_of_year
from ..numbers import Numbers, remembered
from ..prices import by_law
from ..promise import Promise, decided, expected_payments, known_by_month, present_value
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COLUMNS: tuple[Column, ...] = ()
FUND = "child_subsidy"
POLICY = "policies.child_subsidy."
CENTRAL, LOCAL, HOUSEHOLDS = "central_government", "local_government", "households"
ORDERS = len(BIRTH_ORDERS)
TAKE_UP = 2  # lane of the lasting call


class Rules(NamedTuple):
    """The law of one year.

    first : number of the first month for which anything is paid, 12 * year + month - 1
    months : for which a child is entitled
    paid : running sums of the year's monthly amounts, fen, int64[order, 13]
    due : running sums of months in which an order is given anything, int64[order, 13]
    take_up : share of entitled children for whom it is claimed
    """

    year: int
    first: int
    months: int
    paid: Counts
    due: Counts
    take_up: float


@rule
def entitled_months(age: int, birth_month: int, death_u: float, r: Rules) -> Any:
    """First and last month of the year for which a child is entitled; (1, 0) if none.

    age : completed at the opening of the year, -1 if born in it
    """
    born = month_number(r.year - 1 - int(age), birth_month)
    return months_of_year(max(born + 1, r.first), born + r.months, r.year, death_u)


@rule
def subsidy(first: int, last: int, order: int, r: Rules) -> int:
    """Fen for the months of the year from first to last. order : from 0"""
    return int(r.paid[order, last] - r.paid[order, first - 1])


@rule
def months_paid(first: int, last: int, order: int, r: Rules) -> int:
    """Months from first to last in which the law gives the order anything. order : from 0"""
    return int(r.due[order, last] - r.due[order, first - 1])


@rule
def place_of(identity: Any) -> int:
    """Place of the order of birth in the law's list; the first where it is not known."""
    return min(max(int(order_of(identity)), 1), ORDERS) - 1


@rule
def starts(age: int, birth_month: int, r: Rules) -> bool:
    """Whether the first month for which the child is ever paid lies in the year."""
    born = month_number(r.year - 1 - int(age), birth_month)
    return bool(max(born + 1, r.first) >= month_number(r.year, 1))


@kernel
def child_subsidy(
    id: Any, age: Any, birth_month: Any, alive: Any, death_u: Any, province: Any, claims: Any,
    r: Rules, oldest: int, months: Any, money: Any, children: Any, awards: Any,
) -> None:  # fmt: skip
    """Add the months, the fen, the children and the first payments by province.

    claims : uint8[people], or empty where all claim; oldest : highest age that can be paid
    """
    for i in range(age.size):
        if age[i] > oldest or not alive[i]:
            continue
        if claims.size and not claims[i]:
            continue
        first, last = entitled_months(age[i], birth_month[i], death_u[i], r)
        if last < first:
            continue
        order = place_of(id[i])
        due = months_paid(first, last, order, r)
        if due > 0:
            p = province[i]
            months[p] += due
            money[p] += subsidy(first, last, order, r)
            children[p] += 1
            awards[p] += starts(age[i], birth_month[i], r)


def monthly_fen(p: Parameters, day: date) -> Counts:
    """Monthly amount under the law of a day, whole fen, int64[order]; zero before the law."""
    if day < first_day(p):
        return np.zeros(ORDERS, np.int64)
    amount = np.asarray(p.at(POLICY + "amount", day)) * np.asarray(p.at(POLICY + "by_order", day))
    return fens(amount / MONTHS)


def first_day(p: Parameters) -> date:
    """Day from which the subsidy is paid."""
    return p.dates(POLICY + "amount")[0]


def rules_of(p: Parameters, year: int) -> Rules:
    """The law of a year."""
    start, keys = first_day(p), [POLICY + "amount", POLICY + "by_order"]
    amounts = by_law(p, keys, year, lambda day: monthly_fen(p, day))
    return Rules(
        year=year,
        first=int(month_number(start.year, start.month)),
        months=int(p.value(POLICY + "months")),
        paid=np.apply_along_axis(by_month, -1, amounts),
        due=np.apply_along_axis(by_month, -1, (amounts > 0).astype(np.int64)),
        take_up=p.value(POLICY + "take_up"),
    )


def apply(model: "SongheModel") -> None:
    """Pay for the year's entitled months; the budgets pay in what goes out."""
    if model.year < first_day(model.parameters).year:
        return
    rules = rules_of(model.parameters, model.year)
    people, sums = model.people, np.zeros((4, len(PROVINCES)), np.int64)
    names = ("id", "age", "birth_month", "alive", "death_u", "province")
    oldest = rules.months // MONTHS
    claims = _claims(model, rules.take_up, oldest)
    child_subsidy(*(people[name] for name in names), claims, rules, oldest, *sums)
    months, money, children, awards = sums
    _book(model, money)
    model.tally.add("child_subsidy_months", months)
    counts = {"fund_registered": children, "fund_beneficiaries": children, "new_awards": awards}
    add_counts(model, FUND, **counts)


def _claims(model: "SongheModel", take_up: float, oldest: int) -> NDArray[np.uint8]:
    """Whether each child is one for whom the subsidy is claimed; empty where all are."""
    if take_up >= 1.0:
        return np.empty(0, np.uint8)
    people = model.people
    young = np.flatnonzero(people["age"] <= oldest)
    claims = np.zeros(people.n, np.uint8)
    call = luck.Call.PERSON_LASTING
    u = luck.uniforms(people["id"][young], call, luck.LASTING, model.key)[TAKE_UP]
    claims[young] = u < take_up
    return claims


def _book(model: "SongheModel", money: Counts) -> None:
    """Outlay to households, and the budgets' money for it, province by province."""
    fund = model.funds[FUND]
    fund.flow("outlay", money, HOUSEHOLDS)
    year_end = date(model.year, 12, 31)
    share = float(np.asarray(model.parameters.at(POLICY + "central_share", year_end)))
    central = np.rint(money * share).astype(np.int64)
    fund.flow("subsidy", central, CENTRAL)
    fund.flow("subsidy", money - central, LOCAL)


STEP = Step(
    "child_subsidy",
    reads=("id", "age", "birth_month", "alive", "death_u", "province"),
    apply=apply,
)


# --- what a next child is promised ----------------------------------------------------------


@remembered
def _benefit(numbers: Numbers, year: int) -> Floats:
    p, when = numbers.p, decided(numbers.p, year)
    if when < p.value(POLICY + "announced"):
        return np.zeros(ORDERS)

    months = int(p.value(POLICY + "months"))
    amount, factor = (known_by_month(p, POLICY + n, year, months) for n in ("amount", "by_order"))
    due = amount[:, None] * factor / MONTHS  # [month, order]

    def monthly(_: date, month: int) -> Any:
        return due[month - 1]

    payments = expected_payments(p, year, months, monthly)
    return np.asarray(present_value(p, payments)) if payments.size else np.zeros(ORDERS)


def benefit(p: Parameters, year: int, order: int = 1) -> float:
    """Present value of the payments for a child born in a year, yuan of that year."""
    return float(_benefit(Numbers(p), year)[order - 1])


def promise(model: "SongheModel") -> Promise:
    """Cash by order of the child."""
    return Promise(cash=_benefit(Numbers(model.parameters), model.year)[:, None, None, None])
