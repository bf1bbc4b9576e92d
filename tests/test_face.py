"""The public face: what `import spectra_core` and `import doublet` bring, and at what price."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import doublet
import spectra_core as sc

ROOT = Path(__file__).resolve().parents[1]
NAMES = [name for name in sc.__all__ if name != "__version__"]
NEVER_AT_IMPORT = ("numpy", "scipy", "numba", "lmfit", "matplotlib", "xarray", "pandas", "h5py")


def loaded_after(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after some code."""
    code += (
        "\nimport json, sys\nprint(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize("name", ["spectra_core", "doublet"])
def test_importing_the_face_imports_nothing_but_itself(name):
    assert not loaded_after(f"import {name}") & set(NEVER_AT_IMPORT)


def test_reading_and_modelling_need_no_plotting_and_no_lmfit():
    code = "import spectra_core as sc\nsc.read, sc.Model, sc.add_doublet, sc.Parameter"
    assert not loaded_after(code) & {"lmfit", "matplotlib", "xarray", "pandas", "PySide6"}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_documented_and_the_same_in_both_packages(name):
    value = getattr(sc, name)
    assert value.__doc__ and value.__name__ == name
    assert getattr(doublet, name) is value
    assert name in dir(sc) and name in dir(doublet)


def test_no_name_hides_a_room():
    rooms = {path.stem for path in (ROOT / "spectra_core").iterdir()}
    assert not rooms & set(NAMES)


def test_type_checkers_see_the_same_names_from_the_same_rooms():
    stub = ast.parse((ROOT / "spectra_core" / "__init__.pyi").read_text(encoding="utf-8"))
    said = {
        alias.asname: (node.module, alias.name)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(said) == sorted(NAMES)
    for name, (module, original) in said.items():
        assert getattr(importlib.import_module(f"spectra_core.{module}"), original) is getattr(
            sc, name
        )


def test_a_wrong_name_is_answered_with_the_nearest():
    done = subprocess.run(
        [sys.executable, "-c", "import spectra_core as sc; sc.fit_bach"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert "Did you mean: 'fit_batch'?" in done.stderr


def test_the_star_brings_the_whole_face():
    namespace: dict[str, object] = {}
    exec("from doublet import *", namespace)
    assert set(NAMES) <= set(namespace)
