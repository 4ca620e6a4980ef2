"""Where units are lived: in this process, in a pool of processes, or on a Dask scheduler.

All three give an outcome for every unit, in whatever order they end. A unit that fails is
tried once more; one that fails again is named and keeps nobody else from finishing. Workers
use one thread each. What several units start from is made once, before the first of them.
"""

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from ..parameters.problems import ParameterError, Problem
from .build import Build, OtherBuild, as_on_disk, demand
from .settings import OPTION

THREAD_LIMITS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip
ATTEMPTS = 2
DIED = "its worker process died (out of memory, or killed)"
Function = Callable[..., Any]  # of a unit, the work of all units, and what its group shares


class Outcome(NamedTuple):
    """What became of a unit: its result, or why there is none."""

    unit: Any
    result: Any = None
    error: str = ""


Outcomes = Generator[Outcome, None, None]  # closed early, what is under way ends


class Shared(NamedTuple):
    """What several units start from and none of them changes.

    group : of a unit; units of one group share
    make : what a group shares, from the group and the work; made again it is the same
    """

    group: Callable[[Any], Hashable]
    make: Callable[[Any, Any], Any]

    def groups(self, units: Sequence[Any]) -> set[Hashable]:
        """Groups of more than one unit: the others have nobody to share with."""
        return {g for g, count in Counter(map(self.group, units)).items() if count > 1}


class Executor(Protocol):
    """Lives units and gives their outcomes as they come."""

    def __call__(
        self, function: Function, units: Sequence[Any], work: Any, shared: Shared | None = None
    ) -> Outcomes:
        """Call `function(unit, work)` for every unit.

        shared : where it is handed over, the call is `function(unit, work, what is shared)`
        """


def in_this_process(
    function: Function, units: Sequence[Any], work: Any, shared: Shared | None = None
) -> Outcomes:
    """One unit after another; each finds what it shares where the first has kept it."""
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
    that the one at fault is found and the others are kept. What a group of units shares is
    made in one worker, which keeps it on disk, while units of other groups are lived.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def __call__(
        self, function: Function, units: Sequence[Any], work: Any, shared: Shared | None = None
    ) -> Outcomes:
        """See `Executor`."""
        begin = function, work, None if shared is None else shared.make, as_on_disk()
        waiting = _Waiting(units, shared)
        try:
            while waiting.units:
                in_flight: list[Any] = []
                yield from self._until_broken(begin, waiting, in_flight)
                for unit in in_flight:
                    yield self._alone(begin, unit)
        except OtherBuild as fault:
            allowed = f"the sources that the run began with ({fault.here}), or a run anew"
            found = f"{fault.worker} with {fault.there}"
            raise ParameterError([Problem(OPTION, "--workers", found, allowed)]) from None

    def _until_broken(self, begin: "_Begin", waiting: "_Waiting", in_flight: list[Any]) -> Outcomes:
        """Live what waits; leaves in `in_flight` what a dying worker took down."""
        with worker_pool(self.workers, begin) as pool:
            running: dict[Future[Outcome | None], _Task] = {}
            while True:
                self._fill(pool, waiting, running)
                if not running:
                    return
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                dead = {f for f in ended if isinstance(f.exception(), BrokenProcessPool)}
                for future in ended - dead:
                    task = running.pop(future)
                    waiting.end(task)
                    if not task.is_group and (outcome := future.result()):
                        yield outcome
                if dead:
                    for task in running.values():
                        waiting.end(task)
                    in_flight += [task.of for task in running.values() if not task.is_group]
                    return

    def _fill(
        self,
        pool: ProcessPoolExecutor,
        waiting: "_Waiting",
        running: "dict[Future[Outcome | None], _Task]",
    ) -> None:
        while len(running) < self.workers and (task := waiting.take()):
            try:
                running[pool.submit(_done_here, task)] = task
            except BrokenProcessPool:  # an idle worker has just died
                waiting.put_back(task)
                return

    def _alone(self, begin: "_Begin", unit: Any) -> Outcome:
        with worker_pool(1, begin) as pool:
            try:
                return pool.submit(_done_here, _Task(unit)).result() or Outcome(unit)
            except BrokenProcessPool:
                return Outcome(unit, error=DIED)


class _Task(NamedTuple):
    """What a worker does next: a unit, or what a group of units shares."""

    of: Any
    is_group: bool = False


class _Waiting:
    """Units to be lived, in order; those of a group wait until what they share is made."""

    def __init__(self, units: Sequence[Any], shared: Shared | None) -> None:
        self.units = list(units)
        self.group = shared.group if shared else lambda unit: None
        self.unmade = shared.groups(units) if shared else set()
        self.making: set[Hashable] = set()

    def take(self) -> _Task | None:
        """The next that can be done now; None if all wait for a group, or nothing is left."""
        for k, unit in enumerate(self.units):
            group = self.group(unit)
            if group in self.unmade:
                self.unmade.remove(group)
                self.making.add(group)
                return _Task(group, is_group=True)
            if group not in self.making:
                return _Task(self.units.pop(k))
        return None

    def put_back(self, task: _Task) -> None:
        """It was not begun."""
        if task.is_group:
            self.making.remove(task.of)
            self.unmade.add(task.of)
        else:
            self.units.insert(0, task.of)

    def end(self, task: _Task) -> None:
        """It has ended; if a group's part could not be made, its units say why."""
        if task.is_group:
            self.making.remove(task.of)


_Begin = tuple[Function, Any, Callable[[Any, Any], Any] | None, Build]
_here: dict[str, Any] = {}  # what a worker process was started with


def _begin(function: Function, work: Any, make: Any, build: Build) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker without a traceback
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _here.update(function=function, work=work, make=make, build=build)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for units for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _done_here(task: _Task) -> Outcome | None:
    demand(_here["build"], f"process {os.getpid()}")
    if task.is_group:
        _here["make"](task.of, _here["work"])  # kept on disk by whoever makes it
        return None
    return _tried(_here["function"], task.of, _here["work"])


@contextmanager
def worker_pool(workers: int, begin: _Begin) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes are gone at the end, whatever happened."""
    before = set(multiprocessing.active_children())
    with one_thread():
        pool = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=begin,
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
def one_thread() -> Iterator[None]:
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


def executor(workers: int, scheduler: str | None = None) -> Executor:
    """The executor of an option: a scheduler's address, or a number of processes."""
    if scheduler is not None:
        from .on_dask import OnDask

        return OnDask(scheduler, workers)
    return in_this_process if workers == 1 else Processes(workers)
