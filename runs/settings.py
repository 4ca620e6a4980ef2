"""What a run is asked to do: its size, its scenarios, and the key that a resumed run must meet."""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..parameters.load import Parameters, load
from ..parameters.problems import ParameterError, Problem
from .lawful import scenario_problems
from .place import OWN, LocalPlace, Place, place_of
from .scenario import BASELINE, Scenario, load_scenario

if TYPE_CHECKING:
    from ..parameters.rates import Concept

Detail = Literal["standard", "full"]
DEFAULT_SCENARIOS = (BASELINE, "child-subsidy-double", "ltci-delayed")
STRUCTURAL = (BASELINE, "tfr-constant", "tfr-decline")
FORMAT = 2  # of the stored results: every chunk with its checksum
STORE = "results.zarr"  # in the folder of a run
TOGETHER = "-replicates-"  # in the key of a coupled scenario, before their number
OPTION = "option"  # stands for the file in a problem with an option

LIMITS: dict[str, tuple[int, int]] = {
    "persons": (500, 100_000_000),
    "replicates": (1, 10_000),
    "draws": (0, 10_000),
    "until": (2011, 2100),
    "seed": (0, 2**63 - 1),
    "workers": (1, 1024),
    "rounds": (1, 100),
}
PLAIN = ("until", "seed")  # written without separators
CHOICES: dict[str, tuple[str, ...]] = {
    "concept": ("official", "wpp"),
    "detail": ("standard", "full"),
}


@dataclass(frozen=True)
class Settings:
    """Size and kind of a run.

    persons : agents in one replicate at the start
    draws : parameter draws beside draw 0, which is always made
    until : last year lived
    detail : "standard" keeps tables by both province and single age for draw 0 only
    """

    persons: int = 40_000
    replicates: int = 2
    draws: int = 20
    until: int = 2060
    seed: int = 1
    concept: "Concept" = "official"
    detail: Detail = "standard"

    @property
    def units(self) -> list[tuple[int, int]]:
        """Every (draw, replicate), draw 0 first."""
        return [(d, r) for d in range(self.draws + 1) for r in range(self.replicates)]

    @property
    def key(self) -> dict[str, object]:
        """What may not change when a run is resumed or enlarged."""
        kept = ("persons", "until", "seed", "concept", "detail")
        return {name: value for name, value in asdict(self).items() if name in kept}


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, in order; their values may be of any kind."""
    return list({str(problem): problem for problem in problems}.values())


def option_problems(**options: object) -> list[Problem]:
    """A problem for every option that is out of its range."""
    found = []
    for name, value in options.items():
        if name in LIMITS:
            low, high = LIMITS[name]
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not low <= int(value) <= high:  # type: ignore[call-overload]
                span = f"{low} to {high}" if name in PLAIN else f"{low:,} to {high:,}"
                allowed = f"a whole number from {span}"
                found.append(Problem(OPTION, f"--{name}", value, allowed))
        elif name in CHOICES and value not in CHOICES[name]:
            found.append(Problem(OPTION, f"--{name}", value, " or ".join(CHOICES[name])))
    return found


def folder_problems(out: Place | Path | str) -> list[Problem]:
    """What keeps a folder from taking results; nothing is written to find out."""
    try:
        place = place_of(out)
        allowed = _barrier(place.path) if isinstance(place, LocalPlace) else ""
        names = [] if allowed else place.names()
    except ParameterError as fault:
        return list(fault.problems)
    except OSError as fault:
        allowed, names = f"a place that can be reached ({type(fault).__name__}: {fault})", []
    if STORE not in names and any(not name.startswith(OWN) for name in names):
        allowed = "a new or empty folder, or one with results; this one holds other files"
    return [Problem(OPTION, "--out", str(out), allowed)] if allowed else []


def _barrier(out: Path) -> str:
    """What a folder of this machine would have to be; nothing if it is."""
    existing = out
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return f"a folder; {existing} is a file"
    if not os.access(existing, os.W_OK | os.X_OK):
        return f"a folder that can be written; {existing} cannot"
    return ""


class Case(NamedTuple):
    """One scenario as a worker needs it.

    parameters : at their medians
    origin : case from whose life it branches; None for the baseline
    anew : solves its own constants (a structural baseline)
    stored : its results are kept; else it is only lived for others
    coupled : a rule reacts to national totals: the replicates of a draw meet once a year
    key : digest of everything that determines its results beside the settings
    """

    name: str
    parameters: Parameters
    origin: str | None
    anew: bool
    stored: bool
    announced: date | None
    coupled: bool
    key: str


class Work(NamedTuple):
    """Everything that a worker needs to live any unit of a run.

    cases : origins before those that branch from them
    branching : False makes every scenario live a second life from 2011
    """

    settings: Settings
    cases: tuple[Case, ...]
    branching: bool = True

    def case(self, name: str) -> Case:
        """The case of a name."""
        return next(case for case in self.cases if case.name == name)

    @property
    def content_key(self) -> str:
        """Digest of all that determines the results of a unit, beside the sources."""
        cases = [(case.name, case.key) for case in self.cases]
        about = json.dumps([self.settings.key, self.branching, cases])
        return hashlib.sha256(about.encode()).hexdigest()[:32]

    @property
    def root(self) -> Case:
        """The baseline, whose medians make the starting population."""
        return self.cases[0]

    @property
    def stored(self) -> tuple[str, ...]:
        """Names of the scenarios whose results are kept."""
        return tuple(case.name for case in self.cases if case.stored)


def resolve(names: Sequence[str | Path]) -> list[Scenario]:
    """The scenarios asked for, each once, with the baselines that they are compared with.

    Raises
    ------
    ParameterError
        With every problem of every file, and if two scenarios share a name.
    """
    problems: list[Problem] = []
    found: dict[str, Scenario] = {}
    for name in names:
        try:
            scenario = load_scenario(name)
            problems += scenario_problems(scenario, scenario.parameters(load()))
        except ParameterError as fault:
            problems += fault.problems
            continue
        for one in (scenario.reference, scenario):
            known = found.setdefault(one.name, one)
            if known.path != one.path:
                problems.append(_twice(one, known))
    if not names:
        problems.append(Problem(OPTION, "SCENARIO", "none", "at least one scenario"))
    if problems:
        raise ParameterError(distinct(problems))
    return list(found.values())


def _twice(one: Scenario, known: Scenario) -> Problem:
    file = one.path.name if one.path else one.name
    return Problem(file, "name", one.name, f"a name other than that of {known.path}")


def work_of(scenarios: Iterable[Scenario], settings: Settings, *, branching: bool = True) -> Work:
    """Everything to be lived, origins first.

    Raises
    ------
    ParameterError
        With every change that does not fit and every series that ends before the horizon.
    """
    base, cases, problems = load(), dict[str, Case](), list[Problem]()

    def add(scenario: Scenario, stored: bool) -> None:
        origin = origin_of(scenario)
        if origin is not None and origin.name not in cases:
            add(origin, False)
        if scenario.name in cases:
            cases[scenario.name] = cases[scenario.name]._replace(
                stored=stored or cases[scenario.name].stored
            )
            return
        try:
            parameters = scenario.parameters(base)
        except ParameterError as fault:
            problems.extend(fault.problems)
            return
        problems.extend(scenario.horizon_problems(parameters, settings.until))
        above = None if origin is None else cases.get(origin.name)
        cases[scenario.name] = _case(scenario, parameters, above, stored, settings.replicates)

    for scenario in scenarios:
        add(scenario, True)
    if problems:
        raise ParameterError(distinct(problems))
    return Work(settings, tuple(cases.values()), branching)


def origin_of(scenario: Scenario) -> Scenario | None:
    """The scenario from whose life this one branches, and None for the baseline of all.

    A structural baseline branches from the baseline of all, others from their reference.
    """
    if scenario.structural and scenario.ancestors:
        return scenario.ancestors[-1]
    return None if scenario.reference is scenario else scenario.reference


def _case(
    scenario: Scenario, parameters: Parameters, origin: Case | None, stored: bool, replicates: int
) -> Case:
    about: list[object] = [
        parameters.hash,
        str(scenario.announced),
        scenario.structural,
        origin.key if origin else None,
    ]
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]
    if parameters.coupled:  # the figures of one replicate hang on how many there are
        key += f"{TOGETHER}{replicates}"
    return Case(
        scenario.name,
        parameters,
        origin.name if origin else None,
        scenario.structural,
        stored,
        scenario.announced,
        parameters.coupled,
        key,
    )
