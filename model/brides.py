"""Mothers of the year who were not in union on 1 January: brides, and mothers outside marriage.

Some of them wed in the year, at the share of bridal births among such births: they look for a
partner for certain and take the place of another bride of their type where the market has
left them single, so that no couple comes on top. Their husbands become the fathers. The
others do not look in the year. Leaves out mothers below the legal age, who cannot wed.

Source: shares assumed, see `fertility.yaml`.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import families, luck
from ..agents.compiled import kernel
from ..agents.frame import listed
from ..agents.sibships import Sibships
from ..parameters.load import Parameters
from .family_counts import outside_marriage
from .kernels.matching import kin
from .marriage_market import BRIDE, OUTSIDE, STATES, Singles

if TYPE_CHECKING:
    from .model import SongheModel

Rows = NDArray[Any]

KEY = "demography.fertility."
OF_BIRTH, PLACE = 3, 3  # lanes: who is a bride, in Call.BIRTH; whose place, in Call.MARRIAGE


class Mothers(NamedTuple):
    """Mothers of the year who are single, in the order of rows."""

    rows: NDArray[np.int64]
    bride: NDArray[np.bool_]


def share_of_brides(p: Parameters) -> float:
    """Share of births to women who are not in union on 1 January whose mothers wed in the year."""
    brides = p.value(KEY + "bridal_births")
    all_of_them = brides + p.value(KEY + "births_outside_marriage")
    return brides / all_of_them if all_of_them > 0 else 0.0


def single_mothers(model: "SongheModel") -> Mothers:
    """The single mothers of the year, and which of them are brides."""
    people = model.people
    children = newborns(people)
    rows = np.unique(people["mother"][children[outside_marriage(people, children)]])
    u = luck.words(people["id"][rows], luck.Call.BIRTH, model.year, model.key)
    bride = luck.unit(u[OF_BIRTH]) < share_of_brides(model.parameters)
    return Mothers(rows.astype(np.int64), bride)


def newborns(people: Any) -> NDArray[np.uint32]:
    """Rows of the children born in the year."""
    return listed((people["age"] == -1).view(np.uint8))


def mark(found: Singles, mothers: Mothers) -> None:
    """Give single mothers on the market their state: brides look for certain, others do not."""
    at, there = on_market(found, mothers.rows)
    bride = mothers.bride[there]
    found.code[at] += np.where(bride, BRIDE, OUTSIDE) - found.code[at] % STATES


def on_market(found: Singles, rows: Rows) -> tuple[Rows, Rows]:
    """Places among the singles of those rows that are on the market, and which these are."""
    place = np.searchsorted(found.rows, rows.astype(found.rows.dtype))
    there = np.flatnonzero(place < len(found.rows))
    there = there[found.rows[place[there]] == rows[there]]
    return place[there], there


def make_way(
    model: "SongheModel", found: Singles, mothers: Mothers, husbands: Rows, wives: Rows
) -> None:
    """Let each bride who is left single take the place of another of her type; writes wives."""
    people = model.people
    wed, place = np.zeros(len(found.rows), np.bool_), places_of(found, wives)
    wed[place] = True
    left, _ = on_market(found, mothers.rows[mothers.bride])
    left = left[~wed[left]]
    left = left[np.argsort(people["id"][found.rows[left]])]
    cells, cell = cells_at(found, left), cells_at(found, place)
    wanted = np.zeros(found.chance.size // STATES * found.regions, np.bool_)
    wanted[cells] = True
    order = np.flatnonzero(wanted[cell])
    order = order[np.argsort(cell[order], kind="stable")]
    kept = found.code[place] % STATES == BRIDE
    rows = found.rows[left]
    u = luck.words(people["id"][rows], luck.Call.MARRIAGE, model.year, model.key)[PLACE]
    links = people["mother"], people["father"], Sibships.of(people)
    places = cells, cell[order], order, kept
    take_places(rows.astype(np.int64), luck.unit(u), *places, husbands, wives, *links)


def places_of(found: Singles, rows: Rows) -> NDArray[np.int64]:
    """Place of each of these among the singles, all of whom are on the market."""
    return np.asarray(np.searchsorted(found.rows, rows.astype(found.rows.dtype, copy=False)))


def cells_at(found: Singles, places: Rows) -> NDArray[np.int64]:
    """Cell of [sex, region, type] at each of these places among the singles."""
    return np.asarray(found.code[places] // STATES, np.int64)


@kernel
def take_places(
    left: Any, u: Any, cell: Any, cells: Any, order: Any, kept: Any, husbands: Any, wives: Any,
    mother: Any, father: Any, sibship: Any,
) -> None:  # fmt: skip
    """Put each one left in the place of a wife of her cell, by her luck; never with kin.

    cell : of each one left
    cells, order : of the wives in those cells, sorted, and who stands there
    kept : bool, by couple, whether the place is taken for good; in and out
    """
    for k in range(left.size):
        first = np.searchsorted(cells, cell[k])
        n = np.searchsorted(cells, cell[k], side="right") - first
        for step in range(n):
            x = order[first + (np.int64(u[k] * n) + step) % n]
            if not kept[x] and not kin(left[k], husbands[x], mother, father, sibship):
                wives[x], kept[x] = left[k], True
                break


def legitimate(model: "SongheModel") -> None:
    """Husbands of the year's brides are the fathers; counts births outside marriage."""
    people = model.people
    children = newborns(people)
    mothers = people["mother"][children]
    known = (mothers >= 0) & (people["father"][children] < 0)
    children = children[known]
    fathers = people["partner"][mothers[known]]
    families.acknowledge(people, children[fathers >= 0], fathers[fathers >= 0])
    outside = outside_marriage(people, newborns(people)).sum()
    model.tally.add("births_outside_marriage", np.array(outside, np.int64))
