"""The table of figures: aims, Markdown, and the page that shows it."""

import json

import pytest
from songhe.tests.benchmarks import page
from songhe.tests.benchmarks.figures import Figure, keep, table

COST = Figure("full model", 120.0, "ns a person-year and core", at_most=110)
SPEED = Figure("two processes over one", 1.9, "times", at_least=1.85)
PLAIN = Figure("import", 1.25, "seconds")


def test_an_aim_is_met_on_its_own_side():
    assert (COST.met, SPEED.met, PLAIN.met) == (False, True, None)
    assert (COST.aim, SPEED.aim, PLAIN.aim) == ("at most 110", "at least 1.85", "")


def test_the_table_is_markdown_with_a_line_per_figure():
    lines = table([COST, SPEED, PLAIN]).splitlines()
    assert len(lines) == 5
    assert len({len(line) for line in lines}) == 1
    assert set(lines[1]) == set("|- ")
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == ["full model", "120", "ns a person-year and core", "at most 110", "no"]


def test_kept_figures_come_back_as_they_were(tmp_path):
    file = tmp_path / "new" / "figures.json"
    keep(file, {"cores": 2}, [COST, SPEED, PLAIN])
    kept = json.loads(file.read_text())
    assert [Figure.of(told) for told in kept["figures"]] == [COST, SPEED, PLAIN]
    assert [told["met"] for told in kept["figures"]] == [False, True, None]


def test_the_page_keeps_its_text_and_shows_the_newest_figures(tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    keep(old, {"cores": 2}, [COST])
    keep(new, {"cores": 4}, [SPEED], failed=["starsim: not measured: no wheel"])
    text = page.PAGE.read_text(encoding="utf-8")
    first = page.renewed(text, [page.section(old)])
    second = page.renewed(first, [page.section(new)])
    assert second.startswith(text.partition(page.HEAD)[0])
    assert "full model" in first
    assert "Measured: cores 4." in second
    assert table([SPEED]) in second
    assert "- starsim: not measured: no wheel" in second
    assert table([COST]) not in second


def test_a_page_without_the_head_is_refused():
    with pytest.raises(ValueError, match="Figures"):
        page.renewed("text", [])
