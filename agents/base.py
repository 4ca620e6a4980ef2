"""The starting population: persons, couples, kin and homes put together, and kept.

Decides nothing of its own. A base belongs to a number of persons, a seed, a replicate and a
population concept; it is made from the medians of the parameters and shared by all draws.
Built bases are kept on disk under a key of everything that makes them; a file that cannot be
read is built again.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from ..parameters.load import Parameters
from ..parameters.rates import Concept
from . import base_luck
from .base_homes import build_homes
from .columns import NOBODY
from .couples import match_couples, years_since_wedding
from .frame import LINKS, People
from .household_tables import KinTable, household_table, kin_table, srmse
from .kin import Kin, link_kin
from .luck import base_ids
from .persons import starting_persons

Rows = NDArray[np.int64]

FORMAT = 1
ABOUT = "about.json"  # in the file, beside the columns


class Base(NamedTuple):
    """People of 31 December 2010.

    weight : real persons per agent; fit : how near tables of 2010 are met, by name
    """

    people: People
    n_households: int
    weight: float
    fit: dict[str, Any]


def build(p: Parameters, persons: int, seed: int, replicate: int, concept: Concept) -> Base:
    """Make a base.

    persons : 1 or more; seed, replicate : of the luck; concept : "official" or "wpp"
    Function in daily life is left at none; it is drawn where its rules are known.
    """
    p = p.medians or p
    start = starting_persons(p, persons, seed, replicate, concept)
    columns = dict(start.columns)
    couples = match_couples(columns, p, seed, replicate)
    columns |= {"marital": couples.marital, "partner": couples.partner}
    kin = link_kin(columns, p, seed, replicate, concept)
    homes = build_homes(columns, kin, p, seed, replicate)
    u = base_luck.uniforms(persons, base_luck.WEDDING, base_luck.key_of(seed, replicate))
    columns["since_union"] = years_since_wedding(
        columns["age"], couples.partner, columns["sex"], kin.oldest, p, u[0]
    )
    people, n_households = _assembled(columns, kin, homes.home, homes.collective)
    fit = {
        "persons": start.fit._asdict(),
        "couples": couples.fit,
        "kin": kin.fit,
        "homes": homes.fit | household_fit(people, n_households, p),
    }
    return Base(people, n_households, start.weight, fit)


def _assembled(
    columns: Mapping[str, NDArray[Any]], kin: Kin, home: Rows, collective: NDArray[np.uint8]
) -> tuple[People, int]:
    """People with families next to each other, households numbered in that order."""
    n = len(home)
    household, n_households, order = _ordered(columns, home)
    new = np.full(n + 1, NOBODY, np.int32)  # the last place answers for -1
    new[order] = np.arange(n, dtype=np.int32)
    values: dict[str, NDArray[Any]] = {name: column[order] for name, column in columns.items()}
    for name in ("mother", "father", "n_children", "n_sons", "n_living_children", "since_birth"):
        values[name] = getattr(kin, name)[order]
    for name in LINKS:
        values[name] = new[values[name]]
    values |= {
        "id": base_ids(np.arange(1, n + 1)),
        "sibship": _sibship_numbers(kin.sibship[order], new, n).astype(np.uint32),
        "household": household[order],
        "collective": collective[order],
        "alive": np.ones(n, np.uint8),
    }
    return People.of(values), n_households


def _ordered(
    columns: Mapping[str, NDArray[Any]], home: Rows
) -> tuple[NDArray[np.int32], int, Rows]:
    """Household numbers by row, how many, and the order of rows: place, household, age.

    The head of a household stands at its place; people in collective living come last there.
    """
    n = len(home)
    place = columns["province"].astype(np.int64) * 2 + columns["residence"]
    heads = np.unique(home[home >= 0])
    heads = heads[np.lexsort((heads, place[heads]))]
    number = np.full(n + 1, NOBODY, np.int32)
    number[heads] = np.arange(len(heads), dtype=np.int32)
    household = number[home]
    last = np.where(household < 0, len(heads), household)
    order = np.lexsort((np.arange(n), -columns["age"].astype(np.int64), last, place))
    return household, len(heads), order


def _sibship_numbers(sibship: Rows, new: NDArray[np.int32], n: int) -> Rows:
    """Number of the mother, or one above all persons for each family of a dead mother."""
    known = sibship < n
    numbers = np.empty(len(sibship), np.int64)
    numbers[known] = new[sibship[known]] + np.int64(1)
    _, family = np.unique(sibship[~known], return_inverse=True)
    numbers[~known] = n + 1 + family
    return numbers


# --- fit --------------------------------------------------------------------------------


def household_fit(people: People, n_households: int, p: Parameters) -> dict[str, float]:
    """Sizes, generations and living arrangements against the tables of 2010 and 2011."""
    table = household_table(people, n_households)
    sizes = table.by_size.sum(axis=0)
    size_error = srmse(sizes, p.array("demography.households.size_2010"))
    generations = table.by_generations.sum(axis=0)
    generation_error = srmse(generations, p.array("demography.households.generations_2010"))
    family = people["household"] >= 0
    return {
        "mean_size": float(family.sum() / max(n_households, 1)),
        "size_srmse": size_error[0],
        "size_largest_error": size_error[1],
        "generations_srmse": generation_error[0],
        "generations_largest_error": generation_error[1],
        "collective_share": float(1 - family.mean()),
        **older_shares(kin_table(people)),
    }


def older_shares(table: KinTable) -> dict[str, float]:
    """Living arrangements of people of 60 and over."""
    older = table.arrangements[:, 12:].sum(axis=(0, 1)) / max(table.people[:, 12:].sum(), 1)
    return {
        "older_with_child": float(older[0]),
        "older_alone": float(older[1]),
        "older_couple_only": float(older[2]),
        "older_otherwise": float(older[3]),
        "older_collective": float(older[4]),
    }


# --- keeping ----------------------------------------------------------------------------


def load_or_build(
    p: Parameters,
    persons: int,
    seed: int,
    replicate: int,
    concept: Concept,
    folder: Path | str | None = None,
) -> Base:
    """A base from the folder, or a new one that is then kept there.

    folder : None is the user's cache; where it cannot be written, nothing is kept
    """
    where = user_cache_path("songhe", appauthor=False) / "base" if folder is None else Path(folder)
    file = where / f"{content_key(p, persons, seed, replicate, concept)}.npz"
    kept = _read(file)
    if kept is not None:
        return kept
    base = build(p, persons, seed, replicate, concept)
    _write(file, base)
    return base


def content_key(p: Parameters, persons: int, seed: int, replicate: int, concept: Concept) -> str:
    """Digest of all that determines a base: numbers, sources, and what was asked for."""
    digest = hashlib.sha256(_sources().encode())
    about = [FORMAT, (p.medians or p).hash, persons, seed, replicate, concept]
    digest.update(json.dumps(about).encode())
    return digest.hexdigest()[:32]


def _sources() -> str:
    """Digest of the modules that a base is made by."""
    digest = hashlib.sha256()
    root = Path(__file__).parent.parent
    for folder in ("agents", "parameters"):
        for path in sorted((root / folder).glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _write(file: Path, base: Base) -> None:
    """Write whole or not at all: into a file of its own, then put in place."""
    about = {"n_households": base.n_households, "weight": base.weight, "fit": base.fit}
    stored: dict[str, Any] = {name: base.people[name] for name in base.people.columns}
    stored[ABOUT] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    part = file.with_name(f".{file.name}.{os.getpid()}.{uuid4().hex}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as handle:
            np.savez(handle, **stored)
        part.replace(file)
    except OSError:  # a full or read-only disk: the base is built again next time
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _read(file: Path) -> Base | None:
    """The base of a file; None if there is none or it is damaged."""
    try:
        with file.open("rb") as handle, np.load(handle, allow_pickle=False) as stored:
            about = json.loads(stored[ABOUT].tobytes())
            people = People.of({"id": stored["id"]})
            for name in stored.files:  # one at a time, so that no column is held twice
                if name not in (ABOUT, "id"):
                    people[name][:] = stored[name]
        os.utime(file)
        return Base(people, about["n_households"], about["weight"], about["fit"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
