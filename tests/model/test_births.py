"""The births of a year on small made-up populations."""

import itertools

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.columns import COLUMNS, LONG_AGO, THIS_YEAR
from songhe.agents.frame import People
from songhe.agents.sibships import mother_ids
from songhe.model import birth_rules as br
from songhe.model.birth_level import BAND_FROM
from songhe.model.events import ageing, births
from songhe.parameters.load import load
from songhe.parameters.rates import srb
from songhe.tests import reference
from songhe.tests.statistical import assert_proportion, assert_proportions, assert_total

YEAR = 2011
FEMALE, MARRIED, RURAL = 1, 1, 1


@pytest.fixture(scope="module")
def p():
    return load()


def population(n, seed=3):
    """Women and men of all ages, women in union with and without children."""
    rng = np.random.default_rng(seed)
    age = rng.integers(-1, 80, n).astype(np.int8)
    sex = (rng.random(n) < 0.7).astype(np.uint8)
    married = (age >= 20) & (rng.random(n) < 1 / (1 + np.exp(-(age - 24.0) / 2)))
    mean = np.clip((age - 21.0) / 10, 0, 1.5) * married
    children = rng.poisson(mean).astype(np.uint8)
    wait = rng.integers(0, 12, n).astype(np.uint8)
    return People.of(
        {
            "id": luck.base_ids(np.arange(1, n + 1)),
            "age": age,
            "sex": sex,
            "alive": (rng.random(n) < 0.98).astype(np.uint8),
            "marital": married.astype(np.uint8),
            "n_children": children,
            "n_sons": rng.binomial(children, 0.5).astype(np.uint8),
            "n_living_children": children,
            "since_union": wait,
            "since_birth": np.where(children > 0, wait, LONG_AGO).astype(np.uint8),
            "education": rng.integers(0, 6, n).astype(np.uint8),
            "residence": rng.integers(0, 2, n).astype(np.uint8),
            "province": rng.integers(0, 31, n).astype(np.uint8),
            "birth_month": rng.integers(1, 13, n).astype(np.uint8),
            "household": np.arange(n, dtype=np.int32),
            "death_u": np.where(rng.random(n) < 0.01, rng.random(n), 2).astype(np.float32),
        },
        (*COLUMNS, *births.COLUMNS),
    )


@pytest.fixture(scope="module")
def crowd():
    return population(60_000)


@pytest.fixture
def year(tools, crowd):
    return begun(tools, crowd)


def begun(tools, people, parameters=None, seed=1):
    year = tools.Year(people.copy(), people.n, seed=seed, year=YEAR, parameters=parameters)
    year.birth_response = np.zeros((3, 2, 6))
    return year


def scenario(year, people):
    """A year with these people under the constants of another."""
    twin = type(year)(people.copy(), people.n, year=year.year, parameters=year.parameters)
    twin.key, twin.birth_response = year.key, np.zeros((3, 2, 6))
    twin.constants = year.constants.for_scenario()
    twin.constants.year = year.year
    return twin


def chances(year):
    """The plan of a year and the chance of a delivery of each woman at risk."""
    plan = births.by_hazard(year, *births.rates_of(year))
    c = plan.chances
    return plan, (c.early + c.late)[plan.cells]


def expected(year):
    """Expected births of the plan, in union and outside."""
    plan, chance = chances(year)
    survival = births.rates_of(year)[1]
    people = year.people
    each = chance * 0.5 * (1 + survival[people["age"][plan.rows]]) * (1 + plan.chances.twins)
    married = people["marital"][plan.rows] == MARRIED
    return each[married].sum(), each[~married].sum()


def wanted(year):
    """Births that the path gives the women there are, age by age."""
    asfr, survival = births.rates_of(year)
    people = year.people
    women = people["age"][(people["sex"] == FEMALE) & (people["alive"] == 1)]
    return sum(
        0.5 * (asfr[a] + asfr[a + 1] * survival[a])
        for a in women
        if br.FIRST_AGE <= a <= br.LAST_AGE
    )


def born(year):
    """Rows of the children of the year."""
    return np.flatnonzero((year.people["age"] == -1) & (year.people["mother"] >= 0))


def delivered(year):
    """Live the births of the year; the time of each child, in the order of their rows."""
    times = []

    def bear(model, deliveries, sexes):
        times.append(deliveries.time)
        unpatched(model, deliveries, sexes)

    unpatched = births.bear
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(births, "bear", bear)
        year.run(births.STEP)
    (found,) = times
    assert len(found) == len(born(year))
    return found


# --- level --------------------------------------------------------------------------------


def test_expected_births_follow_the_path_to_a_billionth(year, p):
    inside, outside = expected(year)
    assert inside + outside == pytest.approx(wanted(year), rel=1e-9)
    share = p.value("demography.fertility.births_outside_marriage")
    share += p.value("demography.fertility.bridal_births")
    assert outside / (inside + outside) == pytest.approx(share, rel=1e-9)


def test_expected_births_follow_the_rates_in_every_age_band(year):
    plan, chance = chances(year)
    asfr, survival = births.rates_of(year)
    people = year.people
    ages = people["age"][plan.rows]
    each = chance * 0.5 * (1 + survival[ages]) * (1 + plan.chances.twins)
    women = (people["sex"] == FEMALE) & (people["alive"] == 1) & (people["age"] >= br.FIRST_AGE)
    women = np.bincount(people["age"][women], minlength=101)
    rates = women * br.bears(asfr, survival)
    limits = [*BAND_FROM, br.LAST_AGE + 1]
    for first, last in itertools.pairwise(limits):
        found = each[(ages >= first) & (ages < last)].sum()
        assert found == pytest.approx(rates[first:last].sum(), rel=1e-9)


def test_they_follow_it_in_later_years_and_small_populations(tools):
    year = begun(tools, population(3000))
    year.run(births.STEP)
    year.later()
    year.people["since_birth"][:] = np.minimum(year.people["since_birth"], 12)
    assert sum(expected(year)) == pytest.approx(wanted(year), rel=1e-9)


def test_expected_boys_follow_the_sex_ratio_of_the_year(year, p):
    plan, chance = chances(year)
    people, rows = year.people, plan.rows
    weight = chance * 0.5 * (1 + births.rates_of(year)[1][people["age"][rows]])
    wishes = (people["n_children"][rows] > 0) & (people["n_sons"][rows] == 0)
    strength = np.where(wishes, 1.0, plan.sexes.other)
    boys = 1 / (1 + np.exp(-(plan.sexes.biological + strength * plan.sexes.level)))
    ratio = (weight * boys).sum() / (weight * (1 - boys)).sum()
    assert ratio == pytest.approx(srb(p, YEAR), rel=1e-9)


def test_twice_the_population_has_the_same_rates(tools, crowd):
    """Every constant and chance of two copies of a people is that of one."""
    one = begun(tools, crowd)
    first = chances(one)[1]
    columns = {name: np.tile(crowd[name], 2) for name in crowd.columns}
    columns["id"] = luck.base_ids(np.arange(1, 2 * crowd.n + 1))
    two = People.of(columns, crowd.columns.values())
    frozen = chances(scenario(one, two))[1]
    assert (frozen == np.tile(first, 2)).all()
    single, double = (next_year(one, people) for people in (crowd, two))
    np.testing.assert_allclose(chances(double)[1], np.tile(chances(single)[1], 2), rtol=1e-10)


def next_year(year, people):
    """A year later with these people: the pattern stands, levels are solved anew."""
    twin = scenario(year, people)
    twin.constants = year.constants.for_scenario(solves_anew=True)
    twin.constants.year = twin.year = year.year + 1
    return twin


def test_births_bear_out_their_chances(year):
    """The sum of 60,000 people's births against its mean and variance; false alarm 1e-6."""
    plan, chance = chances(year)
    alive = year.people["death_u"][plan.rows] >= 1
    own = np.where(alive, chance, 0.5 * chance)
    twins = plan.chances.twins
    mean = (own * (1 + twins)).sum()
    variance = (own * (1 + 3 * twins) - (own * (1 + twins)) ** 2).sum()
    before = year.people.n
    year.run(births.STEP)
    assert_total(year.people.n - before, mean, variance)
    assert year.people.n - before > 500


def test_shares_of_boys_and_twins(tools, p):
    """Four seeds together; false alarm 1e-6 for each of two proportions."""
    boys = children = deliveries = 0
    for seed in range(4):
        year = begun(tools, population(40_000), seed=seed)
        year.run(births.STEP)
        rows = born(year)
        boys += (year.people["sex"][rows] == 0).sum()
        children += len(rows)
        deliveries += (year.people["since_birth"] == THIS_YEAR).sum()
    ratio = srb(p, YEAR)
    assert_proportion(boys, children, ratio / (1 + ratio))
    assert_proportion(children - deliveries, deliveries, p.value("demography.fertility.twin_share"))


# --- by age alone -------------------------------------------------------------------------


def test_without_differentials_births_follow_age_alone(tools):
    """Chances by age as in the twin; false alarm 1e-6 over all ages; no twins."""
    people = population(200_000)
    people["death_u"][:] = 2.0
    year = begun(tools, people)
    year.options.differentials = False
    asfr, _ = births.rates_of(year)
    women = (people["sex"] == FEMALE) & (people["alive"] == 1)
    year.run(births.STEP)
    mothers = year.people["since_birth"][: people.n] == THIS_YEAR
    ages = np.arange(15, 50)
    n = np.array([(women & (people["age"] == a)).sum() for a in ages])
    k = np.array([(mothers & (people["age"] == a)).sum() for a in ages])
    assert_proportions(k, n, 0.5 * (asfr[ages] + asfr[ages + 1]))
    assert year.people.n - people.n == mothers.sum() == year.tally.now["births"].sum()


def test_without_differentials_dying_women_have_half_a_year(tools):
    people = population(200_000)
    people["death_u"][:] = 0.5
    year = begun(tools, people)
    year.options.differentials = False
    asfr, _ = births.rates_of(year)
    women = (people["sex"] == FEMALE) & (people["alive"] == 1) & (people["age"] == 25)
    times = delivered(year)
    k = (year.people["since_birth"][: people.n][women] == THIS_YEAR).sum()
    assert_proportion(k, women.sum(), 0.5 * asfr[25])
    assert (times < 0.5).all()


# --- one by one ---------------------------------------------------------------------------


def test_deliveries_agree_with_plain_python_woman_by_woman(year, p):
    plan, chance = chances(year)
    people = year.people
    u = luck.uniforms(people["id"][plan.rows], luck.Call.BIRTH, YEAR, year.key)
    names = ("age", "n_children", "since_union", "since_birth", "education", "residence")
    women = [{name: int(people[name][i]) for name in names} for i in plan.rows[::97]]
    for woman, row in zip(women, plan.rows[::97], strict=True):
        woman |= {"married": people["marital"][row] == MARRIED, "birth_debt": 0}
    asfr = births.rates_of(year)[0]
    pattern = births.pattern_table(year.constants._used["birth_pattern"][YEAR])
    levels = year.constants._used["fertility"][YEAR]
    death_u = people["death_u"][plan.rows].copy()
    year.run(births.STEP)
    delivered = year.people["since_birth"][plan.rows] == THIS_YEAR
    for k, woman in enumerate(women):
        i = 97 * k
        hazard = reference.birth_hazard(p, pattern, asfr, woman)
        band = sum(woman["age"] >= first for first in BAND_FROM[1:])
        hazard *= np.exp(levels[band if woman["married"] else -1])
        plain = 1 - np.exp(-hazard)
        assert chance[i] == pytest.approx(plain, rel=1e-10, abs=1e-15)
        time = reference.delivery(plain, u[0, i], u[1, i], death_u[i])
        assert delivered[i] == (time is not None)


def test_children_agree_with_plain_python_child_by_child(year, p):
    before = {name: year.people[name].copy() for name in ("n_children", "n_sons")}
    plan, _ = chances(year)
    times = delivered(year)
    people, rows = year.people, born(year)
    u = luck.uniforms(people["id"][rows], luck.Call.CHILD, YEAR, year.key)
    died = 0
    for k, i in enumerate(rows):
        mother = people["mother"][i]
        first_born = before["n_children"][mother] == 0
        twin = k > 0 and people["mother"][rows[k - 1]] == mother
        wishes = (not first_born or twin) and before["n_sons"][mother] == 0
        log = plan.sexes.biological + (1.0 if wishes else plan.sexes.other) * plan.sexes.level
        boy = 1 / (1 + np.exp(-log))
        birth_u = float(times[k])
        infant = plan.sexes.newborn_q, birth_u, plan.sexes.infant_years
        sex, month, death_u = reference.child(u[:, k], boy, *infant)
        assert (people["sex"][i], people["birth_month"][i]) == (sex, month)
        assert people["death_u"][i] == pytest.approx(death_u, abs=1e-6)
        died += death_u < 1
    assert died > 0


def test_children_belong_to_their_mothers(year):
    n = year.people.n
    children_before = year.people["n_children"].copy()
    year.run(births.STEP)
    people, rows = year.people, born(year)
    mothers = people["mother"][rows]
    assert len(rows) == people.n - n
    for name in ("province", "residence", "household"):
        assert (people[name][rows] == people[name][mothers]).all()
    order = children_before[mothers].astype(int) + 1
    order[1:] += mothers[1:] == mothers[:-1]
    assert (people["id"][rows] == luck.child_ids(people["id"][mothers], order)).all()
    assert len(np.unique(people["id"])) == people.n
    added = people["n_children"][:n].astype(int) - children_before
    assert added.sum() == len(rows)
    assert set(np.flatnonzero(added)) == set(mothers)
    assert (people["alive"][rows] == 1).all(), "newborns who die do so in the step of deaths"


def test_who_gives_birth(year):
    people = year.people
    n = people.n
    opening = {name: people[name].copy() for name in ("age", "sex", "alive", "since_birth")}
    death_u = people["death_u"].copy()
    times = delivered(year)
    mothers = np.flatnonzero(year.people["since_birth"][:n] == THIS_YEAR)
    assert (opening["sex"][mothers] == FEMALE).all()
    assert (opening["alive"][mothers] == 1).all()
    assert opening["age"][mothers].min() >= br.FIRST_AGE
    assert opening["age"][mothers].max() <= br.LAST_AGE
    assert (opening["since_birth"][mothers] > 0).all(), "none within twelve months"
    children = born(year)
    assert (times < np.minimum(death_u[year.people["mother"][children]], 1)).all()


def test_births_are_counted_where_and_by_whom(year):
    times = delivered(year)
    people, rows = year.people, born(year)
    tally = year.tally.now
    by_place = np.zeros((31, 2, 2), int)
    np.add.at(by_place, tuple(people[name][rows] for name in ("province", "residence", "sex")), 1)
    assert (tally["births"] == by_place).all()
    assert tally["births_by_age_parity"].sum() == len(rows)
    mothers = people["mother"][rows]
    later = times >= (people["birth_month"][mothers] - 0.5) / 12
    ages = np.bincount(people["age"][mothers] + later, minlength=101)
    assert (tally["births_by_age_parity"].sum(axis=1) == ages).all()
    assert tally["births_by_age_parity"][:, 0].sum() > tally["births_by_age_parity"][:, 2].sum() > 0


def test_the_most_children_an_id_can_tell(tools):
    people = population(4000)
    people["n_children"][:] = br.MOST_BORN
    people["since_birth"][:] = 4
    year = begun(tools, people)
    year.run(births.STEP)
    assert year.people.n > people.n
    assert year.people["n_children"].max() <= luck.MOST_CHILDREN


# --- luck ---------------------------------------------------------------------------------


def children_of(year):
    """What is known of the children of a year, by their ids."""
    rows = born(year)
    rows = rows[np.argsort(year.people["id"][rows])]
    names = ("id", "sex", "death_u", "birth_month", "province")
    columns = [year.people[name][rows].astype(np.float64) for name in names]
    return np.stack([*columns, mother_ids(year.people, rows).astype(np.float64)])


def test_the_order_of_rows_changes_nothing(tools, crowd, year):
    shuffled = crowd.copy()
    shuffled.compact(np.random.default_rng(1).permutation(crowd.n))
    other = begun(tools, shuffled)
    year.run(births.STEP)
    other.run(births.STEP)
    assert (children_of(other) == children_of(year)).all()
    for name in ("fertility", "birth_debt", "sex_at_birth", "birth_pattern"):
        one, two = (y.constants._used[name][YEAR] for y in (year, other))
        assert (one == two).all(), name


def test_one_more_birth_changes_nobody_else(year, crowd):
    """One woman who would not give birth is certain to; with the constants of the baseline."""
    year.run(births.STEP)
    same = scenario(year, crowd).run(births.STEP)
    assert (children_of(same) == children_of(year)).all()
    quiet = np.flatnonzero(
        (crowd["age"] == 25) & (crowd["sex"] == FEMALE) & (crowd["marital"] == MARRIED)
        & (crowd["n_children"] == 0) & (crowd["death_u"] > 1) & (crowd["alive"] == 1)
        & (crowd["education"] > 0)
        & (year.people["since_birth"][: crowd.n] != THIS_YEAR)
    )  # fmt: skip
    u = luck.uniforms(crowd["id"][quiet], luck.Call.BIRTH, YEAR, year.key)[0]
    chosen = quiet[np.argmin(u)]
    changed = scenario(year, crowd)
    changed.birth_response[0, :, 0] = 5.0  # acts on childless women without schooling
    others = (crowd["n_children"] == 0) & (crowd["education"] == 0)
    changed.people["education"][others] = 1
    changed.people["education"][chosen] = 0
    control = scenario(year, crowd)
    control.people["education"][others] = 1
    for y in (changed, control):
        y.run(births.STEP)
    ids = [set(y.people["id"][born(y)]) for y in (changed, control)]
    extra = luck.child_ids(crowd["id"][[chosen]], np.array([1]))
    assert ids[0] - ids[1] == set(extra)
    assert ids[1] <= ids[0]


# --- policy -------------------------------------------------------------------------------


def test_a_policy_in_force_is_inside_the_level(year):
    year.birth_response[:] = 0.1
    assert sum(expected(year)) == pytest.approx(wanted(year), rel=1e-9)


def test_removing_the_policy_lowers_births_and_keeps_the_rest(year, crowd):
    year.birth_response[:] = 0.1
    year.run(births.STEP)
    without = scenario(year, crowd).run(births.STEP)
    with_policy, left = (set(y.people["id"][born(y)]) for y in (year, without))
    assert left < with_policy
    lost = 1 - len(left) / len(with_policy)
    assert 0.02 < lost < 0.15


def test_mothers_of_advanced_births_carry_a_debt_for_five_years(year, crowd):
    plain = begun_like(year, crowd)
    plain.run(births.STEP)
    changed = scenario(plain, crowd)
    changed.birth_response[:] = 0.3
    changed.run(births.STEP)
    lives = crowd["death_u"] >= 1
    in_debt = np.flatnonzero(changed.people["birth_debt"][: crowd.n][lives] > 0)
    delivered = [y.people["since_birth"][: crowd.n][lives] == THIS_YEAR for y in (changed, plain)]
    assert list(in_debt) == list(np.flatnonzero(delivered[0] & ~delivered[1]))
    in_debt = np.flatnonzero(changed.people["birth_debt"] > 0)
    left = []
    for _ in range(7):
        close(changed)
        left.append(int(changed.people["birth_debt"][in_debt[0]]))
    assert left == [5, 4, 3, 2, 1, 0, 0]


def test_a_province_with_a_promise_of_its_own_gains_births_and_no_other_does(year, crowd):
    year.run(births.STEP)
    here = scenario(year, crowd)
    here.birth_response = np.zeros((3, 31, 2, 6))
    here.birth_response[:, 15] = 0.3
    here.run(births.STEP)
    before, after = (set(y.people["id"][born(y)]) for y in (year, here))
    assert before < after
    added = np.isin(here.people["id"], list(after - before))
    assert set(here.people["province"][added]) == {15}
    # false alarm below 1e-6: five standard errors of a factor of 1.35 on about 60 births
    own = [np.sum(y.people["province"][born(y)] == 15) for y in (year, here)]
    assert abs(own[1] - 1.33 * own[0]) < 5 * (0.4 * own[0]) ** 0.5


def test_provinces_that_are_promised_the_same_are_as_one_country(year, crowd):
    year.birth_response[:] = 0.1
    year.run(births.STEP)
    twin = begun_like(year, crowd)
    twin.birth_response = np.full((3, 31, 2, 6), 0.1)
    twin.run(births.STEP)
    assert (twin.people["id"][born(twin)] == year.people["id"][born(year)]).all()


def test_promises_of_provinces_leave_the_level_of_the_country(year):
    rng = np.random.default_rng(4)
    term = np.zeros((3, 31, 2, 6)) + 0.2 * rng.random((1, 31, 1, 1))
    year.birth_response = term
    plan, chance = chances(year)
    survival, people = births.rates_of(year)[1], year.people
    each = -np.expm1(np.log1p(-chance) * plan.factor)
    each = each * 0.5 * (1 + survival[people["age"][plan.rows]]) * (1 + plan.chances.twins)
    assert each.sum() == pytest.approx(wanted(year), rel=2e-3)


def begun_like(year, crowd):
    twin = type(year)(crowd.copy(), crowd.n, year=YEAR, parameters=year.parameters)
    twin.birth_response = np.zeros((3, 2, 6))
    return twin


def close(year):
    columns = (year.people[name] for name in ageing.STEP.columns)
    ageing.ageing(*columns, np.empty((4, 1), np.uint32), None)


def test_a_debt_lowers_the_chance_by_the_constant_of_the_year(tools, crowd):
    low = load({"demography.fertility_response.rho": {"value": 0.6}})
    year = begun(tools, crowd, low)
    free = chances(year)[1]
    debt, owed = year.constants._used["birth_debt"][YEAR]
    assert owed == 0
    assert debt > 0
    owing = scenario(year, crowd)
    owing.people["birth_debt"][:] = 3
    hazards = [-np.log1p(-c) for c in (free, chances(owing)[1])]
    some = (hazards[0] > 0) & (hazards[0] < 2)
    np.testing.assert_allclose(hazards[1][some], hazards[0][some] * np.exp(-debt), rtol=1e-9)


def test_a_shock_moves_births_on_top_of_the_path(tools, crowd):
    shocked = load({"demography.fertility.shock": {"value": [0.06, 0.06]}})
    plain, bad = begun(tools, crowd), begun(tools, crowd, shocked)
    hazards = [-np.log1p(-chances(y)[1]) for y in (plain, bad)]
    some = (hazards[0] > 0) & (hazards[0] < 2)
    np.testing.assert_allclose(hazards[1][some] / hazards[0][some], np.exp(0.06), rtol=1e-9)
    levels = [y.constants._used["fertility"][YEAR] for y in (plain, bad)]
    assert (levels[0] == levels[1]).all()


def test_shocks_by_chance_differ_by_year_and_draw_and_spare_the_central_one_and_the_past(p):
    """77 years of 40 draws: none in draw 0 and before 2024; sd 0.06; false alarm below 1e-6."""
    years = range(2024, 2101)
    drawn = [p.draw(k, seed=1) for k in range(41)]
    shocks = np.array([[births.shock_of(q, year) for year in years] for q in drawn])
    assert (shocks[0] == 0).all()
    assert all(births.shock_of(q, year) == 0 for q in drawn for year in (2011, 2023))
    assert len(np.unique(shocks[1:])) == 40 * len(years)
    assert abs(shocks[1:].mean()) < 5 * 0.06 / np.sqrt(40 * 77)
    assert 0.055 < shocks[1:].std() < 0.065
    pairs = (shocks[1:, 1:] * shocks[1:, :-1]).mean() / 0.06**2
    assert abs(pairs) < 5 / np.sqrt(40 * 76)
