"""The strip above the plot: another program's fit, ours, and what a referee would say.

The ratio of the two largest species first, then a column for each component with its area: as it
was stored, as it is fitted again with our error, and the difference in standard errors of ours;
the squares of the residuals last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from spectra_core.foreign.comparison import ComparedNumber, ComparedRegion
from spectra_core.foreign.presence import has_casaxps_fit
from spectra_core.referee.verdict import verdict_of
from spectra_core.results.table import interval_ends, rounded, value_text
from spectra_core.runs.reexamine import Reexamined, StoredRatio
from spectra_core.spectrum import Array, on_binding_energy
from spectra_core.uncertainty.ratios import ALL_ROWS

from ..formula import formula
from ..scene import Scene
from ..theme import number_font
from ..widgets import Card, Elided, clear_layout, label, link_button, plain_button, printed, wrapped

_COLUMN = 116  # pixels that a component takes
_HEAD = 330  # what stands before the columns
_CHECK, _ALARM = 2.0, 3.0  # standard errors
_SOUND = ("converged", "at_bound")


@dataclass(frozen=True)
class StoredColumn:
    """One component of the strip.

    Attributes
    ----------
    name, stored, ours, difference : str
    sigmas : float or None
        The difference of the areas in standard errors of ours.
    tip : str
        All numbers of the component.
    """

    name: str
    stored: str
    ours: str
    difference: str
    sigmas: float | None
    tip: str


class StoredStrip(Card):
    """Shows a stored fit beside its refit.

    Signals
    -------
    take_over_asked()
    both_shown(object)
        Energies and intensities of the stored fit, to be drawn dashed; None: no more.
    """

    take_over_asked = Signal()
    both_shown = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margins=8)
        self._found: Reexamined | None = None
        self._scene: Scene | None = None
        self._columns: tuple[StoredColumn, ...] = ()
        self._filled: tuple[StoredColumn, ...] = ()
        self._title = label("", "strong")
        self._words = Elided("", "muted", at_end=True)
        self._referee = Elided("", "muted", at_end=True)
        self.both = plain_button("Show both fits", "The stored fit is drawn dashed.")
        self.both.setCheckable(True)
        self.both.toggled.connect(self._draw)
        self.take_over = link_button("Take it over", "As your model, in one step. Ctrl+T")
        self.take_over.clicked.connect(self.take_over_asked)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 1)
        head = QVBoxLayout()
        head.setSpacing(1)
        head.addWidget(self._title)
        head.addWidget(self._words)
        head.addWidget(self._referee)
        buttons = QVBoxLayout()
        buttons.setSpacing(2)
        buttons.addWidget(self.both)
        buttons.addWidget(self.take_over)
        line = QGridLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addLayout(head, 0, 0)
        line.addLayout(self._grid, 0, 1)
        line.addLayout(buttons, 0, 2)
        line.setColumnStretch(0, 1)
        line.setHorizontalSpacing(12)
        self.body.addLayout(line)
        self.hide()

    @property
    def columns(self) -> tuple[StoredColumn, ...]:
        """What is shown, the largest component first."""
        return self._columns

    @property
    def referee(self) -> str:
        """What a referee would say of the refit."""
        return self._referee.toolTip()

    def show_scene(self, scene: Scene) -> None:
        """Offer to take the stored fit over where the spectrum has no model yet."""
        self._scene = scene
        self.take_over.setVisible(self._found is not None and scene.analysis is None)
        self._draw()

    def show_busy(self) -> None:
        """Say that the stored fit is being fitted again."""
        self._clear()
        self._title.setText("The fit that came with it")
        self._words.set_full("is fitted again…")
        self.show()

    def show_nothing(self) -> None:
        """No fit came with the spectrum: no strip."""
        self._clear()
        self.hide()

    def show_failure(self, why: str) -> None:
        """Say why the stored fit cannot be fitted again."""
        self._clear()
        self._title.setText("The fit that came with it")
        self._words.set_full(why)
        self.show()

    def show_found(self, found: Reexamined) -> None:
        """Show a stored fit beside its refit."""
        self._clear()
        self._found = found
        casa = has_casaxps_fit(found.spectrum)
        program = "Your CasaXPS fit" if casa else "Your stored fit"
        self._title.setText(f"{program}, re-examined")
        source = found.spectrum.source.file if found.spectrum.source is not None else ""
        number = sum(len(region.components) for region in found.model.regions)
        kinds = ", ".join(region.background.kind.title for region in found.model.regions)
        name = source.replace("\\", "/").rpartition("/")[2]
        words = (name, f"{number} components", kinds)
        self._words.set_full(", ".join(word for word in words if word))
        self._referee.set_full(printed(_referee(found)))
        self._columns = stored_columns(found)
        self._fill()
        self.both.show()
        self.show()
        if self._scene is not None:
            self.show_scene(self._scene)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Show as many components as there is room for."""
        super().resizeEvent(event)
        self._fill()

    def _clear(self) -> None:
        self._found, self._columns = None, ()
        self._words.set_full("")
        self._referee.set_full("")
        self.both.setChecked(False)
        self.both.hide()
        self.take_over.hide()
        self._fill()

    def _fill(self) -> None:
        room = max((self.width() - _HEAD - 130) // _COLUMN, 1)
        shown = self._columns[:room]
        if shown == self._filled:
            return
        self._filled = shown
        clear_layout(self._grid)
        for line, word in enumerate(("", "stored", "ours", "difference") if shown else ()):
            self._put(label(word, "muted"), line, 0)
        for place, one in enumerate(shown, 1):
            tone = _tone(one.sigmas)
            texts = ((one.name, "muted"), (one.stored, ""), (one.ours, "strong"))
            for line, (text, name) in enumerate((*texts, (one.difference, tone))):
                self._put(_number(text, name, one.tip), line, place)

    def _put(self, words: QLabel, line: int, place: int) -> None:
        self._grid.addWidget(words, line, place)
        words.show()  # in the middle of a resize no layout does it

    def _draw(self) -> None:
        shown = self.both.isChecked() and self._found is not None
        self.both_shown.emit(self._stored_curve() if shown else None)

    def _stored_curve(self) -> tuple[Array, Array] | None:
        """Return the stored fit on the axis that is shown, which may not be calibrated."""
        found, scene = self._found, self._scene
        if found is None or scene is None or scene.spectrum is None:
            return None
        calibrated = on_binding_energy(found.spectrum)
        if calibrated.x.size != scene.spectrum.x.size:
            return None
        parts = [(found.record.result.region(n), r) for n, r in found.record.stored.items()]
        x = np.concatenate([np.interp(f.x, calibrated.x, scene.spectrum.x) for f, _ in parts])
        y = np.concatenate([region.envelope for _, region in parts])
        return x, y


def stored_columns(found: Reexamined) -> tuple[StoredColumn, ...]:
    """Return ratio, components (the largest first) and squares of a stored fit and its refit."""
    columns: list[tuple[float, StoredColumn]] = []
    for name, region in found.record.stored.items():
        model = found.model.region(name)
        for component in model.components:
            own = {n.parameter: n for n in region.numbers if n.component == component.id}
            if "area" in own:
                column = _column(formula(component.label), own["area"], own.values())
                columns.append((-own["area"].stored, column))
    columns.sort(key=lambda pair: pair[0])
    areas = (column for _, column in columns)
    return (*_ratio_column(found.ratio), *areas, *_squares(found.record.stored.values()))


def _ratio_column(ratio: StoredRatio | None) -> Sequence[StoredColumn]:
    if ratio is None:
        return ()
    ours, sigmas = ratio.ours, ratio.sigmas
    whole = ours.scope == ALL_ROWS
    if ours.value is None:
        text = "none" if ours.upper_limit is None else f"< {ours.upper_limit:.2g}"
    else:
        text = value_text(ours)
    mark = "" if whole or not ours.scope else "*"
    tip = (
        ratio.name,
        f"The error is that of {ours.scope}." if ours.scope else "",
        ""
        if ours.best_interval is None
        else f"95 %: {' – '.join(interval_ends(ours.best_interval))}",
        ours.note,
    )
    return (
        StoredColumn(
            formula(ratio.name),
            printed(f"{ratio.stored:.3g}"),
            printed(f"{text}{mark}"),
            "" if sigmas is None else printed(f"{sigmas:+.1f} σ"),
            sigmas,
            printed("\n".join(line for line in tip if line)),
        ),
    )


def _column(name: str, area: ComparedNumber, numbers: Iterable[ComparedNumber]) -> StoredColumn:
    ours, error = rounded(area.refitted, area.stderr)
    stored = f"{area.stored:.4g}" if area.stored < 1e4 else f"{area.stored:.0f}"
    return StoredColumn(
        name,
        printed(stored),
        printed(f"{ours} ± {error}" if error else f"{area.refitted:.4g}"),
        printed(_difference(area)),
        area.sigmas,
        printed("\n".join([name, *map(_line, numbers)])),
    )


def _line(number: ComparedNumber) -> str:
    ours, error = rounded(number.refitted, number.stderr)
    ours = f"{ours} ± {error}" if error else f"{number.refitted:.6g}"
    return f"{number.parameter}: stored {number.stored:.6g}, ours {ours}, {_difference(number)}"


def _difference(number: ComparedNumber) -> str:
    if number.sigmas is None:
        return f"{number.difference:+.3g}" if number.difference else "same"
    return f"{number.sigmas:+.1f} σ"


def _squares(regions: Iterable[ComparedRegion]) -> Sequence[StoredColumn]:
    """Return the column of the squares of the residuals, over those of ours."""
    known = list(regions)
    ours = sum(region.refitted_squares for region in known)
    if not ours > 0:
        return ()
    times = sum(region.stored_squares for region in known) / ours
    sentences = [region.sentence for region in known if region.sentence]
    tip = "\n".join(sentences) or "Sums of squared residuals: the stored fit is a minimum."
    return (StoredColumn("squares", f"× {times:.3g}", "1", "", None, tip),)


def _referee(found: Reexamined) -> str:
    record = found.record
    said = verdict_of(record.warnings, converged=record.result.status.value in _SOUND)
    sentences = [f.message for f in said.findings[:1]]
    sentences += [region.sentence for region in record.stored.values() if region.sentence]
    more = f" ({sentences[0][:1].upper()}{sentences[0][1:]})" if sentences else ""
    return f"A referee would say: {said.text[:1].lower()}{said.text[1:]}.{more}"


def _tone(sigmas: float | None) -> str:
    size = abs(sigmas) if sigmas is not None else 0.0
    return "alarm" if size >= _ALARM else "warn" if size >= _CHECK else "muted"


def _number(text: str, name: str, tip: str) -> QLabel:
    font = number_font(bold=name in ("strong", "alarm", "warn"))
    # The whole of a long name is in the tooltip.
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideMiddle, _COLUMN - 14)
    made = label(shown, name)
    made.setFont(font)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    made.setToolTip(wrapped(tip))
    return made
