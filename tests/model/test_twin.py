"""The smallest year against the cohort-component twin, over ninety years.

Differentials, policies and markets are off: people are born, grow older and die. The twin
gives the expected number of agents of each sex and age, and their covariance.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.frame import People
from songhe.analysis.twins import YearRates, chances
from songhe.model.model import Options, SongheModel
from songhe.parameters.load import load

FIRST, LAST = 2011, 2100
PLAIN = Options(differentials=False, markets=False, policies=False)
LEAST = 30  # agents expected in a group that is tested
LARGEST_Z = 6.3  # Bonferroni 1e-6 for 3,600 groups


def plain_base(persons):
    """The census of 2010 by sex and single age in small, everyone in a household of one."""
    census = load().array("demography.population.census_2010_single_age").ravel()
    counts = np.diff(np.round(np.cumsum(census) / census.sum() * persons), prepend=0).astype(int)
    cell = np.repeat(np.arange(len(counts)), counts)
    n = len(cell)
    people = People.of(
        {
            "id": luck.base_ids(np.arange(1, n + 1)),
            "sex": (cell // 101).astype(np.uint8),
            "age": (cell % 101).astype(np.int8),
            "household": np.arange(n, dtype=np.int32),
        }
    )
    return SimpleNamespace(people=people, n_households=n, weight=1.0), counts.reshape(2, 101)


def lived(base, seed, last, options=PLAIN):
    model = SongheModel(base, load(), luck.key_of(seed, 0, 0), options=options)
    while model.year < last:
        model.step()
    return model


def expected(counts, last):
    rates = [YearRates.of(load(), year, "official") for year in range(FIRST, last + 1)]
    return chances(counts.astype(float), rates)


def by_sex_and_age(model, year):
    return model.tally.years[year]["population"].sum(axis=(0, 1))


@pytest.fixture(scope="module")
def million():
    base, counts = plain_base(1_000_000)
    return lived(base, 1, LAST), expected(counts, LAST)


def test_the_total_keeps_to_the_twin_for_ninety_years(million):
    """Within 4 standard errors of the twin's own variance recursion, about 0.26 % at the end."""
    model, twin = million
    for year in (2020, 2050, LAST):
        at = twin[year - FIRST]
        total = by_sex_and_age(model, year).sum()
        assert abs(total - at.mean.sum()) < 4 * at.total_sd
    assert twin[-1].total_sd / twin[-1].mean.sum() == pytest.approx(0.0026, rel=0.25)


def test_every_group_keeps_to_the_twin(million):
    """False alarm below 1e-6 in each of three years."""
    model, twin = million
    for year in (2020, 2050, LAST):
        at = twin[year - FIRST]
        mean = at.mean.reshape(2, -1)
        z = (by_sex_and_age(model, year) - mean) / np.maximum(at.cell_sd, 1e-9)
        assert np.abs(z[mean >= LEAST]).max() < LARGEST_Z


def test_births_and_deaths_make_up_the_change(million):
    model, _ = million
    for year in range(FIRST, LAST + 1):
        before, now = model.tally.years[year - 1], model.tally.years[year]
        change = (now["population"] - before["population"]).sum(axis=-1)
        assert (change == now["births"] - now["deaths"]).all()


def test_a_wrong_rate_is_noticed():
    """Positive control: deaths one tenth too many are far outside the twin's band."""
    base, counts = plain_base(200_000)
    more = load({"demography.mortality.official_factor": [1.266, 1.254]})
    model = SongheModel(base, more, luck.key_of(1, 0, 0), options=PLAIN)
    while model.year < 2030:
        model.step()
    at = expected(counts, 2030)[-1]
    assert abs(by_sex_and_age(model, 2030).sum() - at.mean.sum()) > 8 * at.total_sd


@pytest.mark.long
def test_no_systematic_error_in_the_mean_of_twenty_seeds():
    """The mean of 20 runs lies within 4 standard errors of a mean of 20; 0.06 % at the end."""
    base, counts = plain_base(1_000_000)
    twin = expected(counts, LAST)
    totals = [by_sex_and_age(lived(base, seed, LAST), LAST).sum() for seed in range(20)]
    assert abs(np.mean(totals) - twin[-1].mean.sum()) < 4 * twin[-1].total_sd / np.sqrt(20)
