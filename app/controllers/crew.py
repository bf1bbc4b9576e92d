"""All controllers, each given what it needs and no more."""

from __future__ import annotations

from dataclasses import dataclass

from ..autosave import Autosave
from ..desk import Desk
from ..main_window import MainWindow
from .acting import Acting
from .alternatives import Alternatives
from .composing import Composing
from .dialogs import Dialogs
from .dragging import Dragging
from .editing import Editing
from .files import Files
from .fitting import Fitting
from .kernels import Kernels
from .maps import MapControl
from .model_dialogs import ModelDialogs
from .program_dialogs import ProgramDialogs
from .raman import RamanControl
from .reexamining import Reexamining
from .reporting import Reporting
from .series import SeriesControl
from .showing import Showing
from .spectra import SpectraControl
from .spectra_dialogs import SpectraDialogs
from .touring import Touring
from .viewing import Viewing


@dataclass(frozen=True, eq=False)
class Crew:
    """The controllers, and where their dialogs are shown."""

    acting: Acting
    alternatives: Alternatives
    composing: Composing
    dialogs: Dialogs
    dragging: Dragging
    editing: Editing
    files: Files
    fitting: Fitting
    kernels: Kernels
    maps: MapControl
    model_dialogs: ModelDialogs
    program_dialogs: ProgramDialogs
    raman: RamanControl
    reexamining: Reexamining
    reporting: Reporting
    series: SeriesControl
    showing: Showing
    spectra: SpectraControl
    spectra_dialogs: SpectraDialogs
    touring: Touring
    viewing: Viewing


def make_crew(desk: Desk, window: MainWindow, autosave: Autosave) -> Crew:
    """Return the controllers of a window."""
    dialogs = Dialogs(window)
    editing, spectra = Editing(desk), SpectraControl(desk)
    files = Files(desk, window, autosave)
    viewing = Viewing(desk, window)
    series = SeriesControl(desk, window, dialogs)
    maps = MapControl(desk, window, dialogs)
    acting = Acting(desk, editing, spectra, viewing, series, maps)
    reporting = Reporting(desk, window.plot)
    fitting = Fitting(desk)
    return Crew(
        acting,
        Alternatives(desk, fitting),
        Composing(desk, dialogs),
        dialogs,
        Dragging(desk),
        editing,
        files,
        fitting,
        Kernels(desk),
        maps,
        ModelDialogs(desk, dialogs, editing, spectra),
        ProgramDialogs(desk, dialogs, files, acting),
        RamanControl(desk, dialogs, editing, maps),
        Reexamining(desk),
        reporting,
        series,
        Showing(desk, window, acting, reporting),
        spectra,
        SpectraDialogs(desk, dialogs, spectra, files),
        Touring(desk, window, files, spectra, fitting),
        viewing,
    )
