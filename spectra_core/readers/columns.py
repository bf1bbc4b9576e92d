"""Which column is what: from a table with headings to spectra.

The first column is the abscissa unless a heading says otherwise. Further columns
become `Spectrum.columns` when the headings show the export of a fit (background,
envelope...), and spectra of their own when they are independent intensities. A
second abscissa further right opens a second group of columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core_levels import level_in
from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble
from .axis_words import (
    RAMAN_LIMIT_CM1,
    axis_of_context,
    axis_of_words,
    is_photon_energy,
    role_of_words,
    y_unit_of_words,
)
from .options import ReadOptions


@dataclass(frozen=True, eq=False)
class Table:
    """A block of numbers with its headings.

    Attributes
    ----------
    names, units : tuple of str
        Heading and unit of each column; empty where there is none.
    values : ndarray, shape (rows, columns)
        NaN where a cell is empty or no number.
    row_numbers : ndarray of int, shape (rows,)
        Row of the file or sheet, from 1.
    title : str
        The other lines above the block.
    cell_text : callable
        ``cell_text(row_number, column)`` gives what the file holds there.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Array
    row_numbers: NDArray[np.int_]
    title: str
    cell_text: Callable[[int, int], str]

    def heading(self, column: int) -> str:
        """Return name and unit of a column."""
        return f"{self.names[column]} {self.units[column]}".strip()


@dataclass
class _Group:
    """Columns that share an abscissa."""

    axes: list[int]
    intensities: list[int]
    fits: list[int]
    sigma: int | None = None
    transmission: int | None = None

    def add(self, column: int, role: str) -> None:
        if role == "sigma" and self.sigma is None:
            self.sigma = column
        elif role == "transmission" and self.transmission is None:
            self.transmission = column
        elif role in ("fit", "sigma", "transmission"):
            self.fits.append(column)
        elif role == "intensity":
            self.intensities.append(column)

    @property
    def columns(self) -> list[int]:
        extra = [c for c in (self.sigma, self.transmission) if c is not None]
        return [*self.axes, *self.intensities, *self.fits, *extra]


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
    groups = _merge_fits(table, _groups(table, options))
    several = sum(len(_signals(table, group)) for group in groups) > 1
    spectra = [
        _spectrum(table, group, signal, several, meta, options)
        for group in groups
        for signal in _signals(table, group)
    ]
    if not spectra:
        raise ReadError(
            "no column holds an intensity.",
            hint="Name the columns, e.g. --x-column 1 --y-column 2.",
        )
    return spectra


def _groups(table: Table, options: ReadOptions) -> list[_Group]:
    if options.x_column is not None or options.y_column is not None:
        return [_chosen_group(table, options)]
    filled = [c for c in range(table.values.shape[1]) if np.isfinite(table.values[:, c]).any()]
    roles = {c: role_of_words(table.heading(c)) for c in filled}
    if "axis" not in roles.values():
        roles[filled[0]] = "axis"
    for c in _repeated_axes(table, filled, roles):
        roles[c] = "axis"
    groups: list[_Group] = []
    early: list[tuple[int, str]] = []
    for c in filled:
        if roles[c] == "axis":
            if not groups or len(groups[-1].columns) > len(groups[-1].axes):
                groups.append(_Group([], [], []))
            groups[-1].axes.append(c)
        elif groups:
            groups[-1].add(c, roles[c])
        else:
            early.append((c, roles[c]))
    for c, role in early:
        groups[0].add(c, role)
    return groups


def _repeated_axes(table: Table, filled: list[int], roles: dict[int, str]) -> Iterable[int]:
    """Return columns without a telling name that step exactly as the first axis does."""
    first = next(c for c in filled if roles[c] == "axis")
    step = _uniform_step(table.values[:, first])
    if step is None or len(filled) < 3:
        return []
    candidates = [c for c in filled if c != first and roles[c] == "intensity"]
    return [c for c in candidates if _same_step(_uniform_step(table.values[:, c]), step)]


def _uniform_step(values: Array) -> float | None:
    steps = np.diff(values[np.isfinite(values)])
    if steps.size < 5:
        return None
    mean = float(np.mean(steps))
    uniform = mean != 0 and np.all(np.abs(steps - mean) < 1e-3 * abs(mean))
    return mean if uniform else None


def _same_step(step: float | None, reference: float) -> bool:
    return step is not None and abs(abs(step) - abs(reference)) < 1e-3 * abs(reference)


def _chosen_group(table: Table, options: ReadOptions) -> _Group:
    x = _column_number(table, options.x_column if options.x_column is not None else 1)
    if options.y_column is None:
        others = [c for c in range(table.values.shape[1]) if c != x]
        return _Group([x], [c for c in others if np.isfinite(table.values[:, c]).any()], [])
    return _Group([x], [_column_number(table, options.y_column)], [])


def _column_number(table: Table, column: int | str) -> int:
    n_columns = len(table.names)
    if isinstance(column, str) and column in table.names:
        return table.names.index(column)
    if str(column).isdigit() and 1 <= int(column) <= n_columns:
        return int(column) - 1
    names = ", ".join(repr(name) for name in table.names if name) or "none is named"
    raise ReadError(
        f"there is no column {column!r}.",
        hint=f"Give a number from 1 to {n_columns} or a heading ({names}).",
    )


def _merge_fits(table: Table, groups: list[_Group]) -> list[_Group]:
    """Join fit curves that repeat the axis of the first group to that group."""
    first, merged = groups[0], groups[:1]
    for group in groups[1:]:
        same = np.array_equal(
            table.values[:, first.axes[0]], table.values[:, group.axes[0]], equal_nan=True
        )
        if same and group.fits:
            first.fits += group.intensities + group.fits
        else:
            merged.append(group)
    return merged


def _signals(table: Table, group: _Group) -> list[int]:
    """Return the columns of a group that are spectra of their own."""
    if not group.intensities:
        return []
    if group.fits:
        raw = [c for c in group.intensities if re.search(r"(?i)\braw\b", table.heading(c))]
        return (raw or group.intensities)[:1]
    if _counts_twin(table, group) is not None:
        return [c for c in group.intensities if _unit(table, c) == "counts/s"]
    return group.intensities


def _counts_twin(table: Table, group: _Group) -> int | None:
    """Return the counts column beside a counts-per-second column, if that is all there is."""
    units = [_unit(table, c) for c in group.intensities]
    if sorted(map(str, units)) != ["counts", "counts/s"]:
        return None
    return group.intensities[units.index("counts")]


def _unit(table: Table, column: int) -> str | None:
    return y_unit_of_words(table.units[column]) or y_unit_of_words(table.names[column])


def _spectrum(
    table: Table, group: _Group, signal: int, several: bool, meta: Meta, options: ReadOptions
) -> Spectrum:
    axis_column = _axis_column(table, group)
    others, skipped = _others(table, group, signal)
    twin = _counts_twin(table, group)
    wanted = [axis_column, signal, *others, group.sigma, group.transmission, twin]
    rows = _filled_rows(table, [c for c in (axis_column, signal) if c is not None])
    columns = {c: _complete(table, c, rows) for c in wanted if c is not None}
    single = len(_signals(table, group)) == 1
    x = columns[axis_column]
    parts = Columns(
        x=x,
        y=columns[signal],
        y_unit=_unit(table, signal) or _unit_of_title(table.title),
        counts=None if twin is None else columns[twin],
        sigma=columns[group.sigma] if single and group.sigma is not None else None,
        transmission=None if group.transmission is None else columns[group.transmission],
        others={name: columns[c] for c, name in _unique_names(table, others).items()},
        row_numbers=table.row_numbers[rows],
    )
    meta = _named(table, group, signal, meta) if several else meta
    if skipped:
        meta = _noted(
            meta, skipped_columns=", ".join(table.names[c] or str(c + 1) for c in skipped)
        )
    axis, meta = _axis(table, axis_column, x, meta)
    meta = _second_axis(table, group, axis_column, axis, rows, meta)
    return assemble(parts, axis, meta, options)


def _axis_column(table: Table, group: _Group) -> int:
    for c in group.axes:
        if axis_of_words(table.heading(c)) is Axis.BINDING_ENERGY:
            return c
    return group.axes[0]


def _others(table: Table, group: _Group, signal: int) -> tuple[list[int], list[int]]:
    """Return the further ordinates, and those that cannot be kept: they have gaps."""
    if not group.fits:
        return [], []
    columns = [c for c in [*group.intensities, *group.fits] if c != signal]
    measured = np.isfinite(table.values[:, signal])
    full = [c for c in columns if np.isfinite(table.values[measured, c]).all()]
    return full, [c for c in columns if c not in full]


def _filled_rows(table: Table, columns: list[int]) -> slice:
    """Return the rows down to the last that holds any of `columns`."""
    filled = np.flatnonzero(np.isfinite(table.values[:, columns]).any(axis=1))
    return slice(0, int(filled[-1]) + 1)


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


def _unit_of_title(title: str) -> str | None:
    units = {y_unit_of_words(line) for line in title.splitlines() if ":" not in line} - {None}
    return units.pop() if len(units) == 1 else None


def _named(table: Table, group: _Group, signal: int, meta: Meta) -> Meta:
    """Return `meta` with the name of one of several columns."""
    name = table.names[signal] or next((table.names[c] for c in group.axes if table.names[c]), "")
    if axis_of_words(name) is not None:
        name = ""
    if level := level_in(name):
        return _noted(replace(meta, region=level), column=signal + 1, column_name=name)
    if name:
        return _noted(replace(meta, sample=name), column=signal + 1, column_name=name)
    region = f"{meta.region} column {signal + 1}".strip()
    return _noted(replace(meta, region=region), column=signal + 1)


def _noted(meta: Meta, **notes: Any) -> Meta:
    return replace(meta, extra=dict(meta.extra) | notes)


def _axis(table: Table, column: int, x: Array, meta: Meta) -> tuple[Axis | None, Meta]:
    heading = table.heading(column)
    if is_photon_energy(heading):
        note = "the abscissa is a photon energy: an absorption spectrum, not XPS"
        return None, _noted(meta, axis_note=note)
    axis = axis_of_words(heading) or axis_of_words(_without_statements(table.title))
    if axis is None:
        title = f"{table.title} {meta.sample} {meta.region}"
        axis = axis_of_context(title, x)
        note = "binding energy, because the core level named lies in the descending range"
        meta = meta if axis is None else _noted(meta, axis_note=note)
    if axis is Axis.RAMAN_SHIFT and np.max(np.abs(x)) > RAMAN_LIMIT_CM1:
        note = "absolute wavenumbers, not Raman shifts"
        return None, _noted(meta, axis_note=note)
    return axis, meta


def _without_statements(title: str) -> str:
    """Return the title without lines like ``Kinetic Energy: 1351.61``, which are settings."""
    return "\n".join(line for line in title.splitlines() if not re.search(r"[:=]\s*-?\d", line))


def _second_axis(
    table: Table, group: _Group, column: int, axis: Axis | None, rows: slice, meta: Meta
) -> Meta:
    """Note what a second abscissa in the same group tells: photon energy or shift."""
    for c in group.axes:
        if c == column:
            continue
        x, other = table.values[rows, column], table.values[rows, c]
        if axis_of_words(table.heading(c)) is Axis.KINETIC_ENERGY and axis is Axis.BINDING_ENERGY:
            total = float(np.median(x + other))
            if np.ptp(x + other) < 0.01 and meta.excitation_energy_ev is None:
                meta = replace(meta, excitation_energy_ev=round(total, 4))
        elif np.ptp(other - x) < 0.01:
            meta = _noted(meta, second_axis_shift=round(float(np.median(other - x)), 6))
    return meta
