"""Published figures of a user: CSV files, one figure a row, checked against what a run holds.

Columns: year, quantity, value, unit and source, and one for each dimension that tells figures
apart, by the names of the results; ages as `age_from` and `age_to`, both included. Whole numbers
are written `3`, `3-5` or `3+`. Every fault of every file is told at once, with file, line and
column. Leaves out whether a figure is right.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import xarray as xr
from pydantic import BeforeValidator, Field, ValidationError

from ..parameters.dims import PROVINCES, PROVINCES_ZH
from ..parameters.problems import Problem, one_of
from ..parameters.schema import Strict
from .validate_figures import (
    ASKED,
    NAMED,
    UNIT_DIMS,
    Cell,
    Figure,
    Span,
    Way,
    figures_of,
    is_counted,
    labels_of,
    may_be_negative,
    sizes_of,
    units_text,
    way_of,
)

REQUIRED = ("year", "quantity", "value", "unit", "source")
AGES = ("age_from", "age_to")
MOST_BYTES = 20_000_000
SPAN = re.compile(r"(-?\d{1,4})(?:(\+)|[-–](\d{1,4}))?")
IN_CHINESE: Mapping[str, Mapping[str, str]] = {
    "sex": {"男": "male", "女": "female"},
    "residence": {"城镇": "urban", "乡村": "rural"},
    "province": dict(zip(PROVINCES_ZH, PROVINCES, strict=True)),
}


def _whole(text: object) -> int:
    if not re.fullmatch(r"\d{4}", str(text)):
        raise ValueError("a year, such as 2016")
    return int(str(text))


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        raise ValueError("a number, without separators") from None


Required = Annotated[str, Field(min_length=1)]


class Row(Strict):
    """What every row states."""

    year: Annotated[int, BeforeValidator(_whole)]
    quantity: Required
    value: Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
    unit: Required
    source: Required


class Given(NamedTuple):
    """A published figure and how the results give the same."""

    file: str
    line: int
    row: Row
    cell: Cell
    figure: Figure
    way: Way

    @property
    def size(self) -> float:
        """How much of the figure's own unit the row's is."""
        return sizes_of(self.figure.unit)[self.row.unit]


class Line(NamedTuple):
    """A row as it stands in its file."""

    file: str
    number: int
    texts: Mapping[str, str]

    def problem(self, column: str, value: object, allowed: str) -> Problem:
        """A fault in one column."""
        where = f"line {self.number}" + (f", {column}" if column else "")
        return Problem(self.file, where, value, allowed)


def read_published(
    files: Sequence[Path | str], dataset: xr.Dataset
) -> tuple[list[Given], list[Problem]]:
    """Every figure of the files, and what is wrong with them."""
    columns = (*REQUIRED, *AGES, *_dims_of(dataset))
    given: list[Given] = []
    problems: list[Problem] = []
    figures = figures_of(dataset)
    for file in files:
        lines, faults = _lines(Path(file), columns)
        problems += faults
        for line in lines:
            found, faults = _given(line, figures, dataset)
            problems += faults
            given += [found] if found else []
    return given, problems + _twice(given)


def _dims_of(dataset: xr.Dataset) -> list[str]:
    dims = {ASKED.get(str(d), str(d)) for d in dataset.dims if str(d) not in UNIT_DIMS}
    return sorted(dims)


# --- files --------------------------------------------------------------------------------


def _lines(path: Path, columns: Sequence[str]) -> tuple[list[Line], list[Problem]]:
    """The rows of a file by column; none where the heading already keeps them from being read."""
    file = str(path)
    text, fault = _text(path)
    if fault:
        return [], [fault]
    reader = csv.reader(io.StringIO(text, newline=""))
    heading = [name.strip() for name in next(reader, [])]
    if not any(heading):
        allowed = f"a heading with {', '.join(REQUIRED)}, and a figure a row"
        return [], [Problem(file, "", "empty", allowed)]
    problems = _heading_problems(file, heading, columns)
    if any(heading.count(name) != 1 for name in REQUIRED) or len(set(heading)) < len(heading):
        return [], problems
    lines = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        texts = dict(zip(heading, (cell.strip() for cell in cells), strict=False))
        line = Line(file, reader.line_num, texts)
        if len(cells) == len(heading):
            lines.append(line)
        else:
            problems.append(
                line.problem("", f"{len(cells)} cells", f"{len(heading)}, as in the heading")
            )
    if not lines and not problems:
        problems.append(Problem(file, "", "a heading alone", "a figure a row below it"))
    return lines, problems


def _text(path: Path) -> tuple[str, Problem | None]:
    file = str(path)
    if not path.is_file():
        return "", Problem(file, "", "no such file", "a CSV file")
    if path.stat().st_size > MOST_BYTES:
        return "", Problem(file, "", f"{path.stat().st_size:,} bytes", f"at most {MOST_BYTES:,}")
    try:
        return path.read_bytes().decode("utf-8-sig"), None
    except UnicodeDecodeError as fault:
        return "", Problem(file, "", f"byte {fault.start}", "text in UTF-8")


def _heading_problems(file: str, heading: Sequence[str], columns: Sequence[str]) -> list[Problem]:
    problems = [
        Problem(file, "line 1", f"column {name} is missing", ", ".join(REQUIRED))
        for name in REQUIRED
        if name not in heading
    ]
    for name in dict.fromkeys(heading):
        if heading.count(name) > 1:
            problems.append(Problem(file, "line 1", f"column {name} twice", "each column once"))
        if name not in columns:
            others = ", ".join(columns)
            problems.append(Problem(file, "line 1", f"column {name}", f"one of {others}"))
    return problems


# --- rows ---------------------------------------------------------------------------------


def _given(
    line: Line, figures: Mapping[str, Figure], dataset: xr.Dataset
) -> tuple[Given | None, list[Problem]]:
    cell, faults = _cell(line, dataset)
    try:
        row = Row.model_validate({name: line.texts[name] for name in REQUIRED})
    except ValidationError as fault:
        wrong = [line.problem(*_said(item)) for item in fault.errors(include_url=False)]
        return None, wrong + faults + _name_problems(line, figures)
    problems = _year_problems(line, row, dataset) + faults + _name_problems(line, figures)
    figure = figures.get(row.quantity)
    if figure is None:
        return None, problems
    problems += _value_problems(line, row, figure)
    if faults:
        return None, problems
    way = way_of(figure, cell, dataset)
    if not isinstance(way, Way):
        column, allowed = way
        shown = str(cell[column]) if column else " by ".join([row.quantity, *cell])
        return None, [*problems, line.problem(column, shown, allowed)]
    return (None if problems else Given(line.file, line.number, row, cell, figure, way)), problems


def _said(item: Any) -> tuple[str, object, str]:
    """Column, value and what is allowed, of a fault that pydantic found."""
    allowed = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "string_too_short":
        allowed = "a text"
    return str(item["loc"][0]), item["input"], allowed


def _name_problems(line: Line, figures: Mapping[str, Figure]) -> list[Problem]:
    """An unknown quantity: named figures are told in full, and what is near to what was asked."""
    name = line.texts["quantity"]
    if not name or name in figures:
        return []
    named = ", ".join(key for key in NAMED if key in figures)
    allowed = f"{one_of(figures, name)}: {named}, and variables of the results"
    return [line.problem("quantity", name, allowed)]


def _year_problems(line: Line, row: Row, dataset: xr.Dataset) -> list[Problem]:
    years = dataset["year"].values
    if row.year in years:
        return []
    allowed = f"a year of the run, {int(years[0])} to {int(years[-1])}"
    return [line.problem("year", row.year, allowed)]


def _value_problems(line: Line, row: Row, figure: Figure) -> list[Problem]:
    sizes = sizes_of(figure.unit)
    if row.unit not in sizes:
        return [line.problem("unit", row.unit, units_text(figure.unit))]
    if may_be_negative(figure):
        return []
    if row.value < 0:
        return [line.problem("value", row.value, "0 or more")]
    if figure.unit == "share" and row.value * sizes[row.unit] > 1 + 1e-9:
        allowed = f"at most {1 / sizes[row.unit]:g} {row.unit}"
        return [line.problem("value", row.value, allowed)]
    return []


def _cell(line: Line, dataset: xr.Dataset) -> tuple[Cell, list[Problem]]:
    """What tells the figure of a row apart."""
    cell: dict[str, Span | str] = {}
    problems: list[Problem] = []
    for column, text in line.texts.items():
        if column in (*REQUIRED, *AGES) or not text:
            continue
        found = _label(column, text, dataset)
        if found is None:
            problems.append(line.problem(column, text, _allowed(column, dataset)))
        else:
            cell[column] = found
    ages, faults = _ages(line)
    if ages and "age" in cell:
        faults.append(line.problem("age", line.texts["age"], "age, or age_from and age_to"))
    cell |= {"age": ages} if ages else {}
    return cell, problems + faults


def _ages(line: Line) -> tuple[Span | None, list[Problem]]:
    first, last = (line.texts.get(column, "") for column in AGES)
    wrong = [
        line.problem(column, text, "a completed age, a whole number")
        for column, text in zip(AGES, (first, last), strict=True)
        if text and not re.fullmatch(r"\d{1,3}", text)
    ]
    if wrong or not (first or last):
        return None, wrong
    span = Span(int(first or 0), int(last) if last else None)
    if span.last is not None and span.last < span.first:
        return None, [line.problem("age_to", last, f"age_from ({first}) or more, or empty")]
    return span, []


def _label(column: str, text: str, dataset: xr.Dataset) -> Span | str | None:
    """A label, or a span of whole numbers; None for what the dimension does not know."""
    for _, labels in labels_of(dataset, column):
        if is_counted(labels):
            return _span(text)
        text = IN_CHINESE.get(column, {}).get(text, text)
        if text in map(str, labels):
            return text
    return None


def _span(text: str) -> Span | None:
    match = SPAN.fullmatch(text)
    if match is None:
        return None
    first = int(match[1])
    last = int(match[3]) if match[3] else None if match[2] else first
    return Span(first, last) if last is None or last >= first else None


def _allowed(column: str, dataset: xr.Dataset) -> str:
    _, labels = labels_of(dataset, column)[0]
    if is_counted(labels):
        return f"a whole number such as {labels[1]}, a rising range, or {labels[-1]}+"
    return "one of " + ", ".join(map(str, labels))


def _twice(given: Sequence[Given]) -> list[Problem]:
    """Figures that stand twice: a second one of the same thing has another source."""
    seen: dict[object, Given] = {}
    problems = []
    for one in given:
        row = one.row
        same = (row.quantity, row.year, row.source, tuple(sorted(one.cell.items())))
        first = seen.setdefault(same, one)
        if first is not one:
            line = Line(one.file, one.line, {})
            where = f"line {first.line} of {first.file}"
            allowed = f"each figure once of a source; it stands in {where}"
            problems.append(line.problem("", f"{row.quantity}, {row.year}", allowed))
    return problems
