"""The year: every life event and every policy, in order.

Hazards read the state of 1 January; consequences are applied in the order below. Nothing is
registered anywhere else. `songhe plan` prints this list with what each step reads and writes;
`docs/decisions/` says why the order is what it is.
"""

from ..agents.columns import COLUMNS, Column
from . import birth_response, care_grade, funds, pupils, scheme_membership, tally
from .events import (
    abroad,
    ageing,
    births,
    deaths,
    education,
    health,
    household,
    migration,
    motherhood,
    partnership,
    work,
)
from .policies import (
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
from .step import check

POLICIES = (
    child_subsidy,
    employee_pension,
    resident_pension,
    long_term_care_insurance,
    maternity_leave,
    childcare,
    preschool,
    tax_deduction,
    local_child_subsidy,
    public_health,
    child_cost,
    supplementary_pensions,
)

YEAR = (
    birth_response.STEP,
    health.STEP,
    migration.STEP,
    partnership.DIVORCE,
    household.STEP,
    births.STEP,
    birth_response.COUNT,
    maternity_leave.LEAVE,
    partnership.DIVORCES,
    partnership.MARRIAGE,
    household.STEP_MOVES,
    migration.MOVES,
    migration.RECLASSIFICATION,
    abroad.STEP,
    education.STEP,
    care_grade.STEP,
    work.STEP,
    work.PAY,
    scheme_membership.STEP,
    childcare.STEP,
    preschool.STEP,
    motherhood.COUNT,
    child_subsidy.STEP,
    local_child_subsidy.STEP,
    maternity_leave.STEP,
    tax_deduction.STEP,
    public_health.STEP,
    child_cost.STEP,
    employee_pension.STEP,
    resident_pension.STEP,
    supplementary_pensions.STEP,
    long_term_care_insurance.STEP,
    funds.STEP,
    motherhood.STEP,
    deaths.STEP,
    ageing.STEP,
    pupils.STEP,
    tally.STEP,
)
MARKET_STEPS = frozenset(
    step.name
    for step in (
        migration.STEP,
        partnership.DIVORCE,
        household.STEP,
        partnership.DIVORCES,
        partnership.MARRIAGE,
        household.STEP_MOVES,
        migration.MOVES,
        migration.RECLASSIFICATION,
        abroad.STEP,
        education.STEP,
    )
)
POLICY_STEPS = frozenset(
    step.name
    for step in (
        birth_response.STEP,
        birth_response.COUNT,
        maternity_leave.LEAVE,
        work.STEP,
        work.PAY,
        scheme_membership.STEP,
        childcare.STEP,
        preschool.STEP,
        motherhood.COUNT,
        child_subsidy.STEP,
        local_child_subsidy.STEP,
        maternity_leave.STEP,
        tax_deduction.STEP,
        public_health.STEP,
        child_cost.STEP,
        employee_pension.STEP,
        resident_pension.STEP,
        supplementary_pensions.STEP,
        long_term_care_insurance.STEP,
        funds.STEP,
        motherhood.STEP,
    )
)


def columns() -> tuple[Column, ...]:
    """Every column: those of a person, and those that events and policies add."""
    own = (module.COLUMNS for module in (births, work, scheme_membership, *POLICIES))
    return tuple(column for group in (COLUMNS, *own) for column in group)


check(YEAR, columns())
