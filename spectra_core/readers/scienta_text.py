"""Scienta SES text: ``[Region n]``, ``[Info n]`` and ``[Data n]`` sections.

In swept mode every channel of the spectrum passes over many detector channels, so
the seconds a channel was counted are "Time per Spectrum Channel" (all sweeps), not
"Step Time" (milliseconds per position). Further data columns are detector slices.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Meta, Spectrum
from .assemble import Columns, assemble, noted
from .axis_words import axis_of_words
from .keys import Keys
from .options import ReadOptions
from .text_table import Dialect, decode, find_dialect, read_lines, to_lines

FORMAT = "Scienta text"
_SECTION = re.compile(
    r"^\[(Region|Info|Data|User Interface Information|Run Mode Information) (\d+)\]"
)


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file begins with ``[Info]`` and a number of regions."""
    lines = [line.strip() for line in to_lines(decode(head[:2000])) if line.strip()]
    return lines[:1] == ["[Info]"] and lines[1:2] != [] and lines[1].startswith("Number of Regions")


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum per region and detector slice.

    Raises
    ------
    ReadError
        If a region has no data, or fewer than it announces.
    """
    sections = _sections(read_lines(path, options))
    numbers = sorted({int(number) for kind, number in sections if kind == "Data"})
    if not numbers:
        raise ReadError("the Scienta file holds no [Data] section: it seems cut off.")
    return [spectrum for n in numbers for spectrum in _region(sections, n, path, options)]


Sections = dict[tuple[str, str], list[tuple[int, str]]]


def _sections(lines: list[str]) -> Sections:
    sections: Sections = {}
    key = ("", "")
    for number, line in enumerate(lines, start=1):
        if match := _SECTION.match(line):
            key = (match[1], match[2])
        elif line.strip():
            sections.setdefault(key, []).append((number, line))
    return sections


def _values(sections: Sections, kind: str, number: int) -> dict[str, str]:
    pairs = (line.partition("=") for _, line in sections.get((kind, str(number)), []))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def _region(sections: Sections, number: int, path: Path, options: ReadOptions) -> list[Spectrum]:
    region = _values(sections, "Region", number)
    rows, row_numbers, dialect = _rows(sections[("Data", str(number))], options)
    info = Keys(_values(sections, "Info", number), dialect)
    announced = Keys(region, dialect).number("Dimension 1 size")
    if announced is not None and announced != len(rows):
        raise ReadError(
            f"region {number} announces {announced:g} points but holds {len(rows)}.",
            hint="The file seems cut off; export it again.",
        )
    _check_scale(region.get("Dimension 1 scale", ""), rows, row_numbers, dialect)
    axis = axis_of_words(region.get("Dimension 1 name", ""))
    n_slices = rows.shape[1] - 1
    return [
        assemble(
            Columns(
                x=rows[:, 0],
                y=rows[:, column],
                y_unit="counts/s",
                countable=info.text("DetectorMode") != "ADC",
                row_numbers=row_numbers,
            ),
            axis,
            settings_of_ses(info, path, column if n_slices > 1 else None),
            replace(options, axis=None if axis else options.axis, y_unit=None),
        )
        for column in range(1, n_slices + 1)
    ]


def _check_scale(scale: str, rows: Any, row_numbers: Any, dialect: Dialect) -> None:
    """Raise an error where the energies of the rows are not those of the region's heading."""
    values = [dialect.number(text) for text in scale.split()]
    if not values:
        return
    if len(values) != len(rows):
        raise ReadError(
            f"the heading of a region has {len(values)} energies for its {len(rows)} rows.",
            hint="Export or copy the file again.",
        )
    said = np.array([np.nan if value is None else value for value in values])
    step = float(np.median(np.abs(np.diff(rows[:, 0])))) if len(rows) > 1 else 0.0
    off = np.flatnonzero(~(np.abs(said - rows[:, 0]) <= _SAME_PLACE * step))
    if off.size:
        i = int(off[0])
        raise ReadError(
            f"row {row_numbers[i]} begins with {rows[i, 0]:g}, but the heading of its region says"
            f" {scale.split()[i]} for it: one of them was changed.",
            hint="Correct this row, or export the file again.",
        )


_SAME_PLACE = 0.01
"""In steps; energies are written with fewer digits in one of the two places."""


def settings_of_ses(info: Keys, path: Path, slice_number: int | None) -> Meta:
    """Return the metadata that the settings of SES hold, in text files and Igor waves alike."""
    scans = info.number("Number of Sweeps")
    total = info.number("Time per Spectrum Channel")
    named = {"Lens Mode", "Acquisition Mode", "Step Time", "Spectrum Name", "DetectorMode"}
    extra: dict[str, Any] = {key: value for key, value in info.values.items() if key in named}
    if slice_number is not None:
        extra["slice"] = slice_number
    if info.text("DetectorMode") == "ADC":
        extra["counts_note"] = "ADC mode: the intensity is not a number of detected electrons"
    meta = Meta(
        sample=info.text("Sample") or path.stem,
        region=info.text("Region Name"),
        technique="XPS",
        excitation_energy_ev=info.number("Excitation Energy", "energy"),
        pass_energy_ev=info.number("Pass Energy", "energy"),
        dwell_s=total / scans if total and scans else None,
        scans=scans,
        instrument=info.text("Instrument"),
        date="T".join(part for part in (info.text("Date"), info.text("Time")) if part),
        comment=info.text("Comments"),
        extra=extra,
    )
    return noted(meta, **info.notes)


def _rows(lines: list[tuple[int, str]], options: ReadOptions) -> tuple[Any, Any, Dialect]:
    dialect = find_dialect([line for _, line in lines], options)
    rows: list[list[float]] = []
    for row_number, line in lines:
        row = dialect.row(line)
        if row is None or (rows and len(row) != len(rows[0])) or not np.isfinite(row).all():
            raise ReadError(
                f"row {row_number} holds {line.strip()[:60]!r} where numbers belong.",
                hint="Correct or remove this row in the file.",
            )
        rows.append(row)
    return np.array(rows), np.array([row_number for row_number, _ in lines]), dialect
