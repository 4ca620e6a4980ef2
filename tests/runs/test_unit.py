"""One unit of the real model: branches, constants, what is counted and what is stored."""

import gc
import weakref

import numpy as np
import pytest
from songhe.parameters.problems import ParameterError
from songhe.runs.results import NOT_STORED
from songhe.runs.settings import Settings, resolve, work_of
from songhe.runs.unit import Unit, base_of, live, live_until
from songhe.runs.variables import VARIABLES

SETTINGS = Settings(persons=1500, replicates=1, draws=1, until=2028, seed=4)
HEAD = "title: T\ntitle_zh: 题\n"


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """Bases are kept in a folder of this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """A null policy in a file."""
    path = tmp_path_factory.mktemp("scenario") / "idle.yaml"
    path.write_text(f"name: idle\n{HEAD}changes: {{}}\n")
    return path


@pytest.fixture(scope="module")
def lives(idle):
    """Draw 1 with its branches."""
    work = work_of(resolve(["child-subsidy-double", "tfr-decline", idle]), SETTINGS)
    return live(Unit(1, 0, work.stored), work)


@pytest.fixture(scope="module")
def second_lives(idle):
    """The same without branching: every scenario lives again from 2011."""
    names = ["child-subsidy-double", idle]
    work = work_of(resolve(names), SETTINGS, branching=False)
    return live(Unit(1, 0, work.stored), work)


def differing(one, other, years=slice(None)):
    """Variables that are not the same to the last bit."""
    assert set(one.values) == set(other.values)
    return {
        name
        for name, array in one.values.items()
        if not np.array_equal(array[years], other.values[name][years], equal_nan=True)
    }


def year(y):
    return y - 2010


def test_a_null_policy_on_a_second_life_differs_by_exactly_zero(second_lives):
    assert differing(second_lives["idle"], second_lives["baseline"]) == set()
    assert second_lives["idle"].person_years > 17 * 1400


def test_a_policy_on_a_second_life_differs(second_lives):
    """The positive control."""
    found = differing(second_lives["child-subsidy-double"], second_lives["baseline"])
    assert {"fund_outlay", "fund_subsidy"} <= found


def test_a_null_policy_that_branches_differs_by_exactly_zero_and_lives_nothing(lives):
    assert differing(lives["idle"], lives["baseline"]) == set()
    assert lives["idle"].person_years == 0


def test_branching_gives_the_bits_of_a_second_life(lives, second_lives):
    for name in ("baseline", "child-subsidy-double"):
        assert differing(lives[name], second_lives[name]) == set()


def test_a_scenario_shares_the_history_of_its_draw(lives):
    double, baseline = lives["child-subsidy-double"], lives["baseline"]
    assert differing(double, baseline, slice(year(2025))) == set()
    assert "fund_outlay" in differing(double, baseline, slice(year(2027), None))
    assert double.person_years < baseline.person_years / 4


def test_a_scenario_takes_the_constants_of_its_baseline(lives):
    mine, theirs = (lives[name].constants for name in ("child-subsidy-double", "baseline"))
    assert mine.names == theirs.names
    assert np.array_equal(mine.values, theirs.values, equal_nan=True)
    assert len(theirs.names)


def test_a_structural_baseline_solves_its_own_constants_from_its_first_year(lives):
    mine, theirs = (lives[name].constants for name in ("tfr-decline", "baseline"))
    assert mine.names == theirs.names
    assert np.array_equal(np.isnan(mine.values), np.isnan(theirs.values))
    differ = (mine.values != theirs.values) & ~np.isnan(theirs.values)
    assert np.flatnonzero(differ.any(axis=1))[0] == year(2026)
    assert differing(lives["tfr-decline"], lives["baseline"], slice(year(2026))) == set()


def test_another_replicate_and_draw_differ(lives):
    work = work_of(resolve(["baseline"]), SETTINGS)
    other = live(Unit(0, 0, work.stored), work)["baseline"]
    assert "deaths" in {
        name
        for name, array in lives["baseline"].values.items()
        if not np.array_equal(array, other.values[name], equal_nan=True)
    }


def test_units_that_share_a_base_leave_it_as_it_was():
    settings = Settings(500, 1, 2, 2013, 4)
    work = work_of(resolve(["baseline"]), settings)
    alone = [live(Unit(draw, 0, work.stored), work)["baseline"] for draw in (1, 2)]
    base = base_of(0, work)
    together = [live(Unit(draw, 0, work.stored), work, base)["baseline"] for draw in (1, 2)]
    for one, other in zip(alone, together, strict=True):
        assert differing(one, other) == set()
    assert differing(*together)


def test_a_model_that_is_no_longer_used_is_let_go():
    """Thousands of units are lived in one worker, one after another."""
    work = work_of(resolve(["baseline"]), Settings(500, 1, 0, 2012, 4))
    model = live_until(work, "baseline", Unit(0, 0, work.stored), 2012)
    known = weakref.ref(model), weakref.ref(model.branch(model.parameters))
    del model
    gc.collect()
    assert [one() for one in known] == [None, None]


def test_everything_that_the_model_counts_is_a_variable(lives):
    work = work_of(resolve(["baseline"]), SETTINGS)
    model = live_until(work, "baseline", Unit(1, 0, ("baseline",)), 2028)
    counted = {name for now in model.tally.years.values() for name in now}
    assert counted - NOT_STORED <= set(VARIABLES)
    for now in model.tally.years.values():
        for name in set(now) - NOT_STORED:
            assert now[name].shape == VARIABLES[name].shape, name


def test_the_release_stores_what_it_simulates(lives):
    values = lives["baseline"].values
    assert {name for name in VARIABLES if not VARIABLES[name].heavy} - set(values) <= {
        "ltci_care_hours"
    }
    for name, array in values.items():
        assert array.shape == (19, *VARIABLES[name].shape), name
        assert not np.isnan(array[1:]).all(), name


def test_flows_by_age_add_up_as_stored(lives):
    values = lives["baseline"].values
    for name in ("revenue", "outlay"):
        pensions = values[f"fund_{name}"][:, :2].sum(axis=(2, 3))
        by_age = values[f"fund_{name}_by_age"]
        assert np.allclose(by_age[1:, :2].sum(axis=2), pensions[1:], rtol=1e-12)
        assert (by_age[1:].sum(axis=2) > 0).any(axis=0).tolist() == 2 * [True] + 6 * [False]
    bases = values["fund_base_by_age"].sum(axis=(1, 2))
    assert np.allclose(bases[1:], values["contribution_base"][1:].sum(axis=(1, 2)), rtol=1e-12)


def test_ledgers_close_to_the_fen_as_stored(lives):
    values = lives["child-subsidy-double"].values
    weight = values["population_by_age"][0].sum() / SETTINGS.persons
    fen = {k: np.rint(v * 100 / weight) for k, v in values.items() if k.startswith("fund_")}
    inflow = ("revenue", "subsidy", "interest", "transfers", "deficit_financing")
    flows = sum(fen[f"fund_{name}"] for name in (*inflow, "opening_adjustment"))
    flows = flows - fen["fund_outlay"] - fen["fund_administration"]
    assert np.array_equal(fen["fund_balance"][1:], fen["fund_balance"][:-1] + flows[1:])
    assert fen["fund_balance"].any()


def test_population_changes_by_stored_flows_alone(lives):
    values = lives["child-subsidy-double"].values
    flows = values["births"] - values["deaths"]
    for name in ("net_migration", "net_migration_international", "reclassified"):
        flows = flows + values[name]
    people = values["population_by_province"]
    gap = people[1:] - people[:-1] - flows[1:].sum(axis=-1)
    assert np.abs(gap).max() < 1e-6 * people.max()


def test_a_person_of_the_results_can_be_looked_at(tmp_path):
    """Through the library, from a run of its own."""
    import songhe
    from songhe.agents import luck

    out = tmp_path / "out"
    results = songhe.run(
        "baseline", persons=1500, replicates=1, draws=0, until=2012, seed=4, workers=1, out=out
    )
    work = work_of(resolve(["baseline"]), Settings(1500, 1, 0, 2012, 4))
    model = live_until(work, "baseline", Unit(0, 0, ("baseline",)), 2012)
    assert float(results["population_by_age"][0, 0, 0, 2].sum()) == pytest.approx(
        float((model.people["alive"] == 1).sum()) * model.weight
    )
    row = int(np.flatnonzero((model.people["alive"] == 1) & (model.people["household"] >= 0))[0])
    identity = luck.path_text(int(model.people["id"][row]))
    found = songhe.person(out, identity)
    assert found == model.person(identity)
    assert songhe.household(results, found.household) == model.household(found.household)
    assert songhe.person(out, identity, year=2011).age == found.age - 1
    with pytest.raises(LookupError, match="nobody"):
        songhe.person(out, "1400.9.9")
    with pytest.raises(ParameterError, match="--year"):
        songhe.person(out, identity, year=2031)
