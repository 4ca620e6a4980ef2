"""Tables on the terminal, in English and Chinese, in units of official tables (亿元, 万人)."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ..analysis.compare import BASELINE, LAST_WITHOUT_STRUCTURE, has_structure
from ..analysis.quantities import PRICES_OF
from .leaves_out import LEAVES_OUT

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

    from .ensemble import Plan

YEARS = (2025, 2030, 2040, 2050, 2060)
SHOWN = (
    "births", "population_60plus", "population_65plus", "population_80plus",
    "child_subsidy_outlay", "resident_pension_outlay", "resident_pension_balance",
    "long_term_care_outlay", "long_term_care_balance",
)  # fmt: skip
COSTS = ("cost_per_added_birth", "cost_per_care_hour")
WIDTH = 108  # where nobody says how wide the output is
CONCEPTS = {
    "official": ("official (census and year-end totals)", "官方口径（普查和年末总数）"),
    "wpp": ("WPP (World Population Prospects 2024)", "联合国《世界人口展望2024》口径"),
}


def console(*, error: bool = False) -> Console:
    """A console, wide enough for tables where the output is no terminal."""
    plain = Console(stderr=error)
    return plain if plain.is_terminal else Console(stderr=error, width=WIDTH, highlight=False)


def plan_text(plan: "Plan", out: str) -> str:
    """What is about to be run, in lines."""
    s = plan.settings
    lines = [
        f"Scenarios 情景: {', '.join(plan.scenarios)}",
        f"{s.persons:,} persons x {s.replicates} replicates x {s.draws + 1} draws "
        f"(draw 0 and {s.draws} more), 2010-{s.until}, {CONCEPTS[s.concept][0]}, seed {s.seed}",
    ]
    if plan.done:
        lines.append(f"{plan.done} units are done already; what is missing is added")
    if plan.units:
        lines.append(
            f"{plan.person_years / 1e6:,.1f} million person-years in {len(plan.units)} units, "
            f"{plan.workers} at a time; about {_size(plan.disk)} on disk in {out}"
        )
    return "\n".join(lines)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 1):.0f} MB"


def number(value: float, *, sign: bool = False) -> str:
    """A figure with three digits that count, or whole; infinity in words."""
    if np.isnan(value):
        return "-"
    if np.isinf(value):
        return "none added"
    digits = 0 if abs(value) >= 99.5 or value == 0 else 1 if abs(value) >= 9.95 else 2
    return f"{value:+,.{digits}f}" if sign and value else f"{value:,.{digits}f}"


def cell(row: "pd.Series[float]", *, sign: bool = False) -> str:
    """Central figure and Monte-Carlo error, and below them the middle 80 % of draws."""
    text = number(row["central"], sign=sign)
    if not np.isnan(row["mc_error"]):
        text += f" ±{number(row['mc_error'])}"
    if np.isnan(row["q10"]):
        return text
    low, high = (number(row[name], sign=sign) for name in ("q10", "q90"))
    return f"{text}\n[{low}, {high}]"


def table_of(
    frame: "pd.DataFrame", title: str, years: Sequence[int], *, sign: bool = False
) -> Table:
    """One row a quantity, one column a year."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    table.add_column("")
    for year in years:
        table.add_column(str(year), justify="right", no_wrap=True)
    for _, group in frame.groupby("quantity", sort=False):
        first = group.iloc[0]
        by_year = {int(row["year"]): row for _, row in group.iterrows()}
        cells = [cell(by_year[y], sign=sign) if y in by_year else "" for y in years]
        label = f"{first['title']} {first['title_zh']}\n  {first['unit']} {first['unit_zh']}"
        table.add_row(Text(label), *map(Text, cells))
    return table


def summary(frame: "pd.DataFrame", dataset: "xr.Dataset", years: Sequence[int] = YEARS) -> Group:
    """The tables that a run ends with: levels of the baselines, differences of the rest.

    frame : of `compare`
    """
    held = [year for year in years if year in set(frame["year"])]
    held = held or [int(frame["year"].max())]
    shown = frame[frame["year"].isin(held)]
    parts: list[Table | Text] = []
    for scenario in _baselines(shown):
        rows = _rows(shown, "level", scenario, SHOWN)
        parts.append(table_of(rows, f"{_title(dataset, scenario)}: level 水平", held))
    for scenario in shown["scenario"].unique():
        rows = _rows(shown, "difference", scenario, SHOWN)
        moved = rows.groupby("quantity", sort=False).filter(_moves)
        costs = _rows(shown, "cost", scenario, COSTS)
        if len(rows):
            title = f"{_title(dataset, scenario)}: difference from 与之相比 "
            title += str(rows["reference"].iloc[0])
            if len(moved):
                parts.append(table_of(moved, title, held, sign=True))
            else:
                parts.append(Text(f"{title}: none in the years shown 所示年份无差异\n"))
        if len(costs):
            costs_title = f"{scenario}: cost since the first year 自首年累计成本"
            parts.append(table_of(costs, costs_title, held))
    parts.append(Text("\n".join(notes(frame, dataset))))
    return Group(*parts)


def _baselines(frame: "pd.DataFrame") -> list[str]:
    """Scenarios that others are held against, or that stand by themselves."""
    paired = frame[frame["kind"] == "difference"]
    references = set(paired["reference"]) | (set(frame["scenario"]) - set(paired["scenario"]))
    return [name for name in frame["scenario"].unique() if name in references]


def _rows(
    frame: "pd.DataFrame", kind: str, scenario: str, quantities: Iterable[str]
) -> "pd.DataFrame":
    here = frame[(frame["kind"] == kind) & (frame["scenario"] == scenario)]
    order = {key: k for k, key in enumerate(quantities)}
    here = here[here["quantity"].isin(order)]
    return here.sort_values("quantity", key=lambda keys: keys.map(order), kind="stable")


def _moves(group: "pd.DataFrame") -> bool:
    bounds = group[["central", "q2.5", "q97.5"]].fillna(0.0)
    return bool((bounds != 0).any(axis=None))


def _title(dataset: "xr.Dataset", scenario: str) -> str:
    here = dataset.sel(scenario=scenario)
    return f"{scenario} ({here['title'].item()} {here['title_zh'].item()})"


def notes(frame: "pd.DataFrame", dataset: "xr.Dataset") -> list[str]:
    """What the tables mean, and what they do not show."""
    concept, concept_zh = CONCEPTS[str(dataset.attrs["concept"])]
    draws, replicates = int(frame["draws"].max()), int(frame["replicates"].min())
    money = f"money at {PRICES_OF} prices {PRICES_OF}年价格"
    if PRICES_OF not in dataset["year"].values:
        money = "money in yuan of each year 当年价格"
    lines = [
        f"± Monte-Carlo standard error, {replicates} replicates 蒙特卡罗标准误; "
        f"[ ] middle 80 % of {draws} draws 抽样的中间80%; {money}.",
        f"Population concept: {concept} 人口口径: {concept_zh}.",
        "People and balances on 31 December 年末人口和结余.",
    ]
    if draws < 2:
        lines.append("No intervals: fewer than two draws beside draw 0 抽样不足，无区间.")
    if replicates < 2:
        lines.append("No Monte-Carlo error: one replicate only 仅一个副本，无标准误.")
    if int(dataset["year"][-1]) > LAST_WITHOUT_STRUCTURE and not has_structure(dataset):
        lines.append(
            f"Years after {LAST_WITHOUT_STRUCTURE} hang on the path of fertility and are shown "
            "only beside its other two paths: add tfr-constant and tfr-decline to the run. "
            f"{LAST_WITHOUT_STRUCTURE}年以后的结果须与另两条生育率基线并列显示。"
        )
    return lines


def constants_table(values: "xr.DataArray") -> Table:
    """Constants in some years: the number, or mean and range of the cells of an array.

    values : [year, constant]
    """
    known = values.dropna("year", how="all")
    held = [int(year) for year in known["year"].values]
    years = [y for y in (2011, 2015, 2020, *YEARS) if held and held[0] <= y < held[-1]]
    years += held[-1:]
    table = Table("constant 常数", "cells", *map(str, years), box=box.SIMPLE_HEAD)
    names = [str(name) for name in values["constant"].values]
    for name in dict.fromkeys(full.partition("[")[0] for full in names):
        cells = [k for k, full in enumerate(names) if full.partition("[")[0] == name]
        here = known.isel(constant=cells).sel(year=years).values
        table.add_row(name, str(len(cells)), *(_spread(row) for row in here))
    return table


def _spread(cells: "NDArray[np.float64]") -> str:
    known = cells[~np.isnan(cells)]
    if not known.size:
        return ""
    if known.size == 1:
        return f"{known[0]:.3g}"
    return f"{known.mean():.3g}\n{known.min():.3g} .. {known.max():.3g}"


def base_lines(people: dict[str, dict[int, float]], concept: str) -> list[str]:
    """Older people of the base under both concepts, persons by age from which they count."""
    lines = ["Base, 31 December 2010, 10,000 persons 2010年末基期人口（万人）:"]
    for name, counts in people.items():
        text = ", ".join(f"{age}+ {count / 1e4:,.0f}" for age, count in counts.items())
        mark = " (this run 本次口径)" if name == concept else ""
        lines.append(f"  {name}: {text}{mark}")
    return lines


def left_out_lines() -> list[str]:
    """What this release leaves out."""
    head = "This release leaves out 本版本未包括:"
    return [head, *(f"  - {item.text} {item.text_zh}" for item in LEAVES_OUT)]


__all__ = ["BASELINE", "base_lines", "console", "notes", "plan_text", "summary", "table_of"]
