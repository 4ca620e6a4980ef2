"""When numba turns what it has compiled into machine code, and how it finds it again.

numba does so for every function, and optimises each of them in full. A rule is only ever linked
into the loops that call it, and is optimised again there: it needs neither. Here machine code is
made when an address is asked for, which is when Python is to call.
"""

# mypy: disable-error-code="no-untyped-call, attr-defined"

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from uuid import uuid4

from numba.core import codegen
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.compiler_lock import global_compiler_lock
from numba.core.environment import lookup_environment
from numba.core.runtime import rtsys


class Library(codegen.JITCodeLibrary):  # type: ignore[misc]
    """Functions that are compiled together; kept in the format of numba's own library."""

    _ready = False  # has machine code

    def _optimize_functions(self, ll_module: Any) -> None:
        """See numba; passes over a whole library do all that these would."""
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        """See numba; as much as lets the text of a function be put into its callers."""
        passes, builder = self._codegen._module_pass_manager(
            loop_vectorize=False, slp_vectorize=False, opt=0, cost="cheap"
        )
        passes.add_sroa_pass()
        passes.add_simplify_cfg_pass()
        passes.add_dead_code_elimination_pass()
        passes.add_global_dead_code_eliminate_pass()
        passes.run(self._final_module, builder)

    def _finalize_final_module(self) -> None:
        """See numba; machine code waits, unless rules that call each other find it by address."""
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True
        if self._by_address():
            rtsys.library.get_pointer_to_function("nrt_unresolved_abort")  # what stands in for it
            self._make_machine_code()

    def _by_address(self) -> bool:
        names = (variable.name for variable in self._final_module.global_variables)
        return any(name.startswith(codegen.RuntimeLinker.PREFIX) for name in names)

    @property
    def has_dynamic_globals(self) -> bool:
        """See numba; what is found by address in this process is not kept for others."""
        return bool(super().has_dynamic_globals) or self._by_address()

    def get_pointer_to_function(self, name: str) -> int:
        """See numba; 0 if the library does not define the function."""
        self._ensure_finalized()
        try:
            if self._final_module.get_function(name).is_declaration:
                return 0
        except NameError:
            return 0
        if not self._ready:
            self._make_machine_code()
        return int(self._codegen._engine.get_function_address(name))

    def _make_machine_code(self) -> None:
        self._ready = True
        if self._get_module_for_linking() is self._final_module:
            self._shared_module = self._final_module.clone()
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)
        self._dynamic_globals.clear()
        super()._finalize_final_module()
        # of functions that had no machine code when numba would have set their environment
        for variable in self._final_module.global_variables:
            environment = lookup_environment(variable.name)
            if environment is not None:
                self._codegen.set_env(variable.name, environment)

    def serialize_using_object_code(self) -> tuple[str, str, Any]:
        """See numba; without machine code, what is linked alone."""
        kept: tuple[str, str, Any]
        if self._ready:
            kept = super().serialize_using_object_code()
        else:
            kept = self.serialize_using_bitcode()
        return kept

    @classmethod
    def _unserialize(cls, code: Any, state: tuple[str, str, Any]) -> Any:
        name, kind, data = state
        if kind == "object":
            return Kept(code, name, *data)
        return super()._unserialize(code, state)


class Kept(codegen.JITCodeLibrary):  # type: ignore[misc]
    """A library with machine code that an earlier process has made.

    What is linked into others is read when that happens, which it does for few of those that
    have machine code.
    """

    def __init__(self, code: Any, name: str, machine: bytes, linked: bytes) -> None:
        codegen.CodeLibrary.__init__(self, code, name)
        self._machine, self._linked = machine, linked
        self._finalized, self._disable_inspection = True, True
        engine = code._engine._ee
        engine.add_object_file(codegen.ll.object_file.ObjectFileRef.from_data(machine))
        engine.finalize_object()

    def _get_module_for_linking(self) -> Any:
        """See numba."""
        return self._final_module

    @cached_property
    def _final_module(self) -> Any:
        return codegen.ll.parse_bitcode(self._linked)

    def get_pointer_to_function(self, name: str) -> int:
        """See numba; 0 if the machine code does not name the function."""
        if name.encode() not in self._machine:
            return 0
        return int(self._codegen._engine.get_function_address(name))


class File(IndexDataCacheFile):  # type: ignore[misc]
    """What is kept of one function; several processes may write it at the same time.

    numba numbers the variants of a function and writes the index first: of two processes that
    save different variants at once, one would find the code of the other under its own types.
    """

    def save(self, key: Any, data: Any) -> None:
        """See numba; code gets a name that nobody else gives, and then its line in the index."""
        name = self._data_name_pattern.replace("{number:d}", uuid4().hex)
        self._save_data(name, data)
        self._save_index(self._load_index() | {key: name})


class Cache(FunctionCache):  # type: ignore[misc]
    """numba's cache of one function, which does not look for new types of others at each load."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        self._cache_file.__class__ = File

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """See numba."""
        rtsys.initialize(target_context)
        return self._load_overload(sig, target_context)


class Generator(codegen.JITCPUCodegen):  # type: ignore[misc]
    """numba's generator of code, with the libraries above."""

    _library_class = Library

    def set_env(self, env_name: str, env: Any) -> None:
        """See numba; a function without machine code has no place for it yet."""
        if self._engine.get_global_value_address(env_name):
            super().set_env(env_name, env)


@contextmanager
def machine_code_waits(target: Any) -> Iterator[None]:
    """Within, numba's generator of code is ours, for functions of others that are called too.

    target : numba's context of a target
    """
    code = target.codegen()
    with global_compiler_lock:
        before, code.__class__ = code.__class__, Generator
        try:
            yield
        finally:
            code.__class__ = before
