"""Levels of membership and pensions, fitted again to the published figures of 2011 to 2015.

Coverage of the employee scheme, the level of its collections and pensions, and that of local
additions to the residents' pension are all solved on the years that one base population lives
under the values at hand; they move each other, so that it lives them again under the new values
until nothing moves. Nothing after 2015 is lived or read.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.load import SHIPPED, Parameters, load
from ..parameters.problems import ParameterError, Problem
from ..parameters.yamlfile import parse_yaml, read_text
from .settings import option_problems

if TYPE_CHECKING:
    from ..agents.base import Base

Floats = NDArray[np.float64]
Levels = dict[str, Floats]

COVERAGE = "work.employment.coverage_level"
COLLECTIONS = "policies.employee_pension.level_collections"
OUTLAY = "policies.employee_pension.level_outlay"
RESIDENTS = "policies.resident_pension.level"
FITTED = (COVERAGE, COLLECTIONS, OUTLAY, RESIDENTS)
DECIMALS = 3  # of the values as they are written
STILL = 0.002  # what moves no more than this has settled
MOST_BYTES = 2_000_000


class Calibration(NamedTuple):
    """Levels before and after, and whether the last round moved nothing any more."""

    before: Levels
    after: Levels
    settled: bool


def calibrate(
    persons: int = 150_000,
    seed: int = 1,
    replicates: int = 1,
    rounds: int = 5,
    root: Path = SHIPPED,
    say: Callable[[str], None] = lambda text: None,
) -> Calibration:
    """Fit the levels at the medians of everything else.

    persons : of a base population; replicates : of which the mean is taken
    rounds : lives of 2011 to 2015, at most; root : folder of parameter files

    Raises
    ------
    ParameterError
        If an option is out of its range or a file is not sound.
    """
    from ..agents import base as base_of_2010

    asked = {"persons": persons, "seed": seed, "replicates": replicates, "rounds": rounds}
    if problems := option_problems(**asked):
        raise ParameterError(problems)
    p = load(root=root)
    bases = [base_of_2010.load_or_build(p, persons, seed, k, "official") for k in range(replicates)]
    before = after = {key: np.array(p.array(key)) for key in FITTED}
    moved = np.inf
    for number in range(1, rounds + 1):
        lived = p.overlay({key: values.tolist() for key, values in after.items()})
        found = refitted(lived, bases, seed)
        moved = max(float(np.abs(found[key] - after[key]).max()) for key in FITTED)
        after = found
        say(f"round {number}: largest change {moved:.4f}")
        if moved <= STILL:
            break
    after = {key: np.round(values, DECIMALS) for key, values in after.items()}
    return Calibration(before, after, moved <= STILL)


def refitted(p: Parameters, bases: list["Base"], seed: int) -> Levels:
    """Levels at which the years that these populations live would meet the published figures."""
    found = [_refitted(p, base, seed, k) for k, base in enumerate(bases)]
    return {key: np.mean([levels[key] for levels in found], axis=0) for key in FITTED}


def _refitted(p: Parameters, base: "Base", seed: int, replicate: int) -> Levels:
    from ..agents import luck
    from ..model import work_fit
    from ..model.model import SongheModel
    from ..model.policies import employee_pension, resident_pension

    model = SongheModel(base, p, luck.key_of(seed, 0, replicate))
    coverage = work_fit.coverage_levels(model)
    lived = p, model.tally.years, model.weight
    return {
        COVERAGE: np.array(coverage),
        COLLECTIONS: np.array(employee_pension.collection_level(*lived)),
        OUTLAY: np.array(employee_pension.outlay_level(*lived)),
        RESIDENTS: np.array(resident_pension.resident_pension_level(*lived)),
    }


def entry_lines(levels: Mapping[str, Floats]) -> list[str]:
    """Keys and values as a scenario would give them."""
    return [f"{key}: {_written(values)}" for key, values in levels.items()]


def write_levels(levels: Mapping[str, Floats], root: Path = SHIPPED) -> list[Path]:
    """Put levels into their parameter files and leave all else as it stands; files written."""
    texts: dict[Path, str] = {}
    for key, values in levels.items():
        topic, stem, entry = key.split(".")
        file = root / topic / f"{stem}.yaml"
        text = texts.get(file) or read_text(file, MOST_BYTES)
        texts[file] = with_value(text, entry, values, file.name)
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8")
    return list(texts)


def with_value(text: str, entry: str, values: Floats, label: str) -> str:
    """A parameter file's text with another value of an entry, which stands in one line."""
    old = parse_yaml(text, label)
    block = re.compile(rf"(?m)(^{re.escape(entry)}:\n(?:(?:[ #].*)?\n)*?  value: ).*$")
    new, found = block.subn(lambda match: match[1] + _written(values), text, count=1)
    wanted = old | {entry: old.get(entry, {}) | {"value": np.asarray(values).tolist()}}
    if not found or parse_yaml(new, label) != wanted:
        raise ParameterError([Problem(label, entry, "not found", "a value in one line")])
    return new


def _written(values: Floats) -> str:
    plain: Any = np.asarray(values).tolist()
    return str(plain)
