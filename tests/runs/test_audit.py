"""What a store holds is listed; what is damaged or lost is found, never read, and repaired."""

import numpy as np
import pytest
import songhe
from songhe.parameters.problems import ParameterError
from songhe.runs import api, ensemble
from songhe.runs.settings import STORE, resolve
from songhe.runs.status import damage_lines, failure_lines, units_table
from songhe.runs.unit import Unit


def chunk(out, name, *where):
    """The file of the chunk of a unit; of labels, of their only chunk."""
    path = (out / STORE / name / "c").joinpath(*map(str, where))
    return path if path.is_file() else next(p for p in sorted(path.rglob("*")) if p.is_file())


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def altered(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def emptied(path):
    path.write_bytes(b"")


HARM = {"cut": cut, "altered": altered, "emptied": emptied}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", ["births", "constants", "unit_seconds", "done"])
def test_a_damaged_chunk_is_never_read_and_the_error_says_what_to_do(lived_run, harm, name):
    _, _, out = lived_run(names=("baseline",))
    HARM[harm](chunk(out, name, 0, 1, 0))
    with pytest.raises(ParameterError, match=r"songhe runs DIR --verify"):
        songhe.open(out)[name].load()
    found = songhe.verify(out)
    assert found.values.tolist() == [[name, "baseline", 1, 0, "damaged"]]


def test_damaged_labels_are_refused_and_written_anew(lived_run):
    dataset, _, out = lived_run()
    for name in ("sex", "scenario", "draw", "title_zh", "constant", "year"):
        altered(chunk(out, name))
    with pytest.raises(ParameterError, match="checksum"):
        songhe.open(out).load()
    songhe.verify(out, repair=True)
    again = songhe.open(out)
    assert again.identical(dataset.assign_attrs(again.attrs))


def test_repair_has_just_the_damaged_units_lived_again(lived_run):
    _, _, out = lived_run()
    _, _, whole = lived_run(folder="whole")
    cut(chunk(out, "births", 0, 1, 1))
    chunk(out, "fund_balance", 1, 0, 0).unlink()
    (out / STORE / "done/c/1/1/0").write_bytes(b"\0")
    found = songhe.verify(out, repair=True)
    assert sorted(found["what"]) == ["absent", "damaged", "damaged"]
    assert (songhe.status(out)["state"] == "missing").sum() == 3
    dataset, summary, _ = lived_run()
    assert summary.plan.units == (
        Unit(0, 0, ("tfr-constant",)),
        Unit(1, 0, ("tfr-constant",)),
        Unit(1, 1, ("baseline",)),
    )
    assert not len(songhe.verify(out))
    births = songhe.open(whole)["births"].values
    assert np.array_equal(dataset["births"].values, births, equal_nan=True)


def test_a_sound_store_is_said_to_be_sound_though_heavy_tables_are_kept_for_one_draw(lived_run):
    _, _, out = lived_run()
    damages = songhe.verify(out)
    assert damage_lines(damages, str(out), repaired=False) == [
        "Every chunk of what is done is sound 全部数据块完好"
    ]


def test_failures_are_kept_with_reason_and_time_until_the_unit_is_done(lived_run, fake_live):
    def fails(unit, work):
        if unit.draw == 1:
            raise ArithmeticError("no luck")
        return fake_live(unit, work)

    lived_run(function=fails)
    _, _, out = lived_run(function=fails)  # twice: each failure is told once
    units = songhe.status(out)
    assert units["state"].value_counts().to_dict() == {"done": 4, "failed": 4}
    lines = failure_lines(units)
    assert [line.partition(" (in ")[0] for line in lines] == [
        f"failed: draw 1, replicate {r} (baseline, tfr-constant): ArithmeticError: no luck"
        for r in range(2)
    ]
    assert "+00:00" in lines[0]
    lived_run()
    assert set(songhe.status(out)["state"]) == {"done"}
    assert songhe.open(out).attrs["failures"] == []


def test_a_failure_of_one_scenario_stays_when_another_is_done(
    lived_run, small, tmp_path, fake_live
):
    store, work = ensemble.prepare(resolve(["baseline", "tfr-constant"]), small, tmp_path / "out")
    both = Unit(0, 0, ("baseline", "tfr-constant"))
    store.fail(both, "no luck")
    one = both._replace(scenarios=("baseline",))
    store.write(one, fake_live(one, work))
    assert [f["scenarios"] for f in store.failures] == [["tfr-constant"]]


def test_draws_with_the_same_counts_share_a_row(lived_run, small, fake_live):
    import dataclasses

    def fails(unit, work):
        if unit.draw == 3:
            raise ArithmeticError("no luck")
        return fake_live(unit, work)

    more = dataclasses.replace(small, draws=4)
    _, _, out = lived_run(names=("baseline",), settings=more, function=fails)
    table = units_table(api.status(out))
    rows = [list(column.cells) for column in table.columns]
    assert rows[1] == ["0", "1-2", "3", "4"]
    assert rows[2] == ["2", "4", "0", "2"]
    assert rows[4] == ["0", "0", "2", "0"]


def test_results_of_another_format_are_refused_by_number(lived_run):
    import zarr

    _, _, out = lived_run()
    zarr.open_group(str(out / STORE), mode="r+").attrs["format"] = 1
    with pytest.raises(ParameterError, match="holds results of format 1"):
        lived_run()
    with pytest.raises(ParameterError, match="this version"):
        songhe.open(out)
    with pytest.raises(ParameterError, match="this version"):
        songhe.status(out)
