"""Actuarial figures of a pension fund, from stored results.

Every figure is national and a ratio of sums over replicates, [scenario, draw, year]; intervals
over draws are made by `intervals.over_draws`. Money is in yuan of the year. A closed group is
that of a valuation date by age: everybody who was then 16 or over, member or not, for results
hold no entry cohorts. Leaves out accounts that move between the schemes, which are no payments.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from .indicators import CENTRAL_DRAW, months_of_reserve, over_replicates, payg_rate, ratio
from .intervals import over_draws

HORIZONS = (25, 50, 75)
WAGE_MARGIN = 0.005  # over wage growth, the second discount rate
OLD_FROM, WORKING_FROM = 60, 16  # also whom a valuation takes to draw, and to belong
LATEST_SINCE = 2025  # of the years at whose end a fund is valued
MONTHS = 12.0

LEDGER_FLOWS = (
    "fund_revenue", "fund_subsidy", "fund_interest", "fund_administration", "fund_outlay",
    "fund_deficit_financing", "fund_balance",
)  # fmt: skip
POOL_FIGURES = ("fund_contributors", "fund_beneficiaries", "contribution_base")
NATIONAL = ("reference_wage", "gdp", "price_index", "population_by_age")
BY_AGE = {
    "fund_revenue": "fund_revenue_by_age",
    "fund_outlay": "fund_outlay_by_age",
    "contribution_base": "fund_base_by_age",
}
OPTIONAL = ("new_award_amount", "new_awards", *BY_AGE.values())
OPEN, CLOSED = "open", "closed"


class MissingResultsError(ValueError):
    """The results lack a variable or a fund that the actuarial figures need."""


def fund_totals(dataset: xr.Dataset, fund: str = "employee_pension") -> xr.Dataset:
    """National yearly totals of one fund, both ledgers, averaged over replicates.

    Returns [scenario, draw, year]; what is by age keeps it.
    """
    wanted = (*LEDGER_FLOWS, *POOL_FIGURES, *NATIONAL, *OPTIONAL)
    missing = [n for n in wanted if n not in dataset and n not in OPTIONAL]
    if missing:
        raise MissingResultsError(f"these results lack {', '.join(missing)}")
    if fund not in dataset["fund"].values:
        raise MissingResultsError(f"these results lack the fund {fund}")
    kept = dataset[[name for name in wanted if name in dataset]].sel(fund=fund, drop=True)
    summed = {
        name: values.sum(
            [d for d in ("ledger", "province", "sex") if d in values.dims], min_count=1
        )
        for name, values in kept.data_vars.items()
    }
    return over_replicates(xr.Dataset(summed)).compute()


def yearly_figures(total: xr.Dataset) -> xr.Dataset:
    """What a year's totals say: members, levels, income, outgo and reserves."""
    benefit = ratio(total["fund_outlay"], total["fund_beneficiaries"])
    income = total["fund_revenue"] + total["fund_subsidy"] + total["fund_interest"]
    outgo = total["fund_outlay"] + total["fund_administration"]
    found = {
        "contributors": total["fund_contributors"],
        "pensioners": total["fund_beneficiaries"],
        "support_ratio": ratio(total["fund_contributors"], total["fund_beneficiaries"]),
        "reference_wage": total["reference_wage"],
        "benefit_ratio": ratio(benefit, total["reference_wage"]),
        "income": income,
        "outgo": outgo,
        "balance": total["fund_balance"],
        "months_of_reserve": months_of_reserve(total["fund_balance"], total["fund_outlay"]),
        "payg_rate": payg_rate(total["fund_outlay"], total["contribution_base"]),
        "collected_rate": ratio(total["fund_revenue"], total["contribution_base"]),
    }
    if {"new_award_amount", "new_awards"} <= set(total):
        amount = total["new_award_amount"].where(total["new_award_amount"] > 0)  # counted
        first = MONTHS * ratio(amount, total["new_awards"])
        found["replacement_ratio"] = ratio(first, total["reference_wage"])
        found["new_over_stock"] = ratio(first, benefit)
    return xr.Dataset(found)


def fund_return(total: xr.Dataset) -> xr.DataArray:
    """Interest over the mean of the opening and closing balance, share a year."""
    opening = total["fund_balance"].shift(year=1)
    return ratio(total["fund_interest"], (opening + total["fund_balance"]) / 2).fillna(0.0)


def wage_rate(total: xr.Dataset) -> xr.DataArray:
    """Growth of the reference wage and half a point, share a year."""
    wage = total["reference_wage"]
    return (ratio(wage, wage.shift(year=1)) - 1.0 + WAGE_MARGIN).fillna(0.0)


DISCOUNTS = {"fund return": fund_return, "wage + 0.5": wage_rate}


class Valuation(NamedTuple):
    """A valuation of a group, each [scenario, draw]; `years` is the horizon it covers."""

    required_rate: xr.DataArray
    balance_of_base: xr.DataArray
    balance_of_gdp: xr.DataArray
    collected_rate: xr.DataArray
    years: int
    shortened: bool


FIGURES = Valuation._fields[:-2]


class Debt(NamedTuple):
    """What a fund owes at a valuation date, yuan of its year, each [scenario, draw].

    implicit : worth of payments to the closed group less its contributions and the reserve
    accrued : worth of payments to those of them who are past 60, nothing taken off
    gdp : of the year; years : for which the run goes on; youngest : age of the youngest then
    """

    implicit: xr.DataArray
    accrued: xr.DataArray
    gdp: xr.DataArray
    years: int
    youngest: int


def discounted(discount: xr.DataArray, years: NDArray[np.int64]) -> xr.DataArray:
    """Worth at the end of the year before of a yuan in the middle of each of these years."""
    step = discount.sel(year=years)
    return 1.0 / ((1.0 + step).cumprod("year") / (1.0 + step) ** 0.5)


def value(total: xr.Dataset, discount: xr.DataArray, since: int, horizon: int) -> Valuation:
    """Required constant rate and actuarial balance over the `horizon` years after `since`.

    The rate solves PV(rate x base) + opening balance = PV(outlay); flows fall in the middle of
    their year. The balance is that of contributions, subsidy and opening balance over outlay. The
    rate collected is PV(revenue) over PV(base). total : of the open group, or of `closed_group`
    """
    years = total["year"]
    inside = years.values[(years.values > since) & (years.values <= since + horizon)]
    if not inside.size or since not in years.values:
        raise MissingResultsError(f"these results hold no years after {since} to value")
    flows, factor = total.sel(year=inside), discounted(discount, inside)
    opening = total["fund_balance"].sel(year=since, drop=True)

    def present(flow: xr.DataArray) -> xr.DataArray:
        return (flow * factor).sum("year", skipna=False)

    outlay, base = present(flows["fund_outlay"]), present(flows["contribution_base"])
    paid = present(flows["fund_revenue"] + flows["fund_subsidy"])
    balance = paid + opening - outlay
    return Valuation(
        ratio(outlay - opening, base),
        ratio(balance, base),
        ratio(balance, present(flows["gdp"])),
        ratio(present(flows["fund_revenue"]), base),
        int(inside.size),
        inside.size < horizon,
    )


def lacks_ages(total: xr.Dataset) -> list[str]:
    """Variables that a closed group needs and older results lack."""
    return [name for name in BY_AGE.values() if name not in total]


def closed_group(total: xr.Dataset, since: int, youngest: int = WORKING_FROM) -> xr.Dataset:
    """The totals of `fund_totals` with the flows of those alone who were old enough at a date.

    Subsidies go with outlay: the part of a year's that its payments to the group have in all.
    since : at its end; youngest : age that they had then. Who is past 100 counts as 100.
    """
    if missing := lacks_ages(total):
        raise MissingResultsError(f"a closed group needs {', '.join(missing)}")
    belongs = total["age"] - (total["year"] - since) >= youngest
    flows = {
        name: total[by_age].where(belongs, 0.0).sum("age", skipna=False)
        for name, by_age in BY_AGE.items()
    }
    part = (flows["fund_outlay"] / total["fund_outlay"]).where(total["fund_outlay"] != 0, 0.0)
    return total.assign({**flows, "fund_subsidy": total["fund_subsidy"] * part})


def implicit_debt(total: xr.Dataset, discount: xr.DataArray, since: int) -> Debt:
    """What the fund owes at the end of a year to those who are then 16 or over.

    Payments and contributions of all later years of the run; subsidies count for nothing, since
    the state pays them. Age 60 marks who draws: women draw from 50 on, some nobody ever.
    """
    years = total["year"].values[total["year"].values > since]
    if not years.size or since not in total["year"].values:
        raise MissingResultsError(f"these results hold no years after {since} to value")
    factor, now = discounted(discount, years), total.sel(year=since, drop=True)

    def worth(youngest: int, flow: str) -> xr.DataArray:
        flows = closed_group(total, since, youngest)[flow].sel(year=years)
        return (flows * factor).sum("year", skipna=False)

    net = worth(WORKING_FROM, "fund_outlay") - worth(WORKING_FROM, "fund_revenue")
    accrued = worth(OLD_FROM, "fund_outlay")
    ahead = int(years.size)
    return Debt(net - now["fund_balance"], accrued, now["gdp"], ahead, WORKING_FROM + ahead)


def outlay_factors(total: xr.Dataset) -> dict[str, xr.DataArray]:
    """Factors whose product is the outlay in yuan of the price year."""
    old, _ = _ages(total)
    figures = yearly_figures(total)
    return {
        "population": old,
        "coverage": ratio(total["fund_beneficiaries"], old),
        "level": figures["benefit_ratio"],
        "price": ratio(total["reference_wage"], total["price_index"]),
    }


def payg_factors(total: xr.Dataset) -> dict[str, xr.DataArray]:
    """Factors whose product is the pay-as-you-go rate; `price` is wage over mean base."""
    old, working = _ages(total)
    mean_base = ratio(total["contribution_base"], total["fund_contributors"])
    covered = ratio(total["fund_beneficiaries"], old)
    return {
        "population": ratio(old, working),
        "coverage": ratio(covered, ratio(total["fund_contributors"], working)),
        "level": yearly_figures(total)["benefit_ratio"],
        "price": ratio(total["reference_wage"], mean_base),
    }


def _ages(total: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    people, age = total["population_by_age"], total["age"]
    working = people.where((age >= WORKING_FROM) & (age < OLD_FROM))
    return people.where(age >= OLD_FROM).sum("age", min_count=1), working.sum("age", min_count=1)


def decompose(factors: Mapping[str, xr.DataArray], start: int, end: int) -> xr.DataArray:
    """Change of the product of `factors` between two years by factor, [part, ...].

    The logarithmic mean Divisia index: parts add up to the change exactly.
    """
    product = xr.ones_like(next(iter(factors.values())))
    for factor in factors.values():
        product = product * factor
    before, after = product.sel(year=start, drop=True), product.sel(year=end, drop=True)
    weight = _log_mean(before, after)
    parts = xr.Dataset(
        {
            name: weight
            * np.log(factor.sel(year=end, drop=True) / factor.sel(year=start, drop=True))
            for name, factor in factors.items()
        }
    )
    return parts.to_dataarray("part")


def _log_mean(a: xr.DataArray, b: xr.DataArray) -> xr.DataArray:
    equal = a == b
    growth: xr.DataArray = b / a
    gap = xr.ones_like(growth).where(equal, xr.apply_ufunc(np.log, growth))
    mean: xr.DataArray = ((b - a) / gap).where(~equal, a)
    return mean


def actuarial_frames(dataset: xr.Dataset, fund: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Yearly figures and valuations of one scenario and fund, draw 0 with its 80 % band.

    Valuations start at `valuation_year`; those of the closed group where results are by age.
    """
    total = fund_totals(dataset, fund).isel(scenario=0, drop=True)
    rows = []
    for name, values in yearly_figures(total).data_vars.items():
        central, low, high = _band(values)
        rows += [
            (str(name), int(year), float(c), float(a), float(b))
            for year, c, a, b in zip(total["year"].values, central, low, high, strict=True)
        ]
    return (
        pd.DataFrame(rows, columns=["figure", "year", "central", "q10", "q90"]),
        valuation_frame(total),
    )


def valuation_year(total: xr.Dataset) -> int:
    """The last year, to 2025, that leaves 25 years; or else the first."""
    years = total["year"].values
    return max(int(years[0]), min(int(years[-1]) - HORIZONS[0], LATEST_SINCE))


def valuation_frame(total: xr.Dataset) -> pd.DataFrame:
    """Valuations of one scenario by horizon, discount rate and group, [draw, year] -> rows.

    Columns: since, horizon, years, shortened, discount, group, and each figure of a `Valuation`
    of draw 0 with its 80 % band.
    """
    since, found = valuation_year(total), []
    groups = {OPEN: total}
    if not lacks_ages(total):
        groups[CLOSED] = closed_group(total, since)
    for horizon in HORIZONS:
        for rate, discount in DISCOUNTS.items():
            for group, flows in groups.items():
                valued = value(flows, discount(total), since, horizon)
                bands = [float(part) for n in FIGURES for part in _band(getattr(valued, n))]
                about = since, horizon, valued.years, valued.shortened, rate, group
                found.append((*about, *bands))
    heads = [f"{n}{q}" for n in FIGURES for q in ("", "_q10", "_q90")]
    columns = ["since", "horizon", "years", "shortened", "discount", "group", *heads]
    return pd.DataFrame(found, columns=columns)


def debt_frame(dataset: xr.Dataset, fund: str) -> pd.DataFrame:
    """Implicit debt and its accrued part of one scenario by discount rate, draw 0 with its band.

    Columns: since, years, youngest, discount, figure (implicit, accrued), yuan, of_gdp, of_gdp_q10,
    of_gdp_q90. Empty where results are not by age.
    """
    columns = ["since", "years", "youngest", "discount", "figure", "yuan"]
    columns += ["of_gdp", "of_gdp_q10", "of_gdp_q90"]
    total = fund_totals(dataset, fund).isel(scenario=0, drop=True)
    if lacks_ages(total):
        return pd.DataFrame(columns=columns)
    since, rows = valuation_year(total), []
    for rate, discount in DISCOUNTS.items():
        debt = implicit_debt(total, discount(total), since)
        for name, owed in (("implicit", debt.implicit), ("accrued", debt.accrued)):
            bands = [float(part) for part in _band(ratio(owed, debt.gdp))]
            yuan = float(owed.sel(draw=CENTRAL_DRAW))
            rows.append((since, debt.years, debt.youngest, rate, name, yuan, *bands))
    return pd.DataFrame(rows, columns=columns)


def decomposition_frame(dataset: xr.Dataset, fund: str, since: int) -> pd.DataFrame:
    """Parts of the change of outlay and of the pay-as-you-go rate to the last year, draw 0.

    Columns: of (outlay, payg_rate), since, until, part (and total), change; outlay in yuan at
    prices of the year that price_index counts from.
    """
    total = fund_totals(dataset, fund).isel(scenario=0, drop=True).sel(draw=CENTRAL_DRAW, drop=True)
    last, rows = int(total["year"][-1]), []
    for name, factors in {
        "outlay": outlay_factors(total),
        "payg_rate": payg_factors(total),
    }.items():
        parts = decompose(factors, since, last)
        found = {str(p): float(parts.sel(part=p)) for p in parts["part"].values}
        found["total"] = sum(found.values())
        rows += [(name, since, last, part, change) for part, change in found.items()]
    return pd.DataFrame(rows, columns=["of", "since", "until", "part", "change"])


def _band(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    bounds = over_draws(values.sel(draw=values["draw"] > CENTRAL_DRAW))
    return values.sel(draw=CENTRAL_DRAW), bounds.sel(quantile=0.1), bounds.sel(quantile=0.9)
