"""Places where replicates that live in step are kept: here, in processes, or on Dask workers."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from .build import Build, as_on_disk, demand
from .executors import worker_pool
from .lockstep import Host, Hosts, ThisProcess
from .on_dask import OnDask

PATIENCE = 5.0  # seconds between two looks at whether a worker is still there


def hosts_of(workers: int, scheduler: str | None = None) -> Hosts:
    """The hosts of an option: a scheduler's workers, or a number of processes."""
    if scheduler is not None:
        return _OnDask(OnDask(scheduler, workers))
    return in_this_process if workers == 1 else _Processes(workers)


@contextmanager
def in_this_process(most: int) -> Iterator[Sequence[Host]]:
    """One host, which is here."""
    yield [ThisProcess()]


class _Processes:
    """Worker processes, each a pool of its own, so that a call finds what the last one left."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    @contextmanager
    def __call__(self, most: int) -> Iterator[Sequence[Host]]:
        """See `lockstep.Hosts`."""
        build = as_on_disk()
        with ExitStack() as stack:
            pools = [
                stack.enter_context(worker_pool(1, (checked, None, None, build)))
                for _ in range(min(self.workers, most))
            ]
            yield [_Process(one, build) for one in pools]


class _Process:
    """A worker process."""

    def __init__(self, pool: ProcessPoolExecutor, build: Build) -> None:
        self.pool, self.build = pool, build

    def call(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """See `lockstep.Host`."""
        return self.pool.submit(checked, self.build, "a process", function, *arguments)


class _OnDask:
    """Workers of a scheduler; calls to one are tasks that nobody else may take."""

    def __init__(self, cluster: OnDask) -> None:
        self.cluster = cluster

    @contextmanager
    def __call__(self, most: int) -> Iterator[Sequence[Host]]:
        """See `lockstep.Hosts`."""
        with self.cluster.connected() as client:
            client.wait_for_workers(1)
            yield [_Worker(client, address) for address in sorted(client.nthreads())[:most]]


class _Worker:
    """A Dask worker."""

    def __init__(self, client: Any, address: str) -> None:
        self.client, self.address, self.build = client, address, as_on_disk()

    def call(self, function: Callable[..., Any], *arguments: Any) -> "_Call":
        """See `lockstep.Host`."""
        future = self.client.submit(
            checked, self.build, f"worker {self.address}", function, *arguments,
            workers=[self.address], allow_other_workers=False, pure=False,
        )  # fmt: skip
        return _Call(self, future)


class _Call:
    """A call to a Dask worker under way."""

    def __init__(self, host: _Worker, future: Any) -> None:
        self.host, self.future = host, future

    def result(self) -> Any:
        """What it gave.

        Raises
        ------
        ConnectionError
            If its worker is gone: the scheduler itself would keep the call for ever.
        """
        while True:
            with suppress(TimeoutError):
                return self.future.result(timeout=PATIENCE)
            if self.host.address not in self.host.client.nthreads():
                raise ConnectionError(f"Dask worker {self.host.address} was lost")


def checked(build: Build, where: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function, unless this process computes with other sources or packages."""
    demand(build, where)
    return function(*arguments)
