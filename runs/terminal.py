"""Tables on the terminal, in English and Chinese, in units of official tables (亿元, 万人)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..analysis.compare import (
    LAST_WITHOUT_STRUCTURE,
    STRUCTURAL,
    has_structure,
    reference_of,
    shown_years,
)
from ..analysis.indicators import depletion_probability, depletion_text, depletion_year
from ..analysis.quantities import FUND_NAMES, PRICES_OF
from ..analysis.score import FITTED, SCORED, SHOCK
from ..analysis.split import DIRECT
from ..analysis.validate import LATER, SECTIONS, given_by_user, validation_summary
from ..analysis.validate_figures import figures_of, ways_text
from .console import CONCEPTS, WIDTH
from .leaves_out import LEAVES_OUT

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

YEARS = (2025, 2030, 2040, 2050, 2060)
GAP = 2  # columns between two figures
MARK = "*"  # of balances before deficit financing
SHOWN: Mapping[str, tuple[str, str]] = {
    "births": ("Births", "出生人口"),
    "population_60plus": ("60 and over", "60岁及以上人口"),
    "population_65plus": ("65 and over", "65岁及以上人口"),
    "population_80plus": ("80 and over", "80岁及以上人口"),
    "child_subsidy_outlay": ("Child subsidy, outlay", "育儿补贴支出"),
    "maternity_outlay": ("Maternity insurance, outlay", "生育保险支出"),
    "childcare_outlay": ("Nursery subsidies, outlay", "托育补助支出"),
    "preschool_outlay": ("Free preschool, outlay", "免费学前教育支出"),
    "employee_pension_outlay": ("Employee pension, outlay", "职工养老保险支出"),
    "employee_pension_before_aid": (f"Employee pension, balance{MARK}", f"职工养老保险结余{MARK}"),
    "resident_pension_outlay": ("Resident pension, outlay", "居民养老保险支出"),
    "resident_pension_before_aid": (f"Resident pension, balance{MARK}", f"居民养老保险结余{MARK}"),
    "long_term_care_outlay": ("Care insurance, outlay", "长期护理保险支出"),
    "long_term_care_before_aid": (f"Care insurance, balance{MARK}", f"长期护理保险结余{MARK}"),
}
FAMILY: Mapping[str, tuple[str, str]] = {
    "tfr": ("Total fertility rate", "总和生育率"),
    "tfr_tempo_adjusted": ("  tempo-adjusted", "  进度效应调整后"),
    "completed_fertility": ("Children of women of 49", "49岁妇女生育数"),
    "progression_0_1": ("  with a child", "  生育过一孩"),
    "progression_1_2": ("  a second after a first", "  一孩到二孩递进比"),
    "progression_2_3": ("  a third after a second", "  二孩到三孩递进比"),
    "mean_age_at_birth_1": ("Mean age at first birth", "平均初育年龄"),
    "mean_age_at_birth_2": ("Mean age at second birth", "平均二孩生育年龄"),
    "births_outside_marriage_share": ("Births outside marriage", "非婚生育比例"),
    "multiple_births_share": ("Children of multiple births", "多胞胎出生比例"),
    "marriages": ("Marriages", "结婚对数"),
    "remarriage_share": ("  married before", "  再婚者占比"),
    "remarriage_50plus": ("  again at 50+, men to women", "  50岁及以上再婚男女比"),
    "mean_age_first_marriage_male": ("Mean age, first marriage, men", "男性平均初婚年龄"),
    "mean_age_first_marriage_female": ("Mean age, first marriage, women", "女性平均初婚年龄"),
    "age_gap": ("Husband's age less wife's", "夫妻年龄差"),
    "homogamy": ("Of one level of education", "同等教育程度婚配"),
    "divorces": ("Divorces", "离婚对数"),
    "never_married_male": ("Never married at 45-49, men", "45-49岁男性未婚"),
    "never_married_female": ("Never married at 45-49, women", "45-49岁女性未婚"),
}
COSTS: Mapping[str, tuple[str, str]] = {
    "cost_per_added_birth": ("Per added birth", "每新增一例出生"),
    "cost_per_care_hour": ("Per hour of care", "每小时照护"),
}
# What a scenario adds to births, beside what it changes in years and in cohorts.
PARTS_OF_BIRTHS: Mapping[str, tuple[str, str]] = {
    "births_added": ("Births added", "新增出生"),
    "births_direct": ("  direct", "  直接效应"),
    "births_timing": ("  timing", "  时间进度效应"),
    "births_feedback": ("  feedback", "  反馈效应"),
    "births_chance": ("    of which chance", "    其中随机"),
    "births_added_since": ("Added since first year", "自首年累计新增"),
    "births_direct_since": ("  direct", "  直接效应"),
    "births_timing_since": ("  timing", "  时间进度效应"),
    "births_feedback_since": ("  feedback", "  反馈效应"),
    "births_chance_since": ("    of which chance", "    其中随机"),
}
EFFECTS: Mapping[str, tuple[str, str]] = {
    "tfr": ("Period: total fertility", "时期：总和生育率"),
    "completed_fertility": ("Cohort: women of 49", "队列：49岁妇女生育数"),
}
A_THOUSAND = 1000.0  # women, of whose children the effects are told
OF_THOUSAND = "孩/千名妇女"
BENEFITS: Mapping[str, tuple[str, str]] = {
    "benefits_anyway": ("To births that come anyway", "惠及本来就会出生者"),
    "benefits_anyway_since": ("  since first year", "  自首年累计"),
}
EVIDENCE: Mapping[str, tuple[str, str]] = {
    "births_beyond_evidence": ("Share of births", "出生占比"),
}
COHORTS: Mapping[str, tuple[str, str]] = {
    "cohort_fertility": ("Children, by 49 or last year", "至49岁或末年生育数"),
}
# Shown under each path of fertility beyond the year from which they hang on it.
PATHS: Mapping[str, tuple[str, str]] = {
    key: SHOWN[key]
    for key in ("births", "population_60plus", "resident_pension_before_aid",
                "employee_pension_before_aid", "long_term_care_before_aid")
}  # fmt: skip
DIFFERENCES: Mapping[str, tuple[str, str]] = {**SHOWN, **FAMILY}
# Figures of `songhe actuary`: name, Chinese name, what one unit of it is divided by.
ACTUARY: Mapping[str, tuple[str, str, float]] = {
    "contributors": ("Contributors, 万人", "缴费人数", 1e4),
    "pensioners": ("Pensioners, 万人", "领取人数", 1e4),
    "support_ratio": ("Support ratio", "抚养比", 1.0),
    "reference_wage": ("Reference wage, yuan a year", "社平工资", 1.0),
    "benefit_ratio": ("Benefit ratio, %", "平均待遇比社平工资", 0.01),
    "replacement_ratio": ("New pensions to wage, %", "新增养老金替代率", 0.01),
    "new_over_stock": ("New over mean pension, %", "新老待遇比", 0.01),
    "income": ("Income, 亿元", "收入", 1e8),
    "outgo": ("Outgo, 亿元", "支出", 1e8),
    "balance": ("Balance, 亿元", "累计结余", 1e8),
    "months_of_reserve": ("Months of reserve", "可支付月数", 1.0),
    "payg_rate": ("Pay-as-you-go rate, %", "现收现付费率", 0.01),
    "collected_rate": ("Rate collected, %", "实收费率", 0.01),
}
GROUPS = (
    "Valued at the end of {year}; the closed group is everybody who was then 16 or over.\n"
    "评估时点 {year} 年末；封闭群体为当时16岁及以上的全部人口。"
)
CUT = "No {longer} years: the run has {years} 本次运行只有{years}年，无{longer}年"
DEBTS = {
    "implicit": "closed group, net 封闭群体净额",
    "accrued": "owed to those of 60+ 对60岁及以上",
}
EVERY_COHORT = 5  # years of birth between two columns
DRY_FUNDS = ("employee_pension", "resident_pension", "long_term_care")


# --- figures ------------------------------------------------------------------------------


def digits_for(values: Iterable[float]) -> int:
    """Decimals at which the largest of some figures has three digits that count."""
    largest = max((abs(v) for v in values if np.isfinite(v)), default=0.0)
    return 0 if largest >= 99.5 or largest == 0 else 1 if largest >= 9.95 else 2


def number(value: float, digits: int | None = None, *, sign: bool = False) -> str:
    """A figure with three digits that count, or whole; infinity in words."""
    if np.isnan(value):
        return "-"
    if np.isinf(value):
        return "none added"
    if value == 0:
        return "0"
    places = digits_for([value]) if digits is None else digits
    return f"{value:+,.{places}f}" if sign else f"{value:,.{places}f}"


def cell(row: "pd.Series[float]", *, sign: bool = False) -> str:
    """Central figure and Monte-Carlo error, and below them the middle 80 % of draws.

    All with the decimals of the largest; a plain 0 where all of them are exactly zero.
    """
    band = [float(row["q10"]), float(row["q90"])]
    error = float(row["mc_error"])
    figures = [float(row["central"]), *band]
    if not any(np.nan_to_num([*figures, error])):
        return "0"
    places = digits_for(figures if any(np.nan_to_num(figures)) else [error])
    text = number(figures[0], places, sign=sign)
    if not np.isnan(error):
        text += f" ±{error:,.{places}f}"
    if np.isnan(band[0]) or np.isinf(figures).all():
        return text
    low, high = (number(value, places, sign=sign) for value in band)
    return f"{text}\n[{low}, {high}]"


# --- tables -------------------------------------------------------------------------------


def fitting(widths: Sequence[int], room: int) -> list[int]:
    """Which columns are shown: as many as fit, spread evenly, the first and the last among them.

    widths : of all columns; room : for these and the gaps before them
    """
    for count in range(len(widths), 1, -1):
        kept = sorted({round(k) for k in np.linspace(0, len(widths) - 1, count)})
        if sum(widths[k] + GAP for k in kept) <= room:
            return kept
    return [len(widths) - 1]


def table_of(
    frame: "pd.DataFrame",
    labels: Mapping[str, tuple[str, str]],
    years: Sequence[int],
    *,
    sign: bool = False,
    width: int = WIDTH,
) -> Table:
    """One row a quantity, one column a year; years that do not fit are left out.

    labels : of quantities, in both languages
    """
    rows: list[list[str]] = []
    for key, group in frame.groupby("quantity", sort=False):
        title, title_zh = labels[str(key)]
        by_year = {int(row["year"]): row for _, row in group.iterrows()}
        cells = [cell(by_year[y], sign=sign) if y in by_year else "" for y in years]
        rows.append([f"{title}\n{title_zh} {group['unit_zh'].iloc[0]}", *cells])
    return grid(["", *map(str, years)], rows, width)


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Table:
    """A table of texts: the first column at the left, as many of the others as fit."""
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(cell_len(line) for text in c for line in text.split("\n")) for c in columns]
    kept = [0, *(1 + k for k in fitting(widths[1:], width - widths[0]))]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1))
    for k in kept:
        table.add_column(heads[k], justify="right" if k else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(row[k]) for k in kept))
    return table


def summary(
    frame: "pd.DataFrame",
    dataset: "xr.Dataset",
    years: Sequence[int] | None = None,
    width: int = WIDTH,
) -> Group:
    """The tables that a run ends with: levels of the baselines, differences of the rest.

    frame : of `compare`; years : those of `years_of` by default
    """
    held = years_of(dataset) if years is None else list(years)
    shown = frame[frame["year"].isin(held)]
    parts: list[Table | Text] = []

    def put(title: str, table: "Table | str") -> None:
        parts.append(Text(title, style="bold"))
        parts.append(Text(table) if isinstance(table, str) else table)
        parts.append(Text(""))

    for scenario in _baselines(shown):
        rows = _rows(shown, "level", scenario, SHOWN)
        title = f"{_title(dataset, scenario)}\nLevel 水平"
        put(title, table_of(rows, SHOWN, held, width=width))
        family = _rows(shown, "level", scenario, FAMILY)
        if len(family):
            put(f"{scenario}: families 家庭", table_of(family, FAMILY, held, width=width))
    for title, table in path_tables(shown, held, width):
        put(title, table)
    for scenario in shown["scenario"].unique():
        rows = _rows(shown, "difference", scenario, DIFFERENCES)
        if len(rows):
            moved = rows.groupby("quantity", sort=False).filter(_moves)
            title = f"{_title(dataset, scenario)}\nDifference from 差值，对照: "
            title += str(rows["reference"].iloc[0])
            none = "None in the years shown 所示年份无差异"
            put(
                title,
                table_of(moved, DIFFERENCES, held, sign=True, width=width) if len(moved) else none,
            )
        parts += effects(frame, scenario, held, width)
        costs = _rows(shown, "cost", scenario, COSTS)
        if len(costs):
            title = f"{scenario}: state money since the first year 自首年累计财政成本"
            put(title, table_of(costs, COSTS, held, width=width))
    if (dry := depletion_rows(dataset, held)) is not None:
        title = "Funds that run dry before deficit financing 基金耗尽（弥补赤字前）"
        put(title, grid(*dry, width))
    parts.append(Text("\n".join(notes(frame, dataset))))
    return Group(*parts)


def effects(
    frame: "pd.DataFrame", scenario: str, years: Sequence[int], width: int = WIDTH
) -> list[Table | Text]:
    """Births added in parts, period and cohort effect, and benefits that go to others.

    frame : of `compare`; with rows of kind "cohort", women by year of birth have a table as well
    """
    shown = frame[frame["year"].isin(years)]
    births = _rows(shown, "part", scenario, PARTS_OF_BIRTHS)
    direct = births[births["quantity"] == DIRECT]
    if not len(direct) or not _moves(direct):
        return []
    found: list[Table | Text] = []
    tables = (
        (births, PARTS_OF_BIRTHS, True, "births in parts 出生变化的构成"),
        (_of_thousand(_rows(shown, "difference", scenario, EFFECTS)), EFFECTS, True,
         "period and cohort effect, per 1,000 women 时期与队列效应"),
        (_rows(shown, "part", scenario, BENEFITS), BENEFITS, False,
         "share of benefits 福利去向"),
        (_rows(shown, "level", scenario, EVIDENCE).groupby("quantity").filter(_moves), EVIDENCE,
         False, "outside the range of the evidence 超出政策证据范围"),
    )  # fmt: skip
    for rows, labels, sign, title in tables:
        if len(rows):
            found.append(Text(f"{scenario}: {title}", style="bold"))
            found += [table_of(rows, labels, years, sign=sign, width=width), Text("")]
    cohorts = _of_thousand(_rows(frame, "cohort", scenario, COHORTS))
    if len(cohorts):
        born = [int(year) for year in cohorts["year"] if year % EVERY_COHORT == 0]
        title = f"{scenario}: cohort effect by a woman's year of birth, per 1,000 women "
        title += "分出生年份的队列效应"
        found.append(Text(title, style="bold"))
        found += [table_of(cohorts, COHORTS, born, sign=True, width=width), Text("")]
    return found


def _of_thousand(rows: "pd.DataFrame") -> "pd.DataFrame":
    figures = ["central", "q10", "q90", "mc_error"]
    scaled = {name: rows[name] * A_THOUSAND for name in figures}
    return rows.assign(**scaled, unit_zh=OF_THOUSAND)


def path_tables(
    shown: "pd.DataFrame", years: Sequence[int], width: int = WIDTH
) -> Iterable[tuple[str, Table]]:
    """Levels under the three paths of fertility side by side, where years hang on them."""
    late = [year for year in years if year > LAST_WITHOUT_STRUCTURE]
    if not late or not set(STRUCTURAL) <= set(shown["scenario"]):
        return
    for key, (title, title_zh) in PATHS.items():
        here = shown[(shown["kind"] == "level") & (shown["quantity"] == key)]
        rows = []
        for name in STRUCTURAL:
            by_year = {int(r["year"]): r for _, r in here[here["scenario"] == name].iterrows()}
            if set(late) <= set(by_year):
                rows.append([name, *(cell(by_year[year]) for year in late)])
        if rows:
            unit = here["unit_zh"].iloc[0]
            heads = [f"{title} {title_zh} {unit}", *map(str, late)]
            yield f"Three paths of fertility 三条生育率路径: {title}", grid(heads, rows, width)


def years_of(dataset: "xr.Dataset") -> list[int]:
    """Years of the tables: some round ones that may be shown, and the last of these."""
    shown = shown_years(dataset)
    return sorted({*(year for year in YEARS if year in shown), shown[-1]})


def _baselines(frame: "pd.DataFrame") -> list[str]:
    """Scenarios that others are held against, or that stand by themselves."""
    paired = frame[frame["kind"] == "difference"]
    references = set(paired["reference"]) | (set(frame["scenario"]) - set(paired["scenario"]))
    return [name for name in frame["scenario"].unique() if name in references]


def _rows(
    frame: "pd.DataFrame", kind: str, scenario: str, quantities: Iterable[str]
) -> "pd.DataFrame":
    here = frame[(frame["kind"] == kind) & (frame["scenario"] == scenario)]
    order = {key: k for k, key in enumerate(quantities)}
    here = here[here["quantity"].isin(order)]
    return here.sort_values("quantity", key=lambda keys: keys.map(order), kind="stable")


def _moves(group: "pd.DataFrame") -> bool:
    bounds = group[["central", "q2.5", "q97.5"]].fillna(0.0)
    return bool((bounds != 0).any(axis=None))


def _title(dataset: "xr.Dataset", scenario: str) -> str:
    here = dataset.sel(scenario=scenario)
    return f"{scenario}: {here['title'].item()} {here['title_zh'].item()}"


def depletion_rows(
    dataset: "xr.Dataset", years: Sequence[int]
) -> tuple[list[str], list[list[str]]] | None:
    """Heads and rows on the years in which funds run dry; None if none does in any draw.

    The year in draw 0, and the share of the other draws that have run dry by each year. A
    scenario whose row is that of its reference is left out.
    """
    if "fund_balance" not in dataset.variables:
        return None
    needed = ["fund_balance", "fund_deficit_financing", "scenario", "year"]
    data = dataset[needed].sel(year=slice(None, shown_years(dataset)[-1])).load()
    central, chance = depletion_year(data).sel(draw=0), depletion_probability(data)
    horizon, rows = int(data["year"][-1]), dict[tuple[str, str], list[str]]()
    funds = [name for name in DRY_FUNDS if name in data["fund"].values]
    if not bool((depletion_year(data).sel(fund=funds) <= horizon).any()):
        return None
    for fund in funds:
        for scenario in map(str, data["scenario"].values):
            here = chance.sel(fund=fund, scenario=scenario)
            year = float(central.sel(fund=fund, scenario=scenario))
            shares = [_percent(float(here.sel(year=y))) for y in years]
            rows[fund, scenario] = [depletion_text(year, horizon), *shares]
    told = {
        (fund, name): row
        for (fund, name), row in rows.items()
        if row != rows.get((fund, reference_of(dataset, name) or ""))
    }
    heads = ["", "draw 0", *(f"by {y}" for y in years)]
    return heads, [
        [f"{FUND_NAMES[fund][0]} {FUND_NAMES[fund][1]}\n  {name}", *row]
        for (fund, name), row in told.items()
    ]


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.0f} %"


OF_PARTS = [
    "Direct: what the year's response adds; timing: births not had since they were brought "
    "forward; feedback: other numbers of women and couples. In runs of few persons chance moves "
    "timing and feedback against each other 小样本中时间进度与反馈效应受随机影响而此消彼长.",
    "Benefits to births that come anyway pass 100 % where fewer births come than in the reference; "
    "state money leaves out what employers pay for leave 财政成本不含用人单位承担的产假支出.",
]


def notes(frame: "pd.DataFrame", dataset: "xr.Dataset") -> list[str]:
    """What the tables mean, and what they do not show."""
    concept, concept_zh = CONCEPTS[str(dataset.attrs["concept"])]
    draws, replicates = int(frame["draws"].max()), int(frame["replicates"].min())
    lines = ["Figures are of draw 0, every parameter at its median 数值为中位参数抽样."]
    if replicates > 1:
        lines.append(f"± standard error by chance, {replicates} replicates 随机标准误.")
    else:
        lines.append("No error by chance: one replicate only 仅一个副本，无随机标准误.")
    if draws > 1:
        lines.append(
            f"[ ] middle 80 % of draws 1 to {draws} 其余{draws}次抽样的中间80%; with few draws, "
            "draw 0 can lie outside 抽样少时中位抽样可在其外."
        )
    else:
        lines.append("No [ ]: fewer than two draws beside draw 0 抽样不足，无区间.")
    lines += [
        f"万人: 10,000 persons; 亿元: 100 million yuan; 万元: 10,000 yuan; {_prices(dataset)}.",
        f"People and balances on 31 December 年末人口和结余; {MARK} before deficit financing "
        "弥补赤字前.",
        f"Population concept 人口口径: {concept} {concept_zh}.",
    ]
    if (frame["kind"] == "part").any():
        lines += OF_PARTS
    lines += _outside_evidence(dataset)
    if int(dataset["year"][-1]) > LAST_WITHOUT_STRUCTURE and not has_structure(dataset):
        lines.append(
            f"Years after {LAST_WITHOUT_STRUCTURE} hang on the path of fertility: add tfr-constant "
            f"and tfr-decline to see them {LAST_WITHOUT_STRUCTURE}年以后须与另两条生育率路径并列."
        )
    return lines


def _outside_evidence(dataset: "xr.Dataset") -> list[str]:
    """A line for each scenario that promises couples more than has been observed."""
    if "births_beyond_evidence" not in dataset:
        return []
    found = []
    for scenario in dataset["scenario"].values:
        own = dataset[["births_beyond_evidence", "births"]].sel(scenario=scenario).sum("replicate")
        beyond = own["births_beyond_evidence"].sum("year").max("draw")
        if float(beyond) <= 0.0:
            continue
        births = own["births"].sum([d for d in own["births"].dims if d not in ("draw", "year")])
        share = (own["births_beyond_evidence"] / births).max()
        found.append(
            f"{scenario}: up to {100 * float(share):.0f} % of the births of a year stand outside "
            "the evidence on policy 超出政策证据范围."
        )
    return found


def _prices(dataset: "xr.Dataset") -> str:
    if PRICES_OF in dataset["year"].values:
        return f"money at {PRICES_OF} prices {PRICES_OF}年价格"
    return "money in yuan of each year 当年价格"


# --- lines --------------------------------------------------------------------------------


PARTS = {
    "population": "population 人口", "coverage": "coverage 覆盖", "level": "level 待遇水平",
    "price": "price 价格", "total": "total 合计",
}  # fmt: skip
CHANGES = {
    "outlay": ("Outlay, 亿元 of 2010 支出", 1e8),
    "payg_rate": ("Pay-as-you-go, % 现收现付", 0.01),
}


def actuary_tables(
    yearly: "pd.DataFrame",
    valuations: "pd.DataFrame",
    changes: "pd.DataFrame",
    debts: "pd.DataFrame",
    width: int = WIDTH,
) -> Group:
    """Yearly figures of a fund, draw 0, its required rates, debt, and what a change is made of.

    Rates stand with the middle 80 % of draws; changes : of `decomposition_frame`; debts : of
    `debt_frame`, empty where the results are not by age
    """
    table = yearly.set_index(["figure", "year"])["central"]
    lived = set(yearly.loc[(yearly["figure"] == "outgo") & (yearly["central"] > 0), "year"])
    years = [year for year in sorted(lived) if year % 5 == 0]
    rows = [
        [f"{en} {zh}", *(number(float(table[name, year]) / unit) for year in years)]
        for name, (en, zh, unit) in ACTUARY.items()
        if name in set(yearly["figure"])
    ]
    parts = [
        [label, *(number(float(c) / unit) for c in changes.loc[changes["of"] == of, "change"])]
        for of, (label, unit) in CHANGES.items()
    ]
    span = f"{changes['since'].iloc[0]}-{changes['until'].iloc[0]} 变化"
    return Group(
        grid(["", *map(str, years)], rows, width),
        Text("\n".join([GROUPS.format(year=valuations["since"].iloc[0]), *_cut(valuations)])),
        *_valuation_tables(valuations, width),
        _debt_table(debts, width),
        grid([f"Change {span}", *PARTS.values()], parts, width),
    )


def _cut(valuations: "pd.DataFrame") -> list[str]:
    """That the run ends before some horizons."""
    cut = valuations[valuations["shortened"]]
    longer = ", ".join(map(str, dict.fromkeys(cut["horizon"])))
    return [CUT.format(longer=longer, years=cut["years"].iloc[0])] if longer else []


def _valuation_tables(valuations: "pd.DataFrame", width: int) -> list[Table]:
    """Required rates and balances, the closed group beside the open one."""
    rates, balances = [], []
    once = valuations.drop_duplicates(["years", "discount", "group"])
    for (years, discount), rows in once.groupby(["years", "discount"], sort=False):
        by_group = rows.set_index("group").to_dict("index")
        label = f"{years} years 年, {discount}"
        groups = [by_group.get(group, {}) for group in ("open", "closed")]
        rates.append([label])
        for row in groups:
            required = (_in_percent(row, "required_rate"), _band_in_percent(row, "required_rate"))
            rates[-1].extend(required)
        rates[-1].append(_in_percent(groups[0], "collected_rate"))
        shown = ("balance_of_base", "balance_of_gdp")
        balances.append([label, *(_in_percent(row, name) for row in groups for name in shown)])
    opened, closed = "open 开放", "closed 封闭"
    heads = ["Required rate, % 所需费率", opened, "10-90 %", closed, "10-90 %", "collected 实收"]
    of = "Balance, % of bases or GDP 精算平衡"
    return [
        grid(heads, rates, width),
        grid([of, opened, "GDP", closed, "GDP"], balances, width),
    ]


def _in_percent(row: Mapping[Any, Any], name: str) -> str:
    return number(100 * float(row.get(name, np.nan)))


def _band_in_percent(row: Mapping[Any, Any], name: str) -> str:
    low, high = (_in_percent(row, f"{name}_{end}") for end in ("q10", "q90"))
    return low if low == "-" else f"{low} to {high}"


def _debt_table(debts: "pd.DataFrame", width: int) -> Table | Text:
    """Implicit debt, or what the results lack for it and for the closed group."""
    if not len(debts):
        return Text(
            "The closed group and the implicit debt need flows by age, which these results lack; "
            "run again. 封闭群体和隐性债务需要分年龄收支，本结果没有，须重新运行。"
        )
    first = debts.iloc[0]
    rows = [
        [f"{DEBTS[row['figure']]}, {row['discount']}", _in_percent(row, "of_gdp"),
         _band_in_percent(row, "of_gdp"), number(float(row["yuan"]) / 1e12)]
        for row in debts.to_dict("records")
    ]  # fmt: skip
    until, youngest = int(first["since"]) + int(first["years"]), int(first["youngest"])
    title = f"Payments to {until}, the youngest then {youngest} 隐性债务"
    return grid([title, "% of GDP", "10-90 %", "万亿元 trillion"], rows, width)


def dry_line(dataset: "xr.Dataset", fund: str) -> str:
    """When the pooled ledger of a fund runs dry before deficit financing; one scenario."""
    data = dataset[["fund_balance", "fund_deficit_financing", "scenario", "year"]].load()
    horizon = int(data["year"][-1])
    year = float(depletion_year(data).sel(draw=0, fund=fund).isel(scenario=0))
    text = f"Pooled ledger runs dry 统筹账户耗尽: draw 0 {depletion_text(year, horizon)}"
    share = float(depletion_probability(data).sel(fund=fund, year=horizon).isel(scenario=0))
    return text if np.isnan(share) else f"{text}; in {100 * share:.0f} % of draws by {horizon}"


def base_lines(people: dict[str, dict[int, float]], concept: str) -> list[str]:
    """Older people of the base under both concepts, persons by age from which they count."""
    lines = ["Older people in the base, 31 December 2010, 万人 2010年末基期老年人口:"]
    for name, counts in people.items():
        text = ", ".join(f"{age}+ {count / 1e4:,.0f}" for age, count in counts.items())
        mark = " (this run 本次口径)" if name == concept else ""
        lines.append(f"  {name}: {text}{mark}")
    return lines


def women_55_lines(dataset: "xr.Dataset") -> list[str]:
    """Who of the women has the old age of 55: assumed, and what decides most about retirement.

    One line for all scenarios of the dataset that share it; none in results that do not hold it.
    """
    names: dict[str, list[str]] = {}
    for name in map(str, dataset["scenario"].values):
        found = dataset.attrs.get("scenario_texts", {}).get(name, {}).get("women_55")
        if found:
            names.setdefault(_women_55_text(**found), []).append(name)
    return [
        f"Women with the old age of 55, not 50, by schooling, assumed "
        f"原退休年龄55岁的女性占比，按受教育程度（假设）: {text}"
        + (f" ({', '.join(of)})" if len(names) > 1 else "")
        for text, of in names.items()
    ]


def _women_55_text(share: Sequence[float], prior: Mapping[str, Any]) -> str:
    text = f"{', '.join(f'{100 * one:.0f}' for one in share)} %"
    low, high = prior.get("low"), prior.get("high")
    if prior.get("on") == "factor" and low is not None and high is not None:
        return f"{text}, times {low:g} to {high:g} over draws 各次抽样乘以{low:g}至{high:g}"
    return text


def left_out_lines() -> list[str]:
    """What this release leaves out."""
    head = "This release leaves out 本版本未包括:"
    return [head, *(f"  - {item.text} {item.text_zh}" for item in LEAVES_OUT)]


# --- published figures --------------------------------------------------------------------

LEAST_TITLE = 24  # columns of the terminal, however wide the numbers are
MOST_SHOWN = 15  # figures of a section; all of them are in the file
SECTION_TITLES = {
    SCORED: "Your figures, scored years, untuned 自备公布数：评分年份（未作任何调校）",
    FITTED: "Your figures, years to 2015, compared 自备公布数：2015年及以前（比较）",
    LATER: "Your figures, later years, a forecast compared 自备公布数：以后年份（预测比较）",
    SHOCK: "Your figures, shock year, shown and not scored 自备公布数：冲击年份（仅列示，不计分）",
}
OF_VALIDATION = (
    "Nothing is fitted to these figures, of whatever year 不以这些数字调校任何参数.\n"
    "Misses first 误差大者在前: error of draw 0 in % of the published figure, of shares in points\n"
    "as well; [ ] middle 80 % of draws, * where they hold the figure; s.e. by chance, in % of the\n"
    "model's 方括号为抽样的中间80%，星号表示公布数在其内，s.e.为随机标准误."
)


def validation_tables(table: "pd.DataFrame", concept: str, width: int = WIDTH) -> Group:
    """A user's figures, section by section: mean errors by quantity, then the largest misses.

    table : of `validate`; concept : of the run's population
    """
    own, means = given_by_user(table), validation_summary(table)
    of_run = f"Population concept of the run 人口口径: {' '.join(CONCEPTS[concept])}."
    parts: list[Table | Text] = [Text(OF_VALIDATION), Text(of_run), Text("")]
    for section in SECTIONS:
        here = own[own["section"] == section]
        if not len(here):
            continue
        parts.append(Text(SECTION_TITLES[section], style="bold"))
        heads = [
            "Mean absolute error 平均绝对误差",
            "figures 个数",
            "error %",
            "points",
            "inside *",
        ]
        rows = [_mean_row(row) for row in means[means["section"] == section].to_dict("records")]
        parts += [grid(heads, rows, width), Text("")]
        heads = ["Figure 指标", "year", "published", "model", "s.e. %", "points", "error %"]
        parts.append(grid(heads, _figure_rows(here.head(MOST_SHOWN), heads[1:], width), width))
        if len(here) > MOST_SHOWN:
            parts.append(Text(f"and {len(here) - MOST_SHOWN} with smaller errors 其余误差较小"))
        parts.append(Text(""))
    return Group(*parts)


def _mean_row(row: Mapping[Any, Any]) -> list[str]:
    inside = f"{row['inside']} of {row['known']}" if row["known"] else "-"
    errors = (row["mean_absolute_error_percent"], row["mean_absolute_error_points"])
    title = f"{row['title']} {row['title_zh']}"
    return [title, str(row["figures"]), *(_error(e, sign=False) for e in errors), inside]


def _figure_rows(figures: "pd.DataFrame", heads: Sequence[str], width: int) -> list[list[str]]:
    """Titles in the room that the numbers leave, and below them what tells a figure apart."""
    records = figures.to_dict("records")
    numbers = [_figure_cells(row) for row in records]
    columns = zip(heads, *numbers, strict=True)
    taken = sum(
        GAP + max(cell_len(line) for text in column for line in text.split("\n"))
        for column in columns
    )
    room = max(width - taken, LEAST_TITLE)
    return [[_figure_title(row, room), *cells] for row, cells in zip(records, numbers, strict=True)]


def _figure_title(row: Mapping[Any, Any], room: int) -> str:
    what = ", ".join(word for word in (row["cell"], row["unit"]) if word)
    title = f"{row['title']} {row['title_zh']}"
    return "\n".join(_lines(title, room) + _lines(what, room, "  "))


def _figure_cells(row: Mapping[Any, Any]) -> list[str]:
    figures = [float(row[name]) for name in ("reference", "model", "low", "high")]
    places = digits_for(figures[:2])
    published, model, low, high = (number(value, places) for value in figures)
    band = "" if low == "-" else f"\n[{low}, {high}]"
    inside = "*" if row["inside"] is True else ""
    return [
        str(row["year"]), published, model + band,
        _error(row["standard_error_percent"], sign=False), _error(row["error_points"]),
        _error(row["error_percent"]) + inside,
    ]  # fmt: skip


def _lines(text: str, room: int, indent: str = "") -> list[str]:
    """A text in lines that fit, broken at spaces; a Chinese character takes two columns."""
    first, *words = text.split(" ")
    lines = [indent + first]
    for word in words:
        if cell_len(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}")
    return lines


def _error(value: float, *, sign: bool = True) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:+,.1f}" if sign else f"{value:,.1f}"


def quantities_lines(dataset: "xr.Dataset") -> list[str]:
    """What a row of a user's file may name, in which unit, and what tells its figures apart."""
    return [
        f"{figure.key}: {figure.title} {figure.title_zh}, {figure.unit}; "
        f"by {ways_text(figure.ways)}"
        for figure in figures_of(dataset).values()
    ]
