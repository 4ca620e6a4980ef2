"""Basic public health services: the subsidy for every head, visits of mothers and children.

Decides what budgets pay in a year for the people who live in each province, and how many
visits the package holds for deliveries and for children to six. Source: yearly circulars and
the national specification (`parameters/policies/public_health.yaml`). Leaves out the other
services of the package, the difference between provinces in who pays, and what a visit does to
health: nothing answers to it.
"""

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...agents.columns import THIS_YEAR, Column
from ...agents.compiled import kernel
from ...agents.frame import listed
from ...parameters.dims import PROVINCES
from ...parameters.load import Parameters
from ..funds import add_counts, fen
from ..prices import grown, price_index
from ..step import Step

if TYPE_CHECKING:
    from ..model import SongheModel

Counts = NDArray[np.int64]

COLUMNS: tuple[Column, ...] = ()
FUND = "public_health"
POLICY = "policies.public_health."
CENTRAL, LOCAL, PROVIDERS = "central_government", "local_government", "primary_care"


@kernel
def count_people(alive: Any, age: Any, province: Any, rows: Any, heads: Any, children: Any) -> None:
    """Count the living, and listed children by age in the year, by province.

    heads : int64[4, province], to be added up: there are four in turn, since neighbours live
        in one province
    rows : of the children; children : int64[province, age], of the ages with visits
    """
    for i in range(alive.size):
        heads[np.uint32(i) & np.uint32(3), province[i]] += alive[i]
    for k in range(rows.size):  # a newborn has its visits of the first year
        i = rows[k]
        children[province[i], np.uint32(age[i] + 1)] += 1


def subsidy_per_head(p: Parameters, year: int) -> int:
    """Fen for each person of a year."""
    after = int(p.value(POLICY + "grows_after"))

    def prices(since: int, later: int) -> float:
        return price_index(p, later) / price_index(p, since)

    return fen(float(grown(p, POLICY + "subsidy_per_head", date(year, 12, 31), after, prices)))


def visits_by_age(p: Parameters) -> NDArray[np.float64]:
    """Visits a year of a child by age, from birth on; float64[age], the last has none."""
    key = POLICY + "child_visits"
    ages = np.asarray(p.coords(key, "age_from"), dtype=np.int64)
    visits = np.zeros(int(ages[-1]) + 2)
    visits[ages] = p.array(key)
    return visits


def apply(model: "SongheModel") -> None:
    """The subsidy of the year and the visits of the package."""
    p, people = model.parameters, model.people
    visits, coverage = visits_by_age(p), p.value(POLICY + "coverage")
    alive, age, since_birth, province = (people[name] for name in READS)
    n, ages = len(PROVINCES), len(visits)
    heads, children = np.zeros((4, n), np.int64), np.zeros((n, ages), np.int64)
    young = listed((age < ages - 1).view(np.uint8) & alive)
    count_people(alive, age, province, young, heads, children)
    mothers = province[listed((since_birth == THIS_YEAR).view(np.uint8) & alive)]
    _book(model, heads.sum(axis=0))
    made = np.rint(coverage * (children @ visits)).astype(np.int64)
    deliveries = np.bincount(mothers, minlength=n)
    for_mothers = np.rint(coverage * p.value(POLICY + "maternal_visits") * deliveries)
    model.tally.add("child_health_visits", made)
    model.tally.add("maternal_health_visits", for_mothers.astype(np.int64))


def _book(model: "SongheModel", heads: Counts) -> None:
    """The subsidy for these people, int64[province], and what becomes of it."""
    p = model.parameters
    money = heads * subsidy_per_head(p, model.year)
    central = np.rint(money * p.value(POLICY + "central_share")).astype(np.int64)
    fund = model.funds[FUND]
    fund.flow("subsidy", central, CENTRAL)
    fund.flow("subsidy", money - central, LOCAL)
    fund.flow("outlay", money, PROVIDERS)
    add_counts(model, FUND, fund_registered=heads, fund_beneficiaries=heads)


READS = ("alive", "age", "since_birth", "province")
STEP = Step("public_health", reads=READS, apply=apply)
