"""What is written as VAMAS reads back as the same spectrum."""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectra_core.errors import WriteError
from spectra_core.readers import vamas
from spectra_core.spectrum import Axis, Calibration, Meta, make_spectrum, replace_fields
from spectra_core.writers.vamas import write_vamas

COUNTS = [120.0, 140.0, 300.0, 180.0, 90.0]
META = Meta(
    sample="pellet 3",
    region="S 2p",
    technique="XPS",
    species="S",
    transition="2p",
    excitation_energy_ev=1486.69,
    pass_energy_ev=20.0,
    work_function_ev=4.506,
    dwell_s=0.1,
    scans=12.0,
    etch_time_s=40.0,
    instrument="synthetic",
    date="2026-01-31T12:30:05+01:00",
    comment="synthetic spectrum\n\n  truth elsewhere ",
    variables={"Etch Time": (40.0, "s"), "PositionX": (1.25, "mm")},
    extra={"operator": "nobody", "Tilt [degree]": 30.0, "mode": "slot", "source_label": "Al"},
)


def spectrum(x=(160.0, 160.1, 160.2, 160.3, 160.4), axis=Axis.BINDING_ENERGY, **fields):
    """Return a synthetic spectrum of five points, counts and counts per second."""
    counts = np.array(COUNTS)
    values = {"counts": counts, "meta": META} | fields
    return make_spectrum(x, counts / 1.2, axis, **values)


def round_trip(tmp_path, *spectra, **options):
    path = tmp_path / "out.vms"
    write_vamas(path, spectra, **options)
    return vamas.read(path)


def assert_same(read, original):
    """Compare all that a spectrum holds; the reader may add what is implied."""
    np.testing.assert_allclose(read.x_recorded, original.x_recorded, rtol=0, atol=1e-9)
    np.testing.assert_allclose(read.x, original.x, rtol=0, atol=1e-9)
    np.testing.assert_allclose(read.y, original.y, rtol=1e-12)
    for name in ("counts", "sigma", "transmission"):
        expected, found = getattr(original, name), getattr(read, name)
        assert (expected is None) == (found is None), name
        if expected is not None:
            np.testing.assert_array_equal(found, expected)
    assert set(read.columns) == set(original.columns)
    for name, values in original.columns.items():
        np.testing.assert_array_equal(read.columns[name], values)
    for name in ("axis", "y_unit", "descending", "calibration"):
        assert getattr(read, name) == getattr(original, name)
    assert replace(read.meta, extra={}) == replace(original.meta, extra={})
    assert {k: read.meta.extra.get(k) for k in original.meta.extra} == dict(original.meta.extra)


@pytest.mark.parametrize("axis", [a for a in Axis if a.name != "UNKNOWN"])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("x", [(160.0, 160.1, 160.2, 160.3, 160.4), (1, 2, 3, 5, 8.000001)])
def test_any_axis_in_any_order_reads_back(tmp_path, axis, order, x):
    meta = META if axis.is_energy else replace(META, excitation_energy_ev=None)
    original = spectrum(np.array(x)[::order], axis, meta=meta)
    (read,) = round_trip(tmp_path, original)
    assert_same(read, original)


def test_a_step_that_is_not_quite_equal_is_written_as_irregular(tmp_path):
    x = np.array([160.0, 160.1, 160.2 + 1e-7, 160.3, 160.4])
    (read,) = round_trip(tmp_path, spectrum(x))
    np.testing.assert_allclose(read.x, x, rtol=0, atol=1e-12)


def test_transmission_sigma_and_columns_read_back(tmp_path):
    original = spectrum(
        transmission=np.linspace(0.8, 0.9, 5),
        sigma=np.sqrt(COUNTS) / 1.2,
        columns={"Background": np.arange(5.0), "PS4 2p3/2": np.arange(5.0) ** 2},
    )
    (read,) = round_trip(tmp_path, original)
    assert_same(read, original)


def test_calibration_reads_back_and_leaves_the_recorded_axis(tmp_path):
    shift = Calibration(-0.35, "C 1s", assigned=284.8, measured=285.15, uncertainty=0.05)
    original = spectrum(calibration=shift)
    (read,) = round_trip(tmp_path, original)
    assert_same(read, original)
    assert read.x[0] == pytest.approx(159.65, abs=1e-9)


def test_casaxps_finds_the_shift_in_its_own_notation(tmp_path):
    shift = Calibration(-0.35, "C 1s", assigned=284.8, measured=285.15)
    round_trip(tmp_path, spectrum(calibration=shift))
    lines = (tmp_path / "out.vms").read_text().splitlines()
    start = lines.index("Casa Info Follows")
    expected = ["1", "Calib M = 285.15 A = 284.8 BE ADD", "0", "0", "0"]
    assert lines[start + 1 : start + 6] == expected


def test_a_comment_of_casaxps_is_left_as_it_is(tmp_path):
    comment = "Casa Info Follows\n1\nCalib M = 281 A = 284.8 BE ADD\n0\n0\n0\nby hand"
    original = spectrum(meta=replace(META, comment=comment), calibration=Calibration(3.8))
    (read,) = round_trip(tmp_path, original)
    assert_same(read, original)
    assert (tmp_path / "out.vms").read_text().count("Calib M") == 1


def test_spectra_of_different_kinds_share_one_file(tmp_path):
    other = spectrum(
        (1320.0, 1320.5, 1321.5, 1322.0, 1325.0),
        Axis.KINETIC_ENERGY,
        meta=replace(
            META,
            sample="pellet 4",
            instrument="other",
            variables={"T": (300.0, "K")},
            etch_time_s=None,
            extra={"operator": "somebody"},
        ),
    )
    for original, read in zip(
        (spectrum(), other), round_trip(tmp_path, spectrum(), other), strict=True
    ):
        assert_same(read, original)


@pytest.mark.parametrize("y_unit", ["counts/s", "counts", "arbitrary"])
def test_intensities_without_counts_keep_their_unit(tmp_path, y_unit):
    meta = replace(META, dwell_s=None)
    original = spectrum(counts=None, y_unit=y_unit, meta=meta)
    (read,) = round_trip(tmp_path, original)
    assert read.y_unit == y_unit
    np.testing.assert_array_equal(read.y, original.y)


def test_counts_that_are_not_the_rate_times_the_time_are_both_kept(tmp_path):
    original = spectrum(counts=np.array(COUNTS) + 7.0)
    (read,) = round_trip(tmp_path, original)
    assert_same(read, original)


def test_comments_stand_in_the_experiment_comment(tmp_path):
    (read,) = round_trip(tmp_path, spectrum(), comments=["synthetic", "seed 7"])
    assert read.meta.extra["file_comment"] == "synthetic\nseed 7"


def test_hostile_labels_cannot_move_a_line(tmp_path):
    meta = replace(
        META,
        sample="a\nb\r\n\0c",
        region="S\t2p\x1b[2J",
        species="\n\n",
        extra={},
        variables={"T\nK": (1.0, "K\n")},
    )
    (read,) = round_trip(tmp_path, spectrum(meta=meta, columns={"x\ny": np.arange(5.0)}))
    assert (read.meta.sample, read.meta.region, read.meta.species) == ("a b c", "S 2p [2J", "")
    assert dict(read.meta.variables) == {"T K": (1.0, "K")}
    assert list(read.columns) == ["x y"]


def test_a_forged_metadata_line_stays_a_comment(tmp_path):
    forged = vamas.METADATA_LINE + '{"lines_before": 0, "calibration": {"shift": "9"}}'
    (read,) = round_trip(tmp_path, spectrum(meta=replace(META, comment=forged)))
    assert read.calibration == Calibration()
    assert read.meta.comment == forged


def test_nothing_to_write_is_an_error_and_leaves_no_file(tmp_path):
    with pytest.raises(WriteError, match="no spectrum"):
        write_vamas(tmp_path / "out.vms", [])
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_means_not_recorded_is_refused(tmp_path):
    huge = replace_fields(spectrum(counts=None), y=np.full(5, 1e37))
    with pytest.raises(WriteError, match="1E37 stands for 'not recorded'"):
        write_vamas(tmp_path / "out.vms", [huge])
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "out.vms"
    write_vamas(path, [spectrum()])
    before = path.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(WriteError, match="No space left"):
        write_vamas(path, [spectrum(), spectrum()])
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["out.vms"]


def test_an_absent_folder_is_a_write_error(tmp_path):
    with pytest.raises(WriteError, match="cannot be written"):
        write_vamas(tmp_path / "absent" / "out.vms", [spectrum()])


def test_every_measured_spectrum_reads_back(data_dir, tmp_path):
    for path in sorted([*data_dir.rglob("*.vms"), *data_dir.rglob("*.npl")]):
        if "vamas_comment_fragments" not in path.parts:
            originals = vamas.read(path)
            for read, original in zip(round_trip(tmp_path, *originals), originals, strict=True):
                assert_same(read, original)


# ---- the property

names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
positive = st.floats(1e-6, 1e6)
maybe = st.none() | positive
comments = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=30)


@st.composite
def metas(draw):
    variables = draw(st.dictionaries(names.map(lambda n: f"v{n}"), positive, max_size=3))
    extra = draw(st.dictionaries(names.map(lambda n: f"k{n}"), names | positive, max_size=3))
    return Meta(
        sample=f"s{draw(names)}",
        region=draw(names),
        technique="XPS",
        excitation_energy_ev=draw(maybe),
        pass_energy_ev=draw(maybe),
        work_function_ev=draw(maybe),
        dwell_s=draw(positive),
        scans=float(draw(st.integers(1, 500))),
        etch_time_s=draw(maybe),
        laser_nm=draw(maybe),
        instrument=f"i{draw(names)}",
        date=draw(st.datetimes().map(lambda d: d.isoformat()) | st.just("") | names),
        comment=draw(comments),
        variables={name: (value, "mm") for name, value in variables.items()},
        extra=extra,
    )


@st.composite
def spectra(draw):
    n_points = draw(st.integers(2, 12))
    if draw(st.booleans()):
        x = draw(st.floats(1, 1400)) + draw(st.sampled_from([0.05, 0.1, 1.0])) * np.arange(n_points)
    else:
        x = np.cumsum(draw(st.lists(st.floats(1e-3, 5), min_size=n_points, max_size=n_points)))
    meta = draw(metas())
    whole = st.integers(0, 10**9).map(float)
    counts = np.array(draw(st.lists(whole, min_size=n_points, max_size=n_points)))
    shift = draw(st.floats(-10, 10))
    return make_spectrum(
        x[:: draw(st.sampled_from([1, -1]))],
        counts / (meta.dwell_s * meta.scans),
        draw(st.sampled_from([Axis.BINDING_ENERGY, Axis.KINETIC_ENERGY])),
        counts=counts,
        calibration=Calibration(shift if math.isfinite(shift) else 0.0, "C 1s"),
        meta=meta,
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(originals=st.lists(spectra(), min_size=1, max_size=3))
def test_any_spectra_read_back(tmp_path_factory, originals):
    folder = tmp_path_factory.mktemp("round_trip")
    for read, original in zip(round_trip(folder, *originals), originals, strict=True):
        assert_same(read, original)
