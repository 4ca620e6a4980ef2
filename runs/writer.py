"""One writer at a time: a second client on the same results is refused at once.

In a local folder the system's own file lock decides; a process that is killed gives it back.
Anywhere else a small object names the holder. It is renewed while the run lasts and expires
when nobody renews it, so that the lease of a client that died is taken over. Whoever takes a
lease reads it back before it writes anything, and again before every unit.
"""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Event, Thread
from time import sleep, time
from typing import Any
from uuid import uuid4

from ..parameters.problems import ParameterError, Problem
from .faults import RunError, storing
from .place import OWN, LocalPlace, Place

LOCK = f"{OWN}writer.lock"  # of a local folder
HOLDER = f"{OWN}writer.json"  # who writes
LEASE = 120.0  # seconds that a lease lasts without being renewed
SETTLE = 1.0  # seconds after which a lease that was written is read back


Say = Callable[[str], None]


class Writer:
    """The right to write in one place."""

    def take(self, say: Say, option: str) -> None:
        """Take the right; ParameterError if somebody else holds it."""

    def check(self) -> None:
        """Raise RunError if the right was lost."""

    def give_back(self) -> None:
        """Leave the place to others."""


def silent(_: str) -> None:
    """Say nothing."""


@contextmanager
def one_writer(place: Place, say: Say = silent, option: str = "--out") -> Iterator[Writer]:
    """Hold the right to write in a place.

    say : told if the lease of a client that is gone is taken over

    Raises
    ------
    ParameterError
        If somebody else holds it: host, process and since when.
    """
    held = Lock(place) if isinstance(place, LocalPlace) else Lease(place)
    with storing(place):
        held.take(say, option)
    try:
        yield held
    finally:
        with suppress(OSError):  # the folder may be gone, or its disk, or the connection
            held.give_back()


def _about() -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _refused(place: Place, holder: dict[str, Any], option: str) -> ParameterError:
    who = "another process"
    if {"host", "process", "since"} <= set(holder):
        who = f"process {holder['process']} on {holder['host']} since {holder['since']}"
    allowed = f"a folder that nobody else writes to; {who} does: wait until it ends, or stop it"
    return ParameterError([Problem("option", option, str(place), allowed)])


def _holder(place: Place) -> dict[str, Any]:
    """Who is said to hold the right; nothing if that cannot be read."""
    with suppress(ValueError):
        found = json.loads(place.read(HOLDER) or b"{}")
        if isinstance(found, dict):
            return found
    return {}


class Lock(Writer):
    """The system's lock on a file of a local folder."""

    def __init__(self, place: LocalPlace) -> None:
        from filelock import FileLock

        self.place = place
        self.lock = FileLock(place.path / LOCK)

    def take(self, _: Say, option: str) -> None:
        """See `Writer`."""
        from filelock import Timeout

        self.place.path.mkdir(parents=True, exist_ok=True)
        try:
            self.lock.acquire(timeout=0)
        except Timeout:
            raise _refused(self.place, _holder(self.place), option) from None
        self.place.write(HOLDER, json.dumps(_about()).encode())

    def give_back(self) -> None:
        """See `Writer`."""
        try:
            self.place.remove(HOLDER)
        finally:
            self.lock.release()


class Lease(Writer):
    """A lease on a place that has no locks."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.token = uuid4().hex
        self.about = _about()
        self._over = Event()
        self._renewing = Thread(target=self._renew, daemon=True)

    def take(self, say: Say, option: str) -> None:
        """See `Writer`."""
        found = _holder(self.place)
        if found and time() < float(found.get("expires", 0)):
            raise _refused(self.place, found, option)
        if found:
            say(
                f"{self.place}: process {found.get('process')} on {found.get('host')} wrote here "
                f"since {found.get('since')} and is gone; its place is taken over"
            )
        try:
            self._write(new=not found)
        except FileExistsError:
            raise _refused(self.place, _holder(self.place), option) from None
        sleep(SETTLE)  # whoever read "nobody" at the same moment has written by now
        if not self._mine():
            raise _refused(self.place, _holder(self.place), option)
        self._renewing.start()

    def check(self) -> None:
        """See `Writer`."""
        if not self._mine():
            raise RunError(
                f"{self.place} was taken over by another client while this one could not renew "
                "its lease; what is finished is kept, give the same command again when that ends"
            )

    def give_back(self) -> None:
        """See `Writer`."""
        self._over.set()
        self._renewing.join()
        if self._mine():
            self.place.remove(HOLDER)

    def _write(self, *, new: bool = False) -> None:
        about = {**self.about, "token": self.token, "expires": time() + LEASE}
        self.place.write(HOLDER, json.dumps(about).encode(), new=new)

    def _mine(self) -> bool:
        return _holder(self.place).get("token") == self.token

    def _renew(self) -> None:
        while not self._over.wait(LEASE / 4):
            with suppress(OSError):  # tried again in a while; the lease outlasts some misses
                if self._mine():
                    self._write()
