"""Names of the files that belong to a fit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from ..runs.records import Run

_NAME_LENGTH = 40
_SAMPLE_LENGTH = 28
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
    """Unique beginnings of file names, given out one after the other.

    Parameters
    ----------
    places : iterable of (str, str)
        File and sample of all that is to be named: the sample stands in a name only where its
        file has several.
    """

    def __init__(self, places: Iterable[tuple[str, str]]) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}
        samples: dict[str, set[str]] = {}
        for file, sample in places:
            samples.setdefault(file, set()).add(sample)
        self._several = {file for file, own in samples.items() if len(own) > 1}

    def of(self, file: str, sample: str, region: str, level: int, levels: int) -> str:
        """Return a stem of file and region, of sample and level where there are several."""
        own = safe_name(sample.replace("(synthetic)", ""), length=_SAMPLE_LENGTH)
        parts = [safe_name(Path(file).stem), own if file in self._several else ""]
        parts += [safe_name(region), str(level + 1) if levels > 1 else ""]
        stem = "_".join(filter(None, parts)) or "spectrum"
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
        File and region; sample and level where there are several.
    """
    stems = Stems((record.file, record.sample) for record in run.fits)
    return {
        (record.id, name): stems.of(record.file, record.sample, name, record.level, record.levels)
        for record in run.fits
        for name in (region.name for region in record.model.regions)
    }
