"""A nursery place of one child in one month: fee, whether the family can pay and would want it."""

from collections.abc import Mapping

import numpy as np

from ...model import prices, young_children
from ...model.policies.childcare import (
    FAMILY,
    GROUPS,
    OF_WISHES,
    POLICY,
    PUBLIC,
    YOUNGEST,
    fees,
    log_odds,
)
from ...parameters.dims import CARE_GROUPS, OWNERSHIP, RESIDENCES
from ...parameters.load import Parameters
from .keys import MONTHS, YES_NO, Key, Line, Month, choice, in_force, month_from, some_yuan

THIRDS, GRANDPARENTS = ("low", "middle", "high"), ("none", "near", "at_home")
KEYS: Mapping[str, Key] = {
    "born": month_from(2010),
    "month": month_from(2011, "2026-01"),
    "residence": choice(RESIDENCES, "urban"),
    "third": choice(THIRDS, "middle"),
    "income": some_yuan("yuan a year of the family, above 0, with two decimals", ""),
    "work": choice(YES_NO, "yes", "yes or no: paid work of the mother"),
    "grandparents": choice(GRANDPARENTS, "none"),
}


def worked(
    p: Parameters, born: Month, month: Month, residence: int, third: int, income: float | None,
    work: int, grandparents: int,
) -> list[Line]:  # fmt: skip
    """Group, fees, the two conditions of a place, staff and subsidy; income : yuan a year."""
    day = month.day
    years = young_children.begins_at(p) - YOUNGEST
    age = month.year - 1 - born.year
    first, last = young_children.stay(age, YOUNGEST, years, MONTHS)
    if not first <= month.month <= last:
        return [Line(f"in nursery age in {month}", "no", "", None, "")]
    autumn = month.month > young_children.SPRING
    begins, group = age - YOUNGEST, age - YOUNGEST + autumn
    fee = fees(p, month.year)[residence]
    yuan = FAMILY * float(prices.income(p, month.year)[residence])
    yuan = yuan if income is None else income
    share = float(fee[PUBLIC]) * MONTHS / yuan
    effects = np.array([p.value(POLICY + name) for name in (*OF_WISHES, "price_response")])
    price = float(np.log(share / p.value(POLICY + "bearable_share")))
    level = float(p.array(POLICY + "wish_level")[min(begins, GROUPS - 1)])
    odds = log_odds(level, third, work == 0, grandparents, price, effects)
    per_carer = float(np.asarray(p.at(POLICY + "children_per_carer", day))[group])
    pays = share <= p.value(POLICY + "most_of_income")
    return [
        Line(f"group in {month}", CARE_GROUPS[group]),
        *(Line(f"fee of a {name} nursery", float(yuan_a_month), "yuan per month",
               *in_force(p, POLICY + "fee", day))
          for name, yuan_a_month in zip(OWNERSHIP, fee, strict=True)),
        Line("public fee over income", f"{100 * share:.1f}", "%"),
        Line("can pay the public fee", "yes" if pays else "no", "",
             *in_force(p, POLICY + "most_of_income", day)),
        Line("chance to want a place", f"{100 / (1 + np.exp(-odds)):.1f}", "%",
             *in_force(p, POLICY + "wish_level", day)),
        Line("children for each carer", f"{per_carer:g}", "",
             *in_force(p, POLICY + "children_per_carer", day)),
        Line("subsidy of a public place", float(np.asarray(p.at(POLICY + "place_subsidy", day))),
             "yuan per year", *in_force(p, POLICY + "place_subsidy", day)),
    ]  # fmt: skip
