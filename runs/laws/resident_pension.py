"""A resident's pension in one month: account, minimum and local addition."""

from collections.abc import Mapping
from datetime import date

from ...model.policies.resident_pension import (
    POLICY,
    account_pension,
    by_class,
    credited,
    pension,
    rules_of,
    years_needed,
)
from ...parameters.load import Parameters
from .keys import FEN, Key, Line, Month, a_month, in_force, month_of, refusal, whole, yuan

KEYS: Mapping[str, Key] = {
    "born": a_month(),
    "amount": whole(1, 100_000, "yuan paid in a year, a class of the law", "100"),
    "years": whole(0, 60, "whole years, 0 to 60", ""),
    "account": yuan(default=""),
    "month": a_month(""),
}


def worked(
    p: Parameters, born: Month, amount: int, years: int | None, account: float | None,
    month: Month | None,
) -> list[Line]:  # fmt: skip
    """Conditions and parts of the pension; amount : yuan a year, account : yuan."""
    first_year = int(p.value(POLICY + "first_year"))
    age = int(rules_of(p, first_year).start_age)
    turns = Month(born.year + age, born.month)
    starts = month_of(max(turns.number + 1, Month(first_year, 1).number))
    at = month or starts
    if month is not None and month.number < starts.number:
        allowed = f"{starts} or later, the first month of the pension"
        raise refusal("resident_pension.month", month, allowed)
    award = rules_of(p, max(starts.year, first_year))
    needed = int(years_needed(starts.year - 1 - born.year, award))
    paid = needed if years is None else years
    lines = [
        Line(f"month of the {age}th birthday", str(turns), "",
             *in_force(p, POLICY + "start_age", at.day)),
        Line("first month of the pension", str(starts)),
        Line("years of contributions needed", f"{needed}", "years",
             *in_force(p, POLICY + "minimum_years", at.day)),
        Line("years paid", f"{paid}", "years", None, "" if years is not None else "as needed"),
    ]  # fmt: skip
    if paid < needed:
        fee = (needed - paid) * int(award.own[1]) / FEN
        lines.append(Line("to be made up at the lowest class", fee, "yuan"))
        return [*lines, Line("pension until then", 0.0, "yuan per month")]
    held = _account(p, starts, paid, amount, lines) if account is None else round(account * FEN)
    share = int(account_pension(held, award.divisor))
    due = pension(at.month, at.month, share, rules_of(p, at.year))
    after = p.value(POLICY + "minimum_grows_after")
    by_rule = "and grown by minimum_real_growth" if at.year > after else ""
    since, source = in_force(p, POLICY + "minimum", at.day)
    lines += [
        Line("account at the award", held / FEN, "yuan"),
        Line("months by which it is divided", f"{award.divisor}", "months",
             *in_force(p, POLICY + "divisor", at.day)),
        Line(f"pension from the account in {at}", due.account / FEN, "yuan per month"),
        Line(f"minimum in {at}", due.minimum / FEN, "yuan per month", since,
             " ".join((source, by_rule)).strip()),
        Line(f"mean local addition in {at}", due.topup / FEN, "yuan per month",
             *in_force(p, POLICY + "local_topup", at.day)),
    ]  # fmt: skip
    total = (due.account + due.minimum + due.topup) / FEN
    return [*lines, Line(f"pension in {at}", total, "yuan per month")]


def _account(p: Parameters, starts: Month, paid: int, amount: int, lines: list[Line]) -> int:
    """Fen in an account into which the last years before the pension were paid."""
    classes = by_class(p, "class_amount", date(2012, 1, 1))
    known = [int(c) // 100 for c in classes[1:]]
    if amount not in known:
        allowed = f"one of {', '.join(map(str, known))}"
        raise refusal("resident_pension.amount", amount, allowed)
    place, held = known.index(amount) + 1, 0
    last = starts.year - 1 if starts.month == 1 else starts.year
    first = max(last - paid + 1, int(p.value(POLICY + "first_year")))
    for year in range(first, last + 1):
        r = rules_of(p, year)
        held += int(credited(held, r.interest)) + int(r.own[place])
        held += int(r.matching[place])
    if starts.month == 1:  # awarded after the interest of the new year
        held += int(credited(held, rules_of(p, starts.year).interest))
    text = f"{first} to {last}" if last >= first else "none"
    lines.append(Line("years in the account", text, "", None, "with matching subsidy and interest"))
    return held
