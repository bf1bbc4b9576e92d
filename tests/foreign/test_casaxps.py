"""A CasaXPS fit is read, drawn and fitted again to the same numbers.

Truth is CasaXPS's own: exported columns, and the values stored in measured files
(which are not part of the project). Comments made up here are labelled synthetic.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra_core.errors import ModelError
from spectra_core.fitting.single import FitOptions, evaluate, fit
from spectra_core.fitting.weights import Weights
from spectra_core.foreign.casaxps import casaxps_model
from spectra_core.foreign.presence import has_casaxps_fit
from spectra_core.model import get_parameter, set_parameter
from spectra_core.readers import vamas
from spectra_core.spectrum import Axis, Meta, calibrate, make_spectrum

PHOTON = 1486.6
REGION = "CASA region (*S 2p*) (*Shirley*) 1316.6 1328.6 0.668 2 0 0 115 -450 0 0 (*S 2p*) 32 0 0.7"
MAJOR = (
    "CASA comp (*S 2p PS4*) (*GL(30)*) Area 1000 1e-020 9000 -1 1 MFWHM 1.2 0.5 2 -1 1"
    " Position 1325 1324.5 1325.5 -1 1 RSF 0.668 MASS 32.06 INDEX -1 (*S 2p*) CONST (**)"
)
MINOR = (
    "CASA comp (*S 2p PS4*) (*GL(30)*) Area 500 1e-020 9000 0 0.5 MFWHM 1.2 0.2 5 0 1"
    " Position 1323.82 0 0 0 -1.18 RSF 0.668 MASS 32.06 INDEX -1 (*S 2p*) CONST (**)"
)


def synthetic(*casa, processing=(), **meta):
    """Return a synthetic spectrum whose comment holds these lines of CasaXPS."""
    comment = ["Casa Info Follows", str(len(processing)), *processing, "0", *casa, "synthetic"]
    values = {"excitation_energy_ev": PHOTON, "dwell_s": 0.1, "scans": 10.0} | meta
    x = np.arange(1310.0, 1335.0, 0.1)
    y = np.full(x.size, 100.0)
    fields = Meta(region="S 2p", comment="\n".join(comment), **values)
    return make_spectrum(x, y, Axis.KINETIC_ENERGY, counts=y, meta=fields)


def codes(fit):
    return [note.code for note in fit.notes]


# ---- lines and links


def test_positions_become_binding_energies_and_bounds_turn_round():
    model = casaxps_model(synthetic(REGION, MAJOR)).model
    center = get_parameter(model, "S 2p/S 2p PS4/center")
    assert center.value == pytest.approx(161.6, abs=1e-9)
    assert (center.min, center.max) == pytest.approx((161.1, 162.1), abs=1e-9)
    assert model.regions[0].window == pytest.approx((158.0, 170.0), abs=1e-9)


def test_a_pair_tied_like_a_doublet_becomes_one():
    model = casaxps_model(synthetic(REGION, MAJOR, MINOR)).model
    (doublet,) = model.regions[0].doublets
    assert (doublet.id, doublet.line, doublet.unlocked) == ("PS4", "S 2p", ())
    assert (doublet.splitting, doublet.ratio) == (1.18, 0.5)
    assert [c.id for c in model.regions[0].components] == ["PS4 2p3/2", "PS4 2p1/2"]
    assert model.links == ()
    assert get_parameter(model, "S 2p/PS4/area").value == pytest.approx(1500.0)


O1S = [line.replace("S 2p PS4", "O 1s").replace("S 2p", "O 1s") for line in (REGION, MAJOR, MINOR)]


def test_two_tied_components_of_an_s_level_are_two_lines():
    fit_read = casaxps_model(synthetic(*O1S))
    assert fit_read.model.regions[0].doublets == ()
    assert [c.id for c in fit_read.model.regions[0].components] == ["O 1s", "O 1s (2)"]
    assert [link.target for link in fit_read.model.links] == [
        f"O 1s/O 1s (2)/{name}" for name in ("area", "fwhm", "center")
    ]
    result = fit(synthetic(*O1S), fit_read.model)
    areas = [result.value(f"O 1s/{name}/area") for name in ("O 1s", "O 1s (2)")]
    assert areas[1] == pytest.approx(0.5 * areas[0])


@pytest.mark.parametrize(
    ("ties", "words"),
    [
        ([("Area 500 1e-020 9000 0 0.5", "Area 500 1e-020 9000 1 0.5")], "tied to itself"),
        ([("Area 500 1e-020 9000 0 0.5", "Area 500 1e-020 9000 7 0.5")], "which is not there"),
        ([("MFWHM 1.2 0.2 5 0 1", "MFWHM 1.2 0.2 5 0 0")], "tied by the factor 0"),
        ([("Area 1000 1e-020 9000 -1 1", "Area 1000 1e-020 9000 1 2")], "tied in a circle"),
    ],
)
@pytest.mark.parametrize("lines", [(REGION, MAJOR, MINOR), tuple(O1S)])
def test_a_tie_that_cannot_hold_is_named_and_the_value_free(lines, ties, words):
    text = "\n".join(lines)
    for old, new in ties:
        assert old in text
        text = text.replace(old, new)
    found = casaxps_model(synthetic(*text.split("\n")))
    assert any(words in note.message for note in found.notes)
    assert evaluate(synthetic(*text.split("\n")), found.model).regions


def test_a_doublet_with_widths_of_their_own_says_so():
    loose = MINOR.replace("MFWHM 1.2 0.2 5 0 1", "MFWHM 1.3 0.2 5 -1 1")
    (doublet,) = casaxps_model(synthetic(REGION, MAJOR, loose)).model.regions[0].doublets
    assert [unlock.parameter for unlock in doublet.unlocked] == ["fwhm"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Area 500 1e-020 9000 0 0.5", "Area 300 1e-020 9000 0 0.3"),
        ("Position 1323.82 0 0 0 -1.18", "Position 1326.18 0 0 0 1.18"),
        ("GL(30)", "SGL(30)"),
    ],
)
def test_a_pair_that_is_no_doublet_keeps_its_ties_as_links(old, new):
    read = casaxps_model(synthetic(REGION, MAJOR, MINOR.replace(old, new)))
    assert read.model.regions[0].doublets == ()
    targets = [link.target.rpartition("/")[2] for link in read.model.links]
    assert targets == ["area", "fwhm", "center"]
    assert read.notes == ()


def test_a_width_ratio_is_that_of_the_stored_widths():
    """LA stores another width than the true one: both must keep the stored ratio."""
    shape = "LA(1.4,1.7,130)"
    other = (
        MINOR.replace("GL(30)", shape)
        .replace("MFWHM 1.2 0.2 5 0 1", "MFWHM 2.4 0.2 5 0 2")
        .replace("Area 500 1e-020 9000 0 0.5", "Area 500 1e-020 9000 -1 1")
    )
    model = casaxps_model(synthetic(REGION, MAJOR, other)).model
    link = next(link for link in model.links if link.target.endswith("fwhm"))
    stored_over_true = 1.278208 / 1.300327  # of this LA, from the table of CasaXPS shapes
    assert link.terms[0].times == pytest.approx(2.0 / stored_over_true, rel=1e-4)


def test_links_win_over_stored_values_and_a_note_says_so():
    stale = MINOR.replace("Area 500", "Area 700")
    read = casaxps_model(synthetic(REGION, MAJOR, stale))
    assert codes(read) == ["link"]
    assert "700" in read.notes[0].message
    drawn = evaluate(synthetic(), read.model)
    assert drawn.value("S 2p/PS4 2p1/2/area") == pytest.approx(500.0, rel=1e-12)


def test_a_tie_to_an_absent_component_is_free_and_noted():
    read = casaxps_model(synthetic(REGION, MINOR.replace("9000 0 0.5", "9000 7 0.5")))
    assert "link" in codes(read)
    assert get_parameter(read.model, "S 2p/S 2p PS4/area").free


def test_equal_bounds_fix_a_value():
    fixed = MAJOR.replace("MFWHM 1.2 0.5 2", "MFWHM 1.2 1.2 1.2")
    model = casaxps_model(synthetic(REGION, fixed)).model
    assert not get_parameter(model, "S 2p/S 2p PS4/fwhm").free


def test_bounds_that_do_not_hold_their_value_are_widened_with_a_note():
    read = casaxps_model(synthetic(REGION, MAJOR.replace("MFWHM 1.2 0.5 2", "MFWHM 1.2 0.5 1")))
    assert codes(read) == ["bounds"]
    assert get_parameter(read.model, "S 2p/S 2p PS4/fwhm").max == 1.2


def test_an_unknown_shape_is_left_out_and_named():
    read = casaxps_model(synthetic(REGION, MAJOR, MAJOR.replace("GL(30)", "TLA(1,2,3)")))
    assert codes(read) == ["shape"]
    assert "TLA(1,2,3)" in read.notes[0].message
    assert len(read.model.regions[0].components) == 1
    assert len(read.components) == 2


def test_an_unknown_background_is_named_and_a_line_stands_in():
    read = casaxps_model(synthetic(REGION.replace("Shirley", "Spline Tougaard"), MAJOR))
    assert codes(read) == ["background"]
    assert read.model.regions[0].background.type == "linear"


def test_unusual_averaging_and_offsets_are_noted():
    read = casaxps_model(synthetic(REGION.replace("0.668 2 0 0", "0.668 4 2 1"), MAJOR))
    assert codes(read) == ["averaging", "offset"]
    options = read.model.regions[0].background.options
    assert options["endpoint_points"] == 5
    assert (options["high_offset"], options["low_offset"]) == (2.0, 1.0)


def test_components_go_to_the_region_they_lie_in():
    second = REGION.replace("1316.6 1328.6", "1311 1316").replace("S 2p", "P 2p")
    far = MAJOR.replace("Position 1325 1324.5 1325.5", "Position 1313 1312 1314")
    outside = MAJOR.replace("Position 1325 1324.5 1325.5", "Position 1300 1299 1301")
    read = casaxps_model(synthetic(REGION, second, MAJOR, far, outside))
    assert [len(region.components) for region in read.model.regions] == [1, 2]
    assert codes(read) == ["outside"]


def test_constraint_texts_are_kept_in_a_note():
    read = casaxps_model(synthetic(REGION, MAJOR.replace("CONST (**)", "CONST (*A1*0.5*)")))
    assert codes(read) == ["constraint"]
    assert "A1*0.5" in read.notes[0].message


# ---- calibration


def test_calibrations_add_up():
    lines = ["Calib M = 281.17 A = 284.8 BE ADD", "Calib M = 284.7 A = 285 BE ADD"]
    read = casaxps_model(synthetic(REGION, MAJOR, processing=lines))
    assert read.calibration.shift == pytest.approx(3.93, abs=1e-12)
    assert read.calibration.assigned == 285.0
    assert read.calibration.measured == pytest.approx(281.07, abs=1e-12)
    assert read.notes == ()


def test_what_is_not_a_plain_shift_is_noted_and_not_applied():
    lines = [
        "Calib M = 282.4,283.5 A = 286.8 BE ADD",
        "Calib M = 285 A = 284 BE ADD",
        "KECalib 10",
        "Sm SG D(2) P(5)",
    ]
    read = casaxps_model(synthetic(REGION, MAJOR, processing=lines))
    assert read.calibration.shift == pytest.approx(-1.0, abs=1e-12)
    assert codes(read) == ["calibration", "calibration", "processing"]
    assert [note.line for note in read.notes] == [lines[0], lines[2], lines[3]]


# ---- errors


@pytest.mark.parametrize("lines", [(), (REGION,), (MAJOR,)])
def test_a_comment_without_a_fit_is_an_error(lines):
    spectrum = synthetic(*lines)
    assert not has_casaxps_fit(spectrum)
    with pytest.raises(ModelError, match="holds no CasaXPS fit"):
        casaxps_model(spectrum)


@pytest.mark.parametrize("cut", [40, 80, 110])
def test_a_damaged_line_is_an_error_that_shows_it(cut):
    with pytest.raises(ModelError, match="line is damaged"):
        casaxps_model(synthetic(REGION, MAJOR[:cut]))


def test_a_missing_photon_energy_is_an_error():
    with pytest.raises(ModelError, match="photon energy is not recorded"):
        casaxps_model(synthetic(REGION, MAJOR, excitation_energy_ev=None))


def test_a_fit_without_any_known_shape_is_an_error():
    with pytest.raises(ModelError, match="no component"):
        casaxps_model(synthetic(REGION, MAJOR.replace("GL(30)", "H(1,2)")))


def test_an_area_in_another_unit_than_the_spectrum_is_noted():
    spectrum = synthetic(REGION, MAJOR)
    counts = make_spectrum(
        spectrum.x, spectrum.y, spectrum.axis, y_unit="counts", meta=spectrum.meta
    )
    assert codes(casaxps_model(counts)) == ["unit"]


# ---- measured files


@pytest.fixture(scope="module")
def kratos(data_dir):
    path = data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"
    return {(s.meta.sample, s.meta.species, s.meta.transition): s for s in vamas.read(path)}


@pytest.fixture(scope="module")
def iron_oxide(data_dir):
    (spectrum,) = vamas.read(data_dir / "pynxtools-xps" / "vamas" / "FeO_analyzed.vms")
    return spectrum


def drawn(spectrum):
    read = casaxps_model(spectrum)
    return evaluate(calibrate(spectrum, read.calibration), read.model)


# BE, FWHM and area of CasaXPS as the provenance page of the file lists them
S_2P = [
    ("RW_WS2_MoS2_thicker", "MoS2 2p3/2", 161.758, 0.8988, 5317.94),
    ("RW_WS2_MoS2_thicker", "MoS2 2p1/2", 162.918, 0.8988, 2658.97),
    ("RW_WS2_MoS2_thicker", "WS2 2p3/2", 162.772, 1.000, 273.10),
    ("RW_WS2_MoS2_thicker", "WS2 2p1/2", 163.932, 1.000, 136.55),
    ("RW_WS2", "WS2 2p3/2", 162.672, 0.8173, 8239.24),
    ("RW_WS2", "WS2 2p1/2", 163.832, 0.8173, 4119.62),
    ("RW_Tha_MoS2", "MoS2 2p3/2", 162.441, 0.7399, 15863.61),
    ("RW_Tha_MoS2", "MoS2 2p1/2", 163.601, 0.7399, 7931.80),
]


@pytest.mark.parametrize(("sample", "component", "center", "fwhm", "area"), S_2P)
def test_sulfur_components_are_those_of_the_colleague(
    kratos, sample, component, center, fwhm, area
):
    result = drawn(kratos[sample, "S", "2p"])
    path = f"S 2p/{component}"
    assert result.value(f"{path}/center") == pytest.approx(center, abs=6e-4)
    assert result.value(f"{path}/fwhm") == pytest.approx(fwhm, abs=6e-5)
    assert result.value(f"{path}/area") == pytest.approx(area, abs=6e-3)
    assert result.summary("S 2p", component).fwhm == pytest.approx(fwhm, abs=6e-5)


@pytest.mark.parametrize("sample", ["RW_WS2", "RW_Tha_MoS2"])
@pytest.mark.parametrize(
    ("weights", "area", "center", "fwhm"),
    [
        (Weights.POISSON, 5e-3, 5e-3, 1e-2),  # our statistics: the tolerance of the data page
        (Weights.UNIT, 1e-3, 1e-3, 1e-3),  # CasaXPS's: the same numbers
    ],
)
def test_a_refit_from_elsewhere_returns_to_the_colleagues_numbers(
    kratos, sample, weights, area, center, fwhm
):
    spectrum = kratos[sample, "S", "2p"]
    read = casaxps_model(spectrum)
    (doublet,) = read.model.regions[0].doublets
    stored = {
        n: get_parameter(read.model, f"S 2p/{doublet.id}/{n}").value
        for n in ("area", "center", "fwhm")
    }
    moved = _start_elsewhere(read.model, doublet.id, stored)
    result = fit(calibrate(spectrum, read.calibration), moved, options=FitOptions(weights=weights))
    found = {name: result.value(f"S 2p/{doublet.id}/{name}") for name in stored}
    assert found["area"] == pytest.approx(stored["area"], rel=area)
    assert found["center"] == pytest.approx(stored["center"], abs=center)
    assert found["fwhm"] == pytest.approx(stored["fwhm"], rel=fwhm)
    assert result.n_free == 3


def _start_elsewhere(model, doublet, stored):
    moved = set_parameter(model, f"S 2p/{doublet}/area", value=0.6 * stored["area"])
    moved = set_parameter(moved, f"S 2p/{doublet}/center", value=stored["center"] - 0.08)
    return set_parameter(moved, f"S 2p/{doublet}/fwhm", value=1.15 * stored["fwhm"])


@pytest.mark.parametrize(
    ("sample", "species", "level"),
    [
        ("RW_WS2_MoS2_thicker", "Mo", "3d"),
        ("RW_Tha_MoS2", "Mo", "3d"),
        ("RW_WS2_MoS2_thicker", "W", "4f"),
        ("RW_WS2", "W", "4f"),
        ("RW_WS2_MoS2_thicker", "S", "2p"),
        ("RW_WS2", "S", "2p"),
        ("RW_Tha_MoS2", "S", "2p"),
    ],
)
def test_the_stored_fit_follows_the_data(kratos, sample, species, level):
    (region,) = drawn(kratos[sample, species, level]).regions
    height = np.max(region.y - region.background)
    rms = np.sqrt(np.mean((region.y - region.envelope) ** 2))
    assert rms < 0.03 * height  # the scatter of the counts alone is 1 to 2 %


def test_a_universal_tougaard_strength_is_the_stored_one(kratos):
    (region,) = drawn(kratos["RW_WS2_MoS2_thicker", "S", "2p"]).regions
    assert region.background_info["b"] == pytest.approx(2684.4128, rel=1e-6)


@pytest.fixture(scope="module")
def iron_columns(data_dir):
    """Return the exported binding energy, four components, background and envelope."""
    path = data_dir / "pynxtools-xps" / "vamas" / "FeO_analyzed_lineshapes_cols.txt"
    rows = [line.split("\t") for line in path.read_text().split("\n")[8:] if line.strip()]
    return np.array([row[9:17] for row in rows], dtype=float)[::-1]


def test_iron_oxide_components_are_drawn_as_casaxps_draws_them(iron_oxide, iron_columns):
    (region,) = drawn(iron_oxide).regions
    inside = np.searchsorted(iron_columns[:, 0], region.x - 1e-3)
    table = iron_columns[inside]
    np.testing.assert_allclose(table[:, 0], region.x, atol=1e-6)
    np.testing.assert_allclose(table[:, 6], region.background, rtol=6e-4)
    for column, curve in zip((2, 3, 4, 5), region.peaks.values(), strict=True):
        exported = table[:, column] - table[:, 6]
        assert np.max(np.abs(curve - exported)) < 1e-3 * exported.max()


def test_iron_oxide_regions_and_values_are_complete(iron_oxide):
    read = casaxps_model(iron_oxide)
    assert [c.rsf for c in read.components] == [16.42] * 4
    assert read.regions[0].parameters == (335.44588, 551.0, 436.0, 3.0)
    assert read.model.regions[0].background.type == "tougaard_u3"
    assert read.notes == ()


def test_every_measured_fit_is_read(kratos, iron_oxide):
    fitted = [s for s in (*kratos.values(), iron_oxide) if has_casaxps_fit(s)]
    assert len(fitted) == 8
    for spectrum in fitted:
        assert casaxps_model(spectrum).notes == ()


def test_the_processing_lines_of_a_comment_fragment_are_understood_or_noted(data_dir):
    folder = data_dir / "pynxtools-xps" / "vamas_comment_fragments"
    comment = (folder / "casa_process.vms").read_text().split("\n", 1)[1]
    meta = Meta(comment=comment, excitation_energy_ev=PHOTON, region="C 1s")
    x = np.arange(1185.0, 1206.0, 0.1)
    spectrum = make_spectrum(x, np.ones(x.size), Axis.KINETIC_ENERGY, meta=meta)
    read = casaxps_model(spectrum)
    assert read.calibration.shift == pytest.approx(284 - 285.1185, abs=1e-9)
    assert codes(read).count("calibration") == 3
    assert codes(read).count("processing") == 6
    assert [c.line for c in read.model.regions[0].components] == ["C 1s"] * 3


@settings(deadline=None, max_examples=80)
@given(
    data=st.data(), n=st.integers(1, 6), level=st.sampled_from(["S 2p", "O 1s", "Mo 3d", "wide"])
)
def test_any_link_graph_is_read_and_can_be_drawn(data, n, level):
    """Chains, circles, ties to itself, to nothing, forward and back: never an error."""
    index = st.integers(-1, n)
    factor = st.sampled_from([0.5, 1.0, 2.0, 0.0, -1.0, 0.75])
    lines = [REGION]
    for i in range(n):
        own = [(data.draw(index), data.draw(factor)) for _ in range(3)]
        (area, a), (width, w), (position, _) = own
        offset = data.draw(st.sampled_from([-1.18, 0.0, 0.5, -3.15]))
        lines.append(
            f"CASA comp (*{level} {data.draw(st.sampled_from('AB'))}*) (*GL(30)*)"
            f" Area {1000 - 90 * i} 1e-020 9000 {area} {a:g}"
            f" MFWHM 1.2 0.2 5 {width} {w:g}"
            f" Position {1325 - 0.4 * i:g} 1316 1330 {position} {offset:g}"
            " RSF 0.668 MASS 32.06 INDEX -1 (*x*) CONST (**)"
        )
    spectrum = synthetic(*lines)
    found = casaxps_model(spectrum)
    drawn = evaluate(spectrum, found.model)
    assert sum(len(region.peaks) for region in drawn.regions) == n
    assert all(np.isfinite(region.envelope).all() for region in drawn.regions)
