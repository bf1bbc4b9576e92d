"""Formats from other people's packages, found by entry points of installed packages.

A plug-in that cannot be loaded, or that fails, is named in a `PlugInWarning` and passed over:
it never keeps a file from being read by what else there is.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ..errors import PlugInWarning, in_words


@dataclass(frozen=True)
class PlugIn:
    """An entry point, and what it leads to.

    Attributes
    ----------
    name, package : str
        Of the entry point, and of the package that has it.
    loaded : object
    """

    name: str
    package: str
    loaded: Any

    def __str__(self) -> str:
        return f'the plug-in "{self.name}" of the package {self.package}'

    def complain(self, error: Exception) -> None:
        """Warn that the plug-in failed."""
        warn_of(self.name, self.package, error)


def warn_of(name: str, package: str, error: Exception) -> None:
    """Warn of a plug-in that failed."""
    reason = in_words(error, "it failed")
    words = f'the plug-in "{name}" of the package {package} is not used: {reason}'
    warnings.warn(words, PlugInWarning, stacklevel=3)


def plug_ins(group: str, needs: tuple[str, ...] = ()) -> list[PlugIn]:
    """Return the plug-ins of a group that can be loaded; the others are warned of.

    Parameters
    ----------
    group : str
        ``"doublet.readers"`` or ``"doublet.writers"``.
    needs : tuple of str
        What they must have.
    """
    found = []
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        package = _package(entry)
        try:
            loaded = entry.load()
            missing = [name for name in needs if not hasattr(loaded, name)]
            if missing:
                raise AttributeError(f"it has no {', '.join(missing)}")
        except Exception as error:  # noqa: BLE001 - whatever a stranger's module does
            warn_of(entry.name, package, error)
        else:
            found.append(PlugIn(entry.name, package, loaded))
    return found


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an unknown package"
