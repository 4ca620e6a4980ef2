"""Long-term care insurance: who is covered, who pays, and what a disabled member is paid.

Decides for every adult the months of the year in which the insurance of the place covers the
person and the premium for them, and for those with a care grade from the threshold on, after
the waiting time, whether they claim, how they are cared for and what the fund pays. Pilot
cities stand for a share of adults, the same everywhere, and the national design for a dated
share of all others; whether a person is among them is the luck of a lifetime. Source:
guidance of 2016 and opinions published in 2026
(`parameters/policies/long_term_care_insurance.yaml`). Leaves out which city has what rule,
places and staff as limits, reassessment, and what cover does to care by the family and to use
of hospitals; cover is drawn by person and not by family, and a setting moves nobody's home.
The fund raises premiums when its national reserve runs low only where a scenario says so.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.columns import CARE_HOME, Column
from ...agents.compiled import kernel, rule
from ...agents.frame import parts
from ...parameters.dims import ADL, CARE_GRADES, CARE_SETTINGS, PROVINCES
from ...parameters.load import Parameters
from ..care_grade import SEVERE_I, graded
from ..funds import MONTHS, add_counts, fens
from ..lanes import CHUNK
from ..national import months_of_reserve
from ..numbers import Numbers
from ..prices import by_law, income, wage, wage_factor
from ..scheme_membership import EMPLOYEE
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

NOT_WAITING, RECEIVES = 255, 254
RANKS = 65_535
MILLION = 1_000_000  # the factor on premiums is counted in millionths
COLUMNS = (
    Column("cover_rank", np.uint16, 0, "rank", "long_term_care_insurance",
           "covered once the covered share reaches it, 1 to 65535; 0 not drawn yet"),
    Column("care_wait", np.uint8, NOT_WAITING, "months", "long_term_care_insurance",
           "of disability still to wait for a benefit; 254 received one in the year, "
           "255 not disabled enough"),
)  # fmt: skip
READS = (
    "id", "alive", "age", "sex", "province", "residence", "scheme", "adl", "death_u", "collective",
)  # fmt: skip
WRITES = tuple(column.name for column in COLUMNS)
FUND = "long_term_care"
POLICY = "policies.long_term_care_insurance."
FAMILY, HOME_CARE, INSTITUTION = range(len(CARE_SETTINGS))
GROUPS = ("employee", "retired", "urban_resident", "rural_resident")
WORKER, RETIRED, URBAN_RESIDENT = range(3)  # the rural residents come after the urban ones
OWN, EMPLOYER, BUDGET = range(3)  # who pays which part of a premium
PAYERS = ("households", "employers", "local_government")
OF_COVER = ("pilot_share", "national_share")
OF_BENEFITS = (
    "family_allowance", "home_care_hours", "home_care_price", "institution_cost", "fund_share",
)  # fmt: skip
OF_RESERVE = ("reserve_floor", "premium_rise", "premium_ceiling")
OF_PREMIUMS = ("employee_rate", "employer_part", "resident_rate", "resident_own_part")
TAKE_UP, START, PLACE = 2, 2, 3  # lanes: lasting call, claims, setting of care
REGISTERED, CONTRIBUTORS, BENEFICIARIES, AWARDS = range(4)


class Rules(NamedTuple):
    """The law of one year; money in fen a month.

    limits : int64[month], highest rank that is covered; threshold : int64[month], care grade
    benefits : int64[setting, grade, month], paid by the fund
    take_up : float64[grade], chance to claim; choice : float64[setting, grade], level
    premiums : int64[group, payer, month]; retired_from : int64[sex]
    """

    year: int
    insured_from: int
    waiting: int
    limits: Counts
    threshold: Counts
    benefits: Counts
    take_up: Floats
    choice: Floats
    premiums: Counts
    retired_from: Counts


@rule
def last_month(death_u: float) -> int:
    """Last month that counts in the year: that of death, else December."""
    return 12 if death_u >= 1.0 else min(int(12.0 * death_u) + 1, 12)


@rule
def is_covered(rank: int, month: int, r: Rules) -> bool:
    """Whether the insurance covers a person in a month (1 to 12); rank 0 never."""
    return bool(0 < rank <= r.limits[month - 1])


@rule
def months_to_wait(waiting: int, u: float) -> int:
    """Months still to wait at the opening of the year in which a disability is first seen.

    It began some time in the year before. u : uniform in (0, 1), how much of that year is past
    """
    return max(waiting - int(12.0 * u), 0)


@rule
def setting_of(in_care_home: bool, grade: int, u: Any, choice: Floats) -> int:
    """How a claimant is cared for: the best of the levels, each with its own luck.

    u : float64[setting], uniforms; choice : float64[setting, grade]
    """
    best, at = -np.inf, INSTITUTION
    if in_care_home:
        return at
    for j in range(choice.shape[0]):
        value = choice[j, grade] - np.log(-np.log(u[j]))
        if value > best:
            best, at = value, j
    return at


@rule
def benefit_of(month: int, rank: int, grade: int, setting: int, r: Rules) -> int:
    """Fen that the fund pays for a month of a claimant past the waiting time."""
    if not is_covered(rank, month, r) or grade < r.threshold[month - 1]:
        return 0
    return int(r.benefits[setting, grade, month - 1])


@rule
def group_of(scheme: int, age: int, sex: int, residence: int, r: Rules) -> int:
    """Position in GROUPS: how a member pays."""
    if scheme == EMPLOYEE:
        return RETIRED if age >= r.retired_from[sex] else WORKER
    return URBAN_RESIDENT + int(residence)


@rule
def flag_ranked(
    alive: Any, age: Any, rank: Any, insured_from: int, least: int, most: int, flag: Any
) -> None:  # fmt: skip
    """Mark adults whose rank lies in a range; flag : uint8[people], out. It vectorises."""
    for i in range(age.size):
        inside = (rank[i] >= least) & (rank[i] <= most)
        flag[i] = inside & (age[i] >= insured_from) & (alive[i] == 1)


@kernel
def list_ranked(
    alive: Any, age: Any, rank: Any, insured_from: int, least: int, most: int, rows: Any
) -> int:  # fmt: skip
    """List adults whose rank lies in a range, 0 for those without one; returns their number.

    rows : int32[people + 1], out; written without a branch
    """
    flag, n = np.empty(CHUNK, np.uint8), 0
    for first in range(0, age.size, CHUNK):
        some = slice(first, min(first + CHUNK, age.size))
        flag_ranked(alive[some], age[some], rank[some], insured_from, least, most, flag)
        for k in range(some.stop - first):
            rows[n] = first + k
            n += flag[k]
    return n


@kernel
def count_members(
    rows: Any, age: Any, sex: Any, province: Any, residence: Any, scheme: Any, death_u: Any,
    rank: Any, r: Rules, months: Any, people: Any,
) -> None:  # fmt: skip
    """Add covered months by group, province and month; members by province.

    rows : int32, of those whom the insurance covers in some month
    months : int64[group, province, month]; people : int64[2, province], at the end and in it
    """
    always = r.limits.min()
    whole = np.zeros(months.shape[:2], np.int64)
    for k in range(rows.size):
        i = np.uint32(rows[k])
        group = group_of(scheme[i], age[i], sex[i], residence[i], r)
        if rank[i] <= always and death_u[i] >= 1.0:  # nearly everyone
            whole[group, province[i]] += 1
            continue
        paid = 0
        for m in range(last_month(death_u[i])):
            here = rank[i] <= r.limits[m]
            months[group, province[i], m] += here
            paid += here
        people[REGISTERED, province[i]] += death_u[i] >= 1.0 and rank[i] <= r.limits[11]
        people[CONTRIBUTORS, province[i]] += paid > 0
    for g in range(len(GROUPS)):
        for p in range(whole.shape[1]):
            months[g, p] += whole[g, p]
            people[REGISTERED, p] += whole[g, p]
            people[CONTRIBUTORS, p] += whole[g, p]


@kernel
def forget_the_well(adl: Any, least: int, wait: Any) -> None:
    """Who is no longer disabled waits anew the next time. It vectorises."""
    for i in range(adl.size):
        wait[i] |= np.uint8(NOT_WAITING) * np.uint8(adl[i] < least)


@kernel
def pay_benefits(
    rows: Any, grades: Any, u_start: Any, u_take_up: Any, u_setting: Any, province: Any,
    death_u: Any, collective: Any, rank: Any, wait: Any, r: Rules, money: Any,
    by_grade: Any, people: Any,
) -> None:  # fmt: skip
    """Waiting time, claim, setting and benefits of each listed person.

    u_* : float64[row] ([setting, row]); money : int64[setting, province]
    by_grade : int64[grade, province]; people : int64[4, province]
    """
    lowest = r.threshold.min()
    for k in range(rows.size):
        i, grade = rows[k], grades[k]
        if grade < lowest:
            wait[i] = NOT_WAITING
            continue
        received = wait[i] == RECEIVES  # who waits no longer
        left = 0 if received else int(wait[i])
        if left == NOT_WAITING:
            left = int(months_to_wait(r.waiting, u_start[k]))
        total = 0
        if u_take_up[k] < r.take_up[grade]:
            home = collective[i] == CARE_HOME
            setting = setting_of(home, grade, u_setting[:, k], r.choice)
            for month in range(left + 1, last_month(death_u[i]) + 1):
                total += benefit_of(month, rank[i], grade, setting, r)
            money[setting, province[i]] += total
        if total > 0:
            by_grade[grade, province[i]] += 1
            people[BENEFICIARIES, province[i]] += 1
            people[AWARDS, province[i]] += not received
        wait[i] = RECEIVES if total > 0 else max(left - 12, 0)


def covered_share(p: Parameters, day: date) -> float:
    """Share of adults whom the insurance covers on a day: pilots, and the rest as it rolls out."""
    pilots, national = (_from_start(p, name, day) for name in OF_COVER)
    return pilots + (1.0 - pilots) * national


def _from_start(p: Parameters, name: str, day: date) -> float:
    """A dated share; zero before its first date."""
    started = day >= p.dates(POLICY + name)[0]
    return float(np.asarray(p.at(POLICY + name, day))) if started else 0.0


def benefits_on(p: Parameters, day: date) -> Floats:
    """Yuan a month that the fund pays on a day, float64[setting, grade]."""

    def law(name: str) -> Floats:
        return np.asarray(p.at(POLICY + name, day), dtype=np.float64)

    cost = np.stack(
        [
            law("family_allowance"),
            law("home_care_hours") * law("home_care_price"),
            law("institution_cost"),
        ]
    )
    start, share = int(p.value(POLICY + "price_year")), p.value(POLICY + "indexation")
    return np.asarray(cost * law("fund_share")[:, None] * wage_factor(p, share, start, day.year))


def premiums_on(p: Parameters, day: date) -> Floats:
    """Yuan a month by payer on a day, float64[group, payer]."""

    def law(name: str) -> float:
        return float(np.asarray(p.at(POLICY + name, day)))

    year, rate, employer = day.year, law("employee_rate"), law("employer_part")
    base = wage(p, year - 1) / MONTHS  # the base follows the wage of the year before
    worker = rate * base * p.value(POLICY + "base_share")
    retired = rate * (1.0 - employer) * base * p.value(POLICY + "retiree_base")
    resident = law("resident_rate") * income(p, year - 1) / MONTHS
    own = law("resident_own_part")
    parts = [[worker * (1.0 - employer), worker * employer, 0.0], [retired, 0.0, 0.0]]
    return np.array([*parts, *([r * own, 0.0, r * (1.0 - own)] for r in resident)])


def next_factor(factor: float, months: float, floor: float, rise: float, ceiling: float) -> float:
    """Factor on premiums in the year after one that ended with `months` of reserve.

    It rises by a share while the reserve is below the floor, as far as the ceiling; a floor of
    zero is no rule, even where money was missing.
    """
    low = floor > 0.0 and months < floor
    return max(factor, min(factor * (1.0 + rise), ceiling)) if low else factor


def take_up(p: Parameters) -> Floats:
    """Chance that a person claims, float64[grade]."""
    severity = np.array(CARE_GRADES) - SEVERE_I
    log_odds = p.value(POLICY + "take_up_level") + p.value(POLICY + "take_up_severity") * severity
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def choice(p: Parameters) -> Floats:
    """Level of the choice of a setting, float64[setting, grade]."""
    severity = np.array(CARE_GRADES) - SEVERE_I
    slope = p.array(POLICY + "setting_severity")
    return np.asarray(p.array(POLICY + "setting_level")[:, None] + slope[:, None] * severity)


@lru_cache(maxsize=64)
def _rules(numbers: Numbers, year: int) -> Rules:
    p, opening = numbers.p, date(year, 1, 1)

    def law(names: tuple[str, ...], value: Callable[[date], Any]) -> Any:
        return by_law(p, [POLICY + name for name in names], year, value)

    return Rules(
        year=year,
        insured_from=int(p.value(POLICY + "insured_from_age")),
        waiting=int(float(np.asarray(p.at(POLICY + "waiting_months", opening)))),
        limits=law(OF_COVER, lambda day: round(covered_share(p, day) * RANKS)),
        threshold=law(("grade_threshold",), lambda day: int(_threshold(p, day))),
        benefits=law(OF_BENEFITS, lambda day: fens(benefits_on(p, day))),
        take_up=take_up(p),
        choice=choice(p),
        premiums=law(OF_PREMIUMS, lambda day: fens(premiums_on(p, day))),
        retired_from=p.array(POLICY + "retired_from").astype(np.int64),
    )


def _threshold(p: Parameters, day: date) -> float:
    return float(np.asarray(p.at(POLICY + "grade_threshold", day)))


def rules_of(p: Parameters, year: int) -> Rules:
    """The law of a year."""
    return _rules(Numbers(p), year)


def first_year(p: Parameters) -> int:
    """Year in which the first people are covered."""
    return min(p.dates(POLICY + name)[0].year for name in OF_COVER)


def apply(model: "SongheModel") -> None:
    """Premiums and benefits of the year; nothing before the first pilots."""
    if model.year < first_year(model.parameters):
        return
    rules = rules_of(model.parameters, model.year)
    _decide(model)
    _draw_ranks(model, rules.insured_from)
    counts = np.zeros((4, len(PROVINCES)), np.int64)
    _collect(model, rules, counts)
    _pay(model, rules, counts)
    add_counts(
        model,
        FUND,
        fund_registered=counts[REGISTERED],
        fund_contributors=counts[CONTRIBUTORS],
        fund_beneficiaries=counts[BENEFICIARIES],
        new_awards=counts[AWARDS],
    )


def _decide(model: "SongheModel") -> None:
    """The fund looks at the national reserve and sets the premiums of the year."""
    fund, p = model.funds[FUND], model.parameters
    floor, rise, ceiling = (
        float(np.asarray(p.at(POLICY + name, date(model.year, 1, 1)))) for name in OF_RESERVE
    )
    months = months_of_reserve(model.national, FUND)
    fund.premium_factor = next_factor(fund.premium_factor, months, floor, rise, ceiling)
    model.tally.add("ltci_premium_factor", np.array(round(fund.premium_factor * MILLION)))


def _draw_ranks(model: "SongheModel", insured_from: int) -> None:
    """Give new adults their place in the order of cover."""
    people = model.people
    found = (people[name] for name in ("alive", "age", "cover_rank"))
    with people.room(np.int32) as room:
        rows = room[: list_ranked(*found, insured_from, 0, 0, room)].copy()
    for part in parts(len(rows)):  # every adult in the first year
        some = rows[part]
        u = luck.uniforms(people["id"][some], luck.Call.CARE, luck.LASTING, model.key)[PLACE]
        people["cover_rank"][some] = 1 + np.floor(u * RANKS)


def _collect(model: "SongheModel", rules: Rules, counts: Counts) -> None:
    """Premiums of all members, by who pays them."""
    people, fund = model.people, model.funds[FUND]
    months = np.zeros((len(GROUPS), len(PROVINCES), MONTHS), np.int64)
    found = (people[name] for name in ("alive", "age", "cover_rank"))
    names = ("age", "sex", "province", "residence", "scheme", "death_u", "cover_rank")
    ever = int(rules.limits.max())
    with people.room(np.int32) as room:
        rows = room[: list_ranked(*found, rules.insured_from, 1, ever, room)]
        count_members(rows, *(people[name] for name in names), rules, months, counts)
    premiums = np.floor(rules.premiums * fund.premium_factor + 0.5).astype(np.int64)
    due = np.einsum("gpm,gkm->kp", months, premiums)
    fund.flow("revenue", due[OWN], PAYERS[OWN])
    fund.flow("revenue", due[EMPLOYER], PAYERS[EMPLOYER])
    fund.flow("subsidy", due[BUDGET], PAYERS[BUDGET])
    add_counts(model, FUND, fund_contributor_months=months.sum(axis=(0, 2)))


def _pay(model: "SongheModel", rules: Rules, counts: Counts) -> None:
    """Benefits of all claimants, and the fee of those who run the insurance."""
    people, fund = model.people, model.funds[FUND]
    least = min(max(int(rules.threshold.min()), ADL.index("mild")), ADL.index("moderate"))
    forget_the_well(people["adl"], least, people["care_wait"])
    rows, grades = graded(model, least)
    start, lasting, care = (
        luck.uniforms(people["id"][rows], call, year, model.key)
        for call, year in (
            (luck.Call.CLAIM, model.year),
            (luck.Call.PERSON_LASTING, luck.LASTING),
            (luck.Call.CARE, luck.LASTING),
        )
    )
    money = np.zeros((len(CARE_SETTINGS), len(PROVINCES)), np.int64)
    by_grade = np.zeros((len(CARE_GRADES), len(PROVINCES)), np.int64)
    columns = (people[name] for name in ("province", "death_u", "collective", *WRITES))
    pay_benefits(
        rows,
        grades,
        start[START],
        lasting[TAKE_UP],
        care[: len(CARE_SETTINGS)],
        *columns,
        rules,
        money,
        by_grade,
        counts,
    )
    fund.flow("outlay", money[FAMILY], "households")
    fund.flow("outlay", money[HOME_CARE] + money[INSTITUTION], "care_providers")
    fee = model.parameters.value(POLICY + "administration") * money.sum(axis=0)
    fund.flow("administration", np.rint(fee).astype(np.int64), "agencies")
    model.tally.add("ltci_beneficiaries", by_grade)


STEP = Step("long_term_care_insurance", reads=READS, writes=WRITES, apply=apply)
