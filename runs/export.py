"""Comparisons as files: CSV and Parquet one figure a row, Excel in the layout of official tables.

Labels are in both languages, the chosen one first; figures in 万人 and 亿元.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .formats import FORMATS, LANGUAGES
from .terminal import notes

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

KINDS = {"level": "水平", "difference": "差值", "part": "构成", "cost": "成本", "cohort": "队列"}
HEADINGS_ZH = {
    "kind": "类别", "scenario": "情景", "reference": "对照情景", "quantity": "代码",
    "title": "指标（英文）", "title_zh": "指标", "unit": "单位（英文）", "unit_zh": "单位",
    "province": "省份", "year": "年份", "central": "中心值", "q2.5": "2.5%分位",
    "q10": "10%分位", "q50": "中位数", "q90": "90%分位", "q97.5": "97.5%分位",
    "mc_error": "蒙特卡罗标准误", "draws": "抽样数", "replicates": "副本数",
}  # fmt: skip
LINES = (
    ("central", "central", "中心值"), ("q10", "80 % low", "80%下限"),
    ("q90", "80 % high", "80%上限"), ("mc_error", "Monte-Carlo error", "标准误"),
)  # fmt: skip


def write_comparison(
    frame: "pd.DataFrame", dataset: "xr.Dataset", path: Path, file_format: str, language: str = "en"
) -> Path:
    """Write a comparison to a file.

    Parameters
    ----------
    frame : of `compare`
    file_format : one of FORMATS
    language : "en" or "zh"

    Raises
    ------
    ValueError
        For another format or language.
    """
    if file_format not in FORMATS or language not in LANGUAGES:
        raise ValueError(
            f"{file_format}, {language}; allowed: {', '.join(FORMATS)}; {', '.join(LANGUAGES)}"
        )
    if file_format == "xlsx":
        _write_workbook(frame, dataset, path, language)
        return path
    long = labelled(frame, language)
    if file_format == "csv":
        long.to_csv(path, index=False, encoding="utf-8-sig")  # the mark makes Excel read Chinese
    else:
        long.to_parquet(path, index=False)
    return path


def labelled(frame: "pd.DataFrame", language: str) -> "pd.DataFrame":
    """The same rows with headings and kinds in the language."""
    if language == "en":
        return frame
    return frame.assign(kind=frame["kind"].map(KINDS)).rename(columns=HEADINGS_ZH)


def _write_workbook(
    frame: "pd.DataFrame", dataset: "xr.Dataset", path: Path, language: str
) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet: Any = book.active
    sheet.title = "Notes" if language == "en" else "说明"
    for line in _about(frame, dataset):
        sheet.append([line])
    sheet.column_dimensions["A"].width = 110
    for (scenario, kind), group in frame.groupby(["scenario", "kind"], sort=False):
        name = str(kind) if language == "en" else KINDS[str(kind)]
        _fill(book.create_sheet(_sheet_name(str(scenario), name, book)), group, name, language)
    book.save(path)


def _sheet_name(scenario: str, kind: str, book: Any) -> str:
    """At most 31 characters, as Excel has it, and no name twice."""
    name = f"{scenario[: 29 - len(kind)]} {kind}"
    taken = {sheet.title for sheet in book}
    k = 2
    while name in taken:
        name = f"{scenario[: 26 - len(kind)]} {kind} {k}"
        k += 1
    return name


def _fill(sheet: Any, group: "pd.DataFrame", kind: str, language: str) -> None:
    """One block a quantity: the figure, its interval and its error, by year."""
    from openpyxl.styles import Alignment, Font

    years = sorted(int(year) for year in group["year"].unique())
    order = (0, 1) if language == "en" else (1, 0)
    heads = [("Indicator", "指标"), ("Unit", "单位"), ("Province", "省份"), ("Figure", "数值")]
    against = str(group["reference"].iloc[0])
    title = f"{group['scenario'].iloc[0]}: {kind}" + (f" ({against})" if against else "")
    sheet.append([title])
    sheet.append([*(" ".join(head[k] for k in order) for head in heads), *years])
    for row in _lines(group, years, order):
        sheet.append(row)
    for cell in (*sheet[1], *sheet[2]):
        cell.font = Font(bold=True)
    for cells in sheet.iter_rows(min_row=3, min_col=5):
        for cell in cells:
            cell.number_format = "#,##0.00"
    for column, width in (("A", 52), ("B", 28), ("C", 16), ("D", 26)):
        sheet.column_dimensions[column].width = width
    for cell in sheet[2]:
        cell.alignment = Alignment(horizontal="center")
    sheet.freeze_panes = "E3"


def _lines(
    group: "pd.DataFrame", years: list[int], order: tuple[int, int]
) -> Iterator[list[object]]:
    for (_, province), rows in group.groupby(["quantity", "province"], sort=False):
        first = rows.iloc[0]
        titles, units = (first["title"], first["title_zh"]), (first["unit"], first["unit_zh"])
        by_year = rows.set_index("year")
        for column, *words in LINES:
            values = by_year[column].reindex(years)
            if values.notna().any():
                yield [
                    " ".join(str(titles[k]) for k in order),
                    " ".join(str(units[k]) for k in order),
                    str(province),
                    " ".join(words[k] for k in order),
                    *(_written(value) for value in values),
                ]


def _written(value: float) -> object:
    """A number, nothing where it is unknown, words where it is infinite."""
    if value != value:
        return None
    return value if abs(value) != float("inf") else "none added 无新增"


def _about(frame: "pd.DataFrame", dataset: "xr.Dataset") -> list[str]:
    about = dataset.attrs
    return [
        f"songhe {about['version']}",
        *notes(frame, dataset),
        f"persons {about['persons']:,}; seed {about['seed']}; "
        f"parameters {about['parameters_hash'][:16]}; {about['price_base']}",
    ]
