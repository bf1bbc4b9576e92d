"""A map fitted with a recipe, for the command line and the window alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DataError, ShouldStop
from ..raman.maps import (
    MapFit,
    MapQuantity,
    MapTaker,
    Progress,
    RamanMap,
    fit_map,
    map_of,
    map_quantity,
    quantities,
)
from ..recipe.compile import (
    calibration_from_recipe,
    fit_options_from_recipe,
    model_from_recipe,
)
from ..recipe.masks import masked_by_recipe
from ..recipe.schema import Recipe
from ..spectrum import Spectrum, calibrate, unmask


@dataclass(frozen=True, eq=False)
class MapRecord:
    """A map with its fit and what it was fitted with.

    Attributes
    ----------
    fit : MapFit
    recipe : Recipe
    """

    fit: MapFit
    recipe: Recipe

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all quantities of its bands, and of the recipe's ratios of one band to one."""
        return (*quantities(self.fit), *ratios_of(self.fit.bands, self.recipe))

    def shown(self, names: Sequence[str] = ()) -> list[MapQuantity]:
        """Return quantities by name; without names all of `names`."""
        return [map_quantity(self.fit, name) for name in names or self.names]


def ratios_of(bands: Sequence[str], recipe: Recipe) -> tuple[str, ...]:
    """Return a recipe's ratios of one band over another, as names of maps.

    Parameters
    ----------
    bands : sequence of str
        Paths, region/component.
    recipe : Recipe
    """
    names = {path: path.partition("/")[2] for path in bands}
    wanted = []
    for entry in recipe.ratio:
        above, below = (
            [text.strip() for text in side] for side in (entry.numerator, entry.denominator)
        )
        if len(above) == len(below) == 1:
            pair = [names.get(text, text) for text in (*above, *below)]
            if all(name in names.values() for name in pair):
                wanted.append(f"ratio:{pair[0]}/{pair[1]}")
    return tuple(wanted)


def prepared(spectra: Sequence[Spectrum], recipe: Recipe) -> RamanMap:
    """Return the map of some spectra, calibrated and without the windows that a recipe masks.

    Raises
    ------
    DataError
        If they make no map.
    """
    shift = calibration_from_recipe(recipe)
    if shift is not None:
        spectra = [calibrate(spectrum, shift) for spectrum in spectra]
    if recipe.mask is not None and recipe.mask.windows:
        windows = recipe.mask.model_copy(update={"spikes": False})
        spectra = [masked_by_recipe(windows, spectrum) for spectrum in spectra]
    return map_of(spectra)


def run_map(
    spectra: Sequence[Spectrum],
    recipe: Recipe,
    *,
    rays: bool = True,
    marked: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    take: MapTaker | None = None,
    should_stop: ShouldStop | None = None,
) -> MapRecord:
    """Fit a map with a recipe of one region.

    Parameters
    ----------
    spectra : sequence of Spectrum
    recipe : Recipe
    rays : bool
        Look for cosmic rays and saturated channels, and leave them out.
    marked : bool
        The masked channels of the spectra are those that do not count; none are looked for.
    threads, progress, take, should_stop
        As for `fit_map`.

    Raises
    ------
    DataError, FitError, ModelError
        If the spectra make no map, or it cannot be fitted.
    """
    whole = [unmask(spectrum) for spectrum in spectra] if marked else spectra
    grid = prepared(whole, recipe)
    found = fit_map(
        grid,
        model_from_recipe(recipe),
        options=fit_options_from_recipe(recipe),
        rays=rays,
        marks=marks_of(spectra, grid) if marked else None,
        threads=threads,
        progress=progress,
        take=take,
        should_stop=should_stop,
    )
    return MapRecord(found, recipe)


def marks_of(spectra: Sequence[Spectrum], grid: RamanMap) -> np.ndarray:
    """Return the masked channels of spectra as marks (M, N) on the channels of their map."""
    recorded = grid.spectra[0].x_recorded
    marks = np.zeros((len(spectra), recorded.size), dtype=bool)
    for row, spectrum in zip(marks, spectra, strict=True):
        if spectrum.masked is not None:
            row |= np.isin(recorded, spectrum.masked.x_recorded)
    if marks.all(axis=1).any():
        raise DataError("every channel of a pixel is masked.", hint="Restore some of them.")
    return marks
