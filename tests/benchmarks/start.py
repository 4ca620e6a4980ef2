"""A first year of 2,000 persons from nothing; prints the seconds of import, base and year.

    python -m songhe.tests.benchmarks.start FOLDER

The base is kept in the folder, or taken from there.
"""

import sys
from itertools import pairwise
from time import perf_counter

BEGAN = perf_counter()

from songhe.agents import base, luck  # noqa: E402
from songhe.model.model import SongheModel  # noqa: E402
from songhe.parameters.load import load  # noqa: E402


def main() -> None:
    """See the module."""
    times = [BEGAN, perf_counter()]
    p = load()
    people = base.load_or_build(p, 2_000, 1, 0, "official", sys.argv[1])
    times.append(perf_counter())
    SongheModel(people, p, luck.key_of(1, 0, 0)).step()
    times.append(perf_counter())
    print(*(after - before for before, after in pairwise(times)))


if __name__ == "__main__":
    main()
