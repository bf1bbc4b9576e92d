"""Interfaces against known error functions; the paper's film, by hand."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import pytest

from spectra_core.errors import DataError, FitError
from spectra_core.series.depth import Rate, film_check, interface


def step(x, centre, sigma, before, after):
    return np.array(
        [before + (after - before) * 0.5 * (1 + erf((v - centre) / sqrt(2) / sigma)) for v in x]
    )


def test_intervals_hold_the_true_interface():
    x, error = np.arange(0.0, 240.0, 20.0), 0.03
    generator = np.random.default_rng(1)
    centre, width = [], []
    for _ in range(300):
        y = step(x, 110.0, 30.0, 1.0, 0.2) + error * generator.standard_normal(x.size)
        found = interface(x, y, np.full(x.size, error))
        centre.append(abs(found.position - 110.0) < 1.96 * found.position_sd)
        width.append(abs(found.width - 60.0) < 1.96 * found.width_sd)
    assert 0.91 <= np.mean(centre) <= 0.985
    assert 0.90 <= np.mean(width) <= 0.985


def test_a_clean_step_is_exact():
    x = np.arange(0.0, 240.0, 10.0)
    found = interface(x, step(x, 93.0, 17.0, 0.1, 0.9), np.full(x.size, 0.01))
    assert found.position == pytest.approx(93.0, abs=1e-4)
    assert found.width == pytest.approx(34.0, rel=1e-4)
    assert (found.before, found.after) == (pytest.approx(0.1), pytest.approx(0.9))
    assert found.resolved


def test_what_does_not_step_is_said():
    x = np.arange(12.0)
    generator = np.random.default_rng(0)
    with pytest.raises(FitError, match="do not step"):
        interface(x, 1.0 + 0.01 * generator.standard_normal(12), np.full(12, 0.01))
    with pytest.raises(FitError, match="only 4 levels"):
        interface(x[:4], x[:4], np.ones(4))


def test_depth_is_time_times_rate_times_yield():
    """The paper: 40 s at 0.5 nm/s are 20 nm, nominally."""
    rate = Rate(0.5, relative=0.1, material="Ta2O5", yield_relative=0.4)
    depth, error = rate.depths(np.array([0.0, 40.0]))
    np.testing.assert_allclose(depth, [0.0, 20.0])
    np.testing.assert_allclose(error, [0.0, 20.0 * np.hypot(0.1, 0.4)])
    assert "uncertain by 41 %" in rate.words
    with pytest.raises(DataError, match="removes nothing"):
        Rate(0.0)


def test_the_films_of_the_paper_contradict_what_is_seen():
    """40 to 50 nm of film, 20 nm sputtered, attenuation length 3.2 nm: exp(-12.5) = 4e-6."""
    notes = film_check((40.0, 50.0), 20.0, 3.2, relative=0.41)
    assert "4e-06 of the substrate's signal" in notes[0]
    assert "20 to 30 nm left" in notes[1]
    assert "8e-05 to 2e-03 through" in notes[1]
    assert "2.0 times what is assumed" in notes[2]
    assert len(film_check((15.0, 25.0), 20.0, 3.2)) == 2
    assert "may or may not be gone" in film_check((15.0, 25.0), 20.0, 3.2)[1]


def test_an_error_of_all_levels_does_not_move_the_interface():
    """What lifts a whole trend by 10 % changes its plateaus, not where it steps."""
    x = np.arange(12.0)
    y = step(x, 6.0, 1.5, 10.0, 30.0)
    own, loads = np.full(12, 0.3), 0.1 * y[:, None]
    alone = interface(x, y, own)
    told = interface(x, y, np.hypot(own, loads[:, 0]), loads)
    untold = interface(x, y, np.hypot(own, loads[:, 0]))
    assert told.position == pytest.approx(6.0, abs=1e-3)
    assert told.position_sd == pytest.approx(alone.position_sd, rel=0.02)
    assert untold.position_sd > 2 * told.position_sd
