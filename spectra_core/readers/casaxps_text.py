"""Text exports of CasaXPS: a spectrum with its fit drawn beside it.

Three layouts, with tabs or as csv with quotes. The columns layout has headings
``BE_name, CPS_name``, then one column per component and Background and Envelope, all
ending in the block's name. The rows layout has blocks that begin ``Cycle 3:sample:region``
and give every curve twice, against kinetic energy in counts and against binding energy
in counts per second. The short layout has one abscissa, then ``Cycle 3:sample:region:CPS``
and ``region:component`` columns. Component columns *include* the background.
"Acquisition Time" is the total per channel, so it is kept as the dwell time of one scan.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Calibration, Meta, Spectrum
from .assemble import Columns, assemble, noted
from .columns import unique
from .keys import unread_note
from .options import ReadOptions
from .text_table import Block, TextTables, check_announced, decode, read_tables, to_lines

FORMAT = "CasaXPS export"
_CHARACTERISTIC = re.compile(r'^[\t,; "]*Characteristic Energy eV["\t,;]', re.MULTILINE)
_CYCLE = re.compile(r"^Cycle (\d+):(.*):([^:]*?)\s*$")
_SHORT_START = re.compile(r"^Cycle (\d+):(.*):([^:]*):(CPS|Counts)$")
_SHORT_LINE = re.compile(
    r'^[\s,;"]*[BK]\.E\.["\s]*[\t,;].*Cycle \d+:.*:[^:]*:(CPS|Counts)', re.MULTILINE
)
_CURVE_START = re.compile(r"^(BE|KE)_")
_FIT_FIELDS = {
    "Position": "position_ev",
    "FWHM": "fwhm_ev",
    "Area": "area",
    "Lineshape": "lineshape",
}


def matches(head: bytes, path: Path) -> bool:
    """Return whether a line is one that only CasaXPS writes."""
    text = "\n".join(to_lines(decode(head)))
    return bool(_CHARACTERISTIC.search(text) or _SHORT_LINE.search(text))


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra of a CasaXPS export, with the exported curves in ``columns``.

    ``meta.extra["casaxps_export"]`` says what the curves are.

    Raises
    ------
    ReadError
        If no block of numbers with CasaXPS headings is found.
    """
    tables = read_tables(path, options)
    spectra: list[Spectrum] = []
    for block in tables.blocks:
        found = _spectra_of_block(tables, block, path, options)
        if not found and len(block.row_numbers) > 1:
            check_announced(block, begun=bool(spectra))
        spectra += found
    if not spectra:
        raise ReadError("no CasaXPS columns (BE and CPS) were found below the heading.")
    return spectra


@dataclass(frozen=True, eq=False)
class _Part:
    """The columns of one spectrum: a block, and where in it they stand."""

    tables: TextTables
    block: Block
    cells: list[list[str]]
    place: slice

    def curves(self) -> tuple[list[str], list[Array]]:
        """Return headings and columns; at least an abscissa and an intensity."""
        headings = self.cells[-1]
        inside = [i for i in range(*self.place.indices(len(headings))) if headings[i]]
        if len(inside) < 2:
            raise ReadError(f"the column {headings[self.place.start]!r} stands alone.")
        return [headings[i] for i in inside], [self.column(i) for i in inside]

    def column(self, i: int) -> Array:
        """Return a column of the block in which no number is missing."""
        inside = i < self.block.values.shape[1]
        bad = np.flatnonzero(~np.isfinite(self.block.values[:, i])) if inside else np.array([0])
        if bad.size:
            row = int(self.block.row_numbers[bad[0]])
            found = self.tables.cell_text(row, i)
            raise ReadError(
                f"row {row}, column {i + 1} holds {found!r} where a number belongs.",
                hint="Correct or remove this row in the file.",
            )
        return self.block.values[:, i]


def _spectra_of_block(
    tables: TextTables, block: Block, path: Path, options: ReadOptions
) -> list[Spectrum]:
    cells = [tables.dialect.cells(line) for line in block.header]
    headings = cells[-1] if cells else []
    if headings[:1] == ["K.E."] and "B.E." in headings:
        place = slice(headings.index("B.E."), len(headings))
        return [_from_rows_layout(_Part(tables, block, cells, place), path, options)]
    short = [i for i, name in enumerate(headings) if i and _SHORT_START.match(name)]
    starts = short or [i for i, name in enumerate(headings) if _CURVE_START.match(name)]
    ends = [*starts[1:], len(headings)] if starts else []
    layout = _from_short_layout if short else _from_columns_layout
    return [
        layout(_Part(tables, block, cells, slice(i, j)), path, options)
        for i, j in zip(starts, ends, strict=True)
    ]


def _statement(part: _Part, key: str, place: slice) -> tuple[float | None, str]:
    """Return the number right of `key` in the heading lines, and its text.

    It is looked for in the columns of `place` first.
    """
    for line in part.cells:
        places = [i for i, cell in enumerate(line[:-1]) if cell == key]
        inside = [i for i in places if place.start <= i < place.stop] or places
        if inside:
            text = line[inside[0] + 1]
            return part.tables.dialect.key_number(text), text
    return None, ""


def _from_columns_layout(part: _Part, path: Path, options: ReadOptions) -> Spectrum:
    (axis_heading, *headings), (x, y, *curves) = part.curves()
    suffix = axis_heading[2:]
    labels = [name.removesuffix(suffix) for name in headings]
    meta = _meta(part, part.place, path.stem, re.sub(r"\s+\d+$", "", suffix[1:]))
    components = [
        {"column": label, "name": re.sub(r"_\d+$", "", label)}
        for label in labels[1:]
        if label not in ("Background", "Envelope")
    ]
    columns = Columns(
        x=x,
        y=y,
        y_unit="counts/s" if labels[0].upper() == "CPS" else "counts",
        others=dict(zip(unique(labels[1:]), curves, strict=True)),
        row_numbers=part.block.row_numbers,
    )
    axis = Axis.BINDING_ENERGY if axis_heading.startswith("BE") else Axis.KINETIC_ENERGY
    return _assembled(columns, axis, meta, components, options)


def _from_rows_layout(part: _Part, path: Path, options: ReadOptions) -> Spectrum:
    (_, _, *names), (binding, rate, *curves) = part.curves()
    labels = unique([name.removesuffix(" CPS") for name in names])
    cycle = next((m for line in part.block.header if (m := _CYCLE.match(_unquoted(line)))), None)
    sample, region = (cycle[2], cycle[3]) if cycle else (path.stem, "")
    meta = _meta(part, slice(0, part.place.start), sample, region)
    if cycle:
        meta = replace(meta, extra=dict(meta.extra) | {"cycle": int(cycle[1])})
    shift = _shift(binding, part.column(0), meta.excitation_energy_ev)
    columns = Columns(
        x=binding - shift if shift else binding,
        y=rate,
        y_unit="counts/s",
        counts=part.column(1),
        others=dict(zip(labels, curves, strict=True)),
        row_numbers=part.block.row_numbers,
    )
    calibration = Calibration(shift, "CasaXPS export" if shift else "")
    components = _fit_table(part, labels)
    return _assembled(columns, Axis.BINDING_ENERGY, meta, components, options, calibration)


def _from_short_layout(part: _Part, path: Path, options: ReadOptions) -> Spectrum:
    """Return the spectrum of ``Cycle 3:sample:region:CPS`` and the curves right of it."""
    headings = part.cells[-1]
    cycle = _SHORT_START.match(headings[part.place.start])
    assert cycle is not None
    axes = [i for i in range(part.place.start) if headings[i] in ("B.E.", "K.E.")]
    if not axes:
        raise ReadError(f"no column B.E. or K.E. stands left of {cycle[0]!r}.")
    inside = range(part.place.start + 1, part.place.stop)
    curves = [i for i in inside if headings[i] not in ("", "B.E.", "K.E.")]
    labels = unique([headings[i].removeprefix(f"{cycle[3]}:") for i in curves])
    meta = _meta(part, part.place, cycle[2] or path.stem, cycle[3])
    meta = replace(meta, extra=dict(meta.extra) | {"cycle": int(cycle[1])})
    columns = Columns(
        x=part.column(axes[-1]),
        y=part.column(part.place.start),
        y_unit="counts/s" if cycle[4] == "CPS" else "counts",
        others=dict(zip(labels, map(part.column, curves), strict=True)),
        row_numbers=part.block.row_numbers,
    )
    binding = headings[axes[-1]] == "B.E."
    axis = Axis.BINDING_ENERGY if binding else Axis.KINETIC_ENERGY
    curve_labels = [label for label in labels if label not in ("Background", "Envelope")]
    return _assembled(columns, axis, meta, _fit_table(part, curve_labels), options)


def _unquoted(line: str) -> str:
    """Return a line that is one cell, without quotes and empty cells."""
    return line.strip(' \t,;"')


def _shift(binding: Array, kinetic: Array, photon_energy_ev: float | None) -> float:
    """Return the charge correction made in CasaXPS, in eV; 0 below its rounding."""
    if photon_energy_ev is None:
        return 0.0
    shift = float(np.median(binding - (photon_energy_ev - kinetic)))
    return round(shift, 4) if abs(shift) > 0.005 else 0.0


def _fit_table(part: _Part, labels: list[str]) -> list[dict[str, Any]]:
    """Return one entry per component from the table of the heading."""
    wanted = ("Name", *_FIT_FIELDS)
    table = {line[0]: line[2:] for line in part.cells if line and line[0] in wanted}
    names = [cell for cell in table.get("Name", []) if cell] or labels
    components: list[dict[str, Any]] = []
    for i, (name, label) in enumerate(zip(names, labels, strict=False)):
        entry: dict[str, Any] = {"column": label, "name": name}
        for key, field in _FIT_FIELDS.items():
            cell = "".join(table.get(key, [])[i : i + 1])
            value = cell if key == "Lineshape" else part.tables.dialect.key_number(cell)
            if cell and value is not None:
                entry[field] = value
        components.append(entry)
    return components


def _meta(part: _Part, place: slice, sample: str, region: str) -> Meta:
    time, time_text = _statement(part, "Acquisition Time s", place)
    energy, energy_text = _statement(part, "Characteristic Energy eV", place)
    unread = {
        key: text
        for key, value, text in (
            ("Acquisition Time s", time, time_text),
            ("Characteristic Energy eV", energy, energy_text),
        )
        if value is None and text
    }
    meta = Meta(
        sample=sample,
        region=region,
        technique="XPS",
        excitation_energy_ev=energy,
        dwell_s=time,
        scans=None if time is None else 1.0,
        extra={} if time is None else {"acquisition_time_is_total": True},
    )
    return noted(meta, **unread_note(unread))


def _assembled(
    columns: Columns,
    axis: Axis,
    meta: Meta,
    components: list[dict[str, Any]],
    options: ReadOptions,
    calibration: Calibration | None = None,
) -> Spectrum:
    if columns.others:
        export = {
            "components": components,
            "background": "Background" if "Background" in columns.others else None,
            "envelope": "Envelope" if "Envelope" in columns.others else None,
            "components_include_background": True,
        }
        meta = replace(meta, extra=dict(meta.extra) | {"casaxps_export": export})
    file_says = replace(options, axis=None, y_unit=None)
    return assemble(columns, axis, meta, file_says, calibration=calibration or Calibration())
