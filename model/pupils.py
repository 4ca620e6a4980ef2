"""Pupils of schools at the end of the year, by stage.

Decides nothing: counts those who are enrolled by the level that they have completed. Pupils of
kindergartens are counted by `policies/preschool.py`. Leaves out tertiary education.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..agents.compiled import kernel
from ..parameters.dims import STAGES
from .step import Step
from .young_children import IN_AN_AGENT

if TYPE_CHECKING:
    from .model import SongheModel

SCHOOLS = len(STAGES) - 1  # the stage of a pupil is the level completed before it, and one


@kernel
def count_enrolled(enrolled: Any, alive: Any, education: Any, counts: Any) -> None:
    """Add those enrolled after each level; counts : int64[stage of school]."""
    for level in range(counts.size):
        n = 0
        for i in range(enrolled.size):
            n += (enrolled[i] & alive[i]) & np.uint8(education[i] == level)
        counts[level] += n


def apply(model: "SongheModel") -> None:
    """Count the pupils of schools."""
    counts = np.zeros(SCHOOLS, np.int64)
    count_enrolled(*(model.people[name] for name in ("enrolled", "alive", "education")), counts)
    model.tally.add("pupils", np.concatenate([[0], counts * IN_AN_AGENT]))


STEP = Step("pupils", reads=("alive", "education", "enrolled"), apply=apply)
