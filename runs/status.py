"""What `songhe runs` says: units in a table, failures and damage in lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from .console import counted

if TYPE_CHECKING:
    import pandas as pd

STATES = ("done", "missing", "failed")
NUMBERS = ("person-years", "seconds")


def units_table(units: "pd.DataFrame") -> Table:
    """Counts of units by scenario and draw; draws that follow each other alike share a row.

    units : of `api.status`
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for head in ("scenario 情景", "draws 抽样"):
        table.add_column(head)
    for head in ("done 完成", "missing 未做", "failed 失败", *NUMBERS):
        table.add_column(head, justify="right")
    for scenario, group in units.groupby("scenario", sort=False):
        for draws, part in _alike(group):
            counts = part["state"].value_counts()
            sums = (part["person_years"].sum(), part["seconds"].sum())
            table.add_row(
                str(scenario), draws, *(f"{counts.get(state, 0):,}" for state in STATES),
                *(f"{value:,.0f}" for value in sums),
            )  # fmt: skip
    return table


def _alike(group: "pd.DataFrame") -> Iterator[tuple[str, "pd.DataFrame"]]:
    """Runs of draws with the same counts, draw 0 by itself: label and units."""
    import pandas as pd

    states = pd.crosstab(group["draw"], group["state"])
    kinds = [(draw == 0, tuple(row)) for draw, row in zip(states.index, states.values, strict=True)]
    first = 0
    for k in range(1, len(kinds) + 1):
        if k == len(kinds) or kinds[k] != kinds[first]:
            low, high = int(states.index[first]), int(states.index[k - 1])
            label = f"{low}" if low == high else f"{low}-{high}"
            yield label, group[group["draw"].between(low, high)]
            first = k


def failure_lines(units: "pd.DataFrame") -> list[str]:
    """Every unit that failed, with its reason and when; of a mean, what it is the mean of."""
    failed = units[units["state"] == "failed"]
    keys = ["draw", "replicate", "reason", "when"]
    return [
        *_mean_lines(units),
        *(
            f"failed: draw {draw}, replicate {replicate} ({', '.join(group['scenario'])}): "
            f"{reason} ({when})"
            for (draw, replicate, reason, when), group in failed.groupby(keys, sort=True)
        ),
    ]


def _mean_lines(units: "pd.DataFrame") -> list[str]:
    if "replicates_averaged" not in units.attrs:
        return []
    number = counted(units.attrs["replicates_averaged"], "replicate")
    return [
        f"Each result is the mean of {number} of the whole country",
        *(
            f"left out: draw {one['draw']}, replicate {one['replicate']}: {one['reason']}"
            for one in units.attrs["replicates_left_out"]
        ),
    ]


def damage_lines(damages: "pd.DataFrame", folder: str, *, repaired: bool) -> list[str]:
    """Every chunk that is damaged or lost, and what to do about it.

    damages : of `api.verify`
    """
    if not len(damages):
        return ["Every chunk of what is done is sound 全部数据块完好"]
    lines = []
    for array, scenario, draw, replicate, what in damages.astype(str).values:
        unit = f"{scenario}, draw {draw}, replicate {replicate}"
        lines.append(f"{what}: {array}, {unit if scenario else 'labels of a dimension'}")
    units = damages[damages["scenario"] != ""].drop_duplicates(["draw", "replicate", "scenario"])
    told = counted(len(units), "result")
    if repaired:
        return [*lines, f"{told} marked as not done: give the command of the run again"]
    return [*lines, f"{told} cannot be used: songhe runs {folder} --repair has them lived again"]
