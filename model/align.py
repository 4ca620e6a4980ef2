"""Constants that tie the model to a known level: solved in the baseline, kept for scenarios.

A constant is a log-odds, a hazard factor or the like, never a count. In a baseline it is
solved on expected values in each year with a target, and keeps the mean of its last three
years afterwards. A scenario finds the constants of its baseline by year and solves nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
REMEMBERED = 3  # years whose mean holds after the last aligned one


class Constants:
    """Constants by name and year of one (draw, replicate) and its reference scenario."""

    def __init__(self) -> None:
        self.year = 0
        self.frozen = False
        self._solved: dict[str, dict[int, Array]] = {}
        self._used: dict[str, dict[int, Array]] = {}

    def get(self, name: str, solve: Callable[[], Any], *, aligned: bool) -> Any:
        """The constant of this year.

        Parameters
        ----------
        name : of the constant
        solve : gives the constant that meets this year's target, a number or an array
        aligned : whether this year has a target

        Raises
        ------
        LookupError
            If a scenario asks for a year that its baseline has not lived, or a baseline for
            a constant that was never solved.
        """
        used = self._used.setdefault(name, {})
        if self.frozen:
            if self.year not in used:
                raise LookupError(f"constant {name}: the baseline has none for {self.year}")
            return used[self.year]
        if aligned:
            value = np.asarray(solve(), dtype=np.float64)
            self._solved.setdefault(name, {})[self.year] = value
        else:
            last = list(self._solved.get(name, {}).values())[-REMEMBERED:]
            if not last:
                raise LookupError(f"constant {name}: no year up to {self.year} has a target")
            value = np.mean(np.stack(last), axis=0)
        used[self.year] = value
        return value

    def known(self, name: str) -> Array | None:
        """The constant of this year if it stands already."""
        return self._used.get(name, {}).get(self.year)

    def of_last_year(self, name: str) -> Array | None:
        """The constant of the year before; None if there is none."""
        return self._used.get(name, {}).get(self.year - 1)

    def for_scenario(self, *, solves_anew: bool = False) -> "Constants":
        """Constants for a branch: these ones, or a copy that goes on solving its own."""
        twin = Constants()
        twin._solved = {name: dict(years) for name, years in self._solved.items()}
        twin._used = {name: dict(years) for name, years in self._used.items()}
        twin.frozen = not solves_anew
        return twin

    def table(self) -> Iterator[tuple[str, int, Array]]:
        """Name, year and value of every constant in use."""
        for name in sorted(self._used):
            for year, value in sorted(self._used[name].items()):
                yield name, year, value
