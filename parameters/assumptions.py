"""Writes the list of everything that songhe assumes: `docs/assumptions.md`.

python -m songhe.parameters.assumptions > docs/assumptions.md
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from .load import Parameters, load
from .schema import Entry, Fixed, Prior, Strict, Text
from .yamlfile import read_yaml

HEAD = """# What is assumed

Generated from the parameter files by `python -m songhe.parameters.assumptions`; do not edit.

A value is *read* in its source, *recalled* from a publication that should be checked before it
is quoted, *computed* from values that were read, or *assumed*: an expert's choice without a
direct estimate. Below stands what the evidence does not hold, every entry that is assumed in
whole or in part, and every entry that is recalled. The number is the median; the prior says how
it varies between draws.
"""
GAPS = Path(__file__).parent / "gaps.yaml"


class Gap(Strict):
    """Something looked for and not found, and the results that lean on it."""

    missing: Text
    bears_on: Text


def assumptions_markdown(parameters: Parameters) -> str:
    """The page: counts, gaps, assumed entries, neutral levers, recalled entries."""
    lines = [HEAD, _counts(parameters), "", "## What the evidence does not hold", "", *_gaps()]
    lines += ["", "## Assumed", ""]
    lines += _section(parameters, "assumed")
    lines += ["", "## Levers that ship neutral", "", *_offered(parameters)]
    lines += ["", "## Recalled, to be checked", "", *_section(parameters, "recalled")]
    return "\n".join(lines).rstrip() + "\n"


def prior_text(prior: Prior) -> str:
    """A prior in words."""
    if isinstance(prior, Fixed):
        return f"fixed: {prior.fixed}"
    parts = [f"{prior.family} on the {prior.on}" if prior.family != "band" else "band of the table"]
    if prior.sd is not None:
        parts.append(f"sd {prior.sd:g}")
    if prior.low is not None and prior.high is not None:
        word = "range" if prior.family == "uniform" else "90 %"
        parts.append(f"{word} {prior.low:g} to {prior.high:g}")
    if prior.level is not None:
        parts.append(f"{prior.level:.0%}")
    if prior.zero:
        parts.append(f"zero with probability {prior.zero:g}")
    if prior.each:
        parts.append(f"independent for each {prior.each}")
    if prior.same_as:
        parts.append(f"same luck as `{prior.same_as}`")
    return ", ".join(parts)


def _gaps() -> list[str]:
    gaps = (Gap.model_validate(content) for content in read_yaml(GAPS).values())
    return [f"- {gap.missing} Bears on: {_small(gap.bears_on)}" for gap in gaps]


def _small(text: str) -> str:
    return text[0].lower() + text[1:]


def _counts(parameters: Parameters) -> str:
    total = len(parameters)
    kinds = ("read", "computed", "recalled", "assumed")
    counted = ", ".join(
        f"{sum(parameters[key].evidence == kind for key in parameters)} {kind}" for kind in kinds
    )
    return f"{total} entries: {counted}; {len(parameters.uncertain())} vary between draws."


def _section(parameters: Parameters, kind: str) -> list[str]:
    lines = []
    for key in sorted(parameters):
        entry = parameters[key]
        if _holds(entry, kind):
            lines.append(f"- **`{key}`** {entry.title} ({entry.unit}): {_shown(entry)}.")
            lines.append(f"  Prior: {prior_text(entry.prior)}.")
            lines += [f"  {note}" for note in _notes(entry)]
    return lines or ["None."]


def _holds(entry: Entry, kind: str) -> bool:
    parts = {item.evidence for item in (entry.values or {}).values()}
    return entry.evidence == kind or kind in parts


def _shown(entry: Entry) -> str:
    """The value as the file has it: numbers, dated numbers, or the name of the table."""
    if entry.data is not None:
        return f"table by {', '.join(entry.dims)}"
    if entry.values is not None:
        return "; ".join(f"{day}: {_number(item.value)}" for day, item in entry.values.items())
    return _number(entry.value)


def _number(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_number(item) for item in value) + "]"
    return f"{value:.12g}" if isinstance(value, int | float) else str(value)


def _notes(entry: Entry) -> Iterator[str]:
    if entry.note:
        yield " ".join(entry.note.split())
    for day, item in (entry.values or {}).items():
        if item.note:
            yield f"{day}: {' '.join(item.note.split())}"


def _offered(parameters: Parameters) -> list[str]:
    lines = [
        f"- **`{key}`** {entry.title} ({entry.unit}): ships at {_shown(entry)}; "
        f"offered {offer.value:g}, {prior_text(offer.prior)}."
        for key in sorted(parameters)
        if (offer := (entry := parameters[key]).offered) is not None
    ]
    return lines or ["None."]


if __name__ == "__main__":
    sys.stdout.write(assumptions_markdown(load()))
