"""Ledgers under every shipped scenario, held against every person and every other end of a flow.

All scenarios branch from one history, each before the first year in which its law differs, and
are lived with the same luck. The receipts of persons are worked out in the tests, from the
columns before and after the step of a pension and the law of the year. The few employees who
claim or die before a pension are lived one by one by the rule of one person, and what the rule
did to each is held against her columns. `Lived` says what is kept of a life.
"""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from songhe.agents import base as base_of_2010
from songhe.agents import institutions, luck
from songhe.agents.institutions import KINDS
from songhe.model import pension_year as year_of
from songhe.model.funds import AGE_SUMS
from songhe.model.model import SongheModel
from songhe.model.pension_rules import contribution, survivor_months
from songhe.model.policies import (
    employee_pension,
    long_term_care_insurance,
    maternity_leave,
    resident_pension,
)
from songhe.model.policies.child_subsidy import monthly_fen
from songhe.model.scheme_membership import EMPLOYEE, RESIDENT
from songhe.parameters.dims import ADL, AGES, FUNDS, LEDGERS, PENSIONS, PROVINCES
from songhe.parameters.load import load
from songhe.runs.scenario import load_scenario, shipped_names

PERSONS, SEED, BRANCH, LAST = 1_500, 4, 2021, 2036
WATCHED = 2013  # the first year after the opening of both pension funds
LEAST_AGENTS = 20  # members of a pool that stands alone, so that at this size some do
N = len(PROVINCES)
MONTHS = 12
EMPLOYEES, RESIDENTS = "employee_pension", "resident_pension"
SCHEMES = {EMPLOYEES: employee_pension, RESIDENTS: resident_pension}
INFLOWS = ("revenue", "subsidy", "interest", "deficit_financing", "opening_adjustment", "transfers")
OUTFLOWS = ("outlay", "administration")
BUDGETS = {"central_government", "local_government"}
OTHER_ENDS = {  # who may pay or be paid by a flow
    "revenue": {"households", "employers"},
    "subsidy": BUDGETS,
    "interest": {"capital_market"},
    "deficit_financing": {"local_government"},
    "opening_adjustment": {"before_the_first_year"},
    "administration": {"agencies"},
}
PAID_TO = {  # by an outlay; households but where a service is paid for
    "childcare": {"nurseries"},
    "public_health": {"primary_care"},
    "long_term_care": {"households", "care_providers"},
}
OUTSIDE = year_of.OUTSIDE_OWN, year_of.OUTSIDE_EMPLOYER, year_of.OUTSIDE_PAID
SHARED_NAMES = ("pension", "scheme", "pension_account", "account_pension_m")


def by_place(province, amounts):
    """Sums of whole amounts by province, int64[province]."""
    sums = np.zeros(N, np.int64)
    np.add.at(sums, province, np.asarray(amounts, np.int64))
    return sums


def last_months(death_u):
    """Last month that is paid for, that of death."""
    return np.where(death_u < 1.0, np.minimum((12.0 * death_u).astype(np.int64) + 1, 12), 12)


class Dealings:
    """What persons pay to a scheme and get from it in a year, by province and by person.

    paid_in, paid_out, subsidy, interest : fen of agents, int64[province]; the last two are for
        accounts and pensions of residents alone
    months, whole_years : in payment and pensions paid in every month, int64[province]
    outside : what public staff outside the fund pay to the budget, what is paid for them, and
        what the budget pays, int64[3, province]
    held : fen in accounts at the close, int64[province]
    moved : fen in accounts that go to the other scheme, less those that come; national
    movers : ids of those whose account goes or comes
    by_id : id -> fen paid in, paid out, of subsidy and of interest
    """

    def __init__(self):
        self.paid_in, self.paid_out, self.subsidy, self.interest = np.zeros((4, N), np.int64)
        self.months, self.whole_years, self.held = np.zeros((3, N), np.int64)
        self.outside = np.zeros((len(OUTSIDE), N), np.int64)
        self.moved, self.movers, self.by_id = 0, set(), {}

    def add(self, ids, province, *, paid_in=0, paid_out=0, subsidy=0, interest=0):
        """Book whole amounts of some persons."""
        given = np.zeros((4, len(ids)), np.int64)
        for row, amounts in zip(given, (paid_in, paid_out, subsidy, interest), strict=True):
            row[:] = amounts
        sums = self.paid_in, self.paid_out, self.subsidy, self.interest
        for total, amounts in zip(sums, given, strict=True):
            total += by_place(province, amounts)
        for one, amounts in zip(ids.tolist(), given.T, strict=True):
            if amounts.any():
                self.by_id[one] = self.by_id.get(one, 0) + amounts

    def in_payment(self, province, months):
        """Book months of pensions."""
        self.months += by_place(province, months)
        self.whole_years += by_place(province, months == MONTHS)


def of_residents(model, was, now):
    """Every dealing of the residents' scheme, by plain arithmetic on the columns."""
    r, found = resident_pension.rules_of(model.parameters, model.year), Dealings()
    held = was.pension_account.astype(np.int64)
    interest = np.rint(held * r.interest).astype(np.int64)
    here, lives, member = was.alive == 1, was.death_u >= 1.0, was.scheme == RESIDENT
    found.add(was.id[~here], was.province[~here], paid_out=held[~here])  # left the country
    found.add(was.id[here], was.province[here], interest=interest[here])
    held = held + np.where(here, interest, 0)
    one = np.flatnonzero(here & member)
    rises = now.pension_years[one].astype(np.int64) - was.pension_years[one]
    of_age = lives[one] & (was.age[one] >= 16) & (was.age[one] < r.start_age)
    class_ = np.zeros(len(one), np.int64)
    address = was.id[one[of_age]]
    class_[of_age] = [
        resident_pension.class_of(i, r, model.key.low, model.key.high) for i in address
    ]
    made_up = rises - (class_ > 0)
    made_up[was.pension_years[one] >= 99] = 0  # the column is full
    assert (made_up >= 0).all()
    own = r.own[class_] + made_up * r.own[1]
    held[one] += own + r.matching[class_]
    birthday = np.where(was.age[one] == r.start_age - 1, was.birth_month[one] + 1, 13)
    first = np.where(was.age[one] >= r.start_age, 1, birthday).astype(np.int64)
    last = last_months(was.death_u[one])
    months = np.maximum(last - first + 1, 0) * (now.pension[one] == PENSIONS.index("resident"))
    start = np.where(months > 0, first, last + 1)
    due = months * now.account_pension_m[one]
    basic = sum(table[last] - table[start - 1] for table in (r.minimum, r.topup))
    held[one] -= np.minimum(due, held[one])
    found.add(
        was.id[one], was.province[one],
        paid_in=own, paid_out=basic + due, subsidy=r.matching[class_] + basic,
    )  # fmt: skip
    found.in_payment(was.province[one], months)
    dead = here & ~lives
    found.add(was.id[dead], was.province[dead], paid_out=held[dead])  # to heirs
    assert (now.pension_account == np.where(here & lives, held, 0)).all()
    found.held = by_place(was.province, now.pension_account)
    return found


def of_employees(model, was, now):
    """Every dealing of the employees' scheme, and of public staff whom it does not cover yet."""
    r, found = employee_pension.rules_of(model.parameters, model.year), Dealings()
    r = r._replace(employer=r.employer * model.funds[EMPLOYEES].premium_factor)
    held = was.employee_account.astype(np.int64)
    here, lives = was.alive == 1, was.death_u >= 1.0
    found.add(was.id[~here], was.province[~here], paid_out=held[~here])
    held = held + np.where(here, np.rint(held * r.interest).astype(np.int64), 0)
    draws = here & (was.pension >= PENSIONS.index("employee"))
    public = np.where(draws, was.pension == PENSIONS.index("public"), was.work == year_of.PUBLIC)
    place = luck.uniforms(was.id, luck.Call.CONTRIBUTION, luck.LASTING, model.key)[year_of.PLACE]
    outside = public & (place >= r.inside)
    draws &= ~outside
    after = np.where(here, held, 0)
    _pensioners(np.flatnonzero(draws), was, now, r, after, found)
    career = (was.scheme == EMPLOYEE) | (was.employee_account != 0)
    career |= (was.paid_months != 0) | (was.deemed_years != 0)
    near = was.age + 1 >= r.retirement.earliest[was.sex]
    stirs = ~lives | near | (was.adl == ADL.index("severe")) | outside
    stirs &= here & career & ~draws
    _one_by_one(np.flatnonzero(stirs), model, was, now, r, after, found)
    calm = here & career & ~draws & ~stirs
    rise = now.paid_months.astype(np.int64) - was.paid_months
    assert set(rise[calm].tolist()) <= {0, MONTHS}
    _payers(np.flatnonzero(calm & (rise > 0)), was, r, after, found)
    assert (now.employee_account == after).all()
    found.held = by_place(was.province, now.employee_account)
    moved = now.pension_account.astype(np.int64) - was.pension_account
    found.moved, found.movers = int(moved.sum()), set(was.id[moved != 0].tolist())
    return found


def _pensioners(rows, was, now, r, account, found):
    last = last_months(was.death_u[rows])
    due = last * now.account_pension_m[rows].astype(np.int64)
    account[rows] -= np.minimum(due, account[rows])
    pensions = last * now.pension_m[rows].astype(np.int64)
    found.add(was.id[rows], was.province[rows], paid_out=pensions)
    found.in_payment(was.province[rows], last)
    dead = rows[was.death_u[rows] < 1.0]
    service = was.paid_months[dead] + MONTHS * was.deemed_years[dead].astype(np.int64)
    drawn = np.maximum(was.age[dead].astype(np.int64) - r.survivor_age[was.sex[dead]], 0).tolist()
    grants = [
        round((r.funeral + survivor_months(s // 12, d, r.survivors, r.most_survivors)) * r.income)
        if s
        else 0
        for s, d in zip(service.tolist(), drawn, strict=True)
    ]
    due = account[dead] + np.array(grants, np.int64)
    found.add(was.id[dead], was.province[dead], paid_out=due)
    account[dead] = 0


def _payers(rows, was, r, account, found):
    """A whole year at work, with nothing else."""
    for i in rows.tolist():
        s, work = was.province[i], was.work[i]
        base = year_of.base_of(
            work, was.earnings[i], r.reference[s], r.compliance, r.steps[0], r.floor, r.ceiling
        )
        collected = int(np.rint(base * r.level_collections))
        own = contribution(collected, r.employee[MONTHS])
        if work == year_of.FLEXIBLE:
            both = contribution(collected, r.flexible[MONTHS])
        else:
            both = own + contribution(collected, r.employer[int(work == year_of.PUBLIC), MONTHS])
        account[i] += own
        found.add(was.id[[i]], was.province[[i]], paid_in=both)


def _one_by_one(rows, model, was, now, r, account, found):
    """Claims, longer times of paying, deaths before a pension, staff outside; one person's rule."""
    columns = year_of.Columns(*(getattr(was, name) for name in year_of.Columns._fields))
    persons = year_of.records(columns, len(rows))
    year_of.take_out(columns, rows.astype(np.uint32), len(rows), persons)
    law, key = year_of.record_of(r), model.key
    for k, i in enumerate(rows.tolist()):
        sums = np.zeros((year_of.SUMS, N), np.int64)
        by_age = np.zeros((AGE_SUMS, len(AGES)), np.int64)
        one, s = persons[k : k + 1], was.province[i]
        year_of.eventful(one, law, key.low, key.high, sums, by_age)
        c, total = one[0], sums[:, s]
        for name in employee_pension.WRITES:
            assert getattr(c, name) == getattr(now, name)[i], name
        pension = sum(total[k] for k in (year_of.FROM_POOL, year_of.FROM_ACCOUNT, year_of.OVERRUN))
        awarded = c.pension >= year_of.DRAWS
        months = int(pension) // int(c.pension_m) if awarded else 0
        assert pension == months * int(c.pension_m) * awarded
        assert months <= last_months(was.death_u[i])
        account[i] += total[year_of.OWN] + total[year_of.FROM_RESIDENTS]
        account[i] -= total[year_of.FROM_ACCOUNT] + total[year_of.TO_RESIDENTS]
        account[i] -= total[year_of.REFUNDED]
        gave = sum(total[k] for k in (year_of.OWN, year_of.EMPLOYER, year_of.FLEXIBLE_POOLED))
        got = pension + total[year_of.REFUNDED] + total[year_of.GRANTS]
        found.outside[:, s] += total[list(OUTSIDE)]
        found.add(was.id[[i]], was.province[[i]], paid_in=gave, paid_out=got)
        found.in_payment(was.province[[i]], np.array([months]))


DEALINGS = {EMPLOYEES: of_employees, RESIDENTS: of_residents}


class Alone:
    """A kernel that pays a list of persons, called for one person after another.

    listed : its first arguments that hold a value for each; table, rows : the argument with sums
        by province, and the rows of it that the fund pays; got : fen by row of the person
    """

    def __init__(self, module, name, listed, table, rows):
        self.module, self.name, self.kernel = module, name, getattr(module, name)
        self.listed, self.table, self.rows, self.got = listed, table, rows, {}

    def __call__(self, *arguments):
        for k, row in enumerate(arguments[0].tolist()):
            one = [np.ascontiguousarray(a[..., k : k + 1]) for a in arguments[: self.listed]]
            one += arguments[self.listed :]
            one[self.table] = own = np.zeros_like(arguments[self.table])
            self.kernel(*one)
            arguments[self.table][...] += own
            self.got[row] = own[self.rows].reshape(-1, N).sum(axis=0)

    def by_place(self, people):
        """Fen and persons who got any, int64[2, province]; all at the place of the person."""
        sums = np.zeros((2, N), np.int64)
        for row, amounts in self.got.items():
            place = people["province"][row]
            assert people["alive"][row]
            assert amounts[place] == amounts.sum() >= 0
            sums[0, place] += amounts[place]
            sums[1, place] += amounts[place] > 0
        return sums


ALONE = {  # by step: the fund, and the kernel that pays from it
    "long_term_care_insurance": (
        "long_term_care", Alone(long_term_care_insurance, "pay_benefits", 5, 11, slice(None)),
    ),
    "maternity_leave": (
        "maternity", Alone(maternity_leave, "pay_mothers", 4, 9, maternity_leave.ALLOWANCE),
    ),
}  # fmt: skip


class Lived:
    """One scenario: its tallies, the dealings of persons, every booking, the members of schemes.

    years : tallies by year; dealings : year -> fund -> Dealings
    received : (year, fund) -> what persons got from other funds, and how many, int64[2, province]
    booked : year -> (fund, kind, other end) -> int64[ledger, province]
    ends : year -> other end -> int64[province], what stood there at its close
    members : year -> id -> (scheme, pension) after the steps of both pensions
    """

    def __init__(self, model):
        self.model, self.first, self.received = model, model.year + 1, {}
        self.dealings, self.booked, self.ends, self.members = {}, {}, {model.year: ends(model)}, {}
        model.year_list = [self._watched(step) for step in model.year_list]
        for fund in model.funds.values():
            fund.flow = self._listener(fund, fund.flow)

    def _watched(self, step):
        if step.name in ALONE:
            fund, alone = ALONE[step.name]

            def pays(model):
                alone.got = {}
                step.apply(model)
                self.received[model.year, fund] = alone.by_place(model.people)

            return step._replace(apply=pays)
        if step.name not in SCHEMES:
            return step
        module = SCHEMES[step.name]
        names = {*module.READS, *module.WRITES, "pension_account", *SHARED_NAMES}

        def columns(model):
            return SimpleNamespace(**{name: model.people[name].copy() for name in names})

        def apply(model):
            was = columns(model)
            step.apply(model)
            now = columns(model)
            self.dealings[model.year][step.name] = DEALINGS[step.name](model, was, now)
            self.members[model.year] = dict(
                zip(now.id.tolist(), zip(now.scheme.tolist(), now.pension.tolist(), strict=True),
                    strict=True)
            )  # fmt: skip

        return step._replace(apply=apply)

    def _listener(self, fund, flow):
        def listens(kind, amounts, other_end, *, ledger="pooled"):
            year = self.booked.setdefault(self.model.year, {})
            key = fund.name, kind, other_end
            sums = year.setdefault(key, np.zeros((len(LEDGERS), N), np.int64))
            sums[LEDGERS.index(ledger)] += amounts
            flow(kind, amounts, other_end, ledger=ledger)

        return listens

    def live(self, last):
        while self.model.year < last:
            self.dealings[self.model.year + 1] = {}
            self.model.step()
            self.ends[self.model.year] = ends(self.model)
        return self

    @property
    def years(self):
        return self.model.tally.years

    def each(self):
        """Year, and tallies of it and of the year before."""
        for year in range(self.first, self.model.year + 1):
            yield year, self.years[year], self.years[year - 1]


def ends(model):
    return {name: sums.copy() for name, sums in model.counterparts.items()}


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    """Every shipped scenario, from the year before its law differs, and the baseline from 2013."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(institutions, "LEAST_AGENTS", LEAST_AGENTS)
        for _, alone in ALONE.values():
            patch.setattr(alone.module, alone.name, alone)
        return all_lived(tmp_path_factory)


def all_lived(tmp_path_factory):
    """Scenarios by name; structural ones have constants of their own and begin in 2022."""
    p, folder = load(), tmp_path_factory.mktemp("base")
    base = base_of_2010.load_or_build(p, PERSONS, SEED, 0, "official", folder=folder)
    trunk = SongheModel(base, p, luck.key_of(SEED, 0, 0))
    while trunk.year < WATCHED - 1:
        trunk.step()
    year_list = trunk.year_list
    baseline, twins = Lived(trunk).live(BRANCH), {}
    laws = {name: load_scenario(name) for name in shipped_names() if name != "baseline"}
    first = {name: (law.first_difference(p) or date.min).year for name, law in laws.items()}
    for year in range(BRANCH, LAST):
        for name, law in laws.items():
            if year == max(first[name] - 1, BRANCH):
                twin = baseline.model.branch(law.parameters(p), solves_anew=law.structural)
                twin.year_list = year_list
                twins[name] = twin
        baseline.live(year + 1)
    for name, twin in twins.items():
        if not laws[name].structural:
            twin.constants = baseline.model.constants.for_scenario()
    return {"baseline": baseline} | {name: Lived(twin).live(LAST) for name, twin in twins.items()}


def test_every_shipped_scenario_is_lived(lives):
    assert set(lives) == set(shipped_names())
    assert all(lived.model.year == LAST for lived in lives.values())
    assert lives["baseline"].first == WATCHED
    covered = {year: d[EMPLOYEES].outside.any() for year, d in lives["baseline"].dealings.items()}
    assert [year for year, outside in covered.items() if outside] == list(range(WATCHED, 2018))
    assert all(len(lived.dealings) >= 5 for lived in lives.values())


@pytest.mark.parametrize("name", shipped_names())
def test_opening_and_flows_are_the_closing_balance(lives, name):
    """By fund, ledger, province and year; transfers add up to zero, over accounts that move too."""
    for year, now, before in lives[name].each():
        gained = sum(now[f"fund_{kind}"] for kind in INFLOWS)
        lost = sum(now[f"fund_{kind}"] for kind in OUTFLOWS)
        assert (now["fund_balance"] == before["fund_balance"] + gained - lost).all(), year
        transfers = now["fund_transfers"].sum(axis=(1, 2))
        assert transfers.sum() == 0
        accounts = [FUNDS.index(fund) for fund in (EMPLOYEES, RESIDENTS)]
        assert not np.delete(transfers, accounts).any()
        assert (now["fund_balance"] >= 0).all()


@pytest.mark.parametrize("name", shipped_names())
def test_who_pays_and_who_is_paid_has_what_the_funds_have_not(lives, name):
    """Every flow by fund, kind, ledger, province and year has its other end, and the right one."""
    lived = lives[name]
    for year, now, _ in lived.each():
        change = {end: np.zeros(N, np.int64) for end in lived.ends[year]}
        by_kind = {kind: np.zeros_like(now["fund_balance"]) for kind in KINDS}
        for (fund, kind, end), amounts in lived.booked[year].items():
            allowed = OTHER_ENDS.get(kind) or PAID_TO.get(fund, {"households"})
            assert end in allowed, (fund, kind, end)
            by_kind[kind][FUNDS.index(fund)] += amounts
            change[end] += amounts.sum(axis=0) * (1 if kind in OUTFLOWS else -1)
        own, employers, paid = lived.dealings[year][EMPLOYEES].outside  # of the fund
        assert (now["public_pension_outlay"] == paid).all()
        change["local_government"] += own + employers - paid
        change["households"] += paid - own
        change["employers"] -= employers
        for kind in (*INFLOWS[:-1], *OUTFLOWS):
            assert (now[f"fund_{kind}"] == by_kind[kind]).all(), (kind, year)
        for end, stands in lived.ends[year].items():
            opening = lived.ends[year - 1].get(end, 0)
            assert (stands - opening == change[end]).all(), (end, year)


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("fund", [EMPLOYEES, RESIDENTS])
def test_what_persons_pay_and_are_paid_is_what_their_fund_has(lives, name, fund):
    """To the fen by province and year: contributions, and pensions, refunds and death grants."""
    lived, place = lives[name], FUNDS.index(fund)
    for year, now, _ in lived.each():
        persons = lived.dealings[year][fund]
        assert (now["fund_revenue"][place].sum(axis=0) == persons.paid_in).all(), year
        assert (now["fund_outlay"][place].sum(axis=0) == persons.paid_out).all(), year
        if fund == RESIDENTS:
            assert (now["fund_subsidy"][place].sum(axis=0) == persons.subsidy).all()
            individual = LEDGERS.index("individual")
            assert (now["fund_interest"][place, individual] == persons.interest).all()
        assert now["fund_revenue_by_age"][place].sum() == persons.paid_in.sum() > 0
        assert now["fund_outlay_by_age"][place].sum() == persons.paid_out.sum() > 0


@pytest.mark.parametrize("name", shipped_names())
def test_individual_ledgers_hold_what_backs_the_accounts_of_persons(lives, name):
    """All of residents' accounts, the funded share of employees', by province and year."""
    lived, individual = lives[name], LEDGERS.index("individual")
    p = lived.model.parameters
    for year, now, _ in lived.each():
        for fund, share in (
            (RESIDENTS, 1.0),
            (EMPLOYEES, p.value("policies.employee_pension.funded_share")),
        ):
            balance = now["fund_balance"][FUNDS.index(fund), individual]
            assert (balance == np.rint(share * lived.dealings[year][fund].held)).all(), year


def test_pools_are_seen_that_stand_alone_and_that_share(lives):
    """Without national pooling some provinces run dry while others hold a reserve."""
    now = lives["national-pooling-off"].years[LAST]
    place, pooled = FUNDS.index(EMPLOYEES), LEDGERS.index("pooled")
    dry = now["fund_deficit_financing"][place, pooled] > 0
    assert dry.any()
    assert (now["fund_balance"][place, pooled][~dry] > 0).any()
    thin = now["fund_registered"][place] < LEAST_AGENTS
    assert thin.any()
    assert not thin.all()


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("fund", ["long_term_care", "maternity"])
def test_what_disabled_persons_and_mothers_receive_is_what_their_fund_pays(lives, name, fund):
    """Each paid alone, by province and year; as many as the fund counts."""
    lived, place = lives[name], FUNDS.index(fund)
    paid = 0
    for year, now, _ in lived.each():
        fen, persons = lived.received[year, fund]
        assert (now["fund_outlay"][place].sum(axis=0) == fen).all(), year
        assert (now["fund_beneficiaries"][place] == persons).all(), year
        paid += fen.sum()
    assert paid > 0


@pytest.mark.parametrize("name", shipped_names())
def test_funds_of_the_budget_pay_out_what_the_budget_pays_in(lives, name):
    """By province and year; they hold nothing."""
    for year, now, _ in lives[name].each():
        for fund in ("child_subsidy", "preschool", "childcare", "public_health"):
            place = FUNDS.index(fund)
            assert (now["fund_outlay"][place] == now["fund_subsidy"][place]).all(), (fund, year)
            assert not now["fund_balance"][place].any()


@pytest.mark.parametrize("name", shipped_names())
def test_child_subsidies_are_months_of_children_times_the_amount(lives, name):
    """By province and year, with what provinces add."""
    lived, place = lives[name], FUNDS.index("child_subsidy")
    paid = 0
    for year, now, _ in lived.each():
        p, months = lived.model.parameters, range(1, MONTHS + 1)
        amounts = {fen for m in months for fen in monthly_fen(p, date(year, m, 1)).tolist() if fen}
        outlay = now["fund_outlay"][place].sum(axis=0)
        if not amounts:
            assert not now.get("child_subsidy_months", np.zeros(N)).any()
            continue
        (amount,) = amounts
        local = now["local_child_subsidy"]
        assert (outlay - local == now["child_subsidy_months"] * amount).all(), year
        paid += now["child_subsidy_months"].sum()
    assert (paid > 0) == (name != "family-law-of-2024")


@pytest.mark.parametrize("name", shipped_names())
def test_accounts_that_change_scheme_are_the_transfers_between_the_funds(lives, name):
    lived = lives[name]
    for year, now, _ in lived.each():
        moved = lived.dealings[year][EMPLOYEES].moved
        transfers = now["fund_transfers"].sum(axis=(1, 2))
        assert transfers[FUNDS.index(RESIDENTS)] == moved == -transfers[FUNDS.index(EMPLOYEES)]
    assert any(lived.dealings[year][EMPLOYEES].moved for year in lived.dealings)


# --- what a law of employees does to residents ---------------------------------------------

OF_EMPLOYEES = ("policies.employee_pension.", "policies.retirement.", "work.employment.flexible_as")
NAMED = tuple(
    name
    for name in shipped_names()
    if any(key.startswith(OF_EMPLOYEES) for key in load_scenario(name).changes)
)
MOVING = ("flexible-covered", "retirement-age-linked", "retirement-ages-unchanged")
ENTERS, LEAVES, SUBSIDY, INTEREST = range(4)


def changed(lived, law):
    """Year -> ids whose account has changed scheme so far, or who are in another than by the law.

    Whose account changes scheme in the same year under both may bring another amount.
    """
    so_far, found = set(), {}
    for year in range(lived.first, lived.model.year + 1):
        here, there = lived.members[year], law.members[year]
        assert here.keys() == there.keys()  # nobody is born, moves or dies by a law of employees
        for world in (lived, law):
            so_far |= world.dealings[year][EMPLOYEES].movers
        new = {one for one in here.keys() - so_far if here[one] != there[one]}
        assert all(EMPLOYEE in (here[one][0], there[one][0]) for one in new)
        so_far |= new
        found[year] = set(so_far)
    return found


def test_scenarios_of_the_employee_scheme_are_known():
    assert set(NAMED) == {
        "contribution-rate-20", "flexible-covered", "indexation-by-contributors",
        "indexation-prices", "national-pooling-off", "retirement-age-linked",
        "retirement-ages-unchanged",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(NAMED) - set(MOVING)))
def test_a_law_of_employees_that_moves_nobody_leaves_every_flow_of_residents_as_it_is(lives, name):
    """All flows and balances of the residents' fund, by ledger, province and year."""
    lived, law, place = lives[name], lives["baseline"], FUNDS.index(RESIDENTS)
    other = 0
    for year, now, _ in lived.each():
        there = law.years[year]
        for kind in (*KINDS, "balance", "beneficiaries", "contributors", "registered"):
            table = f"fund_{kind}"
            assert (now[table][place] == there[table][place]).all(), (kind, year)
        employees = FUNDS.index(EMPLOYEES)
        other += (now["fund_balance"][employees] != there["fund_balance"][employees]).any()
        assert lived.dealings[year][EMPLOYEES].movers == law.dealings[year][EMPLOYEES].movers
        assert lived.members[year] == law.members[year]
    assert other  # the scenario does something


@pytest.mark.parametrize("name", MOVING)
def test_residents_feel_a_law_of_employees_by_those_whose_scheme_it_changes_alone(lives, name):
    """The named channel: an account that changes scheme with its holder, or does in another year.

    Everybody else pays the same, is paid the same, and has the same subsidy and interest, and the
    difference in the flows of the fund is that of those persons, to the fen. What the pooled ledger
    earns follows its balance.
    """
    lived, law, place = lives[name], lives["baseline"], FUNDS.index(RESIDENTS)
    channel, individual = changed(lived, law), LEDGERS.index("individual")
    none = np.zeros(4, np.int64)
    for year, now, _ in lived.each():
        there = law.years[year]
        mine, theirs = (world.dealings[year][RESIDENTS].by_id for world in (lived, law))
        through = none.copy()
        for one in mine.keys() | theirs.keys():
            difference = mine.get(one, none) - theirs.get(one, none)
            assert one in channel[year] or not difference.any(), (one, year)
            through += difference
        for kind, at in (("revenue", ENTERS), ("outlay", LEAVES), ("subsidy", SUBSIDY)):
            table = f"fund_{kind}"
            assert now[table][place].sum() - there[table][place].sum() == through[at]
        earned = now["fund_interest"][place, individual] - there["fund_interest"][place, individual]
        assert earned.sum() == through[INTEREST]
        moved = [world.dealings[year][EMPLOYEES].moved for world in (lived, law)]
        gained = now["fund_transfers"][place].sum() - there["fund_transfers"][place].sum()
        assert gained == moved[0] - moved[1]
    assert channel[LAST]
    assert len(channel[LAST]) < PERSONS / 3


# --- what a higher minimum costs ------------------------------------------------------------


def test_a_higher_minimum_costs_recipients_times_the_difference_times_twelve_at_once(lives):
    """To the fen by province, from the first year on: new and ended pensions by their months."""
    more, law, place = lives["resident-minimum-500"], lives["baseline"], FUNDS.index(RESIDENTS)
    assert more.first == 2026
    for year, now, _ in more.each():
        there = law.years[year]
        tables = [
            np.diff(resident_pension.rules_of(world.model.parameters, year).minimum)
            for world in (more, law)
        ]
        difference = tables[0] - tables[1]
        assert (difference == difference[0]).all()
        assert difference[0] > 0
        persons = law.dealings[year][RESIDENTS]
        assert (persons.months == more.dealings[year][RESIDENTS].months).all()
        cost = (now["fund_outlay"][place] - there["fund_outlay"][place]).sum(axis=0)
        assert (cost == difference[0] * persons.months).all(), year
        assert (now["fund_subsidy"][place] - there["fund_subsidy"][place]).sum() == cost.sum()
        recipients = there["fund_beneficiaries"][place]
        part = recipients - persons.whole_years  # new or ended in the year: 1 to 11 months each
        rest = persons.months - MONTHS * persons.whole_years
        assert (part <= rest).all()
        assert (rest <= 11 * part).all()
        assert persons.whole_years.sum() > part.sum()
        employees = FUNDS.index(EMPLOYEES)
        assert (now["fund_outlay"][employees] == there["fund_outlay"][employees]).all()
