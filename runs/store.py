"""The store: one Zarr group in the results folder, one chunk for each unit and variable.

A unit is written whole, its `done` flag last, so that a run killed at any moment loses at
most the units in flight. More draws, replicates or scenarios make the arrays longer and touch
no chunk that exists. The record in the attributes holds the key that a resumed run must meet,
and the units that failed, until they are done. Every chunk ends with its checksum. One process
writes (`writer.py`).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, ZstdCodec

from ..parameters.problems import ParameterError, Problem
from .checksum import Checked, checked
from .place import Place, place_of
from .results import BASE_YEAR, ConstantTable
from .settings import FORMAT, OPTION, STORE, TOGETHER, Work, folder_problems
from .unit import Lived, Unit
from .variables import LABELS, UNIT_DIMS, VARIABLES, Variable

CONSTANTS_A_CHUNK = 512
PER_UNIT = {
    "unit_person_years": ("person-years", "Person-years lived", "模拟人年"),
    "unit_seconds": ("seconds", "Time taken", "用时"),
}
CHECK = Checked()
NUMBERS = (BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"), CHECK)
WORDS = (ZstdCodec(), CHECK)


class Store:
    """Results on disk; made or opened by `Store.at`."""

    def __init__(self, place: Place, group: zarr.Group, work: Work) -> None:
        self.place, self.group, self.work = place, group, work
        self.variables, self.labels = VARIABLES, LABELS  # what the numbers of a unit are
        self._open: dict[str, Any] = {}
        self.scenarios: list[str] = list(group.attrs["scenario_names"])  # type: ignore[arg-type]
        self.constants: list[str] = list(group.attrs["constant_names"])  # type: ignore[arg-type]

    @classmethod
    def at(cls, folder: Place | Path | str, work: Work, record: Mapping[str, Any]) -> "Store":
        """Open the store of a folder, or make one, with room for everything that is asked.

        record : attributes of a new store; "key" and "scenario_keys" must be met by an old one

        Raises
        ------
        ParameterError
            If the folder cannot take results, or holds results of another kind.
        """
        place = place_of(folder)
        if problems := store_problems(place, record):
            raise ParameterError(problems)
        with checked():
            if place.exists(f"{STORE}/zarr.json"):
                group = _opened(place)
            else:
                empty: dict[str, Any] = {
                    "format": FORMAT,
                    "scenario_names": [],
                    "constant_names": [],
                }
                group = zarr.open_group(
                    place.zarr_store(STORE), mode="w", zarr_format=3,
                    attributes={**record, **empty},
                )  # fmt: skip
            store = cls(place, group, work)
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
        with checked():
            for name, one in lived.items():
                where = (self.scenarios.index(name), unit.draw, unit.replicate)
                if self._array("done")[where]:
                    continue  # lived again for the others of its draw
                for variable in (self.variables[v] for v in one.values):
                    if variable.name not in self:
                        self._make(variable)
                    self._array(variable.name)[where] = one.values[variable.name]
                self._write_constants(where, one.constants)
                self._array("unit_person_years")[where] = one.person_years
                self._array("unit_seconds")[where] = one.seconds
                self._array("done")[where] = 1
        if (left := self._without(unit, lived)) != self.failures:
            self.note(failures=left)

    def take_back(self, unit: Unit) -> None:
        """Mark a unit as not done, so that it can be written anew."""
        with checked():
            for name in unit.scenarios:
                self._array("done")[self.scenarios.index(name), unit.draw, unit.replicate] = 0

    def fail(self, unit: Unit, reason: str) -> None:
        """Record that a unit failed, and why; the record goes when the unit is done."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        others = self._without(unit, unit.scenarios)
        self.note(failures=[*others, {**unit._asdict(), "reason": reason, "when": now}])

    @property
    def failures(self) -> list[dict[str, Any]]:
        """Units that failed and are not done since: draw, replicate, scenarios, reason, when."""
        found: Any = self.group.attrs.get("failures", [])
        return list(found)

    def _without(self, unit: Unit, names: Iterable[str]) -> list[dict[str, Any]]:
        """Recorded failures but those of these scenarios in a unit."""
        left = []
        for one in self.failures:
            mine = (one["draw"], one["replicate"]) == unit[:2]
            still = [n for n in one["scenarios"] if not mine or n not in set(names)]
            left += [{**one, "scenarios": still}] if still else []
        return left

    def note(self, **attributes: Any) -> None:
        """Add to the record."""
        self.group.attrs.update(attributes)

    def note_totals(self) -> None:
        """Record the person-years and seconds of the units that are done."""
        totals = {
            name.removeprefix("unit_"): float(np.nansum(self._array(name)[...]))
            for name in PER_UNIT
        }
        self.note(**totals)

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
        if "done" not in self:
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
            dimension_names=UNIT_DIMS, compressors=[CHECK],
            attributes={"units": "1", "long_name": "Unit done", "long_name_zh": "已完成",
                        "definition": "1 if every variable of the unit is written, else 0."},
        )  # fmt: skip

    def _make(self, variable: Variable) -> None:
        """The array of a variable, with the labels that it needs."""
        for dim in variable.dims:
            if dim not in self:
                self._labels(dim, list(self.labels[dim]))
        lead = self._array("done").shape
        tail = (len(self._years), *(len(self.labels[dim]) for dim in variable.dims))
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
        if name in self:
            return  # a run that was killed had got this far
        self._open[name] = self.group.create_array(
            name,
            shape=shape,
            chunks=chunks,
            dtype="float64",
            fill_value=float("nan"),
            compressors=NUMBERS,
            dimension_names=dims,
            attributes=dict(about),
        )

    def _labels(self, name: str, labels: list[Any], dim: str | None = None) -> None:
        """Write the labels of a dimension whole; there are few of them."""
        text = isinstance(labels[0], str) if labels else True
        dtype, values = ("string", object) if text else ("int64", np.int64)
        if name not in self:
            self._open[name] = self.group.create_array(
                name,
                shape=(len(labels),),
                chunks=(max(len(labels), 64),),
                dtype=dtype,
                compressors=WORDS,
                dimension_names=(dim or name,),
            )
        array = self._array(name)
        array.resize((len(labels),))
        array[:] = np.asarray(labels, dtype=values)

    def _write_constants(self, where: tuple[int, int, int], constants: ConstantTable) -> None:
        known = set(self.constants)
        new = [name for name in constants.names if name not in known]
        if new or "constants" not in self:
            self._room_for_constants(new)
        place = {name: k for k, name in enumerate(self.constants)}
        table = np.full((len(self._years), len(self.constants)), np.nan)
        table[:, [place[name] for name in constants.names]] = constants.over(len(table))
        self._array("constants")[where] = table

    def _room_for_constants(self, new: Iterable[str]) -> None:
        self.constants += new
        lead, years = self._array("done").shape, len(self._years)
        if "constants" not in self:
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

    def __contains__(self, name: str) -> bool:
        """Whether an array is there."""
        return name in self._open or name in self.group

    def _array(self, name: str) -> Any:
        """An array of the store, opened once."""
        if name not in self._open:
            with checked():
                self._open[name] = self.group[name]
        return self._open[name]


def store_problems(place: Place, record: Mapping[str, Any]) -> list[Problem]:
    """Why results of this kind cannot be stored here; nothing is written to find out."""
    if problems := folder_problems(place):
        return problems
    if not place.exists(f"{STORE}/zarr.json"):
        return []
    try:
        return _strange(dict(_opened(place).attrs), record, place)
    except ParameterError as fault:
        return list(fault.problems)


def _opened(place: Place) -> zarr.Group:
    try:
        return zarr.open_group(place.zarr_store(STORE), mode="r+", zarr_format=3)
    except Exception as fault:  # whatever a damaged file makes of it
        raise ParameterError([_other_version(place)]) from fault


def _other_version(place: Place, found: object = None) -> Problem:
    allowed = "a new folder, or one with undamaged results of this version"
    what = str(place)
    if isinstance(found, int) and found != FORMAT:
        what += f" holds results of format {found}"
        allowed = f"a new folder, or results of format {FORMAT}, which this version writes"
    return Problem(OPTION, "--out", what, allowed)


def _dims(array: Any) -> tuple[str | None, ...]:
    names = getattr(array.metadata, "dimension_names", None)
    return tuple(names or ())


def _strange(found: Mapping[str, Any], record: Mapping[str, Any], folder: Place) -> list[Problem]:
    """Everything in which the stored results are of another kind than what is asked."""
    if "key" not in found or found.get("format") != FORMAT:
        return [_other_version(folder, found.get("format"))]
    problems = []
    for name, value in record["key"].items():
        stored = found["key"].get(name)
        if stored == value:
            continue
        if name == "averaged":
            kind = "a run without it" if value else "the whole country"
            allowed = f"another folder: {folder} holds {kind}"
            problems.append(Problem(OPTION, "--whole-country", value, allowed))
        elif name == "sources":
            allowed = "a new folder: the model sources have changed since that run"
            problems.append(Problem(OPTION, "--out", str(folder), allowed))
        elif name == "instructions":
            allowed = (
                f"a new folder, or a processor with {stored}, whose arithmetic {folder} was made "
                "with (docs/cluster.md says how to go without the wider ones)"
            )
            problems.append(Problem(OPTION, "--out", f"{folder} with {value}", allowed))
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
