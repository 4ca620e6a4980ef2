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


@kernel
def find_children(
    age: Any, sex: Any, alive: Any, death_u: Any, mother: Any, father: Any, household: Any,
    province: Any, residence: Any, id: Any, adult_age: int, listed: Any, slot: Any,
    son_first: Any, together: Any, rank: Any, best: Any,
) -> None:  # fmt: skip
    """For each listed parent: whether an adult child lives at home, and whom to join else.

    listed : bool[people], small enough to stay in the cache; slot : int32[people], the place of
        a listed parent in the list; son_first, together : bool[n]
    rank : uint8[n], 255 at first; best : int64[n], -1 at first. The best child is of the
    preferred sex, then at the same residence, then has the least id: no order of rows in it.
    """
    for i in range(age.size):
        m, f = mother[i], father[i]
        m_listed = (m >= 0) & listed[np.uint32(max(m, 0))]
        if not m_listed | ((f >= 0) & listed[np.uint32(max(f, 0))]):
            continue
        if age[i] + 1 < adult_age or not alive[i] or household[i] < 0 or death_u[i] < 1.0:
            continue
        for parent in (m, f):
            if parent < 0 or not listed[parent]:
                continue
            k = slot[parent]
            if at_home(i, parent, household):
                together[k] = True
            elif province[i] == province[parent]:
                other = 2 * ((sex[i] == MALE) != son_first[k]) + (residence[i] != residence[parent])
                if other < rank[k] or (other == rank[k] and id[i] < id[best[k]]):
                    rank[k] = other
                    best[k] = i


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
    together, best = children_of(model, rows, son_first)
    joins = wants & ~together & (best >= 0)
    parts = ~wants & together & (people["partner"][rows] >= 0)
    move(model, rows[joins], best[joins])
    heads = rows[parts]
    move(model, heads, np.full(len(heads), -1))


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


def children_of(model: "SongheModel", rows: Rows, son_first: Any) -> tuple[Any, Rows]:
    """Whether each has an adult child at home, bool[n], and whom to join else, int64[n]."""
    people, n = model.people, len(rows)
    listed, slot = np.zeros(people.n, np.bool_), np.empty(people.n, np.int32)
    listed[rows], slot[rows] = True, np.arange(n)
    together, rank = np.zeros(n, np.bool_), np.full(n, NO_CHILD)
    best = np.full(n, -1, np.int64)
    names: tuple[str, ...] = ("age", "sex", "alive", "death_u", "mother", "father", "household")
    names += ("province", "residence", "id")
    adult_age = int(model.parameters.value("demography.coresidence.adult_age"))
    columns = (people[c] for c in names)
    find_children(*columns, adult_age, listed, slot, son_first, together, rank, best)
    return together, best


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
