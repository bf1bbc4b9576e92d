"""The compiled baselines against numpy's own passes and against pybaselines."""

import numpy as np
import pytest

from spectra_core.curves.shirley import proctor_sherwood
from spectra_core.fitting.engine import baseline_kernels

pytest.importorskip("numba", reason="the kernels need numba")


@pytest.fixture(scope="module")
def steps():
    """Synthetic lines on a step, with noise."""
    x = np.linspace(158.0, 172.0, 281)
    rng = np.random.default_rng(0)
    lines = [4000.0 * np.exp(-(((x - c) / 0.8) ** 2)) for c in (162.0, 163.0, 165.0)]
    y = np.array([600.0 + line + 0.01 * np.cumsum(line) for line in lines])
    return x, y + rng.normal(0.0, 5.0, y.shape)


def test_shirley_backgrounds_are_those_of_numpy(steps):
    x, y = steps
    low, high = y[:, :3].mean(axis=1), y[:, -3:].mean(axis=1)
    curves = np.empty_like(y)
    passes = baseline_kernels().shirley_many(x, y, low, high, 1e-10, 200, curves)
    for k in range(len(y)):
        oracle = proctor_sherwood(x, y[k], low[k], high[k], tolerance=1e-10, max_iterations=200)
        assert passes[k] == oracle.iterations
        np.testing.assert_allclose(curves[k], oracle.curve, rtol=1e-10)


def test_a_shirley_background_that_cannot_settle_says_so(steps):
    x, y = steps
    low, high = y[:1, 0], y[:1, -1]
    curves = np.empty_like(y[:1])
    assert baseline_kernels().shirley_many(x, y[:1], low, high, 1e-10, 2, curves)[0] == -1


def test_arpls_is_that_of_pybaselines():
    from pybaselines import Baseline

    x = np.linspace(0.0, 1000.0, 1000)
    rng = np.random.default_rng(1)
    y = np.array(
        [
            100.0 * np.exp(-(((x - 300.0 - i) / 20.0) ** 2))
            + 0.05 * x
            + 20.0 * np.sin(x / 300.0)
            + rng.normal(0.0, 1.0, x.size)
            for i in range(5)
        ]
    )
    baselines = np.empty_like(y)
    assert (baseline_kernels().arpls_many(y, 1e5, 1e-3, 50, baselines) > 0).all()
    for row, found in zip(y, baselines, strict=True):
        oracle, _ = Baseline(x).arpls(row, lam=1e5)
        assert np.abs(found - oracle).max() <= 1e-8 * np.ptp(row)
