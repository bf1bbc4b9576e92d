"""From columns of numbers and metadata to a `Spectrum`, the same way for every text format.

Here the user's answers (`ReadOptions`) meet what the file says, and the ordinate
is settled: counts per second and detected counts are both kept where dwell time
and scans are known, and neither is invented where they are not. A CCD's "counts"
are not detected photons, so Raman spectra get no `Spectrum.counts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, PartialRead, ReadError, SpectraError
from ..spectrum import Array, Axis, Meta, Spectrum, make_spectrum, read_only, sibling
from .options import AXES, ReadOptions
from .repeats import without_repeats
from .steps import broken_steps

Y_UNIT_NOTE = "the file does not say whether the ordinate is counts or counts/s"


@dataclass(frozen=True, eq=False)
class Columns:
    """The ordinates of one spectrum in the order of the file.

    Attributes
    ----------
    x, y : ndarray, shape (N,)
        Abscissa and intensity.
    y_unit : str or None
        Unit of `y` and of `others`; None if the file does not say.
    counts, sigma, transmission : ndarray, shape (N,), or None
        As in `Spectrum`.
    others : mapping of str to ndarray, shape (N,)
        Further ordinates in the unit of `y`.
    countable : bool
        Whether rate x time is the number of detected electrons.
    row_numbers : ndarray of int, shape (N,), or None
        Line of the file of each point, for messages.
    """

    x: Array
    y: Array
    y_unit: str | None = None
    counts: Array | None = None
    sigma: Array | None = None
    transmission: Array | None = None
    others: Mapping[str, Array] = field(default_factory=dict)
    countable: bool = True
    row_numbers: NDArray[np.int_] | None = None


def assemble(
    columns: Columns, axis: Axis | None, meta: Meta, options: ReadOptions, **fields: Any
) -> Spectrum:
    """Return the spectrum made of `columns`.

    Parameters
    ----------
    columns : Columns
        Ordinates in the order of the file.
    axis : Axis or None
        What the abscissa is; None if the file does not say.
    meta : Meta
        What the file says of the measurement.
    options : ReadOptions
        The user's answers; they win over the file.
    **fields
        Further fields of `Spectrum`, e.g. ``calibration``.

    Raises
    ------
    ReadError
        If the axis is unknown and not answered, or turns back.
    DataError
        As `Spectrum`.
    """
    columns, meta = _without_repeats(columns, with_answers(meta, options))
    check_axis_order(columns.x, columns.row_numbers)
    meta = noted(meta, steps_note=broken_steps(columns.x, columns.row_numbers))
    axis = settled_axis(axis, columns.x, options)
    x, sign_note = with_binding_sign(columns.x, axis)
    columns, meta = replace(columns, x=x), noted(meta, axis_note=sign_note)
    unit, meta = _settled_unit(columns, meta, options)
    values, unit = _settled_intensity(columns, unit, axis, meta)
    for array in (columns.x, values["y"], values.get("counts"), values["sigma"]):
        if isinstance(array, np.ndarray) and array.base is None:
            read_only(array)  # nobody writes to it any more, so that it need not be copied
    return make_spectrum(
        columns.x,
        axis=axis,
        y_unit=unit,
        meta=meta,
        transmission=columns.transmission,
        **values,
        **fields,
    )


def assemble_map(
    columns: Columns,
    rows: Iterable[tuple[Array, Meta]],
    axis: Axis | None,
    options: ReadOptions,
) -> Iterator[Spectrum | ReadError]:
    """Yield the spectra of a map or series on one abscissa, which they share.

    Parameters
    ----------
    columns : Columns
        Abscissa and unit; its ordinates are not looked at.
    rows : iterable of (ndarray of shape (N,), Meta)
        Ordinates in the order of the abscissa, and metadata, of each spectrum.
    axis : Axis or None
        What the abscissa is; None if the file does not say.
    options : ReadOptions
        The user's answers; they win over the file.

    Yields
    ------
    spectrum : Spectrum or ReadError
        The error of a spectrum whose numbers cannot be used.
    """
    first: Spectrum | None = None
    notes: dict[str, Any] = {}
    for number, (y, meta) in enumerate(rows):
        try:
            if first is None or len(first) != y.size:
                first = found = assemble(replace(columns, y=y), axis, meta, options)
                extra = found.meta.extra
                notes = {key: extra[key] for key in extra.keys() - meta.extra.keys()}
            else:
                own = noted(with_answers(meta, options), **notes)
                found = _like(first, replace(columns, y=y), own, options)
            yield found
        except SpectraError as error:
            yield ReadError(error.message, hint=error.hint, where=f"spectrum {number + 1}")


def _like(first: Spectrum, columns: Columns, meta: Meta, options: ReadOptions) -> Spectrum:
    """Return the spectrum of other ordinates on the axis of the first one of a map."""
    counts, y = None, columns.y
    if first.counts is not None:
        unit = options.y_unit or columns.y_unit or first.y_unit
        values, unit = _settled_intensity(columns, unit, first.axis, meta)
        if unit != first.y_unit:  # its time is known and that of the first is not, or so
            return assemble(columns, first.axis, meta, options)
        y, counts = values["y"], values["counts"]
    order = slice(None, None, -1 if first.descending else 1)
    return sibling(first, y[order], meta, counts=None if counts is None else counts[order])


def noted(meta: Meta, **notes: Any) -> Meta:
    """Return `meta` with the notes that say something, in ``extra``."""
    return replace(meta, extra=dict(meta.extra) | {k: v for k, v in notes.items() if v})


def _without_repeats(columns: Columns, meta: Meta) -> tuple[Columns, Meta]:
    fields = ("y", "counts", "sigma", "transmission")
    arrays = {name: getattr(columns, name) for name in fields}
    arrays |= {f"other {name}": values for name, values in columns.others.items()}
    x, arrays, note = without_repeats(columns.x, arrays)
    if not note:
        return columns, meta
    rows = columns.row_numbers
    if rows is not None and x.size < rows.size:
        rows = rows[np.flatnonzero(np.r_[True, np.diff(columns.x) != 0])]
    others = {name: arrays.pop(f"other {name}") for name in columns.others}
    changed: dict[str, Any] = {"x": x, "others": others, "row_numbers": rows, **arrays}
    return replace(columns, **changed), noted(meta, repeats_note=note)


def with_binding_sign(x: Array, axis: Axis) -> tuple[Array, str]:
    """Return binding energies with their usual sign, and a note if it was the other.

    Some programs count energies up from the Fermi level, so that core levels are
    negative. Nothing is bound by -10 eV, so the sign is then certain; a valence band
    that runs a few eV to either side is left alone.
    """
    if axis is not Axis.BINDING_ENERGY or x.size < 2:
        return x, ""
    low, high = float(np.min(x)), float(np.max(x))
    if low >= _LEAST_BINDING_EV or -low <= high:
        return x, ""
    return -x, "binding energy = minus the number: the file counts up from the Fermi level"


_LEAST_BINDING_EV = -10.0


def sorted_out(found: Iterable[Spectrum | ReadError]) -> list[Spectrum]:
    """Return the spectra among what was found if there is nothing else; errors as in `kept`."""
    spectra: list[Spectrum] = []
    problems: list[ReadError] = []
    for one in found:
        if isinstance(one, ReadError):
            problems.append(one)
        else:
            spectra.append(one)
    return kept(spectra, problems)


def kept(spectra: list[Spectrum], problems: list[ReadError]) -> list[Spectrum]:
    """Return `spectra` if there are no `problems`.

    Raises
    ------
    ReadError
        The first problem, if nothing could be read.
    PartialRead
        If there are problems and spectra; it carries both.
    """
    if not problems:
        return spectra
    if not spectra:
        raise problems[0]
    raise PartialRead.of(problems, spectra)


def with_answers(meta: Meta, options: ReadOptions) -> Meta:
    """Return `meta` with what the user said in place of what the file says."""
    answers: dict[str, Any] = {
        "sample": options.sample,
        "region": options.region,
        "excitation_energy_ev": options.photon_energy_ev,
        "dwell_s": options.dwell_s,
        "scans": options.scans,
    }
    given = {name: value for name, value in answers.items() if value is not None}
    if options.dead_time_s is not None:
        given["extra"] = {**meta.extra, "dead_time_s": options.dead_time_s}
    return replace(meta, **given) if given else meta


def settled_axis(axis: Axis | None, x: ArrayLike, options: ReadOptions) -> Axis:
    """Return what the abscissa is, by the user's word, then by the file's.

    Raises
    ------
    ReadError
        If neither says; the message names the option that does.
    """
    if options.axis is not None:
        return AXES[options.axis]
    if axis not in (None, Axis.UNKNOWN):
        return axis
    if options.allow_unknown_axis:
        return Axis.UNKNOWN
    values = np.asarray(x)
    raise ReadError(
        f"the file does not say what its first column ({values[0]:g} to {values[-1]:g}) is.",
        hint=f"Say it: --axis {'|'.join(AXES)}, or name the column: --x-column.",
    )


def _settled_unit(columns: Columns, meta: Meta, options: ReadOptions) -> tuple[str, Meta]:
    unit = options.y_unit or columns.y_unit
    if unit is not None:
        return unit, meta
    hint = " (all values are whole numbers, as counts are)" if _whole(columns.y) else ""
    note = meta.extra.get("y_unit_note", f"{Y_UNIT_NOTE}{hint}; --y-unit says it")
    return "arbitrary", noted(meta, y_unit_note=note)


def _whole(y: Array) -> bool:
    return bool(np.all(y >= 0) and np.all(y == np.round(y)) and np.any(y))


def _settled_intensity(
    columns: Columns, unit: str, axis: Axis, meta: Meta
) -> tuple[dict[str, Any], str]:
    """Return y, counts, sigma and columns, and the unit of y."""
    values = {"y": columns.y, "sigma": columns.sigma, "columns": dict(columns.others)}
    time = meta.acquisition_time_s
    is_counted = axis.is_energy and unit != "arbitrary" and columns.countable
    if not is_counted:
        return values | {"counts": detected(columns.counts)}, unit
    if unit == "counts" and time is not None:
        rates = {name: _divided(value, time) for name, value in values.items()}
        return rates | {"counts": detected(columns.y)}, "counts/s"
    if columns.counts is not None or unit == "counts":
        counts = columns.y if unit == "counts" else columns.counts
        return values | {"counts": detected(counts)}, unit
    return values | {"counts": None if time is None else detected(columns.y * time)}, unit


def detected(counts: Array | None) -> Array | None:
    """Return numbers of detected electrons, or None if some are negative: none were counted."""
    return None if counts is None or bool(np.any(counts < 0)) else counts


def _divided(value: Any, time: float) -> Any:
    if isinstance(value, dict):
        return {name: column / time for name, column in value.items()}
    return None if value is None else value / time


def check_axis_order(x: Array, row_numbers: NDArray[np.int_] | None = None) -> None:
    """Raise a `ReadError` that names the row where the axis turns back.

    Parameters
    ----------
    x : ndarray, shape (N,)
        Abscissa in the order of the file.
    row_numbers : ndarray of int, shape (N,), or None
        Line of the file of each point.
    """
    if x.size < 2:
        raise DataError(f"a spectrum needs at least two points, found {x.size}.")
    steps = np.diff(x)
    if steps.min() > 0 or steps.max() < 0:
        return
    direction = 1.0 if np.median(steps) > 0 else -1.0
    bad = np.flatnonzero(~(steps * direction > 0))
    if not bad.size:
        return
    i = int(bad[0])
    where = f"point {i + 2}" if row_numbers is None else f"row {row_numbers[i + 1]}"
    again = f" ({bad.size} such places)" if bad.size > 1 else ""
    raise ReadError(
        f"the axis turns back: {x[i]:g} is followed by {x[i + 1]:g}{again}.",
        hint=_order_hint(bad, x.size),
        where=where,
    )


def _order_hint(bad: NDArray[np.intp], n_points: int) -> str:
    shortest = int(np.min(np.diff(np.r_[-1, bad, n_points - 1])))
    if shortest >= 3:
        return (
            "Several scans or regions seem to stand under each other: split the file there,"
            " or put an empty line between them."
        )
    return "Correct or remove these rows; rows are never sorted silently."
