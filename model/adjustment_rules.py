"""Rules by which the employees' pension adjusts itself to the number of its contributors.

Decides by how much the rise of pensions in payment is lowered in a year whose contributors have
become fewer: a weight times their fall over the last year, on the whole country. Source: the
factor of sustainability in indexation formulas of other countries, taken as a design; no such
rule is enacted (`parameters/policies/employee_pension.yaml`). Leaves out growth: more
contributors raise nothing. The other rules stand elsewhere: the budget's duty and the rate
that holds a reserve in `policies/employee_pension.py`, the ages in `age_link.py`.
"""

from .national import Totals, contributor_years


def contributor_growth(year: Totals, fund: str) -> float:
    """Growth of the years contributed to a fund over the year before; 0 where none are known."""
    now, before = contributor_years(year, fund)
    return now / before - 1.0 if before > 0.0 else 0.0


def lowered_rise(rise: float, growth: float, weight: float) -> float:
    """Rise of pensions after the cut for a fall of contributors; no pension falls by it.

    A rise that is negative already stays as it is.
    """
    return min(rise, max(rise + weight * min(growth, 0.0), 0.0))
