"""The project's own files agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
PACKAGES = ("parameters", "agents", "model", "runs", "analysis")


def test_every_folder_of_code_is_a_listed_package():
    folders = {"songhe"}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("__init__.py"):
            folders.add(".".join(("songhe", *path.parent.relative_to(ROOT).parts)))
    assert folders == set(PROJECT["tool"]["setuptools"]["packages"])


def test_no_code_stands_outside_a_package():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path


def test_every_file_that_is_read_at_run_time_is_shipped():
    listed = set()
    for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items():
        folder = ROOT / package.partition(".")[2]
        listed |= {path for pattern in patterns for path in folder.glob(pattern)}
    found = {path for kind in ("yaml", "csv") for path in ROOT.glob(f"*/**/*.{kind}")}
    assert listed == {path for path in found if path.relative_to(ROOT).parts[0] in PACKAGES}


def test_the_lane_without_compilation_lists_tests_that_exist():
    lane = re.search(r"^NOJIT := ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    files = lane[1].replace("\\\n", " ").split()
    assert files
    assert all((ROOT / name).is_file() for name in files)


def test_the_lock_holds_versions_and_hashes_and_no_address():
    assert "://" not in LOCK
    assert not re.search(r"^\s*(-i|-f|--(?!hash)\S+)", LOCK, re.MULTILINE)
    pins = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(pins) > 50
    for pin in pins:
        assert re.match(r"[A-Za-z0-9_.-]+==[^ ]+ (; .+ )?\\\n", pin), pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", pin), pin


def test_every_dependency_is_locked():
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *extras["test"], *extras["dev"]]
    locked = {m.lower().replace("_", "-") for m in re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE)}
    for line in wanted:
        name = re.match(r"[\w.-]+", line)[0].lower().replace("_", "-")
        assert name in locked, line


def test_environment_yml_is_in_step_with_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["name"] == PROJECT["project"]["name"]
    python = next(d for d in environment["dependencies"] if str(d).startswith("python "))
    assert python == f"python {PROJECT['project']['requires-python']}"
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert pip == ["--requirement requirements.lock", "--no-deps --editable ."]


def test_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]


def test_results_come_first_in_the_changelog():
    heads = re.findall(r"^### (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] == "Results change"


@pytest.mark.parametrize(
    "command",
    [
        "make run",
        "make test",
        "pip install --require-hashes --requirement requirements.lock",
        "pip install --no-deps --editable .",
        "songhe run",
        "python -m pytest",
    ],
)
def test_the_readme_shows_the_two_commands_and_the_same_without_make(command):
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_decisions_are_numbered_without_gaps():
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").iterdir())
    assert [name[:5] for name in names] == [f"{k:04d}-" for k in range(1, len(names) + 1)]
