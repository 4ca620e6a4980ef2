"""Rates of marriage and divorce do not hang on how many people there are."""

import numpy as np
import pytest
from scipy.stats import norm
from songhe.agents import base as base_of_2010
from songhe.agents import luck
from songhe.agents.frame import People
from songhe.model.events.partnership import DIVORCE, DIVORCES, MARRIAGE
from songhe.model.model import SongheModel
from songhe.parameters.load import load

ALARM = 1e-6
MILLION = 1_000_000
YEARS = range(2011, 2014)
GROUPS = (0, 20, 25, 30, 35, 40, 50, 60)  # first ages of newly-weds
DURATIONS = (0, 3, 6, 10, 15, 20)


def twice(people):
    """The people and a copy of each, apart from the others, with luck of its own."""
    n, columns = people.n, {}
    for name in people.columns:
        copy = people[name].copy()
        if name in ("partner", "mother", "father"):
            copy = np.where(copy >= 0, copy + n, copy).astype(copy.dtype)
        if name == "household":
            copy = np.where(copy >= 0, copy + copy.max() + 1, copy).astype(copy.dtype)
        columns[name] = np.concatenate((people[name], copy))
    columns["id"] = luck.base_ids(np.arange(1, 2 * n + 1))
    mothers = columns["mother"]
    columns["sibship"] = np.where(mothers >= 0, mothers, np.arange(2 * n)) + 1
    return People.of(columns, people.columns.values())


def counts(now):
    """Counts of a year by group, one after another."""
    by_age = np.add.reduceat(now["marriages_by_age"], GROUPS, axis=1)
    gap = np.add.reduceat(now["marriages_by_age_gap"], (0, 13, 16, 19, 22))
    divorces = np.add.reduceat(now["divorces_by_duration"], DURATIONS, axis=0)
    tables = by_age, gap, now["marriages_by_education"], divorces
    return np.concatenate([table.ravel() for table in tables])


def assert_same_rates(small, large, ratio):
    """Counts of two sizes agree; as chance of a Poisson count at most; Bonferroni over groups."""
    some = small + large > 30
    assert some.sum() > 20
    error = np.sqrt(small + large / ratio**2)[some]
    z = np.abs(small - large / ratio)[some] / error
    assert z.max() < norm.isf(ALARM / 2 / some.sum())


def test_half_of_everybody_weds_and_parts_at_the_same_rates(tools):
    """Two copies of a town against one under the constants of the two; false alarm 1e-6."""
    people = tools.people_of(tools.families_of(12_000, 9))
    both = tools.Year(twice(people), 24_000)
    both.run(DIVORCE, DIVORCES, MARRIAGE)
    half = tools.Year(people, 12_000, weight=both.weight)
    half.constants = both.constants.for_scenario()
    half.constants.year = 2011
    half.run(DIVORCE, DIVORCES, MARRIAGE)
    assert_same_rates(counts(half.tally.now), counts(both.tally.now), 2)


def lived(persons, replicate):
    """Counts of the years, and never-married people among all by age group and education."""
    p = load()
    base = base_of_2010.build(p, persons, 11, replicate, "official")
    model = SongheModel(base, p, luck.key_of(11, 0, replicate))
    for _ in YEARS:
        model.step()
    years = model.tally.years
    last = years[YEARS[-1]]
    shares = [last[name].sum(axis=0)[:, :8].ravel() for name in ("never_married", "adults")]
    return sum(counts(years[year]) for year in YEARS), *shares


@pytest.mark.long
def test_markets_of_one_and_of_two_million_agree():
    """Both match by province. False alarm 1e-6 in each of two parts, over all their groups.

    In groups of 100,000 weddings a difference of 2 % would be found; shares of never-married
    people as a binomial chance, which is more than controlled rounding leaves.
    """
    one, single, adults = lived(MILLION, 0)
    two, single_of_two, adults_of_two = lived(2 * MILLION, 1)
    assert_same_rates(one, two, 2)
    some = (single > 30) & (adults - single > 30)
    p = (single + single_of_two)[some] / (adults + adults_of_two)[some]
    error = np.sqrt(p * (1 - p) * (1 / adults[some] + 1 / adults_of_two[some]))
    z = np.abs(single[some] / adults[some] - single_of_two[some] / adults_of_two[some]) / error
    assert z.max() < norm.isf(ALARM / 2 / some.sum())
