"""From a scene to what the plot paints: titles, curves between the channels, names of spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from spectra_core.editing.edits import members, owner_label, owners
from spectra_core.fitting import FitResult
from spectra_core.fitting.weights import counting_noise
from spectra_core.model import Region
from spectra_core.spectrum import Array, Axis, Spectrum

from ..formula import formula
from ..scene import Scene
from ..widgets import in_locale, printed
from .plot_hover import printed_axis_unit
from .plot_items import Band, Trace
from .plot_names import PeakName

_SMOOTH_TO = 480
_DECADES = 1e6
"""The largest count over the least that a logarithmic axis shows."""
_OVERLAY_TONES = ("#56B4E9", "#CC79A7", "#009E73", "#E69F00", "#8C6BB1", "#D55E00", "#7F7F7F")

AXIS_NAMES = {
    Axis.BINDING_ENERGY: "Binding energy",
    Axis.KINETIC_ENERGY: "Kinetic energy",
    Axis.RAMAN_SHIFT: "Raman shift",
    Axis.WAVELENGTH: "Wavelength",
    Axis.UNKNOWN: "Axis not known",
}


@dataclass(frozen=True, eq=False)
class Height:
    """How intensities become places on the vertical axis.

    Attributes
    ----------
    is_log : bool
    floor : float
        On a logarithmic axis, what is not above it is drawn there.
    """

    is_log: bool = False
    floor: float = 1.0

    def up(self, y: Array) -> Array:
        """Return places of intensities, any shape."""
        return np.log10(np.maximum(y, self.floor)) if self.is_log else y

    def down(self, place: float) -> float:
        """Return the intensity at a place."""
        return float(10.0**place) if self.is_log else place


def height_for(spectrum: Spectrum | None, *, is_log: bool) -> Height:
    """Return the vertical scale of a spectrum; counts of zero lie a little below the least.

    What is below its own counting noise says no more than zero does: as the least it would only
    open empty decades, and so would the far tails of a computed spectrum.
    """
    if spectrum is None or not is_log:
        return Height()
    y = spectrum.y
    noise = counting_noise(spectrum, y) if spectrum.sigma is None else spectrum.sigma
    # In a unit of counts the noise of one count is one: rounding must not make it the larger.
    above = y[(y > 0) & (y >= 0.999 * (0.0 if noise is None else noise))]
    if not above.size:
        above = y[y > 0]
    if not above.size:
        return Height(True, 1.0)
    return Height(True, max(0.5 * float(above.min()), float(above.max()) / _DECADES))


@cache
def _weights(n_points: int, parts: int) -> Array:
    """Return the matrix of a cubic spline from N channels to points between them."""
    from scipy.interpolate import CubicSpline

    fine = np.arange((n_points - 1) * parts + 1) / parts
    return np.asarray(CubicSpline(np.arange(n_points), np.eye(n_points))(fine))


def smoothed(x: Array, *curves: Array) -> tuple[Array, list[Array]]:
    """Return fitted curves with points between the channels, so that they show no corners.

    All curves alike, so that they still add up, and through the computed values: it is the
    way the figures of a report are drawn too.

    Parameters
    ----------
    x : ndarray, shape (N,)
    *curves : ndarray, shape (N,)

    Returns
    -------
    x : ndarray, shape (M,)
    curves : list of ndarray, shape (M,)
    """
    parts = max(1, _SMOOTH_TO // max(x.size, 1))
    if x.size < 4 or parts == 1:
        return x, list(curves)
    fine = np.interp(np.arange((x.size - 1) * parts + 1) / parts, np.arange(x.size), x)
    return fine, list((_weights(x.size, parts) @ np.stack(curves, axis=1)).T.copy())


def curves_of(
    fit: FitResult, region: Region, scene: Scene, chosen: str, *, components: bool, height: Height
) -> tuple[Array, Array, Array, list[Band]]:
    """Return what is drawn of a fit.

    Parameters
    ----------
    fit : FitResult
    region : Region
    scene : Scene
        Its colours are used.
    chosen : str
        Component id; drawn last, and the other line of its doublet with it.
    components : bool
        Whether components are wanted.
    height : Height

    Returns
    -------
    x, background, envelope : ndarray, shape (M,)
        As places on the axes.
    bands : list of Band
    """
    shown = fit.region(region.name)
    ids = [c.id for c in region.components if c.id in shown.peaks] if components else []
    peaks = [shown.peaks[key] for key in ids]
    x, (background, envelope, *tops) = smoothed(shown.x, shown.background, shown.envelope, *peaks)
    bands = []
    for key, peak in zip(ids, tops, strict=True):
        doublet = region.doublet_of(key)
        pale = doublet is not None and doublet.minor == key
        with_it = doublet is not None and chosen in (doublet.major, doublet.minor)
        tone = scene.colours.get(key, "#7F7F7F")
        bands.append(Band(key, height.up(background + peak), tone, pale, key == chosen or with_it))
    bands.sort(key=lambda band: band.chosen)
    return x, height.up(background), height.up(envelope), bands


def peak_names(
    fit: FitResult, region: Region, scene: Scene, chosen: str, height: Height
) -> list[PeakName]:
    """Return the name of each doublet or single line that is drawn, at its highest place."""
    shown, found = fit.region(region.name), []
    for owner in owners(region):
        first = members(region, owner)[0]
        peak = shown.peaks.get(first.id)
        if peak is None:
            continue
        at = int(np.argmax(peak))
        top, foot = height.up(shown.background[at] + peak[at]), height.up(shown.background[at])
        found.append(
            PeakName(
                owner,
                formula(owner_label(region, owner)),
                float(shown.x[at]),
                float(top),
                float(foot),
                scene.colours.get(first.id, "#7F7F7F"),
                chosen in (owner, first.id),
            )
        )
    return found


def fitted_tones(scene: Scene) -> dict[str, str]:
    """Return the colours of what the model holds, by its label."""
    if scene.region is None:
        return {}
    return {
        formula(owner_label(scene.region, owner)): tone
        for owner in owners(scene.region)
        if (tone := scene.colours.get(members(scene.region, owner)[0].id))
    }


def component_at(scene: Scene, x: float, y: float) -> str:
    """Return the id of the component whose filled area holds a place, or ""."""
    shown = scene.region_fit
    if shown is None or not shown.x[0] <= x <= shown.x[-1]:
        return ""
    base = float(np.interp(x, shown.x, shown.background))
    inside = {key: float(np.interp(x, shown.x, curve)) for key, curve in shown.peaks.items()}
    found = [key for key, height in inside.items() if 0 < y - base <= height]
    return max(found, key=lambda key: inside[key]) if found else ""


def overlay_traces(scene: Scene, waterfall: float, height: Height) -> list[Trace]:
    """Return the further spectra, each raised by a part of the main one's height."""
    if scene.spectrum is None:
        return []
    step = waterfall * (float(np.ptp(height.up(scene.spectrum.y))) or 1.0)
    names = names_apart([scene.spectrum, *scene.overlays.values()])[1:]
    return [
        Trace(
            key,
            spectrum.x,
            height.up(spectrum.y) + number * step,
            _OVERLAY_TONES[(number - 1) % len(_OVERLAY_TONES)],
            names[number - 1],
        )
        for number, (key, spectrum) in enumerate(scene.overlays.items(), 1)
    ]


def name_of(spectrum: Spectrum) -> str:
    """Return sample, state and region of a spectrum, as far as they are recorded."""
    meta = spectrum.meta
    return " · ".join(part for part in (sample_of(spectrum), meta.region) if part) or "spectrum"


def names_apart(spectra: Sequence[Spectrum]) -> list[str]:
    """Return what tells spectra apart: the parts of their names that not all of them have.

    The words that all samples begin or end with are left out too.
    """
    samples = without_common_words([spectrum.meta.sample for spectrum in spectra])
    parts = [
        (sample, *_parts_of(spectrum)) for sample, spectrum in zip(samples, spectra, strict=True)
    ]
    same = [len(set(column)) == 1 for column in zip(*parts, strict=True)]
    apart = [
        " · ".join(part for part, is_same in zip(own, same, strict=True) if part and not is_same)
        for own in parts
    ]
    return [name or name_of(spectrum) for name, spectrum in zip(apart, spectra, strict=True)]


def without_common_words(names: Sequence[str]) -> list[str]:
    """Return names without the words that all of them begin or end with; equal ones stay.

    A word after a number stays with it: it is its unit.
    """
    if len(set(names)) < 2:
        return list(names)
    words = [name.split() for name in names]
    ahead = _common(words)
    rest = [own[ahead:] for own in words]
    behind = _common([own[::-1] for own in rest])
    kept = [own[: len(own) - behind] for own in rest]
    if behind and any(own and own[-1][-1].isdigit() for own in kept):
        kept = [own[: len(own) - behind + 1] for own in rest]
    return [" ".join(own) or name for own, name in zip(kept, names, strict=True)]


def _common(lists: Sequence[Sequence[str]]) -> int:
    """Return how many first items are the same in all lists."""
    return next(
        (at for at, column in enumerate(zip(*lists, strict=False)) if len(set(column)) > 1),
        min(map(len, lists)),
    )


def _parts_of(spectrum: Spectrum) -> tuple[str, str]:
    etched = spectrum.meta.etch_time_s
    time = "" if etched is None else f"etched {in_locale(f'{etched:g}')} s"
    return time, spectrum.meta.region


def axis_name(spectrum: Spectrum | None, *, kinetic: bool = False) -> str:
    """Return the name of an axis with its unit; empty without a spectrum."""
    if spectrum is None:
        return ""
    name, unit = AXIS_NAMES[spectrum.axis], printed_axis_unit(spectrum)
    name = "Kinetic energy" if kinetic else name
    return f"{name} ({unit})" if unit else name


def title_of(scene: Scene, spectrum: Spectrum) -> str:
    """Return what the spectrum is of: its region, or what the file says."""
    if spectrum.meta.region:
        return spectrum.meta.region
    if scene.region is not None:
        return scene.region.name
    return "Raman" if spectrum.axis is Axis.RAMAN_SHIFT else "Spectrum"


def sample_of(spectrum: Spectrum) -> str:
    """Return the sample, and its sputter time where it has one."""
    etched = spectrum.meta.etch_time_s
    time = f"etched {in_locale(f'{etched:g}')} s" if etched else ""
    return " · ".join(part for part in (spectrum.meta.sample, time) if part)


def about(scene: Scene) -> str:
    """Return what belongs to the spectrum shown: its model, joint regions, state, shift."""
    parts = []
    if scene.analysis is not None:
        parts.append(scene.analysis.model.title)
        shown = scene.region.name if scene.region is not None else ""
        others = [r.name for r in scene.analysis.model.regions if r.name != shown]
        if others:
            parts.append(f"joint with {', '.join(others)}")
        if scene.stale:
            parts.append("changed after its fit")
        elif not scene.fitted:
            parts.append("not fitted")
    if scene.spectrum is not None and scene.spectrum.calibration.shift:
        calibration = scene.spectrum.calibration
        shift = printed(f"{calibration.shift:+.2f}")
        reference = f" ({calibration.reference})" if calibration.reference else ""
        parts.append(f"calibrated {shift} {printed_axis_unit(scene.spectrum)}{reference}")
    return " · ".join(part for part in parts if part)
