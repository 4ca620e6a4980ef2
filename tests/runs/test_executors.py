"""Where units are lived: the same outcomes everywhere, failures named, the rest kept.

Units here are expressions and the function is `eval`, which every worker process knows.
"""

import multiprocessing
import os
import subprocess
import sys
import warnings
from collections import Counter

import numpy as np
import pytest
from songhe.parameters.problems import ParameterError
from songhe.runs import build, executors, on_dask
from songhe.runs.executors import THREAD_LIMITS, Processes, Shared, executor, in_this_process
from songhe.runs.on_dask import LOCAL, OnDask

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


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and one worker in this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster's own clean-up
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster:
            yield cluster


def test_a_dask_scheduler_by_address_gives_the_same(cluster):
    found = outcomes(OnDask(cluster.scheduler_address, 1), ["seven + 1", "1 / 0"])
    assert found["seven + 1"].result == 8
    assert "ZeroDivisionError" in found["1 / 0"].error


def test_few_units_are_on_the_scheduler_at_a_time_and_none_afterwards(cluster):
    run = OnDask(cluster.scheduler_address, 1)
    held = []
    for outcome in run(eval, [f"seven + {k}" for k in range(30)], {"seven": 7}):
        held.append(sum("songhe-unit" in str(key) for key in list(cluster.scheduler.tasks)))
        assert outcome.error == ""
    assert len(held) == 30
    assert max(held) <= on_dask.AHEAD + 2  # the one just read, and one being let go
    assert not [key for key in cluster.scheduler.tasks if "songhe" in str(key)]


CALLS = []  # of functions here, which workers in this process know by name


def first_letter(unit):
    return unit[0]


def made(group, work):
    CALLS.append(group)
    return group.upper()


def lived(unit, work, shared=None):
    CALLS.append(unit)
    return unit, work, shared


def test_what_units_share_is_made_once_on_dask_and_handed_over(cluster):
    CALLS.clear()
    units = ["a1", "b1", "c1", "a2", "b2"]
    run = OnDask(cluster.scheduler_address, 1)
    found = {o.unit: o.result for o in run(lived, units, 7, Shared(first_letter, made))}
    assert sorted(CALLS) == ["a", "a1", "a2", "b", "b1", "b2", "c1"]
    assert found["a2"] == ("a2", 7, "A")
    assert found["c1"] == ("c1", 7, None)  # nobody to share with: it sees to itself


def test_a_unit_has_the_same_key_whenever_it_is_sent(cluster):
    keys = []
    with on_dask.import_module("distributed").Client(cluster, set_as_default=False) as client:
        for work in ({"seven": 7}, {"seven": 7}, {"seven": 8}):
            run = on_dask._Run(client, eval, work, None)
            run._submit("seven", None)
            keys.append(next(iter(run.running)).key)
            run.leave()
    assert keys[0] == keys[1]
    assert keys[1] != keys[2]


def test_the_key_of_a_run_holds_what_determines_its_units_and_not_how_many(small):
    from dataclasses import replace

    from songhe.runs.settings import resolve, work_of

    def key(names=("baseline",), branching=True, **changes):
        return work_of(resolve(names), replace(small, **changes), branching=branching).content_key

    assert key() == key(draws=9, replicates=7)
    others = [key(seed=2), key(until=2014), key(persons=900), key(concept="wpp")]
    others += [key(detail="full"), key(branching=False), key(("tfr-constant",))]
    assert len({key(), *others}) == 8


def test_a_worker_of_another_build_is_refused_where_the_unit_is_lived(cluster, monkeypatch):
    other = build.as_on_disk()._replace(sources="0123")
    monkeypatch.setattr(on_dask, "as_on_disk", lambda: other)
    CALLS.clear()
    with pytest.raises(ParameterError, match="--scheduler") as refused:
        list(OnDask(cluster.scheduler_address, 1)(lived, ["a", "b"], None))
    assert CALLS == []
    for named in ("worker inproc://", "sources 0123", build.as_on_disk().sources):
        assert named in str(refused.value)


def test_a_process_of_another_build_is_refused(monkeypatch):
    other = build.as_on_disk()._replace(sources="0123")
    monkeypatch.setattr(executors, "as_on_disk", lambda: other)
    with pytest.raises(ParameterError, match=r"--workers.*sources 0123"):
        outcomes(Processes(1), ["seven"])
    assert multiprocessing.active_children() == []


def test_a_process_with_other_vectors_is_of_another_build(monkeypatch):
    monkeypatch.setattr(build, "instructions", lambda: "X86_V1")
    narrow = build.as_on_disk()
    monkeypatch.undo()
    with pytest.raises(build.OtherBuild, match="X86_V1"):
        build.demand(narrow, "worker one")


def test_vectors_that_are_taken_away_are_not_counted():
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    code = "from songhe.runs.build import instructions; print(instructions())"
    narrow = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(simd.get("found", ()))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=narrow, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in (max(simd["baseline"]), " ".join(simd["baseline"]))
    assert bool(simd.get("found")) == (done.stdout.strip() != build.instructions())


def test_a_process_answers_for_the_sources_that_it_began_with(monkeypatch):
    build.as_lived()
    monkeypatch.setattr(build, "as_on_disk", lambda: None)  # the files have changed since
    assert build.as_known() == build.as_lived() != build.as_on_disk()


def test_units_of_a_group_wait_until_what_they_share_is_made():
    waiting = executors._Waiting(["a1", "a2", "b1", "b2", "c1"], Shared(first_letter, max))
    taken = [waiting.take() for _ in range(4)]
    assert [(t.of, t.is_group) for t in taken[:3]] == [("a", True), ("b", True), ("c1", False)]
    assert taken[3] is None
    waiting.end(taken[1])
    assert waiting.take().of == "b1"
    waiting.put_back(executors._Task("b1"))
    waiting.end(taken[0])
    rest = Counter(waiting.take().of for _ in range(4))
    assert rest == Counter(["b1", "a1", "a2", "b2"])
    assert waiting.take() is None


@pytest.mark.parametrize("group", [DIES, "1 / 0"])
def test_units_are_lived_even_if_what_they_share_could_not_be_made(group):
    shared = Shared(lambda unit: group, eval)
    found = {
        o.unit: o for o in Processes(2)(eval, ["seven + 1", "seven + 2"], {"seven": 7}, shared)
    }
    assert [found[u].result for u in ("seven + 1", "seven + 2")] == [8, 9]


@pytest.mark.parametrize(
    ("workers", "scheduler", "kind"),
    [(1, None, "function"), (3, None, "Processes"), (3, "tcp://host:1", "OnDask")],
)
def test_options_choose_the_executor(workers, scheduler, kind):
    assert type(executor(workers, scheduler)).__name__ == kind


def test_own_workers_keep_the_memory_that_a_year_uses_again(monkeypatch):
    """Dask's setting for other work makes a year half as slow again."""
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)  # another cluster's, inherited
    setting = "__import__('os').environ.get('MALLOC_TRIM_THRESHOLD_', 'unset')"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster's own clean-up
        assert outcomes(OnDask(LOCAL, 1), [setting])[setting].result == "unset"
