"""The two decorators behind every compiled rule and loop, and their cache.

Compiled code is kept between processes in a folder keyed by a hash of the sources that it can
come from: an edit of a rule in one file is never missed by a loop that calls it from another.
Set `NUMBA_CACHE_DIR` to keep it elsewhere. Fast-math is off: it would make results depend on
how a loop was compiled.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numba
from platformdirs import user_cache_path

KEPT = 4  # caches of the newest source trees
DAY = 86_400.0  # seconds; younger caches may be in use and stay
# Nothing here is called from C, so no entry for C is compiled.
OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}


def source_hash() -> str:
    """Digest of every Python file that a simulated figure can depend on."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256(numba.__version__.encode())
    for folder in ("parameters", "agents", "model"):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def _use_own_cache() -> None:
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    folder = user_cache_path("songhe", appauthor=False) / "compiled"
    own = folder / source_hash()
    try:
        own.mkdir(parents=True, exist_ok=True)
        os.utime(own)
        others = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in others[KEPT:]:
            if time.time() - old.stat().st_mtime > DAY:
                shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return  # a read-only home: numba then falls back to its own choice
    config: Any = numba.config  # the setting exists at run time only
    config.CACHE_DIR = str(own)


_use_own_cache()


def rule(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a rule for one person; its plain form is `.py_func`."""
    return cast(Callable[..., Any], numba.njit(**OPTIONS)(function))


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a rule into the text of its callers, where a call would stop vectorising."""
    compiled = numba.njit(inline="always", **OPTIONS)(function)
    return cast(Callable[..., Any], compiled)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop over columns; it runs beside other threads."""
    compiled = numba.njit(nogil=True, **OPTIONS)(function)
    return cast(Callable[..., Any], compiled)


@rule
def total(values: Any) -> Any:
    """Sum of an array, element by element in the order of its indices.

    For use in rules: the sum that numba brings compiles a check of its axis as well.
    """
    result = values.dtype.type(0)
    for value in values.flat:
        result += value
    return result
