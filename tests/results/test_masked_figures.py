"""Masked channels in figures: crossed out in the panel of the data, and named."""

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.model import make_component
from spectra_core.raman import despike
from spectra_core.results.figures import fit_figure

X = np.linspace(300.0, 500.0, 201)
RAY = 420.0


@pytest.fixture(scope="module")
def result():
    y = 200.0 + 900.0 / (1.0 + ((X - 360.0) / 8.0) ** 2)
    y = np.random.default_rng(3).poisson(y).astype(float)
    y[np.argmin(np.abs(X - RAY))] += 9000.0
    spectrum = despike(sc.make_spectrum(X, y, sc.Axis.RAMAN_SHIFT, y_unit="counts"))
    band = make_component(
        "band",
        "lorentzian",
        center=sc.Parameter(360.0, 350.0, 370.0),
        fwhm=sc.Parameter(16.0, 5.0, 40.0),
        area=sc.Parameter(None, 0.0),
    )
    region = sc.add_component(sc.Region("r", (310.0, 490.0), sc.Background("linear")), band)
    return sc.fit(spectrum, region)


def crosses(figure):
    return [line for axes in figure.axes for line in axes.lines if line.get_label() == "masked"]


def test_a_masked_ray_is_crossed_out_in_the_figure(result):
    figure = fit_figure(result.regions[0], result)
    (line,) = crosses(figure)
    assert line.get_xdata().tolist() == pytest.approx([RAY])
    low, high = figure.axes[0].get_ylim()
    assert low < line.get_ydata()[0] < high < 4000.0  # inside the panel, not stretching it
    assert "masked" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_nothing_is_crossed_out_where_nothing_is_masked(result):
    from spectra_core.spectrum import unmask

    whole = sc.fit(unmask(result.regions[0].spectrum), result.model)
    assert not crosses(fit_figure(whole.regions[0], whole))
