"""What an actuary checks first: directions and sizes of the pension scenarios.

That all ledgers close, what a higher minimum of residents costs, and what laws of employees leave
as it is for residents: `test_ledgers.py`.
"""

import numpy as np
import pytest
import xarray as xr
from songhe.agents import base, luck
from songhe.analysis.indicators import balance_before_financing, depletion_year
from songhe.model import age_link
from songhe.model.model import SongheModel
from songhe.model.pension_rules import reference_wage
from songhe.model.work_rules import coverage
from songhe.parameters.dims import FUNDS, LEDGERS, WORK
from songhe.parameters.load import load
from songhe.runs.scenario import load_scenario

PERSONS, LAST, BRANCH = 8_000, 2040, 2021
LONG = 2060  # contributors begin to fall once the ages of the law are reached
DRY = 2070  # by when the fund has run dry under the law, too, with nothing else changed
BY_CONTRIBUTORS, OLD_AGES = "indexation-by-contributors", "retirement-ages-unchanged"
UNTIL = {BY_CONTRIBUTORS: LONG, OLD_AGES: DRY}
EMPLOYEES = FUNDS.index("employee_pension")
NAMES = (
    OLD_AGES, "indexation-prices", "contribution-rate-20", "flexible-covered", "wages-low",
    "wages-high", "retirement-age-linked", BY_CONTRIBUTORS,
)  # fmt: skip


@pytest.fixture(scope="module")
def lives():
    """Tallies by scenario: one history to 2021, and each law after it with the same luck."""
    p = load()
    past = SongheModel(base.load_or_build(p, PERSONS, 3, 0, "official"), p, luck.key_of(3, 0, 0))
    while past.year < BRANCH:
        past.step()
    baseline = past.branch(p, solves_anew=True)
    while baseline.year < DRY:
        baseline.step()
    found = {"baseline": baseline.tally.years}
    for name in NAMES:
        twin = past.branch(load(dict(load_scenario(name).changes)))
        twin.constants = baseline.constants.for_scenario()
        while twin.year < UNTIL.get(name, LAST):
            twin.step()
        found[name] = twin.tally.years
    return found


def of_fund(years, name, year, fund=EMPLOYEES):
    return float(years[year][name][fund].sum())


def test_old_ages_mean_more_pensioners_and_fewer_contributors(lives):
    """In every year once the law has raised an age, and by 3 % or more of pensioners in 2040."""
    old, law = lives[OLD_AGES], lives["baseline"]
    for year in range(2026, LAST + 1):
        pensioners, payers = (
            [of_fund(years, name, year) for years in (old, law)]
            for name in ("fund_beneficiaries", "fund_contributors")
        )
        assert pensioners[0] > pensioners[1]
        assert payers[0] < payers[1]
    assert of_fund(old, "fund_beneficiaries", 2040) > 1.03 * of_fund(
        law, "fund_beneficiaries", 2040
    )
    assert of_fund(old, "fund_balance", 2040) < of_fund(law, "fund_balance", 2040)


def test_old_ages_run_the_fund_dry_in_an_earlier_year(lives):
    """Before deficit financing, as every result counts it; the law's reserve is never the lower.

    No lever is pulled: both are lived until the fund has run dry under the law, too.
    """
    names = (OLD_AGES, "baseline")
    flows = ("fund_balance", "fund_deficit_financing")
    years = range(2025, DRY + 1)
    dims = ("scenario", "draw", "replicate", "year", "fund", "ledger", "province")
    tables = {
        flow: (dims, [[[[lives[name][year][flow] for year in years]]] for name in names])
        for flow in flows
    }
    coords = {"scenario": list(names), "draw": [0], "replicate": [0], "year": list(years),
              "fund": list(FUNDS), "ledger": list(LEDGERS)}  # fmt: skip
    dataset = xr.Dataset(tables, coords).astype(float)
    first = depletion_year(dataset).sel(fund="employee_pension", draw=0)
    old, law = (int(first.sel(scenario=name)) for name in names)
    assert 2026 < old < law <= DRY
    reserve = balance_before_financing(dataset).sel(fund="employee_pension", draw=0)
    gap = reserve.sel(scenario="baseline") - reserve.sel(scenario=OLD_AGES)
    assert (gap.sel(year=slice(2026, None)) > 0).all()


def test_indexation_to_prices_lowers_outlay_little_by_little(lives):
    less, law = lives["indexation-prices"], lives["baseline"]
    share = [
        of_fund(less, "fund_outlay", y) / of_fund(law, "fund_outlay", y)
        for y in range(2026, LAST + 1)
    ]
    assert share[0] == pytest.approx(1.0, abs=0.02)
    assert (np.diff(share) < 0.003).all()
    assert 0.75 < share[-1] < 0.95


def test_a_higher_rate_of_employers_raises_revenue_by_its_share_of_the_bases(lives):
    more, law = lives["contribution-rate-20"], lives["baseline"]
    gain = of_fund(more, "fund_revenue", 2027) - of_fund(law, "fund_revenue", 2027)
    bases = of_fund(law, "contribution_base", 2027)
    assert 0 < gain <= 0.04 * bases * 1.0001
    assert of_fund(more, "fund_outlay", 2040) == of_fund(law, "fund_outlay", 2040)


def workers(years, kind, year):
    return float(years[year]["workers"][WORK.index(kind)].sum())


def test_covering_flexible_workers_registers_the_gap_in_coverage(lives):
    """Expected: those in flexible work times what the chance of registration gains."""
    more, law = lives["flexible-covered"], lives["baseline"]
    assert of_fund(more, "fund_registered", 2026) == of_fund(law, "fund_registered", 2026)
    gain = of_fund(more, "fund_registered", 2027) - of_fund(law, "fund_registered", 2027)
    p = load()
    covered = load(dict(load_scenario("flexible-covered").changes))
    chance = [coverage(law_, 2027)[WORK.index("flexible")] for law_ in (p, covered)]
    step = chance[1] - chance[0]  # by residence and education
    flexible = workers(law, "flexible", 2027)
    # past the age of entry nobody joins, and who has a place already gains none
    assert 0.5 * step.min() * flexible < gain < step.max() * flexible
    assert of_fund(more, "fund_contributors", 2030) > of_fund(law, "fund_contributors", 2030)
    assert of_fund(more, "new_awards", 2040) >= of_fund(law, "new_awards", 2040)


@pytest.mark.parametrize("name", ["wages-low", "wages-high"])
def test_another_wage_path_moves_contributions_with_wages_and_outlay_less(lives, name):
    """Bases follow the reference wage; half of the gap in wages is in pensions in payment."""
    other, law = lives[name], lives["baseline"]
    p = load(dict(load_scenario(name).changes))
    wages = reference_wage(p, LAST) / reference_wage(load(), LAST)
    assert abs(np.log(wages)) == pytest.approx(14 * 0.01, rel=0.06)  # wages of 2026 to 2039
    bases = of_fund(other, "contribution_base", LAST) / of_fund(law, "contribution_base", LAST)
    assert bases == pytest.approx(wages, rel=0.01)
    people = of_fund(other, "fund_contributors", LAST), of_fund(law, "fund_contributors", LAST)
    assert people[0] == people[1]
    outlay = of_fund(other, "fund_outlay", LAST) / of_fund(law, "fund_outlay", LAST)
    assert 0.3 * np.log(wages) / np.log(outlay) < 1.0 < 0.95 * np.log(wages) / np.log(outlay)


def test_linked_ages_keep_those_at_work_whom_the_added_months_concern(lives):
    """Expected: pensioners fewer by the months that the link has added, times awards a month."""
    linked, law = lives["retirement-age-linked"], lives["baseline"]
    before = of_fund(linked, "fund_beneficiaries", 2029), of_fund(law, "fund_beneficiaries", 2029)
    assert before[0] == before[1]
    p = load(dict(load_scenario("retirement-age-linked").changes))
    years, e60 = age_link.expectancy(p)
    gain = np.interp(LAST + 0.5, years + 0.5, e60) - np.interp(2030, years + 0.5, e60)
    months = 12 * 2 / 3 * gain
    awards = np.mean([of_fund(law, "new_awards", y) for y in range(2036, LAST + 1)])
    fewer = of_fund(law, "fund_beneficiaries", LAST) - of_fund(linked, "fund_beneficiaries", LAST)
    assert 0.6 * months / 12 * awards < fewer < 1.4 * months / 12 * awards
    assert of_fund(linked, "fund_contributors", LAST) > of_fund(law, "fund_contributors", LAST)
    assert of_fund(linked, "fund_outlay", LAST) < of_fund(law, "fund_outlay", LAST)


def test_a_cut_by_contributors_lowers_rises_by_half_of_their_fall(lives):
    cut, law = lives[BY_CONTRIBUTORS], lives["baseline"]
    fell, compounded = 0, 1.0
    for year in range(2027, LONG + 1):
        paid = [of_fund(cut, "fund_contributor_months", year - k) for k in (1, 2)]
        growth = paid[0] / paid[1] - 1.0
        rise, rule = (int(years[year]["employee_pension_rise"]) / 1e6 for years in (cut, law))
        assert rise == pytest.approx(max(rule + 0.5 * min(growth, 0.0), 0.0), abs=2e-6)
        fell += growth < 0.0
        compounded *= (1.0 + rise) / (1.0 + rule)
    assert fell > 10
    lower = of_fund(cut, "fund_outlay", LONG) / of_fund(law, "fund_outlay", LONG)
    assert compounded < lower < 1.0 - 0.2 * (1.0 - compounded)  # new awards had some cuts alone
