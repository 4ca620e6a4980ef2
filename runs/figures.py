"""The figures of one replicate that tables show, and where their errors are stored.

They are measured by the same functions as those of a comparison (`analysis/quantities.py`), on
the values of one replicate instead of a mean.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..analysis.compare import COSTS, cost_parts
from ..analysis.quantities import QUANTITIES, deflator
from ..analysis.split import OF_PARTS, OF_SHARES, PARTS
from .results import BASE_YEAR, Values, scale_of
from .variables import LABELS, VARIABLES, Variable

Array = NDArray[np.float64]
BY_PROVINCE = tuple(key for key, quantity in QUANTITIES.items() if quantity.by_province)
ERROR_LABELS: Mapping[str, tuple[str | int, ...]] = {
    "quantity": tuple(QUANTITIES),
    "quantity_by_province": BY_PROVINCE,
    "cost": tuple(cost.key for cost in COSTS),
    "part": tuple(PARTS),
}
_MEANING = "Standard error that chance leaves in the mean over replicates, in the unit of "
_TABLES = f"{_MEANING}the stored variable; money at the prices that tables have."


def _variable(name: str, dims: tuple[str, ...], title: str, title_zh: str) -> Variable:
    return Variable(name, dims, "as stored", title, title_zh, _TABLES, "indicator")


ERRORS: Mapping[str, Variable] = {
    v.name: v
    for v in (
        _variable("mc_error", ("quantity",), "Monte-Carlo error", "蒙特卡罗标准误"),
        _variable("mc_error_difference", ("quantity",), "Monte-Carlo error of the difference",
                  "差值的蒙特卡罗标准误"),
        _variable("mc_error_by_province", ("quantity_by_province", "province"),
                  "Monte-Carlo error by province", "分省蒙特卡罗标准误"),
        _variable("mc_error_difference_by_province", ("quantity_by_province", "province"),
                  "Monte-Carlo error of the difference by province", "分省差值的蒙特卡罗标准误"),
        _variable("mc_error_part", ("part",), "Monte-Carlo error of parts of added births",
                  "新增出生各构成的蒙特卡罗标准误"),
        _variable("mc_error_cost", ("cost",), "Monte-Carlo error of costs",
                  "成本的蒙特卡罗标准误"),
    )
}  # fmt: skip


def figures_of(values: Values, about: Mapping[str, Any]) -> dict[str, Array]:
    """What tables show of one replicate: float64[year, ...] by name.

    values : of `values_of`; about : attributes that measures read (infant_years)

    Returns
    -------
    national [year, quantity]; by_province [year, quantity, province]; paid and bought, both
    added up from the first year on, [year, cost]; deflator [year]. NaN where nothing is known.
    """
    data = _dataset(values, about)
    years, provinces = data.sizes["year"], len(LABELS["province"])
    found = {
        "national": np.full((years, len(QUANTITIES)), np.nan),
        "by_province": np.full((years, len(BY_PROVINCE), provinces), np.nan),
        "paid": np.full((years, len(COSTS)), np.nan),
        "bought": np.full((years, len(COSTS)), np.nan),
        "deflator": data["deflator"].isel(draw=0).values,
    }
    for k, (key, quantity) in enumerate(QUANTITIES.items()):
        if not set(quantity.needs) <= set(data.variables):
            continue
        found["national"][:, k] = quantity.measure(data, ()).isel(draw=0)
        if key in BY_PROVINCE:
            measured = quantity.measure(data, ("province",)).isel(draw=0)
            at = BY_PROVINCE.index(key)
            found["by_province"][:, at] = measured.transpose("year", "province")
    for k, cost in enumerate(COSTS):
        if set(cost.needs) <= set(data.variables):
            for name, part in zip(("paid", "bought"), cost_parts(cost, data), strict=True):
                found[name][:, k] = part.isel(draw=0).fillna(0.0).cumsum("year")
    return found


def parts_of(
    one: Mapping[str, NDArray[Any]],
    other: Mapping[str, NDArray[Any]],
    weight: float,
    prices: tuple[Array, Array],
) -> Array:
    """Parts of the births that a scenario adds in one replicate, float64[year, part].

    one, other : counts of the scenario and its reference, int[year, ...] by name
    weight : real persons per agent; prices : deflator of each, float64[year]
    """
    names = [n for n in dict.fromkeys((*OF_PARTS, *OF_SHARES)) if n in one and n in other]
    pair = []
    for counts, deflated in zip((one, other), prices, strict=True):
        values = {name: counts[name] * scale_of(VARIABLES[name], weight) for name in names}
        data = _dataset(values | {"price_index": 1.0 / deflated}, {})
        pair.append(data.assign(deflator=(("year",), deflated)))
    found = np.full((len(prices[0]), len(PARTS)), np.nan)
    for k, part in enumerate(PARTS.values()):
        if set(part.needs) <= set(pair[0].variables):
            found[:, k] = part.measure(*pair).isel(draw=0)
    return found


def _dataset(values: Values, about: Mapping[str, Any]) -> xr.Dataset:
    data = {
        name: (("draw", "year", *VARIABLES[name].dims), array[None])
        for name, array in values.items()
        if not VARIABLES[name].heavy
    }
    dims = {dim for name in data for dim in VARIABLES[name].dims}
    first = next(iter(values.values()))
    coords = {dim: list(LABELS[dim]) for dim in dims}
    coords |= {"draw": [0], "year": list(range(BASE_YEAR, BASE_YEAR + len(first)))}
    dataset = xr.Dataset(data, coords, dict(about))
    return dataset.assign(deflator=deflator(dataset))
