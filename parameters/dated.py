"""Values in force by date, and tables by year.

A dated value holds from its date until the next one. A table with a `year` is linear
between the years it lists. Past the end, `beyond` decides: `hold` the last value, `stop` a
run that goes further, or `record`: what was observed, which no forecast reads past its end.
Nothing holds before the first date or year: asking there is an error.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

import numpy as np

from .tables import Coordinates, Floats, Table, frozen

Beyond = Literal["hold", "stop", "record"] | None
Value = float | Floats


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """One parameter's numbers: undated (`dates` empty, one array) or one array per date."""

    dims: tuple[str, ...]
    coords: Coordinates
    dates: tuple[date, ...]
    arrays: tuple[Floats, ...]
    low: Floats | None = None
    high: Floats | None = None
    beyond: Beyond = None
    years: tuple[int, ...] = field(init=False)  # those a table lists; empty without the dimension

    def __post_init__(self) -> None:
        listed = self.coords[self.dims.index("year")] if "year" in self.dims else ()
        object.__setattr__(self, "years", tuple(int(y) for y in listed))

    @property
    def last_year(self) -> int | None:
        """Last year with a number; None if the last number holds for good."""
        if self.beyond not in ("stop", "record"):
            return None
        return (
            self.years[-1] if "year" in self.dims else self.dates[-1].year if self.dates else None
        )

    def at(self, day: date) -> Floats:
        """Array in force on a day; LookupError before the first date or past the end."""
        if not self.dates:
            return self.arrays[0]
        if day < self.dates[0]:
            raise LookupError(f"has no value before {self.dates[0]}, asked for {day}")
        if self.last_year is not None and day.year > self.last_year:
            raise LookupError(
                f"ends with {self.last_year} (beyond: {self.beyond}), asked for {day}"
            )
        return self.last_before(day)

    def last_before(self, day: date) -> Floats:
        """Array of the last date up to a day, whatever `beyond` says."""
        return self.arrays[bisect_right(self.dates, day) - 1]

    def in_year(self, year: float) -> Floats:
        """Slice of a table at a year, linear between the listed ones."""
        years = self.years
        if not years:
            raise LookupError("has no year dimension")
        if year < years[0]:
            raise LookupError(f"starts with {years[0]}, asked for {year}")
        if self.last_year is not None and year > self.last_year:
            raise LookupError(
                f"ends with {self.last_year} (beyond: {self.beyond}), asked for {year}"
            )
        return frozen(self.interpolated(self.arrays[0], year))

    def interpolated(self, array: Floats, year: float) -> Floats:
        """Slice of one array of this table at a year, held flat at both ends."""
        table = np.moveaxis(array, self.dims.index("year"), 0)
        years = self.years
        right = min(bisect_right(years, year), len(years) - 1)
        left = max(right - 1, 0)
        span = years[right] - years[left]
        share = min(max((year - years[left]) / span, 0.0), 1.0) if span else 0.0
        if share in (0.0, 1.0):  # a listed year exactly: no rounding
            return np.asarray(table[right if share else left])
        return np.asarray(table[left] + share * (table[right] - table[left]))

    def with_arrays(self, arrays: Iterable[Floats]) -> "Quantity":
        """The same quantity with other numbers; a band no longer surrounds them."""
        return replace(self, arrays=tuple(arrays), low=None, high=None)


def undated(table: Table, beyond: Beyond = None) -> Quantity:
    """A constant or a table."""
    return Quantity(table.dims, table.coords, (), (table.value,), table.low, table.high, beyond)


def dated(tables: dict[date, Table], beyond: Beyond = None) -> Quantity:
    """Values by date."""
    days = tuple(sorted(tables))
    first = tables[days[0]]
    arrays = tuple(tables[day].value for day in days)
    return Quantity(first.dims, first.coords, days, arrays, beyond=beyond)


def overlaid(base: Quantity, tables: dict[date, Table]) -> Quantity:
    """Base until the first new date; from there the new values alone.

    A new value holds until the next new one: a step that the base had scheduled for later
    does not come back unless it is written again.
    """
    first = min(tables)
    kept = {day: base.arrays[i] for i, day in enumerate(base.dates) if day < first}
    merged = kept | {day: table.value for day, table in tables.items()}
    days = tuple(sorted(merged))
    return replace(base, dates=days, arrays=tuple(merged[day] for day in days))


def scaled(base: Quantity, factor: float, since: date | None = None) -> Quantity:
    """Base times a factor, from a date on if one is given."""
    if since is None:
        return _times(base, factor)
    if base.dates:
        days = tuple(sorted({*base.dates, max(since, base.dates[0])}))
        arrays = tuple(
            frozen(base.last_before(day) * (factor if day >= since else 1.0)) for day in days
        )
        return replace(base, dates=days, arrays=arrays)
    return _times_from_year(base, factor, since.year)


def _times(base: Quantity, factor: float) -> Quantity:
    low, high = (None if a is None else frozen(a * factor) for a in (base.low, base.high))
    arrays = tuple(frozen(array * factor) for array in base.arrays)
    return replace(base, arrays=arrays, low=low, high=high)


def _times_from_year(base: Quantity, factor: float, since: int) -> Quantity:
    """A table times a factor from a year on; the year before keeps its number."""
    last = base.last_year
    extra = {y for y in (since - 1, since) if y > base.years[0] and (last is None or y <= last)}
    years = tuple(sorted({*base.years, *extra}))
    axis = base.dims.index("year")

    def stretched(array: Floats) -> Floats:
        slices = [base.interpolated(array, y) * (factor if y >= since else 1.0) for y in years]
        return frozen(np.stack(slices, axis=axis))

    coords = tuple(years if d == "year" else c for d, c in zip(base.dims, base.coords, strict=True))
    low, high = (None if a is None else stretched(a) for a in (base.low, base.high))
    return replace(base, coords=coords, arrays=(stretched(base.arrays[0]),), low=low, high=high)


def after_its_past(base: Quantity, table: Table) -> Quantity:
    """A table in the place of the base; years before its first keep the base's numbers."""
    new = undated(table, base.beyond)
    if not new.years:
        return new
    axis = base.dims.index("year")
    past = sum(y < new.years[0] for y in base.years)
    joined = tuple(
        (*base.years[:past], *new.years) if dim == "year" else c
        for dim, c in zip(new.dims, new.coords, strict=True)
    )

    def join(old: Floats | None, own: Floats | None) -> Floats | None:
        if old is None and own is None:
            return None
        old = base.arrays[0] if old is None else old
        own = new.arrays[0] if own is None else own
        return frozen(np.concatenate([np.take(old, range(past), axis), own], axis))

    value = join(base.arrays[0], new.arrays[0])
    assert value is not None
    low, high = join(base.low, new.low), join(base.high, new.high)
    return replace(new, coords=joined, arrays=(value,), low=low, high=high)


def first_difference(one: Quantity, other: Quantity) -> tuple[bool, date | None]:
    """Whether two quantities differ, and from which day (None: from the beginning)."""
    if (one.dims, bool(one.dates), one.beyond) != (other.dims, bool(other.dates), other.beyond):
        return True, None
    if one.dates:
        return _first_dated(one, other)
    if one.years:
        return _first_yearly(one, other)
    same = one.coords == other.coords and np.array_equal(one.arrays[0], other.arrays[0])
    return not same, None


def _first_dated(one: Quantity, other: Quantity) -> tuple[bool, date | None]:
    start = max(one.dates[0], other.dates[0])
    if one.dates[0] != other.dates[0]:
        return True, min(one.dates[0], other.dates[0])
    for day in sorted({*one.dates, *other.dates}):
        if not np.array_equal(one.last_before(day), other.last_before(day)):
            return True, day
    ends = (one.last_year, other.last_year)
    if ends[0] != ends[1]:
        return True, date(min(e for e in ends if e is not None) + 1, 1, 1)
    return False, start


def _first_yearly(one: Quantity, other: Quantity) -> tuple[bool, date | None]:
    pair = (one, other)
    others = [tuple(c for d, c in zip(q.dims, q.coords, strict=True) if d != "year") for q in pair]
    if others[0] != others[1] or one.years[0] != other.years[0]:
        return True, None
    if one.coords == other.coords and np.array_equal(one.arrays[0], other.arrays[0]):
        return False, None
    for year in range(one.years[0], max(one.years[-1], other.years[-1]) + 1):
        mine, theirs = (q.interpolated(q.arrays[0], year) for q in pair)
        if not np.array_equal(mine, theirs):
            return True, date(year, 1, 1)
    if one.last_year != other.last_year:
        return True, date(min(one.years[-1], other.years[-1]) + 1, 1, 1)
    return False, None
