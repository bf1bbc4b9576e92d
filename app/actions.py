"""Every action of the program, once: menus, toolbar, palette and shortcut page come from it.

An action is a row: id, title, menu, shortcut, and why it cannot run now (an empty text if it
can). A disabled action says that reason in its tooltip. What an action does is bound to its id in
`wiring`, which refuses to begin unless every row is bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the menus are there before the core is
    from spectra_core.project.project import Project

    from .scene import Scene


@dataclass(frozen=True, eq=False)
class State:
    """What decides whether an action can run.

    Attributes
    ----------
    project : Project
    scene : Scene
    undo, redo : str
        What would be undone and redone; empty if nothing.
    is_dirty, is_busy, has_component, has_model : bool
        Unsaved changes; a job that a user sees is in progress; a component was copied; a
        model was copied.
    has_series, in_series : bool
        Spectra of the project are levels of one series; the Series view is in front.
    has_map, in_map : bool
        Spectra of the project are pixels of a map; the Map view is in front.
    """

    project: Project
    scene: Scene
    undo: str = ""
    redo: str = ""
    is_dirty: bool = False
    is_busy: bool = False
    has_component: bool = False
    has_model: bool = False
    has_series: bool = False
    in_series: bool = False
    has_map: bool = False
    in_map: bool = False


Reason = Callable[[State], str]


@dataclass(frozen=True, eq=False)
class Action:
    """A row of the table.

    Attributes
    ----------
    id : str
    title : str
        As in the menu.
    menu : str
        Which menu.
    shortcut : str
        In Qt's portable form; several are separated by ``|``.
    why_not : callable
        A sentence why it cannot run now; empty if it can.
    switches : bool
        It switches something on and off.
    tip : str
        What it does, where the title does not say all.
    """

    id: str
    title: str
    menu: str
    shortcut: str = ""
    why_not: Reason = lambda state: ""
    switches: bool = False
    tip: str = ""


# ---------------------------------------------------------------------------------
# Reasons


def _spectrum(state: State) -> str:
    return "" if state.scene.spectrum is not None else "Open a file first."


def _kinetic(state: State) -> str:
    from spectra_core.spectrum import Axis

    spectrum = state.scene.spectrum
    if spectrum is None:
        return _spectrum(state)
    if spectrum.axis is Axis.KINETIC_ENERGY:
        return "The energies are kinetic already, as no photon energy is known."
    if spectrum.axis is not Axis.BINDING_ENERGY:
        return "This spectrum has no binding energies to convert."
    if spectrum.meta.excitation_energy_ev is None:
        return (
            "The file does not say the photon energy: a text file gives it in a line such as"
            " # photon energy: 1486.6; then open it again."
        )
    return ""


def _spectra(state: State) -> str:
    return "" if len(state.project.spectra) else "Open a file first."


def _several(state: State) -> str:
    if reason := _spectrum(state):
        return reason
    chosen = len(state.scene.selection.spectra)
    return "" if chosen > 1 else "Choose two or more spectra in the tree."


def _analysis(state: State) -> str:
    if reason := _spectrum(state):
        return reason
    return "" if state.scene.analysis is not None else "There is no model on this spectrum."


def _series(state: State) -> str:
    if reason := _spectra(state):
        return reason
    several = "A series has two levels or more of one core level: open a profile, or its files."
    return "" if state.has_series else several


def _in_series(state: State) -> str:
    return _series(state) or ("" if state.in_series else "Open the Series view first.")


def _map(state: State) -> str:
    if reason := _spectra(state):
        return reason
    return "" if state.has_map else "A map has Raman spectra with places: open the file of one."


def _in_map(state: State) -> str:
    return _map(state) or ("" if state.in_map else "Open the Map view first.")


def _raman(state: State) -> str:
    from spectra_core.spectrum import Axis

    spectrum = state.scene.spectrum
    if spectrum is None:
        return _spectrum(state)
    return "" if spectrum.axis is Axis.RAMAN_SHIFT else "This spectrum is no Raman spectrum."


def _fit(state: State) -> str:
    return "" if state.in_series or state.in_map else _analysis(state)


def _component(state: State) -> str:
    if reason := _analysis(state):
        return reason
    return "" if state.scene.selection.owner else "Choose a component first."


def _any_analysis(state: State) -> str:
    return "" if len(state.project.analyses) else "There is no model yet: load a preset."


def _fitted(state: State) -> str:
    if reason := _analysis(state):
        return reason
    if state.scene.fitted:
        return ""
    return "The model was changed after its fit: fit again." if state.scene.stale else "Fit first."


def _any_fit(state: State) -> str:
    if any(a.stored is not None for a in state.project.analyses.values()):
        return ""
    return "Nothing has been fitted yet."


def _stored(state: State) -> str:
    from spectra_core.foreign.presence import has_stored_fit

    if reason := _spectrum(state):
        return reason
    ids = state.scene.selection.spectra
    if any(has_stored_fit(state.project.spectrum(i)) for i in ids):
        return ""
    return "No fit of CasaXPS came with this spectrum."


def _joint(state: State) -> str:
    if reason := _analysis(state):
        return reason
    joint = state.scene.analysis is not None and len(state.scene.analysis.model.regions) > 1
    return "" if joint else "This spectrum is fitted by itself."


def _project(state: State) -> str:
    filled = len(state.project.spectra) or state.is_dirty
    return "" if filled else "The project is empty."


def _busy(state: State) -> str:
    return "" if state.is_busy else "Nothing is in progress."


def _undo(state: State) -> str:
    return "" if state.undo else "There is nothing to undo."


def _redo(state: State) -> str:
    return "" if state.redo else "There is nothing to redo."


def _copied_component(state: State) -> str:
    if reason := _analysis(state):
        return reason
    return "" if state.has_component else "Copy a component first."


def _copied_model(state: State) -> str:
    if reason := _spectrum(state):
        return reason
    return "" if state.has_model else "Copy a model first."


# ---------------------------------------------------------------------------------
# The table

FILE, EDIT, SPECTRUM, FIT, VIEW, TOOLS, HELP = (
    "File",
    "Edit",
    "Spectrum",
    "Fit",
    "View",
    "Tools",
    "Help",
)
MENUS = (FILE, EDIT, SPECTRUM, FIT, VIEW, TOOLS, HELP)

ACTIONS: tuple[Action, ...] = (
    Action("open", "Open…", FILE, "Ctrl+O", tip="Spectra of any known format, or a project."),
    Action(
        "open_folder",
        "Open a folder…",
        FILE,
        "Ctrl+Shift+O",
        tip="All its spectra; what is guessed of them is shown for one confirmation.",
    ),
    Action(
        "example", "Open the example", FILE, tip="Four synthetic S 2p spectra with known truth."
    ),
    Action(
        "joint_example",
        "Open the joint example",
        FILE,
        tip="Synthetic S 2p and P 2p spectra of two samples, before and after sputtering.",
    ),
    Action(
        "profile_example",
        "Open the profile example",
        FILE,
        tip="A synthetic sputter profile of twelve levels with known truth, in the Series view.",
    ),
    Action("new", "New project", FILE, "Ctrl+N"),
    Action("save", "Save", FILE, "Ctrl+S", _project),
    Action("save_as", "Save as…", FILE, "Ctrl+Shift+S", _project),
    Action(
        "export",
        "Export results…",
        FILE,
        "Ctrl+E",
        _any_fit,
        tip="Report, tables, curves, figures, NeXus and VAMAS.",
    ),
    Action(
        "export_series",
        "Export the series…",
        FILE,
        "",
        _in_series,
        tip="Trends, figures, results and reports, as `doublet series` writes them.",
    ),
    Action(
        "export_map",
        "Export the map…",
        FILE,
        "",
        _in_map,
        tip="Table, images, NeXus and figures, as `doublet map` writes them.",
    ),
    Action(
        "export_recipe",
        "Export the recipe…",
        FILE,
        "",
        _any_analysis,
        tip="For `doublet fit --recipe`: the same numbers without the window.",
    ),
    Action("export_picture", "Export the picture…", FILE, "", _spectrum),
    Action(
        "export_review",
        "Export the reviewer’s page…",
        FILE,
        "",
        _any_fit,
        tip="One web page: components to switch, models to compare, how it was made.",
    ),
    Action(
        "compose",
        "Compose a figure…",
        FILE,
        "",
        _any_fit,
        tip="All fits as panels in a grid, at the width of a journal.",
    ),
    Action("quit", "Quit", FILE, "Ctrl+Q"),
    Action("undo", "Undo", EDIT, "Ctrl+Z", _undo),
    Action("redo", "Redo", EDIT, "Ctrl+Y|Ctrl+Shift+Z", _redo),
    Action("copy_picture", "Copy as picture", EDIT, "Ctrl+Shift+C", _spectrum),
    Action("copy_table", "Copy the component table", EDIT, "", _analysis),
    Action("copy_map", "Copy the numbers of the map", EDIT, "", _in_map),
    Action("copy_component", "Copy the component", EDIT, "Ctrl+C", _component),
    Action("paste_component", "Paste the component", EDIT, "Ctrl+V", _copied_component),
    Action("duplicate", "Duplicate the component", EDIT, "Ctrl+D", _component),
    Action("disable", "Disable or enable the component", EDIT, "Del", _component),
    Action("remove_component", "Remove the component", EDIT, "Shift+Del", _component),
    Action("preferences", "Preferences…", EDIT, "Ctrl+,"),
    Action("calibrate", "Calibrate the energy scale…", SPECTRUM, "Ctrl+L", _spectrum),
    Action(
        "take_over",
        "Take over the CasaXPS fit",
        SPECTRUM,
        "Ctrl+T",
        _stored,
        tip="Regions, backgrounds, components, links and calibration.",
    ),
    Action("copy_model", "Copy the model", SPECTRUM, "Ctrl+Alt+C", _analysis),
    Action("paste_model", "Paste the model", SPECTRUM, "Ctrl+Alt+V", _copied_model),
    Action(
        "join",
        "Fit together",
        SPECTRUM,
        "Ctrl+J",
        _several,
        tip="One model with one charge shift for the chosen spectra.",
    ),
    Action("split", "Fit apart", SPECTRUM, "", _joint),
    Action("remove_model", "Remove the model", SPECTRUM, "", _analysis),
    Action("rename_region", "Rename the spectrum…", SPECTRUM, "F2", _spectrum),
    Action(
        "metadata",
        "Show the metadata…",
        SPECTRUM,
        "",
        _spectrum,
        tip="Everything that the file says of how the spectrum was measured.",
    ),
    Action(
        "find_rays",
        "Find cosmic rays",
        SPECTRUM,
        "",
        _raman,
        tip="Marked and masked, never replaced: in the chosen spectra, or in the whole map.",
    ),
    Action("restore_channels", "Restore masked channels", SPECTRUM, "", _raman),
    Action(
        "baselines",
        "Compare baselines…",
        SPECTRUM,
        "Ctrl+Shift+B",
        _raman,
        tip="Several baselines over the spectrum, with what each gives; a click adopts one.",
    ),
    Action("remove_spectra", "Remove from the project", SPECTRUM, "", _spectrum),
    Action("previous", "Previous spectrum", SPECTRUM, "[", _spectra),
    Action("next", "Next spectrum", SPECTRUM, "]", _spectra),
    Action(
        "preset",
        "Load a preset…",
        FIT,
        "Ctrl+P",
        _spectra,
        tip="A ready model of the library for the chosen spectra, or for all.",
    ),
    Action(
        "recipe",
        "Load a recipe…",
        FIT,
        "",
        _spectra,
        tip="The fits that a recipe file asks for on the chosen spectra, or on all.",
    ),
    Action(
        "add_component",
        "Add a component…",
        FIT,
        "A",
        _spectrum,
        tip="From the library: by species, or by energy.",
    ),
    Action(
        "add_unassigned",
        "Add unassigned component",
        FIT,
        "Shift+A",
        _spectrum,
        tip="Where the data exceed the model most; for levels that the library does not know.",
    ),
    Action(
        "fit",
        "Fit",
        FIT,
        "F",
        _fit,
        tip="The model that is shown; in the Series view all levels, in the Map view all pixels.",
    ),
    Action("fit_all", "Fit all", FIT, "Shift+F", _any_analysis),
    Action(
        "cancel", "Cancel", FIT, "Ctrl+.", _busy, tip="Stop what is in progress; nothing changes."
    ),
    Action("clear_fit", "Forget the fit", FIT, "", _fitted),
    Action(
        "series_settings",
        "Settings of the series…",
        FIT,
        "",
        _in_series,
        tip="What its levels share, what orders them, and how time becomes depth.",
    ),
    Action(
        "map_pixel_model",
        "Fit the map with the model of this pixel",
        FIT,
        "",
        _in_map,
        tip="The model that the pixel has in the Spectrum view, for all pixels.",
    ),
    Action("new_ratio", "Define a ratio…", FIT, "Ctrl+R", _any_analysis),
    Action("left", "Move the component left", FIT, "Left", _component),
    Action("right", "Move the component right", FIT, "Right", _component),
    Action("left_fine", "Move the component left, finely", FIT, "Alt+Left", _component),
    Action("right_fine", "Move the component right, finely", FIT, "Alt+Right", _component),
    Action("next_component", "Next component", FIT, "Down", _analysis),
    Action("previous_component", "Previous component", FIT, "Up", _analysis),
    Action("palette", "Find an action…", VIEW, "Ctrl+K"),
    Action("spectrum_view", "Spectrum view", VIEW, "Ctrl+1"),
    Action(
        "series_view",
        "Series view",
        VIEW,
        "Ctrl+2",
        _series,
        tip="All levels of a profile or series: heat map, trends, one fit.",
    ),
    Action(
        "map_view",
        "Map view",
        VIEW,
        "Ctrl+3",
        _map,
        tip="A Raman map: image, the spectrum of a pixel, one model for all.",
    ),
    Action("play", "Play the levels", VIEW, "P", _in_series),
    Action("reset_view", "Show the whole spectrum", VIEW, "Home", _spectrum),
    Action("components_shown", "Components", VIEW, "Space", switches=True),
    Action("kinetic", "Kinetic energy", VIEW, "K", _kinetic, switches=True),
    Action(
        "log_y",
        "Logarithmic intensity",
        VIEW,
        "Ctrl+G",
        _spectrum,
        switches=True,
        tip="What is not above zero, or below its own noise, is drawn at the bottom.",
    ),
    Action("ticks", "Library ticks", VIEW, "L", switches=True),
    Action("waterfall", "Waterfall of the chosen spectra", VIEW, "W", _several, switches=True),
    Action(
        "move_only",
        "Move only",
        VIEW,
        "M",
        switches=True,
        tip="The mouse moves what is there and neither zooms nor adds.",
    ),
    Action("live", "Refit while dragging", VIEW, "Shift+L", switches=True),
    Action("dark", "Dark colours", VIEW, "Ctrl+Shift+D", switches=True),
    Action(
        "arrange",
        "Arrange the panels",
        VIEW,
        switches=True,
        tip="Let the panels be moved and torn off by their titles; otherwise they hold.",
    ),
    Action("reset_layout", "Put the panels back", VIEW),
    Action("library", "Peak library…", TOOLS, "Ctrl+B"),
    Action("report", "Report preview", TOOLS, "Ctrl+Shift+R", _any_fit),
    Action(
        "rigidity",
        "Rigidity test of the sample",
        TOOLS,
        "",
        _fitted,
        tip="Is the offset of all levels one charge shift, or a wrong assignment?",
    ),
    Action("compare", "Compare with one component fewer and more", TOOLS, "", _fitted),
    Action("manual", "Manual", HELP, "Shift+F1", tip="The documentation, to be searched."),
    Action("tour", "Tour of five steps", HELP, tip="On the example: from a file to a ratio."),
    Action("shortcuts", "Keyboard shortcuts", HELP, "F1"),
    Action("notes", "Science notes", HELP),
    Action("log", "Show the log file", HELP),
    Action(
        "problem",
        "Report a problem…",
        HELP,
        tip="Writes one file with your words, the versions, the log, and the project if you want.",
    ),
    Action("about", "About Doublet", HELP),
)

TOOLBAR: tuple[str, ...] = (
    "open",
    "calibrate",
    "preset",
    "add_component",
    "fit",
    "fit_all",
    "undo",
    "redo",
)
"""Ids of the toolbar, from left to right; what is behind the search field follows."""

SEPARATED = frozenset(
    {
        "new",
        "export",
        "quit",
        "copy_picture",
        "preferences",
        "copy_model",
        "join",
        "rename_region",
        "previous",
        "fit",
        "cancel",
        "new_ratio",
        "left",
        "components_shown",
        "move_only",
        "dark",
        "report",
        "about",
    }
)
"""Actions that begin a new group of their menu."""

KEYS_OF_LISTS = (
    "left",
    "right",
    "next_component",
    "previous_component",
    "components_shown",
    "copy_component",
    "paste_component",
)
"""Their keys mean something else in a list or field, so they are the plot's alone."""


def action(action_id: str) -> Action:
    """Return the row with this id."""
    return next(row for row in ACTIONS if row.id == action_id)
