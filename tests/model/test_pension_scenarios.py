"""What an actuary checks first: directions and sizes of the pension scenarios."""

from datetime import date

import numpy as np
import pytest
from songhe.agents import base, luck
from songhe.model.model import SongheModel
from songhe.model.policies.resident_pension import minimum_m
from songhe.parameters.dims import FUNDS
from songhe.parameters.load import load
from songhe.runs.scenario import load_scenario

PERSONS, LAST, BRANCH = 8_000, 2040, 2021
EMPLOYEES, RESIDENTS = FUNDS.index("employee_pension"), FUNDS.index("resident_pension")
NAMES = (
    "retirement-ages-unchanged", "indexation-prices", "resident-minimum-500",
    "contribution-rate-20", "national-pooling-off",
)  # fmt: skip


@pytest.fixture(scope="module")
def lives():
    """Tallies by scenario: one history to 2021, and each law after it with the same luck."""
    p = load()
    past = SongheModel(base.load_or_build(p, PERSONS, 3, 0, "official"), p, luck.key_of(3, 0, 0))
    while past.year < BRANCH:
        past.step()
    baseline = past.branch(p, solves_anew=True)
    while baseline.year < LAST:
        baseline.step()
    found = {"baseline": baseline.tally.years}
    for name in NAMES:
        twin = past.branch(load(dict(load_scenario(name).changes)))
        twin.constants = baseline.constants.for_scenario()
        while twin.year < LAST:
            twin.step()
        found[name] = twin.tally.years
    return found


def of_fund(years, name, year, fund=EMPLOYEES):
    return float(years[year][name][fund].sum())


def test_old_ages_mean_more_pensioners_and_fewer_contributors(lives):
    old, law = lives["retirement-ages-unchanged"], lives["baseline"]
    assert of_fund(old, "fund_beneficiaries", 2040) > 1.03 * of_fund(
        law, "fund_beneficiaries", 2040
    )
    assert of_fund(old, "fund_contributors", 2040) < of_fund(law, "fund_contributors", 2040)
    assert of_fund(old, "fund_balance", 2040) < of_fund(law, "fund_balance", 2040)


def test_indexation_to_prices_lowers_outlay_little_by_little(lives):
    less, law = lives["indexation-prices"], lives["baseline"]
    share = [
        of_fund(less, "fund_outlay", y) / of_fund(law, "fund_outlay", y)
        for y in range(2026, LAST + 1)
    ]
    assert share[0] == pytest.approx(1.0, abs=0.02)
    assert (np.diff(share) < 0.003).all()
    assert 0.75 < share[-1] < 0.95


def test_a_higher_minimum_costs_recipients_times_the_difference_at_once(lives):
    """Months paid times the difference, to the fen, for those who draw in both."""
    more, law = lives["resident-minimum-500"], lives["baseline"]
    assert of_fund(more, "fund_beneficiaries", 2026, RESIDENTS) == of_fund(
        law, "fund_beneficiaries", 2026, RESIDENTS
    )
    cost = of_fund(more, "fund_outlay", 2026, RESIDENTS) - of_fund(
        law, "fund_outlay", 2026, RESIDENTS
    )
    recipients = of_fund(law, "fund_beneficiaries", 2026, RESIDENTS)
    there = minimum_m(load(), date(2026, 1, 1))
    difference = (178.7 - there) * 100 * 12
    assert 0.93 * recipients * difference < cost <= recipients * difference
    assert of_fund(more, "fund_outlay", 2026) == of_fund(law, "fund_outlay", 2026)


def test_a_higher_rate_of_employers_raises_revenue_by_its_share_of_the_bases(lives):
    more, law = lives["contribution-rate-20"], lives["baseline"]
    gain = of_fund(more, "fund_revenue", 2027) - of_fund(law, "fund_revenue", 2027)
    bases = of_fund(law, "contribution_base", 2027)
    assert 0 < gain <= 0.04 * bases * 1.0001
    assert of_fund(more, "fund_outlay", 2040) == of_fund(law, "fund_outlay", 2040)


def test_no_law_of_employees_moves_the_residents_but_through_accounts_that_change_scheme(lives):
    for name in ("contribution-rate-20", "indexation-prices", "national-pooling-off"):
        for kind in ("fund_revenue", "fund_outlay", "fund_beneficiaries"):
            assert of_fund(lives[name], kind, 2040, RESIDENTS) == of_fund(
                lives["baseline"], kind, 2040, RESIDENTS
            )


def test_every_ledger_closes_under_every_scenario(lives):
    for years in lives.values():
        for year in range(2026, LAST + 1):
            now, before = years[year], years[year - 1]
            inflow = sum(
                now[f"fund_{k}"]
                for k in ("revenue", "subsidy", "interest", "deficit_financing",
                          "opening_adjustment", "transfers")
            )  # fmt: skip
            outflow = now["fund_outlay"] + now["fund_administration"]
            assert (now["fund_balance"] == before["fund_balance"] + inflow - outflow).all()
            assert now["fund_transfers"].sum() == 0
