"""Scenarios: named sets of changes to the parameters, in YAML files.

    name: child-subsidy-double
    title: Child subsidy doubled from 2027
    title_zh: 2027年起育儿补贴加倍
    extends: baseline                 # the default: a shipped name, or a file beside this one
    changes:
      policies.child_subsidy.amount: {2027-01-01: 7200}

An empty `changes` is the null policy. `structural: true` marks a baseline of its own, whose
alignment constants are solved anew; `announced` the day from which people can know of the
changes, so that births answer from then on; `responses: assumed` switches on the offered values
of neutral levers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ValidationError

from ..parameters.load import Parameters, load
from ..parameters.problems import ParameterError, Problem, one_of
from ..parameters.schema import IsoDate, Strict, Text, plain_file, problems_of
from ..parameters.yamlfile import read_yaml

SHIPPED = Path(__file__).parent / "scenarios"
BASELINE = "baseline"
ANNOUNCED = "demography.fertility_response.announced"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FILE_BESIDE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\.ya?ml")


def _name(value: object) -> object:
    if not isinstance(value, str) or len(value) > 60 or not _NAME.fullmatch(value):
        raise ValueError("a short name of small letters, digits, - and _")
    return value


class ScenarioFile(Strict):
    """What a scenario file may hold."""

    name: Annotated[str, BeforeValidator(_name)]
    title: Text
    title_zh: Text
    extends: Text | None = None
    changes: Annotated[
        dict[str, Any], BeforeValidator(lambda value: {} if value is None else value)
    ]
    structural: bool = False
    announced: IsoDate | None = None
    responses: Literal["none", "assumed"] | None = None
    note: str | None = None


@dataclass(frozen=True)
class Scenario:
    """A scenario with everything it inherits.

    `changes` are its own on top of those of the scenarios it extends, ready for `load`;
    `ancestors` are these scenarios, the nearest first.
    """

    name: str
    title: str
    title_zh: str
    structural: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    announced: date | None = None
    responses: Literal["none", "assumed"] = "none"
    note: str | None = None
    path: Path | None = None
    ancestors: tuple["Scenario", ...] = ()

    @property
    def reference(self) -> "Scenario":
        """The scenario whose alignment constants hold here: itself if structural."""
        if self.structural or not self.ancestors:
            return self
        return next((s for s in self.ancestors if s.structural), self.ancestors[-1])

    def parameters(self, base: Parameters | None = None) -> Parameters:
        """The parameters under this scenario, at their medians.

        Raises
        ------
        ParameterError
            With everything that is wrong in the changes.
        """
        return (load() if base is None else base).overlay(
            self.changes, file=self._label, responses=self.responses
        )

    def horizon_problems(self, parameters: Parameters, until: int) -> list[Problem]:
        """Series under this scenario that end before a year; its own name the scenario's file."""
        return [
            problem._replace(file=self._label) if problem.key in self.changes else problem
            for problem in parameters.check_horizon(until)
        ]

    def first_difference(self, base: Parameters | None = None) -> date | None:
        """First day on which a step could tell this scenario from its reference.

        `date.min` means from the beginning; None means never, as under a null policy.
        """
        base = load() if base is None else base
        mine, theirs = self.parameters(base), self.reference.parameters(base)
        days = mine.changed_from(theirs, self.announced).values()
        return min((day or date.min for day in days), default=None)

    @property
    def _label(self) -> str:
        return self.path.name if self.path else self.name


def shipped_names() -> tuple[str, ...]:
    """Names of the scenarios that come with songhe."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """A shipped scenario by name, or one in a YAML file.

    Raises
    ------
    ParameterError
        If it or one that it extends cannot be read, is malformed or extends itself. Whether
        its changes fit the parameters is checked by `Scenario.parameters`.
    """
    return _load(_locate(str(name_or_path)), ())


def _locate(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        return path.resolve()
    if name_or_path not in shipped_names():
        allowed = f"{one_of(shipped_names(), name_or_path)}, or the path of a .yaml file"
        raise _error("option", "SCENARIO", name_or_path, allowed)
    return SHIPPED / f"{name_or_path}.yaml"


def _load(path: Path, chain: tuple[Path, ...]) -> Scenario:
    if path in chain:
        names = " -> ".join(p.stem for p in (*chain, path))
        raise _error(path.name, "extends", names, "a scenario that does not extend itself")
    record = _read(path)
    parent = None
    if (origin := _origin(record, path)) is not None:
        parent = _load(origin, (*chain, path))
    own = {
        key: _with_paths(change, path.parent, path.name, key)
        for key, change in record.changes.items()
    }
    inherited = parent.changes if parent else {}
    if record.announced:
        own.setdefault(ANNOUNCED, {record.announced: 1})
    return Scenario(
        name=record.name,
        title=record.title,
        title_zh=record.title_zh,
        structural=record.structural,
        changes=_layered(inherited, own),
        announced=record.announced or (parent.announced if parent else None),
        responses=record.responses or (parent.responses if parent else "none"),
        note=record.note,
        path=path,
        ancestors=(parent, *parent.ancestors) if parent else (),
    )


def _read(path: Path) -> ScenarioFile:
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise _error(path.name, "", content, "a map with name, title, title_zh and changes")
    try:
        record = ScenarioFile.model_validate(content)
    except ValidationError as fault:
        raise ParameterError(problems_of(fault, path.name, "")) from None
    shipped = SHIPPED / f"{record.name}.yaml"
    if shipped.exists() and shipped.resolve() != path.resolve():
        raise _error(path.name, "name", record.name, "a name that no shipped scenario has")
    return record


def _origin(record: ScenarioFile, path: Path) -> Path | None:
    """File of the scenario that this one extends; only the baseline extends none."""
    if record.extends is None:
        return (
            None
            if path.resolve() == (SHIPPED / f"{BASELINE}.yaml").resolve()
            else _locate(BASELINE)
        )
    if record.extends in shipped_names():
        return _locate(record.extends)
    if not _FILE_BESIDE.fullmatch(record.extends):
        allowed = f"{one_of(shipped_names())}, or the plain name of a .yaml file beside this one"
        raise _error(path.name, "extends", record.extends, allowed)
    return (path.parent / record.extends).resolve()


def _with_paths(change: Any, folder: Path, file: str, key: str) -> Any:
    """A change whose table is named by its full path, so that folders can be mixed."""
    if isinstance(change, dict) and "layers" in change:
        raise _error(file, key, "layers", "a change, not layers of changes")
    if not isinstance(change, dict) or "data" not in change:
        return change
    try:
        name = plain_file(change["data"])
    except ValueError as reason:
        raise _error(file, f"{key}.data", change["data"], str(reason)) from None
    return change | {"data": folder / str(name)}


def _layered(inherited: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Own changes after the inherited ones of the same key."""
    merged = dict(inherited)
    for key, change in own.items():
        below = _layers(merged[key]) if key in merged else []
        merged[key] = {"layers": [*below, change]} if below else change
    return merged


def _layers(change: Any) -> list[Any]:
    return change["layers"] if isinstance(change, dict) and "layers" in change else [change]


def _error(file: str, key: str, value: object, allowed: str) -> ParameterError:
    return ParameterError([Problem(file, key, value, allowed)])
