"""Figures that a run leaves behind: pyramids then and now, births and funds; see `plot_families`.

Each function returns a figure that belongs to nobody else (no global state), for notebooks
as for files. Lines are draw 0, bands the middle 80 % of draws 1 ... K, both averaged over
replicates; differences are taken within each draw. Money is in prices of one year. Years after
2050 are shown only beside all three paths of fertility. Leaves out tables; `compare.py` has them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .compare import (
    BASELINE,
    LAST_WITHOUT_STRUCTURE,
    STRUCTURAL,
    reference_of,
    shown_years,
)
from .indicators import (
    CENTRAL_DRAW,
    balance_before_financing,
    over_replicates,
    replicates_behind,
)
from .plot_words import Words, chinese_font, language_for, words_in, wrapped
from .quantities import FUND_NAMES, PRICES_OF, deflator, total

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

PYRAMID_UNTIL = 2060
PATHS_PART = 2025  # last year in which the three paths of fertility are the same
OLD_AGES = (60, 65, 80)
FUNDS_SHOWN = ("child_subsidy", "long_term_care", "resident_pension", "employee_pension")
NEEDED = (
    "title", "title_zh", "price_index", "births", "population_by_age", "fund_outlay",
    "fund_balance", "fund_deficit_financing",
)  # fmt: skip
BAND = 80  # per cent of the draws
VISIBLE = 1e-3  # of the baseline's peak: a scenario closer than this is not drawn
EDGE = 0.02  # of the width, where titles and notes begin
LINE = 0.15  # inches
LABEL_GAP = 0.17  # of the height of a panel
LOWEST_LABEL = 0.04  # of it: lower ones would stand among the years
LEFT = (0.075, 0.09)  # margin of the panels; amounts in 亿元 have more digits
DPI = 150
WIDTH = 7.6  # inches, the text width of an A4 page
INK, FAINT, GRID = "#222222", "#6b6b6b", "#e4e4e4"
MEN, WOMEN = "#5aa0c8", "#e39a5d"
# Colours that people of every kind of colour vision tell apart (Okabe and Ito, 2008).
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


class Panel(NamedTuple):
    """One quantity of the small multiples."""

    title: str
    unit: str
    values: xr.DataArray  # [scenario, draw, year], in the unit
    change: xr.DataArray  # from each scenario's own baseline, in the same draw


def write_figures(dataset: xr.Dataset, folder: Path | str, language: str = "en") -> list[Path]:
    """Write the figures as PNG files of 150 dots per inch; returns their paths.

    That of families needs variables that old results may lack. None is written while draw 0
    of the baseline is not done.

    dataset : results, as `songhe.open` gives them; folder : an existing folder;
    language : "en", or "zh" where a Chinese font is installed.
    """
    if not bool((central(dataset["done"], reference(dataset)) > 0).any()):
        return []
    language = language_for(language)
    from . import plot_families

    figures = {
        "population_pyramids.png": population_pyramids(dataset, language),
        "births_and_funds.png": births_and_funds(dataset, language),
    }
    if set(plot_families.NEEDED) <= set(dataset.variables):
        figures["fertility_and_marriage.png"] = plot_families.fertility_and_marriage(
            dataset, language
        )
    for name, figure in figures.items():
        save(figure, Path(folder) / name, language)
    return [Path(folder) / name for name in figures]


def save(figure: "Figure", path: Path, language: str) -> None:
    """Write a figure as PNG; the minus of Chinese fonts is as wide as a character."""
    from matplotlib import rc_context

    with rc_context({"axes.unicode_minus": language != "zh"}):  # read when ticks are written
        figure.savefig(path, dpi=DPI)


def population_pyramids(dataset: xr.Dataset, language: str = "en") -> "Figure":
    """Men and women by single age: 2010 as a line over the bars of the last year shown.

    Draw 0 of the baseline; the table under the pyramid gives the numbers of older people.
    """
    language, dataset = language_for(language), _read(dataset)
    words = words_in(language)
    people = over_replicates(central(dataset["population_by_age"], reference(dataset)))
    people = people.sel(year=shown_years(dataset)).dropna("year", how="all")
    first, last = int(people["year"][0]), min(int(people["year"][-1]), PYRAMID_UNTIL)
    with style(language):
        figure = new_figure(7.4)
        axes = figure.add_axes((0.085, 0.27, 0.88, 0.63))
        _pyramid(axes, people.sel(year=first), people.sel(year=last), words)
        paths = _other_paths(dataset, last)
        _outline(axes, paths, words)
        headline(figure, words.pyramid_title.format(first=first, last=last))
        subtitle = words.semicolon.join([reference_title(dataset, language),
                                         concept_of(dataset, words)])  # fmt: skip
        below_headline(figure, 0, subtitle, FAINT)
        if paths:
            dashed, dotted = (name for name, _ in paths)
            text = words.other_paths.format(dashed=dashed, dotted=dotted, year=last)
            below_headline(figure, 1, text, FAINT)
        _ages_table(figure, people.sel(year=[first, last]), words)
        footnote(figure, [source_line(dataset, words)])
    return figure


def births_and_funds(
    dataset: xr.Dataset, language: str = "en", funds: Sequence[str] = FUNDS_SHOWN
) -> "Figure":
    """Small multiples: level of each quantity at the left, what scenarios change at the right."""
    language, dataset = language_for(language), _read(dataset)
    words = words_in(language)
    shown = panels(dataset, words, funds)
    with style(language):
        figure = new_figure(1.3 + 1.55 * len(shown))
        grid = figure.subplots(len(shown), 2, sharex=True, squeeze=False)
        base = reference(dataset)
        for (left, right), panel in zip(grid, shown, strict=True):
            _level(left, panel, base, words)
            _difference(right, panel, base, words)
        _place(figure, grid, dataset, words, language)
    return figure


def _read(dataset: xr.Dataset) -> xr.Dataset:
    """What the figures need, read once."""
    return dataset[[name for name in NEEDED if name in dataset.variables]].load()


def reference(dataset: xr.Dataset) -> str:
    """The scenario that others are held against: the baseline, or else the first."""
    names = [str(name) for name in dataset["scenario"].values]
    return BASELINE if BASELINE in names else names[0]


def reference_title(dataset: xr.Dataset, language: str) -> str:
    """Title of the reference scenario."""
    return scenario_title(dataset, reference(dataset), language)


def scenario_title(dataset: xr.Dataset, name: str, language: str) -> str:
    """Title of a scenario in a language, or its name where the results hold none."""
    title = "title_zh" if language == "zh" else "title"
    return str(dataset[title].sel(scenario=name).item()) if title in dataset.variables else name


def central(values: xr.DataArray, scenario: str) -> xr.DataArray:
    """Draw 0 of a scenario."""
    return values.sel(scenario=scenario, draw=CENTRAL_DRAW, drop=True)


def panels(dataset: xr.Dataset, words: Words, funds: Sequence[str] = FUNDS_SHOWN) -> list[Panel]:
    """Births, then outlay of each fund, and the pooled balance of funds that have one.

    What is zero or unknown throughout is left out.
    """
    persons, persons_name = words.million
    yuan, yuan_name = words.money
    data = over_replicates(dataset)
    balance = balance_before_financing(dataset)
    found = [_panel(dataset, words.births, persons_name, _by_draw(data["births"]) / persons)]
    for fund in (name for name in funds if name in dataset["fund"].values):
        name = FUND_NAMES[fund][words.place]
        spent = _by_draw(data["fund_outlay"].sel(fund=fund, drop=True))
        spent = spent * deflator(data) / yuan
        found.append(_panel(dataset, words.outlay.format(fund=name), yuan_name, spent))
        held = balance.sel(fund=fund, drop=True) * deflator(data) / yuan
        if float(abs(held).max()) > VISIBLE * float(abs(spent).max()):
            found.append(_panel(dataset, words.balance.format(fund=name), yuan_name, held))
    return [panel for panel in found if float(abs(panel.values).max()) > 0]


def _by_draw(values: xr.DataArray) -> xr.DataArray:
    return total(values, ("scenario",))


def _panel(dataset: xr.Dataset, title: str, unit: str, values: xr.DataArray) -> Panel:
    values = values.sel(year=shown_years(dataset))
    names = [str(name) for name in values["scenario"].values]
    against = [reference_of(dataset, name) or name for name in names]
    other = values.sel(scenario=against).assign_coords(scenario=names)
    return Panel(title, unit, values, values - other)


def draws_in(values: xr.DataArray) -> int:
    """Number of draws beside draw 0 that hold any value."""
    others = [dim for dim in values.dims if dim != "draw"]
    held = values.count(others) > 0
    return int(held.sel(draw=held["draw"] > CENTRAL_DRAW).sum())


def concept_of(dataset: xr.Dataset, words: Words) -> str:
    """The population concept of the run in words."""
    concept = str(dataset.attrs["concept"])
    return words.concepts.get(concept, concept)


def source_line(dataset: xr.Dataset, words: Words) -> str:
    """Version, concept and size of the run."""
    about = dataset.attrs
    return words.source.format(
        version=about["version"],
        concept=concept_of(dataset, words),
        persons=int(about["persons"]),
        replicates=replicates_behind(dataset),
        draws=1 + draws_in(dataset["births"]),
    )


def births_chance(dataset: xr.Dataset) -> float:
    """Standard error of a year's births by chance, per cent, in the middle of the run."""
    births = central(dataset["births"].sum(("province", "residence", "sex")), reference(dataset))
    people = central(dataset["population_by_age"].sum(("sex", "age")), reference(dataset))
    per_agent = float(people.isel(year=0).mean()) / float(dataset.attrs["persons"])
    agents = float(births.isel(year=slice(1, None)).median()) / per_agent
    return float(100 / np.sqrt(max(agents, 1.0) * replicates_behind(dataset)))


def new_figure(height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), dpi=DPI)


@contextmanager
def style(language: str) -> Iterator[None]:
    """Seaborn's ticks with our sizes, for the figures made inside; put back afterwards."""
    import seaborn
    from matplotlib import rc_context

    fonts = [chinese_font(), "DejaVu Sans"] if language == "zh" else ["DejaVu Sans"]
    sizes: Any = {
        "font.family": fonts, "font.size": 8, "axes.labelsize": 8, "axes.titlesize": 8.5,
        "xtick.labelsize": 7.5, "ytick.labelsize": 7.5, "axes.linewidth": 0.6,
        "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 3,
        "ytick.major.size": 3, "grid.linewidth": 0.5, "grid.color": GRID,
        "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
        "axes.edgecolor": FAINT,
    }  # fmt: skip
    with seaborn.axes_style("ticks"), rc_context(sizes):
        yield


def _pyramid(axes: "Axes", then: xr.DataArray, now: xr.DataArray, words: Words) -> None:
    """Bars of now, a line of then; men to the left."""
    import seaborn

    unit, unit_name = words.million
    edges = np.append(then["age"].values, int(then["age"][-1]) + 1)
    for sex, side, colour in (("male", -1, MEN), ("female", 1, WOMEN)):
        bars, line = side * now.sel(sex=sex) / unit, side * then.sel(sex=sex) / unit
        axes.stairs(bars, edges, orientation="horizontal", fill=True, color=colour)
        axes.stairs(line, edges, orientation="horizontal", color=INK, linewidth=1.1)
    widest = 1.08 * float(max(then.max(), now.max())) / unit
    axes.axvline(0, color="white", linewidth=0.8)
    axes.set(xlim=(-widest, widest), ylim=(0, edges[-1]), yticks=range(0, 101, 10))
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):,.10g}")
    axes.set_xlabel(words.people_axis.format(unit=unit_name))
    axes.set_ylabel(words.age)
    axes.grid()
    axes.set_axisbelow(True)
    seaborn.despine(ax=axes)
    for at, name, colour in ((-0.8, words.men, MEN), (0.8, words.women, WOMEN)):
        _key(axes, at * widest, 0.06 * widest, name, colour, (int(then["year"]), int(now["year"])))


def _other_paths(dataset: xr.Dataset, year: int) -> list[tuple[str, xr.DataArray]]:
    """People under the other paths of fertility in a year that is not shown without them."""
    if year <= LAST_WITHOUT_STRUCTURE:
        return []
    everybody = dataset["population_by_age"].sel(year=year)
    names = [name for name in STRUCTURAL if name != reference(dataset)]
    return [(name, over_replicates(central(everybody, name))) for name in names]


def _outline(axes: "Axes", paths: list[tuple[str, xr.DataArray]], words: Words) -> None:
    """Those born since the paths part, under the other ones: a dashed and a dotted line."""
    for (_, people), dashes in zip(paths, ("--", ":"), strict=False):
        young = people.sel(age=slice(None, int(people["year"]) - PATHS_PART))
        edges = np.append(young["age"].values, int(young["age"][-1]) + 1)
        for sex, side in (("male", -1), ("female", 1)):
            line = side * young.sel(sex=sex) / words.million[0]
            look: dict[str, Any] = {"color": INK, "linewidth": 1.0, "linestyle": dashes}
            look["baseline"] = None  # no line back to the axis
            axes.stairs(line, edges, orientation="horizontal", **look)


def _key(
    axes: "Axes", x: float, size: float, name: str, colour: str, years: tuple[int, int]
) -> None:
    """The side's name, and what bars and line stand for, in an upper corner."""
    axes.text(x, 98, name, color=colour, fontsize=11, weight="bold", ha="center", va="center")
    axes.fill_between([x - 2.4 * size, x - 0.6 * size], 91, 94, color=colour, linewidth=0)
    axes.plot([x - 2.4 * size, x - 0.6 * size], [87.5, 87.5], color=INK, linewidth=1.1)
    for y, year in ((92.5, years[1]), (87.5, years[0])):
        axes.text(x, y, f"{year}", fontsize=8.5, va="center")


def _ages_table(figure: "Figure", people: xr.DataArray, words: Words) -> None:
    """Numbers of older people in both years under the pyramid, with their shares."""
    unit, unit_name = words.million
    totals = people.sum("sex")
    rows = [(words.all_ages, 0)]
    rows += [(words.age_row.format(age=age), age) for age in OLD_AGES]
    columns = (0.40, 0.64)
    top, step = 0.185, 0.026
    for x, year in zip(columns, people["year"].values, strict=True):
        head = words.in_year.format(year=int(year), unit=unit_name)
        figure.text(x, top, head, ha="right", weight="bold", fontsize=8)
    for k, (name, age) in enumerate(rows, start=1):
        figure.text(0.085, top - k * step, name, fontsize=8)
        for x, year in zip(columns, people["year"].values, strict=True):
            here = totals.sel(year=year)
            number = float(here.sel(age=slice(age, None)).sum())
            share = f"  ({number / float(here.sum()):.1%})" if age else ""
            y = top - k * step
            figure.text(x, y, f"{number / unit:,.1f}", ha="right", fontsize=8)
            figure.text(x, y, share, ha="left", fontsize=8, color=FAINT)


def headline(figure: "Figure", title: str) -> None:
    y = 1 - 0.12 / figure.get_figheight()
    figure.text(EDGE, y, title, weight="bold", fontsize=11, va="top")


def below_headline(figure: "Figure", line: int, text: str, colour: str) -> None:
    y = 1 - (0.36 + LINE * line) / figure.get_figheight()
    figure.text(EDGE, y, text, fontsize=8, va="top", color=colour)


def _place(
    figure: "Figure", grid: NDArray[np.object_], dataset: xr.Dataset, words: Words, language: str
) -> None:
    """Margins, what each colour means, and the notes below."""
    height, base = figure.get_figheight(), reference(dataset)
    names = [str(name) for name in dataset["scenario"].values]
    colours = colours_of(names, base)
    headline(figure, words.births_title)
    for k, name in enumerate([base, *(name for name in names if name != base)]):
        title = scenario_title(dataset, name, language)
        text = name if title == name else words.colon.join([name, title])
        below_headline(figure, k, text, colours[name])
    top = 0.36 + LINE * len(names)
    figure.subplots_adjust(
        left=LEFT[words.place], right=0.88, wspace=0.56, hspace=0.62,
        top=1 - (top + 0.5) / height, bottom=0.95 / height,
    )  # fmt: skip
    own = any(reference_of(dataset, name) not in (None, base) for name in names)
    heads = (words.level, words.own_difference if own else words.difference.format(baseline=base))
    for axes, text in zip(grid[0], heads, strict=True):
        x, y = axes.get_position().x0, 1 - (top + 0.1) / height
        figure.text(x, y, text, fontsize=8, va="top", color=FAINT, style="italic")
    footnote(figure, _notes(dataset, words, base))


def _notes(dataset: xr.Dataset, words: Words, base: str) -> list[str]:
    draws = draws_in(dataset["births"])
    money = words.constant_prices.format(year=PRICES_OF)
    if PRICES_OF not in dataset["year"]:
        money = words.current_prices
    chance = words.chance.format(percent=births_chance(dataset))
    band = words.band.format(draws=draws) if draws > 1 else words.no_band
    visible = words.visible.format(baseline=base)
    return [f"{band} {visible}", f"{money} {chance}", source_line(dataset, words)]


def footnote(figure: "Figure", lines: Sequence[str]) -> None:
    text = "\n".join(map(wrapped, lines))
    figure.text(EDGE, 0.08 / figure.get_figheight(), text, fontsize=7, va="bottom", color=FAINT)


def _level(axes: "Axes", panel: Panel, base: str, words: Words) -> None:
    """The reference and every scenario that visibly departs from it."""
    moved = _departing(panel, base)
    draw_lines(axes, panel.values, [base, *moved], base)
    axes.set_title(words.comma.join([panel.title, panel.unit]), loc="left", weight="bold", pad=4)
    lowest, highest = float(panel.values.min()), float(panel.values.max())
    axes.set_ylim(bottom=0 if lowest >= 0 else None, top=None if highest > 0 else 0)
    if lowest < 0:
        axes.axhline(0, color=INK, linewidth=0.6)
    name_ends(axes, panel.values, [base, *moved], base)


def _difference(axes: "Axes", panel: Panel, base: str, words: Words) -> None:
    """What the scenarios change, draw by draw."""
    moved = _departing(panel, base)
    if moved:
        axes.axhline(0, color=INK, linewidth=0.6)
        draw_lines(axes, panel.change, moved, base)
        name_ends(axes, panel.change, moved, base)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:+,.10g}" if value else "0")
        return
    axes.set_axis_off()
    note = words.no_difference.format(baseline=base)
    axes.text(0.5, 0.56, note, transform=axes.transAxes, ha="center", color=FAINT, fontsize=7.5)


def _departing(panel: Panel, base: str) -> list[str]:
    """Scenarios whose change is more than a thousandth of the baseline's peak."""
    change = abs(panel.change)
    peak = float(abs(panel.values.sel(scenario=base)).max())
    return [
        str(name)
        for name in panel.values["scenario"].values
        if name != base and float(change.sel(scenario=name).max()) > VISIBLE * peak
    ]


def draw_lines(axes: "Axes", values: xr.DataArray, scenarios: Sequence[str], base: str) -> None:
    """Bands of the draws and lines of draw 0."""
    import seaborn
    from matplotlib.ticker import MaxNLocator

    colours = colours_of([str(name) for name in values["scenario"].values], base)
    for name in scenarios:
        frame = _frame(values.sel(scenario=name))
        drawn = frame[frame["draw"] > CENTRAL_DRAW]
        look = {"x": "year", "y": "value", "ax": axes, "color": colours[name]}
        if draws_in(values) > 1:
            band = {"errorbar": ("pi", BAND), "err_kws": {"alpha": 0.18, "linewidth": 0}}
            seaborn.lineplot(drawn, estimator="median", linewidth=0, **band, **look)
        seaborn.lineplot(frame[frame["draw"] == CENTRAL_DRAW], errorbar=None, linewidth=1.4, **look)
    seaborn.despine(ax=axes)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.set(xlabel="", ylabel="")
    axes.margins(x=0)
    axes.tick_params(labelbottom=True)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")


def _frame(values: xr.DataArray) -> "DataFrame":
    """Long form of [draw, year], without what is not done."""
    return values.rename("value").to_series().dropna().reset_index()


def colours_of(names: Sequence[str], base: str) -> dict[str, str]:
    others = [name for name in names if name != base]
    chosen = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(others)}
    return {base: INK, **chosen}


def name_ends(axes: "Axes", values: xr.DataArray, scenarios: Sequence[str], base: str) -> None:
    """Write each scenario's name at the end of its line, moved apart where they meet."""
    colours = colours_of([str(name) for name in values["scenario"].values], base)
    here = values.sel(draw=CENTRAL_DRAW).dropna("year", how="all")
    low, high = axes.get_ylim()
    ends = [float(here.sel(scenario=name)[-1] - low) / (high - low) for name in scenarios]
    labels = [fill(name, 15) for name in scenarios]
    for label, name, y in zip(
        labels, scenarios, spread_apart(ends, LABEL_GAP, LOWEST_LABEL), strict=True
    ):
        look: dict[str, Any] = {
            "va": "center",
            "fontsize": 7,
            "linespacing": 0.95,
            "color": colours[name],
        }
        axes.text(1.02, y, label, transform=axes.transAxes, **look)


def spread_apart(values: Sequence[float], gap: float, lowest: float = -np.inf) -> list[float]:
    """Positions at least a gap apart, in the order of the values and as near as can be.

    lowest : below which none stands
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(values, kind="stable")
    steps = gap * np.arange(len(values))
    placed = np.empty(len(values))
    near = isotonic_regression(np.asarray(values)[order] - steps).x
    placed[order] = np.maximum(near, lowest) + steps  # the bound keeps the order and the gaps
    return [float(value) for value in placed]
