"""Every shipped table and source is used, and credited where its publisher asks for it."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "parameters"
SOURCES = yaml.safe_load((FOLDER / "sources.yaml").read_text(encoding="utf-8"))
TOPICS = sorted(FOLDER.glob("*/*.yaml"))


@cache
def entries():
    return [
        (path, name, entry)
        for path in TOPICS
        for name, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    ]


def cited(entry):
    """Every source that an entry or one of its dated values names."""
    for part in (entry, *entry.get("values", {}).values(), entry.get("offered") or {}):
        found = part.get("source", ())
        yield from [found] if isinstance(found, str) else found


def test_every_table_belongs_to_one_entry():
    named = Counter(path.parent / e["data"] for path, _, e in entries() if "data" in e)
    assert set(named) == set(FOLDER.rglob("*.csv"))
    assert set(named.values()) == {1}


def test_a_table_bears_the_name_of_its_topic():
    for path, name, entry in entries():
        if "data" in entry:
            assert entry["data"].startswith(path.stem), name


def test_every_source_is_cited():
    assert {source for _, _, entry in entries() for source in cited(entry)} == set(SOURCES)


def test_every_entry_has_a_chinese_title():
    for path, name, entry in entries():
        assert re.search(r"[\u4e00-\u9fff]", entry["zh"]), f"{path.name}: {name}"


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: path.stem)
@pytest.mark.parametrize("field", ["title", "zh"])
def test_titles_of_a_topic_are_told_apart(path, field):
    names = Counter(entry[field] for file, _, entry in entries() if file == path)
    assert names.most_common(1)[0][1] == 1


@pytest.mark.parametrize("source", [s for s in SOURCES if "CC BY" in SOURCES[s]["licence"]])
def test_sources_that_ask_for_credit_are_in_the_notice(source):
    notice = " ".join((ROOT / "NOTICE").read_text(encoding="utf-8").split())
    assert SOURCES[source]["title"].split(",")[0] in notice
    assert SOURCES[source]["licence"] in notice
