"""Pictures of the program's main states, to be looked at: `python3 dev.py screenshots [FOLDER]`.

All data in them are synthetic. They are not kept in the repository.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QSettings, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from doublet.app.controllers.files import Unclear
from doublet.app.main import make_application
from doublet.app.program import Program
from doublet.app.selection import Selection
from spectra_core.datafiles import data_path
from spectra_core.editing.drag import Handle
from spectra_core.export.casaxps import with_casaxps_fit
from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum
from spectra_core.writers import write
from spectra_core.writers.vamas import write_vamas

SIZE = QSize(1440, 900)
SIZES = ((1280, 720), (1366, 768), (1440, 900))
CHINESE = {
    "Bare": "裸露的",
    "LPS-C40@": "C40 包覆的 ",
    "LPSCl": "硫银锗矿 LPSCl 固体电解质",
    "40 s": "溅射 40 秒",
    "0 s": "溅射 0 秒",
}
"""Words of the samples of the example."""


class Camera:
    """Takes a picture of a widget after everything that was asked for is done."""

    def __init__(self, program: Program, folder: Path, prefix: str = "") -> None:
        self.program, self.folder, self.prefix = program, folder, prefix

    def settle(self, seconds: float = 180.0) -> None:
        """Wait for the jobs."""
        end = time.monotonic() + seconds
        while not self.program.desk.jobs.is_idle and time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.02)  # without the interpreter's lock, which jobs need
        QTest.qWait(80)

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Write a picture of the window, or of a widget."""
        self.settle()
        path = self.folder / f"{self.prefix}{name}.png"
        (widget or self.program.window).grab().save(str(path))
        print(path)

    def dialog(self, name: str, show: Callable[[], object]) -> None:
        """Open a dialog, picture it, close it."""
        show()
        self.settle()
        dialog = self.program.crew.dialogs.current
        assert dialog is not None
        self.take(name, dialog)
        self.program.crew.dialogs.close()


def not_named(name: str) -> Unclear:
    """Return a file that does not say what its axis is."""
    return Unclear(Path(name), "it is not known what the axis is.", None)


def start(folder: Path, size: QSize) -> Program:
    """Return a program with settings of its own."""
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    program = Program(settings, folder)
    program.window.resize(size)
    program.window.show()
    program.desk.prefer(replace(program.desk.preferences, scheme="light"))
    return program


def example(camera: Camera) -> None:
    """Empty start, example, joint model, drag, dialogs, tabs, dark colours."""
    program = camera.program
    camera.take("01-empty")
    program.crew.files.open_example()
    camera.take("02-example")
    program.crew.spectra.add_preset("su2025/fig5f-i")
    program.crew.fitting.fit_all()
    camera.settle()
    program.crew.editing.choose_owner("PS4")
    camera.take("03-bad-fit-and-notes")
    program.window.panel.verticalScrollBar().setValue(10_000)
    camera.take("04-referees-notes")
    program.window.panel.verticalScrollBar().setValue(0)
    program.crew.files.open_joint_example()
    camera.settle()
    joint = [k for k, s in program.desk.document.project.spectra.items() if "0 s" in s.meta.sample]
    program.crew.spectra.add_preset("lpscl-cathode", joint)
    program.crew.fitting.fit_spectra(joint)
    camera.settle()
    program.desk.document.select(Selection((joint[0],)))
    program.crew.editing.choose_owner("PS4")
    camera.take("05-joint-fit")
    deque(begin_drag(program), maxlen=0)
    camera.take("06-drag")
    QTest.mouseRelease(program.window.plot.viewport, Qt.MouseButton.LeftButton)
    program.desk.document.stack.undo()
    for tab, name in (
        (program.window.ratios, "07-ratios"),
        (program.window.alternatives, "07-alternatives"),
        (program.window.pulls, "07-pulls"),
        (program.window.table, "08-table"),
        (program.window.correlations, "09-correlations"),
        (program.window.history, "10-history"),
        (program.window.report, "11-report"),
    ):
        program.window.tabs.setCurrentWidget(tab)
        program.window.resizeDocks([program.window.docks[2]], [380], Qt.Orientation.Vertical)
        QTest.qWait(600)
        camera.take(name)
    program.window.tabs.setCurrentWidget(program.window.uniqueness)
    program.crew.fitting.uniqueness(f"{program.desk.scene.selection.region}/PS4/area")
    camera.take("12-uniqueness")
    program.window.tabs.setCurrentWidget(program.window.ratios)
    program.window.resizeDocks([program.window.docks[2]], [240], Qt.Orientation.Vertical)
    dialogs(camera)
    program.crew.spectra.choose(list(program.desk.document.project.spectra)[:4])
    program.crew.viewing.switch_waterfall()
    camera.take("28-waterfall")
    program.crew.viewing.switch_waterfall()
    program.desk.document.select(Selection((joint[0],)))
    program.crew.viewing.switch_dark()
    program.crew.editing.choose_owner("PS4")
    camera.take("29-dark")
    camera.dialog("30-dark-library", program.crew.model_dialogs.library)
    program.crew.viewing.switch_dark()
    program.window.resize(1280, 800)
    camera.take("31-1280x800")
    program.window.resize(2560, 1440)
    camera.take("32-2560x1440")


def dialogs(camera: Camera) -> None:
    """Every dialog."""
    crew = camera.program.crew
    for name, show in (
        ("13-library", crew.model_dialogs.library),
        ("14-presets", lambda: crew.model_dialogs.library(presets=True)),
        ("15-library-near", lambda: crew.model_dialogs.library(energy=161.6)),
        ("16-calibration", crew.spectra_dialogs.calibration),
        ("17-ratio", crew.model_dialogs.ratio),
        ("18-preferences", crew.program_dialogs.preferences),
        ("19-palette", lambda: crew.program_dialogs.palette("fit")),
        ("20-shortcuts", crew.program_dialogs.shortcuts),
        ("21-science-notes", crew.program_dialogs.science_notes),
        ("22-about", crew.program_dialogs.about),
        ("23-export", crew.program_dialogs.export),
        ("24-unlock", lambda: crew.model_dialogs.unlock("PS4", "area")),
        (
            "25-link",
            lambda: crew.model_dialogs.link(
                f"{camera.program.desk.scene.selection.region}/PS4/fwhm"
            ),
        ),
        ("26-axis", lambda: crew.spectra_dialogs.axis([not_named("a.txt"), not_named("b.txt")])),
        ("27-manual", crew.program_dialogs.manual),
        ("27-problem", crew.program_dialogs.problem),
        ("27-crash", lambda: camera.program.crashed(ValueError("a synthetic defect"))),
    ):
        camera.dialog(name, show)


def coming_in(camera: Camera) -> None:
    """A folder of text files before it is opened, a stored fit beside ours, the tour."""
    program = camera.program
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        x = np.arange(157.0, 168.0, 0.1)
        for name in ("pellet S2p_0s.txt", "pellet S2p_40s.txt"):
            y = np.random.default_rng(2).poisson(200 + 900 * np.exp(-(((x - 161.6) / 0.7) ** 2)))
            rows = (f"{a:.2f}\t{b}" for a, b in zip(x, y, strict=True))
            (folder / name).write_text("\n".join(rows))
        camera.dialog(
            "33-folder", lambda: (program.crew.files.open_paths([folder]), camera.settle())
        )
        spectrum = next(iter(program.desk.document.project.spectra.values()))
        analysis = next(iter(program.desk.document.project.analyses.values()))
        stored, _ = with_casaxps_fit(spectrum, analysis.model)
        write_vamas(folder / "stored.vms", [stored])
        program.crew.files.open_paths([folder / "stored.vms"])
        camera.settle()
        camera.take("34-stored-fit")
    program.crew.acting.run("tour")
    camera.take("35-tour")
    program.crew.touring.leave()


def a_profile(camera: Camera) -> None:
    """The Series view: opened, fitted, each tab of it, dark colours."""
    program = camera.program
    program.window.resize(SIZE)
    program.crew.acting.run("profile_example")
    camera.take("36-series")
    program.crew.acting.run("fit")
    camera.take("37-series-fitted")
    tabs = program.crew.series.view.tabs
    for k in range(tabs.count()):
        tabs.setCurrentIndex(k)
        camera.take(f"38-series-{tabs.tabText(k).split()[0].lower()}")
    tabs.setCurrentIndex(0)
    program.desk.prefer(replace(program.desk.preferences, scheme="dark"))
    program.window.resize(1280, 800)
    camera.take("39-series-dark-1280x800")


def a_tour(camera: Camera) -> None:
    """The frames of the animated tour: from an empty window to the report of a joint fit."""
    program, window = camera.program, camera.program.window
    program.desk.prefer(replace(program.desk.preferences, scheme="light"))
    program.crew.files.open_joint_example()
    window.resize(1280, 800)
    frames = iter(range(1, 100))

    def frame() -> None:
        camera.take(f"tour-{next(frames):02}")

    frame()
    joint = list(program.desk.document.project.spectra)
    program.crew.spectra.add_preset("lpscl-cathode", joint)
    program.crew.fitting.fit_all()
    camera.settle()
    program.desk.document.select(Selection((joint[0],)))
    program.crew.editing.choose_owner("PS4")
    frame()
    for _ in begin_drag(program):
        frame()
    QTest.mouseRelease(window.plot.viewport, Qt.MouseButton.LeftButton)
    program.desk.document.stack.undo()
    window.resizeDocks([window.docks[2]], [330], Qt.Orientation.Vertical)
    for tab in (window.ratios, window.alternatives, window.pulls, window.report):
        window.tabs.setCurrentWidget(tab)
        QTest.qWait(600)
        frame()


def a_map(camera: Camera) -> None:
    """The Map view: opened, fitted, a region, baselines, factors, states, dark colours."""
    program = camera.program
    program.window.resize(SIZE)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "cathode_map.h5", made_map())
        program.crew.files.open_paths([Path(folder) / "cathode_map.h5"])
        camera.settle()
    acting, maps = program.crew.acting, program.crew.maps
    acting.run("map_view")
    camera.take("40-map")
    maps.load_recipe(data_path("resources", "examples", "cathode_raman_map.toml"))
    camera.take("41-map-recipe")
    acting.run("fit")
    camera.take("42-map-first")
    maps.choose_quantity("ratio:PS4/A1g")
    maps.draw_area((2, 6), (2, 7))
    maps.draw_area((9, 13), (15, 21))
    maps.choose_area("")
    rays = maps.scene.record.fit.marks.any(axis=1) if maps.scene and maps.scene.record else []
    maps.pin(int(np.flatnonzero(rays)[0]))
    QTest.qWait(400)
    camera.take("43-map-fitted")
    maps.show_every(True)
    maps.choose_area("A")
    QTest.qWait(400)
    camera.take("44-map-region")
    maps.choose_area("")
    maps.choose_quantity("status")
    maps.view.tabs.setCurrentIndex(1)
    QTest.qWait(400)
    camera.take("45-map-factors")
    maps.view.tabs.setCurrentIndex(0)
    maps.choose_quantity("center:PS4")
    program.desk.prefer(replace(program.desk.preferences, scheme="dark"))
    program.window.resize(1280, 720)
    camera.take("46-map-dark-1280x720")
    maps.show_fit(maps.scene.pixel if maps.scene else 0)
    camera.take("47-map-pixel-dark")
    acting.run("baselines")
    QTest.qWait(1500)
    camera.take("48-baselines", program.crew.dialogs.current)
    acting.run("calibrate")
    camera.take("49-raman-axis", program.crew.dialogs.current)


def made_map() -> list[Spectrum]:
    """Return a synthetic map of oxide particles in PS4, some pixels with a cosmic ray."""
    rng, x = np.random.default_rng(1), np.linspace(350.0, 700.0, 320)
    across, down = np.meshgrid(np.arange(30), np.arange(16))
    apart = [np.hypot(down - r, across - c) for r, c in ((10, 7), (4, 20), (12, 24))]
    oxide = 1.0 / (1.0 + np.exp(1.2 * (np.min(apart, axis=0) - 4.5)))
    made = []
    for row, column in np.ndindex(oxide.shape):
        part = float(oxide[row, column])
        y = 150.0 + 0.1 * x
        for centre, half, area in (
            (425.0, 6.0, 9000.0 * (1.0 - part) + 400.0),
            (478.0, 30.0, 9000.0 * part + 400.0),
            (595.0, 27.5, 9000.0 * part + 400.0),
        ):
            y = y + area / np.pi * half / ((x - centre) ** 2 + half**2)
        y = rng.poisson(y).astype(float)
        if rng.random() < 0.05:
            y[rng.integers(20, 300)] += 900.0
        where = {"X": (float(column), "um"), "Y": (float(row), "um")}
        meta = Meta(sample="Composite cathode", comment="synthetic", variables=where)
        made.append(make_spectrum(x, y, Axis.RAMAN_SHIFT, y_unit="counts", meta=meta))
    return made


def at_sizes(camera: Camera) -> None:
    """The fit and the tabs of results at the usual sizes, light and dark, names in Chinese too."""
    program = camera.program
    program.crew.files.open_joint_example()
    camera.settle()
    program.crew.spectra.add_preset("lpscl-cathode")
    program.crew.fitting.fit_all()
    camera.settle()
    window = program.window
    for words in ("en", "zh"):
        if words == "zh":
            in_chinese(program)
        for scheme in ("light", "dark"):
            program.desk.prefer(replace(program.desk.preferences, scheme=scheme))  # type: ignore[arg-type]
            for width, height in SIZES:
                window.resize(width, height)
                for tab in (window.ratios, window.alternatives, window.pulls):
                    window.tabs.setCurrentWidget(tab)
                    name = f"{words}-{scheme}-{width}x{height}-{type(tab).__name__[:-3].lower()}"
                    camera.take(name)


def in_chinese(program: Program) -> None:
    """Give the samples Chinese names."""
    words = re.compile("|".join(map(re.escape, CHINESE)))
    samples = {
        key: spectrum.meta.sample for key, spectrum in program.desk.document.project.spectra.items()
    }
    # Renaming one renames its sample: the names are taken before.
    for key, sample in samples.items():
        name = words.sub(lambda found: CHINESE[found[0]], sample)
        program.crew.spectra.rename_sample(key, name)


def begin_drag(program: Program) -> Iterator[int]:
    """Take hold of the top of PS4 and move it step by step, without letting go."""
    plot = program.window.plot
    at = plot.handle_position(Handle("top", "PS4 2p3/2"))
    if at is None:
        return
    QTest.mousePress(plot.viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    for step in range(1, 8):
        QTest.mouseMove(plot.viewport, at + QPoint(-4 * step, -2 * step))
        QTest.qWait(30)
        yield step


def main() -> int:
    """Render all states into a folder."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots")
    prefix = sys.argv[2] if len(sys.argv) > 2 else ""
    folder.mkdir(parents=True, exist_ok=True)
    make_application()
    rolls = {"sizes": (at_sizes,), "tour": (a_tour,), "map": (a_map,)}
    with tempfile.TemporaryDirectory() as own:
        program = start(Path(own), SIZE)
        camera = Camera(program, folder, "" if prefix in rolls else prefix)
        for take in rolls.get(prefix, (example, coming_in, a_profile, a_map)):
            take(camera)
        program.shut_down()
    QApplication.processEvents()
    return 0


if __name__ == "__main__":
    sys.exit(main())
