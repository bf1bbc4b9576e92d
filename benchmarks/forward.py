"""Synthetic spectra of known truth, made without a line of the program's own code.

A truth says where the lines of each species lie, how wide, how much Lorentzian, how skewed,
how large, and what lies under them; `draw` makes counts of it. Every curve is a plain sum on a
grid: the Voigt is scipy's, the skew is that of a width growing along the axis (Stancik and
Brauns 2008, doi:10.1016/j.vibspec.2008.02.009), cut into many lines it is a tail or a spread
of states. What is made here is synthetic and is called so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import voigt_profile

Array = np.ndarray
_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))
SPLITTING = {"S 2p": 1.18, "P 2p": 0.86}
SCOFIELD = {"S 2p": 1.677, "P 2p": 1.192}  # whole levels at 1486.6 eV, C 1s = 1


@dataclass(frozen=True)
class State:
    """One chemical state of one level: a 2p doublet.

    Attributes
    ----------
    center : float
        2p3/2, on the scale where PS4 lies at 161.4 eV.
    area : float
        Of both lines, for one atom as much as for another of the same level.
    width : float
        FWHM of the 2p3/2 line.
    """

    center: float
    area: float
    width: float = 1.2


@dataclass(frozen=True)
class Truth:
    """What a synthetic sample is like.

    Attributes
    ----------
    levels : mapping of str to mapping of str to State
        Species of each level by name.
    signal : mapping of str to float
        What an instrument makes of an atom: sensitivity times transmission of each level.
    windows : mapping of str to (low, high)
        Range of each spectrum, on the scale of the centres; charging moves both.
    share : float
        Lorentzian FWHM over the sum of the Lorentzian and the Gaussian FWHM.
    skew : float
        Growth of the width to high binding energy, per width.
    minor : float
        Width of the 2p1/2 lines over that of the 2p3/2 lines.
    splitting : mapping of str to float
        Added to the splitting of a level.
    shift : float
        Of all lines: charging.
    level : float
        Background at the low energy end, in units of the level's highest peak.
    step : float
        What a line leaves behind it, in units of its area, per eV.
    slope : float
        Rise of the background for each eV, in units of `level`.
    counts : float
        At the highest peak of the first level, above the background.
    """

    levels: Mapping[str, Mapping[str, State]]
    windows: Mapping[str, tuple[float, float]]
    signal: Mapping[str, float]
    share: float = 0.3
    skew: float = 0.0
    minor: float = 1.0
    splitting: Mapping[str, float] | None = None
    shift: float = 0.0
    level: float = 0.4
    step: float = 0.03
    slope: float = 0.0
    counts: float = 1e4

    def ratio(self, numerator: tuple[str, ...], denominator: tuple[str, ...]) -> float:
        """Return a ratio of areas; names are "level/species"."""
        return self.area(*numerator) / self.area(*denominator)

    def area(self, *names: str) -> float:
        """Return the sum of the areas of some species, named "level/species"."""
        pairs = (name.split("/", 1) for name in names)
        return sum(self.levels[level][species].area for level, species in pairs)

    def with_state(self, level: str, species: str, **changes: float) -> Truth:
        """Return the truth with one state changed, or put in."""
        states = dict(self.levels[level])
        states[species] = replace(states.get(species, State(0.0, 0.0)), **changes)
        return replace(self, levels={**self.levels, level: states})


def line(x: Array, center: float, width: float, share: float, skew: float) -> Array:
    """Return a line of unit area on a grid.

    Of a skewed line the area is the sum over a grid of its own, a hundred widths wide.
    """
    if skew == 0.0:
        return _voigt(x - center, width, share)
    far = np.linspace(-100.0 * width, 100.0 * width, 40001)
    area = _skewed(far, width, share, skew).sum() * (far[1] - far[0])
    return np.asarray(_skewed(x - center, width, share, skew) / area)


def _voigt(u: Array, width: Array | float, share: float) -> Array:
    # The FWHM of a Voigt from its two widths, to 0.02 %: doi:10.1016/0022-4073(77)90161-3.
    lorentz, gauss = share, 1.0 - share
    whole = 0.5346 * lorentz + np.sqrt(0.2166 * lorentz**2 + gauss**2)
    return np.asarray(
        voigt_profile(u, gauss / whole * width / _SIGMA, 0.5 * lorentz / whole * width)
    )


def _skewed(u: Array, width: float, share: float, skew: float) -> Array:
    here = 2.0 * width / (1.0 + np.exp(-np.clip(skew * u / width, -60.0, 60.0)))
    return _voigt(u, here, share)


def expected(truth: Truth, level: str, step: float = 0.05) -> tuple[Array, Array]:
    """Return the axis (N,), ascending in binding energy, and the expected counts (N,)."""
    low, high = truth.windows[level]
    x = np.arange(low, high + 0.5 * step, step)
    margin = round(6.0 / step)
    wide = low + step * np.arange(-margin, x.size + margin)
    peaks = _peaks(wide, level, truth)
    behind = (truth.step * step * np.cumsum(peaks))[margin : margin + x.size]
    base = truth.level * peaks.max() * (1.0 + truth.slope * (x - low))
    first = next(iter(truth.levels))
    one = (
        truth.counts
        / (peaks if level == first else _peaks(_around(truth, first), first, truth)).max()
    )
    peaks = peaks[margin : margin + x.size]
    return x + truth.shift, one * (peaks + behind - behind[0] + base)


def _around(truth: Truth, level: str) -> Array:
    low, high = truth.windows[level]
    return np.arange(low, high, 0.05)


def _peaks(x: Array, level: str, truth: Truth) -> Array:
    lines = [_doublet(x, level, state, truth) for state in truth.levels[level].values()]
    return np.asarray(truth.signal[level] * np.sum(lines, axis=0))


def _doublet(x: Array, level: str, state: State, truth: Truth) -> Array:
    apart = SPLITTING[level] + (truth.splitting or {}).get(level, 0.0)
    major = line(x, state.center, state.width, truth.share, truth.skew)
    minor = line(x, state.center + apart, state.width * truth.minor, truth.share, truth.skew)
    return np.asarray(state.area * (2.0 * major + minor) / 3.0)


def draw(truth: Truth, rng: np.random.Generator) -> dict[str, tuple[Array, Array]]:
    """Return axis and Poisson counts of each level."""
    made = {level: expected(truth, level) for level in truth.levels}
    return {level: (x, rng.poisson(y).astype(float)) for level, (x, y) in made.items()}
