"""Bad input: one clear error that names what is wrong and what is allowed; nothing is written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from songhe.runs import cli, ensemble
from typer.testing import CliRunner

SMALL = ["--persons", "600", "--draws", "0", "--replicates", "1", "--until", "2012"]
SMALL += ["--workers", "1"]


def command(*arguments):
    """The command through its entry point: (exit code, everything it says)."""
    runner = CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["songhe", *map(str, arguments)])
        with runner.isolation() as (out, err, _):
            try:
                cli.main()
                code = 0
            except SystemExit as ended:
                code = ended.code
            return code, out.getvalue().decode() + err.getvalue().decode()


def refused(arguments, *named):
    """Code 2, everything named in lines of `error:`, no trace of the program's insides."""
    code, said = command(*arguments)
    assert code == 2, said
    for text in ("error: ", "allowed: ", *named):
        assert text in said, text
    assert "Traceback" not in said
    return said


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every command is given in an empty folder, and lives nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ensemble, "live", None)
    return tmp_path


OPTIONS = [
    ("--persons", "0", "500 to 100,000,000"),
    ("--persons", "1", "500 to 100,000,000"),
    ("--persons", "30", "500 to 100,000,000"),
    ("--persons", "499", "500 to 100,000,000"),
    ("--persons", "-5", "500 to 100,000,000"),
    ("--persons", "1e5", "a whole number"),
    ("--persons", "", "a whole number"),
    ("--persons", "200000000", "500 to 100,000,000"),
    ("--replicates", "0", "1 to 10,000"),
    ("--draws", "-1", "0 to 10,000"),
    ("--draws", "2.5", "a whole number"),
    ("--until", "1990", "2011 to 2100"),
    ("--until", "2010", "2011 to 2100"),
    ("--until", "2200", "2011 to 2100"),
    ("--seed", "x", "a whole number"),
    ("--seed", "-1", "a whole number from 0"),
    ("--seed", "9" * 30, "a whole number from 0"),
    ("--workers", "0", "1 to 1,024"),
    ("--workers", "all", "1 to 1,024"),
    ("--concept", "x", "official or wpp"),
    ("--detail", "all", "standard or full"),
    ("--scheduler", "nonsense", "address of a Dask scheduler"),
    ("--scheduler", "http://x:1", "address of a Dask scheduler"),
]


@pytest.mark.parametrize(("option", "value", "allowed"), OPTIONS)
def test_an_option_out_of_range_is_refused_and_nothing_is_written(
    option, value, allowed, empty_folder
):
    refused(["run", option, value], f"error: {option}: ", value, allowed)
    assert list(empty_folder.iterdir()) == []


def test_a_scheduler_that_does_not_answer_is_refused_before_anything_is_written(
    empty_folder, monkeypatch
):
    from songhe.runs import on_dask

    monkeypatch.setattr(on_dask, "PATIENCE", 0.3)
    refused(["run", "--scheduler", "tcp://127.0.0.1:9"], "error: --scheduler: ", "127.0.0.1:9")
    assert list(empty_folder.iterdir()) == []


def test_everything_wrong_in_one_command_is_said_at_once(empty_folder):
    said = refused(["run", "nosuch", "--persons", "0", "--until", "1990", "--concept", "x"])
    for text in ("--persons", "--until", "--concept", "SCENARIO: 'nosuch'"):
        assert said.count(text) == 1
    assert list(empty_folder.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "nosuch", "../x", "/etc/passwd", "baseline.yml "])
def test_a_scenario_that_does_not_exist_is_refused(name, empty_folder):
    refused(["run", name], "error: SCENARIO: ", repr(name), "baseline")
    assert list(empty_folder.iterdir()) == []


def test_a_scenario_file_that_does_not_exist_is_refused():
    refused(["run", "nosuch.yaml"], "nosuch.yaml")


def test_an_option_that_does_not_exist_is_refused():
    code, said = command("run", "--nope")
    assert code == 2
    assert "--nope" in said


# --- files --------------------------------------------------------------------------------

HEAD = "name: own\ntitle: T\ntitle_zh: 题\n"
TFR, AMOUNT = "demography.fertility.tfr", "policies.child_subsidy.amount"
CARE, MINIMUM = "policies.long_term_care_insurance.national_share", "policies.nosuch.minimum"
TABLE = HEAD + f"changes: {{{TFR}: {{data: own.csv}}}}\n"
LONG = "".join(f"{year},1.0\n" for year in range(2026, 2101))
# what is wrong: the scenario, its table, what the error must name
FILES = {
    "unknown key": (HEAD + "changes: {demography.fertility.tfx: 1}\n", "", ["tfx", TFR]),
    "unknown topic": (HEAD + f"changes: {{{MINIMUM}: 1}}\n", "", [MINIMUM]),
    "unknown field": (HEAD + "chances: {}\nchanges: {}\n", "", ["chances"]),
    "missing field": ("name: own\nchanges: {}\n", "", ["title", "title_zh"]),
    "repeated key": (HEAD + "changes: {}\nname: own\n", "", ["name", "repeated", "line 5"]),
    "repeated change": (HEAD + f"changes:\n  {TFR}: {{factor: 1}}\n  {TFR}: {{factor: 2}}\n", "",
                        [TFR, "repeated", "line 6"]),
    "repeated date": (HEAD + f"changes: {{{AMOUNT}: {{2027-01-01: 1, 2027-01-01: 2}}}}\n", "",
                      [AMOUNT, "2027-01-01", "repeated"]),
    "missing cell": (TABLE, LONG.replace("2040,1.0", "2040,"), [TFR, "row 15"]),
    "missing file": (TABLE, None, ["own.csv", "readable"]),
    "NaN in a table": (TABLE, LONG.replace("2040,1.0", "2040,nan"), [TFR, "nan"]),
    "infinity in a table": (TABLE, LONG.replace("2040,1.0", "2040,inf"), [TFR, "inf"]),
    "word in a table": (TABLE, LONG.replace("2040,1.0", "2040,one"), [TFR, "one"]),
    "wrong column": (TABLE, "value\n1.0\n", [TFR]),
    "out of range": (HEAD + f"changes: {{{AMOUNT}: {{2027-01-01: -5}}}}\n", "", [AMOUNT, "-5"]),
    "share over one": (HEAD + f"changes: {{{CARE}: {{2027-01-01: 1.5}}}}\n", "", [CARE, "1.5"]),
    "factor out of range": (HEAD + f"changes: {{{TFR}: {{factor: -3}}}}\n", "",
                            [TFR, "0.3 to 8", "more of the same key"]),
    "not a number": (HEAD + f"changes: {{{TFR}: {{factor: .nan}}}}\n", "", [".nan"]),
    "infinite": (HEAD + f"changes: {{{AMOUNT}: {{2027-01-01: .inf}}}}\n", "", [".inf"]),
    "a word for a number": (HEAD + f"changes: {{{AMOUNT}: {{2027-01-01: much}}}}\n", "", ["much"]),
    "wrong unit": (HEAD + f"changes: {{{AMOUNT}: {{2027-01-01: 600 yuan per month}}}}\n", "",
                   [AMOUNT, "600 yuan per month"]),
    "no such day": (HEAD + f"changes: {{{AMOUNT}: {{2027-02-30: 1}}}}\n", "", ["2027-02-30"]),
    "no date": (HEAD + f"changes: {{{AMOUNT}: {{soon: 1}}}}\n", "", [AMOUNT, "soon"]),
    "ends early": (TABLE, "2026,1.0\n2027,1.0\n", ["own.yaml", TFR, "2027", "2060"]),
    "extends itself": (HEAD + "extends: own.yaml\nchanges: {}\n", "", ["own -> own"]),
    "extends elsewhere": (HEAD + "extends: ../own.yaml\nchanges: {}\n", "", ["extends", "beside"]),
    "extends nothing": (HEAD + "extends: nosuch\nchanges: {}\n", "", ["extends", "nosuch"]),
    "tag": (HEAD + "changes: !!python/object:os.system {}\n", "", ["tag", "line 4"]),
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "", ["anchor", "line 1"]),
    "depth": ("[" * 200 + "]" * 200, "", ["nesting"]),
    "two documents": (HEAD + "changes: {}\n---\n" + HEAD, "", ["one document"]),
    "no YAML": ("name: [", "", ["YAML"]),
    "no map": ("- a\n", "", ["map"]),
    "nothing": ("", "", ["map"]),
    "path as a name": (HEAD.replace("own", "../own") + "changes: {}\n", "", ["name", "../own"]),
    "a shipped name": (HEAD.replace("own", "baseline") + "changes: {}\n", "", ["name"]),
    "number as a name": (HEAD.replace("own", "7") + "changes: {}\n", "", ["name"]),
    "table elsewhere": (HEAD + f"changes: {{{TFR}: {{data: ../own.csv}}}}\n", "",
                        [TFR, "../own.csv"]),
    "announced never": (HEAD + "announced: never\nchanges: {}\n", "", ["announced", "never"]),
}  # fmt: skip


@pytest.mark.parametrize("what", FILES)
def test_a_bad_file_is_refused_with_file_and_key_and_nothing_is_written(what, empty_folder):
    scenario, table, named = FILES[what]
    Path("own.yaml").write_text(scenario)
    if table is not None:
        Path("own.csv").write_text("year,value\n" + table)
    before = sorted(empty_folder.iterdir())
    for arguments in (["check", "own.yaml", "--until", "2060"], ["run", "own.yaml"]):
        said = refused(arguments, "own.", *named)
        assert len(said.strip().splitlines()) <= 4, said
    assert sorted(empty_folder.iterdir()) == before


def test_an_unknown_province_in_a_table_is_refused(empty_folder):
    from songhe.parameters.load import load

    base = load()
    key = "policies.resident_pension.central_share"
    values = base.coords(key, "province")
    low = 0.5
    rows = [f"{name},{low}\n" for name in values]
    Path("own.csv").write_text("province,value\n" + "".join(rows[:-1]) + f"Atlantis,{low}\n")
    Path("own.yaml").write_text(HEAD + f"changes: {{{key}: {{data: own.csv}}}}\n")
    refused(["run", "own.yaml"], "own.csv", "Atlantis", key, "province")
    assert len(list(empty_folder.iterdir())) == 2


def test_a_scenario_that_is_no_text_is_refused(empty_folder):
    Path("own.yaml").write_bytes(b"\xff\xfe\x00\x01")
    refused(["check", "own.yaml"], "own.yaml", "UTF-8")


def test_check_wants_yaml_files(empty_folder):
    Path("own.txt").write_text("x")
    refused(["check", "own.txt"], "own.txt", ".yaml")
    refused(["check", "."], "error: .: ", ".yaml")
    refused(["check", "nosuch.yaml"], "nosuch.yaml")


def test_check_takes_a_shipped_name_as_run_does():
    assert command("check", "family-package") == (0, "1 file sound\n")
    refused(["check", "family-packag"], "family-packag", ".yaml")


def test_a_null_policy_is_allowed():
    Path("idle.yaml").write_text(HEAD.replace("own", "idle") + "changes: {}\n")
    code, said = command("check", "idle.yaml")
    assert (code, said) == (0, "1 file sound\n")


# --- folders ------------------------------------------------------------------------------


def test_an_output_folder_under_a_file_is_refused(empty_folder):
    Path("file").write_text("x")
    for out in ("file", "file/out", "file/a/b"):
        refused(["run", "--out", out], "error: --out: ", out, "is a file")
    assert [p.name for p in empty_folder.iterdir()] == ["file"]


def test_an_output_folder_with_other_files_is_refused(empty_folder):
    Path("mine").mkdir()
    Path("mine/letter.txt").write_text("x")
    refused(["run", "--out", "mine"], "error: --out: ", "other files")
    assert [p.name for p in Path("mine").iterdir()] == ["letter.txt"]


def damaged(content):
    store = Path("out/results.zarr")
    store.mkdir(parents=True)
    (store / "zarr.json").write_text(content)


NOT_RESULTS = {
    "garbage": "garbage",
    "an empty group": json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {}}),
    "nothing": "",
}


@pytest.mark.parametrize("what", NOT_RESULTS)
def test_a_folder_that_cannot_be_read_is_refused(what):
    damaged(NOT_RESULTS[what])
    for arguments in (["compare"], ["constants"], ["person", "1"], ["household", "1"]):
        refused([arguments[0], "out", *arguments[1:]], "error: DIR: ", "out")
    refused(["run", "baseline", *SMALL, "--out", "out"], "error: --out: ", "out")
    assert Path("out/results.zarr/zarr.json").read_text() == NOT_RESULTS[what]


@pytest.mark.parametrize("folder", ["nosuch", ".", "file"])
def test_a_folder_without_results_is_refused(folder):
    Path("file").write_text("x")
    for name in ("compare", "constants"):
        refused([name, folder], "error: DIR: ", folder)


@pytest.fixture
def finished(empty_folder, monkeypatch, whole_live):
    """A run of made-up lives in `out`."""
    monkeypatch.setattr(ensemble, "live", whole_live)
    assert command("run", "baseline", *SMALL, "--out", "out")[0] == 0
    return Path("out")


def test_a_run_with_other_settings_is_refused_and_leaves_the_results(finished):
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    other = ["--persons", "700", "--until", "2013", "--seed", "2", "--concept", "wpp"]
    other += ["--detail", "full", "--workers", "1", "--draws", "0", "--replicates", "1"]
    said = refused(["run", "baseline", *other, "--out", "out"], "another folder by --out")
    for text in ("--persons: 700; allowed: 600", "--until", "--seed", "--concept", "--detail"):
        assert text in said
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == before


def test_a_run_of_another_model_is_refused(finished, monkeypatch):
    monkeypatch.setattr("songhe.runs.record.sources", lambda: "other")
    refused(["run", "baseline", *SMALL, "--out", "out"], "--out", "sources have changed")
    refused(["person", "out", "1"], "error: DIR: ", "sources have changed")


def test_another_scenario_under_a_stored_name_is_refused(finished):
    for amount in (5000, 6000):
        Path("own.yaml").write_text(HEAD + f"changes: {{{AMOUNT}: {{2012-01-01: {amount}}}}}\n")
        code, said = command("run", "own.yaml", *SMALL, "--out", "out")
    assert code == 2
    assert "scenario own" in said
    assert "another name" in said


def test_parts_that_were_not_run_are_refused(finished):
    choices = ["--scenario", "none", "--draw", "9", "--replicate", "x"]
    refused(["constants", finished, *choices], "--scenario: 'none'; allowed: baseline",
            "--draw: 9; allowed: 0", "--replicate: 'x'; allowed: 0")  # fmt: skip
    refused(["person", finished, "1", "--year", "1999"], "--year: 1999", "2010 to 2012")
    refused(["person", finished, "1", "--year", "x", "--draw", "-1"], "--year: 'x'", "--draw: -1")


def test_formats_languages_and_files_that_cannot_be_written_are_refused(finished):
    refused(["compare", finished, "--format", "doc"], "--format: 'doc'; allowed: table, csv")
    refused(["compare", finished, "--language", "fr"], "--language: 'fr'; allowed: en, zh")
    refused(["compare", finished, "--format", "csv", "--to", "none/x.csv"], "--to", "none/x.csv")
    refused(["compare", finished, "--format", "csv", "--to", "."], "--to")


LAW = [
    ([], ["child_subsidy.born", "missing", "YYYY-MM"]),
    (["born=2024-13"], ["child_subsidy.born", "2024-13"]),
    (["born=2024-05", "weight=3"], ["child_subsidy.weight", "born, died"]),
    (["born"], ["'born'", "key=value"]),
    (["born=2024-05", "born=2025-05"], ["born", "2 times", "once"]),
    (["born=2024-05", "died=2023-01"], ["child_subsidy.died", "2024-05 or later"]),
]


@pytest.mark.parametrize(("given", "named"), LAW)
def test_a_case_that_the_law_cannot_take_is_refused(given, named):
    refused(["law", "child_subsidy", *given], *named)


def test_a_policy_that_does_not_exist_is_refused():
    refused(["law", "nosuch"], "nosuch", "resident_pension")


# --- as a stranger starts it ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["--persons", "0"], "--persons: 0"), (["own.yaml"], "tfx"), (["--out", "own.yaml"], "--out")],
)
def test_a_process_ends_with_code_2_in_a_second_or_so_without_a_trace(
    arguments, named, empty_folder
):
    Path("own.yaml").write_text(FILES["unknown key"][0])
    ended = subprocess.run(
        [sys.executable, "-m", "songhe", "run", *arguments],
        capture_output=True, text=True, check=False, timeout=60, env=os.environ,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [path.name for path in empty_folder.iterdir()] == ["own.yaml"]
