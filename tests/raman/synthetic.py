"""A synthetic Raman map of a composite cathode; shares no code with the fit."""

import numpy as np

import spectra_core as sc

X = np.linspace(350.0, 700.0, 320)


def lorentzian(center, fwhm, area):
    half = 0.5 * fwhm
    return area / np.pi * half / ((X - center) ** 2 + half**2)


def cathode_map(seed=0, shape=(3, 4), ray=(1, 1)):
    """Return spectra of a map whose PS4 grows along the rows; one pixel has a cosmic ray."""
    rng, found = np.random.default_rng(seed), []
    for row in range(shape[0]):
        for column in range(shape[1]):
            y = 150.0 + 0.1 * X + lorentzian(425.0, 12.0, 2000.0 + 2000.0 * column)
            y = y + lorentzian(478.0, 60.0, 6000.0) + lorentzian(595.0, 55.0, 6000.0)
            y = rng.poisson(y).astype(float)
            if (row, column) == ray:
                y[90] += 3000.0
            where = {"X": (2.0 * column, "um"), "Y": (3.0 * row, "um")}
            meta = sc.Meta(sample="map", comment="synthetic", variables=where)
            found.append(sc.make_spectrum(X, y, sc.Axis.RAMAN_SHIFT, y_unit="counts", meta=meta))
    return found
