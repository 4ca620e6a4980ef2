"""Older people who review whether they live with an adult child.

Decides, for each older person or couple whose review has come, whether they live with an
adult child from now on: the long-run chance depends on spouse, function, residence and
living children. Who moves together joins the preferred child in the same province; who
moves apart founds an own household; only couples move apart. Leaves out distance inside the
province.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel
from ..agents.members import members
from . import homes
from .household_rules import (
    MARRIED,
    MODERATE,
    MOST_CHILDREN,
    STATES,
    fill_shares,
    shares,
    solve_level,
)
from .moving_units import MALE, at_home, family_units

if TYPE_CHECKING:
    from .model import SongheModel

Rows = NDArray[np.int64]

SURVEY_YEAR = 2011
TURNOVER = "demography.coresidence.turnover"
OUTCOME, SON_FIRST = 1, 2  # lanes of the call
NO_CHILD = np.uint8(255)
KIND = "family"
FIVE, LOW = np.uint32(5), np.uint32(31)  # a row's word of 32 bits, and its bit there


@kernel
def mark_rows(rows: Any, bits: Any) -> None:
    """Set the bit of each row, at row + 1; bits : uint32[people / 32 + 1], zero before."""
    for i in rows:
        place = np.uint32(i + 1)
        bits[place >> FIVE] |= np.uint32(1) << (place & LOW)


@kernel
def list_children(mother: Any, father: Any, bits: Any, rows: Any) -> int:
    """List everybody with a marked parent; returns their number.

    bits : as `mark_rows` leaves them; a bit for each person stays in the cache
    """
    n = 0
    for i in range(mother.size):
        m, f = np.uint32(mother[i] + 1), np.uint32(father[i] + 1)
        marked = (bits[m >> FIVE] >> (m & LOW)) | (bits[f >> FIVE] >> (f & LOW))
        rows[n] = i
        n += marked & np.uint32(1)
    return n


@kernel
def find_nearest(
    rows: Any, age: Any, sex: Any, death_u: Any, mother: Any, father: Any, household: Any,
    province: Any, residence: Any, id: Any, adult_age: int, bits: Any, slot: Any,
    son_first: Any, rank: Any, best: Any,
) -> None:  # fmt: skip
    """Whom each marked parent joins, of the adult children in the province.

    rows, bits : as of `list_children`; slot : int32[people], the place of a marked parent in
        the list; son_first : bool[n]
    rank : uint8[n], 255 at first; best : int64[n], -1 at first. The best child is of the
    preferred sex, then at the same residence, then has the least id: no order of rows in it.
    """
    for i in rows:
        if age[i] + 1 < adult_age or household[i] < 0 or death_u[i] < 1.0:
            continue
        for parent in (mother[i], father[i]):
            place = np.uint32(parent + 1)
            marked = (bits[place >> FIVE] >> (place & LOW)) & np.uint32(1)
            if marked != 0 and province[i] == province[parent]:
                k = slot[parent]
                other = 2 * ((sex[i] == MALE) != son_first[k]) + (residence[i] != residence[parent])
                if other < rank[k] or (other == rank[k] and id[i] < id[best[k]]):
                    rank[k] = other
                    best[k] = i


@kernel
def find_at_home(
    rows: Any, age: Any, death_u: Any, mother: Any, father: Any, household: Any, first: Any,
    following: Any, adult_age: int, together: Any,
) -> None:  # fmt: skip
    """Whether an adult child lives with each parent; first, following : chains of members."""
    for k in range(rows.size):
        parent, together[k] = rows[k], False
        h = household[parent]
        i = first[h] if h >= 0 else -1
        while i >= 0 and not together[k]:
            if (mother[i] == parent or father[i] == parent) and death_u[i] >= 1.0:
                together[k] = age[i] + 1 >= adult_age
            i = following[i]


@kernel
def find_reviewers(
    rows: Any, sex: Any, marital: Any, partner: Any, household: Any, kept: Any
) -> None:
    """Keep those who decide: a wife at home follows her husband; kept : bool[n]."""
    for k in range(rows.size):
        i = rows[k]
        couple = marital[i] == MARRIED and at_home(i, partner[i], household)
        kept[k] = not (couple and sex[i] != MALE)


def review(model: "SongheModel", rows: Rows) -> None:
    """Settle the living arrangement of the older people listed, with those they decide for."""
    people, p = model.people, model.parameters
    kept = np.empty(len(rows), np.bool_)
    find_reviewers(rows, *(people[c] for c in ("sex", "marital", "partner", "household")), kept)
    rows = rows[kept]
    u = homes.uniforms(model, rows, luck.Call.HOUSEHOLD)
    son_first = u[SON_FIRST] < p.value("demography.coresidence.son_first")
    wants = u[OUTCOME] < chances(model, rows)
    together = with_child(model, rows)
    seeks = wants & ~together
    parts = rows[~wants & together & (people["partner"][rows] >= 0)]
    best = nearest_child(model, rows[seeks], son_first[seeks])
    move(model, rows[seeks][best >= 0], best[best >= 0])
    move(model, parts, np.full(len(parts), -1))


def move(model: "SongheModel", heads: Rows, hosts: Rows) -> None:
    """To the household of each one's host, or to an own one where there is none (-1)."""
    people = model.people
    movers = family_units(model, heads)
    host = hosts[movers.unit]
    place_of = np.where(host >= 0, host, movers.rows)
    number = homes.fresh(model, movers.unit, len(heads))
    number = np.where(host >= 0, people["household"][place_of], number)
    place = people["province"][place_of], people["residence"][place_of]
    homes.settle(model, movers.rows, number, *place, KIND)


def with_child(model: "SongheModel", rows: Rows) -> NDArray[np.bool_]:
    """Whether each has an adult child at home, bool[n]."""
    people, chains = model.people, members(model)
    names = ("age", "death_u", "mother", "father", "household")
    together = np.empty(len(rows), np.bool_)
    columns = (people[c] for c in names)
    find_at_home(rows, *columns, chains.first, chains.following, adult_age(model), together)
    return together


def nearest_child(model: "SongheModel", rows: Rows, son_first: Any) -> Rows:
    """The child elsewhere whom each would join, -1 if there is none; int64[n]."""
    people, n = model.people, len(rows)
    bits, slot = np.zeros(people.n // 32 + 1, np.uint32), np.empty(people.n, np.int32)
    mark_rows(rows, bits)
    slot[rows] = np.arange(n)
    parents = people["mother"], people["father"]
    with people.room(np.int32) as room:
        children = room[: list_children(*parents, bits, room)].copy()
    rank, best = np.full(n, NO_CHILD), np.full(n, -1, np.int64)
    names: tuple[str, ...] = ("age", "sex", "death_u", "mother", "father", "household")
    names += ("province", "residence", "id")
    columns = (people[c] for c in names)
    find_nearest(children, *columns, adult_age(model), bits, slot, son_first, rank, best)
    return best


def adult_age(model: "SongheModel") -> int:
    """Age from which a child can be joined."""
    return int(model.parameters.value("demography.coresidence.adult_age"))


def chances(model: "SongheModel", rows: Rows) -> NDArray[np.float64]:
    """Long-run chance of each to live with an adult child, float64[n]."""
    p = model.parameters
    trend = p.value("demography.households.coresidence_trend") * (model.year - SURVEY_YEAR)
    table = np.empty(STATES)
    fill_shares(shares(p, float(survey_level(model)) + trend), table)
    return np.asarray(table[states(model.people, rows)])


def survey_level(model: "SongheModel") -> Any:
    """Level at which the share of the survey lasts, solved in its year and kept.

    Reviews must make up for children who leave in other ways: of people who review, more
    must want to live with a child than do.
    """
    people, p = model.people, model.parameters

    def solve() -> float:
        old = people["age"] + 1 >= p.value("demography.coresidence.old_age")
        rows = np.flatnonzero(old & homes.present(people))
        cells = np.ravel_multi_index(states(people, rows), STATES)
        counts = np.bincount(cells, minlength=int(np.prod(STATES))).reshape(STATES)
        share = p.value("demography.households.living_arrangements_60plus_with_child")
        lost = p.value("demography.coresidence.departures")
        return solve_level(counts, share * (1.0 + lost / p.value(TURNOVER)), p)

    return model.constants.get("coresidence", solve, aligned=model.year == SURVEY_YEAR)


def states(people: Any, rows: Rows) -> tuple[Any, ...]:
    """Without spouse, limited, rural, living children: positions in STATES."""
    return (
        (people["partner"][rows] < 0).astype(np.int64),
        (people["adl"][rows] >= MODERATE).astype(np.int64),
        people["residence"][rows].astype(np.int64),
        np.minimum(people["n_living_children"][rows], MOST_CHILDREN).astype(np.int64),
    )
