"""Parameters as the key of a cache: what is made from them is made once.

Equal where every resolved number is equal, whatever the titles say.
"""

from ..parameters.load import Parameters


class Numbers:
    """A set of parameters that can be looked up by its numbers."""

    def __init__(self, parameters: Parameters) -> None:
        self.p = parameters

    def __hash__(self) -> int:
        return hash(self.p.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbers) and self.p.hash == other.p.hash
