"""Actuarial figures against cases that can be worked by hand."""

from io import StringIO

import numpy as np
import pytest
import xarray as xr
from rich.console import Console
from songhe.analysis.actuary import (
    MissingResultsError,
    actuarial_frames,
    closed_group,
    debt_frame,
    decompose,
    decomposition_frame,
    fund_return,
    fund_totals,
    implicit_debt,
    outlay_factors,
    payg_factors,
    value,
    wage_rate,
    yearly_figures,
)
from songhe.runs.terminal import actuary_tables

YEARS = np.arange(2010, 2041)
UNITS = ("scenario", "draw", "replicate", "year")


@pytest.fixture
def results():
    t = YEARS - 2010.0
    grid = np.ones((1, 1, 2, len(YEARS)))
    sides = np.array([0.5, 1.5])[:, None]  # replicates differ, their mean is 1

    def series(values):
        return UNITS, grid * sides * values

    def spread(values, *sizes):
        return (grid * sides * values)[(..., *(None,) * len(sizes))] * np.ones(sizes)

    money = {
        "fund_revenue": 20.0, "fund_subsidy": 4.0, "fund_interest": 1.0, "fund_administration": 0.0,
        "fund_outlay": 24.0 * 1.03**t, "fund_deficit_financing": 0.0, "fund_balance": 48.0,
    }  # fmt: skip
    pools = {"fund_contributors": 3.0, "fund_beneficiaries": 1.02**t, "contribution_base": 100.0}
    data = {
        n: ((*UNITS, "fund", "ledger", "province"), spread(v / 4, 1, 2, 2))
        for n, v in money.items()
    }
    data |= {n: ((*UNITS, "fund", "province"), spread(v / 2, 1, 2)) for n, v in pools.items()}
    data |= {"reference_wage": series(40.0 * 1.04**t), "gdp": series(500.0)}
    data["price_index"] = series(1.01**t)
    people = spread(np.ones(len(YEARS)) + 0.01 * t, 2, 101)
    data["population_by_age"] = ((*UNITS, "sex", "age"), people)
    return xr.Dataset(data, {"year": YEARS, "age": np.arange(101), "fund": ["employee_pension"]})


def test_yearly_figures_are_ratios_of_national_sums(results):
    first = yearly_figures(fund_totals(results)).isel(scenario=0, draw=0).sel(year=2010)
    assert float(first["support_ratio"]) == pytest.approx(3.0)
    assert float(first["payg_rate"]) == pytest.approx(0.24)
    assert float(first["months_of_reserve"]) == pytest.approx(24.0)
    assert float(first["benefit_ratio"]) == pytest.approx(0.6)
    assert float(first["income"]) == pytest.approx(25.0)


def test_required_rate_without_discount_is_a_plain_sum(results):
    total = fund_totals(results)
    found = value(total, 0.0 * wage_rate(total), 2010, 25)
    outlay = (24.0 * 1.03 ** np.arange(1, 26)).sum()
    assert float(found.required_rate.squeeze()) == pytest.approx((outlay - 48.0) / 2500.0)
    assert float(found.balance_of_base.squeeze()) == pytest.approx((648.0 - outlay) / 2500.0)
    assert (found.years, found.shortened) == (25, False)


def test_discounting_takes_flows_at_the_middle_of_the_year(results):
    total = fund_totals(results)
    rate = wage_rate(total)
    assert float(rate.sel(year=2020).squeeze()) == pytest.approx(0.045)
    found = value(total, rate, 2010, 25)
    factor = 1.045 ** -(np.arange(1, 26) - 0.5)
    outlay = (24.0 * 1.03 ** np.arange(1, 26) * factor).sum()
    assert float(found.required_rate.squeeze()) == pytest.approx(
        (outlay - 48) / (100 * factor.sum())
    )


def test_a_horizon_past_the_results_is_shortened_and_says_so(results):
    total = fund_totals(results)
    found = value(total, wage_rate(total), 2010, 75)
    assert (found.years, found.shortened) == (30, True)


@pytest.mark.parametrize("factors", [outlay_factors, payg_factors])
def test_parts_of_a_change_add_up(results, factors):
    total = fund_totals(results)
    parts = decompose(factors(total), 2012, 2035).sum("part")
    whole = total["fund_outlay"] / (
        total["price_index"] if factors is outlay_factors else total["contribution_base"]
    )
    change = whole.sel(year=2035) - whole.sel(year=2012)
    assert float(parts.squeeze()) == pytest.approx(float(change.squeeze()), rel=1e-12)


def test_no_change_has_parts_of_zero(results):
    assert not decompose(outlay_factors(fund_totals(results)), 2012, 2012).values.any()


def test_an_error_names_what_is_missing(results):
    with pytest.raises(MissingResultsError, match="contribution_base, gdp"):
        fund_totals(results.drop_vars(["gdp", "contribution_base"]))
    with pytest.raises(MissingResultsError, match="resident_pension"):
        fund_totals(results, "resident_pension")


def test_frames_and_tables_show_every_horizon_and_rate(results):
    yearly, valuations = actuarial_frames(results.assign_coords(draw=[0]), "employee_pension")
    assert set(valuations["horizon"]) == {25, 50, 75}
    assert len(valuations) == 6
    assert set(valuations["group"]) == {"open"}
    assert valuations["since"].eq(2015).all()
    page = Console(width=160, record=True, file=StringIO())
    changes = decomposition_frame(results, "employee_pension", 2015)
    debts = debt_frame(results, "employee_pension")
    page.print(actuary_tables(yearly, valuations, changes, debts, width=160))
    text = page.export_text()
    assert "need flows by age, which these results lack" in text
    assert "Change 2015-2040 变化" in text
    assert "No 50, 75 years: the run has 25" in text
    assert text.count("25 years 年, fund return") == 2  # rates and balances
    assert "75 years 年" not in text
    assert "Support ratio 抚养比" in text
    wages = next(line for line in text.splitlines() if "Reference wage" in line)
    assert "40.0" in wages


def test_parts_of_a_change_add_up_to_it(results):
    """Outlay at prices of 2010, and the pay-as-you-go rate, between two years."""
    changes = decomposition_frame(results, "employee_pension", 2015).set_index(["of", "part"])
    real = 24.0 * (1.03 / 1.01) ** np.array([5.0, 30.0])
    assert changes.loc[("outlay", "total"), "change"] == pytest.approx(real[1] - real[0])
    rate = 0.24 * 1.03 ** np.array([5.0, 30.0])
    assert changes.loc[("payg_rate", "total"), "change"] == pytest.approx(rate[1] - rate[0])
    for of in ("outlay", "payg_rate"):
        parts = changes.loc[of].drop("total")["change"].sum()
        assert parts == pytest.approx(changes.loc[(of, "total"), "change"])


# --- closed group and implicit debt


AGES = np.arange(101)
DISCOUNTS = {"return": fund_return, "wage": wage_rate, "none": lambda total: 0.0 * wage_rate(total)}


def of_cohorts(results, cohorts):
    """The same results with all flows by age, and totals that are their sums.

    cohorts : year of birth -> revenue, outlay and base of a year as functions of age
    """
    tables = {name: np.zeros((len(YEARS), len(AGES))) for name in ("revenue", "outlay", "base")}
    for born, flows in cohorts.items():
        for row, age in enumerate(YEARS - born):
            for table, flow in zip(tables.values(), flows, strict=True):
                table[row, np.clip(age, 0, 100)] += flow(age)
    sides = np.array([0.5, 1.5])[:, None, None]
    data = {
        f"fund_{name}_by_age": ((*UNITS, "fund", "age"), (sides * table)[None, None, :, :, None])
        for name, table in tables.items()
    }
    for name, kind in (("fund_revenue", "revenue"), ("fund_outlay", "outlay")):
        values = np.broadcast_to(tables[kind].sum(1), (1, 1, 2, len(YEARS))) * sides[:, :, 0]
        spread = values[..., None, None, None] * np.ones((1, 2, 2)) / 4
        data[name] = ((*UNITS, "fund", "ledger", "province"), spread)
    bases = np.broadcast_to(tables["base"].sum(1), (1, 1, 2, len(YEARS))) * sides[:, :, 0]
    data["contribution_base"] = (
        (*UNITS, "fund", "province"), bases[..., None, None] * np.ones((1, 2)) / 2
    )  # fmt: skip
    return results.assign(data)


def worker(rate, base=100.0, pension=30.0, retires=60, dies=80):
    """Yearly flows of a cohort that pays from 20 on, and draws."""
    works, draws = lambda a: 20 <= a < retires, lambda a: retires <= a < dies
    return (
        lambda a: rate * base * works(a), lambda a: pension * draws(a), lambda a: base * works(a),
    )  # fmt: skip


@pytest.mark.parametrize("discount", DISCOUNTS)
def test_a_closed_group_is_the_open_one_when_nobody_enters(results, discount):
    """Cohorts of 1930 to 1994: the youngest are 16 at the end of 2010."""
    total = fund_totals(of_cohorts(results, {born: worker(0.2) for born in range(1930, 1995)}))
    rate = DISCOUNTS[discount](total)
    opened = value(total, rate, 2010, 25)
    closed = value(closed_group(total, 2010), rate, 2010, 25)
    for name in ("required_rate", "balance_of_base", "balance_of_gdp", "collected_rate"):
        expected = float(getattr(opened, name).squeeze())
        assert float(getattr(closed, name).squeeze()) == pytest.approx(expected, rel=1e-12), name
    assert float(closed.collected_rate.squeeze()) == pytest.approx(0.2)
    assert (closed.years, closed.shortened) == (25, False)


def test_who_enters_later_is_in_the_open_group_alone(results):
    """Cohorts of 1950 and of 1995, who are 60 and 15 at the end of 2010."""
    both = fund_totals(of_cohorts(results, {1950: worker(0.2), 1995: worker(0.3)}))
    alone = fund_totals(of_cohorts(results, {1950: worker(0.2)}))
    closed = closed_group(both, 2010)
    for name in ("fund_outlay", "contribution_base", "fund_revenue"):
        later = slice(2011, None)
        np.testing.assert_allclose(closed[name].sel(year=later), alone[name].sel(year=later))
    assert float(both["contribution_base"].sel(year=2020).squeeze()) == 100.0
    assert float(closed["contribution_base"].sel(year=2020).squeeze()) == 0.0
    year_later = closed_group(both, 2011)  # when they are 16
    assert float(year_later["contribution_base"].sel(year=2020).squeeze()) == 100.0


def test_one_cohort_by_hand(results):
    """Born in 1960, 50 in 2010: nine years at work, then 21 with a pension of 30, to 2040."""
    cohort = {1960: worker(0.2, dies=100), 2000: worker(0.2)}
    total = fund_totals(of_cohorts(results, cohort))
    none = 0.0 * wage_rate(total)
    found = value(closed_group(total, 2010), none, 2010, 75)
    assert float(found.required_rate.squeeze()) == pytest.approx((21 * 30 - 48) / 900)
    assert (found.years, found.shortened) == (30, True)
    debt = implicit_debt(total, none, 2010)
    assert float(debt.implicit.squeeze()) == pytest.approx(21 * 30 - 9 * 20 - 48)
    assert float(debt.accrued.squeeze()) == 0.0  # 50 at the date
    assert (float(debt.gdp.squeeze()), debt.years, debt.youngest) == (500.0, 30, 46)

    rate = wage_rate(total)  # 4.5 % in every year
    worth = 1.045 ** -(np.arange(1, 31) - 0.5)
    debt = implicit_debt(total, rate, 2010)
    paid, got = 20 * worth[:9].sum(), 30 * worth[9:].sum()
    assert float(debt.implicit.squeeze()) == pytest.approx(got - paid - 48)
    later = implicit_debt(total, rate, 2025)  # 65: all that is still to come is accrued
    assert float(later.accrued.squeeze()) == pytest.approx(30 * worth[:15].sum())
    # those born in 2000 have come in, and pay 20 a year
    owed = 30 * worth[:15].sum() - 20 * worth[:15].sum() - 48
    assert float(later.implicit.squeeze()) == pytest.approx(owed)


def test_subsidies_go_with_payments(results):
    """Of 4 a year, the part of the closed group in what is paid out."""
    cohorts = {1940: worker(0.2, dies=100), 1996: worker(0.2, retires=25, pension=90.0, dies=100)}
    total = fund_totals(of_cohorts(results, cohorts))
    subsidy = closed_group(total, 2010)["fund_subsidy"].squeeze()
    assert float(subsidy.sel(year=2015)) == pytest.approx(4.0)
    assert float(subsidy.sel(year=2030)) == pytest.approx(4.0 * 30 / 120)


def test_the_closed_group_names_what_the_results_lack(results):
    total = fund_totals(results)
    with pytest.raises(MissingResultsError, match="fund_base_by_age"):
        closed_group(total, 2010)
    with pytest.raises(MissingResultsError, match="fund_outlay_by_age"):
        implicit_debt(total, wage_rate(total), 2010)


def test_tables_show_the_closed_group_beside_the_open_one(results):
    found = of_cohorts(results, {born: worker(0.2) for born in range(1930, 2025)})
    found = found.assign_coords(draw=[0])
    yearly, valuations = actuarial_frames(found, "employee_pension")
    assert valuations["group"].tolist() == 6 * ["open", "closed"]
    debts = debt_frame(found, "employee_pension")
    assert debts["figure"].tolist() == 2 * ["implicit", "accrued"]
    assert (debts["yuan"] / 500.0).tolist() == pytest.approx(debts["of_gdp"].tolist())
    changes = decomposition_frame(found, "employee_pension", 2015)
    page = Console(width=100, record=True, file=StringIO())
    page.print(actuary_tables(yearly, valuations, changes, debts, width=100))
    text = page.export_text()
    assert "closed 封闭" in text
    assert "collected 实收" in text
    row = next(line for line in text.splitlines() if line.startswith("25 years 年, wage + 0.5"))
    wage = valuations[valuations["discount"] == "wage + 0.5"].iloc[:2]["required_rate"]
    assert [cell for cell in row.split()[6:] if cell != "-"][:2] == [
        f"{100 * rate:.1f}" for rate in wage
    ]
    assert "Payments to 2040, the youngest then 41" in text
    assert "need flows by age" not in text
