"""Kindergartens: who goes, how many places there are, and whose fee is waived.

Decides for every child in the three years before school whether the family wants a kindergarten,
public or private first, and whether there is a place; for the kindergartens of each area,
residence and ownership how many places they keep; and which fees are waived. Children who
wanted a place a year ago come first, then older ones, then the luck of a lifetime decides. The
budget pays the approved public fee of the waived grades; a private kindergarten charges the
family the difference. Source: opinions on free preschool education of August 2025 and targets
of national plans (`parameters/policies/preschool.yaml`). Leaves out meals and boarding, classes
of one year at primary schools, and children who repeat or come late.
"""

from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.columns import Column
from ...agents.compiled import kernel, rule
from ...agents.providers import Providers
from ...parameters.dims import KINDERGARTEN_GRADES, OWNERSHIP, PROVINCES, RESIDENCES, STAGES
from ...parameters.load import Parameters
from ..funds import add_counts, fens
from ..kernels.queue import allocate
from ..months import last_month_alive
from ..numbers import Numbers, remembered
from ..prices import wage_factor
from ..promise import (
    Promise,
    decided,
    expected_payments,
    known,
    last_known_day,
    present_value,
)
from ..provider_rules import decide_year
from ..step import Step
from ..young_children import (
    IN_AN_AGENT,
    KIND,
    QUEUE,
    SPRING,
    WANTS_KINDERGARTEN,
    YEAR,
    Young,
    begins_at,
    child_years,
    in_parts,
    months_until,
    people_by_place,
    provider_cells,
    providers_of,
    room_of,
    stay,
    young,
)

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COLUMNS: tuple[Column, ...] = ()
FUND = "preschool"
KIND_OF_PROVIDER = "kindergarten"
POLICY = "policies.preschool."
CENTRAL, LOCAL, HOUSEHOLDS = "central_government", "local_government", "households"
GRADES, OWNERS = len(KINDERGARTEN_GRADES), len(OWNERSHIP)
PUBLIC, PRIVATE = range(OWNERS)
TERMS = 2  # January to June, September to December; July and August are not charged
TERM_DAYS = ((3, 1), (9, 1))  # whose law holds for a term
JUNE = 6
NEARLY_NONE = 1e-9  # of a child, for each of the people of a province
READS = ("id", "alive", "age", "death_u", "province", "residence")


class Rules(NamedTuple):
    """The law and the prices of one year; money in fen a month.

    wants : uint64[grade], a word below it wants a place; public_first : uint64
    fee, waived : int64[province, residence, ownership], and by [..., term, grade]
    central : float64[province], share of what is waived
    """

    wants: NDArray[np.uint64]
    public_first: np.uint64
    fee: Counts
    waived: Counts
    central: Floats


@rule
def grade_of(age: int, month: int, youngest: int) -> int:
    """Grade in a month, 0 to 2; age : completed at the opening, youngest : of the first grade."""
    return age - youngest + (1 if month > SPRING else 0)


@rule
def charged(first: int, last: int, term: int) -> int:
    """Months from first to last for which a fee is due in a term; 0 spring, 1 autumn."""
    if term == 0:
        return int(months_until(first, last, JUNE))
    return max(last - max(first, SPRING + 1) + 1, 0)


@rule
def waived_fee(fee: int, standard: int, share: float) -> int:
    """Fen a month that the budget pays: of the approved public fee, at most what is charged."""
    return int(min(fee, int(np.floor(standard * share + 0.5))))


@kernel
def fill_waived(fee: Any, shares: Any, waived: Any) -> None:
    """Fen a month that the budget pays; int64[province, residence, ownership, term, grade]."""
    for p in range(fee.shape[0]):
        for r in range(fee.shape[1]):
            for own in range(fee.shape[2]):
                for term in range(shares.shape[0]):
                    for grade in range(shares.shape[1]):
                        waived[p, r, own, term, grade] = waived_fee(
                            fee[p, r, own], fee[p, r, PUBLIC], shares[term, grade]
                        )


@kernel
def ask(
    rows: Any, ages: Any, words: Any, death_u: Any, province: Any, residence: Any, youngest: int,
    years: int, wants: Any, public_first: Any, area_of: Any, which: Any, cell: Any, other: Any,
    months: Any, priority: Any,
) -> int:  # fmt: skip
    """List the children whose families want a kindergarten; returns their number.

    which : int64[n], position among the children; cell, other : first and second choice
    months : int64[n], asked for
    priority : uint8[n], those who wanted a place a year ago first, and among them the older
    """
    n = 0
    want, kind = words[WANTS_KINDERGARTEN], words[KIND]
    for k in range(rows.size):
        i = rows[k]
        first, last = stay(ages[k], youngest, years, last_month_alive(death_u[i]))
        if last < first:
            continue
        grade = max(grade_of(ages[k], first, youngest), 0)
        if want[k] >= wants[grade]:
            continue
        new = ages[k] < youngest or (grade > 0 and want[k] >= wants[grade - 1])
        base = (area_of[province[i]] * len(RESIDENCES) + residence[i]) * OWNERS
        choice = PUBLIC if kind[k] < public_first else PRIVATE
        which[n], cell[n], other[n] = k, base + choice, base + 1 - choice
        months[n] = last - first + 1
        priority[n] = youngest + years - 1 - ages[k] + (years if new else 0)
        n += 1
    return n


@kernel
def count_pupils(
    rows: Any, ages: Any, which: Any, asked: Any, got: Any, at: Any, province: Any,
    residence: Any, death_u: Any, youngest: int, years: int, waived: Any, pupils: Any,
    due: Any, unserved: Any, by_cell: Any, helped: Any,
) -> None:  # fmt: skip
    """Count pupils, months charged and those without a place; months of agents.

    pupils : int64[province, grade]; unserved : int64[province]; by_cell : int64[cell]
    due : int64[province, residence, ownership, term, grade], months for which a fee is due
    helped : int64[2, province], children with a place, and with a waived fee
    """
    for j in range(which.size):
        k = which[j]
        i = rows[k]
        p, r, own = province[i], residence[i], at[j] % OWNERS
        unserved[p] += asked[j] - got[j]
        if got[j] == 0:
            continue
        _, last = stay(ages[k], youngest, years, last_month_alive(death_u[i]))
        begins = last - got[j] + 1  # who waits for a place comes in later
        by_cell[at[j]] += got[j]
        spring = months_until(begins, last, SPRING)
        relief = False
        for term in range(TERMS):
            there = spring if term == 0 else got[j] - spring
            if there == 0:
                continue
            grade = grade_of(ages[k], 1 if term == 0 else YEAR, youngest)
            pupils[p, grade] += there
            due[p, r, own, term, grade] += charged(begins, last, term)
            relief = relief or waived[p, r, own, term, grade] > 0
        helped[0, p] += 1
        helped[1, p] += relief


def planned_rate(p: Parameters, year: int) -> float:
    """Places for each child in kindergarten age that are planned for a year."""
    return float(np.asarray(p.year(POLICY + "places_planned", year)))


def private_share(p: Parameters, year: int) -> float:
    """Share of private kindergartens in the places that are planned."""
    return float(np.asarray(p.year(POLICY + "private_share", year)))


def planned(p: Parameters, year: int, children: Floats) -> Floats:
    """Places planned for a year, float64[province, residence, ownership].

    children : in kindergarten age, of the real country, float64[province, residence]
    """
    private = private_share(p, year)
    places = children * planned_rate(p, year)
    return np.asarray(places[:, :, None] * np.array([1.0 - private, private]))


def fees(p: Parameters, year: int) -> Floats:
    """Fee of a year, yuan a month, float64[province, residence, ownership]."""
    share, start = p.value(POLICY + "fee_follows_wages"), int(p.value(POLICY + "fee_year"))
    fee = p.array(POLICY + "fee") * wage_factor(p, share, start, year)
    place = p.array(POLICY + "fee_by_province")[:, None] * p.array(POLICY + "fee_by_residence")
    return np.asarray(place[:, :, None] * fee)


def waived_share(p: Parameters, year: int) -> Floats:
    """Share of the approved public fee that is waived, float64[term, grade]."""
    return np.stack([waived_on(p, date(year, month, day)) for month, day in TERM_DAYS])


def waived_on(p: Parameters, day: date) -> Floats:
    """Share of the approved public fee that is waived on a day, float64[grade]."""
    key = POLICY + "waived"
    return np.asarray(p.at(key, day)) if day >= p.dates(key)[0] else np.zeros(GRADES)


@lru_cache(maxsize=64)
def _rules(numbers: Numbers, year: int) -> Rules:
    p = numbers.p
    fee, shares = fens(fees(p, year)), waived_share(p, year)
    waived = np.zeros((*fee.shape, TERMS, GRADES), np.int64)
    fill_waived(fee, shares, waived)
    return Rules(
        wants=luck.threshold(p.array(POLICY + "wants")),
        public_first=np.uint64(luck.threshold(p.value(POLICY + "public_first"))),
        fee=fee,
        waived=waived,
        central=p.array(POLICY + "central_share"),
    )


def rules_of(p: Parameters, year: int) -> Rules:
    """The law and the prices of a year."""
    return _rules(Numbers(p), year)


def apply(model: "SongheModel") -> None:
    """Open and close places, give them to children, and pay for what is waived."""
    p, year, youngest = model.parameters, model.year, begins_at(model.parameters)
    schools, rules = providers_of(model, KIND_OF_PROVIDER), rules_of(p, year)
    ages = child_years(model, youngest, GRADES)
    before = schools.places.copy()
    plan = provider_cells(schools, planned(p, year, ages))
    decide_year(schools, p, POLICY, year, plan)
    children = young(model)
    asked = _ask(model, schools, children, rules, youngest)
    which, cell, other, months, priority = asked
    room = room_of(schools, model.weight)
    words, ids = children.words[QUEUE][which], children.ids[which]
    got, at = allocate(cell, other, months, priority, words, ids, room)
    schools.wanted[:] = np.bincount(cell, months, len(schools.places)) * (model.weight / YEAR)
    given = got > 0
    schools.note(year, children.rows[which[given]], got[given].astype(np.uint8))
    _count(model, schools, asked, got, at, rules, youngest)
    closed = np.maximum(before - schools.places, 0.0)
    weight = ages + NEARLY_NONE * people_by_place(model)  # an area may have lost its children
    for name, real in (("places", schools.places), ("places_closed", closed)):
        by_province = schools.to_provinces(real, weight).sum(axis=(1, 2))
        model.tally.add(f"kindergarten_{name}", in_parts(by_province, model.weight))


def _ask(
    model: "SongheModel", schools: Providers, children: Young, rules: Rules, youngest: int
) -> tuple[NDArray[Any], ...]:
    people, n = model.people, len(children.rows)
    which, cell, other, months = np.empty((4, n), np.int64)
    priority = np.empty(n, np.uint8)
    columns = (people[name] for name in ("death_u", "province", "residence"))
    found = ask(
        children.rows, children.age, children.words, *columns, youngest, GRADES, rules.wants,
        rules.public_first, schools.area_of, which, cell, other, months, priority,
    )  # fmt: skip
    return tuple(values[:found] for values in (which, cell, other, months, priority))


def _count(
    model: "SongheModel", schools: Providers, asked: Any, got: Counts, at: Counts, rules: Rules,
    youngest: int,
) -> None:  # fmt: skip
    which, _, _, months, _ = asked
    children, people, n = young(model), model.people, len(PROVINCES)
    pupils = np.zeros((n, GRADES), np.int64)
    due = np.zeros((n, len(RESIDENCES), OWNERS, TERMS, GRADES), np.int64)
    unserved, by_cell = np.zeros(n, np.int64), np.zeros(len(schools.places), np.int64)
    helped = np.zeros((2, n), np.int64)
    columns = (people[name] for name in ("province", "residence", "death_u"))
    count_pupils(
        children.rows, children.age, which, months, got, at, *columns, youngest, GRADES,
        rules.waived, pupils, due, unserved, by_cell, helped,
    )  # fmt: skip
    p, tally, month = model.parameters, model.tally, IN_AN_AGENT // YEAR
    per_staff = float(np.asarray(p.year(POLICY + "pupils_per_staff", model.year)))
    schools.enrolled[:] = by_cell * (model.weight / YEAR)
    schools.staff[:] = schools.enrolled / per_staff
    classes = (pupils / p.array(POLICY + "class_size")).sum(axis=1)
    by_stage = np.zeros(len(STAGES), np.int64)
    by_stage[STAGES.index("kindergarten")] = pupils.sum() * month
    tally.add("pupils", by_stage)
    tally.add("kindergarten_pupils", pupils * month)
    tally.add("kindergarten_unserved", unserved * month)
    tally.add("kindergarten_classes", _whole(classes * month))
    tally.add("kindergarten_staff", _whole(pupils.sum(axis=1) / per_staff * month))
    _pay(model, due, helped, rules)


def _whole(parts: Floats) -> Counts:
    return np.rint(parts).astype(np.int64)


def _pay(model: "SongheModel", due: Counts, helped: Counts, rules: Rules) -> None:
    """Fees of families, and what budgets pay in their place."""
    charges = (due.sum(axis=(3, 4)) * rules.fee).sum(axis=(1, 2))
    money = (due * rules.waived).sum(axis=(1, 2, 3, 4))
    model.tally.add("kindergarten_fees", charges - money)
    waived = np.where(rules.waived > 0, due, 0).sum(axis=(1, 2, 3, 4))
    model.tally.add("preschool_waived_months", waived)
    if not money.any():
        return
    fund = model.funds[FUND]
    fund.flow("outlay", money, HOUSEHOLDS)
    central = np.rint(money * rules.central).astype(np.int64)
    fund.flow("subsidy", central, CENTRAL)
    fund.flow("subsidy", money - central, LOCAL)
    add_counts(model, FUND, fund_registered=helped[0], fund_beneficiaries=helped[1])


def expected_relief(p: Parameters, year: int) -> float:
    """What waivers are worth to a child born in a year, in public fees of a month of that year.

    Months of fees not paid, by the law that couples know who decide on the birth, each at the
    fee of its time over that of the year of birth, valued at birth.
    """
    return _relief(Numbers(p), year)


@remembered
def _relief(numbers: Numbers, year: int) -> float:
    p = numbers.p
    key, when = POLICY + "waived", decided(p, year)
    if min(p.dates(key)) > last_known_day(p, when):
        return 0.0
    wants, youngest = p.array(POLICY + "wants"), begins_at(p)
    share, months = p.value(POLICY + "fee_follows_wages"), YEAR * (youngest + GRADES + 1)

    @cache
    def law(now: int, term: int) -> Any:
        return known(p, key, date(now, *TERM_DAYS[term]), when) * wants

    @cache
    def grown(now: int) -> float:
        return wage_factor(p, share, year, now)

    def amount(day: date, _: int) -> float:
        grade = int(grade_of(day.year - 1 - year, day.month, youngest))
        if not 0 <= grade < GRADES or JUNE < day.month <= SPRING:
            return 0.0
        return float(law(day.year, int(day.month > SPRING))[grade]) * grown(day.year)

    return float(present_value(p, expected_payments(p, year, months, amount)))


def promise(model: "SongheModel") -> Promise:
    """Present value of the fees that are waived for the next child, at the public fee."""
    p, year = model.parameters, model.year
    relief = expected_relief(p, year)
    if relief == 0.0:
        return Promise()
    return Promise(fee=fees(p, year)[None, :, :, None, PUBLIC] * relief)


STEP = Step("preschool", reads=READS, apply=apply)
