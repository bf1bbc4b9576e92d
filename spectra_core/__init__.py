"""Doublet's fitting core: spectra, models, fits; no Qt, no plotting, no printing."""

__version__ = "0.1.0"
