"""Reading files: what is refused, what the numbers look like, what the digest sees."""

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songhe.parameters.check import check_parameter_file
from songhe.parameters.load import ParameterError, load
from songhe.parameters.yamlfile import MAX_BYTES, parse_yaml

TABLE = "demography/mx.csv"
AMOUNT = "policies.subsidy.amount"
MX = "demography.mortality.mx"

REFUSED_YAML = {
    "tag": ("a: !!python/object/apply:os.system ['true']", "no tags"),
    "own tag": ("a: !thing 3", "no tags"),
    "merge": ("base: &b {x: 1}\na:\n  <<: *b", "values written out"),
    "alias": ("a: &x [1]\nb: [*x, *x]", "values written out"),
    "repeated key": ("a: 1\nb: 2\na: 3", "each key once"),
    "repeated inner key": ("a: {b: 1, b: 2}", "each key once"),
    "infinity": ("a: .inf", "a finite number"),
    "too many digits": ("a: " + "9" * 5000, "at most 20 digits"),
    "overflow": ("a: 1.0e999", "a finite number"),
    "not a number": ("a: -.nan", "a finite number"),
    "no such day": ("a: 2025-02-30", "a date that exists"),
    "two documents": ("a: 1\n---\nb: 2", "one document"),
    "depth": ("a: " + "[" * 30 + "]" * 30, "at most 20 levels"),
    "great depth": ("[" * 50_000, ""),
    "list as key": ("? [1, 2]\n: 3", "text, a number or a date"),
    "broken": ("a: [1, 2", "well-formed YAML"),
    "control character": ("a: \x00", "well-formed YAML"),
}


@pytest.mark.parametrize("name", REFUSED_YAML)
def test_yaml_is_refused(name):
    text, allowed = REFUSED_YAML[name]
    with pytest.raises(ParameterError) as caught:
        parse_yaml(text, "own.yaml")
    (problem,) = caught.value.problems
    assert problem.file == "own.yaml"
    assert allowed in problem.allowed


def test_yaml_words_and_numbers():
    text = (
        "{on: no, a: 1e-3, b: 7_200, c: true, d: 010, e: 2025-01-01, f: '3', g: -2.5, h: 1:30, i: }"
    )
    assert parse_yaml(text, "f") == {
        "on": "no", "a": 0.001, "b": 7200, "c": True, "d": "010", "e": date(2025, 1, 1),
        "f": "3", "g": -2.5, "h": "1:30", "i": None,
    }  # fmt: skip


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_written_by_python_is_read_back(number):
    assert parse_yaml(f"a: {number!r}", "f") == {"a": number}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    with suppress(ParameterError):  # no other error may come
        parse_yaml(text, "f")


def test_a_huge_file_is_refused(folder):
    (folder / "policies" / "big.yaml").write_text("# " + "x" * MAX_BYTES)
    with pytest.raises(ParameterError, match=r"big\.yaml.*at most"):
        load(root=folder)


def test_a_file_that_is_no_text_is_refused(folder):
    (folder / "policies" / "odd.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParameterError, match="UTF-8"):
        load(root=folder)


def test_missing_sources_are_a_problem(folder):
    (folder / "sources.yaml").unlink()
    with pytest.raises(ParameterError, match=r"sources\.yaml"):
        load(root=folder)


REFUSED_TABLES = {
    "missing cell": ("2020,female,0.005,0.004,0.007\n", "", "year=2020, sex=female is missing"),
    "repeated cell": ("2020,female", "2020,male", "year=2020, sex=male is repeated"),
    "unknown coordinate": ("2020,female", "2020,woman", "'woman'; allowed: one of male, female"),
    "a very long year": ("2020,female", "9" * 5000 + ",female", "whole numbers"),
    "year with a fraction": ("2020,female", "2020.5,female", "2020.5"),
    "out of range": ("0.02,0.02,0.02", "1.5,1.5,1.5", "year=2010, sex=male: 1.5"),
    "not finite": ("0.02,0.02,0.02", "nan,0.02,0.02", "row 1: nan"),
    "no number": ("0.02,0.02,0.02", "many,0.02,0.02", "row 1: many"),
    "band beside the value": ("0.005,0.004,0.007", "0.005,0.006,0.007", "low <= value <= high"),
    "unknown column": ("value,low", "value,lowest", "the columns year, sex, value"),
    "half a band": ("value,low,high", "value,low,sd", "the columns year, sex, value"),
    "short row": ("0.02,0.02,0.02", "0.02,0.02", "line 2: 4 cells"),
    "unclosed quote": ("0.02,0.02,0.02", '"0.02,0.02,0.02', "mx.csv"),
}


@pytest.mark.parametrize("name", REFUSED_TABLES)
def test_table_is_refused(name, spoil):
    old, new, said = REFUSED_TABLES[name]
    folder = spoil(TABLE, old, new)
    with pytest.raises(ParameterError) as caught:
        load(root=folder)
    assert said in str(caught.value)
    assert all(MX in p.key for p in caught.value.problems)


@pytest.mark.parametrize(
    "name", ["../mx.csv", "/etc/passwd", "a/b.csv", "..", "mx.txt", "C:mx.csv", ".csv"]
)
def test_a_table_stands_beside_its_file(name, spoil):
    folder = spoil("demography/mortality.yaml", "data: mx.csv", f"data: '{name}'")
    with pytest.raises(ParameterError, match="a plain file name"):
        load(root=folder)


def test_a_table_of_too_many_cells_is_refused(spoil):
    rows = "".join(f"{year},{year},0.1\n" for year in range(3000))
    spoil("demography/mortality.yaml", "dims: [year, sex]", "dims: [year, cohort]")
    folder = spoil(TABLE, "year,sex", "year,cohort")
    (folder / TABLE).write_text("year,cohort,value\n" + rows)
    with pytest.raises(ParameterError, match="9000000 cells"):
        load(root=folder)


def test_a_table_that_is_not_there(spoil):
    folder = spoil("demography/mortality.yaml", "data: mx.csv", "data: my.csv")
    with pytest.raises(ParameterError, match=r"my\.csv.*a readable file"):
        load(root=folder)


def test_a_band_needs_its_columns(folder):
    (folder / TABLE).write_text("year,sex,value\n2010,male,0.02\n2010,female,0.01\n")
    with pytest.raises(ParameterError, match="low and high columns"):
        load(root=folder)


def test_rows_and_columns_may_stand_in_any_order(folder):
    before = load(root=folder)
    head, *rows = (folder / TABLE).read_text().splitlines()
    shuffled = [",".join(reversed(line.split(","))) for line in (head, *reversed(rows))]
    (folder / TABLE).write_text("\n".join(shuffled))
    after = load(root=folder)
    assert after.hash == before.hash
    assert np.array_equal(after.array(MX), before.array(MX))


def test_numbers_are_found_by_kind(folder):
    p = load(root=folder)
    assert p.value("policies.subsidy.age_limit") == 3.0
    assert p.at("policies.subsidy.age_limit", date(1990, 1, 1)) == 3.0
    assert p.array("demography.mortality.ratio").tolist() == [1, 1.6, 2.4, 5]
    assert p.array(MX).shape == (2, 2)
    assert p.coords(MX, "year") == (2010, 2020)
    assert p.dates(AMOUNT) == (date(2025, 1, 1), date(2030, 1, 1))
    assert AMOUNT in p
    assert p[AMOUNT].unit == "yuan per year"
    table = p.table(MX)
    assert float(table.sel(year=2020, sex="female")) == 0.005
    assert table.attrs["units"] == "events per person-year"


def test_a_question_of_the_wrong_kind_is_refused(folder):
    p = load(root=folder)
    with pytest.raises(KeyError, match=AMOUNT):
        p.value("policies.subsidy.amont")
    with pytest.raises(TypeError, match="dated"):
        p.value(AMOUNT)
    with pytest.raises(TypeError, match="use array"):
        p.value("demography.mortality.ratio")
    with pytest.raises(TypeError, match="use year"):
        p.at(MX, date(2015, 1, 1))
    with pytest.raises(LookupError, match="no year"):
        p.year(AMOUNT, 2026)


def test_nothing_can_be_written(folder):
    original = load(root=folder)
    for p in (original, original.draw(1, 7), pickle.loads(pickle.dumps(original))):
        for array in (p.array(MX), p.year(MX, 2015), p.array("demography.mortality.ratio")):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 9
        with pytest.raises(ValueError, match="read-only"):
            p.table(MX)[0, 0] = 9.0


def test_digest_survives_pickling_and_a_question(folder):
    p = load(root=folder)
    p.year(MX, 2015)
    copy = pickle.loads(pickle.dumps(p))
    assert copy.hash == p.hash == load(root=folder).hash
    assert copy.changed_from(p) == {}


def test_digest_sees_numbers_and_priors_but_not_words(folder, spoil):
    before = load(root=folder).hash
    spoil("policies/subsidy.yaml", "Subsidy for a child", "Subsidy for each child")
    spoil("sources.yaml", "A law", "The law")
    assert load(root=folder).hash == before
    hashes = {before}
    for old, new in [
        ("low: 0.8,", "low: 0.7,"),
        ("1.6", "1.7"),
        ("level: 0.8", "level: 0.9"),
        ("beyond: stop", "beyond: hold"),
        ("unit: hazard ratio", "unit: factor"),
    ]:
        spoil("demography/mortality.yaml", old, new)
        hashes.add(load(root=folder).hash)
    spoil(TABLE, "0.013", "0.014")
    hashes.add(load(root=folder).hash)
    assert len(hashes) == 7


def test_digest_is_the_same_for_any_order_and_hash_seed(folder):
    before = load(root=folder).hash
    path = folder / "policies" / "subsidy.yaml"
    one, two = path.read_text().split("age_limit:")
    path.write_text("age_limit:" + two + one)
    program = (
        "import sys; from songhe.parameters.load import load; print(load(root=sys.argv[1]).hash)"
    )
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", program, str(folder)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == before


def test_an_edit_is_seen_at_once(folder, spoil):
    assert load(root=folder).value("policies.subsidy.age_limit") == 3
    spoil("policies/subsidy.yaml", "value: 3\n", "value: 16\n")
    assert load(root=folder).value("policies.subsidy.age_limit") == 16


def test_horizon(folder):
    p = load(root=folder)
    assert p.check_horizon(2020) == []
    (problem,) = p.check_horizon(2021)
    assert (problem.key, problem.value) == (MX, "ends with 2020")
    assert "beyond: hold" in problem.allowed


def test_a_record_ends_without_stopping_a_run(spoil):
    p = load(root=spoil("demography/mortality.yaml", "beyond: stop", "beyond: record"))
    assert [problem.key for problem in p.check_horizon(2060, [MX])] == [MX]
    with pytest.raises(LookupError, match="ends with 2020"):
        p.year(MX, 2021)


def test_a_file_is_checked_by_itself(folder, spoil):
    path = folder / "policies" / "subsidy.yaml"
    assert check_parameter_file(path) == []
    assert check_parameter_file(folder / "sources.yaml") == []
    assert check_parameter_file(folder / "demography" / "mortality.yaml") == []
    spoil("policies/subsidy.yaml", "value: 3\n", "value: 30\n")
    (problem,) = check_parameter_file(path)
    assert problem.key == "policies.subsidy.age_limit"


def test_shipped_parameters_load():
    p = load()
    assert len(p) > 20
    assert all(p[key].zh for key in p)
    assert Path(__file__).parents[2].joinpath("parameters", "sources.yaml").exists()
    assert p.draw(1, 1).hash != p.hash
