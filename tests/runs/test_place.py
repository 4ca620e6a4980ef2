"""Results by path, by file URL and in memory are the same results."""

import sys

import numpy as np
import pytest
import songhe
from songhe.parameters.problems import ParameterError
from songhe.runs import ensemble
from songhe.runs.place import LocalPlace, place_of
from songhe.runs.settings import folder_problems

RUN = ["run", "baseline", "--persons", "1000", "--draws", "0", "--replicates", "1"]
RUN += ["--until", "2012", "--workers", "1"]


@pytest.fixture(params=["path", "file", "memory"])
def url(request, tmp_path):
    place = {
        "path": str(tmp_path / "out"),
        "file": f"file://{tmp_path}/out",
        "memory": f"memory://place{tmp_path}/out",
    }[request.param]
    yield place
    if place.startswith("memory"):
        place_of(place).remove("")


def test_files_are_written_read_listed_and_taken_away(url):
    place = place_of(url)
    assert (place.names(), place.files(), place.read("a")) == ([], [], None)
    place.write("a", b"1")
    place.write("b/c", b"2") if place.local is None else None
    with pytest.raises(FileExistsError):
        place.write("a", b"2", new=True)
    place.write("a", b"3")
    assert place.read("a") == b"3"
    assert place.exists("a")
    assert "a" in place.names()
    assert "a" in place.files()
    with place.folder() as folder:
        (folder / "figure.png").write_bytes(b"4")
    assert place.read("figure.png") == b"4"
    for name in ("a", "b", "none"):
        place.remove(name)
    assert place.names() == ["figure.png"]


def test_a_path_with_a_colon_is_a_path_and_a_path_object_always_is(tmp_path):
    assert isinstance(place_of("a:b"), LocalPlace)
    assert isinstance(place_of(tmp_path), LocalPlace)
    assert place_of(f"file://{tmp_path}").local == tmp_path


@pytest.fixture(scope="module")
def by_path(tmp_path_factory, whole_live, command):
    """A run in a folder, and its comparison as a file."""
    out = tmp_path_factory.mktemp("place") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "live", whole_live)
        assert command(*RUN, "--out", out)[0] == 0
    assert command("compare", out, "--format", "csv")[0] == 0
    return out


def test_every_command_takes_a_url(url, by_path, monkeypatch, whole_live, command):
    monkeypatch.setattr(ensemble, "live", whole_live)
    monkeypatch.setattr("songhe.runs.writer.SETTLE", 0.0)
    code, _, errors = command(*RUN, "--out", url)
    assert code == 0, errors
    place = place_of(url)
    assert {"score.csv", "births_and_funds.png", "results.zarr"} <= set(place.names())
    theirs, mine = songhe.open(by_path), songhe.open(url)
    for name in mine.data_vars:
        if name != "unit_seconds":
            assert np.array_equal(mine[name], theirs[name], equal_nan=mine[name].dtype != object)
    assert command("compare", url, "--format", "csv")[0] == 0
    assert place.read("compare.csv") == (by_path / "compare.csv").read_bytes()
    assert command("runs", url, "--verify")[0] == 0
    assert command("constants", url)[0] == 0
    monkeypatch.setattr(ensemble, "live", None)
    code, _, errors = command(*RUN, "--out", url)
    assert (code, "Nothing is missing" in errors) == (0, True)


def test_a_url_that_nothing_reaches_is_refused(monkeypatch):
    with pytest.raises(ParameterError, match="fsspec knows"):
        place_of("nosuch://x/y")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ParameterError, match=r"s3fs.*the extra s3"):
        place_of("s3://bucket/run")
    assert "--out" in str(folder_problems("nosuch://x")[0])


def test_a_url_with_other_files_is_refused(url):
    place = place_of(url)
    place.write("letter.txt", b"x")
    assert "other files" in folder_problems(url)[0].allowed
