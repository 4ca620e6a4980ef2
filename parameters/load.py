"""Loads every parameter, checked, as read-only numbers that know their dates and draws.

`load()` reads the shipped files once; `overlay` puts a scenario's changes on top, `draw`
gives one set of all uncertain values. Nothing here can be changed in place.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import priors
from .dated import Value, first_difference
from .files import Loaded, read_folder
from .garbage import garbage_waits
from .overlay import changed, offered_changes
from .problems import ParameterError, Problem, one_of
from .schema import Entry, Fixed, Source, Spread
from .tables import Floats, frozen

if TYPE_CHECKING:
    from xarray import DataArray

SHIPPED = Path(__file__).parent
Responses = Literal["none", "assumed"]


def load(
    changes: Mapping[str, Any] | None = None,
    folder: Path | str | None = None,
    *,
    root: Path | str = SHIPPED,
    responses: Responses = "none",
) -> "Parameters":
    """Every parameter at its median, under a scenario's changes if there are any.

    Parameters
    ----------
    changes : key -> specification, as in a scenario file
    folder : where the tables named by `data:` in the changes stand
    root : the folder with one folder per topic and sources.yaml
    responses : "assumed" switches on the offered values of neutral levers

    Raises
    ------
    ParameterError
        With every fault of every file.
    """
    base = _parameters(Path(root), _stamp(Path(root)))
    return base.overlay(changes or {}, folder, responses=responses)


@lru_cache(maxsize=8)
def _parameters(root: Path, stamp: str) -> "Parameters":
    with garbage_waits():
        loaded, sources = read_folder(root)
    return Parameters(loaded, sources)


def _stamp(root: Path) -> str:
    """Changes whenever a file under the root does, so that an edit is seen at once."""
    files = sorted(p for pattern in ("*.yaml", "*/*.yaml", "*/*.csv") for p in root.glob(pattern))
    stats = ((str(p), (s := p.stat()).st_mtime_ns, s.st_size) for p in files)
    return hashlib.sha256(repr(list(stats)).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Parameters:
    """All parameters of one scenario and draw; keys are `topic.file.entry`."""

    loaded: Mapping[str, Loaded]
    sources: Mapping[str, Source]
    number: int = 0
    seed: int = 0
    medians: "Parameters | None" = None

    def __getitem__(self, key: str) -> Entry:
        return self._loaded(key).entry

    def __contains__(self, key: object) -> bool:
        return key in self.loaded

    def __iter__(self) -> Iterator[str]:
        return iter(self.loaded)

    def __len__(self) -> int:
        return len(self.loaded)

    def keys(self) -> tuple[str, ...]:
        """Every key, in the order of files and entries."""
        return tuple(self.loaded)

    def at(self, key: str, day: date) -> Value:
        """Value in force on a day; a constant is the same for all days.

        Raises
        ------
        LookupError
            Before the first date, or past the end of a series that stops.
        """
        quantity = self._loaded(key).quantity
        if quantity.years:
            raise TypeError(f"{key} is a table by year: use year()")
        try:
            return _plain(quantity.at(day))
        except LookupError as reason:
            raise LookupError(f"{key} {reason}") from None

    def value(self, key: str) -> float:
        """The number of an undated scalar."""
        array = self.array(key)
        if array.ndim:
            raise TypeError(f"{key} has dims {self[key].dims}: use array() or table()")
        return float(array)

    def array(self, key: str) -> Floats:
        """Read-only array of an undated entry, in the order of its dims."""
        quantity = self._loaded(key).quantity
        if quantity.dates:
            raise TypeError(f"{key} is dated: use at()")
        return quantity.arrays[0]

    def table(self, key: str) -> "DataArray":
        """Read-only labelled array of an undated entry."""
        from xarray import DataArray

        loaded, array = self._loaded(key), self.array(key)
        quantity = loaded.quantity
        labels = {d: list(c) for d, c in zip(quantity.dims, quantity.coords, strict=True)}
        about = {"units": loaded.entry.unit, "long_name": loaded.entry.title}
        return DataArray(array, labels, quantity.dims, name=key, attrs=about)

    def coords(self, key: str, dim: str) -> tuple[str | int, ...]:
        """Coordinates of an entry along one dimension, without loading xarray."""
        quantity = self._loaded(key).quantity
        return quantity.coords[quantity.dims.index(dim)]

    def year(self, key: str, year: float) -> Value:
        """Slice of a table by year, linear between the listed years."""
        known = self._slices.get((key, year))
        if known is None:
            try:
                known = _plain(self._loaded(key).quantity.in_year(year))
            except LookupError as reason:
                raise LookupError(f"{key} {reason}") from None
            self._slices[key, year] = known
        return known

    def dates(self, key: str) -> tuple[date, ...]:
        """Dates from which the values of an entry hold; empty if undated."""
        return self._loaded(key).quantity.dates

    def draw(self, number: int, seed: int = 0) -> "Parameters":
        """Draw `number` of all uncertain entries; 0 gives the medians."""
        medians = self.medians or self
        if number == 0:
            return medians
        moved = {key: medians._drawn(key, number, seed) for key in medians.loaded}
        return Parameters(moved, self.sources, number, seed, medians)

    def uncertain(self) -> tuple[str, ...]:
        """Keys of the entries that differ between draws."""
        return tuple(k for k, item in self.loaded.items() if isinstance(item.prior, Spread))

    def overlay(
        self,
        changes: Mapping[str, Any],
        folder: Path | str | None = None,
        *,
        file: str = "changes",
        responses: Responses = "none",
    ) -> "Parameters":
        """These parameters, in the same draw, under a scenario's changes.

        Raises
        ------
        ParameterError
            With every unknown key, wrong unit, value out of range or unreadable table.
        """
        medians = self.medians or self
        if responses == "assumed":
            offered = offered_changes(medians.loaded)
            medians = replace(medians, loaded=changed(medians.loaded, offered, None, file))
        if changes:
            place = None if folder is None else Path(folder)
            medians = replace(medians, loaded=changed(medians.loaded, changes, place, file))
        return medians.draw(self.number, self.seed)

    def changed_from(
        self, other: "Parameters", announced: date | None = None
    ) -> dict[str, date | None]:
        """Keys whose numbers differ, with the first day on which a step could tell.

        A step that looks ahead can tell earlier, by the entry's `lookahead` years, but not
        before the change is announced. None: from the beginning.
        """
        found: dict[str, date | None] = {}
        for key in dict.fromkeys((*self.loaded, *other.loaded)):
            if key not in self.loaded or key not in other.loaded:
                found[key] = None
                continue
            differ, day = first_difference(self.loaded[key].quantity, other.loaded[key].quantity)
            if differ:
                found[key] = day and _seen(day, self[key].lookahead, announced)
        return found

    def check_horizon(self, until: int, keys: Iterable[str] | None = None) -> list[Problem]:
        """A problem for every series (or each of these) that stops before the horizon.

        Records of what was observed end by nature and are passed over, unless named.
        """
        return [
            Problem(item.file, key, f"ends with {last}", f"values to {until}, or beyond: hold")
            for key in (self.loaded if keys is None else keys)
            if (last := (item := self._loaded(key)).quantity.last_year) is not None
            and last < until
            and (keys is not None or item.quantity.beyond == "stop")
        ]

    @property
    def coupled(self) -> bool:
        """Whether a rule reacts to national totals, so that replicates must live coupled."""
        return any(
            array.any()
            for item in self.loaded.values()
            if item.entry.couples
            for array in item.quantity.arrays
        )

    @cached_property
    def hash(self) -> str:
        """Digest of every resolved number with its unit, labels and prior; not of titles."""
        digest = hashlib.sha256()
        for key in sorted(self.loaded):
            item = self.loaded[key]
            quantity = item.quantity
            about: list[Any] = [
                key,
                item.entry.unit,
                quantity.dims,
                quantity.coords,
                quantity.beyond,
            ]
            about += [[str(day) for day in quantity.dates], item.centre, _settings(item.prior)]
            digest.update(json.dumps(about).encode())
            for array in (*quantity.arrays, quantity.low, quantity.high):
                digest.update(b"-" if array is None else array.astype("<f8").tobytes())
        return digest.hexdigest()

    @cached_property
    def _slices(self) -> dict[tuple[str, float], Value]:
        return {}

    def _loaded(self, key: str) -> Loaded:
        try:
            return self.loaded[key]
        except KeyError:
            raise KeyError(f"no parameter {key}; {one_of(self.loaded, key)}") from None

    def _drawn(self, key: str, number: int, seed: int) -> Loaded:
        item = self.loaded[key]
        if not isinstance(item.prior, Spread):
            return item
        if item.prior.each:
            return self._drawn_each(item, item.prior, key, number, seed)
        u = priors.uniform(self._luck_of(key), number, seed)
        quantity, (lowest, highest) = item.quantity, item.entry.valid
        pair = None
        if quantity.low is not None and quantity.high is not None:
            pair = quantity.low, quantity.high
        moved = (priors.drawn(item.prior, item.centre, u, a, pair) for a in quantity.arrays)
        arrays = [frozen(np.clip(array, lowest, highest)) for array in moved]
        return replace(item, quantity=quantity.with_arrays(arrays))

    def _drawn_each(self, item: Loaded, prior: Spread, key: str, number: int, seed: int) -> Loaded:
        """A draw in which every coordinate of one dimension has luck of its own."""
        quantity, (lowest, highest) = item.quantity, item.entry.valid
        axis = quantity.dims.index(str(prior.each))
        luck = [priors.uniform(f"{key}|{c}", number, seed) for c in quantity.coords[axis]]

        def moved(array: Floats) -> Floats:
            slices = zip(luck, np.moveaxis(array, axis, 0), strict=True)
            new = [priors.drawn(prior, item.centre, u, np.asarray(part)) for u, part in slices]
            return frozen(np.clip(np.stack(new, axis=axis), lowest, highest))

        return replace(item, quantity=quantity.with_arrays(map(moved, quantity.arrays)))

    def _luck_of(self, key: str) -> str:
        """The entry whose uniform a key uses: its own, or the one it is the same as."""
        prior = self.loaded[key].prior
        while isinstance(prior, Spread) and prior.same_as:
            key = prior.same_as
            prior = self.loaded[key].prior
        return key

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_slices"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for item in self.loaded.values():  # pickled arrays come back writeable
            for array in (*item.quantity.arrays, item.quantity.low, item.quantity.high):
                if array is not None:
                    array.flags.writeable = False


def _plain(array: Floats) -> Value:
    return array if array.ndim else float(array)


def _seen(day: date, lookahead: int, announced: date | None) -> date:
    year = max(day.year - lookahead, 1)
    early = day.replace(year=year, day=min(day.day, 28)) if lookahead else day
    return early if announced is None else min(day, max(early, announced))


def _settings(prior: Fixed | Spread) -> dict[str, Any] | None:
    return prior.model_dump() if isinstance(prior, Spread) else None


__all__ = ["ParameterError", "Parameters", "load"]
