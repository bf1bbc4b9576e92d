"""A fit: the table of its components, every parameter, the curves, the picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..fitting import Estimate, FitResult, RegionFit
from ..model import split_path
from ..report.wording import treatment, why_no_error
from ..results.document import component_rows, goodness, with_error
from . import Columns, View
from .screens import Grid, Screen
from .spectra import axis_name

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

_STRONG = 0.9


def title(result: FitResult) -> str:
    """Return how a fit ended, in one line."""
    statistics = result.statistics
    goodness_of_all = ", ".join(dict.fromkeys(goodness(region) for region in result.regions))
    how = "drawn, not fitted" if result.method == "none" else result.status.value
    starts = f", {len(result.starts)} starts" if len(result.starts) > 1 else ""
    return (
        f"FitResult: {how}, {goodness_of_all}, {statistics.n_points} points,"
        f" {statistics.n_free} free parameters{starts}"
    )


def screen(result: FitResult) -> Screen:
    """Return the components of a fit, and what a referee would ask."""
    grids = tuple(_components(result, region) for region in result.regions)
    return Screen(title(result), grids, tuple(_warnings(result)))


def _components(result: FitResult, fit: RegionFit) -> Grid:
    unit = fit.spectrum.axis.unit
    region = result.model.region(fit.name)
    areas = {result.unit(path) for path in result.paths if path.endswith("/area")}
    area = f"area / {areas.pop()}" if len(areas) == 1 else "area"
    heads = ("component", f"position / {unit}", f"FWHM / {unit}", area, "line shape")
    rows = component_rows(result, region)
    caption = _caption(result, fit)
    shapes = {row[-1] for row in rows if row[-1]}
    if len(shapes) == 1:  # said once, so that the table fits a screen
        caption = f"{caption}, {shapes.pop()}"
        rows, heads = [row[:-1] for row in rows], heads[:-1]
    return Grid(rows, heads, caption)


def _caption(result: FitResult, fit: RegionFit) -> str:
    region = result.model.region(fit.name)
    low, high = region.window
    sample = f"{fit.spectrum.meta.sample}, " if fit.spectrum.meta.sample else ""
    return (
        f"{fit.name}: {sample}{low:g} to {high:g} {fit.spectrum.axis.unit},"
        f" {region.background.type} background, {fit.weights} weights"
    )


def _warnings(result: FitResult) -> Iterator[str]:
    for warning in result.warnings:
        yield f"{warning.where}: {warning.message}" if warning.where else warning.message


def report(result: FitResult) -> Screen:
    """Return every parameter of a fit, its statistics and its strong correlations."""
    statistics = result.statistics
    facts = [
        ("ended", result.message),
        ("method", f"{result.method}, engine {result.engine}"),
        ("chi-square", f"{statistics.chi_square:.6g}, reduced {statistics.reduced_chi_square:.4g}"),
        ("Abbe, runs test", f"{statistics.abbe:.3g}, p = {statistics.runs_p:.3g}"),
        ("AIC, BIC", f"{statistics.aic:.6g}, {statistics.bic:.6g}"),
    ]
    if len(result.starts) > 1:
        reached = ", ".join(f"{chi_square:.6g}" for chi_square in result.starts)
        facts.append(("chi-square of each start", reached))
    grids = [Grid(facts)]
    for fit in result.regions:
        grids.append(_components(result, fit))
        rows = [_parameter_row(result, path) for path in _paths(result, fit.name)]
        grids.append(Grid(rows, ("parameter", "value", "unit", "treatment"), "parameters"))
    strong = [(a, b, f"{value:+.3f}") for a, b, value in result.correlations(above=_STRONG)]
    if strong:
        grids.append(Grid(strong, ("", "", "r"), f"correlations of {_STRONG} and more"))
    return Screen(title(result), tuple(grids), tuple(_warnings(result)))


def _paths(result: FitResult, region: str) -> Iterator[str]:
    off = {
        f"{r.name}/{c.id}" for r in result.model.regions for c in r.components if not c.enabled
    }
    for path in result.paths:
        home, owner, _ = split_path(path)
        if home == region and f"{home}/{owner}" not in off:
            yield path


def _parameter_row(result: FitResult, path: str) -> tuple[str, ...]:
    estimate = result.estimate(path)
    value = f"{with_error(estimate.value, estimate.stderr)} {why_no_error(estimate)}".strip()
    return path, value, estimate.unit, treatment(result, path, estimate)


def parameters(result: FitResult) -> Columns:
    """Return every parameter, and the total areas of doublets, one row each."""
    rows = [
        (*split_path(path), result.estimate(path))
        for fit in result.regions
        for path in [*_paths(result, fit.name), *_totals(result, fit.name)]
    ]
    estimates: list[Estimate] = [row[3] for row in rows]
    return {
        "region": [row[0] for row in rows],
        "owner": [row[1] for row in rows],
        "parameter": [row[2] for row in rows],
        "value": [e.value for e in estimates],
        "stderr": [e.stderr for e in estimates],
        "unit": [e.unit for e in estimates],
        "free": [e.free for e in estimates],
        "at_bound": [e.at_bound for e in estimates],
        "min": [e.min for e in estimates],
        "max": [e.max for e in estimates],
        "link": [e.link for e in estimates],
    }


def _totals(result: FitResult, name: str) -> Iterator[str]:
    region = result.model.region(name)
    for doublet in region.doublets:
        major = region.component(doublet.major)
        if major.enabled and any(spec.name == "area" for spec in region.specs_of(major)):
            yield f"{name}/{doublet.id}/area"


def _region(result: FitResult, part: object) -> RegionFit:
    return result.regions[0] if part is None else result.region(str(part))


def curves(fit: RegionFit) -> Columns:
    """Return data, fit, background, components and residuals of a region."""
    return {
        axis_name(fit.spectrum): fit.x,
        "data": fit.y,
        "sigma": fit.sigma,
        "fit": fit.envelope,
        "background": fit.background,
        "residual": fit.residual,
        **fit.peaks,
    }


def _first_curves(result: FitResult) -> Columns:
    return curves(result.regions[0])


def dataset(result: FitResult, part: object = None) -> xarray.Dataset:
    """Return the curves of one region; ``peak`` over components."""
    return region_dataset(_region(result, part))


def region_dataset(fit: RegionFit, part: object = None) -> xarray.Dataset:
    """Return data, fit, background and residuals over the axis, peaks over components too."""
    import numpy as np
    import xarray

    axis = axis_name(fit.spectrum)
    single = {
        "data": fit.y,
        "sigma": fit.sigma,
        "fit": fit.envelope,
        "background": fit.background,
        "residual": fit.residual,
    }
    variables = {name: ((axis,), values) for name, values in single.items()}
    peaks = np.array(list(fit.peaks.values())).reshape(len(fit.peaks), fit.x.size)
    found = xarray.Dataset(
        {**variables, "peak": (("component", axis), peaks)},
        {
            axis: ((axis,), fit.x, {"units": fit.spectrum.axis.unit}),
            "component": list(fit.peaks),
        },
        {"region": fit.name, "sample": fit.spectrum.meta.sample, "weights": fit.weights},
    )
    for name in ("data", "sigma", "fit", "background", "peak"):
        found[name].attrs["units"] = fit.spectrum.y_unit
    return found


def draw(result: FitResult, axes: Axes | None = None, part: object = None) -> Axes:
    """Draw one region; a figure of its own has the residuals below."""
    from ..results.figures import draw_fit, fit_figure

    fit = _region(result, part)
    if axes is None:
        return fit_figure(fit, result).axes[0]
    draw_fit(axes, fit, result.model.region(fit.name))
    return axes


def region_fit_line(fit: RegionFit) -> str:
    """Return one region of a fit in a line."""
    peaks = ", ".join(fit.peaks) or "no component"
    return f"RegionFit {fit.name}: {goodness(fit)}, {fit.x.size} points, {peaks}"


def region_fit_screen(fit: RegionFit) -> Screen:
    """Return what is known of one region of a fit by itself."""
    statistics = fit.statistics
    rows = [
        ("spectrum", fit.spectrum.label),
        ("window", f"{fit.x[0]:g} to {fit.x[-1]:g} {fit.spectrum.axis.unit}"),
        ("weights", fit.weights),
        ("Abbe, runs test", f"{statistics.abbe:.3g}, p = {statistics.runs_p:.3g}"),
    ]
    return Screen(region_fit_line(fit), (Grid(rows),))


VIEWS = {
    "FitResult": View(
        screen,
        whole=report,
        frames={"parameters": parameters, "curves": _first_curves},
        dataset=dataset,
        draw=draw,
    ),
    "RegionFit": View(
        region_fit_screen, region_fit_line, frames={"curves": curves}, dataset=region_dataset
    ),
}
