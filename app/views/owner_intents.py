"""What a user can want of a component or doublet, wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

# Two bases that are both a QObject cannot stand beside each other in PySide6; to the type
# checker it is one, as only a QObject has signals that can be emitted.
if TYPE_CHECKING:
    _Base = QObject
else:
    _Base = object


class OwnerIntents(_Base):
    """Signals of the cards and of the table; stands before the widget among the bases.

    Signals
    -------
    owner_chosen(str), label_edited(str, str), species_asked(str), enabled_set(str, bool),
    shape_chosen(str, str), remove_asked(str), duplicate_asked(str), copy_asked(str),
    rename_asked(str)
        Component or doublet by id; empty for none.
    value_edited(str, float), held_set(str, bool), bounds_asked(str), link_asked(str),
    unlink_asked(str), prior_removed(str)
        Parameter by path.
    link_typed(str, str)
        Parameter by path, and what was typed: ``= PS4``.
    link_made(str, str)
        Parameter by path, and the one that it is to follow.
    prior_edited(str, float, float)
        Parameter by path, what is known of it, and the standard deviation of that.
    paste_asked()
    unlock_asked(str, str), relock_asked(str, str)
        Doublet and parameter.
    """

    owner_chosen = Signal(str)
    value_edited = Signal(str, float)
    label_edited = Signal(str, str)
    species_asked = Signal(str)
    enabled_set = Signal(str, bool)
    held_set = Signal(str, bool)
    bounds_asked = Signal(str)
    shape_chosen = Signal(str, str)
    remove_asked = Signal(str)
    duplicate_asked = Signal(str)
    copy_asked = Signal(str)
    paste_asked = Signal()
    rename_asked = Signal(str)
    link_asked = Signal(str)
    unlink_asked = Signal(str)
    link_typed = Signal(str, str)
    link_made = Signal(str, str)
    prior_edited = Signal(str, float, float)
    prior_removed = Signal(str)
    unlock_asked = Signal(str, str)
    relock_asked = Signal(str, str)
