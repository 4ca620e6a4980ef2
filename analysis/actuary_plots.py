"""Figures of the actuary's page: a fund under its scenarios, and what its change is made of.

Lines are draw 0 and bands the middle 80 % of draws 1 ... K, national ratios of sums over
replicates as in `actuary.py`. Years after 2050 are shown only beside all three paths of
fertility. Leaves out the required rates, which are numbers of a valuation and stand in tables.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from .actuary import decomposition_frame, fund_totals, yearly_figures
from .compare import shown_years
from .indicators import CENTRAL_DRAW, depletion_year
from .plot_words import language_for, words_in
from .plots import (
    COLOURS,
    DPI,
    FAINT,
    INK,
    LINE,
    below_headline,
    colours_of,
    concept_of,
    draw_lines,
    draws_in,
    footnote,
    headline,
    name_ends,
    new_figure,
    reference,
    scenario_title,
    source_line,
    style,
)
from .quantities import FUND_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

EN, ZH = 0, 1


class Panel(NamedTuple):
    """One quantity: its figure in `yearly_figures`, titles, and the scale of its unit."""

    name: str
    title: tuple[str, str]
    scale: tuple[float, float]


PANELS = (
    Panel("contributors", ("Contributors, million", "缴费人数，万人"), (1e-6, 1e-4)),
    Panel("pensioners", ("Pensioners, million", "领取待遇人数，万人"), (1e-6, 1e-4)),
    Panel("support_ratio", ("Contributors for each pensioner", "抚养比（缴费/领取）"), (1, 1)),
    Panel(
        "benefit_ratio",
        ("Mean pension over reference wage, %", "平均待遇比社平工资，%"),
        (100, 100),
    ),
    Panel("payg_rate", ("Pay-as-you-go rate, % of bases", "现收现付缴费率，%"), (100, 100)),
    Panel("balance", ("Balance, trillion yuan of the year", "累计结余，万亿元"), (1e-12, 1e-12)),
    Panel("months_of_reserve", ("Months of reserve", "可支付月数"), (1, 1)),
)
DRY = ("Draws with a dry pool, %", "统筹账户已耗尽的抽样比例，%")
OF_LEDGERS = (
    "Balance and months of reserve are of both ledgers after deficit financing; a pool is dry on "
    "the pooled ledger before it.",
    "累计结余和可支付月数为两账户合计、弥补赤字后；统筹账户耗尽按弥补赤字前的统筹账户计。",
)
SUM = ("◆ sum", "◆ 合计")
PARTS = {
    "population": ("population", "人口"),
    "coverage": ("coverage", "覆盖"),
    "level": ("level of benefits", "待遇水平"),
    "price": ("wages", "工资"),
}
CHANGES = {
    "outlay": ("Outlay at constant prices, trillion yuan", "支出（不变价），万亿元", 1e-12),
    "payg_rate": ("Pay-as-you-go rate, points", "现收现付缴费率，百分点", 100.0),
}


def fund_over_years(dataset: xr.Dataset, fund: str, language: str = "en") -> "Figure":
    """Eight panels: members, levels, rates, reserves, and the share of draws that have run dry.

    dataset : results, as `songhe.open` gives them

    Raises
    ------
    MissingResultsError
        If the results lack the fund or a variable.
    """
    language = language_for(language)
    words, place = words_in(language), EN if language == "en" else ZH
    data = dataset.sel(year=shown_years(dataset))
    figures, base = yearly_figures(fund_totals(data, fund)), reference(dataset)
    names = [base, *(str(n) for n in dataset["scenario"].values if n != base)]
    with style(language):
        figure = new_figure(7.2 + LINE * len(names))
        grid = figure.subplots(4, 2, sharex=True).ravel()
        for axes, panel in zip(grid, PANELS, strict=False):
            values = figures[panel.name].dropna("year", how="all") * panel.scale[place]
            _lines(axes, values, names, base, panel.title[place])
        _lines(grid[-1], dry_share(data, fund), names, base, DRY[place], top=100.0)
        _heading(figure, dataset, f"{FUND_NAMES[fund][place]}", names, base, language)
        draws = draws_in(figures["contributors"])
        band = words.band.format(draws=draws) if draws > 1 else words.no_band
        footnote(figure, [band, OF_LEDGERS[place], source_line(dataset, words)])
    return figure


def dry_share(dataset: xr.Dataset, fund: str) -> xr.DataArray:
    """Share of draws whose pool has run dry by each year, per cent, [scenario, draw 0, year].

    Of draws 1 ... K, or of draw 0 where there are no others; before deficit financing.
    """
    kept = dataset[["fund_balance", "fund_deficit_financing"]].load()
    first = depletion_year(kept).sel(fund=fund, drop=True)
    drawn = first.sel(draw=first["draw"] > CENTRAL_DRAW)
    first = drawn if drawn.sizes["draw"] and bool(drawn.count() > 0) else first
    dry = (first <= dataset["year"]).where(~np.isnan(first))
    return (100 * dry.mean("draw")).expand_dims(draw=[CENTRAL_DRAW]).transpose(..., "year")


def what_changes(dataset: xr.Dataset, fund: str, since: int, language: str = "en") -> "Figure":
    """Stacked bars: parts of the change of outlay and of the pay-as-you-go rate, by scenario."""
    language = language_for(language)
    words, place = words_in(language), EN if language == "en" else ZH
    data, base = dataset.sel(year=shown_years(dataset)), reference(dataset)
    names = [base, *(str(n) for n in dataset["scenario"].values if n != base)]
    frames = {n: decomposition_frame(data.sel(scenario=[n]), fund, since) for n in names}
    until = int(frames[base]["until"].iloc[0])
    with style(language):
        figure = new_figure(1.9 + 0.42 * len(names) * len(CHANGES))
        grid = figure.subplots(len(CHANGES), 1)
        for axes, (of, (en, zh, scale)) in zip(grid, CHANGES.items(), strict=True):
            _bars(axes, frames, of, scale, place)
            title = f"{(en, zh)[place]}, {since}-{until}"
            axes.set_title(title, loc="left", weight="bold", pad=4)
        headline(figure, FUND_NAMES[fund][place])
        below_headline(figure, 0, concept_of(dataset, words), FAINT)
        for k, (part, titles) in enumerate(PARTS.items()):
            figure.text(0.16 + 0.2 * k, 0.36 / figure.get_figheight(), titles[place],
                        color=_colour(part), fontsize=8, weight="bold")  # fmt: skip
        figure.text(0.92, 0.36 / figure.get_figheight(), SUM[place], fontsize=8, ha="right")
        top = 1 - 0.85 / figure.get_figheight()
        bottom = 0.85 / figure.get_figheight()
        figure.subplots_adjust(left=0.28, right=0.95, top=top, bottom=bottom, hspace=0.75)
        footnote(figure, [source_line(dataset, words)])
    return figure


def write_actuary_figures(
    dataset: xr.Dataset, fund: str, since: int, folder: Path | str, language: str = "en"
) -> list[Path]:
    """Write both figures as PNG files; returns their paths. folder : one that exists."""
    figures = {
        f"{fund}.png": fund_over_years(dataset, fund, language),
        f"{fund}_change.png": what_changes(dataset, fund, since, language),
    }
    for name, figure in figures.items():
        figure.savefig(Path(folder) / name, dpi=DPI)
    return [Path(folder) / name for name in figures]


def _lines(
    axes: "Axes",
    values: xr.DataArray,
    names: Sequence[str],
    base: str,
    title: str,
    top: float | None = None,
) -> None:
    draw_lines(axes, values, names, base)
    axes.set_title(title, loc="left", weight="bold", pad=4)
    if float(values.min()) >= 0:
        axes.set_ylim(bottom=0, top=top)
    else:
        axes.axhline(0, color=INK, linewidth=0.6)
    if len(names) > 1:
        name_ends(axes, values, names, base)


def _bars(axes: "Axes", frames: dict[str, "DataFrame"], of: str, scale: float, place: int) -> None:
    """One bar a scenario: rises to the right of zero, falls to the left, the sum as a mark."""
    for row, frame in enumerate(frames.values()):
        table = frame[frame["of"] == of].set_index("part")["change"] * scale
        right, left = 0.0, 0.0
        for part in PARTS:
            size = float(table[part])
            axes.barh(row, size, left=right if size > 0 else left, color=_colour(part), height=0.6)
            right, left = right + max(size, 0.0), left + min(size, 0.0)
        axes.plot(float(table["total"]), row, marker="D", color=INK, markersize=4)
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.set_yticks(np.arange(len(frames)), list(frames))
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _colour(part: str) -> str:
    return COLOURS[list(PARTS).index(part)]


def _heading(
    figure: "Figure", dataset: xr.Dataset, title: str, names: Sequence[str], base: str, lang: str
) -> None:
    """Title, what each colour means, and the margins."""
    height, colours = figure.get_figheight(), colours_of(names, base)
    headline(figure, title)
    for k, name in enumerate(names):
        text = scenario_title(dataset, name, lang)
        below_headline(figure, k, name if text == name else f"{name}: {text}", colours[name])
    top = 1 - (0.65 + LINE * len(names)) / height
    figure.subplots_adjust(
        left=0.075, right=0.87, wspace=0.55, hspace=0.5, top=top, bottom=0.75 / height
    )
