"""What this release leaves out: printed after every run, beside its figures."""

from typing import NamedTuple


class LeftOut(NamedTuple):
    """Something that bears on the figures and is not simulated."""

    text: str
    text_zh: str


LEAVES_OUT = (
    LeftOut("Household registration (hukou) and the rights that hang on it",
            "户籍及与户籍挂钩的待遇"),
    LeftOut("Hours and spells of work within a year, firms; wages by province",
            "年内工时与企业；分省工资"),
    LeftOut("What households save beside annuities and personal pensions",
            "年金与个人养老金以外的家庭储蓄"),
    LeftOut("What the disability allowance of 2025 adds to pensions for illness",
            "病残津贴与因病退休待遇之差"),
    LeftOut("Medical cover, cost of deliveries, medical aid", "医疗保险、分娩费用和医疗救助"),
    LeftOut("Schools as suppliers; fathers' answer to children in their work",
            "学校供给；子女对父亲就业的影响"),
    LeftOut("Care providers, beds and workers; time for care in families",
            "照护机构、床位和人员；家庭照护时间"),
    LeftOut("Hospital use and its cost", "医疗服务利用与费用"),
    LeftOut("Income, poverty and spending of households", "家庭收入、贫困与支出"),
    LeftOut("Answers of wages, prices and policy to ageing", "工资、价格和政策对老龄化的反应"),
    LeftOut("Shocks from outside: epidemics, crises, wars", "疫情、危机、战争等外部冲击"),
)  # fmt: skip
