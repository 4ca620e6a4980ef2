"""The library, with made-up lives."""

import pytest
import songhe
from songhe.parameters.problems import ParameterError
from songhe.runs import api, ensemble

SMALL = {"persons": 1000, "replicates": 1, "draws": 1, "until": 2013, "workers": 1}


@pytest.fixture(autouse=True)
def made_up(monkeypatch, whole_live):
    monkeypatch.setattr(ensemble, "live", whole_live)


def test_run_gives_a_data_set_and_compare_a_table():
    results = songhe.run(["baseline", "tfr-constant"], **SMALL)
    assert dict(results.sizes) | {"scenario": 2, "draw": 2, "replicate": 1} == dict(results.sizes)
    table = songhe.compare(results, quantities=["births"])
    assert set(table["kind"]) == {"level", "difference"}


def test_a_single_scenario_may_be_named_alone():
    assert songhe.run("baseline", **SMALL)["scenario"].values.tolist() == ["baseline"]


def test_a_folder_is_kept_opened_and_resumed(tmp_path, monkeypatch):
    songhe.run("baseline", **SMALL, out=tmp_path / "out")
    monkeypatch.setattr(ensemble, "live", None)
    again = songhe.run("baseline", **SMALL, out=tmp_path / "out")
    assert again.equals(songhe.open(tmp_path / "out"))


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ParameterError) as refused:
        songhe.run("nosuch", persons=0, workers=0, out=tmp_path / "file" / "out")
    keys = {problem.key for problem in refused.value.problems}
    assert {"--persons", "--workers", "--out"} <= keys
    assert any(problem.value == "nosuch" for problem in refused.value.problems)


def test_failed_units_raise_and_the_others_are_kept(tmp_path, monkeypatch, fake_live):
    def fails(unit, work):
        if unit.draw == 1:
            raise ArithmeticError("no luck")
        return fake_live(unit, work)

    monkeypatch.setattr(ensemble, "live", fails)
    with pytest.raises(api.RunError, match="draw 1, replicate 0"):
        songhe.run("baseline", **SMALL, out=tmp_path / "out")
    assert songhe.open(tmp_path / "out")["done"].values.ravel().tolist() == [1, 0]


def test_open_refuses_a_folder_without_results(tmp_path):
    with pytest.raises(ParameterError, match="DIR"):
        songhe.open(tmp_path)


def test_a_person_of_other_sources_or_scenarios_is_refused(tmp_path, monkeypatch):
    results = songhe.run("baseline", **SMALL)
    with pytest.raises(ParameterError, match="--scenario"):
        songhe.person(results, "41", scenario="tfr-constant")
    with pytest.raises(ParameterError, match="--draw"):
        songhe.person(results, "41", draw=-1)
    monkeypatch.setattr("songhe.runs.record.sources", lambda: "other")
    with pytest.raises(ParameterError, match="model sources"):
        songhe.person(results, "41")


def test_a_person_lived_on_a_processor_of_other_arithmetic_is_refused(monkeypatch):
    results = songhe.run("baseline", **SMALL)
    monkeypatch.setattr("songhe.runs.build.instructions", lambda: "X86_V9")
    with pytest.raises(ParameterError, match="vector instructions X86_V9"):
        songhe.person(results, "41")


def test_older_people_of_the_base_are_given_in_both_concepts():
    found = api.older_people_of_base()
    assert set(found) == {"official", "wpp"}
    for counts in found.values():
        assert 1.6e8 < counts[60] < 1.9e8
        assert counts[60] > counts[65] > counts[80] > 1e7
    assert found["official"] != found["wpp"]
