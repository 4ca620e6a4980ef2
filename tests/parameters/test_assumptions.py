"""The page of assumptions is generated, complete and up to date."""

from pathlib import Path

from songhe.parameters.assumptions import assumptions_markdown
from songhe.parameters.load import load

PAGE = Path(__file__).parents[2] / "docs" / "assumptions.md"


def test_the_page_is_what_the_parameters_say():
    again = "run: python -m songhe.parameters.assumptions > docs/assumptions.md"
    assert PAGE.read_text(encoding="utf-8") == assumptions_markdown(load()), again


def test_every_assumed_entry_is_listed_with_value_prior_and_note(folder):
    page = assumptions_markdown(load(root=folder))
    assert "6 entries: 3 read, 0 computed, 1 recalled, 2 assumed; 3 vary between draws." in page
    assert "## What the evidence does not hold\n\n- A causal estimate" in page
    assumed, rest = page.split("## Levers that ship neutral")
    assert "`demography.mortality.ratio`" in assumed
    assert "[1, 1.6, 2.4, 5]" in assumed
    assert "lognormal on the factor, 90 % 0.8 to 1.3" in assumed
    assert "Chosen between two studies." in assumed
    assert "`policies.subsidy.amount`" not in page
    levers, recalled = rest.split("## Recalled")
    assert "offered 0.25, uniform on the value, range 0.05 to 0.6" in levers
    assert "zero with probability 0.25" in recalled


def test_an_entry_assumed_in_part_is_listed(spoil):
    folder = spoil("policies/subsidy.yaml", "{value: 4000, source: law}",
                   "{value: 4000, evidence: assumed, note: A round number.}")  # fmt: skip
    spoil("policies/subsidy.yaml", "lookahead: 3", "note: Announced.\n  lookahead: 3")
    page = assumptions_markdown(load(root=folder))
    assert "2025-01-01: 3600; 2030-01-01: 4000" in page
    assert "2030-01-01: A round number." in page
