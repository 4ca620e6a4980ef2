"""What is promised about luck, on the whole model, each with a positive control."""

import numpy as np
import pytest
from songhe.agents import base as base_of_2010
from songhe.agents import families, luck
from songhe.model.model import Options, SongheModel
from songhe.parameters.load import load

PERSONS = 6_000
SEED = 11
DOUBLED = {"policies.child_subsidy.amount": {"2027-01-01": 7200}}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    return base_of_2010.load_or_build(load(), PERSONS, SEED, 0, "official", folder=folder)


def model_of(base, **options):
    return SongheModel(base, load(), luck.key_of(SEED, 0, 0), options=Options(**options))


def live(model, until):
    while model.year < until:
        model.step()
    return model


def differences(one, other, years):
    """Names and years of the tallies that are not the same to the last agent."""
    found = []
    for year in years:
        a, b = one.tally.years[year], other.tally.years[year]
        assert set(a) == set(b)
        found += [(name, year) for name in a if not np.array_equal(a[name], b[name])]
    return found


def shuffled(base):
    order = np.random.default_rng(3).permutation(base.people.n)
    people = base.people.copy()
    people.compact(order)
    return base._replace(people=people)


YEARS = range(2010, 2018)


@pytest.fixture(scope="module")
def plain(base):
    return live(model_of(base), YEARS[-1])


@pytest.mark.parametrize(
    "options", [{"block": 1000}, {"block": 1500, "threads": 2}, {"block": 10**7}]
)
def test_same_bits_for_any_block_and_threads(base, plain, options):
    assert differences(plain, live(model_of(base, **options), YEARS[-1]), YEARS) == []


def test_same_bits_for_any_order_of_rows(base, plain):
    assert differences(plain, live(model_of(shuffled(base)), YEARS[-1]), YEARS) == []


def test_another_seed_differs(base, plain):
    other = SongheModel(base, load(), luck.key_of(SEED + 1, 0, 0))
    assert ("deaths", 2015) in differences(plain, live(other, YEARS[-1]), YEARS)


def test_a_null_policy_differs_by_exactly_zero(base):
    """A second life from 2011 under the constants of the first, and an empty change."""
    first = live(model_of(base), 2030)
    second = model_of(base)
    second.constants = first.constants.for_scenario()
    second.parameters = load({})
    assert differences(first, live(second, 2030), range(2010, 2031)) == []


def test_a_policy_differs_from_the_year_it_can_be_seen(base):
    first = live(model_of(base), 2030)
    second = model_of(base)
    second.constants = first.constants.for_scenario()
    second.parameters = load(DOUBLED)
    found = differences(first, live(second, 2030), range(2010, 2031))
    assert ("fund_outlay", 2027) in found
    assert not [year for _, year in found if year < 2024]


def by_id(people, names):
    alive = people["alive"] == 1
    order = np.argsort(people["id"][alive])
    return {name: people[name][alive][order] for name in names}


def test_an_extra_birth_changes_nobody_outside_the_kin_and_household(base):
    """Constants frozen, markets off: the child's household, kin and nobody else."""
    names = ("id", "age", "sex", "province", "residence", "education", "marital", "adl")
    first = live(model_of(base, markets=False), 2012)
    other = first.branch(first.parameters)
    first = first.branch(first.parameters)
    frozen = live(model_of(base, markets=False), 2027).constants
    first.constants, other.constants = frozen.for_scenario(), frozen.for_scenario()
    live(first, 2027)
    people = other.people
    young = (people["sex"] == 1) & (people["age"] < 30) & (people["partner"] >= 0)
    wives = np.flatnonzero(young & (people["alive"] == 1))
    orders = people["n_children"][wives].astype(np.int64) + 1
    children = luck.child_ids(people["id"][wives], orders)
    unborn = ~np.isin(children, first.people["id"])  # she has no such child by herself
    mother, child = wives[unborn][:1], children[unborn][:1]
    mother_id = people["id"][mother[0]]
    families.bear(other, mother, sex=np.array([0], np.uint8), id=child, age=0)
    live(other, 2027)
    mine, theirs = by_id(first.people, names), by_id(other.people, names)
    shift = np.uint64(luck.BASE_SHIFT)
    kin = {int(mother_id >> shift)}

    def outside(table):
        keep = np.array([int(i >> shift) not in kin for i in table["id"]])
        return {name: values[keep] for name, values in table.items()}

    mine_out, theirs_out = outside(mine), outside(theirs)
    for name in names:
        assert np.array_equal(mine_out[name], theirs_out[name]), name
    assert int(child[0]) in set(theirs["id"].tolist()) - set(mine["id"].tolist())
