"""Synthetic spectra with a known truth: the only way to see whether a fit is right.

The curve of a model, in counts per second, times dwell and scans is what a channel is
expected to count; what it does count is one Poisson draw. "More counts" therefore means
"measured for longer": areas and levels stay those of the model, so the truth can be
compared with a fit whatever the statistics. Every simulated spectrum says in its sample
name, its comment and its metadata that it is synthetic, and keeps saying so in files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from hashlib import sha256
from math import floor, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..errors import ModelError
from ..fitting import FitResult, evaluate
from ..fitting.problem import Problem, compile_problem
from ..model import Model, Region
from ..spectrum import Array, Axis, Calibration, Meta, Spectrum, calibrate
from ..uncertainty.areas import area_path

if TYPE_CHECKING:
    from ..recipe.schema import RatioEntry, Recipe

SYNTHETIC = "(synthetic)"
MAX_POINTS = 1_000_000
MAX_COUNTS = 1e15  # per channel: whole numbers are exact in a double up to here


@dataclass(frozen=True)
class Acquisition:
    """How the simulated spectra are measured.

    Attributes
    ----------
    step_ev : float
        Channel width in eV, or in cm-1 on a Raman axis.
    dwell_s, scans : float
        Seconds per channel of one scan, and the number of scans added up.
    photon_energy_ev : float
        Photon energy in eV.
    sample : str
        Sample name; ``(synthetic)`` is put behind it.
    peak_counts : float or None
        Expected counts of the highest channel of all regions, background included.
        The dwell time becomes what that takes; None keeps the dwell time given.
    shift_ev : float
        What a charge correction of these spectra will add: the recorded axis lies lower
        by this than the model's.
    note : str
        Said in the comment of every spectrum: recipe, seed.
    axis : Axis
        Binding energy or Raman shift.
    laser_nm : float or None
        Of Raman spectra.

    Raises
    ------
    ModelError
        If a number is not positive and finite.
    """

    step_ev: float
    dwell_s: float
    scans: float
    photon_energy_ev: float
    sample: str = "simulated"
    peak_counts: float | None = None
    shift_ev: float = 0.0
    note: str = ""
    etch_time_s: float | None = None
    axis: Axis = Axis.BINDING_ENERGY
    laser_nm: float | None = None

    def __post_init__(self) -> None:
        for name in ("step_ev", "dwell_s", "scans", "photon_energy_ev", "peak_counts"):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and value > 0):
                raise ModelError(
                    f"the {name} of a simulation is {value:g}.", hint="Give a positive number."
                )


def simulate(model: Model, acquisition: Acquisition, rng: np.random.Generator) -> list[Spectrum]:
    """Return one synthetic spectrum for each region of a model.

    Parameters
    ----------
    model : Model
        Every parameter must have a value; backgrounds must be active.
    acquisition : Acquisition
    rng : numpy Generator
        Source of the Poisson noise; the same state gives the same counts.

    Returns
    -------
    spectra : list of Spectrum
        In the order of the regions, on the region's window, in counts/s with the
        counts beside them.

    Raises
    ------
    ModelError
        If a parameter has no value, a background is computed from data, or the curve is
        negative anywhere.
    """
    spectra = []
    for expected in expected_spectra(model, acquisition):
        assert expected.counts is not None
        counts = rng.poisson(expected.counts).astype(float)
        time = expected.meta.acquisition_time_s or 1.0
        spectra.append(replace(expected, y=counts / time, counts=counts))
    return spectra


def expected_spectra(model: Model, acquisition: Acquisition) -> list[Spectrum]:
    """Return the spectra that `simulate` draws from: expected counts, without noise.

    Raises
    ------
    ModelError
        As `simulate`.
    """
    for region in model.regions:
        _check_background(region)
    grids = {r.name: _grid(r, acquisition.step_ev) for r in model.regions}
    level = {name: _blank(x, acquisition.axis) for name, x in grids.items()}
    _check_values(compile_problem(model, level))
    drawn = evaluate(level, model)
    rates = {region.name: region.envelope for region in drawn.regions}
    for name, rate in rates.items():
        _check_rate(name, grids[name], rate, acquisition.axis.unit)
    acquisition = _with_peak_counts(acquisition, max(float(r.max()) for r in rates.values()))
    return [_labelled(r, grids[r.name], rates[r.name], acquisition) for r in model.regions]


def evaluate_truth(model: Model, acquisition: Acquisition) -> FitResult:
    """Return the model drawn on its own noise-free spectra: the truth of a simulation.

    Every parameter, doublet total and ratio can be asked of it as of a fit.
    """
    shift = Calibration(acquisition.shift_ev)
    spectra = [calibrate(s, shift) for s in expected_spectra(model, acquisition)]
    by_region = {r.name: s for r, s in zip(model.regions, spectra, strict=True)}
    return evaluate(by_region, model)


def truth_parameters(truth: FitResult) -> dict[str, dict[str, Any]]:
    """Return value and unit of every parameter by path; of a doublet, also its total area."""
    model = truth.model
    totals = [f"{r.name}/{d.id}/area" for r in model.regions for d in r.doublets]
    return {
        path: {"value": truth.value(path), "unit": truth.unit(path)}
        for path in (*truth.paths, *totals)
    }


def _check_values(problem: Problem) -> None:
    """Raise if a value is missing, or stands outside its bounds: nothing is made up here."""
    missing = [i for i in problem.free if problem.parameters[i].value is None]
    missing += list(np.flatnonzero(np.isnan(problem.offset)))
    if missing:
        raise ModelError(
            "this parameter has no value, so there is no truth to simulate.",
            hint="Give it a value in the recipe.",
            where=problem.paths[missing[0]],
        )
    for sentence in problem.notes:
        raise ModelError(sentence, hint="A simulation needs values inside the bounds.")


def _check_background(region: Region) -> None:
    background = region.background
    if background.mode == "static" and background.type != "none":
        raise ModelError(
            f'a static "{background.type}" background is computed from data, and there are none.',
            hint='Use mode = "active" and give its parameters.'
            if "active" in background.kind.modes
            else 'Use an active background, e.g. type = "shirley", mode = "active".',
            where=region.name,
        )


def _grid(region: Region, step: float) -> Array:
    low, high = region.window
    n_points = floor((high - low) / step + 1e-9) + 1
    if not 3 <= n_points <= MAX_POINTS:
        raise ModelError(
            f"a window of {high - low:g} in steps of {step:g} has {n_points} points.",
            hint=f"Choose a step that gives 3 to {MAX_POINTS} points.",
            where=region.name,
        )
    return np.asarray(low + step * np.arange(n_points))


def _check_rate(name: str, x: Array, rate: Array, unit: str) -> None:
    lowest = int(np.argmin(rate))
    if not np.isfinite(rate).all() or rate[lowest] < 0:
        raise ModelError(
            f"the model's curve is {rate[lowest]:g} counts/s at {x[lowest]:g} {unit};"
            " counts cannot be negative.",
            hint="Raise the background level.",
            where=name,
        )


def _with_peak_counts(acquisition: Acquisition, highest_rate: float) -> Acquisition:
    if highest_rate <= 0:
        raise ModelError("the model's curve is zero everywhere, so there is nothing to count.")
    wanted = acquisition.peak_counts
    dwell = acquisition.dwell_s
    if wanted is not None:
        dwell = wanted / (highest_rate * acquisition.scans)
    if highest_rate * dwell * acquisition.scans > MAX_COUNTS:
        raise ModelError(
            f"the highest channel would count {highest_rate * dwell * acquisition.scans:.3g}.",
            hint=f"Stay below {MAX_COUNTS:g} counts.",
        )
    return replace(acquisition, dwell_s=dwell)


def _blank(x: Array, axis: Axis) -> Spectrum:
    return Spectrum(x, np.ones(x.size), axis, meta=Meta(dwell_s=1.0, scans=1.0))


def _labelled(region: Region, x: Array, rate: Array, acquisition: Acquisition) -> Spectrum:
    name = _block_name(region)
    xps = acquisition.axis.is_energy
    species, _, transition = _line(region, name).partition(" ") if xps else ("", "", "")
    comment = f"SYNTHETIC, not a measurement: Poisson counts of a model. {acquisition.note}".strip()
    marks: Mapping[str, Any] = {"synthetic": "yes", "file_comment": comment}
    meta = Meta(
        sample=f"{acquisition.sample} {SYNTHETIC}",
        region=name,
        technique="XPS" if xps else "Raman",
        species=species,
        transition=transition,
        excitation_energy_ev=acquisition.photon_energy_ev if xps else None,
        laser_nm=None if xps else acquisition.laser_nm,
        dwell_s=acquisition.dwell_s,
        scans=acquisition.scans,
        comment=comment,
        extra=marks,
        etch_time_s=acquisition.etch_time_s,
    )
    counts = rate * acquisition.dwell_s * acquisition.scans
    return Spectrum(
        x - acquisition.shift_ev,
        rate,
        acquisition.axis,
        counts=counts,
        descending=xps,
        meta=meta,
    )


def _block_name(region: Region) -> str:
    """Return a name that the region's own pattern finds again."""
    plain = region.match.replace("*", "").replace("?", "").strip()
    for name in (region.name, plain):
        if name and (not region.match or fnmatchcase(name, region.match)):
            return name
    return region.name


def _line(region: Region, name: str) -> str:
    """Return the core level of a region, e.g. ``"S 2p"``; its block's name if none is stated."""
    lines = [doublet.line for doublet in region.doublets]
    lines += [component.line for component in region.components if component.line]
    return lines[0] if lines else name


# ---------------------------------------------------------------------------------
# From a recipe

TRUTH_SCHEMA = "doublet-truth/1"


@dataclass(frozen=True, eq=False)
class Simulation:
    """Synthetic spectra and what is true of them.

    Attributes
    ----------
    spectra : tuple of Spectrum
        One for each region of the recipe.
    truth : mapping
        The truth document, ready for JSON: schema, seed, recipe and its checksum,
        acquisition, parameters by path, doublet totals, ratios.
    """

    spectra: tuple[Spectrum, ...]
    truth: Mapping[str, Any]


def simulate_recipe(
    recipe: Recipe, *, seed: int | None = None, peak_counts: float | None = None
) -> Simulation:
    """Return the spectra that a recipe describes, and their truth.

    Parameters
    ----------
    recipe : Recipe
        Every parameter must have a value; backgrounds must be active.
    seed : int or None
        Of the noise; None takes the recipe's, else 0.
    peak_counts : float or None
        In place of the recipe's, see `Acquisition`.

    Raises
    ------
    ModelError
        As `simulate`.
    """
    from ..recipe.schema import SimulateEntry
    from ..recipe.text import calibration_from_recipe, dump_recipe, model_from_recipe

    settings = recipe.simulate or SimulateEntry()
    seed = next(value for value in (seed, settings.seed, 0) if value is not None)
    checksum = sha256(dump_recipe(recipe).encode()).hexdigest()
    calibration = calibration_from_recipe(recipe)
    acquisition = Acquisition(
        settings.step,
        settings.dwell,
        settings.scans,
        settings.photon_energy,
        settings.sample,
        settings.peak_counts if peak_counts is None else peak_counts,
        0.0 if calibration is None else calibration.shift,
        f'Simulated by Doublet {__version__} from the recipe "{recipe.title}"'
        f" (sha256 {checksum}), seed {seed}.",
        settings.etch_time,
        Axis.RAMAN_SHIFT if settings.axis == "raman" else Axis.BINDING_ENERGY,
        settings.laser,
    )
    model = model_from_recipe(recipe)
    spectra = tuple(simulate(model, acquisition, np.random.default_rng(seed)))
    truth = evaluate_truth(model, acquisition)
    document = {
        "schema": TRUTH_SCHEMA,
        "synthetic": True,
        "program": {"name": "doublet", "version": __version__, "numpy": np.__version__},
        "recipe": {"title": recipe.title, "sha256": checksum},
        "seed": seed,
        "acquisition": _conditions(acquisition, spectra[0]),
        "spectra": [_counted(spectrum) for spectrum in spectra],
        "parameters": truth_parameters(truth),
        "doublets": _doublet_totals(truth),
        "ratios": [_true_ratio(recipe, truth, entry) for entry in recipe.ratio],
    }
    return Simulation(spectra, document)


def _conditions(acquisition: Acquisition, spectrum: Spectrum) -> dict[str, Any]:
    conditions = asdict(acquisition) | {"dwell_s": spectrum.meta.dwell_s}
    other = ("photon_energy_ev", "etch_time_s") if acquisition.axis is Axis.RAMAN_SHIFT else ()
    conditions["axis"] = acquisition.axis.value
    return {name: value for name, value in conditions.items() if name not in other}


def _counted(spectrum: Spectrum) -> dict[str, Any]:
    assert spectrum.counts is not None
    return {
        "sample": spectrum.meta.sample,
        "region": spectrum.meta.region,
        "n_points": len(spectrum),
        "total_counts": int(spectrum.counts.sum()),
        "highest_counts": int(spectrum.counts.max()),
    }


def _doublet_totals(truth: FitResult) -> list[dict[str, Any]]:
    return [
        {
            "region": region.name,
            "id": doublet.id,
            "line": doublet.line,
            "splitting_ev": doublet.splitting,
            "ratio": doublet.ratio,
            "area": truth.value(f"{region.name}/{doublet.id}/area"),
            "unit": truth.unit(f"{region.name}/{doublet.major}/area"),
        }
        for region in truth.model.regions
        for doublet in region.doublets
    ]


def _true_ratio(recipe: Recipe, truth: FitResult, entry: RatioEntry) -> dict[str, Any]:
    from ..recipe.compile import component_path

    above, below = (
        [area_path(truth.model, component_path(recipe, label)) for label in labels]
        for labels in (entry.numerator, entry.denominator)
    )
    bottom = sum(truth.value(path) for path in below)
    value = sum(truth.value(path) for path in above) / bottom if bottom else None
    return {"name": entry.name, "value": value, "numerator": above, "denominator": below}
