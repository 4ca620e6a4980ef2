"""The care grade of a person, 0 to 5, from function and one lasting uniform, and its hours.

Decides how the national assessment would grade someone whose state of function the model
knows: 0 normal, 1 mild, 2 moderate, 3 to 5 severe I to III. Never stored: the lasting
uniform of the person gives the same answer each year, and a worse state never a lower
grade. The step counts the hours of care that everyone with a limitation needs in the year.
Source: `parameters/health/care_grade.yaml`. Leaves out cognition and perception, which the
assessment counts as well, and changes of function inside a year.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel, rule
from ..parameters.dims import ADL, AGES, CARE_GRADES
from ..parameters.load import Parameters
from .numbers import Numbers
from .step import Step

if TYPE_CHECKING:
    from .model import SongheModel

MODERATE, SEVERE = 2, 3
SEVERE_I, SEVERE_II = 3, 4
LANE = 0  # of the lasting call
DAYS_A_MONTH = 365.25 / 12


class GradeRules(NamedTuple):
    """Thresholds on the lasting uniform."""

    moderate_below: float  # a moderate state is graded moderate below, severe I from here
    severe_below: NDArray[np.float64]  # [age, 2], severe I below the first, II below the second


def grade_rules(p: Parameters) -> GradeRules:
    """Thresholds by single age; ValueError unless the shares of an age group add up to one."""
    split = np.asarray(p.array("health.care_grade.severe_split"))
    starts = np.asarray(p.coords("health.care_grade.severe_split", "age_from"), dtype=np.int64)
    if starts[0] != 0 or not np.allclose(split[:, SEVERE_I:].sum(axis=1), 1, atol=1e-9):
        raise ValueError(
            "health.care_grade.severe_split: ages from 0, grades 3 to 5 adding up to 1"
        )
    of_age = np.searchsorted(starts, np.array(AGES), side="right") - 1
    below = np.ascontiguousarray(np.cumsum(split[:, SEVERE_I : SEVERE_II + 1], axis=1)[of_age])
    return GradeRules(1.0 - p.value("health.care_grade.moderate_graded_severe"), below)


@rule
def care_grade(adl: int, uniform: float, age: int, r: GradeRules) -> int:
    """Grade 0 ... 5 of one person; uniform : the person's lasting one, in (0, 1)."""
    if adl < MODERATE:
        return adl
    if adl == MODERATE:
        return MODERATE + (1 if uniform >= r.moderate_below else 0)
    below = r.severe_below[min(max(age, 0), len(r.severe_below) - 1)]
    return SEVERE_I + (1 if uniform >= below[0] else 0) + (1 if uniform >= below[1] else 0)


@kernel
def list_limited(alive: Any, adl: Any, least: int, rows: Any) -> int:
    """List the living with this state of function or a worse one; returns their number.

    rows : int32[people + 1], out; written without a branch
    """
    n = 0
    for i in range(adl.size):
        rows[np.uint32(n)] = i
        n += (adl[i] >= least) & (alive[i] == 1)
    return n


@kernel
def grades_of(rows: Any, adl: Any, age: Any, u: Any, r: GradeRules, grades: Any) -> None:
    """Care grade of each listed person; u : float64[row], lasting uniforms."""
    for k in range(rows.size):
        grades[k] = care_grade(adl[rows[k]], u[k], age[rows[k]], r)


@kernel
def months_by_grade(rows: Any, adl: Any, grades: Any, death_u: Any, months: Any) -> None:
    """Add months lived in the year to int64[adl, grade]; the month of death counts whole."""
    for k in range(rows.size):
        v = death_u[rows[k]]
        months[adl[rows[k]], grades[k]] += 12 if v >= 1.0 else min(np.int64(12.0 * v) + 1, 12)


@lru_cache(maxsize=8)
def _rules(numbers: Numbers) -> GradeRules:
    return grade_rules(numbers.p)


def graded(model: "SongheModel", least: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Rows of the living with a state of function from `least` on, and their care grades."""
    people = model.people
    with people.room(np.int32) as found:
        n = list_limited(people["alive"], people["adl"], least, found)
        rows = found[:n].astype(np.int64)
    call = luck.Call.PERSON_LASTING
    u = luck.uniforms(people["id"][rows], call, luck.LASTING, model.key)[LANE]
    grades = np.empty(len(rows), np.uint8)
    grades_of(rows, people["adl"], people["age"], u, _rules(Numbers(model.parameters)), grades)
    return rows, grades


def apply(model: "SongheModel") -> None:
    """Count the hours of care needed in the year, by function at its opening."""
    people = model.people
    rows, grades = graded(model, ADL.index("mild"))
    months = np.zeros((len(ADL), len(CARE_GRADES)), np.int64)
    months_by_grade(rows, people["adl"], grades, people["death_u"], months)
    a_day = np.asarray(model.parameters.array("health.care_grade.need_hours"))
    hours = np.rint(months @ a_day * DAYS_A_MONTH).astype(np.int64)
    model.tally.add("care_need_hours", hours)


STEP = Step("care_need", reads=("id", "alive", "adl", "age", "death_u"), apply=apply)
