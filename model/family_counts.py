"""Counts of the year's weddings, divorces and births, by those they happen to.

Few people a year, so that plain sums over rows do. Ages at a wedding are those of the middle
of the year, as on the market; a spouse who was never married before weds for the first time.
Leaves out when in the year a wedding is held.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agents.frame import People
from ..parameters.dims import AGE_GAPS, AGES, EDUCATION, MARITAL, ORDERS, RESIDENCES

Counts = NDArray[np.int64]
Rows = NDArray[Any]

HALF_YEAR = 6  # months
LONGEST, MOST_CHILDREN = 30, 3  # full years of marriage, and children, told apart at a divorce
NEVER_MARRIED, MARRIED = MARITAL.index("never_married"), MARITAL.index("married")


def cross(*keys: tuple[Rows, int]) -> Counts:
    """Number of rows in each cell of some keys, each with how many values it has."""
    sizes = tuple(size for _, size in keys)
    place = np.ravel_multi_index(tuple(key.astype(np.int64) for key, _ in keys), sizes)
    return np.bincount(place, minlength=int(np.prod(sizes))).reshape(sizes)


def weddings(people: People, husbands: Rows, wives: Rows) -> dict[str, Counts]:
    """Counts of new couples, while both still have the status they marry from."""
    ages, by_age = [], []
    for rows in (husbands, wives):
        age = people["age"][rows].astype(np.int64) + (people["birth_month"][rows] <= HALF_YEAR)
        again = people["marital"][rows] != NEVER_MARRIED
        by_age.append(cross((np.minimum(age, AGES[-1]), len(AGES)), (again, 2)))
        ages.append(age)
    his, hers = (people["education"][rows] for rows in (husbands, wives))
    gap = np.clip(ages[0] - ages[1], AGE_GAPS[0], AGE_GAPS[-1]) - AGE_GAPS[0]
    return {
        "marriages": np.array(len(wives), np.int64),
        "marriages_by_age": np.stack(by_age),
        "marriages_by_age_gap": cross((gap, len(AGE_GAPS))),
        "marriages_by_education": cross((his, len(EDUCATION)), (hers, len(EDUCATION))),
    }


def partings(people: People, wives: Rows) -> dict[str, Counts]:
    """Counts of divorces by full years married on 1 January and the wife's children."""
    lasted = np.minimum(people["since_union"][wives], LONGEST)
    children = np.minimum(people["n_children"][wives], MOST_CHILDREN)
    by_duration = cross((lasted, LONGEST + 1), (children, MOST_CHILDREN + 1))
    return {"divorces": np.array(len(wives), np.int64), "divorces_by_duration": by_duration}


def births(people: People, mothers: Rows, orders: Rows) -> dict[str, Counts]:
    """Counts of children by their mothers and order.

    mothers, orders : of each child; those of one mother stand together
    """
    order = np.minimum(orders, len(ORDERS)) - 1
    place = people["residence"][mothers], people["education"][mothers]
    same = mothers[1:] == mothers[:-1]
    of_twins = np.append(same, False) | np.append(False, same) if len(mothers) else same
    return {
        "births_by_education": cross(
            (place[0], len(RESIDENCES)), (place[1], len(EDUCATION)), (order, len(ORDERS))
        ),
        "multiple_births": np.array(of_twins.sum(), np.int64),
    }


def outside_marriage(people: People, children: Rows) -> NDArray[np.bool_]:
    """Of the newborns of the year, those whose mother is not married and was not on 1 January."""
    mothers = people["mother"][children]
    single = (people["marital"][mothers] != MARRIED) & (people["divorces"][mothers] == 0)
    return np.asarray((mothers >= 0) & single)
