"""Dialogs are shown one at a time, without stopping the program."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget


class Dialogs(QObject):
    """Shows dialogs over a window; a new one takes the place of the one before.

    Attributes
    ----------
    window : QWidget
        The parent of dialogs.
    current : QDialog or None
        What is open.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.window = window
        self.current: QDialog | None = None

    def show(self, dialog: QDialog, *, beside: bool = False) -> None:
        """Show a dialog; `beside`: the window stays in use."""
        self.close()
        self.current = dialog
        dialog.finished.connect(partial(self._finished, dialog))
        if beside:
            dialog.show()
        else:
            dialog.open()

    def close(self) -> None:
        """Close what is open."""
        if self.current is not None:
            self.current.close()

    def _finished(self, dialog: QDialog, _: int) -> None:
        if self.current is dialog:
            self.current = None
        dialog.deleteLater()
