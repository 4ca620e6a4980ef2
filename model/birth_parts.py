"""What policy does to the births of a year, in parts: expected births with policy taken away.

For every woman at risk three chances are added up, at the same levels and the same pattern:
without policy (no response, no debt, no account), with the response of the year alone, and the
one she lives by, which holds what mothers of advanced births and their cohorts owe as well. The
second less the first is what the response adds in the year, the third less the second what is
owed for earlier years. Women are told apart by age and by whether they are in union, so that
more women and more couples can be told from women who have had their child already. Leaves out
luck: births that come stand in other counts, and `births_by_policy` are those brought about.

Expected births are counted in whole parts of an agent, so that the order of rows, blocks and
threads cannot matter.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import kernel, rule
from ..parameters.dims import AGES, PROVINCES
from .birth_rules import CELLS, SINGLE, parts_of, scaled_chance
from .promise import ORDERS, SHAPE

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]
Rows = NDArray[Any]

IN_AN_AGENT = 1_000_000  # parts in which expected births are counted
FINER = 1_000  # of one woman's chance, before it is added up
FEN = 100.0
HALF = 0.5  # of the year that those who die in it live


class Without(NamedTuple):
    """Chances of a delivery by cell at the levels of the year, with policy taken away."""

    plain: Floats  # no response, no debt, no account
    answered: Floats  # the response of the year alone
    women: Rows  # int64[age, 2], all of childbearing age, by whether they are in union


@rule
def whole(births: float) -> int:
    """Expected births of a woman in the finest parts."""
    return int(births * (IN_AN_AGENT * FINER) + 0.5)


@rule
def add(births: Any, cell: int, n: int, years: float, plain: Any, answer: Any, lived: Any) -> None:
    """Add the expected deliveries of women of one cell who live so much of the year.

    births : int64[3, 101, 2], without policy, with the response alone, and as she lives; by age
        and whether she is in union
    """
    age, _, _, _, wait, _ = parts_of(cell)
    couple = 0 if wait == SINGLE else 1
    births[0, age, couple] += n * whole(years * plain)
    births[1, age, couple] += n * whole(years * answer)
    births[2, age, couple] += n * whole(years * lived)


@kernel
def expect(
    rows: Any, cells: Any, death_u: Any, plain: Any, answered: Any, lived: Any, factor: Any,
    births: Any,
) -> None:  # fmt: skip
    """Add the expected deliveries of each listed woman, given whether she dies in the year.

    factor : as in `births.deliver`, part of the response; births : as in `add`
    """
    for k in range(rows.size):
        cell = cells[k]
        years = 1.0 if death_u[rows[k]] >= 1.0 else HALF
        answer, chance = (
            scaled_chance(answered[cell], factor[k]),
            scaled_chance(lived[cell], factor[k]),
        )
        add(births, cell, 1, years, plain[cell], answer, chance)


@kernel
def count_cells(rows: Any, cells: Any, death_u: Any, women: Any) -> None:
    """Count the listed women by whether they outlive the year and by cell, int64[2, cell]."""
    for k in range(rows.size):
        women[np.int64(death_u[rows[k]] >= 1.0), cells[k]] += 1


@kernel
def expect_cells(women: Any, plain: Any, answered: Any, lived: Any, births: Any) -> None:
    """Add what `expect` adds where nobody has a factor; women : of `count_cells`."""
    for cell in range(plain.size):
        for outlives in range(2):
            n = women[outlives, cell]
            if n > 0:
                years = 1.0 if outlives else HALF
                add(births, cell, n, years, plain[cell], answered[cell], lived[cell])


def count_expected(
    model: "SongheModel",
    women: tuple[Rows, Rows, Floats],
    without: Without,
    lived: Floats,
    twins: float,
) -> None:
    """Count expected births of the year with policy and without it, twins among them.

    women : rows and cells of those at risk, and the factor on their hazards
    lived : chance by cell as they live; twins : share of deliveries
    """
    rows, cells, factor = women
    births = np.zeros((3, len(AGES), 2), np.int64)
    death_u, chances = model.people["death_u"], (without.plain, without.answered, lived)
    if factor.size:
        expect(rows, cells, death_u, *chances, factor, births)
    else:
        by_cell = np.zeros((2, CELLS), np.int64)
        count_cells(rows, cells, death_u, by_cell)
        expect_cells(by_cell, *chances, births)
    children = (1.0 + twins) / FINER
    names = ("expected_births_without_policy", "expected_births_with_response", "expected_births")
    for name, deliveries in zip(names, births, strict=True):
        model.tally.add(name, np.rint(deliveries * children).astype(np.int64))
    model.tally.add("women_of_childbearing_age", without.women)


def count_promised(model: "SongheModel", mothers: Rows, order: Rows) -> None:
    """Count the births of the year, and what policies promise them, by province and order.

    mothers : rows, one for each child; order : place of the child's order, 0 to 2
    """
    people, shape = model.people, (len(PROVINCES), ORDERS)
    province, residence, education = (
        people[name][mothers] for name in ("province", "residence", "education")
    )
    births, money = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    fen = np.rint(FEN * np.broadcast_to(model.promised, SHAPE)).astype(np.int64)
    np.add.at(births, (province, order), 1)
    np.add.at(money, (province, order), fen[order, province, residence, education])
    model.tally.add("births_by_province_order", births)
    model.tally.add("promised_to_births", money)
