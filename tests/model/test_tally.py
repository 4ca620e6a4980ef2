"""The tables at the end of the year, against a count of one person after another."""

import numpy as np
import pytest
from songhe.agents import families
from songhe.model import tally


@pytest.fixture
def crowd(country):
    """A country at the end of a year: some dead, some old, limited, of four generations."""
    people, rng = country.people, np.random.default_rng(2)
    people["age"][:] = np.clip(people["age"] + rng.integers(1, 25, people.n), 0, 120)
    people["adl"][:] = rng.integers(0, 4, people.n)
    families.bury(people, np.flatnonzero(rng.random(people.n) < 0.05))
    lines = np.flatnonzero((people["household"] >= 0) & (people["mother"] >= 0))[:40]
    for row in people["mother"][lines]:  # a mother of the mother moves in, and hers
        own = {name: people[name][row] for name in ("household", "province", "residence")}
        granny, great = people.append(2, id=2**40, sex=1, age=[110, 90], **own)
        people["mother"][row], people["mother"][granny] = granny, great
    return country


def generations_above(people, row):
    """Generations above a person in her own line at home, at most three."""
    home, most = people["household"][row], 0
    for link in ("mother", "father"):
        parent = people[link][row]
        if home >= 0 and parent >= 0 and people["household"][parent] == home:
            most = max(most, 1 + generations_above(people, parent))
    return min(most, 3)


def counted(model):
    """The tables of `stocks` in plain Python."""
    people = model.people
    tables = {name: np.zeros(shape, np.int64) for name, shape in tally.STOCKS.items()}
    homes: dict[int, list[int]] = {}
    for row in np.flatnonzero(people["alive"] == 1):
        one = {name: int(people[name][row]) for name in people.columns}
        p, r, s, a = one["province"], one["residence"], one["sex"], min(one["age"], 100)
        tables["population"][p, r, s, a] += 1
        tables["population_adl"][p, r, s, a, one["adl"]] += 1
        tables["population_marital"][r, s, a, one["marital"]] += 1
        tables["population_education"][s, a, one["education"]] += 1
        if s == 1:
            tables["women_by_parity"][a, min(one["n_children"], 5)] += 1
            tables["children_ever_born"][a] += one["n_children"]
        if a >= 15:
            cell = r, s, min((a - 15) // 5, 13), one["education"]
            tables["adults"][cell] += 1
            tables["never_married"][cell] += one["marital"] == 0
        if a >= 65:
            children = min(one["n_living_children"], 4)
            tables["kin_65plus"][s, a, int(one["partner"] >= 0), children] += 1
        if one["household"] < 0:
            tables["collective_population"][one["collective"] - 1] += 1
        else:
            homes.setdefault(one["household"], []).append(int(row))
    for members in homes.values():
        first = members[0]
        r, s, a = (int(people[name][first]) for name in ("residence", "sex", "age"))
        tables["households_by_size"][r, min(len(members), 10) - 1] += 1
        depth = max(generations_above(people, row) for row in members)
        tables["households_by_generations"][r, depth] += 1
        if len(members) == 1:
            tables["living_alone"][s, min(a, 100), r] += 1
    return tables


def test_stocks_are_those_of_a_count_person_by_person(crowd):
    found, wanted = tally.stocks(crowd), counted(crowd)
    assert list(found) == list(wanted)
    for name, table in wanted.items():
        assert table.sum() > 0
        assert found[name].dtype == np.int64
        np.testing.assert_array_equal(found[name], table, err_msg=name)
    assert (wanted["households_by_generations"] > 0).all()


def test_households_of_more_than_ten_are_counted_with_those_of_ten(crowd):
    people = crowd.people
    rows = np.flatnonzero(people["household"] >= 0)[:300]
    people["residence"][rows] = 1
    families.join_household(people, rows, families.new_households(crowd, 1)[0])
    found, wanted = (
        tables["households_by_size"] for tables in (tally.stocks(crowd), counted(crowd))
    )
    assert found[1, 9] >= 1
    np.testing.assert_array_equal(found, wanted)
