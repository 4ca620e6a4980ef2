"""Pension schemes: drawn once, from lasting luck, after school."""

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.frame import People
from songhe.model import scheme_membership as sm
from songhe.model.year import columns
from songhe.parameters.load import load


class World:
    def __init__(self, n=6000, year=2012, **fixed):
        rng = np.random.default_rng(4)
        values = {
            "id": luck.base_ids(np.arange(1, n + 1)),
            "age": rng.integers(0, 100, n).astype(np.int8),
            "sex": rng.integers(0, 2, n).astype(np.uint8),
            "residence": rng.integers(0, 2, n).astype(np.uint8),
            "education": rng.integers(0, 6, n).astype(np.uint8),
        }
        values |= {name: np.full(n, v, values.get(name, np.zeros(1, np.uint8)).dtype)
                   for name, v in fixed.items()}  # fmt: skip
        self.people = People.of(values, columns())
        self.parameters, self.year, self.key = load(), year, luck.key_of(1, 0, 0)

    def run(self):
        sm.apply(self)
        return self


def test_minors_are_not_drawn_and_adults_are():
    people = World().run().people
    drawn = people["scheme_age"] != sm.UNDRAWN
    np.testing.assert_array_equal(drawn, people["age"] >= 16)
    assert (people["scheme"][~drawn] == sm.NONE).all()


def test_students_are_drawn_when_they_leave_school_or_at_25():
    world = World(age=20, enrolled=1).run()
    assert not world.people["scheme_age"].any()
    world.people["enrolled"][:100] = 0
    world.people["age"][200:300] = 25
    world.run()
    drawn = np.flatnonzero(world.people["scheme_age"])
    assert drawn.tolist() == [*range(100), *range(200, 300)]


def test_nobody_is_drawn_twice():
    world = World().run()
    before = world.people["scheme"].copy(), world.people["scheme_age"].copy()
    world.people["residence"][:] ^= 1
    world.people["education"][:] = 5
    world.year += 1
    world.people["age"][:] += 1
    world.run()
    grown = before[1] > 0
    np.testing.assert_array_equal(before[0][grown], world.people["scheme"][grown])
    np.testing.assert_array_equal(before[1][grown], world.people["scheme_age"][grown])


def test_luck_belongs_to_the_person_and_not_to_the_row():
    one, other = World(), World()
    order = np.random.default_rng(2).permutation(one.people.n)
    other.people.compact(order)
    one.run()
    other.run()
    np.testing.assert_array_equal(one.people["scheme"][order], other.people["scheme"])
    np.testing.assert_array_equal(
        one.people["contribution_class"][order], other.people["contribution_class"]
    )


def test_everyone_of_60_and_over_outside_the_employee_scheme_is_a_resident_member():
    people = World(age=70).run().people
    outside = people["scheme"] != sm.EMPLOYEE
    assert (people["scheme"][outside] == sm.RESIDENT).all()
    assert (people["scheme_age"][outside] <= 60).all()


def test_more_schooling_and_a_town_make_employees():
    m = sm.membership_of(load())
    assert (np.diff(m.employee, axis=-1) > 0).all()
    assert (m.employee[:, :, 0] > m.employee[:, :, 1]).all()
    assert ((m.employee > 0) & (m.employee < 1)).all()


def test_who_is_registered_stays_so():
    m = sm.membership_of(load())
    assert (np.diff(m.resident, axis=1) >= 0).all()


@pytest.mark.parametrize(
    ("u", "age"), [(0.5001, 16), (0.60, 25), (0.7, 35), (0.86, 45), (0.95, 60)]
)
def test_age_of_registration_is_where_the_share_passes_the_luck(u, age):
    shares, ages = np.array([0.1, 0.3, 0.5, 0.8, 1.0]), np.array([16, 25, 35, 45, 60])
    assert sm.registration_age(u, 0.5, shares, ages) == age


def test_some_never_register_where_the_last_share_is_below_one():
    shares, ages = np.array([0.1, 0.9]), np.array([16, 60])
    assert sm.registration_age(0.96, 0.0, shares, ages) == sm.NEVER_REGISTERED


def test_shares_are_those_of_the_parameters():
    """False alarm below 1e-6: 5.2 standard errors, one cell of 40,000."""
    n = 40_000
    world = World(n, age=42, sex=0, residence=0, education=2).run()
    m = sm.membership_of(world.parameters)
    chance = m.employee[2012 - 1 - 42 - sm.FIRST_COHORT, 0, 0, 2]
    found = (world.people["scheme"] == sm.EMPLOYEE).mean()
    assert abs(found - chance) < 5.2 * (chance * (1 - chance) / n) ** 0.5
    pays = (world.people["contribution_class"] > 0).mean()
    assert abs(pays - 0.9) < 5.2 * (0.09 / n) ** 0.5
    lowest = (world.people["contribution_class"] == 1).mean()
    assert abs(lowest - 0.9 * 0.78) < 5.2 * (0.7 * 0.3 / n) ** 0.5
