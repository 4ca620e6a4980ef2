"""Homes of the starting population: households from couples, parents and children.

Decides who lives in which family household and who lives collectively. Couples at one place
live together, minors with a parent, else with other kin; single adults stay with their
parents or not; older parents live with an adult child as often as the survey of 2011 found,
younger ones with a married child as often as the number of households of 2010 asks. Leaves
out people who share a home without being kin, and brothers who stay together.

Source: numbers of households and of people in them, `households.yaml`; collective living and
who stays with parents, `coresidence.yaml` and `base_kin.yaml`, assumptions.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.load import Parameters
from . import base_luck
from .base_collectives import HOUSEHOLDS, KIN, live_collectively
from .compiled import kernel
from .couples import MALE, NEVER_MARRIED
from .home_units import (
    RESIDENCE,
    Array,
    Columns,
    Flags,
    Rows,
    State,
    make_units,
    parent_units,
    root,
    state_of,
)
from .kin import Kin

MOST_CHILDREN = 4  # as in the yearly choice of older parents


class Homes(NamedTuple):
    """Where everybody lives.

    home : int64[n], row of the head of the household, -1 collective; collective : uint8[n]
    """

    home: Rows
    collective: NDArray[np.uint8]
    fit: dict[str, float]


def build_homes(columns: Columns, kin: Kin, p: Parameters, seed: int, replicate: int) -> Homes:
    """A home for everybody.

    columns : age, sex, province, residence, education, enrolled, marital, partner by row
    """
    key = base_luck.key_of(seed, replicate)
    s = state_of(columns, kin, p, key)
    live_collectively(s, p, key)
    make_units(s)
    _singles_stay(s, p)
    fit = _parents_choose(s, p)
    return Homes(s.homes(), s.collective, fit)


# --- adults with their parents ----------------------------------------------------------


def _singles_stay(s: State, p: Parameters) -> None:
    """Adults below the old age without a spouse at home stay with parents by a share."""
    c = s.columns
    adult = s.family & (c["age"] >= s.adult_age) & (c["age"] < s.old_age)
    rows = np.flatnonzero(adult & ~_couple(s))
    parents = parent_units(s, rows)
    apart = np.flatnonzero((parents < 0) & (c["partner"][rows] >= 0))
    parents[apart] = parent_units(s, rows[apart], c["partner"][rows[apart]])
    stays = s.u[0][rows] < stay_share(c["age"], c["residence"], c["marital"], p)[rows]
    link_units(rows[stays], parents[stays], s.up)


def _couple(s: State) -> Flags:
    """Who lives with a spouse."""
    rows = np.arange(len(s.place))
    partner = s.columns["partner"]
    return np.asarray(s.family & (partner >= 0) & (s.head[partner] == s.head[rows]))


def stay_share(age: Any, residence: Any, marital: Any, p: Parameters) -> Array:
    """Share of single adults at the place of their parents who live with them."""
    key = KIN + "stays_never_married"
    from_age = np.asarray(p.coords(key, "age_from"))
    group = np.maximum(np.searchsorted(from_age, age, side="right") - 1, 0)
    never = np.asarray(p.array(key))[residence, group]
    former = np.asarray(p.array(KIN + "stays_formerly_married"))[residence]
    return np.asarray(np.where(marital == NEVER_MARRIED, never, former))


class Offers(NamedTuple):
    """Grown-up children a parent unit could live with, those it prefers first.

    unit : int64[units], heads of the parents; first : int64[units + 1], into `child`
    child : int64, heads of the children's units; no_son : bool[units], daughters only
    """

    unit: Rows
    first: Rows
    child: Rows
    no_son: Flags


def _offers(s: State, p: Parameters) -> Offers:
    """Offers of all parents: sons first for most, daughters first for the others."""
    c = s.columns
    adult = s.family & (c["age"] >= s.adult_age)
    settled = _couple(s) | (c["marital"] != NEVER_MARRIED) | (c["age"] >= s.old_age)
    rows = np.flatnonzero(adult & settled)
    parents = parent_units(s, rows)
    rows, parents = rows[parents >= 0], parents[parents >= 0]
    son_first = s.u[1][parents] < p.value(RESIDENCE + "son_first")
    son = c["sex"][rows] == MALE
    later = son != son_first
    order = np.lexsort((s.u[2][rows], later, parents))
    unit, first = np.unique(parents[order], return_index=True)
    no_son = ~np.logical_or.reduceat(son[order], first) if len(unit) else np.zeros(0, np.bool_)
    return Offers(unit, np.append(first, len(order)), s.head[rows[order]], no_son)


def _parents_choose(s: State, p: Parameters) -> dict[str, float]:
    """Older parents to the share of the survey, then younger ones to the number of households.

    Each unit has a threshold, its luck less what makes living together likely; those with
    the lowest choose first, until the target is met.
    """
    offers = _offers(s, p)
    members = Members.of(s)
    old = members.old[offers.unit] > 0
    score = np.log(s.u[3] / (1 - s.u[3]))[offers.unit] - _effects(s, p, offers, members)
    order = np.argsort(score, kind="stable")
    together = _with_child(s)
    everybody = s.columns["age"] >= s.old_age
    wanted = p.value(HOUSEHOLDS + "living_arrangements_60plus_with_child") * everybody.sum()
    gain = members.old[offers.unit] - _old_with_child(s, together, len(s.place))[offers.unit]
    before = float((together & everybody).sum())
    choice = order[old[order] & (gain[order] > 0)]
    links, reached = choose(choice, *offers[:3], gain, float(wanted) - before, s.up)
    choice = order[~old[order]]
    excess = _units_left(s) - target_households(p, len(s.place))
    more, _ = choose(choice, *offers[:3], np.ones(len(offers.unit), np.int64), excess, s.up)
    return {
        "older_couples_and_singles_who_joined": float(links),
        "older_with_child": (before + reached) / max(float(everybody.sum()), 1.0),
        "younger_parents_with_married_child": float(more),
        "younger_parents_asked": float(len(choice)),
        "households_too_many": float(excess - more),
    }


def target_households(p: Parameters, n: int) -> float:
    """Family households of a base of n persons."""
    everybody = float(np.asarray(p.array("demography.population.census_2010")).sum())
    return float(np.asarray(p.array(HOUSEHOLDS + "size_2010")).sum()) / everybody * n


def _units_left(s: State) -> float:
    heads = np.flatnonzero(s.family & (s.head == np.arange(len(s.head))))
    return float((s.up[heads] < 0).sum())


class Members(NamedTuple):
    """By head of unit: adults, older people, most living children of one; others at home.

    others : people in the household of the unit beside its adults
    """

    adults: Rows
    old: Rows
    children: Rows
    others: Rows

    @classmethod
    def of(cls, s: State) -> "Members":
        rows = np.flatnonzero(s.family & (s.columns["age"] >= s.adult_age))
        head, n = s.head[rows], len(s.head)
        adults = np.bincount(head, minlength=n)
        old = np.bincount(head[s.columns["age"][rows] >= s.old_age], minlength=n)
        children = np.zeros(n, np.int64)
        np.maximum.at(children, head, s.kin.n_living_children[rows].astype(np.int64))
        home = s.homes()
        others = np.bincount(home[s.family], minlength=n) - adults
        return cls(adults, old, children, others)


def _effects(s: State, p: Parameters, offers: Offers, members: Members) -> Array:
    """Log-odds of living with a child against an urban couple with one son, for each unit."""
    unit = offers.unit
    effect = {name: p.value(RESIDENCE + name) for name in ("widowed", "rural", "per_child")}
    single = members.adults[unit] == 1
    further = np.clip(members.children[unit], 1, MOST_CHILDREN) - 1
    rural = s.columns["residence"][unit]
    total = effect["widowed"] * single + effect["rural"] * rural + effect["per_child"] * further
    total += p.value(KIN + "no_son") * offers.no_son
    total += p.value(KIN + "others_at_home") * members.others[unit] * (members.old[unit] == 0)
    return np.asarray(total)


def _with_child(s: State) -> Flags:
    """Who lives with a grown-up child, as things stand."""
    home = s.homes()
    found = np.zeros(len(s.head), np.bool_)
    for link in (s.kin.mother, s.kin.father):
        rows = np.flatnonzero(s.family & (s.columns["age"] >= s.adult_age) & (link >= 0))
        rows = rows[home[link[rows]] == home[rows]]
        found[link[rows]] = True
    return found


def _old_with_child(s: State, together: Flags, n: int) -> Rows:
    rows = np.flatnonzero(together & s.family & (s.columns["age"] >= s.old_age))
    return np.bincount(s.head[rows], minlength=n)


# --- loops ------------------------------------------------------------------------------


@kernel
def link_units(units: Any, parents: Any, up: Any) -> None:
    """Let each unit live with its parents' unit, where there is one; never in a circle."""
    for k in range(units.size):
        if parents[k] >= 0 and up[units[k]] < 0 and root(parents[k], up) != units[k]:
            up[units[k]] = parents[k]


@kernel
def choose(
    order: Any, unit: Any, first: Any, child: Any, gain: Any, target: float, up: Any
) -> tuple[int, float]:
    """Let parents, in order, take in the first child who is free, until the gains meet a target.

    order : int64, places in `unit`; gain : int64[units], what a choice counts for
    Returns the number of choices and the sum of their gains.
    """
    links, reached = 0, 0.0
    for k in range(order.size):
        if reached + 0.5 * gain[order[k]] > target:
            break
        parents = unit[order[k]]
        for c in range(first[order[k]], first[order[k] + 1]):
            if up[child[c]] < 0 and root(parents, up) != child[c]:
                up[child[c]] = parents
                links += 1
                reached += gain[order[k]]
                break
    return links, reached
