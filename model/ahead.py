"""A second process that compiles the year from its end while the first one lives it.

Where nothing is compiled yet, the first year is nearly all compilation, on one core. The helper
lives the same year over a base of its own, last step first: the types are the same, whatever the
figures. What it has compiled the first process finds in the cache of `agents/compiled.py`, and
the other way round, so that they meet in the middle. Nothing else passes between them.

It ends when its year is over, when the first process has lived its own, and with the first
process, however that ends. Without it everything is compiled as before, only later.
"""

import atexit
import multiprocessing
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba

from ..agents import compiled, luck

if TYPE_CHECKING:
    from .model import SongheModel

PERSONS = 2_000  # enough that every loop is called
DEAREST = Path(__file__).with_name("pension_year.py")  # to compile, and late in the year
COMMAND = f"from {__name__} import main; main()"
_started: list[subprocess.Popen[bytes]] = []  # the helper of this process, if there is one
_helps: list[bool] = []  # not empty in a helper


def wanted() -> bool:
    """Whether a helper is of use: much is to be compiled, can be handed on, and a core is free.

    Processes that another one has started are as many as there are cores, and start none.
    """
    config: Any = numba.config  # its settings exist at run time only
    if config.DISABLE_JIT or multiprocessing.parent_process() or (os.cpu_count() or 1) < 2:
        return False
    kept = compiled.place(DEAREST)
    return kept.is_relative_to(compiled.folder()) and not any(kept.glob("*.nbi"))


def start() -> None:
    """Start a helper if it is wanted and there is none."""
    if _started or _helps or not sys.executable or not wanted():
        return
    paths = [str(compiled.ROOT.parent), os.environ.get("PYTHONPATH", "")]
    with suppress(OSError):
        _started.append(
            subprocess.Popen(
                [sys.executable, "-c", COMMAND],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            )
        )


@atexit.register
def end() -> None:
    """End the helper, whatever it is doing; files of the cache are written whole or not at all."""
    while _started:
        helper = _started.pop()
        helper.kill()
        helper.communicate()


def backwards(model: "SongheModel") -> list[str]:
    """Run the steps of a year, last first, for what they compile; returns those that failed.

    Their order is wrong, so a step may find what it cannot go on with; the others are run.
    """
    model.year += 1
    model.constants.year = model.year
    failed = []
    for step in reversed(model.year_list):
        try:
            if step.apply is None:
                model.walk([step])
            else:
                step.apply(model)
        except Exception:
            failed.append(step.name)
    return failed


def model_without_careers() -> "SongheModel":
    """Few people, with what the first process does not begin with."""
    from ..agents import base
    from ..parameters.load import load
    from .model import SongheModel

    class NoCareers(SongheModel):
        def start_careers(self) -> None:
            """The first process is compiling that."""

    p = load()
    people = base.load_or_build(p, PERSONS, 0, 0, "official")
    return NoCareers(people, p, luck.key_of(0, 0, 0), takes_over=True)


def _end_with_input() -> None:
    """The input is a pipe that closes when the first process ends, even if it was killed."""
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """What a helper does."""
    _helps.append(True)
    threading.Thread(target=_end_with_input, daemon=True).start()
    backwards(model_without_careers())
