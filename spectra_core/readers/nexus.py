"""NeXus: spectra out of files of Doublet, pynxtools and others that follow ``NXdata``.

An entry says in its ``NXdata`` group which array is the signal and which the axis; the
axis says by its units and its ``type`` whether it is a binding or a kinetic energy. The
intensity is taken as it stands there. Standard deviations are *not* taken for those of
the intensity: converters write the spread over scans or depths under that name, and zeros
where there is one scan, so they become a further column. What cannot be (a kinetic energy
below zero, a binding energy above that of the photons) is asked for or left out, and said.
Files that Doublet wrote carry all of their metadata and a checksum, and come back the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..core_levels import core_levels, level_in
from ..errors import ReadError, SpectraError
from ..spectrum import Array, Axis, Meta, Source, Spectrum, make_spectrum
from .assemble import kept, noted, settled_axis
from .hdf5_files import (
    array,
    can_be_opened,
    inside,
    is_group,
    items,
    opened,
    scalar,
)
from .integrity import check_counts, check_seal
from .options import AXES, ReadOptions
from .repeats import without_repeats
from .spectrum_fields import from_text, from_values
from .steps import broken_steps
from .trial import SIGNATURE
from .units import FAMILIES, axis_factor, scaled

FORMAT = "NeXus"
MARK = "doublet-nexus/1"
COLLECTION = "doublet"
CHECKSUM = "checksum"
PROGRAM = "Doublet"
TOTAL = "doublet_entries"
"""Attribute of our files: how many entries they hold."""
UNITS = {"counts/s": "counts_per_second", "counts": "counts", "arbitrary": "arbitrary"}
"""Our units of intensity as NeXus writes them."""

_Y_UNITS = {
    "counts_per_second": "counts/s",
    "counts/s": "counts/s",
    "cps": "counts/s",
    "counts": "counts",
    "count": "counts",
}
_ENERGIES = {"binding": Axis.BINDING_ENERGY, "kinetic": Axis.KINETIC_ENERGY}
_WAVENUMBERS = ("1/cm", "cm-1", "cm^-1", "1 / cm")
_ERRORS = "data_errors"
_MOST_EXTRA = 300
_LONGEST_EXTRA = 10_000
_DEEPEST = 8
_LARGEST_ENERGY_EV = 1e5


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file is HDF5 with a NeXus entry in it."""
    if not head.startswith(SIGNATURE) or not can_be_opened(path):
        return False
    try:
        with opened(path, FORMAT) as file:
            return any(True for _ in _entries(file))
    except ReadError:
        return False


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra of a NeXus file, one for each entry.

    Parameters
    ----------
    path : Path
    options : ReadOptions
        The axis, where an entry does not say what it is.

    Returns
    -------
    spectra : list of Spectrum

    Raises
    ------
    ReadError
        If the file is cut off or no entry holds a spectrum.
    PartialRead
        If some entries cannot be read; the error carries the others.
    """
    spectra: list[Spectrum] = []
    problems: list[ReadError] = []
    with opened(path, FORMAT) as file:
        for name, entry in sorted(_entries(file), key=lambda pair: _place(pair[1])):
            try:
                spectrum = _spectrum(name, entry, options)
                spectra.append(replace(spectrum, source=Source(index=len(spectra))))
            except SpectraError as error:
                problems.append(ReadError(error.message, hint=error.hint, where=name))
        announced = int(file.attrs.get(TOTAL, 0))
    if len(spectra) + len(problems) < announced:
        message = f"the file announces {announced} spectra but holds {len(spectra)}."
        problems.append(ReadError(message, hint="Write or fetch it again."))
    return kept(spectra, problems)


def _entries(file: Any) -> Iterator[tuple[str, Any]]:
    for name, item in items(file):
        if is_group(item) and _text(item.attrs.get("NX_class")) == "NXentry":
            yield name, item


def _place(entry: Any) -> int:
    """Return the place in the file that we wrote it to; names alone sort others."""
    place = scalar(inside(entry, f"{COLLECTION}/place"))
    return int(place) if isinstance(place, int | np.integer) else 0


def _spectrum(name: str, entry: Any, options: ReadOptions) -> Spectrum:
    own = inside(entry, COLLECTION)
    if own is not None and _text(scalar(inside(own, "format"))) == MARK:
        return _own_spectrum(entry, own)
    if PROGRAM in (
        _text(scalar(inside(entry, "program_name"))),
        _text(entry.file.attrs.get("creator")),
    ):
        raise ReadError(
            "Doublet wrote the entry, but what it writes beside the data is missing or damaged.",
            hint="Write or fetch it again.",
        )
    return _foreign_spectrum(name, entry, options)


# --------------------------------------------------------------------------------------
# files of ours

_RAW = "instrument/electronanalyzer/detector/raw_data/raw"


def _own_spectrum(entry: Any, own: Any) -> Spectrum:
    x = array(inside(own, "axis_recorded"), name="axis_recorded")
    places = {
        "y": inside(entry, "data/data"),
        "counts": inside(entry, _RAW) or inside(own, "counts"),
        "sigma": inside(entry, f"data/{_ERRORS}"),
        "transmission": inside(own, "transmission"),
    }
    if places["y"] is None:
        raise ReadError("the array 'data/data' is missing.")
    arrays = {n: array(d, x.shape, n) for n, d in places.items() if d is not None}
    folder = sorted(items(inside(own, "columns")), key=lambda pair: int(pair[0]))
    columns = {from_text(_text(c.attrs["name"])): array(c, x.shape, n) for n, c in folder}
    values = _text(scalar(inside(own, "values")))
    stored = _text(scalar(inside(own, CHECKSUM)))
    if stored:
        check_seal(stored, sealed_arrays(x, arrays, columns), [*columns, values])
    fields: dict[str, Any] = {**arrays, **from_values(from_text(values))}
    spectrum = Spectrum(x, columns=columns, **fields)
    return spectrum if stored else check_counts(spectrum)


def sealed_arrays(
    x: Array, arrays: dict[str, Array], columns: dict[str, Array]
) -> dict[str, Array | None]:
    """Return the arrays of an entry by the names under which its checksum takes them."""
    numbered = {f"columns/{i}": values for i, values in enumerate(columns.values())}
    known = {name: arrays.get(name) for name in ("y", "counts", "sigma", "transmission")}
    return {"x": x, **known, **numbered}


# --------------------------------------------------------------------------------------
# files of others


def _foreign_spectrum(name: str, entry: Any, options: ReadOptions) -> Spectrum:
    data = _data_group(entry)
    signal_name = _text(data.attrs.get("signal")) or "data"
    signal = inside(data, signal_name)
    if signal is None:
        raise ReadError(f"the data group has no '{signal_name}', which it names as its signal.")
    if signal.ndim != 1:
        raise ReadError(
            f"the data have the shape {signal.shape}, which is an image or a series and not"
            " one spectrum.",
            hint="Export single spectra.",
        )
    axis_name = _axis_name(data, signal_name)
    x, axis = _axis(inside(data, axis_name), axis_name)
    y_unit = _Y_UNITS.get(_text(signal.attrs.get("units")).casefold(), "arbitrary")
    errors = inside(data, _ERRORS) or inside(data, f"{signal_name}_errors")
    with_errors = errors is not None and errors.shape == signal.shape
    columns = {_ERRORS: array(errors, name=_ERRORS)} if with_errors else {}
    meta = _meta(name, entry, {data.name})
    settled = _settled(axis, x, meta, options)
    y = array(signal, x.shape, signal_name)
    x, arrays, note = without_repeats(x, {"y": y, **columns})
    y = np.asarray(arrays.pop("y"))
    columns = {key: np.asarray(values) for key, values in arrays.items()}
    meta = noted(meta, steps_note=broken_steps(x), repeats_note=note)
    return make_spectrum(x, y, settled, y_unit=y_unit, columns=columns, meta=meta)


def _settled(axis: Axis | None, x: Array, meta: Meta, options: ReadOptions) -> Axis:
    """Return what the axis is; the user is asked where the file cannot be right.

    Raises
    ------
    ReadError
        If the file does not say, or says what cannot be, and the user does not.
    """
    doubt = "" if axis is None else _doubt(axis, x, meta)
    if not doubt and axis is not None:
        return axis
    if options.axis is not None or not doubt or options.allow_unknown_axis:
        return settled_axis(None, x, options)
    raise ReadError(
        f"the file calls its axis a {axis.value if axis else ''}, but {doubt}.",
        hint=f"Say what it is: --axis {'|'.join(AXES)}, or read the instrument's own file.",
    )


def _doubt(axis: Axis, x: Array, meta: Meta) -> str:
    """Return why the energies cannot be what the file calls them; empty if they can."""
    low, high = float(np.min(x)), float(np.max(x))
    photons = meta.excitation_energy_ev
    if axis is Axis.KINETIC_ENERGY and low < 0:
        return f"it runs from {low:g} eV, and no kinetic energy is below zero"
    if axis is Axis.BINDING_ENERGY and photons is not None and low > photons:
        return f"it runs from {low:g} eV, more than the photon energy of {photons:g} eV"
    level = core_levels().get(level_in(meta.region))
    if level is None or photons is None or not axis.is_energy:
        return ""
    other = (photons - high, photons - low)
    here, there = (low, high), other
    if axis is Axis.KINETIC_ENERGY:
        here, there = other, (low, high)
    inside_other = there[0] < level.nominal_ev < there[1]
    if inside_other and not here[0] - 50.0 < level.nominal_ev < here[1] + 50.0:
        return (
            f"{level.name} ({level.nominal_ev:g} eV) lies between its {low:g} and {high:g} eV"
            " only if that is the other kind of energy"
        )
    return ""


def _data_group(entry: Any) -> Any:
    names = [_text(entry.attrs.get("default")), "data"]
    groups = [inside(entry, name) for name in names if name]
    groups += [item for _, item in items(entry) if is_group(item)]
    for group in groups:
        if is_group(group) and _text(group.attrs.get("NX_class")) == "NXdata":
            return group
    raise ReadError("the entry holds no NXdata group.")


def _axis_name(data: Any, signal: str) -> str:
    """Return the axis that the group names, else the one other array of its length."""
    named = data.attrs.get("axes")
    names = [_text(named)] if isinstance(named, str | bytes) else [_text(v) for v in named or ()]
    names += ["energy"]
    shape = inside(data, signal).shape
    fitting = [n for n in names if n and getattr(inside(data, n), "shape", None) == shape]
    if not fitting:
        raise ReadError(f"the data group does not say which array is the axis of '{signal}'.")
    return fitting[0]


def _axis(field: Any, name: str) -> tuple[Array, Axis | None]:
    """Return the values in our unit and what they are; None if the file does not say."""
    unit = _text(field.attrs.get("units"))
    values = array(field, name=name)
    if unit in _WAVENUMBERS:
        return values, Axis.RAMAN_SHIFT
    if unit in FAMILIES["length"]:
        return scaled(values, FAMILIES["length"][unit]), Axis.WAVELENGTH
    axis = _ENERGIES.get(_text(field.attrs.get("type")).casefold())
    factor = axis_factor(f"({unit})", axis) if unit in FAMILIES["energy"] else None
    return (values, None) if factor is None else (scaled(values, factor), axis)


_NUMBERS = {
    "excitation_energy_ev": "instrument/beam_probe/incident_energy",
    "pass_energy_ev": "instrument/electronanalyzer/energydispersion/pass_energy",
    "work_function_ev": "instrument/electronanalyzer/work_function",
}
_TEXTS = {
    "sample": ("sample/name", "title"),
    "technique": ("method",),
    "instrument": (
        "instrument/name",
        "instrument/device_information/model",
        "instrument/electronanalyzer/name",
    ),
    "date": ("start_time",),
}


def _meta(name: str, entry: Any, skipped: set[str]) -> Meta:
    """Return the fields that `Meta` has, and every other single value under its path."""
    plain = dict(_scalars(entry, skipped))
    fields: dict[str, Any] = {}
    implausible = []
    for field, path in _NUMBERS.items():
        value = plain.get(path)
        if isinstance(value, float):
            del plain[path]
            unit = _text(inside(entry, path).attrs.get("units")) or "eV"
            energy = value * FAMILIES["energy"].get(unit, 1.0)
            if 0 < energy < _LARGEST_ENERGY_EV or (field == "work_function_ev" and energy == 0):
                fields[field] = energy
            else:
                implausible.append(f"{path}: {value:g} {unit}")
    for field, paths in _TEXTS.items():
        known = [path for path in paths if isinstance(plain.get(path), str)]
        if known:
            fields[field] = plain.pop(known[0])
    fields["region"] = name.rsplit("__", 1)[-1]
    plain.pop("definition", None)
    note = f"left out, because it cannot be: {'; '.join(implausible)}" if implausible else ""
    return noted(Meta(extra=plain, **fields), plausibility_note=note)


def _scalars(
    group: Any, skipped: set[str], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of single numbers and texts; links out of the file are not followed."""
    for name, item in list(items(group))[:_MOST_EXTRA]:
        path = f"{prefix}{name}"
        if is_group(item):
            if item.name not in skipped and depth < _DEEPEST:
                yield from _scalars(item, skipped, f"{path}/", depth + 1)
        elif (value := _plain(scalar(item))) is not None:
            yield path, value


def _plain(value: Any) -> str | float | None:
    """Return a text or a finite number; None for anything else."""
    if isinstance(value, str | bytes):
        return _text(value)[:_LONGEST_EXTRA] or None
    if isinstance(value, int | float | np.number) and np.isfinite(value):
        return float(value)
    return None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.size == 1:
        return _text(value.ravel()[0])
    return value if isinstance(value, str) else ""
