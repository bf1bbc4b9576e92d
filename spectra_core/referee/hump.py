"""Whether there is a line at all, or only a broad hump of the background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import SpectraError
from ..fitting import FitOptions, FitResult, fit
from ..fitting.single import options_of
from ..model import (
    Background,
    Model,
    Parameter,
    Region,
    add_component,
    make_component,
    members,
    names_of,
    owners,
    replace_region,
    unused_name,
)
from ..spectrum import Spectrum
from .alternatives import BIC_EVIDENCE


@dataclass(frozen=True, eq=False)
class HumpTest:
    """The fitted lines against one broad hump, such as an energy-loss structure.

    Attributes
    ----------
    center, fwhm : float
        Of the hump that fits best by itself; axis unit.
    bic_hump, bic_both, bic_lines : float
        Of the hump alone, of lines and hump together, and of the lines as fitted.
    lines_needed : bool
        Whether lines beside the hump lower BIC by more than 10 against the hump alone.
    hump_needed : bool
        Whether a hump beside the lines lowers BIC by more than 10.
    area_change : float or None
        Relative change of the lines' total area once the hump is there.
    under_center, under_fwhm : float or None
        Of the hump beside the lines.
    """

    center: float
    fwhm: float
    bic_hump: float
    bic_both: float
    bic_lines: float
    lines_needed: bool
    hump_needed: bool
    area_change: float | None
    under_center: float | None = None
    under_fwhm: float | None = None


HUMP_FWHM = (3.5, 12.0)


def hump_test(result: FitResult, region_name: str) -> HumpTest | None:
    """Fit a broad hump on a straight background in place of, and beside, the lines.

    Parameters
    ----------
    result : FitResult
    region_name : str

    Returns
    -------
    test : HumpTest or None
        None where the window is narrower than a hump, or it cannot be fitted.
    """
    fitted = result.region(region_name)
    low, high = result.model.region(region_name).window
    if high - low < 2.0 * HUMP_FWHM[0] or not fitted.spectrum.axis.is_energy:
        return None
    options = options_of(result)
    alone = _best(
        [
            _try_fit(fitted.spectrum, Model((_hump_region(region_name, low, high, at),)), options)
            for at in np.linspace(low + 0.25 * (high - low), high - 0.25 * (high - low), 3)
        ]
    )
    if alone is None:
        return None
    owner = next(c.id for c in alone.model.regions[0].components)
    center = alone.value(f"{region_name}/{owner}/center")
    width = alone.value(f"{region_name}/{owner}/fwhm")
    both = _lines_and_hump(result, region_name, center, width, options)
    lines = fitted.statistics.bic
    bic_both = lines if both is None else both.region(region_name).statistics.bic
    change, at, wide = _beside_lines(result, both, region_name)
    return HumpTest(
        center,
        width,
        alone.statistics.bic,
        bic_both,
        lines,
        min(bic_both, lines) < alone.statistics.bic - BIC_EVIDENCE,
        # at its lower limit the hump stands in for a line that is missing
        bic_both < lines - BIC_EVIDENCE and wide is not None and wide > 1.05 * HUMP_FWHM[0],
        change,
        at,
        wide,
    )


def _beside_lines(
    result: FitResult, both: FitResult | None, region_name: str
) -> tuple[float | None, float | None, float | None]:
    """Return the change of the lines' area, and centre and width of the hump beside them."""
    if both is None:
        return None, None, None
    hump = both.model.region(region_name).components[-1].id
    path = f"{region_name}/{hump}"
    change = _area_change(result, both, region_name)
    return change, both.value(f"{path}/center"), both.value(f"{path}/fwhm")


def _hump_region(name: str, low: float, high: float, at: float) -> Region:
    hump = make_component(
        "hump",
        "gaussian",
        area=Parameter(None, 0.0),
        center=Parameter(at, low, high),
        fwhm=Parameter(5.0, *HUMP_FWHM),
    )
    return add_component(Region(name, (low, high), Background("linear", "active")), hump)


def _lines_and_hump(
    result: FitResult, region_name: str, center: float, width: float, options: FitOptions
) -> FitResult | None:
    region = result.model.region(region_name)
    name = unused_name("hump", names_of(region))
    (low, high), shift = region.window, region.shift.value or 0.0
    hump = make_component(
        name,
        "gaussian",
        area=Parameter(None, 0.0),
        center=Parameter(center - shift, low - shift, high - shift),
        fwhm=Parameter(width, *HUMP_FWHM),
    )
    if region.background.component_specs:
        still = {
            spec.name: Parameter(0.0, free=False) for spec in region.background.component_specs
        }
        hump = replace(hump, parameters=dict(hump.parameters) | still)
    model = replace_region(result.model, add_component(region, hump))
    spectra = {r.name: r.spectrum for r in result.regions}
    return _try_fit(spectra, model, options)


def _try_fit(
    spectra: Spectrum | Mapping[str, Spectrum], model: Model, options: FitOptions
) -> FitResult | None:
    try:
        return fit(spectra, model, options=options)
    except SpectraError:
        return None


def _best(results: list[FitResult | None]) -> FitResult | None:
    fitted = [result for result in results if result is not None]
    return min(fitted, key=lambda r: r.statistics.chi_square) if fitted else None


def _area_change(before: FitResult, after: FitResult, region_name: str) -> float | None:
    region = before.model.region(region_name)
    paths = [
        f"{region_name}/{owner}/area"
        for owner in owners(region, enabled=True)
        if "area" in members(region, owner)[0].parameters
    ]
    total = sum(before.value(path) for path in paths)
    if total <= 0:
        return None
    return sum(after.value(path) for path in paths) / total - 1.0
