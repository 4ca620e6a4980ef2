"""The mother of everybody, from the number of a base person's or the path of the own id."""

import numpy as np
from songhe.agents import luck
from songhe.agents.frame import People
from songhe.agents.sibships import mother_ids


def test_a_base_person_has_the_mother_of_her_number():
    people = People.of({"id": luck.base_ids(np.array([7, 8])), "sibship": np.array([3, 2**32 - 1])})
    assert (mother_ids(people) == luck.base_ids(np.array([3, 2**32 - 1]))).all()


def test_who_was_born_since_has_the_mother_of_her_path():
    mothers = luck.base_ids(np.array([2**34 - 1]))
    for order in (1, 2, 4, 8, 9, 15, 6):
        born = luck.child_ids(mothers, np.array([order]))
        assert mother_ids(People.of({"id": born})) == mothers, order
        mothers = born


def test_who_came_from_abroad_has_no_brothers_or_sisters():
    ids = luck.arrival_ids(2031, np.arange(3))
    people = People.of({"id": np.append(ids, luck.child_ids(ids[:1], np.array([1])))})
    assert (mother_ids(people)[:3] == ids).all()
    assert mother_ids(people)[3] == ids[0]
    assert list(mother_ids(people, [1])) == [ids[1]]
