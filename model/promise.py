"""What a policy of families holds out for a next child: the protocol that policies share.

A policy of families has a function `promise(model) -> Promise`. It says what a couple who
have a child in the model's year may expect of that policy for this child, by what the couple
are. `birth_response.py` adds the promises of all policies up and turns the sum into births;
it lists them by name, and no policy knows of another.

Couples decide `lag` years before the birth, on the law that they know by then: `known` gives
a dated entry as they expect it, `expected_payments` and `present_value` what payments by it
are worth at birth. How much of it couples perceive is applied by `birth_response.py`, once.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..parameters.dims import EDUCATION, PROVINCES, RESIDENCES
from ..parameters.load import Parameters
from .numbers import Numbers, remembered
from .prices import price_index

Floats = NDArray[np.float64]

KEY = "demography.fertility_response."
ORDERS = 3  # of the next child: first, second, third and later
SHAPE = (ORDERS, len(PROVINCES), len(RESIDENCES), len(EDUCATION))
MIDDLE = 6  # month in which the next child is taken to be born
MONTHS = 12


class Promise(NamedTuple):
    """What one policy gives a next child, each a number or an array that fits SHAPE.

    The axes are order of the child, province, residence, and education of the woman; an axis
    of length 1 says that nothing differs along it. Everything counts from nothing, or from what
    the policy names as the state before it, since what couples had before is part of the
    aligned level of births.

    cash : yuan, present value at birth of payments and of tax that is not paid
    fee : yuan, present value at birth of the fall in fees for care and school
    cover : share of children under three with a place within reach and means, in the year
        before, less that before the policy
    leave, father_leave : months of leave times the share of the wage paid in them, less before
    time : share by which the mother's hours of care fall
    """

    cash: Floats | float = 0.0
    fee: Floats | float = 0.0
    cover: Floats | float = 0.0
    leave: Floats | float = 0.0
    father_leave: Floats | float = 0.0
    time: Floats | float = 0.0


def decided(p: Parameters, year: int) -> int:
    """Year in which couples decide on the births of a year."""
    return year - int(p.value(KEY + "lag"))


def last_known_day(p: Parameters, year: int) -> date:
    """Last day whose law is known to couples who decide in a year.

    Law is known `notice` years ahead; all of it from the day on which it is announced.
    """
    if p.at(KEY + "announced", date(year, 12, 31)):
        return date.max
    notice = int(p.value(KEY + "notice"))
    return date(year + notice, 1, 1) if notice else date(year, 12, 31)


def known(p: Parameters, key: str, day: date, year: int) -> Any:
    """A dated entry on a day, as couples who decide in a year expect it.

    The last known value is expected to stay; what begins later than is known is nothing.
    """
    until = min(day, last_known_day(p, year))
    dates = [d for d in p.dates(key) if d <= until]
    return p.at(key, dates[-1]) if dates else np.zeros_like(p.at(key, p.dates(key)[0]))


def expected_payments(
    p: Parameters, year: int, months: int, amount: Callable[[date, int], Any]
) -> Floats:
    """Payments for a child born in the middle of a year, by year of life, yuan of that year.

    months : of payments, from the month after the birth
    amount : yuan a month on a day, for a child of so many months; a number or an array

    Returns
    -------
    float64[year of life, ...]
    """
    sums: list[Any] = []
    for k in range(months):
        later, month = divmod(MIDDLE + k, MONTHS)  # the month after the birth month is first
        now = year + later
        if k == 0 or month == 0:
            prices = price_index(p, year) / price_index(p, now)
        real = amount(date(now, month + 1, 1), k + 1) * prices
        if k % MONTHS == 0:
            sums.append(real)
        else:
            sums[-1] = sums[-1] + real
    return np.stack(sums) if sums else np.zeros(0)


def present_value(p: Parameters, payments: Floats) -> Any:
    """Value at birth of yearly payments, the first at once; float64[...].

    payments : yuan of the year of birth, float64[year of life, ...]
    """
    discount = (1.0 + p.value(KEY + "discount_rate")) ** -np.arange(len(payments))
    return np.tensordot(discount, payments, axes=1)


@remembered
def _month_values(numbers: Numbers, year: int, months: int) -> Floats:
    p, later = numbers.p, (MIDDLE + np.arange(months)) // MONTHS
    index = np.array([price_index(p, year + k) for k in range(int(later[-1]) + 1)])
    discount = (1.0 + p.value(KEY + "discount_rate")) ** -(np.arange(months) // MONTHS)
    return np.asarray(discount * index[0] / index[later])


def month_values(p: Parameters, year: int, months: int) -> Floats:
    """What a yuan paid in each month of a child's life is worth at its birth, float64[month].

    The same as `present_value` of `expected_payments`, for long streams: the months of a child
    born in the middle of the year, from the month after the birth; months > 0.
    """
    return _month_values(Numbers(p), year, months)


def known_by_month(p: Parameters, key: str, year: int, months: int) -> Floats:
    """A dated entry in each month of a child's life, as its parents expect it, [month, ...].

    As `known`, for a child born in the middle of the year.
    """
    last = last_known_day(p, decided(p, year))
    values = np.zeros((months, *np.shape(p.at(key, p.dates(key)[0]))))
    for day in p.dates(key):
        if day > last:
            break
        since = MONTHS * (day.year - year) + day.month - 1 + (day.day > 1) - MIDDLE
        values[max(since, 0) :] = p.at(key, day)
    return values


def sum_of(promises: list[Promise]) -> Promise:
    """All promises together, each field an array that fits SHAPE, of four axes."""
    total = Promise(*(np.zeros((1, 1, 1, 1)) for _ in Promise._fields))
    for one in promises:
        total = Promise(*(np.asarray(a + b) for a, b in zip(total, one, strict=True)))
    return total
