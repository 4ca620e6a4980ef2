"""What a policy adds to births, in parts, and how much of it goes to births that come anyway.

A scenario is held against its reference, in the same draw. Births added are, to the last one,

- direct: what the response of the year adds to the women there are, at equal debt;
- timing: births that are not had since they were brought forward. Mothers and cohorts owe (see
  `model/birth_account.py`), and women of the same age and marital status have had their child;
- feedback: what is left: more or fewer women and couples, as children of added births become
  mothers and weddings change; and chance, which is told apart as well.

The second part of timing is the difference of births per woman by age and marital status at equal
chances, on the mean number of women (Kitagawa, 1955). Couples that wed because of policy are new
ones for some years, which is counted with it; so is what moves and education change.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import xarray as xr

from .indicators import ratio
from .quantities import MEN, PERCENT, Unit, total

PLAIN = "expected_births_without_policy"
ANSWERED = "expected_births_with_response"
LIVED = "expected_births"
WOMEN = "women_of_childbearing_age"
BORN, PROMISED = "births_by_province_order", "promised_to_births"
OF_PARTS = ("births", PLAIN, ANSWERED, LIVED, WOMEN)
OF_SHARES = (BORN, PROMISED, "deflator")
DIRECT = "births_direct"
SOME = 0.01  # of what is promised already: a smaller change is none
# A scenario and its reference, averaged over replicates -> [draw, year].
Pair = Callable[[xr.Dataset, xr.Dataset], xr.DataArray]


class Part(NamedTuple):
    """One figure of a scenario against its reference; needs : stored variables that it reads."""

    key: str
    title: str
    title_zh: str
    unit: Unit
    needs: tuple[str, ...]
    measure: Pair


def added(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
    """Births of the scenario less those of its reference."""
    return total(one["births"]) - total(other["births"])


def direct(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
    """What the responses of the year add, in the scenario more than in the reference."""
    return _answer(one) - _answer(other)


def timing(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
    """Births that are not had since they were brought forward, as a negative number."""
    return _owed(one) - _owed(other) + had_already(one, other)


def feedback(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
    """What is neither direct nor timing."""
    return added(one, other) - direct(one, other) - timing(one, other)


def chance(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
    """Part of the feedback: births that came less those expected, of both scenarios."""
    return added(one, other) - (total(one[LIVED]) - total(other[LIVED]))


def had_already(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
    """Change of births without policy per woman of an age and marital status, times the women."""
    women, women_0 = one[WOMEN], other[WOMEN]
    change = ratio(one[PLAIN], women) - ratio(other[PLAIN], women_0)
    each = change.fillna(0.0) * (women + women_0) / 2  # nobody on one side: a change of numbers
    return total(each.where(women.notnull() & women_0.notnull()))


def _answer(part: xr.Dataset) -> xr.DataArray:
    return total(part[ANSWERED]) - total(part[PLAIN])


def _owed(part: xr.Dataset) -> xr.DataArray:
    return total(part[LIVED]) - total(part[ANSWERED])


def benefits(one: xr.Dataset, other: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """What a scenario gives births beyond its reference, by year: to added ones, and to all.

    A birth counts with what policies promise for it, by province and order, more than in the
    reference, present value at the prices of one year. Where money is not what changes (leave,
    places), every birth since the first one that differs counts the same. Nothing where the
    scenario takes money away.
    """
    promised, promised_0 = _promised(one), _promised(other)
    gain = promised - promised_0
    born, born_0 = (part[BORN].fillna(0.0) for part in (one, other))
    before = float(total(promised_0 * born).sum())
    more = float(total(gain * born).sum())
    if abs(more) <= SOME * before:
        differs = abs(born - born_0).sum([d for d in born.dims if d != "year"]) > 0
        gain = xr.ones_like(gain) * (differs.cumsum("year") > 0)
    elif more < 0:
        gain = xr.full_like(gain, float("nan"))
    return total(gain * (born - born_0)), total(gain * born)


def _promised(part: xr.Dataset) -> xr.DataArray:
    """Yuan for each birth by province and order; the country's where a province has no birth."""
    money, births = part[PROMISED] * part["deflator"], part[BORN]
    country = ratio(money.sum("province"), births.sum("province"))
    return ratio(money, births).fillna(country).fillna(0.0)


def anyway(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
    """Share of a year's benefits that goes to births that would have come without them."""
    to_added, to_all = benefits(one, other)
    return 1.0 - ratio(to_added, to_all)


def anyway_since(one: xr.Dataset, other: xr.Dataset) -> xr.DataArray:
    """The same of all benefits from the first year on."""
    to_added, to_all = (values.cumsum("year") for values in benefits(one, other))
    return 1.0 - ratio(to_added, to_all)


def since(measure: Pair) -> Pair:
    """Sum of a measure from the first year on."""
    return lambda one, other: measure(one, other).fillna(0.0).cumsum("year")


_BIRTHS = (
    ("births_added", "Births added", "新增出生", added),
    (DIRECT, "Births added, direct", "新增出生：直接效应", direct),
    ("births_timing", "Births added, timing", "新增出生：时间进度效应", timing),
    ("births_feedback", "Births added, feedback", "新增出生：反馈效应", feedback),
    ("births_chance", "Births added, chance in feedback", "新增出生：反馈中的随机部分", chance),
)
_SHARES = (
    ("benefits_anyway", "Benefits to births that come anyway", "惠及本来就会出生者的福利占比",
     anyway),
    ("benefits_anyway_since", "Benefits to births that come anyway, since the first year",
     "惠及本来就会出生者的福利占比（自首年累计）", anyway_since),
)  # fmt: skip
PARTS: Mapping[str, Part] = {
    part.key: part
    for part in (
        *(Part(key, title, zh, MEN, OF_PARTS, measure) for key, title, zh, measure in _BIRTHS),
        *(Part(f"{key}_since", f"{title}, since the first year", f"{zh}（自首年累计）", MEN,
               OF_PARTS, since(measure)) for key, title, zh, measure in _BIRTHS),
        *(Part(key, title, zh, PERCENT, OF_SHARES, measure) for key, title, zh, measure in _SHARES),
    )
}  # fmt: skip


def summed(dataset: xr.Dataset) -> xr.Dataset:
    """The variables of the parts that a dataset holds, summed where no figure tells apart."""
    held = {ANSWERED, LIVED} & set(dataset.variables)
    return dataset.assign({name: total(dataset[name], ("scenario",)) for name in held})
