"""The description of the model names every step of the year, in the order of the year."""

import re
from pathlib import Path

from songhe.model.year import YEAR

METHODS = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")


def listed():
    """Names of the numbered list of steps."""
    return re.findall(r"^\d+\. `(\w+)`", METHODS, re.MULTILINE)


def test_the_list_of_steps_is_that_of_the_year():
    assert listed() == [step.name for step in YEAR]
