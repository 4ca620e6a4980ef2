"""The record that travels with results: version, values, scenarios, environment."""

import hashlib
import platform
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..parameters.load import load
from ..parameters.rates import infant_years
from ..parameters.yamlfile import read_text
from .build import instructions
from .scenario import Scenario
from .settings import Work

MAKE_FIGURES = (
    "runs/unit.py", "runs/results.py", "runs/sums.py", "runs/figures.py",
    "analysis/expectancy.py", "analysis/quantities.py",
)  # fmt: skip
MAX_BYTES = 2_000_000
SHARE_55 = "policies.retirement.share_55"
MONEY = "yuan of each year; price_index is 1 in 2010"


def record_of(
    work: Work, scenarios: Iterable[Scenario], *, averaged: bool = False
) -> dict[str, Any]:
    """Attributes of the results, as JSON: what was run, and from what.

    averaged : the means over replicates are stored, not the replicates
    """
    texts = {scenario.name: _about(scenario) for scenario in scenarios}
    cases = [case for case in work.cases if case.stored]
    return {
        "title": "songhe: simulated population, services and funds of China",
        "version": version("songhe"),
        "key": {
            **work.settings.key,
            "sources": sources(),
            "instructions": instructions(),
            "averaged": averaged,
        },
        "persons": work.settings.persons,
        "seed": work.settings.seed,
        "until": work.settings.until,
        "concept": work.settings.concept,
        "detail": work.settings.detail,
        "price_base": MONEY,
        "parameters_hash": work.root.parameters.hash,
        "infant_years": infant_years(load()),
        "scenario_keys": {case.name: case.key for case in cases},
        "scenario_texts": {case.name: texts[case.name] for case in cases},
        "environment": environment(),
        "coordinates": "title title_zh",
    }


def _about(scenario: Scenario) -> dict[str, Any]:
    """A scenario as its files have it, those that it extends after it."""
    chain = [s for s in (scenario, *scenario.ancestors) if s.path is not None]
    return {
        "title": scenario.title,
        "title_zh": scenario.title_zh,
        "structural": scenario.structural,
        "reference": scenario.reference.name,
        "file": str(scenario.path) if scenario.path else "",
        "women_55": _women_55(scenario),
        "text": "\n---\n".join(read_text(s.path, MAX_BYTES) for s in chain if s.path),
    }


def _women_55(scenario: Scenario) -> dict[str, Any]:
    """Share of women with the old age of 55 by schooling, and its prior: shown with results."""
    item = scenario.parameters(load()).loaded[SHARE_55]
    return {"share": item.quantity.arrays[0].tolist(), "prior": item.prior.model_dump()}


def sources() -> str:
    """Digest of the sources of the model, and of what makes figures of its counts."""
    from ..agents.compiled import source_hash

    digest = hashlib.sha256(source_hash().encode())
    root = Path(__file__).parent.parent
    for name in MAKE_FIGURES:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()[:20]


def environment() -> dict[str, str]:
    """What the figures were computed with."""
    llvm: Any = import_module("llvmlite.binding")  # untyped

    packages = ("numpy", "numba", "scipy", "mesa", "zarr", "xarray")
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "platform": platform.platform(),
        "cpu": str(llvm.get_host_cpu_name()),
        "instructions": instructions(),
    }
