"""The program's own icon."""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QIcon

from spectra_core.datafiles import data_path


@cache
def program_icon() -> QIcon:
    """Return the icon, sharp at every size."""
    return QIcon(str(data_path("resources", "icons", "doublet.svg")))
