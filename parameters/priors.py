"""One draw of every uncertain entry.

Latin hypercube in blocks of 20 draws: in each block an entry visits each twentieth of its
distribution once. Stratum and jitter are read from a hash of (seed, entry, block), so that
another entry, another prior or more draws change no draw that exists. The entry's own value
is the median of its prior, whatever the two sides of the interval are: a lognormal with
median 0.30 and 90 % interval 0.05-0.90 has a longer lower side on the log scale. Draw 0 is
the value itself.
"""

import hashlib
import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from .schema import Spread
from .tables import Floats

Band = tuple[Floats, Floats] | None
BLOCK = 20
_NORMAL = NormalDist()
_Z95 = _NORMAL.inv_cdf(0.95)


def uniform(key: str, draw: int, seed: int) -> float:
    """Uniform in (0, 1) of an entry in a draw (1, 2, ...)."""
    if draw < 1:
        raise ValueError(f"draw {draw}: draws with luck are numbered from 1")
    block, place = divmod(draw - 1, BLOCK)
    digest = hashlib.shake_256(f"{seed}|{key}|{block}".encode()).digest(BLOCK * 16)
    words = np.frombuffer(digest, dtype="<u8")
    stratum = int(np.argsort(words[:BLOCK], kind="stable")[place])
    jitter = (int(words[BLOCK + place]) >> 11) + 0.5
    return (stratum + jitter / 2.0**53) / BLOCK


def drawn(prior: Spread, centre: float, u: float, value: Floats, band: Band = None) -> Floats:
    """The value moved to the quantile `u` of its prior.

    Parameters
    ----------
    prior : the spread of the entry
    centre : the shipped scalar value, to which `low` and `high` refer
    u : float in (0, 1)
    value : float64[...], the median: the shipped value, or a scenario's in its place
    band : low and high of a table, or None

    Returns
    -------
    float64[...], not yet clipped to the valid range
    """
    if u < prior.zero:
        return np.zeros_like(value)
    rest = (u - prior.zero) / (1.0 - prior.zero)
    rest = min(max(rest, 2.0**-53), 1.0 - 2.0**-53)
    return _FAMILIES[prior.family](prior, _centre(prior, centre), rest, value, band)


def fault(prior: Spread, value: Floats, n_values: int, valid: tuple[float, float]) -> str | None:
    """What keeps a prior from fitting an entry's value, or None."""
    if prior.family == "lognormal" and (value < 0).any():
        return "family normal or uniform, since a value is negative"
    if prior.on == "factor" or prior.low is None or prior.high is None:
        return None
    if value.ndim or n_values > 1:
        return "on: factor, or sd, since the entry holds several values"
    if not prior.low <= float(value) <= prior.high:
        return f"low and high around the value {float(value):g}, which is the median"
    if prior.family == "lognormal" and float(value) <= 0:
        return "family normal or uniform, since the value is not positive"
    if prior.low < valid[0] or prior.high > valid[1]:
        return f"low and high inside the valid range {valid[0]:g} to {valid[1]:g}"
    return _beta_fault(prior, float(value)) if prior.family == "beta" else None


def _centre(prior: Spread, centre: float) -> float:
    return 1.0 if prior.on == "factor" else centre


def _shift(prior: Spread, centre: float, u: float, link: Callable[[float], float]) -> float:
    """Normal score times the spread of its side, on the scale of the link."""
    z = _NORMAL.inv_cdf(u)
    if prior.sd is not None:
        return z * prior.sd
    assert prior.low is not None
    assert prior.high is not None
    side = prior.low if z < 0 else prior.high
    return z * abs(link(side) - link(centre)) / _Z95


def _lognormal(prior: Spread, centre: float, u: float, value: Floats, band: Band) -> Floats:
    return np.asarray(value * math.exp(_shift(prior, centre, u, math.log)))


def _normal(prior: Spread, centre: float, u: float, value: Floats, band: Band) -> Floats:
    shift = _shift(prior, centre, u, float)
    return np.asarray(value * (1.0 + shift) if prior.on == "factor" else value + shift)


def _logitnormal(prior: Spread, centre: float, u: float, value: Floats, band: Band) -> Floats:
    odds = math.exp(_shift(prior, centre, u, _logit))
    return np.asarray(value * odds / (1.0 - value + value * odds))


def _uniform(prior: Spread, centre: float, u: float, value: Floats, band: Band) -> Floats:
    """Even on each side of the median; one even range where the median is in the middle."""
    assert prior.low is not None
    assert prior.high is not None
    side = prior.low if u < 0.5 else prior.high
    moved = abs(2.0 * u - 1.0) * (side - centre)
    return np.asarray(value * (1.0 + moved) if prior.on == "factor" else value + moved)


def _beta(prior: Spread, centre: float, u: float, value: Floats, band: Band) -> Floats:
    from scipy.special import betaincinv

    assert prior.low is not None
    assert prior.high is not None
    a, b = beta_shape(prior.low, prior.high)
    return np.asarray(value + (float(betaincinv(a, b, u)) - centre))


def _band(prior: Spread, centre: float, u: float, value: Floats, band: Band) -> Floats:
    """One normal score for the whole path, so that a path stays high or low throughout."""
    if band is None:
        return value
    assert prior.level is not None
    z = _NORMAL.inv_cdf(u) / _NORMAL.inv_cdf((1.0 + prior.level) / 2.0)
    return np.asarray(value + z * (value - band[0] if z < 0 else band[1] - value))


def _logit(p: float) -> float:
    return math.log(p / (1.0 - p))


@lru_cache(maxsize=256)
def beta_shape(low: float, high: float) -> tuple[float, float]:
    """Shape (a, b) of the beta whose 5 % and 95 % points are low and high."""
    from scipy.optimize import root
    from scipy.special import betaincinv

    mean, sd = (low + high) / 2.0, (high - low) / (2.0 * _Z95)
    size = max(mean * (1.0 - mean) / sd**2 - 1.0, 0.1)

    def miss(logs: Floats) -> Floats:
        a, b = np.exp(np.clip(logs, -10.0, 20.0))
        return np.asarray(betaincinv(a, b, (0.05, 0.95)) - (low, high), dtype=np.float64)

    found = root(miss, np.log([mean * size, (1.0 - mean) * size]))
    a, b = (float(x) for x in np.exp(found.x))
    if not np.allclose(miss(found.x), 0.0, atol=1e-6):
        raise ArithmeticError(f"no beta has 5 % and 95 % points {low} and {high}")
    return a, b


def _beta_fault(prior: Spread, value: float) -> str | None:
    from scipy.special import betainc

    assert prior.low is not None
    assert prior.high is not None
    try:
        rank = float(betainc(*beta_shape(prior.low, prior.high), value))
    except ArithmeticError as reason:
        return f"family logitnormal; {reason}"
    if 0.4 <= rank <= 0.6:
        return None
    return f"family logitnormal: the value is the {rank:.0%} point of that beta, not its median"


_Family = Callable[[Spread, float, float, Floats, Band], Floats]
_FAMILIES: dict[str, _Family] = {
    "lognormal": _lognormal,
    "normal": _normal,
    "logitnormal": _logitnormal,
    "uniform": _uniform,
    "beta": _beta,
    "band": _band,
}
