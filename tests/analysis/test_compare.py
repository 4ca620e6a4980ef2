"""Levels, paired differences and costs on small results with known answers."""

import numpy as np
import pytest
import xarray as xr
from songhe.analysis.compare import compare, has_structure, reference_of, shown_years
from songhe.analysis.intervals import QUANTILES, estimate, over_draws, quantiles_of
from songhe.parameters import dims

YEARS = np.arange(2010, 2031)
FUNDS = list(dims.FUNDS)
DRAWS, REPLICATES = 41, 4


def small(names=("baseline", "grant"), added=1e4, paid=2e9, draws=DRAWS, replicates=REPLICATES):
    """Births 1e7 x (1 + draw/1000) with noise by replicate; a grant adds and pays from 2025 on."""
    rng = np.random.default_rng(3)
    shape = (len(names), draws, replicates, len(YEARS))
    noise = rng.normal(0, 1e5, (draws, replicates, 1))
    births = np.broadcast_to(
        1e7 * (1 + np.arange(draws) / 1e3)[:, None, None] + noise, shape
    ).copy()
    money = np.full(shape, 1e11)
    since = YEARS >= 2025
    if "grant" in names:
        births[names.index("grant")][..., since] += added
        money[names.index("grant")][..., since] += paid
    lead = ("scenario", "draw", "replicate", "year")
    fund = np.zeros((*shape, len(FUNDS), 2, 1))
    fund[..., FUNDS.index("child_subsidy"), 0, 0] = money
    people = np.full((*shape, 2, 101), 5e6)
    born = np.stack([births, np.zeros_like(births)], axis=-1)[..., None, None, :]  # boys
    data = {
        "births": ((*lead, "province", "residence", "sex"), born),
        "fund_outlay": ((*lead, "fund", "ledger", "province"), fund),
        "fund_subsidy": ((*lead, "fund", "ledger", "province"), fund),
        "fund_deficit_financing": ((*lead, "fund", "ledger", "province"), np.zeros_like(fund)),
        "fund_balance": ((*lead, "fund", "ledger", "province"), np.zeros_like(fund)),
        "population_by_age": ((*lead, "sex", "age"), people),
        "population_by_province": (
            (*lead, "province", "residence"), people.sum((-1, -2))[..., None, None],
        ),
        "price_index": (lead, np.broadcast_to(1.02 ** (YEARS - 2010), shape)),
        "done": (lead[:3], np.ones(shape[:3], np.int8)),
    }  # fmt: skip
    coords = {
        "scenario": list(names), "draw": np.arange(draws), "replicate": np.arange(replicates),
        "year": YEARS, "province": ["Henan"], "residence": ["urban"], "sex": ["male", "female"],
        "fund": FUNDS, "ledger": ["pooled", "individual"], "age": np.arange(101),
    }  # fmt: skip
    return xr.Dataset(data, coords, {"persons": 1000, "infant_years": 0.1})


def row(frame, kind, scenario, quantity, year=2030):
    found = frame[
        (frame["kind"] == kind) & (frame["scenario"] == scenario)
        & (frame["quantity"] == quantity) & (frame["year"] == year)
    ]  # fmt: skip
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture(scope="module")
def frame():
    return compare(small())


def test_the_central_figure_is_draw_0_averaged_over_replicates(frame):
    births = small()["births"].sel(scenario="baseline", draw=0, year=2030).sum("sex").mean()
    assert row(frame, "level", "baseline", "births")["central"] == pytest.approx(
        float(births) / 1e4
    )


def test_intervals_come_from_the_other_draws(frame):
    found = row(frame, "level", "baseline", "births")
    by_draw = small()["births"].sel(scenario="baseline", year=2030).sum("sex").mean("replicate")
    expected = np.quantile(by_draw.values[1:].ravel(), QUANTILES) / 1e4
    assert np.allclose([found[f"q{100 * q:g}"] for q in QUANTILES], expected, rtol=1e-12)
    assert found["draws"] == DRAWS - 1


def test_the_monte_carlo_error_of_a_sum_is_s_over_root_n_pooled_over_draws(frame):
    births = small()["births"].sel(scenario="baseline", year=2030).sum("sex").squeeze()
    expected = np.sqrt((births.var("replicate", ddof=1) / REPLICATES).mean("draw")) / 1e4
    found = row(frame, "level", "baseline", "births")["mc_error"]
    assert found == pytest.approx(float(expected), rel=1e-9)


def test_differences_are_paired(frame):
    found = row(frame, "difference", "grant", "births")
    assert found["central"] == pytest.approx(1.0)
    assert found["q2.5"] == pytest.approx(1.0)
    assert found["mc_error"] == pytest.approx(0.0, abs=1e-9)
    assert found["reference"] == "baseline"
    assert row(frame, "difference", "grant", "births", 2024)["central"] == 0


def test_cost_per_birth_is_added_money_over_added_births_in_prices_of_2025(frame):
    real = sum(2e9 * 1.02 ** (2025 - year) for year in range(2025, 2031))
    found = row(frame, "cost", "grant", "cost_per_added_birth")
    assert found["central"] == pytest.approx(real / (6 * 1e4) / 1e4)
    assert found["unit_zh"] == "万元"


def test_cost_is_a_ratio_of_sums_over_replicates():
    dataset = small()
    grant = {"scenario": "grant", "replicate": 0}
    births = dataset["births"].copy()
    births.loc[{**grant, "year": slice(2025, None), "sex": "male"}] += 4e4
    found = row(compare(dataset.assign(births=births)), "cost", "grant", "cost_per_added_birth")
    real = sum(2e9 * 1.02 ** (2025 - year) for year in range(2025, 2031))
    assert found["central"] == pytest.approx(real / (6 * 2e4) / 1e4)
    assert found["mc_error"] > 0


def test_money_spent_for_no_birth_costs_infinity_and_is_never_averaged():
    dataset = small()
    births = dataset["births"].copy()
    later = {"year": slice(2025, None), "sex": "male", "draw": slice(1, 30)}
    births.loc[{**later, "scenario": "grant"}] -= 2e4
    found = row(compare(dataset.assign(births=births)), "cost", "grant", "cost_per_added_birth")
    assert np.isfinite(found["q2.5"])
    assert np.isinf(found["q50"])


def test_a_cost_that_hangs_on_one_replicate_has_no_error():
    dataset = small(added=0.0)
    births = dataset["births"].copy()
    births.loc[{"scenario": "grant", "replicate": 0, "year": slice(2025, None)}] += 4e4
    found = row(compare(dataset.assign(births=births)), "cost", "grant", "cost_per_added_birth")
    assert np.isfinite(found["central"])
    assert np.isnan(found["mc_error"])


def test_births_within_rounding_are_none():
    dataset = small(added=0.0)
    births = dataset["births"].copy()
    births.loc[{"scenario": "grant", "year": slice(2025, None)}] += 1e-7
    found = row(compare(dataset.assign(births=births)), "cost", "grant", "cost_per_added_birth")
    assert np.isinf(found["central"])


def test_a_scenario_that_leaves_births_alone_has_no_cost_per_birth():
    frame = compare(small(added=0.0))
    assert not (frame["quantity"] == "cost_per_added_birth").any()


def test_money_is_shown_at_prices_of_2025(frame):
    level = row(frame, "level", "baseline", "child_subsidy_outlay", 2030)["central"]
    assert level == pytest.approx(1e11 * 1.02**-5 / 1e8)
    assert row(frame, "level", "baseline", "child_subsidy_outlay", 2025)["central"] == 1000


def test_units_that_one_scenario_lacks_are_left_out_of_both():
    dataset = small()
    dataset["done"].loc[{"scenario": "grant", "draw": 0, "replicate": slice(1, None)}] = 0
    lost = {"scenario": "grant", "draw": 0, "replicate": slice(1, None)}
    dataset["births"].loc[lost] = np.nan
    frame = compare(dataset)
    assert row(frame, "difference", "grant", "births")["central"] == pytest.approx(1.0)
    assert row(frame, "difference", "grant", "births")["replicates"] == 1
    assert row(frame, "level", "baseline", "births")["replicates"] == REPLICATES


def test_a_draw_that_is_not_done_is_in_no_interval():
    dataset = small()
    dataset["done"].loc[{"draw": slice(30, None)}] = 0
    assert row(compare(dataset), "level", "baseline", "births")["draws"] == 29


def test_one_replicate_has_no_error_and_one_draw_no_interval():
    found = row(compare(small(draws=2, replicates=1)), "level", "baseline", "births")
    assert np.isnan(found["mc_error"])
    assert np.isnan(found["q50"])


def test_ratios_are_formed_from_averaged_parts():
    """Dependency of two unlike replicates: the ratio of mean old to mean working people."""
    dataset = small()
    people = dataset["population_by_age"].copy()
    people.loc[{"replicate": 0, "age": slice(65, None)}] *= 3
    found = row(
        compare(dataset.assign(population_by_age=people)),
        "level", "baseline", "old_age_dependency_ratio",
    )  # fmt: skip
    old = 36 * (3 + REPLICATES - 1) / REPLICATES
    assert found["central"] == pytest.approx(100 * old / 50)


def test_the_shared_forecast_has_every_level_and_difference(forecast):
    frame = compare(forecast.assign_attrs(infant_years=0.1), years=[2025, 2040])
    assert set(frame["year"]) == {2025, 2040}
    assert set(frame[frame["kind"] == "difference"]["scenario"]) == {
        "child-subsidy-double", "ltci-delayed",
    }  # fmt: skip


def test_years_after_2050_need_all_three_paths_of_fertility(forecast):
    assert not has_structure(forecast)
    assert shown_years(forecast)[-1] == 2050
    names = ["baseline", "tfr-constant", "tfr-decline"]
    assert shown_years(forecast.assign_coords(scenario=names))[-1] == 2060


def test_a_scenario_is_held_against_the_baseline_it_shares_constants_with(forecast):
    texts = {"ltci-delayed": {"reference": "child-subsidy-double"}}
    assert reference_of(forecast.assign_attrs(scenario_texts=texts), "ltci-delayed") == (
        "child-subsidy-double"
    )
    assert reference_of(forecast, "ltci-delayed") == "baseline"
    assert reference_of(forecast, "baseline") is None


def test_an_unknown_quantity_is_refused(forecast):
    with pytest.raises(ValueError, match=r"no quantity wealth; allowed: births"):
        compare(forecast, ["wealth"])


def test_figures_by_province_add_up_and_thin_ones_are_blank():
    dataset = small()
    two = xr.concat([dataset["births"], dataset["births"] * 0 + 100.0], "province")
    people = xr.concat([dataset["population_by_province"]] * 2, "province")
    dataset = dataset.drop_vars(
        ["births", "population_by_province", "fund_outlay", "fund_balance", "fund_subsidy",
         "fund_deficit_financing", "province"]
    ).assign(births=two, population_by_province=people)  # fmt: skip
    dataset = dataset.assign_coords(province=["Henan", "Tibet"]).assign_attrs(persons=100_000)
    frame = compare(dataset, ["births"], by_province=True)
    assert set(frame["province"]) == {"Henan"}


def test_quantiles_of_infinite_values_are_values_that_occur():
    values = np.array([1.0, 2.0, np.inf, np.inf])
    assert set(quantiles_of(values)) <= {1.0, 2.0, np.inf}
    assert np.isnan(quantiles_of(np.array([1.0, np.nan]))).all()


def test_over_draws_keeps_other_dimensions():
    values = xr.DataArray(np.arange(20.0).reshape(2, 10), {"year": [1, 2]}, ("year", "draw"))
    found = over_draws(values)
    assert found.dims == ("quantile", "year")
    assert found.sel(quantile=0.5).values.tolist() == [4.5, 14.5]


def test_the_error_of_a_ratio_is_that_of_its_linear_form():
    """Against the delta method, in a sample large enough for both to agree within 2 %."""
    rng = np.random.default_rng(8)
    n = 400
    part, whole = rng.normal(50, 5, n), rng.normal(100, 5, n)
    dataset = xr.Dataset(
        {
            "part": (("draw", "replicate"), part[None]),
            "whole": (("draw", "replicate"), whole[None]),
            "done": (("draw", "replicate"), np.ones((1, n))),
        },
        {"draw": [0], "replicate": np.arange(n)},
    )
    found = estimate(lambda d: d["part"] / d["whole"], dataset)
    ratio = part.mean() / whole.mean()
    linear = (part - ratio * whole) / whole.mean()
    assert float(found.error) == pytest.approx(linear.std(ddof=1) / np.sqrt(n), rel=0.02)
    assert found.draws == 0


def test_a_balance_before_deficit_financing_lacks_all_that_ever_came_in(forecast):
    keys = ("long_term_care_balance", "long_term_care_aid", "long_term_care_before_aid")
    forecast = forecast.assign(fund_deficit_financing=forecast["fund_deficit_financing"] + 1e9)
    level = compare(forecast, quantities=keys).query("kind == 'level' and scenario == 'baseline'")
    held, aid, before = (
        level[level["quantity"] == key].set_index("year")["central"] for key in keys
    )
    index = forecast["price_index"].isel(scenario=0, draw=0, replicate=0).to_series()
    money = aid * index / index[2025]  # of each year again
    expected = held - money.cumsum() * index[2025] / index
    assert np.allclose(before.loc[2011:2050], expected.loc[2011:2050])
    assert (before.loc[2011:2050] < held.loc[2011:2050]).all()


def test_tax_that_is_forgone_is_money_of_the_state():
    plain, dataset = small(), small()
    lost = np.zeros(dataset["price_index"].shape)
    lost[1][..., YEARS >= 2025] = 2e9  # as much again as the grant pays
    lead = ("scenario", "draw", "replicate", "year")
    dataset["tax_forgone"] = ((*lead, "province"), lost[..., None])
    costs = []
    for data in (plain, dataset):
        rows = compare(data, years=[2028])
        (found,) = rows[rows["quantity"] == "cost_per_added_birth"]["central"]
        costs.append(found)
    assert costs[1] == pytest.approx(2 * costs[0])
