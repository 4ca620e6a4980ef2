"""The store: chunks of units, resuming, growing, refusing."""

import dataclasses
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from songhe.parameters.problems import ParameterError
from songhe.runs import api, ensemble
from songhe.runs.faults import RunError
from songhe.runs.settings import STORE, folder_problems, resolve
from songhe.runs.store import Store
from songhe.runs.unit import Unit
from songhe.runs.variables import VARIABLES

LEAD = ("scenario", "draw", "replicate")


def files_of(out):
    """Every chunk of the store as bytes, but for the time that units took."""
    root = out / STORE
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("c/**/*"))
        if path.is_file() and "unit_seconds" not in path.parts
    }


def stamps(out):
    root = out / STORE
    return {p: p.stat().st_mtime_ns for p in root.rglob("c/**/*") if p.is_file()}


def test_plain_open_zarr_reads_the_results(lived_run):
    dataset, _, out = lived_run()
    plain = xr.open_zarr(out / STORE, consolidated=False)
    assert set(plain.data_vars) == set(dataset.data_vars)
    assert list(plain["scenario"].values) == ["baseline", "tfr-constant"]
    assert str(plain["title_zh"].values[1]).startswith("生育率")


def test_dimensions_and_attributes_follow_the_contract(lived_run):
    dataset, _, _ = lived_run()
    for name in set(VARIABLES) & set(dataset.data_vars):
        assert dataset[name].dims == (*LEAD, "year", *VARIABLES[name].dims)
        assert {"units", "long_name", "long_name_zh", "definition"} <= set(dataset[name].attrs)
    assert dataset["done"].dims == LEAD
    assert list(dataset["year"].values) == [2010, 2011, 2012, 2013]
    wanted = {"version", "parameters_hash", "scenario_texts", "seed", "environment", "concept"}
    assert wanted | {"persons", "price_base", "person_years", "seconds"} <= set(dataset.attrs)
    assert "changes" in dataset.attrs["scenario_texts"]["tfr-constant"]["text"]
    assert dataset.attrs["person_years"] == 8 * 1000


def test_one_chunk_holds_one_unit_of_one_variable(lived_run):
    _, _, out = lived_run()
    group = zarr.open_group(str(out / STORE), mode="r")
    arrays = {name: array for name, array in group.arrays() if name in VARIABLES}
    assert {"births", "population_by_age", "fund_balance"} <= set(arrays)
    for array in arrays.values():
        assert array.chunks == (1, 1, 1, *array.shape[3:])


def test_constants_are_listed_by_unit_and_year(lived_run):
    dataset, _, _ = lived_run()
    values = dataset["constants"].sel(constant="kappa[0,1]", draw=1, replicate=0)
    assert np.allclose(values.sel(scenario="baseline", year=slice(2011, None)), 0.1)
    assert bool(values.sel(year=2010).isnull().all())


def test_heavy_variables_of_other_draws_read_as_nan(lived_run):
    dataset, _, out = lived_run()
    assert dataset["population"].sel(draw=0).notnull().all()
    assert dataset["population"].sel(draw=1).isnull().all()
    assert dataset["population_by_age"].sel(draw=1).notnull().all()
    assert not list((out / STORE / "population").glob("c/*/1/*"))


def test_full_detail_writes_them_for_every_draw(lived_run, small):
    dataset, _, _ = lived_run(settings=dataclasses.replace(small, detail="full"))
    assert dataset["population"].notnull().all()


def test_units_that_are_not_done_are_nan(lived_run, fake_live):
    def fails(unit, work):
        if unit == Unit(1, 0, unit.scenarios):
            raise ArithmeticError("no luck")
        return fake_live(unit, work)

    dataset, summary, _ = lived_run(function=fails)
    assert [(o.unit.draw, o.unit.replicate) for o in summary.failed] == [(1, 0)]
    assert "ArithmeticError: no luck" in summary.failed[0].error
    assert dataset["done"].sel(draw=1, replicate=0).values.tolist() == [0, 0]
    assert dataset["births"].sel(draw=1, replicate=0).isnull().all()
    assert int(dataset["done"].sum()) == 6


def test_a_failed_run_goes_on_where_it_was(lived_run, fake_live):
    calls = []

    def counted(unit, work):
        calls.append(unit)
        if len(calls) > 2:
            raise ArithmeticError("stop")
        return fake_live(unit, work)

    lived_run(function=counted)
    _, summary, out = lived_run()
    assert len(summary.plan.units) == 2
    assert summary.plan.done == 4
    lived_run(folder="whole")
    assert files_of(out) == files_of(out.parent / "whole")


def test_a_finished_run_is_not_touched(lived_run):
    _, _, out = lived_run()
    before = {p: s for p, s in stamps(out).items() if p.parts[-3] != "c" and "done" in p.parts}
    _, summary, _ = lived_run()
    assert summary.plan.units == ()
    assert before.items() <= stamps(out).items()


def test_more_draws_replicates_and_scenarios_add_just_those(lived_run, small):
    _, _, out = lived_run(names=("baseline",))
    before = stamps(out)
    more = dataclasses.replace(small, draws=2, replicates=3)
    dataset, summary, _ = lived_run(names=("baseline", "tfr-decline"), settings=more)
    assert summary.plan.done == 4
    assert Unit(0, 0, ("tfr-decline",)) in summary.plan.units
    assert Unit(2, 2, ("baseline", "tfr-decline")) in summary.plan.units
    assert (dataset["done"] == 1).all()
    assert dict(dataset["births"].sizes) | {"draw": 3, "replicate": 3} == dict(
        dataset["births"].sizes
    )
    births = {p: s for p, s in before.items() if "births" in p.parts}
    assert births
    assert births.items() <= stamps(out).items()


def test_grown_results_are_those_of_one_run(lived_run, small):
    lived_run(names=("baseline",))
    more = dataclasses.replace(small, draws=2, replicates=3)
    _, _, grown = lived_run(names=("baseline", "tfr-constant"), settings=more)
    _, _, whole = lived_run(names=("baseline", "tfr-constant"), settings=more, folder="whole")
    assert files_of(grown) == files_of(whole)


def test_fewer_draws_keep_what_is_there(lived_run, small):
    lived_run(settings=dataclasses.replace(small, draws=2))
    dataset, summary, _ = lived_run()
    assert summary.plan.units == ()
    assert dataset.sizes["draw"] == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [("persons", 2000), ("seed", 9), ("until", 2014), ("concept", "wpp"), ("detail", "full")],
)
def test_results_of_another_kind_are_refused_by_name(lived_run, small, name, value):
    _, _, out = lived_run()
    before = files_of(out)
    with pytest.raises(ParameterError) as refused:
        lived_run(settings=dataclasses.replace(small, **{name: value}))
    assert f"--{name}" in str(refused.value)
    assert files_of(out) == before


def scenario_file(folder, title, factor):
    path = folder / "own.yaml"
    change = f"{{factor: {{2012-01-01: {factor}}}}}"
    path.write_text(
        f"name: own\ntitle: {title}\ntitle_zh: 题\nchanges:\n  demography.fertility.tfr: {change}\n"
    )
    return path


def test_a_scenario_with_other_values_is_refused_and_another_title_is_not(lived_run, tmp_path):
    lived_run(names=("baseline", scenario_file(tmp_path, "One", 0.9)))
    _, summary, _ = lived_run(names=("baseline", scenario_file(tmp_path, "Two", 0.9)))
    assert summary.plan.units == ()
    with pytest.raises(ParameterError, match="scenario own"):
        lived_run(names=("baseline", scenario_file(tmp_path, "Two", 0.8)))


def test_other_model_sources_are_refused(lived_run, monkeypatch):
    lived_run()
    monkeypatch.setattr("songhe.runs.record.sources", lambda: "0123")
    with pytest.raises(ParameterError, match="model sources"):
        lived_run()


def test_a_processor_with_other_arithmetic_is_refused(lived_run, monkeypatch):
    lived_run()
    monkeypatch.setattr("songhe.runs.record.instructions", lambda: "X86_V9")
    with pytest.raises(ParameterError, match=r"X86_V9.*a new folder, or a processor with"):
        lived_run()


def test_a_run_that_goes_on_elsewhere_says_so(lived_run, monkeypatch):
    first, _, _ = lived_run()
    assert "later_environments" not in first.attrs
    elsewhere = {**first.attrs["environment"], "cpu": "another"}
    monkeypatch.setattr("songhe.runs.record.environment", lambda: elsewhere)
    for _ in range(2):
        dataset, _, _ = lived_run()
    assert dataset.attrs["environment"] == first.attrs["environment"]
    assert dataset.attrs["later_environments"] == [elsewhere]


def test_done_is_written_after_every_number(lived_run, small, tmp_path, fake_live, monkeypatch):
    out = tmp_path / "out"
    store, work = ensemble.prepare(resolve(["baseline"]), small, out)
    unit = store.missing()[0]
    lived = fake_live(unit, work)
    lived["baseline"].values["births"] = lived["baseline"].values["births"][:1, :3]
    with pytest.raises(ValueError, match=r"."):
        store.write(unit, lived)
    again, _ = ensemble.prepare(resolve(["baseline"]), small, out)
    assert again.missing()[0] == unit


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from conftest import brief_life
from pathlib import Path
from songhe.runs import api, ensemble
from songhe.runs.faults import RunError
from songhe.runs.settings import Settings, resolve

def live(unit, work):
    if (unit.draw, unit.replicate) == (1, 0):
        os.kill(os.getpid(), signal.SIGKILL)
    return brief_life(unit, work)

settings = Settings(persons=1000, replicates=2, draws=1, until=2013)
store, work = ensemble.prepare(resolve(["baseline", "tfr-constant"]), settings, Path({out!r}))
ensemble.carry_out(store, work, ensemble.plan_of(store, work, 1), function=live)
"""


def test_a_killed_run_resumes_to_the_same_bits(lived_run, tmp_path):
    out = tmp_path / "killed"
    script = KILLED.format(tests=str(Path(__file__).parent), out=str(out))
    ended = subprocess.run([sys.executable, "-c", script], check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    dataset, summary, _ = lived_run(folder="killed")
    assert summary.plan.done == 4
    assert (dataset["done"] == 1).all()
    _, _, whole = lived_run(folder="whole")
    assert files_of(out) == files_of(whole)


KILLED_WRITING = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from conftest import brief_life
from songhe.runs import ensemble, store
from songhe.runs.settings import Settings, resolve

array, written = store.Store._array, []
def dying(self, name):
    written.append(name)
    if written.count({last!r}) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return array(self, name)

settings = Settings(persons=1000, replicates=2, draws=1, until=2013)
kept, work = ensemble.prepare(resolve(["baseline", "tfr-constant"]), settings, {out!r})
plan = ensemble.plan_of(kept, work, 1)
store.Store._array = dying
ensemble.carry_out(kept, work, plan, function=brief_life)
"""


@pytest.mark.parametrize("last", ["population_by_age", "births", "constants", "unit_seconds"])
def test_a_kill_between_two_numbers_of_a_unit_leaves_it_undone_and_resumes_to_the_same_bits(
    lived_run, tmp_path, last
):
    out = tmp_path / "killed"
    tests = str(Path(__file__).parent)
    script = KILLED_WRITING.format(tests=tests, out=str(out), last=last)
    ended = subprocess.run([sys.executable, "-c", script], check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    done = int(api.open(out)["done"].sum())
    assert 0 < done < 8
    dataset, summary, _ = lived_run(folder="killed")
    assert summary.plan.done == done
    assert (dataset["done"] == 1).all()
    _, _, whole = lived_run(folder="whole")
    assert files_of(out) == files_of(whole)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "has no room left"),
        (errno.EFBIG, "has no room left"),
        (errno.EROFS, "cannot be written"),
        (errno.ECONNRESET, "cannot be reached"),
    ],
)
def test_a_store_that_refuses_stops_the_run_and_keeps_what_is_finished(
    lived_run, monkeypatch, number, said
):
    write = Store.write

    def refused(self, unit, lived):
        if (unit.draw, unit.replicate) == (1, 0):
            raise OSError(number, os.strerror(number))
        write(self, unit, lived)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", refused)
        with pytest.raises(RunError, match=f"{said}.*What is finished is kept.*same command"):
            lived_run()
    dataset, summary, out = lived_run()
    assert summary.plan.done == 4
    assert (dataset["done"] == 1).all()
    _, _, whole = lived_run(folder="whole")
    assert files_of(out) == files_of(whole)


def test_a_folder_whose_parent_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    problem = folder_problems(tmp_path / "file" / "out")[0]
    assert problem.key == "--out"
    assert "is a file" in problem.allowed


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("x")
    assert "other files" in folder_problems(tmp_path)[0].allowed
    assert folder_problems(tmp_path / "new") == []


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch, mode):
    locked = tmp_path / "locked"
    locked.mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != locked)
    locked.chmod(mode)
    try:
        assert "cannot" in folder_problems(locked / "out")[0].allowed
    finally:
        locked.chmod(0o700)


def test_the_key_of_sources_knows_what_makes_figures_of_counts(monkeypatch):
    from songhe.agents.compiled import source_hash
    from songhe.runs import record

    whole = record.sources()
    monkeypatch.setattr(record, "MAKE_FIGURES", record.MAKE_FIGURES[1:])
    assert len({whole, record.sources(), source_hash()}) == 3
