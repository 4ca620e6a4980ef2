"""Files of comparisons: what stands in them, in both languages."""

import numpy as np
import openpyxl
import pandas as pd
import pytest
from songhe.runs.export import write_comparison
from songhe.runs.terminal import cell, number

ROWS = [
    ("level", "baseline", "", 2025, 954.2, 900.0, 1010.0),
    ("level", "baseline", "", 2030, 800.0, 700.0, 900.0),
    ("difference", "grant", "baseline", 2030, 12.34, 0.0, 30.0),
    ("cost", "grant", "baseline", 2030, np.inf, 50.0, np.inf),
]


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "kind": kind, "scenario": scenario, "reference": reference, "quantity": "births",
            "title": "Births", "title_zh": "出生人口", "unit": "10,000 persons",
            "unit_zh": "万人", "province": "", "year": year, "central": central, "q2.5": low,
            "q10": low, "q50": central, "q90": high, "q97.5": high, "mc_error": 3.0,
            "draws": 20, "replicates": 2,
        }
        for kind, scenario, reference, year, central, low, high in ROWS
    )  # fmt: skip


@pytest.fixture
def dataset():
    import xarray as xr

    about = {
        "version": "0.1.0", "concept": "official", "persons": 1000, "seed": 1,
        "parameters_hash": "0" * 64, "price_base": "yuan of each year",
    }  # fmt: skip
    coords = {"scenario": ["baseline", "grant"], "year": [2025, 2030]}
    return xr.Dataset(coords=coords, attrs=about)


def test_csv_holds_one_figure_a_row_and_opens_as_chinese_in_excel(frame, dataset, tmp_path):
    path = write_comparison(frame, dataset, tmp_path / "a.csv", "csv", "zh")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(path)
    assert table["中心值"].tolist() == [954.2, 800.0, 12.34, np.inf]
    assert table["类别"].tolist() == ["水平", "水平", "差值", "成本"]


def test_parquet_holds_the_same_rows(frame, dataset, tmp_path):
    path = write_comparison(frame, dataset, tmp_path / "a.parquet", "parquet", "en")
    pd.testing.assert_frame_equal(pd.read_parquet(path), frame, check_dtype=False)


def test_excel_has_a_sheet_for_each_scenario_and_kind(frame, dataset, tmp_path):
    path = write_comparison(frame, dataset, tmp_path / "a.xlsx", "xlsx", "zh")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["说明", "baseline 水平", "grant 差值", "grant 成本"]
    rows = list(book["baseline 水平"].values)
    assert rows[1] == ("指标 Indicator", "单位 Unit", "省份 Province", "数值 Figure", 2025, 2030)
    assert rows[2] == ("出生人口 Births", "万人 10,000 persons", None, "中心值 central", 954.2, 800)
    assert rows[3][3:] == ("80%下限 80 % low", 900, 700)
    assert list(book["grant 成本"].values)[2][4] == "none added 无新增"


def test_english_puts_english_first(frame, dataset, tmp_path):
    path = write_comparison(frame, dataset, tmp_path / "a.xlsx", "xlsx", "en")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:2] == ["Notes", "baseline level"]
    assert next(iter(book["baseline level"].iter_rows(min_row=3)))[0].value == "Births 出生人口"


def test_long_names_make_sheets_that_excel_can_open(frame, dataset, tmp_path):
    names = {"baseline": "a" * 60, "grant": "a" * 59 + "b"}
    path = write_comparison(
        frame[:3].assign(scenario=frame["scenario"].map(names), kind="level"),
        dataset, tmp_path / "a.xlsx", "xlsx", "en",
    )  # fmt: skip
    titles = openpyxl.load_workbook(path).sheetnames
    assert len(titles) == len(set(titles)) == 3
    assert max(map(len, titles)) <= 31


@pytest.mark.parametrize(("file_format", "language"), [("doc", "en"), ("csv", "fr")])
def test_an_unknown_format_or_language_is_refused(frame, dataset, tmp_path, file_format, language):
    with pytest.raises(ValueError, match="allowed: csv, parquet, xlsx; en, zh"):
        write_comparison(frame, dataset, tmp_path / "a", file_format, language)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (1234.5, "1,234"), (99.5, "100"), (12.34, "12.3"), (1.234, "1.23"),
        (-0.5, "-0.50"), (np.nan, "-"), (np.inf, "none added"),
    ],
)  # fmt: skip
def test_figures_have_three_digits_that_count(value, text):
    assert number(value) == text


def test_a_cell_shows_figure_error_and_interval(frame):
    assert cell(frame.iloc[0]) == "954 ±3\n[900, 1,010]"
    assert cell(frame.iloc[2], sign=True) == "+12.3 ±3.0\n[0, +30.0]"
