"""The cut of pension rises by the fall of contributors: arithmetic, nation, coupling."""

from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songhe.agents import compiled
from songhe.model.adjustment_rules import contributor_growth, lowered_rise
from songhe.model.national import BEFORE, PAID, added, totals
from songhe.model.pension_rules import indexation
from songhe.parameters.dims import FUNDS
from songhe.parameters.load import load
from songhe.runs.lockstep import ThisProcess, live_groups, sort_out
from songhe.runs.scenario import load_scenario
from songhe.runs.settings import Settings, resolve, work_of
from songhe.runs.unit import Unit, live

FUND = "employee_pension"
rises = st.floats(-0.05, 0.15)


def paid(months):
    """Months contributed of one replicate's year, all to the employees' fund."""
    table = np.zeros((len(FUNDS), 31), np.int64)
    table[FUNDS.index(FUND), 3] = months
    return {PAID: table}


@pytest.mark.parametrize(
    ("rise", "growth", "weight", "then"),
    [
        (0.03, -0.01, 0.5, 0.025),
        (0.03, -0.01, 0.0, 0.03),
        (0.03, 0.02, 0.5, 0.03),  # growth raises nothing
        (0.03, -0.10, 0.5, 0.0),  # no pension falls
        (-0.01, -0.10, 0.5, -0.01),  # nor is a fall of the law undone
    ],
)
def test_a_fall_of_contributors_lowers_the_rise(rise, growth, weight, then):
    assert lowered_rise(rise, growth, weight) == pytest.approx(then, abs=1e-12)


@given(rises, st.floats(-0.2, 0.2), st.floats(0, 2), st.floats(0, 2))
def test_more_weight_never_raises_pensions(rise, growth, a, b):
    low, high = sorted((a, b))
    assert lowered_rise(rise, growth, high) <= lowered_rise(rise, growth, low) <= rise


def test_growth_is_that_of_the_sum_over_replicates():
    parts = [totals(paid(90), paid(100)), totals(paid(300), paid(300))]
    assert contributor_growth(parts[0], FUND) == pytest.approx(-0.1)
    assert contributor_growth(added(parts), FUND) == pytest.approx(390 / 400 - 1)
    assert added(parts)[PAID + BEFORE][FUNDS.index(FUND)].sum() == 400


@pytest.mark.parametrize("year", [{}, totals(paid(90)), totals(paid(0), paid(0))])
def test_no_growth_is_known_without_two_years(year):
    assert contributor_growth(year, FUND) == 0.0


def test_the_scenario_is_lived_coupled_and_the_law_is_not():
    p = load()
    assert not p.coupled
    assert load_scenario("indexation-by-contributors").parameters(p).coupled


# --- two replicates of a draw

NAME = "indexation-by-contributors"
SETTINGS = Settings(persons=1000, replicates=2, draws=0, until=2032, seed=3)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Values of both replicates, by replicate, and the rises of one lived by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_CACHE_DIR", str(compiled.folder()))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        work = work_of(resolve([NAME]), SETTINGS)
        _, (group,) = sort_out([Unit(0, k, (NAME,)) for k in range(2)], work)
        here = nullcontext([ThisProcess()])
        found = {o.unit.replicate: o.result for o in live_groups([group], work, lambda _: here)}
        alone = live(Unit(0, 0, (NAME,)), work)
    return [found[k][NAME].values for k in range(2)], alone[NAME].values["employee_pension_rise"]


def test_replicates_have_the_rise_of_the_nation(lived):
    """By the sums of both, from the first year of the rule on."""
    both, alone = lived
    p, place = load(), FUNDS.index(FUND)
    rises = both[0]["employee_pension_rise"]
    np.testing.assert_array_equal(rises, both[1]["employee_pension_rise"])
    fell = 0
    for year in range(2027, SETTINGS.until + 1):
        k = year - 2010
        now, before = (sum(one["fund_contributor_years"][k - n, place].sum() for one in both)
                       for n in (1, 2))  # fmt: skip
        fell += now < before
        then = lowered_rise(indexation(p, year), now / before - 1.0, 0.5)
        assert rises[k] == pytest.approx(then, abs=2e-6)
    assert fell > 0
    assert not np.array_equal(alone, rises)  # the positive control
