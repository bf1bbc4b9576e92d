"""Doublet in the menus of a Linux desktop: entry, icon and file type, for one user."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from spectra_core.datafiles import data_path
from spectra_core.errors import WriteError

_FILES = (
    (("resources", "icons", "doublet.svg"), "icons/hicolor/scalable/apps/doublet.svg"),
    (("resources", "linux", "doublet.xml"), "mime/packages/doublet.xml"),
)
_ENTRY = "applications/doublet.desktop"


def install_desktop_entry(environment: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Write the entry, the icon and the file type into the user's own data folder.

    Parameters
    ----------
    environment : mapping or None
        Where ``XDG_DATA_HOME`` is looked for; None: that of the process.

    Returns
    -------
    files : tuple of Path
        What was written.

    Raises
    ------
    WriteError
        If the folder cannot be written.
    """
    environment = os.environ if environment is None else environment
    home = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    written = []
    try:
        for source, target in _FILES:
            written.append(_copied(data_path(*source).read_text("utf-8"), Path(home, target)))
        entry = data_path("resources", "linux", "doublet.desktop").read_text("utf-8")
        entry = entry.replace("Exec=doublet-gui", f"Exec={_command()}")
        written.append(_copied(entry, Path(home, _ENTRY)))
    except OSError as error:
        raise WriteError(
            f"the desktop entry cannot be written ({error.strerror}).",
            hint="Set XDG_DATA_HOME to a folder of yours.",
            where=home,
        ) from error
    return tuple(written)


def _copied(text: str, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    return target


def _command() -> str:
    """Return the program of this installation: it need not be on the desktop's PATH."""
    beside = Path(sys.executable).with_name("doublet-gui")
    found = str(beside) if beside.is_file() else shutil.which("doublet-gui")
    return f'"{found}"' if found else "doublet-gui"
