"""A run from its plan to its last unit: what is missing is lived and stored, whatever fails."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

from ..parameters.problems import ParameterError
from .executors import Executor, Outcome, Outcomes, executor
from .faults import storing
from .hosts import hosts_of
from .lockstep import Hosts, live_groups, sort_out
from .place import Place, place_of
from .record import record_of
from .results import BASE_YEAR
from .scenario import Scenario
from .settings import Settings, Work, work_of
from .store import Store, store_problems
from .unit import BASES, Live, Unit, departures, live
from .variables import unit_bytes
from .writer import Writer

COMPRESSION = 3.0  # raw size over size on disk, measured at 40,000 persons


@dataclass(frozen=True)
class Plan:
    """What is about to be lived.

    person_years : agents times years, of all units, a person counting once a year
    disk : bytes on disk, expected
    """

    settings: Settings
    scenarios: tuple[str, ...]
    units: tuple[Unit, ...]
    done: int
    person_years: int
    disk: int
    workers: int


@dataclass
class Summary:
    """What became of a run."""

    plan: Plan
    seconds: float = 0.0
    failed: list[Outcome] = field(default_factory=list)


def prepare(
    scenarios: Iterable[Scenario],
    settings: Settings,
    out: Place | Path | str,
    *,
    branching: bool = True,
) -> tuple[Store, Work]:
    """Check everything and open the store; nothing is written before all is sound.

    Raises
    ------
    ParameterError
        With everything that is wrong in scenarios, values or folder.
    """
    work, record = check(scenarios, settings, place_of(out), branching=branching)
    return Store.at(out, work, record), work


def check(
    scenarios: Iterable[Scenario],
    settings: Settings,
    place: Place,
    *,
    branching: bool = True,
    averaged: bool = False,
) -> tuple[Work, dict[str, Any]]:
    """The work of a run and the record of its store; nothing is written.

    averaged : the means over replicates are to be stored

    Raises
    ------
    ParameterError
        With everything that is wrong in scenarios, values or folder.
    """
    scenarios = list(scenarios)
    work = work_of(scenarios, settings, branching=branching)
    record = record_of(work, scenarios, averaged=averaged)
    if problems := store_problems(place, record):
        raise ParameterError(problems)
    return work, record


def plan_of(store: Store, work: Work, workers: int) -> Plan:
    """What is missing in the store, and what living it takes.

    Coupled scenarios are units of their own, with all replicates of a draw if one is missing.
    """
    alone, groups = sort_out(store.missing(), work)
    units = (*alone, *chain(*groups))
    s = work.settings
    all_units = len(s.units) * len(work.stored)
    missing = sum(len(unit.scenarios) for unit in units)
    kinds = Counter(unit.scenarios for unit in units)
    lives = sum(n * _years_lived(names, work) for names, n in kinds.items())
    return Plan(
        s, work.stored, units, all_units - missing, lives * s.persons,
        _disk(units, work), min(workers, max(len(units), 1)),
    )  # fmt: skip


def _years_lived(scenarios: tuple[str, ...], work: Work) -> int:
    """Years lived in a unit: the baseline's, and each scenario's from where it departs."""
    until = work.settings.until
    left = departures(Unit(0, 0, scenarios), work)
    return (until - BASE_YEAR) + sum(until - place.year for place in left.values())


def _disk(units: Iterable[Unit], work: Work) -> int:
    s = work.settings
    years = s.until - BASE_YEAR + 1
    raw = sum(len(u.scenarios) * unit_bytes(s.detail, u.draw, years) for u in units)
    return round(raw / COMPRESSION)


def carry_out(
    store: Store,
    work: Work,
    plan: Plan,
    *,
    scheduler: str | None = None,
    report: Callable[[Outcome], None] = lambda _: None,
    function: Live | None = None,
    chosen: Executor | None = None,
    writer: Writer | None = None,
) -> Summary:
    """Live and store what is missing.

    report : called after every unit, stored or failed
    function : lives one unit, in place of `live`; it is given no base
    chosen : an executor in place of the one for `plan.workers` and `scheduler`
    writer : the right to write, looked at before every unit is stored

    Raises
    ------
    RunError
        If results cannot be stored: no room, no right, no connection. The unit at which that
        happened is not done, and those before it are.
    """
    summary, began = Summary(plan), perf_counter()
    run = chosen or executor(plan.workers, scheduler)
    outcomes = (
        run(function, plan.units, work)
        if function
        else _outcomes(plan, work, run, hosts_of(plan.workers, scheduler))
    )
    with closing(outcomes):
        for outcome in outcomes:
            with storing(store.place):
                _keep(outcome, store, summary, writer or Writer())
            report(outcome)
    summary.seconds = perf_counter() - began
    with storing(store.place):
        store.note_totals()
    return summary


def _outcomes(plan: Plan, work: Work, run: Executor, hosts: Hosts) -> Outcomes:
    """Units that are lived one by one, then the draws of coupled scenarios."""
    alone, groups = sort_out(plan.units, work)
    if alone:
        yield from run(live, alone, work, BASES)
    yield from live_groups(groups, work, hosts)


def _keep(outcome: Outcome, store: Store, summary: Summary, writer: Writer) -> None:
    writer.check()
    if outcome.error:
        summary.failed.append(outcome)
        store.fail(outcome.unit, outcome.error)
    else:
        store.write(outcome.unit, outcome.result)
