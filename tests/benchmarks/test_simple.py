"""The simple workload through songhe, NumPy columns and one Mesa object a person.

All figures are of one core's own time in one run, rounds taken in turn, so that a busy machine
touches each alike. Mesa lives fewer people for fewer years; the cost of a person-year is compared.
"""

from time import process_time

import numpy as np
import pytest
from songhe.tests.benchmarks import simple_mesa, simple_numpy, simple_songhe

KEPT = 31 * 1024**2  # bytes; freed once, and glibc keeps blocks up to it for the next use
PERSONS, YEARS = 1_000_000, 50
MESA_PERSONS, MESA_YEARS = 50_000, 5
ROUNDS = 3


def lived(engine, persons, years, seed=0):
    """Tables int64[year, sex, age, state] of a run."""
    model = engine.Simple(persons, seed)
    for _ in range(years):
        model.step()
    return np.array(model.tables)


def cost(engine, persons, years):
    """Nanoseconds of one core for a person-year; the start is not counted.

    Freed memory is kept by the process. Given back and asked for anew, it makes NumPy's whole
    columns cost half as much again, and which it is would depend on what else has run.
    """
    np.empty(KEPT, np.uint8)
    model = engine.Simple(persons)
    began = process_time()
    for _ in range(years):
        model.step()
    return (process_time() - began) / np.sum(model.tables) * 1e9


def outcome(tables):
    """People at the end, births, people in care and people of 80 and over, float64[4]."""
    end = tables[-1]
    return np.array(
        [end.sum(), tables[:, :, 0].sum(), end[..., 1:].sum(), end[:, 80:].sum()], dtype=float
    )


def outcomes(engine, seeds, persons=2_000, years=12):
    """Of each replicate, float64[seed, 4]."""
    return np.array([outcome(lived(engine, persons, years, seed)) for seed in seeds])


@pytest.fixture(scope="module")
def in_songhe():
    return outcomes(simple_songhe, range(100, 200))


@pytest.mark.parametrize(("other", "replicates"), [(simple_numpy, 100), (simple_mesa, 40)])
def test_engines_do_the_same_work(in_songhe, other, replicates):
    theirs = outcomes(other, range(replicates))
    error = np.sqrt(in_songhe.var(0, ddof=1) / len(in_songhe) + theirs.var(0, ddof=1) / replicates)
    assert (error < 0.06 * theirs.mean(0)).all()  # small enough to see a difference
    assert (np.abs(in_songhe.mean(0) - theirs.mean(0)) < 4 * error).all()


def test_songhe_lives_the_same_years_for_any_block_and_number_of_threads():
    usual = lived(simple_songhe, 5_000, 12)
    model = simple_songhe.Simple(5_000, threads=2, block=512)
    for _ in range(12):
        model.step()
    assert (np.array(model.tables) == usual).all()


def test_simple_workload(benchmark, note):
    lived(simple_songhe, 2_000, 5)  # compiled
    ours, columns, objects = [], [], []

    def others():
        columns.append(cost(simple_numpy, PERSONS, YEARS))
        objects.append(cost(simple_mesa, MESA_PERSONS, MESA_YEARS))

    def own():
        ours.append(cost(simple_songhe, PERSONS, YEARS))

    benchmark.pedantic(own, setup=others, rounds=ROUNDS)
    songhe, numpy, mesa = (float(np.median(costs)) for costs in (ours, columns, objects))
    benchmark.extra_info |= {"songhe": songhe, "numpy": numpy, "mesa": mesa}
    note("simple workload, songhe", songhe, "ns a person-year and core")
    note("simple workload, NumPy columns", numpy, "ns a person-year and core")
    note("simple workload, Mesa objects", mesa, "ns a person-year and core")
    note("simple workload, songhe over NumPy columns", numpy / songhe, "times", at_least=3)
    note("simple workload, songhe over Mesa objects", mesa / songhe, "times", at_least=200)
