"""A run held against a user's figures: known errors, every quantity, and everything refused."""

import csv
from pathlib import Path

import numpy as np
import pytest
from songhe.analysis import score, validate_figures
from songhe.analysis.quantities import QUANTITIES
from songhe.analysis.validate import COLUMNS, SHIPPED, given_by_user, validate, validation_summary
from songhe.analysis.validate_figures import Span, figures_of
from songhe.parameters.dims import AGE_GROUPS, EDUCATION, MARITAL, PROVINCES
from songhe.parameters.load import load
from songhe.parameters.problems import ParameterError

UNITS = ("scenario", "draw", "replicate", "year")
SAMPLE = Path(__file__).parents[2] / "docs" / "published-figures.csv"
FAMILY = {
    "population_marital": ("residence", "sex", "age", "marital"),
    "never_married": ("residence", "sex", "age_group", "education"),
    "adults": ("residence", "sex", "age_group", "education"),
    "births_by_age_order": ("age", "order"),
    "births_by_province_order": ("province", "birth_order"),
    "marriages_by_age": ("sex", "age", "marriage_order"),
    "households_by_size": ("residence", "household_size"),
    "households_by_generations": ("residence", "generations"),
    "living_alone": ("sex", "age", "residence"),
    "collective_population": ("collective",),
}
COORDS = {
    "marital": list(MARITAL), "age_group": list(AGE_GROUPS), "education": list(EDUCATION),
    "order": [1, 2, 3, 4, 5], "birth_order": [1, 2, 3], "marriage_order": ["first", "again"],
    "household_size": list(range(1, 11)), "generations": [1, 2, 3, 4], "collective": ["a", "b"],
}  # fmt: skip


@pytest.fixture(scope="module")
def p():
    return load()


@pytest.fixture(scope="module")
def data(forecast):
    """The made-up forecast with families of random whole numbers, 2010 to 2022."""
    found = forecast.sel(year=slice(2010, 2022), scenario=["baseline", "ltci-delayed"])
    found = found.assign_coords(COORDS)
    rng = np.random.default_rng(11)
    for name, dims in FAMILY.items():
        shape = [found.sizes[dim] for dim in (*UNITS, *dims)]
        most = 100 if name in ("living_alone", "never_married") else 1000  # parts of others
        counts = rng.integers(most // 2, most, shape).astype(float)
        found[name] = ((*UNITS, *dims), counts)
    found["births_by_age_order"][:, :, :, 0] = np.nan  # 2010 holds stocks only
    found["e0"] = ((*UNITS, "sex"), np.full([found.sizes[dim] for dim in (*UNITS, "sex")], 77.0))
    about = {"units": "years", "kind": "indicator", "long_name": "e0", "long_name_zh": "预期寿命"}
    found["e60"] = found["e0"].assign_attrs(about)
    about = {"units": "yuan per year", "kind": "flow", "long_name": "Paid", "long_name_zh": "支出"}
    found["fund_outlay"].attrs = about
    return found.assign_attrs(infant_years=0.1).load()


@pytest.fixture
def file(tmp_path):
    """Writes figures, each a dict, and gives the path."""

    def write(*rows, name="own.csv"):
        heading = dict.fromkeys(("year", "quantity", "value", "unit", "source"))
        for row in rows:
            heading |= dict.fromkeys(row)
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(heading))
            writer.writeheader()
            writer.writerows({"source": "made up"} | row for row in rows)
        return path

    return write


def figure(quantity, value, unit, year=2016, **cell):
    return {"year": year, "quantity": quantity, "value": value, "unit": unit, **cell}


def central(data, name, year=2016):
    """Draw 0 of the baseline, averaged over replicates."""
    return data[name].sel(scenario="baseline", draw=0, year=year).mean("replicate")


def own(data, p, *files, **choices):
    return given_by_user(validate(data, p, files, **choices))


# --- errors of known figures -------------------------------------------------------------


def test_the_error_of_a_known_figure_is_exact(data, p, file):
    births = float(central(data, "births").sum())
    (row,) = own(data, p, file(figure("births", births / 1.25, "persons"))).to_dict("records")
    assert row["model"] == pytest.approx(births)
    assert row["error_percent"] == pytest.approx(25.0)
    assert row["reference"] == births / 1.25
    assert row["source"] == "made up"
    assert row["origin"].endswith("own.csv:2")


@pytest.mark.parametrize(
    ("unit", "size"),
    [("persons", 1), ("万人", 1e4), ("million persons per year", 1e6), ("亿人", 1e8)],
)
def test_a_figure_may_come_in_any_of_its_units(data, p, file, unit, size):
    births = float(central(data, "births").sum())
    (row,) = own(data, p, file(figure("births", births / size, unit))).to_dict("records")
    assert row["error_percent"] == pytest.approx(0.0, abs=1e-9)
    assert row["unit"] == unit


def test_shares_have_an_error_in_points_too(data, p, file):
    people = central(data, "population_marital").sel(sex="female", age=slice(25, 29))
    share = float(people.sel(marital="never_married").sum() / people.sum())
    given = figure(
        "never_married_share", 100 * share - 2, "%", sex="female", age_from=25, age_to=29
    )
    table = own(data, p, file(given, figure("births", 100, "persons")))
    shares = table[table["unit"] == "%"].iloc[0]
    assert shares["model"] == pytest.approx(100 * share)
    assert shares["error_points"] == pytest.approx(2.0)
    assert shares["error_percent"] == pytest.approx(200 / (100 * share - 2))
    assert np.isnan(table.loc[table["unit"] != "%", "error_points"].iloc[0])


def test_figures_by_cell_are_those_of_the_results(data, p, file):
    """Each against a sum written out over the arrays."""
    marital = central(data, "population_marital")
    orders = central(data, "births_by_age_order")
    women = central(data, "exposure").sel(sex="female")
    sizes, alone = central(data, "households_by_size"), central(data, "living_alone")
    weds = central(data, "marriages_by_age").sel(sex="male", marriage_order="first").values
    graduates = {
        name: central(data, name).sel(education="university", age_group=[25, 30], sex="male").sum()
        for name in ("never_married", "adults")
    }
    rates = orders.values / women.values[:, None]
    old = {"age": slice(65, None), "residence": "rural"}
    households = (
        central(data, "population_by_province").sum() - central(data, "collective_population").sum()
    )
    expected = [
        (figure("births", 0, "persons", age_from=20, age_to=24, order="2"),
         orders.sel(age=slice(20, 24), order=2).sum()),
        (figure("births", 0, "persons", province="河南", order="3+"),
         central(data, "births_by_province_order").sel(province="Henan", birth_order=3).sum()),
        (figure("births_share", 0, "share", order="3+"),
         orders.sel(order=[3, 4, 5]).sum() / orders.sum()),
        (figure("asfr", 0, "births per 1,000 women", age_from=20, age_to=24),
         1000 * orders.sel(age=slice(20, 24)).sum() / women.sel(age=slice(20, 24)).sum()),
        (figure("tfr", 0, "children per woman"), rates.sum()),
        (figure("tfr", 0, "children per woman", order="1"), rates[:, 0].sum()),
        (figure("mean_age_at_birth", 0, "years", order="1"),
         (rates[:, 0] * (np.arange(101) + 0.5)).sum() / rates[:, 0].sum()),
        (figure("mean_age_first_marriage", 0, "岁", sex="男"),
         (weds * (np.arange(101) + 0.5)).sum() / weds.sum()),
        (figure("households_share", 0, "%", household_size="3", residence="urban"),
         100 * sizes.sel(residence="urban", household_size=3) / sizes.sel(residence="urban").sum()),
        (figure("households", 0, "万户", generations="2-3"),
         central(data, "households_by_generations").sel(generations=[2, 3]).sum() / 1e4),
        (figure("one_person_households_share", 0, "share"),
         sizes.sel(household_size=1).sum() / sizes.sum()),
        (figure("mean_household_size", 0, "人/户"), households / sizes.sum()),
        (figure("living_alone_65plus", 0, "persons", residence="乡村"), alone.sel(old).sum()),
        (figure("living_alone_65plus_share", 0, "share", residence="rural"),
         alone.sel(old).sum() / marital.sel(old).sum()),
        (figure("population", 0, "persons", sex="female", age_from=60),
         central(data, "population_by_age").sel(sex="female", age=slice(60, None)).sum()),
        (figure("population_share", 0, "share", age_from=0, age_to=14),
         central(data, "population_by_age").sel(age=slice(0, 14)).sum()
         / central(data, "population_by_age").sum()),
        (figure("urban_share", 0, "share"),
         central(data, "population_by_province").sel(residence="urban").sum()
         / central(data, "population_by_province").sum()),
        (figure("marital_share", 0, "share", marital="widowed", age_from=60),
         marital.sel(age=slice(60, None), marital="widowed").sum()
         / marital.sel(age=slice(60, None)).sum()),
        (figure("never_married_share", 0, "share", sex="male", age_from=25, age_to=34,
                education="university"), graduates["never_married"] / graduates["adults"]),
        (figure("fund_outlay", 0, "亿元", fund="long_term_care"),
         central(data, "fund_outlay").sel(fund="long_term_care").sum() / 1e8),
        (figure("e60", 0, "years", sex="male"), 77.0),
    ]  # fmt: skip
    table = own(data, p, file(*(row | {"source": f"{k}"} for k, (row, _) in enumerate(expected))))
    assert len(table) == len(expected)
    for _, row in table.iterrows():
        given, wanted = expected[int(row["source"])]
        assert row["model"] == pytest.approx(float(wanted)), given


def test_figures_equal_to_the_model_have_no_error_whatever_the_quantity(data, p, file):
    """Every way to every figure of the results, with a label for each of its dimensions."""
    rows = [row for way in _every_way(data) for row in way]
    first = own(data, p, file(*rows, name="first.csv"))
    model = {row["source"]: row["model"] for _, row in first.iterrows()}
    again = [row | {"value": repr(float(model[row["source"]]))} for row in rows]
    table = own(data, p, file(*again, name="again.csv"))
    assert len(table) == len(rows)
    assert set(validate_figures.NAMED) <= set(table["quantity"])
    assert (table["reference"] != 0).sum() > 0.8 * len(table)
    assert (table.loc[table["reference"] != 0, "error_percent"] == 0).all()
    assert (table["model"] == table["reference"]).all()


def _every_way(data):
    for figure_ in figures_of(data).values():
        for k, way in enumerate(figure_.ways):
            if set(way.needs) <= set(data.variables):
                yield [figure(figure_.key, 0.5, figure_.unit, 2016, source=f"{figure_.key} {k}",
                              **_some_cell(data, way))]  # fmt: skip


def _some_cell(data, way):
    """A label that each of the dimensions has."""
    cell = {}
    for dim in way.dims:
        name, labels = validate_figures.labels_of(data, dim, way.needs)[0]
        if dim == "age":
            cell |= {"age_from": 25, "age_to": 29}
        else:
            cell[dim] = labels[0]
        assert name in data.dims
    return cell


def test_a_figure_that_compare_shows_as_well_is_the_same_one(data):
    results = data.sel(scenario="baseline", drop=True).drop_vars(["title", "title_zh"])
    results = results.mean("replicate").assign_attrs(data.attrs)
    pairs = [
        ("mean_age_at_birth", {}, "mean_age_at_birth"),
        ("mean_age_at_birth", {"order": Span(2, 2)}, "mean_age_at_birth_2"),
        ("mean_age_first_marriage", {"sex": "male"}, "mean_age_first_marriage_male"),
        ("e0", {"sex": "female"}, "e0_female"),
        ("never_married_share", {"sex": "male", "age": Span(45, 49), "education": ""},
         "never_married_male"),
    ]  # fmt: skip
    for name, cell, key in pairs:
        mine, other = validate_figures.NAMED[name], QUANTITIES[key]
        way = next(way for way in mine.ways if way.needs == other.needs)
        found = way.measure(results, {dim: label for dim, label in cell.items() if label})
        assert np.allclose(found, other.measure(results, ()), equal_nan=True), key
        assert np.isfinite(found.sel(year=2016)).all()


# --- intervals and errors by chance ------------------------------------------------------


def test_the_interval_is_that_of_the_draws_and_says_whether_it_holds_the_figure(data, p, file):
    flat = data["marriages"].copy()
    flat.loc[{"scenario": "baseline"}] = np.array([99.0, 10, 11, 12, 13])[:, None, None]
    table = own(data.assign(marriages=flat), p, file(
        figure("marriages", 11, "couples"), figure("marriages", 20, "couples", 2017)))  # fmt: skip
    by_year = table.set_index("year")
    assert by_year["model"].tolist() == [99.0, 99.0]
    assert by_year.loc[2016, ["low", "high"]].tolist() == pytest.approx([10.3, 12.7])
    assert by_year["inside"].to_dict() == {2016: True, 2017: False}


def test_monte_carlo_error_is_that_of_the_replicates(data, p, file):
    noisy = data["marriages"].copy()
    noisy.loc[{"scenario": "baseline"}] = np.array([9.0, 11.0])[:, None]
    table = own(data.assign(marriages=noisy), p, file(figure("marriages", 10, "couples")))
    # sd of 9 and 11 is 1.414; over root 2 and a mean of 10: 10 per cent
    assert table["standard_error_percent"].iloc[0] == pytest.approx(10.0)


def test_of_results_that_are_a_mean_the_stored_error_is_shown(data, p, file):
    mean = data.isel(replicate=[0])
    error = np.full([mean.sizes[d] for d in ("scenario", "draw", "replicate", "year")] + [1], 5.0)
    mean = mean.assign(mc_error=((*UNITS, "quantity"), error)).assign_coords(quantity=["marriages"])
    table = own(mean, p, file(figure("marriages", 10, "couples"), figure("divorces", 1, "couples")))
    by_quantity = table.set_index("quantity")
    expected = 100 * 5 / float(central(mean, "marriages"))
    assert by_quantity["standard_error_percent"]["marriages"] == pytest.approx(expected)
    assert np.isnan(by_quantity["standard_error_percent"]["divorces"])


# --- what is scored, and in which order --------------------------------------------------


@pytest.mark.parametrize(
    ("year", "section", "treatment"),
    [(2010, "fitted years", "start"), (2015, "fitted years", "compared"),
     (2016, "scored years", "scored"), (2019, "scored years", "scored"),
     (2020, "shock year", "shown"), (2021, "later years", "compared")],
)  # fmt: skip
def test_a_year_says_what_is_done_with_its_figures(data, p, file, year, section, treatment):
    (row,) = own(data, p, file(figure("population", 1e9, "persons", year))).to_dict("records")
    assert (row["section"], row["treatment"]) == (section, treatment)


def test_misses_come_first_and_means_are_of_absolute_errors(data, p, file):
    births = {y: float(central(data, "births", y).sum()) for y in (2014, 2016, 2017, 2018)}
    factors = {2016: 1.1, 2017: 0.8, 2018: 1.0, 2014: 2.0}
    rows = [figure("births", n / factors[y], "persons", y) for y, n in births.items()]
    rows.append(figure("urban_share", 50, "%", 2016))
    table = validate(data, p, [file(*rows)])
    mine = given_by_user(table)
    scored = mine[mine["section"] == score.SCORED]
    assert scored["error_percent"].abs().is_monotonic_decreasing
    assert mine["section"].tolist() == [score.SCORED] * 4 + [score.FITTED]
    means = validation_summary(table)
    row = means[(means["quantity"] == "births") & (means["section"] == score.SCORED)].iloc[0]
    assert row["mean_absolute_error_percent"] == pytest.approx((10 + 20 + 0) / 3)
    assert row["figures"] == 3
    of_all = means[(means["quantity"] == "") & (means["section"] == score.SCORED)].iloc[0]
    assert of_all["mean_absolute_error_percent"] == pytest.approx(
        scored["error_percent"].abs().mean()
    )
    assert of_all["mean_absolute_error_points"] == pytest.approx(
        scored["error_points"].abs().mean()
    )


def test_the_score_card_stands_beside_as_it_is(data, p, file):
    table = validate(data, p, [file(figure("births", 1, "persons"))])
    shipped = table[table["origin"] == SHIPPED].reset_index(drop=True)[list(score.COLUMNS)]
    alone = score.score_table(data, p)
    assert shipped.equals(alone)
    assert list(table.columns) == list(COLUMNS)
    assert validate(data, p)[list(score.COLUMNS)].equals(alone)


def test_another_scenario_is_held_against_them_when_asked(data, p, file):
    other = data["births"].copy()
    other.loc[{"scenario": "ltci-delayed"}] *= 2
    twice = data.assign(births=other)
    path = file(figure("births", float(central(data, "births").sum()), "persons"))
    (row,) = own(twice, p, path, scenario="ltci-delayed").to_dict("records")
    assert row["error_percent"] == pytest.approx(100.0)


def test_nothing_that_the_model_reads_is_changed(data, p, file):
    before = p.hash
    own(data, p, file(figure("births", 1, "persons")))
    assert p.hash == before == load().hash


def test_a_published_zero_has_no_error_in_per_cent(data, p, file):
    table = own(
        data, p, file(figure("births", 0, "persons"), figure("tfr", 1, "children per woman"))
    )
    assert table["quantity"].tolist() == ["tfr", "births"]
    assert np.isnan(table["error_percent"].iloc[1])


# --- what is refused ---------------------------------------------------------------------

CASES = {
    "unknown quantity": (figure("never_marrried", 1, "share"), "quantity", "never_married_share"),
    "unknown sex": (figure("population", 1, "persons", sex="woman"), "sex", "male, female"),
    "unknown province": (figure("births", 1, "persons", province="Hnan"), "province", "Henan"),
    "a year before the run": (figure("births", 1, "persons", 2009), "year", "2010 to 2022"),
    "a year after the run": (figure("births", 1, "persons", 2023), "year", "2010 to 2022"),
    "a flow of the base year": (figure("births", 1, "persons", 2010), "year", "2011 to 2022"),
    "no year": (figure("births", 1, "persons", "last"), "year", "such as 2016"),
    "a unit that does not fit": (figure("births", 1, "%"), "unit", "万人"),
    "a negative share": (figure("urban_share", -1, "%"), "value", "0 or more"),
    "a share of more than all": (figure("urban_share", 101, "%"), "value", "at most 100 %"),
    "a negative count": (figure("births", -1, "persons"), "value", "0 or more"),
    "no number": (figure("births", "many", "persons"), "value", "a number"),
    "not a number": (figure("births", "nan", "persons"), "value", "finite number"),
    "no source": (figure("births", 1, "persons", source=""), "source", "a text"),
    "ages upside down": (
        figure("population", 1, "persons", age_from=30, age_to=20), "age_to", "(30) or more"),
    "an age in words": (figure("population", 1, "persons", age_from="old"), "age_from", "whole"),
    "a last class that is open": (
        figure("households", 1, "households", household_size="10"), "household_size", "10+"),
    "half a group": (
        figure("never_married_share", 1, "%", age_from=26, age_to=30, education="none"), "age",
        "groups that begin at 15"),
    "a dimension that the figure lacks": (
        figure("tfr", 1, "children per woman", province="Henan"), "line 2", "by order"),
    "a share of what": (figure("births_share", 1, "%"), "line 2", "with age or order"),
    "an indicator of which group": (figure("e60", 1, "years"), "line 2", "with sex"),
    "two ages": (figure("population", 1, "persons", age_from=3, age="4"), "age", "age_from"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "column", "allowed"), CASES.values(), ids=CASES)
def test_a_row_that_does_not_fit_is_refused_with_what_is_allowed(
    data, p, file, row, column, allowed
):
    path = file(row)
    with pytest.raises(ParameterError) as fault:
        validate(data, p, [path])
    (problem,) = fault.value.problems
    assert problem.file == str(path)
    assert problem.key.startswith("line 2")
    assert column in problem.key
    assert allowed in problem.allowed


def test_every_fault_is_told_at_once(data, p, file, tmp_path):
    paths = [file(*(row for row, _, _ in CASES.values())), tmp_path / "none.csv"]
    with pytest.raises(ParameterError) as fault:
        validate(data, p, paths, scenario="other")
    keys = [problem.key for problem in fault.value.problems]
    assert {
        f"line {k + 2}" for k, name in enumerate(CASES) if name != "a flow of the base year"
    } <= {key.split(",")[0] for key in keys}
    assert "--scenario" in keys
    assert str(paths[1]) in {problem.file for problem in fault.value.problems}


TEXTS = {
    "an empty file": ("", "a heading with year"),
    "a heading alone": ("year,quantity,value,unit,source\n", "a figure a row"),
    "missing columns": ("year,quantity,value\n2016,births,1\n", "year, quantity, value, unit"),
    "an unknown column": ("year,quantity,value,unit,source,colour\n", "one of year"),
    "a column twice": ("year,quantity,value,unit,source,unit\n", "each column once"),
    "a short row": ("year,quantity,value,unit,source\n2016,births\n", "as in the heading"),
}


@pytest.mark.parametrize(("text", "allowed"), TEXTS.values(), ids=TEXTS)
def test_a_file_that_is_no_table_of_figures_is_refused(data, p, tmp_path, text, allowed):
    path = tmp_path / "own.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError) as fault:
        validate(data, p, [path])
    assert all(problem.file == str(path) for problem in fault.value.problems)
    assert any(allowed in problem.allowed for problem in fault.value.problems)


def test_a_file_in_another_encoding_is_refused(data, p, tmp_path):
    path = tmp_path / "own.csv"
    path.write_bytes("year,quantity,value,unit,source\n2016,births,1,万人,年鉴\n".encode("gbk"))
    with pytest.raises(ParameterError, match="UTF-8"):
        validate(data, p, [path])


def test_a_figure_stands_once_of_each_source(data, p, file):
    row = figure("births", 1, "persons", sex="male")
    assert len(own(data, p, file(row, row | {"source": "another"}))) == 2
    paths = [file(row, name="a.csv"), file(row | {"value": 2}, name="b.csv")]
    with pytest.raises(ParameterError, match=r"line 2 of .*a\.csv"):
        validate(data, p, paths)


def test_results_without_a_finished_unit_are_refused(data, p, file):
    undone = data.assign(done=data["done"].where(data["draw"] > 0, 0))
    with pytest.raises(ParameterError, match="no finished unit"):
        validate(undone, p, [file(figure("births", 1, "persons"))])


# --- the sample of the documentation -----------------------------------------------------


def test_the_sample_holds_figures_to_2015_that_the_parameters_hold(data, p):
    table = own(data, p, SAMPLE)
    assert table["year"].max() == 2015
    by_quantity = table.set_index(["quantity", "year"])["reference"]
    assert by_quantity["marriages", 2013] == float(p.year("demography.targets.marriages", 2013))
    assert by_quantity["births", 2011] * 1e4 == float(p.year("demography.targets.births", 2011))
    divorces = float(p.year("demography.targets.divorces", 2015))
    assert by_quantity["divorces", 2015] * 10 == pytest.approx(divorces)
    assert by_quantity["urban_share", 2014] == float(p.year("demography.targets.urban_share", 2014))


def test_provinces_are_known_by_both_names(data, p, file):
    rows = [figure("births", 1, "persons", province=name) for name in (PROVINCES[0], "上海")]
    table = own(data, p, file(*rows))
    assert set(table["cell"]) == {"Beijing", "Shanghai"}


def test_results_that_lack_a_variable_offer_no_figure_of_it(data):
    poorer = data.drop_vars("living_alone")
    assert "living_alone" not in figures_of(poorer)
    assert "living_alone" in figures_of(data)
