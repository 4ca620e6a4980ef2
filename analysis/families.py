"""Indicators of births and marriages: timing, tempo, cohorts, progression from child to child.

Every function is pure and works on labelled arrays that are averaged over replicates already;
each is a ratio of sums. A woman of completed age `a` on 31 December of `t` was born in `t - a`,
so that stocks by age and year are those of birth cohorts. Leaves out the share of tempo that
differs within an order of birth.

Source: Bongaarts and Feeney (1998) for the tempo; Preston, Heuveline and Guillot (2001), ch. 5.
"""

import numpy as np
import xarray as xr

from .indicators import ratio

LAST_AGE = 49  # of childbearing: what a woman has borne then is hers for life
SINGLE_FOR_LIFE = (45,)  # first age of the group in which nobody weds for the first time any more
EVEN = 0.5  # years from the birthday to the event, on average
WINDOW = 2  # years on each side over which the change of a mean age is taken
TEMPO_POOL = 5  # years whose mean rates are used where chance is large
LEVELS = np.array([0, 0, 0, 1, 2, 2])  # to lower secondary, upper secondary, above


def order_rates(births_by_age_order: xr.DataArray, women_years: xr.DataArray) -> xr.DataArray:
    """Births of each order per woman-year of the age, women of any parity, [..., age, order].

    Orders three and later are one, "3": at higher ones births are few.
    """
    order = births_by_age_order["order"]
    later = births_by_age_order.sel(order=order >= 3).sum("order").expand_dims(order=[3])
    joined = xr.concat([births_by_age_order.sel(order=[1, 2]), later], "order")
    rates = (joined / women_years.where(women_years > 0)).fillna(0.0)
    return rates.where(women_years.notnull().all("age")).transpose(..., "age", "order")


def mean_age(rates: xr.DataArray) -> xr.DataArray:
    """Mean age at the events of a schedule of rates or numbers by completed age."""
    return ratio((rates * (rates["age"] + EVEN)).sum("age"), rates.sum("age"))


def tempo_adjusted_tfr(rates: xr.DataArray, window: int = WINDOW, pool: int = 1) -> xr.DataArray:
    """Total fertility were births not being put off or brought forward, [..., year].

    rates : [..., year, age, order]; by order i, TFR_i / (1 - r_i) with r_i the yearly change
    of the mean age at birth of the order, over `window` years on each side. NaN in years that
    lack these neighbours, and where a mean age changes by a year or more in a year. pool : years
    around each, an odd number, whose mean rates are taken first; a linear shift is undone all
    the same.
    """
    if pool > 1:
        rates = rates.rolling(year=pool, center=True).mean()
    age = mean_age(rates)
    change = (age.shift(year=-window) - age.shift(year=window)) / (2 * window)
    level = rates.sum("age")
    adjusted = (level / (1 - change).where(change < 1)).where(level > 0, 0.0)
    known = rates.notnull().all(("age", "order"))
    held = known.shift(year=-window, fill_value=False) & known.shift(year=window, fill_value=False)
    found: xr.DataArray = adjusted.sum("order", skipna=False).where(held)
    return found


def by_cohort(stock: xr.DataArray, pool: int = 1) -> xr.DataArray:
    """A stock by year and age as one by birth cohort and age, [..., cohort, age].

    pool : cohorts added up around each, an odd number; NaN unless all of them are known
    """
    ages, years = stock["age"].values, stock["year"].values
    cohorts = np.arange(years[0] - ages[-1], years[-1] - ages[0] + 1)
    columns = []
    for age in ages:
        column = stock.sel(age=age, drop=True).assign_coords(year=years - age)
        columns.append(column.rename(year="cohort").reindex(cohort=cohorts))
    table = xr.concat(columns, xr.DataArray(ages, dims="age", name="age"))
    if pool > 1:
        table = table.rolling(cohort=pool, center=True).sum()
    return table


def cohort_fertility(
    children_ever_born: xr.DataArray, women_by_parity: xr.DataArray, pool: int = 1
) -> xr.DataArray:
    """Mean children ever borne by women of a birth cohort at each age, [..., cohort, age].

    Of the women who live in the country at the age; both taken from stocks on 31 December.
    """
    women = women_by_parity.sum("parity", min_count=1)
    return ratio(by_cohort(children_ever_born, pool), by_cohort(women, pool))


def parity_progression(women_by_parity: xr.DataArray) -> xr.DataArray:
    """Share of women with at least k children who have one more, over parities k = 0, 1, ...

    From [..., parity]; the last parity is open and has no ratio. Sum over k of the product of
    the first k + 1 ratios is the mean number of children, counting the open parity once.
    """
    # at[k]: women with k children and more
    at = women_by_parity.isel(parity=slice(None, None, -1)).cumsum("parity")
    at = at.isel(parity=slice(None, None, -1)).where(women_by_parity.notnull())
    more = at.shift(parity=-1)
    return ratio(more, at).isel(parity=slice(None, -1))


def mean_age_at_first_marriage(marriages_by_age: xr.DataArray) -> xr.DataArray:
    """Mean age of those who wed for the first time in the year, from [..., age, marriage_order]."""
    return mean_age(marriages_by_age.sel(marriage_order="first", drop=True))


def never_married_share(never_married: xr.DataArray, adults: xr.DataArray) -> xr.DataArray:
    """Never-married people at 45 to 49 among all, summed over whatever else is there."""
    part, whole = (
        stock.sel(age_group=list(SINGLE_FOR_LIFE)).sum(
            [d for d in stock.dims if d in ("residence", "age_group", "education")], min_count=1
        )
        for stock in (never_married, adults)
    )
    return ratio(part, whole)


def mean_age_gap(marriages_by_age_gap: xr.DataArray) -> xr.DataArray:
    """Husband's age less the wife's in the couples of the year, years."""
    gap = marriages_by_age_gap["age_gap"]
    return ratio((marriages_by_age_gap * gap).sum("age_gap"), marriages_by_age_gap.sum("age_gap"))


def homogamy(marriages_by_education: xr.DataArray) -> xr.DataArray:
    """Share of the couples of the year with the same of three levels of education."""
    his, hers = (xr.DataArray(LEVELS, dims=dim) for dim in ("husband_education", "wife_education"))
    both = ("husband_education", "wife_education")
    same = marriages_by_education.where(his == hers).sum(both)
    return ratio(same, marriages_by_education.sum(both))
