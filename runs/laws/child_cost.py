"""What a child costs its family to 18, and at one age."""

from collections.abc import Mapping
from datetime import date

from ...model.policies.child_cost import POLICY, total_cost, yearly_cost
from ...parameters.dims import RESIDENCES
from ...parameters.load import Parameters
from .keys import Key, Line, a_year, choice, in_force, whole

KEYS: Mapping[str, Key] = {
    "age": whole(0, 17, "completed years, 0 to 17"),
    "residence": choice(RESIDENCES),
    "year": a_year(2011, "2025"),
}


def worked(p: Parameters, age: int, residence: int, year: int) -> list[Line]:
    """Spending to 18 and of one year, in prices of the year."""
    known, total = date(year, 12, 31), total_cost(p, year)[residence]
    first = max(known, p.dates(POLICY + "total")[0])
    return [
        Line("spending to 18, in prices of the year", float(total), "yuan",
             *in_force(p, POLICY + "total", first)),
        Line(f"spending at {age}", float(yearly_cost(p, year)[residence, age]),
             "yuan per year", *in_force(p, POLICY + "age_profile", known)),
    ]  # fmt: skip
