"""Careers before 2011: what stands in the employee scheme for everybody at the start.

Decides who past the age of retirement had been a member and draws a pension; for these and for
members of working age the months paid, the service that counts as paid, the contribution index
and the account. A member of working age joined when the number of members passed her place
among them; service before individual accounts of those who were there by 1996 counts as paid.
Of others who began to work before 1996, as many as in the cohorts before them had been
members, and left when state units shed workers. Source: `parameters/work/careers.yaml`, and
yearbook counts of 2010. Leaves out early exits, changes between kinds of work before 2010, and
rules by province.
"""

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel, rule
from ..agents.frame import parts
from ..parameters.dims import EDUCATION, PENSIONS, RESIDENCES, SEXES
from ..parameters.load import Parameters
from . import scheme_membership
from .events import work
from .numbers import Numbers
from .prices import wage
from .retirement_rules import WOMEN_50, class_by_post
from .work_rules import (
    ENTERPRISE,
    FLEXIBLE,
    HIGH,
    LOW,
    PUBLIC,
    RELATIVE,
    SCALE,
    WORKING_AGE,
    WorkTables,
    coverage,
    normal,
    tables_of,
)

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TOPIC = "work.careers."
MEMBERSHIP = "work.scheme_membership."
PENSION = "policies.employee_pension."
LEVEL = PENSION + "level_outlay"
OLD_AGE, POSTS = "policies.retirement.old_age", "policies.retirement.share_55"
BASE_YEAR, ACCOUNTS = 2010, 1996  # the last year before the start; individual accounts begin
FIRST_SERVICE = 1950  # no service in units of the state before
FIRST_COHORT, LAST_COHORT = 1880, 2010
NO_PENSION, EMPLOYEE, FROM_PUBLIC = (
    PENSIONS.index(name) for name in ("none", "employee", "public")
)
FEMALE = SEXES.index("female")
LASTING, ALPHA, POST, DENSITY, MEMBER = int(luck.Call.WORK_LASTING), 0, 1, 2, 3
WAS_PUBLIC_CALL, WAS_PUBLIC = int(luck.Call.PERSON_LASTING), 3  # contributions of residents else
MONTHS, FEN, INDEX = 12, 100.0, 10_000.0
LATE_CAREER = 50  # age whose earnings stand for those of a pensioner
LARGEST_ACCOUNT = 4_000_000_000


class Past(NamedTuple):
    """What the rules of careers read.

    member : float64[cohort, sex, residence, education], past the age of retirement
    covered : float64[work, residence, education], workers who are members in 2010
    retired_from, divisor : [class]; women_55 : float64[education]; all of the law in force in 2010
    entry_age : int64[education]
    first : float64[age 0-99], share of members who were there in 1996
    joined : float64[year from 1996], members over those of 2010, rising to 1
    account : float64[first year, last year], both from 1996, fen at the end of the last year
        of a member with index 1 who paid all months
    density : float64[work], log odds of a paid month
    wage : yuan per year, in 2010
    """

    member: Floats
    covered: Floats
    retired_from: Integers
    divisor: Floats
    women_55: Floats
    entry_age: Integers
    first: Floats
    joined: Floats
    account: Floats
    density: Floats
    density_spread: float
    left_in: int
    public_share: float
    public_ratio: float
    base_share: float
    lowest: float
    highest: float
    accrual: float
    wage: float


class Career(NamedTuple):
    """What is in the scheme; account in fen for index 1."""

    paid_months: int
    deemed_years: int
    account: float


@rule
def joined_in(place: float, first: float, joined: Floats) -> int:
    """Year in which a member joined.

    place : hers among the members of 2010 of her age, in (0, 1)
    first : share of these who were there when accounts began
    joined : float64[year from 1996], members over those of 2010
    """
    if place <= first:
        return ACCOUNTS
    rest = (place - first) / (1.0 - first) * (1.0 - joined[0])
    for k in range(1, joined.size):
        if rest <= joined[k] - joined[0]:
            return ACCOUNTS + k
    return BASE_YEAR


@rule
def career(began: int, member_since: int, ends: int, density: float, past: Past) -> Career:
    """Career from the year work began to before the year `ends`.

    member_since : year of joining; ACCOUNTS for those who were there when accounts began
    density : share of months paid
    """
    deemed = 0
    if member_since <= ACCOUNTS:
        deemed = max(min(ends, ACCOUNTS) - max(began, FIRST_SERVICE), 0)
    first = max(began, member_since, ACCOUNTS)
    if first >= ends:
        return Career(0, deemed, 0.0)
    months = int(density * MONTHS * (ends - first))
    paid = months / (MONTHS * (ends - first))
    account = paid * past.account[first - ACCOUNTS, ends - 1 - ACCOUNTS]
    return Career(months, deemed, account)


@rule
def index_of(relative: float, past: Past) -> float:
    """Contribution index of earnings over the mean wage."""
    return min(max(past.base_share * relative, past.lowest), past.highest)


@rule
def first_pension(index: float, years: float, past: Past) -> float:
    """Pension by the formula of 2005 on the wage of 2010, yuan per month, before its level."""
    return past.wage / MONTHS * 0.5 * (1.0 + index) * years * past.accrual


@rule
def odds_share(log_odds: float) -> float:
    """Share at these log odds."""
    return float(1.0 / (1.0 + np.exp(-log_odds)))


@kernel
def find_pensioners(
    id: Any, alive: Any, age: Any, sex: Any, residence: Any, education: Any, pension: Any,
    past: Past, low: Any, high: Any,
) -> None:  # fmt: skip
    """Who past the age of retirement draws a pension of the employee scheme."""
    for i in range(id.size):
        if alive[i] == 0 or age[i] < past.retired_from[WOMEN_50]:
            continue
        words = luck.philox(id[i] & LOW, id[i] >> HIGH, luck.LASTING, LASTING, low, high)
        post = class_by_post(sex[i], False, luck.unit(words[POST]), past.women_55[education[i]])
        born = max(BASE_YEAR - int(age[i]) - FIRST_COHORT, 0)
        chance = past.member[born, sex[i], residence[i], education[i]]
        if age[i] >= past.retired_from[post] and luck.unit(words[MEMBER]) < chance:
            pension[i] = EMPLOYEE


@kernel
def rebuild(
    id: Any, alive: Any, age: Any, sex: Any, residence: Any, education: Any, work: Any,
    earnings_z: Any, scheme: Any, pension: Any, paid_months: Any,
    deemed_years: Any, contribution_index: Any, employee_account: Any, pension_m: Any,
    account_pension_m: Any, past: Past, t: WorkTables, mean_relative: float,
    low: Any, high: Any, sums: Any,
) -> None:  # fmt: skip
    """Careers, and pensions by the formula without their level.

    mean_relative : mean relative earnings of enterprise and public workers
    sums : int64[3], pensioners of the fund, their pensions in fen a month, those of budgets
    """
    for i in range(id.size):
        if alive[i] == 0 or age[i] < WORKING_AGE:
            continue
        a, b = id[i] & LOW, id[i] >> HIGH
        words = luck.philox(a, b, luck.LASTING, LASTING, low, high)
        retired = pension[i] >= EMPLOYEE
        kind = int(work[i])
        member = scheme[i] == scheme_membership.EMPLOYEE and not retired
        began = BASE_YEAR + 1 - int(age[i]) + past.entry_age[education[i]]
        born = max(BASE_YEAR - int(age[i]) - FIRST_COHORT, 0)
        chance = past.member[born, sex[i], residence[i], education[i]]
        left = not (retired or member) and began < ACCOUNTS and luck.unit(words[MEMBER]) < chance
        if not (retired or member or left):
            continue
        alpha = normal(words[ALPHA], t.normals)
        spread = past.density_spread * normal(words[DENSITY], t.normals)
        density = odds_share(past.density[ENTERPRISE if left else kind] + spread)
        level = t.level[ENTERPRISE, sex[i], education[i], min(age[i], LATE_CAREER)]
        z = earnings_z[i] / SCALE
        index = index_of(np.exp(level + t.lasting_sd * alpha + z) / mean_relative, past)
        if retired:
            post = class_by_post(sex[i], False, luck.unit(words[POST]), past.women_55[education[i]])
            ends = BASE_YEAR + 1 - int(age[i]) + past.retired_from[post]
            public_word = luck.philox(a, b, luck.LASTING, WAS_PUBLIC_CALL, low, high)[WAS_PUBLIC]
            public = luck.unit(public_word) < past.public_share
            density = odds_share(past.density[ENTERPRISE] + spread)
            c = career(began, ACCOUNTS, ends, density, past)
            if public:
                c = Career(0, max(ends - max(began, FIRST_SERVICE), 0), 0.0)
            account = c.account * index
            paid = int(account / past.divisor[post])
            spent = float(MONTHS * (BASE_YEAR + 1 - max(ends, ACCOUNTS))) * paid
            years = c.deemed_years + c.paid_months / MONTHS
            amount = np.int64(first_pension(index, years, past) * FEN)
            if public:
                amount = np.int64(amount * past.public_ratio)
                sums[2] += amount
            else:
                sums[0] += 1
                sums[1] += amount
            pension[i] = FROM_PUBLIC if public else EMPLOYEE
            pension_m[i] = amount
            account_pension_m[i] = paid
            employee_account[i] = min(max(account - spent, 0.0), LARGEST_ACCOUNT)
        elif kind == PUBLIC:
            c = Career(0, max(int(age[i]) - past.entry_age[education[i]], 0), 0.0)
        else:
            if left:
                c = career(began, ACCOUNTS, past.left_in, density, past)
            else:
                covered = past.covered[kind, residence[i], education[i]]
                index = past.lowest if kind == FLEXIBLE else index
                place = luck.unit(words[MEMBER]) / covered
                since = joined_in(place, past.first[min(age[i], 99)], past.joined)
                c = career(began, since, BASE_YEAR + 1, density, past)
            employee_account[i] = min(c.account * index, LARGEST_ACCOUNT)
        paid_months[i] = c.paid_months
        deemed_years[i] = c.deemed_years
        contribution_index[i] = np.rint(index * INDEX) if c.paid_months + c.deemed_years else 0


@kernel
def scale_pensions(pension: Any, pension_m: Any, account_pension_m: Any, factor: float) -> None:
    """Bring pensions to their level; the part from the account is never more than the whole."""
    for i in range(pension.size):
        if pension[i] >= EMPLOYEE:
            pension_m[i] = np.rint(pension_m[i] * factor)
            account_pension_m[i] = min(account_pension_m[i], pension_m[i])


def by_age(p: Parameters, key: str) -> Floats:
    """A table by `age_from` for each completed age, float64[age 0-99]; zero below the first."""
    starts = np.asarray(p.coords(key, "age_from"), dtype=np.int64)
    place = np.searchsorted(starts, np.arange(100), side="right") - 1
    return np.asarray(np.where(place >= 0, p.array(key)[np.maximum(place, 0)], 0.0))


def account_factors(p: Parameters) -> Floats:
    """Account by first and last year of payment, from 1996, fen for index 1.

    Contributions of a year earn interest from the next one on.
    """
    years = range(ACCOUNTS, BASE_YEAR + 1)
    rate = np.array([float(np.asarray(p.year(TOPIC + "account_rate_before", y))) for y in years])
    growth, interest = (p.value(TOPIC + n) for n in ("wage_growth_before", "interest_before"))
    paid = rate * wage(p, BASE_YEAR) * FEN * (1.0 + growth) ** (np.array(years) - BASE_YEAR)
    table = np.zeros((len(years), len(years)))
    for first in range(len(years)):
        held = 0.0
        for last in range(first, len(years)):
            held = held * (1.0 + interest) + paid[last]
            table[first, last] = held
    return table


def member_chance(p: Parameters, level: float) -> Floats:
    """Chance of having been a member, float64[cohort, sex, residence, education]."""
    years = np.arange(FIRST_COHORT, LAST_COHORT + 1)
    known = np.asarray(p.coords(MEMBERSHIP + "cohort_log_odds", "cohort"), dtype=np.float64)
    cohort = np.interp(years, known, p.array(MEMBERSHIP + "cohort_log_odds"))
    female = np.array([s == "female" for s in SEXES]) * p.value(MEMBERSHIP + "female_log_odds")
    log_odds = cohort[:, None, None, None] + female[None, :, None, None] + level
    log_odds = log_odds + p.array(MEMBERSHIP + "employee_log_odds")
    shape = (len(years), len(SEXES), len(RESIDENCES), len(EDUCATION))
    return np.ascontiguousarray(np.broadcast_to(1.0 / (1.0 + np.exp(-log_odds)), shape))


def law_of_2010(p: Parameters, name: str) -> float:
    """A number of the employee pension on the day on which simulated careers begin."""
    return float(np.asarray(p.at(PENSION + name, date(BASE_YEAR, 12, 31))))


@lru_cache(maxsize=8)
def _past(numbers: Numbers) -> Past:
    p = numbers.p
    years = range(ACCOUNTS, BASE_YEAR + 1)
    density = np.clip(p.array(TOPIC + "density_before"), 1e-6, 1.0 - 1e-6)
    ages = p.array(OLD_AGE).astype(np.int64)
    table, youngest = p.array(PENSION + "divisors"), p.coords(PENSION + "divisors", "age_from")[0]
    fund, budgets = p.array(TOPIC + "retired_members")
    return Past(
        member=member_chance(p, p.value(TOPIC + "retired_level")),
        covered=coverage(p, BASE_YEAR),
        retired_from=ages,
        divisor=np.array(table[ages - int(youngest)]),
        women_55=np.array(p.array(POSTS)),
        entry_age=tables_of(p).entry_age,
        first=by_age(p, TOPIC + "first_members"),
        joined=np.array([float(np.asarray(p.year(TOPIC + "members_before", y))) for y in years]),
        account=account_factors(p),
        density=np.log(density / (1.0 - density)),
        density_spread=p.value(TOPIC + "density_spread"),
        left_in=int(p.value(TOPIC + "left_in")),
        public_share=float(budgets / (fund + budgets)),
        public_ratio=p.value(TOPIC + "public_pension_ratio"),
        base_share=p.value(PENSION + "compliance"),
        lowest=law_of_2010(p, "base_floor"),
        highest=law_of_2010(p, "base_ceiling"),
        accrual=law_of_2010(p, "accrual"),
        wage=wage(p, BASE_YEAR),
    )


def past_of(p: Parameters) -> Past:
    """What is known of the years before 2011 under these parameters."""
    return _past(Numbers(p))


def mean_pension(p: Parameters) -> float:
    """Pension of the fund's pensioners in 2010, yuan per month."""
    fund, _ = p.array(TOPIC + "retired_members")
    return float(1e3 * p.value(TOPIC + "outlay") / fund / MONTHS)


def start(model: "SongheModel") -> None:
    """Work, schemes, careers and pensions of everybody at the end of 2010."""
    people, p, key = model.people, model.parameters, model.key
    past, t = past_of(p), tables_of(p)
    model.constants.year = BASE_YEAR
    persons = ("id", "alive", "age", "sex", "residence", "education")
    find_pensioners(
        *(people[c] for c in (*persons, "pension")), past, key.low, key.high
    )  # fmt: skip
    rules = work.prepare(model, starts=True)
    for part in parts(people.n):
        words = luck.words(people["id"][part], work.CALL, BASE_YEAR, key)
        work.live_work(*(people[c][part] for c in work.BY_ROWS), words, rules)
    mean_relative = work.earnings_level(model) / RELATIVE
    work.apply_earnings(model)
    scheme_membership.apply(model)
    names = (
        *persons, "work", "earnings_z", "scheme", "pension", "paid_months",
        "deemed_years", "contribution_index", "employee_account", "pension_m", "account_pension_m",
    )  # fmt: skip
    sums = np.zeros(3, np.int64)
    rebuild(*(people[c] for c in names), past, t, mean_relative, key.low, key.high, sums)

    def level() -> float:
        return mean_pension(p) * FEN * sums[0] / sums[1] if sums[1] else 1.0

    factor = float(model.constants.get("pensions_of_2010", level, aligned=True))
    factor *= p.value(LEVEL)  # what later awards are multiplied by
    columns = (people[c] for c in ("pension", "pension_m", "account_pension_m"))
    scale_pensions(*columns, factor)
    scheme_membership.apply(model)  # again: who has the years for a pension is a member
