"""The words and units on the figures, in English and Chinese.

Chinese needs a font that has it; `language_for` falls back to English, and says so.
"""

import re
import warnings
from contextlib import suppress
from textwrap import fill
from typing import Any, NamedTuple
from unicodedata import east_asian_width

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "Noto Sans CJK JP", "Noto Sans CJK TC", "Microsoft YaHei", "SimHei", "PingFang SC",
    "Heiti SC", "STHeiti", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Arial Unicode MS",
)  # fmt: skip

NO_FONT = (
    "no Chinese font is installed: figures are in English. Install one, such as Noto Sans CJK SC "
    "(the package fonts-noto-cjk of Debian and Ubuntu, google-noto-sans-cjk-fonts of Fedora, "
    "font-noto-cjk of Homebrew), and give the command again "
    "未安装中文字体，图件改用英文；请安装Noto Sans CJK SC等字体后重新运行"
)
LATIN_LETTERS, COLUMNS = 135, 142  # of a line under a figure; a Chinese character is two columns
NEVER_FIRST = "，。；：、）》%"  # of a line


class Words(NamedTuple):
    """Everything that a figure says; braces are filled in."""

    place: int  # of the language where names come in both
    comma: str
    colon: str
    semicolon: str
    million: tuple[float, str]  # persons to one unit, and the unit's name
    money: tuple[float, str]  # yuan to one unit, and the unit's name
    pyramid_title: str
    men: str
    women: str
    age: str
    people_axis: str
    age_row: str
    all_ages: str
    in_year: str
    concepts: dict[str, str]
    births_title: str
    births: str
    outlay: str
    balance: str
    level: str
    difference: str
    own_difference: str
    no_difference: str
    band: str
    no_band: str
    visible: str
    constant_prices: str
    current_prices: str
    chance: str
    source: str
    families_title: str
    tfr_panel: str
    cohort_panel: str
    progression_panel: str
    ages_panel: str
    tempo: str
    at_age: str
    first_marriage_men: str
    first_marriage_women: str
    birth_of_order: tuple[str, str]
    band_alone: str
    paths_missing: str
    families_note: str
    other_paths: str


ENGLISH = Words(
    place=0,
    comma=", ",
    colon=": ",
    semicolon="; ",
    million=(1e6, "million"),
    money=(1e9, "billion yuan"),
    pyramid_title="China's population by age and sex, {first} and {last}",
    men="Men",
    women="Women",
    age="Age",
    people_axis="Persons in each single year of age (top: 100 and over), {unit}",
    age_row="{age} and over",
    all_ages="All ages",
    in_year="{year}, {unit}",
    concepts={
        "official": "population concept: official (census and official year-end totals)",
        "wpp": "population concept: WPP (World Population Prospects 2024)",
    },
    births_title="Births and the funds under each policy",
    births="Births",
    outlay="{fund}: outlay",
    balance="{fund}: pooled balance before deficit financing",
    level="Level",
    difference="Difference from {baseline}",
    own_difference="Difference from its own baseline",
    no_difference="no visible difference from {baseline}",
    band="Lines: central draw. Bands: middle 80 % of {draws} further draws; differences are taken "
    "within each draw.",
    no_band="Lines: central draw. No bands: the run has fewer than two draws beside it.",
    visible="Scenarios closer to {baseline} than 0.1 % of its peak are not drawn.",
    constant_prices="Money at {year} prices.",
    current_prices="Money in yuan of each year.",
    chance="Chance alone moves a year's births by about {percent:.1f} % (one standard error).",
    source="songhe {version}; {concept}; simulated persons {persons:,}, replicates {replicates}, "
    "draws {draws}.",
    families_title="Fertility and marriage",
    tfr_panel="Total fertility rate, children per woman",
    cohort_panel="Children by a woman's year of birth",
    progression_panel="Women of 45 who had one more child, %",
    ages_panel="Mean age at marriage and birth, years",
    tempo="tempo-adjusted",
    at_age="by age {age}",
    first_marriage_men="first marriage,\nmen",
    first_marriage_women="first marriage,\nwomen",
    birth_of_order=("first birth", "second birth"),
    band_alone="Lines: central draw. Bands: middle 80 % of {draws} further draws.",
    paths_missing="Years after 2050 hang on the path of fertility and are shown only beside "
    "tfr-constant and tfr-decline.",
    families_note="Cohorts: {pool} years of birth around each, women who live in the country at "
    "the age. Tempo-adjusted: first path, rates of {years} years, change of mean ages over "
    "{window} years on each side (Bongaarts and Feeney, 1998); it magnifies chance.",
    other_paths="{year} under other paths of fertility: dashed {dashed}, dotted {dotted}",
)
CHINESE = Words(
    place=1,
    comma="，",
    colon="：",
    semicolon="；",
    million=(1e4, "万人"),
    money=(1e8, "亿元"),
    pyramid_title="中国分年龄、性别人口：{first}年与{last}年",
    men="男",
    women="女",
    age="年龄（岁）",
    people_axis="各岁人口，{unit}（最上一格为100岁及以上）",
    age_row="{age}岁及以上",
    all_ages="总人口",
    in_year="{year}年，{unit}",
    concepts={
        "official": "人口口径：官方（普查及官方年末总数）",
        "wpp": "人口口径：联合国《世界人口展望2024》",
    },
    births_title="各政策方案下的出生人口与各项基金",
    births="出生人口",
    outlay="{fund}：支出",
    balance="{fund}：统筹基金结余（弥补赤字之前）",
    level="水平",
    difference="与{baseline}之差",
    own_difference="与各自基准之差",
    no_difference="各方案与{baseline}无明显差异",
    band="实线为中心抽样；色带为其余{draws}次抽样的中间80%；差值在同一抽样内计算。",
    no_band="实线为中心抽样；除此之外抽样不足两次，故无色带。",
    visible="与{baseline}之差小于其峰值0.1%的方案未画出。",
    constant_prices="金额按{year}年价格。",
    current_prices="金额为当年价格。",
    chance="仅随机波动即可使一年出生人口变动约{percent:.1f}%（一个标准误）。",
    source="songhe {version}，{concept}；模拟{persons:,}人 × {replicates}个副本 × {draws}次抽样。",
    families_title="生育与婚姻",
    tfr_panel="总和生育率，孩/妇女",
    cohort_panel="分出生年份妇女曾生子女数",
    progression_panel="45岁妇女孩次递进比，%",
    ages_panel="平均初婚与生育年龄，岁",
    tempo="进度效应调整",
    at_age="至{age}岁",
    first_marriage_men="男性初婚",
    first_marriage_women="女性初婚",
    birth_of_order=("一孩", "二孩"),
    band_alone="实线为中心抽样；色带为其余{draws}次抽样的中间80%。",
    paths_missing="2050年以后取决于生育率路径，须与tfr-constant、tfr-decline并列方可显示。",
    families_note="队列为前后共{pool}个出生年份、届时居住在国内的妇女。进度效应仅按第一条路径，取{years}年平均生育率，按前后各{window}年平均"
    "生育年龄的变化计算（Bongaarts和Feeney，1998），会放大随机波动。",
    other_paths="{year}年其他生育率路径：虚线为{dashed}，点线为{dotted}",
)


def chinese_font() -> str | None:
    """Name of an installed font with Chinese characters, or None."""
    from matplotlib import font_manager

    def found() -> str | None:
        installed: Any = {font.name for font in font_manager.fontManager.ttflist}
        return next((name for name in CHINESE_FONTS if name in installed), None)

    if found() is None:
        _read_new_fonts()
    return found()


def _read_new_fonts() -> None:
    """Fonts that were installed after matplotlib last listed them."""
    from matplotlib import font_manager

    known: Any = {font.fname for font in font_manager.fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known:
            with suppress(Exception):  # of files that are no font that it reads
                font_manager.fontManager.addfont(path)


def language_for(language: str) -> str:
    """The language that can be shown: English, with a warning, where no font has Chinese.

    Raises
    ------
    ValueError
        If the language is not one of en and zh.
    """
    if language not in ("en", "zh"):
        raise ValueError(f"unknown language {language!r}; allowed: en, zh")
    if language == "zh" and chinese_font() is None:
        warnings.warn(NO_FONT, stacklevel=3)
        return "en"
    return language


def words_in(language: str) -> Words:
    """The words of a language that can be shown."""
    return CHINESE if language == "zh" else ENGLISH


def columns(text: str) -> int:
    """Width of a text; a Chinese character takes two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def wrapped(text: str) -> str:
    """A note in lines that fit under a figure; numbers and Latin words are not broken."""
    if text.isascii():
        return fill(text, LATIN_LETTERS)
    lines = [""]
    for piece in re.findall(r"[!-~]+|.", text):
        if columns(lines[-1] + piece) <= COLUMNS or piece in NEVER_FIRST:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return "\n".join(lines)
