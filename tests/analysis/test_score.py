"""The score card says what was aligned, what was scored, and how far off each figure is."""

from unicodedata import east_asian_width

import numpy as np
import pytest
import xarray as xr
from songhe.analysis import score, twins
from songhe.analysis.score_text import score_text
from songhe.parameters.load import load


@pytest.fixture(scope="module")
def p():
    return load()


@pytest.fixture(scope="module")
def table(forecast, p):
    return score.score_table(forecast, p)


@pytest.fixture(scope="module")
def twin_forecast(forecast, p):
    """The made-up forecast with people from the cohort-component projection."""
    start = forecast["population_by_age"].sel(scenario="baseline", draw=0, year=2010)
    start = start.mean("replicate").values
    lived = twins.project(start, score.twin_rates(p, "official", 2011, 2060))
    people = np.stack([start, *(year.population for year in lived)])
    shape = forecast["population_by_age"].shape
    return forecast.assign(
        population_by_age=(forecast["population_by_age"].dims, np.broadcast_to(people, shape))
    )


def rows(table, quantity, section):
    chosen = table[(table["quantity"] == quantity) & (table["section"] == section)]
    return chosen.set_index("year")


def with_marriages(forecast, values):
    """The forecast with marriages [draw, replicate] in every year."""
    marriages = np.broadcast_to(
        np.asarray(values, float)[None, :, :, None], forecast["marriages"].shape
    )
    changed = forecast.assign(marriages=(forecast["marriages"].dims, marriages))
    return changed.sel(year=slice(None, 2019))


def test_each_figure_says_what_songhe_does_with_it(table):
    fitted = table[table["section"] == score.FITTED].groupby("quantity")["treatment"].first()
    assert fitted["marriages"] == fitted["divorces"] == fitted["urban_share"] == "aligned"
    assert fitted["population_60plus"] == fitted["population_65plus"] == "fitted"
    assert fitted["births"] == fitted["deaths"] == fitted["total_population"] == "compared"


@pytest.mark.parametrize(
    ("key", "before"),
    [
        ("demography.scores.marriages", "demography.targets.marriages"),
        ("policies.employee_pension.score_outlay", "policies.employee_pension.observed_outlay"),
        ("policies.employee_pension.score_balance", "policies.employee_pension.compared_balance"),
    ],
)
def test_the_naive_forecast_is_the_trend_of_the_fitted_years(p, key, before):
    """By the formula of least squares, on logs."""
    years = np.array([y for y in p.coords(before, "year") if y <= 2015], float)
    logs = np.log([float(p.year(before, int(y))) for y in years])
    slope = ((years - years.mean()) * logs).sum() / ((years - years.mean()) ** 2).sum()
    expected = np.exp(logs.mean() + slope * (2018 - years.mean()))
    assert score.trend_of(p, key)(2018) == pytest.approx(expected)


def test_only_scored_series_have_a_naive_forecast(table):
    scored = table["section"] == score.SCORED
    assert table.loc[scored, "trend_error_percent"].notna().all()
    assert table.loc[table["section"] == score.FITTED, "trend_error_percent"].isna().all()


def test_the_text_gives_the_skill_and_the_worst_first(table):
    text = score_text(table)
    scored = table[table["section"] == score.SCORED]
    naive = scored["trend_error_percent"].abs().mean()
    skill = 1 - scored["error_percent"].abs().mean() / naive
    assert f"errs by {naive:.1f} %: skill {skill:+.2f}" in text
    worst = scored["error_percent"].abs().groupby(scored["title"]).mean().idxmax()
    below = text.split("Scored years, untuned")[1].splitlines()[1]
    assert below.strip().startswith(worst.replace(" fund", "").split(",")[0][:20])


def test_nothing_after_2015_is_aligned_or_fitted(table, p):
    later = table[(table["year"] > 2015) & (table["section"] != score.TWIN)]
    scored, shock = later[later["year"] <= 2019], later[later["year"] == 2020]
    assert set(scored["treatment"]) == {"scored"}
    assert set(scored["section"]) == {score.SCORED}
    assert set(shock["treatment"]) == {"shown"}
    assert set(shock["section"]) == {score.SHOCK}
    assert len(later) == len(scored) + len(shock)
    assert later["year"].max() == 2020
    fitted = table[table["section"] == score.FITTED]
    assert fitted["year"].between(2011, 2015).all()


def test_a_shock_year_is_shown_and_not_scored():
    marriages = next(c for c in score.COMPARISONS if c.treatment == "scored")
    assert score._section(marriages, 2020) == score.SHOCK
    assert score._treatment(marriages, 2020, "official") == "shown"


def test_outlay_that_a_level_was_fitted_to_is_called_fitted(table, forecast):
    outlay = rows(table, "resident_pension_outlay", score.FITTED)
    assert set(outlay["treatment"]) == {"fitted"}
    money = forecast["fund_outlay"].sel(scenario="baseline", draw=0, fund="resident_pension")
    expected = float(money.sel(year=2013).sum(("ledger", "province")).mean("replicate")) / 1e9
    assert outlay["model"][2013] == pytest.approx(expected)
    assert outlay["reference"][2013] == pytest.approx(134.8)


def test_a_published_series_of_a_fund_is_found_by_its_name(tmp_path):
    entry = """
      title: Recipients
      zh: 领取人数
      unit: million persons
      dims: [year]
      valid: [0, 1000]
      coords: {year: [2016, 2020]}
      evidence: recalled
      beyond: record
      value: [152.7, 160.68]
      source: bulletin
      prior: {fixed: published}
    """
    (tmp_path / "policies").mkdir()
    file = tmp_path / "policies" / "resident_pension.yaml"
    file.write_text("score_beneficiaries:" + entry, encoding="utf-8")
    source = "bulletin: {title: Bulletin, publisher: Ministry, year: 2021, licence: none stated}\n"
    (tmp_path / "sources.yaml").write_text(source, encoding="utf-8")
    found = score.fund_comparisons(load(root=tmp_path))
    assert [(c.quantity, c.treatment) for c in found] == [
        ("resident_pension_beneficiaries", "scored")
    ]
    assert [score._section(found[0], year) for year in (2016, 2020)] == [score.SCORED, score.SHOCK]
    file.write_text("score_weather:" + entry, encoding="utf-8")
    with pytest.raises(KeyError, match="weather"):
        score.fund_comparisons(load(root=tmp_path))


def test_official_counts_do_not_judge_a_run_of_the_other_concept(forecast, p):
    other = score.score_table(forecast.assign_attrs(concept="wpp").sel(year=slice(None, 2019)), p)
    treatment = other.groupby("quantity")["treatment"].first()
    assert treatment["population_60plus"] == treatment["births"] == "other concept"
    assert treatment["marriages"] == "aligned"


def test_error_is_per_cent_of_the_published_figure(forecast, p):
    right = 1000 * float(p.year("demography.scores.marriages", 2016))
    scored = score.score_table(with_marriages(forecast, np.full((5, 2), 1.1 * right)), p)
    assert rows(scored, "marriages", score.SCORED)["error_percent"][2016] == pytest.approx(10.0)


def test_the_interval_is_that_of_the_draws_beside_the_central_one(forecast, p):
    draws = np.array([99e6, 10e6, 11e6, 12e6, 13e6])
    here = score.score_table(with_marriages(forecast, np.stack([draws, draws], axis=1)), p)
    row = rows(here, "marriages", score.SCORED).loc[2016]
    assert row["model"] == 99e3
    assert (row["low"], row["high"]) == pytest.approx((10.3e3, 12.7e3))
    assert row["inside"]  # 11,428 thousand were published
    assert not rows(here, "marriages", score.SCORED).loc[2019]["inside"]  # 9,273 thousand


def test_without_draws_nothing_is_inside_or_outside(forecast, p):
    alone = score.score_table(forecast.isel(draw=[0]).sel(year=slice(None, 2019)), p)
    assert alone["inside"].isna().all()
    assert alone["low"].isna().all()
    assert "inside" not in score_text(alone)


def test_monte_carlo_error_comes_from_the_replicates(forecast, p):
    values = np.tile([9e6, 11e6], (5, 1))
    here = score.score_table(with_marriages(forecast, values), p)
    row = rows(here, "marriages", score.SCORED).loc[2016]
    # sd of 9 and 11 is 1.414; over root 2 and a mean of 10: 10 per cent
    assert row["standard_error_percent"] == pytest.approx(10.0)


def test_years_that_were_not_run_are_left_out(forecast, p):
    short = score.score_table(forecast.sel(year=slice(None, 2013)), p)
    assert short["year"].max() == 2013
    assert set(short["section"]) == {score.FITTED}


def test_without_the_central_draw_there_is_nothing_to_score(forecast, p):
    undone = forecast["draw"] > 0
    begun = forecast.assign(
        done=forecast["done"].where(undone, 0),
        population_by_age=forecast["population_by_age"].where(undone),
    )
    assert score.score_table(begun, p).empty


def test_life_expectancy_is_shown_for_men_and_women_apart(table):
    e0 = table[table["quantity"].str.startswith("e0")]
    assert set(e0["quantity"]) == {"e0_men", "e0_women"}
    assert rows(table, "e0_men", score.FITTED)["reference"][2015] == pytest.approx(73.64)
    assert rows(table, "e0_women", score.FITTED)["reference"][2015] == pytest.approx(79.43)


def test_life_expectancy_is_that_of_the_sums_over_replicates(forecast, p):
    """Deaths of one replicate at twice the hazard of the other: the mean hazard decides."""
    exposure = xr.ones_like(forecast["population_by_age"])
    hazard = xr.DataArray([0.01, 0.02], {"replicate": [0, 1]})
    dataset = forecast.assign(exposure=exposure, deaths_by_age=exposure * hazard)
    here = score.score_table(dataset.sel(year=slice(None, 2019)), p)
    model = rows(here, "e0_men", score.FITTED)["model"][2015]
    assert model == pytest.approx(1 / 0.015, rel=1e-3)


def test_the_twin_of_a_twin_is_itself(twin_forecast, p):
    here = score.score_table(twin_forecast, p)
    against = here[here["section"] == score.TWIN]
    assert list(against["year"].unique()) == [2020, 2040, 2060]
    np.testing.assert_allclose(against["error_percent"], 0.0, atol=1e-9)


def test_a_model_one_per_cent_above_its_twin_is_one_per_cent_off(twin_forecast, p):
    people = twin_forecast["population_by_age"]
    more = people.where(people["year"] == 2010, 1.01 * people)
    here = score.score_table(twin_forecast.assign(population_by_age=more), p)
    np.testing.assert_allclose(here[here["section"] == score.TWIN]["error_percent"], 1.0)


def test_chance_against_the_twin_falls_with_persons_and_replicates(twin_forecast, p):
    def error(dataset):
        here = score.score_table(dataset.sel(year=slice(None, 2020)), p)
        return here[here["section"] == score.TWIN]["standard_error_percent"].to_numpy(dtype=float)

    base = error(twin_forecast)
    np.testing.assert_allclose(error(twin_forecast.assign_attrs(persons=160_000)), base / 2)
    np.testing.assert_allclose(error(twin_forecast.isel(replicate=[0])), base * np.sqrt(2))
    # 80,000 agents: about 0.04 % at a million after ten years, sqrt(12.5) times as much here
    assert 0.08 < base[0] < 0.3


def test_the_twin_receives_the_net_migration_of_the_parameters(p):
    rates = score.twin_rates(p, "official", 2015, 2015)[0]
    total = 1000 * float(p.year("demography.migration_international.net_total", 2015))
    assert rates.migration.sum() == pytest.approx(total)


def test_the_summary_is_a_mean_of_absolute_errors(table):
    marriages = rows(table, "marriages", score.SCORED)["error_percent"]
    summary = score.score_summary(table).set_index(["section", "quantity"])
    line = summary.loc[(score.SCORED, "marriages")]
    assert line["years"] == 4
    assert line["mean_absolute_error_percent"] == pytest.approx(np.abs(marriages).mean())


def test_the_text_has_every_quantity_once_in_a_section(table):
    text = score_text(table)
    assert "Fitted years" in text
    assert "Mean absolute error over 2016-2019" in text
    assert text.count("Registered marriages") == 2
    assert text.count("Life expectancy at birth, men") == 1
    assert max(len(line) for line in text.splitlines()) <= 110


def test_the_text_is_written_in_chinese_as_well(table):
    text = score_text(table, "zh")
    assert "评分年份" in text
    assert "Fitted" not in text
    with pytest.raises(ValueError, match="allowed: en, zh"):
        score_text(table, "fr")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_the_terminal(table, language, width):
    text = score_text(table, language, width)
    lines = [line for line in text.splitlines() if line.startswith("  ")]  # prose may wrap
    widths = [sum(2 if east_asian_width(c) in "WF" else 1 for c in line) for line in lines]
    assert max(widths) <= min(width, 100)
    assert len(lines) > 10
    assert all(any(c in "+-" for c in line) for line in lines)
