"""What all controllers have in common: the desk they work at."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ..desk import Desk
from ..document import Document
from ..jobs import Jobs


class Controller(QObject):
    """Turns intents into edits of the document, or into jobs."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.desk = desk

    @property
    def document(self) -> Document:
        """The document."""
        return self.desk.document

    @property
    def jobs(self) -> Jobs:
        """Work in progress."""
        return self.desk.jobs
