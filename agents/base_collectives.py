"""Collective living of the starting population: care homes, dormitories, housing of employers.

The collective population is that of the census; no table gives its ages. Care homes take a
share of older people, dormitories pupils by level, employers' housing the rest, drawn by
weight. People who have a minor to keep stay at home. Leaves out monasteries and prisons,
which employers' housing stands for, as it does for the army.

Source: number of people in family households, 2010 census; weights are assumptions.
"""

import numpy as np

from ..parameters.load import Parameters
from . import base_luck
from .columns import CARE_HOME, DORMITORY, WORKS
from .couples import MARRIED, NEVER_MARRIED
from .home_units import RESIDENCE, Array, Flags, State, relatives
from .luck import Key

KIN = "demography.base_kin."
HOUSEHOLDS = "demography.households."
UPPER_SECONDARY = 3


def collective_share(p: Parameters) -> float:
    """Share of all people outside family households, 2010 census."""
    everybody = float(np.asarray(p.array("demography.population.census_2010")).sum())
    return 1.0 - p.value(HOUSEHOLDS + "population_2010") / everybody


def live_collectively(s: State, p: Parameters, key: Key) -> None:
    """Care homes, dormitories, and works for the rest of the collective population."""
    age, n = s.columns["age"], len(s.place)
    u = base_luck.uniforms(n, base_luck.COLLECTIVE, key)
    free = ~_keepers(s)
    old = age >= s.old_age
    homes = round(p.value(KIN + "care_home_share") * float(old.sum()))
    _take(s, homes, _care_weight(s, p) * (old & free), u[0], CARE_HOME)
    away = np.where(_parent_near(s), p.value(KIN + "collective_near_parents"), 1.0)
    boards = _boarding(s, p) * (~old & free)
    _take(s, round(float(boards.sum())), boards * away, u[1], DORMITORY)
    rest = round(collective_share(p) * n) - int((~s.family).sum())
    _take(s, rest, _works_weight(s, p) * away * (~old & free), u[2], WORKS)


def _parent_near(s: State) -> Flags:
    """Whether a parent lives at the place of each person."""
    near = np.zeros(len(s.place), np.bool_)
    for parent in (s.kin.mother, s.kin.father):
        near |= (parent >= 0) & (s.place[parent] == s.place)
    return near


def _boarding(s: State, p: Parameters) -> Array:
    """Chance of living in a dormitory: never-married pupils, by the level they completed."""
    board = np.array(p.array(RESIDENCE + "boarding"))
    board[UPPER_SECONDARY + 1 :] = board[UPPER_SECONDARY]  # beyond a first degree
    pupil = (s.columns["enrolled"] == 1) & (s.columns["marital"] == NEVER_MARRIED)
    return np.asarray(pupil * board[s.columns["education"]])


def _keepers(s: State) -> Flags:
    """Who has a minor to keep: parents at its place; if there are none, the grandparents."""
    found = np.zeros(len(s.place), np.bool_)
    minors = np.flatnonzero(s.columns["age"] < s.adult_age)
    parents, grandparents = np.split(np.stack(list(relatives(s, minors))), [2])
    here = (parents >= 0) & (s.place[parents] == s.place[minors])
    found[parents[here]] = True
    without = ~here.any(axis=0)
    here = (grandparents >= 0) & (s.place[grandparents] == s.place[minors]) & without
    found[grandparents[here]] = True
    return found


def _care_weight(s: State, p: Parameters) -> Array:
    alone = s.columns["marital"] != MARRIED
    growth = p.value(RESIDENCE + "care_home_age")
    ratio = p.value(RESIDENCE + "care_home_alone")
    without = alone * 1.0 + (alone & (s.kin.n_living_children == 0))
    return np.asarray(np.exp(growth * s.columns["age"]) * ratio**without)


def _works_weight(s: State, p: Parameters) -> Array:
    c = s.columns
    partner = c["partner"]
    apart = (c["marital"] == MARRIED) & (s.place[partner] != s.place)
    never = c["marital"] == NEVER_MARRIED
    young = never & (c["age"] < p.value(RESIDENCE + "works_until"))
    single = c["marital"] != MARRIED
    weight = np.where(young | apart, 1.0, single * p.value(KIN + "works_others"))
    fits = (c["age"] >= s.adult_age) & (c["enrolled"] == 0)
    return np.asarray(
        weight * fits * np.asarray(p.array(RESIDENCE + "works"))[c["residence"], c["sex"]]
    )


def _take(s: State, number: int, weight: Array, u: Array, code: int) -> None:
    """Put a number of people into a collective, drawn by weight without replacement."""
    rows = np.flatnonzero((weight > 0) & s.family)
    order = np.argsort(-np.log(u[rows]) / weight[rows], kind="stable")
    taken = rows[order[: max(number, 0)]]
    s.collective[taken], s.family[taken] = code, False
