"""What is wrong with an input file, said so that its author can mend it."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One fault: where it stands, what was found, what is allowed."""

    file: str
    key: str
    value: object
    allowed: str

    def __str__(self) -> str:
        shown = repr(self.value)
        if len(shown) > 120:
            shown = shown[:117] + "..."
        return f"{self.file}: {self.key or 'the file'}: {shown}; allowed: {self.allowed}"


class ParameterError(ValueError):
    """Every problem of one reading, at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the input files"
        super().__init__("\n  ".join([head + ":", *map(str, self.problems)]))

    def __reduce__(self) -> tuple[type["ParameterError"], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)  # crosses the border of a worker process


def one_of(allowed: Iterable[object], given: object = None) -> str:
    """Text of a closed list; of a long one, the members nearest to what was given."""
    names = [str(name) for name in allowed]
    if len(names) <= 12:
        return "one of " + ", ".join(names)
    near = difflib.get_close_matches(str(given), names, n=5, cutoff=0.6)
    if near or len(names) > 100:
        return f"one of {len(names)} names" + (f" (nearest: {', '.join(near)})" if near else "")
    return "one of " + ", ".join(names)
