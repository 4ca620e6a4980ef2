"""Where a new couple lives: with his parents, with hers, or in a home of their own.

A couple may join his or her parents who have a home at the place where he or she lives;
otherwise it settles at his place or hers, in the household of the one who has one without
parents or lodgers, or a new one.
Minor children of a spouse who moves out come along. Movers change province and residence
with the wedding. Leaves out housing and its price, which the shares stand for.

Source: assumed shares, see `partnership.yaml`.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..agents import families
from . import homes
from .lodgings import shares_lodgings
from .marriage_types import KEY
from .moving_units import family_units

if TYPE_CHECKING:
    from .model import SongheModel

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]
Flags = NDArray[np.bool_]

KIND = "family"


class Homes(NamedTuple):
    """For each couple: whether it settles at his place, and in the household of parents there."""

    at_his: Flags
    elders: Flags


def choose(
    his_parents: Flags, her_parents: Flags, shares: tuple[Floats, Floats, float], u: Floats
) -> Homes:
    """Homes by one uniform for each couple, cut in the order his parents, hers, own.

    his_parents, her_parents : whether parents have a home at the place of each
    shares : of joining his parents and hers, by couple, and of settling at his place else
    """
    his = his_parents * shares[0]
    hers = her_parents * shares[1] * (1 - his)
    own = np.maximum(1 - his - hers, 1e-12)
    at_his = (u < his) | ((u >= his + hers) & ((u - his - hers) < own * shares[2]))
    return Homes(at_his, u < his + hers)


def settle(model: "SongheModel", husbands: Rows, wives: Rows, u: Floats) -> None:
    """Give every new couple a household, and move those who must move, with their minors.

    u : float64 in (0, 1), one uniform for each couple
    """
    people, n = model.people, len(husbands)
    household = people["household"]
    spouses = np.concatenate((husbands, wives))
    parents = homes.parents_of(people, spouses)
    his, hers = parents.nearby[:n], parents.nearby[n:]
    found = choose(his >= 0, hers >= 0, shares(model, husbands, wives), u)
    host = np.where(found.at_his, husbands, wives)
    with_parents = np.where(found.at_his, parents.at_home[:n], parents.at_home[n:])
    fresh = np.flatnonzero(~found.elders)
    fresh = fresh[with_parents[fresh] | ~own_home(model, host[fresh])]
    host = np.where(found.elders, np.where(found.at_his, his, hers), host)
    home = household[host].astype(np.int64)
    home[fresh] = families.new_households(model, len(fresh))
    couple = np.tile(np.arange(n), 2)
    moves = household[spouses] != home[couple]
    heads, couple = spouses[moves].astype(np.int64), couple[moves]
    movers = family_units(model, heads, alone=np.ones(len(heads), np.bool_))
    to = couple[movers.unit]
    place = people["province"][host[to]], people["residence"][host[to]]
    homes.settle(model, movers.rows, home[to], *place, KIND)


def own_home(model: "SongheModel", rows: Rows) -> Flags:
    """Whether each lives in a family household without lodgers, bool[n]."""
    return np.asarray((model.people["household"][rows] >= 0) & ~shares_lodgings(model, rows))


def shares(model: "SongheModel", husbands: Rows, wives: Rows) -> tuple[Floats, Floats, float]:
    """Shares of joining his parents and hers, by couple, and of settling at his place else."""
    p, residence = model.parameters, model.people["residence"]
    return (
        p.array(KEY + "home_his_parents")[residence[husbands]],
        p.array(KEY + "home_her_parents")[residence[wives]],
        p.value(KEY + "home_his_place"),
    )
