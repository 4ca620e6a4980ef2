"""Leave and allowance of one mother, and leave of the father."""

from collections.abc import Mapping

import numpy as np

from ...model.policies.maternity_leave import POLICY, leave_days, rules_of, shares_of
from ...parameters.dims import PROVINCES
from ...parameters.load import Parameters
from .keys import FEN, YES_NO, Key, Line, Month, choice, in_force, month_from, whole, yuan

KEYS: Mapping[str, Key] = {
    "born": month_from(2011),
    "province": choice(PROVINCES),
    "wage": yuan("yuan a month, with at most two decimals"),
    "children": whole(1, 4, "children of the delivery, 1 to 4", "1"),
    "insured": choice(YES_NO, "yes"),
}


def worked(
    p: Parameters, born: Month, province: int, wage: float, children: int, insured: int
) -> list[Line]:
    """Days of leave and who pays them; wage : of the mother, yuan a month."""
    r, at = rules_of(p, born.year), born.month - 1
    provincial = int(np.asarray(p.at(POLICY + "provincial_days", born.day))[province])
    national = int(r.mother[province, at]) - provincial
    days = int(leave_days(national + provincial, children, r.further_child))
    own, average = round(wage * FEN), int(r.average[province])
    fund, employer = shares_of(days, own, average, True, insured == 0)
    source = "work.economy, prices.wage"
    return [
        Line("national leave", f"{national}", "days",
             *in_force(p, POLICY + "national_days", born.day)),
        Line("leave that the province adds", f"{provincial}", "days",
             *in_force(p, POLICY + "provincial_days", born.day)),
        Line("leave in all", f"{days}", "days"),
        Line("mean wage of employers", average / FEN, "yuan per month", None, source),
        Line("maternity allowance", fund / FEN, "yuan",
             *in_force(p, POLICY + "employer_rate", born.day)),
        Line("paid by the employer", employer / FEN, "yuan"),
        Line("leave of the father", f"{int(r.father[province, at])}", "days",
             *in_force(p, POLICY + "paternity_days", born.day)),
        Line("parental leave of each parent", f"{r.parental}", "days per year",
             *in_force(p, POLICY + "parental_days", born.day)),
    ]  # fmt: skip
