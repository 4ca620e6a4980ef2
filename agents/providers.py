"""Providers of places for children: Mesa agents that open, close, price and hire.

A provider stands for all nurseries, or all kindergartens, of one area, residence and ownership.
Its places are places of the real country and may be fractions, so that a small replicate
has what belongs to its few children. What providers decide each year is a rule of one
provider (`model/provider_rules.py`), applied to all of a kind at once; `Provider` is the
agent as Mesa and a reader see it, one cell of the columns that `Providers` keeps.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import (
    EDUCATION,
    OWNERSHIP,
    PROVINCES,
    REGION_OF_PROVINCE,
    REGIONS,
    RESIDENCES,
)
from .institutions import Fund
from .shell import mesa

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Rows = NDArray[Any]

MONTHS = 12
LONGEST_LAG = 5  # years from the start of a building to its opening
THINNEST_BY_PROVINCE = 1_000_000  # persons: in a smaller replicate an area is a region


class Provider(mesa.Agent):  # type: ignore[misc]
    """All nurseries or kindergartens of one area, residence and ownership."""

    _ids = Fund._ids  # one numbering of institutions in a model

    def __init__(self, model: Any, providers: "Providers", cell: int) -> None:
        super().__init__(model)
        self.providers, self.cell = providers, cell

    @property
    def name(self) -> str:
        """What it is and where."""
        area, residence, ownership = np.unravel_index(self.cell, self.providers.shape)
        parts = (self.providers.areas[area], RESIDENCES[residence], OWNERSHIP[ownership])
        return f"{self.providers.kind}, {', '.join(parts)}"

    @property
    def places(self) -> float:
        """Places of the real country in the year."""
        return float(self.providers.places[self.cell])

    @property
    def enrolled(self) -> float:
        """Children of the real country, mean of the year."""
        return float(self.providers.enrolled[self.cell])

    @property
    def staff(self) -> float:
        """Carers or teachers and others, for the children that are there."""
        return float(self.providers.staff[self.cell])

    @property
    def price(self) -> float:
        """Fee over that of the parameters."""
        return float(self.providers.price[self.cell])

    @property
    def is_open(self) -> bool:
        """Whether it has places."""
        return self.places > 0.0


class Providers:
    """The providers of one kind, a cell each, [area x residence x ownership].

    places, enrolled, wanted, staff : float64[cell], of the real country, means of the year
    coming : float64[LONGEST_LAG, cell], places that open in the years ahead, next year's first
    low_years : int64[cell], years in a row of low occupancy
    price : float64[cell], fee over that of the parameters
    used : float64[cell], share of the children in the age of the service who are there, last year
    cover, cover_before : float64[province, residence, education], share of children with a place
        within reach and means, in the last year and in the last one of evidence
    rows, months : children in the year and their months there; rows stand until compaction
    """

    COLUMNS = ("places", "enrolled", "wanted", "staff", "coming", "low_years", "price",
               "used", "cover", "cover_before")  # fmt: skip

    def __init__(self, model: Any, kind: str, persons: int) -> None:
        self.kind = kind
        by_province = persons >= THINNEST_BY_PROVINCE
        self.areas: tuple[str, ...] = PROVINCES if by_province else REGIONS
        division = range(len(PROVINCES)) if by_province else REGION_OF_PROVINCE
        self.area_of = np.array(division, np.int64)
        self.shape = (len(self.areas), len(RESIDENCES), len(OWNERSHIP))
        n = int(np.prod(self.shape))
        self.places, self.enrolled, self.wanted, self.staff = np.zeros((4, n))
        self.coming = np.zeros((LONGEST_LAG, n))
        self.low_years = np.zeros(n, np.int64)
        self.price = np.ones(n)
        self.used = np.zeros(n)
        self.cover, self.cover_before = np.zeros(
            (2, len(PROVINCES), len(RESIDENCES), len(EDUCATION))
        )
        self.opened = False  # whether the first places have been set up
        self.year = 0
        self.rows: Rows = np.empty(0, np.uint32)
        self.months: Rows = np.empty(0, np.uint8)
        self.agents = [Provider(model, self, cell) for cell in range(n)]

    def in_area(self, by_province: Floats) -> Floats:
        """Sums over the provinces of each area; float64[area, ...]."""
        summed = np.zeros((len(self.areas), *by_province.shape[1:]))
        np.add.at(summed, self.area_of, by_province)
        return summed

    def to_provinces(self, by_cell: Floats, weight: Floats) -> Floats:
        """What stands in areas over their provinces, float64[province, residence, ownership].

        weight : float64[province, residence], by which the provinces of an area share
        """
        of_area = self.in_area(weight)[self.area_of]
        share = np.divide(weight, of_area, out=np.zeros_like(weight), where=of_area > 0)
        return np.asarray(by_cell.reshape(self.shape)[self.area_of] * share[:, :, None])

    def note(self, year: int, rows: Rows, months: Rows) -> None:
        """Keep who is there in the year, for steps of the same year."""
        self.year, self.rows, self.months = year, rows, months

    def forget(self) -> None:
        """Drop who is there: rows have changed."""
        self.note(0, self.rows[:0].copy(), self.months[:0].copy())

    def months_of(self, people: int, year: int) -> NDArray[np.uint8]:
        """Months of the year that each person spends there, uint8[people].

        Raises
        ------
        LookupError
            In another year than that of the last allocation.
        """
        if year != self.year:
            raise LookupError(f"{self.kind}: {year} asked for, places were given in {self.year}")
        months = np.zeros(people, np.uint8)
        months[self.rows] = self.months
        return months

    def copy_to(self, model: Any) -> "Providers":
        """The same providers in another model."""
        twin = Providers(model, self.kind, THINNEST_BY_PROVINCE * (self.areas is PROVINCES))
        for name in self.COLUMNS:
            setattr(twin, name, getattr(self, name).copy())
        twin.opened = self.opened
        return twin


def copy_providers(kinds: dict[str, Providers], model: Any) -> dict[str, Providers]:
    """Independent copies that belong to another model."""
    return {kind: providers.copy_to(model) for kind, providers in kinds.items()}
