"""What this release leaves out: printed after every run, beside its figures."""

from typing import NamedTuple


class LeftOut(NamedTuple):
    """Something that bears on the figures and is not simulated."""

    text: str
    text_zh: str


LEAVES_OUT = (
    LeftOut("Household registration (hukou) and the rights that hang on it",
            "户籍及与户籍挂钩的待遇"),
    LeftOut("Work, wages and careers; scheme membership is drawn once and then stays",
            "就业、工资与职业生涯；参保身份一次抽定后不变"),
    LeftOut("The employee pension, medical insurance, maternity insurance, medical aid",
            "职工养老保险、医疗保险、生育保险和医疗救助"),
    LeftOut("Childcare places, kindergartens and schools as suppliers",
            "托育、幼儿园和学校的供给"),
    LeftOut("Care providers, beds and care workers; care within families is not scheduled",
            "照护机构、床位和护理人员；家庭照护时间未作安排"),
    LeftOut("Hospital use and its cost", "医疗服务利用与费用"),
    LeftOut("Income, poverty and spending of households", "家庭收入、贫困与支出"),
    LeftOut("Any answer of wages, prices or policy to an ageing population",
            "工资、价格和政策对老龄化的反应"),
    LeftOut("Shocks from outside: epidemics, crises, wars", "疫情、危机、战争等外部冲击"),
)  # fmt: skip
