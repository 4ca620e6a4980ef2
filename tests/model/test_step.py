"""A year that cannot run is refused before it starts, with the step and the column named."""

import pytest
from songhe.agents.columns import COLUMNS
from songhe.agents.luck import Call
from songhe.model.step import Step, check


def nothing(*args):
    """A step that does nothing."""


def rows(name, column, call):
    return Step(name, reads=(column,), columns=(column,), kernel=nothing, call=call)


@pytest.mark.parametrize(
    ("year", "fault"),
    [
        ([Step("a", reads=("shoe_size",), apply=nothing)], "step a: no column shoe_size"),
        ([Step("a", apply=nothing)] * 2, "step a: stands twice"),
        ([Step("a")], "step a: either apply or kernel"),
        ([Step("a", columns=("age",), kernel=nothing)], "step a: .*age.* neither read nor written"),
        ([Step("a", kernel=nothing, words=3)], "step a: 3 words"),
        ([Step("a", kernel=nothing, cells=(2,))], "step a: .* both cells and finish"),
        (
            [Step("a", apply=nothing, cells=(2,), finish=nothing)],
            "step a: .* both cells and finish",
        ),
        (
            [Step("a", kernel=nothing, cells=(2,), finish=nothing, call=Call.PERSON)],
            "step a: .* no luck and no rules",
        ),
        ([Step("a", reads=("death_u",), apply=nothing)], "step a: reads death_u before"),
        (
            [
                rows("a", "age", Call.PERSON),
                rows("b", "age", Call.LIVING),
                rows("c", "age", Call.PERSON),
            ],
            "step c: stands apart from the steps of PERSON",
        ),
    ],
)
def test_a_year_that_cannot_run_is_refused(year, fault):
    with pytest.raises(ValueError, match=fault):
        check(year, COLUMNS)


def test_a_sound_year_passes():
    check(
        [
            Step("a", writes=("death_u",), apply=nothing),
            Step("b", reads=("death_u", "age"), apply=nothing),
        ],
        COLUMNS,
    )
