"""The client is killed, the scheduler is lost: what is finished stays, the command goes on."""

import pytest

pytestmark = pytest.mark.faults

OWN = {
    "this process": ("--workers", "1"),
    "processes": ("--workers", "2"),
    "Dask here": ("--workers", "2", "--scheduler", "local"),
}


@pytest.mark.parametrize("where", OWN)
def test_a_killed_client_takes_its_workers_along_and_its_command_resumes(
    where, start, songhe, run, tmp_path, marks, until, finished, undisturbed, same, sound
):
    out = tmp_path / "out"
    arguments = (*run, *OWN[where], "--out", out)
    command = start(*arguments, life="halts")
    until((marks / "begun").exists, "a unit that stands still")
    until(lambda: finished(out), "a result")
    family = command.family()
    command.kill()
    until(lambda: not any(process.is_running() for process in family), "the end of its workers")
    sound(out)
    assert len(finished(out)) < 8
    assert songhe(*arguments).code == 0
    same(out, undisturbed)


def test_a_killed_client_leaves_nothing_on_a_scheduler_and_its_command_resumes(
    cluster, start, songhe, run, tmp_path, until, finished, undisturbed, same, sound
):
    cluster.start_workers()
    out = tmp_path / "out"
    arguments = (*run, "--scheduler", cluster.address, "--out", out)
    command = start(*arguments, life="lingers")
    until(lambda: finished(out), "a result")
    assert [key for key in cluster.tasks() if "songhe-unit" in key]
    command.kill()
    until(lambda: not [key for key in cluster.tasks() if "songhe" in key], "an empty scheduler")
    sound(out)
    assert len(finished(out)) < 8
    assert len(cluster.worker_pids()) == 2
    assert songhe(*arguments).code == 0
    same(out, undisturbed)


@pytest.mark.parametrize("how", ["killed", "restarted by another client"])
def test_a_lost_scheduler_is_said_in_a_line_and_the_same_command_resumes(
    how, cluster, start, songhe, run, tmp_path, until, finished, undisturbed, same, sound
):
    cluster.start_workers()
    out = tmp_path / "out"
    arguments = (*run, "--scheduler", cluster.address, "--out", out)
    command = start(*arguments, life="lingers")
    until(lambda: finished(out), "a result")
    if how == "killed":
        cluster.end(cluster.scheduler)
    else:
        cluster.ask(lambda client: client.restart())
    ended = command.end()
    assert ended.code == 1
    said = f"error: the Dask scheduler {cluster.address} was lost or restarted"
    assert ended.said.count(said) == 1
    assert ended.said.endswith("what is finished is kept, the same command goes on")
    assert "distributed" not in ended.said
    assert "Traceback" not in ended.said
    sound(out)
    kept = finished(out)
    assert 0 < len(kept) < 8
    if how == "killed":
        cluster.start_scheduler(port=cluster.address.rpartition(":")[2])
        cluster.start_workers()
    ended = songhe(*arguments)
    assert ended.code == 0
    assert f"holds {len(kept)} result" in ended.said
    same(out, undisturbed)
