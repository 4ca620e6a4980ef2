"""A scenario's changes on top of the parameters, under the same checks.

A change of a key is one of
  a number or nested lists                 a constant
  {date: number, date: {value: number}}    values from these dates on
  {factor: 1.1} or {factor: {date: 1.1}}   the numbers that stand there, scaled
  {data: own.csv}                          a table with the same dimensions
  {value: ...} or {values: {date: ...}}    the same as the first two, with room for
                                           `unit`, `prior`, `note` and `source`
A value with dimensions may be given for some coordinates of the first one alone, by name:
`{2026-01-01: {Henan: 500}}`, or `{value: {Henan: 500}}`; the others keep what holds then.
A dated value holds until the next date of the change itself. Values before its first date
stay. `{layers: [...]}` applies several changes in order: what `extends` makes of two files.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from .dated import Quantity, after_its_past, overlaid, scaled
from .files import Loaded, prior_fault, shared_luck_problems
from .problems import ParameterError, Problem, one_of
from .schema import AnyPriorModel, Spread, iso_date, plain_file, problems_of
from .tables import Floats, Place, Table, from_csv, from_list, out_of_range, raise_if

FORMS = ("value", "values", "factor", "data")
FIELDS = {*FORMS, "unit", "prior", "note", "source", "layers"}


def changed(
    loaded: Mapping[str, Loaded], changes: Mapping[str, Any], folder: Path | None, file: str
) -> dict[str, Loaded]:
    """The entries under the changes; ParameterError with everything that is wrong."""
    result = dict(loaded)
    problems: list[Problem] = []
    for key, change in changes.items():
        if key not in loaded:
            problems.append(Problem(file, str(key), "unknown key", one_of(loaded, key)))
            continue
        try:
            result[key] = _changed(loaded[key], key, change, folder, file)
        except ParameterError as fault:
            problems += fault.problems
    problems += [p for p in shared_luck_problems(result) if p.key.split(".prior")[0] in changes]
    raise_if(problems)
    return result


def offered_changes(loaded: Mapping[str, Loaded]) -> dict[str, Any]:
    """The assumed values of levers that ship neutral, as changes."""
    return {
        key: {"value": offer.value, "prior": offer.prior}
        for key, item in loaded.items()
        if (offer := item.entry.offered) is not None
    }


def _changed(item: Loaded, key: str, change: Any, folder: Path | None, file: str) -> Loaded:
    place = Place(file, key, item.entry.valid)
    form, content, fields = _form(change, place)
    if form == "layers":
        for layer in content:
            item = _changed(item, key, layer, folder, file)
        return item
    if "unit" in fields and fields["unit"] != item.entry.unit:
        raise place.error(fields["unit"], f"{item.entry.unit}, the unit of the entry")
    quantity = _MAKERS[form](item, content, folder, place)
    raise_if(_out_of_range(quantity, place))
    item = replace(item, quantity=quantity)
    return _with_prior(item, fields["prior"], place) if "prior" in fields else item


def _form(change: Any, place: Place) -> tuple[str, Any, dict[Any, Any]]:
    """What kind of change it is, its content, and the fields beside it."""
    if not isinstance(change, Mapping):
        return "value", change, {}
    if change and all(_is_date(name) for name in change):
        return "values", change, {}
    unknown = [name for name in change if name not in FIELDS]
    if unknown:
        raise place.error(unknown[0], "dates, or the fields " + ", ".join(sorted(FIELDS)))
    forms = [name for name in (*FORMS, "layers") if name in change]
    if len(forms) != 1:
        raise place.error(dict(change), "exactly one of dates, " + ", ".join(FORMS))
    return forms[0], change[forms[0]], dict(change)


def _is_date(name: object) -> bool:
    try:
        iso_date(name)
    except ValueError:
        return False
    return True


def _by_date(content: Any, place: Place) -> dict[date, Any]:
    if not isinstance(content, Mapping) or not content:
        raise place.error(content, "a map from dates to values")
    wrong = [name for name in content if not _is_date(name)]
    if wrong:
        raise place.error(wrong[0], "a date, YYYY-MM-DD")
    result: dict[date, Any] = {}
    for name, value in content.items():
        day = iso_date(name)
        assert isinstance(day, date)
        if day in result:
            raise place.error(day, "each date once")
        result[day] = value
    return result


def _constant(item: Loaded, content: Any, folder: Path | None, place: Place) -> Quantity:
    if item.quantity.dates:
        raise place.error(content, "dated values, {date: value}, since the entry is dated")
    if item.entry.data is not None:
        raise place.error(content, "{factor: ...} or {data: own.csv}, since the entry is a table")
    table = _like(item.quantity, content, place, item.quantity.arrays[0])
    return replace(item.quantity, arrays=(table.value,))


def _dated(item: Loaded, content: Any, folder: Path | None, place: Place) -> Quantity:
    if not item.quantity.dates:
        other = "{factor: ...} or {data: own.csv}" if item.entry.data else "a value without date"
        raise place.error("dated values", f"{other}, since the entry is not dated")
    tables: dict[date, Table] = {}
    problems: list[Problem] = []
    held: Any = None
    for day, value in sorted(_by_date(content, place).items()):
        here = place._replace(key=f"{place.key}.{day}")
        if held is None:
            held = item.quantity.last_before(max(day, item.quantity.dates[0]))
        own = value if _by_name(value, item.quantity) else _bare(value, here)
        try:
            tables[day] = _like(item.quantity, own, here, held)
            held = tables[day].value
        except ParameterError as fault:
            problems += fault.problems
    raise_if(problems)
    return overlaid(item.quantity, tables)


def _bare(value: Any, place: Place) -> Any:
    """The number of `{value: number}`, whatever stands beside it in the way of sources."""
    if not isinstance(value, Mapping):
        return value
    unknown = set(value) - {"value", "source", "evidence", "note"}
    if "value" not in value or unknown:
        raise place.error(dict(value), "a value, or {value: ..., source: ..., note: ...}")
    return value["value"]


def _by_name(value: Any, quantity: Quantity) -> bool:
    """Whether values are given for some coordinates of the first dimension, by name."""
    is_map = isinstance(value, Mapping) and bool(value) and bool(quantity.dims)
    return is_map and "value" not in value


def _some(quantity: Quantity, content: Mapping[Any, Any], place: Place, held: Floats) -> Floats:
    """What holds, with the values of some coordinates of the first dimension in its place."""
    array = held.copy()
    names = quantity.coords[0]
    rest = replace(quantity, dims=quantity.dims[1:], coords=quantity.coords[1:])
    problems: list[Problem] = []
    for name, value in content.items():
        here = place._replace(key=f"{place.key}.{name}")
        if name not in names:
            allowed = one_of([str(n) for n in names], str(name))
            problems.append(place.problem(name, allowed))
            continue
        k = names.index(name)
        try:
            own = replace(rest, arrays=(held[k],))
            array[k] = _like(own, value, here, held[k]).value
        except ParameterError as fault:
            problems += fault.problems
    raise_if(problems)
    return array


def _like(quantity: Quantity, content: Any, place: Place, held: Floats) -> Table:
    """Values in the shape of the entry; one number fills every cell.

    held : what holds where the content names only some coordinates
    """
    if isinstance(content, Mapping) and _by_name(content, quantity):
        content = _some(quantity, content, place, held).tolist()
    if isinstance(content, int | float) and quantity.dims:
        content = np.full(quantity.arrays[0].shape, content).tolist()
    listed = {
        dim: tuple(int(c) for c in coords)
        for dim, coords in zip(quantity.dims, quantity.coords, strict=True)
        if all(isinstance(c, int) for c in coords)
    }
    return from_list(content, quantity.dims, listed, place)


def _factor(item: Loaded, content: Any, folder: Path | None, place: Place) -> Quantity:
    if not isinstance(content, Mapping):
        return scaled(item.quantity, _number(content, place))
    quantity = item.quantity
    if not quantity.dates and not quantity.years:
        raise place.error("a dated factor", "one factor, since the entry is not dated")
    steps = sorted(_by_date(content, place).items())
    late = [day for day, _ in steps if quantity.years and (day.month, day.day) != (1, 1)]
    if late:
        raise place.error(late[0], "the first of January, since the table is by year")
    before = 1.0
    for day, value in steps:  # each factor is relative to the base, not to the one before
        factor = _number(value, place)
        quantity = scaled(quantity, _ratio(factor, before, place), day)
        before = factor
    return quantity


def _ratio(factor: float, before: float, place: Place) -> float:
    if before == 0.0:
        raise place.error(factor, "no further factor after 0: give the values instead")
    return factor / before


def _number(value: Any, place: Place) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise place.error(value, "a finite number as factor")
    return float(value)


def _data(item: Loaded, content: Any, folder: Path | None, place: Place) -> Quantity:
    if item.entry.data is None:
        raise place.error(content, "values, since the entry is no table")
    if isinstance(content, Path):  # resolved by the reader of the scenario
        path = content
    else:
        try:
            name = plain_file(content)
        except ValueError as reason:
            raise place.error(content, str(reason)) from None
        if folder is None:
            raise place.error(content, "a table beside a scenario file: give its folder")
        path = folder / str(name)
    return after_its_past(item.quantity, from_csv(path, item.entry.dims, place))


def _out_of_range(quantity: Quantity, place: Place) -> list[Problem]:
    return [
        problem
        for array in quantity.arrays
        for problem in out_of_range(array, quantity.dims, quantity.coords, place)
    ]


def _with_prior(item: Loaded, prior: Any, place: Place) -> Loaded:
    """The entry with the user's own range around the user's own value."""
    try:
        own = AnyPriorModel.validate_python(prior)
    except ValidationError as fault:
        raise ParameterError(problems_of(fault, place.file, f"{place.key}.prior")) from None
    allowed = isinstance(own, Spread) and prior_fault(own, item.quantity, item.entry)
    if allowed:
        raise place._replace(key=f"{place.key}.prior").error(prior, str(allowed))
    first = item.quantity.arrays[0]
    return replace(item, prior=own, centre=float(first) if not first.ndim else 1.0)


_MAKERS = {"value": _constant, "values": _dated, "factor": _factor, "data": _data}
