"""Household income in the reduced form that stands until careers exist.

Decides the disposable income of a household as income per head of its residence and year,
times its members, times a gradient by the education of the woman or head. Source:
`parameters/work/economy.yaml`. Leaves out earnings of persons, transfers between
households and any answer of income to the number of children but through members.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import kernel, total
from ..parameters.dims import EDUCATION, RESIDENCES
from ..parameters.load import Parameters
from .prices import income

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]
ADULT, OLD = 20, 60  # ages over whom the mean of the gradient is one
THIRDS = 3


def education_ratio(p: Parameters) -> Floats:
    """Income per head against that at lower secondary school, float64[education]."""
    return np.asarray(np.exp(p.array("work.economy.education_gradient")))


@kernel
def count_education(
    alive: Any, age: Any, residence: Any, education: Any, counts: Any, youngest: int, oldest: int
) -> None:
    """Add people of an age range to int64[residence, education].

    Without a branch: the others are counted in a cell of their own. Four counts in turn, since
    a count must be stored before it is read.
    """
    width = counts.shape[1]
    table = np.zeros((4, counts.size + 1), np.int64)
    for i in range(age.size):
        here = (alive[i] == 1) & (age[i] >= youngest) & (age[i] < oldest)
        cell = np.uint32(here) * (np.uint32(residence[i]) * np.uint32(width) + education[i] + 1)
        table[np.uint32(i) & np.uint32(3), np.uint32(cell)] += 1
    for r in range(counts.shape[0]):
        for e in range(width):
            counts[r, e] += total(table[:, r * width + e + 1])


def mean_ratio(counts: NDArray[Any], ratio: Floats) -> Floats:
    """Mean of the gradient by residence, float64[residence]; one where nobody lives.

    counts : people by [residence, education]; ratio : float64[education]
    """
    people = np.asarray(counts, dtype=np.float64)
    total = people.sum(axis=1)
    return np.where(total > 0, people @ ratio / np.maximum(total, 1.0), 1.0)


def income_per_head(p: Parameters, year: int, mean: Floats) -> Floats:
    """Disposable income per head, yuan per year, float64[residence, education].

    mean : float64[residence], `mean_ratio` of the people, which puts the mean at the record
    """
    return np.asarray(income(p, year)[:, None] * education_ratio(p)[None, :] / mean[:, None])


def income_of(model: "SongheModel") -> Floats:
    """Income per head in the model's year, float64[residence, education].

    The mean of the gradient is counted in a baseline and kept for scenarios, so that a
    scenario moves nobody's income through the schooling of others.
    """

    def count() -> Floats:
        counts = np.zeros((len(RESIDENCES), len(EDUCATION)), np.int64)
        names = ("alive", "age", "residence", "education")
        count_education(*(model.people[name] for name in names), counts, ADULT, OLD)
        return mean_ratio(counts, education_ratio(model.parameters))

    mean = np.asarray(model.constants.get("income_gradient_mean", count, aligned=True))
    return income_per_head(model.parameters, model.year, mean)


def household_income(per_head: Floats, members: Any) -> Floats:
    """Yuan per year of households with this income per head and number of members."""
    return np.asarray(per_head * members)


def thirds(per_head: Floats) -> NDArray[np.int64]:
    """Lowest, middle or highest third (0, 1, 2) of the cells of a table, by income."""
    order = np.argsort(per_head, axis=None, kind="stable")
    rank = np.empty(per_head.size, np.int64)
    rank[order] = np.arange(per_head.size)
    return (rank * THIRDS // per_head.size).reshape(per_head.shape)
