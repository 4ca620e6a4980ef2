"""The worked amounts of pension law that the documents count are those that stand in the tests."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KINDS = ("official", "worked")
COUNTED = {
    "README.md": r"Of (\d+) worked amounts of pension law in the tests, (\d+) stand on a published "
    r"rate, amount or divisor and (\d+) on made-up careers",
    "docs/methods.md": r"Amounts of pension law are worked by hand in the tests, with the "
    r"arithmetic: (\d+), of which (\d+) stand on a published rate, amount or divisor and (\d+) are "
    r"made-up careers",
}


def kind_of(row):
    """The kind of a worked case, a tuple that begins with it and ends with its arithmetic."""
    if not isinstance(row, ast.Tuple) or len(row.elts) < 3:
        return None
    first, last = row.elts[0], row.elts[-1]
    words = [e.value for e in (first, last) if isinstance(e, ast.Constant)]
    worked = len(words) == 2 and words[0] in KINDS and isinstance(words[1], str)
    return words[0] if worked else None


def counted():
    """Worked cases by kind, over the lists of all tests of policies."""
    found = Counter()
    for path in sorted((ROOT / "tests/policies").glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
                rows = [kind_of(row) for row in node.value.elts]
                assert all(rows) or not any(rows), f"{path.name}: a case without its kind"
                found.update(kind for kind in rows if kind)
    return found


def test_there_are_at_least_as_many_as_a_ministry_would_check():
    found = counted()
    assert set(found) == set(KINDS)
    assert found.total() >= 120


@pytest.mark.parametrize("name", COUNTED)
def test_documents_count_both_kinds_as_the_tests_have_them(name):
    text = " ".join((ROOT / name).read_text(encoding="utf-8").split())
    (said,) = re.findall(COUNTED[name], text)
    found = counted()
    assert tuple(map(int, said)) == (found.total(), found["official"], found["worked"])
