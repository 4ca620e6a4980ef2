"""Links between people, and their counters."""

from types import SimpleNamespace

import numpy as np
import pytest
from songhe.agents import families, luck
from songhe.agents.columns import CHILDRENS_HOME, WORKS
from songhe.agents.frame import People
from songhe.agents.sibships import mother_ids
from songhe.parameters.dims import MARITAL

HE, SHE, SINGLE, GRANNY = 0, 1, 2, 3


@pytest.fixture
def model():
    """A couple with his mother in household 0, a single man in works."""
    people = People.of(
        {
            "id": luck.base_ids(np.arange(1, 5)),
            "sex": np.array([0, 1, 0, 1], np.uint8),
            "age": np.array([30, 28, 25, 60], np.int8),
            "marital": np.array([1, 1, 0, 3], np.uint8),
            "partner": np.array([1, 0, -1, -1], np.int32),
            "mother": np.array([3, -1, -1, -1], np.int32),
            "household": np.array([0, 0, -1, 0], np.int32),
            "collective": np.array([0, 0, WORKS, 0], np.uint8),
            "n_living_children": np.array([0, 0, 0, 1], np.uint8),
            "n_children": np.array([0, 0, 0, 1], np.uint8),
        }
    )
    return SimpleNamespace(people=people, n_households=1)


def born(model, mother, sex=(0,)):
    mothers = np.full(len(sex), mother)
    orders = model.people["n_children"][mothers] + 1 + np.arange(len(sex))
    ids = luck.child_ids(model.people["id"][mothers], orders.astype(np.int64))
    return families.bear(model, mothers, sex=np.array(sex, np.uint8), id=ids)


def test_a_child_of_a_couple_has_both_and_lives_with_them(model):
    people = model.people
    rows = born(model, SHE, (0, 1))
    people = model.people
    assert list(people["mother"][rows]) == [SHE, SHE]
    assert list(people["father"][rows]) == [HE, HE]
    assert list(people["household"][rows]) == [0, 0]
    for parent in (HE, SHE):
        assert people["n_children"][parent] == people["n_living_children"][parent] == 2
        assert people["n_sons"][parent] == 1
    assert (mother_ids(people, rows) == people["id"][SHE]).all()


def test_a_mother_in_collective_living_founds_a_household(model):
    people = model.people
    families.enter_collective(people, np.array([SHE]), WORKS)
    rows = born(model, SHE)
    assert model.people["household"][SHE] == model.people["household"][rows[0]] == 1
    assert model.people["collective"][SHE] == 0


def test_death_widows_cuts_links_and_counts_down(model):
    rows = born(model, SHE)
    people = model.people
    families.bury(people, np.array([HE]))
    assert MARITAL[people["marital"][SHE]] == "widowed"
    assert people["partner"][SHE] == -1
    assert people["father"][rows[0]] == -1
    assert people["mother"][rows[0]] == SHE
    assert people["n_living_children"][GRANNY] == 0
    assert people["n_children"][GRANNY] == 1
    assert people["household"][HE] == -1


def test_spouses_who_die_in_one_year_leave_nobody_behind(model):
    families.bury(model.people, np.array([HE, SHE]))
    assert (model.people["partner"] == -1).all()
    assert (model.people["alive"][[HE, SHE]] == 0).all()


def test_divorce_and_remarriage(model):
    people = model.people
    families.end_unions(people, np.array([SHE]))
    assert [MARITAL[k] for k in people["marital"][[HE, SHE]]] == ["divorced"] * 2
    families.marry(people, np.array([SINGLE]), np.array([SHE]))
    assert people["partner"][SINGLE] == SHE
    assert people["partner"][SHE] == SINGLE
    with pytest.raises(ValueError, match="living partner"):
        families.marry(people, np.array([HE]), np.array([SHE]))


def test_nobody_leaves_the_country_without_the_spouse(model):
    with pytest.raises(ValueError, match="together"):
        families.depart(model.people, np.array([HE]))
    families.depart(model.people, np.array([HE, SHE]))
    assert model.people["n_living_children"][GRANNY] == 0


def test_compaction_drops_the_dead_and_puts_households_together(model):
    people = model.people
    born(model, SHE)
    families.join_household(model.people, np.array([SINGLE]), families.new_households(model, 3)[2])
    families.bury(model.people, np.array([HE]))
    families.compact(model)
    people = model.people
    assert people.n == 4
    assert model.n_households == 2
    assert list(people["household"]) == [0, 0, 0, 1]
    child, mother = np.flatnonzero(people["age"] == -1)[0], np.flatnonzero(people["age"] == 28)[0]
    assert people["mother"][child] == mother


def test_compaction_keeps_everyone_who_lives_collectively(model):
    people = model.people
    families.enter_collective(people, np.array([SINGLE]), CHILDRENS_HOME)
    families.join_household(people, np.array([GRANNY]), families.new_households(model, 2)[1])
    families.compact(model)
    people = model.people
    assert list(people["household"]) == [-1, 0, 0, 1]
    assert model.n_households == 2
    assert list(people["collective"]) == [CHILDRENS_HOME, 0, 0, 0]


def test_orphans_enter_a_named_institution(model):
    families.to_childrens_home(model.people, np.array([SINGLE]))
    assert model.people["collective"][SINGLE] == CHILDRENS_HOME
