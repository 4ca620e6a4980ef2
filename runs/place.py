"""Where results stand: a folder of this machine, or any place that fsspec reaches by its URL.

A path or a `file://` URL is a local folder. Every other URL (`s3://bucket/run`,
`memory://run`) goes through fsspec; how it logs in is a matter of fsspec's own settings and
of the environment. Objects are written whole: a reader finds the old one or the new one.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Any
from uuid import uuid4

from ..parameters.problems import ParameterError, Problem

LOCAL = ("file", "local")  # protocols of the local file system
OWN = ".songhe-"  # how names of files begin that are no results: locks and parts


def place_of(where: "Place | Path | str", option: str = "--out") -> "Place":
    """The place that a path or a URL names.

    Raises
    ------
    ParameterError
        If nothing here can reach such a URL; `option` is named.
    """
    if isinstance(where, Place):
        return where
    protocol, mark, rest = str(where).partition("://")
    if isinstance(where, Path) or not mark:
        return LocalPlace(Path(where))
    if protocol in LOCAL:
        return LocalPlace(Path(rest))
    try:
        return RemotePlace(str(where))
    except ImportError as fault:
        said = str(fault).rstrip(".") or f"a package for {protocol}:// is missing"
        allowed = f"a path, or a URL whose package is installed ({said}; for s3: the extra s3)"
    except ValueError as fault:
        allowed = f"a path, or a URL that fsspec knows ({fault})"
    raise ParameterError([Problem("option", option, str(where), allowed)])


class Place:
    """A folder, by the names of what it holds; `local` is its path, None where it has none."""

    local: Path | None = None

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def zarr_store(self, name: str) -> Any:
        """What Zarr opens a group of this folder from."""
        raise NotImplementedError

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None if there is none."""
        raise NotImplementedError

    def write(self, name: str, content: bytes, *, new: bool = False) -> None:
        """Write a file whole. new : FileExistsError if there is one."""
        raise NotImplementedError

    def remove(self, name: str) -> None:
        """Take away a file or a whole folder, if it is there."""
        raise NotImplementedError

    def exists(self, name: str) -> bool:
        """Whether a file is there."""
        raise NotImplementedError

    def files(self, name: str = "") -> list[str]:
        """Every file at any depth under a folder, named from there."""
        raise NotImplementedError

    def names(self) -> list[str]:
        """What the folder itself holds."""
        return sorted({path.split("/")[0] for path in self.files()})

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A local folder whose files stand in this place when the block ends."""
        with tempfile.TemporaryDirectory(prefix="songhe-") as passing:
            yield Path(passing)
            for path in sorted(Path(passing).iterdir()):
                self.write(path.name, path.read_bytes())


class LocalPlace(Place):
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = self.local = path

    def zarr_store(self, name: str) -> str:
        """See `Place`."""
        return str(self.path / name)

    def read(self, name: str) -> bytes | None:
        """See `Place`."""
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, content: bytes, *, new: bool = False) -> None:
        """See `Place`; the bytes are on the disk before they take the file's name."""
        if new and self.exists(name):
            raise FileExistsError(name)
        self.path.mkdir(parents=True, exist_ok=True)
        part = self.path / f"{OWN}{uuid4().hex}.part"
        try:
            with part.open("wb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            part.replace(self.path / name)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def remove(self, name: str) -> None:
        """See `Place`."""
        path = self.path / name
        if path.is_dir():
            rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        """See `Place`."""
        return (self.path / name).is_file()

    def files(self, name: str = "") -> list[str]:
        """See `Place`."""
        top = self.path / name
        found = (Path(at) / file for at, _, files in os.walk(top) for file in files)
        return sorted(path.relative_to(top).as_posix() for path in found)

    def names(self) -> list[str]:
        """See `Place`."""
        return sorted(path.name for path in self.path.iterdir()) if self.path.is_dir() else []

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """See `Place`."""
        yield self.path


class RemotePlace(Place):
    """A folder that fsspec reaches."""

    def __init__(self, url: str) -> None:
        import fsspec

        super().__init__(url.rstrip("/"))
        # Listings are asked for anew: others write there too.
        self.files_of, root = fsspec.url_to_fs(self.text, use_listings_cache=False)
        self.root = str(root).rstrip("/")

    def _at(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root

    def zarr_store(self, name: str) -> Any:
        """See `Place`."""
        from zarr.storage import FsspecStore

        return FsspecStore.from_url(f"{self.text}/{name}", {"use_listings_cache": False})

    def read(self, name: str) -> bytes | None:
        """See `Place`."""
        try:
            return bytes(self.files_of.cat_file(self._at(name)))
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes, *, new: bool = False) -> None:
        """See `Place`."""
        self.files_of.pipe_file(self._at(name), content, mode="create" if new else "overwrite")

    def remove(self, name: str) -> None:
        """See `Place`."""
        with suppress(FileNotFoundError):
            self.files_of.rm(self._at(name), recursive=True)

    def exists(self, name: str) -> bool:
        """See `Place`."""
        return bool(self.files_of.isfile(self._at(name)))

    def files(self, name: str = "") -> list[str]:
        """See `Place`."""
        top = self._at(name)
        try:
            found = self.files_of.find(top)
        except FileNotFoundError:
            return []
        return sorted(path.split(f"{top}/", 1)[1] for path in found if f"{top}/" in path)

    def names(self) -> list[str]:
        """See `Place`."""
        try:
            found = self.files_of.ls(self.root, detail=False)
        except FileNotFoundError:
            return []
        return sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in found)
