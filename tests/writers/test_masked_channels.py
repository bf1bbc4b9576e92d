"""Masked channels go through files that can hold them; where they cannot, that is said."""

from __future__ import annotations

import numpy as np
import pytest

from spectra_core.readers import read
from spectra_core.readers.inspect import differences
from spectra_core.spectrum import Axis, Meta, make_spectrum, mask
from spectra_core.writers import write


@pytest.fixture
def spectrum():
    """Return a synthetic Raman spectrum with two masked channels."""
    x = np.arange(200.0, 260.0)
    meta = Meta(sample="synthetic", region="band", technique="Raman")
    made = make_spectrum(x, 100.0 + np.sin(x), Axis.RAMAN_SHIFT, y_unit="arbitrary", meta=meta)
    return mask(made, np.isin(x, (210.0, 230.0)), "cosmic ray")


@pytest.mark.parametrize("suffix", [".csv", ".h5", ".nxs"])
def test_files_that_hold_masked_channels_give_them_back(spectrum, tmp_path, suffix):
    path = tmp_path / f"masked{suffix}"
    write(path, [spectrum])
    (again,) = read(path)
    assert again.masked == spectrum.masked
    assert differences(spectrum, again) == []


def test_vamas_has_no_place_for_them_and_that_is_a_difference(spectrum, tmp_path):
    path = tmp_path / "masked.vms"
    write(path, [spectrum])
    (again,) = read(path)
    assert again.masked is None
    assert "2 masked channels" in differences(spectrum, again)
