"""The window: plot in the middle, docks around it; menus and toolbar from the action table.

It comes in two steps. The frame needs nothing of the core and can be painted at once; `furnish`
puts the views into it, whose imports take longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QRect, QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
    QUndoStack,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .actions import ACTIONS, KEYS_OF_LISTS, MENUS, SEPARATED, TOOLBAR
from .icon import program_icon
from .jobs import RunningJob
from .views.banner import Banner
from .views.empty_state import EmptyState
from .views.view_bar import ViewBar
from .widgets import link_button, wrapped

if TYPE_CHECKING:
    from .furniture import Furniture
    from .scene import Scene

TABS = (
    *("Ratios", "Alternatives", "Pulls and impacts", "Components"),
    *("Correlations", "Uniqueness", "History", "Report"),
)
_SIZE = QSize(1440, 900)
_FRAME = QSize(16, 48)  # what the title bar and borders of the system take
FITTING = ("Fitting ", "Computing ratios")
"""What the titles of jobs begin with that give ratios."""
_TREE = 216  # pixels of the tree's width
_VERSION = 2  # of the stored layout; another one is not restored


class MainWindow(QMainWindow):
    """Holds the views; it knows what they are, not what they mean.

    Signals
    -------
    action_asked(str)
        An action of the table, by its id.
    files_dropped(list)
    recent_asked(str)
        Path of a recent file.
    close_asked()
        The user wants to leave; `allow_close` lets the window go.
    search_asked(str)
    cancel_asked()
    """

    action_asked = Signal(str)
    files_dropped = Signal(list)
    recent_asked = Signal(str)
    close_asked = Signal()
    search_asked = Signal(str)
    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._may_close = False
        self.is_painted = False
        self._view_place: QAction | None = None
        self._beside: list[QDockWidget] = []
        self._sizes: list[tuple[QDockWidget, QSize]] = []
        self.setWindowTitle("Doublet")
        self.setWindowIcon(program_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(900, 560)
        self.resize(_SIZE)
        self._make_middle()
        self._make_docks()
        self._make_status()
        self.actions_by_id: dict[str, QAction] = {}
        self._make_actions()
        self._make_toolbar()
        self._first_state = self.saveState(_VERSION)
        self._fit_screen()

    def _leave_drops_to_the_window(self) -> None:
        """Keep fields and views from taking dropped files as text."""
        for part in self.findChildren(QWidget):
            part.setAcceptDrops(False)

    # -----------------------------------------------------------------------------
    # Parts

    def furnish(self, stack: QUndoStack) -> None:
        """Put the views into the frame; `stack` is the history."""
        from .furniture import make_furniture  # slow to import: the frame is painted before

        views = make_furniture(stack)
        self.tree, self.plot, self.stored = views.tree, views.plot, views.stored
        self.cards, self.background = views.cards, views.background
        self.fit_panel, self.notes = views.fit_panel, views.notes
        self.ratios, self.alternatives, self.pulls = views.ratios, views.alternatives, views.pulls
        self.table, self.correlations = views.table, views.correlations
        self.uniqueness, self.history, self.report = views.uniqueness, views.history, views.report
        self.middle.addWidget(self.plot)
        self._page.insertWidget(1, self.stored)
        self.docks[0].setWidget(self.tree)
        for place, tab in enumerate(views.tabs):
            _replace_page(self.tabs, place, tab)
        self._fill_panel(views)
        for one in KEYS_OF_LISTS:
            self.plot.addAction(self.actions_by_id[one])
        self._leave_drops_to_the_window()

    def _make_middle(self) -> None:
        self.middle = QStackedWidget()
        self.empty = EmptyState()
        self.middle.addWidget(self.empty)
        self.views = QStackedWidget()
        self.view_bar = ViewBar()
        self.view_bar.chosen.connect(self.show_view)
        self.banner = Banner()
        page = QWidget()
        self._page = QVBoxLayout(page)
        self._page.setContentsMargins(2, 8, 2, 2)
        self._page.setSpacing(6)
        self._page.addWidget(self.banner)
        self._page.addWidget(self.middle, 1)
        self.add_view("Spectrum", page)
        self.setCentralWidget(self.views)

    def add_view(self, title: str, view: QWidget) -> int:
        """Add a view of the project and return its place; a choice is shown of two or more."""
        place = self.views.addWidget(view)
        self._size_views()
        self.view_bar.add(title)
        self._show_view_bar()
        for part in view.findChildren(QWidget):
            part.setAcceptDrops(False)
        return place

    def offer_view(self, place: int, on: bool) -> None:
        """Offer a view, or hide it where the project has nothing for it."""
        self.view_bar.offer(place, on)
        self._show_view_bar()

    def show_view(self, place: int) -> None:
        """Bring a view to the front; what belongs to one spectrum stands beside the first alone."""
        now = self.views.currentIndex()
        if place == now:
            return
        beside = self.docks[1:]
        if now == 0:
            self._beside = [dock for dock in beside if not dock.isHidden()]
            self._sizes = [(dock, dock.size()) for dock in (self.docks[0], *self._beside)]
        for dock in beside:
            dock.setVisible(place == 0 and dock in self._beside)
        self.view_bar.choose(place)
        self.views.setCurrentIndex(place)
        self._size_views()
        if place == 0:
            QTimer.singleShot(0, self, self._size_docks)  # once the view has its own least size

    def _size_docks(self) -> None:
        """Give what stands beside the spectrum the room that it had."""
        if self.views.currentIndex() != 0:
            return
        for dock, size in self._sizes:
            if dock.isFloating() or dock.isHidden():
                continue
            across = dock is self.docks[2]
            way = Qt.Orientation.Vertical if across else Qt.Orientation.Horizontal
            self.resizeDocks([dock], [size.height() if across else size.width()], way)

    def _size_views(self) -> None:
        """Let the view that is shown alone say how much room is needed."""
        kinds = QSizePolicy.Policy
        for place in range(self.views.count()):
            kind = kinds.Preferred if place == self.views.currentIndex() else kinds.Ignored
            view = self.views.widget(place)
            assert view is not None
            view.setSizePolicy(kind, kind)

    def _show_view_bar(self) -> None:
        if self._view_place is not None:
            self._view_place.setVisible(self.view_bar.is_needed)

    def _make_docks(self) -> None:
        self.setDockNestingEnabled(True)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(False)
        for title in TABS:
            self.tabs.addTab(QWidget(), title)
        self.panel = _panel_area()
        below = QWidget()
        margin = QVBoxLayout(below)
        margin.setContentsMargins(2, 0, 2, 8)
        margin.addWidget(self.tabs)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self.docks = (
            self._dock("Spectra", _room(_TREE), left),
            self._dock("Model", self.panel, right),
            self._dock("Results", below, Qt.DockWidgetArea.BottomDockWidgetArea),
        )
        self.arrange(False)
        self.resizeDocks([self.docks[0], self.docks[1]], [_TREE, 372], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks[2]], [240], Qt.Orientation.Vertical)

    def _fill_panel(self, views: Furniture) -> None:
        panel = _Narrow()
        panel.setObjectName("page")
        column = QVBoxLayout(panel)
        column.setContentsMargins(4, 8, 8, 8)
        column.setSpacing(9)
        for view in views.sections:
            column.addWidget(view)
        column.addStretch(1)
        self.panel.setWidget(panel)

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock {title}")
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

    def _make_status(self) -> None:
        self.engine_label = QLabel("")
        self.state_label, self.saved_label = QLabel(""), QLabel("")
        self.cursor_label, self.file_label = QLabel(""), QLabel("")
        self._progress_words = QLabel("")
        self._progress = QProgressBar()
        self._progress.setFixedWidth(140)
        self._progress.setTextVisible(False)
        self._cancel = link_button("Cancel", "Stop; nothing changes. Ctrl+.")
        self._cancel.clicked.connect(self.cancel_asked)
        bar = self.statusBar()
        for widget in (
            self.engine_label,
            self.state_label,
            self.saved_label,
            self.cursor_label,
        ):
            bar.addWidget(widget)
        beside: tuple[QWidget, ...] = (
            self._progress_words,
            self._progress,
            self._cancel,
            self.file_label,
        )
        for part in beside:
            bar.addPermanentWidget(part)
        self._show_progress(False)

    def _show_progress(self, on: bool) -> None:
        for widget in (self._progress_words, self._progress, self._cancel):
            widget.setVisible(on)

    def _make_actions(self) -> None:
        menus = {name: self.menuBar().addMenu(name) for name in MENUS}
        for menu in menus.values():
            menu.setToolTipsVisible(True)
        for one in ACTIONS:
            made = QAction(one.title, self)
            made.setObjectName(one.id)
            made.setToolTip(wrapped(one.tip or one.title))
            made.setCheckable(one.switches)
            made.setShortcuts([QKeySequence(key) for key in one.shortcut.split("|") if key])
            made.triggered.connect(partial(self._ask, one.id))
            if one.id in SEPARATED:
                menus[one.menu].addSeparator()
            menus[one.menu].addAction(made)
            if one.id in KEYS_OF_LISTS:
                # In a list, table or field these keys mean something else.
                made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.actions_by_id[one.id] = made
        self.recent_menu = QMenu("Recent files", self)
        menus["File"].insertMenu(self.actions_by_id["example"], self.recent_menu)
        panels = menus["View"].addMenu("Panels")
        for dock in self.docks:
            panels.addAction(dock.toggleViewAction())

    def _ask(self, action_id: str, _: bool = False) -> None:
        self.action_asked.emit(action_id)

    def _make_toolbar(self) -> None:
        bar = QToolBar("Toolbar")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        words = {
            "open": "Open…",
            "calibrate": "Calibrate",
            "preset": "Preset",
            "add_component": "Add component",
            "undo": "↶",
            "redo": "↷",
        }
        for one in TOOLBAR:
            button = QToolButton()
            button.setObjectName("primary" if one == "fit" else "tool")
            button.setDefaultAction(self.actions_by_id[one])
            button.setText(words.get(one, self.actions_by_id[one].text()))
            button.setAccessibleName(self.actions_by_id[one].text())
            if one in words:
                self.actions_by_id[one].setIconText(words[one])
            bar.addWidget(button)
        for widget in (_stretch(), self.view_bar, _stretch()):
            place = bar.addWidget(widget)
            self._view_place = place if widget is self.view_bar else self._view_place
        self._show_view_bar()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search actions…   Ctrl+K")
        self.search.setAccessibleName("Search actions")
        self.search.setFixedWidth(210)
        self.search.textEdited.connect(self._search)
        self.search.returnPressed.connect(lambda: self._search(self.search.text()))
        bar.addWidget(self.search)
        report = QToolButton()
        report.setObjectName("tool")
        report.setDefaultAction(self.actions_by_id["report"])
        self.actions_by_id["report"].setIconText("Report")
        bar.addWidget(report)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(bar)

    def _search(self, text: str) -> None:
        self.search.clear()
        self.search_asked.emit(text)

    # -----------------------------------------------------------------------------
    # What is shown

    def show_scene(self, scene: Scene) -> None:
        """Show a scene in every view."""
        self.middle.setCurrentIndex(1 if len(scene.project.spectra) else 0)
        self.tree.show_scene(scene)
        self.plot.show_scene(scene)
        self.stored.show_scene(scene)
        for view in (self.cards, self.background, self.fit_panel, self.notes):
            view.show_scene(scene)
        for section in (self.background, self.fit_panel, self.notes):
            section.setVisible(scene.analysis is not None)
        self.ratios.show_scene(scene)
        self.alternatives.show_scene(scene)
        self.pulls.show_scene(scene)
        self.table.table.show_scene(scene)
        self.correlations.show_scene(scene)
        self.uniqueness.show_scene(scene)

    def show_actions(self, why_not: Mapping[str, str], checked: Mapping[str, bool]) -> None:
        """Enable and disable the actions; a disabled one says why in its tooltip."""
        for one in ACTIONS:
            made = self.actions_by_id[one.id]
            reason = why_not[one.id]
            made.setEnabled(not reason)
            keys = made.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            tip = reason or one.tip or one.title
            made.setToolTip(wrapped(f"{tip} ({keys})" if keys and not reason else tip))
            if one.id in checked:
                made.setChecked(checked[one.id])

    def show_job(self, job: RunningJob | None, others: int) -> None:
        """Show a job in the status bar; None: nothing is in progress."""
        self._show_progress(job is not None)
        is_fit = job is not None and job.title.startswith(FITTING)
        self.ratios.show_busy(job.title if job is not None and is_fit else "")
        if job is None:
            return
        left = job.seconds_left
        words = job.title + (f": {job.what}" if job.what and job.total > 1 else "")
        words = words if len(words) <= 70 else f"{words[:68]}…"
        if left is not None and left >= 1:
            words += f" · {left:.0f} s left"
        if others:
            words += f" · {others} more"
        self._progress_words.setText(words)
        self._progress.setRange(0, job.total)
        self._progress.setValue(job.done)

    def show_recent(self, paths: list[str]) -> None:
        """List the recent files."""
        self.recent_menu.clear()
        for path in paths:
            entry = QAction(path, self.recent_menu)
            entry.triggered.connect(partial(self._ask_recent, path))
            self.recent_menu.addAction(entry)
        self.recent_menu.setEnabled(bool(paths))
        self.empty.show_recent(paths)

    def _ask_recent(self, path: str, _: bool = False) -> None:
        self.recent_asked.emit(path)

    def show_tab(self, tab: QWidget) -> None:
        """Bring a tab of the results to the front."""
        self.docks[2].show()
        self.tabs.setCurrentWidget(tab)

    def show_part(self, ratio: str, part: str) -> None:
        """Show what is behind a part of a ratio's error: other models, priors, or the counts."""
        if part in ("background", "model"):
            self.show_tab(self.alternatives)
            self.alternatives.choose(ratio)
        elif part == "counting":
            self.show_tab(self.correlations)
        else:
            self.show_tab(self.pulls)
            self.pulls.choose(ratio)

    # -----------------------------------------------------------------------------
    # Layout and leaving

    def restore(self, settings: QSettings) -> None:
        """Put window and docks where they were."""
        geometry, state = settings.value("window/geometry"), settings.value("window/state")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(state, QByteArray):
            self.restoreState(state, _VERSION)
        self._fit_screen()

    def _fit_screen(self) -> None:
        """Be no larger than the screen has room for, and wholly on it."""
        room = self.screen().availableGeometry()
        self.resize(self.size().boundedTo(room.size() - _FRAME))
        inside = QRect(self.pos(), self.size() + _FRAME)
        inside.moveLeft(max(room.left(), min(inside.left(), room.right() - inside.width())))
        inside.moveTop(max(room.top(), min(inside.top(), room.bottom() - inside.height())))
        self.move(inside.topLeft())

    def keep(self, settings: QSettings) -> None:
        """Remember where window and docks are."""
        self.show_view(0)
        settings.setValue("window/geometry", self.saveGeometry())
        settings.setValue("window/state", self.saveState(_VERSION))

    @property
    def is_arranging(self) -> bool:
        """Whether docks can be moved and torn off by their titles."""
        return bool(self.docks[0].features() & QDockWidget.DockWidgetFeature.DockWidgetMovable)

    def arrange(self, on: bool) -> None:
        """Let docks be moved and torn off by their titles, or hold them where they are."""
        can = QDockWidget.DockWidgetFeature
        moves = can.DockWidgetMovable | can.DockWidgetFloatable
        for dock in self.docks:
            dock.setFeatures(can.DockWidgetClosable | moves if on else can.DockWidgetClosable)
            # A title says nothing that the panel does not, so it is there to be pulled at alone.
            dock.setTitleBarWidget(None if on else QWidget(dock))  # type: ignore[arg-type]

    def reset_layout(self) -> None:
        """Put the docks where they were at the first start."""
        self.restoreState(self._first_state, _VERSION)
        for dock in self.docks:
            dock.show()

    def allow_close(self) -> None:
        """Let the window go."""
        self._may_close = True
        self.close()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Note that there is something to be seen."""
        super().paintEvent(event)
        self.is_painted = True

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Ask first."""
        if not self._may_close:
            self.close_asked.emit()
        # Where nothing was unsaved the answer is there already, in the middle of this close.
        event.setAccepted(self._may_close)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take files."""
        if _files_of(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        """Take files wherever they are over the window."""
        if _files_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Say which files were dropped."""
        if paths := _files_of(event.mimeData()):
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


def _replace_page(tabs: QTabWidget, place: int, page: QWidget) -> None:
    """Put a page in the place of an empty one."""
    empty, title, current = tabs.widget(place), tabs.tabText(place), tabs.currentIndex()
    tabs.removeTab(place)
    tabs.insertTab(place, page, title)
    tabs.setCurrentIndex(current)
    if empty is not None:
        empty.deleteLater()


def _room(width: int) -> QWidget:
    """Return what holds the place of a view until it is there."""
    place = QWidget()
    place.setMinimumWidth(width)
    return place


def _panel_area() -> QScrollArea:
    """Return what the panel beside the plot scrolls in."""
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setMinimumWidth(290)
    return scroll


def _stretch() -> QWidget:
    """Return what takes the room that is left in a toolbar."""
    space = QWidget()
    space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return space


def _files_of(data: QMimeData) -> list[str]:
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


class _Narrow(QWidget):
    """A column that takes the width it is given and is as high as its text then needs."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return hardly any width, and the height that wrapped text has at the width there is."""
        height = super().minimumSizeHint().height()
        layout = self.layout()
        if layout is not None and layout.hasHeightForWidth():
            height = layout.totalHeightForWidth(max(self.width(), 240))
        return QSize(240, height)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Ask for the height that goes with the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
