"""A fit: the table of its components, every parameter, the curves, the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..fitting import FitResult, PriorEstimate, RegionFit
from ..model import BACKGROUND, REGION
from ..report.wording import treatment, why_no_error
from ..results.entries import result_entries
from ..results.table import component_heads, component_rows, goodness, with_error
from . import Columns, View
from .screens import Grid, Screen
from .spectra import axis_name

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

_STRONG = 0.9

Entry = Mapping[str, Any]


def title(result: FitResult) -> str:
    """Return how a fit ended, in one line."""
    statistics = result.statistics
    how = "drawn, not fitted" if result.method == "none" else result.status.value
    well = ", ".join(dict.fromkeys(region_goodness(region) for region in result.regions))
    starts = f", {len(result.starts)} starts" if len(result.starts) > 1 else ""
    numbers = f"{statistics.n_points} points, {statistics.n_free} free parameters"
    return f"FitResult: {how}, {well}, {numbers}{starts}"


def region_goodness(fit: RegionFit) -> str:
    """Return how well one region is described."""
    return goodness({"weights": fit.weights, "statistics": asdict(fit.statistics)})


def screen(result: FitResult) -> Screen:
    """Return the components of a fit, and what a referee would ask."""
    grids = tuple(components(entry) for entry in result_entries(result))
    return Screen(title(result), grids, tuple(_warnings(result)))


def components(entry: Entry) -> Grid:
    """Return the table of the components of one region; one line shape is said once."""
    rows, heads = list(component_rows(entry)), component_heads(entry)
    shapes = {row[-1] for row in rows if row[-1]}
    if len(shapes) != 1:
        return Grid(rows, heads, _caption(entry))
    caption = f"{_caption(entry)}, {shapes.pop()}"
    return Grid([row[:-1] for row in rows], heads[:-1], caption)


def _caption(entry: Entry) -> str:
    low, high = entry["window"]
    sample = f"{entry['sample']}, " if entry["sample"] else ""
    background = f"{entry['background']['type']} background, {entry['weights']} weights"
    unit = entry["axis"]["unit"]
    return f"{entry['region']}: {sample}{low:g} to {high:g} {unit}, {background}"


def _warnings(result: FitResult) -> Iterator[str]:
    for warning in result.warnings:
        yield f"{warning.where}: {warning.message}" if warning.where else warning.message


def report(result: FitResult) -> Screen:
    """Return every parameter of a fit, its statistics and its strong correlations."""
    grids = [Grid(_facts(result))]
    for entry in result_entries(result):
        paths = [row["path"] for row in parameter_rows(entry) if not row["total"]]
        rows = [_parameter_row(result, path) for path in paths]
        heads = ("parameter", "value", "unit", "treatment")
        grids += [components(entry), Grid(rows, heads, "parameters")]
    priors = [_prior_row(known) for known in result.priors]
    if priors:
        grids.append(Grid(priors, ("known beforehand", "fitted", "moved by"), "priors"))
    strong = [(a, b, f"{value:+.3f}") for a, b, value in result.correlations(above=_STRONG)]
    if strong:
        grids.append(Grid(strong, ("", "", "r"), f"correlations of {_STRONG} and more"))
    return Screen(title(result), tuple(grids), tuple(_warnings(result)))


def _facts(result: FitResult) -> list[tuple[str, str]]:
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
    return facts


def _prior_row(known: PriorEstimate) -> tuple[str, str, str]:
    fitted = with_error(known.fitted, known.stderr)
    return known.prior.formula, fitted, f"{known.pull:+.2f} of its standard deviations"


def _parameter_row(result: FitResult, path: str) -> tuple[str, ...]:
    estimate = result.estimate(path)
    value = f"{with_error(estimate.value, estimate.stderr)} {why_no_error(estimate)}".strip()
    return path, value, estimate.unit, treatment(result, path, estimate)


# ---------------------------------------------------------------------------------
# Every parameter as a row


_ESTIMATE = ("value", "stderr", "unit", "free", "at_bound", "min", "max", "link")


def parameter_rows(entry: Entry) -> Iterator[dict[str, Any]]:
    """Yield each parameter of a region's entry; a doublet's total area comes with `total`."""
    named = [(c["id"], c["parameters"], False) for c in entry["components"] if c["enabled"]]
    named += [(d["id"], {"area": d["area"]}, True) for d in entry["doublets"] if d["area"]]
    named += [(BACKGROUND, entry["background"]["parameters"], False)]
    named += [(REGION, {"shift": entry["shift"]}, False)]
    for owner, parameters, total in named:
        for name, estimate in parameters.items():
            yield {
                "path": f"{entry['region']}/{owner}/{name}",
                "region": entry["region"],
                "owner": owner,
                "parameter": name,
                **{key: estimate[key] for key in _ESTIMATE},
                "total": total,
            }


def as_columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return rows of the same keys as columns."""
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns


def parameters(result: FitResult) -> Columns:
    """Return every parameter, and the total areas of doublets, one row each."""
    return as_columns(row for entry in result_entries(result) for row in parameter_rows(entry))


# ---------------------------------------------------------------------------------
# Curves


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
    return f"RegionFit {fit.name}: {region_goodness(fit)}, {fit.x.size} points, {peaks}"


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
