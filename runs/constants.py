"""The constants that tie a baseline to known levels: listed, and those that drift named.

A constant that is solved after the years of fitting should stay near its level there: on the
scale of a hazard or of odds within 0.8 to 1.25 of its mean of 2013-2015. One that does not is
a finding: the rest of the model moves away from what it is tied to.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .console import WIDTH
from .terminal import YEARS, grid

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray
    from rich.table import Table

SHOWN_YEARS = (2011, 2015, 2020, *YEARS)
BAND = (0.8, 1.25)
FITTED = slice(2013, 2015)
# Those that should stand still; the others follow targets or people that change.
LOGS = ("divorce", "education", "fertility", "marriage")
FACTORS = ("kappa", "reclassified")


class Finding(NamedTuple):
    """A constant outside of the band: since when, and how far at its furthest."""

    name: str
    since: int
    furthest: float
    year: int

    def __str__(self) -> str:
        return (
            f"{self.name}: outside since {self.since}, {self.furthest:.2f} times its level "
            f"of 2013-2015 in {self.year}"
        )


def constants_table(values: "xr.DataArray", width: int = WIDTH) -> "Table":
    """Constants in some years: the number, or mean and range of the cells of an array.

    values : [year, constant]
    """
    known = values.dropna("year", how="all")
    held = [int(year) for year in known["year"].values]
    years = [y for y in SHOWN_YEARS if held and held[0] <= y < held[-1]]
    years += held[-1:]
    rows = []
    for name, cells in cells_by_name(values).items():
        here = known.isel(constant=cells)
        label = f"{name} [{len(cells)}]" if len(cells) > 1 else name
        figures = [_spread(row) for row in here.sel(year=years).values]
        if not any(figures):  # solved in years that are not shown
            last = here.dropna("year", how="all").isel(year=-1)
            figures[0] = f"{_spread(last.values)} in {int(last['year'])}"
        rows.append([label, *figures])
    return grid(["constant [cells] 常数", *map(str, years)], rows, width)


def cells_by_name(values: "xr.DataArray") -> dict[str, list[int]]:
    """Places of the cells of each constant."""
    found: dict[str, list[int]] = {}
    for k, full in enumerate(map(str, values["constant"].values)):
        found.setdefault(full.partition("[")[0], []).append(k)
    return found


def _spread(cells: "NDArray[np.float64]") -> str:
    known = cells[~np.isnan(cells)]
    if not known.size:
        return ""
    if known.size == 1:
        return f"{known[0]:.3g}"
    return f"{known.mean():.3g}\n{known.min():.2g} .. {known.max():.2g}"


def findings(values: "xr.DataArray") -> list[Finding]:
    """Constants whose mean over cells leaves the band after the years of fitting.

    values : [year, constant]
    """
    found = []
    for name, cells in cells_by_name(values).items():
        level = values.isel(constant=cells).mean("constant").dropna("year")
        then, later = level.sel(year=FITTED), level.sel(year=slice(FITTED.stop + 1, None))
        if name not in (*LOGS, *FACTORS) or not then.size or not later.size:
            continue
        gap: xr.DataArray = later - then.mean()
        drift = gap.copy(data=np.exp(gap.values)) if name in LOGS else later / then.mean()
        outside = drift.where((drift < BAND[0]) | (drift > BAND[1])).dropna("year")
        if outside.size:
            years, times = outside["year"].values, outside.values
            k = int(np.abs(np.log(np.maximum(times, 1e-9))).argmax())
            found.append(Finding(name, int(years[0]), float(times[k]), int(years[k])))
    return found


def findings_lines(values: "xr.DataArray") -> list[str]:
    """What `findings` says, in lines."""
    found = findings(values)
    head = f"Constants outside {BAND[0]}-{BAND[1]} of their level of 2013-2015 偏离2013-2015年水平:"
    return [head, *(f"  {one}" for one in found)] if found else [f"{head} none 无"]
