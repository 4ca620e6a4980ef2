"""Made-up lives: counts of agents in the model's layout, by the luck of draw and replicate."""

import sys

import numpy as np
import pytest
from songhe.parameters.dims import FUNDS, LEDGERS
from songhe.runs.results import ConstantTable, values_of
from songhe.runs.unit import Lived
from songhe.runs.variables import stored

WEIGHT = 33_500.25
FLOWS = ("revenue", "subsidy", "interest", "transfers", "deficit_financing", "opening_adjustment")
FLOWS += ("administration", "outlay")


def made_up_year(rng, year, shift):
    """Counts of one year; `shift` adds agents to births and fen to what funds pay."""
    people = rng.poisson(2.0, (31, 2, 2, 101))
    adl = np.stack([people, *(np.zeros_like(people) for _ in range(3))], axis=-1)
    now = {"population": people, "population_adl": adl, "collective_population": np.arange(4)}
    if year == 2010:
        return now
    places = (31, 2, 2)
    now |= {
        "births": rng.poisson(3.0, places) + shift,
        "deaths": rng.poisson(2.0, places),
        "deaths_by_age": rng.poisson(4.0, (2, 101)),
        "births_by_age_parity": rng.poisson(2.0, (101, 3)),
        "marriages": np.array(rng.poisson(100.0)),
        "divorces": np.array(rng.poisson(30.0)),
        "fund_contributor_months": rng.poisson(50.0, (len(FUNDS), 31)),
        "fund_beneficiaries": rng.poisson(20.0, (len(FUNDS), 31)),
        "care_need_hours": rng.poisson(1000.0, 4),
    }
    now |= made_up_births(rng.spawn(1)[0], shift)
    shape = (len(FUNDS), len(LEDGERS), 31)
    for flow in FLOWS:
        extra = 1_000_000 * shift if flow in ("subsidy", "outlay") else 0
        now[f"fund_{flow}"] = rng.poisson(1e5, shape) + extra
    return now


def made_up_births(rng, shift):
    """Expected births of women by age and couple, in parts of an agent; half of a shift is owed."""
    women = np.zeros((101, 2), np.int64)
    women[14:51] = 40 + rng.poisson(4.0, (37, 2))
    plain = women * rng.integers(40_000, 60_000, women.shape)
    births = rng.poisson(4.0, (31, 3)) + shift
    return {
        "women_of_childbearing_age": women,
        "expected_births_without_policy": plain,
        "expected_births_with_response": plain + 20_000 * shift * women,
        "expected_births": plain + 10_000 * shift * women,
        "births_by_province_order": births,
        "promised_to_births": births * (1_000_000 + 500_000 * shift),
    }


def made_up_counts(seed, until, shift=0):
    """Counts of every year, with balances that close to the fen."""
    rng = np.random.default_rng(seed)
    counts = {year: made_up_year(rng, year, shift) for year in range(2010, until + 1)}
    balance = np.zeros((len(FUNDS), len(LEDGERS), 31), np.int64)
    for year in range(2011, until + 1):
        now = counts[year]
        balance = balance + sum(now[f"fund_{flow}"] for flow in FLOWS[:6])
        balance = balance - now["fund_administration"] - now["fund_outlay"]
        now["fund_balance"] = balance
    return counts


def made_up_life(unit, work):
    """In place of `unit.live`: each scenario further from the baseline by one agent."""
    lived = {}
    for name in unit.scenarios:
        shift = [case.name for case in work.cases].index(name)
        counts = made_up_counts([unit.draw, unit.replicate], work.settings.until, shift)
        values = values_of(counts, WEIGHT, work.case(name).parameters)
        kept = {variable.name for variable in stored(work.settings.detail, unit.draw)}
        values = {key: value for key, value in values.items() if key in kept}
        kappa = np.full(len(counts), 0.1 * unit.draw)
        kappa[0] = np.nan
        constants = ConstantTable.of({"kappa[0,1]": kappa})
        lived[name] = Lived(values, constants, 1000, 0.5)
    return lived


BRIEF = ("population", "population_by_age", "population_by_province", "births", "fund_balance")


def brief_life(unit, work):
    """A made-up life with few variables, for tests of the store."""
    lives = made_up_life(unit, work)
    return {
        name: life._replace(values={k: v for k, v in life.values.items() if k in BRIEF})
        for name, life in lives.items()
    }


def run_command(*arguments):
    """The command in this process, through its entry point: (exit code, output, errors)."""
    from songhe.runs import cli
    from typer.testing import CliRunner

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["songhe", *map(str, arguments)])
        with CliRunner().isolation() as (out, err, _):
            code = 0
            try:
                cli.main()
            except SystemExit as ended:
                code = ended.code
            return code, out.getvalue().decode(), err.getvalue().decode()


@pytest.fixture(scope="session")
def made_up():
    return made_up_counts


@pytest.fixture(scope="session")
def command():
    return run_command


@pytest.fixture
def counts():
    """Counts of 2010 to 2016."""
    return made_up_counts(7, 2016)


@pytest.fixture
def weight():
    return WEIGHT


@pytest.fixture
def fake_live():
    return brief_life


@pytest.fixture(scope="session")
def whole_live():
    return made_up_life


@pytest.fixture
def small():
    """Settings of a run that takes no time."""
    from songhe.runs.settings import Settings

    return Settings(persons=1000, replicates=2, draws=1, until=2013)


@pytest.fixture
def lived_run(tmp_path, small):
    """Carries out a run with made-up lives in a folder and gives the opened results."""
    from songhe.runs import api, ensemble
    from songhe.runs.settings import resolve

    def go(names=("baseline", "tfr-constant"), settings=small, folder="out", function=brief_life):
        out = tmp_path / folder
        store, work = ensemble.prepare(resolve(names), settings, out)
        plan = ensemble.plan_of(store, work, 1)
        summary = ensemble.carry_out(store, work, plan, function=function)
        return api.open(out), summary, out

    return go
