"""The figures show what the results say, name what they show, and leave no trace behind."""

import subprocess
import sys
import warnings

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import font_manager
from songhe.analysis import plot_words, plots
from songhe.analysis.plot_words import CHINESE, ENGLISH

PNG = b"\x89PNG"


def texts(figure):
    """Everything written on a figure."""
    inside = [t.get_text() for axes in figure.axes for t in axes.texts]
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    return "\n".join([*(t.get_text() for t in figure.texts), *inside, *titles])


@pytest.fixture(scope="module")
def multiples(forecast):
    return plots.births_and_funds(forecast)


@pytest.fixture(scope="module")
def pyramids(forecast):
    return plots.population_pyramids(forecast)


@pytest.fixture
def chinese(monkeypatch):
    """As if DejaVu Sans had Chinese characters, so that no font need be installed."""
    monkeypatch.setattr(plot_words, "CHINESE_FONTS", ("DejaVu Sans",))


def test_two_pictures_are_written(forecast, tmp_path):
    written = plots.write_figures(forecast, tmp_path)
    assert [path.name for path in written] == ["population_pyramids.png", "births_and_funds.png"]
    assert all(path.read_bytes().startswith(PNG) for path in written)
    width = int.from_bytes(written[0].read_bytes()[16:20], "big")
    assert width == pytest.approx(plots.WIDTH * plots.DPI, abs=1)


def test_a_figure_leaves_settings_and_open_figures_as_they_were(forecast):
    from matplotlib import pyplot

    before = dict(mpl.rcParams)
    plots.population_pyramids(forecast)
    plots.births_and_funds(forecast.isel(draw=[0]))
    assert dict(mpl.rcParams) == before
    assert pyplot.get_fignums() == []


def test_importing_the_figures_loads_no_drawing_library():
    code = (
        "import sys, songhe.analysis.plots\n"
        "sys.exit('seaborn' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_scenarios_are_called_by_their_titles(multiples, pyramids):
    assert "child-subsidy-double: Subsidy doubled" in texts(multiples)
    assert "The law as enacted; population concept" in texts(pyramids)


def test_the_pyramid_names_years_concept_and_size(pyramids):
    written = texts(pyramids)
    assert "2010 and 2050" in written
    assert "population concept: official" in written
    assert "simulated persons 40,000, replicates 2, draws 5" in written


def test_the_pyramid_tells_numbers_of_older_people(pyramids, forecast):
    people = forecast["population_by_age"].sel(scenario="baseline", draw=0).mean("replicate")
    for year in (2010, 2050):
        for age in (60, 65, 80):
            number = float(people.sel(year=year, age=slice(age, None)).sum()) / 1e6
            assert f"{number:,.1f}" in texts(pyramids)
    assert "80 and over" in texts(pyramids)


def test_bars_are_the_last_year_and_the_line_is_2010(pyramids, forecast):
    people = forecast["population_by_age"].sel(scenario="baseline", draw=0).mean("replicate") / 1e6
    bars, line = pyramids.axes[0].patches[:2]
    np.testing.assert_allclose(bars.get_data().values, -people.sel(year=2050, sex="male"))
    np.testing.assert_allclose(line.get_data().values, -people.sel(year=2010, sex="male"))


def test_nothing_beyond_2050_is_shown_without_all_paths_of_fertility(forecast, multiples):
    assert multiples.axes[0].get_xlim()[1] == 2050
    names = ["baseline", "tfr-constant", "tfr-decline"]
    with_all = plots.panels(forecast.assign_coords(scenario=names), ENGLISH)
    assert with_all[0].values["year"].values[-1] == 2060
    longer = forecast.assign_coords(scenario=names, year=forecast["year"] + 20)
    assert "2030 and 2060" in texts(plots.population_pyramids(longer))


def test_a_scenario_is_held_against_its_own_baseline(forecast):
    about = {"ltci-delayed": {"reference": "child-subsidy-double"}}
    outlay = plots.panels(forecast.assign_attrs(scenario_texts=about), ENGLISH)[1]
    change = outlay.change.sel(scenario="ltci-delayed", draw=0, year=2030)
    levels = outlay.values.sel(draw=0, year=2030)
    assert float(change) == pytest.approx(
        float(levels.sel(scenario="ltci-delayed") - levels.sel(scenario="child-subsidy-double"))
    )
    assert float(change) < 0


def test_panels_are_births_then_funds_with_a_balance_where_there_is_one(forecast):
    titles = [panel.title for panel in plots.panels(forecast, ENGLISH)]
    assert titles == [
        "Births",
        "Child subsidy: outlay",
        "Long-term care insurance: outlay",
        "Long-term care insurance: pooled balance before deficit financing",
        "Resident pension: outlay",
    ]


def test_the_line_is_draw_0_averaged_over_replicates(forecast):
    births = plots.panels(forecast, ENGLISH)[0].values.sel(scenario="baseline", draw=0, year=2030)
    by_unit = forecast["births"].sel(scenario="baseline", draw=0, year=2030)
    expected = by_unit.sum(("province", "residence", "sex")).mean("replicate") / 1e6
    assert float(births) == pytest.approx(float(expected))


def test_chinese_units_are_wan_persons_and_yi_yuan(forecast):
    births, outlay = plots.panels(forecast, CHINESE)[:2]
    english = plots.panels(forecast, ENGLISH)
    np.testing.assert_allclose(births.values, 100 * english[0].values)
    np.testing.assert_allclose(outlay.values, 10 * english[1].values)


def test_money_is_shown_at_the_prices_of_one_year(forecast, multiples):
    nominal = forecast["fund_outlay"].sel(
        scenario="baseline", draw=0, fund="resident_pension", year=[2025, 2035]
    )
    nominal = nominal.sum(("ledger", "province")).mean("replicate") / 1e9
    shown = plots.panels(forecast, ENGLISH)[4].values.sel(
        scenario="baseline", draw=0, year=[2025, 2035]
    )
    np.testing.assert_allclose(shown, nominal / [1.0, 1.02**10])
    assert "2025 prices" in texts(multiples)


def test_only_scenarios_that_differ_are_drawn(multiples):
    pension = multiples.axes[8:10]
    assert [text.get_text() for text in pension[0].texts] == ["baseline"]
    assert pension[1].texts[0].get_text() == "no visible difference from baseline"
    subsidy = multiples.axes[2]
    assert "child-subsidy-\ndouble" in [text.get_text() for text in subsidy.texts]


def test_the_band_holds_the_middle_of_the_draws(multiples, forecast):
    births = forecast["births"].sel(scenario="baseline", year=2045)
    births = births.sum(("province", "residence", "sex")).mean("replicate") / 1e6
    low, high = np.percentile(births.sel(draw=slice(1, None)), (10, 90))
    outline = multiples.axes[0].collections[0].get_paths()[0].vertices
    here = outline[np.isclose(outline[:, 0], 2045), 1]
    assert here.min() == pytest.approx(low)
    assert here.max() == pytest.approx(high)


def test_draws_that_are_not_done_are_passed_over(forecast):
    lost = {
        name: values.where(values["draw"] < 4)
        for name, values in forecast.data_vars.items()
        if "draw" in values.dims
    }
    part = forecast.assign(lost)
    assert "middle 80 % of 3 further draws" in texts(plots.births_and_funds(part))


def test_one_scenario_and_one_draw_still_make_a_figure(forecast, tmp_path):
    alone = forecast.isel(scenario=[0], draw=[0], replicate=[0])
    assert "No bands" in texts(plots.births_and_funds(alone))
    assert len(plots.write_figures(alone, tmp_path)) == 2


def test_nothing_is_drawn_before_draw_0_is_done(forecast, tmp_path):
    begun = forecast.assign(done=forecast["done"].where(forecast["draw"] > 0, 0))
    assert plots.write_figures(begun, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_two_years_makes_figures(forecast, tmp_path):
    short = forecast.isel(draw=[0]).sel(year=slice(2010, 2012))
    assert len(plots.write_figures(short, tmp_path)) == 2


def test_births_by_chance_are_one_over_root_of_their_number(forecast):
    births = forecast["births"].sel(scenario="baseline", draw=0, year=slice(2011, None))
    births = float(births.sum(("province", "residence", "sex")).median())
    first = forecast["population_by_age"].sel(scenario="baseline", draw=0, year=2010, replicate=0)
    weight = float(first.sum()) / 40_000
    expected = 100 / np.sqrt(2 * births / weight)
    assert plots.births_chance(forecast) == pytest.approx(expected)


def test_chinese_labels_where_a_font_has_them(forecast, chinese):
    written = texts(plots.births_and_funds(forecast.isel(draw=[0]), "zh"))
    assert "出生人口" in written
    assert "亿元" in written
    assert "Births" not in written


def test_english_with_a_notice_where_no_font_has_chinese(forecast, monkeypatch):
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    with pytest.warns(UserWarning, match="no Chinese font is installed.*Install one, such as Noto"):
        assert plot_words.language_for("zh") == "en"


def test_a_font_that_was_installed_since_is_found(monkeypatch):
    path = font_manager.findfont("DejaVu Sans Mono")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [path, "/no/such/font.ttf"])
    monkeypatch.setattr(plot_words, "CHINESE_FONTS", ("DejaVu Sans Mono",))
    assert plot_words.chinese_font() == "DejaVu Sans Mono"


def test_notes_are_broken_where_they_fit_and_not_inside_numbers():
    text = "队列为前后共5个出生年份（Bongaarts和Feeney，1998）。" * 6
    lines = plot_words.wrapped(text).split("\n")
    assert "".join(lines) == text
    assert len(lines) > 2
    assert max(map(plot_words.columns, lines)) <= plot_words.COLUMNS + 2
    assert all(line[0] not in plot_words.NEVER_FIRST for line in lines)
    assert sum(line.count("1998") for line in lines) == 6
    assert plot_words.wrapped("one word " * 40).count("\n") == 2


def test_no_label_stands_among_the_years():
    placed = plots.spread_apart([0.0, 0.01, 0.02], 0.2, 0.04)
    assert placed == pytest.approx([0.04, 0.24, 0.44])
    assert plots.spread_apart([0.5, 0.9], 0.2, 0.04) == pytest.approx([0.5, 0.9])


def test_an_unknown_language_is_refused(forecast):
    with pytest.raises(ValueError, match="allowed: en, zh"):
        plots.population_pyramids(forecast, "fr")


def test_both_languages_say_the_same_things():
    for english, chinese in zip(ENGLISH, CHINESE, strict=True):
        if isinstance(english, dict):
            assert english.keys() == chinese.keys()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ENGLISH.concepts.keys() == {"official", "wpp"}


def test_labels_that_would_meet_are_moved_apart_in_order():
    placed = plots.spread_apart([0.5, 0.52, 0.1], 0.2)
    assert placed == pytest.approx([0.41, 0.61, 0.1])
    placed = plots.spread_apart([0.3, 0.3, 0.3], 0.1)
    assert sorted(np.diff(sorted(placed))) == pytest.approx([0.1, 0.1])
    assert np.mean(placed) == pytest.approx(0.3)
