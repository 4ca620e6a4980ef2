"""What an entry, a prior and a source must state; every fault of a file at once.

The units are a closed list: to use another, add it to its tuple below. Values themselves
(shape, range, coordinates) are checked in `tables.py`, since they need the dimensions.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from .dims import COORDINATES, FREE_DIMENSIONS
from .problems import Problem, one_of

PEOPLE = (
    "persons", "thousand persons", "million persons", "households", "persons per household",
    "count", "agents", "couples", "thousand couples per year", "persons per year",
    "thousand persons per year", "million persons per year", "per thousand persons",
    "per thousand persons per year", "per million persons", "beds", "places", "persons per bed",
    "beds per thousand persons", "places per thousand persons", "children per carer",
    "yuan per place", "yuan per place per year",
)  # fmt: skip
RATES = (
    "events per person-year", "births per woman-year", "children per woman",
    "males per female birth", "per year", "per month", "probability", "probability per year",
    "share", "share per year", "share of births", "share of contribution base", "share of wage",
    "share of income", "share of cost", "factor", "ratio", "percent", "none",
)  # fmt: skip
EFFECTS = (
    "log hazard", "log odds", "hazard ratio", "odds ratio", "log hazard per year",
    "log odds per year", "hazard ratio per year", "log hazard per unit", "log hazard per month",
    "log rate",
)  # fmt: skip
TIME = (
    "years", "months", "weeks", "days", "days per year", "days per month", "hours",
    "hours per day", "hours per week", "hours per month", "hours per year", "visits per week",
    "visits per month", "visits per year", "year", "age", "month",
)  # fmt: skip
MONEY = (
    "yuan", "yuan per year", "yuan per month", "yuan per day", "yuan per hour", "yuan per visit",
    "yuan per bed per month", "yuan per person per year", "yuan per month per year",
    "thousand yuan", "million yuan", "billion yuan", "billion yuan per year", "trillion yuan",
    "price index", "index",
)  # fmt: skip
KINDS = ("grade", "code", "flag")
UNITS = frozenset((*PEOPLE, *RATES, *EFFECTS, *TIME, *MONEY, *KINDS))
Evidence = Literal["read", "recalled", "computed", "assumed"]
NAME = re.compile(r"[a-z][a-z0-9_]*")
PLAIN_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]*(\.[A-Za-z0-9_\-]+)*\.csv")


def iso_date(value: object) -> object:
    """A date, or its ISO text; nothing else (a bare number would pass for a time stamp)."""
    if type(value) is date:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return date.fromisoformat(value)
    raise ValueError("a date, YYYY-MM-DD")


def known_unit(value: object) -> object:
    if value not in UNITS:
        raise ValueError(one_of(sorted(UNITS), value))
    return value


def known_dim(value: object) -> object:
    if value not in COORDINATES and value not in FREE_DIMENSIONS:
        raise ValueError(one_of(sorted({*COORDINATES, *FREE_DIMENSIONS}), value))
    return value


def plain_file(value: object) -> object:
    if not isinstance(value, str) or not PLAIN_FILE.fullmatch(value):
        raise ValueError("a plain file name ending in .csv, beside the YAML file")
    return value


def plain_number(value: object) -> object:
    """Numbers only: pydantic would also take text and truth values."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number")
    return value


IsoDate = Annotated[date, BeforeValidator(iso_date)]
Unit = Annotated[str, BeforeValidator(known_unit)]
Dim = Annotated[str, BeforeValidator(known_dim)]
PlainFile = Annotated[str, BeforeValidator(plain_file)]
Number = Annotated[float, BeforeValidator(plain_number), Field(allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]
Sources = Text | tuple[Text, ...]


class Strict(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where a number comes from."""

    title: Text
    publisher: Text
    year: int | Text
    licence: Text
    retrieved: IsoDate | None = None
    checksum: str | None = None
    note: str | None = None


class Fixed(Strict):
    """A value without uncertainty, and why."""

    fixed: Annotated[str, Field(min_length=5)]


class Spread(Strict):
    """How a value varies between draws; the value itself is the median.

    `low` and `high` are the 90 % interval (the whole range of a uniform), on the value or,
    with `on: factor`, on a multiplier with median 1. With `each`, every coordinate of that
    dimension has luck of its own; otherwise all cells of an entry move together.
    """

    family: Literal["lognormal", "normal", "uniform", "beta", "logitnormal", "band"]
    on: Literal["value", "factor"] = "value"
    sd: Annotated[Number, Field(gt=0)] | None = None
    low: Number | None = None
    high: Number | None = None
    level: Annotated[Number, Field(gt=0, lt=1)] | None = None
    zero: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    same_as: Text | None = None
    each: Dim | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.each and (self.same_as or self.family == "band"):
            raise ValueError("each stands without same_as, and not with family band")
        interval = self.low is not None and self.high is not None
        if (self.low is None) != (self.high is None):
            raise ValueError("both low and high, or neither")
        if self.family == "band":
            given = self.sd is not None or interval or self.on == "factor"
            if given or self.level is None:
                raise ValueError("family band takes level (and the table's low and high columns)")
            return self
        if self.level is not None:
            raise ValueError("level belongs to family band only")
        if self.family in ("uniform", "beta") and (not interval or self.sd is not None):
            raise ValueError(f"family {self.family} takes low and high")
        if (self.sd is not None) == interval:
            raise ValueError(f"family {self.family} takes either sd or low and high")
        return self._ordered()

    def _ordered(self) -> Self:
        if self.on == "factor" and self.family in ("beta", "logitnormal"):
            raise ValueError(f"family {self.family} stands on: value")
        if self.low is None or self.high is None:
            return self
        if not self.low < self.high:
            raise ValueError("low below high")
        if self.family == "lognormal" and self.low <= 0:
            raise ValueError("a lognormal low above 0")
        if self.family in ("beta", "logitnormal") and not (self.low > 0 and self.high < 1):
            raise ValueError("low and high between 0 and 1")
        if self.on == "factor" and not self.low <= 1 <= self.high:
            raise ValueError("an interval of the factor that holds 1, its median")
        return self


def _kind_of_prior(value: object) -> str:
    is_fixed = isinstance(value, Fixed) or (isinstance(value, Mapping) and "fixed" in value)
    return "fixed" if is_fixed else "spread"


Prior = Fixed | Spread


class DatedValue(Strict):
    """The value in force from a date on, and its source."""

    value: Any
    source: Sources | None = None
    evidence: Evidence | None = None
    note: str | None = None


def _prior(value: object) -> object:
    """Choose the kind of prior first, so that errors speak of one kind only."""
    if isinstance(value, Fixed | Spread):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("{fixed: why} or {family: ...}")
    return (Fixed if _kind_of_prior(value) == "fixed" else Spread).model_validate(dict(value))


AnyPrior = Annotated[Prior, BeforeValidator(_prior)]
AnyPriorModel: TypeAdapter[Prior] = TypeAdapter(AnyPrior)


class Offered(Strict):
    """The assumed value of a lever that ships neutral, for users who switch it on."""

    value: Number
    prior: AnyPrior


class Entry(Strict):
    """One parameter: what it is, where it comes from, how sure we are."""

    title: Text
    zh: Text
    unit: Unit
    dims: tuple[Dim, ...] = ()
    valid: tuple[Number, Number]
    evidence: Evidence
    prior: AnyPrior
    note: str | None = None
    source: Sources | None = None
    value: Any = None
    values: dict[IsoDate, DatedValue] | None = None
    data: PlainFile | None = None
    coords: dict[Dim, tuple[int, ...]] | None = None
    beyond: Literal["hold", "stop", "record"] | None = None
    lookahead: Annotated[int, Field(ge=0, le=120)] = 0
    offered: Offered | None = None
    couples: bool = False  # other than zero, it makes the replicates of a draw live coupled

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = [text for text in self._faults() if text]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> tuple[str | None, ...]:
        forms = sum(part is not None for part in (self.value, self.values, self.data))
        assumed = self.evidence == "assumed" or any(
            item.evidence == "assumed" for item in (self.values or {}).values()
        )
        return (
            None if forms == 1 else "exactly one of value, values and data",
            None if self.valid[0] < self.valid[1] else "valid: [lowest, highest]",
            None if len(set(self.dims)) == len(self.dims) else "dims without repetition",
            "a note, since something is assumed" if assumed and not self.note else None,
            self._source_fault(),
            "at least one date in values" if self.values == {} else None,
            "beyond: hold, stop or record, since the table has a year"
            if "year" in self.dims and self.beyond is None
            else None,
            f"prior.each: one of the dims {', '.join(self.dims) or '(none)'}"
            if isinstance(self.prior, Spread) and self.prior.each not in (None, *self.dims)
            else None,
            "family band needs a data table"
            if isinstance(self.prior, Spread) and self.prior.family == "band" and not self.data
            else None,
        )

    def _source_fault(self) -> str | None:
        if self.values is not None:
            if self.source is not None:
                return "source with each dated value, not beside values"
            sourced = (
                item.source or (item.evidence or self.evidence) == "assumed"
                for item in self.values.values()
            )
            return None if all(sourced) else "a source for every dated value"
        if self.source is None and self.evidence != "assumed":
            return "a source (only an assumed value may do without)"
        return None

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of every source named, in order."""
        named = [self.source, *(item.source for item in (self.values or {}).values())]
        flat: list[str] = []
        for item in named:
            flat.extend((item,) if isinstance(item, str) else item or ())
        return tuple(dict.fromkeys(flat))


def problems_of(fault: ValidationError, file: str, key: str) -> list[Problem]:
    """A pydantic error as problems of ours."""
    found = []
    for item in fault.errors(include_url=False):
        place = ".".join(str(part) for part in (key, *item["loc"]) if part not in ("", "[key]"))
        value = item["input"]
        if item["type"] == "extra_forbidden":
            allowed = "no such field here"
        elif item["type"] == "missing":
            value, allowed = "missing", "a value: the field is required"
        else:
            allowed = item["msg"].removeprefix("Value error, ")
        if isinstance(value, Mapping | BaseModel):
            value = "this entry"
        found.append(Problem(file, place, value, allowed))
    return found
