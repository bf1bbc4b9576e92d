"""What the lint's rules see, and what they say.

A rule is a function from a `Context` (the fit, and whatever else is known of the sample)
to `Note`s. Nothing in a rule decides how a finding is printed, and nothing outside a
rule decides whether it applies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..calibration import ReferenceLine
from ..core_levels import CoreLevel, core_level, core_levels
from ..curves.measured import is_measured
from ..fitting import FitResult, FitWarning, RegionFit
from ..fitting.start import WIDTH_NAMES
from ..model import REGION, Component, Doublet, Region
from ..spectrum import Calibration, Spectrum
from .alternatives import Comparison, compare_components
from .hump import HumpTest, hump_test
from .residuals import level_of_component
from .rigidity import Separations
from .score import Excess, Minimum, largest_excess_of, minimum_of
from .ties import Tension, tensions

if TYPE_CHECKING:
    from ..library import PeakLibrary

Severity = Literal["note", "warning", "alarm"]
_LOSSES = ("plasmon", "loss", "satellite", "shake", "pi-pi", "auger", "hump", "inelastic")


@dataclass(frozen=True)
class Finding(FitWarning):
    """A referee's remark on a fit.

    Attributes
    ----------
    code : str
        Stable; a row of `spectra_core.referee.rules.RULES`.
    message : str
        One plain sentence with the numbers.
    where : str
        Region, component or parameter path; empty for the whole fit.
    advice : str
        What to do about it.
    severity : {"note", "warning", "alarm"}
        Worth knowing; changes numbers; the numbers should not be used as they are.
    """

    advice: str = ""
    severity: Severity = "warning"


@dataclass(frozen=True)
class Note:
    """What a rule found: where, in which words; advice and severity if not the rule's own."""

    where: str
    message: str
    advice: str = ""
    severity: Severity | None = None


@dataclass(frozen=True)
class Expected:
    """Where a species' line is expected on the stated reference scale.

    Attributes
    ----------
    level, species : str
        E.g. ``"S 2p"``, ``"PS4(3-)"``; species are compared without regard to case.
    center, tolerance : float
        eV; of the line of lower binding energy where it is a doublet.
    status : str
        ``"A"``, ``"B"``, ``"C"`` or ``"unconfirmed"``.
    names : tuple of str
        Other names of the species.
    width_class : str
        Species of one class may share a width; empty if not stated.
    spread : float or None
        Half range of what the sources say, eV.
    entry : str
        By which separations name it; empty outside a library.
    """

    level: str
    species: str
    center: float
    tolerance: float
    status: str = ""
    names: tuple[str, ...] = ()
    width_class: str = ""
    spread: float | None = None
    entry: str = ""

    def means(self, *texts: str) -> bool:
        """Return whether one of `texts` is this species."""
        return any(_folded(text) in self._known for text in texts if text)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(_folded(name) for name in (self.species, *self.names))


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return "".join(text.casefold().split())


@dataclass(frozen=True)
class Interference:
    """Something else that stands in a level's window.

    Attributes
    ----------
    level : str
        Whose window, e.g. ``"S 2p"``.
    low, high : float
        Where it stands, eV.
    name : str
        What it is, in words.
    shown_by : tuple of str
        Core levels that show whether the element is there, e.g. ``("Si 2p",)``.
    broad : bool
        An energy loss or another hump wider than a core line.
    advice : str
    """

    level: str
    low: float
    high: float
    name: str
    shown_by: tuple[str, ...]
    broad: bool = False
    advice: str = ""


@lru_cache(maxsize=8)
def expectations(library: PeakLibrary) -> tuple[Expected, ...]:
    """Return the consensus positions of a peak library that have one."""
    return tuple(
        Expected(
            entry.level,
            entry.species,
            entry.center,
            entry.tolerance,
            entry.status,
            (entry.label, entry.id, *entry.aliases, *_parts(entry.label), *_parts(entry.species)),
            entry.width_class,
            entry.spread,
            entry.id,
        )
        for entry in library.entries.values()
        if entry.center is not None and entry.tolerance is not None and entry.unit == "eV"
    )


def _parts(text: str) -> list[str]:
    """Return the names in a text that lists several, e.g. ``"Li2S / S2-"``."""
    return [part.strip() for part in re.split(r" / |, | or ", text)]


@lru_cache(maxsize=8)
def library_separations(library: PeakLibrary) -> Separations:
    """Return the known distances between two lines of a peak library, eV."""
    return {
        (row.a, row.b): (row.value, row.tolerance)
        for row in library.separations.values()
        if row.unit == "eV"
    }


@lru_cache(maxsize=8)
def library_overlaps(library: PeakLibrary) -> tuple[Interference, ...]:
    """Return the overlap warnings of a peak library."""
    return tuple(
        Interference(
            row.level,
            *row.window,
            row.what,
            tuple(_main_level(e) for e in row.elements),
            broad="loss" in row.what,
            advice=_sentence(row.test),
        )
        for row in library.all_overlaps.values()
        if row.unit == "eV"
    )


def _main_level(element: str) -> str:
    """Return the level by which an element is usually recognised under Al K alpha."""
    known = core_levels()
    for shell in ("2p", "3d", "4f", "1s"):
        level = known.get(f"{element} {shell}")
        if level is not None and 20.0 < level.nominal_ev < 1200.0:
            return level.name
    return ""


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


@dataclass(frozen=True, eq=False)
class Owner:
    """A doublet, or a component that stands alone, as fitted.

    Attributes
    ----------
    name : str
        Its id, by which paths can name it.
    result : FitResult
    region : Region
    fitted : RegionFit
    component : Component
        Itself, or the major line.
    doublet : Doublet or None
    level : str
        Core level; empty if nothing says it.
    """

    name: str
    result: FitResult
    region: Region
    fitted: RegionFit
    component: Component
    doublet: Doublet | None
    level: str

    @property
    def where(self) -> str:
        """Path of the owner."""
        return f"{self.region.name}/{self.name}"

    @cached_property
    def is_loss(self) -> bool:
        """Whether its names say that it is no core line but a loss or satellite."""
        texts = f"{self.name} {self.component.label} {self.component.species}".casefold()
        return any(word in texts for word in _LOSSES)

    @property
    def is_spectrum(self) -> bool:
        """Whether it is a measured spectrum, with all lines and states of that."""
        return is_measured(self.component.lineshape)

    @cached_property
    def core_level(self) -> CoreLevel | None:
        """The level's data."""
        return core_level(self.level) if self.level else None

    def path(self, parameter: str) -> str:
        """Return the path of a parameter; of a doublet's area that of both lines."""
        owner = self.name if parameter == "area" else self.component.id
        return f"{self.region.name}/{owner}/{parameter}"

    @property
    def has_area(self) -> bool:
        """Whether its shape has a finite area."""
        return "area" in self.component.parameters

    @cached_property
    def area(self) -> float:
        """Area of both lines."""
        return self.result.value(self.path("area"))

    @cached_property
    def area_stderr(self) -> float | None:
        """Standard error of the area."""
        return self.result.stderr(self.path("area"))

    @cached_property
    def center(self) -> float:
        """Centre with the region's shift, on the calibrated axis."""
        shift = self.result.value(f"{self.region.name}/{REGION}/shift")
        return self.result.value(self.path("center")) + shift

    @cached_property
    def position(self) -> float:
        """Centre with the charge shift that the fit itself found taken off."""
        return self.result.value(self.path("center"))

    @cached_property
    def width(self) -> float:
        """True width at half height of the (major) line."""
        return self.result.summary(self.region.name, self.component.id).fwhm

    @cached_property
    def width_names(self) -> list[str]:
        """Which width parameters its shape has."""
        return [name for name in WIDTH_NAMES if name in self.component.parameters]


@dataclass(frozen=True, eq=False)
class Context:
    """A fit and whatever else is known of the sample.

    Attributes
    ----------
    result : FitResult
    expected : tuple of Expected
        From a library; empty if none is given.
    overlaps : tuple of Interference
    spectra : tuple of Spectrum
        Other spectra of the sample: a survey, the C 1s and Si 2p regions.
    reference : ReferenceLine or None
        How the charge reference was found.
    separations : mapping
        Known distances between two lines, see `spectra_core.referee.rigidity.Separations`.
    """

    result: FitResult
    expected: tuple[Expected, ...] = ()
    overlaps: tuple[Interference, ...] = ()
    spectra: tuple[Spectrum, ...] = ()
    reference: ReferenceLine | None = None
    separations: Separations = field(default_factory=dict)
    fitted: Mapping[str, RegionFit] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fitted", {r.name: r for r in self.result.regions})

    @cached_property
    def owners(self) -> tuple[Owner, ...]:
        """Every enabled doublet and single component, in the order of the model."""
        return tuple(
            owner for region in self.result.model.regions for owner in self._owners(region)
        )

    def expected_of(self, owner: Owner) -> Expected | None:
        """Return where the owner's species is expected; None if it is not known."""
        names = (owner.component.species, owner.component.label, owner.name)
        rows = [e for e in self.expected if e.level == owner.level and e.means(*names)]
        return min(rows, key=lambda e: abs(e.center - owner.position)) if rows else None

    def owners_in(self, region_name: str) -> list[Owner]:
        """Return the owners of one region."""
        return [owner for owner in self.owners if owner.region.name == region_name]

    def _owners(self, region: Region) -> Iterator[Owner]:
        minors = {d.minor for d in region.doublets}
        for component in region.components:
            if not component.enabled or component.id in minors:
                continue
            doublet = region.doublet_of(component.id)
            yield Owner(
                doublet.id if doublet else component.id,
                self.result,
                region,
                self.fitted[region.name],
                component,
                doublet,
                level_of_component(region, component),
            )

    @cached_property
    def comparison(self) -> Comparison:
        """The model with a component less and one more; computed when first asked for."""
        return compare_components(self.result)

    @cached_property
    def tensions(self) -> tuple[Tension, ...]:
        """What the ties between levels say; computed when first asked for."""
        return tensions(self.result)

    @cached_property
    def minimum(self) -> Minimum:
        """Residuals and tangent directions of the fit; computed when first asked for."""
        return minimum_of(self.result)

    def excess(self, region_name: str) -> Excess | None:
        """Return where one more component would gain most; computed when first asked for."""
        if region_name not in self._excesses:
            found = largest_excess_of(self.result, self.minimum, region_name)
            self._excesses[region_name] = found
        return self._excesses[region_name]

    @cached_property
    def _excesses(self) -> dict[str, Excess | None]:
        return {}

    def hump(self, region_name: str) -> HumpTest | None:
        """Return the hump test of a region; computed when first asked for."""
        if region_name not in self._humps:
            self._humps[region_name] = hump_test(self.result, region_name)
        return self._humps[region_name]

    @cached_property
    def _humps(self) -> dict[str, HumpTest | None]:
        return {}

    @cached_property
    def refits(self) -> dict[str, FitResult | None]:
        """What rules found by fitting without an owner, by its path: several ask for the same."""
        return {}

    @property
    def regions(self) -> tuple[RegionFit, ...]:
        """Fitted regions."""
        return self.result.regions

    @property
    def xps_regions(self) -> tuple[RegionFit, ...]:
        """Fitted regions on an electron energy axis."""
        return tuple(r for r in self.result.regions if r.spectrum.axis.is_energy)

    def calibration_of(self, region: RegionFit) -> Calibration:
        """Return the calibration that the region's spectrum carries."""
        return region.spectrum.calibration


Check = Callable[[Context], Iterator[Note]]


@dataclass(frozen=True)
class Rule:
    """One row of the lint's table.

    Attributes
    ----------
    code, title : str
    severity : {"note", "warning", "alarm"}
    check : callable
        Yields what it finds.
    advice : str
        What to do.
    """

    code: str
    title: str
    severity: Severity
    check: Check
    advice: str


def difference(result: FitResult, a: str, b: str) -> tuple[float, float | None]:
    """Return the difference of two parameters and its standard error."""
    weights = result.combination(a) - result.combination(b)
    used = np.flatnonzero(weights)
    value = float(weights @ result.values)
    if not used.size or result.at_bound[used].any():
        return value, None
    variance = float(weights[used] @ result.covariance[np.ix_(used, used)] @ weights[used])
    return value, sqrt(variance) if np.isfinite(variance) and variance > 0 else None
