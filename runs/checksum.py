"""Checksums of chunks: what was cut short or altered is never read as a result.

Every chunk ends with a CRC32C of its bytes, as Zarr's own codec writes it, so that anyone's
Zarr reads and checks the results. Where songhe opens them, the same codec says what to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import zarr
from zarr.codecs import Crc32cCodec
from zarr.registry import register_codec

from ..parameters.problems import ParameterError, Problem

NAME = "songhe.crc32c"
HELP = "`songhe runs DIR --verify` names what is damaged, --repair has it lived again"


class DamagedError(ParameterError):
    """A chunk that is not what was written."""

    def __init__(self, *_: object) -> None:
        allowed = f"undamaged results; {HELP}"
        what = "a chunk was cut short or altered: its checksum does not match"
        super().__init__([Problem("option", "DIR", what, allowed)])


@dataclass(frozen=True)
class Checked(Crc32cCodec):
    """Zarr's CRC32C, with an error that says what to do."""

    def _decode_sync(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        try:
            return super()._decode_sync(chunk_bytes, chunk_spec)
        except ValueError as fault:
            raise DamagedError from fault


register_codec("crc32c", Checked, qualname=NAME)


@contextmanager
def checked() -> Iterator[None]:
    """Arrays opened inside check their chunks in songhe's words, and write every chunk.

    A chunk that holds only NaN is written too: where none is, something was lost.
    """
    with zarr.config.set({"codecs.crc32c": NAME, "array.write_empty_chunks": True}):
        yield
