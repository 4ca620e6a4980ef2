"""What may import what, who owns a column, and the files of a policy."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = {
    "parameters": {"parameters"},
    "agents": {"agents", "parameters"},
    "model": {"model", "agents", "parameters"},
    "analysis": {"analysis", "parameters"},
    "runs": {"runs", "analysis", "model", "agents", "parameters"},
}
FILES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
BARE = {"numpy", "numba", "math", "typing", "enum", "collections"}


def imports(path):
    """Dotted names of songhe, from its root, and of others, that a file imports."""
    own, other = [], []
    package = path.parent.relative_to(ROOT).parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            stem = (*base, *(node.module.split(".") if node.module else ()))
            names = [".".join((*stem, alias.name)) for alias in node.names]
            own += names if not node.module else [".".join(stem)]
        elif isinstance(node, ast.ImportFrom):
            other.append(node.module)
        elif isinstance(node, ast.Import):
            other += [alias.name for alias in node.names]
    return own, other


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_imports_point_down(path):
    layer = path.relative_to(ROOT).parts[0]
    own, other = imports(path)
    assert {name.split(".")[0] for name in own} <= LAYERS[layer]
    assert not any(name.split(".")[0] == "songhe" for name in other)


@pytest.mark.parametrize("folder", ["model/events", "model/policies"])
def test_events_and_policies_meet_only_in_columns(folder):
    for path in (ROOT / folder).glob("*.py"):
        own, _ = imports(path)
        assert not [name for name in own if name.startswith(folder.replace("/", "."))], path


def test_kernels_and_what_ids_tell_stand_on_numpy_and_numba_alone():
    ids = "agents/luck.py", "agents/sibships.py"
    for path in (*(ROOT / "model/kernels").glob("*.py"), *(ROOT / name for name in ids)):
        own, other = imports(path)
        assert {name.split(".")[0] for name in other} <= BARE, path
        assert set(own) <= {"agents.compiled", "agents.luck", "agents.sibships"}, path


def test_folders_re_export_nothing():
    for path in FILES:
        if path.name == "__init__.py":
            assert len(ast.parse(path.read_text()).body) <= 1, path


def test_a_policy_has_its_three_files_and_its_line():
    year = (ROOT / "model/year.py").read_text()
    stems = {p.stem for p in (ROOT / "model/policies").glob("*.py")} - {"__init__"}
    assert stems
    for stem in stems:
        assert (ROOT / f"parameters/policies/{stem}.yaml").exists()
        assert (ROOT / f"tests/policies/test_{stem}.py").exists()
        assert f"{stem}.STEP" in year


def test_a_parameter_file_of_a_policy_has_its_law_of_the_same_name():
    from songhe.runs.law import POLICIES

    stems = {p.stem for p in (ROOT / "parameters/policies").glob("*.yaml")}
    assert stems == set(POLICIES)
    assert stems == {p.stem for p in (ROOT / "runs/laws").glob("*.py")} - {"__init__", "keys"}
    for stem, module in POLICIES.items():
        assert module.__name__ == f"songhe.runs.laws.{stem}"


def test_every_column_has_one_owner():
    from songhe.model.year import columns

    names = Counter(column.name for column in columns())
    assert max(names.values()) == 1
    assert all(column.owner and column.unit and column.meaning for column in columns())
