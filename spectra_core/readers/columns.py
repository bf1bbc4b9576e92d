"""From a table with headings to spectra.

Further columns become `Spectrum.columns` when the headings show the export of a fit
(background, envelope...), and spectra of their own when they are independent
intensities. Units, errors and blank cells are settled here.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from ..core_levels import level_in
from ..errors import ReadError
from ..spectrum import Array, Meta, Spectrum
from .assemble import Columns, assemble, noted
from .axis_words import axis_of_words, y_unit_of_words
from .column_axis import with_axis, with_second_axis
from .column_groups import (
    ColumnGroup,
    Table,
    axis_column_of,
    column_groups_of,
    counts_twin,
    errors_of_signal,
    merged_fits,
    signals_of,
    unit_of,
)
from .error_columns import ErrorColumn, errors_of, is_relative, is_variance
from .options import ReadOptions
from .text_table import to_number
from .units import intensity_factor, scaled

__all__ = ["Table", "spectra_of_table", "unique"]


def spectra_of_table(table: Table, meta: Meta, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra that a table holds.

    Parameters
    ----------
    table : Table
        Numbers and headings.
    meta : Meta
        What is known of all of them; `sample` is set.
    options : ReadOptions
        The user's answers.

    Raises
    ------
    ReadError
        If a cell is missing or no number, the axis is not known or turns back, or no
        column holds an intensity.
    """
    if options.x_column is None and options.y_column is None:
        _check_measured(table)
    groups = merged_fits(table, column_groups_of(table, options))
    several = sum(len(signals_of(table, group)) for group in groups) > 1
    spectra = [
        _spectrum(table, group, signal, several, meta, options)
        for group in groups
        for signal in signals_of(table, group)
    ]
    if not spectra:
        raise ReadError(
            "no column holds an intensity.",
            hint="Name the columns, e.g. --x-column 1 --y-column 2.",
        )
    return spectra


_QUANTIFIED = re.compile(
    r"(?i)concentration|atomic ?(%|percent|conc|fraction)|at\.? ?%"
    r"|(?<![a-z])(corrected)?rsf(?![a-z])|sensitivity factor|mass ?%|relative area"
)
_COORDINATE = re.compile(r"(?i)(sputter|etch|cycle|depth|level|layer|file|sample|position)")


def _check_measured(table: Table) -> None:
    """Raise an error if a table holds what was quantified: one column per core level.

    Such tables, as MultiPak and others export them, have the sputter time or depth in the
    first column and concentrations, which add up to 100, or areas in the others.
    """
    levels = [c for c, name in enumerate(table.names) if level_in(name)]
    if len(levels) < 2 or axis_of_words(table.heading(0)) is not None:
        return
    values = table.values[:, levels]
    total = np.sum(values, axis=1)
    hundred = any(np.all(np.abs(total / whole - 1.0) < 0.02) for whole in (1.0, 100.0))
    shares = bool(np.all(values >= 0)) and hundred
    named = _QUANTIFIED.search("\n".join((table.title, *table.names)))
    if shares or named or (_COORDINATE.search(table.names[0]) and 0 not in levels):
        names = ", ".join(table.names[c] for c in levels[:4])
        raise ReadError(
            f"the columns {names} are quantities of core levels (concentrations, areas or"
            " factors), one row per depth or sample, and no spectra.",
            hint="Export the spectra themselves, or name two columns: --x-column 1 --y-column 2.",
        )


def _spectrum(
    table: Table, group: ColumnGroup, signal: int, several: bool, meta: Meta, options: ReadOptions
) -> Spectrum:
    axis_column = axis_column_of(table, group)
    others, skipped = _others(table, group, signal)
    twin = counts_twin(table, group)
    error_columns = errors_of_signal(table, group, signal)
    wanted = [axis_column, signal, *others, *error_columns, group.transmission, twin]
    rows, n_without_x = _filled_rows(table, axis_column, signal)
    columns = {c: _complete(table, c, rows) for c in wanted if c is not None}
    unit, factor, unit_note = _unit_and_factor(table, signal)
    y = scaled(columns[signal], factor)
    row_numbers = table.row_numbers[rows]
    errors = errors_of(
        [_error_column(table, c, columns[c], factor) for c in error_columns],
        y,
        unit,
        lambda point: f"row {row_numbers[point]}",
    )
    counts = errors.counts if twin is None else _scaled_by_heading(table, twin, columns[twin], 1.0)
    named = _unique_names(table, others).items()
    parts = Columns(
        x=columns[axis_column],
        y=y,
        y_unit=unit,
        counts=counts,
        sigma=errors.sigma,
        transmission=None if group.transmission is None else columns[group.transmission],
        others={name: _scaled_by_heading(table, c, columns[c], factor) for c, name in named},
        row_numbers=row_numbers,
    )
    meta = _named(table, group, signal, meta) if several else meta
    left_out = ", ".join(table.names[c] or str(c + 1) for c in skipped)
    meta = noted(
        meta,
        skipped_columns=left_out,
        rows_without_abscissa=n_without_x,
        error_note=errors.note,
        y_unit_note=unit_note,
    )
    parts, axis, meta = with_axis(table, axis_column, parts, meta, options)
    meta = with_second_axis(table, group, axis_column, axis, rows, parts.x, meta)
    return assemble(parts, axis, meta, options)


def _error_column(table: Table, column: int, values: Array, factor: float) -> ErrorColumn:
    """Return errors in the unit of the intensity, or its square, or relative to it."""
    heading = table.heading(column)
    if not is_relative(heading):
        values = _scaled_by_heading(table, column, values, factor)
        if is_variance(heading):
            values = _scaled_by_heading(table, column, values, factor)
    return ErrorColumn(heading, column, values)


def _unit_and_factor(table: Table, column: int) -> tuple[str | None, float, str]:
    """Return unit and factor of an ordinate, and why the unit is none where one is named.

    A unit whose factor cannot be told is none; nor are counts after a subtraction counts.
    """
    words = table.heading(column)
    unit = unit_of(table, column)
    if unit is None:
        unit, words = _unit_of_title(table.title, words)
    factor = intensity_factor(words)
    if factor is None:
        return None, 1.0, f"the factor in {words!r} can be read in two ways: no unit is taken"
    if _PROCESSED.search(table.heading(column)):
        return None, factor, f"{words!r}: what is left of counts does not have their noise"
    return unit, factor, ""


_PROCESSED = re.compile(
    r"(?i)subtract|(?<![a-z])(net|corrected|normali[sz]ed|smoothed|averaged|removed)(?![a-z])"
    r"|korrigiert|corrig|корректир|扣除|校正"
)


def _scaled_by_heading(table: Table, column: int, values: Array, factor: float) -> Array:
    """Return values scaled as their own heading says, or else by `factor`."""
    own = intensity_factor(table.heading(column))
    if own == 1.0 and unit_of(table, column) is None:
        own = factor
    return scaled(values, 1.0 if own is None else own)


def _others(table: Table, group: ColumnGroup, signal: int) -> tuple[list[int], list[int]]:
    """Return the further ordinates, and those that cannot be kept: they have gaps."""
    if not group.fits:
        return [], []
    columns = [c for c in [*group.intensities, *group.fits] if c != signal]
    measured = np.isfinite(table.values[:, signal])
    full = [c for c in columns if np.isfinite(table.values[measured, c]).all()]
    return full, [c for c in columns if c not in full]


def _filled_rows(table: Table, axis_column: int, signal: int) -> tuple[slice, int]:
    """Return the rows that are points, and how many at the ends have no abscissa.

    Detectors have more pixels than are calibrated: where the abscissa is blank at the
    ends of a table, nothing was measured. Anywhere else a blank cell is damage.
    """
    filled = np.flatnonzero(np.isfinite(table.values[:, [axis_column, signal]]).any(axis=1))
    first, end = 0, filled.size
    while first < end and _is_blank(table, int(filled[first]), axis_column):
        first += 1
    while first < end and _is_blank(table, int(filled[end - 1]), axis_column):
        end -= 1
    if first == end:
        raise ReadError(f"column {axis_column + 1}, the abscissa, is empty beside the intensity.")
    return slice(int(filled[first]), int(filled[end - 1]) + 1), filled.size - (end - first)


def _is_blank(table: Table, i: int, column: int) -> bool:
    if np.isfinite(table.values[i, column]):
        return False
    value = to_number(table.cell_text(int(table.row_numbers[i]), column))
    return value is not None


def _complete(table: Table, column: int, rows: slice) -> Array:
    values = table.values[rows, column]
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        row = int(table.row_numbers[bad[0]])
        text = table.cell_text(row, column)
        found = f"holds {text[:60]!r}, which is no number" if text else "is empty"
        more = f" ({bad.size} such rows)" if bad.size > 1 else ""
        raise ReadError(
            f"row {row}, column {column + 1} {found}{more}.",
            hint="Correct or remove this row in the file.",
        )
    return values


def _unique_names(table: Table, columns: list[int]) -> dict[int, str]:
    names = [table.names[c] or f"column {c + 1}" for c in columns]
    return dict(zip(columns, unique(names), strict=True))


def unique(names: list[str]) -> list[str]:
    """Return `names` with repeated ones numbered: ``A, A`` becomes ``A_1, A_2``."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if names.count(name) == 1 else f"{name}_{seen[name]}")
    return result


def _unit_of_title(title: str, words: str) -> tuple[str | None, str]:
    """Return the one unit that lines above the headings name, and its words."""
    lines = [line for line in title.splitlines() if ":" not in line]
    found = {unit: line for line in lines if (unit := y_unit_of_words(line)) is not None}
    return next(iter(found.items())) if len(found) == 1 else (None, words)


def _named(table: Table, group: ColumnGroup, signal: int, meta: Meta) -> Meta:
    """Return `meta` with the name of one of several columns."""
    name = table.names[signal] or next((table.names[c] for c in group.axes if table.names[c]), "")
    if axis_of_words(name) is not None:
        name = ""
    if level := level_in(name):
        return noted(replace(meta, region=level), column=signal + 1, column_name=name)
    if name:
        return noted(replace(meta, sample=name), column=signal + 1, column_name=name)
    region = f"{meta.region} column {signal + 1}".strip()
    return noted(replace(meta, region=region), column=signal + 1)
