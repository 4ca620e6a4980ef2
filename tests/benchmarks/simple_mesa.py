"""The simple workload in Mesa: one object a person, `AgentSet.do` for the year."""

import mesa
import numpy as np

from . import workload


class Person(mesa.Agent):
    """A person who lives a year in `step`."""

    def __init__(self, model: "Simple", age: int, sex: int) -> None:
        super().__init__(model)
        self.age, self.sex, self.state = age, sex, 0

    def step(self) -> None:
        """Death or another state, a birth, a year older, counted."""
        model = self.model
        cell = model.cell(self.sex, self.age, self.state)
        x = model.random.random()
        if x >= model.stays[cell]:
            until, k = model.until[cell], 1
            while x >= until[k]:
                k += 1
            self.state = model.becomes[cell][k]
            if self.state == workload.DEAD:
                self.remove()
                return
        if self.sex == 1 and model.random.random() < model.birth[cell]:
            model.born += 1
        self.age = min(self.age + 1, workload.OLDEST)
        model.counts[model.cell(self.sex, self.age, self.state)] += 1


class Simple(mesa.Model):
    """Tables are lists, which plain Python reads faster than arrays."""

    def __init__(self, persons: int, seed: int = 0) -> None:
        super().__init__(rng=seed)
        chances = workload.chances()
        self.stays, self.until = chances.stays.tolist(), chances.until.tolist()
        self.becomes, self.birth = chances.becomes.tolist(), chances.birth.tolist()
        age, sex = workload.people(persons, seed)
        Person.create_agents(self, persons, age.tolist(), sex.tolist())
        self.tables = []

    @staticmethod
    def cell(sex: int, age: int, state: int) -> int:
        """Place in the flat tables of `workload.Chances`."""
        return (sex * workload.AGES + age) * (workload.STATES + 1) + state

    def step(self) -> None:
        """Live one year."""
        self.counts, self.born = [0] * int(np.prod(workload.CELLS)), 0
        self.agents.do("step")
        for _ in range(self.born):
            person = Person(self, 0, int(self.random.random() >= workload.BOYS))
            self.counts[self.cell(person.sex, 0, 0)] += 1
        counts = np.array(self.counts).reshape(workload.CELLS)
        self.tables.append(counts[..., : workload.STATES])
