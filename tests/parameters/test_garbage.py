"""Garbage waits within, and afterwards everything is as before."""

import contextlib
import gc

import pytest
from songhe.parameters.garbage import garbage_waits


@pytest.mark.parametrize("collects", [True, False])
def test_afterwards_the_collector_is_as_before(collects):
    (gc.enable if collects else gc.disable)()
    try:
        with contextlib.suppress(KeyError), garbage_waits(), garbage_waits():
            assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() is collects
    finally:
        gc.enable()


def test_when_two_are_within_the_first_to_come_starts_it_again():
    first, second = garbage_waits(), garbage_waits()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.isenabled()
