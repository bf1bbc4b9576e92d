"""The text dump of an Avantage data space against its binary form; synthetic files.

No measured dump is at hand: the layout is the one that public programs read.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import identify, read
from spectra_core.spectrum import Axis


@pytest.fixture
def loaded(tmp_path):
    """Give a function that reads the bytes of a dump."""

    def load(content, name="S2p Scan.avg"):
        path = tmp_path / name
        path.write_bytes(content)
        return read(path)

    return load


def test_a_dump_is_the_same_as_the_binary_form(vendor, tmp_path, loaded):
    dumped, binary = loaded(vendor.avg()), loaded(vendor.vgd(), "S2p Scan.VGD")
    assert identify(tmp_path / "S2p Scan.avg") == "Avantage AVG"
    assert len(dumped) == len(binary) == 10
    for a, b in zip(dumped, binary, strict=True):
        assert a.axis is Axis.BINDING_ENERGY
        np.testing.assert_array_equal(a.x, b.x)
        np.testing.assert_array_equal(a.y, b.y)
        np.testing.assert_array_equal(a.counts, b.counts)
        names = ("sample", "region", "technique", "dwell_s", "scans", "pass_energy_ev")
        names += ("work_function_ev", "excitation_energy_ev", "etch_time_s", "instrument")
        assert {n: getattr(a.meta, n) for n in names} == {n: getattr(b.meta, n) for n in names}
    assert dumped[3].meta.etch_time_s == 45.0
    assert dumped[0].meta.date == "2026-08-24T19:10:01"


def test_labels_between_name_and_type_and_one_spectrum(loaded):
    """The other way in which properties are written; rows that go on without ``LIST@``."""
    text = """$PROPERTIES=
DS_EXT_SUPROPID_TITLE : Title : VT_BSTR = 'C1s Snap'
DS_EXT_SUPROPID_CREATED : Created : VT_DATE = 05/06/2026 10:11:12
DS_GEPROPID_VALUE_LABEL : Label : VT_BSTR = 'Counts'
DS_SOPROPID_ENERGY : Source energy : VT_R4 = 1486.68
$DATAAXES=1,#empty#
   0=   0,   7,   1
$SPACEAXES=1
   0=   1190.0,   0.1,   8,   ENERGY,   LINEAR,   'KE',   'eV',   'Kinetic Energy'
$DATA=*
LIST@   0=  1, 2, 3, 4
5, 6, 7, 8
"""
    (spectrum,) = loaded(text.encode())
    assert spectrum.meta.region == "C1s"
    assert spectrum.y[::-1].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    np.testing.assert_allclose(spectrum.x[-1], 296.68)
    assert spectrum.meta.date == "05/06/2026 10:11:12"  # of May or of June: as it stands


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (rb"LIST@  20= [^\r]*\r\n", b"", "begins with value 24 where 20 belongs"),
        (rb"(LIST@  20= [^,]*),", rb"\1x,", "should hold numbers"),
        (rb"(LIST@  20= )[^,]*,", rb"\1#empty#,", "should hold numbers"),
        (rb"LIST@  56= [^\r]*\r\n", b"", "has 60 energies, but 56 values"),
    ],
)
def test_a_damaged_row_costs_its_own_spectrum(vendor, loaded, pattern, replacement, words):
    damaged = re.sub(pattern, replacement, vendor.avg(), count=1)
    with pytest.raises(PartialRead, match=words) as caught:
        loaded(damaged)
    assert len(caught.value.spectra) == 9


def test_a_dump_that_is_cut_off_says_how_many_are_missing(vendor, loaded):
    whole = vendor.avg()
    with pytest.raises(PartialRead) as caught:
        loaded(whole[: whole.index(b"$DATA=*,7")])
    assert "announce 10 spectra, but 7 follow" in str(caught.value)
    assert len(caught.value.spectra) == 7


@pytest.mark.parametrize("kind", [b"X", b"POSITION"])
def test_a_table_or_image_is_no_spectrum(vendor, loaded, kind):
    with pytest.raises(ReadError, match="first axis is no energy"):
        loaded(vendor.avg().replace(b"ENERGY,", kind + b",", 1))


def test_another_energy_scale_is_refused(vendor, loaded):
    other = b"DS_ACPROPID_EV_SCALE : VT_I2   = 2\r\n;data axes"
    with pytest.raises(ReadError, match="energy scale is of the unknown kind 2"):
        loaded(vendor.avg().replace(b";data axes", other))
