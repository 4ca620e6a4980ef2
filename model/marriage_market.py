"""The marriage market of one year: who looks for a partner, how many couples, who with whom.

Singles of legal age who outlive the year look for a partner, the previously married and
students less often than others. Couples are expected by region and pair of types, made
whole, and filled with people by keyed positions, never with kin. Regions are the six
statistical ones where the replicate is smaller than a million, provinces otherwise.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel
from ..parameters.dims import MARITAL, PROVINCES, REGION_OF_PROVINCE, REGIONS
from . import homes
from .kernels.market import equilibrium
from .kernels.matching import pairs
from .kernels.rounding import whole
from .marriage_types import KEY, Types

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Rows = NDArray[np.int32]
Words = NDArray[np.uint32]

THINNEST_BY_PROVINCE = 1_000_000  # persons: a smaller market is one of six regions
MARRIED = MARITAL.index("married")
POSITION, LOOKS, HOME = 0, 1, 2  # lanes of the call of people
HALF_YEAR = 6  # months


class Side(NamedTuple):
    """Singles of one sex: expected and actual numbers who look, and the people in order."""

    expected: Floats  # [region, type]
    looking: Whole  # [region, type]
    rows: Rows  # those who look, by (region, type, position, id)
    position: Words
    start: Whole  # first place of each (region, type), and the end


def regions(persons: int) -> tuple[str, NDArray[np.int64]]:
    """How the market is divided, in words, and the division of each province."""
    if persons < THINNEST_BY_PROVINCE:
        return f"{len(REGIONS)} regions", np.array(REGION_OF_PROVINCE)
    return f"{len(PROVINCES)} provinces", np.arange(len(PROVINCES))


@kernel
def find_singles(
    sex: Any, marital: Any, alive: Any, death_u: Any, divorce_u: Any, age: Any, birth_month: Any,
    wanted: int, legal: int, rows: Any,
) -> int:  # fmt: skip
    """List singles of one sex and of legal age who outlive the year; returns their number.

    rows : int32[people + 1], out. A short list without a branch first, from columns of bytes.
    """
    some = 0
    for i in range(sex.size):
        rows[some] = i
        single = (sex[i] == wanted) & (marital[i] != MARRIED) & (alive[i] == 1)
        some += single & (age[i] >= legal - 1)
    n = 0
    for k in range(some):
        i = rows[k]
        rows[n] = i
        lives = (death_u[i] >= 1.0) & (divorce_u[i] >= 1.0)
        n += lives & (age[i] + (birth_month[i] <= HALF_YEAR) >= legal)
    return n


def side(model: "SongheModel", kinds: Types, sex: int) -> Side:
    """The singles of one sex on this year's market."""
    people, p = model.people, model.parameters
    legal = int(np.asarray(p.at(KEY + "legal_age", model.new_year))[sex])
    rows = np.empty(people.n + 1, np.int32)
    names = ("sex", "marital", "alive", "death_u", "divorce_u", "age", "birth_month")
    rows = rows[: find_singles(*(people[name] for name in names), sex, legal, rows)]
    _, division = regions(model.persons)
    age = age_at_wedding(people["age"][rows], people["birth_month"][rows])
    kind = kinds.code(age, people["education"][rows], people["residence"][rows])
    cell = division[people["province"][rows]] * kinds.size + kind
    student = people["enrolled"][rows] == 1
    chance = p.array(KEY + "looking")[:, sex][:, kinds.parts()[0]]
    chance = np.stack((chance, chance * p.value(KEY + "student")))  # student, marital, type
    marital = people["marital"][rows]
    shape = (division.max() + 1, kinds.size)
    return _side(model, shape, rows, cell, (student.astype(np.int64), marital, kind), chance)


def age_at_wedding(age: NDArray[Any], birth_month: NDArray[Any]) -> NDArray[np.int16]:
    """Completed age in the middle of the year, from the age at its opening."""
    return age.astype(np.int16) + (birth_month <= HALF_YEAR)


def _side(
    model: "SongheModel",
    shape: tuple[int, int],
    rows: Rows,
    cell: Whole,
    condition: tuple[Whole, Whole, Whole],
    chance: Floats,
) -> Side:
    """Sums by cell in whole numbers, so that the order of rows cannot matter."""
    ids = model.people["id"][rows]
    u = luck.words(ids, luck.Call.MARRIAGE, model.year, model.key)
    state, size = condition[0] * len(MARITAL) + condition[1], 2 * len(MARITAL)
    counts = np.bincount(cell * size + state, minlength=shape[0] * shape[1] * size)
    by_state = counts.reshape(*shape, 2, len(MARITAL))
    expected: Floats = np.einsum("rtsm,smt->rt", by_state, chance)
    looks = np.flatnonzero(luck.unit(u[LOOKS]) < chance[condition])
    order = looks[by_place(cell[looks], u[POSITION][looks], ids[looks])]
    looking = np.bincount(cell[order], minlength=shape[0] * shape[1])
    start = np.concatenate((np.zeros(1, np.int64), np.cumsum(looking)))
    return Side(expected, looking.reshape(shape), rows[order], u[POSITION][order], start)


def by_place(cell: Whole, position: Words, ids: NDArray[np.uint64]) -> Whole:
    """Order by cell, position and id; cell and position fit one word."""
    return homes.order_of((cell.astype(np.uint64) << np.uint64(32)) | position, ids)


class CellLuck(NamedTuple):
    """For each cell [region, his type, her type]: a uniform in [0, 1), a place on the circle."""

    threshold: Floats
    offset: Words


def cell_luck(men: Side, women: Side, year: int, key: Any) -> CellLuck:
    """Luck of the year of all cells in which there is somebody on either side."""
    used = (men.looking[:, :, None] > 0) & (women.looking[:, None, :] > 0)
    cells = np.flatnonzero(used)
    u = luck.words(cells.astype(np.uint64) | luck.CELL, luck.Call.MARRIAGE_CELL, year, key)
    threshold, offset = np.zeros(used.shape), np.zeros(used.shape, np.uint32)
    threshold.ravel()[cells] = (u[0] * 2.0**21 + (u[1] >> np.uint32(11))) * 2.0**-53
    offset.ravel()[cells] = u[2]
    return CellLuck(threshold, offset)


def couples(men: Side, women: Side, propensity: Floats, cells: CellLuck) -> Whole:
    """Whole couples by [region, his type, her type]; see `rounding.whole`."""
    market = equilibrium(men.looking.astype(float), women.looking.astype(float), propensity)
    mu = market.couples
    table = np.empty(mu.shape, np.int64)
    for r in range(len(mu)):
        threshold = cells.threshold[r].copy()  # used up
        whole(mu[r], men.looking[r], women.looking[r], threshold, table[r])
    return table


def matched(
    table: Whole, men: Side, women: Side, people: Any, cells: CellLuck
) -> tuple[Rows, Rows]:
    """Rows of husbands and wives, couple by couple."""
    links = (people[name] for name in ("mother", "father", "sibship"))
    husbands, wives = np.empty(table.sum(), np.int32), np.empty(table.sum(), np.int32)
    his, hers = men[2:], women[2:]
    made = pairs(table, cells.offset, *his, *hers, *links, husbands, wives)
    return husbands[:made], wives[:made]
