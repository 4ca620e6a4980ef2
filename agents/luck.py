"""Luck is an address: a uniform is a function of whose it is, when, and what for.

The address is (seed, draw, replicate) and (person, year, call, lane); the scenario is not in
it, so that two scenarios give a person the same luck. A *call* yields four uniforms, its
lanes, and belongs to one or more events as listed in `Call`; calls and lanes are only ever
added, never renumbered. Nothing here keeps a state: order, threads and blocks cannot matter.

Source: Philox4x32-10, Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import inlined, kernel, rule

LASTING = 0  # the year of luck that a person keeps for life
BASE_DRAW = 2**32 - 1  # the base population is shared by all draws
CELL = np.uint64(1) << np.uint64(63)  # addresses of cells, apart from those of people


class Call(IntEnum):
    """What four uniforms are for."""

    PERSON = 1  # function and death; time of death; moves; divorce
    LIVING = 2  # leaving home; collective living; -; -
    BIRTH = 3  # a birth; its time; twins; whether a single mother is a bride
    CHILD = 4  # by the child's id: sex; death in its first year; time of it; -
    MARRIAGE = 5  # position on the market; looks for a partner; home of the couple; a bride's place
    MARRIAGE_CELL = 6  # by cell: rounding, two words; place on the circle; -
    HOUSEHOLD = 7  # to parents; with a child, or lodgings; son or his side first; her children
    MOVE = 8  # -; spouse stays; children follow; collective
    REUNION = 9  # couples living apart: comes together; at hers; -; -
    EDUCATION = 10  # goes on; -; -; -
    RECLASSIFIED = 11  # by household: village becomes town; -; -; -
    ABROAD = 12  # leaves the country; donor of an arrival; -; -
    PERSON_LASTING = 13  # once in life: care grade; pension scheme; take-up; contributes
    CLAIM = 14  # starts to claim this year: child subsidy; pension; long-term care; -
    CARE = 15  # setting of care, one Gumbel per option
    WORK = 16  # reviews the work; earnings of the year; innovation of earnings; -
    WORK_LASTING = 17  # once in life: level of earnings; post of a woman; density; member
    WORK_CHOICE = 18  # 18 and 19: kind of work, one waiting time per option
    RETIREMENT = 24  # once in life: retires for illness; time of claiming; heavy work; pays on
    CONTRIBUTION = 25  # once in life: pays; place in the merger; by year: -; -; pays; -
    FAMILY_POLICY = 26  # once in life: takes leave, is insured; father's leave; taxpayer; -
    CHILDCARE = 27  # once in life: wants a nursery; queue; wants a kindergarten; kind of place
    SUPPLEMENT = 28  # once in life: enterprise annuity; personal pension; -; -
    MOTHERS_WORK = 30  # stops work at a birth; returns to it; -; -
    PROVINCE = 32  # 32 to 39: one uniform per province for movers
    BASE = 64  # 64 and on: the base population; 80 to 88: its couples, kin and homes


class Key(NamedTuple):
    """Two words of a run's key; made of seed, draw and replicate."""

    low: np.uint32
    high: np.uint32


def key_of(seed: int, draw: int, replicate: int) -> Key:
    """The key of a run.

    Raises
    ------
    ValueError
        If a number is negative or does not fit 32 bits (the seed: 64 bits).
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed {seed}: 0 to 2**64 - 1")
    if not (0 <= draw < 2**32 and 0 <= replicate < 2**32):
        raise ValueError(f"draw {draw}, replicate {replicate}: 0 to 2**32 - 1")
    words = np.random.SeedSequence([seed, draw, replicate]).generate_state(2, np.uint32)
    return Key(words[0], words[1])


@rule
def _round(x0: Any, x1: Any, x2: Any, x3: Any, k0: Any, k1: Any) -> Any:
    word, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    p0 = np.uint64(0xD2511F53) * x0
    p1 = np.uint64(0xCD9E8D57) * x2
    return (p1 >> half) ^ x1 ^ k0, p1 & word, (p0 >> half) ^ x3 ^ k1, p0 & word


@inlined
def philox(a: Any, b: Any, c: Any, d: Any, low: Any, high: Any) -> Any:
    """Four 32-bit words, held in uint64, of a counter (a, b, c, d) under a key (low, high).

    The ten rounds are written out: a loop over them would keep the loop over people from
    being vectorised, at five times the cost.
    """
    word = np.uint64(0xFFFFFFFF)
    raise_low, raise_high = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
    x0, x1, x2, x3 = np.uint64(a), np.uint64(b), np.uint64(c), np.uint64(d)
    k0, k1 = np.uint64(low), np.uint64(high)
    x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
    k0, k1 = (k0 + raise_low) & word, (k1 + raise_high) & word
    x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
    k0, k1 = (k0 + raise_low) & word, (k1 + raise_high) & word
    x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
    k0, k1 = (k0 + raise_low) & word, (k1 + raise_high) & word
    x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
    k0, k1 = (k0 + raise_low) & word, (k1 + raise_high) & word
    x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
    k0, k1 = (k0 + raise_low) & word, (k1 + raise_high) & word
    x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
    k0, k1 = (k0 + raise_low) & word, (k1 + raise_high) & word
    x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
    k0, k1 = (k0 + raise_low) & word, (k1 + raise_high) & word
    x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
    k0, k1 = (k0 + raise_low) & word, (k1 + raise_high) & word
    x0, x1, x2, x3 = _round(x0, x1, x2, x3, k0, k1)
    k0, k1 = (k0 + raise_low) & word, (k1 + raise_high) & word
    return _round(x0, x1, x2, x3, k0, k1)


@kernel
def _fill(ids: Any, call: Any, year: Any, low: Any, high: Any, u: Any) -> None:
    u0, u1, u2, u3 = u[0], u[1], u[2], u[3]
    word, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for i in range(ids.size):
        x0, x1, x2, x3 = philox(ids[i] & word, ids[i] >> half, year, call, low, high)
        u0[i] = np.uint32(x0)
        u1[i] = np.uint32(x1)
        u2[i] = np.uint32(x2)
        u3[i] = np.uint32(x3)


@kernel
def _fill_two(ids: Any, call: Any, year: Any, low: Any, high: Any, u0: Any, u1: Any) -> None:
    """The first two words; the last round makes no others, and two rows stay in the cache."""
    word, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for i in range(ids.size):
        x0, x1, _, _ = philox(ids[i] & word, ids[i] >> half, year, call, low, high)
        u0[i] = np.uint32(x0)
        u1[i] = np.uint32(x1)


def fill(ids: NDArray[np.uint64], call: int, year: int, key: Key, u: NDArray[np.uint32]) -> None:
    """Write the four words of each id into u, or the first two of them.

    ids : uint64[n]; call : a `Call`; year : calendar year, or LASTING
    u : uint32[4, m] or uint32[2, m], m >= n
    """
    address = ids, np.uint32(call), np.uint32(year), key.low, key.high
    if len(u) == 2:
        _fill_two(*address, u[0], u[1])
    else:
        _fill(*address, u)


def words(ids: NDArray[np.uint64], call: int, year: int, key: Key) -> NDArray[np.uint32]:
    """Four words for each id, uint32[4, n]."""
    u = np.empty((4, len(ids)), np.uint32)
    fill(ids, call, year, key, u)
    return u


def uniforms(ids: NDArray[np.uint64], call: int, year: int, key: Key) -> NDArray[np.float64]:
    """Four uniforms in (0, 1) for each id, float64[4, n]."""
    return np.asarray(unit(words(ids, call, year, key)), dtype=np.float64)


@rule
def unit(word: Any) -> Any:
    """A word, or an array of words, as uniforms in (0, 1), 2**-33 from either end."""
    return (word + 0.5) * 2.0**-32


def threshold(chance: Any) -> NDArray[np.uint64]:
    """The least word that is not below a chance; `word < it` says the same as `unit(word) < p`.

    chance : float[...], in [0, 1]; 2**32 for a chance of 1, which is why 64 bits hold it.
    A loop over many people then compares words as they are.
    """
    return np.ceil(np.asarray(chance, np.float64) * 2.0**32 - 0.5).astype(np.uint64)


# --- ids as paths -----------------------------------------------------------------------

GENERATIONS = 7
BITS = 4  # of the birth order in each generation
MOST_CHILDREN = 2**BITS - 1
BASE_SHIFT = GENERATIONS * BITS
MOST_BASE = 2**34 - 1  # base persons are numbered from 1; above are arrivals from abroad


def base_ids(numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Ids of base persons numbered from 1."""
    return numbers.astype(np.uint64) << np.uint64(BASE_SHIFT)


def arrival_ids(year: int, numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Ids of people who arrive from abroad in a year, numbered from 0 in it."""
    if len(numbers) and numbers.max() >= 2**24:
        raise ValueError(f"{numbers.max() + 1} arrivals in {year}: at most {2**24}")
    number = np.uint64(2**34 + (year - 2000) * 2**24) + numbers.astype(np.uint64)
    return number << np.uint64(BASE_SHIFT)


@kernel
def _child_ids(mothers: Any, orders: Any, out: Any) -> bool:
    full = True
    for i in range(mothers.size):
        shift = np.uint64(BASE_SHIFT - BITS)
        found = False
        while True:
            if (mothers[i] >> shift) & np.uint64(MOST_CHILDREN) == np.uint64(0):
                found = True
                break
            if shift == np.uint64(0):
                break
            shift -= np.uint64(BITS)
        full = full and found
        out[i] = mothers[i] | (np.uint64(orders[i]) << shift)
    return full


def child_ids(mothers: NDArray[np.uint64], orders: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Ids of children from the mother's id and the birth order, 1 ... 15.

    Raises
    ------
    OverflowError
        Beyond the fifteenth child, or the seventh generation after the base.
    """
    if len(orders) and not (orders.min() >= 1 and orders.max() <= MOST_CHILDREN):
        raise OverflowError(f"birth order {orders.max()}: 1 to {MOST_CHILDREN}")
    out = np.empty(len(mothers), np.uint64)
    if not _child_ids(mothers, orders, out):
        raise OverflowError(f"more than {GENERATIONS} generations after the base")
    return out


def path_text(identity: int) -> str:
    """An id as people write it: `41207.2.1` is the first child of the second of 41207."""
    parts = [str(identity >> BASE_SHIFT)]
    for shift in range(BASE_SHIFT - BITS, -1, -BITS):
        order = identity >> shift & MOST_CHILDREN
        if order:
            parts.append(str(order))
    return ".".join(parts)


def path_id(text: str) -> int:
    """The id of a written path.

    Raises
    ------
    ValueError
        Unless it is a number from 1 and at most seven birth orders from 1 to 15.
    """
    parts = text.split(".")
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise ValueError(f"person {text!r}: numbers joined by dots, as 41207.2.1")
    base, *orders = map(int, parts)
    if not 1 <= base < 2**35 or len(orders) > GENERATIONS:
        raise ValueError(f"person {text!r}: a base number and at most {GENERATIONS} birth orders")
    if not all(1 <= order <= MOST_CHILDREN for order in orders):
        raise ValueError(f"person {text!r}: birth orders 1 to {MOST_CHILDREN}")
    identity = base << BASE_SHIFT
    for place, order in enumerate(orders):
        identity |= order << (BASE_SHIFT - BITS * (place + 1))
    return identity
