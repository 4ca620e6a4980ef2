"""Checks a user's files of any kind: what stands behind `songhe check`."""

from collections.abc import Iterable
from pathlib import Path

from ..parameters.check import check_parameter_file
from ..parameters.load import load
from ..parameters.problems import ParameterError, Problem
from ..parameters.yamlfile import read_yaml
from .lawful import scenario_problems
from .scenario import load_scenario
from .settings import distinct

SCENARIO_FIELDS = {"name", "changes", "extends", "title_zh"}


def check_files(paths: Iterable[Path | str], until: int | None = None) -> list[Problem]:
    """Every problem of every file; an empty list means that all are sound.

    Parameters
    ----------
    paths : scenario files and parameter files (YAML; their tables are read with them)
    until : if given, scenarios are also checked for series that stop before this year
    """
    problems: list[Problem] = []
    for path in map(Path, paths):
        try:
            problems += _check(path, until)
        except ParameterError as fault:
            problems += fault.problems
    return distinct(problems)


def _check(path: Path, until: int | None) -> list[Problem]:
    if path.suffix not in (".yaml", ".yml"):
        allowed = "a .yaml file (a table is checked with the YAML file that names it)"
        return [Problem(path.name or str(path), "", path.suffix or "no suffix", allowed)]
    content = read_yaml(path)
    if isinstance(content, dict) and _is_scenario(content):
        scenario = load_scenario(path)
        under = scenario.parameters(load())
        late = [] if until is None else scenario.horizon_problems(under, until)
        return [*scenario_problems(scenario, under), *late]
    return check_parameter_file(path)


def _is_scenario(content: dict[object, object]) -> bool:
    """Scenario fields stand at the top; the entries of a parameter file are maps."""
    found = SCENARIO_FIELDS & set(content)
    return any(name == "changes" or not isinstance(content[name], dict) for name in found)
