"""Levels fitted again: they meet the published figures, and are written and nothing else."""

import shutil

import numpy as np
import pytest
from songhe.agents import base as base_of_2010
from songhe.parameters.load import SHIPPED, load
from songhe.parameters.problems import ParameterError
from songhe.runs import calibrate as calibrating

from .test_cli import command

PERSONS = 3_000
TEXT = """# a file

other:
  title: Other
  value: [1, 2]

level:
  title: Level
  note: Two
    lines.

  value: [-0.5, 1.0]  # to be fitted
  source: somewhere

last:
  value: 3
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    root = tmp_path_factory.mktemp("calibrate") / "parameters"
    kept = ("*.yaml", "*.csv")
    shutil.copytree(SHIPPED, root, ignore=lambda folder, names: [
        name for name in names
        if name == "__pycache__" or ("." in name and not name.endswith(tuple(k[1:] for k in kept)))
    ])  # fmt: skip
    return root


@pytest.fixture(scope="module")
def fitted(copied):
    before = load(root=copied)
    options = ("--persons", PERSONS, "--rounds", 4, "--parameters", copied, "--write")
    return before, command("calibrate", *options), load(root=copied)


def test_values_are_printed_and_written(fitted, copied):
    before, (_, printed, errors), after = fitted
    assert "round 1" in errors
    for key in calibrating.FITTED:
        assert f"{key}: {after.array(key).tolist()}  # was {before.array(key).tolist()}" in printed
        assert (after.array(key) != before.array(key)).any()
    assert {key for key in after if after.changed_from(before).get(key, 0) != 0} == set(
        calibrating.FITTED
    )


def test_another_life_under_the_values_moves_them_little(fitted):
    """One more round changes no level by more than 0.02; the first one changed one by 0.05."""
    before, _, after = fitted
    base = base_of_2010.load_or_build(before, PERSONS, 1, 0, "official")
    again = calibrating.refitted(after, [base], 1)
    for key in calibrating.FITTED:
        np.testing.assert_allclose(again[key], after.array(key), atol=0.02)
    moved = [np.abs(after.array(key) - before.array(key)).max() for key in calibrating.FITTED]
    assert max(moved) > 0.05


def test_one_value_changes_and_all_else_stays():
    new = calibrating.with_value(TEXT, "level", np.array([0.25, 2.0]), "a.yaml")
    assert new == TEXT.replace("[-0.5, 1.0]  # to be fitted", "[0.25, 2.0]")
    assert calibrating.with_value(TEXT, "last", np.array(0.5), "a.yaml").endswith("value: 0.5\n")


@pytest.mark.parametrize(
    ("text", "entry"),
    [(TEXT, "missing"), ("level:\n  values:\n    2011-01-01: 2\nlast:\n  value: 3\n", "level"),
     ("level:\n  value:\n    - 1\n    - 2\n", "level")],
)  # fmt: skip
def test_a_value_that_is_not_in_one_line_is_refused(text, entry):
    with pytest.raises(ParameterError, match="one line"):
        calibrating.with_value(text, entry, np.array(1.5), "a.yaml")


@pytest.mark.parametrize(
    "wrong", [("--persons", "3"), ("--rounds", "0"), ("--replicates", "x"), ("--parameters", "no")]
)
def test_wrong_options_are_told(wrong):
    code, printed, errors = command("calibrate", *wrong)
    assert (code, printed) == (2, "")
    assert wrong[0] in errors
