"""Merged results are the same results, whole at every moment, and can still grow."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import songhe
from songhe.parameters.problems import ParameterError
from songhe.runs import merge
from songhe.runs.merge import NEW, OLD
from songhe.runs.place import place_of
from songhe.runs.settings import STORE, folder_problems


@pytest.fixture
def finished(lived_run):
    """A run of eight units, and its figures."""
    dataset, _, out = lived_run()
    return out, dataset.load()


def figures(out):
    return songhe.open(out).load()


def same(one, other):
    return one.drop_attrs(deep=False).identical(other.drop_attrs(deep=False))


def test_figures_stay_and_files_become_few(finished):
    out, before = finished
    many = len(place_of(out).files(STORE))
    few = songhe.merge(out)
    assert few < many / 2
    assert same(figures(out), before)
    assert not len(songhe.verify(out))
    assert sorted(p.name for p in out.iterdir() if "songhe" not in p.name) == [STORE]


@pytest.mark.parametrize("shard", [1, 10_000_000, 10**12])
def test_any_size_of_shards_holds_the_same(finished, monkeypatch, shard):
    out, before = finished
    monkeypatch.setattr(merge, "SHARD", shard)
    songhe.merge(out)
    assert same(figures(out), before)
    merge.rewrite(place_of(out), merged=False)
    assert same(figures(out), before)
    assert not len(songhe.verify(out))


RUN = {"persons": 500, "until": 2012, "workers": 1}


def test_a_merged_run_goes_on_and_grows_to_the_same_figures(tmp_path):
    small = dict(RUN, draws=0, replicates=1)
    large = dict(RUN, draws=1, replicates=2)
    songhe.run("baseline", **small, out=tmp_path / "out")
    songhe.merge(tmp_path / "out")
    again = songhe.run("baseline", **small, out=tmp_path / "out")
    assert again.attrs["merged"]  # nothing was missing: it is left as it is
    grown = songhe.run("baseline", **large, out=tmp_path / "out").load()
    assert not grown.attrs["merged"]
    songhe.merge(tmp_path / "out")
    whole = songhe.run("baseline", **large, out=tmp_path / "whole").load()
    times = ["unit_seconds"]
    assert same(figures(tmp_path / "out").drop_vars(times), whole.drop_vars(times))
    assert same(grown.drop_vars(times), whole.drop_vars(times))


@pytest.mark.parametrize("harm", ["cut", "altered"])
def test_damage_of_a_merged_store_is_found_and_its_units_are_lived_again(finished, lived_run, harm):
    out, before = finished
    songhe.merge(out)
    shard = next(p for p in sorted((out / STORE / "births" / "c").rglob("*")) if p.is_file())
    content = bytearray(shard.read_bytes())
    content[50] ^= 1
    shard.write_bytes(content if harm == "altered" else content[:-9])
    with pytest.raises(ParameterError, match="--verify"):
        songhe.open(out)["births"].load()
    with pytest.raises(ParameterError, match="--verify"):
        songhe.merge(out)
    assert set(songhe.verify(out)["array"]) == {"births"}
    songhe.verify(out, repair=True)
    assert "missing" in set(songhe.status(out)["state"])
    lived_run()
    assert same(figures(out), before)


KILLED = """
import os, signal, sys
from pathlib import Path
import songhe
from songhe.runs import merge
moment, out = sys.argv[1:]
renames = []
rename = Path.rename

def dying(self, target):
    renames.append(target)
    if moment == f"before {len(renames)}":
        os.kill(os.getpid(), signal.SIGKILL)
    found = rename(self, target)
    if moment == f"after {len(renames)}":
        os.kill(os.getpid(), signal.SIGKILL)
    return found

def copying(*arguments, copy=merge._copy_units):
    copy(*arguments)
    if moment == "copying":
        os.kill(os.getpid(), signal.SIGKILL)

Path.rename, merge._copy_units = dying, copying
songhe.merge(out)
"""


@pytest.mark.parametrize("moment", ["copying", "before 1", "after 1", "after 2"])
def test_a_kill_at_any_moment_leaves_a_whole_store(finished, lived_run, moment):
    out, before = finished
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, moment, str(out)], check=False, timeout=120
    )
    assert ended.returncode == -signal.SIGKILL
    assert folder_problems(out) == []
    assert same(figures(out), before)
    songhe.merge(out)
    assert same(figures(out), before)
    assert not (out / NEW).exists()
    assert not (out / OLD).exists()


def test_a_place_without_renames_is_refused(monkeypatch):
    monkeypatch.setattr("songhe.runs.writer.SETTLE", 0.0)
    url = "memory://merge/out"
    songhe.run("baseline", **RUN, draws=0, replicates=1, out=url)
    with pytest.raises(ParameterError, match="a folder of this machine"):
        songhe.merge(url)
    place_of(url).remove("")


def test_a_merge_beside_a_writer_is_refused(finished):
    from songhe.runs.writer import one_writer

    out, _ = finished
    with one_writer(place_of(out)), pytest.raises(ParameterError, match=f"process {os.getpid()}"):
        songhe.merge(out)
    assert Path(out / STORE / "zarr.json").exists()


def test_the_command_says_how_many_files_there_are(finished, command):
    out, _ = finished
    code, printed, errors = command("merge", out)
    assert (code, errors) == (0, "")
    assert "files" in printed
    assert command("runs", out, "--verify")[0] == 0
