"""JASCO Spectra Manager text: ``KEY<tab>value`` lines, ``XYDATA``, columns, more keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import ReadError
from ..spectrum import Axis, Meta, Spectrum
from .assemble import Columns, assemble, noted
from .axis_words import axis_of_words
from .keys import Keys
from .options import ReadOptions
from .text_table import decode, read_tables, to_lines

FORMAT = "JASCO text"


def matches(head: bytes, path: Path) -> bool:
    """Return whether the first lines are ``TITLE`` and ``DATA TYPE``, tab-separated."""
    lines = to_lines(decode(head[:400]).lstrip())
    keys = [line.split("\t")[0].strip() for line in lines]
    return keys[:2] == ["TITLE", "DATA TYPE"]


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectrum of a JASCO file.

    Raises
    ------
    ReadError
        If the file holds fewer points than it announces.
    """
    tables = read_tables(path, options)
    blocks = [block for block in tables.blocks if "XYDATA" in "\n".join(block.header)]
    values = _values(tables.lines)
    keys = Keys(values, tables.dialect)
    announced = int(keys.number("NPOINTS") or 0)
    n_points = len(blocks[0].row_numbers) if blocks else 0
    if n_points < 1 or (announced and n_points != announced):
        raise ReadError(
            f"the file announces {announced} points but holds {n_points}.",
            hint="It seems cut off; export it again.",
        )
    axis = axis_of_words(values.get("XUNITS", ""))
    raman = "RAMAN" in values.get("DATA TYPE", "").upper()
    if axis is Axis.RAMAN_SHIFT and not raman:
        axis = None
    block = blocks[0]
    columns = Columns(block.values[:, 0], block.values[:, 1], row_numbers=block.row_numbers)
    file_says = options if axis is None else replace(options, axis=None)
    meta = noted(_meta(keys, path, raman), extremes_note=_differing(keys, columns))
    return [assemble(columns, axis, meta, file_says)]


def _differing(keys: Keys, columns: Columns) -> str:
    """Return where the numbers are not those that the heading says of them."""
    x, y = columns.x, columns.y
    found = {
        "FIRSTX": x[0],
        "LASTX": x[-1],
        "FIRSTY": y[0],
        "MAXY": np.max(y),
        "MINY": np.min(y),
    }
    said = {key: keys.number(key, positive=False) for key in found}
    differing = [
        f"{key} is {value:g}, but in the rows it is {found[key]:g}"
        for key, value in said.items()
        if value is not None and not abs(value - found[key]) <= _ROUNDED_TO * abs(value)
    ]
    changed = "a number was changed, or the heading was not written again"
    return f"{'; '.join(differing)}: {changed}" if differing else ""


_ROUNDED_TO = 2e-5


def _values(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.partition("\t") for line in lines if not re.match(r"\s*[-\d]", line))
    return {key.strip(): value.strip() for key, tab, value in pairs if tab and key.strip()}


def _meta(keys: Keys, path: Path, raman: bool) -> Meta:
    named = ("Resolution", "Grating", "Slit", "Objective lens", "Laser power")
    meta = Meta(
        sample=keys.text("Sample name", "TITLE") or path.stem,
        technique="Raman" if raman else keys.text("DATA TYPE"),
        dwell_s=keys.number("Exposure", "time"),
        scans=keys.number("Accumulation"),
        laser_nm=keys.number("Laser wavelength", "length"),
        instrument=keys.text("Model Name"),
        date=" ".join(v for v in (keys.text("DATE"), keys.text("TIME")) if v),
        comment=keys.text("Comment"),
        extra={key: keys.text(key) for key in named if keys.text(key)},
    )
    return noted(meta, **keys.notes)
