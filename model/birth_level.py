"""Levels of births in a year: what meets fertility, the sex ratio, and the debt of tempo.

`solve_fertility` finds the level of each age band of women in union, and that of all others,
at which expected births are those of the age-specific rates on the women there are. One level
for all ages would not do: the rates are put off with the years, weddings are not, and births
would meet cohorts of other sizes and leave the path of total fertility. `sex_level` finds the
strength of the choice of sex at which the expected sex ratio at birth is that of the year;
`debt_of` by how much mothers of an advanced birth must lower their hazard for the effect of
policy on completed families to be `rho` times that on births of the first three years. All
are solved on expected values.

The debt is derived on a synthetic cohort that enters unions at the ages of the year and has
the year's hazards, by parity and wait. A small permanent rise of all hazards raises births
of the first three years (over all ages) by a share E, and lifetime births C by G, without a
debt; G holds the depletion of parities. Mothers of advanced births have N(0) further births,
N(D) if they lower their log hazard by D for some years. Then rho * E * C = G - (N(0) - N(D))
gives D; it is zero where G is below rho * E * C, and at most MOST_DEBT (where that would not
do, the cohort owes in its place: `birth_account.py`). That debts also lower
births of the first three years a little is left out.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import kernel, put, rule
from .birth_rules import (
    FIRST_AGE,
    N_AGES,
    PARITIES,
    SINGLE,
    TOP,
    WAITS,
    Hazards,
    chance_of_son,
    log_hazard,
    order_of,
    parity_of,
    parts_of,
    wants_a_son,
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

BAND_FROM = (14, 25, 30, 35, 40)  # ages at the opening from which a band of women begins
N_BANDS = len(BAND_FROM)
MOST = 0.9  # deliveries of a band, as a share of the women who can have one
NO_BIRTHS = -60.0  # level of women who shall have none
ROUNDS = 200
NEAR = 1e-6  # log miss after which one more step of Newton leaves less than 1e-11
LAST = 1e-13
RISE = 0.01  # of all hazards, in the derivation of the debt
FIRST_YEARS = 3
MOST_DEBT = 3.0
STEPS = 6  # of the secant that finds the debt


@kernel
def log_hazards(used: Counts, h: Hazards, out: Floats) -> None:
    """Log hazards of cells without and with policy, float64[2, cell]."""
    for i in range(used.size):
        age, family, education, residence, wait, debt = parts_of(used[i])
        out[0, i] = log_hazard(age, family, education, residence, wait, debt, h)
        order = order_of(parity_of(family))
        out[1, i] = out[0, i] + h.response[order, residence, education]


@rule
def band_of(age: int) -> int:
    """Age band of women in union that shares a level."""
    band = 0
    for k in range(1, N_BANDS):
        band += age >= BAND_FROM[k]
    return band


@kernel
def exposures(used: Counts, counts: Counts, share: Floats, people: Floats, group: Counts) -> None:
    """Women of each cell times the share of a year's births by age, and their group.

    share : float64[101], by age; people : float64[cell]
    group : int64[cell], age band of women in union; of the others, N_BANDS more
    """
    for i in range(used.size):
        age, _, _, _, wait, _ = parts_of(used[i])
        people[i] = counts[used[i]] * share[age]
        group[i] = band_of(age) + (N_BANDS if wait == SINGLE else 0)


@kernel
def expected(people: Floats, log_hazard: Floats, level: float) -> Any:
    """Expected deliveries of cells at a level, and their slope by it."""
    total, slope = 0.0, 0.0
    for i in range(people.size):
        hazard = math.exp(min(log_hazard[i] + level, TOP))
        total += people[i] * -math.expm1(-hazard)
        slope += people[i] * hazard * math.exp(-hazard)
    return total, slope


@kernel
def solve_level(people: Floats, log_hazard: Floats, target: float) -> float:
    """Level at which expected deliveries are the target; nan if there is none.

    Newton's steps on the log of births, kept inside the bracket found so far.
    """
    low, high, level = -np.inf, np.inf, 0.0
    for _ in range(ROUNDS):
        births, slope = expected(people, log_hazard, level)
        if births == 0.0:
            low = level
            level += 5.0
            continue
        miss = math.log(births / target)
        if abs(miss) <= LAST:
            return level
        low, high = (level, high) if miss < 0.0 else (low, level)
        step = -miss * births / slope if slope > 0.0 else 1.0
        new = level + min(max(step, -2.0), 2.0)
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(miss) <= NEAR or new == level:
            return new
        level = new
        if level > 2.0 * TOP:
            return np.nan
    return np.nan


def shared_out(wanted: Floats, most: Floats, total: float) -> Floats:
    """Deliveries of each age band that add up to a total, near those wanted.

    wanted : float64[band], below zero counts as none; most : what a band can have. What one
    cannot have is shared by the others in proportion.

    Raises
    ------
    ValueError
        If all of them together cannot.
    """
    if total > most.sum() * (1.0 + 1e-12):
        raise ValueError(f"women in union cannot have {total:.1f} births in a year")
    targets, free = np.zeros(N_BANDS), most > 0
    weight = np.maximum(wanted, 0.0) * free
    for _ in range(N_BANDS):
        if weight[free].sum() <= 0.0:
            weight = most * free
        targets[free] = weight[free] / weight[free].sum() * (total - targets[~free].sum())
        over = free & (targets > most * (1.0 + 1e-12))
        if not over.any():
            break
        targets[over] = most[over]
        free = free & ~over
    return targets


def solve_fertility(
    people: Floats, group: Counts, log_hazard: Floats, wanted: Floats, outside: float
) -> Floats:
    """Level of each age band of women in union, and of all other women, float64[N_BANDS + 1].

    people, group, log_hazard : as `exposures`, and of one row of `log_hazards`
    wanted : deliveries that the rates of the year give women of each band, float64[band]
    outside : share of them outside unions. The total is met exactly; so are the bands, and
    this share, but where women are too few.

    Raises
    ------
    ValueError
        If the women cannot have so many births.
    """
    total, able = float(wanted.sum()), log_hazard > -np.inf
    members = [np.flatnonzero(able & (group == k)) for k in range(2 * N_BANDS)]
    most = np.array([MOST * people[rows].sum() for rows in members])
    if total > most.sum():
        raise ValueError(f"{people.sum():.0f} women cannot have {total:.1f} births in a year")
    levels = np.full(N_BANDS + 1, NO_BIRTHS)
    in_union, others = most[:N_BANDS].sum() > 0, most[N_BANDS:].sum() > 0
    single = total * (outside if in_union and others else float(others))
    single = max(single, total - most[:N_BANDS].sum())  # where hardly anybody is in union
    taken = np.zeros(N_BANDS)
    if single > 0:
        rows = np.flatnonzero(able & (group >= N_BANDS))
        levels[-1] = solve_level(people[rows], log_hazard[rows], single)
        for k, here in enumerate(members[N_BANDS:]):
            taken[k] = expected(people[here], log_hazard[here], levels[-1])[0]
    targets = shared_out(wanted - taken, most[:N_BANDS], total - single)
    for k, rows in enumerate(members[:N_BANDS]):
        if targets[k] > 0:
            levels[k] = solve_level(people[rows], log_hazard[rows], targets[k])
    if not np.isfinite(levels).all():
        raise ValueError(f"{people.sum():.0f} women cannot have {total:.1f} births in a year")
    return levels


@kernel
def chances(used: Counts, group: Counts, log_hazard: Floats, levels: Floats, out: Floats) -> None:
    """Chance of a delivery in a full year of each cell, written at its place in float64[CELLS]."""
    for i in range(used.size):
        level = levels[min(group[i], N_BANDS)]
        out[used[i]] = -math.expm1(-math.exp(min(log_hazard[i] + level, TOP)))


@kernel
def births_by_wish(used: Counts, people: Floats, chance: Floats) -> Any:
    """Expected deliveries of women who may choose a son, and of the others."""
    others, wishing = 0.0, 0.0
    for i in range(used.size):
        births = people[i] * chance[used[i]]
        if wants_a_son(parts_of(used[i])[1]):
            wishing += births
        else:
            others += births
    return others, wishing


@kernel
def sex_level(
    others: float, wishing: float, ratio: float, biological: float, share: float
) -> float:
    """Strength of the choice of sex that meets a sex ratio at birth, on the log odds.

    others, wishing : expected births of women who do not, and who do, wish a son before all
    ratio, biological : boys per girl, of the year and without choice; share : strength of the
    choice at other births. Zero without births that it could act on.
    """
    if others * share + wishing <= 0.0:
        return 0.0
    target, natural = ratio / (1.0 + ratio) * (others + wishing), math.log(biological)
    low, high = -50.0, 50.0
    for _ in range(ROUNDS):
        level = 0.5 * (low + high)
        if level in (low, high):
            break
        boys = others * chance_of_son(natural, share, level)
        boys += wishing * chance_of_son(natural, 1.0, level)
        if boys < target:
            low = level
        else:
            high = level
    return 0.5 * (low + high)


def by_province(term: Floats, women: Counts) -> tuple[Floats, Floats]:
    """The term that the level of births is solved with, and what provinces are beside it.

    The first is that under which the women at risk of an order, residence and education have
    the mean hazard of their provinces; so births of the country meet the path up to what ages
    and waiting times differ between provinces.

    Parameters
    ----------
    term : float64[order, province, residence, education]
    women : int64 of the same shape, women at risk

    Returns
    -------
    float64[order, residence, education], and factor on hazards, float64 of the shape of term
    """
    hazard = np.exp(term)
    weight = np.where(women.sum(axis=1, keepdims=True) > 0, women, 1)
    mean = (hazard * weight).sum(axis=1) / weight.sum(axis=1)
    return np.log(mean), hazard / mean[:, None]


# --- debt ---------------------------------------------------------------------------------


@rule
def yearly_chances(hazard: Floats, wait: Floats, factor: float) -> Floats:
    """Chance of a birth in a year, float64[age, parity, wait]."""
    chance = np.empty((N_AGES, PARITIES, WAITS))
    for age in range(N_AGES):
        for k in range(PARITIES):
            for w in range(WAITS):
                chance[age, k, w] = -math.expm1(-hazard[age, k] * wait[k, w] * factor)
    return chance


@rule
def lived(state: Floats, chance: Floats, after: Floats) -> float:
    """One year of women by parity and wait; returns births, writes float64[parity, wait]."""
    births = 0.0
    after[:] = 0.0
    for k in range(PARITIES):
        for w in range(WAITS):
            born = state[k, w] * chance[k, w]
            births += born
            after[min(k + 1, PARITIES - 1), 0] += born
            after[k, min(w + 1, WAITS - 1)] += state[k, w] - born
    return births


@rule
def cohort(chance: Floats, entry: Floats, opening: Floats) -> float:
    """Lifetime births of a cohort; writes its states at every age float64[age, parity, wait].

    entry : float64[age], share of women who enter a union
    """
    births = 0.0
    state, after = np.zeros((PARITIES, WAITS)), np.zeros((PARITIES, WAITS))
    for age in range(N_AGES):
        state[0, 0] += entry[age]
        put(state, opening[age])
        births += lived(state, chance[age], after)
        put(after, state)
    return births


@rule
def some_years(state: Floats, first: int, years: int, chance: Floats, entry: Floats) -> float:
    """Births in some years of women who are at one age at first, and of those who join later."""
    births = 0.0
    now, after = state.copy(), np.zeros((PARITIES, WAITS))
    for age in range(first, min(first + years, N_AGES)):
        now[0, 0] += entry[age] if age > first else 0.0
        births += lived(now, chance[age], after)
        put(after, now)
    return births


@rule
def later_births(mothers: Floats, chance: Floats, owed: Floats, years: int) -> float:
    """Further births of mothers who join at each age, float64[age, parity, wait].

    chance : in a year; owed : the same during the years of the debt
    """
    births = 0.0
    state = np.zeros((years + 1, PARITIES, WAITS))  # by years left
    after = np.zeros((PARITIES, WAITS))
    for age in range(N_AGES):
        for left in range(years + 1):
            births += lived(state[left], (owed if left > 0 else chance)[age], after)
            if left == 0:
                put(after, state[0])
            elif left == 1:
                put(state[0] + after, state[0])
            else:
                put(after, state[left - 1])
        put(mothers[age], state[years])
    return births


@kernel
def debt_of(hazard: Floats, wait: Floats, entry: Floats, rho: float, years: int) -> float:
    """Log by which mothers of an advanced birth lower their hazard; see the module.

    hazard : float64[age, parity], per year; wait : factor float64[parity, wait];
    years : during which the debt is carried
    """
    chance = yearly_chances(hazard, wait, 1.0)
    higher = yearly_chances(hazard, wait, 1.0 + RISE)
    opening, other = np.zeros((N_AGES, PARITIES, WAITS)), np.zeros((N_AGES, PARITIES, WAITS))
    lifetime = cohort(chance, entry, opening)
    gain = cohort(higher, entry, other) - lifetime
    before, after = 0.0, 0.0
    mothers = np.zeros((N_AGES, PARITIES, WAITS))
    for age in range(N_AGES):
        before += some_years(opening[age], age, FIRST_YEARS, chance, entry)
        after += some_years(opening[age], age, FIRST_YEARS, higher, entry)
        for k in range(PARITIES):
            for w in range(WAITS):
                born = opening[age, k, w] * (higher[age, k, w] - chance[age, k, w])
                mothers[age, min(k + 1, PARITIES - 1), 0] += born
    if before <= 0.0:
        return 0.0
    excess = gain - rho * (after / before - 1.0) * lifetime
    free = later_births(mothers, chance, chance, years)
    most = 1.0 - math.exp(-MOST_DEBT)
    share, taken = 0.0, 0.0  # 1 - exp(-debt), and what it takes
    if excess <= 0.0 or free <= 0.0:
        return 0.0
    trial = min(excess / free, most)
    for _ in range(STEPS):
        owed = yearly_chances(hazard, wait, 1.0 - trial)
        takes = free - later_births(mothers, chance, owed, years)
        slope = (takes - taken) / (trial - share)
        share, taken = trial, takes
        trial = min(share + (excess - taken) / slope, most) if slope > 0.0 else most
        if abs(trial - share) < 1e-9:
            break
    return -math.log1p(-trial)


def mean_hazard(pattern: Floats, later: float, levels: Floats, weights: Floats) -> Floats:
    """Yearly hazard float64[age, parity] of women of mixed residence and education.

    pattern : log, [order, age, residence, education]; levels : as `solve_fertility`;
    weights : [residence, education]
    """
    share = weights / weights.sum()
    level = np.array([levels[band_of(age)] for age in range(FIRST_AGE, FIRST_AGE + N_AGES)])
    mean = (np.exp(pattern + level[:, None, None]) * share).sum(axis=(2, 3))
    by_parity = np.stack([mean[0], mean[1], mean[2], mean[2] * math.exp(later)], axis=1)
    return np.ascontiguousarray(by_parity)


def entry_into_union(in_union: Counts, women: Counts) -> Floats:
    """Share of women entering a union at each age, from shares in union; float64[age]."""
    share = np.divide(in_union, women, out=np.zeros(len(women)), where=women > 0)
    highest = np.maximum.accumulate(share)
    return np.diff(highest, prepend=0.0)
