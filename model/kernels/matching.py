"""From whole numbers of couples to persons: who of each type, and who with whom.

The people of a type stand on a circle at keyed positions. A cell takes its members from
there, round from its own keyed offset; in the cell men open and women close brackets. One
more person takes one place and moves the few behind it. Kin never marry: they change
partners within the cell, or with the next free person of the type.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...agents.compiled import kernel, rule
from ...agents.sibships import Sibships, mother_id

Whole = NDArray[np.int64]
Rows = NDArray[np.int32]
Words = NDArray[np.uint32]
Codes = NDArray[np.uint16]


@rule
def free(following: Whole, k: int) -> int:
    """The first place at or behind k that is not taken; shortens the way for the next."""
    end = k
    while following[end] != end:
        end = following[end]
    while following[k] != end:
        following[k], k = end, following[k]
    return end


@rule
def first_behind(position: Words, start: int, stop: int, offset: int) -> int:
    """The first place of start..stop whose position is at or behind the offset."""
    while start < stop:
        middle = (start + stop) // 2
        if np.int64(position[middle]) < offset:
            start = middle + 1
        else:
            stop = middle
    return start


@rule
def members(
    position: Words, following: Whole, start: int, stop: int, offset: int, k: int, out: Whole
) -> int:
    """Takes k free people of a type, places start..stop, round the circle from the offset.

    following : int64[n + 1], union of taken places with the next one; n is the end
    Returns how many were found: fewer than k only where the type is used up.
    """
    place = free(following, first_behind(position, start, stop, offset))
    turned = False
    for found in range(k):
        if place >= stop:
            if turned:
                return found
            turned = True
            place = free(following, start)
            if place >= stop:
                return found
        out[found] = place
        following[place] = place + 1
        place = free(following, place)
    return k


@rule
def turn(position: int, offset: int) -> Any:
    """Way round the circle from the offset to a position."""
    return np.uint32(np.int64(position) - offset)


@rule
def brackets(
    men: Words, women: Words, his: Whole, hers: Whole, k: int, offset: int, match: Whole,
    stack: Whole, early: Whole,
) -> None:  # fmt: skip
    """match[a] = b: the b-th woman closes the bracket that the a-th man opens.

    his, hers : int64, places of the members in the order of the circle from the offset
    stack, early : int64, scratch, at least k long
    The circle has no end: women met before any open man take the last open men.
    """
    depth = waiting = a = 0
    for b in range(k):
        at = turn(women[hers[b]], offset)
        while a < k and turn(men[his[a]], offset) <= at:
            stack[depth] = a
            depth += 1
            a += 1
        if depth > 0:
            depth -= 1
            match[stack[depth]] = b
        else:
            early[waiting] = b
            waiting += 1
    while a < k:
        stack[depth] = a
        depth += 1
        a += 1
    for b in range(waiting):
        depth -= 1
        match[stack[depth]] = early[b]


@rule
def kin(a: int, b: int, mother: Rows, father: Rows, sibship: Sibships) -> bool:
    """Whether two rows are parent and child, or have the mother or a living father in common."""
    of_one = mother_id(sibship.id[a], sibship.number[a])
    same_mother = of_one == mother_id(sibship.id[b], sibship.number[b])
    same_father = (father[a] >= 0) & (father[a] == father[b])
    return bool(
        same_mother | same_father
        | (mother[a] == b) | (mother[b] == a) | (father[a] == b) | (father[b] == a)
    )  # fmt: skip


@rule
def exchange(
    a: int,
    first: int,
    last: int,
    husbands: Rows,
    wives: Rows,
    mother: Rows,
    father: Rows,
    sibship: Sibships,
) -> bool:
    """Lets couple `a` and the next couple of its cell for which no kin meet change wives."""
    for step in range(1, last - first):
        b = first + (a - first + step) % (last - first)
        if husbands[b] < 0:
            continue
        if kin(husbands[a], wives[b], mother, father, sibship) or kin(
            husbands[b], wives[a], mother, father, sibship
        ):
            continue
        wives[a], wives[b] = wives[b], wives[a]
        return True
    return False


@rule
def stranger(
    person: int,
    rows: Rows,
    following: Whole,
    start: int,
    stop: int,
    mother: Rows,
    father: Rows,
    sibship: Sibships,
) -> Any:
    """Row of the first free one of a type, places start..stop, who is no kin; -1 if none."""
    place = free(following, start)
    while place < stop:
        if not kin(person, rows[place], mother, father, sibship):
            following[place] = place + 1
            return np.int64(rows[place])
        place = free(following, place + 1)
    return -1


@rule
def part_kin(
    x: int, start: int, end: int, husbands: Rows, wives: Rows, men: Rows, men_free: Whole, a: int,
    b: int, women: Rows, women_free: Whole, c: int, d: int, mother: Rows, father: Rows,
    sibship: Sibships,
) -> None:  # fmt: skip
    """Finds others for couple x of a cell, couples start..end, if the two are kin; -1 if none.

    a..b, c..d : places of the types of the cell
    """
    if not kin(husbands[x], wives[x], mother, father, sibship):
        return
    if exchange(x, start, end, husbands, wives, mother, father, sibship):
        return
    wife = stranger(husbands[x], women, women_free, c, d, mother, father, sibship)
    if wife >= 0:
        wives[x] = wife
    else:
        husbands[x] = stranger(wives[x], men, men_free, a, b, mother, father, sibship)


@rule
def any_kin(
    start: int, end: int, husbands: Rows, wives: Rows, mother: Rows, father: Rows, sibship: Sibships
) -> Any:
    """Whether the two of any couple start..end are kin, without a branch."""
    found = False
    for x in range(start, end):
        found |= kin(husbands[x], wives[x], mother, father, sibship)
    return found


@rule
def release(following: Whole, start: int, stop: int) -> None:
    """Makes all places start..stop free again."""
    for place in range(start, stop):
        following[place] = place


@kernel
def pairs(
    first: Whole,
    his_type: Codes,
    her_type: Codes,
    couples: Whole,
    offset: Words,
    types: int,
    men: Rows,
    men_position: Words,
    men_start: Whole,
    women: Rows,
    women_position: Words,
    women_start: Whole,
    mother: Rows,
    father: Rows,
    sibship: Sibships,
    husbands: Rows,
    wives: Rows,
) -> int:
    """Fills husbands and wives with rows; returns the number of couples.

    first : int64[regions + 1], first cell of each region, and the end
    his_type, her_type, couples : of each cell; offset : uint32[cells], where it starts
    men, women : int32 rows, by (region, type, position, id); uint32 positions beside them
    men_start, women_start : int64[regions * types + 1], first place of each type
    mother, father : int32 by row; sibship : tells the mother of each row
    husbands, wives : int32, out, at least as long as there are couples
    A couple is lost only where everybody left of both types is kin.
    """
    men_free, women_free = np.arange(men.size + 1), np.arange(women.size + 1)
    most = 1
    for k in couples:
        most = max(most, k)
    his, hers, match = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    stack, early = np.empty(most, np.int64), np.empty(most, np.int64)
    made = 0
    for r in range(first.size - 1):
        begun, careful = made, False
        while True:  # look for kin at the end, which is faster; where there are any, start anew
            for cell in range(first[r], first[r + 1]):
                k, at = couples[cell], np.int64(offset[cell])
                if k == 0:
                    continue
                i, j = r * types + his_type[cell], r * types + her_type[cell]
                a, b, c, d = men_start[i], men_start[i + 1], women_start[j], women_start[j + 1]
                found = members(men_position, men_free, a, b, at, k, his)
                k = min(found, members(women_position, women_free, c, d, at, k, hers))
                brackets(men_position, women_position, his, hers, k, at, match, stack, early)
                start, end = made, made + k
                for x in range(k):
                    husbands[start + x] = men[his[x]]
                    wives[start + x] = women[hers[match[x]]]
                if careful:
                    for x in range(start, end):
                        part_kin(
                            x, start, end, husbands, wives, men, men_free, a, b, women, women_free,
                            c, d, mother, father, sibship,
                        )  # fmt: skip
                for x in range(start, end):
                    if husbands[x] >= 0:
                        husbands[made], wives[made] = husbands[x], wives[x]
                        made += 1
            if careful or not any_kin(begun, made, husbands, wives, mother, father, sibship):
                break
            made, careful = begun, True
            release(men_free, men_start[r * types], men_start[(r + 1) * types])
            release(women_free, women_start[r * types], women_start[(r + 1) * types])
    return made
