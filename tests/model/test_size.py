"""The size of a replicate changes its noise, not what it estimates."""

import numpy as np
import pytest
from scipy.stats import t
from songhe.agents import base as base_of_2010
from songhe.agents import luck
from songhe.model.model import SongheModel
from songhe.parameters.load import load

ALARM = 1e-6
SMALL, MANY, LARGE = 100_000, 20, 2_000_000
YEARS = range(2011, 2026)
SINGLE_AGES = ((25, 30), (30, 35), (35, 45))


def figures(persons, replicate):
    """Marriages and births over the years, age gaps and never-married shares at the end.

    Everything is for a country of one agent a person, so that sizes can be compared.
    """
    p = load()
    base = base_of_2010.build(p, persons, 7, replicate, "official")
    model = SongheModel(base, p, luck.key_of(7, 0, replicate))
    for _ in YEARS:
        model.step()
    years = model.tally.years
    found = {
        name: sum(int(years[y][name].sum()) for y in YEARS) / persons
        for name in ("marriages", "births")
    }
    marital = years[YEARS[-1]]["population_marital"].sum(axis=0)  # sex, age, status
    for sex, who in enumerate(("men", "women")):
        for low, high in SINGLE_AGES:
            ages = marital[sex, low:high].sum(axis=0)
            found[f"never married, {who} of {low} to {high - 1}"] = ages[0] / ages.sum()
    return found | gaps(model.people)


def gaps(people):
    """Mean and spread of the husband's age less the wife's, of wives below 40."""
    wives = np.flatnonzero(
        (people["alive"] == 1) & (people["sex"] == 1) & (people["partner"] >= 0)
        & (people["age"] < 40)
    )  # fmt: skip
    gap = people["age"][people["partner"][wives]].astype(float) - people["age"][wives]
    return {"mean age gap": gap.mean(), "spread of the age gap": gap.std()}


@pytest.mark.long
def test_many_small_replicates_agree_with_a_large_one():
    """By Student's t for one large run beside twenty small ones, at the alarm over all figures.

    The variance of a replicate falls with its size, so that the large one varies as the mean
    of the twenty does. A pooled control shows that a difference of 2 % in marriages is found.
    """
    small = [figures(SMALL, k) for k in range(MANY)]
    large = figures(LARGE, 1000)
    limit = t.isf(ALARM / 2 / len(large), MANY - 1)
    scale = np.sqrt(SMALL / LARGE + 1 / MANY)
    for name, figure in large.items():
        sample = np.array([one[name] for one in small])
        error = sample.std(ddof=1) * scale
        assert abs(sample.mean() - figure) < limit * error, (
            f"{name}: {sample.mean():.5g} small, {figure:.5g} large, error {error:.2g}"
        )
    marriages = np.array([one["marriages"] for one in small])
    assert 0.02 * marriages.mean() > limit * marriages.std(ddof=1) * scale  # the control
