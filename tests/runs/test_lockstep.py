"""Replicates that live together: one national rule, and the same answer for any hosts."""

import warnings
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest
from songhe.agents import compiled
from songhe.model.national import added, months_of_reserve
from songhe.parameters.dims import FUNDS
from songhe.parameters.problems import ParameterError
from songhe.runs import ensemble, lockstep
from songhe.runs.lockstep import ThisProcess, live_groups, sort_out
from songhe.runs.settings import Settings, resolve, work_of
from songhe.runs.unit import Unit, live, live_until

COUPLED = "twenty-months"
FILE = """
name: twenty-months
title: Premiums rise when the reserve falls below twenty months
title_zh: 储备不足二十个月时上调费率
changes:
  policies.long_term_care_insurance.reserve_floor: {2027-01-01: 20}
"""
FLOOR, RISE, CEILING = 20.0, 0.1, 3.0
SETTINGS = Settings(persons=1000, replicates=3, draws=0, until=2031, seed=3)
UNITS = [Unit(0, k, ("baseline", COUPLED)) for k in range(3)]


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """Bases are kept in a folder of this module, compiled code where this process has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_CACHE_DIR", str(compiled.folder()))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A scenario whose floor is reached soon, though few people are lived."""
    path = tmp_path_factory.mktemp("scenario") / "twenty-months.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture(scope="module")
def work(path):
    return work_of(resolve([path]), SETTINGS)


class Here:
    """Some hosts of this process, each with a place of its own."""

    def __init__(self, number):
        self.number = number

    def __call__(self, most):
        self.hosts = [OwnPlace() for _ in range(min(self.number, most))]
        return self

    def __enter__(self):
        return self.hosts

    def __exit__(self, *fault):
        pass


class OwnPlace(ThisProcess):
    """A host in this process that does not share what it keeps with others."""

    def __init__(self):
        self.kept = []

    def call(self, function, *arguments):
        lockstep._here[:] = self.kept
        done = super().call(function, *arguments)
        self.kept = list(lockstep._here)
        return done


@pytest.fixture(scope="module")
def lives(work):
    """All three replicates, on one host."""
    _, (group,) = sort_out(UNITS, work)
    return {o.unit.replicate: o.result[COUPLED] for o in live_groups([group], work, Here(1))}


def totals(balance, outlay, financed=0):
    """National totals of a year in which only long-term care moved money."""
    tables = {"fund_balance": balance, "fund_outlay": outlay, "fund_deficit_financing": financed}
    found = {name: np.zeros((len(FUNDS), 2, 31), np.int64) for name in tables}
    for name, amount in tables.items():
        found[name][FUNDS.index("long_term_care"), 0, 4] = amount
    return found


@pytest.mark.parametrize(
    ("balance", "outlay", "financed", "months"),
    [(50, 100, 0, 6.0), (0, 1200, 300, -3.0), (7, 0, 0, np.inf)],
)
def test_reserve_is_counted_before_what_covered_a_deficit(balance, outlay, financed, months):
    assert months_of_reserve(totals(balance, outlay, financed), "long_term_care") == months


def test_a_year_without_funds_has_no_lack_of_reserve():
    assert months_of_reserve({}, "long_term_care") == np.inf


def test_totals_add_up_in_any_order():
    parts = [totals(3, 4), {}, totals(30, 40, 5)]
    for one, other in ((parts, totals(33, 44, 5)), (parts[::-1], totals(33, 44, 5))):
        for name, table in added(one).items():
            np.testing.assert_array_equal(table, other[name])


def test_only_scenarios_with_the_rule_are_lived_together(work):
    alone, groups = sort_out(UNITS[:1], work)
    assert alone == [Unit(0, 0, ("baseline",))]
    assert groups == [[Unit(0, k, (COUPLED,)) for k in range(3)]]
    assert sort_out([Unit(0, 1, ("baseline",))], work) == ([Unit(0, 1, ("baseline",))], [])


def factors(lived):
    return lived.values["ltci_premium_factor"]


def test_all_replicates_have_the_premium_of_the_nation(lives):
    path = factors(lives[0])
    for one in lives.values():
        np.testing.assert_array_equal(factors(one), path)
    assert path[-1] > path[2026 - 2010] == 1.0  # 2027 is the first year that may answer


def test_a_replicate_by_itself_decides_otherwise(work, lives):
    """The positive control."""
    paths = [factors(live(Unit(0, k, (COUPLED,)), work)[COUPLED]) for k in range(3)]
    assert any(not np.array_equal(path, factors(lives[0])) for path in paths)


def test_premiums_rise_in_the_year_after_the_reserve_fell_below_the_floor(lives):
    """By the sums of all three replicates, each year of the rule."""
    fund = FUNDS.index("long_term_care")

    def nation(name, year):
        return sum(one.values[name][year - 2010][fund].sum() for one in lives.values())

    path = factors(lives[0])
    for year in range(2027, SETTINGS.until + 1):
        held = nation("fund_balance", year - 1) - nation("fund_deficit_financing", year - 1)
        low = 12.0 * held / nation("fund_outlay", year - 1) < FLOOR
        then = min(path[year - 1 - 2010] * (1.0 + RISE * low), CEILING)
        assert path[year - 2010] == pytest.approx(then, abs=2e-6)


@pytest.mark.parametrize("hosts", [2, 3])
def test_the_same_on_any_number_of_hosts(work, lives, hosts):
    _, groups = sort_out(UNITS, work)
    for outcome in live_groups(groups, work, Here(hosts)):
        mine, other = outcome.result[COUPLED], lives[outcome.unit.replicate]
        for name, array in mine.values.items():
            np.testing.assert_array_equal(array, other.values[name])


def test_a_look_at_a_person_lives_all_replicates(work, lives):
    model = live_until(work, COUPLED, Unit(0, 1, (COUPLED,)), SETTINGS.until)
    assert model.funds["long_term_care"].premium_factor == pytest.approx(
        factors(lives[1])[-1], abs=1e-6
    )


class Lost(OwnPlace):
    """A host that is lost in the third year."""

    def call(self, function, *arguments):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls <= 3:
            return super().call(function, *arguments)
        gone = Future()
        gone.set_exception(ConnectionError("the host is gone"))
        return gone


class LosingOne(Here):
    """Gives a host that will be lost the first few times."""

    def __init__(self, number, losses):
        super().__init__(number)
        self.losses = losses

    def __call__(self, most):
        super().__call__(most)
        if self.losses:
            self.losses -= 1
            self.hosts[-1] = Lost()
        return self


def test_a_draw_whose_host_is_lost_is_lived_again_from_the_beginning(work, lives):
    _, groups = sort_out(UNITS, work)
    for outcome in live_groups(groups, work, LosingOne(2, 1)):
        other = lives[outcome.unit.replicate].values
        for name, array in outcome.result[COUPLED].values.items():
            np.testing.assert_array_equal(array, other[name])


def test_a_draw_that_loses_its_hosts_twice_fails_by_name(work):
    _, groups = sort_out(UNITS, work)
    outcomes = list(live_groups(groups, work, LosingOne(2, 2)))
    assert [o.unit.replicate for o in outcomes] == [0, 1, 2]
    assert all(o.result is None and "the host is gone" in o.error for o in outcomes)


def test_the_key_of_a_coupled_scenario_knows_how_many_replicates_there_are(work, path):
    more = work_of(resolve([path]), replace(SETTINGS, replicates=4))
    assert more.case(COUPLED).key != work.case(COUPLED).key
    assert more.case("baseline").key == work.case("baseline").key


# --- through a run ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run_of(path, tmp_path_factory):
    """A short run with two replicates, by the number of workers and the scheduler."""
    import songhe

    def go(workers=1, scheduler=None, out=None):
        out = out or tmp_path_factory.mktemp("run") / "out"
        return songhe.run(
            ["baseline", path], persons=600, replicates=2, draws=1, until=2029, seed=3,
            workers=workers, scheduler=scheduler, out=out,
        )  # fmt: skip

    return go


@pytest.fixture(scope="module")
def run_here(run_of):
    return run_of().load()


def test_a_run_lives_coupled_replicates_together(run_here):
    factor = run_here["ltci_premium_factor"].sel(scenario=COUPLED, year=2029)
    assert (factor.sel(replicate=0) == factor.sel(replicate=1)).all()
    assert (run_here["done"] == 1).all()
    assert float(factor.max()) > 1.0


@pytest.mark.parametrize(("workers", "scheduler"), [(2, None), (2, "local")])
def test_the_same_in_processes_and_on_dask(run_of, run_here, workers, scheduler):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster's own clean-up
        other = run_of(workers, scheduler).load()
    for name in run_here.data_vars:
        if name not in ("unit_seconds", "unit_person_years"):
            np.testing.assert_array_equal(run_here[name].values, other[name].values, name)


def test_a_coupled_scenario_takes_no_more_replicates(path, tmp_path):
    """Those that are stored decided without them."""
    for replicates, fits in ((2, True), (2, True), (3, False)):
        settings = Settings(persons=600, replicates=replicates, draws=0, until=2012)
        if fits:
            ensemble.prepare(resolve([path]), settings, tmp_path / "out")
            continue
        with pytest.raises(ParameterError, match="--replicates: 3; allowed: 2: "):
            ensemble.prepare(resolve([path]), settings, tmp_path / "out")
        ensemble.prepare(resolve(["baseline"]), settings, tmp_path / "out")
