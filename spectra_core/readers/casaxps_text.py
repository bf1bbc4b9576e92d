"""Text exports of CasaXPS: a spectrum with its fit drawn beside it.

Two layouts. The columns layout (.csv) has headings ``BE_name, CPS_name``, then one
column per component and Background and Envelope, all ending in the block's name.
The rows layout (.txt) has blocks that begin ``Cycle 3:sample:region`` and give
every curve twice, against kinetic energy in counts and against binding energy in
counts per second. Component columns *include* the background. "Acquisition Time"
is the total per channel, so it is kept as the dwell time of one scan.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Calibration, Meta, Spectrum
from .assemble import Columns, assemble
from .columns import unique
from .options import ReadOptions
from .text_table import Block, TextTables, decode, read_tables, to_lines, to_number

FORMAT = "CasaXPS export"
_CHARACTERISTIC = re.compile(r"^[\t,; ]*Characteristic Energy eV[\t,;]", re.MULTILINE)
_CYCLE = re.compile(r"^Cycle (\d+):([^:]*):([^:]*?)\s*$")
_CURVE_START = re.compile(r"^(BE|KE)_")
_FIT_FIELDS = {
    "Position": "position_ev",
    "FWHM": "fwhm_ev",
    "Area": "area",
    "Lineshape": "lineshape",
}


def matches(head: bytes, path: Path) -> bool:
    """Return whether a line gives the ``Characteristic Energy eV``, as CasaXPS writes it."""
    return bool(_CHARACTERISTIC.search("\n".join(to_lines(decode(head)))))


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
        spectra += _spectra_of_block(tables, block, path, options)
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
    starts = [i for i, name in enumerate(headings) if _CURVE_START.match(name)]
    ends = [*starts[1:], len(headings)] if starts else []
    return [
        _from_columns_layout(_Part(tables, block, cells, slice(i, j)), path, options)
        for i, j in zip(starts, ends, strict=True)
    ]


def _statement(cells: list[list[str]], key: str, part: slice) -> float | None:
    """Return the number right of `key` in the heading lines, looking from `part` on."""
    for line in cells:
        places = [i for i, cell in enumerate(line[:-1]) if cell == key]
        inside = [i for i in places if part.start <= i < part.stop] or places
        if inside:
            return _to_float(line[inside[0] + 1], key)
    return None


def _to_float(text: str, key: str) -> float:
    value = to_number(text)
    if value is None or not np.isfinite(value):
        raise ReadError(f"{key} is {text!r} where a number belongs.")
    return value


def _from_columns_layout(part: _Part, path: Path, options: ReadOptions) -> Spectrum:
    (axis_heading, *headings), (x, y, *curves) = part.curves()
    suffix = axis_heading[2:]
    labels = [name.removesuffix(suffix) for name in headings]
    meta = _meta(part.cells, part.place, path.stem, re.sub(r"\s+\d+$", "", suffix[1:]))
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
    cycle = next((m for line in part.block.header if (m := _CYCLE.match(line.strip()))), None)
    sample, region = (cycle[2], cycle[3]) if cycle else (path.stem, "")
    meta = _meta(part.cells, slice(0, part.place.start), sample, region)
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
    components = _fit_table(part.cells, labels)
    return _assembled(columns, Axis.BINDING_ENERGY, meta, components, options, calibration)


def _shift(binding: Array, kinetic: Array, photon_energy_ev: float | None) -> float:
    """Return the charge correction made in CasaXPS, in eV; 0 below its rounding."""
    if photon_energy_ev is None:
        return 0.0
    shift = float(np.median(binding - (photon_energy_ev - kinetic)))
    return round(shift, 4) if abs(shift) > 0.005 else 0.0


def _fit_table(cells: list[list[str]], labels: list[str]) -> list[dict[str, Any]]:
    """Return one entry per component from the table of the heading."""
    table = {line[0]: line[2:] for line in cells if line and line[0] in ("Name", *_FIT_FIELDS)}
    names = [cell for cell in table.get("Name", []) if cell]
    components: list[dict[str, Any]] = []
    for i, (name, label) in enumerate(zip(names, labels, strict=False)):
        entry: dict[str, Any] = {"column": label, "name": name}
        for key, field in _FIT_FIELDS.items():
            cell = table.get(key, [])[i : i + 1]
            if cell and cell[0]:
                entry[field] = cell[0] if key == "Lineshape" else _to_float(cell[0], key)
        components.append(entry)
    return components


def _meta(cells: list[list[str]], part: slice, sample: str, region: str) -> Meta:
    time = _statement(cells, "Acquisition Time s", part)
    return Meta(
        sample=sample,
        region=region,
        technique="XPS",
        excitation_energy_ev=_statement(cells, "Characteristic Energy eV", part),
        dwell_s=time,
        scans=None if time is None else 1.0,
        extra={} if time is None else {"acquisition_time_is_total": True},
    )


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
