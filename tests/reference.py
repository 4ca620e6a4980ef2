"""One person's year of function, death and birth in plain Python: slow, obvious, apart.

Written from the definitions, not from the model's rules. Numbers are read from the
parameters by name; exponentials are those of a library.
"""

import math

import numpy as np
from scipy.linalg import expm

ADL = "health.adl."
RATIO = "health.mortality_differentials."
FERTILITY = "demography.fertility."
DEAD = 4


def trend(p, year):
    """Log shift of onset in a year."""
    wanted = p.value(ADL + "trend") - p.value(ADL + "trend_drift")
    return wanted / p.value(ADL + "trend_response") * (year - p.value(ADL + "trend_from"))


def intensities(p, year, person):
    """Yearly intensities between states, a dictionary of (from, to)."""
    if person["age"] < p.value(ADL + "onset_age"):
        return {}
    g = max(person["age"] + 1, p.value(ADL + "held_below")) - p.value(ADL + "centre_age")
    onset = p.value(ADL + "onset_slope") * g + trend(p, year)
    onset += p.value(ADL + "female_onset") * person["sex"]
    onset += p.value(ADL + "educated_onset") * (person["education"] >= 2)
    better = p.value(ADL + "recovery_slope") * g - trend(p, year)
    better += p.value(ADL + "urban_recovery") * (person["residence"] == 0)
    onset_level, worse_level = p.value(ADL + "onset_level"), p.value(ADL + "progression_level")
    better_level = p.value(ADL + "recovery_level")
    middle = p.value(ADL + "mild_moderate_slope") * g
    late = p.value(ADL + "moderate_severe_slope") * g
    return {
        (0, 1): onset_level * math.exp(p.value(ADL + "none_mild") + onset),
        (0, 3): onset_level * math.exp(p.value(ADL + "none_severe") + onset),
        (1, 2): worse_level * math.exp(p.value(ADL + "mild_moderate") + middle),
        (2, 3): worse_level * math.exp(p.value(ADL + "moderate_severe") + late),
        (1, 0): better_level * math.exp(p.value(ADL + "mild_none") + better),
        (2, 1): better_level * math.exp(p.value(ADL + "moderate_mild") + better),
        (3, 2): better_level * math.exp(p.value(ADL + "severe_moderate") + better),
    }


def death_ratio(p, year, person, adl):
    """Hazard ratio of death of a person in one state."""
    age = person["age"] + 1
    ratio = p.value(RATIO + "hr_urban") if person["residence"] == 0 else 1.0
    if person["age"] >= p.value(RATIO + "education_age"):
        levels = ["hr_primary", "hr_primary", "hr_lower", "hr_upper", None, None]
        level = levels[person["education"]]
        log = math.log(p.value(RATIO + level)) if level else 0.0
        first = p.value(RATIO + "education_fades_from")
        last = p.value(RATIO + "education_fades_until")
        primary, oldest = p.value(RATIO + "hr_primary"), p.value(RATIO + "hr_primary_oldest")
        oldest = math.log(oldest) / math.log(primary)
        share = 1 - (1 - oldest) * min(max((age - first) / (last - first), 0), 1)
        ratio *= math.exp(log * share)
    if adl > 0 and person["age"] >= p.value(ADL + "onset_age"):
        name = ("hr_mild", "hr_moderate", "hr_severe")[adl - 1]
        since = max(age, p.value(RATIO + "hr_held_below")) - p.value(RATIO + "hr_centre_age")
        excess = (p.value(RATIO + name) - 1) * math.exp(-trend(p, year))
        ratio *= 1 + excess * math.exp(-p.value(RATIO + "hr_decay") * since)
    return ratio


def year_of_function(p, year, person, hazard):
    """Chances to end the year in each of the four states or dead, from the person's state.

    hazard : of death, per year, of a rural person with college and without limitation
    """
    q = np.zeros((5, 5))
    for (source, target), rate in intensities(p, year, person).items():
        q[source, target] = rate
    for state in range(4):
        q[state, DEAD] = hazard * death_ratio(p, year, person, state)
        q[state, state] = -q[state].sum()
    return expm(q)[person["adl"]]


def outcome(chances, u, v):
    """State at the end, or DEAD, and time of death (2 for none) from two uniforms."""
    for state in range(4):
        if u < sum(chances[: state + 1]):
            return state, 2.0
    dies = chances[DEAD]
    return DEAD, -math.log(1 - v * dies) / -math.log(1 - dies)


# --- births -------------------------------------------------------------------------------


def birth_hazard(p, pattern, asfr, woman, debt=0.0, response=None):
    """Hazard of a delivery at level zero.

    pattern : log, [order, age from 14, residence, education]; asfr : by age
    woman : age, married, n_children, since_union, since_birth, residence, education, birth_debt
    """
    if woman["since_birth"] == 0:
        return 0.0
    parity, place = woman["n_children"], (woman["residence"], woman["education"])
    order = min(parity, 2)
    log = pattern[(order, woman["age"] - 14, *place)]
    factor = 1.0
    if woman["married"]:
        table = "next_birth_waiting" if parity else "first_birth_waiting"
        years = woman["since_birth"] if parity else woman["since_union"]
        factor = p.array(FERTILITY + table)[min(years, 11)]
    else:
        log -= pattern[0, woman["age"] - 14].mean()
        factor = 0.5 * (asfr[woman["age"]] + asfr[woman["age"] + 1])
    if parity >= 3:
        factor *= p.value(FERTILITY + "fourth_birth")
    if woman["birth_debt"] > 0:
        factor *= math.exp(-debt)
    if response is not None:
        log += response[(order, *place)]
    return math.exp(log) * factor


def delivery(chance, u, v, death_u):
    """Time of a delivery in the year, or None.

    chance : in a full year; half of it lies before the mother's death of the year, if any
    """
    if u < chance / 2 or (u < chance and death_u >= 1):
        return v * min(death_u, 1.0)
    return None


def child(u, boy, newborn_q, birth_u, infant_years):
    """Sex, month and time of death (2 for none) of a child from three uniforms."""
    sex = 0 if u[0] < boy else 1
    month = int(12 * birth_u) + 1
    if u[1] >= newborn_q[sex]:
        return sex, month, 2.0
    return sex, month, birth_u + (1 - birth_u) * u[2] ** (1 / infant_years - 1)
