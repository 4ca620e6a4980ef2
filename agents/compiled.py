"""The two decorators behind every compiled rule and loop, and their cache.

Compiled code is kept between processes. A module's code lies in a folder named by a hash of its
source and of every module that it imports, near or far, so an edit of a rule in one file is
never missed by a loop that calls it from another, and compiles anew only what can call it. Set
`NUMBA_CACHE_DIR` to keep it elsewhere. Fast-math is off: it would make results depend on how a
loop was compiled.

What costs time when everything is compiled, and how it is kept short, stands in
`docs/decisions/0015-compiled-code-is-kept-by-reach.md`.
"""

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, cached_property, update_wrapper
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import numba
import numpy as np
from numba.core import caching, types
from numba.core.caching import NullCache
from numba.core.registry import CPUDispatcher
from platformdirs import user_cache_path

from ..parameters.garbage import garbage_waits
from .machine_code import Cache, machine_code_waits

KEPT = 4  # newest versions of a module's compiled code
DAY = 86_400.0  # seconds; younger versions may be in use and stay
ROOT = Path(__file__).parent.parent
IMPORTS = re.compile(
    r"^[ \t]*from[ \t]+(\.+|songhe\.?)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)", re.MULTILINE
)
FOR_TYPES = re.compile(r"^if TYPE_CHECKING:.*\n(?:[ \t]+.*\n|\n)+", re.MULTILINE)  # never run
# Nothing here is called from C, so no entry for C is compiled.
OPTIONS = {"nopython": True, "boundscheck": None, "error_model": "numpy", "no_cfunc_wrapper": True}


def source_hash() -> str:
    """Digest of every Python file that a simulated figure can depend on."""
    digest = hashlib.sha256(numba.__version__.encode())
    for folder in ("parameters", "agents", "model"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


@cache
def _read(path: Path) -> tuple[str, tuple[Path, ...]]:
    """Digest of one source, and the sources of the package that it imports.

    Read once a process, when the first rule of the file or of one that imports it is met: what
    is written into the file later is not what this process runs.
    """
    text = path.read_text(encoding="utf-8")
    found = []
    for dots, package, names in IMPORTS.findall(FOR_TYPES.sub("", text)):
        above = path.parents[len(dots) - 1] if dots.startswith(".") else ROOT
        source = above.joinpath(*package.split(".")) if package else above
        if package and source.with_suffix(".py").is_file():
            found.append(source.with_suffix(".py"))
            continue
        for name in re.findall(r"(\w+)(?:\s+as\s+\w+)?\s*(?:,|\)|$)", names):
            module = source / f"{name}.py"
            found.append(module if module.is_file() else source / "__init__.py")
    return hashlib.sha256(text.encode()).hexdigest(), tuple(found)


def reach(path: Path) -> list[Path]:
    """Sources that the code compiled from one can come from: itself and all that it imports."""
    seen, waiting = set(), [path]
    while waiting:
        source = waiting.pop()
        if source not in seen and _is_file(source):
            seen.add(source)
            waiting.extend(_read(source)[1])
    return sorted(seen)


@cache
def version(path: Path) -> str:
    """Digest of all that the code compiled from a source depends on."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in reach(path):
        digest.update(f"{_name(source)} {_read(source)[0]}".encode())
    return digest.hexdigest()[:20]


_is_file = cache(Path.is_file)


@cache
def _name(path: Path) -> str:
    """A source within the package, the same in every copy of it; or a file of a user."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def folder() -> Path:
    """Where compiled code is kept between processes."""
    own = os.environ.get("NUMBA_CACHE_DIR")
    return Path(own) if own else user_cache_path("songhe", appauthor=False) / "compiled"


@cache
def place(path: Path) -> Path:
    """Folder of a module's compiled code, made where it is missing.

    In a read-only home code lies beside the process's other temporary files and is compiled
    anew by every process.
    """
    try:
        above = folder() / _name(path).removesuffix(".py").replace("/", ".").strip(".")
        own = above / version(path)
        own.mkdir(parents=True, exist_ok=True)
        os.utime(own)
        tempfile.TemporaryFile(dir=own).close()
        others = sorted(above.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in others[KEPT:]:
            if time.time() - old.stat().st_mtime > DAY:
                shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="songhe-"))
    return own


@cache
def _source(file: str) -> Path | None:
    """A file, or None where code was written elsewhere."""
    path = Path(file).absolute()
    return path if path.is_file() else None


class Locator(caching._CacheLocator):  # type: ignore[misc]
    """Tells numba where the code of a function of this package is kept."""

    def __init__(self, function: Callable[..., Any], path: Path) -> None:
        self._py_file = str(path)
        self._place = place(path)
        self._line = function.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        """The folder, which no other version of the sources shares."""
        return str(self._place)

    def get_source_stamp(self) -> str:
        """The same for every file: the folder's name is the stamp."""
        return ""

    def get_disambiguator(self) -> str:
        """Line of the function, as several of one name may stand in a file."""
        return str(self._line)

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> "Locator | None":
        """The place of a function, or None where it stands in no file."""
        path = _source(file)
        return cls(function, path) if path else None


@contextmanager
def _kept() -> Iterator[None]:
    """Within, numba keeps code in our places, and cells of a notebook in its own."""
    config: Any = numba.config  # the setting exists at run time only
    before = config.CACHE_LOCATOR_CLASSES
    config.CACHE_LOCATOR_CLASSES = f"{__name__}.Locator,IPythonCacheLocator"
    try:
        yield
    finally:
        config.CACHE_LOCATOR_CLASSES = before


class Kernel(CPUDispatcher):  # type: ignore[misc]
    """A compiled function; while it is compiled or loaded, garbage waits.

    The compiler makes many objects that live long; to look through them again and again took a
    fifth of its time.
    """

    def compile(self, sig: Any) -> Any:
        """See numba."""
        with garbage_waits(), machine_code_waits(self.targetctx):
            if isinstance(self._cache, NullCache):
                self.enable_caching()
            return super().compile(sig)

    def enable_caching(self) -> None:
        """See numba; done when the function is first compiled or loaded."""
        with _kept():
            self._cache = Cache(self.py_func)  # type: ignore[no-untyped-call]


class Rule(Kernel):
    """A function that is compiled for kernels alone, until Python calls it.

    An entry for Python takes as long to compile as a short rule, and few rules are called from
    there. Numbers written at a call are passed like any other: one variant for all.
    """

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """See numba; called when a caller is compiled."""
        plain: Callable[[Any], Any] = types.unliteral
        args = tuple(plain(arg) for arg in args)
        kws = {name: plain(arg) for name, arg in kws.items()}
        return super().get_call_template(args, kws)

    def add_overload(self, cres: Any) -> None:
        """See numba; what has no entry must not be found by calls from Python."""
        self.overloads[tuple(cres.signature.args)] = cres

    def _compile_for_args(self, *args: Any, **kws: Any) -> Any:
        """What a call from Python, which never finds a variant, is answered by."""
        return self.entry

    @cached_property
    def entry(self) -> Callable[..., Any]:
        """The same function with an entry for Python, kept under a name of its own."""
        plain = self.py_func
        twin = FunctionType(plain.__code__, plain.__globals__, closure=plain.__closure__)
        update_wrapper(twin, plain, updated=()).__qualname__ += ".entry"
        twin.__defaults__, twin.__kwdefaults__ = plain.__defaults__, plain.__kwdefaults__
        return _compiled(twin, Kernel)


def _compiled(
    function: Callable[..., Any], kind: type[Kernel], **options: Any
) -> Callable[..., Any]:
    config: Any = numba.config  # its settings exist at run time only
    if config.DISABLE_JIT:
        return function
    path = _source(function.__code__.co_filename)
    if path:
        version(path)  # of the text that this process runs, whenever it is compiled
    return cast(Callable[..., Any], kind(function, targetoptions={**OPTIONS, **options}))


def rule(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a rule for one person; its plain form is `.py_func`."""
    return _compiled(function, Rule, no_cpython_wrapper=True)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a rule into the text of its callers, where a call would stop vectorising."""
    return _compiled(function, Kernel, inline="always")


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop over columns; it runs beside other threads."""
    return _compiled(function, Kernel, nogil=True)


@rule
def total(values: Any) -> Any:
    """Sum of an array, element by element in the order of its indices.

    For use in rules: the sum that numba brings compiles a check of its axis as well.
    """
    result = values.dtype.type(0)
    for value in values.flat:
        result += value
    return result


@rule
def put(values: Any, into: Any) -> None:
    """Copy an array, element by element, into another of the same shape.

    For use in rules: the assignment that numba brings compiles the text of an error as well.
    """
    for at, value in np.ndenumerate(values):
        into[at] = value
