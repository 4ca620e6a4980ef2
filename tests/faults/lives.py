"""Lives in place of `unit.live`, for units that go wrong; workers import them by name.

Draw 1 of replicate 0 goes wrong, as long as the folder of marks does not say "mended".
"""

import os
import time
from pathlib import Path

import numpy as np
from songhe.runs.unit import live

LIMIT = 4_000_000_000  # bytes at which somebody should have stopped a unit long ago


def marks():
    """Folder in which a test and the processes that it starts leave notes for each other."""
    return Path(os.environ["SONGHE_MARKS"])


def _is_sound(unit):
    return (unit.draw, unit.replicate) != (1, 0) or (marks() / "mended").exists()


def halts(unit, work, base=None):
    """The first time, says in which process it is lived and then stands still."""
    if not _is_sound(unit):
        note = marks() / "begun"
        note.with_suffix(".part").write_text(str(os.getpid()))
        note.with_suffix(".part").replace(note)
        (marks() / "mended").touch()
        time.sleep(600)
    return live(unit, work, base)


def lingers(unit, work, base=None):
    """Takes a second more than it needs, and says that it has begun."""
    (marks() / f"begun-{unit.draw}-{unit.replicate}").touch()
    time.sleep(1)
    return live(unit, work, base)


def raises(unit, work, base=None):
    """Cannot be lived."""
    if not _is_sound(unit):
        raise ArithmeticError("no luck")
    return live(unit, work, base)


def devours(unit, work, base=None):
    """Takes memory until somebody stops it."""
    taken = []
    while not _is_sound(unit):
        taken.append(np.ones(5_000_000))
        assert sum(part.nbytes for part in taken) < LIMIT, "nobody stopped it"
        time.sleep(0.05)
    return live(unit, work, base)
