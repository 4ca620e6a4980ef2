"""Work that makes very many lasting objects, without looking for garbage among them meanwhile."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def garbage_waits() -> Iterator[None]:
    """Within, nothing looks for cycles that nobody holds; afterwards as before.

    Threads may be within at once: whoever found the collector at work starts it again.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
