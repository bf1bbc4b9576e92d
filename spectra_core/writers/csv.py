"""Doublet's own CSV (see `spectra_core.readers.doublet_csv` for the layout).

All spectra go into one file, one block each: a header of ``# key: value`` lines, a
line of headings, rows with every digit, an empty line. The columns are the axis as
recorded, the intensity, the counts where they are known, and further columns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..readers.doublet_csv import (
    CHECKSUM,
    FURTHER,
    MARK,
    PLACE,
    SPECIAL_COLUMNS,
    checksum,
)
from ..readers.spectrum_fields import to_text, to_values
from ..readers.text_table import to_lines
from ..spectrum import Array, Spectrum
from .atomic import replacing


def write_csv(path: Path, spectra: Sequence[Spectrum]) -> None:
    """Write spectra to one CSV file.

    Parameters
    ----------
    path : Path
        The file to make or replace.
    spectra : sequence of Spectrum
        What to write; points in the order the axis was recorded.

    Raises
    ------
    WriteError
        If the metadata holds what JSON cannot.
    """
    total = len(spectra)
    text = "\n".join(_block(s, i, total) for i, s in enumerate(spectra, start=1))
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _block(spectrum: Spectrum, number: int, total: int) -> str:
    values = to_values(spectrum)
    if spectrum.columns:
        values[FURTHER] = list(spectrum.columns)
    values[PLACE] = [number, total]
    header = [f"# {key}: {to_text(value)}" for key, value in values.items()]
    names, columns = zip(*_columns(spectrum), strict=True)
    table = np.column_stack(columns)[:: -1 if spectrum.descending else 1]
    rows = [",".join(map(repr, row)) for row in table.tolist()]
    text = "\n".join([MARK, *header, _heading(names), *rows])
    lines = to_lines(text.encode("utf-8", "replace").decode("utf-8"))
    place = 1 + len(header)
    sealed = [*lines[:place], f"# {CHECKSUM}: {to_text(checksum(lines))}", *lines[place:], ""]
    return "\n".join(sealed)


def _heading(names: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([" ".join(name.split()) for name in names])
    return buffer.getvalue()


def _columns(spectrum: Spectrum) -> list[tuple[str, Array]]:
    """Return headings and columns; headings of `Spectrum.columns` are for the eye only."""
    unit = f" ({spectrum.axis.unit})" if spectrum.axis.unit else ""
    rate = spectrum.y_unit == "counts/s"
    ordinate = spectrum.y_unit if rate else f"intensity ({spectrum.y_unit})"
    special = [(name, getattr(spectrum, name)) for name in SPECIAL_COLUMNS]
    return [
        (f"{spectrum.axis.value}{unit}", spectrum.x_recorded),
        (ordinate, spectrum.y),
        *((name, values) for name, values in special if values is not None),
        *spectrum.columns.items(),
    ]
