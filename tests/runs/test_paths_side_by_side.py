"""No command shows a year that hangs on the path of fertility without all three paths."""

import io

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rich.console import Console
from songhe.runs import api, cli, terminal
from typer.testing import CliRunner

PATHS = ("baseline", "tfr-constant", "tfr-decline")


def frame(scenarios, years=(2040, 2050, 2060)):
    """Levels of births and of a figure of families, each of its own size."""
    rows = []
    for k, scenario in enumerate(scenarios):
        for quantity, unit in (("births", "万人"), ("completed_fertility", "孩/妇女")):
            rows += [
                {"kind": "level", "scenario": scenario, "reference": "", "quantity": quantity,
                 "year": year, "central": 100.0 * (k + 1) + year - 2040, "q10": np.nan,
                 "q90": np.nan, "mc_error": np.nan, "unit_zh": unit}
                for year in years
            ]  # fmt: skip
    return pd.DataFrame(rows)


def text_of(tables):
    console = Console(file=io.StringIO(), width=100)
    for title, table in tables:
        console.print(title)
        console.print(table)
    return console.file.getvalue()


def test_late_years_stand_under_each_path_and_others_do_not():
    text = text_of(terminal.path_tables(frame(PATHS), [2040, 2050, 2060]))
    assert text.count("Three paths of fertility") == 1
    lines = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.split()}
    assert [lines[name] for name in PATHS] == [["120"], ["220"], ["320"]]
    assert "2050" not in text


@pytest.mark.parametrize(("scenarios", "years"), [(PATHS[:2], [2060]), (PATHS, [2040, 2050])])
def test_there_is_no_such_table_without_all_paths_or_without_late_years(scenarios, years):
    assert list(terminal.path_tables(frame(scenarios), years)) == []


def test_families_have_a_table_of_their_own():
    assert set(terminal.FAMILY) & set(terminal.SHOWN) == set()
    table = terminal.table_of(
        frame(["baseline"]).query("quantity == 'completed_fertility'"), terminal.FAMILY, [2040]
    )
    assert "Children of women of 49" in text_of([("", table)])


def fund_results(scenarios, last):
    """An employees' fund in the layout of the results, from 2010 on, whose pool never runs dry."""
    years = np.arange(2010, last + 1)
    lead = ("scenario", "draw", "replicate", "year")
    shape = (len(scenarios), 1, 1, len(years))
    flows = ("fund_revenue", "fund_subsidy", "fund_interest", "fund_administration",
             "fund_outlay", "fund_deficit_financing", "fund_balance")  # fmt: skip
    pools = ("fund_contributors", "fund_beneficiaries", "contribution_base")
    data = {
        name: ((*lead, "fund", "ledger", "province"), np.full((*shape, 1, 2, 1), 5.0))
        for name in flows
    }
    data |= {name: ((*lead, "fund", "province"), np.full((*shape, 1, 1), 50.0)) for name in pools}
    data |= {name: (lead, np.ones(shape)) for name in ("reference_wage", "gdp", "price_index")}
    data["population_by_age"] = ((*lead, "sex", "age"), np.ones((*shape, 2, 101)))
    coords = {
        "scenario": list(scenarios), "draw": [0], "replicate": [0], "year": years,
        "fund": ["employee_pension"], "ledger": ["pooled", "individual"], "age": np.arange(101),
    }  # fmt: skip
    return xr.Dataset(data, coords)


@pytest.mark.parametrize(("scenarios", "last"), [(PATHS[:1], 2050), (PATHS, 2060)])
def test_the_actuary_shows_late_years_beside_all_paths_alone(
    monkeypatch, tmp_path, scenarios, last
):
    monkeypatch.setattr(api, "open", lambda folder: fund_results(scenarios, 2060))
    file = tmp_path / "actuary.csv"
    result = CliRunner().invoke(cli.app, ["actuary", "here", "--out", str(file)])
    assert result.exit_code == 0, result.output
    assert pd.read_csv(file)["year"].max() == last
    for path in PATHS[1:]:
        assert (f"{path}: Pooled ledger runs dry" in result.output) == (last > 2050)
