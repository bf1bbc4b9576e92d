"""What a review of the desktop program asked for, as a person notices it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.program import Program
from spectra_core.project import Project, add_spectra
from spectra_core.spectrum import Axis, Meta, make_spectrum

Settle = Callable[[Program], None]


def lines(
    x: np.ndarray, *peaks: tuple[float, float, float], noise: float = 0.0, floor: float = 100.0
) -> np.ndarray:
    """Return Gaussians (place, height, FWHM) on a constant, with a fixed seed of noise."""
    y = np.full(x.size, floor)
    for center, height, fwhm in peaks:
        y = y + height * np.exp(-4 * np.log(2) * ((x - center) / fwhm) ** 2)
    return y + noise * np.random.default_rng(5).standard_normal(x.size)


def show(program: Program, region: str, x: np.ndarray, y: np.ndarray, **meta: object) -> None:
    """Open a synthetic spectrum, as a file would bring it."""
    spectrum = make_spectrum(
        x, y, axis=Axis.BINDING_ENERGY, y_unit="counts",
        meta=Meta(region=region, sample="synthetic", **meta),  # type: ignore[arg-type]
    )  # fmt: skip
    program.document.open(add_spectra(Project(), [spectrum]))


# ---------------------------------------------------------------------------------
# The preferred number of starts


def test_the_preferred_number_of_starts_is_that_of_a_preset_and_of_a_new_model(
    program: Program, settle: Settle
) -> None:
    program.prefer(replace(program.preferences, starts=4))
    program.files.open_example()
    settle(program)
    program.spectra.add_preset("su2025/fig5f-i")
    project = program.document.project
    assert {a.options.starts for a in project.analyses.values()} == {4}
    assert program.window.fit_panel.starts.count == 4
    program.spectra.remove_model()
    program.editing.add_entry("xps/ps4/s2p")
    assert program.window.fit_panel.starts.count == 4
