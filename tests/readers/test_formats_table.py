"""The table over all measured data has no file that is not as it should be."""

from __future__ import annotations

import pytest

from benchmarks.formats_table import row


def test_every_file_is_read_as_another_source_has_it_or_refused_with_a_sentence(data_dir):
    pytest.importorskip("wdf", reason="needs renishaw-wdf, the maker's own package")
    rows = [row(path, data_dir) for path in sorted(data_dir.rglob("*")) if path.is_file()]
    assert [cells for cells, right in rows if not right] == []
    read = {cells[0]: cells for cells, _ in rows if cells[1] != "-"}
    vendors = (
        ".wdf",
        ".spc",
        ".vgd",
        ".ibw",
        ".tvf",
        ".rod",
        ".dx",
        ".jdx",
        ".spe",
        ".pro",
        ".vms",
    )
    named = {cells[0] for cells, _ in rows if cells[0].lower().endswith(vendors)}
    assert {name for name in named - read.keys() if "fragments" not in name} == set()
    assert sum(bool(cells[5]) for cells, _ in rows) >= 60  # held against something
