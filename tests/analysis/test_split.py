"""Parts of added births and the share of benefits that goes elsewhere, with known answers."""

import numpy as np
import pytest
from songhe.analysis import families, split
from songhe.analysis.cohorts import POOL, cohort_effects, reached, with_cohorts
from songhe.analysis.compare import compare
from songhe.tests.analysis.test_compare import YEARS, row, small

LEAD = ("scenario", "draw", "replicate", "year")
SINCE, GRANT = 2025, 1
LATE = YEARS >= SINCE
ADDED, ANSWERED, OWED = 2.5e4, 4e4, 1e4


def with_parts(added=ADDED, answered=ANSWERED, owed=OWED, gain=(0.0, 1e3, 1e3)):
    """The small results with women, expected births and promises.

    Women of 25 and 30 alone bear, 0.1 a year outside and 0.2 inside unions, 1,000,000 of each.
    From 2025 on the grant adds `answered` births, and `owed` are not had; a tenth of its women of
    30 have had their child, and it has 2 % more women of 25 in union.
    """
    dataset = small(added=added, draws=3, replicates=2)
    shape = tuple(dataset.sizes[dim] for dim in LEAD)
    women, rate = np.zeros((*shape, 101, 2)), np.zeros((*shape, 101, 2))
    women[..., [25, 30], :] = 1e6
    rate[..., [25, 30], :] = 0.1, 0.2
    moved = bool(answered)
    women[GRANT][..., LATE, 25, 1] *= 1.02 if moved else 1.0
    rate[GRANT][..., LATE, 30, :] *= 0.9 if moved else 1.0
    response, debt = np.zeros_like(women), np.zeros_like(women)
    response[GRANT][..., LATE, 25, 0] = answered
    debt[GRANT][..., LATE, 25, 0] = owed
    total = dataset["births"].sum(("province", "residence", "sex")).values
    births = np.repeat(total[..., None, None] / 3, 3, axis=-1)  # a third of each order
    money = births * np.array([1e3, 2e3, 4e3])
    money[GRANT][..., LATE, :, :] += np.array(gain) * births[GRANT][..., LATE, :, :]
    couple, order = ("age", "partner"), ("province", "birth_order")
    data = {
        "women_of_childbearing_age": (couple, women),
        "expected_births_without_policy": (couple, women * rate),
        "expected_births_with_response": (couple, women * rate + response),
        "expected_births": (couple, women * rate + response - debt),
        "births_by_province_order": (order, births),
        "promised_to_births": (order, money),
    }
    new = {name: ((*LEAD, *dims), values) for name, (dims, values) in data.items()}
    return dataset.assign(new).assign_coords(partner=["without", "with"], birth_order=[1, 2, 3])


def parts(dataset):
    """A comparison without its levels and differences."""
    return compare(dataset, preferred=[])


def part(frame, quantity, year=2030):
    return row(frame, "part", "grant", quantity, year)["central"]


@pytest.fixture(scope="module")
def frame():
    return compare(with_parts(), preferred=["births"])


def test_parts_are_what_was_put_in(frame):
    assert part(frame, "births_added") == pytest.approx(2.5)
    assert part(frame, "births_direct") == pytest.approx(4.0)
    had = (0.1 + 0.2) * 0.1 * 1e6  # a tenth of the births of women of 30
    assert part(frame, "births_timing") == pytest.approx(-(OWED + had) / 1e4)
    assert part(frame, "births_feedback") == pytest.approx(2.5 - 4.0 + 4.0)


def test_more_women_are_feedback_and_not_timing():
    mean = with_parts().mean("replicate")
    one, other = mean.sel(scenario="grant"), mean.sel(scenario="baseline")
    more = split.total(one[split.PLAIN] - other[split.PLAIN]) - split.had_already(one, other)
    assert more.sel(year=2030).values == pytest.approx(0.02 * 1e6 * 0.2)


def test_chance_is_what_came_less_what_was_expected(frame):
    expected = ANSWERED - OWED - (0.1 + 0.2) * 0.1 * 1e6 + 0.02 * 1e6 * 0.2
    assert part(frame, "births_chance") == pytest.approx((ADDED - expected) / 1e4)
    women = part(frame, "births_feedback") - part(frame, "births_chance")
    assert women == pytest.approx(0.02 * 1e6 * 0.2 / 1e4)


@pytest.mark.parametrize("ending", ["", "_since"])
def test_they_add_up_to_the_difference_of_births(frame, ending):
    for year in YEARS[1:]:
        total = sum(part(frame, f"births_{name}{ending}", year)
                    for name in ("direct", "timing", "feedback"))  # fmt: skip
        assert total == pytest.approx(part(frame, f"births_added{ending}", year), abs=1e-9)
    assert part(frame, "births_added_since") == pytest.approx(6 * 2.5)
    assert part(frame, "births_added") == row(frame, "difference", "grant", "births")["central"]
    assert part(frame, "births_added", 2024) == part(frame, "births_direct", 2024) == 0


def test_without_a_difference_there_are_no_parts():
    frame = parts(with_parts(added=0.0, answered=0.0, owed=0.0))
    assert not (frame["kind"] == "part").any()


def test_an_answer_that_chance_hides_is_told():
    """A small run may live no birth more or less, though births answer."""
    frame = parts(with_parts(added=0.0))
    assert part(frame, "births_added") == 0.0
    assert part(frame, "births_direct") == pytest.approx(4.0)


def test_a_baseline_with_levels_of_its_own_has_no_parts():
    """Its births are others because its path of fertility is another."""
    dataset = with_parts().assign_attrs(
        scenario_texts={"grant": {"reference": "grant"}}, persons=1000, infant_years=0.1
    )
    found = set(compare(dataset, preferred=["births"])["kind"])
    assert found == {"level", "difference", "cost"}


def test_benefits_count_for_those_births_that_are_promised_more():
    """Second and later children: of each, 2.5e4 / 3 are added to 1e7 / 3."""
    born = 1e7 / 3
    for gain in ((0.0, 1e3, 1e3), (0.0, 0.0, 5e2), (1e3, 1e3, 1e3)):
        frame = parts(with_parts(gain=gain))
        dataset = with_parts(gain=gain)["births"].sel(scenario="baseline", draw=0, year=2030)
        born = float(dataset.sum("sex").mean())
        expected = 100 * born / (born + ADDED)
        assert part(frame, "benefits_anyway") == pytest.approx(expected, rel=1e-9)
        assert part(frame, "benefits_anyway_since") == pytest.approx(expected, rel=1e-9)
        assert not len(frame[(frame["quantity"] == "benefits_anyway") & (frame["year"] < SINCE)])


def test_births_that_are_added_where_more_is_promised_count_more():
    dataset = with_parts(gain=(0.0, 0.0, 1e3))
    births = dataset["births_by_province_order"].copy()
    promised = dataset["promised_to_births"] / births
    late = {"scenario": "grant", "year": slice(SINCE, None)}
    births.loc[late | {"birth_order": 3}] *= 1.5
    moved = dataset.assign(births_by_province_order=births, promised_to_births=promised * births)
    # A half more than 1e7 / 3 and a third of the added ones: nearly a third of all.
    assert part(parts(moved), "benefits_anyway") == pytest.approx(100 / 1.5, rel=0.01)


def test_with_no_money_in_it_every_birth_counts_from_the_first_that_differs():
    frame = parts(with_parts(gain=(0.0, 0.0, 0.0)))
    shares = frame[frame["quantity"] == "benefits_anyway_since"]
    assert shares["year"].min() == SINCE
    assert ((shares["central"] > 99) & (shares["central"] < 100)).all()


def test_a_scenario_that_takes_money_away_has_no_share():
    frame = parts(with_parts(gain=(-1e3, 0.0, 0.0)))
    assert not frame["quantity"].isin(["benefits_anyway", "benefits_anyway_since"]).any()
    assert frame["quantity"].isin(["births_direct"]).any()


def test_all_benefits_go_elsewhere_where_nothing_is_added():
    frame = parts(with_parts(added=1e-3))
    assert part(frame, "benefits_anyway_since") == pytest.approx(100.0, abs=1e-6)


# --- cohorts ------------------------------------------------------------------------------


def with_children():
    """Women of 1,000 an age have 0.04 children a year from 20 on; from 2025 on 0.01 more."""
    dataset = with_parts()
    shape = tuple(dataset.sizes[dim] for dim in LEAD)
    women = np.zeros((*shape, 101, 4))
    women[..., 1] = 1000.0
    age, year = np.arange(101.0), YEARS[:, None]
    children = 40.0 * np.clip(age - 20, 0, 29) * np.ones((len(YEARS), 1))
    more = np.broadcast_to(children, (*shape, 101)).copy()
    years = np.clip(year - SINCE + 1, 0, None)
    more[GRANT] += 10.0 * years
    names = {"women_by_parity": (("age", "parity"), women), "children_ever_born": (("age",), more)}
    new = {name: ((*LEAD, *dims), values) for name, (dims, values) in names.items()}
    return dataset.assign(new).assign_coords(parity=range(4))


def test_cohorts_gain_by_the_years_that_they_live_under_the_grant():
    dataset = with_children()
    assert reached(dataset) == 2030 - families.LAST_AGE - POOL // 2
    frame = cohort_effects(dataset).set_index("year")
    assert set(frame["scenario"]) == {"grant"}
    assert set(frame["reference"]) == {"baseline"}
    assert frame.index.min() == SINCE - families.LAST_AGE
    assert frame.index.max() == 2030 - POOL // 2 - 30
    # Born in 1985: 40 in 2025 and 43, in the midst of its cohorts, in 2028, the fourth year.
    assert frame.loc[1985, "central"] == pytest.approx(0.04)
    # Born in 1978: 49 in 2027, the third year, in the midst of those born from 1976 to 1980.
    assert frame.loc[1978, "central"] == pytest.approx(0.03)


def test_a_comparison_takes_its_cohorts_along():
    dataset = with_children()
    frame = parts(dataset)
    both = with_cohorts(frame, dataset)
    assert len(both) == len(frame) + len(cohort_effects(dataset))
    assert list(both.columns) == list(frame.columns)
    bare = with_parts()
    assert len(with_cohorts(parts(bare), bare)) == len(parts(bare))
