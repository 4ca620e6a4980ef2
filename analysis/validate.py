"""A run held against published figures: those shipped, and those that a user brings.

Nothing is fitted to a user's figures, of whatever year: this module reads stored results and
changes no parameter. Figures to 2015 are compared, those of 2016 to 2019 are scored, 2020 is a
shock year that is shown and not scored, later ones are a forecast that is compared; stocks of
2010 are of the starting population. Published figures are taken as they are: stocks of 31
December, flows of calendar years, in the population concept of the run.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from ..parameters.load import Parameters
from ..parameters.problems import ParameterError, Problem
from . import score
from .compare import ERROR
from .intervals import Estimate, estimate
from .score import FITTED, HIGH, LAST_FITTED, LAST_SCORED, LOW, SCORED, SHOCK, score_table
from .validate_figures import Cell, Way
from .validate_files import Given, read_published

LATER = "later years"
SECTIONS = (SCORED, FITTED, LATER, SHOCK)  # of a user's figures, in the order of the table
BASE_YEAR, SHOCK_YEAR = 2010, LAST_SCORED + 1
SHIPPED, GIVEN = "songhe", "user"
EXTRA = ("cell", "cell_zh", "error_points", "origin")
COLUMNS = (*score.COLUMNS, *EXTRA)
SHARE = "share"
IN_CHINESE = {
    "male": "男", "female": "女", "urban": "城镇", "rural": "乡村", "never_married": "未婚",
    "married": "有配偶", "divorced": "离婚", "widowed": "丧偶", "first": "初婚", "again": "再婚",
}  # fmt: skip
# How labels of a dimension are written, in English and Chinese.
WRITTEN = {
    "age": ("age {}", "{}岁"), "order": ("order {}", "{}孩"),
    "household_size": ("size {}", "{}人"), "generations": ("generations {}", "{}代"),
}  # fmt: skip


def validate(
    dataset: xr.Dataset,
    parameters: Parameters,
    against: Sequence[Path | str] = (),
    scenario: str = score.BASELINE,
) -> pd.DataFrame:
    """One row for each published figure that the run can be held against.

    Parameters
    ----------
    dataset : results, as `songhe.open` gives them
    parameters : those of the scenario, at their medians
    against : CSV files of a user's own published figures (`validate_files.py`)
    scenario : the one that is held against them

    Returns
    -------
    COLUMNS: those of `score_table`; `cell` tells figures of one quantity apart, `error_points` is
    the error of a share in percentage points, `origin` is "songhe", or file and line. Figures of
    a user come first, section by section, those with the largest error first; then the
    score card.

    Raises
    ------
    ParameterError
        With everything that is wrong in the files, or if draw 0 of the scenario is not done.
    """
    problems = _dataset_problems(dataset, scenario)
    given, faults = read_published(against, dataset)
    rows: list[dict[str, object]] = []
    if not problems:
        rows, unknown = _compared(dataset.sel(scenario=scenario, drop=True), given)
        faults += unknown
    if problems or faults:
        raise ParameterError([*problems, *faults])
    own = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"inside": "boolean"})
    shipped = score_table(dataset, parameters, scenario)
    shipped = shipped.assign(cell="", cell_zh="", error_points=_points(shipped), origin=SHIPPED)
    frames = [frame for frame in (_misses_first(own), shipped) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else shipped


def _dataset_problems(dataset: xr.Dataset, scenario: str) -> list[Problem]:
    names = list(map(str, dataset["scenario"].values))
    if scenario not in names:
        return [Problem("option", "--scenario", scenario, ", ".join(names))]
    if not bool((dataset["done"].sel(scenario=scenario, draw=0) > 0).any()):
        allowed = "results of which a unit of draw 0 is done; give the run's command again"
        return [Problem("option", "DIR", f"{scenario}: no finished unit", allowed)]
    return []


def _points(table: pd.DataFrame) -> "pd.Series[float]":
    gap = 100 * (table["model"] - table["reference"])
    return gap.where(table["unit"] == SHARE)


# --- a user's figures ---------------------------------------------------------------------


def _compared(
    results: xr.Dataset, given: Sequence[Given]
) -> tuple[list[dict[str, object]], list[Problem]]:
    """A row for each figure; those of a quantity and cell are measured together."""
    alike: dict[object, list[Given]] = {}
    for one in given:
        alike.setdefault((one.figure.key, tuple(sorted(one.cell.items()))), []).append(one)
    years = sorted({one.row.year for one in given})
    loaded: dict[Way, xr.Dataset] = {}
    rows: list[dict[str, object]] = []
    problems: list[Problem] = []
    for group in alike.values():
        way, cell = group[0].way, group[0].cell
        if way not in loaded:
            loaded = {way: _loaded(results, way, years)}  # one at a time: some are large
        found = _estimate(way, cell, loaded[way])
        found = _of_mean(found, results, group[0].figure.key) if not cell else found
        for one in group:
            if np.isnan(found.central.sel(year=one.row.year)):
                problems.append(_unknown(one, results))
            else:
                rows.append(_row(one, found))
    return rows, problems


def _estimate(way: Way, cell: Cell, parts: xr.Dataset) -> Estimate:
    return estimate(lambda d: way.measure(d, cell), parts)


def _of_mean(found: Estimate, results: xr.Dataset, key: str) -> Estimate:
    """With the error that stands in the results, where these are a mean over replicates already."""
    if ERROR not in results or key not in results["quantity"].values:
        return found
    errors = results[ERROR].sel(quantity=key, year=found.central["year"]).max("replicate")
    return found._replace(error=(errors**2).mean("draw", skipna=True) ** 0.5)


def _loaded(results: xr.Dataset, way: Way, years: Sequence[int]) -> xr.Dataset:
    parts = results[[*way.needs, "done"]]
    return (parts if way.every_year else parts.sel(year=list(years))).load()


def _unknown(one: Given, results: xr.Dataset) -> Problem:
    """That the run does not hold a figure in its year, and in which years it does."""
    every = one.way._replace(every_year=True)
    found = _estimate(one.way, one.cell, _loaded(results, every, ()))
    known = found.central.dropna("year")["year"].values
    years = f"a year from {known[0]} to {known[-1]}" if len(known) else "none in this run"
    allowed = f"{years}, in which the run holds {one.row.quantity}"
    return Problem(one.file, f"line {one.line}, year", one.row.year, allowed)


def _row(one: Given, found: Estimate) -> dict[str, object]:
    row, size = one.row, one.size
    central, chance = (float(v.sel(year=row.year)) / size for v in (found.central, found.error))
    low, high = (float(found.quantiles.sel(quantile=q, year=row.year)) / size for q in (LOW, HIGH))
    section, treatment = treatment_of(row.year)
    points = 100 * size * (central - row.value) if one.figure.unit == SHARE else np.nan
    return {
        "section": section, "quantity": row.quantity, "title": one.figure.title,
        "title_zh": one.figure.title_zh, "year": row.year, "unit": row.unit,
        "treatment": treatment, "reference": row.value, "model": central, "low": low, "high": high,
        "error_percent": 100 * (central / row.value - 1) if row.value else np.nan,
        "inside": low <= row.value <= high if low == low else None,
        "standard_error_percent": 100 * chance / abs(central) if central else np.nan,
        "trend_error_percent": np.nan, "evidence": GIVEN, "source": row.source,
        "cell": cell_text(one.cell), "cell_zh": cell_text(one.cell, "zh"),
        "error_points": points, "origin": f"{one.file}:{one.line}",
    }  # fmt: skip


def treatment_of(year: int) -> tuple[str, str]:
    """Section and treatment of a user's figure of a year."""
    if year > SHOCK_YEAR:
        return LATER, "compared"
    if year == SHOCK_YEAR:
        return SHOCK, "shown"
    if year > LAST_FITTED:
        return SCORED, "scored"
    return FITTED, "compared" if year > BASE_YEAR else "start"


def cell_text(cell: Cell, language: str = "en") -> str:
    """What tells a figure apart, in words."""
    words = []
    for dim, label in cell.items():
        if isinstance(label, str):
            words.append(IN_CHINESE.get(label, label) if language == "zh" else label)
            continue
        forms = WRITTEN.get(dim, (f"{dim} {{}}", f"{dim} {{}}"))
        words.append(forms[language == "zh"].format(label))
    return ("，" if language == "zh" else ", ").join(words)


def _misses_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Sections in their order, in each the largest errors first."""
    place = rows["section"].map({name: k for k, name in enumerate(SECTIONS)})
    miss = rows["error_percent"].abs()
    ordered = rows.assign(place=place, miss=miss).sort_values(
        ["place", "miss"], ascending=[True, False], kind="stable"
    )
    return ordered[list(rows.columns)].reset_index(drop=True)


def given_by_user(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a user's own figures."""
    return table[table["origin"] != SHIPPED]


def validation_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute error of a user's figures by section and quantity, and of each section.

    Columns: section, quantity ("" is all of the section), title, title_zh, treatment, figures,
    mean_absolute_error_percent, mean_absolute_error_points, inside and known (figures that the
    middle 80 % of draws hold, and of how many that can be said). Quantities with the largest
    mean error come first, all of a section last.
    """
    own = given_by_user(table)
    rows = [row for section in SECTIONS for row in _section_summary(own[own["section"] == section])]
    return pd.DataFrame(rows, columns=list(SUMMARY))


SUMMARY = (
    "section", "quantity", "title", "title_zh", "treatment", "figures",
    "mean_absolute_error_percent", "mean_absolute_error_points", "inside", "known",
)  # fmt: skip


def _section_summary(here: pd.DataFrame) -> Iterator[dict[str, object]]:
    groups = [_mean(group) for _, group in here.groupby("quantity", sort=False)]
    yield from sorted(groups, key=lambda row: -row["mean_absolute_error_percent"])
    if len(here):
        yield _mean(here) | {"quantity": "", "title": "All", "title_zh": "全部"}


def _mean(group: pd.DataFrame) -> dict[str, Any]:
    first, known = group.iloc[0], group["inside"].dropna()
    return {
        "section": first["section"], "quantity": first["quantity"], "title": first["title"],
        "title_zh": first["title_zh"], "treatment": first["treatment"], "figures": len(group),
        "mean_absolute_error_percent": float(group["error_percent"].abs().mean()),
        "mean_absolute_error_points": float(group["error_points"].abs().mean()),
        "inside": int(known.sum()), "known": len(known),
    }  # fmt: skip
