"""The dictionary of results: every variable with its dimensions, unit and meaning.

Each variable stands on `scenario, draw, replicate, year` and then on the dimensions named
here, whose labels are in LABELS. Counts are persons of the real population, money is yuan of
the year, hours are per year. Stocks are of 31 December, flows of the calendar year. How a
variable is made from the model's counts is said in `results.py`.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from ..agents.columns import COLLECTIVES
from ..parameters.dims import AGE_GAPS, AGE_GROUPS, COORDINATES, EDUCATION, ORDERS, PARITIES

UNIT_DIMS = ("scenario", "draw", "replicate")
Kind = Literal["stock", "flow", "indicator"]

LABELS: Mapping[str, tuple[str | int, ...]] = {
    **COORDINATES,
    "collective": COLLECTIVES[1:],
    "partner": ("without", "with"),
    "living_children": (0, 1, 2, 3, 4),
    "order": ORDERS,
    "parity": PARITIES,
    "age_group": AGE_GROUPS,
    "age_gap": AGE_GAPS,
    "marriage_order": ("first", "again"),
    "duration": tuple(range(31)),
    "children": (0, 1, 2, 3),
    "husband_education": EDUCATION,
    "wife_education": EDUCATION,
    "youngest_child": ("none", "0-2", "3-5", "6+"),
}


class Variable(NamedTuple):
    """One variable of the results.

    dims : after scenario, draw, replicate and year
    units : as it is stored
    heavy : both by province and by single age; kept for draw 0 alone unless detail is full
    """

    name: str
    dims: tuple[str, ...]
    units: str
    long_name: str
    long_name_zh: str
    definition: str
    kind: Kind = "flow"
    heavy: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of labels along each dimension."""
        return tuple(len(LABELS[dim]) for dim in self.dims)

    @property
    def attributes(self) -> dict[str, str]:
        """What is written beside the numbers."""
        return {
            "units": self.units,
            "long_name": self.long_name,
            "long_name_zh": self.long_name_zh,
            "definition": self.definition,
            "kind": self.kind,
        }


PERSONS, PERSONS_Y, YUAN, YUAN_Y = "persons", "persons per year", "yuan", "yuan per year"
PLACE = ("province", "residence", "sex")
BY_AGE = ("sex", "age")
LEDGER = ("fund", "ledger", "province")
POOL = ("fund", "province")
FUND_AGE = ("fund", "age")
PAYER_AGE = "Pension funds, national, by the age of 31 December; the last age is 100 and over."
END = "On 31 December."
FLOW = "In the calendar year."
MONEY = "Yuan of the year; agents' fen times the weight of an agent."

PEOPLE = (
    Variable("population", (*PLACE, "age"), PERSONS, "Population", "人口",
             f"{END} Completed age; the last age is 100 and over.", "stock", heavy=True),
    Variable("population_by_age", BY_AGE, PERSONS, "Population by sex and age", "分性别年龄人口",
             f"{END} Completed age; the last age is 100 and over.", "stock"),
    Variable("population_by_province", ("province", "residence"), PERSONS,
             "Population by province and residence", "分省分城乡人口", END, "stock"),
    Variable("population_adl", (*PLACE, "age", "adl"), PERSONS,
             "Population by function in daily life", "分日常生活能力人口",
             f"{END} Need of help in activities of daily living.", "stock", heavy=True),
    Variable("population_adl_by_age", (*BY_AGE, "adl"), PERSONS,
             "Population by sex, age and function in daily life", "分性别年龄和日常生活能力人口",
             f"{END} Need of help in activities of daily living.", "stock"),
    Variable("population_marital", ("residence", *BY_AGE, "marital"), PERSONS,
             "Population by marital status", "分婚姻状况人口", END, "stock"),
    Variable("population_education", (*BY_AGE, "education"), PERSONS,
             "Population by education", "分受教育程度人口",
             f"{END} Highest level completed.", "stock"),
    Variable("births", PLACE, PERSONS_Y, "Births", "出生人口",
             f"{FLOW} Live births, by place of the mother and sex of the child."),
    Variable("deaths", PLACE, PERSONS_Y, "Deaths", "死亡人口", f"{FLOW} By place at death."),
    Variable("net_migration", PLACE, PERSONS_Y, "Net internal migration", "国内净迁移",
             f"{FLOW} Arrivals less departures by moves inside the country; sums to zero."),
    Variable("net_migration_international", PLACE, PERSONS_Y, "Net international migration",
             "国际净迁移", f"{FLOW} Arrivals from abroad less departures abroad."),
    Variable("reclassified", PLACE, PERSONS_Y, "Reclassified as urban", "城乡划分变更",
             f"{FLOW} People whose place became urban around them: plus in urban, minus in rural."),
    Variable("moves_to_towns", (), PERSONS_Y, "Net gain of towns by moves", "迁移使城镇净增人口",
             f"{FLOW} By moves from and to the countryside, reclassification apart."),
    Variable("deaths_by_age", BY_AGE, PERSONS_Y, "Deaths by sex and age", "分性别年龄死亡人口",
             f"{FLOW} Completed age at death."),
    Variable("exposure", BY_AGE, "person-years per year", "Years lived by sex and age",
             "分性别年龄存活人年",
             "Mean of the populations at the opening and the close of the year."),
    Variable("births_by_age_parity", ("age", "birth_order"), PERSONS_Y,
             "Births by age of the mother and order", "分母亲年龄和孩次出生人口",
             f"{FLOW} Completed age of the mother at the birth; order 3 is third and later."),
    Variable("births_beyond_evidence", (), PERSONS_Y, "Births outside the evidence on policy",
             "超出政策证据范围的出生人口",
             f"{FLOW} To couples whose next child was promised cash beyond the share of income up "
             "to which an answer of births has been observed."),
    Variable("births_by_policy", (), PERSONS_Y, "Births brought about by policy",
             "政策促成的出生人口",
             f"{FLOW} Children of women whose luck lies between the chance of a birth without the "
             "year's response to policy and that with it."),
    Variable("women_of_childbearing_age", ("age", "partner"), PERSONS,
             "Women of childbearing age at the opening", "年初育龄妇女",
             "On 1 January, from 14 to 50, at their completed age; by whether they are married.",
             "stock"),
    Variable("expected_births_without_policy", ("age", "partner"), PERSONS_Y,
             "Expected births without policy", "无政策影响的期望出生人口",
             "Births that the women there are would have on average at the year's levels, were "
             "nothing promised and nothing owed; by their age and marital status on 1 January."),
    Variable("expected_births_with_response", ("age", "partner"), PERSONS_Y,
             "Expected births with the response of the year", "仅含当年政策反应的期望出生人口",
             "The same with the year's response to policy, but nothing owed for earlier years."),
    Variable("expected_births", ("age", "partner"), PERSONS_Y, "Expected births", "期望出生人口",
             "The same with what mothers of advanced births and their cohorts owe as well: what "
             "births are on average."),
    Variable("births_by_province_order", ("province", "birth_order"), PERSONS_Y,
             "Births by province and order", "分省分孩次出生人口",
             f"{FLOW} By the children that the mother has at the end of the year; twins count as "
             "the later of the two."),
    Variable("promised_to_births", ("province", "birth_order"), YUAN_Y,
             "Benefits promised to births", "对新生儿承诺的福利",
             f"{MONEY} Present value at birth of payments, tax relief and lower fees that parents "
             "may expect of all policies for the children born in the year."),
    Variable("marriages", (), "couples per year", "Marriages", "结婚对数", FLOW),
    Variable("divorces", (), "couples per year", "Divorces", "离婚对数", FLOW),
    Variable("births_by_age_order", ("age", "order"), PERSONS_Y,
             "Births by age of the mother and true order", "分母亲年龄和真实孩次出生人口",
             f"{FLOW} Completed age of the mother at the birth; order among all her live births, "
             "5 is fifth and later."),
    Variable("births_by_education", ("residence", "education", "order"), PERSONS_Y,
             "Births by residence and education of the mother and order",
             "分母亲城乡、受教育程度和孩次出生人口",
             f"{FLOW} Education of the mother on 1 January; order 5 is fifth and later."),
    Variable("births_outside_marriage", (), PERSONS_Y, "Births outside marriage", "非婚生育",
             f"{FLOW} To mothers who were not married on 1 January and do not wed in the year."),
    Variable("multiple_births", (), PERSONS_Y, "Children of multiple deliveries",
             "多胞胎出生人口", FLOW),
    Variable("women_by_parity", ("age", "parity"), PERSONS, "Women by children ever borne",
             "按曾生子女数分的妇女", f"{END} Parity 5 is five and more.", "stock"),
    Variable("children_ever_born", ("age",), PERSONS, "Children ever borne by women",
             "妇女曾生子女总数", f"{END} By age of the women, over all of them.", "stock"),
    Variable("never_married", ("residence", "sex", "age_group", "education"), PERSONS,
             "Never-married people by education", "分受教育程度未婚人口",
             f"{END} Age groups of five years by first age; 80 is 80 and over.", "stock"),
    Variable("adults", ("residence", "sex", "age_group", "education"), PERSONS,
             "People of 15 and over by education", "分受教育程度15岁及以上人口",
             f"{END} Age groups of five years by first age; 80 is 80 and over.", "stock"),
    Variable("marriages_by_age", ("sex", "age", "marriage_order"), PERSONS_Y,
             "Newly-weds by sex, age and order", "分性别、年龄和婚次结婚人数",
             f"{FLOW} Age in the middle of the year; first: never married before."),
    Variable("marriages_by_age_gap", ("age_gap",), "couples per year",
             "Marriages by age gap", "分夫妻年龄差结婚对数",
             f"{FLOW} His age less hers in completed years; -15 and 25 stand for wider ones."),
    Variable("marriages_by_education", ("husband_education", "wife_education"),
             "couples per year", "Marriages by education of both", "分双方受教育程度结婚对数",
             f"{FLOW} Education on 1 January."),
    Variable("divorces_by_duration", ("duration", "children"), "couples per year",
             "Divorces by duration and children", "分婚龄和子女数离婚对数",
             f"{FLOW} Full years married on 1 January, 30 is 30 and more or unknown; children "
             "ever borne by the wife, 3 is three and more."),
    Variable("tfr", (), "children per woman", "Total fertility rate", "总和生育率",
             "Sum over ages of births over years lived by women at that age.", "indicator"),
    Variable("e0", ("sex",), "years", "Life expectancy at birth", "平均预期寿命",
             "Period life table of deaths_by_age over exposure; the thin top ages are pooled.",
             "indicator"),
    Variable("e60", ("sex",), "years", "Life expectancy at 60", "60岁平均余寿",
             "Period life table of deaths_by_age over exposure; the thin top ages are pooled.",
             "indicator"),
    Variable("healthy_years_60", ("sex",), "years", "Years without limitation from 60",
             "60岁健康余寿",
             "Method of Sullivan (1971): years lived from 60 without need of help in daily life.",
             "indicator"),
    Variable("old_age_dependency_ratio", (), "persons per person", "Old-age dependency ratio",
             "老年抚养比", f"{END} People of 65 and over for each person of 15 to 64.",
             "indicator"),
    Variable("households_by_size", ("residence", "household_size"), "households",
             "Family households by size", "分规模家庭户",
             f"{END} Members in the country; size 10 is ten and more.", "stock"),
    Variable("households_by_generations", ("residence", "generations"), "households",
             "Family households by generations", "分代数家庭户", END, "stock"),
    Variable("collective_population", ("collective",), PERSONS, "People in collective living",
             "集体户人口", f"{END} Outside family households, by kind of home.", "stock"),
    Variable("kin_65plus", (*BY_AGE, "partner", "living_children"), PERSONS,
             "People of 65 and over by living kin", "65岁及以上人口的在世亲属",
             f"{END} Zero below age 65; 4 living children are four and more.", "stock"),
    Variable("living_alone", (*BY_AGE, "residence"), PERSONS, "People living alone", "独居人口",
             f"{END} In a family household of one.", "stock"),
)  # fmt: skip

FUND_ACCOUNTS = (
    Variable("fund_revenue", LEDGER, YUAN_Y, "Contributions", "缴费收入",
             f"{MONEY} Paid in by members and employers."),
    Variable("fund_subsidy", LEDGER, YUAN_Y, "Subsidies", "财政补贴",
             f"{MONEY} Paid in by governments under the law."),
    Variable("fund_interest", LEDGER, YUAN_Y, "Interest", "利息收入", MONEY),
    Variable("fund_transfers", LEDGER, YUAN_Y, "Transfers between pools", "统筹区间调剂",
             f"{MONEY} Received less paid; sums to zero over pools and ledgers."),
    Variable("fund_administration", LEDGER, YUAN_Y, "Administration", "管理费用", MONEY),
    Variable("fund_outlay", LEDGER, YUAN_Y, "Benefits paid", "待遇支出", MONEY),
    Variable("fund_deficit_financing", LEDGER, YUAN_Y, "Deficit financing", "弥补赤字",
             f"{MONEY} Discretionary money that brings a negative balance back to zero."),
    Variable("fund_opening_adjustment", LEDGER, YUAN_Y, "Opening adjustment", "期初调整",
             f"{MONEY} Balances brought in from before the simulated years."),
    Variable("fund_balance", LEDGER, YUAN, "Balance", "累计结余",
             "On 31 December. Opening balance + revenue + subsidy + interest + transfers + deficit "
             "financing + opening adjustment - administration - outlay, exact in agents' fen.",
             "stock"),
    Variable("fund_registered", POOL, PERSONS, "Registered members", "参保登记人数",
             "Members of the year."),
    Variable("fund_contributors", POOL, PERSONS_Y, "Contributors", "缴费人数",
             f"{FLOW} Paid for at least a month."),
    Variable("fund_contributor_years", POOL, "person-years per year", "Years contributed",
             "缴费人年", f"{FLOW} Months paid for, over 12."),
    Variable("fund_beneficiaries", POOL, PERSONS_Y, "Beneficiaries", "待遇领取人数",
             f"{FLOW} Received a benefit."),
    Variable("new_awards", POOL, PERSONS_Y, "New awards", "新增领取人数", FLOW),
    Variable("mean_benefit", ("fund",), "yuan per person and year", "Mean benefit", "人均待遇",
             "Outlay of the year over beneficiaries of the year, national.", "indicator"),
    Variable("months_of_reserve", ("fund",), "months", "Months of reserve", "可支付月数",
             "Closing balance over a month's outlay, both ledgers, national.", "indicator"),
    Variable("contribution_base", POOL, YUAN_Y, "Contribution bases", "缴费基数总额",
             f"{MONEY} Bases added up over the months paid, of the employees' fund."),
    Variable("new_award_amount", ("fund",), "yuan per month", "First pensions of new awards",
             "新增养老金首月金额", "First monthly pensions of the year added up, national."),
    Variable("fund_revenue_by_age", FUND_AGE, YUAN_Y, "Contributions by age", "分年龄缴费收入",
             f"{MONEY} {PAYER_AGE} Adds up to fund_revenue of both pension funds."),
    Variable("fund_outlay_by_age", FUND_AGE, YUAN_Y, "Benefits paid by age", "分年龄待遇支出",
             f"{MONEY} {PAYER_AGE} With what is paid at a death, at the age of the deceased. Adds "
             "up to fund_outlay of both pension funds."),
    Variable("fund_base_by_age", FUND_AGE, YUAN_Y, "Contribution bases by age",
             "分年龄缴费基数总额",
             f"{MONEY} {PAYER_AGE} Adds up to contribution_base, of the employees' fund."),
    Variable("price_index", (), "2010 = 1", "Consumer price index", "居民消费价格指数",
             "Prices of the year over those of 2010, of the draw.", "indicator"),
)  # fmt: skip

WORK_AND_WAGES = (
    Variable("workers", ("work", "residence", "sex"), PERSONS, "People by kind of work",
             "分就业形式人口",
             "State in the year; none is children, pupils, homes and the retired.", "stock"),
    Variable("women_by_youngest_child", ("youngest_child", "age"), PERSONS,
             "Women out of school by age of the youngest child", "按幼子年龄分的离校女性人口",
             "In the year, from 16 on, at their age of the opening; youngest living child of any "
             "home.", "stock"),
    Variable("working_women_by_youngest_child", ("youngest_child", "age"), PERSONS,
             "Women at work by age of the youngest child", "按幼子年龄分的就业女性",
             "Of women_by_youngest_child, those with work in the year.", "stock"),
    Variable("motherhood_gap", (), "share", "Motherhood gap in work", "生育就业差距",
             "Share at work among childless women of 20 to 44 less that of mothers whose youngest "
             "child is before school, both at the ages of these mothers.", "indicator"),
    Variable("grandparent_care_hours", (), "hours per year",
             "Hours of grandparents with young children", "祖辈照看幼儿时数",
             f"{FLOW} Of grandparents who live with a child, from birth until school: while its "
             "mother works, or no parent is at home, less its hours in nursery or kindergarten, "
             "and some help. A mother on leave counts as at work; hours of siblings add up."),
    Variable("child_care_hours_of_others", (), "hours per year",
             "Hours of young children left to others", "其他人照看幼儿时数",
             f"{FLOW} The same need where no grandparent lives with the child."),
    Variable("young_children_with_grandparent", (), PERSONS,
             "Children before school with a grandparent at home", "与祖辈同住的六岁以下儿童", END,
             "stock"),
    Variable("wage_bill", (), YUAN_Y, "Wage bill", "工资总额",
             "Yuan of the year; full-year earnings of enterprise, public and flexible workers."),
    Variable("gdp", (), YUAN_Y, "Gross domestic product", "国内生产总值",
             "Yuan of the year; earnings of all workers over an assumed labour share: a frame for "
             "the size of funds, no forecast."),
)  # fmt: skip

SERVICES = (
    Variable("care_need_hours", ("adl",), "hours per year", "Hours of care needed",
             "照护需求时数", f"{FLOW} By function in daily life."),
    Variable("ltci_beneficiaries", ("care_grade", "province"), PERSONS_Y,
             "Beneficiaries of long-term care insurance", "长期护理保险待遇享受人数",
             f"{FLOW} By care grade."),
    Variable("ltci_premium_factor", (), "ratio", "Long-term care premiums over those of the law",
             "长期护理保险费率与法定费率之比",
             "As the fund decided for the year; 0 before the first pilots.", "indicator"),
    Variable("ltci_care_hours", (), "hours per year", "Hours of care paid by insurance",
             "长期护理保险支付的照护时数",
             f"{FLOW} Home care and institutions, as far as the law counts it in hours."),
    Variable("resident_pension_topup", ("province",), YUAN_Y,
             "Local top-up of the resident pension", "居民基础养老金地方增发", MONEY),
    Variable("resident_pension_overrun", ("province",), YUAN_Y,
             "Account pensions paid after the account is spent", "个人账户耗尽后的支付", MONEY),
    Variable("account_overrun", ("province",), YUAN_Y,
             "Employees' account pensions paid after the account is spent",
             "职工个人账户耗尽后的支付", MONEY),
    Variable("pooled_pension_outlay", ("province",), YUAN_Y,
             "Employees' pensions other than from accounts", "职工统筹养老金支出",
             f"{MONEY} Base and transitional pensions, and all rises since the award."),
    Variable("public_pension_outlay", ("province",), YUAN_Y,
             "Pensions of public staff paid by budgets", "机关事业单位财政负担养老金",
             f"{MONEY} Outside the fund, with grants at death."),
    Variable("reference_wage", (), YUAN_Y, "Reference wage of contributions",
             "缴费基准工资",
             "To which bases of the year refer: the wage of the year before. National: no wages "
             "by province are at hand.", "indicator"),
    Variable("employee_pension_rate_factor", (), "ratio",
             "Employers' rate over that of the law", "单位缴费率与法定费率之比",
             "As the fund decided for the year; 0 before its first year.", "indicator"),
    Variable("employee_pension_rise", (), "share per year",
             "Rise of employees' pensions in payment", "职工养老金调整幅度",
             "In January, as the fund decided; 0 before its first year.", "indicator"),
    Variable("maternity_leave_days", ("province",), "days per year", "Days of maternity leave",
             "产假天数", f"{FLOW} Of births of the year, whoever pays."),
    Variable("paternity_leave_days", ("province",), "days per year",
             "Days of leave of fathers at a birth", "陪产假天数", FLOW),
    Variable("parental_leave_days", ("province",), "days per year", "Days of parental leave",
             "育儿假天数", f"{FLOW} Of both parents of children under three."),
    Variable("employer_leave_cost", ("province",), YUAN_Y, "Wages that employers pay in leave",
             "用人单位承担的休假工资", f"{MONEY} What the maternity insurance does not pay."),
    Variable("tax_forgone", ("province",), YUAN_Y, "Income tax forgone for children",
             "子女相关专项附加扣除减免税额",
             f"{MONEY} By deductions for care under three and education; no fund pays it."),
    Variable("tax_deduction_parents", ("province",), PERSONS_Y,
             "Parents whose tax is lower for their children", "享受子女专项附加扣除减税人数",
             FLOW),
    Variable("local_child_subsidy", ("province",), YUAN_Y, "Child subsidies of provinces",
             "地方育儿补贴支出", f"{MONEY} Part of the outlay of the fund child_subsidy."),
    Variable("local_child_subsidy_children", ("province",), PERSONS_Y,
             "Children for whom provinces pay a subsidy", "地方育儿补贴享受儿童数", FLOW),
    Variable("child_health_visits", ("province",), "visits per year",
             "Visits of children in basic public health services", "儿童健康管理服务人次", FLOW),
    Variable("maternal_health_visits", ("province",), "visits per year",
             "Visits of mothers in basic public health services", "孕产妇健康管理服务人次", FLOW),
    Variable("child_cost", ("residence",), YUAN_Y, "Spending of families on children",
             "子女养育支出", f"{MONEY} To the eighteenth birthday."),
    Variable("income_with_children", ("residence",), YUAN_Y,
             "Disposable income of households with children", "有未成年子女家庭可支配收入",
             f"{MONEY} Mean income per head of the residence times the members."),
    Variable("child_cost_share", ("residence",), "share",
             "Spending on children over disposable income", "养育支出占家庭收入比重",
             "child_cost over income_with_children.", "indicator"),
    Variable("child_subsidy_months", ("province",), "child-months per year",
             "Months of child subsidy", "育儿补贴享受月数",
             f"{FLOW} Eligible child-months paid for."),
)  # fmt: skip

PILLAR = ("pillar", "province")
BESIDE = "Accounts of households beside the basic pension, no fund of the state."
SUPPLEMENTS = (
    Variable("supplement_members", PILLAR, PERSONS, "People who save in a supplementary pension",
             "补充养老保险账户人数（未领取）", f"{END} With an account that is not in payment.",
             "stock"),
    Variable("supplement_contributors", PILLAR, PERSONS_Y, "Contributors to supplementary pensions",
             "补充养老保险缴费人数", f"{FLOW} Paid for at least a month."),
    Variable("supplement_beneficiaries", PILLAR, PERSONS_Y,
             "Recipients of supplementary pensions", "补充养老保险领取人数", FLOW),
    Variable("supplement_contributions", PILLAR, YUAN_Y,
             "Contributions to supplementary pensions", "补充养老保险缴费",
             f"{MONEY} Of employers and employees. {BESIDE}"),
    Variable("supplement_returns", PILLAR, YUAN_Y, "Returns of supplementary pensions",
             "补充养老保险投资收益", f"{MONEY} On what accounts held at the opening."),
    Variable("supplement_opening", PILLAR, YUAN_Y, "Opening of supplementary pensions",
             "补充养老保险期初资产", f"{MONEY} Brought in from before the simulated years."),
    Variable("supplement_benefits", PILLAR, YUAN_Y, "Supplementary pensions paid",
             "补充养老保险待遇", MONEY),
    Variable("supplement_refunds", PILLAR, YUAN_Y, "Supplementary accounts paid out at once",
             "补充养老保险账户一次性退还", f"{MONEY} To heirs, and to who leaves the country."),
    Variable("supplement_assets", PILLAR, YUAN, "Assets of supplementary pensions",
             "补充养老保险账户资产",
             f"{END} Those of the year before + opening + contributions + returns - benefits - "
             "refunds, exact in agents' fen.", "stock"),
    Variable("personal_pension_tax_forgone", ("province",), YUAN_Y,
             "Income tax forgone for personal pensions", "个人养老金缴费减免税额",
             f"{MONEY} On contributions of the year."),
    Variable("personal_pension_tax", ("province",), YUAN_Y, "Tax on personal pensions paid",
             "个人养老金领取税收", f"{MONEY} On what accounts pay out, to heirs too."),
)  # fmt: skip

PARTS = "counted in 1,200 parts of an agent"
CHILDREN = (
    Variable("childcare_places", ("province", "ownership"), "places", "Nursery places", "托位数",
             f"{FLOW} For children under three; {PARTS}. In a replicate below a million persons "
             "provinces of a region share its places by their people."),
    Variable("childcare_enrolled", ("province", "ownership"), PERSONS, "Children in nurseries",
             "入托婴幼儿数", "Mean of the year: months of children, over 12."),
    Variable("childcare_unserved", ("province",), PERSONS, "Children without a place in a nursery",
             "未满足托育需求婴幼儿数",
             "Mean of the year: families that want and can pay for a place and have none."),
    Variable("childcare_staff", ("province",), PERSONS, "Carers in nurseries", "托育从业人员",
             "For the children that are there, by age group; mean of the year."),
    Variable("childcare_fees", ("province",), YUAN_Y, "Fees for nurseries", "托育费支出", MONEY),
    Variable("childcare_fee", (), "yuan per month", "Mean fee for nurseries", "托育月均收费",
             "Fees over months of children, national.", "indicator"),
    Variable("kindergarten_places", ("province",), "places", "Kindergarten places", "幼儿园学位数",
             f"{FLOW} {PARTS.capitalize()}; by province as childcare_places, by children."),
    Variable("kindergarten_places_closed", ("province",), "places per year",
             "Kindergarten places closed", "幼儿园减少学位数",
             "Places of the year before that are gone, less those that these providers opened."),
    Variable("kindergarten_pupils", ("province", "kindergarten_grade"), PERSONS,
             "Children in kindergartens", "在园幼儿数", "Mean of the year, by grade."),
    Variable("kindergarten_unserved", ("province",), PERSONS,
             "Children without a place in a kindergarten", "未满足入园需求幼儿数",
             "Mean of the year: families that want a place and have none."),
    Variable("kindergarten_classes", ("province",), "classes", "Kindergarten classes",
             "幼儿园班数", "Pupils over the size of a class of their grade; mean of the year."),
    Variable("kindergarten_staff", ("province",), PERSONS, "Staff of kindergartens",
             "幼儿园教职工数", "For the pupils that are there; mean of the year."),
    Variable("kindergarten_fees", ("province",), YUAN_Y, "Fees for kindergartens", "家庭保教费支出",
             f"{MONEY} Paid by families, after what is waived."),
    Variable("preschool_waived_months", ("province",), "child-months per year",
             "Months of free preschool", "免保教费月数",
             f"{FLOW} Months of children for which the fee is waived in whole or part."),
    Variable("pupils", ("stage",), PERSONS, "Pupils", "在校生数",
             "Schools: enrolled on 31 December; kindergartens: mean of the year."),
)  # fmt: skip

VARIABLES: Mapping[str, Variable] = {
    variable.name: variable
    for variable in (*PEOPLE, *WORK_AND_WAGES, *FUND_ACCOUNTS, *SERVICES, *SUPPLEMENTS, *CHILDREN)
}


def stored(detail: str, draw: int) -> tuple[Variable, ...]:
    """Variables that a draw stores under a level of detail, "standard" or "full"."""
    everything = detail == "full" or draw == 0
    return tuple(v for v in VARIABLES.values() if everything or not v.heavy)


def unit_bytes(detail: str, draw: int, years: int) -> int:
    """Bytes of one unit before compression."""
    sizes = [1]
    for variable in stored(detail, draw):
        size = 1
        for length in variable.shape:
            size *= length
        sizes.append(size)
    return 8 * years * sum(sizes)
