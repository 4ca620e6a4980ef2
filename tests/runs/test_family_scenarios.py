"""Shipped scenarios of family policy: they resolve, say what they change, and change it in time."""

from datetime import date

import numpy as np
import pytest
from songhe.model.policies import child_subsidy, childcare
from songhe.parameters.load import load
from songhe.runs.scenario import load_scenario

POLICIES = "policies."
# of each scenario: entry, day of the change, the value from that day
CHANGES = {
    "child-subsidy-double": [("child_subsidy.amount", date(2027, 1, 1), 7200)],
    "child-subsidy-second-child": [("child_subsidy.by_order", date(2027, 1, 1), [0, 1, 1])],
    "childcare-price-half": [
        ("childcare.fee", date(2027, 1, 1), [750, 1250]),
        ("childcare.place_subsidy", date(2027, 1, 1), 9000),
    ],
    "preschool-three-years-free": [("preschool.waived", date(2027, 9, 1), [1, 1, 1])],
    "maternity-leave-longer": [("maternity_leave.national_days", date(2027, 1, 1), 158)],
    "family-law-of-2024": [
        ("child_subsidy.amount", date(2025, 1, 1), 0),
        ("preschool.waived", date(2025, 9, 1), [0, 0, 0]),
    ],
}
PARTS = (
    "child-subsidy-double", "childcare-price-half", "preschool-three-years-free",
    "maternity-leave-longer",
)  # fmt: skip
CHANGES["family-package"] = [change for name in PARTS for change in CHANGES[name]]


@pytest.mark.parametrize("name", CHANGES)
def test_it_changes_what_it_says_and_nothing_before(name, p):
    scenario = load_scenario(name)
    mine, changed = scenario.parameters(p), CHANGES[name]
    days = mine.changed_from(p)
    told = {"demography.fertility_response.announced"} if scenario.announced else set()
    assert {key for key, day in days.items() if day} - told == {
        POLICIES + key for key, _, _ in changed
    }
    for key, day, value in changed:
        key = POLICIES + key
        np.testing.assert_array_equal(mine.at(key, day), value)
        np.testing.assert_array_equal(mine.at(key, date(2060, 1, 1)), value)
        assert np.any(np.asarray(p.at(key, day)) != value)
        for before in (d for d in p.dates(key) if d < day):
            np.testing.assert_array_equal(mine.at(key, before), p.at(key, before))
        if p.dates(key)[0] < day:
            eve = date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 28)
            np.testing.assert_array_equal(mine.at(key, eve), p.at(key, eve))
    first = min(day for _, day, _ in changed)
    assert scenario.first_difference(p) >= (scenario.announced or date(first.year - 6, 1, 1))


def test_the_package_is_the_sum_of_its_parts(p):
    package = load_scenario("family-package")
    parts = [load_scenario(name) for name in PARTS]
    together = {key: change for part in parts for key, change in part.changes.items()}
    assert p.overlay(package.changes).hash == p.overlay(together).hash


def test_half_the_fee_is_what_the_budget_pays_for_an_affordable_place(p):
    half, key = load_scenario("childcare-price-half").parameters(p), "policies.childcare."
    before, day = p.at(key + "fee", date(2025, 1, 1)), date(2027, 1, 1)
    np.testing.assert_array_equal(half.at(key + "fee", day), 0.5 * before)
    assert half.at(key + "place_subsidy", day) == 12 * 0.5 * before[0]


def test_half_the_nursery_fee_is_expected_by_births_of_2027_and_not_before(p):
    """Announced in 2026, when couples decide on the births of 2027; wages raise both alike."""
    half = load_scenario("childcare-price-half").parameters(p)
    for year in (2020, 2025, 2026):
        law, mine = childcare.fees_ahead(p, year), childcare.fees_ahead(half, year)
        np.testing.assert_array_equal(mine, law)
    for year in (2027, 2030, 2040):
        law, mine = childcare.fees_ahead(p, year), childcare.fees_ahead(half, year)
        assert np.all((0.47 * law < mine) & (mine < 0.5 * law))  # two years of wages less


def test_what_a_next_child_is_promised_by_order(p):
    second = load_scenario("child-subsidy-second-child").parameters(p)
    old = load_scenario("family-law-of-2024").parameters(p)
    for order, factor in ((1, 0.0), (2, 1.0), (3, 1.0)):
        assert child_subsidy.benefit(second, 2030, order) == pytest.approx(
            factor * child_subsidy.benefit(p, 2030, order)
        )
        assert child_subsidy.benefit(old, 2030, order) == 0.0
    assert child_subsidy.benefit(second, 2026) == child_subsidy.benefit(p, 2026)


@pytest.fixture(scope="module")
def p():
    """The shipped law."""
    return load()
