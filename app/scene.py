"""What the window shows at one moment, as one value that every view is given.

A `Scene` is made from the project and the selection; views read from it and hold nothing that
is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from spectra_core.editing.edits import owner_of
from spectra_core.fitting import FitResult, RegionFit
from spectra_core.model import Region
from spectra_core.project.project import Analysis, Project
from spectra_core.referee.verdict import Verdict
from spectra_core.results.scales import Scales, scales_of
from spectra_core.spectrum import Spectrum

from .formula import formula
from .selection import Selection
from .verdicts import region_verdict


@dataclass(frozen=True, eq=False)
class Scene:
    """The project, what is chosen in it, and the curves of the model as it is now.

    Attributes
    ----------
    project : Project
    selection : Selection
    spectrum : Spectrum or None
        The main spectrum, on the axis it is fitted on.
    analysis : Analysis or None
    region : Region or None
        The chosen region of the analysis' model; None without an analysis.
    fit : FitResult or None
        Curves, values and errors to show: the stored fit while it is not stale, else the
        model drawn as it is (``method == "none"``: no errors), else None with a `problem`.
    fitted : bool
        `fit` is the result of a fit of what is shown.
    stale : bool
        There is a fit, but of another model or other spectra than are shown.
    problem : str
        Why the model cannot be drawn, in a sentence; empty if it can.
    overlays : mapping of str to Spectrum
        Further chosen spectra by id, on their fitting axes.
    colours : mapping of str to str
        ``#rrggbb`` of each component and doublet of the region, by id; both lines of a doublet
        have one.
    dragging : bool
        A drag is in progress: the values are on their way.
    """

    project: Project
    selection: Selection = field(default_factory=Selection)
    spectrum: Spectrum | None = None
    analysis: Analysis | None = None
    region: Region | None = None
    fit: FitResult | None = None
    fitted: bool = False
    stale: bool = False
    problem: str = ""
    overlays: Mapping[str, Spectrum] = field(default_factory=lambda: MappingProxyType({}))
    colours: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    dragging: bool = False

    @property
    def region_fit(self) -> RegionFit | None:
        """Curves of the chosen region."""
        if self.fit is None or self.region is None:
            return None
        return self.fit.region(self.region.name)

    @property
    def scales(self) -> Scales:
        """The recorded and the referenced scale of the main spectrum."""
        if self.spectrum is None:
            return Scales()
        return scales_of(self.spectrum, self.fit, self.region.name if self.region else "")

    @property
    def verdict(self) -> Verdict | None:
        """The referee's word on the fit of the chosen region; None where there is no fit."""
        if self.analysis is None or self.region is None or not self.fitted or self.dragging:
            return None
        return region_verdict(self.analysis, self.region.name)

    def owner_of(self, component: str) -> str:
        """Return the doublet that a component of the region belongs to, or itself."""
        if self.region is None or component not in {c.id for c in self.region.components}:
            return component
        return owner_of(self.region, component)

    def name_of(self, component: str) -> str:
        """Return what the doublet of a component, or itself, is called in a sentence."""
        return formula(self.owner_of(component)) if component else ""
