"""What a process computes with: sources, and the packages and processor arithmetic hangs on.

A unit is lived only where these are the same as in the process that asked for it, so that no
figure of another version gets into a store under this version's key. NumPy takes exponentials
and logarithms in other steps on processors with wider vectors, and their last bit differs.
"""

import hashlib
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..agents.compiled import source_hash

PACKAGES = ("numpy", "numba", "scipy")
FOLDERS = ("runs", "analysis")  # turn counts into figures; source_hash covers the model


class Build(NamedTuple):
    """Sources, as a digest, versions, and the vector instructions in use."""

    sources: str
    versions: tuple[tuple[str, str], ...]
    instructions: str

    def __str__(self) -> str:
        versions = (f"{name} {number}" for name, number in self.versions)
        return ", ".join([f"sources {self.sources}", *versions, self.instructions])


class OtherBuild(Exception):
    """A worker computes with something else than the process that asked."""

    def __init__(self, worker: str, there: str, here: str) -> None:
        super().__init__(worker, there, here)
        self.worker, self.there, self.here = worker, there, here

    def __str__(self) -> str:
        return f"{self.worker} has {self.there}; here it is {self.here}"


def instructions() -> str:
    """The widest vector instructions that NumPy uses here, such as `X86_V4`.

    `NPY_DISABLE_CPU_FEATURES` set before the start takes some away.
    """
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    names = [*simd["baseline"], *simd.get("found", ())]
    levels = [name for name in names if name.startswith("X86_")]
    return max(levels) if levels else " ".join(names)


def as_on_disk() -> Build:
    """The build that a process started now would have."""
    digest = hashlib.sha256(source_hash().encode())
    root = Path(__file__).parent.parent
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    versions = tuple((name, version(name)) for name in PACKAGES)
    return Build(digest.hexdigest()[:20], versions, instructions())


@lru_cache(maxsize=1)
def as_lived() -> Build:
    """The build of this process: read before its first unit, whatever becomes of the files."""
    return as_on_disk()


def as_known() -> Build:
    """The build of this process if it has lived a unit, else the one that it would have."""
    return as_lived() if as_lived.cache_info().currsize else as_on_disk()


def demand(build: Build, worker: str) -> None:
    """Refuse to go on in a process of another build.

    worker : what this process is called

    Raises
    ------
    OtherBuild
        If sources or versions are not those of `build`.
    """
    mine = as_lived()
    if mine != build:
        raise OtherBuild(worker, str(mine), str(build))
