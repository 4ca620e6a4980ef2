"""One (draw, replicate) lived: its history once, then every scenario from where it departs.

A scenario branches at the end of the year before the first one in which any step could read
another number. It takes the constants of its origin by year; a structural baseline departs
in the same way and solves its own from then on. Without branching, every scenario lives a
second life from 2011 instead, which must come to the same figures.

A life is a generator: in a coupled scenario it stops before every year, gives the totals of its
year before, and goes on with those of all replicates of the draw (`lockstep.py`).
"""

import gc
from collections.abc import Callable, Generator, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from ..parameters.load import Parameters
from .executors import Shared
from .results import BASE_YEAR, ConstantTable, Values, flat_constants, values_of
from .settings import Case, Work
from .variables import stored

if TYPE_CHECKING:  # the process that plans and stores needs no model
    from ..agents.base import Base
    from ..model.align import Constants
    from ..model.model import SongheModel
    from ..model.national import Totals


class Unit(NamedTuple):
    """What is asked of a worker: one draw and replicate, and the scenarios still missing."""

    draw: int
    replicate: int
    scenarios: tuple[str, ...]


class Lived(NamedTuple):
    """Results of one scenario in one unit.

    values : float64[year, *dims] by variable
    person_years : lived for this scenario, without the history that it shares
    seconds : of this scenario's own life
    """

    values: Values
    constants: ConstantTable
    person_years: int
    seconds: float


Life = Generator["Totals", "Totals", dict[str, Lived]]


def live(unit: Unit, work: Work, base: "Base | None" = None) -> dict[str, Lived]:
    """Live a unit by itself; results of the scenarios that it asks for.

    base : of the unit's replicate, which is read and not changed; None loads or builds it
    """
    from .lockstep import together

    gc.collect()  # models are cycles: those of the unit before would stay for a while
    return together([life(unit, work, base)])[0]


def life(unit: Unit, work: Work, base: "Base | None" = None) -> Life:
    """The life of a unit, which meets those of other replicates where a case is coupled."""
    return Lives(unit, work, base).live()


def replicate_of(unit: Unit) -> int:
    """What units must have in common to start from the same people."""
    return unit.replicate


def base_of(replicate: int, work: Work) -> "Base":
    """The people of 2010 of a replicate, from the user's cache or built and kept there."""
    from ..agents import base as base_of_2010

    s = work.settings
    medians = work.root.parameters
    return base_of_2010.load_or_build(medians, s.persons, s.seed, replicate, s.concept)


BASES = Shared(replicate_of, base_of)


def live_until(work: Work, name: str, unit: Unit, year: int) -> "SongheModel":
    """The model of one scenario at the end of a year, for a look at its people."""
    from .lockstep import is_coupled, together

    asked = unit._replace(scenarios=(name,))
    units = [asked]
    if is_coupled(asked, work):
        units = [asked._replace(replicate=k) for k in range(work.settings.replicates)]
    lives = {one: Lives(one, work, until=year) for one in units}
    together([one.live() for one in lives.values()])
    last = lives[asked].last
    assert last is not None
    return last


class Departure(NamedTuple):
    """Where a case leaves another's life: after `year` of the life of `source`."""

    source: str
    year: int


class Lives:
    """The lives of one unit, origins before those that branch from them."""

    def __init__(
        self, unit: Unit, work: Work, base: "Base | None" = None, until: int | None = None
    ) -> None:
        self.unit, self.work, self.base = unit, work, base
        self.stop = until or work.settings.until
        self.parameters = _drawn(unit, work)
        self.needed = needed(unit, work)
        self.results: dict[str, Lived] = {}
        self.looks = until is not None  # at the people, so that the last model keeps them
        self.last: SongheModel | None = None

    def live(self) -> Life:
        departures = _departures(self.needed, self.parameters, self.work, self.stop)
        constants: dict[str, Constants] = {}
        kept: dict[Departure, SongheModel] = {}
        for case in self.needed:
            began = perf_counter()
            place = departures.pop(case.name, None)
            model = self._start(case, kept, place, place in departures.values(), constants)
            first = model.year
            leaving = {d.year for d in departures.values() if d.source == case.name}
            for year in self._years(case, first, leaving):
                if year > first:
                    if case.coupled:
                        model.national = yield model.national
                    model.step()
                if year in leaving:
                    kept[Departure(case.name, year)] = model.branch(model.parameters)
            constants[case.name] = model.constants
            if case.name in self.unit.scenarios:
                self.results[case.name] = self._lived(case, model, first, began)
            if self.looks and case.name in self.unit.scenarios:
                self.last = model
            else:
                model.let_go()
        return self.results

    def _start(
        self,
        case: Case,
        kept: "dict[Departure, SongheModel]",
        place: Departure | None,
        again: bool,
        constants: "Mapping[str, Constants]",
    ) -> "SongheModel":
        """The model of a case at the end of the year before it departs.

        kept : models that cases leave from; again : whether another will leave from this one
        """
        parameters = self.parameters[case.name]
        if place is None:
            return self._newborn(parameters)
        source = kept[place] if again else kept.pop(place)
        twin = source.branch(parameters, solves_anew=case.anew, takes_over=not again)
        if not case.anew:
            assert case.origin is not None
            twin.constants = constants[case.origin].for_scenario()
        return twin

    def _newborn(self, parameters: Parameters) -> "SongheModel":
        from ..agents import luck
        from ..model.model import SongheModel

        s, unit = self.work.settings, self.unit
        own = self.base is None  # nobody else starts from it
        base = self._base() if self.base is None else self.base
        key = luck.key_of(s.seed, unit.draw, unit.replicate)
        return SongheModel(base, parameters, key, concept=s.concept, takes_over=own)

    def _base(self) -> "Base":
        """People of 2010 that this life alone holds."""
        return base_of(self.unit.replicate, self.work)

    def _years(self, case: Case, first: int, leaving: set[int]) -> range:
        """To the horizon, unless only baselines of their own depart from this case."""
        lends = any(c.origin == case.name and not c.anew for c in self.needed)
        whole = lends or case.name in self.unit.scenarios
        return range(first, (self.stop if whole else max(leaving, default=first)) + 1)

    def _lived(self, case: Case, model: "SongheModel", first: int, began: float) -> Lived:
        counts = model.tally.years
        values = values_of(counts, model.weight, self.parameters[case.name])
        kept = {v.name for v in stored(self.work.settings.detail, self.unit.draw)}
        lived = sum(int(counts[year]["population"].sum()) for year in range(first, model.year))
        return Lived(
            {name: array for name, array in values.items() if name in kept},
            flat_constants(model.constants.table()),
            lived,
            perf_counter() - began,
        )


def departures(unit: Unit, work: Work) -> dict[str, Departure]:
    """Where each scenario of a unit, but the baseline, leaves which life."""
    return _departures(needed(unit, work), _drawn(unit, work), work, work.settings.until)


def _departures(
    cases: Sequence[Case], parameters: Mapping[str, Parameters], work: Work, stop: int
) -> dict[str, Departure]:
    start, found = {work.root.name: BASE_YEAR}, dict[str, Departure]()
    for case in cases:
        if case.origin is None:
            continue
        source, year = case.origin, BASE_YEAR
        if work.branching or case.anew:
            year = _last_common_year(case, parameters, stop)
        while year < start[source]:  # the origin was still living another's life
            source = work.case(source).origin or work.root.name
        start[case.name] = year
        found[case.name] = Departure(source, year)
    return found


def _last_common_year(case: Case, parameters: Mapping[str, Parameters], stop: int) -> int:
    """Last year in which no step can tell a case from its origin, in this draw."""
    assert case.origin is not None
    mine, theirs = parameters[case.name], parameters[case.origin]
    days = mine.changed_from(theirs, case.announced).values()
    years = [BASE_YEAR if day is None else day.year - 1 for day in days]
    return min(max(min(years, default=stop), BASE_YEAR), stop)


def needed(unit: Unit, work: Work) -> list[Case]:
    """The cases asked for and all that these branch from, origins first."""
    wanted = set(unit.scenarios)
    for case in reversed(work.cases):
        if case.name in wanted and case.origin:
            wanted.add(case.origin)
    return [case for case in work.cases if case.name in wanted]


def _drawn(unit: Unit, work: Work) -> dict[str, Parameters]:
    seed = work.settings.seed
    return {case.name: case.parameters.draw(unit.draw, seed) for case in work.cases}


Live = Callable[..., dict[str, Lived]]  # of a unit, the work and, if shared, the base
