"""Levels of work, coverage and membership that meet the counts of 2010 to 2015.

Each is solved on expected or counted people of one model, and its value is then written into
`parameters/work/`; nothing here runs in a simulation.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import PENSIONS, RESIDENCES
from . import careers, scheme_membership
from .work_rules import (
    EMPLOYMENT,
    N_EDUCATION,
    N_SEXES,
    PUBLIC,
    WORKING_AGE,
    coverage_at,
    prevalence_of,
)

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]
MILLION = 1e6
WIDEST = 12.0  # log odds
ROUNDS = 50
EMPLOYEE = PENSIONS.index("employee")
N_AGES = 100
LAST_FITTED = 2015


def work_levels(model: "SongheModel", level: Floats | None = None) -> Floats:
    """Log odds float64[work, residence] at which expected workers of 2010 are `employed`."""
    people, p = model.people, model.parameters
    free = (people["alive"] == 1) & (people["age"] >= WORKING_AGE) & (people["enrolled"] == 0)
    free &= people["pension"] < EMPLOYEE
    shape = (len(RESIDENCES), N_EDUCATION, N_SEXES, N_AGES)
    age = np.minimum(people["age"][free], N_AGES - 1)
    place = (people[name][free].astype(np.int64) for name in ("residence", "education", "sex"))
    cells = np.ravel_multi_index((*place, age.astype(np.int64)), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    wanted = p.array(EMPLOYMENT + "employed") * MILLION / model.weight
    found = np.array(p.array(EMPLOYMENT + "level") if level is None else level)
    for _ in range(500):
        expected = expected_workers(counts, prevalence_of(p, found))
        found[1:] += np.log(wanted[1:] / expected[1:])
    return found


def expected_workers(counts: NDArray[np.int64], prevalence: Floats) -> Floats:
    """Expected people float64[work, residence]; counts [residence, education, sex, age]."""
    return np.asarray(np.einsum("resa,resaw->wr", counts, prevalence))


def registered(model: "SongheModel", level: float) -> float:
    """Members who are not pensioners and not public staff at this coverage, million persons."""
    people, p = model.people, model.parameters
    rules = scheme_membership.prepare(model)
    chances = rules.chances._replace(employee=coverage_at(p, level))
    columns = [people[name] for name in scheme_membership.READS]
    columns[-1] = columns[-1].copy()
    scheme_membership.find_schemes(
        *columns, scheme_membership.NO_LUCK, rules._replace(chances=chances)
    )
    inside = (columns[-1] == scheme_membership.EMPLOYEE) & (people["alive"] == 1)
    inside &= (people["pension"] < EMPLOYEE) & (people["work"] != PUBLIC)
    return float(inside.sum()) * model.weight / MILLION


def coverage_level(model: "SongheModel") -> float:
    """Log odds of coverage at which `registered` is the count of the model's year."""
    wanted = float(np.asarray(model.parameters.year(EMPLOYMENT + "contributors", model.year)))
    low, high = -WIDEST, WIDEST
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        if registered(model, middle) < wanted:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def coverage_levels(model: "SongheModel") -> list[float]:
    """Levels of coverage of 2010 to 2015, found while a model of the base year lives them."""
    found = [coverage_level(model)]
    while model.year < LAST_FITTED:
        model.step()
        found.append(coverage_level(model))
    return found


def retired_level(model: "SongheModel") -> float:
    """Log odds of past membership at which expected pensioners of 2010 are the count."""
    people, p = model.people, model.parameters
    past = careers.past_of(p)
    old = np.flatnonzero((people["alive"] == 1) & (people["age"] >= past.retired_from.min()))
    sex, residence, education = (people[n][old] for n in ("sex", "residence", "education"))
    age = people["age"][old].astype(np.int64)
    share_55 = past.women_55[education]
    men, women_55, women_50 = (age >= a for a in past.retired_from)
    over = np.where(sex == careers.FEMALE, share_55 * women_55 + (1 - share_55) * women_50, men)
    cohort = np.maximum(careers.BASE_YEAR - age - careers.FIRST_COHORT, 0)
    wanted = p.array(careers.TOPIC + "retired_members").sum() * MILLION / model.weight
    low, high = -WIDEST, WIDEST
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        chance = careers.member_chance(p, middle)[cohort, sex, residence, education]
        if (chance * over).sum() < wanted:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
