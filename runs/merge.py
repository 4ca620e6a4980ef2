"""Many small chunks into few large objects, and back: a store is written anew beside itself.

A merged store holds the same chunks in shards, many units in one object. The new store is
written whole under another name and then takes the place of the old one by two renames; a kill
at any moment leaves one of them whole, and the next command puts it in its place. A merged
store that is to take more units is first taken apart again in the same way, since a shard is
written as a whole. A place without renames is refused.
"""

from collections.abc import Collection, Iterator
from itertools import product
from typing import Any

import numpy as np
import zarr

from ..parameters.problems import ParameterError, Problem
from .audit import Audit, Where
from .checksum import checked
from .place import OWN, LocalPlace, Place
from .settings import STORE, Work
from .variables import UNIT_DIMS
from .writer import Say

NEW, OLD = f"{OWN}new.zarr", f"{OWN}old.zarr"
SHARD = 128_000_000  # bytes before compression: what is in memory at a time


def settle(place: Place) -> None:
    """Put a store in its place whose writing anew was killed, and clear what that left.

    The right to write must be held.
    """
    if not isinstance(place, LocalPlace):
        return
    if not place.exists(f"{STORE}/zarr.json") and place.exists(f"{OLD}/zarr.json"):
        place.remove(STORE)
        (place.path / OLD).rename(place.path / STORE)
    for name in (NEW, OLD):
        if (place.path / name).exists():
            place.remove(name)


def is_unsettled(place: Place) -> bool:
    """Whether a store waits for `settle`, or for who writes it anew at this moment."""
    return not place.exists(f"{STORE}/zarr.json") and place.exists(f"{OLD}/zarr.json")


def merge(place: Place) -> int:
    """Write a store into shards; the number of its files afterwards.

    Raises
    ------
    ParameterError
        If the place has no renames, or if a chunk is damaged.
    """
    rewrite(place, merged=True)
    return len(place.files(STORE))


def make_ready(place: Place, work: Work, say: Say) -> None:
    """Take a merged store apart if the work needs units that it lacks."""
    if not place.exists(f"{STORE}/zarr.json"):
        return
    audit = Audit(place)
    if not audit.about.get("merged"):
        return
    done, s = audit.done(), work.settings
    names = [n for n in work.stored if n in audit.scenarios]
    rows = [audit.scenarios.index(name) for name in names]
    there = done[rows, : s.draws + 1, : s.replicates]
    if there.shape == (len(work.stored), s.draws + 1, s.replicates) and there.all():
        return
    say(f"{place} is merged; it is taken apart first, to take more results")
    rewrite(place, merged=False)


def rewrite(place: Place, *, merged: bool, without: Collection[Where] = ()) -> None:
    """Write a store anew with shards or without, and put it in place of the old one.

    without : units that are not done in the new store
    """
    if not isinstance(place, LocalPlace):
        allowed = (
            "a folder of this machine, where one store can take the place of another at once; "
            "copy the folder here, merge it, and copy it back"
        )
        raise ParameterError([Problem("option", "DIR", str(place), allowed)])
    settle(place)
    audit = Audit(place)
    done = audit.done()
    for where in without:
        done[where] = False
    with checked():
        group = zarr.open_group(
            place.zarr_store(NEW), mode="w", zarr_format=3,
            attributes={**audit.about, "merged": merged},
        )  # fmt: skip
        for name, array in audit.arrays.items():
            if _of_units(array):
                kept = done.copy()
                if not audit.stores(name, (0, 1, 0)):
                    kept[:, 1:] = False  # tables that are kept for draw 0 alone
                _copy_units(array, _like(group, name, array, merged=merged), kept)
            else:
                _like(group, name, array)[...] = array[...]
    (place.path / STORE).rename(place.path / OLD)
    (place.path / NEW).rename(place.path / STORE)
    place.remove(OLD)


def _of_units(array: Any) -> bool:
    return bool(array.metadata.dimension_names[:3] == UNIT_DIMS)


def _like(group: zarr.Group, name: str, array: Any, *, merged: bool = False) -> Any:
    """An empty array of the same kind, in shards or not."""
    return group.create_array(
        name, shape=array.shape, chunks=array.chunks, dtype=array.dtype,
        shards=shard_shape(array) if merged else None, fill_value=array.fill_value,
        compressors=array.compressors, dimension_names=array.metadata.dimension_names,
        attributes=dict(array.attrs),
    )  # fmt: skip


def shard_shape(array: Any) -> tuple[int, ...]:
    """Units in one shard: replicates first, then draws, then scenarios, as memory allows."""
    tail = [-(-size // chunk) * chunk
            for size, chunk in zip(array.shape[3:], array.chunks[3:], strict=True)]  # fmt: skip
    room = max(SHARD // (int(np.prod(tail)) * array.dtype.itemsize), 1)
    units = []
    for size in reversed(array.shape[:3]):
        units.append(max(min(size, room), 1))
        room //= units[-1]
        room = max(room, 1) if units[-1] == size else 1
    return (*reversed(units), *tail)


def _copy_units(source: Any, target: Any, done: Any) -> None:
    """Copy units that are done, one shard of the target after another."""
    for region in _regions(source.shape[:3], target.shards or target.chunks):
        units = [where for where in product(*map(_steps, region)) if done[where]]
        if not units:
            continue
        shape = [part.stop - part.start for part in region]
        block = np.full((*shape, *source.shape[3:]), source.fill_value, source.dtype)
        for where in units:
            inside = tuple(k - part.start for k, part in zip(where, region, strict=True))
            block[inside] = source[where]
        target[region] = block


def _steps(part: slice) -> range:
    return range(part.start, part.stop)


def _regions(sizes: tuple[int, ...], steps: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """The parts of the leading dimensions that one shard holds."""
    starts = (range(0, size, step) for size, step in zip(sizes, steps, strict=False))
    for first in product(*starts):
        yield tuple(
            slice(a, min(a + step, size))
            for a, step, size in zip(first, steps, sizes, strict=False)
        )
