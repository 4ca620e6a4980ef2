"""The rule of one policy worked for one person, step by step, with date and source.

`law("child_subsidy", {"born": "2024-05"})` lists what the policy's own functions give for that
child: nothing is worked here a second time. Values are texts, as `songhe law` takes them. What a
policy asks for and what it lists is in the file of its name in `laws/`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..parameters.load import ParameterError, Parameters, load
from ..parameters.problems import Problem, one_of
from .laws import (
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
    retirement,
    supplementary_pensions,
    tax_deduction,
)
from .laws.keys import Key, Line


class Law(Protocol):
    """What a module of `laws/` holds."""

    @property
    def KEYS(self) -> Mapping[str, Key]:
        """What can be given."""

    @property
    def worked(self) -> Callable[..., list[Line]]:
        """The lines of one person, of parameters and the values of all keys."""


POLICIES: Mapping[str, Law] = {
    "child_subsidy": child_subsidy,
    "child_cost": child_cost,
    "public_health": public_health,
    "local_child_subsidy": local_child_subsidy,
    "maternity_leave": maternity_leave,
    "tax_deduction": tax_deduction,
    "childcare": childcare,
    "preschool": preschool,
    "supplementary_pensions": supplementary_pensions,
    "retirement": retirement,
    "employee_pension": employee_pension,
    "resident_pension": resident_pension,
    "long_term_care_insurance": long_term_care_insurance,
}


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
    one = POLICIES[policy]
    values = _read(policy, one.KEYS, given)
    return one.worked(load() if parameters is None else parameters, **values)


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
            if text is None or (not text and key.default != ""):
                raise ValueError("missing")
            values[name] = key.read(str(text)) if text else None
        except ValueError:
            problems.append(Problem("law", f"{policy}.{name}", text or "missing", key.allowed))
    if problems:
        raise ParameterError(problems)
    return values
