"""The basic pension of urban and rural residents: contributions, accounts and pensions.

Decides for the members of the residents' scheme what they pay in and what stands in their
account, and from the month after the 60th birthday a pension of the minimum, a local
addition and the account over 139, if enough years are paid. Members are people outside the
employee scheme (`scheme_membership.py`), everyone of 60 and over among them when the scheme
began. Source: State Council 2014 no. 8 and notices on the minimum
(`parameters/policies/resident_pension.yaml`). Leaves out amounts by province, transfers
between schemes, funeral grants, suspended and doubtful claims, and yields on accounts above
the rate that is credited.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.columns import Column
from ...agents.compiled import kernel, rule
from ...agents.institutions import split
from ...parameters.dims import AGES, FUNDS, LEDGERS, PENSIONS, PROVINCES
from ...parameters.load import Parameters
from ..funds import (
    AGE_SUMS,
    PAID,
    RECEIVED,
    add_by_age,
    add_counts,
    age_reached,
    by_month,
    fen,
)
from ..lanes import CHUNK, HIGH, LOW, fill_lane, listed_ids
from ..numbers import Numbers
from ..prices import by_law, grown, price_index, wage_factor
from ..scheme_membership import (
    CONTRIBUTES,
    RESIDENT,
    contribution_class,
    contribution_classes,
)
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Counts = NDArray[np.int64]

COLUMNS = (
    Column("pension_account", np.int32, 0, "fen", "resident_pension", "individual account"),
    Column("pension_years", np.uint8, 0, "years", "resident_pension", "years paid, or made up"),
    Column(
        "account_pension_m",
        np.int32,
        0,
        "fen",
        "resident_pension",
        "part from the account; of who draws none, a code of the last year at work",
    ),
)
READS = ("id", "alive", "age", "birth_month", "death_u", "province", "scheme")
WRITES = ("pension_account", "pension_years", "account_pension_m", "pension")
FUND = "resident_pension"
POLICY = "policies.resident_pension."
CENTRAL, LOCAL, HOUSEHOLDS = "central_government", "local_government", "households"
CAPITAL_MARKET = "capital_market"
CLAIM_CALL, CLAIM = int(luck.Call.CLAIM), 1  # the call, and its lane for pensions
LASTING_CALL = int(luck.Call.PERSON_LASTING)
AWARDED = PENSIONS.index("resident")
WORKING_AGE = 16
LARGEST = 2_147_000_000  # fen that an account can hold
BILLION_FEN = 1e11
FITTED = (2012, 2013, 2014, 2015)

# what is summed by province
(REGISTERED, CONTRIBUTORS, MONTHS_PAID, BENEFICIARIES, AWARDS, OWN, MATCHED, INTEREST, MINIMUM,
 TOPUP, FROM_ACCOUNT, OVERRUN, REFUNDED, HELD) = range(14)  # fmt: skip
SUMS = 14
OTHER, PAYS, DRAWS, WAITS, STIRS = range(5)  # what a year is to a person


class Rules(NamedTuple):
    """The law of one year; money in fen.

    minimum, topup : running sums of the year's monthly amounts, int64[13]
    own, matching : yearly contribution and subsidy by class, int64[class], 0 does not pay
    classes : float64[class], running share of members who pay in a class or a lower one
    upper : uint64[class], the same as the least lasting word above it
    """

    year: int
    first_year: int
    start_age: int
    minimum_years: int
    minimum: Counts
    topup: Counts
    own: Counts
    matching: Counts
    classes: NDArray[np.float64]
    upper: NDArray[np.uint64]
    interest: float
    divisor: int
    makes_up: float


class Pension(NamedTuple):
    """What one person is paid in a year; money in fen."""

    first: int
    last: int
    minimum: int
    topup: int
    account: int


@rule
def first_month(age: int, birth_month: int, start_age: int) -> int:
    """First month of the year in which the age for a pension counts; 13 if none does.

    age : completed at the opening. The pension begins in the month after the birthday.
    """
    if age >= start_age:
        return 1
    return int(birth_month) + 1 if age == start_age - 1 else 13


@rule
def last_month(death_u: float) -> int:
    """Last month for which a pension is paid: that of death, else December."""
    return 12 if death_u >= 1.0 else min(int(12.0 * death_u) + 1, 12)


@rule
def years_needed(age: int, r: Rules) -> int:
    """Years of contributions for a pension.

    age : completed at the opening of the year. None for those who had the age when the
    scheme began; the years from then to that age if these are fewer than the minimum.
    """
    age_then = int(age) - (r.year - r.first_year)
    return min(max(r.start_age - age_then, 0), r.minimum_years)


@rule
def account_pension(account: int, divisor: int) -> int:
    """Fen a month for life from an account."""
    return int(account // divisor)


@rule
def credited(account: int, rate: float) -> int:
    """Interest of a year on an account, fen."""
    return int(np.rint(account * rate))


@rule
def pension(first: int, last: int, account_m: int, r: Rules) -> Pension:
    """Pension for the months from first to last."""
    if last < first:
        return Pension(first, last, 0, 0, 0)
    minimum = r.minimum[last] - r.minimum[first - 1]
    topup = r.topup[last] - r.topup[first - 1]
    account = (last - first + 1) * int(account_m)
    return Pension(first, last, int(minimum), int(topup), account)


@rule
def class_of(identity: Any, r: Rules, low: Any, high: Any) -> int:
    """Class in which a member pays for life, by lasting luck; 0 does not pay."""
    address = np.uint64(identity)
    words = luck.philox(address & LOW, address >> HIGH, luck.LASTING, LASTING_CALL, low, high)
    return int(contribution_class(luck.unit(words[CONTRIBUTES]), r.classes))


@rule
def wants_to_make_up(identity: Any, r: Rules, low: Any, high: Any) -> bool:
    """Whether a member whose years fall short pays them in this year."""
    address = np.uint64(identity)
    words = luck.philox(address & LOW, address >> HIGH, r.year, CLAIM_CALL, low, high)
    return bool(luck.unit(words[CLAIM]) < r.makes_up)


@rule
def paid_by(sums: Any, s: int) -> Any:
    """What the fund of a province has paid to persons so far in the year."""
    pensions = sums[MINIMUM, s] + sums[TOPUP, s] + sums[FROM_ACCOUNT, s] + sums[OVERRUN, s]
    return pensions + sums[REFUNDED, s]


@rule
def eventful(
    rows: Any, n: int, id: Any, alive: Any, age: Any, birth_month: Any, death_u: Any,
    province: Any, scheme: Any, account: Any, years: Any, account_m: Any, draws: Any, r: Rules,
    low: Any, high: Any, sums: Any, by_age: Any,
) -> None:  # fmt: skip
    """The year of the first n of these rows, whatever happens to them in it."""
    for k in range(n):
        i = rows[k]
        held: Any = np.int64(account[i])
        member = scheme[i] == RESIDENT
        if not member and held == 0:
            continue
        s, a = province[i], age_reached(age[i])
        received, paid = sums[OWN, s], paid_by(sums, s)
        sums[HELD, s] += held
        if not alive[i]:  # left the country this year
            sums[REFUNDED, s] += held
            by_age[PAID, a] += held
            account[i] = 0
            continue
        sums[INTEREST, s] += credited(held, r.interest)
        held += credited(held, r.interest)
        lives = death_u[i] >= 1.0
        if not member:
            sums[REFUNDED, s] += 0 if lives else held
            by_age[PAID, a] += 0 if lives else held
            account[i] = min(held, LARGEST) if lives else 0
            continue
        sums[REGISTERED, s] += lives
        of_age = lives and WORKING_AGE <= age[i] < r.start_age
        c = class_of(id[i], r, low, high) if of_age else 0
        if c > 0:
            sums[CONTRIBUTORS, s] += 1
            sums[MONTHS_PAID, s] += 12
            sums[OWN, s] += r.own[c]
            sums[MATCHED, s] += r.matching[c]
            held += r.own[c] + r.matching[c]
            years[i] = min(years[i] + 1, 100)
        first = first_month(age[i], birth_month[i], r.start_age)
        last = last_month(death_u[i])
        if first <= last:
            missing = years_needed(age[i], r) - int(years[i])
            awarded = draws[i] == AWARDED
            if not awarded and missing > 0 and wants_to_make_up(id[i], r, low, high):
                sums[CONTRIBUTORS, s] += 1
                sums[MONTHS_PAID, s] += 12 * missing
                sums[OWN, s] += missing * r.own[1]
                held += missing * r.own[1]
                years[i] += missing
                missing = 0
            if not awarded and missing <= 0:
                draws[i], awarded = AWARDED, True
                account_m[i] = account_pension(held, r.divisor)
                sums[AWARDS, s] += 1
            if awarded:
                due = pension(first, last, account_m[i], r)
                own = min(due.account, held)
                sums[BENEFICIARIES, s] += 1
                sums[MINIMUM, s] += due.minimum
                sums[TOPUP, s] += due.topup
                sums[FROM_ACCOUNT, s] += own
                sums[OVERRUN, s] += due.account - own
                held -= own
        if not lives:
            sums[REFUNDED, s] += held
            held = 0
        account[i] = min(held, LARGEST)
        by_age[RECEIVED, a] += sums[OWN, s] - received
        by_age[PAID, a] += paid_by(sums, s) - paid


@rule
def code_years(
    alive: Any, age: Any, birth_month: Any, death_u: Any, scheme: Any, account: Any, draws: Any,
    start_age: int, code: Any,
) -> None:  # fmt: skip
    """Write what the year of each person is: OTHER, PAYS, DRAWS, WAITS or STIRS. It vectorises.

    code : uint8[people], out; the columns are of the same people
    """
    for i in range(age.size):
        member, holds = scheme[i] == RESIDENT, account[i] != 0
        stays = (alive[i] == 1) & (death_u[i] >= 1.0)
        young = age[i] + (birth_month[i] < 12) < start_age
        pays = member & stays & young & (age[i] >= WORKING_AGE)
        draws_on = member & stays & (draws[i] == AWARDED) & (age[i] >= start_age)
        waits = (not member) & stays & holds
        calm = np.uint8(PAYS) * pays + np.uint8(DRAWS) * draws_on + np.uint8(WAITS) * waits
        stirs = (member | holds) & (not (pays | draws_on | waits))
        code[i] = np.uint8(calm + np.uint8(STIRS) * stirs)


@rule
def classes_of(words: Any, n: int, upper: Any, classes: Any) -> None:
    """Class in which each of the first n pays, by a lasting word; `contribution_class` of all.

    upper : uint64[class], least words of the next class; classes : uint8[n or more], out. One
    loop for each class, which vectorises.
    """
    last = np.uint64(upper[-1])
    for k in range(n):
        classes[k] = 1
    for bound in upper[:-1]:
        for k in range(n):
            classes[k] += words[k] >= bound
    for k in range(n):
        classes[k] *= words[k] < last


@rule
def add_up(paying: Any, drawing: Any, r: Rules, sums: Any) -> None:
    """Sums that follow from counts alone.

    paying : int64[class, province], calm members by class; drawing : int64[province]
    """
    for s in range(drawing.size):
        sums[REGISTERED, s] += drawing[s]
        sums[BENEFICIARIES, s] += drawing[s]
        sums[MINIMUM, s] += drawing[s] * r.minimum[12]
        sums[TOPUP, s] += drawing[s] * r.topup[12]
        for c in range(r.own.size):
            n = paying[c, s]
            sums[REGISTERED, s] += n
            sums[CONTRIBUTORS, s] += n * (c > 0)
            sums[MONTHS_PAID, s] += 12 * n * (c > 0)
            sums[OWN, s] += n * r.own[c]
            sums[MATCHED, s] += n * r.matching[c]


@kernel
def resident_pension(
    id: Any, alive: Any, age: Any, birth_month: Any, death_u: Any, province: Any, scheme: Any,
    account: Any, years: Any, account_m: Any, draws: Any, r: Rules, low: Any, high: Any, sums: Any,
    by_age: Any,
) -> None:  # fmt: skip
    """One year of every member: interest, contributions, award, pension, refund at death.

    Who has gone over to the employee scheme keeps the account, which bears interest, and goes
    to heirs with everybody else's. Most only pay, or draw, or wait; the others are listed for
    `eventful`, under whose rules the same would happen to all.

    low, high : key of the run; sums : int64[what, province]; by_age : int64[AGE_SUMS, age]
    """
    stirred, paying, drawing, idle = (
        np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32),
        np.empty(CHUNK, np.uint32),
    )  # fmt: skip
    ids, words = np.empty(CHUNK, np.uint64), np.empty(CHUNK, np.uint32)
    code, classes = np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint8)
    drawn, paid = np.zeros(sums.shape[1], np.int64), np.zeros((r.own.size, sums.shape[1]), np.int64)
    own_by_age = np.zeros((r.own.size, by_age.shape[1]), np.int64)
    credit = r.own + r.matching
    all_year = r.minimum[12] + r.topup[12]
    for first in range(0, age.size, CHUNK):
        some = slice(first, min(first + CHUNK, age.size))
        who = alive[some], age[some], birth_month[some], death_u[some], scheme[some]
        code_years(*who, account[some], draws[some], r.start_age, code)
        n_stirred, n_paying, n_drawing, n_idle = 0, 0, 0, 0
        for k in range(some.stop - first):
            i = np.uint32(first + k)  # needs no test for a sign
            stirred[n_stirred], paying[n_paying] = i, i
            drawing[n_drawing], idle[n_idle] = i, i
            n_paying += code[k] == PAYS
            n_drawing += code[k] == DRAWS
            n_idle += code[k] == WAITS
            n_stirred += code[k] == STIRS
        for k in range(n_idle):
            i = idle[k]
            s, held = province[i], np.int64(account[i])
            interest = credited(held, r.interest)
            sums[HELD, s] += held
            sums[INTEREST, s] += interest
            account[i] = min(held + interest, LARGEST)
        listed_ids(id, paying, n_paying, ids)
        fill_lane(ids, n_paying, LASTING_CALL, luck.LASTING, CONTRIBUTES, low, high, words)
        classes_of(words, n_paying, r.upper, classes)
        for k in range(n_paying):
            i, c = paying[k], np.uint32(classes[k])
            s, held = province[i], np.int64(account[i])
            interest = credited(held, r.interest)
            sums[HELD, s] += held
            sums[INTEREST, s] += interest
            paid[c, s] += 1
            own_by_age[c, age_reached(age[i])] += 1
            years[i] = min(years[i] + (c > 0), 100)
            account[i] = min(held + interest + credit[c], LARGEST)
        for k in range(n_drawing):
            i = drawing[k]
            s, held = province[i], np.int64(account[i])
            interest, due = credited(held, r.interest), np.int64(12) * account_m[i]
            own = min(due, held + interest)
            sums[HELD, s] += held
            sums[INTEREST, s] += interest
            drawn[s] += 1
            sums[FROM_ACCOUNT, s] += own
            sums[OVERRUN, s] += due - own
            by_age[PAID, age_reached(age[i])] += all_year + due
            account[i] = min(held + interest - own, LARGEST)
        eventful(
            stirred, n_stirred, id, alive, age, birth_month, death_u, province, scheme, account,
            years, account_m, draws, r, low, high, sums, by_age,
        )  # fmt: skip
    add_up(paid, drawn, r, sums)
    for a in range(by_age.shape[1]):
        for level in range(r.own.size):
            by_age[RECEIVED, a] += own_by_age[level, a] * r.own[level]


@kernel
def weigh_members(
    id: Any, alive: Any, age: Any, death_u: Any, province: Any, scheme: Any, account: Any,
    r: Rules, low: Any, high: Any, registered: Any,
) -> int:  # fmt: skip
    """Yearly contributions with subsidy of all who pay, fen; counts members by province."""
    total: Any = 0
    for i in range(age.size):
        if scheme[i] == RESIDENT and alive[i] and death_u[i] >= 1.0:
            registered[province[i]] += 1
            if age[i] < r.start_age:
                c = class_of(id[i], r, low, high)
                total += r.own[c] + r.matching[c]
    return int(total)


@kernel
def open_accounts(
    id: Any, alive: Any, age: Any, death_u: Any, province: Any, scheme: Any, account: Any,
    r: Rules, low: Any, high: Any, factor: float, opened: Any,
) -> None:  # fmt: skip
    """Put what was paid in before the first year into accounts, as a multiple of a year's."""
    for i in range(age.size):
        member = scheme[i] == RESIDENT and alive[i] and death_u[i] >= 1.0
        if member and age[i] < r.start_age:
            c = class_of(id[i], r, low, high)
            extra = np.int64(np.rint(factor * (r.own[c] + r.matching[c])))
            account[i] += extra
            opened[province[i]] += extra


def minimum_m(p: Parameters, day: date) -> float:
    """Minimum basic pension on a day, yuan per month; by the political rule after the law."""

    def growth(start: int, year: int) -> float:
        real = (1.0 + p.value(POLICY + "minimum_real_growth")) ** (year - start)
        return real * price_index(p, year) / price_index(p, start)

    after = int(p.value(POLICY + "minimum_grows_after"))
    return float(np.asarray(grown(p, POLICY + "minimum", day, after, growth)))


def topup_m(p: Parameters, day: date) -> float:
    """Mean local addition on a day, yuan per month."""
    after, growth = int(p.value(POLICY + "topup_grows_after")), _with_wages(p, "topup_growth")
    amount = grown(p, POLICY + "local_topup", day, after, growth)
    return float(np.asarray(amount)) * p.value(POLICY + "level")


def _with_wages(p: Parameters, name: str) -> Callable[[int, int], float]:
    """Growth by a share of that of wages."""
    share = p.value(POLICY + name)
    return lambda start, year: wage_factor(p, share, start, year)


def by_class(p: Parameters, name: str, day: date) -> Counts:
    """Yearly amounts by class on a day, fen, int64[class]; class 0 does not pay."""
    after, growth = int(p.value(POLICY + "class_grows_after")), _with_wages(p, "class_growth")
    amounts = grown(p, POLICY + name, day, after, growth)
    return np.array([0, *(fen(float(a)) for a in np.asarray(amounts))], dtype=np.int64)


@lru_cache(maxsize=64)
def _rules(numbers: Numbers, year: int) -> Rules:
    p, day = numbers.p, date(year, 1, 1)

    def law(name: str) -> float:
        return float(np.asarray(p.at(POLICY + name, day)))

    return Rules(
        year=year,
        first_year=int(p.value(POLICY + "first_year")),
        start_age=int(law("start_age")),
        minimum_years=int(law("minimum_years")),
        minimum=by_month(by_law(p, [POLICY + "minimum"], year, lambda day: fen(minimum_m(p, day)))),
        topup=by_month(by_law(p, [POLICY + "local_topup"], year, lambda day: fen(topup_m(p, day)))),
        own=by_class(p, "class_amount", day),
        matching=by_class(p, "matching", day),
        classes=contribution_classes(p),
        upper=luck.threshold(contribution_classes(p)),
        interest=law("account_interest"),
        divisor=int(law("divisor")),
        makes_up=p.value(POLICY + "makes_up"),
    )


def rules_of(p: Parameters, year: int) -> Rules:
    """The law of a year."""
    return _rules(Numbers(p), year)


def apply(model: "SongheModel") -> None:
    """One year of the scheme; nothing before its first year."""
    if model.year < model.parameters.value(POLICY + "first_year"):
        return
    rules = rules_of(model.parameters, model.year)
    people, sums = model.people, np.zeros((SUMS, len(PROVINCES)), np.int64)
    by_age = np.zeros((AGE_SUMS, len(AGES)), np.int64)
    columns = (people[name] for name in READS + WRITES)
    resident_pension(*columns, rules, model.key.low, model.key.high, sums, by_age)
    _book(model, sums)
    _count(model, sums)
    add_by_age(model, FUND, by_age)
    if model.year == rules.first_year:
        _open(model, rules)


def _book(model: "SongheModel", sums: Counts) -> None:
    """Every flow of the year; accounts first follow the people who moved."""
    fund = model.funds[FUND]
    fund.transfer(sums[HELD] - fund.balance[LEDGERS.index("individual")], ledger="individual")
    fund.flow("revenue", sums[OWN], HOUSEHOLDS, ledger="individual")
    fund.flow("subsidy", sums[MATCHED], LOCAL, ledger="individual")
    fund.flow("interest", sums[INTEREST], CAPITAL_MARKET, ledger="individual")
    fund.flow("outlay", sums[FROM_ACCOUNT] + sums[REFUNDED], HOUSEHOLDS, ledger="individual")
    central_share = model.parameters.array(POLICY + "central_share")
    central = np.rint(sums[MINIMUM] * central_share).astype(np.int64)
    fund.flow("subsidy", central, CENTRAL)
    fund.flow("subsidy", sums[MINIMUM] - central + sums[TOPUP], LOCAL)
    fund.flow("outlay", sums[MINIMUM] + sums[TOPUP] + sums[OVERRUN], HOUSEHOLDS)


def _count(model: "SongheModel", sums: Counts) -> None:
    add_counts(
        model,
        FUND,
        fund_registered=sums[REGISTERED],
        fund_contributors=sums[CONTRIBUTORS],
        fund_contributor_months=sums[MONTHS_PAID],
        fund_beneficiaries=sums[BENEFICIARIES],
        new_awards=sums[AWARDS],
    )
    model.tally.add("resident_pension_topup", sums[TOPUP])
    model.tally.add("resident_pension_overrun", sums[OVERRUN])


def _open(model: "SongheModel", r: Rules) -> None:
    """Bring the balance at the end of the first year to the published one.

    Accounts of those who pay gain a multiple of a year's contribution, the same for all; the
    rest stands in the pooled ledger, by members of each province.
    """
    people, p, fund = model.people, model.parameters, model.funds[FUND]
    total = p.value(POLICY + "opening_balance") * BILLION_FEN / model.weight
    in_accounts = total * p.value(POLICY + "opening_account_share")
    names = ("id", "alive", "age", "death_u", "province", "scheme", "pension_account")
    columns = (*(people[name] for name in names), r, model.key.low, model.key.high)
    registered = np.zeros(len(PROVINCES), np.int64)
    yearly = weigh_members(*columns, registered)
    if not registered.any():
        return
    held = int(fund.balance[LEDGERS.index("individual")].sum())

    def solve() -> float:
        return max(in_accounts - held, 0.0) / yearly if yearly else 0.0

    factor = float(model.constants.get("resident_pension_opening", solve, aligned=True))
    opened = np.zeros(len(PROVINCES), np.int64)
    open_accounts(*columns, factor, opened)
    fund.flow("opening_adjustment", opened, "before_the_first_year", ledger="individual")
    rest = max(round(total) - int(fund.balance.sum()), 0)
    fund.flow("opening_adjustment", split(rest, registered), "before_the_first_year")


def resident_pension_level(
    p: Parameters, years: Mapping[int, Mapping[str, NDArray[Any]]], weight: float
) -> float:
    """Level of local additions at which outlay of the fitted years meets the published one.

    p : under which the years were lived; years : tallies by year; weight : persons an agent
    """
    published, rest, added = 0.0, 0.0, 0.0
    for year in FITTED:
        outlay = float(years[year]["fund_outlay"][FUNDS.index(FUND)].sum())
        topup = float(years[year]["resident_pension_topup"].sum())
        published += float(np.asarray(p.year(POLICY + "observed_outlay", year)))
        rest += (outlay - topup) * weight / BILLION_FEN
        added += topup * weight / BILLION_FEN
    return p.value(POLICY + "level") * (published - rest) / added


STEP = Step(
    "resident_pension",
    reads=READS,
    writes=WRITES,
    apply=apply,
)
