"""What a scenario changes in the families of birth cohorts of women, beside the years' rates.

The effect of a policy on a year's fertility holds births that are only brought forward; what
stays is seen in the children that women of a birth cohort have had by the end of childbearing,
or by the last year shown where they are younger then. Of women who live in the country at that
age. Leaves out cohorts of whom no woman was of childbearing age when the scenarios part.
"""

import numpy as np
import pandas as pd
import xarray as xr

from . import families
from .compare import COLUMNS, births_differ, reference_of, rows_of, shares_levels, shown_years
from .intervals import estimate
from .quantities import CHILDREN, Keep, Quantity, total

KIND = "cohort"
POOL = 5  # birth cohorts in one figure
YOUNGEST = 30  # age that women have reached at the end
NEEDED = ("children_ever_born", "women_by_parity")


def reached(dataset: xr.Dataset) -> int:
    """Last year of birth of women who have reached the end of childbearing by the last year."""
    return shown_years(dataset)[-1] - POOL // 2 - families.LAST_AGE


def children_so_far(part: xr.Dataset, _: Keep = ()) -> xr.DataArray:
    """Children ever borne per woman at 49, or at her age in the last year, [draw, cohort]."""
    part = part.sel(age=slice(YOUNGEST, families.LAST_AGE))
    table = families.cohort_fertility(part["children_ever_born"], part["women_by_parity"], POOL)
    known = table.count("draw") > 0
    last = known.cumsum("age").argmax("age")  # the last one that is known
    return table.isel(age=last).where(known.any("age")).drop_vars("age")


COHORT = Quantity("cohort_fertility", "Children of women by year of birth, by 49 or the last year",
                  "分出生年份妇女曾生子女数（至49岁或最后年份）", CHILDREN, NEEDED,
                  children_so_far)  # fmt: skip


def cohort_effects(dataset: xr.Dataset) -> pd.DataFrame:
    """Differences in the children of birth cohorts, of each scenario from its reference.

    Returns
    -------
    Columns of `compare`, kind "cohort"; `year` is the women's year of birth.
    """
    rows: list[dict[str, object]] = []
    held = (*NEEDED, "births", "done")
    if not set(held) <= set(dataset.variables):
        return pd.DataFrame(rows, columns=list(COLUMNS))
    years = shown_years(dataset)
    data = dataset[list(held)].sel(year=years).load()
    for scenario in map(str, data["scenario"].values):
        other = reference_of(dataset, scenario)
        if other is None or not shares_levels(dataset, scenario):
            continue
        pair = tuple(data.sel(scenario=name, drop=True) for name in (scenario, other))
        if not births_differ(*pair):
            continue
        apart = abs(total(pair[0]["births"]) - total(pair[1]["births"])).fillna(0.0)
        first = int(data["year"][np.argmax(apart.max(("draw", "replicate")).values > 0)])
        cohorts = slice(first - families.LAST_AGE, years[-1] - POOL // 2 - YOUNGEST)

        def change(
            one: xr.Dataset, reference: xr.Dataset, cohorts: slice = cohorts
        ) -> xr.DataArray:
            gap = children_so_far(one) - children_so_far(reference)
            return gap.sel(cohort=cohorts).rename(cohort="year")

        parts = (part[[*NEEDED, "done"]] for part in pair)
        rows += rows_of(KIND, (scenario, other), COHORT, estimate(change, *parts))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def with_cohorts(frame: pd.DataFrame, dataset: xr.Dataset) -> pd.DataFrame:
    """A comparison with the rows of cohorts after its own."""
    cohorts = cohort_effects(dataset)
    return pd.concat([frame, cohorts], ignore_index=True) if len(cohorts) else frame
