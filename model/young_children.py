"""Children before school: who they are, and the months of a year in nursery and kindergarten age.

A child moves up in September of the year, by the age that it reaches in the year, as pupils
do. From January to August it is of the age completed at the opening, from September one
older. Kindergarten takes the three years before school, nurseries the years from
the January after birth until then. Listing and luck are done once a year for both services.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.compiled import kernel, rule
from ..agents.frame import listed
from ..agents.providers import Providers
from ..parameters.dims import CARE_GROUPS, KINDERGARTEN_GRADES, PROVINCES, RESIDENCES
from ..parameters.load import Parameters
from .months import last_month_alive

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SPRING = 8  # months before the school year begins
YEAR = 12
IN_AN_AGENT = 1_200  # parts in which places, children and staff are counted: a month is 100
NURSERY_YEARS, KINDERGARTEN_YEARS = len(CARE_GROUPS), len(KINDERGARTEN_GRADES)
WANTS_NURSERY, QUEUE, WANTS_KINDERGARTEN, KIND = range(4)  # lanes


class Young(NamedTuple):
    """Living children before school.

    rows : uint32[n]; ids : uint64[n]; age : int64[n], completed at the opening
    words : uint32[4, n], the luck of a lifetime
    """

    year: int
    rows: NDArray[np.uint32]
    ids: NDArray[np.uint64]
    age: Counts
    words: NDArray[np.uint32]


@rule
def stay(age: int, youngest: int, years: int, last_alive: int) -> Any:
    """First and last month of the year in a service; (1, 0) if none.

    age : completed at the opening; youngest : age at which the service begins, counted as
    that of the school year; years : that it lasts; last_alive : month to which the child lives
    """
    begins = 1 if age >= youngest else SPRING + 1
    ends = YEAR if age + 1 < youngest + years else SPRING
    if age + 1 < youngest or age >= youngest + years:
        return 1, 0
    return begins, min(ends, last_alive)


@rule
def months_until(first: int, last: int, until: int) -> int:
    """Months from first to last that are not after a month."""
    return max(min(last, until) - first + 1, 0)


def begins_at(p: Parameters) -> int:
    """Age at which kindergarten begins."""
    return int(p.value("demography.schooling.entry_age")) - KINDERGARTEN_YEARS


def young(model: "SongheModel") -> Young:
    """The children before school of the model's year, listed once."""
    if model.young is not None and model.young.year == model.year:
        return model.young
    people, school = model.people, begins_at(model.parameters) + KINDERGARTEN_YEARS
    age = people["age"]
    before = age.view(np.uint8) < np.uint8(school)  # a newborn's -1 is 255
    rows = listed(before.view(np.uint8) & people["alive"])
    ids = people["id"][rows]
    words = luck.words(ids, luck.Call.CHILDCARE, luck.LASTING, model.key)
    model.young = Young(model.year, rows, ids, age[rows].astype(np.int64), words)
    return model.young


def providers_of(model: "SongheModel", kind: str) -> Providers:
    """The providers of a kind, made when they are first asked for."""
    if kind not in model.providers:
        model.providers[kind] = Providers(model, kind, model.persons)
    return model.providers[kind]


def people_by_place(model: "SongheModel") -> Floats:
    """People of the real country at the opening of the year, float64[province, residence]."""
    counts = model.tally.years[model.year - 1]["population"]
    return np.asarray(counts.sum(axis=(2, 3), dtype=np.int64) * model.weight)


def in_parts(real: Floats, weight: float) -> Counts:
    """Amounts of the real country in parts of an agent, whole, int64[...]."""
    return np.floor(real / weight * IN_AN_AGENT + 0.5).astype(np.int64)


def room_of(providers: Providers, weight: float) -> Counts:
    """Whole months of agents that the places of each provider hold, int64[cell]."""
    return np.floor(providers.places / weight * YEAR).astype(np.int64)


def provider_cells(providers: Providers, by_ownership: Floats) -> Floats:
    """Sums over provinces in the order of the providers; float64[cell].

    by_ownership : float64[province, residence, ownership]
    """
    return providers.in_area(by_ownership).ravel()


@kernel
def count_months(
    rows: Any, age: Any, province: Any, residence: Any, death_u: Any, youngest: int, years: int,
    months: Any,
) -> None:  # fmt: skip
    """Add the months in the age of a service; months : int64[province, residence]."""
    for k in range(rows.size):
        i = rows[k]
        first, last = stay(age[k], youngest, years, last_month_alive(death_u[i]))
        months[province[i], residence[i]] += max(last - first + 1, 0)


def child_years(model: "SongheModel", youngest: int, years: int) -> Floats:
    """Children of the real country in the age of a service, mean of the year.

    Returns
    -------
    float64[province, residence]
    """
    children, people = young(model), model.people
    months = np.zeros((len(PROVINCES), len(RESIDENCES)), np.int64)
    columns = (people[name] for name in ("province", "residence", "death_u"))
    count_months(children.rows, children.age, *columns, youngest, years, months)
    return np.asarray(months * (model.weight / YEAR))
