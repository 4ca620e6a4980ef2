"""What a province adds for one child: a grant at the birth and an amount each year."""

from collections.abc import Mapping
from datetime import date

from ...model.policies.local_child_subsidy import POLICY, grant_for, rules_of, subsidy_for
from ...parameters.dims import PROVINCES
from ...parameters.load import Parameters
from .keys import ALIVE, FEN, MONTHS, ORDER, Key, Line, Month, choice, counted, in_force, month_from

KEYS: Mapping[str, Key] = {
    "born": month_from(2011),
    "province": choice(PROVINCES),
    "order": ORDER,
}


def worked(p: Parameters, born: Month, province: int, order: int) -> list[Line]:
    """The grant, months and money of each year, and their sum."""
    place, r = order - 1, rules_of(p, born.year)
    grant = int(grant_for(born.number, born.month, province, place, r))
    law = in_force(p, POLICY + "birth_grant", born.day)
    lines = [Line("grant at the birth", grant / FEN, "yuan", *law)]
    total, months = grant, 0
    for year in range(born.year, born.year + int(r.last[province, place]) // MONTHS + 1):
        n, paid = subsidy_for(born.number, ALIVE, province, place, rules_of(p, year))
        total, months = total + int(paid), months + int(n)
        if paid:
            law = in_force(p, POLICY + "yearly_amount", date(year, 12, 31))
            lines.append(Line(f"{year}, {counted(int(n), 'month')}", paid / FEN, "yuan", *law))
    return [*lines, Line("months paid", f"{months}", "months"), Line("total", total / FEN, "yuan")]
