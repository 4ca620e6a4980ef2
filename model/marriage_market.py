"""The marriage market of one year: who looks for a partner, how many couples, who with whom.

Singles of legal age who outlive the year look for a partner, the previously married and
students less often than others. Couples are expected by region and pair of types, made
whole, and filled with people by keyed positions, never with kin. Regions are the six
statistical ones where the replicate is smaller than a million, provinces otherwise.
"""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel
from ..agents.frame import parts
from ..agents.sibships import Sibships
from ..parameters.dims import MARITAL, PROVINCES, REGION_OF_PROVINCE, REGIONS, SEXES
from ..parameters.load import Parameters
from .kernels.market import Cells, expected_couples
from .kernels.matching import pairs
from .kernels.rounding import DUST, whole
from .marriage_types import KEY, LEVEL_OF_EDUCATION, Types, type_code

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
MIDDLE = 2  # of an age group, in years behind its first age
NEVER_MARRIED = MARITAL.index("never_married")
ONE = np.uint32(1)  # keeps an index free of signs, which is faster
STATES = 2 * len(MARITAL)
# Of single mothers of the year, in the place of the married: outside marriage, and brides.
OUTSIDE, BRIDE = MARRIED, len(MARITAL) + MARRIED
AGES = np.arange(np.iinfo(np.int8).max + 2)  # at the wedding
YOUNG = ("marital", "alive", "age")
LOOKED_AT = (
    "sex", "age", "birth_month", "province", "residence", "education", "enrolled", "marital",
    "death_u", "divorces",
)  # fmt: skip


class Singles(NamedTuple):
    """Single men and women of legal age on the market, in the order of rows.

    A state is student and marital; mothers of the year have two of their own, see `brides`.
    """

    rows: Rows
    code: NDArray[np.int32]  # place of each in [sex, region, type, state]
    chance: Floats  # [sex, type, state], of looking for a partner
    regions: int

    def by_code(self) -> Floats:
        """Chance to look for a partner, float64[code]."""
        return np.repeat(self.chance[:, None], self.regions, axis=1).ravel()

    def expected(self) -> Floats:
        """How many are expected to look, float64[sex, region, type]."""
        sexes, types, states = self.chance.shape
        shape = sexes, self.regions, types, states
        counts = np.bincount(self.code, minlength=math.prod(shape)).reshape(shape)
        sides = zip(counts, self.chance, strict=True)
        return np.stack([np.einsum("rts,ts->rt", n, chance) for n, chance in sides])


class Side(NamedTuple):
    """Those of one sex who look for a partner: how many, and in order."""

    looking: Whole  # [region, type]
    rows: Rows  # by (region, type, position, id)
    position: Words
    start: Whole  # first place of each (region, type), and the end


def regions(persons: int) -> tuple[str, NDArray[np.int64]]:
    """How the market is divided, in words, and the division of each province."""
    if persons < THINNEST_BY_PROVINCE:
        return f"{len(REGIONS)} regions", np.array(REGION_OF_PROVINCE)
    return f"{len(PROVINCES)} provinces", np.arange(len(PROVINCES))


@kernel
def find_singles(marital: Any, alive: Any, age: Any, youngest: int, rows: Any) -> int:
    """List the living singles from an age on; returns their number.

    rows : int32[people + 1], out; written without a branch
    """
    n = 0
    for i in range(alive.size):
        rows[n] = i
        n += (marital[i] != MARRIED) & (alive[i] == 1) & (age[i] >= youngest)
    return n


@kernel
def sort_singles(
    rows: Any, sex: Any, age: Any, birth_month: Any, province: Any, residence: Any,
    education: Any, enrolled: Any, marital: Any, death_u: Any, divorces: Any,
    legal: Any, division: Any, regions: int, group: Any, types: int, code: Any,
) -> int:  # fmt: skip
    """Keep those of legal age who outlive the year unmarried; returns their number.

    legal : int64[sex]; division : int64[province]; group : int64 by age
    rows : int32, in and out; code : out, as in `Singles`
    """
    n = 0
    for k in range(rows.size):
        i = np.uint32(rows[k])
        wedding = age[i] + (birth_month[i] <= HALF_YEAR)
        kind = type_code(group[wedding], LEVEL_OF_EDUCATION[education[i]], residence[i])
        state = enrolled[i] * len(MARITAL) + marital[i]
        cell = (sex[i] * regions + division[province[i]]) * types + kind
        rows[n], code[n] = i, cell * STATES + state
        n += (wedding >= legal[sex[i]]) & (death_u[i] >= 1.0) & (divorces[i] == 0)
    return n


@kernel
def find_looking(
    rows: Any, code: Any, chance: Any, luck_of_looking: Any, luck_of_position: Any, out: Any,
    cell: Any, position: Any, looking: Any,
) -> int:  # fmt: skip
    """List and count those whose luck is below their chance; returns their number.

    chance : float64 by code
    out, cell, position : rows, place in [sex, region, type] and on the circle, out
    looking : int64 by cell, added to
    """
    n = 0
    for k in range(rows.size):
        out[n], position[n] = rows[k], luck_of_position[k]
        cell[n] = np.uint32(code[k]) // np.uint32(STATES)
        found = luck.unit(luck_of_looking[k]) < chance[np.uint32(code[k])]
        looking[cell[n]] += found
        n += found
    return n


@kernel
def near_place(
    rows: Any, cell: Any, position: Any, start: Any, out: Any, out_position: Any
) -> None:
    """Put people by cell and nearly by position, as positions in a cell are even.

    cell : uint32; start : int64[cells + 1], first place of each cell, and the end
    """
    expected, taken = np.empty(rows.size, np.uint32), np.zeros(rows.size + 1, np.uint32)
    for k in range(rows.size):
        c = cell[k]
        size = start[c + ONE] - start[c]
        expected[k] = start[c] + ((np.int64(position[k]) * size) >> 32)
        taken[expected[k] + ONE] += ONE
    for k in range(rows.size):
        taken[k + 1] += taken[k]
    for k in range(rows.size):
        place = taken[expected[k]]
        out[place], out_position[place] = rows[k], position[k]
        taken[expected[k]] += ONE


@kernel
def sort_near(rows: Any, position: Any, ids: Any, start: Any) -> None:
    """Sort people who are near their place in each cell by position, and by id.

    ids : uint64 by row of all people; start : as in `near_place`
    """
    for c in range(start.size - 1):
        first = np.uint32(start[c])
        for k in range(first + ONE, np.uint32(start[c + 1])):
            b: Any = k
            while b > first:
                a = b - ONE
                after = (position[a] == position[b]) and ids[rows[a]] > ids[rows[b]]
                if not (position[a] > position[b] or after):
                    break
                rows[a], rows[b] = rows[b], rows[a]
                position[a], position[b] = position[b], position[a]
                b = a


def singles(model: "SongheModel", kinds: Types) -> Singles:
    """The singles on this year's market."""
    people, p = model.people, model.parameters
    legal = np.asarray(p.at(KEY + "legal_age", model.new_year)).astype(np.int64)
    _, division = regions(model.persons)
    n_regions = int(division.max()) + 1
    youngest = max(int(legal.min()) - 1, 0)
    tables = (legal, division, n_regions, kinds.group(AGES), kinds.size)
    with people.room(np.int32) as room:
        rows = room[: find_singles(*(people[name] for name in YOUNG), youngest, room)]
        code = np.empty(len(rows), np.int32)
        n = sort_singles(rows, *(people[name] for name in LOOKED_AT), *tables, code)
        return Singles(rows[:n].copy(), code[:n], chances(p, kinds, model.year), n_regions)


def sides(model: "SongheModel", found: Singles) -> tuple[Side, Side]:
    """The men and the women who look for a partner, by the luck of the year."""
    ids, singles = model.people["id"], len(found.rows)
    shape = (len(SEXES), found.regions, found.chance.shape[1])
    looking = np.zeros(math.prod(shape), np.int64)
    rows, cell, position = (np.empty(singles, kind) for kind in (np.int32, np.uint32, np.uint32))
    n, by_code = 0, found.by_code()
    for part in parts(singles):
        some, code = found.rows[part], found.code[part]
        u = luck.words(ids[some], luck.Call.MARRIAGE, model.year, model.key)
        written = rows[n:], cell[n:], position[n:]
        n += find_looking(some, code, by_code, u[LOOKS], u[POSITION], *written, looking)
    start = np.concatenate((np.zeros(1, np.int64), np.cumsum(looking)))
    order, places = np.empty(n, np.int32), np.empty(n, np.uint32)
    near_place(rows[:n], cell, position, start, order, places)
    sort_near(order, places, ids, start)
    his, hers = looking.reshape(shape)
    cut = len(start) // 2
    men = start[cut]
    return (
        Side(his, order[:men], places[:men], start[: cut + 1]),
        Side(hers, order[men:], places[men:], start[cut:] - men),
    )


def chances(p: Parameters, kinds: Types, year: int) -> Floats:
    """Chance that a single looks for a partner in a year, float64[sex, type, state].

    Later cohorts look less often for their first.
    """
    looking = p.array(KEY + "looking").copy()
    looking[NEVER_MARRIED] *= pace_of_cohorts(p, year - kinds.ages - MIDDLE)
    looking = looking[..., kinds.parts()[0]].transpose(1, 2, 0)
    both = np.concatenate((looking, looking * p.value(KEY + "student")), axis=2)
    both[..., OUTSIDE], both[..., BRIDE] = 0.0, 1.0
    return np.ascontiguousarray(both)


def pace_of_cohorts(p: Parameters, born: NDArray[np.int64]) -> Floats:
    """First marriage of people by year of birth against the cohorts before the table, a ratio."""
    key = KEY + "first_marriage_by_cohort"
    years = [float(c) for c in p.coords(key, "cohort")]
    return np.asarray(np.exp(np.interp(born, years, p.array(key))))


class Couples(NamedTuple):
    """Whole couples by cell, and the place on the circle from which a cell takes its members."""

    cells: Cells
    number: Whole
    offset: Words


def couples(men: Side, women: Side, propensity: Floats, year: int, key: Any) -> Couples:
    """Whole couples by the luck of the year of each cell; see `rounding.whole`."""
    looking = men.looking.astype(float), women.looking.astype(float)
    cells = expected_couples(*looking, propensity, DUST)
    u = luck.words(cells.place | luck.CELL, luck.Call.MARRIAGE_CELL, year, key)
    threshold = (u[0] * 2.0**21 + (u[1] >> np.uint32(11))) * 2.0**-53
    number = np.empty(len(threshold), np.int64)
    whole(
        cells.first, cells.his, cells.hers, cells.couples, threshold, men.looking, women.looking,
        number,
    )  # fmt: skip
    return Couples(cells, number, u[2])


def matched(made: Couples, men: Side, women: Side, people: Any) -> tuple[Rows, Rows]:
    """Rows of husbands and wives, couple by couple."""
    links = people["mother"], people["father"], Sibships.of(people)
    most = made.number.sum()
    husbands, wives = np.empty(most, np.int32), np.empty(most, np.int32)
    cells, types = made.cells, men.looking.shape[1]
    n = pairs(
        cells.first, cells.his, cells.hers, made.number, made.offset, types,
        *men[-3:], *women[-3:], *links, husbands, wives,
    )  # fmt: skip
    return husbands[:n], wives[:n]
