"""A measured spectrum: what it is, where it is from, its points, its curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..spectrum import Spectrum
from . import Columns, View
from .screens import Grid, Screen

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def line(spectrum: Spectrum) -> str:
    """Return a spectrum in one line."""
    name = spectrum.label or "without a name"
    return f"Spectrum {name}: {_axis(spectrum)}, {len(spectrum)} points, {spectrum.y_unit}"


def screen(spectrum: Spectrum) -> Screen:
    """Return a spectrum in some lines."""
    rows = [
        ("axis", f"{_axis(spectrum)}, {len(spectrum)} points, step {spectrum.step:.4g}"),
        ("intensity", _intensity(spectrum)),
        ("measured", _measured(spectrum)),
        ("calibration", _calibration(spectrum)),
        ("from", _source(spectrum)),
        ("columns", ", ".join(spectrum.columns)),
        ("comment", " ".join(spectrum.meta.comment.split())[:200]),
    ]
    grid = Grid([row for row in rows if row[1]])
    return Screen(f"Spectrum {spectrum.label or 'without a name'}", (grid,))


def _axis(spectrum: Spectrum) -> str:
    low, high = spectrum.x[0], spectrum.x[-1]
    return f"{spectrum.axis.value} {low:.6g} to {high:.6g} {spectrum.axis.unit}".strip()


def _intensity(spectrum: Spectrum) -> str:
    parts = [f"{spectrum.y.min():.5g} to {spectrum.y.max():.5g} {spectrum.y_unit}"]
    known = {
        "counts known": spectrum.counts is not None,
        "with standard deviations": spectrum.sigma is not None,
        "transmission recorded": spectrum.transmission is not None,
    }
    return ", ".join([*parts, *(words for words, there in known.items() if there)])


def _measured(spectrum: Spectrum) -> str:
    meta = spectrum.meta
    parts = [
        meta.technique,
        f"{meta.excitation_energy_ev:g} eV" if meta.excitation_energy_ev else "",
        f"laser {meta.laser_nm:g} nm" if meta.laser_nm else "",
        f"pass energy {meta.pass_energy_ev:g} eV" if meta.pass_energy_ev else "",
        f"{meta.scans:g} scans" if meta.scans else "",
        f"dwell {meta.dwell_s:g} s" if meta.dwell_s else "",
        f"etched {meta.etch_time_s:g} s" if meta.etch_time_s else "",
        meta.instrument,
        meta.date,
    ]
    return ", ".join(part for part in parts if part)


def _calibration(spectrum: Spectrum) -> str:
    calibration = spectrum.calibration
    if not calibration.is_applied:
        return "none"
    assigned = f" at {calibration.assigned:g}" if calibration.assigned is not None else ""
    reference = f", {calibration.reference}{assigned}" if calibration.reference else ""
    return f"{calibration.formula(spectrum.axis.unit)}{reference}"


def _source(spectrum: Spectrum) -> str:
    source = spectrum.source
    kind = f" ({source.format})" if source.format else ""
    return f"{source.file}{kind}, number {source.index}" if source.file else ""


def _named_arrays(spectrum: Spectrum) -> dict[str, Any]:
    arrays = {
        "counts": spectrum.counts,
        "sigma": spectrum.sigma,
        "transmission": spectrum.transmission,
    }
    return {
        "intensity": spectrum.y,
        **{name: values for name, values in arrays.items() if values is not None},
        **spectrum.columns,
    }


def axis_name(spectrum: Spectrum) -> str:
    """Return what the axis is called in tables: ``binding_energy``, ``raman_shift`` ..."""
    return spectrum.axis.value.lower().replace(" ", "_")


def points(spectrum: Spectrum) -> Columns:
    """Return the calibrated axis and every ordinate."""
    return {axis_name(spectrum): spectrum.x, **_named_arrays(spectrum)}


def dataset(spectrum: Spectrum, part: object = None) -> xarray.Dataset:
    """Return every ordinate over the calibrated axis."""
    import xarray

    axis = axis_name(spectrum)
    found = xarray.Dataset(
        {name: ((axis,), values) for name, values in _named_arrays(spectrum).items()},
        {axis: ((axis,), spectrum.x, {"units": spectrum.axis.unit})},
        {"sample": spectrum.meta.sample, "region": spectrum.meta.region},
    )
    found["intensity"].attrs["units"] = spectrum.y_unit
    return found


def draw(spectrum: Spectrum, axes: Axes | None = None, part: object = None) -> Axes:
    """Draw the curve."""
    from ..results.figures import draw_spectrum, new_axes

    axes = new_axes() if axes is None else axes
    draw_spectrum(axes, spectrum)
    return axes


VIEWS = {"Spectrum": View(screen, line, frames={"points": points}, dataset=dataset, draw=draw)}
