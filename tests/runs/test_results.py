"""The contract of the results: names, dimensions, units, and what stands in them."""

import math

import numpy as np
import pytest
from songhe.parameters.load import load
from songhe.runs.results import BASE_YEAR, flat_constants, price_index, values_of
from songhe.runs.variables import LABELS, VARIABLES, stored, unit_bytes

LEAD = ("scenario", "draw", "replicate", "year")
CONTRACT = {  # design.md, section 4: as far as this release goes
    "population": ("province", "residence", "sex", "age"),
    "population_by_age": ("sex", "age"),
    "population_by_province": ("province", "residence"),
    "population_adl": ("province", "residence", "sex", "age", "adl"),
    "population_marital": ("residence", "sex", "age", "marital"),
    "population_education": ("sex", "age", "education"),
    "births": ("province", "residence", "sex"),
    "deaths": ("province", "residence", "sex"),
    "net_migration": ("province", "residence", "sex"),
    "net_migration_international": ("province", "residence", "sex"),
    "deaths_by_age": ("sex", "age"),
    "e0": ("sex",),
    "e60": ("sex",),
    "healthy_years_60": ("sex",),
    "tfr": (),
    "old_age_dependency_ratio": (),
    "marriages": (),
    "divorces": (),
    "households_by_size": ("residence", "household_size"),
    "kin_65plus": ("sex", "age", "partner", "living_children"),
    "living_alone": ("sex", "age", "residence"),
    "care_need_hours": ("adl",),
    "ltci_beneficiaries": ("care_grade", "province"),
    **{
        f"fund_{flow}": ("fund", "ledger", "province")
        for flow in (
            "revenue", "subsidy", "interest", "transfers", "administration", "outlay",
            "deficit_financing", "opening_adjustment", "balance",
        )
    },
    **{
        f"fund_{count}": ("fund", "province")
        for count in ("registered", "contributors", "contributor_years", "beneficiaries")
    },
    **{f"fund_{kind}_by_age": ("fund", "age") for kind in ("revenue", "outlay", "base")},
    "new_awards": ("fund", "province"),
    "months_of_reserve": ("fund",),
    "mean_benefit": ("fund",),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRACT)
def test_variable_of_the_contract_has_its_dimensions(name):
    assert VARIABLES[name].dims == CONTRACT[name]


def test_every_variable_says_what_it_is_in_two_languages():
    for variable in VARIABLES.values():
        assert set(variable.attributes) >= {"units", "long_name", "long_name_zh", "definition"}
        assert all(variable.attributes.values()), variable.name
        assert any("\u4e00" <= letter <= "\u9fff" for letter in variable.long_name_zh)
        assert all(dim in LABELS for dim in variable.dims)


def test_heavy_variables_are_those_by_province_and_single_age():
    for variable in VARIABLES.values():
        assert variable.heavy == ({"province", "age"} <= set(variable.dims)), variable.name


def test_standard_detail_keeps_heavy_variables_for_draw_0_alone():
    light = {v.name for v in stored("standard", 1)}
    assert {"population_by_age", "population_by_province", "births"} <= light
    assert not light & {"population", "population_adl"}
    assert {v.name for v in stored("full", 1)} == {v.name for v in stored("standard", 0)}
    heavy = sum(math.prod(v.shape) for v in VARIABLES.values() if v.heavy)
    assert unit_bytes("full", 1, 51) - unit_bytes("standard", 1, 51) == 8 * 51 * heavy > 0


def test_counts_are_agents_times_the_weight(counts, weight):
    values = values_of(counts, weight, load())
    assert np.array_equal(values["births"][3], counts[2013]["births"] * weight)
    assert values["births"].shape == (7, 31, 2, 2)


def test_money_is_fen_of_agents_times_the_weight_over_100(counts, weight):
    outlay = values_of(counts, weight, load())["fund_outlay"]
    assert np.allclose(outlay[2], counts[2012]["fund_outlay"] * weight / 100, rtol=1e-15)


def test_flows_of_2010_are_unknown_and_stocks_are_known(counts, weight):
    values = values_of(counts, weight, load())
    assert BASE_YEAR == 2010
    for name in ("births", "deaths_by_age", "fund_outlay", "tfr", "e0", "exposure"):
        assert np.isnan(values[name][0]).all(), name
    for name in ("population", "population_by_age", "old_age_dependency_ratio"):
        assert not np.isnan(values[name][0]).any(), name


def test_closing_balance_is_opening_and_flows_to_the_fen(counts, weight):
    values = values_of(counts, weight, load())
    fen = {k: np.rint(v * 100 / weight) for k, v in values.items() if k.startswith("fund_")}
    assert (fen["fund_balance"][0] == 0).all()
    inflow = ("revenue", "subsidy", "interest", "transfers", "deficit_financing")
    flows = sum(fen[f"fund_{name}"] for name in (*inflow, "opening_adjustment"))
    flows = flows - fen["fund_outlay"] - fen["fund_administration"]
    assert np.array_equal(fen["fund_balance"][1:], (fen["fund_balance"][:-1] + flows[1:]))


def test_marginals_are_sums_of_the_table(counts, weight):
    values = values_of(counts, weight, load())
    assert np.allclose(values["population_by_age"], values["population"].sum(axis=(1, 2)))
    assert np.allclose(values["population_by_province"], values["population"].sum(axis=(3, 4)))
    assert np.allclose(
        values["population_adl_by_age"].sum(-1), values["population_by_age"], rtol=1e-12
    )


def test_ratios_follow_from_stored_sums(counts, weight):
    values = values_of(counts, weight, load())
    women = values["exposure"][:, 1]
    tfr = (values["births_by_age_parity"].sum(-1) / women).sum(-1)
    assert np.allclose(values["tfr"][1:], tfr[1:])
    outlay = values["fund_outlay"].sum(axis=(2, 3))
    served = values["fund_beneficiaries"].sum(-1)
    assert np.allclose(values["mean_benefit"][1:], (outlay / served)[1:])
    months = 12 * values["fund_balance"].sum(axis=(2, 3)) / outlay
    assert np.allclose(values["months_of_reserve"][1:], months[1:])


def test_healthy_years_equal_all_years_when_everybody_is_well(counts, weight):
    values = values_of(counts, weight, load())
    assert np.allclose(values["healthy_years_60"][1:], values["e60"][1:])
    assert (values["e0"][1:] > 0).all()


def test_contributor_years_are_months_over_12(counts, weight):
    values = values_of(counts, weight, load())
    expected = counts[2014]["fund_contributor_months"] * weight / 12
    assert np.allclose(values["fund_contributor_years"][4], expected)
    assert "fund_contributor_months" not in values


def test_what_the_model_does_not_count_is_left_out(counts, weight):
    values = values_of(counts, weight, load())
    assert not {"ltci_beneficiaries", "kin_65plus", "new_awards"} & set(values)
    for now in counts.values():
        now.pop("deaths_by_age", None)
    assert not {"e0", "e60", "healthy_years_60"} & set(values_of(counts, weight, load()))


def test_a_flow_that_starts_later_is_zero_before(counts, weight):
    for year in (2011, 2012):
        del counts[year]["births"]
    births = values_of(counts, weight, load())["births"]
    assert np.isnan(births[0]).all()
    assert (births[1:3] == 0).all()
    assert (births[3:] > 0).any()


def test_prices_chain_the_growth_of_consumer_prices():
    p = load()
    index = price_index(p, np.arange(2010, 2014))
    growth = [float(p.year("work.economy.cpi_growth", y)) for y in (2011, 2012, 2013)]
    assert index[0] == 1
    assert np.allclose(index[1:], np.cumprod(1 + np.array(growth)), rtol=1e-15)


def test_constants_become_single_numbers():
    table = [("kappa", 2011, np.array([[1.0, 2.0]])), ("tfr", 2012, np.array(0.5))]
    flat, nan = flat_constants(table), np.nan
    assert flat.names == ("kappa[0,0]", "kappa[0,1]", "tfr")
    in_2010, in_2011, in_2012 = [nan, nan, nan], [1.0, 2.0, nan], [nan, nan, 0.5]
    assert np.array_equal(flat.values, [in_2010, in_2011, in_2012], equal_nan=True)
    assert np.array_equal(flat.over(2), [in_2010, in_2011], equal_nan=True)
    assert np.array_equal(flat.over(4)[2:], [in_2012, [nan, nan, nan]], equal_nan=True)
