"""The figure of families shows what the results say, and no path of fertility alone beyond 2050."""

import numpy as np
import pytest
import xarray as xr
from songhe.analysis import plot_families, plots
from songhe.analysis.compare import compare
from songhe.analysis.plot_words import CHINESE, ENGLISH

PATHS = ["baseline", "tfr-constant", "tfr-decline"]


def with_families(forecast):
    """Women of 25 to 34 bear; everybody of 45 has two children but the tenth woman none."""
    lead = {dim: forecast[dim] for dim in ("scenario", "draw", "replicate", "year")}
    shape = tuple(len(values) for values in lead.values())
    births = np.zeros((*shape, 101, 5))
    births[..., 25:30, 0], births[..., 30:35, 1] = 0.16, 0.08
    births *= 1 + 0.01 * np.arange(shape[1])[:, None, None, None, None]
    births[..., 0, :, :] = np.nan
    women = np.zeros((*shape, 101, 6))
    women[..., 20:, 0], women[..., 20:, 2] = 100.0, 900.0
    weds = np.zeros((*shape, 2, 101, 2))
    weds[..., 0, 28, 0], weds[..., 1, 26, 0], weds[..., 50, 1] = 5.0, 4.0, 3.0
    weds[..., 0, 70, 1], weds[..., 0, 49, 1] = 3.0, 3.0
    data = {
        "births_by_age_order": (("age", "order"), births),
        "women_by_parity": (("age", "parity"), women),
        "children_ever_born": (("age",), (women * np.arange(6)).sum(-1)),
        "marriages_by_age": (("sex", "age", "marriage_order"), weds),
    }
    coords = {
        "order": np.arange(1, 6),
        "parity": np.arange(6),
        "marriage_order": ["first", "again"],
    }
    new = {name: ((*lead, *dims), values) for name, (dims, values) in data.items()}
    return forecast.assign(new).assign_coords(coords)


@pytest.fixture(scope="module")
def results(forecast):
    return with_families(forecast)


def texts(figure):
    inside = [t.get_text() for axes in figure.axes for t in axes.texts]
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    return "\n".join([*(t.get_text() for t in figure.texts), *inside, *titles])


def line(axes, k):
    return axes.get_lines()[k].get_xydata()


def test_a_year_that_the_draws_do_not_know_has_no_band_and_no_warning():
    """As where few people are simulated and nobody of a draw did something in a year."""
    values = np.array([[1.0, 1.0, 1.0], [2.0, np.nan, np.nan], [4.0, np.nan, 3.0]])
    coords = {"draw": [0, 1, 2], "year": [2020, 2021, 2022]}
    x, middle, low, high = plot_families._known(xr.DataArray(values, coords, ("draw", "year")))
    assert x.tolist() == [2020, 2021, 2022]
    assert middle.tolist() == [1, 1, 1]
    np.testing.assert_allclose(low, [2.2, np.nan, np.nan])
    np.testing.assert_allclose(high, [3.8, np.nan, np.nan])


def test_lines_are_the_figures_of_draw_0(results):
    fertility, cohorts, progression, ages = plot_families.fertility_and_marriage(results).axes
    assert line(fertility, 0)[:, 1] == pytest.approx(np.full(40, 5 * 0.16 + 5 * 0.08))
    assert line(cohorts, 3)[:, 1] == pytest.approx(np.full(len(line(cohorts, 3)), 1.8))
    assert line(progression, 0)[:, 1] == pytest.approx(np.full(len(line(progression, 0)), 90.0))
    assert line(progression, 1)[:, 1] == pytest.approx(np.full(len(line(progression, 1)), 100.0))
    means = [float(line(ages, k)[-1, 1]) for k in range(4)]
    assert means == pytest.approx([28.5, 26.5, 27.5, 32.5])


def test_cohorts_are_those_who_reached_the_age(results):
    cohorts = plot_families.fertility_and_marriage(results).axes[1]
    assert line(cohorts, 3)[[0, -1], 0].tolist() == [2010 - 49 + 2, 2050 - 49 - 2]


def test_nothing_is_shown_beyond_2050_without_the_three_paths(results):
    alone = plot_families.fertility_and_marriage(results)
    assert line(alone.axes[0], 0)[-1, 0] == 2050
    assert "only beside tfr-constant" in texts(alone).replace("\n", " ")
    all_three = plot_families.fertility_and_marriage(results.assign_coords(scenario=PATHS))
    assert line(all_three.axes[0], 0)[-1, 0] == 2060
    assert {"baseline", "tfr-constant", "tfr-decline"} <= set(texts(all_three).split("\n"))
    assert "only beside" not in texts(all_three)


def test_it_is_written_with_the_others_where_the_results_have_the_numbers(results, tmp_path):
    written = plots.write_figures(results, tmp_path)
    assert [p.name for p in written][-1] == "fertility_and_marriage.png"
    assert len(written) == 3


def test_results_without_the_numbers_are_refused(forecast):
    with pytest.raises(ValueError, match="hold no births_by_age_order"):
        plot_families.fertility_and_marriage(forecast)


def test_one_draw_and_one_scenario_make_a_figure_without_bands(results):
    figure = plot_families.fertility_and_marriage(results.isel(scenario=[0], draw=[0]))
    assert all(len(axes.collections) == 0 for axes in figure.axes)
    assert "No bands" in texts(figure)


def test_both_languages_have_every_word_of_the_figure(results, monkeypatch):
    monkeypatch.setattr(plot_families, "language_for", lambda language: language)
    monkeypatch.setattr(plots, "chinese_font", lambda: "DejaVu Sans")
    figure = plot_families.fertility_and_marriage(results.isel(draw=[0]), "zh")
    assert "总和生育率" in texts(figure)
    assert ENGLISH.families_title not in texts(figure)
    assert CHINESE.tempo in texts(figure)


def test_the_pyramid_beyond_2050_has_the_other_paths_beside_it(results):
    paths = results.assign_coords(scenario=PATHS, year=results["year"] + 5)
    people = paths["population_by_age"].sel(scenario="tfr-decline", draw=0).mean("replicate")
    figure = plots.population_pyramids(paths)
    dotted = [p for p in figure.axes[0].patches if p.get_linestyle() == ":"]
    assert len(dotted) == 2
    expected = -people.sel(year=2060, sex="male", age=slice(None, 35)) / 1e6
    np.testing.assert_allclose(dotted[0].get_data().values, expected)
    assert "dotted tfr-decline" in texts(figure)
    assert not any(
        p.get_linestyle() == ":" for p in plots.population_pyramids(results).axes[0].patches
    )


def test_the_table_of_families_is_made_of_the_same_figures(results):
    names = ["completed_fertility", "progression_0_1", "mean_age_at_birth_1", "remarriage_share",
             "remarriage_50plus", "tfr_tempo_adjusted"]  # fmt: skip
    frame = compare(results, names, years=[2040])
    levels = frame[(frame["kind"] == "level") & (frame["scenario"] == "baseline")]
    found = dict(zip(levels["quantity"], levels["central"], strict=True))
    assert found == pytest.approx({
        "completed_fertility": 1.8, "progression_0_1": 90.0, "mean_age_at_birth_1": 27.5,
        "remarriage_share": 100 * 12 / 21, "remarriage_50plus": 2.0,
        "tfr_tempo_adjusted": 1.2,
    })  # fmt: skip
