"""Fitting: a model and its spectra compiled to a flat problem, solved, and reported."""

from .fitting import FitOptions, evaluate, fit
from .result import Estimate, FitResult, FitWarning, RegionFit, Status
from .weights import Weights

__all__ = [
    "Estimate",
    "FitOptions",
    "FitResult",
    "FitWarning",
    "RegionFit",
    "Status",
    "Weights",
    "evaluate",
    "fit",
]
