"""The basic pension of employees: contributions, accounts, awards, pensions and their fund.

Decides for the members of the employee scheme whether they pay in a year and on which base,
what stands in their account, when they claim, in old age or for illness, what they are awarded,
and what is paid until death; short of years they pay on, or take the account to the residents'
scheme. Staff of the public sector and their pensioners stand outside the fund until the merger
reaches them; who retires from a public post draws the share of final pay of the old formula to
September 2014, and in the ten years after it what the comparison with the new one gives.
Source: State Council 2005 no. 38 and later acts (`parameters/policies/employee_pension.yaml`,
`retirement.yaml`). Leaves out wages by province, annuities, but for what the comparison takes
them to be, and pension rises that differ by age or amount (all rise alike, from the pooled
ledger).

Accounts are claims. Assets stand behind `funded_share` of them, in the individual ledger;
the pooled ledger takes the rest as current money and bears the interest that is credited.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...agents.columns import Column
from ...agents.institutions import move, shared, split
from ...parameters.dims import FUNDS, LEDGERS, PROVINCES, RESIDENCES
from ...parameters.load import Parameters
from .. import pension_rules as rules_
from ..adjustment_rules import contributor_growth, lowered_rise
from ..funds import add_by_age, add_counts, fen
from ..national import months_of_reserve
from ..numbers import Numbers, remembered
from ..paying_rules import chances_to_pay
from ..pension_rules import MONTHS, fen_a_month
from ..pension_year import (
    ACTIVE,
    AWARDED,
    AWARDS,
    BASE,
    BENEFICIARIES,
    BINS,
    CONTRIBUTORS,
    EMPLOYER,
    FLEXIBLE_POOLED,
    FROM_ACCOUNT,
    FROM_POOL,
    FROM_RESIDENTS,
    GRANTS,
    HELD,
    MONTHS_PAID,
    OUTSIDE_EMPLOYER,
    OUTSIDE_OWN,
    OUTSIDE_PAID,
    OVERRUN,
    OWN,
    REFUNDED,
    RETIRED,
    SUMS,
    TO_RESIDENTS,
    Columns,
    Rules,
    live,
)  # fmt: skip
from ..prices import by_law, income, nominal_return
from ..retirement_rules import retirement_of
from ..scheme_membership import EMPLOYEE
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COLUMNS = (
    Column("paid_months", np.uint16, 0, "months", "employee_pension", "paid to the scheme"),
    Column("deemed_years", np.uint8, 0, "years", "employee_pension",
           "of service before accounts that count as paid"),
    Column("contribution_index", np.uint16, 0, "1/10000", "employee_pension",
           "mean of base over reference wage, over all months that count"),
    Column("employee_account", np.uint32, 0, "fen", "employee_pension", "individual account"),
    Column("pension_m", np.int32, 0, "fen", "employee_pension", "pension a month, all parts"),
    Column("pension", np.uint8, 0, "code", "employee_pension", "scheme of the pension awarded"),
)  # fmt: skip
# account_pension_m holds a code before an award
SHARED = ("scheme", "pension_account", "account_pension_m", "pension_years")
WRITES = (*(column.name for column in COLUMNS), *SHARED)
READS = (
    "id", "alive", "age", "sex", "birth_month", "province", "education", "death_u", "work",
    "earnings", "adl",
)  # fmt: skip
FUND, RESIDENTS = "employee_pension", "resident_pension"
POLICY = rules_.POLICY
ANNUITY = tuple(
    "policies.supplementary_pensions.occupational_" + name
    for name in ("coverage", "employer_rate", "employee_rate")
)
CENTRAL, LOCAL, HOUSEHOLDS, EMPLOYERS = (
    "central_government", "local_government", "households", "employers",
)  # fmt: skip
CAPITAL_MARKET, BEFORE = "capital_market", "before_the_first_year"
BILLION_FEN = 1e11
MILLION = 1_000_000  # the factor on the employers' rate, and the rise, are counted in millionths
FITTED = (2011, 2012, 2013, 2014, 2015)
OF_RESERVE = ("reserve_floor", "rate_rise", "rate_ceiling")
POOLED, INDIVIDUAL = (LEDGERS.index(name) for name in ("pooled", "individual"))
URBAN = RESIDENCES.index("urban")


def running(p: Parameters, year: int, names: tuple[str, ...], value: Any) -> Floats:
    """Running sums over the months of a year, float64[13]; names : the entries it depends on."""
    months = by_law(p, [POLICY + name for name in names], year, value)
    return np.concatenate([[0.0], np.cumsum(months)])


def law_on(p: Parameters, name: str, day: date) -> float:
    """A dated number of the policy."""
    return float(np.asarray(p.at(POLICY + name, day)))


def at_end_of_service(year: int, value: Callable[[date], float]) -> Floats:
    """What holds in the month before each first month of a pension, float64[13]; 0 unused."""
    days = [date(year - 1, 12, 1), *(date(year, month, 1) for month in range(1, MONTHS))]
    return np.array([0.0, *(value(day) for day in days)])


@remembered
def _annuity_rates(numbers: Numbers, year: int) -> Floats:
    """Rate of the occupational annuity of a mean member of the staff by month, float64[12]."""

    def rate(day: date) -> float:
        covered, *rates = (float(np.asarray(numbers.p.at(key, day))) for key in ANNUITY)
        return covered * sum(rates)

    return by_law(numbers.p, ANNUITY, year, rate)


def annuity_rates(p: Parameters, year: int) -> Floats:
    """Rates of the occupational annuity added up to the month before each first month of a pension.

    Returns
    -------
    float64[13], months times share of pay, for a mean member of the staff; 0 unused
    """
    years = range(rules_.FIRST_REFERENCE - 1, year + 1)
    sums = np.cumsum(np.concatenate([_annuity_rates(Numbers(p), y) for y in years]))
    return np.concatenate([[0.0], sums[-MONTHS - 1 : -1]])


@lru_cache(maxsize=64)
def _rules(numbers: Numbers, year: int) -> Rules:
    p, opening = numbers.p, date(year, 1, 1)

    def rates(*names: str, value: Any = None) -> Floats:
        return running(p, year, names, value or (lambda day: law_on(p, names[0], day)))

    def after_waiver(day: date) -> float:
        return law_on(p, "employer_rate", day) * (1.0 - law_on(p, "employer_waiver", day))

    def to_budget(name: str) -> Floats:
        def due(day: date) -> float:
            return law_on(p, name, day) * law_on(p, "public_pays", day)

        return rates(name, "public_pays", value=due)

    provinces = p.array(POLICY + "province_wage")
    enterprise = rates("employer_rate", "employer_waiver", value=after_waiver)
    spread, persistence = (p.value(POLICY + "density_" + n) for n in ("spread", "persistence"))

    earlier, same = (rules_.pay_standard(p, ends, year) for ends in (year - 1, year))

    def monthly(wage: float) -> Counts:
        return np.array([fen_a_month(wage * ratio) for ratio in provinces], dtype=np.int64)

    return Rules(
        year=year,
        retirement=retirement_of(p),
        reference=monthly(rules_.reference_wage(p, year)),
        award=monthly(rules_.award_wage(p, year)),
        floor=law_on(p, "base_floor", opening),
        ceiling=law_on(p, "base_ceiling", opening),
        steps=np.array(p.at(POLICY + "flexible_steps", opening), dtype=np.float64),
        step_share=np.cumsum(p.array(POLICY + "flexible_step_share")),
        compliance=p.value(POLICY + "compliance"),
        employee=rates("employee_rate"),
        employer=np.stack([enterprise, rates("employer_rate")]),
        flexible=rates("flexible_rate"),
        outside_employee=to_budget("employee_rate"),
        outside_employer=to_budget("employer_rate"),
        chances=np.stack(
            [
                chances_to_pay(float(mean), spread, persistence, BINS)
                for mean in p.array(POLICY + "density")
            ]
        ),
        interest=rules_.crediting_rate(p, year),
        divisors=np.array(p.array(POLICY + "divisors")),
        accrual=law_on(p, "accrual", opening),
        transitional=p.value(POLICY + "transitional_rate"),
        rise=rules_.indexation(p, year),
        funeral=law_on(p, "funeral_months", opening),
        survivors=rules_.numbers_of(p.array(POLICY + "survivor_months")),
        most_survivors=int(p.value(POLICY + "survivor_most")),
        survivor_age=rules_.numbers_of(p.array(POLICY + "survivor_age")),
        income=fen(float(income(p, year - 1)[URBAN]) / MONTHS),
        at_once=law_on(p, "pays_at_once", opening),
        inside=law_on(p, "public_inside", opening),
        old_from=rules_.numbers_of(p.coords(POLICY + "old_shares", "duration")),
        old_shares=np.array(p.array(POLICY + "old_shares")),
        old_standard=np.array([0.0, earlier, *[same] * (MONTHS - 1)]),
        old_guaranteed=at_end_of_service(year, lambda day: law_on(p, "old_guaranteed", day)),
        excess=at_end_of_service(year, lambda day: law_on(p, "new_excess", day)),
        annuity=annuity_rates(p, year),
        level_collections=p.value(POLICY + "level_collections"),
        level_outlay=p.value(POLICY + "level_outlay"),
    )


def rules_of(p: Parameters, year: int) -> Rules:
    """The law of a year."""
    return _rules(Numbers(p), year)


def apply(model: "SongheModel") -> None:
    """One year of the scheme; nothing before its first year."""
    first_year = int(model.parameters.value(POLICY + "first_year"))
    if model.year < first_year:
        return
    if model.year == first_year:
        _open(model)
    rules = _decided(model, rules_of(model.parameters, model.year))
    sums = np.zeros((SUMS, len(PROVINCES)), np.int64)
    columns = Columns(*(model.people[name] for name in (*READS, *WRITES)))
    by_age = live(columns, rules, model.key.low, model.key.high, sums)
    _book(model, rules, sums)
    _pool(model, rules, sums)
    _count(model, sums)
    add_by_age(model, FUND, by_age)


def _decided(model: "SongheModel", rules: Rules) -> Rules:
    """The fund looks at the country and sets the employers' rate and the rise of the year."""
    fund, p = model.funds[FUND], model.parameters
    floor, rise, ceiling = (law_on(p, name, date(model.year, 1, 1)) for name in OF_RESERVE)
    months = months_of_reserve(model.national, FUND)
    factor = rules_.next_factor(fund.premium_factor, months, floor, rise, ceiling)
    fund.premium_factor = factor
    model.tally.add("employee_pension_rate_factor", np.array(round(factor * MILLION)))
    weight = law_on(p, "indexation_contributors", date(model.year, 1, 1))
    if weight > 0.0:
        growth = contributor_growth(model.national, FUND)
        rules = rules._replace(rise=lowered_rise(rules.rise, growth, weight))
    model.tally.add("employee_pension_rise", np.array(round(rules.rise * MILLION)))
    return rules if factor == 1.0 else rules._replace(employer=rules.employer * factor)


def _open(model: "SongheModel") -> None:
    """The published balance at the end of 2010 comes in, and earns its first return."""
    people, p, fund = model.people, model.parameters, model.funds[FUND]
    members = (people["scheme"] == EMPLOYEE) & (people["alive"] == 1)
    by_province = np.bincount(people["province"][members], minlength=len(PROVINCES))
    if not by_province.any():
        return
    total = round(p.value(POLICY + "opening_balance") * BILLION_FEN / model.weight)
    backed = _backed(p, _held(model))
    fund.flow("opening_adjustment", backed, BEFORE, ledger="individual")
    fund.flow("opening_adjustment", split(max(total - int(backed.sum()), 0), by_province), BEFORE)
    rate = nominal_return(p, model.year)
    for row, ledger in enumerate(LEDGERS):
        earned = np.rint(rate * fund.balance[row]).astype(np.int64)
        fund.flow("interest", earned, CAPITAL_MARKET, ledger=ledger)


def _held(model: "SongheModel") -> Counts:
    """Accounts by province, fen."""
    held = np.zeros(len(PROVINCES), np.int64)
    np.add.at(held, model.people["province"], model.people["employee_account"].astype(np.int64))
    return held


def _backed(p: Parameters, accounts: Counts) -> Counts:
    """The part of an amount in accounts behind which assets stand."""
    backed = p.value(POLICY + "funded_share") * accounts
    return np.asarray(np.rint(backed), dtype=np.int64)


def _book(model: "SongheModel", r: Rules, sums: Counts) -> None:
    """Every flow of the year; at the end the individual ledger holds what backs the accounts."""
    p, fund, residents = model.parameters, model.funds[FUND], model.funds[RESIDENTS]
    earned = nominal_return(p, model.year) * fund.opening[INDIVIDUAL]
    earned = np.rint(np.maximum(earned, 0.0)).astype(np.int64)
    fund.flow("interest", earned, CAPITAL_MARKET, ledger="individual")
    own, claims = sums[OWN], sums[FROM_ACCOUNT] + sums[REFUNDED]
    own_backed, claims_backed = _backed(p, own), _backed(p, claims)
    fund.flow("revenue", own_backed, HOUSEHOLDS, ledger="individual")
    fund.flow("revenue", own - own_backed + sums[FLEXIBLE_POOLED], HOUSEHOLDS)
    fund.flow("revenue", sums[EMPLOYER], EMPLOYERS)
    fund.flow("outlay", claims_backed, HOUSEHOLDS, ledger="individual")
    pooled = sums[FROM_POOL] + sums[OVERRUN] + sums[GRANTS] + claims - claims_backed
    fund.flow("outlay", pooled, HOUSEHOLDS)
    outlay = pooled + claims_backed
    fee = np.rint(p.value(POLICY + "administration") * outlay).astype(np.int64)
    fund.flow("administration", fee, "agencies")
    subsidy = law_on(p, "subsidy_share", date(model.year, 1, 1)) * outlay
    fund.flow("subsidy", np.rint(subsidy).astype(np.int64), CENTRAL)
    between = sums[TO_RESIDENTS] - sums[FROM_RESIDENTS]
    move(fund, residents, between, "individual", "individual")
    backed = _backed(p, sums[HELD])
    move(fund, fund, backed - fund.balance[INDIVIDUAL], "pooled", "individual")
    _book_outside(model, sums)


def _book_outside(model: "SongheModel", sums: Counts) -> None:
    """What the budget receives and pays for public staff outside the fund."""
    accounts, none = model.counterparts, np.zeros(len(PROVINCES), np.int64)
    received = sums[OUTSIDE_OWN] + sums[OUTSIDE_EMPLOYER]
    for name, gained in (
        (LOCAL, received - sums[OUTSIDE_PAID]),
        (HOUSEHOLDS, sums[OUTSIDE_PAID] - sums[OUTSIDE_OWN]),
        (EMPLOYERS, -sums[OUTSIDE_EMPLOYER]),
    ):
        accounts[name] = accounts.get(name, none) + gained


def _pool(model: "SongheModel", r: Rules, sums: Counts) -> None:
    """Central adjustment, national pooling, and the budget's duty where a scenario sets one."""
    p, fund = model.parameters, model.funds[FUND]
    rate = running(
        p, model.year, ("central_adjustment",), lambda day: law_on(p, "central_adjustment", day)
    )[-1]
    if rate > 0.0 and sums[BENEFICIARIES].any():
        wage = p.value(POLICY + "adjustment_base") * r.reference
        paid = np.rint(rate * wage * sums[ACTIVE]).astype(np.int64)
        fund.transfer(split(int(paid.sum()), sums[BENEFICIARIES]) - paid)
    if law_on(p, "national_pooling", date(model.year, 1, 1)) > 0.0:
        fund.transfer(shared(_net(fund)))
        fund.transfer(shared(fund.balance[POOLED]))
    gap = -int(_net(fund).sum())
    if gap > 0 and law_on(p, "subsidy_closes_gap", date(model.year, 1, 1)) > 0.0:
        fund.flow("subsidy", split(gap, np.maximum(-_net(fund), 0)), CENTRAL)


def _net(fund: Any) -> Counts:
    """Surplus of the year by province, both ledgers, without what came from before."""
    brought = fund.opening + fund.flows["opening_adjustment"]
    return np.asarray((fund.balance - brought).sum(axis=0))


def _count(model: "SongheModel", sums: Counts) -> None:
    add_counts(
        model,
        FUND,
        fund_registered=sums[ACTIVE] + sums[RETIRED],
        fund_contributors=sums[CONTRIBUTORS],
        fund_contributor_months=sums[MONTHS_PAID],
        fund_beneficiaries=sums[BENEFICIARIES],
        new_awards=sums[AWARDS],
        contribution_base=sums[BASE],
    )
    amount = np.zeros(len(FUNDS), np.int64)
    amount[FUNDS.index(FUND)] = sums[AWARDED].sum()
    model.tally.add("new_award_amount", amount)
    model.tally.add("account_overrun", sums[OVERRUN])
    model.tally.add("pooled_pension_outlay", sums[FROM_POOL])
    model.tally.add("public_pension_outlay", sums[OUTSIDE_PAID])


def _in_billions(table: NDArray[Any], weight: float) -> float:
    return float(table.sum()) * weight / BILLION_FEN


def outlay_level(
    p: Parameters, years: Mapping[int, Mapping[str, NDArray[Any]]], weight: float
) -> float:
    """Level of new pensions at which outlay of the fitted years meets the published one.

    p : under which the years were lived; years : tallies by year; weight : persons an agent.
    Pensions of the start and later awards are taken to follow the level alike.
    """
    published, rest, moved = 0.0, 0.0, 0.0
    for year in FITTED:
        pooled = _in_billions(years[year]["pooled_pension_outlay"], weight)
        outlay = _in_billions(years[year]["fund_outlay"][FUNDS.index(FUND)], weight)
        published += float(np.asarray(p.year(POLICY + "observed_outlay", year)))
        rest, moved = rest + outlay - pooled, moved + pooled
    return p.value(POLICY + "level_outlay") * (published - rest) / moved


def collection_level(
    p: Parameters, years: Mapping[int, Mapping[str, NDArray[Any]]], weight: float
) -> float:
    """Level of contributions at which revenue of the fitted years meets the published one.

    p : under which the years were lived; years : tallies by year; weight : persons an agent
    """
    published, rest, moved = 0.0, 0.0, 0.0
    for year in FITTED:
        revenue, subsidy, interest = (
            _in_billions(years[year][f"fund_{kind}"][FUNDS.index(FUND)], weight)
            for kind in ("revenue", "subsidy", "interest")
        )
        published += float(np.asarray(p.year(POLICY + "observed_revenue", year)))
        rest, moved = rest + subsidy + interest, moved + revenue
    return p.value(POLICY + "level_collections") * (published - rest) / moved


STEP = Step("employee_pension", reads=READS, writes=WRITES, apply=apply)
