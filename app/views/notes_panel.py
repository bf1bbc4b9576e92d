"""The referee's notes: what the lint says of the shown fit, each with "show me" and "fix"."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from spectra_core.editing.edits import Fix, fix_for
from spectra_core.fitting import FitWarning
from spectra_core.referee.context import Finding
from spectra_core.referee.verdict import asks_for_a_look

from ..scene import Scene
from ..widgets import Elided, clear_layout, heading, label, link_button, row

_SEVERITY = {
    "note": ("", "Worth knowing"),
    "warning": ("warn", "Warning"),
    "alarm": ("alarm", "Alarm"),
}
_ROOM = 270  # pixels for links in the narrowest panel
_WORST = 2  # alarms that are always shown
_ORDER = ("alarm", "warning", "note")


class NotesPanel(QWidget):
    """The alarms, the two worst first; what is worth knowing folded; the user's own note below.

    Signals
    -------
    show_asked(FitWarning)
    fix_asked(Fix)
    action_asked(str)
        Id of an action that helps.
    note_edited(str)
    """

    show_asked = Signal(object)
    fix_asked = Signal(object)
    action_asked = Signal(str)
    note_edited = Signal(str)

    def __init__(
        self, helpful: Mapping[str, tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        """Make a panel; `helpful` gives label and action id for codes of findings."""
        super().__init__(parent)
        self._helpful = helpful
        self._shown: tuple[object, ...] = (None, None, None)
        self._scene: Scene | None = None
        self._alarms: list[FitWarning] = []
        self._notes: list[FitWarning] = []
        self._all, self._reading = False, False
        self._heading = heading("Alarms")
        self.more = link_button("", "Every alarm and warning of this fit.")
        self.more.clicked.connect(lambda _=False: self.unfold(alarms=not self._all))
        self.read = link_button("", "What the preset and the referee have to say beside.")
        self.read.clicked.connect(lambda _=False: self.unfold(notes=not self._reading))
        self._body, self._folded = QVBoxLayout(), QVBoxLayout()
        self._body.setSpacing(6)
        self._folded.setSpacing(6)
        self.note = _Note()
        self.note.left.connect(self.note_edited)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row(self._heading, 1, self.more))
        layout.addLayout(self._body)
        layout.addLayout(row(self.read, 1))
        layout.addLayout(self._folded)
        layout.addWidget(self.note)

    def show_scene(self, scene: Scene) -> None:
        """Show the notes of a scene's analysis."""
        analysis = scene.analysis
        key = scene.selection.analysis
        text = scene.project.notes.get(key, "") if key else ""
        self.note.show_note(key or "", text)
        self.note.setVisible(analysis is not None)
        self._heading.setVisible(analysis is not None)
        found: tuple[FitWarning, ...] = ()
        if analysis is not None:
            found = (*analysis.warnings, *(analysis.findings if scene.fitted else ()))
        shown = (analysis, found, scene.fitted)
        if analysis is self._shown[0] and shown[1:] == self._shown[1:]:
            return
        self._shown, self._scene = shown, scene
        ranked = sorted(dict.fromkeys(found), key=_rank)
        self._alarms = [f for f in ranked if asks_for_a_look(f)]
        self._notes = [f for f in ranked if not asks_for_a_look(f)]
        self._all = self._reading = False
        self._fill()

    def unfold(self, *, alarms: bool | None = None, notes: bool | None = None) -> None:
        """Show all alarms or the worst, and all notes or none."""
        self._all = self._all if alarms is None else alarms
        self._reading = self._reading if notes is None else notes
        self._fill()

    def _fill(self) -> None:
        scene, number = self._scene, len(self._alarms)
        clear_layout(self._body)
        clear_layout(self._folded)
        if scene is None:
            return
        for finding in self._alarms if self._all else self._alarms[:_WORST]:
            self._body.addWidget(self._frame(finding, scene))
        if scene.analysis is not None and scene.fitted and not self._alarms:
            frame = _frame("good")
            body = QVBoxLayout(frame)
            body.setContentsMargins(10, 5, 8, 5)
            body.addWidget(label("Nothing to object to.", wrap=True))
            self._body.addWidget(frame)
        for finding in self._notes if self._reading else ():
            self._folded.addWidget(self._frame(finding, scene))
        self.more.setVisible(number > _WORST)
        self.more.setText("the worst" if self._all else f"{_WORST} of {number}")
        few = len(self._notes) == 1
        self.read.setVisible(bool(self._notes))
        self.read.setText(
            "Fold the notes" if self._reading else f"{len(self._notes)} note{'s' * (not few)}: read"
        )

    def _frame(self, finding: FitWarning, scene: Scene) -> QFrame:
        severity, word = _SEVERITY[getattr(finding, "severity", "note")]
        frame = _frame(severity)
        place = f" · {finding.where}" if finding.where else ""
        body = QVBoxLayout(frame)
        body.setContentsMargins(10, 5, 8, 5)
        body.setSpacing(2)
        head = Elided(f"{word}{place}", "muted", at_end=True)
        head.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        top = row(head)
        top.setStretch(0, 1)
        body.addLayout(top)
        sentence = finding.message[:1].upper() + finding.message[1:]
        body.addWidget(label(sentence, wrap=True, selectable=True))
        advice = getattr(finding, "advice", "")
        if advice:
            body.addWidget(label(advice, "muted", wrap=True, selectable=True))
        links: list[QWidget] = []
        if finding.where:
            show = link_button("Show me", "Mark it on the plot.")
            show.clicked.connect(lambda: self.show_asked.emit(finding))
            top.addWidget(show)
        if isinstance(finding, Finding) and scene.analysis is not None:
            fix = fix_for(finding, scene.analysis.model)
            if fix is not None:
                links.append(self._fix_button(fix))
        if finding.code in self._helpful:
            text, action = self._helpful[finding.code]
            button = link_button(text)
            button.clicked.connect(lambda: self.action_asked.emit(action))
            links.append(button)
        body.addLayout(_lines(links))
        return frame

    def _fix_button(self, fix: Fix) -> QWidget:
        button = link_button(fix.label, "One step, which can be undone.")
        button.clicked.connect(lambda: self.fix_asked.emit(fix))
        return button


class _Note(QPlainTextEdit):
    """The user's own words about the analysis; they go into the report."""

    left = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Your own note; it goes into the report.")
        self.setAccessibleName("Own note")
        self.setTabChangesFocus(True)
        self.setFixedHeight(40)
        self._key, self._shown = "", ""

    def show_note(self, key: str, text: str) -> None:
        """Show the note of an analysis; words that were typed but not left yet stay."""
        typing = key == self._key and self.hasFocus() and self.document().isModified()
        self._key, self._shown = key, text
        if not typing and self.toPlainText() != text:
            self.setPlainText(text)
            self.document().setModified(False)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Take the words over."""
        super().focusOutEvent(event)
        if self.document().isModified():
            self.document().setModified(False)
            if self.toPlainText() != self._shown:
                self.left.emit(self.toPlainText())


def _lines(links: list[QWidget]) -> QVBoxLayout:
    """Return links side by side as far as a narrow panel has room for them."""
    lines = QVBoxLayout()
    lines.setSpacing(2)
    waiting, used = list[QWidget](), 0
    for link in links:
        width = link.sizeHint().width() + 12
        if waiting and used + width > _ROOM:
            lines.addLayout(row(*waiting, 1, spacing=12))
            waiting, used = [], 0
        waiting.append(link)
        used += width
    if waiting:
        lines.addLayout(row(*waiting, 1, spacing=12))
    return lines


def _frame(severity: str) -> QFrame:
    frame = QFrame()
    frame.setObjectName("note")
    frame.setProperty("severity", severity)
    return frame


def _rank(finding: FitWarning) -> int:
    return _ORDER.index(getattr(finding, "severity", "note"))
