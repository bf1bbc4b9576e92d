"""Actions in any order: no exception, no deadlock, nothing that runs on after Cancel.

A short walk is in the suite; ``DOUBLET_ACTIONS=2000`` makes it long, ``DOUBLET_SEED`` another one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QMenu,
    QMessageBox,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from doublet.app.actions import ACTIONS
from doublet.app.program import Program
from doublet.app.views.component_numbers import numbers
from spectra_core.project.project import add_spectra, same_project
from spectra_core.spectrum import Axis, Meta, Source, Spectrum, make_spectrum

ACTS = int(os.environ.get("DOUBLET_ACTIONS", "150"))
SEED = int(os.environ.get("DOUBLET_SEED", "1"))
LEAVES = {"quit"}
MOST_SPECTRA = 12  # examples that are opened again and again are taken out


def synthetic(number: int) -> Spectrum:
    """Return a spectrum, synthetic and labelled so."""
    x = np.arange(157.0, 170.0, 0.1)
    y = 300 + 2000 * np.exp(-(((x - 161.5) / 0.7) ** 2)) + 900 * np.exp(-(((x - 163) / 0.7) ** 2))
    counts = np.random.default_rng(number).poisson(y).astype(float)
    meta = Meta(sample=f"Sample {number} (synthetic)", region="S 2p", dwell_s=1.0, scans=1)
    source = Source(file="synthetic.vms", index=number)
    return make_spectrum(x, counts, Axis.BINDING_ENERGY, y_unit="counts", meta=meta, source=source)


class Walk:
    """A user without a plan.

    Parameters
    ----------
    program : Program
    rng : Generator
    """

    def __init__(self, program: Program, rng: np.random.Generator) -> None:
        self.program, self.rng = program, rng
        self.done: list[str] = []
        self._ways: tuple[Callable[[], str], ...] = (
            *(self.act,) * 6,
            self.choose_spectra,
            self.choose_owner,
            self.type_number,
            self.turn_glyph,
            self.open_tab,
            self.press_button,
        )

    def step(self) -> None:
        """Do something, and whatever a dialog that it opened may ask for."""
        self.done.append(self._ways[self.rng.integers(len(self._ways))]())
        QApplication.processEvents()
        self.answer()
        QApplication.processEvents()

    def act(self) -> str:
        one = ACTIONS[self.rng.integers(len(ACTIONS))].id
        made = self.program.window.actions_by_id[one]
        if one not in LEAVES and made.isEnabled():
            made.trigger()
        return one

    def choose_spectra(self) -> str:
        ids = list(self.program.desk.document.project.spectra)
        if len(ids) > MOST_SPECTRA:
            self.program.crew.spectra.remove(ids[3:])
            return "remove spectra"
        number = min(len(ids), int(self.rng.integers(1, 4)))
        self.program.crew.spectra.choose([str(i) for i in self.rng.permutation(ids)[:number]])
        return f"choose {number}"

    def choose_owner(self) -> str:
        region = self.program.desk.scene.region
        names = [""] if region is None else ["", *(c.id for c in region.components)]
        name = names[self.rng.integers(len(names))]
        self.program.crew.editing.choose_component(name)
        return f"choose {name}"

    def _cells(self) -> list[str]:
        shown = numbers(self.program.desk.scene)
        owner = self.program.desk.scene.selection.owner
        if shown is None or not owner or owner not in {*self.program.window.cards.owners}:
            return []
        return [cell.path for cell in shown.cells(owner)]

    def type_number(self) -> str:
        cells = self._cells()
        if not cells:
            return "type nothing"
        path = cells[self.rng.integers(len(cells))]
        texts = ("= PS4", "0.5 * PS4", "nothing of the kind")
        if self.rng.random() < 0.5:
            text = texts[self.rng.integers(len(texts))]
            self.program.crew.editing.link_typed(path, text)
            return f"type {text}"
        value = float(self.rng.choice([0.0, 1.3, 161.7, 900.0, -2.0]))
        self.program.crew.editing.set_value(path, value)
        return f"type {value}"

    def turn_glyph(self) -> str:
        owner = self.program.desk.scene.selection.owner
        cards = self.program.window.cards
        if not owner or owner not in cards.owners:
            return "turn nothing"
        cards.card(owner).box("centre").glyph.click()
        return "turn a glyph"

    def open_tab(self) -> str:
        tabs = self.program.window.tabs
        tabs.setCurrentIndex(int(self.rng.integers(tabs.count())))
        return f"open {tabs.tabText(tabs.currentIndex())}"

    def press_button(self) -> str:
        window = self.program.window
        found = [
            button
            for part in (window.panel, window.tabs.currentWidget(), window.stored, window.banner)
            for button in part.findChildren(QAbstractButton)
            if button.isVisible() and button.isEnabled()
        ]
        if found:
            button = found[self.rng.integers(len(found))]
            words = button.text() or button.accessibleName()
            button.click()
            return f"press {words}"
        return "press nothing"

    def answer(self) -> None:
        """Press any button of a dialog, or close it; menus are closed."""
        for widget in QApplication.topLevelWidgets():
            if not isValid(widget):  # the answer to another has ended it
                continue
            if isinstance(widget, QMenu) and widget.isVisible():
                widget.close()
            if not isinstance(widget, QDialog) or not widget.isVisible():
                continue
            if not isinstance(widget, QFileDialog | QMessageBox) and self.rng.random() < 0.5:
                buttons = [b for b in widget.findChildren(QAbstractButton) if b.isEnabled()]
                if buttons:
                    button = buttons[self.rng.integers(len(buttons))]
                    self.done.append(f"  {widget.windowTitle()}: {button.text()}")
                    button.click()
                    QApplication.processEvents()
        self.program.crew.dialogs.close()
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QFileDialog | QMessageBox | QDialog) and widget.isVisible():
                widget.close()


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_actions_in_any_order_break_nothing(
    qtbot: QtBot, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    crashes: list[BaseException] = []
    program.desk.jobs.broke.connect(crashes.append)
    program.desk.document.apply("Open", add_spectra, [synthetic(i) for i in range(3)])
    walk = Walk(program, np.random.default_rng(seed))
    for number in range(ACTS):
        walk.step()
        assert not crashes, (number, walk.done[-12:])
        if number % 25 == 24:
            program.crew.acting.run("cancel")
            # Nothing runs on; the limit is for a machine that has other things to do as well.
            qtbot.waitUntil(lambda: program.desk.jobs.is_idle, timeout=120_000)
    program.crew.acting.run("cancel")
    qtbot.waitUntil(lambda: program.desk.jobs.is_idle, timeout=120_000)
    assert not crashes
    # Whatever was done can be taken back to the beginning of the history, and done again.
    stack = program.desk.document.stack
    last, at = program.desk.document.project, stack.index()
    stack.setIndex(0)
    stack.setIndex(at)
    assert same_project(program.desk.document.project, last)
