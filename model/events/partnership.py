"""Divorce and marriage: which unions end, and which singles find each other.

Decides, for every couple, whether and when it divorces (once, with the wife's luck) and who
leaves the home, and for all singles of legal age, on one market, who marries whom and where
the couple lives. Levels are aligned to recorded divorces and registered marriages while
these are listed; shapes come from `partnership.yaml` and the young couples of the base.
Mothers of the year who were single marry more or less often than others, see `brides`.
Leaves out cohabitation, separation, unions below the legal age, and divorce in a year in
which either spouse dies.

Source: Choo and Siow (2006) for the market; the rest is assumed, see the entries.
"""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...agents import families, luck
from ...agents.compiled import kernel, rule
from ...agents.frame import listed
from ...parameters.dims import MARITAL, SEXES
from ...parameters.load import Parameters
from .. import brides, family_counts, homes
from ..kernels.market import level_for
from ..marriage_ends import part
from ..marriage_gains import log_gains
from ..marriage_homes import settle
from ..marriage_market import HOME, MARRIED, Singles, couples, matched, sides, singles
from ..marriage_types import (
    KEY,
    LEVEL_OF_EDUCATION,
    LEVELS,
    Types,
    fit,
    propensity,
    recent_years,
    types,
)
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]

FIRST_YEAR = 2011
MALE, FEMALE = SEXES.index("male"), SEXES.index("female")
LONGEST = 60  # years of marriage; longer ones count as this long
MOST_CHILDREN = 3
SHAPE = (LONGEST + 1, MOST_CHILDREN + 1, LEVELS)  # duration, children, gap in education
LANE, CHILDREN = 3, 3  # lanes: of divorce; of who keeps the children, in Call.HOUSEHOLD
ROUNDS = 60  # of halving
CHUNK = 4096  # people whose marks stay in the nearest cache
AT_RISK = (
    "sex", "marital", "partner", "alive", "since_union", "n_children", "education",
)  # fmt: skip


class DivorceRules(NamedTuple):
    """The year's chances by cell, and what a wife's row does not hold."""

    most: float  # the largest chance of any cell
    prob: Floats  # [duration, children, gap]
    education: Any  # uint8 by row of all people
    level: Any  # int64[6], level of each education


@rule
def divorce_cell(duration: int, n_children: int, hers: int, his: int) -> tuple[int, int, int]:
    """Cell of a couple from full years married, her children and both levels of education."""
    return min(duration, LONGEST), min(n_children, MOST_CHILDREN), abs(hers - his)


@kernel
def divorce(
    sex: Any,
    marital: Any,
    partner: Any,
    since_union: Any,
    n_children: Any,
    education: Any,
    divorces: Any,
    u: Any,
    rules: DivorceRules,
) -> None:
    """Writes the intent in the wife's row; the husband's stays clear.

    Nearly everybody's luck is above the largest chance of all, and is all that is looked at.
    """
    divorces[:] = 0
    for i in range(sex.size):
        chance = luck.unit(u[LANE, i])
        if chance >= rules.most:  # alone, this branch is rarely wrong
            continue
        if (sex[i] == FEMALE) & (marital[i] == MARRIED) & (partner[i] >= 0):
            hers = rules.level[education[i]]
            his = rules.level[rules.education[partner[i]]]
            d, c, g = divorce_cell(since_union[i], n_children[i], hers, his)
            divorces[i] = chance < rules.prob[d, c, g]


@kernel
def count_couples(
    sex: Any, marital: Any, partner: Any, alive: Any, since_union: Any, n_children: Any,
    education: Any, gaps: Any, counts: Any,
) -> None:  # fmt: skip
    """Adds the couples at risk by cell of `divorce_cell`.

    gaps : uint8[6, 6], of their levels, by both educations
    Wives are marked in a loop that vectorises, and listed without a branch, a chunk at a time;
    two counts in turn, as couples of one cell would wait for one another.
    """
    flat, alike, joined = counts.reshape(-1), np.uint8(FEMALE), np.uint8(MARRIED)
    longest, most, one = np.uint8(LONGEST), np.uint8(MOST_CHILDREN), np.uint8(1)
    in_turn, rows = np.zeros((2, flat.size), np.int64), np.empty(CHUNK + 1, np.uint32)
    wives, cells = np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint16)
    for low in range(0, sex.size, CHUNK):
        some = slice(low, min(low + CHUNK, sex.size))
        own_sex, status, lives, spouse = sex[some], marital[some], alive[some], partner[some]
        years, children, own = since_union[some], n_children[some], education[some]
        for j in range(own_sex.size):
            is_wife = (own_sex[j] == alike) & (status[j] == joined) & (spouse[j] >= 0)
            wives[j] = is_wife & (lives[j] == one)
        for j in range(own_sex.size):
            d, c = np.uint16(min(years[j], longest)), np.uint16(min(children[j], most))
            cells[j] = (d * np.uint16(MOST_CHILDREN + 1) + c) * np.uint16(LEVELS)
        n = 0
        for j in range(own_sex.size):
            rows[np.uint32(n)] = np.uint32(j)
            n += wives[j]
        for k in range(n):
            j = rows[k]
            gap = gaps[own[j], education[np.uint32(spouse[j])]]
            in_turn[np.uint32(k) & np.uint32(1), np.uint32(cells[j]) + np.uint32(gap)] += 1
    for k in range(flat.size):
        flat[k] += in_turn[0, k] + in_turn[1, k]


def divorce_hazard(p: Parameters) -> Floats:
    """Yearly hazard before alignment, float64[duration, children, gap].

    A duration of d full years at the opening of the year is d + 1 years in its middle, on
    average over couples.
    """
    x = (np.arange(LONGEST + 1) + 1.0) / p.value(KEY + "divorce_peak")
    late = p.value(KEY + "divorce_late")
    after = late + (1 - late) * x * np.exp(1 - x)
    curve = np.where(x < 1, x * np.exp(1 - x), after)
    children = p.value(KEY + "divorce_child") ** np.arange(MOST_CHILDREN + 1)
    gap = p.value(KEY + "divorce_gap") ** np.arange(LEVELS)
    table: Floats = curve[:, None, None] * children[:, None] * gap
    return p.value(KEY + "divorce_hazard") * table


def divorce_level(hazard: Floats, counts: NDArray[np.int64], target: float) -> float:
    """Log of the factor on the hazard at which `target` divorces are expected.

    Raises
    ------
    ValueError
        If the target is not positive, or not below the number of couples at risk.
    """
    exposed = counts[hazard > 0].sum()
    if not 0 < target < exposed:
        raise ValueError(f"{target:g} divorces: more than 0, fewer than {exposed} couples")
    low, high = -50.0, 50.0
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        total = float((counts * -np.expm1(-hazard * math.exp(middle))).sum())
        low, high = (middle, high) if total < target else (low, middle)
    return 0.5 * (low + high)


def prepare_divorce(model: "SongheModel") -> DivorceRules:
    """This year's chances: the aligned level on the table of hazards."""
    people, p = model.people, model.parameters
    level = LEVEL_OF_EDUCATION.astype(np.int64)  # signed: levels are subtracted
    hazard = divorce_hazard(p)

    def solve() -> float:
        counts, gaps = np.zeros(SHAPE, np.int64), np.abs(level[:, None] - level)
        columns = (people[name] for name in AT_RISK)
        count_couples(*columns, gaps.astype(np.uint8), counts)
        return divorce_level(hazard, counts, target(model, "divorces"))

    aligned = is_target(model, "divorces")
    hazard = hazard * math.exp(float(model.constants.get("divorce", solve, aligned=aligned)))
    prob = -np.expm1(-hazard)
    return DivorceRules(float(prob.max()), prob, people["education"], level)


def is_target(model: "SongheModel", name: str) -> bool:
    """Whether the year is one of those with a published count to align to."""
    return model.year in model.parameters.coords(f"demography.targets.{name}", "year")


def target(model: "SongheModel", name: str) -> float:
    """Published couples of the year, in couples of agents."""
    thousands = model.parameters.year(f"demography.targets.{name}", model.year)
    return float(thousands) * 1000 / model.weight


@kernel
def end_intents(rows: Any, sex: Any, partner: Any, death_u: Any, divorces: Any) -> int:
    """Keep the wives on the list who divorce and mark their husbands; returns their number.

    An intent is dropped where one of the two dies in the year.
    """
    n = 0
    for i in rows:
        if sex[i] != FEMALE:
            continue
        j = partner[i]
        if j >= 0 and death_u[i] >= 1.0 and death_u[j] >= 1.0:
            divorces[j] = 1
            rows[n] = i
            n += 1
        else:
            divorces[i] = 0
    return n


def end_unions(model: "SongheModel") -> None:
    """End the unions that divorce in the year, where both spouses outlive it, and their homes."""
    people = model.people
    rows, names = listed(people["divorces"]), ("sex", "partner", "death_u", "divorces")
    wives = rows[: end_intents(rows, *(people[name] for name in names))].astype(np.int32)
    husbands = people["partner"][wives]
    for name, counts in family_counts.partings(people, wives).items():
        model.tally.add(name, counts)
    families.end_unions(people, wives)
    u = homes.uniforms(model, wives, luck.Call.HOUSEHOLD)
    part(model, husbands, wives, u[CHILDREN])


def marry(model: "SongheModel") -> None:
    """Holds the market of the year and gives every new couple a home."""
    people, p = model.people, model.parameters
    kinds = types(p)
    found = singles(model, kinds)
    mothers = brides.single_mothers(model)
    brides.mark(found, mothers)
    men, women = sides(model, found)
    table = this_year(model, kinds, found)
    made = couples(men, women, table, model.year, model.key)
    husbands, wives = matched(made, men, women, people)
    brides.make_way(model, found, mothers, husbands, wives)
    u = homes.uniforms(model, wives, luck.Call.MARRIAGE)
    for name, counts in family_counts.weddings(people, husbands, wives).items():
        model.tally.add(name, counts)
    families.marry(people, husbands, wives)
    brides.legitimate(model)
    settle(model, husbands, wives, u[HOME])


def this_year(model: "SongheModel", kinds: Types, found: Singles) -> Floats:
    """Propensity of each pair of types: the shape of the base, gains and level of the year."""
    p = model.parameters

    def learn() -> Floats:
        exposure = np.sqrt(np.einsum("ri,rj->rij", *found.expected())).sum(axis=0)
        return fit(p, kinds, recent_couples(model, kinds), exposure, model.persons)

    shape = model.constants.get(
        "marriage_shape",
        learn,
        aligned=model.year == FIRST_YEAR,
    )
    table = propensity(p, kinds, np.asarray(shape)) * np.exp(log_gains(model, kinds, found))

    def solve() -> float:
        men, women = found.expected()
        return level_for(men, women, table, target(model, "marriages"))

    aligned = is_target(model, "marriages")
    level = model.constants.get("marriage", solve, aligned=aligned)
    return table * math.exp(level)


def recent_couples(model: "SongheModel", kinds: Types) -> NDArray[np.int64]:
    """Couples of the last years by both types at the wedding, int64[his type, her type].

    Unions below the legal age count at that age: it is when they could register.
    """
    people, p = model.people, model.parameters
    married = (people["sex"] == FEMALE) & (people["marital"] == MARRIED) & (people["alive"] == 1)
    recent = people["since_union"] < recent_years(p)
    wives = np.flatnonzero(married & recent & (people["partner"] >= 0))
    husbands, since = people["partner"][wives], people["since_union"][wives].astype(np.int16)
    legal = np.asarray(p.at(KEY + "legal_age", model.new_year))
    code = []
    for sex, rows in ((MALE, husbands), (FEMALE, wives)):
        age = np.maximum(people["age"][rows] - since, np.int16(legal[sex]))
        code.append(kinds.code(age, people["education"][rows], people["residence"][rows]))
    n = kinds.size
    return np.bincount(code[0] * n + code[1], minlength=n * n).reshape(n, n)


DIVORCE = Step(
    "divorce",
    columns=("sex", "marital", "partner", "since_union", "n_children", "education", "divorces"),
    reads=("sex", "marital", "partner", "since_union", "n_children", "education"),
    writes=("divorces",),
    kernel=divorce,
    prepare=prepare_divorce,
    call=luck.Call.PERSON,
)
DIVORCES = Step(
    "divorces",
    reads=(
        "id", "alive", "sex", "partner", "death_u", "divorces", "household", "mother", "father",
        "age", "province", "residence", "since_union", "n_children",
    ),
    writes=("divorces", "partner", "marital", "household", "collective"),
    apply=end_unions,
)  # fmt: skip
MARRIAGE = Step(
    "marriage",
    reads=(
        "id", "alive", "age", "birth_month", "sex", "province", "residence", "education",
        "enrolled", "marital", "partner", "mother", "father", "sibship", "household",
        "since_union", "n_children",
        "death_u", "divorces",
    ),
    writes=(
        "partner", "marital", "since_union", "household", "collective", "province", "residence",
        "father", "n_children", "n_sons", "n_living_children",
    ),
    apply=marry,
)  # fmt: skip
assert MARITAL[MARRIED] == "married"
