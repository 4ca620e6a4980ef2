"""What a store holds: units done, missing and failed; chunks damaged or lost; repair.

A unit is damaged if a chunk of it does not meet its checksum, or is not there although the
unit is done. Repair takes back that such units are done, so that the next `songhe run` lives
them again, and writes labels anew, which follow from the record.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import zarr
from numpy.typing import NDArray

from ..parameters.problems import ParameterError, Problem
from .checksum import DamagedError, checked
from .place import Place
from .results import BASE_YEAR
from .settings import FORMAT, STORE
from .variables import LABELS, UNIT_DIMS, VARIABLES, stored

if TYPE_CHECKING:
    import pandas as pd

STATES = ("done", "missing", "failed")
Where = tuple[int, int, int]  # scenario, draw, replicate


class Damage(NamedTuple):
    """A chunk that cannot be read.

    where : its unit, None if the array belongs to no unit; what : "damaged" or "absent"
    """

    array: str
    where: Where | None
    what: str


class Audit:
    """One store, opened to be looked through; ParameterError if it cannot be read at all."""

    def __init__(self, place: Place, *, mode: str = "r") -> None:
        self.place = place
        try:
            with checked():
                self.group = zarr.open_group(
                    place.zarr_store(STORE), mode=mode, zarr_format=3  # type: ignore[arg-type]
                )  # fmt: skip
                self.arrays: dict[str, Any] = dict(self.group.arrays())
            self.about: dict[str, Any] = dict(self.group.attrs)
            self.scenarios: list[str] = list(self.about["scenario_names"])
            sound = self.about["format"] == FORMAT and "done" in self.arrays
        except Exception as fault:  # whatever a damaged file makes of it
            raise _unreadable(place, type(fault).__name__) from fault
        if not sound:
            raise _unreadable(place, "no complete data set of this version")

    # --- units ----------------------------------------------------------------------------

    def done(self) -> NDArray[np.bool_]:
        """Units that are done, bool[scenario, draw, replicate]; a damaged flag counts as not."""
        return self._by_unit("done") > 0

    def _by_unit(self, name: str) -> NDArray[np.float64]:
        """One number a unit, NaN where its chunk is damaged."""
        array = self.arrays[name]
        try:
            return np.asarray(array[...], dtype=np.float64)
        except DamagedError:
            found = np.full(array.shape, np.nan)
            for where in np.ndindex(array.shape):
                try:
                    found[where] = array[where]
                except DamagedError:
                    continue
            return found

    def units(self) -> "pd.DataFrame":
        """Every unit: scenario, draw, replicate, state, reason, when, person_years, seconds."""
        import pandas as pd

        done, rows = self.done(), []
        lived, seconds = self._by_unit("unit_person_years"), self._by_unit("unit_seconds")
        failed = self._failures()
        for where in np.ndindex(done.shape):
            reason, when = failed.get(where, ("", ""))
            state = "done" if done[where] else "failed" if reason else "missing"
            rows.append((self.scenarios[where[0]], *where[1:], state,
                         *((reason, when) if state == "failed" else ("", "")),
                         lived[where] if done[where] else np.nan,
                         seconds[where] if done[where] else np.nan))  # fmt: skip
        heads = [*UNIT_DIMS, "state", "reason", "when", "person_years", "seconds"]
        found = pd.DataFrame(rows, columns=heads)
        for name in ("replicates_averaged", "replicates_left_out"):
            if name in self.about:
                found.attrs[name] = self.about[name]
        return found

    def _failures(self) -> dict[Where, tuple[str, str]]:
        return {
            (self.scenarios.index(name), one["draw"], one["replicate"]): (
                one["reason"],
                one["when"],
            )
            for one in self.about.get("failures", [])
            for name in one["scenarios"]
        }

    # --- chunks ---------------------------------------------------------------------------

    def damages(self) -> Iterator[Damage]:
        """Every chunk of units that are done, read and checked; what is wrong comes out."""
        done = [tuple(map(int, where)) for where in np.argwhere(self.done())]
        for name, array in sorted(self.arrays.items()):
            if array.metadata.dimension_names[:3] != UNIT_DIMS:
                yield from self._labels_damaged(name, array)
                continue
            there = self._chunks(name)
            if name == "done":
                units = [w for w in np.ndindex(array.shape) if self._first(array, w) in there]
            else:
                units = [w for w in done if self.stores(name, w)]  # type: ignore[misc,arg-type]
            for where in units:
                if self._first(array, where) not in there:
                    yield Damage(name, where, "absent")
                elif not _readable(array, where):
                    yield Damage(name, where, "damaged")

    def _labels_damaged(self, name: str, array: Any) -> Iterator[Damage]:
        if not _readable(array, ...):
            yield Damage(name, None, "damaged")
        elif array.size and not self._chunks(name):
            yield Damage(name, None, "absent")

    def stores(self, name: str, where: Where) -> bool:
        """Whether a done unit has numbers in an array."""
        if name not in VARIABLES:
            return True
        return VARIABLES[name] in stored(str(self.about["detail"]), where[1])

    def _chunks(self, name: str) -> set[str]:
        return set(self.place.files(f"{STORE}/{name}"))

    def _first(self, array: Any, where: Where) -> str:
        """The file of the first chunk, or of the shard, in which a unit stands."""
        shape = array.shards or array.chunks
        at = [k // size for k, size in zip(where, shape, strict=False)]
        rest = [0] * (len(array.shape) - len(at))
        return str(array.metadata.encode_chunk_key((*at, *rest)))

    # --- repair ---------------------------------------------------------------------------

    def take_back(self, units: Iterable[Where]) -> None:
        """Mark units as not done; the next run lives them. The store is opened with "r+"."""
        for where in sorted(units):
            self.arrays["done"][where] = 0

    def repair_labels(self, damages: Iterable[Damage]) -> None:
        """Write damaged labels anew. The store is opened with "r+"."""
        for name in sorted({d.array for d in damages if d.where is None}):
            labels = self._labels(name)
            array = self.arrays[name]
            array.resize((0,))  # nothing is left of the damaged chunk
            array.resize((len(labels),))
            array[:] = np.asarray(labels, dtype=object if isinstance(labels[0], str) else np.int64)

    def _labels(self, name: str) -> list[Any]:
        """The labels of a dimension, from the record."""
        if name in UNIT_DIMS[1:]:
            return list(range(self.arrays["done"].shape[UNIT_DIMS.index(name)]))
        if name == "year":
            return list(range(BASE_YEAR, int(self.about["until"]) + 1))
        if name in ("title", "title_zh"):
            return [self.about["scenario_texts"][one][name] for one in self.scenarios]
        if name in ("scenario", "constant"):
            return list(self.about[f"{name}_names"])
        if name in LABELS:
            return list(LABELS[name])
        from .figures import ERROR_LABELS

        return list(ERROR_LABELS[name])


def _readable(array: Any, where: Any) -> bool:
    try:
        array[where]
    except Exception:  # whatever a damaged chunk makes of it
        return False
    return True


def _unreadable(place: Place, what: str) -> ParameterError:
    allowed = "a folder whose results this version of songhe has written, undamaged"
    return ParameterError([Problem("option", "DIR", f"{place}: {what}", allowed)])
