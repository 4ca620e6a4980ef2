"""The figures that tables show: what each is, its unit, and how it comes from stored sums.

A measure takes variables averaged over replicates and gives [draw, year], or with a province
where one is kept. Money is in prices of one year wherever that year is in the results.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import xarray as xr

from ..parameters.dims import FUNDS
from . import families
from .expectancy import years_left
from .indicators import old_age_dependency_ratio, ratio, tfr

PRICES_OF = 2025
LATE_IN_LIFE = 50  # age from which remarriage is told apart
TEN_THOUSAND, HUNDRED_MILLION = 1e4, 1e8
Keep = tuple[str, ...]
Measure = Callable[[xr.Dataset, Keep], xr.DataArray]


class Unit(NamedTuple):
    """A unit of a table: how much of the stored unit it is, and its names."""

    size: float
    name: str
    name_zh: str


MEN = Unit(TEN_THOUSAND, "10,000 persons", "万人")
PLACES = Unit(TEN_THOUSAND, "10,000 places", "万个")
MONEY = Unit(HUNDRED_MILLION, "100 million yuan", "亿元")
HOURS = Unit(HUNDRED_MILLION, "100 million hours", "亿小时")
COUPLES = Unit(TEN_THOUSAND, "10,000 couples", "万对")
YEARS = Unit(1.0, "years", "岁")
CHILDREN = Unit(1.0, "children per woman", "孩/妇女")
PERCENT = Unit(0.01, "%", "%")
PER_PERSON = Unit(0.01, "per 100 persons of 15-64", "每百名劳动年龄人口")
MEN_A_WOMAN = Unit(1.0, "men per woman", "男/女")
PER_CENT = Unit(0.01, "per cent", "%")
YUAN_A_BIRTH = Unit(TEN_THOUSAND, "10,000 yuan", "万元")
YUAN_AN_HOUR = Unit(1.0, "yuan", "元")


class Quantity(NamedTuple):
    """One row of a table.

    needs : stored variables that the measure reads; "deflator" is made from price_index
    by_province : whether it can be shown by province
    """

    key: str
    title: str
    title_zh: str
    unit: Unit
    needs: tuple[str, ...]
    measure: Measure
    by_province: bool = False


def total(values: xr.DataArray, keep: Keep = ()) -> xr.DataArray:
    """Sum over everything but draw, year and what is kept; NaN where nothing is known."""
    stay = {"draw", "replicate", "year", *keep}
    return values.sum([dim for dim in values.dims if dim not in stay], min_count=1)


def deflator(dataset: xr.Dataset) -> xr.DataArray:
    """What money is multiplied by to stand at the prices of one year.

    All ones if that year is not in the results, so that money stays as it is.
    """
    index = dataset["price_index"]
    if PRICES_OF not in index["year"].values:
        return xr.ones_like(index)
    return index.sel(year=PRICES_OF, drop=True) / index


def _sum_of(name: str) -> Measure:
    return lambda d, keep: total(d[name], keep)


def _people_from(age: int) -> Measure:
    return lambda d, keep: total(d["population_by_age"].sel(age=slice(age, None)), keep)


def _tfr(d: xr.Dataset, _: Keep) -> xr.DataArray:
    women = d["exposure"].sel(sex="female", drop=True)
    return tfr(d["births_by_age_parity"].sum("birth_order", min_count=1), women)


def _beyond_evidence(d: xr.Dataset, _: Keep) -> xr.DataArray:
    return d["births_beyond_evidence"] / total(d["births"])


def _e0(sex: str) -> Measure:
    def measure(d: xr.Dataset, _: Keep) -> xr.DataArray:
        deaths, lived = (
            d[name].sel(sex=sex, drop=True).transpose("draw", "year", "age")
            for name in ("deaths_by_age", "exposure")
        )
        years = years_left(deaths.values, lived.values, float(d.attrs["infant_years"]), 0)
        return xr.DataArray(years, {k: deaths[k] for k in ("draw", "year")}, ("draw", "year"))

    return measure


def _dependency(d: xr.Dataset, _: Keep) -> xr.DataArray:
    return old_age_dependency_ratio(d["population_by_age"].sum("sex", min_count=1))


def _fund(name: str, fund: str) -> Measure:
    def measure(d: xr.Dataset, keep: Keep) -> xr.DataArray:
        return total(d[name].sel(fund=fund, drop=True), keep) * d["deflator"]

    return measure


def _before_aid(fund: str) -> Measure:
    """Balance of both ledgers had no deficit financing ever come in; over all years of a run."""

    def measure(d: xr.Dataset, keep: Keep) -> xr.DataArray:
        held, aid = (
            total(d[name].sel(fund=fund, drop=True), keep)
            for name in ("fund_balance", "fund_deficit_financing")
        )
        return (held - aid.cumsum("year")) * d["deflator"]

    return measure


def _people() -> list[Quantity]:
    by_age = ("population_by_age",)
    found = [
        Quantity("births", "Births", "出生人口", MEN, ("births",), _sum_of("births"), True),
        Quantity("deaths", "Deaths", "死亡人口", MEN, ("deaths",), _sum_of("deaths"), True),
        Quantity("population", "Population", "总人口", MEN, ("population_by_province",),
                 _sum_of("population_by_province"), True),
    ]  # fmt: skip
    found += [
        Quantity(f"population_{a}plus", f"{a} and over", f"{a}岁及以上人口", MEN, by_age,
                 _people_from(a))
        for a in (60, 65, 80)
    ]  # fmt: skip
    lived = ("deaths_by_age", "exposure")
    return [
        *found,
        Quantity("old_age_dependency_ratio", "Old-age dependency", "老年抚养比", PER_PERSON,
                 by_age, _dependency),
        Quantity("tfr", "Total fertility rate", "总和生育率", CHILDREN,
                 ("births_by_age_parity", "exposure"), _tfr),
        Quantity("births_by_policy", "Births brought about by policy", "政策促成的出生人口", MEN,
                 ("births_by_policy",), _sum_of("births_by_policy")),
        Quantity("births_beyond_evidence", "Births outside the evidence on policy",
                 "超出政策证据范围的出生占比", PERCENT, ("births_beyond_evidence", "births"),
                 _beyond_evidence),
        Quantity("e0_male", "Life expectancy, men", "男性预期寿命", YEARS, lived, _e0("male")),
        Quantity("e0_female", "Life expectancy, women", "女性预期寿命", YEARS, lived,
                 _e0("female")),
        Quantity("marriages", "Marriages", "结婚对数", COUPLES, ("marriages",),
                 _sum_of("marriages")),
        Quantity("care_need_hours", "Hours of care needed", "照护需求时数", HOURS,
                 ("care_need_hours",), _sum_of("care_need_hours")),
        Quantity("ltci_beneficiaries", "Beneficiaries of long-term care insurance",
                 "长期护理保险待遇享受人数", MEN, ("ltci_beneficiaries",),
                 _sum_of("ltci_beneficiaries"), True),
        Quantity("childcare_places", "Nursery places", "托位数", PLACES, ("childcare_places",),
                 _sum_of("childcare_places"), True),
        Quantity("childcare_enrolled", "Children in nurseries", "入托婴幼儿数", MEN,
                 ("childcare_enrolled",), _sum_of("childcare_enrolled"), True),
        Quantity("kindergarten_places", "Kindergarten places", "幼儿园学位数", PLACES,
                 ("kindergarten_places",), _sum_of("kindergarten_places"), True),
        Quantity("kindergarten_pupils", "Children in kindergartens", "在园幼儿数", MEN,
                 ("kindergarten_pupils",), _sum_of("kindergarten_pupils"), True),
    ]  # fmt: skip


def _order_rates(d: xr.Dataset) -> xr.DataArray:
    women = d["exposure"].sel(sex="female", drop=True)
    return families.order_rates(d["births_by_age_order"], women)


def _tempo_adjusted(d: xr.Dataset, _: Keep) -> xr.DataArray:
    return families.tempo_adjusted_tfr(_order_rates(d), pool=families.TEMPO_POOL)


def _mean_age_at_birth(order: int | None) -> Measure:
    """Of one order, or of all."""

    def measure(d: xr.Dataset, _: Keep) -> xr.DataArray:
        rates = _order_rates(d)
        of_these = rates.sum("order") if order is None else rates.sel(order=order, drop=True)
        return families.mean_age(of_these)

    return measure


def _at_last_age(d: xr.Dataset) -> xr.DataArray:
    return d["women_by_parity"].sel(age=families.LAST_AGE, drop=True)


def _completed_fertility(d: xr.Dataset, _: Keep) -> xr.DataArray:
    borne = d["children_ever_born"].sel(age=families.LAST_AGE, drop=True)
    return ratio(borne, _at_last_age(d).sum("parity", min_count=1))


def _progression(parity: int) -> Measure:
    def measure(d: xr.Dataset, _: Keep) -> xr.DataArray:
        return families.parity_progression(_at_last_age(d)).sel(parity=parity, drop=True)

    return measure


def _share_of_births(name: str) -> Measure:
    return lambda d, _: ratio(d[name], total(d["births"]))


def _never_married(sex: str) -> Measure:
    def measure(d: xr.Dataset, _: Keep) -> xr.DataArray:
        shares = families.never_married_share(d["never_married"], d["adults"])
        return shares.sel(sex=sex, drop=True)

    return measure


def _age_at_first_marriage(sex: str) -> Measure:
    return lambda d, _: families.mean_age_at_first_marriage(
        d["marriages_by_age"].sel(sex=sex, drop=True)
    )


def _remarried(d: xr.Dataset, _: Keep) -> xr.DataArray:
    spouses = d["marriages_by_age"].sum(("sex", "age"), min_count=1)
    return ratio(spouses.sel(marriage_order="again", drop=True), spouses.sum("marriage_order"))


def _remarrying_men(d: xr.Dataset, _: Keep) -> xr.DataArray:
    weds = d["marriages_by_age"].sel(marriage_order="again", drop=True)
    older = weds.sel(age=slice(LATE_IN_LIFE, None)).sum("age", min_count=1)
    return ratio(older.sel(sex="male", drop=True), older.sel(sex="female", drop=True))


def _families() -> list[Quantity]:
    by_order, parity = ("births_by_age_order", "exposure"), ("women_by_parity",)
    single, weds = ("never_married", "adults"), ("marriages_by_age",)
    found = [
        Quantity("tfr_tempo_adjusted", "Total fertility rate of five years, tempo-adjusted",
                 "五年平均总和生育率（进度效应调整）", CHILDREN, by_order,
                 _tempo_adjusted),
        Quantity("completed_fertility", "Children of women of 49", "49岁妇女终身生育数",
                 CHILDREN, ("children_ever_born", *parity), _completed_fertility),
        *(Quantity(f"progression_{k}_{k + 1}", f"Women of 49: from {k} to {k + 1} children",
                   f"49岁妇女{k}孩到{k + 1}孩递进比", PER_CENT, parity, _progression(k))
          for k in (0, 1, 2)),
        Quantity("mean_age_at_birth", "Mean age at birth", "平均生育年龄", YEARS, by_order,
                 _mean_age_at_birth(None)),
        *(Quantity(f"mean_age_at_birth_{k}", f"Mean age at birth, order {k}",
                   f"{k}孩平均生育年龄", YEARS, by_order, _mean_age_at_birth(k))
          for k in (1, 2)),
        Quantity("births_outside_marriage_share", "Births outside marriage", "非婚生育比例",
                 PER_CENT, ("births_outside_marriage", "births"),
                 _share_of_births("births_outside_marriage")),
        Quantity("multiple_births_share", "Children of multiple deliveries", "多胞胎出生比例",
                 PER_CENT, ("multiple_births", "births"), _share_of_births("multiple_births")),
        Quantity("divorces", "Divorces", "离婚对数", COUPLES, ("divorces",), _sum_of("divorces")),
        Quantity("remarriage_share", "Newly-weds who were married before", "再婚者占比",
                 PER_CENT, weds, _remarried),
        Quantity("remarriage_50plus", "Men per woman among those who wed again at 50 and over",
                 "50岁及以上再婚者男女比", MEN_A_WOMAN, weds, _remarrying_men),
        Quantity("age_gap", "Husband's age less the wife's", "夫妻年龄差", YEARS,
                 ("marriages_by_age_gap",),
                 lambda d, _: families.mean_age_gap(d["marriages_by_age_gap"])),
        Quantity("homogamy", "Couples of one level of education", "同等教育程度婚配比例",
                 PER_CENT, ("marriages_by_education",),
                 lambda d, _: families.homogamy(d["marriages_by_education"])),
    ]  # fmt: skip
    for sex, who, who_zh in (("male", "men", "男性"), ("female", "women", "女性")):
        found += [
            Quantity(f"mean_age_first_marriage_{sex}", f"Mean age at first marriage, {who}",
                     f"{who_zh}平均初婚年龄", YEARS, weds, _age_at_first_marriage(sex)),
            Quantity(f"never_married_{sex}", f"Never married at 45-49, {who}",
                     f"45-49岁{who_zh}未婚比例", PER_CENT, single, _never_married(sex)),
        ]  # fmt: skip
    return found


FUND_NAMES: Mapping[str, tuple[str, str]] = {
    "employee_pension": ("Employee pension", "职工养老保险"),
    "resident_pension": ("Resident pension", "居民养老保险"),
    "long_term_care": ("Long-term care insurance", "长期护理保险"),
    "child_subsidy": ("Child subsidy", "育儿补贴"),
    "maternity": ("Maternity insurance", "生育保险"),
    "preschool": ("Free preschool", "免费学前教育"),
    "childcare": ("Nursery subsidies", "托育补助"),
    "public_health": ("Basic public health services", "基本公共卫生服务"),
}
ACCOUNTS = (
    ("fund_outlay", "outlay", "outlay", "支出"),
    ("fund_balance", "balance", "balance", "累计结余"),
    ("fund_deficit_financing", "aid", "deficit financing", "弥补赤字"),
)


def _funds() -> list[Quantity]:
    before = ("fund_balance", "fund_deficit_financing", "deflator")
    accounts = [
        Quantity(f"{fund}_{key}", f"{name}: {word}", f"{name_zh}{word_zh}", MONEY,
                 (variable, "deflator"), _fund(variable, fund), True)
        for fund in FUNDS
        for name, name_zh in (FUND_NAMES[fund],)
        for variable, key, word, word_zh in ACCOUNTS
    ]  # fmt: skip
    return accounts + [
        Quantity(f"{fund}_before_aid", f"{FUND_NAMES[fund][0]}: balance before deficit financing",
                 f"{FUND_NAMES[fund][1]}弥补赤字前结余", MONEY, before, _before_aid(fund), True)
        for fund in FUNDS
    ]  # fmt: skip


QUANTITIES: Mapping[str, Quantity] = {q.key: q for q in (*_people(), *_families(), *_funds())}
