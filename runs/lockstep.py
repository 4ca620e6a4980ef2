"""Replicates that live year by year together, where a rule reacts to national totals.

The replicates of one draw are shared out over hosts, each a place that keeps what it began: this
process, a worker process of its own, or a Dask worker. Before every year the totals of all
replicates are added up and each goes on with the sum. Sums are of whole numbers, so that hosts
and their order cannot matter. A host that is lost takes the draw down with it; the draw is then
lived once more from the beginning, since a coupled replicate cannot be finished by itself.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, cast

from ..model.national import Totals, added
from .executors import ATTEMPTS, Outcome, Outcomes, reason
from .settings import Work
from .unit import Life, Lived, Unit, life, needed

Results = list[dict[str, Lived]]


class Host(Protocol):
    """A place that keeps state between calls; calls to one host run one after another."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> "Promised":
        """Begin a call."""


class Promised(Protocol):
    """What a call will give."""

    def result(self) -> Any:
        """Wait for it, or raise what went wrong."""


Hosts = Callable[[int], AbstractContextManager[Sequence[Host]]]


class Met(NamedTuple):
    """Where the replicates of one host stand: before a year, or at their end."""

    totals: Totals | None
    results: Results | None


class Share:
    """The replicates of one host."""

    def __init__(self, lives: Sequence[Life]) -> None:
        self.lives = list(lives)

    def begin(self) -> Met:
        """Live until the first meeting."""
        return self._each(lambda one: next(one))

    def go_on(self, totals: Totals) -> Met:
        """Live until the next meeting, with the totals of all replicates of all hosts."""
        return self._each(lambda one: one.send(totals))

    def _each(self, go: Callable[[Life], Totals]) -> Met:
        """Replicates of a draw have the same cases and years, so that all meet or all end."""
        parts, results = list[Totals](), Results()
        for one in self.lives:
            try:
                parts.append(go(one))
            except StopIteration as end:
                results.append(cast(dict[str, Lived], end.value))
        if results and parts:
            raise RuntimeError("replicates of one draw came to their ends in different years")
        return Met(None, results) if results else Met(added(parts), None)


def together(lives: Sequence[Life]) -> Results:
    """Live replicates together in this process."""
    share = Share(lives)
    met = share.begin()
    while met.totals is not None:
        met = share.go_on(met.totals)
    return met.results or []


# --- on a host ----------------------------------------------------------------------------

_here: list[Share] = []  # the share of this process, if it is a host


def begin_here(units: Sequence[Unit], work: Work) -> Met:
    """Begin the replicates of one host."""
    _here[:] = [Share([life(unit, work) for unit in units])]
    return _here[0].begin()


def go_on_here(totals: Totals) -> Met:
    """Go on with them to the next meeting."""
    met = _here[0].go_on(totals)
    if met.results is not None:
        _here.clear()
    return met


class ThisProcess:
    """The host that is here; a call has ended when it returns."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """See `Host`."""
        done: Future[Any] = Future()
        try:
            done.set_result(function(*arguments))
        except Exception as fault:
            done.set_exception(fault)
        return done


# --- draws of coupled scenarios -----------------------------------------------------------


def is_coupled(unit: Unit, work: Work) -> bool:
    """Whether a unit cannot be lived without the other replicates of its draw."""
    return any(case.coupled for case in needed(unit, work))


def sort_out(units: Sequence[Unit], work: Work) -> tuple[list[Unit], list[list[Unit]]]:
    """Units to be lived one by one, and those of coupled scenarios, by draw.

    A draw with anything missing of a coupled scenario is lived with all its replicates.
    """
    alone, by_draw = list[Unit](), dict[int, set[str]]()
    for unit in units:
        coupled = {n for n in unit.scenarios if is_coupled(unit._replace(scenarios=(n,)), work)}
        if rest := tuple(n for n in unit.scenarios if n not in coupled):
            alone.append(unit._replace(scenarios=rest))
        if coupled:
            by_draw.setdefault(unit.draw, set()).update(coupled)
    return alone, [_group(draw, names, work) for draw, names in by_draw.items()]


def _group(draw: int, names: set[str], work: Work) -> list[Unit]:
    scenarios = tuple(name for name in work.stored if name in names)
    return [Unit(draw, k, scenarios) for k in range(work.settings.replicates)]


def live_groups(groups: Sequence[Sequence[Unit]], work: Work, hosts: Hosts) -> Outcomes:
    """Live draws of coupled scenarios, one after another; an outcome for every unit.

    hosts : gives at most a number of hosts, as a context at whose end they are closed
    """
    waiting = [_Waiting(group) for group in groups]
    while waiting:
        with hosts(max(len(one.group) for one in waiting)) as at_hand:
            yield from _until_fault(waiting, work, at_hand)


class _Waiting(NamedTuple):
    """A draw to be lived, and how often that has failed."""

    group: Sequence[Unit]
    failed: int = 0


def _until_fault(waiting: list[_Waiting], work: Work, hosts: Sequence[Host]) -> Outcomes:
    """Live what waits; returns at the first fault, since a host may be lost with it."""
    while waiting:
        group, failed = waiting.pop(0)
        try:
            results = _meet(group, work, hosts)
        except Exception as fault:  # of a replicate or of its host
            if failed + 1 < ATTEMPTS:
                waiting.insert(0, _Waiting(group, failed + 1))
            else:
                yield from (Outcome(unit, error=reason(fault)) for unit in group)
            return
        yield from (Outcome(unit, result) for unit, result in zip(group, results, strict=True))


def _meet(group: Sequence[Unit], work: Work, hosts: Sequence[Host]) -> Results:
    """Results of every unit of a group, in its order."""
    using = hosts[: len(group)]
    shares = [list(group[k :: len(using)]) for k in range(len(using))]
    calls = [host.call(begin_here, share, work) for host, share in zip(using, shares, strict=True)]
    met = [call.result() for call in calls]
    while all(one.totals is not None for one in met):
        totals = added(one.totals for one in met if one.totals is not None)
        calls = [host.call(go_on_here, totals) for host in using]
        met = [call.result() for call in calls]
    found = dict[Unit, dict[str, Lived]]()
    for share, one in zip(shares, met, strict=True):
        found.update(zip(share, one.results or [], strict=True))
    return [found[unit] for unit in group]
