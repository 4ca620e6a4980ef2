"""The country as the mean of streamed replicates: the same bits however it was come by."""

import dataclasses
import json

import numpy as np
import pytest
import songhe
from songhe.analysis.compare import compare
from songhe.analysis.split import PARTS
from songhe.parameters.problems import ParameterError
from songhe.runs import api, country
from songhe.runs.country import Country
from songhe.runs.executors import Outcome
from songhe.runs.faults import RunError
from songhe.runs.results import ConstantTable
from songhe.runs.settings import STORE, Settings
from songhe.runs.status import failure_lines
from songhe.runs.sums import Counted, Moments, Sums

NAMES = ["baseline", "child-subsidy-double"]
WEIGHT = 33_500.25
SMALL = Settings(persons=1000, replicates=6, draws=0, until=2028)


@pytest.fixture(scope="module")
def replicate(made_up):
    """In place of `country.count`: a replicate with made-up counts, each made once."""
    known = {}

    def count(unit, work):
        about = (unit, work.settings.until)
        if about not in known:
            known[about] = make(unit, work)
        return known[about]

    def make(unit, work):
        lived = {}
        for name in unit.scenarios:
            shift = [case.name for case in work.cases].index(name)
            counts = made_up([unit.draw, unit.replicate], work.settings.until, shift)
            constants = ConstantTable.of({"kappa": np.full(len(counts), 0.1 * unit.replicate)})
            parameters = work.case(name).parameters
            lived[name] = country.counted(counts, WEIGHT, parameters, constants, 1000, 0.5)
        return lived

    return count


def one_by_one(function, units, work, shared=None):
    for unit in units:
        try:
            yield Outcome(unit, function(unit, work))
        except ArithmeticError as fault:
            yield Outcome(unit, error=str(fault))


def last_first(function, units, work, shared=None):
    """As workers would that end in the worst order."""
    yield from reversed(list(one_by_one(function, units, work)))


@pytest.fixture
def streamed(tmp_path, replicate, monkeypatch):
    """Streams a country into a folder: the opened results, and what became of the run."""
    monkeypatch.setattr(country, "trial", lambda work: 3.0)

    def go(folder="out", settings=SMALL, names=NAMES, function=replicate, chosen=one_by_one):
        out = tmp_path / folder
        said = []
        with monkeypatch.context() as patch:
            patch.setattr(country, "count", function)
            patch.setattr(country, "executor", lambda *_: chosen)
            summary = api.carry_out_country(names, settings, out, workers=2, announce=said.append)
        assert said == [summary.plan]
        return api.open(out), summary, out

    return go


def same(one, other):
    for name in one.data_vars:
        if name != "unit_seconds":
            a, b = one[name].values, other[name].values
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), name


@pytest.fixture(scope="module")
def all_at_once(tmp_path_factory, replicate, made_up):
    """The same replicates stored one by one, without streaming."""
    from songhe.runs import ensemble
    from songhe.runs.results import values_of
    from songhe.runs.settings import resolve
    from songhe.runs.unit import Lived

    def live(unit, work):
        found = {}
        for name in unit.scenarios:
            shift = [case.name for case in work.cases].index(name)
            counts = made_up([unit.draw, unit.replicate], work.settings.until, shift)
            values = values_of(counts, WEIGHT, work.case(name).parameters)
            found[name] = Lived(values, ConstantTable.of({}), 1000, 0.5)
        return found

    out = tmp_path_factory.mktemp("units") / "out"
    store, work = ensemble.prepare(resolve(NAMES), SMALL, out)
    ensemble.carry_out(store, work, ensemble.plan_of(store, work, 1), function=live)
    return api.open(out)


def test_the_mean_and_its_errors_are_those_of_the_replicates_kept_one_by_one(streamed, all_at_once):
    mean, _, _ = streamed()
    assert mean.sizes["replicate"] == 1
    assert mean.attrs["replicates_averaged"] == 6
    wanted = all_at_once["population_by_age"].mean("replicate")
    assert np.allclose(mean["population_by_age"].isel(replicate=0), wanted, rtol=1e-12)
    chosen = {"years": [2025, 2027, 2028]}
    mine, theirs = compare(mean, **chosen), compare(all_at_once, **chosen)
    keys = ["kind", "scenario", "quantity", "year"]
    both = mine.merge(theirs, on=keys, suffixes=("", "_kept"), validate="1:1")
    assert len(both) == len(mine) == len(theirs)
    assert (both["replicates"] == 6).all()
    assert np.allclose(both["central"], both["central_kept"], rtol=1e-9, atol=1e-9)
    # Ratios: one by the spread of replicates, the other by leaving one out.
    linear = ~both["quantity"].str.contains("tfr|e0|dependency|cost|timing|feedback|anyway")
    error, kept = both["mc_error"], both["mc_error_kept"]
    assert np.allclose(error[linear], kept[linear], rtol=1e-6, atol=1e-6)
    # Life tables of a few deaths at each age are left to larger replicates.
    ratios = both[both["quantity"].isin(["tfr", "old_age_dependency_ratio"]) & (kept > 1e-9)]
    assert len(ratios) >= 12
    assert np.allclose(ratios["mc_error"], ratios["mc_error_kept"], rtol=0.1)
    parts = both[both["kind"] == "part"]
    assert set(parts["quantity"]) == set(PARTS)
    assert np.allclose(parts["mc_error"], parts["mc_error_kept"], rtol=0.1, atol=1e-6)
    assert (parts.loc[parts["quantity"].isin(["births_timing", "benefits_anyway"]), "mc_error"] > 0
            ).all()  # fmt: skip


def test_errors_by_province_are_stored_too(streamed, all_at_once):
    mean, _, _ = streamed()
    mine = compare(mean, ["population"], by_province=True, years=[2027])
    theirs = compare(all_at_once, ["population"], by_province=True, years=[2027])
    assert len(mine) == len(theirs) == 3 * 31
    assert np.allclose(mine["mc_error"], theirs["mc_error"], rtol=1e-6, atol=1e-9)


def test_rates_are_ratios_of_averaged_counts(streamed):
    mean, _, _ = streamed()
    one = mean.isel(scenario=0, draw=0, replicate=0).sel(year=2027)
    outlay = one["fund_outlay"].sum(("ledger", "province"))
    people = one["fund_beneficiaries"].sum("province")
    assert np.allclose(one["mean_benefit"], outlay / people, rtol=1e-12)
    assert np.allclose(one["constants"].sel(constant="kappa"), 0.25)


def test_the_order_in_which_replicates_end_does_not_matter(streamed):
    first, _, _ = streamed()
    other, _, _ = streamed(folder="other", chosen=last_first)
    same(first, other)


def test_a_run_that_was_killed_goes_on_to_the_same_bits(streamed, replicate, monkeypatch):
    monkeypatch.setattr(country, "PAUSE", 0.0)
    lived = []

    def dies(unit, work):
        if unit.replicate == 4:
            raise KeyboardInterrupt
        lived.append(unit.replicate)
        return replicate(unit, work)

    with pytest.raises(KeyboardInterrupt):
        streamed(function=dies)

    def counted(unit, work):
        lived.append(unit.replicate)
        return replicate(unit, work)

    dataset, summary, _ = streamed(function=counted)
    assert lived == [0, 1, 2, 3, 4, 5]
    assert summary.plan.missing == (2,)
    assert summary.plan.basis == "the 4 replicates that are in"
    same(dataset, streamed(folder="whole")[0])


def test_more_replicates_go_on_from_the_sums(streamed):
    few, _, _ = streamed(settings=dataclasses.replace(SMALL, replicates=3))
    assert few.attrs["replicates_averaged"] == 3
    more, summary, _ = streamed()
    assert summary.plan.missing == (3,)
    same(more, streamed(folder="whole")[0])
    _, again, _ = streamed(function=None)
    assert again.plan.missing == (0,)


def test_a_failed_replicate_is_named_and_left_out(streamed, replicate, tmp_path):
    def fails(unit, work):
        if unit.replicate == 2:
            raise ArithmeticError("no luck")
        return replicate(unit, work)

    dataset, summary, _ = streamed(function=fails)
    assert summary.left_out == [(0, 2, "no luck")]
    assert failure_lines(songhe.status(tmp_path / "out")) == [
        "Each result is the mean of 5 replicates of the whole country",
        "left out: draw 0, replicate 2: no luck",
    ]
    assert dataset.attrs["replicates_averaged"] == 5
    assert dataset.attrs["replicates_left_out"] == [
        {"draw": 0, "replicate": 2, "reason": "no luck"}
    ]
    same(dataset, streamed(folder="other", function=fails, chosen=last_first)[0])


def test_three_failures_in_a_row_stop_the_run_and_are_tried_again(streamed, replicate):
    def fails(unit, work):
        if unit.replicate >= 2:
            raise ArithmeticError("no luck")
        return replicate(unit, work)

    with pytest.raises(RunError, match=r"3 replicates failed one after another(.|\n)*no luck"):
        streamed(function=fails)
    dataset, summary, _ = streamed()
    assert summary.left_out == []
    same(dataset, streamed(folder="whole")[0])


def test_the_last_replicates_that_fail_are_tried_again_by_the_next_command(streamed, replicate):
    def fails(unit, work):
        if unit.replicate == 5:
            raise ArithmeticError("no luck")
        return replicate(unit, work)

    dataset, summary, _ = streamed(function=fails)
    assert [o.unit.replicate for o in summary.failed] == [5]
    assert dataset.attrs["replicates_averaged"] == 5
    same(streamed()[0], streamed(folder="whole")[0])


def test_draws_have_sums_of_their_own(streamed):
    dataset, summary, _ = streamed(settings=dataclasses.replace(SMALL, draws=1, replicates=2))
    assert summary.plan.missing == (2, 2)
    assert (dataset["done"] == 1).all()
    assert dataset["population"].sel(draw=1).isnull().all()
    assert dataset["population_by_age"].sel(draw=1).notnull().all()
    assert dataset["mc_error"].sel(quantity="births", year=2020).notnull().all()


def test_labels_of_errors_are_repaired_like_others(streamed):
    first, _, out = streamed()
    for name in ("quantity", "cost"):
        (out / STORE / name / "c" / "0").write_bytes(b"")
    assert set(songhe.verify(out)["array"]) == {"quantity", "cost"}
    songhe.verify(out, repair=True)
    assert not len(songhe.verify(out))
    assert api.open(out)["quantity"].values.tolist() == first["quantity"].values.tolist()


def test_damaged_sums_are_refused(streamed):
    _, _, out = streamed()
    path = out / Country.file(0)
    content = bytearray(path.read_bytes())
    for harm in (content[: len(content) // 2], content[:2000] + b"x" + content[2001:], b""):
        path.write_bytes(bytes(harm))
        with pytest.raises(ParameterError, match="undamaged file"):
            streamed()


def test_other_scenarios_and_other_kinds_of_run_are_refused(streamed, lived_run):
    _, _, out = streamed()
    with pytest.raises(ParameterError, match="side by side"):
        streamed(names=["baseline", "tfr-constant"])
    with pytest.raises(ParameterError, match="--whole-country"):
        lived_run(folder="out", settings=dataclasses.replace(SMALL, replicates=1))
    lived_run(folder="units", settings=SMALL)
    with pytest.raises(ParameterError, match="--whole-country"):
        streamed(folder="units")
    assert json.loads((out / STORE / "zarr.json").read_text())["attributes"]["means"] == {"0": 6}


def test_a_rule_that_needs_all_replicates_at_once_is_refused(streamed):
    with pytest.raises(ParameterError, match="national totals"):
        streamed(names=["ltci-premium-by-reserve"])


def test_the_country_needs_as_many_replicates_as_its_people_of_2010():
    assert country.needed_replicates(Settings(persons=1_000_000)) == 1345
    assert api.sizes_of(None, None, None, "official", True)[::2] == (1_000_000, 0)
    assert api.sizes_of(None, 141, None, "official", True) == (1_000_000, 141, 0)
    assert api.sizes_of(None, None, None, "official", False) == (40_000, 2, 20)
    with pytest.raises(ParameterError, match=r"--persons: 1000; allowed: 13\d,\d{3} or more"):
        api.sizes_of(1000, None, None, "official", True)


def test_the_command_says_how_long_and_how_much_and_shows_the_error(
    tmp_path, replicate, command, monkeypatch
):
    monkeypatch.setattr(country, "trial", lambda work: 3600.0)
    monkeypatch.setattr(country, "count", replicate)
    run = ["run", *NAMES, "--whole-country", "--persons", "1000", "--replicates", "3"]
    run += ["--until", "2028", "--workers", "1", "--out", tmp_path / "out"]
    code, printed, errors = command(*run)
    assert code == 0, errors
    assert "mean of 3 replicates of the 1,34" in errors
    assert "About 3.0 hours, told from a replicate of 1,000 persons" in errors
    assert "on disk" in " ".join(errors.split())
    assert "±" in next(line for line in printed.splitlines() if line.startswith("Births"))
    assert "3 replicates" in printed
    code, _, errors = command(*run)
    assert (code, "Nothing is missing" in errors) == (0, True)
    assert command("runs", tmp_path / "out", "--verify")[0] == 0
    assert songhe.status(tmp_path / "out")["state"].tolist() == ["done", "done"]


def test_a_base_is_built_for_its_replicate_and_not_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = Settings(persons=500, replicates=2, draws=0, until=2012)
    api.carry_out_country(["baseline"], settings, tmp_path / "out", workers=1)
    assert not list((tmp_path / "cache").rglob("*.npz"))
    mean = api.open(tmp_path / "out")
    alone = songhe.run("baseline", persons=500, replicates=2, draws=0, until=2012, workers=1)
    for name in ("population", "births", "marriages"):
        assert np.allclose(mean[name].mean("replicate"), alone[name].mean("replicate"),
                           equal_nan=True)  # fmt: skip


def test_moments_give_the_usual_standard_error():
    values = np.random.default_rng(1).normal(1e9, 5.0, (40, 3))
    moments = Moments(values[0])
    for row in values:
        moments.add(row)
    assert np.allclose(moments.mean(40), values.mean(0), rtol=1e-14)
    assert np.allclose(moments.error(40), values.std(0, ddof=1) / np.sqrt(40), rtol=1e-6)
    assert np.isnan(Moments(values[0]).error(1)).all()


def test_the_error_of_a_cost_is_that_of_a_ratio_of_two_differences():
    rng = np.random.default_rng(2)
    bought = rng.normal(1e5, 1e4, (200, 1, 1))
    paid = 3e4 * bought + rng.normal(0, 1e8, bought.shape)
    sums = Sums({"more": "less"})
    for b, p in zip(bought, paid, strict=True):
        none = {"paid": np.zeros_like(p), "bought": np.zeros_like(b)}
        figures = {"less": none, "more": {"paid": p, "bought": b}}
        sums.add({n: Counted({}, frozenset(), f, {}, 1.0, 1, 0.0) for n, f in figures.items()})
    left_out = [(paid.sum() - p) / (bought.sum() - b) for p, b in zip(paid, bought, strict=True)]
    jackknife = np.sqrt(199 / 200 * np.square(left_out - np.mean(left_out)).sum())
    assert sums.cost_error("more")[0, 0] == pytest.approx(float(jackknife), rel=0.01)
    assert sums.cost_error("less") is None


def test_sums_come_back_from_their_file(replicate):
    from songhe.runs.settings import resolve, work_of

    work = work_of(resolve(NAMES), SMALL)
    sums = Sums({"child-subsidy-double": "baseline"})
    for k in range(2):
        sums.add(replicate(country.Unit(0, k, tuple(NAMES)), work))
    sums.leave_out("no luck")
    again, about = Sums.from_bytes(sums.to_bytes({"key": {"seed": 1}}))
    assert about == {"key": {"seed": 1}}
    assert again.to_bytes(about) == sums.to_bytes(about)
    assert (again.next, again.n, again.left_out) == (3, 2, [(2, "no luck")])
