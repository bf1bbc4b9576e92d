"""Panels in a grid show each sample's data where a reader looks for them."""

from __future__ import annotations

import numpy as np
import pytest

from spectra_core.errors import WriteError
from spectra_core.fitting import evaluate
from spectra_core.model import Background, Model, Region, add_component, make_component
from spectra_core.results.colours import species_colour
from spectra_core.results.figures import figure_bytes
from spectra_core.results.panels import compose_figure, letters_of, middle_cut
from spectra_core.spectrum import Axis, Meta, Spectrum

WINDOWS = {"S 2p": (157.0, 169.0), "P 2p": (129.0, 136.0)}
CENTERS = {"S 2p": (161.6, 163.4), "P 2p": (131.8, 132.9)}


def fitted(sample, level=900.0, regions=("S 2p", "P 2p"), labels=("PS4", "intermediate")):
    """Return models drawn on synthetic counts of two Gaussians by plain numpy."""
    made, spectra = [], {}
    for seed, name in enumerate(regions):
        low, high = WINDOWS[name]
        region = Region(name, (low, high), Background("linear", "static"))
        for label, center in zip(labels, CENTERS[name], strict=False):
            region = add_component(
                region, make_component(label, "gaussian", center=center, fwhm=1.1, area=2 * level)
            )
        x = np.arange(low, high + 0.01, 0.1)
        peaks = sum(level * np.exp(-2.77 * ((x - c) / 1.1) ** 2) for c in CENTERS[name])
        y = np.random.default_rng(seed).poisson(400.0 + peaks).astype(float)
        meta = Meta(sample=sample, region=name, dwell_s=1.0, scans=1.0, comment="SYNTHETIC")
        spectra[name] = Spectrum(x, y, Axis.BINDING_ENERGY, "counts", meta=meta)
        made.append(region)
    return evaluate(spectra, Model(tuple(made)))


@pytest.fixture(scope="module")
def cells():
    return [fitted("cell 1, charged (synthetic)"), fitted("cell 2, discharged (synthetic)", 500.0)]


def panels_of(figure):
    """Return the upper axes of each panel: those with a filled component."""
    return [axes for axes in figure.axes if axes.collections and axes.get_yticks().size == 2]


def texts_of(figure):
    inside = [text.get_text() for axes in figure.axes for text in axes.texts]
    return [*inside, *(text.get_text() for text in figure.texts)]


def place(axes):
    return axes.get_position()


def test_samples_are_rows_and_regions_columns_or_the_other_way_round(cells):
    by_sample = panels_of(compose_figure(cells, by="sample"))
    by_region = panels_of(compose_figure(cells, by="region"))
    assert len(by_sample) == len(by_region) == 4
    first, second, third, _ = map(place, by_sample)
    assert first.y0 == second.y0 > third.y0
    # Panels of one row by region are of one level: both begin at the same energy.
    assert by_region[0].get_xlim() == by_region[1].get_xlim() != by_region[2].get_xlim()


def test_both_levels_have_one_scale_in_ev(cells):
    panels = panels_of(compose_figure(cells, by="sample"))
    scales = [
        place(axes).width / abs(axes.get_xlim()[0] - axes.get_xlim()[1]) for axes in panels[:2]
    ]
    assert scales[0] == pytest.approx(scales[1], rel=1e-9)


def test_energy_falls_and_counts_end_at_the_data(cells):
    for axes, fit in zip(
        panels_of(compose_figure(cells)), [r for c in cells for r in c.regions], strict=True
    ):
        assert axes.get_xlim()[0] > axes.get_xlim()[1]
        assert axes.get_xlim()[0] == pytest.approx(fit.x.max())
        assert list(axes.get_yticks()) == [fit.y.min(), fit.y.max()]


def test_one_axis_of_counts_shows_which_sample_has_less(cells):
    own = [axes.get_ylim() for axes in panels_of(compose_figure(cells, by="region"))]
    one = [
        axes.get_ylim() for axes in panels_of(compose_figure(cells, by="region", same_height=True))
    ]
    assert own[0] != own[1]
    assert one[0] == pytest.approx(one[1], rel=0.02)
    assert list(
        panels_of(compose_figure(cells, by="region", same_height=True))[1].get_yticks()
    ) == [
        min(c.regions[0].y.min() for c in cells),
        max(c.regions[0].y.max() for c in cells),
    ]


def test_every_sample_is_named_once_with_its_letter_and_marked_synthetic(cells):
    texts = texts_of(compose_figure(cells))
    assert texts.count("cell 1, charged") == texts.count("cell 2, discharged") == 1
    assert {"a", "b"} <= set(texts)
    assert texts.count("synthetic") == 2


def test_a_species_has_its_colour_and_its_name_in_every_panel(cells):
    from matplotlib.colors import to_hex

    for axes in panels_of(compose_figure(cells)):
        faces = {to_hex(c.get_facecolor()[0][:3]).upper() for c in axes.collections}
        assert species_colour("PS4").upper() in faces
        assert "PS₄" in [text.get_text() for text in axes.texts]


def test_no_two_labels_cover_one_another():
    names = tuple(f"a long component name {i}" for i in range(2))
    figure = compose_figure([fitted("cell", labels=names)], width_mm=85)
    figure.canvas.draw()
    for axes in panels_of(figure):
        boxes = [text.get_window_extent() for text in axes.texts]
        for i, one in enumerate(boxes):
            assert not any(one.overlaps(other) for other in boxes[i + 1 :])


@pytest.mark.parametrize(
    "names", [("PS4", "P2Sx"), ("PS4", "bridging S"), ("PS4", "a long name of it")]
)
def test_no_line_to_a_label_runs_through_another(names):
    figure = compose_figure([fitted("cell", labels=names)] * 3, columns=3, width_mm=120)
    figure.canvas.draw()
    for axes in panels_of(figure):
        uprights = [
            line.get_transform().transform(line.get_xydata())
            for line in axes.lines
            if line.get_xydata().shape == (2, 2) and len(set(line.get_xdata())) == 1
        ]
        assert len(uprights) == 2
        for text in axes.texts:
            box = text.get_window_extent()
            cut = [
                (low, high)
                for low, high in uprights
                if box.x0 < low[0] < box.x1 and high[1] > box.y1 and low[1] < box.y0
            ]
            covers = text.get_bbox_patch() is not None and text.get_zorder() > 1
            assert not cut or covers, text.get_text()


def test_residuals_are_sticks_that_end_where_the_residuals_are(cells):
    figure = compose_figure(cells)
    lower = [axes for axes in figure.axes if axes not in panels_of(figure)]
    ends = lower[0].collections[0].get_segments()
    assert [end[1][1] for end in ends] == pytest.approx(cells[0].regions[0].residual)
    assert len(compose_figure(cells, residuals=False).axes) == 4


def test_the_width_is_what_was_asked_for(cells):
    for width in (85.0, 175.0):
        assert 25.4 * compose_figure(cells, width_mm=width).get_size_inches()[0] == (
            pytest.approx(width)
        )


@pytest.mark.parametrize(("columns", "rows"), [(None, 2), (1, 4), (2, 2), (4, 1)])
def test_one_region_of_four_samples_is_broken_into_rows(columns, rows):
    four = [fitted(f"cell {i}", regions=("S 2p",)) for i in range(4)]
    figure = compose_figure(four, columns=columns, width_mm=120.0)
    assert len({round(place(axes).y0, 6) for axes in panels_of(figure)}) == rows


def test_what_cannot_be_drawn_is_said(cells):
    with pytest.raises(WriteError, match="no fitted spectrum"):
        compose_figure([])
    with pytest.raises(WriteError, match='arranged by "cell"'):
        compose_figure(cells, by="cell")
    with pytest.raises(WriteError, match="columns do not fit on 85 mm"):
        compose_figure([cells[0]] * 6, by="region", width_mm=85.0)


def test_hostile_names_are_drawn_as_they_stand():
    name = "$x^2$ _under <script> " + "y" * 300
    svg = figure_bytes(compose_figure([fitted(name, labels=("$a$", "_b"))]), "svg")
    assert b"<script" not in svg


def test_a_long_name_keeps_its_end():
    assert middle_cut("Bare NCM811 + bare LPSCl, charged 4.3 V", 30).endswith("charged 4.3 V")
    assert len(middle_cut("x" * 100, 20)) <= 20
    assert letters_of(3) == ["a", "b", "c"] and letters_of(27)[-1] == "27"


def test_the_same_fits_give_the_same_svg(cells):
    one, other = (figure_bytes(compose_figure(cells), "svg") for _ in range(2))
    assert one == other
