"""Work and earnings of the year: who does which kind of work, and what it earns.

Decides for everyone of 16 and over who is out of school and draws no pension of the employee
scheme, whether the work is reviewed this year, what is chosen, and the earnings of a full
year. Those who leave school choose at once. Mean earnings of enterprise and public workers
are those of the mean wage of urban units, in every year of a baseline. Source:
`parameters/work/`. Leaves out hours, months out of work within a year, firms, moves for a
job, and any answer of wages to the number of workers.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import luck
from ...agents.columns import Column
from ...agents.compiled import kernel
from ...parameters.dims import PENSIONS, RESIDENCES, SCHEMES, SEXES, WORK
from ..lanes import CHUNK, fill_lane, listed_ids
from ..prices import wage
from ..step import Step
from ..work_rules import (
    ENTERPRISE,
    FLEXIBLE,
    NONE,
    PUBLIC,
    RELATIVE,
    SCALE,
    WORKING_AGE,
    WorkTables,
    age_of_choice,
    cell_of,
    choose,
    earns,
    has_young,
    next_deviation,
    normal,
    relative_earnings,
    tables_of,
)

if TYPE_CHECKING:
    from ..model import SongheModel

Counts = NDArray[np.int64]

COLUMNS = (
    Column("work", np.uint8, NONE, "code", "work", "kind of work in the year being lived"),
    Column("earnings_z", np.int16, 0, "log, 1/10000", "work", "persistent deviation of earnings"),
    Column("earnings", np.int32, 0, "yuan per year", "work", "at full-year work in the year"),
)
EMPLOYEE = PENSIONS.index("employee")
MEMBER = SCHEMES.index("employee")
REVIEWS, LUCK, INNOVATION = 0, 1, 2  # lanes of the yearly call
LASTING_CALL, ALPHA = int(luck.Call.WORK_LASTING), 0
CALL = luck.Call.WORK
BY_ROWS = (
    "id", "alive", "age", "sex", "residence", "province", "education", "enrolled", "since_birth",
    "pension", "scheme", "work", "earnings_z", "earnings",
)  # fmt: skip
FEN = 100


class Rules(NamedTuple):
    """Tables, the year, the key of the run, and whether everybody chooses, at the start."""

    t: WorkTables
    year: int
    low: Any
    high: Any
    starts: bool


@kernel
def live_work(
    id: Any, alive: Any, age: Any, sex: Any, residence: Any, province: Any, education: Any,
    enrolled: Any, since_birth: Any, pension: Any, scheme: Any, work: Any, earnings_z: Any,
    earnings: Any, u: Any, r: Rules,
) -> None:  # fmt: skip
    """Work, deviation and earnings over those of a median worker (in millionths) of each row.

    u : uint32[4, n], words of the yearly call. Lists are built without a branch: who is free to
    work, who of these leaves school, who reviews; and then who earns.
    """
    t, chances = r.t, u[REVIEWS]
    turnover, late, entry_age = t.turnover_words, t.late_words, t.entry_age
    stay, enter = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    rows = np.empty(CHUNK, np.uint32)
    ids, lasting, x = np.empty(CHUNK, np.uint64), np.empty(CHUNK, np.uint32), np.empty(CHUNK)
    for first in range(0, id.size, CHUNK):
        last = min(first + CHUNK, id.size)
        n_stay, n_enter = 0, 0
        for j in range(first, last):
            i = np.uint32(j)  # needs no test for a sign
            free = (alive[i] == 1) & (age[i] >= WORKING_AGE) & (enrolled[i] == 0)
            free &= pension[i] < EMPLOYEE  # nor from a public post
            enters = free & (r.starts | (age[i] == entry_age[education[i]]))
            work[i] *= free
            earnings[i] = 0
            stay[n_stay], enter[n_enter] = i, i
            n_stay += free & (not enters)
            n_enter += enters
        n = 0
        for k in range(n_stay):
            i = stay[k]
            outside = (age[i] >= t.late_age) & (scheme[i] != MEMBER)
            rows[n] = i
            n += chances[i] < (late if outside else turnover[residence[i], work[i]])
        for k in range(n):
            i = rows[k]
            no_work = t.no_work_factor if has_young(sex[i], since_birth[i]) else 1.0
            like = age_of_choice(age[i], sex[i], scheme[i] == MEMBER, t)
            cell = cell_of(residence[i], education[i], sex[i], like)
            work[i] = choose(id[i], r.year, t.weight, cell, no_work, r.low, r.high)
        for k in range(n_enter):
            i = enter[k]
            cell = cell_of(residence[i], education[i], sex[i], age[i])
            work[i] = choose(id[i], r.year, t.prevalence, cell, 1.0, r.low, r.high)
        n = 0
        for k in range(n_stay):
            rows[n] = stay[k]
            n += earns(work[stay[k]])
        for k in range(n):
            i = rows[k]
            x[k] = next_deviation(earnings_z[i] / SCALE, normal(u[INNOVATION, i], t.normals), t)
            earnings_z[i] = np.rint(x[k] * SCALE)
        for k in range(n_enter):
            i = enter[k]
            z = t.stationary_sd * normal(u[INNOVATION, i], t.normals)
            earnings_z[i] = np.rint(z * SCALE)
            rows[n], x[n] = i, z
            n += earns(work[i])
        listed_ids(id, rows, n, ids)
        fill_lane(ids, n, LASTING_CALL, luck.LASTING, ALPHA, r.low, r.high, lasting)
        for k in range(n):
            i = rows[k]
            level = (
                t.level[work[i], sex[i], education[i], min(age[i], 99)] + t.province[province[i]]
            )
            alpha, short = normal(lasting[k], t.normals), normal(u[LUCK, i], t.normals)
            earnings[i] = np.rint(relative_earnings(level, alpha, x[k], short, t) * RELATIVE)


@kernel
def sum_relative(work: Any, earnings: Any) -> Any:
    """Sum of relative earnings of enterprise and public workers, and their number."""
    total, n = np.int64(0), np.int64(0)
    for i in range(work.size):
        counts = np.int64((work[i] == ENTERPRISE) | (work[i] == PUBLIC))
        total += counts * earnings[i]
        n += counts
    return total, n


@kernel
def pay(
    alive: Any, residence: Any, sex: Any, work: Any, earnings: Any, yuan: float, workers: Any
) -> Any:
    """Turn relative earnings into yuan and count; returns the wage bill and all earnings, in fen.

    yuan : of one unit of relative earnings; workers : int64[work, residence, sex]
    The bill is of enterprise, public and flexible workers.
    """
    bill, earned = np.int64(0), np.int64(0)
    for i in range(work.size):
        workers[work[i], residence[i], sex[i]] += alive[i]
        y = np.int64(np.rint(earnings[i] * yuan))
        earnings[i] = y
        earned += y * FEN
        bill += y * FEN * np.int64((work[i] >= FLEXIBLE) & (work[i] <= PUBLIC))
    return bill, earned


def prepare(model: "SongheModel", starts: bool = False) -> Rules:
    """Rules of the model's year."""
    key = model.key
    return Rules(tables_of(model.parameters), model.year, key.low, key.high, starts)


def earnings_level(model: "SongheModel") -> float:
    """Mean relative earnings of enterprise and public workers; a baseline counts it each year."""

    def count() -> float:
        total, n = sum_relative(model.people["work"], model.people["earnings"])
        return total / n if total > 0 else RELATIVE

    return float(model.constants.get("earnings_level", count, aligned=True))


def apply_earnings(model: "SongheModel") -> None:
    """Earnings in yuan, workers, the wage bill, and the output that all earnings stand for."""
    yuan = wage(model.parameters, model.year) / earnings_level(model)
    workers = np.zeros((len(WORK), len(RESIDENCES), len(SEXES)), np.int64)
    columns = (model.people[c] for c in ("alive", "residence", "sex", "work", "earnings"))
    bill, earned = pay(*columns, yuan, workers)
    output = round(int(earned) / model.parameters.value("work.economy.labour_share"))
    model.tally.add("workers", workers)
    model.tally.add("wage_bill", np.asarray(bill, dtype=np.int64))
    model.tally.add("gdp", np.asarray(output, dtype=np.int64))


STEP = Step(
    "work",
    reads=BY_ROWS,
    writes=("work", "earnings_z", "earnings"),
    columns=BY_ROWS,
    kernel=live_work,
    prepare=prepare,
    call=CALL,
)
PAY = Step(
    "earnings",
    reads=("alive", "residence", "sex", "work", "earnings"),
    writes=("earnings",),
    apply=apply_earnings,
)
