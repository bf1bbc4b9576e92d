"""Fits as NeXus: an ``NXfit`` for every region, in the entry of its spectrum.

``NXfit`` holds the data in the window, the sum, the residual, one ``peakN`` for each
component and a ``backgroundN``, each with its curve and its function. The values under
``fit_parameters`` are those of results.json, with every digit; a standard error stands
beside its value as ``<name>_errors`` and is left out where there is none. NeXus calls the
centre ``position`` and the width ``width``; every other parameter keeps its name.

What a referee asks and ``NXfit`` has no field for stands in the collection ``details``:
status, weights, doublets, warnings. Ratios and the recipe are in the entry's ``doublet``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from ..curves.lineshapes import lineshape, short_name
from ..curves.spec import ParameterSpec
from ..errors import WriteError
from ..fitting import Estimate, FitResult, RegionFit
from ..model import BACKGROUND, REGION, Component, Region
from ..readers.nexus import COLLECTION
from ..recipe.text import recipe_to_dict
from ..results.entries import doublet_label, position, warnings_in_region
from ..runs.records import FitRecord, Run
from ..spectrum import Array
from ..writers.hdf5_file import new_hdf5
from ..writers.nexus import (
    add_field,
    add_group,
    add_spectrum,
    add_texts,
    axis_unit,
    free_name,
    intensity_unit,
    plain_name,
    start_file,
    write_nexus,
)
from .casaxps import fitted_spectra

__all__ = ["write_fits_nexus", "write_nexus"]

_FUNCTIONS = {
    "gaussian": "Gaussian",
    "lorentzian": "Lorentzian",
    "voigt": "Voigt",
    "voigt_two_widths": "Voigt",
    "pseudo_voigt": "Gaussian-Lorentzian Sum",
    "gl_sum": "Gaussian-Lorentzian Sum",
    "gl_product": "Gaussian-Lorentzian Product",
    "la": "Asymmetric Lorentzian",
    "lf": "Asymmetric Finite",
    "doniach_sunjic": "Doniach-Sunjic",
}
_BACKGROUND_FUNCTIONS = {
    "linear": "Linear",
    "shirley": "Shirley",
    "shirley_components": "Shirley",
    "shirley_slope": "Shirley",
    "tougaard_u2": "Tougaard",
    "tougaard_u3": "Tougaard",
}
_WEIGHTS = {
    "poisson": "standard deviation from counting statistics of the model",
    "unit": "equal weights; standard errors are scaled by the residuals",
    "given": "standard deviations given with the data",
    "empirical": "noise found from channel to channel",
}


def write_fits_nexus(run: Run, path: Path) -> None:
    """Write every fitted spectrum of a run with its fits to one NeXus file.

    Parameters
    ----------
    run : Run
    path : Path
        The file to make or replace; it is whole or not there.

    Raises
    ------
    WriteError
        If there is nothing to write, or the file cannot be written.
    """
    if not run.fits:
        raise WriteError("there is no fit to write.", where=str(path))
    try:
        with new_hdf5(Path(path)) as file:
            start_file(file)
            for record in run.fits:
                _write_record(file, record)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WriteError(f"cannot be written: {reason}.", where=str(path)) from error


def _write_record(file: Any, record: FitRecord) -> None:
    for spectrum, names in fitted_spectra(record):
        entry = add_spectrum(file, spectrum)
        for name in names:
            _write_fit(entry, record, record.result.region(name))
        own = entry[COLLECTION]
        add_field(own, "fit_id", record.id)
        add_field(own, "file", Path(record.file).name)
        add_field(own, "sha256", spectrum.source.sha256)
        add_field(own, "recipe", json.dumps(recipe_to_dict(record.recipe), ensure_ascii=True))
        _write_ratios(own, record)


def _write_ratios(own: Any, record: FitRecord) -> None:
    group = add_group(own, "ratios", "NXcollection")
    for number, ratio in enumerate(record.ratios):
        one = add_group(group, f"ratio{number}", "NXcollection")
        add_field(one, "name", ratio.name)
        add_field(one, "formula", ratio.formula)
        add_field(one, "note", ratio.note)
        for name in ("value", "stderr", "upper_limit"):
            _add_known(one, name, getattr(ratio, name))
        if ratio.interval is not None:
            add_field(one, "interval", list(ratio.interval), level=ratio.level)


def _add_known(group: Any, name: str, value: float | None, unit: str = "") -> None:
    """Write a number if there is one."""
    if value is not None and isfinite(value):
        add_field(group, name, value, unit)


# --------------------------------------------------------------------------------------
# one fit


def _write_fit(entry: Any, record: FitRecord, fit: RegionFit) -> None:
    result = record.result
    region = result.model.region(fit.name)
    name = free_name(entry, f"fit_{plain_name(fit.name) or 'region'}")
    group = add_group(entry, name, "NXfit")
    add_field(group, "label", fit.name)
    _write_curves(group, fit)
    shown = [component for component in region.components if component.enabled]
    for number, component in enumerate(shown):
        _write_peak(group, f"peak{number}", result, fit, region, component)
    _write_background(group, result, fit, region)
    _write_functions(group, fit, len(shown))
    _write_merit(group, fit)
    _write_details(group, record, fit, region)


def _write_curves(group: Any, fit: RegionFit) -> None:
    unit = intensity_unit(fit.spectrum)
    data = add_group(group, "data", "NXdata")
    add_field(data, "input_independent", fit.x, axis_unit(fit.spectrum))
    add_field(data, "input_dependent", fit.y, unit)
    add_field(data, "input_dependent_errors", fit.sigma, unit)
    add_field(data, "fit_sum", fit.envelope, unit)
    add_field(data, "residual", fit.y - fit.envelope, unit)
    add_field(data, "residual_normalised", fit.residual)
    data.attrs["signal"] = "input_dependent"
    data.attrs["axes"] = ["input_independent"]
    data.attrs["auxiliary_signals"] = ["fit_sum", "residual", "residual_normalised"]
    data.attrs["input_independent_indices"] = 0


def _write_curve(peak: Any, fit: RegionFit, values: Array) -> None:
    data = add_group(peak, "data", "NXdata")
    data["position"] = peak.parent["data/input_independent"]
    add_field(data, "intensity", values, intensity_unit(fit.spectrum))
    data.attrs["signal"] = "intensity"
    data.attrs["axes"] = ["position"]
    data.attrs["position_indices"] = 0


def _write_peak(
    group: Any, name: str, result: FitResult, fit: RegionFit, region: Region, component: Component
) -> None:
    shape = lineshape(component.lineshape)
    peak = add_group(group, name, "NXpeak")
    add_field(peak, "label", component.label)
    _write_curve(peak, fit, fit.peaks[component.id])
    specs = region.specs_of(component)
    prefix = f"{region.name}/{component.id}"
    estimates = {spec.name: result.estimate(f"{prefix}/{spec.name}") for spec in specs}
    if "area" in estimates:
        area = estimates["area"]
        add_field(peak, "total_area", area.value, area.unit)
    function = _add_function(peak, _FUNCTIONS.get(component.lineshape), shape.title)
    add_field(function, "description", f"{shape.title} ({short_name(component.lineshape)})")
    add_field(function, "formula_description", _formula(shape.reference, specs))
    _write_parameters(function, _named(estimates, result, fit, component))


def _add_function(parent: Any, known: str | None, title: str) -> Any:
    """Return a function group; a type that NXxps does not list is marked as our own."""
    function = add_group(parent, "function", "NXfit_function")
    if known:
        add_field(function, "function_type", known)
    else:
        add_field(function, "function_type", title, custom=True)
    return function


def _formula(reference: str, specs: tuple[ParameterSpec, ...]) -> str:
    parts = [f"{spec.name}: {spec.description}" for spec in specs if spec.description]
    return " ".join([reference, *parts])


Named = dict[str, tuple[float, float | None, str, str]]
"""Value, standard error, unit and a word on its freedom, by the name in the file."""


def _named(
    estimates: Mapping[str, Estimate], result: FitResult, fit: RegionFit, component: Component
) -> Named:
    value, stderr = position(result, fit.name, component.id)
    center = estimates["center"]
    named: Named = {"position": (value, stderr, axis_unit(fit.spectrum), _freedom(center))}
    if result.value(f"{fit.name}/{REGION}/shift"):
        named["center"] = _entry(center)
    names = {"fwhm": "width"}
    others = {names.get(k, k): _entry(e) for k, e in estimates.items() if k != "center"}
    return named | others


def _entry(estimate: Estimate) -> tuple[float, float | None, str, str]:
    return estimate.value, estimate.stderr, estimate.unit, _freedom(estimate)


def _freedom(estimate: Estimate) -> str:
    """Return in words whether a parameter was free, and within what."""
    if estimate.link:
        return f"tied: {estimate.link}"
    if not estimate.free:
        return "fixed"
    bounds = [f"{word} {end:.12g}" for word, end in _ends(estimate) if isfinite(end)]
    return ", ".join(["free", *bounds]) + (", at its bound" if estimate.at_bound else "")


def _ends(estimate: Estimate) -> tuple[tuple[str, float], tuple[str, float]]:
    return ("at least", estimate.min), ("at most", estimate.max)


def _write_parameters(function: Any, named: Named) -> None:
    parameters = add_group(function, "fit_parameters", "NXparameters")
    for name, (value, stderr, unit, freedom) in named.items():
        add_field(parameters, name, value, unit, description=freedom)
        if stderr is not None:
            add_field(parameters, f"{name}_errors", stderr, unit)


def _write_background(group: Any, result: FitResult, fit: RegionFit, region: Region) -> None:
    background = region.background
    peak = add_group(group, "background0", "NXpeak")
    add_field(peak, "label", f"{background.kind.title} ({background.mode})")
    _write_curve(peak, fit, fit.background)
    known = _BACKGROUND_FUNCTIONS.get(background.type)
    function = _add_function(peak, known, background.kind.title)
    how = "fitted with the peaks" if background.mode == "active" else "computed from the data"
    add_field(function, "description", f"{background.kind.title}, {how}")
    options = ", ".join(f"{name} = {value}" for name, value in background.options.items())
    add_field(function, "formula_description", options or background.kind.title)
    path = f"{region.name}/{BACKGROUND}"
    named = {spec.name: result.estimate(f"{path}/{spec.name}") for spec in background.specs}
    _write_parameters(function, {name: _entry(estimate) for name, estimate in named.items()})


def _write_functions(group: Any, fit: RegionFit, n_peaks: int) -> None:
    total = add_group(group, "global_fit_function", "NXfit_function")
    add_field(total, "description", "background and all peaks added")
    names = ["background0", *(f"peak{number}" for number in range(n_peaks))]
    add_field(total, "formula_description", " + ".join(names))
    error = add_group(group, "error_function", "NXfit_function")
    add_field(error, "description", f"weighted least squares, {_WEIGHTS[fit.weights]}")
    text = "sum(((input_dependent - fit_sum) / input_dependent_errors)^2)"
    add_field(error, "formula_description", text)


def _write_merit(group: Any, fit: RegionFit) -> None:
    for name, value in asdict(fit.statistics).items():
        if value is not None and isfinite(value):
            field = add_field(group, f"figure_of_merit_{name}", float(value))
            field.attrs["metric"] = name.replace("_", " ")


def _write_details(group: Any, record: FitRecord, fit: RegionFit, region: Region) -> None:
    result = record.result
    details = add_group(group, "details", "NXcollection")
    texts = {
        "status": result.status.value,
        "message": result.message,
        "method": result.method,
        "engine": result.engine,
        "weights": fit.weights,
    }
    for name, text in texts.items():
        add_field(details, name, text)
    shift = _entry(result.estimate(f"{region.name}/{REGION}/shift"))
    _write_parameters(details, {"shift": shift})
    add_texts(details, "warnings", [w.message for w in warnings_in_region(record, fit.name)])
    doublets = add_group(details, "doublets", "NXcollection")
    for number, doublet in enumerate(region.doublets):
        one = add_group(doublets, f"doublet{number}", "NXcollection")
        add_field(one, "label", doublet_label(region, doublet))
        add_field(one, "line", doublet.line)
        add_field(one, "splitting", doublet.splitting, "eV")
        add_field(one, "ratio", doublet.ratio)
        _write_total(one, result, region, doublet.major, doublet.id)


def _write_total(group: Any, result: FitResult, region: Region, major: str, doublet: str) -> None:
    """Write the area of both lines together, where the shape has an area."""
    if "area" in [spec.name for spec in region.specs_of(region.component(major))]:
        estimate = result.estimate(f"{region.name}/{doublet}/area")
        _write_parameters(group, {"area": _entry(estimate)})
