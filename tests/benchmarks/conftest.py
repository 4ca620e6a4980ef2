"""Where figures are noted, and how they are shown: one table, and the same as JSON."""

from pathlib import Path

import pytest
from songhe.tests.benchmarks.environment import environment
from songhe.tests.benchmarks.figures import Figure, keep, table

ROOT = Path(__file__).parents[2]
NOTED: list[Figure] = []


def pytest_addoption(parser):
    group = parser.getgroup("songhe")
    group.addoption("--large", action="store_true", help="20 million persons as well")
    group.addoption(
        "--figures",
        type=Path,
        default=ROOT / ".venv" / "benchmarks.json",
        help="file for the table as JSON (default .venv/benchmarks.json)",
    )


@pytest.fixture
def note():
    """Add a line to the table: see `figures.Figure`."""

    def add(what, value, unit, **aim):
        NOTED.append(Figure(what, float(value), unit, **aim))

    return add


def pytest_terminal_summary(terminalreporter, config):
    if not NOTED:
        return
    terminalreporter.section("songhe")
    about = environment()
    terminalreporter.write_line(", ".join(f"{key} {value}" for key, value in about.items()))
    terminalreporter.write_line("")
    terminalreporter.write_line(table(NOTED))
    file = config.getoption("--figures")
    keep(file, about, NOTED)
    terminalreporter.write_line(f"\nwritten to {file}")
