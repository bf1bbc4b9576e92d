"""What Qt needs of a Linux system: found missing before Qt aborts, and named by its package.

The Qt of PyPI brings no libraries of the window system with it. Where one is missing, Qt ends
the process with a message that names no remedy; so they are looked for first.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from spectra_core.errors import SpectraError

DEBIAN_PACKAGES: Mapping[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""Libraries that Qt and its X11 plugin load, and the Debian and Ubuntu packages they are in."""

_PLUGIN = Path("Qt", "plugins", "platforms", "libqxcb.so")


class DesktopError(SpectraError):
    """The desktop program cannot start on this system."""


def check_desktop(environment: Mapping[str, str] = os.environ) -> None:
    """Raise where Qt is not installed, would find no screen, or not all it needs to draw on it.

    Parameters
    ----------
    environment : mapping
        Which kind of screen there is.

    Raises
    ------
    DesktopError
        With what is missing, and the packages to install.
    """
    _check_installed()
    if not sys.platform.startswith("linux"):
        return
    _check_import()
    platform = environment.get("QT_QPA_PLATFORM", "")
    wayland = bool(environment.get("WAYLAND_DISPLAY"))
    if not platform and not wayland and not environment.get("DISPLAY"):
        raise DesktopError(
            "there is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set.",
            hint="Start it in a desktop session, or over ssh -X; all other commands need none.",
        )
    if platform.startswith("xcb") or (not platform and not wayland):
        _check_plugin()


def _check_installed() -> None:
    """Raise where the packages of the extra `gui` are not there."""
    missing = [name for name in ("PySide6", "pyqtgraph") if find_spec(name) is None]
    if missing:
        raise DesktopError(
            f"the desktop program needs {' and '.join(missing)}, which this installation of "
            "Doublet does not have.",
            hint='Install it with its window: python -m pip install "doublet[gui]". All other '
            "commands work without.",
        )


def _check_import() -> None:
    """Raise where Qt itself cannot be loaded."""
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        if ".so" not in str(error):
            raise
        raise _missing(str(error)) from error


def _check_plugin() -> None:
    """Raise where the plugin for X11 cannot be loaded."""
    package = find_spec("PySide6")
    places = package.submodule_search_locations if package is not None else None
    plugin = Path(next(iter(places or ("",)))) / _PLUGIN
    if not plugin.is_file():  # another build of Qt, which has what its system needs
        return
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        raise _missing(str(error)) from error


def _missing(output: str) -> DesktopError:
    """Return what is missing: what the loader says, and what else cannot be loaded."""
    named = re.findall(r"lib[\w.+-]+\.so(?:\.\d+)*", output)
    gone = [name for name in DEBIAN_PACKAGES if name in named or not _loads(name)]
    gone += [name for name in named[:1] if name not in DEBIAN_PACKAGES]
    packages = sorted({DEBIAN_PACKAGES[name] for name in gone if name in DEBIAN_PACKAGES})
    install = f"sudo apt install {' '.join(packages)}" if packages else ""
    hint = f"On Debian or Ubuntu: {install}" if install else f"The system says: {output}"
    which = ", ".join(gone) or "one of them"
    many = "libraries" if len(gone) > 1 else "a library"
    return DesktopError(f"Qt needs {many} of the system that cannot be loaded: {which}.", hint=hint)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
