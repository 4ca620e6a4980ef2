"""Progress through school: who begins a stage, who completes one, what level is reached.

Decides, at the ages at which stages begin and end, whether a pupil goes on, for everyone
from school entry to the end of university; between those ages nothing happens. The chance
of going on is the ratio of neighbouring levels in the table of attainment by cohort and
sex, spread over pupils by residence and the mother's schooling without changing its mean.
Leaves out preschool, repeating, late entry, vocational tracks, postgraduate study and
schooling of adults.

Source: shares of levels by cohort, Wittgenstein Centre and the censuses; ages by law.
"""

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.compiled import kernel, rule, total
from ...parameters.dims import EDUCATION, RESIDENCES, SEXES
from ...parameters.load import Parameters
from ..lanes import CHUNK
from ..numbers import Numbers
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Array = NDArray[np.float64]

N_STAGES = len(EDUCATION) - 1  # five times someone may go on
COLLEGE, UNIVERSITY = EDUCATION.index("college"), EDUCATION.index("university")
UNKNOWN = len(EDUCATION)  # a mother who is dead or not known
MIDDLE = EDUCATION.index("lower_secondary")  # the level that shifts nothing
SHAPE = (N_STAGES, len(SEXES), len(RESIDENCES), len(EDUCATION) + 1)
LANE = 0
WIDEST = 40.0  # log-odds
ROUNDS = 60  # of halving


@rule
def turning(reached: int, enrolled: int, completion_age: Any) -> int:
    """What stands before a person in the year in which she reaches an age.

    0 to enter school; 1, 2, 3 to complete primary, lower or upper secondary school; 4 to
    leave college or stay for university; 5 to complete university; -1 nothing.
    completion_age : int64[6], the age of entry, then that of completing each level.
    """
    if not enrolled:
        return 0 if reached == completion_age[0] else -1
    if reached >= completion_age[UNIVERSITY]:
        return UNIVERSITY
    for stage in range(1, UNIVERSITY):
        if reached == completion_age[stage]:
            return stage
    return -1


@rule
def schooled(stage: int, education: int, goes_on: bool) -> Any:
    """Level and enrolment after a turning point of `turning`."""
    if stage == 0 or (stage == COLLEGE and goes_on):
        return education, goes_on
    return max(education, stage), goes_on and stage < COLLEGE


@rule
def mark_turning(age: Any, enrolled: Any, alive: Any, completion_age: Any, marks: Any) -> None:
    """Mark who may stand at a turning point; marks : uint8[n or more], out. The loops vectorise."""
    before = np.int8(completion_age[0] - 1)  # bytes, as the columns are
    last = np.int8(completion_age[UNIVERSITY] - 1)
    for j in range(age.size):
        marks[j] = np.uint8(age[j] >= last if enrolled[j] else age[j] == before)
    for stage in range(1, UNIVERSITY):
        at = np.int8(completion_age[stage] - 1)
        for j in range(age.size):
            marks[j] |= enrolled[j] & (age[j] == at)
    for j in range(age.size):
        marks[j] &= alive[j]


@kernel
def find_pupils(
    age: Any, enrolled: Any, alive: Any, death_u: Any, completion_age: Any, rows: Any, stages: Any
) -> int:
    """List the people at a turning point who live through the year; returns their number.

    rows : int32[people + 1], out; stages : int8, beside them
    A short list without a branch first, a chunk at a time.
    """
    marks, some, n = np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint32), 0
    for first in range(0, age.size, CHUNK):
        here = slice(first, min(first + CHUNK, age.size))
        mark_turning(age[here], enrolled[here], alive[here], completion_age, marks)
        n_some = 0
        for j in range(here.stop - first):
            some[np.uint32(n_some)] = first + j
            n_some += marks[j]
        for k in range(n_some):
            i = some[k]
            stage = turning(age[i] + 1, enrolled[i], completion_age)
            rows[np.uint32(n)], stages[np.uint32(n)] = i, stage
            n += (death_u[i] >= 1.0) & (stage >= 0)
    return n


@kernel
def find_cells(
    rows: Any, stages: Any, sex: Any, residence: Any, mother: Any, education: Any, cells: Any
) -> None:
    """Cell of SHAPE of each listed pupil; -1 for those who complete university."""
    for k in range(rows.size):
        i = rows[k]
        level = education[mother[i]] if mother[i] >= 0 else UNKNOWN
        place = (stages[k] * 2 + sex[i]) * 2 + residence[i]
        cells[k] = place * (UNKNOWN + 1) + level if stages[k] < UNIVERSITY else -1


@kernel
def go_on(
    rows: Any, stages: Any, cells: Any, chance: Any, u: Any, education: Any, enrolled: Any
) -> None:
    """Write level and enrolment of the listed pupils; u : uint32[n]."""
    for k in range(rows.size):
        i = rows[k]
        passes = cells[k] >= 0 and luck.unit(u[k]) < chance[cells[k]]
        level, stays = schooled(stages[k], education[i], passes)
        education[i] = level
        enrolled[i] = stays


def at_least(p: Parameters, born: NDArray[np.int64]) -> Array:
    """Share of a cohort that reaches each level or more, float64[sex, cohort, level].

    born : years of birth; before the first and after the last cohort of the table the
        ends hold.
    """
    listed, cumulative = _cumulative(Numbers(p))
    at = np.clip(born, listed[0], listed[-1])
    left = np.clip(np.searchsorted(listed, at, side="right") - 1, 0, len(listed) - 2)
    share = ((at - listed[left]) / (listed[left + 1] - listed[left]))[:, None]
    between: Array = (1.0 - share) * cumulative[:, left] + share * cumulative[:, left + 1]
    return between


@lru_cache(maxsize=4)
def _cumulative(numbers: Numbers) -> tuple[Array, Array]:
    """Listed cohorts float64[n], and the shares float64[sex, n, level]."""
    key = "demography.education.attainment_by_cohort"
    share = numbers.p.array(key)
    cumulative = np.cumsum(share[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray(numbers.p.coords(key, "cohort"), np.float64), cumulative / cumulative[..., :1]


def wanted(p: Parameters, year: int) -> Array:
    """Share of pupils at each turning point who go on, float64[stage, sex]."""
    reached = at_least(p, year - turning_ages(p)[:N_STAGES])
    stage = np.arange(N_STAGES)
    share: Array = (reached[:, stage, stage + 1] / reached[:, stage, stage]).T
    return share


def turning_ages(p: Parameters) -> NDArray[np.int64]:
    """Age of entry, then that of completing each level, int64[6]."""
    ages = p.array("demography.schooling.completion_age").astype(np.int64)
    ages[0] = int(p.value("demography.schooling.entry_age"))
    return ages


def shifts(p: Parameters) -> Array:
    """Log-odds of going on by residence and mother's level, float64[residence, level]."""
    level = np.append(np.arange(len(EDUCATION)), MIDDLE) - MIDDLE
    mother = p.value("demography.schooling.mother_education") * level
    rural = p.value("demography.schooling.rural_pupils") * np.arange(len(RESIDENCES))
    return np.asarray(rural[:, None] + mother[None, :], dtype=np.float64)


@rule
def expected(counts: Any, shift: Any, constant: float) -> float:
    """Pupils expected to go on; counts, shift : [residence, level]."""
    total = 0.0
    for r in range(shift.shape[0]):
        for level in range(shift.shape[1]):
            total += counts[r, level] / (1.0 + math.exp(-(constant + shift[r, level])))
    return total


@kernel
def solve_constants(counts: Any, shift: Any, share: Any, constants: Any) -> None:
    """Log-odds float64[stage, sex] at which the expected share of pupils goes on.

    counts : int64[stage, sex, residence, level], pupils at a turning point
    shift : float64[residence, level]
    share : float64[stage, sex], wanted; where there is no pupil its own log-odds return
    """
    for stage in range(share.shape[0]):
        for sex in range(share.shape[1]):
            here = counts[stage, sex]
            people, goal = total(here), share[stage, sex]
            if people == 0:
                constants[stage, sex] = (
                    math.log(goal / (1.0 - goal))
                    if 0.0 < goal < 1.0
                    else (WIDEST if goal >= 1.0 else -WIDEST)
                )
                continue
            low, high = -WIDEST, WIDEST
            for _ in range(ROUNDS):
                middle = 0.5 * (low + high)
                if expected(here, shift, middle) < goal * people:
                    low = middle
                else:
                    high = middle
            constants[stage, sex] = 0.5 * (low + high)


def apply(model: "SongheModel") -> None:
    """Everyone at a turning point goes on or leaves school."""
    people = model.people
    rows, stages, cells = pupils(model)
    shift = shifts(model.parameters)

    def solve() -> Array:
        counts = np.bincount(cells[cells >= 0], minlength=math.prod(SHAPE)).reshape(SHAPE)
        constants = np.empty(SHAPE[:2])
        solve_constants(counts, shift, wanted(model.parameters, model.year), constants)
        return constants

    constants = np.asarray(model.constants.get("education", solve, aligned=True))
    chance = 1.0 / (1.0 + np.exp(-(constants[:, :, None, None] + shift)))
    u = luck.words(people["id"][rows], luck.Call.EDUCATION, model.year, model.key)
    go_on(rows, stages, cells, chance.ravel(), u[LANE], people["education"], people["enrolled"])


def pupils(model: "SongheModel") -> tuple[NDArray[np.int64], ...]:
    """Rows at a turning point, what it is, and their cells; all int64[n]."""
    people = model.people
    ages = turning_ages(model.parameters)
    names, turns = ("age", "enrolled", "alive", "death_u"), np.empty(people.n, np.int8)
    with people.room(np.int32) as found:
        n = find_pupils(*(people[c] for c in names), ages, found, turns)
        rows, stages = found[:n].astype(np.int64), turns[:n].astype(np.int64)
    cells = np.empty(n, np.int64)
    columns = (people[c] for c in ("sex", "residence", "mother", "education"))
    find_cells(rows, stages, *columns, cells)
    return rows, stages, cells


STEP = Step(
    "education",
    reads=(
        "id", "alive", "death_u", "age", "sex", "residence", "mother", "education", "enrolled",
    ),
    writes=("education", "enrolled"),
    apply=apply,
)  # fmt: skip
