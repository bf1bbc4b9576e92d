"""From the project and the selection to the scene that the views show."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import MappingProxyType

from spectra_core.errors import SpectraError
from spectra_core.fitting import FitResult
from spectra_core.model import Region
from spectra_core.project.analyses import drawn
from spectra_core.project.project import Analysis, Project, is_stale
from spectra_core.results.colours import component_colours
from spectra_core.spectrum import Spectrum, on_binding_energy

from .scene import Scene
from .selection import Selection

_LOG = logging.getLogger(__name__)
_KEPT = 16


class SceneMaker:
    """Makes scenes; a model that was drawn is kept until it or its spectra change."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[int, ...], tuple[object, FitResult | str]] = {}
        self._axes: dict[int, tuple[Spectrum, Spectrum]] = {}

    def scene(self, project: Project, selection: Selection) -> Scene:
        """Return what is to be shown."""
        if selection.spectrum is None:
            return Scene(project, selection)
        spectrum = self._on_axis(project.spectrum(selection.spectrum))
        others = MappingProxyType(
            {i: self._on_axis(project.spectrum(i)) for i in selection.spectra[1:]}
        )
        if selection.analysis is None or selection.region is None:
            return Scene(project, selection, spectrum, overlays=others)
        analysis = project.analysis(selection.analysis)
        region = analysis.model.region(selection.region)
        stale = is_stale(project, selection.analysis)
        fitted = analysis.stored is not None and not stale
        found = self._curves(project, selection.analysis, analysis)
        fit, problem = (None, found) if isinstance(found, str) else (found, "")
        return Scene(
            project,
            selection,
            spectrum,
            analysis,
            region,
            fit,
            fitted,
            stale,
            problem,
            others,
            MappingProxyType(component_colours(region)),
        )

    def _on_axis(self, spectrum: Spectrum) -> Spectrum:
        known = self._axes.get(id(spectrum))
        if known is None or known[0] is not spectrum:
            known = (spectrum, on_binding_energy(spectrum))
            self._axes = dict(list(self._axes.items())[-4 * _KEPT :]) | {id(spectrum): known}
        return known[1]

    def _curves(self, project: Project, key: str, analysis: Analysis) -> FitResult | str:
        spectra = [project.spectrum(i) for i in analysis.spectra.values()]
        parts = (analysis, *spectra)
        place = tuple(id(part) for part in parts)
        if place not in self._drawn:
            self._drawn = dict(list(self._drawn.items())[-_KEPT:])
            # The parts are kept with the curves, so that their ids stay theirs.
            self._drawn[place] = (parts, _drawn(project, key))
        return self._drawn[place][1]


def _drawn(project: Project, key: str) -> FitResult | str:
    try:
        return drawn(project, key)
    except SpectraError as error:
        return str(error)
    except (ArithmeticError, ValueError) as error:
        _LOG.warning("a model could not be drawn", exc_info=error)
        return f"The model cannot be drawn: {error}."


def dragged_scene(scene: Scene, fit: FitResult, region: Region) -> Scene:
    """Return the scene in the middle of a drag: other curves, nothing else changed."""
    return replace(scene, fit=fit, region=region, fitted=False, dragging=True)
