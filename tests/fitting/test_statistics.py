"""Residual statistics on sequences whose statistics are known."""

import numpy as np
import pytest

from spectra_core.fitting.statistics import abbe, fit_statistics, runs_p_value, statistics_rows

RNG = np.random.default_rng(7)


def test_abbe_is_one_for_noise_zero_for_drift_and_two_for_alternation():
    assert abbe(RNG.normal(size=20_000)) == pytest.approx(1.0, abs=0.02)
    assert abbe(np.sin(np.linspace(0, 6, 2000))) < 0.01
    assert abbe(np.tile([1.0, -1.0], 500)) == pytest.approx(2.0, abs=0.01)


def test_runs_p_value_is_uniform_for_noise_and_tiny_for_misfit():
    values = [runs_p_value(RNG.normal(size=400)) for _ in range(400)]
    assert np.mean(np.array(values) < 0.1) == pytest.approx(0.1, abs=0.04)
    assert runs_p_value(np.sin(np.linspace(0, 6, 200))) < 1e-10


def test_runs_p_value_of_a_worked_example():
    """Ten + and ten - in 4 runs: mean 11, variance 90/19, z = -3.216, p = 0.0013."""
    signs = np.array([1.0] * 5 + [-1.0] * 5 + [1.0] * 5 + [-1.0] * 5)
    assert runs_p_value(signs) == pytest.approx(0.0013, abs=5e-5)


def test_information_criteria_charge_each_parameter():
    residual = RNG.normal(size=100)
    few, many = (fit_statistics(residual, k, sigma_known=True) for k in (3, 5))
    assert many.aic - few.aic == pytest.approx(4.0)
    assert many.bic - few.bic == pytest.approx(2 * np.log(100))
    assert few.reduced_chi_square == pytest.approx(residual @ residual / 97)


def test_unknown_sigma_makes_the_criteria_scale_free():
    residual = RNG.normal(size=100)
    other = 1000 * residual
    differences = [
        fit_statistics(r, 5, sigma_known=False).aic
        - fit_statistics(0.9 * r, 7, sigma_known=False).aic
        for r in (residual, other)
    ]
    assert differences[0] == pytest.approx(differences[1])


def test_statistics_of_many_fits_are_those_of_each():
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(6, 60))
    rows[2, 10:14] = 0.0
    rows[3] = 0.0
    rows[4] = np.abs(rows[4])
    known = np.array([0.5, -1.0])
    noise = [None, *(2.0 * rows[1:])]
    for sigma_known in (True, False):
        found = statistics_rows(rows, 7, known, sigma_known=sigma_known, noise=noise)
        for own, over, together in zip(rows, noise, found, strict=True):
            alone = fit_statistics(
                own, 7, sigma_known=sigma_known, noise_residual=over, prior_residual=known
            )
            assert together == alone
            assert together.abbe == abbe(own) and together.runs_p == runs_p_value(own)
