"""Laws that no single entry shows to be bad are refused, with file, key and what is allowed."""

import shutil

import pytest
from songhe.parameters.load import SHIPPED, load
from songhe.parameters.problems import ParameterError
from songhe.runs.check import check_files
from songhe.runs.lawful import law_problems
from songhe.runs.scenario import shipped_names
from songhe.runs.settings import resolve

HEAD = "name: {0}\ntitle: A law\ntitle_zh: 法\nchanges:\n"
EMPLOYEES = "policies.employee_pension."
TAX = "policies.tax_deduction."
ILLNESS = "policies.retirement.illness_"
DIVISORS = [233 - 3 * k for k in range(31)]


def table(path, divisors, skipped=()):
    rows = [f"{40 + k},{d}" for k, d in enumerate(divisors) if 40 + k not in skipped]
    path.write_text("age_from,value\n" + "\n".join(rows) + "\n")


@pytest.mark.parametrize(
    ("change", "key", "allowed"),
    [
        (EMPLOYEES + "base_floor: {2030-01-01: 4}", "base_floor.2030-01-01", "base_ceiling"),
        (EMPLOYEES + "base_ceiling: {2031-01-01: 0.5}", "base_floor.2031-01-01", "0.5"),
        ("policies.retirement.pace: {2027-01-01: [4, 4, -2]}", "retirement.pace", "no earlier"),
        ("policies.retirement.pace: {2027-01-01: [0.05, 4, 2]}", "retirement.pace", "gap"),
        (EMPLOYEES + "employer_rate: {2030-01-01: 1.6}", "employer_rate", "0 to 1"),
        (EMPLOYEES + "divisors: {data: short.csv}", "divisors", "every age of 40 to 70"),
        (EMPLOYEES + "divisors: {data: reversed.csv}", "divisors", "below the"),
        (
            "policies.resident_pension.class_amount: {2030-01-01: "
            "[100, 90, 300, 400, 500, 600, 700, 800, 900, 1000, 1500, 2000]}",
            "class_amount.2030-01-01",
            "above the 100 of class 1",
        ),
        (EMPLOYEES + "old_shares: [0.5, 0.7, 0.7, 0.85, 0.9]", "old_shares", "the 0.7 of 10 years"),
        (EMPLOYEES + "old_shares: [0.5, 0.7, 0.8, 0.85, 1.9]", "old_shares", "0 to 1"),
        (EMPLOYEES + "old_shares: [0.5, 0.7, 0.8, 0.85]", "old_shares", "duration"),
        (EMPLOYEES + "new_excess: {2017-01-01: 0.1}", "new_excess.2017-01-01", "the 0.2"),
        (EMPLOYEES + "new_excess: {2016-01-01: 1.2}", "new_excess.2016-01-01", "0 to 1"),
        (EMPLOYEES + "survivor_months: [9, 6, 3]", "survivor_months", "at least the 9 of 0 years"),
        (EMPLOYEES + "flexible_rate: {2030-01-01: 0.05}", "flexible_rate.2030-01-01", "0.08"),
        (EMPLOYEES + "employee_rate: {2030-01-01: 0.3}", "flexible_rate.2030-01-01", "0.3"),
        (
            EMPLOYEES + "flexible_steps: {2030-01-01: [0.6, 0.8, 0.8, 2, 3]}",
            "flexible_steps.2030",
            "above the 0.8",
        ),
        (
            EMPLOYEES + "flexible_step_share: {value: [0.6, 0.3, 0, 0, 0], prior: {fixed: a test}}",
            "flexible_step_share",
            "add up to 1",
        ),
        (
            "policies.retirement.early_share: 0.7\n  policies.retirement.late_share: 0.4",
            "retirement.late_share",
            "at most 0.3",
        ),
        (
            "policies.resident_pension.class_share: "
            "[0.78, 0.08, 0.03, 0.01, 0.05, 0.005, 0.1, 0.005, 0, 0.03, 0.005, 0.005]",
            "class_share",
            "add up to 1",
        ),
        (ILLNESS + "age: [50, 52]", "illness_age", "below the 50 of old age"),
        (ILLNESS + "years: {2026-01-01: 0}", "illness_years.2026-01-01", "1 to 50"),
        (ILLNESS + "share: 1.5", "illness_share", "0 to 1"),
        (EMPLOYEES + "old_guaranteed: {2020-01-01: 0}", "new_excess.2020-01-01", "compared"),
        (
            "policies.local_child_subsidy.from_age: {value: {Henan: [4, 0, 0]}}",
            "local_child_subsidy.until_age Henan, order 1",
            "4 or more",
        ),
        (
            TAX + "bracket_from: [0, 144000, 36000, 300000, 420000, 660000, 960000]",
            "tax_deduction.bracket_from",
            "rising bounds from 0",
        ),
        (
            TAX + "bracket_rate: [3.5, 10, 20, 25, 30, 35, 45]",
            "tax_deduction.bracket_rate",
            "whole percent",
        ),
    ],
)
def test_bad_law_is_refused_by_check_and_by_a_run(tmp_path, change, key, allowed):
    table(tmp_path / "short.csv", DIVISORS, skipped=(63,))
    table(tmp_path / "reversed.csv", [*DIVISORS[:20], 300, *DIVISORS[21:]])
    path = tmp_path / "bad.yaml"
    path.write_text(HEAD.format("bad") + "  " + change + "\n")
    found = [str(problem) for problem in check_files([path])]
    assert any(key in text and allowed in text and "bad.yaml" in text for text in found), found
    with pytest.raises(ParameterError):
        resolve([path])


def test_every_shipped_law_is_sound():
    assert law_problems(load(), "shipped") == []
    resolve(shipped_names())


FLOOR = "2006-01-01: {value: 0.6, source: contribution_cut_2019}"


@pytest.mark.parametrize(
    ("file", "was", "becomes", "key", "allowed"),
    [
        ("employee_pension.yaml", FLOOR, FLOOR.replace("0.6", "3.6"), "base_floor.2006-01-01",
         "base_ceiling"),
        ("employee_pension_divisors.csv", "63,117\n", "", "employee_pension.divisors",
         "every age of 40 to 70"),
        ("retirement.yaml", "[4, 4, 2]", "[4, 4, 0.5]", "retirement.pace", "gap"),
        ("employee_pension.yaml", FLOOR, FLOOR.replace("0.6", "16"), "base_floor.2006-01-01",
         "0 to 10"),
        ("retirement.yaml", "  value: [55, 45]\n  source: retirement_1978\n",
         "  values: {1978-06-01: {value: [55, 45], source: retirement_1978}}\n",
         "special_trade_age", "undated, by sex"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("whole", [True, False], ids=["in a tree", "alone"])
def test_bad_law_in_a_parameter_file_is_refused_by_check(
    tmp_path, file, was, becomes, key, allowed, whole
):
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED / "policies", folder)
    if whole:
        shutil.copy(SHIPPED / "sources.yaml", tmp_path)
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(was) == 1
    (folder / file).write_text(text.replace(was, becomes), encoding="utf-8")
    checked = folder / file.replace("_divisors.csv", ".yaml")
    found = [str(problem) for problem in check_files([checked])]
    (fault,) = found
    assert fault.startswith(f"policies/{checked.name}: ")
    assert key in fault
    assert allowed in fault


def test_shipped_parameter_files_are_sound_one_by_one():
    assert check_files(sorted(SHIPPED.glob("policies/*.yaml"))) == []
