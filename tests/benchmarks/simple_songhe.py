"""The simple workload in songhe: two events and a tally, written as a user would write them.

A kernel goes through the rows of a block with the columns and the words of luck that it needs;
`YEAR` says what happens, in order. The engine walks the blocks, fills the luck, and drops the dead
every five years.
"""

from typing import Any

import numpy as np
from songhe.agents import luck
from songhe.agents.columns import COLUMNS, Column
from songhe.agents.compiled import kernel, rule
from songhe.agents.frame import People
from songhe.agents.luck import Call, unit
from songhe.model.engine import Engine
from songhe.model.step import Step

from . import workload

USED = ("id", "alive", "age", "sex", "adl", "n_children", "household")
BEARS = Column("bears", np.bool_, 0, "flag", "births", "gives birth this year")


@rule
def cell(sex: int, age: int, state: int) -> int:
    """Place in a flat table; unsigned, since a signed place is tested for being negative."""
    of_sex = np.uint32(sex) * np.uint32(workload.AGES) + np.uint32(age)
    return of_sex * np.uint32(workload.STATES + 1) + np.uint32(state)


@kernel
def health(age: Any, sex: Any, adl: Any, alive: Any, u: Any, r: Any) -> None:
    """Few change state; only they look up which one."""
    for i in range(age.size):
        here, x = cell(sex[i], age[i], adl[i]), unit(u[0, i])
        if x >= r.stays[here]:
            k = 1
            while x >= r.until[here, k]:
                k += 1
            adl[i] = r.becomes[here, k]
            alive[i] = adl[i] != workload.DEAD


@kernel
def births(age: Any, sex: Any, adl: Any, bears: Any, u: Any, r: Any) -> None:
    """Who lives on gives birth by sex and age."""
    for i in range(age.size):
        bears[i] = unit(u[1, i]) < r.birth[cell(sex[i], age[i], adl[i])]


@kernel
def ageing(age: Any, u: Any, r: Any) -> None:
    """Everyone is a year older."""
    for i in range(age.size):
        age[i] = min(age[i] + 1, workload.OLDEST)


def newborns(model: Any) -> None:
    """Their ids follow from the mother's, and their luck from their ids."""
    people = model.people
    mothers = np.flatnonzero(people["bears"])
    people["n_children"][mothers] += 1
    ids = luck.child_ids(people["id"][mothers], people["n_children"][mothers].astype(np.int64))
    u = luck.uniforms(ids, Call.CHILD, model.year, model.key)
    people.append(len(ids), id=ids, age=0, sex=u[0] >= workload.BOYS)


@kernel
def count(age: Any, sex: Any, adl: Any, table: Any) -> None:
    """Add everyone to a flat table."""
    for i in range(age.size):
        table[cell(sex[i], age[i], adl[i])] += 1


def tally(model: Any) -> None:
    """The living by sex, age and state."""
    table = np.zeros(workload.CELLS, np.int64)
    count(*(model.people[name] for name in ("age", "sex", "adl")), table.reshape(-1))
    model.tables.append(table[..., : workload.STATES])


SHARED = {"prepare": lambda model: model.chances, "call": Call.PERSON}
YEAR = (
    Step(
        "health",
        reads=("age", "sex", "adl"),
        writes=("adl", "alive"),
        columns=("age", "sex", "adl", "alive"),
        kernel=health,
        **SHARED,
    ),
    Step(
        "births",
        reads=("age", "sex", "adl"),
        writes=("bears",),
        columns=("age", "sex", "adl", "bears"),
        kernel=births,
        **SHARED,
    ),
    Step("ageing", writes=("age",), columns=("age",), kernel=ageing),
    Step(
        "newborns",
        reads=("bears", "n_children", "id"),
        writes=("n_children", "id", "age", "sex"),
        apply=newborns,
    ),
    Step("tally", reads=("age", "sex", "adl"), apply=tally),
)


class Simple(Engine):
    """songhe's engine with the list above."""

    def __init__(self, persons: int, seed: int = 0, **how: int) -> None:
        columns = (*(column for column in COLUMNS if column.name in USED), BEARS)
        age, sex = workload.people(persons, seed)
        ids = luck.base_ids(np.arange(1, persons + 1))
        people = People.of({"id": ids, "age": age, "sex": sex}, columns)
        super().__init__(people, YEAR, luck.key_of(seed, 0, 0), **how)
        self.chances, self.tables = workload.chances(), []
