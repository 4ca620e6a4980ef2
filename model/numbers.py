"""Parameters as the key of a cache: what is made from them is made once.

Equal where every resolved number is equal, whatever the titles say. What is `remembered` is that of
the last few sets of numbers, so that a worker that lives thousands of draws holds no more.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..parameters.load import Parameters

Given = ParamSpec("Given")
Found = TypeVar("Found")

SETS = 8  # of numbers that are remembered


class Numbers:
    """A set of parameters that can be looked up by its numbers."""

    def __init__(self, parameters: Parameters) -> None:
        self.p = parameters

    def __hash__(self) -> int:
        return hash(self.p.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbers) and self.p.hash == other.p.hash


def remembered(
    function: Callable[Concatenate[Numbers, Given], Found],
) -> Callable[Concatenate[Numbers, Given], Found]:
    """Keep what a function finds, by its other arguments, for the last sets of numbers."""
    sets: OrderedDict[Numbers, dict[Any, Found]] = OrderedDict()

    @wraps(function)
    def found(numbers: Numbers, /, *args: Given.args, **named: Given.kwargs) -> Found:
        known = sets.setdefault(numbers, {})
        sets.move_to_end(numbers)
        if len(sets) > SETS:
            sets.popitem(last=False)
        place = args, tuple(named.items())
        if place not in known:
            known[place] = function(numbers, *args, **named)
        return known[place]

    return found
