"""Progress through school, one turning point at a time."""

import numpy as np
import pytest
from songhe.agents import luck
from songhe.model.events.education import (
    MIDDLE,
    N_STAGES,
    STEP,
    at_least,
    find_pupils,
    schooled,
    shifts,
    solve_constants,
    turning,
    turning_ages,
    wanted,
)
from songhe.parameters.load import load

AGES = np.array([6, 12, 15, 18, 21, 22])


@pytest.mark.parametrize(
    ("reached", "enrolled", "stage"),
    [(5, 0, -1), (6, 0, 0), (7, 0, -1), (12, 1, 1), (15, 1, 2), (16, 1, -1), (18, 1, 3),
     (18, 0, -1), (21, 1, 4), (22, 1, 5), (30, 1, 5)],
)  # fmt: skip
def test_turning_points_stand_at_the_legal_ages(reached, enrolled, stage):
    assert turning.py_func(reached, enrolled, AGES) == stage


@pytest.mark.parametrize(
    ("stage", "level", "goes_on", "after"),
    [(0, 0, True, (0, True)), (0, 0, False, (0, False)), (1, 0, True, (1, True)),
     (3, 2, False, (3, False)), (3, 2, True, (3, True)), (4, 3, False, (4, False)),
     (4, 3, True, (3, True)), (5, 3, False, (5, False))],
)  # fmt: skip
def test_levels_are_completed_one_after_another(stage, level, goes_on, after):
    assert schooled.py_func(stage, level, goes_on) == after


def pupils_of(year):
    """People at a turning point with what stands before them, in plain Python."""
    people = year.people
    for i in range(people.n):
        if people["alive"][i] and people["death_u"][i] >= 1:
            stage = turning.py_func(int(people["age"][i]) + 1, people["enrolled"][i], AGES)
            if stage >= 0 and (people["enrolled"][i] or people["age"][i] < 21):
                yield i, stage


def schoolchildren(tools, n=12_000):
    rng = np.random.default_rng(4)
    rows = [
        {"sex": int(s), "age": int(a), "residence": int(r), "enrolled": int(a >= 6),
         "education": int(np.searchsorted([12, 15, 18], a, side="right")), "household": k}
        for k, (s, a, r) in enumerate(
            zip(rng.integers(0, 2, n), rng.integers(3, 23, n), rng.integers(0, 2, n), strict=True)
        )
    ]  # fmt: skip
    mothers = [{"sex": 1, "age": 40, "education": k % 6, "household": n} for k in range(60)]
    for k, row in enumerate(rows):
        if k % 5:
            row["mother"] = n + k % 60
    return tools.Year(tools.people_of(rows + mothers), n + 1)


def test_everyone_at_a_turning_point_passes_by_the_own_luck(tools):
    year = schoolchildren(tools)
    people = year.people
    before = {name: people[name].copy() for name in ("education", "enrolled")}
    expected = list(pupils_of(year))
    rows, stages = np.empty((2, people.n + 1), np.int64)
    names = ("age", "enrolled", "alive", "death_u")
    n = find_pupils(*(people[c] for c in names), AGES, rows, stages)
    assert list(zip(rows[:n].tolist(), stages[:n].tolist(), strict=True)) == expected
    year.run(STEP)
    constants = {name: value for name, _, value in year.constants.table()}["education"]
    u = luck.uniforms(people["id"], luck.Call.EDUCATION, 2011, year.key)[0]
    shift = shifts(load())
    for i, stage in expected:
        goes_on = False
        if stage < N_STAGES:
            level = before["education"][people["mother"][i]] if people["mother"][i] >= 0 else -1
            log_odds = constants[stage, people["sex"][i]] + shift[people["residence"][i], level]
            goes_on = u[i] < 1 / (1 + np.exp(-log_odds))
        after = schooled.py_func(stage, before["education"][i], goes_on)
        assert (people["education"][i], people["enrolled"][i]) == after
    others = np.ones(people.n, bool)
    others[[i for i, _ in expected]] = False
    for name, values in before.items():
        assert np.array_equal(people[name][others], values[others])


def test_the_wanted_share_goes_on_in_expected_values():
    rng = np.random.default_rng(2)
    counts = rng.integers(0, 500, (N_STAGES, 2, 2, 7))
    counts[2, 1] = 0
    shift, share, constants = shifts(load()), wanted(load(), 2014), np.empty((N_STAGES, 2))
    solve_constants(counts, shift, share, constants)
    chance = 1 / (1 + np.exp(-(constants[:, :, None, None] + shift)))
    total = counts.sum(axis=(2, 3))
    expected = (counts * chance).sum(axis=(2, 3))
    assert expected == pytest.approx(share * total, rel=1e-9, abs=1e-6)
    own = 1 / (1 + np.exp(-constants[2, 1]))
    assert own == pytest.approx(share[2, 1])


def test_children_of_schooled_mothers_in_town_go_further():
    shift = shifts(load())
    assert (np.diff(shift[:, :6], axis=1) > 0).all()
    assert (shift[0] > shift[1]).all()
    assert shift[0, MIDDLE] == shift[0, -1] == 0  # an unknown mother shifts nothing


def test_a_cohort_reaches_the_levels_of_the_table():
    """Going on at the wanted share at each turning point gives the cohort's own shares."""
    p, born = load(), 1996
    share = at_least(p, np.array([born]))[:, 0]
    passed = np.ones(2)
    for stage, age in enumerate(turning_ages(p)[:N_STAGES]):
        passed = passed * wanted(p, born + int(age))[stage]
        assert passed == pytest.approx(share[:, stage + 1])


def test_cohorts_outside_the_table_are_as_its_ends():
    ends = at_least(load(), np.array([1700, 2300]))
    assert np.array_equal(ends[:, 1], at_least(load(), np.array([2200]))[:, 0])
    assert np.array_equal(ends[:, 0], at_least(load(), np.array([1701]))[:, 0])


def test_newborns_and_the_dying_do_not_go_to_school(tools):
    rows = [{"age": -1, "household": 0}, {"age": 5, "death_u": 0.5, "household": 0}]
    year = tools.Year(tools.people_of(rows), 1)
    year.run(STEP)
    assert year.people["enrolled"].tolist() == [0, 0]


def test_a_scenario_keeps_the_log_odds_of_its_baseline(tools):
    """Half of the pupils under the constants of all go on at the same chances."""
    year = schoolchildren(tools)
    half = schoolchildren(tools)
    half.people["alive"][::2] = 0
    year.run(STEP)
    half.constants = year.constants.for_scenario()
    half.constants.year = 2011
    half.run(STEP)
    kept = half.people["alive"] == 1
    for name in ("education", "enrolled"):
        assert np.array_equal(half.people[name][kept], year.people[name][kept])
