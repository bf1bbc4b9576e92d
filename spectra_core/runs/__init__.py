"""Headless runs: which spectra make a sample, which fits follow, and the doing of them."""
