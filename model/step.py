"""A step of the year: what it is called, what it reads and writes, and how it runs.

A step either runs as a kernel over blocks of rows, with the uniforms of its call, or once
over everybody (`apply`). `check` refuses a list in which a column is unknown, a step reads an
intent before it is written, or kernels of one call stand apart.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ..agents.columns import Column
from ..agents.luck import Call


class Step(NamedTuple):
    """One line of the year.

    columns, kernel, prepare, call : of a step by rows. `kernel(*columns, u, rules)` gets the
        columns by name, four rows of words of its call, and what `prepare(model)` returns.
    apply : of a step over everybody, `apply(model)`
    """

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    apply: Callable[[Any], None] | None = None
    columns: tuple[str, ...] = ()
    kernel: Callable[..., None] | None = None
    prepare: Callable[[Any], Any] | None = None
    call: Call | None = None

    @property
    def by_rows(self) -> bool:
        """Whether the step runs as a kernel over blocks of rows."""
        return self.kernel is not None


# Columns that hold an intent or event of the year and mean nothing before they are written.
YEARLY = frozenset({"death_u", "divorce_u", "adl_next", "move_to", "leave"})


def check(year: Sequence[Step], columns: Iterable[Column]) -> None:
    """Refuse a year that cannot run.

    Raises
    ------
    ValueError
        With the step and the column at fault.
    """
    known = {column.name for column in columns}
    names = [step.name for step in year]
    for step in year:
        if names.count(step.name) > 1:
            raise ValueError(f"step {step.name}: stands twice in the year")
        _whole(step, known)
    _intents_in_order(year)
    _calls_together(year)


def _whole(step: Step, known: set[str]) -> None:
    for column in (*step.reads, *step.writes, *step.columns):
        if column not in known:
            raise ValueError(f"step {step.name}: no column {column}")
    if (step.apply is None) == (step.kernel is None):
        raise ValueError(f"step {step.name}: either apply or kernel")
    undeclared = set(step.columns) - set(step.reads) - set(step.writes)
    if undeclared:
        raise ValueError(f"step {step.name}: {sorted(undeclared)} neither read nor written")


def _intents_in_order(year: Sequence[Step]) -> None:
    written: set[str] = set()
    for step in year:
        for column in step.reads:
            if column in YEARLY - written - set(step.writes):
                raise ValueError(f"step {step.name}: reads {column} before it is written")
        written.update(step.writes)


def _calls_together(year: Sequence[Step]) -> None:
    """Steps by rows that share a call stand together: its words are filled once for them."""
    seen: list[Call] = []
    for step in year:
        if step.call is None or (seen and seen[-1] == step.call):
            continue
        if step.call in seen:
            raise ValueError(f"step {step.name}: stands apart from the steps of {step.call.name}")
        seen.append(step.call)
