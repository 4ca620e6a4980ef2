"""The store: one Zarr group in the results folder, one chunk for each unit and variable.

A unit is written whole, its `done` flag last, so that a run killed at any moment loses at
most the units in flight. More draws, replicates or scenarios make the arrays longer and touch
no chunk that exists. The record in the attributes holds the key that a resumed run must meet.
One process writes.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from ..parameters.problems import ParameterError, Problem
from .results import BASE_YEAR, Constant
from .settings import FORMAT, OPTION, STORE, TOGETHER, Work, folder_problems
from .unit import Lived, Unit
from .variables import LABELS, UNIT_DIMS, VARIABLES, Variable

CONSTANTS_A_CHUNK = 512
PER_UNIT = {
    "unit_person_years": ("person-years", "Person-years lived", "模拟人年"),
    "unit_seconds": ("seconds", "Time taken", "用时"),
}
COMPRESSOR = BloscCodec(cname="zstd", clevel=3, shuffle="shuffle")


class Store:
    """Results on disk; made or opened by `Store.at`."""

    def __init__(self, group: zarr.Group, work: Work) -> None:
        self.group, self.work = group, work
        self._open: dict[str, Any] = {}
        self.scenarios: list[str] = list(group.attrs["scenario_names"])  # type: ignore[arg-type]
        self.constants: list[str] = list(group.attrs["constant_names"])  # type: ignore[arg-type]

    @classmethod
    def at(cls, folder: Path, work: Work, record: Mapping[str, Any]) -> "Store":
        """Open the store of a folder, or make one, with room for everything that is asked.

        record : attributes of a new store; "key" and "scenario_keys" must be met by an old one

        Raises
        ------
        ParameterError
            If the folder cannot take results, or holds results of another kind.
        """
        if problems := folder_problems(folder):
            raise ParameterError(problems)
        path = folder / STORE
        if (path / "zarr.json").exists():
            group = _opened(path, folder)
            if problems := _strange(dict(group.attrs), record, folder):
                raise ParameterError(problems)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            empty: dict[str, Any] = {"format": FORMAT, "scenario_names": [], "constant_names": []}
            group = zarr.open_group(
                str(path), mode="w", zarr_format=3, attributes=dict(record) | empty
            )
        store = cls(group, work)
        store._make_room(record)
        return store

    def missing(self) -> list[Unit]:
        """Units that are asked for and not done, with the scenarios that each still lacks."""
        done = self._array("done")[...]
        place = {name: self.scenarios.index(name) for name in self.work.stored}
        units = []
        for draw, replicate in self.work.settings.units:
            names = tuple(n for n, k in place.items() if not done[k, draw, replicate])
            if names:
                units.append(Unit(draw, replicate, names))
        return units

    def write(self, unit: Unit, lived: Mapping[str, Lived]) -> None:
        """Write the results of a unit, each scenario's flag after its numbers."""
        for name, one in lived.items():
            where = (self.scenarios.index(name), unit.draw, unit.replicate)
            if self._array("done")[where]:
                continue  # lived again for the others of its draw
            for variable in (VARIABLES[v] for v in one.values):
                if variable.name not in self._open and variable.name not in self.group:
                    self._make(variable)
                self._array(variable.name)[where] = one.values[variable.name]
            self._write_constants(where, one.constants)
            self._array("unit_person_years")[where] = one.person_years
            self._array("unit_seconds")[where] = one.seconds
            self._array("done")[where] = 1

    def note(self, **attributes: Any) -> None:
        """Add to the record."""
        self.group.attrs.update(attributes)

    def total(self, name: str) -> float:
        """Sum over the units that are done of person-years or seconds."""
        return float(np.nansum(self._array(name)[...]))

    # --- arrays ---------------------------------------------------------------------------

    @property
    def _years(self) -> NDArray[np.int64]:
        return np.arange(BASE_YEAR, self.work.settings.until + 1)

    def _make_room(self, record: Mapping[str, Any]) -> None:
        """Lengthen every array to hold the scenarios, draws and replicates that are asked."""
        self.scenarios += [name for name in self.work.stored if name not in self.scenarios]
        kept: dict[str, Any] = dict(self.group.attrs)
        merged: dict[str, Any] = {
            name: {**kept[name], **record[name]} for name in ("scenario_keys", "scenario_texts")
        }
        seen = [kept["environment"], *kept.get("later_environments", [])]
        if record["environment"] not in seen:
            merged["later_environments"] = [*seen[1:], record["environment"]]
        self.note(scenario_names=self.scenarios, **merged)
        if "done" not in self.group:
            self._make_unit_arrays()
        s, done = self.work.settings, self._array("done")
        draws = max(s.draws + 1, done.shape[1])
        replicates = max(s.replicates, done.shape[2])
        lead = (len(self.scenarios), draws, replicates)
        for name in list(self.group.array_keys()):
            array = self._array(name)
            if _dims(array)[:3] == UNIT_DIMS and array.shape[:3] != lead:
                array.resize((*lead, *array.shape[3:]))
            elif name in ("draw", "replicate"):
                array.resize((dict(zip(UNIT_DIMS, lead, strict=True))[name],))
                array[:] = np.arange(array.shape[0])
        texts = merged["scenario_texts"]
        self._labels("scenario", self.scenarios)
        for title in ("title", "title_zh"):
            self._labels(title, [texts[n][title] for n in self.scenarios], dim="scenario")

    def _make_unit_arrays(self) -> None:
        s = self.work.settings
        lead = (0, s.draws + 1, s.replicates)
        for name, size in zip(UNIT_DIMS[1:], lead[1:], strict=True):
            self._labels(name, list(range(size)))
        self._labels("year", [int(year) for year in self._years])
        for name, (units, title, title_zh) in PER_UNIT.items():
            about = {"units": units, "long_name": title, "long_name_zh": title_zh}
            about["definition"] = f"{title} for the unit, without the history that it shares."
            self._create(name, lead, (1, 1, 1), UNIT_DIMS, about)
        self.group.create_array(
            "done", shape=lead, chunks=(1, 1, 1), dtype="int8", fill_value=0,
            dimension_names=UNIT_DIMS, compressors=None,
            attributes={"units": "1", "long_name": "Unit done", "long_name_zh": "已完成",
                        "definition": "1 if every variable of the unit is written, else 0."},
        )  # fmt: skip

    def _make(self, variable: Variable) -> None:
        """The array of a variable, with the labels that it needs."""
        for dim in variable.dims:
            if dim not in self.group:
                self._labels(dim, list(LABELS[dim]))
        lead = self._array("done").shape
        tail = (len(self._years), *variable.shape)
        dims = (*UNIT_DIMS, "year", *variable.dims)
        self._create(variable.name, (*lead, *tail), (1, 1, 1, *tail), dims, variable.attributes)

    def _create(
        self,
        name: str,
        shape: tuple[int, ...],
        chunks: tuple[int, ...],
        dims: tuple[str, ...],
        about: Mapping[str, Any],
    ) -> None:
        if name in self.group:
            return  # a run that was killed had got this far
        self.group.create_array(
            name,
            shape=shape,
            chunks=chunks,
            dtype="float64",
            fill_value=float("nan"),
            compressors=[COMPRESSOR],
            dimension_names=dims,
            attributes=dict(about),
        )

    def _labels(self, name: str, labels: list[Any], dim: str | None = None) -> None:
        """Write the labels of a dimension whole; there are few of them."""
        text = isinstance(labels[0], str) if labels else True
        dtype, values = ("string", object) if text else ("int64", np.int64)
        if name not in self.group:
            self.group.create_array(
                name,
                shape=(len(labels),),
                chunks=(max(len(labels), 64),),
                dtype=dtype,
                dimension_names=(dim or name,),
            )
        array = self._array(name)
        array.resize((len(labels),))
        array[:] = np.asarray(labels, dtype=values)

    def _write_constants(self, where: tuple[int, int, int], constants: list[Constant]) -> None:
        new = [n for n in dict.fromkeys(c.name for c in constants) if n not in self.constants]
        if new or "constants" not in self.group:
            self._room_for_constants(new)
        place = {name: k for k, name in enumerate(self.constants)}
        table = np.full((len(self._years), len(self.constants)), np.nan)
        for name, year, value in constants:
            if year <= self._years[-1]:
                table[year - BASE_YEAR, place[name]] = value
        self._array("constants")[where] = table

    def _room_for_constants(self, new: Iterable[str]) -> None:
        self.constants += new
        lead, years = self._array("done").shape, len(self._years)
        if "constants" not in self.group:
            about = {
                "units": "1", "long_name": "Alignment constants", "long_name_zh": "校准常数",
                "definition": "Solved in the baseline, taken over by year in its scenarios.",
            }  # fmt: skip
            dims = (*UNIT_DIMS, "year", "constant")
            chunks = (1, 1, 1, years, CONSTANTS_A_CHUNK)
            self._create("constants", (*lead, years, 0), chunks, dims, about)
        self._array("constants").resize((*lead, years, len(self.constants)))
        self._labels("constant", self.constants)
        self.note(constant_names=self.constants)

    def _array(self, name: str) -> Any:
        """An array of the store, opened once."""
        if name not in self._open:
            self._open[name] = self.group[name]
        return self._open[name]


def _opened(path: Path, folder: Path) -> zarr.Group:
    try:
        return zarr.open_group(str(path), mode="r+", zarr_format=3)
    except Exception as fault:  # whatever a damaged file makes of it
        raise ParameterError([_other_version(folder)]) from fault


def _other_version(folder: Path) -> Problem:
    allowed = "a new folder, or one with undamaged results of this version"
    return Problem(OPTION, "--out", str(folder), allowed)


def _dims(array: Any) -> tuple[str | None, ...]:
    names = getattr(array.metadata, "dimension_names", None)
    return tuple(names or ())


def _strange(found: Mapping[str, Any], record: Mapping[str, Any], folder: Path) -> list[Problem]:
    """Everything in which the stored results are of another kind than what is asked."""
    if "key" not in found or found.get("format") != FORMAT:
        return [_other_version(folder)]
    problems = []
    for name, value in record["key"].items():
        stored = found["key"].get(name)
        if stored == value:
            continue
        if name == "sources":
            allowed = "a new folder: the model sources have changed since that run"
            problems.append(Problem(OPTION, "--out", str(folder), allowed))
        else:
            allowed = f"{stored}, which {folder} was made with, or another folder by --out"
            problems.append(Problem(OPTION, f"--{name}", value, allowed))
    for name, key in record["scenario_keys"].items():
        stored = found["scenario_keys"].get(name, key)
        if stored == key:
            continue
        values, _, together = stored.partition(TOGETHER)
        if together and values == key.partition(TOGETHER)[0]:
            allowed = f"{together}: scenario {name} is coupled, and its replicates decide together"
            number = int(key.partition(TOGETHER)[2])
            problems.append(
                Problem(OPTION, "--replicates", number, f"{allowed}; or another folder")
            )
        else:
            allowed = f"the values that {folder} was made with, another name, or another folder"
            problems.append(Problem(OPTION, f"scenario {name}", "other values", allowed))
    return problems
