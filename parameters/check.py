"""Checks parameter files by themselves, without running anything."""

from pathlib import Path

from .files import SOURCES, Loaded, read_entries, read_sources, shared_luck_problems
from .problems import Problem

SHIPPED = Path(__file__).parent


def check_parameter_file(path: Path) -> list[Problem]:
    """Every problem of a file of entries, or of a list of sources."""
    return read_parameter_file(path)[1]


def read_parameter_file(path: Path) -> tuple[dict[str, Loaded], list[Problem]]:
    """The entries of a file, none of a list of sources, and every problem of it.

    Source ids are looked up in the `sources.yaml` one folder up, as in the shipped tree, or
    else in the shipped one; entries named by `same_as` in the files around it.
    """
    path = path.resolve()
    if path.name == SOURCES:
        return {}, read_sources(path)[1]
    root = path.parent.parent
    if not (root / SOURCES).exists():
        root = SHIPPED
    sources, _ = read_sources(root / SOURCES)
    entries, problems = read_entries(path, sources)
    around: dict[str, Loaded] = {}
    for other in sorted(root.glob("*/*.yaml")):
        around |= {} if other == path else read_entries(other, sources)[0]
    return entries, problems + [
        problem
        for problem in shared_luck_problems(around | entries)
        if problem.key.rsplit(".prior", 1)[0] in entries
    ]
