"""The command and the library that hold a lived run against published figures."""

import csv

import pandas as pd
import pytest
import songhe
from songhe.analysis import score, validate_figures
from songhe.analysis.validate import SHIPPED, given_by_user
from songhe.analysis.validate_figures import figures_of, labels_of
from songhe.parameters.problems import ParameterError

YEAR = 2012


@pytest.fixture(scope="module")
def lived(tmp_path_factory, command):
    """A small run as the command leaves it."""
    out = tmp_path_factory.mktemp("validate") / "out"
    options = ["--persons", 1500, "--replicates", 2, "--draws", 0, "--until", YEAR]
    code, _, errors = command("run", "baseline", *options, "--workers", 1, "--out", out)
    assert code == 0, errors
    return out


@pytest.fixture(scope="module")
def results(lived):
    return songhe.open(lived)


def written(path, rows):
    columns = dict.fromkeys(key for row in rows for key in row)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)
    return path


def cell_of(dataset, way):
    """The second label of each dimension; ages in a group."""
    cell = {}
    for dim in way.dims:
        _, labels = labels_of(dataset, dim, way.needs)[0]
        cell |= {"age_from": 25, "age_to": 29} if dim == "age" else {dim: labels[1]}
    return cell


def test_the_models_own_figures_have_no_error_in_any_quantity(results, tmp_path):
    """Every figure that can be named, by every way to it: the reading is exact and complete."""
    rows = []
    for name, figure in figures_of(results).items():
        for k, way in enumerate(figure.ways):
            if set(way.needs) <= set(results.variables):
                row = {"year": YEAR, "quantity": name, "value": 0, "unit": figure.unit}
                rows.append(row | {"source": f"{name} {k}"} | cell_of(results, way))
    first = written(tmp_path / "first.csv", rows)
    with pytest.raises(ParameterError) as fault:  # some figures need years that come later
        songhe.validate(results, against=first)
    unknown = {problem.key for problem in fault.value.problems}
    assert all("run holds" in problem.allowed for problem in fault.value.problems)
    rows = [row for k, row in enumerate(rows, start=2) if f"line {k}, year" not in unknown]
    first = given_by_user(songhe.validate(results, against=written(first, rows)))
    model = dict(zip(first["source"], first["model"].astype(float), strict=True))
    held = [row | {"value": repr(model[row["source"]])} for row in rows]
    table = given_by_user(songhe.validate(results, against=written(tmp_path / "all.csv", held)))
    assert len(table) == len(held) > 100
    assert set(validate_figures.NAMED) <= set(table["quantity"])
    assert (table["model"] == table["reference"]).all()
    assert (table.loc[table["reference"] != 0, "error_percent"] == 0).all()


def test_the_shipped_part_is_the_score_card_of_the_run(lived):
    table = songhe.validate(lived)
    assert set(table["origin"]) == {SHIPPED}
    own = pd.read_csv(lived / "score.csv").astype({"inside": "boolean"})
    pd.testing.assert_frame_equal(table[list(score.COLUMNS)], own, check_dtype=False)


def test_the_command_prints_the_misses_and_writes_them(lived, tmp_path, command):
    rows = [
        {"year": 2011, "quantity": "births", "value": value, "unit": "万人", "source": source}
        for value, source in ((100, "a yearbook"), (1500, "another"))
    ]
    file = written(tmp_path / "own.csv", rows)
    code, printed, errors = command("validate", lived, "--against", file)
    assert (code, errors) == (0, "")
    for text in (
        "Score card",
        "Nothing is fitted",
        "years to 2015",
        "official (census",
        "2015年及以前",
        "出生人口",
        "万人",
    ):
        assert text in printed, text
    table = pd.read_csv(lived / "validation.csv")
    assert table["source"].tolist()[:2] == ["a yearbook", "another"]
    assert songhe.validate(lived, against=[file])["model"].tolist() == pytest.approx(
        table["model"].tolist()
    )
    code, printed, _ = command("validate", lived, "--out", tmp_path / "card.csv")
    assert code == 0
    assert "Nothing is fitted" not in printed
    assert len(pd.read_csv(tmp_path / "card.csv")) == len(table) - 2


def test_a_bad_file_is_refused_before_anything_is_written(lived, tmp_path, command):
    before = (
        (lived / "validation.csv").read_bytes() if (lived / "validation.csv").exists() else None
    )
    bad = {"year": 2060, "quantity": "births", "value": -1, "unit": "kg", "source": "a yearbook"}
    file = written(tmp_path / "own.csv", [bad])
    out = tmp_path / "card.csv"
    code, printed, errors = command("validate", lived, "--against", file, "--out", out)
    assert (code, printed) == (2, "")
    assert f"{file}: line 2, year: 2060; allowed: a year of the run, 2010 to {YEAR}" in errors
    assert f"{file}: line 2, unit: 'kg'" in errors
    assert not out.exists()
    after = (lived / "validation.csv").read_bytes() if (lived / "validation.csv").exists() else None
    assert before == after


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--scenario", "other"], "--scenario: 'other'; allowed: baseline"),
        (["--out", "/no/such/folder/card.csv"], "--out"),
        (["--against", "/no/such/file.csv"], "'no such file'; allowed: a CSV file"),
    ],
)
def test_what_does_not_exist_is_named(lived, command, arguments, named):
    code, _, errors = command("validate", lived, *arguments)
    assert code == 2
    assert named in errors


def test_a_folder_without_results_is_refused(tmp_path, command):
    code, _, errors = command("validate", tmp_path)
    assert code == 2
    assert "songhe run" in errors


def test_a_folder_without_a_finished_unit_is_refused(lived_run, command, monkeypatch):
    """Nothing of draw 0 is done: no figure can be formed."""
    results, _, out = lived_run(names=("baseline",))
    undone = results.assign(done=results["done"].where(results["draw"] > 0, 0))
    monkeypatch.setattr("songhe.runs.api.open", lambda folder: undone)
    code, _, errors = command("validate", out)
    assert code == 2
    assert "no finished unit" in errors
    assert not (out / "validation.csv").exists()


def test_the_command_lists_what_files_may_name(lived, command):
    code, printed, _ = command("validate", lived, "--quantities")
    assert code == 0
    lines = {line.split(":")[0]: line for line in printed.splitlines()}
    assert set(validate_figures.NAMED) <= set(lines)
    assert "未婚比例" in lines["never_married_share"]
    assert "age" in lines["never_married_share"]
