"""The simple workload in starsim: a demographics module, arrays of states, its own draws."""

import numpy as np
import starsim as ss
import workload


class Life(ss.Demographics):
    """Health, births and the tally of a year; starsim's own people age and die."""

    def __init__(self):
        super().__init__(name="life")
        self.define_states(ss.IntArr("care", default=0))
        self.health = ss.random(name="health")
        self.bears = ss.random(name="bears")
        self.is_girl = ss.bernoulli(p=1 - workload.BOYS, name="is_girl")
        self.chances = workload.chances()
        self.tables = []

    def cells(self, people, uids):
        sex = np.asarray(people.female[uids], np.int64)
        age = np.minimum(np.asarray(people.age[uids], np.int64), workload.OLDEST)
        return (sex * workload.AGES + age) * (workload.STATES + 1) + np.asarray(self.care[uids])

    def step(self):
        people, table = self.sim.people, self.chances
        uids = people.auids
        cells = self.cells(people, uids)
        u = self.health.rvs(uids)
        rows = np.flatnonzero(u >= table.stays[cells])
        here = cells[rows]
        outcome = (u[rows, None] >= table.until[here]).sum(axis=1)
        self.care[uids[rows]] = table.becomes[here, outcome]
        people.request_death(uids[rows][np.asarray(self.care[uids[rows]]) == workload.DEAD])
        women = uids[np.asarray((people.female & (self.care < workload.DEAD))[uids])]
        bears = self.bears.rvs(women) < table.birth[self.cells(people, women)]
        people.age[uids] = people.age[uids] + 1
        born = people.grow(int(bears.sum()))
        people.age[born] = 0
        people.female[born] = self.is_girl.rvs(born)
        counts = np.bincount(
            self.cells(people, people.auids), minlength=int(np.prod(workload.CELLS))
        )
        self.tables.append(counts.reshape(workload.CELLS)[..., : workload.STATES])


def prepare(persons, years, seed):
    """A run that is ready; returns what lives it and where its tables will be."""
    sim = ss.Sim(
        n_agents=persons,
        demographics=[Life()],
        start=2010,
        dur=years - 1,
        dt=1,
        use_aging=False,
        rand_seed=seed,
        verbose=0,
    )
    sim.init()
    age, sex = workload.people(persons, seed)
    people, life = sim.people, sim.demographics.life  # copies of what was handed over
    people.age[people.auids] = age.astype(float)
    people.female[people.auids] = sex == 1
    return sim.run, life
