"""A small country of made-up families, and a year that runs one step at a time.

The families are sound (partners mutual, minors with adults, one place to a household) and
of every kind that the steps must tell apart. `Year` stands in for the model where a test
wants one step alone.
"""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.columns import DORMITORY, WORKS
from songhe.agents.frame import People
from songhe.model.align import Constants
from songhe.model.birth_account import no_account
from songhe.model.tally import Tally
from songhe.parameters.load import load

MARRIED, WIDOWED = 1, 3


class Year:
    """What the steps of a year need of the model, and nothing that happens by itself."""

    def __init__(self, people, n_households, *, seed=1, year=2011, weight=None, parameters=None):
        self.people, self.n_households = people, n_households
        self.parameters = parameters or load()
        self.key = luck.key_of(seed, 0, 0)
        self.concept = "official"
        self.options = SimpleNamespace(differentials=True, markets=True, policies=True)
        self.weight = weight or 1.34e9 / people.n
        self.persons = people.n
        self.constants, self.tally = Constants(), Tally()
        self.constants.year = self.year = year
        self.moved = []
        self.birth_account = no_account()

    @property
    def new_year(self):
        return date(self.year, 1, 1)

    def record_moves(self, rows, province, residence, kind="family"):
        self.moved += [(int(r), kind) for r in rows]
        self.people["province"][rows] = province
        self.people["residence"][rows] = residence

    def run(self, *steps):
        for step in steps:
            if step.by_rows:
                rules = step.prepare(self) if step.prepare else None
                call = luck.Call.PERSON if step.call is None else step.call
                words = luck.words(self.people["id"], call, self.year, self.key)
                step.kernel(*(self.people[name] for name in step.columns), words, rules)
            else:
                step.apply(self)
        return self

    def later(self):
        """The next year, everybody a year older."""
        self.tally.close(self.year)
        self.year += 1
        self.constants.year = self.year
        self.people["age"][:] += 1
        self.people["divorces"][:] = 0
        return self


def families_of(n, seed):
    """People of about n households, each of a kind drawn at random, and their number."""
    rng = np.random.default_rng(seed)
    rows = []

    def add(household, place, **values):
        row = {"household": household, "province": place[0], "residence": place[1]}
        rows.append(row | {"education": int(rng.integers(0, 6))} | values)
        return len(rows) - 1

    def couple(household, place, age, **values):
        his = int(rng.integers(0, 6))
        hers = his if rng.random() < 0.6 else int(rng.integers(0, 6))
        younger = round(rng.normal(2.0, 3.5))
        he = add(household, place, sex=0, age=age, marital=MARRIED, education=his, **values)
        she = add(household, place, sex=1, age=max(age - younger, 20), marital=MARRIED,
                  education=hers, **values)  # fmt: skip
        since = int(rng.integers(0, max(min(age, age - younger) - 19, 1)))
        rows[he] |= {"partner": she, "since_union": since}
        rows[she] |= {"partner": he, "since_union": since}
        return he, she

    def child(household, place, parents, age):
        row = add(household, place, sex=int(rng.integers(0, 2)), age=age, education=0)
        mother = parents[1] if len(parents) > 1 else parents[0]
        rows[row]["mother"] = mother
        if len(parents) > 1:
            rows[row]["father"] = parents[0]
        for parent in parents:
            for counter in ("n_children", "n_living_children"):
                rows[parent][counter] = rows[parent].get(counter, 0) + 1
            rows[parent]["n_sons"] = rows[parent].get("n_sons", 0) + (rows[row]["sex"] == 0)
        return row

    for household in range(n):
        place = int(rng.integers(0, 31)), int(rng.integers(0, 2))
        kind = rng.integers(0, 7)
        age = int(rng.integers(24, 45))
        if kind <= 2:  # a couple with children; in one of three with his parents
            he, she = couple(household, place, age)
            for _ in range(int(rng.integers(0, 4))):
                child(household, place, (he, she), int(rng.integers(-1, 19)))
            if kind == 2:
                elders = couple(household, place, age + 27)
                rows[he] |= {"father": elders[0], "mother": elders[1]}
                for elder in elders:
                    rows[elder] |= {"n_children": 1, "n_living_children": 1, "n_sons": 1}
        elif kind == 3:  # an unmarried adult with one or both parents
            parents = couple(household, place, age + 25)
            child(household, place, parents, age)
        elif kind == 4:  # a mother alone with a child, or a grandmother with one not her own
            she = add(household, place, sex=1, age=age + 20, marital=WIDOWED)
            if rng.random() < 0.5:
                child(household, place, (she,), int(rng.integers(4, 17)))
            else:
                add(household, place, sex=0, age=int(rng.integers(4, 17)), education=1)
        elif kind == 5:  # alone
            add(household, place, sex=int(rng.integers(0, 2)), age=int(rng.integers(18, 90)))
        else:  # a worker and a student in collectives, a wife whose husband is one
            add(-1, place, sex=0, age=age - 2, collective=WORKS)
            add(-1, place, sex=1, age=20, collective=DORMITORY, enrolled=1, education=3)
            there = int(rng.integers(0, 31)), 0
            he, she = couple(household, place, age)
            rows[he] |= {"household": -1, "collective": WORKS}
            rows[he] |= {"province": there[0], "residence": there[1]}
            child(household, place, (he, she), int(rng.integers(2, 15)))
    return rows


def people_of(rows):
    """Columns from one dictionary for each person; ids in the order of the list."""
    names = {name for row in rows for name in row}
    blank = People()
    values = {
        name: np.array(
            [row.get(name, blank.columns[name].default) for row in rows],
            blank.columns[name].dtype,
        )
        for name in names
    }
    values["id"] = luck.base_ids(np.arange(1, len(rows) + 1))
    mothers = values.get("mother", np.full(len(rows), -1))
    values["sibship"] = np.where(mothers >= 0, mothers, np.arange(len(rows))) + 1
    values["birth_month"] = np.arange(len(rows), dtype=np.uint8) % 12 + 1
    return People.of(values)


@pytest.fixture(scope="session")
def _country():
    n = 4000
    return people_of(families_of(n, 5)), n


@pytest.fixture
def country(_country):
    """A year in a country of some 10,000 people."""
    people, n = _country
    return Year(people.copy(), n)


def shuffled(year):
    """The same year with its people in another order."""
    order = np.random.default_rng(8).permutation(year.people.n)
    people = year.people.copy()
    people.compact(order)
    return Year(people, year.n_households, year=year.year)


def by_id(people, *names):
    """Columns of the living in the order of ids, links as ids of those they point to."""
    ids = np.append(people["id"], np.uint64(0))
    order = np.flatnonzero(people["alive"] == 1)
    order = order[np.argsort(people["id"][order])]
    links = ("partner", "mother", "father")
    return {n: ids[people[n][order]] if n in links else people[n][order] for n in names}


def same_homes(people):
    """Households as the least id of their members, by person in the order of ids; 0 alone."""
    order = np.argsort(people["id"])
    home, ids = people["household"][order], people["id"][order]
    least = np.full(home.max() + 2, np.iinfo(np.uint64).max, np.uint64)
    inside = (home >= 0) & (people["alive"][order] == 1)
    np.minimum.at(least, home[inside], ids[inside])
    return np.where(inside, least[home], np.uint64(0))


def faults(people, adult_age=18):
    """What is wrong with the families, in words; nothing of it may ever be true."""
    alive, home, partner = people["alive"] == 1, people["household"], people["partner"]
    rows = np.flatnonzero(alive)
    found = []
    paired = rows[partner[rows] >= 0]
    if (partner[partner[paired]] != paired).any():
        found.append("partner of the partner is somebody else")
    if (people["marital"][paired] != MARRIED).any():
        found.append("unmarried with a partner")
    if not alive[partner[paired]].all():
        found.append("a partner who is gone")
    for link in ("mother", "father"):
        known = rows[people[link][rows] >= 0]
        if not alive[people[link][known]].all():
            found.append(f"a {link} who is gone")
    inside = rows[home[rows] >= 0]
    if (people["collective"][inside] != 0).any():
        found.append("in a family and in a collective")
    if (people["collective"][rows[home[rows] < 0]] == 0).any():
        found.append("nowhere")
    place = people["province"].astype(int) * 2 + people["residence"]
    where = np.full(home.max() + 1, -1)
    where[home[inside]] = place[inside]
    if (where[home[inside]] != place[inside]).any():
        found.append("one household at two places")
    adult = people["age"] + 1 >= adult_age
    has_adult = np.zeros(home.max() + 1, bool)
    has_adult[home[inside[adult[inside]]]] = True
    minors = inside[~adult[inside] & (people["death_u"][inside] >= 1)]
    if not has_adult[home[minors]].all():
        found.append("minors without an adult")
    return found


@pytest.fixture(scope="session")
def tools():
    """The helpers of this file, which tests cannot import by name."""
    return SimpleNamespace(
        Year=Year,
        families_of=families_of,
        people_of=people_of,
        shuffled=shuffled,
        by_id=by_id,
        same_homes=same_homes,
        faults=faults,
    )
