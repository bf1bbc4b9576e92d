"""The letters of a PDF: static faces, embedded; what one lacks comes from the next.

Source Sans Pro comes with the program and DejaVu Sans with matplotlib. Chinese, Japanese and
Korean come from fonts of the machine, where it has some that a PDF can hold. A character that
none of them has is printed as its code point, so that nothing is lost and nothing is a blank box.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from ..results.paper_fonts import BOLD as BOLD_FAMILY
from ..results.paper_fonts import FAMILY, eastern_faces, font_file

REGULAR, BOLD, ITALIC = "SourceSans", "SourceSans-Bold", "SourceSans-Italic"
OTHER, MONO = "DejaVuSans", "DejaVuSansMono"
_LARGEST = 0xFFFF  # code points beyond it could not be searched or copied
_OF_FAMILY = {FAMILY: REGULAR, BOLD_FAMILY: BOLD}


@dataclass(frozen=True)
class Letters:
    """The faces of a document, with the code points that each can draw.

    Attributes
    ----------
    known : mapping of str to frozenset of int
    others : tuple of str
        Faces that are tried in turn for what the asked one lacks.
    """

    known: Mapping[str, frozenset[int]]
    others: tuple[str, ...]

    def face_of(self, family: Sequence[str] | str) -> str:
        """Return the face of a family of figures."""
        first = family if isinstance(family, str) else next(iter(family), "")
        return _OF_FAMILY.get(first, OTHER)

    def pieces(self, text: str, face: str) -> Iterator[tuple[str, str]]:
        """Yield (face, piece) of a text, code points in place of what no face has."""
        placed = [self._placed(character, face) for character in text]
        for own, group in groupby(placed, key=lambda pair: pair[0]):
            yield own, "".join(piece for _, piece in group)

    def _placed(self, character: str, face: str) -> tuple[str, str]:
        code = ord(character)
        if character in "\n\t" or code in self.known[face]:
            return face, character
        if code <= _LARGEST:
            for other in self.others:
                if code in self.known[other]:
                    return other, character
        return face, f"[U+{code:04X}]"

    def width(self, text: str, face: str, size: float) -> float:
        """Return how wide a text is on one line, in points."""
        from reportlab.pdfbase.pdfmetrics import stringWidth

        return float(sum(stringWidth(piece, own, size) for own, piece in self.pieces(text, face)))

    def draw(
        self, canvas: Any, place: tuple[float, float], text: str, face: str, size: float
    ) -> None:
        """Draw a text on one line from `place` on."""
        from reportlab.pdfbase.pdfmetrics import stringWidth

        x, y = place
        for own, piece in self.pieces(text, face):
            canvas.setFont(own, size)
            canvas.drawString(x, y, piece)
            x += stringWidth(piece, own, size)


@cache
def letters() -> Letters:
    """Return the faces, registered with reportlab."""
    from matplotlib import get_data_path
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(get_data_path()) / "fonts" / "ttf"
    files = {
        REGULAR: font_file("regular"),
        BOLD: font_file("bold"),
        ITALIC: font_file("italic"),
        OTHER: folder / "DejaVuSans.ttf",
        MONO: folder / "DejaVuSansMono.ttf",
    }
    for name, file in files.items():
        pdfmetrics.registerFont(TTFont(name, str(file)))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD
    )
    known = {name: frozenset(pdfmetrics.getFont(name).face.charToGlyph) for name in files}
    eastern = {file.stem: letters for file, letters in eastern_faces(_registered)}
    return Letters({**known, **eastern}, (OTHER, *eastern))


def _registered(file: Path) -> frozenset[int]:
    """Return the code points of a font, registered by the name of its file."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    try:
        font = TTFont(file.stem, str(file))
    except (TTFError, OSError):  # outlines of PostScript, or no font
        return frozenset()
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)
