"""The letters of reports and composed figures: Source Sans Pro, which comes with the program.

Static TrueType faces: a PDF holds them as they are, and a printer spaces them right. What they
lack is drawn with DejaVu Sans, which comes with matplotlib, and what that lacks (Chinese,
Japanese, Korean) with a face of the machine, where it has one of those that are named here.

References
----------
.. [1] P. D. Hunt, Source Sans Pro, Adobe (2012), SIL Open Font License 1.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
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
# Names of files without suffix, as systems and the usual packages call them, best first.
_EASTERN = (
    "notosanscjk-regular",
    "notosanssc-regular",
    "sourcehansanssc-regular",
    "msyh",
    "pingfang",
    "hiragino sans gb",
    "arial unicode",
    "droidsansfallbackfull",
    "droidsansfallback",
    "wqy-microhei",
    "wqy-zenhei",
    "simhei",
    "simsun",
    "stheiti medium",
    "yugothm",
    "meiryo",
    "malgun",
    "nanumgothic",
)


def font_file(face: str) -> Path:
    """Return the file of a face: ``"regular"``, ``"bold"`` or ``"italic"``."""
    return data_path("resources", "fonts", _FACES[face])


def eastern_faces(
    letters_of: Callable[[Path], frozenset[int]],
) -> Iterator[tuple[Path, frozenset[int]]]:
    """Yield as few fonts of this machine as have Chinese, Japanese and Korean, best first.

    Parameters
    ----------
    letters_of : callable
        Returns the code points of a file; none where it cannot be used.
    """
    from matplotlib.font_manager import findSystemFonts

    found = {file.stem.casefold(): file for file in sorted(map(Path, findSystemFonts()))}
    missing = frozenset(map(ord, "中カ한"))
    for file in (found[name] for name in _EASTERN if name in found):
        known = letters_of(file) if missing else frozenset()
        if known & missing:
            missing -= known
            yield file, known


@cache
def _eastern() -> Mapping[str, frozenset[int]]:
    """Return the families that matplotlib has for those letters, and their code points."""
    from matplotlib.font_manager import fontManager, get_font

    def letters_of(file: Path) -> frozenset[int]:
        try:
            fontManager.addfont(file)
            return frozenset(get_font(str(file)).get_charmap())
        except (OSError, RuntimeError):  # no font in spite of its name
            return frozenset()

    return {get_font(str(f)).family_name: known for f, known in eastern_faces(letters_of)}


@cache
def families(*, bold: bool = False) -> tuple[str, ...]:
    """Return the families of composed figures, the first one first; matplotlib knows them.

    The bold face is a family of its own, so that what it lacks is drawn with a light one.
    """
    from matplotlib.font_manager import fontManager

    known = {font.name for font in fontManager.ttflist}
    for face in _FACES:
        if FAMILY not in known or BOLD not in known:
            fontManager.addfont(font_file(face))
    return (BOLD if bold else FAMILY), *plain_families()


@cache
def plain_families() -> tuple[str, ...]:
    """Return the families of figures by region: DejaVu Sans, then what it lacks."""
    return FALLBACK, *_eastern()


@cache
def known_letters(face: str = "regular") -> frozenset[int]:
    """Return the code points that a face can draw."""
    from matplotlib.font_manager import get_font

    return frozenset(get_font(str(font_file(face))).get_charmap())


@cache
def plain_letters() -> frozenset[int]:
    """Return the code points that `plain_families` can draw."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(FALLBACK)).get_charmap()).union(*_eastern().values())


_LOADING = Lock()


def load_matplotlib() -> None:
    """Import what draws, whole, before several threads draw at once.

    Its modules import one another in circles: two threads that come to different ones first can
    each be given a part of the other's.
    """
    with _LOADING:
        import matplotlib.figure
        import matplotlib.ticker
        from matplotlib.backends import backend_agg, backend_svg

        assert matplotlib.figure and matplotlib.ticker and backend_agg and backend_svg
