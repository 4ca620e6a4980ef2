"""Where units are lived: the same outcomes everywhere, failures named, the rest kept.

Units here are expressions and the function is `eval`, which every worker process knows.
"""

import multiprocessing
import os
import warnings

import pytest
from songhe.runs.executors import THREAD_LIMITS, OnDask, Processes, executor, in_this_process

DIES = "__import__('os').kill(__import__('os').getpid(), 9)"
THREADS = "__import__('os').environ['OMP_NUM_THREADS']"


def outcomes(run, units):
    return {o.unit: o for o in run(eval, units, {"seven": 7})}


def test_every_unit_has_an_outcome_in_this_process():
    found = outcomes(in_this_process, ["seven + 1", "seven * 2"])
    assert [o.result for o in found.values()] == [8, 14]


def test_a_failing_unit_is_tried_twice_and_named():
    calls = []

    def fails(unit, work):
        calls.append(unit)
        raise ZeroDivisionError("no")

    (outcome,) = in_this_process(fails, ["a"], None)
    assert calls == ["a", "a"]
    assert outcome.error.startswith("ZeroDivisionError: no")


def test_a_unit_that_fails_once_is_kept():
    calls = []

    def fails_once(unit, work):
        calls.append(unit)
        if len(calls) == 1:
            raise OSError("busy")
        return 5

    (outcome,) = in_this_process(fails_once, ["a"], None)
    assert (outcome.result, outcome.error) == (5, "")


def test_processes_give_the_same_with_one_thread_each():
    before = {name: os.environ.get(name) for name in THREAD_LIMITS}
    found = outcomes(Processes(2), ["seven + 1", "seven * 2", "1 / 0", THREADS])
    assert found["seven + 1"].result == 8
    assert found["seven * 2"].result == 14
    assert "ZeroDivisionError" in found["1 / 0"].error
    assert found[THREADS].result == "1"
    assert {name: os.environ.get(name) for name in THREAD_LIMITS} == before
    assert multiprocessing.active_children() == []


def test_a_unit_that_kills_its_worker_is_named_and_the_others_are_kept():
    found = outcomes(Processes(2), ["seven", DIES, "seven + 1", "seven + 2"])
    assert "died" in found[DIES].error
    assert [found[u].result for u in ("seven", "seven + 1", "seven + 2")] == [7, 8, 9]


def test_leaving_early_ends_the_workers():
    run = Processes(2)(eval, ["seven", "__import__('time').sleep(60)"], {"seven": 7})
    assert next(run).result == 7
    run.close()
    assert multiprocessing.active_children() == []


def test_a_dask_scheduler_by_address_gives_the_same():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster's own clean-up
        from distributed import LocalCluster

        with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
            found = outcomes(OnDask(cluster.scheduler_address, 1), ["seven + 1", "1 / 0"])
    assert found["seven + 1"].result == 8
    assert "ZeroDivisionError" in found["1 / 0"].error


@pytest.mark.parametrize(
    ("workers", "scheduler", "kind"),
    [(1, None, "function"), (3, None, "Processes"), (3, "tcp://host:1", "OnDask")],
)
def test_options_choose_the_executor(workers, scheduler, kind):
    assert type(executor(workers, scheduler)).__name__ == kind
