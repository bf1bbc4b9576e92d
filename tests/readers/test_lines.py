"""Lines cut out of a long text when asked for: as `str.split` cuts them, in less memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from spectra_core.readers import ReadOptions, read
from spectra_core.readers.lines import Lines
from spectra_core.readers.text_table import find_tables, read_tables

TEXTS = ("", "\n", "a", "a\n", "\n\nα β\n\n𝛼,1\n", "x\x0cy\n\x85\u2028z\n1", "é" * 9 + "\n" * 5)


@pytest.mark.parametrize("text", [*TEXTS, "".join(f"{i}\tµ\n" for i in range(25_000))])
def test_lines_are_those_of_the_text(text):
    lines, split = Lines(text), text.split("\n")
    assert list(lines) == split
    assert len(lines) == len(split)
    for place in range(-len(split), len(split), 1 + len(split) // 50):
        assert lines[place] == split[place]
    for part in (slice(0, 3), slice(1, None), slice(-2, None), slice(3, 1), slice(None, None, -2)):
        assert lines[part] == split[part]
    with pytest.raises(IndexError):
        lines[len(split)]


def test_a_changed_line_stands_in_place_of_the_other_everywhere():
    lines = Lines("a\nb\nc\nd").changed({1: "B\n", 3: ""})
    assert list(lines) == ["a", "B\n", "c", ""]
    assert (lines[1], lines[-1], lines[2:], lines[:2]) == ("B\n", "", ["c", ""], ["a", "B\n"])


HEADINGS = ('"Binding\nEnergy (eV)","Counts µ"', "Binding Energy (eV),Counts", "# 5 °C\nBE,y")
ROWS = [f"{170.0 - 0.005 * i:.3f},{1000.0 + 7.25 * (i % 97):.4f}" for i in range(2400)]


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_long_table_is_the_same_out_of_its_text_and_out_of_its_lines(tmp_path, heading, end):
    rows = [*ROWS[:1200], "", "Second", *ROWS[:1200], "below"]
    text = "\n".join([heading, *rows])
    path = tmp_path / "long.csv"
    path.write_bytes(text.replace("\n", end).encode())
    found, told = read_tables(path, ReadOptions()), find_tables(text.split("\n"), ReadOptions())
    assert found.footer == told.footer == ("below",)
    assert len(found.blocks) == len(told.blocks) == 2
    for one, other in zip(found.blocks, told.blocks, strict=True):
        assert one.header == other.header
        np.testing.assert_array_equal(one.row_numbers, other.row_numbers)
        np.testing.assert_array_equal(one.values, other.values)
    last = int(found.blocks[1].row_numbers[-1])
    assert found.cell_text(last, 1) == ROWS[1199].split(",")[1]


def test_a_long_table_takes_a_few_times_the_memory_of_its_file(tmp_path):
    n = 200_000
    path = tmp_path / "long.txt"
    rows = "".join(f"{1.0 + 0.001 * i:.3f}\t{i % 997}.25\n" for i in range(n))
    path.write_text("Binding Energy (eV)\tCounts\n" + rows)
    read(path)
    tracemalloc.start()
    try:
        (spectrum,) = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(spectrum) == n
    assert peak < 6 * path.stat().st_size  # every line a string of its own: 10 times
