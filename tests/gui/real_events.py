"""The errands of `test_clicks.py` once more, by a real mouse and keyboard on an X server.

``xvfb-run -s "-screen 0 1440x900x24" python tests/gui/real_events.py`` with a window manager and
``xdotool`` there: every press goes through the X server, the window manager and Qt, as a user's
does. It prints how many clicks each errand took. Only places are asked of the program; what
happens is read from it afterwards. All spectra are synthetic.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QSettings
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QTreeWidget, QWidget

from doublet.app.main import make_application
from doublet.app.program import Program
from doublet.app.views.intake_dialog import IntakeDialog
from doublet.app.views.library_dialog import LibraryDialog
from spectra_core.export.casaxps import with_casaxps_fit
from spectra_core.model import Background, Model, Parameter, Region, add_doublet, get_parameter
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.writers.vamas import write_vamas

PATIENCE_S = 300.0


class Hand:
    """A hand on the real mouse: each click is counted."""

    def __init__(self, program: Program) -> None:
        self.program, self.clicks = program, 0

    def _xdo(self, *words: object) -> None:
        # The window has to answer while the mouse moves: its loop runs here.
        asked = subprocess.Popen(["xdotool", *map(str, words)])
        while asked.poll() is None:
            QApplication.processEvents()
            time.sleep(0.002)
        self.rest(0.15)

    def rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.005)

    def wait(self, until: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not until():
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain: {what}")
            self.rest(0.05)

    def settle(self) -> None:
        self.rest(0.2)
        self.wait(lambda: self.program.desk.jobs.is_idle, "the jobs end")

    def click(self, widget: QWidget, place: QPoint | None = None) -> None:
        self.wait(widget.isVisible, f"{widget.accessibleName() or widget} is shown")
        at = widget.mapToGlobal(place or widget.rect().center())
        self.clicks += 1
        self._xdo("mousemove", "--sync", at.x(), at.y(), "click", 1)
        self.settle()

    def drag(self, start: QPoint, end: QPoint) -> None:
        """Press, move in steps, let go: one action.

        All in one call: Qt answers a drag in a loop of its own, which ends with it.
        """
        self.clicks += 1
        words: list[object] = ["mousemove", "--sync", start.x(), start.y(), "mousedown", 1]
        for part in np.linspace(0.1, 1.0, 8):
            at = start + (end - start) * float(part)
            words += ["sleep", 0.08, "mousemove", at.x(), at.y()]
        self._xdo(*words, "sleep", 0.2, "mouseup", 1)
        self.settle()

    def type(self, text: str, *keys: str) -> None:
        self._xdo("type", "--delay", 15, text)
        for key in keys:
            self._xdo("key", key)
        self.settle()

    def press(self, action: str) -> None:
        """Press the button of an action in the toolbar."""
        made = self.program.window.actions_by_id[action]
        buttons = self.program.window.findChildren(QAbstractButton)
        self.click(next(b for b in buttons if getattr(b, "defaultAction", lambda: None)() is made))

    def open_typed(self, text: str) -> None:
        """Type names into the file dialog that is open, and press Enter."""
        self.wait(lambda: bool(self._file_dialogs()), "the file dialog opens")
        self.rest(0.5)
        self.type(text, "Return")

    def _file_dialogs(self) -> list[QFileDialog]:
        return [d for d in self.program.window.findChildren(QFileDialog) if d.isVisible()]


def load_preset(hand: Hand, title: str) -> None:
    hand.press("preset")
    dialog = hand.program.crew.dialogs.current
    assert isinstance(dialog, LibraryDialog)
    rows: QTreeWidget = dialog.preset_list
    items = [rows.topLevelItem(i) for i in range(rows.topLevelItemCount())]
    item = next(item for item in items if item is not None and title in item.text(0))
    if rows.currentItem() is not item:
        rows.scrollToItem(item)
        hand.rest(0.1)
        hand.click(rows.viewport(), rows.visualItemRect(item).center())
    assert dialog.add is not None
    hand.click(dialog.add)


def from_the_example_to_a_ratio(hand: Hand, folder: Path) -> None:
    hand.click(hand.program.window.empty.example)
    load_preset(hand, "Fig. 5f-i")
    hand.press("fit_all")
    ratios = [r for a in hand.program.desk.document.project.analyses.values() for r in a.ratios]
    assert len(ratios) == 4 and all(r.budget.total is not None for r in ratios)


def from_a_casaxps_file_to_the_comparison(hand: Hand, folder: Path) -> None:
    steps = Acquisition(0.05, 1.0, 1.0, 1486.6, sample="pellet", peak_counts=20_000.0)
    (spectrum,) = simulate(truth(), steps, np.random.default_rng(3))
    path = folder / "stored.vms"
    write_vamas(path, [with_casaxps_fit(spectrum, truth())[0]])
    hand.press("open")
    hand.open_typed(str(path))
    strip = hand.program.window.stored
    hand.wait(lambda: strip.isVisible() and bool(strip.referee), "the strip is there")
    assert strip.columns[0].sigmas is not None
    hand.click(strip.both)


def from_text_files_to_a_joint_fit(hand: Hand, folder: Path) -> None:
    sulfur = {161.4: 1800.0, 162.58: 900.0, 163.0: 200.0, 164.2: 100.0}
    columns(folder / "pellet S2p.txt", 156.5, 168.5, sulfur)
    columns(folder / "pellet P2p.txt", 128.0, 137.0, {131.8: 300.0, 132.66: 150.0})
    hand.press("open")
    hand.open_typed(f'"{folder}/pellet S2p.txt" "{folder}/pellet P2p.txt"')
    hand.wait(lambda: isinstance(hand.program.crew.dialogs.current, IntakeDialog), "the table")
    dialog = hand.program.crew.dialogs.current
    assert isinstance(dialog, IntakeDialog)
    hand.click(dialog.take)
    load_preset(hand, "LPS film")
    hand.press("fit_all")
    (analysis,) = hand.program.desk.document.project.analyses.values()
    assert set(analysis.spectra) == {"S 2p", "P 2p"} and analysis.stored is not None


def linking_by_a_drag(hand: Hand, folder: Path) -> None:
    _two(hand, folder)
    cards = hand.program.window.cards
    source = cards.card("bridging S").box("FWHM").field
    target = cards.card("PS4").box("FWHM").field
    middles = [f.mapToGlobal(f.rect().center()) for f in (source, target)]
    hand.drag(middles[0], middles[1])
    analysis = hand.program.desk.scene.analysis
    assert analysis is not None
    assert [link.target for link in analysis.model.links] == ["S 2p/bridging S 2p3/2/fwhm"]


def linking_by_typing(hand: Hand, folder: Path) -> None:
    _two(hand, folder)
    field = hand.program.window.cards.card("bridging S").field("FWHM")
    hand.click(field)
    hand._xdo("key", "ctrl+a")
    hand.type("0.5 * PS4", "Return")
    analysis = hand.program.desk.scene.analysis
    assert analysis is not None and analysis.model.links[0].terms[0].times == 0.5


def fixing(hand: Hand, folder: Path) -> None:
    _two(hand, folder)
    hand.click(hand.program.window.cards.card("PS4").box("centre").glyph)
    analysis = hand.program.desk.scene.analysis
    assert analysis is not None and not get_parameter(analysis.model, "S 2p/PS4/center").free


def disabling(hand: Hand, folder: Path) -> None:
    _two(hand, folder)
    hand.click(hand.program.window.cards.card("PS4"), QPoint(30, 8))
    hand.clicks += 1
    hand._xdo("key", "Delete")
    hand.settle()
    region = hand.program.desk.scene.region
    assert region is not None and not region.component("PS4 2p3/2").enabled


def calibrating(hand: Hand, folder: Path) -> None:
    _two(hand, folder)
    hand.press("calibrate")
    dialog = hand.program.crew.dialogs.current
    assert dialog is not None
    hand.click(dialog.shift)
    hand._xdo("key", "ctrl+a")
    hand.type("0.4", "Return")
    shift = hand.program.desk.document.project.spectrum("s1").calibration.shift
    assert abs(shift - 0.4) < 1e-9, shift


ERRANDS: tuple[tuple[Callable[[Hand, Path], None], int], ...] = (
    (from_the_example_to_a_ratio, 5),
    (from_a_casaxps_file_to_the_comparison, 3),
    (from_text_files_to_a_joint_fit, 5),
    (linking_by_a_drag, 2),
    (linking_by_typing, 2),
    (fixing, 1),
    (disabling, 2),
    (calibrating, 3),
)
"""What is done, and the most clicks it may take; a typed name or number counts with its click."""


def truth() -> Model:
    region = Region("S 2p", (157.0, 168.0), Background("constant", parameters={"level": 300.0}))
    for name, center, area in (("PS4", 161.5, 3000.0), ("bridge", 163.0, 1200.0)):
        mix = Parameter(0.3, free=False)
        region = add_doublet(
            region, name, "S 2p", label=name, area=area, center=center, fwhm=1.2, mix=mix
        )
    return Model((region,))


def columns(path: Path, low: float, high: float, lines: dict[float, float]) -> Path:
    x = np.arange(low, high, 0.05)
    y = np.full_like(x, 300.0)
    for center, area in lines.items():
        y += area / 0.54 * np.exp(-(((x - center) / 0.72) ** 2))
    counts = np.random.default_rng(7).poisson(y)
    path.write_text("\n".join(f"{a:.2f}\t{b}" for a, b in zip(x, counts, strict=True)))
    return path


def _two(hand: Hand, folder: Path) -> None:
    """Open a spectrum with two components, without the mouse."""
    lines = {161.4: 1800.0, 162.58: 900.0, 163.0: 600.0, 164.2: 300.0}
    path = columns(folder / "one.txt", 156.5, 168.5, lines)
    path.write_text("binding energy (eV)\tcounts\n" + path.read_text())
    hand.program.crew.files.open_paths([path])
    hand.settle()
    hand.program.crew.editing.add_entry("xps/ps4/s2p")
    hand.program.crew.editing.add_entry("xps/bridging/s2p")
    hand.rest(0.3)


def main() -> int:
    """Do every errand in a program of its own; return how many failed."""
    make_application()
    failed = 0
    wanted = sys.argv[1:]
    for errand, most in ERRANDS:
        if wanted and errand.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
            program = Program(settings, folder / "data")
            program.window.resize(1400, 860)
            program.window.show()
            hand = Hand(program)
            hand.rest(1.0)
            hand.settle()
            try:
                errand(hand, folder)
                ok = hand.clicks <= most
            except AssertionError as error:
                ok = False
                print(f"  {error!r}")
            if not ok and (pictures := os.environ.get("DOUBLET_PICTURES")):
                program.window.grab().save(f"{pictures}/{errand.__name__}.png")
            failed += not ok
            words = errand.__name__.replace("_", " ")
            print(f"{hand.clicks} clicks (at most {most}): {words}{'' if ok else ': FAILED'}")
            sys.stdout.flush()
            program.shut_down()
            hand.rest(0.2)
            program.window.deleteLater()
    return failed


if __name__ == "__main__":
    sys.exit(main())
