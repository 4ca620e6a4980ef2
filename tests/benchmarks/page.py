"""Puts the kept figures into docs/benchmarks.md, in place of those that stand there."""

import json
from pathlib import Path

from songhe.tests.benchmarks.figures import Figure, table

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
KEPT = (ROOT / ".venv" / "benchmarks.json", ROOT / ".venv" / "peers.json")
HEAD = "## Figures\n"


def section(file: Path) -> str:
    """The environment, the table, and what failed, of one file of figures."""
    kept = json.loads(file.read_text())
    about = ", ".join(f"{key} {value}" for key, value in kept["environment"].items())
    figures = [Figure.of(told) for told in kept["figures"]]
    failed = [f"- {line}" for line in kept.get("failed", ())]
    return "\n\n".join((f"Measured: {about}.", table(figures), *failed)) + "\n"


def renewed(page: str, sections: list[str]) -> str:
    """The page with these sections below its head of figures."""
    above, head, _ = page.partition(HEAD)
    if not head:
        raise ValueError(f"{PAGE}: no line {HEAD.strip()!r}")
    return above + "\n".join((head, *sections))


def main() -> None:
    """Write the page."""
    sections = [section(file) for file in KEPT if file.exists()]
    if not sections:
        raise SystemExit(f"no figures: run `make bench` first, which writes {KEPT[0]}")
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), sections), encoding="utf-8")


if __name__ == "__main__":
    main()
