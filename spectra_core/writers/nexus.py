"""NeXus, the archive format of large facilities: one ``NXentry`` for each spectrum.

Electron spectra follow the application definition ``NXxps``; what has another axis has no
definition here and is a plain entry with its data. Three things are easily got wrong.
``NXxps`` requires fields that a file seldom records: a number that is not known is written
as HDF5's empty value (no number at all, not NaN), a text as "not recorded". Two of the
required texts must come from a closed list; where the file says nothing the usual value is
written, and the entry lists it under ``doublet/assumed``. And a start time without time
zone is written as recorded, as an array of one text, because a zone is never made up.

The group ``doublet`` of an entry holds what NeXus has no field for: all metadata as JSON,
further columns, and the lists ``not_recorded`` and ``assumed``. Reading a file of ours
back gives the same spectra (`spectra_core.readers.nexus`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import WriteError
from ..readers.integrity import seal
from ..readers.nexus import (
    CHECKSUM,
    COLLECTION,
    MARK,
    PROGRAM,
    TOTAL,
    UNITS,
    sealed_arrays,
)
from ..readers.spectrum_fields import to_text, to_values
from ..spectrum import Axis, Spectrum, is_synthetic
from .hdf5_file import new_hdf5

DEFINITION = "NXxps"
DEFINITION_VERSION = "v2026.01"
NOT_RECORDED = "not recorded"
SYNTHETIC = "SYNTHETIC: computed, not measured."

_SCAN_MODES = {"FAT": "fixed_analyzer_transmission", "FRR": "fixed_retardation_ratio"}
_ASSUMED = {
    "instrument/electronanalyzer/collectioncolumn/scheme": "angular dispersive",
    "instrument/electronanalyzer/energydispersion/scheme": "hemispherical",
}
_LONGEST_NAME = 60


def write_nexus(path: Path, spectra: Sequence[Spectrum]) -> None:
    """Write spectra to one NeXus file, an entry for each; it is whole or not there.

    Parameters
    ----------
    path : Path
        The file to make or replace.
    spectra : sequence of Spectrum
        What to write.

    Raises
    ------
    WriteError
        If the metadata holds what JSON cannot.
    """
    with new_hdf5(Path(path)) as file:
        start_file(file)
        for spectrum in spectra:
            add_spectrum(file, spectrum)


def start_file(file: Any) -> None:
    """Mark an open HDF5 file as NeXus."""
    file.attrs["NX_class"] = "NXroot"
    file.attrs["creator"] = PROGRAM
    file.attrs["creator_version"] = __version__


def add_spectrum(file: Any, spectrum: Spectrum) -> Any:
    """Write one spectrum as an entry and return the group.

    Raises
    ------
    WriteError
        If the metadata holds what JSON cannot.
    """
    words = f"{spectrum.meta.sample} {spectrum.meta.region}"
    name = free_name(file, plain_name(words) or "entry")
    place = len(file)
    entry = add_group(file, name, "NXentry")
    entry.attrs["default"] = "data"
    if place == 0:
        file.attrs["default"] = name
    missing: list[str] = []
    assumed: list[str] = []
    _write_head(entry, spectrum, missing)
    _write_data(entry, spectrum)
    if spectrum.axis.is_energy:
        _write_instrument(entry, spectrum, missing, assumed)
    _write_calibration(entry, spectrum)
    _write_own(entry, spectrum, missing, assumed)
    add_field(entry[COLLECTION], "place", place)
    file.attrs[TOTAL] = len(file)
    return entry


# --------------------------------------------------------------------------------------
# helpers that the fits use too


def add_group(parent: Any, name: str, nexus_class: str) -> Any:
    """Return a new group of a NeXus class."""
    group = parent.create_group(name)
    group.attrs["NX_class"] = nexus_class
    return group


def add_field(group: Any, name: str, value: Any, unit: str = "", **attributes: Any) -> Any:
    """Write a number, text or array; None becomes HDF5's empty value."""
    if isinstance(value, str):
        value = plain_text(value)
    field = group.create_dataset(name, data=_empty() if value is None else value)
    if unit:
        field.attrs["units"] = unit
    for key, attribute in attributes.items():
        field.attrs[key] = plain_text(attribute) if isinstance(attribute, str) else attribute
    return field


def add_texts(group: Any, name: str, texts: Sequence[str]) -> None:
    """Write a list of texts, which may be empty."""
    h5py = import_module("h5py")
    plain = [plain_text(text) for text in texts]
    group.create_dataset(name, data=plain, shape=(len(plain),), dtype=h5py.string_dtype())


def _empty() -> Any:
    return import_module("h5py").Empty("f8")


def plain_text(text: str) -> str:
    """Return a text that HDF5 can hold: control characters and half characters replaced."""
    visible = "".join(c if c >= " " or c in "\n\t" else " " for c in text)
    return visible.encode("utf-8", "replace").decode("utf-8")


def plain_name(text: str) -> str:
    """Return a text as a name that NeXus allows: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text)[:_LONGEST_NAME].strip("_")


def free_name(group: Any, name: str) -> str:
    """Return `name`, with a number behind it if the group has one already."""
    number, found = 1, name
    while found in group:
        number += 1
        found = f"{name}_{number}"
    return found


def intensity_unit(spectrum: Spectrum) -> str:
    """Return the unit of the intensity as NeXus writes it."""
    return UNITS.get(spectrum.y_unit, spectrum.y_unit)


# --------------------------------------------------------------------------------------
# an entry


def _write_head(entry: Any, spectrum: Spectrum, missing: list[str]) -> None:
    meta = spectrum.meta
    if spectrum.axis.is_energy:
        add_field(entry, "definition", DEFINITION, version=DEFINITION_VERSION)
    add_field(entry, "title", spectrum.label or NOT_RECORDED)
    _write_start(entry, meta.date, missing)
    add_field(entry, "method", meta.technique or ("XPS" if spectrum.axis.is_energy else "Raman"))
    add_field(entry, "program_name", PROGRAM, version=__version__)
    if is_synthetic(spectrum):
        add_field(entry, "experiment_description", SYNTHETIC)
    operator = {"name": meta.extra.get("operator"), "affiliation": meta.extra.get("institution")}
    if any(operator.values()):
        user = add_group(entry, "user", "NXuser")
        for name, text in operator.items():
            add_field(user, name, str(text or NOT_RECORDED))
    sample = add_group(entry, "sample", "NXsample")
    add_field(sample, "name", _recorded(meta.sample, "sample/name", missing))


def _recorded(text: str, path: str, missing: list[str]) -> str:
    if not text:
        missing.append(path)
    return text or NOT_RECORDED


def _write_start(entry: Any, date: str, missing: list[str]) -> None:
    """Write the start time: one text if it has a zone, a list of one or none if not."""
    try:
        zoned = datetime.fromisoformat(date).tzinfo is not None
    except ValueError:
        add_texts(entry, "start_time", [])
        missing.append("start_time")
        return
    if zoned:
        add_field(entry, "start_time", date)
    else:
        add_texts(entry, "start_time", [date])


_AXIS_NAMES = {
    Axis.BINDING_ENERGY: "energy",
    Axis.KINETIC_ENERGY: "energy",
    Axis.RAMAN_SHIFT: "raman_shift",
    Axis.WAVELENGTH: "wavelength",
    Axis.UNKNOWN: "axis",
}
_AXIS_UNITS = {"cm-1": "1/cm"}


def axis_unit(spectrum: Spectrum) -> str:
    """Return the unit of the axis as NeXus writes it."""
    return _AXIS_UNITS.get(spectrum.axis.unit, spectrum.axis.unit)


def _write_data(entry: Any, spectrum: Spectrum) -> None:
    name = _AXIS_NAMES[spectrum.axis]
    data = add_group(entry, "data", "NXdata")
    axis = add_field(data, name, spectrum.x, axis_unit(spectrum))
    if spectrum.axis.is_energy:
        axis.attrs["type"] = _energy_type(spectrum)
    add_field(data, "data", spectrum.y, intensity_unit(spectrum))
    if spectrum.sigma is not None:
        add_field(data, "data_errors", spectrum.sigma, intensity_unit(spectrum))
    data.attrs["signal"] = "data"
    data.attrs["axes"] = [name]
    data.attrs[f"{name}_indices"] = 0


def _energy_type(spectrum: Spectrum) -> str:
    return "kinetic" if spectrum.axis is Axis.KINETIC_ENERGY else "binding"


def _write_instrument(
    entry: Any, spectrum: Spectrum, missing: list[str], assumed: list[str]
) -> None:
    meta = spectrum.meta
    instrument = add_group(entry, "instrument", "NXinstrument")
    if meta.instrument:
        add_field(instrument, "name", meta.instrument)
    beam = add_group(instrument, "beam_probe", "NXbeam")
    path = "instrument/beam_probe/incident_energy"
    add_field(beam, "incident_energy", _number(meta.excitation_energy_ev, path, missing), "eV")
    analyser = add_group(instrument, "electronanalyzer", "NXelectronanalyzer")
    path = "instrument/electronanalyzer/work_function"
    add_field(analyser, "work_function", _number(meta.work_function_ev, path, missing), "eV")
    column = add_group(analyser, "collectioncolumn", "NXcollectioncolumn")
    dispersion = add_group(analyser, "energydispersion", "NXenergydispersion")
    for group in (column, dispersion):
        path = group.name.removeprefix(f"{entry.name}/") + "/scheme"
        add_field(group, "scheme", _ASSUMED[path])
        assumed.append(path)
    _write_scan_mode(dispersion, str(meta.extra.get("analyser_mode", "")), missing)
    if meta.pass_energy_ev is not None:
        add_field(dispersion, "pass_energy", meta.pass_energy_ev, "eV")
    _write_detector(entry, analyser, spectrum)


def _number(value: float | None, path: str, missing: list[str]) -> float | None:
    if value is None:
        missing.append(path)
    return value


def _write_scan_mode(dispersion: Any, mode: str, missing: list[str]) -> None:
    known = _SCAN_MODES.get(mode)
    if known:
        add_field(dispersion, "energy_scan_mode", known)
        return
    path = "instrument/electronanalyzer/energydispersion/energy_scan_mode"
    add_field(dispersion, "energy_scan_mode", _recorded(mode, path, missing), custom=True)


def _write_detector(entry: Any, analyser: Any, spectrum: Spectrum) -> None:
    seconds = spectrum.meta.acquisition_time_s
    if spectrum.counts is None and seconds is None:
        return
    detector = add_group(analyser, "detector", "NXelectron_detector")
    if seconds is not None:
        add_field(detector, "count_time", seconds, "s")
    if spectrum.counts is not None:
        raw = add_group(detector, "raw_data", "NXdata")
        add_field(raw, "raw", spectrum.counts, long_name="detected counts, all scans together")
        raw["energy"] = entry["data/energy"]
        raw.attrs["signal"] = "raw"
        raw.attrs["axes"] = ["energy"]
        raw.attrs["energy_indices"] = 0


def _write_calibration(entry: Any, spectrum: Spectrum) -> None:
    """Write the charge correction with the axis as it was recorded."""
    calibration = spectrum.calibration
    if not calibration.shift or not spectrum.axis.is_energy:
        return
    group = add_group(entry, "energy_referencing", "NXcalibration")
    add_field(group, "physical_quantity", "energy")
    if calibration.reference:
        add_field(group, "reference_peak", calibration.reference)
    if calibration.assigned is not None:
        add_field(group, "binding_energy", calibration.assigned, "eV")
    add_field(group, "offset", calibration.shift, "eV")
    add_field(group, "original_axis", spectrum.x_recorded, "eV")
    add_field(group, "calibrated_axis", spectrum.x, "eV")


def _write_own(entry: Any, spectrum: Spectrum, missing: list[str], assumed: list[str]) -> None:
    """Write what NeXus has no field for."""
    own = add_group(entry, COLLECTION, "NXcollection")
    add_field(own, "format", MARK)
    add_field(own, "synthetic", "yes" if is_synthetic(spectrum) else "no")
    values = _json(to_values(spectrum))
    own.create_dataset("values", data=values)
    add_field(own, CHECKSUM, _checksum(spectrum, values))
    add_field(own, "axis_recorded", spectrum.x_recorded, axis_unit(spectrum))
    if spectrum.counts is not None and not spectrum.axis.is_energy:
        add_field(own, "counts", spectrum.counts)
    if spectrum.transmission is not None:
        add_field(own, "transmission", spectrum.transmission)
    add_columns(own, "columns", spectrum.columns)
    add_texts(own, "not_recorded", missing)
    add_texts(own, "assumed", assumed)


def _checksum(spectrum: Spectrum, values: str) -> str:
    names = ("y", "counts", "sigma", "transmission")
    arrays = {n: getattr(spectrum, n) for n in names if getattr(spectrum, n) is not None}
    columns = dict(spectrum.columns)
    return seal(sealed_arrays(spectrum.x_recorded, arrays, columns), [*columns, values])


def _json(value: Any) -> str:
    text = to_text(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise WriteError(f"the metadata cannot be written: {error.reason}.") from error
    return text


def add_columns(parent: Any, name: str, columns: Mapping[str, Any]) -> None:
    """Write named arrays; their names stand in the attribute ``name``."""
    group = add_group(parent, name, "NXcollection")
    for number, (label, values) in enumerate(columns.items()):
        field = group.create_dataset(str(number), data=np.asarray(values))
        field.attrs["name"] = to_text(label)
