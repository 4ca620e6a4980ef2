"""Function and death: the rule, the table, and the level, against theory and the twin."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import expm
from songhe.agents import luck
from songhe.analysis import multistate as ms
from songhe.model import health_table as ht
from songhe.model.align import Constants
from songhe.model.events import health
from songhe.model.kernels.generator import alive_and_slope, year_later
from songhe.model.starting_adl import starting_adl
from songhe.parameters.load import load
from songhe.parameters.rates import annual_survival
from songhe.tests import reference
from songhe.tests.statistical import assert_proportions, assert_total

YEAR = 2015
CONCEPT = "official"


@pytest.fixture(scope="module")
def p():
    return load()


@pytest.fixture(scope="module")
def rates(p):
    return ht.rates_of(p, YEAR, CONCEPT)


@pytest.fixture(scope="module")
def survival(p):
    years, table, _ = annual_survival(p, CONCEPT)
    return table[YEAR - years[0]]


@pytest.fixture(scope="module")
def people(p):
    """Some 20,000 people of every kind, with function as the rates would have it."""
    rng = np.random.default_rng(3)
    n = 20_000
    columns = {
        "age": rng.integers(-1, 108, n).astype(np.int8),
        "sex": rng.integers(0, 2, n).astype(np.uint8),
        "education": rng.integers(0, 6, n).astype(np.uint8),
        "residence": rng.integers(0, 2, n).astype(np.uint8),
        "alive": (rng.random(n) < 0.97).astype(np.uint8),
    }
    cumulative = np.cumsum(starting_adl(p, YEAR), axis=-1)
    here = cumulative[columns["sex"], np.clip(columns["age"], 0, 100)]
    columns["adl"] = (rng.random(n)[:, None] >= here[:, :3]).sum(1).astype(np.uint8)
    columns["id"] = luck.base_ids(np.arange(1, n + 1))
    columns["death_u"] = np.full(n, 2, np.float32)
    columns["adl_next"] = np.zeros(n, np.uint8)
    return columns


def counted(people):
    counts = np.zeros(math.prod(ht.SHAPE), np.int64)
    ht.count_cells(*(people[name] for name in health.READS), counts)
    return counts.reshape(ht.SHAPE).astype(np.float64)


def lived(people, rules, year=YEAR, seed=1):
    """The kernel's outcome: time of death and function at the end."""
    u = luck.words(people["id"], luck.Call.PERSON, year, luck.key_of(seed, 0, 0))
    own = {name: people[name].copy() for name in health.READS + health.WRITES}
    health.health(*own.values(), u, rules)
    return own["death_u"], own["adl_next"]


def expected_alive(counts, levels, rates):
    table = ht.fill_table(levels, rates).reshape(*ht.SHAPE, 4)
    return (counts * table[..., 3]).sum((2, 3, 4))


# --- competing risks ----------------------------------------------------------------------


def test_competing_risks_share_the_chance_by_their_hazards():
    """Hazards 0.1 and 0.2: 0.0864 and 0.1728, not 0.0952 and 0.1640 drawn one after another."""
    to_severe = (0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0)
    death = (0.2, 0.0, 0.0, 0.0)
    severe = year_later(to_severe, death, (0.0, 0.0, 0.0, 1.0))[0]
    alive = year_later(to_severe, death, (1.0, 1.0, 1.0, 1.0))[0]
    assert severe == pytest.approx(0.1 / 0.3 * (1 - math.exp(-0.3)), rel=1e-14)
    assert severe == pytest.approx(0.0864, abs=5e-5)
    assert 1 - alive == pytest.approx(0.1728, abs=5e-5)


def generator_of(q, death):
    full = np.zeros((4, 4))
    places = ((0, 1), (0, 3), (1, 2), (2, 3), (1, 0), (2, 1), (3, 2))
    for rate, place in zip(q, places, strict=True):
        full[place] = rate
    return full - np.diag(full.sum(axis=1) + death)


@pytest.mark.parametrize("scale", [1e-6, 0.01, 1.0, 20.0])
def test_a_year_of_constant_intensities_is_the_exponential(scale):
    rng = np.random.default_rng(7)
    for _ in range(20):
        q, death = rng.random(7) * scale, rng.random(4) * scale
        every = expm(generator_of(q, death))
        for state in range(4):
            found = year_later(tuple(q), tuple(death), tuple(np.eye(4)[state]))
            np.testing.assert_allclose(found, every[:, state], rtol=1e-12, atol=1e-18)


def test_the_slope_of_survival_by_the_level_of_death():
    rng = np.random.default_rng(9)
    for _ in range(20):
        q, ratio, level = tuple(rng.random(7)), tuple(rng.random(4)), 0.5 + rng.random()
        share, slope = alive_and_slope(q, ratio, level)
        above = np.array(alive_and_slope(q, ratio, level + 1e-5)[0])
        below = np.array(alive_and_slope(q, ratio, level - 1e-5)[0])
        np.testing.assert_allclose(slope, (above - below) / 2e-5, rtol=1e-7)
        death = np.array(ratio) * level
        np.testing.assert_allclose(share, expm(generator_of(q, death)).sum(axis=1), rtol=1e-13)


def test_time_of_death_follows_the_constant_hazard():
    """Of those who die, the share dead by time t is (1 - exp(-Ht)) / (1 - exp(-H))."""
    for alive in (0.9999, 0.6, 0.01):
        hazard = -math.log(alive)
        for t in (0.1, 0.5, 0.9):
            v = (1 - math.exp(-hazard * t)) / (1 - alive)
            assert health.time_of_death(v, alive) == pytest.approx(t, abs=1e-6)
    assert health.time_of_death(1 - 2.0**-33, 0.5) < 1


# --- kernel against reference ---------------------------------------------------------------


def test_kernel_agrees_with_plain_python_person_by_person(p, rates, people):
    levels = ht.solve_levels(counted(people), rates, ht.LEAST_AGENTS)
    table = ht.fill_table(levels, rates)
    death_u, adl_next = lived(people, health.rules_of(table))
    u = luck.uniforms(people["id"], luck.Call.PERSON, YEAR, luck.key_of(1, 0, 0))
    checked = 0
    for i in range(0, len(people["id"]), 29):
        if not people["alive"][i] or people["age"][i] < 0:
            assert death_u[i] == 2
            continue
        person = {name: int(people[name][i]) for name in ("age", "sex", "education", "residence")}
        person |= {"adl": int(people["adl"][i]), "age": min(person["age"], 100)}
        hazard = levels[person["sex"], person["age"]] * rates.hazard[person["sex"], person["age"]]
        chances = reference.year_of_function(p, YEAR, person, hazard)
        cell = ht.cell_of(
            person["sex"], person["age"], person["education"], person["residence"], person["adl"]
        )
        np.testing.assert_allclose(table[cell], np.cumsum(chances[:4]), rtol=1e-11)
        state, time = reference.outcome(chances, u[0, i], u[1, i])
        if state == reference.DEAD:
            assert death_u[i] == pytest.approx(time, abs=1e-6)
        else:
            assert (death_u[i], adl_next[i]) == (2, state)
        checked += 1
    assert checked > 600


@pytest.mark.parametrize("none", [0.0, 1e-12, 0.5, 0.9999999999, 1.0])
def test_a_word_settles_at_once_only_what_the_chances_say(none):
    """At the last word that is settled, and at the one after it, which is looked at closely."""
    rules = health.rules_of(np.array([[none, none, none, 1.0]]))
    below = int(rules.none_below[0])
    assert below == 0 or luck.unit(np.uint32(below - 1)) < none
    assert below >= none * 2.0**32 - 1


# --- level --------------------------------------------------------------------------------


def test_expected_deaths_are_those_of_the_life_table(rates, survival, people):
    counts = counted(people)
    levels = ht.solve_levels(counts, rates, 1)
    alive, at_risk = expected_alive(counts, levels, rates), counts.sum((2, 3, 4))
    deaths = at_risk * (1 - survival)
    np.testing.assert_allclose((at_risk - alive)[at_risk > 0], deaths[at_risk > 0], rtol=1e-10)


def test_thin_ages_join_until_they_hold_enough_people(rates, survival, people):
    counts = counted(people)
    counts[1, 101 - 20 :] = np.floor(counts[1, 101 - 20 :] / 30)
    levels = ht.solve_levels(counts, rates, 200)
    groups = np.split(np.arange(101), np.flatnonzero(np.diff(levels[1])) + 1)
    at_risk = counts[1].sum((1, 2, 3))
    assert len(groups[-1]) > 5
    alive = expected_alive(counts, levels, rates)[1]
    for group in groups:
        assert at_risk[group].sum() >= 200
        wanted = (at_risk * (1 - survival[1]))[group].sum()
        assert (at_risk - alive)[group].sum() == pytest.approx(wanted, rel=1e-10)


def test_halving_the_population_leaves_every_rate(rates, people):
    counts = 2 * counted(people)
    whole = ht.solve_levels(counts, rates, 1)
    np.testing.assert_allclose(ht.solve_levels(counts / 2, rates, 1), whole, rtol=1e-12)


def test_levels_do_not_depend_on_the_order_of_rows(rates, people):
    order = np.random.default_rng(5).permutation(len(people["id"]))
    shuffled = {name: column[order] for name, column in people.items()}
    found = ht.solve_levels(counted(shuffled), rates, ht.LEAST_AGENTS)
    assert (found == ht.solve_levels(counted(people), rates, ht.LEAST_AGENTS)).all()


def test_the_twin_finds_the_same_levels_and_the_same_people(p, rates, survival):
    counts = np.random.default_rng(3).integers(1, 50, ht.SHAPE).astype(np.float64)
    counts[:, :46, :, :, 1:] = 0
    carried = ms.carry(counts, ms.intensities_of(p, YEAR), survival)
    levels = ht.solve_levels(counts, rates, 1)
    np.testing.assert_allclose(levels, carried.kappa, rtol=1e-10)
    table = ht.fill_table(levels, rates).reshape(*ht.SHAPE, 4)
    after = np.einsum("sxeri,sxerij->sxerj", counts, table)
    np.testing.assert_allclose(after, np.cumsum(carried.people, axis=-1), rtol=1e-10)


def test_selective_survival_lowers_the_level_with_age():
    """Women against all people of their schooling: 0.93 at 60, 0.85 at 75, 0.74 at 85.

    For the intensities of the base year, and a life table with 24.6 years at 60.
    """
    p = load({f"health.adl.{name}": {"value": 0.0} for name in ("trend", "trend_drift")})
    start, rates = ms.stationary(p, 2028, "wpp").people, ht.rates_of(p, 2028, "wpp")
    counts = np.zeros(ht.SHAPE)
    counts[:, :, 0, 1] = start
    levels = ht.solve_levels(counts, rates, 0)
    ratio = ms.intensities_of(p, 2028).ratio[1, :, 0, 1, 0]
    drift = (levels[1] * ratio)[[60, 75, 85]]
    np.testing.assert_allclose(drift, [0.93, 0.85, 0.74], atol=0.01)


def test_without_differentials_everybody_dies_by_the_life_table_and_keeps_function(p, people):
    plain = ht.rates_of(p, YEAR, CONCEPT, differentials=False)
    levels = ht.solve_levels(counted(people), plain, ht.LEAST_AGENTS)
    np.testing.assert_allclose(levels, 1.0, rtol=1e-11)
    table = ht.fill_table(levels, plain).reshape(*ht.SHAPE, 4)
    alive = np.broadcast_to(np.exp(-plain.hazard)[:, :, None, None, None], ht.SHAPE)
    np.testing.assert_allclose(table[..., 3], alive, rtol=1e-11)
    _, adl_next = lived(people, health.rules_of(table.reshape(-1, 4)))
    assert (adl_next == people["adl"]).all()


def test_a_scenario_keeps_the_levels_of_its_baseline(p, people):
    """Nobody is limited in the scenario, so that fewer die than the life table has."""
    options = SimpleNamespace(differentials=True)
    base = SimpleNamespace(
        people=people, parameters=p, year=YEAR, concept=CONCEPT, options=options,
        constants=Constants(),
    )  # fmt: skip
    base.constants.year = YEAR
    health.prepare(base)
    twin = SimpleNamespace(**vars(base))
    twin.people = people | {"adl": np.zeros_like(people["adl"])}
    twin.constants = base.constants.for_scenario()
    twin.constants.year = YEAR
    table = health.prepare(twin).table.reshape(*ht.SHAPE, 4)
    counts = counted(twin.people)
    old = np.s_[:, 70:90]
    alive = (counts * table[..., 3]).sum((2, 3, 4))[old].sum()
    wanted = (counts.sum((2, 3, 4)) * np.exp(-ht.rates_of(p, YEAR, CONCEPT).hazard))[old].sum()
    assert alive > wanted * 1.001


def test_a_year_without_rates_is_refused(p):
    with pytest.raises(ValueError, match="no death rates for 2150; allowed: 1990 to 2100"):
        ht.rates_of(p, 2150, CONCEPT)


# --- lives --------------------------------------------------------------------------------


def years_lived(hazard, first, n, seed=4):
    """Exact ages at death of n men under hazards by age, lived year by year from an age."""
    rates = ht.rates_of(load(), YEAR, CONCEPT, differentials=False)
    rates = rates._replace(hazard=np.tile(hazard, (2, 1)))
    rules = health.rules_of(ht.fill_table(np.ones((2, 101)), rates))
    people = {name: np.zeros(n, np.uint8) for name in ("sex", "education", "residence", "adl")}
    people |= {"age": np.full(n, first, np.int8), "alive": np.ones(n, np.uint8)}
    people |= {"death_u": np.zeros(n, np.float32), "adl_next": np.zeros(n, np.uint8)}
    people["id"] = luck.base_ids(np.arange(1, n + 1))
    died = np.full(n, np.nan)
    for year in range(2011, 2150):
        death_u, _ = lived(people, rules, year, seed)
        now = (death_u < 1) & (people["alive"] == 1)
        died[now] = people["age"][now] + death_u[now]
        people["alive"][now] = 0
        people["age"][:] = np.minimum(people["age"] + 1, 120)
        if not people["alive"].any():
            break
    return died


def test_a_constant_hazard_gives_the_exponential_life_table():
    """False alarm 1e-6 for the mean and 1e-6 for ten proportions."""
    n, hazard = 20_000, 0.2
    lives = years_lived(np.full(101, hazard), 20, n) - 20
    assert_total(lives.sum(), n / hazard, n / hazard**2)
    ages = np.arange(1, 11) * 1.3
    k = (lives[:, None] > ages).sum(axis=0)
    assert_proportions(k, np.full(10, n), np.exp(-hazard * ages))


def test_a_gompertz_hazard_gives_its_life_table():
    """Yearly hazards are exact integrals, so that survivors at birthdays are too."""
    n, level, slope = 20_000, 0.004, 0.11
    ages = np.arange(101)
    hazard = level / slope * (np.exp(slope * (ages - 59)) - np.exp(slope * (ages - 60)))
    lives = years_lived(hazard, 60, n)
    at = np.arange(65, 100, 5)
    survivors = np.exp(-level / slope * (np.exp(slope * (at - 60)) - 1))
    assert_proportions((lives[:, None] > at).sum(axis=0), np.full(len(at), n), survivors)


@pytest.mark.parametrize("age", [60, 75])
def test_years_with_and_without_limitation_are_those_of_the_twin(p, age):
    """One kind of person from a birthday on; the table counts years as means of openings.

    That is off by at most 0.03 years where states come and go within years.
    """
    cohort, rates = ms.stationary(p, YEAR, CONCEPT), ht.rates_of(p, YEAR, CONCEPT)
    table = ht.fill_table(cohort.kappa, rates).reshape(*ht.SHAPE, 4)
    moves = np.diff(table[:, :, 0, 1], axis=-1, prepend=0.0)
    for sex in (0, 1):
        start, before = cohort.prevalence[sex, age], cohort.generator[sex, age - 1]
        half = expm(before / 2)
        state, lived = start @ half, start @ np.linalg.solve(before, half - np.eye(4))
        for year in range(400):
            after = state @ moves[sex, min(age + year, 100)]
            lived += 0.5 * (state + after)
            state = after
        twin = start @ ms.expectancies(cohort.generator[sex], age)
        np.testing.assert_allclose(lived, twin, atol=0.03)
        assert lived.sum() == pytest.approx(twin.sum(), abs=0.03)


def test_function_of_the_base_is_that_of_the_twin(p):
    found = starting_adl(p, YEAR, CONCEPT)
    np.testing.assert_allclose(found, ms.stationary(p, YEAR, CONCEPT).prevalence, rtol=1e-9)
