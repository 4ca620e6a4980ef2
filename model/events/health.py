"""Function in daily life and death in one year, drawn together as competing risks.

Decides for everyone alive at the opening whether and when the person dies, and the state
of function in which the year ends (none, mild, moderate, severe). Intensities between
states and hazard ratios are those of `parameters/health`; the level of death by sex and
age is solved each year so that expected deaths equal those of the life table, and kept
for scenarios. Leaves out causes of death, dementia, and deaths of the year's newborns, which
births decide. In a scenario that changes function the whole of a
hazard ratio acts, association and effect alike: lives gained by it are an upper bound.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents.columns import NEVER
from ...agents.compiled import kernel, rule
from ...agents.luck import Call, unit
from ..health_table import (
    LEAST_AGENTS,
    SHAPE,
    cell_of,
    count_cells,
    fill_table,
    rates_of,
    solve_levels,
)
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

STATES = SHAPE[-1]
BEFORE_THE_END = np.float32(1.0) - np.finfo(np.float32).epsneg

READS = ("age", "sex", "education", "residence", "adl", "alive")
WRITES = ("death_u", "adl_next")


class HealthRules(NamedTuple):
    """What the year holds, by cell."""

    table: NDArray[np.float64]  # cumulative chances of none, mild, moderate, severe; the rest dies
    none_below: NDArray[np.uint32]  # the first word below is sure to give no limitation


def rules_of(table: NDArray[np.float64]) -> HealthRules:
    """Rules from cumulative chances float64[cell, 4]."""
    return HealthRules(table, np.minimum(table[:, 0] * 2.0**32, 2.0**32 - 1).astype(np.uint32))


@rule
def time_of_death(v: float, alive: float) -> np.float32:
    """When in the year the death falls, at a constant hazard, given that it does.

    v : uniform in (0, 1); alive : chance to live through the year. Returns [0, 1).
    """
    u = np.float32(math.log1p(-v * (1.0 - alive)) / math.log(alive))
    return min(u, BEFORE_THE_END)


@kernel
def health(
    age: NDArray[np.int8],
    sex: NDArray[np.uint8],
    education: NDArray[np.uint8],
    residence: NDArray[np.uint8],
    adl: NDArray[np.uint8],
    alive: NDArray[np.uint8],
    death_u: NDArray[np.float32],
    adl_next: NDArray[np.uint8],
    u: NDArray[np.uint32],
    r: HealthRules,
) -> None:
    """One uniform decides the outcome, in order of severity, death last; another its time.

    Most have no limitation at the end, as their word says at once; the others are listed.
    """
    cell, rows = np.empty(age.size, np.uint32), np.empty(age.size + 1, np.uint32)
    for i in range(age.size):
        death_u[i] = NEVER
        adl_next[i] = 0
        cell[i] = cell_of(sex[i], max(age[i], 0), education[i], residence[i], adl[i])
    n = 0
    for i in range(age.size):
        rows[np.uint32(n)] = i
        n += u[0, i] >= r.none_below[cell[i]]
    for k in range(n):
        i = rows[k]
        adl_next[i] = adl[i]
        if alive[i] and age[i] >= 0:
            chances, x = r.table[cell[i]], unit(u[0, i])
            if x < chances[3]:
                adl_next[i] = (x >= chances[0]) + (x >= chances[1]) + (x >= chances[2])
            else:
                death_u[i] = time_of_death(unit(u[1, i]), chances[3])


def prepare(model: "SongheModel") -> HealthRules:
    """Count the people, solve the year's levels of death (or take the stored), fill the table."""
    rates = rates_of(model.parameters, model.year, model.concept, model.options.differentials)

    def solve() -> NDArray[np.float64]:
        people = model.people
        counts = np.zeros(math.prod(SHAPE), dtype=np.int64)
        count_cells(*(people[name] for name in READS), counts)
        levels = solve_levels(counts.reshape(SHAPE).astype(np.float64), rates, LEAST_AGENTS)
        if not np.isfinite(levels).all():
            raise RuntimeError(f"no level of death meets the life table of {model.year}")
        return np.asarray(levels)

    return rules_of(fill_table(model.constants.get("kappa", solve, aligned=True), rates))


STEP = Step(
    "health",
    reads=READS,
    writes=WRITES,
    columns=READS + WRITES,
    kernel=health,
    prepare=prepare,
    call=Call.PERSON,
)
