"""Kindergartens: places, pupils, whose fee is waived, and who pays for it."""

from datetime import date

import numpy as np
import pytest
from songhe.agents import luck
from songhe.model import funds
from songhe.model.policies import preschool
from songhe.model.young_children import IN_AN_AGENT
from songhe.parameters.dims import FUNDS, KINDERGARTEN_GRADES, OWNERSHIP, PROVINCES
from songhe.parameters.load import ParameterError, load
from songhe.tests.statistical import assert_proportion

KEY = "policies.preschool."
AT = FUNDS.index("preschool")
PUBLIC, PRIVATE = range(len(OWNERSHIP))
SMALL, MIDDLE, BIG = range(len(KINDERGARTEN_GRADES))
ALL_FREE = {KEY + "waived": {"2027-09-01": [1, 1, 1]}}


def kindergarten_crowd(n=6000, seed=3, ages=(2, 6)):
    rng = np.random.default_rng(seed)
    return {
        "age": rng.integers(*ages, n).astype(np.int8),
        "province": rng.integers(0, 31, n).astype(np.uint8),
        "residence": rng.integers(0, 2, n).astype(np.uint8),
        "death_u": np.where(rng.random(n) < 0.02, rng.random(n), 2.0).astype(np.float32),
    }


def total(w, name):
    return w.tally.now[name].sum() / IN_AN_AGENT


# --- fees


@pytest.mark.parametrize(
    ("fee", "standard", "share", "waived", "source"),
    [
        (50_000, 50_000, 1.0, 50_000, "China Daily, 8 August 2025: public 500, pays nothing"),
        (80_000, 50_000, 1.0, 50_000, "China Daily, 8 August 2025: private 800, pays 300"),
        (40_000, 50_000, 1.0, 40_000, "a fee below the approved one is waived whole"),
        (80_000, 50_000, 0.5, 25_000, "half of the approved fee"),
        (80_000, 50_000, 0.0, 0, "nothing is waived"),
    ],
)
def test_worked_fees_to_the_fen(fee, standard, share, waived, source):
    assert preschool.waived_fee(fee, standard, share) == waived, source


def test_the_last_year_is_free_from_the_autumn_term_of_2025(p):
    assert not preschool.waived_on(p, date(2025, 8, 31)).any()
    assert preschool.waived_on(p, date(2025, 9, 1)).tolist() == [0, 0, 1]
    assert preschool.waived_share(p, 2025).tolist() == [[0, 0, 0], [0, 0, 1]]
    assert preschool.waived_share(p, 2026).tolist() == [[0, 0, 1], [0, 0, 1]]
    assert not preschool.rules_of(p, 2024).waived.any()


def test_ten_months_are_charged_in_a_year_and_none_in_summer():
    assert [preschool.charged(1, 12, term) for term in range(2)] == [6, 4]
    assert [preschool.charged(9, 12, term) for term in range(2)] == [0, 4]
    assert [preschool.charged(1, 8, term) for term in range(2)] == [6, 0]
    assert [preschool.charged(7, 10, term) for term in range(2)] == [0, 2]


def test_grades_change_in_september():
    assert [preschool.grade_of(2, 9, 3), preschool.grade_of(3, 8, 3)] == [SMALL, SMALL]
    assert [preschool.grade_of(3, 9, 3), preschool.grade_of(4, 9, 3)] == [MIDDLE, BIG]
    assert preschool.grade_of(5, 1, 3) == BIG


@pytest.mark.parametrize("year", [2025, 2026, 2028])
def test_waived_fees_are_enrolled_months_times_the_fee_child_by_child(world, year):
    w = world(load(ALL_FREE), year=year, **kindergarten_crowd()).run(preschool.STEP, funds.STEP)
    people, schools = w.people, w.providers["kindergarten"]
    shares, fees = preschool.waived_share(w.parameters, year), preschool.rules_of(
        w.parameters, year).fee  # fmt: skip
    money, months = np.zeros(31, np.int64), np.zeros(31, np.int64)
    for row, there in zip(schools.rows, schools.months, strict=True):
        age, province = int(people["age"][row]), people["province"][row]
        standard = fees[province, people["residence"][row], PUBLIC]
        alive = people["death_u"][row]
        last = {2: 12, 3: 12, 4: 12, 5: 8}[age]
        last = last if alive >= 1 else min(last, int(12 * alive) + 1)
        for month in range(last - int(there) + 1, last + 1):
            if month in (7, 8):
                continue
            autumn = month >= 9
            share = shares[int(autumn), age - 3 + autumn]
            money[province] += int(standard * share)
            months[province] += share > 0
    assert money.sum() > 0
    np.testing.assert_array_equal(w.tally.now["fund_outlay"][AT, 0], money)
    np.testing.assert_array_equal(w.tally.now["preschool_waived_months"], months)
    np.testing.assert_array_equal(w.tally.now["fund_outlay"][AT], w.tally.now["fund_subsidy"][AT])
    assert not w.tally.now["fund_balance"][AT].any()


def test_centre_and_provinces_share_what_is_waived(world):
    w = world(year=2026, **kindergarten_crowd(9000)).run(preschool.STEP)
    central, local = (-w.counterparts[k] for k in ("central_government", "local_government"))
    np.testing.assert_array_equal(central + local, w.counterparts["households"])
    shares = {"Sichuan": 0.8, "Henan": 0.6, "Shandong": 0.5, "Guangdong": 0.3, "Beijing": 0.1}
    for name, share in shares.items():
        at = PROVINCES.index(name)
        assert central[at] / (central + local)[at] == pytest.approx(share, abs=1e-6)


def test_families_pay_what_is_not_waived(world):
    people = kindergarten_crowd()
    free = world(load(ALL_FREE), year=2028, **people).run(preschool.STEP)
    none = world(load({KEY + "waived": {"2025-09-01": [0, 0, 0]}}), year=2028, **people)
    none.run(preschool.STEP)
    paid, all_of_it = (w.tally.now["kindergarten_fees"].sum() for w in (free, none))
    waived = free.counterparts["households"].sum()
    assert paid + waived == all_of_it
    assert 0 < paid < all_of_it, "private kindergartens charge the difference"


def test_nothing_is_paid_before_the_law(world):
    w = world(year=2024, **kindergarten_crowd()).run(preschool.STEP, funds.STEP)
    assert w.funds["preschool"].idle
    assert not w.tally.now["preschool_waived_months"].any()
    assert w.tally.now["kindergarten_fees"].sum() > 0


# --- places and pupils


@pytest.mark.parametrize("year", [2011, 2015, 2022, 2035])
def test_enrolled_never_exceeds_places(world, year):
    w = world(year=year, **kindergarten_crowd()).run(preschool.STEP)
    schools = w.providers["kindergarten"]
    assert (schools.enrolled <= schools.places * (1 + 1e-12)).all()
    assert 0 < total(w, "kindergarten_pupils") <= total(w, "kindergarten_places")


def test_enrolment_of_the_evidence_is_lived(world):
    w = world(year=2015, **kindergarten_crowd(20_000)).run(preschool.STEP)
    children = preschool.child_years(w, 3, 3).sum() / w.weight
    assert total(w, "kindergarten_places") / children == pytest.approx(0.75, abs=1e-3)
    assert total(w, "kindergarten_pupils") / children == pytest.approx(0.75, abs=0.002)


def test_the_plan_has_the_targets_of_the_law_after_the_evidence(p):
    rates = [preschool.planned_rate(p, year) for year in (2010, 2015, 2020, 2025, 2050)]
    assert rates == [0.566, 0.75, 0.85, 0.9, 0.9]


def test_those_who_wanted_a_place_a_year_ago_come_first_and_older_ones_before_others(world):
    n = 8000
    here = {name: np.zeros(n, np.uint8) for name in ("province", "residence")}
    here["death_u"] = np.full(n, 2.0, np.float32)
    w = world(year=2011, **kindergarten_crowd(n) | here)
    w.run(preschool.STEP)
    ages, schools = w.people["age"], w.providers["kindergarten"]
    months = schools.months_of(n, 2011)
    big = ages == 5
    assert_proportion(int((months[big] > 0).sum()), int(big.sum()), 0.96)
    assert (months[ages <= 3] > 0).mean() < 0.5


def test_pupils_and_unserved_are_those_who_want_a_place(world):
    w = world(year=2012, **kindergarten_crowd()).run(preschool.STEP)
    wanted = w.providers["kindergarten"].wanted.sum() / w.weight
    assert total(w, "kindergarten_unserved") > 10
    assert total(w, "kindergarten_pupils") + total(w, "kindergarten_unserved") == pytest.approx(
        wanted
    )
    assert w.tally.now["pupils"][0] == w.tally.now["kindergarten_pupils"].sum()


def test_classes_and_staff_follow_the_pupils(world):
    w = world(year=2016, **kindergarten_crowd()).run(preschool.STEP)
    pupils = w.tally.now["kindergarten_pupils"].sum(axis=0) / IN_AN_AGENT
    assert total(w, "kindergarten_classes") == pytest.approx(
        (pupils / [25, 30, 35]).sum(), rel=0.01
    )
    assert total(w, "kindergarten_staff") == pytest.approx(pupils.sum() / 12.2, rel=0.01)


def test_kindergartens_close_in_empty_cohorts_employ_nobody_and_open_again(world):
    people = kindergarten_crowd()
    ages = people["age"].copy()
    w = world(year=2026, **people).run(preschool.STEP)
    schools = w.providers["kindergarten"]
    full = schools.places.sum()
    closed = 0.0
    for _ in range(5):
        w.later()
        w.people["age"][:] = 40
        w.run(preschool.STEP)
        closed += total(w, "kindergarten_places_closed") * w.weight
    assert not schools.places.any()
    assert not any(agent.staff or agent.is_open for agent in schools.agents)
    assert closed == pytest.approx(full, rel=1e-3)
    for expected in (False, True):
        w.later()
        w.people["age"][:] = ages
        w.people["alive"][:] = 1
        w.run(preschool.STEP)
        assert bool(schools.places.any()) == expected
    assert total(w, "kindergarten_pupils") > 0


def test_children_of_closed_areas_are_unserved(world):
    people = kindergarten_crowd()
    closed = world(load({KEY + "places_planned": {"factor": 0.0}}), year=2020, **people)
    closed.run(preschool.STEP)
    open_ = world(load({KEY + "places_planned": {"factor": 3.0}}), year=2020, **people)
    open_.run(preschool.STEP)
    assert total(closed, "kindergarten_pupils") == total(closed, "kindergarten_staff") == 0
    assert total(open_, "kindergarten_unserved") == 0
    assert total(closed, "kindergarten_unserved") == total(open_, "kindergarten_pupils")


def test_half_the_children_at_the_same_weight_have_the_same_share_of_places(world):
    shares = []
    for n, seed in ((24_000, 3), (12_000, 4)):
        w = world(year=2013, **kindergarten_crowd(n, seed)).run(preschool.STEP)
        shares.append(total(w, "kindergarten_pupils") / preschool.child_years(w, 3, 3).sum())
    assert shares[0] == pytest.approx(shares[1], rel=0.003)


def test_a_child_goes_on_once_it_is_in_unless_it_was_the_last_of_a_queue(world):
    people = kindergarten_crowd(ages=(2, 4))
    people["death_u"][:] = 2.0
    w = world(year=2022, **people).run(preschool.STEP)
    schools = w.providers["kindergarten"]
    first = set(schools.rows.tolist())
    w.later().run(preschool.STEP)
    assert len(first) > 4000
    assert len(first - set(schools.rows.tolist())) <= len(schools.agents)


def test_the_same_for_any_order_of_rows(world):
    people = kindergarten_crowd() | {"id": luck.base_ids(np.arange(1, 6001))}
    plain = world(year=2012, **people).run(preschool.STEP)
    other = world(year=2012, **people)
    other.people.compact(np.random.default_rng(1).permutation(6000))
    other.run(preschool.STEP)
    for name, counts in plain.tally.now.items():
        np.testing.assert_array_equal(counts, other.tally.now[name], name)


# --- what births are promised


def test_waived_fees_are_promised_to_children_of_couples_who_know_the_law(p):
    assert preschool.expected_relief(p, 2025) == 0.0
    relief = preschool.expected_relief(p, 2026)
    assert 10 * 0.98 * 0.8 < relief < 10 * 0.98, "ten months of fees, valued at birth"
    more = load(ALL_FREE)
    assert preschool.expected_relief(more, 2027) == preschool.expected_relief(p, 2027)
    assert preschool.expected_relief(more, 2029) > 2.8 * preschool.expected_relief(p, 2029)


def test_the_promise_is_dearer_where_the_public_fee_is_higher(world):
    w = world(year=2027, **kindergarten_crowd(100))
    fee = preschool.promise(w).fee
    assert fee.shape == (1, 31, 2, 1)
    beijing, henan = (fee[0, PROVINCES.index(name), 0, 0] for name in ("Beijing", "Henan"))
    assert beijing / henan == pytest.approx(1.5 / 0.9)
    assert preschool.promise(world(year=2020, **kindergarten_crowd(100))).fee == 0.0


# --- bad input


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("waived", {"2027-09-01": [0, 0, 1.2]}, "0 to 1"), ("fee", [500, -1], "0 to 100000"),
        ("class_size", [25, 30, 0], "1 to 100"), ("wants", [0.9, 0.9, 1.9], "0 to 1"),
        ("patience", 0, "1 to 50"), ("pupils_per_staff", {"factor": 0.01}, "1 to 100"),
    ],
)  # fmt: skip
def test_bad_numbers_are_refused_with_key_and_range(key, value, allowed):
    with pytest.raises(ParameterError) as refusal:
        load({KEY + key: value})
    assert KEY + key in str(refusal.value)
    assert allowed in str(refusal.value)


def test_a_bad_table_is_refused_with_cell_and_range(tmp_path):
    (tmp_path / "own.csv").write_text("year,value\n2010,0.5\n2030,7\n")
    with pytest.raises(ParameterError) as refusal:
        load({KEY + "places_planned": {"data": "own.csv"}}, tmp_path)
    for word in (KEY + "places_planned", "year=2030", "7", "0 to 3"):
        assert word in str(refusal.value)
