"""A fit written for CasaXPS is read back as the same fit; what cannot be written is said.

Truth is CasaXPS's own: the models stored in measured files (which are not part of the
project) must survive unchanged, and curves are compared with scipy's. Spectra made here
are synthetic.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.special import voigt_profile

from spectra_core.curves.lineshapes import lineshape
from spectra_core.errors import ModelError
from spectra_core.export.casaxps import casaxps_text, with_casaxps_fit, write_fits_vamas
from spectra_core.fitting import evaluate
from spectra_core.foreign.casaxps import casaxps_model
from spectra_core.foreign.presence import has_casaxps_fit
from spectra_core.model import (
    Background,
    Component,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    add_component,
    add_doublet,
    get_parameter,
    make_component,
    set_parameter,
    unlock,
)
from spectra_core.readers import read
from spectra_core.runs.batch import run
from spectra_core.spectrum import Axis, Calibration, Meta, calibrate, make_spectrum
from spectra_core.writers.vamas import write_vamas

PHOTON = 1486.6
SHIRLEY = Background("shirley", "static", {"definition": "casaxps"})
REAL = ("pynxtools-xps/vamas/FeO_analyzed.vms", "cheminfo-xps/assigned_excerpt_3samples.vms")


def synthetic(*, y_unit="counts/s", comment="synthetic", calibration=None, **meta):
    """Return a synthetic spectrum around S 2p."""
    x = np.arange(150.0, 180.0, 0.1)
    y = 500.0 + 2000.0 * np.exp(-((x - 162.0) ** 2))
    values = {"excitation_energy_ev": PHOTON, "dwell_s": 0.5, "scans": 4.0} | meta
    fields = Meta(sample="synthetic", region="S 2p", comment=comment, **values)
    return make_spectrum(
        x,
        y,
        Axis.BINDING_ENERGY,
        y_unit=y_unit,
        meta=fields,
        calibration=calibration or Calibration(),
    )


def free(value, low, high):
    return Parameter(value, low, high)


def gl(name, center, **given):
    own = {
        "area": free(1000.0, 0.0, 9000.0),
        "center": free(center, center - 0.5, center + 0.5),
        "fwhm": free(1.1, 0.5, 2.0),
        "mix": Parameter(0.3, free=False),
    }
    return make_component(name, "gl_product", **(own | given))


def model_of(*components, background=SHIRLEY, links=()):
    region = Region("S 2p", (157.0, 170.0), background, tuple(components))
    return Model((region,), tuple(links))


def with_doublet():
    values = dict(gl("x", 161.6).parameters)
    region = Region("S 2p", (157.0, 170.0), SHIRLEY)
    return Model((add_doublet(region, "PS4", "S 2p", "gl_product", **values),))


def written(tmp_path, spectrum, model):
    """Return the fit that our reader finds in the file, and the notes of writing it."""
    shown, notes = with_casaxps_fit(spectrum, model)
    write_vamas(tmp_path / "fit.vms", [shown])
    (back,) = read(tmp_path / "fit.vms")
    return casaxps_model(back), notes


def codes(notes):
    return [note.code for note in notes]


def assert_same_parameters(a, b, *, rel=1e-12):
    for one, other in zip(a.regions, b.regions, strict=True):
        assert [c.id for c in one.components] == [c.id for c in other.components]
        for component in one.components:
            for name, parameter in component.parameters.items():
                back = other.component(component.id).parameters[name]
                assert parameter.free == back.free, (component.id, name)
                numbers = (parameter.value, parameter.min, parameter.max)
                # binding energies come from kinetic ones ten times as large
                expected = pytest.approx(numbers, rel=rel, abs=2e-11)
                assert (back.value, back.min, back.max) == expected, (component.id, name)


# ---- measured files


@pytest.mark.parametrize("name", REAL)
def test_a_colleagues_fit_survives_unchanged(data_dir, tmp_path, name):
    fitted = [s for s in read(data_dir / name) if has_casaxps_fit(s)]
    assert fitted
    for spectrum in fitted:
        stored = casaxps_model(spectrum)
        back, notes = written(tmp_path, calibrate(spectrum, stored.calibration), stored.model)
        assert notes == ()
        assert codes(back.notes) == codes(stored.notes)
        assert back.model.links == stored.model.links
        for one, other in zip(stored.model.regions, back.model.regions, strict=True):
            assert (one.name, one.background, one.doublets) == (
                other.name,
                other.background,
                other.doublets,
            )
            assert one.window == pytest.approx(other.window, abs=1e-10)
        assert_same_parameters(stored.model, back.model)
        assert back.calibration.shift == pytest.approx(stored.calibration.shift, abs=1e-9)


def test_the_layout_is_that_of_casaxps(data_dir, tmp_path):
    """Our lines have the words of CasaXPS's own in the same places, all counts right."""
    (spectrum,) = read(data_dir / REAL[0])
    theirs = spectrum.meta.comment.split("\n")
    stored = casaxps_model(spectrum)
    ours = casaxps_text(spectrum, stored.model).lines
    kinds = [line.split(" (*")[0] for line in ours]
    assert kinds == ["Casa Info Follows", "0", "0", "1", "CASA region", "4", *["CASA comp"] * 4]
    for start in ("CASA region", "CASA comp"):
        one = next(line for line in theirs if line.startswith(start)).split()
        other = next(line for line in ours if line.startswith(start)).split()
        assert len(one) == len(other)
        words = [(a, b) for a, b in zip(one, other, strict=True) if a.isalpha() or b.isalpha()]
        assert all(a == b for a, b in words)


def test_the_factors_that_came_with_a_fit_are_kept(data_dir, tmp_path):
    done = run([data_dir / REAL[1]], model="casaxps", select="RW_WS2 S 2p")
    notes = write_fits_vamas(done, tmp_path / "fit.vms")
    (back,) = read(tmp_path / "fit.vms")
    assert {c.rsf for c in casaxps_model(back).components} == {0.66800007}
    assert [note.code for note in notes] == ["sensitivity"]


# ---- everything that CasaXPS can express


NAMES = ("a", "b", "c")
SHAPES = st.one_of(
    st.integers(0, 100).map(lambda m: ("gl_product", {"mix": m / 100})),
    st.integers(0, 100).map(lambda m: ("gl_sum", {"mix": m / 100})),
    st.just(("la", {"alpha": 1.53, "beta": 1.53, "gauss": 0.0})),
    st.just(("la", {"alpha": 1.4, "beta": 1.7, "gauss": 0.0})),
)
FREEDOM = st.sampled_from(["free", "fixed"])


@st.composite
def components(draw, name):
    shape, own = draw(SHAPES)

    def parameter(low, high):
        ends = sorted(draw(st.tuples(st.floats(low, high), st.floats(low, high))))
        value = draw(st.floats(ends[0], ends[1]))
        if draw(FREEDOM) == "fixed" or ends[1] - ends[0] < 1e-6:
            return Parameter(value, free=False)
        return Parameter(value, *ends)

    parameters = {k: Parameter(v, free=False) for k, v in own.items()}
    parameters["area"] = parameter(1.0, 1e6)
    parameters["center"] = parameter(158.0, 169.0)
    width = parameter(0.3, 6.0)
    parameters["fwhm"] = replace(width, min=0.2, max=6.5, free=True) if name == "a" else width
    return Component(name, shape, parameters)


@st.composite
def models(draw):
    parts = [draw(components(name)) for name in NAMES[: draw(st.integers(1, 3))]]
    links = []
    for place in [i for i in range(1, len(parts)) if draw(st.booleans())]:
        target, loose = parts[place].id, dict(parts[place].parameters)
        loose |= {name: Parameter(loose[name].value) for name in ("area", "center")}
        parts[place] = replace(parts[place], parameters=loose)
        times = draw(st.floats(0.05, 20.0))
        links.append(Link(f"S 2p/{target}/area", (Term(times, "S 2p/a/area"),)))
        offset = draw(st.floats(-5.0, 5.0))
        links.append(Link(f"S 2p/{target}/center", (Term(1.0, "S 2p/a/center"),), offset))
    line = Background("linear", "static")  # a Shirley does not settle on every random window
    return model_of(*parts, background=line, links=links)


@settings(
    deadline=None,
    max_examples=40,
    derandomize=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(models(), st.floats(-6.0, 6.0))
def test_what_casaxps_can_express_comes_back_the_same(model, shift):
    spectrum = synthetic(calibration=Calibration(shift, "C 1s", 284.8, 284.8 - shift))
    shown, notes = with_casaxps_fit(spectrum, model)
    assert notes == ()
    back = casaxps_model(shown)
    assert back.calibration.shift == pytest.approx(shift, abs=1e-9)
    tied = {link.target for link in model.links}
    assert {link.target for link in back.model.links} | doublet_targets(back.model) >= tied
    for component in model.regions[0].components:
        index = [c.id for c in model.regions[0].components].index(component.id)
        stored = back.components[index]
        assert PHOTON - stored.position.value == pytest.approx(
            drawn(spectrum, model).value(f"S 2p/{component.id}/center"), abs=1e-9
        )
        for name, parameter in component.parameters.items():
            if f"S 2p/{component.id}/{name}" in tied:
                continue
            other = back.model.regions[0].components[index].parameters[name]
            assert other.free == parameter.free
            assert other.value == pytest.approx(parameter.value, rel=1e-11)
            if parameter.free:
                ends = (parameter.min, parameter.max)
                # an area at its bound may pass it by the 0.1 % that CasaXPS counts twice
                assert (other.min, other.max) == pytest.approx(ends, rel=1.1e-3)
    one, other = drawn(spectrum, model).envelope, drawn(spectrum, back.model).envelope
    assert other == pytest.approx(one, rel=1e-8)


def doublet_targets(model):
    names = ("area", "center")
    return {f"S 2p/{d.minor}/{name}" for d in model.regions[0].doublets for name in names}


def drawn(spectrum, model):
    """Return the result of drawing `model`, with the envelope as an attribute."""
    result = evaluate(spectrum, model)
    object.__setattr__(result, "envelope", result.regions[0].envelope)
    return result


def test_a_doublet_comes_back_as_one(tmp_path):
    back, notes = written(tmp_path, synthetic(), with_doublet())
    (doublet,) = back.model.regions[0].doublets
    (ours,) = with_doublet().regions[0].doublets
    assert (doublet.id, doublet.line, doublet.major, doublet.minor) == (
        ours.id,
        ours.line,
        ours.major,
        ours.minor,
    )
    assert (doublet.splitting, doublet.ratio) == pytest.approx((ours.splitting, ours.ratio))
    assert codes(notes) == []


def test_an_untied_width_of_a_doublet_comes_back_untied(tmp_path):
    region = unlock(with_doublet().regions[0], "PS4", "fwhm", "synthetic: a test")
    model = Model((region,))
    model = set_parameter(model, "S 2p/PS4 2p1/2/fwhm", value=1.4, min=0.5, max=2.0)
    back, _ = written(tmp_path, synthetic(), model)
    (doublet,) = back.model.regions[0].doublets
    assert doublet.unlocked_parameters == {"fwhm"}
    assert get_parameter(back.model, "S 2p/PS4 2p1/2/fwhm").value == pytest.approx(1.4)


def test_a_tie_to_the_total_of_a_doublet_is_one_to_its_major_line(tmp_path):
    region = add_component(with_doublet().regions[0], gl("other", 163.5))
    link = Link("S 2p/other/area", (Term(0.2, "S 2p/PS4/area"),))
    back, notes = written(tmp_path, synthetic(), Model((region,), (link,)))
    assert codes(notes) == []
    assert back.components[2].area.link == 0
    assert back.components[2].area.factor == pytest.approx(0.2 * 1.5)


# ---- energies, units, comments


def test_energies_are_kinetic_on_the_calibrated_scale():
    spectrum = synthetic(calibration=Calibration(0.3, "C 1s", 284.8, 284.5))
    lines = casaxps_text(spectrum, model_of(gl("PS4", 161.6))).lines
    assert "Calib M = 284.5 A = 284.8 BE ADD" in lines
    assert " Position 1325 1324.5 1325.5 -1 1 " in lines[-1]
    assert lines[5].startswith("CASA region (*S 2p*) (*Shirley*) 1316.6 1329.6 1 2 0 0 ")


def test_areas_of_counts_are_written_in_counts_per_second():
    lines = casaxps_text(synthetic(y_unit="counts"), model_of(gl("PS4", 161.6))).lines
    assert " Area 500 0 4500 -1 1 " in lines[-1]  # 1000 counts eV in 0.5 s x 4 scans


def test_areas_without_known_time_are_noted():
    spectrum = synthetic(y_unit="counts", scans=None)
    assert "unit" in codes(casaxps_text(spectrum, model_of(gl("PS4", 161.6))).notes)


def test_an_older_fit_in_the_comment_is_replaced_and_the_rest_kept(tmp_path):
    old, _ = with_casaxps_fit(synthetic(comment="by hand\nin two lines"), with_doublet())
    new, notes = with_casaxps_fit(old, model_of(gl("only", 162.0)))
    assert [c.name for c in casaxps_model(new).components] == ["only"]
    assert new.meta.comment.endswith("by hand\nin two lines")
    assert new.meta.comment.count("Casa Info Follows") == 1
    assert notes == ()


def test_a_processing_step_that_is_dropped_is_noted():
    comment = "Casa Info Follows\n2\nCalib M = 1 A = 2 BE ADD\nSm SG D(2) P(5)\n0\n0\n0\nkept"
    spectrum, notes = with_casaxps_fit(synthetic(comment=comment), with_doublet())
    assert [(note.code, note.line) for note in notes] == [("processing", "Sm SG D(2) P(5)")]
    assert spectrum.meta.comment.endswith("\nkept")


def test_the_shift_stands_once_in_the_file(tmp_path):
    spectrum = synthetic(calibration=Calibration(0.3, "C 1s", 284.8, 284.5, 0.05))
    shown, _ = with_casaxps_fit(spectrum, with_doublet())
    write_vamas(tmp_path / "fit.vms", [shown])
    (back,) = read(tmp_path / "fit.vms")
    assert back.meta.comment.count("Calib M") == 1
    assert back.calibration == spectrum.calibration
    assert back.meta.comment.endswith("synthetic")


HOSTILE = ["a*) (*b", "(*", "line\nbreak", "\x00\x1b[31m", "CASA comp (*x*)", "=1+1", "*" * 40]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_can_break_its_line(tmp_path, name):
    label = Component("hostile", "gl_product", gl("x", 161.6).parameters, label=name)
    back, _ = written(tmp_path, synthetic(), model_of(label, gl("next", 163.0)))
    assert len(back.components) == 2
    assert len(back.regions) == 1
    assert back.components[0].position.value == pytest.approx(1325.0)


# ---- what CasaXPS cannot express


@pytest.mark.parametrize(
    ("background", "name"),
    [
        (Background("shirley", "active"), "Shirley"),
        (Background("shirley", "static"), "Shirley"),
        (Background("shirley_components", "active"), "Shirley"),
        (Background("tougaard_u2", "active"), "U 2 Tougaard"),
        (Background("linear", "active"), "Linear"),
        (Background("polynomial", "active"), "Linear"),
        (Background("none", "static"), "Linear"),
    ],
)
def test_the_nearest_background_is_written_and_noted(background, name):
    text = casaxps_text(synthetic(), model_of(gl("a", 162.0), background=background))
    assert f"(*{name}*)" in text.lines[4]
    (note,) = (note for note in text.notes if note.code == "background")
    assert background.type in note.message
    assert name in note.message


def test_a_voigt_is_written_as_the_la_that_draws_it(tmp_path):
    """Against scipy's Voigt: the rounding of m and the cut kernel cost below 0.3 %."""
    mix, fwhm = 0.35, 1.2
    voigt = make_component(
        "PS4",
        "voigt",
        area=free(1000.0, 0.0, 9e3),
        center=free(162.0, 161.0, 163.0),
        fwhm=free(fwhm, 0.5, 2.0),
        mix=Parameter(mix, free=False),
    )
    back, notes = written(tmp_path, synthetic(), model_of(voigt))
    assert codes(notes) == ["shape"]
    assert back.components[0].shape.startswith("LA(1,")
    (component,) = back.model.regions[0].components
    values = {name: p.value for name, p in component.parameters.items()}
    x = np.linspace(157.0, 167.0, 1001)
    curve = lineshape(component.lineshape).func(x, **values)
    # widths of Lorentzian and Gaussian from their share and the total width, by bisection
    low, high = 0.1, 3.0
    for _ in range(60):
        total = 0.5 * (low + high)
        sigma, gamma = (1 - mix) * total / 2.354820045, mix * total / 2
        half = voigt_profile(fwhm / 2, sigma, gamma) / voigt_profile(0.0, sigma, gamma)
        low, high = (total, high) if half < 0.5 else (low, total)
    truth = 1000.0 * voigt_profile(x - 162.0, sigma, gamma)
    assert np.abs(curve - truth).max() < 3e-3 * truth.max()


def test_a_pseudo_voigt_is_the_sgl_with_its_share_of_the_height(tmp_path):
    shape = make_component(
        "a",
        "pseudo_voigt",
        area=free(1000.0, 0.0, 9e3),
        center=free(162.0, 161.0, 163.0),
        fwhm=free(1.2, 0.5, 2.0),
        mix=Parameter(0.4, free=False),
    )
    back, _ = written(tmp_path, synthetic(), model_of(shape))
    (component,) = back.model.regions[0].components
    x = np.linspace(157.0, 167.0, 501)
    values = {name: p.value for name, p in component.parameters.items()}
    ours = lineshape("pseudo_voigt").func(x, area=1000.0, center=162.0, fwhm=1.2, mix=0.4)
    theirs = lineshape(component.lineshape).func(x, **values)
    assert np.abs(ours - theirs).max() < 5e-3 * ours.max()  # m is a whole number of percent


def test_a_shape_without_counterpart_is_left_out_and_places_stay_right(tmp_path):
    odd = make_component("odd", "doniach_sunjic", height=100.0, center=160.0, fwhm=1.0)
    link = Link("S 2p/c/area", (Term(2.0, "S 2p/b/area"),))
    model = model_of(gl("a", 161.0), odd, gl("b", 162.0), gl("c", 163.0), links=[link])
    back, notes = written(tmp_path, synthetic(), model)
    assert "shape" in codes(notes)
    assert [c.name for c in back.components] == ["a", "b", "c"]
    assert (back.components[2].area.link, back.components[2].area.factor) == (1, 2.0)


def test_a_disabled_component_is_left_out_and_noted():
    off = replace(gl("off", 163.0), enabled=False)
    text = casaxps_text(synthetic(), model_of(gl("on", 162.0), off))
    assert (codes(text.notes), text.lines[5]) == (["disabled"], "1")


@pytest.mark.parametrize(
    "link",
    [
        Link("S 2p/c/area", (Term(1.0, "S 2p/a/area"), Term(1.0, "S 2p/b/area"))),
        Link("S 2p/c/area", (Term(1.0, "S 2p/a/area"),), 5.0),
        Link("S 2p/c/center", (Term(0.5, "S 2p/a/center"),), 82.5),
        Link("S 2p/c/fwhm", (Term(0.01, "S 2p/a/center"),)),
    ],
)
def test_a_tie_without_counterpart_is_held_at_its_value_and_noted(tmp_path, link):
    model = model_of(gl("a", 161.0), gl("b", 162.0), gl("c", 163.0), links=[link])
    back, notes = written(tmp_path, synthetic(), model)
    assert codes(notes) == ["link"]
    name = link.target.rpartition("/")[2]
    held = get_parameter(back.model, link.target)
    assert not held.free
    assert held.value == pytest.approx(drawn(synthetic(), model).value(f"S 2p/c/{name}"), rel=1e-9)


def test_a_tie_to_another_spectrum_is_held_at_its_value_and_noted():
    here, there = model_of(gl("a", 161.0)).regions[0], Region("P 2p", (126.0, 140.0), SHIRLEY)
    there = add_component(there, gl("b", 132.0, area=Parameter(500.0)))
    link = Link("P 2p/b/area", (Term(0.25, "S 2p/a/area"),))
    text = casaxps_text(synthetic(), Model((here, there), (link,)), regions=["P 2p"])
    assert codes(text.notes) == ["link"]
    assert " Area 250 250 250 -1 1 " in text.lines[-1]
    whole = casaxps_text(synthetic(), Model((here, there), (link,)))
    assert (codes(whole.notes), " 0 0.25 MFWHM" in whole.lines[-1]) == ([], True)


def test_rounded_and_fixed_shape_parameters_are_noted():
    loose = gl("a", 162.0, mix=free(0.3456, 0.0, 1.0))
    (note,) = casaxps_text(synthetic(), model_of(loose)).notes
    assert "GL(35)" in note.message
    assert "mix was fitted" in note.message


def test_missing_bounds_are_noted_with_what_stands_in():
    loose = gl("a", 162.0, area=Parameter(1000.0))
    text = casaxps_text(synthetic(), model_of(loose))
    assert codes(text.notes) == ["bounds"]
    assert " Area 1000 0 1000000000 -1 1 " in text.lines[-1]


def test_a_model_without_values_is_refused():
    with pytest.raises(ModelError, match=r"not known yet.*[Ff]it"):
        casaxps_text(synthetic(), model_of(gl("a", 162.0, area=Parameter())))


@pytest.mark.parametrize("missing", ["photon", "axis"])
def test_what_a_fit_in_casaxps_needs_is_asked_for(missing):
    spectrum = synthetic(excitation_energy_ev=None if missing == "photon" else PHOTON)
    if missing == "axis":
        spectrum = replace(spectrum, axis=Axis.RAMAN_SHIFT)
    with pytest.raises(ModelError, match="photon energy" if missing == "photon" else "Raman"):
        casaxps_text(spectrum, with_doublet())
