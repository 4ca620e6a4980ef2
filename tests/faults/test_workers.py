"""Workers that are killed, units that raise or take too much memory, other sources."""

import contextlib
import os
import shutil
import signal
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(params=["processes", "dask"])
def where(request):
    """Options of a run on two workers, with a cluster if it needs one."""
    if request.param == "processes":
        return ("--workers", "2")
    cluster = request.getfixturevalue("cluster")
    cluster.start_workers()
    return ("--scheduler", cluster.address)


def kill_the_worker(marks, until):
    begun = until(lambda: (marks / "begun").exists() and (marks / "begun").read_text(), "a unit")
    os.kill(int(begun), signal.SIGKILL)


def test_a_worker_killed_in_the_midst_of_a_unit_costs_nothing(
    where, start, run, marks, tmp_path, undisturbed, same, until
):
    out = tmp_path / "out"
    command = start(*run, *where, "--out", out, life="halts")
    kill_the_worker(marks, until)
    ended = command.end()
    assert ended.code == 0, ended.said
    same(out, undisturbed)


def test_units_wait_for_workers_that_come_later(
    cluster, start, run, tmp_path, undisturbed, same, until
):
    out = tmp_path / "out"
    command = start(*run, "--scheduler", cluster.address, "--out", out)
    said = "the Dask scheduler has no workers yet; units wait for them"
    until(lambda: said in command.log.read_text(encoding="utf-8"), "a word about it")
    cluster.start_workers()
    ended = command.end()
    assert ended.code == 0, ended.said
    assert ended.said.count(said) == 1
    same(out, undisturbed)


FAILED = "1 unit failed twice; the others are stored: draw 1, replicate 0"


def test_a_unit_that_raises_is_named_and_the_others_are_kept(
    where, songhe, run, tmp_path, finished, undisturbed, same, sound
):
    out = tmp_path / "out"
    ended = songhe(*run, *where, "--out", out, life="raises")
    assert ended.code == 1
    assert f"{FAILED} (baseline, child-subsidy-double): ArithmeticError: no luck" in ended.said
    assert "Traceback" not in ended.said
    assert len(finished(out)) == 6
    sound(out)
    assert songhe(*run, *where, "--out", out).code == 0
    same(out, undisturbed)


def test_a_unit_over_the_memory_limit_of_its_worker_is_named(
    cluster, songhe, run, tmp_path, finished, undisturbed, same
):
    cluster.start_workers(memory="900MB")
    out = tmp_path / "out"
    ended = songhe(*run, "--scheduler", cluster.address, "--out", out, life="devours")
    assert ended.code == 1
    assert FAILED in ended.said
    assert "its worker process died (out of memory, or killed)" in ended.said
    assert len(finished(out)) == 6
    assert songhe(*run, "--scheduler", cluster.address, "--out", out).code == 0
    same(out, undisturbed)


def test_a_unit_over_the_memory_limit_of_the_shell_is_named(
    songhe, run, tmp_path, finished, undisturbed, same
):
    """A pool of processes has no limit of its own; that of the shell holds for each."""
    out = tmp_path / "out"
    limited = ("prlimit", "--as=3500000000")
    ended = songhe(*run, "--workers", "2", "--out", out, life="devours", before=limited)
    assert ended.code == 1
    assert f"{FAILED} (baseline, child-subsidy-double): " in ended.said
    assert "MemoryError" in ended.said
    assert len(finished(out)) == 6
    assert songhe(*run, "--workers", "2", "--out", out).code == 0
    same(out, undisturbed)


@pytest.fixture
def other_sources(tmp_path, environment):
    """The environment of a worker with a copy of the sources in which a line has changed."""
    copy = tmp_path / "elsewhere" / "songhe"
    copy.mkdir(parents=True)
    for path in ROOT.iterdir():
        if path.name in ("parameters", "agents", "model", "runs", "analysis"):
            shutil.copytree(path, copy / path.name)
        elif path.suffix == ".py":
            shutil.copy(path, copy)
    with (copy / "model" / "align.py").open("a") as source:
        source.write("# another line\n")
    paths = [str(copy.parent), environment["PYTHONPATH"]]
    return {**environment, "PYTHONPATH": os.pathsep.join(paths)}


def test_a_worker_with_other_sources_is_refused_before_anything_is_written(
    cluster, songhe, run, tmp_path, other_sources
):
    cluster.start_workers(1)
    cluster.start_workers(1, environment=other_sources)
    ended = songhe(*run, "--scheduler", cluster.address, "--out", tmp_path / "out")
    assert ended.code == 2
    assert "error: --scheduler" in ended.said
    assert ended.said.count("has sources") == 1
    assert "workers of this very version" in ended.said
    assert not (tmp_path / "out").exists()


def test_a_worker_with_other_sources_that_joins_later_gives_no_figures(
    cluster, start, songhe, run, tmp_path, other_sources, until, finished, undisturbed, same, sound
):
    """The only worker left is of another build: the run ends, and goes on where it was."""
    first = cluster.start_workers(1)
    out = tmp_path / "out"
    more = (*run, "--scheduler", cluster.address, "--out", out)
    command = start(*more, life="lingers")
    until(lambda: finished(out), "a result")
    cluster.start_workers(1, environment=other_sources)
    cluster.end(first)
    ended = command.end()
    assert ended.code == 2
    assert "error: --scheduler" in ended.said
    assert "has sources" in ended.said
    sound(out)
    before = finished(out)
    assert 0 < len(before) < 8
    cluster.start_scheduler()
    cluster.start_workers(2)
    assert songhe(*run, "--scheduler", cluster.address, "--out", out).code == 0
    same(out, undisturbed)


# --- replicates that meet once a year ---------------------------------------------------------

COUPLED = (
    "run", "ltci-premium-by-reserve", "--persons", "2000", "--until", "2060", "--draws", "0",
    "--replicates", "2",
)  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed_coupled(tmp_path_factory):
    """Results of the coupled run in this process, which nothing happens to."""
    import songhe

    out = tmp_path_factory.mktemp("coupled") / "out"
    songhe.run(
        "ltci-premium-by-reserve", persons=2000, until=2060, draws=0, replicates=2, workers=1,
        out=out,
    )  # fmt: skip
    return out


def test_a_coupled_draw_whose_dask_worker_is_killed_is_lived_again(
    cluster, start, tmp_path, undisturbed_coupled, same, until, finished
):
    """Killed once the replicates that live by themselves are done: both others are under way."""
    first = cluster.start_workers(1)
    cluster.start_workers(1)
    out = tmp_path / "out"
    command = start(*COUPLED, "--scheduler", cluster.address, "--out", out)
    until(lambda: len(finished(out)) == 2 and len(together(cluster)) == 2, "replicates together")
    assert len(finished(out)) == 2
    cluster.end(first)
    ended = command.end()
    assert ended.code == 0, ended.said
    same(out, undisturbed_coupled)


def together(cluster):
    """Calls to hosts that the scheduler holds."""
    return [key for key in cluster.tasks() if key.startswith("checked")]


def test_a_coupled_draw_whose_process_is_killed_is_lived_again(
    start, tmp_path, undisturbed_coupled, same, until, finished
):
    out = tmp_path / "out"
    command = start(*COUPLED, "--workers", "2", "--out", out)
    until(lambda: len(finished(out)) == 2, "the replicates that live by themselves")
    before = {process.pid for process, _ in hosts(command)}
    busy = until(lambda: [p for p, s in hosts(command) if p.pid not in before and s > 2], "a host")
    assert len(finished(out)) == 2
    busy[0].kill()
    ended = command.end()
    assert ended.code == 0, ended.said
    same(out, undisturbed_coupled)


def hosts(command):
    """Worker processes that a command has started, and seconds that each has worked."""
    found = []
    for process in command.family():
        with contextlib.suppress(psutil.Error):  # one that has just ended
            if "spawn_main" in " ".join(process.cmdline()):
                found.append((process, process.cpu_times().user))
    return found
