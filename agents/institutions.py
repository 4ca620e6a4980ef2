"""Funds: Mesa agents whose ledgers are kept by double entry, whole to the fen of agents.

A fund has a pooled and an individual ledger, each by province. Money moves by a named flow
with two ends: what the fund gains the other end loses, so that the sum over all funds and all
counterparts is zero at any time, exactly. `close` ends a year: interest, help between thin
pools, and what is still missing as the named flow `deficit_financing`. No ledger stays
negative unseen.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import FUNDS, LEDGERS, PROVINCES
from .shell import mesa

Money = NDArray[np.int64]  # fen of agents, by province or by ledger and province

SHAPE = (len(LEDGERS), len(PROVINCES))
INFLOWS = ("revenue", "subsidy", "interest", "deficit_financing", "opening_adjustment")
OUTFLOWS = ("administration", "outlay")
KINDS = (*INFLOWS, "transfers", *OUTFLOWS)
LEAST_AGENTS = 2_000  # members in a province whose pool stands on its own
GOVERNMENT, CAPITAL_MARKET = "local_government", "capital_market"


class HasLedgers(Protocol):
    """What a fund needs of the model: the other ends of its flows, and the year's counts."""

    counterparts: dict[str, Money]
    tally: Any


class _Numbers(WeakKeyDictionary[Any, Iterator[int]]):
    """The next number of an agent, by model."""

    def __getitem__(self, model: Any) -> Iterator[int]:
        return self.setdefault(model, count(1))


class Fund(mesa.Agent):  # type: ignore[misc]
    """One fund; `balance` is int64[ledger, province], fen of agents.

    premium_factor : what the fund multiplies premiums of the law by; 1 unless it decides
    """

    _ids = _Numbers()  # Mesa's own table would keep every model, with its people, for ever

    def __init__(self, model: Any, name: str) -> None:
        super().__init__(model)
        if name not in FUNDS:
            raise ValueError(f"fund {name!r}; allowed: {', '.join(FUNDS)}")
        self.name, self.index = name, FUNDS.index(name)
        self.opening: Money = np.zeros(SHAPE, np.int64)
        self.balance: Money = np.zeros(SHAPE, np.int64)
        self.flows: dict[str, Money] = {kind: np.zeros(SHAPE, np.int64) for kind in KINDS}
        self.premium_factor = 1.0

    def flow(
        self, kind: str, amounts: NDArray[Any], other_end: str, *, ledger: str = "pooled"
    ) -> None:
        """Book a flow into the fund (or out of it, for outlay and administration).

        kind : one of KINDS but transfers
        amounts : int64[province], fen of agents; positive in the direction of the kind
        other_end : who pays or is paid, an account of the model's `counterparts`

        Raises
        ------
        ValueError
            If the kind or the ledger is unknown.
        TypeError
            If the amounts are not whole numbers by province.
        """
        if kind == "transfers" or kind not in self.flows:
            raise ValueError(f"flow {kind!r}; allowed: {', '.join((*INFLOWS, *OUTFLOWS))}")
        amounts = _whole(amounts)
        gained = -amounts if kind in OUTFLOWS else amounts
        row = _ledger(ledger)
        self.flows[kind][row] += amounts
        self.balance[row] += gained
        accounts = self.model.counterparts
        accounts[other_end] = accounts.get(other_end, 0) - gained

    def transfer(self, gained: NDArray[Any], *, ledger: str = "pooled") -> None:
        """Move money between the pools of one ledger.

        gained : int64[province], sums to zero

        Raises
        ------
        ValueError
            If what some gain others do not lose.
        """
        gained = _whole(gained)
        if int(gained.sum()) != 0:
            raise ValueError(f"transfers of fund {self.name} sum to {int(gained.sum())} fen, not 0")
        row = _ledger(ledger)
        self.flows["transfers"][row] += gained
        self.balance[row] += gained

    @property
    def idle(self) -> bool:
        """Whether nothing has ever moved."""
        moved = any(flow.any() for flow in self.flows.values())
        return not (moved or self.opening.any() or self.balance.any())

    def close(
        self, rate: float, members: NDArray[np.int64], *, earns: tuple[str, ...] = LEDGERS
    ) -> None:
        """End the year and write its flows and balances into the tally.

        rate : yearly return; flows of the year earn it for half of the year
        members : of the fund by province, in agents; thin provinces share one pool
        earns : ledgers to which the return is credited here

        Raises
        ------
        RuntimeError
            If opening and flows do not give the closing balance, to the fen.
        """
        for ledger in earns:
            self.flow("interest", self._interest(rate, ledger), CAPITAL_MARKET, ledger=ledger)
        for ledger in LEDGERS:
            self._cover(members < LEAST_AGENTS, ledger)
        self._check()
        for kind, flow in self.flows.items():
            self._count(f"fund_{kind}", flow)
            flow[:] = 0
        self._count("fund_balance", self.balance)
        self.opening = self.balance.copy()

    def _interest(self, rate: float, ledger: str) -> Money:
        """Return on the opening balance, and for half a year on what came since; never a charge.

        An opening adjustment sets the balance of the year's end and earns nothing in it.
        """
        row = _ledger(ledger)
        opening = self.opening[row]
        since = self.balance[row] - opening - self.flows["opening_adjustment"][row]
        earned = opening * rate + since * ((1.0 + rate) ** 0.5 - 1.0)
        return np.asarray(np.maximum(np.rint(earned), 0.0), dtype=np.int64)

    def _cover(self, thin: NDArray[np.bool_], ledger: str) -> None:
        """Thin pools stand in for each other; then the budget pays what is missing."""
        row = _ledger(ledger)
        if (self.balance[row] >= 0).all():
            return
        self.transfer(shared(np.where(thin, self.balance[row], 0)), ledger=ledger)
        missing = np.maximum(-self.balance[row], 0)
        self.flow("deficit_financing", missing, GOVERNMENT, ledger=ledger)

    def _check(self) -> None:
        gained = sum(self.flows[kind] for kind in (*INFLOWS, "transfers"))
        lost = sum(self.flows[kind] for kind in OUTFLOWS)
        off = self.opening + gained - lost - self.balance
        if off.any():
            raise RuntimeError(f"fund {self.name}: flows and balance differ by {off.sum()} fen")

    def _count(self, name: str, amounts: Money) -> None:
        self.model.tally.add_row(name, self.index, len(FUNDS), amounts)

    def copy_to(self, model: Any) -> "Fund":
        """The same fund in another model."""
        twin = Fund(model, self.name)
        twin.opening, twin.balance = self.opening.copy(), self.balance.copy()
        twin.flows = {kind: flow.copy() for kind, flow in self.flows.items()}
        twin.premium_factor = self.premium_factor
        return twin


def open_funds(model: HasLedgers) -> dict[str, Fund]:
    """Every fund, empty."""
    return {name: Fund(model, name) for name in FUNDS}


def copy_funds(funds: Mapping[str, Fund], model: HasLedgers) -> dict[str, Fund]:
    """Independent copies that belong to another model."""
    return {name: fund.copy_to(model) for name, fund in funds.items()}


def move(giver: Fund, taker: Fund, amounts: NDArray[Any], ledger_from: str, ledger_to: str) -> None:
    """Move money from a ledger of one fund to one of another, or of its own.

    amounts : int64[province], fen of agents, in the pools of the same province; negative ones
        go the other way. Booked as `transfers`, which then sum to zero over all funds.
    """
    amounts = _whole(amounts)
    for fund, ledger, gained in ((giver, ledger_from, -amounts), (taker, ledger_to, amounts)):
        row = _ledger(ledger)
        fund.flows["transfers"][row] += gained
        fund.balance[row] += gained


def shared(balance: NDArray[np.int64]) -> Money:
    """What each pool gains when those in surplus cover those in deficit, in proportion.

    balance : int64[pool]. The result sums to zero; what rounding leaves the largest pool pays.
    If the surplus is too small, every deficit is covered in proportion to its size.
    """
    surplus, deficit = np.maximum(balance, 0), np.maximum(-balance, 0)
    moved = min(int(surplus.sum()), int(deficit.sum()))
    return split(moved, deficit) - split(moved, surplus)


def split(amount: int, weights: NDArray[Any]) -> Money:
    """A whole amount in proportion to weights; the largest takes what rounding leaves.

    weights : whole numbers >= 0, not all zero unless the amount is
    """
    whole = [int(w) for w in weights.tolist()]  # products are beyond int64
    total = sum(whole)
    if total == 0:
        if amount:
            raise ValueError(f"{amount} fen to split, and nobody to take them")
        return np.zeros(len(whole), np.int64)
    parts = np.array([amount * w // total for w in whole], dtype=np.int64)
    parts[np.argmax(weights)] += amount - parts.sum()
    return parts


def in_sum(funds: Mapping[str, Fund], counterparts: Mapping[str, Money]) -> int:
    """Fen of all funds and all other ends together; zero, always."""
    held = sum(int(fund.balance.sum()) for fund in funds.values())
    return held + sum(int(amounts.sum()) for amounts in counterparts.values())


def _ledger(name: str) -> int:
    if name not in LEDGERS:
        raise ValueError(f"ledger {name!r}; allowed: {', '.join(LEDGERS)}")
    return LEDGERS.index(name)


def _whole(amounts: NDArray[Any]) -> Money:
    amounts = np.asarray(amounts)
    if amounts.dtype.kind not in "iu" or amounts.shape != (len(PROVINCES),):
        raise TypeError(
            f"amounts are whole fen by province, int64[{len(PROVINCES)}], "
            f"not {amounts.dtype}{list(amounts.shape)}"
        )
    return amounts.astype(np.int64)
