"""The national child subsidy of one child, year by year."""

from collections.abc import Mapping
from datetime import date

from ...model.policies.child_subsidy import (
    POLICY,
    entitled_months,
    first_day,
    months_paid,
    rules_of,
    subsidy,
)
from ...parameters.load import Parameters
from .keys import ALIVE, FEN, MONTHS, ORDER, Key, Line, Month, a_month, in_force, month_of, refusal

KEYS: Mapping[str, Key] = {"born": a_month(), "died": a_month(""), "order": ORDER}


def worked(p: Parameters, born: Month, died: Month | None, order: int) -> list[Line]:
    """Months and money of each year, from the law's first to the last birthday that counts."""
    place = order - 1
    start, end = first_day(p), born.number + int(p.value(POLICY + "months"))
    lines = [
        Line("first month entitled by birth", str(month_of(born.number + 1)), "", None,
             in_force(p, POLICY + "months", start)[1]),
        Line("month of the last birthday that counts", str(month_of(end))),
    ]  # fmt: skip
    if died is not None and died.number < born.number:
        raise refusal("child_subsidy.died", died, f"{born} or later")
    total, months = 0, 0
    for year in range(max(born.year, start.year), end // MONTHS + 1):
        rules = rules_of(p, year)
        death_u = _death_in(died, year)
        if death_u < 0.0:
            break
        age = year - 1 - born.year
        first, last = entitled_months(age, born.month, death_u, rules)
        if last < first:
            continue
        paid = int(subsidy(first, last, place, rules))
        total += paid
        months += int(months_paid(first, last, place, rules))
        now = date(year, last, 1)
        law = max(in_force(p, POLICY + name, now) for name in ("amount", "by_order"))
        lines.append(Line(f"{year}, months {first} to {last}", paid / FEN, "yuan", *law))
    return [*lines, Line("months paid", f"{months}", "months"), Line("total", total / FEN, "yuan")]


def _death_in(died: Month | None, year: int) -> float:
    """Time of death in a year as the model has it; -1 after the death."""
    if died is None or died.year > year:
        return ALIVE
    return (died.month - 0.5) / MONTHS if died.year == year else -1.0
