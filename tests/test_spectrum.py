"""One spectrum: axes, windows, calibration, and what is never lost or turned round on the way.

The expected numbers are worked out by hand: Al K-alpha is 1486.6 eV, so an electron of
1325.0 eV left a level bound by 161.6 eV.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra_core.errors import DataError
from spectra_core.spectrum import (
    Axis,
    Calibration,
    Meta,
    Spectrum,
    calibrate,
    crop,
    is_synthetic,
    make_spectrum,
    on_binding_energy,
    points_in_window,
    replace_fields,
    to_axis,
)

AL_K_ALPHA = 1486.6
BINDING = [160.0, 161.0, 162.5, 164.0]
KINETIC = [1322.6, 1324.1, 1325.6, 1326.6]  # of the same electrons, the other way round
XPS = Meta(sample="LPSCl", region="S 2p", excitation_energy_ev=AL_K_ALPHA)


def energies(values) -> object:
    """Return energies in eV to be compared to a billionth of one."""
    return pytest.approx(np.asarray(values), rel=0.0, abs=1e-9)


def four_points(x=BINDING, axis=Axis.BINDING_ENERGY, **fields) -> Spectrum:
    """Return four points of which no array reads the same in both directions."""
    values = {
        "y": np.array([1.0, 2.0, 3.0, 4.0]),
        "counts": np.array([10.0, 20.0, 30.0, 40.0]),
        "sigma": np.array([0.1, 0.2, 0.3, 0.4]),
        "transmission": np.array([0.91, 0.92, 0.93, 0.94]),
        "columns": {"envelope": np.array([5.0, 6.0, 7.0, 8.0])},
        "meta": XPS,
    }
    return Spectrum(np.array(x), axis=axis, **(values | fields))


def columns_of(spectrum: Spectrum) -> dict[str, list[float]]:
    """Return every ordinate of a spectrum as a list."""
    found = {name: getattr(spectrum, name) for name in ("y", "counts", "sigma", "transmission")}
    return {name: values.tolist() for name, values in (found | dict(spectrum.columns)).items()}


# --- what an axis is ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("axis", "unit", "is_energy", "orientation"),
    [
        (Axis.BINDING_ENERGY, "eV", True, 1),
        (Axis.KINETIC_ENERGY, "eV", True, -1),
        (Axis.RAMAN_SHIFT, "cm-1", False, 1),
        (Axis.WAVELENGTH, "nm", False, 1),
        (Axis.UNKNOWN, "", False, 1),
    ],
)
def test_every_axis_has_its_unit_and_direction(axis, unit, is_energy, orientation):
    assert (axis.unit, axis.is_energy, axis.orientation) == (unit, is_energy, orientation)


def test_binding_and_kinetic_energy_add_up_to_the_photon_energy():
    bound, kinetic = four_points(), four_points(KINETIC, Axis.KINETIC_ENERGY)
    assert bound.binding_energy.tolist() == BINDING
    assert bound.kinetic_energy == energies(KINETIC[::-1])
    assert kinetic.kinetic_energy.tolist() == KINETIC
    assert kinetic.binding_energy == energies(BINDING[::-1])


@pytest.mark.parametrize(
    ("axis", "meta", "words"),
    [
        (Axis.BINDING_ENERGY, Meta(region="S 2p"), "photon energy is not recorded"),
        (Axis.RAMAN_SHIFT, XPS, "a Raman shift axis has no electron energy"),
        (Axis.UNKNOWN, XPS, "not known what the axis is"),
    ],
)
def test_an_energy_that_cannot_be_known_is_refused_by_name(axis, meta, words):
    with pytest.raises(DataError, match=words) as failure:
        four_points(axis=axis, meta=meta).kinetic_energy  # noqa: B018
    assert "S 2p" in str(failure.value)


# --- making one --------------------------------------------------------------------------


def test_a_descending_axis_turns_every_column_with_it():
    given_down = make_spectrum(
        BINDING[::-1],
        [4.0, 3.0, 2.0, 1.0],
        Axis.BINDING_ENERGY,
        counts=[40, 30, 20, 10],
        sigma=[0.4, 0.3, 0.2, 0.1],
        transmission=[0.94, 0.93, 0.92, 0.91],
        columns={"envelope": [8, 7, 6, 5]},
    )
    assert given_down.descending
    assert given_down.x.tolist() == BINDING
    assert columns_of(given_down) == columns_of(four_points())


def test_an_ascending_axis_stays_as_it_is():
    given_up = make_spectrum(
        BINDING, [1.0, 2.0, 3.0, 4.0], Axis.BINDING_ENERGY, counts=[1, 2, 3, 4]
    )
    assert not given_up.descending
    assert (given_up.y.tolist(), given_up.counts.tolist()) == ([1, 2, 3, 4], [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([160, 161, 161, 162], [1, 2, 3, 4], "161 is followed by 161 at point 3 of 4"),
        ([160, 162, 161, 163], [1, 2, 3, 4], "162 is followed by 161 at point 3 of 4"),
        ([160], [1], "at least two points, found 1"),
        ([[160, 161], [162, 163]], [1, 2, 3, 4], "at least two points"),
        ([160, 161, 162], [1, 2], r"intensity column has shape \(2,\) .* 3 points"),
        ([160, 161, 162], [1, np.nan, 3], "intensity column is not a number at point 2 of 3"),
        ([160, np.inf, 162], [1, 2, 3], "axis column is not a number at point 2 of 3"),
    ],
)
def test_data_that_are_no_spectrum_are_refused_with_the_place(x, y, words):
    with pytest.raises(DataError, match=words):
        make_spectrum(x, y, Axis.BINDING_ENERGY)


@pytest.mark.parametrize("name", ["counts", "sigma", "transmission"])
def test_a_column_of_another_length_is_refused_by_name(name):
    with pytest.raises(DataError, match=f"{name} column has shape"):
        four_points(**{name: np.ones(3)})


def test_the_arrays_are_nobody_elses_and_cannot_be_written_to():
    mine = np.array([1.0, 2.0, 3.0, 4.0])
    spectrum = four_points(y=mine)
    mine[0] = 99.0
    assert spectrum.y[0] == 1.0
    for values in (spectrum.x, spectrum.y, spectrum.counts, spectrum.columns["envelope"]):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0.0


def test_a_copy_for_another_process_is_the_same_spectrum():
    moved = calibrate(four_points(KINETIC, Axis.KINETIC_ENERGY), Calibration(0.5, "C 1s"))
    moved = replace_fields(moved, meta=replace(XPS, variables={"X": (1.0, "mm")}))
    again = copy.deepcopy(moved)  # by the road on which it is sent to a worker process
    assert again.x.tolist() == moved.x.tolist()
    assert columns_of(again) == columns_of(moved)
    assert (again.calibration, again.meta, again.source) == (
        moved.calibration,
        moved.meta,
        moved.source,
    )


def test_what_a_spectrum_says_of_itself():
    spectrum = four_points()
    assert (len(spectrum), spectrum.label, spectrum.step) == (4, "LPSCl / S 2p", 1.5)
    assert four_points(meta=Meta(region="S 2p")).label == "S 2p"
    assert Meta(dwell_s=0.2, scans=5).acquisition_time_s == pytest.approx(1.0)
    assert Meta(dwell_s=0.2).acquisition_time_s is None


@pytest.mark.parametrize(
    ("meta", "synthetic"),
    [
        (Meta(sample="LPSCl, measured"), False),
        (Meta(sample="LPSCl (Synthetic)"), True),
        (Meta(comment="SYNTHETIC, seed 7"), True),
        (Meta(extra={"file_comment": "synthetic"}), True),
        (Meta(extra={"synthetic": "yes"}), True),
        (Meta(extra={"synthetic": "no"}), False),
    ],
)
def test_synthetic_data_are_recognised_wherever_they_say_so(meta, synthetic):
    assert is_synthetic(four_points(meta=meta)) is synthetic


# --- the charge correction ---------------------------------------------------------------


def test_a_calibration_adds_to_binding_energy():
    moved = calibrate(four_points(), Calibration(0.5, "C 1s"))
    assert moved.x == energies([160.5, 161.5, 163.0, 164.5])
    assert moved.x_recorded.tolist() == BINDING


def test_a_calibration_takes_the_same_from_kinetic_energy():
    moved = calibrate(four_points(KINETIC, Axis.KINETIC_ENERGY), Calibration(0.5, "C 1s"))
    assert moved.x == energies([1322.1, 1323.6, 1325.1, 1326.1])
    assert moved.binding_energy == energies([164.5, 163.0, 161.5, 160.5])
    assert moved.x_recorded.tolist() == KINETIC


def test_a_calibration_adds_to_a_raman_shift():
    moved = calibrate(four_points([400, 410, 420, 430], Axis.RAMAN_SHIFT), Calibration(-0.7, "Si"))
    assert moved.x == energies([399.3, 409.3, 419.3, 429.3])


def test_a_calibration_replaces_the_last_one_and_can_be_taken_back_exactly():
    once = calibrate(four_points(), Calibration(0.3))
    again = calibrate(once, Calibration(0.1))
    assert again.x == energies(np.array(BINDING) + 0.1)
    assert calibrate(again, Calibration()).x.tolist() == BINDING


# --- from one energy axis to the other ---------------------------------------------------


@pytest.mark.parametrize(
    ("start", "wanted", "x"),
    [
        (four_points(), Axis.KINETIC_ENERGY, KINETIC),
        (four_points(KINETIC, Axis.KINETIC_ENERGY), Axis.BINDING_ENERGY, BINDING),
    ],
    ids=["to kinetic", "to binding"],
)
def test_every_point_keeps_its_counts_sigma_and_transmission(start, wanted, x):
    turned = to_axis(start, wanted)
    assert turned.axis is wanted
    assert turned.x == energies(x)
    assert turned.descending is not start.descending
    assert columns_of(turned) == {
        "y": [4.0, 3.0, 2.0, 1.0],
        "counts": [40.0, 30.0, 20.0, 10.0],
        "sigma": [0.4, 0.3, 0.2, 0.1],
        "transmission": [0.94, 0.93, 0.92, 0.91],
        "envelope": [8.0, 7.0, 6.0, 5.0],
    }


def test_what_was_not_recorded_stays_unknown_on_the_other_axis():
    bare = four_points(counts=None, sigma=None, transmission=None, columns={})
    turned = to_axis(bare, Axis.KINETIC_ENERGY)
    assert (turned.counts, turned.sigma, turned.transmission) == (None, None, None)


def test_the_axis_that_it_has_is_given_back_unchanged():
    spectrum = four_points()
    assert to_axis(spectrum, Axis.BINDING_ENERGY) is spectrum


def test_a_charge_correction_means_the_same_on_both_axes():
    kinetic = calibrate(four_points(KINETIC, Axis.KINETIC_ENERGY), Calibration(-0.4, "C 1s"))
    bound = to_axis(kinetic, Axis.BINDING_ENERGY)
    assert bound.x == energies(np.array(BINDING) - 0.4)
    assert bound.x == energies(kinetic.binding_energy[::-1])
    assert bound.x_recorded == energies(BINDING)


def test_a_work_function_is_subtracted_once_and_only_when_asked_for():
    recorded = replace(XPS, work_function_ev=4.5)
    kinetic = four_points(KINETIC, Axis.KINETIC_ENERGY, meta=recorded)
    assert to_axis(kinetic, Axis.BINDING_ENERGY).x == energies(BINDING)
    bound = to_axis(kinetic, Axis.BINDING_ENERGY, work_function_ev=4.5)
    assert bound.x == energies(np.array(BINDING) - 4.5)
    assert bound.meta.extra["work_function_subtracted_ev"] == 4.5


def test_a_subtracted_work_function_is_remembered_on_the_way_back():
    kinetic = four_points(KINETIC, Axis.KINETIC_ENERGY)
    bound = to_axis(kinetic, Axis.BINDING_ENERGY, work_function_ev=4.5)
    assert bound.kinetic_energy == energies(KINETIC[::-1])
    assert to_axis(bound, Axis.KINETIC_ENERGY).x == energies(KINETIC)
    once_more = to_axis(to_axis(bound, Axis.KINETIC_ENERGY), Axis.BINDING_ENERGY)
    assert once_more.x == energies(bound.x)


def test_binding_energies_are_had_where_they_can_be():
    kinetic = four_points(KINETIC, Axis.KINETIC_ENERGY)
    assert on_binding_energy(kinetic).x == energies(BINDING)
    for other in (
        four_points(),
        four_points(KINETIC, Axis.KINETIC_ENERGY, meta=Meta()),
        four_points(axis=Axis.RAMAN_SHIFT),
        four_points(axis=Axis.UNKNOWN),
    ):
        assert on_binding_energy(other) is other


@pytest.mark.parametrize(
    ("start", "wanted", "words"),
    [
        (four_points(), Axis.RAMAN_SHIFT, "a binding energy axis cannot become a Raman shift axis"),
        (four_points(axis=Axis.RAMAN_SHIFT), Axis.BINDING_ENERGY, "has no electron energy"),
        (four_points(axis=Axis.UNKNOWN), Axis.BINDING_ENERGY, "not known what the axis is"),
        (four_points(meta=Meta()), Axis.KINETIC_ENERGY, "photon energy is not recorded"),
    ],
)
def test_an_axis_that_cannot_be_had_is_refused(start, wanted, words):
    with pytest.raises(DataError, match=words):
        to_axis(start, wanted)


# --- windows -----------------------------------------------------------------------------


def test_a_window_holds_both_its_ends():
    assert points_in_window(four_points(), (161.0, 164.0)) == slice(1, 4)
    assert points_in_window(four_points(), (160.0, 162.5)) == slice(0, 3)
    assert points_in_window(four_points(), (159.0, 170.0)) == slice(0, 4)


def test_a_window_may_be_given_from_high_to_low():
    assert points_in_window(four_points(), (164.0, 161.0)) == slice(1, 4)


@given(
    first=st.integers(0, 190),
    length=st.integers(1, 9),
    start=st.floats(-50.0, 1400.0),
    step=st.floats(0.01, 0.5),
    shift=st.floats(-5.0, 5.0),
    axis=st.sampled_from([Axis.BINDING_ENERGY, Axis.KINETIC_ENERGY]),
)
def test_a_window_read_off_the_axis_keeps_exactly_its_points(
    first, length, start, step, shift, axis
):
    spectrum = Spectrum(
        start + step * np.arange(200), np.ones(200), axis, calibration=Calibration(shift)
    )
    last = first + length
    window = (float(spectrum.x[first]), float(spectrum.x[last]))
    assert points_in_window(spectrum, window) == slice(first, last + 1)
    printed = tuple(float(f"{end:.9f}") for end in window)
    assert points_in_window(spectrum, printed) == slice(first, last + 1)
    between = (window[0] - 0.4 * step, window[1] + 0.4 * step)
    assert points_in_window(spectrum, between) == slice(first, last + 1)


def test_a_window_is_of_the_calibrated_axis():
    moved = calibrate(four_points(), Calibration(1.0))
    assert crop(moved, (162.0, 165.0)).x.tolist() == [162.0, 163.5, 165.0]


def test_a_cut_keeps_every_column_and_the_calibration():
    moved = calibrate(four_points(), Calibration(0.5, "C 1s"))
    cut = crop(moved, (161.5, 164.5))
    assert cut.x_recorded.tolist() == BINDING[1:]
    assert cut.calibration == moved.calibration and cut.meta == moved.meta
    assert columns_of(cut) == {name: v[1:] for name, v in columns_of(four_points()).items()}


@pytest.mark.parametrize("window", [(170.0, 180.0), (100.0, 120.0), (160.5, 161.5), (161.1, 161.2)])
def test_a_window_beside_the_data_is_refused_with_where_they_are(window):
    with pytest.raises(DataError, match="run from 160 to 164 eV") as failure:
        crop(four_points(), window)
    assert f"{window[0]:g} to {window[1]:g} eV" in str(failure.value)


def test_a_window_on_kinetic_energies_asks_for_the_photon_energy():
    kinetic = make_spectrum([1318.0, 1319.0, 1320.0], [1.0, 2.0, 3.0], Axis.KINETIC_ENERGY)
    with pytest.raises(DataError, match=r"energies are kinetic.*--photon-energy"):
        points_in_window(kinetic, (157.0, 167.0))
    assert points_in_window(kinetic, (1318.0, 1319.0)) == slice(0, 2)


@pytest.mark.parametrize("power", [-319, -300, -200, 160, 290])
def test_intensities_whose_squares_are_no_numbers_have_their_power_in_the_unit(power):
    y = np.array([3.0, 200.0, 40.0])
    scale = 10.0**power
    spectrum = make_spectrum(
        [1.0, 2.0, 3.0],
        y * scale,
        Axis.BINDING_ENERGY,
        y_unit="counts/s",
        sigma=y * scale,
        columns={"Background": 0.5 * y * scale},
    )
    assert spectrum.y_unit == f"1e{power + 2:+d} counts/s"
    assert spectrum.y == pytest.approx(y / 100.0, rel=1e-3 if power < -305 else 1e-12)
    assert spectrum.columns["Background"] == pytest.approx(0.5 * spectrum.y, rel=1e-3)
    assert spectrum.sigma == pytest.approx(spectrum.y)
    again = replace_fields(spectrum, y=spectrum.y * scale, sigma=None, columns={})
    assert again.y_unit == f"1e{2 * power + 2:+d} counts/s"


@pytest.mark.parametrize("power", [-110, -37, 0, 37, 110])
def test_other_intensities_stay_as_they_are(power):
    y = np.array([3.0, 200.0, 40.0]) * 10.0**power
    spectrum = make_spectrum([1.0, 2.0, 3.0], y, Axis.BINDING_ENERGY, y_unit="counts")
    assert spectrum.y_unit == "counts"
    assert spectrum.y.tolist() == y.tolist()


@pytest.mark.parametrize("suffix", [".vms", ".csv", ".h5", ".nxs"])
def test_scaled_intensities_can_be_written(tmp_path, suffix):
    from spectra_core.readers import ReadOptions, read
    from spectra_core.writers import write

    x, y = np.linspace(160.0, 170.0, 30), 1e200 * np.linspace(1.0, 2.0, 30)
    spectrum = make_spectrum(x, y, Axis.BINDING_ENERGY, y_unit="arbitrary")
    write(tmp_path / f"a{suffix}", [spectrum])
    (back,) = read(tmp_path / f"a{suffix}", options=ReadOptions())
    assert back.y == pytest.approx(spectrum.y)
    if suffix != ".vms":
        assert back.y_unit == spectrum.y_unit
