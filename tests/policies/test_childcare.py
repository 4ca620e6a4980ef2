"""Nurseries: who asks, who gets a place, carers, fees, grants, and closing and opening."""

import math
from datetime import date

import numpy as np
import pytest
from songhe.agents import luck
from songhe.model import birth_response, funds
from songhe.model.household_income import income_of
from songhe.model.months import last_month_alive
from songhe.model.policies import childcare
from songhe.model.promise import Promise
from songhe.model.young_children import IN_AN_AGENT, young
from songhe.parameters.dims import CARE_GROUPS, FUNDS, OWNERSHIP, WORK
from songhe.parameters.load import ParameterError, load
from songhe.tests.statistical import assert_proportion

KEY = "policies.childcare."
PLACES = {KEY + "places_planned": {"factor": 8.0}}
NONE = {KEY + "places_planned": {"factor": 0.0}}
AT = FUNDS.index("childcare")
PUBLIC, PRIVATE = range(len(OWNERSHIP))


def nursery_crowd(n=6000, seed=3, young_share=0.05):
    """People with a share of children under three, mothers and grandparents among the others."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 70, n).astype(np.int8)
    child = rng.random(n) < young_share
    age[child] = rng.integers(0, 3, child.sum())
    adult = np.flatnonzero((age >= 20) & (age < 45))
    old = np.flatnonzero(age >= 45)
    mother = np.full(n, -1, np.int32)
    mother[child] = rng.choice(adult, child.sum())
    mother[adult] = rng.choice(old, len(adult))
    return {
        "age": age, "mother": mother, "father": np.full(n, -1, np.int32),
        "province": rng.integers(0, 31, n).astype(np.uint8),
        "residence": rng.integers(0, 2, n).astype(np.uint8),
        "education": rng.integers(0, 6, n).astype(np.uint8),
        "work": rng.integers(0, 5, n).astype(np.uint8),
        "household": rng.integers(0, n // 3, n).astype(np.int32),
        "death_u": np.where(rng.random(n) < 0.02, rng.random(n), 2.0).astype(np.float32),
    }  # fmt: skip


def total(w, name):
    return w.tally.now[name].sum() / IN_AN_AGENT


# --- who asks


def test_log_odds_add_up_as_the_parameters_say():
    effects = np.array([0.2, 0.6, -0.2, -0.7, -0.5])
    assert childcare.log_odds(0.3, 1, False, childcare.NO_KIN, 0.0, effects) == 0.3
    assert childcare.log_odds(0.3, 2, True, childcare.NEAR, 0.4, effects) == pytest.approx(
        0.3 + 0.2 + 0.6 - 0.2 - 0.5 * 0.4
    )
    assert childcare.log_odds(0.3, 0, False, childcare.AT_HOME, 0.0, effects) == pytest.approx(-0.6)


def grandparents(row, mother, father, household, province, alive):
    kin = np.zeros(1, np.int64)
    one = np.zeros(1, np.int64)
    rows = np.array([row], np.uint32)
    childcare.find_grandparents(one, one, rows, mother, father, household, province, alive, kin)
    return kin[0]


def test_a_grandparent_at_home_counts_before_one_near():
    mother = np.array([1, 2, -1, -1], np.int32)
    father = np.array([-1, 3, -1, -1], np.int32)
    household, alive = np.array([5, 5, 5, 9], np.int32), np.ones(4, np.uint8)
    province = np.array([0, 0, 0, 0], np.uint8)
    args = mother, father, household, province, alive
    assert grandparents(0, *args) == childcare.AT_HOME
    household[2] = 8
    assert grandparents(0, *args) == childcare.NEAR
    province[2:] = 7
    assert grandparents(0, *args) == childcare.NO_KIN
    alive[2:], province[2:] = 0, 0
    assert grandparents(0, *args) == childcare.NO_KIN
    alive[:], mother[0] = 1, -1
    assert grandparents(0, *args) == childcare.NO_KIN
    father[0] = 1
    assert grandparents(0, *args) == childcare.NEAR


def test_the_loop_asks_for_whom_the_rules_say(world):
    w = world(load(PLACES), year=2024, **nursery_crowd())
    w.run(childcare.STEP)
    p, people, nurseries = w.parameters, w.people, w.providers["childcare"]
    per_head = income_of(w)
    fee = childcare.fees(p, 2024)
    chances = childcare.chances(p, fee, per_head)
    incomes = childcare.income_by_parent(per_head)
    asks = {}
    children = young(w)
    columns = [people[name] for name in ("mother", "father", "household", "province", "alive")]
    for row, age, want in zip(children.rows, children.age, children.words[0], strict=True):
        mother = people["mother"][row]
        level, residence = people["education"][mother], people["residence"][row]
        works = WORK[people["work"][mother]] in ("flexible", "enterprise", "public")
        kin = grandparents(row, *columns)
        chance = chances[residence, level, age, kin, int(works)]
        pays = (fee[residence] * 12 <= p.value(KEY + "most_of_income")
                * incomes[residence, level]).any()  # fmt: skip
        last = last_month_alive(people["death_u"][row])
        if luck.unit(int(want)) < chance and pays:
            asks[int(row)] = min(8 if age == 2 else 12, last)
    wanted = nurseries.wanted.sum() / w.weight * 12
    assert wanted == pytest.approx(sum(asks.values()))
    assert 40 < len(asks) < len(children.rows)
    assert set(nurseries.rows.tolist()) <= set(asks)


def test_the_share_that_wants_a_place_is_its_chance(world):
    n = 20_000
    changes = PLACES | {KEY + "most_of_income": 1.0, KEY + "wish_level": [-0.5, -0.5, -0.5]}
    w = world(load(changes), year=2024, age=np.ones(n, np.int8))
    w.run(childcare.STEP)
    chance = childcare.chances(w.parameters, childcare.fees(w.parameters, 2024), income_of(w))
    asked = w.providers["childcare"].wanted.sum() / w.weight
    expected = chance[0, -1, 1, childcare.NO_KIN, 0]
    assert expected == pytest.approx(1 / (1 + math.exp(0.5)), abs=0.06)
    assert_proportion(round(asked), n, expected)


def test_families_who_cannot_pay_do_not_ask(world):
    w = world(load(PLACES | {KEY + "most_of_income": 0.01}), year=2024, **nursery_crowd())
    w.run(childcare.STEP)
    assert total(w, "childcare_unserved") == total(w, "childcare_enrolled") == 0


def test_price_has_no_effect_on_wishes_unless_a_user_gives_one():
    per_head = np.full((2, 6), 30_000.0)
    low, high = np.full((2, 2), 500.0), np.full((2, 2), 3000.0)
    p = load()
    np.testing.assert_array_equal(
        childcare.chances(p, low, per_head), childcare.chances(p, high, per_head)
    )
    offered = load(responses="assumed")
    assert offered.value(KEY + "price_response") == -0.7
    dear = childcare.chances(offered, high, per_head)
    assert (dear < childcare.chances(offered, low, per_head)).all()


# --- who gets a place


@pytest.mark.parametrize("year", [2011, 2015, 2020, 2025, 2040])
@pytest.mark.parametrize("changes", [{}, PLACES])
def test_enrolled_never_exceeds_places(world, year, changes):
    w = world(load(changes), year=year, **nursery_crowd()).run(childcare.STEP)
    nurseries = w.providers["childcare"]
    assert (nurseries.enrolled <= nurseries.places * (1 + 1e-12)).all()
    assert 0 < total(w, "childcare_enrolled") <= total(w, "childcare_places")


def test_the_unserved_are_those_who_ask_less_those_who_are_in(world):
    w = world(year=2020, **nursery_crowd()).run(childcare.STEP)
    nurseries = w.providers["childcare"]
    months = nurseries.wanted.sum() / w.weight
    assert total(w, "childcare_unserved") > 1
    assert total(w, "childcare_unserved") + total(w, "childcare_enrolled") == pytest.approx(months)


def test_children_of_closed_areas_are_unserved(world):
    people = nursery_crowd()
    open_ = world(load(PLACES), year=2024, **people).run(childcare.STEP)
    closed = world(load(NONE), year=2024, **people).run(childcare.STEP)
    assert not any(agent.is_open for agent in closed.providers["childcare"].agents)
    asked = open_.providers["childcare"].wanted.sum() / open_.weight
    assert total(closed, "childcare_unserved") == pytest.approx(asked)
    assert total(closed, "childcare_enrolled") == total(closed, "childcare_staff") == 0


def test_children_of_working_mothers_come_first(world):
    people = nursery_crowd(20_000)
    people["age"][people["age"] < 3] = 1
    p = load({KEY + "wish_level": [0.0, 0.0, 0.0]})  # nobody has waited longer than another
    w = world(p, year=2018, **people).run(childcare.STEP)
    people, nurseries = w.people, w.providers["childcare"]
    works = childcare.PAID_WORK[people["work"][people["mother"][nurseries.rows]]]
    assert works.mean() > 0.9


def test_a_child_keeps_its_place(world):
    people = nursery_crowd()
    people["age"][people["age"] == 2] = 1
    people["death_u"][:] = 2.0
    w = world(load(PLACES), year=2026, **people).run(childcare.STEP)
    first = set(w.providers["childcare"].rows.tolist())
    w.later().run(childcare.STEP)
    assert first <= set(w.providers["childcare"].rows.tolist())


def test_in_care_is_known_by_child_within_the_year(world):
    w = world(load(PLACES), year=2024, **nursery_crowd()).run(childcare.STEP)
    months = w.providers["childcare"].months_of(w.people.n, 2024)
    assert months.sum() == total(w, "childcare_enrolled") * 12
    assert (months[(w.people["age"] > 2) | (w.people["age"] < 0)] == 0).all()
    assert months.max() == 12


def test_the_same_for_any_order_of_rows(world):
    people = nursery_crowd()
    plain = world(year=2020, **people, id=luck.base_ids(np.arange(1, 6001))).run(childcare.STEP)
    other = world(year=2020, **people, id=luck.base_ids(np.arange(1, 6001)))
    other.people.compact(np.random.default_rng(1).permutation(6000))
    other.run(childcare.STEP)
    for name, counts in plain.tally.now.items():
        np.testing.assert_array_equal(counts, other.tally.now[name], name)


def test_half_the_people_at_the_same_weight_have_the_same_shares(world):
    """Two thousand children against a thousand others: shares differ by chance alone."""
    shares = []
    for n, seed in ((40_000, 3), (20_000, 4)):
        w = world(year=2021, **nursery_crowd(n, seed)).run(childcare.STEP)
        shares.append([total(w, "childcare_enrolled") / n, total(w, "childcare_places") / n,
                       total(w, "childcare_unserved") / n])  # fmt: skip
    enrolled, places, unserved = np.array(shares).T
    assert places[0] == pytest.approx(places[1], rel=1e-3)
    assert enrolled[0] == pytest.approx(enrolled[1], rel=0.03), "places bind"
    # false alarm below 1e-6: five standard errors of the difference of two shares
    wants = enrolled[1] + unserved[1]
    error = (wants * (1 / 40_000 + 1 / 20_000)) ** 0.5
    assert abs(unserved[0] - unserved[1] + enrolled[0] - enrolled[1]) < 5 * error


# --- carers, fees, money


def test_carers_follow_the_ratio_of_each_group(world):
    n = 7_000
    w = world(load(PLACES | {KEY + "most_of_income": 1.0, KEY + "wish_level": [8, 8, 8]}),
              year=2030, age=np.ones(n, np.int8)).run(childcare.STEP)  # fmt: skip
    nurseries = w.providers["childcare"]
    full = (nurseries.months == 12).sum()
    assert full > 200
    carers = full * (8 / 5 + 4 / 7) / 12
    assert total(w, "childcare_staff") == pytest.approx(carers, rel=0.02)
    assert nurseries.staff.sum() / w.weight == pytest.approx(total(w, "childcare_staff"), rel=1e-3)
    per_carer = np.asarray(w.parameters.at(KEY + "children_per_carer", w.parameters.dates(
        KEY + "children_per_carer")[0]))  # fmt: skip
    assert dict(zip(CARE_GROUPS, per_carer, strict=True)) == {
        "under_12_months": 3, "12_to_23_months": 5, "24_to_35_months": 7,
    }  # fmt: skip


def test_fees_stand_as_stated_and_follow_wages_afterwards(p):
    assert childcare.fees(p, 2025)[0].tolist() == [1500, 2500]
    assert childcare.fees(p, 2020)[0].tolist() == [1900, 3300]
    grown = childcare.fees(p, 2035)[0] / childcare.fees(p, 2034)[0]
    assert (grown > 1.0).all()
    assert (grown < 1.06).all()


def test_fees_paid_are_months_times_the_fee(world):
    w = world(load(PLACES), year=2025, **nursery_crowd()).run(childcare.STEP)
    people, nurseries = w.people, w.providers["childcare"]
    low, high = (150_000, 250_000)
    months = nurseries.months * np.where(people["residence"][nurseries.rows] == 0, 1.0, 0.5)
    paid = w.tally.now["childcare_fees"].sum()
    assert months.sum() * low < paid < months.sum() * high


def test_grants_are_paid_for_the_granted_share_of_new_public_places(world):
    people = nursery_crowd() | {"death_u": np.full(6000, 2.0, np.float32)}
    w = world(year=2021, **people).run(childcare.STEP)
    assert w.tally.now["childcare_places"].sum() > 0
    assert w.funds["childcare"].idle, "places of the first year were there before"
    w.later().run(childcare.STEP, funds.STEP)
    before, after = (
        childcare.planned(w.parameters, year, childcare.people_by_place(w))[..., PUBLIC].sum()
        for year in (2021, 2022)
    )
    opened = (after - before) / w.weight
    outlay = w.tally.now["fund_outlay"][AT].sum()
    assert outlay == pytest.approx(opened * 0.3 * 10_000 * 100, rel=0.02)
    np.testing.assert_array_equal(w.tally.now["fund_outlay"][AT], w.tally.now["fund_subsidy"][AT])
    assert not w.tally.now["fund_balance"][AT].any()


def test_a_subsidy_of_places_is_paid_by_the_local_budget(world):
    changes = {KEY + "place_subsidy": {"2030-01-01": 6000}}
    w = world(load(changes), year=2030, **nursery_crowd()).run(childcare.STEP)
    places = w.tally.now["childcare_places"][:, PUBLIC].sum() / IN_AN_AGENT
    assert -w.counterparts["local_government"].sum() == pytest.approx(places * 600_000, rel=1e-3)
    neutral = world(year=2030, **nursery_crowd()).run(childcare.STEP)
    assert "local_government" not in neutral.counterparts


# --- opening and closing


def test_places_follow_the_plan_to_its_target(p):
    assert childcare.planned_per_thousand(p, 2015) == 1.8
    assert childcare.planned_per_thousand(p, 2025) == 4.5
    assert childcare.planned_per_thousand(p, 2060) == 4.5
    people = np.full((31, 2), 1e6)
    planned = childcare.planned(p, 2025, people)
    assert planned.sum() == pytest.approx(4.5 / 1000 * 62e6)
    assert planned[..., PUBLIC].sum() / planned.sum() == pytest.approx(0.6)


def test_nurseries_close_in_empty_cohorts_employ_nobody_and_open_again(world):
    people = nursery_crowd()
    ages = people["age"].copy()
    w = world(year=2026, **people).run(childcare.STEP)
    assert w.providers["childcare"].places.sum() > 0
    for _ in range(5):
        w.later()
        w.people["age"][ages < 3] = 30
        w.run(childcare.STEP)
    nurseries = w.providers["childcare"]
    assert not nurseries.places.any()
    assert not any(agent.staff for agent in nurseries.agents)
    assert total(w, "childcare_places") == total(w, "childcare_enrolled") == 0
    for expected in (False, True):
        w.later()
        w.people["age"][:] = ages
        w.run(childcare.STEP)
        assert bool(nurseries.places.any()) == expected, "they open for those who asked before"
        assert total(w, "childcare_unserved") > 0 or expected
    assert total(w, "childcare_enrolled") > 0


# --- what births are promised


def test_cover_is_places_over_children_times_those_who_can_bear_the_fee(p):
    places, children = np.full((1, 2, 2), 10.0), np.full((1, 2), 100.0)
    per_head = np.full((2, 6), 40_000.0)
    nothing = childcare.cover(p, places, children, np.zeros((1, 2, 2)), per_head)
    np.testing.assert_allclose(nothing, 0.2)
    bearable = 0.15 * 3 * 40_000 / 12
    half = childcare.cover(p, places, children, np.full((1, 2, 2), bearable), per_head)
    np.testing.assert_allclose(half, 0.1)
    assert childcare.cover(p, places * 99, children, places * 0, per_head).max() == 1.0
    assert not childcare.cover(p, places, children * 0, places, per_head).any()


def test_places_that_nobody_asks_for_are_no_cover():
    places = np.array([[[30.0, 10.0]], [[30.0, 10.0]], [[0.0, 0.0]]])
    wanted = np.array([[[5.0, 15.0]], [[50.0, 10.0]], [[9.0, 9.0]]])
    useful = childcare.useful(places, wanted)
    assert useful[:, 0].tolist() == [[15.0, 5.0], [30.0, 10.0], [0.0, 0.0]]


def test_cover_is_promised_beyond_that_of_the_evidence_a_year_later(world):
    w = world(year=2015, **nursery_crowd())
    assert childcare.promise(w).cover == 0.0
    w.run(childcare.STEP).later()
    assert not childcare.promise(w).cover.any()
    w.people["age"][w.people["age"] == 3] = 0
    w.year = 2025
    w.constants.year = 2025
    w._count_people()
    w.run(childcare.STEP)
    cover = childcare.promise(w).cover
    assert cover.shape == (1, 31, 2, 6)
    assert cover.max() > 0.05
    np.testing.assert_array_equal(
        cover[0], w.providers["childcare"].cover - w.providers["childcare"].cover_before
    )


# --- what births are promised of fees


PER_HEAD = np.full((2, 6), 35_000.0)


def halved(p, factor=0.5):
    fee = p.at(KEY + "fee", date(2025, 1, 1))
    law = {"2027-01-01": [round(float(x) * factor, 6) for x in fee]}
    return p.overlay({KEY + "fee": law, "demography.fertility_response.announced": TOLD})


TOLD = {"2026-07-01": 1}


def promised(world, p, crowd, other=None):
    """What is promised in 2028 under another law, by the constants of this one."""
    baseline = world(p, year=2027, **crowd).run(childcare.STEP).later()
    own = childcare.promise(baseline)
    if other is None:
        return own
    w = world(other, year=2027, **crowd).run(childcare.STEP).later()
    w.constants = baseline.constants.for_scenario()
    w.constants.year = 2028
    return childcare.promise(w)


def test_the_fees_ahead_of_a_child_are_added_up_by_month():
    """Born in the middle of 2027: 12, 12 and 8 months of 2028 to 2030, at 3 % from mid-year on."""
    still = {"work.economy.real_wage_growth": {"factor": 0.0}, KEY + "fee_follows_wages": 0.0,
             "work.economy.cpi_growth": {"factor": 0.0}}  # fmt: skip
    p = load(still)
    first, second, third, fourth = 6, 12, 12, 2  # months by year of life
    months = first + second / 1.03 + third / 1.03**2 + fourth / 1.03**3
    ahead = childcare.fees_ahead(p, 2027)
    np.testing.assert_allclose(ahead, months * np.array([[1500, 2500], [750, 1250]]))


def test_fees_that_are_not_known_yet_are_not_expected(p):
    late = p.overlay({KEY + "fee": {"2029-01-01": [750, 1250]}})
    told = late.overlay({"demography.fertility_response.announced": TOLD})
    for y in (2026, 2027):  # decided when the law of 2029 is not known
        np.testing.assert_array_equal(childcare.fees_ahead(late, y), childcare.fees_ahead(p, y))
    assert (childcare.fees_ahead(told, 2027) < childcare.fees_ahead(late, 2027)).all()
    assert (childcare.fees_ahead(late, 2030) < 0.6 * childcare.fees_ahead(p, 2030)).all()


def test_the_law_of_the_baseline_promises_no_money(world, p):
    assert not promised(world, p, nursery_crowd()).fee.any()
    assert not promised(world, p, nursery_crowd(), p).fee.any()


def test_half_the_fees_are_worth_what_users_save(world, p):
    crowd = nursery_crowd()
    fee = promised(world, p, crowd, halved(p)).fee
    assert fee.shape == (1, 31, 2, 1)
    assert (fee >= 0).all()
    w = world(halved(p), year=2027, **crowd).run(childcare.STEP)
    nurseries = w.providers["childcare"]
    children = np.zeros(nurseries.shape[:2])
    for row, age in zip(young(w).rows, young(w).age, strict=True):
        if age < 3:
            place = nurseries.area_of[w.people["province"][row]], w.people["residence"][row]
            last = last_month_alive(w.people["death_u"][row])
            children[place] += min(8 if age == 2 else 12, last) / 12 * w.weight
    there = nurseries.enrolled.reshape(nurseries.shape)
    fall = childcare.fees_ahead(p, 2028) - childcare.fees_ahead(halved(p), 2028)
    expected = (there * fall).sum(axis=2) / children
    np.testing.assert_allclose(fee[0, :, :, 0], expected[nurseries.area_of])
    assert 1_000 < fee.mean() < 20_000


def test_lower_fees_work_as_cash_of_the_same_value(world, p):
    """Below the knee, with a yuan not asked for as good as one that is paid."""
    assert p.value("demography.fertility_response.fee_ratio") == 1.0
    fee = promised(world, p, nursery_crowd(), halved(p)).fee
    by_fee = birth_response.response(p, Promise(fee=fee), PER_HEAD)
    np.testing.assert_allclose(by_fee, birth_response.response(p, Promise(cash=fee), PER_HEAD))
    assert (by_fee >= 0).all()
    assert by_fee.max() > 0.001


def test_a_further_fall_of_fees_never_lowers_a_hazard(world, p):
    crowd, before = nursery_crowd(), None
    for factor in (1.5, 1.0, 0.8, 0.5, 0.2, 0.0):
        promise = promised(world, p, crowd, halved(p, factor))
        term = birth_response.response(p, promise, PER_HEAD)
        assert before is None or (term >= before).all()
        assert before is None or (term > before).any()
        before = term


def test_with_its_channel_off_the_price_is_not_heard(world, p):
    deaf = {"demography.fertility_response.channels": {"value": [1, 0, 1, 1, 1]}}
    promise = promised(world, p, nursery_crowd(), halved(p))
    assert promise.fee.any()
    term = birth_response.response(p.overlay(deaf), promise._replace(cover=0.0), PER_HEAD)
    assert not term.any()


# --- bad input


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("exits", 1.5, "0 to 1"), ("price_response", 0.5, "-5 to 0"),
        ("wish_level", [0, 0, 99], "-8 to 8"), ("building_grant", {"2026-01-01": -1}, "0 to 1e+06"),
        ("places_planned", {"factor": 100}, "0 to 40"), ("building_lag", 9, "1 to 5"),
    ],
)  # fmt: skip
def test_bad_numbers_are_refused_with_key_and_range(key, value, allowed):
    with pytest.raises(ParameterError) as refusal:
        load({KEY + key: value})
    assert KEY + key in str(refusal.value)
    assert allowed in str(refusal.value)
