"""The expected base: it meets its margins and holds nobody who cannot be."""

import numpy as np
import pytest
from songhe.agents import base_table
from songhe.agents.base_counts import CONCEPTS, FEMALE, MALE, year_end_counts
from songhe.agents.base_table import MARRIED, NEVER, BaseTable
from songhe.model.events.education import turning
from songhe.parameters.dims import EDUCATION, PROVINCES
from songhe.parameters.load import Parameters, load


@pytest.fixture(scope="module")
def p() -> Parameters:
    return load()


@pytest.fixture(scope="module", params=CONCEPTS)
def concept(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def table(p: Parameters, concept: str) -> BaseTable:
    return base_table.base_table(p, concept)


def test_table_holds_the_people_of_every_place_sex_and_age(
    p: Parameters, concept: str, table: BaseTable
) -> None:
    people = table.people.sum(axis=(4, 5))
    np.testing.assert_allclose(people, year_end_counts(p, concept), rtol=1e-10)
    assert table.people.min() >= 0


def test_levels_of_schooling_by_age_are_those_of_the_nation(
    p: Parameters, table: BaseTable
) -> None:
    national = table.people.sum(axis=(0, 1, 5))
    share = national / national.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(share, base_table.attended_shares(p), atol=1e-8)


def test_never_married_by_age_group_are_those_of_the_census(
    p: Parameters, table: BaseTable
) -> None:
    national = table.people.sum(axis=(0, 1, 4))[:, 15:]
    starts = np.arange(0, 71, 5)
    groups = np.add.reduceat(national, starts, axis=1)
    never = groups[..., NEVER] / groups.sum(axis=-1)
    wanted = p.array("demography.marital.by_age_2010")[..., NEVER]
    np.testing.assert_allclose(never, wanted, rtol=1e-7)


def test_marital_shares_of_groups_move_little_when_couples_are_balanced(
    p: Parameters, table: BaseTable
) -> None:
    national = table.people.sum(axis=(0, 1, 4))[:, 15:]
    groups = np.add.reduceat(national, np.arange(0, 71, 5), axis=1)
    share = groups / groups.sum(axis=-1, keepdims=True)
    assert np.abs(share - p.array("demography.marital.by_age_2010")).max() < 0.03


def test_there_are_as_many_husbands_as_wives(table: BaseTable) -> None:
    husbands, wives = base_table.husbands_and_wives(table)
    assert husbands == pytest.approx(wives, rel=1e-9)
    assert 385e6 < husbands < 400e6


def test_census_shares_of_places_give_way_only_a_little(table: BaseTable) -> None:
    assert 0 < table.moved["education"] < 0.04
    assert 0 < table.moved["marital"] < 0.02


def test_places_keep_their_differences_in_schooling(table: BaseTable) -> None:
    adults = table.people[..., 25:, :, :].sum(axis=(2, 3, 5))
    university = adults[..., -1] / adults.sum(axis=-1)
    none = adults[..., 0] / adults.sum(axis=-1)
    beijing, tibet = PROVINCES.index("Beijing"), PROVINCES.index("Tibet")
    assert university[beijing, 0] == university.max()
    assert none[tibet, 1] == none.max()
    assert (university[:, 0] > university[:, 1]).all()


def test_nobody_is_married_below_15_or_at_school(p: Parameters, table: BaseTable) -> None:
    once = table.people[..., NEVER + 1 :]
    assert once[:, :, :, :15].sum() == 0
    assert once[:, :, :, base_table.pupils(p)].sum() == 0
    assert once[:, :, :, 20].sum() > 0


def test_nobody_reaches_a_level_before_its_first_year(p: Parameters, table: BaseTable) -> None:
    by_level = table.people.sum(axis=(0, 1, 2, 5))
    for level, start in enumerate(base_table.stage_starts(p)):
        assert by_level[:start, level].sum() == 0
        assert by_level[start, level] > 0


def test_almost_every_child_of_school_age_is_at_school(p: Parameters, table: BaseTable) -> None:
    by_level = table.people.sum(axis=(0, 1, 2, 5))
    at_school = (by_level * base_table.pupils(p)).sum(axis=1) / by_level.sum(axis=1)
    assert (at_school[6:12] > 0.995).all()
    assert (at_school[12:15] > 0.9).all()
    assert (np.diff(at_school[[5, 11, 14, 17, 20, 21, 22]])[1:] < 0).all()
    assert (at_school[22:] == 0).all()
    assert (at_school[:6] == 0).all()


@pytest.mark.parametrize("level", range(1, len(EDUCATION)))
def test_pupils_meet_the_turning_point_of_their_level(p: Parameters, level: int) -> None:
    starts, ends = base_table.stage_starts(p), base_table.stage_ends(p)
    at_it = np.flatnonzero(base_table.pupils(p)[:, level])
    np.testing.assert_array_equal(at_it, np.arange(starts[level], ends[level]))
    assert turning(ends[level], 1, ends) == level
    assert (base_table.completed(p)[at_it, level] < level).all()


def test_students_of_both_kinds_have_completed_upper_secondary_school(p: Parameters) -> None:
    done = base_table.completed(p)
    college, university = EDUCATION.index("college"), EDUCATION.index("university")
    assert done[19, college] == done[19, university] == EDUCATION.index("upper_secondary")
    assert done[21, college] == college
    assert done[21, university] == EDUCATION.index("upper_secondary")
    assert done[22, university] == university


def test_status_runs_smoothly_over_age(table: BaseTable) -> None:
    national = table.people.sum(axis=(0, 1, 4))
    share = national / national.sum(axis=-1, keepdims=True)
    married = share[..., MARRIED]
    assert np.abs(np.diff(married, axis=1)).max() < 0.15
    assert (np.diff(share[MALE, 15:40, NEVER]) < 0).all()
    assert (np.diff(share[FEMALE, 40:85, -1]) > 0).all()


def test_base_is_the_same_for_all_draws(p: Parameters) -> None:
    assert base_table.base_table(p.draw(3), "official") is base_table.base_table(p, "official")


def test_table_cannot_be_written(table: BaseTable) -> None:
    with pytest.raises(ValueError, match="read-only"):
        table.people[0] = 1


def test_fitting_meets_margins_and_keeps_odds_ratios() -> None:
    seed = np.array([[1.0, 2.0], [3.0, 1.0]])
    rows, columns = np.array([30.0, 70.0]), np.array([60.0, 40.0])
    got = base_table.fitted(seed, [((1,), columns), ((0,), rows)])
    np.testing.assert_allclose(got.sum(axis=1), rows)
    np.testing.assert_allclose(got.sum(axis=0), columns)
    assert got[0, 0] * got[1, 1] / got[0, 1] / got[1, 0] == pytest.approx(1 / 6)


def test_a_zero_of_the_seed_stays_zero() -> None:
    seed = np.array([[0.0, 2.0], [3.0, 1.0]])
    got = base_table.fitted(seed, [((1,), np.array([4.0, 6.0])), ((0,), np.array([3.0, 7.0]))])
    np.testing.assert_allclose(got, [[0, 3], [4, 3]])


def test_margins_that_disagree_are_refused() -> None:
    margins = [((1,), np.array([6.0, 5.0])), ((0,), np.array([3.0, 7.0]))]
    with pytest.raises(RuntimeError, match="cannot be met"):
        base_table.fitted(np.ones((2, 2)), margins)


def test_smooth_share_keeps_group_means_and_rises_with_them() -> None:
    age_from = np.arange(15, 40, 5)
    share = np.array([[0.01, 0.2, 0.6, 0.8, 0.9], [0.3, 0.3, 0.3, 0.3, 0.3]])
    weight = np.random.default_rng(2).uniform(1, 2, (2, 25))
    got = base_table.smooth_share(share, weight, age_from)
    mean = (got * weight).reshape(2, 5, 5).sum(axis=2) / weight.reshape(2, 5, 5).sum(axis=2)
    np.testing.assert_allclose(mean, share, rtol=1e-9)
    assert (np.diff(got[0]) > -1e-12).all()
    np.testing.assert_allclose(got[1], 0.3, rtol=1e-9)
