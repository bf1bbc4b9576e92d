"""A synthetic depth profile with known truth, and the model of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import spectra_core as sc
from benchmarks import series_fits
from benchmarks.series_truth import made


@pytest.fixture(scope="session")
def profile() -> Callable:
    """Return the maker of synthetic profiles."""
    return made


@pytest.fixture(scope="session")
def model() -> sc.Model:
    """Return the model of the profile: three states of sulfur, two of phosphorus."""
    return series_fits.model()
