"""Colours, fonts and the style sheet of the window, light and dark.

Everything on screen takes its colours from the palette in use, `theme().palette`, and repaints on
`theme().changed`. Species colours are not here: they belong to the data, see
`spectra_core.results.colours`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from spectra_core.datafiles import data_path

Scheme = Literal["system", "light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("system", "light", "dark")


@dataclass(frozen=True)
class Palette:
    """The colours of one scheme, as ``#rrggbb``."""

    dark: bool
    window: str
    card: str
    border: str
    hover: str
    selection: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    good: str
    good_surface: str
    warn: str
    warn_surface: str
    alarm: str
    alarm_surface: str
    grid: str
    data: str
    envelope: str
    background_line: str
    residual: str
    band: str
    tip: str
    tip_text: str


LIGHT = Palette(
    dark=False,
    window="#f5f6f8",
    card="#ffffff",
    border="#dfe3e8",
    hover="#eef1f5",
    selection="#e3edfc",
    text="#1c2733",
    muted="#55616e",
    faint="#8a949f",
    accent="#2563d9",
    accent_hover="#1d54be",
    on_accent="#ffffff",
    good="#1f8a5b",
    good_surface="#eef8f3",
    warn="#b7791f",
    warn_surface="#fdf6e6",
    alarm="#c0392b",
    alarm_surface="#fceeec",
    grid="#eceff2",
    data="#3c4858",
    envelope="#10202f",
    background_line="#7b8794",
    residual="#5b6f8f",
    band="#eef1f6",
    tip="#2b3743",
    tip_text="#f4f6f8",
)

DARK = Palette(
    dark=True,
    window="#171b20",
    card="#20262d",
    border="#343d47",
    hover="#2a323b",
    selection="#27405f",
    text="#e7ebef",
    muted="#a8b2bd",
    faint="#7d8894",
    accent="#5b93f5",
    accent_hover="#78a7f8",
    on_accent="#0e1621",
    good="#4cc38a",
    good_surface="#1d3229",
    warn="#e0a83e",
    warn_surface="#35301f",
    alarm="#ef7a6d",
    alarm_surface="#3a2624",
    grid="#2c343d",
    data="#c3ccd6",
    envelope="#f2f5f8",
    background_line="#8d99a6",
    residual="#93a7c6",
    band="#262e37",
    tip="#e7ebef",
    tip_text="#1c2733",
)


class Theme(QObject):
    """The scheme in use; follows the system until a user chooses."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._scheme: Scheme = "system"
        self.palette = LIGHT

    @property
    def scheme(self) -> Scheme:
        """What was chosen."""
        return self._scheme

    def use(self, scheme: Scheme) -> None:
        """Switch to a scheme and repaint the whole program."""
        self._scheme = scheme
        self.palette = DARK if scheme == "dark" or (scheme == "system" and _dark()) else LIGHT
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(qt_palette(self.palette))
            app.setStyleSheet(style_sheet(self.palette))
        self.changed.emit()

    def follow_system(self) -> None:
        """Repaint where the scheme of the system has changed and no other was chosen."""
        if self._scheme == "system":
            self.use("system")


@cache
def theme() -> Theme:
    """Return the one theme of the program."""
    return Theme()


def _dark() -> bool:
    hints = QGuiApplication.styleHints()
    return hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark


def colour(name: str, alpha: float = 1.0) -> QColor:
    """Return a colour of the palette in use by its field name, or any ``#rrggbb``."""
    made = QColor(name if name.startswith("#") else getattr(theme().palette, name))
    made.setAlphaF(alpha)
    return made


def prepare_application(app: QApplication) -> None:
    """Give the application the fonts, the base style and the scheme of the system."""
    app.setStyle("Fusion")
    font = app.font()
    if font.pointSizeF() > 0:
        font.setPointSizeF(max(9.0, min(10.5, font.pointSizeF())))
    app.setFont(font)
    hints = app.styleHints()
    hints.colorSchemeChanged.connect(theme().follow_system)
    theme().use(theme().scheme)


def number_font(*, bold: bool = False, scale: float = 1.0) -> QFont:
    """Return the application's font with figures of one width, for columns of numbers."""
    font = QFont(QApplication.font())
    font.setPointSizeF(font.pointSizeF() * scale)
    font.setBold(bold)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def fixed_font() -> QFont:
    """Return the system's fixed-width font, for details and paths."""
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)


def qt_palette(colours: Palette) -> QPalette:
    """Return a Qt palette for what no style sheet reaches."""
    palette = QPalette()
    role = QPalette.ColorRole
    for target, name in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.card),
        (role.AlternateBase, colours.window),
        (role.Text, colours.text),
        (role.Button, colours.card),
        (role.ButtonText, colours.text),
        (role.Highlight, colours.selection),
        (role.HighlightedText, colours.text),
        (role.ToolTipBase, colours.tip),
        (role.ToolTipText, colours.tip_text),
        (role.PlaceholderText, colours.faint),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
        (role.Mid, colours.border),
        (role.Accent, colours.accent),
    ):
        palette.setColor(target, QColor(name))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(colours.faint))
    return palette


def style_sheet(colours: Palette) -> str:
    """Return the style sheet of the whole program.

    Object names that views use: ``card``, ``heading``, ``title``, ``muted``, ``faint``,
    ``figure``, ``link``, ``primary``, ``tool``, and the properties ``severity`` (good, warn,
    alarm) of a ``note`` and ``wrong`` of an entry field.
    """
    scheme = "dark" if colours.dark else "light"
    pictures = {
        name: data_path("resources", "icons", f"{file}-{scheme}.svg").as_posix()
        for name, file in (("arrow", "down"), ("check", "check"))
    }
    return _STYLE.format_map({**vars(colours), **pictures})


_STYLE = """
QMainWindow, QDialog {{ background: {window}; }}
QWidget {{ color: {text}; }}
QToolTip {{ background: {tip}; color: {tip_text}; border: none; padding: 5px 7px; }}
QMenuBar {{ background: {card}; border-bottom: 1px solid {border}; padding: 2px 6px; }}
QMenuBar::item {{ padding: 4px 9px; background: transparent; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {hover}; }}
QMenu {{ background: {card}; border: 1px solid {border}; padding: 5px; }}
QMenu::item {{ padding: 5px 26px 5px 22px; border-radius: 4px; }}
QMenu::item:selected {{ background: {selection}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 5px 8px; }}
QToolBar {{ background: {card}; border: none; border-bottom: 1px solid {border};
    padding: 6px 10px; spacing: 6px; }}
QToolBar::separator {{ width: 1px; background: {border}; margin: 4px 6px; }}
QStatusBar {{ background: {card}; border-top: 1px solid {border}; color: {muted}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ color: {muted}; padding: 0 6px; }}
QDockWidget {{ titlebar-close-icon: none; titlebar-normal-icon: none; }}
QDockWidget::title {{ background: {window}; padding: 7px 12px; color: {muted}; }}
QMainWindow::separator {{ background: {window}; width: 9px; height: 9px; }}
QMainWindow::separator:hover {{ background: {selection}; }}
QSplitter::handle {{ background: {card}; }}
QSplitter::handle:hover {{ background: {selection}; }}
QFrame#card {{ background: {card}; border: 1px solid {border}; border-radius: 7px; }}
QFrame#card[severity="warn"] {{ border-left: 3px solid {warn}; }}
QFrame#card[severity="alarm"] {{ border-left: 3px solid {alarm}; }}
QFrame#card[chosen="true"] {{ border: 1px solid {accent}; }}
QFrame#card[chosen="true"][severity="warn"] {{ border-left: 3px solid {warn}; }}
QFrame#card[chosen="true"][severity="alarm"] {{ border-left: 3px solid {alarm}; }}
QScrollArea#clear, QWidget#clear {{ background: transparent; }}
QWidget#viewbar {{ background: {hover}; border-radius: 7px; }}
QPushButton#viewbutton {{ background: transparent; border: none;
    padding: 5px 18px; color: {muted}; }}
QPushButton#viewbutton:checked {{ background: {card}; color: {text}; font-weight: 600; }}
QPushButton#segment {{ background: transparent; border: 1px solid {border}; border-radius: 6px;
    padding: 2px 10px; color: {muted}; }}
QPushButton#segment:hover {{ background: {hover}; }}
QPushButton#segment:checked {{ background: {selection}; color: {accent}; font-weight: 600;
    border-color: {selection}; }}
QFrame#tour {{ background: {card}; border: 1px solid {accent}; border-radius: 9px; }}
QFrame#tourframe {{ background: transparent; border: 2px solid {accent}; border-radius: 8px; }}
QFrame#modelrow {{ background: transparent; border: none;
    border-bottom: 1px solid {border}; border-left: 3px solid transparent; }}
QFrame#modelrow[chosen="true"] {{ background: {hover}; border-left: 3px solid {accent}; }}
QFrame#modelrow[severity="warn"] {{ border-left: 3px solid {warn}; }}
QFrame#modelrow[severity="alarm"] {{ border-left: 3px solid {alarm}; }}
QLabel#strong {{ font-weight: 600; }}
QPushButton#pill {{ border: none; border-radius: 9px; padding: 2px 9px; font-weight: 600; }}
QPushButton#pill[severity="busy"] {{ background: {hover}; color: {muted}; }}
QPushButton#pill[severity="good"] {{ background: {good_surface}; color: {good}; }}
QPushButton#pill[severity="warn"] {{ background: {warn_surface}; color: {warn}; }}
QPushButton#pill[severity="alarm"] {{ background: {alarm_surface}; color: {alarm}; }}
QFrame#note {{ background: {hover}; border: none; border-left: 3px solid {muted};
    border-radius: 4px; }}
QFrame#note[severity="good"] {{ background: {good_surface}; border-left-color: {good}; }}
QFrame#note[severity="warn"] {{ background: {warn_surface}; border-left-color: {warn}; }}
QFrame#note[severity="alarm"] {{ background: {alarm_surface}; border-left-color: {alarm}; }}
QLabel#heading {{ color: {muted}; font-weight: 600; letter-spacing: 1px; }}
QLabel#title {{ font-weight: 700; font-size: 15pt; }}
QLabel#subtitle {{ font-weight: 600; font-size: 11pt; }}
QLabel#muted {{ color: {muted}; }}
QLabel#faint {{ color: {faint}; }}
QLabel#figure {{ font-weight: 700; font-size: 11pt; }}
QLabel#alarm {{ color: {alarm}; }}
QLabel#warn {{ color: {warn}; }}
QPushButton, QToolButton#tool {{ background: {card}; border: 1px solid {border};
    border-radius: 6px; padding: 5px 12px; }}
QPushButton:hover, QToolButton#tool:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton#tool:pressed {{ background: {selection}; }}
QPushButton:disabled, QToolButton#tool:disabled {{ color: {faint}; background: {window}; }}
QPushButton:focus, QToolButton#tool:focus {{ border-color: {accent}; }}
QPushButton#primary, QPushButton:default, QToolButton#primary {{ background: {accent};
    color: {on_accent}; border: 1px solid {accent}; border-radius: 6px; padding: 5px 12px; }}
QDialogButtonBox QPushButton {{ min-width: 62px; }}
QPushButton:checked {{ background: {selection}; border-color: {accent}; }}
QPushButton#primary:hover, QPushButton:default:hover, QToolButton#primary:hover {{
    background: {accent_hover}; }}
QPushButton#primary:disabled, QPushButton:default:disabled, QToolButton#primary:disabled {{
    background: {border}; border-color: {border}; color: {faint}; }}
QPushButton#link, QToolButton#link {{ background: transparent; border: none; color: {accent};
    padding: 1px 2px; text-align: left; }}
QPushButton#link:hover, QToolButton#link:hover {{ text-decoration: underline;
    background: transparent; }}
QPushButton#link:disabled, QToolButton#link:disabled {{ color: {faint}; }}
QPushButton#link:focus {{ border-bottom: 1px solid {accent}; }}
QToolButton#tool::menu-indicator {{ image: none; }}
QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QSpinBox, QDoubleSpinBox, QComboBox {{
    background: {card}; border: 1px solid {border}; border-radius: 5px; padding: 3px 6px;
    selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus,
QComboBox:focus {{ border: 1px solid {accent}; }}
QLineEdit:disabled, QComboBox:disabled {{ color: {faint}; background: {window}; }}
QLineEdit[flat="true"] {{ border: 1px solid transparent; background: transparent;
    padding: 1px 3px; }}
QLineEdit[flat="true"]:hover {{ border: 1px solid {border}; }}
QLineEdit[flat="true"]:focus {{ border: 1px solid {accent}; background: {card}; }}
QLineEdit[wrong="true"] {{ border: 1px solid {alarm}; background: {alarm_surface}; }}
QCheckBox::indicator, QRadioButton::indicator, QListView::indicator, QTreeView::indicator,
QTableView::indicator {{
    width: 13px; height: 13px; border: 1px solid {faint}; border-radius: 3px;
    background: {card}; }}
QCheckBox::indicator:checked, QListView::indicator:checked, QTreeView::indicator:checked,
QTableView::indicator:checked {{
    background: {accent}; border-color: {accent}; image: url({check}); }}
QRadioButton::indicator {{ border-radius: 7px; }}
QRadioButton::indicator:checked {{ width: 7px; height: 7px; border: 4px solid {accent};
    background: {on_accent}; }}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border-color: {accent}; }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ background: {border};
    border-color: {border}; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {faint}; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: url({arrow}); width: 10px; height: 6px; }}
QComboBox QAbstractItemView {{ background: {card}; border: 1px solid {border};
    selection-background-color: {selection}; selection-color: {text}; }}
QTreeView::branch:selected, QTreeView::branch:hover {{ background: transparent; }}
QAbstractItemView {{ background: {card}; alternate-background-color: {window};
    border: 1px solid {border}; border-radius: 5px; outline: none;
    selection-background-color: {selection}; selection-color: {text}; }}
QTreeView#plain, QListView#plain, QTableView#plain {{ border: none; background: transparent; }}
QTreeView {{ show-decoration-selected: 0; }}
QTreeView::branch:selected, QTreeView::branch:hover {{ background: transparent; }}
QTreeView::item, QListView::item {{ padding: 3px 2px; min-height: 19px; border-radius: 4px; }}
QTreeView::item:hover, QListView::item:hover {{ background: {hover}; }}
QTreeView::item:selected, QListView::item:selected {{ background: {selection}; color: {text}; }}
QHeaderView::section {{ background: {card}; color: {muted}; border: none;
    border-bottom: 1px solid {border}; padding: 5px 8px; font-weight: 600; }}
QTableCornerButton::section {{ background: {card}; border: none; }}
QTabWidget::pane {{ border: 1px solid {border}; background: {card}; border-radius: 7px;
    border-top-left-radius: 0; top: -1px; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {muted}; padding: 7px 8px; border: none; }}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar::tab:selected {{ background: {card}; color: {text}; font-weight: 600;
    border: 1px solid {border}; border-bottom-color: {card}; border-top-left-radius: 6px;
    border-top-right-radius: 6px; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget#page {{ background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {border}; border-radius: 4px; min-height: 26px; min-width: 26px;
    margin: 1px; }}
QScrollBar::handle:hover {{ background: {faint}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {hover}; border: none; border-radius: 3px; height: 7px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QGroupBox {{ border: 1px solid {border}; border-radius: 7px; margin-top: 10px; padding-top: 8px;
    background: {card}; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 10px; color: {muted}; font-weight: 600; }}
"""
