"""One writer at a time, in a folder of this machine and in a place without locks."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from songhe.parameters.problems import ParameterError
from songhe.runs import writer
from songhe.runs.faults import RunError
from songhe.runs.place import place_of
from songhe.runs.writer import HOLDER, one_writer

HOLDS = """
import sys, time
from songhe.runs.place import place_of
from songhe.runs.writer import one_writer
with one_writer(place_of(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_client(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "out")], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_client_is_refused_by_name_and_a_killed_one_gives_the_lock_back(
    other_client, tmp_path
):
    place = place_of(tmp_path / "out")
    with pytest.raises(ParameterError) as refused, one_writer(place):
        pass
    assert f"process {other_client.pid} on " in str(refused.value)
    assert "since 20" in str(refused.value)
    os.kill(other_client.pid, signal.SIGKILL)
    other_client.wait()
    with one_writer(place):
        assert json.loads(place.read(HOLDER))["process"] == os.getpid()
    assert not place.exists(HOLDER)


def test_a_run_into_a_folder_that_another_writes_to_is_refused(other_client, tmp_path, command):
    before = sorted(tmp_path.rglob("*"))
    code, _, errors = command("run", "baseline", "--persons", "500", "--out", tmp_path / "out")
    assert code == 2
    assert f"process {other_client.pid}" in errors
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def far(monkeypatch, request):
    """A place in memory, whose leases are short."""
    monkeypatch.setattr(writer, "SETTLE", 0.01)
    place = place_of(f"memory://{request.node.name}/run")
    yield place
    place.remove("")


def test_a_second_lease_is_refused_and_the_first_is_given_back(far):
    with one_writer(far) as held:
        held.check()
        with pytest.raises(ParameterError, match=f"process {os.getpid()} on"), one_writer(far):
            pass
    assert not far.exists(HOLDER)
    with one_writer(far):
        pass


def test_a_lease_is_renewed_while_it_is_held(far, monkeypatch):
    monkeypatch.setattr(writer, "LEASE", 0.2)
    with one_writer(far):
        first = json.loads(far.read(HOLDER))["expires"]
        time.sleep(0.3)
        assert json.loads(far.read(HOLDER))["expires"] > first
        with pytest.raises(ParameterError), one_writer(far):
            pass


def test_a_stale_lease_is_taken_over_and_that_is_said(far):
    gone = {"host": "there", "process": 7, "since": "2026-01-01", "token": "x", "expires": 1.0}
    far.write(HOLDER, json.dumps(gone).encode())
    said = []
    with one_writer(far, said.append) as held:
        held.check()
    assert len(said) == 1
    assert "process 7 on there" in said[0]
    assert "taken over" in said[0]


def test_who_lost_the_lease_stops_before_the_next_unit(far):
    with one_writer(far) as held:
        far.write(HOLDER, json.dumps({"token": "another"}).encode())
        with pytest.raises(RunError, match="taken over by another client"):
            held.check()
    assert far.exists(HOLDER)  # the other's lease is left alone


def test_of_two_that_saw_nobody_one_is_refused(far, monkeypatch):
    """The other writes after this one has looked: whoever is read back has it."""
    other = json.dumps({"token": "other", "expires": time.time() + 60}).encode()
    monkeypatch.setattr(writer, "sleep", lambda _: far.write(HOLDER, other))
    with pytest.raises(ParameterError), one_writer(far):
        pass
    assert json.loads(far.read(HOLDER))["token"] == "other"


def test_a_holder_that_cannot_be_read_is_nobody(far):
    far.write(HOLDER, b"\xff{")
    assert writer._holder(far) == {}
