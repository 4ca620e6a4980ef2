"""Chains of the members of each household say what the column says."""

from types import SimpleNamespace

import numpy as np
import pytest
from songhe.agents import families
from songhe.agents.frame import People
from songhe.agents.members import list_members, members

N = 500


def model_of(n=N, homes=150):
    rng = np.random.default_rng(4)
    household = rng.integers(-1, homes, n)
    people = People.of(
        {
            "id": np.arange(1, n + 1, dtype=np.uint64),
            "household": household.astype(np.int32),
            "collective": (household < 0).astype(np.uint8),
            "sex": np.ones(n, np.uint8),
        }
    )
    return SimpleNamespace(people=people, n_households=homes)


def chained(model):
    """Members of each household by the chains."""
    chains = members(model)
    found = []
    for h in range(model.n_households):
        rows, i = [], chains.first[h]
        while i >= 0:
            rows.append(int(i))
            i = chains.following[i]
        found.append(sorted(rows))
    return found


def by_column(model):
    household = model.people["household"]
    return [np.flatnonzero(household == h).tolist() for h in range(model.n_households)]


def move_about(model, seed):
    """Moves, births, deaths and new homes, some rows twice in one list."""
    rng, people = np.random.default_rng(seed), model.people
    alive = np.flatnonzero(people["alive"] == 1)
    some = rng.choice(alive, 60)
    families.join_household(people, some, rng.integers(0, model.n_households, 60))
    families.enter_collective(people, np.unique(rng.choice(alive, 20)), 1)
    own = np.unique(rng.choice(alive, 15))
    families.join_household(people, own, families.new_households(model, len(own)))
    mothers = rng.choice(alive, 12)
    families.bear(model, mothers, sex=np.zeros(12, np.uint8))
    families.bury(people, np.unique(rng.choice(alive, 10)))


def test_chains_follow_every_move():
    model = model_of()
    assert chained(model) == by_column(model)
    for seed in range(20):  # more people and more homes than there was room for
        move_about(model, seed)
        assert chained(model) == by_column(model)
    families.compact(model)
    assert chained(model) == by_column(model)


def test_members_of_some_homes_are_listed_once_with_their_home():
    model = model_of()
    move_about(model, 1)
    chains, homes = members(model), np.array([7, 149, 0, 30])
    rows, at = np.empty((2, model.people.n + 1), np.int32)
    n = list_members(homes, chains.first, chains.following, rows, at)
    for k, h in enumerate(homes.tolist()):
        expected = np.flatnonzero(model.people["household"] == h)
        assert sorted(rows[:n][at[:n] == k].tolist()) == expected.tolist()


def test_a_move_is_the_same_without_chains():
    known, unknown = model_of(), model_of()
    members(known)
    for seed in range(3):
        move_about(known, seed)
        move_about(unknown, seed)
    assert known.people.members is not None
    assert unknown.people.members is None
    assert (known.people["household"] == unknown.people["household"]).all()


@pytest.mark.parametrize("what", ["joins", "leaves", "is born", "dies", "marries", "divorces"])
def test_homes_whose_members_or_links_change_are_marked(what):
    model = model_of(8, 4)
    people = model.people
    people["household"][:] = [0, 0, 1, 1, 2, 2, 3, 3]
    people["collective"][:] = 0
    chains = members(model)
    if what == "divorces":
        families.marry(people, np.array([0]), np.array([4]))
    chains.changed[:] = 0
    one, other = np.array([0]), np.array([4])
    {
        "joins": lambda: families.join_household(people, one, np.array([2])),
        "leaves": lambda: families.enter_collective(people, one, 1),
        "is born": lambda: families.bear(model, one, sex=np.ones(1, np.uint8)),
        "dies": lambda: families.bury(people, one),
        "marries": lambda: families.marry(people, one, other),
        "divorces": lambda: families.end_unions(people, other),
    }[what]()
    both = what in ("joins", "marries", "divorces")
    assert np.flatnonzero(chains.changed).tolist() == ([0, 2] if both else [0])


def test_a_copy_has_chains_of_its_own():
    model = model_of()
    members(model)
    assert model.people.copy().members is None
