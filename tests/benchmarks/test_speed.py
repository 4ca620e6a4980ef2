"""Person-years a second, bytes a person, cost by step, cold and warm start.

`make bench` runs this and prints a table. Nothing is asserted about time: machines are shared.
"""

import os
import resource
import subprocess
import sys

import pytest
from songhe.agents import base as base_of_2010
from songhe.agents import luck
from songhe.model.model import Options, SongheModel
from songhe.parameters.load import load

ONE_YEAR = """
import time
start = time.perf_counter()
from songhe.agents import base, luck
from songhe.model.model import SongheModel
from songhe.parameters.load import load
imported = time.perf_counter()
people = base.build(load(), 2000, 1, 0, "official")
SongheModel(people, load(), luck.key_of(1, 0, 0)).step()
print(imported - start, time.perf_counter() - imported)
"""
SIZES = (1_000_000, 5_000_000)


def model_of(persons, options=None):
    p = load()
    base = base_of_2010.load_or_build(p, persons, 1, 0, "official")
    model = SongheModel(base, p, luck.key_of(1, 0, 0), options=options)
    model.step()  # compiled, and the shape of the marriage market fitted
    return model


def people_in(model, year):
    return int(model.tally.years[year]["population"].sum())


@pytest.mark.parametrize("persons", SIZES)
def test_smallest_year(benchmark, note, persons):
    """Ageing, death, births and the tally alone."""
    model = model_of(persons, Options(differentials=False, markets=False, policies=False))
    benchmark.pedantic(model.step, rounds=5)
    lived = people_in(model, model.year)
    rate = lived / benchmark.stats.stats.median / 1e6
    benchmark.extra_info["million_person_years_a_second"] = rate
    note(f"smallest year, {persons:,} persons", rate, "million person-years a second")


@pytest.mark.parametrize("persons", SIZES)
def test_full_year(benchmark, note, persons):
    """The whole year at its first and at its fiftieth, and by step."""
    model = model_of(persons)
    for label, until in (("first years", 2016), ("fiftieth year", 2060)):
        model.seconds.clear()
        first = model.year + 1
        while model.year < until:
            model.step()
        lived = sum(people_in(model, year) for year in range(first, until + 1))
        rate = lived / sum(model.seconds.values()) / 1e6
        what = f"full year, {persons:,} persons, to the {label}"
        benchmark.extra_info[label] = rate
        note(what, rate, "million person-years a second")
    model.seconds.clear()
    benchmark.pedantic(model.step, rounds=1)
    for name, seconds in sorted(model.seconds.items(), key=lambda item: -item[1]):
        cost = seconds / people_in(model, model.year) * 1e9
        benchmark.extra_info[f"ns_{name}"] = cost
        note(f"  {name}, {persons:,} persons, in {model.year}", cost, "ns a person-year")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / persons
    note(f"columns, {persons:,} persons", model.people.bytes_per_person, "bytes a person")
    note(f"peak of the process, {persons:,} persons", peak, "bytes a person of the base")


def test_cold_and_warm_start(benchmark, note, tmp_path):
    """A process that builds 2,000 persons and lives one year, without and with its cache."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}

    def start():
        done = subprocess.run(
            [sys.executable, "-c", ONE_YEAR],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return [float(part) for part in done.stdout.split()]

    imported, cold = start()
    note("import of the model", imported, "seconds")
    note("cold start, build and first year with compilation", cold, "seconds")
    benchmark.pedantic(start, rounds=3)
    note("warm start, build and first year", start()[1], "seconds")
