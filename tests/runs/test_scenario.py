"""Scenario files: what is read, inherited, refused; the shipped ones fit the parameters."""

from datetime import date
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from songhe.parameters.load import ParameterError, Parameters, load
from songhe.runs.check import check_files
from songhe.runs.scenario import SHIPPED, Scenario, load_scenario, shipped_names

TFR = "demography.fertility.tfr"
HEAD = "name: own\ntitle: Own\ntitle_zh: 自拟\n"
ENTRY = """
tfr:
  title: Total fertility rate
  zh: 总和生育率
  unit: children per woman
  dims: [year]
  valid: [0.3, 8]
  evidence: read
  beyond: hold
  data: tfr.csv
  source: tables
  prior: {fixed: known well enough}
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return path


def scenario_file(folder: Path, name: str, rest: str) -> Path:
    """A scenario of this name; `rest` follows its titles."""
    return write(folder / f"{name}.yaml", f"name: {name}\ntitle: T\ntitle_zh: 题\n{rest}")


def tfr_factor(year: int, factor: float) -> str:
    return f"changes:\n  {TFR}: {{factor: {{{year}-01-01: {factor}}}}}\n"


@pytest.fixture
def base(tmp_path: Path) -> Parameters:
    """One table and its source."""
    root = tmp_path / "parameters"
    write(root / "sources.yaml", "tables: {title: T, publisher: P, year: 2024, licence: free}\n")
    write(root / "demography" / "fertility.yaml", ENTRY)
    write(root / "demography" / "tfr.csv", "year,value\n2010,1.6\n2030,1.2\n2100,1.4\n")
    return load(root=root)


def test_a_null_policy_changes_nothing(tmp_path, base):
    scenario = load_scenario(write(tmp_path / "own.yaml", HEAD + "changes: {}\n"))
    assert (scenario.name, scenario.title, scenario.title_zh) == ("own", "Own", "自拟")
    assert not scenario.structural
    assert scenario.reference.name == "baseline"
    assert scenario.changes == {}
    assert scenario.parameters(base).hash == base.hash
    assert scenario.first_difference(base) is None


def test_the_baseline_extends_nothing(base):
    baseline = load_scenario("baseline")
    assert baseline.ancestors == ()
    assert baseline.reference is baseline
    assert baseline.parameters(base).hash == base.hash


def test_changes_are_inherited_and_layered(tmp_path, base):
    scenario_file(tmp_path, "one", tfr_factor(2030, 0.9))
    scenario_file(tmp_path, "two", "extends: one.yaml\nchanges:\n")
    path = scenario_file(tmp_path, "three", "extends: two.yaml\n" + tfr_factor(2040, 0.5))
    scenario = load_scenario(path)
    p = scenario.parameters(base)
    assert [s.name for s in scenario.ancestors] == ["two", "one", "baseline"]
    for year, factor in ((2029, 1.0), (2030, 0.9), (2039, 0.9), (2040, 0.45)):
        assert p.year(TFR, year) == pytest.approx(factor * base.year(TFR, year))
    assert base.overlay(scenario.changes).hash == p.hash


def test_tables_stand_beside_the_file_that_names_them(tmp_path, base):
    write(tmp_path / "parent.csv", "year,value\n2030,1.0\n2100,1.0\n")
    rest = f"structural: true\nchanges:\n  {TFR}: {{data: parent.csv}}\n"
    scenario_file(tmp_path, "parent", rest)
    child = scenario_file(tmp_path, "child", "extends: parent.yaml\nchanges: {}\n")
    scenario = load_scenario(child)
    assert scenario.parameters(base).year(TFR, 2060) == 1.0
    assert scenario.reference.name == "parent"
    assert scenario.first_difference(base) is None


def test_announcement_and_responses_are_inherited(tmp_path):
    scenario_file(tmp_path, "a", "announced: 2026-03-01\nresponses: assumed\nchanges: {}\n")
    scenario = load_scenario(scenario_file(tmp_path, "b", "extends: a.yaml\nchanges: {}\n"))
    assert (scenario.announced, scenario.responses) == (date(2026, 3, 1), "assumed")


def test_first_difference_is_the_day_of_the_first_change(tmp_path, base):
    text = f"changes:\n  {TFR}: {{factor: {{2035-01-01: 0.9, 2031-01-01: 1.1}}}}\n"
    scenario = load_scenario(write(tmp_path / "own.yaml", HEAD + text))
    assert scenario.first_difference(base) == date(2031, 1, 1)


def test_faults_of_the_changes_name_the_file(tmp_path, base):
    scenario = load_scenario(scenario_file(tmp_path, "own", tfr_factor(2030, 100)))
    with pytest.raises(ParameterError, match=rf"own\.yaml: {TFR}: .*0\.3 to 8"):
        scenario.parameters(base)


# the file after its titles, where the problem is, the value shown, what is allowed
REFUSED = {
    "itself": ("extends: own.yaml\nchanges: {}\n",
               "extends", "own -> own", "does not extend itself"),
    "nobody": ("extends: other.yaml\nchanges: {}\n", "", "No such file", "a readable file"),
    "a path": ("extends: ../other.yaml\nchanges: {}\n",
               "extends", "../other.yaml", "beside this one"),
    "no changes": ("", "changes", "missing", "required"),
    "a list": ("changes: [1]\n", "changes", "1", "dictionary"),
    "unknown field": ("changes: {}\nchange: {}\n", "change", "", "no such field"),
    "structural as text": ("changes: {}\nstructural: maybe\n", "structural", "maybe", "boolean"),
    "a wrong date": ("changes: {}\nannounced: soon\n", "announced", "soon", "YYYY-MM-DD"),
    "wrong responses": ("changes: {}\nresponses: all\n", "responses", "all", "assumed"),
    "a table elsewhere": (f"changes:\n  {TFR}: {{data: ../x.csv}}\n",
                          f"{TFR}.data", "../x.csv", "plain file name"),
    "layers": (f"changes:\n  {TFR}: {{layers: []}}\n", TFR, "layers", "a change"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused(name, tmp_path):
    rest, key, value, allowed = REFUSED[name]
    with pytest.raises(ParameterError) as caught:
        load_scenario(write(tmp_path / "own.yaml", HEAD + rest))
    (problem,) = caught.value.problems
    assert problem.key == key
    assert value in str(problem.value)
    assert allowed in problem.allowed


def test_a_circle_is_refused(tmp_path):
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        scenario_file(tmp_path, name, f"extends: {other}.yaml\nchanges: {{}}\n")
    with pytest.raises(ParameterError, match="a -> b -> c -> a"):
        load_scenario(tmp_path / "a.yaml")


def test_a_linked_circle_is_refused(tmp_path):
    path = scenario_file(tmp_path, "a", "extends: b.yaml\nchanges: {}\n")
    (tmp_path / "b.yaml").symlink_to(path)
    with pytest.raises(ParameterError, match="does not extend itself"):
        load_scenario(path)


@pytest.mark.parametrize("name", ["Own", "a b", "-x", "x" * 61, "../own", "own\\n", ""])
def test_names_are_short_and_plain(name, tmp_path):
    text = f'name: "{name}"\ntitle: T\ntitle_zh: 题\nchanges: {{}}\n'
    with pytest.raises(ParameterError, match="a short name"):
        load_scenario(write(tmp_path / "own.yaml", text))


def test_a_shipped_name_is_taken(tmp_path):
    with pytest.raises(ParameterError, match="no shipped scenario has"):
        load_scenario(scenario_file(tmp_path, "baseline", "changes: {}\n"))


def test_an_unknown_name_lists_the_shipped_ones():
    with pytest.raises(ParameterError, match="child-subsidy-double"):
        load_scenario("child-subsidy-duoble")


def test_a_scenario_made_in_python(base):
    scenario = Scenario("own", "Own", "自拟", changes={TFR: {"factor": 0.5}})
    assert scenario.parameters(base).year(TFR, 2060) == base.year(TFR, 2060) / 2


# --- what is shipped


def test_shipped_names_are_those_of_their_files():
    assert "baseline" in shipped_names()
    assert [load_scenario(name).name for name in shipped_names()] == list(shipped_names())


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_scenarios_fit_the_parameters(name):
    scenario = load_scenario(name)
    assert check_files([SHIPPED / f"{name}.yaml"], until=2060) == []
    p = scenario.parameters()
    assert set(p.changed_from(load())) == set(scenario.changes)
    assert p.draw(1, 1).hash != p.hash


@pytest.mark.parametrize(("name", "last"), [("tfr-constant", 1.01113), ("tfr-decline", 0.8)])
def test_structural_baselines_of_fertility(name, last):
    scenario, base = load_scenario(name), load()
    p = scenario.parameters(base)
    assert scenario.structural
    assert scenario.reference is scenario
    for year in (2011, 2025):
        assert p.year(TFR, year) == base.year(TFR, year)
    assert p.year(TFR, 2035) == p.year(TFR, 2060) == p.year(TFR, 2100) == last
    assert p.changed_from(base) == {TFR: date(2026, 1, 1)}


def test_fertility_of_structural_baselines_is_that_of_their_titles():
    base = load()
    names = ("tfr-constant", "tfr-decline")
    constant, decline = (load_scenario(name).parameters(base) for name in names)
    mean = np.mean([base.year(TFR, year) for year in (2023, 2024, 2025)])
    assert constant.year(TFR, 2026) == pytest.approx(mean, abs=5e-6)
    path = [decline.year(TFR, year) for year in range(2025, 2036)]
    assert np.diff(path) == pytest.approx((0.8 - base.year(TFR, 2025)) / 10, abs=2e-5)


def test_draws_of_structural_baselines_keep_the_relative_band():
    base = load()
    for name in ("tfr-constant", "tfr-decline"):
        p = load_scenario(name).parameters(base)
        for k in (1, 2, 3):
            expected = base.draw(k, 1).year(TFR, 2050) / base.year(TFR, 2050)
            found = p.draw(k, 1).year(TFR, 2050) / p.year(TFR, 2050)
            assert found == pytest.approx(expected, abs=1e-4)


def test_three_kinds_of_file_are_checked_at_once(tmp_path):
    changes = f"changes:\n  {TFR}: {{factor: 100}}\n  nobody.knows.me: 1\n"
    bad = scenario_file(tmp_path, "bad", changes)
    entry = write(tmp_path / "topic" / "own.yaml", "rate:\n  title: T\n")
    missing, table = tmp_path / "none.yaml", tmp_path / "table.csv"
    problems = check_files([bad, entry, table, missing, SHIPPED / "baseline.yaml"])
    files = [problem.file for problem in problems]
    assert files.count("bad.yaml") >= 2
    assert {"topic/own.yaml", "table.csv", "none.yaml"} <= set(files)
    assert "baseline.yaml" not in files
