"""The store under hardship: no room, no right, two writers, a broken chunk, another version."""

import json
import shutil

import numpy as np
import pytest
import zarr

pytestmark = pytest.mark.faults
HERE = ("--workers", "1")
SMALL_DISK = """mount -t tmpfs -o size=1500k songhe small && "$@"
code=$?; cp -a small/out kept; exit $code"""
READ_ONLY = 'mount --bind locked locked && mount -o remount,bind,ro locked && "$@"'


def inside(script):
    """What runs a command in a space of its own, where it may mount."""
    return ("unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh")


def test_a_full_disk_ends_the_run_with_what_to_do_and_it_goes_on_elsewhere(
    songhe, run, tmp_path, finished, undisturbed, same, sound
):
    (tmp_path / "small").mkdir()
    ended = songhe(*run, *HERE, "--out", "small/out", before=inside(SMALL_DISK))
    assert ended.code == 1
    assert "error: small/out has no room left (OSError: [Errno 28]" in ended.said
    assert "What is finished is kept; make room, then give the same command again" in ended.said
    assert "Traceback" not in ended.said
    kept = tmp_path / "kept"
    sound(kept)
    assert len(finished(kept)) < 8
    assert songhe(*run, *HERE, "--out", kept).code == 0
    same(kept, undisturbed)


def test_a_file_that_may_not_grow_ends_the_run_with_what_to_do(
    songhe, run, tmp_path, finished, undisturbed, same, sound
):
    """As under a quota: files of more than 40,000 bytes are cut."""
    out = tmp_path / "out"
    ended = songhe(*run, *HERE, "--out", out, before=("prlimit", "--fsize=40000"))
    assert ended.code == 1
    assert f"error: {out} has no room left (OSError: [Errno 27]" in ended.said
    assert "give the same command again" in ended.said
    sound(out)
    assert len(finished(out)) < 8
    assert songhe(*run, *HERE, "--out", out).code == 0
    same(out, undisturbed)


def test_a_read_only_mount_is_refused_and_stays_as_it_was(songhe, run, tmp_path):
    (tmp_path / "locked").mkdir()
    ended = songhe(*run, *HERE, "--out", "locked/out", before=inside(READ_ONLY))
    assert ended.code == 2
    assert "error: --out: 'locked/out'; allowed: a folder that can be written" in ended.said
    assert list((tmp_path / "locked").iterdir()) == []


def test_a_second_client_on_one_store_is_refused_and_the_first_goes_on(
    start, songhe, run, tmp_path, until, finished, undisturbed, same
):
    out = tmp_path / "out"
    first = start(*run, "--workers", "2", "--out", out, life="lingers")
    until(lambda: finished(out), "a result")
    ended = songhe(*run, *HERE, "--out", out)
    assert ended.code == 2
    assert "error: --out" in ended.said
    assert f"process {first.process.pid} on " in ended.said
    assert "wait until it ends, or stop it" in ended.said
    assert first.end().code == 0
    same(out, undisturbed)


def test_a_store_whose_writer_was_killed_is_not_locked(
    start, songhe, run, tmp_path, until, finished, undisturbed, same
):
    out = tmp_path / "out"
    first = start(*run, *HERE, "--out", out, life="lingers")
    until(lambda: finished(out), "a result")
    first.kill()
    assert songhe(*run, *HERE, "--out", out).code == 0
    same(out, undisturbed)


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def altered(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def gone(path):
    path.unlink()


@pytest.mark.parametrize("harm", [cut, altered, gone])
def test_a_harmed_chunk_is_never_read_as_a_result_and_is_lived_again(
    harm, songhe, run, tmp_path, undisturbed, same
):
    import songhe as library
    from songhe.parameters.problems import ParameterError

    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    harmed = out / "results.zarr" / "births" / "c" / "1" / "1" / "0"
    harm(next(path for path in harmed.rglob("*") if path.is_file()))
    ended = songhe("runs", out, "--verify")
    assert ended.code == 1
    assert "births, child-subsidy-double, draw 1, replicate 0" in ended.said
    assert "--repair" in ended.said
    if harm is not gone:  # a chunk that is not there reads as NaN, which is no figure
        with library.open(out) as results, pytest.raises(ParameterError, match="checksum"):
            results["births"].values.sum()
        with pytest.raises(ValueError, match=r"(?i)checksum"):  # by Zarr alone
            zarr.open_array(str(out / "results.zarr" / "births"), mode="r")[1, 1, 0]
    assert songhe("runs", out, "--repair").code == 0
    ended = songhe(*run, *HERE, "--out", out)
    assert ended.code == 0
    assert "holds 7 results" in ended.said
    same(out, undisturbed)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": 1}, "holds results of format 1"),
        ({"key": {"sources": "0123"}}, "the model sources have changed since that run"),
        ({"key": {"seed": 9}}, "--seed"),
    ],
)
def test_a_store_of_another_version_is_refused_and_not_touched(
    change, named, songhe, run, tmp_path, undisturbed
):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    record = out / "results.zarr" / "zarr.json"
    found = json.loads(record.read_text(encoding="utf-8"))
    for name, value in change.items():
        known = found["attributes"][name]
        found["attributes"][name] = known | value if isinstance(value, dict) else value
    record.write_text(json.dumps(found), encoding="utf-8")
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and "songhe-" not in p.name}
    ended = songhe(*run, *HERE, "--out", out)
    assert ended.code == 2
    assert named in ended.said
    assert "Traceback" not in ended.said
    after = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and "songhe-" not in p.name}
    assert before == after


def test_a_record_that_was_cut_short_is_refused(songhe, run, tmp_path, undisturbed):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    cut(out / "results.zarr" / "zarr.json")
    for arguments in ((*run, *HERE, "--out", out), ("compare", out)):
        ended = songhe(*arguments)
        assert ended.code == 2
        assert "undamaged" in ended.said
        assert "Traceback" not in ended.said


def test_the_claims_of_this_file_can_fail(undisturbed, tmp_path, same):
    """A single bit elsewhere is another result."""
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    births = zarr.open_array(str(out / "results.zarr" / "births"), mode="r+")
    births[0, 0, 0, 5] = np.nextafter(births[0, 0, 0, 5], np.inf)
    with pytest.raises(AssertionError, match="births"):
        same(out, undisturbed)
