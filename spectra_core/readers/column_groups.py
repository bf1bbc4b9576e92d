"""Which column is what: the parts that columns play, and which of them belong together.

The first column is the abscissa unless a heading says otherwise, or it only counts the
rows. A second abscissa further right opens a second group of columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import ReadError
from ..spectrum import Array, Axis
from .axis_words import axis_of_words, is_index, is_raw, role_of_words, y_unit_of_words
from .options import ReadOptions
from .text_table import is_counter


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
class ColumnGroup:
    """Columns that share an abscissa."""

    axes: list[int]
    intensities: list[int] = field(default_factory=list)
    fits: list[int] = field(default_factory=list)
    asides: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    transmission: int | None = None

    def add(self, column: int, role: str) -> None:
        """Take in a column that plays a part (see `role_of_words`)."""
        if role == "transmission" and self.transmission is None:
            self.transmission = column
        elif role in ("fit", "transmission"):
            self.fits.append(column)
        elif role == "sigma":
            self.errors.append(column)
        elif role == "aside":
            self.asides.append(column)
        elif role == "intensity":
            self.intensities.append(column)

    @property
    def is_filled(self) -> bool:
        """Whether anything but an abscissa was found."""
        found = [*self.intensities, *self.fits, *self.asides, *self.errors]
        return bool(found) or self.transmission is not None


def column_groups_of(table: Table, options: ReadOptions) -> list[ColumnGroup]:
    """Return the groups of columns that share an abscissa, or the columns the user names."""
    if options.x_column is not None or options.y_column is not None:
        return [_chosen_group(table, options)]
    filled = [c for c in range(table.values.shape[1]) if np.isfinite(table.values[:, c]).any()]
    roles = {c: role_of_words(table.heading(c)) for c in filled}
    roles |= dict.fromkeys(_counters(table, filled, roles), "index")
    if "axis" not in roles.values():
        others = [c for c in filled if roles[c] != "index"]
        roles[(others if len(others) > 1 else filled)[0]] = "axis"
    for c in _repeated_axes(table, filled, roles):
        roles[c] = "axis"
    groups: list[ColumnGroup] = []
    early: list[tuple[int, str]] = []
    for c in filled:
        if roles[c] == "axis":
            if not groups or groups[-1].is_filled:
                groups.append(ColumnGroup([]))
            groups[-1].axes.append(c)
        elif groups:
            groups[-1].add(c, roles[c])
        else:
            early.append((c, roles[c]))
    for c, role in early:
        groups[0].add(c, role)
    return groups


def _counters(table: Table, filled: list[int], roles: dict[int, str]) -> list[int]:
    """Return the columns without a telling name that count the rows, as pandas and R write.

    A heading that is empty beside others tells enough; without any headings the column
    after a counter must be an abscissa, which goes one way all along.
    """
    if len(filled) < 3:
        return []
    named = any(roles[c] == "axis" or table.names[c] for c in filled)
    found = []
    for c, following in zip(filled, [*filled[1:], None], strict=True):
        if roles[c] != "intensity" or (table.names[c] and not is_index(table.names[c])):
            continue
        values = table.values[:, c]
        steady = following is not None and _goes_one_way(table.values[:, following])
        if is_counter(values, ()) if named else (c == filled[0] and is_counter(values) and steady):
            found.append(c)
    return found


def _goes_one_way(values: Array) -> bool:
    steps = np.diff(values[np.isfinite(values)])
    return steps.size > 1 and bool(np.all(steps > 0) or np.all(steps < 0))


def _repeated_axes(table: Table, filled: list[int], roles: dict[int, str]) -> Iterable[int]:
    """Return columns without a telling name that step exactly as the first axis does."""
    first = next(c for c in filled if roles[c] == "axis")
    step = _uniform_step(table.values[:, first])
    if step is None or sum(role != "index" for role in roles.values()) < 3:
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


def _chosen_group(table: Table, options: ReadOptions) -> ColumnGroup:
    x = _column_number(table, options.x_column if options.x_column is not None else 1)
    if options.y_column is None:
        others = [c for c in range(table.values.shape[1]) if c != x]
        return ColumnGroup([x], [c for c in others if np.isfinite(table.values[:, c]).any()])
    return ColumnGroup([x], [_column_number(table, options.y_column)])


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


def merged_fits(table: Table, groups: list[ColumnGroup]) -> list[ColumnGroup]:
    """Join fit curves that repeat the axis of the first group to that group.

    Where nothing else was found, ``Counts (background subtracted)`` is the measurement.
    """
    first, merged = groups[0], groups[:1]
    for group in groups[1:]:
        same = np.array_equal(
            table.values[:, first.axes[0]], table.values[:, group.axes[0]], equal_nan=True
        )
        if same and group.fits:
            first.fits += group.intensities + group.fits
        else:
            merged.append(group)
    if not any(group.intensities for group in merged):
        for group in merged:
            group.intensities, group.fits = group.fits[:1], group.fits[1:]
    return merged


def signals_of(table: Table, group: ColumnGroup) -> list[int]:
    """Return the columns of a group that are spectra of their own."""
    if not group.intensities:
        return []
    if group.fits:
        raw = [c for c in group.intensities if is_raw(table.heading(c))]
        return (raw or group.intensities)[:1]
    if group.asides:
        cleaned = [c for c in group.intensities if re.search("(?i)subtracted", table.heading(c))]
        return (cleaned or group.intensities)[-1:]
    if counts_twin(table, group) is not None:
        return [c for c in group.intensities if unit_of(table, c) == "counts/s"]
    return group.intensities


def counts_twin(table: Table, group: ColumnGroup) -> int | None:
    """Return the counts column beside a counts-per-second column, if that is all there is."""
    units = [unit_of(table, c) for c in group.intensities]
    if sorted(map(str, units)) != ["counts", "counts/s"]:
        return None
    return group.intensities[units.index("counts")]


def unit_of(table: Table, column: int) -> str | None:
    """Return the unit of an ordinate by its unit cell or its name; None if neither says."""
    return y_unit_of_words(table.units[column]) or y_unit_of_words(table.names[column])


def axis_column_of(table: Table, group: ColumnGroup) -> int:
    """Return the abscissa of a group: binding energies, else Raman shifts, else the first."""
    for preferred in (Axis.BINDING_ENERGY, Axis.RAMAN_SHIFT):
        named = [c for c in group.axes if axis_of_words(table.heading(c)) is preferred]
        if named:
            shifts = [c for c in named if re.search("(?i)shift", table.heading(c))]
            return (shifts or named)[0]
    return group.axes[0]


def errors_of_signal(table: Table, group: ColumnGroup, signal: int) -> list[int]:
    """Return the error columns of one intensity: those after it, or in the same order."""
    signals = signals_of(table, group)
    if len(signals) == 1:
        return group.errors[:2]
    place = signals.index(signal)
    if len(group.errors) == len(signals):
        return [group.errors[place]]
    if len(group.errors) == 2 * len(signals):
        return group.errors[2 * place : 2 * place + 2]
    return []
