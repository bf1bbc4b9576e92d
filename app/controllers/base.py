"""What all controllers have in common: the program they work for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from ..document import Document
    from ..jobs import Jobs
    from ..program import Program


class Controller(QObject):
    """Turns intents into edits of the document, or into jobs."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.program = program

    @property
    def document(self) -> Document:
        """The document."""
        return self.program.document

    @property
    def jobs(self) -> Jobs:
        """Work in progress."""
        return self.program.jobs
