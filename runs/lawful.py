"""Faults of a law that no single entry shows: bands upside down, holes, tables cut short.

Each entry has a valid range of its own, which the schema holds it to. Here entries are read
together, for scenarios before they run and for `songhe check`.
"""

from collections.abc import Iterator

import numpy as np

from ..model.policies.local_child_subsidy import ages as local_ages
from ..model.retirement_rules import statutory_ages
from ..model.tax_rules import brackets_of
from ..parameters.dims import SEXES
from ..parameters.load import ParameterError, Parameters
from ..parameters.problems import Problem
from .scenario import Scenario

EMPLOYEES, RESIDENTS = "policies.employee_pension.", "policies.resident_pension."
ANNUITIES = "policies.supplementary_pensions."
RETIREMENT = "policies.retirement."
PACE = RETIREMENT + "pace"
DIVISORS = EMPLOYEES + "divisors"
ROUNDED = 0.001  # what shares may miss of 1
AGES = range(40, 71)  # at which an account may be divided


def scenario_problems(scenario: Scenario, parameters: Parameters) -> list[Problem]:
    """What is wrong with the law of a scenario, under its own parameters."""
    file = scenario.path.name if scenario.path else scenario.name
    return law_problems(parameters, file)


def law_problems(p: Parameters, file: str) -> list[Problem]:
    """What is wrong with a law; file : that is named."""
    found = (
        *_retirement(p), *_base_limits(p), *_divisors(p), *_classes(p), *_annuities(p),
        *_old_shares(p), *_transition(p), *_illness(p), *_survivors(p), *_flexible(p), *_steps(p),
        *_timing(p),
        *_local_subsidies(p), *_brackets(p),
    )  # fmt: skip
    return [Problem(file, key, value, allowed) for key, value, allowed in found]


Fault = tuple[str, object, str]


def _retirement(p: Parameters) -> Iterator[Fault]:
    try:
        statutory_ages(p)
    except ValueError as fault:
        said = str(fault).removeprefix(PACE + ": ")
        what, _, allowed = said.partition("; ")
        yield PACE, what, allowed


def _base_limits(p: Parameters) -> Iterator[Fault]:
    low, high = EMPLOYEES + "base_floor", EMPLOYEES + "base_ceiling"
    for day in sorted({*p.dates(low), *p.dates(high)}):
        if day < max(p.dates(low)[0], p.dates(high)[0]):
            continue
        floor, ceiling = float(np.asarray(p.at(low, day))), float(np.asarray(p.at(high, day)))
        if not floor < ceiling:
            yield f"{low}.{day}", floor, f"below {high} of that day, {ceiling:g}"
            return


def _divisors(p: Parameters) -> Iterator[Fault]:
    ages = [int(age) for age in p.coords(DIVISORS, "age_from")]
    missing = sorted(set(AGES) - set(ages))
    if missing:
        yield DIVISORS, f"no divisor for age {missing[0]}", f"every age of {AGES[0]} to {AGES[-1]}"
        return
    values = np.asarray(p.array(DIVISORS))
    for k in np.flatnonzero(np.diff(values) >= 0)[:1]:
        allowed = f"below the {values[k]:g} of age {ages[k]}"
        yield DIVISORS, f"age_from={ages[k + 1]}: {values[k + 1]:g}", allowed


def _old_shares(p: Parameters) -> Iterator[Fault]:
    """Shares of final pay: from no service on, and more for each band."""
    key = EMPLOYEES + "old_shares"
    years, shares = p.coords(key, "duration"), p.array(key)
    if years[0] != 0:
        yield key, f"first band from {years[0]} years", "a first band from 0 years"
    for k in np.flatnonzero(np.diff(shares) <= 0)[:1]:
        value = f"duration={years[k + 1]}: {shares[k + 1]:g}"
        yield key, value, f"above the {shares[k]:g} of {years[k]} years"


def _transition(p: Parameters) -> Iterator[Fault]:
    """Old against new pensions of public staff: paid excess rises, and is whole at the end."""
    made_up, excess = EMPLOYEES + "old_guaranteed", EMPLOYEES + "new_excess"
    before = 0.0
    for day in sorted({*p.dates(made_up), *p.dates(excess)}):
        guaranteed, paid = (float(np.asarray(p.at(key, day))) for key in (made_up, excess))
        if paid < before:
            yield f"{excess}.{day}", paid, f"at least the {before:g} of the day before"
            return
        if guaranteed == 0.0 and paid < 1.0:
            allowed = f"1, since {made_up} of that day is 0 and nothing is compared"
            yield f"{excess}.{day}", paid, allowed
            return
        before = paid


def _illness(p: Parameters) -> Iterator[Fault]:
    """Ages of pensions for illness that do not come before every old age."""
    key = RETIREMENT + "illness_age"
    men, *women = p.array(RETIREMENT + "old_age")
    for sex, age, old in zip(SEXES, p.array(key), (men, min(women)), strict=True):
        if age >= old:
            yield key, f"sex={sex}: {age:g}", f"below the {old:g} of old age"
            return


def _survivors(p: Parameters) -> Iterator[Fault]:
    """Months of the survivors' grant that fall with the years of contributions."""
    key = EMPLOYEES + "survivor_months"
    years, months = p.coords(key, "duration"), p.array(key)
    for k in np.flatnonzero(np.diff(months) < 0)[:1]:
        value = f"duration={years[k + 1]}: {months[k + 1]:g}"
        yield key, value, f"at least the {months[k]:g} of {years[k]} years"


def _flexible(p: Parameters) -> Iterator[Fault]:
    """Flexible workers who pay less than what goes to their account: the pool would pay it in."""
    own, all_ = EMPLOYEES + "employee_rate", EMPLOYEES + "flexible_rate"
    for day in sorted({*p.dates(own), *p.dates(all_)}):
        if day < max(p.dates(own)[0], p.dates(all_)[0]):
            continue
        account, paid = float(np.asarray(p.at(own, day))), float(np.asarray(p.at(all_, day)))
        if paid < account:
            yield f"{all_}.{day}", paid, f"at least {own} of that day, {account:g}"
            return


def _steps(p: Parameters) -> Iterator[Fault]:
    """Steps of flexible workers that do not rise, and shares that are not of everybody."""
    key, share = EMPLOYEES + "flexible_steps", EMPLOYEES + "flexible_step_share"
    number = len(p.array(share))
    for day in p.dates(key):
        steps = np.asarray(p.at(key, day))
        if len(steps) != number:
            yield f"{key}.{day}", f"{len(steps)} steps", f"{number}, as {share} has shares"
            return
        for k in np.flatnonzero(np.diff(steps) <= 0)[:1]:
            yield f"{key}.{day}", f"{steps[k + 1]:g}", f"above the {steps[k]:g} of the step before"
            return
    total = float(p.array(share).sum())
    if abs(total - 1.0) > ROUNDED:
        yield share, f"{total:g} in all", "shares that add up to 1"


def _timing(p: Parameters) -> Iterator[Fault]:
    """More people who retire early or late than there are."""
    early, late = (p.value(RETIREMENT + name) for name in ("early_share", "late_share"))
    if early + late > 1.0:
        allowed = f"at most {1.0 - early:g}, since {RETIREMENT}early_share is {early:g}"
        yield RETIREMENT + "late_share", late, allowed


def _classes(p: Parameters) -> Iterator[Fault]:
    total = float(p.array(RESIDENTS + "class_share").sum())
    if abs(total - 1.0) > ROUNDED:
        yield RESIDENTS + "class_share", f"{total:g} in all", "shares that add up to 1"
    key = RESIDENTS + "class_amount"
    for day in p.dates(key):
        amounts = np.asarray(p.at(key, day))
        for k in np.flatnonzero(np.diff(amounts) <= 0)[:1]:
            value = f"order={k + 2}: {amounts[k + 1]:g}"
            yield f"{key}.{day}", value, f"above the {amounts[k]:g} of class {k + 1}"


def _local_subsidies(p: Parameters) -> Iterator[Fault]:
    try:
        local_ages(p)
    except ParameterError as fault:
        for problem in fault.problems:
            yield problem.key, problem.value, problem.allowed


def _brackets(p: Parameters) -> Iterator[Fault]:
    try:
        brackets_of(p)
    except ValueError as fault:
        what, _, allowed = str(fault).partition(": ")
        key, _, value = what.partition(" ")
        yield key, value, allowed


def _annuities(p: Parameters) -> Iterator[Fault]:
    """Rates of enterprise annuities above the ceilings of the law of their day."""
    own, other = (f"{ANNUITIES}enterprise_{who}_rate" for who in ("employer", "employee"))
    one, both = (f"{ANNUITIES}{of}_ceiling" for of in ("employer", "total"))
    for day in sorted({day for key in (own, other, one, both) for day in p.dates(key)}):
        if day < max(p.dates(key)[0] for key in (own, other, one, both)):
            continue
        at = {key: float(np.asarray(p.at(key, day))) for key in (own, other, one, both)}
        if at[own] > at[one]:
            yield f"{own}.{day}", at[own], f"at most {one} of that day, {at[one]:g}"
            return
        if at[own] + at[other] > at[both]:
            allowed = f"at most {at[both] - at[own]:g}, so that both keep to {both} of that day"
            yield f"{other}.{day}", at[other], allowed
            return
