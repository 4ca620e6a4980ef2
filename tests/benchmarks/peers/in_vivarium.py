"""The simple workload in vivarium: a component with its columns and its stream of draws."""

import numpy as np
import pandas as pd
import workload
from vivarium import Component, InteractiveContext

COLUMNS = ["age", "sex", "care"]


class Life(Component):
    """Health, births, ageing and the tally of a year."""

    def __init__(self, persons, seed):
        super().__init__()
        self.start = workload.people(persons, seed)
        self.chances = workload.chances()
        self.tables = []

    def setup(self, builder):
        self.draws = builder.randomness.get_stream("life")
        self.create = builder.population.get_simulant_creator()
        builder.population.register_initializer(self.begin, columns=COLUMNS)
        builder.population.register_tracked_query(f"care != {workload.DEAD}")

    def begin(self, born):
        n = len(born.index)
        age, sex = np.zeros(n, np.int8), np.zeros(n, np.uint8)
        if born.user_data["sim_state"] == "setup":
            age, sex = self.start
        else:
            girls = self.draws.get_draw(born.index, additional_key="sex") >= workload.BOYS
            sex = girls.to_numpy(np.uint8)
        care = np.zeros(n, np.uint8)
        self.population_view.initialize(
            pd.DataFrame({"age": age, "sex": sex, "care": care}, index=born.index)
        )

    def cells(self, people):
        place = people.sex.to_numpy(np.int64) * workload.AGES + people.age.to_numpy()
        return place * (workload.STATES + 1) + people.care.to_numpy()

    def on_time_step(self, event):
        table = self.chances
        people = self.population_view.get(event.index, COLUMNS)
        cells = self.cells(people)
        u = self.draws.get_draw(people.index, additional_key="health").to_numpy()
        rows = np.flatnonzero(u >= table.stays[cells])
        here = cells[rows]
        outcome = (u[rows, None] >= table.until[here]).sum(axis=1)
        care = people.care.to_numpy(copy=True)
        care[rows] = table.becomes[here, outcome]
        people["care"] = care
        bears = self.draws.get_draw(people.index, additional_key="birth").to_numpy()
        born = int((bears < table.birth[self.cells(people)]).sum())
        people["age"] = np.minimum(people.age.to_numpy() + 1, workload.OLDEST)
        self.population_view.update(COLUMNS, lambda _: people)
        counts = np.bincount(self.cells(people), minlength=int(np.prod(workload.CELLS)))
        table = counts.reshape(workload.CELLS)[..., : workload.STATES].copy()
        newborns = self.create(born, {"sim_state": "time_step"})
        sex = self.population_view.get(newborns, "sex").to_numpy()
        table[:, 0, 0] += np.bincount(sex, minlength=workload.SEXES)
        self.tables.append(table)


def prepare(persons, years, seed):
    """A run that is ready; returns what lives it and where its tables will be."""
    life = Life(persons, seed)
    simulation = InteractiveContext(
        components=[life],
        configuration={
            "population": {"population_size": persons},
            "time": {"step_size": 365},
            "randomness": {"random_seed": seed},
        },
    )
    return lambda: simulation.take_steps(years, with_logging=False), life
