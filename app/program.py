"""The program: document, jobs, controllers and window put together.

It is the one place that knows both sides: the views' intents are connected to the controllers
here, and every action of `actions` runs a method of this class or of a controller.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog

from spectra_core.calibration import ReferenceLine
from spectra_core.errors import SpectraError
from spectra_core.fit import FitResult
from spectra_core.library import load_library
from spectra_core.project import Project, RatioDefinition
from spectra_core.results import program_versions

from .actions import ACTIONS, Action, State, action
from .autosave import Autosave
from .controllers.dragging import Dragging
from .controllers.editing import Editing
from .controllers.files import Files
from .controllers.fitting import Fitting
from .controllers.reporting import Reporting
from .controllers.scenes import SceneMaker, dragged_scene
from .controllers.spectra import SpectraControl
from .controllers.ticks import library_ticks
from .document import Document
from .jobs import Jobs
from .main_window import MainWindow
from .preferences import Preferences, load_preferences, save_preferences
from .scene import Scene
from .selection import Selection
from .theme import theme
from .views.about_dialog import AboutDialog
from .views.axis_dialog import AxisDialog
from .views.calibration_dialog import CalibrationDialog
from .views.crash_dialog import CrashDialog
from .views.library_dialog import LibraryDialog
from .views.link_dialog import LinkDialog
from .views.palette_dialog import CommandPalette
from .views.plot import PlotOptions
from .views.preferences_dialog import PreferencesDialog
from .views.ratio_dialog import RatioDialog
from .views.recovery_dialog import RecoveryDialog
from .views.rename_dialog import RenameDialog
from .views.science_notes import ScienceNotes
from .views.shortcuts_dialog import ShortcutsDialog
from .views.unlock_dialog import UnlockDialog

_LOG = logging.getLogger(__name__)
_NUDGE, _FINE_NUDGE = 0.05, 0.005  # eV or, times 20, cm-1
