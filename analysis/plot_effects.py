"""The figure of one scenario of families: births in parts, period and cohort, cost, who benefits.

Bars and lines are draw 0, bands, whiskers and dots the middle 80 % of draws 1 ... K, of differences
from the reference taken within each draw. Figures are those of the table beside it, `effects`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from . import split
from .cohorts import POOL, reached, with_cohorts
from .compare import compare, reference_of
from .plot_words import language_for, words_in
from .plots import (
    COLOURS,
    FAINT,
    INK,
    below_headline,
    births_and_funds,
    footnote,
    headline,
    new_figure,
    save,
    scenario_title,
    source_line,
    style,
)
from .quantities import total

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EN, ZH = 0, 1
FEEDBACK, CHANCE = "births_feedback", "births_chance"
PARTS = (split.DIRECT, "births_timing", FEEDBACK, CHANCE)
SHADES = (*COLOURS[:3], "#b9b9b9")
PERIOD, COHORT, COST = "tfr", "cohort_fertility", "cost_per_added_birth"
SHARE, SHARE_SINCE, BEYOND = "benefits_anyway", "benefits_anyway_since", "births_beyond_evidence"
# Rows of the table by kind; a level is the scenario's own.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "difference": (PERIOD, "completed_fertility"),
    "level": (BEYOND,),
    "part": tuple(split.PARTS),
    "cost": (COST,),
    "cohort": (COHORT,),
}
NAMES = {
    "births_direct": ("direct", "直接效应"),
    "births_timing": ("timing", "时间进度效应"),
    FEEDBACK: ("feedback", "反馈效应"),
    CHANCE: ("chance", "随机"),
}
TOTAL = ("births added", "新增出生")
TITLES = {
    "births_added": ("Births added in the year, 10,000", "当年新增出生，万人"),
    "births_added_since": ("Births added since the first year, 10,000", "自首年累计新增出生，万人"),
    PERIOD: ("Period: total fertility, children per woman", "时期：总和生育率，孩/妇女"),
    COHORT: ("Cohort: children by a woman's year of birth", "队列：分出生年份妇女曾生子女数"),
    COST: ("State money per added birth, 10,000 yuan", "每新增一例出生的财政成本，万元"),
    SHARE: ("Benefits to births that come anyway, %", "惠及本来就会出生者的福利占比，%"),
}
SINCE = ("since the first year", "自首年累计")
BY_YEAR = ("of the year", "当年")
SO_FAR = ("by 49", "至49岁"), ("so far", "截至末年")
NO_BENEFIT = ("none: the scenario takes benefits away", "无：该情景减少福利")
IN_VAIN = ("none: no birth is had for the money", "无：资金未带来新增出生")
SAVED = ("State money saved per birth lost, 10,000 yuan", "每减少一例出生节省的财政成本，万元")
AGAINST = ("{scenario}: differences from {reference}", "{scenario}：与{reference}之差")
NOTES = (
    "Direct: the year's response. Timing: births not had since they were brought forward. "
    "Feedback: other numbers of women and couples. Chance: births less those expected. Cohorts: "
    "{pool} years of birth around each; dashed where women are younger than 49 in the last year.",
    "直接效应：当年政策反应；时间进度效应：因提前生育而减少的出生；反馈效应：妇女和夫妻数量的变化；随机：实际与期望出生之差。队列取前后共{pool}个出生年份；虚线为末年未满49岁者。",
)
OUTSIDE = (
    "Up to {share:.0f} % of a year's births are outside the range of the evidence on policy.",
    "最多有{share:.0f}%的年出生超出政策证据范围。",
)
BANDS = (
    "Bars and lines: central draw. Bands, whiskers and dots: middle 80 % of {draws} further draws.",
    "柱和线为中心抽样；色带、须线和点线为其余{draws}次抽样的中间80%。",
)
KEY_AT = ((0.085, 0.17, 0.26, 0.37, 0.46), (0.085, 0.17, 0.28, 0.365, 0.425))  # of the width
FAR = 4.0  # times the median: a cost beyond is cut off


class Series(NamedTuple):
    """One figure over the years, float64[n] each; no bounds (NaN) without draws."""

    x: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray


def effects(dataset: xr.Dataset, frame: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """The table of each scenario to which births answer otherwise than to its reference.

    dataset : results, as `songhe.open` gives them; frame : of `compare`, if there is one

    Returns
    -------
    Columns of `compare`; rows of SHOWN from the first year that differs on, of kind "cohort" by
    year of birth.
    """
    if frame is None:
        frame = compare(dataset, preferred=[*SHOWN["difference"], *SHOWN["level"]])
    frame = with_cohorts(frame[frame["kind"] != "cohort"], dataset)
    wanted = [
        (frame["kind"] == kind) & frame["quantity"].isin(keys) for kind, keys in SHOWN.items()
    ]
    chosen = frame[np.logical_or.reduce(wanted)]
    found = {}
    for name in chosen.loc[chosen["kind"] == "part", "scenario"].unique():
        rows = chosen[chosen["scenario"] == name]
        years = answering_years(rows)
        if years:
            found[str(name)] = rows[(rows["kind"] == "cohort") | (rows["year"] >= years[0])]
    return found


def answering_years(rows: pd.DataFrame) -> list[int]:
    """Years of one scenario in which the answer of births to policy is another than before."""
    direct = rows[(rows["kind"] == "part") & (rows["quantity"] == split.DIRECT)]
    bounds = direct[["central", "q2.5", "q97.5"]].fillna(0.0)
    return [int(year) for year in direct.loc[(bounds != 0).any(axis=1), "year"]]


def effect_figure(
    dataset: xr.Dataset, scenario: str, table: pd.DataFrame, language: str = "en"
) -> "Figure":
    """Six panels of one scenario; table : its own of `effects`."""
    language = language_for(language)
    place = EN if language == "en" else ZH
    with style(language):
        figure = new_figure(8.2)
        grid = figure.subplots(3, 2).ravel()
        figure.subplots_adjust(
            left=0.085, right=0.965, top=0.868, bottom=0.125, wspace=0.22, hspace=0.38
        )
        _stack(grid[0], table, "", place)
        _stack(grid[1], table, "_since", place)
        _key(figure, place)
        _effect(grid[2], _series(table, "difference", PERIOD), TITLES[PERIOD][place])
        _cohorts(grid[3], _series(table, "cohort", COHORT), reached(dataset), place)
        _alike(grid[2], grid[3])
        loses = _series(table, "part", "births_added_since").middle[-1] < 0
        title = (SAVED if loses else TITLES[COST])[place]
        _cost(grid[4], _series(table, "cost", COST), title, place)
        _shares(grid[5], table, place)
        _head(figure, dataset, scenario, table, language)
    return figure


def write_effects(
    dataset: xr.Dataset,
    folder: Path | str,
    language: str = "en",
    frame: pd.DataFrame | None = None,
) -> Iterator[tuple[Path, pd.DataFrame]]:
    """Write the figure of each scenario as PNG; yields its path and its table.

    folder : an existing folder; frame : of `compare`, if there is one
    """
    for scenario, table in effects(dataset, frame).items():
        path = Path(folder) / f"effects_{scenario}.png"
        save(effect_figure(dataset, scenario, table, language), path, language)
        yield path, table


def write_outlays(
    dataset: xr.Dataset, scenario: str, folder: Path | str, language: str = "en"
) -> tuple[Path, pd.DataFrame] | None:
    """The figure and the differences of a scenario to which births do not answer.

    Births and the funds whose outlay it changes are drawn beside the reference; None if there is
    no such fund.
    """
    pair = dataset.sel(scenario=[reference_of(dataset, scenario), scenario])
    outlay = total(pair["fund_outlay"], ("scenario", "fund"))
    change = abs(outlay.isel(scenario=1) - outlay.isel(scenario=0))
    change = change.max([dim for dim in change.dims if dim != "fund"])
    funds = [str(name) for name in change["fund"].values if float(change.sel(fund=name)) > 0]
    if not funds:
        return None
    path = Path(folder) / f"effects_{scenario}.png"
    save(births_and_funds(pair, language, funds), path, language)
    frame = compare(pair)
    return path, frame[(frame["kind"] == "difference") & (frame["scenario"] == scenario)]


def _series(table: pd.DataFrame, kind: str, quantity: str) -> Series:
    rows = table[(table["kind"] == kind) & (table["quantity"] == quantity)].sort_values("year")
    return Series(*(rows[c].to_numpy(np.float64) for c in ("year", "central", "q10", "q90")))


def _stack(axes: "Axes", table: pd.DataFrame, ending: str, place: int) -> None:
    """Parts on top of each other, falls below zero; their sum with its band."""
    from matplotlib.ticker import MaxNLocator

    whole = _series(table, "part", f"births_added{ending}")
    up, down = np.zeros(len(whole.x)), np.zeros(len(whole.x))
    for part, colour in zip(PARTS, SHADES, strict=True):
        size = _series(table, "part", part + ending).middle
        if part == FEEDBACK:  # chance, which is in it, is shown apart
            size = size - _series(table, "part", CHANCE + ending).middle
        rise, fall = np.maximum(size, 0.0), np.minimum(size, 0.0)
        for part_of, base in ((rise, up), (fall, down)):
            axes.bar(whole.x, part_of, 1.0 if ending else 0.8, bottom=base, color=colour,
                     alpha=0.75, linewidth=0)  # fmt: skip
        up, down = up + rise, down + fall
    known = np.isfinite(whole.low) & np.isfinite(whole.high)
    if ending:
        for bound in (whole.low[known], whole.high[known]):
            axes.plot(whole.x[known], bound, color=INK, linewidth=0.7, linestyle=":")
    else:
        axes.vlines(whole.x[known], whole.low[known], whole.high[known], color=INK, linewidth=0.7)
    axes.plot(whole.x, whole.middle, color=INK, linewidth=1.3)
    title = TITLES[f"births_added{ending}"][place]
    _frame(axes, title)
    axes.margins(x=0.01)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _key(figure: "Figure", place: int) -> None:
    """Names of the parts in their colours, in a line above the panels."""
    names = [*(NAMES[part][place] for part in PARTS), TOTAL[place]]
    y = 1 - 0.74 / figure.get_figheight()
    for x, name, colour in zip(KEY_AT[place], names, (*SHADES, INK), strict=True):
        figure.text(x, y, name, color=colour, fontsize=8, weight="bold", va="top")


def _line(axes: "Axes", s: Series, colour: str, *, dashed: bool = False) -> None:
    known = np.isfinite(s.low) & np.isfinite(s.high)
    axes.fill_between(
        s.x, s.low, s.high, where=known, color=colour, alpha=0.15, linewidth=0, zorder=3
    )
    finite = np.where(np.isfinite(s.middle), s.middle, np.nan)
    axes.plot(s.x, finite, color=colour, linewidth=1.3, linestyle="--" if dashed else "-", zorder=4)


def _frame(axes: "Axes", title: str) -> None:
    import seaborn
    from matplotlib.ticker import MaxNLocator

    axes.axhline(0, color=INK, linewidth=0.6)
    axes.set_title(title, loc="left", weight="bold", pad=4, fontsize=8)
    seaborn.despine(ax=axes)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.margins(x=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _effect(axes: "Axes", s: Series, title: str) -> None:
    _line(axes, s, COLOURS[1])
    _frame(axes, title)


def _cohorts(axes: "Axes", s: Series, last: int, place: int) -> None:
    """A line to the cohorts that have reached 49, a dashed one from there on."""
    done, later = s.x <= last, s.x >= last
    _line(axes, Series(*(values[done] for values in s)), COLOURS[1])
    _line(axes, Series(*(values[later] for values in s)), COLOURS[1], dashed=True)
    _frame(axes, TITLES[COHORT][place])
    for text, side in zip(SO_FAR, ("right", "left"), strict=True):
        if done.any() and later.any():
            axes.text(last + (1 if side == "left" else -1), 0.97, text[place], ha=side, va="top",
                      transform=axes.get_xaxis_transform(), fontsize=7, color=FAINT)  # fmt: skip
    if done.any() and later.any():
        axes.axvline(last, color=FAINT, linewidth=0.5, linestyle=":")


def _alike(*grid: "Axes") -> None:
    """One scale for period and cohort, which are children per woman both."""
    limits = [axes.get_ylim() for axes in grid]
    for axes in grid:
        axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _cost(axes: "Axes", s: Series, title: str, place: int) -> None:
    """Cost since the first year; what is far above the median is cut off, infinity left out."""
    finite = s.middle[np.isfinite(s.middle)]
    if not len(finite):
        _nothing(axes, title, IN_VAIN[place])
        return
    cut = FAR * float(np.median(finite))
    high = np.where(np.isinf(s.high), cut, s.high)
    _line(axes, Series(s.x, s.middle, s.low, high), COLOURS[3])
    _frame(axes, title)
    if cut > 0:
        axes.set_ylim(0, min(axes.get_ylim()[1], cut))


def _nothing(axes: "Axes", title: str, why: str) -> None:
    """A panel without a figure, and why."""
    axes.set_axis_off()
    axes.set_title(title, loc="left", weight="bold", pad=4, fontsize=8)
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", color=FAINT)


def _shares(axes: "Axes", table: pd.DataFrame, place: int) -> None:
    """Share of the year, thin, and since the first year."""
    from matplotlib.ticker import MaxNLocator

    year, all_years = (_series(table, "part", key) for key in (SHARE, SHARE_SINCE))
    if not np.isfinite(all_years.middle).any():
        _nothing(axes, TITLES[SHARE][place], NO_BENEFIT[place])
        return
    _frame(axes, TITLES[SHARE][place])
    axes.plot(year.x, year.middle, color=FAINT, linewidth=0.8)
    _line(axes, all_years, COLOURS[4])
    top = np.nanmax([100.0, *year.middle])
    axes.set_ylim(min(90.0, *_bottoms(all_years)) - 1, top + 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    for k, (text, colour) in enumerate(((SINCE, COLOURS[4]), (BY_YEAR, FAINT))):
        axes.text(0.98, 0.18 - 0.1 * k, text[place], transform=axes.transAxes, ha="right",
                  fontsize=7, color=colour, weight="bold")  # fmt: skip


def _bottoms(s: Series) -> Sequence[float]:
    return [float(np.nanmin(values)) for values in (s.middle, s.low) if np.isfinite(values).any()]


def _head(
    figure: "Figure", dataset: xr.Dataset, scenario: str, table: pd.DataFrame, language: str
) -> None:
    words, place = words_in(language), EN if language == "en" else ZH
    reference = str(table.loc[table["kind"] == "part", "reference"].iloc[0])
    title = scenario_title(dataset, scenario, language)
    headline(figure, title if len(title) <= 90 else scenario)
    below_headline(figure, 0, AGAINST[place].format(scenario=scenario, reference=reference), FAINT)
    draws = int(table["draws"].max())
    lines = [BANDS[place].format(draws=draws) if draws > 1 else words.no_band]
    beyond = table[(table["kind"] == "level") & (table["quantity"] == BEYOND)]
    shares = beyond[["central", "q97.5"]].to_numpy(np.float64)
    share = float(np.nanmax(shares)) if len(shares) else 0.0
    if share > 0:
        below_headline(figure, 1, OUTSIDE[place].format(share=share), COLOURS[0])
    lines += [NOTES[place].format(pool=POOL), source_line(dataset, words)]
    footnote(figure, lines)
