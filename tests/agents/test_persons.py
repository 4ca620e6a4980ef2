"""The persons of the base: any number, fair, the same bits, and nobody who cannot be."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, chisquare
from songhe.agents import luck, persons
from songhe.agents.base_counts import CONCEPTS
from songhe.agents.columns import COLUMNS
from songhe.agents.integerise import most_moves, whole_agents
from songhe.agents.persons import Persons, starting_persons
from songhe.parameters.load import Parameters, load

FALSE_ALARM = 1e-6  # over all groups of a test
SEED = 20101231


@pytest.fixture(scope="module")
def p() -> Parameters:
    return load()


@pytest.fixture(scope="module")
def base(p: Parameters) -> Persons:
    return starting_persons(p, 40_000, SEED, 0, "official")


def counts_of(columns: dict[str, NDArray[np.int64]], names: tuple[str, ...]) -> NDArray[np.int64]:
    """Agents by (place, sex) and other columns, a flat table of fixed shape."""
    sizes = {"province": 31, "residence": 2, "sex": 2, "age": 101, "marital": 4}
    at = tuple(columns[name].astype(np.int64) for name in names)
    shape = tuple(sizes[name] for name in names)
    return np.bincount(np.ravel_multi_index(at, shape), minlength=int(np.prod(shape)))


def expected_of(p: Parameters, concept: str, names: tuple[str, ...], n: int) -> NDArray[np.float64]:
    cells = persons.base_cells(p, concept)
    sizes = {"province": 31, "residence": 2, "sex": 2, "age": 101, "marital": 4}
    shape = tuple(sizes[name] for name in names)
    flat = np.ravel_multi_index(tuple(cells.at[name] for name in names), shape)
    people = np.bincount(flat, cells.people, minlength=int(np.prod(shape)))
    return people * (n / people.sum())


@pytest.mark.parametrize("n", [1, 37, 200, 100_003])
def test_any_number_of_persons_is_met_exactly(p: Parameters, n: int) -> None:
    made = starting_persons(p, n, SEED, 1, "wpp")
    assert {len(column) for column in made.columns.values()} == {n}
    assert made.weight * n == pytest.approx(made.fit.people)
    assert made.fit.people == pytest.approx(1356.1e6, rel=1e-4)


@pytest.mark.parametrize("concept", CONCEPTS)
@pytest.mark.parametrize("n", [500, 30_000])
def test_place_and_sex_and_national_age_are_within_one_agent(
    p: Parameters, concept: str, n: int
) -> None:
    made = starting_persons(p, n, SEED, 2, concept)
    for names in (("province", "residence", "sex"), ("sex", "age"), ("province",)):
        error = counts_of(made.columns, names) - expected_of(p, concept, names, n)
        assert np.abs(error).max() < 1 + 1e-6


def test_fit_is_what_the_rows_show(p: Parameters, base: Persons) -> None:
    names = ("province", "residence", "sex", "marital")
    error = counts_of(base.columns, names) - expected_of(p, "official", names, 40_000)
    fit = base.fit.margins[" x ".join(names)]
    assert fit.largest_error == pytest.approx(np.abs(error).max())
    assert fit.cells == error.size
    assert fit.srmse == pytest.approx(np.sqrt((error**2).mean()) / (40_000 / error.size))


def test_hard_margin_is_within_one_wherever_it_expects_30(base: Persons) -> None:
    hard = base.fit.margins["province x residence x sex"]
    assert hard.cells == 124
    assert hard.largest_error_of_30 <= hard.largest_error < 1 + 1e-6
    assert base.fit.zero_cells
    assert 0 < base.fit.empty_cells < base.fit.cells


def test_other_margins_are_nearer_than_independent_draws(base: Persons) -> None:
    # an independent draw has an SRMSE of about one over the root of the mean expected
    for name, fit in base.fit.margins.items():
        independent = np.sqrt(fit.cells / base.fit.persons)
        assert fit.srmse < 0.4 * independent, name


def test_the_broad_ages_of_every_place_are_within_one(p: Parameters, base: Persons) -> None:
    cells = persons.base_cells(p, "official")
    place = (base.columns["province"] * 2 + base.columns["residence"]) * 2 + base.columns["sex"]
    elders = np.bincount(place[base.columns["age"] >= 60], minlength=124)
    of_cell = (cells.at["province"] * 2 + cells.at["residence"]) * 2 + cells.at["sex"]
    old = cells.at["age"] >= 60
    wanted = np.bincount(of_cell[old], cells.people[old]) * (40_000 / cells.people.sum())
    assert np.abs(elders - wanted).max() < 1 + 1e-6


@pytest.mark.parametrize("concept", CONCEPTS)
def test_nobody_is_impossible(p: Parameters, concept: str) -> None:
    c = starting_persons(p, 60_000, SEED, 3, concept).columns
    age, education, enrolled = c["age"], c["education"], c["enrolled"] == 1
    assert age.min() >= 0
    assert age.max() <= 100
    assert (c["marital"][age < 15] == 0).all()
    assert (c["marital"][enrolled] == 0).all()
    assert not enrolled[(age < 6) | (age >= 22)].any()
    done = np.array([0, 12, 15, 18, 21, 22])
    assert (age >= done[education]).all()
    assert (education[enrolled & (age < 12)] == 0).all()
    assert (education[enrolled & (age >= 18)] == 3).all()
    assert enrolled[(age >= 7) & (age < 12)].mean() > 0.99
    assert ((c["birth_month"] >= 1) & (c["birth_month"] <= 12)).all()


def test_columns_have_the_types_of_the_people(base: Persons) -> None:
    known = {column.name: column.dtype for column in COLUMNS}
    for name, values in base.columns.items():
        assert values.dtype == known[name], name


def test_same_seed_gives_the_same_bits(p: Parameters, base: Persons) -> None:
    again = starting_persons(p.draw(2), 40_000, SEED, 0, "official")
    assert again.fit == base.fit
    for name, values in base.columns.items():
        assert values.tobytes() == again.columns[name].tobytes(), name


@pytest.mark.parametrize(("seed", "replicate"), [(SEED, 1), (SEED + 1, 0)])
def test_another_seed_or_replicate_gives_another_base(
    p: Parameters, base: Persons, seed: int, replicate: int
) -> None:
    other = starting_persons(p, 40_000, seed, replicate, "official").columns
    for name in ("age", "birth_month", "education"):
        assert (other[name] != base.columns[name]).mean() > 0.2, name


def test_rows_stand_by_place_and_inside_it_in_no_order_of_age(base: Persons) -> None:
    place = base.columns["province"].astype(int) * 2 + base.columns["residence"]
    assert (np.diff(place) >= 0).all()
    age = base.columns["age"].astype(float)
    same = np.diff(place) == 0
    assert 0.4 < (np.diff(age)[same] > 0).mean() < 0.6
    assert abs(np.corrcoef(age[:-1][same], age[1:][same])[0, 1]) < 0.03


def test_birthdays_are_even_over_the_year_at_every_age(base: Persons) -> None:
    # two chi-square tests of 40,000 people: shares off by a twentieth would be found
    months = base.columns["birth_month"]
    for people in (months, months[base.columns["age"] >= 40]):
        assert chisquare(np.bincount(people, minlength=13)[1:]).pvalue > FALSE_ALARM / 2


def small(
    p: Parameters,
) -> tuple[NDArray[np.float64], tuple[NDArray[np.int64], ...], tuple[NDArray[np.int64], ...]]:
    """The official base by place, sex, broad age and marital status, with its two trees."""
    cells = persons.base_cells(p, "official")
    of_cell = persons.numbered(cells.at, ("province", "residence", "sex", "broad", "marital"))
    people = np.bincount(of_cell, cells.people)
    first = np.unique(of_cell, return_index=True)[1]
    at = {name: values[first] for name, values in cells.at.items()}
    left = [persons.numbered(at, names) for names in persons.LEFT[:4]]
    right = [persons.numbered(at, names) for names in (("sex",), ("sex", "broad", "marital"))]
    return people, tuple(left), tuple(right)


def assert_fair(bases: NDArray[np.int64], wanted: NDArray[np.float64], alarm: float) -> None:
    """Each set, at its floor or one more, has its expected number on average: exact tests."""
    floor = np.floor(wanted)
    above = (bases - floor).sum(axis=0).astype(np.int64)
    for k, share, name in zip(above, wanted - floor, range(len(wanted)), strict=True):
        assert binomtest(int(k), len(bases), share).pvalue > alarm / len(wanted), name


def test_bases_of_300_are_right_on_average_over_replicates(p: Parameters) -> None:
    # 1500 replicates: a bias of 0.1 agents of any set is found nine times in ten
    people, left, right = small(p)
    moves = np.arange(most_moves(len(people), left, right), dtype=np.uint64) + luck.CELL
    bases = []
    for replicate in range(1500):
        key = luck.key_of(SEED, luck.BASE_DRAW, replicate)
        uniforms = luck.uniforms(moves, luck.Call.BASE, luck.LASTING, key)[0]
        bases.append(whole_agents(people, 300, left, right, uniforms))
    for sets in (np.arange(len(people)), left[2], left[3], right[1]):
        found = np.stack([np.bincount(sets, base) for base in bases]).astype(np.int64)
        wanted = np.bincount(sets, people) * (300 / people.sum())
        assert_fair(found, wanted, FALSE_ALARM / 4)


@pytest.mark.long
def test_whole_bases_are_right_on_average_over_replicates(p: Parameters) -> None:
    # 200 replicates of the full table: a bias of 0.27 agents is found nine times in ten
    names = (("province", "residence", "sex"), ("sex", "age"))
    found: dict[tuple[str, ...], list[NDArray[np.int64]]] = {name: [] for name in names}
    for replicate in range(200):
        columns = starting_persons(p, 1000, SEED, replicate, "official").columns
        for name in names:
            found[name].append(counts_of(columns, name))
    for name in names:
        wanted = expected_of(p, "official", name, 1000)
        assert_fair(np.stack(found[name]), wanted, FALSE_ALARM / 2)


@pytest.mark.parametrize("n", [0, -5, 2**30 + 1])
def test_a_number_of_persons_out_of_range_is_refused(p: Parameters, n: int) -> None:
    with pytest.raises(ValueError, match="persons: 1 to"):
        starting_persons(p, n, SEED, 0, "official")


def test_an_unknown_concept_is_refused(p: Parameters) -> None:
    with pytest.raises(ValueError, match="allowed: official, wpp"):
        starting_persons(p, 100, SEED, 0, "census")
