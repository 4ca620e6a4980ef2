"""Tables of households and kin."""

import numpy as np
import pytest
from songhe.agents import household_tables as tables
from songhe.agents import luck
from songhe.agents.frame import People

# A grandmother, a couple with a child and the wife's single sister; a lone man; a dead man; a
# couple; a grandfather with a grandchild whose mother lives collectively.
AGES = [70, 40, 38, 10, 35, 50, 80, 30, 29, 60, 35, 5]
HOUSEHOLD = [0, 0, 0, 0, 0, 1, -1, 2, 2, 3, -1, 3]


@pytest.fixture
def people():
    n = len(AGES)
    sex = np.array([1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0], np.uint8)
    partner, mother, father = (np.full(n, -1, np.int32) for _ in range(3))
    partner[[1, 2, 7, 8]] = 2, 1, 8, 7
    mother[[2, 3, 4, 11]] = 0, 2, 0, 10
    father[[3, 10]] = 1, 9
    number = np.arange(1, n + 1)
    sibship = np.where(mother >= 0, number[mother], number + 100)
    alive = np.ones(n, np.uint8)
    alive[6] = 0
    living = np.bincount(np.append(mother[mother >= 0], father[father >= 0]), minlength=n)
    household = np.array(HOUSEHOLD, np.int32)
    return People.of(
        {
            "id": luck.base_ids(number),
            "sibship": sibship,
            "alive": alive,
            "age": np.array(AGES, np.int8),
            "sex": sex,
            "partner": partner,
            "mother": mother,
            "father": father,
            "household": household,
            "collective": np.where((household < 0) & (alive == 1), 2, 0).astype(np.uint8),
            "n_living_children": living.astype(np.uint8),
            "residence": (household == 1).astype(np.uint8),
        }
    )


def test_sizes_and_generations(people):
    assert list(tables.household_sizes(people, 5)) == [5, 1, 2, 2, 0]
    assert list(tables.generations(people, 5)) == [3, 1, 1, 2, 0]


def test_a_household_table_counts_each_household_once_where_it_stands(people):
    table = tables.household_table(people, 5)
    assert list(table.by_size[0]) == [0, 2, 0, 0, 1, 0, 0, 0, 0, 0]
    assert list(table.by_size[1]) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert table.by_generations.tolist() == [[1, 1, 1, 0], [1, 0, 0, 0]]


def test_arrangements(people):
    found = [tables.ARRANGEMENTS[k] for k in tables.arrangements(people)]
    assert found[0] == "with_child"
    assert found[1] == found[3] == found[4] == "other"
    assert found[5] == "alone"
    assert found[7] == found[8] == "couple_only"
    assert found[9] == "other"  # the grandchild is no grown-up child
    assert found[10] == "collective"


def test_brothers_and_sisters_are_those_of_the_mother(people):
    assert list(tables.living_siblings(people)[[2, 3, 4, 5]]) == [1, 0, 1, 0]
    people["alive"][4] = 0
    assert tables.living_siblings(people)[2] == 0


def test_kin_table_leaves_out_the_dead(people):
    table = tables.kin_table(people)
    assert table.people.sum() == 11
    assert table.arrangements.sum() == table.children.sum() == table.siblings.sum() == 11
    assert table.children[1, 14, 2] == 1  # the grandmother has two
    assert table.mother.sum() == 4
    assert table.father.sum() == 2


def test_errors_are_of_shares():
    assert tables.srmse([5, 5], [1, 1]) == (0.0, 0.0)
    assert tables.srmse([6, 4], [50, 50]) == (pytest.approx(0.2), pytest.approx(0.1))
