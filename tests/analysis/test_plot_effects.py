"""The figure of a family scenario shows its table, and says what it cannot show."""

import numpy as np
import pytest
from songhe.analysis import plot_effects, plots
from songhe.analysis.plot_effects import effect_figure, effects, write_effects
from songhe.analysis.split import PARTS
from songhe.tests.analysis.test_split import SINCE, with_children, with_parts


def results(**choices):
    """The small results with fertility, titles and births outside the evidence."""
    dataset = with_children() if not choices else with_parts(**choices)
    lead = ("scenario", "draw", "replicate", "year")
    shape = tuple(dataset.sizes[dim] for dim in lead)
    beyond = np.zeros(shape)
    beyond[1, ..., -1] = (
        0.25 * dataset["births"].sum(("province", "residence", "sex")).values[1, ..., -1]
    )
    names = {"title": ["The law", "A grant"], "title_zh": ["现行", "补贴"]}
    dataset = dataset.assign(births_beyond_evidence=(lead, beyond))
    dataset = dataset.assign({k: (("scenario",), v) for k, v in names.items()})
    return dataset.assign_attrs(dataset.attrs | {"concept": "official", "version": "1"})


@pytest.fixture(scope="module")
def dataset():
    return results()


@pytest.fixture(scope="module")
def table(dataset):
    found = effects(dataset)
    assert list(found) == ["grant"]
    return found["grant"]


def texts(figure):
    inside = [t.get_text() for axes in figure.axes for t in axes.texts]
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    return "\n".join([*(t.get_text() for t in figure.texts), *inside, *titles])


def heights(axes):
    """Sums of the bars over each year."""
    found = {}
    for bar in axes.patches:
        x = round(bar.get_x() + bar.get_width() / 2)
        found[x] = found.get(x, 0.0) + bar.get_height()
    return found


def test_the_table_begins_with_the_first_answer_and_holds_every_part(table):
    assert set(table.loc[table["kind"] == "part", "quantity"]) == set(PARTS)
    assert table.loc[table["kind"] != "cohort", "year"].min() == SINCE
    assert {"part", "cost", "cohort", "level"} <= set(table["kind"])


def test_bars_add_up_to_the_line(dataset, table):
    grid = effect_figure(dataset, "grant", table).axes
    for axes in grid[:2]:
        line = axes.get_lines()[-2].get_xydata()  # the last one is zero
        found = heights(axes)
        assert line[:, 0].tolist() == sorted(found)
        assert [found[x] for x in line[:, 0]] == pytest.approx(line[:, 1].tolist())


def test_period_and_cohort_have_one_scale(dataset, table):
    period, cohort = effect_figure(dataset, "grant", table).axes[2:4]
    assert period.get_ylim() == cohort.get_ylim()
    dashed = [line for line in cohort.get_lines() if line.get_linestyle() == "--"]
    assert len(dashed) == 1
    assert dashed[0].get_xdata()[0] == 2030 - 49 - 2


def test_it_says_what_is_outside_the_evidence(dataset, table):
    assert "Up to 25 % of a year's births are outside the range" in texts(
        effect_figure(dataset, "grant", table)
    )
    inside = dataset.assign(births_beyond_evidence=0 * dataset["births_beyond_evidence"])
    assert "outside the range" not in texts(
        effect_figure(inside, "grant", effects(inside)["grant"])
    )


def test_a_scenario_that_takes_away_has_no_benefits_to_show():
    dataset = results(gain=(-1e3, 0.0, 0.0), added=-1e4, answered=-2e4, owed=-1e4)
    text = texts(effect_figure(dataset, "grant", effects(dataset)["grant"]))
    assert "takes benefits away" in text
    assert "saved per birth lost" in text
    assert "no birth is had for the money" in text  # the money stays in these results


def test_no_figure_where_births_do_not_answer(tmp_path):
    silent = results(added=1e3, answered=0.0, owed=0.0)
    assert not list(write_effects(silent, tmp_path))
    assert not list(tmp_path.iterdir())


def test_one_draw_makes_a_figure_without_bands(dataset, tmp_path):
    alone = dataset.isel(draw=[0])
    ((path, table),) = write_effects(alone, tmp_path)
    assert path.name == "effects_grant.png"
    assert path.stat().st_size > 10_000
    assert (table["draws"] == 0).all()
    assert "No bands" in texts(effect_figure(alone, "grant", table))


def test_both_languages_have_every_word_of_the_figure(dataset, table, monkeypatch):
    monkeypatch.setattr(plot_effects, "language_for", lambda language: language)
    monkeypatch.setattr(plots, "chinese_font", lambda: "DejaVu Sans")
    text = texts(effect_figure(dataset, "grant", table, "zh"))
    assert {"时间进度效应", "补贴"} <= set(text.split("\n"))
    assert "births" not in text.lower()
