"""Draws: keyed, stratified, with the stated median and interval."""

import math
import os
import subprocess
import sys
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songhe.parameters.load import load
from songhe.parameters.priors import BLOCK, beta_shape, drawn, fault, uniform
from songhe.parameters.schema import Spread
from songhe.parameters.tables import frozen

EFFECT = "demography.mortality.effect"
RATIO = "demography.mortality.ratio"
MX = "demography.mortality.mx"
LEVER = "demography.mortality.lever"

# prior, value, the value at the 5 %, 50 % and 95 % point
FAMILIES = [
    (Spread(family="lognormal", sd=0.2), 2.0,
     (2 * math.exp(-0.2 * 1.644854), 2.0, 2 * math.exp(0.2 * 1.644854))),
    (Spread(family="lognormal", low=0.05, high=0.9), 0.3, (0.05, 0.3, 0.9)),
    (Spread(family="lognormal", on="factor", low=0.5, high=1.6), 3.0, (1.5, 3.0, 4.8)),
    (Spread(family="normal", sd=0.5), -1.0, (-1 - 0.8224268, -1.0, -1 + 0.8224268)),
    (Spread(family="normal", low=-0.01, high=0.03), 0.0, (-0.01, 0.0, 0.03)),
    (Spread(family="normal", on="factor", sd=0.1), 5.0, (5 - 0.8224268, 5.0, 5 + 0.8224268)),
    (Spread(family="uniform", low=0.4, high=1.0), 0.7, (0.43, 0.7, 0.97)),
    (Spread(family="uniform", on="factor", low=0.5, high=1.5), 4.0, (2.2, 4.0, 5.8)),
    (Spread(family="logitnormal", low=0.01, high=0.1), 0.04, (0.01, 0.04, 0.1)),
    (Spread(family="beta", low=0.2, high=0.3), 0.249, (0.2, None, 0.3)),
]  # fmt: skip


@pytest.mark.parametrize(("prior", "value", "points"), FAMILIES)
def test_a_family_has_its_median_and_its_interval(prior, value, points):
    assert fault(prior, frozen(value), 1, (-10, 10)) is None
    for u, expected in zip((0.05, 0.5, 0.95), points, strict=True):
        found = float(drawn(prior, value, u, frozen(value)))
        if expected is None:
            assert found == pytest.approx(value, rel=0.02)
        else:
            assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("prior", "value", "points"), FAMILIES)
@given(st.floats(1e-9, 1 - 1e-9), st.floats(1e-9, 1 - 1e-9))
def test_a_draw_rises_with_its_uniform(prior, value, points, one, other):
    low, high = sorted((one, other))
    first, second = (float(drawn(prior, value, u, frozen(value))) for u in (low, high))
    assert first <= second + 1e-12


def test_a_band_moves_the_whole_path_together():
    value, low, high = frozen([1.0, 2.0, 4.0]), frozen([1.0, 1.5, 2.0]), frozen([1.0, 2.2, 5.0])
    prior = Spread(family="band", level=0.8)
    for u, expected in ((0.1, low), (0.5, value), (0.9, high)):
        assert drawn(prior, 1.0, u, value, (low, high)) == pytest.approx(expected, abs=1e-9)
    assert drawn(prior, 1.0, 0.3, value, None) is value


def test_a_point_mass_at_zero_leaves_the_rest_its_shape():
    prior = Spread(family="uniform", low=0.0, high=1.0, zero=0.25)
    assert float(drawn(prior, 0.5, 0.249, frozen(0.5))) == 0.0
    assert float(drawn(prior, 0.5, 0.625, frozen(0.5))) == pytest.approx(0.5)
    assert float(drawn(prior, 0.5, 0.25, frozen(0.5))) == pytest.approx(0.0, abs=1e-9)


@given(st.floats(0.02, 0.9), st.floats(0.01, 0.5))
def test_beta_shape_has_the_interval(low, width):
    from scipy.special import betaincinv

    high = min(low + width, 0.98)
    if high - low < 0.01:
        return
    a, b = beta_shape(low, high)
    assert betaincinv(a, b, 0.05) == pytest.approx(low, abs=1e-5)
    assert betaincinv(a, b, 0.95) == pytest.approx(high, abs=1e-5)


# --- the hypercube


@given(st.integers(0, 2**40), st.text(max_size=20), st.integers(0, 50))
def test_a_block_visits_every_twentieth_once(seed, key, block):
    draws = range(block * BLOCK + 1, (block + 1) * BLOCK + 1)
    strata = sorted(int(uniform(key, k, seed) * BLOCK) for k in draws)
    assert strata == list(range(BLOCK))


def test_blocks_entries_and_seeds_are_independent():
    one = np.array([uniform("a", k, 1) for k in range(1, 2001)])
    assert 0.0 < one.min() < one.max() < 1.0
    for other in (("b", 1, 0), ("a", 2, 0), ("a", 1, BLOCK)):
        key, seed, shift = other
        two = np.array([uniform(key, k + shift, seed) for k in range(1, 2001)])
        assert abs(np.corrcoef(one, two)[0, 1]) < 5 / math.sqrt(2000)  # false alarm 6e-7
    assert np.histogram(one, BLOCK, (0, 1))[0].tolist() == [100] * BLOCK


def test_jitter_fills_the_strata():
    place = np.array([uniform("a", k, 3) * BLOCK % 1 for k in range(1, 2001)])
    assert abs(place.mean() - 0.5) < 5 * math.sqrt(1 / 12 / 2000)


def test_draw_zero_has_no_luck():
    with pytest.raises(ValueError, match="from 1"):
        uniform("a", 0, 1)


# --- draws of all parameters


def test_draw_zero_is_the_median(folder):
    p = load(root=folder)
    assert p.draw(0, 5) is p
    assert p.draw(7, 5).draw(0) is p
    assert p.draw(7, 5).draw(8, 5).hash == p.draw(8, 5).hash != p.draw(7, 5).hash


def test_uncertain_entries_move_and_certain_ones_stay(folder):
    p = load(root=folder)
    assert set(p.uncertain()) == {MX, RATIO, EFFECT}
    q = p.draw(3, 11)
    assert set(q.changed_from(p)) <= {MX, RATIO, EFFECT}
    assert q.array(RATIO) / p.array(RATIO) == pytest.approx(q.array(RATIO)[0])
    assert q.at("policies.subsidy.amount", date(2026, 1, 1)) == 3600
    assert np.array_equal(q.year(MX, 2010), p.year(MX, 2010))  # the past is certain
    assert (q.number, q.seed) == (3, 11)


def test_draws_are_clipped_to_the_valid_range(spoil):
    p = load(root=spoil("demography/mortality.yaml", "valid: [0.5, 20]", "valid: [0.95, 5.1]"))
    for k in range(1, 21):
        array = p.draw(k, 1).array(RATIO)
        assert array.min() >= 0.95
        assert array.max() <= 5.1


def test_a_block_of_draws_holds_the_stated_interval(folder):
    p = load(root=folder)
    values = [p.draw(k, 2).value(EFFECT) for k in range(1, 201)]
    assert sum(v == 0.0 for v in values) == 50  # a quarter, by strata
    rest = sorted(v for v in values if v > 0)
    assert sum(v < 0.3 for v in rest) == pytest.approx(75, abs=8)
    assert sum(0.05 < v < 0.9 for v in rest) == pytest.approx(135, abs=10)


def test_another_entry_or_prior_changes_no_draw_of_the_others(folder, spoil):
    before = load(root=folder).draw(4, 9)
    spoil("demography/mortality.yaml", "family: lognormal, low: 0.05", "family: normal, low: 0.05")
    spoil("policies/subsidy.yaml", "age_limit:", "age_limits:")
    after = load(root=folder).draw(4, 9)
    assert np.array_equal(after.array(RATIO), before.array(RATIO))
    assert np.array_equal(after.array(MX), before.array(MX))
    assert after.value(EFFECT) != before.value(EFFECT)


def test_same_luck_as_another_entry(spoil):
    folder = spoil("demography/mortality.yaml", "low: 0.8, high: 1.3}",
                   f"low: 0.8, high: 1.3, same_as: {EFFECT}}}")  # fmt: skip
    p = load(root=folder)
    ratio = [p.draw(k, 1).array(RATIO)[0] for k in range(1, 41)]
    effect = [p.draw(k, 1).value(EFFECT) for k in range(1, 41)]
    moved = [i for i, e in enumerate(effect) if e > 0]
    assert (
        np.argsort([ratio[i] for i in moved]).tolist()
        == np.argsort([effect[i] for i in moved]).tolist()
    )


def test_a_scenario_shares_the_luck_of_the_baseline(folder):
    base, own = load(root=folder), load(changes={EFFECT: 0.6}, root=folder)
    for k in range(1, 21):
        one, two = base.draw(k, 1).value(EFFECT), own.draw(k, 1).value(EFFECT)
        assert two == pytest.approx(2 * one)
        assert np.array_equal(base.draw(k, 1).array(RATIO), own.draw(k, 1).array(RATIO))


def test_an_overlay_stays_in_its_draw(folder):
    own = load(changes={EFFECT: 0.6}, root=folder).draw(3, 4)
    again = load(root=folder).draw(3, 4).overlay({EFFECT: 0.6})
    assert (again.number, again.seed, again.hash) == (3, 4, own.hash)


def test_a_scenario_may_bring_its_own_range(folder):
    prior = {"family": "uniform", "low": 0.5, "high": 0.7}
    own = load(changes={EFFECT: {"value": 0.6, "prior": prior}}, root=folder)
    values = [own.draw(k, 1).value(EFFECT) for k in range(1, 21)]
    assert 0.5 <= min(values) < 0.52 < 0.68 < max(values) <= 0.7
    assert own.hash != load(changes={EFFECT: 0.6}, root=folder).hash


def test_assumed_responses_are_switched_on_together(folder):
    off, on = load(root=folder), load(root=folder, responses="assumed")
    assert off.value(LEVER) == 0.0
    assert all(off.draw(k, 1).value(LEVER) == 0.0 for k in range(1, 21))
    assert on.value(LEVER) == 0.25
    values = [on.draw(k, 1).value(LEVER) for k in range(1, 21)]
    assert 0.05 <= min(values) < 0.25 < max(values) <= 0.6
    own = load(changes={LEVER: 0.1}, root=folder, responses="assumed")
    assert own.value(LEVER) == 0.1  # the user's own number wins


def test_a_draw_is_the_same_for_any_hash_seed(folder):
    expected = load(root=folder).draw(5, 3).hash
    program = ("import sys; from songhe.parameters.load import load; "
               "print(load(root=sys.argv[1]).draw(5, 3).hash)")  # fmt: skip
    command = [sys.executable, "-c", program, str(folder)]
    environment = os.environ | {"PYTHONHASHSEED": "12"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == expected
