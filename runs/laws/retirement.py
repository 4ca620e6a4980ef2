"""Retirement of one person: the statutory age, years of contributions and the choice of time."""

from collections.abc import Mapping
from typing import NamedTuple

from ...model.retirement_rules import (
    POLICY,
    class_of,
    months_needed,
    months_needed_ill,
    old_age,
    retirement_of,
    statutory_age,
)
from ...parameters.dims import SEXES
from ...parameters.load import Parameters
from .keys import MONTHS, Key, Line, Month, a_month, choice, counted, in_force, month_of

POSTS = ("worker", "cadre", "flexible", "special")
OF_WOMEN = ("cadre", "flexible")  # posts by which the age of women alone is told apart
KEYS: Mapping[str, Key] = {
    "born": a_month(),
    "sex": choice(SEXES),
    "post": choice(POSTS, "worker"),
}


class Ages(NamedTuple):
    """Ages of retirement of one person, months, and the months in which a pension may begin."""

    statutory: int
    old: int
    needed: int
    first: int
    earliest: int
    latest: int


def ages_of(p: Parameters, born: Month, sex: int, post: int) -> Ages:
    """A woman counts by her post, a man only where it is special; month numbers from year 0."""
    r, name = retirement_of(p), POSTS[post]
    longer, special = name in OF_WOMEN, name == "special"
    class_ = class_of(sex, 0, longer, 1.0, special, r)
    statutory = int(statutory_age(class_, sex, born.number, r))
    old = int(old_age(class_, sex, r))
    needed = int(months_needed(born.number, statutory, r))
    begins, early, late = born.number + statutory + 1, 0, 0
    if born.number + statutory >= MONTHS * r.flexible_from:
        early, late = min(r.most_early, statutory - old), r.most_late
    return Ages(statutory, old, needed, begins, begins - early, begins + late)


def post_lines(sex: int, post: int) -> list[Line]:
    """That a post makes no difference, where a man gives one that decides for women alone."""
    if SEXES[sex] != "male" or POSTS[post] not in OF_WOMEN:
        return []
    return [Line("post", f"{POSTS[post]}, which makes no difference to the age of a man")]


def age_text(months: int) -> str:
    """An age in years and months."""
    years, rest = divmod(months, MONTHS)
    return counted(years, "year") + (f" {counted(rest, 'month')}" if rest else "")


def worked(p: Parameters, born: Month, sex: int, post: int) -> list[Line]:
    """Age and month of retirement, as the law has them and as they may be chosen."""
    ages, r = ages_of(p, born, sex, post), retirement_of(p)
    reached = month_of(born.number + ages.old).day
    last = month_of(ages.first - 1)
    lines = [
        *post_lines(sex, post),
        Line("age before the delay", age_text(ages.old), "",
             *in_force(p, POLICY + "old_age", reached)),
        Line("delay", f"{ages.statutory - ages.old}", "months",
             *in_force(p, POLICY + "pace", reached)),
        Line("statutory age", age_text(ages.statutory)),
        Line("month of the statutory age", str(last)),
        Line("first month of the pension", str(month_of(ages.first))),
        Line("years of contributions needed", f"{ages.needed / MONTHS:g}", "years",
             *in_force(p, POLICY + "minimum_years", last.day)),
    ]  # fmt: skip
    ill = month_of(born.number + int(r.illness_ages[sex]) + 1)
    if ill.number < ages.first:
        less = int(months_needed_ill(ill.year, r))
        lines += [
            Line("first month if all capacity for work is lost to illness", str(ill), "",
                 *in_force(p, POLICY + "illness_age", ill.day)),
            Line("years of contributions that this takes", f"{less / MONTHS:g}", "years",
                 *in_force(p, POLICY + "illness_years", ill.day)),
        ]  # fmt: skip
    if ages.latest > ages.first:
        for what, number, name in (
            ("first month if as early as allowed", ages.earliest, "most_early"),
            ("first month if as late as allowed", ages.latest, "most_late"),
        ):
            month = month_of(number)
            lines.append(Line(what, str(month), "", *in_force(p, POLICY + name, month.day)))
    return lines
