"""A year of one's own: the engine without the country."""

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.columns import COLUMNS
from songhe.agents.compiled import kernel
from songhe.agents.frame import People
from songhe.model.engine import COMPACT_EVERY, Engine
from songhe.model.step import Step

USED = ("id", "alive", "household", "age")


@kernel
def dies(alive, u, chance):
    for i in range(alive.size):
        alive[i] &= luck.unit(u[0, i]) >= chance


def grow_older(model):
    model.people["age"][:] += 1


YEAR = (
    Step(
        "deaths",
        writes=("alive",),
        columns=("alive",),
        kernel=dies,
        prepare=lambda _: 0.1,
        call=luck.Call.PERSON,
    ),
    Step("ageing", writes=("age",), apply=grow_older),
)


def model_of(persons, steps=YEAR, **how):
    columns = [column for column in COLUMNS if column.name in USED]
    ids = luck.base_ids(np.arange(1, persons + 1))
    people = People.of({"id": ids, "age": np.zeros(persons, np.int8)}, columns)
    return Engine(people, steps, luck.key_of(1, 0, 0), **how)


def test_a_list_of_ones_own_is_lived_and_the_dead_are_dropped():
    model = model_of(20_000)
    for _ in range(COMPACT_EVERY):
        model.step()
    expected = 20_000 * 0.9**COMPACT_EVERY
    assert abs(model.people.n - expected) < 4 * np.sqrt(expected * (1 - 0.9**COMPACT_EVERY))
    assert model.people["alive"].all()
    assert (model.people["age"] == COMPACT_EVERY).all()
    assert {"deaths", "ageing", "compact"} <= set(model.seconds)


def test_blocks_and_threads_do_not_matter():
    usual, other = model_of(20_000), model_of(20_000, threads=2, block=700)
    for _ in range(3):
        usual.step()
        other.step()
    assert (usual.people["alive"] == other.people["alive"]).all()


def test_a_list_that_cannot_run_on_the_columns_is_refused():
    with pytest.raises(ValueError, match="step schooling: no column education"):
        model_of(10, (*YEAR, Step("schooling", reads=("education",), apply=grow_older)))


@kernel
def count(age, table):
    for i in range(age.size):
        table[age[i]] += 1


def keep_table(model, table):
    model.table = table


COUNT = Step(
    "count",
    reads=("age",),
    columns=("age",),
    kernel=count,
    cells=(COMPACT_EVERY + 1,),
    finish=keep_table,
)


@pytest.mark.parametrize("how", [{}, {"threads": 2, "block": 700}])
def test_a_step_by_rows_counts_everybody_once_a_year(how):
    model = model_of(5_000, (YEAR[1], COUNT), **how)
    model.people["age"][:1_000] = 1
    for year in (1, 2):
        model.step()
        assert model.table[year] == 4_000
        assert model.table[year + 1] == 1_000
        assert model.table.sum() == 5_000


def test_two_words_of_a_call_are_those_of_four():
    usual, other = model_of(5_000), model_of(5_000, (YEAR[0]._replace(words=2), YEAR[1]))
    usual.step()
    other.step()
    assert (usual.people["alive"] == other.people["alive"]).all()


def test_people_without_households_keep_their_order():
    columns = [column for column in COLUMNS if column.name in ("id", "alive", "age")]
    ids = luck.base_ids(np.arange(1, 2_001))
    model = Engine(People.of({"id": ids}, columns), YEAR, luck.key_of(1, 0, 0))
    for _ in range(COMPACT_EVERY):
        model.step()
    assert 0 < model.people.n < 2_000
    assert (np.diff(model.people["id"].astype(np.int64)) > 0).all()
    assert model.people["alive"].all()
