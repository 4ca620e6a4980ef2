"""Deductions for children from taxed income: who gains, and what the budget forgoes.

Decides for each child under three, and each child of three and over until it leaves school,
the months of a year for which a parent may deduct; the parent is the one who earns more. The
gain is the income tax without less that with the deductions, zero for who pays none. Sources:
State Council 2018 no. 41, 2022 no. 8, the notice of August 2023, and the income tax law of 2018
(`parameters/policies/tax_deduction.yaml`). Leaves out couples who halve a deduction, income
other than that of employees, and study after the model's schools. The tax itself is not part
of the model: what is forgone is counted, and no fund pays it.
"""

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ...agents import luck
from ...agents.columns import Column
from ...agents.compiled import kernel, rule
from ...agents.frame import listed
from ...parameters.dims import EDUCATION, PROVINCES, RESIDENCES, SEXES, WORK
from ...parameters.load import Parameters
from ..funds import MONTHS, fen
from ..numbers import Numbers, remembered
from ..prices import wage
from ..promise import Promise, known_by_month, month_values
from ..step import Step
from ..tax_rules import FEN, PERCENT, brackets_of, tax_saved, taxable_income
from ..work_rules import EMPLOYMENT, RELATIVE, prevalence_of, tables_of

if TYPE_CHECKING:
    from ..model import SongheModel

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

COLUMNS: tuple[Column, ...] = ()
POLICY = "policies.tax_deduction."
ENTERPRISE, PUBLIC = WORK.index("enterprise"), WORK.index("public")
MALE = SEXES.index("male")
TAXPAYER = 2  # lane of the lasting call
SCHOOL_AGE = 6  # below it a child of three and over counts as in education
OLDEST = 30
PARENTS_AGE = 32  # at which expected earnings are read
EARNERS = 200  # equally likely earnings that stand for their spread


class Rules(NamedTuple):
    """The law of one year; money in fen.

    infant, education : a month
    bracket_from : a year, int64[bracket]; rate : percent, int64[bracket]
    free : a year, with the other deductions of an employee
    contributions : share of earnings
    """

    infant: int
    education: int
    education_age: int
    bracket_from: Counts
    rate: Counts
    free: int
    contributions: float


@rule
def deduction_of(age: int, birth_month: int, enrolled: bool, r: Rules) -> int:
    """Fen of the year that may be deducted for a child. age : completed at the opening, or -1

    For care from the month of birth to that before the birthday, then for education.
    """
    turning = r.education_age - 1
    if age < 0:
        return r.infant * (MONTHS + 1 - birth_month)
    if age < turning:
        return r.infant * MONTHS
    if age == turning:
        return r.infant * (birth_month - 1) + r.education * (MONTHS + 1 - birth_month)
    return r.education * MONTHS if age < SCHOOL_AGE or enrolled else 0


@rule
def deducts(mother: int, father: int, work: Any, earnings: Any) -> int:
    """Row of the parent who deducts: the employee who earns more; -1 if neither is one."""
    best, most = -1, -1
    for row in (mother, father):
        if row >= 0 and work[row] in (ENTERPRISE, PUBLIC) and earnings[row] > most:
            best, most = row, earnings[row]
    return best


@kernel
def collect(
    children: Any, age: Any, birth_month: Any, enrolled: Any, mother: Any, father: Any, work: Any,
    earnings: Any, r: Rules, rows: Any, due: Any,
) -> int:  # fmt: skip
    """List the parents who deduct, each once, and add up their fen; returns how many there are.

    children : rows; rows : int32[children], out; due : int32[people], zero before
    """
    n = 0
    for i in children:
        row = deducts(mother[i], father[i], work, earnings)
        if row < 0 or earnings[row] * FEN <= r.free:
            continue
        fen_of_child = deduction_of(age[i], birth_month[i], enrolled[i] == 1, r)
        if fen_of_child > 0:
            rows[n] = row
            n += due[row] == 0
            due[row] += fen_of_child
    return n


@kernel
def forgo(
    rows: Any, due: Any, u: Any, earnings: Any, province: Any, take_up: float, r: Rules, money: Any,
    payers: Any,
) -> None:  # fmt: skip
    """Add tax forgone in fen, and parents who gain, by province.

    rows, u : of each parent; due : by row of all people
    """
    for k in range(rows.size):
        if u[k] >= take_up:
            continue
        i = rows[k]
        taxable = taxable_income(earnings[i], r)
        saved = tax_saved(taxable, due[i], r.bracket_from, r.rate)
        money[province[i]] += saved
        payers[province[i]] += saved > 0


@lru_cache(maxsize=64)
def _rules(numbers: Numbers, year: int) -> Rules:
    p, day = numbers.p, date(year, 12, 31)  # what is raised in a year holds for all of it
    bounds, rate = brackets_of(p)

    def at(name: str) -> int:
        return fen(float(np.asarray(p.at(POLICY + name, day))))

    return Rules(
        infant=at("infant_care"),
        education=at("child_education"),
        education_age=int(p.value(POLICY + "education_age")),
        bracket_from=bounds,
        rate=rate,
        free=at("free") + MONTHS * fen(p.value(POLICY + "other_deductions")),
        contributions=p.value(POLICY + "contributions"),
    )


def rules_of(p: Parameters, year: int) -> Rules:
    """The law of a year."""
    return _rules(Numbers(p), year)


def first_year(p: Parameters) -> int:
    """First year of the deductions."""
    return min(p.dates(POLICY + name)[0].year for name in ("infant_care", "child_education"))


def apply(model: "SongheModel") -> None:
    """Tax forgone in the year; nothing before the first deduction."""
    p, people = model.parameters, model.people
    if model.year < first_year(p):
        return
    r = rules_of(p, model.year)
    age, due = people["age"], np.zeros(people.n, np.int32)
    learns = (age < SCHOOL_AGE).view(np.uint8) | people["enrolled"]
    children = listed((age <= OLDEST).view(np.uint8) & people["alive"] & learns)
    parents = np.empty(len(children) + 1, np.int32)
    columns = (people[name] for name in CHILD_READS[1:])
    parents = parents[: collect(children, *columns, r, parents, due)]
    ids, call = people["id"][parents], luck.Call.FAMILY_POLICY
    u = luck.uniforms(ids, call, luck.LASTING, model.key)[TAXPAYER]
    money, payers = np.zeros(len(PROVINCES), np.int64), np.zeros(len(PROVINCES), np.int64)
    place = people["earnings"], people["province"]
    forgo(parents, due, u, *place, p.value(POLICY + "take_up"), r, money, payers)
    model.tally.add("tax_forgone", money)
    model.tally.add("tax_deduction_parents", payers)


CHILD_READS = (
    "alive", "age", "birth_month", "enrolled", "mother", "father", "work", "earnings",
)  # fmt: skip
STEP = Step("tax_deduction", reads=("id", "province", *CHILD_READS), apply=apply)


# --- what a next child is promised ----------------------------------------------------------


@lru_cache(maxsize=64)
def _earners(numbers: Numbers) -> tuple[Floats, Floats]:
    """Relative earnings of employed men of an age to be fathers, and the shares of men.

    float64[work, education, earner] and float64[work, residence, education]
    """
    p = numbers.p
    t, kinds = tables_of(p), [ENTERPRISE, PUBLIC]
    sd = np.sqrt(t.lasting_sd**2 + t.stationary_sd**2 + t.transitory_sd**2)
    z = ndtri((np.arange(EARNERS) + 0.5) / EARNERS)
    level = t.level[kinds][:, MALE, :, PARENTS_AGE]
    share = prevalence_of(p, p.array(EMPLOYMENT + "level"))[:, :, MALE, PARENTS_AGE][..., kinds]
    return np.exp(level[..., None] + sd * z) * RELATIVE, np.moveaxis(share, -1, 0)


@remembered
def _saving(numbers: Numbers, year: int, level: float, deduction: int) -> Floats:
    """Tax that a yearly deduction saves a couple, yuan, float64[residence, education].

    level : relative earnings that the mean wage stands for; deduction : fen a year
    """
    p, r = numbers.p, rules_of(numbers.p, year)
    relative, share = _earners(numbers)
    earnings = relative * (wage(p, year) / level)
    gross = earnings * FEN
    taxable = np.maximum(gross * (1.0 - r.contributions) - r.free, 0.0)
    saved = _tax(taxable, r) - _tax(np.maximum(taxable - deduction, 0.0), r)
    by_kind = saved.mean(axis=-1)  # [work, education]
    return np.asarray((share * by_kind[:, None]).sum(axis=0) / FEN)


def _tax(taxable: Floats, r: Rules) -> Floats:
    """The tax of many incomes, in fen and not rounded; as `income_tax`."""
    upper = np.append(r.bracket_from[1:], np.iinfo(np.int64).max)
    inside = np.minimum(taxable[..., None], upper) - r.bracket_from
    return np.asarray((np.maximum(inside, 0.0) * r.rate).sum(axis=-1) / PERCENT)


@remembered
def _benefit(numbers: Numbers, year: int, level: float) -> Floats:
    p = numbers.p
    turns, until = (int(MONTHS * p.value(POLICY + n)) for n in ("education_age", "expected_until"))
    care = known_by_month(p, POLICY + "infant_care", year, until)
    school = known_by_month(p, POLICY + "child_education", year, until)
    monthly = np.where(np.arange(until) < turns, care, school)
    values = month_values(p, year, until)
    total = np.zeros((len(RESIDENCES), len(EDUCATION)))
    for amount in np.unique(monthly[monthly > 0]):
        months = values[monthly == amount].sum() / MONTHS
        total += months * _saving(numbers, year, level, MONTHS * fen(float(amount)))
    return total * p.value(POLICY + "take_up")


def benefit(p: Parameters, year: int, level: float) -> Floats:
    """Present value of the tax that a child saves, yuan, float64[residence, education].

    By the earnings of men of the woman's education in the year, which are expected to stay.
    level : relative earnings that the mean wage stands for, `earnings_level` of `work.py`
    """
    return _benefit(Numbers(p), year, level)


def promise(model: "SongheModel") -> Promise:
    """Tax saved, by residence and education; counts as cash."""
    if model.year < first_year(model.parameters):
        return Promise()
    known_level = model.constants.of_last_year("earnings_level")
    level = RELATIVE if known_level is None else float(known_level)
    return Promise(cash=benefit(model.parameters, model.year, level)[None, None])
