"""The same figures to the last bit, wherever units are lived and however a run came about."""

import pytest

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("workers", ["2", "3"])
def test_processes_give_the_same(workers, songhe, run, tmp_path, undisturbed, same):
    assert songhe(*run, "--workers", workers, "--out", tmp_path / "out").code == 0
    same(tmp_path / "out", undisturbed)


def test_dask_on_this_machine_gives_the_same(songhe, run, tmp_path, undisturbed, same):
    arguments = ("--workers", "2", "--scheduler", "local")
    assert songhe(*run, *arguments, "--out", tmp_path / "out").code == 0
    same(tmp_path / "out", undisturbed)


def test_dask_by_address_gives_the_same(cluster, songhe, run, tmp_path, undisturbed, same):
    cluster.start_workers(3)
    assert songhe(*run, "--scheduler", cluster.address, "--out", tmp_path / "out").code == 0
    same(tmp_path / "out", undisturbed)


def test_bases_built_for_others_give_the_same(
    cluster, songhe, run, tmp_path, environment, undisturbed, same
):
    """Workers with an empty cache: one builds a replicate's people, the others are sent them."""
    from songhe.agents.compiled import folder

    compiled = folder()  # that stays: compiling takes minutes
    cold = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "NUMBA_CACHE_DIR": str(compiled)}
    cluster.start_workers(2, environment={**environment, **cold})
    assert songhe(*run, "--scheduler", cluster.address, "--out", tmp_path / "out").code == 0
    same(tmp_path / "out", undisturbed)
    assert len(list((tmp_path / "cache").rglob("*.npz"))) == 2  # one for each replicate


def test_a_run_that_was_extended_is_the_run_at_once(songhe, run, tmp_path, undisturbed, same):
    out = tmp_path / "out"
    sizes = run[run.index("--persons") :]
    for names, draws, replicates in (
        (["baseline"], "0", "1"),
        (["baseline"], "1", "1"),
        (["baseline", "child-subsidy-double"], "0", "2"),
        (["baseline", "child-subsidy-double"], "1", "2"),
    ):
        more = ("--draws", draws, "--replicates", replicates, "--workers", "2", "--out", out)
        assert songhe("run", *names, *sizes, *more).code == 0
    same(out, undisturbed)


def test_two_runs_in_one_process_are_those_of_two(run, tmp_path, undisturbed, same):
    import songhe

    for folder in ("one", "two"):
        songhe.run(
            ["baseline", "child-subsidy-double"], persons=500, until=2028, draws=1, replicates=2,
            workers=1, out=tmp_path / folder,
        )  # fmt: skip
        same(tmp_path / folder, undisturbed)
