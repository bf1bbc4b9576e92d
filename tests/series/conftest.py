"""A synthetic depth profile with known truth, and the model of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import spectra_core as sc
from benchmarks.series_truth import P2P, S2P, made


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
