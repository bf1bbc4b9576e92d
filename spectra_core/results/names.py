"""Names of the files that belong to a fit."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from ..runs.records import Run

_NAME_LENGTH = 40
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def safe_name(text: str, *, length: int = _NAME_LENGTH) -> str:
    """Return a text as part of a file name that is safe on every system.

    Letters of any script stay; what separates or escapes paths does not.
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"[^\w+-]+", "_", plain).strip("_-")[:length]
    while len(plain.encode()) > 2 * length:
        plain = plain[:-1]
    plain = plain.strip("_-")
    return f"_{plain}" if _RESERVED.fullmatch(plain) else plain


class Stems:
    """Unique beginnings of file names, given out one after the other."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def of(self, file: str, sample: str, region: str, level: int, levels: int) -> str:
        """Return a stem of file, sample, region, and the level where there are several."""
        parts = [Path(file).stem, sample, region]
        parts += [str(level + 1)] if levels > 1 else []
        stem = "_".join(filter(None, map(safe_name, parts))) or "spectrum"
        name, number = stem, self._last.get(stem.casefold(), 1)
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._last[stem.casefold()] = number
        self._taken.add(name.casefold())
        return name


def file_stems(run: Run) -> dict[tuple[str, str], str]:
    """Return a unique file name stem for each region of each fit.

    Returns
    -------
    stems : dict of (fit id, region name) to str
        File, sample, region, and the level where there are several.
    """
    stems = Stems()
    return {
        (record.id, name): stems.of(record.file, record.sample, name, record.level, record.levels)
        for record in run.fits
        for name in (region.name for region in record.model.regions)
    }
