"""Every column of a person: type, unit, who may write it, and what it means.

A row is a person of the replicate. Codes are positions in the tuples of `parameters/dims.py`.
Links (partner, mother, father) are rows; -1 is dead, unknown or none. Times of events in the
year are in [0, 1), and 2 where the event does not happen.
"""

from typing import NamedTuple

import numpy as np

NOBODY = -1
NEVER = np.float32(2.0)  # time of an event that does not happen this year
FAMILY, DORMITORY, WORKS, CARE_HOME, CHILDRENS_HOME = range(5)
COLLECTIVES = ("family", "dormitory", "works", "care_home", "childrens_home")
LONG_AGO = 255  # years since a birth or wedding that are not known or longer
THIS_YEAR = 254  # a birth or wedding of the year; 0 full years once it closes


class Column(NamedTuple):
    """One column of the people."""

    name: str
    dtype: type
    default: int | float | np.float32
    unit: str
    owner: str  # module that alone writes it; `families` and `places` act for many steps
    meaning: str


COLUMNS = (
    Column("id", np.uint64, 0, "path", "population", "who it is, for life"),
    Column("sibship", np.uint32, 0, "number", "families", "of the mother of a base person"),
    Column("alive", np.uint8, 1, "flag", "deaths", "alive and in the country"),
    Column("age", np.int8, -1, "completed years", "ageing", "-1 for the newborns of the year"),
    Column("sex", np.uint8, 0, "code", "births", "sex"),
    Column("birth_month", np.uint8, 1, "month 1-12", "births", "month of birth"),
    Column("province", np.uint8, 0, "code", "places", "province of residence"),
    Column("residence", np.uint8, 0, "code", "places", "urban or rural"),
    Column("education", np.uint8, 0, "code", "education", "highest level completed"),
    Column("enrolled", np.uint8, 0, "flag", "education", "at school or university"),
    Column("marital", np.uint8, 0, "code", "families", "marital status"),
    Column("partner", np.int32, NOBODY, "row", "families", "living spouse"),
    Column("mother", np.int32, NOBODY, "row", "families", "living mother in the country"),
    Column("father", np.int32, NOBODY, "row", "families", "living father in the country"),
    Column("household", np.int32, NOBODY, "number", "families", "family household; -1 collective"),
    Column("collective", np.uint8, FAMILY, "code", "families", "kind of collective living"),
    Column("since_union", np.uint8, LONG_AGO, "full years", "families", "since the wedding"),
    Column("since_birth", np.uint8, LONG_AGO, "full years", "births", "since her last delivery"),
    Column("n_children", np.uint8, 0, "children", "families", "ever borne or fathered"),
    Column("n_sons", np.uint8, 0, "children", "families", "sons among them"),
    Column("n_living_children", np.uint8, 0, "children", "families", "of these alive"),
    Column("adl", np.uint8, 0, "code", "health", "function in daily life at the opening"),
    Column("adl_next", np.uint8, 0, "code", "health", "function at the end of the year"),
    Column("death_u", np.float32, NEVER, "share of the year", "health", "time of death"),
    Column("divorces", np.uint8, 0, "flag", "partnership", "divorces in the year"),
    Column("move_to", np.uint8, 255, "code", "migration", "intent to move; 255 stays"),
    Column("leave", np.uint8, 0, "bits", "household", "intent to leave the parents or a home"),
)
