"""Rules of function in daily life and of death, for one person and one year.

Decides the yearly intensities between the four states of function and the hazard of
death, for everyone, from the entries of `parameters/health`. A person of completed age
`a` at the opening of the year is at exact age a + 1 on average while she lives it.
Leaves out dementia, stroke and every cause of death.

Source: the intensities were fitted to the fifth survey of older people and to published
onset of disability; hazard ratios are those of Chinese cohorts of older people.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents.compiled import rule
from ..parameters.dims import EDUCATION
from ..parameters.load import Parameters

N_STATES = 4
NONE, MILD, MODERATE, SEVERE = range(N_STATES)
PRIMARY = EDUCATION.index("primary")


class Function(NamedTuple):
    """Log intensities at the centre age, slopes by age, and shifts of the year."""

    none_mild: float
    none_severe: float
    mild_moderate: float
    moderate_severe: float
    mild_none: float
    moderate_mild: float
    severe_moderate: float
    onset_slope: float
    mild_moderate_slope: float
    moderate_severe_slope: float
    recovery_slope: float
    female_onset: float
    educated_onset: float
    urban_recovery: float
    onset_age: float
    held_below: float
    centre_age: float


class Ratios(NamedTuple):
    """Hazard ratios of death: by state at 65, and in the log by education and residence."""

    adl: NDArray[np.float64]
    decay: float
    held_below: float
    centre_age: float
    education: NDArray[np.float64]
    education_age: float
    fades_from: float
    fades_until: float
    oldest_share: float
    urban: float


@rule
def intensities(age: int, female: int, educated: int, urban: int, f: Function) -> Any:
    """Seven yearly intensities of one person, all zero before the age of onset.

    none-mild, none-severe, mild-moderate, moderate-severe (worse), then mild-none,
    moderate-mild, severe-moderate (better). age : completed, at the opening of the year;
    educated : 1 above primary school.
    """
    if age < f.onset_age:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    g = max(age + 1.0, f.held_below) - f.centre_age
    onset = f.onset_slope * g + f.female_onset * female + f.educated_onset * educated
    recovery = f.recovery_slope * g + f.urban_recovery * urban
    return (
        math.exp(f.none_mild + onset),
        math.exp(f.none_severe + onset),
        math.exp(f.mild_moderate + f.mild_moderate_slope * g),
        math.exp(f.moderate_severe + f.moderate_severe_slope * g),
        math.exp(f.mild_none + recovery),
        math.exp(f.moderate_mild + recovery),
        math.exp(f.severe_moderate + recovery),
    )


@rule
def function_ratio(age: int, adl: int, d: Ratios) -> float:
    """Hazard ratio of death of one state of function against none; it shrinks with age."""
    since = max(age + 1.0, d.held_below) - d.centre_age
    return float(1.0 + (d.adl[adl] - 1.0) * math.exp(-d.decay * since))


@rule
def background_ratio(age: int, education: int, urban: int, d: Ratios) -> float:
    """Hazard ratio of education (against college) and residence (against rural)."""
    if age < d.education_age:
        return math.exp(d.urban * urban)
    faded = (age + 1.0 - d.fades_from) / (d.fades_until - d.fades_from)
    share = 1.0 - (1.0 - d.oldest_share) * min(max(faded, 0.0), 1.0)
    return math.exp(d.education[education] * share + d.urban * urban)


@rule
def death_hazards(age: int, education: int, urban: int, hazard: float, d: Ratios) -> Any:
    """Hazards of death of the four states of one kind of person, per year.

    hazard : of a rural person with college and without limitation
    """
    here = hazard * background_ratio(age, education, urban, d)
    return (
        here * function_ratio(age, NONE, d),
        here * function_ratio(age, MILD, d),
        here * function_ratio(age, MODERATE, d),
        here * function_ratio(age, SEVERE, d),
    )


def trend_shift(p: Parameters, year: int) -> float:
    """Log shift of onset (recovery and excess mortality move by minus it) in a year.

    The wanted yearly change of prevalence, less the drift that falling mortality brings,
    over the response of prevalence to the shift; it counts from the base year.
    """
    wanted = p.value("health.adl.trend") - p.value("health.adl.trend_drift")
    years = year - p.value("health.adl.trend_from")
    return float(wanted / p.value("health.adl.trend_response") * years)


def function_of(p: Parameters, year: int, active: bool = True) -> Function:
    """Intensity constants of a year; with `active` false nobody ever loses function."""
    v = {name: float(p.value(f"health.adl.{name}")) for name in Function._fields}
    shift = trend_shift(p, year)
    onset = math.log(p.value("health.adl.onset_level")) + shift
    worse = math.log(p.value("health.adl.progression_level"))
    better = math.log(p.value("health.adl.recovery_level")) - shift
    for name, change in (
        ("none_mild", onset),
        ("none_severe", onset),
        ("mild_moderate", worse),
        ("moderate_severe", worse),
        ("mild_none", better),
        ("moderate_mild", better),
        ("severe_moderate", better),
    ):
        v[name] += change
    return Function(**v)._replace(**({} if active else {"onset_age": math.inf}))


def ratios_of(p: Parameters, year: int, active: bool = True) -> Ratios:
    """Hazard-ratio constants of a year; with `active` false every ratio is one."""

    def v(name: str) -> float:
        return float(p.value(f"health.mortality_differentials.{name}"))

    on = 1.0 if active else 0.0
    primary, lower, upper = (math.log(v(f"hr_{level}")) for level in ("primary", "lower", "upper"))
    excess = np.array([0.0, v("hr_mild") - 1, v("hr_moderate") - 1, v("hr_severe") - 1])
    return Ratios(
        adl=1.0 + on * excess * math.exp(-trend_shift(p, year)),
        decay=v("hr_decay"),
        held_below=v("hr_held_below"),
        centre_age=v("hr_centre_age"),
        education=on * np.array([primary, primary, lower, upper, 0.0, 0.0]),
        education_age=v("education_age"),
        fades_from=v("education_fades_from"),
        fades_until=v("education_fades_until"),
        oldest_share=math.log(v("hr_primary_oldest")) / primary if primary else 1.0,
        urban=on * math.log(v("hr_urban")),
    )
