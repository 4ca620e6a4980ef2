"""Exponential of the generator of four ordered states: who is where a year later.

The generator is that of the living: people worsen from state 0 to 1 or 3, 1 to 2, 2 to 3,
recover one step at a time, and leave every state by death. Its diagonal is lifted until no
entry is negative, so that every term of the series is positive and nothing cancels; states
that do not touch are not multiplied.

Source: Moler and Van Loan (2003), method 1; Grassmann (1977) for the lift.
"""

import math
from typing import Any

from ...agents.compiled import rule

REMAINDER = 1e-17  # what the series leaves out, at most


@rule
def passed_on(q: Any, stay: Any, x: Any) -> Any:
    """The lifted generator times a column x.

    q : seven intensities 0-1, 0-3, 1-2, 2-3, 1-0, 2-1, 3-2; stay : lift less what leaves
    """
    return (
        stay[0] * x[0] + q[0] * x[1] + q[1] * x[3],
        q[4] * x[0] + stay[1] * x[1] + q[2] * x[2],
        q[5] * x[1] + stay[2] * x[2] + q[3] * x[3],
        q[6] * x[2] + stay[3] * x[3],
    )


@rule
def leaving(q: Any, death: Any) -> Any:
    """What leaves each state a year, to other states and by death (four hazards)."""
    return (
        q[0] + q[1] + death[0],
        q[2] + q[4] + death[1],
        q[3] + q[5] + death[2],
        q[6] + death[3],
    )


@rule
def lifted(out: Any) -> Any:
    """The lift, and the diagonal above zero."""
    lift = max(max(out[0], out[1]), max(out[2], out[3]))
    return lift, (lift - out[0], lift - out[1], lift - out[2], lift - out[3])


@rule
def year_later(q: Any, death: Any, x: Any) -> Any:
    """exp(generator) times a column x of four numbers >= 0.

    With x = 1 in one state and 0 elsewhere: the chance of ending the year in it, by state at
    the opening. With x = 1 everywhere: the chance to live.
    """
    lift, stay = lifted(leaving(q, death))
    a, b, c, d = x
    term, bound, n = x, 1.0, 0
    while bound > REMAINDER or n < lift:
        n += 1
        share = 1.0 / n
        t0, t1, t2, t3 = passed_on(q, stay, term)
        term = (t0 * share, t1 * share, t2 * share, t3 * share)
        a, b, c, d = a + term[0], b + term[1], c + term[2], d + term[3]
        bound *= lift * share
    shrink = math.exp(-lift)
    return a * shrink, b * shrink, c * shrink, d * shrink


@rule
def alive_and_slope(q: Any, ratio: Any, level: float) -> Any:
    """Chances to live through the year by state, and their slopes by the level of death.

    ratio : hazard of death of each state at level one
    """
    death = (level * ratio[0], level * ratio[1], level * ratio[2], level * ratio[3])
    lift, stay = lifted(leaving(q, death))
    a, b, c, d = 1.0, 1.0, 1.0, 1.0
    sa, sb, sc, sd = 0.0, 0.0, 0.0, 0.0
    term, slope, bound, n = (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0), 1.0, 0
    while bound > REMAINDER or n < lift:
        n += 1
        share = 1.0 / n
        s0, s1, s2, s3 = passed_on(q, stay, slope)
        t0, t1, t2, t3 = passed_on(q, stay, term)
        slope = (
            (s0 - ratio[0] * term[0]) * share,
            (s1 - ratio[1] * term[1]) * share,
            (s2 - ratio[2] * term[2]) * share,
            (s3 - ratio[3] * term[3]) * share,
        )
        term = (t0 * share, t1 * share, t2 * share, t3 * share)
        a, b, c, d = a + term[0], b + term[1], c + term[2], d + term[3]
        sa, sb, sc, sd = sa + slope[0], sb + slope[1], sc + slope[2], sd + slope[3]
        bound *= lift * share
    shrink = math.exp(-lift)
    return (
        (a * shrink, b * shrink, c * shrink, d * shrink),
        (sa * shrink, sb * shrink, sc * shrink, sd * shrink),
    )
