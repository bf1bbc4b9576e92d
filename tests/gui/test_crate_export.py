"""The window writes the crate that the command line writes. Synthetic spectra."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from doublet.app.program import Program

pytest.importorskip("rocrate")


def test_all_of_a_project_is_exported_from_the_window(
    program: Program, settle: Callable[[Program], None], tmp_path: Path
) -> None:
    program.crew.files.open_example()
    settle(program)
    program.crew.editing.add_entry("xps/ps4/s2p")
    program.crew.acting.run("fit")
    settle(program)
    program.crew.reporting.export(["crate"], tmp_path)
    settle(program)
    with zipfile.ZipFile(tmp_path / "ro-crate.zip") as crate:
        names = set(crate.namelist())
        graph = json.loads(crate.read("ro-crate-metadata.json"))["@graph"]
    described = {node["@id"] for node in graph if node.get("@type") == "File"}
    assert described <= names
    kinds = {Path(name).suffix for name in described}
    assert {".doublet", ".csv", ".json", ".html", ".pdf"} <= kinds
