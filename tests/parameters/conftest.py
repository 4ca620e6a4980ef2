"""A small folder of parameters that every test may spoil in its own way."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

# The same examples in every run, and no time limit on a busy machine.
settings.register_profile("songhe", deadline=None, derandomize=True)
settings.load_profile("songhe")

SOURCES = """
law:
  title: A law
  publisher: State Council
  year: 2025
  licence: official text
tables:
  title: Tables
  publisher: Statistics
  year: 2010-2020
  licence: quoted as figures
  retrieved: 2025-11-01
"""
SUBSIDY = """
amount:
  title: Subsidy for a child
  zh: 补贴
  unit: yuan per year
  dims: []
  valid: [0, 50000]
  evidence: read
  lookahead: 3
  values:
    2025-01-01: {value: 3600, source: law}
    2030-01-01: {value: 4000, source: law}
  prior: {fixed: set by law}
age_limit:
  title: Age limit
  zh: 年龄
  unit: years
  dims: []
  valid: [0, 18]
  evidence: read
  value: 3
  source: law
  prior: {fixed: set by law}
"""
MORTALITY = """
mx:
  title: Death rate
  zh: 死亡率
  unit: events per person-year
  dims: [year, sex]
  valid: [0, 1]
  evidence: read
  beyond: stop
  data: mx.csv
  source: tables
  prior: {family: band, level: 0.8}
ratio:
  title: Hazard ratio by function
  zh: 风险比
  unit: hazard ratio
  dims: [adl]
  valid: [0.5, 20]
  evidence: assumed
  note: Chosen between two studies.
  value: [1, 1.6, 2.4, 5]
  prior: {family: lognormal, on: factor, low: 0.8, high: 1.3}
effect:
  title: Effect of cash
  zh: 效应
  unit: log hazard
  dims: []
  valid: [0, 2]
  evidence: recalled
  value: 0.3
  source: tables
  prior: {family: lognormal, low: 0.05, high: 0.9, zero: 0.25}
lever:
  title: Effect of time
  zh: 时间效应
  unit: log hazard
  dims: []
  valid: [0, 2]
  evidence: assumed
  note: No evidence.
  value: 0
  prior: {fixed: ships neutral}
  offered: {value: 0.25, prior: {family: uniform, low: 0.05, high: 0.6}}
"""
MX = """year,sex,value,low,high
2010,male,0.02,0.02,0.02
2010,female,0.01,0.01,0.01
2020,male,0.01,0.008,0.013
2020,female,0.005,0.004,0.007
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`parameters/` with two topics, three files, one table and two sources."""
    root = tmp_path / "parameters"
    write(root / "sources.yaml", SOURCES)
    write(root / "policies" / "subsidy.yaml", SUBSIDY)
    write(root / "demography" / "mortality.yaml", MORTALITY)
    write(root / "demography" / "mx.csv", MX)
    return root


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return path


@pytest.fixture
def spoil(folder: Path) -> Callable[[str, str, str], Path]:
    """Replace one passage of a file: `spoil("policies/subsidy.yaml", old, new)`."""

    def change(name: str, old: str, new: str) -> Path:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return change
