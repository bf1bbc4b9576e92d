"""What the abscissa of a table is, in our units and with our sign."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Meta
from .assemble import Columns, noted
from .axis_words import (
    RAMAN_LIMIT_CM1,
    axis_of_context,
    axis_of_words,
    is_above_fermi,
    is_photon_energy,
)
from .column_groups import ColumnGroup, Table
from .options import AXES, ReadOptions
from .units import axis_factor, scaled


def with_axis(
    table: Table, column: int, parts: Columns, meta: Meta, options: ReadOptions
) -> tuple[Columns, Axis | None, Meta]:
    """Return the columns with the abscissa in our units, and what it is."""
    heading = table.heading(column)
    if is_photon_energy(heading):
        note = "the abscissa is a photon energy: an absorption spectrum, not XPS"
        return parts, None, noted(meta, axis_note=note)
    axis = axis_of_words(heading)
    words = heading
    if axis is None:
        words = _without_statements(table.title)
        axis = axis_of_words(words)
    chosen = axis if options.axis is None else AXES[options.axis]
    x = scaled(parts.x, _axis_factor(heading if chosen is not axis else words, chosen))
    parts = replace(parts, x=x)
    if is_above_fermi(heading):
        parts, meta = _below_fermi(parts, meta)
    if axis is None:
        title = f"{table.title} {meta.sample} {meta.region}"
        axis = axis_of_context(title, x)
        note = "binding energy, because the core level named lies in the descending range"
        meta = meta if axis is None else noted(meta, axis_note=note)
    if axis is Axis.RAMAN_SHIFT and np.max(np.abs(x)) > RAMAN_LIMIT_CM1:
        note = "absolute wavenumbers, not Raman shifts"
        return parts, None, noted(meta, axis_note=note)
    return parts, axis, meta


def _axis_factor(words: str, axis: Axis | None) -> float:
    """Return the factor of the line that names the axis.

    Raises
    ------
    ReadError
        If the unit there does not belong to the axis.
    """
    named = [line for line in words.splitlines() if axis_of_words(line) is axis] or [words]
    factor = axis_factor(named[0], axis)
    if factor is None:
        name = "abscissa" if axis is None else axis.value
        raise ReadError(
            f"the heading {named[0][:60]!r} gives the {name} in a unit that cannot be converted.",
            hint="Export it in eV, cm-1 or nm.",
        )
    return factor


def _below_fermi(parts: Columns, meta: Meta) -> tuple[Columns, Meta]:
    """Return energies counted up from the Fermi level as binding energies."""
    if np.median(parts.x) > 0:
        note = "the heading counts energies up from the Fermi level, but the numbers count down"
        return parts, noted(meta, axis_note=note)
    note = "binding energy = minus the number: the file counts up from the Fermi level"
    return replace(parts, x=-parts.x), noted(meta, axis_note=note)


def _without_statements(title: str) -> str:
    """Return the title without lines like ``Kinetic Energy: 1351.61``, which are settings."""
    return "\n".join(line for line in title.splitlines() if not re.search(r"[:=]\s*-?\d", line))


def with_second_axis(
    table: Table,
    group: ColumnGroup,
    column: int,
    axis: Axis | None,
    rows: slice,
    x: Array,
    meta: Meta,
) -> Meta:
    """Note what a second abscissa in the same group tells: photon energy or shift."""
    for c in group.axes:
        if c == column:
            continue
        kind = axis_of_words(table.heading(c))
        other = scaled(table.values[rows, c], axis_factor(table.heading(c), kind) or 1.0)
        if not np.isfinite(other).all():
            continue
        if kind is Axis.KINETIC_ENERGY and axis is Axis.BINDING_ENERGY:
            total = float(np.median(x + other))
            if np.ptp(x + other) < 0.01 and meta.excitation_energy_ev is None:
                meta = replace(meta, excitation_energy_ev=round(total, 4))
        elif np.ptp(other - x) < 0.01:
            meta = noted(meta, second_axis_shift=round(float(np.median(other - x)), 6))
    return meta
