"""The answer of births to policy: the rule, its channels, and who is outside the evidence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from songhe.model import birth_response, promise
from songhe.model.policies import child_subsidy
from songhe.model.promise import SHAPE, Promise
from songhe.parameters.dims import BIRTH_CHANNELS
from songhe.parameters.load import load

KEY = "demography.fertility_response."
FIELDS = {"cash": "cash", "fee": "fee", "care": "cover", "leave": "leave", "time": "time"}
PER_HEAD = np.array([[30_000.0, 32_000, 38_000, 45_000, 60_000, 65_000],
                     [12_000.0, 15_000, 19_000, 24_000, 30_000, 33_000]])  # fmt: skip
ALL_ON = load({KEY + "b_time": {"value": 0.25}, KEY + "b_leave": {"value": 0.02}})
EVERYTHING = Promise(cash=20_000.0, fee=9_000.0, cover=0.2, leave=1.5, time=0.1)
quickly = settings(deadline=None, derandomize=True)


def switched(*on):
    return load({KEY + "channels": {"value": [int(c in on) for c in BIRTH_CHANNELS]},
                 KEY + "b_time": {"value": 0.25}, KEY + "b_leave": {"value": 0.02}})  # fmt: skip


@pytest.fixture(scope="module")
def p():
    return load()


def test_worked_check_of_the_present_value(p):
    """Science: 3,600 yuan a year for three years are 10,488 yuan at 3 % real."""
    assert promise.present_value(p, np.full(3, 3600.0)) == pytest.approx(10_488.49, abs=0.01)


def test_worked_check_of_the_response():
    """10,488 yuan for a family of three with 41,314 a head: a log hazard of 0.0254."""
    p = load({KEY + "phi": {"value": 1.0}, KEY + "pi": {"value": [1, 1, 1]}})
    per_head = np.full((2, 6), 41_314.0)
    ratio = birth_response.over_income(p, 10_488.49, per_head)[0, 0, 0, 0]
    assert ratio == pytest.approx(0.085, abs=5e-4)
    term = birth_response.response(p, Promise(cash=10_488.49), per_head)
    assert term[0, 0, 0, 0] == pytest.approx(0.0254, abs=1e-4)


def test_a_tenth_of_income_raises_births_by_the_evidence_at_a_chance_of_a_tenth():
    """Complementary log-log: 1 - (1 - 0.10) ** exp(0.03) is 2.9 % more."""
    more = 1.0 - 0.9 ** np.exp(0.30 * 0.10)
    assert more / 0.10 - 1.0 == pytest.approx(0.029, abs=5e-4)


def test_the_rule_is_the_sum_of_its_channels():
    parts = [birth_response.response(switched(c), EVERYTHING, PER_HEAD) for c in BIRTH_CHANNELS]
    whole = birth_response.response(ALL_ON, EVERYTHING, PER_HEAD)
    assert all((part > 0).all() for part in parts)
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-12)


@pytest.mark.parametrize("channel", BIRTH_CHANNELS)
def test_a_channel_that_is_off_hears_nothing(channel):
    off = switched(*(c for c in BIRTH_CHANNELS if c != channel))
    alone = Promise(**{FIELDS[channel]: 0.1})
    assert not birth_response.response(off, alone, PER_HEAD).any()
    assert birth_response.response(ALL_ON, alone, PER_HEAD).all()


def test_fathers_leave_is_told_apart_from_mothers():
    p = load({KEY + "b_father_leave": {"value": 0.01}})
    father = birth_response.response(p, Promise(father_leave=2.0), PER_HEAD)
    np.testing.assert_allclose(father[1], 0.02)
    assert not birth_response.response(p, Promise(leave=2.0), PER_HEAD).any()


def test_leave_and_time_ship_without_effect(p):
    shipped = Promise(leave=3.0, father_leave=3.0, time=0.5)
    assert not birth_response.response(p, shipped, PER_HEAD).any()
    offered = load(responses="assumed")
    assert birth_response.response(offered, Promise(time=0.5), PER_HEAD).all()


def test_response_is_stronger_for_the_poor_and_at_higher_parity(p):
    term = birth_response.response(p, Promise(cash=9_000.0), PER_HEAD)
    assert term.shape == (3, 1, 2, 6)
    assert (term > 0).all()
    assert (np.diff(term, axis=3) < 0).all()
    assert (term[:, :, 1] > term[:, :, 0]).all()
    assert term[0, 0, 0, 2] == pytest.approx(0.30 * 0.7 * 0.7 * 9_000 / (3 * 38_000))


def test_income_thirds_have_a_strength_of_their_own():
    p = load({KEY + "y_low": {"value": 1.2}, KEY + "y_high": {"value": 0.8}})
    term = birth_response.response(p, Promise(cover=0.5), PER_HEAD)[1, 0]
    assert sorted(np.unique(np.round(term / 0.1, 9))) == [0.8, 1.0, 1.2]
    assert term[1, 0] > term[0, 0] > term[0, 5]


@quickly
@given(st.floats(0, 5e5), st.floats(0, 5e5), st.floats(5e3, 2e5), st.integers(0, 4))
def test_more_money_never_lowers_anyones_hazard(a, b, income, kind):
    low, high = sorted((a, b))
    field = ("cash", "fee")[kind % 2]
    per_head = np.full((2, 6), income)
    less = birth_response.response(ALL_ON, Promise(**{field: low}), per_head)
    more = birth_response.response(ALL_ON, Promise(**{field: high}), per_head)
    assert (more >= less).all()


@quickly
@given(st.floats(0.001, 10), st.floats(0.001, 10))
def test_the_response_flattens_past_the_knee(a, b):
    low, high = sorted((a, b))
    g = birth_response.diminishing
    assert g(low, 0.25) <= g(high, 0.25) <= high
    assert g(0.25, 0.25) == 0.25


def test_promises_of_several_policies_add_up():
    by_order = np.arange(3.0)[:, None, None, None]
    by_place = np.arange(31.0)[None, :, None, None]
    total = promise.sum_of([Promise(cash=1.0), Promise(cash=by_order, fee=by_place)])
    assert total.cash.shape == (3, 1, 1, 1)
    assert total.cash[:, 0, 0, 0].tolist() == [1.0, 2.0, 3.0]
    assert total.fee.shape == (1, 31, 1, 1)
    np.broadcast_to(total.cash + total.fee, SHAPE)


def test_what_is_not_known_yet_is_not_expected(p):
    from datetime import date

    key, day = "policies.child_subsidy.amount", date(2030, 1, 1)
    assert promise.known(p, key, day, 2023) == 0.0
    assert promise.known(p, key, day, 2024) == 3600.0  # law of 1 January is known a year ahead
    told = load({KEY + "announced": {"2023-06-01": 1}})
    assert promise.known(told, key, day, 2023) == 3600.0
    assert promise.known(told, key, date(2024, 12, 31), 2023) == 0.0


# --- in the model's year


class Couples:
    """Mothers of newborns in one place, and what a step of births needs of a model."""

    def __init__(self, parameters, children, residence):
        from songhe.model.align import Constants
        from songhe.model.tally import Tally

        n = len(children)
        self.parameters, self.year, self.tally = parameters, 2027, Tally()
        self.providers, self.constants = {}, Constants()
        self.constants.year = self.year
        both = 2 * n
        self.people = {
            "age": np.repeat(np.array([30, -1], np.int8), n),
            "mother": np.concatenate([np.full(n, -1), np.arange(n)]).astype(np.int32),
            "n_children": np.concatenate([children, np.zeros(n)]).astype(np.uint8),
            "province": np.zeros(both, np.uint8),
            "residence": np.tile(np.asarray(residence, np.uint8), 2),
            "education": np.full(both, 2, np.uint8),
        }


def answered(monkeypatch, parameters, children=(1, 2, 4), residence=(0, 0, 1)):
    monkeypatch.setattr(birth_response, "income_of", lambda model: PER_HEAD)
    monkeypatch.setattr(birth_response, "PROMISES", (child_subsidy.promise,))
    model = Couples(parameters, children, residence)
    birth_response.apply(model)
    birth_response.count_beyond(model)
    return model


def test_the_step_writes_the_answer_of_the_year(monkeypatch, p):
    model = answered(monkeypatch, p)
    assert model.birth_response.shape == (3, 2, 6)  # nothing differs by province
    assert (model.birth_response > 0).all()
    silent = answered(monkeypatch, switched())
    assert not silent.birth_response.any()


def test_births_beyond_the_evidence_are_counted(monkeypatch, p):
    assert answered(monkeypatch, p).tally.now["births_beyond_evidence"] == 0
    rich = load({"policies.child_subsidy.amount": {"2025-01-01": 20_000}})
    # 40,000 yuan: 0.36 of the income of three in town, 0.27 of four, 0.43 of five in the country
    assert answered(monkeypatch, rich).tally.now["births_beyond_evidence"] == 2
    all_beyond = load({"policies.child_subsidy.amount": {"2025-01-01": 100_000}})
    assert answered(monkeypatch, all_beyond).tally.now["births_beyond_evidence"] == 3
