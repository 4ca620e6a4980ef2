"""Machine code comes when an address is asked for, in this process and from what was kept."""

import subprocess
import sys

import numba
import numpy as np
import pytest
from songhe.agents.compiled import kernel, rule
from songhe.agents.machine_code import File, Library

SCRIPT = """
import songhe.tests.agents.test_machine_code as t
for f in (t.shares, t.over):
    f(t.PAY)
    print(sum(f.stats.cache_hits.values()))
t.check()
"""
PAY = np.array([100.0, 300.0])


@rule
def due(pay):
    """A rule that refuses."""
    if pay < 0:
        raise ValueError("pay below zero")
    return pay * 0.08


@rule
def halvings(pay):
    """A rule that calls itself."""
    return 0 if pay < 1 else 1 + halvings(pay / 2)


@rule
def is_even(number):
    """A rule that another calls in turn."""
    return True if number == 0 else is_odd(number - 1)


@rule
def is_odd(number):
    """The other."""
    return False if number == 0 else is_even(number - 1)


@kernel
def turns(number):
    """What finds its rules by address, in one process alone."""
    return is_odd(number)


@numba.njit
def whole(pay):
    """A function of a user's, compiled by numba's own decorator."""
    return np.floor(pay)


@kernel
def shares(pay):
    """A loop over rules."""
    return np.array([due(one) + halvings(one) for one in pay])


@kernel
def over(pay):
    """A loop that calls another, and a user's function."""
    return whole(shares(pay).sum())


def check():
    """All give what Python gives, and raise what it raises."""
    expected = [100 * 0.08 + 7, 300 * 0.08 + 9]
    np.testing.assert_array_equal(shares(PAY), expected)
    assert over(PAY) == np.floor(sum(expected))
    assert whole(2.5) == 2.0
    assert due(100.0) == 8.0
    for loop in (shares, over):
        with pytest.raises(ValueError, match="below zero"):
            loop(-PAY)


def test_loops_and_rules_run_wherever_their_code_comes_from():
    check()
    for hits in ("", "1\n1\n"):
        ended = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.endswith(hits)


@pytest.mark.filterwarnings("ignore:Cannot cache compiled function")
def test_rules_may_call_each_other():
    assert turns(5)
    assert not turns(6)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_a_rule_has_no_machine_code_until_an_address_is_asked_for():
    due.compile((numba.float64,))
    (variant,) = due.overloads.values()
    assert isinstance(variant.library, Library)
    assert not variant.library._ready
    assert variant.library.get_pointer_to_function("no such function") == 0
    assert variant.library.get_pointer_to_function(variant.fndesc.llvm_func_name) > 0
    assert variant.library._ready


def test_two_processes_that_save_at_once_never_swap_their_code(tmp_path, monkeypatch):
    files = [File(str(tmp_path), "loop", "") for _ in range(2)]
    monkeypatch.setattr(files[1], "_load_index", dict)  # read before the first had saved
    for file, key in zip(files, ("of floats", "of whole numbers"), strict=True):
        file.save(key, f"code {key}")
    third = File(str(tmp_path), "loop", "")
    assert third.load("of whole numbers") == "code of whole numbers"
    assert third.load("of floats") is None  # lost from the index, and compiled again
