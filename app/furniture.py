"""The views of the window, made together: what needs the core, which is slow to import."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QWidget

from .views.background_panel import BackgroundPanel
from .views.component_cards import ComponentCards
from .views.component_table import TableTab
from .views.fit_panel import FitPanel
from .views.notes_panel import NotesPanel
from .views.plot import PlotView
from .views.spectra_tree import SpectraTree
from .views.stored_strip import StoredStrip
from .views.tab_alternatives import AlternativesTab
from .views.tab_correlations import CorrelationsTab
from .views.tab_history import HistoryTab
from .views.tab_pulls import PullsTab
from .views.tab_ratios import RatiosTab
from .views.tab_report import ReportTab
from .views.tab_uniqueness import UniquenessTab

HELPFUL = {
    "rigid_shift": ("Calibrate…", "calibrate"),
    "reference_missing": ("Calibrate…", "calibrate"),
    "carbon_kind": ("Calibrate…", "calibrate"),
    "one_more_component": ("Compare", "compare"),
    "too_many_components": ("Compare", "compare"),
    "broader_than_neighbours": ("Compare", "compare"),
    "residual_structure": ("Compare", "compare"),
    "stale": ("Fit", "fit"),
}
"""What helps against a finding that no change of the model answers: label and action."""


@dataclass(frozen=True, eq=False)
class Furniture:
    """The views of the window, by what they show."""

    tree: SpectraTree
    plot: PlotView
    stored: StoredStrip
    cards: ComponentCards
    background: BackgroundPanel
    fit_panel: FitPanel
    notes: NotesPanel
    ratios: RatiosTab
    alternatives: AlternativesTab
    pulls: PullsTab
    table: TableTab
    correlations: CorrelationsTab
    uniqueness: UniquenessTab
    history: HistoryTab
    report: ReportTab

    @property
    def tabs(self) -> tuple[QWidget, ...]:
        """What is shown below the plot, in the order of `main_window.TABS`."""
        return (
            self.ratios,
            self.alternatives,
            self.pulls,
            self.table,
            self.correlations,
            self.uniqueness,
            self.history,
            self.report,
        )

    @property
    def sections(self) -> tuple[QWidget, ...]:
        """What is shown beside the plot, from the top."""
        return self.cards, self.fit_panel, self.background, self.notes


def make_furniture(stack: QUndoStack) -> Furniture:
    """Return views that show nothing yet; `stack` is the history."""
    return Furniture(
        SpectraTree(),
        PlotView(),
        StoredStrip(),
        ComponentCards(),
        BackgroundPanel(),
        FitPanel(),
        NotesPanel(HELPFUL),
        RatiosTab(),
        AlternativesTab(),
        PullsTab(),
        TableTab(),
        CorrelationsTab(),
        UniquenessTab(),
        HistoryTab(stack),
        ReportTab(),
    )
