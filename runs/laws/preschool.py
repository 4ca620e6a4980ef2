"""Kindergarten fees of one child, term by term, and what of them is waived."""

from collections.abc import Mapping
from datetime import date

from ...model import young_children
from ...model.policies.preschool import GRADES, POLICY, TERM_DAYS, charged, grade_of, rules_of
from ...parameters.dims import KINDERGARTEN_GRADES, OWNERSHIP, PROVINCES, RESIDENCES
from ...parameters.load import Parameters
from .keys import FEN, MONTHS, Key, Line, Month, choice, counted, in_force, month_from

LATE = "counted by the year of birth; the law has a child born after August wait another year"
KEYS: Mapping[str, Key] = {
    "born": month_from(2010),
    "province": choice(PROVINCES),
    "residence": choice(RESIDENCES, "urban"),
    "ownership": choice(OWNERSHIP, "public"),
}


def worked(p: Parameters, born: Month, province: int, residence: int, ownership: int) -> list[Line]:
    """Fee and waiver of every term in kindergarten, and who pays for the waiver."""
    youngest, total = young_children.begins_at(p), 0
    school = Month(born.year + youngest + GRADES, young_children.SPRING + 1)
    late = LATE if born.month > young_children.SPRING else ""
    lines = [Line("goes to school", str(school), "", None, late)]
    for year in range(born.year + youngest, born.year + youngest + GRADES + 1):
        rules, age = rules_of(p, year), year - 1 - born.year
        first, last = young_children.stay(age, youngest, GRADES, MONTHS)
        fee = int(rules.fee[province, residence, ownership])
        for term, (month, _) in enumerate(TERM_DAYS):
            months = int(charged(first, last, term))
            if not months:
                continue
            grade = int(grade_of(age, month, youngest))
            waived = int(rules.waived[province, residence, ownership, term, grade])
            total += months * waived
            what = f"{year}, term from month {month}, {KINDERGARTEN_GRADES[grade]} grade"
            law = in_force(p, POLICY + "waived", date(year, month, 1)) if waived else (None, "")
            lines += [
                Line(f"{what}, fee of {counted(months, 'month')}", months * fee / FEN, "yuan"),
                Line(f"{what}, waived", months * waived / FEN, "yuan", *law),
            ]
    share = float(p.array(POLICY + "central_share")[province])
    return [
        *lines,
        Line("waived in all", total / FEN, "yuan"),
        Line("paid by the central budget", round(total * share) / FEN, "yuan",
             *in_force(p, POLICY + "central_share", born.day)),
    ]  # fmt: skip
