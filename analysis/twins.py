"""The deterministic twin of the population: cohort components, and their chance.

Computes what the model must show on average, for any start and any rates, and by how much
a run of so many independent people may differ from it. Stocks are [sex, age 0 ... w], the
last age open, at year-ends; a year carries them along the cohort parallelogram. Leaves
out households, regions and health; `multistate.py` adds function.

Source: Preston, Heuveline and Guillot (2001), chapter 6; Pollard (1966) for the variance.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ..parameters.load import Parameters
from ..parameters.rates import Concept, annual_asfr, annual_survival, srb

Array = NDArray[np.float64]
MALE, FEMALE = 0, 1


class YearRates(NamedTuple):
    """Rates of one calendar year."""

    survival: Array  # [sex, age], from completed age a to a + 1, the last one open
    newborn: Array  # [sex], share of the year's births alive at its end
    asfr: Array  # [age], births per woman-year
    male_share: float  # of births
    migration: Array | None = None  # [sex, age], net persons by age at the move

    @classmethod
    def of(cls, p: Parameters, year: int, concept: Concept, migration: Array | None = None) -> Self:
        """Rates of a year from the parameters of one draw."""
        years, survival, newborn = annual_survival(p, concept)
        k = int(np.searchsorted(years, year))
        if k == len(years) or years[k] != year:
            raise ValueError(f"no rates for {year}; allowed: {years[0]} to {years[-1]}")
        ratio = srb(p, year)
        asfr = annual_asfr(p)[1][k]
        return cls(survival[k], newborn[k], asfr, ratio / (1 + ratio), migration)


class Year(NamedTuple):
    """One year lived: the stock at its end, and its flows."""

    population: Array  # [sex, age]
    births: Array  # [sex]
    deaths: Array  # [sex, age + 1]: newborns first, then by completed age at the opening


def year_lived(population: Array, rates: YearRates) -> Year:
    """Carry a stock through one year.

    population : float64[sex, age], persons of completed age at the opening. Migrants of
    age a are halves of the cohorts that open the year at a - 1 and at a; they arrive in
    its middle. ValueError if shapes differ.
    """
    if population.shape != rates.survival.shape:
        raise ValueError(f"a stock of shape {population.shape}; allowed: {rates.survival.shape}")
    arrivals, newborn_arrivals = _arrivals(rates, population)
    survivors = population * rates.survival + arrivals * np.sqrt(rates.survival)
    closing = np.zeros_like(population)
    closing[:, 1:] = survivors[:, :-1]
    closing[:, -1] += survivors[:, -1]
    women = 0.5 * (population[FEMALE] + closing[FEMALE])
    births = rates.asfr @ women * np.array([rates.male_share, 1 - rates.male_share])
    closing[:, 0] = births * rates.newborn + newborn_arrivals * np.sqrt(rates.newborn)
    deaths = np.empty((population.shape[0], population.shape[1] + 1))
    deaths[:, 0] = births + newborn_arrivals - closing[:, 0]
    deaths[:, 1:] = population + arrivals - survivors
    return Year(closing, births, deaths)


def _arrivals(rates: YearRates, population: Array) -> tuple[Array, Array]:
    """Net migrants by completed age of their cohort at the opening, and of the newborns."""
    if rates.migration is None:
        return np.zeros_like(population), np.zeros(population.shape[0])
    half = 0.5 * rates.migration
    opening = half.copy()
    opening[:, :-1] += half[:, 1:]
    return opening, half[:, 0]


def project(start: Array, rates: list[YearRates]) -> list[Year]:
    """Live the years of the rates one after another from a start stock [sex, age]."""
    lived: list[Year] = []
    population = start
    for year in rates:
        lived.append(year_lived(population, year))
        population = lived[-1].population
    return lived


class Chance(NamedTuple):
    """Mean and covariance of the counts of agents by sex and age (males first, flat)."""

    mean: Array  # [cell]
    covariance: Array  # [cell, cell]

    @classmethod
    def certain(cls, start: Array) -> Self:
        """A start stock [sex, age] that every replicate shares."""
        return cls(start.ravel(), np.zeros((start.size, start.size)))

    @property
    def total_sd(self) -> float:
        """Standard deviation of the number of agents."""
        return float(np.sqrt(self.covariance.sum()))

    @property
    def cell_sd(self) -> Array:
        """Standard deviation of each cell, float64[sex, age]."""
        return np.sqrt(np.diag(self.covariance)).reshape(2, -1)


def chance_year(chance: Chance, rates: YearRates) -> Chance:
    """One year of independent deaths and births of agents; migration is left out.

    A woman bears at most one child a year, a Bernoulli event at her expected number of
    births (half of the year at her opening age, half at the next if she lives), who is a
    boy or a girl alive at the end of the year, or none of them.
    """
    moves = _transition(rates)
    mean = moves @ chance.mean
    carried = moves @ chance.covariance @ moves.T
    return Chance(mean, carried + _own_luck(chance.mean, rates, moves))


def _transition(rates: YearRates) -> Array:
    """Expected members of each closing cell per person of each opening cell."""
    n = rates.survival.shape[1]
    moves = np.zeros((2 * n, 2 * n))
    for sex in (MALE, FEMALE):
        ages = np.arange(n)
        moves[sex * n + np.minimum(ages + 1, n - 1), sex * n + ages] = rates.survival[sex]
    bears = 0.5 * (rates.asfr + np.append(rates.asfr[1:], rates.asfr[-1]) * rates.survival[FEMALE])
    boys, girls = rates.newborn * np.array([rates.male_share, 1 - rates.male_share])
    moves[0, n:] = bears * boys
    moves[n, n:] = bears * girls
    return moves


def _own_luck(mean: Array, rates: YearRates, moves: Array) -> Array:
    """Covariance added by the events of the year, given the opening counts."""
    n = rates.survival.shape[1]
    cells = 2 * n
    added = np.zeros((cells, cells))
    women = np.arange(n, cells)
    next_age = n + np.minimum(np.arange(n) + 1, n - 1)
    alive = rates.survival[FEMALE]
    survive = np.concatenate([rates.survival[MALE], alive])
    goes_to = np.concatenate([next_age - n, next_age])
    np.add.at(added, (goes_to, goes_to), mean * survive * (1 - survive))
    child = moves[[0, n]][:, women]
    added[0, 0] += mean[women] @ (child[0] * (1 - child[0]))
    added[n, n] += mean[women] @ (child[1] * (1 - child[1]))
    both = -mean[women] @ (child[0] * child[1])
    added[0, n] += both
    added[n, 0] += both
    later = 0.5 * np.append(rates.asfr[1:], rates.asfr[-1]) * alive * (1 - alive)
    shares = rates.newborn * np.array([rates.male_share, 1 - rates.male_share])
    for row, share in zip((0, n), shares, strict=True):
        together = mean[women] * later * share
        np.add.at(added, (np.full(n, row), next_age), together)
        np.add.at(added, (next_age, np.full(n, row)), together)
    return added


def chances(start: Array, rates: list[YearRates]) -> list[Chance]:
    """Mean and covariance after each year, from a start stock of agents [sex, age]."""
    lived = [Chance.certain(start)]
    for year in rates:
        lived.append(chance_year(lived[-1], year))
    return lived[1:]
