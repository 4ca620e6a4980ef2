"""Who stays and who leaves when a couple that shares a home divorces, and with which children.

Whoever lives with own parents stays; where both or neither do, the one who keeps the minor
children stays. The other returns to parents at the same place or founds a household there,
or, without children, shares lodgings.
Children of one of the two stay with that one. Leaves out children who change between homes.

Source: assumed, see `coresidence.yaml`.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..agents import luck
from . import homes
from .homes import with_parents
from .lodgings import find
from .moving_units import Units, family_units, near_to

if TYPE_CHECKING:
    from .model import SongheModel

Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

KIND = "family"
RETURN, LODGES = 0, 2  # lanes of the call of households


def part(model: "SongheModel", husbands: Any, wives: Any, u: NDArray[np.float64]) -> None:
    """Let one of each divorced couple leave the common home.

    u : float64 in (0, 1), one uniform for each couple, on who keeps the children
    """
    people = model.people
    household = people["household"]
    shared = (household[wives] >= 0) & (household[wives] == household[husbands])
    husbands, wives = husbands[shared].astype(np.int64), wives[shared].astype(np.int64)
    with_her = u[shared] < model.parameters.value("demography.coresidence.children_with_mother")
    wife_leaves = leaves(with_parents(people, wives), with_parents(people, husbands), with_her)
    heads = np.where(wife_leaves, wives, husbands)
    movers = family_units(model, heads, alone=np.ones(len(heads), np.bool_))
    movers = with_children(model, movers, husbands, wives, with_her == wife_leaves)
    host = hosts(model, heads, np.bincount(movers.unit, minlength=len(heads)) == 1)[movers.unit]
    number = np.where(host >= 0, household[host], -1).astype(np.int64)
    alone = host < 0
    number[alone] = homes.fresh(model, movers.unit[alone], len(heads))
    place = people["province"][movers.rows], people["residence"][movers.rows]
    homes.settle(model, movers.rows, number, *place, KIND)


def hosts(model: "SongheModel", heads: Rows, alone: Flags) -> Rows:
    """The parent whom each one who leaves returns to, or whose lodgings; int64[n], -1 none.

    alone : bool[n], without children
    """
    people = model.people
    returns = model.parameters.value("demography.coresidence.divorced_to_parents")
    u = homes.uniforms(model, heads, luck.Call.HOUSEHOLD)
    parent = homes.parent_nearby(people, heads)
    stays = people["household"][parent] == people["household"][heads]
    host = np.where((u[RETURN] < returns) & ~stays, parent, -1)
    left = alone & (host < 0)
    place = people["province"][heads[left]], people["residence"][heads[left]]
    host[left] = find(model, heads[left], *place, u[LODGES][left], heads)
    return host


def leaves(her_parents: Flags, his_parents: Flags, with_her: Flags) -> Flags:
    """Whether the wife leaves, from whose parents live here and who keeps the children."""
    return np.where(her_parents == his_parents, ~with_her, his_parents)


def with_children(
    model: "SongheModel", movers: Units, husbands: Rows, wives: Rows, children_leave: Flags
) -> Units:
    """The same movers, children of both going or staying as decided for their couple."""
    people = model.people
    near = near_to(model, wives)
    adult_age = model.parameters.value("demography.coresidence.adult_age")
    mother, father = people["mother"][near], people["father"][near]
    couple = np.empty(people.n + 1, np.int64)  # set where it is read; the last place: no parent
    couple[mother] = couple[father] = couple[-1] = -1
    couple[wives] = couple[husbands] = np.arange(len(wives))
    theirs = (couple[mother] >= 0) & (couple[mother] == couple[father])
    theirs &= people["household"][near] == people["household"][mother]
    theirs &= people["age"][near] + 1 < adult_age
    common, of = near[theirs], couple[mother[theirs]]
    is_common = np.zeros(people.n, np.bool_)
    is_common[common] = True
    others = ~is_common[movers.rows]
    goes = children_leave[of]
    return Units(
        np.concatenate((movers.rows[others], common[goes])),
        np.concatenate((movers.unit[others], of[goes])),
    )
