"""The full model: cost, memory, start, threads, processes, and the floor it stands on.

Each measurement is a process of its own (`full_model.py`, `start.py`). Nothing is asserted on time.
"""

import json
import os
import subprocess
import sys
from time import perf_counter

import numpy as np
import pytest

SIZES = (100_000, 1_000_000, 5_000_000, 20_000_000)
LARGE = 20_000_000
YEARS, FEW = 50, 10
SEVERAL = 1_000_000  # persons where threads and processes are compared
DETAILED = (1_000_000, 5_000_000)  # persons where each step is shown
AT_LEAST_FOR_MEMORY = 1_000_000  # persons: below, the process itself is most of its memory


def begin(*asked):
    """Without what a Dask cluster in this process has left in its environment: it slows a year."""
    words = [sys.executable, "-m", "songhe.tests.benchmarks.full_model", *map(str, asked)]
    plain = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    return subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=plain
    )


def result(process):
    out, _ = process.communicate("\n")
    assert process.returncode == 0
    return json.loads(out.splitlines()[-1])


def measure(*asked):
    return result(begin(*asked))


def cost(m, clock, years=slice(None)):
    """Nanoseconds a person-year over some of the years."""
    return sum(m[clock][years]) / sum(m["persons"][years]) * 1e9


@pytest.fixture(scope="session", autouse=True)
def compiled():
    """Everything compiled and kept before anything is measured."""
    measure(2_000, 1)


def sizes(config):
    return [size for size in SIZES if size < LARGE or config.getoption("--large", False)]


def pytest_generate_tests(metafunc):
    if "persons" in metafunc.fixturenames:
        metafunc.parametrize("persons", sizes(metafunc.config))


def test_fifty_years(benchmark, note, persons):
    measure(persons, 0)  # the base is kept, so that the memory of building it is not counted
    m = benchmark.pedantic(measure, args=(persons, YEARS), rounds=1)
    benchmark.extra_info |= m
    of = f", {persons:,} persons"
    whole = cost(m, "processor")
    note("full model" + of, whole, "ns a person-year and core", at_most=110)
    first, last = cost(m, "processor", slice(5)), cost(m, "processor", slice(-5, None))
    note("  years 46-50 over years 1-5" + of, last / first, "times")
    against_the_floor(note, m, of)
    if persons >= AT_LEAST_FOR_MEMORY:
        memory(note, m, of)
    if persons in DETAILED:
        for name, seconds in sorted(m["steps"].items(), key=lambda item: -item[1]):
            note(f"    {name}{of}", seconds / sum(m["persons"]) * 1e9, "ns a person-year")


def against_the_floor(note, m, of):
    """Words and bytes of a person-year, what they cost at least, and what the year costs."""
    words = m["words"] / sum(m["persons"])
    floor = (words * m["word"] + m["moved"] * m["byte"]) * 1e9
    note("  words of luck" + of, words, "words a person-year")
    note("    one of them" + of, m["word"] * 1e9, "ns")
    note("  columns read and written" + of, m["moved"], "bytes a person-year")
    note("    copy bandwidth" + of, 1e-9 / m["byte"], "GB a second")
    note("  floor of words and bytes" + of, floor, "ns a person-year and core")
    note("  cost over the floor" + of, cost(m, "processor") / floor, "times")


def memory(note, m, of):
    """The state, and what is held beside the compiled program, as a multiple of it."""
    state = m["row"] * m["rows"]
    note("  state" + of, m["row"], "bytes a person", at_most=80)
    years, start = ((m[name] - m["before"]) / state for name in ("peak", "peak_of_start"))
    note("  peak of the years over state" + of, years, "times", at_most=1.3)
    note("  peak of the start over state" + of, start, "times")


def test_threads(benchmark, note):
    one = measure(SEVERAL, FEW)
    two = benchmark.pedantic(measure, args=(SEVERAL, FEW, "--threads", 2), rounds=1)
    assert two["persons"] == one["persons"]
    note("two threads over one", cost(one, "wall") / cost(two, "wall"), "times")


def test_processes(benchmark, note):
    def together(number):
        processes = [begin(SEVERAL, FEW, "--wait") for _ in range(number)]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        return [result(process) for process in processes]

    one = together(1)
    two = benchmark.pedantic(together, args=(2,), rounds=1)
    speed = sum(1 / cost(m, "wall") for m in two) * cost(one[0], "wall")
    had = sum(sum(m["processor"]) / sum(m["wall"]) for m in two)
    note("two processes over one, a replicate each", speed, "times", at_least=1.85)
    note("  cores that the machine gave to the two", had, "cores")


def test_cold_and_warm_start(benchmark, note, tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "compiled")}

    def start():
        began = perf_counter()
        words = [sys.executable, "-m", "songhe.tests.benchmarks.start", str(tmp_path / "base")]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        return [perf_counter() - began, *map(float, done.stdout.split())]

    cold = start()
    warm = []
    benchmark.pedantic(lambda: warm.append(start()), rounds=3)
    warm = np.median(warm, axis=0)
    note("warm start: process, import, base kept, first year", warm[0], "seconds", at_most=1)
    for name, seconds in zip(("import", "base", "first year"), warm[1:], strict=True):
        note(f"  {name}", seconds, "seconds")
    note("cold start: the same with nothing compiled and no base", cold[0], "seconds")
    note("  compilation of base and year", cold[0] - warm[0], "seconds", at_most=15)
