"""Every format beside every other, and as other systems store it; made files, synthetic."""

from __future__ import annotations

from contextlib import suppress

import pytest

from spectra_core.errors import ReadError, SpectraError
from spectra_core.readers import READERS, ReadOptions, identify, read
from spectra_core.readers.inspect import differences
from spectra_core.readers.text_table import HEAD_BYTES

LISTED = ReadOptions(allow_unknown_axis=True)
PLAIN_TEXT = ("text", "quoted csv")
TEXTS = (
    *("vamas", "text", "quoted csv", "casaxps", "specs", "labspec", "scienta", "phi", "jasco"),
    *("lg4x", "witec", "jcamp", "jcamp pages", "avg", "specs xml", "labspec xml", "rod", "rruff"),
)


def test_each_file_is_claimed_by_the_reader_of_its_format_alone(made_files, tmp_path):
    path = tmp_path / "file"
    claimed = {}
    for name, content in made_files.items():
        path.write_bytes(content)
        head = content[:HEAD_BYTES]
        claimed[name] = [r.name for r in READERS[:-1] if r.matches(head, path)]
        expected = [] if name in PLAIN_TEXT else [read(path, options=LISTED)[0].source.format]
        assert claimed[name] == expected, name
    formats = {name for names in claimed.values() for name in names}
    beside = {"Fitspy json"}  # needs a second file: `test_fitspy`
    assert formats == {r.name for r in READERS[:-1]} - beside


def test_a_reader_that_is_given_another_format_breaks_nothing(made_files, tmp_path):
    """Were it asked all the same: spectra or a sentence, no other error."""
    path = tmp_path / "file"
    for content in made_files.values():
        path.write_bytes(content)
        for reader in READERS:
            with suppress(SpectraError):
                reader.read(path, LISTED)


def _wide(data: bytes) -> bytes:
    try:
        return data.decode("utf-8").encode("utf-16")
    except UnicodeDecodeError:
        return data.decode("latin-1").encode("utf-16")


def _with_ends(data: bytes, end: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", end)


STORED = {
    "Unix": lambda data: _with_ends(data, b"\n"),
    "Windows": lambda data: _with_ends(data, b"\r\n"),
    "old Macintosh": lambda data: _with_ends(data, b"\r"),
    "with a mark": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": _wide,
    "blank lines below": lambda data: data + b"\n\n\n",
    "blank lines above": lambda data: b"\n\n" + data,
    "without a last line end": lambda data: data.rstrip(b"\r\n"),
    "DOS end of file": lambda data: data + b"\x1a",
}


@pytest.mark.parametrize("how", STORED)
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_file_is_the_same_however_it_is_stored(made_files, tmp_path, name, how):
    path = tmp_path / "file"
    path.write_bytes(made_files[name])
    whole = read(path, options=LISTED)
    path.write_bytes(STORED[how](made_files[name]))
    stored = read(path, options=LISTED)
    assert len(stored) == len(whole)
    assert stored[0].source.format == whole[0].source.format
    for a, b in zip(whole, stored, strict=True):
        assert differences(a, b) == []


def test_entities_are_refused_in_wide_letters_too(tmp_path):
    text = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><LSX_Data>&b;</LSX_Data>'
    for encoding in ("utf-8", "utf-16"):
        path = tmp_path / "entities.xml"
        path.write_bytes(text.encode(encoding))
        assert identify(path) == "LabSpec xml"
        with pytest.raises(ReadError, match="defines entities"):
            read(path)
