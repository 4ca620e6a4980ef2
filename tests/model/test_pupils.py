"""Pupils by stage are those enrolled after each level."""

import numpy as np
from songhe.model.pupils import SCHOOLS, count_enrolled


def test_pupils_are_counted_by_the_stage_they_are_in():
    rng = np.random.default_rng(2)
    enrolled, alive = rng.integers(0, 2, (2, 1000)).astype(np.uint8)
    education = rng.integers(0, 6, 1000).astype(np.uint8)
    counts = np.zeros(SCHOOLS, np.int64)
    count_enrolled(enrolled, alive, education, counts)
    there = (enrolled == 1) & (alive == 1)
    assert counts.tolist() == [int((there & (education == level)).sum()) for level in range(3)]
