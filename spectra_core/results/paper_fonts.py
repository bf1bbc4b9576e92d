"""The letters of reports and composed figures: Source Sans Pro, which comes with the program.

Static TrueType faces: a PDF holds them as they are, and a printer spaces them right. What they
lack is drawn with DejaVu Sans, which comes with matplotlib.

References
----------
.. [1] P. D. Hunt, Source Sans Pro, Adobe (2012), SIL Open Font License 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ..datafiles import data_path

FAMILY, BOLD, FALLBACK = "Source Sans Pro", "Source Sans Pro Semibold", "DejaVu Sans"
_FACES: Mapping[str, str] = MappingProxyType(
    {
        "regular": "SourceSansPro-Regular.ttf",
        "bold": "SourceSansPro-Semibold.ttf",
        "italic": "SourceSansPro-It.ttf",
    }
)


def font_file(face: str) -> Path:
    """Return the file of a face: ``"regular"``, ``"bold"`` or ``"italic"``."""
    return data_path("resources", "fonts", _FACES[face])


@cache
def families(*, bold: bool = False) -> tuple[str, ...]:
    """Return the families of figures, the first one first; matplotlib knows them from now on.

    The bold face is a family of its own, so that what it lacks is drawn with a light one.
    """
    from matplotlib.font_manager import fontManager

    known = {font.name for font in fontManager.ttflist}
    for face in _FACES:
        if FAMILY not in known or BOLD not in known:
            fontManager.addfont(font_file(face))
    return (BOLD if bold else FAMILY), FALLBACK


@cache
def known_letters(face: str = "regular") -> frozenset[int]:
    """Return the code points that a face can draw."""
    from matplotlib.font_manager import get_font

    return frozenset(get_font(str(font_file(face))).get_charmap())
