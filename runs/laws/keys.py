"""What the laws share: the lines they give, the keys they ask for, months and dates."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ...model.months import month_number
from ...parameters.load import ParameterError, Parameters
from ...parameters.problems import Problem

FEN = 100.0  # in a yuan
MONTHS = 12
ALIVE = 2.0  # time of death of somebody who lives through the year
Day = date  # the type, where a field is called date


class Line(NamedTuple):
    """One step: what it is, its value and unit, since when and by which source it holds."""

    what: str
    value: float | str
    unit: str = ""
    date: Day | None = None
    source: str = ""

    def __str__(self) -> str:
        value = f"{self.value:,.2f}" if isinstance(self.value, float) else str(self.value)
        since = f"in force from {self.date}" if self.date else ""
        origin = "; ".join(part for part in (since, self.source) if part)
        unit = self.unit.removesuffix("s") if value == "1" else self.unit
        return f"{self.what}: {value} {unit}".rstrip() + (f"  [{origin}]" if origin else "")


def counted(number: int, word: str) -> str:
    """A number of things."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def in_force(p: Parameters, key: str, day: date) -> tuple[date | None, str]:
    """Since when the value of a day holds, and the titles of its sources."""
    entry = p[key]
    since = max((d for d in p.dates(key) if d <= day), default=None)
    named: Any = entry.source
    if entry.values and since in entry.values:
        named = entry.values[since].source
    names = (named,) if isinstance(named, str) else named or ()
    titles = (p.sources[name].title if name in p.sources else name for name in names)
    return since, "; ".join(titles) or "assumed"


def refusal(key: str, value: object, allowed: str) -> ParameterError:
    """A value that can be read and does not fit the others; key : as in `retirement.born`."""
    return ParameterError([Problem("law", key, str(value), allowed)])


class Month(NamedTuple):
    """A month of a year."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"

    @property
    def number(self) -> int:
        """Months since the year 0."""
        return int(month_number(self.year, self.month))

    @property
    def day(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)


def month_of(number: int) -> Month:
    """The month of a number of months since the year 0."""
    return Month(number // MONTHS, number % MONTHS + 1)


# --- what can be given ------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """One value that a policy asks for."""

    read: Callable[[str], Any]  # of a text; ValueError where it is not allowed
    allowed: str
    default: str | None = None  # None: it must be given; "": it may be left out


def a_month(default: str | None = None) -> Key:
    """Any month."""
    return Key(read_month, "a month, YYYY-MM", default)


def month_from(first: int, default: str | None = None) -> Key:
    """A month of a year or later."""

    def read(text: str) -> Month:
        month = read_month(text)
        if month.year < first:
            raise ValueError(text)
        return month

    return Key(read, f"a month from {first}-01 on, YYYY-MM", default)


def read_month(text: str) -> Month:
    """A month written YYYY-MM."""
    found = re.fullmatch(r"(\d{4})-(\d{2})", text)
    if not found or not 1 <= int(found[2]) <= MONTHS or not 1880 <= int(found[1]) <= 2110:
        raise ValueError(text)
    return Month(int(found[1]), int(found[2]))


def a_year(first: int, default: str | None = None) -> Key:
    """A year from the first one on."""
    return whole(first, 2110, f"a year from {first} to 2110", default)


def whole(lowest: int, highest: int, allowed: str, default: str | None = None) -> Key:
    """A whole number."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not lowest <= int(text) <= highest:
            raise ValueError(text)
        return int(text)

    return Key(read, allowed, default)


def decimal(highest: float, allowed: str, default: str | None = None) -> Key:
    """A number with at most two decimals."""

    def read(text: str) -> float:
        if not re.fullmatch(r"\d{1,2}(\.\d{1,2})?", text) or float(text) > highest:
            raise ValueError(text)
        return float(text)

    return Key(read, allowed, default)


def yuan(allowed: str = "yuan, with at most two decimals", default: str | None = None) -> Key:
    """An amount of money, in yuan."""
    return Key(read_yuan, allowed, default)


def some_yuan(allowed: str, default: str | None = None) -> Key:
    """An amount of money above nothing, in yuan."""

    def read(text: str) -> float:
        if read_yuan(text) <= 0.0:
            raise ValueError(text)
        return read_yuan(text)

    return Key(read, allowed, default)


def read_yuan(text: str) -> float:
    """Yuan with at most two decimals."""
    if not re.fullmatch(r"\d{1,8}(\.\d{1,2})?", text):
        raise ValueError(text)
    return float(text)


def choice(names: Sequence[str], default: str | None = None, allowed: str = "") -> Key:
    """The place of a name in a list."""
    return Key(names.index, allowed or " or ".join(names), default)


YES_NO = ("yes", "no")
ORDER = whole(1, 3, "order of birth, 1 to 3 and later", "1")
