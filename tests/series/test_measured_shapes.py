"""A measured spectrum as a component of a series: its noise is one realisation for all levels.

Synthetic, by a generator of its own: a line that no formula has, measured once with few counts,
in twelve levels beside a second species.
"""

from __future__ import annotations

import numpy as np

import spectra_core as sc
from spectra_core.series.fits import fit_series

X = np.arange(156.0, 172.0, 0.2)
LINES = ((161.2, 1.0, 0.55), (162.4, 0.52, 0.55), (163.1, 0.25, 0.9), (161.7, 0.2, 1.1))
"""Centre, share and sigma of the true line."""
LEVELS = 12
NEW = 300.0 + 100.0 * np.linspace(-1.0, 1.0, LEVELS)
OLD = 3000.0 - 120.0 * np.arange(LEVELS)


def old(x, shift=0.0):
    total = sum(share for _, share, _ in LINES)
    return sum(share / total * gauss(x, centre + shift, sigma) for centre, share, sigma in LINES)


def gauss(x, centre, sigma):
    return np.exp(-0.5 * ((x - centre) / sigma) ** 2) / sigma / np.sqrt(2 * np.pi)


def spectrum(generator, curve, name, time=0.0):
    counts = generator.poisson(curve).astype(float)
    meta = sc.Meta(
        "synthetic", name, "XPS", "S", "2p", 1486.6, dwell_s=1.0, scans=1.0, etch_time_s=time
    )
    return sc.make_spectrum(X, counts, sc.Axis.BINDING_ENERGY, y_unit="counts", meta=meta)


def model_with(shape):
    region = sc.Region("S 2p", (156.5, 171.5), sc.Background("linear"))
    region = sc.add_component(region, "old", shape)
    fixed = {
        "center": sc.Parameter(163.6, free=False),
        "fwhm": sc.Parameter(1.3, free=False),
    }
    return sc.Model((sc.add_component(region, "new", "gaussian", **fixed),))


def fitted(generator, *, reference_counts=1500.0):
    reference = spectrum(generator, reference_counts * old(X) + 30.0, "S 2p")
    shape = sc.measured_shape(reference, background="linear")
    levels = [
        {
            "S 2p": spectrum(
                generator,
                OLD[k] * old(X) + NEW[k] * gauss(X, 163.6, 1.3 / 2.354820045) + 30.0,
                "S 2p",
                20.0 * k,
            )
        }
        for k in range(LEVELS)
    ]
    return fit_series(levels, model_with(shape), drift=False)


def error_of_the_mean(found, path):
    """Return the standard error of the mean of an area over the levels, and without what is one."""
    loads = np.array([found.loads(k, [path])[0] for k in range(LEVELS)])
    own = found.stderrs(path) ** 2 - np.sum(loads**2, axis=1)
    together = np.sum(loads.sum(axis=0) ** 2)
    return np.sqrt(own.sum() + together) / LEVELS, np.sqrt(
        np.sum(found.stderrs(path) ** 2)
    ) / LEVELS


def test_the_noise_of_a_shape_is_common_to_all_levels():
    """Without that the mean over the levels would be given far too small an error."""
    generator = np.random.default_rng(21)
    runs, each, mean, naive, pulls = 60, 0, 0, 0, []
    for _ in range(runs):
        found = fitted(generator)
        values, errors = found.values("S 2p/new/area"), found.stderrs("S 2p/new/area")
        each += int(np.sum(np.abs(values - NEW) < 1.96 * errors))
        off = values.mean() - NEW.mean()
        right, wrong = error_of_the_mean(found, "S 2p/new/area")
        mean += abs(off) < 1.96 * right
        naive += abs(off) < 1.96 * wrong
        pulls.append(off / right)
    assert 0.90 < each / (runs * LEVELS) < 0.985
    assert mean / runs > 0.87
    assert naive / runs < 0.80
    assert 0.8 < np.std(pulls) < 1.25


def test_a_reference_of_many_counts_leaves_next_to_no_common_error():
    """What is left is of the centre, which all levels share."""
    times = []
    for counts in (1e9, 1500.0):
        found = fitted(np.random.default_rng(3), reference_counts=counts)
        right, wrong = error_of_the_mean(found, "S 2p/new/area")
        times.append(right / wrong)
    assert times[0] < 1.15 and times[1] > 1.6


def test_each_level_is_drawn_with_the_noise_of_both():
    found = fitted(np.random.default_rng(5))
    reduced = [level.statistics.reduced_chi_square for level in found.levels]
    assert 0.7 < np.mean(reduced) < 1.2
