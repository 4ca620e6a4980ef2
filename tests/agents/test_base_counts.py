"""The size and age structure of the base under both concepts, and its carry to the year's end."""

import numpy as np
import pytest
from songhe.agents import base_counts
from songhe.agents.base_counts import FEMALE, MALE, Vital
from songhe.parameters import rates
from songhe.parameters.load import Parameters, load

TOPIC = "demography.population"


@pytest.fixture(scope="module")
def p() -> Parameters:
    return load()


def totals(p: Parameters, concept: str, end: bool) -> base_counts.ConceptTotal:
    """Rows come as source date and year end of official, then of wpp."""
    return base_counts.population_concepts(p)[2 * (concept == "wpp") + end]


@pytest.mark.parametrize(
    ("concept", "day", "millions"),
    [
        ("official", "2010-11-01", (1343.09, 177.59, 118.93, 20.99)),
        ("wpp", "2010-07-01", (1351.56, 173.08, 117.07, 22.01)),
    ],
)
def test_totals_at_the_source_date_are_those_of_the_evidence(
    p: Parameters, concept: str, day: str, millions: tuple[float, ...]
) -> None:
    row = totals(p, concept, end=False)
    assert (row.concept, row.day) == (concept, day)
    assert np.round(np.array(row[2:]) / 1e6, 2) == pytest.approx(millions)


def test_year_end_adds_two_and_six_months_of_growth(p: Parameters) -> None:
    # 2010 grew by about 0.5 to 0.7 % a year
    for concept, months in (("official", 2), ("wpp", 6)):
        before, after = totals(p, concept, end=False), totals(p, concept, end=True)
        assert after.day == "2010-12-31"
        assert 0.004 < (after.total / before.total - 1) * 12 / months < 0.008
        assert after.aged_60 > before.aged_60


def test_official_keeps_every_census_count_of_60_and_over(p: Parameters) -> None:
    census = p.array(f"{TOPIC}.census_2010")
    groups = base_counts.first_ages(p, f"{TOPIC}.census_2010")
    got = np.add.reduceat(base_counts.official_counts(p), groups, axis=-1)
    np.testing.assert_allclose(got[..., groups >= 60], census[..., groups >= 60], rtol=1e-12)


def test_official_factors_act_on_children(p: Parameters) -> None:
    single = p.array(f"{TOPIC}.census_2010_single_age")
    factor = p.array(f"{TOPIC}.official_correction")
    got = base_counts.official_counts(p).sum(axis=(0, 1))
    np.testing.assert_allclose(got[:, 3], single[:, 3] * factor[:, 0], rtol=1e-12)
    np.testing.assert_allclose(got[:, 12], single[:, 12] * factor[:, 2], rtol=1e-12)


def test_official_adds_everyone_in_no_age_table(p: Parameters) -> None:
    single = p.array(f"{TOPIC}.census_2010_single_age")
    factor = np.ones_like(single)
    factor[:, :25] = np.repeat(p.array(f"{TOPIC}.official_correction"), 5, axis=1)
    added = base_counts.official_counts(p).sum(axis=(0, 1)) - single * factor
    assert added.sum() == pytest.approx(p.value(f"{TOPIC}.uncounted"))
    assert np.abs(added[:, :15]).max() < 1e-6
    assert np.abs(added[:, 60:]).max() < 1e-6
    extra = added[MALE] / (single * factor)[MALE] - added[FEMALE] / (single * factor)[FEMALE]
    serving = (extra * (single * factor)[MALE])[18:25].sum()
    assert serving == pytest.approx(p.value(f"{TOPIC}.uncounted_young_men"))
    assert np.abs(extra[25:60]).max() < 1e-12


def test_wpp_meets_every_group_of_the_estimate(p: Parameters) -> None:
    groups = base_counts.first_ages(p, f"{TOPIC}.wpp_2010")
    got = np.add.reduceat(base_counts.wpp_counts(p).sum(axis=(0, 1)), groups, axis=-1)
    np.testing.assert_allclose(got, p.array(f"{TOPIC}.wpp_2010"), rtol=1e-12)


def test_wpp_places_everyone_of_85_and_over_alike(p: Parameters) -> None:
    got, census = base_counts.wpp_counts(p), p.array(f"{TOPIC}.census_2010")
    oldest = base_counts.first_ages(p, f"{TOPIC}.census_2010") >= 85
    place = census[..., oldest].sum(axis=-1)
    share = got[..., 85:] / got[..., 85:].sum(axis=(0, 1))
    wanted = (place / place.sum(axis=(0, 1)))[..., None]
    np.testing.assert_allclose(share, np.broadcast_to(wanted, share.shape), rtol=1e-12)


def test_every_cell_has_people(p: Parameters) -> None:
    for concept in base_counts.CONCEPTS:
        counts = base_counts.year_end_counts(p, concept)
        assert counts.shape == (31, 2, 2, 101)
        assert np.isfinite(counts).all()
        assert counts.min() >= 0


def test_spread_keeps_groups_and_follows_the_pattern() -> None:
    pattern = np.array([[1.0, 3.0, 2.0, 2.0], [1.0, 1.0, 1.0, 0.0]])
    got = base_counts.spread(np.array([[8.0, 4.0], [2.0, 6.0]]), np.array([0, 2]), pattern)
    np.testing.assert_allclose(got, [[2, 6, 2, 2], [1, 1, 6, 0]])


def test_without_events_only_birthdays_happen() -> None:
    still = Vital(np.zeros((2, 101)), np.zeros(101), 1.1, 0.1)
    counts = np.random.default_rng(1).uniform(1, 9, (3, 2, 101))
    later = base_counts.carried(counts, still, 0.25)
    np.testing.assert_allclose(later.sum(axis=-1), counts.sum(axis=-1))
    np.testing.assert_allclose(later[..., 40], 0.75 * counts[..., 40] + 0.25 * counts[..., 39])
    np.testing.assert_allclose(later[..., 100], counts[..., 100] + 0.25 * counts[..., 99])


def test_a_whole_year_is_a_cohort_component_step(p: Parameters) -> None:
    vital = base_counts.vital_rates(p, "official")
    years, survival, newborn = rates.annual_survival(p, "official")
    at = list(years).index(2010)
    later = base_counts.carried(np.ones((2, 101)), vital, 1.0)
    np.testing.assert_allclose(later[:, 1:95], survival[at][:, :94], rtol=3e-3)
    np.testing.assert_allclose(later[:, 1:40], survival[at][:, :39], rtol=1e-4)
    births = vital.asfr.sum()
    boys = vital.srb / (1 + vital.srb)
    np.testing.assert_allclose(later[MALE, 0], births * boys * newborn[at, MALE], rtol=1e-4)
    np.testing.assert_allclose(
        later[FEMALE, 0], births * (1 - boys) * newborn[at, FEMALE], rtol=1e-4
    )


def test_births_follow_the_women_of_the_place(p: Parameters) -> None:
    vital = base_counts.vital_rates(p, "official")
    counts = np.zeros((2, 2, 101))
    counts[0, FEMALE, 25], counts[1, MALE, 25] = 6000.0, 6000.0
    later = base_counts.carried(counts, vital, 1 / 6)
    assert later[0, :, 0].sum() == pytest.approx(1000 * vital.asfr[25], rel=0.05)
    assert later[1, :, 0].sum() == 0


def test_unknown_concept_is_refused(p: Parameters) -> None:
    with pytest.raises(ValueError, match="allowed: official, wpp"):
        base_counts.source_counts(p, "census")
