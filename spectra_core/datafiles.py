"""Where the data that ship with the program lie.

An installed wheel carries ``peak_libraries`` and ``resources`` inside this package; in a
checkout they lie beside it. Inside is looked at first, so that an installed program never
picks up a stranger's folder of the same name.
"""

from __future__ import annotations

from pathlib import Path

from .errors import DataError

_PACKAGE = Path(__file__).resolve().parent


def data_path(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    Parameters
    ----------
    *parts : str
        Folder and name, e.g. ``"peak_libraries", "core_levels.toml"``.

    Returns
    -------
    path : Path
        An existing path.

    Raises
    ------
    DataError
        If it is neither inside the package nor beside it.
    """
    for root in (_PACKAGE, _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise DataError(
        f"the shipped data file {'/'.join(parts)} is missing.",
        hint=f"It was looked for in {_PACKAGE} and beside it; install the program again.",
    )
