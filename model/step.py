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
        columns by name, the words of its call in rows, and what `prepare(model)` returns.
    words : rows of u, 4, or the first 2 where that is all that the steps of a call use
    cells, finish : of a step by rows that counts. `kernel(*columns, table)` adds to int64
        cells, which are 0 at the start of the year; each thread has its own, and
        `finish(model, table)` gets their sum once all rows are done.
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
    words: int = 4
    cells: tuple[int, ...] | None = None
    finish: Callable[[Any, Any], None] | None = None

    @property
    def by_rows(self) -> bool:
        """Whether the step runs as a kernel over blocks of rows."""
        return self.kernel is not None


# Columns that hold an intent or event of the year and mean nothing before they are written.
YEARLY = frozenset({"death_u", "divorces", "adl_next", "move_to", "leave"})


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
    if step.words not in (2, 4):
        raise ValueError(f"step {step.name}: {step.words} words, where a call makes 2 or 4")
    if (step.cells is None) != (step.finish is None) or (step.cells is not None and step.apply):
        raise ValueError(f"step {step.name}: a kernel that counts has both cells and finish")
    if step.cells is not None and (step.call is not None or step.prepare is not None):
        raise ValueError(f"step {step.name}: a step that counts has no luck and no rules")
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
