"""A figure with its aim, the table of all figures in Markdown, and the same as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

HEAD = ("what", "figure", "unit", "aim", "met")


@dataclass(frozen=True)
class Figure:
    """What was measured; at_most or at_least is the aim, where there is one."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None without an aim."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least

    @property
    def aim(self) -> str:
        """The aim in words, empty without one."""
        if self.at_most is not None:
            return f"at most {self.at_most:,g}"
        return "" if self.at_least is None else f"at least {self.at_least:,g}"

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it: the fields, and whether the aim is met."""
        return asdict(self) | {"met": self.met}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """From what JSON holds."""
        return cls(**{field.name: told[field.name] for field in fields(cls)})

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        met = {True: "yes", False: "no", None: ""}[self.met]
        return self.what, f"{self.value:,.3g}", self.unit, self.aim, met


def table(figures: Sequence[Figure]) -> str:
    """One line per figure, columns of equal width."""
    rows = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEAD))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )


def keep(file: Path, about: Mapping[str, Any], figures: Sequence[Figure], **more: Any) -> None:
    """Write the environment and all figures as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = {"environment": about, "figures": [figure.as_dict() for figure in figures], **more}
    file.write_text(json.dumps(whole, indent=1) + "\n")
