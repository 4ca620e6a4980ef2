"""songhe: agent-based dynamic microsimulation of population and elderly care.

    import songhe
    results = songhe.run(["baseline", "child-subsidy-double"], persons=10_000)
    songhe.compare(results)

`run` simulates, `open` reads the results of a folder, `compare` holds scenarios against each
other and `validate` a run against published figures, `person` and `household` look at one life,
`status` lists the units of a folder and `verify` checks them. What they need is imported when
they are first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .parameters.load import load
    from .runs.api import compare, household, merge, open, person, run, status, validate, verify

_FROM = {
    "run": "runs.api",
    "open": "runs.api",
    "compare": "runs.api",
    "person": "runs.api",
    "household": "runs.api",
    "merge": "runs.api",
    "status": "runs.api",
    "validate": "runs.api",
    "verify": "runs.api",
    "load": "parameters.load",
}

__all__ = [
    "compare", "household", "load", "merge", "open", "person", "run", "status", "validate",
    "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _FROM:
        raise AttributeError(f"songhe has no {name}; it has {', '.join(__all__)}")
    from importlib import import_module

    return getattr(import_module(f".{_FROM[name]}", __name__), name)


def __dir__() -> list[str]:
    return list(__all__)
