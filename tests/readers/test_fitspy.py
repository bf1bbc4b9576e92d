"""Fits of Fitspy as models: against the numbers in its own file, and on made spectra."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.foreign.presence import has_exported_fit
from spectra_core.foreign.stored_fit import stored_fit
from spectra_core.readers import ReadOptions, identify, read

RAMAN = ReadOptions(axis="raman")
X = np.arange(300.0, 500.0, 0.5)
PEAKS = (("Lorentzian", 380.0, 80.0, 9.0), ("Gaussian", 430.0, 100.0, 14.0))
"""Shape, place, amplitude (100: the highest point after normalisation), width."""
COUNTS = 7.0
"""What an amplitude of 1 is."""


def curve(kind, x0, amplitude, width):
    """Return a peak by its formula."""
    u = ((X - x0) / (width / 2)) ** 2
    return amplitude * (np.exp(-np.log(2.0) * u) if kind == "Gaussian" else 1.0 / (1.0 + u))


@pytest.fixture
def saved(tmp_path):
    """Give a function that writes a synthetic spectrum and its model beside it."""

    def save(**changes):
        y = 50.0 + 0.2 * (X - X[0]) + COUNTS * sum(curve(*peak) for peak in PEAKS)
        top = (sum(curve(*peak) for peak in PEAKS)).max()
        rows = "\n".join(f"{a:.1f}\t{b:.6f}" for a, b in zip(X, y, strict=True))
        (tmp_path / "bench.txt").write_text(rows)
        models = {
            str(n): {
                kind: {
                    "ampli": {"value": amplitude * 100.0 / top, "vary": True},
                    "x0": {"value": x0, "vary": True},
                    "fwhm": {"value": width, "vary": True},
                }
            }
            for n, (kind, x0, amplitude, width) in enumerate(PEAKS)
        }
        # the baseline passes through the points given, two far from the peaks
        ends = [float(X[0]), float(X[-1])]
        entry = {
            "fname": "C:\\elsewhere\\bench.txt",
            "range_min": None,
            "range_max": None,
            "normalize": True,
            "normalize_range_min": None,
            "normalize_range_max": None,
            "peak_labels": ["first", ""],
            "baseline": {
                "mode": "Linear",
                "points": [ends, [50.0, 50.0 + 0.2 * (X[-1] - X[0])]],
                "attached": False,
                "sigma": 0,
                "is_subtracted": True,
            },
            "peak_models": models,
        }
        path = tmp_path / "model.json"
        path.write_text(json.dumps({"0": entry | changes}))
        return path

    return save


def test_the_numbers_of_the_file_become_a_model(saved):
    path = saved()
    assert identify(path) == "Fitspy json"
    (spectrum,) = read(path, options=RAMAN)
    assert has_exported_fit(spectrum)
    (region,) = stored_fit(spectrum).model.regions
    first, second = region.components
    assert (first.id, second.id) == ("first", "peak 2")
    for component, (kind, x0, amplitude, width) in zip((first, second), PEAKS, strict=True):
        value = {key: parameter.value for key, parameter in component.parameters.items()}
        area = {"Lorentzian": np.pi / 2, "Gaussian": np.sqrt(np.pi / np.log(2.0)) / 2}[kind]
        assert value["center"] == pytest.approx(x0, abs=1e-3)
        assert value["fwhm"] == pytest.approx(width, rel=1e-3)
        assert value["area"] == pytest.approx(COUNTS * amplitude * width * area, rel=2e-3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"normalize": False}, "best factor 7"),
        ({"bkg_model": {"Linear": {}}}, "model of a background"),
        ({"baseline": {"mode": "Polynomial", "points": [[1, 2], [3, 4]]}}, "baseline"),
        ({"peak_models": {"0": {"Fano": {}}}}, "Fano"),
        ({"peak_models": {}}, "no peak"),
    ],
)
def test_what_does_not_belong_to_the_spectrum_is_no_fit_of_it(saved, changes, words):
    (spectrum,) = read(saved(**changes), options=RAMAN)
    assert not has_exported_fit(spectrum)
    assert words in spectrum.meta.extra["fit_note"]


def test_a_spectrum_that_is_not_there_is_named(saved, tmp_path):
    path = saved()
    (tmp_path / "bench.txt").unlink()
    with pytest.raises(ReadError, match=r"bench\.txt: the spectrum .* not beside it"):
        read(path, options=RAMAN)


@pytest.mark.parametrize("value", ["x", None, [], {"Lorentzian": 3}])
def test_a_damaged_model_is_a_sentence(saved, value):
    with pytest.raises(ReadError, match="something unexpected"):
        read(saved(peak_models={"0": value}), options=RAMAN)


def test_the_measured_example_has_the_fit_that_its_file_says(data_dir):
    """Nine Lorentzians; of the third spectrum only the model is at hand."""
    path = data_dir / "fitspy-raman" / "spectra_2" / "model.json"
    with pytest.raises(PartialRead, match=r"spectrum_2_3\.txt") as caught:
        read(path, options=RAMAN)
    told = json.loads(path.read_text())
    assert len(caught.value.spectra) == 2
    for spectrum, entry in zip(caught.value.spectra, told.values(), strict=False):
        (region,) = stored_fit(spectrum).model.regions
        peaks = [peak["Lorentzian"] for peak in entry["peak_models"].values()]
        for component, peak in zip(region.components, peaks, strict=True):
            value = {key: one.value for key, one in component.parameters.items()}
            assert value["center"] == pytest.approx(peak["x0"]["value"], abs=0.02)
            assert value["fwhm"] == pytest.approx(peak["fwhm"]["value"], rel=0.01)
