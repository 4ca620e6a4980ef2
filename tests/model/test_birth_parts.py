"""Expected births with policy taken away: parts of the whole model, by the same luck."""

import numpy as np
import pytest
from songhe.agents import base as base_of_2010
from songhe.agents import luck
from songhe.analysis.split import OF_PARTS, OF_SHARES, PARTS
from songhe.model import birth_parts
from songhe.model.model import SongheModel
from songhe.model.promise import SHAPE
from songhe.parameters.load import load
from songhe.runs.figures import parts_of

PERSONS, SEED, BRANCH, LAST = 6_000, 17, 2025, 2034
KEY, AMOUNT = "demography.fertility_response.", "policies.child_subsidy.amount"
EXPECTED = ("expected_births_without_policy", "expected_births_with_response", "expected_births")
SILENT = {KEY + "channels": {"value": [0, 0, 0, 0, 0]}}
GENEROUS = {AMOUNT: {"2026-01-01": 100_000}}
PURE_TIMING = {KEY + "rho": {"value": 0.0, "prior": {"fixed": "a test"}}}
YEARS = range(2011, LAST + 1)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    return base_of_2010.load_or_build(load(), PERSONS, SEED, 0, "official", folder=folder)


def live(model, until=LAST):
    while model.year < until:
        model.step()
    return model


def scenario_of(base, history, change):
    """The law as it stands, and a scenario from 2025 on with its constants."""
    past = live(SongheModel(base, load(history), luck.key_of(SEED, 0, 0)), BRANCH)
    law = live(past.branch(load(history), solves_anew=True))
    twin = past.branch(load(history | change))
    twin.constants = law.constants.for_scenario()
    return law, live(twin)


@pytest.fixture(scope="module")
def deaf(base):
    """Nobody answers: the law, and far more money."""
    return scenario_of(base, SILENT, GENEROUS)


@pytest.fixture(scope="module")
def silent(deaf):
    return deaf[0]


@pytest.fixture(scope="module")
def pair(base):
    """All is timing: the law, and far more money."""
    return scenario_of(base, PURE_TIMING, GENEROUS)


@pytest.fixture(scope="module")
def generous(pair):
    return pair[1]


def parts_between(law, scenario):
    """Parts of what a scenario adds, in agents, float64[year] by name."""
    names = {*OF_PARTS, *OF_SHARES} & set(scenario.tally.years[LAST])
    counts = [
        {name: np.stack([model.tally.years[year][name] for year in YEARS]) for name in names}
        for model in (scenario, law)
    ]
    prices = np.ones(len(YEARS))
    return dict(zip(PARTS, parts_of(*counts, 1.0, (prices, prices)).T, strict=True))


def births_of(model, year):
    """Births without policy, with the response alone and with all, of a year, in agents."""
    now = model.tally.years[year]
    return [now[name].sum() / birth_parts.IN_AN_AGENT for name in EXPECTED]


def test_without_a_response_nothing_is_added_and_nothing_owed_to_the_last_part(silent):
    for year in YEARS:
        now = silent.tally.years[year]
        plain, answered, lived = (now[name] for name in EXPECTED)
        np.testing.assert_array_equal(plain, answered)
        np.testing.assert_array_equal(plain, lived)
        assert now["births_by_policy"] == 0
        assert plain.sum() > 0


def test_a_response_adds_and_what_was_brought_forward_is_owed(generous):
    parts = {year: births_of(generous, year) for year in YEARS}
    before = [parts[year] for year in range(2011, 2016)]  # cover counts from that of 2015 on
    assert all(plain == answered == lived for plain, answered, lived in before)
    direct = [answered - plain for plain, answered, _ in parts.values()]
    timing = [lived - answered for _, answered, lived in parts.values()]
    assert min(direct[2027 - 2011 :]) > 0
    assert max(timing) <= 0
    assert timing[-1] < 0
    assert sum(direct) > -sum(timing) > 0


@pytest.mark.parametrize("ending", ["", "_since"])
def test_parts_add_up_to_the_births_that_a_scenario_adds(pair, ending):
    parts = parts_between(*pair)
    sums = sum(parts[f"births_{name}{ending}"] for name in ("direct", "timing", "feedback"))
    np.testing.assert_allclose(sums, parts[f"births_added{ending}"], atol=1e-9)
    born = [[int(m.tally.years[y]["births"].sum()) for y in YEARS] for m in reversed(pair)]
    np.testing.assert_array_equal(parts["births_added"], np.subtract(*born))


def test_where_all_is_timing_much_of_the_direct_effect_is_taken_back(pair):
    parts = parts_between(*pair)
    later = slice(2026 - YEARS[0], None)
    assert (parts["births_direct"][later] > 0).all()
    assert (parts["births_timing"][later.start + 2 :] < 0).all()
    taken = -parts["births_timing_since"][-1] / parts["births_direct_since"][-1]
    assert 0.4 < taken < 1.0
    assert 0.8 < parts["benefits_anyway_since"][-1] < 1.0
    for name in ("births_added", "births_direct", "births_timing", "births_feedback"):
        assert not parts[name][: later.start].any(), name


def test_money_that_nobody_answers_adds_nothing_and_goes_to_births_that_come_anyway(deaf):
    parts = parts_between(*deaf)
    for name, values in parts.items():
        if name.startswith("births"):
            assert not values.any(), name
    late = parts["benefits_anyway_since"][2026 - YEARS[0] :]
    assert (late == 1.0).all()


def test_births_come_as_expected(generous, silent):
    """The sum of births of 24 years within five standard errors of their expectation."""
    for model in (generous, silent):
        born = sum(int(model.tally.years[year]["births"].sum()) for year in YEARS)
        expected = sum(births_of(model, year)[2] for year in YEARS)
        assert abs(born - expected) < 5 * np.sqrt(expected)


def test_births_brought_about_are_those_that_the_response_adds_to_what_is_lived(generous):
    """Most of the direct effect: debts lower both chances, the account only that with policy."""
    years = range(2027, LAST + 1)
    brought = sum(int(generous.tally.years[year]["births_by_policy"]) for year in years)
    added = sum(lived - plain for plain, _, lived in (births_of(generous, y) for y in years))
    direct = sum(answered - plain for plain, answered, _ in (births_of(generous, y) for y in years))
    assert added - 5 * np.sqrt(direct) < brought < direct + 5 * np.sqrt(direct)


def test_women_are_all_there_are_and_expected_births_are_theirs(generous):
    now = generous.tally.years[LAST]
    women, plain = now["women_of_childbearing_age"], now[EXPECTED[0]]
    before = generous.tally.years[LAST - 1]["population"][:, :, 1, 14:51]
    assert women.sum() == before.sum()
    assert women[:14].sum() == women[51:].sum() == 0
    assert not plain[women == 0].any()
    assert plain[:, 1].sum() > plain[:, 0].sum() > 0


def test_every_birth_is_counted_with_what_it_was_promised(generous, silent):
    for model in (generous, silent):
        for year in YEARS:
            now = model.tally.years[year]
            assert now["births_by_province_order"].sum() == now["births"].sum()
    promised = generous.tally.years[LAST]["promised_to_births"]
    births = generous.tally.years[LAST]["births_by_province_order"]
    assert (promised[births > 0] > 0).all()
    # three years of 100,000 yuan at 2034 prices, less discounts and what prices take
    assert 150_000 < promised.sum() / birth_parts.FEN / births.sum() < 400_000
    assert silent.tally.years[2020]["promised_to_births"].sum() < promised.sum()


class Few:
    """Three women at risk in two cells of one age; the last one dies in the year."""

    def __init__(self):
        from songhe.model.tally import Tally

        self.people, self.tally = {"death_u": np.array([2.0, 2.0, 0.4], np.float32)}, Tally()


def test_the_factor_of_a_province_is_part_of_the_response_alone():
    from songhe.model.birth_rules import CELLS, cell_of

    married, single = (cell_of(30, 0, 0, 0, wait, 0) for wait in (2, 12))
    plain, answered, lived = np.zeros(CELLS), np.zeros(CELLS), np.zeros(CELLS)
    for cell in (married, single):
        plain[cell], answered[cell], lived[cell] = 0.2, 0.3, 0.25
    rows, cells = np.arange(3), np.array([married, single, single])
    women = np.zeros((101, 2), np.int64)
    for factor in (np.empty(0), np.array([1.0, 2.0, 1.0])):
        model = Few()
        without = birth_parts.Without(plain, answered, women)
        birth_parts.count_expected(model, (rows, cells, factor), without, lived, 0.1)
        found = [model.tally.now[name][30] / birth_parts.IN_AN_AGENT for name in EXPECTED]
        twice = [0.3, 0.25] if not factor.size else [1 - 0.7**2, 1 - 0.75**2]
        expected = [[0.3, 0.2], [twice[0] + 0.15, 0.3], [twice[1] + 0.125, 0.25]]
        np.testing.assert_allclose(found, 1.1 * np.array(expected), atol=1e-6)


def test_promises_are_counted_by_province_and_order():
    model = Few()
    model.people = {
        "province": np.array([3, 3, 5]), "residence": np.array([0, 1, 0]),
        "education": np.array([2, 2, 2]),
    }  # fmt: skip
    model.promised = np.zeros(SHAPE)
    model.promised[1, 3], model.promised[1, 3, 1], model.promised[0, 5] = 1000.0, 500.25, 7.0
    birth_parts.count_promised(model, np.array([0, 1, 1, 2]), np.array([1, 1, 2, 0]))
    births, fen = (model.tally.now[n] for n in ("births_by_province_order", "promised_to_births"))
    assert births[3].tolist() == [0, 2, 1]
    assert births[5].tolist() == [1, 0, 0]
    assert fen[3].tolist() == [0, 150_025, 0]
    assert fen.sum() == 150_725
