"""Accounts find their holders again, however people were put together."""

import numpy as np
import pytest
from songhe.agents import luck
from songhe.agents.accounts import SAVES, Accounts
from songhe.agents.frame import People


def crowd(n=3000, seed=1):
    """Base people, their children and grandchildren, and arrivals, in any order."""
    rng = np.random.default_rng(seed)
    base = luck.base_ids(np.arange(1, n + 1))
    children = np.concatenate([luck.child_ids(base[: n // 2], np.full(n // 2, k)) for k in (1, 2)])
    grandchildren = luck.child_ids(children, np.ones(len(children), np.int64))
    ids = np.concatenate([base, children, grandchildren, luck.arrival_ids(2030, np.arange(n))])
    return People.of({"id": rng.permutation(ids)})


def accounts_of(rows):
    n = len(rows)
    held = np.arange(3 * n, dtype=np.uint32).reshape(3, n)
    return Accounts(rows, held, np.full(n, SAVES, np.int16))


def test_accounts_have_the_rows_of_their_holders_after_any_move():
    people = crowd()
    rng = np.random.default_rng(2)
    rows = np.sort(rng.choice(people.n, 700, replace=False)).astype(np.uint32)
    accounts, holders = accounts_of(rows), people["id"][rows]
    whose = dict(zip(holders.tolist(), accounts.held[0].tolist(), strict=True))
    people.compact(rng.permutation(people.n))
    moved = accounts.moved(holders, people)
    assert (np.diff(moved.rows.astype(np.int64)) > 0).all()
    found = zip(people["id"][moved.rows].tolist(), moved.held[0].tolist(), strict=True)
    assert dict(found) == whose


def test_an_account_whose_holder_is_gone_is_an_error():
    people = crowd(200)
    rows = np.arange(50, dtype=np.uint32)
    holders = people["id"][rows]
    people.compact(np.arange(10, people.n))
    with pytest.raises(LookupError, match="10 accounts without"):
        accounts_of(rows).moved(holders, people)


def test_no_accounts_are_no_trouble():
    nobody = accounts_of(np.empty(0, np.uint32))
    assert len(nobody.moved(np.empty(0, np.uint64), crowd(50)).rows) == 0
