"""What can go wrong with a run that was asked for rightly, in words for who asked."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .place import Place

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_RIGHT = (errno.EROFS, errno.EACCES, errno.EPERM)


class RunError(RuntimeError):
    """A run that could not be finished; what was finished is stored."""


@contextmanager
def storing(place: "Place") -> Iterator[None]:
    """What a disk or a server refuses becomes one message that says what to do."""
    try:
        yield
    except OSError as fault:
        raise RunError(_said(fault, place)) from fault


def _said(fault: OSError, place: "Place") -> str:
    if fault.errno in NO_ROOM:
        what, mend = "has no room left", "make room"
    elif fault.errno in NO_RIGHT:
        what, mend = "cannot be written", "make it writable"
    else:
        what, mend = "cannot be reached", "bring it back"
    reason = f"{type(fault).__name__}: {fault}"
    return (
        f"{place} {what} ({reason}). What is finished is kept; {mend}, then give the same "
        "command again"
    )
