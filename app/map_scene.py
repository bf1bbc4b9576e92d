"""What the Map view shows at one moment, as one value that its parts are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from spectra_core.errors import SpectraError
from spectra_core.fitting import FitResult, FitWarning
from spectra_core.model import Region
from spectra_core.project.maps import AreaFit, ProjectMap
from spectra_core.raman.maps import KINDS, MapFit, MapQuantity, map_quantity
from spectra_core.raman.previews import BaselineTry
from spectra_core.recipe.schema import Recipe
from spectra_core.results.colours import component_colours
from spectra_core.results.table import with_error
from spectra_core.runs.maps import MapRecord, ratios_of
from spectra_core.spectrum import Array, Spectrum

from .formula import formula
from .widgets import in_locale

INTENSITY, STATUS = "intensity", "status"
"""Quantities that need no fit, and how the fits ended."""
PIXEL, NEAR = "", "near"
"""What is looked at beside regions: the pixel, or the mean of it and its neighbours."""

SHOWN, BELOW, UNFITTED, FAILED, ABSENT = range(5)
"""What becomes of a pixel in the image."""
STATES = ("converged", "on a bound", "not converged", "failed")
_LOG_FROM = 8.0  # the largest over the least, from which a ratio stands on a logarithmic scale


@dataclass(frozen=True, eq=False)
class MapScene:
    """A map, which of its pixels is looked at, and its fit as far as there is one.

    Attributes
    ----------
    own : ProjectMap
    spectra : tuple of Spectrum
        As the project has them, with what is masked beside them.
    pixel : int
        The pinned one.
    hover : int or None
        The one under the mouse.
    looking : str
        `PIXEL`, `NEAR`, or the name of a region.
    quantity : str
        Name of what is mapped.
    limit : float
        Signal to noise below which a pixel is hatched; it may be on its way.
    recipe : Recipe or None
    model : Region or None
        What the recipe fits.
    why_not : str
        Why it cannot be fitted; empty if it can.
    record : MapRecord or None
    stale : bool
        The record is of another model, or of other masked channels, than are there now.
    draft : MapFit or None
        Pixels that were fitted so far, while it is being fitted.
    busy : bool
    areas : mapping of str to AreaFit
        Mean spectra of the regions, by name, as far as they were made.
    findings : tuple of FitWarning or None
        What the referee says of the pinned pixel; None: not looked at yet.
    baselines : tuple of BaselineTry
        On the pinned pixel.
    """

    own: ProjectMap
    spectra: tuple[Spectrum, ...]
    pixel: int = 0
    hover: int | None = None
    looking: str = PIXEL
    quantity: str = ""
    limit: float = 5.0
    recipe: Recipe | None = None
    model: Region | None = None
    why_not: str = ""
    record: MapRecord | None = None
    stale: bool = False
    draft: MapFit | None = None
    busy: bool = False
    areas: Mapping[str, AreaFit] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[FitWarning, ...] | None = None
    baselines: tuple[BaselineTry, ...] = ()

    def __len__(self) -> int:
        return len(self.own)

    # -----------------------------------------------------------------------------
    # The pixel

    @property
    def number(self) -> int:
        """The pixel that is shown: under the mouse, else the pinned one."""
        return self.pixel if self.hover is None else self.hover

    @property
    def area(self) -> AreaFit | None:
        """The region that is looked at; the mouse on a pixel shows that."""
        return None if self.hover is not None else self.areas.get(self.looking)

    def words_of(self, number: int) -> str:
        """Return where a pixel is: column and row, from 1."""
        row, column = self.own.place_of(number)
        return f"{column + 1}, {row + 1}" if self.own.grid.y.size > 1 else f"{column + 1}"

    def place_words(self, number: int) -> str:
        """Return where a pixel is on the stage."""
        grid = self.own.grid
        row, column = self.own.place_of(number)
        places = [f"{grid.names[0]} {grid.x[column]:.6g}"]
        if grid.y.size > 1:
            places.append(f"{grid.names[1]} {grid.y[row]:.6g}")
        return in_locale(f"{', '.join(places)} {grid.unit.replace('um', 'µm')}")

    @cached_property
    def spectrum(self) -> Spectrum:
        """The spectrum that is shown, without what is masked."""
        if self.area is not None:
            return self.area.spectrum
        return self.spectra[self.number]

    @cached_property
    def result(self) -> FitResult | None:
        """The fit of what is shown; None where there is none."""
        if self.area is not None:
            return self.area.result
        fit = self.fit
        if fit is None or fit.failed[self.number]:
            return None
        try:
            return fit.drawn(self.number)
        except SpectraError:
            return None

    # -----------------------------------------------------------------------------
    # What is mapped

    @property
    def fit(self) -> MapFit | None:
        """The answers there are: while pixels are being fitted those of the draft."""
        if self.draft is not None:
            return self.draft
        return None if self.record is None else self.record.fit

    @cached_property
    def bands(self) -> tuple[str, ...]:
        """Ids of the components of the fit, or of the model where there is no fit."""
        if self.fit is not None:
            return tuple(path.partition("/")[2] for path in self.fit.bands)
        return () if self.model is None else tuple(c.id for c in self.model.components if c.enabled)

    @cached_property
    def ratios(self) -> tuple[str, ...]:
        """Names of the ratios that the recipe maps."""
        if self.recipe is None:
            return ()
        region = self.recipe.region[0].name
        return ratios_of([f"{region}/{band}" for band in self.bands], self.recipe)

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Name and words of everything that can be mapped."""
        if self.fit is None:
            return ((INTENSITY, "mean intensity"),)
        each = [
            (f"{kind}:{band}", f"{formula(band)}, {KINDS[kind]}")
            for kind in ("area", "center", "fwhm", "snr")
            for band in self.bands
        ]
        ratios = [(name, _ratio_words(name)) for name in self.ratios]
        pairs = [
            (f"ratio:{a}/{b}", f"{formula(a)} / {formula(b)}")
            for a in self.bands
            for b in self.bands
            if a != b and f"ratio:{a}/{b}" not in self.ratios
        ]
        more = [("chi_square", KINDS["chi_square"]), (STATUS, "how the fits ended")]
        return (*ratios, *each, *more, (INTENSITY, "mean intensity"), *pairs)

    @cached_property
    def shown(self) -> MapQuantity:
        """What is mapped."""
        known = {name for name, _ in self.names}
        name = self.quantity if self.quantity in known else self.names[0][0]
        if name == INTENSITY or self.fit is None:
            return self._intensity()
        if name == STATUS:
            values = self.fit.batch.status.astype(float)
            never = np.full(values.size, np.nan)
            return MapQuantity(STATUS, "how the fits ended", "", values, never, values * 0 + np.inf)
        return map_quantity(self.fit, name)

    def _intensity(self) -> MapQuantity:
        grid = self.own.grid
        values = grid.intensities.mean(axis=1)
        unit = grid.spectra[0].y_unit
        never = np.full(values.size, np.nan)
        return MapQuantity(INTENSITY, "mean intensity", unit, values, never, values * 0 + np.inf)

    @cached_property
    def states(self) -> np.ndarray:
        """What becomes of each pixel in the image (ny, nx)."""
        place, shown = self.own.grid.place, self.shown
        fate = np.full(len(self), SHOWN)
        if shown.name not in (INTENSITY, STATUS):
            fate[~(shown.signal_to_noise >= self.limit) | ~np.isfinite(shown.values)] = BELOW
            if self.fit is not None:
                fate[self.fit.failed] = FAILED
        if shown.name != INTENSITY and self.fit is not None:
            fate[self.fit.batch.status < 0] = UNFITTED
        return np.asarray(np.append(fate, ABSENT)[place])

    @cached_property
    def image(self) -> Array:
        """Values of all pixels (ny, nx), NaN where nothing is coloured."""
        return np.where(self.states == SHOWN, self.own.grid.image(self.shown.values), np.nan)

    @cached_property
    def is_log(self) -> bool:
        """Whether the colours stand on a logarithmic scale."""
        if not self.shown.name.startswith("ratio:"):
            return False
        low, high = self._span()
        return low > 0 and high / low > _LOG_FROM

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Values at the ends of the colours."""
        if self.shown.name == STATUS:
            return 0.0, float(len(STATES) - 1)
        return self._span()

    def _span(self) -> tuple[float, float]:
        known = self.image[np.isfinite(self.image)]
        if not known.size:
            return 0.0, 1.0
        low, high = (float(v) for v in np.quantile(known, [0.01, 0.99]))
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def scaled(self, values: Array) -> Array:
        """Return where values stand between the ends of the colours, from 0 to 1."""
        low, high = self.limits
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.is_log:
                found = (np.log(values) - np.log(low)) / (np.log(high) - np.log(low))
            else:
                found = (values - low) / ((high - low) or 1.0)
        return np.asarray(np.clip(found, 0.0, 1.0))

    def value_at(self, share: float) -> float:
        """Return the value at a place of the colours, from 0 to 1."""
        low, high = self.limits
        if self.is_log:
            return float(np.exp(np.log(low) + share * (np.log(high) - np.log(low))))
        return low + share * (high - low)

    def number_words(self, number: int) -> str:
        """Return the value of a pixel with its error and unit."""
        shown = self.shown
        value, error = float(shown.values[number]), float(shown.stderrs[number])
        if shown.name == STATUS:
            return "" if self.fit is None else self.fit.status(number)
        if not np.isfinite(value):
            return "no value"
        text = with_error(value, error) if error > 0 else f"{value:.4g}"
        return in_locale(f"{text} {unit_words(shown.unit)}".strip())

    @cached_property
    def colours(self) -> Mapping[str, str]:
        """Colour of each band, by id."""
        if self.fit is not None:
            return component_colours(self.fit.model.regions[0])
        return {} if self.model is None else component_colours(self.model)

    @property
    def count_masked(self) -> int:
        """Channels of the map that do not count."""
        if self.record is not None and not self.stale:
            return int(self.record.fit.marks.sum())
        return sum(len(s.masked) for s in self.spectra if s.masked is not None)


_MAPPED = ("bands", "ratios", "names", "shown", "states", "image", "is_log", "limits", "colours")


def again(scene: MapScene, **changes: Any) -> MapScene:
    """Return a scene with some fields changed; what they do not touch is not made again."""
    new = replace(scene, **changes)
    same = (
        new.fit is scene.fit
        and new.own.grid is scene.own.grid
        and (new.quantity, new.limit) == (scene.quantity, scene.limit)
        and new.recipe is scene.recipe
        and new.model is scene.model
    )
    if same:
        new.__dict__.update({n: scene.__dict__[n] for n in _MAPPED if n in scene.__dict__})
    return new


def unit_words(unit: str) -> str:
    """Return a unit as it is printed."""
    return unit.replace("cm-1", "cm⁻¹").replace("arbitrary", "a.u.")


def _ratio_words(name: str) -> str:
    above, _, below = name.partition(":")[2].partition("/")
    return f"{formula(above)} / {formula(below)}"


def band_pair(name: str, bands: Sequence[str]) -> tuple[str, str] | None:
    """Return the two bands of a ratio by its name; None for what is no ratio."""
    kind, _, rest = name.partition(":")
    pairs = [(a, b) for a in bands for b in bands if a != b and rest == f"{a}/{b}"]
    return pairs[0] if kind == "ratio" and pairs else None
