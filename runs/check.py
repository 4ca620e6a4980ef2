"""Checks a user's files of any kind: what stands behind `songhe check`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ..parameters.check import read_parameter_file
from ..parameters.dated import Quantity
from ..parameters.files import Loaded
from ..parameters.load import load
from ..parameters.problems import ParameterError, Problem
from ..parameters.yamlfile import read_yaml
from .lawful import law_problems, scenario_problems
from .scenario import SHIPPED, load_scenario, shipped_names
from .settings import distinct

SCENARIO_FIELDS = {"name", "changes", "extends", "title_zh"}


def check_files(paths: Iterable[Path | str], until: int | None = None) -> list[Problem]:
    """Every problem of every file; an empty list means that all are sound.

    Parameters
    ----------
    paths : scenario files and parameter files (YAML; their tables are read with them), or names
        of shipped scenarios
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
    if str(path) in shipped_names():
        path = SHIPPED / f"{path}.yaml"
    if path.suffix not in (".yaml", ".yml"):
        allowed = "a .yaml file (a table is checked with the YAML file that names it)"
        return [Problem(path.name or str(path), "", path.suffix or "no suffix", allowed)]
    content = read_yaml(path)
    if isinstance(content, dict) and _is_scenario(content):
        scenario = load_scenario(path)
        under = scenario.parameters(load())
        late = [] if until is None else scenario.horizon_problems(under, until)
        return [*scenario_problems(scenario, under), *late]
    entries, problems = read_parameter_file(path)
    return problems or _together(entries)


def _together(entries: Mapping[str, Loaded]) -> list[Problem]:
    """What is wrong with entries of one file, read with the shipped ones of all other files."""
    shipped = load()
    for key, item in entries.items():
        known = shipped.loaded[key].quantity if key in shipped else item.quantity
        kind, wanted = _kind(item.quantity), _kind(known)
        if kind != wanted:
            return [Problem(item.file, key, kind, f"{wanted}: so the model reads it")]
    law = replace(shipped, loaded={**shipped.loaded, **entries})
    file = next((item.file for item in entries.values()), "")
    return [
        problem
        for problem in law_problems(law, file)
        if any(problem.key == key or problem.key.startswith(f"{key}.") for key in entries)
    ]


def _kind(quantity: Quantity) -> str:
    return (
        f"{'dated' if quantity.dates else 'undated'}, by {' and '.join(quantity.dims) or 'nothing'}"
    )


def _is_scenario(content: dict[object, object]) -> bool:
    """Scenario fields stand at the top; the entries of a parameter file are maps."""
    found = SCENARIO_FIELDS & set(content)
    return any(name == "changes" or not isinstance(content[name], dict) for name in found)
