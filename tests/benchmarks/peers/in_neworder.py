"""The simple workload in neworder: a model with a timeline, a data frame of people, its stream."""

import neworder
import numpy as np
import pandas as pd
import workload


class Life(neworder.Model):
    """Health, births, ageing and the tally of a year."""

    def __init__(self, persons, years, seed):
        super().__init__(neworder.LinearTimeline(0, years, years), lambda: seed)
        age, sex = workload.people(persons, seed)
        self.people = pd.DataFrame({"age": age, "sex": sex, "care": np.uint8(0)})
        self.chances = workload.chances()
        self.tables = []

    def cells(self):
        people = self.people
        place = people.sex.to_numpy(np.int64) * workload.AGES + people.age.to_numpy()
        return place * (workload.STATES + 1) + people.care.to_numpy()

    def step(self):
        table, cells = self.chances, self.cells()
        u = self.mc.ustream(len(cells))
        rows = np.flatnonzero(u >= table.stays[cells])
        here = cells[rows]
        outcome = (u[rows, None] >= table.until[here]).sum(axis=1)
        care = self.people.care.to_numpy(copy=True)
        care[rows] = table.becomes[here, outcome]
        self.people["care"] = care
        self.people = self.people[care != workload.DEAD].reset_index(drop=True)
        born = int(self.mc.hazard(table.birth[self.cells()]).sum())
        self.people["age"] = np.minimum(self.people.age.to_numpy() + 1, workload.OLDEST)
        girls = (self.mc.ustream(born) >= workload.BOYS).astype(np.uint8)
        newborns = {"age": np.zeros(born, np.int8), "sex": girls, "care": np.zeros(born, np.uint8)}
        self.people = pd.concat([self.people, pd.DataFrame(newborns)], ignore_index=True)
        counts = np.bincount(self.cells(), minlength=int(np.prod(workload.CELLS)))
        self.tables.append(counts.reshape(workload.CELLS)[..., : workload.STATES])


def prepare(persons, years, seed):
    """A run that is ready; returns what lives it and where its tables will be."""
    life = Life(persons, years, seed)
    return lambda: neworder.run(life), life
