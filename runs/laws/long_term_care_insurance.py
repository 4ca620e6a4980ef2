"""Long-term care insurance of one person in one month: the benefit and the premiums."""

from collections.abc import Mapping

from ...model.policies.long_term_care_insurance import (
    GROUPS,
    PAYERS,
    POLICY,
    URBAN_RESIDENT,
    benefit_of,
    covered_share,
    first_year,
    group_of,
    rules_of,
)
from ...parameters.dims import CARE_GRADES, CARE_SETTINGS, RESIDENCES, SCHEMES, SEXES
from ...parameters.load import Parameters
from .keys import FEN, Key, Line, Month, a_month, choice, in_force, month_of, refusal, whole

KEYS: Mapping[str, Key] = {
    "grade": whole(CARE_GRADES[0], CARE_GRADES[-1], "a care grade, 0 to 5"),
    "setting": choice(CARE_SETTINGS),
    "since": a_month(),
    "month": a_month("2026-01"),
    "scheme": choice(SCHEMES, "resident"),
    "residence": choice(RESIDENCES, "urban"),
    "sex": choice(SEXES, "female"),
    "age": whole(18, 120, "years, 18 to 120", "75"),
}


def worked(
    p: Parameters, grade: int, setting: int, since: Month, month: Month, scheme: int,
    residence: int, sex: int, age: int,
) -> list[Line]:  # fmt: skip
    """Conditions and amount of the benefit, and who pays what premium; since : disabled."""
    if month.year < first_year(p):
        allowed = f"{first_year(p)}-01 or later, when the first pilots began"
        raise refusal("long_term_care_insurance.month", month, allowed)
    r = rules_of(p, month.year)
    threshold = int(r.threshold[month.month - 1])
    ends = since.number + r.waiting
    waited, enough = month.number >= ends, grade >= threshold
    covered = covered_share(p, month.day)
    rank = 1 if covered > 0 else 0  # among the first to be covered
    due = int(benefit_of(month.month, rank, grade, setting, r)) if waited else 0
    why = "" if due else " (no cover)" if not rank else " (grade)" if not enough else " (waiting)"
    names = {"family": "family_allowance", "home_care": "home_care_hours"}
    entry = names.get(CARE_SETTINGS[setting], "institution_cost")
    group = int(group_of(scheme, age, sex, residence, r))
    premium = r.premiums[group, :, month.month - 1]
    rate = "employee_rate" if group < URBAN_RESIDENT else "resident_rate"
    return [
        Line("lowest care grade with a benefit", f"{threshold}", "",
             *in_force(p, POLICY + "grade_threshold", month.day)),
        Line("months of disability before a claim", f"{r.waiting}", "months",
             *in_force(p, POLICY + "waiting_months", month.day)),
        Line("first month after the waiting time", str(month_of(ends))),
        Line(f"share of adults covered in {month}", f"{100 * covered:.1f}", "%",
             *in_force(p, POLICY + "national_share", month.day)),
        Line(f"paid by the fund in {month}, {CARE_SETTINGS[setting]}, if covered{why}", due / FEN,
             "yuan per month", *in_force(p, POLICY + entry, month.day)),
        *(Line(f"premium as {GROUPS[group]}, paid by {payer}", int(part) / FEN, "yuan per month",
               *in_force(p, POLICY + rate, month.day))
          for payer, part in zip(PAYERS, premium, strict=True)),
    ]  # fmt: skip
