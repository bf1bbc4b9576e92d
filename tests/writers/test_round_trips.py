"""What any reader gives, every writer gives back: made files of all formats, and the measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra_core.errors import PartialRead, SpectraError
from spectra_core.readers import ReadOptions, read
from spectra_core.readers.inspect import differences
from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum
from spectra_core.writers import write

SUFFIXES = (".vms", ".csv", ".h5", ".nxs")
MOST = 3


def differing(spectra: list[Spectrum], path: Path) -> list[str]:
    """Return what a file does not give back of spectra."""
    write(path, spectra)
    back = read(path, options=ReadOptions(allow_unknown_axis=True))
    assert len(back) == len(spectra)
    return [name for a, b in zip(spectra, back, strict=True) for name in differences(a, b)]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_made_files_of_every_format_read_back_equal(made_files, suffix, tmp_path):
    lost = {}
    for name, content in made_files.items():
        path = tmp_path / "whole"
        path.write_bytes(content)
        spectra = read(path, options=ReadOptions(allow_unknown_axis=True))[:MOST]
        if suffix == ".vms" and spectra[0].axis is Axis.UNKNOWN:
            continue
        if names := differing(spectra, tmp_path / f"back{suffix}"):
            lost[name] = names
    assert len(made_files) >= 29
    assert lost == {}


def test_measured_files_read_back_equal(data_dir, tmp_path):
    lost, count = {}, 0
    for path in sorted(data_dir.rglob("*")):
        if not path.is_file():
            continue
        try:
            spectra = read(path)[:MOST]
        except PartialRead as error:
            spectra = list(error.spectra)[:MOST]
        except SpectraError:
            continue
        count += 1
        for suffix in SUFFIXES:
            if suffix == ".vms" and spectra[0].axis is Axis.UNKNOWN:
                continue
            if names := differing(spectra, tmp_path / f"back{suffix}"):
                lost[path.name, suffix] = names
    assert count > 100
    assert lost == {}


@pytest.mark.parametrize("axis", [Axis.RAMAN_SHIFT, Axis.WAVELENGTH, Axis.BINDING_ENERGY])
def test_vamas_makes_no_electrons_of_what_was_not_counted(axis, tmp_path):
    """A camera's counts, and an analogue detector's rates, with dwell and scans known."""
    y = [90.0, 180.0, 300.0]
    for unit in ("counts", "counts/s"):
        meta = Meta(sample="synthetic", region="x", dwell_s=2.0, scans=3.0)
        spectrum = make_spectrum([100.0, 101.0, 102.0], y, axis, y_unit=unit, meta=meta)
        write(tmp_path / "a.vms", [spectrum])
        (back,) = read(tmp_path / "a.vms")
        assert (back.y_unit, back.counts, back.y.tolist()) == (unit, None, y)
