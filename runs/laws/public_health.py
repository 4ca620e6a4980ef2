"""Basic public health services: the subsidy for each person and the visits of one age."""

from collections.abc import Mapping
from datetime import date

from ...model.policies.public_health import POLICY, subsidy_per_head, visits_by_age
from ...parameters.load import Parameters
from .keys import FEN, Key, Line, a_year, in_force, whole

KEYS: Mapping[str, Key] = {
    "year": a_year(2011, "2025"),
    "age": whole(0, 120, "completed years, 0 to 120", "0"),
}


def worked(p: Parameters, year: int, age: int) -> list[Line]:
    """Money and visits of a year."""
    end, visits = date(year, 12, 31), visits_by_age(p)
    return [
        Line("subsidy for each person", subsidy_per_head(p, year) / FEN, "yuan per year",
             *in_force(p, POLICY + "subsidy_per_head", end)),
        Line(f"visits in the package at {age}", f"{visits[min(age, len(visits) - 1)]:g}",
             "visits per year", *in_force(p, POLICY + "child_visits", end)),
        Line("visits in the package for a delivery", f"{p.value(POLICY + 'maternal_visits'):g}",
             "visits", *in_force(p, POLICY + "maternal_visits", end)),
    ]  # fmt: skip
