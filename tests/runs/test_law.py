"""`songhe law`: the policies' own rules worked for one person, and clear refusals."""

import numpy as np
import pytest
from songhe.model.funds import AGE_SUMS
from songhe.model.policies import resident_pension
from songhe.parameters.dims import AGES
from songhe.parameters.load import ParameterError, load
from songhe.runs.law import POLICIES, Line, law


def value(lines: list[Line], start: str) -> float | str:
    """Value of the one step whose text starts so."""
    (found,) = (line for line in lines if line.what.startswith(start))
    return found.value


@pytest.mark.parametrize(
    ("given", "months", "yuan"),
    [
        ({"born": "2023-12"}, "24", 7200.0),
        ({"born": "2024-05"}, "29", 8700.0),
        ({"born": "2025-06"}, "36", 10800.0),
        ({"born": "2021-12"}, "0", 0.0),
        ({"born": "2024-05", "died": "2026-02"}, "14", 4200.0),
        ({"born": "2025-03", "died": "2025-03"}, "0", 0.0),
    ],
)
def test_child_subsidy_of_one_child(given, months, yuan):
    lines = law("child_subsidy", given)
    assert value(lines, "months paid") == months
    assert value(lines, "total") == yuan


def test_child_subsidy_by_order_of_birth():
    later = load({"policies.child_subsidy.by_order": {"2027-01-01": [0, 1, 2]}})
    lines = [law("child_subsidy", {"born": "2025-12", "order": o}, later) for o in "123"]
    assert [value(one, "months paid") for one in lines] == ["12", "36", "36"]
    assert [value(one, "total") for one in lines] == [3600.0, 10800.0, 3600.0 + 2 * 7200.0]
    (last,) = (line for line in lines[2] if line.what.startswith("2028"))
    assert str(last.date) == "2027-01-01"


def test_each_year_names_its_law():
    doubled = load({"policies.child_subsidy.amount": {"2027-01-01": 7200}})
    lines = law("child_subsidy", {"born": "2025-12"}, doubled)
    assert [line.value for line in lines if "months 1" in line.what] == [3600.0, 7200.0, 7200.0]
    (last,) = (line for line in lines if line.what.startswith("2028"))
    assert str(last.date) == "2027-01-01"
    (first,) = (line for line in lines if line.what.startswith("2026"))
    assert first.source == load().sources["child_subsidy_plan_2025"].title
    assert "in force from 2025-01-01" in str(first)


@pytest.mark.parametrize(
    ("born", "month", "minimum", "source"),
    [
        ("1950-03", "2014-06", 55.0, "55 yuan before 1 July 2014"),
        ("1950-03", "2014-07", 70.0, "70 yuan from 1 July 2014"),
        ("1950-03", "2025-01", 143.0, "143 yuan from 1 January 2025"),
    ],
)
def test_minimum_pension_of_a_month(born, month, minimum, source):
    lines = law("resident_pension", {"born": born, "month": month})
    assert value(lines, f"minimum in {month}") == minimum, source
    assert value(lines, "years of contributions needed") == "0"


def test_parts_of_a_pension_add_up():
    lines = law("resident_pension", {"born": "1966-03", "account": "13900"})
    assert value(lines, "first month") == "2026-04"
    assert value(lines, "pension from the account") == 100.0
    parts = ("pension from the account", "minimum in", "mean local addition")
    total = sum(float(value(lines, part)) for part in parts)
    assert value(lines, "pension in 2026-04") == pytest.approx(total)


@pytest.mark.parametrize("born", ["1966-03", "1966-12"])
def test_the_account_is_that_of_the_simulated_member(born):
    """The loop lives the years of the same person; the law works them in one go."""
    year, month = map(int, born.split("-"))
    kinds = {"account": np.int32, "years": np.uint8, "share": np.int32, "draws": np.uint8}
    one = {name: np.zeros(1, kind) for name, kind in kinds.items()}

    def column(number, kind=np.uint8):
        return np.array([number], kind)

    for now in range(2012, 2028):
        r = resident_pension.rules_of(load(), now)
        r = r._replace(classes=np.ones_like(r.classes))  # everybody pays in the lowest class
        resident_pension.resident_pension(
            column(1, np.uint64), column(1), column(now - 1 - year, np.int8), column(month),
            column(2, np.float32), column(0), column(2), one["account"],
            one["years"], one["share"], one["draws"], r, np.uint32(1), np.uint32(2),
            np.zeros((resident_pension.SUMS, 31), np.int64),
            np.zeros((AGE_SUMS, len(AGES)), np.int64),
        )  # fmt: skip
    at = "2027-01"
    lines = law("resident_pension", {"born": born, "month": at})
    assert one["draws"][0] == resident_pension.AWARDED
    assert value(lines, "pension from the account") == one["share"][0] / 100


def test_nothing_below_the_years_that_are_needed():
    lines = law("resident_pension", {"born": "1966-12", "years": "10"})
    assert value(lines, "to be made up") > 0
    assert value(lines, "pension until then") == 0.0


# --- retirement and the employees' pension


@pytest.mark.parametrize(
    ("given", "age", "first", "years"),
    [
        ({"born": "1968-03", "sex": "female", "post": "cadre"}, "55 years", "2023-04", "15"),
        ({"born": "1970-06", "sex": "female", "post": "cadre"}, "55 years 2 months", "2025-09",
         "15"),
        ({"born": "1978-03", "sex": "male"}, "63 years", "2041-04", "20"),
        ({"born": "1980-03", "sex": "female"}, "52 years 8 months", "2032-12", "16.5"),
        ({"born": "1980-03", "sex": "female", "post": "flexible"}, "57 years 7 months", "2037-11",
         "19"),
        ({"born": "1980-03", "sex": "female", "post": "special"}, "45 years", "2025-04", "15"),
    ],
)  # fmt: skip
def test_retirement_of_one_person(given, age, first, years):
    lines = law("retirement", given)
    assert value(lines, "statutory age") == age
    assert value(lines, "first month of the pension") == first
    assert value(lines, "years of contributions needed") == years


@pytest.mark.parametrize(
    ("given", "first", "years"),
    [
        ({"born": "1960-03", "sex": "male"}, "2010-04", "10"),
        ({"born": "1975-03", "sex": "male"}, "2025-04", "15"),
        ({"born": "1970-03", "sex": "female", "post": "cadre"}, "2015-04", "10"),
        ({"born": "1987-12", "sex": "female"}, "2033-01", "17"),
    ],
)
def test_retirement_for_illness(given, first, years):
    lines = law("retirement", given)
    assert value(lines, "first month if all capacity") == first
    assert value(lines, "years of contributions that this takes") == years


@pytest.mark.parametrize("policy", ["retirement", "employee_pension"])
@pytest.mark.parametrize("post", ["cadre", "flexible"])
def test_a_post_that_decides_nothing_for_a_man_is_said_to_do_so(policy, post):
    given = {"born": "1970-06", "sex": "male"}
    given |= {"years": "20", "account": "60000"} if policy == "employee_pension" else {}
    lines = law(policy, given | {"post": post})
    assert value(lines, "post") == f"{post}, which makes no difference to the age of a man"
    assert lines[1:] == law(policy, given)
    woman = law(policy, given | {"sex": "female", "post": post})
    assert not [line for line in woman if line.what == "post"]


def test_one_month_is_not_months():
    assert str(Line("delay", "1", "months")) == "delay: 1 month"
    assert str(Line("delay", "2", "months")) == "delay: 2 months"
    lines = law("retirement", {"born": "1965-01", "sex": "male"})
    assert str(next(line for line in lines if line.what == "delay")).startswith("delay: 1 month  [")
    assert value(lines, "statutory age") == "60 years 1 month"


def test_sources_are_told_by_title_and_not_by_id():
    ids, titles = set(load().sources), {source.title for source in load().sources.values()}
    for policy, given in (
        ("retirement", {"born": "1975-03", "sex": "male"}),
        ("child_subsidy", {"born": "2025-06"}),
        ("employee_pension", EMPLOYEE),
        ("long_term_care_insurance", CARE),
    ):
        named = {part for line in law(policy, given) for part in line.source.split("; ")}
        assert named & titles, policy
        assert not named & ids, policy


def test_choice_of_time_from_2025_on():
    lines = law("retirement", {"born": "1966-06", "sex": "male"})
    assert value(lines, "first month if as early") == "2026-07"  # at 60: five months of delay
    assert value(lines, "first month if as late") == "2029-12"
    before = law("retirement", {"born": "1964-06", "sex": "male"})
    assert not [line for line in before if "as late" in line.what]


EMPLOYEE = {"born": "1953-06", "sex": "male", "years": "20", "account": "206000"}


def test_an_employees_pension_adds_up():
    lines = law("employee_pension", EMPLOYEE | {"deemed": "10"})
    assert value(lines, "base pension") == 1169.23  # 3,897.42 x 30 x 1 %
    assert value(lines, "transitional pension") == 467.69  # 3,897.42 x 10 x 1.2 %
    assert value(lines, "pension from the account") == 1482.01  # 206,000 / 139
    assert value(lines, "pension in 2013-07") == pytest.approx(1169.23 + 467.69 + 1482.01)


def test_public_staff_are_paid_by_old_and_new_formula():
    given = EMPLOYEE | {"born": "1957-06", "years": "1.5", "deemed": "34", "index": "1.2"}
    lines = law("employee_pension", given | {"final_pay": "5200"})
    assert value(lines, "standard of pay when service ends, over 2014") == "1.1236"
    assert value(lines, "share of pay for 35 years") == "90"
    assert value(lines, "pension by the old formula") == 5258.33  # 5,200 x 1.065 x 1.055 x 90 %
    new = value(lines, "pension by the new formula")
    assert new == value(law("employee_pension", given), "pension in 2017-07") > 5258.33
    assert value(lines, "of the lead of the new formula paid") == "30"
    paid = 5258.33 + 0.3 * (new - 5258.33)
    assert value(lines, "pension in 2017-07") == pytest.approx(paid, abs=0.005)
    beside = law("employee_pension", given | {"final_pay": "5200", "annuity": "400"})
    both = 5258.33 + 0.3 * (new + 400 - 5258.33)
    assert value(beside, "pension in 2017-07") == pytest.approx(both - 400, abs=0.005)
    before = law("employee_pension", EMPLOYEE | {"years": "0", "deemed": "40", "final_pay": "4000"})
    assert value(before, "pension in 2013-07") == 3600.0


def test_a_later_month_has_a_smaller_divisor():
    later = {"born": "1978-03", "sex": "male", "years": "25", "account": "206000"}
    at_63 = law("employee_pension", later)
    at_66 = law("employee_pension", later | {"month": "2044-04"})
    assert value(at_63, "months by which") == 117.0
    assert value(at_66, "months by which") == 93.0
    assert value(at_66, "pension in") > value(at_63, "pension in")


def test_no_employees_pension_below_the_years_needed():
    lines = law("employee_pension", EMPLOYEE | {"years": "12.5"})
    assert value(lines, "months that are missing") == "30"
    assert value(lines, "pension until") == 0.0


CARE = {"grade": "4", "setting": "home_care", "since": "2025-10"}


@pytest.mark.parametrize(
    ("changed", "paid"),
    [({"month": "2026-04"}, True), ({"month": "2026-03"}, False), ({"grade": "2"}, False),
     ({"month": "2016-06"}, False)],
)  # fmt: skip
def test_care_is_paid_after_the_waiting_time_to_severe_grades(changed, paid):
    lines = law("long_term_care_insurance", CARE | {"month": "2026-04"} | changed)
    assert (value(lines, "paid by the fund") > 0) == paid


def test_premium_depends_on_the_scheme():
    member = law("long_term_care_insurance", CARE | {"scheme": "employee", "age": "40"})
    resident = law("long_term_care_insurance", CARE)
    assert value(member, "premium as employee, paid by employers") > 0
    assert value(resident, "premium as urban_resident, paid by local_government") > 0


MOTHER = {"born": "2024-05", "province": "Henan", "wage": "9000"}


def test_leave_of_an_insured_mother():
    lines = law("maternity_leave", MOTHER)
    assert value(lines, "national leave") == "98"
    assert value(lines, "leave in all") == "190"
    paid = [float(value(lines, part)) for part in ("maternity allowance", "paid by the employer")]
    assert sum(paid) == 57_000  # 190 days at 9,000 yuan for 30
    alone = law("maternity_leave", MOTHER | {"insured": "no"})
    assert value(alone, "maternity allowance") == 0.0
    assert value(alone, "paid by the employer") == 57_000
    assert value(law("maternity_leave", MOTHER | {"children": "2"}), "leave in all") == "205"


def test_a_second_child_of_a_province_with_a_scheme():
    """The amounts of Hohhot in 2025, as if they were the province's: 50,000 yuan in five years."""
    key, child = "policies.local_child_subsidy.", {"born": "2026-05", "province": "Inner Mongolia"}
    p = load({key + "birth_grant": {"2025-03-01": {"Inner Mongolia": [10_000, 0, 0]}},
              key + "yearly_amount": {"2025-03-01": {"Inner Mongolia": [0, 10_000, 10_000]}},
              key + "until_age": {"value": {"Inner Mongolia": [3, 5, 10]}}})  # fmt: skip
    totals = [value(law("local_child_subsidy", child | {"order": o}, p), "total") for o in "123"]
    assert totals == pytest.approx([10_000, 50_000, 100_000], abs=0.5)
    assert value(law("local_child_subsidy", child | {"order": "2"}), "total") == 0.0


def test_spending_on_a_child_and_the_subsidy_for_every_head():
    lines = law("child_cost", {"age": "7", "residence": "rural", "year": "2022"})
    assert value(lines, "spending to 18") == 364_868.0
    ages = [law("child_cost", {"age": str(a), "residence": "rural", "year": "2022"})
            for a in range(18)]  # fmt: skip
    assert sum(value(one, "spending at") for one in ages) == pytest.approx(364_868)
    head = law("public_health", {"year": "2024"})
    assert value(head, "subsidy for each person") == 94.0
    assert value(head, "visits in the package at 0") == "5"


def test_tax_saved_by_one_child():
    lines = law("tax_deduction", {"born": "2024-05", "earnings": "200000"})
    assert value(lines, "deduction for the child in 2025") == 24_000.0
    taxable = 200_000 * 0.86 - 60_000 - 12_000
    assert value(lines, "taxable before") == pytest.approx(taxable)
    assert value(lines, "tax saved") == pytest.approx(2_400.0)  # in the bracket of 10 %
    poor = law("tax_deduction", {"born": "2024-05", "earnings": "60000"})
    assert value(poor, "tax saved") == 0.0
    grown = law("tax_deduction", {"born": "2003-05", "earnings": "200000"})
    assert value(grown, "deduction for the child in 2025, if in education") == 24_000.0


def test_preschool_of_one_child_term_by_term():
    """Public 500 and private 800 yuan a month in 2025, 0.9 of it in Henan: 450 and 720."""
    given = {"born": "2020-05", "province": "Henan"}
    public, private = law("preschool", given), law("preschool", given | {"ownership": "private"})
    term = "2025, term from month 9, big grade"
    assert value(public, f"{term}, fee of 4 months") == value(public, f"{term}, waived") == 1800
    assert value(private, f"{term}, fee of 4 months") == 2880
    assert value(private, f"{term}, waived") == 1800
    assert value(public, "2025, term from month 3, middle grade, waived") == 0
    total, central = (value(public, what) for what in ("waived in all", "paid by the central"))
    assert central == pytest.approx(0.6 * total, abs=0.01)
    none = law("preschool", {"born": "2018-05", "province": "Henan"})
    assert value(none, "waived in all") == 0


@pytest.mark.parametrize(("born", "warned"), [("2019-08", False), ("2019-09", True)])
def test_preschool_says_that_the_year_of_birth_counts(born, warned):
    first = law("preschool", {"born": born, "province": "Henan"})[0]
    assert (first.what, first.value) == ("goes to school", "2025-09")
    assert ("born after August" in first.source) == warned


def test_childcare_of_one_child():
    given = {"born": "2025-06", "month": "2026-03"}
    lines = law("childcare", given)
    assert value(lines, "group in 2026-03") == "under_12_months"
    assert value(lines, "children for each carer") == "3"
    assert value(lines, "can pay the public fee") == "yes"
    at_home = law("childcare", given | {"grandparents": "at_home"})
    wants = [float(value(x, "chance to want a place")) for x in (lines, at_home)]
    assert wants[0] > wants[1]
    poor = law("childcare", given | {"income": "20000"})
    assert value(poor, "can pay the public fee") == "no"
    assert value(law("childcare", given | {"month": "2030-03"}), "in nursery age") == "no"


@pytest.mark.parametrize("policy", POLICIES)
def test_every_step_can_be_read(policy):
    given = {
        "child_subsidy": {"born": "2025-06"}, "resident_pension": {"born": "1970-06"},
        "retirement": {"born": "1970-06", "sex": "male"}, "employee_pension": EMPLOYEE,
        "child_cost": {"age": "7", "residence": "urban"}, "public_health": {},
        "maternity_leave": MOTHER,
        "local_child_subsidy": {"born": "2026-05", "province": "Inner Mongolia"},
        "tax_deduction": {"born": "2024-05", "earnings": "200000"},
        "childcare": {"born": "2025-06"},
        "preschool": {"born": "2021-06", "province": "Henan"},
        "supplementary_pensions": {"pillar": "personal_pension", "earnings": "200000"},
    }  # fmt: skip
    for line in law(policy, given.get(policy, CARE)):
        assert line.what in str(line)
        assert str(line.value) in str(line) or isinstance(line.value, float)


@pytest.mark.parametrize(
    ("policy", "given", "words"),
    [
        ("tax_deduction", {"born": "2024-05", "earnings": "1", "year": "2018"}, "2019 to 2110"),
        ("tax_deduction", {"born": "2024-05", "earnings": "1", "year": "2020"}, "2024 or later"),
        ("maternity_leave", MOTHER | {"province": "Hohhot"}, "Beijing or Tianjin"),
        ("maternity_leave", MOTHER | {"born": "2010-12"}, "from 2011-01"),
        ("childcare", {"born": "2025-06", "income": "0"}, "above 0"),
        ("childcare", {"born": "2025-06", "work": "maybe"}, "yes or no"),
        ("preschool", {"born": "2020-06", "province": "Henan", "ownership": "mine"}, "public or"),
        ("preschool", {"born": "2009-06", "province": "Henan"}, "from 2010-01"),
        ("child_subsidies", {}, "nearest: child_subsidy, local_child_subsidy"),
        ("child_subsidy", {"born": "2025-06", "wage": "1"}, "one of born, died, order"),
        ("child_subsidy", {}, "a month, YYYY-MM"),
        ("child_subsidy", {"born": "2025-13"}, "a month, YYYY-MM"),
        ("child_subsidy", {"born": ""}, "born: 'missing'; allowed: a month"),
        ("child_cost", {"age": "7", "residence": "urban", "year": ""}, "a year from 2011"),
        ("child_subsidy", {"born": "2025-06", "died": "2025-05"}, "2025-06 or later"),
        ("resident_pension", {"born": "1966-03", "amount": "150"}, "one of 100, 200"),
        ("resident_pension", {"born": "1966-03", "month": "2026-03"}, "2026-04 or later"),
        ("resident_pension", {"born": "1966-03", "years": "-1"}, "whole years, 0 to 60"),
        ("resident_pension", {"born": "1966-03", "account": "1e5"}, "at most two decimals"),
        ("retirement", {"born": "1970-06", "sex": "male", "post": "clerk"}, "worker or cadre"),
        ("retirement", {"born": "1970-06"}, "male or female"),
        ("employee_pension", EMPLOYEE | {"years": "61"}, "years paid, 0 to 60"),
        ("employee_pension", EMPLOYEE | {"index": "7"}, "0 to 6.5"),
        ("employee_pension", EMPLOYEE | {"month": "2014-01"}, "2013-07 to 2013-07"),
        ("employee_pension", EMPLOYEE | {"born": "1945-06"}, "in 2011 to 2120"),
        ("long_term_care_insurance", CARE | {"grade": "6"}, "a care grade, 0 to 5"),
        ("long_term_care_insurance", CARE | {"setting": "spa"}, "family or home_care"),
        ("long_term_care_insurance", CARE | {"month": "2015-12"}, "when the first pilots began"),
    ],
)
def test_a_wrong_value_says_what_is_allowed(policy, given, words):
    with pytest.raises(ParameterError, match=words):
        law(policy, given)


def test_every_fault_is_told_at_once():
    with pytest.raises(ParameterError) as fault:
        law("long_term_care_insurance", {"grade": "9", "setting": "spa", "colour": "red"})
    keys = {problem.key.split(".")[-1] for problem in fault.value.problems}
    assert keys == {"grade", "setting", "colour", "since"}
