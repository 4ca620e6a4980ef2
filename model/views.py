"""A few people in words, a few figures a year: for teaching and for finding faults."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from mesa import DataCollector

from ..agents import luck
from ..agents.columns import COLLECTIVES
from ..agents.institutions import Fund
from ..agents.providers import Provider
from ..parameters.dims import ADL, EDUCATION, MARITAL, PROVINCES, RESIDENCES, SEXES

if TYPE_CHECKING:
    from .model import SongheModel


@dataclass(frozen=True)
class Person:
    """A row in words; relatives are paths of ids."""

    id: str
    sex: str
    age: int
    birth_year: int
    birth_month: int
    province: str
    residence: str
    education: str
    enrolled: bool
    marital: str
    adl: str
    partner: str | None
    mother: str | None
    father: str | None
    children: tuple[str, ...]
    household: int | None
    collective: str | None


@dataclass(frozen=True)
class Household:
    """A family household: its place and its members, the oldest first."""

    number: int
    province: str
    residence: str
    members: tuple[Person, ...]


def collector() -> DataCollector:
    """Year, agents alive, births and deaths of the year; funds in fen; places and children."""
    return DataCollector(
        model_reporters={
            "year": "year",
            "population": lambda model: _total(model, "population"),
            "births": lambda model: _total(model, "births"),
            "deaths": lambda model: _total(model, "deaths"),
        },
        agenttype_reporters={
            Fund: {"fund": "name", "balance": lambda fund: int(fund.balance.sum())},
            Provider: {name: name for name in ("name", "places", "enrolled", "staff")},
        },
    )


def _total(model: "SongheModel", name: str) -> int:
    return int(model.tally.years[model.year][name].sum())


def person_view(model: "SongheModel", identity: int | str) -> Person:
    """See `SongheModel.person`."""
    wanted = luck.path_id(identity) if isinstance(identity, str) else identity
    people = model.people
    rows = np.flatnonzero((people["id"] == np.uint64(wanted)) & (people["alive"] == 1))
    if not len(rows):
        path = luck.path_text(wanted)
        raise LookupError(f"person {path}: nobody alive at the end of {model.year}")
    return _person(model, int(rows[0]))


def household_view(model: "SongheModel", number: int) -> Household:
    """See `SongheModel.household`."""
    people = model.people
    rows = np.flatnonzero((people["household"] == number) & (people["alive"] == 1))
    if number < 0 or not len(rows):
        raise LookupError(
            f"household {number}: nobody lives in it at the end of {model.year}; "
            f"allowed: 0 to {model.n_households - 1}"
        )
    members = sorted((_person(model, int(i)) for i in rows), key=lambda person: -person.age)
    return Household(number, members[0].province, members[0].residence, tuple(members))


def _person(model: "SongheModel", i: int) -> Person:
    people = model.people

    def code(name: str) -> int:
        return int(people[name][i])

    def path(row: int) -> str | None:
        return luck.path_text(int(people["id"][row])) if row >= 0 else None

    children = np.flatnonzero((people["mother"] == i) | (people["father"] == i))
    own = luck.path_text(int(people["id"][i]))
    household = code("household")
    return Person(
        id=own,
        sex=SEXES[code("sex")],
        age=code("age"),
        birth_year=model.year - code("age"),
        birth_month=code("birth_month"),
        province=PROVINCES[code("province")],
        residence=RESIDENCES[code("residence")],
        education=EDUCATION[code("education")],
        enrolled=bool(code("enrolled")),
        marital=MARITAL[code("marital")],
        adl=ADL[code("adl")],
        partner=path(code("partner")),
        mother=path(code("mother")),
        father=path(code("father")),
        children=tuple(luck.path_text(int(people["id"][k])) for k in children),
        household=household if household >= 0 else None,
        collective=None if household >= 0 else COLLECTIVES[code("collective")],
    )
