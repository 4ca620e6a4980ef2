"""What may be asked of a run, and in which order scenarios are lived."""

import pytest
from songhe.parameters.problems import ParameterError
from songhe.runs.settings import Settings, option_problems, origin_of, resolve, work_of
from songhe.runs.unit import Departure, Unit, departures, needed

HEAD = "title: T\ntitle_zh: 题\n"


def scenario(folder, name, rest):
    path = folder / f"{name}.yaml"
    path.write_text(f"name: {name}\n{HEAD}{rest}")
    return path


def factor(year, value=0.9):
    return f"changes:\n  demography.fertility.tfr: {{factor: {{{year}-01-01: {value}}}}}\n"


def left(names, until=2040, branching=True):
    work = work_of(resolve(names), Settings(until=until), branching=branching)
    return departures(Unit(0, 0, work.stored), work)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("persons", 0), ("persons", -1), ("persons", 2.5), ("persons", True),
        ("replicates", 0), ("draws", -1), ("until", 2010), ("until", 2101), ("seed", -1),
        ("workers", 0), ("concept", "un"), ("detail", "all"),
    ],
)  # fmt: skip
def test_options_out_of_range_are_named_with_what_is_allowed(name, value):
    (problem,) = option_problems(**{name: value})
    assert problem.key == f"--{name}"
    assert problem.value == value
    assert problem.allowed


def test_defaults_are_allowed():
    assert option_problems(**vars(Settings())) == []
    assert len(Settings().units) == 42
    assert Settings().units[0] == (0, 0)


def test_the_baseline_of_a_scenario_is_run_beside_it():
    assert [s.name for s in resolve(["ltci-delayed"])] == ["baseline", "ltci-delayed"]
    assert [s.name for s in resolve(["tfr-decline"])] == ["tfr-decline"]


def test_a_scenario_named_twice_is_run_once():
    assert [s.name for s in resolve(["baseline", "baseline"])] == ["baseline"]


def test_two_scenarios_of_one_name_are_refused(tmp_path):
    (tmp_path / "a").mkdir()
    one = scenario(tmp_path, "own", factor(2030))
    other = scenario(tmp_path / "a", "own", factor(2031))
    with pytest.raises(ParameterError, match="own"):
        resolve([one, other])


def test_every_wrong_scenario_is_reported_at_once(tmp_path):
    bad = scenario(tmp_path, "own", "chnages: {}\n")
    with pytest.raises(ParameterError) as refused:
        resolve(["nosuch", bad])
    assert {"option", "own.yaml"} <= {problem.file for problem in refused.value.problems}


def test_nothing_to_run_is_refused():
    with pytest.raises(ParameterError, match="at least one"):
        resolve([])


def test_an_unknown_key_in_a_scenario_is_refused(tmp_path):
    path = scenario(tmp_path, "own", "changes:\n  demography.fertility.tfrr: {factor: 2}\n")
    with pytest.raises(ParameterError, match="tfrr"):
        work_of(resolve([path]), Settings())


def test_a_series_that_ends_before_the_horizon_is_refused(tmp_path):
    (tmp_path / "own.csv").write_text("year,value\n2026,1.0\n2030,1.0\n")
    path = scenario(tmp_path, "own", "changes:\n  demography.fertility.tfr: {data: own.csv}\n")
    with pytest.raises(ParameterError) as refused:
        work_of(resolve([path]), Settings(until=2060))
    (problem,) = refused.value.problems
    assert problem.key == "demography.fertility.tfr"
    assert "2030" in str(problem.value)
    assert "2060" in problem.allowed


def test_a_null_policy_is_allowed_and_never_departs(tmp_path):
    path = scenario(tmp_path, "idle", "changes: {}\n")
    assert left(["baseline", path])["idle"] == Departure("baseline", 2040)


def test_a_scenario_departs_in_the_year_before_its_first_other_number(tmp_path):
    path = scenario(tmp_path, "own", factor(2030))
    assert left([path])["own"] == Departure("baseline", 2029)


def test_without_branching_a_scenario_lives_a_second_life(tmp_path):
    path = scenario(tmp_path, "own", factor(2030))
    assert left([path], branching=False)["own"] == Departure("baseline", 2010)


def test_a_structural_baseline_departs_from_the_baseline_and_is_solved_anew():
    work = work_of(resolve(["tfr-constant"]), Settings())
    assert [(c.name, c.stored, c.anew) for c in work.cases] == [
        ("baseline", False, False), ("tfr-constant", True, True),
    ]  # fmt: skip
    assert left(["tfr-constant"])["tfr-constant"] == Departure("baseline", 2025)
    assert left(["tfr-constant"], branching=False)["tfr-constant"].year == 2025


def test_a_change_before_its_baseline_departs_leaves_the_life_below(tmp_path):
    path = scenario(tmp_path, "early", "extends: tfr-constant\n" + factor(2020))
    found = left([path])
    assert found["early"] == Departure("baseline", 2019)
    assert found["tfr-constant"] == Departure("baseline", 2025)


def test_origins_are_lived_before_what_branches_from_them(tmp_path):
    path = scenario(tmp_path, "own", "extends: tfr-constant\n" + factor(2030))
    work = work_of(resolve([path]), Settings())
    assert [c.name for c in work.cases] == ["baseline", "tfr-constant", "own"]
    assert origin_of(resolve([path])[-1]).name == "tfr-constant"
    assert [c.name for c in needed(Unit(0, 0, ("tfr-constant",)), work)] == [
        "baseline", "tfr-constant",
    ]  # fmt: skip


def test_the_key_knows_values_and_not_titles(tmp_path):
    (tmp_path / "b").mkdir()
    one = scenario(tmp_path, "own", factor(2030))
    other = tmp_path / "b" / "own.yaml"
    other.write_text(one.read_text().replace("title: T", "title: Another"))
    third = scenario(tmp_path, "third", factor(2030, 0.8))
    keys = [work_of(resolve([path]), Settings()).cases[-1].key for path in (one, other, third)]
    assert keys[0] == keys[1] != keys[2]
