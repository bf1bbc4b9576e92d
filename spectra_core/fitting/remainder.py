"""What is left of a background where one was taken off the data before.

What was taken off may have been too much: then what is left falls behind a peak, where a
background of counts as measured can only rise.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model import BACKGROUND, Model, Region, set_parameter
from ..spectrum import Spectrum
from .weights import has_negative_counts

FURTHEST_FALL = -1.0  # of a step, 1/eV: of any peak it would eat all within a width of it


def with_remainders(model: Model, spectra: Mapping[str, Spectrum]) -> Model:
    """Return the model whose backgrounds may be what is left where one was taken off.

    Parameters
    ----------
    model : Model
    spectra : mapping of str to Spectrum
        Of each region. Negative counts tell that something was taken off.

    Returns
    -------
    model : Model
        The same one where there is nothing to change. A lower bound that is not the usual one
        stays.
    """
    for region in model.regions:
        if has_negative_counts(spectra[region.name]):
            for name in _one_sided(region):
                path = f"{region.name}/{BACKGROUND}/{name}"
                model = set_parameter(model, path, min=FURTHEST_FALL)
    return model


def _one_sided(region: Region) -> list[str]:
    """Return the parameters of a background that end where they usually do."""
    given = region.background.parameters
    return [
        spec.name
        for spec in region.background.specs
        if spec.low > spec.min
        and (spec.name not in given or given[spec.name].min in (spec.min, spec.low))
    ]
