"""The end of the year: everyone becomes a year older, and the year's events are cleared.

Decides nothing. Completed age, time since the wedding and the last birth, and the years left
of a birth debt move by one; the state of function at the end becomes that of the opening;
newborns become 0.
"""

from typing import Any

from ...agents.columns import LONG_AGO, NEVER, THIS_YEAR
from ...agents.compiled import kernel, rule
from ..step import Step

OLDEST = 120  # completed age at which counting stops


@rule
def a_year_on(years: int) -> int:
    """Full years since an event a year later: 0 after the year of the event itself."""
    if years == THIS_YEAR:
        return 0
    return years + 1 if years < THIS_YEAR - 1 else LONG_AGO


@kernel
def ageing(
    age: Any, adl: Any, adl_next: Any, since_union: Any, since_birth: Any, birth_debt: Any,
    death_u: Any, divorces: Any, u: Any, rules: Any,
) -> None:  # fmt: skip
    """One short loop for each column, so that each is quick."""
    for i in range(age.size):
        age[i] = min(age[i] + 1, OLDEST)
    for i in range(age.size):
        adl[i] = adl_next[i]
    for i in range(age.size):
        since_union[i] = a_year_on(since_union[i])
        since_birth[i] = a_year_on(since_birth[i])
        birth_debt[i] = max(birth_debt[i], 1) - 1
    for i in range(age.size):
        death_u[i] = NEVER
    for i in range(age.size):
        divorces[i] = 0


COLUMNS_OF_THE_YEAR = (
    "age", "adl", "adl_next", "since_union", "since_birth", "birth_debt", "death_u", "divorces",
)  # fmt: skip

STEP = Step(
    "ageing",
    reads=COLUMNS_OF_THE_YEAR,
    writes=tuple(name for name in COLUMNS_OF_THE_YEAR if name != "adl_next"),
    columns=COLUMNS_OF_THE_YEAR,
    kernel=ageing,
)
