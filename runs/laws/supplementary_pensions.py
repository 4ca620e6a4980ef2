"""An annuity or personal pension of one person: what is paid in, and the first year's payment."""

from collections.abc import Mapping
from datetime import date

import numpy as np

from ...model import pension_rules, supplement_rules, tax_rules
from ...model.policies.supplementary_pensions import POLICY, law_on, rules_of
from ...model.supplement_rules import Rules
from ...parameters.dims import PILLARS
from ...parameters.load import Parameters
from .keys import FEN, MONTHS, Key, Line, a_year, choice, in_force, whole, yuan

KEYS: Mapping[str, Key] = {
    "pillar": choice(PILLARS),
    "earnings": whole(0, 20_000_000, "whole yuan a year, to 20 million"),
    "year": a_year(2011, "2025"),
    "account": yuan(default="0"),
    "age": whole(40, 80, "completed years at the first payment, 40 to 80", "60"),
}


def worked(
    p: Parameters, pillar: int, earnings: int, year: int, account: float, age: int
) -> list[Line]:
    """Contributions of a year, and payments of an account; earnings, account : yuan."""
    name, r, end = PILLARS[pillar], rules_of(p, year), date(year, 12, 31)
    personal = name == "personal_pension"
    pays_in = _personal(p, earnings, r, end) if personal else _annuity(p, name, earnings, r, end)
    months = int(supplement_rules.months_of_payment(age, r.divisors))
    due = int(supplement_rules.payment(round(account * FEN), months))
    lines = [
        Line("earnings", float(earnings), "yuan per year"),
        *pays_in,
        Line(f"months of payment from a January at {age}", f"{months}", "months",
             *in_force(p, pension_rules.POLICY + "divisors", end)),
        Line("paid from the account in the first year", due / FEN, "yuan"),
    ]  # fmt: skip
    if personal:
        tax = int(supplement_rules.tax_at_withdrawal(due, r.withdrawal_tax))
        law = in_force(p, POLICY + "withdrawal_tax", end)
        lines.append(Line("tax on it", tax / FEN, "yuan", *law))
    return lines


def _personal(p: Parameters, earnings: int, r: Rules, end: date) -> list[Line]:
    takes = r._replace(take_up=1.0, take_up_low=1.0)  # as for somebody who pays in
    paid, saved = supplement_rules.personal_paid(earnings, 0.0, takes)
    return [
        Line("highest contributions", r.cap / FEN, "yuan per year",
             *in_force(p, POLICY + "cap", end)),
        Line("contributions of who takes it up", paid / FEN, "yuan per year",
             *in_force(p, POLICY + "contribution_share", end)),
        Line("tax saved", saved / FEN, "yuan per year",
             *in_force(p, tax_rules.LAW + "bracket_rate", end)),
    ]  # fmt: skip


def _annuity(p: Parameters, name: str, earnings: int, r: Rules, end: date) -> list[Line]:
    public = name == "occupational_annuity"
    kind = "occupational" if public else "enterprise"
    work = supplement_rules.AT_PUBLIC if public else supplement_rules.AT_ENTERPRISE
    covered = r._replace(occupational=1.0, chance=np.ones_like(r.chance))
    paid = supplement_rules.annuity_paid(work, earnings, MONTHS, 0.0, covered)
    rates = [(who, f"{kind}_{who}_rate") for who in ("employer", "employee")]
    return [
        *(Line(f"rate of the {who}", 100 * law_on(p, entry, end), "%",
               *in_force(p, POLICY + entry, end))
          for who, entry in rates),
        Line("contributions of who is covered", paid / FEN, "yuan per year"),
    ]  # fmt: skip
