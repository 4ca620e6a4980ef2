"""The score card as plain text for a terminal, in English or Chinese."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width

import pandas as pd

from .score import FITTED, SCORED, SHOCK, TWIN

WIDTH = 100
TREATMENT_WIDTH, NUMBER_WIDTH, LAST_WIDTH = 14, 7, 6
NARROW = 33  # a title narrower than this takes the place of the treatment
WORDS = {
    "en": {
        "head": "Score card: error of the central draw in per cent of the published figure.",
        "mark": "* it lies in the middle 80 % of draws; mean: of absolute errors; s.e.: by chance.",
        FITTED: "Fitted years",
        SCORED: "Scored years, untuned",
        SHOCK: "Shock year, not scored",
        TWIN: "Against the deterministic twin",
        "mean": "mean",
        "overall": "Mean absolute error over {first}-{last}: {error:.1f} %",
        "skill": "A straight trend of the fitted years errs by {error:.1f} %: skill {skill:+.2f}.",
        "inside": "; {inside} of {known} figures inside the middle 80 % of draws.",
        "chance": "s.e.",
        "aligned": "aligned", "fitted": "fitted", "compared": "compared", "scored": "scored",
        "shown": "shown", "start": "start", "other concept": "other concept",
        "same rates": "same rates",
    },
    "zh": {
        "head": "评分表：中心抽样与公布数之差，占公布数的百分比。",
        "mark": "* 公布数落在抽样的中间80%之内；平均：绝对误差的平均；标准误：随机误差。",
        FITTED: "拟合年份",
        SCORED: "评分年份（未作任何调校）",
        SHOCK: "冲击年份（仅列示，不计分）",
        TWIN: "与确定性队列要素推算比较",
        "mean": "平均",
        "overall": "{first}-{last}年平均绝对误差：{error:.1f}%",
        "skill": "按拟合年份直线趋势外推的误差为{error:.1f}%：技巧得分{skill:+.2f}。",
        "inside": "；{known}个数中{inside}个落在抽样的中间80%之内。",
        "chance": "标准误",
        "aligned": "对齐", "fitted": "拟合", "compared": "比较", "scored": "评分",
        "shown": "列示", "start": "起点", "other concept": "口径不同", "same rates": "比率相同",
    },
}  # fmt: skip


def score_text(table: pd.DataFrame, language: str = "en", width: int = WIDTH) -> str:
    """The table of `score_table` in lines of at most `width` columns (80 or more).

    Raises
    ------
    ValueError
        If the language is not one of en and zh.
    """
    if language not in WORDS:
        raise ValueError(f"unknown language {language!r}; allowed: {', '.join(WORDS)}")
    words, width = WORDS[language], min(width, WIDTH)
    lines = [words["head"], words["mark"]]
    for section in (FITTED, SCORED, SHOCK, TWIN):
        here = table[table["section"] == section]
        if len(here):
            here = _worst_first(here) if section == SCORED else here
            lines += ["", *_section(here, words, language, width)]
        if section == SCORED and len(here):
            lines += [_overall(here, words), *_skill(here, words)]
    return "\n".join(lines) + "\n"


def _section(here: pd.DataFrame, words: dict[str, str], language: str, width: int) -> list[str]:
    """Heading with years, and a line for each quantity."""
    section = str(here["section"].iloc[0])
    years = sorted(int(year) for year in here["year"].unique())
    last = [words["chance"]] if section == TWIN else [words["mean"], words["chance"]]
    left = width - 5 * NUMBER_WIDTH - 2 * LAST_WIDTH  # the same in every section
    treated = TREATMENT_WIDTH if left - TREATMENT_WIDTH >= NARROW else 0

    def line(title: str, treatment: str, cells: Sequence[str], ends: Sequence[str]) -> str:
        text = _padded(title, left - treated) + _padded(treatment, treated)
        text += "".join(_at_right(cell, NUMBER_WIDTH) for cell in cells)
        return (text + "".join(_at_right(end, LAST_WIDTH) for end in ends)).rstrip()

    lines = [line(words[section], "", [f"{year} " for year in years], [f"{w} " for w in last])]
    for _, group in here.groupby(["quantity"], sort=False):
        by_year = {
            int(year): row
            for year, row in zip(group["year"], group.to_dict("records"), strict=True)
        }
        cells = [_cell(by_year.get(year)) for year in years]
        treatment = words[str(group["treatment"].iloc[-1])]
        title = str(group["title_zh" if language == "zh" else "title"].iloc[0])
        lines.append(line(f"  {_short(title)}", treatment, cells, _last(group, section)))
    return lines


def _short(title: str) -> str:
    """A title without its date and its remarks."""
    for words in (
        " fund",
        ", scored years",
        ", end of year",
        ", revised series",
        ", by registration offices and courts",
    ):
        title = title.replace(words, "")
    for words in ("（评分年份）", "（修订）", "（国家统计局）", "（登记和法院判决）"):
        title = title.replace(words, "")
    return title.removeprefix("Official ")[:1].upper() + title.removeprefix("Official ")[1:]


def _cell(row: Mapping[Hashable, Any] | None) -> str:
    """Error of a figure, starred if the interval holds it."""
    if row is None:
        return ""
    return f"{row['error_percent']:+.1f}{'*' if pd.notna(row['inside']) and row['inside'] else ' '}"


def _last(group: pd.DataFrame, section: str) -> list[str]:
    """Mean absolute error (not for the twin), and the largest error by chance."""
    chance = group["standard_error_percent"].max()
    by_chance = "" if pd.isna(chance) else f"{chance:.1f} "
    if section == TWIN:
        return [by_chance]
    return [f"{group['error_percent'].abs().mean():.1f} ", by_chance]


def _overall(here: pd.DataFrame, words: dict[str, str]) -> str:
    years, known = here["year"], here["inside"].dropna()
    error = here["error_percent"].abs().mean()
    text = words["overall"].format(first=years.min(), last=years.max(), error=error)
    if not len(known):
        return text
    return text + words["inside"].format(inside=int(known.sum()), known=len(known))


def _skill(here: pd.DataFrame, words: dict[str, str]) -> list[str]:
    """One less the error over that of the naive trend, over the figures that have one."""
    known = here.dropna(subset="trend_error_percent")
    naive = known["trend_error_percent"].abs().mean()
    if not len(known) or naive == 0:
        return []
    return [
        words["skill"].format(error=naive, skill=1 - known["error_percent"].abs().mean() / naive)
    ]


def _worst_first(here: pd.DataFrame) -> pd.DataFrame:
    """Quantities with the largest mean absolute error first."""
    error = here["error_percent"].abs().groupby(here["quantity"]).transform("mean")
    return here.assign(miss=error).sort_values(
        ["miss", "quantity"], ascending=[False, True], kind="stable"
    )


def _at_right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text


def _padded(text: str, width: int) -> str:
    """Text cut or filled to a width on the terminal, where a Chinese character takes two."""
    while text and _width(text) > width - 1:
        text = text[:-1]
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
