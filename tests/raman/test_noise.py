"""What a camera tells is no count: its noise is found, and intervals hold; synthetic."""

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.fitting import FitOptions, Weights
from spectra_core.fitting.weights import choose_weights, counts_are_known
from spectra_core.model import make_component

X = np.arange(300.0, 1300.0, 1.2)
CLEAN = (
    300.0
    + 900.0 * np.exp(-X / 900.0)
    + 4000.0 / (1 + ((X - 425.0) / 7.0) ** 2)
    + 900.0 / (1 + ((X - 595.0) / 28.0) ** 2)
)
AREA = np.pi * 7.0 * 4000.0


def camera(seed, *, gain=1.0, scans=1, read=0.0):
    """Return what a camera of a gain tells, as a mean of scans, called counts."""
    rng = np.random.default_rng(seed)
    electrons = rng.poisson(scans * CLEAN) + rng.normal(0.0, read * np.sqrt(scans), X.size)
    y = gain * electrons / scans
    return sc.make_spectrum(X, y, sc.Axis.RAMAN_SHIFT, y_unit="counts")


def region():
    made = sc.Region("r", (330.0, 700.0), sc.Background("polynomial", "active", {"degree": 2}))
    for name, center, fwhm in (("PS4", 425.0, 13.0), ("A1g", 595.0, 50.0)):
        band = make_component(
            name,
            "lorentzian",
            center=sc.Parameter(center, center - 10, center + 10),
            fwhm=sc.Parameter(fwhm, 0.5 * fwhm, 2 * fwhm),
            area=sc.Parameter(None, 0.0),
        )
        made = sc.add_component(made, band)
    return made


def test_counts_are_taken_as_counts():
    kinds = [choose_weights(camera(seed), None) for seed in range(60)]
    assert kinds.count(Weights.POISSON) >= 52
    assert set(kinds) <= {Weights.POISSON, Weights.EMPIRICAL}


@pytest.mark.parametrize("how", [{"gain": 2.0}, {"gain": 0.5}, {"scans": 4}, {"read": 40.0}])
def test_what_does_not_scatter_as_counts_is_not_taken_as_counts(how):
    for seed in range(20):
        assert not counts_are_known(camera(seed, **how))
    result = sc.fit(camera(0, **how), region())
    assert result.regions[0].weights == "empirical"
    (note,) = [w for w in result.warnings if w.code == "noise_estimated"]
    assert "times that of counts" in note.message


@pytest.mark.parametrize(
    "how", [{"gain": 4.0}, {"gain": 0.25, "read": 3.0}, {"gain": 1.7, "scans": 9}]
)
def test_errors_are_those_of_the_scatter(how):
    """In units of the stated error the areas of 100 spectra scatter by one."""
    pulls, chi = [], []
    for seed in range(100):
        result = sc.fit(camera(seed, **how), region())
        area, error = result.value("r/PS4/area"), result.stderr("r/PS4/area")
        pulls.append((area - how.get("gain", 1.0) * AREA) / error)
        chi.append(result.statistics.reduced_chi_square)
    assert abs(np.mean(pulls)) < 0.45
    assert 0.82 < np.std(pulls) < 1.2  # 100 of them: within 2.5 standard errors
    assert np.median(chi) == pytest.approx(1.0, abs=0.08)


def test_interpolated_channels_weigh_the_same():
    """Neighbours that were interpolated agree better than they are known."""
    rough = camera(1)
    x = np.arange(300.0, 1298.0, 0.3)
    smooth = sc.make_spectrum(x, np.interp(x, X, rough.y), sc.Axis.RAMAN_SHIFT, y_unit="counts")
    result = sc.fit(smooth, region())
    assert result.regions[0].weights == "unit"
    (note,) = [w for w in result.warnings if w.code == "counts_unknown"]
    assert "not independent" in note.message


def test_a_user_may_say_that_they_are_counts():
    options = FitOptions(weights=Weights.POISSON)
    assert sc.fit(camera(0, gain=3.0), region(), options=options).regions[0].weights == "poisson"


def test_photoelectron_counts_stay_counts():
    spectrum = camera(0, gain=3.0)
    moved = sc.make_spectrum(spectrum.x, spectrum.y, sc.Axis.BINDING_ENERGY, y_unit="counts")
    assert choose_weights(moved, None) is Weights.POISSON
