"""Doublet's fitting core: spectra, models, fits; no Qt, no plotting, no printing.

``import spectra_core as sc`` brings what most scripts need, ``sc.read`` to ``sc.write_report``.
Each name is fetched from its room when it is first used, so the import itself costs nothing. The
rooms hold more; what begins with an underscore is nobody's business but theirs.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

__version__ = "0.2.0"

# The public face: room -> its names here. `__init__.pyi` says the same to type checkers.
_FACE = {
    "errors": "SpectraError",
    "datafiles": "data_path",
    "core_levels": "core_level",
    "spectrum": "Axis Calibration Meta Spectrum calibrate crop make_spectrum to_axis",
    "readers": "ReadOptions read",
    "series": "SpectrumSeries series_of",
    "series.fits": "SeriesFit fit_series",
    "series.factors": "factor_table principal_components resolve target_test",
    "writers": "write",
    "model": (
        "Background Component Link Model Parameter Prior Region Term"
        " add_component add_doublet add_links add_priors get_parameter replace_region set_parameter"
        " share share_shift unlock"
    ),
    "fitting": (
        "BatchOptions BatchResult FitOptions FitResult SpectrumStack Weights evaluate fit fit_batch"
    ),
    "fitting.lmfit_bridge": "to_lmfit",
    "fitting.measured": "measured_shape",
    "foreign.stored_fit": "stored_fit",
    "library": "PeakLibrary load_library",
    "uncertainty.quantities": "AreaRatio",
    "uncertainty.budget": "RatioRequest Rows ratio_budget ratio_budgets",
    "uncertainty.ratios": "Ratio area_ratio",
    "uncertainty.pulls": "Pulls pulls",
    "uncertainty.profile": "profile_interval uniqueness_curve upper_limit",
    "uncertainty.monte_carlo": "monte_carlo",
    "quantify": "QuantifyEntry atomic_fractions imfp overlayer_thickness",
    "quantify.areas": "areas_of_fit",
    "calibration": "measure_reference",
    "referee.rules": "lint",
    "editing.edits": "link",
    "recipe.text": "dump_recipe load_recipe model_from_recipe",
    "recipe.compile": "recipe_from_model",
    "recipe.presets": "preset preset_ids",
    "runs.batch": "run",
    "runs.plan": "plan",
    "runs.quantify": "quantify_spectra",
    "runs.series": "run_series",
    "runs.stream": "fit_map",
    "runs.records": "Run",
    "runs.reexamine": "reexamine",
    "runs.simulate": "Acquisition simulate simulate_recipe",
    "results.document": "write_results",
    "results.figures": "fit_figure save_figure",
    "results.panels": "compose_figure",
    "report": "build_report write_report",
    "project.project": "Project",
    "project.file": "load_project save_project",
}
_ROOM_OF = {name: room for room, names in _FACE.items() for name in names.split()}

__all__ = ["__version__", *_ROOM_OF]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=sys.modules[__name__])
    value = getattr(import_module(f".{_ROOM_OF[name]}", __name__), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
