"""Vendors' files made from the specifications, as the fuzz harness makes them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def vendor() -> ModuleType:
    """Return the module that makes whole files of instruments' formats."""
    path = Path(__file__).resolve().parents[1] / "fuzz" / "vendor_files.py"
    spec = importlib.util.spec_from_file_location("vendor_files", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
