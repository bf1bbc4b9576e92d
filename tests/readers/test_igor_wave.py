"""Igor binary waves against Scienta's own text of the same measurement, and made files."""

from __future__ import annotations

import numpy as np
import pytest

from spectra_core.errors import ReadError
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.spectrum import Axis, Meta


@pytest.mark.parametrize("number", [1, 2])
def test_the_text_of_the_same_measurement_is_equal(data_dir, number):
    folder = data_dir / "pynxtools-xps/scienta"
    path = folder / f"Ag_000{number}Ag__00{number}.ibw"
    assert identify(path) == "Igor wave"
    (wave,), (text,) = read(path), read(folder / f"Ag_000{number}.txt")
    assert wave.axis is text.axis is Axis.BINDING_ENERGY
    np.testing.assert_allclose(wave.x, text.x, atol=1e-10)
    np.testing.assert_allclose(wave.y, text.y, rtol=1e-13)
    for name in Meta.__dataclass_fields__:
        assert getattr(wave.meta, name) == getattr(text.meta, name), name


def loaded(tmp_path, content, **options):
    path = tmp_path / "made.ibw"
    path.write_bytes(content)
    return read(path, options=ReadOptions(**options))


@pytest.mark.parametrize("order", ["<", ">"])
def test_slices_come_back_in_both_byte_orders(tmp_path, vendor, order):
    spectra = loaded(tmp_path, vendor.igor_wave(order=order))
    assert len(spectra) == 2
    for number, spectrum in enumerate(spectra):
        np.testing.assert_allclose(spectrum.y, vendor.raman(number)[::-1], rtol=1e-6)
        np.testing.assert_allclose(spectrum.counts, spectrum.y * 4.0)
        np.testing.assert_allclose(spectrum.x[::-1], 168.0 - 0.1 * np.arange(60))
        assert spectrum.meta.variables["axis 2"] == (-1.0 + 0.5 * number, "")
    assert (spectra[0].meta.sample, spectra[0].meta.region) == ("pellet", "S 2p")


def test_any_changed_byte_of_the_headers_is_found(tmp_path, vendor):
    whole = vendor.igor_wave()
    for place in (12, 70, 90, 140, 150, 200):
        content = bytearray(whole)
        content[place] ^= 4
        with pytest.raises(ReadError, match="checksum"):
            loaded(tmp_path, bytes(content))


def test_a_wave_that_is_cut_off_is_refused(tmp_path, vendor):
    with pytest.raises(ReadError, match="numbers of the wave should have 480 bytes"):
        loaded(tmp_path, vendor.igor_wave()[:600])


def test_slices_share_their_energies_and_keep_their_own_counts(vendor, tmp_path):
    """A map takes no more memory than its numbers; made file, Time x Sweeps = 8 s a channel."""
    rows = np.array([vendor.raman(k) for k in range(5)]).astype("<f4")
    path = tmp_path / "map.ibw"
    path.write_bytes(vendor.igor_wave(rows))
    spectra = read(path)
    assert all(np.shares_memory(s.x, spectra[0].x) for s in spectra)
    for spectrum, row in zip(spectra, rows, strict=True):
        time = spectrum.meta.acquisition_time_s
        np.testing.assert_allclose(spectrum.counts, spectrum.y * time, rtol=1e-12)
        np.testing.assert_allclose(spectrum.y[::-1], row, rtol=1e-6)
