"""People made by hand and a year that lives policies alone."""

import mesa
import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.columns import NEVER
from songhe.agents.frame import People
from songhe.agents.institutions import in_sum, open_funds
from songhe.model.align import Constants
from songhe.model.tally import Tally
from songhe.model.year import columns
from songhe.parameters.load import load


class World(mesa.Model):
    """What policies need of the model; nobody is born, moves or dies unless a test says so."""

    def __init__(self, parameters=None, *, year, seed=1, weight=30_000.0, **people):
        super().__init__(rng=0)
        n = len(next(iter(people.values())))
        self.people = People.of(
            {"id": luck.base_ids(np.arange(1, n + 1)), "death_u": np.full(n, NEVER), **people},
            columns(),
        )
        self.parameters = parameters or load()
        self.year, self.weight = year, weight
        self.key = luck.key_of(seed, 0, 0)
        self.national = {}
        self.constants, self.tally, self.counterparts = Constants(), Tally(), {}
        self.constants.year = year
        self.providers, self.young, self.persons = {}, None, n
        self.accounts = None
        self._count_people()
        self.birth_response = np.zeros((3, 2, 6))
        self.funds = open_funds(self)

    def _count_people(self):
        """What a year before would have left: people by place."""
        counts, people = np.zeros((31, 2, 1, 1), np.int64), self.people
        living = people["alive"] == 1
        np.add.at(counts[..., 0, 0], (people["province"][living], people["residence"][living]), 1)
        before = self.tally.years.get(self.year - 1, {})
        self.tally.years[self.year - 1] = {**before, "population": counts}

    def run(self, *steps):
        """Apply steps; the books agree after each."""
        for step in steps:
            if step.by_rows:  # without luck of the year
                columns = (self.people[name] for name in step.columns)
                step.kernel(*columns, np.empty((2, 0), np.uint32), step.prepare(self))
            else:
                step.apply(self)
            assert in_sum(self.funds, self.counterparts) == 0
        return self

    def later(self):
        """The next year, everybody a year older; the dead of the year are gone."""
        self.tally.close(self.year)
        self.people["alive"][self.people["death_u"] < 1.0] = 0
        self.people["age"][:] += 1
        self.year += 1
        self.constants.year = self.year
        self._count_people()
        return self


@pytest.fixture(scope="session")
def p():
    return load()


@pytest.fixture
def world():
    return World


@pytest.fixture
def crowd():
    """Columns of n people drawn at random, all ages and places."""

    def make(n, seed=7):
        rng = np.random.default_rng(seed)
        return {
            "age": rng.integers(-1, 101, n).astype(np.int8),
            "sex": rng.integers(0, 2, n).astype(np.uint8),
            "birth_month": rng.integers(1, 13, n).astype(np.uint8),
            "province": rng.integers(0, 31, n).astype(np.uint8),
            "residence": rng.integers(0, 2, n).astype(np.uint8),
            "education": rng.integers(0, 6, n).astype(np.uint8),
            "adl": np.minimum(rng.poisson(0.3, n), 3).astype(np.uint8),
            "death_u": np.where(rng.random(n) < 0.03, rng.random(n), 2.0).astype(np.float32),
        }

    return make
