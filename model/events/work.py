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
from ...agents.compiled import kernel, rule
from ...parameters.dims import PENSIONS, RESIDENCES, SCHEMES, SEXES, WORK
from ..lanes import CHUNK, HIGH, LOW, fill_lane, listed_ids
from ..prices import wage
from ..step import Step
from ..work_rules import (
    CHOICE,
    ENTERPRISE,
    FLEXIBLE,
    N_WORK,
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
    is_open,
    is_soonest,
    least_wait,
    log_earnings,
    near_earnings,
    next_deviation,
    normal,
    stored_earnings,
    tables_of,
    term_of,
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


@rule
def mark_entrants(free: Any, age: Any, education: Any, entry_age: Any, enters: Any) -> None:
    """Mark who of those free to work leaves school; enters : uint8[n or more], out."""
    for j in range(age.size):
        enters[j] = 0
    for level in range(entry_age.size):
        at, own = np.int8(entry_age[level]), np.uint8(level)  # bytes, as the columns are
        for j in range(age.size):
            enters[j] |= free[j] & (education[j] == own) & (age[j] == at)


@rule
def highest_words(t: WorkTables) -> Any:
    """The highest words that may mean a review, uint32[work + 1]; last that of the late age."""
    highest = np.zeros(N_WORK + 1, np.uint32)
    highest[N_WORK] = min(t.late_words, LOW)
    for residence in range(t.turnover_words.shape[0]):
        for kind in range(N_WORK):
            word = np.uint32(min(t.turnover_words[residence, kind], LOW))
            highest[kind] = max(highest[kind], word)
    return highest


@rule
def find_reach(age: Any, work: Any, late_age: int, highest: Any, reach: Any) -> None:
    """The highest word that may mean a review of each row; reach : uint32[n or more], out."""
    late, from_age = highest[N_WORK], np.int8(late_age)  # bytes, as the columns are
    for j in range(age.size):
        reach[j] = late if age[j] >= from_age else np.uint32(0)
    for kind in range(N_WORK):
        word, own = highest[kind], np.uint8(kind)
        for j in range(age.size):
            at_most = word if work[j] == own else np.uint32(0)
            reach[j] = max(reach[j], at_most)


@rule
def fill_terms(ids: Any, n: int, year: int, low: Any, high: Any, terms: Any) -> None:
    """Terms of the waiting times of the first n ids; terms : float32[n or more] by kind of work."""
    t0, t1, t2, t3, t4, t5 = terms
    for j in range(n):
        a, b, c, d = luck.philox(ids[j] & LOW, ids[j] >> HIGH, year, CHOICE, low, high)
        t0[j], t1[j], t2[j], t3[j] = term_of(a), term_of(b), term_of(c), term_of(d)
    for j in range(n):
        a, b, _, _ = luck.philox(ids[j] & LOW, ids[j] >> HIGH, year, CHOICE + 1, low, high)
        t4[j], t5[j] = term_of(a), term_of(b)


@rule
def find_soonest(n: int, terms: Any, over: Any, best: Any, sure: Any) -> None:
    """The kind of work with the shortest waiting time, and whether the bounds settle that.

    terms, over : float32[n or more] by kind of work; best, sure : uint8[n or more], out
    """
    first, second = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    term = np.empty(CHUNK, np.float32)
    for k in range(n):
        first[k], second[k], term[k], best[k] = np.inf, np.inf, 0.0, 0
    for kind in range(N_WORK):
        t, v = terms[kind], over[kind]
        for k in range(n):
            wait = least_wait(t[k], v[k])
            sooner = wait < first[k]
            second[k] = min(second[k], max(wait, first[k]))
            first[k] = wait if sooner else first[k]
            term[k] = t[k] if sooner else term[k]
            best[k] = kind if sooner else best[k]
    for k in range(n):
        sure[k] = is_soonest(first[k], term[k], second[k])


@rule
def earn(logs: Any, n: int) -> None:
    """Turn the first n logs into earnings as they are stored."""
    near, n_open = np.empty(CHUNK), 0
    for k in range(n):
        near[k] = near_earnings(logs[k])
        n_open += is_open(near[k])
    if n_open == 0:
        for k in range(n):
            logs[k] = np.rint(near[k])
    else:
        for k in range(n):
            logs[k] = stored_earnings(logs[k])


@kernel
def live_work(
    id: Any, alive: Any, age: Any, sex: Any, residence: Any, province: Any, education: Any,
    enrolled: Any, since_birth: Any, pension: Any, scheme: Any, work: Any, earnings_z: Any,
    earnings: Any, u: Any, r: Rules,
) -> None:  # fmt: skip
    """Work, deviation and earnings over those of a median worker (in millionths) of each row.

    u : uint32[4, n], words of the yearly call. In each chunk: who is free to work, who of these
    leaves school, who reviews, what is chosen, and who earns how much. Lists are built without
    a branch, and what a loop does for all of a list has none either.
    """
    t, chances = r.t, u[REVIEWS]
    turnover, late, entry_age = t.turnover_words, t.late_words, t.entry_age
    bounds = highest_words(t)
    free, enters = np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint8)
    best, sure = np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint8)
    reach, lasting = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    rows, enter = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    ids, x = np.empty(CHUNK, np.uint64), np.empty(CHUNK)
    f4 = np.float32  # apart from one another, as rows of one array stop the loops' vectorising
    terms = (
        np.empty(CHUNK, f4), np.empty(CHUNK, f4), np.empty(CHUNK, f4), np.empty(CHUNK, f4),
        np.empty(CHUNK, f4), np.empty(CHUNK, f4),
    )  # fmt: skip
    over = (
        np.empty(CHUNK, f4), np.empty(CHUNK, f4), np.empty(CHUNK, f4), np.empty(CHUNK, f4),
        np.empty(CHUNK, f4), np.empty(CHUNK, f4),
    )  # fmt: skip
    o0, o1, o2, o3, o4, o5 = over
    for first in range(0, id.size, CHUNK):
        size = min(CHUNK, id.size - first)
        for j in range(size):
            i = np.uint32(first + j)  # needs no test for a sign
            is_free = (alive[i] == 1) & (age[i] >= WORKING_AGE) & (enrolled[i] == 0)
            free[j] = is_free & (pension[i] < EMPLOYEE)  # nor from a public post
        for j in range(size):
            work[np.uint32(first + j)] *= free[j]
        for j in range(size):
            earnings[np.uint32(first + j)] = 0
        if r.starts:
            for j in range(size):
                enters[j] = free[j]
        else:
            here = slice(first, first + size)
            mark_entrants(free, age[here], education[here], entry_age, enters)
        n_enter = 0
        for j in range(size):
            if enters[j]:  # in a year they are so few that a branch costs less than a list
                enter[np.uint32(n_enter)] = np.uint32(first + j)
                n_enter += 1
        find_reach(age[first : first + size], work[first : first + size], t.late_age, bounds, reach)
        n = 0
        for j in range(size):
            i = np.uint32(first + j)
            rows[np.uint32(n)] = i
            n += (free[j] > enters[j]) & (chances[i] <= reach[j])
        some, n = n, 0
        for k in range(some):
            i = rows[k]
            outside = (age[i] >= t.late_age) & (scheme[i] != MEMBER)
            rows[n] = i
            n += chances[i] < (late if outside else turnover[residence[i], work[i]])
        listed_ids(id, rows, n, ids)
        fill_terms(ids, n, r.year, r.low, r.high, terms)
        for k in range(n):
            i = rows[k]
            no_work = t.no_work_factor if has_young(sex[i], since_birth[i]) else 1.0
            like = age_of_choice(age[i], sex[i], scheme[i] == MEMBER, t)
            cell = cell_of(residence[i], education[i], sex[i], like)
            o0[k] = t.over_weight[cell, 0] / f4(no_work)
            o1[k] = t.over_weight[cell, 1]
            o2[k] = t.over_weight[cell, 2]
            o3[k] = t.over_weight[cell, 3]
            o4[k] = t.over_weight[cell, 4]
            o5[k] = t.over_weight[cell, 5]
        find_soonest(n, terms, over, best, sure)
        some = 0
        for k in range(n):
            i = rows[k]
            work[i] = best[k]
            rows[some] = i
            some += sure[k] == 0
        for k in range(some):
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
        for j in range(size):
            i = np.uint32(first + j)
            rows[np.uint32(n)] = i
            n += earns(work[i]) & (enters[j] == 0)
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
            x[k] = log_earnings(level, alpha, x[k], short, t)
        earn(x, n)
        for k in range(n):
            earnings[rows[k]] = np.int32(x[k])


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
    # four tables in turn, as rows of one kind would wait for one another; one cell for the dead
    _, n_residences, n_sexes = workers.shape
    counts, cells = np.zeros((4, workers.size + 1), np.int64), np.empty(CHUNK, np.uint8)
    for first in range(0, work.size, CHUNK):
        last = min(first + CHUNK, work.size)
        kind, place, own_sex = work[first:last], residence[first:last], sex[first:last]
        lives, value = alive[first:last], earnings[first:last]
        for j in range(last - first):
            y = np.int32(np.rint(value[j] * yuan))
            value[j] = y
            earned += y
            bill += y if (kind[j] >= FLEXIBLE) & (kind[j] <= PUBLIC) else 0
        for j in range(last - first):
            cell = np.uint8((kind[j] * n_residences + place[j]) * n_sexes + own_sex[j])
            cells[j] = cell if lives[j] == 1 else np.uint8(workers.size)
        for j in range(last - first):
            counts[j & 3, cells[j]] += 1
    flat = workers.reshape(-1)
    for k in range(workers.size):
        flat[k] += counts[0, k] + counts[1, k] + counts[2, k] + counts[3, k]
    return bill * FEN, earned * FEN


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
