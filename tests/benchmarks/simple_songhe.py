"""The simple workload in songhe: two events and a tally, written as a user would write them.

A kernel goes through the rows of a block with the columns and the words of luck that it needs;
`YEAR` says what happens, in order. The engine walks the blocks, fills the luck, adds up what is
counted, and drops the dead every five years.
"""

from typing import Any, NamedTuple

import numpy as np
from songhe.agents import luck
from songhe.agents.columns import COLUMNS, Column
from songhe.agents.compiled import kernel, rule
from songhe.agents.frame import People, listed
from songhe.agents.luck import Call, unit
from songhe.model.engine import Engine
from songhe.model.step import Step

from . import workload

USED = ("id", "alive", "age", "sex", "adl", "n_children")
PLACE = Column("place", np.uint16, 0, "cell", "place", "place in the flat tables")
BEARS = Column("bears", np.bool_, 0, "flag", "births", "gives birth this year")


class Rules(NamedTuple):
    """Of `workload.Chances`: what happens to most people is told by a threshold of the word."""

    stays: Any  # uint64[cell]
    birth: Any  # uint64[cell]
    until: Any  # float64[cell, 5]
    becomes: Any  # uint8[cell, 5]


@rule
def cell(sex: int, age: int, state: int) -> int:
    """Place in a flat table; unsigned, since a signed place is tested for being negative."""
    of_sex = np.uint32(sex) * np.uint32(workload.AGES) + np.uint32(age)
    return of_sex * np.uint32(workload.STATES + 1) + np.uint32(state)


@kernel
def locate(age: Any, sex: Any, adl: Any, place: Any, u: Any, r: Any) -> None:
    """Where everyone stands in the tables."""
    for i in range(age.size):
        place[i] = cell(sex[i], age[i], adl[i])


@kernel
def health(age: Any, sex: Any, adl: Any, alive: Any, place: Any, u: Any, r: Any) -> None:
    """Few change state; only they look up which one."""
    for i in range(place.size):
        if u[0, i] >= r.stays[place[i]]:
            x, k = unit(u[0, i]), 1
            while x >= r.until[place[i], k]:
                k += 1
            adl[i] = r.becomes[place[i], k]
            alive[i] = adl[i] != workload.DEAD
            place[i] = cell(sex[i], age[i], adl[i])


@kernel
def births(place: Any, bears: Any, u: Any, r: Any) -> None:
    """Who lives on gives birth by sex and age."""
    for i in range(place.size):
        bears[i] = u[1, i] < r.birth[place[i]]


@kernel
def ageing(age: Any, u: Any, r: Any) -> None:
    """Everyone is a year older."""
    for i in range(age.size):
        age[i] = min(age[i] + 1, workload.OLDEST)


@kernel
def count(age: Any, sex: Any, adl: Any, place: Any, table: Any) -> None:
    """Add everyone to a table, at their place at the end of the year."""
    cells = table.reshape(-1)
    for i in range(age.size):
        place[i] = cell(sex[i], age[i], adl[i])
    for i in range(place.size):
        cells[place[i]] += 1


def tally(model: Any, table: Any) -> None:
    """The living by sex, age and state."""
    model.tables.append(table[..., : workload.STATES])


def newborns(model: Any) -> None:
    """Their ids follow from the mother's, and their luck from their ids."""
    people = model.people
    mothers = listed(people["bears"])
    orders = people["n_children"][mothers] + np.uint8(1)
    people["n_children"][mothers] = orders
    ids = luck.child_ids(people["id"][mothers], orders)
    girls = luck.uniforms(ids, Call.CHILD, model.year, model.key)[0] >= workload.BOYS
    people.append(len(ids), id=ids, age=0, sex=girls)
    model.tables[-1][:, 0, 0] += np.bincount(girls, minlength=workload.SEXES)


SHARED = {"prepare": lambda model: model.rules, "call": Call.PERSON, "words": 2}
STATE = ("age", "sex", "adl")
YEAR = (
    Step("place", reads=STATE, writes=("place",), columns=(*STATE, "place"), kernel=locate),
    Step(
        "health",
        reads=(*STATE, "place"),
        writes=("adl", "alive", "place"),
        columns=(*STATE, "alive", "place"),
        kernel=health,
        **SHARED,
    ),
    Step(
        "births",
        reads=("place",),
        writes=("bears",),
        columns=("place", "bears"),
        kernel=births,
        **SHARED,
    ),
    Step("ageing", writes=("age",), columns=("age",), kernel=ageing),
    Step(
        "tally",
        reads=STATE,
        writes=("place",),
        columns=(*STATE, "place"),
        kernel=count,
        cells=workload.CELLS,
        finish=tally,
    ),
    Step(
        "newborns",
        reads=("bears", "n_children", "id"),
        writes=("n_children", "id", "age", "sex"),
        apply=newborns,
    ),
)


class Simple(Engine):
    """songhe's engine with the list above."""

    def __init__(self, persons: int, seed: int = 0, **how: int) -> None:
        columns = (*(column for column in COLUMNS if column.name in USED), PLACE, BEARS)
        age, sex = workload.people(persons, seed)
        ids = luck.base_ids(np.arange(1, persons + 1))
        people = People.of({"id": ids, "age": age, "sex": sex}, columns)
        super().__init__(people, YEAR, luck.key_of(seed, 0, 0), **how)
        chances, self.tables = workload.chances(), []
        stays, birth = luck.threshold(chances.stays), luck.threshold(chances.birth)
        self.rules = Rules(stays, birth, chances.until, chances.becomes)
