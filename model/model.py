"""SongheModel: one replicate of the country, lived year by year.

The shell is Mesa's: `step()` is one year, institutions are agents. People are columns. What
happens in a year, and in which order, stands in `year.py`. `seconds` adds up the time that
each step has taken.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from ..agents.accounts import Accounts
from ..agents.compiled import kernel
from ..agents.frame import People, parts
from ..agents.institutions import copy_funds, open_funds
from ..agents.providers import Providers, copy_providers
from ..agents.shell import mesa
from ..parameters.dims import EDUCATION, PROVINCES, RESIDENCES, SEXES
from ..parameters.garbage import garbage_waits
from ..parameters.load import Parameters
from ..parameters.rates import Concept
from . import ahead, national
from .align import Constants
from .birth_account import no_account
from .engine import BLOCK, COMPACT_EVERY, Engine
from .starting_adl import starting_adl
from .step import YEARLY, Step
from .tally import Tally, stocks
from .views import Household, Person, collector, household_view, person_view

if TYPE_CHECKING:
    from ..agents.base import Base
    from .young_children import Young

BASE_YEAR = 2010
PARITY_CLASSES = 3  # childless, one child, two and more
MOVE_TALLIES = {
    "family": "net_migration",
    "moves": "net_migration",
    "reclassified": "reclassified",
}


@dataclass(frozen=True)
class Options:
    """What may be switched off, for tests against theory, and how work is spread.

    differentials : people of one age differ in death and births
    markets : marriage, divorce, leaving home, moves and school take place
    policies : policies pay and are paid for
    collect : a Mesa data collector keeps a few figures a year, for small runs and teaching
    threads, block : who shares the rows, and in blocks of how many
    """

    differentials: bool = True
    markets: bool = True
    policies: bool = True
    collect: bool = False
    threads: int = 1
    block: int = BLOCK


@kernel
def change_places(
    rows: Any, to_province: Any, to_residence: Any, province: Any, residence: Any, sex: Any,
    flows: Any,
) -> None:  # fmt: skip
    """Write new places and count gains less losses; flows : int64[province, residence, sex]."""
    for k in range(rows.size):
        i = rows[k]
        flows[province[i], residence[i], sex[i]] -= 1
        province[i], residence[i] = to_province[k], to_residence[k]
        flows[province[i], residence[i], sex[i]] += 1


class SongheModel(Engine):
    """One replicate under one scenario and draw.

    base : read and not changed, unless the model takes it over: the people of the base are then
        those of the model, which saves holding them twice, and the base must not be used again
    """

    def __init__(
        self,
        base: "Base",
        parameters: Parameters,
        key: luck.Key,
        *,
        concept: Concept = "official",
        options: Options | None = None,
        takes_over: bool = False,
    ) -> None:
        with garbage_waits():
            from .year import POLICIES, YEAR, columns

        ahead.start()
        self.options = options or Options()
        people = base.people if takes_over else base.people.copy()
        people.add(columns())
        super().__init__(
            people,
            [step for step in YEAR if self._lives(step)],
            key,
            year=BASE_YEAR,
            n_households=base.n_households,
            threads=self.options.threads,
            block=self.options.block,
        )
        self.parameters, self.concept = parameters, concept
        self.weight = base.weight
        self.persons = people.n
        self.constants = Constants()
        self.tally = Tally()
        self.counterparts: dict[str, NDArray[np.int64]] = {}
        self.birth_account = no_account()
        self.no_promises()
        self.funds = open_funds(self) if POLICIES else {}
        self.providers: dict[str, Providers] = {}
        self.young: Young | None = None
        self.accounts: Accounts | None = None  # of pensions beside the basic one
        if self.options.differentials:
            self._start_function()
        self.tally.now = stocks(self)
        self.start_careers()
        self.tally.close(BASE_YEAR)
        self.national = national.totals(self.tally.years[BASE_YEAR])
        self.datacollector = collector() if self.options.collect else None

    def _lives(self, step: Step) -> bool:
        from .year import MARKET_STEPS, POLICY_STEPS

        if not self.options.markets and step.name in MARKET_STEPS:
            return False
        return self.options.policies or step.name not in POLICY_STEPS

    @property
    def new_year(self) -> date:
        """The first day of the year being lived."""
        return date(self.year, 1, 1)

    def step(self) -> None:
        """Live one year.

        Rules that react to national totals read `national`: this replicate's own of the year
        before, unless whoever runs several has put their sums there.
        """
        self.year += 1
        self.constants.year = self.year
        self.no_promises()
        self.live()
        ahead.end()
        self.tally.close(self.year)
        years = self.tally.years
        self.national = national.totals(years[self.year], years.get(self.year - 1))
        self.compact()
        self.young = None
        for providers in self.providers.values():
            providers.forget()
        if self.datacollector is not None:
            self.datacollector.collect(self)

    def compact(self, passing: Collection[str] = YEARLY) -> None:
        """As any engine's; accounts follow their holders."""
        if self.accounts is None or self.year % COMPACT_EVERY:
            super().compact(passing)
            return
        holders = self.people["id"][self.accounts.rows]
        super().compact(passing)
        self.accounts = self.accounts.moved(holders, self.people)

    def no_promises(self) -> None:
        """Couples have heard of no policy; what `birth_response` writes each year."""
        shape = (PARITY_CLASSES, len(RESIDENCES), len(EDUCATION))
        self.birth_response = np.zeros(shape)
        self.beyond_evidence = np.zeros((PARITY_CLASSES, 1, *shape[1:]), np.bool_)
        # Yuan for the next child, fits promise.SHAPE.
        self.promised: NDArray[np.float64] = np.zeros((1, 1, 1, 1))

    def record_moves(
        self,
        rows: NDArray[Any],
        province: NDArray[Any],
        residence: NDArray[Any],
        kind: str = "family",
    ) -> None:
        """Change the place of people and count who left and who came.

        kind : "family" and "moves" count as migration, "reclassified" apart
        """
        people = self.people
        flows = np.zeros((len(PROVINCES), len(RESIDENCES), len(SEXES)), np.int64)
        columns = (people[name] for name in ("province", "residence", "sex"))
        rows = np.asarray(rows, np.int64)
        change_places(rows, province, residence, *columns, flows)
        self.tally.add(MOVE_TALLIES[kind], flows)

    def branch(
        self, parameters: Parameters, *, solves_anew: bool = False, takes_over: bool = False
    ) -> "SongheModel":
        """An independent copy that goes on under other parameters.

        It takes the constants of this model, by year, unless it solves anew (a scenario that
        is a baseline of its own). If it takes over, it has the people themselves in place of a
        copy, and this model has none left.
        """
        twin = SongheModel.__new__(SongheModel)
        mesa.Model.__init__(twin, rng=0)
        for name in ("options", "threads", "block", "key", "concept", "year_list", "weight"):
            setattr(twin, name, getattr(self, name))
        twin.persons, twin.year = self.persons, self.year
        twin.n_households = self.n_households
        twin.parameters, twin.national = parameters, self.national
        twin.people = self.people if takes_over else self.people.copy()
        twin.accounts = self.accounts  # written anew each year, never in place
        if takes_over:
            self.let_go()
        twin.constants = self.constants.for_scenario(solves_anew=solves_anew)
        twin.datacollector = None
        twin.tally, twin.seconds = Tally(), defaultdict(float)
        twin.tally.years = dict(self.tally.years)
        twin.birth_account = self.birth_account.copy()
        twin.no_promises()
        twin.counterparts = {name: sums.copy() for name, sums in self.counterparts.items()}
        twin.funds = copy_funds(self.funds, twin)
        twin.providers, twin.young = copy_providers(self.providers, twin), None
        return twin

    def let_go(self) -> None:
        """Give up the people; what was counted stays.

        A model is a cycle, whose memory would otherwise wait for the collector.
        """
        self.people, self.accounts = People(self.people.columns.values()), None

    def start_careers(self) -> None:
        """Work and pensions at the end of the base year."""
        with garbage_waits():
            from . import careers

        careers.start(self)

    def _start_function(self) -> None:
        """State of function at the end of the base year, by each person's own luck."""
        people = self.people
        chances = np.cumsum(starting_adl(self.parameters, BASE_YEAR, self.concept), axis=-1)
        for rows in parts(people.n):
            u = luck.uniforms(people["id"][rows], luck.Call.PERSON, BASE_YEAR, self.key)[0]
            here = chances[people["sex"][rows], np.clip(people["age"][rows], 0, 100)]
            people["adl"][rows] = (u[:, None] >= here[:, :3]).sum(axis=1)

    def person(self, identity: int | str) -> Person:
        """One person in words; by id, or by path as in `41207.2.1`.

        Raises
        ------
        LookupError
            If nobody of that id is alive in this replicate.
        """
        return person_view(self, identity)

    def household(self, number: int) -> Household:
        """One family household in words.

        Raises
        ------
        LookupError
            If nobody lives in a household of that number.
        """
        return household_view(self, number)

    def __iter__(self) -> Iterator[int]:
        """Live one year after another, giving each year once it is over."""
        while True:
            self.step()
            yield self.year


__all__ = ["BASE_YEAR", "Options", "SongheModel"]
