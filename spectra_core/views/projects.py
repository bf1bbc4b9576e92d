"""A project: its spectra, and what was fitted."""

from __future__ import annotations

from ..project.project import Analysis, Project
from . import View
from .fits import region_goodness
from .screens import Grid, Screen


def screen(project: Project) -> Screen:
    """Return spectra and analyses."""
    spectra = [(key, spectrum.label) for key, spectrum in project.spectra.items()]
    analyses = [
        (key, analysis.label, _state(analysis)) for key, analysis in project.analyses.items()
    ]
    title = (
        f"Project: {len(spectra)} spectra, {len(analyses)} analyses, {len(project.ratios)} ratios"
    )
    grids = (Grid(spectra, ("id", "spectrum")), Grid(analyses, ("id", "analysis", "state")))
    return Screen(title, tuple(grid for grid in grids if grid.rows))


def _state(analysis: Analysis) -> str:
    result = analysis.result
    if result is None:
        return "not fitted"
    return f"{result.status.value}, {region_goodness(result.regions[0])}"


VIEWS = {"Project": View(screen)}
