"""From a scene to what the slide rule of the plot says: scales, shift, reference."""

from __future__ import annotations

from spectra_core.editing.edits import members, owner_label, owner_of, owners, state_of
from spectra_core.fitting import FitResult
from spectra_core.model import Component
from spectra_core.results.scales import LEAST, Scales, scales_of
from spectra_core.results.table import rounded
from spectra_core.spectrum import Spectrum

from ..formula import formula
from ..scene import Scene
from ..widgets import in_locale, printed
from .plot_hover import printed_axis_unit
from .plot_rule import Rule
from .plot_scene import axis_name


def rule_of(scene: Scene, fit: FitResult | None, mirror: float | None) -> Rule:
    """Return both scales of a scene under a fit, and what the chip between them says.

    Parameters
    ----------
    scene : Scene
    fit : FitResult or None
        That of the scene, or of a drag in progress.
    mirror : float or None
        Photon energy where kinetic energies are printed.
    """
    spectrum, region = scene.spectrum, scene.region
    if spectrum is None:
        return Rule(Scales())
    scales = scales_of(spectrum, fit, region.name if region is not None else "")
    axis = axis_name(spectrum, kinetic=mirror is not None)
    slides = region is not None and fit is not None and abs(scales.shift) >= LEAST
    if not slides or region is None or fit is None:
        return Rule(scales, axis, _calibration_words(spectrum), kinetic=mirror)
    anchor = anchor_of(scene)
    words = _shift_words(scales, printed_axis_unit(spectrum))
    if anchor is None:
        return Rule(scales, axis, words, slides=True, kinetic=mirror)
    center = fit.value(f"{region.name}/{anchor.id}/center")
    words += f", {formula(owner_label(region, owner_of(region, anchor.id)))} = "
    words += printed(f"{center:.2f}")
    return Rule(scales, axis, words, scales.place_of(center), slides=True, kinetic=mirror)


def anchor_of(scene: Scene) -> Component | None:
    """Return the component whose fixed centre the shift is measured by; the chosen one first."""
    region = scene.region
    if region is None or scene.analysis is None:
        return None
    model = scene.analysis.model
    fixed = [
        component
        for owner in owners(region)
        for component in members(region, owner)[:1]
        if component.enabled
        and state_of(model, f"{region.name}/{component.id}/center").kind == "fixed"
    ]
    chosen = scene.selection.owner
    return next((c for c in fixed if owner_of(region, c.id) == chosen), next(iter(fixed), None))


def _shift_words(scales: Scales, unit: str) -> str:
    text, error = rounded(scales.shift, scales.stderr)
    text = printed(text if error else f"{scales.shift:.3f}")
    return f"shift {text}" + (f" ± {in_locale(error)}" if error else "") + f" {unit}"


def _calibration_words(spectrum: Spectrum) -> str:
    calibration, unit = spectrum.calibration, printed_axis_unit(spectrum)
    text = f"calibrated {printed(f'{calibration.shift:+.3f}')}"
    if calibration.uncertainty:
        text += f" ± {in_locale(f'{calibration.uncertainty:.2g}')}"
    assigned = "" if calibration.assigned is None else f" = {calibration.assigned:.2f}"
    reference = f", {calibration.reference}{printed(assigned)}" if calibration.reference else ""
    return f"{text} {unit}{reference}"
