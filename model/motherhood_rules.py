"""Rules of mothers' work and of who looks after a young child, for one mother or child.

Decides whether a mother stops work after a birth or returns to work before her youngest child
is at school, and how many hours a year grandparents, and others who are not parents, look after
a child. Source: `parameters/work/motherhood.yaml`; effects ship neutral. Leaves out fathers,
hours of work, and grandparents who live elsewhere.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import rule
from ..parameters.load import Parameters
from .young_children import SPRING

Floats = NDArray[np.float64]

KEY = "work.motherhood."
YEAR = 12.0  # months
AWAY, AT_HOME, AT_WORK = range(3)  # a child's mother, or else another parent


class Motherhood(NamedTuple):
    """The numbers of one year; shares of a mother without a grandparent or care for the child.

    returns : float64[years since the birth of the youngest], 0 in the year of birth
    """

    exit_at_birth: float
    exit_grandparent: float
    returns: Floats
    return_grandparent: float
    return_in_care: float
    of_work: float
    in_care: float
    without_parents: float
    of_help: float


@rule
def shifted(chance: float, log_odds: float) -> float:
    """A chance moved on the scale of log odds; 0 and 1 stay."""
    if chance <= 0.0 or chance >= 1.0:
        return chance
    return 1.0 / (1.0 + (1.0 - chance) / chance * math.exp(-log_odds))


@rule
def stops_work(u: float, age_of_youngest: int, grandparent: bool, r: Motherhood) -> bool:
    """Whether a working mother stops from the next year on.

    age_of_youngest : completed at the opening of this year, -1 if born in it
    """
    if age_of_youngest >= 0:
        return False
    return bool(u < shifted(r.exit_at_birth, r.exit_grandparent * grandparent))


@rule
def returns_to_work(
    u: float, age_of_youngest: int, grandparent: bool, in_care: bool, r: Motherhood
) -> bool:
    """Whether a mother without work takes work next year; never in the year after a birth."""
    effect = r.return_grandparent * grandparent + r.return_in_care * in_care
    return bool(u < shifted(r.returns[age_of_youngest + 1], effect))


@rule
def months_before_school(age: int, birth_month: int, school: int) -> int:
    """Months of the year that a child is there and not at school, from its month of birth on.

    age : completed at the opening, -1 if born in the year; school : age reached in the year in
    which it goes to school, in September
    """
    if age < 0:
        return int(YEAR) + 1 - birth_month
    return SPRING if age + 1 == school else int(YEAR)


@rule
def hours_needed(parent: int, young: int, months: int, r: Motherhood) -> float:
    """Hours of a year for which a child needs somebody who is neither a parent nor its nursery.

    young : months of the year before school; months : of them in nursery or kindergarten
    """
    if parent == AT_HOME:
        return 0.0
    hours = r.without_parents if parent == AWAY else r.of_work
    return max(hours * young - r.in_care * months, 0.0) / YEAR


@rule
def hours_of_grandparents(
    parent: int, young: int, months: int, grandparent: bool, r: Motherhood
) -> float:
    """Hours of a year that grandparents at home look after a child: what is needed, or help."""
    if not grandparent:
        return 0.0
    return r.of_help * young / YEAR if parent == AT_HOME else hours_needed(parent, young, months, r)


def motherhood(p: Parameters) -> Motherhood:
    """The numbers that the rules read."""
    shares = np.concatenate(([0.0], p.array(KEY + "return_to_work")))
    names = (
        "return_grandparent", "return_in_care", "hours_of_work", "hours_in_care",
        "hours_without_parents", "hours_of_help",
    )  # fmt: skip
    return Motherhood(
        p.value(KEY + "exit_at_birth"),
        p.value(KEY + "exit_grandparent"),
        np.ascontiguousarray(shares),
        *(p.value(KEY + name) for name in names),
    )
