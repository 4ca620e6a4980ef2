"""The command: what it prints, refuses and leaves behind."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from songhe.analysis import plot_effects, plot_words
from songhe.runs import cli, ensemble
from typer.testing import CliRunner

RUN = ["run", "--persons", "1000", "--draws", "2", "--replicates", "2", "--until", "2026"]


def command(*arguments):
    """The command in this process, through its entry point: (exit code, output, errors)."""
    runner = CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["songhe", *map(str, arguments)])
        with runner.isolation() as (out, err, _):
            try:
                cli.main()
                code = 0
            except SystemExit as ended:
                code = ended.code
            return code, out.getvalue().decode(), err.getvalue().decode()


@pytest.fixture(scope="module")
def finished(tmp_path_factory, whole_live):
    """A run with made-up lives and what it printed."""
    out = tmp_path_factory.mktemp("run") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "live", whole_live)
        code, printed, errors = command(*RUN, "--workers", "1", "--out", out)
    assert code == 0, errors
    return out, printed, errors


def test_a_run_says_what_it_will_do_and_prints_two_languages(finished):
    out, printed, errors = finished
    assert "baseline, child-subsidy-double, ltci-delayed" in errors
    assert "person-years" in errors
    assert "MB on disk" in errors
    for text in (
        "Births",
        "出生人口",
        "万人",
        "亿元",
        "2025",
        "随机标准误",
        "80+",
        "wpp",
        "official",
    ):
        assert text in printed, text
    assert "child-subsidy-double" in printed
    assert "leaves out" in printed
    assert (out / "results.zarr").is_dir()
    assert (out / "score.csv").is_file()
    assert len(list(out.glob("*.png"))) == 2


def test_the_share_of_women_in_the_class_of_55_stands_with_every_result(finished):
    _, compared, _ = command("compare", finished[0])
    for printed in (finished[1], compared):
        (line,) = (text for text in printed.splitlines() if "old age of 55" in text)
        assert "10, 10, 22, 40, 70, 85 %" in " ".join(printed.split())
        assert "times 0.75 to 1.375 over draws" in " ".join(printed.split())
        assert "child-subsidy-double" not in line  # one line for all scenarios alike


def test_the_table_shows_interval_and_error_beside_the_figure(finished):
    line = next(text for text in finished[1].splitlines() if text.startswith("Births"))
    assert "±" in line
    following = finished[1].splitlines()[finished[1].splitlines().index(line) + 1]
    assert "[" in following


def test_the_same_command_again_lives_nothing(finished, monkeypatch):
    monkeypatch.setattr(ensemble, "live", None)
    code, printed, errors = command(*RUN, "--workers", "1", "--out", finished[0])
    assert code == 0
    assert "Nothing is missing" in errors
    assert "Births" in printed


def test_compare_prints_the_table(finished):
    code, printed, _ = command("compare", finished[0])
    assert code == 0
    assert "Difference from" in printed


def test_without_a_chinese_font_the_command_says_what_to_install(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(plot_words, "chinese_font", lambda: None)
    arguments = ["--figures", tmp_path, "--language", "zh"]
    code, printed, errors = command("compare", finished[0], *arguments)
    assert code == 0
    assert errors.splitlines() == [plot_words.NO_FONT]
    assert "Figure:" in printed
    assert "中心值" in (tmp_path / "effects_ltci-delayed.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("file_format", "language"), [("csv", "zh"), ("parquet", "en"), ("xlsx", "zh")]
)
def test_compare_writes_files(finished, tmp_path, file_format, language):
    path = tmp_path / f"table.{file_format}"
    arguments = ["--format", file_format, "--language", language, "--to", path]
    code, printed, errors = command("compare", finished[0], *arguments)
    assert (code, errors) == (0, "")
    assert str(path) in printed.replace("\n", "")
    assert path.stat().st_size > 1000


def test_compare_writes_a_figure_and_a_table_of_each_scenario(finished, tmp_path):
    code, printed, errors = command("compare", finished[0], "--figures", tmp_path)
    assert (code, errors) == (0, "")
    assert "No figure" not in printed
    assert "births in parts" in printed
    assert "Direct: what the year's response adds" in printed
    assert "share of benefits" in printed
    for scenario in ("child-subsidy-double", "ltci-delayed"):
        assert (tmp_path / f"effects_{scenario}.png").stat().st_size > 10_000
        table = pd.read_csv(tmp_path / f"effects_{scenario}.csv").set_index(["quantity", "year"])
        parts = sum(table["central"][f"births_{part}"] for part in ("direct", "timing", "feedback"))
        assert np.allclose(parts, table["central"]["births_added"], rtol=1e-9, atol=1e-9)
        assert set(table["scenario"]) == {scenario}
    code, _, errors = command("compare", finished[0], "--figures", tmp_path / "none" / "such")
    assert code == 2
    assert "a folder that exists" in errors
    code, _, errors = command("compare", finished[0], "--figures", tmp_path / "new")
    assert (code, errors) == (0, "")
    assert len(list((tmp_path / "new").iterdir())) == 4


def test_a_scenario_without_an_answer_of_births_has_a_figure_of_outlays(
    finished, tmp_path, monkeypatch
):
    monkeypatch.setattr(plot_effects, "effects", lambda dataset, frame=None: {})
    code, printed, _ = command("compare", finished[0], "--figures", tmp_path)
    assert code == 0
    for scenario in ("child-subsidy-double", "ltci-delayed"):
        assert f"{scenario}: no answer of births to tell apart" in printed
        assert (tmp_path / f"effects_{scenario}.png").stat().st_size > 10_000
        table = pd.read_csv(tmp_path / f"effects_{scenario}.csv")
        assert set(table["scenario"]) == {scenario}
        assert set(table["kind"]) == {"difference"}
        assert table["quantity"].str.contains("outlay").any()
    assert len(list(tmp_path.iterdir())) == 4


def test_compare_names_the_scenarios_that_have_no_figure(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(plot_effects, "effects", lambda dataset, frame=None: {})
    monkeypatch.setattr(plot_effects, "write_outlays", lambda *about: None)
    _, printed, _ = command("compare", finished[0], "--figures", tmp_path)
    for scenario in ("child-subsidy-double", "ltci-delayed"):
        assert f"No figure of {scenario}: " in printed
    assert "No figure of baseline" not in printed


def test_constants_are_listed_by_year(finished):
    code, printed, _ = command("constants", finished[0], "--draw", "1")
    assert code == 0
    assert [line.split() for line in printed.splitlines() if "kappa" in line] == [
        ["kappa", "0.1", "0.1", "0.1", "0.1", "0.1"]
    ]
    code, printed, _ = command("constants", finished[0], "--draw", "1", "--every")
    assert printed.splitlines()[:2] == ["constant,year,value", '"kappa[0,1]",2011,0.1']


def test_constants_of_a_draw_that_was_not_run_are_refused(finished):
    code, _, errors = command("constants", finished[0], "--draw", "9")
    assert code == 2
    assert "--draw: 9; allowed: 0, 1, 2" in errors


def test_law_works_a_rule_and_refuses_what_it_does_not_know():
    code, printed, errors = command("law", "child_subsidy", "born=2024-05")
    assert (code, errors) == (0, "")
    assert "yuan" in printed
    code, _, errors = command("law", "nosuch", "born")
    assert code == 2
    assert "'born'; allowed: key=value" in errors
    assert command("law", "nosuch")[0] == 2


def test_plan_lists_the_year_in_order():
    from songhe.model.year import YEAR

    code, printed, _ = command("plan")
    assert code == 0
    words = [line.split() for line in printed.splitlines()]
    named = [line[1] for line in words if line and line[0].isdigit()]
    assert named == [step.name for step in YEAR]


BAD = [
    (["run", "--persons", "0"], ["--persons", "0", "500"]),
    (["run", "--persons", "many"], ["--persons"]),
    (["run", "--draws", "-1", "--until", "2009"], ["--draws", "-1", "--until", "2009"]),
    (["run", "--concept", "un"], ["--concept", "'un'", "official or wpp"]),
    (["run", "--detail", "all"], ["--detail", "'all'", "standard or full"]),
    (["run", "--workers", "0"], ["--workers", "1 to"]),
    (["run", "no-such"], ["no-such", "baseline"]),
    (["run", "../../etc/passwd"], ["passwd", "baseline"]),
    (["run", "none.yaml"], ["none.yaml"]),
    (["check", "none.yaml"], ["none.yaml"]),
    (["compare", "no-folder"], ["DIR", "no-folder"]),
    (["constants", "no-folder"], ["DIR"]),
    (["nonsense"], ["nonsense"]),
]


@pytest.mark.parametrize(("arguments", "named"), BAD)
def test_bad_input_is_named_without_a_trace_and_leaves_nothing(
    arguments, named, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, printed, errors = command(*arguments)
    assert code == 2
    for text in named:
        assert text in errors + printed, text
    assert "Traceback" not in errors + printed
    assert list(tmp_path.iterdir()) == []


SCENARIO = "name: own\ntitle: T\ntitle_zh: 题\n"
BAD_FILES = {
    "unknown key": SCENARIO + "changes: {demography.fertility.tfx: 1}\n",
    "unknown field": SCENARIO + "chances: {}\n",
    "repeated key": SCENARIO + "changes: {}\nname: own\n",
    "out of range": SCENARIO + "changes: {demography.fertility.tfr: {factor: -3}}\n",
    "not a number": SCENARIO + "changes: {demography.fertility.tfr: {factor: .nan}}\n",
    "tag": SCENARIO + "changes: !!python/object:os.system {}\n",
    "bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "extends itself": SCENARIO + "extends: own.yaml\nchanges: {}\n",
    "path as a name": "name: ../own\ntitle: T\ntitle_zh: 题\nchanges: {}\n",
    "table elsewhere": SCENARIO + "changes: {demography.fertility.tfr: {data: ../own.csv}}\n",
    "missing cell": SCENARIO + "changes: {demography.fertility.tfr: {data: own.csv}}\n",
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_bad_scenario_stops_check_and_run_before_anything_is_written(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(BAD_FILES[what])
    Path("own.csv").write_text("year,value\n2026,\n2027,1.0\n")
    for arguments in (["check", "own.yaml"], ["run", "own.yaml"]):
        code, printed, errors = command(*arguments)
        assert code == 2
        assert errors.startswith("error: ")
        assert "allowed: " in errors
        assert "Traceback" not in errors + printed
    assert sorted(p.name for p in tmp_path.iterdir()) == ["own.csv", "own.yaml"]


def test_check_names_every_fault_of_every_file(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(SCENARIO + "changes: {no.such.key: 1}\n")
    code, _, errors = command("check", tmp_path / "one.yaml", tmp_path / "two.yaml")
    assert code == 2
    assert errors.count("no.such.key") == 2


def test_check_passes_a_null_policy(tmp_path):
    (tmp_path / "idle.yaml").write_text(SCENARIO.replace("own", "idle") + "changes: {}\n")
    assert command("check", tmp_path / "idle.yaml")[0] == 0


def test_a_folder_whose_parent_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    code, _, errors = command("run", "--out", tmp_path / "file" / "out")
    assert code == 2
    assert "--out" in errors
    assert "is a file" in errors


def test_failed_units_end_with_code_1_and_are_named(tmp_path, monkeypatch):
    def fails(unit, work):
        raise ArithmeticError("no luck")

    monkeypatch.setattr(ensemble, "live", fails)
    arguments = ["run", "baseline", "--persons", "1000", "--draws", "0", "--replicates", "1"]
    code, _, errors = command(*arguments, "--workers", "1", "--out", tmp_path / "out")
    assert code == 1
    assert "draw 0, replicate 0 (baseline): ArithmeticError: no luck" in errors.replace("\n", " ")


def test_an_interrupted_run_says_so_and_keeps_what_is_finished(tmp_path, monkeypatch, fake_live):
    calls = []

    def interrupted(unit, work):
        calls.append(unit)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fake_live(unit, work)

    monkeypatch.setattr(ensemble, "live", interrupted)
    arguments = ["run", "baseline", "--persons", "1000", "--draws", "1", "--replicates", "1"]
    arguments += ["--until", "2013", "--workers", "1", "--out", tmp_path / "out"]
    code, _, errors = command(*arguments)
    assert code == 130
    assert "interrupted" in errors
    from songhe.runs import api

    assert api.open(tmp_path / "out")["done"].values.ravel().tolist() == [1, 0]


def test_help_names_every_command_and_imports_nothing_heavy():
    script = (
        "import sys; from songhe.runs import cli; sys.argv = ['songhe', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'mesa', 'numba', 'xarray', 'zarr', 'dask', 'seaborn', 'pandas', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    for name in ("run", "compare", "check", "plan", "law", "constants", "person", "household"):
        assert f"  {name} " in ended.stdout
    assert ended.stdout.strip().endswith("[]")


def test_importing_songhe_imports_nothing_heavy():
    script = (
        "import sys, songhe; print(sorted({'mesa','numpy','dask','seaborn'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.strip() == "[]"


def test_a_public_name_that_does_not_exist_is_an_attribute_error():
    import songhe

    assert {"run", "compare", "open", "person", "household"} <= set(dir(songhe))
    with pytest.raises(AttributeError, match="songhe has no walk"):
        songhe.walk  # noqa: B018


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [("--figures", "/nowhere/at/all", "a folder that exists"), ("--language", "fr", "en, zh")],
)
def test_actuary_refuses_figures_that_it_cannot_write(finished, option, value, allowed):
    code, _, errors = command("actuary", finished[0], option, value)
    assert code == 2
    assert allowed in errors


def test_actuary_names_what_the_results_lack(finished):
    code, _, errors = command("actuary", finished[0])
    assert code == 1
    assert "contribution_base" in errors
    assert "gdp" in errors
    assert len(errors.splitlines()) == 1
