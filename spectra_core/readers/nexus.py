"""NeXus: spectra out of files of Doublet, pynxtools and others that follow ``NXdata``.

An entry says in its ``NXdata`` group which array is the signal and which the axis; the
axis says by its units and its ``type`` whether it is a binding or a kinetic energy. The
intensity is taken as it stands there. Standard deviations are *not* taken for those of
the intensity: converters write the spread over scans or depths under that name, and zeros
where there is one scan, so they become a further column. Files that Doublet wrote carry
all of their metadata and come back the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Axis, Meta, Source, Spectrum, make_spectrum
from .assemble import kept, settled_axis
from .options import ReadOptions
from .spectrum_fields import from_text, from_values

FORMAT = "NeXus"
SIGNATURE = b"\x89HDF\r\n\x1a\n"
MARK = "doublet-nexus/1"
COLLECTION = "doublet"
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


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file is HDF5 with a NeXus entry in it."""
    if not head.startswith(SIGNATURE):
        return False
    h5py = import_module("h5py")
    try:
        with h5py.File(path, "r") as file:
            return any(True for _ in _entries(file))
    except (OSError, KeyError, RuntimeError):
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
    h5py = import_module("h5py")
    spectra: list[Spectrum] = []
    problems: list[ReadError] = []
    try:
        with h5py.File(path, "r") as file:
            for name, entry in sorted(_entries(file), key=lambda pair: _place(pair[1])):
                try:
                    spectrum = _spectrum(name, entry, options)
                    spectra.append(replace(spectrum, source=Source(index=len(spectra))))
                except SpectraError as error:
                    problems.append(ReadError(error.message, hint=error.hint, where=name))
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise ReadError(
            f"the NeXus file is damaged or cut off ({error}).", hint="Write or fetch it again."
        ) from error
    return kept(spectra, problems)


def _entries(file: Any) -> Iterator[tuple[str, Any]]:
    for name, item in file.items():
        if hasattr(item, "items") and _text(item.attrs.get("NX_class")) == "NXentry":
            yield name, item


def _place(entry: Any) -> int:
    """Return the place in the file that we wrote it to; names alone sort others."""
    place = entry.get(f"{COLLECTION}/place")
    return int(place[()]) if place is not None else 0


def _spectrum(name: str, entry: Any, options: ReadOptions) -> Spectrum:
    own = entry.get(COLLECTION)
    if own is not None and "format" in own and _text(own["format"][()]) == MARK:
        return _own_spectrum(entry, own)
    return _foreign_spectrum(name, entry, options)


# --------------------------------------------------------------------------------------
# files of ours


def _own_spectrum(entry: Any, own: Any) -> Spectrum:
    data = entry["data"]
    raw = entry.get("instrument/electronanalyzer/detector/raw_data/raw", own.get("counts"))
    sigma, transmission = data.get(_ERRORS), own.get("transmission")
    columns = {from_text(_text(c.attrs["name"])): c[...] for c in _in_order(own["columns"])}
    return Spectrum(
        own["axis_recorded"][...],
        data["data"][...],
        counts=None if raw is None else raw[...],
        sigma=None if sigma is None else sigma[...],
        transmission=None if transmission is None else transmission[...],
        columns=columns,
        **from_values(from_text(_text(own["values"][()]))),
    )


def _in_order(group: Any) -> list[Any]:
    return [group[name] for name in sorted(group, key=int)]


# --------------------------------------------------------------------------------------
# files of others


def _foreign_spectrum(name: str, entry: Any, options: ReadOptions) -> Spectrum:
    data = _data_group(entry)
    signal_name = _text(data.attrs.get("signal")) or "data"
    if signal_name not in data:
        raise ReadError(f"the data group has no '{signal_name}', which it names as its signal.")
    signal = data[signal_name]
    if signal.ndim != 1:
        raise ReadError(
            f"the data have the shape {signal.shape}, which is an image or a series and not"
            " one spectrum.",
            hint="Export single spectra.",
        )
    axis_name = _axis_name(data, signal_name)
    x, axis = _axis(data[axis_name])
    y_unit = _Y_UNITS.get(_text(signal.attrs.get("units")).casefold(), "arbitrary")
    errors = data.get(_ERRORS, data.get(f"{signal_name}_errors"))
    columns = {} if errors is None or errors.shape != signal.shape else {_ERRORS: errors[...]}
    settled = axis or settled_axis(None, x, options)
    meta = _meta(name, entry, {data.name})
    return make_spectrum(x, signal[...], settled, y_unit=y_unit, columns=columns, meta=meta)


def _data_group(entry: Any) -> Any:
    names = [_text(entry.attrs.get("default")), "data"]
    groups = [entry[n] for n in names if n and n in entry]
    groups += [item for item in entry.values() if hasattr(item, "items")]
    for group in groups:
        if _text(group.attrs.get("NX_class")) == "NXdata":
            return group
    raise ReadError("the entry holds no NXdata group.")


def _axis_name(data: Any, signal: str) -> str:
    """Return the axis that the group names, else the one other array of its length."""
    given = data.attrs.get("axes")
    names = [_text(given)] if isinstance(given, str | bytes) else [_text(v) for v in given or ()]
    names += ["energy"]
    fitting = [n for n in names if n in data and data[n].shape == data[signal].shape]
    if not fitting:
        raise ReadError(f"the data group does not say which array is the axis of '{signal}'.")
    return fitting[0]


def _axis(field: Any) -> tuple[Array, Axis | None]:
    """Return the values and what they are; None if the file does not say."""
    unit = _text(field.attrs.get("units"))
    values = np.asarray(field[...], dtype=float)
    if unit in _WAVENUMBERS:
        return values, Axis.RAMAN_SHIFT
    if unit == "nm":
        return values, Axis.WAVELENGTH
    if unit not in ("eV", "keV"):
        return values, None
    return values * (1000.0 if unit == "keV" else 1.0), _ENERGIES.get(
        _text(field.attrs.get("type")).casefold()
    )


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
    for field, path in _NUMBERS.items():
        if isinstance(plain.get(path), float):
            fields[field] = plain.pop(path)
    for field, paths in _TEXTS.items():
        known = [path for path in paths if isinstance(plain.get(path), str)]
        if known:
            fields[field] = plain.pop(known[0])
    fields["region"] = name.rsplit("__", 1)[-1]
    plain.pop("definition", None)
    return Meta(extra=plain, **fields)


def _scalars(
    group: Any, skipped: set[str], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of single numbers and texts; links out of the file are not followed."""
    names = [name for name in group if not hasattr(group.get(name, getlink=True), "filename")]
    for name in names[:_MOST_EXTRA]:
        item, path = group.get(name), f"{prefix}{name}"
        if item is None:  # a link that leads nowhere
            continue
        if hasattr(item, "items"):
            if item.name not in skipped and depth < _DEEPEST:
                yield from _scalars(item, skipped, f"{path}/", depth + 1)
        elif item.shape == ():
            value = _plain(item[()])
            if value is not None:
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
