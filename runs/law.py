"""The rule of one policy worked for one person, step by step, with date and source.

`law("child_subsidy", {"born": "2024-05"})` lists what the policy's own functions give for that
child: nothing is worked here a second time. Values are texts, as `songhe law` takes them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from ..model import (
    pension_rules,
    prices,
    retirement_rules,
    supplement_rules,
    tax_rules,
    young_children,
)
from ..model.months import month_number
from ..model.policies import (
    child_cost,
    child_subsidy,
    childcare,
    employee_pension,
    local_child_subsidy,
    long_term_care_insurance,
    maternity_leave,
    preschool,
    public_health,
    resident_pension,
    supplementary_pensions,
    tax_deduction,
)
from ..parameters.dims import (
    CARE_GRADES,
    CARE_GROUPS,
    CARE_SETTINGS,
    KINDERGARTEN_GRADES,
    OWNERSHIP,
    PILLARS,
    PROVINCES,
    RESIDENCES,
    SCHEMES,
    SEXES,
)
from ..parameters.load import ParameterError, Parameters, load
from ..parameters.problems import Problem, one_of

FEN = 100.0
MONTHS = 12
Day = date  # the type, where a field is called date
ALIVE = 2.0  # time of death of somebody who lives through the year


class Line(NamedTuple):
    """One step: what it is, its value and unit, since when and by which source it holds."""

    what: str
    value: float | str
    unit: str = ""
    date: Day | None = None
    source: str = ""

    def __str__(self) -> str:
        value = f"{self.value:,.2f}" if isinstance(self.value, float) else str(self.value)
        since = f"in force from {self.date}" if self.date else ""
        origin = "; ".join(part for part in (since, self.source) if part)
        return f"{self.what}: {value} {self.unit}".rstrip() + (f"  [{origin}]" if origin else "")


class Month(NamedTuple):
    """A month of a year."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"

    @property
    def number(self) -> int:
        """Months since the year 0."""
        return int(month_number(self.year, self.month))

    @property
    def day(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)


@dataclass(frozen=True)
class Key:
    """One value that a policy asks for."""

    read: Callable[[str], Any]
    allowed: str
    default: str | None = None  # None: it must be given


def law(policy: str, given: Mapping[str, str], parameters: Parameters | None = None) -> list[Line]:
    """Work a policy for one person.

    policy : as in `POLICIES`; given : key -> text
    parameters : the law; None is the shipped one

    Raises
    ------
    ParameterError
        With everything that is wrong in the policy, the keys and the values, and what is
        allowed.
    """
    if policy not in POLICIES:
        raise ParameterError([Problem("law", "policy", policy, one_of(POLICIES, policy))])
    keys, work = POLICIES[policy]
    return work(load() if parameters is None else parameters, **_read(policy, keys, given))


def _read(policy: str, keys: Mapping[str, Key], given: Mapping[str, str]) -> dict[str, Any]:
    """The values, or every fault at once."""
    problems = [
        Problem("law", f"{policy}.{name}", text, f"one of {', '.join(keys)}")
        for name, text in given.items()
        if name not in keys
    ]
    values: dict[str, Any] = {}
    for name, key in keys.items():
        text = given.get(name, key.default)
        try:
            if text is None:
                raise ValueError("missing")
            values[name] = key.read(str(text)) if text else None
        except ValueError:
            problems.append(Problem("law", f"{policy}.{name}", text or "missing", key.allowed))
    if problems:
        raise ParameterError(problems)
    return values


def _month(text: str) -> Month:
    found = re.fullmatch(r"(\d{4})-(\d{2})", text)
    if not found or not 1 <= int(found[2]) <= MONTHS or not 1880 <= int(found[1]) <= 2110:
        raise ValueError(text)
    return Month(int(found[1]), int(found[2]))


def _month_from(first: int) -> Callable[[str], Month]:
    def read(text: str) -> Month:
        month = _month(text)
        if month.year < first:
            raise ValueError(text)
        return month

    return read


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not lowest <= int(text) <= highest:
            raise ValueError(text)
        return int(text)

    return read


def _yuan(text: str) -> float:
    if not re.fullmatch(r"\d{1,8}(\.\d{1,2})?", text):
        raise ValueError(text)
    return float(text)


def _some_yuan(text: str) -> float:
    if _yuan(text) <= 0.0:
        raise ValueError(text)
    return _yuan(text)


def _decimal(highest: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not re.fullmatch(r"\d{1,2}(\.\d{1,2})?", text) or float(text) > highest:
            raise ValueError(text)
        return float(text)

    return read


def _one(names: tuple[str, ...]) -> Key:
    def read(text: str) -> int:
        return names.index(text)

    return Key(read, " or ".join(names))


def _when(p: Parameters, key: str, day: date) -> tuple[date | None, str]:
    """Since when the value of a day holds, and the ids of its sources."""
    entry = p[key]
    since = max((d for d in p.dates(key) if d <= day), default=None)
    named: Any = entry.source
    if entry.values and since in entry.values:
        named = entry.values[since].source
    names = (named,) if isinstance(named, str) else named or ("assumed",)
    return since, ", ".join(names)


# --- the policies -----------------------------------------------------------------------------


def _child_subsidy(p: Parameters, born: Month, died: Month | None, order: int) -> list[Line]:
    key, place = child_subsidy.POLICY, order - 1
    start, end = child_subsidy.first_day(p), born.number + int(p.value(key + "months"))
    lines = [
        Line("first month entitled by birth", _text(born.number + 1), "", None,
             _when(p, key + "months", start)[1]),
        Line("month of the last birthday that counts", _text(end)),
    ]  # fmt: skip
    if died is not None and died.number < born.number:
        allowed = f"{born} or later"
        raise ParameterError([Problem("law", "child_subsidy.died", str(died), allowed)])
    total, months = 0, 0
    for year in range(max(born.year, start.year), end // MONTHS + 1):
        rules = child_subsidy.rules_of(p, year)
        death_u = _death_in(died, year)
        if death_u < 0.0:
            break
        age = year - 1 - born.year
        first, last = child_subsidy.entitled_months(age, born.month, death_u, rules)
        if last < first:
            continue
        paid = int(child_subsidy.subsidy(first, last, place, rules))
        total += paid
        months += int(child_subsidy.months_paid(first, last, place, rules))
        now = date(year, last, 1)
        when = max(_when(p, key + name, now) for name in ("amount", "by_order"))
        what = f"{year}, months {first} to {last}"
        lines.append(Line(what, paid / FEN, "yuan", *when))
    return [*lines, Line("months paid", f"{months}", "months"), Line("total", total / FEN, "yuan")]


def _text(number: int) -> str:
    return str(Month(number // MONTHS, number % MONTHS + 1))


def _death_in(died: Month | None, year: int) -> float:
    """Time of death in a year as the model has it; -1 after the death."""
    if died is None or died.year > year:
        return ALIVE
    return (died.month - 0.5) / MONTHS if died.year == year else -1.0


def _resident_pension(
    p: Parameters, born: Month, amount: int, years: int | None, account: float | None,
    month: Month | None,
) -> list[Line]:  # fmt: skip
    key = resident_pension.POLICY
    first_year = int(p.value(key + "first_year"))
    age = int(resident_pension.rules_of(p, first_year).start_age)
    turns = Month(born.year + age, born.month)
    number = max(turns.number + 1, Month(first_year, 1).number)
    starts = Month(number // MONTHS, number % MONTHS + 1)
    at = month or starts
    if month is not None and month.number < starts.number:
        allowed = f"{starts} or later, the first month of the pension"
        raise ParameterError([Problem("law", "resident_pension.month", str(month), allowed)])
    award = resident_pension.rules_of(p, max(starts.year, first_year))
    needed = int(resident_pension.years_needed(starts.year - 1 - born.year, award))
    paid = needed if years is None else years
    lines = [
        Line(f"month of the {age}th birthday", str(turns), "",
             *_when(p, key + "start_age", at.day)),
        Line("first month of the pension", str(starts)),
        Line("years of contributions needed", f"{needed}", "years",
             *_when(p, key + "minimum_years", at.day)),
        Line("years paid", f"{paid}", "years", None, "" if years is not None else "as needed"),
    ]  # fmt: skip
    if paid < needed:
        fee = (needed - paid) * int(award.own[1]) / FEN
        lines.append(Line("to be made up at the lowest class", fee, "yuan"))
        return [*lines, Line("pension until then", 0.0, "yuan per month")]
    held = _account(p, starts, paid, amount, lines) if account is None else round(account * FEN)
    share = int(resident_pension.account_pension(held, award.divisor))
    rules = resident_pension.rules_of(p, at.year)
    due = resident_pension.pension(at.month, at.month, share, rules)
    after = p.value(key + "minimum_grows_after")
    by_rule = "and grown by minimum_real_growth" if at.year > after else ""
    since, source = _when(p, key + "minimum", at.day)
    lines += [
        Line("account at the award", held / FEN, "yuan"),
        Line("months by which it is divided", f"{award.divisor}", "months",
             *_when(p, key + "divisor", at.day)),
        Line(f"pension from the account in {at}", due.account / FEN, "yuan per month"),
        Line(f"minimum in {at}", due.minimum / FEN, "yuan per month", since,
             " ".join((source, by_rule)).strip()),
        Line(f"mean local addition in {at}", due.topup / FEN, "yuan per month",
             *_when(p, key + "local_topup", at.day)),
    ]  # fmt: skip
    total = (due.account + due.minimum + due.topup) / FEN
    return [*lines, Line(f"pension in {at}", total, "yuan per month")]


def _account(p: Parameters, starts: Month, paid: int, amount: int, lines: list[Line]) -> int:
    """Fen in an account into which the last years before the pension were paid."""
    classes = resident_pension.by_class(p, "class_amount", date(2012, 1, 1))
    known = [int(c) // 100 for c in classes[1:]]
    if amount not in known:
        allowed = f"one of {', '.join(map(str, known))}"
        raise ParameterError([Problem("law", "resident_pension.amount", str(amount), allowed)])
    place, held = known.index(amount) + 1, 0
    last = starts.year - 1 if starts.month == 1 else starts.year
    first = max(last - paid + 1, int(p.value(resident_pension.POLICY + "first_year")))
    for year in range(first, last + 1):
        r = resident_pension.rules_of(p, year)
        held += int(resident_pension.credited(held, r.interest)) + int(r.own[place])
        held += int(r.matching[place])
    if starts.month == 1:  # awarded after the interest of the new year
        r = resident_pension.rules_of(p, starts.year)
        held += int(resident_pension.credited(held, r.interest))
    text = f"{first} to {last}" if last >= first else "none"
    lines.append(Line("years in the account", text, "", None, "with matching subsidy and interest"))
    return held


class Ages(NamedTuple):
    """Ages of retirement of one person, months, and the months in which a pension may begin."""

    statutory: int
    old: int
    needed: int
    first: int
    earliest: int
    latest: int


def _ages(p: Parameters, born: Month, sex: int, post: int) -> Ages:
    """A woman counts by her post, a man only where it is special; month numbers from year 0."""
    r, name = retirement_rules.retirement_of(p), POSTS[post]
    longer, special = name in ("cadre", "flexible"), name == "special"
    class_ = retirement_rules.class_of(sex, 0, longer, 1.0, special, r)
    statutory = int(retirement_rules.statutory_age(class_, sex, born.number, r))
    old = int(retirement_rules.old_age(class_, sex, r))
    needed = int(retirement_rules.months_needed(born.number, statutory, r))
    begins, early, late = born.number + statutory + 1, 0, 0
    if born.number + statutory >= MONTHS * r.flexible_from:
        early, late = min(r.most_early, statutory - old), r.most_late
    return Ages(statutory, old, needed, begins, begins - early, begins + late)


def _age_text(months: int) -> str:
    years, rest = divmod(months, MONTHS)
    return f"{years} years" + (f" {rest} months" if rest else "")


def _retirement(p: Parameters, born: Month, sex: int, post: int) -> list[Line]:
    key, ages = retirement_rules.POLICY, _ages(p, born, sex, post)
    reached = _day(born.number + ages.old)
    years = ages.needed / MONTHS
    lines = [
        Line("age before the delay", _age_text(ages.old), "", *_when(p, key + "old_age", reached)),
        Line("delay", f"{ages.statutory - ages.old}", "months", *_when(p, key + "pace", reached)),
        Line("statutory age", _age_text(ages.statutory)),
        Line("month of the statutory age", _text(ages.first - 1)),
        Line("first month of the pension", _text(ages.first)),
        Line("years of contributions needed", f"{years:g}", "years",
             *_when(p, key + "minimum_years", _day(ages.first - 1))),
    ]  # fmt: skip
    r = retirement_rules.retirement_of(p)
    ill = born.number + int(r.illness_ages[sex]) + 1
    if ill < ages.first:
        less = int(retirement_rules.months_needed_ill(ill // MONTHS, r))
        lines += [
            Line("first month if all capacity for work is lost to illness", _text(ill), "",
                 *_when(p, key + "illness_age", _day(ill))),
            Line("years of contributions that this takes", f"{less / MONTHS:g}", "years",
                 *_when(p, key + "illness_years", _day(ill))),
        ]  # fmt: skip
    if ages.latest > ages.first:
        for what, month, name in (
            ("first month if as early as allowed", ages.earliest, "most_early"),
            ("first month if as late as allowed", ages.latest, "most_late"),
        ):
            lines.append(Line(what, _text(month), "", *_when(p, key + name, _day(month))))
    return lines


def _day(number: int) -> date:
    return Month(number // MONTHS, number % MONTHS + 1).day


def _employee_pension(
    p: Parameters, born: Month, sex: int, post: int, years: float, deemed: int, index: float,
    account: float, month: Month | None, final_pay: float | None, annuity: float,
) -> list[Line]:  # fmt: skip
    key, ages = employee_pension.POLICY, _ages(p, born, sex, post)
    begins = ages.first if month is None else month.number
    starts = Month(begins // MONTHS, begins % MONTHS + 1)
    first_year, last_year = pension_rules.FIRST_REFERENCE, pension_rules.LAST_REFERENCE
    if month is not None and not ages.earliest <= begins <= ages.latest:
        allowed = f"{_text(ages.earliest)} to {_text(ages.latest)}"
        raise ParameterError([Problem("law", "employee_pension.month", str(month), allowed)])
    if not first_year <= starts.year <= last_year:
        allowed = f"a first month of the pension in {first_year} to {last_year}"
        raise ParameterError([Problem("law", "employee_pension.born", str(born), allowed)])
    have = round(years * MONTHS) + deemed * MONTHS
    lines = [
        Line("statutory age", _age_text(ages.statutory)),
        Line("first month of the pension", str(starts)),
        Line("years of contributions needed", f"{ages.needed / MONTHS:g}", "years",
             *_when(p, retirement_rules.POLICY + "minimum_years", _day(ages.first - 1))),
        Line("years that count", f"{have / MONTHS:g}", "years"),
    ]  # fmt: skip
    if have < ages.needed:
        short = ages.needed - have
        return [*lines, Line("months that are missing", f"{short}", "months"),
                Line("pension until they are paid", 0.0, "yuan per month")]  # fmt: skip
    r = employee_pension.rules_of(p, starts.year)
    wage = pension_rules.fen_a_month(pension_rules.award_wage(p, starts.year))
    scaled = round(index * pension_rules.PER_MILLE_10)
    divisor = float(pension_rules.divisor_at(begins - 1 - born.number, r.divisors))
    basic = int(pension_rules.base_pension(wage, scaled, have, r.accrual))
    older = int(pension_rules.transitional_pension(wage, scaled, deemed, r.transitional))
    share = int(pension_rules.account_pension(round(account * FEN), divisor))
    lines += [
        Line(f"reference wage of {starts.year}", wage / FEN, "yuan per month",
             *_when(p, key + "full_calibre", starts.day)),
        Line("base pension", basic / FEN, "yuan per month",
             *_when(p, key + "accrual", starts.day)),
        Line("transitional pension", older / FEN, "yuan per month",
             *_when(p, key + "transitional_rate", starts.day)),
        Line("months by which the account is divided", divisor, "months",
             *_when(p, key + "divisors", starts.day)),
        Line("pension from the account", share / FEN, "yuan per month"),
    ]  # fmt: skip
    total = basic + older + share
    if final_pay is not None:
        pay, other = round(final_pay * FEN), round(annuity * FEN)
        more, total = _public_pension(p, starts, total, have // MONTHS, pay, other)
        lines += more
    return [*lines, Line(f"pension in {starts}", total / FEN, "yuan per month")]


def _public_pension(
    p: Parameters, starts: Month, new: int, years: int, pay: int, annuity: int
) -> tuple[list[Line], int]:
    """Old and new formula compared; pay : of 2014, or of the end of service before, fen a month."""
    key, rules, ends = employee_pension.POLICY, pension_rules, _day(starts.number - 1)
    r = employee_pension.rules_of(p, starts.year)
    frozen = min(int(p.value(key + "old_standard_of")), ends.year)
    rise = rules.standard_rise(p, ends.year)
    share = float(rules.old_share(years, r.old_from, r.old_shares))
    old = int(rules.old_pension(round(pay * rise), share))
    made_up, excess = r.old_guaranteed[starts.month], r.excess[starts.month]
    both = rules.in_transition(new + annuity, old, made_up, excess)
    compared = made_up > 0.0 or excess < 1.0
    total = int(rules.beside_annuity(both, annuity)) if compared else new
    return [
        Line("pension by the new formula", new / FEN, "yuan per month"),
        Line("occupational annuity beside it", annuity / FEN, "yuan per month"),
        Line(f"standard of pay when service ends, over {frozen}", f"{rise:.4f}", "",
             *_when(p, key + "old_standard_rise", ends)),
        Line(f"share of pay for {years} years", f"{100 * share:g}", "%",
             *_when(p, key + "old_shares", ends)),
        Line("pension by the old formula", old / FEN, "yuan per month"),
        Line("of the lead of the old formula made up", f"{100 * made_up:g}", "%",
             *_when(p, key + "old_guaranteed", ends)),
        Line("of the lead of the new formula paid", f"{100 * excess:g}", "%",
             *_when(p, key + "new_excess", ends)),
    ], total  # fmt: skip


def _long_term_care(
    p: Parameters, grade: int, setting: int, since: Month, month: Month, scheme: int,
    residence: int, sex: int, age: int,
) -> list[Line]:  # fmt: skip
    key, module = long_term_care_insurance.POLICY, long_term_care_insurance
    if month.year < module.first_year(p):
        allowed = f"{module.first_year(p)}-01 or later, when the first pilots began"
        raise ParameterError(
            [Problem("law", "long_term_care_insurance.month", str(month), allowed)]
        )
    r = module.rules_of(p, month.year)
    threshold = int(r.threshold[month.month - 1])
    ends = since.number + r.waiting
    waited, enough = month.number >= ends, grade >= threshold
    covered = module.covered_share(p, month.day)
    lines = [
        Line("lowest care grade with a benefit", f"{threshold}", "",
             *_when(p, key + "grade_threshold", month.day)),
        Line("months of disability before a claim", f"{r.waiting}", "months",
             *_when(p, key + "waiting_months", month.day)),
        Line("first month after the waiting time", _text(ends)),
        Line(f"share of adults covered in {month}", f"{100 * covered:.1f}", "%",
             *_when(p, key + "national_share", month.day)),
    ]  # fmt: skip
    rank = 1 if covered > 0 else 0  # among the first to be covered
    due = int(module.benefit_of(month.month, rank, grade, setting, r)) if waited else 0
    why = "" if due else " (no cover)" if not rank else " (grade)" if not enough else " (waiting)"
    names = {"family": "family_allowance", "home_care": "home_care_hours"}
    entry = names.get(CARE_SETTINGS[setting], "institution_cost")
    what = f"paid by the fund in {month}, {CARE_SETTINGS[setting]}, if covered{why}"
    lines.append(Line(what, due / FEN, "yuan per month", *_when(p, key + entry, month.day)))
    group = int(module.group_of(scheme, age, sex, residence, r))
    premium = r.premiums[group, :, month.month - 1]
    rate = "employee_rate" if group < module.URBAN_RESIDENT else "resident_rate"
    for payer, part in zip(module.PAYERS, premium, strict=True):
        what = f"premium as {module.GROUPS[group]}, paid by {payer}"
        lines.append(
            Line(what, int(part) / FEN, "yuan per month", *_when(p, key + rate, month.day))
        )
    return lines


def _childcare(
    p: Parameters, born: Month, month: Month, residence: int, third: int, income: float | None,
    work: int, grandparents: int,
) -> list[Line]:  # fmt: skip
    module, key, day = childcare, childcare.POLICY, month.day
    years = young_children.begins_at(p) - module.YOUNGEST
    age = month.year - 1 - born.year
    first, last = young_children.stay(age, module.YOUNGEST, years, MONTHS)
    if not first <= month.month <= last:
        return [Line(f"in nursery age in {month}", "no", "", None, "")]
    autumn = month.month > young_children.SPRING
    begins, group = age - module.YOUNGEST, age - module.YOUNGEST + autumn
    fee = module.fees(p, month.year)[residence]
    yuan = module.FAMILY * float(prices.income(p, month.year)[residence])
    yuan = yuan if income is None else income
    share = float(fee[module.PUBLIC]) * MONTHS / yuan
    effects = np.array([p.value(key + name) for name in (*module.OF_WISHES, "price_response")])
    price = float(np.log(share / p.value(key + "bearable_share")))
    level = float(p.array(key + "wish_level")[min(begins, module.GROUPS - 1)])
    odds = module.log_odds(level, third, work == 0, grandparents, price, effects)
    per_carer = float(np.asarray(p.at(key + "children_per_carer", day))[group])
    pays = share <= p.value(key + "most_of_income")
    return [
        Line(f"group in {month}", CARE_GROUPS[group]),
        *(Line(f"fee of a {name} nursery", float(yuan_a_month), "yuan per month",
               *_when(p, key + "fee", day))
          for name, yuan_a_month in zip(OWNERSHIP, fee, strict=True)),
        Line("public fee over income", f"{100 * share:.1f}", "%"),
        Line("can pay the public fee", "yes" if pays else "no", "",
             *_when(p, key + "most_of_income", day)),
        Line("chance to want a place", f"{100 / (1 + np.exp(-odds)):.1f}", "%",
             *_when(p, key + "wish_level", day)),
        Line("children for each carer", f"{per_carer:g}", "", *_when(p, key + "children_per_carer",
                                                                     day)),
        Line("subsidy of a public place", float(np.asarray(p.at(key + "place_subsidy", day))),
             "yuan per year", *_when(p, key + "place_subsidy", day)),
    ]  # fmt: skip


def _preschool(
    p: Parameters, born: Month, province: int, residence: int, ownership: int
) -> list[Line]:
    module, key = preschool, preschool.POLICY
    youngest, lines, total = young_children.begins_at(p), [], 0
    for year in range(born.year + youngest, born.year + youngest + module.GRADES + 1):
        rules, age = module.rules_of(p, year), year - 1 - born.year
        first, last = young_children.stay(age, youngest, module.GRADES, MONTHS)
        fee = int(rules.fee[province, residence, ownership])
        for term, (month, _) in enumerate(module.TERM_DAYS):
            months = int(module.charged(first, last, term))
            if not months:
                continue
            grade = int(module.grade_of(age, month, youngest))
            waived = int(rules.waived[province, residence, ownership, term, grade])
            total += months * waived
            what = f"{year}, term from month {month}, {KINDERGARTEN_GRADES[grade]} grade"
            when = _when(p, key + "waived", date(year, month, 1)) if waived else (None, "")
            lines += [
                Line(f"{what}, fee of {months} months", months * fee / FEN, "yuan"),
                Line(f"{what}, waived", months * waived / FEN, "yuan", *when),
            ]
    share = float(p.array(key + "central_share")[province])
    return [
        *lines,
        Line("waived in all", total / FEN, "yuan"),
        Line("paid by the central budget", round(total * share) / FEN, "yuan",
             *_when(p, key + "central_share", born.day)),
    ]  # fmt: skip


def _maternity_leave(
    p: Parameters, born: Month, province: int, wage: float, children: int, insured: int
) -> list[Line]:
    key, module = maternity_leave.POLICY, maternity_leave
    r, at = module.rules_of(p, born.year), born.month - 1
    provincial = int(np.asarray(p.at(key + "provincial_days", born.day))[province])
    national = int(r.mother[province, at]) - provincial
    days = int(module.leave_days(national + provincial, children, r.further_child))
    own, average = round(wage * FEN), int(r.average[province])
    fund, employer = module.shares_of(days, own, average, True, insured == 0)
    source = "work.economy, prices.wage"
    return [
        Line("national leave", f"{national}", "days", *_when(p, key + "national_days", born.day)),
        Line("leave that the province adds", f"{provincial}", "days",
             *_when(p, key + "provincial_days", born.day)),
        Line("leave in all", f"{days}", "days"),
        Line("mean wage of employers", average / FEN, "yuan per month", None, source),
        Line("maternity allowance", fund / FEN, "yuan",
             *_when(p, key + "employer_rate", born.day)),
        Line("paid by the employer", employer / FEN, "yuan"),
        Line("leave of the father", f"{int(r.father[province, at])}", "days",
             *_when(p, key + "paternity_days", born.day)),
        Line("parental leave of each parent", f"{r.parental}", "days per year",
             *_when(p, key + "parental_days", born.day)),
    ]  # fmt: skip


def _tax_deduction(p: Parameters, born: Month, earnings: int, year: int) -> list[Line]:
    key, module = tax_deduction.POLICY, tax_deduction
    r, end = module.rules_of(p, year), date(year, 12, 31)
    if year < born.year:
        allowed = f"{born.year} or later"
        raise ParameterError([Problem("law", "tax_deduction.year", str(year), allowed)])
    age = year - 1 - born.year
    deducted = int(module.deduction_of(age, born.month, True, r))
    name = "infant_care" if age < r.education_age - 1 else "child_education"
    taxable = int(tax_rules.taxable_income(earnings, r))
    before, saved = (
        int(tax_rules.income_tax(taxable, r.bracket_from, r.rate)),
        int(tax_rules.tax_saved(taxable, deducted, r.bracket_from, r.rate)),
    )
    free = (earnings * FEN - taxable) / FEN
    return [
        Line("earnings", float(earnings), "yuan per year"),
        Line("free of tax, at most", min(free, float(earnings)), "yuan per year",
             *_when(p, key + "free", end)),
        Line("taxable before the child", taxable / FEN, "yuan per year"),
        Line("tax before the child", before / FEN, "yuan per year",
             *_when(p, key + "bracket_rate", end)),
        Line(f"deduction for the child in {year}", deducted / FEN, "yuan per year",
             *_when(p, key + name, end)),
        Line("tax saved", saved / FEN, "yuan per year"),
    ]  # fmt: skip


def _local_child_subsidy(p: Parameters, born: Month, province: int, order: int) -> list[Line]:
    key, module, place = local_child_subsidy.POLICY, local_child_subsidy, order - 1
    r = module.rules_of(p, born.year)
    grant = int(module.grant_for(born.number, born.month, province, place, r))
    lines = [
        Line("grant at the birth", grant / FEN, "yuan", *_when(p, key + "birth_grant", born.day))
    ]
    total, months = grant, 0
    for year in range(born.year, born.year + int(r.last[province, place]) // MONTHS + 1):
        rules = module.rules_of(p, year)
        n, paid = module.subsidy_for(born.number, ALIVE, province, place, rules)
        total, months = total + int(paid), months + int(n)
        if paid:
            when = _when(p, key + "yearly_amount", date(year, 12, 31))
            lines.append(Line(f"{year}, {n} months", paid / FEN, "yuan", *when))
    return [*lines, Line("months paid", f"{months}", "months"), Line("total", total / FEN, "yuan")]


def _child_cost(p: Parameters, age: int, residence: int, year: int) -> list[Line]:
    key, module = child_cost.POLICY, child_cost
    known, total = date(year, 12, 31), module.total_cost(p, year)[residence]
    first = max(known, p.dates(key + "total")[0])
    return [
        Line("spending to 18, in prices of the year", float(total), "yuan",
             *_when(p, key + "total", first)),
        Line(f"spending at {age}", float(module.yearly_cost(p, year)[residence, age]),
             "yuan per year", *_when(p, key + "age_profile", known)),
    ]  # fmt: skip


def _public_health(p: Parameters, year: int, age: int) -> list[Line]:
    key, module, end = public_health.POLICY, public_health, date(year, 12, 31)
    visits = module.visits_by_age(p)
    return [
        Line("subsidy for each person", module.subsidy_per_head(p, year) / FEN, "yuan per year",
             *_when(p, key + "subsidy_per_head", end)),
        Line(f"visits in the package at {age}", f"{visits[min(age, len(visits) - 1)]:g}",
             "visits per year", *_when(p, key + "child_visits", end)),
        Line("visits in the package for a delivery", f"{p.value(key + 'maternal_visits'):g}",
             "visits", *_when(p, key + "maternal_visits", end)),
    ]  # fmt: skip


def _supplementary_pensions(
    p: Parameters, pillar: int, earnings: int, year: int, account: float, age: int
) -> list[Line]:
    key, name = supplementary_pensions.POLICY, PILLARS[pillar]
    r, end = supplementary_pensions.rules_of(p, year), date(year, 12, 31)
    lines = [Line("earnings", float(earnings), "yuan per year")]
    if name == "personal_pension":
        takes = r._replace(take_up=1.0, take_up_low=1.0)  # as for somebody who pays in
        paid, saved = supplement_rules.personal_paid(earnings, 0.0, takes)
        lines += [
            Line("highest contributions", r.cap / FEN, "yuan per year",
                 *_when(p, key + "cap", end)),
            Line("contributions of who takes it up", paid / FEN, "yuan per year",
                 *_when(p, key + "contribution_share", end)),
            Line("tax saved", saved / FEN, "yuan per year",
                 *_when(p, tax_rules.LAW + "bracket_rate", end)),
        ]  # fmt: skip
    else:
        public = name == "occupational_annuity"
        kind = "occupational" if public else "enterprise"
        work = supplement_rules.AT_PUBLIC if public else supplement_rules.AT_ENTERPRISE
        covered = r._replace(occupational=1.0, chance=np.ones_like(r.chance))
        paid = supplement_rules.annuity_paid(work, earnings, MONTHS, 0.0, covered)
        lines += [
            Line(f"rate of the {who}", 100 * supplementary_pensions.law_on(p, entry, end), "%",
                 *_when(p, key + entry, end))
            for who in ("employer", "employee") for entry in (f"{kind}_{who}_rate",)
        ]  # fmt: skip
        lines.append(Line("contributions of who is covered", paid / FEN, "yuan per year"))
    months = int(supplement_rules.months_of_payment(age, r.divisors))
    due = int(supplement_rules.payment(round(account * FEN), months))
    lines += [
        Line(f"months of payment from a January at {age}", f"{months}", "months",
             *_when(p, employee_pension.POLICY + "divisors", end)),
        Line("paid from the account in the first year", due / FEN, "yuan"),
    ]  # fmt: skip
    if name == "personal_pension":
        tax = int(supplement_rules.tax_at_withdrawal(due, r.withdrawal_tax))
        lines.append(Line("tax on it", tax / FEN, "yuan", *_when(p, key + "withdrawal_tax", end)))
    return lines


_MONTH = "a month, YYYY-MM"
YES_NO = ("yes", "no")
THIRDS, GRANDPARENTS = ("low", "middle", "high"), ("none", "near", "at_home")
_RESIDENCE = Key(_one(RESIDENCES).read, _one(RESIDENCES).allowed, "urban")
POSTS = ("worker", "cadre", "flexible", "special")
_RETIREMENT = {
    "born": Key(_month, _MONTH),
    "sex": _one(SEXES),
    "post": Key(_one(POSTS).read, _one(POSTS).allowed, "worker"),
}
POLICIES: Mapping[str, tuple[Mapping[str, Key], Callable[..., list[Line]]]] = {
    "child_subsidy": (
        {
            "born": Key(_month, _MONTH),
            "died": Key(_month, _MONTH, ""),
            "order": Key(_whole(1, 3), "order of birth, 1 to 3 and later", "1"),
        },
        _child_subsidy,
    ),
    "child_cost": (
        {
            "age": Key(_whole(0, 17), "completed years, 0 to 17"),
            "residence": _one(RESIDENCES),
            "year": Key(_whole(2011, 2110), "a year from 2011 to 2110", "2025"),
        },
        _child_cost,
    ),
    "public_health": (
        {
            "year": Key(_whole(2011, 2110), "a year from 2011 to 2110", "2025"),
            "age": Key(_whole(0, 120), "completed years, 0 to 120", "0"),
        },
        _public_health,
    ),
    "local_child_subsidy": (
        {
            "born": Key(_month_from(2011), "a month from 2011-01 on, YYYY-MM"),
            "province": _one(PROVINCES),
            "order": Key(_whole(1, 3), "order of birth, 1 to 3 and later", "1"),
        },
        _local_child_subsidy,
    ),
    "maternity_leave": (
        {
            "born": Key(_month_from(2011), "a month from 2011-01 on, YYYY-MM"),
            "province": _one(PROVINCES),
            "wage": Key(_yuan, "yuan a month, with at most two decimals"),
            "children": Key(_whole(1, 4), "children of the delivery, 1 to 4", "1"),
            "insured": Key(_one(YES_NO).read, _one(YES_NO).allowed, "yes"),
        },
        _maternity_leave,
    ),
    "tax_deduction": (
        {
            "born": Key(_month, _MONTH),
            "earnings": Key(_whole(0, 100_000_000), "whole yuan a year"),
            "year": Key(_whole(2019, 2110), "a year from 2019 to 2110", "2025"),
        },
        _tax_deduction,
    ),
    "childcare": (
        {
            "born": Key(_month_from(2010), "a month from 2010-01 on, YYYY-MM"),
            "month": Key(_month_from(2011), "a month from 2011-01 on, YYYY-MM", "2026-01"),
            "residence": _RESIDENCE,
            "third": Key(_one(THIRDS).read, _one(THIRDS).allowed, "middle"),
            "income": Key(_some_yuan, "yuan a year of the family, above 0, with two decimals", ""),
            "work": Key(_one(YES_NO).read, "yes or no: paid work of the mother", "yes"),
            "grandparents": Key(_one(GRANDPARENTS).read, _one(GRANDPARENTS).allowed, "none"),
        },
        _childcare,
    ),
    "preschool": (
        {
            "born": Key(_month_from(2010), "a month from 2010-01 on, YYYY-MM"),
            "province": _one(PROVINCES),
            "residence": _RESIDENCE,
            "ownership": Key(_one(OWNERSHIP).read, _one(OWNERSHIP).allowed, "public"),
        },
        _preschool,
    ),
    "supplementary_pensions": (
        {
            "pillar": _one(PILLARS),
            "earnings": Key(_whole(0, 20_000_000), "whole yuan a year, to 20 million"),
            "year": Key(_whole(2011, 2110), "a year from 2011 to 2110", "2025"),
            "account": Key(_yuan, "yuan, with at most two decimals", "0"),
            "age": Key(_whole(40, 80), "completed years at the first payment, 40 to 80", "60"),
        },
        _supplementary_pensions,
    ),
    "retirement": (_RETIREMENT, _retirement),
    "employee_pension": (
        {
            **_RETIREMENT,
            "years": Key(_decimal(60.0), "years paid, 0 to 60, with at most two decimals"),
            "account": Key(_yuan, "yuan, with at most two decimals"),
            "deemed": Key(_whole(0, 60), "whole years before accounts, 0 to 60", "0"),
            "index": Key(_decimal(6.5), "mean contribution index, 0 to 6.5", "1"),
            "month": Key(_month, _MONTH, ""),
            "final_pay": Key(_yuan, "yuan a month of 2014 in a public post, two decimals", ""),
            "annuity": Key(_yuan, "yuan a month beside a public pension, two decimals", "0"),
        },
        _employee_pension,
    ),
    "resident_pension": (
        {
            "born": Key(_month, _MONTH),
            "amount": Key(_whole(1, 100_000), "yuan paid in a year, a class of the law", "100"),
            "years": Key(_whole(0, 60), "whole years, 0 to 60", ""),
            "account": Key(_yuan, "yuan, with at most two decimals", ""),
            "month": Key(_month, _MONTH, ""),
        },
        _resident_pension,
    ),
    "long_term_care_insurance": (
        {
            "grade": Key(_whole(CARE_GRADES[0], CARE_GRADES[-1]), "a care grade, 0 to 5"),
            "setting": _one(CARE_SETTINGS),
            "since": Key(_month, _MONTH),
            "month": Key(_month, _MONTH, "2026-01"),
            "scheme": Key(_one(SCHEMES).read, _one(SCHEMES).allowed, "resident"),
            "residence": Key(_one(RESIDENCES).read, _one(RESIDENCES).allowed, "urban"),
            "sex": Key(_one(SEXES).read, _one(SEXES).allowed, "female"),
            "age": Key(_whole(18, 120), "years, 18 to 120", "75"),
        },
        _long_term_care,
    ),
}

__all__ = ["POLICIES", "Line", "law"]
