"""Numbers with named dimensions: nested lists and long CSV files become arrays.

Every cell stands exactly once, every coordinate is known, every value lies in the valid
range; what does not is a problem with its line or position.
"""

import csv
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .dims import COORDINATES, FREE_DIMENSIONS
from .problems import ParameterError, Problem, one_of
from .yamlfile import read_text

MAX_CSV_BYTES = 50_000_000
MAX_CELLS = 5_000_000
SHOWN = 10  # problems of one kind that are spelled out
FIRST_POSITION = {"duration": 0, "parity": 0, "order": 1}  # lists of these need no `coords`

type_number = (int, float)
Floats = NDArray[np.float64]
Coordinates = tuple[tuple[str | int, ...], ...]


class Table(NamedTuple):
    """Values in the order of `dims`, with an optional band around them."""

    dims: tuple[str, ...]
    coords: Coordinates
    value: Floats
    low: Floats | None = None
    high: Floats | None = None


class Place(NamedTuple):
    """Where a value stands, for errors, and the range it must keep."""

    file: str
    key: str
    valid: tuple[float, float]

    def problem(self, value: object, allowed: str) -> Problem:
        return Problem(self.file, self.key, value, allowed)

    def error(self, value: object, allowed: str) -> ParameterError:
        return ParameterError([self.problem(value, allowed)])


def frozen(values: Any) -> Floats:
    """A read-only float64 copy in C order."""
    array = np.array(values, dtype=np.float64, order="C")
    np.add(array, 0.0, out=array)  # no negative zero
    array.flags.writeable = False
    return array


def from_list(
    values: Any, dims: tuple[str, ...], listed: dict[str, tuple[int, ...]], place: Place
) -> Table:
    """A number, or nested lists in the order of `dims`.

    Raises
    ------
    ParameterError
        If a member is no number, the shape is wrong, or a value is out of range.
    """
    shape = _shape(values, place)
    if len(shape) != len(dims):
        raise place.error(values, f"lists nested {len(dims)} deep: {', '.join(dims) or 'a number'}")
    coords = tuple(
        _list_coordinates(dim, n, listed, place) for dim, n in zip(dims, shape, strict=True)
    )
    array = frozen(values)
    raise_if(out_of_range(array, dims, coords, place))
    return Table(dims, coords, array)


def _shape(values: Any, place: Place) -> tuple[int, ...]:
    """Shape of nested lists of numbers, checked to be regular."""
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, type_number) and not isinstance(values, bool):
        if not math.isfinite(values):
            raise place.error(values, "a finite number")
        return ()
    if not isinstance(values, list | tuple) or not values:
        raise place.error(values, "a number, or lists of numbers")
    shapes = {_shape(item, place) for item in values}
    if len(shapes) > 1:
        raise place.error(values, "lists of equal length")
    return (len(values), *shapes.pop())


def _list_coordinates(
    dim: str, n: int, listed: dict[str, tuple[int, ...]], place: Place
) -> tuple[str | int, ...]:
    if dim in COORDINATES:
        known = COORDINATES[dim]
        if n != len(known):
            raise place.error(f"{n} values along {dim}", f"{len(known)} values along {dim}")
        return known
    if dim in listed:
        rising = all(a < b for a, b in pairwise(listed[dim]))
        if len(listed[dim]) != n or not rising:
            raise place.error(f"coords {listed[dim]}", f"{n} rising whole numbers for {dim}")
        return listed[dim]
    if dim not in FIRST_POSITION:
        raise place.error(dim, f"`coords: {{{dim}: [...]}}` beside the list")
    return tuple(range(FIRST_POSITION[dim], FIRST_POSITION[dim] + n))


def from_csv(path: Path, dims: tuple[str, ...], place: Place) -> Table:
    """A long table: one column per dimension, then `value` and, if there, `low` and `high`.

    Raises
    ------
    ParameterError
        With every unknown coordinate, missing or repeated cell and value out of range.
    """
    columns = _columns(path, dims, place)
    here = place._replace(key=f"{place.key} ({path.name})")
    coords, index, problems = _coordinates(columns, dims, here)
    arrays: dict[str, Floats] = {}
    for name in ("value", "low", "high"):
        if name in columns:
            arrays[name], faults = _numbers(columns[name], name, here)
            problems += faults
    raise_if(problems)
    shape = tuple(len(c) for c in coords)
    if math.prod(shape) > MAX_CELLS:
        raise here.error(f"{math.prod(shape)} cells", f"at most {MAX_CELLS} cells")
    flat = np.ravel_multi_index(index, shape) if dims else np.zeros(1, dtype=np.intp)
    raise_if(_cells(flat, shape, dims, coords, here))
    full = {name: _placed(array, flat, shape) for name, array in arrays.items()}
    table = Table(dims, coords, full["value"], full.get("low"), full.get("high"))
    raise_if(_table_problems(table, here))
    return table


def _columns(path: Path, dims: tuple[str, ...], place: Place) -> dict[str, list[str]]:
    rows = list(csv.reader(read_text(path, MAX_CSV_BYTES).splitlines()))
    header = [name.strip() for name in rows[0]] if rows else []
    wanted = {*dims, "value"}
    band = {"low", "high"} & set(header)
    if len(set(header)) != len(header) or set(header) - {"low", "high"} != wanted or len(band) == 1:
        text = ", ".join((*dims, "value"))
        raise place.error(header, f"the columns {text}, and low, high together if any")
    body = [row for row in rows[1:] if row]
    for line, row in enumerate(rows[1:], start=2):
        if row and len(row) != len(header):
            raise place.error(f"{path.name} line {line}: {len(row)} cells", f"{len(header)} cells")
    if not body:
        raise place.error(f"{path.name}: no rows", "one row per cell")
    return {
        name: list(column) for name, column in zip(header, zip(*body, strict=True), strict=True)
    }


def _coordinates(
    columns: dict[str, list[str]], dims: tuple[str, ...], place: Place
) -> tuple[Coordinates, list[NDArray[np.intp]], list[Problem]]:
    coords: list[tuple[str | int, ...]] = []
    index: list[NDArray[np.intp]] = []
    problems: list[Problem] = []
    for dim in dims:
        names, given = _names(dim, columns[dim])
        position = {str(name): i for i, name in enumerate(names)}
        at = [position.get(text.strip(), -1) for text in columns[dim]]
        unknown = dict.fromkeys(columns[dim][i] for i, p in enumerate(at) if p < 0)
        for text in list(unknown)[:SHOWN]:
            allowed = "whole numbers" if dim in FREE_DIMENSIONS else one_of(names, text)
            problems.append(place._replace(key=f"{place.key} {dim}").problem(text, allowed))
        coords.append(given)
        index.append(np.array(at, dtype=np.intp))
    return tuple(coords), index, problems


def _names(dim: str, texts: Sequence[str]) -> tuple[tuple[str | int, ...], tuple[str | int, ...]]:
    """Coordinates of a dimension: the closed list, or the whole numbers a file lists."""
    if dim in COORDINATES:
        return COORDINATES[dim], COORDINATES[dim]
    whole = {int(text) for text in dict.fromkeys(texts) if _is_whole(text)}
    listed = tuple(sorted(whole))
    return listed, listed


def _is_whole(text: str) -> bool:
    text = text.strip()
    return len(text) < 10 and text.removeprefix("-").isdecimal() and str(int(text)) == text


def _numbers(texts: list[str], name: str, place: Place) -> tuple[Floats, list[Problem]]:
    try:
        array = np.array(texts, dtype=np.float64)
    except ValueError:
        array = np.array([_float_or_nan(text) for text in texts])
    bad = np.flatnonzero(~np.isfinite(array))
    here = place._replace(key=f"{place.key} {name}")
    return array, [here.problem(f"row {i + 1}: {texts[i]}", "a finite number") for i in bad[:SHOWN]]


def _float_or_nan(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _cells(
    flat: NDArray[np.intp],
    shape: tuple[int, ...],
    dims: tuple[str, ...],
    coords: Coordinates,
    place: Place,
) -> list[Problem]:
    """Missing and repeated cells."""
    counts = np.bincount(flat, minlength=math.prod(shape))
    problems = []
    for wrong, word in ((counts == 0, "missing"), (counts > 1, "repeated")):
        cells = np.flatnonzero(wrong)
        for cell in cells[:SHOWN]:
            name = cell_name(int(cell), shape, dims, coords)
            problems.append(place.problem(f"{name} is {word}", "every cell exactly once"))
        if len(cells) > SHOWN:
            problems.append(
                place.problem(f"{len(cells) - SHOWN} more {word}", "every cell exactly once")
            )
    return problems


def cell_name(flat: int, shape: tuple[int, ...], dims: tuple[str, ...], coords: Coordinates) -> str:
    """A cell in words: `sex=male, age=3`."""
    if not shape:
        return "the value"
    index = np.unravel_index(flat, shape)
    return ", ".join(f"{d}={c[i]}" for d, c, i in zip(dims, coords, index, strict=True))


def _placed(values: Floats, flat: NDArray[np.intp], shape: tuple[int, ...]) -> Floats:
    full = np.empty(math.prod(shape))
    full[flat] = values
    return frozen(full.reshape(shape))


def _table_problems(table: Table, place: Place) -> list[Problem]:
    problems: list[Problem] = []
    for name, array in (("value", table.value), ("low", table.low), ("high", table.high)):
        if array is not None:
            here = place._replace(key=f"{place.key} {name}")
            problems += out_of_range(array, table.dims, table.coords, here)
    if table.low is not None and table.high is not None:
        crossed = (table.low > table.value) | (table.value > table.high)
        for cell in np.flatnonzero(crossed)[:SHOWN]:
            name = cell_name(int(cell), table.value.shape, table.dims, table.coords)
            problems.append(place.problem(f"{name}: band", "low <= value <= high"))
    return problems


def out_of_range(
    array: Floats, dims: tuple[str, ...], coords: Coordinates, place: Place
) -> list[Problem]:
    """Values outside the valid range, the first few by name."""
    lowest, highest = place.valid
    bad = np.flatnonzero(~((array >= lowest) & (array <= highest)))
    problems = []
    for cell in bad[:SHOWN]:
        name = cell_name(int(cell), array.shape, dims, coords)
        prefix = f"{name}: " if dims else ""
        allowed = f"{lowest:g} to {highest:g}"
        problems.append(place.problem(f"{prefix}{array.flat[cell]:g}", allowed))
    return problems


def raise_if(problems: Sequence[Problem]) -> None:
    """Raise when there is anything to say."""
    if problems:
        raise ParameterError(problems)
