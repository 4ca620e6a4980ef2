"""Places for children under three: who wants one, who gets one, and what budgets pay for them.

Decides for every child in nursery age, from the January after its birth to the September
before kindergarten, whether the family wants a place, by age, income third, work of the
mother and grandparents at hand, and whether it can pay; and for the nurseries of each area,
residence and ownership how many places there are, at what fee and with how many carers.
Children who have waited longest come first, then those of working mothers, then the luck of a
lifetime decides, so that a child with a place keeps it while there are as many. Source:
`parameters/policies/childcare.yaml`. Leaves out nannies and hours, distance within a province,
nursery classes of kindergartens, and quality.
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
from ...parameters.dims import CARE_GROUPS, EDUCATION, OWNERSHIP, PROVINCES, RESIDENCES, WORK
from ...parameters.load import Parameters
from ..funds import add_counts, fens
from ..household_income import READS as INCOME_READS
from ..household_income import household_income, income_of, thirds
from ..kernels.queue import NONE, allocate
from ..months import last_month_alive
from ..numbers import Numbers, remembered
from ..prices import grown, wage_factor
from ..promise import Promise, decided, expected_payments, last_known_day, present_value
from ..provider_rules import decide_year
from ..step import Step
from ..young_children import (
    IN_AN_AGENT,
    KIND,
    QUEUE,
    SPRING,
    WANTS_NURSERY,
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
FUND = KIND_OF_PROVIDER = "childcare"
POLICY = "policies.childcare."
CENTRAL, LOCAL, NURSERIES = "central_government", "local_government", "nurseries"
YOUNGEST = 0  # completed age at the opening: no place in the year of birth
GROUPS, OWNERS = len(CARE_GROUPS), len(OWNERSHIP)
PUBLIC, PRIVATE = range(OWNERS)
NO_KIN, NEAR, AT_HOME = range(3)  # where a grandparent is
UNKNOWN = len(EDUCATION)  # no parent in the country
LEAST_FEE = 1.0  # yuan a month: a place that is free has a price with a logarithm
MIDDLE = EDUCATION.index("lower_secondary")
FAMILY = 3  # members over whom the income of a family with a young child is counted
PAID_WORK = np.array([w in ("flexible", "enterprise", "public") for w in WORK])
OF_WISHES = ("income_effect", "work_effect", "grandparent_near", "grandparent_at_home")
READS = (
    "id", "alive", "age", "death_u", "province", "residence", "household", "mother", "father",
    "education", "work",
)  # fmt: skip


class Wishes(NamedTuple):
    """What decides who asks for a place.

    limits : uint64[family, group, kin], a word below it wants one; families by `family_of`
    widest : uint64[group], the highest of them
    affordable : uint8[province, residence, education, ownership]
    public_first : uint64, a word below it asks at a public nursery first
    """

    limits: NDArray[np.uint64]
    widest: NDArray[np.uint64]
    affordable: NDArray[np.uint8]
    public_first: np.uint64


@rule
def log_odds(level: float, third: int, works: bool, kin: int, price: float, effects: Any) -> float:
    """Log odds that a family wants a place.

    level : of the age; third : 0 to 2, of income; kin : NO_KIN, NEAR or AT_HOME
    price : logarithm of the fee's share of income over what is bearable
    effects : float64[5], of income third, work, grandparent near, at home, and of the price
    """
    value = level + effects[0] * (third - 1) + effects[4] * price
    if works:
        value += effects[1]
    if kin == NEAR:
        value += effects[2]
    elif kin == AT_HOME:
        value += effects[3]
    return float(value)


@rule
def lives(old: int, child: int, household: Any, province: Any, alive: Any) -> int:
    """Where a grandparent lives, seen from the child; old, child : rows, old -1 if not known.

    Everything is read before anything is decided, so that no read waits for another.
    """
    row = np.uint32(max(old, 0))
    there = (old >= 0) & (alive[row] == 1)
    home = there & (household[row] >= 0) & (household[row] == household[child])
    near = there & (province[row] == province[child])
    return AT_HOME if home else NEAR if near else NO_KIN


@rule
def parent_of(person: int, parent: Any) -> int:
    """Row of a person's mother or father; -1 if not known, or no such person."""
    found = parent[np.uint32(max(person, 0))]
    return int(found) if person >= 0 else -1


@kernel
def find_grandparents(
    looks: Any, which: Any, rows: Any, mother: Any, father: Any, household: Any, province: Any,
    alive: Any, kin: Any,
) -> None:  # fmt: skip
    """Where the nearest grandparent of each of some children lives; kin : int64[child], out.

    looks : places in which; which : places in rows. All links are followed before anybody's
    place is read, so that the memory has many of them to fetch at a time.
    """
    old = np.empty((4, looks.size), np.int32)
    for j in range(looks.size):
        i = rows[which[looks[j]]]
        old[0, j], old[1, j] = parent_of(mother[i], mother), parent_of(mother[i], father)
        old[2, j], old[3, j] = parent_of(father[i], mother), parent_of(father[i], father)
    for j in range(looks.size):
        i, found = rows[which[looks[j]]], NO_KIN
        for side in range(4):
            found = max(found, lives(old[side, j], i, household, province, alive))
        kin[looks[j]] = found


@rule
def family_of(residence: int, level: int, works: bool) -> int:
    """Place of a family in the table of wishes: residence, level of the parent, mother's work."""
    return (int(residence) * (len(EDUCATION) + 1) + int(level)) * 2 + int(works)


@rule
def kin_matters(word: int, limits: Any, family: int, group: int) -> bool:
    """Whether it depends on grandparents if a family wants a place, or since when."""
    for g in range(group + 1):
        wants = word < limits[family, g, 0]
        for kin in range(1, limits.shape[2]):
            if (word < limits[family, g, kin]) != wants:
                return True
    return False


@rule
def years_waited(word: int, limits: Any, family: int, group: int, kin: int) -> int:
    """Years since the family first wanted a place, as it lives now; 0 in the first."""
    for first in range(group):
        if word < limits[family, first, kin]:
            return group - first
    return 0


@kernel
def shortlist(
    rows: Any, ages: Any, want: Any, province: Any, residence: Any, mother: Any, father: Any,
    education: Any, work: Any, youngest: int, years: int, wishes: Wishes, paid_work: Any,
    which: Any, parent: Any, works: Any, looks: Any,
) -> Any:  # fmt: skip
    """List the children whose families may want a place and can pay; returns two numbers.

    which : int64[n], position among the children; parent, works : level and work that count
    looks : int64[m], places in which for whom it matters where grandparents live
    """
    n = m = 0
    limits, widest, affordable = wishes.limits, wishes.widest, wishes.affordable
    for k in range(rows.size):
        group = min(max(ages[k] - youngest, 0), GROUPS - 1)
        if ages[k] >= youngest + years or want[k] >= widest[group]:
            continue
        i = rows[k]
        mum, dad = mother[i], father[i]
        level = education[mum] if mum >= 0 else education[dad] if dad >= 0 else UNKNOWN
        paid = mum >= 0 and paid_work[work[mum]]
        p, r = province[i], residence[i]
        if not affordable[p, r, level, PUBLIC] and not affordable[p, r, level, PRIVATE]:
            continue
        which[n], parent[n], works[n] = k, level, paid
        looks[m] = n
        m += kin_matters(want[k], limits, family_of(r, level, paid), group)
        n += 1
    return n, m


@kernel
def ask(
    rows: Any, ages: Any, words: Any, death_u: Any, province: Any, residence: Any, youngest: int,
    years: int, wishes: Wishes, area_of: Any, listed: Any, parent: Any, works: Any, kin: Any,
    which: Any, cell: Any, other: Any, months: Any, priority: Any,
) -> int:  # fmt: skip
    """Keep those of a short list who want a place; returns their number.

    listed, parent, works, kin : of `shortlist` and `find_grandparents`
    which : int64[n], position among the children; cell, other : first and second choice
    months : int64[n], asked for; priority : uint8[n]
    """
    n = 0
    want, kind = words[WANTS_NURSERY], words[KIND]
    limits, affordable = wishes.limits, wishes.affordable
    for j in range(listed.size):
        k = listed[j]
        i = rows[k]
        p, r, level = province[i], residence[i], parent[j]
        family, group = family_of(r, level, works[j]), min(max(ages[k] - youngest, 0), GROUPS - 1)
        first, last = stay(ages[k], youngest, years, last_month_alive(death_u[i]))
        if last < first or want[k] >= limits[family, group, kin[j]]:
            continue
        choice = PUBLIC if kind[k] < wishes.public_first else PRIVATE
        if not affordable[p, r, level, choice]:
            choice = 1 - choice
        base = (area_of[p] * len(RESIDENCES) + r) * OWNERS
        which[n], cell[n] = k, base + choice
        other[n] = base + 1 - choice if affordable[p, r, level, 1 - choice] else NONE
        waited = years_waited(want[k], limits, family, group, kin[j])
        months[n], priority[n] = last - first + 1, 2 * (GROUPS - 1 - waited) + (not works[j])
        n += 1
    return n


@kernel
def count_care(
    rows: Any, ages: Any, which: Any, asked: Any, got: Any, at: Any, province: Any,
    residence: Any, death_u: Any, youngest: int, years: int, fee: Any, enrolled: Any,
    unserved: Any, paid: Any, by_group: Any,
) -> None:  # fmt: skip
    """Count who is in care and who is not; months of agents.

    got, at : months and cell of each of `which`; fee : int64[province, residence, ownership]
    enrolled : int64[province, ownership, group]; unserved, paid : int64[province], paid in fen
    by_group : int64[group, cell], months taken
    """
    for j in range(which.size):
        k = which[j]
        i = rows[k]
        p = province[i]
        unserved[p] += asked[j] - got[j]
        if got[j] == 0:
            continue
        _, last = stay(ages[k], youngest, years, last_month_alive(death_u[i]))
        begins = last - got[j] + 1  # who waits for a place comes in later
        spring = months_until(begins, last, SPRING)
        own = at[j] % OWNERS
        group = min(max(ages[k] - youngest, 0), GROUPS - 1)
        later = min(group + 1, GROUPS - 1)
        enrolled[p, own, group] += spring
        enrolled[p, own, later] += got[j] - spring
        by_group[group, at[j]] += spring
        by_group[later, at[j]] += got[j] - spring
        paid[p] += got[j] * fee[p, residence[i], own]


@kernel
def fill_chances(level: Any, third: Any, price: Any, effects: Any, chance: Any) -> None:
    """Chance of every kind of family; float64[residence, parent, group, kin, work]."""
    for r in range(chance.shape[0]):
        for e in range(chance.shape[1]):
            for g in range(chance.shape[2]):
                for kin in range(chance.shape[3]):
                    for works in range(chance.shape[4]):
                        odds = log_odds(
                            level[g], third[r, e], works == 1, kin, price[r, e], effects
                        )
                        chance[r, e, g, kin, works] = 1.0 / (1.0 + np.exp(-odds))


def planned_per_thousand(p: Parameters, year: int) -> float:
    """Places per 1,000 people that are planned for a year."""
    return float(np.asarray(p.year(POLICY + "places_planned", year)))


def planned(p: Parameters, year: int, people: Floats) -> Floats:
    """Places planned for a year, float64[province, residence, ownership].

    people : of the real country, float64[province, residence]
    """
    weight = people * p.array(POLICY + "residence_weight")
    total = planned_per_thousand(p, year) / 1_000.0 * people.sum()
    places = total * weight / max(float(weight.sum()), 1.0)
    public = float(np.asarray(p.year(POLICY + "public_share", year)))
    return np.asarray(places[:, :, None] * np.array([public, 1.0 - public]))


def fees(p: Parameters, year: int, known: date = date.max) -> Floats:
    """Fee of a year, yuan a month, float64[residence, ownership]; known : last day of law."""
    share, after = p.value(POLICY + "fee_follows_wages"), int(p.value(POLICY + "fee_recorded_to"))

    def factor(start: int, end: int) -> float:
        return wage_factor(p, share, start, end)

    fee = np.asarray(grown(p, POLICY + "fee", date(year, 1, 1), after, factor, known))
    return np.asarray(p.array(POLICY + "fee_by_residence")[:, None] * fee)


def income_by_parent(per_head: Floats) -> Floats:
    """Yearly income of a family with a young child, float64[residence, education and unknown]."""
    incomes = household_income(per_head, FAMILY)
    return np.concatenate([incomes, incomes[:, MIDDLE : MIDDLE + 1]], axis=1)


def third_by_parent(per_head: Floats) -> Counts:
    """Income third of a family, int64[residence, education and unknown]."""
    third = thirds(per_head)
    return np.concatenate([third, third[:, MIDDLE : MIDDLE + 1]], axis=1)


def chances(p: Parameters, fee: Floats, per_head: Floats) -> Floats:
    """Chance to want a place, float64[residence, education and unknown, group, kin, work].

    fee : yuan a month, float64[residence, ownership]; the public one counts
    per_head : disposable income per head, float64[residence, education]
    """
    level = p.array(POLICY + "wish_level")
    effects = np.array([p.value(POLICY + name) for name in (*OF_WISHES, "price_response")])
    incomes, third = income_by_parent(per_head), third_by_parent(per_head)
    bearable = p.value(POLICY + "bearable_share")
    price = np.log(np.maximum(fee[:, PUBLIC, None], LEAST_FEE) * YEAR / incomes / bearable)
    chance = np.empty((len(RESIDENCES), len(EDUCATION) + 1, GROUPS, 3, 2))
    fill_chances(level, third, price, effects, chance)
    return chance


def affordable(fee: Floats, incomes: Floats, most: float) -> NDArray[np.bool_]:
    """Whether a family can pay, by the share of its income.

    fee : yuan a month, float64[..., residence, ownership]; incomes : float64[residence, parent]

    Returns
    -------
    bool[..., residence, parent, ownership]
    """
    return np.asarray(fee[..., :, None, :] * YEAR <= most * incomes[:, :, None])


@lru_cache(maxsize=64)
def _fees(numbers: Numbers, year: int) -> Floats:
    return fees(numbers.p, year)


def apply(model: "SongheModel") -> None:
    """Open and close places, give them to children, and pay for them."""
    p, year = model.parameters, model.year
    nurseries = providers_of(model, KIND_OF_PROVIDER)
    people = people_by_place(model)
    plan = planned(p, year, people)
    before, opened = nurseries.places.copy(), nurseries.opened
    decide_year(nurseries, p, POLICY, year, provider_cells(nurseries, plan))
    if not opened:  # places of the first year were there before
        before[:] = nurseries.places
    fee = _fees(Numbers(p), year) * _price(nurseries)  # [province, residence, ownership]
    children = young(model)
    years = begins_at(p) - YOUNGEST
    asked = _ask(model, nurseries, children, fee, years)
    which, cell, other, months, priority = asked
    words, ids = children.words[QUEUE][which], children.ids[which]
    room = room_of(nurseries, model.weight)
    got, at = allocate(cell, other, months, priority, words, ids, room)
    _count(model, nurseries, asked, got, at, fens(fee), years)
    given = got > 0
    nurseries.note(year, children.rows[which[given]], got[given].astype(np.uint8))
    weight = people * p.array(POLICY + "residence_weight")
    _tally_places(model, nurseries, weight)
    _note_cover(model, nurseries, fee)
    _pay(model, nurseries.to_provinces(nurseries.places, weight),
         nurseries.to_provinces(np.maximum(nurseries.places - before, 0.0), weight))  # fmt: skip


def _price(nurseries: Providers) -> Floats:
    """Factor on the fee where each province lies, float64[province, residence, ownership]."""
    return np.asarray(nurseries.price.reshape(nurseries.shape)[nurseries.area_of])


def _wishes(model: "SongheModel", fee: Floats) -> Wishes:
    p, per_head = model.parameters, income_of(model)
    limits = luck.threshold(chances(p, _fees(Numbers(p), model.year), per_head))
    limits = np.ascontiguousarray(np.moveaxis(limits, -1, 2)).reshape(-1, GROUPS, 3)
    pays = affordable(fee, income_by_parent(per_head), p.value(POLICY + "most_of_income"))
    first = luck.threshold(p.value(POLICY + "public_first"))
    return Wishes(limits, limits.max(axis=(0, 2)), pays.view(np.uint8), np.uint64(first))


def _ask(
    model: "SongheModel", nurseries: Providers, children: Young, fee: Floats, years: int
) -> tuple[NDArray[Any], ...]:
    people, n = model.people, len(children.rows)
    wishes, rows, ages = _wishes(model, fee), children.rows, children.age
    listed, looks = np.empty((2, n + 1), np.int64)
    parent, works = np.empty((2, n + 1), np.uint8)
    columns = [people[name] for name in (
        "province", "residence", "mother", "father", "education", "work",
    )]  # fmt: skip
    some, m = shortlist(
        rows, ages, children.words[WANTS_NURSERY], *columns, YOUNGEST, years, wishes, PAID_WORK,
        listed, parent, works, looks,
    )  # fmt: skip
    kin = np.zeros(some, np.int64)
    columns = [people[name] for name in ("mother", "father", "household", "province", "alive")]
    find_grandparents(looks[:m], listed, rows, *columns, kin)
    which, cell, other, months = np.empty((4, some), np.int64)
    priority = np.empty(some, np.uint8)
    columns = [people[name] for name in ("death_u", "province", "residence")]
    found = ask(
        rows, ages, children.words, *columns, YOUNGEST, years, wishes, nurseries.area_of,
        listed[:some], parent, works, kin, which, cell, other, months, priority,
    )  # fmt: skip
    return tuple(values[:found] for values in (which, cell, other, months, priority))


def _count(
    model: "SongheModel", nurseries: Providers, asked: Any, got: Counts, at: Counts, fee: Counts,
    years: int,
) -> None:  # fmt: skip
    """Children, fees and carers of the year; the providers keep theirs."""
    which, cell, _, months, _ = asked
    children, people = young(model), model.people
    enrolled = np.zeros((len(PROVINCES), OWNERS, GROUPS), np.int64)
    unserved, paid = np.zeros((2, len(PROVINCES)), np.int64)
    by_group = np.zeros((GROUPS, len(nurseries.places)), np.int64)
    columns = (people[name] for name in ("province", "residence", "death_u"))
    count_care(
        children.rows, children.age, which, months, got, at, *columns, YOUNGEST, years, fee,
        enrolled, unserved, paid, by_group,
    )  # fmt: skip
    real = model.weight / YEAR
    per_carer = np.asarray(
        model.parameters.at(POLICY + "children_per_carer", date(model.year, 1, 1))
    )
    nurseries.enrolled[:] = by_group.sum(axis=0) * real
    nurseries.staff[:] = (1.0 / per_carer) @ by_group * real
    nurseries.wanted[:] = np.bincount(cell, months, len(nurseries.places)) * real
    month = IN_AN_AGENT // YEAR
    carers = (enrolled.sum(axis=1) / per_carer).sum(axis=1) * month
    model.tally.add("childcare_enrolled", enrolled.sum(axis=2) * month)
    model.tally.add("childcare_unserved", unserved * month)
    model.tally.add("childcare_staff", np.rint(carers).astype(np.int64))
    model.tally.add("childcare_fees", paid)


def _tally_places(model: "SongheModel", nurseries: Providers, weight: Floats) -> None:
    places = nurseries.to_provinces(nurseries.places, weight).sum(axis=1)
    model.tally.add("childcare_places", in_parts(places, model.weight))


def _pay(model: "SongheModel", places: Floats, opened: Floats) -> None:
    """Grants for new public places, and subsidies for those there are.

    places, opened : of the real country, float64[province, residence, ownership]
    """
    p, year_end = model.parameters, date(model.year, 12, 31)

    def law(name: str) -> float:
        key = POLICY + name
        return float(np.asarray(p.at(key, year_end))) if year_end >= p.dates(key)[0] else 0.0

    grant = law("building_grant") * law("granted_share")
    running = law("place_subsidy")
    fund = model.funds[FUND]
    if grant > 0.0:
        _book(fund, opened[:, :, PUBLIC].sum(axis=1) * grant / model.weight, CENTRAL)
    if running > 0.0:
        _book(fund, places[:, :, PUBLIC].sum(axis=1) * running / model.weight, LOCAL)
    taken = model.tally.now["childcare_enrolled"].sum(axis=1) // IN_AN_AGENT
    if grant > 0.0 or running > 0.0:
        add_counts(model, FUND, fund_registered=taken, fund_beneficiaries=taken)


def _book(fund: Any, yuan: Floats, payer: str) -> None:
    """What goes out to nurseries and the budget's money for it; yuan of agents by province."""
    money = fens(yuan)
    fund.flow("outlay", money, NURSERIES)
    fund.flow("subsidy", money, payer)


def cover(p: Parameters, places: Floats, children: Floats, fee: Floats, per_head: Floats) -> Floats:
    """Share of children with a place within reach and means.

    places : float64[area, residence, ownership]; children : float64[area, residence]
    fee : yuan a month, float64[area, residence, ownership]
    per_head : disposable income per head, float64[residence, education]

    Returns
    -------
    float64[area, residence, education]
    """
    some = np.broadcast_to(children[:, :, None] > 0, places.shape)
    share = np.divide(places, children[:, :, None], out=np.zeros_like(places), where=some)
    bearable = p.value(POLICY + "bearable_share") * household_income(per_head, FAMILY)
    able = share_above(fee[:, :, None, :] * YEAR, bearable[:, :, None], p.value(POLICY + "spread"))
    return np.asarray(np.minimum((able * share[:, :, None, :]).sum(axis=-1), 1.0))


def useful(places: Floats, wanted: Floats) -> Floats:
    """Places that somebody asks for; float64[area, residence, ownership], as both arguments."""
    there = places.sum(axis=2, keepdims=True)
    asked = np.minimum(wanted.sum(axis=2, keepdims=True), there)
    return np.asarray(places * np.divide(asked, there, out=np.zeros_like(there), where=there > 0))


def share_above(least: Floats, median: Floats, spread: float) -> Floats:
    """Share of families whose income is above an amount; log-logistic incomes.

    spread : standard deviation of the logarithm of income
    """
    scale = spread * 3.0**0.5 / np.pi
    return np.asarray(1.0 / (1.0 + (least / median) ** (1.0 / scale)))


def _note_cover(model: "SongheModel", nurseries: Providers, fee: Floats) -> None:
    """Keep the cover of the year, which births answer to in the next one."""
    p, n = model.parameters, nurseries
    children = n.in_area(child_years(model, YOUNGEST, begins_at(p) - YOUNGEST))[n.area_of]
    places = useful(n.places.reshape(n.shape), n.wanted.reshape(n.shape))[n.area_of]
    n.cover[:] = cover(p, places, children, fee, income_of(model))
    n.used[:] = share_there(n, child_years(model, YOUNGEST, begins_at(p) - YOUNGEST))
    if model.year <= p.value(POLICY + "evidence_to"):
        n.cover_before[:] = n.cover


@remembered
def _fees_ahead(numbers: Numbers, year: int) -> Floats:
    p = numbers.p
    last, years = last_known_day(p, decided(p, year)), begins_at(p) - YOUNGEST

    @cache
    def fee(now: int) -> Floats:
        return fees(p, now, last)

    def amount(day: date, _: int) -> Floats:
        age = day.year - 1 - year  # at the opening; -1 in the year of birth
        begins, ends = stay(max(age, YOUNGEST), YOUNGEST, years, YEAR)
        return fee(day.year) * (age >= YOUNGEST and begins <= day.month <= ends)

    return np.asarray(present_value(p, expected_payments(p, year, YEAR * (years + 1), amount)))


def fees_ahead(p: Parameters, year: int) -> Floats:
    """What a place costs the parents of a child born in a year, float64[residence, ownership].

    Value at birth, in yuan of that year, of the fees of all months in nursery age, by the law
    that couples know who decide on the birth.
    """
    return _fees_ahead(Numbers(p), year)


def share_there(nurseries: Providers, children: Floats) -> Floats:
    """Share of the children in nursery age who are in one, float64[cell].

    children : float64[province, residence], of the real country
    """
    n = nurseries
    of_area = np.broadcast_to(n.in_area(children)[:, :, None], n.shape).ravel()
    return np.divide(n.enrolled, of_area, out=np.zeros_like(n.enrolled), where=of_area > 0)


def saved(nurseries: Providers, before: Floats, now: Floats) -> Floats:
    """Fall in what a next child is expected to cost in fees, float64[1, province, residence, 1].

    The next child is as likely to be there as children were in the year before, under the
    same law; that more families can pay is in the cover.

    before, now : value at birth of the fees of a place, float64[area, residence, ownership]
    """
    used = nurseries.used.reshape(nurseries.shape)
    fall = (used * (before - now)).sum(axis=-1)
    return np.asarray(fall[nurseries.area_of][None, :, :, None])


def promise(model: "SongheModel") -> Promise:
    """Cover of the year before beyond that of the last year of evidence, and lower fees.

    Places beyond those that families ask for add nothing to cover. The fee counts: a place that
    takes more than `bearable_share` of the income of a family is not within its means. Cover is
    zero up to the last year of evidence. Fees are lower, or higher, than those of the same
    year in the baseline, whose births are aligned with them.
    """
    nurseries = model.providers.get(KIND_OF_PROVIDER)
    if nurseries is None:
        return Promise()
    now = fees_ahead(model.parameters, model.year) * nurseries.price.reshape(nurseries.shape)
    before = np.asarray(model.constants.get("nursery_fees", lambda: now, aligned=True))
    cover = (nurseries.cover - nurseries.cover_before)[None]
    return Promise(fee=saved(nurseries, before, now), cover=cover)


STEP = Step("childcare", reads=tuple(dict.fromkeys((*READS, *INCOME_READS))), apply=apply)
