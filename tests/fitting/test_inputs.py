"""A newcomer's first attempts: each works, or is answered with a sentence that names the remedy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spectra_core as sc

ENERGY = np.arange(158.0, 168.0, 0.05)
TRUTH = 161.5


def synthetic(name: str = "S 2p", seed: int = 3) -> sc.Spectrum:
    """Return a synthetic doublet of two Gaussians, 1.18 eV apart, areas 2 : 1."""
    expected = 400 + 1800 * np.exp(-(((ENERGY - TRUTH) / 0.6) ** 2))
    expected += 900 * np.exp(-(((ENERGY - TRUTH - 1.18) / 0.6) ** 2))
    counts = np.random.default_rng(seed).poisson(expected)
    meta = sc.Meta(sample="synthetic", region=name, dwell_s=0.1, scans=10)
    return sc.make_spectrum(ENERGY, counts, sc.Axis.BINDING_ENERGY, y_unit="counts", meta=meta)


def region(**parameters) -> sc.Region:
    empty = sc.Region("S 2p", (158.0, 168.0), "linear")
    return sc.add_doublet(
        empty, "PS4", "S 2p", "gaussian", **({"center": 161.3, "fwhm": 1.1} | parameters)
    )


SPECTRUM = synthetic()
PLAIN = sc.fit(SPECTRUM, sc.Model((region(),)))


def center(result: sc.FitResult) -> float:
    return result.value("S 2p/PS4/center")


def same_fit(result: sc.FitResult) -> bool:
    return np.array_equal(result.values, PLAIN.values)


# ---------------------------------------------------------------------------------
# What can mean one thing only works


def test_a_file_with_one_spectrum_is_fitted_as_it_was_read(tmp_path):
    path = tmp_path / "one.vms"
    sc.write(path, [SPECTRUM])
    assert center(sc.fit(sc.read(path), region())) == pytest.approx(TRUTH, abs=0.02)


@pytest.mark.parametrize(
    ("spectra", "model"),
    [
        (SPECTRUM, region()),
        ([SPECTRUM], region()),
        ((SPECTRUM,), [region()]),
        ({"S 2p": SPECTRUM}, region()),
        ({"S 2p": [SPECTRUM]}, sc.Model(region())),
        (SPECTRUM, sc.Model([region()])),
    ],
)
def test_a_region_is_a_model_of_one_and_a_list_of_one_is_a_spectrum(spectra, model):
    assert same_fit(sc.fit(spectra, model))


def test_options_stand_as_keywords_too():
    result = sc.fit(SPECTRUM, region(), starts=3, seed=5)
    assert len(result.starts) >= 3
    options = sc.FitOptions(starts=3, seed=5)
    assert result.starts == sc.fit(SPECTRUM, region(), options=options).starts
    assert len(sc.fit(SPECTRUM, region(), options=options, starts=1).starts) == 1


def test_weights_are_named_by_their_word():
    assert sc.fit(SPECTRUM, region(), weights="unit").regions[0].weights == "unit"


@pytest.mark.parametrize("given", [(161.0, 160.0, 162.0), [161.0, 160.0, 162.0]])
def test_three_numbers_are_a_value_and_its_bounds(given):
    model = sc.Model(region(center=given))
    assert sc.get_parameter(model, "S 2p/PS4/center") == sc.Parameter(161.0, 160.0, 162.0)
    assert center(sc.fit(SPECTRUM, model)) == pytest.approx(TRUTH, abs=0.02)


def test_plain_numbers_are_parameters_wherever_a_parameter_stands():
    component = sc.Component("a", "gaussian", {"center": 161.5, "fwhm": (1.1, 0.5, 2.0)})
    assert component.parameters["fwhm"] == sc.Parameter(1.1, 0.5, 2.0)
    background = sc.Background("linear", parameters={"level": 3.0})
    assert background.parameters["level"] == sc.Parameter(3.0)


def test_a_component_is_added_by_what_it_is_made_of():
    lone = sc.add_component(sc.Region("x", (158, 168)), "a", "gaussian", center=161.5, fwhm=1.1)
    assert lone.components[0].parameters["center"] == sc.Parameter(161.5)
    assert lone.background.type == "shirley"


def test_evaluate_batches_and_lmfit_take_the_same_values():
    drawn = sc.evaluate([SPECTRUM], PLAIN.model.regions[0])
    assert np.allclose(drawn.regions[0].envelope, PLAIN.regions[0].envelope)
    many = sc.fit_batch([SPECTRUM, synthetic(seed=4)], region(), covariance=True, threads=1)
    assert many.covariance is not None
    assert many.values("S 2p/PS4/center")[0] == pytest.approx(center(PLAIN), abs=1e-5)
    parameters, _ = sc.to_lmfit(SPECTRUM, region())
    assert len(parameters) == len(PLAIN.paths)


def test_a_link_is_written_with_two_paths():
    two = sc.add_doublet(region(), "Li2S", "S 2p", "gaussian", center=160.0, fwhm=1.0)
    tied = sc.link(sc.Model(two), "S 2p/Li2S/fwhm", "S 2p/PS4/fwhm", times=0.9, note="as known")
    result = sc.fit(SPECTRUM, tied)
    wide, narrow = (result.value(f"S 2p/{name}/fwhm") for name in ("PS4", "Li2S"))
    assert narrow == pytest.approx(0.9 * wide, rel=1e-12)


# ---------------------------------------------------------------------------------
# What cannot is named, and so is the remedy


def sentence(call, *arguments, **settings) -> str:
    with pytest.raises(sc.SpectraError) as raised:
        call(*arguments, **settings)
    text = str(raised.value)
    assert "\n" not in text and len(text) < 400
    return text


def test_several_spectra_for_one_region_are_listed_with_the_way_to_choose():
    said = sentence(sc.fit, [synthetic("survey"), SPECTRUM], region())
    assert "0: synthetic / survey, 1: synthetic / S 2p" in said
    assert "fit(spectra[0], model)" in said and '{"S 2p": spectra[0]}' in said


def test_several_spectra_for_several_regions_ask_which_is_which():
    model = sc.Model((region(), replace(region(), name="again")))
    said = sentence(sc.fit, [SPECTRUM, SPECTRUM], model)
    assert '{"S 2p": spectra[0], "again": spectra[1]}' in said


@pytest.mark.parametrize(
    ("spectra", "model", "remedy"),
    [
        ("a.vms", region(), 'fit(read("a.vms"), model)'),
        (region(), SPECTRUM, "fit(spectrum, model)"),
        ([], region(), "list is empty"),
        (ENERGY, region(), "make_spectrum(x, y, Axis.BINDING_ENERGY)"),
        (SPECTRUM, SPECTRUM, "fit(spectrum, model)"),
        (SPECTRUM, PLAIN, "give its .model"),
        (SPECTRUM, "lpscl-cathode", "Give a Model or a Region"),
        (SPECTRUM, None, "Give a Model or a Region"),
        (SPECTRUM, [], "Give a Model or a Region"),
        ({"S2p": SPECTRUM}, region(), "Spectra were given for: S2p"),
    ],
)
def test_what_is_no_spectrum_or_no_model_is_named(spectra, model, remedy):
    assert remedy in sentence(sc.fit, spectra, model)


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"start": 3}, 'Did you mean "starts"?'),
        ({"max_iter": 9}, 'Did you mean "max_iterations"?'),
        ({"quux": 1}, "Known: weights, method, starts"),
        ({"starts": 0}, "whole number from 1"),
        ({"starts": 2.5}, "whole number from 1"),
        ({"weights": "possion"}, "poisson, unit, given"),
        ({"method": "neldr"}, 'Did you mean "nelder"?'),
    ],
)
def test_a_wrong_option_is_answered_with_the_nearest(settings, remedy):
    assert remedy in sentence(sc.fit, SPECTRUM, region(), **settings)
    if "method" not in settings:
        assert remedy in sentence(sc.fit_batch, [SPECTRUM], region(), **settings)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ((160, 161, 162), "The order is (value, min, max)"),
        ((160, 162), "Write center=(value, min, max)"),
        ("161.5", "Give a number, (value, min, max) or a Parameter"),
        ((161, "160", 162), "not a number"),
    ],
)
def test_what_is_no_parameter_is_named(given, remedy):
    assert remedy in sentence(region, center=given)


def test_what_a_region_and_a_model_are_made_of_is_said():
    assert "(158.0, 168.0)" in sentence(sc.Region, "S 2p", 158.0, 168.0)
    assert "(158.0, 168.0)" in sentence(sc.Region, "S 2p", (158.0, 160.0, 168.0))
    assert "Give a Region" in sentence(sc.Model, SPECTRUM)
    assert "Give a Region" in sentence(sc.Model, [SPECTRUM])
    assert "Give a Link" in sentence(sc.Model, region(), "S 2p/PS4/area")
    assert "replace_region(model, region)" in sentence(
        sc.add_doublet, sc.Model(region()), "Li2S", "S 2p", center=160.0
    )
    assert 'Did you mean "center"?' in sentence(region, centre=161.0)
