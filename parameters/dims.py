"""Names and coordinates of every dimension that a parameter or a result may have.

One order, used by files, columns and results alike: a column holds the position of its
name in the tuple here. Nothing of songhe is imported.
"""

from collections.abc import Mapping

PROVINCES = (
    "Beijing", "Tianjin", "Hebei", "Shanxi", "Inner Mongolia",
    "Liaoning", "Jilin", "Heilongjiang",
    "Shanghai", "Jiangsu", "Zhejiang", "Anhui", "Fujian", "Jiangxi", "Shandong",
    "Henan", "Hubei", "Hunan", "Guangdong", "Guangxi", "Hainan",
    "Chongqing", "Sichuan", "Guizhou", "Yunnan", "Tibet",
    "Shaanxi", "Gansu", "Qinghai", "Ningxia", "Xinjiang",
)  # fmt: skip
PROVINCES_ZH = (
    "北京", "天津", "河北", "山西", "内蒙古",
    "辽宁", "吉林", "黑龙江",
    "上海", "江苏", "浙江", "安徽", "福建", "江西", "山东",
    "河南", "湖北", "湖南", "广东", "广西", "海南",
    "重庆", "四川", "贵州", "云南", "西藏",
    "陕西", "甘肃", "青海", "宁夏", "新疆",
)  # fmt: skip
REGIONS = ("north", "northeast", "east", "central_south", "southwest", "northwest")
# Region of each province, by position in PROVINCES (the six statistical regions).
REGION_OF_PROVINCE = (0,) * 5 + (1,) * 3 + (2,) * 7 + (3,) * 6 + (4,) * 5 + (5,) * 5
RESIDENCES = ("urban", "rural")
SEXES = ("male", "female")
AGES = tuple(range(101))
ADL = ("none", "mild", "moderate", "severe")
MARITAL = ("never_married", "married", "divorced", "widowed")
EDUCATION = ("none", "primary", "lower_secondary", "upper_secondary", "college", "university")
HOUSEHOLD_SIZES = tuple(range(1, 11))
GENERATIONS = (1, 2, 3, 4)
CARE_GRADES = tuple(range(6))
BIRTH_ORDERS = (1, 2, 3)
ORDERS = (1, 2, 3, 4, 5)  # of births in the results; the last for later ones
PARITIES = (0, 1, 2, 3, 4, 5)  # children ever borne; the last for more
AGE_GAPS = tuple(range(-15, 26))  # his age less hers; the ends are open
AGE_GROUPS = tuple(range(15, 85, 5))  # by first age; the last is open
FUNDS = (
    "employee_pension", "resident_pension", "long_term_care", "child_subsidy", "maternity",
    "preschool", "childcare", "public_health",
)  # fmt: skip
LEDGERS = ("pooled", "individual")
CARE_SETTINGS = ("family", "home_care", "institution")
SCHEMES = ("none", "employee", "resident")
WORK = ("none", "farm", "flexible", "enterprise", "public", "unemployed")
PENSIONS = ("none", "resident", "employee", "public")  # public: of employees, from a public post
PILLARS = ("enterprise_annuity", "occupational_annuity", "personal_pension")
BIRTH_CHANNELS = ("cash", "fee", "care", "leave", "time")
OWNERSHIP = ("public", "private")  # of nurseries and kindergartens; public: at approved fees
CARE_GROUPS = ("under_12_months", "12_to_23_months", "24_to_35_months")
KINDERGARTEN_GRADES = ("small", "middle", "big")
STAGES = ("kindergarten", "primary", "lower_secondary", "upper_secondary")
RETIREMENT_CLASSES = ("men", "women_55", "women_50")  # by the age of the law before 2025

COORDINATES: Mapping[str, tuple[str | int, ...]] = {
    "province": PROVINCES,
    "region": REGIONS,
    "residence": RESIDENCES,
    "sex": SEXES,
    "age": AGES,
    "adl": ADL,
    "marital": MARITAL,
    "education": EDUCATION,
    "household_size": HOUSEHOLD_SIZES,
    "generations": GENERATIONS,
    "care_grade": CARE_GRADES,
    "birth_order": BIRTH_ORDERS,
    "fund": FUNDS,
    "ledger": LEDGERS,
    "care_setting": CARE_SETTINGS,
    "scheme": SCHEMES,
    "work": WORK,
    "pension": PENSIONS,
    "pillar": PILLARS,
    "ownership": OWNERSHIP,
    "care_group": CARE_GROUPS,
    "kindergarten_grade": KINDERGARTEN_GRADES,
    "stage": STAGES,
    "retirement_class": RETIREMENT_CLASSES,
    "birth_channel": BIRTH_CHANNELS,
}
# Dimensions whose coordinates a table lists itself (whole numbers, rising).
FREE_DIMENSIONS = frozenset(
    {"year", "year_from", "age_from", "duration", "order", "parity", "cohort"}
)


def position(dim: str, name: str | int) -> int:
    """Position of a coordinate in its dimension; ValueError names what is allowed."""
    try:
        return COORDINATES[dim].index(name)
    except ValueError:
        allowed = ", ".join(map(str, COORDINATES[dim]))
        raise ValueError(f"unknown {dim} {name!r}; allowed: {allowed}") from None
