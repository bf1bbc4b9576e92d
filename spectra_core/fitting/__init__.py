"""Fitting: a model and its spectra compiled to a flat problem, solved, and reported."""

from .batch import BatchOptions, BatchResult, SpectrumStack, fit_batch
from .live import LiveFit
from .result import Estimate, FitResult, FitWarning, PriorEstimate, RegionFit, Status
from .single import DEFAULT_STARTS, FitOptions, evaluate, fit, with_open_values
from .weights import Weights

__all__ = [
    "DEFAULT_STARTS",
    "BatchOptions",
    "BatchResult",
    "Estimate",
    "FitOptions",
    "FitResult",
    "FitWarning",
    "LiveFit",
    "PriorEstimate",
    "RegionFit",
    "SpectrumStack",
    "Status",
    "Weights",
    "evaluate",
    "fit",
    "fit_batch",
    "with_open_values",
]
