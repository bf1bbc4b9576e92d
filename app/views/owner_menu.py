"""The menu of a component or doublet, on its card and in the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from spectra_core.curves.lineshapes import LINESHAPES
from spectra_core.editing.edits import members
from spectra_core.model import Doublet

from ..parameter_words import NAMES
from ..widgets import wrapped
from .component_numbers import NumberCell, Numbers
from .owner_intents import OwnerIntents


def owner_menu(view: OwnerIntents, numbers: Numbers, owner: str) -> QMenu:
    """Return the menu of a component or doublet; `view` emits what is chosen."""
    region = numbers.region
    first = members(region, owner)[0]
    menu = QMenu(view if isinstance(view, QWidget) else None)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    switch = "Disable" if first.enabled else "Enable"
    _add(menu, switch, lambda: view.enabled_set.emit(owner, not first.enabled))
    _add(menu, "Rename…", lambda: view.rename_asked.emit(owner))
    _add(menu, "Species…", lambda: view.species_asked.emit(owner))
    _add(menu, "Duplicate", lambda: view.duplicate_asked.emit(owner))
    _add(menu, "Copy", lambda: view.copy_asked.emit(owner))
    _add(menu, "Paste", lambda: view.paste_asked.emit())
    menu.addSeparator()
    parameters = menu.addMenu("Parameters")
    for cell in numbers.cells(owner):
        _add_parameter(parameters, view, cell)
    _add_shapes(menu.addMenu("Line shape"), view, owner, first.lineshape)
    doublet = next((d for d in region.doublets if d.id == owner), None)
    if doublet is not None:
        names = [spec.name for spec in region.specs_of(region.component(doublet.minor))]
        _add_locks(menu.addMenu("Doublet"), view, doublet, names)
    menu.addSeparator()
    _add(menu, "Remove", lambda: view.remove_asked.emit(owner))
    return menu


def _add(menu: QMenu, text: str, run: Callable[[], object]) -> QAction:
    """Add an entry that calls `run`, and return it."""
    entry = QAction(text, menu)
    entry.triggered.connect(lambda _=False: run())
    menu.addAction(entry)
    return entry


def _add_parameter(menu: QMenu, view: OwnerIntents, cell: NumberCell) -> None:
    """Add what can be done with one parameter."""
    path, held = cell.path, cell.kind == "fixed"
    own = menu.addMenu(f"{cell.name}: {cell.text or 'open'} {cell.unit}")
    own.setToolTip(wrapped(cell.words))
    _add(own, cell.words, lambda: None).setEnabled(False)
    if cell.kind == "linked":
        _add(own, "Take the link off", lambda: view.unlink_asked.emit(path))
        return
    _add(own, "Free" if held else "Fix", lambda: view.held_set.emit(path, not held))
    _add(own, "Bounds…", lambda: view.bounds_asked.emit(path))
    _add(own, "Link to…", lambda: view.link_asked.emit(path))


def _add_shapes(menu: QMenu, view: OwnerIntents, owner: str, chosen: str) -> None:
    """Add every line shape, the owner's own ticked."""
    for name in LINESHAPES:
        choose = partial(view.shape_chosen.emit, owner, name)
        entry = _add(menu, name.replace("_", " "), choose)
        entry.setCheckable(True)
        entry.setChecked(name == chosen)


def _add_locks(menu: QMenu, view: OwnerIntents, doublet: Doublet, names: Sequence[str]) -> None:
    """Add what ties the two lines of a doublet, to be taken off or put back."""
    for name in names:
        word = NAMES.get(name, name)
        if name in doublet.unlocked_parameters:
            _add(menu, f"Lock {word} again", partial(view.relock_asked.emit, doublet.id, name))
        else:
            _add(menu, f"Unlock {word}…", partial(view.unlock_asked.emit, doublet.id, name))
