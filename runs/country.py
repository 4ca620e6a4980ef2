"""The country at 1:1: as many replicates as the base population needs, streamed into sums.

Every replicate is an estimate of the whole country; they are averaged, never added up. A
replicate is lived, its counts and figures are added to the running sums of its draw
(`sums.py`), and it is forgotten. They are added in their order, so that one that ends early
waits; what is waiting is bounded. The sums are kept on disk every minute or so: a run that is
killed goes on from there to the same bits. Ratios are formed at the end from averaged counts.
A replicate that fails is named and left out.
"""

import gc
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from math import ceil
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr

from ..analysis.compare import reference_of
from ..analysis.split import PARTS
from ..model.closed_year import narrow
from ..parameters.load import Parameters, load
from ..parameters.problems import ParameterError, Problem
from ..parameters.rates import infant_years
from .ensemble import COMPRESSION
from .executors import Executor, Outcome, executor
from .faults import RunError, storing
from .figures import ERROR_LABELS, ERRORS, figures_of
from .lockstep import together
from .place import Place
from .results import BASE_YEAR, IN_MILLIONTHS, ConstantTable, Counts, flat_constants, values_of
from .settings import Case, Settings, Work
from .store import Store
from .sums import Counted, Sums
from .unit import Lived, Lives, Unit, departures
from .variables import LABELS, VARIABLES, stored, unit_bytes
from .writer import Writer

PERSONS = 1_000_000  # in a replicate, if nobody says otherwise
TRIAL = 100_000  # persons of the replicate from which the time is told
A_WORKER = 16  # replicates for each worker that are begun before the first of them must be in
PAUSE = 60.0  # seconds between two writings of the sums
IN_A_ROW = 3  # replicates that fail one after another: the next would fail as well


def needed_replicates(settings: Settings) -> int:
    """How many replicates have as many persons as the country at the end of 2010."""
    from ..agents.base_counts import year_end_counts

    people = float(year_end_counts(load(), settings.concept).sum())
    return ceil(people / settings.persons)


def country_problems(work: Work) -> list[Problem]:
    """Why these scenarios cannot be streamed."""
    allowed = "scenarios whose replicates are lived by themselves; a rule of this one reacts to "
    allowed += "national totals, for which all replicates must be in memory at once"
    return [
        Problem("option", "--whole-country", case.name, allowed)
        for case in work.cases
        if case.coupled
    ]


# --- one replicate ------------------------------------------------------------------------


class _Counting(Lives):
    """Lives that give counts in place of values, from a base that is built for them."""

    def _base(self) -> Any:
        from ..agents import base

        s, replicate = self.work.settings, self.unit.replicate
        return base.build(self.work.root.parameters, s.persons, s.seed, replicate, s.concept)

    def _lived(self, case: Case, model: Any, first: int, began: float) -> Any:
        counts = model.tally.years
        lived = sum(int(counts[year]["population"].sum()) for year in range(first, model.year))
        constants = flat_constants(model.constants.table())
        return counted(
            counts, model.weight, self.parameters[case.name], constants, lived,
            perf_counter() - began,
        )  # fmt: skip


def counted(
    counts: Counts,
    weight: float,
    parameters: Parameters,
    constants: ConstantTable,
    person_years: int,
    seconds: float,
) -> Counted:
    """What is kept of one replicate in one scenario.

    counts : int64 by year and name, as a model tallies them; weight : real persons per agent
    """
    years = list(range(BASE_YEAR, max(counts) + 1))
    stacked = {}
    for name in {name for now in counts.values() for name in now}:
        none = np.zeros_like(next(now[name] for now in counts.values() if name in now))
        stacked[name] = narrow(np.stack([counts[year].get(name, none) for year in years]))
    by_name = dict(zip(constants.names, constants.over(len(years)).T, strict=True))
    values = values_of(counts, weight, parameters)
    figures = figures_of(values, {"infant_years": infant_years(load())})
    of_2010 = frozenset(counts[BASE_YEAR])
    return Counted(stacked, of_2010, figures, by_name, float(weight), person_years, seconds)


def count(unit: Unit, work: Work) -> dict[str, Counted]:
    """Live one replicate; its base is built for it and not kept."""
    gc.collect()  # models are cycles: those of the replicate before would stay for a while
    return together([_Counting(unit, work).live()])[0]  # type: ignore[return-value]


# --- plan ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class CountryPlan:
    """What is about to be lived.

    missing : replicates by draw that are not in the sums yet; held : those that are, together
    seconds : expected; basis : what that is told from
    disk : bytes, expected
    """

    settings: Settings
    scenarios: tuple[str, ...]
    needed: int
    missing: tuple[int, ...]
    held: int
    person_years: int
    seconds: float
    basis: str
    disk: int
    workers: int


@dataclass
class CountrySummary:
    """What became of a run: failed are those that no later replicate has passed."""

    plan: CountryPlan
    seconds: float = 0.0
    failed: list[Outcome] = field(default_factory=list)
    left_out: list[tuple[int, int, str]] = field(default_factory=list)  # draw, replicate, reason


class Country:
    """The sums of a run with their place; `writer` is the right to write there."""

    def __init__(self, store: Store, work: Work, record: dict[str, Any], writer: Writer) -> None:
        self.store, self.work, self.writer = store, work, writer
        self.place: Place = store.place
        self.about = {"key": record["key"], "scenario_keys": record["scenario_keys"]}
        names = xr.Dataset(coords={"scenario": list(work.stored)}, attrs=record)
        pairs = ((name, reference_of(names, name)) for name in work.stored)
        self.references = {name: other for name, other in pairs if other is not None}
        store.variables = {**VARIABLES, **ERRORS}
        store.labels = {**LABELS, **ERROR_LABELS}
        self.sums = {draw: self._read(draw) for draw in range(work.settings.draws + 1)}

    # --- keeping --------------------------------------------------------------------------

    @staticmethod
    def file(draw: int) -> str:
        """Where the sums of a draw are kept."""
        return f"sums-draw-{draw}.npz"

    def _read(self, draw: int) -> Sums:
        content = self.place.read(self.file(draw))
        if content is None:
            return Sums(self.references)
        try:
            sums, about = Sums.from_bytes(content)
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as fault:
            allowed = "an undamaged file; remove it, and the draw is lived from the beginning"
            raise self._problem(f"{self.place}/{self.file(draw)}", allowed) from fault
        if about != self.about:
            allowed = (
                f"the scenarios and values that {self.place} was made with "
                f"({', '.join(about['scenario_keys'])}), whose sums are formed side by side; or "
                "another folder"
            )
            raise self._problem(", ".join(self.work.stored), allowed)
        return sums

    @staticmethod
    def _problem(value: object, allowed: str) -> ParameterError:
        return ParameterError([Problem("option", "--whole-country", value, allowed)])

    def keep(self, draw: int) -> None:
        """Write the sums of a draw, whole."""
        with storing(self.place):
            self.writer.check()
            self.place.write(self.file(draw), self.sums[draw].to_bytes(self.about))

    # --- plan -----------------------------------------------------------------------------

    def plan(self, workers: int, trial: Callable[[Work], float]) -> CountryPlan:
        """What is missing and what it takes.

        trial : seconds that one replicate takes, asked if none has been lived yet
        """
        s = self.work.settings
        missing = tuple(max(s.replicates - self.sums[d].next, 0) for d in self.sums)
        lived = sum(sums.n for sums in self.sums.values())
        workers = min(workers, max(*missing, 1))
        if not any(missing):
            each, basis = 0.0, ""
        elif lived:
            each = sum(sums.seconds for sums in self.sums.values()) / lived
            basis = f"the {lived:,} replicates that are in"
        else:
            each = trial(self.work)
            basis = f"a replicate of {min(TRIAL, s.persons):,} persons lived here, base and all"
        left = departures(Unit(0, 0, self.work.stored), self.work)
        a_life = s.until - BASE_YEAR
        years = a_life + sum(s.until - place.year for place in left.values())
        units = len(self.work.stored) * len(self.sums)
        raw = units * unit_bytes("full", 0, a_life + 1)
        return CountryPlan(
            s, self.work.stored, needed_replicates(s), missing, lived,
            sum(missing) * s.persons * years,
            each * sum(missing) / workers, basis, round(raw * (1 + 1 / COMPRESSION)), workers,
        )  # fmt: skip

    # --- running --------------------------------------------------------------------------

    def carry_out(
        self,
        plan: CountryPlan,
        *,
        scheduler: str | None = None,
        report: Callable[[Outcome], None] = lambda _: None,
        function: Callable[..., Any] | None = None,
        chosen: Executor | None = None,
    ) -> CountrySummary:
        """Live what is missing, draw by draw, and store the means.

        report : called after every replicate; function : lives one, in place of `count`
        chosen : an executor in place of the one for `plan.workers` and `scheduler`

        Raises
        ------
        RunError
            If three replicates fail one after another, or if results cannot be stored. The
            sums so far are kept.
        """
        summary, began = CountrySummary(plan), perf_counter()
        run = chosen or executor(plan.workers, scheduler)
        for draw, sums in self.sums.items():
            before = sums.next
            try:
                self._stream(draw, run, function or count, plan.workers, summary, report)
            finally:
                if sums.next != before:
                    self.keep(draw)
            self._store(draw)
            summary.left_out += [(draw, k, reason) for k, reason in sums.left_out]
        summary.seconds = perf_counter() - began
        with storing(self.place):
            self.store.note_totals()
        return summary

    def _stream(
        self,
        draw: int,
        run: Executor,
        function: Callable[..., Any],
        workers: int,
        summary: CountrySummary,
        report: Callable[[Outcome], None],
    ) -> None:
        sums, kept = self.sums[draw], perf_counter()
        began, done_before = perf_counter(), sums.seconds
        failed: list[Outcome] = []
        outcomes = self._outcomes(draw, run, function, workers, report)
        for outcome in _in_order(outcomes, sums.next):
            if outcome.error:
                failed.append(outcome)
                if len(failed) == IN_A_ROW:
                    raise RunError(_stopped(failed))
                continue
            for one in failed:
                sums.leave_out(one.error)
            failed.clear()
            sums.add(outcome.result)
            # What a replicate takes here with all workers busy, base and waiting included.
            sums.seconds = done_before + (perf_counter() - began) * workers
            if perf_counter() - kept > PAUSE:
                self.keep(draw)
                kept = perf_counter()
        summary.failed += failed

    def _outcomes(
        self,
        draw: int,
        run: Executor,
        function: Callable[..., Any],
        workers: int,
        report: Callable[[Outcome], None],
    ) -> Iterator[Outcome]:
        """Outcomes of what is missing, in whatever order, but none far from its turn."""
        missing = range(self.sums[draw].next, self.work.settings.replicates)
        window = A_WORKER * workers
        for first in range(missing.start, missing.stop, window):
            some = range(first, min(first + window, missing.stop))
            units = [Unit(draw, k, self.work.stored) for k in some]
            with closing(run(function, units, self.work)) as outcomes:
                for outcome in outcomes:
                    report(outcome)
                    yield outcome

    # --- results --------------------------------------------------------------------------

    def _store(self, draw: int) -> None:
        """Write the means of a draw, unless these are stored already."""
        sums, unit = self.sums[draw], Unit(draw, 0, self.work.stored)
        noted: Any = self.store.group.attrs.get("means", {})
        means: dict[str, int] = dict(noted)
        if not sums.n or (means.get(str(draw)) == sums.n and unit not in self.store.missing()):
            return
        with storing(self.place):
            self.writer.check()
            self.store.take_back(unit)
            means[str(draw)] = sums.n
            self.store.note(
                means=means,
                replicates_averaged=min(means.values()),
                replicates_left_out=[
                    {"draw": d, "replicate": k, "reason": reason}
                    for d, one in self.sums.items()
                    for k, reason in one.left_out
                ],
            )
            drawn = {
                case.name: case.parameters.draw(draw, self.work.settings.seed)
                for case in self.work.cases
            }
            self.store.write(
                unit, {name: self._mean(sums, draw, name, drawn[name]) for name in unit.scenarios}
            )

    def _mean(self, sums: Sums, draw: int, name: str, parameters: Any) -> Lived:
        values = values_of(sums.by_year(name), sums.weight / sums.n, parameters)
        for decided in IN_MILLIONTHS:
            if decided in values:
                values[decided] /= sums.n  # the weight has no part in it
        kept = {v.name for v in stored(self.work.settings.detail, draw)}
        values = {key: array for key, array in values.items() if key in kept}
        constants = ConstantTable.of(sums.mean_constants(name))
        return Lived(values | _errors(sums, name), constants, *sums.lived[name])


def _errors(sums: Sums, name: str) -> dict[str, Any]:
    """Standard errors by variable; NaN for differences and costs of who has no reference."""
    level, gap = sums.errors("level", name), sums.errors("difference", name)
    none = {figure: np.full_like(values, np.nan) for figure, values in level.items()}
    gap = gap or none
    cost, part = sums.cost_error(name), sums.errors("part", name)
    no_parts = np.full((len(none["paid"]), len(PARTS)), np.nan)
    return {
        "mc_error": level["national"],
        "mc_error_by_province": level["by_province"],
        "mc_error_difference": gap["national"],
        "mc_error_difference_by_province": gap["by_province"],
        "mc_error_cost": none["paid"] if cost is None else cost,
        "mc_error_part": part.get("parts", no_parts),
    }


def _in_order(outcomes: Iterator[Outcome], turn: int) -> Iterator[Outcome]:
    """The same outcomes by replicate, from `turn` on one after another; early ones wait."""
    waiting: dict[int, Outcome] = {}
    for outcome in outcomes:
        waiting[outcome.unit.replicate] = outcome
        while turn in waiting:
            yield waiting.pop(turn)
            turn += 1


def _stopped(failed: Sequence[Outcome]) -> str:
    lines = [f"draw {o.unit.draw}, replicate {o.unit.replicate}: {o.error}" for o in failed]
    head = f"{len(failed)} replicates failed one after another; the sums before them are kept"
    return "\n  ".join([f"{head}, and the same command goes on with these:", *lines])


def trial(work: Work) -> float:
    """Seconds that one replicate takes in this process, told from a smaller one.

    It is lived twice, for the first time compiles or loads the loops.
    """
    s = work.settings
    persons = min(TRIAL, s.persons)
    small = work._replace(settings=replace(s, persons=persons))
    count(Unit(0, 0, work.stored), work._replace(settings=replace(s, persons=500)))
    began = perf_counter()
    count(Unit(0, 0, work.stored), small)
    return (perf_counter() - began) * s.persons / persons
