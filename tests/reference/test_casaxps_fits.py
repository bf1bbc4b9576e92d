"""Fits made in CasaXPS, refitted from a poor start to the numbers stored in the file.

Every start is 0.3 eV and 30 % off. CasaXPS minimised unweighted squares in these files,
so the refits do too; the stored values are the truth, not anything Doublet printed.
"""

import pytest

from spectra_core.fitting import Status, evaluate, fit
from spectra_core.foreign.casaxps import casaxps_model
from spectra_core.foreign.presence import has_casaxps_fit
from spectra_core.model import get_parameter, set_parameter
from spectra_core.readers import read
from spectra_core.runs.batch import STORED_FIT_OPTIONS
from spectra_core.spectrum import calibrate

FILE = "cheminfo-xps/assigned_excerpt_3samples.vms"


def stored_fit(data_dir, sample, region):
    (spectrum,) = [
        s
        for s in read(data_dir / FILE)
        if s.meta.sample == sample and region in s.meta.region and has_casaxps_fit(s)
    ]
    casa = casaxps_model(spectrum)
    return calibrate(spectrum, casa.calibration), casa.model


def off(model):
    """Return the model with every free centre 0.3 eV, area and width 30 % off."""
    for region in model.regions:
        for component in region.components:
            for name in ("center", "area", "fwhm"):
                path = f"{region.name}/{component.id}/{name}"
                parameter = get_parameter(model, path)
                if parameter.free and parameter.value is not None:
                    moved = parameter.value + 0.3 if name == "center" else parameter.value * 1.3
                    model = set_parameter(model, path, value=moved)
    return model


def stored(model, path):
    return get_parameter(model, path).value


@pytest.mark.parametrize("sample", ["RW_WS2", "RW_Tha_MoS2"])
def test_a_single_s2p_doublet_returns_to_the_stored_numbers(data_dir, sample):
    spectrum, model = stored_fit(data_dir, sample, "S 2p")
    result = fit(spectrum, off(model), options=STORED_FIT_OPTIONS)
    (doublet,) = model.region("S 2p").doublets
    path = f"S 2p/{doublet.major}"
    area = stored(model, f"{path}/area")
    assert result.value(f"{path}/area") == pytest.approx(area, rel=0.005)
    center = stored(model, f"{path}/center")
    assert result.value(f"{path}/center") == pytest.approx(center, abs=0.005)
    fwhm = stored(model, f"{path}/fwhm")
    assert result.value(f"{path}/fwhm") == pytest.approx(fwhm, rel=0.01)


def test_the_overlapping_s2p_doublets_return_to_a_fit_as_good_as_the_stored_one(data_dir):
    """The stored state is not quite a minimum, so the weak doublet may differ by more."""
    spectrum, model = stored_fit(data_dir, "RW_WS2_MoS2_thicker", "S 2p")
    result = fit(spectrum, off(model), options=STORED_FIT_OPTIONS)
    strong = "S 2p/MoS2 2p3/2/area"
    assert result.value(strong) == pytest.approx(stored(model, strong), rel=0.02)
    total = sum(result.value(f"S 2p/{name}/area") for name in ("MoS2", "WS2"))
    expected = sum(stored(model, f"S 2p/{name}/area") for name in ("MoS2", "WS2"))
    assert total == pytest.approx(expected, rel=0.002)
    drawn = evaluate(spectrum, model).regions[0]
    squares = ((drawn.y - drawn.envelope) ** 2).sum()
    region = result.regions[0]
    assert ((region.y - region.envelope) ** 2).sum() <= squares


def test_w4f_with_la_shapes_and_shirley_returns_to_the_stored_numbers(data_dir):
    spectrum, model = stored_fit(data_dir, "RW_WS2", "W 4f")
    result = fit(spectrum, off(model), options=STORED_FIT_OPTIONS)
    for name in ("WSe2 4f7/2", "WO3 4f7/2"):
        path = f"W 4f/{name}"
        assert result.value(f"{path}/area") == pytest.approx(
            stored(model, f"{path}/area"), rel=0.005
        )
        center = stored(model, f"{path}/center")
        assert result.value(f"{path}/center") == pytest.approx(center, abs=0.005)


def test_mo3d_drawn_as_stored_lies_on_the_data(data_dir):
    spectrum, model = stored_fit(data_dir, "RW_Tha_MoS2", "Mo 3d")
    region = evaluate(spectrum, model).regions[0]
    peak = (region.envelope - region.background).max()
    assert abs(region.y - region.envelope).max() < 0.03 * peak


@pytest.mark.parametrize("region", ["Mo 3d", "W 4f"])
def test_weak_overlapping_lines_end_in_a_minimum_as_good_as_the_stored_fit(data_dir, region):
    """Flat valleys: steps stay at the rounding of the gradient, and that is converged."""
    spectrum, model = stored_fit(data_dir, "RW_WS2_MoS2_thicker", region)
    result = fit(spectrum, off(model), options=STORED_FIT_OPTIONS)
    assert result.status in (Status.CONVERGED, Status.AT_BOUND), result.message
    drawn, reached = evaluate(spectrum, model).regions[0], result.regions[0]
    squares = ((drawn.y - drawn.envelope) ** 2).sum()
    assert ((reached.y - reached.envelope) ** 2).sum() <= squares
