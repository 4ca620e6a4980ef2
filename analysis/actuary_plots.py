"""Figures of the actuary's page: a fund under its scenarios, its change, and its valuation.

Lines are draw 0 and bands the middle 80 % of draws 1 ... K, national ratios of sums over
replicates as in `actuary.py`. Years after 2050 are shown only beside all three paths of
fertility. Leaves out valuations at the return of the fund, which stand in tables.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from .actuary import (
    CLOSED,
    OPEN,
    debt_frame,
    decomposition_frame,
    fund_totals,
    valuation_frame,
    yearly_figures,
)
from .compare import shown_years
from .indicators import CENTRAL_DRAW, depletion_year
from .plot_words import language_for, words_in
from .plots import (
    COLOURS,
    EDGE,
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
    save,
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
MOST_NAMES = 4  # that fit beside a panel; the heading has them all
NONE = xr.DataArray(np.nan)


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
    Panel(
        "replacement_ratio",
        ("New pensions over reference wage, %", "新增养老金替代率，%"),
        (100, 100),
    ),
    Panel("payg_rate", ("Pay-as-you-go rate, % of bases", "现收现付缴费率，%"), (100, 100)),
    Panel("collected_rate", ("Rate collected, % of bases", "实收费率，%"), (100, 100)),
    Panel("balance", ("Balance, trillion yuan of the year", "累计结余，万亿元"), (1e-12, 1e-12)),
    Panel("months_of_reserve", ("Months of reserve", "可支付月数"), (1, 1)),
)
DRY = ("Draws with a dry pool, %", "统筹账户已耗尽的抽样比例，%")
OF_LEDGERS = (
    "Balance and months of reserve are of both ledgers after deficit financing; a pool is dry on "
    "the pooled ledger before it.",
    "累计结余和可支付月数为两账户合计、弥补赤字后；统筹账户耗尽按弥补赤字前的统筹账户计。",
)


class Mark(NamedTuple):
    """What a colour of the valuation stands for."""

    title: tuple[str, str]
    colour: str


AT_WAGES = "wage + 0.5"
ABOVE, BETWEEN, BELOW = 0.8, 0.6, 0.98  # inches about the panels of a valuation
RATES = ["required_rate", "required_rate_q10", "required_rate_q90", "collected_rate"]
SHARES = ["of_gdp", "of_gdp_q10", "of_gdp_q90"]
OPENED = Mark(("● open group", "● 开放群体"), COLOURS[1])
SHUT = Mark(("● closed group", "● 封闭群体"), COLOURS[0])
COLLECTED = Mark(("❘ rate collected", "❘ 实收费率"), INK)
IMPLICIT = Mark(("■ implicit debt", "■ 隐性债务"), COLOURS[3])
ACCRUED = Mark(("■ owed to those of 60+", "■ 对60岁及以上的给付"), COLOURS[2])
RATE = ("Required rate, %, {years} years", "所需费率，%，{years}年")
OWED = (
    "Debt by payments to {until}, when the youngest are {youngest}, % of GDP",
    "至{until}年（最年轻者{youngest}岁）给付形成的债务，占GDP %",
)
VALUED = (
    "Valued at the end of {year}, discounted at wage growth and half a point",
    "评估时点{year}年末，按工资增长率加0.5个百分点贴现",
)
GROUP_NOTE = (
    "Closed group: everybody of 16 and over at the date, member or not. Its debt is payments less "
    "its contributions and the reserve, before subsidies; owed to those of 60 and over: all their "
    "payments. Bands and black lines: middle 80 % of draws.",
    "封闭群体：评估时点16岁及以上的全部人口。隐性债务为给付减去其缴费和累计结余，不计财政补贴；对60岁及以上者为其全部给付。"
    "色带和黑线：中间80%的抽样。",
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
    """Panels of members, levels, rates, reserves, and the share of draws that have run dry.

    A quantity that the fund or the results do not have is left out.

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
        held = [panel for panel in PANELS if int(figures.get(panel.name, NONE).count())]
        rows = (len(held) + 2) // 2
        figure = new_figure(1.0 + 1.55 * rows + LINE * len(names))
        grid = figure.subplots(rows, 2, sharex=True).ravel()
        for axes, panel in zip(grid, held, strict=False):
            values = figures[panel.name].dropna("year", how="all") * panel.scale[place]
            _lines(axes, values, names, base, panel.title[place])
        _lines(grid[len(held)], dry_share(data, fund), names, base, DRY[place], top=100.0)
        for axes in grid[len(held) + 1 :]:
            axes.set_axis_off()
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
            title = words.comma.join([(en, zh)[place], f"{since}-{until}"])
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


def what_is_owed(dataset: xr.Dataset, fund: str, language: str = "en") -> "Figure | None":
    """Required rates of the open and the closed group by horizon, and the implicit debt.

    Discounted at wage growth and half a point. Without flows by age the rates of the open group
    alone; None for a fund that has neither bases nor these.
    """
    language = language_for(language)
    words, place = words_in(language), EN if language == "en" else ZH
    data, base = dataset.sel(year=shown_years(dataset)), reference(dataset)
    names = [base, *(str(n) for n in dataset["scenario"].values if n != base)]
    rates = {n: _at_wages(valuation_frame(_one(data, fund, n)), "group") for n in names}
    debts = {n: _at_wages(debt_frame(data.sel(scenario=[n]), fund), "figure") for n in names}
    horizons = sorted(set(rates[base].dropna(subset="required_rate")["years"]))
    of_rates, of_debts = bool(horizons), bool(len(debts[base]))
    if not of_rates and not of_debts:
        return None
    with style(language):
        rows, tall = of_rates + of_debts, 0.12 + 0.34 * len(names)
        height = ABOVE + rows * tall + (rows - 1) * BETWEEN + BELOW
        figure = new_figure(height)
        grid = figure.add_gridspec(
            rows, max(len(horizons), 1), left=0.24, right=0.96, wspace=0.12,
            hspace=BETWEEN / tall, top=1 - ABOVE / height, bottom=BELOW / height,
        )  # fmt: skip
        first = None
        for k, years in enumerate(horizons):
            axes = figure.add_subplot(grid[0, k], sharex=first)
            first = first or axes
            _rates(axes, [rates[n][rates[n]["years"] == years] for n in names])
            _rows(axes, names, RATE[place].format(years=years), named=axes is first)
        if of_debts:
            axes = figure.add_subplot(grid[-1, :])
            _debts(axes, [debts[n].set_index("figure") for n in names])
            youngest = int(debts[base]["youngest"].iloc[0])
            title = OWED[place].format(until=int(data["year"][-1]), youngest=youngest)
            _rows(axes, names, title)
        headline(figure, FUND_NAMES[fund][place])
        since = int(rates[base]["since"].iloc[0])
        below_headline(figure, 0, VALUED[place].format(year=since), FAINT)
        _marks(figure, _shown_marks(of_rates, of_debts), place)
        footnote(figure, [GROUP_NOTE[place]] * of_debts + [source_line(dataset, words)])
    return figure


def _one(data: xr.Dataset, fund: str, name: str) -> xr.Dataset:
    return fund_totals(data.sel(scenario=[name]), fund).isel(scenario=0, drop=True)


def _at_wages(frame: "DataFrame", by: str) -> "DataFrame":
    """Rows at wage growth and half a point; horizons cut to one length by the run stand once."""
    return frame[frame["discount"] == AT_WAGES].drop_duplicates(["years", by])


def _rates(axes: "Axes", frames: Sequence["DataFrame"]) -> None:
    """Rates of one horizon, per cent: a row a scenario, a dot and a band for each group."""
    for row, frame in enumerate(frames):
        for group, shift, mark in ((OPEN, -0.16, OPENED), (CLOSED, 0.16, SHUT)):
            for found in (100 * frame[frame["group"] == group][RATES]).itertuples(index=False):
                middle, low, high, collected = found
                axes.hlines(row + shift, low, high, mark.colour, linewidth=2.5, alpha=0.35)
                axes.plot(middle, row + shift, marker="o", color=mark.colour, markersize=4)
                if group == OPEN:
                    axes.vlines(collected, row - 0.34, row + 0.34, INK, linewidth=1.1)
    axes.margins(x=0.08)


def _debts(axes: "Axes", frames: Sequence["DataFrame"]) -> None:
    """Implicit debt, per cent of the gross domestic product, and what is accrued, with bands."""
    for row, frame in enumerate(frames):
        for name, shift, mark in (("implicit", -0.18, IMPLICIT), ("accrued", 0.18, ACCRUED)):
            middle, low, high = (100 * frame.loc[name, SHARES].to_numpy(float)).tolist()
            axes.barh(row + shift, middle, height=0.32, color=mark.colour)
            axes.hlines(row + shift, low, high, INK, linewidth=1.0)
    axes.axvline(0, color=INK, linewidth=0.6)


def _rows(axes: "Axes", names: Sequence[str], title: str, *, named: bool = True) -> None:
    """A row for each scenario, from the top."""
    axes.set_title(title, loc="left", weight="bold", pad=4)
    axes.set_yticks(np.arange(len(names)), list(names))
    axes.tick_params(axis="y", length=0, labelleft=named)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _shown_marks(of_rates: bool, of_debts: bool) -> list[Mark]:
    groups = [OPENED, SHUT, COLLECTED] if of_debts else [OPENED, COLLECTED]
    return groups * of_rates + [IMPLICIT, ACCRUED] * of_debts


def _marks(figure: "Figure", marks: Sequence[Mark], place: int) -> None:
    """What dots and bars stand for, under the panels."""
    for k, mark in enumerate(marks):
        figure.text(EDGE + 0.188 * k, 0.55 / figure.get_figheight(), mark.title[place],
                    color=mark.colour, fontsize=8, weight="bold")  # fmt: skip


def write_actuary_figures(
    dataset: xr.Dataset, fund: str, since: int, folder: Path | str, language: str = "en"
) -> list[Path]:
    """Write the figures as PNG files; returns their paths. folder : one that exists."""
    figures = {
        f"{fund}.png": fund_over_years(dataset, fund, language),
        f"{fund}_change.png": what_changes(dataset, fund, since, language),
        f"{fund}_valuation.png": what_is_owed(dataset, fund, language),
    }
    paths = []
    for name, figure in figures.items():
        if figure is not None:
            save(figure, Path(folder) / name, language)
            paths.append(Path(folder) / name)
    return paths


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
    if 1 < len(names) <= MOST_NAMES:
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
        text = name if text == name else words_in(lang).colon.join([name, text])
        below_headline(figure, k, text, colours[name])
    top = 1 - (0.65 + LINE * len(names)) / height
    right, gap = (0.87, 0.55) if len(names) <= MOST_NAMES else (0.96, 0.25)
    figure.subplots_adjust(
        left=0.075, right=right, wspace=gap, hspace=0.5, top=top, bottom=0.75 / height
    )
