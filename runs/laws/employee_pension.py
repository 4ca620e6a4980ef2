"""An employee's pension at the award: base, transitional and account pension.

Of public staff (`final_pay` is given) the old formula is compared with the new one.
"""

from collections.abc import Mapping

from ...model import pension_rules, retirement_rules
from ...model.policies.employee_pension import POLICY, rules_of
from ...parameters.load import Parameters
from . import retirement
from .keys import (
    FEN,
    MONTHS,
    Key,
    Line,
    Month,
    a_month,
    counted,
    decimal,
    in_force,
    month_of,
    refusal,
    whole,
    yuan,
)
from .retirement import age_text, ages_of, post_lines

KEYS: Mapping[str, Key] = {
    **retirement.KEYS,
    "years": decimal(60.0, "years paid, 0 to 60, with at most two decimals"),
    "account": yuan(),
    "deemed": whole(0, 60, "whole years before accounts, 0 to 60", "0"),
    "index": decimal(6.5, "mean contribution index, 0 to 6.5", "1"),
    "month": a_month(""),
    "final_pay": yuan("yuan a month of 2014 in a public post, two decimals", ""),
    "annuity": yuan("yuan a month beside a public pension, two decimals", "0"),
}


def worked(
    p: Parameters, born: Month, sex: int, post: int, years: float, deemed: int, index: float,
    account: float, month: Month | None, final_pay: float | None, annuity: float,
) -> list[Line]:  # fmt: skip
    """Conditions and parts of the pension; account : yuan, final_pay, annuity : yuan a month."""
    ages = ages_of(p, born, sex, post)
    begins = ages.first if month is None else month.number
    starts = month_of(begins)
    first_year, last_year = pension_rules.FIRST_REFERENCE, pension_rules.LAST_REFERENCE
    if month is not None and not ages.earliest <= begins <= ages.latest:
        allowed = f"{month_of(ages.earliest)} to {month_of(ages.latest)}"
        raise refusal("employee_pension.month", month, allowed)
    if not first_year <= starts.year <= last_year:
        allowed = f"a first month of the pension in {first_year} to {last_year}"
        raise refusal("employee_pension.born", born, allowed)
    have = round(years * MONTHS) + deemed * MONTHS
    reached = month_of(ages.first - 1).day
    lines = [
        *post_lines(sex, post),
        Line("statutory age", age_text(ages.statutory)),
        Line("first month of the pension", str(starts)),
        Line("years of contributions needed", f"{ages.needed / MONTHS:g}", "years",
             *in_force(p, retirement_rules.POLICY + "minimum_years", reached)),
        Line("years that count", f"{have / MONTHS:g}", "years"),
    ]  # fmt: skip
    if have < ages.needed:
        short = ages.needed - have
        return [*lines, Line("months that are missing", f"{short}", "months"),
                Line("pension until they are paid", 0.0, "yuan per month")]  # fmt: skip
    r = rules_of(p, starts.year)
    wage = pension_rules.fen_a_month(pension_rules.award_wage(p, starts.year))
    scaled = round(index * pension_rules.PER_MILLE_10)
    divisor = float(pension_rules.divisor_at(begins - 1 - born.number, r.divisors))
    basic = int(pension_rules.base_pension(wage, scaled, have, r.accrual))
    older = int(pension_rules.transitional_pension(wage, scaled, deemed, r.transitional))
    share = int(pension_rules.account_pension(round(account * FEN), divisor))
    lines += [
        Line(f"reference wage of {starts.year}", wage / FEN, "yuan per month",
             *in_force(p, POLICY + "full_calibre", starts.day)),
        Line("base pension", basic / FEN, "yuan per month",
             *in_force(p, POLICY + "accrual", starts.day)),
        Line("transitional pension", older / FEN, "yuan per month",
             *in_force(p, POLICY + "transitional_rate", starts.day)),
        Line("months by which the account is divided", divisor, "months",
             *in_force(p, POLICY + "divisors", starts.day)),
        Line("pension from the account", share / FEN, "yuan per month"),
    ]  # fmt: skip
    total = basic + older + share
    if final_pay is not None:
        pay, other = round(final_pay * FEN), round(annuity * FEN)
        more, total = _public(p, starts, total, have // MONTHS, pay, other)
        lines += more
    return [*lines, Line(f"pension in {starts}", total / FEN, "yuan per month")]


def _public(
    p: Parameters, starts: Month, new: int, years: int, pay: int, annuity: int
) -> tuple[list[Line], int]:
    """Old and new formula compared; pay : of 2014, or of the end of service before, fen a month."""
    r, ends = rules_of(p, starts.year), month_of(starts.number - 1).day
    frozen = min(int(p.value(POLICY + "old_standard_of")), ends.year)
    rise = pension_rules.standard_rise(p, ends.year)
    share = float(pension_rules.old_share(years, r.old_from, r.old_shares))
    old = int(pension_rules.old_pension(round(pay * rise), share))
    made_up, excess = r.old_guaranteed[starts.month], r.excess[starts.month]
    both = pension_rules.in_transition(new + annuity, old, made_up, excess)
    compared = made_up > 0.0 or excess < 1.0
    total = int(pension_rules.beside_annuity(both, annuity)) if compared else new
    return [
        Line("pension by the new formula", new / FEN, "yuan per month"),
        Line("occupational annuity beside it", annuity / FEN, "yuan per month"),
        Line(f"standard of pay when service ends, over {frozen}", f"{rise:.4f}", "",
             *in_force(p, POLICY + "old_standard_rise", ends)),
        Line(f"share of pay for {counted(years, 'year')}", f"{100 * share:g}", "%",
             *in_force(p, POLICY + "old_shares", ends)),
        Line("pension by the old formula", old / FEN, "yuan per month"),
        Line("of the lead of the old formula made up", f"{100 * made_up:g}", "%",
             *in_force(p, POLICY + "old_guaranteed", ends)),
        Line("of the lead of the new formula paid", f"{100 * excess:g}", "%",
             *in_force(p, POLICY + "new_excess", ends)),
    ], total  # fmt: skip
