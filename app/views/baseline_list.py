"""Baselines to be chosen among, each with the numbers that it gives."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QRadioButton, QWidget

from spectra_core.raman.previews import USUAL, BaselineTry

from ..theme import number_font
from ..widgets import clear_layout, in_locale, label, wrapped


class BaselineList(QWidget):
    """One row for each baseline: its name, the ratio it gives, and how quiet the rest is.

    Signals
    -------
    kind_chosen(str)
    """

    kind_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Baselines")
        self.rows = QGridLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setHorizontalSpacing(8)
        self.rows.setVerticalSpacing(4)
        self.rows.setColumnStretch(0, 1)
        self.buttons: dict[str, QRadioButton] = {}
        self._group = QButtonGroup(self)

    def show_tried(self, tried: Sequence[BaselineTry], pair: tuple[str, str] | None) -> None:
        """Show baselines, the chosen one first.

        Parameters
        ----------
        tried : sequence of BaselineTry
        pair : tuple of str or None
            Components whose ratio each gives.
        """
        clear_layout(self.rows)
        self.buttons, self._group = {}, QButtonGroup(self)
        heads = ("", "" if pair is None else f"{pair[0]} / {pair[1]}", "quiet rms")
        for column, text in enumerate(heads if tried else ()):
            head = label(text, "muted")
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.rows.addWidget(head, 0, column)
        for line, one in enumerate(tried, 1):
            button = QRadioButton(one.title)
            button.setChecked(line == 1)
            button.setToolTip(wrapped(one.problem or _tip(one)))
            button.setEnabled(not one.problem)
            button.clicked.connect(lambda _=False, kind=one.kind: self.kind_chosen.emit(kind))
            self._group.addButton(button)
            self.buttons[one.kind] = button
            self.rows.addWidget(button, line, 0)
            for column, text in enumerate(_cells(one, pair), 1):
                cell = label(text, selectable=True)
                cell.setFont(number_font(scale=0.93, bold=line == 1))
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.rows.addWidget(cell, line, column)


def _cells(one: BaselineTry, pair: tuple[str, str] | None) -> tuple[str, str]:
    ratio = None if pair is None else one.ratio(*pair)
    return (
        "" if ratio is None else in_locale(f"{ratio:.3g}"),
        "" if one.quiet is None else in_locale(f"{one.quiet:.2f} σ"),
    )


def _tip(one: BaselineTry) -> str:
    options = ", ".join(
        f"{name} {value:g}" if isinstance(value, int | float) else f"{name} {value}"
        for name, value in one.background.options.items()
    )
    quiet = "What is left where bands are least, over the noise of the spectrum: 1 is right."
    return f"{one.title}{f' ({options})' if options else ''}. {quiet}"


def spread_words(tried: Sequence[BaselineTry], pair: tuple[str, str] | None) -> str:
    """Return how far a ratio depends on the usual baselines."""
    if pair is None or not tried or tried[0].ratio(*pair) is None:
        return ""
    shown = [b for k, b in enumerate(tried) if k == 0 or b.kind in USUAL]
    found = [r for one in shown if (r := one.ratio(*pair)) is not None]
    if len(found) < 2:
        return ""
    half = 0.5 * (max(found) - min(found))
    return in_locale(f"The usual baselines differ by ± {half:.2g}; no error of the map holds that.")
