"""A fit of CasaXPS beside ours: seen on opening, judged, drawn, taken over by one click."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.widgets import read_number
from spectra_core.editing.values import set_value
from spectra_core.export.casaxps import with_casaxps_fit
from spectra_core.model import Background, Model, Parameter, Region, add_doublet
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.writers.vamas import write_vamas

Settle = Callable[[Program], None]
STEPS = Acquisition(0.05, 1.0, 1.0, 1486.6, sample="pellet (synthetic)", peak_counts=20_000.0)
AREA = 3000.0


def truth() -> Model:
    region = Region("S 2p", (157.0, 168.0), Background("constant", parameters={"level": 300.0}))
    for name, center, area in (("PS4", 161.5, AREA), ("bridge", 163.0, 1200.0)):
        region = add_doublet(
            region,
            name,
            "S 2p",
            label=name,
            area=area,
            center=center,
            fwhm=1.2,
            mix=Parameter(0.3, free=False),
        )
    return Model((region,))


def stored_file(folder: Path, area: float) -> Path:
    """Write a synthetic spectrum with a fit in it whose first area is a given one."""
    (spectrum,) = simulate(truth(), STEPS, np.random.default_rng(3))
    model = set_value(truth(), "S 2p/PS4/area", area)
    path = folder / "stored.vms"
    write_vamas(path, [with_casaxps_fit(spectrum, model)[0]])
    return path


def shown(program: Program, settle: Settle, path: Path) -> None:
    program.crew.files.open_paths([path])
    settle(program)
    settle(program)


@pytest.mark.parametrize(("times", "worst"), [(1.0, 0.0), (1.3, 3.0)])
def test_the_difference_is_in_our_errors_and_red_where_it_is_large(
    program: Program, settle: Settle, tmp_path: Path, times: float, worst: float
) -> None:
    shown(program, settle, stored_file(tmp_path, times * AREA))
    strip = program.window.stored
    assert strip.isVisible()
    ratio, first = strip.columns[:2]
    ours, error = (read_number(part) for part in first.ours.split("±"))
    stored = read_number(first.stored)
    assert ours is not None and error and stored is not None
    assert stored == pytest.approx(times * 2 / 3 * AREA, rel=0.01)
    assert ours == pytest.approx(2 / 3 * AREA, rel=0.05)
    assert first.sigmas == pytest.approx((ours - stored) / error, rel=0.2, abs=0.3)
    assert ratio.name == "bridge / PS₄"
    assert read_number(ratio.stored) == pytest.approx(1200 / (times * AREA), rel=0.01)
    ours, error = (read_number(part) for part in ratio.ours.rstrip("*").split("±"))
    assert ours == pytest.approx(1200 / AREA, rel=0.05) and error
    # Never an error of the counts that looks like the whole one.
    assert ("all rows" in ratio.tip) is not ratio.ours.endswith("*")
    if worst:
        assert first.sigmas is not None and first.sigmas < -worst
        assert "no minimum" in strip.referee
    assert "A referee would say" in strip.referee


def test_one_click_takes_the_stored_fit_over(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    shown(program, settle, stored_file(tmp_path, AREA))
    strip = program.window.stored
    qtbot.mouseClick(strip.take_over, Qt.MouseButton.LeftButton)
    region = program.desk.scene.region
    assert region is not None and len(region.components) == 4
    assert strip.isVisible() and not strip.take_over.isVisible()


def test_both_fits_are_drawn_on_the_axis_that_is_shown(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    shown(program, settle, stored_file(tmp_path, 1.3 * AREA))
    strip, plot = program.window.stored, program.window.plot
    heard: list[object] = []
    strip.both_shown.connect(heard.append)
    qtbot.mouseClick(strip.both, Qt.MouseButton.LeftButton)
    x, y = heard[-1]  # type: ignore[misc]
    spectrum = program.desk.scene.spectrum
    assert spectrum is not None
    top = float(x[np.argmax(y)])
    assert top == pytest.approx(161.5, abs=0.15)
    # Its peak is a third too high above the level, at the place of the data's.
    there = float(np.interp(top, spectrum.x, spectrum.y))
    low = float(np.median(spectrum.y[spectrum.x > 166.0]))
    assert (float(y.max()) - low) / (there - low) == pytest.approx(1.27, abs=0.1)
    qtbot.mouseClick(strip.both, Qt.MouseButton.LeftButton)
    assert heard[-1] is None
    assert plot.isVisible()


def test_without_a_stored_fit_there_is_no_strip(program: Program, settle: Settle) -> None:
    program.crew.files.open_example()
    settle(program)
    assert not program.window.stored.isVisible()
