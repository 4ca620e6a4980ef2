"""Pension schemes: from the work of the year and lasting luck."""

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.frame import People
from songhe.model import scheme_membership as sm
from songhe.model import work_rules as wr
from songhe.model.year import columns
from songhe.parameters.dims import PENSIONS
from songhe.parameters.load import load

P_NONE, P_RESIDENT, P_EMPLOYEE, P_PUBLIC = range(len(PENSIONS))


class World:
    def __init__(self, n=6000, year=2012, **fixed):
        rng = np.random.default_rng(4)
        values = {
            "id": luck.base_ids(np.arange(1, n + 1)),
            "age": rng.integers(0, 100, n).astype(np.int8),
            "residence": rng.integers(0, 2, n).astype(np.uint8),
            "education": rng.integers(0, 6, n).astype(np.uint8),
            "work": rng.integers(0, 6, n).astype(np.uint8),
        }
        values |= {name: np.full(n, v, values.get(name, np.zeros(1, np.uint8)).dtype)
                   for name, v in fixed.items()}  # fmt: skip
        self.people = People.of(values, columns())
        self.parameters, self.year, self.key = load(), year, luck.key_of(1, 0, 0)

    def run(self):
        sm.apply(self)
        return self


def one(**values):
    """Scheme of one person, an enterprise worker of 40 in the middle of all luck."""
    own = {"pension": P_NONE, "work": wr.ENTERPRISE, "before": sm.NONE, "age": 40, "until": 60,
           "u_member": 0.5, "covered": 0.7, "u_resident": 0.5, "registered": 0.6,
           "secured": False}  # fmt: skip
    return sm.scheme_of(*(own | values).values())


@pytest.mark.parametrize(
    ("values", "scheme"),
    [
        ({}, sm.EMPLOYEE),
        ({"covered": 0.4}, sm.RESIDENT),
        ({"covered": 0.4, "registered": 0.4}, sm.NONE),
        ({"work": wr.PUBLIC, "covered": 0.4}, sm.EMPLOYEE),
        ({"work": wr.FARM, "covered": 0.0}, sm.RESIDENT),
        ({"age": 60, "registered": 1.0}, sm.RESIDENT),
        ({"age": 60, "registered": 1.0, "before": sm.EMPLOYEE}, sm.EMPLOYEE),
        ({"age": 61, "work": wr.PUBLIC, "registered": 1.0}, sm.RESIDENT),
        ({"work": wr.NONE, "covered": 0.0, "secured": True}, sm.EMPLOYEE),
        ({"work": wr.FARM, "covered": 0.0, "secured": True, "age": 62}, sm.EMPLOYEE),
        ({"pension": P_RESIDENT, "secured": True}, sm.RESIDENT),
        ({"pension": P_PUBLIC, "work": wr.NONE, "covered": 0.0}, sm.EMPLOYEE),
        ({"pension": P_EMPLOYEE, "work": wr.NONE, "covered": 0.0}, sm.EMPLOYEE),
    ],
)
def test_scheme_of_one_person(values, scheme):
    assert one(**values) == scheme


@pytest.mark.parametrize(
    ("sex", "work", "u_post", "age"),
    [
        (0, wr.ENTERPRISE, 0.1, 60),
        (1, wr.ENTERPRISE, 0.1, 55),
        (1, wr.ENTERPRISE, 0.6, 50),
        (1, wr.FLEXIBLE, 0.6, 55),
    ],
)
def test_nobody_enters_the_employee_scheme_at_the_age_of_retirement(sex, work, u_post, age):
    assert sm.latest_entry(sex, work, u_post, 0.4, np.array([60, 55, 50])) == age
    assert one(age=age, until=age, registered=1.0) == sm.RESIDENT
    assert one(age=age - 1, until=age) == sm.EMPLOYEE


def test_minors_and_pupils_belong_to_no_scheme():
    people = World().run().people
    assert (people["scheme"][people["age"] < 16] == sm.NONE).all()
    assert not World(age=20, enrolled=1).run().people["scheme"].any()


def test_luck_belongs_to_the_person_and_not_to_the_row():
    one_, other = World(), World()
    order = np.random.default_rng(2).permutation(one_.people.n)
    other.people.compact(order)
    one_.run()
    other.run()
    np.testing.assert_array_equal(one_.people["scheme"][order], other.people["scheme"])


def test_everyone_of_60_and_over_outside_the_employee_scheme_is_a_resident_member():
    people = World(age=70).run().people
    assert (people["scheme"] == sm.RESIDENT).all()


def test_rising_coverage_takes_nobody_out():
    """With the same work and place, members of 2010 are members in 2015."""
    world = World(age=40, year=2010).run()
    before = world.people["scheme"] == sm.EMPLOYEE
    world.year = 2015
    after = world.run().people["scheme"] == sm.EMPLOYEE
    assert after[before].all()
    assert after.sum() > before.sum()


def test_farmers_and_people_without_work_are_no_employees():
    for kind in (wr.NONE, wr.FARM):
        assert (World(work=kind).run().people["scheme"] != sm.EMPLOYEE).all()


def test_who_is_registered_stays_so():
    m = sm.membership_of(load(), 2012)
    assert (np.diff(m.resident, axis=1) >= 0).all()


@pytest.mark.parametrize(("u", "expected"), [(0.05, 1), (0.4, 2), (0.79, 2), (0.85, 0)])
def test_class_is_where_the_running_share_passes_the_luck(u, expected):
    assert sm.contribution_class(u, np.array([0.1, 0.8])) == expected


def test_classes_end_at_the_share_that_pays():
    p = load()
    classes = sm.contribution_classes(p)
    assert classes[-1] == pytest.approx(p.value("policies.resident_pension.pays_share"))
    assert (np.diff(classes) >= 0).all()


def test_shares_are_those_of_the_parameters():
    """False alarm below 1e-6: 5.2 standard errors, one cell of 40,000."""
    n = 40_000
    people = World(n, age=42, residence=0, education=2, work=wr.ENTERPRISE).run().people
    m = sm.membership_of(load(), 2012)
    chance = m.employee[wr.ENTERPRISE, 0, 2]
    found = (people["scheme"] == sm.EMPLOYEE).mean()
    assert abs(found - chance) < 5.2 * (chance * (1 - chance) / n) ** 0.5
    outside = people["scheme"] != sm.EMPLOYEE
    share = m.resident[0, 42]
    found = (people["scheme"][outside] == sm.RESIDENT).mean()
    assert abs(found - share) < 5.2 * (share * (1 - share) / outside.sum()) ** 0.5


def test_lists_give_everybody_the_scheme_of_the_rule():
    """Bits: people of all kinds, each by `scheme_of` with all of her luck."""
    n, rng, year = 6000, np.random.default_rng(4), 2012
    world = World(n, year=year)
    kinds = {
        "age": 75, "sex": 2, "residence": 2, "education": 6, "work": 6, "pension": 2, "scheme": 3,
        "paid_months": 200, "enrolled": 2,
    }  # fmt: skip
    for name, size in kinds.items():
        world.people[name][:] = rng.integers(0, size, n)
    before = {name: np.array(world.people[name]) for name in ("id", *kinds)}
    world.run()
    m = sm.membership_of(world.parameters, year)
    key = world.key
    traits = luck.uniforms(before["id"], sm.MEMBER_CALL, luck.LASTING, key)
    registers = luck.uniforms(before["id"], sm.RESIDENT_CALL, luck.LASTING, key)[sm.REGISTERS]
    for i in range(n):
        age, sex, residence, education, work, pension, scheme, months, enrolled = (
            int(before[name][i]) for name in kinds
        )
        expected = sm.NONE
        if age >= 16 and not enrolled:
            until, share = m.until[sm.MEN], m.share_55[education]
            if sex == sm.FEMALE and age >= m.until[sm.WOMEN_50]:
                until = sm.latest_entry(sex, work, traits[sm.POST, i], share, m.until)
            covered = m.employee[work, residence, education] if work >= wr.FLEXIBLE else 0.0
            expected = sm.scheme_of(
                pension, work, scheme, age, until,
                traits[sm.MEMBER, i], covered, registers[i], m.resident[residence, age],
                months >= m.secured_months,
            )  # fmt: skip
        assert world.people["scheme"][i] == expected, i
