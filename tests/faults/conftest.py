"""Real processes: the command, a Dask scheduler and its workers, and results to compare.

Runs are the real model with few persons. `undisturbed` is what every resumed run must equal.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import xarray as xr
import zarr

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PATIENCE = 120.0  # seconds until what a test waits for must have come
RUN = (
    "run", "baseline", "child-subsidy-double", "--persons", "500", "--until", "2028",
    "--draws", "1", "--replicates", "2",
)  # fmt: skip
TIMES = ("unit_seconds",)  # the one variable that may differ between two runs


def wait_until(condition, what):
    """Wait for a condition and give its value."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


class Ended:
    """A command that has ended: its exit code and what it said."""

    def __init__(self, code, said):
        self.code, self.said = code, " ".join(said.split())


class Command:
    """A command of songhe in a process of its own, with all that it starts."""

    def __init__(self, arguments, folder, life, environment, before):
        start = [str(HERE / "command.py"), life] if life else ["-m", "songhe"]
        self.log = folder / f"said-{time.monotonic_ns()}.txt"
        with self.log.open("wb") as said:
            self.process = subprocess.Popen(
                [*before, sys.executable, *start, *map(str, arguments)],
                stdout=said, stderr=said, env=environment, cwd=folder, start_new_session=True,
            )  # fmt: skip

    def end(self):
        """Wait until it ends by itself."""
        code = self.process.wait(PATIENCE)
        return Ended(code, self.log.read_text(encoding="utf-8"))

    def kill(self):
        """As a machine that loses power would, but for its children."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def family(self):
        """It and all that it has started."""
        here = psutil.Process(self.process.pid)
        return [here, *here.children(recursive=True)]


@pytest.fixture
def marks(tmp_path):
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


@pytest.fixture
def environment(marks):
    """Of every process that a test starts."""
    paths = [str(ROOT.parent), str(HERE), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "SONGHE_MARKS": str(marks),
        "COLUMNS": "400",
        "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE": "False",  # as docs/cluster.md advises
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    }


@pytest.fixture
def start(tmp_path, environment):
    """Starts `songhe ARGUMENTS`; what is left of it ends with the test."""
    started = []

    def go(*arguments, life=None, before=()):
        command = Command(arguments, tmp_path, life, environment, before)
        started.append(command)
        return command

    yield go
    for command in started:
        if command.process.poll() is None:
            for process in command.family():
                process.kill()
            command.process.wait(PATIENCE)


@pytest.fixture
def songhe(start):
    """Carries out `songhe ARGUMENTS` to its end."""
    return lambda *arguments, **how: start(*arguments, **how).end()


@pytest.fixture
def until():
    """Waits for a condition and gives its value."""
    return wait_until


@pytest.fixture
def run():
    """Arguments of the run that every test disturbs."""
    return RUN


class Cluster:
    """A Dask scheduler and workers on this machine, each a process of its own."""

    def __init__(self, folder, environment):
        self.folder, self.environment = folder, environment
        self.processes = []
        self.about = folder / "scheduler.json"
        self.start_scheduler()

    def _start(self, *arguments, environment=None):
        with (self.folder / "dask.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                env=environment or self.environment,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def start_scheduler(self, port="0"):
        """Start a scheduler, on a free port or a given one; it says where in a file."""
        self.about.unlink(missing_ok=True)
        arguments = ("--host", "127.0.0.1", "--port", port, "--scheduler-file", str(self.about))
        self.scheduler = self._start("scheduler", *arguments)
        wait_until(self.about.exists, "a scheduler")
        self.address = json.loads(self.about.read_text())["address"]

    def start_workers(self, count=2, memory="2GB", environment=None):
        """Start workers with a nanny each, and wait until the scheduler knows them."""
        before = len(self.worker_pids())
        arguments = ("--nworkers", str(count), "--nthreads", "1", "--memory-limit", memory)
        process = self._start("worker", self.address, *arguments, environment=environment)
        wait_until(lambda: len(self.worker_pids()) == before + count, "workers")
        return process

    def ask(self, question):
        """The answer of the scheduler to a question, through a client of its own."""
        from distributed import Client

        with Client(self.address, set_as_default=False, timeout=30) as client:
            return question(client)

    def worker_pids(self):
        """Processes of the workers by address."""
        return self.ask(lambda client: client.run(os.getpid))

    def tasks(self):
        """Keys that the scheduler holds."""
        return self.ask(
            lambda client: client.run_on_scheduler(
                lambda dask_scheduler: [str(key) for key in dask_scheduler.tasks]
            )
        )

    def end(self, process):
        """Kill a scheduler, or workers with their nannies."""
        if process.poll() is None:
            here = psutil.Process(process.pid)
            for one in [here, *here.children(recursive=True)]:
                one.kill()
            process.wait(PATIENCE)

    def stop(self):
        """End everything that it started."""
        for process in self.processes:
            self.end(process)


@pytest.fixture
def cluster(tmp_path, environment):
    """A scheduler without workers as yet."""
    folder = tmp_path / "dask"
    folder.mkdir()
    cluster = Cluster(folder, environment)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """Results of the run in one process that nothing happens to."""
    out = tmp_path_factory.mktemp("undisturbed")
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    command = Command((*RUN, "--workers", "1", "--out", out / "out"), out, None, environment, ())
    ended = command.end()
    assert ended.code == 0, ended.said
    return out / "out"


def done(out):
    """Scenario, draw and replicate of all that is done; a store that is being made has none."""
    path = out / "results.zarr" / "done"
    if not (path / "zarr.json").exists():
        return []
    flags = zarr.open_array(str(path), mode="r")[...]
    return [tuple(map(int, where)) for where in np.argwhere(flags == 1)]


def opened(out):
    """Results as they are in the store."""
    return xr.open_zarr(str(out / "results.zarr"), consolidated=False)


@pytest.fixture
def finished():
    """Gives what is done in a folder, which may not exist yet."""
    return done


@pytest.fixture
def same():
    """Claims that two folders hold the same results, to the last bit."""

    def compare(out, other):
        with opened(out) as mine, opened(other) as theirs:
            assert set(mine.variables) == set(theirs.variables)
            assert (mine["done"].values == 1).all()
            for name in set(mine.variables) - set(TIMES):
                one, two = mine[name].values, theirs[name].values
                assert one.shape == two.shape, name
                alike = one.tobytes() == two.tobytes() if one.dtype != object else (one == two)
                assert np.all(alike), name

    return compare


@pytest.fixture
def sound(undisturbed):
    """Claims that what is done in a folder is right, and that the rest reads as nothing."""

    def check(out):
        with opened(out) as mine, opened(undisturbed) as whole:
            known = {str(name): k for k, name in enumerate(whole["scenario"].values)}
            for k, name in enumerate(mine["scenario"].values):
                for draw, replicate in np.ndindex(mine["done"].shape[1:]):
                    is_done = bool(mine["done"].values[k, draw, replicate])
                    for variable in ("births", "population_by_age", "fund_balance"):
                        if variable not in mine:
                            assert not is_done
                            continue
                        found = mine[variable].values[k, draw, replicate]
                        right = whole[variable].values[known[str(name)], draw, replicate]
                        if is_done:
                            assert found.tobytes() == right.tobytes(), variable

    return check
