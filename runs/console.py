"""What a run says before its first unit, and the console on which everything is said."""

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from .country import CountryPlan
    from .ensemble import Plan

WIDTH = 100  # where nobody says how wide the output is
CONCEPTS = {
    "official": ("official (census and year-end totals)", "官方口径（普查和年末总数）"),
    "wpp": ("WPP (World Population Prospects 2024)", "联合国《世界人口展望2024》口径"),
}


def console(*, error: bool = False) -> Console:
    """A console, wide enough for tables where the output is no terminal."""
    plain = Console(stderr=error, highlight=False)
    return plain if plain.is_terminal else Console(stderr=error, width=WIDTH, highlight=False)


def plan_text(plan: "Plan", out: str) -> str:
    """What is about to be run, in lines."""
    s = plan.settings
    lines = [
        f"Scenarios 情景: {', '.join(plan.scenarios)}",
        f"{s.persons:,} persons x {counted(s.replicates, 'replicate')} x "
        f"{counted(s.draws + 1, 'draw')}, 2010-{s.until}, seed {s.seed}",
        f"Population concept 人口口径: {CONCEPTS[s.concept][0]}",
    ]
    if plan.done:
        stored = counted(plan.done, "result")
        lines.append(f"{out} holds {stored} of this run (scenario x draw x replicate)")
    if not plan.units:
        return "\n".join([*lines, "Nothing is missing: nothing is lived again 无需重新模拟"])
    return "\n".join(
        [
            *lines,
            f"{_person_years(plan.person_years)} in {counted(len(plan.units), 'unit')} "
            f"(draw x replicate), {plan.workers} at a time; about {_size(plan.disk)} on disk",
            f"Results go to {out}; a run that is stopped goes on when the command is given again",
        ]
    )


def country_text(plan: "CountryPlan", out: str) -> str:
    """What is about to be run of the country, in lines."""
    s, missing = plan.settings, sum(plan.missing)
    whole = "" if s.replicates >= plan.needed else f" of the {plan.needed:,} that it needs"
    lines = [
        f"Scenarios 情景: {', '.join(plan.scenarios)}",
        f"The country as the mean of {counted(s.replicates, 'replicate')}{whole}",
        f"{s.persons:,} persons each, {s.replicates * s.persons:,} in all; "
        f"{counted(s.draws + 1, 'draw')}, 2010-{s.until}, seed {s.seed}",
        f"Population concept 人口口径: {CONCEPTS[s.concept][0]}",
    ]
    if plan.held:
        lines.append(f"{out} holds the sums of {counted(plan.held, 'replicate')}")
    if not missing:
        return "\n".join([*lines, "Nothing is missing: nothing is lived again 无需重新模拟"])
    return "\n".join(
        [
            *lines,
            f"{_person_years(plan.person_years)} to live, {plan.workers} replicates at a time",
            f"About {duration(plan.seconds)}, told from {plan.basis}",
            f"About {_size(plan.disk)} on disk, however many replicates",
            f"Sums go to {out}; a run that is stopped goes on when the command is given again",
        ]
    )


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def counted(number: int, word: str) -> str:
    """A number of things."""
    return f"{number:,} {word}{'s' if number != 1 else ''}"


def _person_years(count: int) -> str:
    if count < 1_000_000:
        return f"{count:,} person-years"
    return f"{count / 1e6:,.1f} million person-years"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 1):.0f} MB"
