"""The simple workload in starsim, neworder and vivarium, beside songhe in the same run.

    make bench-peers      or      python -m songhe.tests.benchmarks.bench_peers

Each peer gets a virtual environment of its own under .venv/peers, with its newest version; one
that does not install or run is named with the reason. Its tables must agree with those of NumPy
columns before its time counts.
"""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from songhe.tests.benchmarks import simple_mesa, simple_numpy, simple_songhe
from songhe.tests.benchmarks.environment import environment
from songhe.tests.benchmarks.figures import Figure, keep, table
from songhe.tests.benchmarks.test_simple import cost, lived, outcome

HERE = Path(__file__).parent
VENV = HERE.parents[1] / ".venv"
PEERS = ("starsim", "neworder", "vivarium")
PERSONS, YEARS, SEED = 1_000_000, 10, 1
REPLICATES = 20  # of NumPy columns, for what chance does
STANDARD_ERRORS = 4.5
UNIT = "ns a person-year and core"


class Failed(Exception):
    """A peer that cannot be measured, and why."""


def run(*words: str | Path, **environment: str) -> str:
    """What a command prints; `Failed` with its last line of complaint."""
    done = subprocess.run(words, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")]
        raise Failed((errors or lines or ["no reason given"])[-1])
    return done.stdout


def installed(peer: str) -> Path:
    """The Python of a peer's own environment, made if it is not there."""
    folder = VENV / "peers" / peer
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peer)
    return python


def measure(peer: str, expected: NDArray[np.float64]) -> tuple[str, float]:
    """Name with version, and the cost of a person-year.

    expected : outcomes of NumPy columns, float64[replicate, outcome]
    """
    one = HERE / "peers" / "one.py"
    asked = (peer, str(PERSONS), str(YEARS), str(SEED))
    out = run(installed(peer), one, *asked, PYTHONPATH=str(HERE))
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    tables = np.array(told["tables"])
    off = np.abs(outcome(tables) - expected.mean(0)) / expected.std(0, ddof=1)
    if not (off < STANDARD_ERRORS).all():
        raise Failed(f"another result: {off.round(1)} standard errors from NumPy columns")
    return f"{peer} {told['version']}", told["seconds"] / tables.sum() * 1e9


def main() -> None:
    """Measure all, show and keep the table."""
    seeds = range(SEED, SEED + REPLICATES)
    expected = np.array([outcome(lived(simple_numpy, PERSONS, YEARS, s)) for s in seeds])
    lived(simple_songhe, 2_000, 5)  # compiled
    ours = cost(simple_songhe, PERSONS, YEARS)
    costs = {
        "songhe": ours,
        "NumPy columns": cost(simple_numpy, PERSONS, YEARS),
        "Mesa objects": cost(simple_mesa, PERSONS // 20, YEARS // 2),
    }
    failed = []
    for peer in PEERS:
        try:
            name, figure = measure(peer, expected)
            costs[name] = figure
        except Failed as problem:
            failed.append(f"{peer}: not measured: {problem}")
    figures = []
    for name, figure in costs.items():
        figures.append(Figure(f"simple workload, {name}", figure, UNIT))
        if name != "songhe":
            figures.append(Figure(f"  over songhe, {name}", figure / ours, "times"))
    print(table(figures), *failed, sep="\n")
    keep(VENV / "peers.json", environment(), figures, failed=failed)


if __name__ == "__main__":
    main()
