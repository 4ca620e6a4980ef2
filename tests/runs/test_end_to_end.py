"""The command as a stranger starts it, in a process of its own."""

import os
import subprocess
import sys

import numpy as np
import songhe
from songhe.agents import compiled

SMALL = {"persons": 2000, "draws": 1, "replicates": 1, "until": 2013}


def run_command(out, cache, *scenarios, workers=2):
    options = [f"--{name}={value}" for name, value in SMALL.items()]
    return subprocess.run(
        [sys.executable, "-m", "songhe", "run", *scenarios, *options,
         f"--workers={workers}", f"--out={out}"],
        capture_output=True, text=True, check=False, timeout=900,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
    )  # fmt: skip


def test_the_command_gives_the_bits_of_the_library_for_any_number_of_workers(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(compiled.folder()))
    ended = run_command(tmp_path / "out", tmp_path / "cache", "baseline", "tfr-constant")
    assert ended.returncode == 0, ended.stderr
    assert "出生人口" in ended.stdout
    mine = songhe.open(tmp_path / "out")
    assert (mine["done"] == 1).all()
    theirs = songhe.run(["baseline", "tfr-constant"], **SMALL, workers=1)
    for name in mine.data_vars:
        if name != "unit_seconds":
            assert np.array_equal(mine[name].values, theirs[name].values, equal_nan=True), name
    assert mine.attrs["key"] == theirs.attrs["key"]
