"""A drawn fit can be taken hold of: the hand decides what it holds, the fit the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.editing.drag import Follower, Handle, handles, nudge, pull
from spectra_core.fitting import FitResult, fit
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Region,
    add_doublet,
    get_parameter,
    set_parameter,
    share,
    share_shift,
)
from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum

X = np.arange(157.0, 170.0, 0.1)


def model(background: Background | None = None) -> Model:
    region = Region("S 2p", (157.5, 169.5), background or Background("shirley", "active"))
    for name, center, area in (("PS4", 161.5, 3000.0), ("bridge", 163.0, 1500.0)):
        width, mix = Parameter(1.2, 0.5, 2.5), Parameter(0.3, free=False)
        region = add_doublet(region, name, "S 2p", area=area, center=center, fwhm=width, mix=mix)
    return Model((region,), share(["S 2p/PS4/fwhm", "S 2p/bridge/fwhm"]))


@pytest.fixture(scope="module")
def fitted() -> FitResult:
    true = model()
    true = set_parameter(true, "S 2p/background/level", value=500.0)
    true = set_parameter(true, "S 2p/background/step", value=0.02)
    from spectra_core.fitting import evaluate

    blank = make_spectrum(X, np.full(X.size, 500.0), Axis.BINDING_ENERGY)
    wide = replace(true, regions=(replace(true.regions[0], window=(157.0, 169.9)),))
    curve = evaluate(blank, wide).regions[0].envelope
    counts = np.random.default_rng(1).poisson(np.interp(X, X[: curve.size], curve))
    spectrum = make_spectrum(
        X, counts.astype(float), Axis.BINDING_ENERGY, y_unit="counts", meta=Meta(region="S 2p")
    )
    return fit(spectrum, true)


def spectra(result: FitResult) -> dict[str, Spectrum]:
    return {region.name: region.spectrum for region in result.regions}


@pytest.mark.parametrize("kind", ["top", "half_low", "half_high"])
def test_the_handle_goes_where_the_hand_is(fitted: FitResult, kind: str) -> None:
    handle = Handle(kind, "PS4 2p3/2")
    x, y = handles(fitted, "S 2p", "PS4")[handle]
    to = (x + 0.2, y + 100.0)
    drawn = Follower(spectra(fitted), refit=False).follow(pull(fitted, "S 2p", handle, *to))
    now = handles(drawn, "S 2p", "PS4")[handle]
    assert now[0] == pytest.approx(to[0], abs=0.02)
    if kind == "top":
        # The active background moves with the peak, so the hand's height is met nearly.
        assert now[1] == pytest.approx(to[1], abs=30.0)


def test_a_doublet_stays_a_doublet_whichever_line_is_pulled(fitted: FitResult) -> None:
    before = handles(fitted, "S 2p")[Handle("top", "PS4 2p1/2")]
    pulled = pull(fitted, "S 2p", Handle("top", "PS4 2p1/2"), before[0] + 0.3, before[1])
    assert "moves with it" in pulled.note
    moved = Follower(spectra(fitted), refit=True).follow(pulled)
    split = moved.value("S 2p/PS4 2p1/2/center") - moved.value("S 2p/PS4 2p3/2/center")
    assert split == pytest.approx(fitted.model.region("S 2p").doublet("PS4").splitting, abs=1e-12)
    assert moved.value("S 2p/PS4/center") == pytest.approx(fitted.value("S 2p/PS4/center") + 0.3)


def test_the_live_fit_is_the_fit_with_what_is_held_fixed(fitted: FitResult) -> None:
    handle = Handle("top", "PS4 2p3/2")
    x, y = handles(fitted, "S 2p")[handle]
    follower = Follower(spectra(fitted), refit=True)
    for step in (0.02, 0.1, 0.25):
        pulled = pull(fitted, "S 2p", handle, x + step, 1.05 * y)
        quick = follower.follow(pulled)
        live = follower.follow(pulled, quick=False)
        assert quick.statistics.chi_square == pytest.approx(live.statistics.chi_square, rel=1e-3)
        held = pulled.model
        for path in pulled.held:
            held = set_parameter(held, path, free=False)
        plain = fit(spectra(fitted), held)
        assert live.statistics.chi_square == pytest.approx(plain.statistics.chi_square, rel=1e-8)
        assert live.values == pytest.approx(plain.values, rel=1e-5, abs=1e-6)
    assert get_parameter(live.model, "S 2p/PS4/center").free


def test_bounds_stop_the_hand_and_are_named(fitted: FitResult) -> None:
    handle = Handle("half_high", "PS4 2p3/2")
    x, y = handles(fitted, "S 2p", "PS4")[handle]
    pulled = pull(fitted, "S 2p", handle, x + 5.0, y)
    assert get_parameter(pulled.model, "S 2p/PS4/fwhm").value == 2.5


def test_a_fixed_centre_with_a_fitted_shift_moves_the_shift(fitted: FitResult) -> None:
    shifted = set_parameter(share_shift(fitted.model), "S 2p/PS4/center", free=False)
    shifted = set_parameter(shifted, "S 2p/bridge/center", free=False)
    result = fit(spectra(fitted), shifted)
    handle = Handle("top", "PS4 2p3/2")
    x, y = handles(result, "S 2p")[handle]
    moved = Follower(spectra(result), refit=True).follow(pull(result, "S 2p", handle, x + 0.3, y))
    assert moved.value("S 2p/region/shift") == pytest.approx(
        result.value("S 2p/region/shift") + 0.3, abs=1e-9
    )
    assert handles(moved, "S 2p")[handle][0] == pytest.approx(x + 0.3, abs=0.02)


def test_the_window_follows_and_never_vanishes(fitted: FitResult) -> None:
    low = pull(fitted, "S 2p", Handle("window_low"), 158.4, 0.0)
    assert low.model.region("S 2p").window == (158.4, 169.5)
    gone = pull(fitted, "S 2p", Handle("window_low"), 169.4, 0.0)
    assert gone.model.region("S 2p").window == (157.5, 169.5)
    assert "at least" in gone.note


@pytest.mark.parametrize(
    "background",
    [
        Background("shirley", "active"),
        Background("linear", "active"),
        Background("shirley", "static"),
        Background("constant", "active"),
    ],
    ids=lambda b: f"{b.type} {b.mode}",
)
def test_an_end_of_the_background_is_pulled_alone(
    fitted: FitResult, background: Background
) -> None:
    region = fitted.model.region("S 2p")
    own = replace(region, background=background)
    result = fit(spectra(fitted), replace(fitted.model, regions=(own,)))
    places = handles(result, "S 2p")
    high, low = Handle("background_high"), Handle("background_low")
    x, y = places[high]
    drawn = Follower(spectra(result), refit=False).follow(pull(result, "S 2p", high, x, y + 40.0))
    now = handles(drawn, "S 2p")
    if background.type == "constant":
        assert now[high][1] == pytest.approx(now[low][1])
    else:
        assert now[high][1] - places[high][1] == pytest.approx(40.0, rel=0.2)
        assert now[low][1] == pytest.approx(places[low][1], abs=8.0)


def test_a_nudge_moves_the_whole_doublet(fitted: FitResult) -> None:
    pulled = nudge(fitted, "S 2p", "PS4", -0.05)
    value = get_parameter(pulled.model, "S 2p/PS4/center").value
    assert value == pytest.approx(fitted.value("S 2p/PS4/center") - 0.05)
