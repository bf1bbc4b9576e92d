"""A synthetic depth profile with known truth: a film of Li3PS4 on Li6PS5Cl, twelve levels.

The forward model is a dozen lines of numpy and shares no code with the fit. It makes the bundled
example, the profiles of the tests, and those of `benchmarks/series_fits.py`.
"""

from __future__ import annotations

from math import erf, log, pi, sqrt

import numpy as np

from spectra_core.spectrum import Array, Axis, Meta, Spectrum, make_spectrum

S2P = {"PS4": 161.6, "P2S5": 163.2, "Li2S": 160.1}
P2P = {"PS4": 131.9, "P2S5": 133.2}


def line(x: Array, centre: float, width: float, share: float = 0.3) -> Array:
    """Return a pseudo-Voigt line of area 1."""
    u = (x - centre) / width
    gauss = np.exp(-4 * log(2) * u**2) * 2 * sqrt(log(2) / pi) / width
    return share * 2 / pi / width / (1 + 4 * u**2) + (1 - share) * gauss


def doublet(
    x: Array,
    centre: float,
    width: float,
    splitting: float,
    area: float,
    *,
    share: float = 0.3,
    wider: float = 1.0,
) -> Array:
    """Return both lines of a p level; that of p1/2 may be wider."""
    second = line(x, centre + splitting, width * wider, share)
    return area * (2 / 3 * line(x, centre, width, share) + 1 / 3 * second)


def spectrum(
    generator: np.random.Generator,
    region: str,
    x: Array,
    signal: Array,
    base: float,
    time: float,
) -> Spectrum:
    """Return counts on a flat base with a step of 2 % per eV of what has passed."""
    curve = base + signal + 0.02 * np.cumsum(signal) * (x[1] - x[0])
    counts = generator.poisson(curve).astype(float)
    element, transition = region.split()
    meta = Meta(
        "synthetic",
        region,
        "XPS",
        element,
        transition,
        1486.6,
        dwell_s=1.0,
        scans=1.0,
        etch_time_s=time,
    )
    return make_spectrum(x, counts, Axis.BINDING_ENERGY, y_unit="counts", counts=counts, meta=meta)


def made(
    seed: int = 0,
    *,
    levels: int = 12,
    drift: float = 0.3,
    peak: float = 10**3.5,
    shifted: tuple[int, float] | None = None,
    times: tuple[int, float] | None = None,
    centre: float = 6.0,
    share: float = 0.3,
    wider: float = 1.0,
) -> tuple[list[dict[str, Spectrum]], list[dict[str, float]]]:
    """Return the levels of an LPS film on LPSCl and their true areas.

    The interface is an error function about `centre` with a width of 1.5 levels of 12;
    `shifted` (level, eV) charges one level; `times` (level, factor) scales its counts; `share`
    (Lorentzian) and `wider` (2p1/2) make lines other than those that models have.
    """
    shape = {"share": share, "wider": wider}
    generator = np.random.default_rng(seed)
    xs, xp = np.arange(156.0, 170.0, 0.1), np.arange(127.0, 139.0, 0.1)
    found: list[dict[str, Spectrum]] = []
    truth: list[dict[str, float]] = []
    for k in range(levels):
        place = 12.0 * k / levels
        below = 0.5 * (1 + erf((place - centre) / (sqrt(2) * 1.5)))
        shift = drift * k / max(levels - 1, 1) + (shifted[1] if shifted and shifted[0] == k else 0)
        scale = 1.2 * peak * (times[1] if times and times[0] == k else 1.0)
        areas = {
            "S 2p/PS4": scale * (0.35 + 0.65 * below),
            "S 2p/P2S5": scale * 0.5 * (1 - below),
            "S 2p/Li2S": scale * (0.25 - 0.2 * below),
        }
        areas["P 2p/PS4"] = areas["S 2p/PS4"] * 0.25 * 1.192 / 1.677
        areas["P 2p/P2S5"] = areas["S 2p/P2S5"] * 0.4 * 1.192 / 1.677
        base = 0.1 * peak * (times[1] if times and times[0] == k else 1.0)
        s, p = np.zeros(xs.size), np.zeros(xp.size)
        for name, place_ev in S2P.items():
            s = s + doublet(xs, place_ev + shift, 1.2, 1.18, areas[f"S 2p/{name}"], **shape)
        for name, place_ev in P2P.items():
            p = p + doublet(xp, place_ev + shift, 1.25, 0.87, areas[f"P 2p/{name}"], **shape)
        found.append(
            {
                "S 2p": spectrum(generator, "S 2p", xs, s, base, 20.0 * k),
                "P 2p": spectrum(generator, "P 2p", xp, p, base, 20.0 * k),
            }
        )
        truth.append(areas | {"shift": shift})
    return found, truth
