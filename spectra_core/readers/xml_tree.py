"""XML of instruments: parsed without entities, and numbers out of its texts."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..errors import ReadError
from ..spectrum import Array
from .encodings import decode

Element = ElementTree.Element


def root_of(path: Path) -> Element:
    """Return the root of an XML file.

    Raises
    ------
    ReadError
        If it is not well formed, or defines entities, which no instrument does.
    """
    raw = path.read_bytes().strip(b" \t\r\n\x1a")
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return element_of(decode(raw).strip() if wide else raw)  # UTF-16, whatever it announces


def element_of(data: str | bytes) -> Element:
    """Return the root of an XML text (see `root_of`)."""
    if "<!ENTITY" in data if isinstance(data, str) else b"<!ENTITY" in data:
        raise ReadError(
            "the XML file defines entities, as no instrument does: it is not read.",
            hint="Export it again from its program.",
        )
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ReadError(
            f"is no well-formed XML file ({error}).", hint="It is cut off or was changed."
        ) from error


def numbers(text: str | None, what: str) -> Array:
    """Return the numbers of a text, separated by blanks or semicolons.

    Raises
    ------
    ReadError
        If something else is among them; `what` names them.
    """
    words = (text or "").replace(";", " ").split()
    try:
        return np.array(words, dtype=float)
    except ValueError as error:
        bad = next(word for word in words if not _is_number(word))
        raise ReadError(f"among the {what} stands {bad[:40]!r}, which is no number.") from error


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
