"""The starting population put together, and kept."""

from functools import lru_cache

import numpy as np
import pytest
from songhe.agents import base, luck
from songhe.agents.frame import People
from songhe.agents.kin_checks import faults
from songhe.agents.sibships import mother_ids
from songhe.parameters.load import load


@lru_cache
def built():
    return base.build(load(), 20_000, 1, 0, "official")


def equal(a, b):
    return all((a.people[name] == b.people[name]).all() for name in a.people.columns)


@pytest.mark.parametrize(("persons", "concept"), [(20_000, "official"), (20_000, "wpp")])
def test_kin_and_homes_are_consistent(persons, concept):
    assert faults(base.build(load(), persons, 3, 2, concept).people) == []


@pytest.mark.parametrize("persons", [1, 7, 300])
def test_a_handful_of_people_make_a_base(persons):
    found = base.build(load(), persons, 1, 0, "official")
    assert found.people.n == persons
    assert faults(found.people) == []


def test_weight_stands_for_the_country():
    assert built().weight * 20_000 == pytest.approx(1.34e9, rel=0.01)


def test_rows_stand_by_place_and_household():
    people = built().people
    place = people["province"].astype(int) * 2 + people["residence"]
    assert (np.diff(place) >= 0).all()
    household = people["household"]
    housed = household[household >= 0]
    assert (np.diff(housed) >= 0).all()
    assert (np.unique(housed) == np.arange(built().n_households)).all()


def test_ids_are_base_numbers_and_sibships_name_the_mother():
    people = built().people
    assert (people["id"] == luck.base_ids(np.arange(1, people.n + 1))).all()
    known = people["mother"] >= 0
    assert (mother_ids(people)[known] == people["id"][people["mother"][known]]).all()
    number = people["sibship"][~known]
    assert number.min() > people.n
    assert number.max() <= luck.MOST_BASE
    assert (people["sibship"] > 0).all()


def test_nobody_is_limited_before_health_is_drawn():
    assert (built().people["adl"] == 0).all()


def test_a_base_is_the_same_for_every_draw():
    p = load()
    drawn = p.draw(5, 1)
    assert base.content_key(drawn, 500, 1, 0, "wpp") == base.content_key(p, 500, 1, 0, "wpp")
    assert equal(base.build(drawn, 500, 1, 0, "wpp"), base.build(p, 500, 1, 0, "wpp"))


def test_a_key_names_all_that_makes_a_base():
    p = load()
    other = p.overlay({"demography.base_kin.childless": 0.05})
    asked = [(p, 500, 1, 0, "wpp"), (other, 500, 1, 0, "wpp"), (p, 501, 1, 0, "wpp"),
             (p, 500, 2, 0, "wpp"), (p, 500, 1, 1, "wpp"), (p, 500, 1, 0, "official")]  # fmt: skip
    assert len({base.content_key(*a) for a in asked}) == len(asked)


def test_a_base_is_kept_and_used_again(tmp_path, monkeypatch):
    first = base.load_or_build(load(), 400, 1, 0, "official", tmp_path)
    assert len(list(tmp_path.iterdir())) == 1

    def refuse(*_):
        raise AssertionError("built again")

    monkeypatch.setattr(base, "build", refuse)
    again = base.load_or_build(load(), 400, 1, 0, "official", tmp_path)
    assert isinstance(again.people, People)
    assert equal(first, again)
    assert (again.n_households, again.weight) == (first.n_households, first.weight)
    assert again.fit["homes"] == first.fit["homes"]
    assert again.people["age"].dtype == np.int8


@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_a_damaged_file_is_built_again(tmp_path, damage):
    first = base.load_or_build(load(), 400, 1, 0, "official", tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "text": b"no"}[damage])
    assert equal(first, base.load_or_build(load(), 400, 1, 0, "official", tmp_path))
    assert len(file.read_bytes()) == len(whole)


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    found = base.load_or_build(load(), 400, 1, 0, "official", blocked)
    assert found.people.n == 400
    assert blocked.read_text() == "in the way"


def test_the_fit_is_written_with_the_base():
    fit = built().fit
    assert set(fit) == {"persons", "couples", "kin", "homes"}
    assert fit["homes"]["mean_size"] == pytest.approx(3.08, abs=0.02)
    shares = [value for name, value in fit["homes"].items() if name.startswith("older_") and
              name in ("older_with_child", "older_alone", "older_couple_only", "older_otherwise",
                       "older_collective")]  # fmt: skip
    assert sum(shares) == pytest.approx(1.0)
