"""Running sums over replicates: what is kept of the country in place of its replicates.

Counts are whole numbers, so that their sums are exact. Of the figures that tables show, and of
their paired differences from the reference scenario, sums and sums of squares are kept; they
are added in the order of the replicates, so that they are the same bits whoever lived them.
The standard error of a mean is that of its replicates over the root of their number; for a
figure that is a ratio it holds as far as a replicate is large, for a cost (a ratio of two
differences, each near nothing) it is formed from both parts and their product.
"""

import io
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model.closed_year import narrow
from .figures import parts_of
from .results import BASE_YEAR

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


class Counted(NamedTuple):
    """What is kept of one replicate in one scenario.

    counts : int[year, *dims] by name from 2010 on, in the smallest type that holds them
    of_2010 : names that the base year has
    figures : float64[year, ...] by name, see `figures.py`
    constants : float64[year] by name, NaN in a year without one
    weight : real persons per agent
    """

    counts: dict[str, NDArray[Any]]
    of_2010: frozenset[str]
    figures: dict[str, Array]
    constants: dict[str, Array]
    weight: float
    person_years: int
    seconds: float


class Moments:
    """Sum and sum of squares of an array, both from its first value, which is near the mean."""

    def __init__(self, first: Array) -> None:
        self.first, self.total = first.copy(), np.zeros_like(first)
        self.squares = np.zeros_like(first)

    def add(self, values: Array) -> None:
        """Add the values of one more replicate."""
        gap = values - self.first
        self.total += gap
        self.squares += gap * gap

    def mean(self, n: int) -> Array:
        """Mean of n values."""
        return np.asarray(self.first + self.total / n)

    def error(self, n: int) -> Array:
        """Standard error of the mean of n values; NaN with fewer than two."""
        return _error(self.squares, self.total, self.total, n)


def _error(products: Array, one: Array, other: Array, n: int) -> Array:
    if n < 2:
        return np.full_like(products, np.nan)
    return np.sqrt(np.maximum(products - one * other / n, 0.0) / (n - 1) / n)


class Sums:
    """Running sums of one draw.

    references : of each scenario that is held against another, that other
    next : the replicate that is added next; n : replicates that are in
    left_out : replicate and reason of those that failed
    """

    def __init__(self, references: Mapping[str, str]) -> None:
        self.references = dict(references)
        self.next = self.n = 0
        self.seconds = self.weight = 0.0
        self.lived = dict[str, tuple[int, float]]()  # person-years and seconds by scenario
        self.left_out: list[tuple[int, str]] = []
        self.counts: dict[str, dict[str, Whole]] = {}
        self.of_2010: dict[str, frozenset[str]] = {}
        self.constants: dict[str, dict[str, Array]] = {}
        self.known: dict[str, dict[str, Array]] = {}  # how many replicates have a constant
        self.moments: dict[str, Moments] = {}  # by kind/scenario/figure
        self.products: dict[str, Array] = {}  # of the two parts of costs, by scenario

    # --- adding ---------------------------------------------------------------------------

    def add(self, lived: Mapping[str, Counted]) -> None:
        """Add the next replicate."""
        for name, one in lived.items():
            self._add_counts(name, one)
            self._add_constants(name, one)
            years, seconds = self.lived.get(name, (0, 0.0))
            self.lived[name] = years + one.person_years, seconds + one.seconds
            self.weight = one.weight
            for figure, values in one.figures.items():
                self._add(f"level/{name}/{figure}", values)
        for name, reference in self.references.items():
            mine, theirs = lived[name].figures, lived[reference].figures
            gaps = {figure: mine[figure] - theirs[figure] for figure in mine if figure in theirs}
            for figure, gap in gaps.items():
                self._add(f"difference/{name}/{figure}", gap)
            if {"paid", "bought"} <= set(gaps):
                self._add_product(name, gaps)
            self._add_parts(name, lived[name], lived[reference])
        self.next, self.n = self.next + 1, self.n + 1

    def leave_out(self, reason: str) -> None:
        """Go on without the next replicate, which failed."""
        self.left_out.append((self.next, reason))
        self.next += 1

    def _add_counts(self, name: str, one: Counted) -> None:
        mine = self.counts.setdefault(name, {})
        self.of_2010[name] = self.of_2010.get(name, frozenset()) | one.of_2010
        for key, counts in one.counts.items():
            if key in mine:
                mine[key] += counts
            else:
                mine[key] = counts.astype(np.int64)

    def _add_constants(self, name: str, one: Counted) -> None:
        sums, known = self.constants.setdefault(name, {}), self.known.setdefault(name, {})
        for key, values in one.constants.items():
            there = ~np.isnan(values)
            sums[key] = sums.get(key, np.zeros_like(values)) + np.where(there, values, 0.0)
            known[key] = known.get(key, np.zeros_like(values)) + there

    def _add(self, key: str, values: Array) -> None:
        if key not in self.moments:
            self.moments[key] = Moments(values)
        self.moments[key].add(values)

    def _add_parts(self, name: str, one: Counted, other: Counted) -> None:
        """Parts of the births that one replicate adds."""
        if "deflator" in one.figures and "deflator" in other.figures:
            prices = one.figures["deflator"], other.figures["deflator"]
            parts = parts_of(one.counts, other.counts, one.weight, prices)
            self._add(f"part/{name}/parts", parts)

    def _add_product(self, name: str, gaps: Mapping[str, Array]) -> None:
        """The product of what was paid and bought more, both from their first values."""
        paid, bought = (
            gaps[part] - self.moments[f"difference/{name}/{part}"].first
            for part in ("paid", "bought")
        )
        self.products[name] = self.products.get(name, np.zeros_like(paid)) + paid * bought

    # --- what comes out -------------------------------------------------------------------

    def by_year(self, name: str) -> dict[int, dict[str, Whole]]:
        """Summed counts of a scenario as a model's yearly tallies have them."""
        found: dict[int, dict[str, Whole]] = {}
        for key, sums in self.counts[name].items():
            for k, counts in enumerate(sums):
                now = found.setdefault(BASE_YEAR + k, {})
                if k or key in self.of_2010[name]:
                    now[key] = counts
        return found

    def mean_constants(self, name: str) -> dict[str, Array]:
        """Constants of a scenario, averaged over the replicates that have them."""
        known = self.known[name]
        return {
            key: np.divide(sums, known[key], out=np.full_like(sums, np.nan), where=known[key] > 0)
            for key, sums in self.constants[name].items()
        }

    def errors(self, kind: str, name: str) -> dict[str, Array]:
        """Standard errors of a scenario by figure; kind : "level", "difference" or "part"."""
        head = f"{kind}/{name}/"
        return {
            key.removeprefix(head): moments.error(self.n)
            for key, moments in self.moments.items()
            if key.startswith(head)
        }

    def cost_error(self, name: str) -> Array | None:
        """Standard error of paid over bought, float64[year, cost]; None without a reference."""
        if name not in self.products or self.n < 2:
            return None
        paid, bought = (self.moments[f"difference/{name}/{p}"] for p in ("paid", "bought"))
        n, whole = self.n, bought.mean(self.n)
        ratio = np.divide(paid.mean(n), whole, out=np.full_like(whole, np.nan), where=whole != 0)
        squares = paid.squares - 2 * ratio * self.products[name] + ratio**2 * bought.squares
        total = paid.total - ratio * bought.total
        return np.asarray(_error(squares, total, total, n) / np.abs(whole))

    # --- keeping --------------------------------------------------------------------------

    def to_bytes(self, about: Mapping[str, Any]) -> bytes:
        """All of it as one file.

        about : what must be the same in whoever goes on from it
        """
        plain = ("references", "next", "n", "seconds", "weight", "lived", "left_out")
        arrays: dict[str, NDArray[Any]] = {}
        for name, counts in self.counts.items():
            arrays |= {f"counts/{name}/{k}": narrow(v) for k, v in counts.items()}
            arrays |= {f"constants/{name}/{k}": v for k, v in self.constants[name].items()}
            arrays |= {f"known/{name}/{k}": v for k, v in self.known[name].items()}
        for key, m in self.moments.items():
            arrays[f"moments/{key}"] = np.stack([m.first, m.total, m.squares])
        arrays |= {f"products/{name}": v for name, v in self.products.items()}
        head = {name: getattr(self, name) for name in plain}
        head["of_2010"] = {name: sorted(names) for name, names in self.of_2010.items()}
        text = json.dumps({"about": about, **head}, sort_keys=True)
        names = list(arrays)
        arrays = {f"a{k}": array for k, array in enumerate(arrays.values())}
        out = io.BytesIO()
        np.savez(out, head=_text(text), names=_text(json.dumps(names)), **arrays)  # type: ignore[arg-type]
        return out.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> tuple["Sums", dict[str, Any]]:
        """The sums of a file, and what it is about.

        Raises
        ------
        ValueError, KeyError, OSError, zipfile.BadZipFile
            If it is damaged: every part of the file has a checksum.
        """
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            head = json.loads(stored["head"].tobytes())
            names = json.loads(stored["names"].tobytes())
            arrays = {name: stored[f"a{k}"] for k, name in enumerate(names)}
        sums = cls(head["references"])
        sums.next, sums.n = head["next"], head["n"]
        sums.seconds, sums.weight = head["seconds"], head["weight"]
        sums.lived = {name: (int(y), float(s)) for name, (y, s) in head["lived"].items()}
        sums.left_out = [(int(k), str(reason)) for k, reason in head["left_out"]]
        sums.of_2010 = {name: frozenset(keys) for name, keys in head["of_2010"].items()}
        for full, array in arrays.items():
            kind, _, key = full.partition("/")
            if kind == "moments":
                sums.moments[key] = Moments(array[0])
                sums.moments[key].total, sums.moments[key].squares = array[1:]
            elif kind == "products":
                sums.products[key] = array
            else:
                name, _, rest = key.partition("/")
                value = array.astype(np.int64) if kind == "counts" else array
                getattr(sums, kind).setdefault(name, {})[rest] = value
        return sums, head["about"]


def _text(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)
