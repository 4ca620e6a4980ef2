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
from ..agents.compiled import kernel
from . import homes
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

    wives : in rising order
    u : float64 in (0, 1), one uniform for each couple, on who keeps the children
    """
    people = model.people
    household = people["household"]
    shared = (household[wives] >= 0) & (household[wives] == household[husbands])
    husbands, wives = husbands[shared].astype(np.int64), wives[shared].astype(np.int64)
    with_her = u[shared] < model.parameters.value("demography.coresidence.children_with_mother")
    n = len(wives)
    parents = homes.parents_of(people, np.concatenate((wives, husbands)))
    wife_leaves = leaves(parents.at_home[:n], parents.at_home[n:], with_her)
    heads = np.where(wife_leaves, wives, husbands)
    nearby = np.where(wife_leaves, parents.nearby[:n], parents.nearby[n:])
    movers = family_units(model, heads, alone=np.ones(n, np.bool_))
    movers = with_children(model, movers, husbands, wives, with_her == wife_leaves)
    host = hosts(model, heads, nearby, np.bincount(movers.unit, minlength=n) == 1)[movers.unit]
    number = np.where(host >= 0, household[host], -1).astype(np.int64)
    alone = host < 0
    number[alone] = homes.fresh(model, movers.unit[alone], n)
    place = people["province"][movers.rows], people["residence"][movers.rows]
    homes.settle(model, movers.rows, number, *place, KIND)


def hosts(model: "SongheModel", heads: Rows, parent: Rows, alone: Flags) -> Rows:
    """The parent whom each one who leaves returns to, or whose lodgings; int64[n], -1 none.

    parent : int64[n], one who could take each in, -1 none
    alone : bool[n], without children
    """
    people = model.people
    returns = model.parameters.value("demography.coresidence.divorced_to_parents")
    u = homes.uniforms(model, heads, luck.Call.HOUSEHOLD)
    stays = people["household"][parent] == people["household"][heads]
    host = np.where((u[RETURN] < returns) & ~stays, parent, -1).astype(np.int64)
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
    of = np.empty(len(near), np.int32)
    adult_age = int(model.parameters.value("demography.coresidence.adult_age"))
    columns = (people[name] for name in ("mother", "father", "age", "household"))
    common_children(near, *columns, adult_age, husbands, wives, of)
    common, of = near[of >= 0], of[of >= 0]
    rising = np.append(np.sort(common), -1)
    others = rising[np.searchsorted(rising[:-1], movers.rows)] != movers.rows
    goes = children_leave[of]
    return Units(
        np.concatenate((movers.rows[others], common[goes])),
        np.concatenate((movers.unit[others], of[goes])),
    )


@kernel
def common_children(
    near: Any, mother: Any, father: Any, age: Any, household: Any, adult_age: int, husbands: Any,
    wives: Any, of: Any,
) -> None:  # fmt: skip
    """For each person near, the couple whose minor child lives with the mother; -1 if none.

    wives : int64, rising, with their husbands; of : int32[near], out
    """
    for k in range(near.size):
        i = near[k]
        m = mother[i]
        of[k] = -1
        if (m < 0) | (father[i] < 0) | (age[i] + 1 >= adult_age):
            continue
        couple = np.searchsorted(wives, m)
        if couple < wives.size and wives[couple] == m and husbands[couple] == father[i]:
            of[k] = couple if household[i] == household[m] else -1
