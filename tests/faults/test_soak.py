"""Thousands of units of the real model on two workers: memory stays flat, nothing is missing."""

import time

import psutil
import pytest

pytestmark = pytest.mark.soak

UNITS = 2000  # 1,000 draws of 2 replicates
WARM = 200  # units until every process has loaded what it needs
ALLOWED = {"client": 30, "scheduler": 30, "worker": 60}  # MB more than after the warm-up
RUN = (
    "run", "baseline", "--persons", "500", "--until", "2012", "--draws", "999",
    "--replicates", "2",
)  # fmt: skip


def resident(processes):
    """Megabytes of each process that is there."""
    return {name: process.memory_info().rss / 1e6 for name, process in processes.items()}


def test_two_thousand_units_hold_memory_flat_and_are_all_there(
    cluster, start, finished, tmp_path, capsys
):
    cluster.start_workers(2)
    pids = {f"worker {k}": pid for k, pid in enumerate(cluster.worker_pids().values())}
    out = tmp_path / "out"
    command = start(*RUN, "--scheduler", cluster.address, "--out", out)
    pids |= {"client": command.process.pid, "scheduler": cluster.scheduler.pid}
    processes = {name: psutil.Process(pid) for name, pid in pids.items()}
    flags = out / "results.zarr" / "done" / "c" / "0"  # a file for each draw and replicate
    samples, began = [], time.monotonic()
    while (done := sum(1 for _ in flags.glob("*/*"))) < UNITS:
        assert command.process.poll() is None, command.end().said
        samples.append((done, time.monotonic() - began, resident(processes)))
        time.sleep(2)
    samples.append((done, time.monotonic() - began, resident(processes)))
    with capsys.disabled():
        for done, seconds, sizes in samples[:: max(len(samples) // 12, 1)]:
            shown = ", ".join(f"{name} {size:.0f} MB" for name, size in sizes.items())
            print(f"\n{done:5} units {seconds:5.0f} s: {shown}", end="")
    assert command.end().code == 0
    assert len(finished(out)) == UNITS
    later = [sizes for done, _, sizes in samples if done >= WARM]
    for name, first in later[0].items():
        growth = max(sizes[name] for sizes in later) - first
        assert growth < ALLOWED[name.split()[0]], f"{name} grew by {growth:.0f} MB"
