"""Compiled code is kept by what it can come from: never stale, and no more anew than it must."""

import ast
import gc
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from numba import types
from songhe.agents import compiled

SOURCES = [
    path
    for folder in ("parameters", "agents", "model", "runs", "analysis", "tests")
    for path in sorted((compiled.ROOT / folder).rglob("*.py"))
]


def test_the_imports_that_are_followed_are_those_that_python_sees():
    assert len(SOURCES) > 200
    for path in SOURCES:
        assert set(compiled._read(path)[1]) == imports(path), path


def imports(path):
    """Modules of the package that a file imports when it runs, by its syntax tree."""
    tree, found = ast.parse(path.read_text(encoding="utf-8")), set()
    skipped = {
        node
        for block in tree.body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node in skipped:
            continue
        words = (node.module or "").split(".")
        if node.level:
            folder = path.parents[node.level - 1].joinpath(*words)
        elif words[0] == "songhe":
            folder = compiled.ROOT.joinpath(*words[1:])
        else:
            continue
        if node.module and folder.with_suffix(".py").is_file():
            found.add(folder.with_suffix(".py"))
            continue
        for name in node.names:
            module = folder / f"{name.name}.py"
            found.add(module if module.is_file() else folder / "__init__.py")
    return found


@pytest.fixture
def compute(tmp_path):
    """Two modules of a user, each with a loop, and what a process of their own gets from them.

    `price` calls a rule of another file; `count` does not.
    """
    files = {
        "law": "RATE = 2.0\n\n\n@rule\ndef due(x):\n    return x * RATE\n",
        "price": "from .law import due\n\n\n@kernel\ndef price(x):\n    return due(x)\n",
        "count": "@kernel\ndef count(x):\n    return x + 1\n",
        "__init__": "",
    }
    head = "from songhe.agents.compiled import kernel, rule\n"
    package = tmp_path / "own"
    package.mkdir()
    for name, text in files.items():
        (package / f"{name}.py").write_text(head + text if text else "")
    script = (
        "from own.price import price\nfrom own.count import count\n"
        "print(price(3.0), count(1), *(sum(f.stats.cache_hits.values()) for f in (price, count)))"
    )

    def run():
        ended = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path,
            env={"NUMBA_CACHE_DIR": str(tmp_path / "kept"), "PYTHONPATH": path()},
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return [float(word) for word in ended.stdout.split()]

    def path():
        return ":".join([str(tmp_path), *sys.path])

    run.package = package
    return run


def test_an_edit_compiles_anew_what_can_call_it_and_nothing_else(compute):
    assert compute() == [6.0, 2.0, 0.0, 0.0]
    assert compute() == [6.0, 2.0, 1.0, 1.0]
    law = compute.package / "law.py"
    law.write_text(law.read_text().replace("RATE = 2.0", "RATE = 5.0"))
    assert compute() == [15.0, 2.0, 0.0, 1.0]


def test_a_loop_that_is_edited_takes_the_rules_that_are_kept(compute):
    compute()
    price = compute.package / "price.py"
    price.write_text(price.read_text().replace("due(x)", "due(x) + 1"))
    assert compute() == [7.0, 2.0, 0.0, 1.0]


jitted = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")


@compiled.rule
def share(x, parts=4):
    return x / parts


@compiled.kernel
def shares(x, result):
    result[0], result[1], result[2] = share(x, 2), share(x, 8), share(x, parts=x)


def test_python_may_call_a_rule_before_and_after_a_loop_does():
    result = np.zeros(3)
    assert share(8) == 2.0
    shares(8, result)
    assert result.tolist() == [4.0, 1.0, 1.0]
    assert (share(8), share(8.0, 2), share(8, parts=1)) == (2.0, 4.0, 8.0)


@jitted
def test_numbers_written_at_a_call_make_no_variants():
    for written in (2, 8):
        share.get_call_template((types.int64,), {"parts": types.literal(written)})
    assert [tuple(map(str, one)) for one in share.overloads] == [("int64", "int64")]
    assert share(8) == 2.0
    assert share.py_func(8) == 2.0


def test_an_array_is_copied_element_by_element():
    values, into = np.arange(24.0).reshape(2, 3, 4)[:, ::2], np.zeros((2, 2, 4))
    compiled.put(values, into)
    assert (into == values).all()


@jitted
@pytest.mark.parametrize("collects", [True, False])
def test_garbage_waits_only_while_something_is_compiled(collects, monkeypatch):
    seen = []

    def slow(self, sig):
        seen.append(gc.isenabled())
        raise RuntimeError("in the midst of it")

    monkeypatch.setattr(compiled.CPUDispatcher, "compile", slow)
    fresh = compiled.kernel(lambda x: x)
    (gc.enable if collects else gc.disable)()
    try:
        with pytest.raises(RuntimeError, match="in the midst"):
            fresh.compile("int64(int64)")
        assert gc.isenabled() is collects
    finally:
        gc.enable()
    assert seen == [False]


def test_two_copies_of_a_source_share_its_code():
    """A version is named by the place within the package, not by where the package lies."""
    assert compiled._name(Path(compiled.__file__)) == "agents/compiled.py"


def test_where_nothing_can_be_kept_code_lies_in_a_temporary_folder(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked))
    place = compiled.place.__wrapped__(Path(compiled.__file__))
    assert place.is_dir()
    assert blocked not in place.parents
    place.rmdir()
