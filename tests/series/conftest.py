"""A synthetic depth profile with known truth; the forward model shares no code with the fit."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, log, pi, sqrt

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.spectrum import Axis, Meta, make_spectrum

S2P = {"PS4": 161.6, "P2S5": 163.2, "Li2S": 160.1}
P2P = {"PS4": 131.9, "P2S5": 133.2}


def line(x, centre, width, share=0.3):
    u = (x - centre) / width
    gauss = np.exp(-4 * log(2) * u**2) * 2 * sqrt(log(2) / pi) / width
    return share * 2 / pi / width / (1 + 4 * u**2) + (1 - share) * gauss


def doublet(x, centre, width, splitting, area):
    return area * (2 / 3 * line(x, centre, width) + 1 / 3 * line(x, centre + splitting, width))


def spectrum(generator, region, x, signal, base, time):
    """Counts on a flat base with a step of 2 % per eV of what has passed."""
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


def made(seed=0, *, levels=12, drift=0.3, peak=10**3.5, shifted=None, times=None, centre=6.0):
    """Return the levels of an LPS film on LPSCl and their true areas.

    The interface is an error function about `centre` with a width of 1.5 levels of 12;
    `shifted` (level, eV) charges one level; `times` (level, factor) scales its counts.
    """
    generator = np.random.default_rng(seed)
    xs, xp = np.arange(156.0, 170.0, 0.1), np.arange(127.0, 139.0, 0.1)
    found, truth = [], []
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
        s = sum(doublet(xs, c + shift, 1.2, 1.18, areas[f"S 2p/{n}"]) for n, c in S2P.items())
        p = sum(doublet(xp, c + shift, 1.25, 0.87, areas[f"P 2p/{n}"]) for n, c in P2P.items())
        found.append(
            {
                "S 2p": spectrum(generator, "S 2p", xs, s, base, 20.0 * k),
                "P 2p": spectrum(generator, "P 2p", xp, p, base, 20.0 * k),
            }
        )
        truth.append(areas | {"shift": shift})
    return found, truth


@pytest.fixture(scope="session")
def profile() -> Callable:
    """Return the maker of synthetic profiles."""
    return made


@pytest.fixture(scope="session")
def model() -> sc.Model:
    """Return the model of the profile: three states of sulfur, two of phosphorus."""
    regions = []
    for name, window, states, width in (
        ("S 2p", (157.0, 169.0), S2P, 1.2),
        ("P 2p", (128.0, 138.0), P2P, 1.25),
    ):
        region = sc.Region(name, window, sc.Background("shirley"))
        for state, centre in states.items():
            region = sc.add_doublet(
                region,
                state,
                name,
                "pseudo_voigt",
                center=sc.Parameter(centre, centre - 0.6, centre + 0.6),
                fwhm=sc.Parameter(width, 0.7, 2.2),
                mix=sc.Parameter(0.3, free=False),
            )
        regions.append(region)
    widths = [f"S 2p/{state} 2p3/2/fwhm" for state in S2P]
    return sc.add_links(sc.Model(tuple(regions)), sc.share(widths))
