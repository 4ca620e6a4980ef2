"""Work and earnings: the chain, what is earned, and the levels that meet the counts."""

import numpy as np
import pytest
from songhe.agents import base as base_of_2010
from songhe.agents import luck
from songhe.agents.frame import People
from songhe.model import careers, work_fit
from songhe.model import scheme_membership as sm
from songhe.model import work_rules as wr
from songhe.model.align import Constants
from songhe.model.events import work
from songhe.model.model import SongheModel
from songhe.model.paying_rules import code_of
from songhe.model.prices import wage
from songhe.model.tally import Tally
from songhe.model.year import columns
from songhe.parameters.dims import PENSIONS, WORK
from songhe.parameters.load import load
from songhe.parameters.problems import ParameterError
from songhe.tests.statistical import assert_proportions, assert_total

EMPLOYEE = PENSIONS.index("employee")


@pytest.fixture(scope="module")
def p():
    return load()


@pytest.fixture(scope="module")
def t(p):
    return wr.tables_of(p)


@pytest.fixture(scope="module")
def model(p, tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    base = base_of_2010.load_or_build(p, 20_000, 2, 0, "official", folder=folder)
    return SongheModel(base, p, luck.key_of(2, 0, 0))


class World:
    """People of one kind, who live work alone and do not age unless a test says so."""

    def __init__(self, n=20_000, *, year=2011, parameters=None, **values):
        kinds = {column.name: column.dtype for column in columns()}
        defaults = {"age": 35, "education": 2}
        self.people = People.of(
            {"id": luck.base_ids(np.arange(1, n + 1))}
            | {k: np.full(n, v, kinds[k]) for k, v in (defaults | values).items()},
            columns(),
        )
        self.parameters, self.year = parameters or load(), year
        self.key, self.weight = luck.key_of(3, 0, 0), 1000.0
        self.constants, self.tally = Constants(), Tally()
        self.constants.year = year

    def live(self, *, starts=False, years=1):
        for _ in range(years):
            words = luck.words(self.people["id"], work.CALL, self.year, self.key)
            rules = work.prepare(self, starts)
            work.live_work(*(self.people[c] for c in work.BY_ROWS), words, rules)
            starts = False
            self.year += 1
            self.constants.year = self.year
        return self


def shares(people):
    return np.bincount(people["work"], minlength=len(WORK))


# --- the rules


def test_normals_have_mean_zero_and_variance_one(t):
    assert abs(t.normals.mean()) < 1e-12
    assert t.normals.std() == pytest.approx(1.0, abs=1e-12)
    assert (np.diff(t.normals) > 0).all()
    assert wr.normal(np.uint64(0), t.normals) == t.normals[0]
    assert wr.normal(np.uint64(2**32 - 1), t.normals) == t.normals[-1]


def test_a_higher_word_is_a_higher_deviate(t):
    words = np.linspace(0, 2**32 - 1, 50).astype(np.uint64)
    found = [wr.normal(w, t.normals) for w in words]
    assert (np.diff(found) >= 0).all()


def test_shares_of_work_add_up_to_one(t):
    np.testing.assert_allclose(t.prevalence.sum(axis=1), 1.0)
    assert (t.prevalence > 0).all()


def turnover_of(p):
    """Chance to review by residence and kind of work."""
    return p.array("work.employment.turnover")


def test_prevalence_is_stationary_in_every_cell(t):
    """Exact: what leaves each kind in a year comes back to it."""
    share, turnover = t.prevalence, np.repeat(turnover_of(load()), len(t.prevalence) // 2, axis=0)
    chosen = t.weight / t.weight.sum(axis=1, keepdims=True)
    leaves = share * turnover
    np.testing.assert_allclose(chosen * leaves.sum(axis=1, keepdims=True), leaves, rtol=1e-9)


def test_more_schooling_earns_more_and_women_less(t):
    assert (np.diff(t.level, axis=2) > 0).all()
    assert (t.level[:, 1] < t.level[:, 0]).all()


@pytest.mark.parametrize("worse", [{"lasting": -1.0}, {"z": -0.5}, {"luck_": -1.0}])
def test_worse_luck_never_earns_more(t, worse):
    own = {"lasting": 0.0, "z": 0.0, "luck_": 0.0}
    before = wr.log_earnings(0.0, *own.values(), t)
    assert wr.log_earnings(0.0, *(own | worse).values(), t) < before == 0.0


def test_waiting_times_lie_between_their_bounds():
    """Over all sizes of a word, the ends included; a wait alone is settled by its longest."""
    last = 2**32 - 1
    for word in [0, 1, last, last - 1, *np.geomspace(2, last - 2, 400).astype(np.int64)]:
        wait = -np.log1p(-(last - int(word) + 0.5) * 2.0**-32) / 0.3
        t = wr.term_of(np.uint64(word))
        least = wr.least_wait(t, np.float32(1 / 0.3))
        assert 2.0 * float(least) <= wait * 1.000001
        assert not wr.is_soonest(least, t, np.float32(wait * 0.499995))


def test_bounds_settle_no_choice_otherwise_than_the_waiting_times(t):
    """Bits: kinds of work of those who review, by bounds and by logarithms."""
    n, key = 1000, luck.key_of(5, 0, 0)
    ids = luck.base_ids(np.arange(1, n + 1))
    cells = np.random.default_rng(1).integers(0, len(t.weight), n)
    terms = tuple(np.empty(n, np.float32) for _ in WORK)
    over = tuple(np.ascontiguousarray(t.over_weight[cells, k]) for k in range(len(WORK)))
    best, sure = np.empty(n, np.uint8), np.empty(n, np.uint8)
    work.fill_terms(ids, n, 2012, key.low, key.high, terms)
    work.find_soonest(n, terms, over, best, sure)
    chosen = [
        wr.choose(identity, 2012, t.weight, cell, 1.0, key.low, key.high)
        for identity, cell in zip(ids, cells, strict=True)
    ]
    assert 0.8 < sure.mean() < 1.0
    np.testing.assert_array_equal(best[sure == 1], np.array(chosen)[sure == 1])


def test_earnings_by_a_series_are_those_of_the_exponential():
    """Bits, from the least to the most that is stored, and of whole numbers and halves."""
    logs = np.linspace(-40.0, 12.0, 1024)
    halves = np.log((np.arange(1024) + 0.5) / 1e6)
    for values in (logs, halves):
        found = values.copy()
        work.earn(found, len(found))
        np.testing.assert_array_equal(found, [wr.stored_earnings(x) for x in values])


def test_who_earns():
    assert [WORK[k] for k in range(len(WORK)) if wr.earns(k)] == [
        "farm", "flexible", "enterprise", "public",
    ]  # fmt: skip


# --- the chain


def test_the_chain_keeps_prevalence(t):
    """False alarm below 1e-6; found is a difference of 0.02 in the largest share."""
    n, cell = 20_000, wr.cell_of(0, 2, 0, 35)
    people = World(n, sex=0, residence=0).live(starts=True, years=20).people
    assert_proportions(shares(people), np.full(len(WORK), n), t.prevalence[cell])


def test_the_chain_finds_prevalence_from_anywhere(t):
    """Farmers who all moved to a town; after 60 years the start is forgotten."""
    n, cell = 20_000, wr.cell_of(0, 2, 0, 35)
    people = World(n, work=wr.FARM).live(years=60).people
    found = shares(people) / n
    # what is left of the start: the slowest review is 2 % a year, of public staff
    np.testing.assert_allclose(found, t.prevalence[cell], atol=0.03)


def test_as_many_review_as_turnover_says(t):
    """False alarm below 1e-6. Those who choose anew and find something else."""
    n, kind = 20_000, wr.ENTERPRISE
    people = World(n, work=kind).live().people
    weight = t.weight[wr.cell_of(0, 2, 0, 35)]
    leaves = turnover_of(load())[0, kind] * (1.0 - weight[kind] / weight.sum())
    assert_proportions([(people["work"] != kind).sum()], [n], [leaves])


def test_school_leavers_choose_at_once(t):
    n = 20_000
    people = World(n, age=17, education=3).live().people
    assert_proportions(shares(people), np.full(len(WORK), n), t.prevalence[wr.cell_of(0, 3, 0, 17)])
    assert people["earnings_z"].std() > 0


@pytest.mark.parametrize(
    "idle", [{"age": 15}, {"enrolled": 1, "age": 18}, {"pension": EMPLOYEE}, {"alive": 0}]
)
def test_who_does_no_work(idle):
    people = World(500, work=wr.ENTERPRISE, earnings=5, **idle).live().people
    assert not people["work"].any()
    assert not people["earnings"].any()


def test_residents_with_a_pension_may_farm_on():
    pension = PENSIONS.index("resident")
    people = World(2000, age=66, residence=1, work=wr.FARM, pension=pension).live().people
    assert (people["work"] == wr.FARM).mean() > 0.5


def test_young_children_keep_women_at_home_only_where_the_lever_is_moved():
    def at_work(effect, **values):
        p = load({"work.employment.young_child": {"value": effect}})
        people = World(5000, parameters=p, sex=1, work=wr.NONE, **values).live(years=3).people
        return (people["work"] != wr.NONE).sum()

    assert at_work(0.0, since_birth=2) == at_work(0.0)
    assert at_work(-0.8, since_birth=2) < at_work(0.0)
    assert at_work(-0.8, since_birth=6) == at_work(0.0)


def test_luck_belongs_to_the_person_and_not_to_the_row():
    one, other = World(3000), World(3000)
    order = np.random.default_rng(2).permutation(3000)
    other.people.compact(order)
    one.live(starts=True, years=3)
    other.live(starts=True, years=3)
    for name in ("work", "earnings_z", "earnings"):
        np.testing.assert_array_equal(one.people[name][order], other.people[name])


def test_members_work_on_until_the_pension_and_others_leave():
    """Men of 62 in enterprises, ten years of the same age."""
    member = World(4000, age=62, work=wr.ENTERPRISE, scheme=1).live(years=10).people
    outside = World(4000, age=62, work=wr.ENTERPRISE).live(years=10).people
    assert (member["work"] == wr.NONE).mean() < 0.2
    assert (outside["work"] == wr.NONE).mean() > 0.3


@pytest.mark.parametrize(
    ("age", "sex", "member", "like"),
    [
        (45, 0, True, 45),
        (62, 0, True, 59),
        (62, 0, False, 62),
        (54, 1, True, 49),
        (67, 0, True, 67),
    ],
)
def test_age_of_choice(t, age, sex, member, like):
    assert wr.age_of_choice(age, sex, member, t) == like


# --- earnings


def test_the_persistent_deviation_has_its_stationary_variance(t):
    """False alarm below 1e-6: variance of n normal deviates, at the start and ten years on."""
    n = 20_000
    world = World(n, work=wr.PUBLIC).live(starts=True)
    for _ in range(2):
        at_work = np.isin(world.people["work"], (1, 2, 3, 4))
        z = world.people["earnings_z"][at_work] / wr.SCALE
        variance, m = t.stationary_sd**2, at_work.sum()
        assert_total((z**2).sum(), m * variance, 2 * m * variance**2)
        world.live(years=10)


def test_the_deviation_of_next_year_is_rho_of_this_one(p):
    world = World(20_000, work=wr.PUBLIC, education=5).live(starts=True)
    before, were = world.people["earnings_z"] / wr.SCALE, world.people["work"].copy()
    world.live()
    stayed = (were == wr.PUBLIC) & (world.people["work"] == wr.PUBLIC)
    after = world.people["earnings_z"] / wr.SCALE
    slope = (before[stayed] * after[stayed]).sum() / (before[stayed] ** 2).sum()
    rho, sd = p.value("work.earnings.persistence"), p.value("work.earnings.innovation_sd")
    error = sd / np.sqrt((before[stayed] ** 2).sum())
    assert abs(slope - rho) < 4.9 * error  # false alarm 1e-6


def test_mean_earnings_are_the_mean_wage(model, p):
    """To the rounding of single earnings."""
    at_work = np.isin(model.people["work"], (wr.ENTERPRISE, wr.PUBLIC))
    found = model.people["earnings"][at_work].mean()
    assert found == pytest.approx(wage(p, 2010), rel=1e-4)


def test_the_wage_bill_is_the_sum_of_earnings(model):
    paid = np.isin(model.people["work"], (wr.FLEXIBLE, wr.ENTERPRISE, wr.PUBLIC))
    bill = model.people["earnings"][paid].sum(dtype=np.int64)
    assert model.tally.years[2010]["wage_bill"] == 100 * bill


def test_a_scenario_takes_the_level_of_its_baseline(p):
    world = World(2000, work=wr.ENTERPRISE).live(starts=True)
    level = work.earnings_level(world)
    world.constants = world.constants.for_scenario()
    world.constants.year = world.year
    world.people["earnings"][:] //= 2
    assert work.earnings_level(world) == level


# --- levels


def test_workers_of_2010_are_the_counts(model, p):
    """Expected workers of another base than the one fitted on: within 3 % and 1.5 million."""
    wanted = p.array("work.employment.employed")
    level = work_fit.work_levels(model)
    off = np.abs(level - p.array("work.employment.level"))
    assert off[1:].max() < 0.1
    found = model.tally.years[2010]["workers"].sum(axis=2) * model.weight / 1e6
    share = wanted[1:] / 1340.0
    error = 1340.0 * np.sqrt(share * (1 - share) / 20_000)
    assert (np.abs(found[1:] - wanted[1:]) < 4.9 * error + 0.03 * wanted[1:]).all()


def test_level_of_past_membership_is_the_fit_that_its_note_describes(model, p):
    assert abs(work_fit.retired_level(model) - p.value(careers.TOPIC + "retired_level")) < 0.15


@pytest.mark.parametrize("year", range(2011, 2016))
def test_contributors_are_those_that_were_fitted(lived, p, year):
    """Within the Monte-Carlo error of 20,000 persons, false alarm below 1e-6 in a year."""
    registered, weight, _ = lived[year]
    wanted = float(p.year("work.employment.contributors", year))
    share = wanted * 1e6 / (weight * 20_000)
    error = wanted * np.sqrt((1 - share) / (share * 20_000))
    assert abs(registered - wanted) < 4.9 * error


@pytest.fixture(scope="module")
def lived(p, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lived")
    base = base_of_2010.load_or_build(p, 20_000, 3, 0, "official", folder=folder)
    found, model = {}, SongheModel(base, p, luck.key_of(3, 0, 0))
    for year in model:
        level = float(p.year("work.employment.coverage_level", year))
        found[year] = work_fit.registered(model, level), model.weight, paying(model.people)
        if year == 2015:
            return found


def paying(people):
    """Members in each kind of work, and how many of them paid in the year, by their codes."""
    inside = (people["alive"] == 1) & (people["scheme"] == sm.EMPLOYEE) & (people["pension"] == 0)
    found = {}
    for kind in (wr.FLEXIBLE, wr.ENTERPRISE):
        missed, paid = (code_of(kind == wr.FLEXIBLE, False, pays) for pays in (False, True))
        codes = people["account_pension_m"][inside & (people["work"] == kind)]
        found[kind] = int(np.isin(codes, (missed, paid)).sum()), int((codes == paid).sum())
    return found


@pytest.mark.parametrize("year", range(2011, 2016))
def test_as_many_members_pay_as_the_law_of_chances_says(lived, p, year):
    """With joining, leaving and changing work; false alarm below 1e-6 in a year and kind."""
    density = p.array("policies.employee_pension.density")
    for mean, (members, paid) in zip(density[::-1], lived[year][2].values(), strict=True):
        assert members > 500
        assert abs(paid / members - mean) < 5 * np.sqrt(mean * (1 - mean) / members)


def test_coverage_rises_with_schooling_and_in_towns(p):
    share = wr.coverage(p, 2015)
    workers = share[[wr.FLEXIBLE, wr.ENTERPRISE, wr.UNEMPLOYED]]
    assert (np.diff(workers, axis=2) > 0).all()
    assert (workers[:, 0] > workers[:, 1]).all()
    assert (share[wr.PUBLIC] == 1).all()
    assert not share[[wr.NONE, wr.FARM]].any()
    np.testing.assert_array_equal(share, wr.coverage(p, 2040))
    assert (wr.coverage(p, 2015) >= wr.coverage(p, 2010)).all()


@pytest.mark.parametrize("value", [[0.1] * 5 + [1.5], [-0.1] + [0.1] * 5])
def test_turnover_is_a_probability(value):
    with pytest.raises(ParameterError, match="turnover"):
        load({"work.employment.turnover": {"value": [value, value]}})


def test_flexible_workers_are_registered_as_enterprise_workers_where_the_gap_is_closed():
    key = "work.employment.flexible_as_enterprise"
    shut, half, closed = (
        wr.coverage(load({key: {"2027-01-01": share}}), 2027) for share in (0.0, 0.5, 1.0)
    )
    np.testing.assert_allclose(closed[wr.FLEXIBLE], closed[wr.ENTERPRISE])
    assert (shut[wr.FLEXIBLE] < half[wr.FLEXIBLE]).all()
    assert (half[wr.FLEXIBLE] < closed[wr.FLEXIBLE]).all()
    np.testing.assert_array_equal(shut, wr.coverage(load(), 2026))
