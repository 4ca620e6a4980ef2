"""What Dask takes beyond the units' own time, for units of 10 seconds.

A unit here waits instead of computing, so that other work on the machine counts little, and
gives as many bytes as three scenarios to 2060 do.
"""

import time
import warnings

from songhe.runs.on_dask import OnDask

SECONDS, UNITS, WORKERS = 10.0, 8, 2
BYTES = 16_000_000
UNIT = """(lambda time, began: (
    time.sleep({seconds}), __import__("os").urandom({bytes}), time.perf_counter() - began,
)[1:])(__import__("time"), __import__("time").perf_counter() + 0 * {k})"""


def units(count, seconds):
    """Expressions, each another, of the bytes that a unit gives and the seconds that it took."""
    return [UNIT.format(seconds=seconds, bytes=BYTES, k=k) for k in range(count)]


def test_dask_beside_the_units_own_time(benchmark, note):
    """The scheduler and its workers are there; connecting, sending and fetching count."""
    own = []

    def run(address):
        for outcome in OnDask(address, WORKERS)(eval, units(UNITS, SECONDS), None):
            assert len(outcome.result[0]) == BYTES
            own.append(outcome.result[1])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster's own clean-up
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, dashboard_address=None
        ) as cluster:
            began = time.perf_counter()
            list(OnDask(cluster.scheduler_address, WORKERS)(eval, units(WORKERS, 0), None))
            cold = time.perf_counter() - began
            benchmark.pedantic(run, args=(cluster.scheduler_address,), rounds=1)
    alone = sum(own) / WORKERS
    share = 100 * (benchmark.stats.stats.median - alone) / alone
    benchmark.extra_info["percent_beyond_units"] = share
    note(f"Dask, {UNITS} units of {SECONDS:.0f} s on {WORKERS} workers: beyond", share, "%")
    note("Dask, once, until its workers have read songhe", cold, "s")
