"""Lives the full model in a process of its own and prints what it took, as JSON.

    python -m songhe.tests.benchmarks.full_model PERSONS YEARS [--threads N] [--wait]

Two thousand persons live sixteen years first, so that everything is compiled. With --wait the
process says `ready` and begins once it is sent a line, so that several begin together.
"""

import argparse
import json
import sys
from time import perf_counter, process_time
from typing import Any

from songhe.agents import base, luck
from songhe.model.model import Options, SongheModel
from songhe.parameters.load import load
from songhe.tests.benchmarks import floor, memory

WARM = (2_000, 16)  # persons, years: to the first year in which every policy pays


def model_of(persons: int, options: Options) -> SongheModel:
    """A model at the end of the base year; the base is kept for the next run."""
    p = load()
    people = base.load_or_build(p, persons, 1, 0, "official")
    return SongheModel(people, p, luck.key_of(1, 0, 0), options=options, takes_over=True)


def live(model: SongheModel, years: int) -> dict[str, Any]:
    """Live some years; persons at the end, wall time and processor time of each.

    rows : the most that are in use at the end of a year, the dead not yet dropped among them
    """
    persons, wall, processor, rows = [], [], [], model.people.n
    for _ in range(years):
        began, worked = perf_counter(), process_time()
        model.step()
        wall.append(perf_counter() - began)
        processor.append(process_time() - worked)
        persons.append(int(model.tally.years[model.year]["population"].sum()))
        rows = max(rows, model.people.n)
    return {"persons": persons, "wall": wall, "processor": processor, "rows": rows}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("persons", type=int)
    parser.add_argument("years", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--wait", action="store_true")
    asked = parser.parse_args()
    options = Options(threads=asked.threads)
    persons, years = WARM
    live(model_of(persons, Options(block=persons * 3 // 4)), years)  # a whole block and a part
    measured: dict[str, Any] = {
        "word": floor.seconds_a_word(),
        "byte": floor.seconds_a_byte(),
    }
    memory.forget_peak()
    measured["before"] = memory.peak()
    model = model_of(asked.persons, options)
    measured["peak_of_start"] = memory.peak()
    memory.forget_peak()
    words = floor.Words()
    if asked.wait:
        print("ready", flush=True)
        sys.stdin.readline()
    measured |= live(model, asked.years)
    measured["peak"] = memory.peak()
    measured["row"] = model.people.bytes_per_person
    measured["words"] = words.asked
    measured["moved"] = floor.bytes_moved(model)
    measured["steps"] = dict(model.seconds)
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
