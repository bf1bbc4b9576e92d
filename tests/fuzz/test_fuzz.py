"""No damaged file brings a reader down, and none changes numbers under a checksum.

A few cases of each kind; ``dev.py fuzz`` reads hundreds.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra_core.errors import SpectraError
from spectra_core.readers import ReadOptions, read

HERE = Path(__file__).resolve().parent


def load(name):
    """Return a module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


harness = load("harness")


@pytest.fixture(scope="module")
def reader():
    with harness.Reader() as reader:
        yield reader


@pytest.mark.parametrize("kind", harness.KINDS)
def test_damaged_files_are_read_or_refused(kind, reader):
    tally = harness.fuzz(kind, range(6), reader)
    assert tally.failures == []
    assert sum(tally.outcomes.values()) == 6
    if kind in harness.SEALED:
        assert tally.said + tally.changed == 0


def test_the_hdf5_library_may_hang_or_break_down_and_the_file_is_refused(reader):
    """In this case the library never came back: found by reading hundreds of them."""
    tally = harness.fuzz("hdf5", range(31, 32), reader)
    assert tally.failures == [] and tally.outcomes["refused"] == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a FIFO to wait for")
def test_the_harness_finds_a_hang_and_goes_on(tmp_path):
    os.mkfifo(tmp_path / "endless")
    (tmp_path / "empty").write_bytes(b"")
    with harness.Reader() as reader:
        reader.read(tmp_path / "empty", 60.0)
        assert reader.read(tmp_path / "endless", 0.5)["outcome"] in ("hang", "refused")
        assert reader.read(tmp_path / "empty", 60.0)["outcome"] == "refused"


lines = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.tuples(*[st.floats(width=32) | st.integers(-10, 10**9)] * 2).map(
            lambda pair: "\t".join(map(str, pair))
        ),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(text=lines.map("\n".join), encoding=st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_any_text_is_read_or_refused_with_a_sentence(tmp_path_factory, text, encoding):
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(text.encode(encoding, "replace"))
    try:
        read(path, options=ReadOptions(allow_unknown_axis=True))
    except SpectraError as error:
        assert str(error).startswith("a.txt")
