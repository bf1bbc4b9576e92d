"""A figure shows what was fitted, and is the same picture each time it is made."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from spectra_core.errors import WriteError
from spectra_core.fitting import evaluate
from spectra_core.model import Background, Model, Region, add_component, add_doublet, make_component
from spectra_core.results.figures import figure_bytes, fit_figure, save_figure
from spectra_core.spectrum import Axis, Meta, Spectrum


def drawn(axis=Axis.BINDING_ENERGY, label="PS4", n_extra=0, sample="cell 1", y_unit="counts/s"):
    """Return a model drawn on synthetic counts of itself."""
    region = Region("S 2p", (157.0, 168.0), Background("linear", "static"))
    if axis is Axis.BINDING_ENERGY:
        region = add_doublet(
            region, "PS4", "S 2p", label=label, center=161.6, fwhm=1.2, mix=0.2, area=30000.0
        )
    else:
        single = make_component("PS4", label=label, center=161.6, fwhm=1.2, mix=0.2, area=30000.0)
        region = add_component(region, single)
    for i in range(n_extra):
        region = add_component(
            region,
            make_component(f"c{i}", "gaussian", center=160.0 + 0.3 * i, fwhm=1.0, area=300.0),
        )
    x = np.arange(157.0, 168.0, 0.05)
    y = np.random.default_rng(3).poisson(4000.0, x.size) + 9000 * np.exp(-((x - 161.6) ** 2))
    meta = Meta(sample=sample, region="S 2p", dwell_s=0.5, scans=2.0, comment="SYNTHETIC")
    spectrum = Spectrum(x, y, axis, y_unit, meta=meta)
    return evaluate(spectrum, Model((region,)))


@pytest.fixture(scope="module")
def result():
    return drawn()


@pytest.fixture(scope="module")
def figure(result):
    return fit_figure(result.regions[0], result)


def labels_of(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_binding_energy_falls_to_the_right(figure):
    left, right = figure.axes[0].get_xlim()
    assert left > right


def test_a_raman_shift_rises_to_the_right():
    result = drawn(Axis.RAMAN_SHIFT)
    left, right = fit_figure(result.regions[0], result).axes[0].get_xlim()
    assert left < right


def test_residuals_share_the_axis_of_the_data(figure, result):
    upper, lower = figure.axes
    assert upper.get_xlim() == lower.get_xlim()
    curves = [line.get_ydata() for line in lower.get_lines()]
    assert any(np.array_equal(curve, result.regions[0].residual) for curve in curves)


def test_the_data_points_are_the_data(figure, result):
    points = next(line for line in figure.axes[0].get_lines() if line.get_label() == "data")
    assert np.array_equal(points.get_xdata(), result.regions[0].x)
    np.testing.assert_allclose(1000 * points.get_ydata(), result.regions[0].y, rtol=1e-12)
    assert "10³ counts s⁻¹" in figure.axes[0].get_ylabel()


def test_the_envelope_passes_through_the_fit_at_every_channel(figure, result):
    line = next(line for line in figure.axes[0].get_lines() if line.get_label() == "fit")
    there = np.interp(result.regions[0].x, line.get_xdata(), line.get_ydata())
    np.testing.assert_allclose(1000 * there, result.regions[0].envelope, rtol=1e-9)


def test_both_lines_of_a_doublet_have_one_colour_and_one_label(figure):
    assert labels_of(figure) == ["data", "fit", "background", "PS₄"]
    assert len({str(fill.get_facecolor()) for fill in figure.axes[0].collections}) == 1
    assert len(figure.axes[0].collections) == 2


def test_axes_carry_their_units(figure):
    assert figure.axes[1].get_xlabel() == "Binding energy / eV"
    assert figure.axes[1].get_ylabel() == "Residual / σ"


def test_synthetic_data_are_marked(figure):
    assert figure.axes[0].get_title(loc="left") == "cell 1, S 2p (synthetic)"


def test_measured_data_are_not_marked(result):
    fit = result.regions[0]
    measured = replace(fit, spectrum=replace(fit.spectrum, meta=Meta(sample="cell 1")))
    assert fit_figure(measured, result).axes[0].get_title(loc="left") == "cell 1, S 2p"


@pytest.mark.parametrize("n_extra", [0, 4, 9])
def test_the_legend_lies_above_all_data(n_extra):
    result = drawn(n_extra=n_extra)
    figure = fit_figure(result.regions[0], result)
    axes = figure.axes[0]
    box = axes.get_legend().get_window_extent().transformed(axes.transData.inverted())
    fit = result.regions[0]
    assert min(box.y0, box.y1) > max(fit.y.max(), fit.envelope.max()) / 1000
    whole = axes.get_legend().get_window_extent()
    assert whole.x0 >= axes.bbox.x0
    assert whole.x1 <= axes.bbox.x1


@pytest.mark.parametrize("label", ["$x_1$", "$\\frac{", "_hidden", "x" * 200, "样品 PS4", "a\nb"])
def test_any_label_is_drawn_as_text(label, recwarn):
    result = drawn(label=label.strip(), sample=label)
    figure = fit_figure(result.regions[0], result)
    figure_bytes(figure, "png")
    assert len(labels_of(figure)) == 4
    assert not recwarn.list


def test_an_svg_of_the_same_fit_is_the_same_file(result):
    one, two = (figure_bytes(fit_figure(result.regions[0], result), "svg") for _ in range(2))
    assert one == two
    assert b"<dc:date>" not in one
    ElementTree.fromstring(one)


def test_every_reference_in_the_svg_has_its_target(result):
    svg = figure_bytes(fit_figure(result.regions[0], result), "svg").decode()
    import re

    ids = re.findall(r'id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) <= set(ids)


def test_figures_can_be_made_in_threads(result):
    one = figure_bytes(fit_figure(result.regions[0], result), "svg")
    with ThreadPoolExecutor(4) as pool:
        many = list(
            pool.map(lambda _: figure_bytes(fit_figure(result.regions[0], result), "svg"), range(8))
        )
    assert all(svg == one for svg in many)


def test_the_suffix_decides_the_format(figure, tmp_path):
    save_figure(figure, tmp_path / "a.png")
    save_figure(figure, tmp_path / "a.svg")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    with pytest.raises(WriteError, match=r'"\.bmp".*\.png or \.svg'):
        save_figure(figure, tmp_path / "a.bmp")


def test_no_window_and_no_pyplot_is_ever_involved():
    code = (
        "import sys, spectra_core.results.figures\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from spectra_core.results.paper_fonts import plain_letters; plain_letters()\n"
        "import matplotlib.figure; from matplotlib.backends import backend_agg\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
