"""How births answer to policy: one rule for everything that a next child is promised.

Decides the term that policies of families add to the log hazard of a birth, by order of the
next child, province, residence and education of the woman:

    b_cash g(S/Y) + b_fee F/Y + b_care C + b_leave L + b_father_leave L' + b_time T,

times pi of the order and y of the income third. S and F are perceived present values, Y is
the disposable income of the household, C effective coverage under three, L and L' months of
leave at full pay, T the share of the mother's hours of care saved; see `promise.py`. Each
channel can be switched off. Source: `parameters/demography/fertility_response.yaml`. Weddings
that policy brings about are in `marriage_gains.py`. Leaves out moves to a province for its
payments.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import BIRTH_CHANNELS
from ..parameters.load import Parameters
from . import birth_parts
from .household_income import READS as INCOME_READS
from .household_income import household_income, income_of, thirds
from .policies import (
    child_subsidy,
    childcare,
    local_child_subsidy,
    maternity_leave,
    preschool,
    tax_deduction,
)
from .promise import KEY, ORDERS, SHAPE, Promise, sum_of
from .step import Step

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]

COUPLE_AND_NEXT = 3  # members of the household beside the children born before
PROMISES = (
    child_subsidy.promise,
    maternity_leave.promise,
    childcare.promise,
    preschool.promise,
    local_child_subsidy.promise,
    tax_deduction.promise,
)


def diminishing(z: Any, knee: float) -> Floats:
    """Benefit over income as it works on births: itself to the knee, then its logarithm."""
    z = np.asarray(z, dtype=np.float64)
    return np.asarray(np.where(z <= knee, z, knee * (1.0 + np.log(np.maximum(z, knee) / knee))))


def over_income(p: Parameters, yuan: Floats | float, per_head: Floats) -> Floats:
    """Perceived money for the next child over the household's income of a year.

    yuan : present value, fits SHAPE; per_head : yuan a year, float64[residence, education]

    Returns
    -------
    float64[order, province or 1, residence, education]
    """
    members = COUPLE_AND_NEXT + np.arange(ORDERS)[:, None, None, None]
    income = household_income(per_head, members)
    return np.asarray(p.value(KEY + "phi") * yuan / income)


def response(p: Parameters, promise: Promise, per_head: Floats) -> Floats:
    """Term of the log hazard of birth, float64[order, province or 1, residence, education].

    promise : of all policies together
    per_head : disposable income per head, yuan per year, float64[residence, education]
    """
    on = dict(zip(BIRTH_CHANNELS, p.array(KEY + "channels"), strict=True))
    b_cash = p.value(KEY + "b_cash")
    b_fee = b_cash * p.value(KEY + "fee_ratio")
    leave = p.value(KEY + "b_leave") * promise.leave
    leave = leave + p.value(KEY + "b_father_leave") * promise.father_leave
    cash = diminishing(over_income(p, promise.cash, per_head), p.value(KEY + "knee"))
    terms = (
        on["cash"] * b_cash * cash,
        on["fee"] * b_fee * over_income(p, promise.fee, per_head),
        on["care"] * p.value(KEY + "b_care") * promise.cover,
        on["leave"] * leave,
        on["time"] * p.value(KEY + "b_time") * promise.time,
    )
    by_income = np.array([p.value(KEY + name) for name in ("y_low", "y_middle", "y_high")])
    strength = p.array(KEY + "pi")[:, None, None, None] * by_income[thirds(per_head)]
    return np.asarray(strength * sum(terms))


def apply(model: "SongheModel") -> None:
    """The answer to all promises, for the hazards of births of the year."""
    p, per_head = model.parameters, income_of(model)
    promise = sum_of([of(model) for of in PROMISES])
    term = response(p, promise, per_head)
    alike = bool((term == term[:, :1]).all())  # no province differs
    model.birth_response = term[:, 0] if alike else term
    ratio = over_income(p, promise.cash, per_head)
    model.beyond_evidence = ratio > p.value(KEY + "evidence_limit")
    model.promised = np.asarray(promise.cash + promise.fee)


def count_beyond(model: "SongheModel") -> None:
    """Births of the year to couples who were promised more than the evidence covers.

    Those of all couples are counted with what they were promised.
    """
    people, beyond = model.people, model.beyond_evidence
    newborn = np.flatnonzero(people["age"] < 0)
    mothers = people["mother"][newborn]
    mothers = mothers[mothers >= 0]
    order = np.minimum(people["n_children"][mothers], ORDERS).astype(np.int64) - 1
    place = (people[name][mothers] for name in ("province", "residence", "education"))
    found = np.broadcast_to(beyond, SHAPE)[order, *place]
    model.tally.add("births_beyond_evidence", np.asarray(found.sum(), dtype=np.int64))
    birth_parts.count_promised(model, mothers, order)


STEP = Step("birth_response", reads=INCOME_READS, apply=apply)
COUNT = Step(
    "births_beyond_evidence",
    reads=("age", "mother", "n_children", "province", "residence", "education"),
    apply=count_beyond,
)
