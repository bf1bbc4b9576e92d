"""Cosmic rays in synthetic spectra: bands of scipy's Voigt, a detector with a gain."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import voigt_profile

import spectra_core as sc
from spectra_core.errors import DataError
from spectra_core.masked import SATURATED, SPIKE
from spectra_core.model import make_component
from spectra_core.raman import against_replicate, despike, find_spikes, saturated, spikes_of_map
from spectra_core.spectrum import unmask

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
X = np.linspace(150.0, 1750.0, 1024)


def bands(rng):
    """Return bands of 5 to 120 cm-1 on a fluorescence, without noise."""
    y = rng.uniform(50, 3000) + rng.uniform(0, 3000) * np.exp(-X / 700)
    for _ in range(rng.integers(2, 8)):
        center, width = rng.uniform(200, 1700), 10 ** rng.uniform(0.7, 2.1)
        share = rng.uniform(0, 1)
        shape = voigt_profile(X - center, 0.42 * width * (1 - share), 0.5 * width * share)
        y = y + 10 ** rng.uniform(1.5, 4) * shape / shape.max()
    return y


def noisy(y, rng, gain):
    return rng.poisson(y * gain) / gain + rng.normal(0, 3, y.size)


def with_rays(y, sigma, rng):
    """Return intensities with rays of 10 to 1000 standard deviations, and their channels."""
    y, true = y.copy(), np.zeros(y.size, dtype=bool)
    for _ in range(rng.integers(0, 6)):
        at, width = rng.integers(3, y.size - 4), rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])
        if true[max(at - 6, 0) : at + 8].any():
            continue
        profile = np.concatenate([[1.0], rng.uniform(0.3, 1, 2)])[:width]
        y[at : at + width] += 10 ** rng.uniform(1, 3) * sigma[at] * profile
        true[at : at + width] = True
    return y, true


def groups(marks):
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks.astype(int), [0]])))
    return list(zip(edges[::2], edges[1::2], strict=True))


def test_rays_are_found_and_bands_are_left_alone():
    rng = np.random.default_rng(2026)
    injected = found = 0
    wrong = 0
    for _ in range(200):
        clean, gain = bands(rng), rng.uniform(0.3, 2)
        sigma = np.sqrt(clean / gain + 9.0)
        y, true = with_rays(noisy(clean, rng, gain), sigma, rng)
        marks = find_spikes(y)
        near = true | np.roll(true, 1) | np.roll(true, -1)
        for first, stop in groups(true):
            injected += 1
            found += bool(marks[first:stop].any())
        wrong += bool((marks & ~near).any())
    assert injected > 400
    assert found >= 0.98 * injected
    assert wrong <= 0.01 * 200


def test_means_of_accumulations_have_few_marks_that_are_none():
    """A mean has less noise than its signal tells, and a camera a pedestal."""
    rng = np.random.default_rng(16)
    injected = found = wrong = 0
    for k in range(400):
        clean, gain, scans = bands(rng), rng.uniform(0.3, 2), (4, 16)[k % 2]
        mean = np.mean([noisy(clean, rng, gain) for _ in range(scans)], axis=0)
        y, true = with_rays(mean, np.sqrt((clean / gain + 9.0) / scans), rng)
        marks = find_spikes(y + 600.0 * (k % 4 > 1))
        near = true | np.roll(true, 1) | np.roll(true, -1)
        for first, stop in groups(true):
            injected += 1
            found += bool(marks[first:stop].any())
        wrong += bool((marks & ~near).any())
    assert found >= 0.975 * injected
    assert wrong <= 7  # more of 400 at a rate of 1 %: once in twenty


def test_widths_of_bands_stay_the_same():
    rng = np.random.default_rng(7)
    shape = voigt_profile(X - 521.0, 1.0, 2.6)
    clean = 400.0 + 6000.0 * shape / shape.max()
    band = make_component(
        "band",
        "voigt",
        center=sc.Parameter(521.0, 500.0, 540.0),
        fwhm=sc.Parameter(8.0, 2.0, 30.0),
        area=sc.Parameter(None, 0.0),
    )
    window = sc.Region("r", (400.0, 650.0), sc.Background("linear", "active"))
    region = sc.add_component(window, band)
    changes = []
    for _ in range(20):
        y = noisy(clean, rng, 1.0)
        hit = y.copy()
        # a ray within a width of the top of a sharp line needs a replicate
        at = rng.choice([rng.uniform(410, 512), rng.uniform(530, 640)])
        hit[np.searchsorted(X, at)] += 2000.0
        pair = [sc.make_spectrum(X, v, sc.Axis.RAMAN_SHIFT, y_unit="counts") for v in (y, hit)]
        before = sc.fit(pair[0], region).value("r/band/fwhm")
        after = sc.fit(despike(pair[1]), region).value("r/band/fwhm")
        changes.append(after / before - 1.0)
        assert despike(pair[0]).masked is None
    assert np.max(np.abs(changes)) < 0.005


def test_a_replicate_decides_on_a_narrow_line():
    rng = np.random.default_rng(3)
    line = 900.0 * np.exp(-4 * np.log(2) * ((np.arange(1024) - 400) / 1.6) ** 2)
    one, two = (noisy(500.0 + line, rng, 1.0) for _ in range(2))
    assert find_spikes(one)[398:403].any()  # narrower than three channels: a ray, it seems
    assert not against_replicate(one, 1.2 * two + 30.0).any()
    one[700] += 400.0
    assert np.flatnonzero(against_replicate(one, 1.2 * two + 30.0)).tolist() == [700]


def test_neighbours_of_a_map_tell_a_line_from_a_ray():
    rng = np.random.default_rng(4)
    line = 900.0 * np.exp(-4 * np.log(2) * ((np.arange(1024) - 400) / 1.6) ** 2)
    rows = np.array([noisy(500.0 + line, rng, 1.0) for _ in range(9)])
    rows[4, 700] += 400.0
    rows[2, 400] += 3000.0  # a ray on the narrow line itself
    neighbours = [[j for j in range(9) if j != i] for i in range(9)]
    marks = spikes_of_map(rows, neighbours)
    assert marks[4, 700]
    assert marks[2, 400]
    marks[4, 700] = False
    marks[2, 399:402] = False
    assert np.argwhere(marks).tolist() == []


def test_a_full_detector_is_marked():
    y = 200.0 + 90000.0 * voigt_profile(X - 521.0, 8.0, 6.0) / voigt_profile(0.0, 8.0, 6.0)
    y = np.minimum(y + np.random.default_rng(1).normal(0, 10, X.size), 65535.0)
    full = saturated(y)
    assert full.sum() == (y == 65535.0).sum() > 5
    assert not saturated(y[~full]).any()
    spectrum = sc.make_spectrum(X, y, sc.Axis.RAMAN_SHIFT)
    marked = despike(spectrum)
    assert marked.masked.count()[SATURATED] == full.sum()
    assert np.array_equal(unmask(marked).y, y)


def test_only_raman_spectra_have_rays():
    with pytest.raises(DataError, match="binding energy"):
        despike(sc.make_spectrum(X, X, sc.Axis.BINDING_ENERGY))


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data, not part of the project")
def test_interpolated_channels_are_no_rays():
    """A real glass spectrum of 0.2 cm-1 a channel, interpolated: neighbours agree too well."""
    (spectrum,) = sc.read(DATA / "rampy-glass" / "LS4.txt")
    assert despike(spectrum).masked is None
    (hit,) = [spectrum.y.copy()]
    hit[1500] += 1.0 * np.ptp(spectrum.y)
    hit = sc.make_spectrum(spectrum.x, hit, spectrum.axis, y_unit=spectrum.y_unit)
    assert despike(hit).masked.count() == {SPIKE: 1}
