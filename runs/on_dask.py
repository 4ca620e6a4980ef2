"""Units as futures on a Dask scheduler: its address, or one of our own on this machine.

A unit's key is made of all that determines its result, so that a run sent again joins what is
under way. A few units for each worker are sent at a time and each result is let go as soon as
it is stored: neither this process nor the scheduler grows with the number of units. The work
and what units share are tasks as well, which the scheduler can have made again when a worker
is lost; scattered data could not be.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from ..parameters.problems import ParameterError, Problem
from .build import Build, OtherBuild, as_known, as_on_disk, demand
from .executors import ATTEMPTS, DIED, Function, Outcome, Outcomes, Shared, one_thread, reason
from .faults import RunError
from .settings import OPTION, Work

LOCAL = "local"  # in place of an address: a scheduler of one's own
PATIENCE = 10.0  # seconds until a scheduler must have answered
AHEAD = 2  # units sent for each thread of the workers: one lived, one next
LOGS = "distributed", "distributed.client"  # each has a level of its own
OWN = {  # of a scheduler of one's own; docs/cluster.md says the same for others
    "distributed.scheduler.allowed-failures": ATTEMPTS - 1,
    "distributed.worker.memory.pause": False,  # a paused worker would never go on by itself
    "distributed.worker.profile.enabled": False,  # a record of every second, for an hour
    # Dask has workers give memory back at once, which makes a year half as slow again.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}
NAMES_MAX = 3  # workers named in one message
_log = logging.getLogger("songhe")


class OnDask:
    """A Dask scheduler by address; "local" starts one with workers on this machine."""

    def __init__(self, address: str, workers: int) -> None:
        self.address, self.workers = address, workers

    def __call__(
        self, function: Function, units: Sequence[Any], work: Any, shared: Shared | None = None
    ) -> Outcomes:
        """See `Executor`.

        Raises
        ------
        ParameterError
            If a worker computes with other sources or packages.
        RunError
            If the scheduler is lost.
        """
        with self.connected() as client:
            run = _Run(client, function, work, shared)
            try:
                yield from run.outcomes(units)
            except OtherBuild as fault:
                raise ParameterError([_other_build(self.address, [str(fault)])]) from None
            except (CancelledError, OSError) as fault:
                raise RunError(_lost(self.address, fault)) from None
            finally:
                run.leave()

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """A client, whose own workers, if it has any, use one thread each."""
        with one_thread(), _quiet(), self._client() as client:
            yield client

    @contextmanager
    def _client(self) -> Iterator[Any]:
        dask, distributed = import_module("dask"), import_module("distributed")

        if self.address != LOCAL:
            with distributed.Client(self.address, timeout=PATIENCE, set_as_default=False) as client:
                yield client
            return
        with (
            dask.config.set(OWN),
            distributed.LocalCluster(
                n_workers=self.workers, threads_per_worker=1, dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):  # fmt: skip
            yield client


def _lost(address: str, fault: BaseException) -> str:
    why = getattr(fault, "reason", None) or type(fault).__name__
    return (
        f"the Dask scheduler {address} was lost or restarted ({why}); "
        "what is finished is kept, the same command goes on"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """No lines of Dask's own: what happens is said by what is raised here."""
    logs = [logging.getLogger(name) for name in LOGS]
    before = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL + 1)
    yield
    for log, level in zip(logs, before, strict=True):
        log.setLevel(level)  # not after a fault: a client looks for its scheduler for a while


class _Run:
    """Units under way on a scheduler."""

    def __init__(self, client: Any, function: Function, work: Any, shared: Shared | None) -> None:
        self.client, self.function, self.shared = client, function, shared
        self.build = as_on_disk()
        self.ended: Any = import_module("distributed").as_completed(loop=client.loop)
        self.tokenize: Any = import_module("dask.base").tokenize
        content = work.content_key if isinstance(work, Work) else work
        self.token = self.tokenize(function, content, self.build)
        self.work = client.submit(_itself, work, key=f"songhe-work-{self.token}")
        self.running: dict[Any, Any] = {}
        self.made: dict[Hashable, Any] = {}

    def outcomes(self, units: Sequence[Any]) -> Iterator[Outcome]:
        """Outcomes as units end; those in whose company a worker died come last, one by one."""
        if not self._threads():
            _log.warning("the Dask scheduler has no workers yet; units wait for them")
        waiting, suspects = deque(units), list[Any]()
        left = Counter(map(self.shared.group, units)) if self.shared else Counter[Hashable]()
        while True:
            while waiting and len(self.running) < max(AHEAD * self._threads(), AHEAD):
                unit = waiting.popleft()
                self._submit(unit, self._made_for(unit, left))
            if not self.running:
                break
            future = next(self.ended)
            unit = self.running.pop(future)
            self._let_go(unit, left)
            if _killed_its_worker(future):
                suspects.append(unit)
                continue
            yield _outcome(future, unit)
            future.release()
        for unit in suspects:
            yield self._alone(unit)

    def leave(self) -> None:
        """Nobody waits for what is still under way."""
        if self.running and self.client.status == "running":
            self.client.cancel(list(self.running))

    def _threads(self) -> int:
        return sum(self.client.nthreads().values())

    def _submit(self, unit: Any, made: Any, name: str = "unit") -> None:
        key = f"songhe-{name}-{self.tokenize(self.token, unit)}"
        future = self.client.submit(
            _lived, self.function, unit, self.work, made, self.build,
            key=key, retries=ATTEMPTS - 1,
        )  # fmt: skip
        self.running[future] = unit
        self.ended.add(future)

    def _alone(self, unit: Any) -> Outcome:
        """Live a unit with nothing else under way, so that a worker's death is its own."""
        self._submit(unit, None, "alone")
        future = next(self.ended)
        del self.running[future]
        return Outcome(unit, error=DIED) if _killed_its_worker(future) else _outcome(future, unit)

    def _made_for(self, unit: Any, left: "Counter[Hashable]") -> Any:
        """What the unit shares with others that are not yet lived, and None if there are none."""
        if self.shared is None:
            return None
        group = self.shared.group(unit)
        if group not in self.made and left[group] > 1:
            self.made[group] = self.client.submit(
                _made, self.shared.make, group, self.work, self.build,
                key=f"songhe-shared-{self.tokenize(self.token, group)}", retries=ATTEMPTS - 1,
            )  # fmt: skip
        return self.made.get(group)

    def _let_go(self, unit: Any, left: "Counter[Hashable]") -> None:
        if self.shared is None:
            return
        group = self.shared.group(unit)
        left[group] -= 1
        if not left[group]:
            self.made.pop(group, None)


def _killed_its_worker(future: Any) -> bool:
    killed = import_module("distributed.scheduler").KilledWorker
    return future.status == "error" and isinstance(future.exception(), killed)


def _outcome(future: Any, unit: Any) -> Outcome:
    if future.status != "error":
        return Outcome(unit, future.result())
    fault = future.exception()
    if isinstance(fault, OtherBuild):
        raise fault
    return Outcome(unit, error=reason(fault.with_traceback(future.traceback())))


# --- on a worker --------------------------------------------------------------------------


def _itself(work: Any) -> Any:
    return work


def _made(make: Any, group: Any, work: Any, build: Build) -> Any:
    demand(build, _worker())
    return make(group, work)


def _lived(function: Function, unit: Any, work: Any, made: Any, build: Build) -> Any:
    demand(build, _worker())
    return function(unit, work) if made is None else function(unit, work, made)


def _worker() -> str:
    return f"worker {import_module('distributed').get_worker().address}"


# --- before anything is written -------------------------------------------------------------


def scheduler_problems(address: str) -> list[Problem]:
    """Why a scheduler cannot be used; asked before anything is written."""
    if address == LOCAL or address.startswith("inproc://"):
        return []
    with _quiet():
        try:
            kind = asyncio.run(_kind_at(address))
            strange = asyncio.run(_other_builds(address)) if kind == "Scheduler" else []
        except Exception as fault:  # of any kind: an address can be any nonsense
            kind, strange = f"{type(fault).__name__}: {fault}", []
    if kind != "Scheduler":
        allowed = f"{LOCAL}, or the address of a Dask scheduler that answers ({kind})"
        return [Problem(OPTION, "--scheduler", address, allowed)]
    return [_other_build(address, strange)] if strange else []


async def _kind_at(address: str) -> str:
    """What answers at an address: Scheduler, Worker or nobody."""
    distributed: Any = import_module("distributed")
    security = distributed.Security().get_connection_args("client")
    async with distributed.rpc(address, timeout=PATIENCE, connection_args=security) as there:
        about = await asyncio.wait_for(there.identity(), PATIENCE)
    return str(about.get("type", "nobody"))


async def _other_builds(address: str) -> list[str]:
    """Workers that compute with something else than this process, each in a line."""
    distributed: Any = import_module("distributed")
    mine = as_on_disk()
    async with distributed.Client(
        address, asynchronous=True, timeout=PATIENCE, set_as_default=False
    ) as client:
        builds = await client.run(as_known, on_error="return")
    found = []
    for worker, build in sorted(builds.items()):
        if isinstance(build, BaseException):
            found.append(f"worker {worker} cannot say ({reason(build)})")
        elif build != mine:
            found.append(str(OtherBuild(f"worker {worker}", str(build), str(mine))))
    return found


def _other_build(address: str, strange: Sequence[str]) -> Problem:
    shown = list(strange[:NAMES_MAX])
    if len(strange) > NAMES_MAX:
        shown.append(f"{len(strange) - NAMES_MAX} more")
    allowed = f"workers of this very version, started anew after a change ({'; '.join(shown)})"
    return Problem(OPTION, "--scheduler", address, allowed)
