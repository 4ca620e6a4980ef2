"""Where units are lived: in this process, in a pool of processes, or on a Dask scheduler.

All three give an outcome for every unit, in whatever order they end. A unit that fails is
tried once more; one that fails again is named and keeps nobody else from finishing. Workers
use one thread each.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from ..parameters.problems import Problem
from .settings import OPTION

LOCAL = "local"  # in place of an address: a scheduler of one's own
PATIENCE = 5.0  # seconds until a scheduler must have answered
THREAD_LIMITS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip
ATTEMPTS = 2
Function = Callable[[Any, Any], Any]  # a unit, and the work that all units share


class Outcome(NamedTuple):
    """What became of a unit: its result, or why there is none."""

    unit: Any
    result: Any = None
    error: str = ""


class Executor(Protocol):
    """Lives units and gives their outcomes as they come."""

    def __call__(self, function: Function, units: Sequence[Any], work: Any) -> Iterator[Outcome]:
        """Call `function(unit, work)` for every unit."""


def in_this_process(function: Function, units: Sequence[Any], work: Any) -> Iterator[Outcome]:
    """One unit after another."""
    for unit in units:
        yield _tried(function, unit, work)


def _tried(function: Function, unit: Any, work: Any) -> Outcome:
    error = ""
    for _ in range(ATTEMPTS):
        try:
            return Outcome(unit, function(unit, work))
        except Exception as fault:
            error = reason(fault)
    return Outcome(unit, error=error)


def reason(fault: BaseException) -> str:
    """A fault in a line: its kind, its message and where it was raised."""
    trace = fault.__traceback__
    where = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        where, trace = f" (in {code.co_name}, line {trace.tb_lineno})", trace.tb_next
    return f"{type(fault).__name__}: {fault}{where}"


# --- processes ----------------------------------------------------------------------------


class Processes:
    """A pool of worker processes on this machine.

    A worker that dies takes down the units in flight; each of these is then lived alone, so
    that the one at fault is found and the others are kept.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def __call__(self, function: Function, units: Sequence[Any], work: Any) -> Iterator[Outcome]:
        """See `Executor`."""
        waiting = list(units)
        while waiting:
            in_flight: list[Any] = []
            yield from self._until_broken(function, waiting, work, in_flight)
            for unit in in_flight:
                yield self._alone(function, unit, work)

    def _until_broken(
        self, function: Function, waiting: list[Any], work: Any, in_flight: list[Any]
    ) -> Iterator[Outcome]:
        """Live what waits; leaves in `in_flight` what a dying worker took down."""
        with _pool(self.workers, function, work) as pool:
            running: dict[Future[Outcome], Any] = {}
            while waiting or running:
                while waiting and len(running) < self.workers:
                    unit = waiting.pop(0)
                    running[pool.submit(_lived_here, unit)] = unit
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    unit = running.pop(future)
                    try:
                        outcome = future.result()
                    except BrokenProcessPool:
                        in_flight += [unit, *running.values()]
                        return
                    yield outcome

    def _alone(self, function: Function, unit: Any, work: Any) -> Outcome:
        with _pool(1, function, work) as pool:
            try:
                return pool.submit(_lived_here, unit).result()
            except BrokenProcessPool:
                return Outcome(unit, error="its worker process died (out of memory, or killed)")


_here: dict[str, Any] = {}  # what a worker process was started with


def _begin(function: Function, work: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker without a traceback
    _here.update(function=function, work=work)


def _lived_here(unit: Any) -> Outcome:
    return _tried(_here["function"], unit, _here["work"])


@contextmanager
def _pool(workers: int, function: Function, work: Any) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes are gone at the end, whatever happened."""
    before = set(multiprocessing.active_children())
    with _one_thread():
        pool = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(function, work),
        )
        try:
            yield pool
        except BaseException:
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()  # nobody waits for it any more
            pool.shutdown(cancel_futures=True)  # the pool's own thread collects its processes
            raise
        pool.shutdown()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit the threads of numerical libraries in processes started inside."""
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    os.environ.update(dict.fromkeys(THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# --- Dask ---------------------------------------------------------------------------------


class OnDask:
    """A Dask scheduler by address; "local" starts one with workers on this machine."""

    def __init__(self, address: str, workers: int) -> None:
        self.address, self.workers = address, workers

    def __call__(self, function: Function, units: Sequence[Any], work: Any) -> Iterator[Outcome]:
        """See `Executor`."""
        distributed: Any = import_module("distributed")  # untyped

        with _one_thread(), self._client() as client:
            shared = client.scatter(work, broadcast=True)
            futures = {
                client.submit(
                    _tried, function, unit, shared, pure=False, retries=ATTEMPTS - 1
                ): unit
                for unit in units
            }
            try:
                for future in distributed.as_completed(futures):
                    fault = future.exception()
                    unit = futures[future]
                    yield Outcome(unit, error=reason(fault)) if fault else future.result()
                    future.release()
            except GeneratorExit:
                client.cancel(list(futures))
                raise

    def _client(self) -> Any:
        distributed: Any = import_module("distributed")

        if self.address != LOCAL:
            return distributed.Client(self.address)
        return distributed.Client(
            n_workers=self.workers, threads_per_worker=1, dashboard_address=None, silence_logs=40
        )


def scheduler_problems(address: str) -> list[Problem]:
    """Why a scheduler cannot be used; asked before anything is written."""
    if address == LOCAL or address.startswith("inproc://"):
        return []
    try:
        kind = asyncio.run(_kind_at(address))
    except Exception as fault:  # of any kind: an address can be any nonsense
        kind = f"{type(fault).__name__}: {fault}"
    if kind == "Scheduler":
        return []
    allowed = f"{LOCAL}, or the address of a Dask scheduler that answers ({kind})"
    return [Problem(OPTION, "--scheduler", address, allowed)]


async def _kind_at(address: str) -> str:
    """What answers at an address: Scheduler, Worker or nobody."""
    distributed: Any = import_module("distributed")
    security = distributed.Security().get_connection_args("client")
    async with distributed.rpc(address, timeout=PATIENCE, connection_args=security) as there:
        about = await asyncio.wait_for(there.identity(), PATIENCE)
    return str(about.get("type", "nobody"))


def executor(workers: int, scheduler: str | None = None) -> Executor:
    """The executor of an option: a scheduler's address, or a number of processes."""
    if scheduler is not None:
        return OnDask(scheduler, workers)
    return in_this_process if workers == 1 else Processes(workers)
