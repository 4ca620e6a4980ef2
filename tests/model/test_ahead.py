"""The helper compiles what the year needs, is only there when it is of use, and never stays."""

import multiprocessing
import subprocess
import sys
from types import SimpleNamespace

import pytest
from songhe.agents import compiled
from songhe.model import ahead
from songhe.model.year import YEAR

# Steps that go on with what an earlier one of the year has left behind.
NOT_BACKWARDS = {"care_of_children", "reclassification"}


@pytest.fixture(autouse=True)
def none_started(monkeypatch):
    """Whatever helper this process has already is left alone."""
    monkeypatch.setattr(ahead, "_started", [])
    yield
    ahead.end()


def test_a_year_can_be_run_from_its_end(monkeypatch):
    monkeypatch.setattr(ahead, "_helps", [True])
    model = ahead.model_without_careers()
    assert set(ahead.backwards(model)) <= NOT_BACKWARDS
    assert {step.name for step in YEAR if step.by_rows} <= set(model.seconds)


@pytest.fixture
def cold(monkeypatch, tmp_path):
    """A process with two cores and nothing compiled, whatever this one has."""
    place = tmp_path / "songhe" / "version"
    place.mkdir(parents=True)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiled, "place", lambda path: place)
    monkeypatch.setattr(ahead.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: None)
    monkeypatch.setattr(ahead.numba.config, "DISABLE_JIT", 0)
    return SimpleNamespace(place=place, patch=monkeypatch, path=tmp_path)


def test_a_helper_is_wanted_where_nothing_is_compiled(cold):
    assert ahead.wanted()
    (cold.place / "found.nbi").touch()
    assert not ahead.wanted()


def test_a_helper_is_not_wanted_where_it_could_hand_nothing_on(cold):
    cold.patch.setattr(compiled, "place", lambda path: cold.path.parent)
    assert not ahead.wanted()


def test_workers_and_a_single_core_want_no_helper(cold):
    cold.patch.setattr(multiprocessing, "parent_process", lambda: object())
    assert not ahead.wanted()
    cold.patch.setattr(multiprocessing, "parent_process", lambda: None)
    cold.patch.setattr(ahead.os, "cpu_count", lambda: 1)
    assert not ahead.wanted()


def test_a_helper_starts_none_of_its_own(cold):
    cold.patch.setattr(ahead, "_helps", [True])
    ahead.start()
    assert not ahead._started
    cold.patch.setattr(ahead, "COMMAND", "")
    cold.patch.setattr(ahead, "_helps", [])
    ahead.start()
    assert ahead._started


def test_the_helper_is_one_and_gone_at_the_end(cold):
    cold.patch.setattr(ahead, "COMMAND", "import time; time.sleep(600)")
    ahead.start()
    ahead.start()
    (helper,) = ahead._started
    assert helper.poll() is None
    ahead.end()
    assert helper.poll() is not None
    assert not ahead._started
    ahead.end()


def test_the_helper_ends_with_the_first_process():
    """Its input closes then, even if the first process was killed."""
    script = (
        "import threading, time; from songhe.model import ahead\n"
        "threading.Thread(target=ahead._end_with_input, daemon=True).start()\n"
        "print('up', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as helper:
        assert helper.stdout.readline() == b"up\n"
        helper.stdin.close()
        assert helper.wait(60) == 1
