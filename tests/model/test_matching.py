"""From numbers of couples to people: everyone once, never kin, short chains."""

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.sibships import Sibships
from songhe.model.kernels.matching import pairs

NONE = np.int32(-1)


def sibships(families):
    """Base persons of these families, numbered from 0."""
    ids = luck.base_ids(np.arange(1, len(families) + 1))
    return Sibships(ids, (families + 1).astype(np.uint32))


class Town:
    """Singles of one region by type, each at a place on the circle."""

    def __init__(self, men_of, women_of, seed=3, parents=None):
        rng = np.random.default_rng(seed)
        self.types = len(men_of)
        n = sum(men_of) + sum(women_of)
        self.position = rng.integers(0, 2**32, n, dtype=np.uint32)
        self.kind = np.concatenate([np.repeat(np.arange(len(k)), k) for k in (men_of, women_of)])
        self.men = np.arange(sum(men_of))
        self.women = np.arange(sum(men_of), n)
        self.mother = np.full(n, NONE) if parents is None else parents
        self.father = np.full(n, NONE)
        known = self.mother >= 0
        self.sibship = sibships(np.where(known, self.mother + n, np.arange(n)))

    def side(self, rows):
        order = rows[np.lexsort((rows, self.position[rows], self.kind[rows]))]
        start = np.searchsorted(self.kind[order], np.arange(self.types + 1))
        return order.astype(np.int32), self.position[order], start

    def marry(self, couples, offset, men=None):
        table = np.asarray(couples, np.int64)
        his, hers = (codes.ravel().astype(np.uint16) for codes in np.indices(table.shape))
        cells = np.array([0, table.size]), his, hers, table.ravel(), offset.ravel(), self.types
        out = np.empty((2, table.sum()), np.int32)
        sides = *self.side(self.men if men is None else men), *self.side(self.women)
        made = pairs(*cells, *sides, self.mother, self.father, self.sibship, *out)
        return out[0, :made], out[1, :made]


def offsets(types, seed=4):
    return np.random.default_rng(seed).integers(0, 2**32, (types, types), dtype=np.uint32)


COUPLES = [[30, 10, 5], [12, 40, 8], [3, 9, 20]]


def test_everyone_marries_once_and_in_the_numbers_asked_for():
    town = Town((60, 70, 40), (50, 65, 45))
    husbands, wives = town.marry(COUPLES, offsets(3))
    assert len(np.unique(husbands)) == len(np.unique(wives)) == np.sum(COUPLES)
    seen = np.zeros((3, 3), int)
    np.add.at(seen, (town.kind[husbands], town.kind[wives]), 1)
    assert np.array_equal(seen, COUPLES)


def test_a_type_that_is_used_up_to_the_last_is_served():
    town = Town((45, 60, 32), (45, 59, 33))
    husbands, _ = town.marry(COUPLES, offsets(3))
    assert len(husbands) == np.sum(COUPLES)


@pytest.mark.parametrize("seed", range(5))
def test_brothers_and_sisters_never_marry(seed):
    """Two large families on one market: most first choices would be kin."""
    parents = np.tile(np.array([200, 201], np.int32), 50)
    town = Town((50,), (50,), seed, parents)
    husbands, wives = town.marry([[40]], offsets(1, seed))
    assert len(husbands) == 40
    assert (parents[husbands] != parents[wives]).all()


def test_where_all_are_kin_nobody_marries():
    town = Town((10,), (10,), parents=np.full(20, 99, np.int32))
    assert len(town.marry([[5]], offsets(1))[0]) == 0


def test_a_parent_never_marries_a_child():
    parents = np.array([-1, -1, 0, 0], np.int32)  # two men, two women, both daughters of one
    town = Town((2,), (2,), parents=parents)
    husbands, _ = town.marry([[1]], offsets(1))
    assert husbands.tolist() == [1]


def test_one_more_man_moves_a_short_chain():
    """Couples that change when one man more is on the market: few on average, of 1,000."""
    changed = []
    for seed in range(20):
        town = Town((2000,), (2000,), seed)
        offset = offsets(1, seed)
        with_all = set(zip(*town.marry([[1000]], offset), strict=True))
        without = town.men[town.men != 1000]
        less = set(zip(*town.marry([[1000]], offset, without), strict=True))
        changed.append(len(with_all - less))
    assert np.mean(changed) < 30
    assert max(changed) > 0


def test_the_order_of_rows_does_not_matter():
    town = Town((60, 70, 40), (50, 65, 45))
    shuffled = np.random.default_rng(9).permutation(town.men)
    one, two = (
        set(zip(*town.marry(COUPLES, offsets(3), men), strict=True)) for men in (town.men, shuffled)
    )
    assert one == two


def test_brothers_and_sisters_whose_mother_is_dead_do_not_marry():
    """No link to a parent is left, only the mother in common."""
    town = Town((50,), (50,))
    town.sibship.number[:] = np.arange(100) % 2 + 1
    husbands, wives = town.marry([[40]], offsets(1))
    assert len(husbands) == 40
    assert (town.sibship.number[husbands] != town.sibship.number[wives]).all()


def test_kin_in_one_region_leave_the_others_as_they_are():
    """Two regions of one type each; all are strangers, or two large families in the second."""
    town = Town((50, 50), (50, 50))
    large = sibships(np.where(town.kind == 1, np.arange(200) % 2 + 200, np.arange(200)))
    offset = offsets(2)[0]
    made = []
    for sibship in (town.sibship, large):
        cells = np.arange(3), *np.zeros((2, 2), np.uint16), np.array([40, 40]), offset, 1
        out = np.empty((2, 80), np.int32)
        sides = *town.side(town.men), *town.side(town.women)
        assert pairs(*cells, *sides, town.mother, town.father, sibship, *out) == 80
        made.append(out)
    strangers, kin = made
    assert np.array_equal(strangers[:, :40], kin[:, :40])
    assert (large.number[strangers[0]] == large.number[strangers[1]])[40:].any()
    assert (large.number[kin[0]] != large.number[kin[1]])[40:].all()
    assert len(np.unique(kin)) == 160
