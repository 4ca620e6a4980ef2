"""Income tax that one child saves one parent in one year."""

from collections.abc import Mapping
from datetime import date

from ...model import tax_rules
from ...model.policies.tax_deduction import POLICY, SCHOOL_AGE, deduction_of, rules_of
from ...parameters.load import Parameters
from .keys import FEN, Key, Line, Month, a_month, a_year, in_force, refusal, whole

KEYS: Mapping[str, Key] = {
    "born": a_month(),
    "earnings": whole(0, 100_000_000, "whole yuan a year"),
    "year": a_year(2019, "2025"),
}


def worked(p: Parameters, born: Month, earnings: int, year: int) -> list[Line]:
    """Tax with and without the deduction; earnings : of the parent, yuan a year."""
    r, end = rules_of(p, year), date(year, 12, 31)
    if year < born.year:
        raise refusal("tax_deduction.year", year, f"{born.year} or later")
    age = year - 1 - born.year
    deducted = int(deduction_of(age, born.month, True, r))
    name = "infant_care" if age < r.education_age - 1 else "child_education"
    taxable = int(tax_rules.taxable_income(earnings, r))
    before = int(tax_rules.income_tax(taxable, r.bracket_from, r.rate))
    saved = int(tax_rules.tax_saved(taxable, deducted, r.bracket_from, r.rate))
    free = (earnings * FEN - taxable) / FEN
    enrolled = ", if in education" if age >= SCHOOL_AGE else ""
    return [
        Line("earnings", float(earnings), "yuan per year"),
        Line("free of tax, at most", min(free, float(earnings)), "yuan per year",
             *in_force(p, POLICY + "free", end)),
        Line("taxable before the child", taxable / FEN, "yuan per year"),
        Line("tax before the child", before / FEN, "yuan per year",
             *in_force(p, POLICY + "bracket_rate", end)),
        Line(f"deduction for the child in {year}{enrolled}", deducted / FEN, "yuan per year",
             *in_force(p, POLICY + name, end)),
        Line("tax saved", saved / FEN, "yuan per year"),
    ]  # fmt: skip
