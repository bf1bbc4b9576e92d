"""Several baselines over one Raman spectrum, to be compared and adopted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from spectra_core.raman.previews import USUAL, BaselineTry
from spectra_core.spectrum import Spectrum

from ..widgets import Card, heading, label
from .baseline_list import BaselineList, spread_words
from .recorded_plot import Recorded, RecordedPlot


class BaselinesDialog(QDialog):
    """Shows them beside the window; a click on one adopts it.

    Signals
    -------
    kind_chosen(str)
    every_asked(bool)
    channel_clicked(float)
    """

    kind_chosen = Signal(str)
    every_asked = Signal(bool)
    channel_clicked = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare baselines")
        self.resize(900, 420)
        self.plot, self.list = RecordedPlot(), BaselineList()
        self.every = QCheckBox("all of the table")
        self.words = label("Trying baselines…", "muted", wrap=True)
        side = QVBoxLayout()
        side.addWidget(heading("Baseline"))
        card = Card(margins=8)
        card.body.addWidget(self.list)
        side.addWidget(card)
        side.addWidget(self.every)
        side.addWidget(self.words)
        side.addStretch(1)
        both = QHBoxLayout()
        both.addWidget(self.plot, 1)
        holder = QWidget()
        holder.setFixedWidth(280)
        holder.setLayout(side)
        both.addWidget(holder)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(both, 1)
        layout.addWidget(buttons)
        self.list.kind_chosen.connect(self.kind_chosen)
        self.plot.kind_chosen.connect(self.kind_chosen)
        self.plot.channel_clicked.connect(self.channel_clicked)
        self.every.clicked.connect(self.every_asked)

    def show_tried(
        self,
        spectrum: Spectrum,
        window: tuple[float, float] | None,
        tried: Sequence[BaselineTry],
        pair: tuple[str, str] | None,
    ) -> None:
        """Show baselines on a spectrum, the chosen one first.

        Parameters
        ----------
        spectrum : Spectrum
        window : tuple of float or None
            What is fitted.
        tried : sequence of BaselineTry
            Empty while they are being tried.
        pair : tuple of str or None
            Components whose ratio each gives.
        """
        shown = tuple(b.kind for b in tried) if len(tried) <= len(USUAL) + 1 else USUAL
        self.plot.show_recorded(Recorded(spectrum, tuple(tried), shown, window))
        self.list.show_tried(tried, pair)
        spread = spread_words(tried, pair).partition(";")[0]
        self.words.setText(f"{spread}." if spread else "" if tried else "Trying baselines…")
