"""Mesa, the shell around the columns; its import makes very many lasting objects."""

from ..parameters.garbage import garbage_waits

with garbage_waits():
    import mesa

__all__ = ["mesa"]
