"""The curves of the models of a ratio, against normal distributions of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from spectra_core.uncertainty.densities import densities
from spectra_core.uncertainty.ratios import LEVEL, Ratio
from spectra_core.uncertainty.spread import Variant


def variant(name, ratio, stderr, weight, choice="components"):
    return Variant("model", choice, name, ratio, 1.0, 0.0, weight > 0, "", weight or None, stderr)


def ratio_of(*variants):
    return Ratio("r", 1.0, 0.05, (0.9, 1.1), LEVEL, "a / b", variants=variants)


def test_the_mixture_is_the_weighted_sum_and_has_the_area_one():
    found = densities(
        ratio_of(
            variant("fit", 1.0, 0.05, 0.7, "drawn"),
            variant("other", 1.2, 0.06, 0.3),
            variant("refused", 5.0, 0.1, 0.0),
            variant("a window", 9.0, 0.1, 0.5, "window"),
        )
    )
    assert found.names == ("fit", "other")
    assert np.trapezoid(found.mixture, found.x) == pytest.approx(1.0, abs=0.01)
    first = 0.7 * stats.lognorm(0.05, scale=1.0).pdf(found.x)
    second = 0.3 * stats.lognorm(0.05, scale=1.2).pdf(found.x)
    np.testing.assert_allclose(found.each[0], first, atol=1e-9)
    np.testing.assert_allclose(found.mixture, first + second, atol=1e-9)


def test_a_ratio_near_zero_is_normal_and_not_negative():
    fit = variant("fit", 0.1, 0.08, 0.6, "drawn")
    found = densities(ratio_of(fit, variant("b", 0.2, 0.1, 0.4)))
    assert found.x[0] == 0.0
    np.testing.assert_allclose(found.each[0], 0.6 * stats.norm(0.1, 0.08).pdf(found.x), atol=1e-9)


def test_a_model_alone_has_no_mixture():
    fit = variant("fit", 1.0, 0.05, 1.0, "drawn")
    assert densities(ratio_of(fit, variant("refused", 2.0, 0.1, 0.0))) is None
