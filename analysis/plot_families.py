"""The figure of families: fertility under its paths, by cohort, and ages at the events of life.

Belongs to nobody else, as those of `plots.py`. Lines are draw 0 and bands the middle 80 % of
draws 1 ... K, averaged over replicates. Years after 2050 are shown only beside all three paths
of fertility; women who reach an age later than that are left out with them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from . import families
from .compare import STRUCTURAL, has_structure, shown_years
from .indicators import CENTRAL_DRAW, over_replicates
from .intervals import over_draws
from .plot_words import Words, language_for, words_in
from .plots import (
    COLOURS,
    FAINT,
    INK,
    below_headline,
    concept_of,
    draws_in,
    footnote,
    headline,
    new_figure,
    reference,
    reference_title,
    source_line,
    spread_apart,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEEDED = ("births_by_age_order", "exposure", "women_by_parity", "children_ever_born",
          "marriages_by_age")  # fmt: skip
READ = (*NEEDED, "births", "title", "title_zh")
FIRST_COHORT = 1960
AGES = (30, 35, 40, 49)  # at which the children of a cohort are counted
GROWN = 45  # age from which hardly any woman has another child
POOL = 5  # birth cohorts in one figure
GAP = 0.085  # of the height of a panel, between two names


class Line(NamedTuple):
    """One line of a panel: its name and values [draw, x]; a dashed one has no band."""

    name: str
    values: xr.DataArray
    colour: str
    dashed: bool = False


class Panel(NamedTuple):
    """One panel; the axis starts at zero unless it may not, and ends at a top if there is one."""

    title: str
    lines: list[Line]
    from_zero: bool = True
    top: float | None = None


def fertility_and_marriage(dataset: xr.Dataset, language: str = "en") -> "Figure":
    """Four panels: total fertility, children by cohort, progression by cohort, ages at events.

    Raises
    ------
    ValueError
        If the results lack what it needs; see `NEEDED`.
    """
    lacking = [name for name in NEEDED if name not in dataset.variables]
    if lacking:
        raise ValueError(f"these results hold no {', '.join(lacking)}")
    language = language_for(language)
    words = words_in(language)
    data = dataset[[name for name in READ if name in dataset.variables]].load()
    mean = over_replicates(data[list(NEEDED)]).sel(year=shown_years(dataset))
    base = mean.sel(scenario=reference(dataset), drop=True)
    fertility = total_fertility(mean, reference(dataset), words)
    panels = (
        Panel(words.tfr_panel, fertility, top=1.5 * _highest(fertility)),
        Panel(words.cohort_panel, by_age(base, words)),
        Panel(words.progression_panel, progression(base), top=100.0),
        Panel(words.ages_panel, ages(base, words), from_zero=False),
    )
    with style(language):
        figure = new_figure(7.0)
        grid = figure.subplots(2, 2).ravel()
        figure.subplots_adjust(
            left=0.055, right=0.87, top=0.885, bottom=0.13, wspace=0.52, hspace=0.32
        )
        for axes, panel in zip(grid, panels, strict=True):
            _draw(axes, panel)
        headline(figure, words.families_title)
        subtitle = words.semicolon.join([reference_title(dataset, language),
                                         concept_of(dataset, words)])  # fmt: skip
        below_headline(figure, 0, subtitle, FAINT)
        footnote(figure, _notes(data, mean, words, dataset))
    return figure


def total_fertility(mean: xr.Dataset, base: str, words: Words) -> list[Line]:
    """Children per woman of the year under each path, and tempo-adjusted under the first."""
    names = [str(name) for name in mean["scenario"].values]
    paths = [base, *(name for name in STRUCTURAL if name in names and name != base)]
    lines = []
    for k, name in enumerate(paths):
        rates = _rates(mean.sel(scenario=name, drop=True))
        tfr = rates.sum(("age", "order")).where(rates.notnull().all(("age", "order")))
        lines.append(Line(name, tfr, COLOURS[k - 1] if k else INK))
    rates = _rates(mean.sel(scenario=base, drop=True))
    adjusted = families.tempo_adjusted_tfr(rates, pool=families.TEMPO_POOL)
    return [*lines, Line(words.tempo, adjusted, COLOURS[2], dashed=True)]


def _rates(mean: xr.Dataset) -> xr.DataArray:
    women = mean["exposure"].sel(sex="female", drop=True)
    return families.order_rates(mean["births_by_age_order"], women)


def by_age(base: xr.Dataset, words: Words) -> list[Line]:
    """Children ever borne by birth cohort, at some ages."""
    found = families.cohort_fertility(base["children_ever_born"], base["women_by_parity"], POOL)
    return [
        Line(words.at_age.format(age=age), _cohorts(found.sel(age=age, drop=True)), colour)
        for age, colour in zip(AGES, (*COLOURS[1:4], INK), strict=True)
    ]


def progression(base: xr.Dataset) -> list[Line]:
    """Per cent of women of 45 with k children who have one more, by birth cohort."""
    women = families.by_cohort(base["women_by_parity"].sel(age=[GROWN]), POOL)
    found = 100 * families.parity_progression(women.sel(age=GROWN, drop=True))
    return [
        Line(f"{k} → {k + 1}", _cohorts(found.sel(parity=k, drop=True)), colour)
        for k, colour in zip((0, 1, 2), (INK, *COLOURS[:2]), strict=True)
    ]


def ages(base: xr.Dataset, words: Words) -> list[Line]:
    """Mean ages at first marriage of men and women, and at the first two births."""
    wed = families.mean_age_at_first_marriage(base["marriages_by_age"])
    births = families.mean_age(_rates(base))
    return [
        Line(words.first_marriage_men, wed.sel(sex="male", drop=True), COLOURS[1]),
        Line(words.first_marriage_women, wed.sel(sex="female", drop=True), COLOURS[0]),
        Line(words.birth_of_order[0], births.sel(order=1, drop=True), INK),
        Line(words.birth_of_order[1], births.sel(order=2, drop=True), COLOURS[2]),
    ]


def _cohorts(values: xr.DataArray) -> xr.DataArray:
    return values.sel(cohort=slice(FIRST_COHORT, None))


def _highest(lines: Sequence[Line]) -> float:
    """Largest value of draw 0 on the lines that are not dashed."""
    shown = [_known(line.values)[1] for line in lines if not line.dashed]
    return float(max((values.max() for values in shown if len(values)), default=1.0))


def _draw(axes: "Axes", panel: Panel) -> None:
    """Lines with bands, each named at its end."""
    import seaborn
    from matplotlib.ticker import MaxNLocator

    for line in panel.lines:
        x, middle, low, high = _known(line.values)
        if len(low) and not line.dashed:
            axes.fill_between(x, low, high, color=line.colour, alpha=0.16, linewidth=0)
        dashes = (0, (3.5, 1.6)) if line.dashed else "-"
        axes.plot(x, middle, color=line.colour, linewidth=1.4, linestyle=dashes)
    axes.set_title(panel.title, loc="left", weight="bold", pad=5)
    seaborn.despine(ax=axes)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.margins(x=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_ylim(bottom=0 if panel.from_zero else None, top=panel.top)
    _name(axes, [line for line in panel.lines if len(_known(line.values)[0])])


def _known(values: xr.DataArray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, draw 0 and the bounds of the band where draw 0 is known; no bounds, no band."""
    middle = values.sel(draw=CENTRAL_DRAW, drop=True)
    held = middle.notnull().values
    x = values[middle.dims[0]].values[held]
    others = values.sel(draw=values["draw"] > CENTRAL_DRAW).isel({middle.dims[0]: held})
    others = others.dropna("draw", how="all")
    if others.sizes["draw"] < 2:
        return x, middle.values[held], np.empty(0), np.empty(0)
    bounds = over_draws(others)  # none where fewer than two draws know a figure
    low, high = (bounds.sel(quantile=q).values for q in (0.1, 0.9))
    return x, middle.values[held], low, high


def _name(axes: "Axes", lines: Sequence[Line]) -> None:
    """Write the names at the right of the panel, moved apart, in the order of the ends."""
    low, high = axes.get_ylim()
    ends = [min((float(_known(line.values)[1][-1]) - low) / (high - low), 1.0) for line in lines]
    for line, y in zip(lines, spread_apart(ends, GAP), strict=True):
        axes.text(1.02, y, line.name, transform=axes.transAxes, color=line.colour, va="center",
                  fontsize=7)  # fmt: skip


def _notes(data: xr.Dataset, mean: xr.Dataset, words: Words, dataset: xr.Dataset) -> list[str]:
    draws = draws_in(data["births"])
    band = words.band_alone.format(draws=draws) if draws > 1 else words.no_band
    paths = "" if has_structure(dataset) else f" {words.paths_missing}"
    note = words.families_note.format(pool=POOL, window=families.WINDOW, years=families.TEMPO_POOL)
    return [f"{band}{paths}", note, source_line(dataset.assign(births=data["births"]), words)]
