"""Parameter files on disk: from YAML and CSV to checked entries with their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from . import priors
from .dated import Quantity, dated, undated
from .problems import ParameterError, Problem, one_of
from .schema import NAME, Entry, Fixed, Prior, Source, Spread, problems_of
from .tables import Place, Table, from_csv, from_list
from .yamlfile import read_yaml

SOURCES = "sources.yaml"
Record = TypeVar("Record", Entry, Source)


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """An entry with its numbers.

    `prior` is the entry's, or a scenario's; `centre` the value to which it refers.
    """

    file: str
    entry: Entry
    quantity: Quantity
    prior: Prior
    centre: float


def read_folder(root: Path) -> tuple[dict[str, Loaded], dict[str, Source]]:
    """Every entry under `root/<topic>/<file>.yaml`, and the sources.

    Raises
    ------
    ParameterError
        With every fault of every file.
    """
    problems: list[Problem] = []
    sources, faults = read_sources(root / SOURCES)
    problems += faults
    loaded: dict[str, Loaded] = {}
    for path in sorted(root.glob("*/*.yaml")):
        entries, faults = read_entries(path, sources)
        loaded |= entries
        problems += faults
    problems += shared_luck_problems(loaded)
    if problems:
        raise ParameterError(problems)
    return loaded, sources


def read_sources(path: Path) -> tuple[dict[str, Source], list[Problem]]:
    """The sources by id, and what is wrong with them."""
    label = f"{path.parent.name}/{path.name}"
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for key, content in _content(path, label, problems).items():
        if _named(label, key, problems) and (
            item := _record(Source, label, key, content, problems)
        ):
            sources[key] = item
    return sources, problems


def read_entries(
    path: Path, sources: Mapping[str, Source]
) -> tuple[dict[str, Loaded], list[Problem]]:
    """The entries of one file by full key, and what is wrong with them."""
    topic = path.parent.name
    label = f"{topic}/{path.name}"
    loaded: dict[str, Loaded] = {}
    problems: list[Problem] = []
    for name in (topic, path.stem):
        _named(label, name, problems)
    for name, content in _content(path, label, problems).items():
        key = f"{topic}.{path.stem}.{name}"
        if not _named(label, name, problems):
            continue
        entry = _record(Entry, label, key, content, problems)
        if entry is None:
            continue
        problems += _unknown_sources(label, key, entry, sources)
        try:
            loaded[key] = resolved(label, key, entry, path.parent)
        except ParameterError as fault:
            problems += fault.problems
    return loaded, problems


def resolved(label: str, key: str, entry: Entry, folder: Path) -> Loaded:
    """An entry with its numbers read and its prior checked against them."""
    place = Place(label, key, entry.valid)
    quantity = _quantity(entry, folder, place)
    first = quantity.arrays[0]
    if isinstance(entry.prior, Spread):
        allowed = prior_fault(entry.prior, quantity, entry)
        if allowed:
            raise ParameterError([Problem(label, f"{key}.prior", entry.prior.family, allowed)])
    return Loaded(label, entry, quantity, entry.prior, float(first) if not first.ndim else 1.0)


def prior_fault(prior: Spread, quantity: Quantity, entry: Entry) -> str | None:
    """What keeps a prior from fitting these numbers, or None."""
    if prior.family == "band" and quantity.low is None:
        return "a data table with low and high columns"
    faults = (priors.fault(prior, a, len(quantity.arrays), entry.valid) for a in quantity.arrays)
    return next((fault for fault in faults if fault), None)


def _quantity(entry: Entry, folder: Path, place: Place) -> Quantity:
    if entry.data is not None:
        return undated(from_csv(folder / entry.data, entry.dims, place), entry.beyond)
    listed = entry.coords or {}
    if entry.values is None:
        return undated(from_list(entry.value, entry.dims, listed, place), entry.beyond)
    tables: dict[date, Table] = {}
    problems: list[Problem] = []
    for day, item in entry.values.items():
        try:
            here = place._replace(key=f"{place.key}.{day}")
            tables[day] = from_list(item.value, entry.dims, listed, here)
        except ParameterError as fault:
            problems += fault.problems
    if problems:
        raise ParameterError(problems)
    return dated(tables, entry.beyond)


def shared_luck_problems(loaded: Mapping[str, Loaded]) -> list[Problem]:
    """Faults of `same_as`: unknown or certain partners, and circles."""
    problems = []
    for key, item in loaded.items():
        chain, prior = [key], item.prior
        while isinstance(prior, Spread) and prior.same_as:
            if prior.same_as in chain or prior.same_as not in loaded:
                allowed = "an entry outside the circle" if prior.same_as in chain else "a known key"
                problems.append(Problem(item.file, f"{key}.prior.same_as", prior.same_as, allowed))
                break
            chain.append(prior.same_as)
            prior = loaded[prior.same_as].prior
        else:
            if len(chain) > 1 and isinstance(prior, Fixed):
                allowed = "an entry with an uncertain prior"
                problems.append(Problem(item.file, f"{key}.prior.same_as", chain[-1], allowed))
    return problems


def _content(path: Path, label: str, problems: list[Problem]) -> dict[Any, Any]:
    try:
        content = read_yaml(path, label)
    except ParameterError as fault:
        problems += fault.problems
        return {}
    if isinstance(content, dict):
        return content
    problems.append(Problem(label, "", content, "a map from names to entries"))
    return {}


def _named(label: str, name: object, problems: list[Problem]) -> bool:
    if isinstance(name, str) and NAME.fullmatch(name):
        return True
    problems.append(Problem(label, str(name), name, "a name in snake_case"))
    return False


def _record(
    kind: type[Record], label: str, key: str, content: Any, problems: list[Problem]
) -> Record | None:
    if not isinstance(content, dict):
        problems.append(Problem(label, key, content, "a map of fields"))
        return None
    try:
        return kind.model_validate(content)
    except ValidationError as fault:
        problems += problems_of(fault, label, key)
        return None


def _unknown_sources(
    label: str, key: str, entry: Entry, sources: Mapping[str, Source]
) -> list[Problem]:
    return [
        Problem(label, f"{key}.source", name, one_of(sources, name) + " in sources.yaml")
        for name in entry.sources
        if name not in sources
    ]
