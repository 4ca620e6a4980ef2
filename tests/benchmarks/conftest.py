"""Prints what was measured as one table, after pytest-benchmark's own."""

import pytest

ROWS = []


@pytest.fixture
def note():
    """Add a row to the table: what was measured, the figure, its unit."""

    def add(what, figure, unit):
        ROWS.append((what, figure, unit))

    return add


def pytest_terminal_summary(terminalreporter):
    """One line per figure."""
    if ROWS:
        terminalreporter.section("songhe")
        for what, figure, unit in ROWS:
            terminalreporter.write_line(f"{what:<58} {figure:>12,.4g} {unit}")
