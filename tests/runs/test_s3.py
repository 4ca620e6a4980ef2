"""Results in an S3-compatible store: a server on this machine stands for it."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import songhe
from songhe.parameters.problems import ParameterError
from songhe.runs import ensemble


@pytest.fixture(scope="module")
def server():
    """An empty store behind HTTP, and the environment that points to it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        yield server
    server.stop()


@pytest.fixture
def bucket(server, request):
    """A bucket of the test's own."""
    import s3fs

    name = f"bucket-{abs(hash(request.node.name)) % 10**9}"
    s3fs.S3FileSystem().mkdir(name)
    return f"s3://{name}/run"


@pytest.fixture
def go(small, fake_live):
    """Carries out a run of made-up lives at a URL or in a folder."""

    def carry_out(out, settings=small, function=fake_live):
        from songhe.runs.settings import resolve

        store, work = ensemble.prepare(resolve(["baseline", "tfr-constant"]), settings, out)
        plan = ensemble.plan_of(store, work, 1)
        return ensemble.carry_out(store, work, plan, function=function)

    return carry_out


def same(one, other):
    assert set(one.variables) == set(other.variables)
    for name in set(one.variables) - {"unit_seconds"}:
        np.testing.assert_array_equal(one[name].values, other[name].values, name)


def test_a_run_at_a_url_is_the_run_in_a_folder(bucket, go, tmp_path):
    assert go(bucket).failed == go(tmp_path / "out").failed == []
    same(songhe.open(bucket), songhe.open(tmp_path / "out"))


@pytest.mark.faults
def test_it_resumes_and_grows(bucket, go, small, fake_live, tmp_path):
    def stops(unit, work):
        if unit.draw == 1:
            raise ArithmeticError("no luck")
        return fake_live(unit, work)

    assert len(go(bucket, function=stops).failed) == 2
    more = replace(small, replicates=3)
    summary = go(bucket, more)
    assert summary.plan.done == 4
    go(tmp_path / "out", more)
    same(songhe.open(bucket), songhe.open(tmp_path / "out"))


@pytest.mark.faults
def test_a_chunk_that_was_cut_short_is_not_read(bucket, go):
    import s3fs

    go(bucket)
    files = s3fs.S3FileSystem()
    chunk = next(path for path in files.find(f"{bucket}/results.zarr/births/c"))
    files.pipe_file(chunk, files.cat_file(chunk)[:-5])
    files.invalidate_cache()
    with songhe.open(bucket) as results, pytest.raises(ParameterError, match="checksum"):
        results["births"].values.sum()


def test_a_second_client_is_refused(bucket, go):
    from songhe.runs.place import place_of
    from songhe.runs.writer import one_writer

    with (
        one_writer(place_of(bucket)),
        pytest.raises(ParameterError, match="wait until it ends"),
        one_writer(place_of(bucket)),
    ):
        pass
    with one_writer(place_of(bucket)):
        pass


@pytest.mark.faults
def test_the_command_takes_the_url(bucket, command, monkeypatch, whole_live):
    monkeypatch.setattr(ensemble, "live", whole_live)
    arguments = ["run", "baseline", "--persons", "1000", "--draws", "0", "--replicates", "1"]
    code, printed, errors = command(
        *arguments, "--until", "2012", "--workers", "1", "--out", bucket
    )
    assert code == 0, errors
    assert f"Results in {bucket}" in printed.replace("\n", "")
    code, _, errors = command("runs", bucket, "--verify")
    assert code == 0, errors


def test_a_bucket_that_is_not_there_is_named(server, command):
    code, _, errors = command("run", "baseline", "--draws", "0", "--out", "s3://nosuchbucket/run")
    assert code in (1, 2)
    assert "s3://nosuchbucket/run" in errors
    assert "Traceback" not in errors
