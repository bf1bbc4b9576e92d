"""What all tests share: measured data, files made by the fuzz harness, no thread left behind."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FUZZ = Path(__file__).resolve().parent / "fuzz"
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of measured spectra, or skip: it is not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs ../shared/data, which is not part of the project")
    return SHARED_DATA


def _of_harness(name: str) -> ModuleType:
    """Return a module of the fuzz harness, which imports its own by their bare names."""
    sys.path.insert(0, str(FUZZ))
    try:
        spec = importlib.util.spec_from_file_location(name, FUZZ / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FUZZ))
    return module


@pytest.fixture(scope="session")
def vendor() -> ModuleType:
    """Return the module that makes whole files of instruments' formats from their layouts."""
    return _of_harness("vendor_files")


@pytest.fixture(scope="session")
def made_files() -> dict[str, bytes]:
    """Whole synthetic files of every format that the fuzz harness makes, but projects."""
    made = _of_harness("kinds").KINDS
    return {name: make() for name, make in made.items() if name != "project"}


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread of its own running, daemon or not."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 2.0
    while (leaked := _started_since(before)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not leaked, f"threads still running: {', '.join(t.name for t in leaked)}"


def _started_since(before: set[threading.Thread]) -> list[threading.Thread]:
    """Return living threads of the test; those of pytest-xdist's channel are not its own."""
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and not thread.name.startswith("execnet")
    ]
